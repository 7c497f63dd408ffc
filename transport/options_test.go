package transport_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

// config is as the adapters have it.
type config struct {
	APIKey  string
	BaseURL string
	Policy  customers.Policy
	transport.Options
}

func TestConfigurationIsNotShown(t *testing.T) {
	c := config{
		APIKey: secret, BaseURL: "https://user:canary@example.com", Policy: customers.Policy{AllowLoss: []customers.Field{"notes"}},
		Options: transport.Options{RoundTripper: &http.Transport{}},
	}
	for name, v := range map[string]any{
		"value":     c,
		"pointer":   &c,
		"in struct": struct{ Provider config }{c},
		"in slice":  []config{c},
		"in map":    map[string]config{"fr": c},
		"any":       []any{c},
	} {
		t.Run(name, func(t *testing.T) {
			assertQuiet(t, v)
			assert.Contains(t, fmt.Sprintf("%+v", v), "not shown")

			var log strings.Builder
			slog.New(slog.NewJSONHandler(&log, nil)).Info("starting", "config", v)
			assert.Contains(t, log.String(), "not shown")

			text, err := json.Marshal(v)
			require.NoError(t, err)
			assert.Contains(t, string(text), "not shown")
		})
	}
	assert.Contains(t, c.LogValue().String(), "not shown")
	text, err := xml.Marshal(c)
	require.NoError(t, err)
	assertQuiet(t, string(text))
}

func TestTokenIsNotShown(t *testing.T) {
	token := transport.Token{Value: secret}
	assertQuiet(t, token)
	assertQuiet(t, &token)
	assertQuiet(t, []transport.Token{token})
	assert.Equal(t, "(token, not shown)", fmt.Sprint(token))
	assert.Equal(t, "(token, not shown)", token.LogValue().String())
}

func TestAuthIsNotShown(t *testing.T) {
	assertQuiet(t, transport.Static(transport.Basic(secret, "canary")))
	assertQuiet(t, transport.Static(http.Header{"Token": {secret}}))
}
