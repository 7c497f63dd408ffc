package contract_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
)

func TestRouting(t *testing.T) {
	const head = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n"
	const ok = "{responses: {'200': {description: ok}}}"
	id := "{parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {'200': {description: ok}}}"

	tests := []struct {
		name, doc string
		method    string
		path      string // with the server's, as on the wire
		want      string // template, "" if none
	}{
		{
			name:   "base path in the server",
			doc:    head + "servers: [{url: 'https://a.example/api'}, {url: 'https://b.example'}]\npaths: {/v2/customer/get: {get: " + ok + "}}",
			method: "GET", path: "/api/v2/customer/get", want: "/v2/customer/get",
		},
		{
			name:   "base path lost",
			doc:    head + "servers: [{url: 'https://a.example/api/'}]\npaths: {/v2/customer/get: {get: " + ok + "}}",
			method: "GET", path: "/v2/customer/get", want: "",
		},
		{
			name:   "base path in server and paths",
			doc:    head + "servers: [{url: 'https://a.example/v1'}]\npaths: {/v1/clients: {get: " + ok + "}}",
			method: "GET", path: "/v1/clients", want: "/v1/clients",
		},
		{
			name:   "base path is no prefix of a word",
			doc:    head + "servers: [{url: 'https://a.example/v1'}]\npaths: {/clients: {get: " + ok + "}}",
			method: "GET", path: "/v1clients", want: "",
		},
		{
			name:   "base path with a variable",
			doc:    head + "servers: [{url: 'https://a.example/{v}', variables: {v: {default: v3}}}]\npaths: {/clients: {get: " + ok + "}}",
			method: "GET", path: "/v3/clients", want: "/clients",
		},
		{
			name:   "no server",
			doc:    head + "paths: {/clients: {get: " + ok + "}}",
			method: "GET", path: "/clients", want: "/clients",
		},
		{
			name:   "a text before a variable",
			doc:    head + "paths: {'/c/{id}': {post: " + id + "}, /c/create: {post: " + ok + "}}",
			method: "POST", path: "/c/create", want: "/c/create",
		},
		{
			name:   "a path without a slash before one with it",
			doc:    head + "paths: {/c/: {get: " + ok + "}, /c: {get: " + ok + "}}",
			method: "GET", path: "/c", want: "/c",
		},
		{
			name:   "a slash that is not declared",
			doc:    head + "paths: {/c: {get: " + ok + "}, '/c/{id}': {get: " + id + "}}",
			method: "GET", path: "/c/", want: "",
		},
		{
			name:   "a variable before a last slash",
			doc:    head + "paths: {'/c/{id}/': {get: " + id + "}}",
			method: "GET", path: "/c/7/", want: "/c/{id}/",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := contract.Parse("t", []byte(tt.doc))
			require.NoError(t, err)
			op, ok := s.Operation(tt.method, tt.path)
			assert.Equal(t, tt.want, op.Path)
			assert.Equal(t, tt.want != "", ok)
			vs := s.CheckRequest(request(t, tt.method, tt.path, ""), nil)
			assert.Equal(t, tt.want != "", len(vs) == 0, "%v", vs)
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
