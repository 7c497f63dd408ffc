// Package fatora connects the facade to the clients of Fatora (the Gulf), version 1 of its API.
//
// Fatora keeps a name, a phone number, an e-mail address, an address and notes, each as one text. A name is all that it
// needs. It refuses a second client with the same data ([customers.ErrAlreadyExists]); what counts as the same is not
// documented, and the existing id is not told: list by e-mail to find it. Deleting is only inferred.
//
// After [customers.ErrUnknownOutcome] of a create, list by e-mail to see whether it was done: Client.Ensure does, and
// needs a profile with one. It does not create again, since Fatora may still be at work.
//
// An update writes the whole client, because it is not documented whether PUT merges: the driver reads, merges and
// writes.
//
// As stores the generated client: *fatora.API of package gen/fatora. [customers.Customer].Native is a
// *fatora.ClientRecord of that package.
//
// Vendor pages: https://fatora.io/api/; the contract is specs/fatora.yaml.
package fatora

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strconv"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/transport"
)

// Config says how to reach Fatora. Give one of APIKey, Credentials and BearerToken.
type Config struct {
	// APIKey is traded for a bearer token at first use, and again when that ends.
	APIKey string
	// Credentials gives the key instead, at first use and again after a 401, for keys that change while the program runs.
	Credentials func(context.Context) (apiKey string, err error)
	// BearerToken is used as it is, and cannot be renewed.
	BearerToken string
	// AuthorizeByPost trades the key by POST. The vendor's sample reads as a GET, but never says so.
	AuthorizeByPost bool
	// BaseURL is the root of the API without the version, "" for Fatora's own.
	BaseURL string
	Policy  customers.Policy
	transport.Options
}

// Open makes a client for Fatora. Nothing is sent. It fails with customers.ErrConfig if a setting is missing or wrong.
func Open(c Config) (*customers.Client, error) {
	driver, err := NewDriver(c)
	if err != nil {
		return nil, err
	}
	return customers.NewClient(driver, c.Policy)
}

type driver struct {
	customers.Unsupported
	wire     *transport.Wire
	api      *fatora.API
	pageSize int
}

// NewDriver makes the driver alone, for programs that wrap it; c.Policy is not used.
func NewDriver(c Config) (customers.Driver, error) {
	given := 0
	for _, is := range [...]bool{c.APIKey != "", c.Credentials != nil, c.BearerToken != ""} {
		if is {
			given++
		}
	}
	switch given {
	case 0:
		return nil, transport.ConfigError(provider, "APIKey", "is missing (or give Credentials, or BearerToken)")
	case 1:
	default:
		return nil, transport.ConfigError(provider, "APIKey", "must be the only one of APIKey, Credentials and BearerToken")
	}
	auth, err := transport.Keys(c.Credentials == nil, func(ctx context.Context) (http.Header, error) {
		if c.BearerToken != "" {
			bearer := http.Header{"Authorization": {"Bearer " + c.BearerToken}}
			return bearer, transport.CheckSecret(provider, "BearerToken", c.BearerToken)
		}
		key := c.APIKey
		if c.Credentials != nil {
			var err error
			if key, err = c.Credentials(ctx); err != nil {
				return nil, err
			}
		}
		return http.Header{"api_key": {key}}, transport.CheckSecret(provider, "APIKey", key)
	})
	if err != nil {
		return nil, err
	}
	if c.BaseURL == "" {
		c.BaseURL = fatora.Production
	}
	// The page size is the vendor's sample; the most that is allowed is not documented.
	d := &driver{pageSize: 20}
	if d.wire, err = transport.New(provider, c.BaseURL, auth, c.Options, decodeError); err != nil {
		return nil, err
	}
	if c.BearerToken == "" {
		keys := d.wire
		login, err := fatora.NewClient(keys.Base(), fatora.WithHTTPClient(keys))
		if err != nil {
			return nil, err
		}
		d.wire = keys.With(transport.Bearer(func(ctx context.Context) (transport.Token, error) {
			return token(ctx, keys, login, c.AuthorizeByPost)
		}))
	}
	d.api, err = fatora.NewClient(d.wire.Base(), fatora.WithHTTPClient(d.wire))
	return d, err
}

