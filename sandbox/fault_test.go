package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/specs"
)

const stancerNew = `{"email":"david@example.net"}`

// parse reads faults that must be in order.
func parse(t *testing.T, texts ...string) (faults []sandbox.Fault) {
	t.Helper()
	for _, text := range texts {
		f, err := sandbox.ParseFault(text)
		require.NoError(t, err)
		assert.Equal(t, text, f.String())
		faults = append(faults, f)
	}
	return faults
}

func TestParseFaultRefuses(t *testing.T) {
	var (
		what        = "what happens must be a status from 200 to 599, a status/example, delay=…, reset, html, empty, truncated or malformed"
		target      = `before "=" must stand provider.operationId, provider.* or *`
		probability = "the probability must be a number from 0 to 1"
		delay       = "the delay must be a duration such as 2s or 150ms"
		provider    = "there is no such provider, only " + strings.Join(specs.Providers(), ", ")
	)
	for text, want := range map[string]string{
		"": what, "=": target, "*=": what, "503 ": what, "199": what, "600": what, "-503": what, "409/": what, "after": what,
		"slow": what, "RESET": what, "reset=1s": target, "503=": target, "stancer.=503": target, ".x=503": provider,
		"paypal.*=503": provider, "*.get=503": provider, "stancer=503": target,
		"503:": probability, "503:2": probability, "503:-0.1": probability, "503:NaN": probability, "503:0.1:0.2": probability,
		"delay=": delay, "delay=2": delay, "delay=-1s": delay, "*=delay=x:0.5": delay, "delay=1s-after": delay,
		"empty-after": "empty is always after the provider did its work",
	} {
		_, err := sandbox.ParseFault(text)
		assert.EqualError(t, err, `fault "`+text+`": `+want)
	}
}

func TestFaultsThatCannotBe(t *testing.T) {
	for _, text := range []string{"stancer.createCustomr=503", "stancer.createCustomer=409/none", "stancer.getCustomer=409/duplicate", "*=409/none"} {
		_, err := sandbox.New(sandbox.Config{Faults: parse(t, text)})
		assert.EqualError(t, err, `fault "`+text+`": no contract has such an operation, or such an example of it`)
	}
	_, err := sandbox.New(sandbox.Config{Faults: parse(t, "stancer.*=418", "*=409/duplicate:0.1", "stancer.createCustomer=418")})
	require.NoError(t, err)

	s := start(t)
	for text, want := range map[string]string{
		"oops":        `fault "oops": what happens must be`,
		"409/none":    `fault "409/none": the contract of createCustomer has no such example`,
		"*=404/other": `fault "*=404/other": the contract of createCustomer has no such example`,
	} {
		r := stancerSend(t, s, stancerNew, sandbox.FaultHeader, text)
		assert.Equal(t, 400, r.status)
		assert.Contains(t, r.body, want)
	}
	assert.Empty(t, s.Customers("stancer"))
	assert.False(t, s.Journal()[0].Processed)
}

// stancerSend creates a customer; its answer is the zero reply if there is none.
func stancerSend(t *testing.T, s *sandbox.Sandbox, body string, headers ...string) (r reply) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.Stancer.URL+"/v1/customers", strings.NewReader(body))
	require.NoError(t, err)
	req.SetBasicAuth(s.Stancer.APIKey, "")
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return reply{}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		b = append(b, " … "+err.Error()...)
	}
	return reply{res.StatusCode, res.Header, string(b)}
}

