package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/sandbox"
)

const (
	digitalpayeAma = `{"lastName":"KOUASSI","firstName":"AMA","email":"ama.kouassi@example.com","phoneNumber":"0102030405",` +
		`"address":{"countryCode":"CI","city":"Abidjan","streetAddress":"Yopougon, Niangon"}}`
	digitalpayeUnauthorized = `{"message":"UnauthorizedError","reason":"Token d'accès invalide. Veuillez vous reconnecter.","statusCode":401}`
	digitalpayeNoCustomer   = `{"message":"NotFoundError","reason":"Aucun client trouvé.","statusCode":404}`
	digitalpayeUnserved     = `{"message":"NotFoundError","reason":"Ressource introuvable.","statusCode":404}`
	digitalpayeWrongMethod  = `{"message":"MethodNotAllowedError","reason":"Méthode non autorisée.","statusCode":405}`
	digitalpayeNoJSON       = `{"message":"BadRequestError","reason":"Le corps de la requête n'est pas un JSON valide.","statusCode":400}`
	digitalpayeNoHeader     = `{"message":"BadRequestError","reason":"L'en-tête X-Environment est requis.","statusCode":400}`
)

// digitalpayeLogin returns a bearer, header name included.
func digitalpayeLogin(t *testing.T, s *sandbox.Sandbox, headers ...string) []string {
	t.Helper()
	r := send(t, "POST", s.Digitalpaye.URL+"/v1/auth", "",
		append(headers, "Authorization", basic(s.Digitalpaye.APIKey, s.Digitalpaye.APISecret))...)
	require.Equal(t, 200, r.status, r.body)
	return append(headers, "Authorization", "Bearer "+jsonText(t, r.body, "data", "token"))
}

func digitalpayeCreate(t *testing.T, s *sandbox.Sandbox, path, body string, bearer []string) reply {
	t.Helper()
	return send(t, "POST", s.Digitalpaye.URL+path, body, append(bearer, "Content-Type", "application/json")...)
}

func TestDigitalpayeAuth(t *testing.T) {
	now := time.Unix(1728634203, 123456789)
	s := startWith(t, sandbox.Config{Now: func() time.Time { return now }})
	key, secret := s.Digitalpaye.APIKey, s.Digitalpaye.APISecret
	const (
		missing = `{"message":"BadRequestError","reason":"Les identifiants API (apikey et apisecret) sont requis.","statusCode":400}`
		wrong   = `{"message":"UnauthorizedError","reason":"Identifiants API incorrects. Veuillez vérifier votre clé API et votre secret.","statusCode":401}`
	)
	for title, c := range map[string]struct {
		authorization string
		status        int
		body          string
	}{
		"none":         {"", 400, missing},
		"no secret":    {basic(key, ""), 400, missing},
		"no key":       {basic("", secret), 400, missing},
		"bearer":       {"Bearer " + key, 400, missing},
		"no base64":    {"Basic ?", 400, missing},
		"wrong secret": {basic(key, secret+"x"), 401, wrong},
		"wrong key":    {basic("live_digitalpaye1", secret), 401, wrong},
		"exchanged":    {basic(secret, key), 401, wrong},
	} {
		t.Run(title, func(t *testing.T) {
			var headers []string
			if c.authorization != "" {
				headers = []string{"Authorization", c.authorization}
			}
			r := send(t, "POST", s.Digitalpaye.URL+"/v1/auth", "", headers...)
			assert.Equal(t, c.status, r.status)
			assert.Equal(t, c.body, r.body)
		})
	}

	for title, c := range map[string]struct {
		body    string
		headers []string
	}{
		"plain":           {"", nil},
		"empty JSON body": {"", []string{"Content-Type", "application/json"}},
		"environment":     {"", []string{"X-Environment", "Production"}},
		"body":            {"{}", []string{"Content-Type", "application/json"}},
	} {
		t.Run(title, func(t *testing.T) {
			r := send(t, "POST", s.Digitalpaye.URL+"/v1/auth", c.body, append(c.headers, "Authorization", basic(key, secret))...)
			require.Equal(t, 200, r.status)
			token := jsonText(t, r.body, "data", "token")
			assert.JSONEq(t, `{"statusCode":200,"message":"Successful","data":{"token":"`+token+`","exp":1728634803}}`, r.body)

			parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
			require.NoError(t, err)
			assert.Equal(t, map[string]any{"alg": "HS256", "typ": "JWT"}, parsed.Header)
			claims := parsed.Claims.(jwt.MapClaims)
			assert.Regexp(t, uuid4, claims["companyId"])
			delete(claims, "companyId")
			assert.Equal(t, jwt.MapClaims{"iat": 1728634203., "exp": 1728634803.}, claims)
		})
	}
}

