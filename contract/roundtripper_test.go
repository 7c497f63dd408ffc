package contract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/internal/wiretest"
)

// things is a contract of one resource, in JSON and XML.
func things(t *testing.T) *contract.Spec {
	t.Helper()
	s, err := contract.Parse("things", []byte(`openapi: 3.0.3
info: {title: things, version: "1"}
security: [{key: []}]
paths:
  /things/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, maxLength: 40}}
      - {name: lang, in: query, schema: {type: string, enum: [en, fr]}}
      - {name: X-Mode, in: header, schema: {type: string, enum: [test]}}
    get:
      operationId: getThing
      responses: {"200": {$ref: "#/components/responses/Thing"}, "304": {description: same}, "503": {description: any, content: {"*/*": {}}}}
    head:
      operationId: headThing
      responses: {"200": {$ref: "#/components/responses/Thing"}}
    put:
      operationId: putThing
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: "#/components/schemas/Thing"}}
          application/xml: {schema: {$ref: "#/components/schemas/Thing"}}
      responses: {"200": {$ref: "#/components/responses/Thing"}, "204": {description: done}}
components:
  securitySchemes: {key: {type: http, scheme: bearer}}
  responses:
    Thing:
      description: ok
      content:
        application/json: {schema: {$ref: "#/components/schemas/Thing"}}
        application/xml: {schema: {$ref: "#/components/schemas/Thing"}}
  schemas:
    Thing:
      type: object
      required: [email]
      properties:
        email: {type: string, format: email, x-customer: email}
        at: {type: string, format: date-time}
        n: {type: integer}
        tags: {type: array, maxItems: 1, items: {type: string, pattern: "^[a-z]$", xml: {name: tag}}}
        in: {type: object, properties: {a: {type: string, maxLength: 3}}}
`))
	require.NoError(t, err)
	return s
}

// findings are what a RoundTripper reports.
type findings struct {
	sync.Mutex
	all []contract.Finding
}

func (f *findings) add(_ context.Context, found contract.Finding) {
	f.Lock()
	defer f.Unlock()
	f.all = append(f.all, found)
}

func (f *findings) take() []contract.Finding {
	f.Lock()
	defer f.Unlock()
	all := f.all
	f.all = nil
	return all
}

// roundTripperFunc is a RoundTripper made of a function.
type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// body is one that remembers that it was closed.
type body struct {
	io.Reader
	closed int
}

func (b *body) Close() error { b.closed++; return nil }

func send(t *testing.T, rt http.RoundTripper, method, target, contentType, payload string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequest(method, target, strings.NewReader(payload))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer x")
	if payload != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		assert.Nil(t, resp)
		return nil, "", err
	}
	assert.Same(t, r, resp.Request)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp, string(got), nil
}

