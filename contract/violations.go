package contract

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
)

// reading is how values are held against schemas: as parts of a request or of an answer.
type reading struct {
	options   []openapi3.SchemaValidationOption
	names     names
	acceptors map[*openapi3.Schema]*acceptor
}

func newReadings(schemas []located, names names) (request, response reading) {
	request = newReading(openapi3.VisitAsRequest(), schemas, names)
	request.acceptors = newAcceptors(schemas, func(property *openapi3.Schema) bool { return property.ReadOnly })
	response = newReading(openapi3.VisitAsResponse(), schemas, names)
	response.acceptors = newAcceptors(schemas, func(property *openapi3.Schema) bool { return property.WriteOnly })
	return request, response
}

// newReading defines every format that occurs in the schemas, so that kin-openapi's global registry, which any package
// of a program may change, is never asked.
func newReading(direction openapi3.SchemaValidationOption, schemas []located, names names) reading {
	texts := map[string]openapi3.StringFormatValidator{}
	integers := map[string]openapi3.IntegerFormatValidator{}
	numbers := map[string]openapi3.NumberFormatValidator{}
	for _, s := range schemas {
		f := s.Format
		texts[f] = textFormat(f)
		integers[f] = integerFormat(f)
		numbers[f] = numberFormat(f)
	}
	return reading{names: names, options: []openapi3.SchemaValidationOption{
		openapi3.MultiErrors(),
		direction,
		openapi3.WithStringFormatValidators(texts),
		openapi3.WithIntegerFormatValidators(integers),
		openapi3.WithNumberFormatValidators(numbers),
	}}
}

type (
	textFormat    string
	integerFormat string
	numberFormat  string
)

// errFormat says no more: the violation names the format.
var errFormat = errors.New("format")

func (f textFormat) Validate(value string) error {
	if !check.IsFormat(value, string(f)) {
		return errFormat
	}
	return nil
}

func (f integerFormat) Validate(value int64) error {
	if f == "int32" && value != int64(int32(value)) {
		return errFormat
	}
	return nil
}

func (f numberFormat) Validate(value float64) error {
	if f == "float" && math.Abs(value) > math.MaxFloat32 {
		return errFormat
	}
	return nil
}

// value holds one decoded value against a schema.
func (rd reading) value(vs []check.Violation, at check.At, schema *openapi3.Schema, doc document) []check.Violation {
	if rd.acceptors[schema].value(doc.value) {
		return vs
	}
	vs = rd.explain(vs, at, schema.VisitJSON(doc.value, rd.options...))
	if doc.odd {
		vs = rd.integers(vs, at, schema, doc.value)
	}
	return vs
}

// explain turns the errors of kin-openapi into violations. Their texts quote values, so nothing of them is used.
func (rd reading) explain(vs []check.Violation, at check.At, err error) []check.Violation {
	switch err := err.(type) {
	case nil:
		return vs
	case openapi3.MultiError:
		type object struct {
			schema *openapi3.Schema
			path   string
		}
		seen := map[object]bool{} // kin-openapi tells each undeclared property, one error is enough to name them all
		for _, err := range err {
			if enough(vs) {
				break
			}
			if e, ok := err.(*openapi3.SchemaError); ok && e.SchemaField == "properties" {
				o := object{e.Schema, fmt.Sprintf("%q", e.JSONPointer())}
				if seen[o] {
					continue
				}
				seen[o] = true
			}
			vs = rd.explain(vs, at, err)
		}
		return vs
	case *openapi3.SchemaError:
		return rd.schemaError(vs, at, err)
	}
	return at.Break(vs, "schema", "")
}

func (rd reading) schemaError(vs []check.Violation, at check.At, e *openapi3.SchemaError) []check.Violation {
	path := e.JSONPointer()
	here := check.At{Pointer: at.Pointer + rd.names.pointer(path), Field: cmp.Or(field(e.Schema), at.Field)}

	switch e.SchemaField {
	case "properties": // undeclared ones; the error names one of them in its text only
		members, _ := e.Value.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if e.Schema.Properties[name] == nil {
				pointer := here.Pointer + "/" + rd.names.token(name)
				vs = add(vs, check.Violation{Pointer: pointer, Rule: "additionalProperties", Bound: "false"})
			}
		}
		return vs

	case "required": // the error is the object's, the path goes on to the missing property
		here.Field = at.Field
		if missing := e.Schema.Properties[path[len(path)-1]]; missing != nil {
			here.Field = cmp.Or(field(missing.Value), at.Field)
		}
		return here.Break(vs, "required", "")

	case "allOf", "anyOf", "oneOf":
		switch {
		case e.SchemaField == "allOf":
			for _, v := range rd.explain(nil, at, partErrors(e)) {
				if v.Pointer == here.Pointer {
					v.Field = cmp.Or(here.Field, v.Field) // what stands beside the allOf goes before what is in it
				}
				vs = append(vs, v)
			}
		case e.Value != nil || e.Schema.Type == nil:
			vs = here.Break(vs, e.SchemaField, alternatives(e))
		}
		if e.Value == nil && e.Schema.Type == nil {
			return vs
		}
		return rd.explain(vs, check.At{Pointer: here.Pointer, Field: at.Field}, rd.rest(e))
	}
	return here.Break(vs, e.SchemaField, bound(e.Schema, e.SchemaField))
}

