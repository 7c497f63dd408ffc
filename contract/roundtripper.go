package contract

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"math"
	"net/http"
	"sync"

	"github.com/contract-first/customers/contract/check"
)

// RoundTripper holds every exchange of an [http.Client] against a contract. The zero value with a Provider refuses
// requests that break it, which are then not sent, and lets answers that do so pass, since providers add properties;
// Report is told of both.
//
// What passes, passes as it is: no header and no byte of a body is changed, in either direction, and an error while an
// answer is read reaches its reader after the bytes before it. Only time passes: a body is read ahead of its check, up
// to MaxBody, and the check of an exchange that breaks the contract takes some ten times as long as of one that does not.
// What is refused is a [*check.Refusal].
//
// The first request loads the contract. Where there is none, as for the zero value, every request is refused with the
// reason ([check.Refusal].Err). A RoundTripper is safe for concurrent use once it is in use; its fields must not be
// changed, and it must not be copied, from then on. It sees each redirect and each repeated request as one of its own,
// so it belongs below whatever follows or repeats them. An answer in a content coding that Next does not undo, as
// [http.Transport] does for the one it asked for itself, is held against the contract as it is, and breaks it.
type RoundTripper struct {
	// Provider names a contract of package specs, such as "stancer". It is not used if there is a Spec.
	Provider string
	// Spec is a contract that was loaded before, to share it or to use one's own.
	Spec *Spec
	// Next carries what passes. Nil is http.DefaultTransport.
	Next http.RoundTripper
	// PassRequests has requests that break the contract reported and sent.
	PassRequests bool
	// RefuseResponses refuses answers that break the contract. Status and header are in the refusal, the body is lost.
	RefuseResponses bool
	// Report is told of every exchange that breaks the contract, refused or not, in the goroutine of the call and before
	// it returns. It must be safe for concurrent use. Nil tells nobody.
	Report func(context.Context, Finding)
	// MaxBody is how many bytes of a body are read to check it; a larger one breaks the rule maxBytes, and the rest is
	// passed on as it comes. 0 is 1 MiB; that of the adapters' transport.Options is meant for the same answers.
	MaxBody int64

	once sync.Once
	spec *Spec
	err  error
}

// Finding is one message that breaks its contract. It holds no value of it, so it can be logged.
type Finding struct {
	Provider  string
	Operation Operation // zero if the contract has none for the request
	Status    int       // of the answer; 0 if it is the request that breaks the contract
	Refused   bool
	// Violations is never empty.
	Violations []check.Violation
}

// RoundTrip sends one request, as the interface of net/http has it.
func (t *RoundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, op, err := t.request(r)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	next := t.Next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(sent)
	if err != nil || resp == nil {
		return resp, err
	}
	if resp.Request == sent {
		resp.Request = r
	}
	if err := t.response(r, op, resp); err != nil {
		if resp.Body != nil {
			_ = resp.Body.Close()
		}
		return nil, err
	}
	return resp, nil
}

// load is done once, by whichever request comes first.
func (t *RoundTripper) load() (*Spec, error) {
	t.once.Do(func() {
		if t.spec = t.Spec; t.spec == nil {
			t.spec, t.err = Load(t.Provider)
		}
	})
	return t.spec, t.err
}

// request checks a request and returns it with a body from the start, and its operation, nil if there is none.
func (t *RoundTripper) request(r *http.Request) (*http.Request, *operation, error) {
	spec, err := t.load()
	if err != nil {
		return nil, nil, &check.Refusal{Provider: t.Provider, Err: err}
	}
	var body payload
	sent := r
	if r.Body != nil && r.Body != http.NoBody {
		sent = r.WithContext(r.Context()) // a copy: r must not be changed
		body, sent.Body = t.peek(r.Body, r.ContentLength)
		if body.err != nil {
			return nil, nil, body.err
		}
	}
	op, vs := spec.checkRequest(r, body)
	if err := t.judge(r, op, 0, nil, vs, !t.PassRequests); err != nil {
		return nil, op, err
	}
	if body.bytes != nil && body.limit == 0 { // all of it
		_ = sent.Body.Close()
		again := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body.bytes)), nil }
		// net/http sends such a body in one packet with the header, and any other in a second one.
		sent.Body, _ = again()
		if r.GetBody != nil { // else net/http would repeat what its sender did not allow it to
			sent.GetBody = again
		}
	}
	return sent, op, nil
}

// response checks an answer and gives it a body from the start.
func (t *RoundTripper) response(r *http.Request, op *operation, resp *http.Response) error {
	var body payload
	// After 101 the body is a connection, on which the other side may wait for us.
	if resp.Body != nil && resp.Body != http.NoBody && resp.StatusCode >= 200 {
		body, resp.Body = t.peek(resp.Body, resp.ContentLength)
	}
	var vs []check.Violation
	if op == nil {
		_, _, vs = t.spec.find(r)
	} else {
		vs = t.spec.checkResponse(op, r, resp.StatusCode, resp.Header, body)
	}
	return t.judge(r, op, resp.StatusCode, resp.Header, vs, t.RefuseResponses)
}

// judge reports violations, and makes them an error if they are to be refused.
func (t *RoundTripper) judge(
	r *http.Request, found *operation, status int, header http.Header, vs []check.Violation, refuse bool,
) error {
	if len(vs) == 0 {
		return nil
	}
	var op Operation
	if found != nil {
		op = found.Operation
	}
	if t.Report != nil {
		t.Report(r.Context(), Finding{
			Provider: t.spec.provider, Operation: op, Status: status, Refused: refuse, Violations: vs,
		})
	}
	if !refuse {
		return nil
	}
	return &check.Refusal{Provider: t.spec.provider, Operation: op.ID, Status: status, Header: header, Violations: vs}
}

// peek reads a body up to MaxBody and returns what it read, and a body with all there is. length is what it is said to
// have, or -1.
func (t *RoundTripper) peek(body io.ReadCloser, length int64) (payload, io.ReadCloser) {
	limit := min(cmp.Or(max(t.MaxBody, 0), 1<<20), math.MaxInt64-1)
	var p payload
	p.bytes, p.err = read(body, limit+1, length)
	whole := &replay{rest: body, Closer: body}
	whole.read.Reset(p.bytes)
	switch {
	case p.err != nil:
		whole.rest = failing{p.err}
	case int64(len(p.bytes)) > limit:
		p.limit = limit
	}
	return p, whole
}

// read is io.ReadAll up to a limit, with a buffer made for the length.
func read(body io.Reader, limit, length int64) ([]byte, error) {
	size := int64(512)
	if length >= 0 {
		size = min(length, 64<<10) + 1 // one more to find the end; and anybody can claim a length
	}
	data := make([]byte, 0, min(size, limit))
	for int64(len(data)) < limit {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := body.Read(data[len(data):min(int64(cap(data)), limit)])
		data = data[:len(data)+n]
		switch err {
		case nil:
		case io.EOF:
			return data, nil
		default:
			return data, err
		}
	}
	return data, nil
}

// replay is a body from the start.
type replay struct {
	read bytes.Reader // what was read of it
	rest io.Reader
	io.Closer
}

func (b *replay) Read(p []byte) (int, error) {
	if b.read.Len() > 0 {
		return b.read.Read(p)
	}
	return b.rest.Read(p)
}

// failing is the rest of a body that could not be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
