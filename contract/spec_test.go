package contract_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
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

func TestCheckRequest(t *testing.T) {
	const create = "/v1/customers/"
	const one = "/v1/customers/cust_9Cle7TXKkjhwqcWx4Kl5cQYk"
	const email = `{"email":"david@example.net"}`
	type change = func(r *http.Request)
	contentType := func(values ...string) change {
		return func(r *http.Request) { r.Header["Content-Type"] = values }
	}
	authorization := func(value string) change {
		return func(r *http.Request) { r.Header.Set("Authorization", value) }
	}

	tests := []struct {
		name         string
		method, path string
		body         string
		change       change
		want         []string
	}{
		{name: "create", method: "POST", path: create, body: email},
		{name: "create without the last slash", method: "POST", path: "/v1/customers", body: email},
		{name: "everything", method: "POST", path: create, body: `{"email":"david@example.net","mobile":"+33639980102",
			"name":"David Coaster","external_id":"crm-10023","live_mode":false}`},
		{name: "read", method: "GET", path: one},
		{name: "no method is GET", method: "", path: one},
		{name: "change", method: "PATCH", path: one, body: `{"name":"Ama Kouassi"}`},
		{name: "delete", method: "DELETE", path: one},
		{name: "unknown header", method: "GET", path: one, change: func(r *http.Request) { r.Header.Set("X-Trace", "1") }},
		{name: "an id that is escaped", method: "GET", path: "/v1/customers/a%2Fb%3Fc"},

		{name: "no such path", method: "GET", path: "/v1/cards/1", want: []string{"path: paths"}},
		{name: "double slash", method: "GET", path: "/v1//customers/1", want: []string{"path: paths"}},
		{name: "slash after the id", method: "GET", path: one + "/", want: []string{"path: paths"}},
		{name: "empty id", method: "GET", path: create, want: []string{"path: method POST"}},
		{name: "empty id, slash lost", method: "DELETE", path: "/v1/customers", want: []string{"path: method POST"}},
		{name: "dot as id", method: "DELETE", path: "/v1/customers/%2E", want: []string{"path: paths"}},
		{name: "dots as id", method: "DELETE", path: "/v1/customers/..", want: []string{"path: paths"}},
		{name: "escaped dots as id", method: "DELETE", path: "/v1/customers/%2e%2E", want: []string{"path: paths"}},
		{name: "method", method: "PUT", path: one, body: `{}`, want: []string{"path: method DELETE or GET or PATCH"}},

		{name: "undeclared query", method: "GET", path: one + "?expand=1&a%40b.c=2&expand=3",
			want: []string{"query/*: parameters", "query/expand: parameters"}},
		{name: "query that cannot be read", method: "GET", path: one + "?a=%zz", want: []string{"query: parameters"}},

		{name: "no credentials", method: "GET", path: one, change: func(r *http.Request) { r.Header.Del("Authorization") },
			want: []string{"header/Authorization: security basic"}},
		{name: "another scheme", method: "GET", path: one, change: authorization("Bearer abc"),
			want: []string{"header/Authorization: security basic"}},
		{name: "scheme alone", method: "GET", path: one, change: authorization("Basic "),
			want: []string{"header/Authorization: security basic"}},
		{name: "scheme in other letters", method: "GET", path: one, change: authorization("bASIC abc")},

		{name: "no content type", method: "POST", path: create, body: email, change: contentType(),
			want: []string{"header/Content-Type: content application/json"}},
		{name: "another content type", method: "POST", path: create, body: email, change: contentType("text/plain"),
			want: []string{"header/Content-Type: content application/json"}},
		{name: "two content types", method: "POST", path: create, body: email,
			change: contentType("application/json", "application/json"),
			want:   []string{"header/Content-Type: content application/json"}},
		{name: "broken content type", method: "POST", path: create, body: email, change: contentType("application/json; x"),
			want: []string{"header/Content-Type: content application/json"}},
		{name: "content type in other letters", method: "POST", path: create, body: email,
			change: contentType("Application/JSON")},
		{name: "content type with charset", method: "POST", path: create, body: email,
			change: contentType("application/json; charset=utf-8")},

		{name: "no body", method: "POST", path: create, want: []string{"body: required"}},
		{name: "body on GET", method: "GET", path: one, body: "{}", want: []string{"body: body none"}},
		{name: "null", method: "POST", path: create, body: "null", want: []string{"body: nullable false"}},
		{name: "array", method: "POST", path: create, body: "[]", want: []string{"body: type object"}},
		{name: "text", method: "POST", path: create, body: `"x"`, want: []string{"body: type object"}},
		{name: "empty object", method: "POST", path: create, body: "{}", want: []string{"body: anyOf email or mobile"}},
		{name: "empty change", method: "PATCH", path: one, body: "{}", want: []string{"body: minProperties 1"}},
		{name: "null property", method: "POST", path: create, body: `{"email":null}`,
			want: []string{"email (/email): nullable false"}},
		{name: "type", method: "POST", path: create, body: `{"email":5}`, want: []string{"email (/email): type string"}},
		{name: "e-mail", method: "POST", path: create, body: `{"email":"not-an-email"}`,
			want: []string{"email (/email): format email"}},
		{name: "short mobile", method: "POST", path: create, body: `{"mobile":"+336"}`,
			want: []string{"phone (/mobile): minLength 8"}},
		{name: "name of 2", method: "PATCH", path: one, body: `{"name":"éé"}`, want: []string{"name (/name): minLength 3"}},
		{name: "name of 3", method: "PATCH", path: one, body: `{"name":"ééé"}`},
		{name: "name of 64", method: "PATCH", path: one, body: `{"name":"` + strings.Repeat("é", 64) + `"}`},
		{name: "name of 65", method: "PATCH", path: one, body: `{"name":"` + strings.Repeat("é", 65) + `"}`,
			want: []string{"name (/name): maxLength 64"}},
		{name: "undeclared", method: "POST", path: create, body: `{"email":"david@example.net","Email":"a","phone":"b"}`,
			want: []string{"/Email: additionalProperties false", "/phone: additionalProperties false"}},
		{name: "data as a name", method: "POST", path: create,
			body: `{"email":"david@example.net","ama@example.com":1,"+22501020304":1,"0102030405":1,"":1}`,
			want: []string{"/*: additionalProperties false"}},
		{name: "name twice", method: "POST", path: create, body: `{"email":"a@example.net","email":"david@example.net"}`,
			want: []string{"/email: json unique names"}},
		{name: "bytes after the value", method: "POST", path: create, body: email + "x", want: []string{"body: json one value"}},
		{name: "two values", method: "POST", path: create, body: email + " " + email, want: []string{"body: json one value"}},
		{name: "blanks around", method: "POST", path: create, body: "\r\n\t " + email + "\r\n\t "},
		{name: "not UTF-8", method: "POST", path: create, body: "{\"email\":\"\xff@example.net\"}",
			want: []string{"body: json UTF-8"}},
		{name: "cut off", method: "POST", path: create, body: `{"email":"david@exam`, want: []string{"body: json syntax"}},
		{name: "HTML", method: "POST", path: create, body: `<html>`, want: []string{"body: json syntax"}},
		{name: "byte order mark", method: "POST", path: create, body: "\ufeff" + email, want: []string{"body: json syntax"}},
		{name: "nested too deeply", method: "POST", path: create, body: strings.Repeat("[", 1<<20),
			want: []string{"body: json depth 1000"}},

		{name: "everything wrong", method: "POST", path: create + "?debug=1",
			body:   `{"name":"ab","name":"x","external_id":"","extra":{},"live_mode":"no"} true`,
			change: func(r *http.Request) { r.Header.Del("Authorization") },
			want: []string{
				"body: anyOf email or mobile",
				"body: json one value",
				"reference (/external_id): minLength 1",
				"/extra: additionalProperties false",
				"/live_mode: type boolean",
				"/name: json unique names",
				"name (/name): minLength 3",
				"header/Authorization: security basic",
				"query/debug: parameters",
			}},
	}
	s := load(t, "stancer")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, cmp.Or(tt.method, "GET"), tt.path, tt.body)
			r.Method = tt.method
			if tt.change != nil {
				tt.change(r)
			}
			sent := tt.body
			got := s.CheckRequest(r, []byte(tt.body))
			assert.ElementsMatch(t, tt.want, texts(got))
			assert.Equal(t, sent, tt.body)
			for range 3 {
				assert.Equal(t, got, s.CheckRequest(r, []byte(tt.body)), "order")
			}
		})
	}
}

