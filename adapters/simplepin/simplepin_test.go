package simplepin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/simplepin"
	api "github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/internal/wiretest"
	"github.com/contract-first/customers/sandbox"
)

const (
	authorization = "notARealKey0123"
	token         = "notARealToken4567"
	id            = "crm-10023"
)

// unproven allows what only sister pages tell of.
var unproven = customers.Policy{AllowUnproven: []customers.Op{customers.OpGet, customers.OpUpdate, customers.OpFind}}

func countries() map[string]simplepin.Country {
	return map[string]simplepin.Country{
		"CA": {ID: 1, Provinces: map[string]int64{"Quebec": 11, "QC": 11, "Province of Quebec": 11, "ON": 12}},
		"US": {ID: 2, Provinces: map[string]int64{"NY": 36}},
		"FR": {ID: 3},
	}
}

// david is a customer with everything that SimplePin keeps.
func david() customers.Profile {
	return customers.Profile{
		Reference: id, Name: customers.Name{Given: "David", Family: "Coaster"}, Email: "david@example.net",
		Phone: "+15145550142", Mobile: "+15145550187",
		Address: customers.Address{Street: "12 Maple Street", City: "Montreal", Region: "Quebec", PostalCode: "H2X 1Y4", Country: "CA"},
		Since:   time.Date(2020, 1, 31, 0, 0, 0, 0, time.FixedZone("", -5*60*60)),
	}
}

func ama() customers.Profile {
	return customers.Profile{Reference: "crm-10024", Name: customers.Name{Full: "Ama Kouassi"}, Email: "ama.kouassi@example.com"}
}

// play opens a client against recorded exchanges.
func play(t *testing.T, recordings ...string) *customers.Client {
	t.Helper()
	return playWith(t, simplepin.Config{Policy: unproven}, recordings...)
}

func playWith(t *testing.T, config simplepin.Config, recordings ...string) *customers.Client {
	t.Helper()
	client, err := simplepin.Open(configure(t, config, recordings...))
	require.NoError(t, err)
	return client
}

func configure(t *testing.T, config simplepin.Config, recordings ...string) simplepin.Config {
	t.Helper()
	files := make([]string, len(recordings))
	for i, name := range recordings {
		files[i] = "testdata/" + name + ".txtar"
	}
	config.Authorization, config.Token, config.Countries = authorization, token, countries()
	config.Retry.Attempts = 1
	config.BaseURL = wiretest.Play(t, "simplepin", "/api", files...)
	return config
}

// equal compares customers, their dates by the instant.
func equal(t *testing.T, want customers.Customer, got *customers.Customer, why ...any) {
	t.Helper()
	assert.True(t, want.Since.Equal(got.Since), "since %v, not %v", got.Since, want.Since)
	want.Since = got.Since
	got.Native = nil
	assert.Equal(t, &want, got, why...)
}

func TestCreate(t *testing.T) {
	created, err := play(t, "create").Create(t.Context(), david())
	require.NoError(t, err)
	native := created.Native.(*api.CCProfileV2Model)
	assert.Equal(t, int64(4711), native.ID)
	assert.Equal(t, "REQUIRES_ACTIVATION", native.Status)
	want := customers.Customer{ID: id, Profile: david()}
	want.Name = customers.Name{Full: "David Coaster"}
	want.Address.Region = "QC"
	equal(t, want, created, "the name is not split, and of several names of a province the shortest is read")
	_, offset := created.Since.Zone()
	assert.Equal(t, -5*60*60, offset, "the date stays that of the place it was told in")
}

func TestCreated201AndLocale(t *testing.T) {
	created, err := playWith(t, simplepin.Config{Locale: "fr"}, "create-201").Create(t.Context(), ama())
	require.NoError(t, err)
	equal(t, customers.Customer{ID: "crm-10024", Profile: ama()}, created)
}

