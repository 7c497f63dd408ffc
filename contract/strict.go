package contract

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// located is a schema of a document and its place there.
type located struct {
	pointer string
	*openapi3.Schema
}

// allSchemas lists every schema of a document once.
func allSchemas(doc *openapi3.T) ([]located, error) {
	var all []located
	err := doc.WalkSchemas(func(pointer string, ref *openapi3.SchemaRef) error {
		all = append(all, located{pointer, ref.Value})
		return nil
	})
	return all, err
}

// closeObjects makes every object refuse properties that it does not declare, unless it says itself what additional
// properties may be. It changes the schemas, which must be the caller's own.
//
// An object whose properties are declared in several places that apply together (two parts of an allOf, or properties
// beside a oneOf of objects) is refused: each part, closed by itself, would refuse the properties of the others.
func closeObjects(schemas []located) error {
	open := map[*openapi3.Schema]bool{} // these ask something of an object that is described elsewhere
	for _, s := range schemas {
		// Neither kin-openapi nor places would come to an end.
		if circular(s.Schema, sameValue) {
			return fmt.Errorf("%s: composed of itself", s.pointer)
		}
		n := places(s.Schema)
		if n > 1 {
			return fmt.Errorf("%s: properties in several places that apply together are not supported", s.pointer)
		}
		if n == 1 && len(s.Properties) == 0 {
			open[s.Schema] = true
		}
		for _, part := range branches(s.Schema) {
			if len(part.Value.Required) > 0 && len(part.Value.Properties) == 0 {
				open[part.Value] = true
			}
		}
		if s.Not != nil && s.Not.Ref == "" {
			open[s.Not.Value] = true
		}
	}
	for _, s := range schemas {
		object := s.Type.Is(openapi3.TypeObject) || len(s.Properties) > 0
		undecided := s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil
		if object && undecided && !open[s.Schema] {
			s.AdditionalProperties.Has = new(bool)
		}
	}
	for _, s := range schemas {
		// kin-openapi looks through a schema without type for a keyword, and overflows the stack here.
		if circular(s.Schema, untyped) {
			return fmt.Errorf("%s: contains itself and has no type", s.pointer)
		}
	}
	return nil
}

// places counts the places that declare properties of one value: the schema itself, each part of its allOf, and its
// oneOf and anyOf, of which only one branch counts at a time.
func places(s *openapi3.Schema) int {
	n := 0
	if len(s.Properties) > 0 {
		n++
	}
	groups := []openapi3.SchemaRefs{s.OneOf, s.AnyOf}
	for _, part := range s.AllOf {
		groups = append(groups, openapi3.SchemaRefs{part})
	}
	for _, group := range groups {
		if slices.ContainsFunc(group, declares) {
			n++
		}
	}
	return n
}

// declares reports whether a schema or a part of it declares properties.
func declares(ref *openapi3.SchemaRef) bool {
	return len(ref.Value.Properties) > 0 || slices.ContainsFunc(branches(ref.Value), declares)
}

// branches are the schemas that describe the same value as s.
func branches(s *openapi3.Schema) openapi3.SchemaRefs {
	return slices.Concat(s.AllOf, s.AnyOf, s.OneOf)
}

// circular reports whether s comes back to itself by way of next.
func circular(s *openapi3.Schema, next func(*openapi3.Schema) openapi3.SchemaRefs, above ...*openapi3.Schema) bool {
	if slices.Contains(above, s) {
		return true
	}
	above = append(slices.Clip(above), s)
	return slices.ContainsFunc(next(s), func(ref *openapi3.SchemaRef) bool {
		return ref != nil && circular(ref.Value, next, above...)
	})
}

// sameValue are the schemas that are held against the same value as s.
func sameValue(s *openapi3.Schema) openapi3.SchemaRefs {
	return append(branches(s), s.Not)
}

// untyped are all schemas in s, if s has no type and is not closed.
func untyped(s *openapi3.Schema) openapi3.SchemaRefs {
	if s.Type != nil || s.AdditionalProperties.Has != nil {
		return nil
	}
	refs := append(sameValue(s), s.Items, s.AdditionalProperties.Schema)
	return slices.AppendSeq(refs, maps.Values(s.Properties))
}
