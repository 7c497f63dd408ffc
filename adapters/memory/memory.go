// Package memory is a provider that keeps its customers in the process: for the unit tests of programs that use the
// facade. It does what the facade promises, with the errors that the facade promises, and nothing is sent anywhere.
//
// By itself it can do every operation, keeps every field and empties fields on request. Given the Capabilities of
// another client it plays that provider, so that a program meets the same refusals as in production: operations and
// fields that are missing, what is required, texts that are joined, ids that are the caller's reference. How long a
// value may be, whether one of several fields is needed, and what a provider takes for the same customer it does not
// play: package sandbox does.
//
// Two customers cannot have the same Reference: a create of a second one is [customers.ErrAlreadyExists] with
// ExistingID, an update to it [customers.ErrRefused]. Where the capabilities say TellsExisting, that holds for a create
// of the very same profile too. Lists are in the order of creation.
//
// A plan shows every value in the facade's form, joined where the capabilities join.
//
// It imports the facade only.
package memory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/contract-first/customers"
)

// Config is how the provider behaves. The zero value can do and keep everything, and never fails.
type Config struct {
	// Capabilities are those of the provider to play, such as what Client.Capabilities of another adapter tells. Without
	// operations, they are those of a provider that can do everything.
	Capabilities customers.Capabilities
	Policy       customers.Policy
	// Now is the clock of CreatedAt; nil is time.Now.
	Now func() time.Time
	// Before is asked before an operation is carried out, and After when it has been. An error of either fails the call:
	// of Before nothing has changed, of After everything has. Make it a [*customers.Error]; any other error is
	// ErrUnavailable, with an unknown outcome if the operation writes. They may wait for the context to play a provider
	// that hangs, must be safe for concurrent use, and are not asked for calls that the Client refuses.
	Before, After func(context.Context, customers.Op) error
}

// Open makes a client for a provider of its own, without customers. It fails with customers.ErrConfig if the policy
// names what does not exist.
func Open(c Config) (*customers.Client, error) { return customers.NewClient(NewDriver(c), c.Policy) }

type driver struct {
	customers.Unsupported
	config Config

	mu    sync.RWMutex
	byID  map[string]*customers.Customer
	order []string // ids
	made  int      // customers, deleted ones included
}

// NewDriver makes the driver alone, for programs that wrap it; c.Policy is not used.
func NewDriver(c Config) customers.Driver {
	if len(c.Capabilities.Operations) == 0 {
		c.Capabilities = everything()
	}
	c.Capabilities = clone(c.Capabilities)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &driver{config: c, byID: map[string]*customers.Customer{}}
}

// everything is what the provider can do if it plays no other.
func everything() customers.Capabilities {
	c := customers.Capabilities{Provider: "memory"}
	for _, op := range customers.Ops() {
		oc := customers.OperationCapability{Op: op, ID: string(op), Evidence: customers.EvidencePrimary, Source: "package memory"}
		if op == customers.OpFind {
			oc.Filters = []customers.Field{customers.FieldReference, customers.FieldEmail}
		}
		c.Operations = append(c.Operations, oc)
	}
	for _, f := range customers.Fields() {
		own := f == customers.FieldID || f == customers.FieldCreatedAt // the provider's, not the caller's
		c.Fields = append(c.Fields, customers.FieldCapability{
			Field: f, Wire: string(f), Create: !own, Update: !own, Read: true, Clear: !own, Evidence: customers.EvidencePrimary,
		})
	}
	return c
}

func clone(c customers.Capabilities) customers.Capabilities {
	c.Fields, c.Operations = slices.Clone(c.Fields), slices.Clone(c.Operations)
	for i := range c.Operations {
		c.Operations[i].Filters = slices.Clone(c.Operations[i].Filters)
	}
	return c
}

func (d *driver) Capabilities() customers.Capabilities { return clone(d.config.Capabilities) }