// The driver is asked directly: the facade would not send placeholders such as "string" for an e-mail address.
func TestSampleAnswer(t *testing.T) {
	driver, err := simplepin.NewDriver(configure(t, simplepin.Config{}, "create-primary"))
	require.NoError(t, err)
	created, err := driver.Create(t.Context(), customers.Profile{
		Reference: "string", Name: customers.Name{Full: "string"}, Email: "string", Phone: "string", Mobile: "string",
		Address: customers.Address{Street: "string", City: "string", PostalCode: "string"},
	})
	require.NoError(t, err)
	native := created.Native.(*api.CCProfileV2Model)
	require.Len(t, native.BillingAddressModels, 1)
	assert.Equal(t, customers.To(true), native.BillingAddressModels[0].Selected)
	assert.Equal(t, []api.CCContractV2Model{{Name: "string"}}, native.Contracts)
	equal(t, customers.Customer{
		ID: "string",
		Profile: customers.Profile{
			Reference: "string", Name: customers.Name{Full: "string"},
			Address: customers.Address{Street: "string", City: "string", PostalCode: "string"},
		},
		Verbatim: map[customers.Field]string{
			customers.FieldEmail: "string", customers.FieldPhone: "string", customers.FieldMobile: "string",
			customers.FieldSince: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
		},
	}, created)
}

// The vendor's sample of a request has every property that ours can have, and no other. Its values are placeholders.
func TestSampleRequest(t *testing.T) {
	sample, err := os.ReadFile("testdata/sample-request.json")
	require.NoError(t, err)
	selected := true
	address := api.AddressAPIV2Model{ID: 1, Address: "a", City: "c", Zip: "z", Province: 1, Country: 1, Selected: &selected}
	ours, err := json.Marshal(api.CCProfileAPIV2Model{
		CustomerID: "i", CustomerName: "n", ContractEmail: "e", PhoneNumber: "p", MobileNumber: "m", CustomerSince: "s",
		MainAddress: address, BillingAddresses: []api.AddressAPIV2Model{address},
		DeleteBillingAddressIDs: []int64{1}, Contracts: []api.CCContractV2Model{{ID: 1, Name: "n"}},
	})
	require.NoError(t, err)
	assert.Equal(t, properties(t, sample), properties(t, ours))
}

// properties lists the names in a JSON document, each after those that it is nested in.
func properties(t *testing.T, document []byte) []string {
	t.Helper()
	var value any
	require.NoError(t, json.NewDecoder(bytes.NewReader(document)).Decode(&value))
	var names []string
	var walk func(prefix string, value any)
	walk = func(prefix string, value any) {
		switch v := value.(type) {
		case []any:
			for _, item := range v {
				walk(prefix, item)
			}
		case map[string]any:
			for name, member := range v {
				names = append(names, prefix+name)
				walk(prefix+name+".", member)
			}
		}
	}
	walk("", value)
	slices.Sort(names)
	return names
}

func TestGet(t *testing.T) {
	everything := david()
	everything.Name, everything.Address.Region = customers.Name{Full: "David Coaster"}, "QC"
	for recording, test := range map[string]struct {
		why  string
		want customers.Customer
	}{
		"get":       {"everything comes back", customers.Customer{Profile: everything}},
		"get-nulls": {"null is nothing", customers.Customer{Profile: customers.Profile{Reference: id}}},
		"get-odd": {"what has no form or no name is kept as it came", customers.Customer{
			Profile: customers.Profile{
				Reference: id, Name: customers.Name{Full: "David Coaster"}, Address: customers.Address{Street: "12 Maple Street"},
			},
			Verbatim: map[customers.Field]string{
				customers.FieldEmail: "none", customers.FieldPhone: "514-555-0142", customers.FieldMobile: "(514) 555-0187",
				customers.FieldSince: "31/01/2020", customers.FieldAddressCountry: "9", customers.FieldAddressRegion: "88",
			},
		}},
		"get-other-province": {"a province is one of its country", customers.Customer{
			Profile: customers.Profile{
				Reference: id, Address: customers.Address{Country: "US"}, Since: time.Date(2020, 1, 31, 5, 0, 0, 123456000, time.UTC),
			},
			Verbatim: map[customers.Field]string{customers.FieldAddressRegion: "11"},
		}},
		"get-listed-province": {"a province that is not given is asked for", customers.Customer{
			Profile: customers.Profile{Reference: id, Address: customers.Address{Country: "US", Region: "Maine"}},
		}},
		"get-province-only": {"a country is not guessed from a province", customers.Customer{
			Profile:  customers.Profile{Reference: id},
			Verbatim: map[customers.Field]string{customers.FieldAddressRegion: "11"},
		}},
	} {
		t.Run(recording, func(t *testing.T) {
			got, err := play(t, recording).Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, int64(4711), got.Native.(*api.CCProfileV2Model).ID)
			test.want.ID = id
			equal(t, test.want, got, test.why)
		})
	}

	t.Run("locale", func(t *testing.T) {
		_, err := playWith(t, simplepin.Config{Locale: "fr", Policy: unproven}, "get-locale").Get(t.Context(), id)
		require.NoError(t, err)
	})
}