func TestCheckResponse(t *testing.T) {
	const one = "/v1/customers/cust_9Cle7TXKkjhwqcWx4Kl5cQYk"
	const customer = `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","email":"david@example.net","name":null,"created":1538562174}`
	const statuses = "200 or 401 or 404 or 429 or 500"

	tests := []struct {
		name        string
		method      string
		status      int
		contentType string
		body        string
		want        []string
	}{
		{name: "customer", method: "GET", status: 200, contentType: "application/json", body: customer},
		{name: "upper case", method: "GET", status: 200, contentType: "Application/JSON", body: customer},
		{name: "error as a text", method: "GET", status: 404, contentType: "application/json",
			body: `{"error":{"type":"invalid_request_error","message":"No such customer"}}`},
		{name: "error as an object", method: "GET", status: 404, contentType: "application/json",
			body: `{"error":{"message":{"error":"No such customer","email":"Invalid value"}}}`},
		{name: "error as a number", method: "GET", status: 404, contentType: "application/json",
			body: `{"error":{"message":5}}`, want: []string{"/error/message: oneOf string or object"}},
		{name: "error as null", method: "GET", status: 404, contentType: "application/json",
			body: `{"error":{"message":null}}`, want: []string{"/error/message: oneOf string or object"}},
		{name: "no content", method: "DELETE", status: 204},
		{name: "no content, with a type", method: "DELETE", status: 204, contentType: "application/json"},

		{name: "204 with a body", method: "DELETE", status: 204, contentType: "application/json", body: "{}",
			want: []string{"body: body none"}},
		{name: "204 where none is declared", method: "GET", status: 204, want: []string{"status/204: responses " + statuses}},
		{name: "418", method: "GET", status: 418, want: []string{"status/418: responses " + statuses}},
		{name: "301", method: "GET", status: 301, want: []string{"status/301: responses " + statuses}},
		{name: "304", method: "GET", status: 304, want: []string{"status/304: responses " + statuses}},
		{name: "nonsense status", method: "GET", status: -1, want: []string{"status/-1: responses " + statuses}},
		{name: "empty", method: "GET", status: 200, contentType: "application/json", want: []string{"body: required"}},
		{name: "no content type", method: "GET", status: 200, body: customer,
			want: []string{"header/Content-Type: content application/json"}},
		{name: "page of a proxy", method: "GET", status: 500, contentType: "text/html", body: "<html>",
			want: []string{"header/Content-Type: content application/json"}},
		{name: "null", method: "GET", status: 200, contentType: "application/json", body: "null",
			want: []string{"body: nullable false"}},
		{name: "no id", method: "GET", status: 200, contentType: "application/json", body: "{}",
			want: []string{"id (/id): required"}},
		{name: "id in capitals", method: "GET", status: 200, contentType: "application/json",
			body: `{"ID":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk"}`,
			want: []string{"/ID: additionalProperties false", "id (/id): required"}},
		{name: "id", method: "GET", status: 200, contentType: "application/json", body: `{"id":"cust_9Cle7TXKkjh!"}`,
			want: []string{"id (/id): minLength 29", "id (/id): pattern ^cust_[a-zA-Z0-9]{24}$"}},
		{name: "exponent", method: "GET", status: 200, contentType: "application/json",
			body: `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","created":1e9}`,
			want: []string{"created_at (/created): type integer"}},
		{name: "point", method: "GET", status: 200, contentType: "application/json",
			body: `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","created":1.0}`,
			want: []string{"created_at (/created): type integer"}},
		{name: "fraction", method: "GET", status: 200, contentType: "application/json",
			body: `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","created":1.5}`,
			want: []string{"created_at (/created): type integer"}},
		{name: "largest", method: "GET", status: 200, contentType: "application/json",
			body: `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","created":9223372036854775807}`},
		{name: "one too large", method: "GET", status: 200, contentType: "application/json",
			body: `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","created":9223372036854775808}`,
			want: []string{"created_at (/created): format int64"}},
		{name: "no float", method: "GET", status: 200, contentType: "application/json",
			body: `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","created":1e400}`,
			want: []string{"created_at (/created): type integer"}},
		{name: "undeclared, name twice", method: "GET", status: 200, contentType: "application/json",
			body: `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","new":{"a":[{"b":1,"b":2}]}}`,
			want: []string{"/new: additionalProperties false", "/new/a/0/b: json unique names"}},
	}
	s := load(t, "stancer")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := http.Header{}
			if tt.contentType != "" {
				header.Set("Content-Type", tt.contentType)
			}
			got := s.CheckResponse(request(t, tt.method, one, ""), tt.status, header, []byte(tt.body))
			assert.ElementsMatch(t, tt.want, texts(got))
		})
	}

	t.Run("unknown operation", func(t *testing.T) {
		got := s.CheckResponse(request(t, "GET", "/health", ""), 200, nil, nil)
		assert.Equal(t, []string{"path: paths"}, texts(got))
	})
}

