package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/contract-first/customers"
)

// checks are all promises that the kit holds an adapter against. Most compare with what a Get tells, so that a mistake
// fails the check that is about it and not every one.
var checks = []check{
	{"create", "what a create stores is read back: every field that the capabilities promise, and nothing else", create},
	{"create-answer", "a create gives back the customer as it is stored, as far as it tells", createAnswer},
	{"create-again", "a second create of the same customer leaves the first alone; if refused, with a known id or none",
		createAgain},
	{"unknown-id", "what nobody has is ErrNotFound: in get, update and delete", unknownID},
	{"ids", "no id leads to another place than its own customer", ids},
	{"update", "an update changes what the patch names and nothing else", update},
	{"update-concurrent", "updates of different fields at the same time all last", updateConcurrent},
	{"clear", "a field is emptied where the capabilities say so, and else refused before anything is sent", clearing},
	{"delete", "a deleted customer is gone: ErrNotFound", deleting},
	{"list", "a list has every customer once, as a get has it", list},
	{"find", "a query gives the customers that have what it asks for, and no error if there are none", find},
	{"list-again", "an iterator that is ranged over twice asks twice", listAgain},
	{"list-break", "a loop over a list can be left at any customer", listBreak},
	{"list-failure", "a list that fails says so once and ends", listFailure},

	{"open", "opening, describing and closing send nothing", opening},
	{"unsupported-fields", "a field that is not kept is refused and named before anything is sent", unsupportedFields},
	{"unsupported-operations", "an operation that the provider lacks is refused before anything is sent", unsupportedOperations},
	{"unproven", "an operation that is only inferred is refused unless the policy allows it", unproven},
	{"loss", "a loss that the policy allows is told, and what remains is kept", loss},
	{"loss-call", "a loss that the context allows is told too, and counts for no other call", lossOfOneCall},
	{"required-fields", "a create without a field either works or is refused before anything is sent", requiredFields},
	{"require", "a policy that requires what is there opens a client, and one that requires what is not names it", requiring},
	{"plan", "a plan sends nothing, has a step for each field, and what it calls kept is what a get gives", plan},
	{"plan-refused", "what a create refuses before anything is sent, a plan refuses with the same error", planRefused},

	{"ensure", "an ensure finds who is there, changes nothing, and creates who is not; where it cannot tell, it is refused",
		ensure},
	{"ensure-unknown", "an ensure whose create has an unknown outcome makes one customer, then or when it is called again",
		ensureUnknown},
	{"ensure-concurrent", "ensures of one customer at the same time make one", ensureConcurrent},

	{"errors", "a driver's errors are *customers.Error with kind and outcome; a client's name provider and operation", errorsTyped},
	{"unauthorized", "refused credentials are ErrUnauthenticated, and nothing was done", unauthorized},
	{"rate-limited", "too many requests are ErrRateLimited with RetryAfter, and nothing was done", rateLimited},
	{"server-error", "a fault of the provider is ErrUnavailable, with unknown outcome if a write was sent",
		faulty(ServerError, customers.ErrUnavailable)},
	{"no-answer", "a connection that ends is ErrUnavailable, with unknown outcome if a write was sent",
		faulty(NoAnswer, customers.ErrUnavailable)},
	{"gibberish", "an answer that nobody understands is ErrContract, with unknown outcome if a write was sent",
		faulty(Gibberish, customers.ErrContract)},
	{"unreachable", "a provider that cannot be reached is ErrUnavailable, and nothing was sent", unreachable},
	{"sent-once", "a write whose outcome is unknown is not sent again", sentOnce},

	{"other-customer", "an answer about another customer is ErrContract", otherCustomer},
	{"verbatim", "a value without a form in the facade is kept as it came, in Verbatim", verbatim},
	{"unknown-properties", "properties that no contract knows do no harm", unknownProperties},

	{"canceled-before", "a context that has ended sends nothing: ErrCanceled, not sent", canceledBefore},
	{"canceled-during", "a context that ends ends the call: ErrCanceled, with unknown outcome if a write was sent", canceledDuring},
	{"concurrent", "calls at the same time give each its own, and do not wait for each other", concurrent},
	{"goroutines", "no goroutine is left after Close", goroutines},
	{"close", "Close can be called again, and later calls work", closing},

	{"secrets", "no credential shows in an error, driver, client or configuration that is printed, logged or marshalled", secrets},
	{"personal-data", "no value of a customer shows in an error that is printed, logged or marshalled", personalData},

	{"capabilities", "capabilities make sense, are the same each time, and are the caller's own", capabilities},
	{"copies", "what a caller does with a customer or a patch changes nothing later", copies},
	{"as", "As gives each caller a client of its own, and knows no other type and no nil", as},
}

