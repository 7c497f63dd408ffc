package contract

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/contract/markup"
)

// XML returns what the bodies of all operations are in application/xml, as far as a request and its success have one.
// It fails where an operation has successes that differ. The result must not be changed.
func (s *Spec) XML() (markup.Operations, error) {
	var all markup.Operations
	for _, rt := range s.routes {
		for _, op := range rt.operations {
			in := markup.Operation{Method: op.Method, Path: op.Path, Request: op.body[mediaXML].root}
			for status, answer := range op.answers {
				root := answer.body[mediaXML].root
				switch {
				case root == nil || status[0] != '2':
				case in.Success != nil && !reflect.DeepEqual(in.Success, root):
					return nil, fmt.Errorf(
						"contract %s: %s %s: successes that differ in XML are not supported", s.provider, op.Method, op.Path)
				default:
					in.Success = root
				}
			}
			if in.Request != nil || in.Success != nil {
				all = append(all, in)
			}
		}
	}
	slices.SortFunc(all, func(a, b markup.Operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return all, nil
}

const mediaXML = "application/xml"

// newRoot makes the form of a body. It refuses what cannot be told apart in XML, or is not supported.
func newRoot(ref *openapi3.SchemaRef) (*markup.Root, error) {
	name := cmp.Or(keywords(ref.Value).Name, path.Base(ref.Ref))
	if name == "." {
		return nil, errors.New("the root element has no name: give the schema an xml.name")
	}
	e, err := elements{}.of(ref.Value)
	switch {
	case err != nil:
		return nil, err
	case e.Type == markup.Array && !e.Wrapped:
		return nil, errors.New("a list without xml.wrapped has no root element")
	}
	return &markup.Root{Name: name, Element: e}, nameable(name)
}

var nameOfXML = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}._-]*$`)

// nameable refuses what cannot stand in a tag.
func nameable(name string) error {
	if nameOfXML.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q is no name of an element: give the schema an xml.name", name)
}

// keywords are those in xml: of a schema, or of what stands alone in its allOf.
func keywords(s *openapi3.Schema) openapi3.XML {
	return *cmp.Or(s.XML, inner(s).XML, &openapi3.XML{})
}

// elements are those of all schemas of a body, each once.
type elements map[*openapi3.Schema]*markup.Element

func (all elements) of(s *openapi3.Schema) (*markup.Element, error) {
	if e := all[s]; e != nil {
		return e, nil
	}
	x := keywords(s)
	e := &markup.Element{Wrapped: x.Wrapped}
	all[s] = e // a schema may contain itself
	s = inner(s)
	switch extra := s.AdditionalProperties; {
	case x.Namespace != "" || x.Prefix != "":
		return nil, errors.New("namespaces are not supported")
	case slices.ContainsFunc(branches(s), declares):
		return nil, errors.New("properties in a part of a schema are not supported in XML")
	case extra.Schema != nil || extra.Has != nil && *extra.Has:
		return nil, errors.New("additionalProperties other than false are not supported in XML")
	case len(s.Properties) > 0:
		e.Type = markup.Object
	case len(s.Type.Slice()) == 1:
		e.Type = markup.Type(s.Type.Slice()[0])
	default:
		return nil, errors.New("a schema without type is not supported in XML")
	}
	var err error
	switch e.Type {
	case markup.Array:
		e.ItemName = keywords(s.Items.Value).Name
		if e.Items, err = all.of(s.Items.Value); err == nil && e.Items.Type == markup.Array && !e.Items.Wrapped {
			err = errors.New("a list of lists without xml.wrapped is not supported")
		}
		if err == nil && e.ItemName != "" {
			err = nameable(e.ItemName)
		}
	case markup.Object:
		for _, name := range ordered(s.Properties) {
			if err = all.add(e, name, s.Properties[name].Value); err != nil {
				return nil, fmt.Errorf("property %s: %w", name, err)
			}
		}
	}
	return e, err
}

// ordered lists properties by x-order, and by name where they have none or the same.
func ordered(properties openapi3.Schemas) []string {
	order := func(name string) float64 {
		n, _ := properties[name].Value.Extensions["x-order"].(float64)
		return n
	}
	names := slices.Sorted(maps.Keys(properties))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(order(a), order(b)) })
	return names
}

// add puts a property among the elements or attributes of an object.
func (all elements) add(object *markup.Element, property string, s *openapi3.Schema) error {
	e, err := all.of(s)
	if err != nil {
		return err
	}
	x := keywords(s)
	p := markup.Property{
		Name: property, XML: cmp.Or(x.Name, property), Attribute: x.Attribute, Element: e,
		Field: field(s), Unfed: s.Extensions["x-customer-skip"] == true,
	}
	if e.Type == markup.Array && !e.Wrapped {
		p.XML = cmp.Or(e.ItemName, property) // its own name has no effect
	}
	same := func(other markup.Property) bool { return other.XML == p.XML && other.Attribute == p.Attribute }
	switch {
	case slices.ContainsFunc(object.Properties, same):
		return fmt.Errorf("another one is written as %s too", p.XML)
	case p.Attribute && (e.Type == markup.Object || e.Type == markup.Array):
		return errors.New("an attribute cannot be an " + string(e.Type))
	}
	object.Properties = append(object.Properties, p)
	return nameable(p.XML)
}

// decodeXML reads an XML document as the JSON value that its schema describes, and appends to vs what has no place in
// one. It reports false if there is no value to go on with. Without a root it only makes sure that there is a document.
func decodeXML(vs []check.Violation, body []byte, root *markup.Root, names names) (document, []check.Violation, bool) {
	value, problems, ok := markup.Decode(body, root)
	for _, p := range problems {
		vs = add(vs, check.Violation{Pointer: names.pointer(p.Path), Rule: p.Rule, Bound: p.Bound})
	}
	return document{value: value, odd: true}, vs, ok
}