func TestOrderAndFields(t *testing.T) {
	s := load(t, "stancer")
	r := request(t, "POST", "/v1/customers/?x=1", "{}")
	r.Header.Del("Authorization")
	got := s.CheckRequest(r, []byte(`{"name":"ab","mobile":"1","zzz":0}`))
	assert.Equal(t, []check.Violation{
		{Pointer: "/mobile", Field: "phone", Rule: "minLength", Bound: "8"},
		{Pointer: "/name", Field: "name", Rule: "minLength", Bound: "3"},
		{Pointer: "/zzz", Rule: "additionalProperties", Bound: "false"},
		{Pointer: "header/Authorization", Rule: "security", Bound: "basic"},
		{Pointer: "query/x", Rule: "parameters"},
	}, got)
}

// No value may reach a violation, wherever it stood.
func TestNoValueInViolations(t *testing.T) {
	const (
		email = "canary.person@example.org"
		key   = "stest_canary0123456789abcdefgh"
	)
	s := load(t, "stancer")
	header := http.Header{"Content-Type": {"application/json"}}
	for _, canary := range []string{email, key, strings.Repeat(email, 9), `["` + email + `"]`, "\x00" + key} {
		quoted := fmt.Sprintf("%q", canary)
		quoted = strings.ReplaceAll(quoted, `\x00`, `\u0000`)
		bodies := []string{quoted, "[" + quoted + "]", quoted + quoted, quoted[:len(quoted)-1], canary, canary + "\xff"}
		for _, name := range []string{
			"id", "email", "mobile", "name", "external_id", "country", "created", "live_mode", "error", "other",
		} {
			bodies = append(bodies,
				`{"`+name+`":`+quoted+`}`,
				`{"`+name+`":{"`+name+`":`+quoted+`}}`,
				`{"`+name+`":[`+quoted+`,`+quoted+`]}`,
				`{"`+name+`":`+quoted+`,"`+name+`":`+quoted+`}`,
				`{"error":{"`+name+`":{"`+name+`":[`+quoted+`]},"message":{"`+name+`":[`+quoted+`]}}}`,
			)
		}
		for _, body := range bodies {
			r := request(t, "POST", "/v1/customers/", body)
			r.URL.RawQuery = "a=" + key + "&" + email + "=1"
			r.Header.Set("Authorization", key)
			r.Header.Add("Content-Type", key)
			vs := s.CheckRequest(r, []byte(body))
			require.NotEmpty(t, vs)
			vs = append(vs, s.CheckRequest(request(t, "PATCH", "/v1/customers/"+key, body), []byte(body))...)
			vs = append(vs, s.CheckRequest(request(t, "GET", "/"+key+"/"+email, ""), nil)...)
			for _, status := range []int{200, 404} {
				vs = append(vs, s.CheckResponse(request(t, "GET", "/v1/customers/x", ""), status, header, []byte(body))...)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				text := fmt.Sprintf(verb, vs)
				assert.NotContains(t, text, "canary", "%s %s", verb, body)
			}
		}
	}
}

