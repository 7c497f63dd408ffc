package main

import (
	"context"
	"errors"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// participant is one provider of the demo and its customer.
type participant struct {
	client  *customers.Client
	profile customers.Profile
	patch   customers.Patch
	hooked  *[]transport.Exchange
}

// open makes the four clients. The customers are those of the vendors' own pages.
func open(sb *sandbox.Sandbox) ([]participant, error) {
	var (
		ps  []participant
		err error
	)
	add := func(profile customers.Profile, patch customers.Patch, open func(transport.Options) (*customers.Client, error)) {
		p := participant{profile: profile, patch: patch, hooked: new([]transport.Exchange)}
		var openErr error
		p.client, openErr = open(transport.Options{
			Hook: func(_ context.Context, e transport.Exchange) { *p.hooked = append(*p.hooked, e) },
		})
		ps, err = append(ps, p), errors.Join(err, openErr)
	}
	add(customers.Profile{
		Name: customers.Name{Given: "AMA", Family: "KOUASSI"}, Email: "ama.kouassi@example.com", Phone: "+2250102030405",
		Address: customers.Address{Street: "Yopougon, Niangon", City: "Abidjan", Country: "CI"},
	}, customers.Patch{}, func(o transport.Options) (*customers.Client, error) {
		return digitalpaye.Open(digitalpaye.Config{
			APIKey: sb.Digitalpaye.APIKey, APISecret: sb.Digitalpaye.APISecret, BaseURL: sb.Digitalpaye.URL, Options: o,
			Policy: customers.Policy{AllowUnproven: []customers.Op{customers.OpGet, customers.OpList}},
		})
	})
	add(customers.Profile{
		Reference: "crm-10023", Name: customers.Name{Full: "Maude Tremblay"}, Email: "maude.tremblay@example.com",
		Phone: "+15145550123", Mobile: "+15145550199", Since: time.Date(2020, 1, 31, 0, 0, 0, 0, time.UTC),
		Address: customers.Address{
			Street: "1200 rue Sainte-Catherine", City: "Montréal", Region: "Québec", PostalCode: "H3B 1K1", Country: "CA",
		},
	}, customers.Patch{Phone: customers.To("+15145550124")}, func(o transport.Options) (*customers.Client, error) {
		return simplepin.Open(simplepin.Config{
			Authorization: sb.SimplePin.Authorization, Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL, Options: o,
			Locale: "FR", // for the names of places
			Policy: customers.Policy{
				AllowUnproven: []customers.Op{customers.OpGet, customers.OpUpdate, customers.OpFind, customers.OpLookup},
			},
		})
	})
	add(customers.Profile{
		Reference: "crm-10024", Name: customers.Name{Given: "David", Family: "Coaster"},
		Email: "david@example.net", Phone: "+33639980102",
	}, customers.Patch{Email: customers.To("david.coaster@example.net")}, func(o transport.Options) (*customers.Client, error) {
		return stancer.Open(stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: sb.Stancer.URL, Options: o})
	})
	add(customers.Profile{
		Name: customers.Name{Full: "Client Name"}, Email: "client@example.com", Phone: "+97444000000",
		Address: customers.Address{Formatted: "Client Address"}, Notes: "Additional notes",
	}, customers.Patch{Notes: customers.To("Prefers invoices by e-mail")}, func(o transport.Options) (*customers.Client, error) {
		return fatora.Open(fatora.Config{
			APIKey: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL, Options: o,
			Policy: customers.Policy{AllowUnproven: []customers.Op{customers.OpDelete}},
		})
	})
	return ps, err
}
