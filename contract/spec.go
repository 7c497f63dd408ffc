// Package contract holds raw HTTP requests and answers against an OpenAPI 3.0 document, strictly.
//
// [Load] reads one of the contracts in package specs; [Spec.CheckRequest] and [Spec.CheckResponse] tell every rule that
// an exchange breaks, in a stable order. Nothing is rewritten and no default is filled in. [RoundTripper] does it to all
// that a program sends and gets.
//
// kin-openapi is what judges by the schemas; nearly all that is right is recognized without it, in a tenth of the time.
// This package closes what it leaves open and gives up its error texts, which quote values. Beside the keywords of a schema ("required", "minLength", …) these rules can be broken:
//
//	rule                  place                       bound
//	paths                 path                        (no path of the contract matches)
//	method                path                        the methods of the path
//	parameters            query/<name>                (undeclared, or not to be read)
//	required              query/…, header/…, body     (missing; the whole body is the place "")
//	maxItems              query/…, header/…           1 (given more than once)
//	security              header/<name>, query/<name> the scheme: basic, bearer, apiKey
//	responses             status/<code>               the declared statuses
//	content               header/Content-Type         the declared media types
//	body                  body                        none (bytes where no body is declared)
//	maxBytes              body                        what a RoundTripper reads at most (there is more to be looked into)
//	maxViolations         body                        100 (there is more that is wrong with the message)
//	json                  body, or a pointer          UTF-8, syntax, one value, unique names, depth 1000
//	xml                   body, or a pointer          UTF-8, syntax, one element, element <root>, unique names, depth 1000,
//	                                                  no DOCTYPE, no processing instructions, no namespaces
//	additionalProperties  a pointer                   false
//	type                  a pointer                   integer (also for 1e9 and 1.0)
//	format                a pointer                   int64 (any integer that does not fit)
//	nullable              a pointer                   false
//
// A violation never holds a value. A property's name in a pointer is as it stands in the contract or, if it is not
// declared, as it was sent; one that does not look like a name (an e-mail address, an id, a sentence) is written as "*".
//
// Of a message that breaks more than 100 rules the first 100 that are found are told, the same ones each time, and
// maxViolations beside them.
//
// An XML body is read as the JSON value that its schema and the schema's xml keywords describe, and its places are told
// as in that value: /billing_addresses/0/city, whatever the elements are called. What stands for what is told in package
// markup. A property that refers to a schema with an xml.name goes by that name.
//
// Bodies of other media types are not looked into, nor is XML that a range of media types allows, so long as it is well
// formed. A response that declares no content has no body; one that may have any body or none declares the content "*/*"
// without a schema.
//
// Programs import it to hold traffic against a contract, and so do the sandbox and package drift; no adapter does, because
// kin-openapi comes with it.
package contract

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/specs"
)

// Spec is a contract, made ready for checking. It is safe for concurrent use.
type Spec struct {
	provider string
	doc      *openapi3.T
	base     string // path of the server, without a slash at its end; "" where the paths hold it themselves
	routes   []route
	names    names
	request  reading
	response reading
}

// Load reads the contract of a provider from package specs. It parses anew with each call: keep the Spec.
func Load(provider string) (*Spec, error) {
	yaml, err := specs.FS.ReadFile(provider + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("contract %q of package specs: %w", provider, err)
	}
	return Parse(provider, yaml)
}

// Parse reads a contract from an OpenAPI 3.0 document in YAML or JSON. The provider names it in errors.
//
// The document is checked, its examples are not. What could not be held strictly is refused: other versions of OpenAPI,
// references to other files, parameters that are objects or have content, cookies, media types with parameters, objects
// whose properties are declared in several places that apply together, a schema composed of itself; in XML also
// namespaces, a root without a name, names that no element can have, a schema without a type, and additionalProperties
// other than false.
//
// Only the first server counts, and of it only the path. It stands before each declared path, unless a declared path
// already begins with it: vendors give their version (/v1) in either place.
func Parse(provider string, yaml []byte) (*Spec, error) {
	s, err := parse(yaml)
	if err != nil {
		return nil, fmt.Errorf("contract %s: %w", provider, err)
	}
	s.provider = provider
	return s, nil
}

// Provider is the name that the contract was loaded or parsed with.
func (s *Spec) Provider() string { return s.provider }

