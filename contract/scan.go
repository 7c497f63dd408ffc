package contract

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// json accepts a body that is one JSON value. It reads it once, and takes nothing that decode would tell of: bytes that
// are not UTF-8, a name twice, anything after the value, more than maxDepth.
func (a *acceptor) json(body []byte) bool {
	if a == nil || !utf8.Valid(body) {
		return false
	}
	s := scanner{text: body}
	if !s.value(a) {
		return false
	}
	s.next()
	return s.at == len(s.text)
}

// scanner goes through the bytes of one JSON value (RFC 8259).
type scanner struct {
	text  []byte
	at    int
	depth int
}

// next skips white space and returns the byte that is at, 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// skip goes beyond a byte, if it is the next one.
func (s *scanner) skip(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) word(w string) bool {
	if !bytes.HasPrefix(s.text[s.at:], []byte(w)) {
		return false
	}
	s.at += len(w)
	return true
}

// value goes beyond the next value and reports whether it is accepted; if not, no more can be read.
func (s *scanner) value(a *acceptor) bool {
	if a == nil {
		return false
	}
	var k kinds
	switch c := s.next(); {
	case c == 'n':
		return a.null && s.word("null")
	case c == 't' || c == 'f':
		k = kindBoolean
	case c == '"':
		k = kindString
	case c == '[':
		k = kindArray
	case c == '{':
		k = kindObject
	default:
		k = kindNumber
	}
	switch {
	case a.allOf != nil:
		return s.value(a.allOf)
	case a.oneOf != nil:
		return s.value(a.oneOf[k])
	case a.kinds&k == 0:
		return false
	}
	start := s.at
	switch k {
	case kindBoolean:
		return s.word("true") || s.word("false")
	case kindNumber:
		return s.number() && a.number.accept(string(s.text[start:s.at]))
	case kindString:
		plain, ok := s.string()
		if !ok {
			return false
		}
		if plain {
			return a.text.free || a.text.accept(s.text[start+1:s.at-1])
		}
		var text string
		return json.Unmarshal(s.text[start:s.at], &text) == nil && (a.text.free || a.text.accept([]byte(text)))
	}
	if s.depth++; s.depth > maxDepth {
		return false
	}
	defer func() { s.depth-- }()
	if k == kindArray {
		return s.array(&a.array)
	}
	return s.object(&a.object)
}

func (s *scanner) array(r *arrayRules) bool {
	s.at++ // the bracket
	n := 0
	if s.skip(']') {
		return r.accept(n)
	}
	for {
		if !s.value(r.items) {
			return false
		}
		n++
		switch {
		case s.skip(','):
		case s.skip(']'):
			return r.accept(n)
		default:
			return false
		}
	}
}

func (s *scanner) object(r *objectRules) bool {
	s.at++ // the brace
	var m members
	if s.skip('}') {
		return r.accept(m)
	}
	for {
		if s.next() != '"' {
			return false
		}
		start := s.at
		plain, ok := s.string()
		if !ok || !plain { // a name that is escaped might be there already
			return false
		}
		name := s.text[start+1 : s.at-1]
		if !s.skip(':') || !s.value(m.add(r, name)) {
			return false
		}
		switch {
		case s.skip(','):
		case s.skip('}'):
			return r.accept(m)
		default:
			return false
		}
	}
}

// string goes beyond a string. It is plain if what stands between the quotes is what they mean.
func (s *scanner) string() (plain, ok bool) {
	plain = true
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return plain, true
		case c < ' ':
			return false, false
		case c == '\\':
			plain = false
			s.at++ // what is escaped may be a quote
		}
	}
	return false, false
}

// number goes beyond a number.
func (s *scanner) number() bool {
	is := func(c byte) bool { return s.at < len(s.text) && s.text[s.at] == c }
	digits := func() bool {
		start := s.at
		for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
			s.at++
		}
		return s.at > start
	}
	if is('-') {
		s.at++
	}
	if is('0') {
		s.at++
	} else if !digits() {
		return false
	}
	if is('.') {
		s.at++
		if !digits() {
			return false
		}
	}
	if is('e') || is('E') {
		s.at++
		if is('+') || is('-') {
			s.at++
		}
		return digits()
	}
	return true
}
