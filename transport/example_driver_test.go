package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/transport"
)

// shopper is what a generator makes of a provider's schema, here by hand.
type shopper struct {
	ID    string `json:"id,omitempty"`
	Email string `json:"email"`
	City  string `json:"city,omitempty"`
}

func (p *shopper) Check() []check.Violation {
	return check.Format(nil, check.At{Pointer: "/email", Field: "email"}, p.Email, "email")
}

// shopAPI stands for the generated client: it makes requests and has the wire send them.
type shopAPI struct{ wire *transport.Wire }

func (a *shopAPI) send(method, path string, body any) transport.Send {
	return func(ctx context.Context) (*http.Response, error) {
		var content io.Reader = http.NoBody
		if body != nil {
			data, err := json.Marshal(body)
			if err != nil {
				return nil, err
			}
			content = bytes.NewReader(data)
		}
		req, err := http.NewRequestWithContext(ctx, method, a.wire.Base()+path, content)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		return a.wire.Do(req)
	}
}

// shop maps between the facade and the provider. Checks, limits, retries and errors are the wire's.
type shop struct {
	customers.Unsupported
	wire *transport.Wire
	api  *shopAPI
}

func newShop(base, key string) (*shop, error) {
	if err := transport.CheckSecret("shop", "Key", key); err != nil {
		return nil, err
	}
	if len(key) < 4 {
		return nil, transport.ConfigError("shop", "Key", "is shorter than four characters")
	}
	wire, err := transport.New("shop", base, transport.Static(transport.Basic(key, "")), transport.Options{}, decodeShopError)
	if err != nil {
		return nil, err
	}
	return &shop{wire: wire, api: &shopAPI{wire}}, nil
}

func (d *shop) As(target any) bool { return transport.As(target, d.api) }

func (d *shop) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	body := shopper{Email: p.Email, City: p.Address.City}
	created, err := transport.Call(ctx, d.wire, customers.OpCreate, d.api.send("POST", "/people", body),
		func(p *shopper) string { return transport.NeedID(p.ID) }, &body)
	return shopCustomer(created), err
}

func (d *shop) Plan(ctx context.Context, p customers.Profile) (customers.Draft, error) {
	return transport.Plan(ctx, p, d.Create)
}

func (d *shop) Get(ctx context.Context, id string) (*customers.Customer, error) {
	got, err := transport.Call(ctx, d.wire, customers.OpGet, d.api.send("GET", "/people/"+id, nil),
		func(p *shopper) string { return transport.WantID(id, p.ID) })
	return shopCustomer(got), err
}

// Update reads first, since this provider writes whole records.
func (d *shop) Update(ctx context.Context, id string, patch customers.Patch) error {
	was, err := transport.ReadForUpdate(ctx, d.wire, "", d.api.send("GET", "/people/"+id, nil),
		func(p *shopper) string { return transport.WantID(id, p.ID) })
	if err != nil {
		return err
	}
	if patch.Email != nil {
		was.Email = *patch.Email
	}
	_, err = transport.Call(ctx, d.wire, customers.OpUpdate, d.api.send("PUT", "/people/"+id, was),
		func(p *shopper) string { return transport.NotOther(id, p.ID) }, was)
	return err
}

func shopCustomer(p *shopper) *customers.Customer {
	if p == nil {
		return nil
	}
	out := &customers.Customer{ID: p.ID, Native: p}
	out.Take(customers.FieldEmail, p.Email)
	out.Take(customers.FieldAddressCity, p.City)
	return out
}

// decodeShopError reads {"code":…}.
func decodeShopError(e *customers.Error, body []byte) bool {
	var reply struct{ Code string }
	_ = json.Unmarshal(body, &reply) // what can be read of it
	e.Code = reply.Code
	return e.Code != ""
}

// A driver for a provider with two operations.
func Example_driver() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method + " " + r.URL.Path {
		case "POST /people", "PUT /people/7", "GET /people/7":
			_, _ = io.WriteString(w, `{"id":"7","email":"ama.kouassi@example.com","city":"Abidjan"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"code":"nobody"}`)
		}
	}))
	defer server.Close()
	d, err := newShop(server.URL, "key-of-the-shop")
	if err != nil {
		log.Fatal(err)
	}
	defer d.wire.Close()
	ctx, profile := context.Background(), customers.Profile{
		Email: "ama.kouassi@example.com", Address: customers.Address{City: "Abidjan"},
	}

	created, err := d.Create(ctx, profile)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.ID, created.Address)
	draft, err := d.Plan(ctx, profile)
	fmt.Println(string(draft.Body), err)
	fmt.Println(d.Update(ctx, "7", customers.Patch{Email: customers.To("ama@example.com")}))

	_, err = d.Get(ctx, "8")
	fmt.Println(errors.Is(err, customers.ErrNotFound), err)
	_, err = d.Create(ctx, customers.Profile{Email: "ama"})
	fmt.Println(errors.Is(err, customers.ErrNotSent), err)
	_, err = newShop(server.URL, "key")
	fmt.Println(err)
	var native *shopAPI
	fmt.Println(d.As(&native))
	// Output:
	// 7 Abidjan
	// {"email":"ama.kouassi@example.com","city":"Abidjan"} <nil>
	// <nil>
	// true shop: get: not found (status 404, code nobody)
	// true shop: create: invalid input (not sent): email (/email): format email
	// shop: invalid configuration: Key: is shorter than four characters
	// true
}
