package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
)

const inputHelp = `
What is said of the customer comes from flags, or from a JSON or YAML document by --file ("-" is standard input):

  reference: crm-10025
  name: {given: Ama, family: Kouassi}        # or {full: Ama Kouassi}
  email: ama.kouassi@example.com
  phone: +2250102030405
  mobile: +2250503030405
  address: {street: Rue des Jardins, city: Abidjan, region: Abidjan, postal_code: "01", country: CI}   # or {formatted: …}
  since: 2020-01-31
  notes: prefers e-mail

A field that the provider cannot keep fails the command before anything is sent, unless --allow-loss names it.`

func createCommand() *cobra.Command {
	var (
		c      connection
		in     input
		dryRun bool
	)
	cmd := &cobra.Command{
		Use:   "create --provider NAME",
		Short: "Store a new customer",
		Long: `Stores a new customer and prints it as the provider keeps it.
` + inputHelp + `

With --dry-run nothing is sent and no credentials are needed: a table tells for each field what would become of it, and
the exit status is what create would end with before it sends. There --provider all compares all of them. An ACTION is

  kept       sent as it is
  changed    sent in another form: WHY tells which
  looked up  sent as the provider's own name for it, for which it is asked first
  lost       left out, as --allow-loss permits
  refused    nothing is sent because of it: WHY, or the error, tells the rule
  undecided  nothing speaks against it, but nothing is sent: another field is refused, or the error tells why

and a FIELD "body" is a rule of the whole request, such as that it needs an e-mail address or a phone number.`,
		Example: `  customers create --provider stancer --sandbox --given Ama --family Kouassi --email ama.kouassi@example.com
  customers create --provider fatora --sandbox --file profile.yaml
  customers create --provider all --dry-run --name Ama --phone +2250102030405`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p customers.Profile
			if err := in.read(cmd, &p); err != nil {
				return err
			}
			if dryRun {
				return c.dryRun(cmd, p)
			}
			return c.do(cmd, func(ctx context.Context, client *customers.Client, _ string) error {
				created, err := client.Create(ctx, p)
				if err != nil {
					return err
				}
				return result{"created", created}.print(cmd.OutOrStdout(), c.json)
			})
		},
	}
	c.flags(cmd)
	c.lossFlag(cmd)
	in.flags(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "tell what would be sent, and send nothing")
	return cmd
}

func ensureCommand() *cobra.Command {
	var (
		c  connection
		in input
	)
	cmd := &cobra.Command{
		Use:   "ensure --provider NAME",
		Short: "Find a customer, or create it",
		Long: `Looks for the customer by reference or e-mail address, creates it if it is not there, and prints it with what was done:
created, found, or adopted (there after a create whose answer did not tell). Run it again after an unknown outcome.
` + inputHelp,
		Example: "  customers ensure --provider fatora --sandbox --name Ama --email ama.kouassi@example.com",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p customers.Profile
			if err := in.read(cmd, &p); err != nil {
				return err
			}
			return c.do(cmd, func(ctx context.Context, client *customers.Client, _ string) error {
				customer, how, err := client.Ensure(ctx, p)
				if err != nil {
					return err
				}
				return result{string(how), customer}.print(cmd.OutOrStdout(), c.json)
			})
		},
	}
	c.flags(cmd)
	c.lossFlag(cmd)
	in.flags(cmd)
	return cmd
}

func updateCommand() *cobra.Command {
	var (
		c  connection
		in input
	)
	cmd := &cobra.Command{
		Use:   "update --provider NAME ID",
		Short: "Change some fields of a customer",
		Long: `Changes the fields that are given, and no other. A name and an address are changed whole: --city alone makes an address
of nothing but a city. --clear empties a field where customers providers NAME says that it can be emptied, which it does
of none today: no provider is known to do that. An empty value is refused.
` + inputHelp,
		Example: "  customers update --provider fatora --sandbox --notes resting",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var patch customers.Patch
			if err := in.read(cmd, &patch); err != nil {
				return err
			}
			return c.change(cmd, args, "updated", func(
				ctx context.Context, client *customers.Client, id string,
			) (lost []customers.Field, err error) {
				if lost, err = client.PlanUpdate(ctx, patch); err != nil {
					return nil, err
				}
				return lost, client.Update(ctx, id, patch)
			})
		},
	}
	c.flags(cmd)
	c.lossFlag(cmd)
	in.flags(cmd)
	cmd.Flags().StringSliceVar(&in.clear, "clear", nil, "fields to empty, where the provider is known to do that (none today)")
	_ = cmd.RegisterFlagCompletionFunc("clear", cobra.FixedCompletions(clearable(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func deleteCommand() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "delete --provider NAME ID",
		Short:   "Remove a customer",
		Long:    "Removes a customer. It does not ask back.",
		Example: "  customers delete --provider stancer --sandbox",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.change(cmd, args, "deleted", func(
				ctx context.Context, client *customers.Client, id string,
			) ([]customers.Field, error) {
				return nil, client.Delete(ctx, id)
			})
		},
	}
	c.flags(cmd)
	return cmd
}

// changing changes one customer.
type changing func(ctx context.Context, client *customers.Client, id string) (lost []customers.Field, err error)

// change does something to one customer, of which only the id, and what was left out, is known afterwards.
func (c *connection) change(cmd *cobra.Command, args []string, done string, act changing) error {
	return c.do(cmd, func(ctx context.Context, client *customers.Client, sample string) error {
		id, err := customerID(args, sample)
		if err != nil {
			return err
		}
		lost, err := act(ctx, client, id)
		if err != nil {
			return err
		}
		return result{done, &customers.Customer{ID: id, Lost: lost}}.print(cmd.OutOrStdout(), c.json)
	})
}
