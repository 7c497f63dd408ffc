package transport

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/check"
)

// answer is the body of an answer, read to its end.
type answer struct {
	bytes.Reader
	body []byte
	note string // why there was no further attempt, "" if nothing spoke for one

	// What a codec found beside the JSON in body.
	undeclared []string
	complaint  string
}

func (*answer) Close() error { return nil }

// once makes one attempt, reads the answer to its end and completes the exchange. Its errors are [*customers.Error].
func (w *Wire) once(ctx context.Context, s *sending, held *credentials) (*http.Response, error) {
	if w.attempt.after > 0 {
		var cancel context.CancelFunc
		ctx, cancel = w.attempt.within(ctx)
		defer cancel()
	}
	exchange, started := &s.exchange, time.Now()
	resp, err := w.roundTrip(ctx, s, held)
	if err == nil {
		exchange.Status, exchange.RequestID = resp.StatusCode, requestID(resp.Header)
		err = w.read(ctx, resp, exchange.Op)
	}
	exchange.Duration = time.Since(started)
	if err != nil {
		exchange.Err = err
		return nil, err
	}
	return resp, nil
}

// roundTrip is one attempt up to the header of its answer.
func (w *Wire) roundTrip(ctx context.Context, s *sending, held *credentials) (*http.Response, error) {
	exchange := &s.exchange
	traced, begun := w.trace(ctx, s.req)
	send, err := s.next(traced, held)
	if err != nil {
		return nil, w.failed(ctx, true, err)
	}
	if op, known := operation(ctx); known && op == "" {
		// The answer holds a token. On a connection that is kept, net/http logs what a server sends beyond an answer's end.
		send.Close = true
	}
	if begun == nil {
		begun = watch(send)
	}
	resp, err := w.options.RoundTripper.RoundTrip(send)
	if err == nil && resp != nil {
		return resp, nil
	}
	if err == nil {
		err = errNoAnswer
	}
	if refusal := (*check.Refusal)(nil); errors.As(err, &refusal) {
		exchange.Status, exchange.RequestID = refusal.Status, requestID(refusal.Header)
		return nil, w.offContract(refusal, exchange.Op)
	}
	unsent := notSent(err) || begun != nil && !begun.Load()
	return nil, w.failed(ctx, unsent, err)
}

// offContract makes the error of what a RoundTripper that holds exchanges against a contract did not let pass. A
// refusal by the provider stays one, but an answer that breaks the contract is not believed to speak of a customer.
func (w *Wire) offContract(r *check.Refusal, op customers.Op) error {
	if r.Err != nil {
		return &customers.Error{
			Provider: w.provider, Kind: customers.ErrConfig, Outcome: customers.ErrNotSent, Err: r.Err,
			Detail: "the RoundTripper's contract cannot be read, so nothing was sent",
		}
	}
	e := refused(r.Violations)
	if slices.ContainsFunc(r.Violations, func(v check.Violation) bool { return v.Pointer == "path" && v.Rule == "paths" }) {
		e.Detail = "the contract has no such path: a BaseURL with a path of its own is none of the contract's"
	}
	if r.Status != 0 {
		answered := newError(op, &http.Response{StatusCode: r.Status, Header: r.Header})
		answered.Violations, e = e.Violations, answered
		switch e.Kind {
		case "":
			e.Kind, e.Outcome = customers.ErrContract, customers.ErrUnknownOutcome
		case customers.ErrNotFound, customers.ErrAlreadyExists:
			e.Kind = customers.ErrContract
		}
	}
	e.Provider = w.provider
	return e
}

