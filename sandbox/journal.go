package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/contract-first/customers/contract/check"
)

// Exchange is one request and its answer.
//
// A credential or token of the sandbox is in no part of it, wherever a client put it, unless it was encoded (other than
// by a percent sign in the URL).
type Exchange struct {
	Provider string
	// Time is when the request came, and Duration how long it took until there was an answer.
	Time     time.Time
	Duration time.Duration
	// Operation is the operationId, "" for a path or method that the contract does not know.
	Operation string
	Template  string // the operation's path as the contract writes it, such as /v1/customers/{id}
	Method    string
	// URL is what was asked for, absolute: the path and query as they were sent, below the host as the client called it.
	URL           string
	Path          string
	Query         string
	Proto         string      // the version, such as HTTP/1.1
	RequestHeader http.Header // only what is known to be harmless has its value
	RequestBody   []byte      // nil where it was left out: it was too large, could not be read, or went in for a token
	// Fault is what went wrong on purpose, as in [ParseFault] without target and probability; "" is nothing.
	Fault string
	// Processed tells whether the provider got the request to work on, which it may have refused.
	Processed      bool
	Status         int         // as it was sent, 0 where a fault left the request without an answer
	ResponseHeader http.Header // what HTTP adds, such as Date, is not in it
	ResponseBody   []byte      // nil where it was left out: it has a token, or says why there is no such [FaultHeader]
	// RequestViolations and ResponseViolations are the rules of the contract that each side broke.
	RequestViolations  []check.Violation
	ResponseViolations []check.Violation
}

// Journal is a copy of the exchanges so far, the oldest first; what they lead to, such as bodies, is shared and must not
// be changed.
func (s *Sandbox) Journal() []Exchange { return s.journal.all() }

// Verify fails if an answer broke the contract: then the sandbox is wrong, and what was tried against it proves
// nothing. It tells the first 100 rules that were broken, whether or not the journal still has the exchange. Requests
// that break the contract are the client's affair and stand in the journal. A fault is held against the contract only
// where it is an answer that the contract has.
func (s *Sandbox) Verify() error { return s.journal.verify() }

const (
	maxJournalBytes = 64 << 20
	maxBroken       = 100
)

// add puts a complete exchange into the journal, without credentials.
func (s *Sandbox) add(e Exchange) {
	e.Duration = s.now().Sub(e.Time)
	e.URL, e.Path, e.Query = s.redactedURL(e.URL), s.redactedURL(e.Path), s.redactedURL(e.Query)
	e.Method, e.Fault = s.redactedText(e.Method), s.redactedText(e.Fault)
	e.RequestHeader, e.ResponseHeader = s.redactedHeader(e.RequestHeader), s.redactedHeader(e.ResponseHeader)
	e.RequestBody, e.ResponseBody = s.redacted(e.RequestBody), s.redacted(e.ResponseBody)
	for _, vs := range [][]check.Violation{e.RequestViolations, e.ResponseViolations} {
		for i := range vs {
			for _, text := range []*string{&vs[i].Pointer, &vs[i].Field, &vs[i].Rule, &vs[i].Bound} {
				*text = s.redactedText(*text)
			}
		}
	}
	s.journal.add(e)
}

// journal keeps the last exchanges, and what was wrong with any answer.
type journal struct {
	mu     sync.Mutex
	size   int
	record func(Exchange)
	kept   []Exchange // the oldest first
	bytes  int        // of them all
	broken []error
}

func (j *journal) add(e Exchange) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, v := range e.ResponseViolations[:min(len(e.ResponseViolations), maxBroken-len(j.broken))] {
		j.broken = append(j.broken,
			fmt.Errorf("%s: answer %d of %s breaks the contract: %s", e.Provider, e.Status, e.Operation, v))
	}
	if j.record != nil {
		j.record(e)
	}
	j.kept = append(j.kept, e)
	j.bytes += e.bytes()
	for len(j.kept) > j.size || j.bytes > maxJournalBytes {
		j.bytes -= j.kept[0].bytes()
		j.kept[0] = Exchange{} // lets the bodies go
		j.kept = j.kept[1:]
	}
}

// bytes is about what an exchange takes: its texts, and some for each of which there may be very many.
func (e *Exchange) bytes() int {
	const each = 64
	n := len(e.Method) + len(e.URL) + len(e.Path) + len(e.Query) + len(e.RequestBody) + len(e.ResponseBody)
	for _, h := range []http.Header{e.RequestHeader, e.ResponseHeader} {
		for name, values := range h {
			n += each + len(name)
			for _, value := range values {
				n += each + len(value)
			}
		}
	}
	for _, vs := range [][]check.Violation{e.RequestViolations, e.ResponseViolations} {
		for _, v := range vs {
			n += each + len(v.Pointer) + len(v.Field) + len(v.Rule) + len(v.Bound)
		}
	}
	return n
}

func (j *journal) all() []Exchange {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.kept)
}

func (j *journal) verify() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return errors.Join(j.broken...)
}
