package site

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/scanner"
	"go/token"
	"html/template"
	"strings"
)

// examples are tested as part of this package, and shown.
//
//go:embed example_test.go
var examples []byte

// snippets are the bodies of the examples by the suffix of their names, from the first empty line, which ends what the
// reader need not see, to the expected output.
func snippets() (map[string]template.HTML, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "example_test.go", examples, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	out := map[string]template.HTML{}
	for _, e := range doc.Examples(file) {
		name := strings.TrimPrefix(e.Name, "_")
		block, ok := e.Code.(*ast.BlockStmt)
		if !ok {
			return nil, fmt.Errorf("example %s has no body", name)
		}
		body := string(examples[files.Position(block.Lbrace).Offset+1 : files.Position(block.Rbrace).Offset])
		body, _, _ = strings.Cut(body, "\t// Output:")
		_, body, found := strings.Cut(body, "\n\n")
		if !found {
			return nil, fmt.Errorf("example %s has no empty line after what goes before", name)
		}
		out[name] = highlight(strings.TrimSpace(strings.ReplaceAll("\n"+body, "\n\t", "\n")))
	}
	return out, nil
}

// highlight is Go as HTML, its keywords, texts and comments marked.
func highlight(source string) template.HTML {
	var (
		files = token.NewFileSet()
		file  = files.AddFile("", -1, len(source))
		s     scanner.Scanner
		out   strings.Builder
		done  int
	)
	s.Init(file, []byte(source), nil, scanner.ScanComments)
	for {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			out.WriteString(template.HTMLEscapeString(source[done:]))
			return template.HTML(out.String())
		}
		class := ""
		switch {
		case kind.IsKeyword():
			class = "keyword"
		case kind == token.STRING || kind == token.INT || kind == token.CHAR:
			class = "literal"
		case kind == token.COMMENT:
			class = "comment"
		default:
			continue
		}
		at := file.Offset(pos)
		out.WriteString(template.HTMLEscapeString(source[done:at]))
		fmt.Fprintf(&out, `<span class="%s">%s</span>`, class, template.HTMLEscapeString(text))
		done = at + len(text)
	}
}
