package simplepin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/simplepin"
	api "github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/transport"
)

const (
	add       = "/v2/customer/add"
	get       = "/v2/customer/get"
	update    = "/v2/customer/update"
	countryOf = "/v2/location/countries?locale="
	provinces = "/v2/location/provinces?locale="
)

// provider is a SimplePin with lists of a test's own, reached without a network. It remembers one customer.
type provider struct {
	// lists has countries under "", provinces under their country's id.
	lists map[string][]api.LocationModel
	// before is called with each request; its answer, unless 0, is the status to fail with.
	before func(*http.Request) int

	mu     sync.Mutex
	asked  []string // paths, those of lists with their queries
	stored api.CCProfileV2Model
}

func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	path := strings.TrimPrefix(r.URL.Path, "/api")
	if strings.HasPrefix(path, "/v2/location/") {
		path += "?" + r.URL.RawQuery
	}
	p.mu.Lock()
	p.asked = append(p.asked, path)
	p.mu.Unlock()
	if p.before != nil {
		if status := p.before(r); status != 0 {
			return &http.Response{StatusCode: status, Body: http.NoBody, Header: http.Header{}}, nil
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var answer any = p.lists[r.URL.Query().Get("countryId")]
	if r.Body != nil {
		var sent api.CCProfileAPIV2Model
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			return nil, err
		}
		p.stored = api.CCProfileV2Model{ID: 1, CustomerID: sent.CustomerID, MainAddress: sent.MainAddress}
	}
	if !strings.HasPrefix(path, "/v2/location/") {
		answer = p.stored
	}
	body, err := json.Marshal(answer)
	return &http.Response{
		StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body)), Header: http.Header{"Content-Type": {"application/json"}},
	}, err
}

// requests are those since the last call.
func (p *provider) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

func (p *provider) open(t *testing.T, config simplepin.Config) *customers.Client {
	t.Helper()
	config.Authorization, config.Token, config.BaseURL = authorization, token, simplepin.Staging
	config.RoundTripper, config.Retry.Attempts = p, 1
	if config.Policy.AllowUnproven == nil {
		config.Policy.AllowUnproven = append(customers.Ops(), customers.OpLookup)
	}
	client, err := simplepin.Open(config)
	require.NoError(t, err)
	return client
}

// listed is a list with ids from first on.
func listed(first int64, names ...string) []api.LocationModel {
	list := make([]api.LocationModel, len(names))
	for i, name := range names {
		list[i] = api.LocationModel{ID: first + int64(i), Name: name}
	}
	return list
}

// somewhere lists Canada as 1 with Québec 11, the United States as 2, and has odd entries.
func somewhere() *provider {
	return &provider{lists: map[string][]api.LocationModel{
		"": append(listed(1, "Canada", "United States", "Côte d'Ivoire", "Macedonia", "North Macedonia", "Far Away", "Trinidad and Tobago"),
			api.LocationModel{ID: 8}, api.LocationModel{Name: "Spain"}, api.LocationModel{ID: 1, Name: "CANADA"}),
		"1": listed(11, "Québec", "Ontario", "Terre-Neuve-et-Labrador", "Springfield", "springfield", "—", "Yonnéy"),
		"2": {},
	}}
}

func at(country, region string) customers.Profile {
	return customers.Profile{Reference: id, Address: customers.Address{Country: country, Region: region}}
}

