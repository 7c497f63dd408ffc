package sandbox

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// withNulls is an object with the names that it lacks, as null.
func withNulls(v any, names ...string) map[string]any {
	data, err := marshal(v)
	o := map[string]any{}
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		err = dec.Decode(&o)
	}
	if err != nil {
		panic(err) // the fakes' own types: it cannot fail
	}
	for _, name := range names {
		if _, ok := o[name]; !ok {
			o[name] = nil
		}
	}
	return o
}

// isJSON reports whether a message says that its body is JSON.
func isJSON(h http.Header) bool {
	name, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && name == "application/json"
}

// acceptsJSON reports whether Accept allows JSON. The range that fits most closely decides; no Accept, or
// an empty one, allows everything.
func acceptsJSON(h http.Header) bool {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return true
	}
	closest, allowed := 0, false
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		closeness := map[string]int{"*/*": 1, "application/*": 2, "application/json": 3}[name]
		if closeness <= closest {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		closest, allowed = closeness, err != nil || q > 0
	}
	return allowed
}
