package memory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/memory"
)

func open(t *testing.T, c memory.Config) *customers.Client {
	t.Helper()
	client, err := memory.Open(c)
	require.NoError(t, err)
	return client
}

// Package adaptertest holds memory against the promises of the facade. Here is what is memory's own.

func TestReferencesAreUnique(t *testing.T) {
	ctx, client := t.Context(), open(t, memory.Config{})
	first, err := client.Create(ctx, customers.Profile{Reference: "crm-1"})
	require.NoError(t, err)

	_, err = client.Create(ctx, customers.Profile{Reference: "crm-1", Notes: "another"})
	require.ErrorIs(t, err, customers.ErrAlreadyExists)
	require.ErrorIs(t, err, customers.ErrRejected)
	assert.Equal(t, first.ID, err.(*customers.Error).ExistingID)

	second, err := client.Create(ctx, customers.Profile{Reference: "crm-2"})
	require.NoError(t, err)
	assert.NotEqual(t, first.ID, second.ID)
	err = client.Update(ctx, second.ID, customers.Patch{Reference: customers.To("crm-1")})
	assert.ErrorIs(t, err, customers.ErrRefused)
	assert.NoError(t, client.Update(ctx, second.ID, customers.Patch{Reference: customers.To("crm-2")}), "its own")

	require.NoError(t, client.Delete(ctx, first.ID))
	third, err := client.Create(ctx, customers.Profile{Reference: "crm-1"})
	require.NoError(t, err, "it is free again")
	assert.NotEqual(t, first.ID, third.ID)

	for range 2 {
		_, err = client.Create(ctx, customers.Profile{Email: "no.reference@example.com"})
		assert.NoError(t, err)
	}
}

// A provider that tells the customer in the way knows the same customer without a reference too.
func TestExistingIsTold(t *testing.T) {
	capabilities := memory.NewDriver(memory.Config{}).Capabilities()
	create, _ := capabilities.Operation(customers.OpCreate)
	create.TellsExisting = true
	client := open(t, memory.Config{Capabilities: capabilities})
	p := customers.Profile{Email: "ingrid@example.com", Since: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)}
	first, err := client.Create(t.Context(), p)
	require.NoError(t, err)

	p.Since = p.Since.In(time.FixedZone("", 3600))
	_, err = client.Create(t.Context(), p)
	require.ErrorIs(t, err, customers.ErrAlreadyExists)
	assert.Equal(t, first.ID, err.(*customers.Error).ExistingID)

	p.Notes = "another"
	_, err = client.Create(t.Context(), p)
	assert.NoError(t, err)
}

func TestPlan(t *testing.T) {
	capabilities := customers.Capabilities{
		Provider:   "little",
		Operations: []customers.OperationCapability{{Op: customers.OpCreate, Evidence: customers.EvidencePrimary}},
		Fields: []customers.FieldCapability{
			{Field: customers.FieldNameGiven, Wire: "name", Joined: true, Create: true},
			{Field: customers.FieldNameFamily, Wire: "name", Joined: true, Create: true},
			{Field: customers.FieldEmail, Wire: "contact.mail", Create: true},
			{Field: customers.FieldPhone, Wire: "contact.tel", Create: true},
			{Field: customers.FieldAddressStreet, Wire: "address", Joined: true, Create: true},
			{Field: customers.FieldAddressCity, Wire: "address", Joined: true, Create: true},
			{Field: customers.FieldSince, Wire: "since", Create: true},
		},
	}
	plan, err := open(t, memory.Config{Capabilities: capabilities}).Plan(t.Context(), customers.Profile{
		Name: customers.Name{Given: "Ingrid", Family: "Solberg"}, Email: "ingrid@example.com", Phone: "+4755500001",
		Address: customers.Address{Street: "Fjordgata 12", City: "Trondheim"}, Since: time.Date(2024, 5, 6, 7, 8, 9, 10, time.UTC),
	})
	require.NoError(t, err)
	step := func(f customers.Field, action customers.Action, wire, value, how string) customers.Step {
		return customers.Step{Field: f, Action: action, Wire: wire, Value: value, How: how}
	}
	assert.Equal(t, []customers.Step{
		step(customers.FieldNameGiven, customers.ActionChanged, "name", "Ingrid Solberg", "joined with name.family"),
		step(customers.FieldNameFamily, customers.ActionChanged, "name", "Ingrid Solberg", "joined with name.given"),
		step(customers.FieldEmail, customers.ActionKept, "contact.mail", "ingrid@example.com", ""),
		step(customers.FieldPhone, customers.ActionKept, "contact.tel", "+4755500001", ""),
		step(customers.FieldAddressStreet, customers.ActionChanged, "address", "Fjordgata 12, Trondheim", "joined with address.city"),
		step(customers.FieldAddressCity, customers.ActionChanged, "address", "Fjordgata 12, Trondheim", "joined with address.street"),
		step(customers.FieldSince, customers.ActionKept, "since", "2024-05-06T07:08:09.00000001Z", ""),
	}, plan.Steps)
}

func TestIDsAreTheSameInEachRun(t *testing.T) {
	ids := func() (all [2]string) {
		client := open(t, memory.Config{})
		for i := range all {
			c, err := client.Create(t.Context(), customers.Profile{Email: "a@example.com"})
			require.NoError(t, err)
			all[i] = c.ID
		}
		return all
	}
	first := ids()
	assert.Equal(t, first, ids())
	assert.NotEqual(t, first[0], first[1])
}

