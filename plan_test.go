package customers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
)

// planner is a driver whose draft the test lays down.
type planner struct {
	*acme
	draft customers.Draft
	err   error
	given []customers.Profile
}

func (p *planner) Plan(_ context.Context, profile customers.Profile) (customers.Draft, error) {
	p.given = append(p.given, profile)
	return p.draft, p.err
}

// newPlanner joins names and keeps an address below an object; its draft is that body.
func newPlanner(body string, lookedUp ...customers.Field) *planner {
	caps := customers.Capabilities{
		Provider:   "acme",
		Operations: newAcme().caps.Operations,
		Fields: []customers.FieldCapability{
			{Field: customers.FieldNameGiven, Wire: "full_name", Joined: true, Create: true, Required: true},
			{Field: customers.FieldNameFamily, Wire: "full_name", Joined: true, Create: true, Required: true},
			{Field: customers.FieldNameFull, Wire: "full_name", Joined: true, Create: true, Required: true},
			{Field: customers.FieldEmail, Wire: "mail", Create: true},
			{Field: customers.FieldPhone, Wire: "tel", Create: true},
			{Field: customers.FieldAddressCity, Wire: "home.town", Create: true},
			{Field: customers.FieldAddressCountry, Wire: "home.country", Create: true},
			{Field: customers.FieldSince, Wire: "since", Create: true},
		},
	}
	return &planner{acme: &acme{caps: caps}, draft: customers.Draft{Body: []byte(body), LookedUp: lookedUp}}
}

func (p *planner) open(t *testing.T, policy customers.Policy) *customers.Client {
	t.Helper()
	client, err := customers.NewClient(p, policy)
	require.NoError(t, err)
	return client
}

func TestPlan(t *testing.T) {
	const (
		kept    = customers.ActionKept
		changed = customers.ActionChanged
	)
	named := func(p customers.Profile) customers.Profile {
		p.Name.Full = "Ama Kouassi"
		return p
	}
	name := customers.Step{Field: customers.FieldNameFull, Action: kept, Wire: "full_name", Value: "Ama Kouassi"}
	noon := time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)
	for label, tt := range map[string]struct {
		profile  customers.Profile
		body     string
		lookedUp []customers.Field
		want     []customers.Step
	}{
		"kept": {
			profile: named(customers.Profile{Email: "ama@example.com", Address: customers.Address{City: "Abidjan"}}),
			body:    `{"full_name":"Ama Kouassi","mail":"ama@example.com","home":{"town":"Abidjan"}}`,
			want: []customers.Step{
				name,
				{Field: customers.FieldEmail, Action: kept, Wire: "mail", Value: "ama@example.com"},
				{Field: customers.FieldAddressCity, Action: kept, Wire: "home.town", Value: "Abidjan"},
			},
		},
		"joined": {
			profile: customers.Profile{Name: customers.Name{Given: "Ama", Family: "Kouassi"}},
			body:    `{"full_name":"Ama Kouassi"}`,
			want: []customers.Step{
				{Field: customers.FieldNameGiven, Action: changed, Wire: "full_name", Value: "Ama Kouassi", How: "joined with name.family"},
				{Field: customers.FieldNameFamily, Action: changed, Wire: "full_name", Value: "Ama Kouassi", How: "joined with name.given"},
			},
		},
		"one part alone is not joined": {
			profile: customers.Profile{Name: customers.Name{Family: "Kouassi"}},
			body:    `{"full_name":"Kouassi"}`,
			want:    []customers.Step{{Field: customers.FieldNameFamily, Action: kept, Wire: "full_name", Value: "Kouassi"}},
		},
		"in another form": {
			profile: customers.Profile{Name: customers.Name{Full: "Ama"}, Email: "ama@example.com", Address: customers.Address{Country: "CI"}},
			body:    `{"full_name":"AMA","mail":{"primary":true},"home":{"country":225}}`,
			want: []customers.Step{
				{Field: customers.FieldNameFull, Action: changed, Wire: "full_name", Value: "AMA", How: "in the provider's form"},
				{Field: customers.FieldEmail, Action: changed, Wire: "mail", Value: map[string]any{"primary": true}, How: "in the provider's form"},
				{Field: customers.FieldAddressCountry, Action: changed, Wire: "home.country", Value: json.Number("225"), How: "as a number"},
			},
		},
		"national number": {
			profile: named(customers.Profile{Phone: "+2250102030405"}),
			body:    `{"full_name":"Ama Kouassi","tel":"0102030405"}`,
			want: []customers.Step{
				name, {Field: customers.FieldPhone, Action: changed, Wire: "tel", Value: "0102030405", How: "in national form, without +225"},
			},
		},
		"number in another form": {
			profile: named(customers.Profile{Phone: "+2250102030405"}),
			body:    `{"full_name":"Ama Kouassi","tel":"002250102030405"}`,
			want: []customers.Step{
				name, {Field: customers.FieldPhone, Action: changed, Wire: "tel", Value: "002250102030405", How: "in the provider's form"},
			},
		},
		"looked up": {
			profile:  named(customers.Profile{Address: customers.Address{Country: "CI"}}),
			body:     `{"full_name":"Ama Kouassi","home":{"country":1}}`,
			lookedUp: []customers.Field{customers.FieldAddressCountry},
			want:     []customers.Step{name, {Field: customers.FieldAddressCountry, Action: customers.ActionLookedUp, Wire: "home.country"}},
		},
	} {
		t.Run(label, func(t *testing.T) {
			p := newPlanner(tt.body, tt.lookedUp...)
			plan, err := p.open(t, customers.Policy{}).Plan(t.Context(), tt.profile)
			require.NoError(t, err)
			assert.Equal(t, customers.Plan{Provider: "acme", Steps: tt.want}, plan)
			assert.Empty(t, p.calls, "a plan calls nothing but the driver's Plan")
		})
	}
	for sent, how := range map[string]string{
		`"2024-05-06T12:00:00.123456Z"`:   "",
		`"2024-05-06T14:00:00.123+02:00"`: "cut to milliseconds",
		`"2024-05-06T12:00:00Z"`:          "cut to seconds",
		`"2024-05-06"`:                    "in the provider's form",
		`"2024-05-07T12:00:00Z"`:          "in the provider's form",
		`1714996800`:                      "in the provider's form",
	} {
		t.Run(sent, func(t *testing.T) {
			p := newPlanner(`{"full_name":"Ama Kouassi","since":` + sent + `}`)
			plan, err := p.open(t, customers.Policy{}).Plan(t.Context(), named(customers.Profile{Since: noon.Add(123456 * time.Microsecond)}))
			require.NoError(t, err)
			step := plan.Steps[1]
			assert.Equal(t, how, step.How)
			assert.Equal(t, how != "", step.Action == changed)
		})
	}
}

