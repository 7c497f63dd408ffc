package customers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Plan tells field by field what a create of a profile would do at a provider.
type Plan struct {
	Provider string `json:"provider"`
	// Steps are those of the fields that are set, and of the ones that are missing.
	Steps []Step `json:"steps"`
}

// Step is what becomes of one field.
type Step struct {
	Field  Field  `json:"field"`
	Action Action `json:"action"`
	// Wire is the provider's name for the property that the field goes into, "" if it goes into none.
	Wire string `json:"wire,omitempty"`
	// Value is what would be sent in that property: nil if nothing is, or if it has to be looked up. Printing a Step does
	// not show it, marshalling does.
	Value any `json:"value,omitempty"`
	// How says how the value was changed, as "joined with name.family".
	How string `json:"how,omitempty"`
	// Refused holds the rules that the field breaks.
	Refused []Violation `json:"refused,omitempty"`
}

// Action is what becomes of a field.
type Action string

// The actions of a plan.
const (
	// ActionKept: it is sent as it is, a date perhaps in another form.
	ActionKept Action = "kept"
	// ActionChanged: it is sent in another form; How tells which, Value is it.
	ActionChanged Action = "changed"
	// ActionLookedUp: it is sent as the provider's own name for it, which has to be asked for first.
	ActionLookedUp Action = "looked up"
	// ActionLost: it is left out, as [Policy].AllowLoss permits.
	ActionLost Action = "lost"
	// ActionRefused: because of it nothing would be sent.
	ActionRefused Action = "refused"
	// ActionUndecided: nothing speaks against it, but nothing would be sent: another field is refused, or the error tells
	// why.
	ActionUndecided Action = "undecided"
)

// Draft is the request that a driver would send to create a customer.
type Draft struct {
	// Body is JSON whose properties have the names of Capabilities, whatever form goes over the wire.
	Body []byte
	// LookedUp are the fields whose values in Body are placeholders.
	LookedUp []Field
}

// Format prints which fields are looked up and no value, for every verb.
func (d Draft) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "draft, looked up: %v", d.LookedUp) }

// LogValue logs what Format prints.
func (d Draft) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(d)) }

// Plan tells what Create would do with p, without sending anything: the same checks and the same mapping make the
// request, up to where it would be sent. The error is the one that Create would fail with before that, nil if p would
// be sent; the plan stands in either case. What the provider refuses beyond its contract, no plan can tell.
//
// A driver whose request lacks a field that it was given is broken: Plan fails with ErrContract, where Create cannot
// notice. Package adapters/adaptertest finds such drivers.
func (c *Client) Plan(ctx context.Context, p Profile) (Plan, error) {
	plan := Plan{Provider: c.caps.Provider}
	fitted := p
	lost, err := c.prepare(ctx, &fitted)
	var draft draft
	if err == nil {
		draft, err = c.draft(ctx, fitted)
	}
	broken := violations(err)
	for _, f := range p.Fields() {
		step := Step{Field: f}
		for _, v := range broken {
			if v.Field.Covers(f) {
				step.Refused = append(step.Refused, v)
			}
		}
		switch {
		case step.Refused != nil:
			step.Action = ActionRefused
		case slices.Contains(lost, f):
			step.Action = ActionLost
		case err != nil:
			step.Action = ActionUndecided
		default:
			step = c.step(f, fitted, draft)
		}
		plan.Steps = append(plan.Steps, step)
	}
	for _, v := range broken {
		if !slices.ContainsFunc(plan.Steps, func(s Step) bool { return v.Field.Covers(s.Field) }) {
			plan.Steps = append(plan.Steps, Step{Field: v.Field, Action: ActionRefused, Refused: []Violation{v}})
		}
	}
	return plan, err
}

// PlanUpdate tells what Update would leave out of patch, as the policy or the context permits, without sending
// anything: Update itself has no result that could list it. The error is the one that Update would fail with for any
// customer, as far as the capabilities tell; what the contract says of values, and what the stored record holds, Update
// finds out.
func (c *Client) PlanUpdate(ctx context.Context, patch Patch) (lost []Field, err error) {
	if err := c.usable(OpUpdate); err != nil {
		return nil, err
	}
	return c.prepareUpdate(ctx, &patch)
}

