package adaptertest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
)

func TestSkipsMustBeNeeded(t *testing.T) {
	fails := check{name: "update", run: func(t *trial) { t.Fatal("it does") }}
	passes := check{name: "update", run: func(*trial) {}}
	applies := check{name: "update", run: func(t *trial) { t.Skip("no update") }}
	for name, tt := range map[string]struct {
		check check
		want  verdict
	}{
		"fails":          {fails, verdict{skipped: "it is slow\nit fails with: it does"}},
		"passes":         {passes, verdict{failures: []string{`skipped because "it is slow", but it passes: take the skip away`}}},
		"does not apply": {applies, verdict{failures: []string{`skipped because "it is slow", but it does not apply anyway: no update`}}},
	} {
		t.Run(name, func(t *testing.T) {
			h := Harness{Skips: map[string]string{"update": "it is slow"}}
			outer := check{run: func(inner *trial) { tt.check.hold(inner.TB, h) }}
			assert.Equal(t, tt.want, probe(t, outer, Harness{}))
		})
	}
}

func TestPanicsAreFailures(t *testing.T) {
	v := probe(t, check{run: func(*trial) { panic("oops") }}, Harness{})
	require.Len(t, v.failures, 1)
	assert.Contains(t, v.failures[0], "panic: oops")
}

func TestProblemsOfAHarness(t *testing.T) {
	assert.Empty(t, rich().problems(t))
	for name, tt := range map[string]struct {
		spoil func(*Harness)
		want  string
	}{
		"nothing":      {func(h *Harness) { *h = Harness{} }, "Start, two Profiles and UnknownID are needed"},
		"unknown skip": {func(h *Harness) { h.Skips = map[string]string{"updates": "because"} }, "Skips names the check updates, which does not exist"},
		"no reason":    {func(h *Harness) { h.Skips = map[string]string{"update": ""} }, "Skips gives no reason for update"},
		"no notes": {func(h *Harness) {
			for i := range h.Profiles {
				h.Profiles[i].Notes = ""
			}
		}, "no profile sets notes, which a create sends"},
		"poor second": {func(h *Harness) { h.Profiles[1].Mobile = "" }, "the second profile lacks mobile, which the first has"},
		"no driver": {func(h *Harness) {
			h.Start = func(testing.TB) Backend {
				return Backend{Open: func() (customers.Driver, error) { return nil, &customers.Error{Kind: customers.ErrConfig} }}
			}
		}, "Open: invalid configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			h := rich()
			tt.spoil(&h)
			assert.Equal(t, []string{tt.want}, h.problems(t))
		})
	}
}

// TestDocumentation holds the list of checks in the package's documentation against the checks.
func TestDocumentation(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	require.NoError(t, err)
	var want string
	for _, c := range checks {
		want += "  - " + c.name + ": " + c.doc + "\n"
	}
	assert.Contains(t, unwrapped(file), want)
}

// unwrapped is the package's documentation with the lines of a list item joined.
func unwrapped(file *ast.File) string {
	return regexp.MustCompile(`\n {4}(\S)`).ReplaceAllString(file.Doc.Text(), " $1")
}