// rest checks what kin-openapi left out when one of allOf, anyOf and oneOf failed: those after it, and the schema's own
// keywords. Nothing is left of a null, so that it is one violation and not one for each keyword.
func (rd reading) rest(e *openapi3.SchemaError) error {
	rest := *e.Schema
	rest.OneOf = nil
	if e.SchemaField != "oneOf" {
		rest.AnyOf = nil
	}
	if e.SchemaField == "allOf" {
		rest.AllOf = nil
	}
	return rest.VisitJSON(e.Value, rd.options...)
}

// partErrors returns what the parts of an allOf found; kin-openapi wraps it twice.
func partErrors(e *openapi3.SchemaError) error {
	var parts openapi3.MultiError
	if errors.As(e.Origin, &parts) {
		return parts
	}
	return e.Origin
}

// integers reports the numbers where the schema wants an integer that are written as none (1e9, 1.0), which an int64 of
// Go does not decode, and those that do not fit int64. kin-openapi looks at the float64 of a number only.
func (rd reading) integers(vs []check.Violation, at check.At, schema *openapi3.Schema, value any) []check.Violation {
	if enough(vs) {
		return vs
	}
	at.Field = cmp.Or(field(schema), at.Field)
	for _, part := range schema.AllOf {
		vs = rd.integers(vs, at, part.Value, value)
	}
	for _, branch := range slices.Concat(schema.AnyOf, schema.OneOf) {
		if branch.Value.VisitJSON(value, rd.options...) == nil {
			vs = rd.integers(vs, at, branch.Value, value)
		}
	}
	switch value := value.(type) {
	case json.Number:
		if !schema.Type.Is(openapi3.TypeInteger) || isInteger(value) {
			return vs
		}
		broken := check.Violation{Pointer: at.Pointer, Field: at.Field, Rule: "format", Bound: "int64"}
		if strings.ContainsAny(string(value), ".eE") {
			broken.Rule, broken.Bound = "type", openapi3.TypeInteger // which kin-openapi tells of 1.5 too
		}
		return add(vs, broken)
	case []any:
		if schema.Items != nil {
			for i, item := range value {
				below := check.At{Pointer: at.Pointer + "/" + strconv.Itoa(i)}
				vs = rd.integers(vs, below, schema.Items.Value, item)
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			ref := schema.Properties[name]
			if ref == nil {
				ref = schema.AdditionalProperties.Schema
			}
			if ref != nil {
				below := check.At{Pointer: at.Pointer + "/" + rd.names.token(name)}
				vs = rd.integers(vs, below, ref.Value, value[name])
			}
		}
	}
	return vs
}

// bound is what a keyword of a schema asks for, as a text.
func bound(s *openapi3.Schema, keyword string) string {
	count := func(n uint64) string { return strconv.FormatUint(n, 10) }
	limit := func(n *uint64) string {
		if n == nil {
			return ""
		}
		return count(*n)
	}
	number := func(f *float64) string {
		if f == nil {
			return ""
		}
		return strconv.FormatFloat(*f, 'f', -1, 64)
	}
	switch keyword {
	case "type":
		return strings.Join(s.Type.Slice(), " or ")
	case "enum":
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			if values[i] = fmt.Sprint(v); v == nil {
				values[i] = "null"
			}
		}
		return strings.Join(values, " or ")
	case "format":
		return s.Format
	case "pattern":
		return s.Pattern
	case "minLength":
		return count(s.MinLength)
	case "maxLength":
		return limit(s.MaxLength)
	case "minItems":
		return count(s.MinItems)
	case "maxItems":
		return limit(s.MaxItems)
	case "minProperties":
		return count(s.MinProps)
	case "maxProperties":
		return limit(s.MaxProps)
	case "minimum", "exclusiveMinimum":
		return number(s.Min)
	case "maximum", "exclusiveMaximum":
		return number(s.Max)
	case "multipleOf":
		return number(s.MultipleOf)
	case "uniqueItems", "readOnly", "writeOnly":
		return "true"
	case "nullable":
		return "false"
	}
	return ""
}

