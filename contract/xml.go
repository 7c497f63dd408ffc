package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
)

// markup is how the values of a schema are written in XML.
type markup struct {
	schema     *openapi3.Schema
	typ        string            // of the schema
	elements   map[string]member // of an object, by name
	attributes map[string]member
	items      *markup // of an array
	itemName   string  // "" is that of the array
	wrapped    bool    // an array has an element of its own around its items
}

// nests reports whether there are elements in it.
func (m *markup) nests() bool { return m.typ == openapi3.TypeObject || m.typ == openapi3.TypeArray }

// member is a property of an object, in an element or attribute that may have another name.
type member struct {
	property string
	*markup
}

// root is the outermost element of a body.
type root struct {
	name string
	*markup
}

// newRoot makes the markup of a body. It refuses what cannot be told apart in XML, or is not supported.
func newRoot(ref *openapi3.SchemaRef) (*root, error) {
	name := cmp.Or(keywords(ref.Value).Name, path.Base(ref.Ref))
	if name == "." {
		return nil, errors.New("the root element has no name: give the schema an xml.name")
	}
	m, err := markups{}.of(ref.Value)
	if err != nil {
		return nil, err
	}
	if m.typ == openapi3.TypeArray && !m.wrapped {
		return nil, errors.New("a list without xml.wrapped has no root element")
	}
	return &root{name, m}, nil
}

// keywords are those in xml: of a schema, or of what stands alone in its allOf.
func keywords(s *openapi3.Schema) openapi3.XML {
	return *cmp.Or(s.XML, inner(s).XML, &openapi3.XML{})
}

// markups are those of all schemas of a body, each once.
type markups map[*openapi3.Schema]*markup

func (all markups) of(s *openapi3.Schema) (*markup, error) {
	if m := all[s]; m != nil {
		return m, nil
	}
	x := keywords(s)
	m := &markup{wrapped: x.Wrapped}
	all[s] = m // a schema may contain itself
	s = inner(s)
	m.schema = s
	switch extra := s.AdditionalProperties; {
	case x.Namespace != "" || x.Prefix != "":
		return nil, errors.New("namespaces are not supported")
	case slices.ContainsFunc(branches(s), declares):
		return nil, errors.New("properties in a part of a schema are not supported in XML")
	case extra.Schema != nil || extra.Has != nil && *extra.Has:
		return nil, errors.New("additionalProperties other than false are not supported in XML")
	case len(s.Properties) > 0:
		m.typ = openapi3.TypeObject
	case len(s.Type.Slice()) == 1:
		m.typ = s.Type.Slice()[0]
	default:
		return nil, errors.New("a schema without type is not supported in XML")
	}
	var err error
	switch m.typ {
	case openapi3.TypeArray:
		m.itemName = keywords(s.Items.Value).Name
		if m.items, err = all.of(s.Items.Value); err == nil && m.items.typ == openapi3.TypeArray && !m.items.wrapped {
			err = errors.New("a list of lists without xml.wrapped is not supported")
		}
	case openapi3.TypeObject:
		m.elements, m.attributes = map[string]member{}, map[string]member{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if err = all.add(m, name, s.Properties[name].Value); err != nil {
				return nil, fmt.Errorf("property %s: %w", name, err)
			}
		}
	}
	return m, err
}

// add puts a property among the elements or attributes of an object.
func (all markups) add(object *markup, property string, s *openapi3.Schema) error {
	m, err := all.of(s)
	if err != nil {
		return err
	}
	x, into := keywords(s), object.elements
	name := cmp.Or(x.Name, property)
	switch {
	case m.typ == openapi3.TypeArray && !m.wrapped:
		name = cmp.Or(m.itemName, property) // its own name has no effect
	case x.Attribute:
		into = object.attributes
	}
	switch _, taken := into[name]; {
	case taken:
		return fmt.Errorf("another one is written as %s too", name)
	case x.Attribute && m.nests():
		return errors.New("an attribute cannot be an " + m.typ)
	}
	into[name] = member{property, m}
	return nil
}

// decodeXML reads an XML document as the JSON value that its schema describes, and appends to vs what has no place in
// one. It reports false if there is no value to go on with. Without a root it only makes sure that there is a document.
func decodeXML(vs []check.Violation, body []byte, root *root, names names) (document, []check.Violation, bool) {
	d := xmlDecoder{walk: walk{names: names, vs: vs}}
	d.Decoder = xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errUTF8 }
	value, err := any(nil), error(errUTF8)
	if utf8.Valid(body) {
		value, err = d.document(root)
	}
	if err != nil {
		return document{}, append(d.vs, check.Violation{Rule: "xml", Bound: reason(err)}), false
	}
	return document{value: value, odd: d.odd}, d.vs, value != nil
}

// xmlDecoder walks through the tokens of one document.
type xmlDecoder struct {
	*xml.Decoder
	walk
	begun bool
	open  []xml.Name
}

// token returns the next start or end of an element, or text, and [io.EOF] only where a document may end. Names are as
// they were sent: a prefix is no namespace yet.
func (d *xmlDecoder) token() (xml.Token, error) {
	for {
		t, err := d.RawToken()
		first := !d.begun
		d.begun = true
		switch t := t.(type) {
		case nil:
			if err == io.EOF && len(d.open) > 0 {
				return nil, errSyntax
			}
			return nil, err
		case xml.StartElement:
			if len(d.open) == maxDepth {
				return nil, errDepth
			}
			d.open = append(d.open, t.Name)
			return t, nil
		case xml.EndElement:
			last := len(d.open) - 1
			if last < 0 || d.open[last] != t.Name {
				return nil, errSyntax
			}
			d.open = d.open[:last]
			return t, nil
		case xml.CharData:
			return t, nil
		case xml.Directive:
			return nil, breach("no DOCTYPE") // what it can declare is at best unused, at worst a bomb
		case xml.ProcInst:
			if t.Target != "xml" || !first {
				return nil, breach("no processing instructions")
			}
		}
	}
}