// next is the request of an attempt: its header its own, with the credentials, its body from the start. An earlier one is
// not touched, since a RoundTripper may go on reading it when it has failed.
func (s *sending) next(ctx context.Context, held *credentials) (*http.Request, error) {
	send, first := s.req, s.held == nil
	if !s.ours || !first || ctx != send.Context() {
		send = send.WithContext(ctx)
	}
	if !s.ours || !first {
		// The values are shared: nothing that sends a request changes them in place.
		send.Header = maps.Clone(send.Header)
	}
	if send.Header == nil {
		send.Header = http.Header{}
	}
	if !first {
		for name := range s.held.header {
			delete(send.Header, name)
		}
	}
	s.held = held
	setDefault(send.Header, "Accept", "application/json")
	setDefault(send.Header, "Content-Type", "application/json") // vendors ask for it even without a body
	maps.Copy(send.Header, held.header)
	if !first && send.Body != nil {
		body, err := send.GetBody()
		if err != nil {
			return nil, err
		}
		send.Body = body
	}
	return send, nil
}

func setDefault(h http.Header, name, value string) {
	if first(h, name) == "" {
		h[name] = []string{value}
	}
}

// first is h.Get for a name in canonical form.
func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// read puts the whole body into resp, or makes the error of an answer that could not be read to its end. A refusal
// stays one, but nothing shows that the provider itself speaks of a customer.
func (w *Wire) read(ctx context.Context, resp *http.Response, op customers.Op) error {
	a := new(answer)
	var err error
	if resp.Body != nil {
		a.body, err = readAll(resp.Body, resp.ContentLength, w.options.MaxBody)
		_ = resp.Body.Close()
	}
	if err == nil {
		a.Reset(a.body)
		resp.Body = a
		return nil
	}

	e := newError(op, resp)
	success := e.Kind == ""
	unsure := success || e.Kind == customers.ErrNotFound || e.Kind == customers.ErrAlreadyExists
	e.Provider, e.Detail = w.provider, "the answer broke off"
	switch limit, ours := context.Cause(ctx).(*limit); {
	case ours:
		e.Err, e.Detail = context.DeadlineExceeded, "the answer did not end within "+limit.String()
		if unsure {
			e.Kind = customers.ErrUnavailable
		}
	case ctx.Err() != nil:
		e.Kind, e.Err = customers.ErrCanceled, customers.ContextError(ctx)
	case errors.Is(err, errTooLarge):
		e.Detail = fmt.Sprintf("the answer is larger than %d bytes (Options.MaxBody)", w.options.MaxBody)
		if unsure {
			e.Kind = customers.ErrContract
		}
	default:
		e.Err = unquoted(err)
		if unsure {
			e.Kind = customers.ErrUnavailable
		}
	}
	if success {
		e.Outcome = customers.ErrUnknownOutcome
	}
	return e
}

// readAll reads a body of at most so many bytes. Its declared length, which may be wrong or unknown, only decides how
// much room is made at first: if it is right, all of it.
func readAll(r io.Reader, declared, most int64) ([]byte, error) {
	if declared < 0 || declared > min(most, 64<<10) {
		declared = 511
	}
	body := make([]byte, 0, declared+1) // room for one more, to see the end
	for {
		room := body[len(body):min(int64(cap(body)), most+1)]
		n, err := r.Read(room)
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > most:
			return nil, errTooLarge
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		case len(body) == cap(body):
			body = slices.Grow(body, 1)
		}
	}
}

// limit is a timeout of the wire's own, and the cause of a context that it ended; any other end is the caller's.
type limit struct {
	after  time.Duration
	option string
}

func (l *limit) String() string { return fmt.Sprintf("%v (%s)", l.after, l.option) }

func (l *limit) Error() string { return "not done within " + l.String() }

// Is makes a limit what a context's own deadline is.
func (*limit) Is(target error) bool { return target == context.DeadlineExceeded }

func (l *limit) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, l.after, l)
}

// newError is what status and header of an answer tell, without its body.
func newError(op customers.Op, resp *http.Response) *customers.Error {
	e := &customers.Error{
		Status: resp.StatusCode, RequestID: requestID(resp.Header), RetryAfter: retryAfter(resp.Header, time.Now()),
	}
	e.Kind, e.Outcome = classify(op, resp.StatusCode)
	return e
}

