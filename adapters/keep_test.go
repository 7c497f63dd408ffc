package adapters_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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
	genSimplepin "github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// edits is a RoundTripper that changes the customer in the answers to reads.
type edits func(customer map[string]any)

func (edit edits) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet || strings.Contains(strings.ToLower(r.URL.Path), "auth") {
		return resp, err
	}
	defer resp.Body.Close()
	var answer map[string]any
	dec := json.NewDecoder(resp.Body)
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil {
		return nil, err
	}
	customer := answer
	for _, wrapper := range []string{"data", "client"} {
		if inner, ok := answer[wrapper].(map[string]any); ok {
			customer = inner
		}
	}
	edit(customer)
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// put sets the property that a path of names leads to.
func put(object map[string]any, path string, value any) {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		object[name] = value
		return
	}
	put(object[name].(map[string]any), rest, value)
}

// TestWhatHasNoFormIsKeptAsItCame is every field of every provider, read back as nobody would send it.
func TestWhatHasNoFormIsKeptAsItCame(t *testing.T) {
	const text = "\t odd — <text> ☃ "
	odd := map[customers.Field]string{
		customers.FieldEmail: "none", customers.FieldPhone: "01 02 03 04 05", customers.FieldMobile: "(514) 555-0187",
		customers.FieldAddressCountry: "Elbonia", customers.FieldSince: "31/01/2020", customers.FieldCreatedAt: "28/03/2025",
		customers.FieldReference: "..",
	}
	for provider, s := range subjects() {
		t.Run(provider, func(t *testing.T) {
			sb := start(t, sandbox.Config{Contract: parsed})
			created, err := open(t, s, setup{}, sb).Create(t.Context(), s.profile)
			require.NoError(t, err)
			for _, fc := range open(t, s, setup{}, sb).Capabilities().Fields {
				f, value, form := fc.Field, text, false
				if without, ok := odd[f]; ok {
					value, form = without, true
				}
				var sent any = value
				switch {
				case !fc.Read, f == customers.FieldID, provider == "simplepin" && f == customers.FieldReference:
					continue // an answer with another id is about another customer
				case provider == "stancer" && f == customers.FieldCreatedAt:
					continue // a number, and each has a form
				case provider == "simplepin" && (f == customers.FieldAddressCountry || f == customers.FieldAddressRegion):
					value, sent, form = "9999", json.Number("9999"), true
				}
				edit := edits(func(customer map[string]any) { put(customer, fc.Wire, sent) })
				client := open(t, s, setup{options: transport.Options{RoundTripper: edit}}, sb)
				got, err := client.Get(t.Context(), created.ID)
				require.NoError(t, err, f)
				if !form {
					assert.Equal(t, value, textsOf(t, got.Profile)[f], f)
					assert.Empty(t, got.Verbatim, f)
					continue
				}
				assert.NotContains(t, got.Fields(), f, "nothing is guessed")
				assert.Equal(t, value, got.Verbatim[f], f)
				if f == customers.FieldCreatedAt {
					assert.Equal(t, time.Time{}, got.CreatedAt)
				}
			}
		})
	}
}

// kept is what the provider tells of a customer now, apart from what it counts by itself.
func kept(t *testing.T, client *customers.Client, sb *sandbox.Sandbox, id string) map[string]any {
	t.Helper()
	_, err := client.Get(t.Context(), id)
	require.NoError(t, err)
	journal := sb.Journal()
	found := map[string]any{}
	for name, value := range leaves(t, journal[len(journal)-1].ResponseBody) {
		name = strings.TrimPrefix(name, "client.")
		if name == "note" {
			name = "notes"
		}
		found[name] = value
	}
	delete(found, "version")
	return found
}

// whole makes a customer with all that the provider can keep, whether or not the facade has a field for it.
func whole(t *testing.T, client *customers.Client, s subject) (id string) {
	t.Helper()
	var api *genSimplepin.API
	if !client.As(&api) {
		created, err := client.Create(t.Context(), s.profile)
		require.NoError(t, err)
		return created.ID
	}
	p := s.profile
	address := func(street string, selected bool) genSimplepin.AddressAPIV2Model {
		return genSimplepin.AddressAPIV2Model{
			Address: street, City: "Montréal", Zip: "H3B 1K1", Province: 11, Country: 1, Selected: &selected,
		}
	}
	added, err := api.AddCustomer(t.Context(), &genSimplepin.AddCustomerParams{}, genSimplepin.CCProfileAPIV2Model{
		CustomerID: p.Reference, CustomerName: p.Name.Full, ContractEmail: p.Email, PhoneNumber: p.Phone, MobileNumber: p.Mobile,
		CustomerSince: "2020-01-31T09:30:00.120-05:00", MainAddress: address("1200 rue Sainte-Catherine", false),
		BillingAddresses: []genSimplepin.AddressAPIV2Model{
			address("1 rue Peel", false), address("2 rue Peel", true), address("3 rue Peel", false),
		},
		Contracts: []genSimplepin.CCContractV2Model{{Name: "Home insurance"}, {Name: "Car insurance"}},
	})
	require.NoError(t, err)
	defer added.Body.Close()
	require.Less(t, added.StatusCode, 300)
	return p.Reference
}

