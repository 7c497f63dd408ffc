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
