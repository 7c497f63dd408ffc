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
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/gen/stancer"
	"github.com/contract-first/customers/transport"
)

var basic = transport.Static(transport.Basic(secret, ""))

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

// So may what comes after a body.
func TestBrokenTrailerIsNotQuoted(t *testing.T) {
	var hook exchanges
	p := newProvider(t, "http://localhost", basic, transport.Options{
		Hook: hook.hook, RoundTripper: silent(t, "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"+email+"\r\n\r\n"),
	})
	e := failure(t, p.do(t.Context(), customers.OpCreate))
	assert.Equal(t, customers.ErrUnavailable, e.Kind)
	assert.Equal(t, "the answer broke off", e.Detail)
	require.Len(t, hook.seen(), 1)
	require.Error(t, hook.seen()[0].Err)
	assertQuiet(t, hook.seen()[0].Err)
}

// A server of HTTP/2 may say why it hangs up.
func TestGoodbyeIsNotQuoted(t *testing.T) {
	const settings, headers, goAway = 0x4, 0x1, 0x7 // types of frames (RFC 9113, section 6)
	frame := func(kind byte, payload string) string {
		return string([]byte{0, 0, byte(len(payload)), kind, 0, 0, 0, 0, 0}) + payload
	}
	const lastStream, enhanceYourCalm = "\x00\x00\x00\x01", "\x00\x00\x00\x0b"

	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	tr.DialContext = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		requested := make(chan struct{})
		go func() {
			in := bufio.NewReader(theirs)
			_, _ = in.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
			for {
				head := make([]byte, 9)
				if _, err := io.ReadFull(in, head); err != nil {
					return
				}
				_, _ = in.Discard(int(head[1])<<8 | int(head[2]))
				if head[3] == headers {
					close(requested)
				}
			}
		}()
		go func() {
			_, _ = io.WriteString(theirs, frame(settings, ""))
			<-requested
			_, _ = io.WriteString(theirs, frame(goAway, lastStream+enhanceYourCalm+email))
			_ = theirs.Close()
		}()
		return ours, nil
	}
	p := newProvider(t, "http://localhost", basic, transport.Options{RoundTripper: tr})
	e := failure(t, p.do(t.Context(), customers.OpGet))
	assert.Equal(t, customers.ErrUnavailable, e.Kind)
	assert.ErrorContains(t, e, "the connection broke")
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

// A RoundTripper may break its contract. It must not take the program with it.
func TestRoundTripperThatGivesNothing(t *testing.T) {
	t.Run("no answer and no error", func(t *testing.T) {
		var hook exchanges
		p := newProvider(t, "https://api.example.com", basic, transport.Options{
			Hook:         hook.hook,
			RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil }),
		})
		for _, op := range operations {
			e := failure(t, p.do(t.Context(), op))
			assert.Equal(t, customers.ErrUnavailable, e.Kind)
			assert.ErrorContains(t, e, "RoundTripper")
			if op == customers.OpDelete {
				assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome, "nothing tells whether it was sent")
			}
		}
		require.Len(t, hook.seen(), len(operations))
		assert.Error(t, hook.seen()[0].Err)
	})
	for status, kind := range map[int]customers.Kind{
		200: customers.ErrContract, 204: customers.ErrContract, 401: customers.ErrUnauthenticated, 500: customers.ErrUnavailable,
	} {
		t.Run("no body, "+strconv.Itoa(status), func(t *testing.T) {
			p := newProvider(t, "https://api.example.com", transport.Bearer(new(mint).fetch), transport.Options{
				RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: status}, nil
				}),
			})
			err := p.do(t.Context(), customers.OpGet)
			e := failure(t, err)
			assert.Equal(t, kind, e.Kind)
			assert.Equal(t, status, e.Status)
		})
	}
	t.Run("nothing at all", func(t *testing.T) {
		p := replying(t, func() *http.Response { return &http.Response{} })
		e := failure(t, p.do(t.Context(), customers.OpCreate))
		assert.Equal(t, customers.ErrContract, e.Kind)
		assert.Equal(t, customers.ErrUnknownOutcome, e.Outcome)
	})
}

