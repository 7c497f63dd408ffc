package adaptertest_test

import (
	"fmt"
	"testing"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/adaptertest"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/sandbox"
)

// An adapter's test, here that of Stancer. In an adapter's own repository it is a func TestConformance(t *testing.T),
// and the fake is the author's.
func ExampleRun() {
	_ = func(t *testing.T) {
		adaptertest.Run(t, adaptertest.Harness{
			Start: func(t testing.TB) adaptertest.Backend {
				fake, err := sandbox.New(sandbox.Config{})
				if err != nil {
					t.Fatal(err)
				}
				server := adaptertest.NewServer(t, fake.Handler("stancer"))
				return adaptertest.Backend{
					Open: func() (customers.Driver, error) {
						return stancer.NewDriver(stancer.Config{APIKey: fake.Stancer.APIKey, BaseURL: server.URL()})
					},
					Faults:  server,
					Secrets: func() []string { return append(server.Credentials(), fake.Stancer.APIKey) },
				}
			},
			Profiles: []customers.Profile{{
				Reference: "crm-10024", Name: customers.Name{Full: "David Coaster"}, Email: "david@example.net", Phone: "+33639980102",
			}, {
				Reference: "crm-20048", Name: customers.Name{Given: "Mireille", Family: "Garnier"}, Email: "mireille@example.net",
				Phone: "+33639980177",
			}},
			UnknownID: "cust_000000000000000000000000",
			Skips:     map[string]string{
				// "rate-limited": "the provider never says how long to wait",
			},
		})
	}
}

// The names of the checks, for go test -run and for Harness.Skips.
func ExampleChecks() {
	fmt.Println(adaptertest.Checks()[:4])
	// Output: [create create-answer create-again unknown-id]
}
