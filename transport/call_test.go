package transport_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/transport"
)

func TestCall(t *testing.T) {
	var got *http.Request
	var body string
	p := connect(t, func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		got, body = r, string(sent)
		answer(http.StatusCreated, record)(w, r)
	})

	created, err := p.create(t.Context(), newCustomer)
	require.NoError(t, err)
	assert.Equal(t, &stancer.Customer{ID: id, Email: email, Name: name}, created)

	assert.Equal(t, "POST /v1/customers/", got.Method+" "+got.URL.Path)
	assert.JSONEq(t, `{"email":"`+email+`","name":"`+name+`"}`, body)
	assert.Equal(t, "application/json", got.Header.Get("Content-Type"))
	assert.Equal(t, "application/json", got.Header.Get("Accept"))
	user, password, ok := got.BasicAuth()
	assert.True(t, ok)
	assert.Equal(t, secret, user)
	assert.Empty(t, password)
}

func TestCallRefusesBeforeSending(t *testing.T) {
	var seen arrivals
	p := connect(t, seen.then(answer(http.StatusOK, record)))

	_, err := p.create(t.Context(), stancer.CustomerCreate{Email: email, Name: "C", ExternalID: strings.Repeat("canary", 7)})
	e := failure(t, err)
	assert.Equal(t, customers.ErrInvalid, e.Kind)
	assert.Equal(t, customers.ErrNotSent, e.Outcome)
	assert.Equal(t, customers.OpCreate, e.Op)
	assert.Equal(t, []customers.Violation{
		{Field: customers.FieldReference, Pointer: "/external_id", Rule: "maxLength", Bound: "36"},
		{Field: "name", Pointer: "/name", Rule: "minLength", Bound: "3"},
	}, e.Violations)

	send := func(ctx context.Context) (*http.Response, error) { return p.api.GetCustomer(ctx, id) }
	_, err = transport.Call[stancer.Customer](t.Context(), p.wire, customers.OpFind, send, broken(nil), broken{{Rule: "minimum"}})
	e = failure(t, err)
	assert.Equal(t, customers.ErrInvalid, e.Kind)
	assert.Empty(t, e.Outcome, "a read has no outcome")

	assert.Empty(t, seen.list())
}

// broken is a request that breaks these rules.
type broken []check.Violation

func (b broken) Check() []check.Violation { return b }

func TestCallWhoseRequestCannotBeBuilt(t *testing.T) {
	p := connect(t, answer(http.StatusOK, record))
	p.api.RequestEditors = append(p.api.RequestEditors, func(context.Context, *http.Request) error {
		return assert.AnError
	})
	e := failure(t, p.do(t.Context(), customers.OpDelete))
	assert.Equal(t, customers.ErrInvalid, e.Kind)
	assert.Equal(t, customers.ErrNotSent, e.Outcome)
}

func TestStatuses(t *testing.T) {
	for status, want := range map[int]struct {
		kind    customers.Kind
		outcome customers.Outcome
	}{
		300: {customers.ErrContract, customers.ErrUnknownOutcome},
		304: {customers.ErrContract, customers.ErrUnknownOutcome},
		400: {customers.ErrInvalid, customers.ErrRejected},
		401: {customers.ErrUnauthenticated, customers.ErrRejected},
		402: {customers.ErrContract, customers.ErrRejected},
		403: {customers.ErrForbidden, customers.ErrRejected},
		404: {customers.ErrNotFound, customers.ErrRejected},
		405: {customers.ErrContract, customers.ErrRejected},
		408: {customers.ErrUnavailable, customers.ErrUnknownOutcome},
		409: {customers.ErrAlreadyExists, customers.ErrRejected},
		410: {customers.ErrContract, customers.ErrRejected},
		415: {customers.ErrContract, customers.ErrRejected},
		422: {customers.ErrInvalid, customers.ErrRejected},
		429: {customers.ErrRateLimited, customers.ErrRejected},
		500: {customers.ErrUnavailable, customers.ErrUnknownOutcome},
		501: {customers.ErrUnavailable, customers.ErrUnknownOutcome},
		502: {customers.ErrUnavailable, customers.ErrUnknownOutcome},
		503: {customers.ErrUnavailable, customers.ErrUnknownOutcome},
		504: {customers.ErrUnavailable, customers.ErrUnknownOutcome},
		599: {customers.ErrUnavailable, customers.ErrUnknownOutcome},
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			p := connect(t, answer(status, `{"error":{"type":"some_error","message":"`+email+` is taken"}}`))

			for _, op := range []customers.Op{customers.OpCreate, customers.OpDelete} {
				e := failure(t, p.do(t.Context(), op))
				assert.Equal(t, want.kind, e.Kind)
				assert.Equal(t, want.outcome, e.Outcome)
				assert.Equal(t, status, e.Status)
				assert.Equal(t, op, e.Op)
			}
			e := failure(t, p.do(t.Context(), customers.OpGet))
			assert.Equal(t, want.kind, e.Kind)
			assert.Empty(t, e.Outcome, "a read has no outcome")
			assert.Equal(t, status, e.Status)
			if status != http.StatusNotModified { // which has no body
				assert.Equal(t, "some_error", e.Code)
				assert.Equal(t, email+" is taken", e.Message)
			}
		})
	}
}

