package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
)

// request makes a request to Stancer with a key and, if there is a body, with the content type of JSON.
func request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "http://127.0.0.1:8080"+path, nil)
	require.NoError(t, err)
	r.SetBasicAuth("stest_key", "")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func load(t *testing.T, provider string) *contract.Spec {
	t.Helper()
	s, err := contract.Load(provider)
	require.NoError(t, err)
	return s
}

// parse makes a contract of one operation, POST /thing, from its schema for request and answer. The lines of the schema
// are indented by two spaces below components.schemas.Thing.
func parse(t *testing.T, schema string) *contract.Spec {
	t.Helper()
	s, err := contract.Parse("inline", []byte(document(schema)))
	require.NoError(t, err)
	return s
}

func document(schema string) string {
	return `openapi: 3.0.3
info: {title: inline, version: "1"}
paths:
  /thing:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
components:
  schemas:
    Thing:
` + indent(schema, "      ")
}

func indent(text, by string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return by + strings.Join(lines, "\n"+by) + "\n"
}

// texts are violations as their String tells them.
func texts(vs []check.Violation) []string {
	out := []string{}
	for _, v := range vs {
		out = append(out, v.String())
	}
	return out
}

func TestParseRefuses(t *testing.T) {
	// operation is a document with one operation, GET at a path, that has these members beside its responses.
	operation := func(path string, members ...string) string {
		return "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  " + path + ":\n    get:\n" +
			indent("responses: {'200': {description: ok}}\n"+strings.Join(members, "\n"), "      ") +
			"components: {securitySchemes: {cookie: {type: apiKey, in: cookie, name: c}}}\n"
	}
	parameter := func(members string) string {
		return "parameters: [{name: c, " + members + "}]"
	}
	tests := []struct{ name, doc, want string }{
		{"not YAML", "\t", ""},
		{"not OpenAPI", "a: b", ""},
		{"3.1", strings.Replace(operation("/x"), "3.0.3", "3.1.0", 1), "only 3.0 is supported"},
		{"a reference out", operation("/x", "parameters: [{$ref: 'https://example.com/p.yaml'}]"), ""},
		{"a pattern", document("{type: string, pattern: '('}"), ""},
		{"a base path", operation("/x") + "servers: [{url: 'http://a.example:x/'}]", "server: "},

		{"a cookie", operation("/x", parameter("in: cookie, schema: {type: string}")),
			"GET /x: cookie parameter c: a cookie is not supported"},
		{"an object", operation("/x", parameter("in: query, schema: {type: object}")), "an object is not supported"},
		{"content", operation("/x", parameter("in: query, content: {text/plain: {}}")), "content is not supported"},
		{"a style", operation("/x", parameter("in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {}}")),
			"style pipeDelimited is not supported"},
		{"an object in a header of an answer", strings.Replace(operation("/x"), "description: ok",
			"description: ok, headers: {H: {schema: {type: object}}}", 1), "header parameter H: an object is not supported"},
		{"a part of a segment", operation("/x.{c}", parameter("in: path, required: true, schema: {type: string}")),
			"a variable that is a part of a segment is not supported"},

		{"an unknown scheme", operation("/x", "security: [{nobody: []}]"), "nobody"},
		{"a cookie as key", operation("/x", "security: [{cookie: []}]"), "GET /x: security scheme cookie: a cookie is not supported"},

		{"an allOf of objects", document("allOf: [{properties: {a: {type: string}}}, {properties: {b: {type: string}}}]"),
			"/components/schemas/Thing: properties in several places that apply together are not supported"},
		{"properties beside a oneOf", document("properties: {a: {type: string}}\noneOf: [{properties: {b: {type: string}}}]"),
			"properties in several places"},
		{"a schema composed of itself", document("allOf: [{$ref: '#/components/schemas/Thing'}]"),
			"/components/schemas/Thing: composed of itself"},
		{"the same by way of others", document("oneOf: [{type: string}, {not: {anyOf: [{$ref: '#/components/schemas/Thing'}]}}]"),
			"composed of itself"},
		{"a schema in itself without type", document("items: {$ref: '#/components/schemas/Thing'}"),
			"contains itself and has no type"},

		{"a media type with a parameter", operation("/x", "requestBody: {content: {application/json; charset=utf-8: {}}}"),
			`GET /x: media type "application/json; charset=utf-8": only type/subtype is supported`},
		{"one of an answer", strings.Replace(operation("/x"), "description: ok",
			"description: ok, content: {text/xml;charset=utf-8: {}}", 1), `media type "text/xml;charset=utf-8"`},
		{"no media type", operation("/x", "requestBody: {content: {application/ json: {}}}"), `media type "application/ json"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := contract.Parse("p", []byte(tt.doc))
			assert.ErrorContains(t, err, "contract p: ")
			assert.ErrorContains(t, err, tt.want)
			assert.Nil(t, s)
		})
	}

	for _, provider := range []string{"nobody", "", "..", "../specs/stancer"} {
		_, err := contract.Load(provider)
		assert.EqualError(t, err, fmt.Sprintf("contract %q of package specs: open %s.yaml: file does not exist", provider, provider))
	}
}
