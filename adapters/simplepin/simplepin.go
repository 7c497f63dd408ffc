// Package simplepin connects the facade to the customers of SimplePin (Canada), version 2 of its API.
//
// SimplePin keeps a name as one text, an e-mail address, two phone numbers, a main address and the date since when the
// person is a customer. The caller's own id is the handle: [customers.Profile].Reference is needed, and becomes the
// customer's ID.
//
// Countries and provinces are numbers of SimplePin's. Those in [Config].Countries are used as they are. Others are
// asked for before a customer is written, and when one is read with a number that is not known, and kept for
// [Config].PlacesLifetime. SimplePin lists names only: a country is found by its English, French or Spanish name, a
// region by the name that SimplePin has for it in [Config].Locale, one of Canada's by its code (QC) too; codes of other
// countries' regions can be given in Config.Countries. Accents, case and punctuation do not matter. A name that fits
// none or several stops the call. What is read and cannot be told for sure, or not be asked for, is in
// [customers.Customer].Verbatim as the number. The path of the list of countries is inferred, so it is asked for only
// if [customers.Policy].AllowUnproven has [customers.OpLookup]; the list of provinces is documented. The names and
// their comparison add 2 % to a small program.
//
// Bodies are JSON, or XML with [Config].BodyFormat: the two forms of the vendor's pages, with the same meaning. In XML
// the root of an answer must be the documented one, and DOCTYPE, with it every entity of its own, is refused; an
// element or attribute that the contract does not know stops an update as a property of JSON does. XML adds 2 % to a
// small program, also to one that sends JSON.
//
// Only the path of adding is documented. Those of reading and updating are inferred from sister pages, so they need
// [customers.Policy].AllowUnproven. An update reads first (the path of get, inferred too), merges and writes the whole
// customer, all billing addresses included. SimplePin asks its callers to look before they add; what a second add of
// the same reference does is not documented.
//
// A customer whom somebody added without a reference is found by e-mail and has no handle, since no call takes
// SimplePin's own number: that is [customers.ErrNoHandle].
//
// After [customers.ErrUnknownOutcome] of a create, look for the reference to see whether it was done: Client.Ensure
// does. Looking is what get does, whose path is inferred; so Ensure needs [customers.Policy].AllowUnproven with OpFind.
//
// As stores the generated client: *simplepin.API of package gen/simplepin, the way to billing addresses and contracts.
// [customers.Customer].Native is a *simplepin.CCProfileV2Model of that package.
//
// Vendor pages: https://simplepin.com/en/api-documentation/v2.0/introduction; the contract is specs/simplepin.yaml.
package simplepin

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/transport"
)

// Staging is the root of SimplePin's test API. That of its production API is documented nowhere: ask SimplePin.
const Staging = simplepin.Staging

// Config says how to reach SimplePin.
type Config struct {
	// Authorization and Token are the two keys that SimplePin calls so. Both are required, unless Credentials is given.
	Authorization string
	Token         string
	// Credentials gives the two instead, at first use and again after a 401, for keys that change while the program runs.
	Credentials func(context.Context) (authorization, token string, err error)
	// BaseURL is the root of the API with its /api, such as Staging. Required: see there.
	BaseURL string
	// BodyFormat is JSON or XML; the zero value is JSON. What decides in which one SimplePin answers is documented
	// nowhere: an answer in JSON is read too where XML is asked for. (A field Format would hide Options.Format, which
	// hides the keys.)
	BodyFormat Format
	// Locale asks for texts in a language. No list of values is documented: "EN", "FR" and "ES" are likely. "" leaves it
	// to SimplePin, and asks for places in "EN", since there one has to be sent.
	Locale string
	// Countries maps ISO 3166-1 alpha-2 codes to SimplePin's ids. What is here is not asked for.
	Countries map[string]Country
	// PlacesLifetime is how long countries and provinces are kept that SimplePin was asked for. 0 is 24 hours.
	PlacesLifetime time.Duration
	Policy         customers.Policy
	transport.Options
}

