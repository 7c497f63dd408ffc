package digitalpaye_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	api "github.com/contract-first/customers/gen/digitalpaye"
	"github.com/contract-first/customers/internal/wiretest"
	"github.com/contract-first/customers/transport"
)

const (
	key    = "live_digitalpaye123456"
	secret = "notARealSecret"
	id     = "8db1ad33-50d6-4e6f-9ec3-5f9169c621a6"
)

// unproven allows the two operations whose place is only inferred.
var unproven = customers.Policy{AllowUnproven: []customers.Op{customers.OpGet, customers.OpList}}

// ama is the customer of the vendor's sample.
func ama() customers.Profile {
	return customers.Profile{
		Name: customers.Name{Given: "AMA", Family: "KOUASSI"}, Email: "ama.kouassi@example.com", Phone: "+2250102030405",
		Address: customers.Address{Street: "Yopougon, Niangon", City: "Abidjan", Country: "CI"},
	}
}

// play opens a client against recorded exchanges.
func play(t *testing.T, recordings ...string) *customers.Client {
	t.Helper()
	return playWith(t, digitalpaye.Config{Policy: unproven}, recordings...)
}

func playWith(t *testing.T, config digitalpaye.Config, recordings ...string) *customers.Client {
	t.Helper()
	files := make([]string, len(recordings))
	for i, name := range recordings {
		files[i] = "testdata/" + name + ".txtar"
	}
	config.APIKey, config.APISecret = key, secret
	config.Retry.Attempts = 1
	config.BaseURL = wiretest.Play(t, "digitalpaye", "", files...)
	client, err := digitalpaye.Open(config)
	require.NoError(t, err)
	return client
}

func TestCreate(t *testing.T) {
	created, err := play(t, "auth", "create").Create(t.Context(), ama())
	require.NoError(t, err)
	assert.Equal(t, "0102030405", created.Native.(*api.Customer).PhoneNumber)
	created.Native = nil
	assert.Equal(t, &customers.Customer{
		ID: id, Profile: ama(), CreatedAt: time.Date(2025, 3, 28, 6, 54, 41, 0, time.UTC),
	}, created)
}

// The address needs nothing but its country, and what is not there is left out, not sent empty.
func TestCreateLeavesOut(t *testing.T) {
	client := playWith(t, digitalpaye.Config{
		Policy: customers.Policy{AllowLoss: []customers.Field{customers.FieldAddressPostalCode, customers.FieldNotes}},
	}, "auth", "create-country")
	created, err := client.Create(t.Context(), customers.Profile{
		Name: customers.Name{Given: "David", Family: "Coaster"}, Email: "david.coaster@example.net", Phone: "+2250504030201",
		Address: customers.Address{PostalCode: "00225", Country: "CI"}, Notes: "Prefers e-mail",
	})
	require.NoError(t, err)
	assert.Equal(t, customers.Address{Country: "CI"}, created.Address)
	assert.Equal(t, []customers.Field{customers.FieldAddressPostalCode, customers.FieldNotes}, created.Lost)
}

func TestNewPath(t *testing.T) {
	client := playWith(t, digitalpaye.Config{NewPath: true}, "create-new-path")
	created, err := client.Create(t.Context(), ama())
	require.NoError(t, err)
	assert.Equal(t, id, created.ID)

	for want, client := range map[string]*customers.Client{"createCustomer": play(t), "createCustomerNewPath": client} {
		create, ok := client.Capabilities().Operation(customers.OpCreate)
		require.True(t, ok)
		assert.Equal(t, want, create.ID, "the table tells of the path that is used")
	}
}

func TestEnvironment(t *testing.T) {
	client := playWith(t, digitalpaye.Config{Environment: digitalpaye.Sandbox}, "create-sandbox")
	_, err := client.Create(t.Context(), ama())
	require.NoError(t, err)
}

