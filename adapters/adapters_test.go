// Package adapters_test holds the four adapters against the sandbox, under each dialect that a provider may speak.
package adapters_test

import (
	"bytes"
	"context"
	"errors"
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
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// subject is an adapter, and a customer that uses every field it keeps.
type subject struct {
	open    func(*sandbox.Sandbox, setup) (*customers.Client, error)
	profile customers.Profile
	// least is as little as the provider takes.
	least customers.Profile
	// patches change one field each.
	patches []customers.Patch
	// again is what creating the same customer a second time is told; nil if it is not refused.
	again error
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

func subjects() map[string]subject {
	everything := customers.Policy{AllowUnproven: append(customers.Ops(), customers.OpLookup)}
	return map[string]subject{
		"digitalpaye": {
			open: func(sb *sandbox.Sandbox, s setup) (*customers.Client, error) {
				return digitalpaye.Open(digitalpaye.Config{
					APIKey: s.key(sb.Digitalpaye.APIKey), APISecret: sb.Digitalpaye.APISecret, BaseURL: sb.Digitalpaye.URL,
					NewPath: s.has(sandbox.DigitalpayeNewPathOnly), Policy: everything, Options: s.options,
				})
			},
			profile: customers.Profile{
				Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com", Phone: "+2250102030405",
				Address: customers.Address{Street: "Rue des Jardins", City: "Abidjan", Country: "CI"},
			},
			least: customers.Profile{
				Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama@example.com", Phone: "+2250102030406",
				Address: customers.Address{Country: "CI"},
			},
		},
		"simplepin": {
			open: func(sb *sandbox.Sandbox, s setup) (*customers.Client, error) {
				c := simplepin.Config{
					Authorization: s.key(sb.SimplePin.Authorization), Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL,
					Locale: "EN", BodyFormat: s.format, Policy: everything, Options: s.options,
				}
				if !s.lookup {
					c.Countries = map[string]simplepin.Country{"CA": {ID: 1, Provinces: map[string]int64{"Quebec": 11, "Québec": 11, "Ontario": 12}}}
				}
				return simplepin.Open(c)
			},
			profile: customers.Profile{
				Reference: "crm/10023 é", Name: customers.Name{Full: "Maude Tremblay"}, Email: "maude+1@example.com",
				Phone: "+15145550123", Mobile: "+15145550199",
				Since: time.Date(2020, 1, 31, 9, 30, 0, 120_000_000, time.FixedZone("", -5*3600)),
				Address: customers.Address{
					Street: "1200 rue Sainte-Catherine", City: "Montréal", Region: "Quebec", PostalCode: "H3B 1K1", Country: "CA",
				},
			},
			least: customers.Profile{Reference: "crm-1"},
			patches: []customers.Patch{
				{Name: &customers.Name{Full: "Maude Gagnon"}},
				{Email: customers.To("maude.gagnon@example.com")},
				{Phone: customers.To("+15145550124")},
				{Mobile: customers.To("+15145550198")},
				{Since: customers.To(time.Date(2021, 2, 1, 0, 0, 0, 0, time.UTC))},
				{Address: &customers.Address{
					Street: "1 Yonge St", City: "Toronto", Region: "Ontario", PostalCode: "M5E 1W7", Country: "CA",
				}},
			},
			again: customers.ErrForbidden,
		},
		"stancer": {
			open: func(sb *sandbox.Sandbox, s setup) (*customers.Client, error) {
				return stancer.Open(stancer.Config{
					APIKey: s.key(sb.Stancer.APIKey), BaseURL: sb.Stancer.URL, Policy: everything, Options: s.options,
				})
			},
			profile: customers.Profile{
				Reference: "crm-10024", Name: customers.Name{Full: "David Coaster"}, Email: "david@example.net",
				Phone: "+33639980102",
			},
			least: customers.Profile{Email: "d@example.net"},
			patches: []customers.Patch{
				{Reference: customers.To("crm-10025")},
				{Name: &customers.Name{Full: "David C. Coaster"}},
				{Email: customers.To("david.coaster@example.net")},
				{Phone: customers.To("+33639980103")},
			},
			again: customers.ErrAlreadyExists,
		},
		"fatora": {
			open: func(sb *sandbox.Sandbox, s setup) (*customers.Client, error) {
				return fatora.Open(fatora.Config{
					APIKey: s.key(sb.Fatora.APIKey), BaseURL: sb.Fatora.URL,
					AuthorizeByPost: s.has(sandbox.FatoraAuthorizeByPost), Policy: everything, Options: s.options,
				})
			},
			profile: customers.Profile{
				Name: customers.Name{Full: "Noor Haddad"}, Email: "noor@example.com", Phone: "+97444000000",
				Address: customers.Address{Formatted: "Al Corniche St 5, Doha, QA"}, Notes: "Calls on Mondays",
			},
			least: customers.Profile{Name: customers.Name{Full: "Noor"}},
			patches: []customers.Patch{
				{Name: &customers.Name{Full: "Noor Al Haddad"}},
				{Email: customers.To("noor.haddad@example.com")},
				{Phone: customers.To("+97444000001")},
				{Address: &customers.Address{Formatted: "Al Waab St 7, Doha, QA"}},
				{Notes: customers.To("Calls on Tuesdays")},
			},
			again: customers.ErrAlreadyExists,
		},
	}
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

// unknown are ids that have the form of a provider's and that nobody has.
var unknown = map[string]string{
	"digitalpaye": "8db1ad33-50d6-4e6f-9ec3-5f9169c621a6", "simplepin": "crm-0", "stancer": "cust_000000000000000000000000",
	"fatora": "999999999",
}

func TestUnknownCustomer(t *testing.T) {
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		client := open(t, s, with, sb)
		id := unknown[client.Provider()]
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
					_, err := client.Get(t.Context(), unknown[provider])
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
