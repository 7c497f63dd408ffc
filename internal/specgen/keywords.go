package specgen

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// kept are the keywords, by type, that a request is sure to keep: a check is written for them, or Go's type sees to it.
// No schema of a request may have another one, since it would be passed over in silence.
var kept = map[string][]string{
	openapi3.TypeString:  {"enum", "format", "maxLength", "minLength", "pattern"},
	openapi3.TypeInteger: {"format", "maximum", "minimum"},
	openapi3.TypeNumber:  {"format", "maximum", "minimum"},
	openapi3.TypeBoolean: {},
	openapi3.TypeArray:   {"items", "maxItems", "minItems"},
	openapi3.TypeObject:  {"additionalProperties", "anyOf", "minProperties", "properties", "required"},
}

// keptFormats are the values of the keyword format that are kept likewise.
var keptFormats = map[string][]string{
	openapi3.TypeString:  {"date", "date-time", "email", "uuid"},
	openapi3.TypeInteger: {"int32", "int64"},
	openapi3.TypeNumber:  {"double", "float"},
}

// notes are the keywords that ask nothing; so do all that begin with "x-".
var notes = []string{"deprecated", "description", "example", "externalDocs", "title", "type", "xml"}

// keywords looks through the schemas of requests for keywords that are not kept. It remembers where it was.
type keywords map[*openapi3.Schema]bool

// check looks through a schema and all that is in it; place is its name in errors.
func (done keywords) check(place string, ref *openapi3.SchemaRef) error {
	if ref.Ref != "" {
		if err := alone(place, ref); err != nil {
			return err
		}
		place = refName(ref)
	}
	s := ref.Value
	if inner := plain(ref); inner != ref {
		if err := only(place, s, "allOf"); err != nil {
			return err
		}
		return done.check(place, inner)
	}
	if done[s] {
		return nil
	}
	done[s] = true

	typ := strings.Join(s.Type.Slice(), ", ")
	names, ok := kept[typ]
	if err := only(place, s, names...); err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s: no check is known for type %q", place, typ)
	}
	if s.Format != "" && !slices.Contains(keptFormats[typ], s.Format) {
		return fmt.Errorf("%s: no check is known for format %s of type %s", place, s.Format, typ)
	}
	if _, err := regexp.Compile(s.Pattern); err != nil {
		return fmt.Errorf("%s: pattern: %w", place, err)
	}
	if open := s.AdditionalProperties; open.Schema != nil || open.Has != nil && *open.Has {
		return fmt.Errorf("%s: no check is known for additionalProperties other than false", place)
	}
	if s.Items != nil {
		if err := done.check(place+"[]", s.Items); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if err := done.check(place+"."+name, s.Properties[name]); err != nil {
			return err
		}
	}
	return onlyDeclared(place, s)
}

// onlyDeclared makes sure that only declared properties are required, also by the alternatives of an anyOf, which can ask
// nothing else.
func onlyDeclared(place string, s *openapi3.Schema) error {
	required := slices.Clone(s.Required)
	for _, choice := range s.AnyOf {
		if err := only(place+": anyOf", choice.Value, "required"); err != nil {
			return err
		}
		if len(choice.Value.Required) == 0 {
			return fmt.Errorf("%s: anyOf: an alternative requires nothing", place)
		}
		required = append(required, choice.Value.Required...)
	}
	for _, name := range required {
		if s.Properties[name] == nil {
			return fmt.Errorf("%s: required property %s is not declared", place, name)
		}
	}
	return nil
}

// alone makes sure that nothing stands beside a reference, where OpenAPI 3.0 has it ignored.
func alone(place string, ref *openapi3.SchemaRef) error {
	data, err := json.Marshal(ref)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	delete(members, "$ref")
	if len(members) > 0 {
		beside := strings.Join(slices.Sorted(maps.Keys(members)), ", ")
		return fmt.Errorf("%s: %s beside a $ref is ignored: put the $ref in an allOf", place, beside)
	}
	return nil
}

// only makes sure that a schema has no keywords but these, beside those that ask nothing.
func only(place string, s *openapi3.Schema, names ...string) error {
	set, err := s.MarshalYAML()
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	present, _ := set.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(present)) {
		if !strings.HasPrefix(name, "x-") && !slices.Contains(notes, name) && !slices.Contains(names, name) {
			return fmt.Errorf("%s: no check is known for keyword %s here", place, name)
		}
	}
	return nil
}