func create(t *trial) {
	s := t.open(everything, Fault{})
	t.needs(s, customers.OpCreate, customers.OpGet)
	for _, p := range t.Profiles {
		created := s.create(p)
		t.same("get", kept(s.caps, p), s.read(created.ID))
	}
}

func createAnswer(t *trial) {
	s := t.open(everything, Fault{})
	t.needs(s, customers.OpCreate, customers.OpGet)
	for _, p := range t.Profiles {
		created := s.create(p)
		stored := s.read(created.ID)
		for f, text := range flatten(created.Profile) {
			if stored[f] != text {
				t.Errorf("%s: the answer has %q, a get %q", f, text, stored[f])
			}
		}
		if len(created.Lost) > 0 {
			t.Errorf("a create that kept everything lists as lost: %v", created.Lost)
		}
	}
}

func createAgain(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpCreate, customers.OpGet)
	before := s.read(s.first.ID)
	again, err := s.Create(t.Context(), t.Profiles[0])
	var e *customers.Error
	switch {
	case err == nil && again == nil:
		t.Error("neither a customer nor an error")
	case err == nil:
	case !errors.Is(err, customers.ErrRejected):
		t.Errorf("the outcome is not %q: %v", customers.ErrRejected, err)
	case errors.As(err, &e) && e.ExistingID != "" && e.ExistingID != s.first.ID:
		t.Error("ExistingID is not the id of the customer that was there")
	}
	t.same("the first afterwards", before, s.read(s.first.ID))
}

func unknownID(t *trial) {
	s := t.seeded() // somebody is there
	for _, c := range s.calls(t.UnknownID) {
		switch c.op {
		case customers.OpGet, customers.OpUpdate, customers.OpDelete:
			// A driver that reads before it writes has sent no write.
			t.failed(c.op, c.do(t.Context()), []customers.Kind{customers.ErrNotFound}, customers.ErrRejected, customers.ErrNotSent)
		}
	}
}

func ids(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpGet)
	id, before := s.first.ID, s.read(s.first.ID)
	for _, other := range []string{
		"./" + id, "x/../" + id, id + "/", id + "/.", id + "?a=b", id + "#a", id + ";a", "%2e/" + id, id + "%2F", id + "\\",
	} {
		for _, c := range s.calls(other) {
			switch c.op {
			case customers.OpGet:
				t.failed(c.op, c.do(t.Context()), []customers.Kind{customers.ErrNotFound, customers.ErrInvalid})
			case customers.OpUpdate, customers.OpDelete:
				_ = c.do(t.Context()) // what is told matters less than what happens
			}
		}
	}
	t.same("the customer afterwards", before, s.read(id))
	s.counted()
	for _, none := range []string{"", ".", "..", "\xff"} {
		for _, c := range s.calls(none) {
			switch c.op {
			case customers.OpGet, customers.OpUpdate, customers.OpDelete:
				s.refused(c.op, c.do, customers.ErrInvalid)
			}
		}
	}
}

func update(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpUpdate, customers.OpGet)
	want := s.read(s.first.ID)
	for _, patch := range s.patches() {
		if err := s.Update(t.Context(), s.first.ID, patch); err != nil {
			t.Errorf("update of %v: %v", patch, err)
			continue
		}
		apply(want, s.caps, patch)
		t.same("after an update", want, s.read(s.first.ID))
	}
}

// apply does to want what patch does to a customer.
func apply(want map[customers.Field]string, caps customers.Capabilities, patch customers.Patch) {
	changed := patch.Profile()
	for f := range want {
		if f.Group() == changed.Fields()[0].Group() {
			delete(want, f)
		}
	}
	for f, text := range kept(caps, changed) {
		want[f] = text
	}
}

func updateConcurrent(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpUpdate, customers.OpGet)
	want := s.read(s.first.ID)
	var all sync.WaitGroup
	for _, patch := range s.patches() {
		apply(want, s.caps, patch)
		all.Go(func() {
			if err := s.Update(t.Context(), s.first.ID, patch); err != nil {
				t.Errorf("update of %v: %v", patch, err)
			}
		})
	}
	all.Wait()
	t.same("after updates at the same time", want, s.read(s.first.ID))
}

