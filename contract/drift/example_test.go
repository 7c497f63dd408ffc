package drift_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/drift"
)

// Recorded traffic, here one exchange, against the contract: a property that the contract does not know, and an id that
// is a number.
func Example() {
	const recorded = `{"method":"GET","url":"https://api.stancer.com/v1/customers/7","request_headers":{"Authorization":"Basic"},` +
		`"status":200,"response_headers":{"Content-Type":"application/json"},"response_body":"{\"id\":7,\"loyalty\":\"gold\"}"}`
	spec, err := contract.Load("stancer")
	if err != nil {
		log.Fatal(err)
	}
	checker := drift.NewChecker(spec, "api.stancer.com")
	for exchange, err := range drift.Read(strings.NewReader(recorded)) {
		if err != nil {
			fmt.Println(err) // of this exchange: the next one follows
			continue
		}
		checker.Add(exchange)
	}
	report := checker.Report()
	fmt.Println(report.Exchanges(), "exchange")
	for _, f := range report.Findings {
		fmt.Printf("%s %d %s %s %s: %s\n", f.Operation, f.Status, f.Pointer, f.Rule, f.Bound, f.Suggestion)
	}
	// Output:
	// 1 exchange
	// getCustomer 200 /id type string: always an integer instead of string: declare type integer, with x-evidence observed
	// getCustomer 200 /loyalty additionalProperties false: not declared, always a string: declare it as an optional property of type string, with x-evidence observed
}
