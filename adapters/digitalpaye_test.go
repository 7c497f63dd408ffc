package adapters_test

import (
	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/adaptertest"
	"github.com/contract-first/customers/adapters/digitalpaye"
	genDigitalpaye "github.com/contract-first/customers/gen/digitalpaye"
	"github.com/contract-first/customers/sandbox"
)

func digitalpayeSubject() subject {
	return subject{
		open: func(sb *sandbox.Sandbox, s setup) (*customers.Client, error) {
			return digitalpaye.Open(digitalpaye.Config{
				APIKey: s.key(sb.Digitalpaye.APIKey), APISecret: sb.Digitalpaye.APISecret, BaseURL: sb.Digitalpaye.URL,
				NewPath: s.has(sandbox.DigitalpayeNewPathOnly), Policy: everything(), Options: s.options,
			})
		},
		profile: customers.Profile{
			Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com", Phone: "+2250102030405",
			Address: customers.Address{Street: "Rue des Jardins", City: "Abidjan", Country: "CI"},
		},
		least: customers.Profile{
			Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama@example.com", Phone: "+2250102030406",
			Address: customers.Address{Country: "CI"},
		},
		kit: adaptertest.Harness{
			Profiles: []customers.Profile{{
				Name: customers.Name{Given: "Aminata", Family: "Koulibaly"}, Email: "aminata.koulibaly@example.com", Phone: "+2250701020304",
				Address: customers.Address{Street: "Boulevard Lagunaire", City: "Yamoussoukro", Country: "CI"},
			}, {
				Name: customers.Name{Given: "Bakary", Family: "Ouattara"}, Email: "bakary.ouattara@example.com", Phone: "+2250705060708",
				Address: customers.Address{Street: "Avenue Chardy", City: "Bouaflé", Country: "CI"},
			}, {
				Name: customers.Name{Given: "Salif", Family: "Diomandé"}, Email: "salif.diomande@example.com", Phone: "+2250709101112",
				Address: customers.Address{Country: "CI"},
			}},
			UnknownID: "8db1ad33-50d6-4e6f-9ec3-5f9169c621a6",
			Target:    func() any { return new(*genDigitalpaye.API) },
		},
		driver: func(sb *sandbox.Sandbox, with setup) (customers.Driver, any, error) {
			c := digitalpaye.Config{
				APIKey: sb.Digitalpaye.APIKey, APISecret: sb.Digitalpaye.APISecret, BaseURL: sb.Digitalpaye.URL,
				NewPath: with.has(sandbox.DigitalpayeNewPathOnly), Options: quick,
			}
			driver, err := digitalpaye.NewDriver(c)
			return driver, c, err
		},
		keys: func(sb *sandbox.Sandbox) []string {
			return []string{sb.Digitalpaye.APIKey, sb.Digitalpaye.APISecret}
		},
		places: places{id: "data.id", list: "data", code: "message"},
	}
}
