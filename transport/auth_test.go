package transport_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/transport"
)

// mint hands out canary-1, canary-2, …, each with the same lifetime.
type mint struct {
	lifetime time.Duration
	made     atomic.Int32
}

func (m *mint) fetch(context.Context) (transport.Token, error) {
	return transport.Token{Value: "canary-" + strconv.Itoa(int(m.made.Add(1))), Lifetime: m.lifetime}, nil
}

// accepting is a handler that answers a request with this bearer token and refuses any other.
func accepting(token string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			answer(http.StatusUnauthorized, `{"error":{"type":"expired_token"}}`)(w, r)
			return
		}
		answer(http.StatusOK, record)(w, r)
	}
}

// gated is a fetch that waits for its gate; begun counts how often it ran.
type gated struct {
	gate  chan struct{}
	begun atomic.Int32
	err   error
}

func (g *gated) fetch(ctx context.Context) (transport.Token, error) {
	g.begun.Add(1)
	select {
	case <-g.gate:
		return transport.Token{Value: "canary-1"}, g.err
	case <-ctx.Done():
		return transport.Token{}, ctx.Err()
	}
}

var ok = roundTripper(func(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Authorization") != "Bearer canary-1" {
		return respond(http.StatusUnauthorized, "{}"), nil
	}
	return respond(http.StatusOK, record), nil
})

func TestOneFetchForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetch := gated{gate: make(chan struct{})}
		p := newProvider(t, "https://api.example.com", transport.Bearer(fetch.fetch), transport.Options{RoundTripper: ok})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { assert.NoError(t, p.do(t.Context(), customers.OpCreate)) })
		}
		synctest.Wait() // all wait for the token
		close(fetch.gate)
		wg.Wait()
		require.NoError(t, p.do(t.Context(), customers.OpCreate))
		assert.EqualValues(t, 1, fetch.begun.Load())
	})
}

func TestWaiterThatGivesUpDoesNotSpoilTheFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetch := gated{gate: make(chan struct{})}
		p := newProvider(t, "https://api.example.com", transport.Bearer(fetch.fetch), transport.Options{RoundTripper: ok})
		var wg sync.WaitGroup

		first, cancel := context.WithCancelCause(t.Context())
		wg.Go(func() {
			err := p.do(first, customers.OpCreate)
			e := failure(t, err)
			assert.Equal(t, customers.ErrCanceled, e.Kind)
			assert.Equal(t, customers.ErrNotSent, e.Outcome)
			assert.ErrorIs(t, err, errCause)
		})
		synctest.Wait() // its fetch runs
		for range 5 {
			wg.Go(func() { assert.NoError(t, p.do(t.Context(), customers.OpCreate)) })
		}
		synctest.Wait()
		cancel(errCause)
		synctest.Wait()
		close(fetch.gate)
		wg.Wait()
		assert.EqualValues(t, 1, fetch.begun.Load())
	})
}

func TestFetchThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetch := gated{gate: make(chan struct{})}
		p := newProvider(t, "https://api.example.com", transport.Bearer(fetch.fetch), transport.Options{RoundTripper: ok})
		started := time.Now()
		e := failure(t, p.do(t.Context(), customers.OpCreate))
		assert.Equal(t, 30*time.Second, time.Since(started), "the wait counts as part of the exchange")
		assert.Equal(t, customers.ErrUnavailable, e.Kind)
		assert.Equal(t, customers.ErrNotSent, e.Outcome)
		close(fetch.gate)
	})
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		lifetime, use time.Duration
	}{
		"an hour, but for a minute": {time.Hour, 59 * time.Minute},
		"ten minutes, but for one":  {10 * time.Minute, 9 * time.Minute},
		"a minute, but for a tenth": {time.Minute, 54 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens := mint{lifetime: tt.lifetime}
				var used string
				p := newProvider(t, "https://api.example.com", transport.Bearer(tokens.fetch), transport.Options{
					RoundTripper: roundTripper(func(req *http.Request) (*http.Response, error) {
						used = req.Header.Get("Authorization")
						return respond(http.StatusOK, record), nil
					}),
				})
				use := func() string {
					require.NoError(t, p.do(t.Context(), customers.OpGet))
					return used
				}
				assert.Equal(t, "Bearer canary-1", use())
				time.Sleep(tt.use - 1)
				assert.Equal(t, "Bearer canary-1", use())
				time.Sleep(time.Nanosecond)
				assert.Equal(t, "Bearer canary-2", use())
				time.Sleep(tt.use - 1)
				assert.Equal(t, "Bearer canary-2", use())
			})
		})
	}
	t.Run("of unknown lifetime, never", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var tokens mint
			p := newProvider(t, "https://api.example.com", transport.Bearer(tokens.fetch), transport.Options{RoundTripper: ok})
			require.NoError(t, p.do(t.Context(), customers.OpGet))
			time.Sleep(1000 * time.Hour)
			require.NoError(t, p.do(t.Context(), customers.OpGet))
			assert.EqualValues(t, 1, tokens.made.Load())
		})
	})
}

