package adaptertest

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contract-first/customers"
)

// facade is what the checks use of a client.
type facade interface {
	Provider() string
	String() string
	Capabilities() customers.Capabilities
	operations
	Plan(context.Context, customers.Profile) (customers.Plan, error)
	Ensure(context.Context, customers.Profile) (*customers.Customer, customers.Ensured, error)
	As(any) bool
	Close()
}

// trial is one run of one check.
type trial struct {
	testing.TB
	Harness
}

// subject is a fresh provider and a client for it.
type subject struct {
	facade
	Backend
	trial  *trial
	driver customers.Driver
	caps   customers.Capabilities
	first  *customers.Customer // after seed
	closed bool
}

// Close is that of the client, after which the kit does not close it by itself: to do it twice is one check's affair.
func (s *subject) Close() {
	s.closed = true
	s.facade.Close()
}

// everything allows all operations: whether one is proven is not the adapter's affair.
var everything = customers.Policy{AllowUnproven: customers.Ops()}

// open starts a provider that meets the fault from the start, and opens a client for it.
func (t *trial) open(policy customers.Policy, fault Fault) *subject {
	t.Helper()
	s := &subject{trial: t, Backend: t.Start(t)}
	if fault.Kind != "" {
		s.fail(fault)
	}
	s.connect(policy)
	return s
}

func (s *subject) connect(policy customers.Policy) {
	s.trial.Helper()
	driver, err := s.Open()
	if err != nil {
		s.trial.Fatalf("Open: %v", err)
	}
	client, err := customers.NewClient(driver, policy)
	if err != nil {
		s.trial.Fatalf("NewClient: %v", err)
	}
	s.trial.Cleanup(func() {
		if !s.closed {
			driver.Close()
		}
	})
	s.driver, s.facade, s.caps = driver, client, client.Capabilities()
	if s.trial.wrap != nil {
		s.facade = s.trial.wrap(client)
	}
}

// seeded is open, with the first profile stored: after that the driver has the credentials that it needs.
func (t *trial) seeded() *subject {
	t.Helper()
	s := t.open(everything, Fault{})
	s.seed()
	return s
}

func (s *subject) seed() {
	s.trial.Helper()
	s.first = s.create(s.trial.Profiles[0])
}

// create stores p, which must work.
func (s *subject) create(p customers.Profile) *customers.Customer {
	s.trial.Helper()
	created, err := s.Create(s.trial.Context(), p)
	if err != nil {
		s.trial.Fatalf("create: %v", err)
	}
	return created
}

// read gets a customer, which must be there, as texts by field.
func (s *subject) read(id string) map[customers.Field]string {
	s.trial.Helper()
	s.trial.needs(s, customers.OpGet)
	got, err := s.Get(s.trial.Context(), id)
	if err != nil {
		s.trial.Fatalf("get: %v", err)
	}
	return flatten(got.Profile)
}

// fail sets the fault; the check does not apply if the provider cannot play it.
func (s *subject) fail(f Fault) {
	s.trial.Helper()
	if s.Faults == nil || !s.Faults.Fail(f) {
		s.trial.Skipf("does not apply: the provider cannot play %q", f.Kind)
	}
}

// counted makes sure that requests can be counted.
func (s *subject) counted() {
	s.trial.Helper()
	if s.Faults == nil {
		s.trial.Skip("does not apply: the requests that reach the provider are not counted")
	}
}

// writes runs work and tells how many writes reached the provider meanwhile.
func (s *subject) writes(work func()) int {
	_, before := s.Faults.Requests()
	work()
	_, after := s.Faults.Requests()
	return after - before
}

func (s *subject) can(op customers.Op) bool {
	_, ok := s.caps.Operation(op)
	return ok
}

// needs ends the check if the provider lacks an operation that it is about.
func (t *trial) needs(s *subject, ops ...customers.Op) {
	t.Helper()
	for _, op := range ops {
		if !s.can(op) {
			t.Skipf("does not apply: %s has no %s", s.caps.Provider, op)
		}
	}
}

// call is one operation, ready to be made.
type call struct {
	op customers.Op
	do func(context.Context) error
}

// calls are all operations that the provider has, in an order in which each has what it needs: creating the second
// profile, and the others on the customer with the id.
func (s *subject) calls(id string) []call {
	return s.callsOf(s.facade, id)
}

// operations are what client and driver have in common.
type operations interface {
	Create(context.Context, customers.Profile) (*customers.Customer, error)
	Get(context.Context, string) (*customers.Customer, error)
	Update(context.Context, string, customers.Patch) error
	Delete(context.Context, string) error
	List(context.Context, customers.Query) iter.Seq2[*customers.Customer, error]
}

func (s *subject) callsOf(c operations, id string) []call {
	all := []call{
		{customers.OpCreate, func(ctx context.Context) error {
			_, err := c.Create(ctx, s.trial.Profiles[1])
			return err
		}},
		{customers.OpGet, func(ctx context.Context) error {
			_, err := c.Get(ctx, id)
			return err
		}},
		{customers.OpList, func(ctx context.Context) error {
			_, err := collect(c.List(ctx, customers.Query{}))
			return err
		}},
		{customers.OpFind, func(ctx context.Context) error {
			_, err := collect(c.List(ctx, s.filters()[0]))
			return err
		}},
		{customers.OpUpdate, func(ctx context.Context) error {
			patches := s.patches()
			return c.Update(ctx, id, patches[len(patches)-1]) // not the reference, which the create has taken
		}},
		{customers.OpDelete, func(ctx context.Context) error { return c.Delete(ctx, id) }},
	}
	return slices.DeleteFunc(all, func(c call) bool {
		return !s.can(c.op) || c.op == customers.OpUpdate && len(s.patches()) == 0 ||
			c.op == customers.OpFind && len(s.filters()) == 0
	})
}

// filters are queries for the first profile that the provider itself can answer.
func (s *subject) filters() (qs []customers.Query) {
	find, ok := s.caps.Operation(customers.OpFind)
	if !ok {
		return nil
	}
	for _, q := range s.queries() {
		if q.Reference != "" && slices.Contains(find.Filters, customers.FieldReference) ||
			q.Email != "" && slices.Contains(find.Filters, customers.FieldEmail) {
			qs = append(qs, q)
		}
	}
	return qs
}

// queries are those for the first profile that a client can answer.
func (s *subject) queries() (qs []customers.Query) {
	first := s.trial.Profiles[0]
	for _, q := range []customers.Query{{Reference: first.Reference}, {Email: first.Email}} {
		field := customers.FieldReference
		if q.Email != "" {
			field = customers.FieldEmail
		}
		find, ok := s.caps.Operation(customers.OpFind)
		searched := ok && slices.Contains(find.Filters, field)
		if fc, ok := s.caps.Field(field); q != (customers.Query{}) && (searched || ok && fc.Read && s.can(customers.OpList)) {
			qs = append(qs, q)
		}
	}
	return qs
}