// skip reads to the end of the innermost element that is open.
func (d *xmlDecoder) skip() error {
	for depth := len(d.open); len(d.open) >= depth; {
		if _, err := d.token(); err != nil {
			return err
		}
	}
	return nil
}

// document reads everything. The value is nil if the root is not the one that is declared.
func (d *xmlDecoder) document(root *root) (value any, err error) {
	for found := false; ; {
		t, err := d.token()
		switch {
		case err == io.EOF && found:
			return value, nil
		case err != nil:
			return nil, err
		}
		switch t := t.(type) {
		case xml.CharData:
			if !blank(t) {
				d.breaks("xml", "one element")
			}
		case xml.StartElement:
			switch {
			case found:
				d.breaks("xml", "one element")
				err = d.skip()
			case root == nil:
				err = d.skip()
			case t.Name.Local != root.name || t.Name.Space != "":
				d.breaks("xml", "element "+root.name)
				err = d.skip()
			default:
				value, err = d.element(t, root.markup)
			}
			if err != nil {
				return nil, err
			}
			found = true
		}
	}
}

// element is one that is being read.
type element struct {
	*markup
	name    string
	members map[string]any // of an object, by property
	list    []any          // of an array
	text    []byte
	nested  bool            // there are elements in it
	refused map[string]bool // names: each is told once
}

// element reads the rest of an element.
func (d *xmlDecoder) element(start xml.StartElement, m *markup) (any, error) {
	e := &element{markup: m, name: start.Name.Local, members: map[string]any{}, list: []any{}}
	for _, a := range start.Attr {
		d.attribute(e, a)
	}
	for {
		t, err := d.token()
		switch t := t.(type) {
		case xml.CharData:
			e.text = append(e.text, t...)
		case xml.StartElement:
			e.nested = true
			err = d.child(e, t)
		case xml.EndElement:
			return d.value(e), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (d *xmlDecoder) attribute(e *element, a xml.Attr) {
	m, ok := e.attributes[a.Name.Local]
	switch {
	case a.Name.Space == "xmlns", a.Name == xml.Name{Local: "xmlns"}:
		d.breaks("xml", "no namespaces")
	case !ok || a.Name.Space != "":
		d.refuse(e, a.Name)
	default:
		d.path = append(d.path, m.property)
		d.set(e.members, m.property, d.scalar(m.markup, a.Value), "xml")
		d.path = d.path[:len(d.path)-1]
	}
}

// child reads an element in e. What is in one that is not declared is not looked into.
func (d *xmlDecoder) child(e *element, start xml.StartElement) (err error) {
	depth := len(d.path)
	defer func() { d.path = d.path[:depth] }()

	var value any
	m, ok := e.elements[start.Name.Local]
	switch {
	case start.Name.Space != "":
		ok = false
	case e.typ == openapi3.TypeArray && start.Name.Local == cmp.Or(e.itemName, e.name):
		d.path = append(d.path, strconv.Itoa(len(e.list)))
		value, err = d.element(start, e.items)
		e.list = append(e.list, value)
		return err
	}
	switch {
	case !ok:
		if e.nests() { // else the value is no text, which is enough
			d.refuse(e, start.Name)
		}
		err = d.skip()
	case m.typ == openapi3.TypeArray && !m.wrapped:
		list, _ := e.members[m.property].([]any)
		d.path = append(d.path, m.property, strconv.Itoa(len(list)))
		value, err = d.element(start, m.items)
		e.members[m.property] = append(list, value)
	default:
		d.path = append(d.path, m.property)
		value, err = d.element(start, m.markup)
		d.set(e.members, m.property, value, "xml")
	}
	return err
}

// refuse tells of an element or attribute that is not declared.
func (d *xmlDecoder) refuse(e *element, name xml.Name) {
	full := name.Local
	if name.Space != "" {
		full = name.Space + ":" + name.Local
	}
	if e.refused[full] {
		return
	}
	if e.refused == nil {
		e.refused = map[string]bool{}
	}
	e.refused[full] = true
	d.path = append(d.path, full)
	d.breaks("additionalProperties", "false")
	d.path = d.path[:len(d.path)-1]
}

// value is what was read. Text where elements belong, and elements where text belongs, become what the schema refuses.
func (d *xmlDecoder) value(e *element) any {
	switch {
	case !e.nests():
		if e.nested {
			return e.members
		}
		return d.scalar(e.markup, string(e.text))
	case !blank(e.text):
		return string(e.text)
	case e.typ == openapi3.TypeArray:
		return e.list
	}
	return e.members
}

// scalar reads a text as what the schema asks for, a boolean also from 1 and 0.
func (d *xmlDecoder) scalar(m *markup, text string) any {
	if m.typ == openapi3.TypeBoolean && (text == "1" || text == "0") {
		return text == "1"
	}
	value := scalar(m.schema, text)
	if n, ok := value.(json.Number); ok {
		d.odd = d.odd || !isInteger(n)
	}
	return value
}

// blank reports whether a text is white space as XML has it.
func blank(text []byte) bool { return len(bytes.Trim(text, " \t\r\n")) == 0 }
