package site

import (
	"bytes"
	"cmp"
	"encoding/json"
	"html/template"
	"slices"
	"strings"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract"
)

// reference is the page of a provider.
type reference struct {
	Provider, Title, Version string
	Capabilities             customers.Capabilities
	About                    template.HTML
	Open                     template.HTML // Go
	Servers                  []server
	Schemes                  []scheme
	Operations               []operation
	Objects                  []object
}

type server struct {
	URL      string
	About    template.HTML
	Evidence proof
}

type scheme struct {
	Name, How string
	About     template.HTML
	Evidence  proof
}

// proof is the evidence of a part. The reason, source and note, is left out where it is that of what the part belongs to.
type proof struct {
	Level  string
	Reason template.HTML
}

// prove tells the level in force at p, and the reasons of p, of what it refers to, and of others that make it up.
func (r *referencer) prove(p part, outer contract.Evidence, others ...part) proof {
	inForce := p.inForce()
	target, _ := p.resolve()
	var reasons []string
	for _, p := range append([]part{target}, others...) {
		e := p.inForce()
		if e.Level == outer.Level && e.Source == outer.Source && e.Note == outer.Note || e.Source == "" {
			continue
		}
		reason := e.Source + "\n\n" + e.Note
		if e.Level != inForce.Level {
			reason = "By itself " + e.Level + ": " + reason
		}
		reasons = append(reasons, reason)
	}
	return proof{inForce.Level, r.markdown(strings.Join(reasons, "\n\n"))}
}

type operation struct {
	ID, Method, Path, Summary string
	About                     template.HTML
	Evidence                  proof
	Ops                       []string        // of the facade
	Calls                     []template.HTML // Go
	Schemes                   []string
	Parameters                []parameter
	Bodies                    []body
	Responses                 []response
	Sandbox                   *tryout
}

type parameter struct {
	In string
	property
}

// property is a row of a table.
type property struct {
	Name, Type, Object string // Object is what Type links to
	Required           bool
	Rules, Fields      []string
	About              template.HTML
	Example            string
	Evidence           proof
}

// body is one form of a message.
type body struct {
	Media, Type, Object string
	Samples             []sample
}

type sample struct{ Summary, Text string }

type response struct {
	Status   string
	About    template.HTML
	Evidence proof
	Bodies   []body
}

type object struct {
	Name, Type string
	About      template.HTML
	Rules      []string
	Properties []property
	Evidence   proof
}

// tryout is the form that sends an operation to the sandbox.
type tryout struct {
	Base    string
	Inputs  []input
	Media   []body        // with a sample each
	Answers string        // that the answer may be in
	Refused template.HTML // why the sandbox refuses it
}

type input struct {
	In, Name, Value string
	Required        bool
}

type referencer struct {
	reference
	snippets map[string]template.HTML
	sandbox  Sandbox
	err      error
}

func newReference(c customers.Capabilities, snippets map[string]template.HTML, sandbox Sandbox) (*reference, error) {
	doc, err := loadDocument(c.Provider)
	if err != nil {
		return nil, err
	}
	r := referencer{snippets: snippets, sandbox: sandbox}
	r.Provider, r.Capabilities = c.Provider, c
	r.Title, r.Version = doc.get("info", "title").text(), doc.get("info", "version").text()
	r.About = r.markdown(doc.get("info", "description").text())
	r.Open = snippets[c.Provider+"Open"]
	for _, s := range doc.get("servers").items() {
		r.Servers = append(r.Servers, server{
			s.get("url").text(), r.markdown(s.get("description").text()), r.prove(s, contract.Evidence{}),
		})
	}
	for name, s := range doc.get("components", "securitySchemes").members() {
		how := "HTTP " + s.get("scheme").text()
		if s.get("type").text() == "apiKey" {
			how = s.get("in").text() + " " + s.get("name").text()
		}
		r.Schemes = append(r.Schemes, scheme{name, how, r.markdown(s.get("description").text()), r.prove(s, contract.Evidence{})})
	}
	for path, item := range doc.get("paths").members() {
		for method, op := range item.members() {
			if op.get("operationId").exists() {
				r.Operations = append(r.Operations, r.operation(path, method, item, op, doc))
			}
		}
	}
	for name, schema := range doc.get("components", "schemas").members() {
		if isObject(schema) {
			r.Objects = append(r.Objects, r.object(name, schema))
		}
	}
	return &r.reference, r.err
}

