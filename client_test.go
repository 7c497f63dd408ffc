package customers_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
)

// call is what the driver was given.
type call struct {
	op      customers.Op
	id      string
	profile customers.Profile
	patch   customers.Patch
	query   customers.Query
}

// acme is a scripted driver: it notes what it is given and answers what the test has laid down.
type acme struct {
	customers.Unsupported
	caps   customers.Capabilities
	answer *customers.Customer
	list   []*customers.Customer
	err    error // of every call; of List after its customers

	mu     sync.Mutex
	calls  []call
	pulled int // customers of list that were taken
}

func (a *acme) note(c call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, c)
}

func (a *acme) Capabilities() customers.Capabilities {
	caps := a.caps
	caps.Operations, caps.Fields = slices.Clone(caps.Operations), slices.Clone(caps.Fields)
	for i, oc := range caps.Operations {
		caps.Operations[i].Filters = slices.Clone(oc.Filters)
	}
	return caps
}

func (a *acme) Create(_ context.Context, p customers.Profile) (*customers.Customer, error) {
	a.note(call{op: customers.OpCreate, profile: p})
	return a.answer, a.err
}

func (a *acme) Get(_ context.Context, id string) (*customers.Customer, error) {
	a.note(call{op: customers.OpGet, id: id})
	return a.answer, a.err
}

func (a *acme) Update(_ context.Context, id string, patch customers.Patch) error {
	a.note(call{op: customers.OpUpdate, id: id, patch: patch})
	return a.err
}

func (a *acme) Delete(_ context.Context, id string) error {
	a.note(call{op: customers.OpDelete, id: id})
	return a.err
}

func (a *acme) List(_ context.Context, q customers.Query) iter.Seq2[*customers.Customer, error] {
	return func(yield func(*customers.Customer, error) bool) {
		a.note(call{op: customers.OpList, query: q})
		for _, c := range a.list {
			a.pulled++
			if !yield(c, nil) {
				return
			}
		}
		if a.err != nil {
			yield(nil, a.err)
		}
	}
}

func (a *acme) As(target any) bool {
	p, ok := target.(**acme)
	if ok {
		*p = a
	}
	return ok
}

// newAcme keeps no mobile, since, region or postal code, takes a country at creation only, and empties nothing but
// notes.
func newAcme() *acme {
	operation := func(op customers.Op, method, path string, filters ...customers.Field) customers.OperationCapability {
		return customers.OperationCapability{
			Op: op, ID: string(op) + "Customer", Method: method, Path: path,
			Evidence: customers.EvidencePrimary, Source: "docs.example.com/" + string(op), Filters: filters,
		}
	}
	return &acme{
		answer: &customers.Customer{ID: "42"},
		caps: customers.Capabilities{
			Provider: "acme",
			Operations: []customers.OperationCapability{
				operation(customers.OpCreate, "POST", "/people"),
				operation(customers.OpGet, "GET", "/people/{id}"),
				operation(customers.OpUpdate, "PATCH", "/people/{id}"),
				operation(customers.OpDelete, "DELETE", "/people/{id}"),
				operation(customers.OpList, "GET", "/people"),
				operation(customers.OpFind, "GET", "/people/search", customers.FieldEmail),
			},
			Fields: []customers.FieldCapability{
				{Field: customers.FieldID, Read: true},
				{Field: customers.FieldReference, Create: true, Update: true, Read: true},
				{Field: customers.FieldNameGiven, Create: true, Update: true, Joined: true, Required: true},
				{Field: customers.FieldNameFamily, Create: true, Update: true, Joined: true, Required: true},
				{Field: customers.FieldNameFull, Create: true, Update: true, Read: true, Joined: true, Required: true},
				{Field: customers.FieldEmail, Create: true, Update: true, Read: true, Required: true},
				{Field: customers.FieldPhone, Create: true, Update: true, Read: true},
				{Field: customers.FieldAddressStreet, Create: true, Update: true, Read: true},
				{Field: customers.FieldAddressCity, Create: true, Update: true, Read: true},
				{Field: customers.FieldAddressCountry, Create: true, Read: true},
				{Field: customers.FieldAddressFormatted, Create: true, Read: true},
				{Field: customers.FieldNotes, Create: true, Update: true, Read: true, Clear: true},
				{Field: customers.FieldCreatedAt, Read: true},
			},
		},
	}
}

// lacking takes an operation out of the table.
func (a *acme) lacking(ops ...customers.Op) *acme {
	a.caps.Operations = slices.DeleteFunc(a.caps.Operations, func(oc customers.OperationCapability) bool {
		return slices.Contains(ops, oc.Op)
	})
	return a
}

// guessing makes an operation one that is only inferred.
func (a *acme) guessing(ops ...customers.Op) *acme {
	for i, oc := range a.caps.Operations {
		if slices.Contains(ops, oc.Op) {
			a.caps.Operations[i].Evidence = customers.EvidenceInferred
		}
	}
	return a
}

// emptying makes fields ones that the provider is known to empty.
func (a *acme) emptying(fields ...customers.Field) *acme {
	for i, fc := range a.caps.Fields {
		if slices.Contains(fields, fc.Field) {
			a.caps.Fields[i].Clear = true
		}
	}
	return a
}

// hiding makes fields ones that the provider does not tell.
func (a *acme) hiding(fields ...customers.Field) *acme {
	for i, fc := range a.caps.Fields {
		if slices.Contains(fields, fc.Field) {
			a.caps.Fields[i].Read = false
		}
	}
	return a
}

func open(t *testing.T, a *acme, policy customers.Policy) *customers.Client {
	t.Helper()
	client, err := customers.NewClient(a, policy)
	require.NoError(t, err)
	return client
}

