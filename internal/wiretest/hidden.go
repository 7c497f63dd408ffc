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
	var text strings.Builder
	loggers := []*slog.Logger{slog.New(slog.NewJSONHandler(&text, nil)), slog.New(slog.NewTextHandler(&text, nil))}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
			fmt.Fprintf(&text, verb, v)
		}
		for _, logger := range loggers {
			logger.Info("value", "value", v)
		}
		if data, err := json.Marshal(v); err == nil {
			text.Write(data)
		}
	}
	for _, secret := range secrets {
		assert.NotContains(t, text.String(), secret)
	}
}
