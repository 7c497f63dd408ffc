// Package adapters_test holds the four adapters against the sandbox, under each dialect that a provider may speak.
package adapters_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/adaptertest"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/specs"
	"github.com/contract-first/customers/transport"
)

// subject is what these tests know of an adapter; each has a file of its own.
type subject struct {
	open func(*sandbox.Sandbox, setup) (*customers.Client, error)
	// profile is a customer that uses every field it keeps.
	profile customers.Profile
	// least is as little as the provider takes.
	least customers.Profile
	// patches change one field each.
	patches []customers.Patch
	// again is what creating the same customer a second time is told; nil if it is not refused.
	again error
	// kit is what the conformance kit needs to know, without Start.
	kit adaptertest.Harness
	// driver gives the config as well, with the keys in it.
	driver func(*sandbox.Sandbox, setup) (driver customers.Driver, config any, err error)
	keys   func(*sandbox.Sandbox) []string
	places places
}

// places is where a provider's bodies have what the facade tells: names joined by dots, "" where they do not have it.
type places struct{ id, reference, list, code, existing string }

func subjects() map[string]subject {
	return map[string]subject{
		"digitalpaye": digitalpayeSubject(),
		"fatora":      fatoraSubject(),
		"simplepin":   simplepinSubject(),
		"stancer":     stancerSubject(),
	}
}

// elsewhere has the credentials of a sandbox, and the APIs below another URL.
func elsewhere(sb *sandbox.Sandbox, root string) *sandbox.Sandbox {
	other := &sandbox.Sandbox{Digitalpaye: sb.Digitalpaye, Fatora: sb.Fatora, SimplePin: sb.SimplePin, Stancer: sb.Stancer}
	other.Digitalpaye.URL, other.Fatora.URL, other.SimplePin.URL, other.Stancer.URL = root, root, root+"/api", root
	return other
}

// TestEveryContractHasItsAdapter: what has no subject would be tried by nothing here.
func TestEveryContractHasItsAdapter(t *testing.T) {
	assert.Equal(t, specs.Providers(), slices.Sorted(maps.Keys(subjects())))
}

// everything allows what is only inferred.
func everything() customers.Policy {
	return customers.Policy{AllowUnproven: append(customers.Ops(), customers.OpLookup)}
}

// parsed loads each contract once, for all sandboxes of these tests.
var parsed = func() func(string) (*contract.Spec, error) {
	var specs sync.Map
	return func(provider string) (*contract.Spec, error) {
		load, _ := specs.LoadOrStore(provider, sync.OnceValues(func() (*contract.Spec, error) { return contract.Load(provider) }))
		return load.(func() (*contract.Spec, error))()
	}
}()

// once is for answers that would be asked for again.
var once = transport.Retry{Attempts: 1}

// setup is what a test varies.
type setup struct {
	dialects []sandbox.Dialect
	format   simplepin.Format // of SimplePin's bodies
	wrongKey bool
	lookup   bool // SimplePin's places are asked for; else their ids are given, and each call is one request
	options  transport.Options
}

func (s setup) has(d sandbox.Dialect) bool { return slices.Contains(s.dialects, d) }

func (s setup) key(key string) string {
	if s.wrongKey {
		return key + "x"
	}
	return key
}

// dialects are those of a provider, "" for its default first.
func dialects(provider string) []sandbox.Dialect {
	ds := []sandbox.Dialect{""}
	for _, d := range sandbox.Dialects() {
		if strings.HasPrefix(string(d.Dialect), provider+".") {
			ds = append(ds, d.Dialect)
		}
	}
	return ds
}

// formats are the forms of bodies that a provider knows, by what stands behind the name of a test.
func formats(provider string) map[string]simplepin.Format {
	if provider == "simplepin" {
		return map[string]simplepin.Format{"": simplepin.JSON, " in XML": simplepin.XML}
	}
	return map[string]simplepin.Format{"": simplepin.JSON}
}

