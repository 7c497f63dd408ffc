package drift

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/contract-first/customers/contract/check"
)

// evidence is what is known of the values behind a finding, without any of them.
type evidence struct {
	times     int // breaches
	exchanges int // with a breach
	accepted  int // of these, answered with success
	played    int // of these, with a sandbox
	first     Entry

	seen     map[string]bool // types, of JSON or of media
	sized    int             // values with a size
	min, max int             // length of texts, members of arrays and objects
	texts    int
	formats  []string // that all texts have
}

// formats are told apart in this order; no text has two of them.
var formats = []string{"date-time", "date", "uuid", "email"}

func (f *evidence) see(what string) {
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	f.seen[what] = true
}

// value takes in one value that breaks the rule.
func (f *evidence) value(v any) {
	switch v := v.(type) {
	case nil:
		f.see("null")
	case bool:
		f.see("boolean")
	case json.Number:
		if strings.Trim(v.String(), "-0123456789") == "" {
			f.see("integer")
		} else {
			f.see("number")
		}
	case string:
		f.see("string")
		f.size(utf8.RuneCountInString(v))
		if f.texts++; f.texts == 1 {
			f.formats = slices.Clone(formats)
		}
		f.formats = slices.DeleteFunc(f.formats, func(format string) bool { return !check.IsFormat(v, format) })
	case []any:
		f.see("array")
		f.size(len(v))
	case map[string]any:
		f.see("object")
		f.size(len(v))
	}
}

// parameter takes in what is given for a parameter that breaks the rule: texts, which may look like another type.
func (f *evidence) parameter(given []string, rule string) {
	switch {
	case len(given) == 0:
	case len(given) > 1:
		f.see("array")
		f.size(len(given))
	case rule == "type" && strings.Trim(given[0], "-0123456789.eE+") == "" && json.Valid([]byte(given[0])):
		f.value(json.Number(given[0]))
	default:
		f.value(given[0])
	}
}

func (f *evidence) size(n int) {
	if f.sized++; f.sized == 1 {
		f.min = n
	}
	f.min, f.max = min(f.min, n), max(f.max, n)
}

// media takes in a Content-Type. Only well-known ones are told: what stands there may be anything.
func (f *evidence) media(contentType string) {
	name, _, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "":
		f.see("none")
	case err == nil && slices.Contains([]string{
		"application/json", "application/problem+json", "application/xml", "application/octet-stream",
		"application/x-www-form-urlencoded", "multipart/form-data", "text/html", "text/plain", "text/xml",
	}, name):
		f.see(name)
	default:
		f.see("another")
	}
}

// types are those seen, without null, as a schema would have them: a number where some are integers.
func (f *evidence) types() []string {
	var types []string
	for name := range f.seen {
		if name != "null" && (name != "integer" || !f.seen["number"]) {
			types = append(types, name)
		}
	}
	slices.Sort(types)
	return types
}

// schema describes the values in words: "type string, format date, nullable".
func (f *evidence) schema() string {
	types := f.types()
	var words []string
	switch len(types) {
	case 0:
	case 1:
		words = append(words, "type "+types[0])
	default:
		words = append(words, "one of "+strings.Join(types, ", "))
	}
	if len(types) == 1 && types[0] == "string" && len(f.formats) > 0 {
		words = append(words, "format "+f.formats[0])
	}
	if f.seen["null"] {
		words = append(words, "nullable")
	}
	return strings.Join(words, ", ")
}