func (r *referencer) markdown(text string) template.HTML {
	html, err := markdown(text)
	r.err = cmp.Or(r.err, err)
	return html
}

func (r *referencer) operation(path, method string, item, op, doc part) operation {
	o := operation{
		ID: op.get("operationId").text(), Method: strings.ToUpper(method), Path: path, Summary: op.get("summary").text(),
		About: r.markdown(op.get("description").text()), Evidence: r.prove(op, contract.Evidence{}),
		Ops: op.get("x-customer").texts(),
	}
	for _, name := range o.Ops {
		if call, ok := r.snippets[r.Provider+strings.ToUpper(name[:1])+name[1:]]; ok {
			o.Calls = append(o.Calls, call)
		}
	}
	security := op.get("security")
	if !security.exists() {
		security = doc.get("security")
	}
	for _, requirement := range security.items() {
		for name := range requirement.members() {
			o.Schemes = append(o.Schemes, name)
		}
	}
	for _, p := range append(item.get("parameters").items(), op.get("parameters").items()...) {
		target, _ := p.resolve()
		row := parameter{target.get("in").text(), r.property(target.get("name").text(), target.get("schema"))}
		row.Required = target.get("required").text() == "true"
		schema, _ := target.get("schema").resolve()
		row.Fields, row.Evidence = target.get("x-customer").texts(), r.prove(p, op.inForce(), schema)
		row.About = r.markdown(target.get("description").text())
		row.Example = cmp.Or(target.get("example").text(), row.Example)
		o.Parameters = append(o.Parameters, row)
	}
	request, _ := op.get("requestBody").resolve()
	o.Bodies = r.bodies(request)
	for status, p := range op.get("responses").members() {
		target, _ := p.resolve()
		o.Responses = append(o.Responses, response{
			status, r.markdown(target.get("description").text()), r.prove(p, op.inForce()), r.bodies(target),
		})
	}
	if r.sandbox.Base != "" {
		o.Sandbox = r.tryout(o, doc)
	}
	return o
}

func (r *referencer) bodies(message part) (bodies []body) {
	for media, content := range message.get("content").members() {
		b := body{Media: media}
		row := r.property("", content.get("schema"))
		b.Type, b.Object = row.Type, row.Object
		for _, e := range content.get("examples").members() {
			e, _ := e.resolve()
			text := e.get("value").text()
			if strings.Contains(media, "json") {
				text = e.get("value").json()
			}
			b.Samples = append(b.Samples, sample{e.get("summary").text(), strings.TrimSpace(text)})
		}
		bodies = append(bodies, b)
	}
	return bodies
}

// isObject tells a schema that has a section of its own from one that is shown where it is used.
func isObject(schema part) bool {
	return schema.get("properties").exists() || schema.get("oneOf").exists() || schema.get("type").text() == "object"
}

func (r *referencer) object(name string, schema part) object {
	about := r.property(name, schema)
	return object{
		Name: name, Type: about.Type, About: about.About, Rules: about.Rules,
		Properties: r.properties("", schema), Evidence: r.prove(schema, contract.Evidence{}),
	}
}

// properties are those of an object, and of the objects that stand within it.
func (r *referencer) properties(prefix string, schema part) (rows []property) {
	required := schema.get("required").texts()
	for name, p := range schema.get("properties").members() {
		row := r.property(prefix+name, p)
		row.Required = slices.Contains(required, name)
		row.Evidence = r.prove(p, schema.inForce())
		rows = append(rows, row)
		rows = append(rows, r.properties(prefix+name+".", p)...)
		rows = append(rows, r.properties(prefix+name+"[].", p.get("items"))...)
	}
	if extra := schema.get("additionalProperties"); extra.get("type").exists() || extra.get("$ref").exists() {
		row := r.property(prefix+"(any other)", extra)
		row.Evidence = r.prove(schema, schema.inForce())
		rows = append(rows, row)
	}
	return rows
}

