package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

var basic = transport.Basic(secret, "")

var operations = []customers.Op{customers.OpCreate, customers.OpDelete, customers.OpGet}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			var elsewhere arrivals
			other := serve(t, elsewhere.then(answer(http.StatusOK, record)))
			for _, target := range []string{"/v2/customers/" + id, other + "/" + id} {
				var here arrivals
				p := connect(t, here.then(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Location", target)
					w.WriteHeader(status)
				}))
				for _, op := range operations {
					e := failure(t, p.do(t.Context(), op))
					assert.Equal(t, customers.ErrContract, e.Kind)
					assert.Equal(t, status, e.Status)
					if op.Writes() {
						assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
					}
				}
				assert.Len(t, here.list(), len(operations))
			}
			assert.Empty(t, elsewhere.list(), "neither credentials nor data reach another host")
		})
	}
}

// outcome is what a failed call that left the provider in this state says: nothing for a read.
func outcome(op customers.Op, write customers.Outcome) customers.Outcome {
	if op.Writes() {
		return write
	}
	return ""
}

func TestConnectionRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p := newProvider(t, "http://"+l.Addr().String(), basic, transport.Options{})

	for _, op := range operations {
		e := failure(t, p.do(t.Context(), op))
		assert.Equal(t, customers.ErrUnavailable, e.Kind)
		assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
		assert.Zero(t, e.Status)
		var cause *net.OpError
		assert.ErrorAs(t, e, &cause)
	}
}

func TestUntrustedServerGetsNothing(t *testing.T) {
	var seen arrivals
	server := start(t, httptest.NewUnstartedServer(seen.then(answer(http.StatusOK, record))), (*httptest.Server).StartTLS)
	dialServer := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	trusting := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs

	for name, tt := range map[string]struct {
		base  string
		roots *x509.CertPool
	}{
		"certificate of another name": {"https://api.example.net", trusting},
		"unknown authority":           {"https://example.com", x509.NewCertPool()},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, tt.base, basic, transport.Options{RoundTripper: &http.Transport{
				DialContext: dialServer, TLSClientConfig: &tls.Config{RootCAs: tt.roots},
			}})
			for _, op := range operations {
				e := failure(t, p.do(t.Context(), op))
				assert.Equal(t, customers.ErrUnavailable, e.Kind)
				assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
				var cause *tls.CertificateVerificationError
				assert.ErrorAs(t, e, &cause)
			}
		})
	}
	assert.Empty(t, seen.list())

	t.Run("trusted", func(t *testing.T) {
		tr := &http.Transport{DialContext: dialServer, TLSClientConfig: &tls.Config{RootCAs: trusting}}
		t.Cleanup(tr.CloseIdleConnections)
		p := newProvider(t, "https://example.com", basic, transport.Options{RoundTripper: tr})
		require.NoError(t, p.do(t.Context(), customers.OpCreate))
	})
}

// raw makes the client of a server that speaks for itself, one request per connection.
func raw(t *testing.T, speak func(net.Conn, *http.Request)) provider {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				speak(conn, req)
			}
			_ = conn.Close()
		}
	}()
	return newProvider(t, "http://"+l.Addr().String(), basic, transport.Options{})
}

func TestConnectionBreaksAfterSending(t *testing.T) {
	reset := func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }
	for name, speak := range map[string]func(net.Conn, *http.Request){
		"reset with the body unread": func(conn net.Conn, req *http.Request) {
			_, _ = io.ReadFull(req.Body, make([]byte, min(req.ContentLength, 1)))
			reset(conn)
		},
		"reset with the body read": func(conn net.Conn, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
			reset(conn)
		},
		"closed": func(_ net.Conn, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
		},
		"closed within the header": func(conn net.Conn, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
			_, _ = io.WriteString(conn, "HTTP/1.1 201 Created\r\nContent-Ty")
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := raw(t, speak)
			for _, op := range operations {
				e := failure(t, p.do(t.Context(), op))
				assert.Equal(t, customers.ErrUnavailable, e.Kind)
				assert.Equal(t, outcome(op, customers.ErrUnknownOutcome), e.Outcome)
				assert.Zero(t, e.Status)
			}
		})
	}
}

