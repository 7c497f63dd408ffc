package adapters_test

import (
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/adaptertest"
	"github.com/contract-first/customers/adapters/simplepin"
	genSimplepin "github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/sandbox"
)

func simplepinSubject() subject {
	return subject{
		open: func(sb *sandbox.Sandbox, s setup) (*customers.Client, error) {
			c := simplepin.Config{
				Authorization: s.key(sb.SimplePin.Authorization), Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL,
				Locale: "EN", BodyFormat: s.format, Policy: everything(), Options: s.options,
			}
			if !s.lookup {
				c.Countries = map[string]simplepin.Country{"CA": {ID: 1, Provinces: map[string]int64{"Quebec": 11, "Québec": 11, "Ontario": 12}}}
			}
			return simplepin.Open(c)
		},
		profile: customers.Profile{
			Reference: "crm/10023 é", Name: customers.Name{Full: "Maude Tremblay"}, Email: "maude+1@example.com",
			Phone: "+15145550123", Mobile: "+15145550199",
			Since: time.Date(2020, 1, 31, 9, 30, 0, 120_000_000, time.FixedZone("", -5*3600)),
			Address: customers.Address{
				Street: "1200 rue Sainte-Catherine", City: "Montréal", Region: "Quebec", PostalCode: "H3B 1K1", Country: "CA",
			},
		},
		least: customers.Profile{Reference: "crm-1"},
		patches: []customers.Patch{
			{Name: &customers.Name{Full: "Maude Gagnon"}},
			{Email: customers.To("maude.gagnon@example.com")},
			{Phone: customers.To("+15145550124")},
			{Mobile: customers.To("+15145550198")},
			{Since: customers.To(time.Date(2021, 2, 1, 0, 0, 0, 0, time.UTC))},
			{Address: &customers.Address{
				Street: "1 Yonge St", City: "Toronto", Region: "Ontario", PostalCode: "M5E 1W7", Country: "CA",
			}},
		},
		again: customers.ErrForbidden,
		kit: adaptertest.Harness{
			Profiles: []customers.Profile{{
				Reference: "crm/10023 é", Name: customers.Name{Full: "Maude Tremblay"}, Email: "maude+1@example.com",
				Phone: "+15145550123", Mobile: "+15145550199",
				Since: time.Date(2020, 1, 31, 9, 30, 0, 120_000_000, time.FixedZone("", -5*3600)),
				Address: customers.Address{
					Street: "1200 rue Sainte-Catherine", City: "Montréal", Region: "QC", PostalCode: "H3B 1K1", Country: "CA",
				},
			}, {
				Reference: "crm/20046", Name: customers.Name{Given: "Odile", Family: "Bouchard"}, Email: "odile.bouchard@example.com",
				Phone: "+14165550177", Mobile: "+14165550178", Since: time.Date(2021, 2, 1, 0, 0, 0, 0, time.UTC),
				Address: customers.Address{
					Street: "88 Spadina Avenue", City: "Toronto", Region: "ON", PostalCode: "M5E 1W7", Country: "CA",
				},
			}, {Reference: "crm-30069"}},
			UnknownID: "crm-0",
			Target:    func() any { return new(*genSimplepin.API) },
		},
		driver: func(sb *sandbox.Sandbox, with setup) (customers.Driver, any, error) {
			c := simplepin.Config{
				Authorization: sb.SimplePin.Authorization, Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL,
				Countries:  map[string]simplepin.Country{"CA": {ID: 1, Provinces: map[string]int64{"QC": 11, "Québec": 11, "ON": 12}}},
				BodyFormat: with.format, Options: quick,
			}
			driver, err := simplepin.NewDriver(c)
			return driver, c, err
		},
		keys:   func(sb *sandbox.Sandbox) []string { return []string{sb.SimplePin.Authorization, sb.SimplePin.Token} },
		places: places{id: "customer_id", reference: "customer_id"},
	}
}