func clearing(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpUpdate, customers.OpGet)
	s.counted()
	want := s.read(s.first.ID)
	var zero customers.Profile
	groups := []customers.Field{
		customers.FieldReference, customers.FieldName, customers.FieldEmail, customers.FieldPhone, customers.FieldMobile,
		customers.FieldAddress, customers.FieldSince, customers.FieldNotes,
	}
	for i, patch := range single(zero) {
		clears, known := true, false
		for _, fc := range s.caps.Fields {
			if groups[i].Covers(fc.Field) {
				clears, known = clears && fc.Clear, true
			}
		}
		change := func(ctx context.Context) error { return s.Update(ctx, s.first.ID, patch) }
		if !clears || !known {
			t.named(s.refused(customers.OpUpdate, change, customers.ErrUnsupportedField), groups[i], customers.RuleClear)
			continue
		}
		if err := change(t.Context()); err != nil {
			t.Errorf("to empty %s: %v", groups[i], err)
			continue
		}
		for f := range want {
			if groups[i].Covers(f) {
				delete(want, f)
			}
		}
		t.same("after "+string(groups[i])+" was emptied", want, s.read(s.first.ID))
	}
}

func deleting(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpDelete, customers.OpGet)
	other := s.create(t.Profiles[1])
	if err := s.Delete(t.Context(), s.first.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	_, err := s.Get(t.Context(), s.first.ID)
	t.failed(customers.OpGet, err, []customers.Kind{customers.ErrNotFound})
	if s.can(customers.OpList) {
		left, err := collect(s.List(t.Context(), customers.Query{}))
		if err != nil || slices.ContainsFunc(left, func(c *customers.Customer) bool { return c.ID == s.first.ID }) {
			t.Errorf("it is in the list of %d customers still, or that fails: %v", len(left), err)
		}
	}
	s.read(other.ID) // is there
}

func list(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpList, customers.OpGet)
	stored := []*customers.Customer{s.first, s.create(t.Profiles[1])}
	all, err := collect(s.List(t.Context(), customers.Query{}))
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if len(all) != len(stored) {
		t.Errorf("%d customers of %d", len(all), len(stored))
	}
	for _, c := range all {
		t.same("in the list", s.read(c.ID), flatten(c.Profile))
	}
	for _, want := range stored {
		if !slices.ContainsFunc(all, func(c *customers.Customer) bool { return c.ID == want.ID }) {
			t.Error("a customer is missing")
		}
	}
}

func find(t *trial) {
	s := t.seeded()
	if len(s.queries()) == 0 {
		t.Skipf("does not apply: %s finds and lists nothing", s.caps.Provider)
	}
	s.create(t.Profiles[1])
	for _, q := range s.queries() {
		found, err := collect(s.List(t.Context(), q))
		if err != nil || len(found) != 1 || found[0].ID != s.first.ID {
			t.Errorf("%v: %d customers and error %v instead of the one", q, len(found), err)
			continue
		}
		t.same("found", s.read(s.first.ID), flatten(found[0].Profile))
		nobody := customers.Query{Reference: "kit-0"}
		if q.Email != "" {
			nobody = customers.Query{Email: "nobody.at.all@example.com"}
		}
		if found, err := collect(s.List(t.Context(), nobody)); err != nil || len(found) > 0 {
			t.Errorf("%v that nobody has: %d customers and error %v", nobody, len(found), err)
		}
	}
}

// listing is a query that gives at least one customer, and is a list of all where there is one.
func (s *subject) listing() customers.Query {
	s.trial.Helper()
	switch qs := s.queries(); {
	case s.can(customers.OpList):
		return customers.Query{}
	case len(qs) > 0:
		return qs[0]
	}
	s.trial.Skipf("does not apply: %s finds and lists nothing", s.caps.Provider)
	return customers.Query{}
}

func listAgain(t *trial) {
	s := t.seeded()
	q := s.listing()
	for _, c := range []operations{s.facade, s.driver} {
		all := c.List(t.Context(), q)
		for range 2 {
			found, err := collect(all)
			if err != nil || !slices.ContainsFunc(found, func(c *customers.Customer) bool { return c.ID == s.first.ID }) {
				t.Errorf("%d customers without the one that is there, or error %v", len(found), err)
			}
		}
	}
}

func listBreak(t *trial) {
	s := t.seeded()
	q := s.listing()
	s.create(t.Profiles[1])
	for _, err := range s.List(t.Context(), q) {
		if err != nil {
			t.Errorf("list: %v", err)
		}
		break // an iterator that goes on panics
	}
	for range s.driver.List(t.Context(), q) {
		break
	}
}

func listFailure(t *trial) {
	s := t.seeded()
	q := s.listing()
	s.fail(Fault{Kind: ServerError})
	for _, c := range []operations{s.facade, s.driver} {
		failures := 0
		for _, err := range c.List(t.Context(), q) {
			if err != nil {
				failures++
			}
		}
		if failures != 1 {
			t.Errorf("%d errors instead of one", failures)
		}
	}
}

func opening(t *trial) {
	s := t.open(everything, Fault{})
	s.counted()
	s.Capabilities()
	_ = s.Provider() + s.String()
	s.Close()
	if all, _ := s.Faults.Requests(); all > 0 {
		t.Errorf("%d requests were sent before the driver was asked for anything", all)
	}
}

func unsupportedFields(t *trial) {
	s := t.open(everything, Fault{})
	s.counted()
	for _, f := range s.unsent(customers.OpCreate) {
		p := with(t.Profiles[0], map[customers.Field]string{f: sample[f]})
		err := s.refused(customers.OpCreate, func(ctx context.Context) error {
			_, err := s.Create(ctx, p)
			return err
		}, customers.ErrUnsupportedField, customers.ErrInvalid)
		t.named(err, f, customers.RuleUnsupported)
	}
	if !s.can(customers.OpUpdate) {
		return
	}
	for _, f := range s.unsent(customers.OpUpdate) {
		for _, patch := range single(with(customers.Profile{}, map[customers.Field]string{f: sample[f]})) {
			if len(patch.Profile().Fields()) == 0 {
				continue
			}
			err := s.refused(customers.OpUpdate, func(ctx context.Context) error {
				return s.Update(ctx, t.UnknownID, patch)
			}, customers.ErrUnsupportedField)
			t.named(err, f, customers.RuleUnsupported)
		}
	}
}

func unsupportedOperations(t *trial) {
	s := t.open(everything, Fault{})
	s.counted()
	for op, do := range map[customers.Op]func(context.Context) error{
		customers.OpCreate: func(ctx context.Context) error { _, err := s.Create(ctx, t.Profiles[0]); return err },
		customers.OpGet:    func(ctx context.Context) error { _, err := s.Get(ctx, t.UnknownID); return err },
		customers.OpUpdate: func(ctx context.Context) error { return s.Update(ctx, t.UnknownID, single(t.Profiles[0])[1]) },
		customers.OpDelete: func(ctx context.Context) error { return s.Delete(ctx, t.UnknownID) },
		customers.OpList: func(ctx context.Context) error {
			_, err := collect(s.List(ctx, customers.Query{}))
			return err
		},
	} {
		if !s.can(op) {
			s.refused(op, do, customers.ErrUnsupported)
		}
	}
}

func unproven(t *trial) {
	s := t.open(customers.Policy{}, Fault{})
	s.counted()
	inferred := 0
	for _, c := range s.calls(t.UnknownID) {
		if oc, _ := s.caps.Operation(c.op); oc.Evidence == customers.EvidenceInferred {
			inferred++
			s.refused(c.op, c.do, customers.ErrUnproven)
		}
	}
	if inferred == 0 {
		t.Skipf("does not apply: no operation of %s is only inferred", s.caps.Provider)
	}
}

func loss(t *trial) {
	s := t.open(everything, Fault{})
	lost := s.unsent(customers.OpCreate)
	if len(lost) == 0 {
		t.Skipf("does not apply: %s keeps every field", s.caps.Provider)
	}
	texts := map[customers.Field]string{}
	for _, f := range lost {
		texts[f] = sample[f]
	}
	s.connect(customers.Policy{AllowLoss: lost, AllowUnproven: customers.Ops()})
	created := s.create(with(t.Profiles[0], texts))
	got := slices.Clone(created.Lost)
	slices.Sort(got)
	slices.Sort(lost)
	if !slices.Equal(got, lost) {
		t.Errorf("lost are %v, not %v", got, lost)
	}
	if s.can(customers.OpGet) {
		t.same("what remains", kept(s.caps, t.Profiles[0]), s.read(created.ID))
	}
}

func requiredFields(t *trial) {
	s := t.seeded()
	s.counted()
	for i, f := range t.Profiles[0].Fields() {
		p := without(t.Profiles[0], f)
		// Another customer each time, as far as providers tell them apart.
		if p.Reference != "" {
			p.Reference = fmt.Sprintf("kit-%d", i)
		}
		if p.Email != "" {
			p.Email = fmt.Sprintf("kit-%d@example.com", i)
		}
		before, _ := s.Faults.Requests()
		_, err := s.Create(t.Context(), p)
		if err == nil {
			if fc, ok := s.caps.Field(f); ok && fc.Required && !fc.Joined {
				t.Errorf("%s is required, and a create without it works", f)
			}
			continue
		}
		t.failed(customers.OpCreate, err, []customers.Kind{customers.ErrInvalid, customers.ErrUnsupportedField}, customers.ErrNotSent)
		if after, _ := s.Faults.Requests(); after != before {
			t.Errorf("without %s: it was sent before it was refused", f)
		}
	}
}

