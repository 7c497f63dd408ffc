package customers_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/memory"
	"github.com/contract-first/customers/adapters/stancer"
	native "github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// The sandbox stands in for the providers in these examples: leave BaseURL out to reach the real ones.
func startSandbox() *sandbox.Sandbox {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	os.Setenv("STANCER_API_KEY", sb.Stancer.APIKey)
	os.Setenv("DIGITALPAYE_API_KEY", sb.Digitalpaye.APIKey)
	os.Setenv("DIGITALPAYE_API_SECRET", sb.Digitalpaye.APISecret)
	return sb
}

// One profile, two providers.
func Example() {
	sb := startSandbox()
	defer sb.Close()

	fr, err := stancer.Open(stancer.Config{
		APIKey:  os.Getenv("STANCER_API_KEY"),
		BaseURL: sb.Stancer.URL,
		// Stancer keeps no address: said once, here.
		Policy: customers.Policy{AllowLoss: []customers.Field{customers.FieldAddress}},
	})
	if err != nil {
		log.Fatal(err)
	}
	ci, err := digitalpaye.Open(digitalpaye.Config{
		APIKey:    os.Getenv("DIGITALPAYE_API_KEY"),
		APISecret: os.Getenv("DIGITALPAYE_API_SECRET"),
		BaseURL:   sb.Digitalpaye.URL,
	})
	if err != nil {
		log.Fatal(err)
	}
	providers := map[string]*customers.Client{"FR": fr, "CI": ci}

	for _, country := range []string{"CI", "FR", "FR"} {
		created, err := providers[country].Create(context.Background(), customers.Profile{
			Name:    customers.Name{Given: "Ama", Family: "Kouassi"},
			Email:   "ama.kouassi@example.com",
			Phone:   "+2250102030405",
			Address: customers.Address{Street: "Rue des Jardins", City: "Abidjan", Country: "CI"},
		})
		var failure *customers.Error
		switch {
		case errors.Is(err, customers.ErrAlreadyExists) && errors.As(err, &failure):
			fmt.Println(country, "knows her already, by an id:", failure.ExistingID != "")
		case errors.Is(err, customers.ErrUnknownOutcome):
			fmt.Println(country, "did not answer: look before you try again")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println(country, "keeps", created.Name, created.Phone, "without", created.Lost)
		}
	}
	// Output:
	// CI keeps Ama Kouassi +2250102030405 without []
	// FR keeps Ama Kouassi +2250102030405 without [address.street address.city address.country]
	// FR knows her already, by an id: true
}

// The least that a create needs: whether it was done is in the error.
func ExampleClient_Create() {
	sb := startSandbox()
	defer sb.Close()

	client, err := stancer.Open(stancer.Config{APIKey: os.Getenv("STANCER_API_KEY"), BaseURL: sb.Stancer.URL})
	if err != nil {
		log.Fatal(err) // nothing was sent
	}
	created, err := client.Create(context.Background(), customers.Profile{
		Name:  customers.Name{Given: "Ama", Family: "Kouassi"},
		Email: "ama.kouassi@example.com",
	})
	switch {
	case errors.Is(err, customers.ErrUnknownOutcome):
		fmt.Println("sent, and nobody answered: client.Ensure finds out what became of it")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println(created.Name, created.Email)
	}
	// Output: Ama Kouassi ama.kouassi@example.com
}

