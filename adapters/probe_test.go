package adapters_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/markup"
	genSimplepin "github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/sandbox"
)

// probes are two values of each field that a caller can set, which every provider takes and which occur nowhere else.
func probes(provider string) map[customers.Field][2]string {
	values := map[customers.Field][2]string{
		customers.FieldReference: {"probe-4711", "probe-4712"}, customers.FieldNameGiven: {"Zoraida", "Xaviera"},
		customers.FieldNameFamily: {"Quintero", "Yrigoyen"}, customers.FieldNameFull: {"Wilhelmina Oquendo", "Wilhelmina Urrutia"},
		customers.FieldEmail: {"zoraida.quintero@example.com", "xaviera.yrigoyen@example.com"},
		customers.FieldPhone: {"+2250102030405", "+2250102030406"}, customers.FieldMobile: {"+2250705060708", "+2250705060709"},
		customers.FieldAddressStreet: {"7 Kestrel Row", "8 Osprey Row"}, customers.FieldAddressCity: {"Tarnwick", "Eskdale"},
		customers.FieldAddressRegion: {"Upper Fell", "Lower Fell"}, customers.FieldAddressPostalCode: {"ZZ9 9ZZ", "YY8 8YY"},
		customers.FieldAddressCountry:   {"CI"},
		customers.FieldAddressFormatted: {"9 Merlin Walk, Tarnwick", "9 Merlin Walk, Eskdale"},
		customers.FieldSince:            {"2019-05-06T07:08:09.123Z", "2019-05-06T07:08:09.124Z"},
		customers.FieldNotes:            {"Rings twice", "Rings once"},
	}
	if provider == "simplepin" { // whose places the subject knows by id
		values[customers.FieldAddressCountry], values[customers.FieldAddressRegion] = [2]string{"CA"}, [2]string{"Quebec", "Ontario"}
	}
	return values
}

// prober asks an adapter for the same thing with one field changed, and reads in the journal what that changed.
type prober struct {
	*testing.T
	*customers.Client
	subject subject
	setup   setup
	sandbox *sandbox.Sandbox
	caps    customers.Capabilities
	values  map[customers.Field][2]string
}

func newProber(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) *prober {
	t.Helper()
	client := open(t, s, with, sb)
	t.Cleanup(client.Close)
	return &prober{
		T: t, Client: client, subject: s, setup: with, sandbox: sb, caps: client.Capabilities(), values: probes(client.Provider()),
	}
}

// keeps reports whether the table has f in one of the writes.
func (p *prober) keeps(f customers.Field) bool {
	fc, ok := p.caps.Field(f)
	return ok && (fc.Create || fc.Update)
}

// isForm reports whether f is the form of a name or an address in one text.
func isForm(f customers.Field) bool {
	return f == customers.FieldNameFull || f == customers.FieldAddressFormatted
}

// around lists f and all fields that can stand beside it. Of the two forms of a name or an address it has f's own, else
// the parts; both only where one of them is not kept, and left out.
func (p *prober) around(f customers.Field) (fields []customers.Field) {
	for _, other := range customers.Fields() {
		_, settable := p.values[other]
		formatted := isForm(f) && p.keeps(f) && f.Group() == other.Group()
		switch {
		case !settable:
		case f != other && other.Group() != other && p.keeps(other) && isForm(other) != formatted:
		case f == customers.FieldAddressCountry && other == customers.FieldAddressRegion: // which belongs to its country
		default:
			fields = append(fields, other)
		}
	}
	return fields
}

// profile has these fields in their first form, but f as said; "" leaves f out.
func (p *prober) profile(fields []customers.Field, f customers.Field, value string) customers.Profile {
	texts := map[customers.Field]string{}
	for _, other := range fields {
		texts[other] = p.values[other][0]
	}
	if texts[f] = value; value == "" {
		delete(texts, f)
	}
	return fill(p.T, customers.Profile{}, texts)
}

// fill sets fields of a profile by their names, which are those of its JSON.
func fill(t *testing.T, profile customers.Profile, texts map[customers.Field]string) customers.Profile {
	t.Helper()
	tree := map[string]any{}
	for f, text := range texts {
		group, part, nested := strings.Cut(string(f), ".")
		if !nested {
			tree[group] = text
			continue
		}
		if tree[group] == nil {
			tree[group] = map[string]any{}
		}
		tree[group].(map[string]any)[part] = text
	}
	data, err := json.Marshal(tree)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &profile))
	return profile
}

