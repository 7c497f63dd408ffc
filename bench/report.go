package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"
)

// findings is all that was measured.
type findings struct {
	Machine  machine
	Lines    []line
	Programs []program
	Scale    *scale
}

//go:embed results.tmpl
var resultsTemplate string

//go:embed notes.md
var notes string

// page is what the template is filled from.
type page struct {
	*findings
	Old                               *findings
	Exchanges, Implementations, Notes string
}

// reportOf is the report as Markdown, without what was not measured.
func reportOf(f, old *findings) ([]byte, error) {
	rows, err := exchanges()
	if err != nil {
		return nil, err
	}
	p := page{findings: f, Old: old, Notes: strings.TrimSpace(notes)}
	for _, x := range rows {
		p.Exchanges += fmt.Sprintf("- `%s`: %s\n", x.row, x.does)
	}
	for _, i := range implementations() {
		p.Implementations += fmt.Sprintf("- **%s**: %s\n", i.name, i.does)
	}
	var b bytes.Buffer
	err = template.Must(template.New("").Parse(resultsTemplate)).Execute(&b, p)
	return b.Bytes(), err
}

// find is the line of an implementation; the zero line if it was not measured.
func (f *findings) find(network, row string, goroutines int, name string) line {
	i := slices.IndexFunc(f.Lines, func(l line) bool {
		return l.Network == network && l.Row == row && l.Goroutines == goroutines && l.Name == name
	})
	if i < 0 {
		return line{}
	}
	return f.Lines[i]
}

func (f *findings) program(name string) program {
	i := slices.IndexFunc(f.Programs, func(p program) bool { return p.Name == name })
	if i < 0 {
		return program{}
	}
	return f.Programs[i]
}

// overPlain is how much larger than the plain program one is, in percent.
func (f *findings) overPlain(name string) float64 {
	base := f.program(plain).Bytes
	if base == 0 {
		return 0
	}
	return 100 * (float64(f.program(name).Bytes)/float64(base) - 1)
}

// Noise is the widest of the ratios of the floor to itself.
func (f *findings) Noise() string {
	var medians, all []float64
	for _, l := range f.Lines {
		if l.Name == noise {
			medians = append(medians, l.Ratio.Median)
			all = append(all, l.Ratio.Min, l.Ratio.Max)
		}
	}
	m, a := statOf(medians), statOf(all)
	return fmt.Sprintf("its medians are from %.2f to %.2f, its single rounds from %.2f to %.2f", m.Min, m.Max, a.Min, a.Max)
}

// SideBySide is a table for each exchange on each network, and one for many goroutines.
func (f *findings) SideBySide(old *findings) string {
	var b strings.Builder
	var many []line
	for i, l := range f.Lines {
		if l.Goroutines > 1 {
			many = append(many, l)
			continue
		}
		if i == 0 || f.Lines[i-1].Network != l.Network || f.Lines[i-1].Row != l.Row || f.Lines[i-1].Goroutines != 1 {
			t := newTable("`"+l.Row+"`, "+l.Network, "CPU µs", "clock µs", "ratio", "before", "allocations", "before", "KiB")
			for _, l := range f.Lines {
				if l.Network != f.Lines[i].Network || l.Row != f.Lines[i].Row || l.Goroutines != 1 {
					continue
				}
				was := old.find(l.Network, l.Row, 1, l.Name)
				t.add(l.Name, micro(l.CPU), micro(l.Wall), ratio(l.Ratio), orNone(was.Ratio.Median, "%.2f"),
					fmt.Sprintf("%.0f", l.Allocs), orNone(was.Allocs, "%.0f"), fmt.Sprintf("%.1f", l.Bytes/1024))
			}
			fmt.Fprintf(&b, "%s\n", t)
		}
	}
	for _, network := range []string{onFake, onLoopback} {
		if t := f.crowded(many, network); len(t.rows) > 0 {
			fmt.Fprintf(&b, "%s\n", t)
		}
	}
	return b.String()
}

// crowded is a table of those who have many goroutines on a network, which are columns.
func (f *findings) crowded(many []line, network string) *table {
	t := newTable(fmt.Sprintf("`%s`, %s, many goroutines", rowCreate, network))
	for _, l := range many {
		if l.Network != network {
			continue
		}
		column := fmt.Sprintf("%d", l.Goroutines)
		if !slices.Contains(t.head, column) {
			t.head = append(t.head, column, "per second")
		}
		i := slices.IndexFunc(t.rows, func(row []string) bool { return row[0] == l.Name })
		if i < 0 {
			i = len(t.rows)
			t.add(l.Name)
		}
		t.rows[i] = append(t.rows[i], ratio(l.Ratio), fmt.Sprintf("%.0f", 1e9/l.Wall.Median))
	}
	return t
}

func (f *findings) ProgramTable(old *findings) *table {
	t := newTable("program", "bytes", "over plain", "before", "packages", "before", "go.mod", "before", "go.sum", "before",
		"start ms", "over plain")
	for _, p := range f.Programs {
		was := old.program(p.Name)
		none := was.Name == ""
		t.add(p.Name, fmt.Sprint(p.Bytes), fmt.Sprintf("%+.1f %%", f.overPlain(p.Name)),
			unless(none, "%+.1f %%", old.overPlain(p.Name)),
			fmt.Sprintf("%d (%d)", p.Packages, p.Others), unless(none, "%d (%d)", was.Packages, was.Others),
			fmt.Sprint(p.Required), unless(none, "%d", was.Required), fmt.Sprint(p.Sums), unless(none, "%d", was.Sums),
			fmt.Sprintf("%.1f (%.1f–%.1f)", p.Start.Median, p.Start.Min, p.Start.Max),
			fmt.Sprintf("%.2f", p.StartRatio.Median))
	}
	return t
}