// What a provider cannot keep is refused before anything is sent.
func ExampleClient_Create_unsupportedField() {
	client, err := stancer.Open(stancer.Config{APIKey: "stest_0000"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Create(context.Background(), customers.Profile{
		Email:   "ama.kouassi@example.com",
		Address: customers.Address{PostalCode: "75001", Country: "FR"},
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, customers.ErrUnsupportedField), errors.Is(err, customers.ErrNotSent))
	// Output:
	// stancer: create: unsupported field (not sent): leave it out, or name it in Policy.AllowLoss; address.postal_code: unsupported by this provider; address.country: unsupported by this provider
	// true true
}

// An error has what a program needs to decide, and what a person needs to see.
func ExampleError() {
	sb := startSandbox()
	defer sb.Close()
	client, err := stancer.Open(stancer.Config{APIKey: os.Getenv("STANCER_API_KEY"), BaseURL: sb.Stancer.URL})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Get(context.Background(), "cust_000000000000000000000000")
	var failure *customers.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Kind == customers.ErrNotFound, failure.Status, failure.Code)
		fmt.Println(failure.Message) // the provider's own words, which may name a customer: not for logs
	}
	fmt.Println(err) // this may be logged

	_, err = client.Create(context.Background(), customers.Profile{Name: customers.Name{Full: "Jo"}, Email: "jo@example.com"})
	if errors.As(err, &failure) {
		for _, v := range failure.Violations {
			fmt.Println(v.Field, v.Rule, v.Bound, failure.Outcome)
		}
	}
	// Output:
	// true 404 invalid_request_error
	// No such customer cust_000000000000000000000000
	// stancer: get: not found (status 404, code invalid_request_error)
	// name minLength 3 not sent
}

