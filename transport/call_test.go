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
	assert.EqualError(t, err, "stancer: create: invalid input (not sent): "+
		"reference (/external_id): maxLength 36; name (/name): minLength 3")

	send := func(ctx context.Context) (*http.Response, error) { return p.api.GetCustomer(ctx, id) }
	_, err = transport.Call[stancer.Customer](t.Context(), p.wire, customers.OpFind, send, nil, broken(nil), broken{{Rule: "minimum"}})
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
		but     map[customers.Op]customers.Kind
	}{
		100: {customers.ErrContract, customers.ErrUnknownOutcome, nil},
		300: {customers.ErrContract, customers.ErrUnknownOutcome, nil},
		304: {customers.ErrContract, customers.ErrUnknownOutcome, nil},
		399: {customers.ErrContract, customers.ErrUnknownOutcome, nil},
		400: {customers.ErrInvalid, customers.ErrRejected, nil},
		401: {customers.ErrUnauthenticated, customers.ErrRejected, nil},
		402: {customers.ErrRefused, customers.ErrRejected, nil},
		403: {customers.ErrForbidden, customers.ErrRejected, nil},
		404: {customers.ErrNotFound, customers.ErrRejected, aboutNobody},
		405: {customers.ErrRefused, customers.ErrRejected, nil},
		406: {customers.ErrRefused, customers.ErrRejected, nil},
		408: {customers.ErrUnavailable, customers.ErrUnknownOutcome, nil},
		409: {customers.ErrRefused, customers.ErrRejected, map[customers.Op]customers.Kind{customers.OpCreate: customers.ErrAlreadyExists}},
		410: {customers.ErrNotFound, customers.ErrRejected, aboutNobody},
		413: {customers.ErrRefused, customers.ErrRejected, nil},
		415: {customers.ErrRefused, customers.ErrRejected, nil},
		418: {customers.ErrRefused, customers.ErrRejected, nil},
		422: {customers.ErrInvalid, customers.ErrRejected, nil},
		429: {customers.ErrRateLimited, customers.ErrRejected, nil},
		499: {customers.ErrRefused, customers.ErrRejected, nil},
		500: {customers.ErrUnavailable, customers.ErrUnknownOutcome, nil},
		501: {customers.ErrUnavailable, customers.ErrUnknownOutcome, nil},
		503: {customers.ErrUnavailable, customers.ErrUnknownOutcome, nil},
		599: {customers.ErrUnavailable, customers.ErrUnknownOutcome, nil},
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			p := replying(t, func() *http.Response {
				return respond(status, `{"error":{"type":"some_error","message":"`+email+` is taken"}}`)
			})
			for _, op := range append(customers.Ops(), "") {
				e := failure(t, p.as(t.Context(), op))
				kind, ok := want.but[op]
				if !ok {
					kind = want.kind
				}
				assert.Equal(t, kind, e.Kind, op)
				assert.Equal(t, outcome(op, want.outcome), e.Outcome, op)
				assert.Equal(t, status, e.Status)
				assert.Equal(t, op, e.Op)
				assert.Equal(t, "some_error", e.Code)
				assert.Equal(t, email+" is taken", e.Message)
				assert.Equal(t, status >= 300 && status < 400, strings.Contains(e.Detail, "redirect"), "the text of a redirect says so")
			}
		})
	}
}

// aboutNobody is what 404 and 410 mean for operations that ask for no customer: a path that is not there.
var aboutNobody = map[customers.Op]customers.Kind{
	customers.OpCreate: customers.ErrContract, customers.OpList: customers.ErrContract, "": customers.ErrContract,
}

