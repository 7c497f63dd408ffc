// Package sandbox is the other side: a stateful fake of the four providers that speaks each one's own protocol on
// loopback, keeps a journal of every exchange, and holds both directions against the contracts.
//
// [Start] serves all four, each at a URL of its own and with keys made for this run, until Close:
//
//	sb, err := sandbox.Start(sandbox.Config{})
//	if err != nil {
//		return err
//	}
//	defer sb.Close()
//	client, err := stancer.Open(stancer.Config{BaseURL: sb.Stancer.URL, APIKey: sb.Stancer.APIKey})
//
// The zero [Config] is what the documentation says. [New] serves nothing by itself: its handlers go into a server of
// one's own. In the end [Sandbox.Journal] has what was sent, [Sandbox.Customers] who is really there, and
// [Sandbox.Verify] fails if an answer broke its contract.
//
// It answers as the providers' documentation says. Where the documentation is silent or contradicts itself, a [Dialect]
// switches the behaviour, so that a client can be tried under each reading. A [Fault] makes something go wrong on
// purpose, before or after the provider has done its work. The sandbox holds no client and knows no adapter: while a Go
// program serves it, such as the command customers sandbox, any program in any language can be pointed at its URLs.
//
// Tests and demos import it, adapters never do. That a client works against it does not prove that it works against the
// provider: both were written from the same pages.
package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/specs"
)

// Config is how the providers behave. The zero value is what the documentation says.
type Config struct {
	// Dialects switches open questions away from their default.
	Dialects []Dialect
	// TokenLifetime is that of the tokens of Digitalpaye and Fatora. 0 is each provider's own: 10 minutes, 360 days.
	// It must be whole seconds, as the dates in a token are.
	TokenLifetime time.Duration
	// JournalSize is how many exchanges are kept; older ones are forgotten. 0 is 10,000. They are forgotten earlier
	// where they would be more than 64 MiB in all.
	JournalSize int
	// Record, unless nil, gets each exchange as it goes into the journal: one at a time, in that order, and before the
	// client has its answer. It must not call the sandbox.
	Record func(Exchange)
	// Port is the first of the four ports of [Start], which follow each other in the order digitalpaye, fatora, simplepin,
	// stancer. 0 is four free ones.
	Port int
	// TLSConfig has Start serve https: it must have Certificates, GetCertificate or GetConfigForClient. Nil is http.
	TLSConfig *tls.Config
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
	secrets   []string // never in the journal
	now       func() time.Time

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
	// unreadable is an error with a status that HTTP has for what cannot be read.
	unreadable(status int) answer
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
		providers: map[string]*provider{}, journal: journal{size: config.JournalSize, record: config.Record}, now: config.Now,
		faults: slices.Clone(config.Faults), rand: config.Rand,
	}
	s.Digitalpaye.APIKey, s.Digitalpaye.APISecret = "live_digitalpaye"+digits(8), secret(32)
	s.SimplePin.Authorization, s.SimplePin.Token = secret(32), secret(32)
	s.Stancer.APIKey, s.Stancer.LiveKey = "stest_"+secret(24), "sprod_"+secret(24)
	s.Fatora.APIKey = secret(32)
	s.secrets = []string{
		s.Digitalpaye.APIKey, s.Digitalpaye.APISecret, s.Fatora.APIKey, s.SimplePin.Authorization, s.SimplePin.Token,
		s.Stancer.APIKey, s.Stancer.LiveKey,
	}
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

