package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/specs"
)

// FuzzRequest asks the providers for anything, twice: each answers in its own form, which keeps the contract.
func FuzzRequest(f *testing.F) {
	var parsed sync.Map
	config := sandbox.Config{Contract: func(provider string) (*contract.Spec, error) {
		load, _ := parsed.LoadOrStore(provider, sync.OnceValues(func() (*contract.Spec, error) { return contract.Load(provider) }))
		return load.(func() (*contract.Spec, error))()
	}}
	dialects := sandbox.Dialects()
	providers := specs.Providers()
	for i, provider := range providers {
		prefix := ""
		if provider == "simplepin" {
			prefix = "/api"
		}
		spec, err := config.Contract(provider)
		require.NoError(f, err)
		for _, op := range spec.Operations() {
			path := prefix + strings.NewReplacer("{id}", "1", "{client_id}", "1001").Replace(op.Path)
			for _, body := range []string{
				"", "{", `{"email":1,"name":null,"customer_id":2,"firstName":3,"address":[4],"main_address":5}`, `{"email":"david@example.net","mobile":"+33639980102","name":"David Coaster","external_id":"crm-1","live_mode":false}`,
				`{"name":"Noor Haddad","phone":"+97444000000","email":"noor@example.com","address":"Doha","notes":"Mondays"}`,
				`{"customer_id":"crm-1","customer_name":"Maude Tremblay","contract_email":"maude@example.com","main_address":{"country":1,"province":11},` +
					`"billing_addresses":[{"selected":true,"city":"Québec"}],"contracts":[{"name":"Home"}],"customer_since":"2020-01-31T09:30:00.120-05:00"}`,
				`{"firstName":"Ama","lastName":"Kouassi","email":"ama@example.com","phoneNumber":"0102030405","address":{"countryCode":"CI"}}`,
			} {
				f.Add(uint8(i), uint8(0), op.Method, path, "customer_id=crm-1&email=maude@example.com&page=1&page_size=2&locale=fr&countryId=1", true,
					"application/json", "application/json", []byte(body))
			}
		}
		f.Add(uint8(i), uint8(0), "GET", "/nowhere", "", true, "application/json", "application/json", []byte{})
		f.Add(uint8(i), uint8(1), "PROPFIND", "/", "%", false, "text/html", "text/plain; q=0", []byte("<a/>"))
	}
	f.Fuzz(func(t *testing.T, n, dialect uint8, method, path, query string, known bool, contentType, accept string, body []byte) {
		u, err := url.ParseRequestURI("http://localhost" + path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return // net/http answers that itself
		}
		u.RawQuery = query
		if _, err := http.NewRequest(method, u.String(), nil); err != nil {
			return
		}
		provider := providers[int(n)%len(providers)]
		config := config
		if i := int(dialect) - 1; i >= 0 {
			config.Dialects = []sandbox.Dialect{dialects[i%len(dialects)].Dialect}
		}
		s, err := sandbox.New(config)
		require.NoError(t, err)
		ask := func(method, target string, header http.Header, body string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodGet, target, strings.NewReader(body))
			r.Method, r.Header = method, header
			w := httptest.NewRecorder()
			s.Handler(provider).ServeHTTP(w, r)
			return w
		}
		header := http.Header{"Content-Type": {contentType}, "Accept": {accept}}
		if known {
			authorize(s, provider, ask, header)
		}
		for range 2 {
			w := ask(method, u.String(), header, string(body))
			assert.True(t, w.Code >= 200 && w.Code <= 499, "status %d", w.Code)
			if w.Body.Len() > 0 {
				assert.True(t, json.Valid(w.Body.Bytes()), "%s", w.Body)
				assert.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
			}
		}
		assert.NoError(t, s.Verify())
	})
}

// authorize puts a provider's credentials into header.
func authorize(
	s *sandbox.Sandbox, provider string, ask func(string, string, http.Header, string) *httptest.ResponseRecorder, header http.Header,
) {
	r := &http.Request{Header: header}
	switch provider {
	case "digitalpaye":
		r.SetBasicAuth(s.Digitalpaye.APIKey, s.Digitalpaye.APISecret)
		login := http.Header{"Authorization": header["Authorization"], "X-Environment": {"Production"}}
		var reply struct{ Data struct{ Token string } }
		_ = json.Unmarshal(ask(http.MethodPost, "/v1/auth", login, "").Body.Bytes(), &reply)
		header.Set("Authorization", "Bearer "+reply.Data.Token)
	case "fatora":
		var reply struct {
			BearerToken string `json:"bearer_token"`
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} { // in one dialect or the other
			answer := ask(method, "/v1/Authorization/Authorize", http.Header{"Api_key": {s.Fatora.APIKey}}, "")
			if answer.Code == http.StatusOK {
				_ = json.Unmarshal(answer.Body.Bytes(), &reply)
			}
		}
		header.Set("Authorization", "Bearer "+reply.BearerToken)
	case "simplepin":
		header.Set("Authorization", s.SimplePin.Authorization)
		header.Set("Token", s.SimplePin.Token)
	case "stancer":
		r.SetBasicAuth(s.Stancer.APIKey, "")
	}
}
