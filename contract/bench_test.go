package contract_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
)

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := contract.Load("stancer"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRoundTrip is one call through a RoundTripper, its answer read, over a network that costs nothing: what is
// beyond "unchecked" is the price of the checks.
func BenchmarkRoundTrip(b *testing.B) {
	sample := func(ext string) []byte {
		data, err := os.ReadFile("../adapters/simplepin/testdata/sample-request." + ext)
		require.NoError(b, err)
		// The page's sample shows the pattern of a date in the place of one.
		return bytes.Replace(data, []byte("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"), []byte("2020-01-31T00:00:00.000-05:00"), 1)
	}
	const customer = `{"id":"cust_9Cle7TXKkjhwqcWx4Kl5cQYk","email":"david@example.net","mobile":"+33639980102",
		"name":"David Coaster","external_id":null,"created":1538562174,"live_mode":false}`
	tests := []struct {
		name, provider, method, url, contentType string
		request                                  []byte
		operation                                string // whose first example is the answer, unless there is one
		answer                                   []byte
	}{
		{
			name: "create", provider: "stancer", method: "POST", url: "https://api.stancer.com/v1/customers/",
			contentType: "application/json", answer: []byte(customer),
			request: []byte(`{"email":"david@example.net","mobile":"+33639980102","name":"David Coaster"}`),
		},
		{
			name: "get", provider: "stancer", method: "GET",
			url:         "https://api.stancer.com/v1/customers/cust_9Cle7TXKkjhwqcWx4Kl5cQYk",
			contentType: "application/json", answer: []byte(customer),
		},
		{
			name: "simplepin JSON", provider: "simplepin", method: "POST", url: "https://staging.simplepin.com/api/v2/customer/add",
			contentType: "application/json", request: sample("json"), operation: "addCustomer",
		},
		{
			name: "simplepin XML", provider: "simplepin", method: "POST", url: "https://staging.simplepin.com/api/v2/customer/add",
			contentType: "application/xml", request: sample("xml"), operation: "addCustomer",
		},
	}
	for _, tt := range tests {
		spec, err := contract.Load(tt.provider)
		require.NoError(b, err)
		for _, e := range spec.Examples(tt.operation) {
			if e.Status == 200 && e.ContentType == tt.contentType && tt.answer == nil {
				tt.answer = e.Body
			}
		}
		require.NotEmpty(b, tt.answer)
		header := http.Header{"Content-Type": {tt.contentType}}
		network := roundTripperFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: 200, Header: header, Request: r,
				Body: io.NopCloser(bytes.NewReader(tt.answer)), ContentLength: int64(len(tt.answer)),
			}, nil
		})
		var told findings
		for _, mode := range []struct {
			name string
			rt   http.RoundTripper
		}{
			{"unchecked", network},
			{"report", &contract.RoundTripper{Spec: spec, PassRequests: true, Report: told.add, Next: network}},
			{"refuse", &contract.RoundTripper{Spec: spec, RefuseResponses: true, Next: network}},
		} {
			b.Run(tt.name+"/"+mode.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r, _ := http.NewRequest(tt.method, tt.url, bytes.NewReader(tt.request))
					r.Header["Authorization"] = []string{"Basic x"}
					r.Header["Token"] = []string{"x"}
					r.Header["Content-Type"] = header["Content-Type"]
					resp, err := mode.rt.RoundTrip(r)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := io.Copy(io.Discard, resp.Body); err != nil {
						b.Fatal(err)
					}
					_ = resp.Body.Close()
				}
			})
			assert.Zero(b, len(told.take()), "all of it is right")
		}
	}
}