// failed makes the error of an attempt without an answer.
func (w *Wire) failed(ctx context.Context, unsent bool, cause error) *customers.Error {
	e := &customers.Error{Provider: w.provider, Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome}
	if unsent {
		e.Outcome = customers.ErrNotSent
	}
	switch limit, ours := context.Cause(ctx).(*limit); {
	case ours:
		e.Err, e.Detail = context.DeadlineExceeded, "no answer within "+limit.String()
	case ctx.Err() != nil:
		e.Kind, e.Err = customers.ErrCanceled, customers.ContextError(ctx)
	default:
		e.Err = unquoted(cause)
	}
	return e
}

// withoutCredentials makes the error of a call whose credentials could not be had. The call itself was not sent. A kind
// that speaks of a customer must not come through: an exchange that is not found is no customer not found.
func (w *Wire) withoutCredentials(ctx context.Context, cause error) error {
	known := (*customers.Error)(nil)
	if ctx.Err() != nil || !errors.As(cause, &known) {
		return w.failed(ctx, true, cause)
	}
	e := *known // a copy: all that wait for the credentials get the same error
	e.Outcome = customers.ErrNotSent
	if e.Kind != customers.ErrConfig {
		e.Detail = cmp.Or(e.Detail, "the exchange of the credentials for a token failed")
	}
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
	return errors.As(err, &op) && op.Op == "dial" || untrusted(err)
}

func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate)
}

// unquoted keeps of an error what is known to quote nothing of the exchange. Errors of net/http and of RoundTrippers
// may hold its URL, the lines of an answer that is not HTTP, or whatever a server sends when it hangs up.
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
		return customers.Quiet("a step of the connection timed out", err)
	}
	return customers.Quiet("the connection broke, the answer is not HTTP, or the RoundTripper failed", err)
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
		if id := identifier(first(h, name)); id != "" {
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

// trace is a context by which net/http's own transport tells, after an attempt without an answer, whether the provider
// may have something of req that it could carry out: whether it began to write the header. The flag is nil where nothing
// tells, or where the body does ([watch]): the caller's transport may have others below it.
func (w *Wire) trace(ctx context.Context, req *http.Request) (context.Context, *atomic.Bool) {
	if hasBody(req) {
		if w.own == nil {
			return ctx, nil
		}
	} else if _, ok := w.options.RoundTripper.(*http.Transport); !ok || !writes(req) {
		return ctx, nil
	}
	begun := new(atomic.Bool)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaderField: func(string, []string) { begun.Store(true) }, // called before the field leaves the buffer
	}), begun
}

// watch makes the body of req tell the same: whether the transport began to read it. It is not for our own transport,
// which sends a body of another type than those of the standard library in a packet after the header's. The flag is nil if
// there is no body.
func watch(req *http.Request) *atomic.Bool {
	if !hasBody(req) {
		return nil
	}
	begun := new(atomic.Bool)
	req.Body = watchedBody{req.Body, begun}
	if get := req.GetBody; get != nil {
		// net/http asks for the body anew only where nothing of the request was sent, and then sends this one.
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := get()
			return watchedBody{body, begun}, err
		}
	}
	return begun
}

func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

// watchedBody notes whether the transport began to read it: before that the provider has at most its header.
type watchedBody struct {
	io.ReadCloser
	begun *atomic.Bool
}

func (b watchedBody) Read(p []byte) (int, error) {
	b.begun.Store(true)
	return b.ReadCloser.Read(p)
}

// WriteTo is there so that no buffer is needed between the body and the connection.
func (b watchedBody) WriteTo(w io.Writer) (int64, error) {
	b.begun.Store(true)
	return io.Copy(w, b.ReadCloser)
}

var (
	errTooLarge = errors.New("the answer is larger than MaxBody")
	errNoAnswer = errors.New("the RoundTripper gave neither an answer nor an error")
)
