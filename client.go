package customers

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// Client is the customer endpoint of one provider. It is safe for concurrent use.
//
// Every method returns an [*Error] when it fails. What is written is checked before it is sent.
type Client struct {
	driver Driver
	caps   Capabilities
	policy Policy
	locks  locks
}

// NewClient puts the facade over a driver. Programs call Open of an adapter instead, which does this. It fails with
// ErrConfig if there is no driver, or if the policy names a field or an operation that does not exist, and with
// ErrUnsupported if the provider lacks what the policy requires.
func NewClient(driver Driver, policy Policy) (*Client, error) {
	if driver == nil {
		return nil, &Error{Kind: ErrConfig, Detail: "there is no driver"}
	}
	caps := driver.Capabilities()
	if vs := policy.validate(); len(vs) > 0 {
		return nil, &Error{Provider: caps.Provider, Kind: ErrConfig, Violations: vs}
	}
	if vs := policy.lacking(caps); len(vs) > 0 {
		return nil, &Error{Provider: caps.Provider, Kind: ErrUnsupported, Violations: vs}
	}
	policy.AllowLoss = slices.Clone(policy.AllowLoss)
	policy.AllowUnproven = slices.Clone(policy.AllowUnproven)
	return &Client{driver: driver, caps: caps, policy: policy}, nil
}

// Provider is the provider's name, such as "stancer".
func (c *Client) Provider() string { return c.caps.Provider }

// String names the provider.
func (c *Client) String() string { return c.caps.Provider + " client" }

// Close ends connections that are kept for further calls, except those of a RoundTripper that the caller gave. Calls
// under way go on, and later ones connect anew.
func (c *Client) Close() { c.driver.Close() }

// Capabilities tells what the provider can do and keep. The result is the caller's own copy.
func (c *Client) Capabilities() Capabilities { return c.driver.Capabilities() }

// As stores the provider's own client in target if target points to that type, and reports whether it did: the way to
// what only this provider has. The client sends with the same credentials and limits, but checks nothing that it is
// given, except that no id leads to another path. See the adapter for the type. The client is the caller's own copy.
func (c *Client) As(target any) bool { return c.driver.As(target) }

// Create stores a new customer and returns it as the provider keeps it, as far as the provider tells.
//
// It is not idempotent, and it never takes a customer that is there for the new one. One that was there before is
// ErrAlreadyExists at providers that notice; whether one that does not say so writes over it stands in the adapter's
// documentation. After ErrUnknownOutcome the customer may exist: see [Client.Ensure].
func (c *Client) Create(ctx context.Context, p Profile) (*Customer, error) {
	lost, err := c.prepare(ctx, &p)
	if err != nil {
		return nil, err
	}
	created, err := c.create(ctx, p)
	if err != nil {
		return nil, err
	}
	created.Lost = lost
	return created, nil
}

// prepare takes out of p what the policy lets go, and refuses what cannot be created.
func (c *Client) prepare(ctx context.Context, p *Profile) (lost []Field, err error) {
	if err := c.usable(OpCreate); err != nil {
		return nil, err
	}
	lost, refused := c.fit(ctx, p, OpCreate)
	return lost, c.refuse(OpCreate, append(append(p.validate(), refused...), c.missing(p)...))
}

// create sends what prepare let through.
func (c *Client) create(ctx context.Context, p Profile) (*Customer, error) {
	created, err := c.driver.Create(ctx, p)
	switch {
	case err != nil:
	case created == nil || created.ID == "":
		err = &Error{Kind: ErrContract, Outcome: ErrUnknownOutcome, Detail: "the answer has no id"}
	case p.Reference != "" && created.Reference != "" && created.Reference != p.Reference:
		err = &Error{
			Kind: ErrContract, Outcome: ErrUnknownOutcome,
			Detail: "the answer has another reference: it is not about this customer",
		}
	}
	if err != nil {
		return nil, c.failed(OpCreate, err)
	}
	return created, nil
}

// Get reads the customer with the provider's id. It fails with ErrNotFound if there is none, and with ErrContract if
// the provider answers with another one.
func (c *Client) Get(ctx context.Context, id string) (*Customer, error) {
	if err := c.ready(OpGet, id); err != nil {
		return nil, err
	}
	got, err := c.driver.Get(ctx, id)
	if err == nil && (got == nil || got.ID != id) {
		err = &Error{Kind: ErrContract, Detail: "the answer has another customer's id, or none"}
	}
	if err != nil {
		return nil, c.failed(OpGet, err)
	}
	return got, nil
}

// Update changes what patch names and nothing else. It returns no customer, because some providers answer without one.
//
// At a provider that only writes whole customers it reads, merges and writes. Updates of one customer by one client
// take turns, so that none loses what another wrote; a change made by somebody else between reading and writing may be
// lost.
//
// It fails with ErrUnsupportedField for fields that the provider cannot change or empty. Those whose loss is allowed
// are left out; [Client.PlanUpdate] lists them.
func (c *Client) Update(ctx context.Context, id string, patch Patch) error {
	if err := c.ready(OpUpdate, id); err != nil {
		return err
	}
	if _, err := c.prepareUpdate(ctx, &patch); err != nil {
		return err
	}
	err := c.locks.do(ctx, "update "+id, func() error {
		return c.driver.Update(context.WithValue(ctx, policyKey{}, &c.policy), id, patch)
	})
	if err != nil {
		return c.failed(OpUpdate, err)
	}
	return nil
}

