package main

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
	evidence     evidence
}

type evidence struct {
	level, source string
}

// rank orders levels, the surest first.
func (e evidence) rank() int {
	return slices.Index([]string{"primary", "public", "observed", "inferred"}, e.level)
}

// within is the evidence in force inside of something that has these extensions.
func (e evidence) within(extensions map[string]any) evidence {
	own, ok := extensions["x-evidence"].(map[string]any)
	if !ok {
		return e
	}
	level, _ := own["level"].(string)
	source, _ := own["source"].(string)
	return evidence{level: level, source: source}
}

// operations lists the operations of a spec by path and method, with the parameters of their paths.
func operations(doc *openapi3.T) []operation {
	var ops []operation
	root := evidence{}.within(doc.Extensions)
	for _, path := range doc.Paths.InMatchingOrder() {
		item := doc.Paths.Value(path)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			op := item.Operations()[method]
			op.Parameters = append(slices.Clone(item.Parameters), op.Parameters...)
			ops = append(ops, operation{Operation: op, method: method, path: path,
				evidence: root.within(item.Extensions).within(op.Extensions)})
		}
	}
	slices.SortStableFunc(ops, func(a, b operation) int { return strings.Compare(a.path, b.path) })
	return ops
}

// customerFields reads x-customer, a name or a list of names.
func customerFields(extensions map[string]any) []string {
	switch v := extensions["x-customer"].(type) {
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

// generateCapabilities writes what the provider can do and keep, as far as the facade is concerned.
func generateCapabilities(provider string, doc *openapi3.T) ([]byte, error) {
	caps := customers.Capabilities{Provider: provider}
	fields := map[customers.Field]*customers.FieldCapability{}
	ops := operations(doc)
	for _, op := range customers.Ops() {
		for i, serving := range serve(ops, op) {
			oc := customers.OperationCapability{
				Op: op, ID: serving.OperationID, Method: serving.method, Path: serving.path,
				Evidence: customers.Evidence(serving.evidence.level), Source: serving.evidence.source,
			}
			if op == customers.OpFind {
				oc.Filters = filters(serving)
			}
			caps.Operations = append(caps.Operations, oc)
			if i == 0 {
				collectFields(doc, serving, op, fields)
			}
		}
	}
	for _, f := range customers.Fields() {
		if fc := fields[f]; fc != nil {
			caps.Fields = append(caps.Fields, *fc)
		}
	}
	return writeCapabilities(provider, caps), nil
}

// serve lists the operations of the spec that serve op, the one with the surest evidence first.
func serve(ops []operation, op customers.Op) []operation {
	var serving []operation
	for _, o := range ops {
		if slices.Contains(customerFields(o.Extensions), string(op)) {
			serving = append(serving, o)
		}
	}
	slices.SortStableFunc(serving, func(a, b operation) int { return a.evidence.rank() - b.evidence.rank() })
	return serving
}

// filters are the fields that an operation searches by.
func filters(op operation) []customers.Field {
	var fields []customers.Field
	for _, p := range op.Parameters {
		for _, f := range customerFields(p.Value.Extensions) {
			if f != string(customers.FieldID) {
				fields = append(fields, customers.Field(f))
			}
		}
	}
	return fields
}

// collectFields notes which fields of the facade travel in the operation's request and answers.
func collectFields(doc *openapi3.T, serving operation, op customers.Op, fields map[customers.Field]*customers.FieldCapability) {
	root := evidence{}.within(doc.Extensions)
	if op.Writes() && serving.RequestBody != nil {
		media := serving.RequestBody.Value.Content["application/json"]
		walk(media.Schema, "", true, root, func(f customers.Field, leaf property) {
			fc := capability(fields, f, leaf)
			switch op {
			case customers.OpCreate:
				fc.Create = true
				fc.Required = fc.Required || leaf.required || leaf.schema.Extensions["x-customer-required"] == true
			case customers.OpUpdate:
				fc.Update = leaf.schema.Extensions["x-customer-fixed"] != true
			}
			fc.MinLength = int(leaf.schema.MinLength)
			if leaf.schema.MaxLength != nil {
				fc.MaxLength = int(*leaf.schema.MaxLength)
			}
			fc.Pattern = leaf.schema.Pattern
		})
	}
	for status, response := range serving.Responses.Map() {
		media := response.Value.Content["application/json"]
		if !strings.HasPrefix(status, "2") || media == nil {
			continue
		}
		walk(media.Schema, "", false, root, func(f customers.Field, leaf property) {
			capability(fields, f, leaf).Read = true
		})
	}
}

// capability finds or begins the entry of a field.
func capability(fields map[customers.Field]*customers.FieldCapability, f customers.Field, leaf property) *customers.FieldCapability {
	fc := fields[f]
	if fc == nil {
		fc = &customers.FieldCapability{
			Field: f, Wire: leaf.wire, Joined: leaf.joined, Evidence: customers.Evidence(leaf.evidence.level),
		}
		fields[f] = fc
	}
	return fc
}

// property is a wire property that a field of the facade travels in.
type property struct {
	wire     string
	joined   bool
	required bool
	schema   *openapi3.Schema
	evidence evidence
}

// walk visits the properties of a schema that have an x-customer; a group ("name") stands for each of its parts.
func walk(ref *openapi3.SchemaRef, prefix string, required bool, e evidence, visit func(customers.Field, property)) {
	s := ref.Value
	e = e.within(s.Extensions)
	if s.Items != nil {
		walk(s.Items, prefix, false, e, visit)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		child := s.Properties[name]
		if child.Value.Extensions["x-customer-skip"] == true {
			continue
		}
		leaf := property{
			wire: prefix + name, schema: child.Value, evidence: e.within(child.Value.Extensions),
			required: required && slices.Contains(s.Required, name),
		}
		for _, f := range customerFields(child.Value.Extensions) {
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

func writeCapabilities(provider string, caps customers.Capabilities) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, header, provider, provider)
	b.WriteString("import \"github.com/contract-first/customers\"\n\n")
	b.WriteString("func capabilities() customers.Capabilities {\nreturn customers.Capabilities{\n")
	fmt.Fprintf(&b, "Provider: %q,\nOperations: []customers.OperationCapability{\n", caps.Provider)
	for _, o := range caps.Operations {
		fmt.Fprintf(&b, "{\nOp: %q, ID: %q, Method: %q, Path: %q,\nEvidence: %q, Source: %q,\n", o.Op, o.ID, o.Method, o.Path, o.Evidence, o.Source)
		if len(o.Filters) > 0 {
			fmt.Fprintf(&b, "Filters: %#v,\n", o.Filters)
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
