package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/contract-first/customers"
)

// Options are the settings that every adapter shares. The zero value is the safe one.
//
// A configuration that embeds Options prints, logs and marshals as a fixed text, because it holds secrets. What cannot
// be promised is a program that prints the fields one by one, or that keeps it in an unexported field of something that
// it prints: there fmt does not ask.
type Options struct {
	// RoundTripper carries the requests: a proxy, client certificates, tracing. It must not follow redirects or repeat
	// requests. A contract.RoundTripper fits: what it refuses is ErrInvalid (a request) or ErrContract (an answer, with
	// its status). Nil is a transport of its own with the proxy settings of the environment.
	RoundTripper http.RoundTripper
	// Timeout bounds one request to its end: the wait for credentials and for its turn, every attempt, the pauses between
	// them, the last byte of the answer. 0 is 30 seconds. An update that reads first makes two requests, SimplePin's lists
	// of places are one each, and an update waits for others of the same customer as long as its context lets it.
	Timeout time.Duration
	// AttemptTimeout bounds each attempt, so that a read which hangs can be sent again within Timeout. 0 is no bound of
	// its own. A write that it ends is one whose outcome is not known.
	AttemptTimeout time.Duration
	// Retry says which failed requests are sent again, and how often.
	Retry Retry
	// RequestsPerSecond is the most that is sent, one at a time and evenly, whatever goroutine asks; token exchanges and
	// further attempts count too. 0 is no bound.
	RequestsPerSecond float64
	// MaxBody bounds the answer's body in bytes, after decompression. 0 is 1 MiB.
	MaxBody int64
	// Hook sees every attempt after its end, in the goroutine of the call; that of a token exchange, for which several
	// calls may wait, in another one, perhaps after the call. It must be safe for concurrent use and must not panic.
	Hook func(context.Context, Exchange)
}

// Exchange is what a hook sees of one request and its answer. It holds no secret and no customer's data.
type Exchange struct {
	Provider string
	// Op is the operation of the facade, "" for a token fetch and for calls of a client got through As.
	Op     customers.Op
	Method string
	// Status is 0 if there was no answer.
	Status    int
	RequestID string
	// Attempt counts from 1; Reason says why the request was sent: "first attempt", "status 503", "not sent", …
	Attempt int
	Reason  string
	// Next says what was decided afterwards, and why: "again in 180ms: status 503", "given up: a write that may have been
	// carried out is not sent again", …; "" if there was nothing to decide.
	Next string
	// Err is a [*customers.Error] if the attempt failed: no answer, or one that broke off or was too large. An answer that
	// says no is no failure: see Status.
	Err error
	// Duration ends with the body of the answer.
	Duration time.Duration
}

// wrong names the first setting that makes no sense.
func (o Options) wrong() (field, rule string) {
	for _, setting := range []struct {
		field string
		value float64
	}{
		{"Timeout", float64(o.Timeout)},
		{"AttemptTimeout", float64(o.AttemptTimeout)},
		{"MaxBody", float64(o.MaxBody)},
		{"RequestsPerSecond", o.RequestsPerSecond},
		{"Retry.Attempts", float64(o.Retry.Attempts)},
		{"Retry.Delay", float64(o.Retry.Delay)},
		{"Retry.MaxDelay", float64(o.Retry.MaxDelay)},
	} {
		if !(setting.value >= 0) { // NaN too
			return setting.field, "must not be negative"
		}
	}
	return "", ""
}

const redacted = "(configuration, not shown because it holds secrets)"

// Format prints no field.
func (Options) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// LogValue logs no field.
func (Options) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText marshals no field.
func (Options) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// newRoundTripper makes a transport that takes as long to connect as a request may take at most: net/http goes on
// connecting when the request has ended.
func newRoundTripper(timeout time.Duration) *http.Transport {
	connect := min(10*time.Second, timeout)
	dialer := &net.Dialer{Timeout: connect, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    100, // one host per client: the default of 2 would reconnect under load
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    connect,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// baseURL checks the root of an API. Its errors never hold the URL, which may hold a password.
func baseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, errors.New("is missing")
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("is not an absolute URL such as https://api.example.com")
	case u.User != nil:
		return nil, errors.New("must not hold a user or password")
	case hasDotSegment(u.Path):
		return nil, errors.New("must not have dot segments in its path")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#"):
		return nil, errors.New("must not have a query or fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("must be https; plain http is only for loopback addresses")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must be https")
	}
	return url.Parse(strings.TrimRight(raw, "/"))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