func TestGet(t *testing.T) {
	for recording, test := range map[string]struct {
		why  string
		want customers.Customer
	}{
		"get": {"everything comes back as it was created", customers.Customer{
			Profile: ama(), CreatedAt: time.Date(2025, 3, 28, 6, 54, 41, 0, time.UTC),
		}},
		"get-bare": {"what is not told is no value, nor one without a form", customers.Customer{}},
		"get-e164": {"a number that has the facade's form needs no country", customers.Customer{
			Profile: customers.Profile{Phone: "+33639980102"},
		}},
		"get-abroad": {"no number is guessed into another country", customers.Customer{
			Profile:  customers.Profile{Address: customers.Address{Country: "SN"}},
			Verbatim: map[customers.Field]string{customers.FieldPhone: "0102030405"},
		}},
		"get-nowhere": {"nor into the one that is known", customers.Customer{
			Verbatim: map[customers.Field]string{customers.FieldPhone: "0102030405"},
		}},
		"get-odd": {"what has no form is kept as it came", customers.Customer{
			Profile: customers.Profile{
				Name: customers.Name{Family: "KOUASSI"}, Address: customers.Address{City: "Abidjan"},
			},
			Verbatim: map[customers.Field]string{
				customers.FieldEmail: "aucun", customers.FieldPhone: "01 02 03 04 05",
				customers.FieldAddressCountry: "Côte d'Ivoire", customers.FieldCreatedAt: "28/03/2025",
			},
		}},
	} {
		t.Run(recording, func(t *testing.T) {
			got, err := play(t, "auth", recording).Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, id, got.Native.(*api.Customer).ID)
			got.Native = nil
			test.want.ID = id
			assert.Equal(t, &test.want, got, test.why)
		})
	}
}

func TestList(t *testing.T) {
	const david = "2f6c1b0e-7a41-4c55-8d0b-96c3e1f4a7d2"
	for name, test := range map[string]struct {
		recording string
		query     customers.Query
		want      []string
	}{
		"all":         {"list", customers.Query{}, []string{id, david}},
		"by e-mail":   {"list", customers.Query{Email: "david.coaster@example.net"}, []string{david}},
		"other case":  {"list", customers.Query{Email: "David.Coaster@example.net"}, nil},
		"none at all": {"list-none", customers.Query{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var ids []string
			for c, err := range play(t, "auth", test.recording).List(t.Context(), test.query) {
				require.NoError(t, err)
				ids = append(ids, c.ID)
			}
			assert.Equal(t, test.want, ids)
		})
	}

	t.Run("ends early", func(t *testing.T) {
		for c, err := range play(t, "auth", "list").List(t.Context(), customers.Query{}) {
			require.NoError(t, err)
			assert.Equal(t, id, c.ID)
			break
		}
	})
}

