package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/sandbox"
)

// pinSend sends with both keys, and a body as JSON; more headers go over these.
func pinSend(t *testing.T, s *sandbox.Sandbox, method, path, body string, headers ...string) reply {
	t.Helper()
	all := []string{"Authorization", s.SimplePin.Authorization, "Token", s.SimplePin.Token}
	if body != "" {
		all = append(all, "Content-Type", "application/json")
	}
	return send(t, method, s.SimplePin.URL+path, body, append(all, headers...)...)
}

func pinPost(t *testing.T, s *sandbox.Sandbox, path, body string) simplepin.CCProfileV2Model {
	t.Helper()
	r := pinSend(t, s, "POST", path, body)
	require.Equal(t, 200, r.status)
	return pinProfile(t, r)
}

func pinProfile(t *testing.T, r reply) (p simplepin.CCProfileV2Model) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(r.body), &p))
	return p
}

// empty is an answer as SimplePin documents its errors: a status and nothing else.
func empty(t *testing.T, status int, r reply) {
	t.Helper()
	assert.Equal(t, status, r.status)
	assert.Empty(t, r.body)
	assert.Empty(t, r.header.Values("Content-Type"))
}

const (
	pinAdd     = "/v2/customer/add"
	pinGet     = "/v2/customer/get"
	pinUpdate  = "/v2/customer/update"
	pinFull    = `{"customer_id":"crm-10023","customer_name":"David Coaster","contract_email":"david@example.net","phone_number":"+15145550142","mobile_number":"+15145550187","customer_since":"2020-01-31T00:00:00.000-05:00","main_address":{"id":0,"address":"12 Maple Street","city":"Montreal","zip":"H2X 1Y4","province":11,"country":1},"billing_addresses":[{"id":0,"address":"400 Harbour Road","city":"Quebec","zip":"G1K 4A1","province":11,"country":1,"selected":true},{"address":"1 Pine Avenue","country":2}],"delete_billing_address_ids":[],"contracts":[{"id":0,"name":"Home insurance"}]}`
	pinStored  = `{"id":4711,"version":0,"status":"REQUIRES_ACTIVATION","customer_id":"crm-10023","customer_name":"David Coaster","contract_email":"david@example.net","phone_number":"+15145550142","mobile_number":"+15145550187","customer_since":"2020-01-31T00:00:00.000-05:00","main_address":{"id":7001,"address":"12 Maple Street","city":"Montreal","zip":"H2X 1Y4","province":11,"country":1},"billing_address_id":7002,"billing_address_models":[{"id":7002,"address":"400 Harbour Road","city":"Quebec","zip":"G1K 4A1","province":11,"country":1,"selected":true},{"id":7003,"address":"1 Pine Avenue","country":2,"selected":false}],"contracts":[{"id":301,"name":"Home insurance"}]}`
	pinMinimal = `{"customer_id":"crm-10024","customer_name":"Ama Kouassi","contract_email":"ama.kouassi@example.com"}`
)

func TestSimplePinAddAndGet(t *testing.T) {
	s := start(t)
	r := pinSend(t, s, "POST", pinAdd+"?locale=EN", pinFull)
	assert.Equal(t, 200, r.status)
	assert.JSONEq(t, pinStored, r.body)

	r = pinSend(t, s, "POST", pinAdd, pinMinimal)
	assert.Equal(t, 200, r.status)
	assert.JSONEq(t, `{"id":4712,"version":0,"status":"REQUIRES_ACTIVATION","customer_id":"crm-10024","customer_name":"Ama Kouassi","contract_email":"ama.kouassi@example.com"}`, r.body)

	for _, query := range []string{
		"customer_id=crm-10023", "email=david@example.net", "customer_id=crm-10023&email=david%40example.net&locale=FR", "customer_id=&email=david@example.net",
	} {
		r := pinSend(t, s, "GET", pinGet+"?"+query, "")
		assert.Equal(t, 200, r.status, query)
		assert.JSONEq(t, pinStored, r.body, query)
	}
	for _, query := range []string{
		"", "?customer_id=", "?email=", "?customer_id=crm-1", "?email=nobody@example.com", "?customer_id=4711",
		"?customer_id=crm-10023&email=ama.kouassi@example.com",
	} {
		t.Run("unknown"+query, func(t *testing.T) { empty(t, 404, pinSend(t, s, "GET", pinGet+query, "")) })
	}
}

