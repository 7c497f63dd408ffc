package house_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// working are the types whose methods a program works with; those of others are explained where they are made.
var working = []string{"Client", "Sandbox", "Spec", "Coverage", "Checker"}

// printless are packages whose examples print nothing, and why.
var printless = map[string]string{
	"/adapters/adaptertest": "the kit needs a *testing.T; adapters/conformance_test.go runs what the example shows",
}

// TestEveryEntryPointHasAnExample: what a program can begin with is called in an Example of its package, one whose output
// is held. That are the exported functions of every package that can be imported, and the methods of the working types.
func TestEveryEntryPointHasAnExample(t *testing.T) {
	for _, path := range goList(t, "./...") {
		room := strings.TrimPrefix(path, module)
		switch first, _, _ := strings.Cut(strings.TrimPrefix(room, "/"), "/"); first {
		case "internal", "cmd", "gen": // not to be imported; the generator documents the last
			continue
		}
		fset := token.NewFileSet()
		files, err := filepath.Glob("../.." + room + "/*.go")
		require.NoError(t, err)
		var sources, tests []*ast.File
		for _, name := range files {
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			require.NoError(t, err)
			switch {
			case strings.HasSuffix(name, "_test.go"):
				tests = append(tests, file)
			case !ast.IsGenerated(file) && file.Name.Name != "main":
				sources = append(sources, file)
			}
		}
		shown := map[string]bool{}
		for _, example := range doc.Examples(tests...) {
			if example.Output == "" && !example.EmptyOutput && printless[room] == "" {
				continue
			}
			ast.Inspect(example.Code, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					of, _ := s.X.(*ast.Ident)
					shown["."+s.Sel.Name] = true
					shown[fmt.Sprint(of)+"."+s.Sel.Name] = true
				}
				return true
			})
		}
		pkg, err := doc.NewFromFiles(fset, sources, path)
		require.NoError(t, err)
		functions := pkg.Funcs
		for _, of := range pkg.Types {
			functions = append(functions, of.Funcs...)
			if slices.Contains(working, of.Name) {
				functions = append(functions, of.Methods...)
			}
		}
		for _, f := range functions {
			name := "." + f.Name // of a method, on whatever
			if f.Recv == "" {
				name = pkg.Name + name
			}
			assert.True(t, shown[name], "no Example of %s calls %s%s", path, f.Recv, name)
		}
	}
}
