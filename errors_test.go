package customers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
)

var kinds = []customers.Kind{
	customers.ErrConfig, customers.ErrInvalid, customers.ErrUnsupportedField, customers.ErrUnsupported,
	customers.ErrUnproven, customers.ErrUnauthenticated, customers.ErrForbidden, customers.ErrNotFound,
	customers.ErrAlreadyExists, customers.ErrRateLimited, customers.ErrUnavailable, customers.ErrCanceled,
	customers.ErrContract,
}

var outcomes = []customers.Outcome{customers.ErrNotSent, customers.ErrRejected, customers.ErrUnknownOutcome}

// full is an error with everything in it; what must not be seen holds the word private.
func full() *customers.Error {
	return &customers.Error{
		Provider: "acme", Op: customers.OpCreate, Kind: customers.ErrAlreadyExists, Outcome: customers.ErrRejected,
		Status: 409, Code: "duplicate", Message: "private: ama.kouassi@example.com is known",
		Violations: []customers.Violation{
			{Field: customers.FieldEmail, Pointer: "/email", Rule: "maxLength", Bound: "64"},
			{Pointer: "/id", Rule: "required"},
		},
		ExistingID: "private-7", RequestID: "r-1", RetryAfter: 2 * time.Second, Detail: "look there first",
		Err: io.ErrUnexpectedEOF,
	}
}

const fullText = "acme: create: already exists (status 409, code duplicate, rejected, request r-1): look there first; " +
	"email (/email): maxLength 64; /id: required; unexpected EOF"

func TestErrorIs(t *testing.T) {
	for _, kind := range kinds {
		for _, outcome := range outcomes {
			err := fmt.Errorf("signing up: %w", &customers.Error{Kind: kind, Outcome: outcome})
			for _, k := range kinds {
				assert.Equal(t, k == kind, errors.Is(err, k), "%s is %s", kind, k)
			}
			for _, o := range outcomes {
				assert.Equal(t, o == outcome, errors.Is(err, o), "%s is %s", outcome, o)
			}
			assert.Equal(t, kind == customers.ErrUnsupported, errors.Is(err, errors.ErrUnsupported), kind)
		}
	}
}

func TestSentinelsAreDistinct(t *testing.T) {
	texts := map[string]bool{}
	for _, kind := range kinds {
		texts[kind.Error()] = true
	}
	for _, outcome := range outcomes {
		texts[outcome.Error()] = true
	}
	assert.Len(t, texts, len(kinds)+len(outcomes))
	assert.NotContains(t, texts, "")
}

func TestErrorUnwrap(t *testing.T) {
	err := error(&customers.Error{Kind: customers.ErrUnavailable, Err: fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)})
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.NotErrorIs(t, err, io.EOF)
	assert.NoError(t, errors.Unwrap(&customers.Error{Kind: customers.ErrNotFound}))

	// A caller reaches the fields through whatever the error was wrapped in.
	var e *customers.Error
	require.ErrorAs(t, fmt.Errorf("signing up: %w", full()), &e)
	assert.Equal(t, "private-7", e.ExistingID)
}

func TestErrorText(t *testing.T) {
	for name, tt := range map[string]struct {
		err  *customers.Error
		want string
	}{
		"kind alone": {&customers.Error{Kind: customers.ErrNotFound}, "not found"},
		"provider and operation": {
			&customers.Error{Provider: "acme", Op: customers.OpGet, Kind: customers.ErrNotFound, Status: 404},
			"acme: get: not found (status 404)",
		},
		"configuration": {
			&customers.Error{
				Provider: "acme", Kind: customers.ErrConfig,
				Violations: []customers.Violation{{Pointer: "APIKey", Rule: "is missing"}},
			},
			"acme: invalid configuration: APIKey: is missing",
		},
		"cause alone": {
			&customers.Error{
				Provider: "acme", Op: customers.OpDelete, Kind: customers.ErrUnavailable,
				Outcome: customers.ErrUnknownOutcome, Err: io.ErrUnexpectedEOF,
			},
			"acme: delete: unavailable (outcome unknown): unexpected EOF",
		},
		"rules and cause": {
			&customers.Error{
				Kind: customers.ErrInvalid, Err: io.ErrUnexpectedEOF,
				Violations: []customers.Violation{{Rule: "anyOf"}, {Field: customers.FieldEmail, Rule: "required"}},
			},
			"invalid input: anyOf; email: required; unexpected EOF",
		},
		"everything": {full(), fullText},
	} {
		t.Run(name, func(t *testing.T) { assert.EqualError(t, tt.err, tt.want) })
	}
}

// TestErrorPrinted prints an error in each way in which programs do.
func TestErrorPrinted(t *testing.T) {
	e := full()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%10v"} {
		assert.Equal(t, fullText, fmt.Sprintf(verb, e), "pointer, %s", verb)
		assert.Equal(t, fullText, fmt.Sprintf(verb, *e), "value, %s", verb)
		assert.Contains(t, fmt.Sprintf(verb, []error{e}), fullText, "slice, %s", verb)
		type result struct{ Err any }
		assert.Contains(t, fmt.Sprintf(verb, result{e}), fullText, "field, %s", verb)
		assert.Contains(t, fmt.Sprintf(verb, &result{*e}), fullText, "value in a field, %s", verb)
	}
	assert.Equal(t, fullText+"\n", fmt.Sprintln(e))
	assert.NotContains(t, fmt.Sprintf("%+v", struct{ err error }{e}), "private", "unexported field")
	assert.Equal(t, "<nil>", fmt.Sprintf("%+v", (*customers.Error)(nil)))
}