// A deliberately wrong server: each answer is told, and passed on byte for byte or refused with its status.
func TestWrongServer(t *testing.T) {
	const (
		jsonType = "application/json"
		xmlType  = "application/xml"
		good     = `{"email":"ama@example.com"}`
	)
	answers := []struct {
		name        string
		method      string
		status      int
		contentType string
		body        string
		want        []string
	}{
		{name: "right", status: 200, contentType: jsonType, body: good},
		{name: "right, in XML", status: 200, contentType: xmlType, body: `<Thing><email>ama@example.com</email></Thing>`},
		{name: "any body", status: 503, contentType: "text/html", body: "<html>"},
		{name: "not modified", status: 304},
		{name: "204", method: "PUT", status: 204},
		{name: "HEAD", method: "HEAD", status: 200, contentType: jsonType},

		{name: "undeclared property", status: 200, contentType: jsonType, body: `{"email":"ama@example.com","new":{"a":1}}`,
			want: []string{"/new: additionalProperties false"}},
		{name: "418", status: 418, contentType: jsonType, body: good, want: []string{"status/418: responses 200 or 304 or 503"}},
		{name: "301", status: 301, body: "moved", contentType: "text/plain", want: []string{"status/301: responses 200 or 304 or 503"}},
		{name: "HEAD 404", method: "HEAD", status: 404, want: []string{"status/404: responses 200"}},
		{name: "204 to GET", status: 204, want: []string{"status/204: responses 200 or 304 or 503"}},
		{name: "null", status: 200, contentType: jsonType, body: "null", want: []string{"body: nullable false"}},
		{name: "empty object", status: 200, contentType: jsonType, body: "{}", want: []string{"email (/email): required"}},
		{name: "nothing", status: 200, contentType: jsonType, want: []string{"body: required"}},
		{name: "bad e-mail", status: 200, contentType: jsonType, body: `{"email":"ama@"}`, want: []string{"email (/email): format email"}},
		{name: "date without zone", status: 200, contentType: jsonType, body: `{"email":"ama@example.com","at":"2020-01-31T00:00:00"}`,
			want: []string{"/at: format date-time"}},
		{name: "duplicate key", status: 200, contentType: jsonType, body: `{"email":"ama@example.com","email":"ama@example.com"}`,
			want: []string{"/email: json unique names"}},
		{name: "trailing bytes", status: 200, contentType: jsonType, body: good + "\n<!-- 3 ms -->", want: []string{"body: json one value"}},
		{name: "cut off", status: 200, contentType: jsonType, body: good[:9], want: []string{"body: json syntax"}},
		{name: "wrong content type", status: 200, contentType: "text/html", body: good,
			want: []string{"header/Content-Type: content application/json or application/xml"}},
		{name: "no content type", status: 200, body: good,
			want: []string{"header/Content-Type: content application/json or application/xml"}},
		{name: "everything", status: 200, contentType: jsonType, body: `{"n":1.5,"tags":["A","b"],"in":{"a":"long","b":1}}!`,
			want: []string{
				"body: json one value", "email (/email): required", "/in/a: maxLength 3", "/in/b: additionalProperties false",
				"/n: type integer", "/tags: maxItems 1", "/tags/0: pattern ^[a-z]$",
			}},
		{name: "wrong in XML", status: 200, contentType: xmlType, body: `<Thing x="1"><email>ama@</email><n>one</n><tag>A</tag><in/></Thing> `,
			want: []string{
				"email (/email): format email", "/n: type integer", "/tags/0: pattern ^[a-z]$", "/x: additionalProperties false",
			}},
		{name: "a bomb in XML", status: 200, contentType: xmlType, body: `<!DOCTYPE t [<!ENTITY a "b">]><Thing><email>&a;</email></Thing>`,
			want: []string{"body: xml no DOCTYPE"}},
		{name: "JSON as XML", status: 200, contentType: xmlType, body: good,
			want: []string{"body: xml one element", "body: xml syntax"}},
	}
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header()["Content-Type"] = nil // net/http would guess one
				if tt.contentType != "" {
					w.Header().Set("Content-Type", tt.contentType)
				}
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			method, request := tt.method, ""
			switch method {
			case "PUT":
				request = good
			case "":
				method = "GET"
			}
			for _, refuse := range []bool{false, true} {
				var told findings
				rt := &contract.RoundTripper{Spec: things(t), RefuseResponses: refuse, Report: told.add}
				resp, got, err := send(t, rt, method, server.URL+"/things/7", jsonType, request)
				if len(tt.want) == 0 || !refuse {
					require.NoError(t, err)
					assert.Equal(t, tt.status, resp.StatusCode)
					assert.Equal(t, tt.body, got)
					if tt.body != "" {
						assert.EqualValues(t, len(tt.body), resp.ContentLength)
					}
				} else {
					var refusal *check.Refusal
					require.ErrorAs(t, err, &refusal)
					assert.Equal(t, tt.status, refusal.Status)
					assert.Equal(t, "7", refusal.Header.Get("Retry-After"))
					assert.ElementsMatch(t, tt.want, texts(refusal.Violations))
					assert.ErrorContains(t, err, fmt.Sprintf("the answer with status %d breaks the contract: ", tt.status))
				}
				all := told.take()
				if len(tt.want) == 0 {
					assert.Empty(t, all)
					continue
				}
				require.Len(t, all, 1)
				assert.ElementsMatch(t, tt.want, texts(all[0].Violations))
				all[0].Violations = nil
				id := map[string]string{"GET": "getThing", "HEAD": "headThing", "PUT": "putThing"}[method]
				assert.Equal(t, contract.Finding{
					Provider: "things", Operation: contract.Operation{ID: id, Method: method, Path: "/things/{id}"},
					Status: tt.status, Refused: refuse,
				}, all[0])
			}
		})
	}
}

