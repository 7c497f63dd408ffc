package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/check"
)

// Checker is a generated request type: it names the rules of the contract that it breaks.
type Checker interface {
	Check() []check.Violation
}

// Send is one call of the generated client, whose HttpRequestDoer is the wire, with the context that it gets. The request
// of the answer is nil, since it holds the credentials.
type Send func(context.Context) (*http.Response, error)

// Accept looks at a decoded success and says what is wrong with it, "" if nothing is. It must not name values.
type Accept[Reply any] func(*Reply) string

// Call does one operation of the facade: it refuses what the requests' checks refuse, sends, decodes the answer into
// Reply and has it accepted (accept may be nil). Every error is a [*customers.Error] with kind, outcome, status and
// what the provider's error body tells.
//
// A success without a body, or with null, is the zero Reply after an update or a delete, which need nothing of the
// answer; else it is an error.
func Call[Reply any](
	ctx context.Context, w *Wire, op customers.Op, send Send, accept Accept[Reply], requests ...Checker,
) (*Reply, error) {
	mayBeEmpty := op == customers.OpUpdate || op == customers.OpDelete
	reply, _, err := call(ctx, w, op, mayBeEmpty, send, accept, requests)
	return reply, err
}

// ReadForUpdate is the Call that reads a record which an update will write back whole. Its errors say that nothing was
// sent, since nothing was written. The record is the member of the answer with the name given, the whole answer for "".
// One with properties that the contract does not declare is refused, since the write would lose them, unless the policy
// of the call allows the loss of customers.FieldUndeclared.
func ReadForUpdate[Reply any](
	ctx context.Context, w *Wire, record string, send Send, accept Accept[Reply], requests ...Checker,
) (*Reply, error) {
	// An update may be answered with nothing, the read before it may not.
	reply, a, err := call(ctx, w, customers.OpUpdate, false, send, accept, requests)
	if known := (*customers.Error)(nil); errors.As(err, &known) {
		known.Outcome = customers.ErrNotSent
		return nil, known
	}
	if name, found := beyond[Reply](a, record); found && !customers.LossAllowed(ctx, customers.FieldUndeclared) {
		return nil, &customers.Error{
			Kind: customers.ErrUnsupportedField, Outcome: customers.ErrNotSent,
			Detail: "the record has a property that the contract does not know, and would have to be written without it; " +
				"to allow that, name customers.FieldUndeclared in Policy.AllowLoss",
			Violations: []customers.Violation{{
				Field: customers.FieldUndeclared, Rule: "additionalProperties", Bound: identifier(name),
			}},
		}
	}
	return reply, nil
}

func call[Reply any](
	ctx context.Context, w *Wire, op customers.Op, mayBeEmpty bool, send Send, accept Accept[Reply], requests []Checker,
) (*Reply, *answer, error) {
	for _, request := range requests {
		if vs := request.Check(); len(vs) > 0 {
			return nil, nil, w.finish(op, refused(vs))
		}
	}
	limited, cancel := w.whole.within(ctx)
	defer cancel()
	resp, err := send(&passage{Context: limited, caller: ctx, op: op})
	if err != nil {
		return nil, nil, w.finish(op, err)
	}
	a, ok := resp.Body.(*answer)
	if !ok {
		return nil, nil, w.finish(op, &customers.Error{
			Kind: customers.ErrConfig, Outcome: customers.ErrUnknownOutcome, Detail: "the client does not send through the wire",
		})
	}
	complaint := ""
	if kind, _ := classify(op, resp.StatusCode); kind == "" {
		reply := new(Reply)
		complaint = decode(mayBeEmpty, resp, a, reply)
		if complaint == "" && accept != nil && !isEmpty(a.body) {
			complaint = accept(reply)
		}
		if complaint == "" {
			return reply, a, nil
		}
	}
	return nil, nil, w.finish(op, w.answered(op, resp, a, complaint))
}

// answered makes the error of an answer that is no success, or of which there is a complaint.
func (w *Wire) answered(op customers.Op, resp *http.Response, a *answer, complaint string) *customers.Error {
	e := newError(op, resp)
	if e.Kind != "" {
		w.decodeError(e, resp.Header, a)
	} else {
		// Some providers say no with a success: then their words are kept.
		said := *e
		if w.decode != nil && a.isJSON(resp.Header) && w.decode(&said, a.body) {
			e.Code, e.Message = identifier(said.Code), said.Message
		}
		// A write that succeeded with an answer that nobody understands is one whose result is not known.
		e.Kind, e.Outcome, e.Detail = customers.ErrContract, customers.ErrUnknownOutcome, complaint
	}
	e.Detail = withNote(e.Detail, a.note)
	return e
}

// decode reads the body of a success into reply; it says what is wrong, "" if nothing is.
func decode(mayBeEmpty bool, resp *http.Response, a *answer, reply any) (complaint string) {
	switch {
	case isEmpty(a.body) && mayBeEmpty:
		return ""
	case isEmpty(a.body):
		return "the answer is empty"
	case a.complaint != "":
		return a.complaint
	case !isJSON(resp.Header):
		return "the answer is not JSON"
	case !utf8.Valid(a.body):
		return "the answer is not UTF-8" // encoding/json would replace the bytes without a word
	}
	if err := json.Unmarshal(a.body, reply); err != nil {
		return describe(err)
	}
	return ""
}

