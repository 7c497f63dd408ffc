package stancer_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/sandbox"
)

// Stancer keeps no address, and refuses a second customer with the same data.
func ExampleOpen() {
	sb, err := sandbox.Start(sandbox.Config{}) // stands in for Stancer: leave BaseURL out to reach the real one
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	client, err := stancer.Open(stancer.Config{
		APIKey: sb.Stancer.APIKey, BaseURL: sb.Stancer.URL,
		Policy: customers.Policy{AllowLoss: []customers.Field{customers.FieldAddress}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	profile := customers.Profile{
		Name: customers.Name{Given: "Mireille", Family: "Garnier"}, Email: "mireille@example.net",
		Address: customers.Address{City: "Lyon", Country: "FR"},
	}
	created, err := client.Create(context.Background(), profile)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.Name, created.Lost)

	_, err = client.Create(context.Background(), profile)
	var failure *customers.Error
	if errors.Is(err, customers.ErrAlreadyExists) && errors.As(err, &failure) {
		fmt.Println("known already:", failure.ExistingID == created.ID)
	}
	// Output:
	// Mireille Garnier [address.city address.country]
	// known already: true
}

// A key that cannot be one is refused before anything is sent.
func ExampleNewDriver() {
	for _, key := range []string{"", "ptest_1", "stest_1"} {
		_, err := stancer.NewDriver(stancer.Config{APIKey: key})
		fmt.Println(err)
	}
	// Output:
	// stancer: invalid configuration: APIKey: is missing
	// stancer: invalid configuration: APIKey: is a public key; this API takes the secret one, stest_… or sprod_…
	// <nil>
}
