package memory_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/memory"
	"github.com/contract-first/customers/adapters/stancer"
)

// A program takes a *customers.Client; its tests give it one that keeps the customers in memory.
func Example() {
	client, err := memory.Open(memory.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	created, err := client.Create(ctx, customers.Profile{Reference: "crm-1", Email: "ama.kouassi@example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Create(ctx, customers.Profile{Reference: "crm-1"})
	var failure *customers.Error
	fmt.Println(errors.As(err, &failure) && failure.ExistingID == created.ID, err)
	// Output: true memory: create: already exists (rejected)
}

// With the capabilities of another adapter it plays that provider.
func ExampleConfig_capabilities() {
	production, err := stancer.Open(stancer.Config{APIKey: "stest_anything"}) // sends nothing
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := memory.Open(memory.Config{Capabilities: production.Capabilities()})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	_, err = client.Create(ctx, customers.Profile{Address: customers.Address{City: "Abidjan"}})
	fmt.Println(err)
	created, err := client.Create(ctx, customers.Profile{Name: customers.Name{Given: "Ama", Family: "Kouassi"}})
	fmt.Println(created.Name.Full, err)
	// Output:
	// stancer: create: unsupported field (not sent): leave it out, or name it in Policy.AllowLoss; address.city: unsupported by this provider
	// Ama Kouassi <nil>
}

// A provider that takes the customer and does not answer.
func ExampleConfig_after() {
	client, err := memory.Open(memory.Config{After: func(_ context.Context, op customers.Op) error {
		if op == customers.OpCreate {
			return errors.New("connection reset")
		}
		return nil
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Create(context.Background(), customers.Profile{Email: "ama.kouassi@example.com"})
	fmt.Println(err)
	for found := range client.List(context.Background(), customers.Query{Email: "ama.kouassi@example.com"}) {
		fmt.Println("and yet there is", found.Email)
	}
	// Output:
	// memory: create: unavailable (outcome unknown): connection reset
	// and yet there is ama.kouassi@example.com
}

// The driver alone, to put something around it before the client is made: here a provider that deletes nobody.
func ExampleNewDriver() {
	client, err := customers.NewClient(undeletable{memory.NewDriver(memory.Config{})}, customers.Policy{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Delete(context.Background(), "1"))
	// Output: memory: delete: refused (rejected): customers with open invoices stay
}

type undeletable struct{ customers.Driver }

func (undeletable) Delete(context.Context, string) error {
	return &customers.Error{
		Kind: customers.ErrRefused, Outcome: customers.ErrRejected, Detail: "customers with open invoices stay",
	}
}