// net/http quotes what it cannot read. That may be the customer.
func TestAnswerThatIsNotHTTPIsNotQuoted(t *testing.T) {
	for name, text := range map[string]string{
		"no status line":    record + "\r\n\r\n",
		"no status code":    "HTTP/1.1 canary OK\r\n\r\n",
		"no version":        "HTTP/canary 200 OK\r\n\r\n",
		"header of a line":  "HTTP/1.1 200 OK\r\n" + email + "\r\n\r\n",
		"header of a name":  "HTTP/1.1 200 OK\r\n\tcanary: 1\r\n\r\n",
		"length":            "HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n",
		"transfer encoding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: canary\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			p := raw(t, func(conn net.Conn, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(conn, text)
			})
			e := failure(t, p.do(t.Context(), customers.OpCreate))
			assert.Equal(t, customers.ErrUnavailable, e.Kind)
			assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
			assert.ErrorContains(t, e, "not HTTP")
		})
	}
}

func TestFailuresOfTheRoundTripper(t *testing.T) {
	for name, tt := range map[string]struct {
		roundTrip func(*http.Request) (*http.Response, error)
		outcome   customers.Outcome
	}{
		"body unread": {
			func(*http.Request) (*http.Response, error) { return nil, errCause }, customers.ErrNotSent,
		},
		"body read": {
			func(req *http.Request) (*http.Response, error) {
				_, _ = io.Copy(io.Discard, req.Body)
				return nil, errCause
			}, customers.ErrUnknownOutcome,
		},
		"body read at the second try": {
			func(req *http.Request) (*http.Response, error) {
				again, err := req.GetBody()
				if err == nil {
					_, err = io.Copy(io.Discard, again)
				}
				return nil, errors.Join(err, errCause)
			}, customers.ErrUnknownOutcome,
		},
		"body read, and an error of the facade from some other call": {
			func(req *http.Request) (*http.Response, error) {
				_, _ = io.Copy(io.Discard, req.Body)
				return nil, &customers.Error{Kind: customers.ErrForbidden, Outcome: customers.ErrNotSent, Err: errCause}
			}, customers.ErrUnknownOutcome,
		},
		"an error with the URL in it": {
			func(req *http.Request) (*http.Response, error) {
				inner := &url.Error{Op: "Post", URL: "https://" + secret + "@example.com/?email=" + email, Err: errCause}
				return nil, fmt.Errorf("%s: %w", email, &url.Error{Op: "Post", URL: email, Err: fmt.Errorf("%s: %w", secret, inner)})
			}, customers.ErrNotSent,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, "https://api.example.com", basic, transport.Options{RoundTripper: roundTripper(tt.roundTrip)})
			_, err := p.create(t.Context(), newCustomer)
			e := failure(t, err)
			assert.Equal(t, customers.ErrUnavailable, e.Kind)
			assert.Equal(t, tt.outcome, e.Outcome)
			assert.ErrorIs(t, err, errCause)
		})
	}
}

func TestCredentialsThatCannotBeSentAreNotPrinted(t *testing.T) {
	var seen arrivals
	p := newProvider(t, serve(t, seen.then(answer(200, record))), transport.Static("Api_key", secret+"\n"), transport.Options{})
	e := failure(t, p.do(t.Context(), customers.OpCreate))
	assert.Equal(t, customers.ErrNotSent, e.Outcome)
	assert.ErrorContains(t, e, "Api_key")
	assert.Empty(t, seen.list())
}

// silent is a RoundTripper of net/http over a pipe to a server that reads requests, writes head and says no more. Inside
// of a synctest bubble time passes only when nothing else can happen.
func silent(t *testing.T, head string) http.RoundTripper {
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			in := bufio.NewReader(theirs)
			if req, err := http.ReadRequest(in); err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(theirs, head)
				_, _ = in.ReadByte() // until the client hangs up
			}
			_ = theirs.Close()
		}()
		return ours, nil
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

func TestTimeout(t *testing.T) {
	type want struct {
		status  int
		kind    customers.Kind
		outcome customers.Outcome
		detail  string
	}
	for name, tt := range map[string]struct {
		head    string
		timeout time.Duration
		want    want
		took    time.Duration
	}{
		"no answer": {"", 2 * time.Second, want{
			0, customers.ErrUnavailable, customers.ErrUnknownOutcome, "no answer within 2s",
		}, 2 * time.Second},
		"no answer, by default": {"", 0, want{
			0, customers.ErrUnavailable, customers.ErrUnknownOutcome, "no answer within 30s",
		}, 30 * time.Second},
		"half an answer": {"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{", 2 * time.Second, want{
			201, customers.ErrUnavailable, customers.ErrUnknownOutcome, "the answer did not end within 2s",
		}, 2 * time.Second},
		"half a refusal": {"HTTP/1.1 409 Conflict\r\nContent-Length: 100\r\n\r\n{", 2 * time.Second, want{
			409, customers.ErrAlreadyExists, customers.ErrRejected, "the answer did not end within 2s",
		}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider(t, "http://localhost", basic, transport.Options{RoundTripper: silent(t, tt.head), Timeout: tt.timeout})
				for _, op := range operations {
					started := time.Now()
					err := p.do(t.Context(), op)
					assert.Equal(t, tt.took, time.Since(started))
					e := failure(t, err)
					assert.Equal(t, want{tt.want.status, tt.want.kind, outcome(op, tt.want.outcome), tt.want.detail},
						want{e.Status, e.Kind, e.Outcome, e.Detail})
					assert.NotErrorIs(t, err, customers.ErrCanceled)
				}
			})
		})
	}
}