// seenAs is how the values look: "always a string", "null or string".
func (f *evidence) seenAs() string {
	types := f.types()
	if f.seen["null"] {
		types = append([]string{"null"}, types...)
	}
	switch len(types) {
	case 0:
		return "not shown"
	case 1:
		if types[0] == "null" {
			return "always null"
		}
		return "always " + article(types[0])
	}
	return strings.Join(types, " or ")
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// suggest says what the contract could say instead.
func (f *evidence) suggest(k kind) string {
	seen, change := f.change(k)
	switch {
	case f.played == f.exchanges && k.Rule == "maxViolations":
	case f.played == f.exchanges && k.direction == Request:
		change = "look at the client"
	case f.played == f.exchanges:
		change = "look at the sandbox, whose answers are no reason to change the contract"
	case k.direction == Request && f.accepted == 0 && k.Rule == "method":
		change = "this was never answered with success, so look at the client"
	case k.direction == Request && f.accepted == 0:
		return "never answered with success, so look at the client first; else " + seen + ": " + change
	case k.direction == Request:
		return fmt.Sprintf("answered with success %d×: %s: %s", f.accepted, seen, change)
	}
	return seen + ": " + change
}

// change says how the traffic is, and what to change for it.
func (f *evidence) change(k kind) (seen, change string) {
	const observed = ", with x-evidence observed"
	switch k.Rule {
	case "additionalProperties":
		if strings.HasSuffix(k.Pointer, "/*") {
			return "names that do not look like names, so not shown", "describe them by additionalProperties"
		}
		of := ""
		if schema := f.schema(); schema != "" && schema != "nullable" {
			of = " of " + schema
		}
		return "not declared, " + f.seenAs(), "declare it as an optional property" + of + observed
	case "parameters":
		if k.Pointer == "query" {
			return "cannot be read", "look at the client"
		}
		return "not declared", "declare it as an optional query parameter" + observed
	case "method":
		return "the path is declared for " + k.Bound, "declare the operation" + observed
	case "responses":
		word := http.StatusText(k.status)
		if word == "" {
			word = "no standard status"
		}
		return fmt.Sprintf("status %d (%s) is not declared", k.status, word), "declare the response" + observed
	case "content":
		if f.seen["none"] {
			return "no Content-Type", "if the recording is whole, say in the description that it is left out"
		}
		return "seen as " + strings.Join(f.types(), ", "), "declare the media type" + observed
	case "nullable":
		return "null", "declare nullable: true" + observed
	case "type":
		switch {
		case len(f.seen) == 0:
			return "not of type " + k.Bound, "declare what it may be" + observed
		case !inBody(k.Pointer) && f.sized == f.times && f.max == 0:
			return "always empty instead of " + k.Bound, "say in the description that it may be empty, or look at the client"
		}
		return f.seenAs() + " instead of " + k.Bound, "declare " + f.schema() + observed
	case "required":
		switch {
		case k.Pointer == "":
			return "no body", "do not require one, or declare a response without content for this status"
		case strings.HasPrefix(k.Pointer, "/"):
			return "absent", "take it out of required" + observed
		}
		return "absent", "set required: false" + observed
	case "format":
		if len(f.formats) > 0 {
			return "always of format " + f.formats[0], "declare that"
		}
		return "in another form", "take the format away, or describe the form by a pattern"
	case "enum":
		return "outside of the list", "add the value (not shown here), or take the list away"
	case "pattern":
		return "in another form" + f.sizes(", length %d", ", length %d to %d"), "widen the pattern, or take it away"
	case "minLength", "maxLength":
		return "out of bounds" + f.sizes(", length %d", ", length %d to %d"), "widen " + k.Rule + ", or take it away"
	case "minItems", "maxItems", "minProperties", "maxProperties":
		return "out of bounds" + f.sizes(", %d of them", ", %d to %d of them"), "widen " + k.Rule + ", or take it away"
	case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
		return "out of bounds", "widen it, or take it away"
	case "oneOf", "anyOf", "allOf", "not":
		return "fits no alternative, " + f.seenAs(), "declare what it may be"
	case "body":
		return "a body where none is declared", "declare its content" + observed
	case "maxViolations":
		return "more than " + k.Bound + " breaches in one message, the rest not counted", "mend the others, and check again"
	case "json":
		return "not JSON as it should be", "if the recording is whole, note it in the description"
	case "security":
		return "other credentials than declared", "declare their scheme" + observed
	}
	return "against the contract", "change the contract or the client"
}

// sizes puts the sizes seen into one of two texts; "" if there are none.
func (f *evidence) sizes(one, several string) string {
	switch {
	case f.sized == 0:
		return ""
	case f.min == f.max:
		return fmt.Sprintf(one, f.max)
	}
	return fmt.Sprintf(several, f.min, f.max)
}
