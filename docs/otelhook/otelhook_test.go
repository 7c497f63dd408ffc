package otelhook_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/docs/otelhook"
	"github.com/contract-first/customers/transport"
)

func TestEveryAttemptIsASpanAndAValue(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracers := trace.NewTracerProvider(trace.WithSyncer(spans))
	values := metric.NewManualReader()
	hook, err := otelhook.New(tracers, metric.NewMeterProvider(metric.WithReader(values)))
	require.NoError(t, err)

	// The first request gets no answer, the second a 503, the third one that says that there is nobody.
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("X-Request-Id", "req-1")
		switch requests {
		case 1:
			panic(http.ErrAbortHandler)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"error":{"type":"invalid_request_error","message":"No such customer"}}`))
		}
	}))
	t.Cleanup(server.Close)
	client, err := stancer.Open(stancer.Config{
		APIKey: "stest_notARealKey", BaseURL: server.URL,
		Options: transport.Options{Hook: hook, Retry: transport.Retry{Delay: 1}},
	})
	require.NoError(t, err)
	ctx, parent := tracers.Tracer("test").Start(t.Context(), "checkout")
	_, err = client.Get(ctx, "cust_1")
	require.ErrorIs(t, err, customers.ErrNotFound)
	parent.End()

	got := spans.GetSpans()
	require.Len(t, got, 4)
	for i, want := range []struct{ errorType, reason, next string }{
		{"unavailable", "first attempt", "again in 0s: no answer"},
		{"503", "no answer", "again in 0s: status 503"},
		{"404", "status 503", ""},
	} {
		span := got[i]
		attributes := attribute.NewSet(span.Attributes...)
		text := func(key attribute.Key) string {
			value, _ := attributes.Value(key)
			return value.String()
		}
		assert.Equal(t, "GET", span.Name)
		assert.Equal(t, api.SpanKindClient, span.SpanKind)
		assert.Equal(t, parent.SpanContext().SpanID(), span.Parent.SpanID())
		assert.Equal(t, codes.Error, span.Status.Code)
		assert.False(t, span.EndTime.Before(span.StartTime))
		assert.Equal(t, "GET", text("http.request.method"))
		assert.Equal(t, "stancer", text("customers.provider"))
		assert.Equal(t, "get", text("customers.operation"))
		assert.Equal(t, want.errorType, text("error.type"))
		assert.Equal(t, want.reason, text("customers.reason"))
		assert.Equal(t, want.next, text("customers.next"))
		assert.Equal(t, []string{"", "1", "2"}[i], text("http.request.resend_count"))
		assert.Equal(t, []string{"", "503", "404"}[i], text("http.response.status_code"))
		assert.Equal(t, []string{"", "req-1", "req-1"}[i], text("customers.request_id"))
	}

	var metrics metricdata.ResourceMetrics
	require.NoError(t, values.Collect(t.Context(), &metrics))
	require.Len(t, metrics.ScopeMetrics, 1)
	require.Len(t, metrics.ScopeMetrics[0].Metrics, 1)
	metric := metrics.ScopeMetrics[0].Metrics[0]
	assert.Equal(t, "http.client.request.duration", metric.Name)
	assert.Equal(t, "s", metric.Unit)
	points := metric.Data.(metricdata.Histogram[float64]).DataPoints
	require.Len(t, points, 3)
	for _, point := range points {
		assert.EqualValues(t, 1, point.Count)
		assert.False(t, point.Attributes.HasValue("http.request.resend_count"))
	}
}

// A request that succeeds is no error.
func TestSuccess(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	hook, err := otelhook.New(trace.NewTracerProvider(trace.WithSyncer(spans)), metric.NewMeterProvider())
	require.NoError(t, err)
	hook(t.Context(), transport.Exchange{Method: http.MethodPost, Status: http.StatusCreated, Attempt: 1})
	require.Len(t, spans.GetSpans(), 1)
	span := spans.GetSpans()[0]
	assert.Equal(t, codes.Unset, span.Status.Code)
	for _, a := range span.Attributes {
		assert.NotEqual(t, attribute.Key("error.type"), a.Key)
	}
}