// The lifetime counts from the request for the token, not from its arrival.
func TestSlowFetchShortensTheLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tokens mint
		tokens.lifetime = time.Minute
		p := newProvider(t, "https://api.example.com", transport.Bearer(func(ctx context.Context) (transport.Token, error) {
			time.Sleep(20 * time.Second)
			return tokens.fetch(ctx)
		}), transport.Options{RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
			return respond(http.StatusOK, record), nil
		})})
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		time.Sleep(34 * time.Second)
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		assert.EqualValues(t, 2, tokens.made.Load())
	})
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	var tokens mint
	var seen arrivals
	var hook exchanges
	p := newProvider(t, serve(t, seen.then(accepting("canary-2"))), transport.Bearer(tokens.fetch), transport.Options{Hook: hook.hook})

	_, err := p.create(t.Context(), newCustomer)
	require.NoError(t, err)
	bodies := seen.list()
	require.Len(t, bodies, 2)
	assert.Contains(t, bodies[0], email)
	assert.Equal(t, bodies[0], bodies[1], "the whole body again")
	assert.EqualValues(t, 2, tokens.made.Load())

	got := hook.seen()
	require.Len(t, got, 2)
	assertQuiet(t, got)
	assert.Equal(t, []int{401, 200}, []int{got[0].Status, got[1].Status})
	assert.Equal(t, []int{1, 2}, []int{got[0].Attempt, got[1].Attempt})
	assert.Equal(t, "first attempt", got[0].Reason)
	assert.Equal(t, "new credentials are asked for", got[0].Next)
	assert.Equal(t, "credentials renewed after 401", got[1].Reason)
	assert.Equal(t, customers.OpCreate, got[1].Op)
	assert.NoError(t, got[0].Err, "an answer that says no is no failure")

	require.NoError(t, p.do(t.Context(), customers.OpDelete), "the new token stays")
	assert.Len(t, seen.list(), 3)
}

func TestSecondRefusalIsReturned(t *testing.T) {
	var tokens mint
	var seen arrivals
	p := newProvider(t, serve(t, seen.then(accepting("another"))), transport.Bearer(tokens.fetch), transport.Options{})
	for _, op := range operations {
		before := len(seen.list())
		e := failure(t, p.do(t.Context(), op))
		assert.Equal(t, customers.ErrUnauthenticated, e.Kind)
		assert.Equal(t, outcome(op, customers.ErrRejected), e.Outcome)
		assert.Equal(t, 401, e.Status)
		assert.Equal(t, "expired_token", e.Code)
		assert.Len(t, seen.list(), before+2)
	}
}

// A failed exchange of credentials must not be taken for news of a customer.
func TestFailedExchangeSpeaksOfNoCustomer(t *testing.T) {
	for of, want := range map[customers.Kind]customers.Kind{
		customers.ErrInvalid: customers.ErrUnauthenticated, customers.ErrUnauthenticated: customers.ErrUnauthenticated,
		customers.ErrForbidden: customers.ErrForbidden, customers.ErrNotFound: customers.ErrContract,
		customers.ErrAlreadyExists: customers.ErrContract, customers.ErrUnavailable: customers.ErrUnavailable,
	} {
		var seen arrivals
		p := newProvider(t, serve(t, seen.then(accepting(""))), transport.Bearer(func(context.Context) (transport.Token, error) {
			return transport.Token{}, &customers.Error{Kind: of, Status: 404, Outcome: customers.ErrRejected}
		}), transport.Options{})
		for _, op := range operations {
			e := failure(t, p.do(t.Context(), op))
			assert.Equal(t, want, e.Kind)
			assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
			assert.Equal(t, 404, e.Status)
			assert.NotEmpty(t, e.Detail)
		}
		assert.Empty(t, seen.list())
	}
}

