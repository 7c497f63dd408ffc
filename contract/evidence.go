package contract

import (
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
)

// Evidence tells how sure one part of a contract is: the x-evidence in force there.
type Evidence struct {
	Place  string // JSON pointer into the document
	Level  string // primary, public, observed or inferred
	Source string
	Note   string // "" if there is none

	// Of a property: whether it can stand in a request, whether it can stand in an answer, and whether its object must
	// have it.
	Request, Response, Required bool
}

// Evidence returns what is in force for each server, operation, parameter, response, property, component schema and
// security scheme, sorted by place. The nearest enclosing x-evidence holds. Below a path a reference takes the weaker
// of that and of its target's, since a shared answer is no surer than the operation that gives it; among the components
// it takes that of its target. A part without any has neither level nor source.
func (s *Spec) Evidence() []Evidence {
	doc := s.doc
	w := evidenceWalk{
		root:     evidence(Evidence{}, doc.Extensions),
		requests: map[*openapi3.Schema]bool{},
		answers:  map[*openapi3.Schema]bool{},
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody != nil {
				reach(w.requests, op.RequestBody.Value.Content)
			}
			for _, ref := range op.Responses.Map() {
				reach(w.answers, ref.Value.Content)
			}
		}
	}
	for i, server := range doc.Servers {
		w.add("/servers/"+strconv.Itoa(i), w.root, server.Extensions)
	}
	for template, item := range doc.Paths.Map() {
		place := "/paths/" + check.Token(template)
		inForce := evidence(w.root, item.Extensions)
		w.parameters(place, inForce, item.Parameters)
		for method, op := range item.Operations() {
			w.operation(place+"/"+strings.ToLower(method), inForce, op)
		}
	}
	if c := doc.Components; c != nil {
		for name, ref := range c.Parameters {
			w.parameter("/components/parameters/"+check.Token(name), w.root, ref)
		}
		for name, ref := range c.RequestBodies {
			w.content("/components/requestBodies/"+check.Token(name), evidence(w.root, ref.Value.Extensions), ref.Value.Content)
		}
		for name, ref := range c.Responses {
			w.response("/components/responses/"+check.Token(name), w.root, ref)
		}
		for name, ref := range c.SecuritySchemes {
			w.add("/components/securitySchemes/"+check.Token(name), w.root, ref.Value.Extensions)
		}
		for name, ref := range c.Schemas {
			place := "/components/schemas/" + check.Token(name)
			w.schema(place, w.add(place, w.root, ref.Value.Extensions), ref.Value)
		}
	}
	slices.SortFunc(w.found, func(a, b Evidence) int { return strings.Compare(a.Place, b.Place) })
	return w.found
}

// evidence is what holds for a part with these extensions below one for which outer holds.
func evidence(outer Evidence, extensions map[string]any) Evidence {
	own, ok := extensions["x-evidence"]
	if !ok {
		return outer
	}
	members, _ := own.(map[string]any)
	text := func(name string) string {
		s, _ := members[name].(string)
		return strings.TrimSpace(s)
	}
	return Evidence{Level: text("level"), Source: text("source"), Note: text("note")}
}

// weaker is the less sure of two; one without a known level is the least sure.
func weaker(a, b Evidence) Evidence {
	levels := []string{"primary", "public", "observed", "inferred"}
	known, other := slices.Index(levels, a.Level), slices.Index(levels, b.Level)
	if known < 0 || other >= 0 && known >= other {
		return a
	}
	return b
}

type evidenceWalk struct {
	root              Evidence
	requests, answers map[*openapi3.Schema]bool // the schemas of what their bodies are made of
	found             []Evidence
}

// reach adds the schemas that a body is made of, those that references lead to included.
func reach(found map[*openapi3.Schema]bool, content openapi3.Content) {
	var add func(ref *openapi3.SchemaRef)
	add = func(ref *openapi3.SchemaRef) {
		if ref == nil || found[ref.Value] {
			return
		}
		found[ref.Value] = true
		for _, part := range subschemas(ref.Value) {
			add(part)
		}
	}
	for _, media := range content {
		add(media.Schema)
	}
}