func violations(err error) []Violation {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Violations
	}
	return nil
}

// draft is a [Draft] that was read.
type draft struct {
	wire     map[string]any
	lookedUp []Field
}

// draft asks the driver for the request and makes sure that it has every field of p: a driver that drops one without a
// word is broken, and no plan of it can be believed.
func (c *Client) draft(ctx context.Context, p Profile) (draft, error) {
	made, err := c.driver.Plan(ctx, p)
	if err != nil {
		return draft{}, c.failed(OpCreate, err)
	}
	d := draft{lookedUp: made.LookedUp}
	dec := json.NewDecoder(bytes.NewReader(made.Body))
	dec.UseNumber()
	if dec.Decode(&d.wire) != nil {
		return d, c.failed(OpCreate, &Error{
			Kind: ErrContract, Outcome: ErrNotSent, Detail: "the driver is broken: its draft is no JSON object",
		})
	}
	var dropped []string
	for _, f := range p.Fields() {
		if fc, _ := c.caps.Field(f); at(d.wire, fc.Wire) == nil && !slices.Contains(d.lookedUp, f) {
			dropped = append(dropped, string(f))
		}
	}
	if dropped != nil {
		return d, c.failed(OpCreate, &Error{
			Kind: ErrContract, Outcome: ErrNotSent,
			Detail: "the driver is broken: its draft lacks " + strings.Join(dropped, ", "),
		})
	}
	return d, nil
}

// step tells what the draft has of a field.
func (c *Client) step(f Field, p Profile, d draft) Step {
	fc, _ := c.caps.Field(f)
	s := Step{Field: f, Wire: fc.Wire}
	if slices.Contains(d.lookedUp, f) {
		s.Action = ActionLookedUp
		return s
	}
	s.Value = at(d.wire, fc.Wire)
	s.Action, s.How = ActionKept, c.how(fc, p, s.Value)
	if s.How != "" {
		s.Action = ActionChanged
	}
	return s
}

// how says how the value of a field was changed to what is sent, "" if it was not.
func (c *Client) how(fc *FieldCapability, p Profile, sent any) string {
	given := ""
	if value := p.text(fc.Field); value != nil {
		given = *value
	}
	text, isText := sent.(string)
	if fc.Field == FieldSince {
		return howSince(p.Since, text)
	}
	switch _, isNumber := sent.(json.Number); {
	case isNumber:
		return "as a number"
	case !isText:
		return inOtherForm
	case text == given:
		return ""
	case fc.Joined && strings.Contains(text, given):
		if others := c.joined(fc, p); others != "" {
			return "joined with " + others
		}
	case fc.Field == FieldPhone || fc.Field == FieldMobile:
		if prefix, national := strings.CutSuffix(given, text); national {
			return "in national form, without " + prefix
		}
	}
	return inOtherForm
}

const inOtherForm = "in the provider's form"

// joined names the other fields that go into the same property.
func (c *Client) joined(fc *FieldCapability, p Profile) string {
	var others []string
	for _, f := range p.Fields() {
		if other, _ := c.caps.Field(f); f != fc.Field && other.Wire == fc.Wire && other.Joined {
			others = append(others, string(f))
		}
	}
	return strings.Join(others, ", ")
}

func howSince(since time.Time, sent string) string {
	at, err := time.Parse(time.RFC3339, sent)
	switch {
	case err != nil:
		return inOtherForm
	case at.Equal(since):
		return ""
	case at.Equal(since.Truncate(time.Millisecond)):
		return "cut to milliseconds"
	case at.Equal(since.Truncate(time.Second)):
		return "cut to seconds"
	}
	return inOtherForm
}

// at is the value of the property that a path of names leads to, nil if there is none.
func at(object map[string]any, path string) any {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		return object[name]
	}
	inner, _ := object[name].(map[string]any)
	return at(inner, rest)
}

// Format prints the field and what becomes of it, for every verb.
func (s Step) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%s: %s", s.Field, s.Action) }

// LogValue logs what Format prints.
func (s Step) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }
