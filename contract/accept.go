package contract

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/contract-first/customers/contract/check"
)

// acceptor recognizes values that surely keep a schema, as nearly all do that go over the wire. It finds no violations:
// what it does not accept is right or wrong, and kin-openapi decides, in ten times the time. So it need not know every
// keyword, as long as it accepts nothing where there is one that it does not know.
//
// Nil and the zero value accept nothing.
type acceptor struct {
	null  bool
	kinds kinds // of values that are not null
	// If there is one of these, nothing else is asked, so that no value is read twice.
	allOf *acceptor           // the only part
	oneOf map[kinds]*acceptor // branches of different kinds: a value can match one only

	text   textRules
	number numberRules
	array  arrayRules
	object objectRules
}

type textRules struct {
	free     bool  // there are none
	min, max int64 // characters
	enum     []string
	pattern  *regexp.Regexp
	format   string
}

type numberRules struct {
	integer  bool
	min, max *float64
	format   string
}

type arrayRules struct {
	min, max int64
	items    *acceptor
}

type objectRules struct {
	min, max   int64
	index      map[string]int // of the names in properties
	properties []*acceptor    // no more than there are bits in a set
	others     *acceptor      // additional properties
	required   set
	anyOf      []set // of these, if there are any, one is required too
}

// set is one of properties, by index.
type set uint64

// kinds are the types that the first byte of a value tells apart.
type kinds uint8

const (
	kindBoolean kinds = 1 << iota
	kindNumber
	kindString
	kindArray
	kindObject
	kindAny = kindBoolean | kindNumber | kindString | kindArray | kindObject
)

// kindsOf are the kinds that a type allows.
func kindsOf(types *openapi3.Types) kinds {
	switch {
	case types == nil:
		return kindAny
	case types.Is(openapi3.TypeBoolean):
		return kindBoolean
	case types.Is(openapi3.TypeInteger), types.Is(openapi3.TypeNumber):
		return kindNumber
	case types.Is(openapi3.TypeString):
		return kindString
	case types.Is(openapi3.TypeArray):
		return kindArray
	case types.Is(openapi3.TypeObject):
		return kindObject
	}
	return 0
}

// acceptors makes those for one direction, each once.
type acceptors struct {
	made     map[*openapi3.Schema]*acceptor
	foreign  func(*openapi3.Schema) bool // reports a property that belongs in the other direction only
	anything *acceptor
}

func newAcceptors(schemas []located, foreign func(*openapi3.Schema) bool) map[*openapi3.Schema]*acceptor {
	anything := &acceptor{null: true, kinds: kindAny, text: textRules{free: true}}
	anything.array = arrayRules{max: math.MaxInt64, items: anything}
	anything.object = objectRules{max: math.MaxInt64, others: anything}
	all := acceptors{made: map[*openapi3.Schema]*acceptor{}, foreign: foreign, anything: anything}
	for _, s := range schemas {
		all.of(s.Schema)
	}
	return all.made
}

func (all acceptors) of(s *openapi3.Schema) *acceptor {
	if a := all.made[s]; a != nil {
		return a
	}
	a := &acceptor{}
	all.made[s] = a // a schema may contain itself
	if made, ok := all.compile(s); ok {
		*a = made
	}
	return a
}

// compile reports false where a keyword, or the use that is made of it, is not known here.
func (all acceptors) compile(s *openapi3.Schema) (a acceptor, ok bool) {
	asked := *s // what of it is not dealt with yet
	asked.Extensions, asked.Origin, asked.Title, asked.Description, asked.ExternalDocs = nil, nil, "", "", nil
	asked.Default, asked.Example, asked.Deprecated, asked.XML = nil, nil, false, nil
	asked.ReadOnly, asked.WriteOnly = false, false // rules of the object that has the property
	asked.Nullable, asked.AllOf, asked.OneOf = false, nil, nil
	beside := !reflect.ValueOf(asked).IsZero()
	asked.Type, asked.Enum, asked.Format = nil, nil, ""
	asked.MinLength, asked.MaxLength, asked.Pattern = 0, nil, ""
	asked.Min, asked.Max = nil, nil
	asked.MinItems, asked.MaxItems, asked.Items = 0, nil, nil
	asked.MinProps, asked.MaxProps, asked.Properties, asked.Required = 0, nil, nil, nil
	asked.AdditionalProperties, asked.AnyOf = openapi3.AdditionalProperties{}, nil
	if !reflect.ValueOf(asked).IsZero() {
		return a, false
	}

	a.null, a.kinds = s.Nullable, kindsOf(s.Type)
	if len(s.AllOf)+len(s.OneOf) > 0 {
		return a, !beside && all.composed(&a, s)
	}

	a.text = textRules{min: int64(s.MinLength), max: most(s.MaxLength), format: s.Format}
	if len(s.Enum) > 0 { // other values than texts are left to kin-openapi
		a.kinds &= kindString
		a.text.enum = []string{}
	}
	for _, v := range s.Enum {
		if text, ok := v.(string); ok {
			a.text.enum = append(a.text.enum, text)
		}
	}
	if s.Pattern != "" {
		var err error
		// kin-openapi reads \u in its own way.
		if a.text.pattern, err = regexp.Compile(s.Pattern); err != nil || strings.Contains(s.Pattern, `\u`) {
			return a, false
		}
	}
	a.text.free = s.MinLength == 0 && s.MaxLength == nil && len(s.Enum) == 0 && s.Pattern == "" && s.Format == ""

	a.number = numberRules{integer: s.Type.Is(openapi3.TypeInteger), min: s.Min, max: s.Max, format: s.Format}

	a.array = arrayRules{min: int64(s.MinItems), max: most(s.MaxItems), items: all.anything}
	if s.Items != nil {
		a.array.items = all.of(s.Items.Value)
	}

	a.object, ok = all.objectRules(s)
	return a, ok
}

