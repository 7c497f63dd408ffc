package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/contract-first/customers/contract/check"
)

// maxDepth is how deep arrays and objects may be nested: much deeper than any contract, but not deep enough to exhaust
// the stack.
const maxDepth = 1000

// breach is why a body cannot be read: the bound of a violation.
type breach string

const (
	errDepth  breach = "depth 1000"
	errSyntax breach = "syntax"
	errUTF8   breach = "UTF-8"
)

func (b breach) Error() string { return string(b) }

// reason is the breach in err; all that a library finds is one of syntax.
func reason(err error) string {
	b := errSyntax
	errors.As(err, &b)
	return string(b)
}

// document is one decoded value, as JSON has it.
type document struct {
	value any  // nil, bool, json.Number, string, []any or map[string]any
	odd   bool // some number in it is no int64
}

// decode reads one JSON value and appends to vs what encoding/json would forgive: bytes that are not UTF-8, a name that
// an object has twice, anything after the value. It reports false if there is no value to go on with.
func decode(vs []check.Violation, body []byte, names names) (document, []check.Violation, bool) {
	d := decoder{Decoder: json.NewDecoder(bytes.NewReader(body)), names: names, vs: vs}
	d.UseNumber()
	value, err := any(nil), error(errUTF8)
	if utf8.Valid(body) { // the decoder would put other characters in their place, and so have another value checked
		value, err = d.next()
	}
	if err != nil {
		return document{}, append(d.vs, check.Violation{Rule: "json", Bound: reason(err)}), false
	}
	if len(bytes.TrimLeft(body[d.InputOffset():], " \t\r\n")) > 0 {
		d.vs = append(d.vs, check.Violation{Rule: "json", Bound: "one value"})
	}
	return document{value: value, odd: d.odd}, d.vs, true
}

// decoder walks through the tokens of one value.
type decoder struct {
	*json.Decoder
	names names
	path  []string // names and indexes down to the present place
	vs    []check.Violation
	odd   bool
}

// set gives an object the member at the present place, also if it has one of that name already.
func (d *decoder) set(members map[string]any, name string, value any) {
	if _, twice := members[name]; twice && !enough(d.vs) { // each has a pointer as long as its way down
		d.vs = add(d.vs, check.Violation{Pointer: d.names.pointer(d.path), Rule: "json", Bound: "unique names"})
	}
	members[name] = value
}

// next reads the next value.
func (d *decoder) next() (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if len(d.path) == maxDepth {
			return nil, errDepth
		}
		if t == '[' {
			return d.array()
		}
		return d.object()
	case json.Number:
		d.odd = d.odd || !isInteger(t)
	}
	return t, nil
}

func (d *decoder) array() (any, error) {
	items := []any{}
	for d.More() {
		d.path = append(d.path, strconv.Itoa(len(items)))
		item, err := d.next()
		if err != nil {
			return nil, err
		}
		d.path = d.path[:len(d.path)-1]
		items = append(items, item)
	}
	_, err := d.Token() // the bracket
	return items, err
}

func (d *decoder) object() (any, error) {
	members := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("a name is no string")
		}
		d.path = append(d.path, name)
		value, err := d.next()
		if err != nil {
			return nil, err
		}
		d.set(members, name, value)
		d.path = d.path[:len(d.path)-1]
	}
	_, err := d.Token() // the brace
	return members, err
}

// isInteger reports whether a number of JSON is written as an integer and fits int64.
func isInteger(n json.Number) bool {
	_, err := strconv.ParseInt(string(n), 10, 64)
	return err == nil
}
