package adapters_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/sandbox"
)

// dice make profiles that are valid, invalid, in every form, and more or less than a provider keeps; half of them are
// close to one that it takes.
type dice struct {
	*rand.Rand
	taken customers.Profile
	made  int
}

func (d *dice) one(values ...string) string { return values[d.IntN(len(values))] }

// text is one that occurs nowhere else, and seldom one that is very long.
func (d *dice) text(name string) string {
	return fmt.Sprint(name, " é", d.made) + strings.Repeat("x", d.number(0, 0, 0, 0, 0, 0, 0, 70))
}

func (d *dice) number(values ...int) int { return values[d.IntN(len(values))] }

func (d *dice) profile() customers.Profile {
	d.made++
	p := d.random()
	if d.IntN(2) == 0 {
		return p
	}
	near := d.taken
	if near.Reference != "" {
		near.Reference = fmt.Sprint("ref-", d.made)
	}
	near.Email, near.Notes = fmt.Sprintf("zoraida.%d@example.com", d.made), p.Notes
	for range d.IntN(3) {
		switch d.IntN(5) {
		case 0:
			near.Name = p.Name
		case 1:
			near.Phone = p.Phone
		case 2:
			near.Mobile = p.Mobile
		case 3:
			near.Address = p.Address
		case 4:
			near.Since = p.Since
		}
	}
	return near
}

func (d *dice) random() customers.Profile {
	maybe := func(set func()) {
		if d.IntN(10) < 8 {
			set()
		}
	}
	var p customers.Profile
	maybe(func() { p.Reference = fmt.Sprint("ref-", d.made) })
	form := d.IntN(8)
	if form > 0 { // else without a name
		maybe(func() { p.Name.Given = d.text("Zoraida") })
		maybe(func() { p.Name.Family = d.text("Quintero") })
	}
	if form >= 6 {
		p.Name = customers.Name{Full: d.text("Wilhelmina")}
	}
	if form == 7 {
		maybe(func() { p.Name.Family = d.text("Quintero") })
	}
	maybe(func() {
		p.Email = d.one(fmt.Sprintf("zoraida.%d@example.com", d.made), fmt.Sprintf("zoraida.%d@example.net", d.made), "zoraida", "")
	})
	maybe(func() { p.Phone = d.phone(1) })
	if d.IntN(2) == 0 {
		p.Mobile = d.phone(2)
	}
	maybe(func() {
		maybe(func() { p.Address.Street = d.text("Kestrel Row") })
		maybe(func() { p.Address.City = d.text("Tarnwick") })
		maybe(func() { p.Address.Country = d.one("CI", "CI", "CA", "CA", "FR", "ci") })
		if d.IntN(3) == 0 {
			p.Address.Region = d.one("Quebec", "Québec", "Zanzan")
		}
		if d.IntN(3) == 0 {
			p.Address.PostalCode = fmt.Sprint("ZZ9-", d.made)
		}
	})
	if d.IntN(4) == 0 {
		p.Address = customers.Address{Formatted: d.text("Merlin Walk")}
		if d.IntN(4) == 0 {
			p.Address.City = d.text("Tarnwick")
		}
	}
	if d.IntN(2) == 0 {
		zone := time.FixedZone("", d.number(0, 3600, -5*3600, 3601))
		p.Since = time.Date(2019, 5, 6, 7, 8, 9, d.number(0, 120_000_000, 120_456_000), zone)
	}
	if d.IntN(2) == 0 {
		p.Notes = d.text("Rings twice")
	}
	return p
}

// phone is a number of its own for each field.
func (d *dice) phone(field int) string {
	n := 10_000_000 + d.made*10 + field
	return d.one(fmt.Sprintf("+22501%d", n), fmt.Sprintf("+22507%d", n), fmt.Sprintf("+336%d", n), fmt.Sprintf("01%d", n))
}

// losses are permissions, from none to all.
func (d *dice) losses() (fields []customers.Field) {
	if d.IntN(4) > 0 {
		return append(customers.Fields(), customers.FieldAddress)
	}
	for _, f := range append(customers.Fields(), customers.FieldName, customers.FieldAddress) {
		if d.IntN(2) == 0 {
			fields = append(fields, f)
		}
	}
	return fields
}

// TestPlanTellsWhatIsSent holds plans of random profiles against the request of the create that follows.
func TestPlanTellsWhatIsSent(t *testing.T) {
	const profiles = 300
	for provider, s := range subjects() {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			sb := start(t, sandbox.Config{Contract: parsed})
			d := &dice{Rand: rand.New(rand.NewPCG(4711, 1)), taken: s.profile}
			seen := map[customers.Action]int{}
			for range profiles {
				held(t, open(t, s, setup{}, sb), sb, d, seen)
			}
			// What the dice never make is not held.
			for _, action := range []customers.Action{
				customers.ActionKept, customers.ActionChanged, customers.ActionLost, customers.ActionRefused, customers.ActionUndecided,
			} {
				assert.Greater(t, seen[action], profiles/15, action)
			}
		})
	}
}

func held(t *testing.T, client *customers.Client, sb *sandbox.Sandbox, d *dice, seen map[customers.Action]int) {
	t.Helper()
	defer client.Close()
	p, ctx := d.profile(), customers.WithLossAllowed(t.Context(), d.losses()...)
	before := len(sb.Journal())
	plan, planned := client.Plan(ctx, p)
	require.Len(t, sb.Journal(), before, "a plan sends nothing, not even for a token")
	created, err := client.Create(ctx, p)
	after := sb.Journal()[before:]

	steps := map[customers.Action][]customers.Step{}
	var planFields []customers.Field
	for _, step := range plan.Steps {
		steps[step.Action] = append(steps[step.Action], step)
		planFields = append(planFields, step.Field)
		seen[step.Action]++
	}
	for _, f := range p.Fields() {
		assert.Contains(t, planFields, f, "every field that is set has its step")
	}
	if planned != nil {
		assert.Equal(t, planned, err, "the create fails as planned")
		assert.Empty(t, after, "nothing is sent")
		assert.NotEmpty(t, steps[customers.ActionRefused], "it is told what is refused")
		assert.Len(t, plan.Steps, len(steps[customers.ActionRefused])+len(steps[customers.ActionUndecided])+len(steps[customers.ActionLost]))
		for _, step := range steps[customers.ActionRefused] {
			assert.NotEmpty(t, step.Refused, "and by which rule")
		}
		return
	}
	oc, _ := client.Capabilities().Operation(customers.OpCreate)
	if e := (*customers.Error)(nil); errors.As(err, &e) && len(steps[customers.ActionLookedUp]) > 0 && e.Violations[0].Rule == "lookup" {
		return // what a lookup finds no plan can tell
	}
	after = slices.DeleteFunc(after, func(e sandbox.Exchange) bool { return e.Operation != oc.ID })
	require.Len(t, after, 1, "what is not refused is sent: %v", err)
	body := leaves(t, after[0].RequestBody)
	wires := map[string]bool{}
	for _, step := range append(steps[customers.ActionKept], steps[customers.ActionChanged]...) {
		wires[step.Wire] = true
		assert.Equal(t, step.Value, body[step.Wire], step.Field)
		assert.Equal(t, step.Action == customers.ActionChanged, step.How != "", step.Field)
	}
	for _, step := range steps[customers.ActionLookedUp] {
		wires[step.Wire] = true
		assert.Contains(t, body, step.Wire)
	}
	assert.Equal(t, slices.Sorted(maps.Keys(wires)), slices.Sorted(maps.Keys(body)), "nothing is sent that the plan does not have")
	var lost []customers.Field
	for _, step := range steps[customers.ActionLost] {
		lost = append(lost, step.Field)
		if text := textsOf(t, p)[step.Field]; step.Field != customers.FieldAddressCountry { // two letters may stand anywhere
			assert.NotContains(t, request(&after[0]), text, step.Field)
		}
	}
	if err != nil {
		// What the dice have made before is somebody's already.
		assert.True(t, errors.Is(err, customers.ErrRejected), "%v", err)
		return
	}
	assert.Equal(t, lost, created.Lost)
}

// TestPlanSaysHow is about values that take another form at each provider.
func TestPlanSaysHow(t *testing.T) {
	sb := start(t, sandbox.Config{Contract: parsed})
	micro := time.Date(2019, 5, 6, 7, 8, 9, 120_456_000, time.UTC)
	parts := customers.Name{Given: "Ama", Family: "Kouassi"}
	for provider, tt := range map[string]struct {
		change func(*customers.Profile)
		want   map[customers.Field]string
	}{
		"digitalpaye": {
			func(p *customers.Profile) {},
			map[customers.Field]string{customers.FieldPhone: "in national form, without +225"},
		},
		"simplepin": {
			func(p *customers.Profile) { p.Since, p.Name = micro, parts },
			map[customers.Field]string{
				customers.FieldNameGiven: "joined with name.family", customers.FieldNameFamily: "joined with name.given",
				customers.FieldSince: "cut to milliseconds", customers.FieldAddressCountry: "as a number",
				customers.FieldAddressRegion: "as a number",
			},
		},
		"stancer": {
			func(p *customers.Profile) { p.Name = parts },
			map[customers.Field]string{
				customers.FieldNameGiven: "joined with name.family", customers.FieldNameFamily: "joined with name.given",
			},
		},
		"fatora": {
			func(p *customers.Profile) {
				p.Address = customers.Address{Street: "Al Waab St 7", City: "Doha", Country: "QA"}
			},
			map[customers.Field]string{
				customers.FieldAddressStreet:  "joined with address.city, address.country",
				customers.FieldAddressCity:    "joined with address.street, address.country",
				customers.FieldAddressCountry: "joined with address.street, address.city",
			},
		},
	} {
		t.Run(provider, func(t *testing.T) {
			p := subjects()[provider].profile
			tt.change(&p)
			plan, err := open(t, subjects()[provider], setup{}, sb).Plan(t.Context(), p)
			require.NoError(t, err)
			how := map[customers.Field]string{}
			for _, step := range plan.Steps {
				if step.How != "" {
					how[step.Field] = step.How
				}
			}
			assert.Equal(t, tt.want, how)
		})
	}
}