func TestFaults(t *testing.T) {
	const (
		failure   = `{"error":{"message":"Internal server error","type":"invalid_request_error"}}`
		duplicate = `{"error":{"message":{"error":"Customer already exists, you may want to update it instead creating a new one","id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk"},"type":"invalid_request_error"}}`
		media     = "application/json; charset=utf-8"
	)
	for fault, want := range map[string]struct {
		status    int // 0 is no answer
		mediaType string
		body      string // contained
		processed bool
	}{
		"500":                 {500, media, failure, false},
		"500/failure":         {500, media, failure, false},
		"500-after":           {500, media, failure, true},
		"409/duplicate":       {409, media, duplicate, false},
		"409/duplicate-after": {409, media, duplicate, true},
		"200/documented":      {200, media, `"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk"`, false},
		"418":                 {418, "", "", false},
		"204":                 {204, "", "", false},
		"html":                {502, "text/html; charset=utf-8", "<h1>Bad Gateway</h1>", false},
		"html-after":          {502, "text/html; charset=utf-8", "<h1>Bad Gateway</h1>", true},
		"reset":               {0, "", "", false},
		"reset-after":         {0, "", "", true},
		"empty":               {200, media, "", true},
		"truncated":           {200, media, " … unexpected EOF", true},
		"malformed":           {200, media, `"live_mode":false`, true},
		"delay=1ms":           {200, media, `"live_mode":false}`, true},
	} {
		for how, config := range map[string]sandbox.Config{
			"header": {}, "configured": {Faults: parse(t, "stancer.getCustomer=503", "stancer.createCustomer="+fault)},
		} {
			t.Run(fault+" "+how, func(t *testing.T) {
				s := startWith(t, config)
				headers := []string{}
				if how == "header" {
					headers = []string{sandbox.FaultHeader, fault}
				}
				r := stancerSend(t, s, stancerNew, headers...)
				assert.Equal(t, want.status, r.status)
				assert.Contains(t, r.body, want.body)
				assert.Equal(t, want.body == "", r.body == "")
				assert.Equal(t, want.mediaType, r.header.Get("Content-Type"))
				if want.mediaType == media && want.body != "" {
					broken := fault == "malformed" || fault == "truncated"
					assert.Equal(t, !broken, json.Valid([]byte(r.body)))
				}

				journal := s.Journal()
				require.Len(t, journal, 1)
				e := journal[0]
				assert.Equal(t, fault, e.Fault)
				assert.Equal(t, want.processed, e.Processed)
				assert.Equal(t, want.status, e.Status)
				kept := s.Customers("stancer")
				if !want.processed {
					assert.Empty(t, kept)
					return
				}
				require.Len(t, kept, 1)
				assert.Equal(t, "david@example.net", kept[0].Email)
			})
		}
	}
}

func TestFaultAsksToWait(t *testing.T) {
	s := start(t)
	r := stancerSend(t, s, stancerNew, sandbox.FaultHeader, "429")
	assert.Equal(t, 429, r.status)
	assert.Equal(t, "1", r.header.Get("Retry-After"))
}

// A fault is for those that it names; the one in the header goes before those of the configuration.
func TestFaultTargets(t *testing.T) {
	for fault, strikes := range map[string]bool{
		"503": true, "*=503": true, "stancer.*=503": true, "stancer.createCustomer=503": true,
		"stancer.getCustomer=503": false, "fatora.*=503": false, "503:0": false, "503:1": true,
	} {
		t.Run(fault, func(t *testing.T) {
			byHeader := startWith(t, sandbox.Config{Faults: parse(t, "*=500")})
			configured := startWith(t, sandbox.Config{Faults: parse(t, fault, "500")})
			want := map[bool]int{true: 503, false: 500}[strikes]
			assert.Equal(t, want, stancerSend(t, byHeader, stancerNew, sandbox.FaultHeader, fault).status)
			assert.Equal(t, want, stancerSend(t, configured, stancerNew).status)
		})
	}
}

// A named example of everything strikes the operations that have it.
func TestFaultOfSome(t *testing.T) {
	s := startWith(t, sandbox.Config{Faults: parse(t, "*=409/duplicate")})
	assert.Equal(t, 409, stancerSend(t, s, stancerNew).status)
	r := send(t, "GET", s.Stancer.URL+"/v1/customers/5", "", "Authorization", basic(s.Stancer.APIKey, ""))
	assert.Equal(t, 404, r.status)
	assert.Empty(t, s.Journal()[1].Fault)
	assert.Equal(t, 404, send(t, "GET", s.Stancer.URL+"/elsewhere", "", "Authorization", basic(s.Stancer.APIKey, "")).status)
}

