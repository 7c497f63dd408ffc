package customers

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Profile is what a caller can say about a customer. The zero value of a field means that nothing is said.
//
// Which fields a provider keeps, needs and limits stands in its [Capabilities].
type Profile struct {
	// Reference is the caller's own id for the customer.
	Reference string `json:"reference,omitzero"`
	Name      Name   `json:"name,omitzero"`
	// Email is one bare address, such as ama.kouassi@example.com.
	Email string `json:"email,omitzero"`
	// Phone is the main number in E.164 form: "+", country code and number, at most 15 digits.
	Phone string `json:"phone,omitzero"`
	// Mobile is a second, mobile number in E.164 form.
	Mobile  string  `json:"mobile,omitzero"`
	Address Address `json:"address,omitzero"`
	// Since is the date on which the person became a customer, told by the caller. Providers that keep it keep
	// milliseconds.
	Since time.Time `json:"since,omitzero"`
	// Notes is free text about the customer.
	Notes string `json:"notes,omitzero"`
}

// Name is a person's name: either Given and Family, or Full, never both forms at once. A full name is never split.
type Name struct {
	Given  string `json:"given,omitzero"`
	Family string `json:"family,omitzero"`
	Full   string `json:"full,omitzero"`
}

// String is the name as one text: Full, or the parts joined by a space.
func (n Name) String() string {
	if n.Full != "" {
		return n.Full
	}
	return join(" ", n.Given, n.Family)
}

// Address is a postal address: either its parts, or Formatted, never both forms at once. A formatted address is never
// split.
type Address struct {
	Street string `json:"street,omitzero"`
	City   string `json:"city,omitzero"`
	// Region is the state or province, as the provider names it or by its code.
	Region     string `json:"region,omitzero"`
	PostalCode string `json:"postal_code,omitzero"`
	// Country is an ISO 3166-1 alpha-2 code in capitals, such as CI.
	Country string `json:"country,omitzero"`
	// Formatted is the whole address in one text, from a provider that keeps no parts.
	Formatted string `json:"formatted,omitzero"`
}

// String is the address as one line: Formatted, or the parts joined by ", " in the order street, city, region, postal
// code, country.
func (a Address) String() string {
	if a.Formatted != "" {
		return a.Formatted
	}
	return join(", ", a.Street, a.City, a.Region, a.PostalCode, a.Country)
}

