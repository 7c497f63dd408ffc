package contract

import (
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/contract/markup"
)

// CheckRequest returns every rule that a request breaks, in a stable order; nil if there is none. Beyond 100 of them it
// returns the first 100 that it finds and one with the rule maxViolations. It reads method, URL and headers of r, but
// not r.Body: the bytes are given apart. Of credentials it sees that they are there and of the right scheme, no more.
// Headers that the contract does not declare are allowed.
func (s *Spec) CheckRequest(r *http.Request, body []byte) []check.Violation {
	_, vs := s.checkRequest(r, payload{bytes: body})
	return vs
}

// checkRequest also returns the operation of the request, nil if there is none.
func (s *Spec) checkRequest(r *http.Request, body payload) (*operation, []check.Violation) {
	r = canonical(r)
	op, path, vs := s.find(r)
	if op == nil {
		return nil, vs
	}
	vs = s.request.parameters(vs, r, op, path)
	vs = s.request.security(vs, r, op)
	vs = s.request.body(vs, op.body, op.needBody, r.Header, body)
	return op, stable(vs)
}

// canonical is r with the names of its header in the form that a server reads them in. A client may write others, such
// as api_key.
func canonical(r *http.Request) *http.Request {
	for name := range r.Header {
		if http.CanonicalHeaderKey(name) == name {
			continue
		}
		own := *r
		own.Header = make(http.Header, len(r.Header))
		for name, values := range r.Header {
			name = http.CanonicalHeaderKey(name)
			own.Header[name] = append(own.Header[name], values...)
		}
		return &own
	}
	return r
}

// CheckResponse returns every rule that an answer to r breaks, as CheckRequest does; nil if there is none. Of r it
// reads method and URL only. An answer with an undeclared status is not looked into further.
func (s *Spec) CheckResponse(r *http.Request, status int, header http.Header, body []byte) []check.Violation {
	op, _, vs := s.find(r)
	if op == nil {
		return vs
	}
	return s.checkResponse(op, r, status, header, payload{bytes: body})
}

func (s *Spec) checkResponse(
	op *operation, r *http.Request, status int, header http.Header, body payload,
) (vs []check.Violation) {
	_, a, ok := op.answer(status)
	if !ok {
		return append(vs, check.Violation{Pointer: "status/" + strconv.Itoa(status), Rule: "responses", Bound: op.statuses})
	}
	for _, p := range a.headers {
		vs = s.response.parameter(vs, p, header.Values(p.name))
	}
	vs = s.response.body(vs, a.body, r.Method != http.MethodHead, header, body)
	return stable(vs)
}

// payload is what is known of the body of a message.
type payload struct {
	bytes []byte
	limit int64 // if not 0, there is more than this, and bytes is the beginning
	err   error // if not nil, there may be more that could not be read
}

// media is what a body may be; none means that there is no body.
type media map[string]content

// content is what is declared for one media type.
type content struct {
	schema *openapi3.Schema // nil asks nothing
	root   *markup.Root     // of XML with a schema
}

func newMedia(declared openapi3.Content) (media, error) {
	m := media{}
	for key, d := range declared {
		// One with a parameter would have to be held against those of the message.
		name, params, err := mime.ParseMediaType(key)
		if err != nil || len(params) > 0 {
			return nil, fmt.Errorf("media type %q: only type/subtype is supported, without parameters", key)
		}
		c := content{}
		if d.Schema != nil {
			c.schema = d.Schema.Value
			if isXML(name) {
				if c.root, err = newRoot(d.Schema); err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		m[name] = c
	}
	return m, nil
}

// find returns what is declared for the Content-Type of a body.
func (m media) find(contentType []string) (name string, c content, ok bool) {
	if len(contentType) != 1 {
		return "", content{}, false
	}
	for _, name = range []string{contentType[0], strings.TrimSuffix(contentType[0], "; charset=utf-8")} {
		if c, ok = m[name]; ok { // as nearly always
			return name, c, true
		}
	}
	name, _, err := mime.ParseMediaType(contentType[0])
	if err != nil {
		return "", content{}, false
	}
	main, _, _ := strings.Cut(name, "/")
	for _, pattern := range []string{name, main + "/*", "*/*"} {
		if c, ok = m[pattern]; ok {
			return name, c, true
		}
	}
	return "", content{}, false
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

func isXML(mediaType string) bool {
	return mediaType == "application/xml" || mediaType == "text/xml" || strings.HasSuffix(mediaType, "+xml")
}

// anything reports whether all that is declared is */* without a schema: any body or none, of any type or none.
func (m media) anything() bool {
	c, ok := m["*/*"]
	return ok && c.schema == nil && len(m) == 1
}

// body holds the bytes of a message and their Content-Type against what is declared.
func (rd reading) body(
	vs []check.Violation, m media, required bool, header http.Header, body payload,
) []check.Violation {
	switch {
	case m.anything():
		return vs
	case len(m) == 0:
		if len(body.bytes) > 0 {
			vs = append(vs, check.Violation{Rule: "body", Bound: "none"})
		}
		return vs
	case len(body.bytes) == 0:
		if required && body.err == nil {
			vs = append(vs, check.Violation{Rule: "required"})
		}
		return vs
	}
	name, declared, ok := m.find(header.Values("Content-Type"))
	if !ok {
		bound := strings.Join(slices.Sorted(maps.Keys(m)), " or ")
		return append(vs, check.Violation{Pointer: "header/Content-Type", Rule: "content", Bound: bound})
	}
	var doc document
	switch {
	case !isJSON(name) && !isXML(name), body.err != nil:
		return vs
	case body.limit > 0:
		return append(vs, check.Violation{Rule: "maxBytes", Bound: strconv.FormatInt(body.limit, 10)})
	case isJSON(name) && rd.acceptors[declared.schema].json(body.bytes):
		return vs
	case isJSON(name):
		doc, vs, ok = decode(vs, body.bytes, rd.names)
	default:
		doc, vs, ok = decodeXML(vs, body.bytes, declared.root, rd.names)
	}
	if !ok || declared.schema == nil {
		return vs
	}
	return rd.value(vs, check.At{}, declared.schema, doc)
}
