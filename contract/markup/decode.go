package markup

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep elements may be nested: much deeper than any contract, but not deep enough to exhaust the stack.
const maxDepth = 1000

// maxTold is how many problems of a kind are told: each has a path as long as its way down. A fatal one is told once.
const maxTold = 100

// Problem is what has no place in the value of a document. It holds names, but no values.
type Problem struct {
	Path  []string // names and indexes of JSON down to the place, empty for the whole document
	Rule  string   // xml or additionalProperties
	Bound string
	effect
}

// effect is what a problem means for whoever has to make do with the value.
type effect int

const (
	none  effect = iota // the value is what the document says
	loss                // the document says more
	fatal               // it is not the document that it should be
)

// kind is what problems have in common, wherever they are.
type kind struct {
	effect
	rule, bound string
}

// breach is why a document cannot be read.
type breach string

const (
	errDepth  breach = "depth 1000"
	errSyntax breach = "syntax"
	errUTF8   breach = "UTF-8"
)

func (b breach) Error() string { return string(b) }

// Decode reads a document as the value that its root describes: nil, bool, [json.Number], string, []any or
// map[string]any. What it cannot be read as stays a text. The problems are what has no place in the value; ok is false
// if there is none to go on with. Without a root it only makes sure that there is a document.
func Decode(body []byte, root *Root) (value any, problems []Problem, ok bool) {
	d, value, ok := decode(body, root)
	return value, d.problems, ok
}

func decode(body []byte, root *Root) (d *decoder, value any, ok bool) {
	d = &decoder{}
	err := error(errUTF8)
	if utf8.Valid(body) {
		text := strings.TrimPrefix(string(body), "\ufeff")
		d.tokens = newPlain(text)
		if value, ok, err = d.document(root); errors.Is(err, errNotPlain) {
			d = &decoder{tokens: newFull(text)}
			value, ok, err = d.document(root)
		}
	}
	if err != nil {
		b := errSyntax // all that the library finds
		errors.As(err, &b)
		d.path = nil
		d.breaks(fatal, "xml", string(b))
		return d, nil, false
	}
	return d, value, ok
}

// decoder walks through the tokens of one document.
type decoder struct {
	tokens   tokens
	open     []xml.Name
	path     []string // names and indexes down to the present place
	problems []Problem
	told     map[kind]int
	root     string // name of the outermost element
}

// breaks adds a problem of the present place, unless enough of its kind are told.
func (d *decoder) breaks(means effect, rule, bound string) {
	of := kind{means, rule, bound}
	if d.told == nil {
		d.told = map[kind]int{}
	}
	if d.told[of]++; d.told[of] > maxTold || means == fatal && d.told[of] > 1 {
		return
	}
	path := append([]string(nil), d.path...)
	d.problems = append(d.problems, Problem{Path: path, Rule: rule, Bound: bound, effect: means})
}

// token returns the next start or end of an element, or text, and [io.EOF] only where a document may end.
func (d *decoder) token() (token, error) {
	t, err := d.tokens.next()
	last := len(d.open) - 1
	switch {
	case err == io.EOF && last >= 0:
		return t, errSyntax
	case err != nil || t.kind == text:
		return t, err
	case t.kind == start && len(d.open) == maxDepth:
		return t, errDepth
	case t.kind == start:
		d.open = append(d.open, t.name)
	case last < 0 || d.open[last] != t.name:
		return t, errSyntax
	default:
		d.open = d.open[:last]
	}
	return t, nil
}

// skip reads to the end of the innermost element that is open.
func (d *decoder) skip() error {
	for depth := len(d.open); len(d.open) >= depth; {
		if _, err := d.token(); err != nil {
			return err
		}
	}
	return nil
}

// document reads everything. It reports false if the root is not the one that is declared.
func (d *decoder) document(root *Root) (value any, ok bool, err error) {
	for found := false; ; {
		t, err := d.token()
		switch {
		case err == io.EOF && found:
			return value, ok, nil
		case err != nil:
			return nil, false, err
		}
		switch t.kind {
		case text:
			if trim(t.text) != "" {
				d.breaks(fatal, "xml", "one element")
			}
		case start:
			switch {
			case found:
				d.breaks(fatal, "xml", "one element")
				err = d.skip()
			case root == nil:
				err = d.skip()
			case t.name.Local != root.Name || t.name.Space != "":
				d.breaks(fatal, "xml", "element "+root.Name)
				err = d.skip()
			default:
				ok = true
				value, err = d.element(t, root.Element)
			}
			if err != nil {
				return nil, false, err
			}
			if !found {
				d.root = t.name.Local
			}
			found = true
		}
	}
}

