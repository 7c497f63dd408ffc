package transport_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/transport"
)

// logTo makes a hook that logs every attempt: failures as warnings, all others for debugging.
func logTo(logger *slog.Logger) func(context.Context, transport.Exchange) {
	return func(ctx context.Context, e transport.Exchange) {
		level := slog.LevelDebug
		if e.Err != nil || e.Status >= 400 {
			level = slog.LevelWarn
		}
		logger.LogAttrs(ctx, level, "attempt",
			slog.String("provider", e.Provider), slog.String("operation", string(e.Op)),
			slog.String("method", e.Method), slog.Int("status", e.Status), slog.String("request_id", e.RequestID),
			slog.Int("attempt", e.Attempt), slog.String("reason", e.Reason), slog.String("next", e.Next),
			slog.Duration("duration", e.Duration), slog.Any("error", e.Err))
	}
}

// Every attempt, with the reason for it and what was decided afterwards, in the log.
func ExampleExchange_log() {
	answers := []int{http.StatusServiceUnavailable, http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answers[0])
		answers = answers[1:]
		_, _ = w.Write([]byte(`{"id": "cust_1"}`))
	}))
	defer server.Close()

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { // what differs from run to run, or does not matter here
			if slices.Contains([]string{slog.TimeKey, "duration", "request_id", "error"}, a.Key) {
				return slog.Attr{}
			}
			return a
		},
	}))
	client, err := stancer.Open(stancer.Config{
		APIKey: "stest_notARealKey", BaseURL: server.URL,
		Options: transport.Options{Hook: logTo(logger), Retry: transport.Retry{Delay: 1}},
	})
	if err != nil {
		panic(err)
	}
	_, _ = client.Get(context.Background(), "cust_1")
	// Output:
	// level=WARN msg=attempt provider=stancer operation=get method=GET status=503 attempt=1 reason="first attempt" next="again in 0s: status 503"
	// level=DEBUG msg=attempt provider=stancer operation=get method=GET status=200 attempt=2 reason="status 503" next=""
}

// Keys that change while a program runs come from a function; fixed ones are asked for at once, so that a wrong one is
// told when the client is opened.
func ExampleKeys() {
	for _, key := range []string{"", "key"} {
		_, err := transport.Keys(true, func(context.Context) (http.Header, error) {
			return transport.Basic(key, ""), transport.CheckSecret("shop", "Key", key)
		})
		fmt.Println(err)
	}
	// Output:
	// shop: invalid configuration: Key: is missing
	// <nil>
}

// A key is traded for a token, which is fetched at first use, before it ends, and after a 401.
func ExampleBearer() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	auth := transport.Bearer(func(context.Context) (transport.Token, error) {
		fmt.Println("trading the key")
		return transport.NewToken("token-1") // a JSON Web Token tells its lifetime
	})
	wire, err := transport.New("shop", server.URL, auth, transport.Options{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer wire.Close()
	for range 2 {
		req, err := http.NewRequest(http.MethodGet, wire.Base()+"/people", nil)
		if err != nil {
			log.Fatal(err)
		}
		resp, err := wire.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	// Output:
	// trading the key
	// GET /people Bearer token-1
	// GET /people Bearer token-1
}

// Header fields that have to be fetched, here from a vault that is closed: nothing is sent, and the error does not tell
// what the vault said.
func ExampleFetched() {
	auth := transport.Fetched(func(context.Context) (http.Header, error) {
		return nil, errors.New("no such secret: shop-key-17")
	})
	wire, err := transport.New("shop", "https://shop.example.com", auth, transport.Options{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, wire.Base()+"/people", http.NoBody)
	if err != nil {
		log.Fatal(err)
	}
	_, err = wire.Do(req)
	fmt.Println(err)
	// Output: unauthenticated (not sent): Config.Credentials failed; the cause is not shown
}

// A driver that has to ask the provider for something first, such as its number for a country, does not while it plans.
func ExampleLookUp() {
	number := func(ctx context.Context, country string) (int, error) {
		if transport.Planning(ctx) {
			transport.LookUp(ctx, customers.FieldAddressCountry)
			return 0, nil // a placeholder
		}
		return 1, nil // asked for
	}
	draft, err := transport.Plan(context.Background(), customers.Profile{Address: customers.Address{Country: "CI"}},
		func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
			n, err := number(ctx, p.Address.Country)
			if err != nil {
				return nil, err
			}
			wire, err := transport.New("shop", "https://shop.example.com", transport.Auth{}, transport.Options{}, nil)
			if err != nil {
				return nil, err
			}
			body := strings.NewReader(fmt.Sprintf(`{"country":%d}`, n))
			_, err = transport.Call[struct{}](ctx, wire, customers.OpCreate, func(ctx context.Context) (*http.Response, error) {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, wire.Base()+"/people", body)
				if err != nil {
					return nil, err
				}
				return wire.Do(req)
			}, nil)
			return nil, err
		})
	fmt.Println(string(draft.Body), draft.LookedUp, err)
	// Output: {"country":0} [address.country] <nil>
}