func TestPlanOfWhatIsLost(t *testing.T) {
	p := newPlanner(`{"full_name":"Ama Kouassi"}`)
	profile := customers.Profile{Name: customers.Name{Full: "Ama Kouassi"}, Notes: "vip", Address: customers.Address{Street: "Rue 1"}}
	ctx := customers.WithLossAllowed(t.Context(), customers.FieldNotes)
	plan, err := p.open(t, customers.Policy{AllowLoss: []customers.Field{customers.FieldAddress}}).Plan(ctx, profile)
	require.NoError(t, err)
	assert.Equal(t, []customers.Step{
		{Field: customers.FieldNameFull, Action: customers.ActionKept, Wire: "full_name", Value: "Ama Kouassi"},
		{Field: customers.FieldAddressStreet, Action: customers.ActionLost},
		{Field: customers.FieldNotes, Action: customers.ActionLost},
	}, plan.Steps)
	assert.Equal(t, []customers.Profile{{Name: profile.Name}}, p.given, "the driver is asked for what is left")
}

func TestPlanOfWhatIsRefused(t *testing.T) {
	long := customers.Violation{Field: customers.FieldEmail, Pointer: "/mail", Rule: "maxLength", Bound: "5"}
	for label, tt := range map[string]struct {
		profile customers.Profile
		policy  customers.Policy
		driver  error
		kind    customers.Kind
		want    []customers.Step
	}{
		"by the client": {
			profile: customers.Profile{Name: customers.Name{Given: "Ama", Full: "Ama"}, Email: "ama@example.com", Phone: "0102030405", Notes: "vip"},
			policy:  customers.Policy{AllowLoss: []customers.Field{customers.FieldNotes}},
			kind:    customers.ErrInvalid,
			want: []customers.Step{
				{Field: customers.FieldNameGiven, Action: customers.ActionRefused, Refused: []customers.Violation{{Field: customers.FieldName, Rule: "oneOf", Bound: "given and family, or full"}}},
				{Field: customers.FieldNameFull, Action: customers.ActionRefused, Refused: []customers.Violation{{Field: customers.FieldName, Rule: "oneOf", Bound: "given and family, or full"}}},
				{Field: customers.FieldEmail, Action: customers.ActionUndecided},
				{Field: customers.FieldPhone, Action: customers.ActionRefused, Refused: []customers.Violation{{Field: customers.FieldPhone, Rule: "format", Bound: "E.164, such as +2250102030405"}}},
				{Field: customers.FieldNotes, Action: customers.ActionLost},
			},
		},
		"not kept": {
			profile: customers.Profile{Name: customers.Name{Full: "Ama"}, Notes: "vip"},
			kind:    customers.ErrUnsupportedField,
			want: []customers.Step{
				{Field: customers.FieldNameFull, Action: customers.ActionUndecided},
				{Field: customers.FieldNotes, Action: customers.ActionRefused, Refused: []customers.Violation{customers.CannotKeep(customers.FieldNotes)}},
			},
		},
		"missing": {
			profile: customers.Profile{Email: "ama@example.com"},
			kind:    customers.ErrInvalid,
			want: []customers.Step{
				{Field: customers.FieldEmail, Action: customers.ActionUndecided},
				{Field: customers.FieldName, Action: customers.ActionRefused, Refused: []customers.Violation{{Field: customers.FieldName, Rule: "required"}}},
			},
		},
		"by the driver": {
			profile: customers.Profile{Name: customers.Name{Full: "Ama"}, Email: "ama@example.com"},
			driver:  customers.Refuse(long),
			kind:    customers.ErrInvalid,
			want: []customers.Step{
				{Field: customers.FieldNameFull, Action: customers.ActionUndecided},
				{Field: customers.FieldEmail, Action: customers.ActionRefused, Refused: []customers.Violation{long}},
			},
		},
	} {
		t.Run(label, func(t *testing.T) {
			p := newPlanner(`{}`)
			p.err, p.acme.err = tt.driver, tt.driver
			client := p.open(t, tt.policy)
			plan, err := client.Plan(t.Context(), tt.profile)
			assert.Equal(t, tt.want, plan.Steps)
			assert.Equal(t, tt.kind, asError(t, err, customers.OpCreate).Kind)
			_, created := client.Create(t.Context(), tt.profile)
			assert.Equal(t, created, err, "the error is that of a create")
		})
	}
}

