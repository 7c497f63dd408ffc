package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/stripe/stripe-go/v82"

	oapisimplepin "github.com/contract-first/customers/bench/peers/oapi/simplepin"
	oapistancer "github.com/contract-first/customers/bench/peers/oapi/stancer"
	"github.com/contract-first/customers/bench/peers/ogen"
)

// implementation is a column of the table.
type implementation struct {
	name, does string
	rows       []string
	open       func(network) (call, error)
}

// baseline is the name of the floor, by which everything is divided; noise is the floor once more.
const (
	baseline = "floor"
	noise    = "floor again"
	timed    = "floor with Client.Timeout"
	facade   = "facade"
	report   = "facade, contract reports"
	refuse   = "facade, contract refuses"
)

func implementations() []implementation {
	all := []string{rowCreate, rowGet, rowJSON, rowXML}
	small := []string{rowCreate, rowGet}
	json := []string{rowCreate, rowGet, rowJSON}
	return []implementation{
		{baseline, "net/http and encoding/json (or xml) by hand: connections are kept, the read is bounded at 1 MiB, the status " +
			"looked at. No timeout, no check of what is sent or answered, no retry.", all, openFloor},
		{noise, "the same code once more: what differs from 1.00 is noise.", all, openFloor},
		{timed, "the same code with 30 s as http.Client.Timeout, which net/http does not get for nothing. The facade has a " +
			"deadline, as every client should; the targets stay against the floor, which has none.", all, openTimed},
		{"oapi-codegen", "ClientWithResponses, as the generator emits it by default. The read is unbounded. No timeout, no check, no " +
			"retry. Not for XML, where it leaves the properties empty.", json, openGenerated},
		{facade, "this library as Open gives it: a timeout, a bounded read, the generated checks of the request, the id of the " +
			"answer, one kind of error, retries of what may be repeated, no redirects; and a hook that counts.", all, openFacade},
		{report, "the same with a contract.RoundTripper, which holds every byte of both directions against the contract, and " +
			"reports.", all, openContract(false)},
		{refuse, "the same, and what breaks the contract is refused.", all, openContract(true)},
		{"resty v2", "SetBody and SetResult over the same transport. The read is unbounded. No timeout, no check, and by default " +
			"no retry.", all, openResty},
		{"stripe-go v82", "V1Customers.Create and Retrieve: its own request (a form), and the same answer, read into Stripe's " +
			"customer. Retries (2) and telemetry as by default, no log. The read is unbounded. No check.", small, openStripe},
		{"ogen v1.14", "its generated client. It checks the answer while it decodes, not the request. The read is unbounded. No " +
			"timeout, no retry. Spans and metrics go to OpenTelemetry's no-op.", small, openOgen},
	}
}

func to[T any](v T) *T { return &v }

func openTimed(n network) (call, error) {
	return callFloor(n, &http.Client{Transport: n.transport(), Timeout: 30 * time.Second})
}

var errStatus = errors.New("another status")

func openGenerated(n network) (call, error) {
	client := &http.Client{Transport: n.transport()}
	if n.row == rowJSON {
		at, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return nil, err
		}
		api, err := oapisimplepin.NewClientWithResponses(n.url, oapisimplepin.WithHTTPClient(client),
			oapisimplepin.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
				r.Header.Set("Authorization", simplePinKey)
				r.Header.Set("Token", simplePinToken)
				return nil
			}))
		return func(ctx context.Context) error {
			reply, err := api.AddCustomerWithResponse(ctx, nil, oapisimplepin.CCProfileApiV2Model{
				ContractEmail: to(email), CustomerId: to(reference), CustomerName: to(name), CustomerSince: &at,
				MainAddress: &oapisimplepin.AddressApiV2Model{
					Zip: to("H2X 1Y4"), City: to("Montreal"), Country: to(int64(1)), Province: to(int64(11)), Address: to("12 Maple Street"),
				},
				MobileNumber: to(mobile), PhoneNumber: to(phone),
			})
			switch {
			case err != nil:
				return err
			case reply.JSON200 == nil || reply.JSON200.CustomerId == nil:
				return errStatus
			}
			return wantID(*reply.JSON200.CustomerId, reference)
		}, err
	}
	api, err := oapistancer.NewClientWithResponses(n.url, oapistancer.WithHTTPClient(client),
		oapistancer.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.SetBasicAuth(stancerKey, "")
			return nil
		}))
	if n.row == rowGet {
		return func(ctx context.Context) error {
			reply, err := api.GetCustomerWithResponse(ctx, stancerID)
			switch {
			case err != nil:
				return err
			case reply.JSON200 == nil:
				return errStatus
			}
			return wantID(reply.JSON200.Id, stancerID)
		}, err
	}
	return func(ctx context.Context) error {
		reply, err := api.CreateCustomerWithResponse(ctx, oapistancer.CustomerCreate{
			Email: to(oapistancer.Email(email)), Mobile: to(oapistancer.Mobile(phone)), Name: to(oapistancer.Name(name)),
		})
		switch {
		case err != nil:
			return err
		case reply.JSON200 == nil:
			return errStatus
		}
		return wantID(reply.JSON200.Id, stancerID)
	}, err
}

