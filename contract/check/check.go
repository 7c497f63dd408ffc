// Package check holds what generated request checks are made of: the [Violation] and one function per keyword.
//
// Generated code in gen/ calls these functions with rules taken from a spec. A value that keeps its rules costs no
// allocation. A Violation names the place and the rule, never the value, so it can be logged.
//
// Package gen imports it, and whatever looks into a violation or a [Refusal]. It needs the standard library only. What it
// does not do is read answers: after decoding, null, absent and a wrong case look alike.
package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Violation is one rule of a contract that a request or an answer breaks.
type Violation struct {
	// Pointer is the JSON pointer (RFC 6901) of the offending place in the body, "" for the whole body; for what stands
	// outside of the body it is "path", "query", "header" or "status", a slash and the name.
	Pointer string
	// Field is the path of the facade's field that feeds the place ("name", "address.city"), "" where there is none.
	Field string
	// Rule is the keyword of OpenAPI that is broken: "required", "minLength", "format", …
	Rule string
	// Bound is what the rule asks for: "64", "email", "CI or SN".
	Bound string
}

// String tells place, rule and bound; it never holds the value.
func (v Violation) String() string {
	var b strings.Builder
	switch {
	case v.Field != "":
		b.WriteString(v.Field)
		if v.Pointer != "" {
			b.WriteString(" (" + v.Pointer + ")")
		}
	case v.Pointer != "":
		b.WriteString(v.Pointer)
	default:
		b.WriteString("body")
	}
	b.WriteString(": ")
	b.WriteString(v.Rule)
	if v.Bound != "" {
		b.WriteString(" ")
		b.WriteString(v.Bound)
	}
	return b.String()
}