func TestPlacesAreAskedFor(t *testing.T) {
	for name, test := range map[string]struct {
		countries       []api.LocationModel // nil are those of somewhere
		locale          string
		country, region string
		wantID          int64
		wantProvince    int64
		wantAsked       []string
		wantBack        string
	}{
		"a country": {country: "US", wantID: 2, wantAsked: []string{countryOf + "EN"}},
		"and a province": {
			country: "CA", region: "Québec", wantID: 1, wantProvince: 11,
			wantAsked: []string{countryOf + "EN", provinces + "EN&countryId=1"}, wantBack: "Québec",
		},
		"in a language": {
			locale: "FR", country: "CA", region: "Ontario", wantID: 1, wantProvince: 12,
			wantAsked: []string{countryOf + "FR", provinces + "FR&countryId=1"}, wantBack: "Ontario",
		},
		"without accents": {country: "CA", region: "quebec", wantID: 1, wantProvince: 11, wantBack: "Québec"},
		"accents apart":   {country: "CA", region: "Que\u0301bec", wantID: 1, wantProvince: 11, wantBack: "Québec"},
		"in capitals":     {country: "CA", region: "QUÉBEC", wantID: 1, wantProvince: 11, wantBack: "Québec"},
		"without hyphens": {
			country: "CA", region: "terre neuve et labrador", wantID: 1, wantProvince: 13, wantBack: "Terre-Neuve-et-Labrador",
		},
		"a code":                    {country: "CA", region: "QC", wantID: 1, wantProvince: 11, wantBack: "Québec"},
		"a code, in small letters":  {country: "CA", region: "nl", wantID: 1, wantProvince: 13, wantBack: "Terre-Neuve-et-Labrador"},
		"accents inside of words":   {country: "CA", region: "Yonney", wantID: 1, wantProvince: 17, wantBack: "Yonnéy"},
		"another apostrophe":        {country: "CI", wantID: 3},
		"and for &":                 {country: "TT", wantID: 7},
		"a French name":             {countries: listed(5, "Allemagne", "États-Unis"), country: "US", wantID: 6},
		"a Spanish name":            {countries: listed(5, "Alemania", "Estados Unidos"), country: "DE", wantID: 5},
		"a name of its region":      {countries: listed(5, "Costa de Marfil"), country: "CI", wantID: 5},
		"a newer name":              {countries: listed(5, "Türkiye", "Eswatini"), country: "SZ", wantID: 6},
		"a longer name":             {countries: listed(5, "UNITED STATES OF AMERICA"), country: "US", wantID: 5},
		"a locale that is ignored":  {locale: "fr", countries: listed(5, "Germany"), country: "DE", wantID: 5},
		"saints":                    {countries: listed(5, "Saint Lucia"), country: "LC", wantID: 5},
		"small letters, no accents": {countries: listed(5, "cote d’ivoire"), country: "CI", wantID: 5},
	} {
		t.Run(name, func(t *testing.T) {
			p := somewhere()
			if test.countries != nil {
				p.lists[""] = test.countries
			}
			var seen []customers.Op
			config := simplepin.Config{Locale: test.locale}
			config.Hook = func(_ context.Context, e transport.Exchange) { seen = append(seen, e.Op) }
			created, err := p.open(t, config).Create(t.Context(), at(test.country, test.region))
			require.NoError(t, err)
			assert.Equal(t, customers.OpLookup, seen[0])
			assert.Equal(t, customers.OpCreate, seen[len(seen)-1])
			assert.Equal(t, api.AddressAPIV2Model{Country: test.wantID, Province: test.wantProvince}, p.stored.MainAddress)
			if test.wantAsked != nil {
				assert.Equal(t, append(test.wantAsked, add), p.requests(), "before anything is written")
			}
			assert.Equal(t, customers.Address{Country: test.country, Region: test.wantBack}, created.Address, "as SimplePin names it")
			assert.Empty(t, created.Verbatim)
		})
	}
}

// The caller says that Canada is 1: a record with another number of that name is not of the caller's Canada.
func TestCountryThatIsNotTheCallers(t *testing.T) {
	p := somewhere()
	p.lists[""], p.lists["5"] = listed(5, "Canada"), listed(11, "Alberta")
	client := p.open(t, simplepin.Config{Countries: map[string]simplepin.Country{"CA": {ID: 1, Provinces: map[string]int64{"QC": 11}}}})
	p.stored = api.CCProfileV2Model{CustomerID: id, MainAddress: api.AddressAPIV2Model{Country: 5, Province: 11}}
	got, err := client.Get(t.Context(), id)
	require.NoError(t, err)
	assert.Empty(t, got.Address)
	assert.Equal(t, map[customers.Field]string{customers.FieldAddressCountry: "5", customers.FieldAddressRegion: "11"}, got.Verbatim)
}