func TestRouting(t *testing.T) {
	const head = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"
	const ok = "{responses: {'200': {description: ok}}}"
	id := "{parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {'200': {description: ok}}}"

	tests := []struct {
		name, doc  string
		method     string
		path       string // below or with the server's path, as Operation takes it
		want       string // template, "" if none
		wire       string // what goes over the wire
		wantOnWire bool
	}{
		{
			name:   "base path in the server",
			doc:    head + "servers: [{url: 'https://a.example/api'}, {url: 'https://b.example'}]\npaths: {/v2/customer/get: {get: " + ok + "}}",
			method: "GET", path: "/v2/customer/get", want: "/v2/customer/get",
			wire: "/api/v2/customer/get", wantOnWire: true,
		},
		{
			name:   "base path lost",
			doc:    head + "servers: [{url: 'https://a.example/api/'}]\npaths: {/v2/customer/get: {get: " + ok + "}}",
			method: "GET", path: "/api/v2/customer/get", want: "/v2/customer/get",
			wire: "/v2/customer/get", wantOnWire: false,
		},
		{
			name:   "base path in server and paths",
			doc:    head + "servers: [{url: 'https://a.example/v1'}]\npaths: {/v1/clients: {get: " + ok + "}}",
			method: "GET", path: "/v1/clients", want: "/v1/clients",
			wire: "/v1/clients", wantOnWire: true,
		},
		{
			name:   "base path is no prefix of a word",
			doc:    head + "servers: [{url: 'https://a.example/v1'}]\npaths: {/clients: {get: " + ok + "}}",
			method: "GET", path: "/v1clients", want: "",
			wire: "/v1clients", wantOnWire: false,
		},
		{
			name:   "base path with a variable",
			doc:    head + "servers: [{url: 'https://a.example/{v}', variables: {v: {default: v3}}}]\npaths: {/clients: {get: " + ok + "}}",
			method: "GET", path: "/clients", want: "/clients",
			wire: "/v3/clients", wantOnWire: true,
		},
		{
			name:   "no server",
			doc:    head + "paths: {/clients: {get: " + ok + "}}",
			method: "GET", path: "/clients", want: "/clients",
			wire: "/clients", wantOnWire: true,
		},
		{
			name:   "a text before a variable",
			doc:    head + "paths: {'/c/{id}': {post: " + id + "}, /c/create: {post: " + ok + "}}",
			method: "POST", path: "/c/create", want: "/c/create",
			wire: "/c/create", wantOnWire: true,
		},
		{
			name:   "a path without a slash before one with it",
			doc:    head + "paths: {/c/: {get: " + ok + "}, /c: {get: " + ok + "}}",
			method: "GET", path: "/c", want: "/c",
			wire: "/c", wantOnWire: true,
		},
		{
			name:   "a slash that is not declared",
			doc:    head + "paths: {/c: {get: " + ok + "}, '/c/{id}': {get: " + id + "}}",
			method: "GET", path: "/c/", want: "",
			wire: "/c/", wantOnWire: false,
		},
		{
			name:   "a variable before a last slash",
			doc:    head + "paths: {'/c/{id}/': {get: " + id + "}}",
			method: "GET", path: "/c/7", want: "/c/{id}/",
			wire: "/c/7/", wantOnWire: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := contract.Parse("t", []byte(tt.doc))
			require.NoError(t, err)
			op, ok := s.Operation(tt.method, tt.path)
			assert.Equal(t, tt.want, op.Path)
			assert.Equal(t, tt.want != "", ok)
			vs := s.CheckRequest(request(t, tt.method, tt.wire, ""), nil)
			assert.Equal(t, tt.wantOnWire, len(vs) == 0, "%v", vs)
		})
	}
}