func TestCredentialsThatCannotBeSentAreNotPrinted(t *testing.T) {
	var seen arrivals
	p := newProvider(t, serve(t, seen.then(answer(200, record))), transport.Static(http.Header{"api_key": {secret + "\n"}}), transport.Options{})
	e := failure(t, p.do(t.Context(), customers.OpCreate))
	assert.Equal(t, customers.ErrNotSent, e.Outcome)
	assert.Empty(t, seen.list())
}

// piped is a RoundTripper of net/http over pipes to a server that reads one request per connection and speaks for
// itself; hungUp waits until the client has gone. Inside of a synctest bubble time passes only when nothing else can
// happen.
func piped(t *testing.T, speak func(conn net.Conn, req *http.Request, hungUp func())) http.RoundTripper {
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			in := bufio.NewReader(theirs)
			if req, err := http.ReadRequest(in); err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				speak(theirs, req, func() { _, _ = in.ReadByte() })
			}
			_ = theirs.Close()
		}()
		return ours, nil
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// silent is piped to a server that writes head and says no more.
func silent(t *testing.T, head string) http.RoundTripper {
	return piped(t, func(conn net.Conn, _ *http.Request, hungUp func()) {
		_, _ = io.WriteString(conn, head)
		hungUp()
	})
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
			0, customers.ErrUnavailable, customers.ErrUnknownOutcome, "no answer within 2s (Options.Timeout)",
		}, 2 * time.Second},
		"no answer, by default": {"", 0, want{
			0, customers.ErrUnavailable, customers.ErrUnknownOutcome, "no answer within 30s (Options.Timeout)",
		}, 30 * time.Second},
		"half an answer": {"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{", 2 * time.Second, want{
			201, customers.ErrUnavailable, customers.ErrUnknownOutcome, "the answer did not end within 2s (Options.Timeout)",
		}, 2 * time.Second},
		"half a refusal": {"HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: 100\r\n\r\n{", 2 * time.Second, want{
			422, customers.ErrInvalid, customers.ErrRejected, "the answer did not end within 2s (Options.Timeout)",
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
	assert.Equal(t, "no answer within 20ms (Options.Timeout)", e.Detail)
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

// errgroup makes the error of the first call that fails the cause for which the others end. That error speaks of another
// customer: who reads it as this call's would adopt the wrong one, or repeat what was done.
func TestErrorOfAnotherCall(t *testing.T) {
	other := &customers.Error{
		Provider: "stancer", Op: customers.OpCreate, Kind: customers.ErrAlreadyExists, Outcome: customers.ErrRejected,
		Status: 409, ExistingID: "somebody else",
	}
	causes := map[string]error{
		"itself":  other,
		"wrapped": fmt.Errorf("row 7: %w", other),
		"joined":  errors.Join(errCause, other),
		"within":  &customers.Error{Kind: customers.ErrUnavailable, Err: other},
	}
	dialing := func(t *testing.T) http.RoundTripper {
		ended := make(chan struct{})
		t.Cleanup(func() { close(ended) })
		return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			<-ended // net/http lets a dial go on, for the next request
			return nil, errCause
		}}
	}
	waiting := func(t *testing.T) transport.Auth {
		fetch := gated{gate: make(chan struct{})}
		t.Cleanup(func() { close(fetch.gate) })
		return transport.Bearer(fetch.fetch)
	}
	for name, tt := range map[string]struct {
		auth    func(*testing.T) transport.Auth
		over    func(*testing.T) http.RoundTripper
		outcome customers.Outcome
		status  int
	}{
		"while dialing": {
			over: dialing, outcome: customers.ErrNotSent,
		},
		"waiting for a token": {
			auth: waiting, over: func(*testing.T) http.RoundTripper { return ok }, outcome: customers.ErrNotSent,
		},
		"in flight": {
			over: func(t *testing.T) http.RoundTripper { return silent(t, "") }, outcome: customers.ErrUnknownOutcome,
		},
		"reading the answer": {
			over: func(t *testing.T) http.RoundTripper {
				return silent(t, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")
			},
			outcome: customers.ErrUnknownOutcome, status: 201,
		},
		"reading a refusal": {
			over: func(t *testing.T) http.RoundTripper {
				return silent(t, "HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: 100\r\n\r\n{")
			},
			outcome: customers.ErrRejected, status: 422,
		},
		"a RoundTripper that tells the cause": {
			over: func(*testing.T) http.RoundTripper {
				return roundTripper(func(req *http.Request) (*http.Response, error) {
					_, _ = io.Copy(io.Discard, req.Body)
					<-req.Context().Done()
					return nil, fmt.Errorf("gave up: %w", context.Cause(req.Context()))
				})
			},
			outcome: customers.ErrUnknownOutcome,
		},
	} {
		for of, cause := range causes {
			t.Run(name+", "+of, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					auth := basic
					if tt.auth != nil {
						auth = tt.auth(t)
					}
					var hook exchanges
					p := newProvider(t, "http://localhost", auth, transport.Options{RoundTripper: tt.over(t), Hook: hook.hook})
					ctx, cancel := context.WithCancelCause(t.Context())
					failed := make(chan error)
					go func() { failed <- p.do(ctx, customers.OpCreate) }()
					synctest.Wait()
					cancel(cause)
					err := <-failed

					e := failure(t, err)
					assert.Equal(t, customers.ErrCanceled, e.Kind)
					assert.Equal(t, tt.outcome, e.Outcome)
					assert.Equal(t, tt.status, e.Status)
					assert.Empty(t, e.ExistingID)
					assertNothingOf(t, err, other)
					require.ErrorIs(t, err, context.Canceled)
					for _, x := range hook.seen() {
						assertNothingOf(t, x.Err, other)
						require.ErrorIs(t, x.Err, context.Canceled)
					}
				})
			})
		}
	}
	t.Run("before", func(t *testing.T) {
		for _, cause := range causes {
			p := newProvider(t, "https://api.example.com", basic, transport.Options{RoundTripper: ok})
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(cause)
			err := p.do(ctx, customers.OpCreate)
			assert.Equal(t, customers.ErrNotSent, failure(t, err).Outcome)
			assertNothingOf(t, err, other)
		}
	})
}