const provider = "fatora"

const noToken = "the provider handed out no token: check the key"

func token(ctx context.Context, keys *transport.Wire, login *fatora.API, byPost bool) (transport.Token, error) {
	reply, err := transport.Call[fatora.TokenReply](ctx, keys, "", func(ctx context.Context) (*http.Response, error) {
		if byPost {
			return login.AuthorizeByPost(ctx)
		}
		return login.Authorize(ctx)
	}, func(r *fatora.TokenReply) string {
		if !r.Success || r.BearerToken == "" {
			return noToken
		}
		return ""
	})
	if known := (*customers.Error)(nil); errors.As(err, &known) && known.Detail == noToken {
		known.Kind = customers.ErrUnauthenticated // the page prints its error without a status, so it may come with 200
		keys.Forget()
	}
	if err != nil {
		return transport.Token{}, err
	}
	return transport.NewToken(reply.BearerToken)
}

func (d *driver) Capabilities() customers.Capabilities { return capabilities() }

func (d *driver) As(target any) bool { return transport.As(target, d.api) }

func (d *driver) Close() { d.wire.Close() }

func (d *driver) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	body := fatora.ClientWrite{
		Name: p.Name.String(), Phone: p.Phone, Email: p.Email, Address: p.Address.String(), Notes: p.Notes,
	}
	reply, err := transport.Call(ctx, d.wire, customers.OpCreate, func(ctx context.Context) (*http.Response, error) {
		return d.api.CreateClient(ctx, body)
	}, func(r *fatora.ClientReply) string {
		return cmp.Or(complain(r.Status), transport.NeedID(formatID(r.Client.ID)))
	}, &body)
	if err != nil {
		return nil, err
	}
	return customer(&reply.Client), nil
}

func (d *driver) Plan(ctx context.Context, p customers.Profile) (customers.Draft, error) {
	return transport.Plan(ctx, p, d.Create)
}

func (d *driver) Get(ctx context.Context, id string) (*customers.Customer, error) {
	number, err := parseID(id)
	if err != nil {
		return nil, err
	}
	reply, err := transport.Call(ctx, d.wire, customers.OpGet, func(ctx context.Context) (*http.Response, error) {
		return d.api.GetClient(ctx, number)
	}, isAbout(id))
	if err != nil {
		return nil, err
	}
	return customer(&reply.Client), nil
}

func (d *driver) Update(ctx context.Context, id string, patch customers.Patch) error {
	number, err := parseID(id)
	if err != nil {
		return err
	}
	p := patch.Profile()
	reply, err := transport.ReadForUpdate(ctx, d.wire, "client", func(ctx context.Context) (*http.Response, error) {
		return d.api.GetClient(ctx, number)
	}, isAbout(id))
	if err != nil {
		return err
	}
	was := reply.Client
	if p.Notes == "" && was.Note != "" && was.Notes != "" && was.Note != was.Notes {
		// Requests have one of the two names only.
		return customers.Refuse(customers.Violation{
			Field: customers.FieldNotes, Rule: customers.RuleUnsupported,
			Bound: "in two versions, note and notes: say which in the patch",
		})
	}
	body := fatora.ClientWrite{
		Name:    cmp.Or(p.Name.String(), was.Name),
		Phone:   cmp.Or(p.Phone, was.Phone),
		Email:   cmp.Or(p.Email, was.Email),
		Address: cmp.Or(p.Address.String(), was.Address),
		Notes:   cmp.Or(p.Notes, was.Notes, was.Note),
	}
	_, err = transport.Call(ctx, d.wire, customers.OpUpdate, func(ctx context.Context) (*http.Response, error) {
		return d.api.UpdateClient(ctx, number, body)
	}, func(r *fatora.UpdateReply) string {
		return cmp.Or(complain(r.Status), transport.NotOther(id, formatID(r.Client.ID)))
	}, &body)
	return err
}

