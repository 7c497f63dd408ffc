package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/drift"
	"github.com/contract-first/customers/sandbox"
)

// command runs the real command within the test.
func command(t *testing.T, stdin string, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr strings.Builder
	status = execute(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func recording(name string) string { return filepath.Join("../../contract/drift/testdata", name) }

// squeeze makes columns independent of the widths of other cells.
func squeeze(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return strings.Join(lines, "\n")
}

func TestCheckRecordings(t *testing.T) {
	for file, test := range map[string]struct {
		provider, want, errs string
		args                 []string
	}{
		"chrome.har": {"stancer", `OPERATION IN PLACE RULE SEEN FIRST SUGGESTION
createCustomer response 200 /loyalty_tier additionalProperties false 1× in 1 of 1 exchange 3, 2026-01-31T09:00:00Z not declared, always a string: declare it as an optional property of type string, with x-evidence observed
getCustomer response 200 /live_mode nullable false 1× in 1 of 1 exchange 4, 2026-01-31T09:00:00Z null: declare nullable: true, with x-evidence observed
getCustomer response 200 /loyalty_tier additionalProperties false 1× in 1 of 1 exchange 4, 2026-01-31T09:00:00Z not declared, always a string: declare it as an optional property of type string, with x-evidence observed

Seen as the contract says (what may be called observed: docs/evidence.md):
createCustomer request: /email /name
createCustomer response 200: /created /email /id /live_mode /mobile /name
getCustomer response 200: /created /email /id /mobile /name

4 exchanges with stancer checked, 3 findings.
createCustomer: 1
deleteCustomer: 1
getCustomer: 2
Not recorded, so not checked: credentials, 5×.
Not recorded, so not checked: response, 1×.
Not recorded, so not checked: response body, 1×.
Skipped: api.stancer.com: a browser's preflight, 1×.
Skipped: shop.example.com: another host, 1×.
`, "customers: stancer: 3 findings\n", nil},
		"firefox.har": {"fatora", `OPERATION IN PLACE RULE SEEN FIRST SUGGESTION
createClient request header/Content-Type content application/json 1× in 1 of 1 exchange 2, 2026-02-01T09:00:00Z answered with success 1×: seen as application/x-www-form-urlencoded: declare the media type, with x-evidence observed
listClients response 200 /clients/*/vat_number additionalProperties false 3× in 1 of 1 exchange 1, 2026-02-01T09:00:00Z not declared, always null: declare it as an optional property, with x-evidence observed
listClients response 200 /clients/*/vip additionalProperties false 3× in 1 of 1 exchange 1, 2026-02-01T09:00:00Z not declared, always a boolean: declare it as an optional property of type boolean, with x-evidence observed

Seen as the contract says (what may be called observed: docs/evidence.md):
listClients response 200: /clients /clients/* /clients/*/email /clients/*/id /clients/*/name /status

2 exchanges with fatora checked, 3 findings.
createClient: 1
listClients: 1
Not recorded, so not checked: response body, 1×.
`, "customers: fatora: 3 findings\n", nil},
		"mitmproxy.har": {"simplepin", `OPERATION IN PLACE RULE SEEN FIRST SUGGESTION
getCustomer response 200 /segment additionalProperties false 2× in 2 of 2 exchange 1, 2026-03-01T10:00:00Z not declared, always a string: declare it as an optional property of type string, with x-evidence observed

Seen as the contract says (what may be called observed: docs/evidence.md):
getCustomer response 200: /customer_id /customer_name /id

3 exchanges with simplepin checked, 1 finding.
getCustomer: 3
Not recorded, so not checked: response body, 1×.
`, "customers: simplepin: 1 finding\n", []string{"--host", "pay.example.com"}},
	} {
		t.Run(file, func(t *testing.T) {
			status, out, errs := command(t, "", append([]string{"check", "--provider", test.provider, recording(file)}, test.args...)...)
			assert.Equal(t, 1, status)
			assert.Equal(t, test.want, squeeze(out))
			assert.Equal(t, test.errs, errs)
		})
	}
}

func TestCheckSeveralInputs(t *testing.T) {
	const good = `{"method":"GET","url":"https://api.stancer.com/v1/customers/x","status":401,` +
		`"response_headers":{"Content-Type":"application/json"},"response_body":"{\"error\":{\"message\":\"no\"}}"}`
	status, out, errs := command(t, good, "check", "--provider", "stancer", "-")
	assert.Equal(t, 0, status)
	assert.Contains(t, out, "1 exchange with stancer checked, 0 findings.")
	assert.Contains(t, out, "getCustomer response 401: /error /error/message")
	assert.Empty(t, errs)

	status, out, _ = command(t, good, "check", "--provider", "stancer", "-", recording("chrome.har"))
	assert.Equal(t, 1, status)
	assert.Contains(t, out, "5 exchanges with stancer checked, 3 findings.", "the sum of both")
	assert.Contains(t, out, "  "+recording("chrome.har")+", exchange 3, 2026-01-31T09:00:00Z  ", "which of both")
}

// TestCheckAsksWhatTheContractAsks holds a sentence of the help: no contract declares format: email for an answer.
func TestCheckAsksWhatTheContractAsks(t *testing.T) {
	for provider, exchange := range map[string]drift.Exchange{
		"digitalpaye": {URL: "/v1/customers/4f6c2d58-6c3d-4d6a-9a5e-1f2b3c4d5e6f", ResponseBody: []byte(`{"data":{"email":"ama"}}`)},
		"fatora":      {URL: "/v1/clients/7", ResponseBody: []byte(`{"client":{"email":"ama"}}`)},
		"simplepin":   {URL: "/api/v2/customer/get?customer_id=7", ResponseBody: []byte(`{"contract_email":"ama"}`)},
		"stancer":     {URL: "/v1/customers/x", ResponseBody: []byte(`{"email":"ama"}`)},
	} {
		exchange.Method, exchange.Status, exchange.ResponseHeader = "GET", 200, http.Header{"Content-Type": {"application/json"}}
		line, err := json.Marshal(exchange)
		require.NoError(t, err)
		_, out, _ := command(t, string(line), "check", "--provider", provider, "-")
		assert.Regexp(t, `(?m)^  \S.* response 200: .*email`, out, provider)
	}
}

func TestCheckJSON(t *testing.T) {
	status, out, _ := command(t, "", "check", "--provider", "stancer", "--json", recording("chrome.har"))
	assert.Equal(t, 1, status)
	var report struct {
		Provider string
		drift.Report
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.Equal(t, "stancer", report.Provider)
	require.Len(t, report.Findings, 3)
	assert.Equal(t, drift.Finding{
		Operation: "getCustomer", Direction: "response", Status: 200, Pointer: "/live_mode", Rule: "nullable", Bound: "false",
		Times: 1, Exchanges: 1, Of: 1, First: drift.Entry{Number: 4, Time: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)},
		Suggestion: "null: declare nullable: true, with x-evidence observed",
	}, report.Findings[1])
	assert.Contains(t, report.Skipped, drift.Skipped{Host: "shop.example.com", Reason: drift.SkippedHost, Exchanges: 1})
}

func TestCheckTrouble(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.har")
	cut := `{"method":"PUT","url":"/v1/customers/x","status":200}` + "\n{"
	for name, test := range map[string]struct {
		stdin string
		args  []string
		errs  string
		out   string
	}{
		"no provider": {"", []string{"check", "x.har"}, "--provider must be one of digitalpaye, fatora, simplepin, stancer", ""},
		"no input":    {"", []string{"check", "--provider", "stancer"}, "give the files to check, or --live", ""},
		"both inputs": {"", []string{"check", "--provider", "stancer", "--live", "-"}, "give files or --live, not both", ""},
		"live flags":  {"", []string{"check", "--provider", "stancer", "--id", "x", "-"}, "--id, --email and --sandbox are for --live", ""},
		"no flag":     {"", []string{"check", "--provide", "stancer"}, "unknown flag: --provide; see customers check --help", ""},
		"no command":  {"", []string{"nothing"}, `unknown command "nothing" for "customers"`, ""},
		"no file":     {"", []string{"check", "--provider", "stancer", missing}, "open " + missing + ": no such file or directory", ""},
		"no JSON":     {"ama", []string{"check", "--provider", "stancer", "-"}, "standard input: exchange 1: not JSON, after byte 0", ""},
		"no exchange": {" ", []string{"check", "--provider", "stancer", "-"}, "there is no exchange to check", ""},
		"nothing of the provider": {
			`{"method":"GET","url":"https://other.example.com/v1/customers/x"} {"method":"GET","url":"https://api.stancer.com/v1/payments/x"}`,
			[]string{"check", "--provider", "stancer", "-"},
			"nothing was checked, all was skipped: if the provider has another host than api.stancer.com, name it by --host",
			"Skipped: api.stancer.com/v1/*/*: no path of the contract, 1×.\nSkipped: other.example.com: another host, 1×.\n",
		},
		"nothing with an answer": {
			`{"method":"GET","url":"/v1/customers/x"} {"method":"GET","url":"https://other.example.com/"}`,
			[]string{"check", "--provider", "stancer", "-"}, "nothing was checked: no exchange with stancer has an answer to check",
			"0 exchanges with stancer checked, 0 findings.\nNot recorded, so not checked: credentials, 1×.\n" +
				"Not recorded, so not checked: response, 1×.\nSkipped: other.example.com: another host, 1×.\n",
		},
		"nothing but faults of a sandbox": {
			`{"provider":"stancer","fault":"503","method":"GET","url":"/v1/customers/x","request_headers":{"Authorization":"Basic taken-out"},"status":503}`,
			[]string{"check", "--provider", "stancer", "-"}, "nothing was checked: no exchange with stancer has an answer to check",
			"With a fault that a sandbox made on purpose, so the answer not checked: 1×.\n",
		},
		"cut off, and findings before": {
			cut, []string{"check", "--provider", "stancer", "-"},
			"standard input: exchange 2: the file is cut off", "1 exchange with stancer checked, 1 finding.",
		},
		"one that cannot be read, and findings after": {
			`{"method":"GET","url":"ama","status":"ama"}` + cut[:len(cut)-1], []string{"check", "--provider", "stancer", missing, "-"},
			"open " + missing + ": no such file or directory\n" +
				"customers: standard input: exchange 1: status is of another type than it should be, before byte 43",
			"1 exchange with stancer checked, 1 finding.\n  PUT /v1/customers/{id}: 1\n" +
				"Not recorded, so not checked: request body, 1×.\nCannot be read, so not checked: 2×.\n",
		},
		"many that cannot be read": {
			strings.Repeat("{}", 12), []string{"check", "--provider", "stancer", "-"},
			func() string {
				var told []string
				for i := range 10 {
					told = append(told, fmt.Sprintf("standard input: exchange %d: neither an HTTP archive nor an object with method and url", i+1))
				}
				return strings.Join(append(told, "and 2 more that cannot be read"), "\ncustomers: ")
			}(), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errs := command(t, test.stdin, test.args...)
			assert.Equal(t, 2, status)
			assert.Equal(t, "customers: "+test.errs+"\n", errs)
			if test.out == "" {
				assert.Empty(t, out)
			}
			assert.Contains(t, out, test.out)
		})
	}
}

// TestCheckShowsNoValue puts what nobody may see wherever a recording has room for it.
func TestCheckShowsNoValue(t *testing.T) {
	key := "stest_" + strings.Repeat("aB3dE6", 4)
	canaries := []string{"canary.kouassi@example.com", "Canary Kouassi", "+2250102030405", "0102030405", key, "canary-kouassi.example.net"}
	var lines, entries []string
	exchange := func(e drift.Exchange) {
		line, err := json.Marshal(e)
		require.NoError(t, err)
		lines = append(lines, string(line))
		entry := map[string]any{
			"request": map[string]any{
				"method": e.Method, "url": e.URL, "headers": harHeaders(e.RequestHeader), "postData": map[string]any{"text": string(e.RequestBody)},
			},
			"response": map[string]any{
				"status": e.Status, "headers": harHeaders(e.ResponseHeader), "content": map[string]any{"text": string(e.ResponseBody)},
			},
			"pageref": e.URL, "comment": "fault " + e.URL, "startedDateTime": e.URL,
		}
		line, err = json.Marshal(entry)
		require.NoError(t, err)
		entries = append(entries, string(line))
	}
	const base = "https://api.stancer.com/v1/customers/"
	for _, c := range canaries {
		quoted, err := json.Marshal(c)
		require.NoError(t, err)
		bodies := []string{
			string(quoted), `[` + string(quoted) + `]`, `{` + string(quoted) + `:1}`, c, `{"error":{"message":{` + string(quoted) + `:1}}}`,
		}
		for _, name := range []string{"id", "email", "mobile", "name", "external_id", "country", "created", "live_mode", "tier", "error"} {
			bodies = append(bodies, fmt.Sprintf(`{%q:%s}`, name, quoted), fmt.Sprintf(`{%q:{%s:[%s]}}`, name, quoted, quoted))
		}
		for _, body := range bodies {
			for _, media := range []string{"application/json", c} {
				header := http.Header{
					"Content-Type": {media}, "Authorization": {"Basic " + c}, "X-Request-Id": {c}, "Location": {c}, "Set-Cookie": {c},
				}
				exchange(drift.Exchange{
					Method: "POST", URL: base, RequestHeader: header, RequestBody: []byte(body), Status: 200, ResponseHeader: header, ResponseBody: []byte(body),
				})
				exchange(drift.Exchange{Method: "GET", URL: base + "x", Status: 404, ResponseHeader: header, ResponseBody: []byte(body)})
			}
		}
		escaped := url.QueryEscape(c)
		for _, u := range []string{
			base + escaped, base + escaped + "/" + escaped, base + "x?" + escaped + "=" + escaped, base + "x?a=" + escaped + "%zz",
			"https://api.stancer.com/" + escaped, "https://" + escaped + "@api.stancer.com/v1/customers/x", base + "x#" + escaped,
			"https://" + escaped + "@other.example.com/" + escaped, "https://other.example.com/?q=" + escaped, c, "mailto:" + c, "https://[" + c,
		} {
			exchange(drift.Exchange{Method: "GET", URL: u, Status: 299, RequestHeader: http.Header{"Authorization": {c}}})
			exchange(drift.Exchange{Method: c, URL: u, Status: 200})
		}
	}
	har := `{"log":{"comment":"Canary Kouassi","entries":[` + strings.Join(entries, ",") + `]}}`
	inputs := []string{strings.Join(lines, "\n"), har}
	for _, c := range canaries {
		quoted, err := json.Marshal(c)
		require.NoError(t, err)
		q := string(quoted)
		inputs = append(inputs, c, q, `{`+q+`:`+q+`}`, `{"method":"GET","url":"/","status":`+q+`}`, `{"log":`+q+`}`,
			`{"log":{"entries":[{"request":`+q+`}]}}`, `{"method":"GET","url":"/","request_body_base64":`+q+`}`)
	}
	for i, input := range inputs {
		formats := []string{"--json=false", "--json=true"}
		if i > 1 {
			formats = formats[:1] // an error is the same in either
		}
		for _, format := range formats {
			status, out, errs := command(t, input, "check", "--provider", "stancer", format, "-")
			if i < 2 {
				assert.Equal(t, 1, status)
				assert.Contains(t, out, "additionalProperties")
			}
			for _, c := range append(canaries, "kouassi") {
				for _, form := range []string{c, url.QueryEscape(c)} {
					assert.False(t, strings.Contains(strings.ToLower(out+errs), strings.ToLower(form)), "%s of input %d shows %s", format, i, c)
				}
			}
		}
	}
}

func harHeaders(h http.Header) (list []map[string]string) {
	for name, values := range h {
		for _, value := range values {
			list = append(list, map[string]string{"name": name, "value": value})
		}
	}
	return list
}

// pointAt sets the environment of every provider to a sandbox.
func pointAt(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	getenv := environmentOf(sb)
	for _, p := range providers {
		for _, name := range []string{"API_KEY", "API_SECRET", "AUTHORIZATION", "TOKEN", "BASE_URL"} {
			t.Setenv(p.prefix+"_"+name, getenv(p.prefix+"_"+name))
		}
	}
}

func TestCheckLive(t *testing.T) {
	sb, err := sandbox.Start(sandbox.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sb.Close()) })
	pointAt(t, sb)
	participants, err := open(sb)
	require.NoError(t, err)
	ids := map[string]string{}
	for _, p := range participants {
		created, err := p.client.Create(t.Context(), p.profile)
		require.NoError(t, err)
		ids[p.client.Provider()] = created.ID
	}
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"stancer", "--id", ids["stancer"]}, []string{"1 exchange with stancer checked, 0 findings.", "getCustomer: 1", "getCustomer response 200: /created /email"}},
		{[]string{"fatora"}, []string{"authorize: 1", "listClients: 1", "listClients response 200: /clients"}},
		{[]string{"fatora", "--email", "client@example.com"}, []string{"listClients response 200: /clients"}},
		{[]string{"fatora", "--id", ids["fatora"]}, []string{"getClient response 200: "}},
		{[]string{"digitalpaye"}, []string{"createToken: 1", "listCustomers response 200: "}},
		{[]string{"simplepin", "--id", ids["simplepin"]}, []string{"getCustomer response 200: "}},
		{[]string{"simplepin", "--email", "maude.tremblay@example.com"}, []string{"getCustomer response 200: "}},
	} {
		t.Run(strings.Join(test.args[:min(2, len(test.args))], " "), func(t *testing.T) {
			before := len(sb.Journal())
			status, out, errs := command(t, "", append([]string{"check", "--live", "--provider"}, test.args...)...)
			assert.Equal(t, 0, status, out+errs)
			assert.Empty(t, errs)
			for _, want := range test.want {
				assert.Contains(t, out, want)
			}
			for _, e := range sb.Journal()[before:] {
				if e.Operation != "createToken" && e.Operation != "authorize" {
					assert.Equal(t, http.MethodGet, e.Method, "a read, which changes nothing")
				}
			}
		})
	}
}

