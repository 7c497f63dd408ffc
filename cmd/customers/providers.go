package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/internal/matrix"
	"github.com/contract-first/customers/transport"
)

func providersCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "providers [NAME]",
		Short: "What each provider can do and keep",
		Long: `Prints what each provider can do and which fields it keeps, computed from the contracts; with a NAME, the details of
one: paths, names, limits, and how sure all of this is. --json has the details, one object per provider.`,
		Example:   "  customers providers\n  customers providers simplepin\n  customers providers --json",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: providerNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			names := providerNames()
			if len(args) > 0 {
				names = args
			}
			capabilities, err := capabilitiesOf(names)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			switch {
			case asJSON:
				for _, c := range capabilities {
					if err := writeJSON(out, c); err != nil {
						return unprinted(err)
					}
				}
				return nil
			case len(args) > 0:
				return unprinted(details(out, capabilities[0]))
			}
			return unprinted(matrix.Text(out, capabilities))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object per line, and no table")
	return cmd
}

func capabilitiesOf(names []string) ([]customers.Capabilities, error) {
	getenv, err := nowhere()
	if err != nil {
		return nil, err
	}
	var out []customers.Capabilities
	for _, name := range names {
		p, err := findProvider(name)
		if err != nil {
			return nil, err
		}
		client, err := p.fromEnvironment(getenv, customers.Policy{}, transport.Options{})
		if err != nil {
			return nil, err
		}
		out = append(out, client.Capabilities())
		client.Close()
	}
	return out, nil
}

// details are the capabilities of one provider in full.
func details(out io.Writer, c customers.Capabilities) error {
	t := newTable(out)
	t.row("CAN", "REQUEST", "SEARCHES BY", "EVIDENCE", "SOURCE")
	for _, o := range c.Operations {
		t.row(string(o.Op), o.Method+" "+o.Path, strings.Join(texts(o.Filters), ", "), string(o.Evidence), o.Source)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	t = newTable(out)
	t.row("KEEPS", "AS", "CREATE", "UPDATE", "READ", "LIMITS", "EVIDENCE")
	for _, f := range c.Fields {
		t.row(string(f.Field), f.Wire, mark(f.Create), mark(f.Update), mark(f.Read), limits(f), string(f.Evidence))
	}
	return t.flush()
}

// mark is a yes or no in a table.
func mark(does bool) string {
	if does {
		return "yes"
	}
	return "–"
}

// limits are what the contract asks of a value.
func limits(f customers.FieldCapability) string {
	var texts []string
	add := func(applies bool, text string) {
		if applies {
			texts = append(texts, text)
		}
	}
	add(f.Required && f.Joined, "one of the joined is needed")
	add(f.Required && !f.Joined, "needed")
	add(f.MinLength > 0, fmt.Sprintf("at least %d", f.MinLength))
	add(f.MaxLength > 0, fmt.Sprintf("at most %d characters", f.MaxLength))
	add(f.Pattern != "", "matches "+f.Pattern)
	add(f.Joined, "joined")
	add(f.Clear, "can be emptied")
	return strings.Join(texts, ", ")
}
