package digitalpaye_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/sandbox"
)

// Digitalpaye takes phone numbers of Côte d'Ivoire only; its way to read a customer is inferred, so the program allows it.
func ExampleOpen() {
	sb, err := sandbox.Start(sandbox.Config{}) // stands in for Digitalpaye: leave BaseURL out to reach the real one
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	client, err := digitalpaye.Open(digitalpaye.Config{
		APIKey: sb.Digitalpaye.APIKey, APISecret: sb.Digitalpaye.APISecret, BaseURL: sb.Digitalpaye.URL,
		Policy: customers.Policy{AllowUnproven: []customers.Op{customers.OpGet}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	profile := customers.Profile{
		Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com", Phone: "+2250102030405",
		Address: customers.Address{City: "Abidjan", Country: "CI"},
	}
	created, err := client.Create(context.Background(), profile)
	if err != nil {
		log.Fatal(err)
	}
	got, err := client.Get(context.Background(), created.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Phone, got.Address)

	profile.Phone = "+33639980102"
	_, err = client.Create(context.Background(), profile)
	fmt.Println(errors.Is(err, customers.ErrNotSent), err)
	// Output:
	// +2250102030405 Abidjan, CI
	// true digitalpaye: create: invalid input (not sent): phone (/phoneNumber): format +225 and ten digits, with an address in CI: the only national form that is known
}

// The keys come from a function, which is asked at first use and again after a 401.
func ExampleNewDriver() {
	driver, err := digitalpaye.NewDriver(digitalpaye.Config{
		Credentials: func(context.Context) (apiKey, apiSecret string, err error) {
			return "", "", errors.New("the vault is closed")
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = driver.Get(context.Background(), "8db1ad33-50d6-4e6f-9ec3-5f9169c621a6")
	fmt.Println(errors.Is(err, customers.ErrUnauthenticated))
	// Output: true
}
