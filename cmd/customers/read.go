package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
)

func getCommand() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "get --provider NAME ID",
		Short: "Read a customer",
		Long: `Reads the customer with the provider's id. With --sandbox the ID may be left out, here and in update and delete: then
the sample customer is meant.`,
		Example: "  customers get --provider stancer --sandbox\n" +
			"  customers get --provider simplepin --sandbox --allow-unproven get,lookup --json",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.do(cmd, func(ctx context.Context, client *customers.Client, sample string) error {
				id, err := customerID(args, sample)
				if err != nil {
					return err
				}
				got, err := client.Get(ctx, id)
				if err != nil {
					return err
				}
				return result{Customer: got}.print(cmd.OutOrStdout(), c.json)
			})
		},
	}
	c.flags(cmd)
	return cmd
}

func listCommand() *cobra.Command {
	var (
		c connection
		q customers.Query
	)
	cmd := &cobra.Command{
		Use:   "list --provider NAME",
		Short: "List customers, or find some by reference or e-mail address",
		Long: `Lists all customers, or those with a reference or an e-mail address, compared exactly. The table shows a part of each;
--json prints all of it, one object per line, as the pages come in. After an error, what came before it stands. If there
is none, nothing is printed but a line on standard error (with --json not even that), and the exit status is 0.`,
		Example: "  customers list --provider fatora --sandbox\n" +
			"  customers list --provider fatora --sandbox --email client@example.com --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"reference", "email"} {
				if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
					return fmt.Errorf("--%s is empty: leave it out to list all", name)
				}
			}
			return c.do(cmd, func(ctx context.Context, client *customers.Client, _ string) error {
				return c.list(ctx, cmd, client, q)
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&q.Reference, "reference", "", "your own id of the customer")
	cmd.Flags().StringVar(&q.Email, "email", "", "e-mail address of the customer")
	return cmd
}

func (c *connection) list(ctx context.Context, cmd *cobra.Command, client *customers.Client, q customers.Query) error {
	out := cmd.OutOrStdout()
	t, found := newTable(out), false
	for customer, err := range client.List(ctx, q) {
		switch {
		case err != nil && !c.json:
			return errors.Join(err, t.flush())
		case err != nil:
			return err
		case c.json:
			if err := unprinted(writeJSON(out, customer)); err != nil {
				return err
			}
		default:
			if !found {
				t.row("ID", "REFERENCE", "NAME", "EMAIL", "PHONE")
			}
			found = true
			t.row(customer.ID, customer.Reference, customer.Name.String(), customer.Email, customer.Phone)
		}
	}
	if !found && !c.json {
		fmt.Fprintln(cmd.ErrOrStderr(), "no customer found")
	}
	return unprinted(t.flush())
}
