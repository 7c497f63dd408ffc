// Package house_test holds the tree as a whole against the rules of the house.
package house_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/specs"
)

const module = "github.com/contract-first/customers"

// goList prints a format for each package that a pattern names, a line each.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

// TestImportsRunOneWay holds the imports of each room against what it may import; tests are free.
func TestImportsRunOneWay(t *testing.T) {
	const (
		kin = "github.com/getkin/kin-openapi"
		jwt = "github.com/golang-jwt/jwt/v5"
	)
	rooms := []struct {
		room string
		may  []string // prefixes, beside the standard library
	}{
		{module + "/specs", nil},
		{module + "/docs", nil},
		{module + "/contract/check", nil},
		{module + "/contract/markup", []string{module + "/contract/check"}},
		{module + "/contract/drift", []string{module + "/contract"}},
		{module + "/contract", []string{kin, module + "/specs", module + "/contract/check", module + "/contract/markup"}},
		{module + "/gen", []string{module + "/contract/check", module + "/contract/markup"}},
		{module + "/transport", []string{module, module + "/contract/check", "golang.org/x/sync", "golang.org/x/time"}},
		{module + "/adapters/memory", []string{module}},
		{module + "/adapters/adaptertest", []string{module}}, // adapters elsewhere get nothing else with it
		// One asks for a list that many calls wait for, and compares the names in it.
		{module + "/adapters/simplepin", []string{
			module, module + "/gen", module + "/transport", "golang.org/x/sync/singleflight", "golang.org/x/text/unicode/norm",
		}},
		{module + "/adapters", []string{module, module + "/gen", module + "/transport"}},
		{module + "/sandbox", []string{module + "/specs", module + "/contract", module + "/gen", jwt}},
		{module + "/cmd", []string{module, "github.com/spf13/cobra", "go.yaml.in/yaml/v3"}},
		{module + "/internal", []string{""}},
		{module, nil},
	}
	for _, line := range goList(t, "-f", `{{.ImportPath}}|{{join .Imports ","}}`, "./...") {
		path, imports, _ := strings.Cut(line, "|")
		for _, r := range rooms {
			if path != r.room && !strings.HasPrefix(path, r.room+"/") {
				continue
			}
			for imported := range strings.SplitSeq(imports, ",") {
				if host, _, _ := strings.Cut(imported, "/"); !strings.Contains(host, ".") {
					continue // the standard library
				}
				assert.True(t, allowed(imported, r.room, r.may), "%s must not import %s", path, imported)
			}
			break
		}
	}
}

func allowed(imported, room string, may []string) bool {
	if strings.HasPrefix(imported, room+"/") && room != module {
		return true
	}
	for _, prefix := range may {
		// The root is its own package only: it does not open the rooms below it, except to the command line.
		if imported == prefix || prefix != module && strings.HasPrefix(imported, prefix) ||
			prefix == module && room == module+"/cmd" && strings.HasPrefix(imported, module+"/") {
			return true
		}
	}
	return false
}

// TestWhatAnImporterGets lists the packages of others that come into a program with an adapter. A further one has to be
// worth what every importer pays for it; make bench tells how much that is.
func TestWhatAnImporterGets(t *testing.T) {
	wire := []string{"golang.org/x/sync/singleflight", "golang.org/x/time/rate"}
	imports := map[string][]string{
		".":                      {},
		"./adapters/adaptertest": {},
		"./adapters/memory":      {},
		"./adapters/simplepin":   append(slices.Clone(wire), "golang.org/x/text/transform", "golang.org/x/text/unicode/norm"),
	}
	for _, provider := range specs.Providers() {
		if room := "./adapters/" + provider; imports[room] == nil {
			imports[room] = wire
		}
	}
	for room, want := range imports {
		got := goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", room)
		got = slices.DeleteFunc(got, func(path string) bool { return path == module || strings.HasPrefix(path, module+"/") })
		assert.ElementsMatch(t, want, got, room)
	}
	others := []string{"-deps", "./transport"}
	for _, provider := range specs.Providers() {
		if provider != "simplepin" {
			others = append(others, "./adapters/"+provider)
		}
	}
	for _, path := range goList(t, others...) {
		assert.NotEqual(t, "encoding/xml", path, "only SimplePin speaks XML")
	}
	// go mod tidy of an importer looks at files under every build tag but ignore.
	files, err := filepath.Glob("../../*.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.ImportsOnly)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_test.go") || len(file.Comments) > 0 && file.Comments[0].List[0].Text == "//go:build ignore" {
			continue
		}
		for _, imported := range file.Imports {
			assert.NotContains(t, imported.Path.Value, ".", "%s would put this into every importer's go.mod", name)
		}
	}
}

