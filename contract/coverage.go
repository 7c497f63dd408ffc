package contract

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
)

// PartKind is what a part of a contract is.
type PartKind string

// The kinds of parts, each counted for every operation that has it.
const (
	PartOperation        PartKind = "operation"
	PartSecurity         PartKind = "security scheme"
	PartParameter        PartKind = "parameter"
	PartRequestContent   PartKind = "request content type"
	PartRequestProperty  PartKind = "request property"
	PartStatus           PartKind = "response status"
	PartHeader           PartKind = "response header"
	PartResponseContent  PartKind = "response content type"
	PartResponseProperty PartKind = "response property"
)

// PartKinds lists the kinds of parts in the order in which [Coverage.Parts] has them.
func PartKinds() []PartKind {
	return []PartKind{
		PartOperation, PartSecurity, PartParameter, PartRequestContent, PartRequestProperty,
		PartStatus, PartHeader, PartResponseContent, PartResponseProperty,
	}
}

// Part is one thing that a contract says of an operation.
type Part struct {
	Kind PartKind
	// Place names it: "createClient", "listClients query/page", "createClient 201 application/json /client/id". An item
	// of an array and the value of an additional property are "*". What may be null is a part of its own for that,
	// "… /client/email null": the property itself is seen where it has a value.
	Place string
	// Evidence is the level in force there, "" if there is none.
	Evidence string
	// Seen is how many exchanges had it.
	Seen int
	// Exempt says why the part need not be seen, "" if it must be: it belongs to an answer, is inferred, and no answer had
	// it.
	Exempt string
}

// Coverage counts which parts of a contract were exercised. It is safe for concurrent use.
type Coverage struct {
	spec *Spec

	mu    sync.Mutex
	parts map[string]*Part // by place
}

// NewCoverage starts to count for a contract. A schema that contains itself is entered once.
func NewCoverage(s *Spec) *Coverage {
	c := &Coverage{spec: s, parts: map[string]*Part{}}
	root := evidence(Evidence{}, s.doc.Extensions)
	for template, item := range s.doc.Paths.Map() {
		for method, op := range item.Operations() {
			w := coverageWalk{
				evidenceWalk: evidenceWalk{root: root}, parts: c.parts,
				name: operationName(Operation{op.OperationID, method, template}),
			}
			w.operation(s.doc, evidence(root, item.Extensions), item, op)
		}
	}
	return c
}

func operationName(op Operation) string { return cmp.Or(op.ID, op.Method+" "+op.Path) }

// Parts returns all parts with what was seen so far, by kind and place.
func (c *Coverage) Parts() []Part {
	c.mu.Lock()
	defer c.mu.Unlock()
	kinds, parts := PartKinds(), make([]Part, 0, len(c.parts))
	for _, known := range c.parts {
		p := *known
		if p.Seen == 0 && p.Evidence == "inferred" && strings.HasPrefix(string(p.Kind), "response ") {
			p.Exempt = "inferred, and served by nothing"
		}
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(
			cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), strings.Compare(a.Place, b.Place))
	})
	return parts
}