func capabilities(t *trial) {
	s := t.open(everything, Fault{})
	if s.caps.Provider == "" || s.caps.Provider != s.Provider() {
		t.Errorf("the provider is called %q and %q", s.caps.Provider, s.Provider())
	}
	fields := map[customers.Field]bool{}
	for _, oc := range s.caps.Operations {
		if !slices.Contains(append(customers.Ops(), customers.OpLookup), oc.Op) {
			t.Errorf("the operation %q is unknown", oc.Op)
		}
		if !slices.Contains([]customers.Evidence{
			customers.EvidencePrimary, customers.EvidencePublic, customers.EvidenceObserved, customers.EvidenceInferred,
		}, oc.Evidence) {
			t.Errorf("the operation %s has no evidence: %q", oc.Op, oc.Evidence)
		}
	}
	for _, fc := range s.caps.Fields {
		if !slices.Contains(customers.Fields(), fc.Field) || fields[fc.Field] {
			t.Errorf("the field %q is unknown or there twice", fc.Field)
		}
		fields[fc.Field] = true
		if !fc.Create && !fc.Update && !fc.Read {
			t.Errorf("the field %s travels in no direction", fc.Field)
		}
	}
	if id, ok := s.caps.Field(customers.FieldID); !ok || !id.Read || id.Create || id.Update {
		t.Error("the id is not read, or can be set")
	}
	told := func() string { return fmt.Sprintf("%+v", s.driver.Capabilities()) }
	before := told()
	spoilt := s.driver.Capabilities()
	for _, oc := range spoilt.Operations {
		clear(oc.Filters)
	}
	clear(spoilt.Operations)
	clear(spoilt.Fields)
	if told() != before {
		t.Error("what a caller does with the capabilities changes them for others, or they change by themselves")
	}
}

func copies(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpGet)
	before := s.read(s.first.ID)
	got, err := s.Get(t.Context(), s.first.ID)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	for _, c := range []*customers.Customer{s.first, got} {
		id := c.ID
		c.Keep(customers.FieldNotes, "spoilt")
		if native := reflect.ValueOf(c.Native); native.Kind() == reflect.Pointer && !native.IsNil() {
			native.Elem().SetZero()
		}
		c.Profile, c.ID = customers.Profile{Notes: "spoilt"}, "spoilt"
		again, err := s.Get(t.Context(), id)
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		t.same("after the caller's copy was changed", before, flatten(again.Profile))
		if len(again.Verbatim) > 0 {
			t.Error("Verbatim is shared between callers")
		}
		s.first.ID = id
	}
	if patches := s.patches(); s.can(customers.OpUpdate) && len(patches) > 0 {
		patch := patches[0]
		if err := s.Update(t.Context(), s.first.ID, patch); err != nil {
			t.Fatalf("update: %v", err)
		}
		apply(before, s.caps, patch)
		spoil(patch)
		t.same("after the caller's patch was changed", before, s.read(s.first.ID))
	}
}

// spoil writes zero values where the patch points to.
func spoil(patch customers.Patch) {
	for v, i := reflect.ValueOf(patch), 0; i < v.NumField(); i++ {
		if !v.Field(i).IsNil() {
			v.Field(i).Elem().SetZero()
		}
	}
}

func as(t *trial) {
	s := t.seeded()
	var wrong struct{ X int }
	for _, target := range []any{nil, wrong, &wrong, "", (*int)(nil)} {
		if s.As(target) || s.driver.As(target) {
			t.Errorf("As knows a %T", target)
		}
	}
	if t.Target == nil {
		return
	}
	one, two := t.Target(), t.Target()
	if none := reflect.Zero(reflect.TypeOf(one)).Interface(); s.As(none) || s.driver.As(none) {
		t.Errorf("As fills a %T that is nil", none)
	}
	if !s.As(one) || !s.As(two) {
		t.Fatalf("As does not know a %T", one)
	}
	first, second := reflect.ValueOf(one).Elem(), reflect.ValueOf(two).Elem()
	if first.Kind() != reflect.Pointer || first.IsNil() || second.IsNil() {
		return // an interface or a value: nothing that can be shared by mistake is known
	}
	if first.Pointer() == second.Pointer() {
		t.Error("two callers got the same client")
	}
	first.Elem().SetZero()
	_, err := s.Get(t.Context(), s.first.ID)
	if err != nil && !strings.Contains(err.Error(), string(customers.ErrUnsupported)) {
		t.Errorf("after a caller's client was changed: %v", err)
	}
}
