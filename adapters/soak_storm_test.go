package adapters_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// stormFaults strike a fifth of the requests, and a quarter of these after the provider has done its work. None of them lies:
// what is refused was not done, and nobody who is there is said not to be.
var stormFaults = map[string][]string{
	"": {
		"*=503:0.05", "*=reset:0.04", "*=html:0.02", "*=401:0.01", "*=429:0.005", "*=delay=20ms:0.02",
		"*=503-after:0.015", "*=reset-after:0.015", "*=html-after:0.005",
		"*=truncated:0.01", "*=malformed:0.005", "*=empty:0.005",
	},
	"digitalpaye": {"digitalpaye.createCustomer=400:0.02"},
	"simplepin":   {"simplepin.addCustomer=403:0.02", "simplepin.updateCustomer=403:0.02"},
	"stancer":     {"stancer.createCustomer=400:0.02", "stancer.updateCustomer=400:0.02"},
	"fatora":      {"fatora.createClient=400:0.02", "fatora.updateClient=400:0.02"},
}

// facade is a *customers.Client, or one that breaks a promise.
type facade interface {
	Create(context.Context, customers.Profile) (*customers.Customer, error)
	Ensure(context.Context, customers.Profile) (*customers.Customer, customers.Ensured, error)
	Get(context.Context, string) (*customers.Customer, error)
	Update(context.Context, string, customers.Patch) error
	Delete(context.Context, string) error
	List(context.Context, customers.Query) iter.Seq2[*customers.Customer, error]
	Close()
}

// flaw breaks a promise on purpose. The zero value breaks none.
type flaw struct {
	options func(*transport.Options) // changes those of the client
	wrap    func(facade) facade      // puts something around the client
	each    bool                     // gives each goroutine a client of its own
}

// storm is many goroutines with one client at a provider that has faults. What the sandbox keeps in the end is held
// against what the client said. The first violation ends it.
type storm struct {
	subject
	flaw
	provider   string
	seed       uint64
	goroutines int
	calls      int           // goes on for so many at least
	until      time.Time     // and until then
	patience   time.Duration // for what has to be gone in the end

	sb                         *sandbox.Sandbox
	at                         *sandbox.Sandbox // it, where it is served
	caps                       customers.Capabilities
	number, requests, repeated atomic.Int64
	calm                       atomic.Bool // no faults

	mu     sync.Mutex
	people []*person
	known  []*person // those who were created for sure, and may be deleted
	hot    []*person // those who are updated, and stay
	group  *person   // who is ensured by several goroutines
	places int       // how many more of them
	result result
}

// person is a customer who may be there. The e-mail address tells people apart.
type person struct {
	profile customers.Profile
	using   sync.RWMutex // held for writing while deleting

	// The storm's mu guards what follows.
	id          string // "" until a call told it
	least, most int    // how often the customer is there
	fields      map[customers.Field]*history
}

// history is that of a field which is updated. What is there now is one of values[from:].
type history struct {
	updating sync.Mutex

	// The storm's mu guards what follows.
	values []string
	from   int
	late   bool // an update whose caller went away may still be under way: from stays
}

// storms tells the goroutines of different storms apart.
var storms atomic.Int64

// run is the whole storm, and the judgement.
func (s *storm) run(ctx context.Context) result {
	s.result.failures = map[failure]int{}
	label := fmt.Sprintf("%d", storms.Add(1))
	pprof.Do(ctx, pprof.Labels("storm", label), func(ctx context.Context) {
		if err := s.rage(ctx); err != nil {
			s.violated(nil, "the storm cannot begin: %v", err)
		}
	})
	var stacks string
	if !s.eventually(func() bool { stacks = labelled("storm", label); return stacks == "" }) {
		s.violated(nil, "a goroutine is left:\n%s", stacks)
	}
	return s.result
}