// That the credentials are refused is known before the end of the answer; the wait for it is bounded.
func TestRefusalThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hook exchanges
		tr := piped(t, func(conn net.Conn, req *http.Request, hungUp func()) {
			if req.Header.Get("Authorization") == "Bearer canary-1" {
				_, _ = io.WriteString(conn, "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
				hungUp()
				return
			}
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(record), record)
			hungUp()
		})
		p := newProvider(t, "http://localhost", transport.Bearer(new(mint).fetch), transport.Options{RoundTripper: tr, Hook: hook.hook, AttemptTimeout: time.Second})
		started := time.Now()
		require.NoError(t, p.do(t.Context(), customers.OpCreate))
		assert.Equal(t, time.Second, time.Since(started))
		got := hook.seen()
		require.Len(t, got, 2)
		assert.Equal(t, []int{401, 200}, []int{got[0].Status, got[1].Status})
	})
}

func TestBodyThatCannotBeHadAgain(t *testing.T) {
	var seen arrivals
	p := newProvider(t, serve(t, seen.then(accepting("canary-2"))), transport.Bearer(new(mint).fetch), transport.Options{})
	p.api.RequestEditors = append(p.api.RequestEditors, func(_ context.Context, req *http.Request) error {
		req.GetBody = func() (io.ReadCloser, error) { return nil, errCause }
		return nil
	})
	err := p.do(t.Context(), customers.OpCreate)
	e := failure(t, err)
	assert.Equal(t, customers.ErrUnavailable, e.Kind)
	assert.Equal(t, customers.ErrNotSent, e.Outcome, "the first attempt was refused, the second not sent")
	require.ErrorIs(t, err, errCause)
	assert.Len(t, seen.list(), 1)
}

func TestRefusedTokenIsRenewedOnceForAll(t *testing.T) {
	const calls = 10
	var tokens mint
	var refused sync.WaitGroup
	refused.Add(calls)
	p := newProvider(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer canary-1" {
			refused.Done()
			refused.Wait() // every call has the old token
		}
		accepting("canary-2")(w, r)
	}), transport.Bearer(tokens.fetch), transport.Options{})

	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() { assert.NoError(t, p.do(t.Context(), customers.OpCreate)) })
	}
	wg.Wait()
	assert.EqualValues(t, 2, tokens.made.Load())
}

func TestBodyThatCannotBeSentAgain(t *testing.T) {
	var tokens mint
	var seen arrivals
	p := newProvider(t, serve(t, seen.then(accepting("canary-2"))), transport.Bearer(tokens.fetch), transport.Options{})
	create := func() error {
		_, err := transport.Call[stancer.Customer](t.Context(), p.wire, customers.OpCreate, func(ctx context.Context) (*http.Response, error) {
			return p.api.CreateCustomerWithBody(ctx, "application/json", io.MultiReader(strings.NewReader(`{"email":"`+email+`"}`)))
		}, nil)
		return err
	}
	e := failure(t, create())
	assert.Equal(t, customers.ErrUnauthenticated, e.Kind)
	assert.Equal(t, customers.ErrRejected, e.Outcome)
	assert.Len(t, seen.list(), 1)

	require.NoError(t, create(), "the next call has a new token")
}

