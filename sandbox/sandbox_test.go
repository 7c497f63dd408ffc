package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/specs"
)

// start runs a sandbox that is closed, and whose answers are held against the contracts, when the test ends.
func start(t *testing.T, dialects ...sandbox.Dialect) *sandbox.Sandbox {
	t.Helper()
	return startWith(t, sandbox.Config{Dialects: dialects})
}

func startWith(t *testing.T, config sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Start(config)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, s.Close())
		assert.NoError(t, s.Verify())
	})
	return s
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// send does one request; headers are name and value in turn.
func send(t *testing.T, method, url, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req) // follows no redirect
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return reply{res.StatusCode, res.Header, string(b)}
}

func TestUnknownDialect(t *testing.T) {
	config := sandbox.Config{Dialects: []sandbox.Dialect{sandbox.StancerNulls, "stancer.none"}}
	_, err := sandbox.New(config)
	require.EqualError(t, err, `unknown dialect "stancer.none"`)
	_, err = sandbox.Start(config)
	require.EqualError(t, err, `unknown dialect "stancer.none"`)
}

func TestTokenLifetime(t *testing.T) {
	for _, d := range []time.Duration{-time.Minute, time.Millisecond, time.Minute + 1} {
		_, err := sandbox.New(sandbox.Config{TokenLifetime: d})
		assert.EqualError(t, err, "TokenLifetime must be whole seconds and not negative", d)
	}
}

// What a client must be set to is in the summary, since nothing else of the client works with the dialect.
func TestDialectsThatNeedASetting(t *testing.T) {
	settings := map[sandbox.Dialect]string{
		sandbox.DigitalpayeNewPathOnly: "clients must use the newer path",
		sandbox.DigitalpayeOldPathOnly: "clients must use the older path",
		sandbox.FatoraAuthorizeByPost:  "clients must authorize by POST",
	}
	for _, d := range sandbox.Dialects() {
		assert.Contains(t, d.Summary, settings[d.Dialect])
	}
}

func TestDialects(t *testing.T) {
	seen := map[sandbox.Dialect]bool{}
	var all []sandbox.Dialect
	for _, d := range sandbox.Dialects() {
		assert.Regexp(t, `^(`+strings.Join(specs.Providers(), "|")+`)\.[a-z]+(-[a-z]+)*$`, d.Dialect)
		assert.NotEmpty(t, d.Summary)
		assert.False(t, seen[d.Dialect], "%s is there twice", d.Dialect)
		seen[d.Dialect] = true
		all = append(all, d.Dialect)
	}
	_, err := sandbox.New(sandbox.Config{Dialects: all})
	require.NoError(t, err)
}

func TestHandler(t *testing.T) {
	s, err := sandbox.New(sandbox.Config{})
	require.NoError(t, err)
	for _, provider := range specs.Providers() {
		require.NotNil(t, s.Handler(provider))
		w := httptest.NewRecorder()
		s.Handler(provider).ServeHTTP(w, httptest.NewRequest("GET", "/nowhere", nil))
		assert.GreaterOrEqual(t, w.Code, 400)
	}
	for _, provider := range []string{"", "Stancer", "paypal"} {
		// Not assert.Nil, which is content with a nil pointer in the interface.
		assert.True(t, s.Handler(provider) == nil)
	}
	require.Len(t, s.Journal(), len(specs.Providers()))
	require.NoError(t, s.Verify())
	require.NoError(t, s.Close())
}

func TestCloseAndShutdown(t *testing.T) {
	for name, end := range map[string]func(*sandbox.Sandbox) error{
		"close":    (*sandbox.Sandbox).Close,
		"shutdown": func(s *sandbox.Sandbox) error { return s.Shutdown(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			require.Equal(t, 401, send(t, "GET", s.Stancer.URL, "").status)
			require.NoError(t, end(s))
			for _, url := range []string{s.Digitalpaye.URL, s.Fatora.URL, s.SimplePin.URL, s.Stancer.URL} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
				require.NoError(t, err)
				res, err := http.DefaultTransport.RoundTrip(req)
				if err == nil {
					res.Body.Close()
				}
				assert.Error(t, err)
			}
		})
	}
}

func TestJournal(t *testing.T) {
	s := startWith(t, sandbox.Config{JournalSize: 3})
	assert.Empty(t, s.Journal())
	for i := range 8 {
		send(t, "GET", s.Stancer.URL+"/v1/customers/"+strconv.Itoa(i), "", "Authorization", basic(s.Stancer.APIKey, ""))
		var paths, want []string
		for _, e := range s.Journal() {
			paths = append(paths, e.Path)
		}
		for n := max(0, i-2); n <= i; n++ {
			want = append(want, "/v1/customers/"+strconv.Itoa(n))
		}
		assert.Equal(t, want, paths, "the last three, the oldest first")
	}

	kept := s.Journal()
	clear(kept)
	assert.NotEmpty(t, s.Journal()[0].Path, "a copy")
}

