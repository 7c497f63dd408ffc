// Package sandbox is the other side: a stateful fake of the four providers that speaks each one's own protocol on
// loopback, keeps a journal of every exchange, and holds both directions against the contracts.
//
// It answers as the providers' documentation says. Where the documentation is silent or contradicts itself, a [Dialect]
// switches the behaviour, so that a client can be tried under each reading. A [Fault] makes something go wrong on
// purpose, before or after the provider has done its work. The sandbox holds no client and knows no adapter: while a Go
// program serves it, any program in any language can be pointed at its URLs.
package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
)

// Config is how the providers behave. The zero value is what the documentation says.
type Config struct {
	// Dialects switches open questions away from their default.
	Dialects []Dialect
	// TokenLifetime is that of the tokens of Digitalpaye and Fatora. 0 is each provider's own: 10 minutes, 360 days.
	// It must be whole seconds, as the dates in a token are.
	TokenLifetime time.Duration
	// JournalSize is how many exchanges are kept; older ones are forgotten. 0 is 10,000. They are forgotten earlier
	// where the bodies would be more than 64 MiB in all.
	JournalSize int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Contract loads the contract of a provider at its first request; nil is contract.Load. Who starts many sandboxes
	// gives them one that parses each contract once.
	Contract func(provider string) (*contract.Spec, error)
	// Faults are what goes wrong on purpose. Of several that strike a request the first counts.
	Faults []Fault
	// Rand gives numbers from 0 up to, but not including, 1, by which a fault with a probability happens or not; nil is
	// rand.Float64 of math/rand/v2. It is not called by two goroutines at once.
	Rand func() float64
}

// Sandbox is four running fakes. The credentials are made at random.
type Sandbox struct {
	Digitalpaye struct{ URL, APIKey, APISecret string }
	// SimplePin knows Canada as country 1, with Quebec as province 11 and Ontario as 12; GET /v2/location/countries
	// lists all countries.
	SimplePin struct{ URL, Authorization, Token string }
	Stancer   struct{ URL, APIKey, LiveKey string } // APIKey is for test mode
	Fatora    struct{ URL, APIKey string }

	journal   journal
	providers map[string]*provider
	servers   []*http.Server
	faults    []Fault

	mu   sync.Mutex // guards rand
	rand func() float64
}

// provider is one fake: its behaviour, and what every fake has.
type provider struct {
	name    string
	sandbox *Sandbox
	api     api
	// spec loads the contract at the first request: a program that uses one provider does not parse four.
	spec func() (*contract.Spec, error)
}

// api is the behaviour of one provider.
type api interface {
	// serve answers a request whose body has been read. It must not keep r or body.
	serve(r *http.Request, body []byte) answer
	// expireTokens makes every token that was handed out worthless.
	expireTokens()
	// customers lists those that are kept, in any order.
	customers() []Customer
}

// answer is what a fake says: a status, and a body that is marshalled as JSON unless it is a document; no body if nil.
type answer struct {
	status int
	body   any
	header http.Header // beside Content-Type; may be nil
	secret bool        // the body holds a token, so the journal leaves it out
	beyond bool        // a dialect's answer that the contract does not foresee: it is not held against it
}