func TestServerThatNeverAnswers(t *testing.T) {
	release := make(chan struct{})
	base := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	p := newProvider(t, base, basic, transport.Options{Timeout: 20 * time.Millisecond})

	_, err := p.get(t.Context(), id)
	e := failure(t, err)
	assert.Equal(t, customers.ErrUnavailable, e.Kind)
	assert.Equal(t, "no answer within 20ms", e.Detail)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestCallersContext(t *testing.T) {
	t.Run("ended before", func(t *testing.T) {
		var seen arrivals
		p := connect(t, seen.then(answer(200, record)))
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errCause)
		for _, op := range operations {
			err := p.do(ctx, op)
			e := failure(t, err)
			assert.Equal(t, customers.ErrCanceled, e.Kind)
			assert.Equal(t, outcome(op, customers.ErrNotSent), e.Outcome)
			require.ErrorIs(t, err, errCause)
		}
		assert.Empty(t, seen.list())
	})
	t.Run("ended before the answer", func(t *testing.T) {
		for _, op := range operations {
			ctx, cancel := context.WithCancel(t.Context())
			p := connect(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				cancel()
				<-r.Context().Done() // the client has hung up
			})
			err := p.do(ctx, op)
			e := failure(t, err)
			assert.Equal(t, customers.ErrCanceled, e.Kind)
			assert.Equal(t, outcome(op, customers.ErrUnknownOutcome), e.Outcome)
			require.ErrorIs(t, err, context.Canceled)
		}
	})
	t.Run("ended within the answer", func(t *testing.T) {
		for _, op := range operations {
			ctx, cancel := context.WithCancelCause(t.Context())
			p := newProvider(t, "https://api.example.com", basic, transport.Options{
				RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
					resp := respond(http.StatusOK, "")
					resp.Body, resp.ContentLength = io.NopCloser(readFunc(func([]byte) (int, error) {
						cancel(errCause)
						return 0, context.Canceled
					})), -1
					return resp, nil
				}),
			})
			err := p.do(ctx, op)
			e := failure(t, err)
			assert.Equal(t, customers.ErrCanceled, e.Kind)
			assert.Equal(t, outcome(op, customers.ErrUnknownOutcome), e.Outcome)
			assert.Equal(t, http.StatusOK, e.Status)
			require.ErrorIs(t, err, errCause)
		}
	})
	t.Run("a deadline shorter than the timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(t, "http://localhost", basic, transport.Options{RoundTripper: silent(t, "")})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := p.do(ctx, customers.OpCreate)
			e := failure(t, err)
			assert.Equal(t, customers.ErrCanceled, e.Kind)
			assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// An id must not turn into another path.
func TestDotSegments(t *testing.T) {
	var seen arrivals
	p := connect(t, seen.then(answer(200, record)))
	for _, id := range []string{"../..", "a/../b", "canary/..", "./canary"} {
		t.Run(id, func(t *testing.T) {
			e := failure(t, p.delete(t.Context(), id))
			assert.Equal(t, customers.ErrInvalid, e.Kind)
			assert.Equal(t, customers.ErrNotSent, e.Outcome)
			assert.Equal(t, []customers.Violation{{Pointer: "path", Rule: "format", Bound: "no dot segment"}}, e.Violations)
		})
	}
	assert.Empty(t, seen.list())

	for _, id := range []string{"...", "..a", "a..", "%2e%2e", "a?b#c", "a/b", "a b", "é"} {
		t.Run(id, func(t *testing.T) {
			var path string
			p := connect(t, func(_ http.ResponseWriter, r *http.Request) { path = r.URL.Path })
			require.NoError(t, p.delete(t.Context(), id))
			assert.Equal(t, "/v1/customers/"+id, path)
		})
	}
}

// Who changes the client that As hands out does not send the credentials elsewhere.
func TestOtherHostsGetNothing(t *testing.T) {
	var seen arrivals
	other := serve(t, seen.then(answer(200, record)))
	p := connect(t, answer(200, record))
	host := strings.TrimPrefix(p.wire.Base(), "http://")
	for name, server := range map[string]string{
		"host":   other,
		"scheme": "https://" + host,
		"port":   "http://127.0.0.1:1",
		"user":   "http://" + host + "@" + strings.TrimPrefix(other, "http://"),
	} {
		t.Run(name, func(t *testing.T) {
			p.api.Server = server + "/"
			e := failure(t, p.do(t.Context(), customers.OpCreate))
			assert.Equal(t, customers.ErrInvalid, e.Kind)
			assert.Equal(t, customers.ErrNotSent, e.Outcome)
			assert.ErrorContains(t, e, "host")
		})
	}
	assert.Empty(t, seen.list())
}

func TestBaseURL(t *testing.T) {
	for base, want := range map[string]string{
		"https://api.example.com":            "https://api.example.com",
		"https://api.example.com/":           "https://api.example.com",
		"https://api.example.com/root/v1///": "https://api.example.com/root/v1",
		"https://api.example.com/a%2Fb/":     "https://api.example.com/a%2Fb",
		"HTTPS://api.example.com:8443":       "https://api.example.com:8443",
		"http://localhost:8080":              "http://localhost:8080",
		"http://127.0.0.1":                   "http://127.0.0.1",
		"http://127.1.2.3:80":                "http://127.1.2.3:80",
		"http://[::1]:8080":                  "http://[::1]:8080",
	} {
		wire, err := transport.New("stancer", base, basic, transport.Options{}, nil)
		if assert.NoError(t, err, base) {
			assert.Equal(t, want, wire.Base())
		}
	}

	for base, rule := range map[string]string{
		"":                                     "is missing",
		"canary":                               "absolute URL",
		"/canary":                              "absolute URL",
		"canary.example.com:443":               "absolute URL",
		"//canary.example.com":                 "must be https",
		"https:canary":                         "absolute URL",
		"https://":                             "absolute URL",
		"https://:443/canary":                  "absolute URL",
		"https:///canary":                      "absolute URL",
		"https://canary.example.com:port":      "absolute URL",
		"https://canary.example.com\n":         "absolute URL",
		"https://canary example.com":           "absolute URL",
		"https://%zz.canary":                   "absolute URL",
		"https://user:canary@example.com":      "user or password",
		"https://canary@example.com":           "user or password",
		"http://user:canary@localhost":         "user or password",
		"https://user:canary%zz@example.com":   "absolute URL",
		"https://example.com?key=canary":       "query or fragment",
		"https://example.com?":                 "query or fragment",
		"https://example.com#canary":           "query or fragment",
		"https://example.com/#":                "query or fragment",
		"http://canary.example.com":            "must be https",
		"http://127.0.0.1.canary.example.com":  "must be https",
		"http://localhost.canary.example.com":  "must be https",
		"http://192.0.2.1/canary":              "must be https",
		"http://0.0.0.0/canary":                "must be https",
		"http://[2001:db8::1]/canary":          "must be https",
		"ftp://canary.example.com":             "must be https",
		"unix://canary.example.com/socket":     "must be https",
		"javascript://canary.example.com/%0A0": "must be https",
	} {
		wire, err := transport.New("stancer", base, basic, transport.Options{}, nil)
		assert.Nil(t, wire, base)
		e := failure(t, err)
		assert.Equal(t, customers.ErrConfig, e.Kind, base)
		assert.ErrorContains(t, e, "BaseURL: ", base)
		assert.ErrorContains(t, e, rule, base)
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	for field, o := range map[string]transport.Options{"Timeout": {Timeout: -1}, "MaxBody": {MaxBody: -1}} {
		_, err := transport.New("stancer", "https://api.example.com", basic, o, nil)
		e := failure(t, err)
		assert.Equal(t, customers.ErrConfig, e.Kind)
		assert.Equal(t, []customers.Violation{{Pointer: field, Rule: "must not be negative"}}, e.Violations)
	}
}

func TestMaxBody(t *testing.T) {
	base := serve(t, answer(200, record))
	for maxBody, fits := range map[int64]bool{
		1: false, int64(len(record)) - 1: false, int64(len(record)): true, int64(len(record)) + 1: true, math.MaxInt64: true,
	} {
		t.Run(strconv.FormatInt(maxBody, 10), func(t *testing.T) {
			p := newProvider(t, base, basic, transport.Options{MaxBody: maxBody})
			got, err := p.get(t.Context(), id)
			if fits {
				require.NoError(t, err)
				assert.Equal(t, email, got.Email)
				return
			}
			e := failure(t, err)
			assert.Equal(t, customers.ErrContract, e.Kind)
			assert.Equal(t, fmt.Sprintf("the answer is larger than %d bytes", maxBody), e.Detail)
		})
	}
}

func TestHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen exchanges
		answers := []func() (*http.Response, error){
			func() (*http.Response, error) {
				resp := respond(http.StatusCreated, record)
				resp.Header.Set("X-Request-Id", "req-1")
				return resp, nil
			},
			func() (*http.Response, error) { return respond(http.StatusNotFound, "{}"), nil },
			func() (*http.Response, error) { return nil, &url.Error{Op: "Get", URL: "/" + id, Err: errCause} },
		}
		p := newProvider(t, "https://api.example.com", basic, transport.Options{
			Hook: seen.hook,
			RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
				time.Sleep(3 * time.Second)
				next := answers[0]
				answers = answers[1:]
				return next()
			}),
		})
		require.NoError(t, p.do(t.Context(), customers.OpCreate))
		require.Error(t, p.do(t.Context(), customers.OpDelete))
		require.Error(t, p.do(t.Context(), customers.OpGet))
		require.Error(t, p.delete(t.Context(), "a/../b"), "not sent, so no exchange")

		got := seen.seen()
		require.Len(t, got, 3)
		assertQuiet(t, got)
		assert.Contains(t, got[2].Reason, errCause.Error())
		got[2].Reason = ""
		assert.Equal(t, []transport.Exchange{
			{
				Provider: "stancer", Op: customers.OpCreate, Method: "POST", Status: 201, RequestID: "req-1",
				Attempt: 1, Reason: "first attempt", Duration: 3 * time.Second,
			},
			{
				Provider: "stancer", Op: customers.OpDelete, Method: "DELETE", Status: 404,
				Attempt: 1, Reason: "first attempt", Duration: 3 * time.Second,
			},
			{Provider: "stancer", Op: customers.OpGet, Method: "GET", Attempt: 1, Duration: 3 * time.Second},
		}, got)
	})
}

