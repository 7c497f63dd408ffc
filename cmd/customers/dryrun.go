package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

// all stands for every provider.
const all = "all"

// dryRun tells what create would do, at one provider or at all.
func (c *connection) dryRun(cmd *cobra.Command, p customers.Profile) error {
	names := []string{c.provider}
	if c.provider == all {
		names = providerNames()
	}
	policy, err := c.policy()
	if err != nil {
		return err
	}
	getenv, err := nowhere()
	if err != nil {
		return err
	}
	var (
		plans   []customers.Plan
		refused []error
	)
	for _, name := range names {
		known, err := findProvider(name)
		if err != nil {
			return err
		}
		client, err := known.fromEnvironment(getenv, policy, transport.Options{})
		if err != nil {
			return err
		}
		plan, err := client.Plan(cmd.Context(), p)
		client.Close()
		plans, refused = append(plans, plan), append(refused, err)
	}
	switch out := cmd.OutOrStdout(); {
	case c.json:
		for _, plan := range plans {
			err = cmp.Or(err, writeJSON(out, plan))
		}
	case len(plans) > 1:
		err = compare(newTable(out), plans, refused)
	default:
		err = explain(newTable(out), plans[0])
	}
	if errors.Join(refused...) == nil {
		return unprinted(err)
	}
	return errors.Join(append(refused, err)...) // why matters more than that the table could not be printed
}

// explain tells of one provider each field, what becomes of it, where it goes, as what, and why.
func explain(t *table, plan customers.Plan) error {
	t.row("FIELD", "ACTION", "PROPERTY", "VALUE", "WHY")
	for _, s := range plan.Steps {
		value, err := sent(s.Value)
		if err != nil {
			return err
		}
		why := []string{s.How}
		for _, v := range s.Refused {
			why = append(why, strings.TrimSpace(v.Rule+" "+v.Bound))
		}
		t.row(place(s), string(s.Action), s.Wire, value, strings.TrimPrefix(strings.Join(why, "; "), "; "))
	}
	return t.flush()
}

// compare has a row per field and a column per provider.
func compare(t *table, plans []customers.Plan, refused []error) error {
	header, last := []string{"FIELD"}, []string{"would be sent"}
	places := named[string](customers.Fields())
	for i, plan := range plans {
		header = append(header, strings.ToUpper(plan.Provider))
		last = append(last, mark(refused[i] == nil))
		for _, s := range plan.Steps {
			if !slices.Contains(places, place(s)) {
				places = append(places, place(s))
			}
		}
	}
	t.row(header...)
	for _, at := range places {
		row, set := []string{at}, false
		for _, plan := range plans {
			what := "–"
			for _, s := range plan.Steps {
				if place(s) == at {
					what, set = strings.TrimSpace(string(s.Action)+" "+s.Wire), true
				}
			}
			row = append(row, what)
		}
		if set {
			t.row(row...)
		}
	}
	t.row(last...)
	return t.flush()
}

// place is the field of a step, or else the place in the request.
func place(s customers.Step) string {
	if s.Field == "" && len(s.Refused) > 0 {
		return s.Refused[0].Pointer
	}
	return string(s.Field)
}

// sent is a value as it stands in the request.
func sent(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	default:
		data, err := json.Marshal(value)
		if err != nil {
			return "", fmt.Errorf("value of the plan: %w", err)
		}
		return string(data), nil
	}
}