// patch changes every group of fields that the profile has.
func patch(p customers.Profile) (patch customers.Patch) {
	data, _ := json.Marshal(p) // the names are the same
	_ = json.Unmarshal(data, &patch)
	return patch
}

// lossy allows every loss: what is not kept must not be what stops a probe.
func lossy(ctx context.Context) context.Context {
	return customers.WithLossAllowed(ctx, customers.Fields()...)
}

// sent is the last request of an operation that call made, nil if call sent none.
func (p *prober) sent(op customers.Op, call func(context.Context) error) (*sandbox.Exchange, error) {
	p.Helper()
	before := len(p.sandbox.Journal())
	err := call(lossy(p.Context()))
	oc, _ := p.caps.Operation(op)
	for _, e := range slices.Backward(p.sandbox.Journal()[before:]) {
		if e.Operation == oc.ID {
			return &e, err
		}
	}
	return nil, err
}

func (p *prober) create(profile customers.Profile) (*sandbox.Exchange, error) {
	p.Helper()
	e, err := p.sent(customers.OpCreate, func(ctx context.Context) error {
		_, err := p.Create(ctx, profile)
		return err
	})
	// One that is refused because it was there before has been sent all the same.
	require.True(p, err == nil || errors.Is(err, customers.ErrRejected) || errors.Is(err, customers.ErrNotSent), "%v", err)
	return e, err
}

// update sends the patch to the first customer of a provider that is new, so that nothing else is in the request.
func (p *prober) update(patch customers.Patch) *sandbox.Exchange {
	p.Helper()
	p = newProber(p.T, p.subject, p.setup, start(p.T, sandbox.Config{Contract: parsed, Dialects: p.setup.dialects}))
	created, err := p.Client.Create(p.Context(), p.subject.least)
	require.NoError(p, err)
	e, err := p.sent(customers.OpUpdate, func(ctx context.Context) error { return p.Update(ctx, created.ID, patch) })
	require.NoError(p, err)
	require.NotNil(p, e)
	return e
}

// leaves are the values of a body, JSON or SimplePin's XML, by the names that lead to them.
func leaves(t *testing.T, body []byte) map[string]any {
	t.Helper()
	found := map[string]any{}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		object, ok := value.(map[string]any)
		if !ok {
			found[path] = value
		}
		for name, member := range object {
			walk(strings.TrimPrefix(path+"."+name, "."), member)
		}
	}
	var tree any
	if bytes.HasPrefix(body, []byte("<")) {
		tree = fromXML(t, body)
	} else {
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		require.NoError(t, dec.Decode(&tree), "%s", body)
	}
	walk("", tree)
	return found
}

func fromXML(t *testing.T, body []byte) any {
	t.Helper()
	for _, op := range genSimplepin.XML() {
		for _, root := range []*markup.Root{op.Request, op.Success} {
			if root == nil {
				continue
			}
			if tree, problems, ok := markup.Decode(body, root); ok && len(problems) == 0 {
				return tree
			}
		}
	}
	require.Fail(t, "no XML of SimplePin's", "%s", body)
	return nil
}

// differ names the properties in which two requests differ.
func differ(t *testing.T, a, b *sandbox.Exchange) []string {
	t.Helper()
	one, two := leaves(t, a.RequestBody), leaves(t, b.RequestBody)
	for name, value := range two {
		if was, ok := one[name]; ok && assert.ObjectsAreEqual(was, value) {
			delete(one, name)
		} else {
			one[name] = value
		}
	}
	return slices.Sorted(maps.Keys(one))
}

// wiresOf is where the table says that the field is sent.
func wiresOf(fc *customers.FieldCapability, sent bool) []string {
	if !sent {
		return nil
	}
	return []string{fc.Wire}
}

// request is everything of an exchange that went over the wire from the client.
func request(e *sandbox.Exchange) string {
	return fmt.Sprintln(e.Method, e.Path, e.Query, e.RequestHeader, string(e.RequestBody))
}