func TestHookGetsTheCallersContext(t *testing.T) {
	type key struct{}
	var got any
	p := newProvider(t, serve(t, answer(200, record)), basic, transport.Options{
		Hook: func(ctx context.Context, _ transport.Exchange) { got = ctx.Value(key{}) },
	})
	require.NoError(t, p.do(context.WithValue(t.Context(), key{}, "trace"), customers.OpGet))
	assert.Equal(t, "trace", got)
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		now := time.Now().UTC()
		for value, want := range map[string]time.Duration{
			"":    0,
			"0":   0,
			"120": 2 * time.Minute,
			now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
			now.Add(90 * time.Second).Format(time.RFC850):     90 * time.Second,
			now.Add(-time.Hour).Format(http.TimeFormat):       0,
			"-1":                  0,
			"1.5":                 0,
			"2147483647":          2147483647 * time.Second,
			"2147483648":          0,
			"9223372036854775807": 0,
			"soon, " + email:      0,
		} {
			p := newProvider(t, "https://api.example.com", basic, transport.Options{
				RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
					resp := respond(http.StatusTooManyRequests, "{}")
					resp.Header.Set("Retry-After", value)
					return resp, nil
				}),
			})
			e := failure(t, p.do(t.Context(), customers.OpCreate))
			assert.Equal(t, customers.ErrRateLimited, e.Kind)
			assert.Equal(t, want, e.RetryAfter, value)
		}
	})
}

