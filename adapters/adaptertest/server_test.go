package adaptertest_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/adapters/adaptertest"
)

func TestUnknownProperties(t *testing.T) {
	for said, want := range map[string]string{
		`{"a":[{"b":1}]}`:                  `{"a":[{"b":1,"x_adaptertest":{"list":[1,"two",null]}}],"x_adaptertest":{"list":[1,"two",null]}}`,
		"<a>\n<b><c>1</c></b>\n<d/>\n</a>": "<a>\n<b><c>1</c><x_adaptertest><list>1</list></x_adaptertest></b>\n<d/>\n<x_adaptertest><list>1</list></x_adaptertest></a>",
		"<a/>":                             "<a/>", "</a>": "</a>", "": "", "none": "none",
	} {
		server := adaptertest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, said) }))
		server.Fail(adaptertest.Fault{Kind: adaptertest.UnknownProperties})
		resp, err := http.Get(server.URL())
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, want, string(body))
	}
}
