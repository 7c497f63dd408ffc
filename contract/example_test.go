package contract_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/transport"
)

// A client of the library that tells, in production, when a provider's answers are no longer what its contract says.
func ExampleRoundTripper() {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","email":"david@example.net","loyalty":{"points":7}}`)
	}))
	defer provider.Close()

	client, err := stancer.Open(stancer.Config{
		APIKey:  "stest_key",
		BaseURL: provider.URL,
		Options: transport.Options{RoundTripper: &contract.RoundTripper{
			Provider: "stancer",
			Report: func(_ context.Context, f contract.Finding) {
				fmt.Println(f.Operation.ID, f.Status, f.Violations)
			},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	customer, err := client.Get(context.Background(), "cust_9Cle7TXKkjhwqcWx4Kl5cQYk")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(customer.Email)

	// Output:
	// getCustomer 200 [/loyalty: additionalProperties false]
	// david@example.net
}

// A request and its answer, held against the contract byte for byte. What breaks it is named, and no value is told.
func ExampleSpec_CheckRequest() {
	spec, err := contract.Load("stancer")
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://api.stancer.com/v1/customers/", nil)
	r.SetBasicAuth("stest_key", "")
	r.Header.Set("Content-Type", "application/json")
	for _, v := range spec.CheckRequest(r, []byte(`{"email":"ama","Name":"Ama Kouassi"}`)) {
		fmt.Println("request:", v)
	}
	answer := http.Header{"Content-Type": {"application/json"}}
	for _, v := range spec.CheckResponse(r, 200, answer, []byte(`{"id":7}`)) {
		fmt.Println("answer:", v)
	}
	op, known := spec.Operation(r.Method, r.URL.EscapedPath())
	fmt.Println(op.ID, known)
	// Output:
	// request: /Name: additionalProperties false
	// request: email (/email): format email
	// request: email (/email): minLength 5
	// answer: id (/id): type string
	// createCustomer true
}

// What a contract says of its operations: which answers it shows, and how sure it is of each part.
func ExampleLoad() {
	spec, err := contract.Load("stancer")
	if err != nil {
		log.Fatal(err)
	}
	for _, op := range spec.Operations() {
		fmt.Println(spec.Provider(), op.ID, op.Method, op.Path, len(spec.Examples(op.ID)) > 0)
	}
	for _, e := range spec.Evidence() {
		if e.Place == "/servers/0" {
			fmt.Println(e.Level, e.Source)
		}
	}
	forms, err := spec.XML()
	fmt.Println(len(forms), "operations speak XML", err)
	// Output:
	// stancer createCustomer POST /v1/customers/ true
	// stancer deleteCustomer DELETE /v1/customers/{id} true
	// stancer getCustomer GET /v1/customers/{id} true
	// stancer updateCustomer PATCH /v1/customers/{id} true
	// public docs.stancer.com/en/API.html
	// 0 operations speak XML <nil>
}

// A contract of one's own.
func ExampleParse() {
	spec, err := contract.Parse("shop", []byte(`{"openapi":"3.0.3","info":{"title":"Shop","version":"1"},
		"paths":{"/ping":{"get":{"operationId":"ping","responses":{"204":{"description":"Alive"}}}}}}`))
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/ping?loud=1", nil)
	fmt.Println(spec.CheckRequest(r, nil))
	_, err = contract.Parse("shop", []byte("openapi: 3.1.0"))
	fmt.Println(err)
	// Output:
	// [query/loud: parameters]
	// contract shop: openapi "3.1.0": only 3.0 is supported
}

// How much of a contract the tests of a program use.
func ExampleCoverage() {
	spec, err := contract.Load("stancer")
	if err != nil {
		log.Fatal(err)
	}
	coverage := contract.NewCoverage(spec)
	r := httptest.NewRequest("DELETE", "https://api.stancer.com/v1/customers/cust_1", nil)
	coverage.Add(r, nil, http.StatusNoContent, nil, nil)
	seen := map[contract.PartKind]int{}
	for _, part := range coverage.Parts() {
		if part.Seen > 0 {
			seen[part.Kind]++
		}
	}
	for _, kind := range contract.PartKinds() {
		if seen[kind] > 0 {
			fmt.Println(kind, seen[kind])
		}
	}
	// Output:
	// operation 1
	// parameter 1
	// response status 1
}
