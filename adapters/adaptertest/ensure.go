package adaptertest

import (
	"context"
	"sync"

	"github.com/contract-first/customers"
)

// ensuring makes sure that an ensure of the first profile is supported.
func (s *subject) ensuring() {
	s.trial.Helper()
	create, ok := s.caps.Operation(customers.OpCreate)
	if !ok || len(s.filters()) == 0 && (s.can(customers.OpFind) || !create.TellsExisting) {
		s.trial.Skipf("does not apply: %s neither finds the customer nor tells which one is there", s.caps.Provider)
	}
}

func ensure(t *trial) {
	s := t.seeded()
	if create, _ := s.caps.Operation(customers.OpCreate); !s.can(customers.OpFind) && !create.TellsExisting {
		s.counted()
		s.refused(customers.OpCreate, func(ctx context.Context) error {
			_, _, err := s.Ensure(ctx, t.Profiles[1])
			return err
		}, customers.ErrUnsupported)
		return
	}
	s.ensuring()
	there := customers.EnsuredFound
	if !s.can(customers.OpFind) {
		there = customers.EnsuredAdopted // the refusal of a create tells
	}
	before := s.read(s.first.ID)
	ensured := func(p customers.Profile, want customers.Ensured, id string) string {
		got, how, err := s.Ensure(t.Context(), p)
		switch {
		case err != nil:
			t.Fatalf("ensure: %v", err)
		case how != want || id != "" && got.ID != id:
			t.Errorf("the customer was %s, not %s, or is another one", how, want)
		}
		return got.ID
	}
	ensured(t.Profiles[0], there, s.first.ID)
	made := ensured(t.Profiles[1], customers.EnsuredCreated, "")
	ensured(t.Profiles[1], there, made)
	t.same("the first afterwards", before, s.read(s.first.ID))
}

func ensureUnknown(t *trial) {
	for _, kind := range []FaultKind{ServerError, NoAnswer} {
		s := t.open(everything, Fault{})
		s.ensuring()
		s.create(t.Profiles[1]) // after that the driver has the credentials that it needs
		finds, limit := s.can(customers.OpFind), 1
		if !finds {
			limit = 2 // the second create is refused with the id of the first
		}
		s.fail(Fault{Kind: kind, WritesOnly: true})
		var id string
		n := s.writes(func() {
			got, how, err := s.Ensure(t.Context(), t.Profiles[0])
			switch {
			case err == nil && how == customers.EnsuredAdopted:
				id = got.ID
			case err == nil:
				t.Errorf("a customer whose create met %q was %s", kind, how)
			case finds:
				t.Errorf("the customer is there, and the ensure says %v", err)
			default:
				t.failed(customers.OpCreate, err, []customers.Kind{customers.ErrUnavailable}, customers.ErrUnknownOutcome)
			}
		})
		if n > limit {
			t.Errorf("a create that met %q was sent %d times", kind, n)
		}
		s.fail(Fault{})
		again, how, err := s.Ensure(t.Context(), t.Profiles[0])
		if err != nil || how == customers.EnsuredCreated || id != "" && again.ID != id {
			t.Errorf("called again: %q, another customer, or %v", how, err)
		}
		if finds {
			if found, err := collect(s.List(t.Context(), s.filters()[0])); err != nil || len(found) != 1 {
				t.Errorf("there are %d customers, or %v", len(found), err)
			}
		}
	}
}

func ensureConcurrent(t *trial) {
	s := t.open(everything, Fault{})
	s.ensuring()
	var (
		all     sync.WaitGroup
		mu      sync.Mutex
		ids     = map[string]bool{}
		created int
	)
	for range 8 {
		all.Go(func() {
			got, how, err := s.Ensure(t.Context(), t.Profiles[0])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("ensure: %v", err)
				return
			}
			ids[got.ID] = true
			if how == customers.EnsuredCreated {
				created++
			}
		})
	}
	all.Wait()
	if len(ids) != 1 || created != 1 {
		t.Errorf("%d customers, %d of them created, instead of one", len(ids), created)
	}
}
