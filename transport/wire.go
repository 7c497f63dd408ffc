package transport

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/contract-first/customers"
)

// Wire sends the requests of one provider's generated client. It is safe for concurrent use.
type Wire struct {
	provider string
	base     *url.URL
	auth     Auth
	options  Options
	decode   Decode
	codec    Codec           // nil is JSON
	whole    *limit          // of a request
	attempt  *limit          // of each attempt, 0 is none
	pace     *rate.Limiter   // nil is as fast as it goes
	own      *http.Transport // nil if the caller gave a RoundTripper
}

// Decode fills an error with what the body of a provider's error answer tells, and reports whether the body has the
// provider's own form. It gets JSON in UTF-8, or nothing where there is no body or a [Codec] knows no JSON for it, and
// leaves alone what it does not understand. That a customer is not found or exists already is believed only in the
// provider's own form.
type Decode func(e *customers.Error, body []byte) bool

// New makes the wire to the API at base, an absolute URL without a last slash.
func New(provider, base string, auth Auth, options Options, decode Decode) (*Wire, error) {
	root, err := baseURL(base)
	if err != nil {
		return nil, ConfigError(provider, "BaseURL", err.Error())
	}
	if field, rule := options.wrong(); rule != "" {
		return nil, ConfigError(provider, field, rule)
	}
	w := &Wire{provider: provider, base: root, auth: auth, options: options, decode: decode}
	w.options.Timeout = cmp.Or(options.Timeout, 30*time.Second)
	w.whole = &limit{w.options.Timeout, "Options.Timeout"}
	w.attempt = &limit{w.options.AttemptTimeout, "Options.AttemptTimeout"}
	if w.options.RoundTripper == nil {
		w.own = newRoundTripper(w.options.Timeout)
		w.options.RoundTripper = w.own
	}
	w.options.MaxBody = min(cmp.Or(options.MaxBody, 1<<20), math.MaxInt64-1) // one more is read, to tell the end from too much
	w.options.Retry = options.Retry.withDefaults()
	if options.RequestsPerSecond > 0 {
		w.pace = rate.NewLimiter(rate.Limit(options.RequestsPerSecond), 1)
	}
	return w, nil
}

// Close ends connections that are kept for further calls, unless the RoundTripper is the caller's.
func (w *Wire) Close() {
	if w.own != nil {
		w.own.CloseIdleConnections()
	}
}

// ConfigError is the error for one wrong field of a configuration. The rule must not hold the field's value.
func ConfigError(provider, field, rule string) error {
	return &customers.Error{
		Provider: provider, Kind: customers.ErrConfig,
		Violations: []customers.Violation{{Pointer: field, Rule: rule}},
	}
}

// With is a wire to the same place with other credentials, sharing connections and pace: for the exchange that gets a
// token.
func (w *Wire) With(auth Auth) *Wire {
	other := *w
	other.auth = auth
	return &other
}

// Forget lets go of fetched credentials that the provider refused in another way than by a 401, so that the next
// request asks for them anew.
func (w *Wire) Forget() {
	if w.auth.forget != nil {
		w.auth.forget(nil)
	}
}

// Base is the root of the API, for the generated client.
func (w *Wire) Base() string { return w.base.String() }

// Do sends req as the promises of the package say, as often as [Retry] allows. It is what the generated client calls;
// its errors are [*customers.Error]. The body of the answer has been read to its end.
func (w *Wire) Do(req *http.Request) (*http.Response, error) {
	if err := w.check(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	send := req
	if w.codec != nil {
		var err error
		if send, err = w.encode(req); err != nil {
			return nil, err
		}
	}
	if d, ok := req.Context().Value(draftKey{}).(*customers.Draft); ok {
		return nil, draw(d, req)
	}
	ctx := req.Context()
	s := sending{req: send, caller: ctx}
	if p, ok := ctx.(*passage); ok && p.begun.CompareAndSwap(false, true) {
		s.ours, s.caller = true, p.caller
	} else {
		var cancel context.CancelFunc
		ctx, cancel = w.whole.within(ctx)
		defer cancel()
	}
	resp, err := w.repeat(ctx, &s)
	if err != nil {
		return nil, err
	}
	if w.codec != nil {
		w.translate(req, resp)
	}
	// The request that was sent holds the credentials.
	if resp.Request = nil; !s.ours {
		resp.Request = req
	}
	return resp, nil
}

// check refuses what must not be sent.
func (w *Wire) check(req *http.Request) error {
	switch err := req.Context().Err(); {
	case err != nil:
		return w.failed(req.Context(), true, err)
	case req.URL.Scheme != w.base.Scheme || req.URL.Host != w.base.Host:
		return w.refused(customers.Violation{Pointer: "host", Rule: "format", Bound: "the one of BaseURL"})
	case hasDotSegment(req.URL.Path):
		return w.refused(customers.Violation{
			Field: customers.FieldID, Pointer: "path", Rule: "format", Bound: "an id that can stand in a URL",
		})
	}
	return nil
}

func (w *Wire) refused(v customers.Violation) error {
	return &customers.Error{
		Provider: w.provider, Kind: customers.ErrInvalid, Outcome: customers.ErrNotSent, Violations: []customers.Violation{v},
	}
}

// passage is the context in which [Call] has its one request made and sent. It ends with the wire's own limit, so the
// request can be sent as it was made: nobody else has it.
type passage struct {
	context.Context
	caller context.Context
	op     customers.Op
	begun  atomic.Bool
}

type passageKey struct{}

func (p *passage) Value(key any) any {
	if key == (passageKey{}) {
		return p
	}
	return p.Context.Value(key)
}

// operation is the facade's operation that a context belongs to, if it belongs to one; "" is one too.
func operation(ctx context.Context) (op customers.Op, known bool) {
	if p, ok := ctx.Value(passageKey{}).(*passage); ok {
		return p.op, true
	}
	return "", false
}

// writes reports whether a request may change something: one whose method is not safe (RFC 9110, section 9.2.1), unless
// the facade's operation is no write, as the exchange of credentials for a token is none.
func writes(req *http.Request) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	op, known := operation(req.Context())
	return !known || op.Writes()
}

