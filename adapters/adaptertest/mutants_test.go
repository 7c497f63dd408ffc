package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/memory"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/contract"
	genStancer "github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/sandbox"
)

// over is a driver with some methods replaced.
type over struct {
	customers.Driver
	capabilities func() customers.Capabilities
	create       func(context.Context, customers.Profile) (*customers.Customer, error)
	get          func(context.Context, string) (*customers.Customer, error)
	plan         func(context.Context, customers.Profile) (customers.Draft, error)
	update       func(context.Context, string, customers.Patch) error
	delete       func(context.Context, string) error
	list         func(context.Context, customers.Query) iter.Seq2[*customers.Customer, error]
	as           func(any) bool
	close        func()
}

func (o *over) Capabilities() customers.Capabilities {
	if o.capabilities != nil {
		return o.capabilities()
	}
	return o.Driver.Capabilities()
}

func (o *over) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	if o.create != nil {
		return o.create(ctx, p)
	}
	return o.Driver.Create(ctx, p)
}

func (o *over) Plan(ctx context.Context, p customers.Profile) (customers.Draft, error) {
	if o.plan != nil {
		return o.plan(ctx, p)
	}
	return o.Driver.Plan(ctx, p)
}

func (o *over) Get(ctx context.Context, id string) (*customers.Customer, error) {
	if o.get != nil {
		return o.get(ctx, id)
	}
	return o.Driver.Get(ctx, id)
}

func (o *over) Update(ctx context.Context, id string, patch customers.Patch) error {
	if o.update != nil {
		return o.update(ctx, id, patch)
	}
	return o.Driver.Update(ctx, id, patch)
}

func (o *over) Delete(ctx context.Context, id string) error {
	if o.delete != nil {
		return o.delete(ctx, id)
	}
	return o.Driver.Delete(ctx, id)
}

func (o *over) List(ctx context.Context, q customers.Query) iter.Seq2[*customers.Customer, error] {
	if o.list != nil {
		return o.list(ctx, q)
	}
	return o.Driver.List(ctx, q)
}

func (o *over) As(target any) bool {
	if o.as != nil {
		return o.as(target)
	}
	return o.Driver.As(target)
}

func (o *over) Close() {
	if o.close != nil {
		o.close()
	}
	o.Driver.Close()
}

// lenient is a client with some methods replaced, for the promises that a driver cannot break.
type lenient struct {
	facade
	create func(context.Context, customers.Profile) (*customers.Customer, error)
	plan   func(context.Context, customers.Profile) (customers.Plan, error)
	ensure func(context.Context, customers.Profile) (*customers.Customer, customers.Ensured, error)
	update func(context.Context, string, customers.Patch) error
	delete func(context.Context, string) error
}

func (l lenient) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	if l.create != nil {
		return l.create(ctx, p)
	}
	return l.facade.Create(ctx, p)
}

func (l lenient) Plan(ctx context.Context, p customers.Profile) (customers.Plan, error) {
	if l.plan != nil {
		return l.plan(ctx, p)
	}
	return l.facade.Plan(ctx, p)
}

func (l lenient) Ensure(ctx context.Context, p customers.Profile) (*customers.Customer, customers.Ensured, error) {
	if l.ensure != nil {
		return l.ensure(ctx, p)
	}
	return l.facade.Ensure(ctx, p)
}

func (l lenient) Update(ctx context.Context, id string, patch customers.Patch) error {
	if l.update != nil {
		return l.update(ctx, id, patch)
	}
	return l.facade.Update(ctx, id, patch)
}

func (l lenient) Delete(ctx context.Context, id string) error {
	if l.delete != nil {
		return l.delete(ctx, id)
	}
	return l.facade.Delete(ctx, id)
}