func TestSimplePinAddWithoutAnything(t *testing.T) {
	s := start(t)
	assert.Zero(t, pinPost(t, s, pinAdd, `{}`).CustomerID)
	assert.Zero(t, pinPost(t, s, pinAdd, `{"unknown":{"property":1},"customer_name":null,"main_address":{}}`).MainAddress)

	p := pinPost(t, s, pinAdd, `{"contract_email":"ama.kouassi@example.com"}`)
	r := pinSend(t, s, "GET", pinGet+"?email=ama.kouassi@example.com", "")
	require.Equal(t, 200, r.status)
	assert.Equal(t, p, pinProfile(t, r))
}

func TestSimplePinKeys(t *testing.T) {
	s := start(t)
	s.ExpireTokens() // its keys do not expire
	key, token := s.SimplePin.Authorization, s.SimplePin.Token
	for name, headers := range map[string][]string{
		"none":             nil,
		"no Token":         {"Authorization", key},
		"no Authorization": {"Token", token},
		"wrong Token":      {"Authorization", key, "Token", "x"},
		"wrong key":        {"Authorization", "x", "Token", token},
		"swapped":          {"Authorization", token, "Token", key},
		"with a scheme":    {"Authorization", "Bearer " + key, "Token", token},
		"Basic":            {"Authorization", "Basic " + key, "Token", token},
	} {
		for _, call := range [][2]string{
			{"POST", pinAdd}, {"GET", pinGet + "?customer_id=crm-10023"}, {"POST", pinUpdate},
			{"GET", "/v2/location/countries?locale=EN"}, {"GET", "/v2/location/provinces?locale=EN&countryId=1"},
			{"GET", "/v2/nothing"}, {"DELETE", pinAdd},
		} {
			t.Run(name+" "+call[0]+call[1], func(t *testing.T) {
				body := ""
				if call[0] == "POST" {
					body, headers = pinFull, append(headers[:len(headers):len(headers)], "Content-Type", "application/json")
				}
				empty(t, 401, send(t, call[0], s.SimplePin.URL+call[1], body, headers...))
			})
		}
	}
	empty(t, 404, pinSend(t, s, "GET", pinGet+"?customer_id=crm-10023", "")) // nothing was added
}

func TestSimplePinUnknownPath(t *testing.T) {
	s := start(t)
	for _, path := range []string{"", "/", "/v2", "/v2/customer", "/v2/customer/get/", "/v2/customer/delete", "/v1/customer/add", "/customer/add"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			t.Run(method+path, func(t *testing.T) { empty(t, 404, pinSend(t, s, method, path, "")) })
		}
	}
	for path, allow := range map[string]string{
		pinAdd: "POST", pinUpdate: "POST", pinGet: "GET, HEAD", "/v2/location/countries": "GET, HEAD", "/v2/location/provinces": "GET, HEAD",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} {
			if !strings.Contains(allow, method) {
				t.Run(method+path, func(t *testing.T) {
					r := pinSend(t, s, method, path, "")
					empty(t, 405, r)
					assert.Equal(t, allow, r.header.Get("Allow"))
				})
			}
		}
	}
}

func TestSimplePinPrefix(t *testing.T) {
	s := start(t)
	root := strings.TrimSuffix(s.SimplePin.URL, "/api")
	require.NotEqual(t, s.SimplePin.URL, root)
	for _, path := range []string{pinGet, "/v3/customer/get", "/apiv2/customer/get", "/api/api/v2/customer/get"} {
		r := send(t, "GET", root+path, "", "Authorization", s.SimplePin.Authorization, "Token", s.SimplePin.Token)
		empty(t, 404, r)
	}
}