// A field that a driver drops is no loss that anybody allowed.
func TestPlanOfABrokenDriver(t *testing.T) {
	profile := customers.Profile{
		Name: customers.Name{Full: "Ama"}, Email: "ama@example.com", Notes: "vip", Address: customers.Address{City: "Abidjan"},
	}
	for body, detail := range map[string]string{
		`{"full_name":"Ama"}`: "its draft lacks email, address.city",
		`{"full_name":"Ama","mail":null,"home":{"town":"Abidjan"}}`:   "its draft lacks email",
		`{"full_name":"Ama","mail":"ama@example.com","home":"Rue 1"}`: "its draft lacks address.city",
		`["Ama"]`: "its draft is no JSON object",
		``:        "its draft is no JSON object",
	} {
		t.Run(body, func(t *testing.T) {
			plan, err := newPlanner(body).open(t, customers.Policy{AllowLoss: []customers.Field{customers.FieldNotes}}).Plan(t.Context(), profile)
			e := asError(t, err, customers.OpCreate)
			assert.Equal(t, customers.ErrContract, e.Kind)
			assert.Equal(t, customers.ErrNotSent, e.Outcome)
			assert.Contains(t, e.Detail, detail)
			for _, step := range plan.Steps {
				want := customers.ActionUndecided
				if step.Field == customers.FieldNotes {
					want = customers.ActionLost
				}
				assert.Equal(t, want, step.Action, step.Field)
			}
		})
	}
}

