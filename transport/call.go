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
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/check"
)

// Checker is a generated request type: it names the rules of the contract that it breaks.
type Checker interface {
	Check() []check.Violation
}

type opKey struct{}

// Call does one operation of the facade: it refuses what the request's checks refuse, sends through the generated client
// (whose HttpRequestDoer is the wire), and decodes the answer into Reply. Every error is a [*customers.Error] with kind,
// outcome, status and what the provider's error body tells.
//
// A success without a body, or with null, is the zero Reply after an update, a delete or with status 204, since nothing
// of the answer is needed there; else it is an error.
func Call[Reply any](
	ctx context.Context, w *Wire, op customers.Op, send func(context.Context) (*http.Response, error), requests ...Checker,
) (*Reply, error) {
	reply, _, err := call[Reply](ctx, w, op, send, requests)
	return reply, err
}

// ReadForUpdate is the Call that reads a record which an update will write back whole. Its errors say that nothing was
// sent, since nothing was written. It refuses a record with properties that Reply does not have, which the write would
// lose, unless mayLose.
func ReadForUpdate[Reply any](
	ctx context.Context, w *Wire, mayLose bool, send func(context.Context) (*http.Response, error), requests ...Checker,
) (*Reply, error) {
	reply, body, err := call[Reply](ctx, w, customers.OpUpdate, send, requests)
	if known := (*customers.Error)(nil); errors.As(err, &known) {
		known.Outcome = customers.ErrNotSent
		return nil, known
	}
	if mayLose || len(body) == 0 {
		return reply, nil
	}
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(new(Reply)); err != nil {
		_, property, _ := strings.Cut(err.Error(), "unknown field ")
		return nil, &customers.Error{
			Kind: customers.ErrUnsupportedField, Outcome: customers.ErrNotSent,
			Detail: "the record has a property that the contract does not know, and the provider takes only whole records",
			Violations: []customers.Violation{{
				Field: customers.FieldUndeclared, Rule: "additionalProperties", Bound: identifier(strings.Trim(property, `"`)),
			}},
		}
	}
	return reply, nil
}

// OtherRecord is the error of an update whose provider read out another customer than the one asked for.
func OtherRecord() error {
	return &customers.Error{
		Kind: customers.ErrContract, Outcome: customers.ErrNotSent, Detail: "the record to change came with another id, or none",
	}
}

func call[Reply any](
	ctx context.Context, w *Wire, op customers.Op, send func(context.Context) (*http.Response, error), requests []Checker,
) (*Reply, []byte, error) {
	for _, request := range requests {
		if vs := request.Check(); len(vs) > 0 {
			return nil, nil, refused(w, op, vs)
		}
	}
	resp, err := send(context.WithValue(ctx, opKey{}, op))
	if err != nil {
		return nil, nil, w.finish(op, err)
	}
	defer resp.Body.Close()
	e := &customers.Error{
		Provider: w.provider, Op: op, Status: resp.StatusCode, RequestID: requestID(resp.Header),
		RetryAfter: retryAfter(resp.Header, time.Now()),
	}
	e.Kind, e.Outcome = classify(op, resp.StatusCode)
	ok := e.Kind == ""
	if ok {
		// Until the answer is understood, a write that succeeded is one whose result is not known.
		e.Kind, e.Outcome = customers.ErrContract, customers.ErrUnknownOutcome
	}
	reply := new(Reply)
	body, err := read(resp)
	switch {
	case err != nil && ctx.Err() != nil:
		e.Kind, e.Err = customers.ErrCanceled, context.Cause(ctx)
	case errors.Is(err, errTooLarge):
		e.Detail = fmt.Sprintf("the answer is larger than %d bytes", w.options.MaxBody)
	case err != nil:
		// The status stays what it was; only a success turns into a failure.
		if ok {
			e.Kind = customers.ErrUnavailable
		}
		e.Detail = "the answer broke off"
		if errors.Is(err, context.DeadlineExceeded) {
			e.Detail = fmt.Sprintf("the answer did not end within %v", w.options.Timeout)
		}
	case ok && isEmpty(body) && (op == customers.OpUpdate || op == customers.OpDelete || resp.StatusCode == http.StatusNoContent):
		return reply, nil, nil
	case ok && isEmpty(body):
		e.Detail = "the answer is empty"
	case ok && !isJSON(resp.Header):
		e.Detail = "the answer is not JSON"
	case ok:
		if err := json.Unmarshal(body, reply); err != nil {
			e.Detail = describe(err)
			break
		}
		return reply, body, nil
	case isJSON(resp.Header) && w.decode != nil:
		w.decode(e, body)
		e.Code = identifier(e.Code)
	}
	return nil, nil, w.finish(op, e)
}