// find lists the ids that a query gives.
func find(t *testing.T, c *customers.Client, q customers.Query) (ids []string, err error) {
	t.Helper()
	for found, err := range c.List(t.Context(), q) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, found.ID)
	}
	return ids, nil
}

func TestFind(t *testing.T) {
	for name, test := range map[string]struct {
		recording string
		query     customers.Query
		want      []string
	}{
		"by e-mail":                 {"find", customers.Query{Email: "david@example.net"}, []string{id}},
		"by reference":              {"get", customers.Query{Reference: id}, []string{id}},
		"by both":                   {"get", customers.Query{Reference: id, Email: "david@example.net"}, []string{id}},
		"by both, one is another's": {"get", customers.Query{Reference: id, Email: "ama.kouassi@example.com"}, nil},
		"nobody has the e-mail":     {"find-404", customers.Query{Email: "david@example.net"}, nil},
		"nobody has it, in JSON":    {"find-404-json", customers.Query{Email: "david@example.net"}, nil},
		"nobody has the reference":  {"get-404", customers.Query{Reference: id}, nil},
		"someone else comes":        {"get-other", customers.Query{Reference: id}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ids, err := find(t, play(t, test.recording), test.query)
			require.NoError(t, err)
			assert.Equal(t, test.want, ids)
		})
	}
}

func TestUnprovenAndUnsupported(t *testing.T) {
	client := playWith(t, simplepin.Config{}) // any request fails the test
	_, err := client.Get(t.Context(), id)
	require.ErrorIs(t, err, customers.ErrUnproven)
	require.ErrorIs(t, client.Update(t.Context(), id, customers.Patch{Phone: customers.To("+15145550163")}), customers.ErrUnproven)
	_, err = find(t, client, customers.Query{Email: "david@example.net"})
	require.ErrorIs(t, err, customers.ErrUnproven)
	require.ErrorIs(t, client.Delete(t.Context(), id), customers.ErrUnsupported)

	_, err = find(t, play(t), customers.Query{})
	require.ErrorIs(t, err, customers.ErrUnsupported)
	require.ErrorContains(t, err, "this provider only finds customers, by reference or email")
}

// What the recordings hold beside the change is the promise: all of the record is written back, billing addresses with
// their ids and with selected, be it false or absent, and contracts.
func TestUpdate(t *testing.T) {
	phone := customers.Patch{Phone: customers.To("+15145550163")}
	for name, test := range map[string]struct {
		recording string
		patch     customers.Patch
	}{
		"one field": {"update", phone},
		"every field": {"update-all", customers.Patch{
			Name: &customers.Name{Full: "David R Coaster"}, Email: customers.To("david.coaster@example.net"),
			Phone: customers.To("+15145550163"), Mobile: customers.To("+15145550164"),
			Address: &customers.Address{Street: "9 Elm Street", City: "Toronto", Region: "ON", PostalCode: "M5V 2T6", Country: "CA"},
			Since:   customers.To(time.Date(2021, 2, 3, 4, 5, 6, 789_999_999, time.UTC)),
		}},
		"a first address":                 {"update-bare", customers.Patch{Address: &customers.Address{City: "Montreal"}}},
		"a stored date without its zeros": {"update-short-date", phone},
		"a date for one that cannot be written": {"update-new-date", customers.Patch{
			Since: customers.To(time.Date(2020, 1, 31, 5, 0, 0, 123_000_000, time.UTC)),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, play(t, test.recording).Update(t.Context(), id, test.patch))
		})
	}

	t.Run("locale and 201", func(t *testing.T) {
		client := playWith(t, simplepin.Config{Locale: "fr", Policy: unproven}, "update-locale")
		require.NoError(t, client.Update(t.Context(), id, phone))
	})
	t.Run("a property that may be lost", func(t *testing.T) {
		policy := unproven
		policy.AllowLoss = []customers.Field{customers.FieldUndeclared}
		client := playWith(t, simplepin.Config{Policy: policy}, "update-undeclared-allowed")
		require.NoError(t, client.Update(t.Context(), id, phone))
	})
}