// stancerHarness is for Stancer's adapter at the sandbox; between, if not nil, stands between the two.
func stancerHarness(between func(http.RoundTripper) http.RoundTripper) Harness {
	h := Harness{
		Profiles: []customers.Profile{{
			Reference: "crm-10024", Name: customers.Name{Full: "David Coaster"}, Email: "david@example.net", Phone: "+33639980102",
		}, {
			Reference: "crm-20048", Name: customers.Name{Given: "Mireille", Family: "Garnier"}, Email: "mireille@example.net",
			Phone: "+33639980177",
		}},
		UnknownID: "cust_000000000000000000000000",
		Target:    func() any { return new(*genStancer.API) },
	}
	load := sync.OnceValues(func() (*contract.Spec, error) { return contract.Load("stancer") })
	h.Start = func(t testing.TB) Backend {
		sb, err := sandbox.New(sandbox.Config{Contract: func(string) (*contract.Spec, error) { return load() }})
		require.NoError(t, err)
		server := NewServer(t, sb.Handler("stancer"))
		own := &http.Transport{DisableKeepAlives: true} // the driver does not close it
		return Backend{
			Faults:  server,
			Secrets: func() []string { return []string{sb.Stancer.APIKey} },
			Open: func() (customers.Driver, error) {
				c := stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: server.URL()}
				c.Retry.Delay = time.Millisecond
				if between != nil {
					c.RoundTripper = between(own)
				}
				return stancer.NewDriver(c)
			},
		}
	}
	return h
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// mutant is a driver or a client that breaks one promise.
type mutant struct {
	name  string
	fails []string // the checks, all of them
	base  func() Harness
	// One of these breaks it.
	driver func(customers.Driver, Backend) customers.Driver
	client func(facade) facade
}

func rich() Harness { return memoryHarness(customers.Capabilities{}) }

// changed is err with something changed, if it has the kind; a driver's errors are its own to change.
func changed(err error, kind customers.Kind, change func(*customers.Error)) error {
	if e := (*customers.Error)(nil); errors.As(err, &e) && e.Kind == kind {
		change(e)
	}
	return err
}

// onEachWrite breaks the errors of all writes in the same way.
func onEachWrite(d customers.Driver, broken func(error) error) customers.Driver {
	return &over{
		Driver: d,
		create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
			c, err := d.Create(ctx, p)
			return c, broken(err)
		},
		update: func(ctx context.Context, id string, patch customers.Patch) error {
			return broken(d.Update(ctx, id, patch))
		},
		delete: func(ctx context.Context, id string) error { return broken(d.Delete(ctx, id)) },
	}
}

// getting replaces what a get gives.
func getting(d customers.Driver, broken func(id string, c *customers.Customer, err error) (*customers.Customer, error)) customers.Driver {
	return &over{Driver: d, get: func(ctx context.Context, id string) (*customers.Customer, error) {
		c, err := d.Get(ctx, id)
		return broken(id, c, err)
	}}
}

// listing replaces what a list gives.
func listing(
	d customers.Driver, broken func(q customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error],
) customers.Driver {
	return &over{Driver: d, list: func(ctx context.Context, q customers.Query) iter.Seq2[*customers.Customer, error] {
		return broken(q, d.List(ctx, q))
	}}
}