func assertNothingOf(t *testing.T, err error, other *customers.Error) {
	t.Helper()
	assert.NotErrorIs(t, err, other)
	assert.NotErrorIs(t, err, customers.ErrAlreadyExists)
	for e := (*customers.Error)(nil); errors.As(err, &e); err = e.Err {
		assert.NotEqual(t, other.Status, e.Status)
		assert.Empty(t, e.ExistingID)
	}
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
			assert.Equal(t, []customers.Violation{{
				Field: customers.FieldID, Pointer: "path", Rule: "format", Bound: "an id that can stand in a URL",
			}}, e.Violations)
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
			p.api.RequestEditors = []stancer.RequestEditorFn{func(_ context.Context, req *http.Request) (err error) {
				req.URL, err = url.Parse(server + req.URL.Path)
				return err
			}}
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
		"https://api.example.com/v1..2/...":  "https://api.example.com/v1..2/...",
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
		"https://example.com/canary/../v1":     "dot segments",
		"https://example.com/canary/..":        "dot segments",
		"https://example.com/./canary":         "dot segments",
		"https://example.com/canary/%2e%2E/":   "dot segments",
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
	for name, o := range map[string]transport.Options{
		"Timeout": {Timeout: -1}, "AttemptTimeout": {AttemptTimeout: -1}, "MaxBody": {MaxBody: -1},
		"RequestsPerSecond": {RequestsPerSecond: -0.1}, "RequestsPerSecond, no number": {RequestsPerSecond: math.NaN()},
		"Retry.Attempts": {Retry: transport.Retry{Attempts: -1}},
		"Retry.Delay":    {Retry: transport.Retry{Delay: -1}}, "Retry.MaxDelay": {Retry: transport.Retry{MaxDelay: -1}},
	} {
		_, err := transport.New("stancer", "https://api.example.com", basic, o, nil)
		e := failure(t, err)
		assert.Equal(t, customers.ErrConfig, e.Kind)
		field, _, _ := strings.Cut(name, ",")
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
			assert.Equal(t, fmt.Sprintf("the answer is larger than %d bytes (Options.MaxBody)", maxBody), e.Detail)
		})
	}
}

