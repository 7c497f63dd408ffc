package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/sandbox"
)

const (
	stancerDavid        = `{"name":"David Coaster","email":"david@example.net","mobile":"+33639980102","external_id":"crm-1"}`
	stancerUnauthorized = `{"error":{"message":"You are not authorized to access that resource","type":"invalid_request_error"}}`
	stancerNotFound     = `{"error":{"message":"Not Found","type":"invalid_request_error"}}`
	stancerWrongMethod  = `{"error":{"message":"Method Not Allowed","type":"invalid_request_error"}}`
	stancerNoJSON       = `{"error":{"message":"Invalid JSON","type":"invalid_request_error"}}`
	stancerUnreachable  = `{"error":{"message":"You must provide an email or a phone number to create a customer.","type":"invalid_request_error"}}`
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// stancerCall does a request with the right key, at a path below /v1/customers.
func stancerCall(t *testing.T, s *sandbox.Sandbox, method, path, body string) reply {
	t.Helper()
	return send(t, method, s.Stancer.URL+"/v1/customers"+path, body,
		"Authorization", basic(s.Stancer.APIKey, ""), "Content-Type", "application/json")
}

// stancerCreate makes a customer and returns its id.
func stancerCreate(t *testing.T, s *sandbox.Sandbox, body string) string {
	t.Helper()
	r := stancerCall(t, s, "POST", "/", body)
	require.Equal(t, 200, r.status, r.body)
	return jsonText(t, r.body, "id")
}

// jsonText is the text in a JSON object under the names, one in the other.
func jsonText(t *testing.T, body string, names ...string) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(body), &v), body)
	for _, name := range names {
		o, ok := v.(map[string]any)
		require.True(t, ok, body)
		v = o[name]
	}
	s, ok := v.(string)
	require.True(t, ok, "no text %v in %s", names, body)
	return s
}

func TestStancerLife(t *testing.T) {
	now := time.Unix(1538562174, 987654321)
	for _, path := range []string{"/", ""} {
		s := startWith(t, sandbox.Config{Now: func() time.Time { return now }})
		created := stancerCall(t, s, "POST", path, stancerDavid)
		assert.Equal(t, 200, created.status)
		assert.Equal(t, "application/json; charset=utf-8", created.header.Get("Content-Type"))
		id := jsonText(t, created.body, "id")
		assert.Regexp(t, `^cust_[A-Za-z0-9]{24}$`, id)
		assert.JSONEq(t, `{"id":"`+id+`","name":"David Coaster","email":"david@example.net","mobile":"+33639980102",
			"external_id":"crm-1","created":1538562174,"live_mode":false}`, created.body)

		got := stancerCall(t, s, "GET", "/"+id, "")
		assert.Equal(t, 200, got.status)
		assert.Equal(t, created.body, got.body)

		changed := stancerCall(t, s, "PATCH", "/"+id, `{"email":"dc@example.com"}`)
		assert.Equal(t, 204, changed.status)
		assert.Empty(t, changed.body)
		assert.Empty(t, changed.header.Get("Content-Type"))
		assert.JSONEq(t, `{"id":"`+id+`","name":"David Coaster","email":"dc@example.com","mobile":"+33639980102",
			"external_id":"crm-1","created":1538562174,"live_mode":false}`, stancerCall(t, s, "GET", "/"+id, "").body)

		gone := stancerCall(t, s, "DELETE", "/"+id, "")
		assert.Equal(t, 204, gone.status)
		assert.Empty(t, gone.body)
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			r := stancerCall(t, s, method, "/"+id, "{}")
			assert.Equal(t, 404, r.status, method)
			assert.Equal(t, `{"error":{"message":"No such customer `+id+`","type":"invalid_request_error"}}`, r.body)
		}
	}
}

func TestStancerUpdateOfEach(t *testing.T) {
	s := start(t)
	id := stancerCreate(t, s, stancerDavid)
	for name, value := range map[string]string{
		"name": "Ama Kouassi", "email": "ama.kouassi@example.com", "mobile": "+2250102030405", "external_id": "crm-2",
	} {
		require.Equal(t, 204, stancerCall(t, s, "PATCH", "/"+id, `{"`+name+`":"`+value+`"}`).status)
		assert.Equal(t, value, jsonText(t, stancerCall(t, s, "GET", "/"+id, "").body, name))
	}
}

