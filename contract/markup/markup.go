// Package markup turns XML bodies into the JSON values that they stand for, and back.
//
// What stands for what, a contract says with the xml keywords of its schemas. Here that is plain data: [Root] is the form
// of one body, [Operations] are the bodies of an API. Package contract makes them from a document, generated code holds
// them as literals for programs that do without one.
//
// An empty element is an object without members, a list without items or an empty text; of a number or a boolean it is
// null. White space around numbers and booleans does not count (XML Schema, part 2, section 4.3.6), in texts it does.
// A boolean is true, false, 1 or 0, and is written 1 or 0. Of a document, DOCTYPE, processing instructions, other
// encodings than UTF-8 and elements nested more than 1000 deep are refused.
//
// Package contract and the generated code of a provider that speaks XML import it; a program does not have to.
package markup

// Root is the outermost element of a body.
type Root struct {
	Name    string
	Element *Element
}

// Element is how the values of a schema are written.
type Element struct {
	Type       Type
	Properties []Property // of an object, in the order in which they are written
	Items      *Element   // of an array
	ItemName   string     // of the elements of an array; "" is that of the array
	Wrapped    bool       // an array has an element of its own around its items
}

// Type is a type of JSON Schema.
type Type string

// The types of values.
const (
	Object  Type = "object"
	Array   Type = "array"
	String  Type = "string"
	Integer Type = "integer"
	Number  Type = "number"
	Boolean Type = "boolean"
)

// nests reports whether there are elements in it.
func (t Type) nests() bool { return t == Object || t == Array }

// Property is a member of an object.
type Property struct {
	Name      string // in JSON
	XML       string // of its element or attribute; of an array that is not wrapped, of each of its items
	Attribute bool
	Field     string // of the facade, that feeds it; "" where none does
	Unfed     bool   // the facade feeds nothing in it
	Element   *Element
}

// apart reports whether the items stand one by one among the elements of the object.
func (p Property) apart() bool { return p.Element.Type == Array && !p.Element.Wrapped }

// property is the one that an element or attribute is.
func (e *Element) property(name string, attribute bool) (p Property, ok bool) {
	for _, p := range e.Properties {
		if p.XML == name && p.Attribute == attribute {
			return p, true
		}
	}
	return Property{}, false
}
