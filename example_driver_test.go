package customers_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/memory"
)

// audited puts something around a driver: a program's own rules, and errors as the facade has them.
type audited struct {
	customers.Driver
	write func(context.Context) error
}

func (a audited) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	if p.Mobile != "" {
		return nil, customers.Refuse(customers.CannotKeep(customers.FieldMobile))
	}
	if err := a.write(ctx); err != nil {
		// Its text may hold anything. errors.Is finds it, and nothing prints it.
		return nil, &customers.Error{
			Kind: customers.ErrUnavailable, Outcome: customers.ErrNotSent, Err: customers.Quiet("the audit log failed", err),
		}
	}
	return a.Driver.Create(ctx, p)
}

func (a audited) Update(ctx context.Context, id string, patch customers.Patch) error {
	if patch.Notes != nil && *patch.Notes == "" && !customers.LossAllowed(ctx, customers.FieldNotes) {
		return customers.Refuse(customers.CannotClear(customers.FieldNotes))
	}
	return a.Driver.Update(ctx, id, patch)
}

func (a audited) Delete(ctx context.Context, id string) error {
	if ctx.Err() != nil {
		return &customers.Error{
			Kind: customers.ErrCanceled, Outcome: customers.ErrNotSent, Err: customers.ContextError(ctx),
		}
	}
	return customers.Unproven(customers.OperationCapability{
		Op: customers.OpDelete, Method: "DELETE", Path: "/people/{id}", Source: "https://shop.example.com/docs",
	})
}

// A driver of one's own, or around another, under the facade.
func ExampleNewClient() {
	full := errors.New("disk /srv/audit is full")
	client, err := customers.NewClient(audited{
		memory.NewDriver(memory.Config{}), func(context.Context) error { return full },
	}, customers.Policy{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	_, err = client.Create(ctx, customers.Profile{Email: "ama.kouassi@example.com"})
	fmt.Println(err, errors.Is(err, full))
	_, err = client.Create(ctx, customers.Profile{Mobile: "+2250102030405"})
	fmt.Println(err)
	fmt.Println(client.Update(ctx, "1", customers.Patch{Notes: customers.To("")}))
	fmt.Println(client.Delete(ctx, "1"))
	// Output:
	// memory: create: unavailable (not sent): the audit log failed true
	// memory: create: unsupported field (not sent): leave it out, or name it in Policy.AllowLoss; mobile: unsupported by this provider
	// memory: update: unsupported field (not sent): notes: clear is not known to work at this provider
	// memory: delete: unproven operation (not sent): DELETE /people/{id} is stated nowhere, only inferred from https://shop.example.com/docs; look there, try it with a test account, then name delete in Policy.AllowUnproven
}
