package markup

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"strconv"
	"strings"

	"github.com/contract-first/customers/contract/check"
)

// Encode writes a value as encoding/json decodes it, with [json.Number] for numbers. A member that is absent has no
// element, null is an empty one. The violations are what XML, or the form of the body, has no place for; then nothing is
// written.
func Encode(value any, root *Root) ([]byte, []check.Violation) {
	var e encoder
	e.element(check.At{}, root.Name, root.Element, value)
	if len(e.vs) > 0 {
		return nil, e.vs
	}
	return e.out.Bytes(), nil
}

type encoder struct {
	out   bytes.Buffer
	vs    []check.Violation
	unfed bool // by the facade, at the present place
}

func (e *encoder) breaks(at check.At, rule, bound string) {
	if e.unfed {
		at.Field = ""
	}
	e.vs = at.Break(e.vs, rule, bound)
}

// enter begins a member.
func (e *encoder) enter(p Property) (leave func()) {
	before := e.unfed
	e.unfed = before || p.Unfed
	return func() { e.unfed = before }
}

func (e *encoder) element(at check.At, name string, form *Element, value any) {
	e.out.WriteString("<" + name)
	object, ok := value.(map[string]any)
	if form.Type == Object && ok {
		for _, p := range form.Properties {
			if member, given := object[p.Name]; given && p.Attribute {
				leave := e.enter(p)
				e.out.WriteString(" " + p.XML + `="`)
				e.scalar(under(at, p), p.Element, member)
				e.out.WriteByte('"')
				leave()
			}
		}
	}
	opened := e.out.Len()
	e.out.WriteByte('>')
	switch list, isList := value.([]any); {
	case value == nil:
	case form.Type == Object && ok:
		e.members(at, form, object)
	case form.Type == Array && isList:
		e.items(at, cmp.Or(form.ItemName, name), form.Items, list)
	default:
		e.scalar(at, form, value)
	}
	if e.out.Len() == opened+1 {
		e.out.Truncate(opened)
		e.out.WriteString("/>")
		return
	}
	e.out.WriteString("</" + name + ">")
}

func (e *encoder) members(at check.At, form *Element, object map[string]any) {
	known := 0
	for _, p := range form.Properties {
		member, given := object[p.Name]
		if !given {
			continue
		}
		known++
		leave := e.enter(p)
		list, isList := member.([]any)
		switch {
		case p.Attribute:
		case p.apart() && isList:
			e.items(under(at, p), p.XML, p.Element.Items, list)
		case p.apart() && member == nil: // as without items
		default:
			e.element(under(at, p), p.XML, p.Element, member)
		}
		leave()
	}
	if known < len(object) {
		e.breaks(at, "additionalProperties", "false")
	}
}

func (e *encoder) items(at check.At, name string, form *Element, list []any) {
	for i, item := range list {
		e.element(check.At{Pointer: at.Pointer + "/" + strconv.Itoa(i), Field: at.Field}, name, form, item)
	}
}

func (e *encoder) scalar(at check.At, form *Element, value any) {
	switch v := value.(type) {
	case nil:
		return
	case string:
		switch {
		case form.Type != String:
			break
		case strings.ContainsFunc(v, unwritable):
			e.breaks(at, "xml", "characters that XML can hold")
			return
		default:
			_ = xml.EscapeText(&e.out, []byte(v)) // a buffer does not fail
			return
		}
	case json.Number:
		if form.Type == Integer || form.Type == Number {
			e.out.WriteString(v.String())
			return
		}
	case bool:
		if form.Type == Boolean {
			e.out.WriteByte(map[bool]byte{true: '1', false: '0'}[v])
			return
		}
	}
	e.breaks(at, "type", string(form.Type))
}

// unwritable reports whether XML 1.0 has no way to write a character (section 2.2).
func unwritable(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' || r == '\uffff'
}

// under is the place of a member.
func under(at check.At, p Property) check.At {
	return check.At{Pointer: at.Pointer + "/" + check.Token(p.Name), Field: cmp.Or(p.Field, at.Field)}
}