// Whatever of the three languages SimplePin answers in, each of its countries is found if it has the usual name.
func TestEveryCountryIsFound(t *testing.T) {
	for _, dictionary := range []*display.Dictionary{display.English, display.French, display.Spanish} {
		p := &provider{lists: map[string][]api.LocationModel{}}
		ids := map[string]int64{}
		for first := 'A'; first <= 'Z'; first++ {
			for second := 'A'; second <= 'Z'; second++ {
				code := string([]rune{first, second})
				region, err := language.ParseRegion(code)
				if err != nil || !region.IsCountry() || region.Canonicalize().String() != code || region.M49() == 0 {
					continue
				}
				if name := dictionary.Regions().Name(region); name != "" {
					ids[code] = int64(len(ids) + 1)
					p.lists[""] = append(p.lists[""], api.LocationModel{ID: ids[code], Name: name})
				}
			}
		}
		require.Greater(t, len(ids), 240)
		client := p.open(t, simplepin.Config{})
		for code, id := range ids {
			created, err := client.Create(t.Context(), at(code, ""))
			if assert.NoError(t, err, code) {
				assert.Equal(t, id, p.stored.MainAddress.Country, code)
				assert.Equal(t, code, created.Address.Country)
			}
		}
	}
}

func TestPlacesThatAreNotFound(t *testing.T) {
	const given = "an id in simplepin.Config.Countries"
	country := func(bound string) customers.Violation {
		return customers.Violation{Field: "address.country", Pointer: "/main_address/country", Rule: "lookup", Bound: bound}
	}
	region := func(bound string) customers.Violation {
		return customers.Violation{Field: "address.region", Pointer: "/main_address/province", Rule: "lookup", Bound: bound}
	}
	many := make([]string, 250)
	for i := range many {
		many[i] = "Land " + strings.Repeat("x", i%50) + strings.Repeat("y", i/50)
	}
	var twenty []string
	for _, name := range many[:20] {
		twenty = append(twenty, strconv.Quote(name))
	}
	for name, test := range map[string]struct {
		lists           map[string][]api.LocationModel
		given           map[string]simplepin.Country
		country, region string
		want            customers.Violation
	}{
		"an unknown country": {
			country: "DE", want: country(`one of SimplePin's "Canada", "United States", "Côte d'Ivoire", "Macedonia", "North Macedonia", ` +
				`"Far Away", "Trinidad and Tobago", "CANADA", or ` + given),
		},
		"an unknown region": {
			country: "CA", region: "Vermont", want: region(`one of SimplePin's "Québec", "Ontario", "Terre-Neuve-et-Labrador", ` +
				`"Springfield", "springfield", "Yonnéy" and 1 more, or ` + given),
		},
		"a region of signs": {
			country: "CA", region: "…", want: region(`one of SimplePin's "Québec", "Ontario", "Terre-Neuve-et-Labrador", ` +
				`"Springfield", "springfield", "Yonnéy" and 1 more, or ` + given),
		},
		"a country without regions": {
			country: "US", region: "Maine", want: region("one of SimplePin's names, of which there are none, or " + given),
		},
		"two ids for a country": {
			country: "MK",
			want:    country(`not several of SimplePin's, here "Macedonia", "North Macedonia": give the id in simplepin.Config.Countries`),
		},
		"two ids for a region": {
			country: "CA", region: "SPRINGFIELD",
			want: region(`not several of SimplePin's, here "Springfield", "springfield": give the id in simplepin.Config.Countries`),
		},
		"many of them": {
			lists: map[string][]api.LocationModel{"": listed(1, many...)}, country: "CA",
			want: country("one of SimplePin's " + strings.Join(twenty, ", ") + " and 230 more, or " + given),
		},
		"odd texts": {
			lists: map[string][]api.LocationModel{"": listed(1, "a\nb", strings.Repeat("x", 1000), "ama@example.com", "+2250102030405")}, country: "CA",
			want: country("one of SimplePin's 4 names, which are not shown, or " + given),
		},
		"the id of another country, as the caller says": {
			lists: map[string][]api.LocationModel{"": listed(1, "Canada")}, given: map[string]simplepin.Country{"US": {ID: 1}},
			country: "CA", want: country(`one of SimplePin's "Canada", or ` + given),
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := somewhere()
			if test.lists != nil {
				p.lists = test.lists
			}
			client := p.open(t, simplepin.Config{Countries: test.given})
			address := at(test.country, test.region).Address
			_, created := client.Create(t.Context(), at(test.country, test.region))
			for _, err := range []error{created, client.Update(t.Context(), id, customers.Patch{Address: &address})} {
				var got *customers.Error
				require.ErrorAs(t, err, &got)
				assert.Equal(t, customers.ErrInvalid, got.Kind)
				assert.Equal(t, customers.ErrNotSent, got.Outcome)
				assert.Equal(t, []customers.Violation{test.want}, got.Violations)
				if test.region == "Vermont" {
					assert.NotContains(t, err.Error(), test.region, "what the caller wrote is the customer's")
				}
			}
			asked := p.requests()
			for _, path := range []string{add, get, update} {
				assert.NotContains(t, asked, path)
			}
		})
	}
}