// Format is one of the two forms that SimplePin documents for every body. Clients got through As speak it too, and give
// and get JSON all the same. XML cannot hold control characters: a profile with one is refused before it is sent.
type Format int

// The formats.
const (
	JSON Format = iota
	XML
)

// Country is what SimplePin calls a country.
type Country struct {
	// ID is SimplePin's id of the country, from GET /v2/location/countries.
	ID int64
	// Provinces maps the caller's names or codes of regions (Address.Region) to SimplePin's ids, from
	// GET /v2/location/provinces. Of several names for one id the shortest is read back. Regions that are not here are
	// asked for.
	Provinces map[string]int64
}

// Open makes a client for SimplePin. Nothing is sent. It fails with customers.ErrConfig if a setting is missing or
// wrong.
func Open(c Config) (*customers.Client, error) {
	driver, err := NewDriver(c)
	if err != nil {
		return nil, err
	}
	return customers.NewClient(driver, c.Policy)
}

type driver struct {
	customers.Unsupported
	wire   *transport.Wire
	api    *simplepin.API
	locale *string
	places *places
}

// NewDriver makes the driver alone, for programs that wrap it. Of c.Policy it uses only whether lookups are allowed.
func NewDriver(c Config) (customers.Driver, error) {
	auth, err := transport.Keys(c.Credentials == nil, func(ctx context.Context) (http.Header, error) {
		authorization, token := c.Authorization, c.Token
		if c.Credentials != nil {
			var err error
			if authorization, token, err = c.Credentials(ctx); err != nil {
				return nil, err
			}
		}
		return http.Header{"Authorization": {authorization}, "Token": {token}}, cmp.Or(
			transport.CheckSecret(provider, "Authorization", authorization), transport.CheckSecret(provider, "Token", token))
	})
	places, rule := newPlaces(c.Countries)
	switch {
	case err != nil:
		return nil, err
	case c.Credentials != nil && c.Authorization+c.Token != "":
		return nil, transport.ConfigError(provider, "Authorization", "must be empty where Credentials is given, as Token")
	case c.BaseURL == "":
		return nil, transport.ConfigError(
			provider, "BaseURL", "is missing: the production host is not documented; simplepin.Staging is the test host")
	case c.BodyFormat != JSON && c.BodyFormat != XML:
		return nil, transport.ConfigError(provider, "BodyFormat", "must be JSON or XML")
	case rule != "":
		return nil, transport.ConfigError(provider, "Countries", rule)
	case c.PlacesLifetime < 0:
		return nil, transport.ConfigError(provider, "PlacesLifetime", "must not be negative")
	}
	d := &driver{places: places}
	places.proven = slices.Contains(c.Policy.AllowUnproven, customers.OpLookup)
	places.lists = newLists(cmp.Or(c.PlacesLifetime, 24*time.Hour), d.list)
	if c.Locale != "" {
		d.locale = &c.Locale
	}
	if d.wire, err = transport.New(provider, c.BaseURL, auth, c.Options, decodeError); err != nil {
		return nil, err
	}
	if c.BodyFormat == XML {
		d.wire = d.wire.Speak(simplepin.XML())
	}
	d.api, err = simplepin.NewClient(d.wire.Base(), simplepin.WithHTTPClient(d.wire))
	return d, err
}

const provider = "simplepin"

func (d *driver) Capabilities() customers.Capabilities { return capabilities() }

func (d *driver) As(target any) bool { return transport.As(target, d.api) }

func (d *driver) Close() { d.wire.Close() }

func (d *driver) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	body := simplepin.CCProfileAPIV2Model{CustomerID: p.Reference}
	address, err := d.places.address(ctx, p.Address)
	if err != nil {
		return nil, err
	}
	apply(&body, p, address)
	params := simplepin.AddCustomerParams{Locale: d.locale}
	added, err := transport.Call(ctx, d.wire, customers.OpCreate, func(ctx context.Context) (*http.Response, error) {
		return d.api.AddCustomer(ctx, &params, body)
	}, func(c *simplepin.CCProfileV2Model) string {
		return cmp.Or(hasID(c), transport.NotOther(p.Reference, c.CustomerID))
	}, &params, &body)
	return d.customer(ctx, added), err
}