// Token writes a name as a token of a JSON pointer (RFC 6901, section 3).
func Token(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// At is a place in a request: the JSON pointer and the facade's field that feeds it.
type At struct {
	Pointer string
	Field   string
}

// Break adds one violation to vs.
func (at At) Break(vs []Violation, rule, bound string) []Violation {
	return append(vs, Violation{Pointer: at.Pointer, Field: at.Field, Rule: rule, Bound: bound})
}

// Length holds s against minLength and maxLength, counted in characters as JSON Schema does; max < 0 is no limit.
func Length(vs []Violation, at At, s string, min, max int) []Violation {
	n := utf8.RuneCountInString(s)
	if n < min {
		vs = at.Break(vs, "minLength", strconv.Itoa(min))
	}
	if max >= 0 && n > max {
		vs = at.Break(vs, "maxLength", strconv.Itoa(max))
	}
	return vs
}

// Items holds a number of array items against minItems and maxItems; max < 0 is no limit.
func Items(vs []Violation, at At, n, min, max int) []Violation {
	if n < min {
		vs = at.Break(vs, "minItems", strconv.Itoa(min))
	}
	if max >= 0 && n > max {
		vs = at.Break(vs, "maxItems", strconv.Itoa(max))
	}
	return vs
}

// Minimum holds n against an inclusive lower bound.
func Minimum[N int | int32 | int64 | float32 | float64](vs []Violation, at At, n, min N) []Violation {
	if n < min {
		vs = at.Break(vs, "minimum", fmt.Sprint(min))
	}
	return vs
}

// Maximum holds n against an inclusive upper bound.
func Maximum[N int | int32 | int64 | float32 | float64](vs []Violation, at At, n, max N) []Violation {
	if n > max {
		vs = at.Break(vs, "maximum", fmt.Sprint(max))
	}
	return vs
}

// Enum holds s against a closed list of values.
func Enum[S ~string](vs []Violation, at At, s S, allowed ...S) []Violation {
	for _, a := range allowed {
		if s == a {
			return vs
		}
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return at.Break(vs, "enum", strings.Join(names, " or "))
}

// Format holds s against a string format: "email", "uuid", "date-time" or "date". Other formats bind nothing.
func Format(vs []Violation, at At, s, format string) []Violation {
	if !IsFormat(s, format) {
		vs = at.Break(vs, "format", format)
	}
	return vs
}

// IsFormat reports whether s has the string format: "email" is what [IsEmail] takes, "uuid" the 8-4-4-4-12 form,
// "date-time" and "date" are those of RFC 3339, but without leap seconds and with "T" and "Z" as capitals only. Any
// string has a format that is not one of these.
func IsFormat(s, format string) bool {
	switch format {
	case "email":
		return IsEmail(s)
	case "uuid":
		return isUUID(s)
	case "date-time":
		return isDateTime(s)
	case "date":
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	}
	return true
}

// IsEmail reports whether s is one bare e-mail address, without a name, comment or angle brackets: two dot-atoms of
// RFC 5322 around an "@", letters beyond ASCII included. A quoted local part or an IP address in brackets is refused.
func IsEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && isDotAtom(local) && isDotAtom(domain) && utf8.ValidString(s)
}

func isDotAtom(s string) bool {
	before := byte('.')
	for _, c := range []byte(s) {
		switch c {
		case '(', ')', '<', '>', '[', ']', ':', ';', '@', '\\', ',', '"', 0x7f:
			return false
		}
		if c <= ' ' || c == '.' && before == '.' {
			return false
		}
		before = c
	}
	return before != '.'
}

// isDateTime refuses what time.Parse takes beyond RFC 3339: an hour of one digit, a comma before the fraction, an
// offset of a day or of more than 59 minutes. It parses the offset apart, since a time.Location would be allocated for
// it.
func isDateTime(s string) bool {
	local, utc := strings.CutSuffix(s, "Z")
	if !utc {
		sign := len(s) - len("+05:30")
		if sign < 0 || s[sign] != '+' && s[sign] != '-' {
			return false
		}
		if _, err := time.Parse("15:04", s[sign+1:]); err != nil {
			return false
		}
		local = s[:sign]
	}
	_, err := time.Parse("2006-01-02T15:04:05", local)
	return err == nil && local[len("2006-01-02T15")] == ':' && !strings.Contains(local, ",")
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// Pattern is a regular expression of a spec, compiled at its first use so that an import costs nothing.
type Pattern struct {
	Source string

	once sync.Once
	re   *regexp.Regexp
}

// Check holds s against the pattern.
func (p *Pattern) Check(vs []Violation, at At, s string) []Violation {
	p.once.Do(func() { p.re = regexp.MustCompile(p.Source) })
	if !p.re.MatchString(s) {
		vs = at.Break(vs, "pattern", p.Source)
	}
	return vs
}

// Layouts is a [Pattern] that says which characters stand where, each text having one of a few layouts. Holding a text
// against it takes no package regexp, which would make a small program a twentieth larger.
type Layouts struct {
	Source string
	Any    []Layout
}

// Layout is a text as a sequence of runs.
type Layout []Run

// Run is N characters, each of them one of Of, which is ASCII.
type Run struct {
	N  int
	Of string
}

// Check holds s against the pattern.
func (l *Layouts) Check(vs []Violation, at At, s string) []Violation {
	for _, layout := range l.Any {
		if layout.has(s) {
			return vs
		}
	}
	return at.Break(vs, "pattern", l.Source)
}

func (l Layout) has(s string) bool {
	for _, run := range l {
		if len(s) < run.N || strings.Trim(s[:run.N], run.Of) != "" {
			return false
		}
		s = s[run.N:]
	}
	return s == ""
}

// Under adds the violations of a nested object, its pointers put below the parent's.
func Under(vs []Violation, parent string, nested []Violation) []Violation {
	for _, v := range nested {
		v.Pointer = parent + v.Pointer
		vs = append(vs, v)
	}
	return vs
}

// UnderItem adds the violations of item i of an array.
func UnderItem(vs []Violation, parent string, i int, nested []Violation) []Violation {
	if len(nested) == 0 {
		return vs
	}
	return Under(vs, parent+"/"+strconv.Itoa(i), nested)
}

// Unfed takes the facade's fields out of the violations of an object that the facade does not feed.
func Unfed(nested []Violation) []Violation {
	for i := range nested {
		nested[i].Field = ""
	}
	return nested
}