func join(sep string, parts ...string) string {
	kept := parts[:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

// Customer is a customer as a provider keeps it.
type Customer struct {
	// ID is the provider's handle for the customer, the one that Get, Update and Delete take.
	ID string `json:"id"`
	Profile
	// CreatedAt is when the provider made the customer; zero if it does not tell.
	CreatedAt time.Time `json:"created_at,omitzero"`
	// Verbatim holds the values that could not be turned into the facade's form, such as a phone number that is no
	// E.164, as they came. Their fields in Profile are empty.
	Verbatim map[Field]string `json:"verbatim,omitempty"`
	// Lost lists what this call was asked to keep and did not send, as [Policy].AllowLoss permits.
	Lost []Field `json:"lost,omitempty"`
	// Native is the provider's own object, of a type in the adapter's generated package. Printing it shows its values.
	Native any `json:"-"`
}

// Take stores a text that a provider sent for field f: in Profile if it has the form that the facade promises for f, in
// Verbatim if not. An empty text says nothing.
func (c *Customer) Take(f Field, wire string) {
	if wire == "" {
		return
	}
	if value := c.text(f); value != nil && formOf(f, wire) == "" {
		*value = wire
		return
	}
	c.Keep(f, wire)
}

// Keep stores a value in Verbatim: one of field f that has no form in the facade.
func (c *Customer) Keep(f Field, value string) {
	if c.Verbatim == nil {
		c.Verbatim = make(map[Field]string, 1)
	}
	c.Verbatim[f] = value
}

// Patch names what an update changes. A nil field stays as it is. A pointer to a zero value asks to empty the field,
// which is refused unless the provider is known to do that. Name and Address are changed whole.
type Patch struct {
	Reference *string    `json:"reference,omitempty"`
	Name      *Name      `json:"name,omitempty"`
	Email     *string    `json:"email,omitempty"`
	Phone     *string    `json:"phone,omitempty"`
	Mobile    *string    `json:"mobile,omitempty"`
	Address   *Address   `json:"address,omitempty"`
	Since     *time.Time `json:"since,omitempty"`
	Notes     *string    `json:"notes,omitempty"`
}

// Profile holds the values that the patch sets, for drivers of providers that are not known to empty a field.
func (p Patch) Profile() Profile {
	set, _ := p.profile()
	return set
}

// To returns a pointer to v, for the fields of a [Patch].
func To[T any](v T) *T { return &v }

// Query says which customers [Client.List] looks for. The zero value asks for all.
type Query struct {
	// Reference is the caller's own id, compared exactly.
	Reference string
	// Email is compared exactly, capitals included.
	Email string
}

// matches reports whether c is what q asks for, whatever the provider understood.
func (q Query) matches(c *Customer) bool {
	return (q.Reference == "" || q.Reference == c.Reference) && (q.Email == "" || q.Email == c.Email)
}

// fields lists what q asks for.
func (q Query) fields() []Field { return Profile{Reference: q.Reference, Email: q.Email}.Fields() }

// texts are the fields that [Profile.text] knows, so that one loop can check, clear or list them.
func texts() [14]Field {
	return [...]Field{
		FieldReference, FieldNameGiven, FieldNameFamily, FieldNameFull, FieldEmail, FieldPhone, FieldMobile,
		FieldAddressStreet, FieldAddressCity, FieldAddressRegion, FieldAddressPostalCode, FieldAddressCountry,
		FieldAddressFormatted, FieldNotes,
	}
}

// text is the text field at a path, nil for what is no text.
func (p *Profile) text(f Field) *string {
	switch f {
	case FieldReference:
		return &p.Reference
	case FieldNameGiven:
		return &p.Name.Given
	case FieldNameFamily:
		return &p.Name.Family
	case FieldNameFull:
		return &p.Name.Full
	case FieldEmail:
		return &p.Email
	case FieldPhone:
		return &p.Phone
	case FieldMobile:
		return &p.Mobile
	case FieldAddressStreet:
		return &p.Address.Street
	case FieldAddressCity:
		return &p.Address.City
	case FieldAddressRegion:
		return &p.Address.Region
	case FieldAddressPostalCode:
		return &p.Address.PostalCode
	case FieldAddressCountry:
		return &p.Address.Country
	case FieldAddressFormatted:
		return &p.Address.Formatted
	case FieldNotes:
		return &p.Notes
	}
	return nil
}

// Fields lists the fields of p that have a value.
func (p Profile) Fields() []Field {
	var set []Field
	for _, f := range texts() {
		if *p.text(f) != "" {
			set = append(set, f)
		}
	}
	if !p.Since.IsZero() {
		set = append(set, FieldSince)
	}
	return set
}

// has reports whether f, or a part of it, has a value.
func (p *Profile) has(f Field) bool {
	if value := p.text(f); value != nil {
		return *value != ""
	}
	for _, part := range texts() {
		if *p.text(part) != "" && f.Covers(part) {
			return true
		}
	}
	return f == FieldSince && !p.Since.IsZero()
}

// LogValue tells which fields are set and none of their values.
func (p Profile) LogValue() slog.Value { return slog.AnyValue(p.Fields()) }

// Format prints what LogValue tells, for every verb.
func (p Profile) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, p.Fields()) }

// LogValue tells the id and which fields are set, and no value of them. It is not asked for customers inside of a slice
// or struct, which a JSON handler marshals whole.
func (c Customer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", c.ID), slog.Any("set", c.Fields()))
}

// Format prints what LogValue tells, for every verb.
func (c Customer) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "%s %v", c.ID, c.Fields()) }

// named lists the fields that p sets or empties.
func (p Patch) named() []Field {
	set, cleared := p.profile()
	return append(set.Fields(), cleared...)
}

// LogValue tells which fields p names and none of their values.
func (p Patch) LogValue() slog.Value { return slog.AnyValue(p.named()) }

// Format prints what LogValue tells, for every verb.
func (p Patch) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, p.named()) }

// LogValue tells which fields q asks for and none of their values.
func (q Query) LogValue() slog.Value { return slog.AnyValue(q.fields()) }

// Format prints what LogValue tells, for every verb.
func (q Query) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, q.fields()) }
