package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/transport"
)

// turn is what a provider does with one request.
type turn func(*http.Request) (*http.Response, error)

// script is a provider without a network that takes one turn after the other, and the last one for ever. In a synctest
// bubble the time between two requests is the pause of the wire alone.
type script struct {
	turns []turn

	mu   sync.Mutex
	sent []time.Time
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.sent = append(s.sent, time.Now())
	next := s.turns[min(len(s.sent), len(s.turns))-1]
	s.mu.Unlock()
	return next(req)
}

// pauses are the times between the requests.
func (s *script) pauses() []time.Duration {
	var all []time.Duration
	for i, at := range s.sent[1:] {
		all = append(all, at.Sub(s.sent[i]))
	}
	return all
}

func drain(req *http.Request) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
	}
}

// fails ends an attempt without an answer, after all of the request was read.
func fails(err error) turn {
	return func(req *http.Request) (*http.Response, error) { drain(req); return nil, err }
}

// unsent ends an attempt before the request is looked at.
func unsent(err error) turn {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// says answers with a status, JSON in the provider's own form, and Retry-After.
func says(status int, retryAfter string) turn {
	return func(req *http.Request) (*http.Response, error) {
		drain(req)
		resp := respond(status, inOwnForm)
		if status < 300 {
			resp = respond(status, record)
		}
		resp.Header.Set("Retry-After", retryAfter)
		return resp, nil
	}
}

// breaksOff answers with a status and half a body.
func breaksOff(status int, retryAfter string) turn {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := says(status, retryAfter)(req)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"id"`), readFunc(func([]byte) (int, error) {
			return 0, io.ErrUnexpectedEOF
		})))
		return resp, err
	}
}

// hangs until the request is given up.
func hangs(req *http.Request) (*http.Response, error) {
	drain(req)
	<-req.Context().Done()
	return nil, req.Context().Err()
}

var (
	refusedConnection = unsent(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})
	noSuchHost        = unsent(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.example.com"}})
	reset             = fails(&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET})
)

// request is one that the adapters send.
type request struct {
	op    customers.Op
	write bool
	send  func(context.Context, provider) error
}

func requests() map[string]request {
	return map[string]request{
		"create": {customers.OpCreate, true, func(ctx context.Context, p provider) error { return p.do(ctx, customers.OpCreate) }},
		"delete": {customers.OpDelete, true, func(ctx context.Context, p provider) error { return p.do(ctx, customers.OpDelete) }},
		"get":    {customers.OpGet, false, func(ctx context.Context, p provider) error { return p.do(ctx, customers.OpGet) }},
		"update": {customers.OpUpdate, true, func(ctx context.Context, p provider) error {
			body := stancer.CustomerUpdate{Email: email}
			_, err := transport.Call[stancer.Customer](ctx, p.wire, customers.OpUpdate, func(ctx context.Context) (*http.Response, error) {
				return p.api.UpdateCustomer(ctx, id, body)
			}, nil, &body)
			return err
		}},
		"read of an update": {customers.OpUpdate, false, func(ctx context.Context, p provider) error {
			_, err := transport.ReadForUpdate[stancer.Customer](ctx, p.wire, "", func(ctx context.Context) (*http.Response, error) {
				return p.api.GetCustomer(ctx, id)
			}, nil)
			return err
		}},
		"token by POST": {"", false, func(ctx context.Context, p provider) error {
			_, err := transport.Call[stancer.Customer](ctx, p.wire, "", func(ctx context.Context) (*http.Response, error) {
				return p.api.CreateCustomer(ctx, newCustomer)
			}, nil)
			return err
		}},
	}
}

// outcome is what the failure of the request says if a write's says so.
func (r request) outcome(write customers.Outcome) customers.Outcome {
	if r.op == customers.OpUpdate && !r.write {
		return customers.ErrNotSent // nothing was written
	}
	return outcome(r.op, write)
}

// run sends r against a provider that takes these turns.
func run(t *testing.T, r request, o transport.Options, turns ...turn) (*script, []transport.Exchange, error) {
	t.Helper()
	var hook exchanges
	provider := &script{turns: turns}
	o.RoundTripper, o.Hook = provider, hook.hook
	if o.Retry == (transport.Retry{}) {
		o.Retry.Attempts = 3 // the default
	}
	err := r.send(t.Context(), newProvider(t, "https://api.example.com", basic, o))
	for i, x := range hook.seen() {
		assert.Equal(t, i+1, x.Attempt)
		assert.Equal(t, r.op, x.Op)
		assertQuiet(t, x)
	}
	return provider, hook.seen(), err
}

// assertJitter holds pauses against the bounds of the backoff.
func assertJitter(t *testing.T, delay, most time.Duration, pauses []time.Duration) {
	t.Helper()
	bound := min(delay, most)
	for _, pause := range pauses {
		assert.Positive(t, pause)
		assert.LessOrEqual(t, pause, bound)
		bound = min(2*bound, most)
	}
}

const mayBeDone = "given up: a write that may have been carried out is not sent again"

// TestWhatIsSentAgain is the policy: for each request and each way to fail, how often it is sent, why, and what the
// caller is told.
func TestWhatIsSentAgain(t *testing.T) {
	const always, reads, never = 2, 1, 0
	untrusted := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	type failing struct {
		turn    turn
		again   int
		why     string // it is sent again
		kind    customers.Kind
		outcome customers.Outcome
		status  int
		detail  string // before what is said of attempts
	}
	table := map[string]failing{
		"connection refused": {refusedConnection, always, "not sent", customers.ErrUnavailable, customers.ErrNotSent, 0, ""},
		"no such host":       {noSuchHost, always, "not sent", customers.ErrUnavailable, customers.ErrNotSent, 0, ""},
		"reset":              {reset, reads, "no answer", customers.ErrUnavailable, customers.ErrUnknownOutcome, 0, ""},
		"closed":             {fails(io.EOF), reads, "no answer", customers.ErrUnavailable, customers.ErrUnknownOutcome, 0, ""},
		"untrusted":          {unsent(untrusted), never, "", customers.ErrUnavailable, customers.ErrNotSent, 0, ""},
		"a RoundTripper that gives nothing": {
			fails(nil), never, "", customers.ErrUnavailable, customers.ErrUnknownOutcome, 0, "",
		},
		"broken off": {
			breaksOff(200, ""), reads, "the answer broke off", customers.ErrUnavailable, customers.ErrUnknownOutcome, 200, "the answer broke off",
		},
		"broken off, 429": {
			breaksOff(429, ""), always, "status 429", customers.ErrRateLimited, customers.ErrRejected, 429, "the answer broke off",
		},
		"broken off, 503": {
			breaksOff(503, ""), reads, "status 503", customers.ErrUnavailable, customers.ErrUnknownOutcome, 503, "the answer broke off",
		},
		"broken off, 422": {
			breaksOff(422, ""), never, "", customers.ErrInvalid, customers.ErrRejected, 422, "the answer broke off",
		},
		"429": {says(429, ""), always, "status 429", customers.ErrRateLimited, customers.ErrRejected, 429, ""},
	}
	for _, status := range []int{408, 500, 502, 503, 504} {
		table[strconv.Itoa(status)] = failing{
			says(status, ""), reads, fmt.Sprintf("status %d", status), customers.ErrUnavailable, customers.ErrUnknownOutcome, status, "",
		}
	}
	for status, kind := range map[int]customers.Kind{
		400: customers.ErrInvalid, 401: customers.ErrUnauthenticated, 403: customers.ErrForbidden, 418: customers.ErrRefused,
		422: customers.ErrInvalid, 425: customers.ErrRefused,
	} {
		table[strconv.Itoa(status)] = failing{says(status, "1"), never, "", kind, customers.ErrRejected, status, ""}
	}
	for _, status := range []int{501, 505, 507} {
		table[strconv.Itoa(status)] = failing{
			says(status, "1"), never, "", customers.ErrUnavailable, customers.ErrUnknownOutcome, status, "",
		}
	}

	for how, f := range table {
		for what, r := range requests() {
			t.Run(how+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					provider, seen, err := run(t, r, transport.Options{}, f.turn)

					times, last, detail := 1, "", f.detail
					switch {
					case f.again == always || f.again == reads && !r.write:
						times, last = 3, "tried 3 times (Retry.Attempts)"
						detail = strings.TrimPrefix(detail+"; "+last, "; ")
						last = "given up: " + last
					case f.again == reads:
						last = mayBeDone
					}
					e := failure(t, err)
					assert.Equal(t, f.kind, e.Kind)
					assert.Equal(t, r.outcome(f.outcome), e.Outcome)
					assert.Equal(t, f.status, e.Status)
					assert.Equal(t, detail, e.Detail)

					require.Len(t, provider.sent, times)
					require.Len(t, seen, times)
					pauses := provider.pauses()
					assertJitter(t, 250*time.Millisecond, 10*time.Second, pauses)
					for i, x := range seen {
						reason, next := f.why, last
						if i == 0 {
							reason = "first attempt"
						}
						if i < len(pauses) {
							next = fmt.Sprintf("again in %v: %s", pauses[i].Round(time.Millisecond), f.why)
						}
						assert.Equal(t, reason, x.Reason)
						assert.Equal(t, next, x.Next)
						assert.Equal(t, f.status, x.Status)
					}

					provider, _, err = run(t, r, transport.Options{Retry: transport.Retry{Attempts: 1}}, f.turn)
					assert.Len(t, provider.sent, 1, "Attempts: 1")
					assert.Equal(t, f.detail, failure(t, err).Detail)
				})
			})
		}
	}
}

// A request that is sent again may succeed, or fail in another way: then the last attempt counts.
func TestTheLastAttemptCounts(t *testing.T) {
	for name, tt := range map[string]struct {
		turns   []turn
		op      string
		kind    customers.Kind
		outcome customers.Outcome
		status  int
		sent    int
	}{
		"refused, then created":   {[]turn{refusedConnection, says(201, "")}, "create", "", "", 0, 2},
		"429, then created":       {[]turn{says(429, "1"), says(201, "")}, "create", "", "", 0, 2},
		"429, then reset":         {[]turn{says(429, "1"), reset}, "create", customers.ErrUnavailable, customers.ErrUnknownOutcome, 0, 2},
		"429, then no connection": {[]turn{says(429, "1"), refusedConnection}, "create", customers.ErrUnavailable, customers.ErrNotSent, 0, 3},
		"429, then 422":           {[]turn{says(429, ""), says(422, "")}, "update", customers.ErrInvalid, customers.ErrRejected, 422, 2},
		"refused, 429, deleted":   {[]turn{refusedConnection, says(429, ""), says(200, "")}, "delete", "", "", 0, 3},
		"refused, then 503":       {[]turn{refusedConnection, says(503, "")}, "delete", customers.ErrUnavailable, customers.ErrUnknownOutcome, 503, 2},
		"503, reset, read":        {[]turn{says(503, ""), reset, says(200, "")}, "get", "", "", 0, 3},
		"503, then 404":           {[]turn{says(503, ""), says(404, "")}, "get", customers.ErrNotFound, "", 404, 2},
		"broken off, then token":  {[]turn{breaksOff(200, ""), says(200, "")}, "token by POST", "", "", 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				provider, _, err := run(t, requests()[tt.op], transport.Options{}, tt.turns...)
				assert.Len(t, provider.sent, tt.sent)
				if tt.kind == "" {
					require.NoError(t, err)
					return
				}
				e := failure(t, err)
				assert.Equal(t, tt.kind, e.Kind)
				assert.Equal(t, tt.outcome, e.Outcome)
				assert.Equal(t, tt.status, e.Status)
			})
		})
	}
}

// Every attempt has the whole request.
func TestTheWholeRequestAgain(t *testing.T) {
	var seen arrivals
	p := newProvider(t, serve(t, seen.then(func(w http.ResponseWriter, r *http.Request) {
		if len(seen.list()) < 3 {
			w.Header().Set("Retry-After", time.Now().Add(-time.Hour).Format(http.TimeFormat))
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		answer(http.StatusCreated, record)(w, r)
	})), basic, transport.Options{Retry: transport.Retry{Attempts: 3, Delay: 1}})
	require.NoError(t, p.do(t.Context(), customers.OpCreate))
	bodies := seen.list()
	require.Len(t, bodies, 3)
	assert.Contains(t, bodies[0], email)
	assert.Equal(t, bodies[0], bodies[1])
	assert.Equal(t, bodies[0], bodies[2])
}

// The client that As hands out knows no operation: there the method alone tells what is a read.
func TestRawRequestsAgain(t *testing.T) {
	for method, sent := range map[string]int{
		http.MethodGet: 3, http.MethodHead: 3, http.MethodOptions: 3, "": 3,
		http.MethodPost: 1, http.MethodPut: 1, http.MethodPatch: 1, http.MethodDelete: 1, "LINK": 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			provider := &script{turns: []turn{says(503, "")}}
			p := newProvider(t, "https://api.example.com", basic, transport.Options{
				RoundTripper: provider, Retry: transport.Retry{Attempts: 3},
			})
			req, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.com/v1/customers/", nil)
			require.NoError(t, err)
			req.Method = method
			resp, err := p.wire.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, 503, resp.StatusCode)
			assert.Len(t, provider.sent, sent, method)
		})
	}
}

func TestRetryAfterIsThePause(t *testing.T) {
	date := func(after time.Duration) string { return time.Now().Add(after).UTC().Format(http.TimeFormat) }
	for name, tt := range map[string]struct {
		retryAfter func() string
		pause      time.Duration // 0 is the backoff
		tooLong    string
	}{
		"absent":            {func() string { return "" }, 0, ""},
		"seconds":           {func() string { return "3" }, 3 * time.Second, ""},
		"date":              {func() string { return date(4 * time.Second) }, 4 * time.Second, ""},
		"date past":         {func() string { return date(-time.Hour) }, 0, ""},
		"now":               {func() string { return "0" }, 0, ""},
		"negative":          {func() string { return "-5" }, 0, ""},
		"not a number":      {func() string { return "soon" }, 0, ""},
		"1e308":             {func() string { return "1e308" }, 0, ""},
		"the cap":           {func() string { return "10" }, 10 * time.Second, ""},
		"above the cap":     {func() string { return "11" }, 0, "11s"},
		"date, too far":     {func() string { return date(24 * time.Hour) }, 0, "24h0m0s"},
		"beyond a duration": {func() string { return strings.Repeat("9", 30) }, 0, "2562047h47m16s"},
	} {
		for _, status := range []int{429, 503} {
			for _, how := range []func(int, string) turn{says, breaksOff} {
				synctest.Test(t, func(t *testing.T) {
					o := transport.Options{Retry: transport.Retry{Attempts: 2}}
					provider, seen, err := run(t, requests()["get"], o, how(status, tt.retryAfter()))
					e := failure(t, err)
					if tt.tooLong != "" {
						why := "the provider asks to wait " + tt.tooLong + ", longer than 10s (Retry.MaxDelay)"
						assert.Len(t, provider.sent, 1, name)
						assert.Contains(t, e.Detail, why, name)
						assert.Equal(t, "given up: "+why, seen[0].Next, name)
						return
					}
					require.Len(t, provider.sent, 2, name)
					if tt.pause == 0 {
						assertJitter(t, 250*time.Millisecond, 10*time.Second, provider.pauses())
						return
					}
					assert.Equal(t, []time.Duration{tt.pause}, provider.pauses(), name)
				})
			}
		}
	}
}

func TestBackoff(t *testing.T) {
	for name, retry := range map[string]transport.Retry{
		"doubles up to the most":      {Attempts: 12, Delay: time.Second, MaxDelay: 5 * time.Second},
		"the first delay is too long": {Attempts: 3, Delay: time.Minute, MaxDelay: time.Second},
		"as short as can be":          {Attempts: 3, Delay: 1, MaxDelay: 1},
		"beyond a duration":           {Attempts: 100, Delay: math.MaxInt64, MaxDelay: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := transport.Options{Retry: retry, Timeout: time.Hour}
				provider, _, err := run(t, requests()["get"], o, says(503, ""))
				require.Error(t, err)
				require.Len(t, provider.sent, retry.Attempts)
				assertJitter(t, retry.Delay, retry.MaxDelay, provider.pauses())
			})
		})
	}
	t.Run("by default", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			provider, _, _ := run(t, requests()["get"], transport.Options{Retry: transport.Retry{MaxDelay: time.Hour}}, says(503, ""))
			require.Len(t, provider.sent, 3)
			assertJitter(t, 250*time.Millisecond, time.Second, provider.pauses())
		})
	})
	t.Run("the pauses differ, and reach high and low", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o := transport.Options{
				Retry: transport.Retry{Attempts: 200, Delay: time.Second, MaxDelay: time.Second}, Timeout: time.Hour,
			}
			provider, _, _ := run(t, requests()["get"], o, says(503, ""))
			pauses := provider.pauses()
			// That one of 199 fails by chance happens once in 10^24 runs.
			assert.Less(t, slices.Min(pauses), 250*time.Millisecond)
			assert.Greater(t, slices.Max(pauses), 750*time.Millisecond)
		})
	})
	t.Run("the longest of all settings", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o := transport.Options{Retry: transport.Retry{Attempts: math.MaxInt, Delay: math.MaxInt64, MaxDelay: math.MaxInt64}}
			provider, _, err := run(t, requests()["get"], o, says(503, ""))
			assert.Contains(t, failure(t, err).Detail, "would outlast the deadline")
			assert.Len(t, provider.sent, 1)
		})
	})
}

// Whatever happens, the call ends with Timeout, and no pause begins that would end after it.
func TestTimeoutIsForAllAttempts(t *testing.T) {
	for name, tt := range map[string]struct {
		options transport.Options
		turns   []turn
		ctx     time.Duration // the caller's own deadline, if any
		sent    int
		took    time.Duration
		kind    customers.Kind
		detail  string
	}{
		"two attempts that hang": {
			transport.Options{Timeout: 10 * time.Second, AttemptTimeout: 4 * time.Second, Retry: transport.Retry{Attempts: 3, Delay: 1}},
			[]turn{hangs}, 0, 3, 10 * time.Second, customers.ErrUnavailable, "no answer within 10s (Options.Timeout)",
		},
		"a pause too long": {
			transport.Options{Timeout: 5 * time.Second}, []turn{says(503, "3")}, 0, 2, 3 * time.Second,
			customers.ErrUnavailable, "a pause of 3s would outlast the deadline",
		},
		"a pause to the deadline": {
			transport.Options{Timeout: 3 * time.Second}, []turn{says(429, "3")}, 0, 1, 0,
			customers.ErrRateLimited, "a pause of 3s would outlast the deadline",
		},
		"a pause too long for the caller": {
			transport.Options{}, []turn{says(503, "3")}, 2 * time.Second, 1, 0,
			customers.ErrUnavailable, "a pause of 3s would outlast the deadline",
		},
		"by default": {
			transport.Options{Retry: transport.Retry{Attempts: 9}}, []turn{says(503, "10")}, 0, 3, 20 * time.Second,
			customers.ErrUnavailable, "a pause of 10s would outlast the deadline",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := requests()["get"]
				if tt.ctx > 0 {
					send := r.send
					r.send = func(ctx context.Context, p provider) error {
						ctx, cancel := context.WithTimeout(ctx, tt.ctx)
						defer cancel()
						return send(ctx, p)
					}
				}
				started := time.Now()
				provider, seen, err := run(t, r, tt.options, tt.turns...)
				assert.InDelta(t, tt.took, time.Since(started), 10, "but for pauses of a nanosecond or two")
				e := failure(t, err)
				assert.Equal(t, tt.kind, e.Kind)
				assert.Equal(t, tt.detail, e.Detail)
				assert.Len(t, provider.sent, tt.sent)
				if tt.kind == customers.ErrUnavailable && e.Status == 0 {
					assert.Empty(t, seen[len(seen)-1].Next, "there was nothing to decide")
				} else {
					assert.Equal(t, "given up: "+tt.detail, seen[len(seen)-1].Next)
				}
			})
		})
	}
}

func TestAttemptTimeout(t *testing.T) {
	halfAnAnswer := func(req *http.Request) (*http.Response, error) {
		resp, err := says(200, "")(req)
		resp.Body, resp.ContentLength = io.NopCloser(readFunc(func([]byte) (int, error) {
			<-req.Context().Done()
			return 0, req.Context().Err()
		})), -1
		return resp, err
	}
	for name, tt := range map[string]struct {
		turn        turn
		status      int
		why, detail string
	}{
		"no answer":      {hangs, 0, "no answer", "no answer within 2s (Options.AttemptTimeout)"},
		"half an answer": {halfAnAnswer, 200, "the answer broke off", "the answer did not end within 2s (Options.AttemptTimeout)"},
	} {
		for what, r := range requests() {
			t.Run(name+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					started := time.Now()
					o := transport.Options{AttemptTimeout: 2 * time.Second, Retry: transport.Retry{Attempts: 3, Delay: 1, MaxDelay: 1}}
					provider, seen, err := run(t, r, o, tt.turn, says(200, ""))
					if !r.write {
						require.NoError(t, err)
						assert.Len(t, provider.sent, 2)
						assert.Equal(t, 2*time.Second+1, time.Since(started))
						assert.Equal(t, tt.why, seen[1].Reason)
						require.ErrorIs(t, seen[0].Err, context.DeadlineExceeded)
						return
					}
					e := failure(t, err)
					assert.Len(t, provider.sent, 1)
					assert.Equal(t, customers.ErrUnavailable, e.Kind)
					assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
					assert.Equal(t, tt.status, e.Status)
					assert.Equal(t, tt.detail, e.Detail)
					assert.Equal(t, mayBeDone, seen[0].Next)
					assert.Equal(t, 2*time.Second, time.Since(started))
				})
			})
		}
	}
}

// A context that ends within a pause ends the call at once; what is known of the last answer is told.
func TestContextEndsWithinThePause(t *testing.T) {
	for name, tt := range map[string]struct {
		turn    turn
		write   customers.Outcome
		status  int
		request string
	}{
		"create after 429":             {says(429, "5"), customers.ErrRejected, 429, "create"},
		"create after 429, broken off": {breaksOff(429, "5"), customers.ErrRejected, 429, "create"},
		"delete, not sent":             {refusedConnection, customers.ErrNotSent, 0, "delete"},
		"get after 503":                {says(503, "5"), "", 503, "get"},
		"get without an answer":        {reset, "", 0, "get"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := requests()[tt.request]
				send := r.send
				r.send = func(ctx context.Context, p provider) error {
					ctx, cancel := context.WithCancelCause(ctx)
					failed := make(chan error)
					go func() { failed <- send(ctx, p) }()
					synctest.Wait() // it pauses
					cancel(errCause)
					return <-failed
				}
				started := time.Now()
				provider, _, err := run(t, r, transport.Options{}, tt.turn)
				assert.Zero(t, time.Since(started))
				require.ErrorIs(t, err, errCause)
				e := failure(t, err)
				assert.Equal(t, customers.ErrCanceled, e.Kind)
				assert.Equal(t, tt.write, e.Outcome)
				assert.Equal(t, tt.status, e.Status)
				synctest.Wait()
				assert.Len(t, provider.sent, 1)
			})
		})
	}
}

// With the transport of net/http it is known whether anything of a request without a body was written; with any other
// it is not.
func TestDeleteThatWasNotWritten(t *testing.T) {
	gone := errors.New("no connection today")
	dial := func(context.Context, string, string) (net.Conn, error) { return nil, gone }
	own := &http.Transport{DialContext: dial}
	for name, tt := range map[string]struct {
		over    http.RoundTripper
		outcome customers.Outcome
		sent    int
	}{
		"net/http":              {own, customers.ErrNotSent, 3},
		"another over net/http": {roundTripper(own.RoundTrip), customers.ErrUnknownOutcome, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hook exchanges
				p := newProvider(t, "https://api.example.com", basic, transport.Options{
					RoundTripper: tt.over, Hook: hook.hook, Retry: transport.Retry{Attempts: 3},
				})
				err := p.do(t.Context(), customers.OpDelete)
				require.ErrorIs(t, err, gone)
				assert.Equal(t, tt.outcome, failure(t, err).Outcome)
				assert.Len(t, hook.seen(), tt.sent)
			})
		})
	}
	t.Run("a kept connection that was reset", func(t *testing.T) {
		var hook exchanges
		p := newProvider(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete {
				panic(http.ErrAbortHandler)
			}
			answer(http.StatusOK, record)(w, r)
		}), basic, transport.Options{Hook: hook.hook, Retry: transport.Retry{Attempts: 3}})
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		e := failure(t, p.do(t.Context(), customers.OpDelete))
		assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome, "it was written")
		assert.Len(t, hook.seen(), 2)
	})
	t.Run("the caller's trace is kept", func(t *testing.T) {
		wrote := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteHeaders: func() { wrote++ }})
		p := newProvider(t, serve(t, answer(200, record)), basic, transport.Options{})
		require.NoError(t, p.do(ctx, customers.OpDelete))
		assert.Equal(t, 1, wrote)
	})
}

// A call that ends while a connection is made has sent nothing.
func TestCanceledWhileConnecting(t *testing.T) {
	for _, op := range operations {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				<-release // net/http lets a dial go on, for the next request
				return nil, errCause
			}}
			// One attempt ends by its own timeout: the next one may connect.
			var hook exchanges
			p := newProvider(t, "http://localhost", basic, transport.Options{
				RoundTripper: tr, AttemptTimeout: time.Second, Hook: hook.hook, Retry: transport.Retry{Attempts: 3, Delay: 1},
			})
			e := failure(t, p.do(t.Context(), op))
			assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
			assert.Len(t, hook.seen(), 3)
			close(release)
		})
	}
}

// A body that cannot be had a second time is sent once.
func TestBodyThatCannotBeRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := request{op: customers.OpCreate, write: true, send: func(ctx context.Context, p provider) error {
			_, err := transport.Call[stancer.Customer](ctx, p.wire, customers.OpCreate, func(ctx context.Context) (*http.Response, error) {
				return p.api.CreateCustomerWithBody(ctx, "application/json", io.MultiReader(strings.NewReader(`{}`)))
			}, nil)
			return err
		}}
		provider, seen, err := run(t, r, transport.Options{}, says(429, ""))
		assert.Len(t, provider.sent, 1)
		assert.Equal(t, "the body cannot be sent again", failure(t, err).Detail)
		assert.Equal(t, "given up: the body cannot be sent again", seen[0].Next)
	})
}

// The one after a 401 is apart from Attempts.
func TestRenewalDoesNotCount(t *testing.T) {
	for name, tt := range map[string]struct {
		attempts int
		turns    []turn
		sent     int
		status   int
	}{
		"never again, but for the renewal": {1, []turn{says(401, ""), says(200, "")}, 2, 0},
		"no second renewal":                {3, []turn{says(401, "")}, 2, 401},
		"once before the others":           {2, []turn{says(401, ""), says(429, ""), says(429, "")}, 3, 429},
		"once after another":               {2, []turn{says(429, ""), says(401, ""), says(200, "")}, 3, 0},
		"once at the last":                 {2, []turn{says(429, ""), says(429, ""), says(401, "")}, 2, 429},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				provider := &script{turns: tt.turns}
				var tokens mint
				p := newProvider(t, "https://api.example.com", transport.Bearer(tokens.fetch), transport.Options{
					RoundTripper: provider, Retry: transport.Retry{Attempts: tt.attempts},
				})
				err := p.do(t.Context(), customers.OpCreate)
				assert.Len(t, provider.sent, tt.sent)
				if tt.status == 0 {
					require.NoError(t, err)
					return
				}
				assert.Equal(t, tt.status, failure(t, err).Status)
			})
		})
	}
}

// A 401 that the deadline cuts off is told as such: there is no time for another attempt.
func TestRefusalAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hook exchanges
		p := newProvider(t, "http://localhost", transport.Bearer(new(mint).fetch), transport.Options{
			RoundTripper: silent(t, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\n{"), Hook: hook.hook,
		})
		e := failure(t, p.do(t.Context(), customers.OpCreate))
		assert.Equal(t, customers.ErrUnauthenticated, e.Kind)
		assert.Equal(t, customers.ErrRejected, e.Outcome)
		assert.Equal(t, 401, e.Status)
		require.Len(t, hook.seen(), 1)
		assert.Empty(t, hook.seen()[0].Next)
	})
}

// The pace is one for all goroutines, both wires and every attempt.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &script{turns: []turn{says(200, ""), says(429, ""), says(200, "")}}
		keys := newProvider(t, "https://api.example.com", basic, transport.Options{
			RoundTripper: provider, RequestsPerSecond: 4, Retry: transport.Retry{Attempts: 3, Delay: 1},
		})
		p := over(t, keys.wire.With(transport.Bearer(func(ctx context.Context) (transport.Token, error) {
			return transport.Token{Value: "canary-1"}, keys.do(ctx, customers.OpGet)
		})))
		started := time.Now()
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() { assert.NoError(t, p.do(t.Context(), customers.OpCreate)) })
		}
		wg.Wait()
		require.Len(t, provider.sent, 8, "one exchange, six calls, one of them twice")
		assert.Equal(t, 7*time.Second/4, time.Since(started))
		for _, pause := range provider.pauses() {
			assert.Equal(t, time.Second/4, pause)
		}
	})
}

func TestPaceThatIsTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &script{turns: []turn{says(200, "")}}
		p := newProvider(t, "https://api.example.com", basic, transport.Options{RoundTripper: provider, RequestsPerSecond: 1. / 60})
		require.NoError(t, p.do(t.Context(), customers.OpCreate))
		for _, op := range operations {
			started := time.Now()
			err := p.do(t.Context(), op)
			assert.Zero(t, time.Since(started), "what comes too late is not waited for")
			e := failure(t, err)
			assert.Equal(t, customers.ErrUnavailable, e.Kind)
			assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
			assert.Equal(t, "its turn would come too late (Options.RequestsPerSecond)", e.Detail)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		assert.Len(t, provider.sent, 1)

		time.Sleep(45 * time.Second)
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error)
		go func() { failed <- p.do(ctx, customers.OpCreate) }()
		synctest.Wait() // for its turn, in 15 seconds
		cancel(errCause)
		err := <-failed
		e := failure(t, err)
		assert.Equal(t, customers.ErrCanceled, e.Kind)
		assert.Equal(t, customers.ErrNotSent, e.Outcome)
		assert.Empty(t, e.Detail, "it was not too late")
		require.ErrorIs(t, err, errCause)

		time.Sleep(15 * time.Second)
		require.NoError(t, p.do(t.Context(), customers.OpCreate), "whoever gives up leaves the turn to others")
	})
}
