package stancer_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/stancer"
	api "github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/internal/wiretest"
	"github.com/contract-first/customers/transport"
)

const (
	key = "stest_notARealKey0000000000"
	id  = "cust_9Cle7TXKkjhwqcWx4Kl5cQYk"
)

// play opens a client against recorded exchanges.
func play(t *testing.T, recordings ...string) *customers.Client {
	t.Helper()
	for i := range recordings {
		recordings[i] = "testdata/" + recordings[i] + ".txtar"
	}
	client, err := stancer.Open(stancer.Config{
		APIKey: key, BaseURL: wiretest.Play(t, "stancer", "", recordings...),
		Options: transport.Options{Retry: transport.Retry{Attempts: 1}},
	})
	require.NoError(t, err)
	return client
}

func TestCreate(t *testing.T) {
	for _, recording := range []string{"create", "create-201"} {
		created, err := play(t, recording).Create(t.Context(), customers.Profile{
			Reference: "crm-10023", Name: customers.Name{Given: "David", Family: "Coaster"},
			Email: "david@example.net", Phone: "+33639980102",
		})
		require.NoError(t, err)
		native := created.Native.(*api.Customer)
		assert.False(t, native.LiveMode)
		created.Native = nil
		assert.Equal(t, &customers.Customer{
			ID: id,
			Profile: customers.Profile{
				Name: customers.Name{Full: "David Coaster"}, Email: "david@example.net", Phone: "+33639980102",
			},
			CreatedAt: time.Date(2018, 10, 3, 10, 22, 54, 0, time.UTC),
		}, created)
	}
}

func TestGetKeepsWhatHasNoForm(t *testing.T) {
	got, err := play(t, "get").Get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, "crm-10023", got.Reference)
	assert.Empty(t, got.Phone, "a national number is not guessed into E.164")
	assert.Equal(t, map[customers.Field]string{customers.FieldPhone: "0639980102"}, got.Verbatim)
	assert.Empty(t, got.Name)
	assert.True(t, got.Native.(*api.Customer).LiveMode)
}

func TestUpdateAndDelete(t *testing.T) {
	patch := customers.Patch{
		Email: customers.To("david.coaster@example.net"),
		Name:  &customers.Name{Given: "David", Family: "Coaster"},
	}
	for _, recording := range []string{"update", "update-200", "update-empty"} {
		require.NoError(t, play(t, recording).Update(t.Context(), id, patch))
	}
	require.NoError(t, play(t, "delete").Delete(t.Context(), id))
}

// What the contract has of errors is tried for all providers at once, one folder up.
// The answer to a change must not be about somebody else.
func TestUpdateAnsweredAboutAnother(t *testing.T) {
	err := play(t, "update-other").Update(t.Context(), id, customers.Patch{Email: customers.To("david.coaster@example.net")})
	require.ErrorIs(t, err, customers.ErrContract)
	require.ErrorIs(t, err, customers.ErrUnknownOutcome)
}

func TestErrors(t *testing.T) {
	const (
		email     = "david@example.net"
		elsewhere = "not in the provider's own form, so it says nothing of a customer: check BaseURL"
	)
	create := func(c *customers.Client) error {
		_, err := c.Create(t.Context(), customers.Profile{Email: email})
		return err
	}
	get := func(c *customers.Client) error {
		_, err := c.Get(t.Context(), id)
		return err
	}
	for _, test := range []struct {
		recording string
		call      func(*customers.Client) error
		want      customers.Error
	}{
		{"create-400", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrInvalid, Outcome: customers.ErrRejected, Status: 400,
			Code: "invalid_request_error", Message: "email: Invalid value",
		}},
		{"create-400-odd", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrInvalid, Outcome: customers.ErrRejected, Status: 400,
			Code: "invalid_request_error", Message: "Invalid; mobile: Too short",
		}},
		{"create-401", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrUnauthenticated, Outcome: customers.ErrRejected, Status: 401,
			Code: "invalid_request_error", Message: "You are not authorized to access that resource",
		}},
		{"update-404", func(c *customers.Client) error {
			return c.Update(t.Context(), id, customers.Patch{
				Email: customers.To("david.coaster@example.net"), Name: &customers.Name{Full: "David Coaster"},
			})
		}, customers.Error{
			Op: customers.OpUpdate, Kind: customers.ErrNotFound, Outcome: customers.ErrRejected, Status: 404,
			Code: "invalid_request_error", Message: "No such customer " + id,
		}},
		{"delete-404", func(c *customers.Client) error { return c.Delete(t.Context(), id) }, customers.Error{
			Op: customers.OpDelete, Kind: customers.ErrNotFound, Outcome: customers.ErrRejected, Status: 404,
			Code: "invalid_request_error", Message: "No such customer " + id,
		}},
		{"create-409", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrAlreadyExists, Outcome: customers.ErrRejected, Status: 409,
			Code: "invalid_request_error", ExistingID: id,
			Message: "Customer already exists, you may want to update it instead creating a new one",
		}},
		{"create-429", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrRateLimited, Outcome: customers.ErrRejected, Status: 429,
			Code: "invalid_request_error", Message: "Too many requests", RetryAfter: 7 * time.Second,
		}},
		{"create-500", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome, Status: 500,
			Code: "invalid_request_error", Message: "Internal server error", RequestID: "req-17",
		}},
		{"get-404", func(c *customers.Client) error {
			_, err := c.Get(t.Context(), "cust_000000000000000000000000")
			return err
		}, customers.Error{
			Op: customers.OpGet, Kind: customers.ErrNotFound, Status: 404,
			Code: "invalid_request_error", Message: "No such customer cust_000000000000000000000000",
		}},
		{"create-409-elsewhere", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrContract, Outcome: customers.ErrRejected, Status: 409, Detail: elsewhere,
		}},
		{"create-no-id", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrContract, Outcome: customers.ErrUnknownOutcome, Status: 200,
			Detail: "the answer has no id",
		}},
		{"get-other", get, customers.Error{
			Op: customers.OpGet, Kind: customers.ErrContract, Status: 200, Detail: "the answer has another customer's id, or none",
		}},
	} {
		t.Run(test.recording, func(t *testing.T) {
			err := test.call(play(t, test.recording))
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			test.want.Provider = "stancer"
			assert.Equal(t, test.want, *got)
			require.ErrorIs(t, err, test.want.Kind)
			if got.Message != "" {
				assert.NotContains(t, err.Error(), got.Message)
			}
		})
	}

	t.Run("get-404-elsewhere", func(t *testing.T) {
		client := play(t, "get-404-elsewhere")
		for range 5 {
			require.EqualError(t, get(client), "stancer: get: contract broken (status 404): "+elsewhere)
		}
	})
}