func TestStancerAbsent(t *testing.T) {
	now := func() time.Time { return time.Unix(1538562174, 0) }
	for _, c := range []struct {
		dialects []sandbox.Dialect
		rest     string
	}{
		{nil, ``},
		{[]sandbox.Dialect{sandbox.StancerNulls}, `,"name":null,"mobile":null,"external_id":null,"country":null`},
	} {
		s := startWith(t, sandbox.Config{Dialects: c.dialects, Now: now})
		r := stancerCall(t, s, "POST", "/", `{"email":"david@example.net","live_mode":true,"favourite_colour":"red"}`)
		want := `{"id":"` + jsonText(t, r.body, "id") + `","email":"david@example.net","created":1538562174,"live_mode":false` + c.rest + `}`
		assert.JSONEq(t, want, r.body)
		assert.JSONEq(t, want, stancerCall(t, s, "GET", "/"+jsonText(t, r.body, "id"), "").body)
	}
}

func TestStancerNullsWithAllSet(t *testing.T) {
	s := start(t, sandbox.StancerNulls, sandbox.StancerUpdateReturnsCustomer)
	id := stancerCreate(t, s, stancerDavid)
	body := stancerCall(t, s, "PATCH", "/"+id, `{"name":"Ama Kouassi"}`).body
	assert.Contains(t, body, `"country":null`)
	for name, want := range map[string]string{
		"id": id, "name": "Ama Kouassi", "email": "david@example.net", "mobile": "+33639980102", "external_id": "crm-1",
	} {
		assert.Equal(t, want, jsonText(t, body, name))
	}
}

func TestStancerUpdateReturnsCustomer(t *testing.T) {
	s := start(t, sandbox.StancerUpdateReturnsCustomer)
	id := stancerCreate(t, s, stancerDavid)
	r := stancerCall(t, s, "PATCH", "/"+id, `{"name":"David C."}`)
	assert.Equal(t, 200, r.status)
	assert.Equal(t, "David C.", jsonText(t, r.body, "name"))
	assert.Equal(t, stancerCall(t, s, "GET", "/"+id, "").body, r.body)
}

func TestStancerCreateCreated(t *testing.T) {
	s := start(t, sandbox.StancerCreateCreated)
	r := stancerCall(t, s, "POST", "/", stancerDavid)
	assert.Equal(t, 201, r.status)
	assert.Equal(t, stancerCall(t, s, "GET", "/"+jsonText(t, r.body, "id"), "").body, r.body)
}

func TestStancerUpdateEmpty(t *testing.T) {
	s := start(t, sandbox.StancerUpdateEmpty)
	id := stancerCreate(t, s, stancerDavid)
	r := stancerCall(t, s, "PATCH", "/"+id, `{"name":"David C."}`)
	assert.Equal(t, 200, r.status)
	assert.Empty(t, r.body)
	assert.Empty(t, r.header.Values("Content-Type"))
	assert.Equal(t, "David C.", jsonText(t, stancerCall(t, s, "GET", "/"+id, "").body, "name"))
	assert.Equal(t, 400, stancerCall(t, s, "PATCH", "/"+id, `{}`).status)
}

// A customer of one mode does not exist in the other.
func TestStancerModes(t *testing.T) {
	s := start(t)
	require.Regexp(t, `^sprod_\w{24}$`, s.Stancer.LiveKey)
	call := func(key, method, path, body string) reply {
		return send(t, method, s.Stancer.URL+"/v1/customers"+path, body, "Authorization", basic(key, ""), "Content-Type", "application/json")
	}
	modes := []struct {
		key, other string
		shown      string
	}{
		{s.Stancer.APIKey, s.Stancer.LiveKey, `"live_mode":false`},
		{s.Stancer.LiveKey, s.Stancer.APIKey, `"live_mode":true`},
	}
	// The key decides, whatever is asked for; the same data in the other mode is no conflict.
	for _, mode := range modes {
		for _, asked := range []string{"false", "true"} {
			body := strings.Replace(stancerDavid, "{", `{"live_mode":`+asked+`,`, 1)
			body = strings.Replace(body, "crm-1", "crm-"+asked, 1)
			created := call(mode.key, "POST", "/", body)
			require.Equal(t, 200, created.status)
			assert.Contains(t, created.body, mode.shown)
			assert.Equal(t, 409, call(mode.key, "POST", "/", body).status)

			id := jsonText(t, created.body, "id")
			for _, method := range []string{"GET", "PATCH", "DELETE"} {
				r := call(mode.other, method, "/"+id, `{"name":"Ama Kouassi"}`)
				assert.Equal(t, 404, r.status, method)
				assert.Equal(t, `{"error":{"message":"No such customer `+id+`","type":"invalid_request_error"}}`, r.body)
			}
			assert.Equal(t, created.body, call(mode.key, "GET", "/"+id, "").body)
		}
	}
}