func (s *storm) rage(ctx context.Context) error {
	random := rand.New(rand.NewPCG(s.seed, 0))
	config := sandbox.Config{Contract: parsed, JournalSize: math.MaxInt, Rand: func() float64 {
		if s.calm.Load() {
			return math.Nextafter(1, 0)
		}
		return random.Float64()
	}}
	for _, text := range slices.Concat(stormFaults[s.provider], stormFaults[""]) {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			return err
		}
		config.Faults = append(config.Faults, f)
	}
	var err error
	if s.sb, err = sandbox.New(config); err != nil {
		return err
	}
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(s.sb.Handler(s.provider))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			connections.Add(1)
		case http.StateClosed:
			connections.Add(-1)
		}
	}
	server.Start()
	defer server.Close()
	s.at = elsewhere(s.sb, server.URL)

	judge, err := s.subject.open(s.at, setup{}) // without a flaw
	if err != nil {
		return err
	}
	s.caps = judge.Capabilities()
	clients := make([]facade, 1)
	if s.each {
		clients = make([]facade, s.goroutines)
	}
	for i := range clients {
		if clients[i], err = s.open(); err != nil {
			return err
		}
	}
	s.calm.Store(true)
	if err := s.settle(ctx, judge); err != nil {
		return err
	}
	s.calm.Store(false)
	began := time.Now()
	var all sync.WaitGroup
	for i := range s.goroutines {
		all.Go(func() { s.work(ctx, clients[i%len(clients)], rand.New(rand.NewPCG(s.seed, uint64(i)+1))) })
	}
	all.Wait()
	s.result.time = time.Since(began)
	s.calm.Store(true)
	s.judge(ctx, judge)
	for _, client := range append(clients, judge) {
		client.Close()
	}
	if !s.eventually(func() bool { return connections.Load() == 0 }) {
		s.violated(nil, "%d connections are left", connections.Load())
	}
	return nil
}

// open makes a client, with the flaw if there is one.
func (s *storm) open() (facade, error) {
	options := transport.Options{
		Retry: transport.Retry{Delay: 2 * time.Millisecond},
		Hook: func(_ context.Context, e transport.Exchange) {
			s.requests.Add(1)
			if e.Attempt > 1 {
				s.repeated.Add(1)
			}
		},
	}
	if s.options != nil {
		s.options(&options)
	}
	client, err := s.subject.open(s.at, setup{options: options})
	if err != nil || s.wrap == nil {
		return client, err
	}
	return s.wrap(client), nil
}

// settle creates those who are updated.
func (s *storm) settle(ctx context.Context, client facade) error {
	if !s.can(customers.OpUpdate) {
		return nil
	}
	for range 24 {
		p := s.person()
		created, err := client.Create(ctx, p.profile)
		if err != nil {
			return err
		}
		p.id, p.least, p.most, p.fields = created.ID, 1, 1, map[customers.Field]*history{}
		for f, value := range values(created) {
			if fc, ok := s.caps.Field(f); ok && fc.Update {
				p.fields[f] = &history{values: []string{value}}
			}
		}
		s.hot = append(s.hot, p)
	}
	return nil
}

// values are those that are updated.
func values(c *customers.Customer) map[customers.Field]string {
	return map[customers.Field]string{
		customers.FieldNameFull: c.Name.String(), customers.FieldPhone: c.Phone, customers.FieldNotes: c.Notes,
	}
}

// change is a patch of one field, to a value that no other has.
func (s *storm) change(f customers.Field) (patch customers.Patch, value string) {
	switch n := s.number.Add(1); f {
	case customers.FieldNameFull:
		value = fmt.Sprintf("Soak %d", n)
		patch.Name = &customers.Name{Full: value}
	case customers.FieldPhone:
		value = phone(n)
		patch.Phone = &value
	default:
		value = fmt.Sprintf("note %d", n)
		patch.Notes = &value
	}
	return patch, value
}

func phone(n int64) string { return fmt.Sprintf("+225%010d", n) }

func (s *storm) can(op customers.Op) bool {
	_, ok := s.caps.Operation(op)
	return ok
}

