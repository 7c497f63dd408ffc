package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
)

// The exit statuses that are not those of a kind of error.
const (
	statusNegative = 1
	statusUsage    = 2
	statusSettings = 3
)

// exitHelp is part of the help of a command that answers a question.
const exitHelp = `
Exit status: 0 if all is as it should be, 1 if not, 2 if that could not be found out: wrong usage, settings that are
missing, input that cannot be read.`

// exit is an exit status of the process.
type exit struct {
	status  int
	meaning string
	is      []error
	next    string // what to do
}

// exits are the exit statuses of the other commands. Of several that fit an error the first counts.
var exits = []exit{
	{0, "done", nil, ""},
	{8, "a write was sent, and whether it was carried out is not known", []error{customers.ErrUnknownOutcome},
		"look before you try again: customers ensure, get and list tell whether it was done"},
	{130, "interrupted; nothing was changed", []error{customers.ErrCanceled, context.Canceled}, ""},
	{statusNegative, "the answer of check or demo is no, the result could not be printed, or anything else", nil, ""},
	{statusUsage, "wrong usage or invalid input; nothing was changed", []error{customers.ErrInvalid}, ""},
	{statusSettings, "settings are missing or wrong", []error{customers.ErrConfig}, "see: customers help environment"},
	{statusSettings, "the credentials were not accepted", []error{customers.ErrUnauthenticated},
		"see: customers help environment"},
	{4, "no such customer", []error{customers.ErrNotFound}, ""},
	{5, "the customer exists already", []error{customers.ErrAlreadyExists}, "customers ensure gives the one that is there"},
	{5, "several customers match, or the one that does has no id", []error{customers.ErrAmbiguous, customers.ErrNoHandle}, ""},
	{6, "the provider refuses or forbids it", []error{customers.ErrForbidden, customers.ErrRefused}, ""},
	{7, "the provider cannot keep a field", []error{customers.ErrUnsupportedField},
		"customers providers NAME tells what it keeps, and what of it can be emptied"},
	{7, "the operation is only inferred", []error{customers.ErrUnproven}, ""},
	{7, "the provider has no such operation", []error{customers.ErrUnsupported}, "see: customers providers"},
	{9, "no answer, or too many requests", []error{customers.ErrUnavailable, customers.ErrRateLimited}, "try again later"},
	{10, "the answer is not what the contract says", []error{customers.ErrContract}, ""},
}

// hints go with words of an error, which is that of a program and knows no flags.
var hints = []struct{ word, here string }{
	{"Policy.AllowLoss", "Policy.AllowLoss is --allow-loss FIELD here"},
	{"Policy.AllowUnproven", "Policy.AllowUnproven is --allow-unproven OPERATION here"},
	{"unknown dialect", "see: customers sandbox --dialects"},
}

func exitCommand() *cobra.Command {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, e := range slices.SortedStableFunc(slices.Values(exits), func(a, b exit) int { return a.status - b.status }) {
		fmt.Fprintf(w, "  %d\t%s\n", e.status, e.meaning)
	}
	_ = w.Flush()
	return &cobra.Command{
		Use:   "exit-status",
		Short: "What the exit status tells",
		Long: "The exit status of a command:\n\n" + table.String() + `
Errors go to standard error. With --json the last line there is an object: error, exit_status, next (what to do,
if that can be said) and, for an error of a provider, details: kind, outcome, violations and what else is known. No error
holds a credential or a value of a customer, and neither does what --verbose prints.

customers check, demo and sandbox have their own: see their help.`,
	}
}

// withStatus is an error that brings its exit status along.
type withStatus struct {
	error
	status int
}

func (e withStatus) Unwrap() error { return e.error }

// exitStatus is the one place where an error becomes the exit status of the process, and what to do next.
func exitStatus(err error) (status int, next string) {
	if err == nil {
		return 0, ""
	}
	if fixed := (withStatus{}); errors.As(err, &fixed) {
		return fixed.status, ""
	}
	status = statusUsage
	if errors.As(err, new(*customers.Error)) {
		status = statusNegative
	}
	if i := slices.IndexFunc(exits, func(e exit) bool {
		return slices.ContainsFunc(e.is, func(kind error) bool { return errors.Is(err, kind) })
	}); i >= 0 {
		status, next = exits[i].status, exits[i].next
	}
	for _, h := range hints {
		if strings.Contains(err.Error(), h.word) {
			next = strings.TrimPrefix(next+"; "+h.here, "; ")
		}
	}
	return status, next
}

// providerError is the error of a provider in err, nil if there is none, or several: the exit status may be another's.
func providerError(err error) *customers.Error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 1 {
		return nil
	}
	var failed *customers.Error
	errors.As(err, &failed)
	return failed
}

// apart are the texts of errors that were joined.
func apart(err error) []string {
	if fixed, ok := err.(withStatus); ok {
		err = fixed.error
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{strings.TrimSpace(err.Error())} // cobra has several lines for what one may have meant
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		texts = append(texts, apart(e)...)
	}
	return texts
}

// printError tells an error, and what to do, as text or as JSON.
func printError(w io.Writer, err error, asJSON bool) (status int) {
	status, next := exitStatus(err)
	switch {
	case err == nil:
	case asJSON:
		_ = writeJSON(w, struct {
			Error   string           `json:"error"`
			Status  int              `json:"exit_status"`
			Next    string           `json:"next,omitempty"`
			Details *customers.Error `json:"details,omitempty"`
		}{err.Error(), status, next, providerError(err)})
	default:
		for _, text := range apart(err) {
			fmt.Fprintln(w, "customers:", text)
		}
		if next != "" {
			fmt.Fprintln(w, next)
		}
	}
	return status
}