const uuid4 = `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`

func TestDigitalpayeLife(t *testing.T) {
	now := time.Date(2025, 3, 28, 6, 54, 41, 987654321, time.FixedZone("", 3600))
	for _, path := range []string{"/v1/customers/create", "/v1/customer"} {
		s := startWith(t, sandbox.Config{Now: func() time.Time { return now }})
		bearer := digitalpayeLogin(t, s)

		empty := send(t, "GET", s.Digitalpaye.URL+"/v1/customers", "", bearer...)
		assert.Equal(t, 200, empty.status)
		assert.JSONEq(t, `{"statusCode":200,"message":"Successful","data":[]}`, empty.body)

		created := digitalpayeCreate(t, s, path, digitalpayeAma, bearer)
		assert.Equal(t, 200, created.status)
		assert.Equal(t, "application/json; charset=utf-8", created.header.Get("Content-Type"))
		id := jsonText(t, created.body, "data", "id")
		assert.Regexp(t, uuid4, id)
		ama := `{"id":"` + id + `",` + digitalpayeAma[1:len(digitalpayeAma)-1] + `,"createdAt":"2025-03-28T05:54:41.000Z"}`
		assert.JSONEq(t, `{"statusCode":200,"message":"Successful","data":`+ama+`}`, created.body)

		got := send(t, "GET", s.Digitalpaye.URL+"/v1/customers/"+id, "", bearer...)
		assert.Equal(t, 200, got.status)
		assert.Equal(t, created.body, got.body)

		// The same again is another customer; a city and a street need not be there.
		twin := jsonText(t, digitalpayeCreate(t, s, path, digitalpayeAma, bearer).body, "data", "id")
		assert.NotEqual(t, id, twin)
		least := digitalpayeCreate(t, s, path, `{"lastName":"Coaster","firstName":"David","email":"david.coaster@example.net",
			"phoneNumber":"0504030201","address":{"countryCode":"CI"},"favouriteColour":"red"}`, bearer)
		david := `{"id":"` + jsonText(t, least.body, "data", "id") + `","lastName":"Coaster","firstName":"David",
			"email":"david.coaster@example.net","phoneNumber":"0504030201","address":{"countryCode":"CI"},
			"createdAt":"2025-03-28T05:54:41.000Z"}`
		assert.JSONEq(t, `{"statusCode":200,"message":"Successful","data":`+david+`}`, least.body)

		all := send(t, "GET", s.Digitalpaye.URL+"/v1/customers", "", bearer...)
		assert.Equal(t, 200, all.status)
		assert.JSONEq(t, `{"statusCode":200,"message":"Successful","data":[`+
			ama+`,`+strings.Replace(ama, id, twin, 1)+`,`+david+`]}`, all.body)
	}
}