// Answers that are no clean success keep their status, and the kind that goes with it.
func TestAnswersThatCannotBeUsed(t *testing.T) {
	with := func(contentType string, status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	truncated := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			answer(status, record)(w, r)
		}
	}
	const page = "<html><title>" + email + "</title></html>"

	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		status  int
		kind    customers.Kind
		outcome customers.Outcome
		detail  string
	}{
		"empty":           {answer(200, ""), 200, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is empty"},
		"blank":           {answer(201, " \n"), 201, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is empty"},
		"null":            {answer(201, " null\n"), 201, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is empty"},
		"half an object":  {answer(201, record[:20]), 201, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not valid JSON"},
		"two objects":     {answer(201, record+record), 201, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not valid JSON"},
		"a list":          {answer(201, "["+record+"]"), 201, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not of type stancer.Customer"},
		"a wrong type":    {answer(201, `{"id":["`+id+`"]}`), 201, customers.ErrContract, customers.ErrUnknownOutcome, `the answer's property "id" is not of type string`},
		"HTML, 200":       {with("text/html", 200, page), 200, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not JSON"},
		"HTML, 404":       {with("text/html", 404, page), 404, customers.ErrNotFound, customers.ErrRejected, ""},
		"HTML, 502":       {with("text/html; charset=utf-8", 502, page), 502, customers.ErrUnavailable, customers.ErrUnknownOutcome, ""},
		"HTML as JSON":    {answer(502, page), 502, customers.ErrUnavailable, customers.ErrUnknownOutcome, ""},
		"broken error":    {answer(409, `{"error":{"type":"x`), 409, customers.ErrAlreadyExists, customers.ErrRejected, ""},
		"empty error":     {answer(422, ""), 422, customers.ErrInvalid, customers.ErrRejected, ""},
		"null error":      {answer(404, "null"), 404, customers.ErrNotFound, customers.ErrRejected, ""},
		"JSON as text":    {with("text/plain", 200, record), 200, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not JSON"},
		"no media type":   {with("canary", 200, record), 200, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not JSON"},
		"truncated, 201":  {truncated(201), 201, customers.ErrUnavailable, customers.ErrUnknownOutcome, "the answer broke off"},
		"truncated, 409":  {truncated(409), 409, customers.ErrAlreadyExists, customers.ErrRejected, "the answer broke off"},
		"too large, 201":  {answer(201, strings.Repeat(" ", 1<<20)+record), 201, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is larger than 1048576 bytes"},
		"too large, 400":  {answer(400, strings.Repeat(" ", 1<<20)+record), 400, customers.ErrInvalid, customers.ErrRejected, "the answer is larger than 1048576 bytes"},
		"not a gzip body": {gzipped(201, []byte(record)), 201, customers.ErrUnavailable, customers.ErrUnknownOutcome, "the answer broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			p := connect(t, tt.handler)
			created, err := p.create(t.Context(), newCustomer)
			assert.Nil(t, created)
			e := failure(t, err)
			assert.Equal(t, tt.status, e.Status)
			assert.Equal(t, tt.kind, e.Kind)
			assert.Equal(t, tt.outcome, e.Outcome)
			assert.Equal(t, tt.detail, e.Detail)

			_, err = p.get(t.Context(), id)
			e = failure(t, err)
			assert.Equal(t, tt.kind, e.Kind)
			assert.Empty(t, e.Outcome, "a read has no outcome")
		})
	}
}

// gzipped is a handler whose body is declared to be compressed, whether it is or not.
func gzipped(status int, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

func TestContentTypesOfJSON(t *testing.T) {
	for _, contentType := range []string{
		"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
		"application/problem+json", "application/vnd.example.customer+json; v=1", "",
	} {
		t.Run(contentType, func(t *testing.T) {
			p := connect(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{contentType}
				if contentType == "" {
					w.Header()["Content-Type"] = nil // not sent, not guessed either
				}
				_, _ = io.WriteString(w, record)
			})
			got, err := p.get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, id, got.ID)
		})
	}
}

func TestEmptySuccess(t *testing.T) {
	t.Run("204 is the zero value", func(t *testing.T) {
		got, err := connect(t, answer(http.StatusNoContent, "")).create(t.Context(), newCustomer)
		require.NoError(t, err)
		assert.Equal(t, &stancer.Customer{}, got)
	})
	for name, handler := range map[string]http.HandlerFunc{
		"204":      answer(http.StatusNoContent, ""),
		"200":      answer(http.StatusOK, ""),
		"null":     answer(http.StatusOK, "null"),
		"{}":       answer(http.StatusOK, "{}"),
		"a record": answer(http.StatusOK, record),
		"no content type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
		},
	} {
		t.Run("a delete takes "+name, func(t *testing.T) {
			require.NoError(t, connect(t, handler).delete(t.Context(), id))
		})
	}
	for op, ok := range map[customers.Op]bool{customers.OpUpdate: true, customers.OpDelete: true, customers.OpCreate: false, customers.OpGet: false} {
		t.Run("200 without a body, "+string(op), func(t *testing.T) {
			p := connect(t, answer(http.StatusOK, ""))
			got, err := transport.Call[stancer.Customer](t.Context(), p.wire, op, func(ctx context.Context) (*http.Response, error) {
				return p.api.GetCustomer(ctx, id)
			})
			if ok {
				require.NoError(t, err)
				assert.Equal(t, &stancer.Customer{}, got)
				return
			}
			assert.Equal(t, customers.ErrContract, failure(t, err).Kind)
		})
	}
	t.Run("a delete takes no page", func(t *testing.T) {
		p := connect(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>log in, "+email+"</html>")
		})
		e := failure(t, p.delete(t.Context(), id))
		assert.Equal(t, customers.ErrContract, e.Kind)
		assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
	})
}

func TestHugeAnswerIsNotRead(t *testing.T) {
	const size = 64 << 20
	var written atomic.Int64
	gone := make(chan struct{})
	p := connect(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(gone)
		w.Header().Set("Content-Length", strconv.Itoa(size))
		w.WriteHeader(http.StatusUnprocessableEntity)
		for block := bytes.Repeat([]byte(" "), 64<<10); written.Load() < size; {
			n, err := w.Write(block)
			if written.Add(int64(n)); err != nil {
				return
			}
		}
	})

	_, err := p.create(t.Context(), newCustomer)
	e := failure(t, err)
	assert.Equal(t, 422, e.Status)
	assert.Equal(t, customers.ErrInvalid, e.Kind)
	assert.Equal(t, customers.ErrRejected, e.Outcome)
	assert.Equal(t, "the answer is larger than 1048576 bytes", e.Detail)

	<-gone
	assert.Less(t, written.Load(), int64(size), "the rest stays with the server, but for what the sockets hold")
}

func TestGzipIsBoundedByWhatItUnpacks(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, record)
	require.NoError(t, err)
	for range 8 {
		_, err := w.Write(bytes.Repeat([]byte(" "), 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.Less(t, packed.Len(), 1<<20, "what comes over the wire is within the limit")
	p := connect(t, gzipped(http.StatusCreated, packed.Bytes()))

	_, err = p.create(t.Context(), newCustomer)
	e := failure(t, err)
	assert.Equal(t, customers.ErrContract, e.Kind)
	assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
	assert.Equal(t, 201, e.Status)

	resp, err := p.api.GetCustomer(t.Context(), id)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.ErrorContains(t, err, "larger than MaxBody")
	assert.Len(t, body, 1<<20, "no byte more is unpacked for who reads the body alone")
}

// What a server names its errors goes into texts only if it looks like a name.
func TestErrorCodeIsAName(t *testing.T) {
	for code, want := range map[string]string{
		"invalid_request_error":            "invalid_request_error",
		"E-1.2":                            "E-1.2",
		"customer " + email + " is banned": "",
		email:                              "",
		strings.Repeat("canary", 20):       "",
		`line\nbreak`:                      "",
		"":                                 "",
	} {
		p := connect(t, answer(400, `{"error":{"type":"`+code+`"}}`))
		assert.Equal(t, want, failure(t, p.do(t.Context(), customers.OpCreate)).Code, code)
	}
}

func TestErrorWithoutDecoder(t *testing.T) {
	wire, err := transport.New("stancer", serve(t, answer(409, record)), transport.Auth{}, transport.Options{}, nil)
	require.NoError(t, err)
	e := failure(t, over(t, wire).do(t.Context(), customers.OpCreate))
	assert.Equal(t, customers.ErrAlreadyExists, e.Kind)
	assert.Equal(t, customers.ErrRejected, e.Outcome)
}

func TestReadForUpdate(t *testing.T) {
	read := func(t *testing.T, mayLose bool, handler http.HandlerFunc, requests ...transport.Checker) (*stancer.Customer, error) {
		p := connect(t, handler)
		return transport.ReadForUpdate[stancer.Customer](t.Context(), p.wire, mayLose, func(ctx context.Context) (*http.Response, error) {
			return p.api.GetCustomer(ctx, id)
		}, requests...)
	}
	const undeclared = `{"id":"` + id + `","loyalty_points":"` + email + `"}`

	t.Run("a record of the contract", func(t *testing.T) {
		got, err := read(t, false, answer(200, record))
		require.NoError(t, err)
		assert.Equal(t, email, got.Email)
	})
	t.Run("an undeclared property", func(t *testing.T) {
		got, err := read(t, false, answer(200, undeclared))
		assert.Nil(t, got)
		assertQuiet(t, err)
		var e *customers.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, customers.ErrUnsupportedField, e.Kind)
		assert.Equal(t, customers.ErrNotSent, e.Outcome)
		assert.Equal(t, []customers.Violation{
			{Field: customers.FieldUndeclared, Rule: "additionalProperties", Bound: "loyalty_points"},
		}, e.Violations)
	})
	t.Run("an undeclared property whose name is personal", func(t *testing.T) {
		_, err := read(t, false, answer(200, `{"id":"`+id+`","`+email+`":1}`))
		require.ErrorIs(t, err, customers.ErrUnsupportedField)
		assertQuiet(t, err)
	})
	t.Run("an undeclared property that may be lost", func(t *testing.T) {
		got, err := read(t, true, answer(200, undeclared))
		require.NoError(t, err)
		assert.Equal(t, id, got.ID)
	})
	t.Run("no record", func(t *testing.T) {
		got, err := read(t, false, answer(204, ""))
		require.NoError(t, err)
		assert.Equal(t, &stancer.Customer{}, got, "the driver compares the id")
	})

	// Whatever the read says, the update was not sent.
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		request broken
		kind    customers.Kind
		status  int
	}{
		"404":     {answer(404, "{}"), nil, customers.ErrNotFound, 404},
		"500":     {answer(500, "{}"), nil, customers.ErrUnavailable, 500},
		"HTML":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, nil, customers.ErrContract, 200},
		"invalid": {answer(200, record), broken{{Rule: "minimum"}}, customers.ErrInvalid, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(t, false, tt.handler, tt.request)
			assert.Nil(t, got)
			e := failure(t, err)
			assert.Equal(t, tt.kind, e.Kind)
			assert.Equal(t, customers.ErrNotSent, e.Outcome)
			assert.Equal(t, customers.OpUpdate, e.Op)
			assert.Equal(t, tt.status, e.Status)
		})
	}
}

func TestOtherRecord(t *testing.T) {
	require.ErrorIs(t, transport.OtherRecord(), customers.ErrContract)
	require.ErrorIs(t, transport.OtherRecord(), customers.ErrNotSent)
}

func TestAs(t *testing.T) {
	p := connect(t, answer(200, record))
	var api *stancer.API
	assert.True(t, transport.As(&api, p.api))
	assert.Same(t, p.api, api)

	var other *http.Client
	assert.False(t, transport.As(&other, p.api))
	assert.Nil(t, other)
	assert.False(t, transport.As(nil, p.api))
}