// TestTableTellsWhatIsSent changes one field at a time and holds what changes in the request against the capabilities:
// nothing that they do not have, and exactly where they say.
func TestTableTellsWhatIsSent(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		p := newProber(t, s, with, sb)
		for _, f := range customers.Fields() {
			if _, settable := p.values[f]; settable {
				p.probeCreate(f)
				p.probeUpdate(f)
			}
		}
	})
}

func (p *prober) probeCreate(f customers.Field) {
	fc, known := p.caps.Field(f)
	if !known {
		fc = new(customers.FieldCapability)
	}
	fields := p.around(f)
	full, err := p.create(p.profile(fields, f, p.values[f][0]))
	require.NotNil(p, full, "%v", err)

	// Everything that goes is known, and everything that is known goes.
	var wires []string
	for _, other := range fields {
		if oc, ok := p.caps.Field(other); ok && oc.Create {
			wires = append(wires, oc.Wire)
		} else if other != customers.FieldAddressCountry { // two letters may stand anywhere
			assert.NotContains(p, request(full), p.values[other][0], "%s is not kept, and was sent", other)
		}
	}
	slices.Sort(wires)
	assert.Equal(p, slices.Compact(wires), slices.Sorted(maps.Keys(leaves(p.T, full.RequestBody))), "beside %s", f)

	if second := p.values[f][1]; second != "" {
		other, err := p.create(p.profile(fields, f, second))
		require.NotNil(p, other, "%v", err)
		assert.Equal(p, wiresOf(fc, fc.Create), differ(p.T, full, other), "another %s", f)
	}
	switch other, err := p.create(p.profile(fields, f, "")); {
	case other != nil:
		assert.Equal(p, wiresOf(fc, fc.Create), differ(p.T, full, other), "without %s", f)
		assert.False(p, fc.Required && !fc.Joined, "%s is required, and a create without it is sent", f)
	default:
		assert.ErrorContains(p, err, "required")
		assert.True(p, fc.Required, "%s is not required, and a create without it is not sent: %v", f, err)
	}

	// The field beside as little as the provider takes, which may have it, or be of the other form, already.
	has := p.subject.least.Fields()
	if slices.Contains(has, f) || p.keeps(f) && slices.ContainsFunc(has, f.Group().Covers) {
		return
	}
	alone := fill(p.T, p.subject.least, map[customers.Field]string{f: p.values[f][0]})
	least, err := p.create(p.subject.least)
	require.NotNil(p, least, "%v", err)
	single, err := p.create(alone)
	if f == customers.FieldAddressRegion && fc.Create && !fc.Joined {
		assert.ErrorContains(p, err, "required with a region")
		return
	}
	require.NotNil(p, single, "%v", err)
	assert.Equal(p, wiresOf(fc, fc.Create), differ(p.T, least, single), "%s alone", f)
}

func (p *prober) probeUpdate(f customers.Field) {
	if _, ok := p.caps.Operation(customers.OpUpdate); !ok {
		return
	}
	fc, known := p.caps.Field(f)
	if !known {
		fc = new(customers.FieldCapability)
	}
	// The field's own group, since names and addresses are changed whole, and something that can be changed anyway.
	fields := slices.DeleteFunc(p.around(f), func(other customers.Field) bool {
		beside := customers.FieldEmail
		if f == beside {
			beside = customers.FieldPhone
		}
		return other.Group() != f.Group() && other != beside
	})
	full := p.update(patch(p.profile(fields, f, p.values[f][0])))
	for _, other := range fields {
		if oc, ok := p.caps.Field(other); (!ok || !oc.Update) && other != customers.FieldAddressCountry {
			assert.NotContains(p, request(full), p.values[other][0], "%s cannot be changed, and was sent", other)
		}
	}
	// Where no second value is known, the update goes without the field, which a new customer does not have.
	other := p.update(patch(p.profile(fields, f, p.values[f][1])))
	assert.Equal(p, wiresOf(fc, fc.Update), differ(p.T, full, other), "update to another %s", f)
}

