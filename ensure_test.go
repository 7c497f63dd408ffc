package customers_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
)

// shop keeps people and answers a create as the next of its plans says.
type shop struct {
	customers.Unsupported
	caps   customers.Capabilities
	unique bool // a second person with the same e-mail address is refused

	mu     sync.Mutex
	people []*customers.Customer
	plans  []plan
	lookup error // of List and Get
	log    []customers.Op
}

// plan is what becomes of one create.
type plan struct {
	done bool // before it fails
	err  error
}

func (s *shop) Capabilities() customers.Capabilities { return s.caps }

func (s *shop) Create(_ context.Context, p customers.Profile) (*customers.Customer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, customers.OpCreate)
	var next plan
	if len(s.plans) > 0 {
		next, s.plans = s.plans[0], s.plans[1:]
	}
	if next.err != nil && !next.done {
		return nil, next.err
	}
	for _, c := range s.people {
		if s.unique && c.Email == p.Email {
			e := customers.Error{Kind: customers.ErrAlreadyExists, Outcome: customers.ErrRejected}
			if s.caps.Operations[0].TellsExisting {
				e.ExistingID = c.ID
			}
			return nil, &e
		}
	}
	c := &customers.Customer{ID: fmt.Sprint(len(s.people) + 1), Profile: p}
	s.people = append(s.people, c)
	told := *c
	return &told, next.err
}

func (s *shop) Get(_ context.Context, id string) (*customers.Customer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, customers.OpGet)
	for _, c := range s.people {
		if c.ID == id && s.lookup == nil {
			return c, nil
		}
	}
	return nil, errors.Join(s.lookup, &customers.Error{Kind: customers.ErrNotFound})
}

