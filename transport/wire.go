package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/contract-first/customers"
)

// Wire sends the requests of one provider's generated client. It is safe for concurrent use.
type Wire struct {
	provider string
	base     *url.URL
	auth     Auth
	options  Options
	decode   Decode
	own      *http.Transport // nil if the caller gave a RoundTripper
}

// Decode fills an error with what the body of a provider's error answer tells, and reports whether the body has the
// provider's own form. It gets JSON in UTF-8, or nothing where there is no body, and leaves alone what it does not
// understand. That a customer is not found or exists already is believed only in the provider's own form.
type Decode func(e *customers.Error, body []byte) bool

// New makes the wire to the API at base, an absolute URL without a last slash.
func New(provider, base string, auth Auth, options Options, decode Decode) (*Wire, error) {
	root, err := baseURL(base)
	switch {
	case err != nil:
		return nil, ConfigError(provider, "BaseURL", err.Error())
	case options.Timeout < 0:
		return nil, ConfigError(provider, "Timeout", "must not be negative")
	case options.MaxBody < 0:
		return nil, ConfigError(provider, "MaxBody", "must not be negative")
	}
	w := &Wire{provider: provider, base: root, auth: auth, options: options, decode: decode}
	if w.options.RoundTripper == nil {
		w.own = newRoundTripper()
		w.options.RoundTripper = w.own
	}
	w.options.Timeout = cmp.Or(options.Timeout, 30*time.Second)
	w.options.MaxBody = cmp.Or(options.MaxBody, 1<<20)
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

// With is a wire to the same place with other credentials, sharing connections: for the exchange that gets a token.
func (w *Wire) With(auth Auth) *Wire {
	other := *w
	other.auth = auth
	return &other
}

// Base is the root of the API, for the generated client.
func (w *Wire) Base() string { return w.base.String() }

// Do sends req as the promises of the package say. It is what the generated client calls; its errors are
// [*customers.Error]. The caller reads and closes the body.
func (w *Wire) Do(req *http.Request) (*http.Response, error) {
	if err := w.check(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	op, _ := req.Context().Value(opKey{}).(customers.Op)
	ctx, cancel := context.WithTimeout(req.Context(), w.options.Timeout)
	resp, err := w.authorized(ctx, req, op)
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Request = req // the caller's: the one that was sent holds the credentials
	resp.Body.(*exchangeBody).cancel = cancel
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
		return w.refused(customers.Violation{Field: customers.FieldID, Pointer: "path", Rule: "format", Bound: "an id that can stand in a URL"})
	}
	return nil
}

func (w *Wire) refused(v customers.Violation) error {
	return &customers.Error{
		Provider: w.provider, Kind: customers.ErrInvalid, Outcome: customers.ErrNotSent, Violations: []customers.Violation{v},
	}
}

// authorized sends req with credentials, and once more with new ones if they are refused and can be had.
func (w *Wire) authorized(ctx context.Context, req *http.Request, op customers.Op) (*http.Response, error) {
	reason := "first attempt"
	for attempt := 1; ; attempt++ {
		var token string
		if w.auth.token != nil {
			var err error
			if token, err = w.auth.token(ctx); err != nil {
				if attempt == 1 && req.Body != nil {
					_ = req.Body.Close()
				}
				return nil, w.withoutToken(req.Context(), err)
			}
		}
		send, err := again(ctx, req, attempt)
		if err != nil {
			return nil, w.failed(req.Context(), true, err)
		}
		setDefault(send.Header, "Accept", "application/json")
		setDefault(send.Header, "Content-Type", "application/json") // vendors ask for it even without a body
		if w.auth.apply != nil {
			w.auth.apply(send.Header, token)
		}
		resp, err := w.once(req.Context(), send, op, attempt, reason)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusUnauthorized || w.auth.renew == nil || attempt > 1 {
			return resp, nil
		}
		w.auth.renew(token)
		if req.Body != nil && req.GetBody == nil {
			return resp, nil // the body cannot be sent a second time
		}
		_ = resp.Body.Close() // unread: a connection less is better than to wait for what nobody needs
		reason = "credentials renewed after 401"
	}
}

// again is req for one attempt: its headers its own, its body from the start.
func again(ctx context.Context, req *http.Request, attempt int) (*http.Request, error) {
	send := req.WithContext(ctx)
	send.Header = req.Header.Clone()
	if attempt > 1 && req.Body != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		send.Body = body
	}
	return send, nil
}

func setDefault(h http.Header, name, value string) {
	if h.Get(name) == "" {
		h.Set(name, value)
	}
}

// once sends one request and reports it to the hook; ctx is the caller's, without the wire's timeout.
func (w *Wire) once(
	ctx context.Context, req *http.Request, op customers.Op, attempt int, reason string,
) (*http.Response, error) {
	bodyRead := watch(req)
	exchange := Exchange{Provider: w.provider, Op: op, Method: req.Method, Attempt: attempt, Reason: reason}
	started := time.Now()
	ended := func(err error) {
		exchange.Err, exchange.Duration = err, time.Since(started)
		if w.options.Hook != nil {
			w.options.Hook(ctx, exchange)
		}
	}
	resp, err := w.options.RoundTripper.RoundTrip(req)
	if err == nil && resp == nil {
		err = errNoAnswer
	}
	if err != nil {
		err = w.failed(ctx, notSent(err) || bodyRead != nil && !bodyRead.Load(), err)
		ended(err)
		return nil, err
	}
	exchange.Status, exchange.RequestID = resp.StatusCode, requestID(resp.Header)
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	resp.Body = &exchangeBody{ReadCloser: resp.Body, left: w.options.MaxBody, ended: func(err error) {
		switch {
		case err == nil:
		case ctx.Err() != nil:
			err = whyEnded(ctx)
		default:
			err = unquoted(err)
		}
		ended(err)
	}}
	return resp, nil
}