// Requests that break the contract do not reach the server, unless they may pass: then as they are.
func TestWrongRequests(t *testing.T) {
	requests := []struct{ name, method, target, contentType, body, want string }{
		{name: "right", method: "PUT", target: "/things/7", contentType: "application/json", body: ` {"email":"ama@example.com"}`},
		{name: "right, in XML", method: "PUT", target: "/things/7", contentType: "text/xml", body: "<Thing/>",
			want: "header/Content-Type: content application/json or application/xml"},
		{name: "no operation", method: "GET", target: "/others", want: "path: paths"},
		{name: "a method that is not declared", method: "DELETE", target: "/things/7", want: "path: method GET or HEAD or PUT"},
		{name: "query", method: "GET", target: "/things/7?lang=de", want: "query/lang: enum en or fr"},
		{name: "body", method: "PUT", target: "/things/7", contentType: "application/json", body: `{"email":"x"}`,
			want: "email (/email): format email"},
		{name: "body in XML", method: "PUT", target: "/things/7", contentType: "application/xml", body: `<Thing/>`,
			want: "email (/email): required"},
		{name: "no body", method: "PUT", target: "/things/7", want: "body: required"},
		{name: "an undeclared body", method: "GET", target: "/things/7", contentType: "application/json", body: `{}`, want: "body: body none"},
	}
	type arrived struct {
		target, body string
		length       int64
		header       http.Header
	}
	var seen []arrived
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		seen = append(seen, arrived{r.URL.RequestURI(), string(data), r.ContentLength, r.Header})
		w.WriteHeader(503)
	}))
	defer server.Close()
	for _, tt := range requests {
		t.Run(tt.name, func(t *testing.T) {
			for _, pass := range []bool{false, true} {
				seen = nil
				var told findings
				rt := &contract.RoundTripper{Spec: things(t), PassRequests: pass, Report: told.add}
				_, _, err := send(t, rt, tt.method, server.URL+tt.target, tt.contentType, tt.body)
				all := slices.DeleteFunc(told.take(), func(f contract.Finding) bool { return f.Status == 503 })
				switch {
				case tt.want == "" || pass:
					require.NoError(t, err)
					require.Len(t, seen, 1)
					assert.Equal(t, arrived{tt.target, tt.body, int64(len(tt.body)), seen[0].header}, seen[0])
					assert.Equal(t, "Bearer x", seen[0].header.Get("Authorization"))
				default:
					var refusal *check.Refusal
					require.ErrorAs(t, err, &refusal)
					assert.Zero(t, refusal.Status)
					assert.Equal(t, []string{tt.want}, texts(refusal.Violations))
					assert.ErrorContains(t, err, ": the request breaks the contract and was not sent: "+tt.want)
					assert.Empty(t, seen)
				}
				if tt.want == "" {
					assert.Empty(t, all)
					continue
				}
				require.Len(t, all, 1)
				assert.Equal(t, []string{tt.want}, texts(all[0].Violations))
				assert.Equal(t, !pass, all[0].Refused)
			}
		})
	}
}