func TestCheckLiveFindings(t *testing.T) {
	answer := `{"id":"cust_` + strings.Repeat("aB3d", 6) + `","tier":"gold","created":1}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	t.Setenv("STANCER_API_KEY", "stest_"+strings.Repeat("aB3d", 6))
	t.Setenv("STANCER_BASE_URL", server.URL)
	args := []string{"check", "--live", "--provider", "stancer", "--id", "cust_" + strings.Repeat("aB3d", 6)}
	status, out, errs := command(t, "", args...)
	assert.Equal(t, 1, status)
	assert.Contains(t, out, "/tier")
	host := strings.TrimPrefix(server.URL, "http://")
	assert.Contains(t, out, "\nSeen as the contract says (by a host on loopback, so nothing to be called observed):\n")
	assert.NotContains(t, out, "docs/evidence.md")
	assert.Contains(t, out, "1 exchange with stancer checked, 1 finding.\nCalled: "+host+".\n")
	assert.Contains(t, out, "getCustomer response 200: /created /id\n")
	assert.Equal(t, "customers: stancer: 1 finding\n", errs)

	_, out, _ = command(t, "", append(args, "--json")...)
	assert.Contains(t, squeeze(out), "\"called\": [\n\""+host+"\"\n]")

	answer = `{"id":7}`
	status, out, _ = command(t, "", args...)
	assert.Equal(t, 1, status, "a call that failed by what was found")
	assert.Contains(t, out, "always an integer instead of string")

	answer = strings.Repeat(" ", maxRecorded+1)
	status, out, errs = command(t, "", args...)
	assert.Equal(t, 2, status)
	assert.Contains(t, out, "Not recorded, so not checked: response body, 1×.")
	assert.Contains(t, errs, "larger than 1048576 bytes")
}

func TestCheckLiveTrouble(t *testing.T) {
	sb, err := sandbox.Start(sandbox.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sb.Close()) })
	pointAt(t, sb)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"stancer"}, "stancer has no list"},
		{[]string{"stancer", "--email", "ama.kouassi@example.com"}, "stancer has no find by --email"},
		{[]string{"digitalpaye", "--email", "ama.kouassi@example.com"}, "digitalpaye has no find by --email"},
		{[]string{"stancer", "--id", "cust_none"}, "not found"},
	} {
		status, _, errs := command(t, "", append([]string{"check", "--live", "--provider"}, test.args...)...)
		assert.Equal(t, 2, status)
		assert.Contains(t, errs, test.want)
		assert.NotContains(t, errs, "kouassi")
	}
	require.NoError(t, sb.Close())
	status, out, errs := command(t, "", "check", "--live", "--provider", "stancer", "--id", "x")
	assert.Equal(t, 2, status)
	assert.Equal(t, "0 exchanges with stancer checked, 0 findings.\nCalled: "+strings.Split(sb.Stancer.URL, "/")[2]+
		".\nNot recorded, so not checked: response, 1×.\n", out)
	assert.Contains(t, errs, string(customers.ErrUnavailable))
}

func TestEnvironment(t *testing.T) {
	for _, p := range providers {
		for _, name := range []string{"API_KEY", "BEARER_TOKEN", "API_SECRET", "AUTHORIZATION", "TOKEN", "BASE_URL"} {
			t.Setenv(p.prefix+"_"+name, "")
			t.Setenv(p.prefix+"_"+name+"_FILE", "")
		}
	}
	for provider, want := range map[string]string{
		"digitalpaye": "set DIGITALPAYE_API_KEY or DIGITALPAYE_API_KEY_FILE, DIGITALPAYE_API_SECRET or DIGITALPAYE_API_SECRET_FILE (…_FILE names a file that holds it); --sandbox needs none",
		"fatora":      "set FATORA_API_KEY or FATORA_API_KEY_FILE (…_FILE names a file that holds it); --sandbox needs none",
		"simplepin":   "set SIMPLEPIN_AUTHORIZATION or SIMPLEPIN_AUTHORIZATION_FILE, SIMPLEPIN_TOKEN or SIMPLEPIN_TOKEN_FILE, SIMPLEPIN_BASE_URL or SIMPLEPIN_BASE_URL_FILE (…_FILE names a file that holds it); --sandbox needs none",
		"stancer":     "set STANCER_API_KEY or STANCER_API_KEY_FILE (…_FILE names a file that holds it); --sandbox needs none",
	} {
		status, out, errs := command(t, "", "check", "--live", "--provider", provider)
		assert.Equal(t, 2, status)
		assert.Empty(t, out)
		assert.Equal(t, "customers: "+want+"\n", errs)
	}

	t.Setenv("FATORA_API_KEY", "ama")
	t.Setenv("FATORA_BEARER_TOKEN", "kouassi")
	status, _, errs := command(t, "", "list", "--provider", "fatora")
	assert.Equal(t, 3, status)
	assert.Equal(t, "customers: FATORA_BEARER_TOKEN: FATORA_API_KEY is set too: which one holds?\n", errs)

	key := "stest_" + strings.Repeat("aB3d", 6)
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte(key+"\n"), 0o600))
	t.Setenv("STANCER_API_KEY_FILE", file)
	seen := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, _, _ = r.BasicAuth()
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	t.Setenv("STANCER_BASE_URL", server.URL)
	_, _, _ = command(t, "", "check", "--live", "--provider", "stancer", "--id", "x")
	assert.Equal(t, key, seen, "from the file, without the line break")

	t.Setenv("STANCER_API_KEY", key)
	status, _, errs = command(t, "", "check", "--live", "--provider", "stancer", "--id", "x")
	assert.Equal(t, 2, status)
	assert.Equal(t, "customers: STANCER_API_KEY and STANCER_API_KEY_FILE are both set: which one holds?\n", errs)

	t.Setenv("STANCER_API_KEY", "")
	t.Setenv("STANCER_API_KEY_FILE", key)
	status, _, errs = command(t, "", "check", "--live", "--provider", "stancer", "--id", "x")
	assert.Equal(t, 2, status)
	assert.Equal(t, "customers: STANCER_API_KEY_FILE: no such file or directory\n", errs, "the key in the place of a file's name")
}

// TestExitStatusOfDemo: a demo that does not come to its end is an answer, too.
func TestExitStatusOfDemo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs strings.Builder
	assert.Equal(t, 1, execute(ctx, []string{"demo"}, strings.NewReader(""), io.Discard, &errs))
	assert.Contains(t, errs.String(), "customers: demo: ")
}

// TestProviders holds the commands' table against the contracts' own.
func TestProviders(t *testing.T) {
	for name, p := range providers {
		assert.NotEmpty(t, p.host(), name)
		assert.Equal(t, strings.ToUpper(name), p.prefix)
	}
	assert.Len(t, providers, 4)
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:8080": true, "127.9.9.9": true, "[::1]:80": true, "localhost:80": true, "localhost": true,
		"api.stancer.com": false, "api.stancer.com:443": false, "10.0.0.1": false, "localhost.example.com": false, "": false,
	} {
		assert.Equal(t, want, loopback(host), host)
	}
}