// The same numbers give the same faults, as often as the probability says.
func TestFaultChance(t *testing.T) {
	struck := func() string {
		source := rand.New(rand.NewPCG(1, 2))
		s := startWith(t, sandbox.Config{Faults: parse(t, "stancer.*=500:0.25"), Rand: source.Float64})
		for range 100 {
			stancerSend(t, s, stancerNew)
		}
		var faults strings.Builder
		for _, e := range s.Journal() {
			faults.WriteString(e.Fault + ",")
		}
		return faults.String()
	}
	first := struck()
	assert.InDelta(t, 25, strings.Count(first, "500"), 15)
	assert.Equal(t, first, struck())

	s := startWith(t, sandbox.Config{Faults: append(parse(t, "500:0"), sandbox.Fault{}), Rand: func() float64 { return 0 }})
	assert.Equal(t, 200, stancerSend(t, s, stancerNew).status)
}

// Under another server, too, the connection is closed.
func TestFaultResetOfAHandler(t *testing.T) {
	s, err := sandbox.New(sandbox.Config{Faults: parse(t, "reset")})
	require.NoError(t, err)
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		s.Handler("stancer").ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/customers/5", nil))
	})
}

// A client that does not wait for the delay has not reached the provider.
func TestFaultDelayGivenUp(t *testing.T) {
	s := startWith(t, sandbox.Config{Faults: parse(t, "delay=30s")})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", s.Stancer.URL, nil)
	require.NoError(t, err)
	_, err = http.DefaultTransport.RoundTrip(req)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, s.Shutdown(t.Context()), "the handler has ended")
	assert.Empty(t, s.Journal())
}

// Every example of every contract is served byte for byte, to whoever takes its media type, and held against the contract.
func TestFaultExamples(t *testing.T) {
	s := start(t)
	for provider, url := range map[string]string{
		"digitalpaye": s.Digitalpaye.URL, "fatora": s.Fatora.URL, "simplepin": s.SimplePin.URL, "stancer": s.Stancer.URL,
	} {
		spec, err := contract.Load(provider)
		require.NoError(t, err)
		for _, op := range spec.Operations() {
			for _, e := range spec.Examples(op.ID) {
				what := strings.TrimSuffix(strconv.Itoa(e.Status)+"/"+e.Name, "/")
				path := strings.NewReplacer("{id}", "5", "{client_id}", "5").Replace(op.Path)
				r := send(t, op.Method, url+path, "", "Accept", e.ContentType, sandbox.FaultHeader, what)
				assert.Equal(t, e.Status, r.status, "%s %s %s", provider, op.ID, what)
				assert.Equal(t, string(e.Body), r.body, "%s %s %s", provider, op.ID, what)
				if e.ContentType != "" {
					assert.Equal(t, e.ContentType+"; charset=utf-8", r.header.Get("Content-Type"))
				}
			}
		}
	}
}

func TestCustomers(t *testing.T) {
	s := start(t)
	assert.Nil(t, s.Customers("paypal"))

	stancerSend(t, s, `{"email":"david@example.net","external_id":"crm-1"}`)
	id := jsonText(t, send(t, "POST", s.Stancer.URL+"/v1/customers", stancerNew, "Authorization", basic(s.Stancer.LiveKey, "")).body, "id")
	stancers := s.Customers("stancer")
	require.Len(t, stancers, 2)
	assert.Contains(t, stancers, sandbox.Customer{ID: id, Email: "david@example.net"})
	assert.Less(t, stancers[0].ID, stancers[1].ID)

	pinPost(t, s, pinAdd, pinMinimal)
	pinPost(t, s, pinAdd, `{"contract_email":"nobody@example.com"}`)
	assert.Equal(t, []sandbox.Customer{
		{Email: "nobody@example.com"}, {ID: "crm-10024", Reference: "crm-10024", Email: "ama.kouassi@example.com"},
	}, s.Customers("simplepin"))

	fatSender(t, s)(t, "POST", "/v1/clients", `{"name":"Ama Kouassi","email":"ama.kouassi@example.com"}`)
	assert.Equal(t, []sandbox.Customer{{ID: "1001", Email: "ama.kouassi@example.com"}}, s.Customers("fatora"))

	digitalpayeCreate(t, s, "/v1/customer", digitalpayeAma, digitalpayeLogin(t, s))
	require.Len(t, s.Customers("digitalpaye"), 1)
	assert.Equal(t, "ama.kouassi@example.com", s.Customers("digitalpaye")[0].Email)
}
