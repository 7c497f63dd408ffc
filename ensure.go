package customers

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Ensured tells how [Client.Ensure] came by a customer.
type Ensured string

// What Ensure did.
const (
	// EnsuredFound: the customer was there, and nothing was written.
	EnsuredFound Ensured = "found"
	// EnsuredCreated: the customer was not there, and this call made it.
	EnsuredCreated Ensured = "created"
	// EnsuredAdopted: this call sent a create that was refused, or whose outcome was not known, and the customer was there
	// afterwards. Whether this call made it, or another one, is not known.
	EnsuredAdopted Ensured = "adopted"
)

// Ensure makes sure that a customer is there: it looks for one with p's reference or, where the provider does not
// search by that, with p's e-mail address, and creates it if there is none. It tells which. What it found is as it was:
// Ensure changes nothing, and does not compare further fields; addresses that differ in capitals are different. If
// several customers match it fails with ErrAmbiguous.
//
// It is what to call again after ErrUnknownOutcome, its own included. After a create that failed in another way than
// not being sent, Ensure looks again before it gives up. If nothing is found, the outcome stays unknown: the provider
// may still be at work.
//
// It sends a create twice only where it cannot search, and the contract has the second one refused with the id of the
// first ([OperationCapability].TellsExisting). That is as sure as the contract's evidence for this answer and no
// promise of the provider: where it does not hold, there may be two customers. At Stancer, published tests show it for
// equal data.
//
// Two calls for one customer by one client take turns, so the second finds what the first made. Between clients and
// processes it is as good as the provider: where that accepts a second customer with the same data, both may create
// one.
//
// It fails with ErrUnsupported where the contract has neither a search nor that refusal.
func (c *Client) Ensure(ctx context.Context, p Profile) (*Customer, Ensured, error) {
	lost, err := c.prepare(ctx, &p)
	if err != nil {
		return nil, "", err
	}
	query, err := c.identity(&p)
	if err != nil {
		return nil, "", unsent(err)
	}
	var (
		customer *Customer
		ensured  Ensured
	)
	turn := c.locks.do(ctx, "ensure "+query.key(p), func() error {
		customer, ensured, err = c.ensure(ctx, p, query)
		return nil
	})
	switch {
	case turn != nil:
		return nil, "", c.failed(OpCreate, turn)
	case err != nil:
		return nil, "", err
	case ensured != EnsuredFound:
		customer.Lost = lost
	}
	return customer, ensured, nil
}

// identity is what to look for p by; the zero Query if the provider tells the existing customer when it refuses a
// create.
func (c *Client) identity(p *Profile) (Query, error) {
	find, ok := c.caps.Operation(OpFind)
	if !ok || len(find.Filters) == 0 {
		if create, _ := c.caps.Operation(OpCreate); !create.TellsExisting {
			return Query{}, c.failed(OpCreate, &Error{
				Kind: ErrUnsupported, Outcome: ErrNotSent,
				Detail: "nothing finds a customer at this provider, so one cannot be ensured without the risk of a second one",
			})
		}
		return Query{}, c.usable(OpGet)
	}
	switch {
	case p.Reference != "" && slices.Contains(find.Filters, FieldReference):
		return Query{Reference: p.Reference}, c.usable(OpFind)
	case p.Email != "" && slices.Contains(find.Filters, FieldEmail):
		return Query{Email: p.Email}, c.usable(OpFind)
	}
	return Query{}, c.refuse(OpCreate, []Violation{{
		Field: find.Filters[0], Rule: "required", Bound: "to find the customer by " + alternatives(find.Filters),
	}})
}

// key tells customers apart that Ensure may make: what it looks for them by, or else all that is said of them.
func (q Query) key(p Profile) string {
	if q != (Query{}) {
		return q.Reference + "\n" + q.Email
	}
	data, _ := json.Marshal(p) // texts and a date: it cannot fail
	return string(data)
}

func alternatives(fields []Field) string {
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = string(f)
	}
	return strings.Join(words, " or ")
}

func (c *Client) ensure(ctx context.Context, p Profile, query Query) (*Customer, Ensured, error) {
	if query != (Query{}) {
		found, err := c.only(ctx, query)
		if err != nil {
			return nil, "", unsent(err)
		}
		if found != nil {
			return found, EnsuredFound, nil
		}
	}
	created, err := c.create(ctx, p)
	if err == nil {
		return created, EnsuredCreated, nil
	}
	failed := (*Error)(nil)
	if !errors.As(err, &failed) || failed.Outcome == ErrNotSent {
		return nil, "", err
	}
	existing := failed.ExistingID
	if query == (Query{}) && failed.Outcome == ErrUnknownOutcome {
		// If the first create was carried out, the second is refused with its id. Whatever else becomes of the second, what
		// became of the first is not known.
		created, err := c.create(ctx, p)
		if err == nil {
			return created, EnsuredCreated, nil
		}
		if again := (*Error)(nil); errors.As(err, &again) {
			existing = again.ExistingID
		}
	}
	found, lookup := c.existing(ctx, query, existing)
	switch {
	case found != nil:
		return found, EnsuredAdopted, nil
	case lookup != nil:
		failed.Detail = join("; ", failed.Detail, "looking for the customer afterwards failed too: "+lookup.Error())
	case query != (Query{}) && failed.Outcome == ErrUnknownOutcome:
		failed.Detail = join("; ", failed.Detail, "looked for afterwards, the customer was not there")
	}
	return nil, "", failed
}

// unsent gives the error of a read the outcome of the write that it did not come to.
func unsent(err error) error {
	if failed := (*Error)(nil); errors.As(err, &failed) {
		failed.Outcome = ErrNotSent
	}
	return err
}

// existing looks for the customer that stands in the way of a create, nil if there is none.
func (c *Client) existing(ctx context.Context, query Query, id string) (*Customer, error) {
	if id != "" && c.usable(OpGet) == nil {
		return c.Get(ctx, id)
	}
	if query == (Query{}) {
		return nil, nil
	}
	return c.only(ctx, query)
}

// only is the one customer that matches, nil if there is none.
func (c *Client) only(ctx context.Context, query Query) (*Customer, error) {
	var only *Customer
	for found, err := range c.List(ctx, query) {
		switch {
		case err != nil:
			return nil, err
		case only != nil && only.ID != found.ID:
			return nil, c.failed(OpFind, &Error{Kind: ErrAmbiguous, Detail: "several customers match: see List, and choose by id"})
		}
		only = found
	}
	return only, nil
}