func stancerDuplicate(id string) string {
	return `{"error":{"message":{"error":"Customer already exists, you may want to update it instead creating a new one","id":"` +
		id + `"},"type":"invalid_request_error"}}`
}

func TestStancerSameWithoutName(t *testing.T) {
	s := start(t, sandbox.StancerSameWithoutName)
	first := stancerCreate(t, s, stancerDavid)
	for _, body := range []string{
		stancerDavid, strings.Replace(stancerDavid, "David ", "Davide ", 1), strings.Replace(stancerDavid, `"name":"David Coaster",`, "", 1),
	} {
		r := stancerCall(t, s, "POST", "/", body)
		assert.Equal(t, 409, r.status)
		assert.Equal(t, stancerDuplicate(first), r.body)
	}
	stancerCreate(t, s, strings.Replace(stancerDavid, "crm-1", "crm-2", 1))

	// A change of name changes nothing in that.
	require.Equal(t, 204, stancerCall(t, s, "PATCH", "/"+first, `{"name":"Ama Kouassi"}`).status)
	assert.Equal(t, stancerDuplicate(first), stancerCall(t, s, "POST", "/", stancerDavid).body)
	require.Equal(t, 204, stancerCall(t, s, "DELETE", "/"+first, "").status)
	stancerCreate(t, s, stancerDavid)
}

func TestStancerDuplicates(t *testing.T) {
	s := start(t)
	first := stancerCreate(t, s, stancerDavid)
	again := stancerCall(t, s, "POST", "", stancerDavid)
	assert.Equal(t, 409, again.status)
	assert.Equal(t, stancerDuplicate(first), again.body)

	// Another value in any of the four, or one left out, is another customer.
	for _, body := range []string{
		strings.Replace(stancerDavid, "crm-1", "crm-2", 1),
		strings.Replace(stancerDavid, `,"external_id":"crm-1"`, "", 1),
		strings.Replace(stancerDavid, "David ", "Davide ", 1),
		strings.Replace(stancerDavid, "david@", "dave@", 1),
		strings.Replace(stancerDavid, "0102", "0103", 1),
	} {
		id := stancerCreate(t, s, body)
		r := stancerCall(t, s, "POST", "/", body)
		assert.Equal(t, 409, r.status)
		assert.Equal(t, stancerDuplicate(id), r.body)
	}

	// An update may make two equal. The first that got the data stands in the way, and after it the second.
	second := stancerCreate(t, s, `{"email":"other@example.net"}`)
	require.Equal(t, 204, stancerCall(t, s, "PATCH", "/"+second, stancerDavid).status)
	assert.Equal(t, stancerDuplicate(first), stancerCall(t, s, "POST", "/", stancerDavid).body)
	require.Equal(t, 204, stancerCall(t, s, "DELETE", "/"+first, "").status)
	assert.Equal(t, stancerDuplicate(second), stancerCall(t, s, "POST", "/", stancerDavid).body)

	// What it had before is free again.
	stancerCreate(t, s, `{"email":"other@example.net"}`)
	require.Equal(t, 204, stancerCall(t, s, "DELETE", "/"+second, "").status)
	stancerCreate(t, s, stancerDavid)
}

func TestStancerUnauthorized(t *testing.T) {
	s := start(t)
	key := s.Stancer.APIKey
	assert.Regexp(t, `^stest_\w{24}$`, key)
	id := stancerCreate(t, s, stancerDavid)
	for name, authorization := range map[string]string{
		"none": "", "password": basic(key, "x"), "other key": basic("stest_"+strings.Repeat("x", 24), ""),
		"public key": basic("ptest_"+key[6:], ""), "empty": basic("", ""), "key as password": basic("", key),
		"bearer": "Bearer " + key, "no base64": "Basic " + key,
	} {
		t.Run(name, func(t *testing.T) {
			for _, call := range [][2]string{
				{"POST", "/v1/customers/"}, {"GET", "/v1/customers/" + id}, {"PATCH", "/v1/customers/" + id},
				{"DELETE", "/v1/customers/" + id}, {"GET", "/nowhere"},
			} {
				var headers []string
				if authorization != "" {
					headers = []string{"Authorization", authorization}
				}
				r := send(t, call[0], s.Stancer.URL+call[1], stancerDavid, headers...)
				assert.Equal(t, 401, r.status)
				assert.Equal(t, stancerUnauthorized, r.body)
			}
		})
	}
	assert.Equal(t, 200, stancerCall(t, s, "GET", "/"+id, "").status)
}