// SimplePin tells what of SimplePin's size is not the client's.
func (f *findings) SimplePin() string {
	markup, names := f.overPlain(plainXML), f.overPlain(plainNames)
	return fmt.Sprintf("SimplePin adds %.1f %%: of it encoding/xml, which its XML needs, %.1f %% by itself, the comparison of "+
		"countries' names %.1f %%; the rest is %.1f %%.", f.overPlain("simplepin"), markup, names,
		f.overPlain("simplepin")-markup-names)
}

// InitTable folds what happens before main.
func (f *findings) InitTable() *table {
	t := newTable("program", "packages", "ms", "allocations", "of which")
	for _, p := range f.Programs {
		var milliseconds float64
		allocs, most := 0, initialised{}
		for _, i := range p.Inits {
			milliseconds += i.Milliseconds
			allocs += i.Allocs
			if i.Allocs > most.Allocs {
				most = i
			}
		}
		t.add(p.Name, fmt.Sprint(len(p.Inits)), fmt.Sprintf("%.2f", milliseconds), fmt.Sprint(allocs),
			unless(most.Allocs == 0, "%d in %.2f ms by %s", most.Allocs, most.Milliseconds, most.Package))
	}
	return t
}

func (s *scale) LoadTable() *table {
	t := newTable("client", "goroutines", "calls per second", "p50", "p99", "calls", "connections")
	for _, l := range s.Loads {
		t.add(l.Name, fmt.Sprint(l.Goroutines), fmt.Sprintf("%.0f", l.PerSecond), l.P50.Round(time.Microsecond).String(),
			l.P99.Round(time.Microsecond).String(), fmt.Sprint(l.Calls), fmt.Sprint(l.Connections))
	}
	return t
}

func (s *scale) HeapTable() *table {
	t := newTable("calls", "KiB in use")
	for _, h := range s.Heap {
		t.add(fmt.Sprint(h.Calls), fmt.Sprintf("%.1f", float64(h.Bytes)/1024))
	}
	return t
}

func (r renewal) String() string {
	return fmt.Sprintf("Tokens, at the sandbox's Digitalpaye: %d goroutines made %d creates, and all tokens were made worthless "+
		"%d times meanwhile. A token was asked for %d times.", r.Goroutines, r.Calls, r.Expired, r.Fetched)
}

func (s *scale) SandboxTable() *table {
	t := newTable("how", "creates", "per second", "CPU µs each")
	for _, p := range s.Sandbox {
		t.add(p.How, fmt.Sprint(p.Creates), fmt.Sprintf("%.0f", p.PerSecond), fmt.Sprintf("%.1f", p.CPU/1000))
	}
	return t
}

func (s *scale) ClientTable() *table {
	t := newTable("clients opened, used in turn", "µs to open one", "KiB each", "µs per create", "µs over loopback")
	for _, c := range s.Clients {
		t.add(fmt.Sprint(c.Clients), fmt.Sprintf("%.1f", float64(c.Open.Nanoseconds())/1000),
			fmt.Sprintf("%.1f", float64(c.Bytes)/1024), fmt.Sprintf("%.1f", c.Fake/1000), fmt.Sprintf("%.1f", c.Loopback/1000))
	}
	return t
}

func (s *scale) SizeTable() *table {
	t := newTable("billing addresses of SimplePin's get", "bytes of JSON", "JSON µs", "per address", "XML µs", "per address",
		"JSON and contract µs", "per address")
	for _, z := range s.Sizes {
		cells := []string{fmt.Sprint(z.Addresses), fmt.Sprint(z.Bytes)}
		for _, nanoseconds := range []float64{z.JSON, z.XML, z.Contract} {
			each := "–"
			if z.Addresses > 0 {
				each = fmt.Sprintf("%.2f", nanoseconds/1000/float64(z.Addresses))
			}
			cells = append(cells, fmt.Sprintf("%.1f", nanoseconds/1000), each)
		}
		t.add(cells...)
	}
	return t
}

func (s *scale) ListTable() *table {
	t := newTable("customers in Fatora's list, 20 a page", "ms", "µs per customer", "KiB allocated per customer")
	for _, l := range s.Lists {
		t.add(fmt.Sprint(l.Customers), fmt.Sprintf("%.2f", l.Time/1e6), fmt.Sprintf("%.2f", l.Time/1000/float64(l.Customers)),
			fmt.Sprintf("%.2f", float64(l.Bytes)/1024/float64(l.Customers)))
	}
	return t
}

func (s *scale) Seconds() string {
	return fmt.Sprintf("%.2f s (%.2f–%.2f)", s.Generation.Median, s.Generation.Min, s.Generation.Max)
}

// Turns are how often everything was measured whose cost grows.
func (s *scale) Turns() int { return turns }

func micro(s stat) string {
	return fmt.Sprintf("%.1f (%.1f–%.1f)", s.Median/1000, s.Min/1000, s.Max/1000)
}

func ratio(s stat) string { return fmt.Sprintf("**%.2f** (%.2f–%.2f)", s.Median, s.Min, s.Max) }

func orNone(v float64, format string) string { return unless(v == 0, format, v) }

func unless(none bool, format string, values ...any) string {
	if none {
		return "–"
	}
	return fmt.Sprintf(format, values...)
}

// table is a table in Markdown.
type table struct {
	head []string
	rows [][]string
}

func newTable(head ...string) *table { return &table{head: head} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	b.WriteString("|---" + strings.Repeat("|--:", len(t.head)-1) + "|\n")
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}