func (s *shop) List(context.Context, customers.Query) iter.Seq2[*customers.Customer, error] {
	return func(yield func(*customers.Customer, error) bool) {
		s.mu.Lock()
		s.log = append(s.log, customers.OpFind)
		people := s.people
		s.mu.Unlock()
		if s.lookup != nil {
			yield(nil, s.lookup)
			return
		}
		for _, c := range people {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// newShop searches by what by names, and tells the existing id if it searches by nothing.
func newShop(by ...customers.Field) *shop {
	s := &shop{caps: newAcme().hiding(customers.FieldReference).caps}
	s.caps.Fields = append(s.caps.Fields, customers.FieldCapability{Field: customers.FieldReference, Create: true, Read: true})
	var ops []customers.OperationCapability
	for _, o := range s.caps.Operations {
		switch o.Op {
		case customers.OpFind:
			if o.Filters = by; by == nil {
				continue
			}
		case customers.OpCreate:
			o.TellsExisting = by == nil
		}
		ops = append(ops, o)
	}
	s.caps.Operations, s.unique = ops, by == nil
	return s
}

func (s *shop) client(t *testing.T, policy customers.Policy) *customers.Client {
	t.Helper()
	client, err := customers.NewClient(s, policy)
	require.NoError(t, err)
	return client
}

func failing(kind customers.Kind, outcome customers.Outcome) error {
	return &customers.Error{Kind: kind, Outcome: outcome, Detail: "as planned"}
}

func TestEnsure(t *testing.T) {
	const (
		create = customers.OpCreate
		find   = customers.OpFind
		get    = customers.OpGet
	)
	unknown := failing(customers.ErrUnavailable, customers.ErrUnknownOutcome)
	rejected := failing(customers.ErrForbidden, customers.ErrRejected)
	unsent := failing(customers.ErrUnavailable, customers.ErrNotSent)
	down := failing(customers.ErrUnavailable, "")
	for name, tt := range map[string]struct {
		by      []customers.Field // what the provider searches by; nothing: it tells the existing id
		there   bool
		unique  bool
		plans   []plan
		lookup  error
		want    customers.Ensured
		kind    customers.Kind
		outcome customers.Outcome
		detail  string
		calls   []customers.Op
		people  int
	}{
		"found":   {by: []customers.Field{"email"}, there: true, want: customers.EnsuredFound, calls: []customers.Op{find}, people: 1},
		"created": {by: []customers.Field{"email"}, want: customers.EnsuredCreated, calls: []customers.Op{find, create}, people: 1},
		"search fails": {
			by: []customers.Field{"email"}, lookup: down, kind: customers.ErrUnavailable, outcome: customers.ErrNotSent,
			calls: []customers.Op{find},
		},
		"unknown and done": {
			by: []customers.Field{"email"}, plans: []plan{{true, unknown}}, want: customers.EnsuredAdopted,
			calls: []customers.Op{find, create, find}, people: 1,
		},
		"unknown and not done": {
			by: []customers.Field{"email"}, plans: []plan{{false, unknown}}, kind: customers.ErrUnavailable,
			outcome: customers.ErrUnknownOutcome, detail: "as planned; looked for afterwards, the customer was not there",
			calls: []customers.Op{find, create, find},
		},
		"refused because it came in between": {
			by: []customers.Field{"email"}, plans: []plan{{true, rejected}}, want: customers.EnsuredAdopted,
			calls: []customers.Op{find, create, find}, people: 1,
		},
		"refused": {
			by: []customers.Field{"email"}, plans: []plan{{false, rejected}}, kind: customers.ErrForbidden,
			outcome: customers.ErrRejected, detail: "as planned", calls: []customers.Op{find, create, find},
		},
		"not sent": {
			by: []customers.Field{"email"}, plans: []plan{{false, unsent}}, kind: customers.ErrUnavailable,
			outcome: customers.ErrNotSent, detail: "as planned", calls: []customers.Op{find, create},
		},
		"tells, created": {want: customers.EnsuredCreated, calls: []customers.Op{create}, people: 1},
		"tells, there":   {there: true, want: customers.EnsuredAdopted, calls: []customers.Op{create, get}, people: 1},
		"tells, unknown and done": {
			plans: []plan{{true, unknown}}, want: customers.EnsuredAdopted, calls: []customers.Op{create, create, get}, people: 1,
		},
		"tells, unknown and not done": {
			plans: []plan{{false, unknown}}, want: customers.EnsuredCreated, calls: []customers.Op{create, create}, people: 1,
		},
		"tells, unknown twice": {
			plans: []plan{{false, unknown}, {false, unknown}}, kind: customers.ErrUnavailable, outcome: customers.ErrUnknownOutcome,
			detail: "as planned", calls: []customers.Op{create, create},
		},
		"tells, unknown and then refused": {
			plans: []plan{{true, unknown}, {false, rejected}}, kind: customers.ErrUnavailable, outcome: customers.ErrUnknownOutcome,
			detail: "as planned", calls: []customers.Op{create, create}, people: 1,
		},
		"tells, unknown and then not sent": {
			plans: []plan{{true, unknown}, {false, unsent}}, kind: customers.ErrUnavailable, outcome: customers.ErrUnknownOutcome,
			detail: "as planned", calls: []customers.Op{create, create}, people: 1,
		},
		"tells, unknown and done, but cannot be read": {
			plans: []plan{{true, unknown}}, lookup: down, kind: customers.ErrUnavailable, outcome: customers.ErrUnknownOutcome,
			detail: "as planned; looking for the customer afterwards failed too: acme: get: unavailable: as planned",
			calls:  []customers.Op{create, create, get}, people: 1,
		},
		"tells, but cannot be read": {
			there: true, lookup: down, kind: customers.ErrAlreadyExists, outcome: customers.ErrRejected,
			detail: "looking for the customer afterwards failed too: acme: get: unavailable: as planned",
			calls:  []customers.Op{create, get}, people: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(tt.by...)
			s.plans, s.lookup = tt.plans, tt.lookup
			if tt.there {
				s.people = []*customers.Customer{{ID: "1", Profile: ama()}}
			}
			got, ensured, err := s.client(t, customers.Policy{}).Ensure(t.Context(), ama())
			assert.Equal(t, tt.want, ensured)
			assert.Equal(t, tt.calls, s.log)
			assert.Len(t, s.people, tt.people)
			if tt.want != "" {
				require.NoError(t, err)
				assert.Equal(t, "1", got.ID)
				return
			}
			assert.Nil(t, got)
			e := (*customers.Error)(nil)
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "acme", e.Provider)
			assert.Equal(t, tt.kind, e.Kind)
			assert.Equal(t, tt.outcome, e.Outcome)
			if tt.detail != "" {
				assert.Equal(t, tt.detail, e.Detail)
			}
		})
	}
}

func TestEnsureLooksByReferenceFirst(t *testing.T) {
	p := ama()
	p.Reference = "crm-1"
	other := p
	other.Reference = "crm-2"
	s := newShop(customers.FieldReference, customers.FieldEmail)
	s.people = []*customers.Customer{{ID: "1", Profile: other}}
	got, ensured, err := s.client(t, customers.Policy{}).Ensure(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, customers.EnsuredCreated, ensured)
	assert.Equal(t, "2", got.ID, "somebody else has the same e-mail address")
}

func TestEnsureAmongSeveral(t *testing.T) {
	s := newShop(customers.FieldEmail)
	s.people = []*customers.Customer{{ID: "1", Profile: ama()}, {ID: "2", Profile: ama()}}
	_, _, err := s.client(t, customers.Policy{}).Ensure(t.Context(), ama())
	require.ErrorIs(t, err, customers.ErrAmbiguous)
	require.ErrorIs(t, err, customers.ErrNotSent)
	assert.Equal(t, []customers.Op{customers.OpFind}, s.log)
}

func TestEnsureRefusesBeforeAnythingIsSent(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*shop, *customers.Profile)
		kind    customers.Kind
		message string
	}{
		"an input that create refuses": {
			func(_ *shop, p *customers.Profile) { p.Email = "ama" }, customers.ErrInvalid, "email",
		},
		"nothing to look for": {
			func(s *shop, _ *customers.Profile) {
				s.caps.Operations[len(s.caps.Operations)-1].Filters = []customers.Field{"reference"}
			},
			customers.ErrInvalid, "reference: required to find the customer by reference",
		},
		"a provider that neither finds nor tells": {
			func(s *shop, _ *customers.Profile) { s.caps.Operations = s.caps.Operations[:1] }, customers.ErrUnsupported, "second one",
		},
		"a search by nothing": {
			func(s *shop, _ *customers.Profile) { s.caps.Operations[len(s.caps.Operations)-1].Filters = nil },
			customers.ErrUnsupported, "second one",
		},
		"a search that is unproven": {
			func(s *shop, _ *customers.Profile) {
				s.caps.Operations[len(s.caps.Operations)-1].Evidence = customers.EvidenceInferred
			}, customers.ErrUnproven, "Policy.AllowUnproven",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, p := newShop(customers.FieldEmail), ama()
			tt.change(s, &p)
			_, _, err := s.client(t, customers.Policy{}).Ensure(t.Context(), p)
			require.ErrorIs(t, err, tt.kind)
			require.ErrorContains(t, err, tt.message)
			assert.Empty(t, s.log)
		})
	}
}