func TestDigitalpayeUnauthorized(t *testing.T) {
	now, mu := time.Unix(1728634203, 0), sync.Mutex{}
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }

	s := startWith(t, sandbox.Config{Now: clock})
	get := func(headers ...string) reply {
		return send(t, "GET", s.Digitalpaye.URL+"/v1/customers", "", headers...)
	}
	refused := func(t *testing.T, headers ...string) {
		t.Helper()
		for _, call := range [][2]string{
			{"POST", "/v1/customers/create"}, {"POST", "/v1/customer"}, {"GET", "/v1/customers"},
			{"GET", "/v1/customers/8db1ad33-50d6-4e6f-9ec3-5f9169c621a6"}, {"GET", "/nowhere"},
		} {
			r := send(t, call[0], s.Digitalpaye.URL+call[1], digitalpayeAma, headers...)
			assert.Equal(t, 401, r.status, call)
			assert.Equal(t, digitalpayeUnauthorized, r.body, call)
		}
	}
	bearer := digitalpayeLogin(t, s)
	token := strings.TrimPrefix(bearer[1], "Bearer ")
	foreign := func(method jwt.SigningMethod, key any) string {
		signed, err := jwt.NewWithClaims(method, jwt.MapClaims{"exp": clock().Add(time.Hour).Unix()}).SignedString(key)
		require.NoError(t, err)
		return "Bearer " + signed
	}
	_, claims, _ := strings.Cut(token, ".")
	for title, authorization := range map[string]string{
		"no token": "Bearer", "empty": "Bearer ", "malformed": "Bearer x", "scheme": "Token " + token, "bare": token,
		"basic":       basic(s.Digitalpaye.APIKey, s.Digitalpaye.APISecret),
		"foreign key": foreign(jwt.SigningMethodHS256, []byte("x")),
		"unsigned":    foreign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"other alg":   "Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + claims,
	} {
		t.Run(title, func(t *testing.T) { refused(t, "Authorization", authorization) })
	}
	t.Run("missing", func(t *testing.T) { refused(t) })

	t.Run("expired", func(t *testing.T) {
		assert.Equal(t, 200, get(bearer...).status)
		pass(10*time.Minute - time.Second)
		assert.Equal(t, 200, get(bearer...).status)
		pass(time.Second)
		refused(t, bearer...)
		assert.Equal(t, 200, get(digitalpayeLogin(t, s)...).status)
	})
	t.Run("told to expire", func(t *testing.T) {
		bearer := digitalpayeLogin(t, s)
		assert.Equal(t, 200, get(bearer...).status)
		s.ExpireTokens()
		refused(t, bearer...)
		assert.Equal(t, 200, get(digitalpayeLogin(t, s)...).status)
	})
	t.Run("lifetime", func(t *testing.T) {
		s := startWith(t, sandbox.Config{Now: clock, TokenLifetime: 3 * time.Second})
		bearer := digitalpayeLogin(t, s)
		pass(2 * time.Second)
		assert.Equal(t, 200, send(t, "GET", s.Digitalpaye.URL+"/v1/customers", "", bearer...).status)
		pass(time.Second)
		r := send(t, "GET", s.Digitalpaye.URL+"/v1/customers", "", bearer...)
		assert.Equal(t, 401, r.status)
		assert.Equal(t, digitalpayeUnauthorized, r.body)
	})
	t.Run("of another sandbox", func(t *testing.T) {
		refused(t, digitalpayeLogin(t, startWith(t, sandbox.Config{Now: clock}))...)
	})
}