// property is a row without what only the object or parameter around it knows.
func (r *referencer) property(name string, p part) property {
	schema, ref := p.resolve()
	if all := schema.get("allOf").items(); len(all) == 1 {
		target, targetRef := all[0].resolve()
		if isObject(target) {
			schema, ref = target, targetRef
		}
	}
	row := property{
		Name: name, Type: schema.get("type").text(), Fields: schema.get("x-customer").texts(),
		About: r.markdown(schema.get("description").text()), Rules: rules(schema), Example: example(schema.get("example")),
	}
	switch {
	case ref != "" && isObject(schema):
		row.Type, row.Object = ref, ref
		row.Rules, row.Fields = nil, nil // they stand there
	case schema.get("oneOf").exists():
		var kinds []string
		for _, one := range schema.get("oneOf").items() {
			kind := r.property("", one)
			kinds = append(kinds, kind.Type)
			row.Object = cmp.Or(row.Object, kind.Object)
		}
		row.Type = strings.Join(kinds, " or ")
	case schema.get("items").exists():
		items := r.property("", schema.get("items"))
		row.Type, row.Object = "array of "+items.Type, items.Object
	}
	return row
}

func example(p part) string {
	if p.exists() && p.text() == "" {
		return p.json()
	}
	return p.text()
}

// rules are what the contract asks of a value, in words.
func rules(schema part) (rules []string) {
	add := func(before, keyword, after string) {
		if t := schema.get(keyword).text(); t != "" {
			rules = append(rules, before+t+after)
		}
	}
	add("", "format", "")
	add("at least ", "minLength", " characters")
	add("at most ", "maxLength", " characters")
	add("at least ", "minimum", "")
	add("at most ", "maximum", "")
	add("matches ", "pattern", "")
	add("at least ", "minItems", " items")
	add("at least ", "minProperties", " property")
	if values := schema.get("enum").texts(); values != nil {
		rules = append(rules, "one of "+strings.Join(values, ", "))
	}
	if schema.get("nullable").text() == "true" {
		rules = append(rules, "or null")
	}
	var sets []string
	for _, any := range schema.get("anyOf").items() {
		if names := any.get("required").texts(); names != nil {
			sets = append(sets, strings.Join(names, " and "))
		}
	}
	if sets != nil {
		rules = append(rules, "needs "+strings.Join(sets, " or "))
	}
	return rules
}

// tryout fills the form with what the sandbox accepts. A body that names the customer of the contract's example, as its
// parameter does, names the one that is there.
func (r *referencer) tryout(o operation, doc part) *tryout {
	t := &tryout{Base: r.sandbox.Base, Refused: r.markdown(r.sandbox.Refused[o.ID])}
	var absent string
	for _, name := range o.Schemes {
		s := doc.get("components", "securitySchemes", name)
		header, prefix := "Authorization", s.get("scheme").text()+" "
		if s.get("type").text() == "apiKey" {
			header, prefix = s.get("name").text(), ""
		}
		t.Inputs = append(t.Inputs, input{In: "header", Name: header, Value: r.credential(header, prefix), Required: true})
	}
	for _, p := range o.Parameters {
		in := input{In: p.In, Name: p.Name, Required: p.Required}
		switch {
		case slices.Contains(p.Fields, string(customers.FieldID)):
			in.Value, absent = r.sandbox.ID, p.Example
		case p.Required:
			in.Value = p.Example
		}
		t.Inputs = append(t.Inputs, in)
	}
	for _, b := range o.Bodies {
		if len(b.Samples) == 0 {
			continue
		}
		if absent != "" {
			first := b.Samples[0]
			first.Text = strings.ReplaceAll(first.Text, absent, r.sandbox.ID)
			b.Samples = []sample{first}
		}
		t.Media = append(t.Media, b)
	}
	for _, answer := range o.Responses {
		for _, b := range answer.Bodies {
			t.Answers = cmp.Or(t.Answers, b.Media)
		}
	}
	return t
}

// credential is the value of a header of a request that had one of this kind.
func (r *referencer) credential(name, prefix string) string {
	for _, request := range r.sandbox.Requests {
		for sent, values := range request { // api_key is sent as it is, which http.Header.Get would not find
			if strings.EqualFold(sent, name) && len(values[0]) > len(prefix) && strings.EqualFold(values[0][:len(prefix)], prefix) {
				return values[0]
			}
		}
	}
	return ""
}

func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string cannot fail
	return strings.TrimSpace(b.String())
}