// Add counts one exchange. It reads method, URL and headers of r, but not r.Body. Whether request and answer keep the
// contract is not looked at; what the contract does not have is not counted.
func (c *Coverage) Add(r *http.Request, request []byte, status int, header http.Header, response []byte) {
	r = canonical(r)
	op, path, _ := c.spec.find(r)
	if op == nil {
		return
	}
	name := operationName(op.Operation)
	seen := map[string]bool{name: true}
	for _, all := range op.security {
		for _, credential := range all {
			if credential.present(r) {
				seen[name+" "+credential.id] = true
			}
		}
	}
	query := r.URL.Query()
	for _, p := range op.params {
		given := p.in == openapi3.ParameterInQuery && query.Has(p.name) ||
			p.in == openapi3.ParameterInHeader && len(r.Header.Values(p.name)) > 0 ||
			slices.ContainsFunc(path, func(v variable) bool { return v.name == p.name && p.in == openapi3.ParameterInPath })
		if given {
			seen[name+" "+p.in+"/"+p.name] = true
		}
	}
	c.body(seen, name+" request", op.body, r.Header, request)
	if declared, a, ok := op.answer(status); ok {
		name += " " + declared
		seen[name] = true
		for h := range header {
			seen[name+" header/"+h] = true
		}
		c.body(seen, name, a.body, header, response)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	for place := range seen {
		if p := c.parts[place]; p != nil {
			p.Seen++
		}
	}
}

// body notes what is in a body.
func (c *Coverage) body(seen map[string]bool, place string, declared media, header http.Header, body []byte) {
	name, found, ok := declared.find(header.Values("Content-Type"))
	if len(body) == 0 || !ok {
		return
	}
	main, _, _ := strings.Cut(name, "/")
	for _, pattern := range []string{name, main + "/*", "*/*"} {
		if _, ok := declared[pattern]; !ok {
			continue
		}
		seen[place+" "+pattern] = true
		var doc document
		switch {
		case isJSON(name):
			doc, _, ok = decode(nil, body, c.spec.names)
		case found.root != nil:
			doc, _, ok = decodeXML(nil, body, found.root, c.spec.names)
		default:
			ok = false
		}
		if ok {
			c.value(seen, place+" "+pattern+" ", doc.value)
		}
		return
	}
}

// value notes a decoded value and what it holds.
func (c *Coverage) value(seen map[string]bool, place string, value any) {
	switch v := value.(type) {
	case nil:
		seen[place+" null"] = true
		return
	case map[string]any:
		for name, member := range v {
			below := place + "/" + check.Token(name)
			if c.parts[below] == nil {
				below = place + "/*"
			}
			c.value(seen, below, member)
		}
	case []any:
		for _, item := range v {
			c.value(seen, place+"/*", item)
		}
	}
	seen[place] = true
}

// coverageWalk lists the parts of one operation.
type coverageWalk struct {
	evidenceWalk
	parts map[string]*Part
	name  string
}

func (w *coverageWalk) add(kind PartKind, place string, e Evidence) {
	place = strings.TrimSuffix(w.name+" "+place, " ")
	if w.parts[place] == nil {
		w.parts[place] = &Part{Kind: kind, Place: place, Evidence: e.Level}
	}
}

func (w *coverageWalk) operation(doc *openapi3.T, outer Evidence, item *openapi3.PathItem, op *openapi3.Operation) {
	e := evidence(outer, op.Extensions)
	w.add(PartOperation, "", e)
	requirements := doc.Security
	if op.Security != nil {
		requirements = *op.Security
	}
	for _, requirement := range requirements {
		for id := range requirement {
			w.add(PartSecurity, id, evidence(w.root, doc.Components.SecuritySchemes[id].Value.Extensions))
		}
	}
	own := func(refs openapi3.Parameters, outer Evidence) {
		for _, ref := range refs {
			if p := ref.Value; p.In != openapi3.ParameterInHeader || !ignoredHeader(p.Name) {
				w.add(PartParameter, p.In+"/"+p.Name, w.through(ref.Ref, outer, p.Extensions))
			}
		}
	}
	own(op.Parameters, e) // first: it goes before one of the path
	own(item.Parameters, outer)
	if ref := op.RequestBody; ref != nil {
		e := w.through(ref.Ref, e, ref.Value.Extensions)
		w.content(PartRequestContent, PartRequestProperty, "request", e, ref.Value.Content)
	}
	for code, ref := range op.Responses.Map() {
		e := w.through(ref.Ref, e, ref.Value.Extensions)
		w.add(PartStatus, code, e)
		for name, h := range ref.Value.Headers {
			if !ignoredHeader(name) {
				place := code + " header/" + http.CanonicalHeaderKey(name)
				w.add(PartHeader, place, w.through(h.Ref, e, h.Value.Extensions))
			}
		}
		w.content(PartResponseContent, PartResponseProperty, code, e, ref.Value.Content)
	}
}

func (w *coverageWalk) content(kind, property PartKind, place string, e Evidence, content openapi3.Content) {
	for name, media := range content {
		if media.Schema == nil {
			continue // any body or none: nothing is claimed
		}
		place := place + " " + strings.ToLower(name)
		w.add(kind, place, e)
		w.schema(property, place+" ", e, media.Schema, nil)
	}
}

// schema adds what a value may hold, through all branches that may describe it. above are the schemas that contain it.
func (w *coverageWalk) schema(kind PartKind, place string, outer Evidence, ref *openapi3.SchemaRef, above []*openapi3.Schema) {
	s := ref.Value
	if slices.Contains(above, s) {
		return
	}
	above = append(slices.Clip(above), s)
	e := w.through(ref.Ref, outer, s.Extensions)
	for _, branch := range branches(s) {
		w.schema(kind, place, e, branch, above)
	}
	below := func(name string, ref *openapi3.SchemaRef) {
		e := w.through(ref.Ref, e, ref.Value.Extensions)
		w.add(kind, place+"/"+name, e)
		if ref.Value.Nullable {
			w.add(kind, place+"/"+name+" null", e)
		}
		w.schema(kind, place+"/"+name, e, ref, above)
	}
	for name, ref := range s.Properties {
		if p := ref.Value; kind == PartRequestProperty && !p.ReadOnly || kind == PartResponseProperty && !p.WriteOnly {
			below(check.Token(name), ref)
		}
	}
	for _, ref := range []*openapi3.SchemaRef{s.Items, s.AdditionalProperties.Schema} {
		if ref != nil {
			below("*", ref)
		}
	}
}