// The answer to a change must not be about somebody else.
func TestUpdateAnsweredAboutAnother(t *testing.T) {
	err := play(t, "update-answered-other").Update(t.Context(), id, customers.Patch{Phone: customers.To("+15145550163")})
	require.ErrorIs(t, err, customers.ErrContract)
	require.ErrorIs(t, err, customers.ErrUnknownOutcome)
}

// Each of these reads and then writes nothing.
func TestUpdateRefusedAfterReading(t *testing.T) {
	phone := customers.Patch{Phone: customers.To("+15145550163")}
	address := func(change func(*customers.Address)) customers.Patch {
		a := david().Address
		change(&a)
		return customers.Patch{Address: &a}
	}
	undeclared := func(name string) []customers.Violation {
		return []customers.Violation{{Field: customers.FieldUndeclared, Rule: "additionalProperties", Bound: name}}
	}
	date := customers.Violation{
		Field: customers.FieldSince, Rule: "unsupported", Bound: "in the form it is stored in: say it anew in the patch",
	}
	cleared := func(fields ...customers.Field) (vs []customers.Violation) {
		for _, f := range fields {
			vs = append(vs, customers.Violation{Field: f, Rule: "clear", Bound: "is not known to work at this provider"})
		}
		return vs
	}
	for name, test := range map[string]struct {
		recording string
		patch     customers.Patch
		kind      customers.Kind
		want      []customers.Violation
	}{
		"an undeclared property": {"update-undeclared", phone, customers.ErrUnsupportedField, undeclared("loyalty_tier")},
		"one of a billing address": {
			"update-undeclared-address", phone, customers.ErrUnsupportedField, undeclared("floor"),
		},
		"another customer": {"update-other", phone, customers.ErrContract, nil},
		"a stored date that cannot be written": {
			"update-long-date", phone, customers.ErrUnsupportedField, []customers.Violation{date},
		},
		"a stored date that is none": {"get-odd", phone, customers.ErrUnsupportedField, []customers.Violation{date}},
		"such a date, and a part emptied": {
			"update-long-date", address(func(a *customers.Address) { a.City = "" }), customers.ErrUnsupportedField,
			append([]customers.Violation{date}, cleared("address.city")...),
		},
		"parts emptied": {
			"get", customers.Patch{Address: &customers.Address{Country: "CA"}}, customers.ErrUnsupportedField,
			cleared("address.street", "address.city", "address.postal_code", "address.region"),
		},
		"a country emptied": {
			"get", address(func(a *customers.Address) { a.Country, a.Region = "", "" }), customers.ErrUnsupportedField,
			cleared("address.country", "address.region"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := play(t, test.recording).Update(t.Context(), id, test.patch)
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			require.ErrorIs(t, err, test.kind)
			require.ErrorIs(t, err, customers.ErrNotSent)
			assert.Equal(t, test.want, got.Violations)
		})
	}
}