func TestEnsureTellsTheLossOfWhatItSent(t *testing.T) {
	p := ama()
	p.Mobile = "+2250102030406"
	policy := customers.Policy{AllowLoss: []customers.Field{customers.FieldMobile}}
	client := newShop(customers.FieldEmail).client(t, policy)
	created, ensured, err := client.Ensure(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, customers.EnsuredCreated, ensured)
	assert.Equal(t, []customers.Field{customers.FieldMobile}, created.Lost)

	found, ensured, err := client.Ensure(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, customers.EnsuredFound, ensured)
	assert.Empty(t, found.Lost, "nothing was sent")

	s := newShop(customers.FieldEmail)
	s.plans = []plan{{done: true, err: failing(customers.ErrUnavailable, customers.ErrUnknownOutcome)}}
	adopted, ensured, err := s.client(t, policy).Ensure(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, customers.EnsuredAdopted, ensured)
	assert.Equal(t, []customers.Field{customers.FieldMobile}, adopted.Lost, "what this call sent lacked it")
}

// Whoever calls at the same time gets the same customer, at a provider that would take two.
func TestEnsureTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{shop: newShop(customers.FieldEmail)}
		client, err := customers.NewClient(s, customers.Policy{})
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				got, _, err := client.Ensure(t.Context(), ama())
				if assert.NoError(t, err) {
					assert.Equal(t, "1", got.ID)
				}
			})
		}
		wg.Wait()
		assert.Len(t, s.people, 1)
	})
}

// slow takes its time for a create, so that whoever does not wait for a turn has looked before it is done.
type slow struct{ *shop }

func (s *slow) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	time.Sleep(time.Second)
	return s.shop.Create(ctx, p)
}

// One customer's turn is not another's, also where the provider searches by nothing.
func TestEnsureOfAnotherDoesNotWait(t *testing.T) {
	s := &meeting{shop: newShop(), arrived: make(chan struct{})}
	client, err := customers.NewClient(s, customers.Policy{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for _, email := range []string{"one@example.com", "two@example.com"} {
		p := ama()
		p.Email = email
		wg.Go(func() {
			_, ensured, err := client.Ensure(t.Context(), p)
			assert.NoError(t, err)
			assert.Equal(t, customers.EnsuredCreated, ensured)
		})
	}
	wg.Wait() // each creates only when the other does
}

// meeting lets two creates wait for each other.
type meeting struct {
	*shop
	arrived chan struct{}
}

func (m *meeting) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	select {
	case m.arrived <- struct{}{}:
	case <-m.arrived:
	}
	return m.shop.Create(ctx, p)
}

func TestCreateNeverAdopts(t *testing.T) {
	for _, by := range [][]customers.Field{nil, {customers.FieldEmail}} {
		s := newShop(by...)
		s.unique = true
		s.people = []*customers.Customer{{ID: "1", Profile: ama()}}
		_, err := s.client(t, customers.Policy{}).Create(t.Context(), ama())
		require.ErrorIs(t, err, customers.ErrAlreadyExists)
		assert.Equal(t, []customers.Op{customers.OpCreate}, s.log)
	}
}

func TestUpdatesOfOneCustomerTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		driver := &turns{acme: newAcme()}
		client, err := customers.NewClient(driver, customers.Policy{})
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				assert.NoError(t, client.Update(t.Context(), "42", customers.Patch{Email: customers.To("ama@example.com")}))
			})
		}
		wg.Wait()
		assert.EqualValues(t, 50, driver.done.Load())
		assert.EqualValues(t, 1, driver.most.Load(), "at a time")
	})
}

// turns notes how many updates are under way at a time.
type turns struct {
	*acme
	working, most, done atomic.Int32
}

func (s *turns) Update(context.Context, string, customers.Patch) error {
	s.most.Store(max(s.most.Load(), s.working.Add(1)))
	time.Sleep(time.Second)
	s.working.Add(-1)
	s.done.Add(1)
	return nil
}
