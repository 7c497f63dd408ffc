package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/contract-first/customers"
)

// result is what a command prints of a customer.
type result struct {
	Result string `json:"result,omitempty"` // what was done
	*customers.Customer
}

// print writes a customer as a table of its fields, or as JSON.
func (r result) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return unprinted(writeJSON(w, r))
	}
	flat, err := flatten(r)
	if err != nil {
		return unprinted(err)
	}
	t := newTable(w)
	show := func(path, name string) {
		if value, ok := flat[path]; ok {
			t.row(name, value)
		}
	}
	show("result", "result")
	for _, f := range customers.Fields() {
		show(string(f), string(f))
		show("verbatim."+string(f), string(f)+", as the provider has it")
	}
	show("lost", "lost")
	return unprinted(t.flush())
}

// unprinted is the error of a command that did its work and could not tell.
func unprinted(err error) error {
	if err == nil {
		return nil
	}
	return withStatus{fmt.Errorf("done, but the result could not be printed: %w", err), statusNegative}
}

// writeJSON writes one line.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// table writes aligned columns, at the end. It has no colours, so that it is the same everywhere.
type table struct {
	out     io.Writer
	aligned bytes.Buffer
	columns *tabwriter.Writer
}

func newTable(out io.Writer) *table {
	t := &table{out: out}
	t.columns = tabwriter.NewWriter(&t.aligned, 0, 0, 2, ' ', 0)
	return t
}

func (t *table) row(cells ...string) {
	shown := make([]string, len(cells))
	for i, c := range cells {
		shown[i] = cell(c)
	}
	fmt.Fprintln(t.columns, strings.Join(shown, "\t"))
}

// flush writes the table without the spaces at the ends of lines.
func (t *table) flush() error {
	if err := t.columns.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(t.aligned.String()) {
		if _, err := fmt.Fprintln(t.out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// cell is a text as a terminal may show it: one that would break the table, or command the terminal, is quoted.
func cell(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
