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

// maxRepeated is how many repeated names are told: each has a pointer as long as its way down.
const maxRepeated = 100

var errDepth = errors.New("nested too deeply")

// document is one decoded JSON value.
type document struct {
	value any  // nil, bool, json.Number, string, []any or map[string]any
	odd   bool // some number in it is no int64
}

// decode reads one JSON value and appends to vs what encoding/json would forgive: bytes that are not UTF-8, a name that
// an object has twice, anything after the value. It reports false if there is no value to go on with.
func decode(vs []check.Violation, body []byte, names names) (document, []check.Violation, bool) {
	if !utf8.Valid(body) {
		// The decoder would put other characters in their place, and so have another value checked.
		return document{}, append(vs, check.Violation{Rule: "json", Bound: "UTF-8"}), false
	}
	d := decoder{Decoder: json.NewDecoder(bytes.NewReader(body)), names: names, vs: vs}
	d.UseNumber()
	value, err := d.next()
	switch {
	case errors.Is(err, errDepth):
		return document{}, append(d.vs, check.Violation{Rule: "json", Bound: "depth " + strconv.Itoa(maxDepth)}), false
	case err != nil:
		return document{}, append(d.vs, check.Violation{Rule: "json", Bound: "syntax"}), false
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

	repeated int // names
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
		if _, twice := members[name]; twice && d.repeated < maxRepeated {
			d.repeated++
			d.vs = append(d.vs, check.Violation{Pointer: d.names.pointer(d.path), Rule: "json", Bound: "unique names"})
		}
		if members[name], err = d.next(); err != nil {
			return nil, err
		}
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