func TestFailedFetch(t *testing.T) {
	for name, tt := range map[string]struct {
		tokens http.HandlerFunc
		kind   customers.Kind
		status int
	}{
		"forbidden":    {answer(403, `{"error":{"type":"locked","message":"`+email+`"}}`), customers.ErrForbidden, 403},
		"rate limited": {answer(429, "{}"), customers.ErrRateLimited, 429},
		"down":         {answer(503, "<html>"), customers.ErrUnavailable, 503},
		"broken":       {answer(200, `{"token":`), customers.ErrContract, 200},
		"no token":     {answer(200, `{"token":""}`), customers.ErrUnauthenticated, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var seen arrivals
			var hook exchanges
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v1/customers/token" {
					tt.tokens(w, r)
					return
				}
				seen.then(answer(200, record))(w, r)
			})
			keys := newProvider(t, base, basic, transport.Options{Hook: hook.hook})
			p := over(t, keys.wire.With(transport.Bearer(func(ctx context.Context) (transport.Token, error) {
				reply, err := transport.Call[struct{ Token string }](ctx, keys.wire, "", func(ctx context.Context) (*http.Response, error) {
					return keys.api.GetCustomer(ctx, "token")
				}, nil)
				if err != nil {
					return transport.Token{}, err
				}
				return transport.NewToken(reply.Token)
			})))

			for _, op := range operations {
				e := failure(t, p.do(t.Context(), op))
				assert.Equal(t, tt.kind, e.Kind)
				assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
				assert.Equal(t, tt.status, e.Status)
				assert.Equal(t, op, e.Op)
			}
			assert.Empty(t, seen.list())
			for _, x := range hook.seen() {
				assert.Empty(t, x.Op, "a fetch is no operation of the facade")
			}
			assert.Len(t, hook.seen(), len(operations), "a failure is not kept: the next call asks again")
		})
	}
}

// All who waited for a token get its error, each with the name of its own operation.
func TestFailedFetchIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetch := gated{gate: make(chan struct{}), err: &customers.Error{Kind: customers.ErrRateLimited, RetryAfter: time.Minute}}
		p := newProvider(t, "https://api.example.com", transport.Bearer(fetch.fetch), transport.Options{RoundTripper: ok})
		var wg sync.WaitGroup
		for _, op := range operations {
			wg.Go(func() {
				e := failure(t, p.do(t.Context(), op))
				assert.Equal(t, customers.ErrRateLimited, e.Kind)
				assert.Equal(t, time.Minute, e.RetryAfter)
				assert.Equal(t, op, e.Op)
				assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
			})
		}
		synctest.Wait()
		close(fetch.gate)
		wg.Wait()
		assert.EqualValues(t, 1, fetch.begun.Load())
	})
}

func TestFetchFailsWithSomeError(t *testing.T) {
	p := newProvider(t, "https://api.example.com", transport.Bearer(func(context.Context) (transport.Token, error) {
		return transport.Token{}, errCause
	}), transport.Options{RoundTripper: ok})
	err := p.do(t.Context(), customers.OpDelete)
	e := failure(t, err)
	assert.Equal(t, customers.ErrUnavailable, e.Kind)
	assert.Equal(t, customers.ErrNotSent, e.Outcome)
	assert.ErrorIs(t, err, errCause)
}

func TestFixedCredentialsAreNotRepeated(t *testing.T) {
	for name, auth := range map[string]transport.Auth{"Basic": basic, "Static": transport.Static(http.Header{"api_key": {secret}}), "none": {}} {
		t.Run(name, func(t *testing.T) {
			var seen arrivals
			p := newProvider(t, serve(t, seen.then(answer(http.StatusUnauthorized, "{}"))), auth, transport.Options{})
			e := failure(t, p.do(t.Context(), customers.OpCreate))
			assert.Equal(t, customers.ErrUnauthenticated, e.Kind)
			assert.Equal(t, customers.ErrRejected, e.Outcome)
			assert.Len(t, seen.list(), 1)
		})
	}
}

