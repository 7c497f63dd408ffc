package contract

import (
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
)

// CheckRequest returns every rule that a request breaks, in a stable order; nil if there is none. It reads method, URL
// and headers of r, but not r.Body: the bytes are given apart. Of credentials it sees that they are there and of the
// right scheme, no more. Headers that the contract does not declare are allowed.
func (s *Spec) CheckRequest(r *http.Request, body []byte) []check.Violation {
	op, path, vs := s.find(r)
	if op == nil {
		return vs
	}
	vs = s.request.parameters(vs, r, op, path)
	vs = s.request.security(vs, r, op)
	vs = s.request.body(vs, op.body, op.needBody, r.Header, body)
	return stable(vs)
}

// CheckResponse returns every rule that an answer to r breaks, in a stable order; nil if there is none. Of r it reads
// method and URL only. An answer with an undeclared status is not looked into further.
func (s *Spec) CheckResponse(r *http.Request, status int, header http.Header, body []byte) []check.Violation {
	op, _, vs := s.find(r)
	if op == nil {
		return vs
	}
	a, ok := op.answer(status)
	if !ok {
		return append(vs, check.Violation{Pointer: "status/" + strconv.Itoa(status), Rule: "responses", Bound: op.statuses})
	}
	for _, p := range a.headers {
		vs = s.response.parameter(vs, p, header.Values(p.name))
	}
	vs = s.response.body(vs, a.body, r.Method != http.MethodHead, header, body)
	return stable(vs)
}

// media is what a body may be; none means that there is no body.
type media map[string]*openapi3.Schema

func newMedia(content openapi3.Content) media {
	m := media{}
	for name, declared := range content {
		m[strings.ToLower(name)] = nil
		if declared.Schema != nil {
			m[strings.ToLower(name)] = declared.Schema.Value
		}
	}
	return m
}

// find returns the schema, nil if there is none, for the Content-Type of a body.
func (m media) find(contentType []string) (name string, schema *openapi3.Schema, ok bool) {
	if len(contentType) != 1 {
		return "", nil, false
	}
	name = contentType[0]
	if schema, ok = m[name]; ok { // as nearly always
		return name, schema, true
	}
	name, _, err := mime.ParseMediaType(name)
	if err != nil {
		return "", nil, false
	}
	main, _, _ := strings.Cut(name, "/")
	for _, pattern := range []string{name, main + "/*", "*/*"} {
		if schema, ok = m[pattern]; ok {
			return name, schema, true
		}
	}
	return "", nil, false
}

// anything reports whether all that is declared is */* without a schema: any body or none, of any type or none.
func (m media) anything() bool {
	schema, ok := m["*/*"]
	return ok && schema == nil && len(m) == 1
}

// body holds the bytes of a message and their Content-Type against what is declared.
func (rd reading) body(
	vs []check.Violation, m media, required bool, header http.Header, body []byte,
) []check.Violation {
	switch {
	case m.anything():
		return vs
	case len(m) == 0:
		if len(body) > 0 {
			vs = append(vs, check.Violation{Rule: "body", Bound: "none"})
		}
		return vs
	case len(body) == 0:
		if required {
			vs = append(vs, check.Violation{Rule: "required"})
		}
		return vs
	}
	name, schema, ok := m.find(header.Values("Content-Type"))
	if !ok {
		bound := strings.Join(slices.Sorted(maps.Keys(m)), " or ")
		return append(vs, check.Violation{Pointer: "header/Content-Type", Rule: "content", Bound: bound})
	}
	var doc document
	switch {
	case name == "application/json" || strings.HasSuffix(name, "+json"):
		doc, vs, ok = decode(vs, body, rd.names)
	default:
		return vs // the place for a decoder of another media type
	}
	if !ok || schema == nil {
		return vs
	}
	return rd.value(vs, check.At{}, schema, doc)
}