// setups are all dialects and formats of a provider, by the name of a test.
func setups(provider string) map[string]setup {
	all := map[string]setup{}
	for in, format := range formats(provider) {
		for _, dialect := range dialects(provider) {
			if dialect == "" {
				all[provider+in] = setup{format: format}
			} else {
				all[string(dialect)+in] = setup{format: format, dialects: []sandbox.Dialect{dialect}}
			}
		}
	}
	return all
}

// everywhere runs test for each provider in all setups, and fails if either side broke the contract.
func everywhere(t *testing.T, test func(*testing.T, subject, setup, *sandbox.Sandbox)) {
	for provider, s := range subjects() {
		for name, with := range setups(provider) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, s, with, start(t, sandbox.Config{Contract: parsed, Dialects: with.dialects}))
			})
		}
	}
}

func start(t *testing.T, config sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	sb, err := sandbox.Start(config)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, sb) })
	return sb
}

// stop ends a sandbox, and fails if either side broke the contract.
func stop(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	assert.NoError(t, sb.Close())
	assert.NoError(t, sb.Verify())
	for _, e := range sb.Journal() {
		assert.Empty(t, e.RequestViolations, "%s %s breaks the contract", e.Method, e.Path)
	}
}

func open(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) *customers.Client {
	t.Helper()
	client, err := s.open(sb, with)
	require.NoError(t, err)
	return client
}

func can(c *customers.Client, op customers.Op) bool {
	capabilities := c.Capabilities()
	_, ok := capabilities.Operation(op)
	return ok
}

// same compares a customer as it came back with what was stored.
func same(t *testing.T, want customers.Profile, got *customers.Customer) {
	t.Helper()
	profile := got.Profile
	assert.True(t, want.Since.Equal(profile.Since), "since: %v is not %v", profile.Since, want.Since)
	want.Since, profile.Since = time.Time{}, time.Time{}
	assert.Equal(t, want, profile)
	assert.Empty(t, got.Verbatim)
}

// patched is profile with the patch applied.
func patched(p customers.Profile, patch customers.Patch) customers.Profile {
	if patch.Reference != nil {
		p.Reference = *patch.Reference
	}
	if patch.Name != nil {
		p.Name = *patch.Name
	}
	if patch.Email != nil {
		p.Email = *patch.Email
	}
	if patch.Phone != nil {
		p.Phone = *patch.Phone
	}
	if patch.Mobile != nil {
		p.Mobile = *patch.Mobile
	}
	if patch.Address != nil {
		p.Address = *patch.Address
	}
	if patch.Since != nil {
		p.Since = *patch.Since
	}
	if patch.Notes != nil {
		p.Notes = *patch.Notes
	}
	return p
}

func TestLifeOfACustomer(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		ctx, client := t.Context(), open(t, s, with, sb)
		created, err := client.Create(ctx, s.profile)
		require.NoError(t, err)
		require.NotEmpty(t, created.ID)
		same(t, s.profile, created)
		assert.Empty(t, created.Lost)

		got, err := client.Get(ctx, created.ID)
		require.NoError(t, err)
		same(t, s.profile, got)

		for _, q := range []customers.Query{{}, {Email: s.profile.Email}, {Reference: s.profile.Reference}} {
			var found []*customers.Customer
			for c, err := range client.List(ctx, q) {
				if !assert.False(t, err != nil && !unsupported(err), "%v", err) {
					return
				}
				if err == nil {
					found = append(found, c)
				}
			}
			if len(found) > 0 {
				require.Len(t, found, 1)
				same(t, s.profile, found[0])
			}
		}

		want := s.profile
		for _, patch := range s.patches {
			require.NoError(t, client.Update(ctx, created.ID, patch))
			want = patched(want, patch)
			got, err := client.Get(ctx, created.ID)
			require.NoError(t, err)
			same(t, want, got)
		}
		assert.Equal(t, can(client, customers.OpUpdate), len(s.patches) > 0, "what can be changed is tried")

		if !can(client, customers.OpDelete) {
			assert.ErrorIs(t, client.Delete(ctx, created.ID), customers.ErrUnsupported)
			return
		}
		require.NoError(t, client.Delete(ctx, created.ID))
		_, err = client.Get(ctx, created.ID)
		assert.ErrorIs(t, err, customers.ErrNotFound)
		err = client.Delete(ctx, created.ID)
		assert.ErrorIs(t, err, customers.ErrNotFound)
		assert.ErrorIs(t, err, customers.ErrRejected)
	})
}