// What an answer says of its length decides nothing: neither what is read nor how much of it.
func TestDeclaredLength(t *testing.T) {
	long := strings.Repeat(" ", 100<<10) + record
	for _, declared := range []int64{-1, 0, 1, int64(len(record)) - 1, int64(len(record)), 64 << 10, 1 << 20, math.MaxInt64, math.MinInt64} {
		t.Run(strconv.FormatInt(declared, 10), func(t *testing.T) {
			for body, maxBody := range map[string]int64{record: int64(len(record)), long: int64(len(long))} {
				for _, spare := range []int64{1, 0, -1} {
					text := strings.NewReader(body)
					p := newProvider(t, "https://api.example.com", basic, transport.Options{
						MaxBody: maxBody + spare,
						RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
							resp := respond(http.StatusOK, "")
							resp.Body, resp.ContentLength = io.NopCloser(iotest.DataErrReader(text)), declared
							return resp, nil
						}),
					})
					got, err := p.get(t.Context(), id)
					if spare < 0 {
						assert.Equal(t, customers.ErrContract, failure(t, err).Kind)
						continue
					}
					require.NoError(t, err)
					assert.Equal(t, email, got.Email)
				}
			}
		})
	}
	t.Run("no more than needed is read", func(t *testing.T) {
		text := strings.NewReader(long)
		p := newProvider(t, "https://api.example.com", basic, transport.Options{
			MaxBody: 1000,
			RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
				resp := respond(http.StatusOK, "")
				resp.Body = io.NopCloser(text)
				return resp, nil
			}),
		})
		_, err := p.get(t.Context(), id)
		assert.Equal(t, customers.ErrContract, failure(t, err).Kind)
		assert.Equal(t, 1001, len(long)-text.Len())
	})
}

// Header and body of a write arrive together: a body of a type that net/http does not know would come in a packet after
// the header's, which shows in some of many.
func TestOnePacket(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	const many = 300
	firsts := make(chan string, many)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		packet := make([]byte, 64<<10)
		for range many {
			n, _ := conn.Read(packet)
			firsts <- string(packet[:n])
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(record), record)
		}
	}()
	p := newProvider(t, "http://"+listener.Addr().String(), basic, transport.Options{Timeout: 10 * time.Second})
	for range many {
		_, err = p.create(t.Context(), newCustomer)
		require.NoError(t, err)
		require.Contains(t, <-firsts, email)
	}
}

