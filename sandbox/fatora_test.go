package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/sandbox"
)

const (
	fatAuthorize = "/v1/Authorization/Authorize"
	fatClients   = "/v1/clients"
	fatFull      = `{"name":"Ama Kouassi","address":"Rue des Jardins, Abidjan, CI","phone":"+2250102030405","email":"ama.kouassi@example.com","notes":"Prefers e-mail"}`
	fatName      = `{"name":"David Coaster"}`
)

// fatToken trades the key for a token.
func fatToken(t *testing.T, s *sandbox.Sandbox, method string) string {
	t.Helper()
	r := send(t, method, s.Fatora.URL+fatAuthorize, "", "api_key", s.Fatora.APIKey, "Content-Type", "application/json")
	require.Equal(t, 200, r.status, r.body)
	var got fatora.TokenReply
	require.NoError(t, json.Unmarshal([]byte(r.body), &got))
	require.True(t, got.Success)
	require.NotEmpty(t, got.BearerToken)
	return got.BearerToken
}

// fatSender sends with one token, and with the Content-Type that is asked for; more headers go over these.
func fatSender(t *testing.T, s *sandbox.Sandbox) func(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	token := fatToken(t, s, "GET")
	return func(t *testing.T, method, path, body string, headers ...string) reply {
		t.Helper()
		all := append([]string{"Authorization", "Bearer " + token, "Content-Type", "application/json"}, headers...)
		return send(t, method, s.Fatora.URL+path, body, all...)
	}
}

// says compares status and body of an answer.
func says(t *testing.T, status int, body string, r reply) {
	t.Helper()
	assert.Equal(t, status, r.status)
	if body == "" {
		assert.Empty(t, r.body)
		return
	}
	assert.JSONEq(t, body, r.body)
	assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
}

// fatError is the body of an error for clients.
func fatError(text string) string {
	return fmt.Sprintf(`{"status":"ERROR","error":{"description":%q}}`, text)
}

// fatText is the body of an error of Authorize, and of every error under one dialect.
func fatText(text string) string { return fmt.Sprintf(`{"status":"ERROR","error":%q}`, text) }

func TestFatoraAuthorize(t *testing.T) {
	now := time.Now()
	s := startWith(t, sandbox.Config{Now: func() time.Time { return now }})
	claims := jwt.MapClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(fatToken(t, s, "GET"), claims)
	require.NoError(t, err)
	assert.Equal(t, "HS256", token.Method.Alg())
	iat, err := claims.GetIssuedAt()
	require.NoError(t, err)
	exp, err := claims.GetExpirationTime()
	require.NoError(t, err)
	assert.Equal(t, now.Unix(), iat.Unix())
	assert.Equal(t, 360*24*time.Hour, exp.Sub(iat.Time))

	for _, e := range s.Journal() {
		kept := string(e.ResponseBody) + fmt.Sprint(e.RequestHeader)
		assert.False(t, strings.Contains(kept, token.Raw) || strings.Contains(kept, s.Fatora.APIKey), "a secret is in the journal")
	}

	for _, c := range []struct {
		name, method string
		headers      []string
		body         string
		status       int
		text         string
	}{
		{"no key", "GET", nil, "", 401, "Invalid API Key"},
		{"wrong key", "GET", []string{"api_key", "x"}, "", 401, "Invalid API Key"},
		{"key elsewhere", "GET", []string{"Authorization", "Bearer " + s.Fatora.APIKey}, "", 401, "Invalid API Key"},
		{"no key, by POST", "POST", nil, "", 401, "Invalid API Key"},
		{"POST", "POST", []string{"api_key", s.Fatora.APIKey}, "", 405, "The method is not allowed"},
		{"DELETE", "DELETE", []string{"api_key", s.Fatora.APIKey}, "", 405, "The method is not allowed"},
		{"XML wanted", "GET", []string{"api_key", s.Fatora.APIKey, "Accept", "application/xml"}, "", 406, "Only application/json can be produced"},
		{"XML sent", "GET", []string{"api_key", s.Fatora.APIKey, "Content-Type", "application/xml"}, "<a/>", 415, "Only application/json is accepted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			says(t, c.status, fatText(c.text), send(t, c.method, s.Fatora.URL+fatAuthorize, c.body, c.headers...))
		})
	}
}