func TestClock(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.FixedZone("", 3600))
	created, err := open(t, memory.Config{Now: func() time.Time { return at }}).Create(t.Context(), customers.Profile{Email: "a@example.com"})
	require.NoError(t, err)
	assert.Equal(t, at.UTC(), created.CreatedAt)
}

func TestFailures(t *testing.T) {
	refusal := &customers.Error{Kind: customers.ErrRefused, Outcome: customers.ErrRejected}
	for _, tt := range []struct {
		name    string
		before  error
		after   error
		want    []error
		carried bool
	}{
		{"refused", refusal, nil, []error{customers.ErrRefused, customers.ErrRejected}, false},
		{"no answer, not carried out", errors.New("reset"), nil, []error{customers.ErrUnavailable, customers.ErrUnknownOutcome}, false},
		{"no answer, carried out", nil, errors.New("reset"), []error{customers.ErrUnavailable, customers.ErrUnknownOutcome}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hook := func(err error) func(context.Context, customers.Op) error {
				return func(_ context.Context, op customers.Op) error {
					if op == customers.OpCreate {
						return err
					}
					return nil
				}
			}
			client := open(t, memory.Config{Before: hook(tt.before), After: hook(tt.after)})
			_, err := client.Create(t.Context(), customers.Profile{Email: "a@example.com"})
			for _, want := range tt.want {
				assert.ErrorIs(t, err, want)
			}
			assert.Equal(t, tt.carried, count(t, client) == 1)
		})
	}
}

func count(t *testing.T, client *customers.Client) (n int) {
	t.Helper()
	for _, err := range client.List(t.Context(), customers.Query{}) {
		require.NoError(t, err)
		n++
	}
	return n
}

func TestHookIsToldTheOperation(t *testing.T) {
	var ops []customers.Op
	client := open(t, memory.Config{Before: func(_ context.Context, op customers.Op) error {
		ops = append(ops, op)
		return nil
	}})
	ctx := t.Context()
	created, err := client.Create(ctx, customers.Profile{Reference: "crm-1"})
	require.NoError(t, err)
	_, err = client.Get(ctx, created.ID)
	require.NoError(t, err)
	require.NoError(t, client.Update(ctx, created.ID, customers.Patch{Notes: customers.To("x")}))
	assert.Equal(t, 1, count(t, client))
	for _, q := range []customers.Query{{Reference: "crm-1"}, {Email: "a@example.com"}} {
		for _, err := range client.List(ctx, q) {
			require.NoError(t, err)
		}
	}
	require.NoError(t, client.Delete(ctx, created.ID))
	assert.ErrorIs(t, client.Delete(ctx, ""), customers.ErrInvalid)
	assert.Equal(t, []customers.Op{
		customers.OpCreate, customers.OpGet, customers.OpUpdate, customers.OpList, customers.OpFind, customers.OpFind, customers.OpDelete,
	}, ops)
}

func TestCauseOfAContextIsFoundAndNotPrinted(t *testing.T) {
	cause := errors.New("because of ama@example.com")
	ctx, cancel := context.WithCancelCause(t.Context())
	client := open(t, memory.Config{After: func(ctx context.Context, _ customers.Op) error {
		cancel(cause)
		<-ctx.Done()
		return ctx.Err()
	}})
	_, err := client.Create(ctx, customers.Profile{Email: "a@example.com"})
	require.ErrorIs(t, err, customers.ErrCanceled)
	require.ErrorIs(t, err, customers.ErrUnknownOutcome)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, cause)
	for e := err; e != nil; e = errors.Unwrap(e) {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", e, e, e), "ama@")
	}
}

func TestCapabilitiesAreCopied(t *testing.T) {
	given := memory.NewDriver(memory.Config{}).Capabilities()
	client := open(t, memory.Config{Capabilities: given})
	clear(given.Operations)
	clear(given.Fields)
	assert.Equal(t, memory.NewDriver(memory.Config{}).Capabilities(), client.Capabilities())
}

func TestPolicy(t *testing.T) {
	_, err := memory.Open(memory.Config{Policy: customers.Policy{AllowLoss: []customers.Field{"adress"}}})
	assert.ErrorIs(t, err, customers.ErrConfig)
}

// A part of an address that the provider is not known to empty is not lost by writing another address over it.
func TestAddressThatWouldLoseAPart(t *testing.T) {
	caps := customers.Capabilities{
		Provider: "poorer",
		Operations: []customers.OperationCapability{
			{Op: customers.OpCreate, Evidence: customers.EvidencePrimary}, {Op: customers.OpGet, Evidence: customers.EvidencePrimary},
			{Op: customers.OpUpdate, Evidence: customers.EvidencePrimary},
		},
		Fields: []customers.FieldCapability{
			{Field: customers.FieldAddressCity, Create: true, Update: true, Read: true},
			{Field: customers.FieldAddressCountry, Create: true, Update: true, Read: true},
		},
	}
	client, err := memory.Open(memory.Config{Capabilities: caps})
	require.NoError(t, err)
	created, err := client.Create(t.Context(), customers.Profile{Address: customers.Address{City: "Abidjan", Country: "CI"}})
	require.NoError(t, err)
	err = client.Update(t.Context(), created.ID, customers.Patch{Address: &customers.Address{City: "Bouaké"}})
	require.ErrorIs(t, err, customers.ErrUnsupportedField)
	require.ErrorContains(t, err, "address.country")
	got, err := client.Get(t.Context(), created.ID)
	require.NoError(t, err)
	assert.Equal(t, "Abidjan", got.Address.City)
}
