package sandbox

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract/check"
)

// wrong is a fake that answers what no contract has.
type wrong struct{ beyond bool }

func (w wrong) serve(*http.Request, []byte) answer {
	return answer{status: http.StatusOK, body: map[string]int{"id": 5}, beyond: w.beyond}
}

func (wrong) unreadable(status int) answer { return answer{status: status} }

func (wrong) expireTokens() {}

func (wrong) customers() []Customer { return nil }

func TestVerify(t *testing.T) {
	get := func(api api) error {
		s, err := New(Config{JournalSize: 1})
		require.NoError(t, err)
		s.providers["stancer"].api = api
		s.Handler("stancer").ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/customers/5", nil))
		s.Handler("fatora").ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/clients", nil)) // the last one
		return s.Verify()
	}
	require.ErrorContains(t, get(wrong{}), "stancer: answer 200 of getCustomer breaks the contract: id (/id): type string")
	require.NoError(t, get(wrong{beyond: true}))
}

func TestVerifyIsBounded(t *testing.T) {
	j := journal{size: 2}
	for range 30 {
		j.add(Exchange{ResponseViolations: make([]check.Violation, 7)})
	}
	require.Len(t, j.broken, maxBroken)
}

// TestViolationsHideCredentials that a client took for the name of a parameter or property.
func TestViolationsHideCredentials(t *testing.T) {
	s, err := New(Config{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(s.secrets), 7)
	token, _ := s.providers["digitalpaye"].api.(*digitalpayeFake).issue(jwt.MapClaims{})
	for _, key := range append(s.secrets, token) {
		said := []check.Violation{{Pointer: "query/" + key, Field: key, Rule: key, Bound: key}}
		s.add(Exchange{Fault: key, RequestViolations: slices.Clone(said), ResponseViolations: said})
	}
	for _, e := range s.Journal() {
		want := check.Violation{Pointer: "query/redacted", Field: redacted, Rule: redacted, Bound: redacted}
		require.Equal(t, []check.Violation{want}, e.RequestViolations)
		require.Equal(t, []check.Violation{want}, e.ResponseViolations)
		require.Equal(t, redacted, e.Fault)
	}
	require.NotContains(t, s.Verify().Error(), s.secrets[0])
}

// TestJournalBytes: whatever is large of an exchange, the journal forgets the oldest before it keeps more than it may.
func TestJournalBytes(t *testing.T) {
	const large = 1 << 20
	text := strings.Repeat("x", large)
	violations := []check.Violation{{Pointer: text}}
	many := http.Header{"X": make([]string, large/32)} // empty, but each has its place
	for name, e := range map[string]Exchange{
		"request body": {RequestBody: []byte(text)}, "response body": {ResponseBody: []byte(text)},
		"method": {Method: text}, "url": {URL: text}, "path": {Path: text}, "query": {Query: text},
		"value": {RequestHeader: http.Header{"User-Agent": {text}}}, "name": {RequestHeader: http.Header{text: {""}}}, "values": {RequestHeader: many},
		"response header": {ResponseHeader: http.Header{"X": {text}}},
		"violations":      {RequestViolations: violations}, "of the answer": {ResponseViolations: violations},
	} {
		j := journal{size: 1000}
		for i := range 70 {
			e.Proto = strconv.Itoa(i)
			j.add(e)
		}
		kept := j.all()
		require.True(t, len(kept) > 30, name)
		require.True(t, len(kept) <= maxJournalBytes/large, name)
		require.True(t, kept[len(kept)-1].Proto == "69", "%s: the last one is kept", name)
	}

	var j journal
	j.size = 10
	j.add(Exchange{ResponseBody: make([]byte, maxJournalBytes+1)})
	require.True(t, len(j.all()) == 0)
	j.add(Exchange{RequestBody: []byte(text)})
	require.True(t, len(j.all()) == 1)
}