// New makes the four fakes without listening; serve them with [Sandbox.Handler]. It fails on a config that
// cannot be.
func New(config Config) (*Sandbox, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Contract == nil {
		config.Contract = contract.Load
	}
	if config.Rand == nil {
		config.Rand = rand.Float64
	}
	config.JournalSize = cmp.Or(config.JournalSize, 10_000)
	switch {
	case config.JournalSize < 0:
		return nil, errors.New("JournalSize must not be negative")
	case config.TokenLifetime < 0 || config.TokenLifetime%time.Second != 0:
		return nil, errors.New("TokenLifetime must be whole seconds and not negative")
	}
	for _, d := range config.Dialects {
		if !slices.ContainsFunc(Dialects(), func(known DialectInfo) bool { return known.Dialect == d }) {
			return nil, fmt.Errorf("unknown dialect %q", d)
		}
	}
	s := &Sandbox{
		providers: map[string]*provider{}, journal: journal{size: config.JournalSize},
		faults: slices.Clone(config.Faults), rand: config.Rand,
	}
	s.Digitalpaye.APIKey, s.Digitalpaye.APISecret = "live_digitalpaye"+digits(8), secret(32)
	s.SimplePin.Authorization, s.SimplePin.Token = secret(32), secret(32)
	s.Stancer.APIKey, s.Stancer.LiveKey = "stest_"+secret(24), "sprod_"+secret(24)
	s.Fatora.APIKey = secret(32)
	for name, api := range map[string]api{
		"digitalpaye": newDigitalpaye(config, s.Digitalpaye.APIKey, s.Digitalpaye.APISecret),
		"simplepin":   newSimplePin(config, s.SimplePin.Authorization, s.SimplePin.Token),
		"stancer":     newStancer(config, s.Stancer.APIKey, s.Stancer.LiveKey),
		"fatora":      newFatora(config, s.Fatora.APIKey),
	} {
		spec := sync.OnceValues(func() (*contract.Spec, error) { return config.Contract(name) })
		s.providers[name] = &provider{name: name, sandbox: s, spec: spec, api: api}
	}
	for _, f := range s.faults {
		if err := s.check(f); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Start makes the four fakes and serves each on a loopback port of its own. Close them.
func Start(config Config) (*Sandbox, error) {
	s, err := New(config)
	if err != nil {
		return nil, err
	}
	for name, url := range map[string]*string{
		"digitalpaye": &s.Digitalpaye.URL, "simplepin": &s.SimplePin.URL, "stancer": &s.Stancer.URL, "fatora": &s.Fatora.URL,
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		server := &http.Server{Handler: s.Handler(name), ReadHeaderTimeout: 10 * time.Second}
		s.servers = append(s.servers, server)
		go func() { _ = server.Serve(listener) }()
		*url = "http://" + listener.Addr().String()
	}
	s.SimplePin.URL += "/api" // the provider's own prefix
	return s, nil
}

// Close ends the servers at once.
func (s *Sandbox) Close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

// Shutdown ends the servers after the requests under way.
func (s *Sandbox) Shutdown(ctx context.Context) error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

// Handler serves one provider at its own paths; nil for an unknown name.
func (s *Sandbox) Handler(provider string) http.Handler {
	if p, ok := s.providers[provider]; ok {
		return p
	}
	return nil
}

// ExpireTokens makes every token that a provider has handed out worthless, as if its time had come.
func (s *Sandbox) ExpireTokens() {
	for _, p := range s.providers {
		p.api.expireTokens()
	}
}

// Customer is what every fake keeps of a customer.
type Customer struct {
	ID        string // by which the provider's API finds it; SimplePin: customer_id
	Reference string // the merchant's own id, "" where the provider keeps none
	Email     string
}

// Customers lists the customers that a provider keeps now, sorted by ID: what a client was told can be held against it.
// Those of Stancer are of both modes. It is nil for an unknown provider.
func (s *Sandbox) Customers(provider string) []Customer {
	p, ok := s.providers[provider]
	if !ok {
		return nil
	}
	all := p.api.customers()
	slices.SortFunc(all, func(a, b Customer) int { return strings.Compare(a.ID, b.ID) })
	return all
}

const maxBody = 1 << 20

// ServeHTTP reads the request, lets the fake answer, and writes the exchange with its violations into the journal.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	spec, err := p.spec()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	e := Exchange{
		Provider: p.name, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, RequestHeader: redact(r.Header),
	}
	if op, ok := spec.Operation(r.Method, r.URL.EscapedPath()); ok {
		e.Operation, e.Template = op.ID, op.Path
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		e.Status = http.StatusRequestEntityTooLarge
		p.sandbox.journal.add(e)
		http.Error(w, err.Error(), e.Status)
		return
	}
	if err != nil {
		panic(http.ErrAbortHandler) // the client broke off: there is nobody to answer
	}
	e.RequestBody, e.RequestViolations = body, spec.CheckRequest(r, body)
	fault, err := p.fault(r, spec, e.Operation)
	if err != nil {
		e.Status = http.StatusBadRequest
		p.sandbox.journal.add(e)
		http.Error(w, err.Error(), e.Status)
		return
	}
	if e.Fault = fault.what; !fault.wait(r.Context()) {
		panic(http.ErrAbortHandler)
	}
	var a answer
	if e.Processed = fault.processes(); e.Processed {
		a = p.api.serve(r, body)
	}
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	switch body := a.body.(type) {
	case nil:
	case document:
		header.Set("Content-Type", body.media+"; charset=utf-8")
		e.ResponseBody = body.bytes
	default:
		header.Set("Content-Type", mediaJSON+"; charset=utf-8")
		if e.ResponseBody, err = marshal(body); err != nil {
			panic(err) // the fakes' own types: it cannot fail
		}
	}
	e.Status = a.status
	held := !a.beyond
	if fault.kind != "" && fault.kind != faultDelay {
		held = fault.strike(&e, header, spec.Examples(e.Operation))
	}
	if e.Operation != "" && held {
		e.ResponseViolations = spec.CheckResponse(r, e.Status, header, e.ResponseBody)
	}
	answered := e.ResponseBody
	if a.secret {
		e.ResponseBody = nil
	}
	p.sandbox.journal.add(e) // before the answer, so that a client that has it finds it in the journal
	if e.Status == 0 {
		panic(http.ErrAbortHandler) // closes the connection
	}
	w.WriteHeader(e.Status)
	_, _ = w.Write(answered)
}