// No page shows the body of an error: there is none to read, and one that comes is not taken for anything. What the
// contract has of errors is tried for all providers at once, one folder up.
func TestErrors(t *testing.T) {
	type call struct {
		op customers.Op
		do func(*customers.Client) error
	}
	create := call{customers.OpCreate, func(c *customers.Client) error {
		_, err := c.Create(t.Context(), ama())
		return err
	}}
	get := call{customers.OpGet, func(c *customers.Client) error {
		_, err := c.Get(t.Context(), id)
		return err
	}}
	byEmail := call{customers.OpFind, func(c *customers.Client) error {
		_, err := find(t, c, customers.Query{Email: "david@example.net"})
		return err
	}}
	byReference := call{customers.OpFind, func(c *customers.Client) error {
		_, err := find(t, c, customers.Query{Reference: id})
		return err
	}}
	update := call{customers.OpUpdate, func(c *customers.Client) error {
		return c.Update(t.Context(), id, customers.Patch{Phone: customers.To("+15145550163")})
	}}
	const elsewhere = "not in the provider's own form, so it says nothing of a customer: check BaseURL"
	for _, test := range []struct {
		recording string
		call      call
		want      customers.Error
	}{
		{"create-401", create, customers.Error{Kind: customers.ErrUnauthenticated, Outcome: customers.ErrRejected, Status: 401}},
		{"get-401", get, customers.Error{Kind: customers.ErrUnauthenticated, Status: 401}},
		{"create-403", create, customers.Error{
			Kind: customers.ErrForbidden, Outcome: customers.ErrRejected, Status: 403,
			Detail: "SimplePin gives no reason: the keys, a reference or e-mail that is taken, an unknown place, …",
		}},
		{"create-409", create, customers.Error{Kind: customers.ErrAlreadyExists, Outcome: customers.ErrRejected, Status: 409}},
		{"create-500", create, customers.Error{Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome, Status: 500}},
		{"create-no-id", create, customers.Error{
			Kind: customers.ErrContract, Outcome: customers.ErrUnknownOutcome, Status: 200, Detail: "the answer has no id",
		}},
		{"get-404", get, customers.Error{Kind: customers.ErrNotFound, Status: 404}},
		{"get-other", get, customers.Error{
			Kind: customers.ErrContract, Status: 200, Detail: "the answer has another customer's id, or none",
		}},
		{"get-404-html", get, customers.Error{Kind: customers.ErrContract, Status: 404, Detail: elsewhere}},
		{"find-404-html", byEmail, customers.Error{Kind: customers.ErrContract, Status: 404, Detail: elsewhere}},
		// Such a customer was added by somebody who gave it no reference. No call takes SimplePin's own number.
		{"find-no-id", byEmail, customers.Error{
			Kind: customers.ErrNoHandle, Detail: "the customer was added without a customer_id, by which alone SimplePin changes it",
		}},
		{"find-nobody", byEmail, customers.Error{Kind: customers.ErrContract, Status: 200, Detail: "the answer has no id"}},
		{"get-no-id", byReference, customers.Error{Kind: customers.ErrContract, Status: 200, Detail: "the answer has no id"}},
		// The read that comes first fails:
		{"get-404", update, customers.Error{Kind: customers.ErrNotFound, Outcome: customers.ErrNotSent, Status: 404}},
		{"get-404-html", update, customers.Error{
			Kind: customers.ErrContract, Outcome: customers.ErrNotSent, Status: 404, Detail: elsewhere,
		}},
		{"update-read-500", update, customers.Error{Kind: customers.ErrUnavailable, Outcome: customers.ErrNotSent, Status: 500}},
		// The write fails:
		{"update-500", update, customers.Error{Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome, Status: 500}},
	} {
		t.Run(test.recording+" "+string(test.call.op), func(t *testing.T) {
			err := test.call.do(play(t, test.recording))
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			test.want.Provider, test.want.Op = "simplepin", test.call.op
			assert.Equal(t, test.want, *got)
			require.ErrorIs(t, err, test.want.Kind)
			for _, private := range []string{"david@example.net", authorization, token} {
				assert.NotContains(t, err.Error(), private)
			}
		})
	}
}

