package adapters_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

// TestCoverage drives the adapters through every operation under every dialect, and through every answer that the
// contracts show, and fails if a part of a contract was in none of the exchanges. With -v it prints what was.
func TestCoverage(t *testing.T) {
	for _, provider := range slices.Sorted(maps.Keys(subjects())) {
		t.Run(provider, func(t *testing.T) {
			spec, err := contract.Load(provider)
			require.NoError(t, err)
			rec := &recorder{faulty: faulty{spec: spec}, coverage: contract.NewCoverage(spec)}
			var shown []map[string]string
			for _, op := range spec.Operations() {
				for _, e := range spec.Examples(op.ID) {
					shown = append(shown, map[string]string{op.ID: shows(e)})
				}
			}
			for _, format := range formats(provider) {
				for _, together := range together(dialects(provider)[1:]) {
					rec.run(t, provider, setup{dialects: together, format: format}, nil)
				}
				for _, way := range ways(provider) {
					rec.run(t, provider, setup{dialects: way, format: format}, shown...)
				}
			}
			report(t, rec.coverage.Parts())
		})
	}
}

// together are sets of dialects: none, each alone, all but one, all. Those that change the same answer meet in the larger
// ones; those that get in each other's way are left out of one another.
func together(all []sandbox.Dialect) [][]sandbox.Dialect {
	sets := [][]sandbox.Dialect{nil, all}
	for i := range all {
		sets = append(sets, all[i:i+1], slices.Delete(slices.Clone(all), i, i+1))
	}
	return sets
}

// ways are the dialects that lead clients to other operations: none, and those for which a client has a setting.
func ways(provider string) [][]sandbox.Dialect {
	sets := [][]sandbox.Dialect{nil}
	for _, d := range []sandbox.Dialect{sandbox.DigitalpayeNewPathOnly, sandbox.FatoraAuthorizeByPost} {
		if strings.HasPrefix(string(d), provider+".") {
			sets = append(sets, []sandbox.Dialect{d})
		}
	}
	return sets
}

// shows is the fault that answers with an example.
func shows(e contract.Example) string {
	return strings.TrimSuffix(fmt.Sprintf("%d/%s", e.Status, e.Name), "/")
}

// recorder notes what goes between an adapter and the sandbox.
type recorder struct {
	faulty
	coverage *contract.Coverage
}

func (rec *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(sent))
	resp, err := rec.faulty.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	rec.coverage.Add(r, sent, resp.StatusCode, resp.Header, got)
	resp.Body = io.NopCloser(bytes.NewReader(got))
	return resp, nil
}

// run does all that an adapter can do, in a sandbox of its own, once for each set of faults. What comes of it is for
// other tests to judge.
func (rec *recorder) run(t *testing.T, provider string, with setup, faults ...map[string]string) {
	t.Helper()
	sb, err := sandbox.Start(sandbox.Config{Contract: parsed, Dialects: with.dialects})
	require.NoError(t, err)
	defer stop(t, sb)
	with.lookup, with.options = true, transport.Options{RoundTripper: rec, Retry: once}
	for _, rec.faults = range faults {
		exercise(t.Context(), subjects()[provider], open(t, subjects()[provider], with, sb))
	}
}

func exercise(ctx context.Context, s subject, client *customers.Client) {
	id, patches := "", s.patches[:min(1, len(s.patches))]
	for _, profile := range []customers.Profile{s.least, s.profile} {
		id = unknown(client.Provider())
		if created, err := client.Create(ctx, profile); err == nil {
			id = created.ID
		}
		_, _ = client.Get(ctx, id)
		for _, q := range []customers.Query{{}, {Email: profile.Email}, {Reference: profile.Reference}} {
			for range client.List(ctx, q) {
			}
		}
		for _, patch := range patches {
			_ = client.Update(ctx, id, patch)
		}
		patches = s.patches
	}
	if beyond := beyond[client.Provider()]; beyond != nil {
		beyond(ctx, client, id)
	}
	_ = client.Delete(ctx, id)
}

