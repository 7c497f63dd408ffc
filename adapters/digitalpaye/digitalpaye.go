// Package digitalpaye connects the facade to the customers of Digitalpaye (Côte d'Ivoire), version 1 of its API.
//
// Digitalpaye needs a name in two parts, an e-mail address, a phone number and a country. It keeps numbers in national
// form, and only that of Côte d'Ivoire is known: +225 and ten digits; other numbers are refused. It can create;
// reading one and listing all exist, but where is only inferred, and changing and deleting do not exist.
//
// Nothing is known of what a second create of the same person does, and nothing finds a customer again: Client.Ensure
// is not supported, and after [customers.ErrUnknownOutcome] of a create only Digitalpaye itself can tell.
//
// As stores the generated client: *digitalpaye.API of package gen/digitalpaye. [customers.Customer].Native is a
// *digitalpaye.Customer of that package.
//
// Vendor pages: https://docs.digitalpaye.com; the contract is specs/digitalpaye.yaml.
package digitalpaye

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/digitalpaye"
	"github.com/contract-first/customers/transport"
)

// Environment is the value of the X-Environment header.
type Environment = digitalpaye.Environment

// The environments. Only Production is documented by the vendor.
const (
	Production = digitalpaye.EnvironmentProduction
	Sandbox    = digitalpaye.EnvironmentSandbox
)

// Config says how to reach Digitalpaye.
type Config struct {
	// APIKey and APISecret are traded for a token at first use, and again before it ends: after ten minutes, as far as the
	// vendor's samples tell. Required, unless Credentials is given.
	APIKey    string
	APISecret string
	// Credentials gives the two instead, at first use and again after a 401, for keys that change while the program runs.
	Credentials func(context.Context) (apiKey, apiSecret string, err error)
	// Environment is sent with every request; "" is Production, the only documented value.
	Environment Environment
	// NewPath creates customers at /v1/customer, where newer pages have it, instead of /v1/customers/create. It is about
	// creating only: where one is read is inferred in either case.
	NewPath bool
	// BaseURL is the root of the API without the version, "" for Digitalpaye's own.
	BaseURL string
	Policy  customers.Policy
	transport.Options
}

// Open makes a client for Digitalpaye. Nothing is sent. It fails with customers.ErrConfig if a setting is missing or
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
	wire        *transport.Wire
	api         *digitalpaye.API
	environment Environment
	newPath     bool
}

// NewDriver makes the driver alone, for programs that wrap it; c.Policy is not used.
func NewDriver(c Config) (customers.Driver, error) {
	auth, err := transport.Keys(c.Credentials == nil, func(ctx context.Context) (http.Header, error) {
		key, secret := c.APIKey, c.APISecret
		if c.Credentials != nil {
			var err error
			if key, secret, err = c.Credentials(ctx); err != nil {
				return nil, err
			}
		}
		return transport.Basic(key, secret), checkKeys(key, secret)
	})
	switch {
	case err != nil:
		return nil, err
	case c.Credentials != nil && c.APIKey+c.APISecret != "":
		return nil, transport.ConfigError(provider, "APIKey", "must be empty where Credentials is given, as APISecret")
	}
	if c.BaseURL == "" {
		c.BaseURL = digitalpaye.Production
	}
	if c.Environment == "" {
		c.Environment = Production
	}
	if !c.Environment.Valid() {
		return nil, transport.ConfigError(provider, "Environment", "must be Production or Sandbox")
	}
	d := &driver{environment: c.Environment, newPath: c.NewPath}
	keys, err := transport.New(provider, c.BaseURL, auth, c.Options, decodeError)
	if err != nil {
		return nil, err
	}
	login, err := digitalpaye.NewClient(keys.Base(), digitalpaye.WithHTTPClient(keys))
	if err != nil {
		return nil, err
	}
	d.wire = keys.With(transport.Bearer(func(ctx context.Context) (transport.Token, error) {
		return d.token(ctx, keys, login)
	}))
	d.api, err = digitalpaye.NewClient(d.wire.Base(), digitalpaye.WithHTTPClient(d.wire))
	return d, err
}

const provider = "digitalpaye"

func checkKeys(key, secret string) error {
	if strings.Contains(key, ":") {
		return transport.ConfigError(provider, "APIKey", "must not contain a colon (RFC 7617)")
	}
	return cmp.Or(transport.CheckSecret(provider, "APIKey", key), transport.CheckSecret(provider, "APISecret", secret))
}

func (d *driver) token(ctx context.Context, keys *transport.Wire, login *digitalpaye.API) (transport.Token, error) {
	reply, err := transport.Call[digitalpaye.TokenReply](ctx, keys, "", func(ctx context.Context) (*http.Response, error) {
		return login.CreateToken(ctx, &digitalpaye.CreateTokenParams{XEnvironment: &d.environment})
	}, func(r *digitalpaye.TokenReply) string {
		if r.Data.Token == "" {
			return "the answer has no token"
		}
		return ""
	})
	if err != nil {
		return transport.Token{}, err
	}
	return transport.NewToken(reply.Data.Token)
}