// TestLeastOfACustomer is about what is not there: left out, empty or null, it must stay so.
func TestLeastOfACustomer(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		ctx, client := t.Context(), open(t, s, with, sb)
		created, err := client.Create(ctx, s.least)
		require.NoError(t, err)
		same(t, s.least, created)
		want := s.least
		if len(s.patches) > 0 {
			want = patched(want, s.patches[0])
			require.NoError(t, client.Update(ctx, created.ID, s.patches[0]))
		}
		got, err := client.Get(ctx, created.ID)
		require.NoError(t, err)
		same(t, want, got)
	})
}

func unsupported(err error) bool {
	return errors.Is(err, customers.ErrUnsupported) || errors.Is(err, customers.ErrUnsupportedField)
}

// unknown is an id that has the form of the provider's and that nobody has.
func unknown(provider string) string { return subjects()[provider].kit.UnknownID }

func TestUnknownCustomer(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		client := open(t, s, with, sb)
		id := unknown(client.Provider())
		_, err := client.Get(t.Context(), id)
		assert.ErrorIs(t, err, customers.ErrNotFound)
		if can(client, customers.OpUpdate) {
			assert.ErrorIs(t, client.Update(t.Context(), id, s.patches[0]), customers.ErrNotFound)
		}
		for c, err := range client.List(t.Context(), customers.Query{Email: "nobody@example.com"}) {
			assert.Nil(t, c)
			assert.True(t, unsupported(err), "%v", err)
		}
	})
}

func TestSameCustomerAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		client := open(t, s, with, sb)
		first, err := client.Create(t.Context(), s.profile)
		require.NoError(t, err)
		_, err = client.Create(t.Context(), s.profile)
		if s.again == nil || with.has(sandbox.SimplePinAddOverwrites) {
			require.NoError(t, err, "nothing is documented that would refuse it")
			return
		}
		again := s.again
		if with.has(sandbox.SimplePinCommonStatuses) {
			again = customers.ErrAlreadyExists
		}
		require.ErrorIs(t, err, again)
		require.ErrorIs(t, err, customers.ErrRejected)
		if client.Provider() == "stancer" {
			assert.Equal(t, first.ID, err.(*customers.Error).ExistingID)
		}
	})
}

func TestWrongKey(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		with.wrongKey = true
		client := open(t, s, with, sb)
		_, err := client.Create(t.Context(), s.profile)
		require.ErrorIs(t, err, customers.ErrUnauthenticated)
		assert.NotErrorIs(t, err, customers.ErrUnknownOutcome)
		assert.Equal(t, 401, err.(*customers.Error).Status)
	})
}

// TestTokensEnd is about the providers that trade a key for a token.
func TestTokensEnd(t *testing.T) {
	for provider, tokens := range map[string]string{"digitalpaye": "createToken", "fatora": "authorize"} {
		t.Run(provider, func(t *testing.T) {
			s, sb := subjects()[provider], start(t, sandbox.Config{Contract: parsed})
			client := open(t, s, setup{}, sb)
			exchanged := func() (n int) {
				for _, e := range sb.Journal() {
					if e.Operation == tokens {
						n++
					}
				}
				return n
			}
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					_, err := client.Get(t.Context(), unknown(provider))
					assert.ErrorIs(t, err, customers.ErrNotFound)
				})
			}
			all.Wait()
			assert.Equal(t, 1, exchanged(), "one exchange, however many calls wait")

			sb.ExpireTokens()
			_, err := client.Create(t.Context(), s.profile)
			require.NoError(t, err, "a refused token is renewed")
			assert.Equal(t, 2, exchanged())
		})
	}
}

// TestUpdatesOfTwoFields is about the providers that only take whole records.
func TestUpdatesOfTwoFields(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		client := open(t, s, with, sb)
		if !can(client, customers.OpUpdate) {
			return
		}
		created, err := client.Create(t.Context(), s.profile)
		require.NoError(t, err)
		want := s.profile
		var all sync.WaitGroup
		for _, patch := range s.patches {
			want = patched(want, patch)
			all.Go(func() { assert.NoError(t, client.Update(t.Context(), created.ID, patch)) })
		}
		all.Wait()
		got, err := client.Get(t.Context(), created.ID)
		require.NoError(t, err)
		same(t, want, got)
	})
}