// differs names what differs between two records, and fails if that is more than the patches name.
func differs(t *testing.T, client *customers.Client, before, after map[string]any, patches ...customers.Patch) []string {
	t.Helper()
	caps := client.Capabilities()
	var may []string
	for _, patch := range patches {
		for _, f := range patch.Profile().Fields() {
			fc, _ := caps.Field(f)
			may = append(may, fc.Wire)
		}
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(merge(before, after))) {
		if !assert.ObjectsAreEqual(before[name], after[name]) {
			found = append(found, name)
			assert.Contains(t, may, name, "%v was changed to %v", before[name], after[name])
		}
	}
	return found
}

func merge(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// TestUpdateLosesNothing holds the record that a provider keeps before an update against the one after it, whether it
// merges or replaces; the latter together with each other dialect.
func TestUpdateLosesNothing(t *testing.T) {
	everywhere(t, updateLosesNothing)
	for provider, replaces := range map[string]sandbox.Dialect{
		"fatora": sandbox.FatoraUpdateReplaces, "simplepin": sandbox.SimplePinUpdateReplaces,
	} {
		for _, dialect := range dialects(provider)[1:] {
			t.Run(provider+" replaces, "+string(dialect), func(t *testing.T) {
				t.Parallel()
				with := setup{dialects: []sandbox.Dialect{replaces, dialect}}
				sb := start(t, sandbox.Config{Contract: parsed, Dialects: with.dialects})
				updateLosesNothing(t, subjects()[provider], with, sb)
			})
		}
	}
}

func updateLosesNothing(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
	client := open(t, s, with, sb)
	if !can(client, customers.OpUpdate) {
		return
	}
	id := whole(t, client, s)
	first := kept(t, client, sb, id)
	if client.Provider() == "simplepin" {
		require.Len(t, first["billing_address_models"], 3)
		require.Len(t, first["contracts"], 2)
	}
	before := first
	for _, patch := range s.patches {
		require.NoError(t, client.Update(t.Context(), id, patch))
		after := kept(t, client, sb, id)
		assert.NotEmpty(t, differs(t, client, before, after, patch), "%v", patch)
		before = after
	}

	// All at the same time, back to what it was: the last read of one must not undo the write of another.
	var back []customers.Patch
	was := patch(s.profile)
	for _, p := range s.patches {
		back = append(back, customers.Patch{
			Reference: both(p.Reference, was.Reference), Name: both(p.Name, was.Name), Email: both(p.Email, was.Email),
			Phone: both(p.Phone, was.Phone), Mobile: both(p.Mobile, was.Mobile), Address: both(p.Address, was.Address),
			Since: both(p.Since, was.Since), Notes: both(p.Notes, was.Notes),
		})
	}
	var all sync.WaitGroup
	for _, patch := range back {
		all.Go(func() { assert.NoError(t, client.Update(t.Context(), id, patch)) })
	}
	all.Wait()
	assert.Equal(t, first, kept(t, client, sb, id))
}

// both is to if there is a from.
func both[T any](from, to *T) *T {
	if from == nil {
		return nil
	}
	return to
}

// TestUpdateOfUndeclared is about properties that no contract knows: writing a record without them would lose them.
func TestUpdateOfUndeclared(t *testing.T) {
	places := map[string][]func(map[string]any){
		"fatora": {func(c map[string]any) { c["loyalty_tier"] = "gold" }},
		"simplepin": {
			func(c map[string]any) { c["loyalty_tier"] = "gold" },
			func(c map[string]any) { c["main_address"].(map[string]any)["floor"] = 3 },
			func(c map[string]any) { c["billing_address_models"].([]any)[1].(map[string]any)["floor"] = 3 },
			func(c map[string]any) { c["contracts"].([]any)[0].(map[string]any)["ends"] = "never" },
		},
	}
	everywhere(t, func(t *testing.T, s subject, with setup, sb *sandbox.Sandbox) {
		if with.format != simplepin.JSON {
			t.Skip("what is put into the answers is JSON; adapters/simplepin has recordings of the same in XML")
		}
		plain := open(t, s, with, sb)
		if !can(plain, customers.OpUpdate) {
			return
		}
		id := whole(t, plain, s)
		for i, edit := range places[plain.Provider()] {
			before := kept(t, plain, sb, id)
			with.options = transport.Options{RoundTripper: edits(edit)}
			client := open(t, s, with, sb)
			patch := customers.Patch{Phone: customers.To(fmt.Sprint("+1514555019", i))}

			require.ErrorIs(t, client.Update(t.Context(), id, patch), customers.ErrUnsupportedField)
			assert.Equal(t, before, kept(t, plain, sb, id), "nothing was written")

			require.NoError(t, client.Update(customers.WithLossAllowed(t.Context(), customers.FieldUndeclared), id, patch))
			assert.Len(t, differs(t, plain, before, kept(t, plain, sb, id), patch), 1, "what is declared is not lost with it")
		}
	})
}