// TestWhatIsLinked looks into a program with all adapters: nothing of ours runs before its main, and large parts of the
// standard library that are imported for rare cases are not called, so that the linker leaves them out.
func TestWhatIsLinked(t *testing.T) {
	source, program := filepath.Join(t.TempDir(), "main.go"), filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(source, []byte(`package main

import (
	"context"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
)

func main() {
	use(digitalpaye.Open(digitalpaye.Config{}))
	use(fatora.Open(fatora.Config{}))
	use(simplepin.Open(simplepin.Config{}))
	use(stancer.Open(stancer.Config{}))
}

func use(c *customers.Client, err error) {
	if err == nil {
		_, _ = c.Create(context.Background(), customers.Profile{})
		_, _, _ = c.Ensure(context.Background(), customers.Profile{})
		_, _ = c.Get(context.Background(), "1")
		_ = c.Update(context.Background(), "1", customers.Patch{})
		_ = c.Delete(context.Background(), "1")
	}
}
`), 0o600))
	run := func(name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = "../.."
		if name == program {
			cmd.Env = []string{"GODEBUG=inittrace=1"} // a line for each package that has something to do
		}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	run("go", "build", "-o", program, source)

	inits := run(program)
	assert.Contains(t, inits, "init net/http @")
	assert.NotContains(t, inits, "init "+module)

	symbols := run("go", "tool", "nm", program)
	require.Contains(t, symbols, " T "+module+".(*Client).Create\n")
	for function, why := range map[string]string{
		"net/http.(*Client)":         "the wire is a RoundTripper's caller, and follows no redirects",
		"net/mail.(*addrParser)":     "an e-mail address has a simple form",
		"reflect.Value.MethodByName": "it keeps every exported method of a program",
		"regexp.MustCompile":         "patterns of request checks have layouts",
	} {
		assert.False(t, strings.Contains(symbols, " T "+function), "%s is linked, but %s", function, why)
	}
}

// TestNoSecretsInTheTree looks for what only a real credential looks like. Tests make theirs.
func TestNoSecretsInTheTree(t *testing.T) {
	patterns := []*regexp.Regexp{
		regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}`), // a JSON Web Token
		regexp.MustCompile(`\b[ps](test|prod)_[A-Za-z0-9]{24}\b`),
		regexp.MustCompile(`Bearer [A-Za-z0-9._-]{24,}`),
		regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
	}
	const top = "../.."
	require.NoError(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" || d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, pattern := range patterns {
			assert.False(t, pattern.Match(data), "%s has something like %s", path, pattern)
		}
		return nil
	}))
}

// TestTopLevel names what lies at the top beside the facade's own files; the README tells what each room is.
func TestTopLevel(t *testing.T) {
	files := []string{".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "go.mod", "go.sum"}
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "git", "-C", "../..", "ls-files").Output()
	if err != nil {
		t.Skip("not a git checkout: nothing tells which files belong to the tree")
	}
	for name := range strings.Lines(string(out)) {
		room, _, nested := strings.Cut(strings.TrimSpace(name), "/")
		switch {
		case nested && room != ".ci":
			assert.True(t, strings.Contains(string(readme), "`"+room+"/"), "the README does not tell what %s/ is", room)
		case !nested:
			assert.True(t, strings.HasSuffix(room, ".go") || slices.Contains(files, room), "%s does not belong at the top", room)
		}
	}
}
