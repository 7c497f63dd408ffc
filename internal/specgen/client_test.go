package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/gen/digitalpaye"
	"github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/gen/stancer"
)

// Whatever stands in a parameter, the request goes to its operation.
func TestRequestURL(t *testing.T) {
	const server = "https://api.example.com/root"
	text := func(s string) *string { return &s }
	number := func(n int) *int { return &n }
	for want, made := range map[string]func() (*http.Request, error){
		"/v1/customers/cust_1":       func() (*http.Request, error) { return stancer.NewGetCustomerRequest(server, "cust_1") },
		"/v1/customers/a%2Fb%3Fc%23": func() (*http.Request, error) { return stancer.NewGetCustomerRequest(server, "a/b?c#") },
		"/v1/customers/%252e%252e":   func() (*http.Request, error) { return stancer.NewGetCustomerRequest(server, "%2e%2e") },
		"/v1/customers/..%2F..":      func() (*http.Request, error) { return stancer.NewDeleteCustomerRequest(server, "../..") },
		"/v1/customers/...":          func() (*http.Request, error) { return stancer.NewDeleteCustomerRequest(server, "...") },
		"/v1/customers/%C3%A9%20":    func() (*http.Request, error) { return stancer.NewDeleteCustomerRequest(server, "é ") },
		"/v1/customers/1": func() (*http.Request, error) {
			return stancer.NewUpdateCustomerRequest(server+"/", "1", stancer.CustomerUpdate{})
		},
		"/v1/clients/-7":   func() (*http.Request, error) { return fatora.NewGetClientRequest(server, -7) },
		"/v2/customer/get": func() (*http.Request, error) { return simplepin.NewGetCustomerRequest(server, nil) },
		"/v2/customer/get?locale=FR&customer_id=a%26b%3Dc%3F%2B+": func() (*http.Request, error) {
			return simplepin.NewGetCustomerRequest(server, &simplepin.GetCustomerParams{Locale: text("FR"), CustomerID: text("a&b=c?+ ")})
		},
		"/v2/customer/get?email=": func() (*http.Request, error) {
			return simplepin.NewGetCustomerRequest(server, &simplepin.GetCustomerParams{Email: text("")})
		},
		"/v2/location/provinces?locale=&countryId=38": func() (*http.Request, error) {
			return simplepin.NewGetProvincesRequest(server, &simplepin.GetProvincesParams{CountryID: 38})
		},
		"/v1/clients": func() (*http.Request, error) {
			return fatora.NewListClientsRequest(server, &fatora.ListClientsParams{})
		},
		"/v1/clients?page=2": func() (*http.Request, error) {
			return fatora.NewListClientsRequest(server, &fatora.ListClientsParams{Page: number(2)})
		},
	} {
		req, err := made()
		if assert.NoError(t, err, want) {
			assert.Equal(t, server+want, req.URL.String())
		}
	}
	for _, id := range []string{"", ".", ".."} {
		_, err := stancer.NewDeleteCustomerRequest(server, id)
		assert.Error(t, err, "%q would be another path", id)
	}
}

func TestRequestHeader(t *testing.T) {
	sandbox := digitalpaye.EnvironmentSandbox
	req, err := digitalpaye.NewGetCustomerRequest("https://api.example.com", "1", &digitalpaye.GetCustomerParams{XEnvironment: &sandbox})
	require.NoError(t, err)
	assert.Equal(t, http.Header{"X-Environment": {"Sandbox"}}, req.Header)

	req, err = digitalpaye.NewGetCustomerRequest("https://api.example.com", "1", nil)
	require.NoError(t, err)
	assert.Empty(t, req.Header)
}

// The body of a request can be sent again, and its length is known.
func TestRequestBody(t *testing.T) {
	req, err := stancer.NewCreateCustomerRequest("https://api.example.com", stancer.CustomerCreate{Name: "Ama"})
	require.NoError(t, err)
	const want = `{"name":"Ama"}`
	assert.EqualValues(t, len(want), req.ContentLength)
	assert.Equal(t, http.Header{"Content-Type": {"application/json"}}, req.Header)
	again, err := req.GetBody()
	require.NoError(t, err)
	for _, body := range []io.Reader{req.Body, again} {
		data, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, want, string(data))
	}
}

// What the template of the client cannot write as the contract has it is refused, not written otherwise.
func TestClientRefused(t *testing.T) {
	templates, err := filepath.Abs(".")
	require.NoError(t, err)
	settings, err := os.ReadFile("../../gen/config.yaml")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	require.NoError(t, os.CopyFS("internal/specgen", os.DirFS(templates)))
	require.NoError(t, os.MkdirAll("gen", 0o755))
	require.NoError(t, os.WriteFile("gen/config.yaml", settings, 0o644))
	require.NoError(t, os.MkdirAll("specs", 0o755))

	const thing = "Thing: {type: object, properties: {a: {type: string}}}"
	for name, tt := range map[string]struct{ spec, want string }{
		"a list":        {getting("- {name: q, in: query, schema: {type: array, items: {type: string}}}"), "parameter q: type array is not supported"},
		"a number":      {getting("- {name: q, in: query, schema: {type: number}}"), "parameter q: type number is not supported"},
		"another style": {getting("- {name: x, in: header, style: simple, content: {text/plain: {schema: {type: string}}}}"), "parameter x"},
		"a label":       {strings.Replace(getting(""), "in: path,", "in: path, style: label,", 1), "parameter id: its style is not supported"},
		"a cookie":      {getting("- {name: q, in: cookie, schema: {type: string}}"), "GetThing: parameters in cookies are not supported"},
		"a form": {strings.Replace(creating(thing), "application/json", "application/x-www-form-urlencoded", 1),
			"CreateThing: a body of application/x-www-form-urlencoded is not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile("specs/p.yaml", []byte(tt.spec), 0o644))
			assert.ErrorContains(t, writeClient("p"), tt.want)
		})
	}
	require.NoError(t, os.WriteFile("specs/p.yaml", []byte(getting("")), 0o644))
	assert.NoError(t, writeClient("p"))
}