func TestBodiesPass(t *testing.T) {
	newRequest := func(t *testing.T, payload io.ReadCloser) *http.Request {
		r, err := http.NewRequest("PUT", "http://127.0.0.1/things/7", nil)
		require.NoError(t, err)
		r.Body = payload
		r.Header = http.Header{"Authorization": {"Bearer x"}, "Content-Type": {"application/json"}}
		return r
	}
	good := `{"email":"ama@example.com"}`
	large := good + strings.Repeat(" ", 100)

	t.Run("the request is not changed", func(t *testing.T) {
		sent := &body{Reader: strings.NewReader(large)}
		r := newRequest(t, sent)
		r.ContentLength = int64(len(large))
		before := r.Clone(r.Context())
		rt := &contract.RoundTripper{Spec: things(t), Next: roundTripperFunc(func(r *http.Request) (*http.Response, error) {
			got, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			assert.Equal(t, large, string(got))
			assert.Equal(t, before.ContentLength, r.ContentLength)
			assert.NoError(t, r.Body.Close())
			return &http.Response{StatusCode: 204, Body: nil}, nil
		})}
		resp, err := rt.RoundTrip(r)
		require.NoError(t, err)
		assert.Equal(t, 204, resp.StatusCode)
		assert.Equal(t, before, r)
		assert.Same(t, sent, r.Body)
		assert.Equal(t, 1, sent.closed)
	})

	t.Run("larger than MaxBody", func(t *testing.T) {
		for _, refuse := range []bool{false, true} {
			var told findings
			sent, answered := &body{Reader: strings.NewReader(large)}, &body{Reader: strings.NewReader(large)}
			rt := &contract.RoundTripper{
				Spec: things(t), MaxBody: int64(len(good)), PassRequests: !refuse, RefuseResponses: refuse, Report: told.add,
				Next: roundTripperFunc(func(r *http.Request) (*http.Response, error) {
					got, err := io.ReadAll(r.Body)
					assert.NoError(t, err)
					assert.Equal(t, large, string(got))
					return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: answered}, nil
				}),
			}
			resp, err := rt.RoundTrip(newRequest(t, sent))
			want := []string{fmt.Sprintf("body: maxBytes %d", len(good))}
			all := told.take()
			assert.Equal(t, want, texts(all[0].Violations))
			if refuse {
				assert.ErrorContains(t, err, want[0])
				assert.Equal(t, 1, sent.closed)
				continue
			}
			require.NoError(t, err)
			require.Len(t, all, 2)
			assert.Equal(t, want, texts(all[1].Violations))
			got, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, large, string(got))
			assert.NoError(t, resp.Body.Close())
			assert.Equal(t, 1, answered.closed)
		}
	})

	t.Run("a length that is not that of the body", func(t *testing.T) {
		for _, length := range []int64{-2, -1, 0, 5, int64(len(large)), 1 << 62} {
			rt := &contract.RoundTripper{Spec: things(t), MaxBody: math.MaxInt64, RefuseResponses: true, Next: roundTripperFunc(
				func(r *http.Request) (*http.Response, error) {
					assert.NoError(t, iotest.TestReader(r.Body, []byte(large)))
					return &http.Response{
						StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: length,
						Body: io.NopCloser(iotest.OneByteReader(strings.NewReader(large))),
					}, nil
				})}
			r := newRequest(t, &body{Reader: iotest.DataErrReader(strings.NewReader(large))})
			r.ContentLength = length
			resp, err := rt.RoundTrip(r)
			require.NoError(t, err)
			assert.NoError(t, iotest.TestReader(resp.Body, []byte(large)))
		}
	})

	t.Run("just as large as MaxBody", func(t *testing.T) {
		rt := &contract.RoundTripper{Spec: things(t), MaxBody: int64(len(good)), Next: roundTripperFunc(
			func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 204}, nil })}
		_, err := rt.RoundTrip(newRequest(t, &body{Reader: strings.NewReader(good)}))
		assert.NoError(t, err)
	})

	t.Run("an endless answer is not read beyond MaxBody", func(t *testing.T) {
		var read int
		endless := readerFunc(func(p []byte) (int, error) { read += len(p); return copy(p, bytes.Repeat([]byte(" "), len(p))), nil })
		rt := &contract.RoundTripper{Spec: things(t), RefuseResponses: true, Next: roundTripperFunc(
			func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(endless)}, nil
			})}
		_, err := rt.RoundTrip(newRequest(t, &body{Reader: strings.NewReader(good)}))
		assert.ErrorContains(t, err, "body: maxBytes 1048576")
		assert.LessOrEqual(t, read, 1<<20+1)
	})

	t.Run("what fails while it is read", func(t *testing.T) {
		broken := errors.New("broken")
		for _, tt := range []struct {
			status int
			before string
			told   int
		}{{200, good[:9], 0}, {200, "", 0}, {418, good[:9], 1}} {
			var told findings
			once := []error{broken, io.EOF} // a reader need not fail twice
			answered := &body{Reader: io.MultiReader(strings.NewReader(tt.before), readerFunc(func([]byte) (int, error) {
				err := once[0]
				once = once[1:]
				return 0, err
			}))}
			rt := &contract.RoundTripper{Spec: things(t), Report: told.add, Next: roundTripperFunc(
				func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: tt.status, Header: http.Header{"Content-Type": {"application/json"}}, Body: answered}, nil
				})}
			resp, err := rt.RoundTrip(newRequest(t, &body{Reader: strings.NewReader(good)}))
			require.NoError(t, err)
			got, err := io.ReadAll(resp.Body)
			assert.Equal(t, tt.before, string(got))
			assert.Same(t, broken, err)
			assert.Len(t, told.take(), tt.told, "half a body breaks no rule, but a status does")

			sent := &body{Reader: readerFunc(func([]byte) (int, error) { return 0, broken })}
			_, err = rt.RoundTrip(newRequest(t, sent))
			assert.Same(t, broken, err)
			assert.Equal(t, 1, sent.closed)
		}
	})

	t.Run("101 is a connection", func(t *testing.T) {
		answered := &body{Reader: readerFunc(func([]byte) (int, error) { panic("read") })}
		rt := &contract.RoundTripper{Spec: things(t), Next: roundTripperFunc(
			func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 101, Body: answered}, nil
			})}
		resp, err := rt.RoundTrip(newRequest(t, &body{Reader: strings.NewReader(good)}))
		require.NoError(t, err)
		assert.Same(t, answered, resp.Body)
	})

	t.Run("errors of Next", func(t *testing.T) {
		refused := errors.New("refused")
		rt := &contract.RoundTripper{Spec: things(t), Next: roundTripperFunc(
			func(*http.Request) (*http.Response, error) { return nil, refused })}
		_, err := rt.RoundTrip(newRequest(t, &body{Reader: strings.NewReader(good)}))
		assert.Same(t, refused, err)
	})

	t.Run("an answer that is refused is closed", func(t *testing.T) {
		answered := &body{Reader: strings.NewReader("{}")}
		rt := &contract.RoundTripper{Spec: things(t), RefuseResponses: true, Next: roundTripperFunc(
			func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: answered}, nil
			})}
		_, err := rt.RoundTrip(newRequest(t, &body{Reader: strings.NewReader(good)}))
		assert.Error(t, err)
		assert.Equal(t, 1, answered.closed)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A request that was read to be checked leaves in one piece, as it would have without a check: net/http sends a body of a
