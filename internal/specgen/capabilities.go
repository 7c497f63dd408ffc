package specgen

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers"
)

// operation is an operation of a spec with its place.
type operation struct {
	*openapi3.Operation
	method, path string
	parameters   []*openapi3.Parameter // also those of the path
	evidence     evidence
}

type evidence struct {
	level, source string
}

// rank orders levels, the surest first.
func (e evidence) rank() int {
	return slices.Index([]string{"primary", "public", "observed", "inferred"}, e.level)
}

// within is the evidence in force inside of something that has this x-evidence.
func (e evidence) within(extension any) evidence {
	own, ok := extension.(map[string]any)
	if !ok {
		return e
	}
	level, _ := own["level"].(string)
	source, _ := own["source"].(string)
	return evidence{level: level, source: source}
}

// operations lists the operations of a spec by path and method.
func operations(doc *openapi3.T) []operation {
	var ops []operation
	root := rootEvidence(doc)
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			op := operation{Operation: item.Operations()[method], method: method, path: path}
			op.evidence = root.within(item.Extensions["x-evidence"]).within(op.Extensions["x-evidence"])
			for _, ref := range item.Parameters {
				// One of the operation overrides one of the path.
				if op.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
					op.parameters = append(op.parameters, ref.Value)
				}
			}
			for _, ref := range op.Parameters {
				op.parameters = append(op.parameters, ref.Value)
			}
			ops = append(ops, op)
		}
	}
	return ops
}

func rootEvidence(doc *openapi3.T) evidence { return evidence{}.within(doc.Extensions["x-evidence"]) }

// fieldNames reads x-customer, a name or a list of names.
func fieldNames(extension any) []string {
	switch v := extension.(type) {
	case string:
		return []string{v}
	case []any:
		names := make([]string, len(v))
		for i, name := range v {
			names[i], _ = name.(string)
		}
		return names
	}
	return nil
}

// capabilitiesOf computes what the provider can do and keep, as far as the facade is concerned.
func capabilitiesOf(provider string, doc *openapi3.T) (customers.Capabilities, error) {
	caps := customers.Capabilities{Provider: provider}
	fields := map[customers.Field]*customers.FieldCapability{}
	ops := operations(doc)
	for _, op := range append(customers.Ops(), customers.OpLookup) {
		for i, serving := range serve(ops, op) {
			if serving.evidence.rank() < 0 {
				return caps, fmt.Errorf("%s: unknown level of evidence %q", serving.OperationID, serving.evidence.level)
			}
			oc := customers.OperationCapability{
				Op: op, ID: serving.OperationID, Method: serving.method, Path: serving.path,
				Evidence: customers.Evidence(serving.evidence.level), Source: serving.evidence.source,
			}
			if op == customers.OpFind {
				oc.Filters = filters(serving)
			}
			if conflict := serving.Responses.Value("409"); op == customers.OpCreate && conflict != nil {
				oc.TellsExisting = slices.Contains(fieldNames(conflict.Value.Extensions["x-customer"]), string(customers.FieldID))
			}
			caps.Operations = append(caps.Operations, oc)
			if i == 0 {
				if err := collectFields(doc, serving, op, fields); err != nil {
					return caps, fmt.Errorf("%s: %w", serving.OperationID, err)
				}
			}
		}
	}
	for _, f := range customers.Fields() {
		if fc := fields[f]; fc != nil {
			caps.Fields = append(caps.Fields, *fc)
		}
	}
	return caps, nil
}

// serve lists the operations of the spec that serve op, the one with the surest evidence first.
func serve(ops []operation, op customers.Op) []operation {
	var serving []operation
	for _, o := range ops {
		if slices.Contains(fieldNames(o.Extensions["x-customer"]), string(op)) {
			serving = append(serving, o)
		}
	}
	slices.SortStableFunc(serving, func(a, b operation) int { return a.evidence.rank() - b.evidence.rank() })
	return serving
}

// filters are the fields that an operation searches by.
func filters(op operation) []customers.Field {
	var fields []customers.Field
	for _, p := range op.parameters {
		for _, f := range fieldNames(p.Extensions["x-customer"]) {
			if f != string(customers.FieldID) {
				fields = append(fields, customers.Field(f))
			}
		}
	}
	return fields
}

// collectFields notes which fields of the facade travel in the operation's request and answers. The create comes first, so
// that a field's name and limits are those of its request; an update that asks for something else cannot be told in the
// table and is an error. The evidence is the weakest that any direction rests on.
func collectFields(
	doc *openapi3.T, serving operation, op customers.Op, fields map[customers.Field]*customers.FieldCapability,
) error {
	var failed error
	if op.Writes() && serving.RequestBody != nil {
		body := jsonSchema(serving.RequestBody.Value.Content)
		walk(body, "", true, rootEvidence(doc), func(f customers.Field, leaf property) {
			fc := capability(fields, f, leaf)
			written := fc.Create || fc.Update
			switch op {
			case customers.OpCreate:
				fc.Create = true
				fc.Required = fc.Required || leaf.required || extension(leaf.ref, "x-customer-required") == true
			case customers.OpUpdate:
				fc.Update = extension(leaf.ref, "x-customer-fixed") != true
			}
			s := plain(leaf.ref).Value
			least, most := int(s.MinLength), 0
			if s.MaxLength != nil {
				most = int(*s.MaxLength)
			}
			if !written {
				fc.Wire, fc.Joined = leaf.wire, leaf.joined // an answer may have called it something else
				fc.MinLength, fc.MaxLength, fc.Pattern = least, most, s.Pattern
			} else if fc.Wire != leaf.wire || fc.MinLength != least || fc.MaxLength != most || fc.Pattern != s.Pattern {
				failed = fmt.Errorf(
					"%s: another name, other lengths or another pattern than where %s is written elsewhere", leaf.wire, f)
			}
		})
	}
	responses := serving.Responses.Map()
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		if strings.HasPrefix(status, "2") {
			body := jsonSchema(responses[status].Value.Content)
			walk(body, "", false, rootEvidence(doc), func(f customers.Field, leaf property) {
				capability(fields, f, leaf).Read = true
			})
		}
	}
	return failed
}

