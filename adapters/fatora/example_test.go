package fatora_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/sandbox"
)

// Fatora keeps an address as one text. It refuses a second client with the same data and does not tell its id: look for it.
func ExampleOpen() {
	sb, err := sandbox.Start(sandbox.Config{}) // stands in for Fatora: leave BaseURL out to reach the real one
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	client, err := fatora.Open(fatora.Config{APIKey: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, profile := context.Background(), customers.Profile{
		Name: customers.Name{Given: "Layla", Family: "Mansour"}, Email: "layla@example.com",
		Address: customers.Address{Street: "Al Waab St 7", City: "Doha", Country: "QA"},
	}
	if _, err := client.Create(ctx, profile); err != nil {
		log.Fatal(err)
	}
	_, err = client.Create(ctx, profile)
	if !errors.Is(err, customers.ErrAlreadyExists) {
		log.Fatal(err)
	}
	for found, err := range client.List(ctx, customers.Query{Email: profile.Email}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(found.ID, found.Name, "|", found.Address)
	}
	// Output: 1001 Layla Mansour | Al Waab St 7, Doha, QA
}

// One kind of credential only.
func ExampleNewDriver() {
	_, err := fatora.NewDriver(fatora.Config{APIKey: "key", BearerToken: "token"})
	fmt.Println(err)
	// Output: fatora: invalid configuration: APIKey: must be the only one of APIKey, Credentials and BearerToken
}