func ama() customers.Profile {
	return customers.Profile{Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com"}
}

// query is what makes List the operation that a test means.
func query(op customers.Op) customers.Query {
	if op == customers.OpFind {
		return customers.Query{Email: "ama.kouassi@example.com"}
	}
	return customers.Query{}
}

// do runs op with input that newAcme takes.
func do(t *testing.T, client *customers.Client, op customers.Op) error {
	t.Helper()
	var err error
	switch op {
	case customers.OpCreate:
		_, err = client.Create(t.Context(), ama())
	case customers.OpGet:
		_, err = client.Get(t.Context(), "42")
	case customers.OpUpdate:
		err = client.Update(t.Context(), "42", customers.Patch{Email: customers.To("ama@example.net")})
	case customers.OpDelete:
		err = client.Delete(t.Context(), "42")
	case customers.OpList, customers.OpFind:
		_, err = collect(client.List(t.Context(), query(op)))
	default:
		t.Fatalf("no operation %q", op)
	}
	return err
}

// collect gives the ids of the customers before the first error, and that error.
func collect(seq iter.Seq2[*customers.Customer, error]) (ids []string, err error) {
	for c, err := range seq {
		if err != nil {
			return ids, err
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}

// asError is the error as the type that every method promises, of acme and op.
func asError(t *testing.T, err error, op customers.Op) *customers.Error {
	t.Helper()
	require.IsType(t, &customers.Error{}, err)
	e := err.(*customers.Error)
	assert.Equal(t, "acme", e.Provider)
	assert.Equal(t, op, e.Op)
	if !op.Writes() {
		assert.Empty(t, e.Outcome, "a read leaves nothing behind")
	}
	return e
}

// refused asserts that err is of kind, that nothing was sent, and gives the rules broken.
func refused(t *testing.T, a *acme, err error, op customers.Op, kind customers.Kind) []customers.Violation {
	t.Helper()
	e := asError(t, err, op)
	assert.ErrorIs(t, err, kind)
	if op.Writes() {
		assert.ErrorIs(t, err, customers.ErrNotSent)
	}
	assert.Empty(t, a.calls, "the driver was called")
	return e.Violations
}

func unsupported(fields ...customers.Field) []customers.Violation {
	var vs []customers.Violation
	for _, f := range fields {
		vs = append(vs, customers.Violation{Field: f, Rule: "unsupported", Bound: "by this provider"})
	}
	return vs
}

func TestNewClientRefusesPolicyThatNamesNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		policy customers.Policy
		want   []customers.Violation
	}{
		"misspelt field": {
			customers.Policy{AllowLoss: []customers.Field{"adress"}},
			[]customers.Violation{{Pointer: "Policy.AllowLoss", Rule: "unknown field", Bound: "adress"}},
		},
		"misspelt part": {
			customers.Policy{AllowLoss: []customers.Field{"address.zip"}},
			[]customers.Violation{{Pointer: "Policy.AllowLoss", Rule: "unknown field", Bound: "address.zip"}},
		},
		"beginning of a name": {
			customers.Policy{AllowLoss: []customers.Field{"addr"}},
			[]customers.Violation{{Pointer: "Policy.AllowLoss", Rule: "unknown field", Bound: "addr"}},
		},
		"empty field": {
			customers.Policy{AllowLoss: []customers.Field{""}},
			[]customers.Violation{{Pointer: "Policy.AllowLoss", Rule: "unknown field"}},
		},
		"misspelt operation": {
			customers.Policy{AllowUnproven: []customers.Op{"remove"}},
			[]customers.Violation{{Pointer: "Policy.AllowUnproven", Rule: "unknown operation", Bound: "remove"}},
		},
		"several": {
			customers.Policy{AllowLoss: []customers.Field{"zip", "email"}, AllowUnproven: []customers.Op{"get", "Get"}},
			[]customers.Violation{
				{Pointer: "Policy.AllowLoss", Rule: "unknown field", Bound: "zip"},
				{Pointer: "Policy.AllowUnproven", Rule: "unknown operation", Bound: "Get"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := customers.NewClient(newAcme(), tt.policy)
			assert.Nil(t, client)
			require.ErrorIs(t, err, customers.ErrConfig)
			assert.Equal(t, tt.want, asError(t, err, "").Violations)
			assert.Contains(t, err.Error(), tt.want[0].String())
		})
	}
}

func TestNewClientTakesEveryFieldAndOperationInThePolicy(t *testing.T) {
	policy := customers.Policy{
		AllowLoss:     append(customers.Fields(), customers.FieldName, customers.FieldAddress, customers.FieldUndeclared),
		AllowUnproven: customers.Ops(),
	}
	_, err := customers.NewClient(newAcme(), policy)
	assert.NoError(t, err)
}

func TestClientKeepsItsPolicy(t *testing.T) {
	a := newAcme().guessing(customers.OpGet)
	policy := customers.Policy{AllowLoss: []customers.Field{customers.FieldEmail}, AllowUnproven: []customers.Op{customers.OpList}}
	client := open(t, a, policy)
	policy.AllowLoss[0], policy.AllowUnproven[0] = customers.FieldMobile, customers.OpGet

	p := ama()
	p.Mobile = "+2250102030405"
	_, err := client.Create(t.Context(), p)
	require.ErrorIs(t, err, customers.ErrUnsupportedField)
	require.ErrorIs(t, do(t, client, customers.OpGet), customers.ErrUnproven)
}

func TestCapabilitiesAreTheCallersOwn(t *testing.T) {
	client := open(t, newAcme(), customers.Policy{})
	caps := client.Capabilities()
	want := client.Capabilities()
	for i := range caps.Operations {
		caps.Operations[i].Evidence = customers.EvidenceInferred
	}
	for i := range caps.Fields {
		caps.Fields[i].Create = false
	}
	assert.Equal(t, want, client.Capabilities())
	assert.NoError(t, do(t, client, customers.OpCreate))
	assert.Equal(t, "acme", client.Provider())
}

func TestCapabilitiesLookup(t *testing.T) {
	client := open(t, newAcme().lacking(customers.OpDelete), customers.Policy{})

	get, ok := client.Capabilities().Operation(customers.OpGet)
	require.True(t, ok)
	assert.Equal(t, "/people/{id}", get.Path)
	_, ok = client.Capabilities().Operation(customers.OpDelete)
	assert.False(t, ok)

	notes, ok := client.Capabilities().Field(customers.FieldNotes)
	require.True(t, ok)
	assert.True(t, notes.Clear)
	_, ok = client.Capabilities().Field(customers.FieldMobile)
	assert.False(t, ok)
}

func TestClientNeedsADriver(t *testing.T) {
	_, err := customers.NewClient(nil, customers.Policy{})
	require.ErrorIs(t, err, customers.ErrConfig)
}

func TestClientPrintsItsProvider(t *testing.T) {
	assert.Equal(t, "acme client", fmt.Sprint(open(t, newAcme(), customers.Policy{})))
}

// lossAsker tells what it was allowed.
type lossAsker struct {
	acme
	allowed []customers.Field
	closed  bool
}

func (l *lossAsker) Update(ctx context.Context, _ string, _ customers.Patch) error {
	for _, f := range []customers.Field{customers.FieldUndeclared, customers.FieldAddressCity, customers.FieldEmail} {
		if customers.LossAllowed(ctx, f) {
			l.allowed = append(l.allowed, f)
		}
	}
	return nil
}

func (l *lossAsker) Close() { l.closed = true }

func TestDriverAsksForThePolicyOfTheCall(t *testing.T) {
	assert.False(t, customers.LossAllowed(t.Context(), customers.FieldUndeclared), "outside of a client nothing is allowed")
	l := &lossAsker{acme: acme{caps: newAcme().caps}}
	client, err := customers.NewClient(l, customers.Policy{AllowLoss: []customers.Field{customers.FieldUndeclared, customers.FieldAddress}})
	require.NoError(t, err)
	require.NoError(t, do(t, client, customers.OpUpdate))
	assert.Equal(t, []customers.Field{customers.FieldUndeclared, customers.FieldAddressCity}, l.allowed)
	client.Close()
	assert.True(t, l.closed)
}

func TestAsReachesTheDriver(t *testing.T) {
	a := newAcme()
	client := open(t, a, customers.Policy{})
	var got *acme
	require.True(t, client.As(&got))
	assert.Same(t, a, got)
	assert.False(t, client.As(new(string)))
}

func TestEveryOperationReachesTheDriver(t *testing.T) {
	for _, op := range customers.Ops() {
		t.Run(string(op), func(t *testing.T) {
			a := newAcme()
			require.NoError(t, do(t, open(t, a, customers.Policy{}), op))
			require.Len(t, a.calls, 1)
			if op == customers.OpFind {
				op = customers.OpList
			}
			assert.Equal(t, op, a.calls[0].op)
		})
	}
}

func TestUnsupportedOperation(t *testing.T) {
	for _, op := range customers.Ops() {
		t.Run(string(op), func(t *testing.T) {
			a := newAcme().lacking(op)
			if op == customers.OpFind { // else the whole list answers
				a.lacking(customers.OpList)
				op = customers.OpList
			}
			err := do(t, open(t, a, customers.Policy{AllowUnproven: customers.Ops()}), op)
			refused(t, a, err, op, customers.ErrUnsupported)
			require.ErrorIs(t, err, errors.ErrUnsupported)
			assert.Contains(t, err.Error(), "acme: "+string(op)+": unsupported operation")
		})
	}
}

func TestUnsupportedListTellsWhatCanBeFound(t *testing.T) {
	a := newAcme().lacking(customers.OpList)
	a.caps.Operations[len(a.caps.Operations)-1].Filters = []customers.Field{customers.FieldReference, customers.FieldEmail}
	err := do(t, open(t, a, customers.Policy{}), customers.OpList)
	assert.EqualError(t, err, "acme: list: unsupported operation: this provider only finds customers, by reference or email")
}

func TestEmptyDriverSupportsNothing(t *testing.T) {
	driver := customers.Unsupported{}
	client, err := customers.NewClient(driver, customers.Policy{})
	require.NoError(t, err)
	for _, op := range customers.Ops() {
		assert.ErrorIs(t, do(t, client, op), errors.ErrUnsupported, op)
	}
	assert.False(t, client.As(new(any)))

	// Asked directly, as by a driver that wraps another.
	_, err = driver.Create(t.Context(), customers.Profile{})
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorIs(t, err, customers.ErrNotSent)
	_, err = driver.Get(t.Context(), "")
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	err = driver.Update(t.Context(), "", customers.Patch{})
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorIs(t, err, customers.ErrNotSent)
	err = driver.Delete(t.Context(), "")
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorIs(t, err, customers.ErrNotSent)
	_, err = collect(driver.List(t.Context(), customers.Query{}))
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestUnprovenOperation(t *testing.T) {
	for _, op := range customers.Ops() {
		t.Run(string(op), func(t *testing.T) {
			a := newAcme().guessing(op)
			others := slices.DeleteFunc(customers.Ops(), func(o customers.Op) bool { return o == op })
			err := do(t, open(t, a, customers.Policy{AllowUnproven: others}), op)
			refused(t, a, err, op, customers.ErrUnproven)
			oc, _ := a.caps.Operation(op)
			assert.Contains(t, err.Error(), oc.Method+" "+oc.Path)
			assert.Contains(t, err.Error(), "is stated nowhere, only inferred from docs.example.com/"+string(op), "what is missing, and where to look")
			assert.Contains(t, err.Error(), "name "+string(op)+" in Policy.AllowUnproven", "what to do")

			assert.NoError(t, do(t, open(t, a, customers.Policy{AllowUnproven: []customers.Op{op}}), op))
			assert.Len(t, a.calls, 1)
		})
	}
}

func TestOnlyInferredOperationsAreUnproven(t *testing.T) {
	for _, evidence := range []customers.Evidence{
		customers.EvidencePrimary, customers.EvidencePublic, customers.EvidenceObserved,
	} {
		a := newAcme()
		for i := range a.caps.Operations {
			a.caps.Operations[i].Evidence = evidence
		}
		for _, op := range customers.Ops() {
			assert.NoError(t, do(t, open(t, a, customers.Policy{}), op), "%s %s", op, evidence)
		}
	}
}

func TestCreate(t *testing.T) {
	a := newAcme()
	a.answer = &customers.Customer{ID: "42", Profile: customers.Profile{Name: customers.Name{Full: "Ama Kouassi"}}}
	p := ama()
	p.Reference, p.Phone, p.Notes = "order-7", "+2250102030405", "prefers mornings"
	p.Address = customers.Address{Street: "Rue des Jardins", City: "Abidjan", Country: "CI"}

	created, err := open(t, a, customers.Policy{}).Create(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, a.answer, created)
	assert.Empty(t, created.Lost)
	assert.Equal(t, []call{{op: customers.OpCreate, profile: p}}, a.calls)
}

func TestCreateAndUnsupportedFields(t *testing.T) {
	everything := ama()
	everything.Mobile, everything.Since = "+2250705060708", time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)
	everything.Address = customers.Address{
		Street: "Rue des Jardins", City: "Abidjan", Region: "Lagunes", PostalCode: "01 BP 1", Country: "CI",
	}
	kept := ama()
	kept.Address = customers.Address{Street: "Rue des Jardins", City: "Abidjan", Country: "CI"}

	for name, tt := range map[string]struct {
		allow   []customers.Field
		refused []customers.Field
		lost    []customers.Field
	}{
		"nothing allowed": {
			refused: []customers.Field{
				customers.FieldMobile, customers.FieldAddressRegion, customers.FieldAddressPostalCode, customers.FieldSince,
			},
		},
		"some allowed": {
			allow:   []customers.Field{customers.FieldMobile, customers.FieldAddressRegion},
			refused: []customers.Field{customers.FieldAddressPostalCode, customers.FieldSince},
		},
		"a part does not cover its sisters": {
			allow:   []customers.Field{customers.FieldMobile, customers.FieldSince, customers.FieldAddressStreet},
			refused: []customers.Field{customers.FieldAddressRegion, customers.FieldAddressPostalCode},
		},
		"each allowed": {
			allow: []customers.Field{
				customers.FieldSince, customers.FieldAddressPostalCode, customers.FieldAddressRegion, customers.FieldMobile,
			},
			lost: []customers.Field{
				customers.FieldMobile, customers.FieldAddressRegion, customers.FieldAddressPostalCode, customers.FieldSince,
			},
		},
		"a parent covers its parts, and what is kept is sent": {
			allow: []customers.Field{
				customers.FieldName, customers.FieldEmail, customers.FieldAddress, customers.FieldMobile, customers.FieldSince,
			},
			lost: []customers.Field{
				customers.FieldMobile, customers.FieldAddressRegion, customers.FieldAddressPostalCode, customers.FieldSince,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAcme()
			given := everything
			created, err := open(t, a, customers.Policy{AllowLoss: tt.allow}).Create(t.Context(), given)
			assert.True(t, given == everything, "the caller's profile was changed")
			if len(tt.refused) > 0 {
				assert.Nil(t, created)
				assert.Equal(t, unsupported(tt.refused...), refused(t, a, err, customers.OpCreate, customers.ErrUnsupportedField))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.lost, created.Lost)
			assert.Equal(t, []call{{op: customers.OpCreate, profile: kept}}, a.calls)
		})
	}
}

func TestCreateNamesUnsupportedFields(t *testing.T) {
	p := ama()
	p.Address.PostalCode = "01 BP 1"
	_, err := open(t, newAcme(), customers.Policy{}).Create(t.Context(), p)
	assert.EqualError(t, err,
		"acme: create: unsupported field (not sent): leave it out, or name it in Policy.AllowLoss; address.postal_code: unsupported by this provider")
}

func TestCreateOfAllowedLossListsOnlyWhatWasSet(t *testing.T) {
	client := open(t, newAcme(), customers.Policy{AllowLoss: customers.Fields()})
	created, err := client.Create(t.Context(), ama())
	require.NoError(t, err)
	assert.Empty(t, created.Lost)
}

func TestCreateRequires(t *testing.T) {
	required := func(fields ...customers.Field) []customers.Violation {
		var vs []customers.Violation
		for _, f := range fields {
			vs = append(vs, customers.Violation{Field: f, Rule: "required"})
		}
		return vs
	}
	full, given, family := customers.Name{Full: "Ama Kouassi"}, customers.Name{Given: "Ama"}, customers.Name{Family: "Kouassi"}
	for name, tt := range map[string]struct {
		profile customers.Profile
		apart   bool // the provider has a property for each part of a name, and none for a full one
		want    []customers.Violation
	}{
		"nothing set":                     {customers.Profile{}, false, required(customers.FieldName, customers.FieldEmail)},
		"single field":                    {customers.Profile{Name: given}, false, required(customers.FieldEmail)},
		"joined field":                    {customers.Profile{Email: "ama@example.com"}, false, required(customers.FieldName)},
		"joined field by its whole":       {customers.Profile{Name: full, Email: "ama@example.com"}, false, nil},
		"joined field by its first part":  {customers.Profile{Name: given, Email: "ama@example.com"}, false, nil},
		"joined field by its second part": {customers.Profile{Name: family, Email: "ama@example.com"}, false, nil},
		"two fields": {
			customers.Profile{Email: "ama@example.com"}, true, required(customers.FieldNameGiven, customers.FieldNameFamily),
		},
		"second of two fields": {
			customers.Profile{Name: given, Email: "ama@example.com"}, true, required(customers.FieldNameFamily),
		},
		"two fields given as one that is not kept": {
			customers.Profile{Name: full, Email: "ama@example.com"}, true,
			append(unsupported(customers.FieldNameFull), required(customers.FieldNameGiven, customers.FieldNameFamily)...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAcme()
			if tt.apart {
				a.caps.Fields = slices.DeleteFunc(a.caps.Fields, func(fc customers.FieldCapability) bool {
					return fc.Field == customers.FieldNameFull
				})
				for i := range a.caps.Fields {
					a.caps.Fields[i].Joined = false
				}
			}
			_, err := open(t, a, customers.Policy{}).Create(t.Context(), tt.profile)
			if tt.want == nil {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, tt.want, refused(t, a, err, customers.OpCreate, customers.ErrInvalid))
		})
	}
}

func TestCreateRequiresWhatIsLeftAfterTheLoss(t *testing.T) {
	a := newAcme()
	a.caps.Fields = slices.DeleteFunc(a.caps.Fields, func(fc customers.FieldCapability) bool {
		return fc.Field == customers.FieldNameFull
	})
	p := ama()
	p.Name = customers.Name{Full: "Ama Kouassi"}
	_, err := open(t, a, customers.Policy{}).Create(t.Context(), p)
	assert.Equal(t, unsupported(customers.FieldNameFull), refused(t, a, err, customers.OpCreate, customers.ErrUnsupportedField),
		"a name that cannot be kept is no missing one")

	_, err = open(t, a, customers.Policy{AllowLoss: []customers.Field{customers.FieldName}}).Create(t.Context(), p)
	assert.Equal(t, []customers.Violation{{Field: customers.FieldName, Rule: "required"}},
		refused(t, a, err, customers.OpCreate, customers.ErrInvalid))
}

// formats are the values that the facade refuses whatever the provider, and some that it must not refuse.
var formats = []struct {
	name  string
	field customers.Field
	value string
	rule  string // "" if the value is good
}{
	{"plain", customers.FieldEmail, "ama.kouassi@example.com", ""},
	{"tag and subdomain", customers.FieldEmail, "ama+shop@mail.example.co.uk", ""},
	{"capitals", customers.FieldEmail, "Ama@Example.com", ""},
	{"beyond ASCII", customers.FieldEmail, "zoé@exämple.net", ""},
	{"no at", customers.FieldEmail, "ama.example.com", "format"},
	{"no local part", customers.FieldEmail, "@example.com", "format"},
	{"no domain", customers.FieldEmail, "ama@", "format"},
	{"with a name", customers.FieldEmail, "Ama <ama@example.com>", "format"},
	{"in brackets", customers.FieldEmail, "<ama@example.com>", "format"},
	{"with a comment", customers.FieldEmail, "ama@example.com (work)", "format"},
	{"two addresses", customers.FieldEmail, "ama@example.com,kofi@example.com", "format"},
	{"space after", customers.FieldEmail, "ama@example.com ", "format"},
	{"line break", customers.FieldEmail, "ama@example.com\r\nBcc: kofi@example.com", "format"},
	{"two dots", customers.FieldEmail, "ama..kouassi@example.com", "format"},
	{"quoted", customers.FieldEmail, `"ama"@example.com`, "format"},
	{"at an IP address", customers.FieldEmail, "ama@[192.0.2.1]", "format"},
	{"invalid UTF-8", customers.FieldEmail, "ama\xff@example.com", "encoding"},

	{"Côte d'Ivoire", customers.FieldPhone, "+2250102030405", ""},
	{"seven digits, the fewest", customers.FieldPhone, "+1234567", ""},
	{"fifteen digits, the most", customers.FieldPhone, "+123456789012345", ""},
	{"six digits", customers.FieldPhone, "+123456", "format"},
	{"sixteen digits", customers.FieldPhone, "+1234567890123456", "format"},
	{"no plus", customers.FieldPhone, "2250705060708", "format"},
	{"international prefix", customers.FieldPhone, "002250102030405", "format"},
	{"country code of zero", customers.FieldPhone, "+0250102030405", "format"},
	{"national", customers.FieldPhone, "0705060708", "format"},
	{"spaces", customers.FieldPhone, "+225 01 02 03 04 05", "format"},
	{"letters", customers.FieldPhone, "+1800FLOWERS", "format"},
	{"plus at the end", customers.FieldPhone, "+225010203040+", "format"},
	{"digits of another script", customers.FieldPhone, "+٢٢٥٠١٠٢", "format"},
	{"only a plus", customers.FieldPhone, "+", "format"},
	{"invalid UTF-8", customers.FieldPhone, "+225010203\xff", "encoding"},

	{"two capitals", customers.FieldAddressCountry, "CI", ""},
	{"first letter before last", customers.FieldAddressCountry, "AZ", ""},
	{"last letter before first", customers.FieldAddressCountry, "ZA", ""},
	{"small letters", customers.FieldAddressCountry, "ci", "format"},
	{"three letters", customers.FieldAddressCountry, "CIV", "format"},
	{"one letter", customers.FieldAddressCountry, "C", "format"},
	{"name", customers.FieldAddressCountry, "Côte d'Ivoire", "format"},
	{"digits", customers.FieldAddressCountry, "38", "format"},

	{"any text", customers.FieldNotes, "1 < 2 & \"so on\"\n\t漢字 🎉", ""},
	{"invalid UTF-8", customers.FieldNotes, "caf\xe9", "encoding"},
	{"invalid UTF-8", customers.FieldReference, "\x80", "encoding"},
	{"invalid UTF-8", customers.FieldAddressStreet, "Rue \xc3(", "encoding"},
	{"surrogate half", customers.FieldNotes, "\xed\xa0\x80", "encoding"},
}

// with is a profile that has value in field.
func with(field customers.Field, value string) customers.Profile {
	var p customers.Profile
	switch field {
	case customers.FieldReference:
		p.Reference = value
	case customers.FieldEmail:
		p.Email = value
	case customers.FieldPhone:
		p.Phone = value
	case customers.FieldMobile:
		p.Mobile = value
	case customers.FieldAddressStreet:
		p.Address.Street = value
	case customers.FieldAddressCountry:
		p.Address.Country = value
	case customers.FieldNotes:
		p.Notes = value
	default:
		panic(field)
	}
	return p
}

func TestFormats(t *testing.T) {
	for _, tt := range formats {
		t.Run(string(tt.field)+"/"+tt.name, func(t *testing.T) {
			// A value that is not sent is checked all the same.
			policy := customers.Policy{AllowLoss: customers.Fields()}
			p := with(tt.field, tt.value)
			p.Name.Full = "Ama Kouassi"
			if tt.field != customers.FieldEmail {
				p.Email = "ama@example.com"
			}
			a := newAcme()
			_, err := open(t, a, policy).Create(t.Context(), p)
			if tt.rule == "" {
				require.NoError(t, err)
				assert.Equal(t, p, a.calls[0].profile)
				return
			}
			vs := refused(t, a, err, customers.OpCreate, customers.ErrInvalid)
			require.Len(t, vs, 1)
			assert.Equal(t, tt.field, vs[0].Field)
			assert.Equal(t, tt.rule, vs[0].Rule)
			assert.NotEmpty(t, vs[0].Bound)
			if len(tt.value) > 2 { // shorter ones are in any text
				assert.NotContains(t, err.Error(), tt.value)
			}
		})
	}
}

func TestFormatsOfUpdate(t *testing.T) {
	a := newAcme()
	err := open(t, a, customers.Policy{}).Update(t.Context(), "42", customers.Patch{
		Email:   customers.To("ama"),
		Phone:   customers.To("0102030405"),
		Notes:   customers.To("caf\xe9"),
		Name:    &customers.Name{Given: "Ama", Full: "Ama Kouassi"},
		Address: &customers.Address{City: "Abidjan", Formatted: "Abidjan"},
	})
	var got []string
	for _, v := range refused(t, a, err, customers.OpUpdate, customers.ErrInvalid) {
		got = append(got, string(v.Field)+" "+v.Rule)
	}
	assert.Equal(t, []string{
		"email format", "phone format", "notes encoding", "name oneOf", "address oneOf", "address.formatted unsupported",
	}, got)
}

func TestBothFormsAtOnce(t *testing.T) {
	name := customers.Violation{Field: customers.FieldName, Rule: "oneOf", Bound: "given and family, or full"}
	address := customers.Violation{Field: customers.FieldAddress, Rule: "oneOf", Bound: "its parts, or formatted"}
	for what, tt := range map[string]struct {
		change func(*customers.Profile)
		want   []customers.Violation
	}{
		"given and full":     {func(p *customers.Profile) { p.Name = customers.Name{Given: "Ama", Full: "Ama K"} }, []customers.Violation{name}},
		"family and full":    {func(p *customers.Profile) { p.Name = customers.Name{Family: "K", Full: "Ama K"} }, []customers.Violation{name}},
		"full alone":         {func(p *customers.Profile) { p.Name = customers.Name{Full: "Ama K"} }, nil},
		"family alone":       {func(p *customers.Profile) { p.Name = customers.Name{Family: "K"} }, nil},
		"city and formatted": {func(p *customers.Profile) { p.Address = customers.Address{City: "Abidjan", Formatted: "x"} }, []customers.Violation{address}},
		"region, which is left out, and formatted": {func(p *customers.Profile) { p.Address = customers.Address{Region: "Lagunes", Formatted: "x"} }, nil},
		"formatted alone":                          {func(p *customers.Profile) { p.Address = customers.Address{Formatted: "x"} }, nil},
		"both": {
			func(p *customers.Profile) {
				p.Name.Full, p.Address = "Ama K", customers.Address{Street: "Rue des Jardins", Formatted: "x"}
			}, []customers.Violation{name, address},
		},
	} {
		t.Run(what, func(t *testing.T) {
			a := newAcme()
			p := ama()
			tt.change(&p)
			_, err := open(t, a, customers.Policy{AllowLoss: customers.Fields()}).Create(t.Context(), p)
			if tt.want == nil {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, tt.want, refused(t, a, err, customers.OpCreate, customers.ErrInvalid))
		})
	}
}

func TestInvalidOutweighsUnsupported(t *testing.T) {
	a := newAcme()
	p := ama()
	p.Mobile, p.Phone = "+2250102030405", "01"
	_, err := open(t, a, customers.Policy{}).Create(t.Context(), p)
	vs := refused(t, a, err, customers.OpCreate, customers.ErrInvalid)
	require.Len(t, vs, 2, "all that is wrong is told at once")
	assert.Equal(t, customers.FieldPhone, vs[0].Field)
	assert.Equal(t, customers.FieldMobile, vs[1].Field)
}

func TestCreateRefusesAnAnswerAboutSomebodyElse(t *testing.T) {
	a := newAcme()
	p := ama()
	p.Reference = "order-7"
	for told, ok := range map[string]bool{"": true, "order-7": true, "order-8": false} {
		a.answer = &customers.Customer{ID: "42", Profile: customers.Profile{Reference: told}}
		_, err := open(t, a, customers.Policy{}).Create(t.Context(), p)
		if ok {
			assert.NoError(t, err)
			continue
		}
		asError(t, err, customers.OpCreate)
		assert.ErrorIs(t, err, customers.ErrContract)
		assert.ErrorIs(t, err, customers.ErrUnknownOutcome)
	}
}

func TestCreateNeedsAnIDInTheAnswer(t *testing.T) {
	for name, answer := range map[string]*customers.Customer{
		"empty id":    {Profile: ama()},
		"no customer": nil,
	} {
		t.Run(name, func(t *testing.T) {
			a := newAcme()
			a.answer = answer
			created, err := open(t, a, customers.Policy{}).Create(t.Context(), ama())
			assert.Nil(t, created)
			asError(t, err, customers.OpCreate)
			require.ErrorIs(t, err, customers.ErrContract)
			assert.ErrorIs(t, err, customers.ErrUnknownOutcome)
			assert.Len(t, a.calls, 1, "a create must not be repeated")
		})
	}
}

func TestIDs(t *testing.T) {
	operations := map[customers.Op]func(*testing.T, *customers.Client, string) error{
		customers.OpGet: func(t *testing.T, c *customers.Client, id string) error {
			_, err := c.Get(t.Context(), id)
			return err
		},
		customers.OpUpdate: func(t *testing.T, c *customers.Client, id string) error {
			return c.Update(t.Context(), id, customers.Patch{Email: customers.To("ama@example.com")})
		},
		customers.OpDelete: func(t *testing.T, c *customers.Client, id string) error {
			return c.Delete(t.Context(), id)
		},
	}
	for op, run := range operations {
		for _, tt := range []struct{ name, id, rule string }{
			{"empty", "", "required"},
			{"dot", ".", "format"},
			{"dots", "..", "format"},
			{"invalid UTF-8", "caf\xe9", "encoding"},
			{"number", "42", ""},
			{"three dots", "...", ""},
			{"slash and query", "a/../b?c=d#e", ""}, // a driver escapes it
			{"Unicode", "zoé", ""},
		} {
			t.Run(string(op)+"/"+tt.name, func(t *testing.T) {
				a := newAcme()
				a.answer = &customers.Customer{ID: tt.id}
				err := run(t, open(t, a, customers.Policy{}), tt.id)
				if tt.rule == "" {
					require.NoError(t, err)
					require.Len(t, a.calls, 1)
					assert.Equal(t, tt.id, a.calls[0].id)
					return
				}
				vs := refused(t, a, err, op, customers.ErrInvalid)
				require.Len(t, vs, 1)
				assert.Equal(t, customers.FieldID, vs[0].Field)
				assert.Equal(t, tt.rule, vs[0].Rule)
			})
		}
	}
}

func TestGet(t *testing.T) {
	a := newAcme()
	a.answer = &customers.Customer{ID: "42", Profile: ama()}
	got, err := open(t, a, customers.Policy{}).Get(t.Context(), "42")
	require.NoError(t, err)
	assert.Same(t, a.answer, got)
	assert.Equal(t, []call{{op: customers.OpGet, id: "42"}}, a.calls)
}

func TestGetRefusesAnotherCustomer(t *testing.T) {
	for name, answer := range map[string]*customers.Customer{
		"other id":    {ID: "ama-4711"},
		"other case":  {ID: "KOFI"},
		"no id":       {Profile: ama()},
		"no customer": nil,
	} {
		t.Run(name, func(t *testing.T) {
			a := newAcme()
			a.answer = answer
			got, err := open(t, a, customers.Policy{}).Get(t.Context(), "kofi")
			assert.Nil(t, got, "somebody else's data")
			asError(t, err, customers.OpGet)
			require.ErrorIs(t, err, customers.ErrContract)
			assert.NotContains(t, err.Error(), "4711")
		})
	}
}

func TestUpdatePassesThePatchOn(t *testing.T) {
	a := newAcme()
	patch := customers.Patch{
		Reference: customers.To("order-8"),
		Name:      &customers.Name{Full: "Ama Kouassi"},
		Email:     customers.To("ama@example.net"),
		Phone:     customers.To("+2250102030405"),
		Address:   &customers.Address{Street: "Rue des Jardins", City: "Abidjan"},
		Notes:     customers.To(""),
	}
	require.NoError(t, open(t, a, customers.Policy{}).Update(t.Context(), "42", patch))
	assert.Equal(t, []call{{op: customers.OpUpdate, id: "42", patch: patch}}, a.calls)
}

func TestUpdateOfNothing(t *testing.T) {
	a := newAcme()
	err := open(t, a, customers.Policy{}).Update(t.Context(), "42", customers.Patch{})
	assert.Equal(t, []customers.Violation{{Rule: "required", Bound: "something to change"}},
		refused(t, a, err, customers.OpUpdate, customers.ErrInvalid))
}

func TestUpdateEmptiesOnlyWhatTheProviderIsKnownToEmpty(t *testing.T) {
	street, city, country, formatted := customers.FieldAddressStreet, customers.FieldAddressCity,
		customers.FieldAddressCountry, customers.FieldAddressFormatted
	for name, tt := range map[string]struct {
		acme  *acme
		patch customers.Patch
		want  []customers.Field // refused
	}{
		"known":          {newAcme(), customers.Patch{Notes: customers.To("")}, nil},
		"text":           {newAcme(), customers.Patch{Email: customers.To("")}, []customers.Field{customers.FieldEmail}},
		"name":           {newAcme(), customers.Patch{Name: &customers.Name{}}, []customers.Field{customers.FieldName}},
		"address":        {newAcme(), customers.Patch{Address: &customers.Address{}}, []customers.Field{customers.FieldAddress}},
		"field not kept": {newAcme(), customers.Patch{Since: &time.Time{}}, []customers.Field{customers.FieldSince}},
		"address, some of whose parts stay": {
			newAcme().emptying(street, city), customers.Patch{Address: &customers.Address{}}, []customers.Field{customers.FieldAddress},
		},
		"address with all its parts": {
			newAcme().emptying(street, city, country, formatted), customers.Patch{Address: &customers.Address{}}, nil,
		},
		"several": {
			newAcme(),
			customers.Patch{
				Reference: customers.To(""), Phone: customers.To(""), Mobile: customers.To(""), Notes: customers.To(""),
				Email: customers.To("ama@example.com"),
			},
			[]customers.Field{customers.FieldReference, customers.FieldPhone, customers.FieldMobile},
		},
	} {
		t.Run(name, func(t *testing.T) {
			// That a loss is allowed does not make the provider empty a field.
			err := open(t, tt.acme, customers.Policy{AllowLoss: customers.Fields()}).Update(t.Context(), "42", tt.patch)
			if tt.want == nil {
				require.NoError(t, err)
				assert.Equal(t, []call{{op: customers.OpUpdate, id: "42", patch: tt.patch}}, tt.acme.calls)
				return
			}
			var got []customers.Field
			for _, v := range refused(t, tt.acme, err, customers.OpUpdate, customers.ErrUnsupportedField) {
				assert.Equal(t, "clear", v.Rule)
				got = append(got, v.Field)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestUpdateAndUnsupportedFields(t *testing.T) {
	since := time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)
	mobile, email := customers.To("+2250705060708"), customers.To("ama@example.net")
	for name, tt := range map[string]struct {
		allow   []customers.Field
		patch   customers.Patch
		sent    customers.Patch
		lost    []customers.Field
		refused []customers.Field
	}{
		"not allowed": {
			patch:   customers.Patch{Email: email, Mobile: mobile, Since: &since},
			refused: []customers.Field{customers.FieldMobile, customers.FieldSince},
		},
		"kept at creation only": {
			patch:   customers.Patch{Address: &customers.Address{City: "Abidjan", Country: "CI"}},
			refused: []customers.Field{customers.FieldAddressCountry},
		},
		"allowed": {
			allow: []customers.Field{customers.FieldMobile, customers.FieldSince},
			patch: customers.Patch{Email: email, Mobile: mobile, Since: &since},
			sent:  customers.Patch{Email: email},
			lost:  []customers.Field{customers.FieldMobile, customers.FieldSince},
		},
		"parts of an address": {
			allow: []customers.Field{customers.FieldAddress},
			patch: customers.Patch{Address: &customers.Address{City: "Abidjan", Region: "Lagunes", Country: "CI"}},
			sent:  customers.Patch{Address: &customers.Address{City: "Abidjan"}},
			lost:  []customers.Field{customers.FieldAddressRegion, customers.FieldAddressCountry},
		},
		"a whole address beside something kept": {
			allow: []customers.Field{customers.FieldAddress},
			patch: customers.Patch{Email: email, Address: &customers.Address{Region: "Lagunes", Country: "CI"}},
			sent:  customers.Patch{Email: email},
			lost:  []customers.Field{customers.FieldAddressRegion, customers.FieldAddressCountry},
		},
		"all of it": {
			allow:   []customers.Field{customers.FieldMobile, customers.FieldAddress},
			patch:   customers.Patch{Mobile: mobile, Address: &customers.Address{Region: "Lagunes"}},
			refused: []customers.Field{customers.FieldMobile, customers.FieldAddressRegion},
		},
		"all of it beside something emptied": {
			allow: []customers.Field{customers.FieldMobile},
			patch: customers.Patch{Mobile: mobile, Notes: customers.To("")},
			sent:  customers.Patch{Notes: customers.To("")},
			lost:  []customers.Field{customers.FieldMobile},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAcme()
			given := tt.patch
			var address customers.Address
			if given.Address != nil {
				address = *given.Address
			}
			client := open(t, a, customers.Policy{AllowLoss: tt.allow})
			lost, planned := client.PlanUpdate(t.Context(), given)
			err := client.Update(t.Context(), "42", given)
			assert.Equal(t, err, planned, "the plan fails as the update does")
			assert.Equal(t, tt.lost, lost)
			assert.True(t, given == tt.patch, "the caller's patch was changed")
			if given.Address != nil {
				assert.Equal(t, address, *given.Address, "the caller's address was changed")
			}
			if tt.refused != nil {
				assert.Equal(t, unsupported(tt.refused...), refused(t, a, err, customers.OpUpdate, customers.ErrUnsupportedField))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []call{{op: customers.OpUpdate, id: "42", patch: tt.sent}}, a.calls)
		})
	}
}

func TestUpdateLeavesOutEachFieldThatIsLost(t *testing.T) {
	a := newAcme()
	a.caps.Fields = slices.DeleteFunc(a.caps.Fields, func(fc customers.FieldCapability) bool {
		return fc.Field != customers.FieldNotes
	})
	now := time.Now()
	err := open(t, a, customers.Policy{AllowLoss: customers.Fields()}).Update(t.Context(), "42", customers.Patch{
		Reference: customers.To("order-8"),
		Name:      &customers.Name{Given: "Ama", Family: "Kouassi"},
		Email:     customers.To("ama@example.net"),
		Phone:     customers.To("+2250102030405"),
		Mobile:    customers.To("+2250705060708"),
		Address:   &customers.Address{Formatted: "Abidjan"},
		Since:     &now,
		Notes:     customers.To("kept"),
	})
	require.NoError(t, err)
	assert.Equal(t, []call{{op: customers.OpUpdate, id: "42", patch: customers.Patch{Notes: customers.To("kept")}}}, a.calls)
}

func TestUpdateLeavesOutLostNotes(t *testing.T) {
	a := newAcme()
	a.caps.Fields = slices.DeleteFunc(a.caps.Fields, func(fc customers.FieldCapability) bool {
		return fc.Field == customers.FieldNotes
	})
	patch := customers.Patch{Email: customers.To("ama@example.net")}
	sent := patch
	patch.Notes = customers.To("lost")
	require.NoError(t, open(t, a, customers.Policy{AllowLoss: []customers.Field{customers.FieldNotes}}).Update(t.Context(), "42", patch))
	assert.Equal(t, sent, a.calls[0].patch)
}

func TestDelete(t *testing.T) {
	a := newAcme()
	require.NoError(t, open(t, a, customers.Policy{}).Delete(t.Context(), "42"))
	assert.Equal(t, []call{{op: customers.OpDelete, id: "42"}}, a.calls)
}

func person(id, reference, email string) *customers.Customer {
	return &customers.Customer{ID: id, Profile: customers.Profile{Reference: reference, Email: email}}
}

func TestListFiltersExactly(t *testing.T) {
	everybody := []*customers.Customer{
		person("1", "a", "ama@example.com"),
		person("2", "b", "AMA@example.com"),
		person("3", "", "ama@example.com"),
		person("4", "a", ""),
		person("5", "ab", "ama@example.com.example.net"),
		person("6", "", ""),
		person("7", "a", "ama@example.com"),
	}
	for name, tt := range map[string]struct {
		query customers.Query
		want  []string
	}{
		"all":                 {customers.Query{}, []string{"1", "2", "3", "4", "5", "6", "7"}},
		"email":               {customers.Query{Email: "ama@example.com"}, []string{"1", "3", "7"}},
		"reference":           {customers.Query{Reference: "a"}, []string{"1", "4", "7"}},
		"reference and email": {customers.Query{Reference: "a", Email: "ama@example.com"}, []string{"1", "7"}},
		"nobody":              {customers.Query{Email: "kofi@example.com"}, nil},
		"capitals matter":     {customers.Query{Email: "AMA@example.com"}, []string{"2"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAcme()
			a.list = everybody // a provider that ignores the query
			got, err := collect(open(t, a, customers.Policy{}).List(t.Context(), tt.query))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, []call{{op: customers.OpList, query: tt.query}}, a.calls)
		})
	}
}

// TestListChoosesTheOperation tells which operation must be there, proven, to serve a query. The provider of newAcme
// finds by e-mail only.
func TestListChoosesTheOperation(t *testing.T) {
	email, reference := customers.Query{Email: "ama@example.com"}, customers.Query{Reference: "a"}
	both := customers.Query{Reference: "a", Email: "ama@example.com"}
	for name, tt := range map[string]struct {
		acme  *acme
		query customers.Query
		op    customers.Op
		kind  customers.Kind // "" if the driver is asked
	}{
		"all by list":                         {newAcme().lacking(customers.OpFind), customers.Query{}, "", ""},
		"all, list unproven":                  {newAcme().guessing(customers.OpList), customers.Query{}, customers.OpList, customers.ErrUnproven},
		"all, find unproven":                  {newAcme().guessing(customers.OpFind), customers.Query{}, "", ""},
		"find":                                {newAcme().lacking(customers.OpList), email, "", ""},
		"find, list unproven":                 {newAcme().guessing(customers.OpList), email, "", ""},
		"find unproven":                       {newAcme().guessing(customers.OpFind), email, customers.OpFind, customers.ErrUnproven},
		"no find, by list":                    {newAcme().lacking(customers.OpFind), email, "", ""},
		"no find, list unproven":              {newAcme().lacking(customers.OpFind).guessing(customers.OpList), email, customers.OpList, customers.ErrUnproven},
		"neither":                             {newAcme().lacking(customers.OpFind, customers.OpList), email, customers.OpList, customers.ErrUnsupported},
		"not by find, by list":                {newAcme(), reference, "", ""},
		"not by find, find unproven":          {newAcme().guessing(customers.OpFind), reference, "", ""},
		"not by find, list unproven":          {newAcme().guessing(customers.OpList), reference, customers.OpList, customers.ErrUnproven},
		"not by find, no list":                {newAcme().lacking(customers.OpList), reference, customers.OpList, customers.ErrUnsupported},
		"both, found by one":                  {newAcme().lacking(customers.OpList), both, "", ""},
		"not shown":                           {newAcme().hiding(customers.FieldReference), reference, customers.OpList, customers.ErrUnsupportedField},
		"found by one, the other not shown":   {newAcme().hiding(customers.FieldReference), both, customers.OpFind, customers.ErrUnsupportedField},
		"found by what is shown to no caller": {newAcme().lacking(customers.OpList).hiding(customers.FieldEmail), email, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := collect(open(t, tt.acme, customers.Policy{}).List(t.Context(), tt.query))
			if tt.kind == "" {
				require.NoError(t, err)
				assert.Equal(t, []call{{op: customers.OpList, query: tt.query}}, tt.acme.calls)
				return
			}
			vs := refused(t, tt.acme, err, tt.op, tt.kind)
			if tt.kind == customers.ErrUnsupportedField {
				assert.Equal(t, unsupported(customers.FieldReference), vs)
			}
		})
	}
}

func TestListDoesNothingUntilItIsRangedOver(t *testing.T) {
	a := newAcme()
	all := open(t, a, customers.Policy{}).List(t.Context(), customers.Query{})
	assert.Empty(t, a.calls)
	for range 2 {
		_, err := collect(all)
		require.NoError(t, err)
	}
	assert.Len(t, a.calls, 2, "each range starts anew")
}

func TestListStopsWhenTheCallerDoes(t *testing.T) {
	a := newAcme()
	a.list = []*customers.Customer{person("1", "", ""), person("2", "", ""), person("3", "", "")}
	a.err = errors.New("page 2 was asked for")
	for c, err := range open(t, a, customers.Policy{}).List(t.Context(), customers.Query{}) {
		require.NoError(t, err)
		if c.ID == "2" {
			break
		}
	}
	assert.Equal(t, 2, a.pulled)
}

func TestListEndsAfterItsFirstError(t *testing.T) {
	reset := errors.New("connection reset")
	for name, tt := range map[string]struct {
		list []*customers.Customer
		err  error
		kind customers.Kind
		want []string
	}{
		"error of the driver": {
			[]*customers.Customer{person("1", "", ""), person("2", "", "")}, &customers.Error{Kind: customers.ErrRateLimited, Err: reset},
			customers.ErrRateLimited, []string{"1", "2"},
		},
		"plain error": {nil, reset, customers.ErrUnavailable, nil},
		"customer without id": {
			[]*customers.Customer{person("1", "", ""), person("", "", ""), person("3", "", "")}, nil,
			customers.ErrContract, []string{"1"},
		},
		"no customer": {
			[]*customers.Customer{person("1", "", ""), nil, person("3", "", "")}, nil,
			customers.ErrContract, []string{"1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAcme()
			a.list, a.err = tt.list, tt.err
			var ids []string
			var errs []error
			for c, err := range open(t, a, customers.Policy{}).List(t.Context(), customers.Query{}) {
				if err != nil {
					assert.Nil(t, c)
					errs = append(errs, err)
					continue // the iterator must end by itself
				}
				ids = append(ids, c.ID)
			}
			assert.Equal(t, tt.want, ids)
			require.Len(t, errs, 1)
			asError(t, errs[0], customers.OpList)
			assert.ErrorIs(t, errs[0], tt.kind)
			if tt.err != nil {
				assert.ErrorIs(t, errs[0], reset)
			}
		})
	}
}

func TestAnswerThatIsNoCustomerIsNotNobody(t *testing.T) {
	a := newAcme()
	a.list = []*customers.Customer{{}}
	_, err := collect(open(t, a, customers.Policy{}).List(t.Context(), customers.Query{Email: "ama@example.com"}))
	asError(t, err, customers.OpFind)
	assert.ErrorIs(t, err, customers.ErrContract)
}

func TestPlainErrorOfTheDriver(t *testing.T) {
	reset := errors.New("connection reset")
	for _, op := range customers.Ops() {
		t.Run(string(op), func(t *testing.T) {
			a := newAcme()
			a.err = reset
			err := do(t, open(t, a, customers.Policy{}), op)
			asError(t, err, op)
			assert.ErrorIs(t, err, reset)
			assert.ErrorIs(t, err, customers.ErrUnavailable)
			if op.Writes() {
				assert.ErrorIs(t, err, customers.ErrUnknownOutcome)
			}
		})
	}
}

func TestErrorOfTheDriverIsCompleted(t *testing.T) {
	for _, op := range customers.Ops() {
		t.Run(string(op), func(t *testing.T) {
			cause := errors.New("cause")
			original := customers.Error{
				Kind: customers.ErrAlreadyExists, Outcome: customers.ErrRejected, Status: 409, Code: "dup", Message: "he is here",
				Violations: []customers.Violation{{Field: customers.FieldEmail, Rule: "unique"}}, ExistingID: "7",
				RequestID: "r-1", RetryAfter: time.Second, Detail: "look there", Err: cause,
			}
			given := original
			a := newAcme()
			a.err = &given
			err := do(t, open(t, a, customers.Policy{}), op)

			want := original
			want.Provider, want.Op = "acme", op
			if !op.Writes() {
				want.Outcome = ""
			}
			assert.Equal(t, &want, asError(t, err, op))
			assert.Equal(t, original, given, "the driver's error was changed")
		})
	}
}

func TestErrorOfTheDriverInsideAnother(t *testing.T) {
	a := newAcme()
	a.err = errors.Join(&customers.Error{Kind: customers.ErrForbidden, Outcome: customers.ErrRejected})
	err := do(t, open(t, a, customers.Policy{}), customers.OpDelete)
	asError(t, err, customers.OpDelete)
	assert.ErrorIs(t, err, customers.ErrForbidden)
	assert.ErrorIs(t, err, customers.ErrRejected)
}

func TestWriteWithoutOutcomeIsOneThatMayHaveHappened(t *testing.T) {
	for _, op := range customers.Ops() {
		a := newAcme()
		a.err = &customers.Error{Kind: customers.ErrUnavailable}
		err := do(t, open(t, a, customers.Policy{}), op)
		asError(t, err, op)
		assert.Equal(t, op.Writes(), errors.Is(err, customers.ErrUnknownOutcome), op)
	}
}

// TestErrorSharedByCalls is for the race detector: calls that wait for the same token get the same error.
func TestErrorSharedByCalls(t *testing.T) {
	original := customers.Error{Kind: customers.ErrUnauthenticated, Outcome: customers.ErrNotSent, Status: 401}
	given := original
	a := newAcme()
	a.err = &given
	client := open(t, a, customers.Policy{})
	ops := slices.DeleteFunc(customers.Ops(), func(op customers.Op) bool {
		return op == customers.OpList || op == customers.OpFind // the driver counts there
	})
	var wg sync.WaitGroup
	for range 8 {
		for _, op := range ops {
			wg.Go(func() {
				err := do(t, client, op)
				if assert.IsType(t, &customers.Error{}, err) {
					assert.Equal(t, op, err.(*customers.Error).Op)
				}
			})
		}
	}
	wg.Wait()
	assert.Equal(t, original, given)
	assert.Len(t, a.calls, 8*len(ops))
}

func TestWritesAreTheOperationsWithAnOutcome(t *testing.T) {
	var writes []customers.Op
	for _, op := range customers.Ops() {
		if op.Writes() {
			writes = append(writes, op)
		}
	}
	assert.Equal(t, []customers.Op{customers.OpCreate, customers.OpUpdate, customers.OpDelete}, writes)
	assert.False(t, customers.OpLookup.Writes())
}
