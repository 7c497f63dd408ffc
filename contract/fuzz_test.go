package contract_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/specs"
)

// FuzzExchange checks anything against the providers' contracts: no violation shows a value.
func FuzzExchange(f *testing.F) {
	providers := specs.Providers()
	parsed := map[string]*contract.Spec{}
	for i, provider := range providers {
		spec, err := contract.Load(provider)
		require.NoError(f, err)
		parsed[provider] = spec
		for _, op := range spec.Operations() {
			path := strings.NewReplacer("{id}", "1", "{client_id}", "1001").Replace(op.Path)
			for _, e := range spec.Examples(op.ID) {
				f.Add(uint8(i), op.Method, path, "page=1&email=a@example.com", uint16(e.Status), e.ContentType, e.Body)
			}
			f.Add(uint8(i), op.Method, path, "customer_id=crm-1&countryId=x", uint16(200), "application/json; charset=utf-8",
				[]byte(`{"email":"canary@","customer_since":"canary@","address":{"countryCode":"canary@"},"id":"canary@"}`))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, method, path, query string, status uint16, contentType string, body []byte) {
		u, err := url.ParseRequestURI("https://api.example.com" + path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		u.RawQuery = query
		r := &http.Request{Method: method, URL: u, Header: http.Header{"Content-Type": {contentType}, "Accept": {"application/json"}}}
		spec := parsed[providers[int(n)%len(providers)]]
		found := spec.CheckRequest(r, body)
		if _, ok := spec.Operation(r.Method, u.EscapedPath()); ok {
			found = append(found, spec.CheckResponse(r, int(status), r.Header, body)...)
		}
		var whole any
		_ = json.Unmarshal(body, &whole)
		names, values := told(whole)
		for _, v := range found {
			assert.NotEmpty(t, v.Rule)
			for _, value := range values {
				// No text of ours has an @, but the names of properties may.
				if strings.Contains(value, "@") && len(value) > 4 && !strings.Contains(names, value) {
					assert.NotContains(t, v.Pointer+v.String(), value)
				}
			}
		}
	})
}

// told lists the names, joined, and the texts of a JSON value.
func told(v any) (names string, values []string) {
	add := func(v any) {
		n, vs := told(v)
		names, values = names+"\n"+n, append(values, vs...)
	}
	switch v := v.(type) {
	case string:
		return "", []string{v}
	case []any:
		for _, item := range v {
			add(item)
		}
	case map[string]any:
		for name, member := range v {
			names += "\n" + name
			add(member)
		}
	}
	return names, values
}
