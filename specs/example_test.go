package specs_test

import (
	"fmt"
	"slices"

	"github.com/contract-first/customers/specs"
)

// The contracts are in every program that imports this package.
func ExampleProviders() {
	if !slices.Contains(specs.Providers(), "stancer") {
		return
	}
	yaml, err := specs.FS.ReadFile("stancer.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(yaml[:14]))
	// Output: openapi: 3.0.3
}
