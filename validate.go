package customers

import (
	"strings"
	"unicode/utf8"
)

// validate holds p against the forms that the facade promises, whatever the provider.
func (p *Profile) validate() []Violation {
	var vs []Violation
	refuse := func(f Field, rule, bound string) { vs = append(vs, Violation{Field: f, Rule: rule, Bound: bound}) }
	for _, f := range texts() {
		value := *p.text(f)
		if value == "" {
			continue
		}
		if !utf8.ValidString(value) {
			refuse(f, "encoding", "UTF-8") // encoding/json would replace the bytes without a word
		} else if form := formOf(f, value); form != "" {
			refuse(f, "format", form)
		}
	}
	if p.Name.Full != "" && p.Name != (Name{Full: p.Name.Full}) {
		refuse(FieldName, "oneOf", "given and family, or full")
	}
	if a := p.Address; a.Formatted != "" && a != (Address{Formatted: a.Formatted}) {
		refuse(FieldAddress, "oneOf", "its parts, or formatted")
	}
	return vs
}

// formOf names the form that a value of f must have and has not; "" if all is well.
func formOf(f Field, value string) string {
	switch {
	case f == FieldReference && (value == "." || value == ".."):
		return "an id that can stand in a URL"
	case f == FieldEmail && !isEmail(value):
		return "email"
	case (f == FieldPhone || f == FieldMobile) && !isE164(value):
		return "E.164, such as +2250102030405"
	case f == FieldAddressCountry && !isAlpha2(value):
		return "ISO 3166-1 alpha-2, such as CI"
	}
	return ""
}

// validateID refuses ids that would make another path of the request, such as that of the whole collection.
func validateID(id string) []Violation {
	switch {
	case id == "":
		return []Violation{{Field: FieldID, Rule: "required"}}
	case id == "." || id == "..":
		return []Violation{{Field: FieldID, Rule: "format", Bound: "an id that can stand in a URL"}}
	case !utf8.ValidString(id):
		return []Violation{{Field: FieldID, Rule: "encoding", Bound: "UTF-8"}}
	}
	return nil
}

// isEmail is what the generated checks of contract/check take, which this package does not import.
func isEmail(s string) bool {
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

// isE164 knows the form and no numbering plan: "+", a country code that does not begin with 0, 7 to 15 digits in all.
// A library that knows the plans refuses numbers that providers accept (one of them a vendor's own sample).
func isE164(s string) bool {
	if len(s) < 8 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func isAlpha2(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// profile is what the patch sets, in a form that the checks of Create can read, and the fields that it empties.
func (p Patch) profile() (set Profile, cleared []Field) {
	text := func(to *string, from *string, f Field) {
		switch {
		case from == nil:
		case *from == "":
			cleared = append(cleared, f)
		default:
			*to = *from
		}
	}
	text(&set.Reference, p.Reference, FieldReference)
	if p.Name != nil {
		if set.Name = *p.Name; set.Name == (Name{}) {
			cleared = append(cleared, FieldName)
		}
	}
	text(&set.Email, p.Email, FieldEmail)
	text(&set.Phone, p.Phone, FieldPhone)
	text(&set.Mobile, p.Mobile, FieldMobile)
	if p.Address != nil {
		if set.Address = *p.Address; set.Address == (Address{}) {
			cleared = append(cleared, FieldAddress)
		}
	}
	if p.Since != nil {
		if set.Since = *p.Since; set.Since.IsZero() {
			cleared = append(cleared, FieldSince)
		}
	}
	text(&set.Notes, p.Notes, FieldNotes)
	return set, cleared
}

// without takes the lost fields out of the patch; kept is what remains of its values.
func (p *Patch) without(lost []Field, kept Profile) {
	for _, f := range lost {
		switch f.Group() {
		case FieldReference:
			p.Reference = nil
		case FieldName:
			p.Name = remaining(kept.Name)
		case FieldEmail:
			p.Email = nil
		case FieldPhone:
			p.Phone = nil
		case FieldMobile:
			p.Mobile = nil
		case FieldAddress:
			p.Address = remaining(kept.Address)
		case FieldSince:
			p.Since = nil
		case FieldNotes:
			p.Notes = nil
		}
	}
}

// remaining is nil for a value that has nothing left.
func remaining[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