func TestWhatIsRefusedBeforeItIsSent(t *testing.T) {
	client := play(t) // any request fails the test
	country := []customers.Violation{{
		Field: "address.country", Pointer: "/main_address/country", Rule: "lookup", Bound: "in simplepin.Config.Countries",
	}}
	for name, test := range map[string]struct {
		change func(*customers.Profile)
		kind   customers.Kind
		want   []customers.Violation
	}{
		"no reference": {
			func(p *customers.Profile) { p.Reference = "" }, customers.ErrInvalid,
			[]customers.Violation{{Field: "reference", Rule: "required"}},
		},
		"a country without an id, which must not be asked for": {
			func(p *customers.Profile) { p.Address.Country = "DE" }, customers.ErrUnproven, country,
		},
		"a region without a country": {
			func(p *customers.Profile) { p.Address.Country = "" }, customers.ErrInvalid,
			[]customers.Violation{{Field: customers.FieldAddressCountry, Rule: "required", Bound: "with a region"}},
		},
		"a year that dates have no place for": {
			func(p *customers.Profile) { p.Since = time.Date(12020, 1, 31, 0, 0, 0, 0, time.UTC) }, customers.ErrInvalid,
			[]customers.Violation{
				{
					Field: "since", Pointer: "/customer_since", Rule: "pattern",
					Bound: `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}(Z|[+-][0-9]{2}:[0-9]{2})$`,
				},
				{Field: "since", Pointer: "/customer_since", Rule: "format", Bound: "date-time"},
			},
		},
		"what SimplePin has no place for": {
			func(p *customers.Profile) {
				p.Notes, p.Address = "Prefers e-mail", customers.Address{Formatted: "12 Maple Street, Montreal"}
			}, customers.ErrUnsupportedField,
			[]customers.Violation{
				{Field: "address.formatted", Rule: "unsupported", Bound: "by this provider"},
				{Field: "notes", Rule: "unsupported", Bound: "by this provider"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			profile := david()
			test.change(&profile)
			_, err := client.Create(t.Context(), profile)
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			require.ErrorIs(t, err, test.kind)
			require.ErrorIs(t, err, customers.ErrNotSent)
			assert.Equal(t, test.want, got.Violations)
		})
	}

	// Also before the customer is read that would change.
	address := david().Address
	address.Country = "DE"
	var got *customers.Error
	require.ErrorAs(t, client.Update(t.Context(), id, customers.Patch{Address: &address}), &got)
	assert.Equal(t, customers.ErrUnproven, got.Kind)
	assert.Equal(t, customers.ErrNotSent, got.Outcome)
	assert.Equal(t, country, got.Violations)
	require.ErrorContains(t, got, "GET /v2/location/countries")
	require.ErrorContains(t, got, "name lookup in Policy.AllowUnproven")

	for name, patch := range map[string]customers.Patch{
		"another reference": {Reference: customers.To("crm-10025")},
		"no phone":          {Phone: customers.To("")},
		"no date":           {Since: &time.Time{}},
		"no address":        {Address: &customers.Address{}},
	} {
		t.Run(name, func(t *testing.T) {
			err := client.Update(t.Context(), id, patch)
			require.ErrorIs(t, err, customers.ErrUnsupportedField)
			require.ErrorIs(t, err, customers.ErrNotSent)
		})
	}
}

func TestConfig(t *testing.T) {
	const badSecret = "must be printable ASCII without spaces (is there a line break at its end?)"
	one := func(code string, c simplepin.Country) func(*simplepin.Config) {
		return func(config *simplepin.Config) { config.Countries = map[string]simplepin.Country{code: c} }
	}
	const (
		badProvince = "Countries: must have provinces with names and positive ids"
		badCode     = "Countries: must have ISO 3166-1 alpha-2 codes as keys, such as CA"
	)
	for name, test := range map[string]struct {
		change func(*simplepin.Config)
		want   string
	}{
		"no first key":  {func(c *simplepin.Config) { c.Authorization = "" }, "Authorization: is missing"},
		"no second key": {func(c *simplepin.Config) { c.Token = "" }, "Token: is missing"},
		"Authorization and function": {func(c *simplepin.Config) {
			c.Token, c.Credentials = "", func(context.Context) (string, string, error) { return "", "", nil }
		}, "Authorization: must be empty where Credentials is given, as Token"},
		"Token and function": {func(c *simplepin.Config) {
			c.Authorization, c.Credentials = "", func(context.Context) (string, string, error) { return "", "", nil }
		}, "Authorization: must be empty where Credentials is given, as Token"},
		"a line break":     {func(c *simplepin.Config) { c.Authorization += "\r\n" }, "Authorization: " + badSecret},
		"a space":          {func(c *simplepin.Config) { c.Token += " " }, "Token: " + badSecret},
		"no host":          {func(c *simplepin.Config) { c.BaseURL = "" }, "BaseURL: is missing: the production host is not documented; simplepin.Staging is the test host"},
		"plain http":       {func(c *simplepin.Config) { c.BaseURL = "http://api.example.com/api" }, "BaseURL: must be https; plain http is only for loopback addresses"},
		"password in it":   {func(c *simplepin.Config) { c.BaseURL = "https://user:" + token + "@api.example.com" }, "BaseURL: must not hold a user or password"},
		"no time":          {func(c *simplepin.Config) { c.PlacesLifetime = -1 }, "PlacesLifetime: must not be negative"},
		"no room":          {func(c *simplepin.Config) { c.MaxBody = -1 }, "MaxBody: must not be negative"},
		"no such format":   {func(c *simplepin.Config) { c.BodyFormat = 2 }, "BodyFormat: must be JSON or XML"},
		"a country's name": {one("Canada", simplepin.Country{ID: 1}), badCode},
		"small letters":    {one("ca", simplepin.Country{ID: 1}), badCode},
		"an id forgotten":  {one("CA", simplepin.Country{}), "Countries: must have positive ids"},
		"an id twice": {func(c *simplepin.Config) {
			c.Countries = map[string]simplepin.Country{"CA": {ID: 1}, "US": {ID: 1}}
		}, "Countries: must have one id for each country"},
		"a province's id forgotten": {one("CA", simplepin.Country{ID: 1, Provinces: map[string]int64{"QC": 0}}), badProvince},
		"a province without a name": {one("CA", simplepin.Country{ID: 1, Provinces: map[string]int64{"": 11}}), badProvince},
		"unknown in the policy": {func(c *simplepin.Config) {
			c.Policy.AllowUnproven = []customers.Op{"read"}
		}, "Policy.AllowUnproven: unknown operation read"},
	} {
		t.Run(name, func(t *testing.T) {
			config := simplepin.Config{Authorization: authorization, Token: token, BaseURL: simplepin.Staging}
			test.change(&config)
			_, err := simplepin.Open(config)
			require.ErrorIs(t, err, customers.ErrConfig)
			require.EqualError(t, err, "simplepin: invalid configuration: "+test.want)
		})
	}
	_, err := simplepin.Open(simplepin.Config{Authorization: authorization, Token: token, BaseURL: simplepin.Staging})
	require.NoError(t, err, "no country is fine")
}

// Local times of long ago have offsets with seconds, which the form of dates has no place for: the instant counts.
func TestSinceInAnOldZone(t *testing.T) {
	since := time.Date(1900, 1, 1, 0, 0, 0, 0, time.FixedZone("", 9*60+21))
	created, err := play(t, "create-old-zone").Create(t.Context(), customers.Profile{Reference: id, Since: since})
	require.NoError(t, err)
	assert.True(t, since.Equal(created.Since))
}

// A program may go on to use its map, also while the client works.
func TestCountriesAreCopied(t *testing.T) {
	config := configure(t, simplepin.Config{}, "create")
	client, err := simplepin.Open(config)
	require.NoError(t, err)
	clear(config.Countries["CA"].Provinces)
	clear(config.Countries)
	created, err := client.Create(t.Context(), david())
	require.NoError(t, err)
	assert.Equal(t, "CA", created.Address.Country)
	assert.Equal(t, "QC", created.Address.Region)
}

func TestSecretsAreNotPrinted(t *testing.T) {
	config := simplepin.Config{Authorization: authorization, Token: token, BaseURL: simplepin.Staging}
	client, err := simplepin.Open(config)
	require.NoError(t, err)
	driver, err := simplepin.NewDriver(config)
	require.NoError(t, err)
	var native *api.API
	require.True(t, client.As(&native))
	wiretest.AssertHidden(t, []string{authorization, token}, config, &config, client, driver, native)
}

func TestAs(t *testing.T) {
	client := play(t, "get", "get")
	var native *api.API
	require.True(t, client.As(&native))
	resp, err := native.GetCustomer(t.Context(), &api.GetCustomerParams{CustomerID: customers.To(id)})
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusOK, resp.StatusCode, "the native client sends the same keys")

	native.Client = nil
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err, "the native client is the caller's own")

	var other *http.Client
	assert.False(t, client.As(&other))
}

// Somebody added a customer without a reference, which the contract allows.
func TestCustomerWithoutHandle(t *testing.T) {
	sb, err := sandbox.Start(sandbox.Config{})
	require.NoError(t, err)
	defer sb.Close()
	client, err := simplepin.Open(simplepin.Config{
		Authorization: sb.SimplePin.Authorization, Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL, Policy: unproven,
	})
	require.NoError(t, err)
	var native *api.API
	require.True(t, client.As(&native))
	resp, err := native.AddCustomer(t.Context(), &api.AddCustomerParams{}, api.CCProfileAPIV2Model{ContractEmail: ama().Email})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)

	_, err = find(t, client, customers.Query{Email: ama().Email})
	require.ErrorIs(t, err, customers.ErrNoHandle)
	_, _, err = client.Ensure(t.Context(), customers.Profile{Email: ama().Email})
	require.ErrorIs(t, err, customers.ErrInvalid, "nothing is added that has no handle")
	_, _, err = client.Ensure(t.Context(), ama())
	require.ErrorIs(t, err, customers.ErrForbidden, "the e-mail address is taken")
	require.ErrorIs(t, err, customers.ErrRejected)
}