func (d *driver) Plan(ctx context.Context, p customers.Profile) (customers.Draft, error) {
	return transport.Plan(ctx, p, d.Create)
}

func (d *driver) Get(ctx context.Context, id string) (*customers.Customer, error) {
	return d.find(ctx, customers.OpGet, simplepin.GetCustomerParams{Locale: d.locale, CustomerID: &id}, isAbout(id))
}

func (d *driver) find(
	ctx context.Context, op customers.Op, params simplepin.GetCustomerParams, accept transport.Accept[simplepin.CCProfileV2Model],
) (*customers.Customer, error) {
	found, err := transport.Call(ctx, d.wire, op, func(ctx context.Context) (*http.Response, error) {
		return d.api.GetCustomer(ctx, &params)
	}, accept, &params)
	return d.customer(ctx, found), err
}

func hasID(c *simplepin.CCProfileV2Model) string { return transport.NeedID(c.CustomerID) }

// hasSomeID lets a customer without a reference pass: the contract allows that.
func hasSomeID(c *simplepin.CCProfileV2Model) string {
	if c.ID != 0 {
		return ""
	}
	return hasID(c)
}

func isAbout(id string) transport.Accept[simplepin.CCProfileV2Model] {
	return func(c *simplepin.CCProfileV2Model) string { return transport.WantID(id, c.CustomerID) }
}

// List gives the one customer that has the reference or the e-mail address; there is no list of all.
func (d *driver) List(ctx context.Context, q customers.Query) iter.Seq2[*customers.Customer, error] {
	return func(yield func(*customers.Customer, error) bool) {
		// One of the two: what a call with both means is not documented, and the Client compares the other.
		params, accept := simplepin.GetCustomerParams{Locale: d.locale}, hasID
		if q.Reference != "" {
			params.CustomerID = &q.Reference
		} else {
			params.Email, accept = &q.Email, hasSomeID
		}
		found, err := d.find(ctx, customers.OpFind, params, accept)
		switch {
		case errors.Is(err, customers.ErrNotFound):
			return
		case err == nil && found.ID == "":
			found, err = nil, &customers.Error{
				Kind: customers.ErrNoHandle, Detail: "the customer was added without a customer_id, by which alone SimplePin changes it",
			}
		}
		yield(found, err)
	}
}

func (d *driver) Update(ctx context.Context, id string, patch customers.Patch) error {
	p := patch.Profile()
	address, err := d.places.address(ctx, p.Address)
	if err != nil {
		return err
	}
	query := simplepin.GetCustomerParams{Locale: d.locale, CustomerID: &id}
	was, err := transport.ReadForUpdate(ctx, d.wire, "", func(ctx context.Context) (*http.Response, error) {
		return d.api.GetCustomer(ctx, &query)
	}, isAbout(id), &query)
	if err != nil {
		return err
	}
	if vs := lost(*was, p, address); len(vs) > 0 {
		return customers.Refuse(vs...)
	}
	// The two models of the provider name the same things differently; id, status, version and billing_address_id are
	// the provider's own.
	body := simplepin.CCProfileAPIV2Model{
		CustomerID: was.CustomerID, CustomerName: was.CustomerName, CustomerSince: asSent(was.CustomerSince),
		ContractEmail: was.ContractEmail, PhoneNumber: was.PhoneNumber, MobileNumber: was.MobileNumber,
		MainAddress: was.MainAddress, BillingAddresses: was.BillingAddressModels, Contracts: was.Contracts,
	}
	apply(&body, p, address)
	params := simplepin.UpdateCustomerParams{Locale: d.locale, CustomerID: &id}
	_, err = transport.Call(ctx, d.wire, customers.OpUpdate, func(ctx context.Context) (*http.Response, error) {
		return d.api.UpdateCustomer(ctx, &params, body)
	}, func(c *simplepin.CCProfileV2Model) string { return transport.NotOther(id, c.CustomerID) }, &params, &body)
	return err
}

