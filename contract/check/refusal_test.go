package check_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract/check"
)

func TestRefusal(t *testing.T) {
	request := &check.Refusal{Provider: "stancer", Violations: []check.Violation{{Pointer: "path", Rule: "paths"}}}
	assert.EqualError(t, request, "stancer: the request breaks the contract and was not sent: path: paths")
	answer := &check.Refusal{
		Provider: "stancer", Operation: "getCustomer", Status: 418, Header: http.Header{"X-Echo": {"canary"}},
		Violations: []check.Violation{{Pointer: "status/418", Rule: "responses", Bound: "200"}},
	}
	assert.EqualError(t, answer, "stancer getCustomer: the answer with status 418 breaks the contract: status/418: responses 200")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.Equal(t, answer.Error(), fmt.Sprintf(verb, answer))
		assert.Equal(t, answer.Error(), fmt.Sprintf(verb, *answer))
	}
	data, err := json.Marshal(answer)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "canary")

	unread := &check.Refusal{Provider: "nobody", Err: fs.ErrNotExist}
	assert.EqualError(t, unread, "the contract could not be read, and nothing was sent: file does not exist")
	require.ErrorIs(t, unread, fs.ErrNotExist)
	assert.NoError(t, request.Unwrap())

	many := &check.Refusal{Violations: slices.Repeat([]check.Violation{{Pointer: "/a", Rule: "required"}}, 12)}
	assert.Equal(t, 10, strings.Count(many.Error(), "required"))
	assert.True(t, strings.HasSuffix(many.Error(), "; and 2 more"))
}