// alternatives tells the branches of the anyOf or oneOf that failed by what they require, as the facade calls it, or by
// their types: "email or phone", "string or object". It is "" if one of them cannot be told in a word.
func alternatives(e *openapi3.SchemaError) string {
	refs := e.Schema.AnyOf
	if e.SchemaField == "oneOf" {
		refs = e.Schema.OneOf
	}
	words := make([]string, len(refs))
	for i, ref := range refs {
		s := ref.Value
		if len(s.Required) > 0 && len(s.Properties) == 0 {
			words[i] = inWords(e.Schema, s.Required)
		} else {
			words[i] = bound(s, "type")
		}
		if words[i] == "" {
			return ""
		}
	}
	return strings.Join(words, " or ")
}

// inWords lists properties as a caller knows them: by the facade's field, or the wire name where there is none. The
// generated checks use the same words.
func inWords(s *openapi3.Schema, names []string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = name
		if property := s.Properties[name]; property != nil {
			words[i] = cmp.Or(field(property.Value), name)
		}
	}
	return strings.Join(words, " and ")
}

// field is the facade's field that feeds a value: the first of its own x-customer, or the one group that the fields of
// its properties make up.
func field(s *openapi3.Schema) string {
	own := ownField(s)
	if own != "" || s.Extensions["x-customer-skip"] == true {
		return own
	}
	group := ""
	for _, property := range inner(s).Properties {
		name := ownField(property.Value)
		if name == "" {
			continue
		}
		outer, _, nested := strings.Cut(name, ".")
		if !nested || group != "" && group != outer {
			return ""
		}
		group = outer
	}
	return group
}

// inner is what a schema is made of: itself, or what stands alone in its allOf.
func inner(s *openapi3.Schema) *openapi3.Schema {
	if len(s.AllOf) == 1 && len(s.Properties) == 0 {
		return s.AllOf[0].Value
	}
	return s
}

// ownField is the facade's field that a property names itself.
func ownField(s *openapi3.Schema) string {
	return cmp.Or(named(s.Extensions), named(inner(s).Extensions))
}

// named is the facade's field in x-customer; of several, the first.
func named(extensions map[string]any) string {
	x := extensions["x-customer"]
	if list, ok := x.([]any); ok && len(list) > 0 {
		x = list[0]
	}
	name, _ := x.(string)
	return name
}

// names are those of all properties and parameters that a contract declares.
type names map[string]bool

// token writes a name as a token of a JSON pointer. One that is not declared is kept if it looks like a name; anything
// else might be somebody's data, put in the place of a name, and is written as "*".
func (n names) token(name string) string {
	if !n[name] && !isName(name) {
		return "*"
	}
	return check.Token(name)
}

// pointer writes a path as a JSON pointer.
func (n names) pointer(path []string) string {
	var b strings.Builder
	for _, name := range path {
		b.WriteByte('/')
		b.WriteString(n.token(name))
	}
	return b.String()
}

// isName reports whether s is a name such as programmers give, or a short number, as indexes are. Ids, keys and phone
// numbers mostly have more digits than a name.
func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '$':
		case (c == '-' || c == '.' || c == ':') && i > 0:
		default:
			return false
		}
	}
	return digits <= 6
}

// maxViolations is how many violations of one message are told. They are found in the same order each time.
const maxViolations = 100

// enough reports whether no more violations need to be found: one more than are told, for stable to see.
func enough(vs []check.Violation) bool { return len(vs) > maxViolations }

// add adds a violation, unless it is there or there are enough.
func add(vs []check.Violation, v check.Violation) []check.Violation {
	if enough(vs) || slices.Contains(vs, v) {
		return vs
	}
	return append(vs, v)
}

// stable sorts violations and drops repeated ones. If there are more than enough, one of the first says so.
func stable(vs []check.Violation) []check.Violation {
	if enough(vs) {
		vs = append(vs[:maxViolations], check.Violation{Rule: "maxViolations", Bound: strconv.Itoa(maxViolations)})
	}
	slices.SortFunc(vs, func(a, b check.Violation) int {
		return cmp.Or(
			strings.Compare(a.Pointer, b.Pointer),
			strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Bound, b.Bound),
			strings.Compare(a.Field, b.Field),
		)
	})
	return slices.Compact(vs)
}
