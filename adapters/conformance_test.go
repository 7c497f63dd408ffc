package adapters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/adaptertest"
	"github.com/contract-first/customers/adapters/memory"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// quick repeats as the default does, but with next to no pauses.
var quick = transport.Options{Retry: transport.Retry{Delay: time.Millisecond}}

// TestConformance holds the four adapters against every promise of the facade, under each dialect and in each format.
func TestConformance(t *testing.T) {
	for provider, c := range subjects() {
		for name, with := range setups(provider) {
			h := c.kit
			h.Start = func(t testing.TB) adaptertest.Backend {
				sb, err := sandbox.New(sandbox.Config{Contract: parsed, Dialects: with.dialects})
				require.NoError(t, err)
				server := adaptertest.NewServer(t, sb.Handler(provider))
				t.Cleanup(func() {
					assert.NoError(t, sb.Verify())
					for _, e := range sb.Journal() {
						assert.Empty(t, e.RequestViolations, "%s %s breaks the contract", e.Method, e.Path)
					}
				})
				backend := adaptertest.Backend{
					Faults:  server,
					Secrets: func() []string { return append(c.keys(sb), server.Credentials()...) },
				}
				_, printed, err := c.driver(elsewhere(sb, server.URL()), with)
				require.NoError(t, err)
				backend.Printed = []any{printed}
				backend.Open = func() (customers.Driver, error) {
					driver, _, err := c.driver(elsewhere(sb, server.URL()), with)
					return driver, err
				}
				return backend
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				adaptertest.Run(t, h)
			})
		}
	}
}

// TestMemoryPlaysTheAdapters holds package memory, given the capabilities of an adapter, against the same promises.
func TestMemoryPlaysTheAdapters(t *testing.T) {
	for provider, c := range subjects() {
		t.Run(provider, func(t *testing.T) {
			driver, _, err := c.driver(start(t, sandbox.Config{Contract: parsed}), setup{})
			require.NoError(t, err)
			h := c.kit
			h.Target = nil
			h.Start = func(testing.TB) adaptertest.Backend {
				return adaptertest.Backend{Open: func() (customers.Driver, error) {
					return memory.NewDriver(memory.Config{Capabilities: driver.Capabilities()}), nil
				}}
			}
			adaptertest.Run(t, h)
		})
	}
}