func TestHook(t *testing.T) {
	slow := func(then error) io.ReadCloser {
		text := strings.NewReader(record)
		return io.NopCloser(readFunc(func(p []byte) (int, error) {
			if n, err := text.Read(p); err == nil {
				return n, nil
			}
			time.Sleep(4 * time.Second)
			return 0, then
		}))
	}
	withBody := func(body io.ReadCloser) func() (*http.Response, error) {
		return func() (*http.Response, error) {
			resp := respond(http.StatusCreated, "")
			resp.Header.Set("X-Request-Id", "req-1")
			resp.Body, resp.ContentLength = body, -1
			return resp, nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			op      customers.Op
			respond func() (*http.Response, error)
			want    transport.Exchange
			err     error
			text    string
		}{
			"success": {
				op: customers.OpCreate, respond: withBody(slow(io.EOF)),
				want: transport.Exchange{Method: "POST", Status: 201, RequestID: "req-1", Duration: 7 * time.Second},
			},
			"refusal": {
				op:      customers.OpDelete,
				respond: func() (*http.Response, error) { return respond(http.StatusNotFound, inOwnForm), nil },
				want:    transport.Exchange{Method: "DELETE", Status: 404, Duration: 3 * time.Second},
			},
			"what is no JSON": {
				op:      customers.OpGet,
				respond: func() (*http.Response, error) { return respond(http.StatusOK, "<html>"+email), nil },
				want:    transport.Exchange{Method: "GET", Status: 200, Duration: 3 * time.Second},
			},
			"no answer": {
				op:      customers.OpGet,
				respond: func() (*http.Response, error) { return nil, &url.Error{Op: "Get", URL: "/" + id, Err: errCause} },
				want:    transport.Exchange{Method: "GET", Duration: 3 * time.Second},
				err:     errCause, text: "unavailable",
			},
			"broken off": {
				op: customers.OpCreate, respond: withBody(slow(io.ErrUnexpectedEOF)),
				want: transport.Exchange{Method: "POST", Status: 201, RequestID: "req-1", Duration: 7 * time.Second},
				err:  io.ErrUnexpectedEOF,
			},
			"broken off, with a quotation": {
				op: customers.OpCreate, respond: withBody(slow(&url.Error{Op: "Get", URL: email, Err: errCause})),
				want: transport.Exchange{Method: "POST", Status: 201, RequestID: "req-1", Duration: 7 * time.Second},
				err:  errCause,
			},
			"too large": {
				op:      customers.OpCreate,
				respond: func() (*http.Response, error) { return respond(http.StatusCreated, strings.Repeat(" ", 2<<20)), nil },
				want:    transport.Exchange{Method: "POST", Status: 201, Duration: 3 * time.Second},
				text:    "larger than 1048576 bytes",
			},
		} {
			var hook exchanges
			closed := false
			p := newProvider(t, "https://api.example.com", basic, transport.Options{
				Hook: func(ctx context.Context, x transport.Exchange) {
					assert.True(t, closed || x.Status == 0, "%s: the exchange has ended", name)
					hook.hook(ctx, x)
				},
				RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
					time.Sleep(3 * time.Second)
					resp, err := tt.respond()
					if err == nil {
						resp.Body = &closing{Reader: resp.Body, closed: &closed}
					}
					return resp, err
				}),
			})
			_ = p.do(t.Context(), tt.op)

			got := hook.seen()
			require.Len(t, got, 1, name)
			assertQuiet(t, got[0])
			if tt.err == nil && tt.text == "" {
				require.NoError(t, got[0].Err, name)
			} else {
				assertQuiet(t, got[0].Err)
				assert.ErrorContains(t, got[0].Err, tt.text, name)
			}
			if tt.err != nil {
				require.ErrorIs(t, got[0].Err, tt.err, name)
			}
			got[0].Err = nil
			tt.want.Provider, tt.want.Op, tt.want.Attempt, tt.want.Reason = "stancer", tt.op, 1, "first attempt"
			if tt.err != nil && tt.op.Writes() {
				tt.want.Next = "given up: a write that may have been carried out is not sent again"
			}
			assert.Equal(t, tt.want, got[0], name)
		}
	})
}

func TestHookSeesNothingOfWhatIsNotSent(t *testing.T) {
	var hook exchanges
	p := newProvider(t, "https://api.example.com", basic, transport.Options{RoundTripper: ok, Hook: hook.hook})
	require.Error(t, p.delete(t.Context(), "a/../b"))
	_, err := p.create(t.Context(), stancer.CustomerCreate{Name: "C"})
	require.Error(t, err)
	assert.Empty(t, hook.seen())
}