func TestSimplePinForbidden(t *testing.T) {
	s := start(t)
	pinPost(t, s, pinAdd, pinFull)
	pinPost(t, s, pinAdd, pinMinimal)
	bodies := map[string]string{
		"nothing":                   "",
		"no JSON":                   "{",
		"null":                      "null",
		"array":                     "[]",
		"text":                      `"x"`,
		"two values":                "{} {}",
		"not UTF-8":                 "{\"customer_name\":\"\xff\"}",
		"number as text":            `{"customer_name":7}`,
		"text as number":            `{"main_address":{"country":"1"}}`,
		"fraction":                  `{"main_address":{"country":1.5}}`,
		"address as text":           `{"main_address":"12 Maple Street"}`,
		"billing addresses as one":  `{"billing_addresses":{}}`,
		"date without milliseconds": `{"customer_since":"2020-01-31T00:00:00Z"}`,
		"date only":                 `{"customer_since":"2020-01-31"}`,
		"no date":                   `{"customer_since":"2020-02-31T00:00:00.000Z"}`,
		"the printed pattern":       `{"customer_since":"yyyy-MM-dd'T'HH:mm:ss.SSSXXX"}`,
		"unknown country":           `{"main_address":{"country":99}}`,
		"unknown province":          `{"main_address":{"province":99}}`,
		"province of another":       `{"main_address":{"country":2,"province":11}}`,
		"province of none":          `{"main_address":{"country":3,"province":11}}`,
		"billing country":           `{"billing_addresses":[{"country":99}]}`,
		"unknown main address":      `{"main_address":{"id":1,"city":"Montreal"}}`,
		"unknown billing address":   `{"billing_addresses":[{"id":1,"city":"Montreal"}]}`,
		"unknown contract":          `{"contracts":[{"id":1,"name":"x"}]}`,
		"somebody else's e-mail":    `{"contract_email":"ama.kouassi@example.com"}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			empty(t, 403, pinSend(t, s, "POST", pinAdd, body))
			empty(t, 403, pinSend(t, s, "POST", pinUpdate+"?customer_id=crm-10023", body))
		})
	}
	for name, headers := range map[string][]string{
		"XML":          {"Content-Type", "application/xml"},
		"form":         {"Content-Type", "application/x-www-form-urlencoded"},
		"no type":      {"Content-Type", "nonsense/"},
		"page wanted":  {"Accept", "text/html"},
		"JSON refused": {"Accept", "application/json;q=0, application/xml;q=0, */*"},
	} {
		t.Run(name, func(t *testing.T) {
			empty(t, 403, pinSend(t, s, "POST", pinAdd, `{"customer_id":"crm-1"}`, headers...))
			empty(t, 404, pinSend(t, s, "GET", pinGet+"?customer_id=crm-1", ""))
		})
	}
	t.Run("again", func(t *testing.T) {
		empty(t, 403, pinSend(t, s, "POST", pinAdd, pinFull))
		empty(t, 403, pinSend(t, s, "POST", pinAdd, `{"customer_id":"crm-10023"}`))
	})
	r := pinSend(t, s, "GET", pinGet+"?customer_id=crm-10023", "")
	assert.JSONEq(t, pinStored, r.body, "nothing was changed")
}

func TestSimplePinMedia(t *testing.T) {
	s := start(t)
	for i, headers := range [][]string{
		{"Content-Type", "application/json; charset=utf-8"},
		{"Content-Type", ""},
		{"Accept", "application/json"},
		{"Accept", "text/html, */*;q=0.1"},
		{"Accept", "application/json, application/xml"},
		{"Accept", "application/xml;q=0.5, application/*"},
	} {
		body := fmt.Sprintf(`{"customer_id":"crm-%d"}`, i)
		r := pinSend(t, s, "POST", pinAdd, body, headers...)
		assert.Equal(t, 200, r.status, headers)
		assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
	}
}

const (
	pinAddXML    = `<add_update_cc_profile_model><billing_addresses><billing_address><city>Quebec</city><selected>1</selected></billing_address></billing_addresses><customer_id>crm-10023</customer_id><customer_name>David &amp; Ama</customer_name><main_address/></add_update_cc_profile_model>`
	pinStoredXML = `<cc_profile_model><billing_address_id>7001</billing_address_id><billing_address_models><billing_address_model><id>7001</id><city>Quebec</city><selected>1</selected></billing_address_model></billing_address_models><customer_id>crm-10023</customer_id><customer_name>David &amp; Ama</customer_name><id>4711</id><status>REQUIRES_ACTIVATION</status><version>0</version></cc_profile_model>`
)

func TestSimplePinXML(t *testing.T) {
	xml := []string{"Content-Type", "application/xml", "Accept", "application/xml"}
	answered := func(t *testing.T, r reply, media, body string) {
		t.Helper()
		assert.Equal(t, 200, r.status)
		assert.Equal(t, body, r.body)
		assert.Equal(t, media+"; charset=utf-8", r.header.Get("Content-Type"))
	}
	s := start(t)
	answered(t, pinSend(t, s, "POST", pinAdd, pinAddXML, xml...), "application/xml", pinStoredXML)
	journal := s.Journal()
	kept := journal[len(journal)-1]
	assert.Equal(t, pinAddXML, string(kept.RequestBody))
	assert.Equal(t, pinStoredXML, string(kept.ResponseBody))
	assert.Empty(t, kept.RequestViolations)

	for _, accept := range []string{"application/xml", "application/xml, application/*;q=0.5", "application/json;q=0, */*"} {
		r := pinSend(t, s, "GET", pinGet+"?customer_id=crm-10023", "", "Accept", accept)
		answered(t, r, "application/xml", pinStoredXML)
	}
	r := pinSend(t, s, "GET", pinGet+"?customer_id=crm-10023", "", "Content-Type", "application/xml")
	assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"), "JSON unless XML is asked for")
	r = pinSend(t, s, "GET", "/v2/location/provinces?locale=fr&countryId=3", "", xml...)
	answered(t, r, "application/xml", "<location_models/>")
	empty(t, 404, pinSend(t, s, "GET", pinGet+"?customer_id=crm-1", "", xml...))

	for name, body := range map[string]string{
		"JSON": `{"customer_id":"crm-1"}`, "root": "<cc_profile_model/>", "broken": "<add_update_cc_profile_model>",
		"DOCTYPE":   "<!DOCTYPE a>" + pinAddXML,
		"two":       "<add_update_cc_profile_model/><add_update_cc_profile_model/>",
		"no number": "<add_update_cc_profile_model><main_address><country>x</country></main_address></add_update_cc_profile_model>",
	} {
		t.Run(name, func(t *testing.T) {
			empty(t, 403, pinSend(t, s, "POST", pinAdd, body, xml...))
			journal := s.Journal()
			assert.NotEmpty(t, journal[len(journal)-1].RequestViolations)
		})
	}
	t.Run("what XML cannot hold", func(t *testing.T) {
		pinPost(t, s, pinAdd, `{"customer_id":"crm-2","customer_name":"a\u0001b"}`)
		empty(t, 500, pinSend(t, s, "GET", pinGet+"?customer_id=crm-2", "", xml...))
	})

	t.Run("nulls", func(t *testing.T) {
		s := start(t, sandbox.SimplePinNulls)
		r := pinSend(t, s, "POST", pinAdd, `<add_update_cc_profile_model><customer_id>crm-1</customer_id></add_update_cc_profile_model>`, xml...)
		answered(t, r, "application/xml", `<cc_profile_model><billing_address_id/><billing_address_models/><contract_email/><contracts/><customer_id>crm-1</customer_id><customer_name/><customer_since/><id>4711</id><main_address/><mobile_number/><phone_number/><status>REQUIRES_ACTIVATION</status><version>0</version></cc_profile_model>`)
	})
	t.Run("errors with a body", func(t *testing.T) {
		s := start(t, sandbox.SimplePinCommonStatuses)
		pinSend(t, s, "POST", pinAdd, pinAddXML, xml...)
		r := pinSend(t, s, "POST", pinAdd, pinAddXML, xml...)
		assert.Equal(t, 409, r.status)
		assert.Equal(t, "<error><message>Conflict</message></error>", r.body)
	})
	t.Run("by Content-Type", func(t *testing.T) {
		s := start(t, sandbox.SimplePinAnswersAsSent)
		answered(t, pinSend(t, s, "POST", pinAdd, pinAddXML, "Content-Type", "application/xml"), "application/xml", pinStoredXML)
		r := pinSend(t, s, "GET", pinGet+"?customer_id=crm-10023", "", "Accept", "application/xml")
		assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
	})
	t.Run("JSON always", func(t *testing.T) {
		s := start(t, sandbox.SimplePinAnswersJSON)
		r := pinSend(t, s, "POST", pinAdd, pinAddXML, xml...)
		assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
		assert.Equal(t, int64(4711), pinProfile(t, r).ID)
	})
}

func TestSimplePinUpdateMerges(t *testing.T) {
	s := start(t)
	pinPost(t, s, pinAdd, pinFull)
	for _, step := range []struct{ name, query, body, changes string }{
		{"nothing", "?customer_id=crm-10023", `{}`, `{"version":1}`},
		{
			"one property, found by the body", "", `{"customer_id":"crm-10023","phone_number":"+15145550163"}`,
			`{"version":2,"phone_number":"+15145550163"}`,
		},
		{"emptied", "?customer_id=crm-10023&locale=EN", `{"mobile_number":""}`, `{"version":3,"mobile_number":null}`},
		{"null is not sent", "?customer_id=crm-10023", `{"customer_name":null}`, `{"version":4}`},
		{
			"part of the main address", "?customer_id=crm-10023", `{"main_address":{"zip":"H2X 1Y5","selected":false}}`,
			`{"version":5,"main_address":{"id":7001,"address":"12 Maple Street","city":"Montreal","zip":"H2X 1Y5","province":11,"country":1,"selected":false}}`,
		},
		{
			"part of a billing address, which is selected", "?customer_id=crm-10023", `{"billing_addresses":[{"id":7003,"city":"Boston","selected":true}]}`,
			`{"version":6,"billing_address_id":7003,"billing_address_models":[{"id":7002,"address":"400 Harbour Road","city":"Quebec","zip":"G1K 4A1","province":11,"country":1,"selected":false},{"id":7003,"address":"1 Pine Avenue","city":"Boston","country":2,"selected":true}]}`,
		},
		{
			"one goes, one comes", "?customer_id=crm-10023", `{"billing_addresses":[{"address":"8 Lighthouse Lane","selected":true}],"delete_billing_address_ids":[7002,12345]}`,
			`{"version":7,"billing_address_id":7004,"billing_address_models":[{"id":7003,"address":"1 Pine Avenue","city":"Boston","country":2,"selected":false},{"id":7004,"address":"8 Lighthouse Lane","selected":true}]}`,
		},
		{
			"contracts whole", "?customer_id=crm-10023", `{"contracts":[{"id":301,"name":"House insurance"},{"name":"Car insurance"}]}`,
			`{"version":8,"contracts":[{"id":301,"name":"House insurance"},{"id":302,"name":"Car insurance"}]}`,
		},
		{"no contracts", "?customer_id=crm-10023", `{"contracts":[]}`, `{"version":9,"contracts":null}`},
		{
			"the selected one goes", "?customer_id=crm-10023", `{"delete_billing_address_ids":[7004]}`,
			`{"version":10,"billing_address_id":null,"billing_address_models":[{"id":7003,"address":"1 Pine Avenue","city":"Boston","country":2,"selected":false}]}`,
		},
		{"the last one goes", "?customer_id=crm-10023", `{"delete_billing_address_ids":[7003]}`, `{"version":11,"billing_address_models":null}`},
	} {
		t.Run(step.name, func(t *testing.T) {
			var want, changes map[string]any
			before := pinSend(t, s, "GET", pinGet+"?customer_id=crm-10023", "")
			require.NoError(t, json.Unmarshal([]byte(before.body), &want))
			require.NoError(t, json.Unmarshal([]byte(step.changes), &changes))
			for name, value := range changes {
				if want[name] = value; value == nil {
					delete(want, name)
				}
			}
			wanted, err := json.Marshal(want)
			require.NoError(t, err)

			r := pinSend(t, s, "POST", pinUpdate+step.query, step.body)
			assert.Equal(t, 200, r.status)
			assert.JSONEq(t, string(wanted), r.body)
			assert.Equal(t, r.body, pinSend(t, s, "GET", pinGet+"?customer_id=crm-10023", "").body)
		})
	}
}

func TestSimplePinUpdateMovesEmail(t *testing.T) {
	s := start(t)
	pinPost(t, s, pinAdd, pinMinimal)
	pinPost(t, s, pinUpdate, `{"customer_id":"crm-10024","contract_email":"ama@example.net"}`)
	empty(t, 404, pinSend(t, s, "GET", pinGet+"?email=ama.kouassi@example.com", ""))
	assert.Equal(t, 200, pinSend(t, s, "GET", pinGet+"?email=ama@example.net", "").status)
	pinPost(t, s, pinAdd, `{"contract_email":"ama.kouassi@example.com"}`) // free again
}

func TestSimplePinUpdateOfNobody(t *testing.T) {
	s := start(t)
	pinPost(t, s, pinAdd, pinFull)
	empty(t, 404, pinSend(t, s, "POST", pinUpdate+"?customer_id=crm-1", `{}`))
	empty(t, 404, pinSend(t, s, "POST", pinUpdate, `{"customer_id":"crm-1"}`))
	empty(t, 404, pinSend(t, s, "POST", pinUpdate, `{"contract_email":"david@example.net"}`))
	empty(t, 403, pinSend(t, s, "POST", pinUpdate+"?customer_id=crm-10023", `{"customer_id":"crm-1"}`))
}

func TestSimplePinLocations(t *testing.T) {
	s := start(t)
	const countries, provinces = "/v2/location/countries", "/v2/location/provinces"
	for _, c := range []struct{ path, contains string }{
		{countries + "?locale=EN", `{"currency_code":"USD","id":2,"name":"United States"}`},
		{countries + "?locale=FR", `{"currency_code":"USD","id":2,"name":"États-Unis"}`},
		{countries + "?locale=fr_CA", `{"currency_code":"USD","id":2,"name":"États-Unis"}`},
		{countries + "?locale=ES", `{"currency_code":"USD","id":2,"name":"United States"}`},
		{provinces + "?locale=en-CA&countryId=1", `{"currency_code":"CAD","id":11,"name":"Quebec"}`},
		{provinces + "?locale=fr&countryId=1", `{"currency_code":"CAD","id":11,"name":"Québec"}`},
		{provinces + "?locale=fr-CA&countryId=1", `{"currency_code":"CAD","id":14,"name":"Colombie-Britannique"}`},
		{provinces + "?locale=EN&countryId=2", `{"currency_code":"USD","id":36,"name":"New York"}`},
	} {
		r := pinSend(t, s, "GET", c.path, "")
		assert.Equal(t, 200, r.status, c.path)
		assert.Contains(t, r.body, c.contains, c.path)
	}
	r := pinSend(t, s, "GET", provinces+"?locale=EN&countryId=3", "")
	assert.Equal(t, 200, r.status)
	assert.Equal(t, "[]", r.body)

	for path, status := range map[string]int{
		countries:                                403,
		countries + "?locale=":                   403,
		provinces + "?countryId=1":               403,
		provinces + "?locale=EN":                 403,
		provinces + "?locale=EN&countryId=one":   403,
		provinces + "?locale=EN&countryId=99":    404,
		provinces + "?locale=EN&country_id=1":    403,
		provinces + "?locale=EN&countryId=1e0":   403,
		provinces + "?locale=&countryId=99":      403,
		provinces + "?locale=EN&countryId=":      403,
		provinces + "?locale=EN&countryId=99999": 404,
	} {
		t.Run(path, func(t *testing.T) { empty(t, status, pinSend(t, s, "GET", path, "")) })
	}
}

// Numbers of the lists are unique, and each of them is accepted in an address.
func TestSimplePinAddresses(t *testing.T) {
	s := start(t)
	places := func(path string) (all []simplepin.LocationModel) {
		r := pinSend(t, s, "GET", path, "")
		require.NoError(t, json.Unmarshal([]byte(r.body), &all))
		return all
	}
	seen := map[int64]bool{}
	for _, c := range places("/v2/location/countries?locale=EN") {
		require.False(t, seen[c.ID])
		seen[c.ID] = true
		for _, p := range places(fmt.Sprintf("/v2/location/provinces?locale=EN&countryId=%d", c.ID)) {
			require.False(t, seen[p.ID])
			seen[p.ID] = true
			assert.Equal(t, c.CurrencyCode, p.CurrencyCode)
			a := pinPost(t, s, pinAdd, fmt.Sprintf(`{"main_address":{"country":%d,"province":%d}}`, c.ID, p.ID)).MainAddress
			assert.Equal(t, []int64{c.ID, p.ID}, []int64{a.Country, a.Province})
			pinPost(t, s, pinAdd, fmt.Sprintf(`{"main_address":{"province":%d}}`, p.ID))
		}
	}
}

func TestSimplePinSelectsOne(t *testing.T) {
	s := start(t)
	p := pinPost(t, s, pinAdd, `{"billing_addresses":[{"city":"Quebec","selected":true},{"city":"Montreal","selected":true},{"city":"Laval"}]}`)
	selected := []bool{}
	for _, a := range p.BillingAddressModels {
		selected = append(selected, *a.Selected)
	}
	assert.Equal(t, []bool{false, true, false}, selected)
	assert.Equal(t, p.BillingAddressModels[1].ID, p.BillingAddressID)
}

func TestSimplePinAddCreated(t *testing.T) {
	s := start(t, sandbox.SimplePinAddCreated)
	r := pinSend(t, s, "POST", pinAdd, pinFull)
	assert.Equal(t, 201, r.status)
	assert.JSONEq(t, pinStored, r.body)
	pinPost(t, s, pinUpdate, `{"customer_id":"crm-10023"}`)
}

func TestSimplePinUpdateCreated(t *testing.T) {
	s := start(t, sandbox.SimplePinUpdateCreated)
	pinPost(t, s, pinAdd, pinMinimal)
	r := pinSend(t, s, "POST", pinUpdate, `{"customer_id":"crm-10024"}`)
	assert.Equal(t, 201, r.status)
	assert.EqualValues(t, 1, pinProfile(t, r).Version)
}

func TestSimplePinAddOverwrites(t *testing.T) {
	s := start(t, sandbox.SimplePinAddOverwrites)
	pinPost(t, s, pinAdd, pinFull)
	r := pinSend(t, s, "POST", pinAdd, `{"customer_id":"crm-10023","contract_email":"coaster@example.net","billing_addresses":[{"city":"Laval"}]}`)
	assert.Equal(t, 200, r.status)
	assert.JSONEq(t, `{"id":4711,"version":1,"status":"REQUIRES_ACTIVATION","customer_id":"crm-10023","contract_email":"coaster@example.net","billing_address_models":[{"id":7004,"city":"Laval","selected":false}]}`, r.body)
	empty(t, 404, pinSend(t, s, "GET", pinGet+"?email=david@example.net", ""))
	empty(t, 403, pinSend(t, s, "POST", pinAdd, `{"customer_id":"crm-2","contract_email":"coaster@example.net"}`))
}

func TestSimplePinUpdateReplaces(t *testing.T) {
	s := start(t, sandbox.SimplePinUpdateReplaces)
	pinPost(t, s, pinAdd, pinFull)
	r := pinSend(t, s, "POST", pinUpdate+"?customer_id=crm-10023", `{"contract_email":"david@example.net","main_address":{"id":7001,"city":"Laval"},"billing_addresses":[{"id":7003,"city":"Boston"},{"id":7002}],"delete_billing_address_ids":[7002],"contracts":[{"id":301}]}`)
	assert.Equal(t, 200, r.status)
	assert.JSONEq(t, `{"id":4711,"version":1,"status":"REQUIRES_ACTIVATION","customer_id":"crm-10023","contract_email":"david@example.net","main_address":{"id":7001,"city":"Laval"},"billing_address_models":[{"id":7003,"city":"Boston","selected":false}],"contracts":[{"id":301}]}`, r.body)

	r = pinSend(t, s, "POST", pinUpdate, `{"customer_id":"crm-10023","main_address":{"city":"Laval"}}`)
	assert.JSONEq(t, `{"id":4711,"version":2,"status":"REQUIRES_ACTIVATION","customer_id":"crm-10023","main_address":{"id":7004,"city":"Laval"}}`, r.body)
	empty(t, 404, pinSend(t, s, "GET", pinGet+"?email=david@example.net", ""))
}

func TestSimplePinUpdateByQuery(t *testing.T) {
	s := start(t, sandbox.SimplePinUpdateByQuery)
	pinPost(t, s, pinAdd, pinMinimal)
	empty(t, 403, pinSend(t, s, "POST", pinUpdate, `{"customer_id":"crm-10024"}`))
	pinPost(t, s, pinUpdate+"?customer_id=crm-10024", `{}`)
	pinPost(t, s, pinUpdate+"?customer_id=crm-10024", `{"customer_id":"crm-10024"}`)
}

func TestSimplePinSinceUTC(t *testing.T) {
	s := start(t, sandbox.SimplePinSinceUTC)
	p := pinPost(t, s, pinAdd, pinFull)
	assert.Equal(t, "2020-01-31T05:00:00.000Z", p.CustomerSince)
	p = pinPost(t, s, pinUpdate+"?customer_id=crm-10023", `{"phone_number":"+15145550163"}`)
	assert.Equal(t, "2020-01-31T05:00:00.000Z", p.CustomerSince)
	assert.Empty(t, pinPost(t, s, pinAdd, pinMinimal).CustomerSince)
}

func TestSimplePinCommonStatuses(t *testing.T) {
	s := start(t, sandbox.SimplePinCommonStatuses)
	pinPost(t, s, pinAdd, pinFull)
	pinPost(t, s, pinAdd, pinMinimal)
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
		answer     string
	}{
		"no JSON":                  {pinAdd, "{", nil, 400, `{"message":"Bad Request"}`},
		"date":                     {pinAdd, `{"customer_since":"2020-01-31"}`, nil, 400, `{"message":"Bad Request"}`},
		"unknown country":          {pinAdd, `{"main_address":{"country":99}}`, nil, 400, `{"message":"Bad Request"}`},
		"changed, no JSON":         {pinUpdate + "?customer_id=crm-10023", "{", nil, 400, `{"message":"Bad Request"}`},
		"changed, country":         {pinUpdate, `{"customer_id":"crm-10023","main_address":{"country":99}}`, nil, 400, `{"message":"Bad Request"}`},
		"two customers in one":     {pinUpdate + "?customer_id=crm-10023", `{"customer_id":"crm-1"}`, nil, 400, `{"message":"Bad Request"}`},
		"again":                    {pinAdd, `{"customer_id":"crm-10023"}`, nil, 409, `{"message":"Conflict"}`},
		"somebody else's e-mail":   {pinAdd, `{"contract_email":"ama.kouassi@example.com"}`, nil, 409, `{"message":"Conflict"}`},
		"changed, somebody else's": {pinUpdate, `{"customer_id":"crm-10023","contract_email":"ama.kouassi@example.com"}`, nil, 409, `{"message":"Conflict"}`},
		"no XML":                   {pinAdd, "{}", []string{"Content-Type", "application/xml"}, 400, `{"message":"Bad Request"}`},
		"form":                     {pinAdd, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, ""},
		"page wanted":              {pinAdd, "{}", []string{"Accept", "text/html"}, 406, ""},
		"nobody":                   {pinUpdate, `{"customer_id":"crm-1"}`, nil, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := pinSend(t, s, "POST", c.path, c.body, c.headers...)
			if c.answer == "" {
				empty(t, c.status, r)
				return
			}
			assert.Equal(t, c.status, r.status)
			assert.Equal(t, c.answer, r.body)
			assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
		})
	}
	for _, path := range []string{"/v2/location/countries", "/v2/location/provinces?locale=EN"} {
		assert.Equal(t, 400, pinSend(t, s, "GET", path, "").status)
	}
	assert.JSONEq(t, pinStored, pinSend(t, s, "GET", pinGet+"?customer_id=crm-10023", "").body, "nothing was changed")
}

// Names in another case are as unknown as any other, at any depth.
func TestSimplePinNames(t *testing.T) {
	s := start(t)
	p := pinPost(t, s, pinAdd, `{"customer_id":"crm-1","Customer_Name":7,"CUSTOMER_ID":"crm-2","main_address":{"City":"Laval","zip":"H2X 1Y4"},`+
		`"billing_addresses":[{"CITY":"Laval","city":"Quebec"}],"Contracts":[{"name":"x"}],"contracts":[{"Name":"x"}]}`)
	assert.Equal(t, "crm-1", p.CustomerID)
	assert.Empty(t, p.CustomerName)
	assert.Equal(t, simplepin.AddressAPIV2Model{ID: p.MainAddress.ID, Zip: "H2X 1Y4"}, p.MainAddress)
	assert.Equal(t, "Quebec", p.BillingAddressModels[0].City)
	assert.Equal(t, []simplepin.CCContractV2Model{{ID: p.Contracts[0].ID}}, p.Contracts)

	pinPost(t, s, pinUpdate, fmt.Sprintf(`{"customer_id":"crm-1","Phone_Number":"x","billing_addresses":[{"id":%d,"City":"Laval","zip":"G1K 4A1"}]}`, p.BillingAddressModels[0].ID))
	p = pinProfile(t, pinSend(t, s, "GET", pinGet+"?customer_id=crm-1", ""))
	assert.Empty(t, p.PhoneNumber)
	assert.Equal(t, "Quebec", p.BillingAddressModels[0].City)
	assert.Equal(t, "G1K 4A1", p.BillingAddressModels[0].Zip)
}

func TestSimplePinConcurrently(t *testing.T) {
	s := start(t)
	pinPost(t, s, pinAdd, pinMinimal)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				id := fmt.Sprintf("crm-%d-%d", i, j)
				body := `{"customer_id":"` + id + `","billing_addresses":[{"selected":true}]}`
				assert.Equal(t, 200, pinSend(t, s, "POST", pinAdd, body).status)
				update := `{"customer_id":"crm-10024","billing_addresses":[{"selected":true}]}`
				assert.Equal(t, 200, pinSend(t, s, "POST", pinUpdate, update).status)
				assert.Equal(t, 200, pinSend(t, s, "GET", pinGet+"?customer_id="+id, "").status)
			}
		})
	}
	wg.Wait()
	p := pinProfile(t, pinSend(t, s, "GET", pinGet+"?customer_id=crm-10024", ""))
	assert.EqualValues(t, 80, p.Version)
	assert.Len(t, p.BillingAddressModels, 80)
}