// sending is a request and its latest attempt.
type sending struct {
	req *http.Request
	// ours is that the first attempt may send req itself, not a copy.
	ours     bool
	caller   context.Context // for the hook: without a limit of ours
	held     *credentials    // nil before the first attempt
	exchange Exchange
}

// repeat sends a request until there is an answer to give back, or no further attempt is allowed.
func (w *Wire) repeat(ctx context.Context, s *sending) (resp *http.Response, err error) {
	op, _ := operation(ctx)
	req, exchange := s.req, &s.exchange
	*exchange = Exchange{Reason: "first attempt"}
	write := writes(req)
	var refused *credentials // by a 401
	renewals := 0            // which do not count as attempts
	for {
		held, wait := w.auth.get(ctx, w.options.Timeout)
		switch {
		case wait != nil:
			wait = w.withoutCredentials(ctx, wait)
		case refused != nil && held.same(refused):
			return note(resp, err, "the credentials are still the same")
		default:
			wait = w.turn(ctx)
		}
		if wait != nil {
			if exchange.Attempt == 0 && req.Body != nil {
				_ = req.Body.Close()
			}
			return nil, after(resp, err, wait)
		}
		*exchange = Exchange{
			Provider: w.provider, Op: op, Method: req.Method, Attempt: exchange.Attempt + 1, Reason: exchange.Reason,
		}
		resp, err = w.once(ctx, s, held)
		failed, _ := err.(*customers.Error)
		next := w.options.Retry.next(ctx, write, exchange.Attempt-renewals, resp, failed)
		if failed != nil {
			failed.Op = op
			if !write {
				failed.Outcome = ""
			}
		}
		if exchange.Status == http.StatusUnauthorized && w.auth.forget != nil && refused == nil && ctx.Err() == nil {
			w.auth.forget(held)
			refused, next = held, step{again: true, why: "credentials renewed after 401", renew: true}
			renewals++
		}
		if next.again && req.Body != nil && req.GetBody == nil {
			next = step{why: "the body cannot be sent again"}
		}
		if !next.again && next.why != mayBeDone {
			resp, err = note(resp, err, next.why)
		}
		if w.options.Hook != nil {
			exchange.Next = next.String()
			w.options.Hook(s.caller, *exchange)
		}
		if !next.again {
			return resp, err
		}
		if !sleep(ctx, next.pause) {
			return nil, after(resp, err, w.failed(ctx, true, ctx.Err()))
		}
		exchange.Reason = next.why
	}
}

// turn waits until the pace lets one more request go.
func (w *Wire) turn(ctx context.Context) error {
	if w.pace == nil || w.pace.Wait(ctx) == nil {
		return nil
	}
	e := w.failed(ctx, true, context.DeadlineExceeded)
	if ctx.Err() == nil {
		e.Detail = "its turn would come too late (Options.RequestsPerSecond)"
	}
	return e
}

// after is the error of an attempt that was not made, with what is known of the one before. That one was sent again
// only because it changed nothing.
func after(resp *http.Response, before, err error) error {
	e := *err.(*customers.Error)
	if resp != nil {
		before = newError("", resp)
	}
	if last, _ := before.(*customers.Error); last != nil && last.Status != 0 {
		e.Status, e.RequestID, e.RetryAfter, e.Outcome = last.Status, last.RequestID, last.RetryAfter, customers.ErrRejected
	}
	return &e
}

// note puts a word on why there is no further attempt where the caller of the wire finds it. The hook may have the
// error.
func note(resp *http.Response, err error, why string) (*http.Response, error) {
	if known, _ := err.(*customers.Error); known != nil {
		e := *known
		e.Detail = withNote(e.Detail, why)
		return nil, &e
	}
	resp.Body.(*answer).note = why
	return resp, nil
}

func withNote(detail, note string) string {
	if detail == "" || note == "" {
		return detail + note
	}
	return detail + "; " + note
}