// TestTypedErrors is what can go wrong at any provider, shown at one.
func TestTypedErrors(t *testing.T) {
	s, sb := subjects()["stancer"], start(t, sandbox.Config{Contract: parsed})
	client := open(t, s, setup{}, sb)
	first, err := client.Create(t.Context(), s.profile)
	require.NoError(t, err)

	html := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>bad gateway</html>"))
	}))
	t.Cleanup(html.Close)
	huge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range 64 {
			if _, err := w.Write(chunk); err != nil {
				return // the client has had enough, as it should
			}
		}
		_, _ = w.Write([]byte(`{"id":"` + first.ID + `"}`))
	}))
	t.Cleanup(huge.Close)
	at := func(url string) *customers.Client {
		c, err := stancer.Open(stancer.Config{APIKey: sb.Stancer.APIKey, BaseURL: url})
		require.NoError(t, err)
		return c
	}
	create := func(c *customers.Client) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Create(ctx, s.profile)
			return err
		}
	}
	get := func(c *customers.Client, id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Get(ctx, id)
			return err
		}
	}
	for name, test := range map[string]struct {
		call    func(context.Context) error
		kind    customers.Kind
		outcome customers.Outcome
		status  int
	}{
		"wrong key":               {create(open(t, s, setup{wrongKey: true}, sb)), customers.ErrUnauthenticated, customers.ErrRejected, 401},
		"unknown id":              {get(client, "cust_000000000000000000000000"), customers.ErrNotFound, "", 404},
		"malformed id":            {get(client, "a/b?limit=1#c"), customers.ErrNotFound, "", 404},
		"duplicate":               {create(client), customers.ErrAlreadyExists, customers.ErrRejected, 409},
		"create, HTML 502":        {create(at(html.URL)), customers.ErrUnavailable, customers.ErrUnknownOutcome, 502},
		"get, HTML 502":           {get(at(html.URL), first.ID), customers.ErrUnavailable, "", 502},
		"create, 64 MiB":          {create(at(huge.URL)), customers.ErrContract, customers.ErrUnknownOutcome, 200},
		"get, 64 MiB":             {get(at(huge.URL), first.ID), customers.ErrContract, "", 200},
		"id of two dots":          {get(client, ".."), customers.ErrInvalid, "", 0},
		"delete, id of two dots":  {func(ctx context.Context) error { return client.Delete(ctx, "..") }, customers.ErrInvalid, customers.ErrNotSent, 0},
		"delete, empty id":        {func(ctx context.Context) error { return client.Delete(ctx, "") }, customers.ErrInvalid, customers.ErrNotSent, 0},
		"nobody there to take it": {create(at("http://127.0.0.1:1")), customers.ErrUnavailable, customers.ErrNotSent, 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(sb.Journal())
			var got *customers.Error
			require.ErrorAs(t, test.call(t.Context()), &got)
			assert.Equal(t, test.kind, got.Kind)
			assert.Equal(t, test.outcome, got.Outcome)
			assert.Equal(t, test.status, got.Status)
			if test.outcome == customers.ErrNotSent {
				assert.Len(t, sb.Journal(), before, "nothing was sent")
			}
		})
	}
}

// A connection is kept for the next call until the client is closed.
func TestClose(t *testing.T) {
	for provider, s := range subjects() {
		t.Run(provider, func(t *testing.T) {
			client := open(t, s, setup{}, start(t, sandbox.Config{Contract: parsed}))
			created, err := client.Create(t.Context(), s.profile)
			require.NoError(t, err)
			var reused bool
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused },
			})
			for _, kept := range []bool{true, false, true} {
				if !kept {
					client.Close()
				}
				_, err := client.Get(ctx, created.ID)
				require.NoError(t, err)
				assert.Equal(t, kept, reused)
			}
		})
	}
}