func openResty(n network) (call, error) {
	client := resty.NewWithClient(&http.Client{Transport: n.transport()}).SetBaseURL(n.url)
	if provider(n.row) == "stancer" {
		client.SetBasicAuth(stancerKey, "")
		// Its warning that credentials go over plain HTTP is about the loopback.
		client.SetDisableWarn(true)
		return func(ctx context.Context) error {
			var c floorCustomer
			req := client.R().SetContext(ctx).SetResult(&c)
			var resp *resty.Response
			var err error
			if n.row == rowGet {
				resp, err = req.SetPathParam("id", stancerID).Get("/v1/customers/{id}")
			} else {
				resp, err = req.SetHeader("Content-Type", n.media).
					SetBody(floorProfile{Email: email, Mobile: phone, Name: name}).Post("/v1/customers/")
			}
			switch {
			case err != nil:
				return err
			case !resp.IsSuccess():
				return errStatus
			}
			return wantID(c.ID, stancerID)
		}, nil
	}
	client.SetHeaders(map[string]string{"Authorization": simplePinKey, "Token": simplePinToken, "Accept": n.media})
	return func(ctx context.Context) error {
		var c bigAnswer
		resp, err := client.R().SetContext(ctx).SetHeader("Content-Type", n.media).SetBody(bigRequest()).SetResult(&c).
			Post("/v2/customer/add")
		switch {
		case err != nil:
			return err
		case !resp.IsSuccess():
			return errStatus
		}
		return wantID(c.CustomerID, reference)
	}, nil
}

func openStripe(n network) (call, error) {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(n.url), HTTPClient: &http.Client{Transport: n.transport()},
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	client := stripe.NewClient(stancerKey, stripe.WithBackends(&stripe.Backends{API: backend}))
	return func(ctx context.Context) error {
		var c *stripe.Customer
		var err error
		if n.row == rowGet {
			c, err = client.V1Customers.Retrieve(ctx, stancerID, nil)
		} else {
			c, err = client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{
				Email: stripe.String(email), Phone: stripe.String(phone), Name: stripe.String(name),
			})
		}
		if err != nil {
			return err
		}
		return wantID(c.ID, stancerID)
	}, nil
}

type ogenKey struct{}

func (ogenKey) SecretKey(context.Context, ogen.OperationName) (ogen.SecretKey, error) {
	return ogen.SecretKey{Username: stancerKey}, nil
}

func openOgen(n network) (call, error) {
	client, err := ogen.NewClient(n.url, ogenKey{}, ogen.WithClient(&http.Client{Transport: n.transport()}))
	return func(ctx context.Context) error {
		if n.row == rowGet {
			reply, err := client.GetCustomer(ctx, ogen.GetCustomerParams{ID: stancerID})
			if err != nil {
				return err
			}
			got, ok := reply.(*ogen.Customer)
			if !ok {
				return fmt.Errorf("an answer of type %T", reply)
			}
			return wantID(got.ID, stancerID)
		}
		reply, err := client.CreateCustomer(ctx, &ogen.CustomerCreate{
			Email: ogen.NewOptEmail(email), Mobile: ogen.NewOptMobile(phone), Name: ogen.NewOptName(name),
		})
		if err != nil {
			return err
		}
		created, ok := reply.(*ogen.CreateCustomerOK)
		if !ok {
			return fmt.Errorf("an answer of type %T", reply)
		}
		return wantID(created.ID, stancerID)
	}, err
}
