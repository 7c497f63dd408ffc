package wiretest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// AssertHidden prints, logs and marshals values in every way, and fails if a secret shows.
func AssertHidden(t *testing.T, secrets []string, values ...any) {
	t.Helper()
	AssertNotPrinted(t, secrets, values...)
	for _, v := range values {
		if data, err := json.Marshal(v); err == nil {
			assertWithout(t, secrets, string(data))
		}
	}
}

// AssertNotPrinted prints and logs values, and of an error all that it wraps, and fails if a secret shows.
func AssertNotPrinted(t *testing.T, secrets []string, values ...any) {
	t.Helper()
	var text strings.Builder
	loggers := []*slog.Logger{slog.New(slog.NewJSONHandler(&text, nil)), slog.New(slog.NewTextHandler(&text, nil))}
	for len(values) > 0 {
		v := values[0]
		values = values[1:]
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
			fmt.Fprintf(&text, verb, v)
		}
		for _, logger := range loggers {
			logger.Info("value", "value", v)
		}
		switch wrapping := v.(type) {
		case interface{ Unwrap() error }:
			if inner := wrapping.Unwrap(); inner != nil {
				values = append(values, inner)
			}
		case interface{ Unwrap() []error }:
			for _, inner := range wrapping.Unwrap() {
				values = append(values, inner)
			}
		}
	}
	assertWithout(t, secrets, text.String())
}

func assertWithout(t *testing.T, secrets []string, text string) {
	t.Helper()
	for _, secret := range secrets {
		if at := strings.Index(text, secret); at >= 0 {
			assert.Fail(t, "a secret shows", "%s in …%s…", secret, text[max(0, at-200):min(at+200, len(text))])
		}
	}
}
