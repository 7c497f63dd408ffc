package customers

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Kind classifies an [Error]. Each Kind is an error of its own, for errors.Is.
type Kind string

// Error makes a Kind usable with errors.Is.
func (k Kind) Error() string { return string(k) }

// The kinds of errors.
const (
	// ErrConfig: a setting given to Open is missing or wrong.
	ErrConfig Kind = "invalid configuration"
	// ErrInvalid: the input breaks a rule, of the facade or contract (Violations names it), or of the provider (400, 422).
	ErrInvalid Kind = "invalid input"
	// ErrUnsupportedField: a field is set that the provider cannot keep, and the policy does not allow its loss.
	ErrUnsupportedField Kind = "unsupported field"
	// ErrUnsupported: the provider has no such operation. errors.Is holds for [errors.ErrUnsupported] too.
	ErrUnsupported Kind = "unsupported operation"
	// ErrUnproven: the operation's method or path is only inferred, and the policy does not allow it.
	ErrUnproven Kind = "unproven operation"
	// ErrUnauthenticated: the credentials were not accepted (401), or the function that gives them failed.
	ErrUnauthenticated Kind = "unauthenticated"
	// ErrForbidden: the provider does not allow it (403): the credentials do not suffice, or whatever else the provider
	// means by it; the adapter's documentation tells.
	ErrForbidden Kind = "forbidden"
	// ErrNotFound: no such customer (404, 410), said in the provider's own form. A page of some server in between, or a
	// path that does not exist, is ErrContract.
	ErrNotFound Kind = "not found"
	// ErrAlreadyExists: the provider has this customer (409). ExistingID is its id where the provider tells it.
	ErrAlreadyExists Kind = "already exists"
	// ErrNoHandle: the customer is there, but without an id by which the provider could be asked for it again; the
	// adapter's documentation tells what can be done.
	ErrNoHandle Kind = "no handle"
	// ErrAmbiguous: several customers match where one was to be found.
	ErrAmbiguous Kind = "ambiguous"
	// ErrRefused: the provider refuses for a reason without a kind of its own (402, 405, 406, 409 on other than a
	// create, 413, 415, …).
	ErrRefused Kind = "refused"
	// ErrRateLimited: too many requests (429). RetryAfter is set where the provider tells it.
	ErrRateLimited Kind = "rate limited"
	// ErrUnavailable: no answer, or one that says that the provider has a fault (5xx).
	ErrUnavailable Kind = "unavailable"
	// ErrCanceled: the caller's context ended first. errors.Is holds for its error and its cause too.
	ErrCanceled Kind = "canceled"
	// ErrContract: the answer is not what the contract says: not readable, too large, a redirect, without an id, …
	ErrContract Kind = "contract broken"
)

// Outcome tells what a failed write left behind. Each Outcome is an error of its own, for errors.Is. Reads have none.
type Outcome string

// Error makes an Outcome usable with errors.Is.
func (o Outcome) Error() string { return string(o) }

// The outcomes of a failed write.
const (
	// ErrNotSent: the provider did not get the request. It is safe to repeat.
	ErrNotSent Outcome = "not sent"
	// ErrRejected: the provider refused the request and changed nothing.
	ErrRejected Outcome = "rejected"
	// ErrUnknownOutcome: the request was sent, and whether it was carried out is not known. Repeating it may do it twice.
	ErrUnknownOutcome Outcome = "outcome unknown"
)

// Violation is one rule that an input breaks. It never holds the value.
type Violation struct {
	// Field is the facade's field, "" where none feeds the place.
	Field Field `json:"field,omitempty"`
	// Pointer is the place in the provider's body (JSON pointer), or in the configuration, "" where there is none.
	Pointer string `json:"pointer,omitempty"`
	// Rule is a keyword of OpenAPI (required, minLength, format, …), one of the facade's (RuleUnsupported, …), or in a
	// configuration what is wrong with the setting.
	Rule string `json:"rule"`
	// Bound is what the rule asks for: "64", "email or phone".
	Bound string `json:"bound,omitempty"`
}

// Rules of the facade, beside the keywords of OpenAPI.
const (
	RuleUnsupported = "unsupported"
	RuleClear       = "clear"
)

// CannotKeep is the violation of a field that the provider does not keep.
func CannotKeep(f Field) Violation {
	return Violation{Field: f, Rule: RuleUnsupported, Bound: "by this provider"}
}

// CannotClear is the violation of a field that the provider is not known to empty.
func CannotClear(f Field) Violation {
	return Violation{Field: f, Rule: RuleClear, Bound: "is not known to work at this provider"}
}

// Refuse is the error of a call that stops before anything is written: ErrUnsupportedField if the provider could not do
// what is asked, ErrInvalid if the input breaks a rule.
func Refuse(vs ...Violation) *Error {
	e := &Error{Kind: ErrUnsupportedField, Outcome: ErrNotSent, Violations: vs}
	for _, v := range vs {
		switch {
		case v == CannotKeep(v.Field):
			e.Detail = "leave it out, or name it in Policy.AllowLoss"
		case v.Rule != RuleUnsupported && v.Rule != RuleClear:
			e.Kind = ErrInvalid
		}
	}
	return e
}