func TestIDsOfTheCallerWin(t *testing.T) {
	p := somewhere()
	client := p.open(t, simplepin.Config{Countries: map[string]simplepin.Country{
		"CA": {ID: 100, Provinces: map[string]int64{"QC": 111}}, "FR": {ID: 3},
	}, Policy: customers.Policy{AllowUnproven: []customers.Op{}}})
	created, err := client.Create(t.Context(), at("CA", "QC"))
	require.NoError(t, err)
	assert.Equal(t, api.AddressAPIV2Model{Country: 100, Province: 111}, p.stored.MainAddress)
	assert.Equal(t, at("CA", "QC").Address, created.Address)
	assert.Equal(t, []string{add}, p.requests(), "nothing is asked for")

	p.lists["3"] = listed(7, "Île-de-France")
	created, err = client.Create(t.Context(), at("FR", "ile de france"))
	require.NoError(t, err, "provinces are documented: no permission is needed")
	assert.Equal(t, api.AddressAPIV2Model{Country: 3, Province: 7}, p.stored.MainAddress)
	assert.Equal(t, at("FR", "Île-de-France").Address, created.Address)
	assert.Equal(t, []string{provinces + "EN&countryId=3", add}, p.requests())
}

func TestFailedLookup(t *testing.T) {
	for status, want := range map[int]customers.Kind{
		401: customers.ErrUnauthenticated, 403: customers.ErrForbidden, 404: customers.ErrContract, 409: customers.ErrRefused,
		429: customers.ErrRateLimited, 500: customers.ErrUnavailable,
	} {
		for _, list := range []string{"countries", "provinces"} {
			t.Run(list+" "+strconv.Itoa(status), func(t *testing.T) {
				p, broken := somewhere(), true
				p.before = func(r *http.Request) int {
					if broken && strings.HasSuffix(r.URL.Path, list) {
						return status
					}
					return 0
				}
				client := p.open(t, simplepin.Config{})
				profile := at("CA", "Québec")
				_, created := client.Create(t.Context(), profile)
				updated := client.Update(t.Context(), id, customers.Patch{Address: &profile.Address})
				for op, err := range map[customers.Op]error{customers.OpCreate: created, customers.OpUpdate: updated} {
					var got *customers.Error
					require.ErrorAs(t, err, &got)
					assert.Equal(t, op, got.Op)
					assert.Equal(t, want, got.Kind)
					assert.Equal(t, customers.ErrNotSent, got.Outcome)
					assert.Equal(t, status, got.Status)
					assert.Contains(t, got.Detail, "asking for the "+list+", which simplepin.Config.Countries does not tell, failed")
				}
				for _, path := range []string{add, get, update} {
					assert.NotContains(t, p.requests(), path)
				}

				broken = false
				_, err := client.Create(t.Context(), profile)
				require.NoError(t, err, "a failure is not kept")
			})
		}
	}
}

