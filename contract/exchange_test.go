package contract_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract/check"
)

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
		{name: "empty object", method: "POST", path: create, body: "{}", want: []string{"body: anyOf email or phone"}},
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
				"body: anyOf email or phone",
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
		key   = "stest_canary0123456789"
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