// collect reads a list to its end or first error.
func collect(list iter.Seq2[*customers.Customer, error]) (all []*customers.Customer, err error) {
	for c, err := range list {
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

// patches change one group of fields each, to what the second profile has.
func (s *subject) patches() (patches []customers.Patch) {
	p := s.trial.Profiles[1]
	for _, patch := range single(p) {
		// The profile of a patch has its fields; those that an update cannot send are left out.
		if fields := patch.Profile().Fields(); len(fields) > 0 && !slices.ContainsFunc(fields, func(f customers.Field) bool {
			fc, ok := s.caps.Field(f)
			return !ok || !fc.Update
		}) {
			patches = append(patches, patch)
		}
	}
	return patches
}

// single are patches of one group of fields each.
func single(p customers.Profile) []customers.Patch {
	return []customers.Patch{
		{Reference: &p.Reference}, {Name: &p.Name}, {Email: &p.Email}, {Phone: &p.Phone}, {Mobile: &p.Mobile},
		{Address: &p.Address}, {Since: &p.Since}, {Notes: &p.Notes},
	}
}

// whole is one patch of every group of fields that p has.
func whole(p customers.Profile) (patch customers.Patch) {
	data, _ := json.Marshal(p)
	_ = json.Unmarshal(data, &patch) // cannot fail: the names and forms are the same
	return patch
}

// kept is what a provider with these capabilities gives back of p.
func kept(caps customers.Capabilities, p customers.Profile) map[customers.Field]string {
	reads := func(f customers.Field) bool {
		fc, ok := caps.Field(f)
		return ok && fc.Read
	}
	all := flatten(p)
	want := maps.Clone(all)
	maps.DeleteFunc(want, func(f customers.Field, _ string) bool { return !reads(f) })
	for full, text := range map[customers.Field]string{
		customers.FieldNameFull: p.Name.String(), customers.FieldAddressFormatted: p.Address.String(),
	} {
		joined := false
		for f := range all {
			joined = joined || f.Group() == full.Group() && !reads(f)
		}
		if joined && reads(full) {
			want[full] = text
		}
	}
	return want
}

// flatten gives the fields of p that are set; the names of its JSON are those of the fields.
func flatten(p customers.Profile) map[customers.Field]string {
	p.Since = p.Since.UTC() // the instant counts, not the zone
	data, _ := json.Marshal(p)
	var tree map[string]any
	_ = json.Unmarshal(data, &tree) // cannot fail: texts, and a date
	fields := map[customers.Field]string{}
	for name, value := range tree {
		switch value := value.(type) {
		case string:
			fields[customers.Field(name)] = value
		case map[string]any:
			for part, text := range value {
				fields[customers.Field(name+"."+part)] = text.(string)
			}
		}
	}
	return fields
}

// with is p with the fields set to these texts.
func with(p customers.Profile, texts map[customers.Field]string) customers.Profile {
	tree := map[string]any{}
	for f, text := range texts {
		group, part, nested := strings.Cut(string(f), ".")
		if !nested {
			tree[group] = text
			continue
		}
		parts, _ := tree[group].(map[string]any)
		if parts == nil {
			parts = map[string]any{}
		}
		parts[part] = text
		tree[group] = parts
	}
	data, _ := json.Marshal(tree)
	_ = json.Unmarshal(data, &p) // cannot fail: what flatten makes, or samples
	return p
}

// without is p with one field less.
func without(p customers.Profile, f customers.Field) customers.Profile {
	texts := flatten(p)
	delete(texts, f)
	return with(customers.Profile{}, texts)
}

// sample is a valid value of each field that a caller can set.
var sample = map[customers.Field]string{
	customers.FieldReference: "kit-4711", customers.FieldNameGiven: "Zoraida", customers.FieldNameFamily: "Quintero",
	customers.FieldNameFull: "Zoraida Quintero", customers.FieldEmail: "zoraida.quintero@example.com",
	customers.FieldPhone: "+15005550006", customers.FieldMobile: "+15005550007",
	customers.FieldAddressStreet: "7 Kestrel Row", customers.FieldAddressCity: "Tarnwick",
	customers.FieldAddressRegion: "Upper Fell", customers.FieldAddressPostalCode: "ZZ9 9ZZ",
	customers.FieldAddressCountry: "GB", customers.FieldAddressFormatted: "7 Kestrel Row, Tarnwick",
	customers.FieldSince: "2019-05-06T07:08:09Z", customers.FieldNotes: "Rings twice",
}

// unsent are the fields that a caller can set and op does not send, in the order of the documentation.
func (s *subject) unsent(op customers.Op) (fields []customers.Field) {
	for _, f := range customers.Fields() {
		if _, settable := sample[f]; !settable {
			continue
		}
		fc, ok := s.caps.Field(f)
		if !ok || op == customers.OpCreate && !fc.Create || op == customers.OpUpdate && !fc.Update {
			fields = append(fields, f)
		}
	}
	return fields
}

// same fails unless the fields are those wanted.
func (t *trial) same(what string, want, got map[customers.Field]string) {
	t.Helper()
	for _, f := range customers.Fields() {
		if want[f] != got[f] {
			t.Errorf("%s: %s is %q, not %q", what, f, got[f], want[f])
		}
	}
}

// failed holds an error against kinds and outcomes; the first kind is the usual one.
func (t *trial) failed(op customers.Op, err error, kinds []customers.Kind, outcomes ...customers.Outcome) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, not %q", op, kinds[0])
		return
	}
	var e *customers.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: the error is a %T, no *customers.Error", op, err)
		return
	}
	if !slices.Contains(kinds, e.Kind) {
		t.Errorf("%s: the kind is %q, not %q: %v", op, e.Kind, kinds[0], err)
	}
	if op.Writes() && !slices.Contains(outcomes, e.Outcome) {
		t.Errorf("%s: the outcome is %q, not %q: %v", op, e.Outcome, outcomes[0], err)
	}
}

// refused holds the error of a call that must stop before anything is sent, and makes sure that nothing was.
func (s *subject) refused(op customers.Op, do func(context.Context) error, kinds ...customers.Kind) error {
	s.trial.Helper()
	before, _ := s.Faults.Requests()
	err := do(s.trial.Context())
	s.trial.failed(op, err, kinds, customers.ErrNotSent)
	if after, _ := s.Faults.Requests(); after != before {
		s.trial.Errorf("%s: %d requests were sent before it was refused", op, after-before)
	}
	return err
}

// named fails unless the error has a violation about the field.
func (t *trial) named(err error, f customers.Field, rule string) {
	t.Helper()
	var e *customers.Error
	if errors.As(err, &e) && !slices.ContainsFunc(e.Violations, func(v customers.Violation) bool {
		return v.Field == f && v.Rule == rule
	}) {
		t.Errorf("no violation names %s (%s): %v", f, rule, err)
	}
}

// within reports whether done is closed before the patience ends.
func (t *trial) within(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-time.After(t.Patience):
		return false
	}
}
