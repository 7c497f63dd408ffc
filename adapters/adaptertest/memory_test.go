package adaptertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/memory"
)

// memoryFaults plays the faults of a provider that has no wire.
type memoryFaults struct {
	mu          sync.Mutex
	fault       Fault
	changed     chan struct{}
	all, writes int
}

func (m *memoryFaults) Fail(f Fault) bool {
	if f.Kind == Rewrite || f.Kind == UnknownProperties {
		return false // it has no bytes to change
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.changed)
	m.fault, m.changed = f, make(chan struct{})
	return true
}

func (m *memoryFaults) Requests() (all, writes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all, m.writes
}

// now is the fault that a request meets.
func (m *memoryFaults) now(op customers.Op) (Fault, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault.WritesOnly && !op.Writes() {
		return Fault{}, m.changed
	}
	return m.fault, m.changed
}

func (m *memoryFaults) before(_ context.Context, op customers.Op) error {
	fault, _ := m.now(op)
	if fault.Kind == Unreachable {
		return &customers.Error{Kind: customers.ErrUnavailable, Outcome: customers.ErrNotSent}
	}
	m.mu.Lock()
	m.all++
	if op.Writes() {
		m.writes++
	}
	m.mu.Unlock()
	switch fault.Kind {
	case Unauthorized:
		return &customers.Error{Kind: customers.ErrUnauthenticated, Outcome: customers.ErrRejected}
	case RateLimited:
		return &customers.Error{Kind: customers.ErrRateLimited, Outcome: customers.ErrRejected, RetryAfter: time.Hour}
	}
	return nil
}

func (m *memoryFaults) after(ctx context.Context, op customers.Op) error {
	fault, changed := m.now(op)
	if fault.Reached != nil {
		fault.Reached()
	}
	switch fault.Kind {
	case ServerError:
		return &customers.Error{Kind: customers.ErrUnavailable, Outcome: customers.ErrUnknownOutcome, Status: 500}
	case NoAnswer:
		return errors.New("hung up")
	case Hang:
		select {
		case <-ctx.Done():
		case <-changed:
		}
		return errors.New("hung up")
	case Gibberish:
		return &customers.Error{Kind: customers.ErrContract, Outcome: customers.ErrUnknownOutcome}
	}
	return nil
}

// memoryHarness is for package memory with these capabilities; none are its own.
func memoryHarness(capabilities customers.Capabilities) Harness {
	h := Harness{
		Profiles: []customers.Profile{{
			Reference: "crm-10001", Name: customers.Name{Given: "Ingrid", Family: "Solberg"}, Email: "ingrid.solberg@example.com",
			Phone: "+4755500001", Mobile: "+4755500002",
			Address: customers.Address{
				Street: "Fjordgata 12", City: "Trondheim", Region: "Trøndelag", PostalCode: "7010", Country: "NO",
			},
			Since: time.Date(2018, 3, 4, 5, 6, 7, 0, time.UTC), Notes: "Prefers letters",
		}, {
			Reference: "crm-20002", Name: customers.Name{Given: "Torvald", Family: "Hagen"}, Email: "torvald.hagen@example.com",
			Phone: "+4755500011", Mobile: "+4755500012",
			Address: customers.Address{
				Street: "Kaigaten 3", City: "Bergen", Region: "Vestland", PostalCode: "5015", Country: "SE",
			},
			Since: time.Date(2020, 8, 9, 10, 11, 12, 0, time.UTC), Notes: "Prefers e-mail",
		}, {
			Reference: "crm-30003", Name: customers.Name{Full: "Solveig Strand"}, Email: "solveig.strand@example.com",
			Address: customers.Address{Formatted: "Strandveien 1, Bodø"},
		}},
		UnknownID: "mem_0",
	}
	h.Start = func(testing.TB) Backend {
		faults := &memoryFaults{changed: make(chan struct{})}
		return Backend{
			Faults: faults,
			Open: func() (customers.Driver, error) {
				return memory.NewDriver(memory.Config{Capabilities: capabilities, Before: faults.before, After: faults.after}), nil
			},
		}
	}
	return h
}

func TestMemory(t *testing.T) {
	t.Run("everything", func(t *testing.T) { Run(t, memoryHarness(customers.Capabilities{})) })
	t.Run("little", func(t *testing.T) { Run(t, littleHarness()) })
}

// littleHarness is for a provider that lacks much.
func littleHarness() Harness {
	h := memoryHarness(little())
	for i := range h.Profiles {
		p := &h.Profiles[i]
		*p = customers.Profile{Reference: p.Reference, Name: p.Name, Email: p.Email}
	}
	return h
}

// little keeps a name as one text, an e-mail address and a reference; it cannot delete or list, and finding is inferred.
func little() customers.Capabilities {
	c := memory.NewDriver(memory.Config{}).Capabilities()
	c.Provider = "little"
	var fields []customers.FieldCapability
	for _, fc := range c.Fields {
		fc.Clear = false
		switch fc.Field {
		case customers.FieldNameGiven, customers.FieldNameFamily, customers.FieldNameFull:
			fc.Wire, fc.Joined, fc.Read = "name", true, fc.Field == customers.FieldNameFull
		case customers.FieldEmail:
			fc.Required = true
		case customers.FieldReference:
			fc.Update = false
		case customers.FieldID:
		default:
			continue
		}
		fields = append(fields, fc)
	}
	c.Fields = fields
	var ops []customers.OperationCapability
	for _, oc := range c.Operations {
		switch oc.Op {
		case customers.OpDelete, customers.OpList:
			continue
		case customers.OpFind:
			oc.Evidence = customers.EvidenceInferred
		}
		ops = append(ops, oc)
	}
	c.Operations = ops
	return c
}
