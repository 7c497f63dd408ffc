package simplepin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/simplepin"
	api "github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/sandbox"
)

// Countries and regions are asked for by name: SimplePin has numbers for them.
func Example() {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	client, err := simplepin.Open(simplepin.Config{
		Authorization: sb.SimplePin.Authorization, Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL, Locale: "FR",
		Policy: customers.Policy{AllowUnproven: []customers.Op{customers.OpLookup}}, // the path of the list of countries is inferred
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	profile := customers.Profile{
		Reference: "crm-10023", Name: customers.Name{Full: "Maude Tremblay"},
		Address: customers.Address{City: "Montréal", Region: "quebec", Country: "CA"},
	}
	created, err := client.Create(context.Background(), profile)
	if err != nil {
		log.Fatal(err)
	}
	sent := created.Native.(*api.CCProfileV2Model).MainAddress
	fmt.Println(sent.Country, sent.Province, created.Address)

	profile.Address.Country, profile.Address.Region = "DE", ""
	_, err = client.Create(context.Background(), profile)
	fmt.Println(err)
	// Output:
	// 1 11 Montréal, Québec, CA
	// simplepin: create: invalid input (not sent): address.country (/main_address/country): lookup one of SimplePin's "Canada", "États-Unis", "France", or an id in simplepin.Config.Countries
}

// What only SimplePin has is reached through the generated client: billing addresses, contracts, and the date since when
// somebody is a customer, here for one who is there already.
func ExampleOpen_as() {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	client, err := simplepin.Open(simplepin.Config{
		Authorization: sb.SimplePin.Authorization, Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, id := context.Background(), "crm-10023"
	_, err = client.Create(ctx, customers.Profile{
		Reference: id, Name: customers.Name{Full: "David Coaster"}, Since: time.Date(2020, 1, 31, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		log.Fatal(err)
	}
	var native *api.API
	if !client.As(&native) {
		log.Fatal("this is no client of SimplePin")
	}

	// Whether a change merges or replaces is not documented: send the whole customer, as it was read.
	get, err := native.GetCustomer(ctx, &api.GetCustomerParams{CustomerID: &id})
	was := decode(get, err)
	whole := api.CCProfileAPIV2Model{
		CustomerID: was.CustomerID, CustomerName: was.CustomerName, CustomerSince: was.CustomerSince,
		BillingAddresses: []api.AddressAPIV2Model{
			{Address: "400 Harbour Road", City: "Quebec", Zip: "G1K 4A1", Selected: customers.To(true)},
			{Address: "8 Lighthouse Lane", City: "Quebec", Zip: "G1K 4B2"},
		},
		Contracts: []api.CCContractV2Model{{Name: "Home insurance"}},
	}
	params := &api.UpdateCustomerParams{CustomerID: &id}
	added, err := native.UpdateCustomer(ctx, params, whole)
	now := decode(added, err)
	fmt.Println(len(now.BillingAddressModels), "billing addresses,", now.Contracts[0].Name)

	// The ids are SimplePin's: what is stored is sent with them, what is to go is named.
	whole.BillingAddresses, whole.Contracts = now.BillingAddressModels[1:], now.Contracts
	whole.DeleteBillingAddressIDs = []int64{now.BillingAddressModels[0].ID}
	whole.CustomerSince = "2019-12-01T00:00:00.000Z"
	changed, err := native.UpdateCustomer(ctx, params, whole)
	now = decode(changed, err)
	fmt.Println(len(now.BillingAddressModels), "billing address,", now.BillingAddressModels[0].Address, "since", now.CustomerSince)
	// Output:
	// 2 billing addresses, Home insurance
	// 1 billing address, 8 Lighthouse Lane since 2019-12-01T00:00:00.000Z
}

// The numbers of places are given, so that nothing has to be looked up. Nothing is sent by this.
func ExampleNewDriver() {
	driver, err := simplepin.NewDriver(simplepin.Config{
		Authorization: "authorization", Token: "token", BaseURL: simplepin.Staging,
		Countries: map[string]simplepin.Country{"CA": {ID: 1, Provinces: map[string]int64{"QC": 11, "ON": 12}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	draft, err := driver.Plan(context.Background(), customers.Profile{
		Reference: "crm-1", Address: customers.Address{City: "Toronto", Region: "ON", Country: "CA"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(draft.Body), draft.LookedUp)
	// Output: {"customer_id":"crm-1","main_address":{"city":"Toronto","country":1,"province":12}} []
}

// decode reads a customer from an answer of the generated client, whose errors are those of the facade's client; what
// status is a success is for its caller to say.
func decode(resp *http.Response, err error) (c api.CCProfileV2Model) {
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		log.Fatal("status ", resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		log.Fatal(err)
	}
	return c
}
