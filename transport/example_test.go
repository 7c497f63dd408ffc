package transport_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"

	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/transport"
)

// logTo makes a hook that logs every attempt: failures as warnings, all others for debugging.
func logTo(logger *slog.Logger) func(context.Context, transport.Exchange) {
	return func(ctx context.Context, e transport.Exchange) {
		level := slog.LevelDebug
		if e.Err != nil || e.Status >= 400 {
			level = slog.LevelWarn
		}
		logger.LogAttrs(ctx, level, "attempt",
			slog.String("provider", e.Provider), slog.String("operation", string(e.Op)),
			slog.String("method", e.Method), slog.Int("status", e.Status), slog.String("request_id", e.RequestID),
			slog.Int("attempt", e.Attempt), slog.String("reason", e.Reason), slog.String("next", e.Next),
			slog.Duration("duration", e.Duration), slog.Any("error", e.Err))
	}
}

// Every attempt, with the reason for it and what was decided afterwards, in the log.
func ExampleExchange_log() {
	answers := []int{http.StatusServiceUnavailable, http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answers[0])
		answers = answers[1:]
		_, _ = w.Write([]byte(`{"id": "cust_1"}`))
	}))
	defer server.Close()

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { // what differs from run to run, or does not matter here
			if slices.Contains([]string{slog.TimeKey, "duration", "request_id", "error"}, a.Key) {
				return slog.Attr{}
			}
			return a
		},
	}))
	client, err := stancer.Open(stancer.Config{
		APIKey: "stest_notARealKey", BaseURL: server.URL,
		Options: transport.Options{Hook: logTo(logger), Retry: transport.Retry{Delay: 1}},
	})
	if err != nil {
		panic(err)
	}
	_, _ = client.Get(context.Background(), "cust_1")
	// Output:
	// level=WARN msg=attempt provider=stancer operation=get method=GET status=503 attempt=1 reason="first attempt" next="again in 0s: status 503"
	// level=DEBUG msg=attempt provider=stancer operation=get method=GET status=200 attempt=2 reason="status 503" next=""
}
