package adaptertest

import (
	"errors"
	"slices"
	"strings"

	"github.com/contract-first/customers"
)

func lossOfOneCall(t *trial) {
	s := t.open(everything, Fault{})
	lost := s.unsent(customers.OpCreate)
	if len(lost) == 0 {
		t.Skipf("does not apply: %s keeps every field", s.caps.Provider)
	}
	texts := map[customers.Field]string{}
	for _, f := range lost {
		texts[f] = sample[f]
	}
	p := with(t.Profiles[0], texts)
	created, err := s.Create(customers.WithLossAllowed(t.Context(), lost...), p)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	got := slices.Clone(created.Lost)
	slices.Sort(got)
	slices.Sort(lost)
	if !slices.Equal(got, lost) {
		t.Errorf("lost are %v, not %v", got, lost)
	}
	_, err = s.Create(t.Context(), p)
	t.failed(customers.OpCreate, err, []customers.Kind{customers.ErrUnsupportedField, customers.ErrInvalid}, customers.ErrNotSent)
	if !s.can(customers.OpGet) {
		return
	}
	want := kept(s.caps, t.Profiles[0])
	t.same("what remains", want, s.read(created.ID))
	for _, f := range s.unsent(customers.OpUpdate) {
		patches := s.patches()
		if !s.can(customers.OpUpdate) || len(patches) == 0 || f.Group() != f {
			continue // a name or an address changes whole, with whatever else it has
		}
		patch := patches[len(patches)-1]
		more := whole(with(patch.Profile(), map[customers.Field]string{f: sample[f]}))
		if err := s.Update(customers.WithLossAllowed(t.Context(), f), created.ID, more); err != nil {
			t.Errorf("update: %v", err)
			continue
		}
		apply(want, s.caps, patch)
		t.same("what remains after an update", want, s.read(created.ID))
	}
}

func requiring(t *trial) {
	s := t.open(customers.Policy{}, Fault{})
	var there customers.Requirements
	for _, oc := range s.caps.Operations {
		if oc.Evidence != customers.EvidenceInferred {
			there.Operations = append(there.Operations, oc.Op)
		}
	}
	for _, fc := range s.caps.Fields {
		if fc.Create {
			there.Fields = append(there.Fields, fc.Field)
		}
	}
	if _, err := customers.NewClient(s.driver, customers.Policy{Require: there}); err != nil {
		t.Errorf("what is there is required: %v", err)
	}
	for _, op := range customers.Ops() {
		if !slices.Contains(there.Operations, op) {
			_, err := customers.NewClient(s.driver, customers.Policy{Require: customers.Requirements{Operations: []customers.Op{op}}})
			t.failed("", err, []customers.Kind{customers.ErrUnsupported})
		}
	}
	for _, f := range s.unsent(customers.OpCreate) {
		_, err := customers.NewClient(s.driver, customers.Policy{Require: customers.Requirements{Fields: []customers.Field{f}}})
		t.failed("", err, []customers.Kind{customers.ErrUnsupported})
		t.named(err, f, customers.RuleUnsupported)
	}
}

func plan(t *trial) {
	s := t.open(everything, Fault{})
	t.needs(s, customers.OpCreate)
	s.counted()
	for _, p := range t.Profiles {
		before, _ := s.Faults.Requests()
		planned, err := s.Plan(t.Context(), p)
		if after, _ := s.Faults.Requests(); after != before {
			t.Errorf("a plan sent %d requests", after-before)
		}
		if err != nil {
			t.Errorf("plan: %v", err)
			continue
		}
		same := map[customers.Field]bool{}
		for _, step := range planned.Steps {
			switch step.Action {
			case customers.ActionKept, customers.ActionChanged, customers.ActionLookedUp:
				same[step.Field] = step.Action == customers.ActionKept
			default:
				t.Errorf("%s is %s in a profile that the provider takes", step.Field, step.Action)
			}
		}
		for _, f := range p.Fields() {
			if _, ok := same[f]; !ok {
				t.Errorf("no step is about %s", f)
			}
		}
		created := s.create(p)
		if !s.can(customers.OpGet) {
			continue
		}
		given, stored := flatten(p), s.read(created.ID)
		for f := range same {
			if fc, _ := s.caps.Field(f); same[f] && fc.Read && stored[f] != given[f] {
				t.Errorf("%s is kept, and read back it is %q, not %q", f, stored[f], given[f])
			}
		}
	}
}

// planRefused tries what a client can refuse, and what only a driver can: texts that are too long.
func planRefused(t *trial) {
	s := t.open(everything, Fault{})
	t.needs(s, customers.OpCreate)
	first := t.Profiles[0]
	tries := []customers.Profile{{}, with(first, map[customers.Field]string{customers.FieldEmail: "no address"})}
	for _, f := range customers.Fields() {
		if fc, ok := s.caps.Field(f); ok && fc.MaxLength > 0 && flatten(first)[f] != "" && sample[f] != "" {
			tries = append(tries, with(first, map[customers.Field]string{f: flatten(first)[f] + strings.Repeat("x", fc.MaxLength)}))
		}
	}
	for _, f := range s.unsent(customers.OpCreate) {
		tries = append(tries, with(first, map[customers.Field]string{f: sample[f]}))
	}
	for _, p := range tries {
		planned, err := s.Plan(t.Context(), p)
		_, refused := s.Create(t.Context(), p)
		if !errors.Is(refused, customers.ErrNotSent) {
			continue // it was sent: what becomes of it no plan can tell
		}
		if err == nil || err.Error() != refused.Error() {
			t.Errorf("the plan says %v, and the create %v", err, refused)
		}
		if e := (*customers.Error)(nil); errors.As(refused, &e) && len(e.Violations) > 0 &&
			!slices.ContainsFunc(planned.Steps, func(s customers.Step) bool { return s.Action == customers.ActionRefused }) {
			t.Errorf("no step says what is refused: %v", refused)
		}
	}
}
