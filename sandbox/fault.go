package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/specs"
)

// FaultHeader is a header that asks for a fault of the request that has it, in the form of [ParseFault]. It belongs to
// no contract. One that cannot be is answered with 400 and a text that says why.
const FaultHeader = "X-Sandbox-Fault"

// Fault is something that goes wrong on purpose. Only [ParseFault] makes one that does: the zero value does nothing.
type Fault struct {
	text                string
	provider, operation string // "" is any
	probability         float64

	what    string // with example and -after, as the journal has it
	kind    faultKind
	status  int
	example string // "" is the first one
	delay   time.Duration
	after   bool // the provider does its work first
}

type faultKind string

const (
	faultStatus    faultKind = "status"
	faultDelay     faultKind = "delay"
	faultReset     faultKind = "reset"
	faultHTML      faultKind = "html"
	faultEmpty     faultKind = "empty"
	faultTruncated faultKind = "truncated"
	faultMalformed faultKind = "malformed"
)

// ParseFault reads a fault such as "stancer.createCustomer=503:0.2": whose it is, what happens, and how often.
//
// Before the "=" stands a provider and an operationId ("stancer.createCustomer"), a provider and all that it is asked
// ("stancer.*"), or "*" for everything; without it ("503") it is everything. After a colon stands a probability from 0
// to 1; without it the fault happens each time. What happens is one of these:
//
//	503            the status, from 200 to 599, with the first example (by name) that the contract has for it; without
//	               a body if it has none. The provider never saw the request. A 429 asks to wait a second (Retry-After).
//	409/duplicate  the example with this name
//	html           502 with a page of HTML, as from a proxy; the provider never saw the request
//	reset          the connection is closed without an answer; the provider never saw the request
//	503-after, 409/duplicate-after, html-after, reset-after
//	               the same, but the provider has done its work
//	delay=2s       the provider gets the request that much later
//	empty          the provider's answer without its body
//	truncated      the provider's answer, broken off in the middle of its body
//	malformed      the provider's answer without the last byte of its body, so that it is no JSON or XML
//
// An answer that has no body is the same empty, truncated or malformed.
func ParseFault(text string) (Fault, error) {
	f, err := parseFault(text)
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", text, err)
	}
	return f, nil
}

func parseFault(text string) (f Fault, err error) {
	f = Fault{text: text, what: text, probability: 1}
	if target, what, ok := strings.Cut(text, "="); ok && target != string(faultDelay) {
		f.what = what
		if err := f.aim(target); err != nil {
			return f, err
		}
	}
	what, probability, given := strings.Cut(f.what, ":")
	if f.what = what; given {
		// Written so that NaN is refused too.
		if f.probability, err = strconv.ParseFloat(probability, 64); err != nil || !(f.probability >= 0 && f.probability <= 1) {
			return f, errors.New("the probability must be a number from 0 to 1")
		}
	}
	if delay, ok := strings.CutPrefix(what, "delay="); ok {
		if f.delay, err = time.ParseDuration(delay); err != nil || f.delay < 0 {
			return f, errors.New("the delay must be a duration such as 2s or 150ms")
		}
		f.kind = faultDelay
		return f, nil
	}
	what, f.after = strings.CutSuffix(what, "-after")
	switch kind := faultKind(what); kind {
	case faultReset, faultHTML:
		f.kind = kind
		return f, nil
	case faultEmpty, faultTruncated, faultMalformed:
		if f.kind = kind; f.after {
			return f, errors.New(what + " is always after the provider did its work")
		}
		return f, nil
	}
	code, example, named := strings.Cut(what, "/")
	f.kind, f.example = faultStatus, example
	if f.status, err = strconv.Atoi(code); err != nil || f.status < 200 || f.status > 599 || named && example == "" {
		return f, errors.New("what happens must be a status from 200 to 599, a status/example, " +
			"delay=…, reset, html, empty, truncated or malformed")
	}
	return f, nil
}

// aim sets whose fault it is.
func (f *Fault) aim(target string) error {
	if target == "*" {
		return nil
	}
	var ok bool
	f.provider, f.operation, ok = strings.Cut(target, ".")
	switch {
	case !ok || f.operation == "":
		return errors.New(`before "=" must stand provider.operationId, provider.* or *`)
	case !slices.Contains(specs.Providers(), f.provider):
		return errors.New("there is no such provider, only " + strings.Join(specs.Providers(), ", "))
	case f.operation == "*":
		f.operation = ""
	}
	return nil
}

// String is the text that was parsed.
func (f Fault) String() string { return f.text }

