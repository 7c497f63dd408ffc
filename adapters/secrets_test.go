package adapters_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/internal/wiretest"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// What attacks bring to light is looked for by TestHostileServers.

// TestSecretsOfEverydayLife takes what a program has in its hands while all goes well: it can be printed and logged.
func TestSecretsOfEverydayLife(t *testing.T) {
	for _, w := range allWays() {
		if w.bearer {
			continue // as the other way to it
		}
		t.Run(w.provider, func(t *testing.T) {
			cells := record(t, w)
			c := cells[len(cells)-1]
			sb := start(t, sandbox.Config{Dialects: w.dialects})
			var seen []any
			c.sb, c.token = sb, false
			hook := func(_ context.Context, e transport.Exchange) { seen = append(seen, e) }
			client, err := w.client(sb, transport.Options{Hook: hook})
			require.NoError(t, err)
			created, err := client.Create(t.Context(), c.profile)
			require.NoError(t, err)
			c.id = created.ID
			keys, hidden := c.secrets(t)

			_, err = client.Get(t.Context(), unknown(w.provider))
			require.Error(t, err)
			seen = append(seen, err, client, client.Capabilities())
			for _, patch := range c.patches {
				seen = append(seen, client.Update(t.Context(), created.ID, patch))
			}
			wiretest.AssertHidden(t, hidden, seen...)

			// The id of a customer is no secret to a log; JSON of a customer is for the program's own use.
			data := withoutText(hidden, c.id)
			query := customers.Query{Reference: c.profile.Reference, Email: c.profile.Email}
			wiretest.AssertNotPrinted(t, data, c.profile, &c.profile, *created, created, query, &query)
			for _, patch := range c.patches {
				wiretest.AssertNotPrinted(t, data, patch, &patch)
			}

			for _, e := range sb.Journal() {
				e.RequestBody = nil // of customers, which a journal is for
				wiretest.AssertHidden(t, keys, e, e.RequestHeader, string(e.ResponseBody))
			}
		})
	}
}