// An update changes what the patch names and nothing else.
func ExampleClient_Update() {
	sb := startSandbox()
	defer sb.Close()
	client, err := fatora.Open(fatora.Config{APIKey: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	created, err := client.Create(ctx, customers.Profile{
		Name: customers.Name{Full: "Noor Haddad"}, Email: "noor@example.com", Notes: "calls on Mondays",
	})
	if err != nil {
		log.Fatal(err)
	}
	err = client.Update(ctx, created.ID, customers.Patch{Email: customers.To("noor.haddad@example.com")})
	if err != nil {
		log.Fatal(err)
	}
	changed, err := client.Get(ctx, created.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(changed.Name, changed.Email, changed.Notes)
	// Output: Noor Haddad noor.haddad@example.com calls on Mondays
}

// A query finds a customer; the zero query lists them all.
func ExampleClient_List() {
	sb := startSandbox()
	defer sb.Close()
	client, err := fatora.Open(fatora.Config{APIKey: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, name := range []string{"Noor Haddad", "Sami Haddad"} {
		email := name[:4] + "@example.com"
		if _, err := client.Create(ctx, customers.Profile{Name: customers.Name{Full: name}, Email: email}); err != nil {
			log.Fatal(err)
		}
	}
	for customer, err := range client.List(ctx, customers.Query{Email: "Sami@example.com"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(customer.Name)
	}
	// Output: Sami Haddad
}

// As reaches what only one provider has: its generated client, with the same credentials and limits.
func ExampleClient_As() {
	client, err := stancer.Open(stancer.Config{APIKey: "stest_0000"})
	if err != nil {
		log.Fatal(err)
	}
	var api *native.API
	if client.As(&api) {
		fmt.Printf("%T", api)
	}
	// Output: *stancer.API
}

// A hook sees every exchange and no customer's data.
func ExampleClient_hook() {
	sb := startSandbox()
	defer sb.Close()
	client, err := fatora.Open(fatora.Config{
		APIKey: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL,
		Options: transport.Options{Hook: func(_ context.Context, e transport.Exchange) {
			fmt.Println(e.Provider, e.Op, e.Method, e.Status, e.Reason)
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, _ = client.Get(context.Background(), "1")
	// Output:
	// fatora  GET 200 first attempt
	// fatora get GET 404 first attempt
}

// What becomes of each field, before anything is sent.
func ExampleClient_Plan() {
	client, err := digitalpaye.Open(digitalpaye.Config{
		APIKey: "key", APISecret: "secret",
		Policy: customers.Policy{AllowLoss: []customers.Field{customers.FieldNotes}},
	})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := client.Plan(context.Background(), customers.Profile{
		Name:    customers.Name{Given: "Ama", Family: "Kouassi"},
		Email:   "ama.kouassi@example.com",
		Phone:   "+2250102030405",
		Address: customers.Address{City: "Abidjan", Country: "CI"},
		Notes:   "calls on Mondays",
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range plan.Steps {
		fmt.Println(step.Field, step.Action, step.Wire, step.Value)
	}
	// Output:
	// name.given kept firstName Ama
	// name.family kept lastName Kouassi
	// email kept email ama.kouassi@example.com
	// phone changed phoneNumber 0102030405
	// address.city kept address.city Abidjan
	// address.country kept address.countryCode CI
	// notes lost  <nil>
}

// The way to repeat what may have been done already.
func ExampleClient_Ensure() {
	sb := startSandbox()
	defer sb.Close()
	client, err := stancer.Open(stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: sb.Stancer.URL})
	if err != nil {
		log.Fatal(err)
	}
	sami := customers.Profile{Name: customers.Name{Full: "Sami Haddad"}, Email: "sami.haddad@example.com"}
	for range 2 {
		customer, ensured, err := client.Ensure(context.Background(), sami)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ensured, customer.Name)
	}
	// Output:
	// created Sami Haddad
	// adopted Sami Haddad
}

// A program that cannot do without an operation or a field finds out when it starts.
func ExampleRequirements() {
	_, err := digitalpaye.Open(digitalpaye.Config{
		APIKey: "key", APISecret: "secret",
		Policy: customers.Policy{Require: customers.Requirements{
			Operations: []customers.Op{customers.OpCreate, customers.OpDelete},
			Fields:     []customers.Field{customers.FieldName, customers.FieldReference},
		}},
	})
	fmt.Println(err)
	// Output:
	// digitalpaye: unsupported operation: Policy.Require.Operations: unsupported delete; reference (Policy.Require.Fields): unsupported by this provider
}

// A loss that is right for one call need not be allowed for all. An update has no result that could list what it left
// out: its plan does.
func ExampleWithLossAllowed() {
	client, err := stancer.Open(stancer.Config{APIKey: "stest_key"})
	if err != nil {
		log.Fatal(err)
	}
	patch := customers.Patch{Email: customers.To("sami.haddad@example.com"), Notes: customers.To("calls on Mondays")}
	_, err = client.PlanUpdate(context.Background(), patch)
	fmt.Println(errors.Is(err, customers.ErrUnsupportedField))

	ctx := customers.WithLossAllowed(context.Background(), customers.FieldNotes)
	fmt.Println(client.PlanUpdate(ctx, patch))
	// Output:
	// true
	// [notes] <nil>
}

// What a provider can do and keep, for a program that asks before it offers something.
func ExampleClient_Capabilities() {
	client, err := stancer.Open(stancer.Config{APIKey: "stest_key"}) // sends nothing
	if err != nil {
		log.Fatal(err)
	}
	capabilities := client.Capabilities()
	var lacks []customers.Op
	for _, op := range customers.Ops() {
		if _, can := capabilities.Operation(op); !can {
			lacks = append(lacks, op)
		}
	}
	var keeps []customers.Field
	for _, f := range customers.Fields() {
		if fc, known := capabilities.Field(f); known && fc.Create {
			keeps = append(keeps, f)
		}
	}
	fmt.Println(client.Provider(), "lacks", lacks)
	fmt.Println("and keeps", keeps)
	// Output:
	// stancer lacks [list find]
	// and keeps [reference name.given name.family name.full email phone]
}

// Deleting a customer who is not there is an error: the program decides whether that is one.
func ExampleClient_Delete() {
	client, err := memory.Open(memory.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx := context.Background()
	created, err := client.Create(ctx, customers.Profile{Email: "ama.kouassi@example.com"})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		switch err := client.Delete(ctx, created.ID); {
		case errors.Is(err, customers.ErrNotFound):
			fmt.Println("gone already")
		case errors.Is(err, customers.ErrUnknownOutcome):
			fmt.Println("perhaps deleted: delete it again")
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println("deleted at", client.String())
		}
	}
	// Output:
	// deleted at memory client
	// gone already
}