func (d *driver) Delete(ctx context.Context, id string) error {
	number, err := parseID(id)
	if err != nil {
		return err
	}
	_, err = transport.Call(ctx, d.wire, customers.OpDelete, func(ctx context.Context) (*http.Response, error) {
		return d.api.DeleteClient(ctx, number)
	}, func(r *fatora.StatusReply) string { return complain(r.Status) })
	return err
}

func (d *driver) List(ctx context.Context, q customers.Query) iter.Seq2[*customers.Customer, error] {
	return func(yield func(*customers.Customer, error) bool) {
		op, params := customers.OpList, fatora.ListClientsParams{PageSize: &d.pageSize}
		if q.Email != "" {
			op, params.Email = customers.OpFind, &q.Email
		}
		seen := map[int64]bool{}
		for page := 1; ; page++ {
			params.Page = &page
			reply, err := transport.Call(ctx, d.wire, op, func(ctx context.Context) (*http.Response, error) {
				return d.api.ListClients(ctx, &params)
			}, func(r *fatora.ListReply) string {
				advances := slices.ContainsFunc(r.Clients, func(c fatora.ClientRecord) bool { return !seen[c.ID] })
				switch {
				case r.Clients == nil:
					return cmp.Or(complain(r.Status), "the answer has no list of clients")
				case slices.ContainsFunc(r.Clients, func(c fatora.ClientRecord) bool { return formatID(c.ID) == "" }):
					return "a client of the list has no id"
				case len(r.Clients) > 0 && !advances:
					return "page " + strconv.Itoa(page) + " of the list brings nothing new"
				}
				return complain(r.Status)
			}, &params)
			if err != nil {
				yield(nil, err)
				return
			}
			// Only an empty page is the end: whether the provider honours page_size is not documented.
			if len(reply.Clients) == 0 {
				return
			}
			for i := range reply.Clients {
				c := &reply.Clients[i]
				if seen[c.ID] {
					continue // the list moved between two pages
				}
				seen[c.ID] = true
				if !yield(customer(c), nil) {
					return
				}
			}
		}
	}
}

// parseID reads an id as the facade gives it out: the canonical decimal of a positive integer.
func parseID(id string) (int64, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil || formatID(number) != id {
		return 0, customers.Refuse(customers.Violation{
			Field: customers.FieldID, Pointer: "path/client_id", Rule: "type", Bound: "integer",
		})
	}
	return number, nil
}

// formatID is "" for what is no id.
func formatID(id int64) string {
	if id <= 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func isAbout(id string) transport.Accept[fatora.ClientReply] {
	return func(r *fatora.ClientReply) string {
		return cmp.Or(complain(r.Status), transport.WantID(id, formatID(r.Client.ID)))
	}
}

// complain holds the status text of a success against what the vendor's pages show.
func complain(status string) string {
	if status == "ERROR" {
		return "a success whose body says ERROR"
	}
	return ""
}

func customer(c *fatora.ClientRecord) *customers.Customer {
	out := &customers.Customer{ID: formatID(c.ID), Native: c}
	out.Take(customers.FieldNameFull, c.Name)
	out.Take(customers.FieldEmail, c.Email)
	out.Take(customers.FieldPhone, c.Phone)
	out.Take(customers.FieldAddressFormatted, c.Address)
	out.Take(customers.FieldNotes, cmp.Or(c.Notes, c.Note))
	return out
}

// decodeError reads {"status":"ERROR","error":…}, where error is a text or an object with a description. Its own form
// has both: an error alone, or beside a number, is what many servers in between say too.
func decodeError(e *customers.Error, body []byte) bool {
	var reply fatora.ErrorReply
	_ = json.Unmarshal(body, &reply) // what can be read of it
	e.Code = reply.Status
	if json.Unmarshal(reply.Error, &e.Message) != nil {
		var object fatora.ErrorObject
		_ = json.Unmarshal(reply.Error, &object)
		e.Message = object.Description
	}
	return reply.Status != "" && len(reply.Error) > 0
}