func TestPlacesAreKept(t *testing.T) {
	for name, test := range map[string]struct{ set, want time.Duration }{
		"a day": {0, 24 * time.Hour}, "as configured": {time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := somewhere()
				client := p.open(t, simplepin.Config{PlacesLifetime: test.set})
				create := func() []string {
					_, err := client.Create(t.Context(), at("CA", "Québec"))
					require.NoError(t, err)
					return p.requests()
				}
				all := []string{countryOf + "EN", provinces + "EN&countryId=1", add}
				assert.Equal(t, all, create())
				time.Sleep(test.want - time.Nanosecond)
				assert.Equal(t, []string{add}, create())
				time.Sleep(time.Nanosecond)
				assert.Equal(t, all, create(), "their time is over")
			})
		})
	}
}

// However many calls wait, a list is asked for once; who stops waiting stops nobody else.
func TestLookupsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, answer := somewhere(), make(chan struct{})
		p.before = func(r *http.Request) int {
			if strings.HasSuffix(r.URL.Path, "countries") {
				select {
				case <-answer:
				case <-r.Context().Done():
					return http.StatusServiceUnavailable
				}
			}
			return 0
		}
		client := p.open(t, simplepin.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, err := client.Create(ctx, at("US", ""))
			assert.ErrorIs(t, err, customers.ErrCanceled)
			assert.ErrorIs(t, err, customers.ErrNotSent)
		})
		synctest.Wait()
		for range 16 {
			all.Go(func() {
				_, err := client.Create(t.Context(), at("CA", ""))
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(answer)
		all.Wait()
		asked := p.requests()
		assert.Len(t, asked, 17)
		assert.Equal(t, countryOf+"EN", asked[0])
		assert.NotContains(t, asked[1:], countryOf+"EN")

		_, err := p.open(t, simplepin.Config{}).Create(ctx, at("CI", ""))
		require.ErrorIs(t, err, customers.ErrCanceled)
		synctest.Wait()
		assert.Empty(t, p.requests(), "who is gone already asks for nothing")
	})
}

func TestListsOfTwoCountriesAreTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, answer := somewhere(), make(chan struct{})
		p.lists["2"] = listed(31, "Maine")
		p.before = func(*http.Request) int { <-answer; return 0 }
		client := p.open(t, simplepin.Config{Countries: map[string]simplepin.Country{"CA": {ID: 1}, "US": {ID: 2}}})
		var all sync.WaitGroup
		for country, region := range map[string]string{"CA": "Ontario", "US": "Maine"} {
			all.Go(func() {
				_, err := client.Create(t.Context(), at(country, region))
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		assert.ElementsMatch(t, []string{provinces + "EN&countryId=1", provinces + "EN&countryId=2"}, p.requests())
		close(answer)
		all.Wait()
	})
}