// Some server in between answers too. What it says is no news of a customer.
func TestNewsOfACustomerComesInTheProvidersOwnForm(t *testing.T) {
	for name, tt := range map[string]struct{ contentType, body string }{
		"page":                {"text/html", "<html>" + email + "</html>"},
		"nothing":             {"", ""},
		"null":                {"application/json", "null"},
		"other JSON":          {"application/json", `{"message":"no route, ` + email + `"}`},
		"broken JSON":         {"application/json", inOwnForm[:8]},
		"as text":             {"text/plain", inOwnForm},
		"in another charset":  {"application/json; charset=iso-8859-1", inOwnForm},
		"in no charset known": {"application/json", `{"error":{"type":"` + "\xff" + `"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			var status int
			p := replying(t, func() *http.Response {
				resp := respond(status, tt.body)
				resp.Header.Set("Content-Type", tt.contentType)
				return resp
			})
			for _, said := range []struct {
				op     customers.Op
				status int
			}{
				{customers.OpCreate, 409},
				{customers.OpGet, 404}, {customers.OpUpdate, 404}, {customers.OpDelete, 404}, {customers.OpFind, 404},
				{customers.OpGet, 410}, {customers.OpUpdate, 410}, {customers.OpDelete, 410}, {customers.OpFind, 410},
			} {
				status = said.status
				e := failure(t, p.as(t.Context(), said.op))
				assert.Equal(t, customers.ErrContract, e.Kind)
				assert.Equal(t, outcome(said.op, customers.ErrRejected), e.Outcome)
				assert.Equal(t, said.status, e.Status)
				assert.Contains(t, e.Detail, "not in the provider's own form")
			}
			for of, kind := range map[int]customers.Kind{
				401: customers.ErrUnauthenticated, 422: customers.ErrInvalid, 503: customers.ErrUnavailable,
			} {
				status = of
				e := failure(t, p.as(t.Context(), customers.OpCreate))
				assert.Equal(t, kind, e.Kind, "other statuses speak for themselves")
				assert.Empty(t, e.Detail)
				assert.Empty(t, e.Message)
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
	const large = "the answer is larger than 1048576 bytes (Options.MaxBody)"
	huge := strings.Repeat(" ", 1<<20) + record

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
		"HTML, 502":       {with("text/html; charset=utf-8", 502, page), 502, customers.ErrUnavailable, customers.ErrUnknownOutcome, ""},
		"HTML as JSON":    {answer(502, page), 502, customers.ErrUnavailable, customers.ErrUnknownOutcome, ""},
		"empty error":     {answer(422, ""), 422, customers.ErrInvalid, customers.ErrRejected, ""},
		"JSON as text":    {with("text/plain", 200, record), 200, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not JSON"},
		"no media type":   {with("canary", 200, record), 200, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not JSON"},
		"Latin-1, said":   {with("application/json; charset=iso-8859-1", 200, record), 200, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not JSON"},
		"Latin-1, unsaid": {answer(201, `{"id":"`+id+`","name":"Canary`+"\xe9"+`"}`), 201, customers.ErrContract, customers.ErrUnknownOutcome, "the answer is not UTF-8"},
		"truncated, 201":  {truncated(201), 201, customers.ErrUnavailable, customers.ErrUnknownOutcome, "the answer broke off"},
		"truncated, 400":  {truncated(400), 400, customers.ErrInvalid, customers.ErrRejected, "the answer broke off"},
		"too large, 201":  {answer(201, huge), 201, customers.ErrContract, customers.ErrUnknownOutcome, large},
		"too large, 400":  {answer(400, huge), 400, customers.ErrInvalid, customers.ErrRejected, large},
		"too large, 500":  {answer(500, huge), 500, customers.ErrUnavailable, customers.ErrUnknownOutcome, large},
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

	// Whether the provider itself says so stands in what could not be read.
	for op, status := range map[customers.Op]int{customers.OpCreate: 409, customers.OpDelete: 404, customers.OpGet: 410} {
		t.Run("news of a customer that cannot be read, "+string(op), func(t *testing.T) {
			e := failure(t, connect(t, truncated(status)).do(t.Context(), op))
			assert.Equal(t, customers.ErrUnavailable, e.Kind)
			assert.Equal(t, outcome(op, customers.ErrRejected), e.Outcome)
			assert.Equal(t, status, e.Status)
			assert.Equal(t, "the answer broke off", e.Detail)

			e = failure(t, connect(t, answer(status, huge)).do(t.Context(), op))
			assert.Equal(t, customers.ErrContract, e.Kind)
			assert.Equal(t, outcome(op, customers.ErrRejected), e.Outcome)
			assert.Equal(t, status, e.Status)
			assert.Equal(t, large, e.Detail)
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

func TestAccept(t *testing.T) {
	const complaint = "the answer is about somebody else"
	var status int
	var body string
	p := replying(t, func() *http.Response {
		resp := respond(status, body)
		resp.Header.Set("X-Request-Id", "req-1")
		return resp
	})
	call := func(op customers.Op, accept transport.Accept[stancer.Customer]) (*stancer.Customer, error) {
		return transport.Call(t.Context(), p.wire, op, func(ctx context.Context) (*http.Response, error) {
			return p.api.GetCustomer(ctx, id)
		}, accept)
	}

	status, body = 201, record
	for _, op := range customers.Ops() {
		t.Run("complains, "+string(op), func(t *testing.T) {
			got, err := call(op, func(*stancer.Customer) string { return complaint })
			assert.Nil(t, got)
			e := failure(t, err)
			assert.Equal(t, customers.ErrContract, e.Kind)
			assert.Equal(t, outcome(op, customers.ErrUnknownOutcome), e.Outcome, "a write was carried out, or not")
			assert.Equal(t, 201, e.Status)
			assert.Equal(t, "req-1", e.RequestID)
			assert.Equal(t, complaint, e.Detail)
		})
	}
	t.Run("sees the answer", func(t *testing.T) {
		var seen stancer.Customer
		got, err := call(customers.OpCreate, func(c *stancer.Customer) string { seen = *c; return "" })
		require.NoError(t, err)
		assert.Equal(t, seen, *got)
		assert.Equal(t, email, seen.Email)
	})
	for name, tt := range map[string]struct {
		op     customers.Op
		status int
		body   string
		kind   customers.Kind
	}{
		"nothing":    {customers.OpUpdate, 200, "", ""},
		"null":       {customers.OpDelete, 200, "null", ""},
		"no content": {customers.OpUpdate, 204, "", ""},
		"a refusal":  {customers.OpCreate, 422, record, customers.ErrInvalid},
		"no JSON":    {customers.OpCreate, 200, "<html>", customers.ErrContract},
	} {
		t.Run("is not asked about "+name, func(t *testing.T) {
			status, body = tt.status, tt.body
			_, err := call(tt.op, func(*stancer.Customer) string { t.Error("asked"); return complaint })
			if tt.kind == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, tt.kind, failure(t, err).Kind)
		})
	}
}

func TestIDsOfAnswers(t *testing.T) {
	assert.Empty(t, transport.NeedID("1"))
	assert.Equal(t, "the answer has no id", transport.NeedID(""))
	assert.Empty(t, transport.WantID("1", "1"))
	for _, got := range []string{"", "2", "canary", "01"} {
		assert.Equal(t, "the answer has another customer's id, or none", transport.WantID("1", got))
	}
}

// A page without a body must not read as the end of a list.
func TestNoContentIsNoList(t *testing.T) {
	for _, op := range []customers.Op{customers.OpList, customers.OpFind, customers.OpGet, customers.OpCreate, ""} {
		p := connect(t, answer(http.StatusNoContent, ""))
		_, err := transport.Call[stancer.Customer](t.Context(), p.wire, op, func(ctx context.Context) (*http.Response, error) {
			return p.api.GetCustomer(ctx, id)
		}, nil)
		e := failure(t, err)
		assert.Equal(t, customers.ErrContract, e.Kind)
		assert.Equal(t, http.StatusNoContent, e.Status)
	}
}

func TestIDsOfAnswersThatNeedNone(t *testing.T) {
	assert.Empty(t, transport.NotOther("1", "1"))
	assert.Empty(t, transport.NotOther("1", ""))
	assert.Equal(t, "the answer has another customer's id", transport.NotOther("1", "canary"))
}

// A provider may say no with a success: its words are kept, the outcome is not known.
func TestRefusalInsideOfASuccess(t *testing.T) {
	p := connect(t, answer(http.StatusOK, `{"error":{"type":"invalid_request_error","message":"`+email+` is known"}}`))
	_, err := transport.Call(t.Context(), p.wire, customers.OpCreate, func(ctx context.Context) (*http.Response, error) {
		return p.api.CreateCustomer(ctx, newCustomer)
	}, func(c *stancer.Customer) string { return transport.NeedID(c.ID) })
	e := failure(t, err)
	assert.Equal(t, customers.ErrContract, e.Kind)
	assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
	assert.Equal(t, "invalid_request_error", e.Code)
	assert.Contains(t, e.Message, "is known")
}

func TestEmptySuccess(t *testing.T) {
	t.Run("204 is no answer where one is needed", func(t *testing.T) {
		_, err := connect(t, answer(http.StatusNoContent, "")).create(t.Context(), newCustomer)
		e := failure(t, err)
		assert.Equal(t, customers.ErrContract, e.Kind)
		assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
		assert.Equal(t, http.StatusNoContent, e.Status)
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
			}, nil)
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
	assert.Equal(t, "the answer is larger than 1048576 bytes (Options.MaxBody)", e.Detail)

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

	_, err = p.api.GetCustomer(t.Context(), id)
	require.Error(t, err)
	assert.Equal(t, customers.ErrContract, failure(t, err).Kind, "the same for who calls the generated client")
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

// A decoder that there is none of knows no form of the provider.
func TestErrorWithoutDecoder(t *testing.T) {
	for status, kind := range map[int]customers.Kind{409: customers.ErrContract, 422: customers.ErrInvalid} {
		wire, err := transport.New("stancer", serve(t, answer(status, inOwnForm)), transport.Auth{}, transport.Options{}, nil)
		require.NoError(t, err)
		e := failure(t, over(t, wire).do(t.Context(), customers.OpCreate))
		assert.Equal(t, kind, e.Kind)
		assert.Equal(t, customers.ErrRejected, e.Outcome)
		assert.Equal(t, status, e.Status)
	}
}

// A decoder gets nothing but JSON in UTF-8, and the last word on what the status says.
func TestDecoder(t *testing.T) {
	var given []string
	var status int
	var contentType, body string
	decode := func(e *customers.Error, body []byte) bool {
		given = append(given, string(body))
		e.Kind, e.ExistingID = customers.ErrAlreadyExists, id
		return true
	}
	wire, err := transport.New("stancer", "https://api.example.com", basic, transport.Options{
		RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
			resp := respond(status, body)
			resp.Header.Set("Content-Type", contentType)
			return resp, nil
		}),
	}, decode)
	require.NoError(t, err)
	p := over(t, wire)
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		given             []string
	}{
		"error":                {400, "application/problem+json", record, []string{record}},
		"no body":              {400, "text/html", "", []string{""}},
		"page":                 {400, "text/html", "<html>", nil},
		"another charset":      {400, "application/json;charset=latin1", record, nil},
		"not UTF-8":            {400, "application/json", "\"\xff\"", nil},
		"too large to be read": {400, "application/json", strings.Repeat(" ", 2<<20), nil},
		"success":              {200, "application/json", record, nil},
	} {
		t.Run(name, func(t *testing.T) {
			given, status, contentType, body = nil, tt.status, tt.contentType, tt.body
			err := p.do(t.Context(), customers.OpCreate)
			assert.Equal(t, tt.given, given)
			if given != nil {
				e := failure(t, err)
				assert.Equal(t, customers.ErrAlreadyExists, e.Kind)
				assert.Equal(t, id, e.ExistingID)
			}
		})
	}
}

func TestReadForUpdate(t *testing.T) {
	// The read, by a driver whose client has this policy.
	read := func(t *testing.T, policy customers.Policy, handler http.HandlerFunc, requests ...transport.Checker) (*stancer.Customer, error) {
		p := connect(t, handler)
		var got *stancer.Customer
		err := p.update(t.Context(), policy, func(ctx context.Context) (err error) {
			got, err = transport.ReadForUpdate(ctx, p.wire, "", func(ctx context.Context) (*http.Response, error) {
				return p.api.GetCustomer(ctx, id)
			}, func(c *stancer.Customer) string { return transport.WantID(id, c.ID) }, requests...)
			return err
		})
		return got, err
	}
	const undeclared = `{"id":"` + id + `","loyalty_points":"` + email + `"}`
	refused := func(t *testing.T, err error) *customers.Error {
		e := failure(t, err)
		assert.Equal(t, customers.ErrUnsupportedField, e.Kind)
		assert.Equal(t, customers.ErrNotSent, e.Outcome)
		assert.Equal(t, customers.OpUpdate, e.Op)
		return e
	}

	t.Run("a record of the contract", func(t *testing.T) {
		got, err := read(t, customers.Policy{}, answer(200, record))
		require.NoError(t, err)
		assert.Equal(t, email, got.Email)
	})
	t.Run("an undeclared property", func(t *testing.T) {
		got, err := read(t, customers.Policy{}, answer(200, undeclared))
		assert.Nil(t, got)
		assert.Equal(t, []customers.Violation{
			{Field: customers.FieldUndeclared, Rule: "additionalProperties", Bound: "loyalty_points"},
		}, refused(t, err).Violations)
	})
	t.Run("an undeclared property whose name is personal", func(t *testing.T) {
		_, err := read(t, customers.Policy{}, answer(200, `{"id":"`+id+`","`+email+`":1}`))
		assert.Equal(t, []customers.Violation{
			{Field: customers.FieldUndeclared, Rule: "additionalProperties"},
		}, refused(t, err).Violations)
	})
	t.Run("an undeclared property that may be lost", func(t *testing.T) {
		got, err := read(t, customers.Policy{AllowLoss: []customers.Field{customers.FieldUndeclared}}, answer(200, undeclared))
		require.NoError(t, err)
		assert.Equal(t, id, got.ID)
	})
	t.Run("the loss of something else is allowed", func(t *testing.T) {
		_, err := read(t, customers.Policy{AllowLoss: []customers.Field{customers.FieldNotes}}, answer(200, undeclared))
		refused(t, err)
	})

	// Whatever the read says, the update was not sent.
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		request broken
		kind    customers.Kind
		status  int
		detail  string
	}{
		"404":              {answer(404, inOwnForm), nil, customers.ErrNotFound, 404, ""},
		"404 of a gateway": {answer(404, "{}"), nil, customers.ErrContract, 404, "own form"},
		"500":              {answer(500, "{}"), nil, customers.ErrUnavailable, 500, ""},
		"HTML":             {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, nil, customers.ErrContract, 200, "not JSON"},
		"somebody else":    {answer(200, `{"id":"canary"}`), nil, customers.ErrContract, 200, "another customer's id"},
		"invalid":          {answer(200, record), broken{{Rule: "minimum"}}, customers.ErrInvalid, 0, ""},
		"204":              {answer(204, ""), nil, customers.ErrContract, 204, "is empty"},
		"nothing":          {answer(200, ""), nil, customers.ErrContract, 200, "is empty"},
		"blank":            {answer(200, " \n"), nil, customers.ErrContract, 200, "is empty"},
		"null":             {answer(200, "null"), nil, customers.ErrContract, 200, "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(t, customers.Policy{}, tt.handler, tt.request)
			assert.Nil(t, got)
			e := failure(t, err)
			assert.Equal(t, tt.kind, e.Kind)
			assert.Equal(t, customers.ErrNotSent, e.Outcome)
			assert.Equal(t, customers.OpUpdate, e.Op)
			assert.Equal(t, tt.status, e.Status)
			assert.Contains(t, e.Detail, tt.detail)
		})
	}
}

// What the caller does with the client that As gives changes nothing for the driver, nor for who else asks.
func TestAs(t *testing.T) {
	var seen []string
	p := connect(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("X-Edited-By"))
		answer(200, record)(w, r)
	})
	by := func(who string) stancer.RequestEditorFn {
		return func(_ context.Context, req *http.Request) error {
			req.Header.Add("X-Edited-By", who)
			return nil
		}
	}
	p.api.RequestEditors = append(make([]stancer.RequestEditorFn, 0, 4), by("driver")) // room to append in place

	assert.False(t, transport.As((**stancer.API)(nil), p.api), "there is no place for it")
	var first, second *stancer.API
	require.True(t, transport.As(&first, p.api))
	require.True(t, transport.As(&second, p.api))
	resp, err := first.GetCustomer(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	first.RequestEditors = append(first.RequestEditors, by("first"))
	first.Client = nil
	require.NoError(t, p.do(t.Context(), customers.OpGet))
	resp, err = second.GetCustomer(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, []string{"driver", "driver", "driver"}, seen)

	var other *http.Client
	assert.False(t, transport.As(&other, p.api))
	assert.Nil(t, other)
	assert.False(t, transport.As(nil, p.api))
}
