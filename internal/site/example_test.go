package site_test

// The documentation shows these examples: each on the page of the provider, and at the operation, that it is named
// after, from its first empty line to its output. What goes before has the sandbox stand in for the provider.

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/sandbox"
)

var ctx = context.Background()

func Example_first() {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	os.Setenv("STANCER_API_KEY", sb.Stancer.APIKey)
	os.Setenv("STANCER_BASE_URL", sb.Stancer.URL)

	client, err := stancer.Open(stancer.Config{
		APIKey:  os.Getenv("STANCER_API_KEY"),
		BaseURL: os.Getenv("STANCER_BASE_URL"), // "" is Stancer's own
		// Stancer keeps no address: said once, here.
		Policy: customers.Policy{AllowLoss: []customers.Field{customers.FieldAddress}},
	})
	if err != nil {
		log.Fatal(err) // the key is missing, or not a secret key: nothing was sent
	}
	created, err := client.Create(ctx, customers.Profile{
		Name:    customers.Name{Given: "Ama", Family: "Kouassi"},
		Email:   "ama.kouassi@example.com",
		Phone:   "+2250102030405",
		Address: customers.Address{Street: "Rue des Jardins", City: "Abidjan", Country: "CI"},
	})
	switch {
	case err == nil:
		fmt.Println("stored without", created.Lost)
	case errors.Is(err, customers.ErrUnknownOutcome):
		fmt.Println("sent, and nobody answered: client.Ensure finds out what became of it")
	default:
		log.Fatal(err)
	}
	// Output: stored without [address.street address.city address.country]
}

