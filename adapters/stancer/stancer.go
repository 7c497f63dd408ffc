// Package stancer connects the facade to the customers of Stancer (France), version 1 of its API.
//
// Stancer keeps a name as one text, one e-mail address, one phone number (its "mobile") and the caller's own id, and no
// address. It needs an e-mail address or a phone number. It refuses a second customer with the same data: that is
// [customers.ErrAlreadyExists] with ExistingID. It lists and finds nothing.
//
// After [customers.ErrUnknownOutcome] of a create, Client.Ensure sends the same create again, which makes the customer
// or meets the 409. That has the evidence of the 409 in the contract, public: tests of the vendor's SDKs show it for
// the same data. No page promises it for every case, and where it does not hold there are two customers.
//
// As stores the generated client: *stancer.API of package gen/stancer. [customers.Customer].Native is a
// *stancer.Customer of that package.
//
// Vendor pages: https://www.stancer.com/documentation/api; the contract is specs/stancer.yaml.
package stancer

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/transport"
)

// Config says how to reach Stancer.
type Config struct {
	// APIKey is a secret key: stest_… for test, sprod_… for live customers. Required, unless Credentials is given.
	APIKey string
	// Credentials gives the key instead, at first use and again after a 401, for keys that change while the program runs.
	Credentials func(context.Context) (apiKey string, err error)
	// BaseURL is the root of the API, "" for Stancer's own.
	BaseURL string
	Policy  customers.Policy
	transport.Options
}

// Open makes a client for Stancer. Nothing is sent. It fails with customers.ErrConfig if a setting is missing or wrong.
func Open(c Config) (*customers.Client, error) {
	driver, err := NewDriver(c)
	if err != nil {
		return nil, err
	}
	return customers.NewClient(driver, c.Policy)
}

type driver struct {
	customers.Unsupported
	wire *transport.Wire
	api  *stancer.API
}

// NewDriver makes the driver alone, for programs that wrap it; c.Policy is not used.
func NewDriver(c Config) (customers.Driver, error) {
	auth, err := transport.Keys(c.Credentials == nil, func(ctx context.Context) (http.Header, error) {
		key := c.APIKey
		if c.Credentials != nil {
			var err error
			if key, err = c.Credentials(ctx); err != nil {
				return nil, err
			}
		}
		return transport.Basic(key, ""), checkKey(key)
	})
	switch {
	case err != nil:
		return nil, err
	case c.Credentials != nil && c.APIKey != "":
		return nil, transport.ConfigError(provider, "APIKey", "must be empty where Credentials is given")
	}
	if c.BaseURL == "" {
		c.BaseURL = stancer.Production
	}
	wire, err := transport.New(provider, c.BaseURL, auth, c.Options, decodeError)
	if err != nil {
		return nil, err
	}
	api, err := stancer.NewClient(wire.Base(), stancer.WithHTTPClient(wire))
	if err != nil {
		return nil, err
	}
	return &driver{wire: wire, api: api}, nil
}

const provider = "stancer"

func checkKey(key string) error {
	if err := transport.CheckSecret(provider, "APIKey", key); err != nil {
		return err
	}
	switch prefix, secret, _ := strings.Cut(key, "_"); {
	case prefix == "ptest" || prefix == "pprod":
		return transport.ConfigError(provider, "APIKey", "is a public key; this API takes the secret one, stest_… or sprod_…")
	case prefix != "stest" && prefix != "sprod":
		return transport.ConfigError(provider, "APIKey", "must begin with stest_ or sprod_")
	case secret == "":
		return transport.ConfigError(provider, "APIKey", "is only the prefix of a key")
	}
	return nil
}

func (d *driver) Capabilities() customers.Capabilities { return capabilities() }

func (d *driver) As(target any) bool { return transport.As(target, d.api) }

func (d *driver) Close() { d.wire.Close() }

func (d *driver) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	body := stancer.CustomerCreate{
		Email: p.Email, Mobile: p.Phone, Name: p.Name.String(), ExternalID: p.Reference,
	}
	created, err := transport.Call(ctx, d.wire, customers.OpCreate, func(ctx context.Context) (*http.Response, error) {
		return d.api.CreateCustomer(ctx, body)
	}, hasID, &body)
	return customer(created), err
}

func (d *driver) Plan(ctx context.Context, p customers.Profile) (customers.Draft, error) {
	return transport.Plan(ctx, p, d.Create)
}

func (d *driver) Get(ctx context.Context, id string) (*customers.Customer, error) {
	got, err := transport.Call(ctx, d.wire, customers.OpGet, func(ctx context.Context) (*http.Response, error) {
		return d.api.GetCustomer(ctx, id)
	}, func(c *stancer.Customer) string { return transport.WantID(id, c.ID) })
	return customer(got), err
}

func (d *driver) Update(ctx context.Context, id string, patch customers.Patch) error {
	p := patch.Profile()
	body := stancer.CustomerUpdate{
		Email: p.Email, Mobile: p.Phone, Name: p.Name.String(), ExternalID: p.Reference,
	}
	_, err := transport.Call(ctx, d.wire, customers.OpUpdate, func(ctx context.Context) (*http.Response, error) {
		return d.api.UpdateCustomer(ctx, id, body)
	}, func(c *stancer.Customer) string { return transport.NotOther(id, c.ID) }, &body)
	return err
}

func (d *driver) Delete(ctx context.Context, id string) error {
	_, err := transport.Call[struct{}](ctx, d.wire, customers.OpDelete, func(ctx context.Context) (*http.Response, error) {
		return d.api.DeleteCustomer(ctx, id)
	}, nil)
	return err
}

func hasID(c *stancer.Customer) string { return transport.NeedID(c.ID) }

func customer(c *stancer.Customer) *customers.Customer {
	if c == nil {
		return nil
	}
	out := &customers.Customer{ID: c.ID, Native: c}
	out.Take(customers.FieldReference, c.ExternalID)
	out.Take(customers.FieldNameFull, c.Name)
	out.Take(customers.FieldEmail, c.Email)
	out.Take(customers.FieldPhone, c.Mobile)
	if c.Created != 0 {
		out.CreatedAt = time.Unix(c.Created, 0).UTC()
	}
	return out
}

// decodeError reads {"error":{"type":…,"message":…}}, where message is a text, an object with error and id, or an
// object of texts by property.
func decodeError(e *customers.Error, body []byte) bool {
	var reply stancer.ErrorReply
	_ = json.Unmarshal(body, &reply) // what can be read of it
	e.Code = reply.Error.Type
	if json.Unmarshal(reply.Error.Message, &e.Message) != nil {
		decodeParts(e, reply.Error.Message)
	}
	return e.Code != "" || e.Message != ""
}

func decodeParts(e *customers.Error, message json.RawMessage) {
	var parts map[string]json.RawMessage
	_ = json.Unmarshal(message, &parts)
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		var text string
		if json.Unmarshal(parts[name], &text) != nil {
			continue
		}
		switch name {
		case "error":
			texts = append(texts, text)
		case "id":
			if e.Kind == customers.ErrAlreadyExists {
				e.ExistingID = text
			}
		default:
			texts = append(texts, name+": "+text)
		}
	}
	e.Message = strings.Join(texts, "; ")
}
