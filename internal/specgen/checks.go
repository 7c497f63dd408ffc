package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkWriter writes one Check method per request type, nested types included.
type checkWriter struct {
	types    goTypes
	methods  map[string]string // by Go type
	patterns []string          // Go declarations
}

func generateChecks(provider string, doc *openapi3.T, types goTypes) ([]byte, error) {
	w := &checkWriter{types: types, methods: map[string]string{}}
	for _, op := range operations(doc) {
		if len(op.Parameters) > 0 {
			if err := w.parameters(op); err != nil {
				return nil, fmt.Errorf("%s: %w", op.OperationID, err)
			}
		}
		if op.RequestBody == nil {
			continue
		}
		media := op.RequestBody.Value.Content["application/json"]
		if media == nil {
			return nil, fmt.Errorf("%s: no JSON body", op.OperationID)
		}
		if err := w.object(media.Schema); err != nil {
			return nil, fmt.Errorf("%s: %w", op.OperationID, err)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, header, provider, provider)
	fmt.Fprintf(&b, "import %q\n\n", "github.com/contract-first/customers/contract/check")
	for _, p := range w.patterns {
		b.WriteString(p + "\n")
	}
	for _, name := range slices.Sorted(maps.Keys(w.methods)) {
		b.WriteString("\n" + w.methods[name])
	}
	return b.Bytes(), nil
}

// parameters writes the check of an operation's parameter struct; path parameters are arguments and not in it.
func (w *checkWriter) parameters(op operation) error {
	typ, ok := w.types.find(op.OperationID + "Params")
	if !ok {
		return nil // path parameters only
	}
	var body strings.Builder
	for _, ref := range op.Parameters {
		p := ref.Value
		if p.In == openapi3.ParameterInPath {
			continue
		}
		field, ok := w.types[typ].fields[p.Name]
		if !ok {
			return fmt.Errorf("type %s has no field for %s", typ, p.Name)
		}
		err := w.value(&body, place{
			pointer: p.In + "/" + p.Name, facade: first(customerFields(p.Extensions)), required: p.Required, typ: typ, field: field.name,
		}, field, p.Schema)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", p.Name, err)
		}
	}
	w.method(typ, body.String())
	return nil
}

// object writes the check of a component schema of type object.
func (w *checkWriter) object(ref *openapi3.SchemaRef) error {
	ref = plain(ref)
	typ, ok := w.types.find(refName(ref))
	if !ok || w.types[typ].fields == nil {
		return fmt.Errorf("schema %q has no Go struct: give it a name in components", refName(ref))
	}
	if _, done := w.methods[typ]; done {
		return nil
	}
	w.methods[typ] = "" // ends recursion
	schema := ref.Value
	var body strings.Builder
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		field, ok := w.types[typ].fields[name]
		if !ok {
			return fmt.Errorf("type %s has no field for %s", typ, name)
		}
		err := w.value(&body, place{
			pointer: "/" + name, facade: facadeOf(property), required: slices.Contains(schema.Required, name), typ: typ,
			field: field.name, unfed: property.Value.Extensions["x-customer-skip"] == true,
		}, field, property)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", refName(ref), name, err)
		}
	}
	if err := w.together(&body, typ, schema); err != nil {
		return fmt.Errorf("%s: %w", refName(ref), err)
	}
	w.method(typ, body.String())
	return nil
}

func (w *checkWriter) method(typ, body string) {
	w.methods[typ] = fmt.Sprintf("// Check names every rule of the contract that v breaks; nil if it breaks none.\n"+
		"func (v *%s) Check() []check.Violation {\nvar vs []check.Violation\n%sreturn vs\n}\n", typ, body)
}

// place is where a value stands.
type place struct {
	pointer  string
	facade   string
	required bool
	typ      string // the Go type that has the field
	field    string // the field's Go name
	unfed    bool   // the facade does not feed what is below
}

func (p place) at() string {
	return fmt.Sprintf("check.At{Pointer: %q, Field: %q}", p.pointer, p.facade)
}