// finish gives an error its operation, and takes the outcome from a read.
func (w *Wire) finish(op customers.Op, err error) error {
	known := (*customers.Error)(nil)
	if !errors.As(err, &known) {
		// The generated client failed before it sent anything: it could not build the request.
		known = &customers.Error{Kind: customers.ErrInvalid, Outcome: customers.ErrNotSent, Detail: "the request cannot be built"}
	}
	e := *known // a copy: calls may share the original
	e.Provider, e.Op = w.provider, op
	if !op.Writes() {
		e.Outcome = ""
	}
	return &e
}

func refused(w *Wire, op customers.Op, vs []check.Violation) error {
	e := &customers.Error{Provider: w.provider, Op: op, Kind: customers.ErrInvalid}
	if op.Writes() {
		e.Outcome = customers.ErrNotSent
	}
	for _, v := range vs {
		e.Violations = append(e.Violations, customers.Violation{
			Field: customers.Field(v.Field), Pointer: v.Pointer, Rule: v.Rule, Bound: v.Bound,
		})
	}
	return e
}

// classify tells what a status means for an operation; the kind of a success is "".
func classify(op customers.Op, status int) (customers.Kind, customers.Outcome) {
	kind := customers.ErrContract
	switch {
	case status >= 200 && status <= 299:
		return "", ""
	case status == http.StatusRequestTimeout, status >= 500:
		return customers.ErrUnavailable, customers.ErrUnknownOutcome
	case status < 400:
		// A redirect is not followed; some (303) mean that the work is done.
		return customers.ErrContract, customers.ErrUnknownOutcome
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		kind = customers.ErrInvalid
	case status == http.StatusUnauthorized:
		kind = customers.ErrUnauthenticated
	case status == http.StatusForbidden:
		kind = customers.ErrForbidden
	case status == http.StatusNotFound:
		kind = customers.ErrNotFound
	case status == http.StatusConflict:
		kind = customers.ErrAlreadyExists
	case status == http.StatusTooManyRequests:
		kind = customers.ErrRateLimited
	}
	return kind, customers.ErrRejected
}

// read reads the whole body; the wire has bounded it.
func read(resp *http.Response) ([]byte, error) {
	var buf bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= 64<<10 {
		buf.Grow(int(n) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(resp.Body)
	return buf.Bytes(), err
}

// isEmpty holds for null too: decoding it changes nothing, so that it would pass for a record or list without anything.
func isEmpty(body []byte) bool {
	text := bytes.TrimSpace(body)
	return len(text) == 0 || string(text) == "null"
}

// isJSON reports whether the header declares JSON, or nothing.
func isJSON(h http.Header) bool {
	value := h.Get("Content-Type")
	switch value {
	case "application/json", "application/json; charset=utf-8", "":
		return true
	}
	media, _, err := mime.ParseMediaType(value)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
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

// As is the common body of Driver.As: it stores api in target if target points to such a client.
func As[API any](target any, api *API) bool {
	p, ok := target.(**API)
	if ok {
		*p = api
	}
	return ok
}