func TestDigitalpayeRefused(t *testing.T) {
	s := start(t)
	bearer := digitalpayeLogin(t, s)
	required := func(name string) string { return "Le champ " + name + " est requis." }
	invalid := func(name string) string { return "Le champ " + name + " est invalide." }
	for title, c := range map[string]struct{ old, new, reason string }{
		"no first name":           {`"firstName":"AMA",`, ``, required("firstName")},
		"no last name":            {`"lastName":"KOUASSI",`, ``, required("lastName")},
		"no e-mail":               {`"email":"ama.kouassi@example.com",`, ``, required("email")},
		"no phone":                {`"phoneNumber":"0102030405",`, ``, required("phoneNumber")},
		"no address":              {`"address"`, `"Address"`, required("address")},
		"empty address":           {`"countryCode":"CI","city":"Abidjan","streetAddress":"Yopougon, Niangon"`, ``, required("address")},
		"no country":              {`"countryCode":"CI",`, ``, required("address.countryCode")},
		"empty first name":        {`"AMA"`, `""`, required("firstName")},
		"e-mail":                  {`@example.com`, ``, invalid("email")},
		"phone with country":      {`"0102030405"`, `"+2250102030405"`, invalid("phoneNumber")},
		"short phone":             {`"0102030405"`, `"010203040"`, invalid("phoneNumber")},
		"country":                 {`"CI"`, `"ci"`, invalid("address.countryCode")},
		"first name is a number":  {`"AMA"`, `5`, invalid("firstName")},
		"first name is null":      {`"AMA"`, `null`, invalid("firstName")},
		"city is null":            {`"Abidjan"`, `null`, invalid("address.city")},
		"address is a text":       {`{"countryCode":"CI","city":"Abidjan","streetAddress":"Yopougon, Niangon"}`, `"CI"`, invalid("address")},
		"address is null":         {`{"countryCode":"CI","city":"Abidjan","streetAddress":"Yopougon, Niangon"}`, `null`, invalid("address")},
		"names are as documented": {`"firstName"`, `"firstname"`, required("firstName")},
	} {
		t.Run(title, func(t *testing.T) {
			for _, path := range []string{"/v1/customers/create", "/v1/customer"} {
				body := strings.Replace(digitalpayeAma, c.old, c.new, 1)
				require.NotEqual(t, digitalpayeAma, body)
				r := digitalpayeCreate(t, s, path, body, bearer)
				assert.Equal(t, 400, r.status)
				assert.Equal(t, `{"message":"BadRequestError","reason":"`+c.reason+`","statusCode":400}`, r.body)
			}
		})
	}
	for _, body := range []string{``, `{`, `null`, `[]`, `"text"`, digitalpayeAma + "x", `firstName=AMA`} {
		for _, path := range []string{"/v1/customers/create", "/v1/customer"} {
			r := digitalpayeCreate(t, s, path, body, bearer)
			assert.Equal(t, 400, r.status, body)
			assert.Equal(t, digitalpayeNoJSON, r.body)
		}
	}
	assert.JSONEq(t, `{"statusCode":200,"message":"Successful","data":[]}`,
		send(t, "GET", s.Digitalpaye.URL+"/v1/customers", "", bearer...).body)
}

func TestDigitalpayePaths(t *testing.T) {
	s := start(t)
	bearer := digitalpayeLogin(t, s)
	for _, c := range []struct {
		method, path string
		status       int
		body, allow  string
	}{
		{"GET", "/v1/customers/8db1ad33-50d6-4e6f-9ec3-5f9169c621a6", 404, digitalpayeNoCustomer, ""},
		{"GET", "/v1/customers/5", 404, digitalpayeNoCustomer, ""},
		{"GET", "/v1/customers/create", 405, digitalpayeWrongMethod, "POST"},
		{"PUT", "/v1/customers/create", 405, digitalpayeWrongMethod, "POST"},
		{"GET", "/v1/auth", 405, digitalpayeWrongMethod, "POST"},
		{"GET", "/v1/customer", 405, digitalpayeWrongMethod, "POST"},
		{"POST", "/v1/customers", 405, digitalpayeWrongMethod, "GET, HEAD"},
		{"DELETE", "/v1/customers/8db1ad33-50d6-4e6f-9ec3-5f9169c621a6", 405, digitalpayeWrongMethod, "GET, HEAD"},
		{"GET", "/", 404, digitalpayeUnserved, ""},
		{"GET", "/v1/customers/", 404, digitalpayeUnserved, ""},
		{"GET", "/v1/customers/a/b", 404, digitalpayeUnserved, ""},
		{"GET", "/v1/customer/8db1ad33-50d6-4e6f-9ec3-5f9169c621a6", 404, digitalpayeUnserved, ""},
		{"POST", "/v2/customers/create", 404, digitalpayeUnserved, ""},
		{"POST", "/v1/customers/create/", 404, digitalpayeUnserved, ""},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			r := send(t, c.method, s.Digitalpaye.URL+c.path, digitalpayeAma, bearer...)
			assert.Equal(t, c.status, r.status)
			assert.Equal(t, c.body, r.body)
			assert.Equal(t, c.allow, r.header.Get("Allow"))
			assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
		})
	}
}