// marshal is json.Marshal without HTML escapes, as the providers write.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Exchange is one request and its answer.
type Exchange struct {
	Provider string
	// Operation is the operationId, "" for a path or method that the contract does not know.
	Operation     string
	Template      string // the operation's path as the contract writes it, such as /v1/customers/{id}
	Method        string
	Path          string
	Query         string
	RequestHeader http.Header // only what is known to be harmless has its value
	RequestBody   []byte      // nil where it was too large: then Status is 413, and ResponseBody nil as well
	// Fault is what went wrong on purpose, as in [ParseFault] without target and probability; "" is nothing.
	Fault string
	// Processed tells whether the provider got the request to work on, which it may have refused.
	Processed    bool
	Status       int    // as it was sent, 0 where a fault left the request without an answer
	ResponseBody []byte // nil where it holds a token
	// RequestViolations and ResponseViolations are the rules of the contract that each side broke.
	RequestViolations  []check.Violation
	ResponseViolations []check.Violation
}

// Journal is a copy of the exchanges so far, the oldest first; bodies are shared and must not be changed.
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

// journal keeps the last exchanges, and what was wrong with any answer.
type journal struct {
	mu     sync.Mutex
	size   int
	kept   []Exchange // the oldest first
	bytes  int        // of their bodies
	broken []error
}

func (j *journal) add(e Exchange) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, v := range e.ResponseViolations[:min(len(e.ResponseViolations), maxBroken-len(j.broken))] {
		j.broken = append(j.broken,
			fmt.Errorf("%s: answer %d of %s breaks the contract: %s", e.Provider, e.Status, e.Operation, v))
	}
	j.kept = append(j.kept, e)
	j.bytes += e.bytes()
	for len(j.kept) > j.size || j.bytes > maxJournalBytes {
		j.bytes -= j.kept[0].bytes()
		j.kept[0] = Exchange{} // lets the bodies go
		j.kept = j.kept[1:]
	}
}

func (e *Exchange) bytes() int { return len(e.RequestBody) + len(e.ResponseBody) }

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

// redact copies a header, and keeps the values of those fields only that hold no credential.
func redact(h http.Header) http.Header {
	h = h.Clone()
	for name := range h {
		switch strings.ToLower(name) {
		case "accept", "accept-encoding", "connection", "content-length", "content-type", "locale", "user-agent", "x-environment":
		default:
			h[name] = []string{"redacted"}
		}
	}
	return h
}