// jsonSchema is the schema of a JSON body, nil if there is none.
func jsonSchema(content openapi3.Content) *openapi3.SchemaRef {
	if media := content["application/json"]; media != nil {
		return media.Schema
	}
	return nil
}

// capability finds or begins the entry of a field.
func capability(
	fields map[customers.Field]*customers.FieldCapability, f customers.Field, leaf property,
) *customers.FieldCapability {
	fc := fields[f]
	if fc == nil {
		fc = &customers.FieldCapability{
			Field: f, Wire: leaf.wire, Joined: leaf.joined, Evidence: customers.Evidence(leaf.evidence.level),
		}
		fields[f] = fc
	}
	if found := (evidence{level: string(fc.Evidence)}); leaf.evidence.rank() > found.rank() {
		fc.Evidence = customers.Evidence(leaf.evidence.level)
	}
	return fc
}

// property is a wire property that a field of the facade travels in.
type property struct {
	wire     string
	joined   bool
	required bool
	ref      *openapi3.SchemaRef
	evidence evidence
}

// walk visits the properties of a schema that have an x-customer; a group ("name") stands for each of its parts.
func walk(ref *openapi3.SchemaRef, prefix string, required bool, e evidence, visit func(customers.Field, property)) {
	if ref == nil {
		return
	}
	e = e.within(extension(ref, "x-evidence"))
	s := plain(ref).Value
	walk(s.Items, prefix, false, e, visit)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		child := s.Properties[name]
		if extension(child, "x-customer-skip") == true {
			continue
		}
		leaf := property{
			wire: prefix + name, ref: child, evidence: e.within(extension(child, "x-evidence")),
			required: required && slices.Contains(s.Required, name),
		}
		for _, f := range fieldNames(extension(child, "x-customer")) {
			for _, part := range customers.Fields() {
				if customers.Field(f).Covers(part) {
					leaf.joined = part != customers.Field(f)
					visit(part, leaf)
				}
			}
		}
		path := leaf.wire + "."
		if isEnvelope(name) {
			path = prefix
		}
		walk(child, path, leaf.required, e, visit)
	}
}

// isEnvelope reports whether a property only wraps the customer, so that it says nothing in a table of names.
func isEnvelope(name string) bool { return name == "data" || name == "client" || name == "clients" }

// writeCapabilities writes the function that returns them.
func writeCapabilities(caps customers.Capabilities) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, header, caps.Provider, caps.Provider)
	b.WriteString("import \"github.com/contract-first/customers\"\n\n")
	b.WriteString("func capabilities() customers.Capabilities {\nreturn customers.Capabilities{\n")
	fmt.Fprintf(&b, "Provider: %q,\nOperations: []customers.OperationCapability{\n", caps.Provider)
	for _, o := range caps.Operations {
		fmt.Fprintf(&b, "{\nOp: %q, ID: %q, Method: %q, Path: %q,\n", o.Op, o.ID, o.Method, o.Path)
		fmt.Fprintf(&b, "Evidence: %q, Source: %q,\n", o.Evidence, o.Source)
		if len(o.Filters) > 0 {
			fmt.Fprintf(&b, "Filters: %#v,\n", o.Filters)
		}
		if o.TellsExisting {
			b.WriteString("TellsExisting: true,\n")
		}
		b.WriteString("},\n")
	}
	b.WriteString("},\nFields: []customers.FieldCapability{\n")
	for _, f := range caps.Fields {
		fmt.Fprintf(&b, "{Field: %q, Wire: %q, Evidence: %q", f.Field, f.Wire, f.Evidence)
		for _, flag := range []struct {
			name string
			set  bool
		}{{"Joined", f.Joined}, {"Create", f.Create}, {"Update", f.Update}, {"Read", f.Read}, {"Required", f.Required}} {
			if flag.set {
				fmt.Fprintf(&b, ", %s: true", flag.name)
			}
		}
		if f.MinLength > 0 {
			fmt.Fprintf(&b, ", MinLength: %d", f.MinLength)
		}
		if f.MaxLength > 0 {
			fmt.Fprintf(&b, ", MaxLength: %d", f.MaxLength)
		}
		if f.Pattern != "" {
			fmt.Fprintf(&b, ", Pattern: %s", quote(f.Pattern))
		}
		b.WriteString("},\n")
	}
	b.WriteString("},\n}\n}\n")
	return b.Bytes()
}