func parse(yaml []byte) (*Spec, error) {
	doc, err := openapi3.NewLoader().LoadFromData(yaml)
	if err != nil {
		return nil, err
	}
	// kin-openapi checks 3.1 with another engine, which compiles each schema at each use and quotes values.
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		return nil, fmt.Errorf("openapi %q: only 3.0 is supported", doc.OpenAPI)
	}
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return nil, err
	}

	s := &Spec{doc: doc, names: names{}}
	if s.base, err = basePath(doc); err != nil {
		return nil, err
	}
	schemas, err := allSchemas(doc)
	if err != nil {
		return nil, err
	}
	if err := closeObjects(schemas); err != nil {
		return nil, err
	}
	for _, schema := range schemas {
		for name := range schema.Properties {
			s.names[name] = true
		}
	}
	s.request, s.response = newReadings(schemas, s.names)

	for template, item := range doc.Paths.Map() {
		rt, err := newRoute(template)
		if err != nil {
			return nil, err
		}
		for method, op := range item.Operations() {
			o, err := newOperation(doc, item, op)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, template, err)
			}
			o.Operation = Operation{ID: op.OperationID, Method: method, Path: template}
			for _, p := range o.params {
				s.names[p.name] = true
			}
			rt.operations[method] = o
		}
		s.routes = append(s.routes, rt)
	}
	slices.SortFunc(s.routes, route.compare)
	return s, nil
}

// basePath is the path of the first server, or "" if the declared paths hold it already.
func basePath(doc *openapi3.T) (string, error) {
	base, err := doc.Servers.BasePath()
	if err != nil {
		return "", fmt.Errorf("server: %w", err)
	}
	base = strings.TrimSuffix(base, "/")
	for template := range doc.Paths.Map() {
		if template == base || strings.HasPrefix(template, base+"/") {
			return "", nil
		}
	}
	return base, nil
}

// operation is one operation with everything that a check needs of it, looked up once.
type operation struct {
	Operation
	params   []parameter // in path, query and header
	query    map[string]struct{}
	security [][]credential // one of these, and all of its members; none is no security
	needBody bool
	body     media
	answers  map[string]answer // by status, as the contract writes it
	statuses string            // the declared ones, for bounds
}

// answer is one declared response.
type answer struct {
	headers []parameter
	body    media
}

func newOperation(doc *openapi3.T, item *openapi3.PathItem, op *openapi3.Operation) (*operation, error) {
	o := &operation{query: map[string]struct{}{}, answers: map[string]answer{}}

	for _, ref := range item.Parameters {
		// One of the operation overrides one of the path.
		if op.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			if err := o.addParameter(ref.Value); err != nil {
				return nil, err
			}
		}
	}
	for _, ref := range op.Parameters {
		if err := o.addParameter(ref.Value); err != nil {
			return nil, err
		}
	}

	var err error
	if o.security, err = credentials(doc, op); err != nil {
		return nil, err
	}
	for _, all := range o.security {
		for _, c := range all {
			if c.in == openapi3.ParameterInQuery {
				o.query[c.name] = struct{}{}
			}
		}
	}

	if op.RequestBody != nil {
		o.needBody = op.RequestBody.Value.Required
		if o.body, err = newMedia(op.RequestBody.Value.Content); err != nil {
			return nil, err
		}
	}

	for status, ref := range op.Responses.Map() {
		var a answer
		if a.body, err = newMedia(ref.Value.Content); err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(ref.Value.Headers)) {
			h := ref.Value.Headers[name].Value.Parameter // OpenAPI keeps the name outside, and the place goes without saying
			h.Name, h.In = name, openapi3.ParameterInHeader
			p, err := newParameter(&h)
			if err != nil {
				return nil, err
			}
			if !ignoredHeader(name) {
				a.headers = append(a.headers, p)
			}
		}
		o.answers[status] = a
	}
	o.statuses = strings.Join(slices.Sorted(maps.Keys(o.answers)), " or ")
	return o, nil
}

func (o *operation) addParameter(declared *openapi3.Parameter) error {
	p, err := newParameter(declared)
	if err != nil {
		return err
	}
	if p.in == openapi3.ParameterInHeader && ignoredHeader(p.name) {
		return nil
	}
	if p.in == openapi3.ParameterInQuery {
		o.query[p.name] = struct{}{}
	}
	o.params = append(o.params, p)
	return nil
}

// answer is the declared response for a status, and how it is declared: as its own, that of its class (4XX), or the
// default.
func (o *operation) answer(status int) (declared string, a answer, ok bool) {
	declared = strconv.Itoa(status)
	if a, ok = o.answers[declared]; !ok && len(declared) == 3 {
		declared = declared[:1] + "XX"
		a, ok = o.answers[declared]
	}
	if !ok {
		declared = "default"
		a, ok = o.answers[declared]
	}
	return declared, a, ok
}
