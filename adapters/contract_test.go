package adapters_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// An adapter works over a RoundTripper that refuses whatever breaks the contract, in both directions.
func TestContractInTheWire(t *testing.T) {
	test := func(t *testing.T, provider string, s subject, format simplepin.Format) {
		sb := start(t, sandbox.Config{Contract: parsed})
		client, err := s.open(sb, setup{format: format, options: transport.Options{RoundTripper: &contract.RoundTripper{
			Provider: provider, RefuseResponses: true,
			Report: func(_ context.Context, f contract.Finding) { assert.Fail(t, "off contract", "%+v", f) },
		}}})
		require.NoError(t, err)
		created, err := client.Create(t.Context(), s.profile)
		require.NoError(t, err)
		got, err := client.Get(t.Context(), created.ID)
		require.NoError(t, err)
		assert.Equal(t, created.Email, got.Email)
		if _, ok := client.Capabilities().Operation(customers.OpUpdate); ok {
			require.NoError(t, client.Update(t.Context(), created.ID, customers.Patch{Email: customers.To("other@example.com")}))
		}
		for _, err := range client.List(t.Context(), customers.Query{}) {
			if !errors.Is(err, customers.ErrUnsupported) {
				require.NoError(t, err)
			}
		}
	}
	for provider, s := range subjects() {
		for in, format := range formats(provider) {
			t.Run(provider+in, func(t *testing.T) { test(t, provider, s, format) })
		}
	}
}

func TestContractThatIsNone(t *testing.T) {
	sb := start(t, sandbox.Config{Contract: parsed})
	client, err := subjects()["stancer"].open(sb, setup{options: transport.Options{
		RoundTripper: &contract.RoundTripper{Provider: "stanzer"},
		Hook:         func(_ context.Context, e transport.Exchange) { assert.Equal(t, 1, e.Attempt, "it will not pass") },
	}})
	require.NoError(t, err)
	_, err = client.Create(t.Context(), subjects()["stancer"].profile)
	require.ErrorIs(t, err, customers.ErrConfig)
	require.ErrorIs(t, err, customers.ErrNotSent)
	require.ErrorContains(t, err, "stanzer")
	assert.Empty(t, sb.Journal())
}

// What the contract refuses of an answer is told by the facade's field; what it refuses is never retried into a second
// customer.
func TestAnswerOffContract(t *testing.T) {
	s := subjects()["stancer"]
	for _, refuse := range []bool{true, false} {
		sb := start(t, sandbox.Config{Contract: parsed})
		var found []contract.Finding
		client, err := s.open(sb, setup{options: transport.Options{RoundTripper: &contract.RoundTripper{
			Provider: "stancer", RefuseResponses: refuse, Next: meddler{},
			Report: func(_ context.Context, f contract.Finding) { found = append(found, f) },
		}}})
		require.NoError(t, err)
		created, err := client.Create(t.Context(), s.profile)
		require.Len(t, found, 1)
		assert.Equal(t, "createCustomer", found[0].Operation.ID)
		assert.Equal(t, refuse, found[0].Refused)
		assert.Len(t, sb.Customers("stancer"), 1)
		if !refuse {
			require.NoError(t, err, "providers add properties")
			assert.NotEmpty(t, created.ID)
			continue
		}
		require.ErrorIs(t, err, customers.ErrContract)
		require.ErrorIs(t, err, customers.ErrUnknownOutcome)
		failed := (*customers.Error)(nil)
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, http.StatusOK, failed.Status)
		assert.Equal(t, []customers.Violation{{Pointer: "/nickname", Rule: "additionalProperties", Bound: "false"}}, failed.Violations)
	}
}

// meddler adds a property to each answer.
type meddler struct{}

func (meddler) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.Replace(body, []byte("{"), []byte(`{"nickname":"Ama",`), 1)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}