// A timeout while the answer is read is the failure of that exchange.
func TestHookSeesTheTimeout(t *testing.T) {
	for _, head := range []string{"", "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"} {
		synctest.Test(t, func(t *testing.T) {
			var hook exchanges
			p := newProvider(t, "http://localhost", basic, transport.Options{
				RoundTripper: silent(t, head), Hook: func(ctx context.Context, x transport.Exchange) {
					assert.NoError(t, ctx.Err(), "the caller's context goes on: what the hook does with it must not fail")
					hook.hook(ctx, x)
				},
			})
			require.Error(t, p.do(t.Context(), customers.OpCreate))
			got := hook.seen()
			require.Len(t, got, 1)
			require.ErrorIs(t, got[0].Err, context.DeadlineExceeded)
			assert.Equal(t, 30*time.Second, got[0].Duration)
		})
	}
}

// The client that As gives gets answers whose end has been seen.
func TestHookAtTheEndOfARawExchange(t *testing.T) {
	var hook exchanges
	p := newProvider(t, serve(t, answer(200, record)), basic, transport.Options{Hook: hook.hook})
	resp, err := p.api.GetCustomer(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, hook.seen(), 1)
	assert.Empty(t, hook.seen()[0].Op)
	assert.NoError(t, hook.seen()[0].Err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, record, string(body))
	require.NoError(t, resp.Body.Close())
}

// A hook may go on with its context when the call is over.
func TestHookGetsTheCallersContext(t *testing.T) {
	type key struct{}
	var kept []context.Context
	p := newProvider(t, serve(t, answer(200, record)), basic, transport.Options{
		Hook: func(ctx context.Context, _ transport.Exchange) { kept = append(kept, ctx) },
	})
	ctx := context.WithValue(t.Context(), key{}, "value")
	require.NoError(t, p.do(ctx, customers.OpGet))
	resp, err := p.api.GetCustomer(ctx, id)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Len(t, kept, 2)
	for _, ctx := range kept {
		assert.Equal(t, "value", ctx.Value(key{}))
		assert.NoError(t, ctx.Err())
		_, limited := ctx.Deadline()
		assert.False(t, limited)
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		const longest = 9223372036 * time.Second // in whole seconds
		now := time.Now().UTC()
		for value, want := range map[string]time.Duration{
			"":    0,
			"0":   0,
			"120": 2 * time.Minute,
			now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
			now.Add(90 * time.Second).Format(time.RFC850):     90 * time.Second,
			now.Add(-time.Hour).Format(http.TimeFormat):       0,
			"-1":                    0,
			"1.5":                   0,
			"2147483647":            2147483647 * time.Second,
			"2147483648":            2147483648 * time.Second,
			"9223372036":            longest,
			"9223372037":            longest,
			"9223372036854775807":   longest,
			"9223372036854775808":   longest,
			strings.Repeat("9", 99): longest,
			"-9223372036854775809":  0,
			"1e3":                   0,
			" ":                     0,
			"soon, " + email:        0,
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
					bodies = append(bodies, &closing{Reader: resp.Body, closed: new(bool)})
					resp.Body = bodies[len(bodies)-1]
					sent = append(sent, req.Context())
					return resp, nil
				}),
			})
			for _, op := range operations {
				_ = p.do(t.Context(), op)
			}
			for i, body := range bodies {
				assert.True(t, *body.closed)
				assert.Error(t, sent[i].Err())
			}
		})
	}
}

type closing struct {
	io.Reader
	closed *bool
}

func (c *closing) Close() error {
	*c.closed = true
	return nil
}

func TestClose(t *testing.T) {
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(answer(http.StatusOK, record))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	start(t, server, (*httptest.Server).Start)

	// The bubble ends when every goroutine has ended that was started in it, those of the connections included.
	synctest.Test(t, func(t *testing.T) {
		opened.Store(0)
		p := newProvider(t, server.URL, basic, transport.Options{})
		tokens := over(t, p.wire.With(transport.Auth{}))
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		require.NoError(t, tokens.do(t.Context(), customers.OpGet))
		assert.EqualValues(t, 1, opened.Load(), "both share the connections")

		p.wire.Close()
		p.wire.Close()
		require.NoError(t, p.do(t.Context(), customers.OpGet), "a later call connects anew")
		assert.EqualValues(t, 2, opened.Load())

		tokens.wire.Close()
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		assert.EqualValues(t, 3, opened.Load())

		p.wire.Close()
		if t.Failed() {
			server.CloseClientConnections()
		}
	})

	t.Run("not the caller's", func(t *testing.T) {
		opened.Store(0)
		tr := new(http.Transport)
		t.Cleanup(tr.CloseIdleConnections)
		p := newProvider(t, server.URL, basic, transport.Options{RoundTripper: tr})
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		p.wire.Close()
		require.NoError(t, p.do(t.Context(), customers.OpGet))
		assert.EqualValues(t, 1, opened.Load())
	})
}

