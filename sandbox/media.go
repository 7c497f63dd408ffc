package sandbox

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/contract-first/customers/contract/markup"
)

// withNulls is an object with the names that it lacks, as null.
func withNulls(v any, names ...string) map[string]any {
	o := decoded(v).(map[string]any)
	for _, name := range names {
		if _, ok := o[name]; !ok {
			o[name] = nil
		}
	}
	return o
}

// decoded is a value as its JSON is decoded.
func decoded(v any) (value any) {
	data, err := marshal(v)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		err = dec.Decode(&value)
	}
	if err != nil {
		panic(err) // the fakes' own types: it cannot fail
	}
	return value
}

const (
	mediaJSON = "application/json"
	mediaXML  = "application/xml"
)

// isJSON reports whether a message says that its body is JSON.
func isJSON(h http.Header) bool { return is(h, mediaJSON) }

func is(h http.Header, media string) bool {
	name, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && name == media
}

// jsonOnly is what a fake that reads nothing but JSON gets of a body: nothing if it says that it is something else.
func jsonOnly(h http.Header, body []byte) []byte {
	if h.Get("Content-Type") != "" && !isJSON(h) {
		return nil
	}
	return body
}

// acceptsJSON reports whether Accept allows JSON.
func acceptsJSON(h http.Header) bool { return quality(h, mediaJSON) > 0 }

// quality is how much Accept wants a media type of application/*, from 0 for not at all to 1. The range that fits most
// closely decides; no Accept, or an empty one, wants everything.
func quality(h http.Header, media string) float64 {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return 1
	}
	closest, wanted := 0, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		closeness := map[string]int{"*/*": 1, "application/*": 2, media: 3}[name]
		if closeness <= closest {
			continue
		}
		closest = closeness
		if wanted, err = strconv.ParseFloat(params["q"], 64); err != nil {
			wanted = 1
		}
	}
	return wanted
}

// document is a body that is no JSON.
type document struct {
	media string
	bytes []byte
}

// toXML is an answer with its body in XML.
func toXML(a answer, root *markup.Root) answer {
	if a.body == nil {
		return a
	}
	data, vs := markup.Encode(decoded(a.body), root)
	if len(vs) > 0 {
		return answer{status: http.StatusInternalServerError, beyond: true} // what came in JSON has no form in XML
	}
	a.body = document{mediaXML, data}
	return a
}

// fromXML is the JSON of a body; ok is false if it has another form.
func fromXML(body []byte, root *markup.Root) (data []byte, ok bool) {
	value, problems, ok := markup.Decode(body, root)
	if !ok || slices.ContainsFunc(problems, func(p markup.Problem) bool { return p.Rule == "xml" }) {
		return nil, false
	}
	data, err := json.Marshal(value)
	return data, err == nil
}
