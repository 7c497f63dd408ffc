package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
)

// parameter is one declared parameter in path, query or header, or one declared header of an answer.
type parameter struct {
	name, in string
	at       check.At
	required bool
	schema   *openapi3.Schema // nil asks nothing
	list     bool             // the schema is an array
	explode  bool             // a list is given as one value each
}

func newParameter(p *openapi3.Parameter) (parameter, error) {
	unsupported := func(what string) (parameter, error) {
		return parameter{}, fmt.Errorf("%s parameter %s: %s is not supported", p.In, p.Name, what)
	}
	out := parameter{name: p.Name, in: p.In, required: p.Required}
	out.at = check.At{Pointer: p.In + "/" + check.Token(p.Name), Field: named(p.Extensions)}
	switch {
	case p.In == openapi3.ParameterInCookie:
		return unsupported("a cookie")
	case len(p.Content) > 0:
		return unsupported("content")
	case p.Schema == nil:
		return out, nil
	}
	out.schema = p.Schema.Value
	if out.schema.Type.Is(openapi3.TypeObject) {
		return unsupported("an object")
	}
	if out.schema.Type.Is(openapi3.TypeArray) {
		if s := p.Style; s != "" && s != openapi3.SerializationForm && s != openapi3.SerializationSimple {
			return unsupported("style " + s)
		}
		out.list = true
		out.explode = p.In == openapi3.ParameterInQuery && (p.Explode == nil || *p.Explode)
	}
	return out, nil
}

// ignoredHeader reports whether OpenAPI has a header ignored among parameters: other parts of the contract speak of it.
func ignoredHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Accept", "Authorization", "Content-Type":
		return true
	}
	return false
}

// parameters holds path, query and headers of a request against the operation.
func (rd reading) parameters(vs []check.Violation, r *http.Request, op *operation, path []variable) []check.Violation {
	var query url.Values
	if r.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			vs = append(vs, check.Violation{Pointer: "query", Rule: "parameters"})
		}
		for _, name := range slices.Sorted(maps.Keys(query)) {
			if _, ok := op.query[name]; !ok {
				vs = append(vs, check.Violation{Pointer: "query/" + rd.names.token(name), Rule: "parameters"})
			}
		}
	}
	for _, p := range op.params {
		switch p.in {
		case openapi3.ParameterInQuery:
			vs = rd.parameter(vs, p, query[p.name])
		case openapi3.ParameterInHeader:
			vs = rd.parameter(vs, p, r.Header.Values(p.name))
		case openapi3.ParameterInPath:
			for _, v := range path {
				if v.name == p.name {
					vs = rd.parameter(vs, p, []string{v.value})
				}
			}
		}
	}
	return vs
}

// parameter holds the values that were given for one parameter against its schema.
func (rd reading) parameter(vs []check.Violation, p parameter, values []string) []check.Violation {
	switch {
	case len(values) == 0:
		if p.required {
			vs = p.at.Break(vs, "required", "")
		}
		return vs
	case p.schema == nil:
		return vs
	case p.list && !p.explode:
		values = strings.Split(strings.Join(values, ","), ",")
	case !p.list && len(values) > 1:
		return p.at.Break(vs, "maxItems", "1")
	}
	if !p.list {
		return rd.value(vs, p.at, p.schema, document{value: scalar(p.schema, values[0]), odd: true})
	}
	items := make([]any, len(values))
	for i, v := range values {
		items[i] = scalar(p.schema.Items.Value, v)
	}
	return rd.value(vs, p.at, p.schema, document{value: items, odd: true})
}

// scalar reads a text as what the schema asks for. What cannot be read so stays a text, which the schema then refuses.
func scalar(schema *openapi3.Schema, text string) any {
	switch {
	case schema.Type.Is(openapi3.TypeBoolean):
		if text == "true" || text == "false" {
			return text == "true"
		}
	case schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		if text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text)) {
			return json.Number(text)
		}
	}
	return text
}

// credential is one security scheme, as far as its presence can be seen.
type credential struct {
	id       string // its name in the contract
	in, name string // header or query, and its name
	scheme   string // what Authorization begins with; "" for any value
	bound    string
}

// credentials returns what an operation asks for: one of the lists, with all of its members.
func credentials(doc *openapi3.T, op *openapi3.Operation) ([][]credential, error) {
	requirements := doc.Security
	if op.Security != nil {
		requirements = *op.Security
	}
	var sets [][]credential
	for _, requirement := range requirements {
		all := []credential{}
		for _, name := range slices.Sorted(maps.Keys(requirement)) {
			// That the scheme is declared, the document's own check has made sure of.
			c, err := newCredential(doc.Components.SecuritySchemes[name].Value)
			if err != nil {
				return nil, fmt.Errorf("security scheme %s: %w", name, err)
			}
			c.id = name
			all = append(all, c)
		}
		sets = append(sets, all)
	}
	return sets, nil
}

func newCredential(s *openapi3.SecurityScheme) (credential, error) {
	switch s.Type {
	case "apiKey":
		if s.In == openapi3.ParameterInCookie {
			return credential{}, errors.New("a cookie is not supported")
		}
		return credential{in: s.In, name: s.Name, bound: "apiKey"}, nil
	case "http":
		scheme := strings.ToLower(s.Scheme)
		return credential{in: openapi3.ParameterInHeader, name: "Authorization", scheme: scheme, bound: scheme}, nil
	}
	// oauth2 and openIdConnect: whatever the flow, what is sent is a bearer token.
	return credential{in: openapi3.ParameterInHeader, name: "Authorization", scheme: "bearer", bound: "bearer"}, nil
}

// security reports the credentials that a request lacks; of several allowed sets, those of the nearest one.
func (rd reading) security(vs []check.Violation, r *http.Request, op *operation) []check.Violation {
	var nearest []credential
	for i, all := range op.security {
		var missing []credential
		for _, c := range all {
			if !c.present(r) {
				missing = append(missing, c)
			}
		}
		if len(missing) == 0 {
			return vs
		}
		if i == 0 || len(missing) < len(nearest) {
			nearest = missing
		}
	}
	for _, c := range nearest {
		vs = append(vs, check.Violation{Pointer: c.in + "/" + c.name, Rule: "security", Bound: c.bound})
	}
	return vs
}

func (c credential) present(r *http.Request) bool {
	if c.in == openapi3.ParameterInQuery {
		return r.URL.Query().Get(c.name) != ""
	}
	value := r.Header.Get(c.name)
	if c.scheme == "" {
		return value != ""
	}
	scheme, rest, _ := strings.Cut(value, " ")
	return strings.EqualFold(scheme, c.scheme) && strings.TrimSpace(rest) != ""
}