func TestJournalEntry(t *testing.T) {
	s := start(t)
	r := send(t, "POST", s.Stancer.URL+"/v1/customers?a=b", `{"email":"david@example.net","age":5}`,
		"Authorization", basic(s.Stancer.APIKey, ""), "Content-Type", "application/json", "X-Api-Key", s.Stancer.APIKey)
	send(t, "GET", s.Stancer.URL+"/elsewhere", "")
	journal := s.Journal()
	require.Len(t, journal, 2)

	e := journal[0]
	assert.Equal(t, "stancer", e.Provider)
	assert.Equal(t, "createCustomer", e.Operation)
	assert.Equal(t, "POST", e.Method)
	assert.Equal(t, "/v1/customers", e.Path)
	assert.Equal(t, "a=b", e.Query)
	assert.Equal(t, `{"email":"david@example.net","age":5}`, string(e.RequestBody))
	assert.Equal(t, []string{"redacted"}, e.RequestHeader.Values("Authorization"))
	assert.Equal(t, []string{"redacted"}, e.RequestHeader.Values("X-Api-Key"), "what is not known to be harmless")
	assert.Equal(t, "application/json", e.RequestHeader.Get("Content-Type"))
	assert.Equal(t, 200, e.Status)
	assert.Equal(t, r.body, string(e.ResponseBody))
	assert.Len(t, e.RequestViolations, 2, "undeclared: the query and a property")
	assert.Empty(t, e.ResponseViolations)

	assert.Empty(t, journal[1].Operation)
	assert.Equal(t, 401, journal[1].Status)
}

func TestJournalOfTooLarge(t *testing.T) {
	s, err := sandbox.New(sandbox.Config{})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/v1/customers", strings.NewReader(strings.Repeat(" ", 1<<20+1)))
	s.Handler("stancer").ServeHTTP(w, r)
	assert.Equal(t, 413, w.Code)
	journal := s.Journal()
	require.Len(t, journal, 1)
	e := journal[0]
	assert.Equal(t, 413, e.Status)
	assert.Equal(t, "createCustomer", e.Operation)
	assert.Nil(t, e.RequestBody)
	assert.JSONEq(t, `{"error":{"type":"invalid_request_error","message":"Request Entity Too Large"}}`, string(e.ResponseBody))
	assert.NoError(t, s.Verify())
}

func TestJournalHoldsNoCredentials(t *testing.T) {
	s := start(t)
	bearer := digitalpayeLogin(t, s)
	send(t, "GET", s.Digitalpaye.URL+"/v1/customers", "", bearer...)
	send(t, "GET", s.Stancer.URL+"/v1/customers/5", "", "authorization", basic(s.Stancer.APIKey, ""))
	send(t, "GET", s.SimplePin.URL+"/nowhere", "", "Authorization", s.SimplePin.Authorization, "Token", s.SimplePin.Token)
	send(t, "GET", s.Fatora.URL+"/nowhere", "", "api_key", s.Fatora.APIKey)

	journal := s.Journal()
	require.Len(t, journal, 5)
	var text strings.Builder
	for _, e := range journal {
		fmt.Fprintf(&text, "%+v %s\n", e.RequestHeader, e.RequestBody)
	}
	for _, secret := range []string{
		basic(s.Digitalpaye.APIKey, s.Digitalpaye.APISecret), s.Digitalpaye.APISecret, bearer[1],
		basic(s.Stancer.APIKey, ""), s.Stancer.APIKey,
		s.SimplePin.Authorization, s.SimplePin.Token, s.Fatora.APIKey,
	} {
		assert.NotEmpty(t, secret)
		assert.NotContains(t, text.String(), secret)
	}
	assert.Equal(t, 6, strings.Count(text.String(), "redacted"))
}

func TestNullsWhereTheContractKnowsNone(t *testing.T) {
	s := start(t, sandbox.SimplePinNulls, sandbox.DigitalpayeNulls)
	r := send(t, "POST", s.SimplePin.URL+"/v2/customer/add", `{"customer_id":"crm-1"}`,
		"Authorization", s.SimplePin.Authorization, "Token", s.SimplePin.Token, "Content-Type", "application/json")
	require.Equal(t, 200, r.status)
	assert.Contains(t, r.body, `"customer_name":null`)
	assert.Contains(t, r.body, `"customer_id":"crm-1"`)

	basic := base64.StdEncoding.EncodeToString([]byte(s.Digitalpaye.APIKey + ":" + s.Digitalpaye.APISecret))
	r = send(t, "POST", s.Digitalpaye.URL+"/v1/auth", "", "Authorization", "Basic "+basic)
	require.Equal(t, 200, r.status)
	var auth struct{ Data struct{ Token string } }
	require.NoError(t, json.Unmarshal([]byte(r.body), &auth))
	r = send(t, "POST", s.Digitalpaye.URL+"/v1/customers/create",
		`{"firstName":"Ama","lastName":"Kouassi","email":"ama@example.com","phoneNumber":"0102030405","address":{"countryCode":"CI"}}`,
		"Authorization", "Bearer "+auth.Data.Token, "Content-Type", "application/json")
	require.Equal(t, 200, r.status)
	assert.Contains(t, r.body, `"address":{"city":null,"countryCode":"CI","streetAddress":null}`)
}