func TestCredentials(t *testing.T) {
	for name, tt := range map[string]struct {
		auth transport.Auth
		want http.Header
	}{
		"none":   {transport.Auth{}, http.Header{}},
		"Basic":  {transport.Static(transport.Basic("Aladdin", "open sesame")), http.Header{"Authorization": {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}}}, // RFC 7617, section 2
		"Static": {transport.Static(http.Header{"Authorization": {"a"}, "Token": {"b"}}), http.Header{"Authorization": {"a"}, "Token": {"b"}}},
		"names as they are written": {
			transport.Static(http.Header{"api_key": {"a"}, "X-API-KEY": {"b"}}), http.Header{"api_key": {"a"}, "X-API-KEY": {"b"}},
		},
		"Bearer": {transport.Bearer(new(mint).fetch), http.Header{"Authorization": {"Bearer canary-1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := http.Header{}
			p := newProvider(t, "https://api.example.com", tt.auth, transport.Options{
				RoundTripper: roundTripper(func(req *http.Request) (*http.Response, error) {
					maps.Copy(got, req.Header)
					return respond(http.StatusOK, record), nil
				}),
			})
			require.NoError(t, p.do(t.Context(), customers.OpGet))
			delete(got, "Accept")
			delete(got, "Content-Type")
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestCheckSecret(t *testing.T) {
	for _, value := range []string{"canary", "a", "stest_0aZ-._~+/=", "!#$%&'()*:;<>?@[]^`{|}\"\\"} {
		require.NoError(t, transport.CheckSecret("stancer", "APIKey", value))
	}
	for name, value := range map[string]string{
		"missing": "", "line break": "canary\n", "line break of Windows": "canary\r\n", "second header": "canary\r\nX: y",
		"space": "canary key", "space before": " canary", "space behind": "canary ", "tab": "canary\t", "no text": "canary\x00",
		"delete": "canary\x7f", "not ASCII": "canarý", "not UTF-8": "canary\xff", "blank": " ", "space that does not break": "canary\u00a0",
	} {
		t.Run(name, func(t *testing.T) {
			e := failure(t, transport.CheckSecret("stancer", "APIKey", value))
			assert.Equal(t, customers.ErrConfig, e.Kind)
			if assert.Len(t, e.Violations, 1) {
				assert.Equal(t, "APIKey", e.Violations[0].Pointer)
				assert.Equal(t, value == "", e.Violations[0].Rule == "is missing")
			}
		})
	}
}

func TestNewToken(t *testing.T) {
	sign := func(claims jwt.MapClaims) string {
		value, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("a key that only the provider has"))
		require.NoError(t, err)
		return value
	}
	part := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	const iat = 1700000000
	for name, tt := range map[string]struct {
		value    string
		lifetime time.Duration
	}{
		"opaque":               {"canary", 0},
		"three parts, no JSON": {"a.b.c", 0},
		"both times":           {sign(jwt.MapClaims{"iat": iat, "exp": iat + 600}), 10 * time.Minute},
		"of another day":       {sign(jwt.MapClaims{"iat": 1, "exp": 601}), 10 * time.Minute},
		"no iat":               {sign(jwt.MapClaims{"exp": iat + 600}), 0},
		"no exp":               {sign(jwt.MapClaims{"iat": iat}), 0},
		"ends before it began": {sign(jwt.MapClaims{"iat": iat, "exp": iat - 600}), 0},
		"times as text":        {sign(jwt.MapClaims{"iat": "then", "exp": "later"}), 0},
		"a null":               {sign(jwt.MapClaims{"iat": nil, "exp": iat}), 0},
		"parts of seconds":     {sign(jwt.MapClaims{"iat": iat + 0.25, "exp": iat + 600.5}), 10*time.Minute + 250*time.Millisecond},
		"for ever":             {sign(jwt.MapClaims{"iat": -1e300, "exp": 1e300}), 1 << 33 * time.Second},
		"no number in Go":      {part(`{"alg":"none"}`) + "." + part(`{"iat":1,"exp":1e999}`) + ".", 0},
		"unsigned":             {part(`{"alg":"none"}`) + "." + part(`{"iat":1,"exp":601}`) + ".", 10 * time.Minute},
		"claims that are null": {part(`{"alg":"none"}`) + "." + part(`null`) + ".", 0},
		"padded":               {part(`{"alg":"none"}`) + "." + part(`{"iat":1,"exp":601}`) + "==.", 0},
		"two parts":            {part(`{"alg":"none"}`) + "." + part(`{"iat":1,"exp":601}`), 0},
		"encrypted":            {"a." + part(`{"iat":1,"exp":601}`) + ".c.d.e", 0}, // five parts: RFC 7516
	} {
		t.Run(name, func(t *testing.T) {
			token, err := transport.NewToken(tt.value)
			require.NoError(t, err)
			assert.Equal(t, tt.value, token.Value)
			assert.Equal(t, tt.lifetime, token.Lifetime)
			assertQuiet(t, token)
		})
	}

	for name, value := range map[string]string{
		"empty": "", "two words": "canary token", "line break": "canary\n", "not ASCII": "canarý", "not UTF-8": "canary\xff",
		"second header": "canary\r\nX: y", "a page": "<html>\ncanary",
	} {
		t.Run("unusable, "+name, func(t *testing.T) {
			token, err := transport.NewToken(value)
			assert.Zero(t, token)
			require.ErrorIs(t, err, customers.ErrUnauthenticated)
			assertQuiet(t, err)
		})
	}
}

// vault is where a program's keys come from; each is asked for as a function of a configuration is.
type vault struct {
	asked atomic.Int32
	key   atomic.Pointer[string]
}

func (v *vault) put(key string) { v.key.Store(&key) }

func (v *vault) header(context.Context) (http.Header, error) {
	v.asked.Add(1)
	return http.Header{"Authorization": {"Bearer " + *v.key.Load()}}, nil
}

func TestKeysFromAFunction(t *testing.T) {
	var seen arrivals
	var keys vault
	var hook exchanges
	accepted := "canary-1"
	auth, err := transport.Keys(false, keys.header)
	require.NoError(t, err)
	assertQuiet(t, auth)
	assert.Zero(t, keys.asked.Load(), "they are asked for at first use")
	p := newProvider(t, serve(t, seen.then(func(w http.ResponseWriter, r *http.Request) { accepting(accepted)(w, r) })), auth,
		transport.Options{Hook: hook.hook})

	keys.put("canary-1")
	for _, op := range operations {
		require.NoError(t, p.do(t.Context(), op))
	}
	assert.EqualValues(t, 1, keys.asked.Load())

	keys.put("canary-2")
	accepted = "canary-2"
	for _, op := range operations {
		require.NoError(t, p.do(t.Context(), op))
	}
	assert.EqualValues(t, 2, keys.asked.Load(), "again after a 401")
	assert.Len(t, seen.list(), 2*len(operations)+1, "one request more, with the new key")
	assert.Equal(t, "credentials renewed after 401", hook.seen()[len(operations)+1].Reason)

	accepted = "canary-3"
	for i, op := range operations {
		e := failure(t, p.do(t.Context(), op))
		assert.Equal(t, customers.ErrUnauthenticated, e.Kind)
		assert.Equal(t, outcome(op, customers.ErrRejected), e.Outcome)
		assert.Equal(t, "expired_token", e.Code)
		assert.Equal(t, "the credentials are still the same", e.Detail)
		assert.EqualValues(t, 3+i, keys.asked.Load())
	}
	assert.Len(t, seen.list(), 3*len(operations)+1, "what was refused is not sent again")
}

// That the same keys come back says nothing of the requests before.
func TestSameKeysAfterARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys vault
		keys.put("canary-1")
		provider := &script{turns: []turn{says(429, ""), says(401, "")}}
		p := newProvider(t, "https://api.example.com", transport.Fetched(keys.header), transport.Options{
			RoundTripper: provider, Retry: transport.Retry{Attempts: 3},
		})
		e := failure(t, p.do(t.Context(), customers.OpCreate))
		assert.Equal(t, 401, e.Status)
		assert.Len(t, provider.sent, 2)
	})
}

func TestFixedKeysAreAskedForAtOnce(t *testing.T) {
	var keys vault
	keys.put("canary-1")
	auth, err := transport.Keys(true, keys.header)
	require.NoError(t, err)
	var seen arrivals
	p := newProvider(t, serve(t, seen.then(accepting("another"))), auth, transport.Options{})
	for _, op := range operations {
		e := failure(t, p.do(t.Context(), op))
		assert.Equal(t, customers.ErrUnauthenticated, e.Kind)
		assert.Empty(t, e.Detail)
	}
	assert.Len(t, seen.list(), len(operations))
	assert.EqualValues(t, 1, keys.asked.Load())

	_, err = transport.Keys(true, func(context.Context) (http.Header, error) { return nil, errCause })
	assert.Equal(t, errCause, err)
}

func TestOneFetchOfKeysForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetch := gated{gate: make(chan struct{})}
		p := newProvider(t, "https://api.example.com", transport.Fetched(func(ctx context.Context) (http.Header, error) {
			token, err := fetch.fetch(ctx)
			return http.Header{"Authorization": {"Bearer " + token.Value}}, err
		}), transport.Options{RoundTripper: ok})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { assert.NoError(t, p.do(t.Context(), customers.OpCreate)) })
		}
		synctest.Wait()
		close(fetch.gate)
		wg.Wait()
		assert.EqualValues(t, 1, fetch.begun.Load())
	})
}

