package specgen

import (
	"bytes"
	"cmp"
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
	known := keywords{}
	for _, op := range operations(doc) {
		if err := w.parameters(op, known); err != nil {
			return nil, fmt.Errorf("%s: %w", op.OperationID, err)
		}
		if op.RequestBody == nil {
			continue
		}
		content := op.RequestBody.Value.Content
		for _, mediaType := range slices.Sorted(maps.Keys(content)) {
			schema := content[mediaType].Schema
			if schema == nil {
				return nil, fmt.Errorf("%s: %s has no schema", op.OperationID, mediaType)
			}
			err := known.check("body", schema)
			if err == nil {
				err = w.object(schema)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", op.OperationID, err)
			}
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

// parameters writes the check of an operation's parameter struct. A parameter in the path is an argument and not in the
// struct. Its schema is looked through as all are, but no check of its rules is written: the facade refuses an empty id,
// and an adapter one that it cannot turn into the provider's form.
func (w *checkWriter) parameters(op operation, known keywords) error {
	typ, err := w.types.find(op.OperationID + "Params")
	if err != nil {
		return err
	}
	var body strings.Builder
	for _, p := range op.parameters {
		name := p.In + " parameter " + p.Name
		if p.Schema == nil {
			return fmt.Errorf("%s has no schema", name)
		}
		if err := known.check(name, p.Schema); err != nil {
			return err
		}
		if p.In == openapi3.ParameterInPath {
			continue
		}
		field, ok := w.types[typ].fields[p.Name]
		if !ok {
			return fmt.Errorf("%s has no field in a Go struct", name)
		}
		err := w.value(&body, place{
			pointer: p.In + "/" + p.Name, facade: first(fieldNames(p.Extensions["x-customer"])), required: p.Required,
			typ: typ, field: field.name,
		}, field, p.Schema)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if typ != "" {
		w.method(typ, body.String())
	}
	return nil
}

// object writes the check of a component schema of type object.
func (w *checkWriter) object(ref *openapi3.SchemaRef) error {
	ref = plain(ref)
	typ, err := w.types.find(refName(ref))
	if err != nil {
		return err
	}
	if w.types[typ].fields == nil {
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
			field: field.name, unfed: extension(property, "x-customer-skip") == true,
		}, field, property)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", refName(ref), name, err)
		}
	}
	if err := w.together(&body, typ, ref); err != nil {
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
	isSet, err := w.isSet(field)
	if err != nil {
		return err
	}
	typ := strings.TrimPrefix(field.typ, "*")
	if typ != field.typ {
		access = "*" + access
	}
	schema := plain(ref).Value
	var rules strings.Builder
	under := w.types.underlying(typ)
	if !holds(under, schema) {
		return fmt.Errorf("what the schema describes is not what Go type %s holds", field.typ)
	}
	switch {
	case schema.Type.Is(openapi3.TypeString):
		err = w.text(&rules, p, access, typ, schema)
	case schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		w.number(&rules, access, schema)
	case schema.Type.Is(openapi3.TypeArray):
		err = w.items(&rules, p, access, strings.TrimPrefix(under, "[]"), schema)
	case schema.Type.Is(openapi3.TypeObject):
		if err = w.object(ref); err == nil {
			nested := fmt.Sprintf("v.%s.Check()", field.name)
			fmt.Fprintf(&rules, "vs = check.Under(vs, at.Pointer, %s)\n", p.nested(nested))
		}
	}
	if err != nil {
		return err
	}
	required := p.required && isSet != ""
	switch {
	case rules.Len() == 0 && !required:
	case isSet == "":
		fmt.Fprintf(b, "{\nat := %s\n%s}\n", p.at(), rules.String())
	case rules.Len() == 0:
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

// isSet is the Go condition for a field that is given, "" where it always is: a number or a boolean that is sent even
// while it is zero. An empty text or object that is sent for being required counts as missing, since nothing else in Go
// could tell.
func (w *checkWriter) isSet(field goField) (string, error) {
	access := "v." + field.name
	if strings.HasPrefix(field.typ, "*") {
		return access + " != nil", nil
	}
	switch under := w.types.underlying(field.typ); {
	case under == "string":
		return access + ` != ""`, nil
	case isNumberOrBool(under) && !field.omitted:
		return "", nil
	case under == "bool":
		return access, nil
	case isNumberOrBool(under):
		return access + " != 0", nil
	case strings.HasPrefix(under, "[]") && !field.omitted:
		return access + " != nil", nil
	case strings.HasPrefix(under, "[]"):
		return "len(" + access + ") > 0", nil
	case under == "struct" && w.types.comparable(field.typ):
		return access + " != (" + field.typ + "{})", nil
	}
	return "", fmt.Errorf("cannot tell whether Go type %s is set", field.typ)
}

// holds reports whether a Go type has the values of the schema's type and no others, apart from rules that are checked.
func holds(under string, s *openapi3.Schema) bool {
	switch {
	case s.Type.Is(openapi3.TypeString):
		return under == "string"
	case s.Type.Is(openapi3.TypeBoolean):
		return under == "bool"
	case s.Format == "int32":
		return under == "int32"
	case s.Format == "float":
		return under == "float32"
	case s.Type.Is(openapi3.TypeInteger):
		return under == "int" || under == "int32" || under == "int64"
	case s.Type.Is(openapi3.TypeNumber):
		return under == "float32" || under == "float64"
	case s.Type.Is(openapi3.TypeArray):
		return strings.HasPrefix(under, "[]")
	}
	return under == "struct"
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
		w.patterns = append(w.patterns, fmt.Sprintf("var %s = %s\n", name, pattern(s.Pattern)))
		fmt.Fprintf(b, "vs = %s.Check(vs, at, %s)\n", name, access)
	}
	if s.Format != "" {
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
	if strings.HasPrefix(access, "*") {
		access = "(" + access + ")"
	}
	if s.MinItems > 0 || s.MaxItems != nil {
		limit := -1
		if s.MaxItems != nil {
			limit = int(*s.MaxItems)
		}
		fmt.Fprintf(b, "vs = check.Items(vs, at, len(%s), %d, %d)\n", access, s.MinItems, limit)
	}
	item := plain(s.Items).Value
	under := w.types.underlying(elem)
	switch {
	case !holds(under, item):
		return fmt.Errorf("what the schema of items describes is not what Go type %s holds", elem)
	case under == "struct":
		if err := w.object(s.Items); err != nil {
			return err
		}
		fmt.Fprintf(b, "for i := range %s {\nvs = check.UnderItem(vs, at.Pointer, i, %s)\n}\n", access, p.nested(access+"[i].Check()"))
	case isNumberOrBool(under) && item.Min == nil && item.Max == nil:
	default:
		return fmt.Errorf("no checks known for items of Go type %s", elem)
	}
	return nil
}

// together writes the rules over several properties: minProperties, and anyOf of lists of required ones.
func (w *checkWriter) together(b *strings.Builder, typ string, ref *openapi3.SchemaRef) error {
	s := ref.Value
	// given is the Go condition for all of these properties; "" where they always are.
	given := func(names []string) (string, error) {
		var conditions []string
		for _, name := range names {
			isSet, err := w.isSet(w.types[typ].fields[name])
			if err != nil {
				return "", err
			}
			if isSet != "" {
				conditions = append(conditions, isSet)
			}
		}
		return strings.Join(conditions, " && "), nil
	}
	atLeastOne := func(rule, bound string, choices [][]string) error {
		conditions := make([]string, len(choices))
		for i, names := range choices {
			var err error
			if conditions[i], err = given(names); err != nil || conditions[i] == "" {
				return err
			}
		}
		at := "check.At{}"
		if group := facadeOf(ref); group != "" {
			at = place{facade: group}.at()
		}
		fmt.Fprintf(b, "if !(%s) {\nvs = %s.Break(vs, %q, %q)\n}\n", strings.Join(conditions, " || "), at, rule, bound)
		return nil
	}

	switch s.MinProps {
	case 0:
	case 1:
		var each [][]string
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			each = append(each, []string{name})
		}
		if err := atLeastOne("minProperties", "1", each); err != nil {
			return err
		}
	default:
		return fmt.Errorf("no check is known for minProperties %d", s.MinProps)
	}
	if len(s.AnyOf) == 0 {
		return nil
	}
	var choices [][]string
	var words []string
	for _, choice := range s.AnyOf {
		choices = append(choices, choice.Value.Required)
		words = append(words, inWords(s, choice.Value.Required))
	}
	return atLeastOne("anyOf", strings.Join(words, " or "), choices)
}

// inWords lists properties as a caller knows them: by the facade's field, or the wire name where there is none.
func inWords(s *openapi3.Schema, names []string) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = cmp.Or(facadeOf(s.Properties[name]), name)
	}
	return strings.Join(words, " and ")
}

// facadeOf is the facade's field that feeds a value: the first of its own x-customer, or the one group that the fields of
// its properties make up.
func facadeOf(ref *openapi3.SchemaRef) string {
	if own := first(fieldNames(extension(ref, "x-customer"))); own != "" || extension(ref, "x-customer-skip") == true {
		return own
	}
	group := ""
	for _, property := range plain(ref).Value.Properties {
		name := first(fieldNames(extension(property, "x-customer")))
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

// extension reads an extension of a schema: that beside a reference goes before that of what it leads to.
func extension(ref *openapi3.SchemaRef, name string) any {
	if x, ok := ref.Value.Extensions[name]; ok {
		return x
	}
	return plain(ref).Value.Extensions[name]
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
