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
	// How says how the value was changed.
	How string `json:"how,omitempty"`
	// Refused holds the rules that the field breaks.
	Refused []Violation `json:"refused,omitempty"`
}

// Action is what becomes of a field.
type Action string

// The actions of a plan.
const (
	// Kept: it is sent as it is, a date perhaps in another form.
	Kept Action = "kept"
	// Changed: it is sent in another form; How tells which, Value is it.
	Changed Action = "changed"
	// LookedUp: it is sent as the provider's own name for it, which has to be asked for first.
	LookedUp Action = "looked up"
	// Lost: it is left out, as [Policy].AllowLoss permits.
	Lost Action = "lost"
	// Refused: because of it nothing would be sent.
	Refused Action = "refused"
	// Undecided: nothing speaks against it, but another field is refused.
	Undecided Action = "undecided"
)

// Draft is the request that a driver would send to create a customer.
type Draft struct {
	// Body is JSON whose properties have the names of Capabilities, whatever form goes over the wire.
	Body []byte
	// LookedUp are the fields whose values in Body are placeholders.
	LookedUp []Field
}

// Plan tells what Create would do with p, without sending anything: the same checks and the same mapping make the request,
// up to where it would be sent. The error is the one that Create would fail with before that, nil if p would be sent; the
// plan stands in either case. What the provider refuses beyond its contract, no plan can tell.
func (c *Client) Plan(ctx context.Context, p Profile) (Plan, error) {
	plan := Plan{Provider: c.caps.Provider}
	fitted := p
	lost, err := c.prepare(ctx, &fitted)
	var draft Draft
	if err == nil {
		if draft, err = c.driver.Plan(ctx, fitted); err != nil {
			err = c.failed(OpCreate, err)
		}
	}
	var wire map[string]any
	dec := json.NewDecoder(bytes.NewReader(draft.Body))
	dec.UseNumber()
	if err == nil && dec.Decode(&wire) != nil {
		err = c.failed(OpCreate, &Error{Kind: ErrContract, Outcome: ErrNotSent, Detail: "the driver's draft is no JSON object"})
	}
	broken := violations(err)
	for _, f := range p.Fields() {
		step := Step{Field: f}
		fc, _ := c.caps.Field(f)
		for _, v := range broken {
			if v.Field.Covers(f) {
				step.Refused = append(step.Refused, v)
			}
		}
		switch {
		case step.Refused != nil:
			step.Action = Refused
		case slices.Contains(lost, f):
			step.Action = Lost
		case err != nil:
			step.Action = Undecided
		default:
			step.send(fc, p, wire, slices.Contains(draft.LookedUp, f))
		}
		plan.Steps = append(plan.Steps, step)
	}
	for _, v := range broken {
		if !slices.ContainsFunc(plan.Steps, func(s Step) bool { return v.Field.Covers(s.Field) }) {
			plan.Steps = append(plan.Steps, Step{Field: v.Field, Action: Refused, Refused: []Violation{v}})
		}
	}
	return plan, err
}

func violations(err error) []Violation {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Violations
	}
	return nil
}

// send fills in what the request has of the field.
func (s *Step) send(fc *FieldCapability, p Profile, wire map[string]any, lookedUp bool) {
	s.Wire = fc.Wire
	if lookedUp {
		s.Action = LookedUp
		return
	}
	s.Value = at(wire, fc.Wire)
	switch sent, _ := s.Value.(string); {
	case s.Value == nil:
		s.Action = Lost // the driver's fault: Lost without a word is what a plan must not hide
	case sent == p.text(s.Field), s.Field == FieldSince && sameTime(sent, p.Since):
		s.Action = Kept
	case fc.Joined:
		s.Action, s.How = Changed, "joined into one text"
	default:
		s.Action, s.How = Changed, "in the provider's form"
	}
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

func sameTime(wire string, t time.Time) bool {
	sent, err := time.Parse(time.RFC3339, wire)
	return err == nil && sent.Equal(t)
}

// Format prints the field and what becomes of it, for every verb.
func (s Step) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%s: %s", s.Field, s.Action) }

// LogValue logs what Format prints.
func (s Step) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }
