package adapters_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/markup"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// faulty asks the sandbox for faults, by operation.
type faulty struct {
	spec *contract.Spec
	once bool // each of them only

	mu     sync.Mutex
	faults map[string]string
}

func (f *faulty) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	op, _ := f.spec.Operation(r.Method, r.URL.EscapedPath())
	fault := f.faults[op.ID]
	if f.once {
		delete(f.faults, op.ID)
	}
	f.mu.Unlock()
	if fault != "" {
		r = r.Clone(r.Context())
		r.Header.Set(sandbox.FaultHeader, fault)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// do calls an operation of the facade, and returns the ids of the customers that it tells of.
func do(ctx context.Context, c *customers.Client, op customers.Op, id string, s subject) (ids []string, err error) {
	keep := func(c *customers.Customer, err error) ([]string, error) {
		if err != nil {
			return nil, err
		}
		return []string{c.ID}, nil
	}
	switch op {
	case customers.OpCreate:
		return keep(c.Create(ctx, s.profile))
	case customers.OpGet:
		return keep(c.Get(ctx, id))
	case customers.OpUpdate:
		return nil, c.Update(ctx, id, s.patches[0])
	case customers.OpDelete:
		return nil, c.Delete(ctx, id)
	}
	query := map[customers.Op]customers.Query{customers.OpFind: {Email: s.profile.Email}}[op]
	for customer, err := range c.List(ctx, query) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, customer.ID)
	}
	return ids, nil
}

// documented is an example that answers one of the exchanges that an operation of the facade has.
type documented struct {
	subject
	provider string
	spec     *contract.Spec
	media    string // of its bodies
	open     func(*faulty) *customers.Client
	stored   string // id of a customer that is there

	op      customers.Op
	own     string // the operation of the contract that op is about
	read    string // the one that it reads with first, "" if none
	id      string // the one that the example answers: own, read, or one that gets a token
	example contract.Example
}

// TestDocumentedAnswers has the sandbox answer each operation of the facade, and each exchange that it begins with, with
// every example that the contract shows: successes are read, and errors say what they should.
func TestDocumentedAnswers(t *testing.T) {
	for provider, s := range subjects() {
		for name, with := range told(provider) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				spec, err := contract.Load(provider)
				require.NoError(t, err)
				sb := start(t, sandbox.Config{Contract: parsed, Dialects: with.dialects})
				media := map[simplepin.Format]string{simplepin.JSON: "application/json", simplepin.XML: "application/xml"}
				d := documented{subject: s, provider: provider, spec: spec, media: media[with.format], open: func(f *faulty) *customers.Client {
					f.spec = spec
					with.lookup, with.options = true, transport.Options{RoundTripper: f, Retry: once}
					return open(t, s, with, sb)
				}}
				client := d.open(&faulty{})
				stored, err := client.Create(t.Context(), s.profile)
				require.NoError(t, err)
				d.stored = stored.ID
				for _, c := range client.Capabilities().Operations {
					if c.Op == customers.OpLookup {
						continue // a create begins with it
					}
					d.op, d.own, d.read = c.Op, c.ID, ""
					used := d.exchanges(t, sb)
					if get, ok := client.Capabilities().Operation(customers.OpGet); ok && get.ID != c.ID && slices.Contains(used, get.ID) {
						d.read = get.ID
					}
					for _, d.id = range used {
						for _, d.example = range spec.Examples(d.id) {
							spoken := d.example.ContentType == "" || d.example.ContentType == d.media
							if !spoken || d.id == d.read && d.example.Status < 300 { // the latter is one of get
								continue
							}
							t.Run(fmt.Sprintf("%s:%s/%s", d.op, d.id, shows(d.example)), func(t *testing.T) { d.run(t, sb) })
						}
					}
				}
			})
		}
	}
}

// told are the setups that lead clients to other operations or bodies.
func told(provider string) map[string]setup {
	all := map[string]setup{}
	for in, format := range formats(provider) {
		for _, way := range ways(provider) {
			all[strings.TrimSpace(provider+" "+join(way))+in] = setup{dialects: way, format: format}
		}
	}
	return all
}

func join(ds []sandbox.Dialect) string {
	names := make([]string, len(ds))
	for i, d := range ds {
		names[i] = string(d)
	}
	return strings.Join(names, " ")
}

// exchanges are the operations of the contract that a new client uses for one of the facade.
func (d documented) exchanges(t *testing.T, sb *sandbox.Sandbox) (used []string) {
	t.Helper()
	before := len(sb.Journal())
	_, err := do(t.Context(), d.open(&faulty{faults: map[string]string{d.own: "503"}}), d.op, d.stored, d.subject)
	require.ErrorIs(t, err, customers.ErrUnavailable)
	for _, e := range sb.Journal()[before:] {
		if !slices.Contains(used, e.Operation) {
			used = append(used, e.Operation)
		}
	}
	return used
}

func (d documented) run(t *testing.T, sb *sandbox.Sandbox) {
	before := len(sb.Journal())
	if d.example.Status < 300 {
		d.success(t)
	} else {
		d.failure(t)
	}
	for _, e := range sb.Journal()[before:] {
		if e.Operation == d.id {
			assert.Equal(t, shows(d.example), e.Fault)
			assert.Equal(t, string(d.example.Body), string(e.ResponseBody))
			assert.False(t, e.Processed)
			return
		}
	}
	t.Error("the example did not go over the wire")
}

func (d documented) success(t *testing.T) {
	place, body := d.places, d.body(t)
	id, faults := d.stored, map[string]string{d.id: shows(d.example)}
	if shown := at(body, place.id); d.id == d.own && shown != "" {
		id = shown
		if d.read != "" {
			faults[d.read] = d.reading(t, id)
		}
	}
	if reference := at(body, place.reference); reference != "" {
		d.profile.Reference = reference // of a create: the answer must be about the same customer
	}
	if d.op == customers.OpCreate && d.id != d.own && place.reference != "" {
		id = "crm-" + d.id // somebody else, since this customer is there
		d.profile.Reference, d.profile.Email = id, d.id+"@example.com"
	}
	got, err := do(t.Context(), d.open(&faulty{once: true, faults: faults}), d.op, id, d.subject)
	if d.id != d.own && strings.Contains(string(d.example.Body), "…") {
		require.ErrorIs(t, err, customers.ErrUnauthenticated, "the contract shortens its token, so it cannot be sent")
		return
	}
	require.NoError(t, err)
	switch {
	case d.op == customers.OpCreate, d.op == customers.OpGet:
		assert.Equal(t, []string{id}, got)
	case d.op == customers.OpList && d.id == d.own:
		assert.Len(t, got, len(body.(map[string]any)[place.list].([]any)))
	}
}

// reading is the example in which the operation that reads shows the customer with the id.
func (d documented) reading(t *testing.T, id string) string {
	t.Helper()
	for _, d.example = range d.spec.Examples(d.read) {
		if d.example.Status < 300 && at(d.body(t), d.places.id) == id {
			return shows(d.example)
		}
	}
	require.Fail(t, "the contract shows the change of a customer whom it does not show before")
	return ""
}

// body is the example decoded; nil if it has none.
func (d documented) body(t *testing.T) (body any) {
	t.Helper()
	switch d.example.ContentType {
	case "application/json":
		require.NoError(t, json.Unmarshal(d.example.Body, &body))
	case "application/xml":
		forms, err := d.spec.XML()
		require.NoError(t, err)
		for _, form := range forms {
			if body, _, ok := markup.Decode(d.example.Body, form.Success); ok {
				return body
			}
		}
		t.Errorf("the contract shows what it does not declare: %s", shows(d.example))
	}
	return body
}

func (d documented) failure(t *testing.T) {
	_, err := do(t.Context(), d.open(&faulty{faults: map[string]string{d.id: shows(d.example)}}), d.op, d.stored, d.subject)
	if d.op == customers.OpFind && d.id == d.own && d.example.Status == http.StatusNotFound {
		require.NoError(t, err, "nobody found is no error")
		return
	}
	var got *customers.Error
	require.ErrorAs(t, err, &got)
	want, place := d.expected(t), d.places
	said := map[string]string{}
	texts("", d.body(t), said)
	want.Code, want.ExistingID = said[place.code], said[place.existing]
	delete(said, place.code)
	if want.ExistingID != "" {
		assert.NotContains(t, err.Error(), want.ExistingID)
		delete(said, place.existing)
	}
	want.Message, want.Detail = got.Message, got.Detail
	assert.Equal(t, want, *got)
	assert.Equal(t, len(said) == 0, got.Message == "")
	for place, text := range said {
		property := place[strings.LastIndex(place, ".")+1:]
		assert.Contains(t, []string{text, property + ": " + text}, got.Message)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), text)
	}
}

// kinds is what a status says of the operation that it answers. One that is not here fails the test.
var kinds = map[int]customers.Kind{
	400: customers.ErrInvalid, 401: customers.ErrUnauthenticated, 403: customers.ErrForbidden, 404: customers.ErrNotFound,
	406: customers.ErrRefused, 409: customers.ErrAlreadyExists, 415: customers.ErrRefused, 422: customers.ErrInvalid,
	429: customers.ErrRateLimited, 500: customers.ErrUnavailable,
}

// expected is what the caller of d.op learns from the status of the example.
func (d documented) expected(t *testing.T) customers.Error {
	t.Helper()
	status := d.example.Status
	require.Contains(t, kinds, status, "no expectation")
	e := customers.Error{Provider: d.provider, Op: d.op, Kind: kinds[status], Status: status}
	token := d.id != d.own && d.id != d.read // or a list of places
	switch {
	case token && e.Kind == customers.ErrInvalid:
		e.Kind = customers.ErrUnauthenticated // not the customer is invalid
	case status == 404 && (token || d.op == customers.OpCreate || d.op == customers.OpList):
		e.Kind = customers.ErrContract // no such path
	case status == 409 && (token || d.op != customers.OpCreate):
		e.Kind = customers.ErrRefused
	}
	switch {
	case !d.op.Writes():
	case d.id != d.own:
		e.Outcome = customers.ErrNotSent
	case status >= 500:
		e.Outcome = customers.ErrUnknownOutcome
	default:
		e.Outcome = customers.ErrRejected
	}
	if status == http.StatusTooManyRequests {
		e.RetryAfter = time.Second // what the sandbox asks for
	}
	return e
}

// at is the text or number in a body at a place of names joined by dots, "" if there is none.
func at(body any, place string) string {
	for name := range strings.SplitSeq(place, ".") {
		o, _ := body.(map[string]any)
		body = o[name]
	}
	if body == nil {
		return ""
	}
	return fmt.Sprint(body)
}

// texts adds the texts of an example to found, by their places.
func texts(place string, example any, found map[string]string) {
	switch v := example.(type) {
	case string:
		found[place] = v
	case map[string]any:
		for name, member := range v {
			texts(strings.TrimPrefix(place+"."+name, "."), member, found)
		}
	}
}
