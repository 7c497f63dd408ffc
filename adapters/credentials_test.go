package adapters_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/sandbox"
)

// keys is what a configuration's function gives: one key, or two.
type keys [2]string

// rotating is a provider whose keys come from a function.
type rotating struct {
	keys func(*sandbox.Sandbox) keys
	open func(url string, get func(context.Context) (keys, error)) (*customers.Client, error)
	// fields are those of the configuration that the keys stand for.
	fields []string
	// calls are what the provider sees of two creates, its keys changed in between.
	calls []string
}

func anyone(provider string) customers.Profile {
	p := customers.Profile{
		Reference: "crm-1", Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com",
		Phone: "+2250102030405",
	}
	if provider == "digitalpaye" {
		p.Address.Country = "CI"
	}
	return p
}

func rotatings() map[string]rotating {
	policy := customers.Policy{AllowLoss: []customers.Field{customers.FieldReference}}
	one := func(get func(context.Context) (keys, error)) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			k, err := get(ctx)
			return k[0], err
		}
	}
	two := func(get func(context.Context) (keys, error)) func(context.Context) (string, string, error) {
		return func(ctx context.Context) (string, string, error) {
			k, err := get(ctx)
			return k[0], k[1], err
		}
	}
	return map[string]rotating{
		"digitalpaye": {
			func(sb *sandbox.Sandbox) keys { return keys{sb.Digitalpaye.APIKey, sb.Digitalpaye.APISecret} },
			func(url string, get func(context.Context) (keys, error)) (*customers.Client, error) {
				return digitalpaye.Open(digitalpaye.Config{Credentials: two(get), BaseURL: url, Policy: policy})
			},
			[]string{"APIKey", "APISecret"},
			[]string{
				"POST /v1/auth 200", "POST /v1/customers/create 200",
				"POST /v1/customers/create 401", "POST /v1/auth 401", "POST /v1/auth 200", "POST /v1/customers/create 200",
			},
		},
		"simplepin": {
			func(sb *sandbox.Sandbox) keys { return keys{sb.SimplePin.Authorization, sb.SimplePin.Token} },
			func(url string, get func(context.Context) (keys, error)) (*customers.Client, error) {
				return simplepin.Open(simplepin.Config{
					Credentials: two(get), BaseURL: url, Locale: "EN"})
			},
			[]string{"Authorization", "Token"},
			[]string{"POST /api/v2/customer/add 200", "POST /api/v2/customer/add 401", "POST /api/v2/customer/add 200"},
		},
		"stancer": {
			func(sb *sandbox.Sandbox) keys { return keys{sb.Stancer.APIKey} },
			func(url string, get func(context.Context) (keys, error)) (*customers.Client, error) {
				return stancer.Open(stancer.Config{Credentials: one(get), BaseURL: url, Policy: policy})
			},
			[]string{"APIKey"},
			[]string{"POST /v1/customers/ 200", "POST /v1/customers/ 401", "POST /v1/customers/ 200"},
		},
		"fatora": {
			func(sb *sandbox.Sandbox) keys { return keys{sb.Fatora.APIKey} },
			func(url string, get func(context.Context) (keys, error)) (*customers.Client, error) {
				return fatora.Open(fatora.Config{Credentials: one(get), BaseURL: url, Policy: policy})
			},
			[]string{"APIKey"},
			[]string{
				"GET /v1/Authorization/Authorize 200", "POST /v1/clients 201",
				"POST /v1/clients 401", "GET /v1/Authorization/Authorize 401", "GET /v1/Authorization/Authorize 200", "POST /v1/clients 201",
			},
		},
	}
}

// TestKeysRotate revokes every key that a running client has, and gives it another.
func TestKeysRotate(t *testing.T) {
	for provider, r := range rotatings() {
		t.Run(provider, func(t *testing.T) {
			old, err := sandbox.Start(sandbox.Config{Contract: parsed})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, errors.Join(old.Verify(), old.Close())) })
			renewed, err := sandbox.Start(sandbox.Config{Contract: parsed})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, errors.Join(renewed.Verify(), renewed.Close())) })

			current, asked := old, 0
			var calls []string
			var mu sync.Mutex
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				noted := httptest.NewRecorder()
				current.Handler(provider).ServeHTTP(noted, req)
				mu.Lock()
				calls = append(calls, fmt.Sprintf("%s %s %d", req.Method, req.URL.Path, noted.Code))
				mu.Unlock()
				for name, values := range noted.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(noted.Code)
				_, _ = w.Write(noted.Body.Bytes())
			}))
			t.Cleanup(server.Close)
			url := server.URL
			if provider == "simplepin" {
				url += "/api"
			}
			client, err := r.open(url, func(context.Context) (keys, error) {
				asked++
				return r.keys(current), nil
			})
			require.NoError(t, err)
			assert.Zero(t, asked)

			_, err = client.Create(t.Context(), anyone(provider))
			require.NoError(t, err)
			assert.Equal(t, 1, asked)
			current = renewed
			_, err = client.Create(t.Context(), anyone(provider))
			require.NoError(t, err)
			assert.Equal(t, 2, asked)
			assert.Equal(t, r.calls, calls)
		})
	}
}

func TestKeysFromAFunctionThatFails(t *testing.T) {
	for provider, r := range rotatings() {
		t.Run(provider, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				t.Error("something was sent")
			}))
			t.Cleanup(server.Close)
			try := func(k keys, fails error) *customers.Error {
				client, err := r.open(server.URL, func(context.Context) (keys, error) { return k, fails })
				require.NoError(t, err, "what a function gives is known when it is called")
				_, err = client.Create(t.Context(), anyone(provider))
				require.ErrorIs(t, err, customers.ErrNotSent)
				for _, verb := range []string{"%v", "%+v", "%#v"} {
					assert.NotContains(t, fmt.Sprintf(verb, err), "canary")
				}
				var e *customers.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, customers.OpCreate, e.Op)
				return e
			}
			cause := errors.New("the vault with canary is closed")
			e := try(keys{}, cause)
			assert.Equal(t, customers.ErrUnauthenticated, e.Kind)
			require.ErrorIs(t, e, cause)
			for i, field := range r.fields {
				k := keys{"stest_canary", "canary"}
				for _, wrong := range []string{k[i] + "\n", ""} {
					k[i] = wrong
					e := try(k, nil)
					assert.Equal(t, customers.ErrConfig, e.Kind)
					require.Len(t, e.Violations, 1)
					assert.Equal(t, field, e.Violations[0].Pointer)
				}
			}
		})
	}
}
