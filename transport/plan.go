package transport

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/contract-first/customers"
)

type draftKey struct{}

// errDrawn ends a call whose request was made to be looked at.
var errDrawn = errors.New("drawn, not sent")

// Plan is the common body of Driver.Plan: it runs the driver's create up to where its request would be sent, and gives
// that back.
func Plan(
	ctx context.Context, p customers.Profile, create func(context.Context, customers.Profile) (*customers.Customer, error),
) (customers.Draft, error) {
	draft := new(customers.Draft)
	_, err := create(context.WithValue(ctx, draftKey{}, draft), p)
	if errors.Is(err, errDrawn) {
		return *draft, nil
	}
	return customers.Draft{}, err
}

// Planning reports whether a call only makes its request, so that nothing may be asked of the provider for it.
func Planning(ctx context.Context) bool { return ctx.Value(draftKey{}) != nil }

// LookUp notes in a plan that a field's value is a placeholder for what the provider would be asked.
func LookUp(ctx context.Context, f customers.Field) {
	if draft, ok := ctx.Value(draftKey{}).(*customers.Draft); ok {
		draft.LookedUp = append(draft.LookedUp, f)
	}
}

// draw keeps the body of a request that is not sent.
func draw(draft *customers.Draft, req *http.Request) error {
	if req.Body != nil {
		defer req.Body.Close()
		var err error
		if draft.Body, err = io.ReadAll(req.Body); err != nil {
			return err
		}
	}
	return &customers.Error{Kind: customers.ErrUnsupported, Outcome: customers.ErrNotSent, Err: errDrawn}
}