// person is a new one, who is not there.
func (s *storm) person() *person {
	n := s.number.Add(1)
	p := &person{profile: s.profile}
	p.profile.Email, p.profile.Phone = fmt.Sprintf("soak.%d@example.com", n), phone(n)
	if p.profile.Reference != "" {
		p.profile.Reference = fmt.Sprintf("soak-%d", n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people = append(s.people, p)
	return p
}

func (s *storm) violated(p *person, format string, args ...any) {
	var b strings.Builder
	fmt.Fprintf(&b, format, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.sb.Journal() {
		if p != nil && p.isIn(e) {
			fmt.Fprintf(&b, "\n\t%s: status %d, fault %q, processed: %v", e.Operation, e.Status, e.Fault, e.Processed)
		}
	}
	s.result.violations = append(s.result.violations, b.String())
}

// isIn reports whether an exchange is about p.
func (p *person) isIn(e sandbox.Exchange) bool {
	query, _ := url.ParseQuery(e.Query)
	return bytes.Contains(e.RequestBody, []byte(p.profile.Email)) || query.Get("email") == p.profile.Email ||
		p.id != "" && (strings.HasSuffix(e.Path, "/"+p.id) || query.Get("customer_id") == p.id)
}

// work calls one operation after the other.
func (s *storm) work(ctx context.Context, c facade, random *rand.Rand) {
	w := &worker{storm: s, facade: c, Rand: random}
	operations := []func(context.Context){
		w.create, w.create, w.create, w.create, w.ensure, w.ensure, w.ensure, w.again, w.get, w.get, w.get,
		w.update, w.update, w.update, w.update, w.find, w.find, w.delete, w.delete,
	}
	for {
		s.mu.Lock()
		over := len(s.result.violations) > 0 || s.result.calls >= s.calls && time.Now().After(s.until)
		s.mu.Unlock()
		if over {
			return
		}
		operations[random.IntN(len(operations))](ctx)
	}
}

// worker is one goroutine of a storm.
type worker struct {
	*storm
	facade
	*rand.Rand
}

// call does an operation and counts it; it returns nil if that succeeded. Who is not patient has at times a context that
// ends early.
func (w *worker) call(ctx context.Context, op string, patient bool, do func(context.Context) error) *customers.Error {
	if !patient && w.IntN(8) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(w.Int64N(int64(40*time.Millisecond))))
		defer cancel()
	}
	err := do(ctx)
	failed, ours := err.(*customers.Error)
	if err != nil && !ours {
		w.violated(nil, "%s: no *customers.Error: %v", op, err)
		failed = &customers.Error{Err: err}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.calls++
	if failed == nil {
		w.result.ok++
		return nil
	}
	w.result.failures[failure{op, failed.Outcome, failed.Kind}]++
	return failed
}

func (w *worker) create(ctx context.Context) {
	p := w.person()
	var created *customers.Customer
	failed := w.call(ctx, "create", false, func(ctx context.Context) (err error) {
		created, err = w.Create(ctx, p.profile)
		return err
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case failed == nil:
		p.id, p.least, p.most = created.ID, 1, 1
		w.known = append(w.known, p)
	case failed.Outcome == customers.ErrUnknownOutcome:
		p.most = 1
	}
}

// again creates somebody who is there, where the provider refuses that.
func (w *worker) again(ctx context.Context) {
	p := w.somebody(false)
	if p == nil {
		return
	}
	defer p.using.RUnlock()
	if w.subject.again == nil {
		return
	}
	// Patient: a create that came late, because its caller went away, would make anew who is deleted meanwhile.
	failed := w.call(ctx, "create again", true, func(ctx context.Context) error {
		_, err := w.Create(ctx, p.profile)
		return err
	})
	if failed == nil {
		w.violated(p, "create: somebody who was there was taken for new")
	} else if failed.ExistingID != "" && failed.ExistingID != p.id {
		w.violated(p, "create: another customer stands in the way")
	}
}

// ensure makes sure of somebody new, or of somebody whom others ensure at the same time.
func (w *worker) ensure(ctx context.Context) {
	create, _ := w.caps.Operation(customers.OpCreate)
	cannot := !w.can(customers.OpFind) && !create.TellsExisting
	if cannot && w.IntN(20) > 0 {
		return
	}
	p, several := w.person(), w.IntN(2) == 0
	if several {
		w.mu.Lock()
		if w.places == 0 {
			w.group, w.places = p, 4
		}
		p = w.group
		w.places--
		w.mu.Unlock()
	}
	profile, patient := p.profile, false
	if several && w.can(customers.OpFind) {
		// Only e-mail address or reference tell that it is the same; then an earlier create of another goroutine that
		// comes late, because its caller went away, may make a second one.
		profile.Phone, patient = phone(w.number.Add(1)), true
	}
	var ensured *customers.Customer
	failed := w.call(ctx, "ensure", patient, func(ctx context.Context) (err error) {
		ensured, _, err = w.Ensure(ctx, profile)
		return err
	})
	if cannot && !errors.Is(failed, customers.ErrUnsupported) {
		w.violated(p, "ensure: nothing can tell whether the customer is there")
		return
	}
	w.mu.Lock()
	two := failed == nil && p.id != "" && p.id != ensured.ID
	switch {
	case failed == nil:
		p.id, p.least, p.most = ensured.ID, 1, 1
		if !several {
			w.known = append(w.known, p)
		}
	case failed.Outcome != customers.ErrNotSent:
		p.most = 1
	}
	w.mu.Unlock()
	if two {
		w.violated(p, "ensure: two ids for one customer")
	}
}

// somebody is a random one who is there, one who is updated if hot; nil if there is none yet. Unlock it.
func (w *worker) somebody(hot bool) *person {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := w.known
	if hot {
		from = w.hot
	}
	if len(from) == 0 {
		return nil
	}
	p := from[w.IntN(len(from))]
	p.using.RLock() // does not wait: who deletes takes p out first
	return p
}

func (w *worker) get(ctx context.Context) {
	p := w.somebody(w.IntN(4) == 0)
	if p == nil {
		return
	}
	defer p.using.RUnlock()
	var got *customers.Customer
	failed := w.call(ctx, "get", false, func(ctx context.Context) (err error) {
		got, err = w.Get(ctx, p.id)
		return err
	})
	switch {
	case failed == nil && (got.ID != p.id || got.Email != p.profile.Email):
		w.violated(p, "get: somebody else")
	case failed != nil && failed.Kind == customers.ErrNotFound:
		w.violated(p, "get: a customer whose id was told is not there")
	}
}

func (w *worker) find(ctx context.Context) {
	switch {
	case w.can(customers.OpFind):
	case !w.can(customers.OpList), w.IntN(20) > 0: // the whole list
		return
	}
	p := w.somebody(false)
	if p == nil {
		return
	}
	defer p.using.RUnlock()
	query := customers.Query{Email: p.profile.Email}
	if p.profile.Reference != "" && w.IntN(2) == 0 {
		query = customers.Query{Reference: p.profile.Reference}
	}
	var found []string
	failed := w.call(ctx, "find", false, func(ctx context.Context) error {
		for c, err := range w.List(ctx, query) {
			if err != nil {
				return err
			}
			found = append(found, c.ID)
		}
		return nil
	})
	if failed == nil && !slices.Equal(found, []string{p.id}) {
		w.violated(p, "find: %d customers instead of the one", len(found))
	}
}

func (w *worker) delete(ctx context.Context) {
	if !w.can(customers.OpDelete) {
		return
	}
	w.mu.Lock()
	if len(w.known) == 0 {
		w.mu.Unlock()
		return
	}
	i := w.IntN(len(w.known))
	p := w.known[i]
	w.known = slices.Delete(w.known, i, i+1)
	w.mu.Unlock()
	p.using.Lock()
	defer p.using.Unlock()
	failed := w.call(ctx, "delete", false, func(ctx context.Context) error { return w.Delete(ctx, p.id) })
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case failed == nil:
		p.least, p.most = 0, 0
	case failed.Outcome == customers.ErrUnknownOutcome:
		p.least = 0
	}
}

// update changes one field of somebody, whose other fields other goroutines change meanwhile, and looks at it.
func (w *worker) update(ctx context.Context) {
	p := w.somebody(true)
	if p == nil {
		return
	}
	defer p.using.RUnlock()
	fields := slices.Sorted(maps.Keys(p.fields))
	f := fields[w.IntN(len(fields))]
	h := p.fields[f]
	if !h.updating.TryLock() {
		return
	}
	defer h.updating.Unlock()
	patch, value := w.change(f)
	before := map[customers.Field]int{}
	w.mu.Lock()
	for f, h := range p.fields {
		before[f] = h.from
	}
	w.mu.Unlock()

	// After a caller that went away little can be said, so only one person has such.
	failed := w.call(ctx, "update", p != w.hot[0], func(ctx context.Context) error { return w.Update(ctx, p.id, patch) })
	w.mu.Lock()
	if failed == nil || failed.Outcome == customers.ErrUnknownOutcome {
		h.values = append(h.values, value)
	}
	switch {
	case failed == nil && !h.late:
		h.from = len(h.values) - 1
	case failed != nil && failed.Outcome == customers.ErrUnknownOutcome && failed.Kind == customers.ErrCanceled:
		for other, h := range p.fields {
			// Where whole records are written, one that comes late brings back what the other fields were.
			if other == f || w.provider != "stancer" {
				h.late, h.from = true, min(h.from, before[other])
			}
		}
	}
	w.mu.Unlock()
	if got, err := w.Get(ctx, p.id); err == nil {
		w.compare(p, f, got)
	}
}

// compare holds a field of p as it was read against its history.
func (s *storm) compare(p *person, f customers.Field, got *customers.Customer) {
	s.mu.Lock()
	h := p.fields[f]
	is := slices.Contains(h.values[h.from:], values(got)[f])
	was := slices.Contains(h.values, values(got)[f])
	s.mu.Unlock()
	switch {
	case !is && was:
		s.violated(p, "update: %s is what it was before", f)
	case !is:
		s.violated(p, "update: %s is what no update that may have been done made it", f)
	}
}

// judge holds what the sandbox keeps against what the client said.
func (s *storm) judge(ctx context.Context, client facade) {
	kept := map[string][]string{} // ids by e-mail
	for _, c := range s.sb.Customers(s.provider) {
		kept[c.Email] = append(kept[c.Email], c.ID)
		s.result.customers++
	}
	for _, p := range s.people {
		ids := kept[p.profile.Email]
		delete(kept, p.profile.Email)
		switch n := len(ids); {
		case n < p.least || n > p.most:
			s.violated(p, "%d customers, where the client told of at least %d and at most %d", n, p.least, p.most)
		case p.least == 1 && ids[0] != p.id:
			s.violated(p, "the customer has another id than the client told")
		}
	}
	if len(kept) > 0 {
		s.violated(nil, "%d customers whom nobody created", len(kept))
	}
	for _, p := range s.hot {
		got, err := client.Get(ctx, p.id)
		if err != nil {
			s.violated(p, "get: %v", err)
			continue
		}
		for f := range p.fields {
			s.compare(p, f, got)
		}
	}
	if err := s.sb.Verify(); err != nil {
		s.violated(nil, "the sandbox: %v", err)
	}
	wrong := map[string]bool{}
	for _, e := range s.sb.Journal() {
		if len(e.RequestViolations) > 0 && !wrong[e.Operation] {
			wrong[e.Operation] = true
			s.violated(nil, "a request of %s breaks the contract: %v", e.Operation, e.RequestViolations)
		}
		if e.Fault != "" {
			s.result.struck++
			if e.Processed && !strings.HasPrefix(e.Fault, "delay") {
				s.result.after++
			}
		}
	}
	s.result.requests, s.result.retries = int(s.requests.Load()), int(s.repeated.Load())
}

// eventually waits for what needs a moment, such as a connection that is closed.
func (s *storm) eventually(is func() bool) bool {
	for until := time.Now().Add(s.patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			return false
		}
	}
	return true
}

// labelled gives the stacks of the goroutines that have a label.
func labelled(key, value string) (stacks string) {
	var profile bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1) // cannot fail: memory
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, fmt.Sprintf("%q:%q", key, value)) {
			stacks += stack + "\n"
		}
	}
	return stacks
}