// Capabilities has one of the two paths that create, the one that is used.
func (d *driver) Capabilities() customers.Capabilities {
	unused := "createCustomerNewPath"
	if d.newPath {
		unused = "createCustomer"
	}
	c := capabilities()
	c.Operations = slices.DeleteFunc(c.Operations, func(o customers.OperationCapability) bool { return o.ID == unused })
	return c
}

func (d *driver) As(target any) bool { return transport.As(target, d.api) }

func (d *driver) Close() { d.wire.Close() }

// Numbers are kept in the national form of the customer's country, and only one country's form is known.
const (
	country = "CI"
	dialing = "+225"
)

func (d *driver) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	national, ok := strings.CutPrefix(p.Phone, dialing)
	if !ok || p.Address.Country != country {
		return nil, customers.Refuse(customers.Violation{
			Field: customers.FieldPhone, Pointer: "/phoneNumber", Rule: "format",
			Bound: "+225 and ten digits, with an address in CI: the only national form that is known",
		})
	}
	body := digitalpaye.CustomerCreate{
		FirstName: p.Name.Given, LastName: p.Name.Family, Email: p.Email, PhoneNumber: national,
		Address: digitalpaye.AddressCreate{CountryCode: p.Address.Country, City: p.Address.City, StreetAddress: p.Address.Street},
	}
	reply, err := transport.Call[digitalpaye.CustomerReply](ctx, d.wire, customers.OpCreate,
		func(ctx context.Context) (*http.Response, error) {
			if d.newPath {
				return d.api.CreateCustomerNewPath(ctx, &digitalpaye.CreateCustomerNewPathParams{XEnvironment: &d.environment}, body)
			}
			return d.api.CreateCustomer(ctx, &digitalpaye.CreateCustomerParams{XEnvironment: &d.environment}, body)
		},
		func(r *digitalpaye.CustomerReply) string { return transport.NeedID(r.Data.ID) }, &body)
	if err != nil {
		return nil, err
	}
	return customer(&reply.Data), nil
}

func (d *driver) Plan(ctx context.Context, p customers.Profile) (customers.Draft, error) {
	return transport.Plan(ctx, p, d.Create)
}

func (d *driver) Get(ctx context.Context, id string) (*customers.Customer, error) {
	reply, err := transport.Call[digitalpaye.CustomerReply](ctx, d.wire, customers.OpGet,
		func(ctx context.Context) (*http.Response, error) {
			return d.api.GetCustomer(ctx, id, &digitalpaye.GetCustomerParams{XEnvironment: &d.environment})
		},
		func(r *digitalpaye.CustomerReply) string { return transport.WantID(id, r.Data.ID) })
	if err != nil {
		return nil, err
	}
	return customer(&reply.Data), nil
}

// List gives the whole list, whatever q asks for: no filter and no paging is known.
func (d *driver) List(ctx context.Context, _ customers.Query) iter.Seq2[*customers.Customer, error] {
	return func(yield func(*customers.Customer, error) bool) {
		reply, err := transport.Call[digitalpaye.CustomerListReply](ctx, d.wire, customers.OpList,
			func(ctx context.Context) (*http.Response, error) {
				return d.api.ListCustomers(ctx, &digitalpaye.ListCustomersParams{XEnvironment: &d.environment})
			},
			func(r *digitalpaye.CustomerListReply) string {
				if r.Data == nil {
					return "the answer has no list of customers" // its form is only inferred: nothing read is not nobody there
				}
				return ""
			})
		if err != nil {
			yield(nil, err)
			return
		}
		for i := range reply.Data {
			if !yield(customer(&reply.Data[i]), nil) {
				return
			}
		}
	}
}

func customer(c *digitalpaye.Customer) *customers.Customer {
	out := &customers.Customer{ID: c.ID, Native: c}
	out.Take(customers.FieldNameGiven, c.FirstName)
	out.Take(customers.FieldNameFamily, c.LastName)
	out.Take(customers.FieldEmail, c.Email)
	out.Take(customers.FieldAddressStreet, c.Address.StreetAddress)
	out.Take(customers.FieldAddressCity, c.Address.City)
	out.Take(customers.FieldAddressCountry, c.Address.CountryCode)
	phone := c.PhoneNumber
	if c.Address.CountryCode == country && isNational(phone) {
		phone = dialing + phone
	}
	out.Take(customers.FieldPhone, phone)
	if at, err := time.Parse(time.RFC3339, c.CreatedAt); err == nil {
		out.CreatedAt = at
	} else {
		out.Take(customers.FieldCreatedAt, c.CreatedAt)
	}
	return out
}

func isNational(number string) bool {
	return len(number) == 10 && strings.Trim(number, "0123456789") == ""
}

// decodeError reads {"statusCode":…,"message":"<Name>Error","reason":"<French text>"}. A statusCode beside any other
// message is what many servers in between say too, and frameworks of a path that they do not know.
func decodeError(e *customers.Error, body []byte) bool {
	var reply digitalpaye.ErrorReply
	_ = json.Unmarshal(body, &reply) // what can be read of it
	e.Code, e.Message = reply.Message, reply.Reason
	return reply.Reason != "" || strings.HasSuffix(reply.Message, "Error")
}
