package contract_test

import (
	"cmp"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
)

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
      requestBody: {content: {application/*: {schema: {type: object}}, application/xml: {schema: {type: object, xml: {name: thing}}}}}
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
		{name: "media range", method: "PUT", path: "/c/7", body: "{}",
			header: http.Header{"Content-Type": {"application/vnd.a+json"}}},
		{name: "media range, checked", method: "PUT", path: "/c/7", body: `{"a":1}`,
			header: http.Header{"Content-Type": {"application/vnd.a+json"}}, want: []string{"/a: additionalProperties false"}},
		{name: "XML", method: "PUT", path: "/c/7", body: "<thing/>",
			header: http.Header{"Content-Type": {"application/xml"}}},
		{name: "XML in a media range", method: "PUT", path: "/c/7", body: "<anything a='b'><b/></anything>",
			header: http.Header{"Content-Type": {"application/vnd.a+xml"}}},
		{name: "XML in a media range, checked", method: "PUT", path: "/c/7", body: "<",
			header: http.Header{"Content-Type": {"application/vnd.a+xml"}}, want: []string{"body: xml syntax"}},
		{name: "another type is not looked into", method: "PUT", path: "/c/7", body: "<",
			header: http.Header{"Content-Type": {"application/pdf"}}},
		{name: "outside of the range", method: "PUT", path: "/c/7", body: "{}",
			header: http.Header{"Content-Type": {"text/json"}}, want: []string{"header/Content-Type: content application/* or application/xml"}},
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