func (d *driver) Create(ctx context.Context, p customers.Profile) (created *customers.Customer, err error) {
	err = d.do(ctx, customers.OpCreate, func() *customers.Error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if twin := cmp.Or(d.named(p.Reference), d.same(p)); twin != "" {
			return &customers.Error{Kind: customers.ErrAlreadyExists, Outcome: customers.ErrRejected, ExistingID: twin}
		}
		c := &customers.Customer{ID: d.nextID(p), Profile: p, CreatedAt: d.config.Now().UTC()}
		d.byID[c.ID] = c
		d.order = append(d.order, c.ID)
		created = d.show(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

// named is the id of the customer that has a reference, "" without one.
func (d *driver) named(reference string) string {
	for _, id := range d.order {
		if reference != "" && d.byID[id].Reference == reference {
			return id
		}
	}
	return ""
}

// same is the id of a customer with the same data, where the provider to play tells it; else "".
func (d *driver) same(p customers.Profile) string {
	if create, ok := d.config.Capabilities.Operation(customers.OpCreate); !ok || !create.TellsExisting {
		return ""
	}
	for _, id := range d.order {
		kept := d.byID[id].Profile
		if kept.Since.Equal(p.Since) {
			kept.Since = p.Since // one instant can be written in several ways
		}
		if kept == p {
			return id
		}
	}
	return ""
}

// Plan has the values under the names of the capabilities.
func (d *driver) Plan(_ context.Context, p customers.Profile) (customers.Draft, error) {
	body := map[string]any{}
	values := texts(&p)
	for _, f := range p.Fields() {
		fc, _ := d.config.Capabilities.Field(f)
		switch {
		case f == customers.FieldSince:
			put(body, fc.Wire, p.Since.Format(time.RFC3339Nano))
		case fc.Joined && f.Group() == customers.FieldName:
			put(body, fc.Wire, p.Name.String())
		case fc.Joined && f.Group() == customers.FieldAddress:
			put(body, fc.Wire, p.Address.String())
		default:
			put(body, fc.Wire, *values[f])
		}
	}
	data, _ := json.Marshal(body) // cannot fail: texts
	return customers.Draft{Body: data}, nil
}

// put sets the property that a path of names leads to.
func put(object map[string]any, path string, value any) {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		object[name] = value
		return
	}
	inner, _ := object[name].(map[string]any)
	if inner == nil {
		inner = map[string]any{}
		object[name] = inner
	}
	put(inner, rest, value)
}

// texts are the text fields of p.
func texts(p *customers.Profile) map[customers.Field]*string {
	return map[customers.Field]*string{
		customers.FieldReference: &p.Reference, customers.FieldNameGiven: &p.Name.Given,
		customers.FieldNameFamily: &p.Name.Family, customers.FieldNameFull: &p.Name.Full,
		customers.FieldEmail: &p.Email, customers.FieldPhone: &p.Phone, customers.FieldMobile: &p.Mobile,
		customers.FieldAddressStreet: &p.Address.Street, customers.FieldAddressCity: &p.Address.City,
		customers.FieldAddressRegion: &p.Address.Region, customers.FieldAddressPostalCode: &p.Address.PostalCode,
		customers.FieldAddressCountry: &p.Address.Country, customers.FieldAddressFormatted: &p.Address.Formatted,
		customers.FieldNotes: &p.Notes,
	}
}

// nextID gives the same ids in each run, so that tests can compare outputs, and ids that nobody takes for a sequence.
func (d *driver) nextID(p customers.Profile) string {
	if id, ok := d.config.Capabilities.Field(customers.FieldID); ok && p.Reference != "" {
		reference, ok := d.config.Capabilities.Field(customers.FieldReference)
		if ok && reference.Wire == id.Wire {
			return p.Reference
		}
	}
	d.made++
	sum := sha256.Sum256([]byte(strconv.Itoa(d.made)))
	return "mem_" + hex.EncodeToString(sum[:10])
}

func (d *driver) Get(ctx context.Context, id string) (got *customers.Customer, err error) {
	err = d.do(ctx, customers.OpGet, func() *customers.Error {
		d.mu.RLock()
		defer d.mu.RUnlock()
		c, ok := d.byID[id]
		if !ok {
			return notFound()
		}
		got = d.show(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return got, nil
}

func (d *driver) Update(ctx context.Context, id string, patch customers.Patch) error {
	return d.do(ctx, customers.OpUpdate, func() *customers.Error {
		d.mu.Lock()
		defer d.mu.Unlock()
		c, ok := d.byID[id]
		if !ok {
			return notFound()
		}
		if twin := d.named(patch.Profile().Reference); twin != "" && twin != id {
			return &customers.Error{
				Kind: customers.ErrRefused, Outcome: customers.ErrRejected, Detail: "another customer has this reference",
			}
		}
		if vs := d.emptied(c.Address, patch.Address); len(vs) > 0 {
			return customers.Refuse(vs...)
		}
		set(&c.Reference, patch.Reference)
		set(&c.Name, patch.Name)
		set(&c.Email, patch.Email)
		set(&c.Phone, patch.Phone)
		set(&c.Mobile, patch.Mobile)
		set(&c.Address, patch.Address)
		set(&c.Since, patch.Since)
		set(&c.Notes, patch.Notes)
		return nil
	})
}

// emptied names the parts of an address that another one, written over it, would empty where the provider does not.
func (d *driver) emptied(was customers.Address, patch *customers.Address) []customers.Violation {
	if patch == nil {
		return nil
	}
	is := customers.Profile{Address: *patch}.Fields()
	var vs []customers.Violation
	for _, f := range (customers.Profile{Address: was}).Fields() {
		if fc, ok := d.config.Capabilities.Field(f); ok && !fc.Clear && !fc.Joined && !slices.Contains(is, f) {
			vs = append(vs, customers.CannotClear(f))
		}
	}
	return vs
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (d *driver) Delete(ctx context.Context, id string) error {
	return d.do(ctx, customers.OpDelete, func() *customers.Error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if _, ok := d.byID[id]; !ok {
			return notFound()
		}
		delete(d.byID, id)
		d.order = slices.DeleteFunc(d.order, func(other string) bool { return other == id })
		return nil
	})
}

// List gives the customers of the moment in which the iteration begins. An error of Config.After comes behind them.
func (d *driver) List(ctx context.Context, q customers.Query) iter.Seq2[*customers.Customer, error] {
	return func(yield func(*customers.Customer, error) bool) {
		op := customers.OpList
		if find, ok := d.config.Capabilities.Operation(customers.OpFind); ok &&
			(q.Reference != "" && slices.Contains(find.Filters, customers.FieldReference) ||
				q.Email != "" && slices.Contains(find.Filters, customers.FieldEmail)) {
			op = customers.OpFind
		}
		var all []*customers.Customer
		err := d.do(ctx, op, func() *customers.Error {
			d.mu.RLock()
			defer d.mu.RUnlock()
			for _, id := range d.order {
				all = append(all, d.show(d.byID[id]))
			}
			return nil
		})
		for _, c := range all {
			if !yield(c, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func notFound() *customers.Error {
	return &customers.Error{Kind: customers.ErrNotFound, Outcome: customers.ErrRejected}
}

// do carries an operation out between the two hooks.
func (d *driver) do(ctx context.Context, op customers.Op, work func() *customers.Error) error {
	if ctx.Err() != nil {
		return canceled(ctx, customers.ErrNotSent)
	}
	if err := ask(ctx, d.config.Before, op); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	return ask(ctx, d.config.After, op)
}

func ask(ctx context.Context, hook func(context.Context, customers.Op) error, op customers.Op) error {
	if hook == nil {
		return nil
	}
	err := hook(ctx, op)
	if known := (*customers.Error)(nil); err == nil || errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return canceled(ctx, customers.ErrUnknownOutcome)
	}
	return &customers.Error{Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome, Err: err}
}

func canceled(ctx context.Context, outcome customers.Outcome) error {
	return &customers.Error{Kind: customers.ErrCanceled, Outcome: outcome, Err: customers.ContextError(ctx)}
}

// show is a copy of c as it reads back: without what the capabilities do not read, parts joined where they are.
func (d *driver) show(c *customers.Customer) *customers.Customer {
	shown := *c // holds no map and no pointer: those of the facade are set on what is returned
	reads := func(f customers.Field) bool {
		fc, ok := d.config.Capabilities.Field(f)
		return ok && fc.Read
	}
	if reads(customers.FieldNameFull) && !reads(customers.FieldNameGiven) {
		shown.Name = customers.Name{Full: c.Name.String()}
	}
	if reads(customers.FieldAddressFormatted) && !reads(customers.FieldAddressStreet) {
		shown.Address = customers.Address{Formatted: c.Address.String()}
	}
	for f, value := range texts(&shown.Profile) {
		if !reads(f) {
			*value = ""
		}
	}
	if !reads(customers.FieldSince) {
		shown.Since = time.Time{}
	}
	if !reads(customers.FieldCreatedAt) {
		shown.CreatedAt = time.Time{}
	}
	return &shown
}