// value writes the checks of one field.
func (w *checkWriter) value(b *strings.Builder, p place, field goField, ref *openapi3.SchemaRef) error {
	access := "v." + field.name
	isSet, err := w.isSet(access, field.typ)
	if err != nil {
		return err
	}
	typ := strings.TrimPrefix(field.typ, "*")
	if typ != field.typ {
		access = "*" + access
	}
	var rules strings.Builder
	switch under := w.types.underlying(typ); {
	case under == "string":
		err = w.text(&rules, p, access, typ, ref.Value)
	case under == "int", under == "int32", under == "int64", under == "float32", under == "float64":
		w.number(&rules, access, ref.Value)
	case under == "struct":
		if err = w.object(ref); err == nil {
			nested := fmt.Sprintf("v.%s.Check()", field.name)
			fmt.Fprintf(&rules, "vs = check.Under(vs, at.Pointer, %s)\n", p.nested(nested))
		}
	case strings.HasPrefix(under, "[]"):
		err = w.items(&rules, p, access, strings.TrimPrefix(under, "[]"), ref.Value)
	case under == "bool":
	default:
		err = fmt.Errorf("no checks known for Go type %s", field.typ)
	}
	if err != nil {
		return err
	}
	// The zero value of a number or a boolean cannot be told from absence, so only texts, objects and lists are required.
	required := p.required && isSet != "" && !isNumberOrBool(w.types.underlying(field.typ))
	switch {
	case rules.Len() == 0 && !required:
	case required && rules.Len() == 0:
		fmt.Fprintf(b, "if !(%s) {\nvs = %s.Break(vs, \"required\", \"\")\n}\n", isSet, p.at())
	case required:
		fmt.Fprintf(b, "if at := (%s); %s {\n%s} else {\nvs = at.Break(vs, \"required\", \"\")\n}\n", p.at(), isSet, rules.String())
	default:
		fmt.Fprintf(b, "if at := (%s); %s {\n%s}\n", p.at(), isSet, rules.String())
	}
	return nil
}

func (p place) nested(check string) string {
	if p.unfed {
		return "check.Unfed(" + check + ")"
	}
	return check
}

// isSet is the Go condition for a field that will be on the wire.
func (w *checkWriter) isSet(access, typ string) (string, error) {
	if strings.HasPrefix(typ, "*") {
		return access + " != nil", nil
	}
	switch under := w.types.underlying(typ); {
	case under == "string":
		return access + ` != ""`, nil
	case under == "bool":
		return access, nil
	case isNumberOrBool(under):
		return access + " != 0", nil
	case strings.HasPrefix(under, "[]"):
		return "len(" + access + ") > 0", nil
	case under == "struct" && w.types.comparable(typ):
		return access + " != (" + typ + "{})", nil
	}
	return "", fmt.Errorf("cannot tell whether Go type %s is set", typ)
}

func isNumberOrBool(typ string) bool {
	switch typ {
	case "bool", "int", "int32", "int64", "float32", "float64":
		return true
	}
	return false
}

// text writes the checks of a string.
func (w *checkWriter) text(b *strings.Builder, p place, access, typ string, s *openapi3.Schema) error {
	if t, named := w.types[typ]; named && !t.alias {
		access = "string(" + access + ")"
	}
	if s.MinLength > 0 || s.MaxLength != nil {
		limit := -1
		if s.MaxLength != nil {
			limit = int(*s.MaxLength)
		}
		fmt.Fprintf(b, "vs = check.Length(vs, at, %s, %d, %d)\n", access, s.MinLength, limit)
	}
	if s.Pattern != "" {
		name := "pattern" + p.typ + p.field
		w.patterns = append(w.patterns, fmt.Sprintf("var %s = check.Pattern{Source: %s}\n", name, quote(s.Pattern)))
		fmt.Fprintf(b, "vs = %s.Check(vs, at, %s)\n", name, access)
	}
	switch s.Format {
	case "email", "uuid", "date-time", "date":
		fmt.Fprintf(b, "vs = check.Format(vs, at, %s, %q)\n", access, s.Format)
	}
	if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			text, ok := v.(string)
			if !ok {
				return fmt.Errorf("enum value %v is no text", v)
			}
			values[i] = strconv.Quote(text)
		}
		fmt.Fprintf(b, "vs = check.Enum(vs, at, %s, %s)\n", access, strings.Join(values, ", "))
	}
	return nil
}