func TestRequestID(t *testing.T) {
	for name, tt := range map[string]struct {
		header http.Header
		want   string
	}{
		"X-Request-Id":     {http.Header{"X-Request-Id": {"0b9a_1.c-D"}}, "0b9a_1.c-D"},
		"Request-Id":       {http.Header{"Request-Id": {"r1"}}, "r1"},
		"X-Correlation-Id": {http.Header{"X-Correlation-Id": {"c1"}}, "c1"},
		"the first":        {http.Header{"X-Correlation-Id": {"c1"}, "X-Request-Id": {"r1"}}, "r1"},
		"the first usable": {http.Header{"X-Correlation-Id": {"c1"}, "X-Request-Id": {"for " + email}}, "c1"},
		"an address":       {http.Header{"X-Request-Id": {email}}, ""},
		"too long":         {http.Header{"X-Request-Id": {strings.Repeat("canary", 11)}}, ""},
		"with markup":      {http.Header{"X-Request-Id": {"<canary>"}}, ""},
		"none":             {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var seen exchanges
			p := newProvider(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				for name, values := range tt.header {
					w.Header()[name] = values
				}
				answer(http.StatusConflict, "{}")(w, r)
			}), basic, transport.Options{Hook: seen.hook})
			e := failure(t, p.do(t.Context(), customers.OpCreate))
			assert.Equal(t, tt.want, e.RequestID)
			assert.Equal(t, tt.want, seen.seen()[0].RequestID)
		})
	}
}

// Requests and answers that the caller holds do not show what the wire added.
func TestCallerDoesNotSeeCredentials(t *testing.T) {
	var got string
	p := connect(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		answer(200, record)(w, r)
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.wire.Base()+"/v1/customers/x", nil)
	require.NoError(t, err)
	resp, err := p.wire.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()

	assert.NotEmpty(t, got)
	assert.Empty(t, req.Header)
	assert.Same(t, req, resp.Request)
}

func TestWireIsNotShown(t *testing.T) {
	for _, auth := range []transport.Auth{basic, transport.Bearer(func(context.Context) (transport.Token, error) {
		return transport.Token{Value: secret}, nil
	})} {
		p := newProvider(t, "https://api.example.com", auth, transport.Options{
			RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) { return respond(200, record), nil }),
		})
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		assertQuiet(t, p.wire)
		assertQuiet(t, *p.wire)
		assertQuiet(t, p.api)
	}
}

func TestCallersHeadersWin(t *testing.T) {
	var got http.Header
	p := connect(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		answer(200, record)(w, r)
	})
	p.api.RequestEditors = append(p.api.RequestEditors, func(_ context.Context, req *http.Request) error {
		req.Header.Set("Accept", "application/vnd.example+json")
		req.Header.Set("Authorization", "Basic somebody else")
		return nil
	})
	require.NoError(t, p.do(t.Context(), customers.OpGet))
	assert.Equal(t, "application/vnd.example+json", got.Get("Accept"))
	assert.NotEqual(t, "Basic somebody else", got.Get("Authorization"), "but for the credentials")
}

// A connection is used again whatever came over it.
func TestConnectionsAreReused(t *testing.T) {
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"POST": 201, "GET": 404, "DELETE": 500}[r.Method]
		if r.Header.Get("Authorization") == "Bearer canary-1" {
			status = http.StatusUnauthorized
		}
		answer(status, record)(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	start(t, server, (*httptest.Server).Start)
	p := newProvider(t, server.URL, transport.Bearer(new(mint).fetch), transport.Options{})
	for range 3 {
		for _, op := range operations {
			_ = p.do(t.Context(), op)
		}
	}
	assert.EqualValues(t, 1, opened.Load())
}

// No answer, whatever becomes of it, leaves a connection, a timer or a context behind.
func TestNothingStaysOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
	}{
		"success":     {200, record},
		"no content":  {204, ""},
		"not JSON":    {200, "<html>"},
		"too large":   {200, strings.Repeat(" ", 2<<20)},
		"refusal":     {404, "{}"},
		"second 401":  {401, "{}"},
		"server down": {503, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var bodies []*closing
			var sent []context.Context
			p := newProvider(t, "https://api.example.com", transport.Bearer(new(mint).fetch), transport.Options{
				RoundTripper: roundTripper(func(req *http.Request) (*http.Response, error) {
					resp := respond(tt.status, tt.body)
					bodies = append(bodies, &closing{Reader: resp.Body})
					resp.Body = bodies[len(bodies)-1]
					sent = append(sent, req.Context())
					return resp, nil
				}),
			})
			for _, op := range operations {
				_ = p.do(t.Context(), op)
			}
			for i, body := range bodies {
				assert.True(t, body.closed)
				assert.Error(t, sent[i].Err())
			}
		})
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}