// beyond is what only a provider's own client reaches.
var beyond = map[string]func(ctx context.Context, client *customers.Client, id string){
	"simplepin": func(ctx context.Context, client *customers.Client, id string) {
		var api *simplepin.API
		client.As(&api)
		drop(api.GetCountries(ctx, &simplepin.GetCountriesParams{Locale: "EN"}))
		drop(api.GetProvinces(ctx, &simplepin.GetProvincesParams{Locale: "EN", CountryID: 1}))

		address := simplepin.AddressAPIV2Model{
			Address: "400 Harbour Road", City: "Quebec", Zip: "G1K 4A1", Province: 11, Country: 1, Selected: customers.To(true),
		}
		params := simplepin.UpdateCustomerParams{CustomerID: &id}
		body := simplepin.CCProfileAPIV2Model{
			CustomerID: id, MainAddress: address, BillingAddresses: []simplepin.AddressAPIV2Model{address},
			Contracts: []simplepin.CCContractV2Model{{Name: "Home insurance"}},
		}
		// Then once more with the numbers that the provider gave to all of it.
		var stored simplepin.CCProfileV2Model
		_ = json.Unmarshal(drop(api.UpdateCustomer(ctx, &params, body)), &stored)
		body.MainAddress, body.BillingAddresses, body.Contracts = stored.MainAddress, stored.BillingAddressModels, stored.Contracts
		body.DeleteBillingAddressIDs = []int64{stored.BillingAddressID}
		drop(api.UpdateCustomer(ctx, &params, body))
		drop(api.AddCustomer(ctx, &simplepin.AddCustomerParams{}, body))
	},
	"stancer": func(ctx context.Context, client *customers.Client, _ string) {
		var api *stancer.API
		client.As(&api)
		created := stancer.Customer{ID: unknown("stancer")}
		_ = json.Unmarshal(drop(api.CreateCustomer(ctx, stancer.CustomerCreate{Mobile: "+33639980109", LiveMode: true})), &created)
		// Without an e-mail address.
		drop(api.GetCustomer(ctx, created.ID))
		drop(api.UpdateCustomer(ctx, created.ID, stancer.CustomerUpdate{Mobile: "+33639980110"}))
	},
	"fatora": func(ctx context.Context, client *customers.Client, _ string) {
		var api *fatora.API
		client.As(&api)
		drop(api.ListClients(ctx, &fatora.ListClientsParams{Keyword: customers.To("Noor")}))
	},
}

// drop reads an answer to its end; it is nil if there was none.
func drop(resp *http.Response, err error) []byte {
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return body
}

// report prints how much of each kind of part was exercised, and fails for what is missing.
func report(t *testing.T, parts []contract.Part) {
	t.Helper()
	type count struct{ total, seen, exempt int }
	counts, exempt, missing := map[contract.PartKind]*count{}, map[string][]string{}, []string{}
	all := &count{}
	for _, p := range parts {
		if counts[p.Kind] == nil {
			counts[p.Kind] = &count{}
		}
		for _, c := range []*count{counts[p.Kind], all} {
			c.total++
			switch {
			case p.Seen > 0:
				c.seen++
			case p.Exempt != "":
				c.exempt++
			}
		}
		switch {
		case p.Seen > 0:
		case p.Exempt != "":
			exempt[p.Exempt] = append(exempt[p.Exempt], p.Place)
		default:
			missing = append(missing, fmt.Sprintf("%s: %s (%s)", p.Kind, p.Place, p.Evidence))
		}
	}
	w := tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(kind string, c *count) {
		percent := 100.0
		if due := c.total - c.exempt; due > 0 {
			percent = 100 * float64(c.seen) / float64(due)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.1f %%\t\n", kind, c.total, c.seen, c.exempt, percent)
	}
	fmt.Fprintln(w, "part\ttotal\texercised\texempt\tcovered\t")
	for _, kind := range contract.PartKinds() {
		if c := counts[kind]; c != nil {
			row(string(kind), c)
		}
	}
	row("all", all)
	_ = w.Flush()
	for why, places := range exempt {
		fmt.Fprintf(t.Output(), "\nexempt, because %s:\n", why)
		for len(places) > 0 {
			// A body that is exempt stands for its properties.
			body, rest := places[0], places[1:]
			within := func(place string) bool { return strings.HasPrefix(place, body+" /") }
			places = slices.DeleteFunc(slices.Clone(rest), within)
			fmt.Fprintf(t.Output(), "  %s (%d properties)\n", body, len(rest)-len(places))
		}
	}
	assert.Empty(t, missing, "never exercised:\n%s", strings.Join(missing, "\n"))
}