// A context's cause may quote anything. It is found by errors.Is and not printed, and a caller's usual check holds.
func TestCauseOfTheContextIsNotPrinted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := &url.Error{Op: "Get", URL: "https://example.com/?email=" + email + "&key=" + secret, Err: errCause}
	cancel(cause)
	p := newProvider(t, "https://api.example.com", basic, transport.Options{})
	for _, op := range operations {
		err := p.do(ctx, op)
		failure(t, err) // holds that nothing is printed
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, errCause)
		var found *url.Error
		assert.ErrorAs(t, err, &found)
	}
}

// What a RoundTripper says is not known to be fit for printing.
func TestErrorsOfRoundTrippersAreNotPrinted(t *testing.T) {
	gaveUp := fmt.Errorf("giving up on https://api.example.com/?email=%s&key=%s: %w", email, secret, errCause)
	p := newProvider(t, "https://api.example.com", basic, transport.Options{
		RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) { return nil, gaveUp }),
	})
	for _, op := range operations {
		assert.ErrorIs(t, p.do(t.Context(), op), errCause)
		failure(t, p.do(t.Context(), op))
	}
}

func TestURLErrorOfNothing(t *testing.T) {
	p := newProvider(t, "https://api.example.com", basic, transport.Options{
		RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) { return nil, &url.Error{Op: "Post"} }),
	})
	assert.Equal(t, customers.ErrUnavailable, failure(t, p.do(t.Context(), customers.OpCreate)).Kind)
}

// closeNoted notes whether it was closed.
type closeNoted struct {
	io.Reader
	closed bool
}

func (c *closeNoted) Close() error {
	c.closed = true
	return nil
}

func TestBodyThatIsNotSentIsClosed(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tokenless := transport.Bearer(func(context.Context) (transport.Token, error) { return transport.Token{}, errCause })
	for name, tt := range map[string]struct {
		ctx  context.Context
		auth transport.Auth
		path string
	}{
		"context ended": {ended, basic, "/v1/customers/"},
		"dot segment":   {t.Context(), basic, "/v1/../customers/"},
		"no token":      {t.Context(), tokenless, "/v1/customers/"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, "https://api.example.com", tt.auth, transport.Options{})
			body := &closeNoted{Reader: strings.NewReader("{}")}
			req, err := http.NewRequestWithContext(tt.ctx, http.MethodPost, "https://api.example.com"+tt.path, body)
			require.NoError(t, err)
			_, err = p.wire.Do(req)
			require.ErrorIs(t, err, customers.ErrNotSent)
			assert.True(t, body.closed)
		})
	}
}