func TestOperations(t *testing.T) {
	assert.Equal(t, []contract.Operation{
		{ID: "createCustomer", Method: "POST", Path: "/v1/customers/"},
		{ID: "deleteCustomer", Method: "DELETE", Path: "/v1/customers/{id}"},
		{ID: "getCustomer", Method: "GET", Path: "/v1/customers/{id}"},
		{ID: "updateCustomer", Method: "PATCH", Path: "/v1/customers/{id}"},
	}, load(t, "stancer").Operations())

	for _, path := range []string{"", "v1/customers/x", "/v1/customers/%zz", "/", "/v1/customers/x/y"} {
		_, ok := load(t, "stancer").Operation("GET", path)
		assert.False(t, ok, path)
	}
	_, ok := load(t, "stancer").Operation("PUT", "/v1/customers/x")
	assert.False(t, ok)
}

func TestSchemas(t *testing.T) {
	tests := []struct {
		name   string
		schema string
		good   []string
		bad    map[string][]string
	}{
		{
			name: "formats",
			schema: `
type: object
properties:
  at: {type: string, format: date-time, x-customer: created_at}
  on: {type: string, format: date}
  id: {type: string, format: uuid}
  to: {type: string, format: email}
  n: {type: integer, format: int32}
  f: {type: number, format: float}
  other: {type: string, format: ipv4}`,
			good: []string{
				`{"at":"2020-01-31T00:00:00Z"}`, `{"at":"2020-01-31T00:00:00.000-05:00"}`, `{"on":"2024-02-29"}`,
				`{"id":"8db1ad33-50d6-4e6f-9ec3-5f9169c621a6"}`, `{"n":2147483647}`, `{"f":1e9}`, `{"other":"anything"}`,
			},
			bad: map[string][]string{
				`{"at":"2020-01-31T00:00:00"}`:         {"created_at (/at): format date-time"},
				`{"at":"2020-01-31"}`:                  {"created_at (/at): format date-time"},
				`{"at":"2020-01-31T1:00:00Z"}`:         {"created_at (/at): format date-time"},
				`{"at":"2020-01-31T01:00:00,5Z"}`:      {"created_at (/at): format date-time"},
				`{"at":"2020-01-31T01:00:00+24:00"}`:   {"created_at (/at): format date-time"},
				`{"on":"2023-02-29"}`:                  {"/on: format date"},
				`{"id":"zzz"}`:                         {"/id: format uuid"},
				`{"to":"a@example.com,b@example.com"}`: {"/to: format email"},
				`{"n":2147483648}`:                     {"/n: format int32"},
				`{"n":1e3}`:                            {"/n: type integer"},
				`{"n":99999999999999999999}`:           {"/n: format int32", "/n: format int64"},
				`{"f":1e39}`:                           {"/f: format float"},
			},
		},
		{
			name: "nested objects and arrays",
			schema: `
type: object
required: [address]
properties:
  address:
    type: object
    x-customer: address
    required: [city]
    properties:
      city: {type: string, x-customer: address.city, enum: [Paris, Lyon]}
  list:
    type: array
    maxItems: 2
    items: {type: object, properties: {a/b~c: {type: integer, minimum: 1, maximum: 9}}}
  open: {type: object, additionalProperties: true, properties: {n: {type: integer}}}
  map: {type: object, additionalProperties: {type: integer, minimum: 5}}`,
			good: []string{
				`{"address":{"city":"Paris"},"list":[{"a/b~c":1}],"open":{"x":{"y":1.5}},"map":{"a":5}}`,
			},
			bad: map[string][]string{
				`{}`:                                {"address (/address): required"},
				`{"address":{}}`:                    {"address.city (/address/city): required"},
				`{"address":{"city":"Rome","x":1}}`: {"/address/x: additionalProperties false", "address.city (/address/city): enum Paris or Lyon"},
				`{"address":{"city":"Paris"},"list":[{},{"a/b~c":0},{"a/b~c":1.0}]}`: {
					"/list: maxItems 2", "/list/1/a~1b~0c: minimum 1", "/list/2/a~1b~0c: type integer",
				},
				`{"address":{"city":"Paris"},"open":{"n":1.0},"map":{"a":4,"b":5.0,"ama@example.com":1}}`: {
					"/map/*: minimum 5", "/map/a: minimum 5", "/map/b: type integer", "/open/n: type integer",
				},
			},
		},
		{
			name: "one part of an allOf",
			schema: `
type: object
properties:
  one:
    nullable: true
    x-customer: address
    allOf: [{type: object, required: [a], properties: {a: {type: string, maxLength: 1, x-customer: address.city}}}]
    minProperties: 2`,
			good: []string{`{"one":null}`},
			bad: map[string][]string{
				`{"one":{"a":"xx","b":1}}`: {"/one/b: additionalProperties false", "address.city (/one/a): maxLength 1"},
				`{"one":{}}`:               {"address.city (/one/a): required", "address (/one): minProperties 2"},
				`{"one":5}`:                {"/one: type object"},
			},
		},
		{
			name: "union of objects",
			schema: `
oneOf:
  - {type: object, required: [a], properties: {a: {type: integer}}}
  - {type: object, required: [b], properties: {b: {type: string}}}`,
			good: []string{`{"a":1}`, `{"b":"x"}`},
			bad: map[string][]string{
				`{"a":1,"b":"x"}`: {"body: oneOf object or object"},
				`{"a":1.0}`:       {"/a: type integer"},
				`{"c":1}`:         {"body: oneOf object or object"},
			},
		},
		{
			name: "alternatives of several names",
			schema: `
type: object
properties: {a: {type: string}, b: {type: string}, c: {type: string, maxLength: 1}}
anyOf: [{required: [a, b]}, {required: [c]}]
maxProperties: 2`,
			good: []string{`{"a":"","b":""}`, `{"c":""}`},
			bad: map[string][]string{
				`{"a":5,"d":1}`:              {"/a: type string", "/d: additionalProperties false", "body: anyOf a and b or c"},
				`{"a":"","b":"","c":"long"}`: {"/c: maxLength 1", "body: maxProperties 2"},
			},
		},
		{
			name: "union of a text and what has no type",
			schema: `
type: object
properties:
  u: {oneOf: [{type: string, maxLength: 1}, {enum: [5]}], x-customer: [id, reference]}
  e: {type: string, nullable: true, enum: [a, null]}
  s: {not: {type: string}}`,
			good: []string{`{"u":"a","e":null}`, `{"u":5,"e":"a","s":1}`},
			bad: map[string][]string{
				`{"u":"aa"}`: {"id (/u): oneOf"},
				`{"e":"b"}`:  {"/e: enum a or null"},
				`{"s":"b"}`:  {"/s: not"},
			},
		},
		{
			name: "numbers",
			schema: `
type: object
properties:
  n: {type: number, minimum: 0.5, exclusiveMinimum: true, multipleOf: 0.5}
  i: {type: integer}
  u: {type: array, uniqueItems: true, minItems: 1, items: {type: integer}}`,
			good: []string{`{"n":1e0,"i":-0,"u":[1,2]}`, `{"n":1.5}`},
			bad: map[string][]string{
				`{"n":0.5}`:       {"/n: exclusiveMinimum 0.5"},
				`{"n":1.75}`:      {"/n: multipleOf 0.5"},
				`{"i":1E2}`:       {"/i: type integer"},
				`{"u":[1,1]}`:     {"/u: uniqueItems true"},
				`{"u":[]}`:        {"/u: minItems 1"},
				`{"u":[1.0,"2"]}`: {"/u/0: type integer", "/u/1: type integer"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := parse(t, tt.schema)
			verdicts := func(body string) [][]string {
				r := request(t, "POST", "/thing", body)
				return [][]string{
					texts(s.CheckRequest(r, []byte(body))),
					texts(s.CheckResponse(r, 200, r.Header, []byte(body))),
				}
			}
			for _, body := range tt.good {
				for _, got := range verdicts(body) {
					assert.Empty(t, got, body)
				}
			}
			for body, want := range tt.bad {
				for _, got := range verdicts(body) {
					assert.ElementsMatch(t, want, got, body)
				}
			}
		})
	}
}

func TestReadOnly(t *testing.T) {
	s := parse(t, `
type: object
required: [id, secret]
properties:
  id: {type: string, readOnly: true, x-customer: id}
  secret: {type: string, writeOnly: true}`)
	r := request(t, "POST", "/thing", "{}")
	assert.Empty(t, s.CheckRequest(r, []byte(`{"secret":"x"}`)))
	assert.Empty(t, s.CheckResponse(r, 200, r.Header, []byte(`{"id":"x"}`)))
	both := []byte(`{"id":"x","secret":"x"}`)
	assert.Equal(t, []string{"id (/id): readOnly true"}, texts(s.CheckRequest(r, both)))
	assert.Equal(t, []string{"/secret: writeOnly true"}, texts(s.CheckResponse(r, 200, r.Header, both)))
}

func TestParameters(t *testing.T) {
	s, err := contract.Parse("t", []byte(`openapi: 3.0.3
info: {title: t, version: "1"}
security: [{bearer: []}, {key: [], token: []}]
paths:
  /c/{id}:
    parameters:
      - {name: id, in: path, required: true, x-customer: id, schema: {type: integer, minimum: 1}}
      - {name: page, in: query, schema: {type: string}}
    get:
      parameters:
        - {name: page, in: query, schema: {type: integer, format: int32, maximum: 5}}
        - {name: all, in: query, schema: {type: boolean}}
        - {name: ids, in: query, schema: {type: array, maxItems: 2, items: {type: integer}}}
        - {name: csv, in: query, explode: false, schema: {type: array, items: {type: string, enum: [a, b]}}}
        - {name: email, in: query, required: true, x-customer: email, schema: {type: string, format: email}}
        - {name: X-Environment, in: header, required: true, schema: {type: string, enum: [Production]}}
        - {name: Accept, in: header, required: true, schema: {type: string, enum: [text/plain]}}
      responses:
        "2XX": {description: some, headers: {X-Id: {required: true, schema: {type: integer}}}}
        default: {description: any, content: {"*/*": {}}}
    head: {responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}}
    put:
      security: [{}]
      requestBody: {content: {application/*: {schema: {type: object}}, application/xml: {schema: {type: object}}}}
      responses: {"200": {description: ok, content: {application/problem+json: {schema: {type: object}}}}}
    patch: {security: [{oauth: []}], responses: {"204": {description: ok}}}
    delete: {security: [], responses: {"204": {description: ok}}}
    post: {security: [{inQuery: []}], responses: {"204": {description: ok}}}
components:
  securitySchemes:
    bearer: {type: http, scheme: Bearer}
    key: {type: apiKey, in: header, name: api_key}
    token: {type: apiKey, in: header, name: Token}
    inQuery: {type: apiKey, in: query, name: secret}
    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: "https://a.example/t", scopes: {}}}}
`))
	require.NoError(t, err)

	const good = "/c/7?email=a@example.com"
	tests := []struct {
		name   string
		method string
		path   string
		header http.Header
		body   string
		want   []string
	}{
		{name: "good", path: good + "&page=5&all=true&ids=1&ids=2&csv=a,b"},
		{name: "values", path: "/c/0?email=x&page=6&all=1&ids=1&ids=b&ids=3&csv=a,c", want: []string{
			"id (path/id): minimum 1", "email (query/email): format email", "query/page: maximum 5", "query/all: type boolean",
			"query/ids: maxItems 2", "query/ids/1: type integer", "query/csv/1: enum a or b",
		}},
		{name: "integers", path: "/c/1e3?email=a@example.com&page=%2B5", want: []string{
			"id (path/id): type integer", "query/page: type integer",
		}},
		{name: "leading zero", path: "/c/007?email=a@example.com", want: []string{"id (path/id): type integer"}},
		{name: "too large", path: "/c/9223372036854775808?email=a@example.com", want: []string{"id (path/id): format int64"}},
		{name: "missing, twice", path: "/c/7?all=true&all=true", header: http.Header{"X-Environment": {"Production", "x"}},
			want: []string{
				"email (query/email): required", "query/all: maxItems 1", "header/X-Environment: maxItems 1",
			}},
		{name: "header", path: good, header: http.Header{"X-Environment": {"Moon"}},
			want: []string{"header/X-Environment: enum Production"}},
		{name: "no header", path: good, header: http.Header{"X-Environment": nil},
			want: []string{"header/X-Environment: required"}},
		{name: "bearer", path: good, header: http.Header{"Api_key": nil, "Token": nil, "Authorization": {"bearer x"}}},
		{name: "half of the other", path: good, header: http.Header{"Token": nil},
			want: []string{"header/Authorization: security bearer"}},
		{name: "security optional", method: "PUT", path: "/c/7", header: http.Header{"Api_key": nil}},
		{name: "security none", method: "DELETE", path: "/c/7", header: http.Header{"Api_key": nil}},
		{name: "security in query", method: "POST", path: "/c/7?secret=x"},
		{name: "security in query missing", method: "POST", path: "/c/7", want: []string{"query/secret: security apiKey"}},
		{name: "security by OAuth", method: "PATCH", path: "/c/7", want: []string{"header/Authorization: security bearer"}},
		{name: "media range", method: "PUT", path: "/c/7", body: "{}", header: http.Header{"Content-Type": {"application/vnd.a+json"}}},
		{name: "media range, checked", method: "PUT", path: "/c/7", body: `{"a":1}`,
			header: http.Header{"Content-Type": {"application/vnd.a+json"}}, want: []string{"/a: additionalProperties false"}},
		{name: "XML is not looked into", method: "PUT", path: "/c/7", body: "<", header: http.Header{"Content-Type": {"application/xml"}}},
		{name: "outside of the range", method: "PUT", path: "/c/7", body: "{}", header: http.Header{"Content-Type": {"text/json"}},
			want: []string{"header/Content-Type: content application/* or application/xml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, cmp.Or(tt.method, "GET"), tt.path, "")
			r.Header = http.Header{"Api_key": {"k"}, "Token": {"t"}, "X-Environment": {"Production"}}
			for name, values := range tt.header {
				r.Header[http.CanonicalHeaderKey(name)] = values
			}
			assert.ElementsMatch(t, tt.want, texts(s.CheckRequest(r, []byte(tt.body))))
		})
	}

	t.Run("answers", func(t *testing.T) {
		get, head, put := request(t, "GET", good, ""), request(t, "HEAD", good, ""), request(t, "PUT", good, "")
		assert.Empty(t, s.CheckResponse(get, 226, http.Header{"X-Id": {"5"}}, nil))
		assert.Equal(t, []string{"header/X-Id: required"}, texts(s.CheckResponse(get, 200, nil, nil)))
		assert.Equal(t, []string{"header/X-Id: type integer"}, texts(s.CheckResponse(get, 200, http.Header{"X-Id": {"a"}}, nil)))
		assert.Empty(t, s.CheckResponse(get, 301, nil, nil), "the default, which may be anything")
		assert.Empty(t, s.CheckResponse(get, 500, nil, []byte("\xff")))
		assert.Empty(t, s.CheckResponse(head, 200, nil, nil), "no body to HEAD")
		problem := http.Header{"Content-Type": {"application/problem+json"}}
		assert.Equal(t, []string{"/a: additionalProperties false"}, texts(s.CheckResponse(put, 200, problem, []byte(`{"a":1}`))))
	})
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
		assert.ErrorContains(t, err, "contract "+provider+": ")
	}
}

