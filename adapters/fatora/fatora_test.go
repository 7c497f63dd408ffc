package fatora_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/fatora"
	api "github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/internal/wiretest"
	"github.com/contract-first/customers/transport"
)

const (
	key   = "notARealKey"
	token = "token-1"
	id    = "123"
)

// unproven allows the one operation whose place is only inferred.
var unproven = customers.Policy{AllowUnproven: []customers.Op{customers.OpDelete}}

// ama is a client with everything that can be sent.
func ama() customers.Profile {
	return customers.Profile{
		Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com", Phone: "+2250102030405",
		Address: customers.Address{
			Street: "Rue des Jardins", City: "Abidjan", Region: "Lagunes", PostalCode: "00225", Country: "CI",
		},
		Notes: "Prefers e-mail",
	}
}

// kept is how ama comes back: texts that were joined are not split.
func kept() customers.Profile {
	p := ama()
	p.Name = customers.Name{Full: "Ama Kouassi"}
	p.Address = customers.Address{Formatted: "Rue des Jardins, Abidjan, Lagunes, 00225, CI"}
	return p
}

// play opens a client with a bearer token against recorded exchanges.
func play(t *testing.T, recordings ...string) *customers.Client {
	t.Helper()
	return playWith(t, fatora.Config{BearerToken: token, Policy: unproven}, recordings...)
}

func playWith(t *testing.T, config fatora.Config, recordings ...string) *customers.Client {
	t.Helper()
	client, err := fatora.Open(configure(t, config, recordings...))
	require.NoError(t, err)
	return client
}

func configure(t *testing.T, config fatora.Config, recordings ...string) fatora.Config {
	t.Helper()
	files := make([]string, len(recordings))
	for i, name := range recordings {
		files[i] = "testdata/" + name + ".txtar"
	}
	config.Retry.Attempts = 1
	config.BaseURL = wiretest.Play(t, "fatora", "", files...)
	return config
}

func TestCreate(t *testing.T) {
	for name, test := range map[string]struct {
		config     fatora.Config
		recordings []string
	}{
		"with a token":            {fatora.Config{BearerToken: token}, []string{"create"}},
		"200 and notes":           {fatora.Config{BearerToken: token}, []string{"create-200"}},
		"with a key":              {fatora.Config{APIKey: key}, []string{"auth", "create"}},
		"with a key, by POST":     {fatora.Config{APIKey: key, AuthorizeByPost: true}, []string{"auth-by-post", "create"}},
		"with a token that ended": {fatora.Config{APIKey: key}, []string{"renew"}},
		"nothing lost by a loss":  {fatora.Config{BearerToken: token, Policy: customers.Policy{AllowLoss: []customers.Field{"address"}}}, []string{"create"}},
	} {
		t.Run(name, func(t *testing.T) {
			created, err := playWith(t, test.config, test.recordings...).Create(t.Context(), ama())
			require.NoError(t, err)
			assert.Equal(t, int64(123), created.Native.(*api.ClientRecord).ID)
			created.Native = nil
			assert.Equal(t, &customers.Customer{ID: id, Profile: kept()}, created)
		})
	}
}

// A name is all that it takes; null in the answer is nothing.
func TestCreateName(t *testing.T) {
	created, err := play(t, "create-name").Create(t.Context(), customers.Profile{Name: customers.Name{Given: "David", Family: "Coaster"}})
	require.NoError(t, err)
	created.Native = nil
	assert.Equal(t, &customers.Customer{ID: "124", Profile: customers.Profile{Name: customers.Name{Full: "David Coaster"}}}, created)
}

// The driver is asked directly: the facade would not send placeholders such as "Client Phone" for a number.
func TestSample(t *testing.T) {
	driver, err := fatora.NewDriver(configure(t, fatora.Config{BearerToken: token}, "create-primary"))
	require.NoError(t, err)
	created, err := driver.Create(t.Context(), customers.Profile{
		Name: customers.Name{Full: "Client Name"}, Address: customers.Address{Formatted: "Client Address"},
		Phone: "Client Phone", Email: "[email protected]", Notes: "Additional notes",
	})
	require.NoError(t, err)
	created.Native = nil
	assert.Equal(t, &customers.Customer{
		ID: id,
		Profile: customers.Profile{
			Name: customers.Name{Full: "Client Name"}, Address: customers.Address{Formatted: "Client Address"},
			Notes: "Additional notes",
		},
		Verbatim: map[customers.Field]string{
			customers.FieldPhone: "Client Phone", customers.FieldEmail: "[email protected]",
		},
	}, created)
}

