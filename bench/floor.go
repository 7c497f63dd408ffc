package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
)

// The floor is what a careful user writes by hand for exactly these calls: net/http and encoding/json, connections that
// are kept, a bounded read, a look at the status. It is the 1.00 of every ratio, so it is not to be changed: neither
// made faster, nor given what would slow it down, such as a timeout.

const maxBody = 1 << 20

type floor struct {
	http *http.Client
	base string
	key  string // Stancer's
}

type floorProfile struct {
	Email  string `json:"email,omitempty"`
	Mobile string `json:"mobile,omitempty"`
	Name   string `json:"name,omitempty"`
}

type floorCustomer struct {
	ID         string `json:"id"`
	Email      string `json:"email"`
	Mobile     string `json:"mobile"`
	Name       string `json:"name"`
	ExternalID string `json:"external_id"`
	Created    int64  `json:"created"`
	LiveMode   bool   `json:"live_mode"`
}

type bigProfile struct {
	XMLName       xml.Name    `json:"-" xml:"add_update_cc_profile_model"`
	ContractEmail string      `json:"contract_email,omitempty" xml:"contract_email,omitempty"`
	CustomerID    string      `json:"customer_id,omitempty" xml:"customer_id,omitempty"`
	CustomerName  string      `json:"customer_name,omitempty" xml:"customer_name,omitempty"`
	CustomerSince string      `json:"customer_since,omitempty" xml:"customer_since,omitempty"`
	MainAddress   *bigAddress `json:"main_address,omitempty" xml:"main_address,omitempty"`
	MobileNumber  string      `json:"mobile_number,omitempty" xml:"mobile_number,omitempty"`
	PhoneNumber   string      `json:"phone_number,omitempty" xml:"phone_number,omitempty"`
}

type bigAnswer struct {
	XMLName          xml.Name      `json:"-" xml:"cc_profile_model"`
	BillingAddressID int64         `json:"billing_address_id,omitempty" xml:"billing_address_id,omitempty"`
	BillingAddresses []bigAddress  `json:"billing_address_models,omitempty" xml:"billing_address_models>billing_address_model,omitempty"`
	ContractEmail    string        `json:"contract_email,omitempty" xml:"contract_email,omitempty"`
	Contracts        []bigContract `json:"contracts,omitempty" xml:"contracts>contract,omitempty"`
	CustomerID       string        `json:"customer_id,omitempty" xml:"customer_id,omitempty"`
	CustomerName     string        `json:"customer_name,omitempty" xml:"customer_name,omitempty"`
	CustomerSince    string        `json:"customer_since,omitempty" xml:"customer_since,omitempty"`
	ID               int64         `json:"id,omitempty" xml:"id,omitempty"`
	MainAddress      *bigAddress   `json:"main_address,omitempty" xml:"main_address,omitempty"`
	MobileNumber     string        `json:"mobile_number,omitempty" xml:"mobile_number,omitempty"`
	PhoneNumber      string        `json:"phone_number,omitempty" xml:"phone_number,omitempty"`
	Status           string        `json:"status,omitempty" xml:"status,omitempty"`
	Version          int64         `json:"version,omitempty" xml:"version,omitempty"`
}

type bigAddress struct {
	ID       int64  `json:"id,omitempty" xml:"id,omitempty"`
	Zip      string `json:"zip,omitempty" xml:"zip,omitempty"`
	City     string `json:"city,omitempty" xml:"city,omitempty"`
	Country  int64  `json:"country,omitempty" xml:"country,omitempty"`
	Province int64  `json:"province,omitempty" xml:"province,omitempty"`
	Address  string `json:"address,omitempty" xml:"address,omitempty"`
	Selected bool   `json:"selected,omitempty" xml:"selected,omitempty"`
}

type bigContract struct {
	ID   int64  `json:"id,omitempty" xml:"id,omitempty"`
	Name string `json:"name,omitempty" xml:"name,omitempty"`
}

func openFloor(n network) (call, error) { return callFloor(n, &http.Client{Transport: n.transport()}) }

func callFloor(n network, client *http.Client) (call, error) {
	f := floor{http: client, base: n.url, key: stancerKey}
	switch n.row {
	case rowCreate:
		return func(ctx context.Context) error {
			created, err := f.create(ctx, floorProfile{Email: email, Mobile: phone, Name: name})
			if err != nil {
				return err
			}
			return wantID(created.ID, stancerID)
		}, nil
	case rowGet:
		return func(ctx context.Context) error {
			got, err := f.get(ctx, stancerID)
			if err != nil {
				return err
			}
			return wantID(got.ID, stancerID)
		}, nil
	}
	add := f.addJSON
	if n.row == rowXML {
		add = f.addXML
	}
	return func(ctx context.Context) error {
		added, err := add(ctx, bigRequest())
		if err != nil {
			return err
		}
		return wantID(added.CustomerID, reference)
	}, nil
}

func bigRequest() bigProfile {
	return bigProfile{
		ContractEmail: email, CustomerID: reference, CustomerName: name, CustomerSince: since,
		MainAddress:  &bigAddress{Zip: "H2X 1Y4", City: "Montreal", Country: 1, Province: 11, Address: "12 Maple Street"},
		MobileNumber: mobile, PhoneNumber: phone,
	}
}

func (f *floor) create(ctx context.Context, p floorProfile) (*floorCustomer, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.base+"/v1/customers/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(f.key, "")
	body, err = f.do(req)
	if err != nil {
		return nil, err
	}
	var c floorCustomer
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

func (f *floor) get(ctx context.Context, id string) (*floorCustomer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.base+"/v1/customers/"+id, nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(f.key, "")
	body, err := f.do(req)
	if err != nil {
		return nil, err
	}
	var c floorCustomer
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

func (f *floor) addJSON(ctx context.Context, p bigProfile) (*bigAnswer, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	body, err = f.add(ctx, body, "application/json")
	if err != nil {
		return nil, err
	}
	var c bigAnswer
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

func (f *floor) addXML(ctx context.Context, p bigProfile) (*bigAnswer, error) {
	body, err := xml.Marshal(p)
	if err != nil {
		return nil, err
	}
	body, err = f.add(ctx, body, "application/xml")
	if err != nil {
		return nil, err
	}
	var c bigAnswer
	if err := xml.Unmarshal(body, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

func (f *floor) add(ctx context.Context, body []byte, media string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.base+"/v2/customer/add", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", media)
	req.Header.Set("Accept", media)
	req.Header.Set("Authorization", simplePinKey)
	req.Header.Set("Token", simplePinToken)
	return f.do(req)
}

func (f *floor) do(req *http.Request) ([]byte, error) {
	resp, err := f.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	return body, nil
}
