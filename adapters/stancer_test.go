package adapters_test

import (
	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/adaptertest"
	"github.com/contract-first/customers/adapters/stancer"
	genStancer "github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/sandbox"
)

func stancerSubject() subject {
	return subject{
		open: func(sb *sandbox.Sandbox, s setup) (*customers.Client, error) {
			return stancer.Open(stancer.Config{
				APIKey: s.key(sb.Stancer.APIKey), BaseURL: sb.Stancer.URL, Policy: everything(), Options: s.options,
			})
		},
		profile: customers.Profile{
			Reference: "crm-10024", Name: customers.Name{Full: "David Coaster"}, Email: "david@example.net",
			Phone: "+33639980102",
		},
		least: customers.Profile{Email: "d@example.net"},
		patches: []customers.Patch{
			{Reference: customers.To("crm-10025")},
			{Name: &customers.Name{Full: "David C. Coaster"}},
			{Email: customers.To("david.coaster@example.net")},
			{Phone: customers.To("+33639980103")},
		},
		again: customers.ErrAlreadyExists,
		kit: adaptertest.Harness{
			Profiles: []customers.Profile{{
				Reference: "crm-10024", Name: customers.Name{Full: "David Coaster"}, Email: "david@example.net", Phone: "+33639980102",
			}, {
				Reference: "crm-20048", Name: customers.Name{Given: "Mireille", Family: "Garnier"}, Email: "mireille@example.net",
				Phone: "+33639980177",
			}, {Email: "zacharie@example.net"}},
			UnknownID: "cust_000000000000000000000000",
			Target:    func() any { return new(*genStancer.API) },
		},
		driver: func(sb *sandbox.Sandbox, _ setup) (customers.Driver, any, error) {
			c := stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: sb.Stancer.URL, Options: quick}
			driver, err := stancer.NewDriver(c)
			return driver, c, err
		},
		keys:   func(sb *sandbox.Sandbox) []string { return []string{sb.Stancer.APIKey} },
		places: places{id: "id", reference: "external_id", code: "error.type", existing: "error.message.id"},
	}
}