func TestGet(t *testing.T) {
	both := kept()
	both.Notes = "Comes by bus"
	for recording, test := range map[string]struct {
		why  string
		want customers.Customer
	}{
		"get":      {"the remark as notes", customers.Customer{Profile: kept()}},
		"get-note": {"the remark as note", customers.Customer{Profile: kept()}},
		"get-both": {"notes is the name that requests use", customers.Customer{Profile: both}},
		"get-odd": {"what has no form is kept as it came", customers.Customer{
			Profile: customers.Profile{
				Name: customers.Name{Full: "Ama Kouassi"}, Address: customers.Address{Formatted: "Rue des Jardins\nAbidjan"},
			},
			Verbatim: map[customers.Field]string{customers.FieldPhone: "01 02 03 04 05", customers.FieldEmail: "none"},
		}},
	} {
		t.Run(recording, func(t *testing.T) {
			got, err := play(t, recording).Get(t.Context(), id)
			require.NoError(t, err)
			got.Native = nil
			test.want.ID = id
			assert.Equal(t, &test.want, got, test.why)
		})
	}
}

func TestIDs(t *testing.T) {
	const largest = "9223372036854775807"
	got, err := play(t, "get-large").Get(t.Context(), largest)
	require.NoError(t, err)
	assert.Equal(t, largest, got.ID)

	client := play(t) // any request fails the test
	want := []customers.Violation{{Field: "id", Pointer: "path/client_id", Rule: "type", Bound: "integer"}}
	for _, wrong := range []string{"0", "-1", "+1", "0123", "1.0", "1e3", " 1", "0x7b", "1_000", "١٢٣", "cust_1", "9223372036854775808"} {
		for op, call := range map[customers.Op]func() error{
			customers.OpGet:    func() error { _, err := client.Get(t.Context(), wrong); return err },
			customers.OpUpdate: func() error { return client.Update(t.Context(), wrong, newPhone) },
			customers.OpDelete: func() error { return client.Delete(t.Context(), wrong) },
		} {
			var got *customers.Error
			require.ErrorAs(t, call(), &got, "%s %q", op, wrong)
			assert.Equal(t, customers.ErrInvalid, got.Kind)
			assert.Equal(t, want, got.Violations)
			assert.Equal(t, op.Writes(), got.Outcome == customers.ErrNotSent)
		}
	}
}

var newPhone = customers.Patch{Phone: customers.To("+2250504030201")}

// What the recordings hold beside the change is the promise: all of the client is written back, its remark as notes.
func TestUpdate(t *testing.T) {
	for recording, patch := range map[string]customers.Patch{
		"update":           newPhone,
		"update-note":      newPhone,
		"update-both-said": {Notes: customers.To("Comes by tram")},
		"update-both-same": newPhone,
		"update-envelope":  newPhone,
		"update-odd":       {Notes: customers.To("Comes by bus")},
		"update-all": {
			Name: &customers.Name{Given: "David", Family: "Coaster"}, Email: customers.To("david@example.net"),
			Phone: customers.To("+2250504030201"), Address: &customers.Address{Street: "12 Maple Street", Country: "CI"},
			Notes: customers.To("Comes by bus"),
		},
	} {
		t.Run(recording, func(t *testing.T) {
			require.NoError(t, play(t, recording).Update(t.Context(), id, patch))
		})
	}

	t.Run("a property that may be lost", func(t *testing.T) {
		policy := customers.Policy{AllowLoss: []customers.Field{customers.FieldUndeclared}}
		client := playWith(t, fatora.Config{BearerToken: token, Policy: policy}, "update-undeclared-allowed")
		require.NoError(t, client.Update(t.Context(), id, newPhone))
	})
}

// Each of these reads and then writes nothing.
func TestUpdateRefusedAfterReading(t *testing.T) {
	for recording, test := range map[string]struct {
		kind customers.Kind
		want []customers.Violation
	}{
		"update-undeclared": {customers.ErrUnsupportedField, []customers.Violation{
			{Field: customers.FieldUndeclared, Rule: "additionalProperties", Bound: "vip"},
		}},
		"update-nameless": {customers.ErrInvalid, []customers.Violation{{Field: "name", Pointer: "/name", Rule: "required"}}},
		"update-both": {customers.ErrUnsupportedField, []customers.Violation{
			{Field: customers.FieldNotes, Rule: "unsupported", Bound: "in two versions, note and notes: say which in the patch"},
		}},
		"update-other":   {customers.ErrContract, nil},
		"get-says-error": {customers.ErrContract, nil},
	} {
		t.Run(recording, func(t *testing.T) {
			err := play(t, recording).Update(t.Context(), id, newPhone)
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			require.ErrorIs(t, err, test.kind)
			require.ErrorIs(t, err, customers.ErrNotSent)
			assert.Equal(t, test.want, got.Violations)
		})
	}
}

// The answer to a change must not be about somebody else.
func TestUpdateAnsweredAboutAnother(t *testing.T) {
	err := play(t, "update-answered-other").Update(t.Context(), id, newPhone)
	require.ErrorIs(t, err, customers.ErrContract)
	require.ErrorIs(t, err, customers.ErrUnknownOutcome)
}

func TestDelete(t *testing.T) {
	for _, recording := range []string{"delete", "delete-200"} {
		require.NoError(t, play(t, recording).Delete(t.Context(), id))
	}
	client := playWith(t, fatora.Config{BearerToken: token}) // any request fails the test
	require.ErrorIs(t, client.Delete(t.Context(), id), customers.ErrUnproven)
}

// list lists the ids that a query gives.
func list(t *testing.T, c *customers.Client, q customers.Query) (ids []string, err error) {
	t.Helper()
	for found, err := range c.List(t.Context(), q) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, found.ID)
	}
	return ids, nil
}

func TestList(t *testing.T) {
	for name, test := range map[string]struct {
		recording string
		query     customers.Query
		want      []string
	}{
		"page by page until one is empty": {"list", customers.Query{}, []string{"121", "122", "123"}},
		"each once":                       {"list-moving", customers.Query{}, []string{"123", "122", "121"}},
		"none":                            {"list-none", customers.Query{}, nil},
		"by e-mail":                       {"find", customers.Query{Email: "ama.kouassi@example.com"}, []string{"121"}},
	} {
		t.Run(name, func(t *testing.T) {
			ids, err := list(t, play(t, test.recording), test.query)
			require.NoError(t, err)
			assert.Equal(t, test.want, ids)
		})
	}

	t.Run("ends early", func(t *testing.T) {
		for found, err := range play(t, "list-first").List(t.Context(), customers.Query{}) {
			require.NoError(t, err)
			if found.ID == "122" {
				break
			}
		}
	})
	t.Run("a page again", func(t *testing.T) {
		ids, err := list(t, play(t, "list-again"), customers.Query{})
		require.ErrorIs(t, err, customers.ErrContract)
		require.ErrorContains(t, err, "page 2 of the list brings nothing new")
		assert.Equal(t, []string{"121", "122"}, ids)
	})
	t.Run("two pages in turn", func(t *testing.T) {
		ids, err := list(t, play(t, "list-alternating"), customers.Query{})
		require.ErrorIs(t, err, customers.ErrContract)
		require.ErrorContains(t, err, "page 3 of the list brings nothing new")
		assert.Equal(t, []string{"121", "122", "123"}, ids)
	})
	t.Run("a page fails", func(t *testing.T) {
		ids, err := list(t, play(t, "list-second-500"), customers.Query{})
		require.ErrorIs(t, err, customers.ErrUnavailable)
		assert.Equal(t, []string{"121", "122"}, ids)
	})
	t.Run("by reference", func(t *testing.T) {
		_, err := list(t, play(t), customers.Query{Reference: "crm-10023"})
		require.ErrorIs(t, err, customers.ErrUnsupportedField)
	})
}

// Each recording holds one answer after the other; the same call meets them all. What the contract has of errors is
// tried for all providers at once, one folder up.
func TestErrors(t *testing.T) {
	create := func(c *customers.Client) error {
		_, err := c.Create(t.Context(), ama())
		return err
	}
	get := func(c *customers.Client) error {
		_, err := c.Get(t.Context(), id)
		return err
	}
	all := func(c *customers.Client) error {
		_, err := list(t, c, customers.Query{})
		return err
	}
	update := func(c *customers.Client) error { return c.Update(t.Context(), id, newPhone) }
	remove := func(c *customers.Client) error { return c.Delete(t.Context(), id) }

	const elsewhere = "not in the provider's own form, so it says nothing of a customer: check BaseURL"
	noToken := customers.Error{
		Op: customers.OpCreate, Kind: customers.ErrUnauthenticated, Outcome: customers.ErrNotSent,
		Detail: "the provider handed out no token",
	}
	refusedToken := noToken
	refusedToken.Status, refusedToken.Detail = 200, "the provider handed out no token: check the key"
	saidToken := refusedToken
	saidToken.Code, saidToken.Message = "ERROR", "Invalid API Key"
	notFound := customers.Error{Op: customers.OpGet, Kind: customers.ErrContract, Status: 404, Detail: elsewhere}
	notFoundSaid := notFound
	notFoundSaid.Message = "Not Found"
	notFoundCode := notFound
	notFoundCode.Code = "ERROR"
	saysError := func(op customers.Op) customers.Error {
		e := customers.Error{Op: op, Kind: customers.ErrContract, Status: 200, Detail: "a success whose body says ERROR"}
		if op.Writes() {
			e.Outcome = customers.ErrUnknownOutcome
		}
		return e
	}
	saying := func(e customers.Error, words string) customers.Error {
		e.Code, e.Message = "ERROR", words
		return e
	}
	noList := customers.Error{
		Op: customers.OpList, Kind: customers.ErrContract, Status: 200, Detail: "the answer has no list of clients",
	}

	for recording, test := range map[string]struct {
		config fatora.Config
		call   func(*customers.Client) error
		want   []customers.Error
	}{
		"auth-errors": {fatora.Config{APIKey: key}, create, []customers.Error{
			{
				Op: customers.OpCreate, Kind: customers.ErrUnauthenticated, Outcome: customers.ErrNotSent, Status: 401,
				Code: "ERROR", Message: "Invalid API Key", Detail: "the exchange of the credentials for a token failed",
			},
			saidToken, refusedToken, noToken,
		}},
		"create-odd-errors": {fatora.Config{BearerToken: token}, create, []customers.Error{
			{
				Op: customers.OpCreate, Kind: customers.ErrInvalid, Outcome: customers.ErrRejected, Status: 400,
				Message: "The name is required",
			},
			{Op: customers.OpCreate, Kind: customers.ErrInvalid, Outcome: customers.ErrRejected, Status: 400, Code: "ERROR"},
			{Op: customers.OpCreate, Kind: customers.ErrInvalid, Outcome: customers.ErrRejected, Status: 400},
			{
				Op: customers.OpCreate, Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome, Status: 500,
				Code: "ERROR", Message: "Internal server error", RequestID: "req-17",
			},
			{
				Op: customers.OpCreate, Kind: customers.ErrContract, Outcome: customers.ErrRejected, Status: 409,
				Message: "Conflict", Detail: elsewhere,
			},
			{
				Op: customers.OpCreate, Kind: customers.ErrContract, Outcome: customers.ErrRejected, Status: 409,
				Detail: elsewhere,
			},
			{
				Op: customers.OpCreate, Kind: customers.ErrContract, Outcome: customers.ErrUnknownOutcome, Status: 201,
				Code: "ERROR", Message: "Invalid API Key", Detail: "a success whose body says ERROR",
			},
			{
				Op: customers.OpCreate, Kind: customers.ErrContract, Outcome: customers.ErrUnknownOutcome, Status: 201,
				Detail: "the answer has no id",
			},
		}},
		"renew-in-vain": {fatora.Config{APIKey: key}, create, []customers.Error{{
			Op: customers.OpCreate, Kind: customers.ErrUnauthenticated, Outcome: customers.ErrRejected, Status: 401,
			Code: "ERROR", Message: "Invalid bearer token",
		}}},
		"get-404-elsewhere": {fatora.Config{BearerToken: token}, get, []customers.Error{
			notFoundSaid, notFoundSaid, notFound, notFoundCode, notFound, notFound,
		}},
		"get-other": {fatora.Config{BearerToken: token}, get, []customers.Error{{
			Op: customers.OpGet, Kind: customers.ErrContract, Status: 200,
			Detail: "the answer has another customer's id, or none",
		}}},
		"get-says-error": {fatora.Config{BearerToken: token}, get, []customers.Error{
			saying(saysError(customers.OpGet), "The client does not exist"),
		}},
		"update-says-error": {fatora.Config{BearerToken: token}, update, []customers.Error{saysError(customers.OpUpdate)}},
		"delete-says-error": {
			fatora.Config{BearerToken: token, Policy: unproven}, remove, []customers.Error{saysError(customers.OpDelete)},
		},
		"list-errors": {fatora.Config{BearerToken: token}, all, []customers.Error{
			noList, noList, saying(saysError(customers.OpList), "Invalid API Key"), saysError(customers.OpList),
			{Op: customers.OpList, Kind: customers.ErrContract, Status: 200, Detail: "a client of the list has no id"},
		}},
	} {
		t.Run(recording, func(t *testing.T) {
			client := playWith(t, test.config, recording)
			for _, want := range test.want {
				want.Provider = "fatora"
				err := test.call(client)
				var got *customers.Error
				require.ErrorAs(t, err, &got)
				assert.Equal(t, want, *got)
				require.ErrorIs(t, err, want.Kind)
				for _, private := range []string{got.Message, key, token, "token-2"} {
					if private != "" {
						assert.NotContains(t, err.Error(), private)
					}
				}
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The key goes to Authorize and nowhere else, its header written as on the vendor's page, the token everywhere else.
func TestCredentials(t *testing.T) {
	var seen []string
	client := playWith(t, fatora.Config{APIKey: key, Options: transport.Options{
		RoundTripper: roundTripper(func(r *http.Request) (*http.Response, error) {
			seen = append(seen, strings.TrimSpace(r.URL.Path+" "+strings.Join(map[string][]string(r.Header)["api_key"], "")+" "+r.Header.Get("Authorization")))
			return http.DefaultTransport.RoundTrip(r)
		}),
	}}, "auth", "create", "get")
	_, err := client.Create(t.Context(), ama())
	require.NoError(t, err)
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"/v1/Authorization/Authorize " + key, "/v1/clients  Bearer token-1", "/v1/clients/123  Bearer token-1",
	}, seen)
}

// The page prints its answer to a wrong key without a status. Also where that is a success, the key is asked for anew.
func TestKeyRefusedWithSuccess(t *testing.T) {
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		key := req.Header.Get("api_key")
		seen = append(seen, req.URL.Path+" "+key)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case req.URL.Path == "/v1/clients":
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"status":"SUCCESS","client":{"id":123,"name":"Ama Kouassi"}}`))
		case key == "new":
			_, _ = w.Write([]byte(`{"success":true,"bearer_token":"token-1"}`))
		default:
			_, _ = w.Write([]byte(`{"status":"ERROR","error":"Invalid API Key"}`))
		}
	}))
	t.Cleanup(server.Close)
	given := []string{"old", "new"}
	client, err := fatora.Open(fatora.Config{
		BaseURL: server.URL, Options: transport.Options{Retry: transport.Retry{Attempts: 1}},
		Credentials: func(context.Context) (key string, err error) {
			key, given = given[0], given[1:]
			return key, nil
		},
	})
	require.NoError(t, err)
	profile := customers.Profile{Name: customers.Name{Full: "Ama Kouassi"}, Email: "ama.kouassi@example.com"}
	_, err = client.Create(t.Context(), profile)
	require.ErrorIs(t, err, customers.ErrUnauthenticated)
	require.ErrorIs(t, err, customers.ErrNotSent)
	_, err = client.Create(t.Context(), profile)
	require.NoError(t, err, "the key was asked for anew")
	assert.Equal(t, []string{"/v1/Authorization/Authorize old", "/v1/Authorization/Authorize new", "/v1/clients "}, seen)
}

func TestWhatIsRefusedBeforeItIsSent(t *testing.T) {
	client := play(t) // any request fails the test
	unsupported := func(f customers.Field) customers.Violation {
		return customers.Violation{Field: f, Rule: "unsupported", Bound: "by this provider"}
	}
	for name, test := range map[string]struct {
		change func(*customers.Profile)
		kind   customers.Kind
		want   []customers.Violation
	}{
		"no name": {
			func(p *customers.Profile) { p.Name = customers.Name{} }, customers.ErrInvalid,
			[]customers.Violation{{Field: "name", Rule: "required"}},
		},
		"a national number": {
			func(p *customers.Profile) { p.Phone = "0102030405" }, customers.ErrInvalid,
			[]customers.Violation{{Field: "phone", Rule: "format", Bound: "E.164, such as +2250102030405"}},
		},
		"two forms of an address": {
			func(p *customers.Profile) { p.Address.Formatted = "Abidjan" }, customers.ErrInvalid,
			[]customers.Violation{{Field: "address", Rule: "oneOf", Bound: "its parts, or formatted"}},
		},
		"what Fatora has no place for": {
			func(p *customers.Profile) { p.Reference, p.Mobile = "crm-10023", "+2250504030201" }, customers.ErrUnsupportedField,
			[]customers.Violation{unsupported("reference"), unsupported("mobile")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			profile := ama()
			test.change(&profile)
			_, err := client.Create(t.Context(), profile)
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			require.ErrorIs(t, err, test.kind)
			require.ErrorIs(t, err, customers.ErrNotSent)
			assert.Equal(t, test.want, got.Violations)
		})
	}

	for name, patch := range map[string]customers.Patch{
		"no name": {Name: &customers.Name{}}, "no phone": {Phone: customers.To("")}, "no notes": {Notes: customers.To("")},
		"no address": {Address: &customers.Address{}}, "a reference": {Reference: customers.To("crm-10023")},
	} {
		t.Run("change to "+name, func(t *testing.T) {
			err := client.Update(t.Context(), id, patch)
			require.ErrorIs(t, err, customers.ErrUnsupportedField)
			require.ErrorIs(t, err, customers.ErrNotSent)
		})
	}
}

func TestConfig(t *testing.T) {
	const badSecret = "must be printable ASCII without spaces (is there a line break at its end?)"
	for name, test := range map[string]struct {
		config fatora.Config
		want   string
	}{
		"no credentials": {fatora.Config{}, "APIKey: is missing (or give Credentials, or BearerToken)"},
		"both": {
			fatora.Config{APIKey: key, BearerToken: token}, "APIKey: must be the only one of APIKey, Credentials and BearerToken",
		},
		"key and function": {
			fatora.Config{APIKey: key, Credentials: func(context.Context) (string, error) { return key, nil }},
			"APIKey: must be the only one of APIKey, Credentials and BearerToken",
		},
		"token and function": {
			fatora.Config{BearerToken: token, Credentials: func(context.Context) (string, error) { return key, nil }},
			"APIKey: must be the only one of APIKey, Credentials and BearerToken",
		},
		"a line break":          {fatora.Config{APIKey: key + "\n"}, "APIKey: " + badSecret},
		"the scheme in a token": {fatora.Config{BearerToken: "Bearer " + token}, "BearerToken: " + badSecret},
		"plain http": {
			fatora.Config{APIKey: key, BaseURL: "http://api.example.com"},
			"BaseURL: must be https; plain http is only for loopback addresses",
		},
		"password in it": {
			fatora.Config{APIKey: key, BaseURL: "https://user:" + key + "@api.example.com"},
			"BaseURL: must not hold a user or password",
		},
		"a key in the query": {
			fatora.Config{APIKey: key, BaseURL: "https://api.example.com/?api_key=" + key},
			"BaseURL: must not have a query or fragment",
		},
		"no time": {
			fatora.Config{APIKey: key, Options: transport.Options{Timeout: -1}}, "Timeout: must not be negative",
		},
		"unknown in the policy": {
			fatora.Config{APIKey: key, Policy: customers.Policy{AllowLoss: []customers.Field{"note"}}},
			"Policy.AllowLoss: unknown field note",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fatora.Open(test.config)
			require.ErrorIs(t, err, customers.ErrConfig)
			require.EqualError(t, err, "fatora: invalid configuration: "+test.want)
		})
	}
	for _, config := range []fatora.Config{{APIKey: key}, {BearerToken: token}} {
		_, err := fatora.Open(config)
		require.NoError(t, err, "the default URL is fine")
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	for _, config := range []fatora.Config{
		configure(t, fatora.Config{APIKey: key}, "auth", "create"),
		configure(t, fatora.Config{BearerToken: token}, "create"),
	} {
		driver, err := fatora.NewDriver(config)
		require.NoError(t, err)
		_, err = driver.Create(t.Context(), ama()) // so that it holds a token
		require.NoError(t, err)
		client, err := customers.NewClient(driver, customers.Policy{})
		require.NoError(t, err)
		var native *api.API
		require.True(t, client.As(&native))
		wiretest.AssertHidden(t, []string{key, token}, config, &config, client, driver, native)
	}
}

func TestAs(t *testing.T) {
	client := play(t, "get", "get")
	var native *api.API
	require.True(t, client.As(&native))
	resp, err := native.GetClient(t.Context(), 123)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusOK, resp.StatusCode, "the native client sends the same token")

	native.Client = nil
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err, "the native client is the caller's own")

	var other *http.Client
	assert.False(t, client.As(&other))
}