// about reports whether the fault is one of a provider's operation.
func (f Fault) about(provider, operation string) bool {
	return (f.provider == "" || f.provider == provider) && (f.operation == "" || f.operation == operation)
}

// shown is the example to answer with: JSON, unless the request does not take it and there is another. It reports
// false if the contract shows nothing with this status and name.
func (f Fault) shown(examples []contract.Example, request http.Header) (found contract.Example, ok bool) {
	for _, e := range examples {
		if e.Status != f.status || f.example != "" && f.example != e.Name {
			continue
		}
		if e.ContentType == "" || (e.ContentType == mediaJSON) == acceptsJSON(request) {
			return e, true
		}
		if !ok {
			found, ok = e, true
		}
	}
	return found, ok
}

// strike puts the fault in the place of the provider's answer in e and header. It reports whether what comes of it is
// to be held against the contract.
func (f Fault) strike(e *Exchange, header http.Header, examples []contract.Example) bool {
	switch f.kind {
	case faultStatus:
		clear(header)
		example, declared := f.shown(examples, e.RequestHeader)
		if example.ContentType != "" {
			header.Set("Content-Type", example.ContentType+"; charset=utf-8")
		}
		if f.status == http.StatusTooManyRequests {
			header.Set("Retry-After", "1")
		}
		e.Status, e.ResponseBody = f.status, append([]byte{}, example.Body...)
		return declared
	case faultReset:
		clear(header)
		e.Status, e.ResponseBody = 0, []byte{}
	case faultHTML:
		clear(header)
		header.Set("Content-Type", "text/html; charset=utf-8")
		e.Status = http.StatusBadGateway
		e.ResponseBody = []byte("<!DOCTYPE html>\n<title>502 Bad Gateway</title>\n<h1>Bad Gateway</h1>\n")
	case faultEmpty:
		e.ResponseBody = []byte{}
	case faultTruncated:
		// net/http closes the connection where less is written than was promised.
		header.Set("Content-Length", strconv.Itoa(len(e.ResponseBody)))
		e.ResponseBody = e.ResponseBody[:len(e.ResponseBody)/2]
	case faultMalformed:
		e.ResponseBody = e.ResponseBody[:max(0, len(e.ResponseBody)-1)]
	}
	return false
}

// processes reports whether the provider gets the request.
func (f Fault) processes() bool {
	switch f.kind {
	case faultStatus, faultReset, faultHTML:
		return f.after
	}
	return true
}

// wait lets the delay pass; it reports false if the client broke off.
func (f Fault) wait(ctx context.Context) bool {
	if f.delay == 0 {
		return true
	}
	timer := time.NewTimer(f.delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// possible reports whether the contract has the example that f names, if it names one.
func (f Fault) possible(spec *contract.Spec, operation string, request http.Header) bool {
	if f.example == "" {
		return true
	}
	_, ok := f.shown(spec.Examples(operation), request)
	return ok
}

// check refuses an operation or an example that no contract has: in a configuration it is a slip of the pen.
func (s *Sandbox) check(f Fault) error {
	if f.operation == "" && f.example == "" {
		return nil
	}
	for name, p := range s.providers {
		if f.provider != "" && f.provider != name {
			continue
		}
		spec, err := p.spec()
		if err != nil {
			return err
		}
		for _, op := range spec.Operations() {
			if f.about(name, op.ID) && f.possible(spec, op.ID, nil) {
				return nil
			}
		}
	}
	return fmt.Errorf("fault %q: no contract has such an operation, or such an example of it", f)
}

// fault is what strikes a request: of the one in its header and those of the configuration, the first that happens.
func (p *provider) fault(r *http.Request, spec *contract.Spec, operation string) (Fault, error) {
	faults := p.sandbox.faults
	if text := r.Header.Get(FaultHeader); text != "" {
		f, err := ParseFault(text)
		if err == nil && f.about(p.name, operation) && !f.possible(spec, operation, r.Header) {
			err = fmt.Errorf("fault %q: the contract of %s has no such example", f, operation)
		}
		if err != nil {
			return Fault{}, err
		}
		faults = append([]Fault{f}, faults...)
	}
	for _, f := range faults {
		if f.about(p.name, operation) && f.possible(spec, operation, r.Header) && p.sandbox.chance(f.probability) {
			return f, nil
		}
	}
	return Fault{}, nil
}

// chance reports whether something with this probability happens now.
func (s *Sandbox) chance(probability float64) bool {
	if probability == 1 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand() < probability
}