// type that it does not know after the header.
func TestHeaderAndBodyLeaveTogether(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer server.Close()
	var writes []string
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return noted{conn, func(p []byte) { writes = append(writes, string(p)) }}, err
	}}
	defer transport.CloseIdleConnections()
	const thing = `{"email":"ama@example.com"}`
	rt := &contract.RoundTripper{Spec: things(t), Next: transport}
	_, _, err := send(t, rt, http.MethodPut, server.URL+"/things/7", "application/json", thing)
	require.NoError(t, err)
	require.Len(t, writes, 1)
	assert.Contains(t, writes[0], thing)
}

// net/http repeats a request whose connection turns out dead only where its sender gave a GetBody, with a check or without.
func TestRepeatedAsTheSenderAllows(t *testing.T) {
	const thing = `{"email":"ama@example.com"}`
	for _, allowed := range []bool{false, true} {
		t.Run(fmt.Sprint(allowed), func(t *testing.T) {
			seen := make(chan string, 9)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				data, _ := io.ReadAll(r.Body)
				seen <- string(data)
				if len(seen) == 2 {
					panic(http.ErrAbortHandler) // it was read, and nobody answers
				}
				w.WriteHeader(http.StatusNoContent)
			}))
			defer server.Close()
			rt := &contract.RoundTripper{Spec: things(t), Next: server.Client().Transport}
			put := func() error {
				r, err := http.NewRequest(http.MethodPut, server.URL+"/things/7", strings.NewReader(thing))
				require.NoError(t, err)
				r.Header = http.Header{
					"Authorization": {"Bearer x"}, "Content-Type": {"application/json"}, "Idempotency-Key": {"1"},
				}
				r.GetBody = nil
				if allowed {
					r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("not what was checked")), nil }
				}
				resp, err := rt.RoundTrip(r)
				if err != nil {
					return err
				}
				return resp.Body.Close()
			}
			require.NoError(t, put())
			err := put() // over the connection of the first one
			times := 2
			if allowed {
				times++
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, io.EOF)
			}
			if assert.Len(t, seen, times) {
				for range times {
					assert.Equal(t, thing, <-seen)
				}
			}
		})
	}
}