func TestStancerRefused(t *testing.T) {
	s, byField, four := start(t), start(t, sandbox.StancerErrorByField), start(t, sandbox.StancerNameOfFour)
	refused := func(names ...string) (text, object string) {
		object = `{"error":{"message":{"` + strings.Join(names, `":"Invalid value","`) + `":"Invalid value"},"type":"invalid_request_error"}}`
		return `{"error":{"message":"Invalid value for ` + strings.Join(names, ", ") + `","type":"invalid_request_error"}}`, object
	}
	for _, c := range []struct {
		title, body string
		names       []string
	}{
		{"short e-mail", `{"email":"a@b"}`, []string{"email"}},
		{"long e-mail", `{"email":"` + strings.Repeat("a", 53) + `@example.com"}`, []string{"email"}},
		{"no e-mail", `{"email":"example.com"}`, []string{"email"}},
		{"short mobile", `{"mobile":"+336399"}`, []string{"mobile"}},
		{"long mobile", `{"mobile":"+3363998010234567"}`, []string{"mobile"}},
		{"short name", `{"email":"david@example.net","name":"Li"}`, []string{"name"}},
		{"long name", `{"email":"david@example.net","name":"` + strings.Repeat("é", 65) + `"}`, []string{"name"}},
		{"long external_id", `{"email":"david@example.net","external_id":"` + strings.Repeat("x", 37) + `"}`, []string{"external_id"}},
		{"two", `{"email":"david@example.net","name":"Li","mobile":"1"}`, []string{"mobile", "name"}},
		{"empty text", `{"email":"david@example.net","name":""}`, []string{"name"}},
		{"null", `{"email":"david@example.net","name":null}`, []string{"name"}},
		{"number", `{"email":5}`, []string{"email"}},
		{"object", `{"email":"david@example.net","mobile":{}}`, []string{"mobile"}},
	} {
		t.Run(c.title, func(t *testing.T) {
			text, object := refused(c.names...)
			for _, at := range []struct {
				s    *sandbox.Sandbox
				want string
			}{{s, text}, {four, text}, {byField, object}} {
				r := stancerCall(t, at.s, "POST", "/", c.body)
				assert.Equal(t, 400, r.status)
				assert.Equal(t, at.want, r.body)

				id := stancerCreate(t, at.s, `{"email":"`+strings.ReplaceAll(c.title, " ", "")+`@example.net"}`)
				before := stancerCall(t, at.s, "GET", "/"+id, "").body
				r = stancerCall(t, at.s, "PATCH", "/"+id, c.body)
				assert.Equal(t, 400, r.status)
				assert.Equal(t, at.want, r.body)
				assert.Equal(t, before, stancerCall(t, at.s, "GET", "/"+id, "").body)
			}
		})
	}

	t.Run("live_mode", func(t *testing.T) {
		text, _ := refused("live_mode")
		r := stancerCall(t, s, "POST", "/", `{"email":"david@example.net","live_mode":"yes"}`)
		assert.Equal(t, 400, r.status)
		assert.Equal(t, text, r.body)
	})
	for title, body := range map[string]string{
		"nothing": `{}`, "name only": `{"name":"David Coaster"}`, "names are case-sensitive": `{"Email":"david@example.net"}`,
	} {
		t.Run(title, func(t *testing.T) {
			for _, s := range []*sandbox.Sandbox{s, byField} {
				r := stancerCall(t, s, "POST", "/", body)
				assert.Equal(t, 400, r.status)
				assert.Equal(t, stancerUnreachable, r.body)
			}
		})
	}
	t.Run("bounds", func(t *testing.T) {
		stancerCreate(t, s, `{"email":"a@b.c","name":"`+strings.Repeat("é", 64)+`","external_id":"`+strings.Repeat("x", 36)+`"}`)
		stancerCreate(t, s, `{"mobile":"+3363998"}`)
		stancerCreate(t, s, `{"mobile":"+336399801023456"}`)
	})
	t.Run("empty change", func(t *testing.T) {
		id := stancerCreate(t, s, `{"email":"empty@example.net"}`)
		for _, body := range []string{`{}`, `{"live_mode":true}`} {
			r := stancerCall(t, s, "PATCH", "/"+id, body)
			assert.Equal(t, 400, r.status)
			assert.Equal(t, `{"error":{"message":"You must provide a value to change.","type":"invalid_request_error"}}`, r.body)
		}
	})
}

