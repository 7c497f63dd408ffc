package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

// foreign is what no text of this library has: identifiers alone may come from an answer.
var foreign = regexp.MustCompile(`[^ -~…]|[<>@{}&$#|\\]|'[^s]`)

// FuzzHeader answers with anything in the header: what is told of it makes sense, and nothing else shows.
func FuzzHeader(f *testing.F) {
	for _, contentType := range []string{
		"application/json", "application/json; charset=utf-8", "application/problem+json; charset=UTF-8", "text/html", "json; =", "",
		"application/json; charset=latin1", "APPLICATION/JSON;charset=\"utf-8\"; x=1",
	} {
		f.Add(uint16(200), contentType, "", "")
	}
	for _, retryAfter := range []string{
		"0", "1", "-1", "120", "9223372036854775807", "9223372037", "1e308", " 5", "Wed, 21 Oct 2026 07:28:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
	} {
		f.Add(uint16(429), "application/json", retryAfter, "req_canary-1.2")
		f.Add(uint16(503), "", retryAfter, "canary.person@example.com")
	}
	f.Fuzz(func(t *testing.T, status uint16, contentType, retryAfter, requestID string) {
		if status < 200 || status > 599 {
			return // net/http lets no other through
		}
		p := replying(t, func() *http.Response {
			resp := respond(int(status), record)
			resp.Header = http.Header{"Content-Type": {contentType}, "Retry-After": {retryAfter}, "X-Request-Id": {requestID}}
			return resp
		})
		_, err := p.create(t.Context(), newCustomer)
		if err == nil {
			assert.Less(t, status, uint16(300))
			return
		}
		failed := (*customers.Error)(nil)
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, int(status), failed.Status)
		assert.GreaterOrEqual(t, failed.RetryAfter, 0*failed.RetryAfter)
		assert.Contains(t, []string{"", requestID}, failed.RequestID)
		assert.NotRegexp(t, foreign, err.Error())
	})
}

// FuzzUndeclared reads anything for an update: what is not refused loses nothing when it is written back. Of properties
// that come twice it sees the last one only, as encoding/json does.
func FuzzUndeclared(f *testing.F) {
	for _, body := range []string{
		`{"status":"x","client":{"id":1,"name":"x","home":{"city":"x","inner":{"city":"y"}},"work":{},"others":[{"city":"x"},null]}}`,
		`{"client":{"former":[null,{"city":"x"}],"grid":[[{"city":"x"}],null,[null]],"since":"2024-05-06T07:08:09.10+02:00","photo":"AA=="}}`,
		`{"client":{"whatever":[1,{"a":2}],"labels":{"a":{"b":[1]}},"free":{"a":null}}}`, `{"Client":{"geo":1}}`, `{"client":{"ID":1}}`,
		`{"client":{"id":1},"client":{"id":2}}`, `{"client":{"home":{"city":"x","city":"y"}}}`, `{"client":{"home":{"country":"x"}}}`,
		`{"client":{"id":1},"clıent":{}}`, `{"client":{"home":{"inner":null}}}`, `{"client":[]}`, `{"client":canary`, `null`, `{}`, `[]`, ``, `{"client":null}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p := replying(t, func() *http.Response { return respond(http.StatusOK, string(body)) })
		got, err := transport.ReadForUpdate[envelope](t.Context(), p.wire, "client", func(ctx context.Context) (*http.Response, error) {
			return p.api.GetCustomer(ctx, id)
		}, nil)
		if err != nil {
			failed := (*customers.Error)(nil)
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, customers.ErrNotSent, failed.Outcome)
			assert.NotRegexp(t, foreign, err.Error())
			return
		}
		written, err := json.Marshal(got.Client)
		require.NoError(t, err)
		var read, kept any
		var whole struct {
			Client json.RawMessage `json:"client"`
		}
		require.NoError(t, json.Unmarshal(body, &whole))
		if whole.Client == nil {
			return // nothing was read
		}
		require.NoError(t, unmarshal(whole.Client, &read))
		require.NoError(t, unmarshal(written, &kept))
		assert.True(t, covers(kept, read), "%s\n%s", body, written)
	})
}

// unmarshal keeps numbers as they are.
func unmarshal(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(v)
}

// covers reports whether kept has all that was read, but for what is empty.
func covers(kept, read any) bool {
	switch read := read.(type) {
	case map[string]any:
		k, ok := kept.(map[string]any)
		for name, value := range read {
			ok = ok || empty(value)
			if !covers(k[name], value) {
				return false
			}
		}
		return ok || len(read) == 0
	case []any:
		k, ok := kept.([]any)
		if !ok || len(k) != len(read) {
			return len(read) == 0
		}
		for i := range read {
			if !covers(k[i], read[i]) {
				return false
			}
		}
		return true
	}
	return empty(read) || kept == read
}

func empty(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			if !empty(member) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	case json.Number:
		n, err := v.Float64()
		return err == nil && n == 0
	}
	return v == nil || v == "" || v == false
}