func TestReadingPlaces(t *testing.T) {
	both := []string{get, countryOf + "EN", provinces + "EN&countryId=1"}
	const country, region = customers.FieldAddressCountry, customers.FieldAddressRegion
	type kept = map[customers.Field]string
	for name, test := range map[string]struct {
		country, province int64
		unproven          bool   // the list of countries must not be asked for
		broken            string // the list that fails
		want              customers.Address
		verbatim          kept
		asked             []string
	}{
		"both are told":        {country: 1, province: 11, want: customers.Address{Country: "CA", Region: "Québec"}, asked: both},
		"no place":             {asked: both[:1]},
		"no province":          {country: 2, want: customers.Address{Country: "US"}, asked: both[:2]},
		"a name of no country": {country: 6, verbatim: kept{country: "6"}, asked: both[:2]},
		"a number of no country": {
			country: 99, province: 11, verbatim: kept{country: "99", region: "11"}, asked: both[:2],
		},
		"a number of no region": {
			country: 1, province: 99, want: customers.Address{Country: "CA"}, verbatim: kept{region: "99"}, asked: both,
		},
		"must not be asked for": {
			country: 1, province: 11, unproven: true, verbatim: kept{country: "1", region: "11"}, asked: both[:1],
		},
		"no countries": {
			country: 1, province: 11, broken: "countries", verbatim: kept{country: "1", region: "11"}, asked: both[:2],
		},
		"no provinces": {
			country: 1, province: 11, broken: "provinces", want: customers.Address{Country: "CA"}, verbatim: kept{region: "11"},
			asked: both,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := somewhere()
			p.stored = api.CCProfileV2Model{
				ID: 1, CustomerID: id, ContractEmail: "david@example.net",
				MainAddress: api.AddressAPIV2Model{Country: test.country, Province: test.province},
			}
			p.before = func(r *http.Request) int {
				if test.broken != "" && strings.HasSuffix(r.URL.Path, test.broken) {
					return http.StatusForbidden
				}
				return 0
			}
			config := simplepin.Config{}
			if test.unproven {
				config.Policy = unproven
			}
			client := p.open(t, config)
			got, err := client.Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, test.want, got.Address)
			assert.Equal(t, test.verbatim, got.Verbatim)
			assert.Equal(t, test.asked, p.requests())

			ids, err := find(t, client, customers.Query{Email: "david@example.net"})
			require.NoError(t, err)
			assert.Equal(t, []string{id}, ids)
		})
	}
}

func TestPlanOfPlaces(t *testing.T) {
	p := somewhere()
	client := p.open(t, simplepin.Config{})
	actions := func(plan customers.Plan) map[customers.Field]customers.Action {
		found := map[customers.Field]customers.Action{}
		for _, step := range plan.Steps {
			found[step.Field] = step.Action
			if step.Action == customers.ActionLookedUp {
				assert.Nil(t, step.Value)
			}
		}
		return found
	}
	lookedUp := map[customers.Field]customers.Action{
		"reference": customers.ActionKept, "address.country": customers.ActionLookedUp, "address.region": customers.ActionLookedUp,
	}
	plan, err := client.Plan(t.Context(), at("CA", "Vermont"))
	require.NoError(t, err)
	assert.Equal(t, lookedUp, actions(plan))
	assert.Empty(t, p.requests(), "a plan asks for nothing")

	_, err = client.Create(t.Context(), at("CA", "Québec"))
	require.NoError(t, err)
	p.requests()
	plan, err = client.Plan(t.Context(), at("CA", "quebec"))
	require.NoError(t, err)
	assert.Equal(t, lookedUp, actions(plan))
	plan, err = client.Plan(t.Context(), at("CA", "Vermont"))
	require.ErrorIs(t, err, customers.ErrInvalid, "what is known already is used")
	refused := maps.Clone(lookedUp)
	refused["reference"], refused["address.country"], refused["address.region"] = customers.ActionUndecided, customers.ActionUndecided, customers.ActionRefused
	assert.Equal(t, refused, actions(plan))

	_, err = client.Plan(t.Context(), at("", "Québec"))
	require.ErrorIs(t, err, customers.ErrInvalid, "a region needs its country")
	_, err = p.open(t, simplepin.Config{Policy: unproven}).Plan(t.Context(), at("CA", ""))
	require.ErrorIs(t, err, customers.ErrUnproven)
	assert.Empty(t, p.requests())
}
