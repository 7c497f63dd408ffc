package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/transport"
)

// Invented, and of no use anywhere.
const (
	stancerKey     = "stest_key"
	simplePinKey   = "key"
	simplePinToken = "token"
)

// openFacade is the library in its default configuration, with a hook that counts.
func openFacade(n network) (call, error) {
	return callFacade(n, transport.Options{RoundTripper: n.fake}, nil)
}

// openContract is the same, with every exchange held against the contract.
func openContract(refuse bool) func(n network) (call, error) {
	return func(n network) (call, error) {
		var broken atomic.Int64
		return callFacade(n, transport.Options{RoundTripper: &contract.RoundTripper{
			Provider: provider(n.row), Next: n.transport(), PassRequests: !refuse, RefuseResponses: refuse,
			Report: func(context.Context, contract.Finding) { broken.Add(1) },
		}}, func() error {
			if broken.Load() > 0 {
				return fmt.Errorf("the exchange of row %s breaks the contract", n.row)
			}
			return nil
		})
	}
}

func provider(row string) string {
	if row == rowCreate || row == rowGet {
		return "stancer"
	}
	return "simplepin"
}

func callFacade(n network, options transport.Options, check func() error) (call, error) {
	var seen atomic.Int64
	options.Hook = func(context.Context, transport.Exchange) { seen.Add(1) }
	client, err := open(n, options)
	if err != nil {
		return nil, err
	}
	profile, id := customers.Profile{Name: customers.Name{Full: name}, Email: email, Phone: phone}, stancerID
	if provider(n.row) == "simplepin" {
		id, profile.Reference, profile.Mobile = reference, reference, mobile
		if profile.Since, err = time.Parse(time.RFC3339, since); err != nil {
			return nil, err
		}
		profile.Address = customers.Address{
			Street: "12 Maple Street", City: "Montreal", Region: "QC", PostalCode: "H2X 1Y4", Country: "CA",
		}
	}
	return func(ctx context.Context) error {
		var c *customers.Customer
		var err error
		if n.method == http.MethodGet {
			c, err = client.Get(ctx, id)
		} else {
			c, err = client.Create(ctx, profile)
		}
		switch {
		case err != nil:
			return err
		case check != nil:
			if err := check(); err != nil {
				return err
			}
		}
		return wantID(c.ID, id)
	}, nil
}

func open(n network, options transport.Options) (*customers.Client, error) {
	if provider(n.row) == "stancer" {
		return stancer.Open(stancer.Config{APIKey: stancerKey, BaseURL: n.url, Options: options})
	}
	config := simplepin.Config{
		Authorization: simplePinKey, Token: simplePinToken, BaseURL: n.url, Options: options,
		Countries: map[string]simplepin.Country{"CA": {ID: 1, Provinces: map[string]int64{"QC": 11}}},
		Policy:    customers.Policy{AllowUnproven: []customers.Op{customers.OpGet}},
	}
	if n.row == rowXML {
		config.BodyFormat = simplepin.XML
	}
	return simplepin.Open(config)
}