func TestDigitalpayeOnePathOnly(t *testing.T) {
	for dialect, paths := range map[sandbox.Dialect][2]string{
		sandbox.DigitalpayeNewPathOnly: {"/v1/customer", "/v1/customers/create"},
		sandbox.DigitalpayeOldPathOnly: {"/v1/customers/create", "/v1/customer"},
	} {
		t.Run(string(dialect), func(t *testing.T) {
			s := start(t, dialect)
			bearer := digitalpayeLogin(t, s)
			assert.Equal(t, 200, digitalpayeCreate(t, s, paths[0], digitalpayeAma, bearer).status)
			r := digitalpayeCreate(t, s, paths[1], digitalpayeAma, bearer)
			assert.Equal(t, 404, r.status)
			assert.Equal(t, digitalpayeUnserved, r.body)
			assert.Equal(t, 401, send(t, "POST", s.Digitalpaye.URL+paths[1], digitalpayeAma).status)

			var list struct{ Data []any }
			body := send(t, "GET", s.Digitalpaye.URL+"/v1/customers", "", bearer...).body
			require.NoError(t, json.Unmarshal([]byte(body), &list))
			assert.Len(t, list.Data, 1)
		})
	}
}

func TestDigitalpayeEnvironmentRequired(t *testing.T) {
	s := start(t, sandbox.DigitalpayeEnvironmentRequired)
	with := digitalpayeLogin(t, s, "X-Environment", "Production")
	without := with[2:]
	id := jsonText(t, digitalpayeCreate(t, s, "/v1/customer", digitalpayeAma, with).body, "data", "id")
	for _, call := range [][2]string{
		{"POST", "/v1/customers/create"}, {"POST", "/v1/customer"}, {"GET", "/v1/customers"}, {"GET", "/v1/customers/" + id},
	} {
		r := send(t, call[0], s.Digitalpaye.URL+call[1], digitalpayeAma, without...)
		assert.Equal(t, 400, r.status)
		assert.Equal(t, digitalpayeNoHeader, r.body)
		assert.Equal(t, 200, send(t, call[0], s.Digitalpaye.URL+call[1], digitalpayeAma, with...).status)
	}
	r := send(t, "POST", s.Digitalpaye.URL+"/v1/auth", "",
		"Authorization", basic(s.Digitalpaye.APIKey, s.Digitalpaye.APISecret))
	assert.Equal(t, 400, r.status)
	assert.Equal(t, digitalpayeNoHeader, r.body)
}

func TestDigitalpayeUpsert(t *testing.T) {
	now := time.Date(2025, 3, 28, 6, 54, 41, 0, time.UTC)
	var mu sync.Mutex
	s := startWith(t, sandbox.Config{
		Dialects: []sandbox.Dialect{sandbox.DigitalpayeUpsert},
		Now:      func() time.Time { mu.Lock(); defer mu.Unlock(); now = now.Add(time.Second); return now },
	})
	bearer := digitalpayeLogin(t, s)
	first := digitalpayeCreate(t, s, "/v1/customer", digitalpayeAma, bearer)
	second := digitalpayeCreate(t, s, "/v1/customers/create", strings.Replace(digitalpayeAma, "AMA", "Ama", 1), bearer)
	assert.Equal(t, 200, second.status)
	assert.Equal(t, strings.Replace(first.body, "AMA", "Ama", 1), second.body)
	id := jsonText(t, first.body, "data", "id")
	assert.Equal(t, second.body, send(t, "GET", s.Digitalpaye.URL+"/v1/customers/"+id, "", bearer...).body)

	for _, change := range [][2]string{{"ama.kouassi@", "kouassi.ama@"}, {"0102030405", "0504030201"}} {
		r := digitalpayeCreate(t, s, "/v1/customer", strings.Replace(digitalpayeAma, change[0], change[1], 1), bearer)
		assert.NotEqual(t, id, jsonText(t, r.body, "data", "id"))
	}
}