func merged(p customers.Profile, patch customers.Patch) customers.Profile {
	set(&p.Reference, patch.Reference)
	set(&p.Name, patch.Name)
	set(&p.Email, patch.Email)
	set(&p.Phone, patch.Phone)
	set(&p.Mobile, patch.Mobile)
	set(&p.Address, patch.Address)
	set(&p.Since, patch.Since)
	set(&p.Notes, patch.Notes)
	return p
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// entire is a patch of everything, also of what p lacks.
func entire(p customers.Profile) customers.Patch {
	return customers.Patch{
		Reference: &p.Reference, Name: &p.Name, Email: &p.Email, Phone: &p.Phone, Mobile: &p.Mobile, Address: &p.Address,
		Since: &p.Since, Notes: &p.Notes,
	}
}

func mutants() []mutant {
	return []mutant{
		{name: "drops a field in silence", fails: []string{"create", "plan"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					p.Notes = ""
					return d.Create(ctx, p)
				}}
			}},
		{name: "reads the name in the wrong order", fails: []string{"create", "plan"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					p.Name.Given, p.Name.Family = p.Name.Family, p.Name.Given
					return d.Create(ctx, p)
				}}
			}},
		{name: "invents a field in the answer to a create", fails: []string{"create-answer"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					c, err := d.Create(ctx, p)
					if err == nil {
						c.Phone = "+4700000000"
					}
					return c, err
				}}
			}},
		{name: "tells another id for the customer in the way", fails: []string{"create-again"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					c, err := d.Create(ctx, p)
					return c, changed(err, customers.ErrAlreadyExists, func(e *customers.Error) { e.ExistingID = "mem_1" })
				}}
			}},
		{name: "writes over the customer that is there", fails: []string{"create-again"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					c, err := d.Create(ctx, p)
					if e := (*customers.Error)(nil); errors.As(err, &e) && e.Kind == customers.ErrAlreadyExists {
						_ = d.Update(ctx, e.ExistingID, customers.Patch{Notes: customers.To("created twice")})
					}
					return c, err
				}}
			}},
		{name: "swallows a 404 of a delete", fails: []string{"unknown-id"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, delete: func(ctx context.Context, id string) error {
					if err := d.Delete(ctx, id); !errors.Is(err, customers.ErrNotFound) {
						return err
					}
					return nil
				}}
			}},
		{name: "swallows a 404 of an update", fails: []string{"unknown-id"}, base: littleHarness,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, update: func(ctx context.Context, id string, patch customers.Patch) error {
					if err := d.Update(ctx, id, patch); !errors.Is(err, customers.ErrNotFound) {
						return err
					}
					return nil
				}}
			}},
		{name: "cleans ids as if they were paths", fails: []string{"ids"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, get: func(ctx context.Context, id string) (*customers.Customer, error) {
					c, err := d.Get(ctx, path.Clean(id))
					if err == nil {
						c.ID = id
					}
					return c, err
				}}
			}},
		{name: "deletes by the last part of an id", fails: []string{"ids"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, delete: func(ctx context.Context, id string) error { return d.Delete(ctx, path.Base(id)) }}
			}},
		{name: "clears what the patch did not name", fails: []string{"update", "update-concurrent"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, update: func(ctx context.Context, id string, patch customers.Patch) error {
					if patch.Address != nil && *patch.Address != (customers.Address{}) {
						address := *patch.Address
						address.PostalCode = ""
						patch.Address = &address
					}
					return d.Update(ctx, id, patch)
				}}
			}},
		{name: "writes the record as it last read it", fails: []string{"update-concurrent"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				var mu sync.Mutex
				seen := map[string]customers.Profile{}
				return &over{
					Driver: d,
					get: func(ctx context.Context, id string) (*customers.Customer, error) {
						c, err := d.Get(ctx, id)
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							seen[id] = c.Profile
						}
						return c, err
					},
					update: func(ctx context.Context, id string, patch customers.Patch) error {
						mu.Lock()
						was, ok := seen[id]
						mu.Unlock()
						if ok {
							patch = entire(merged(was, patch))
						}
						return d.Update(ctx, id, patch)
					},
				}
			}},
		{name: "does not empty what it says it can", fails: []string{"clear"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, update: func(ctx context.Context, id string, patch customers.Patch) error {
					if patch.Notes != nil && *patch.Notes == "" {
						patch.Notes = nil
					}
					return d.Update(ctx, id, patch)
				}}
			}},
		{name: "empties what it says it cannot", fails: []string{"clear"}, base: littleHarness,
			client: func(c facade) facade {
				return lenient{facade: c, update: func(ctx context.Context, id string, patch customers.Patch) error {
					if patch.Email != nil && *patch.Email == "" {
						return nil
					}
					return c.Update(ctx, id, patch)
				}}
			}},
		{name: "serves what was deleted from a cache", fails: []string{"delete"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				var mu sync.Mutex
				seen := map[string]customers.Customer{}
				return &over{
					Driver: d,
					create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
						c, err := d.Create(ctx, p)
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							seen[c.ID] = *c
						}
						return c, err
					},
					get: func(ctx context.Context, id string) (*customers.Customer, error) {
						c, err := d.Get(ctx, id)
						mu.Lock()
						defer mu.Unlock()
						if cached, ok := seen[id]; ok && errors.Is(err, customers.ErrNotFound) {
							return &cached, nil
						}
						return c, err
					},
				}
			}},
		{name: "leaves a customer out of the list", fails: []string{"list", "ensure", "ensure-unknown"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return listing(d, func(_ customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error] {
					return func(yield func(*customers.Customer, error) bool) {
						n := 0
						for c, err := range all {
							if n++; (n != 2 || err != nil) && !yield(c, err) {
								return
							}
						}
					}
				})
			}},
		{name: "lists a customer twice", fails: []string{"list"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return listing(d, func(q customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error] {
					return func(yield func(*customers.Customer, error) bool) {
						for c, err := range all {
							if !yield(c, err) || err == nil && q == (customers.Query{}) && !yield(c, nil) {
								return
							}
						}
					}
				})
			}},
		{name: "finds nobody by e-mail", fails: []string{"find"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return listing(d, func(q customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error] {
					if q.Email == "" {
						return all
					}
					return func(func(*customers.Customer, error) bool) {}
				})
			}},
		{name: "says not found instead of finding nobody", fails: []string{"find"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return listing(d, func(q customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error] {
					if !strings.Contains(q.Email, "nobody") {
						return all
					}
					return func(yield func(*customers.Customer, error) bool) {
						yield(nil, &customers.Error{Kind: customers.ErrNotFound})
					}
				})
			}},
		{name: "has an iterator for one loop only", fails: []string{"list-again"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return listing(d, func(_ customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error] {
					used := false
					return func(yield func(*customers.Customer, error) bool) {
						if !used {
							used = true
							all(yield)
						}
					}
				})
			}},
		{name: "goes on after the loop was left", fails: []string{"list-break"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return listing(d, func(_ customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error] {
					return func(yield func(*customers.Customer, error) bool) {
						for c, err := range all {
							yield(c, err)
						}
					}
				})
			}},
		{name: "says twice that a list failed", fails: []string{"list-failure"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return listing(d, func(_ customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error] {
					return func(yield func(*customers.Customer, error) bool) {
						for c, err := range all {
							if !yield(c, err) || err != nil && !yield(c, err) {
								return
							}
						}
					}
				})
			}},
		{name: "gives a partial list without an error", fails: []string{
			"list-failure", "errors", "unauthorized", "rate-limited", "server-error", "no-answer", "gibberish", "unreachable",
			"canceled-before", "canceled-during",
		}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return listing(d, func(_ customers.Query, all iter.Seq2[*customers.Customer, error]) iter.Seq2[*customers.Customer, error] {
					return func(yield func(*customers.Customer, error) bool) {
						for c, err := range all {
							if err != nil || !yield(c, nil) {
								return
							}
						}
					}
				})
			}},

		{name: "asks the provider as soon as it is opened", fails: []string{"open"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				_, _ = d.Get(context.Background(), "mem_0")
				return d
			}},
		{name: "drops an unsupported field of an update in silence", fails: []string{"unsupported-fields"}, base: littleHarness,
			client: func(c facade) facade {
				return lenient{facade: c, update: func(ctx context.Context, id string, patch customers.Patch) error {
					if patch.Mobile != nil && *patch.Mobile != "" {
						return nil
					}
					return c.Update(ctx, id, patch)
				}}
			}},
		{name: "says that it did what it cannot do", fails: []string{"unsupported-operations"}, base: littleHarness,
			client: func(c facade) facade {
				return lenient{facade: c, delete: func(context.Context, string) error { return nil }}
			}},
		{name: "takes an inferred operation for a proven one", fails: []string{"unproven"}, base: littleHarness,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				asked := 0 // the client asks first, and keeps the answer
				return &over{Driver: d, capabilities: func() customers.Capabilities {
					c := d.Capabilities()
					if asked++; asked == 1 {
						for i := range c.Operations {
							c.Operations[i].Evidence = customers.EvidencePrimary
						}
					}
					return c
				}}
			}},
		{name: "does not tell what it lost", fails: []string{"loss", "loss-call"}, base: littleHarness,
			client: func(c facade) facade {
				return lenient{facade: c, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					created, err := c.Create(ctx, p)
					if err == nil {
						created.Lost = nil
					}
					return created, err
				}}
			}},
		{name: "does not tell what one call lost", fails: []string{"loss-call"}, base: littleHarness,
			client: func(c facade) facade {
				return lenient{facade: c, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					created, err := c.Create(ctx, p)
					if err == nil && customers.LossAllowed(ctx, customers.FieldNotes) {
						created.Lost = nil
					}
					return created, err
				}}
			}},
		{name: "allows for ever what one call was allowed", fails: []string{"loss-call"}, base: littleHarness,
			client: func(c facade) facade {
				var allowed atomic.Bool
				return lenient{facade: c, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					if customers.LossAllowed(ctx, customers.FieldNotes) {
						allowed.Store(true)
					}
					if allowed.Load() {
						ctx = customers.WithLossAllowed(ctx, customers.Fields()...)
					}
					return c.Create(ctx, p)
				}}
			}},
		{name: "says something else each other time", fails: []string{"require"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				asked := 0
				return &over{Driver: d, capabilities: func() customers.Capabilities {
					c := d.Capabilities()
					if asked++; asked%2 == 1 {
						remove, _ := c.Operation(customers.OpDelete)
						remove.Evidence = customers.EvidenceInferred
					}
					return c
				}}
			}},
		{name: "asks the provider for a plan", fails: []string{"plan"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, plan: func(ctx context.Context, p customers.Profile) (customers.Draft, error) {
					_, _ = d.Get(ctx, "mem_1")
					return d.Plan(ctx, p)
				}}
			}},
		{name: "plans without a field", fails: []string{"plan"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, plan: func(ctx context.Context, p customers.Profile) (customers.Draft, error) {
					p.Notes = ""
					return d.Plan(ctx, p)
				}}
			}},
		{name: "makes no plans", fails: []string{"plan", "plan-refused"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, plan: customers.Unsupported{}.Plan}
			}},
		{name: "calls kept what it changes", fails: []string{"plan"}, base: onTheWire,
			client: func(c facade) facade {
				return lenient{facade: c, plan: func(ctx context.Context, p customers.Profile) (customers.Plan, error) {
					planned, err := c.Plan(ctx, p)
					for i := range planned.Steps {
						if planned.Steps[i].Action == customers.ActionChanged {
							planned.Steps[i].Action = customers.ActionKept
							planned.Steps[i].Field = customers.FieldNameFull
						}
					}
					return planned, err
				}}
			}},
		{name: "plans what it would refuse", fails: []string{"plan-refused"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, plan: func(ctx context.Context, p customers.Profile) (customers.Draft, error) {
					p.Reference = p.Reference[:min(len(p.Reference), 36)]
					return d.Plan(ctx, p)
				}}
			}},
		{name: "changes whom it finds", fails: []string{"ensure"}, base: rich,
			client: func(c facade) facade {
				return lenient{facade: c, ensure: func(ctx context.Context, p customers.Profile) (*customers.Customer, customers.Ensured, error) {
					got, how, err := c.Ensure(ctx, p)
					if how == customers.EnsuredFound {
						_ = c.Update(ctx, got.ID, customers.Patch{Notes: customers.To("found again")})
					}
					return got, how, err
				}}
			}},
		{name: "tells no existing id though it says so", fails: []string{"ensure", "ensure-unknown", "ensure-concurrent"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					c, err := d.Create(ctx, p)
					return c, changed(err, customers.ErrAlreadyExists, func(e *customers.Error) { e.ExistingID = "" })
				}}
			}},
		{name: "says that it created where it does not know", fails: []string{"ensure-unknown"}, base: rich,
			client: func(c facade) facade {
				return lenient{facade: c, ensure: func(ctx context.Context, p customers.Profile) (*customers.Customer, customers.Ensured, error) {
					got, how, err := c.Ensure(ctx, p)
					if how == customers.EnsuredAdopted {
						how = customers.EnsuredCreated
					}
					return got, how, err
				}}
			}},
		{name: "tells the fourth caller that it created", fails: []string{"ensure-concurrent"}, base: rich,
			client: func(c facade) facade {
				var calls atomic.Int32
				return lenient{facade: c, ensure: func(ctx context.Context, p customers.Profile) (*customers.Customer, customers.Ensured, error) {
					got, how, err := c.Ensure(ctx, p)
					if calls.Add(1) == 4 {
						how = customers.EnsuredCreated
					}
					return got, how, err
				}}
			}},
		{name: "leaves it to the provider to refuse what is missing", fails: []string{"required-fields"}, base: littleHarness,
			driver: func(d customers.Driver, b Backend) customers.Driver {
				return &over{
					Driver: d,
					capabilities: func() customers.Capabilities {
						c := d.Capabilities()
						email, _ := c.Field(customers.FieldEmail)
						email.Required = false
						return c
					},
					create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
						if p.Email == "" {
							return nil, &customers.Error{Kind: customers.ErrInvalid, Outcome: customers.ErrRejected}
						}
						return d.Create(ctx, p)
					},
				}
			}},

		{name: "returns a bare error", fails: []string{"errors"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return getting(d, func(_ string, c *customers.Customer, err error) (*customers.Customer, error) {
					if errors.Is(err, customers.ErrUnavailable) {
						return nil, errors.New("no luck")
					}
					return c, err
				})
			}},
		{name: "does not say how a write ended", fails: []string{"errors"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrUnavailable, func(e *customers.Error) {
						if e.Outcome == customers.ErrUnknownOutcome {
							e.Outcome = ""
						}
					})
				})
			}},
		{name: "takes refused credentials for a lack of rights", fails: []string{"unauthorized"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrUnauthenticated, func(e *customers.Error) { e.Kind = customers.ErrForbidden })
				})
			}},
		{name: "forgets how long to wait", fails: []string{"rate-limited"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrRateLimited, func(e *customers.Error) { e.RetryAfter = 0 })
				})
			}},
		{name: "takes a fault of the provider for a refusal", fails: []string{"server-error"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrUnavailable, func(e *customers.Error) {
						if e.Status == 500 {
							e.Outcome = customers.ErrRejected
						}
					})
				})
			}},
		{name: "says not sent after sending", fails: []string{"no-answer", "ensure-unknown"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrUnavailable, func(e *customers.Error) {
						if e.Status == 0 {
							e.Outcome = customers.ErrNotSent
						}
					})
				})
			}},
		{name: "takes any answer for a success", fails: []string{"gibberish"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, delete: func(ctx context.Context, id string) error {
					if err := d.Delete(ctx, id); !errors.Is(err, customers.ErrContract) {
						return err
					}
					return nil
				}}
			}},
		{name: "never knows that nothing was sent", fails: []string{"unreachable"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrUnavailable, func(e *customers.Error) { e.Outcome = customers.ErrUnknownOutcome })
				})
			}},
		{name: "repeats a create whose outcome is unknown", fails: []string{"sent-once", "ensure-unknown"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					c, err := d.Create(ctx, p)
					if errors.Is(err, customers.ErrUnknownOutcome) {
						_, _ = d.Create(ctx, p)
					}
					return c, err
				}}
			}},
		{name: "sends a POST again after no answer", fails: []string{"sent-once", "ensure-unknown"},
			base: func() Harness {
				return stancerHarness(func(next http.RoundTripper) http.RoundTripper {
					return roundTrip(func(r *http.Request) (*http.Response, error) {
						resp, err := next.RoundTrip(r)
						if err == nil || r.Method != http.MethodPost {
							return resp, err
						}
						again := r.Clone(r.Context())
						again.Body, _ = r.GetBody()
						return next.RoundTrip(again)
					})
				})
			}},

		{name: "gives another customer the id that was asked for", fails: []string{"other-customer"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return getting(d, func(id string, c *customers.Customer, err error) (*customers.Customer, error) {
					if e := (*customers.Error)(nil); errors.As(err, &e) && strings.Contains(e.Detail, "another customer") {
						return &customers.Customer{ID: id}, nil
					}
					return c, err
				})
			}},
		{name: "throws away what it cannot read", fails: []string{"verbatim"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return getting(d, func(_ string, c *customers.Customer, err error) (*customers.Customer, error) {
					if err == nil {
						c.Verbatim = nil
					}
					return c, err
				})
			}},
		{name: "fails on properties that it does not know", fails: []string{"unknown-properties"},
			base: func() Harness {
				return stancerHarness(func(next http.RoundTripper) http.RoundTripper {
					return roundTrip(func(r *http.Request) (*http.Response, error) {
						resp, err := next.RoundTrip(r)
						if err != nil {
							return nil, err
						}
						defer resp.Body.Close()
						body, err := io.ReadAll(resp.Body)
						if err != nil || bytes.Contains(body, []byte(unknownProperty)) {
							return nil, errors.Join(err, errors.New("unknown property"))
						}
						resp.Body = io.NopCloser(bytes.NewReader(body))
						return resp, nil
					})
				})
			}},

		{name: "does not look whether the context has ended", fails: []string{"canceled-before"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					if ctx.Err() != nil {
						ctx = context.WithoutCancel(ctx)
					}
					return d.Create(ctx, p)
				}}
			}},
		{name: "hides why the context ended", fails: []string{"canceled-before", "canceled-during"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrCanceled, func(e *customers.Error) { e.Err = context.Canceled })
				})
			}},
		{name: "ignores the context once it has begun", fails: []string{"canceled-during"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, delete: func(ctx context.Context, id string) error {
					if ctx.Err() == nil {
						ctx = context.WithoutCancel(ctx)
					}
					return d.Delete(ctx, id)
				}}
			}},
		{name: "does one thing at a time", fails: []string{"concurrent"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				var mu sync.Mutex
				return &over{Driver: d, get: func(ctx context.Context, id string) (*customers.Customer, error) {
					mu.Lock()
					defer mu.Unlock()
					return d.Get(ctx, id)
				}}
			}},
		{name: "leaves a goroutine", fails: []string{"goroutines"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					go func() { <-ctx.Done() }() // until the test ends
					return d.Create(ctx, p)
				}}
			}},
		{name: "cannot be used after Close", fails: []string{"close"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				closed := false
				return &over{Driver: d, close: func() { closed = true }, update: func(ctx context.Context, id string, patch customers.Patch) error {
					if closed {
						return &customers.Error{Kind: customers.ErrUnavailable, Outcome: customers.ErrNotSent}
					}
					return d.Update(ctx, id, patch)
				}}
			}},
		{name: "panics when it is closed twice", fails: []string{"close"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				ended := make(chan struct{})
				closed := 0
				return &over{Driver: d, close: func() {
					if closed++; closed == 2 {
						close(ended)
						close(ended)
					}
				}}
			}},

		{name: "leaks the key in an error", fails: []string{"secrets"}, base: onTheWire,
			driver: func(d customers.Driver, b Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrUnauthenticated, func(e *customers.Error) { e.Detail = "not accepted: " + b.Secrets()[0] })
				})
			}},
		{name: "shows the key when it is printed", fails: []string{"secrets"}, base: onTheWire,
			driver: func(d customers.Driver, b Backend) customers.Driver {
				return struct {
					customers.Driver
					Key string
				}{d, b.Secrets()[0]}
			}},
		{name: "repeats what the provider says", fails: []string{"personal-data"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return onEachWrite(d, func(err error) error {
					return changed(err, customers.ErrNotFound, func(e *customers.Error) { e.Detail = "not found, david@example.net" })
				})
			}},
		{name: "wraps an error that shows the customer", fails: []string{"personal-data"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
					c, err := d.Create(ctx, p)
					return c, changed(err, customers.ErrAlreadyExists, func(e *customers.Error) { e.Err = errors.New("there is " + p.Email) })
				}}
			}},

		{name: "hands out the capabilities that it uses", fails: []string{"capabilities"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				own := d.Capabilities()
				return &over{Driver: d, capabilities: func() customers.Capabilities { return own }}
			}},
		{name: "knows an operation that there is not", fails: []string{"capabilities", "require"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, capabilities: func() customers.Capabilities {
					c := d.Capabilities()
					other := c.Operations[0]
					other.Op = "merge"
					c.Operations = append(c.Operations, other)
					return c
				}}
			}},
		{name: "lists a field twice", fails: []string{"capabilities"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, capabilities: func() customers.Capabilities {
					c := d.Capabilities()
					c.Fields = append(c.Fields, c.Fields[3])
					return c
				}}
			}},
		{name: "gives the same customer to every caller", fails: []string{"copies"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				var mu sync.Mutex
				shared := map[string]map[customers.Field]string{}
				return getting(d, func(id string, c *customers.Customer, err error) (*customers.Customer, error) {
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						if shared[id] == nil {
							shared[id] = map[customers.Field]string{}
						}
						c.Verbatim = shared[id]
					}
					return c, err
				})
			}},
		{name: "keeps the caller's patch", fails: []string{"copies"}, base: rich,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				var mu sync.Mutex
				last := map[string]*string{}
				return &over{
					Driver: d,
					update: func(ctx context.Context, id string, patch customers.Patch) error {
						err := d.Update(ctx, id, patch)
						mu.Lock()
						defer mu.Unlock()
						if err == nil && patch.Reference != nil {
							last[id] = patch.Reference
						}
						return err
					},
					get: func(ctx context.Context, id string) (*customers.Customer, error) {
						c, err := d.Get(ctx, id)
						mu.Lock()
						defer mu.Unlock()
						if err == nil && last[id] != nil {
							c.Reference = *last[id]
						}
						return c, err
					},
				}
			}},
		{name: "hands out its own client", fails: []string{"as"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				own := new(*genStancer.API)
				d.As(own)
				return &over{Driver: d, as: func(target any) bool {
					p, ok := target.(**genStancer.API)
					if ok {
						*p = *own
					}
					return ok
				}}
			}},
		{name: "fills a target that is nil", fails: []string{"as"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, as: func(target any) bool {
					p, ok := target.(**genStancer.API)
					return ok && p == nil || d.As(target)
				}}
			}},
		{name: "panics on a target that is nil", fails: []string{"as"}, base: onTheWire,
			driver: func(d customers.Driver, _ Backend) customers.Driver {
				return &over{Driver: d, as: func(target any) bool {
					if target == nil {
						panic("nil")
					}
					return d.As(target)
				}}
			}},
	}
}