// Unproven is the error of an operation that is only inferred, where the policy does not allow it.
func Unproven(op OperationCapability) *Error {
	return &Error{Kind: ErrUnproven, Outcome: ErrNotSent, Detail: op.Method + " " + op.Path +
		" is stated nowhere, only inferred from " + op.Source + "; look there, try it with a test account, then name " +
		string(op.Op) + " in Policy.AllowUnproven"}
}

// String tells place, rule and bound.
func (v Violation) String() string {
	place := string(v.Field)
	if place != "" && v.Pointer != "" {
		place += " (" + v.Pointer + ")"
	}
	if place == "" {
		place = v.Pointer
	}
	return join(" ", join(": ", place, v.Rule), v.Bound)
}

// Error is what every failed call returns. Its text names provider, operation, kind, outcome, status, code and the
// rules broken, of which text and log have the first ten; it holds no secret and no value of a customer, and neither
// does what fmt prints, slog logs or encoding/json makes of it.
//
// The fields are public so that drivers in other modules can make one.
type Error struct {
	Provider string  `json:"provider"`
	Op       Op      `json:"op,omitempty"`
	Kind     Kind    `json:"kind"`
	Outcome  Outcome `json:"outcome,omitempty"`
	// Status is the HTTP status of the answer, 0 without one.
	Status int `json:"status,omitempty"`
	// Code is the provider's own name for the error.
	Code string `json:"code,omitempty"`
	// Message is the provider's own text. It may hold personal data, so nothing here prints it.
	Message    string      `json:"-" xml:"-"`
	Violations []Violation `json:"violations,omitempty"`
	// ExistingID is the id of the customer that stands in the way of a create, where the provider tells it.
	ExistingID string `json:"-" xml:"-"`
	// RequestID is the provider's id of the exchange, for its support, where it sends one.
	RequestID string `json:"request_id,omitempty"`
	// RetryAfter is how long the provider asks to wait, 0 if it does not say.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	// Detail says in our own words what went wrong or what to do. It must not hold values.
	Detail string `json:"detail,omitempty"`
	// Err is the cause, if any. Its text is printed, so it must not hold secrets or values.
	Err error `json:"-" xml:"-"`
}

// Error tells what failed, where, and what to do; see [Error] for what it leaves out.
func (e *Error) Error() string { return e.text() }

func (e Error) text() string {
	var b strings.Builder
	b.WriteString(join(": ", e.Provider, string(e.Op), string(e.Kind)))
	var facts []string
	if e.Status != 0 {
		facts = append(facts, "status "+strconv.Itoa(e.Status))
	}
	if e.Code != "" {
		facts = append(facts, "code "+e.Code)
	}
	if e.Outcome != "" {
		facts = append(facts, string(e.Outcome))
	}
	if e.RequestID != "" {
		facts = append(facts, "request "+e.RequestID)
	}
	if len(facts) > 0 {
		b.WriteString(" (" + strings.Join(facts, ", ") + ")")
	}
	sep := ": "
	if e.Detail != "" {
		b.WriteString(sep + e.Detail)
		sep = "; "
	}
	told, more := e.told()
	for _, v := range told {
		b.WriteString(sep + v.String())
		sep = "; "
	}
	if more > 0 {
		b.WriteString(sep + "and " + strconv.Itoa(more) + " more")
	}
	if e.Err != nil {
		b.WriteString(sep + e.Err.Error())
	}
	return b.String()
}

// told are the violations that texts and logs tell, the first ten, and how many more there are.
func (e Error) told() (vs []Violation, more int) {
	n := min(len(e.Violations), 10)
	return e.Violations[:n], len(e.Violations) - n
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is hold for the Kind and the Outcome.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Kind:
		return e.Kind == t
	case Outcome:
		return e.Outcome == t
	}
	return target == errors.ErrUnsupported && e.Kind == ErrUnsupported
}

// Format prints the text of Error for every verb, so that %+v and %#v do not show the provider's message.
func (e Error) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(e.text())) }

// LogValue is the error's fields without the provider's message.
func (e Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("provider", e.Provider), slog.String("kind", string(e.Kind))}
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	text("op", string(e.Op))
	text("outcome", string(e.Outcome))
	if e.Status != 0 {
		attrs = append(attrs, slog.Int("status", e.Status))
	}
	text("code", e.Code)
	text("request_id", e.RequestID)
	if e.RetryAfter != 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.RetryAfter))
	}
	text("detail", e.Detail)
	told, more := e.told()
	if len(told) > 0 {
		attrs = append(attrs, slog.Any("violations", told))
	}
	if more > 0 {
		attrs = append(attrs, slog.Int("more_violations", more))
	}
	if e.Err != nil {
		text("cause", e.Err.Error())
	}
	return slog.GroupValue(attrs...)
}