// What a program's own function says may hold anything.
func TestFunctionOfKeysFails(t *testing.T) {
	var seen arrivals
	fails := fmt.Errorf("vault at https://%s@example.com: %w", secret, errCause)
	p := newProvider(t, serve(t, seen.then(answer(200, record))), transport.Fetched(func(context.Context) (http.Header, error) {
		return nil, fails
	}), transport.Options{Retry: transport.Retry{Attempts: 3}})
	for _, op := range operations {
		err := p.do(t.Context(), op)
		e := failure(t, err) // holds that nothing is printed
		assert.Equal(t, customers.ErrUnauthenticated, e.Kind)
		assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
		assert.Equal(t, "Config.Credentials failed", e.Detail)
		assert.Zero(t, e.Status)
		require.ErrorIs(t, err, errCause)
	}
	assert.Empty(t, seen.list())
}

func TestFunctionOfKeysThatHangs(t *testing.T) {
	for name, heeds := range map[string]bool{"heeds its context": true, "does not": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				p := newProvider(t, "https://api.example.com", transport.Fetched(func(ctx context.Context) (http.Header, error) {
					if heeds {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					<-release
					return nil, errCause
				}), transport.Options{RoundTripper: ok, Timeout: 7 * time.Second})
				for _, op := range operations {
					started := time.Now()
					err := p.do(t.Context(), op)
					assert.Equal(t, 7*time.Second, time.Since(started))
					e := failure(t, err)
					assert.Equal(t, customers.ErrUnavailable, e.Kind)
					assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					synctest.Wait() // whoever asks at the very end of a fetch shares its error
				}
				close(release)
			})
		})
	}
}

