package site

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/contract-first/customers/docs"
)

// guide is a page of docs/.
type guide struct {
	Title, File string
	Lead        template.HTML // the paragraph below the title; the home page shows it too
	Body        template.HTML
}

// guides renders docs/, sorted by name. Names in capitals are for those who change the project: they come last.
func guides() ([]*guide, error) {
	names, err := fs.Glob(docs.FS, "*.md")
	if err != nil {
		return nil, err
	}
	capitals := slices.IndexFunc(names, func(name string) bool { return name[0] > 'Z' }) // they come first there
	names = append(names[max(capitals, 0):], names[:max(capitals, 0)]...)
	var out []*guide
	for _, name := range names {
		source, err := fs.ReadFile(docs.FS, name)
		if err != nil {
			return nil, err
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(source), "# "), "\n")
		g := &guide{Title: title, File: strings.TrimSuffix(name, ".md") + ".html"}
		if g.Lead, err = lead(source); err != nil {
			return nil, fmt.Errorf("docs/%s: %w", name, err)
		}
		if g.Body, err = markdown(string(source)); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// lead is the paragraph that follows the title of a guide.
func lead(source []byte) (template.HTML, error) {
	title := renderer.Parser().Parse(text.NewReader(source)).FirstChild()
	if title == nil || title.NextSibling() == nil || title.NextSibling().Kind() != ast.KindParagraph {
		return "", errors.New("below the title stands no paragraph that says what the guide is for")
	}
	var out bytes.Buffer
	err := renderer.Renderer().Render(&out, source, title.NextSibling())
	return template.HTML(out.String()), err
}

// renderer is goldmark with what our texts use. It passes no HTML through.
var renderer = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Linkify),
	goldmark.WithParserOptions(
		parser.WithAutoHeadingID(), parser.WithASTTransformers(util.Prioritized(links{}, 0)),
	),
)

// markdown renders a text of ours. What may be wider than the page scrolls in a box that the keyboard reaches.
func markdown(source string) (template.HTML, error) {
	var out bytes.Buffer
	if err := renderer.Convert([]byte(source), &out); err != nil {
		return "", err
	}
	return template.HTML(strings.NewReplacer(
		"<table>", `<div class="scroll" tabindex="0"><table>`, "</table>", "</table></div>", "<pre>", `<pre tabindex="0">`,
	).Replace(out.String())), nil
}

// links makes links between files of the tree links between pages. What the site does not have is no link there.
type links struct{}

func (links) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var dead []*ast.Link
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		l, ok := n.(*ast.Link)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		file, anchor, found := strings.Cut(string(l.Destination), "#")
		if found {
			anchor = "#" + anchor
		}
		name := path.Join("docs", file)
		switch {
		case file == "" || strings.Contains(file, "://"):
		case path.Dir(name) == "docs" && path.Ext(name) == ".md":
			l.Destination = []byte(strings.TrimSuffix(path.Base(name), ".md") + ".html" + anchor)
		case path.Dir(name) == "specs" && path.Ext(name) == ".yaml":
			l.Destination = []byte(path.Base(name))
		default:
			dead = append(dead, l)
		}
		return ast.WalkContinue, nil
	})
	for _, l := range dead {
		for child := l.FirstChild(); child != nil; child = l.FirstChild() {
			l.Parent().InsertBefore(l.Parent(), l, child)
		}
		l.Parent().RemoveChild(l.Parent(), l)
	}
}
