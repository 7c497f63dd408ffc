package transport_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/transport"
)

// What must turn up in no error, log or hook. All of it holds the word canary.
const (
	secret = "stest_canary"
	email  = "canary.person@example.com"
	name   = "Canary Person"
	id     = "cust_canary"
)

// record is a customer as the provider sends it.
const record = `{"id":"` + id + `","email":"` + email + `","name":"` + name + `"}`

var newCustomer = stancer.CustomerCreate{Email: email, Name: name}

// provider is what an adapter is made of: a generated client over a wire.
type provider struct {
	wire *transport.Wire
	api  *stancer.API
}

func newProvider(t testing.TB, base string, auth transport.Auth, o transport.Options) provider {
	t.Helper()
	if o.Retry == (transport.Retry{}) {
		o.Retry.Attempts = 1 // whoever wants more says so
	}
	wire, err := transport.New("stancer", base, auth, o, decodeError)
	require.NoError(t, err)
	return over(t, wire)
}

func over(t testing.TB, wire *transport.Wire) provider {
	t.Helper()
	api, err := stancer.NewClient(wire.Base(), stancer.WithHTTPClient(wire))
	require.NoError(t, err)
	return provider{wire, api}
}

// connect makes the client of a server, with Basic credentials.
func connect(t testing.TB, handler http.HandlerFunc) provider {
	t.Helper()
	return newProvider(t, serve(t, handler), transport.Static(transport.Basic(secret, "")), transport.Options{})
}

// replying makes the client of a provider that answers so, without a network.
func replying(t testing.TB, reply func() *http.Response) provider {
	t.Helper()
	return newProvider(t, "https://api.example.com", basic, transport.Options{
		RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) { return reply(), nil }),
	})
}

func serve(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	return start(t, httptest.NewUnstartedServer(handler), (*httptest.Server).Start).URL
}

func start(t testing.TB, server *httptest.Server, start func(*httptest.Server)) *httptest.Server {
	t.Helper()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(server)
	t.Cleanup(server.Close)
	return server
}

func (p provider) create(ctx context.Context, body stancer.CustomerCreate) (*stancer.Customer, error) {
	return transport.Call[stancer.Customer](ctx, p.wire, customers.OpCreate, func(ctx context.Context) (*http.Response, error) {
		return p.api.CreateCustomer(ctx, body)
	}, nil, &body)
}

func (p provider) get(ctx context.Context, id string) (*stancer.Customer, error) {
	return transport.Call[stancer.Customer](ctx, p.wire, customers.OpGet, func(ctx context.Context) (*http.Response, error) {
		return p.api.GetCustomer(ctx, id)
	}, nil)
}

func (p provider) delete(ctx context.Context, id string) error {
	_, err := transport.Call[struct{}](ctx, p.wire, customers.OpDelete, func(ctx context.Context) (*http.Response, error) {
		return p.api.DeleteCustomer(ctx, id)
	}, nil)
	return err
}

// do is each operation of a provider, for tests of what all have in common.
func (p provider) do(ctx context.Context, op customers.Op) error {
	var err error
	switch op {
	case customers.OpCreate:
		_, err = p.create(ctx, newCustomer)
	case customers.OpGet:
		_, err = p.get(ctx, id)
	case customers.OpDelete:
		err = p.delete(ctx, id)
	}
	return err
}

// as sends one and the same request in the name of op.
func (p provider) as(ctx context.Context, op customers.Op) error {
	_, err := transport.Call[stancer.Customer](ctx, p.wire, op, func(ctx context.Context) (*http.Response, error) {
		return p.api.GetCustomer(ctx, id)
	}, nil)
	return err
}

// update reads for an update that a client with this policy asks for.
func (p provider) update(ctx context.Context, policy customers.Policy, read func(context.Context) error) error {
	client, err := customers.NewClient(driver{read: read}, policy)
	if err != nil {
		return err
	}
	return client.Update(ctx, id, customers.Patch{Email: customers.To(email)})
}

// driver can do no more than to update e-mail addresses.
type driver struct {
	customers.Unsupported
	read func(context.Context) error
}

func (driver) Capabilities() customers.Capabilities {
	return customers.Capabilities{
		Provider:   "stancer",
		Operations: []customers.OperationCapability{{Op: customers.OpUpdate, Evidence: customers.EvidencePrimary}},
		Fields:     []customers.FieldCapability{{Field: customers.FieldEmail, Update: true}},
	}
}

func (d driver) Update(ctx context.Context, _ string, _ customers.Patch) error { return d.read(ctx) }

func decodeError(e *customers.Error, body []byte) bool {
	var reply struct {
		Error *struct{ Type, Message string }
	}
	if json.Unmarshal(body, &reply) != nil || reply.Error == nil {
		return false
	}
	e.Code, e.Message = reply.Error.Type, reply.Error.Message
	return true
}

// inOwnForm is an error of the provider that says nothing.
const inOwnForm = `{"error":{}}`

// answer is a handler that always says the same, as JSON.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// respond is an answer of a RoundTripper without a network.
func respond(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)),
		Body: io.NopCloser(strings.NewReader(body)),
	}
}

// failure is err as the error that every failed call returns; it holds nothing that must not be printed.
func failure(t testing.TB, err error) *customers.Error {
	t.Helper()
	var e *customers.Error
	if !assert.ErrorAs(t, err, &e) {
		return new(customers.Error)
	}
	assert.Equal(t, "stancer", e.Provider)
	assertQuiet(t, err)
	return e
}

// assertQuiet looks for secrets and personal data in whatever prints v: each verb, logs and JSON; of an error, also in
// all that it wraps.
func assertQuiet(t testing.TB, v any) {
	t.Helper()
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("text", "value", v)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "value", v)
	if text, err := json.Marshal(v); err == nil {
		out.Write(text)
	}
	for _, canary := range []string{"canary", fmt.Sprintf("%x", "canary"), base64.StdEncoding.EncodeToString([]byte(secret + ":"))} {
		assert.NotContains(t, strings.ToLower(out.String()), strings.ToLower(canary))
	}
	switch wrapper := v.(type) {
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil {
			assertQuiet(t, inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			assertQuiet(t, inner)
		}
	}
}

// exchanges is a hook that remembers.
type exchanges struct {
	mu  sync.Mutex
	all []transport.Exchange
}

func (x *exchanges) hook(_ context.Context, e transport.Exchange) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all = append(x.all, e)
}

func (x *exchanges) seen() []transport.Exchange {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.all
}

// arrivals counts the requests that reach a server, with their bodies.
type arrivals struct {
	mu     sync.Mutex
	bodies []string
}

func (a *arrivals) then(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		a.mu.Lock()
		a.bodies = append(a.bodies, string(body))
		a.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		next(w, r)
	}
}

func (a *arrivals) list() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bodies
}

var errCause = errors.New("closing time")