func TestPlanNeedsACreate(t *testing.T) {
	p := newPlanner(`{}`)
	p.lacking(customers.OpCreate)
	_, err := p.open(t, customers.Policy{}).Plan(t.Context(), ama())
	assert.ErrorIs(t, err, customers.ErrUnsupported)

	// A driver of an adapter that is older than plans.
	a := newAcme()
	_, err = open(t, a, customers.Policy{}).Plan(t.Context(), ama())
	assert.ErrorIs(t, err, customers.ErrUnsupported)
	assert.ErrorContains(t, err, "this driver makes no plans")
	assert.Empty(t, a.calls)
}

func TestStepIsPrintedWithoutItsValue(t *testing.T) {
	step := customers.Step{Field: customers.FieldEmail, Action: customers.ActionKept, Wire: "mail", Value: "ama@example.com"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		assert.Equal(t, "email: kept", fmt.Sprintf(verb, step))
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("planned", "step", step)
	assert.Contains(t, log.String(), `step="email: kept"`)
	data, err := json.Marshal(step)
	require.NoError(t, err)
	assert.JSONEq(t, `{"field":"email","action":"kept","wire":"mail","value":"ama@example.com"}`, string(data))
}

func TestPlanUpdate(t *testing.T) {
	a := newAcme()
	client := open(t, a, customers.Policy{AllowLoss: []customers.Field{customers.FieldAddress}})
	given := customers.Address{City: "Abidjan", Region: "Lagunes"}
	patch := customers.Patch{Address: &given, Mobile: customers.To("+2250705060708")}

	_, err := client.PlanUpdate(t.Context(), patch)
	assert.Equal(t, unsupported(customers.FieldMobile), refused(t, a, err, customers.OpUpdate, customers.ErrUnsupportedField))

	lost, err := client.PlanUpdate(customers.WithLossAllowed(t.Context(), customers.FieldMobile), patch)
	require.NoError(t, err)
	assert.Equal(t, []customers.Field{customers.FieldMobile, customers.FieldAddressRegion}, lost)
	assert.Equal(t, customers.Address{City: "Abidjan", Region: "Lagunes"}, given, "the caller's patch was changed")
	assert.Empty(t, a.calls)

	_, err = open(t, newAcme().lacking(customers.OpUpdate), customers.Policy{}).PlanUpdate(t.Context(), patch)
	assert.ErrorIs(t, err, customers.ErrUnsupported)
}

// TestAllowLossForOneCall is about every call that could lose something.
func TestAllowLossForOneCall(t *testing.T) {
	full := ama()
	full.Mobile, full.Since = "+2250705060708", time.Unix(0, 0)
	for label, do := range map[string]func(*customers.Client, context.Context) ([]customers.Field, error){
		"create": func(c *customers.Client, ctx context.Context) ([]customers.Field, error) {
			created, err := c.Create(ctx, full)
			if err != nil {
				return nil, err
			}
			return created.Lost, nil
		},
		"ensure": func(c *customers.Client, ctx context.Context) ([]customers.Field, error) {
			created, _, err := c.Ensure(ctx, full)
			if err != nil {
				return nil, err
			}
			return created.Lost, nil
		},
		"update": func(c *customers.Client, ctx context.Context) ([]customers.Field, error) {
			patch := customers.Patch{Email: &full.Email, Mobile: &full.Mobile, Since: &full.Since}
			if err := c.Update(ctx, "42", patch); err != nil {
				return nil, err
			}
			return c.PlanUpdate(ctx, patch)
		},
	} {
		t.Run(label, func(t *testing.T) {
			client := open(t, newAcme(), customers.Policy{AllowLoss: []customers.Field{customers.FieldMobile}})
			_, err := do(client, t.Context())
			assert.ErrorIs(t, err, customers.ErrUnsupportedField)

			// What an outer context allows stays allowed in one that allows more.
			ctx := customers.WithLossAllowed(customers.WithLossAllowed(t.Context(), customers.FieldSince), customers.FieldUndeclared)
			lost, err := do(client, ctx)
			require.NoError(t, err)
			assert.Equal(t, []customers.Field{customers.FieldMobile, customers.FieldSince}, lost)

			_, err = do(client, t.Context())
			assert.ErrorIs(t, err, customers.ErrUnsupportedField, "it was for one call")

			_, err = do(client, customers.WithLossAllowed(ctx, "adress"))
			assert.ErrorIs(t, err, customers.ErrInvalid, "whatever the call could do without it")
			assert.ErrorContains(t, err, "WithLossAllowed: unknown field adress")
		})
	}
}
