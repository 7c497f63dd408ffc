package markup

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// token is the start or the end of an element, or a text. Names are as they were sent: a prefix is no namespace yet.
type token struct {
	kind       tokenKind
	name       xml.Name
	attributes []xml.Attr
	text       string
}

type tokenKind int

const (
	start tokenKind = iota + 1
	end
	text
)

// tokens are those of a document up to [io.EOF].
type tokens interface {
	next() (token, error)
}

// full are the tokens of any document, by encoding/xml.
type full struct {
	*xml.Decoder
	begun bool
}

func newFull(document string) *full {
	f := &full{Decoder: xml.NewDecoder(strings.NewReader(document))}
	f.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errUTF8 }
	return f
}

func (f *full) next() (token, error) {
	for {
		t, err := f.RawToken()
		first := !f.begun
		f.begun = true
		switch t := t.(type) {
		case nil:
			return token{}, err
		case xml.StartElement:
			return token{kind: start, name: t.Name, attributes: t.Attr}, nil
		case xml.EndElement:
			return token{kind: end, name: t.Name}, nil
		case xml.CharData:
			return token{kind: text, text: string(t)}, nil
		case xml.Directive:
			return token{}, breach("no DOCTYPE") // what it can declare is at best unused, at worst a bomb
		case xml.ProcInst:
			if t.Target != "xml" || !first {
				return token{}, breach("no processing instructions")
			}
		}
	}
}

// plain are the tokens of a document that is made of nothing but elements with ASCII names and without attributes, and
// text without references, as most are. It is several times as fast as encoding/xml and finds no errors: whatever is
// not so plain, right or wrong, is errNotPlain.
type plain struct {
	rest  string
	empty string // name of an element that has begun and ends at once
}

var errNotPlain = errors.New("not plain")

// newPlain goes beyond the declaration, if it is one of those that libraries write.
func newPlain(document string) *plain {
	for _, declaration := range []string{
		`<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`,
	} {
		if rest, ok := strings.CutPrefix(document, declaration); ok {
			return &plain{rest: rest}
		}
	}
	return &plain{rest: document}
}

func (p *plain) next() (token, error) {
	if p.empty != "" {
		t := token{kind: end, name: xml.Name{Local: p.empty}}
		p.empty = ""
		return t, nil
	}
	if p.rest == "" {
		return token{}, io.EOF
	}
	if p.rest[0] != '<' {
		n := strings.IndexByte(p.rest, '<')
		if n < 0 {
			n = len(p.rest)
		}
		t := token{kind: text, text: p.rest[:n]}
		p.rest = p.rest[n:]
		for i := range len(t.text) {
			if !isPlain(t.text[i]) {
				return token{}, errNotPlain
			}
		}
		return t, nil
	}
	tag, rest, ok := strings.Cut(p.rest[1:], ">")
	p.rest = rest
	t := token{kind: start}
	if name, ended := strings.CutPrefix(tag, "/"); ended {
		t.kind, tag = end, name
	} else if name, ended := strings.CutSuffix(tag, "/"); ended {
		tag, p.empty = name, name
	}
	if !ok || !isPlainName(tag) {
		return token{}, errNotPlain
	}
	t.name.Local = tag
	return t, nil
}

// isPlain reports whether a byte of a valid UTF-8 text is nothing but itself in XML: no reference, no line end that is
// read as another, no part of "]]>", of a character that XML does not have, or of U+FFFE and U+FFFF.
func isPlain(c byte) bool {
	switch c {
	case '&', ']', 0xEF:
		return false
	case '\t', '\n':
		return true
	}
	return c >= ' '
}

func isPlainName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case (c >= '0' && c <= '9' || c == '-' || c == '.') && i > 0:
		default:
			return false
		}
	}
	return name != ""
}
