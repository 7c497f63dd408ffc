package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

func TestDemo(t *testing.T) {
	var out strings.Builder
	require.NoError(t, demo(t.Context(), &out, false))
	for _, want := range []string{
		"POST /v1/customers/create", "POST /v2/customer/update", "PATCH /v1/customers/{id}", "DELETE /v1/clients/{client_id}",
		"31 exchanges", "found by list", "KEEPS", "unproven",
	} {
		assert.Contains(t, out.String(), want)
	}
}

// TestDemoJSON also shows that every operation of every provider is in the demo.
func TestDemoJSON(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, demo(t.Context(), &out, true))
	seen := map[string]bool{}
	for line := range bytes.Lines(out.Bytes()) {
		var s step
		require.NoError(t, json.Unmarshal(line, &s))
		assert.NotZero(t, s.Status)
		assert.NotContains(t, s.Path, "{", "the path as it was sent")
		seen[s.Provider+" "+s.Operation] = true
	}
	sb, err := sandbox.New(sandbox.Config{})
	require.NoError(t, err)
	sb.SimplePin.URL = "https://staging.example.com/api"
	participants, err := open(sb)
	require.NoError(t, err)
	for _, p := range participants {
		for _, o := range p.client.Capabilities().Operations {
			assert.True(t, seen[p.client.Provider()+" "+string(o.Op)], "%s %s is not shown", p.client.Provider(), o.Op)
		}
	}
}

// roundTripper makes a function the wire.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestDemoNoticesADifference(t *testing.T) {
	for name, test := range map[string]struct {
		tamper roundTripper
		want   string
	}{
		"a request that nobody reported": {func(r *http.Request) (*http.Response, error) {
			twice, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.URL.String(), nil)
			if err != nil {
				return nil, err
			}
			if resp, err := http.DefaultTransport.RoundTrip(twice); err == nil {
				resp.Body.Close()
			}
			return http.DefaultTransport.RoundTrip(r)
		}, "create: the client reported 1 exchanges, the sandbox saw 2"},
		"another status than was sent": {func(r *http.Request) (*http.Response, error) {
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err == nil {
				resp.StatusCode = http.StatusCreated
			}
			return resp, err
		}, "create: the client reported POST with status 201, the sandbox saw POST /v1/customers/ with 200"},
		"a request that breaks the contract": {func(r *http.Request) (*http.Response, error) {
			r.URL.RawQuery = "force=1"
			return http.DefaultTransport.RoundTrip(r)
		}, "create: POST /v1/customers/ breaks the contract: [query/force: parameters]"},
		"another request than was meant": {func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				r.Method = http.MethodDelete
			}
			return http.DefaultTransport.RoundTrip(r)
		}, "get: stancer: get: contract broken"},
	} {
		t.Run(name, func(t *testing.T) {
			sb, err := sandbox.Start(sandbox.Config{})
			require.NoError(t, err)
			defer sb.Close()
			hooked := new([]transport.Exchange)
			client, err := stancer.Open(stancer.Config{
				APIKey: sb.Stancer.APIKey, BaseURL: sb.Stancer.URL,
				Options: transport.Options{
					RoundTripper: test.tamper,
					Hook:         func(_ context.Context, e transport.Exchange) { *hooked = append(*hooked, e) },
				},
			})
			require.NoError(t, err)
			r := &run{
				participant: participant{
					client: client, hooked: hooked, profile: customers.Profile{Email: "david@example.net"},
					patch: customers.Patch{Email: customers.To("david.coaster@example.net")},
				},
				sandbox: sb, report: newReport(new(bytes.Buffer), true),
			}
			assert.ErrorContains(t, r.all(t.Context()), test.want)
		})
	}
}