// composed reports false where a value would have to be read more than once.
func (all acceptors) composed(a *acceptor, s *openapi3.Schema) bool {
	if len(s.OneOf) == 0 {
		a.allOf = all.of(s.AllOf[0].Value)
		a.null = a.null || a.allOf.null
		return len(s.AllOf) == 1
	}
	a.oneOf = map[kinds]*acceptor{}
	for _, branch := range s.OneOf {
		k := kindsOf(branch.Value.Type)
		if branch.Value.Type == nil || a.oneOf[k] != nil {
			return false
		}
		a.oneOf[k] = all.of(branch.Value)
	}
	return len(s.AllOf) == 0
}

// most is an upper limit.
func most(n *uint64) int64 {
	if n == nil {
		return math.MaxInt64
	}
	return int64(*n)
}

func (all acceptors) objectRules(s *openapi3.Schema) (o objectRules, ok bool) {
	o = objectRules{min: int64(s.MinProps), max: most(s.MaxProps), index: map[string]int{}, others: all.anything}
	switch extra := s.AdditionalProperties; {
	case extra.Has != nil && !*extra.Has:
		o.others = nil
	case extra.Schema != nil:
		o.others = all.of(extra.Schema.Value)
	}
	add := func(name string, a *acceptor) {
		o.index[name] = len(o.properties)
		o.properties = append(o.properties, a)
	}
	for name, property := range s.Properties {
		if all.foreign(property.Value) {
			add(name, nil)
		} else {
			add(name, all.of(property.Value))
		}
	}
	bit := func(name string) set {
		if _, declared := o.index[name]; !declared {
			add(name, o.others)
		}
		return 1 << o.index[name]
	}
	for _, name := range s.Required {
		if p := s.Properties[name]; p == nil || !all.foreign(p.Value) {
			o.required |= bit(name)
		}
	}
	for _, branch := range s.AnyOf {
		asked := *branch.Value
		asked.Extensions, asked.Origin, asked.Title, asked.Description, asked.Required = nil, nil, "", "", nil
		if !reflect.ValueOf(asked).IsZero() {
			return o, false
		}
		var required set
		for _, name := range branch.Value.Required {
			required |= bit(name)
		}
		o.anyOf = append(o.anyOf, required)
	}
	return o, len(o.properties) <= 64
}

// value accepts a decoded value.
func (a *acceptor) value(v any) bool {
	if a == nil {
		return false
	}
	var k kinds
	switch v.(type) {
	case nil:
		return a.null
	case bool:
		k = kindBoolean
	case json.Number:
		k = kindNumber
	case string:
		k = kindString
	case []any:
		k = kindArray
	case map[string]any:
		k = kindObject
	}
	switch {
	case a.allOf != nil:
		return a.allOf.value(v)
	case a.oneOf != nil:
		return a.oneOf[k].value(v)
	case a.kinds&k == 0:
		return false
	}
	switch v := v.(type) {
	case json.Number:
		return a.number.accept(string(v))
	case string:
		return a.text.free || a.text.accept([]byte(v))
	case []any:
		for _, item := range v {
			if !a.array.items.value(item) {
				return false
			}
		}
		return a.array.accept(len(v))
	case map[string]any:
		var m members
		for name, member := range v {
			if !m.add(&a.object, []byte(name)).value(member) {
				return false
			}
		}
		return a.object.accept(m)
	}
	return true
}

func (r *textRules) accept(text []byte) bool {
	n := int64(utf8.RuneCount(text))
	return n >= r.min && n <= r.max &&
		(r.enum == nil || slices.ContainsFunc(r.enum, func(s string) bool { return s == string(text) })) &&
		(r.pattern == nil || r.pattern.Match(text)) &&
		(r.format == "" || check.IsFormat(string(text), r.format))
}

func (r *numberRules) accept(text string) bool {
	n, err := int64(0), error(nil)
	if r.integer {
		if n, err = strconv.ParseInt(text, 10, 64); err != nil || integerFormat(r.format).Validate(n) != nil {
			return false
		}
		if r.min == nil && r.max == nil {
			return true
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && (r.integer || numberFormat(r.format).Validate(f) == nil) &&
		(r.min == nil || f >= *r.min) && (r.max == nil || f <= *r.max)
}

func (r *arrayRules) accept(n int) bool { return int64(n) >= r.min && int64(n) <= r.max }

// members are what an object was found to have.
type members struct {
	n      int64
	seen   set
	others map[string]bool
}

// add returns what the next member must be; it accepts nothing if the name is not declared or there already.
func (m *members) add(r *objectRules, name []byte) *acceptor {
	m.n++
	i, ok := r.index[string(name)]
	switch {
	case ok && m.seen&(1<<i) != 0, m.others[string(name)]:
		return nil
	case ok:
		m.seen |= 1 << i
		return r.properties[i]
	}
	if m.others == nil {
		m.others = map[string]bool{}
	}
	m.others[string(name)] = true
	return r.others
}

func (r *objectRules) accept(m members) bool {
	return m.n >= r.min && m.n <= r.max && m.seen&r.required == r.required &&
		(r.anyOf == nil || slices.ContainsFunc(r.anyOf, func(s set) bool { return m.seen&s == s }))
}