func TestErrorAsJSON(t *testing.T) {
	const want = `{
		"provider": "acme", "op": "create", "kind": "already exists", "outcome": "rejected", "status": 409, "code": "duplicate",
		"violations": [{"field": "email", "pointer": "/email", "rule": "maxLength", "bound": "64"}, {"pointer": "/id", "rule": "required"}],
		"request_id": "r-1", "retry_after": 2000000000, "detail": "look there first"
	}`
	for _, e := range []any{full(), *full()} {
		b, err := json.Marshal(e)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(b))
	}
	b, err := json.Marshal(&customers.Error{Provider: "acme", Kind: customers.ErrNotFound})
	require.NoError(t, err)
	assert.JSONEq(t, `{"provider": "acme", "kind": "not found"}`, string(b))
}

// logged is what slog writes of value, without time, level and message.
func logged(value any) (text, jsonText string) {
	var t, j bytes.Buffer
	options := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
			return slog.Attr{}
		}
		return a
	}}
	slog.New(slog.NewTextHandler(&t, options)).Info("", "x", value)
	slog.New(slog.NewJSONHandler(&j, options)).Info("", "x", value)
	return t.String(), j.String()
}

func TestErrorLogged(t *testing.T) {
	for name, value := range map[string]any{"pointer": full(), "value": *full()} {
		t.Run(name, func(t *testing.T) {
			text, jsonText := logged(value)
			assert.Equal(t, `x.provider=acme x.kind="already exists" x.op=create x.outcome=rejected x.status=409 x.code=duplicate `+
				`x.request_id=r-1 x.retry_after=2s x.detail="look there first" `+
				`x.violations="[email (/email): maxLength 64 /id: required]" x.cause="unexpected EOF"`+"\n", text)
			assert.JSONEq(t, `{"x": {
				"provider": "acme", "kind": "already exists", "op": "create", "outcome": "rejected", "status": 409, "code": "duplicate",
				"request_id": "r-1", "retry_after": 2000000000, "detail": "look there first",
				"violations": [{"field": "email", "pointer": "/email", "rule": "maxLength", "bound": "64"}, {"pointer": "/id", "rule": "required"}],
				"cause": "unexpected EOF"
			}}`, jsonText)
		})
	}
	t.Run("wrapped", func(t *testing.T) {
		text, jsonText := logged(fmt.Errorf("signing up: %w", full()))
		assert.Contains(t, text, fullText)
		assert.Contains(t, jsonText, fullText)
	})
	t.Run("small", func(t *testing.T) {
		text, _ := logged(&customers.Error{Provider: "acme", Kind: customers.ErrNotFound})
		assert.Equal(t, "x.provider=acme x.kind=\"not found\"\n", text, "what is not known is left out")
	})
}

func TestViolationText(t *testing.T) {
	for want, v := range map[string]customers.Violation{
		"email (/email): maxLength 64":    {Field: customers.FieldEmail, Pointer: "/email", Rule: "maxLength", Bound: "64"},
		"email: required":                 {Field: customers.FieldEmail, Rule: "required"},
		"/contract_email: format email":   {Pointer: "/contract_email", Rule: "format", Bound: "email"},
		"anyOf email or phone":            {Rule: "anyOf", Bound: "email or phone"},
		"Policy.AllowLoss: unknown field": {Pointer: "Policy.AllowLoss", Rule: "unknown field"},
	} {
		assert.Equal(t, want, v.String())
	}
}

// However many rules are broken, texts and logs stay short; encoding/json has them all.
func TestErrorOfManyViolations(t *testing.T) {
	for _, tt := range []struct {
		violations      int
		text, attribute string // of how many more there are
	}{
		{10, "", ""},
		{12, "; and 2 more", `"more_violations":2`},
	} {
		err := &customers.Error{
			Provider: "stancer", Kind: customers.ErrInvalid, Err: io.ErrUnexpectedEOF,
			Violations: slices.Repeat([]customers.Violation{{Pointer: "/a", Rule: "required"}}, tt.violations),
		}
		assert.Equal(t, 10, strings.Count(err.Error(), "required"))
		assert.True(t, strings.HasSuffix(err.Error(), "/a: required"+tt.text+"; unexpected EOF"), err.Error())

		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "err", err)
		assert.Equal(t, 10, strings.Count(b.String(), "required"))
		assert.Contains(t, b.String(), tt.attribute)
		assert.Equal(t, tt.attribute != "", strings.Contains(b.String(), "more"))

		data, failed := json.Marshal(err)
		require.NoError(t, failed)
		assert.Equal(t, tt.violations, strings.Count(string(data), "required"))
	}
}