// TestDriversSendNothingElse gives drivers what a client would keep from them, since the table does not have it: if it
// went out, the table would know too little.
func TestDriversSendNothingElse(t *testing.T) {
	for provider, s := range subjects() {
		t.Run(provider, func(t *testing.T) {
			sb := start(t, sandbox.Config{Contract: parsed})
			server := httptest.NewServer(sb.Handler(provider))
			t.Cleanup(server.Close)
			driver, _, err := s.driver(elsewhere(sb, server.URL), setup{})
			require.NoError(t, err)
			t.Cleanup(driver.Close)
			created, err := driver.Create(t.Context(), s.profile)
			require.NoError(t, err)

			caps, tried := driver.Capabilities(), 0
			sent := func(op customers.Op, p customers.Profile) *sandbox.Exchange {
				if op == customers.OpCreate {
					_, err = driver.Create(t.Context(), p)
				} else {
					err = driver.Update(t.Context(), created.ID, patch(p))
				}
				require.True(t, err == nil || errors.Is(err, customers.ErrRejected), "%v", err)
				journal := sb.Journal()
				last := journal[len(journal)-1]
				oc, _ := caps.Operation(op)
				require.Equal(t, oc.ID, last.Operation)
				return &last
			}
			for f, values := range probes(provider) {
				fc, ok := caps.Field(f)
				more := fill(t, s.profile, map[customers.Field]string{f: values[0]})
				for op, kept := range map[customers.Op]bool{
					customers.OpCreate: ok && fc.Create, customers.OpUpdate: ok && fc.Update,
				} {
					if _, there := caps.Operation(op); there && !kept {
						tried++
						assert.Empty(t, differ(t, sent(op, s.profile), sent(op, more)), "%s of %s", op, f)
					}
				}
			}
			assert.NotZero(t, tried)
		})
	}
}

// TestTableTellsWhatIsRead holds what comes back against the capabilities, in answers to a create and to a get.
func TestTableTellsWhatIsRead(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		p := newProber(t, s, with, sb)
		for i, form := range []customers.Field{customers.FieldNameFull, customers.FieldAddressFormatted, customers.FieldNotes} {
			profile := p.profile(p.around(form), form, p.values[form][0])
			// Another customer each time.
			profile.Reference += fmt.Sprint("-", i)
			profile.Email = fmt.Sprint(i, profile.Email)
			created, err := p.Create(lossy(t.Context()), profile)
			require.NoError(t, err)
			p.read(profile, created)
			got, err := p.Get(t.Context(), created.ID)
			require.NoError(t, err)
			p.read(profile, got)
		}
	})
}

// read holds a customer, and the answer that it was made of, which is the last in the journal.
func (p *prober) read(profile customers.Profile, got *customers.Customer) {
	p.Helper()
	journal := p.sandbox.Journal()
	answered := journal[len(journal)-1]
	wire := leaves(p.T, answered.ResponseBody)
	want := map[customers.Field]bool{customers.FieldID: true, customers.FieldCreatedAt: true}
	for _, f := range profile.Fields() {
		fc, _ := p.caps.Field(f)
		if !p.keeps(f) {
			continue
		}
		if want[f] = true; fc.Joined && !fc.Read {
			// What was joined comes back whole, under the field of the same property that is read.
			for _, other := range p.caps.Fields {
				if other.Wire == fc.Wire && other.Read {
					want[other.Field] = true
				}
			}
		}
	}
	set := got.Fields()
	if got.ID != "" {
		set = append(set, customers.FieldID)
	}
	if !got.CreatedAt.IsZero() {
		set = append(set, customers.FieldCreatedAt)
	}
	for _, f := range customers.Fields() {
		fc, _ := p.caps.Field(f)
		reads := fc != nil && fc.Read && want[f]
		assert.Equal(p, reads, slices.Contains(set, f), "%s is read", f)
		if reads {
			assert.True(p, stands(wire, f, fc.Wire), "%s is in no property %s of the answer %s", f, fc.Wire, answered.ResponseBody)
		}
	}
	texts := textsOf(p.T, profile)
	maps.DeleteFunc(texts, func(f customers.Field, _ string) bool {
		fc, ok := p.caps.Field(f)
		return !ok || !fc.Read
	})
	expected := fill(p.T, customers.Profile{}, texts)
	if fc, ok := p.caps.Field(customers.FieldNameFull); ok && fc.Read {
		expected.Name = customers.Name{Full: sentName(p, profile).String()}
	}
	if fc, ok := p.caps.Field(customers.FieldAddressFormatted); ok && fc.Read {
		expected.Address = customers.Address{Formatted: profile.Address.String()}
	}
	same(p.T, expected, got)
}