// A RoundTripper may hold exchanges against the contract and let one not pass.
func TestRefusalByTheContract(t *testing.T) {
	broken := []check.Violation{{Field: "email", Pointer: "/email", Rule: "format", Bound: "email"}}
	want := []customers.Violation{{Field: customers.FieldEmail, Pointer: "/email", Rule: "format", Bound: "email"}}
	for name, tt := range map[string]struct {
		op      customers.Op
		status  int
		kind    customers.Kind
		outcome customers.Outcome
		sent    int
	}{
		"the request":                    {customers.OpCreate, 0, customers.ErrInvalid, customers.ErrNotSent, 1},
		"the answer to a write":          {customers.OpCreate, 201, customers.ErrContract, customers.ErrUnknownOutcome, 1},
		"the answer to a read":           {customers.OpGet, 200, customers.ErrContract, "", 1},
		"a redirect":                     {customers.OpCreate, 302, customers.ErrContract, customers.ErrUnknownOutcome, 1},
		"a refusal":                      {customers.OpCreate, 403, customers.ErrForbidden, customers.ErrRejected, 1},
		"a fault, of a write":            {customers.OpCreate, 503, customers.ErrUnavailable, customers.ErrUnknownOutcome, 1},
		"a fault, of a read":             {customers.OpGet, 503, customers.ErrUnavailable, "", 2},
		"news of a customer, of a read":  {customers.OpGet, 404, customers.ErrContract, "", 1},
		"news of a customer, of a write": {customers.OpCreate, 409, customers.ErrContract, customers.ErrRejected, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var hook exchanges
			p := newProvider(t, "https://api.example.com", basic, transport.Options{
				Hook: hook.hook, Retry: transport.Retry{Attempts: 2, Delay: time.Nanosecond},
				RoundTripper: roundTripper(func(*http.Request) (*http.Response, error) {
					return nil, fmt.Errorf("wrapped: %w", &check.Refusal{
						Provider: "stancer", Status: tt.status, Violations: broken,
						Header: http.Header{"X-Request-Id": {"req-1"}, "Location": {email}},
					})
				}),
			})
			err := p.do(t.Context(), tt.op)
			e := failure(t, err)
			assertQuiet(t, err)
			assert.Equal(t, tt.kind, e.Kind)
			assert.Equal(t, tt.outcome, e.Outcome)
			assert.Equal(t, tt.status, e.Status)
			assert.Equal(t, want, e.Violations)
			require.Len(t, hook.seen(), tt.sent)
			assert.Equal(t, tt.status, hook.seen()[0].Status)
			if tt.status != 0 {
				assert.Equal(t, "req-1", e.RequestID)
				assert.Equal(t, "req-1", hook.seen()[0].RequestID)
			}
		})
	}
}

// Each attempt has a request of its own, with the credentials of that attempt and no others.
func TestRequestsOfAttempts(t *testing.T) {
	var seen []*http.Request
	var sent []http.Header
	fetched := 0
	auth := transport.Fetched(func(context.Context) (http.Header, error) {
		fetched++
		return http.Header{fmt.Sprintf("X-Key-%d", fetched): {secret}}, nil
	})
	p := newProvider(t, "https://api.example.com", auth, transport.Options{
		RoundTripper: roundTripper(func(req *http.Request) (*http.Response, error) {
			seen, sent = append(seen, req), append(sent, req.Header.Clone())
			body, err := io.ReadAll(req.Body)
			require.NoError(t, err)
			assert.Contains(t, string(body), name)
			status := http.StatusOK
			if len(seen) == 1 {
				status = http.StatusUnauthorized
			}
			return respond(status, record), nil
		}),
	})
	require.NoError(t, p.do(t.Context(), customers.OpCreate))
	require.Len(t, seen, 2)
	assert.NotSame(t, seen[0], seen[1])
	for i, req := range seen {
		assert.Equal(t, sent[i], req.Header, "attempt %d", i+1)
		assert.Equal(t, []string{secret}, req.Header[fmt.Sprintf("X-Key-%d", i+1)])
		assert.Len(t, req.Header, 3, "with Accept and Content-Type")
	}
}

// What a Send gets back does not hold the credentials, however often it sends.
func TestSendSeesNoCredentials(t *testing.T) {
	p := replying(t, func() *http.Response { return respond(http.StatusOK, record) })
	_, err := transport.Call[stancer.Customer](t.Context(), p.wire, customers.OpGet,
		func(ctx context.Context) (*http.Response, error) {
			first, err := p.api.GetCustomer(ctx, id)
			require.NoError(t, err)
			assert.Nil(t, first.Request)
			second, err := p.api.GetCustomer(ctx, id)
			require.NoError(t, err)
			assert.NotContains(t, second.Request.Header, "Authorization")
			return second, nil
		}, nil)
	require.NoError(t, err)
}