// noted is a connection that tells what is written to it.
type noted struct {
	net.Conn
	note func([]byte)
}

func (c noted) Write(p []byte) (int, error) {
	c.note(p)
	return c.Conn.Write(p)
}

// The contract is loaded by the first request, once, and a provider without one is an error and no panic.
func TestRoundTripperLoads(t *testing.T) {
	sent := &body{Reader: strings.NewReader("{}")}
	for _, rt := range []*contract.RoundTripper{{}, {Provider: "nobody"}} {
		r := request(t, "POST", "/v1/customers/", "{}")
		r.Body = sent
		for range 2 {
			_, err := rt.RoundTrip(r)
			require.EqualError(t, err, fmt.Sprintf("the contract could not be read, and nothing was sent: "+
				"contract %q of package specs: open %s.yaml: file does not exist", rt.Provider, rt.Provider))
			refusal := (*check.Refusal)(nil)
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, rt.Provider, refusal.Provider)
			require.ErrorIs(t, refusal.Err, fs.ErrNotExist)
		}
	}
	assert.Equal(t, 4, sent.closed)

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }))
	defer server.Close()
	rt := &contract.RoundTripper{Provider: "stancer"}
	client := http.Client{Transport: rt}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := request(t, "DELETE", "/v1/customers/cust_9Cle7TXKkjhwqcWx4Kl5cQYk", "")
			r.URL.Host = strings.TrimPrefix(server.URL, "http://")
			if i%2 == 0 {
				r.URL.RawQuery = "a=b"
			}
			resp, err := client.Do(r)
			if i%2 == 0 {
				assert.ErrorContains(t, err, "stancer deleteCustomer: the request breaks the contract and was not sent: query/a: parameters")
				return
			}
			if assert.NoError(t, err) {
				assert.NoError(t, resp.Body.Close())
			}
		})
	}
	wg.Wait()
}