func withoutText(all []string, text string) (rest []string) {
	for _, s := range all {
		if !strings.Contains(s, text) && !strings.Contains(text, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

// TestSecretsOfConfigurations is about every configuration, by value, by pointer and as it is embedded in a program's own.
func TestSecretsOfConfigurations(t *testing.T) {
	const canary = "canary-in-a-mine"
	const url = "https://example.com/" + canary
	options := transport.Options{RoundTripper: leaky{canary}}
	for name, config := range map[string]any{
		"digitalpaye": digitalpaye.Config{APIKey: canary, APISecret: canary, BaseURL: url, Options: options},
		"simplepin":   simplepin.Config{Authorization: canary, Token: canary, BaseURL: url, Options: options},
		"stancer":     stancer.Config{APIKey: canary, BaseURL: url, Options: options},
		"fatora":      fatora.Config{APIKey: canary, BearerToken: canary, BaseURL: url, Options: options},
		"options":     options,
		"token":       transport.Token{Value: canary},
	} {
		t.Run(name, func(t *testing.T) {
			wiretest.AssertHidden(t, []string{canary}, config, &config, struct{ Payments any }{config}, []any{config})
			_, err := json.Marshal(config)
			assert.NoError(t, err, "it can stand in something that is marshalled")
		})
	}
}

type leaky struct{ key string }

func (leaky) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.ErrUnsupported }

// TestMistakesInConfigurations: what Open refuses, it does not quote.
func TestMistakesInConfigurations(t *testing.T) {
	const canary = "canary in a mine\n"
	for name, open := range map[string]func() error{
		"digitalpaye key": func() error {
			_, err := digitalpaye.Open(digitalpaye.Config{APIKey: canary, APISecret: canary})
			return err
		},
		"digitalpaye secret": func() error {
			_, err := digitalpaye.Open(digitalpaye.Config{APIKey: "key", APISecret: canary})
			return err
		},
		"simplepin": func() error {
			_, err := simplepin.Open(simplepin.Config{Authorization: canary, Token: canary, BaseURL: simplepin.Staging})
			return err
		},
		"stancer":        func() error { _, err := stancer.Open(stancer.Config{APIKey: canary}); return err },
		"stancer prefix": func() error { _, err := stancer.Open(stancer.Config{APIKey: "canary"}); return err },
		"fatora":         func() error { _, err := fatora.Open(fatora.Config{APIKey: canary}); return err },
		"fatora bearer":  func() error { _, err := fatora.Open(fatora.Config{BearerToken: canary}); return err },
		"base URL": func() error {
			_, err := fatora.Open(fatora.Config{APIKey: "key", BaseURL: "https://user:canary@example.com/%zz"})
			return err
		},
		"plain http": func() error {
			_, err := fatora.Open(fatora.Config{APIKey: "key", BaseURL: "http://canary.example.com"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := open()
			require.ErrorIs(t, err, customers.ErrConfig)
			wiretest.AssertHidden(t, []string{"canary"}, err)
		})
	}
}

// TestCausesThatTellTooMuch has a RoundTripper fail with errors that hold the whole request, wrapped in every way.
func TestCausesThatTellTooMuch(t *testing.T) {
	for name, wrap := range map[string]func(error) error{
		"itself":    func(err error) error { return err },
		"wrapped":   func(err error) error { return fmt.Errorf("proxy: %w", err) },
		"joined":    func(err error) error { return errors.Join(errors.New("proxy"), err) },
		"two of it": func(err error) error { return fmt.Errorf("%w, then %w", err, err) },
		"ours": func(err error) error {
			return &customers.Error{Kind: customers.ErrInvalid, Detail: err.Error(), Err: err}
		},
	} {
		for _, w := range allWays() {
			if w.only != "" {
				continue
			}
			t.Run(name+"/"+w.provider, func(t *testing.T) {
				c := cell{way: w, subject: subjects()[w.provider], sb: start(t, sandbox.Config{}), id: unknown(w.provider)}
				c.token = false // none is handed out
				client, err := w.client(c.sb, transport.Options{
					RoundTripper: roundTripper(func(r *http.Request) (*http.Response, error) { return nil, wrap(errors.New(dump(r))) }),
					Retry:        transport.Retry{Attempts: 1},
				})
				require.NoError(t, err)
				_, hidden := c.secrets(t)
				for _, c.op = range []customers.Op{customers.OpCreate, customers.OpGet} {
					_, err = c.perform(t.Context(), client)
					require.Error(t, err)
					wiretest.AssertHidden(t, hidden, err)
				}
			})
		}
	}
}

// TestPanicOfTheRoundTripper goes on to the caller as it is, and the client can be used afterwards.
func TestPanicOfTheRoundTripper(t *testing.T) {
	s, sb := subjects()["simplepin"], start(t, sandbox.Config{})
	broken := true
	tripper := roundTripper(func(r *http.Request) (*http.Response, error) {
		if broken {
			panic("a bug")
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	client := open(t, s, setup{options: transport.Options{RoundTripper: tripper}}, sb)
	update := func() error { return client.Update(t.Context(), "crm-1", s.patches[0]) }
	assert.PanicsWithValue(t, "a bug", func() { _ = update() })
	broken = false
	assert.ErrorIs(t, update(), customers.ErrNotFound, "no update waits for the one that ended so")
}

// TestErrorsInJSON: an error in the answer of a program's own server tells what its text tells.
func TestErrorsInJSON(t *testing.T) {
	sb := start(t, sandbox.Config{})
	s := subjects()["stancer"]
	client := open(t, s, setup{}, sb)
	created, err := client.Create(t.Context(), s.profile)
	require.NoError(t, err)
	_, err = client.Create(t.Context(), s.profile)
	require.ErrorIs(t, err, customers.ErrAlreadyExists)
	require.Equal(t, created.ID, err.(*customers.Error).ExistingID)
	data, err := json.Marshal(map[string]any{"error": err})
	require.NoError(t, err)
	assert.Contains(t, string(data), `"kind":"already exists"`)
	assert.NotContains(t, string(data), created.ID)
}
