package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

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

func TestJournalBytes(t *testing.T) {
	j := journal{size: 1000}
	half := make([]byte, 1<<19)
	for i := range 70 {
		j.add(Exchange{Path: strconv.Itoa(i), RequestBody: half, ResponseBody: half})
	}
	kept := j.all()
	require.Len(t, kept, 64)
	require.Equal(t, "6", kept[0].Path)

	j.add(Exchange{ResponseBody: make([]byte, maxJournalBytes+1)})
	require.Empty(t, j.all())
	j.add(Exchange{RequestBody: half})
	require.Len(t, j.all(), 1)
}
