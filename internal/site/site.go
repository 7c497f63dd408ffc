// Package site makes the documentation: a home page, a reference page per provider, drawn from its contract, and the
// guides of docs/. The pages are plain HTML with one style sheet and one small script, and ask no other host for
// anything; so a binary can serve them offline.
//
// The reference pages are templates of our own, not Swagger UI or Redoc: 1.7 MB of Swagger UI came with 53 serious
// findings of axe-core on one contract, Redoc has neither "Try it" nor a dark scheme, and neither shows evidence.
package site

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/internal/matrix"
	"github.com/contract-first/customers/specs"
)

//go:embed assets
var assets embed.FS

//go:embed templates/*.html
var templates embed.FS

// Policy is the Content-Security-Policy under which the pages work.
const Policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// Config is what the pages are made of, beside contracts and guides.
type Config struct {
	// Capabilities are those of the providers, in the order in which the pages show them.
	Capabilities []customers.Capabilities
	// Sandboxes are behind "Try it", by provider. Without one the page says how to get it.
	Sandboxes map[string]Sandbox
}

// Sandbox is a fake of a provider that serves on the host of the pages.
type Sandbox struct {
	// Base stands before the paths of the contract, as in /sandbox/stancer.
	Base string
	// Requests are headers that it accepts: "Try it" takes its credentials from them.
	Requests []http.Header
	// ID is that of a customer that is there.
	ID string
	// Refused are the operations that it refuses, with the reason, in Markdown, which stands beside "Try it".
	Refused map[string]string
}

// Files are the site, each by its path.
type Files map[string][]byte

// Build makes the site. It fails where a contract, a guide or a template is not what it should be.
func Build(config Config) (Files, error) {
	b := builder{files: Files{}}
	var err error
	if b.templates, err = template.ParseFS(templates, "templates/*.html"); err != nil {
		return nil, err
	}
	if b.snippets, err = snippets(); err != nil {
		return nil, err
	}
	if err := b.copy(assets, specs.FS); err != nil {
		return nil, err
	}
	guides, err := guides()
	if err != nil {
		return nil, err
	}
	var references []*reference
	for _, c := range config.Capabilities {
		r, err := newReference(c, b.snippets, config.Sandboxes[c.Provider])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Provider, err)
		}
		references = append(references, r)
	}
	for _, r := range references {
		b.nav = append(b.nav, link{Name: r.Provider, File: r.Provider + ".html"})
	}
	for _, r := range references {
		b.page("reference.html", r.Provider+".html", r.Title, r)
	}
	for _, g := range guides {
		b.page("guide.html", g.File, g.Title, g)
	}
	home := home{References: references, Guides: guides, Levels: levels, First: b.snippets["first"]}
	home.Signs = [][]matrix.Sign{matrix.OperationSigns, matrix.FieldSigns}
	home.Operations, home.Fields = matrix.Rows(config.Capabilities)
	home.Calls, home.Mapping = calls(config.Capabilities), mapping(config.Capabilities)
	b.page("home.html", "index.html", "One facade, four providers", home)
	b.page("missing.html", missing, "No such page", nil)
	return b.files, b.err
}

// home is what its template shows.
type home struct {
	References         []*reference
	Guides             []*guide
	Operations, Fields [][]string
	Calls              []called
	Mapping            []mapped
	Signs              [][]matrix.Sign
	Levels             []level
	First              template.HTML
}

// called is an operation of the facade and what it asks of each provider.
type called struct {
	Op customers.Op
	At []requests
}

// requests are those of an operation at a provider.
type requests struct {
	Provider   string
	Operations []customers.OperationCapability
	ByList     bool // they are those of list
}

func calls(providers []customers.Capabilities) (rows []called) {
	for _, op := range append(customers.Ops(), customers.OpLookup) {
		row := called{Op: op}
		for _, p := range providers {
			at := requests{Provider: p.Provider}
			asked := op
			if _, ok := p.Operation(op); !ok && op == customers.OpFind {
				asked, at.ByList = customers.OpList, true
			}
			for _, o := range p.Operations {
				if o.Op == asked {
					at.Operations = append(at.Operations, o)
				}
			}
			row.At = append(row.At, at)
		}
		rows = append(rows, row)
	}
	return rows
}

// mapped is a field of the facade and what it is at each provider, nil where it is nothing.
type mapped struct {
	Field customers.Field
	At    []*customers.FieldCapability
}

func mapping(providers []customers.Capabilities) (rows []mapped) {
	for _, f := range customers.Fields() {
		row := mapped{Field: f}
		for i := range providers {
			fc, _ := providers[i].Field(f)
			row.At = append(row.At, fc)
		}
		rows = append(rows, row)
	}
	return rows
}

// level is one of evidence.
type level struct {
	Name    customers.Evidence
	Meaning string
}

var levels = []level{
	{customers.EvidencePrimary, "the vendor’s own page for exactly this endpoint says it"},
	{customers.EvidencePublic, "another vendor page, an official SDK or published client code says it"},
	{customers.EvidenceObserved, "it was seen in real traffic"},
	{customers.EvidenceInferred, "stated nowhere: the sensible reading, with its reason"},
}

// link is an entry of the navigation.
type link struct{ Name, File string }

// missing is the page in the place of all that are not there.
const missing = "404.html"

// builder collects the files. Of several errors it keeps the first.
type builder struct {
	files     Files
	templates *template.Template
	snippets  map[string]template.HTML
	nav       []link
	err       error
}

// page draws a page.
func (b *builder) page(name, file, title string, content any) {
	var page bytes.Buffer
	root := ""
	if file == missing {
		root = "/"
	}
	err := b.templates.ExecuteTemplate(&page, name, struct {
		Title, File string
		Nav         []link
		Page        any
		Root        string // before each link, where the page may stand in any folder
	}{title, file, b.nav, content, root})
	if err != nil && b.err == nil {
		b.err = err
	}
	b.files[file] = page.Bytes()
}

// copy takes each file of the trees as it is, without its folders.
func (b *builder) copy(trees ...fs.FS) error {
	for _, tree := range trees {
		err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b.files[path.Base(name)], err = fs.ReadFile(tree, name)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Names are the paths of the files, sorted.
func (f Files) Names() []string { return slices.Sorted(maps.Keys(f)) }

// mediaTypes are those of all files. The system's own table, which package mime reads, may have others, and under nosniff
// a browser runs no script that is called something else.
var mediaTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".yaml": "text/plain; charset=utf-8", // to be read, not kept
}

// ServeHTTP serves the site at the root of a host.
func (f Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	status := http.StatusOK
	data, ok := f[name]
	switch {
	case !ok:
		name, status = missing, http.StatusNotFound
		data = f[name]
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "read only", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", mediaTypes[path.Ext(name)])
	w.Header().Set("Content-Security-Policy", Policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}
