package customers

import "slices"

// Evidence tells how sure a part of a contract is.
type Evidence string

// The levels of evidence, the surest first.
const (
	EvidencePrimary  Evidence = "primary"  // the vendor's own page for exactly this endpoint
	EvidencePublic   Evidence = "public"   // another vendor page, an official SDK or published client code
	EvidenceObserved Evidence = "observed" // seen in real traffic
	EvidenceInferred Evidence = "inferred" // stated nowhere: the sensible reading, with its reason in the spec
)

// Capabilities tells what a provider can do and keep, computed from its contract.
type Capabilities struct {
	Provider string `json:"provider"`
	// Operations are those that a client uses. Of several with the same Op the first counts.
	Operations []OperationCapability `json:"operations"`
	Fields     []FieldCapability     `json:"fields"`
}

// OperationCapability is an operation of the facade at a provider.
type OperationCapability struct {
	Op Op `json:"op"`
	// ID is the operationId of the contract.
	ID     string `json:"id"`
	Method string `json:"method"`
	Path   string `json:"path"`
	// Evidence is that of the method and path. If inferred, the operation needs [Policy].AllowUnproven.
	Evidence Evidence `json:"evidence"`
	// Source is where the evidence stands.
	Source string `json:"source"`
	// Filters are the fields that the provider itself searches by.
	Filters []Field `json:"filters,omitempty"`
	// TellsExisting means that the contract has a refusal (409) of a create of a customer that is there, with its id
	// ([Error].ExistingID). It is no promise: it is as sure as the evidence of that answer in the contract, which may be
	// published code that saw it for equal data, and need not hold for every create that is repeated.
	TellsExisting bool `json:"tells_existing,omitempty"`
}

// FieldCapability is a field of the facade at a provider.
type FieldCapability struct {
	Field Field `json:"field"`
	// Wire is the provider's name for it in requests, or in answers if it is only read; answers may have more names for
	// it. Parts of nested objects are joined by dots.
	Wire string `json:"wire"`
	// Joined means that several fields go into one wire property, as one text.
	Joined bool `json:"joined,omitempty"`
	// Create, Update and Read tell in which direction the field travels.
	Create bool `json:"create"`
	Update bool `json:"update"`
	Read   bool `json:"read"`
	// Required means that a create without the field (of joined fields: without any of them) is refused.
	Required bool `json:"required,omitempty"`
	// MinLength and MaxLength count characters of the wire form; 0 is no known limit. They, Pattern and Wire are the same
	// for a create and an update: no contract has others, and one that had would not become a table.
	MinLength int `json:"min_length,omitempty"`
	MaxLength int `json:"max_length,omitempty"`
	// Pattern is a regular expression for the wire form, "" if none is known.
	Pattern string `json:"pattern,omitempty"`
	// Clear means that the provider is known to empty the field on request.
	Clear bool `json:"clear,omitempty"`
	// Evidence is that of the property: of several, as in requests and in answers, the least sure.
	Evidence Evidence `json:"evidence"`
}

// Operation returns the capability for op, and false if the provider lacks it.
func (c Capabilities) Operation(op Op) (*OperationCapability, bool) {
	for i := range c.Operations {
		if c.Operations[i].Op == op {
			return &c.Operations[i], true
		}
	}
	return nil, false
}

// Field returns the capability for f, and false if the provider does not know it at all.
func (c Capabilities) Field(f Field) (*FieldCapability, bool) {
	for i := range c.Fields {
		if c.Fields[i].Field == f {
			return &c.Fields[i], true
		}
	}
	return nil, false
}

// keeps reports whether a call of op sends f.
func (c Capabilities) keeps(f Field, op Op) bool {
	fc, ok := c.Field(f)
	return ok && (op == OpCreate && fc.Create || op == OpUpdate && fc.Update)
}

// clears reports whether the provider is known to empty f, with every part of it that it has.
func (c Capabilities) clears(f Field) bool {
	known := false
	for i := range c.Fields {
		if fc := &c.Fields[i]; f.Covers(fc.Field) {
			if !fc.Clear {
				return false
			}
			known = true
		}
	}
	return known
}

// Policy is what a program accepts of a provider. The zero value accepts nothing: no loss, nothing unproven.
type Policy struct {
	// AllowLoss names fields that may be left out where the provider cannot keep them; a path covers its parts.
	// [WithLossAllowed] does so for single calls. [Customer].Lost lists what a create left out. An update leaves
	// them out too, and is refused if nothing remains; [Client.PlanUpdate] lists them.
	//
	// A value of a field that the provider does keep is never left out: one that has no form there is an error.
	AllowLoss []Field
	// AllowUnproven names operations to be used although their method or path is only inferred.
	AllowUnproven []Op
	// Require is what the program cannot do without: Open fails with ErrUnsupported if the provider lacks any of it.
	Require Requirements
}

// Requirements are what a program needs of a provider. The zero value is nothing.
type Requirements struct {
	// Operations must be there, and proven or named in [Policy].AllowUnproven.
	Operations []Op
	// Fields must be kept by a create; a path stands for all of its parts that have no other form ("address" needs
	// street, city, region, postal code and country, but not formatted).
	Fields []Field
}

// AllowsLoss reports whether f may be left out.
func (p Policy) AllowsLoss(f Field) bool {
	return slices.ContainsFunc(p.AllowLoss, func(allowed Field) bool { return allowed.Covers(f) })
}

// validate refuses names that mean nothing, since a misspelt permission would otherwise be a surprise at run time.
func (p Policy) validate() []Violation {
	vs := unknownFields("Policy.AllowLoss", p.AllowLoss, FieldUndeclared)
	for _, named := range []struct {
		setting string
		ops     []Op
	}{{"Policy.AllowUnproven", p.AllowUnproven}, {"Policy.Require.Operations", p.Require.Operations}} {
		for _, op := range named.ops {
			if op != OpLookup && !slices.Contains(Ops(), op) {
				vs = append(vs, Violation{Pointer: named.setting, Rule: "unknown operation", Bound: string(op)})
			}
		}
	}
	return append(vs, unknownFields("Policy.Require.Fields", p.Require.Fields)...)
}

// unknownFields refuses names in a setting that are neither fields nor among others.
func unknownFields(setting string, fields []Field, others ...Field) (vs []Violation) {
	for _, f := range fields {
		if !slices.ContainsFunc(Fields(), f.Covers) && !slices.Contains(others, f) {
			vs = append(vs, Violation{Pointer: setting, Rule: "unknown field", Bound: string(f)})
		}
	}
	return vs
}

// lacking names what of the requirements the provider does not have.
func (p Policy) lacking(c Capabilities) []Violation {
	var vs []Violation
	for _, op := range p.Require.Operations {
		switch oc, ok := c.Operation(op); {
		case !ok:
			vs = append(vs, Violation{Pointer: "Policy.Require.Operations", Rule: RuleUnsupported, Bound: string(op)})
		case oc.Evidence == EvidenceInferred && !slices.Contains(p.AllowUnproven, op):
			vs = append(vs, Violation{
				Pointer: "Policy.Require.Operations", Rule: "unproven", Bound: string(op) + "; see Policy.AllowUnproven",
			})
		}
	}
	for _, f := range p.Require.Fields {
		for _, part := range Fields() {
			other := part != f && (part == FieldNameFull || part == FieldAddressFormatted)
			if f.Covers(part) && !other && !c.keeps(part, OpCreate) {
				vs = append(vs, Violation{Field: part, Pointer: "Policy.Require.Fields", Rule: RuleUnsupported, Bound: "by this provider"})
			}
		}
	}
	return vs
}