// prepareUpdate takes out of patch what the policy lets go, and refuses what cannot be changed.
func (c *Client) prepareUpdate(ctx context.Context, patch *Patch) (lost []Field, err error) {
	p, cleared := patch.profile()
	if len(cleared) == 0 && len(p.Fields()) == 0 {
		return nil, c.refuse(OpUpdate, []Violation{{Rule: "required", Bound: "something to change"}})
	}
	lost, refused := c.fit(ctx, &p, OpUpdate)
	vs := p.validate()
	for _, f := range cleared {
		if !c.caps.clears(f) {
			vs = append(vs, CannotClear(f))
		}
	}
	vs = append(vs, refused...)
	if len(vs) == 0 && len(cleared) == 0 && len(p.Fields()) == 0 {
		for _, f := range lost {
			vs = append(vs, CannotKeep(f))
		}
	}
	if err := c.refuse(OpUpdate, vs); err != nil {
		return nil, err
	}
	patch.without(lost, p)
	return lost, nil
}

// Delete removes the customer with the provider's id. It fails with ErrNotFound if there is none.
func (c *Client) Delete(ctx context.Context, id string) error {
	if err := c.ready(OpDelete, id); err != nil {
		return err
	}
	if err := c.driver.Delete(ctx, id); err != nil {
		return c.failed(OpDelete, err)
	}
	return nil
}

// List gives the customers that q asks for, page by page as they are consumed. A query by reference or e-mail is the
// way to find one; its results are filtered exactly. The order is the provider's. The iterator ends after its first
// error; a customer without an id is one (ErrContract).
//
// What the provider cannot search by is searched for in its answer, the whole list if need be.
func (c *Client) List(ctx context.Context, q Query) iter.Seq2[*Customer, error] {
	return func(yield func(*Customer, error) bool) {
		op, err := c.listing(q)
		if err != nil {
			yield(nil, err)
			return
		}
		for customer, err := range c.driver.List(ctx, q) {
			if err != nil {
				yield(nil, c.failed(op, err))
				return
			}
			if customer == nil || customer.ID == "" {
				yield(nil, c.failed(op, &Error{Kind: ErrContract, Detail: "a customer of the answer has no id"}))
				return
			}
			if q.matches(customer) && !yield(customer, nil) {
				return
			}
		}
	}
}

// listing decides which operation serves q, and whether it may be used.
func (c *Client) listing(q Query) (Op, error) {
	op := OpList
	find, ok := c.caps.Operation(OpFind)
	var refused []Violation
	for _, f := range q.fields() {
		if ok && slices.Contains(find.Filters, f) {
			op = OpFind
		} else if fc, known := c.caps.Field(f); !known || !fc.Read {
			// What the provider does not search by, the Client can, if the customers show it.
			refused = append(refused, CannotKeep(f))
		}
	}
	if err := c.usable(op); err != nil {
		return op, err
	}
	return op, c.refuse(op, refused)
}

// ready checks what an operation on one customer needs: the operation itself and an id that can be part of a path.
func (c *Client) ready(op Op, id string) error {
	if err := c.usable(op); err != nil {
		return err
	}
	return c.refuse(op, validateID(id))
}

// usable refuses an operation that the provider lacks, or that is unproven and not allowed.
func (c *Client) usable(op Op) error {
	oc, ok := c.caps.Operation(op)
	switch {
	case !ok:
		return c.failed(op, &Error{Kind: ErrUnsupported, Outcome: ErrNotSent, Detail: c.lacks(op)})
	case oc.Evidence == EvidenceInferred && !slices.Contains(c.policy.AllowUnproven, op):
		return c.failed(op, Unproven(*oc))
	}
	return nil
}

func (c *Client) lacks(op Op) string {
	if find, ok := c.caps.Operation(OpFind); op == OpList && ok {
		return "this provider only finds customers, by " + alternatives(find.Filters)
	}
	return "this provider has no such operation"
}

// fit takes out of p what op cannot send and the policy lets go; refused names what the policy does not let go.
func (c *Client) fit(ctx context.Context, p *Profile, op Op) (lost []Field, refused []Violation) {
	drop := func(f Field) bool {
		switch {
		case c.caps.keeps(f, op):
			return false
		case !c.policy.AllowsLoss(f) && !lossAllowed(ctx, f):
			refused = append(refused, CannotKeep(f))
			return false
		}
		lost = append(lost, f)
		return true
	}
	refused = unknownFields("WithLossAllowed", lossOf(ctx), FieldUndeclared)
	for _, f := range texts() {
		if value := p.text(f); *value != "" && drop(f) {
			*value = ""
		}
	}
	if !p.Since.IsZero() && drop(FieldSince) {
		p.Since = time.Time{}
	}
	return lost, refused
}

// missing names the fields that the provider needs for a create and p lacks.
func (c *Client) missing(p *Profile) []Violation {
	var vs []Violation
	for i := range c.caps.Fields {
		fc := &c.caps.Fields[i]
		v := Violation{Field: fc.Field, Rule: "required"}
		if fc.Joined {
			v.Field = fc.Field.Group() // a part of it will do
		}
		if !fc.Required || p.has(v.Field) {
			continue
		}
		if !slices.Contains(vs, v) {
			vs = append(vs, v)
		}
	}
	return vs
}

// refuse makes the error for vs, nil if there are none.
func (c *Client) refuse(op Op, vs []Violation) error {
	if len(vs) == 0 {
		return nil
	}
	return c.failed(op, Refuse(vs...))
}

// failed completes a driver's error with what the client knows.
func (c *Client) failed(op Op, err error) error {
	e := Error{Kind: ErrUnavailable, Outcome: ErrUnknownOutcome, Err: err}
	if known := (*Error)(nil); errors.As(err, &known) {
		e = *known // a copy: callers that waited for the same token may share the original
	}
	e.Provider, e.Op = c.caps.Provider, op
	switch {
	case !op.Writes():
		e.Outcome = ""
	case e.Outcome == "":
		e.Outcome = ErrUnknownOutcome // a driver that does not say is no reason to repeat
	}
	return &e
}