func TestFatoraToken(t *testing.T) {
	s := start(t)
	token := fatToken(t, s, "GET")
	forged, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix()}).SignedString([]byte("x"))
	require.NoError(t, err)
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	require.NoError(t, err)
	for name, headers := range map[string][]string{
		"none":           nil,
		"empty":          {"Authorization", "Bearer "},
		"no scheme":      {"Authorization", token},
		"another scheme": {"Authorization", "Basic " + token},
		"no token":       {"Authorization", "Bearer x"},
		"forged":         {"Authorization", "Bearer " + forged},
		"unsigned":       {"Authorization", "Bearer " + unsigned},
		"the key":        {"Authorization", "Bearer " + s.Fatora.APIKey},
		"only the key":   {"api_key", s.Fatora.APIKey},
	} {
		for _, call := range [][2]string{
			{"POST", fatClients}, {"GET", fatClients}, {"GET", fatClients + "/1001"}, {"PUT", fatClients + "/1001"},
			{"DELETE", fatClients + "/1001"}, {"GET", "/v1/nothing"}, {"PATCH", fatClients},
		} {
			t.Run(name+" "+call[0]+call[1], func(t *testing.T) {
				body := ""
				if strings.HasPrefix(call[0], "P") {
					body = fatFull
				}
				all := append([]string{"Content-Type", "application/json"}, headers...)
				says(t, 401, fatError("Invalid bearer token"), send(t, call[0], s.Fatora.URL+call[1], body, all...))
			})
		}
	}
	says(t, 200, `{"status":"SUCCESS","clients":[]}`, send(t, "GET", s.Fatora.URL+fatClients, "", "Authorization", "bearer "+token))
}

func TestFatoraTokenExpires(t *testing.T) {
	for _, c := range []struct {
		lifetime, after time.Duration
		status          int
	}{
		{0, 360*24*time.Hour - time.Minute, 200},
		{0, 360*24*time.Hour + time.Second, 401},
		{time.Minute, 58 * time.Second, 200},
		{time.Minute, 61 * time.Second, 401},
	} {
		t.Run(c.after.String(), func(t *testing.T) {
			var passed atomic.Int64
			began := time.Now()
			s := startWith(t, sandbox.Config{
				TokenLifetime: c.lifetime, Now: func() time.Time { return began.Add(time.Duration(passed.Load())) },
			})
			call := fatSender(t, s)
			assert.Equal(t, 200, call(t, "GET", fatClients, "").status)
			passed.Store(int64(c.after))
			assert.Equal(t, c.status, call(t, "GET", fatClients, "").status)
			assert.Equal(t, 200, fatSender(t, s)(t, "GET", fatClients, "").status)
		})
	}
}

