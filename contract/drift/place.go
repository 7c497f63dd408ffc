package drift

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
)

// decode reads a body of JSON as far as [encoding/json] does. Whether it may be so, the contract says.
func decode(body []byte) (doc any, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	err := dec.Decode(&doc)
	return doc, err == nil
}

// names are what a contract calls things.
type names struct {
	properties map[string]bool // as tokens of a JSON pointer
	segments   map[string]bool // of paths
}

func newNames(spec *contract.Spec) names {
	n := names{properties: map[string]bool{}, segments: map[string]bool{}}
	for _, e := range spec.Evidence() {
		if rest, name := cutLast(e.Place); strings.HasSuffix(rest, "/properties") {
			n.properties[name] = true
		}
	}
	for _, op := range spec.Operations() {
		for segment := range strings.SplitSeq(op.Path, "/") {
			n.segments[segment] = !strings.HasPrefix(segment, "{")
		}
	}
	return n
}

func cutLast(pointer string) (rest, token string) {
	i := strings.LastIndexByte(pointer, '/')
	return pointer[:max(i, 0)], pointer[i+1:]
}

// path is a URL's path with "*" for each segment that is in no path of the contract.
func (n names) path(u *url.URL) string {
	segments := strings.Split(u.EscapedPath(), "/")
	if len(segments) > 10 {
		segments = append(segments[:10], "*")
	}
	for i, segment := range segments {
		if segment != "" && !n.segments[segment] {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

// place makes the pointer of a violation general, and returns the value that stands there, if it is in the body.
func (n names) place(doc any, pointer string) (place string, value any, found bool) {
	if !strings.HasPrefix(pointer, "/") {
		if where, name, ok := strings.Cut(pointer, "/"); ok && where == "query" {
			pointer = where + "/" + hide(name)
		}
		return pointer, doc, pointer == "" && doc != nil
	}
	var b strings.Builder
	found = true
	for token := range strings.SplitSeq(pointer[1:], "/") {
		b.WriteByte('/')
		index := false
		switch outer := doc.(type) {
		case []any:
			i, err := strconv.Atoi(token)
			if index = err == nil && i < len(outer); index {
				doc = outer[i]
			}
			found = found && index
		case map[string]any:
			doc, found = outer[unescape(token)], found && has(outer, unescape(token))
		default:
			found = false
		}
		switch {
		case index, !found && isNumber(token): // below a name that is not shown, nothing tells an index from a name
			b.WriteByte('*')
		case n.properties[token]:
			b.WriteString(token)
		default:
			b.WriteString(hide(token))
		}
		if !found {
			doc = nil
		}
	}
	return b.String(), doc, found
}

// walk calls see with each declared place of a body that has a value other than null.
func (n names) walk(doc any, place string, see func(place string)) {
	switch doc := doc.(type) {
	case nil:
		return
	case []any:
		for _, item := range doc {
			n.walk(item, place+"/*", see)
		}
	case map[string]any:
		for name, member := range doc {
			if token := check.Token(name); n.properties[token] {
				n.walk(member, place+"/"+token, see)
			}
		}
	}
	if place != "" {
		see(place)
	}
}

// declared reports whether walk could come to a place.
func (n names) declared(place string) bool {
	rest, inBody := strings.CutPrefix(place, "/")
	for token := range strings.SplitSeq(rest, "/") {
		if token != "*" && !n.properties[token] {
			return false
		}
	}
	return inBody
}

// hide keeps what the contract package took for a name, unless it looks like a number, an id, a key or a host: many
// digits, some digits in a long text, a dot, or a text too long for a name.
func hide(name string) string {
	digits := 0
	for _, c := range []byte(name) {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if digits > 3 || digits > 0 && len(name) > 20 || len(name) > 40 || strings.Contains(name, ".") {
		return "*"
	}
	return name
}

func isNumber(token string) bool {
	return !slices.ContainsFunc([]byte(token), func(c byte) bool { return c < '0' || c > '9' })
}

func has(object map[string]any, name string) bool {
	_, ok := object[name]
	return ok
}

func unescape(name string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(name) }
