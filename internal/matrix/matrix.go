// Package matrix draws the table of what each provider can do and keep, from their capabilities: for the command line
// and for the README, which cannot differ.
package matrix

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/contract-first/customers"
)

// Sign is a word or letter of the table, and what it means.
type Sign struct{ Text, Meaning string }

// OperationSigns and FieldSigns are the legend of the two parts of the table.
var (
	OperationSigns = []Sign{
		{"yes", "the contract has it"},
		{"unproven", "method or path is only inferred: needs Policy.AllowUnproven"},
		{"by list", "List searches the whole list"},
		{"lookup", "asks for the provider's numbers of countries on the way to another; those of provinces need no permission"},
		{"–", "not there"},
	}
	FieldSigns = []Sign{
		{"c", "sent on create"},
		{"u", "sent on update"},
		{"r", "read back"},
		{"!", "needed; of several with +: one of them"},
		{"+", "joined with others into one text, or that text as a whole"},
		{"*", "known from another page or published code only"},
		{"?", "only inferred"},
		{"–", "not kept"},
	}
)

// Rows are the table without its header: the name of a row, then a cell per provider.
func Rows(providers []customers.Capabilities) (operations, fields [][]string) {
	for _, op := range append(customers.Ops(), customers.OpLookup) {
		row := []string{string(op)}
		for i := range providers {
			row = append(row, operation(&providers[i], op))
		}
		operations = append(operations, row)
	}
	for _, f := range customers.Fields() {
		row := []string{string(f)}
		for i := range providers {
			row = append(row, field(&providers[i], f))
		}
		fields = append(fields, row)
	}
	return operations, fields
}

func operation(c *customers.Capabilities, op customers.Op) string {
	oc, ok := c.Operation(op)
	_, lists := c.Operation(customers.OpList)
	switch {
	case !ok && op == customers.OpFind && lists:
		return "by list"
	case !ok:
		return "–"
	case oc.Evidence == customers.EvidenceInferred:
		return "unproven"
	}
	return "yes"
}

func field(c *customers.Capabilities, f customers.Field) string {
	fc, ok := c.Field(f)
	if !ok {
		return "–"
	}
	var b strings.Builder
	for _, mark := range []struct {
		set  bool
		sign string
	}{
		{fc.Create, "c"}, {fc.Update, "u"}, {fc.Read, "r"}, {fc.Required, "!"}, {fc.Joined, "+"},
		{fc.Evidence == customers.EvidencePublic, "*"}, {fc.Evidence == customers.EvidenceInferred, "?"},
	} {
		if mark.set {
			b.WriteString(mark.sign)
		}
	}
	return b.String()
}

// Text writes the table aligned, for a terminal.
func Text(w io.Writer, providers []customers.Capabilities) error {
	var aligned bytes.Buffer
	tw := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	line := func(cells []string) { fmt.Fprintln(tw, strings.Join(cells, "\t")) }
	header := make([]string, 1+len(providers))
	for i, p := range providers {
		header[1+i] = strings.ToUpper(p.Provider)
	}
	operations, fields := Rows(providers)
	header[0] = "CAN"
	line(header)
	for _, row := range operations {
		line(row)
	}
	line(make([]string, len(header))) // empty cells, since an empty line would end the columns
	header[0] = "KEEPS"
	line(header)
	for _, row := range fields {
		line(row)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(aligned.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	legend := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, signs := range [][]Sign{OperationSigns, FieldSigns} {
		fmt.Fprintln(legend)
		for _, s := range signs {
			fmt.Fprintf(legend, "%s\t%s\n", s.Text, s.Meaning)
		}
	}
	return legend.Flush()
}

// Markdown writes the table for a document.
func Markdown(w io.Writer, providers []customers.Capabilities) error {
	operations, fields := Rows(providers)
	header, rule := "| |", "|---|"
	for _, p := range providers {
		header += " " + p.Provider + " |"
		rule += "---|"
	}
	lines := []string{header, rule}
	for _, row := range append(operations, fields...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cells[i] = cell; i == 0 || strings.Trim(cell, "cur!+*?") == "" {
				cells[i] = "`" + cell + "`"
			}
		}
		lines = append(lines, "| "+strings.Join(cells, " | ")+" |")
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}
