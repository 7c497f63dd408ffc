package adapters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/adaptertest"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/memory"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	genDigitalpaye "github.com/contract-first/customers/gen/digitalpaye"
	genFatora "github.com/contract-first/customers/gen/fatora"
	genSimplepin "github.com/contract-first/customers/gen/simplepin"
	genStancer "github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// quick repeats as the default does, but with next to no pauses.
var quick = transport.Options{Retry: transport.Retry{Delay: time.Millisecond}}

// conformant is what the kit needs to know about an adapter, and how to open it at a sandbox.
type conformant struct {
	adaptertest.Harness
	// open gets the root of the API, and gives the config as well, with the keys in it.
	open func(sb *sandbox.Sandbox, with setup, url string) (driver customers.Driver, config any, err error)
	keys func(sb *sandbox.Sandbox) []string
}

func conformants() map[string]conformant {
	return map[string]conformant{
		"digitalpaye": {
			Harness: adaptertest.Harness{
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
				UnknownID: unknown["digitalpaye"],
				Target:    func() any { return new(*genDigitalpaye.API) },
			},
			open: func(sb *sandbox.Sandbox, with setup, url string) (customers.Driver, any, error) {
				c := digitalpaye.Config{
					APIKey: sb.Digitalpaye.APIKey, APISecret: sb.Digitalpaye.APISecret, BaseURL: url,
					NewPath: with.has(sandbox.DigitalpayeNewPathOnly), Options: quick,
				}
				driver, err := digitalpaye.NewDriver(c)
				return driver, c, err
			},
			keys: func(sb *sandbox.Sandbox) []string {
				return []string{sb.Digitalpaye.APIKey, sb.Digitalpaye.APISecret}
			},
		},
		"simplepin": {
			Harness: adaptertest.Harness{
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
				UnknownID: unknown["simplepin"],
				Target:    func() any { return new(*genSimplepin.API) },
			},
			open: func(sb *sandbox.Sandbox, with setup, url string) (customers.Driver, any, error) {
				c := simplepin.Config{
					Authorization: sb.SimplePin.Authorization, Token: sb.SimplePin.Token, BaseURL: url + "/api",
					Countries:  map[string]simplepin.Country{"CA": {ID: 1, Provinces: map[string]int64{"QC": 11, "Québec": 11, "ON": 12}}},
					BodyFormat: with.format, Options: quick,
				}
				driver, err := simplepin.NewDriver(c)
				return driver, c, err
			},
			keys: func(sb *sandbox.Sandbox) []string { return []string{sb.SimplePin.Authorization, sb.SimplePin.Token} },
		},
		"stancer": {
			Harness: adaptertest.Harness{
				Profiles: []customers.Profile{{
					Reference: "crm-10024", Name: customers.Name{Full: "David Coaster"}, Email: "david@example.net", Phone: "+33639980102",
				}, {
					Reference: "crm-20048", Name: customers.Name{Given: "Mireille", Family: "Garnier"}, Email: "mireille@example.net",
					Phone: "+33639980177",
				}, {Email: "zacharie@example.net"}},
				UnknownID: unknown["stancer"],
				Target:    func() any { return new(*genStancer.API) },
			},
			open: func(sb *sandbox.Sandbox, _ setup, url string) (customers.Driver, any, error) {
				c := stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: url, Options: quick}
				driver, err := stancer.NewDriver(c)
				return driver, c, err
			},
			keys: func(sb *sandbox.Sandbox) []string { return []string{sb.Stancer.APIKey} },
		},
		"fatora": {
			Harness: adaptertest.Harness{
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
				UnknownID: unknown["fatora"],
				Target:    func() any { return new(*genFatora.API) },
			},
			open: func(sb *sandbox.Sandbox, with setup, url string) (customers.Driver, any, error) {
				c := fatora.Config{
					APIKey: sb.Fatora.APIKey, BaseURL: url, AuthorizeByPost: with.has(sandbox.FatoraAuthorizeByPost),
					Options: quick,
				}
				driver, err := fatora.NewDriver(c)
				return driver, c, err
			},
			keys: func(sb *sandbox.Sandbox) []string { return []string{sb.Fatora.APIKey} },
		},
	}
}

// TestConformance holds the four adapters against every promise of the facade, under each dialect and in each format.
func TestConformance(t *testing.T) {
	for provider, c := range conformants() {
		for name, with := range setups(provider) {
			h := c.Harness
			h.Start = func(t testing.TB) adaptertest.Backend {
				sb, err := sandbox.New(sandbox.Config{Contract: parsed, Dialects: with.dialects})
				require.NoError(t, err)
				server := adaptertest.NewServer(t, sb.Handler(provider))
				t.Cleanup(func() {
					assert.NoError(t, sb.Verify())
					for _, e := range sb.Journal() {
						assert.Empty(t, e.RequestViolations, "%s %s breaks the contract", e.Method, e.Path)
					}
				})
				backend := adaptertest.Backend{
					Faults:  server,
					Secrets: func() []string { return append(c.keys(sb), server.Credentials()...) },
				}
				_, printed, err := c.open(sb, with, server.URL())
				require.NoError(t, err)
				backend.Printed = []any{printed}
				backend.Open = func() (customers.Driver, error) {
					driver, _, err := c.open(sb, with, server.URL())
					return driver, err
				}
				return backend
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				adaptertest.Run(t, h)
			})
		}
	}
}

// TestMemoryPlaysTheAdapters holds package memory, given the capabilities of an adapter, against the same promises.
func TestMemoryPlaysTheAdapters(t *testing.T) {
	for provider, c := range conformants() {
		t.Run(provider, func(t *testing.T) {
			driver, _, err := c.open(start(t, sandbox.Config{Contract: parsed}), setup{}, "http://localhost")
			require.NoError(t, err)
			h := c.Harness
			h.Target = nil
			h.Start = func(testing.TB) adaptertest.Backend {
				return adaptertest.Backend{Open: func() (customers.Driver, error) {
					return memory.NewDriver(memory.Config{Capabilities: driver.Capabilities()}), nil
				}}
			}
			adaptertest.Run(t, h)
		})
	}
}
