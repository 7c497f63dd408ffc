package adapters_test

import (
	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/adaptertest"
	"github.com/contract-first/customers/adapters/fatora"
	genFatora "github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/sandbox"
)

func fatoraSubject() subject {
	return subject{
		open: func(sb *sandbox.Sandbox, s setup) (*customers.Client, error) {
			return fatora.Open(fatora.Config{
				APIKey: s.key(sb.Fatora.APIKey), BaseURL: sb.Fatora.URL,
				AuthorizeByPost: s.has(sandbox.FatoraAuthorizeByPost), Policy: everything(), Options: s.options,
			})
		},
		profile: customers.Profile{
			Name: customers.Name{Full: "Noor Haddad"}, Email: "noor@example.com", Phone: "+97444000000",
			Address: customers.Address{Formatted: "Al Corniche St 5, Doha, QA"}, Notes: "Calls on Mondays",
		},
		least: customers.Profile{Name: customers.Name{Full: "Noor"}},
		patches: []customers.Patch{
			{Name: &customers.Name{Full: "Noor Al Haddad"}},
			{Email: customers.To("noor.haddad@example.com")},
			{Phone: customers.To("+97444000001")},
			{Address: &customers.Address{Formatted: "Al Waab St 7, Doha, QA"}},
			{Notes: customers.To("Calls on Tuesdays")},
		},
		again: customers.ErrAlreadyExists,
		kit: adaptertest.Harness{
			Profiles: []customers.Profile{{
				Name: customers.Name{Full: "Noor Haddad"}, Email: "noor@example.com", Phone: "+97444000000",
				Address: customers.Address{Formatted: "Al Corniche St 5, Doha, QA"}, Notes: "Calls on Mondays",
			}, {
				Name: customers.Name{Given: "Layla", Family: "Mansour"}, Email: "layla@example.com", Phone: "+97444000077",
				Address: customers.Address{
					Street: "Al Waab St 7", City: "Lusail", Region: "Al Daayen", PostalCode: "23456", Country: "QA",
				},
				Notes: "Writes on Fridays",
			}, {Name: customers.Name{Full: "Yusuf"}}},
			UnknownID: "999999999",
			Target:    func() any { return new(*genFatora.API) },
		},
		driver: func(sb *sandbox.Sandbox, with setup) (customers.Driver, any, error) {
			c := fatora.Config{
				APIKey: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL, AuthorizeByPost: with.has(sandbox.FatoraAuthorizeByPost),
				Options: quick,
			}
			driver, err := fatora.NewDriver(c)
			return driver, c, err
		},
		keys:   func(sb *sandbox.Sandbox) []string { return []string{sb.Fatora.APIKey} },
		places: places{id: "client.id", list: "clients", code: "status"},
	}
}
