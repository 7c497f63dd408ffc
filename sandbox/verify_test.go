package sandbox

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// wrong is a fake that answers what no contract has.
type wrong struct{ beyond bool }

func (w wrong) serve(*http.Request, []byte) answer {
	return answer{status: http.StatusOK, body: map[string]int{"id": 5}, beyond: w.beyond}
}

func (wrong) expireTokens() {}

func TestVerify(t *testing.T) {
	get := func(api api) error {
		s, err := New(Config{})
		require.NoError(t, err)
		s.providers["stancer"].api = api
		s.Handler("stancer").ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/customers/5", nil))
		return s.Verify()
	}
	require.ErrorContains(t, get(wrong{}), "stancer: answer 200 of getCustomer breaks the contract: id (/id): type string")
	require.NoError(t, get(wrong{beyond: true}))
}