// lost names what writing p over the record would lose: parts of the address that p does not give, and a stored date
// that the form of requests cannot hold.
func lost(was simplepin.CCProfileV2Model, p customers.Profile, address simplepin.AddressAPIV2Model) []customers.Violation {
	var vs []customers.Violation
	if p.Since.IsZero() && was.CustomerSince != "" && asSent(was.CustomerSince) == "" {
		vs = append(vs, customers.Violation{
			Field: customers.FieldSince, Rule: customers.RuleUnsupported, Bound: "in the form it is stored in: say it anew in the patch",
		})
	}
	if p.Address == (customers.Address{}) {
		return vs
	}
	for _, part := range []struct {
		field   customers.Field
		emptied bool
	}{
		{customers.FieldAddressStreet, was.MainAddress.Address != "" && address.Address == ""},
		{customers.FieldAddressCity, was.MainAddress.City != "" && address.City == ""},
		{customers.FieldAddressPostalCode, was.MainAddress.Zip != "" && address.Zip == ""},
		{customers.FieldAddressCountry, was.MainAddress.Country != 0 && address.Country == 0},
		{customers.FieldAddressRegion, was.MainAddress.Province != 0 && address.Province == 0},
	} {
		if part.emptied {
			vs = append(vs, customers.CannotClear(part.field))
		}
	}
	return vs
}

// since is the form of dates that the vendor's page gives as a Java pattern, with milliseconds always.
const since = "2006-01-02T15:04:05.000Z07:00"

// asSent is a stored date in the form that requests need, "" if it has no equal there.
func asSent(stored string) string {
	at, err := time.Parse(time.RFC3339, stored)
	if err != nil || at.Nanosecond()%int(time.Millisecond) != 0 {
		return ""
	}
	return formatSince(at)
}

// formatSince keeps the instant: an offset with seconds, as of old local times, has no place in the form.
func formatSince(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	return t.Format(since)
}

// apply writes what p sets over body; address is p's, with the provider's ids.
func apply(body *simplepin.CCProfileAPIV2Model, p customers.Profile, address simplepin.AddressAPIV2Model) {
	body.CustomerName = cmp.Or(p.Name.String(), body.CustomerName)
	body.ContractEmail = cmp.Or(p.Email, body.ContractEmail)
	body.PhoneNumber = cmp.Or(p.Phone, body.PhoneNumber)
	body.MobileNumber = cmp.Or(p.Mobile, body.MobileNumber)
	if !p.Since.IsZero() {
		body.CustomerSince = formatSince(p.Since)
	}
	if p.Address != (customers.Address{}) {
		address.ID, address.Selected = body.MainAddress.ID, body.MainAddress.Selected
		body.MainAddress = address
	}
}

func (d *driver) customer(ctx context.Context, c *simplepin.CCProfileV2Model) *customers.Customer {
	if c == nil {
		return nil
	}
	out := &customers.Customer{ID: c.CustomerID, Native: c}
	out.Take(customers.FieldReference, c.CustomerID)
	out.Take(customers.FieldNameFull, c.CustomerName)
	out.Take(customers.FieldEmail, c.ContractEmail)
	out.Take(customers.FieldPhone, c.PhoneNumber)
	out.Take(customers.FieldMobile, c.MobileNumber)
	out.Take(customers.FieldAddressStreet, c.MainAddress.Address)
	out.Take(customers.FieldAddressCity, c.MainAddress.City)
	out.Take(customers.FieldAddressPostalCode, c.MainAddress.Zip)
	d.places.read(ctx, out, c.MainAddress)
	if at, err := time.Parse(time.RFC3339, c.CustomerSince); err == nil {
		out.Since = at
	} else if c.CustomerSince != "" {
		out.Keep(customers.FieldSince, c.CustomerSince)
	}
	return out
}

// decodeError finds no form to read, since the vendor documents none: any JSON or XML, or nothing, is taken for
// SimplePin's.
func decodeError(e *customers.Error, _ []byte) bool {
	if e.Kind == customers.ErrForbidden {
		e.Detail = "SimplePin gives no reason: the keys, a reference or e-mail that is taken, an unknown place, …"
	}
	return true
}