func TestStancerNameLength(t *testing.T) {
	const name = `{"email":"li@example.net","name":"Lié"}`
	s := start(t)
	id := stancerCreate(t, s, name)
	assert.Equal(t, 204, stancerCall(t, s, "PATCH", "/"+id, `{"name":"Zoé"}`).status)

	const refused = `{"error":{"message":"Invalid value for name","type":"invalid_request_error"}}`
	s = start(t, sandbox.StancerNameOfFour)
	r := stancerCall(t, s, "POST", "/", name)
	assert.Equal(t, 400, r.status)
	assert.Equal(t, refused, r.body)
	id = stancerCreate(t, s, strings.Replace(name, "Lié", "Léon", 1))
	assert.Equal(t, refused, stancerCall(t, s, "PATCH", "/"+id, `{"name":"Zoé"}`).body)
}

func TestStancerNoJSON(t *testing.T) {
	s := start(t)
	id := stancerCreate(t, s, stancerDavid)
	for _, body := range []string{``, `{`, `null`, `[]`, `"text"`, `{"email":"david@example.net"}x`, `email=david@example.net`, "{\"name\":\"Jos\xff\"}"} {
		for _, call := range [][2]string{{"POST", "/"}, {"POST", ""}, {"PATCH", "/" + id}} {
			r := stancerCall(t, s, call[0], call[1], body)
			assert.Equal(t, 400, r.status, body)
			assert.Equal(t, stancerNoJSON, r.body)
		}
	}
}

func TestStancerPaths(t *testing.T) {
	s := start(t)
	id := stancerCreate(t, s, stancerDavid)
	for _, c := range []struct {
		method, path string
		status       int
		body, allow  string
	}{
		{"GET", "/v1/customers", 405, stancerWrongMethod, "POST"},
		{"GET", "/v1/customers/", 405, stancerWrongMethod, "POST"},
		{"PUT", "/v1/customers/" + id, 405, stancerWrongMethod, "DELETE, GET, HEAD, PATCH"},
		{"POST", "/v1/customers/" + id, 405, stancerWrongMethod, "DELETE, GET, HEAD, PATCH"},
		{"GET", "/", 404, stancerNotFound, ""},
		{"GET", "/v2/customers/" + id, 404, stancerNotFound, ""},
		{"GET", "/v1/customer/" + id, 404, stancerNotFound, ""},
		{"GET", "/v1/customersx", 404, stancerNotFound, ""},
		{"GET", "/v1/customers/" + id + "/", 404, stancerNotFound, ""},
		{"POST", "/v1/customers//", 404, stancerNotFound, ""},
		{"GET", "/v1/customers/..", 404, stancerNotFound, ""},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			r := send(t, c.method, s.Stancer.URL+c.path, stancerDavid, "Authorization", basic(s.Stancer.APIKey, ""))
			assert.Equal(t, c.status, r.status)
			assert.Equal(t, c.body, r.body)
			assert.Equal(t, c.allow, r.header.Get("Allow"))
			assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
		})
	}
	t.Run("ids", func(t *testing.T) {
		for path, id := range map[string]string{
			"cust_9Cle7TXKkjhwqcWx4Kl5cQYk": "cust_9Cle7TXKkjhwqcWx4Kl5cQYk", "5": "5", "caf%C3%A9": "café", "a%2Fb": "a/b",
			strings.ToLower(id): strings.ToLower(id),
		} {
			for _, method := range []string{"GET", "PATCH", "DELETE"} {
				r := stancerCall(t, s, method, "/"+path, `{"name":"Ama Kouassi"}`)
				assert.Equal(t, 404, r.status)
				assert.Equal(t, `{"error":{"message":"No such customer `+id+`","type":"invalid_request_error"}}`, r.body)
			}
		}
	})
}

func TestStancerKeepsNoTokens(t *testing.T) {
	s := start(t)
	s.ExpireTokens()
	stancerCreate(t, s, stancerDavid)
}

func TestStancerAtOnce(t *testing.T) {
	s := start(t)
	var statuses sync.Map
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			statuses.Store(i, stancerCall(t, s, http.MethodPost, "", stancerDavid).status)
		})
	}
	wg.Wait()
	count := map[any]int{}
	statuses.Range(func(_, status any) bool { count[status]++; return true })
	assert.Equal(t, map[any]int{200: 1, 409: 7}, count)
}