// number writes the checks of a number.
func (w *checkWriter) number(b *strings.Builder, access string, s *openapi3.Schema) {
	if s.Min != nil {
		bound := strconv.FormatFloat(*s.Min, 'f', -1, 64)
		fmt.Fprintf(b, "vs = check.Minimum(vs, at, %s, %s)\n", access, bound)
	}
	if s.Max != nil {
		bound := strconv.FormatFloat(*s.Max, 'f', -1, 64)
		fmt.Fprintf(b, "vs = check.Maximum(vs, at, %s, %s)\n", access, bound)
	}
}

// items writes the checks of an array.
func (w *checkWriter) items(b *strings.Builder, p place, access, elem string, s *openapi3.Schema) error {
	if s.MinItems > 0 || s.MaxItems != nil {
		limit := -1
		if s.MaxItems != nil {
			limit = int(*s.MaxItems)
		}
		fmt.Fprintf(b, "vs = check.Items(vs, at, len(%s), %d, %d)\n", access, s.MinItems, limit)
	}
	switch under := w.types.underlying(elem); {
	case under == "struct":
		if err := w.object(s.Items); err != nil {
			return err
		}
		fmt.Fprintf(b, "for i := range %s {\nvs = check.UnderItem(vs, at.Pointer, i, %s)\n}\n", access, p.nested(access+"[i].Check()"))
	case isNumberOrBool(under) && s.Items.Value.Min == nil && s.Items.Value.Max == nil:
	default:
		return fmt.Errorf("no checks known for items of Go type %s", elem)
	}
	return nil
}

// together writes the rules over several properties: minProperties, and anyOf of lists of required ones.
func (w *checkWriter) together(b *strings.Builder, typ string, s *openapi3.Schema) error {
	isSet := func(name string) (string, error) {
		field, ok := w.types[typ].fields[name]
		if !ok {
			return "", fmt.Errorf("type %s has no field for %s", typ, name)
		}
		return w.isSet("v."+field.name, field.typ)
	}
	if s.MinProps == 1 {
		var conditions []string
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			set, err := isSet(name)
			if err != nil {
				return err
			}
			conditions = append(conditions, set)
		}
		fmt.Fprintf(b, "if !(%s) {\nvs = check.At{}.Break(vs, \"minProperties\", \"1\")\n}\n", strings.Join(conditions, " || "))
	} else if s.MinProps > 1 {
		return fmt.Errorf("minProperties %d is not known here", s.MinProps)
	}
	if len(s.AnyOf) == 0 {
		return nil
	}
	var conditions, names []string
	for _, choice := range s.AnyOf {
		var all []string
		for _, name := range choice.Value.Required {
			set, err := isSet(name)
			if err != nil {
				return err
			}
			all = append(all, set)
		}
		if len(all) == 0 {
			return fmt.Errorf("anyOf is only known with lists of required properties")
		}
		conditions = append(conditions, strings.Join(all, " && "))
		names = append(names, strings.Join(choice.Value.Required, " and "))
	}
	fmt.Fprintf(b, "if !(%s) {\nvs = check.At{}.Break(vs, \"anyOf\", %q)\n}\n",
		strings.Join(conditions, " || "), strings.Join(names, " or "))
	return nil
}

// facadeOf is the facade's field that feeds a property: its own x-customer, or the group of its parts'.
func facadeOf(ref *openapi3.SchemaRef) string {
	if own := first(customerFields(ref.Value.Extensions)); own != "" {
		return own
	}
	if ref.Value.Extensions["x-customer-skip"] == true {
		return ""
	}
	for _, part := range ref.Value.Properties {
		if group, _, nested := strings.Cut(facadeOf(part), "."); nested {
			return group
		}
	}
	return ""
}

// plain takes the wrapper off a reference that stands in an allOf of one, as OpenAPI 3.0 asks for where a reference has
// siblings.
func plain(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	if ref.Ref == "" && len(ref.Value.AllOf) == 1 && len(ref.Value.Properties) == 0 {
		return ref.Value.AllOf[0]
	}
	return ref
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func refName(ref *openapi3.SchemaRef) string { return ref.Ref[strings.LastIndex(ref.Ref, "/")+1:] }

// quote writes s as a Go literal, raw where that reads better.
func quote(s string) string {
	if strings.Contains(s, "`") {
		return strconv.Quote(s)
	}
	return "`" + s + "`"
}