// failed makes the error of an exchange without an answer; ctx is the caller's.
func (w *Wire) failed(ctx context.Context, unsent bool, cause error) error {
	e := &customers.Error{Provider: w.provider, Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome}
	if unsent {
		e.Outcome = customers.ErrNotSent
	}
	switch {
	case ctx.Err() != nil:
		e.Kind, e.Err = customers.ErrCanceled, whyEnded(ctx)
	case errors.Is(cause, context.DeadlineExceeded):
		e.Err, e.Detail = context.DeadlineExceeded, fmt.Sprintf("no answer within %v (Options.Timeout)", w.options.Timeout)
	default:
		e.Err = unquoted(cause)
	}
	return e
}

// withoutToken makes the error of a call whose token could not be had. The call itself was not sent. A kind that speaks
// of a customer must not come through: an exchange that is not found is no customer not found.
func (w *Wire) withoutToken(ctx context.Context, cause error) error {
	known := (*customers.Error)(nil)
	if ctx.Err() != nil || !errors.As(cause, &known) {
		return w.failed(ctx, true, cause)
	}
	e := *known // a copy: all that wait for the token get the same error
	e.Outcome = customers.ErrNotSent
	e.Detail = cmp.Or(e.Detail, "the exchange of the credentials for a token failed")
	switch e.Kind {
	case customers.ErrInvalid:
		e.Kind = customers.ErrUnauthenticated
	case customers.ErrNotFound, customers.ErrAlreadyExists:
		e.Kind = customers.ErrContract
	}
	return &e
}

// notSent reports whether err says that no connection was made.
func notSent(err error) bool {
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &cert)
}

// unquoted keeps of an error what is known to quote nothing of the exchange. Errors of net/http and of RoundTrippers may
// hold its URL, the lines of an answer that is not HTTP, or whatever a server sends when it hangs up.
func unquoted(err error) error {
	var (
		certificate *tls.CertificateVerificationError
		dns         *net.DNSError
		op          *net.OpError
		timeout     net.Error
	)
	for _, own := range [...]error{errTooLarge, errNoAnswer, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, own) {
			return own
		}
	}
	switch {
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &dns):
		return dns
	case errors.As(err, &op):
		return op
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.As(err, &timeout) && timeout.Timeout():
		return quiet{"a step of the connection timed out", err}
	}
	return quiet{"the connection broke, the answer is not HTTP, or the RoundTripper failed", err}
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// requestID is the provider's id of the exchange, if it is one that can be printed.
func requestID(h http.Header) string {
	for _, name := range [...]string{"X-Request-Id", "Request-Id", "X-Correlation-Id"} {
		if id := identifier(h.Get(name)); id != "" {
			return id
		}
	}
	return ""
}

// identifier is s if it is short and made of the characters of ids, else "": what a server sends goes into error texts
// only if it cannot be mistaken for text.
func identifier(s string) string {
	if len(s) > 64 {
		return ""
	}
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '.':
		default:
			return ""
		}
	}
	return s
}

// retryAfter reads Retry-After (RFC 9110, section 10.2.3): seconds or a date. What makes no sense is 0; more than a
// duration can hold is the longest one.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if value == "" {
		return 0
	}
	const most = math.MaxInt64 / int64(time.Second)
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // out of range it is the nearest that an int64 holds
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// watchedBody notes whether the transport began to read it: before that the provider has at most its header.
type watchedBody struct {
	io.ReadCloser
	read *atomic.Bool
}

func (b watchedBody) Read(p []byte) (int, error) {
	b.read.Store(true)
	return b.ReadCloser.Read(p)
}

// watch tells whether the body of req was read; nil if it has none.
func watch(req *http.Request) *atomic.Bool {
	if req.Body == nil || req.Body == http.NoBody {
		return nil
	}
	read := new(atomic.Bool)
	req.Body = watchedBody{req.Body, read}
	if get := req.GetBody; get != nil {
		// net/http asks for the body anew only where nothing of the request was sent, and then sends this one.
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := get()
			return watchedBody{body, read}, err
		}
	}
	return read
}

var (
	errTooLarge = errors.New("the answer is larger than MaxBody")
	errNoAnswer = errors.New("the RoundTripper gave neither an answer nor an error")
)

// exchangeBody is the body of an answer. It fails beyond its limit; closing it ends the exchange.
type exchangeBody struct {
	io.ReadCloser
	left   int64
	err    error // why reading failed
	ended  func(error)
	cancel context.CancelFunc // may be nil
}

func (b *exchangeBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) > 0 && int64(len(p))-1 > b.left {
		p = p[:b.left+1] // one more than allowed, to tell the end from too much
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		n, err = n-1, errTooLarge
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

func (b *exchangeBody) Close() error {
	err := b.ReadCloser.Close()
	if b.ended != nil {
		b.ended(b.err)
		b.ended = nil
	}
	if b.cancel != nil {
		b.cancel()
	}
	return err
}