func TestConcurrentUse(t *testing.T) {
	s := load(t, "stancer")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				body := []byte(`{"email":"not-an-email","name":"ab","x":1e9}`)
				r := request(t, "POST", "/v1/customers/", string(body))
				assert.Len(t, s.CheckRequest(r, body), 3)
				assert.NotEmpty(t, s.CheckResponse(r, 200, r.Header, body))
			}
		})
	}
	wg.Wait()
}

// FuzzJSON holds the decoder against encoding/json: it accepts nothing that is no JSON, and refuses of JSON only what it
// names.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,"\u00e9",null,true]}`, `[1,]`, `{"a":1,}`, `{"a" 1}`, `[,1]`, `{1:2}`, `{"a":1 "b":2}`, `]`, `[}`, `{]`, `01`,
		`"\ud800"`, "\"\x01\"", ` `, ``, `{"a":1,"a":2}`, `1 2`, `nul`, `{"a":}`, `[1 2]`, `{,}`, `-`, `"`, `{"":{"":{}}}`, `1,`, `:`, `{:}`,
	} {
		f.Add(seed)
	}
	doc := strings.Replace(document("description: anything"), "{$ref: \"#/components/schemas/Thing\"}", "{}", 2)
	s, err := contract.Parse("any", []byte(doc))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body string) {
		if body == "" {
			return
		}
		r := request(t, "POST", "/thing", body)
		vs := s.CheckRequest(r, []byte(body))
		named := slices.ContainsFunc(vs, func(v check.Violation) bool {
			// kin-openapi wants null to be declared, even where anything goes.
			return v.Rule == "nullable" || v.Rule == "json" && slices.Contains([]string{"unique names", "depth 1000", "UTF-8"}, v.Bound)
		})
		valid := json.Valid([]byte(body))
		if !valid {
			assert.NotEmpty(t, vs, "%q", body)
		} else if !named {
			assert.Empty(t, vs, "%q", body)
		}
	})
}