func TestFatoraExpireTokens(t *testing.T) {
	s := start(t)
	call := fatSender(t, s)
	says(t, 201, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster"}}`, call(t, "POST", fatClients, fatName))
	s.ExpireTokens()
	says(t, 401, fatError("Invalid bearer token"), call(t, "GET", fatClients+"/1001", ""))
	says(t, 200, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster"}}`, fatSender(t, s)(t, "GET", fatClients+"/1001", ""))
}

func TestFatoraLifeOfAClient(t *testing.T) {
	s := start(t)
	call := fatSender(t, s)
	says(t, 201, `{"status":"SUCCESS","client":{"id":1001,"name":"Ama Kouassi","phone":"+2250102030405","email":"ama.kouassi@example.com","address":"Rue des Jardins, Abidjan, CI","note":"Prefers e-mail"}}`,
		call(t, "POST", fatClients, fatFull))
	says(t, 201, `{"status":"SUCCESS","client":{"id":1002,"name":"David Coaster"}}`, call(t, "POST", fatClients, `{"name":"David Coaster","unknown":[1],"phone":null}`))

	const stored = `{"id":1001,"name":"Ama Kouassi","phone":"+2250102030405","email":"ama.kouassi@example.com","address":"Rue des Jardins, Abidjan, CI","notes":"Prefers e-mail"}`
	says(t, 200, `{"status":"SUCCESS","client":`+stored+`}`, call(t, "GET", fatClients+"/1001", ""))
	says(t, 200, `{"status":"SUCCESS","client":{"id":1002,"name":"David Coaster"}}`, call(t, "GET", fatClients+"/1002", ""))
	says(t, 200, `{"status":"SUCCESS","clients":[`+stored+`,{"id":1002,"name":"David Coaster"}]}`, call(t, "GET", fatClients, ""))
	says(t, 200, `{"status":"SUCCESS","clients":[`+stored+`,{"id":1002,"name":"David Coaster"}]}`, call(t, "GET", fatClients+"/", ""))

	// What is sent is written, what is left out stays.
	const changed = `{"status":"SUCCESS","client":{"id":1001,"name":"Ama Kouassi","phone":"+2250504030201","address":"Rue des Jardins, Abidjan, CI","notes":"Prefers e-mail"}}`
	says(t, 200, changed, call(t, "PUT", fatClients+"/1001", `{"name":"Ama Kouassi","phone":"+2250504030201","email":"","notes":null}`))
	says(t, 200, changed, call(t, "GET", fatClients+"/1001", ""))

	says(t, 204, "", call(t, "DELETE", fatClients+"/1001", ""))
	for _, method := range []string{"GET", "DELETE", "PUT"} {
		body := ""
		if method == "PUT" {
			body = fatName
		}
		says(t, 404, fatError("The client does not exist"), call(t, method, fatClients+"/1001", body))
	}
	says(t, 200, `{"status":"SUCCESS","clients":[{"id":1002,"name":"David Coaster"}]}`, call(t, "GET", fatClients, ""))
	assert.Equal(t, 201, call(t, "POST", fatClients, fatFull).status) // gone, so not the same again
	assert.Equal(t, 200, call(t, "GET", fatClients+"/1003", "").status)
}

func TestFatoraErrors(t *testing.T) {
	s := start(t)
	call := fatSender(t, s)
	require.Equal(t, 201, call(t, "POST", fatClients, fatName).status)

	t.Run("invalid", func(t *testing.T) {
		for body, text := range map[string]string{
			"":                       "The body is not valid",
			"{":                      "The body is not valid",
			"null":                   "The body is not valid",
			`["x"]`:                  "The body is not valid",
			`{"name":"x"} {}`:        "The body is not valid",
			"{\"name\":\"\xff\"}":    "The body is not valid",
			`{"name":7}`:             "The body is not valid",
			`{"name":"x","phone":7}`: "The body is not valid",
			`{}`:                     "The name is required",
			`{"name":""}`:            "The name is required",
			`{"name":null}`:          "The name is required",
			`{"phone":"+22501"}`:     "The name is required",
			`{"Name":"x"}`:           "The name is required",
		} {
			says(t, 400, fatError(text), call(t, "POST", fatClients, body))
			says(t, 400, fatError(text), call(t, "PUT", fatClients+"/1001", body))
		}
		for _, query := range []string{"page=0", "page=-1", "page=x", "page=", "page=1.5", "page_size=0", "page_size=-1", "page_size=x"} {
			says(t, 400, fatError("page and page_size must be positive integers"), call(t, "GET", fatClients+"?"+query, ""))
		}
	})
	t.Run("unknown client", func(t *testing.T) {
		for _, id := range []string{"1002", "0", "-1", "x", "1001.0", "99999999999999999999", "1001%20", "+1001", "01001"} {
			says(t, 404, fatError("The client does not exist"), call(t, "GET", fatClients+"/"+id, ""))
			says(t, 404, fatError("The client does not exist"), call(t, "PUT", fatClients+"/"+id, fatName))
			says(t, 404, fatError("The client does not exist"), call(t, "DELETE", fatClients+"/"+id, ""))
		}
	})
	t.Run("unknown path", func(t *testing.T) {
		for _, path := range []string{"", "/", "/v1", "/v1/client", "/v1/clients/1001/", "/v1/clients/1001/notes", "/v1/clients//", "/v2/clients", "/v1/Authorization", "/v1/authorization/authorize"} {
			says(t, 404, fatError("The resource does not exist"), call(t, "GET", path, ""))
			says(t, 404, fatError("The resource does not exist"), call(t, "POST", path, fatName))
		}
	})
	t.Run("wrong method", func(t *testing.T) {
		for path, allow := range map[string]string{fatClients: "GET, HEAD, POST", fatClients + "/": "GET, HEAD", fatClients + "/1001": "GET, HEAD, PUT, DELETE"} {
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
				if !strings.Contains(allow, method) {
					r := call(t, method, path, "")
					says(t, 405, fatError("The method is not allowed"), r)
					assert.Equal(t, allow, r.header.Get("Allow"))
				}
			}
		}
	})
	t.Run("media", func(t *testing.T) {
		for _, c := range [][3]string{{"POST", fatClients, fatFull}, {"PUT", fatClients + "/1001", fatFull}, {"GET", fatClients}, {"GET", fatClients + "/1001"}, {"DELETE", fatClients + "/1001"}} {
			for _, accept := range []string{"application/xml", "text/*", "application/json;q=0", "*/*, application/json;q=0.0", "application/*;q=0, */*"} {
				says(t, 406, fatError("Only application/json can be produced"), call(t, c[0], c[1], c[2], "Accept", accept))
			}
			for _, contentType := range []string{"application/xml", "", "text/json", "application/x-www-form-urlencoded"} {
				if c[2] != "" {
					says(t, 415, fatError("Only application/json is accepted"), call(t, c[0], c[1], c[2], "Content-Type", contentType))
				}
			}
		}
		r := call(t, "GET", fatClients+"/1001", "", "Accept", "")
		says(t, 200, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster"}}`, r)
		r = call(t, "GET", fatClients+"/1001", "", "Accept", "text/html, application/*;q=0.5", "Content-Type", "application/xml")
		says(t, 200, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster"}}`, r)
		r = call(t, "PUT", fatClients+"/1001", fatName, "Accept", "*/*", "Content-Type", "application/json; charset=utf-8")
		says(t, 200, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster"}}`, r)
	})
}

func TestFatoraSameClient(t *testing.T) {
	s := start(t)
	call := fatSender(t, s)
	require.Equal(t, 201, call(t, "POST", fatClients, fatFull).status)
	conflict := fatError("The client already exists")
	says(t, 409, conflict, call(t, "POST", fatClients, fatFull))
	says(t, 409, conflict, call(t, "POST", fatClients, `{"name":"Ama Kouassi","phone":"+2250102030405","email":"ama.kouassi@example.com"}`))
	for _, other := range []string{
		`{"name":"Ama Kouassi","phone":"+2250102030405"}`,
		`{"name":"Ama Kouassi","email":"ama.kouassi@example.com"}`,
		`{"name":"Awa Kouassi","phone":"+2250102030405","email":"ama.kouassi@example.com"}`,
	} {
		assert.Equal(t, 201, call(t, "POST", fatClients, other).status)
	}
	// A change may make two the same; then both have to go before there can be a new one.
	assert.Equal(t, 200, call(t, "PUT", fatClients+"/1004", fatFull).status)
	for _, id := range []string{"/1001", "/1004"} {
		says(t, 409, conflict, call(t, "POST", fatClients, fatFull))
		says(t, 204, "", call(t, "DELETE", fatClients+id, ""))
	}
	assert.Equal(t, 201, call(t, "POST", fatClients, fatFull).status)
}

func fatIDs(t *testing.T, r reply) []int64 {
	t.Helper()
	require.Equal(t, 200, r.status, r.body)
	var got fatora.ListReply
	require.NoError(t, json.Unmarshal([]byte(r.body), &got))
	require.Equal(t, "SUCCESS", got.Status)
	require.NotNil(t, got.Clients)
	ids := []int64{}
	for _, c := range got.Clients {
		ids = append(ids, c.ID)
	}
	return ids
}

// count is the numbers from first to last.
func count(first, last int64) []int64 {
	ids := []int64{}
	for id := first; id <= last; id++ {
		ids = append(ids, id)
	}
	return ids
}

func fatFill(t *testing.T, call func(t *testing.T, method, path, body string, headers ...string) reply) {
	t.Helper()
	for i := range 25 {
		body := fmt.Sprintf(`{"name":"Client %02d","email":"client%d@example.com","phone":"+97455500%03d"}`, i, i%5, i)
		require.Equal(t, 201, call(t, "POST", fatClients, body).status)
	}
}

func TestFatoraList(t *testing.T) {
	s := start(t)
	call := fatSender(t, s)
	fatFill(t, call)
	for _, c := range []struct {
		query string
		want  []int64
	}{
		{"", count(1001, 1020)},
		{"?page=1&page_size=20", count(1001, 1020)},
		{"?page=2", count(1021, 1025)},
		{"?page=3", count(1, 0)},
		{"?page=1&page_size=25", count(1001, 1025)},
		{"?page=2&page_size=25", count(1, 0)},
		{"?page=3&page_size=10", count(1021, 1025)},
		{"?page_size=1000", count(1001, 1025)},
		{"?page=9223372036854775807&page_size=9223372036854775807", count(1, 0)},
		{"?page=9223372036854775807&page_size=2", count(1, 0)},
		{"?email=client1@example.com", []int64{1002, 1007, 1012, 1017, 1022}},
		{"?email=client1%40example.com&page=2&page_size=3", []int64{1017, 1022}},
		{"?email=client1", count(1, 0)},
		{"?email=nobody@example.com", count(1, 0)},
		{"?keyword=client+07", count(1008, 1008)},
		{"?keyword=CLIENT4%40", []int64{1005, 1010, 1015, 1020, 1025}},
		{"?keyword=%2B97455500003", count(1004, 1004)},
		{"?keyword=Client+0&email=client1@example.com", []int64{1002, 1007}},
		{"?keyword=&email=", count(1001, 1020)},
		{"?keyword=nobody", count(1, 0)},
	} {
		assert.Equal(t, c.want, fatIDs(t, call(t, "GET", fatClients+c.query, "")), c.query)
	}
	says(t, 200, `{"status":"SUCCESS","clients":[]}`, call(t, "GET", fatClients+"?page=9", ""))

	// The lists follow changes.
	assert.Equal(t, 200, call(t, "PUT", fatClients+"/1010", `{"name":"Client 09","email":"client1@example.com"}`).status)
	assert.Equal(t, 204, call(t, "DELETE", fatClients+"/1007", "").status)
	assert.Equal(t, []int64{1002, 1010, 1012, 1017, 1022}, fatIDs(t, call(t, "GET", fatClients+"?email=client1@example.com", "")))
}

func TestFatoraNotesInCreate(t *testing.T) {
	s := start(t, sandbox.FatoraNotesInCreate)
	call := fatSender(t, s)
	says(t, 201, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster","notes":"x"}}`, call(t, "POST", fatClients, `{"name":"David Coaster","notes":"x"}`))
}

func TestFatoraErrorText(t *testing.T) {
	s := start(t, sandbox.FatoraErrorText)
	says(t, 401, fatText("Invalid API Key"), send(t, "GET", s.Fatora.URL+fatAuthorize, "", "api_key", "x"))
	says(t, 401, fatText("Invalid bearer token"), send(t, "GET", s.Fatora.URL+fatClients, ""))
	call := fatSender(t, s)
	require.Equal(t, 201, call(t, "POST", fatClients, fatName).status)
	for _, c := range []struct {
		method, path, body, accept string
		status                     int
		text                       string
	}{
		{"POST", fatClients, "{", "*/*", 400, "The body is not valid"},
		{"POST", fatClients, "{}", "*/*", 400, "The name is required"},
		{"POST", fatClients, fatName, "*/*", 409, "The client already exists"},
		{"GET", fatClients + "/1", "", "*/*", 404, "The client does not exist"},
		{"GET", fatClients, "", "text/html", 406, "Only application/json can be produced"},
		{"GET", "/v1", "", "*/*", 404, "The resource does not exist"},
		{"DELETE", fatClients, "", "*/*", 405, "The method is not allowed"},
	} {
		says(t, c.status, fatText(c.text), call(t, c.method, c.path, c.body, "Accept", c.accept))
	}
}

func TestFatoraUpdateReplaces(t *testing.T) {
	s := start(t, sandbox.FatoraUpdateReplaces)
	call := fatSender(t, s)
	require.Equal(t, 201, call(t, "POST", fatClients, fatFull).status)
	const changed = `{"status":"SUCCESS","client":{"id":1001,"name":"Ama Kouassi","phone":"+2250504030201"}}`
	says(t, 200, changed, call(t, "PUT", fatClients+"/1001", `{"name":"Ama Kouassi","phone":"+2250504030201"}`))
	says(t, 200, changed, call(t, "GET", fatClients+"/1001", ""))
}

func TestFatoraUpdateEmpty(t *testing.T) {
	s := start(t, sandbox.FatoraUpdateEmpty)
	call := fatSender(t, s)
	require.Equal(t, 201, call(t, "POST", fatClients, fatName).status)
	says(t, 204, "", call(t, "PUT", fatClients+"/1001", `{"name":"David Coaster","phone":"+2250504030201"}`))
	says(t, 200, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster","phone":"+2250504030201"}}`, call(t, "GET", fatClients+"/1001", ""))
	says(t, 404, fatError("The client does not exist"), call(t, "PUT", fatClients+"/1", fatName))
}

// Names in another case are as unknown as any other.
func TestFatoraNames(t *testing.T) {
	s := start(t)
	call := fatSender(t, s)
	says(t, 201, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster","note":"x"}}`,
		call(t, "POST", fatClients, `{"name":"David Coaster","Name":"Ama Kouassi","NOTES":"y","notes":"x","Phone":7,"note":"z"}`))
	says(t, 200, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster","notes":"x"}}`,
		call(t, "PUT", fatClients+"/1001", `{"Name":"Ama Kouassi","name":"David Coaster","EMAIL":"ama.kouassi@example.com"}`))
}

func TestFatoraCreateOK(t *testing.T) {
	s := start(t, sandbox.FatoraCreateOK)
	says(t, 200, `{"status":"SUCCESS","client":{"id":1001,"name":"David Coaster"}}`, fatSender(t, s)(t, "POST", fatClients, fatName))
}

func TestFatoraDeleteOK(t *testing.T) {
	s := start(t, sandbox.FatoraDeleteOK)
	call := fatSender(t, s)
	require.Equal(t, 201, call(t, "POST", fatClients, fatName).status)
	says(t, 200, `{"status":"SUCCESS"}`, call(t, "DELETE", fatClients+"/1001", ""))
	says(t, 404, fatError("The client does not exist"), call(t, "DELETE", fatClients+"/1001", ""))
}

func TestFatoraNulls(t *testing.T) {
	s := start(t, sandbox.FatoraNulls)
	call := fatSender(t, s)
	const stored = `{"id":1001,"name":"David Coaster","phone":null,"email":"david@example.net","address":null,"notes":null}`
	says(t, 201, strings.Replace(`{"status":"SUCCESS","client":`+stored+`}`, "notes", "note", 1), call(t, "POST", fatClients, `{"name":"David Coaster","email":"david@example.net"}`))
	says(t, 200, `{"status":"SUCCESS","client":`+stored+`}`, call(t, "GET", fatClients+"/1001", ""))
	says(t, 200, `{"status":"SUCCESS","client":`+stored+`}`, call(t, "PUT", fatClients+"/1001", fatName))
	says(t, 200, `{"status":"SUCCESS","clients":[`+stored+`]}`, call(t, "GET", fatClients, ""))
	says(t, 200, `{"status":"SUCCESS","clients":[]}`, call(t, "GET", fatClients+"?page=2", ""))
}

func TestFatoraAuthorizeByPost(t *testing.T) {
	s := start(t, sandbox.FatoraAuthorizeByPost)
	key := s.Fatora.APIKey
	for _, method := range []string{"GET", "PUT"} {
		r := send(t, method, s.Fatora.URL+fatAuthorize, "", "api_key", key)
		says(t, 405, fatText("The method is not allowed"), r)
		assert.Equal(t, "POST", r.header.Get("Allow"))
		says(t, 401, fatText("Invalid API Key"), send(t, method, s.Fatora.URL+fatAuthorize, "", "api_key", "x"))
	}
	says(t, 401, fatText("Invalid API Key"), send(t, "POST", s.Fatora.URL+fatAuthorize, "", "api_key", "x"))
	token := fatToken(t, s, "POST")
	says(t, 200, `{"status":"SUCCESS","clients":[]}`, send(t, "GET", s.Fatora.URL+fatClients, "", "Authorization", "Bearer "+token))
}

func TestFatoraSmallPages(t *testing.T) {
	s := start(t, sandbox.FatoraSmallPages)
	call := fatSender(t, s)
	fatFill(t, call)
	assert.Equal(t, count(1001, 1010), fatIDs(t, call(t, "GET", fatClients+"?page_size=20", "")))
	assert.Equal(t, count(1011, 1020), fatIDs(t, call(t, "GET", fatClients+"?page=2&page_size=20", "")))
	assert.Equal(t, count(1006, 1010), fatIDs(t, call(t, "GET", fatClients+"?page=2&page_size=5", "")))
	assert.Equal(t, count(1, 0), fatIDs(t, call(t, "GET", fatClients+"?page=4&page_size=20", "")))
}

func TestFatoraEmailByPart(t *testing.T) {
	s := start(t, sandbox.FatoraEmailByPart)
	call := fatSender(t, s)
	fatFill(t, call)
	require.Equal(t, 201, call(t, "POST", fatClients, `{"name":"David Coaster","email":"other.client1@example.com"}`).status)
	assert.Equal(t, []int64{1002, 1007, 1012, 1017, 1022, 1026}, fatIDs(t, call(t, "GET", fatClients+"?email=client1@example.com", "")))
	assert.Equal(t, []int64{1026}, fatIDs(t, call(t, "GET", fatClients+"?email=client1@example.com&keyword=coaster", "")))
}

func TestFatoraConcurrently(t *testing.T) {
	s := start(t)
	call := fatSender(t, s)
	var wg sync.WaitGroup
	var created, refused atomic.Int64
	for range 8 {
		wg.Go(func() {
			for j := range 10 {
				body := fmt.Sprintf(`{"name":"Client %d","email":"client@example.com"}`, j)
				switch status := call(t, "POST", fatClients, body).status; status {
				case 201:
					created.Add(1)
				case 409:
					refused.Add(1)
				}
				assert.Equal(t, 200, call(t, "PUT", fatClients+"/1001", `{"name":"Client 0"}`).status)
				assert.Equal(t, 200, call(t, "GET", fatClients+"?email=client@example.com&page_size=5", "").status)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 10, created.Load())
	assert.EqualValues(t, 70, refused.Load())
	assert.Equal(t, count(1001, 1010), fatIDs(t, call(t, "GET", fatClients, "")))
}
