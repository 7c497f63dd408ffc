package transport_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/transport"
)

// BenchmarkCall is one create through checks, generated client, wire and decoding, without a network.
func BenchmarkCall(b *testing.B) {
	header := http.Header{"Content-Type": {"application/json"}}
	inMemory := roundTripper(func(req *http.Request) (*http.Response, error) {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		return &http.Response{
			StatusCode: http.StatusCreated, Header: header, ContentLength: int64(len(record)),
			Body: io.NopCloser(strings.NewReader(record)),
		}, nil
	})
	for name, auth := range map[string]transport.Auth{
		"basic": transport.Static(transport.Basic(secret, "")),
		"bearer": transport.Bearer(func(context.Context) (transport.Token, error) {
			return transport.Token{Value: secret}, nil
		}),
	} {
		b.Run(name, func(b *testing.B) {
			p := newProvider(b, "https://api.example.com", auth, transport.Options{RoundTripper: inMemory})
			body := stancer.CustomerCreate{Email: email, Name: name}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.create(b.Context(), body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