func onTheWire() Harness { return stancerHarness(nil) }

// TestMutants holds the kit to what it is for: each mutant fails the checks that are named and no other, and each check
// fails at least one.
func TestMutants(t *testing.T) {
	killed := map[string]bool{}
	for _, m := range mutants() {
		for _, name := range m.fails {
			killed[name] = true
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			h := m.base()
			h.Patience = time.Second
			h.wrap = m.client
			if start := h.Start; m.driver != nil {
				h.Start = func(t testing.TB) Backend {
					b := start(t)
					open := b.Open
					b.Open = func() (customers.Driver, error) {
						d, err := open()
						require.NoError(t, err)
						return m.driver(d, b), nil
					}
					return b
				}
			}
			var failed []string
			for _, c := range checks {
				if v := probe(t, c, h); len(v.failures) > 0 {
					failed = append(failed, c.name)
					if !slices.Contains(m.fails, c.name) {
						t.Logf("%s: %q", c.name, v.failures)
					}
				}
			}
			assert.ElementsMatch(t, m.fails, failed)
		})
	}
	for _, name := range Checks() {
		assert.True(t, killed[name], "no mutant is caught by %s", name)
	}
}

// TestOriginals makes sure that what the mutants break is whole, so that it is the mutation that is caught.
func TestOriginals(t *testing.T) {
	assert.GreaterOrEqual(t, len(mutants()), 20)
	t.Run("stancer", func(t *testing.T) { Run(t, onTheWire()) })
	t.Run("several operations with one op", func(t *testing.T) {
		caps := memory.NewDriver(memory.Config{}).Capabilities()
		for _, oc := range caps.Operations {
			oc.ID, oc.Evidence = oc.ID+"Too", customers.EvidenceInferred
			caps.Operations = append(caps.Operations, oc)
		}
		Run(t, memoryHarness(caps))
	})
	assert.Equal(t, "memory", memory.NewDriver(memory.Config{}).Capabilities().Provider)
}
