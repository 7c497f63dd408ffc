package customers

import (
	"context"
	"iter"
	"slices"
)

// Driver maps the facade to one provider's API and back; [Client] does the rest. Implementations embed [Unsupported],
// so that later versions can add methods.
//
// A driver is asked only for the operations in its Capabilities, with input that the Client has checked: fields that it
// keeps, in the facade's form, ids that are not empty. It returns an [*Error] that has everything but Provider and Op
// (the Client adds them). It is safe for concurrent use and holds no state that a caller could see.
type Driver interface {
	// Capabilities tells what the provider can do and keep, the same at each call, as a value of the caller's own.
	Capabilities() Capabilities
	// Create stores p. The result has the provider's id.
	Create(ctx context.Context, p Profile) (*Customer, error)
	// Plan makes the request that Create would send for p, without sending anything; it fails where Create would before
	// that.
	Plan(ctx context.Context, p Profile) (Draft, error)
	// Get reads one customer; ErrNotFound if there is none.
	Get(ctx context.Context, id string) (*Customer, error)
	// Update changes what patch names and loses nothing else of the record. Where it has to write a whole record that
	// holds more than the contract knows, it asks LossAllowed for FieldUndeclared.
	Update(ctx context.Context, id string, patch Patch) error
	// Delete removes one customer; ErrNotFound if there is none.
	Delete(ctx context.Context, id string) error
	// List gives the customers that q asks for, or more: the Client filters. It ends after its first error.
	List(ctx context.Context, q Query) iter.Seq2[*Customer, error]
	// As stores a copy of the driver's own client in target if that points to its type, and reports whether it did.
	As(target any) bool
	// Close ends connections that are kept for later.
	Close()

	unsupported()
}

// Unsupported is a [Driver] that can do nothing, to embed in those that can.
type Unsupported struct{}

func (Unsupported) unsupported() {}

// Capabilities is empty.
func (Unsupported) Capabilities() Capabilities { return Capabilities{} }

// Create is not supported.
func (Unsupported) Create(context.Context, Profile) (*Customer, error) {
	return nil, &Error{Op: OpCreate, Kind: ErrUnsupported, Outcome: ErrNotSent}
}

// Plan is not supported.
func (Unsupported) Plan(context.Context, Profile) (Draft, error) {
	return Draft{}, &Error{Op: OpCreate, Kind: ErrUnsupported, Outcome: ErrNotSent, Detail: "this driver makes no plans"}
}

// Get is not supported.
func (Unsupported) Get(context.Context, string) (*Customer, error) {
	return nil, &Error{Op: OpGet, Kind: ErrUnsupported}
}

// Update is not supported.
func (Unsupported) Update(context.Context, string, Patch) error {
	return &Error{Op: OpUpdate, Kind: ErrUnsupported, Outcome: ErrNotSent}
}

// Delete is not supported.
func (Unsupported) Delete(context.Context, string) error {
	return &Error{Op: OpDelete, Kind: ErrUnsupported, Outcome: ErrNotSent}
}

// List is not supported.
func (Unsupported) List(context.Context, Query) iter.Seq2[*Customer, error] {
	return func(yield func(*Customer, error) bool) { yield(nil, &Error{Op: OpList, Kind: ErrUnsupported}) }
}

// Close has nothing to end.
func (Unsupported) Close() {}

// As knows nothing.
func (Unsupported) As(any) bool { return false }

type policyKey struct{}

// LossAllowed tells a driver, within an Update that a Client asked it for, whether the loss of f is allowed.
func LossAllowed(ctx context.Context, f Field) bool {
	policy, ok := ctx.Value(policyKey{}).(*Policy)
	return ok && policy.AllowsLoss(f) || lossAllowed(ctx, f)
}

type lossKey struct{}

// WithLossAllowed is a context whose calls may leave out these fields too, beside those of [Policy].AllowLoss. A
// field that does not exist is refused by each call that could lose something, as a policy with one is by Open.
func WithLossAllowed(ctx context.Context, fields ...Field) context.Context {
	return context.WithValue(ctx, lossKey{}, slices.Concat(lossOf(ctx), fields))
}

func lossOf(ctx context.Context) []Field {
	fields, _ := ctx.Value(lossKey{}).([]Field)
	return fields
}

func lossAllowed(ctx context.Context, f Field) bool {
	return slices.ContainsFunc(lossOf(ctx), func(allowed Field) bool { return allowed.Covers(f) })
}