func list(t *testing.T, c *customers.Client, q customers.Query) error {
	for _, err := range c.List(t.Context(), q) {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestUnprovenAndUnsupported(t *testing.T) {
	client := playWith(t, digitalpaye.Config{}) // any request fails the test
	get := func() error { _, err := client.Get(t.Context(), id); return err }
	all := func() error { return list(t, client, customers.Query{}) }
	require.ErrorIs(t, get(), customers.ErrUnproven)
	require.ErrorIs(t, all(), customers.ErrUnproven)
	require.ErrorIs(t, client.Delete(t.Context(), id), customers.ErrUnsupported)
	require.ErrorIs(t, client.Update(t.Context(), id, customers.Patch{Email: customers.To("a@example.com")}), customers.ErrUnsupported)

	client = play(t)
	require.ErrorIs(t, list(t, client, customers.Query{Reference: "crm-10023"}), customers.ErrUnsupportedField)
}

// What the contract has of errors is tried for all providers at once, one folder up.
func TestErrors(t *testing.T) {
	create := func(c *customers.Client) error {
		_, err := c.Create(t.Context(), ama())
		return err
	}
	get := func(c *customers.Client) error {
		_, err := c.Get(t.Context(), id)
		return err
	}
	all := func(c *customers.Client) error { return list(t, c, customers.Query{}) }

	const (
		badToken = "Token d'accès invalide. Veuillez vous reconnecter."
		failure  = "Une erreur est survenue. Veuillez réessayer"
		badKey   = "Identifiants API incorrects. Veuillez vérifier votre clé API et votre secret."
	)
	for _, test := range []struct {
		recordings string
		call       func(*customers.Client) error
		want       customers.Error
	}{
		{"auth-401", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrUnauthenticated, Outcome: customers.ErrNotSent, Status: 401,
			Code: "UnauthorizedError", Message: badKey,
			Detail: "the exchange of the credentials for a token failed",
		}},
		{"auth-401", get, customers.Error{
			Op: customers.OpGet, Kind: customers.ErrUnauthenticated, Status: 401, Code: "UnauthorizedError", Message: badKey,
			Detail: "the exchange of the credentials for a token failed",
		}},
		{"create-401", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrUnauthenticated, Outcome: customers.ErrRejected, Status: 401,
			Code: "UnauthorizedError", Message: badToken,
		}},
		{"auth create-500", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome, Status: 500,
			Code: "InternalServerError", Message: failure, RequestID: "req-17",
		}},
		{"auth create-no-id", create, customers.Error{
			Op: customers.OpCreate, Kind: customers.ErrContract, Outcome: customers.ErrUnknownOutcome, Status: 200,
			Detail: "the answer has no id",
		}},
		{"auth get-404", get, customers.Error{
			Op: customers.OpGet, Kind: customers.ErrNotFound, Status: 404, Code: "NotFoundError", Message: "Aucun client trouvé.",
		}},
		{"auth get-404-bare", get, customers.Error{
			Op: customers.OpGet, Kind: customers.ErrNotFound, Status: 404, Code: "NotFoundError",
		}},
		{"auth get-other", get, customers.Error{
			Op: customers.OpGet, Kind: customers.ErrContract, Status: 200, Detail: "the answer has another customer's id, or none",
		}},
		{"auth list-elsewhere", all, customers.Error{
			Op: customers.OpList, Kind: customers.ErrContract, Status: 200, Detail: "the answer has no list of customers",
		}},
	} {
		t.Run(test.recordings, func(t *testing.T) {
			err := test.call(play(t, strings.Fields(test.recordings)...))
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			test.want.Provider = "digitalpaye"
			assert.Equal(t, test.want, *got)
			require.ErrorIs(t, err, test.want.Kind)
			for _, private := range []string{got.Message, key, secret, "token-1", "token-2"} {
				if private != "" {
					assert.NotContains(t, err.Error(), private)
				}
			}
		})
	}
}

// A path that does not exist, or a server in between, says nothing of a customer.
func TestNotFoundInAnotherForm(t *testing.T) {
	client := play(t, "auth", "get-404-elsewhere")
	for range 6 {
		_, err := client.Get(t.Context(), id)
		require.EqualError(t, err, "digitalpaye: get: contract broken (status 404): not in the provider's own form, so it says nothing of a customer: check BaseURL")
		require.ErrorIs(t, err, customers.ErrContract)
	}
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	var seen []string
	client := playWith(t, digitalpaye.Config{Options: transport.Options{Hook: hook(&seen)}}, "renew")
	created, err := client.Create(t.Context(), ama())
	require.NoError(t, err)
	assert.Equal(t, id, created.ID)
	assert.Equal(t, []string{
		" POST 200 first attempt", "create POST 401 first attempt",
		" POST 200 first attempt", "create POST 200 credentials renewed after 401",
	}, seen)
}

