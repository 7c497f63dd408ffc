package customers

import "strings"

// Field is the path of a field of [Customer], such as "email" or "address.city". A path without a dot that has parts
// ("name", "address") covers them all.
type Field string

// The fields of the facade; their meaning and form stand at [Profile] and [Customer].
const (
	FieldID                Field = "id"
	FieldReference         Field = "reference"
	FieldName              Field = "name"
	FieldNameGiven         Field = "name.given"
	FieldNameFamily        Field = "name.family"
	FieldNameFull          Field = "name.full"
	FieldEmail             Field = "email"
	FieldPhone             Field = "phone"
	FieldMobile            Field = "mobile"
	FieldAddress           Field = "address"
	FieldAddressStreet     Field = "address.street"
	FieldAddressCity       Field = "address.city"
	FieldAddressRegion     Field = "address.region"
	FieldAddressPostalCode Field = "address.postal_code"
	FieldAddressCountry    Field = "address.country"
	FieldAddressFormatted  Field = "address.formatted"
	FieldSince             Field = "since"
	FieldNotes             Field = "notes"
	FieldCreatedAt         Field = "created_at"
)

// FieldUndeclared stands in [Policy].AllowLoss for what a provider's record holds beyond its contract: an update that
// has to write the whole record would lose it.
const FieldUndeclared Field = "undeclared"

// Fields lists every field that holds a value, in the order of the documentation; "name" and "address" stand as their
// parts.
func Fields() []Field {
	return []Field{
		FieldID, FieldReference, FieldNameGiven, FieldNameFamily, FieldNameFull, FieldEmail, FieldPhone, FieldMobile,
		FieldAddressStreet, FieldAddressCity, FieldAddressRegion, FieldAddressPostalCode, FieldAddressCountry,
		FieldAddressFormatted, FieldSince, FieldNotes, FieldCreatedAt,
	}
}

// Covers reports whether g is f itself or a part of it: "address" covers "address.city".
func (f Field) Covers(g Field) bool {
	return f == g || strings.HasPrefix(string(g), string(f)+".")
}

// Group is the first part of the path: "address" for "address.city", "email" for "email".
func (f Field) Group() Field {
	group, _, _ := strings.Cut(string(f), ".")
	return Field(group)
}

// Op is an operation of the facade.
type Op string

// The operations of the facade.
const (
	OpCreate Op = "create"
	OpGet    Op = "get"
	OpUpdate Op = "update"
	OpDelete Op = "delete"
	OpList   Op = "list" // all customers
	OpFind   Op = "find" // the customers that a Query asks for
	// OpLookup asks for what the provider has in place of a value, such as a number for a country. It is no method of
	// [Client]: a driver does it on the way to another operation.
	OpLookup Op = "lookup"
)

// Ops lists the operations that a [Client] does, in the order of the documentation.
func Ops() []Op { return []Op{OpCreate, OpGet, OpUpdate, OpDelete, OpList, OpFind} }

// Writes reports whether the operation changes something at the provider, so that its failure has an [Outcome].
func (op Op) Writes() bool {
	switch op {
	case "", OpGet, OpList, OpFind, OpLookup:
		return false
	}
	return true // also what is not known here: to forget that a write may have happened is the worse mistake
}