// A fetch outlives the call that began it, but not Timeout. Who waits for it is told that it took too long.
func TestFetchEndsAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t, "https://api.example.com", transport.Fetched(func(ctx context.Context) (http.Header, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("vault with %s: %w", secret, ctx.Err())
		}), transport.Options{RoundTripper: ok, Timeout: 7 * time.Second})
		started := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.do(ctx, customers.OpGet), customers.ErrCanceled)
		assert.Equal(t, time.Second, time.Since(started))

		err := p.do(t.Context(), customers.OpCreate)
		assert.Equal(t, 7*time.Second, time.Since(started))
		e := failure(t, err)
		assert.Equal(t, customers.ErrUnavailable, e.Kind)
		assert.Equal(t, customers.ErrNotSent, e.Outcome)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestKeysThatCannotBeSent(t *testing.T) {
	var seen arrivals
	p := newProvider(t, serve(t, seen.then(answer(200, record))), transport.Fetched(func(context.Context) (http.Header, error) {
		key := secret + "\n"
		return transport.Basic(key, ""), transport.CheckSecret("stancer", "APIKey", key)
	}), transport.Options{})
	for _, op := range operations {
		e := failure(t, p.do(t.Context(), op))
		assert.Equal(t, customers.ErrConfig, e.Kind)
		assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
		require.Len(t, e.Violations, 1)
		assert.Equal(t, "APIKey", e.Violations[0].Pointer)
		assert.Empty(t, e.Detail)
	}
	assert.Empty(t, seen.list())
}

// Forget is for providers that refuse credentials without a 401.
func TestForget(t *testing.T) {
	var keys vault
	keys.put("canary-1")
	p := newProvider(t, "https://api.example.com", transport.Fetched(keys.header), transport.Options{RoundTripper: ok})
	for i := range 3 {
		p.wire.Forget()
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		assert.EqualValues(t, i+1, keys.asked.Load())
	}
	newProvider(t, "https://api.example.com", basic, transport.Options{}).wire.Forget() // there are no others
}
