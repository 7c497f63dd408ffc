package specgen

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/digitalpaye"
	"github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/gen/stancer"
)

// Whatever stands in a parameter, the request goes to its operation.
func TestRequestURL(t *testing.T) {
	for _, server := range []string{
		"https://api.example.com", "https://api.example.com:8443/root", "https://api.example.com/a%2Fb/c!",
		"https://api.example.com/%C3%A9",
	} {
		t.Run(server, func(t *testing.T) { requestURL(t, server) })
	}
}

func requestURL(t *testing.T, server string) {
	var got string
	doer := sent(func(req *http.Request) {
		got = req.URL.String()
		parsed, err := url.Parse(got)
		require.NoError(t, err)
		assert.Equal(t, parsed.Path, req.URL.Path)
		assert.Equal(t, parsed.Host, req.Host)
	})
	stancerAPI, err := stancer.NewClient(server+"/", stancer.WithHTTPClient(doer))
	require.NoError(t, err)
	simplepinAPI, err := simplepin.NewClient(server, simplepin.WithHTTPClient(doer))
	require.NoError(t, err)
	fatoraAPI, err := fatora.NewClient(server, fatora.WithHTTPClient(doer))
	require.NoError(t, err)

	get := func(id string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return stancerAPI.GetCustomer(t.Context(), id) }
	}
	find := func(params *simplepin.GetCustomerParams) func() (*http.Response, error) {
		return func() (*http.Response, error) { return simplepinAPI.GetCustomer(t.Context(), params) }
	}
	list := func(params *fatora.ListClientsParams) func() (*http.Response, error) {
		return func() (*http.Response, error) { return fatoraAPI.ListClients(t.Context(), params) }
	}
	for want, send := range map[string]func() (*http.Response, error){
		"/v1/customers/cust_1":       get("cust_1"),
		"/v1/customers/a%2Fb%3Fc%23": get("a/b?c#"),
		"/v1/customers/%252e%252e":   get("%2e%2e"),
		"/v1/customers/..%2F..":      get("../.."),
		"/v1/customers/...":          get("..."),
		"/v1/customers/%C3%A9%20":    get("é "),
		"/v1/clients/-7": func() (*http.Response, error) {
			return fatoraAPI.GetClient(t.Context(), -7)
		},
		"/v1/clients":             list(&fatora.ListClientsParams{}),
		"/v1/clients?page=2":      list(&fatora.ListClientsParams{Page: customers.To(2)}),
		"/v2/customer/get":        find(nil),
		"/v2/customer/get?email=": find(&simplepin.GetCustomerParams{Email: customers.To("")}),
		"/v2/customer/get?locale=FR&customer_id=a%26b%3Dc%3F%2B+": find(&simplepin.GetCustomerParams{
			Locale: customers.To("FR"), CustomerID: customers.To("a&b=c?+ "),
		}),
		"/v2/location/provinces?locale=&countryId=38": func() (*http.Response, error) {
			return simplepinAPI.GetProvinces(t.Context(), &simplepin.GetProvincesParams{CountryID: 38})
		},
	} {
		_, err := send()
		assert.NoError(t, err, want)
		assert.Equal(t, server+want, got)
	}

	got = ""
	for _, id := range []string{"", ".", ".."} {
		_, err := get(id)()
		assert.Error(t, err, "%q would be another path", id)
	}
	assert.Empty(t, got)
}

func TestRequestHeader(t *testing.T) {
	var got http.Header
	api, err := digitalpaye.NewClient("https://api.example.com", digitalpaye.WithHTTPClient(sent(func(req *http.Request) {
		got = req.Header
	})))
	require.NoError(t, err)
	params := digitalpaye.GetCustomerParams{XEnvironment: customers.To(digitalpaye.EnvironmentSandbox)}
	_, err = api.GetCustomer(t.Context(), "1", &params)
	require.NoError(t, err)
	assert.Equal(t, http.Header{"X-Environment": {"Sandbox"}}, got)

	_, err = api.GetCustomer(t.Context(), "1", nil)
	require.NoError(t, err)
	assert.Empty(t, got)
}

// The body of a request can be sent again, and its length is known.
func TestRequestBody(t *testing.T) {
	const want = `{"name":"Ama"}`
	sends := 0
	api, err := stancer.NewClient("https://api.example.com", stancer.WithHTTPClient(sent(func(req *http.Request) {
		sends++
		assert.EqualValues(t, len(want), req.ContentLength)
		assert.Equal(t, http.Header{"Content-Type": {"application/json"}}, req.Header)
		again, err := req.GetBody()
		require.NoError(t, err)
		for _, body := range []io.Reader{req.Body, again} {
			data, err := io.ReadAll(body)
			require.NoError(t, err)
			assert.Equal(t, want, string(data))
		}
	})))
	require.NoError(t, err)
	_, err = api.CreateCustomer(t.Context(), stancer.CustomerCreate{Name: "Ama"})
	require.NoError(t, err)
	assert.Equal(t, 1, sends)
}

func TestNewClient(t *testing.T) {
	_, err := stancer.NewClient("https://api.example.com")
	assert.EqualError(t, err, "WithHTTPClient is missing")
	_, err = stancer.NewClient("https://user:canary@api.example.com:port", stancer.WithHTTPClient(sent(nil)))
	assert.EqualError(t, err, "server is not a URL")
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
		"a list":   {getting("- {name: q, in: query, schema: {type: array, items: {type: string}}}"), "parameter q: type array is not supported"},
		"a number": {getting("- {name: q, in: query, schema: {type: number}}"), "parameter q: type number is not supported"},
		"a date":   {getting("- {name: q, in: query, schema: {type: string, format: date}}"), "parameter q: format date is not supported"},
		"bytes":    {getting("- {name: q, in: query, schema: {type: string, format: byte}}"), "parameter q: format byte is not supported"},
		"a file": {getting("- {name: q, in: query, schema: {$ref: '#/components/schemas/F'}}") +
			"components: {schemas: {F: {type: string, format: binary}}}\n", "parameter q: format binary is not supported"},
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
	for _, schema := range []string{"{type: string}", "{type: string, format: email}", "{type: string, enum: [a, b]}", "{type: integer}"} {
		spec := getting("- {name: q, in: query, schema: " + schema + "}")
		require.NoError(t, os.WriteFile("specs/p.yaml", []byte(spec), 0o644))
		assert.NoError(t, writeClient("p"), schema)
	}
}
