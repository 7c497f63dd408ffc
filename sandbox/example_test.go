package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/sandbox"
)

// A program's test: start the fakes, give an adapter their URL and keys, and look at what came of it.
func ExampleStart() {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	client, err := stancer.Open(stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: sb.Stancer.URL})
	if err != nil {
		log.Fatal(err)
	}
	created, err := client.Create(context.Background(), customers.Profile{Reference: "crm-1", Email: "ama.kouassi@example.com"})
	if err != nil {
		log.Fatal(err)
	}

	kept := sb.Customers("stancer")
	fmt.Println(len(kept), kept[0].Reference, kept[0].ID == created.ID)
	for _, e := range sb.Journal() {
		fmt.Println(e.Operation, e.Method, e.Path, e.Status, string(e.RequestBody), e.RequestViolations)
	}
	fmt.Println(sb.Verify()) // nil: no answer broke the contract, so what was tried proves something
	// Output:
	// 1 crm-1 true
	// createCustomer POST /v1/customers/ 200 {"email":"ama.kouassi@example.com","external_id":"crm-1"} []
	// <nil>
}

// What the documentation leaves open can be switched to the other reading.
func ExampleDialects() {
	for _, d := range sandbox.Dialects() {
		if strings.HasPrefix(string(d.Dialect), "stancer.update") {
			fmt.Println(d.Dialect+":", d.Summary)
		}
	}
	_, err := sandbox.New(sandbox.Config{Dialects: []sandbox.Dialect{"stancer.updates"}})
	fmt.Println(err)
	// Output:
	// stancer.update-returns-customer: PATCH answers 200 with the customer instead of 204
	// stancer.update-empty: PATCH answers 200 without a body instead of 204
	// unknown dialect "stancer.updates"
}

// The provider does its work and the connection breaks: who was told nothing must not create again.
func ExampleParseFault() {
	fault, err := sandbox.ParseFault("stancer.createCustomer=reset-after")
	if err != nil {
		log.Fatal(err)
	}
	sb, err := sandbox.Start(sandbox.Config{Faults: []sandbox.Fault{fault}})
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	client, err := stancer.Open(stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: sb.Stancer.URL})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Create(context.Background(), customers.Profile{Email: "ama.kouassi@example.com"})
	fmt.Println(errors.Is(err, customers.ErrUnknownOutcome), len(sb.Customers("stancer")))
	// Output: true 1
}

// One fake behind a server of the program's own, here one that counts.
func ExampleSandbox_Handler() {
	sb, err := sandbox.New(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	requests, fake := 0, sb.Handler("fatora")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		fake.ServeHTTP(w, r)
	}))
	defer server.Close()
	resp, err := http.Get(server.URL + "/v1/clients/7")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, requests)
	// Output: 401 1
}

// A token that ended is fetched anew, and the call goes on.
func ExampleSandbox_ExpireTokens() {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	client, err := fatora.Open(fatora.Config{APIKey: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		_, err := client.Get(context.Background(), "1001")
		fmt.Println(errors.Is(err, customers.ErrNotFound)) // the key was accepted
		sb.ExpireTokens()
	}
	for _, e := range sb.Journal() {
		fmt.Println(e.Operation, e.Status)
	}
	client.Close()
	fmt.Println(sb.Shutdown(context.Background())) // waits for requests under way, as Close does not
	// Output:
	// true
	// true
	// authorize 200
	// getClient 404
	// getClient 401
	// authorize 200
	// getClient 404
	// <nil>
}
