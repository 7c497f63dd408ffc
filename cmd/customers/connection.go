package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

// connection is how a command reaches a provider.
type connection struct {
	provider               string
	sandbox, json, verbose bool
	timeout                time.Duration
	loss, unproven         []string
}

func (c *connection) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&c.provider, "provider", "p", "", strings.Join(providerNames(), ", "))
	flags.BoolVar(&c.sandbox, "sandbox", false,
		"call a sandbox within this process; it holds one sample customer, and ends with the command")
	flags.BoolVar(&c.json, "json", false, "one JSON object per line, and no table")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "log each attempt to standard error, without credentials and values")
	flags.DurationVar(&c.timeout, "timeout", 30*time.Second, "bound of a request with all its attempts")
	flags.StringSliceVar(&c.unproven, "allow-unproven", nil, "operations to use although they are only inferred")
	_ = cmd.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(providerNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("allow-unproven", cobra.FixedCompletions(operations(), cobra.ShellCompDirectiveNoFileComp))
}

// lossFlag is for commands that write fields.
func (c *connection) lossFlag(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&c.loss, "allow-loss", nil, "fields to leave out where the provider cannot keep them")
	_ = cmd.RegisterFlagCompletionFunc("allow-loss", cobra.FixedCompletions(lossNames(), cobra.ShellCompDirectiveNoFileComp))
}

// lossNames are the fields of which a loss can be allowed.
func lossNames() []string {
	names := append(clearable(), settableNames()...)
	slices.Sort(names)
	return append(slices.Compact(names), string(customers.FieldUndeclared))
}

// operations are those that can be unproven.
func operations() []string { return texts(append(customers.Ops(), customers.OpLookup)) }

// policy is what the flags allow.
func (c *connection) policy() (customers.Policy, error) {
	if err := among("--allow-loss", c.loss, lossNames()); err != nil {
		return customers.Policy{}, err
	}
	if err := among("--allow-unproven", c.unproven, operations()); err != nil {
		return customers.Policy{}, err
	}
	return customers.Policy{AllowLoss: named[customers.Field](c.loss), AllowUnproven: named[customers.Op](c.unproven)}, nil
}

// among fails with the names that there are.
func among(flag string, given, names []string) error {
	for _, name := range given {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s must be of %s", flag, strings.Join(names, ", "))
		}
	}
	return nil
}

func texts[T ~string](values []T) []string { return named[string](values) }

func named[To, From ~string](values []From) []To {
	var out []To
	for _, v := range values {
		out = append(out, To(v))
	}
	return out
}

// do opens the client and has it do something. id is that of the sandbox's sample customer, "" without a sandbox.
func (c *connection) do(
	cmd *cobra.Command, act func(ctx context.Context, client *customers.Client, id string) error,
) error {
	p, err := findProvider(c.provider)
	if err != nil {
		return err
	}
	policy, err := c.policy()
	if err != nil {
		return err
	}
	env, id, done, err := settings(cmd.Context(), c.provider, c.sandbox)
	switch {
	case err != nil && cmd.Context().Err() == nil:
		return withStatus{err, statusNegative} // nothing that was given is wrong
	case err != nil:
		return err
	}
	defer done()
	options := transport.Options{Timeout: c.timeout}
	if c.verbose {
		options.Hook = c.hook(cmd)
	}
	client, err := p.fromEnvironment(env, policy, options)
	if err != nil {
		return err
	}
	defer client.Close()
	return act(cmd.Context(), client, id)
}

// hook logs what a client sends, in lines of text or of JSON.
func (c *connection) hook(cmd *cobra.Command) func(context.Context, transport.Exchange) {
	var handler slog.Handler = slog.NewTextHandler(cmd.ErrOrStderr(), nil)
	if c.json {
		handler = slog.NewJSONHandler(cmd.ErrOrStderr(), nil)
	}
	log := slog.New(handler)
	return func(ctx context.Context, e transport.Exchange) {
		attrs := []slog.Attr{
			slog.String("provider", e.Provider), slog.String("operation", string(e.Op)), slog.String("method", e.Method),
			slog.Int("status", e.Status), slog.Int("attempt", e.Attempt), slog.String("reason", e.Reason),
			slog.Duration("duration", e.Duration),
		}
		for _, a := range []slog.Attr{slog.String("request", e.RequestID), slog.String("next", e.Next)} {
			if a.Value.String() != "" {
				attrs = append(attrs, a)
			}
		}
		log.LogAttrs(ctx, slog.LevelInfo, "attempt", attrs...)
	}
}

// customerID is the argument of a command, or else the sandbox's sample customer.
func customerID(args []string, sample string) (string, error) {
	switch {
	case len(args) == 1:
		return args[0], nil
	case sample != "":
		return sample, nil
	}
	return "", errors.New("which customer? give its id, the one that create, list and ensure print")
}