// A token serves every call until it is refused.
func TestTokenIsKept(t *testing.T) {
	client := play(t, "auth", "create", "get", "list")
	_, err := client.Create(t.Context(), ama())
	require.NoError(t, err)
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, list(t, client, customers.Query{}))
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The clock of the bubble stands still but for Sleep, which takes no time.
func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var paths []string
		client, err := digitalpaye.Open(digitalpaye.Config{
			APIKey: key, APISecret: secret, Policy: unproven,
			Options: transport.Options{RoundTripper: roundTripper(func(r *http.Request) (*http.Response, error) {
				paths = append(paths, r.URL.Path)
				body := `{"statusCode":200,"message":"Successful","data":[]}`
				if r.URL.Path == "/v1/auth" {
					user, password, _ := r.BasicAuth()
					assert.Equal(t, key+" "+secret, user+" "+password)
					// The provider's clock is wrong by an hour, which must not matter.
					made := time.Now().Add(-time.Hour)
					token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
						IssuedAt: jwt.NewNumericDate(made), ExpiresAt: jwt.NewNumericDate(made.Add(10 * time.Minute)),
					}).SignedString([]byte("any key"))
					assert.NoError(t, err)
					body = fmt.Sprintf(`{"statusCode":200,"message":"Successful","data":{"token":%q,"exp":%d}}`, token, made.Add(10*time.Minute).Unix())
				}
				return &http.Response{
					StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
					Body: io.NopCloser(strings.NewReader(body)), Request: r,
				}, nil
			})},
		})
		require.NoError(t, err)
		require.NoError(t, list(t, client, customers.Query{}))
		time.Sleep(8 * time.Minute)
		require.NoError(t, list(t, client, customers.Query{}))
		time.Sleep(2*time.Minute - time.Second)
		require.NoError(t, list(t, client, customers.Query{}))
		assert.Equal(t, []string{"/v1/auth", "/v1/customers", "/v1/customers", "/v1/auth", "/v1/customers"}, paths)
	})
}

func TestWhatIsRefusedBeforeItIsSent(t *testing.T) {
	client := play(t) // any request fails the test, that for a token included
	nationalForm := customers.Violation{
		Field: "phone", Pointer: "/phoneNumber", Rule: "format",
		Bound: "+225 and ten digits, with an address in CI: the only national form that is known",
	}
	required := func(f customers.Field) customers.Violation { return customers.Violation{Field: f, Rule: "required"} }
	unsupported := func(f customers.Field) customers.Violation {
		return customers.Violation{Field: f, Rule: "unsupported", Bound: "by this provider"}
	}
	for name, test := range map[string]struct {
		change func(*customers.Profile)
		kind   customers.Kind
		want   []customers.Violation
	}{
		"nothing": {
			func(p *customers.Profile) { *p = customers.Profile{} }, customers.ErrInvalid,
			[]customers.Violation{
				required("name.given"), required("name.family"), required("email"), required("phone"), required("address.country"),
			},
		},
		"a name in one text": {
			func(p *customers.Profile) { p.Name = customers.Name{Full: "Ama Kouassi"} }, customers.ErrInvalid,
			[]customers.Violation{unsupported("name.full"), required("name.given"), required("name.family")},
		},
		"a number of another country": {
			func(p *customers.Profile) { p.Phone = "+33639980102" }, customers.ErrInvalid, []customers.Violation{nationalForm},
		},
		"an address in another country": {
			func(p *customers.Profile) { p.Address.Country = "SN" }, customers.ErrInvalid, []customers.Violation{nationalForm},
		},
		"an old number of eight digits": {
			func(p *customers.Profile) { p.Phone = "+22501020304" }, customers.ErrInvalid,
			[]customers.Violation{{Field: "phone", Pointer: "/phoneNumber", Rule: "pattern", Bound: `^\d{10}$`}},
		},
		"an e-mail address that is none": {
			func(p *customers.Profile) { p.Email = "Ama <ama.kouassi@example.com>" }, customers.ErrInvalid,
			[]customers.Violation{{Field: "email", Rule: "format", Bound: "email"}},
		},
		"what Digitalpaye has no place for": {
			func(p *customers.Profile) {
				p.Reference, p.Mobile, p.Notes = "crm-10023", "+2250504030201", "Prefers e-mail"
				p.Address.Region, p.Address.PostalCode = "Lagunes", "00225"
				p.Since = time.Date(2020, 1, 31, 0, 0, 0, 0, time.UTC)
			}, customers.ErrUnsupportedField,
			[]customers.Violation{
				unsupported("reference"), unsupported("mobile"), unsupported("address.region"),
				unsupported("address.postal_code"), unsupported("notes"), unsupported("since"),
			},
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
}

func TestConfig(t *testing.T) {
	const badSecret = "must be printable ASCII without spaces (is there a line break at its end?)"
	for name, test := range map[string]struct {
		change func(*digitalpaye.Config)
		want   string
	}{
		"no key":         {func(c *digitalpaye.Config) { c.APIKey = "" }, "APIKey: is missing"},
		"no secret":      {func(c *digitalpaye.Config) { c.APISecret = "" }, "APISecret: is missing"},
		"key and secret": {func(c *digitalpaye.Config) { c.APIKey += ":" + c.APISecret }, "APIKey: must not contain a colon (RFC 7617)"},
		"APIKey and function": {func(c *digitalpaye.Config) {
			c.APISecret, c.Credentials = "", func(context.Context) (string, string, error) { return "", "", nil }
		}, "APIKey: must be empty where Credentials is given, as APISecret"},
		"APISecret and function": {func(c *digitalpaye.Config) {
			c.APIKey, c.Credentials = "", func(context.Context) (string, string, error) { return "", "", nil }
		}, "APIKey: must be empty where Credentials is given, as APISecret"},
		"a line break":    {func(c *digitalpaye.Config) { c.APISecret += "\n" }, "APISecret: " + badSecret},
		"spaces":          {func(c *digitalpaye.Config) { c.APIKey = " " + key }, "APIKey: " + badSecret},
		"no ASCII":        {func(c *digitalpaye.Config) { c.APIKey = "clé" }, "APIKey: " + badSecret},
		"environment":     {func(c *digitalpaye.Config) { c.Environment = "production" }, "Environment: must be Production or Sandbox"},
		"plain http":      {func(c *digitalpaye.Config) { c.BaseURL = "http://api.example.com" }, "BaseURL: must be https; plain http is only for loopback addresses"},
		"password in it":  {func(c *digitalpaye.Config) { c.BaseURL = "https://user:" + secret + "@api.example.com" }, "BaseURL: must not hold a user or password"},
		"no time":         {func(c *digitalpaye.Config) { c.Timeout = -1 }, "Timeout: must not be negative"},
		"unknown in loss": {func(c *digitalpaye.Config) { c.Policy.AllowLoss = []customers.Field{"adress"} }, "Policy.AllowLoss: unknown field adress"},
	} {
		t.Run(name, func(t *testing.T) {
			config := digitalpaye.Config{APIKey: key, APISecret: secret}
			test.change(&config)
			_, err := digitalpaye.Open(config)
			require.ErrorIs(t, err, customers.ErrConfig)
			require.EqualError(t, err, "digitalpaye: invalid configuration: "+test.want)
		})
	}
	_, err := digitalpaye.Open(digitalpaye.Config{APIKey: key, APISecret: secret})
	require.NoError(t, err, "the default URL and environment are fine")
}

func TestSecretsAreNotPrinted(t *testing.T) {
	config := digitalpaye.Config{
		APIKey: key, APISecret: secret,
		BaseURL: wiretest.Play(t, "digitalpaye", "", "testdata/auth.txtar", "testdata/create.txtar"),
	}
	driver, err := digitalpaye.NewDriver(config)
	require.NoError(t, err)
	_, err = driver.Create(t.Context(), ama()) // so that it holds a token
	require.NoError(t, err)
	client, err := customers.NewClient(driver, customers.Policy{})
	require.NoError(t, err)
	var native *api.API
	require.True(t, client.As(&native))
	wiretest.AssertHidden(t, []string{key, secret, "token-1"}, config, &config, client, driver, native)
}

func TestAs(t *testing.T) {
	client := play(t, "auth", "get", "get")
	var native *api.API
	require.True(t, client.As(&native))
	environment := digitalpaye.Production
	resp, err := native.GetCustomer(t.Context(), id, &api.GetCustomerParams{XEnvironment: &environment})
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusOK, resp.StatusCode, "the native client sends the same token")

	native.Client = nil
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err, "the native client is the caller's own")

	var other *http.Client
	assert.False(t, client.As(&other))
}

// hook notes operation, method, status and reason of each exchange.
func hook(seen *[]string) func(context.Context, transport.Exchange) {
	return func(_ context.Context, e transport.Exchange) {
		*seen = append(*seen, fmt.Sprint(e.Op, " ", e.Method, " ", e.Status, " ", e.Reason))
	}
}