// What was in an exchange appears in nothing that a RoundTripper tells, wherever it stood.
func TestRoundTripperTellsNoValue(t *testing.T) {
	const (
		email = "canary.person@example.org"
		key   = "canary_key_0123456789"
	)
	quoted := func(f string, canary string) string {
		return fmt.Sprintf(f, strings.NewReplacer(`"`, `\"`).Replace(canary))
	}
	var bodies [][2]string // content type and body
	for _, canary := range []string{email, key, `"` + email + `"`, strings.Repeat(email, 3)} {
		for _, name := range []string{"email", "at", "n", "tags", "in"} {
			for _, f := range []string{
				`{"` + name + `":"%s"}`, `{"` + name + `":["%s","%[1]s"]}`, `{"` + name + `":{"a":"%s"}}`, `{"` + name + `":{"%s":1}}`,
				`{"%s":"%[1]s","` + name + `":"%[1]s","` + name + `":"%[1]s"}`, `"%s"`, `%s`, `{"email":"%s`,
			} {
				bodies = append(bodies, [2]string{"application/json", quoted(f, canary)})
			}
			for _, f := range []string{
				"<Thing><%s>%s</%[1]s></Thing>", "<Thing %s='%s'/>", "<Thing><%s><a>%s</a></%[1]s></Thing>", "<Thing><%s a='%s'/></Thing>",
				"<Thing>%[2]s<%[1]s/></Thing>", "<Thing><%s>&%s;</%[1]s></Thing>", "<%[2]s:%[1]s/>", "<Thing/>%[2]s", "<!DOCTYPE %[2]s>", "<?%[2]s?>",
				"<?xml version='1.0' encoding='%[2]s'?><Thing/>", "<Thing><in><%[2]s/></in></Thing>", "<Thing><in %[2]s='1'/></Thing>",
			} {
				bodies = append(bodies, [2]string{"application/xml", fmt.Sprintf(f, name, canary)})
			}
		}
	}
	bodies = append(bodies, [2]string{email, key}, [2]string{"application/" + key, email})

	var told findings
	status, answer := 200, [2]string{}
	next := roundTripperFunc(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Body: io.NopCloser(strings.NewReader(answer[1])),
			Header: http.Header{"Content-Type": {answer[0]}, "X-Echo": {email, key}, "Location": {"/" + email}, "Set-Cookie": {key}},
		}, nil
	})
	checked := &contract.RoundTripper{Spec: things(t), RefuseResponses: true, Report: told.add, Next: next}
	unchecked := &contract.RoundTripper{Spec: things(t), PassRequests: true, RefuseResponses: true, Report: told.add, Next: next}
	for _, b := range bodies {
		target := "http://127.0.0.1/things/" + url.PathEscape(strings.Repeat(email, 2)) + "?lang=" + key + "&" + url.QueryEscape(email) + "=1"
		r, err := http.NewRequest("PUT", target, strings.NewReader(b[1]))
		require.NoError(t, err)
		r.Header = http.Header{"Content-Type": {b[0]}, "Authorization": {key}, "X-Mode": {email}, "Cookie": {key}}
		_, refused := checked.RoundTrip(r)
		require.Error(t, refused)
		lost, err := http.NewRequest("GET", "http://127.0.0.1/"+key+"/"+email, nil)
		require.NoError(t, err)
		_, unknown := checked.RoundTrip(lost)
		values := []any{refused, unknown}
		for _, status = range []int{200, 418} {
			answer = b
			r, err := http.NewRequest("GET", target, nil)
			require.NoError(t, err)
			if _, err = unchecked.RoundTrip(r); err == nil {
				assert.Contains(t, b[1], email, "only an e-mail address is right in its place")
				continue
			}
			values = append(values, err)
		}
		for _, err := range slices.Clone(values) {
			var refusal *check.Refusal
			require.ErrorAs(t, err.(error), &refusal)
			assert.NoError(t, errors.Unwrap(refusal))
			values = append(values, *refusal, refusal.Violations, fmt.Errorf("wrapped: %w", refusal), &url.Error{Op: "Put", URL: "-", Err: refusal})
		}
		all := told.take()
		require.GreaterOrEqual(t, len(all), 5)
		for _, f := range all {
			values = append(values, f, &f)
		}
		wiretest.AssertHidden(t, []string{"canary"}, values...)
	}
}
