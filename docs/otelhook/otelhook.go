// Package otelhook makes OpenTelemetry spans and a metric of every attempt that the wire makes. It is an example to
// copy: a module of its own, which the library does not need.
package otelhook

import (
	"context"
	"errors"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

const scope = "github.com/contract-first/customers/docs/otelhook"

// New makes the hook for transport.Options. Each attempt is a client span below the span of the call's context, and a
// value of the histogram http.client.request.duration, in seconds.
func New(tracers trace.TracerProvider, meters metric.MeterProvider) (func(context.Context, transport.Exchange), error) {
	tracer := tracers.Tracer(scope)
	duration, err := meters.Meter(scope).Float64Histogram("http.client.request.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of HTTP client requests."),
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, e transport.Exchange) {
		ended := time.Now()
		attributes := []attribute.KeyValue{
			attribute.String("http.request.method", e.Method),
			attribute.String("customers.provider", e.Provider),
			attribute.String("customers.operation", string(e.Op)),
		}
		if e.Status != 0 {
			attributes = append(attributes, attribute.Int("http.response.status_code", e.Status))
		}
		failure := errorType(e)
		if failure != "" {
			attributes = append(attributes, attribute.String("error.type", failure))
		}
		duration.Record(ctx, e.Duration.Seconds(), metric.WithAttributes(attributes...))

		// What differs with each request belongs to spans: as an attribute of a metric it would make a series of its own.
		if e.Attempt > 1 {
			attributes = append(attributes, attribute.Int("http.request.resend_count", e.Attempt-1))
		}
		attributes = append(attributes, attribute.String("customers.reason", e.Reason), attribute.String("customers.next", e.Next),
			attribute.String("customers.request_id", e.RequestID))
		_, span := tracer.Start(ctx, e.Method, trace.WithSpanKind(trace.SpanKindClient),
			trace.WithTimestamp(ended.Add(-e.Duration)), trace.WithAttributes(attributes...))
		switch {
		case e.Err != nil:
			span.SetStatus(codes.Error, e.Err.Error()) // holds no secret and no customer's data
		case failure != "":
			span.SetStatus(codes.Error, "")
		}
		span.End(trace.WithTimestamp(ended))
	}, nil
}

// errorType is the status of an answer that says no, else the kind of what went wrong.
func errorType(e transport.Exchange) string {
	var failed *customers.Error
	switch {
	case e.Status >= 400:
		return strconv.Itoa(e.Status)
	case errors.As(e.Err, &failed):
		return string(failed.Kind)
	}
	return ""
}