// subschemas are the schemas directly in s, by their JSON pointer from there.
func subschemas(s *openapi3.Schema) map[string]*openapi3.SchemaRef {
	parts := map[string]*openapi3.SchemaRef{
		"/items": s.Items, "/additionalProperties": s.AdditionalProperties.Schema, "/not": s.Not,
	}
	for name, ref := range s.Properties {
		parts["/properties/"+check.Token(name)] = ref
	}
	for keyword, refs := range map[string]openapi3.SchemaRefs{"allOf": s.AllOf, "anyOf": s.AnyOf, "oneOf": s.OneOf} {
		for i, ref := range refs {
			parts["/"+keyword+"/"+strconv.Itoa(i)] = ref
		}
	}
	return parts
}

// add notes what holds at a place and returns it.
func (w *evidenceWalk) add(place string, outer Evidence, extensions map[string]any) Evidence {
	e := evidence(outer, extensions)
	e.Place = place
	w.found = append(w.found, e)
	return e
}

// addRef notes what holds at a place where a part, or a reference to one, stands, and returns it.
func (w *evidenceWalk) addRef(place, ref string, outer Evidence, extensions map[string]any) Evidence {
	if ref != "" && !strings.HasPrefix(place, "/paths/") {
		return w.add(place, w.root, extensions)
	}
	return w.add(place, w.through(ref, outer, extensions), nil)
}

// through is what holds for a part of an operation, or for what a reference there leads to.
func (w *evidenceWalk) through(ref string, outer Evidence, extensions map[string]any) Evidence {
	if ref == "" {
		return evidence(outer, extensions)
	}
	return weaker(outer, evidence(w.root, extensions))
}

func (w *evidenceWalk) operation(place string, outer Evidence, op *openapi3.Operation) {
	e := w.add(place, outer, op.Extensions)
	w.parameters(place, e, op.Parameters)
	if body := op.RequestBody; body != nil && body.Ref == "" {
		w.content(place+"/requestBody", evidence(e, body.Value.Extensions), body.Value.Content)
	}
	for status, ref := range op.Responses.Map() {
		w.response(place+"/responses/"+status, e, ref)
	}
}

func (w *evidenceWalk) parameters(place string, outer Evidence, refs openapi3.Parameters) {
	for i, ref := range refs {
		w.parameter(place+"/parameters/"+strconv.Itoa(i), outer, ref)
	}
}

func (w *evidenceWalk) parameter(place string, outer Evidence, ref *openapi3.ParameterRef) {
	w.addRef(place, ref.Ref, outer, ref.Value.Extensions)
}

func (w *evidenceWalk) response(place string, outer Evidence, ref *openapi3.ResponseRef) {
	e := w.addRef(place, ref.Ref, outer, ref.Value.Extensions)
	if ref.Ref == "" {
		w.content(place, e, ref.Value.Content)
	}
}

func (w *evidenceWalk) content(place string, outer Evidence, content openapi3.Content) {
	for name, media := range content {
		w.inline(place+"/content/"+check.Token(name)+"/schema", outer, media.Schema)
	}
}

// inline looks into a schema that stands in its place; what a reference leads to is found among the components.
func (w *evidenceWalk) inline(place string, outer Evidence, ref *openapi3.SchemaRef) {
	if ref != nil && ref.Ref == "" {
		w.schema(place, evidence(outer, ref.Value.Extensions), ref.Value)
	}
}

func (w *evidenceWalk) schema(place string, e Evidence, s *openapi3.Schema) {
	for below, ref := range subschemas(s) {
		own := e
		if name, ok := strings.CutPrefix(below, "/properties/"); ok {
			own = w.addRef(place+below, ref.Ref, e, ref.Value.Extensions)
			found := &w.found[len(w.found)-1]
			found.Request, found.Response = w.requests[s], w.answers[s]
			found.Required = slices.ContainsFunc(s.Required, func(required string) bool { return check.Token(required) == name })
		}
		w.inline(place+below, own, ref)
	}
}