// decodeError fills e from the body of an answer that is no success.
func (w *Wire) decodeError(e *customers.Error, header http.Header, a *answer) {
	own := false
	if len(a.body) == 0 || a.isJSON(header) {
		own = w.decode != nil && w.decode(e, a.body)
		e.Code = identifier(e.Code)
	}
	switch {
	case !own && (e.Kind == customers.ErrNotFound || e.Kind == customers.ErrAlreadyExists):
		e.Kind, e.Detail = customers.ErrContract, "not in the provider's own form, so it says nothing of a customer: check BaseURL"
	case e.Kind == customers.ErrContract && e.Status >= 400:
		e.Detail = "there is no such path: check BaseURL"
	case e.Status >= 300 && e.Status < 400:
		e.Detail = "a redirect, which is not followed: check BaseURL"
	}
}

// finish gives an error its operation, and takes the outcome from a read.
func (w *Wire) finish(op customers.Op, err error) error {
	known := (*customers.Error)(nil)
	if !errors.As(err, &known) {
		// The generated client failed before it sent anything: it could not build the request.
		known = &customers.Error{Kind: customers.ErrInvalid, Outcome: customers.ErrNotSent, Detail: "the request cannot be built"}
	}
	e := *known // a copy: waiters for the same token share the original
	e.Provider, e.Op = w.provider, op
	if !op.Writes() {
		e.Outcome = ""
	}
	return &e
}

func refused(broken []check.Violation) *customers.Error {
	vs := make([]customers.Violation, len(broken))
	for i, v := range broken {
		vs[i] = customers.Violation{Field: customers.Field(v.Field), Pointer: v.Pointer, Rule: v.Rule, Bound: v.Bound}
		if v.Field == "" && v.Pointer == "" {
			vs[i].Pointer = "body"
		}
	}
	return customers.Refuse(vs...)
}

// classify tells what a status means for an operation; the kind of a success is "".
func classify(op customers.Op, status int) (customers.Kind, customers.Outcome) {
	switch {
	case status >= 200 && status <= 299:
		return "", ""
	case status == http.StatusRequestTimeout, status >= 500:
		return customers.ErrUnavailable, customers.ErrUnknownOutcome
	case status < 400:
		// A redirect is not followed; some (303) mean that the work is done.
		return customers.ErrContract, customers.ErrUnknownOutcome
	}
	kind := customers.ErrRefused
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		kind = customers.ErrInvalid
	case http.StatusUnauthorized:
		kind = customers.ErrUnauthenticated
	case http.StatusForbidden:
		kind = customers.ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		kind = customers.ErrContract // no such path
		switch op {
		case customers.OpGet, customers.OpUpdate, customers.OpDelete, customers.OpFind:
			kind = customers.ErrNotFound
		}
	case http.StatusConflict:
		if op == customers.OpCreate {
			kind = customers.ErrAlreadyExists
		}
	case http.StatusTooManyRequests:
		kind = customers.ErrRateLimited
	}
	return kind, customers.ErrRejected
}

// isEmpty holds for null too: decoding it changes nothing, so that it would pass for a record or list without anything.
func isEmpty(body []byte) bool {
	text := bytes.TrimSpace(body)
	return len(text) == 0 || string(text) == "null"
}

// isJSON reports whether the body can be read as JSON in UTF-8.
func (a *answer) isJSON(h http.Header) bool {
	return a.complaint == "" && isJSON(h) && utf8.Valid(a.body)
}

// isJSON reports whether the header declares JSON in UTF-8, or nothing.
func isJSON(h http.Header) bool {
	value := first(h, "Content-Type")
	switch value {
	case "application/json", "application/json; charset=utf-8", "":
		return true
	}
	media, params, err := mime.ParseMediaType(value)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json")) &&
		(params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8"))
}

// describe says what is wrong with a JSON body without quoting it, as the errors of encoding/json do.
func describe(err error) string {
	var typed *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typed) && typed.Field == "":
		return fmt.Sprintf("the answer is not of type %v", typed.Type)
	case typed != nil:
		return fmt.Sprintf("the answer's property %q is not of type %v", typed.Field, typed.Type)
	}
	return "the answer is not valid JSON"
}

// NeedID is the complaint of an [Accept] about an answer without the id of its customer.
func NeedID(id string) string {
	if id == "" {
		return "the answer has no id"
	}
	return ""
}

// NotOther is the complaint of an [Accept] about an answer that need not have an id, but has another customer's.
func NotOther(want, got string) string {
	if got != "" && got != want {
		return "the answer has another customer's id"
	}
	return ""
}

// WantID is the complaint of an [Accept] about an answer that is not about the customer asked for.
func WantID(want, got string) string {
	if got != want {
		return "the answer has another customer's id, or none"
	}
	return ""
}

// As is the common body of Driver.As: if target points to such a client, it gets a copy of api, so that what the caller
// does with it changes nothing for the driver.
func As[API any](target any, api *API) bool {
	p, ok := target.(**API)
	if !ok || p == nil {
		return false
	}
	own := *api
	*p = &own
	return true
}