func Example_digitalpayeOpen() {
	os.Setenv("DIGITALPAYE_API_KEY", "key")
	os.Setenv("DIGITALPAYE_API_SECRET", "secret")

	client, err := digitalpaye.Open(digitalpaye.Config{
		APIKey:    os.Getenv("DIGITALPAYE_API_KEY"),
		APISecret: os.Getenv("DIGITALPAYE_API_SECRET"),
		// Method and path of these are only inferred: said once, here.
		Policy: customers.Policy{AllowUnproven: []customers.Op{customers.OpGet, customers.OpList}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	// Output:
}

func Example_digitalpayeCreate() {
	client, _, done := onDigitalpaye()
	defer done()

	created, err := client.Create(ctx, customers.Profile{
		Name:    customers.Name{Given: "Awa", Family: "Koné"},
		Email:   "awa.kone@example.com",
		Phone:   "+2250102030406",
		Address: customers.Address{Street: "Yopougon, Niangon", City: "Abidjan", Country: "CI"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.Name, created.Phone)
	// Output: Awa Koné +2250102030406
}

func Example_digitalpayeGet() {
	client, id, done := onDigitalpaye()
	defer done()

	customer, err := client.Get(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(customer.Name, customer.Address.City)
	// Output: Ama Kouassi Abidjan
}

func Example_digitalpayeList() {
	client, _, done := onDigitalpaye()
	defer done()

	for customer, err := range client.List(ctx, customers.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(customer.Name, customer.Email)
	}
	// Output: Ama Kouassi ama.kouassi@example.com
}

func Example_fatoraOpen() {
	os.Setenv("FATORA_API_KEY", "key")

	client, err := fatora.Open(fatora.Config{
		APIKey: os.Getenv("FATORA_API_KEY"),
		// That a client can be deleted is only inferred: said once, here.
		Policy: customers.Policy{AllowUnproven: []customers.Op{customers.OpDelete}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	// Output:
}

func Example_fatoraCreate() {
	client, _, done := onFatora()
	defer done()

	created, err := client.Create(ctx, customers.Profile{
		Name:  customers.Name{Full: "Noor Haddad"},
		Email: "noor.haddad@example.com",
		Notes: "calls on Mondays",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.Name, created.Notes)
	// Output: Noor Haddad calls on Mondays
}

func Example_fatoraGet() {
	client, id, done := onFatora()
	defer done()

	customer, err := client.Get(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(customer.Name, customer.Address.Formatted)
	// Output: Ama Kouassi Rue des Jardins, Abidjan, CI
}

func Example_fatoraUpdate() {
	client, id, done := onFatora()
	defer done()

	err := client.Update(ctx, id, customers.Patch{Email: customers.To("ama@example.org")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("changed, and nothing else")
	// Output: changed, and nothing else
}

func Example_fatoraDelete() {
	client, id, done := onFatora()
	defer done()

	if err := client.Delete(ctx, id); err != nil {
		log.Fatal(err)
	}
	fmt.Println("deleted")
	// Output: deleted
}

func Example_fatoraList() {
	client, _, done := onFatora()
	defer done()

	for customer, err := range client.List(ctx, customers.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(customer.Name, customer.Email)
	}
	// Output: Ama Kouassi ama.kouassi@example.com
}

func Example_fatoraFind() {
	client, _, done := onFatora()
	defer done()

	for customer, err := range client.List(ctx, customers.Query{Email: "ama.kouassi@example.com"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(customer.Name)
	}
	// Output: Ama Kouassi
}

func Example_simplepinOpen() {
	os.Setenv("SIMPLEPIN_AUTHORIZATION", "key")
	os.Setenv("SIMPLEPIN_TOKEN", "token")

	client, err := simplepin.Open(simplepin.Config{
		Authorization: os.Getenv("SIMPLEPIN_AUTHORIZATION"),
		Token:         os.Getenv("SIMPLEPIN_TOKEN"),
		BaseURL:       simplepin.Staging, // the production host is not documented
		// Method and path of these are only inferred: said once, here.
		Policy: customers.Policy{AllowUnproven: []customers.Op{
			customers.OpGet, customers.OpUpdate, customers.OpFind, customers.OpLookup,
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	// Output:
}

func Example_simplepinCreate() {
	client, _, done := onSimplePin()
	defer done()

	created, err := client.Create(ctx, customers.Profile{
		Reference: "crm-10024", // becomes the ID
		Name:      customers.Name{Full: "Maude Tremblay"},
		Email:     "maude.tremblay@example.com",
		Mobile:    "+15145550199",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.ID, created.Name)
	// Output: crm-10024 Maude Tremblay
}

func Example_simplepinGet() {
	client, id, done := onSimplePin()
	defer done()

	customer, err := client.Get(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(customer.ID, customer.Name)
	// Output: crm-10023 Ama Kouassi
}

func Example_simplepinFind() {
	client, _, done := onSimplePin()
	defer done()

	for customer, err := range client.List(ctx, customers.Query{Reference: "crm-10023"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(customer.Name)
	}
	// Output: Ama Kouassi
}

func Example_simplepinUpdate() {
	client, id, done := onSimplePin()
	defer done()

	err := client.Update(ctx, id, customers.Patch{Phone: customers.To("+15145550124")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("read, merged and written as a whole")
	// Output: read, merged and written as a whole
}

func Example_stancerOpen() {
	os.Setenv("STANCER_API_KEY", "stest_key")

	client, err := stancer.Open(stancer.Config{
		APIKey: os.Getenv("STANCER_API_KEY"),
		// Stancer keeps no address: said once, here.
		Policy: customers.Policy{AllowLoss: []customers.Field{customers.FieldAddress}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	// Output:
}

func Example_stancerCreate() {
	client, _, done := onStancer(customers.Policy{})
	defer done()

	created, err := client.Create(ctx, customers.Profile{
		Name:  customers.Name{Full: "Ama Kouassi"},
		Email: "ama.kouassi@example.com",
	})
	var failure *customers.Error
	switch {
	case err == nil:
		fmt.Println("created as", created.ID)
	case errors.Is(err, customers.ErrAlreadyExists) && errors.As(err, &failure):
		fmt.Println("known already, by an id:", failure.ExistingID != "")
	default:
		log.Fatal(err)
	}
	// Output: known already, by an id: true
}

func Example_stancerGet() {
	client, id, done := onStancer(customers.Policy{})
	defer done()

	customer, err := client.Get(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(customer.Name, customer.Email)
	// Output: Ama Kouassi ama.kouassi@example.com
}

func Example_stancerUpdate() {
	client, id, done := onStancer(customers.Policy{})
	defer done()

	err := client.Update(ctx, id, customers.Patch{Reference: customers.To("crm-10023")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("changed, and nothing else")
	// Output: changed, and nothing else
}

func Example_stancerDelete() {
	client, id, done := onStancer(customers.Policy{})
	defer done()

	if err := client.Delete(ctx, id); err != nil {
		log.Fatal(err)
	}
	fmt.Println("deleted")
	// Output: deleted
}

// on opens a client on a sandbox, where the customer with the id is there already.
func on(
	open func(*sandbox.Sandbox) (*customers.Client, error), profile customers.Profile,
) (client *customers.Client, id string, done func()) {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	if client, err = open(sb); err != nil {
		log.Fatal(err)
	}
	profile.Email = "ama.kouassi@example.com"
	created, err := client.Create(ctx, profile)
	if err != nil {
		log.Fatal(err)
	}
	return client, created.ID, func() { _ = sb.Close() }
}

func onDigitalpaye() (*customers.Client, string, func()) {
	return on(func(sb *sandbox.Sandbox) (*customers.Client, error) {
		return digitalpaye.Open(digitalpaye.Config{
			APIKey: sb.Digitalpaye.APIKey, APISecret: sb.Digitalpaye.APISecret, BaseURL: sb.Digitalpaye.URL,
			Policy: customers.Policy{AllowUnproven: customers.Ops()},
		})
	}, customers.Profile{
		Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Phone: "+2250102030405",
		Address: customers.Address{City: "Abidjan", Country: "CI"},
	})
}

func onFatora() (*customers.Client, string, func()) {
	return on(func(sb *sandbox.Sandbox) (*customers.Client, error) {
		return fatora.Open(fatora.Config{
			APIKey: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL, Policy: customers.Policy{AllowUnproven: customers.Ops()},
		})
	}, customers.Profile{
		Name: customers.Name{Full: "Ama Kouassi"}, Address: customers.Address{Formatted: "Rue des Jardins, Abidjan, CI"},
	})
}

func onSimplePin() (*customers.Client, string, func()) {
	return on(func(sb *sandbox.Sandbox) (*customers.Client, error) {
		return simplepin.Open(simplepin.Config{
			Authorization: sb.SimplePin.Authorization, Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL,
			Policy: customers.Policy{AllowUnproven: customers.Ops()},
		})
	}, customers.Profile{Reference: "crm-10023", Name: customers.Name{Full: "Ama Kouassi"}})
}

func onStancer(policy customers.Policy) (*customers.Client, string, func()) {
	return on(func(sb *sandbox.Sandbox) (*customers.Client, error) {
		return stancer.Open(stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: sb.Stancer.URL, Policy: policy})
	}, customers.Profile{Name: customers.Name{Full: "Ama Kouassi"}})
}