// element is one that is being read.
type element struct {
	*Element
	name    string
	members map[string]any  // of an object, by property
	list    []any           // of an array
	text    string          // the first one
	more    []byte          // those after elements and the like
	nested  bool            // there are elements in it
	refused map[string]bool // names: each is told once
}

// element reads the rest of an element.
func (d *decoder) element(begin token, form *Element) (any, error) {
	e := &element{Element: form, name: begin.name.Local}
	for _, a := range begin.attributes {
		d.attribute(e, a)
	}
	for {
		t, err := d.token()
		switch {
		case err != nil:
		case t.kind == text:
			if e.text == "" {
				e.text = t.text
			} else {
				e.more = append(e.more, t.text...)
			}
		case t.kind == start:
			e.nested = true
			err = d.child(e, t)
		default:
			return e.value(), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (d *decoder) attribute(e *element, a xml.Attr) {
	p, ok := e.property(a.Name.Local, true)
	switch {
	case a.Name == xml.Name{Local: "xmlns"}:
		d.breaks(fatal, "xml", "no namespaces") // the elements are none of those that are declared
	case a.Name.Space == "xmlns":
		d.breaks(none, "xml", "no namespaces")
	case !ok || a.Name.Space != "":
		d.refuse(e, a.Name)
	default:
		d.path = append(d.path, p.Name)
		d.set(e, p.Name, p.Element.scalar(a.Value))
		d.path = d.path[:len(d.path)-1]
	}
}

// set gives an object the member at the present place, also if it has one of that name already.
func (d *decoder) set(e *element, name string, value any) {
	if _, twice := e.members[name]; twice {
		d.breaks(loss, "xml", "unique names")
	}
	e.set(name, value)
}

func (e *element) set(name string, value any) {
	if e.members == nil {
		e.members = map[string]any{}
	}
	e.members[name] = value
}

// child reads an element in e. What is in one that is not declared is not looked into.
func (d *decoder) child(e *element, begin token) (err error) {
	depth := len(d.path)
	defer func() { d.path = d.path[:depth] }()

	var value any
	p, ok := e.property(begin.name.Local, false)
	switch {
	case begin.name.Space != "":
		ok = false
	case e.Type == Array && begin.name.Local == cmp.Or(e.ItemName, e.name):
		d.path = append(d.path, strconv.Itoa(len(e.list)))
		value, err = d.element(begin, e.Items)
		e.list = append(e.list, value)
		return err
	}
	switch {
	case !ok:
		if e.Type.nests() { // else the value is no text, which is enough
			d.refuse(e, begin.name)
		}
		err = d.skip()
	case p.apart():
		list, _ := e.members[p.Name].([]any)
		d.path = append(d.path, p.Name, strconv.Itoa(len(list)))
		value, err = d.element(begin, p.Element.Items)
		e.set(p.Name, append(list, value))
	default:
		d.path = append(d.path, p.Name)
		value, err = d.element(begin, p.Element)
		d.set(e, p.Name, value)
	}
	return err
}

// refuse tells of an element or attribute that is not declared.
func (d *decoder) refuse(e *element, name xml.Name) {
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
	d.breaks(loss, "additionalProperties", "false")
	d.path = d.path[:len(d.path)-1]
}

// value is what was read. Text where elements belong, and elements where text belongs, become what the schema refuses.
func (e *element) value() any {
	text := e.text + string(e.more)
	switch {
	case !e.Type.nests() && !e.nested:
		return e.scalar(text)
	case e.Type.nests() && trim(text) != "":
		return text
	case e.Type == Array && e.list == nil:
		return []any{}
	case e.Type == Array:
		return e.list
	case e.members == nil:
		return map[string]any{}
	}
	return e.members
}

// scalar reads a text as what the schema asks for.
func (e *Element) scalar(raw string) any {
	text := trim(raw)
	switch {
	case e.Type == String:
		return raw
	case text == "":
		return nil
	case e.Type == Boolean:
		switch text {
		case "true", "1":
			return true
		case "false", "0":
			return false
		}
	case (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text)):
		return json.Number(text)
	}
	return text
}

// trim takes away white space as XML has it.
func trim(text string) string { return strings.Trim(text, " \t\r\n") }