// sentName is the name without the form that is not kept.
func sentName(p *prober, profile customers.Profile) customers.Name {
	if !p.keeps(customers.FieldNameFull) {
		profile.Name.Full = ""
	}
	return profile.Name
}

// stands reports whether an answer has a property, under a wrapper or not. Fatora has two names for its notes: which
// answers have which is a contradiction of its pages, and so a dialect.
func stands(wire map[string]any, f customers.Field, name string) bool {
	names := []string{name, "data." + name, "client." + name}
	if f == customers.FieldNotes {
		names = append(names, "client.note")
	}
	return slices.ContainsFunc(names, func(name string) bool { return wire[name] != nil })
}

// textsOf are the fields of p as its JSON has them.
func textsOf(t *testing.T, p customers.Profile) map[customers.Field]string {
	t.Helper()
	data, err := json.Marshal(p)
	require.NoError(t, err)
	texts := map[customers.Field]string{}
	for name, value := range leaves(t, data) {
		texts[customers.Field(name)] = value.(string)
	}
	return texts
}

// TestCapabilitiesAsJSON is about programs that read them elsewhere.
func TestCapabilitiesAsJSON(t *testing.T) {
	sb := start(t, sandbox.Config{Contract: parsed})
	for provider, s := range subjects() {
		want := open(t, s, setup{}, sb).Capabilities()
		data, err := json.Marshal(want)
		require.NoError(t, err)
		var got customers.Capabilities
		require.NoError(t, json.Unmarshal(data, &got))
		assert.Equal(t, want, got, provider)
	}
}

// TestUnproven is every operation of every provider that is only inferred.
func TestUnproven(t *testing.T) {
	sb := start(t, sandbox.Config{Contract: parsed})
	var tried []string
	for provider, s := range subjects() {
		driver, _, err := s.driver(sb, setup{})
		require.NoError(t, err)
		client, err := customers.NewClient(driver, customers.Policy{})
		require.NoError(t, err)
		for _, oc := range client.Capabilities().Operations {
			if oc.Evidence != customers.EvidenceInferred {
				continue
			}
			tried = append(tried, provider+" "+string(oc.Op))
			id := unknown(provider)
			var failed error
			switch oc.Op {
			case customers.OpCreate:
				_, failed = client.Create(t.Context(), s.profile)
			case customers.OpGet:
				_, failed = client.Get(t.Context(), id)
			case customers.OpUpdate:
				failed = client.Update(t.Context(), id, s.patches[0])
			case customers.OpDelete:
				failed = client.Delete(t.Context(), id)
			case customers.OpLookup:
				p := s.profile
				p.Address.Country, p.Address.Region = "FR", "" // whose id is not given
				_, failed = client.Create(t.Context(), p)
			case customers.OpList, customers.OpFind:
				q := customers.Query{}
				if oc.Op == customers.OpFind {
					q.Email = s.profile.Email
				}
				for _, failed = range client.List(t.Context(), q) {
				}
			}
			require.ErrorIs(t, failed, customers.ErrUnproven)
			assert.ErrorContains(t, failed, oc.Method+" "+oc.Path+" is stated nowhere", "what is missing")
			assert.ErrorContains(t, failed, "only inferred from "+oc.Source+";", "where to look")
			assert.ErrorContains(t, failed, "name "+string(oc.Op)+" in Policy.AllowUnproven", "what to do")
			assert.NotEmpty(t, oc.Source)
			if oc.Op.Writes() {
				assert.ErrorIs(t, failed, customers.ErrNotSent)
			}
		}
	}
	assert.Empty(t, sb.Journal())
	assert.ElementsMatch(t, []string{
		"digitalpaye get", "digitalpaye list", "simplepin get", "simplepin update", "simplepin find", "simplepin lookup", "fatora delete",
	}, tried)
}
