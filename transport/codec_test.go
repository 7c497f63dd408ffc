package transport_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/transport"
)

// angles is a codec that writes JSON between angle brackets, for the operations that it knows.
type angles struct{}

func (angles) MediaTypes() []string { return []string{"application/x-angles", "text/x-angles"} }

func (angles) Encode(method, path string, body []byte) ([]byte, []check.Violation) {
	if method != "POST" || path != "/v1/customers/" || bytes.Contains(body, []byte(`\u003c`)) {
		return nil, []check.Violation{{Pointer: "/name", Field: "name", Rule: "angles"}}
	}
	return []byte("<" + string(body) + ">"), nil
}

func (angles) Decode(method, path string, success bool, body []byte) (data []byte, undeclared []string, complaint string) {
	text, ok := strings.CutSuffix(strings.TrimPrefix(string(body), "<"), ">")
	switch {
	case !ok || !strings.HasPrefix(path, "/v1/customers/"):
		return nil, nil, "no angles"
	case !success:
		return nil, nil, ""
	case strings.HasSuffix(text, "+"):
		undeclared = []string{"plus"}
	}
	return []byte(strings.TrimSuffix(text, "+")), undeclared, ""
}

func speaking(t *testing.T, o transport.Options, handler http.HandlerFunc) provider {
	t.Helper()
	p := newProvider(t, serve(t, handler)+"/root", transport.Static(transport.Basic(secret, "")), o)
	return over(t, p.wire.Speak(angles{}))
}

func in(w http.ResponseWriter, contentType string, status int, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func TestCodec(t *testing.T) {
	var arrived arrivals
	var headers []http.Header
	p := speaking(t, transport.Options{Retry: transport.Retry{Attempts: 3, Delay: time.Nanosecond}}, arrived.then(func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header)
		if len(headers) < 3 {
			in(w, "application/x-angles", 429, "<whatever>")
			return
		}
		in(w, "text/x-angles; charset=UTF-8", 200, "<"+record+">")
	}))
	created, err := p.create(t.Context(), newCustomer)
	require.NoError(t, err)
	assert.Equal(t, id, created.ID)
	sent := `<{"email":"` + email + `","name":"` + name + `"}>`
	assert.Equal(t, []string{sent, sent, sent}, arrived.list(), "each attempt sends all of it")
	for _, h := range headers {
		assert.Equal(t, "application/x-angles", h.Get("Content-Type"))
		assert.Equal(t, "application/x-angles", h.Get("Accept"))
		assert.Equal(t, strconv.Itoa(len(sent)), h.Get("Content-Length"))
	}

	_, err = p.get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, "application/x-angles", headers[3].Get("Content-Type"))
	assert.Equal(t, "application/x-angles", headers[3].Get("Accept"))
}

// What a caller of the native client says himself goes as it is; answers come in JSON all the same.
func TestCodecAndTheNativeClient(t *testing.T) {
	var arrived arrivals
	var asked http.Header
	p := speaking(t, transport.Options{}, arrived.then(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header
		in(w, "application/x-angles", 200, "<"+record+">")
	}))
	resp, err := p.api.CreateCustomerWithBody(t.Context(), "text/plain", strings.NewReader("<own>"), func(_ context.Context, r *http.Request) error {
		r.Header.Set("Accept", "*/*")
		return nil
	})
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, record, string(body))
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.Equal(t, int64(len(record)), resp.ContentLength)
	assert.Empty(t, resp.Header.Get("Content-Length"))
	assert.Equal(t, []string{"<own>"}, arrived.list())
	assert.Equal(t, "text/plain", asked.Get("Content-Type"))
	assert.Equal(t, "*/*", asked.Get("Accept"))
}

func TestCodecRefuses(t *testing.T) {
	p := speaking(t, transport.Options{}, func(http.ResponseWriter, *http.Request) { t.Error("something was sent") })
	body := newCustomer
	body.Name = "<Canary>"
	_, err := p.create(t.Context(), body)
	e := failure(t, err)
	require.ErrorIs(t, err, customers.ErrInvalid)
	require.ErrorIs(t, err, customers.ErrNotSent)
	assert.Equal(t, []customers.Violation{{Field: "name", Pointer: "/name", Rule: "angles"}}, e.Violations)
}

func TestAnswersOfACodec(t *testing.T) {
	for name, test := range map[string]struct {
		status      int
		contentType string
		body        string
		kind        customers.Kind
		detail      string
	}{
		"no type":               {200, "", "<" + record + ">", "", ""},
		"JSON":                  {200, "application/json", record, "", ""},
		"JSON of an error":      {404, "application/json", inOwnForm, customers.ErrNotFound, ""},
		"another type":          {200, "text/html", "<" + record + ">", customers.ErrContract, "the answer is neither JSON nor application/x-angles"},
		"a type that is none":   {200, ";;", "<" + record + ">", customers.ErrContract, "the answer is neither JSON nor application/x-angles"},
		"another charset":       {200, "text/x-angles; charset=latin1", "<" + record + ">", customers.ErrContract, "the answer is not UTF-8"},
		"another form":          {200, "text/x-angles", "(canary)", customers.ErrContract, "no angles"},
		"JSON, but not said":    {200, "", record, customers.ErrContract, "no angles"},
		"no JSON in it":         {200, "text/x-angles", "<canary>", customers.ErrContract, "the answer is not valid JSON"},
		"nothing":               {200, "text/x-angles", "", customers.ErrContract, "the answer is empty"},
		"error of that form":    {400, "text/x-angles", "<canary>", customers.ErrInvalid, ""},
		"error in no form":      {400, "text/x-angles", "canary", customers.ErrInvalid, ""},
		"nobody, in no form":    {404, "text/x-angles", "canary", customers.ErrContract, "not in the provider's own form, so it says nothing of a customer: check BaseURL"},
		"nobody, in HTML":       {404, "text/html", "<canary>", customers.ErrContract, "not in the provider's own form, so it says nothing of a customer: check BaseURL"},
		"nobody, JSON unsaid":   {404, "", inOwnForm, customers.ErrContract, "not in the provider's own form, so it says nothing of a customer: check BaseURL"},
		"more than is declared": {200, "text/x-angles", "<" + record + "+>", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := speaking(t, transport.Options{}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = nil
				if test.contentType != "" {
					w.Header().Set("Content-Type", test.contentType)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			got, err := p.get(t.Context(), id)
			if test.kind == "" {
				require.NoError(t, err)
				assert.Equal(t, id, got.ID)
				return
			}
			e := failure(t, err)
			assert.Equal(t, test.kind, e.Kind)
			assert.Equal(t, test.status, e.Status)
			assert.Equal(t, test.detail, e.Detail)
		})
	}
}