// Start makes the four fakes and serves each on a port of its own, of 127.0.0.1: with HTTP/1.0 and 1.1, and with
// HTTP/2 too where [Config].TLSConfig is set. Close them. It fails if a port is taken, or net/http cannot serve with the
// TLSConfig.
//
// Every request that HTTP allows gets an answer of its provider, an unknown path, a wrong method and a body that cannot
// be read included. A few that HTTP does not allow are refused by net/http before a provider sees them, in plain text:
// a first line or a header that cannot be read, a header that is too large (431), an expectation other than
// 100-continue (417), a transfer coding other than chunked (501).
//
// The fakes answer under any host name: a client may know them by one of its own, and a page in a browser that reaches
// them that way finds nothing real.
func Start(config Config) (*Sandbox, error) {
	if config.Port < 0 || config.Port > 65535-len(specs.Providers())+1 {
		return nil, fmt.Errorf("the port must be from 0 to %d", 65535-len(specs.Providers())+1)
	}
	scheme := "http"
	if c := config.TLSConfig; c != nil {
		scheme = "https"
		if len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil {
			return nil, errors.New("TLSConfig has no certificate: set Certificates, GetCertificate or GetConfigForClient")
		}
	}
	s, err := New(config)
	if err != nil {
		return nil, err
	}
	for i, name := range specs.Providers() {
		port := config.Port
		if port > 0 {
			port += i
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), s.Close())
		}
		served := make(chan error, 2) // nil when it begins, and what it ends with
		server := &http.Server{
			Handler: s.Handler(name), ReadHeaderTimeout: 10 * time.Second, TLSConfig: config.TLSConfig.Clone(),
			DisableGeneralOptionsHandler: true, // OPTIONS * is the provider's
			BaseContext: func(net.Listener) context.Context {
				served <- nil
				return context.Background()
			},
		}
		s.servers = append(s.servers, server)
		go func() {
			if config.TLSConfig != nil {
				served <- server.ServeTLS(listener, "", "")
			} else {
				served <- server.Serve(listener)
			}
		}()
		if err := <-served; err != nil {
			_ = listener.Close() // it may be so already
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), s.Close())
		}
		*s.url(name) = scheme + "://" + listener.Addr().String()
	}
	s.SimplePin.URL += "/api" // the provider's own prefix
	return s, nil
}

// url is where the URL of a provider is kept.
func (s *Sandbox) url(provider string) *string {
	return map[string]*string{
		"digitalpaye": &s.Digitalpaye.URL, "simplepin": &s.SimplePin.URL, "stancer": &s.Stancer.URL, "fatora": &s.Fatora.URL,
	}[provider]
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
		Provider: p.name, Time: p.sandbox.now(), Method: r.Method, URL: absolute(r), Path: r.URL.Path,
		Query: r.URL.RawQuery, Proto: r.Proto, RequestHeader: r.Header,
	}
	if op, ok := spec.Operation(r.Method, r.URL.EscapedPath()); ok {
		e.Operation, e.Template = op.ID, op.Path
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		p.answer(w, r, spec, e, p.unreadable(r, err), Fault{})
		return
	}
	e.RequestBody, e.RequestViolations = body, spec.CheckRequest(r, body)
	fault, err := p.fault(r, spec, e.Operation)
	if err != nil {
		e.Status = http.StatusBadRequest
		p.sandbox.add(e)
		http.Error(w, err.Error(), e.Status)
		return
	}
	if e.Fault = fault.what; !fault.wait(r.Context()) {
		panic(http.ErrAbortHandler)
	}
	var a answer
	if e.Processed = fault.processes(); e.Processed {
		asked := r
		if r.Method == http.MethodHead { // of every server RFC 9110 asks to serve it like GET; net/http drops the body
			own := *r
			own.Method, asked = http.MethodGet, &own
		}
		a = p.api.serve(asked, body)
	}
	p.answer(w, r, spec, e, a, fault)
}

// unreadable is the answer where the body could not be read. None has a place in a contract.
func (p *provider) unreadable(r *http.Request, err error) answer {
	status := http.StatusBadRequest // such as chunks that are none
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, new(net.Error)), r.ProtoMajor > 1, r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // the client broke off: there is nobody to answer
	}
	a := p.api.unreadable(status)
	a.beyond = true
	return a
}

// answer completes the exchange, writes it into the journal, and sends what a fault leaves of the answer.
func (p *provider) answer(
	w http.ResponseWriter, r *http.Request, spec *contract.Spec, e Exchange, a answer, fault Fault,
) {
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	e.ResponseBody = []byte{}
	switch body := a.body.(type) {
	case nil:
	case document:
		header.Set("Content-Type", body.media+"; charset=utf-8")
		e.ResponseBody = body.bytes
	default:
		header.Set("Content-Type", mediaJSON+"; charset=utf-8")
		var err error
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
	switch {
	case a.secret:
		e.ResponseBody = nil
		if len(e.RequestBody) > 0 {
			e.RequestBody = nil
		}
	case r.Method == http.MethodHead:
		e.ResponseBody = []byte{}
	}
	e.ResponseHeader = header
	p.sandbox.add(e) // before the answer, so that a client that has it finds it in the journal
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