func TestWhatIsRefusedBeforeItIsSent(t *testing.T) {
	client := play(t) // any request fails the test
	for name, test := range map[string]struct {
		profile customers.Profile
		kind    customers.Kind
		want    customers.Violation
	}{
		"nobody to reach": {
			customers.Profile{Name: customers.Name{Full: "David Coaster"}}, customers.ErrInvalid,
			customers.Violation{Pointer: "body", Rule: "anyOf", Bound: "email or phone"},
		},
		"name too short": {
			customers.Profile{Name: customers.Name{Full: "Jo"}, Email: "jo@example.net"}, customers.ErrInvalid,
			customers.Violation{Field: "name", Pointer: "/name", Rule: "minLength", Bound: "3"},
		},
		"name too long, counted in characters": {
			customers.Profile{Name: customers.Name{Full: strings.Repeat("é", 65)}, Email: "e@example.net"}, customers.ErrInvalid,
			customers.Violation{Field: "name", Pointer: "/name", Rule: "maxLength", Bound: "64"},
		},
		"reference too long": {
			customers.Profile{Reference: strings.Repeat("r", 37), Email: "e@example.net"}, customers.ErrInvalid,
			customers.Violation{Field: "reference", Pointer: "/external_id", Rule: "maxLength", Bound: "36"},
		},
		"an address": {
			customers.Profile{Email: "e@example.net", Address: customers.Address{City: "Lyon"}}, customers.ErrUnsupportedField,
			customers.Violation{Field: "address.city", Rule: "unsupported", Bound: "by this provider"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Create(t.Context(), test.profile)
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			assert.ErrorIs(t, err, test.kind)
			assert.ErrorIs(t, err, customers.ErrNotSent)
			assert.Equal(t, []customers.Violation{test.want}, got.Violations)
		})
	}
}

func TestConfig(t *testing.T) {
	for name, test := range map[string]struct {
		config stancer.Config
		want   string
	}{
		"no key": {stancer.Config{}, "stancer: invalid configuration: APIKey: is missing"},
		"key and function": {stancer.Config{
			APIKey: key, Credentials: func(context.Context) (string, error) { return key, nil },
		}, "stancer: invalid configuration: APIKey: must be empty where Credentials is given"},
		"public key":     {stancer.Config{APIKey: "ptest_x7Secret"}, "stancer: invalid configuration: APIKey: is a public key; this API takes the secret one, stest_… or sprod_…"},
		"only a prefix":  {stancer.Config{APIKey: "sprod_"}, "stancer: invalid configuration: APIKey: is only the prefix of a key"},
		"a line break":   {stancer.Config{APIKey: key + "\n"}, "stancer: invalid configuration: APIKey: must be printable ASCII without spaces (is there a line break at its end?)"},
		"other key":      {stancer.Config{APIKey: "sk_live_x7Secret"}, "stancer: invalid configuration: APIKey: must begin with stest_ or sprod_"},
		"plain http":     {stancer.Config{APIKey: key, BaseURL: "http://api.example.com"}, "stancer: invalid configuration: BaseURL: must be https; plain http is only for loopback addresses"},
		"password in it": {stancer.Config{APIKey: key, BaseURL: "https://user:x7Secret@api.example.com"}, "stancer: invalid configuration: BaseURL: must not hold a user or password"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := stancer.Open(test.config)
			require.ErrorIs(t, err, customers.ErrConfig)
			require.EqualError(t, err, test.want)
		})
	}
	_, err := stancer.Open(stancer.Config{APIKey: "sprod_notARealKey0000000000"})
	require.NoError(t, err, "live keys and the default URL are fine")
}

func TestSecretsAreNotPrinted(t *testing.T) {
	config := stancer.Config{APIKey: key}
	client, err := stancer.Open(config)
	require.NoError(t, err)
	driver, err := stancer.NewDriver(config)
	require.NoError(t, err)
	wiretest.AssertHidden(t, []string{key}, config, &config, client, driver)
}

func TestAs(t *testing.T) {
	client := play(t, "get", "get")
	var native *api.API
	require.True(t, client.As(&native))
	resp, err := native.GetCustomer(t.Context(), id)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusOK, resp.StatusCode, "the native client sends the same credentials")

	native.Client = nil
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err, "the native client is the caller's own")

	var other *http.Client
	assert.False(t, client.As(&other))
}
