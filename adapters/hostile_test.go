package adapters_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/internal/hostile"
	"github.com/contract-first/customers/internal/wiretest"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

var printMatrix = flag.Bool("matrix", false, "print what TestHostileServers saw")

// want is what a caller is told: the kind, "" for a success, the outcome of a write, and the status.
type want struct {
	kind    customers.Kind
	outcome customers.Outcome
	status  int
}

// either is the outcome where the client cannot be made to fail at one certain moment.
const either customers.Outcome = "not sent or unknown"

// The expectations that most attacks have.
var (
	fine      = want{}
	silent    = want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 0}
	brokenOff = want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 200}
	unsent    = want{customers.ErrUnavailable, customers.ErrNotSent, 0}
	badAnswer = want{customers.ErrContract, customers.ErrUnknownOutcome, 200}
	// Nothing in an answer is needed to know that a change is done.
	changesAreFine = map[string]want{"update": fine, "delete": fine}
)

func contractBroken(status int) want {
	return want{customers.ErrContract, customers.ErrUnknownOutcome, status}
}

// attack is one thing that a server does instead of answering well. An exchange is named as its column of the matrix: by
// the operation of the facade that it serves, "record" for the read inside an update, "token" for one that gets
// credentials; reads of the facade are "read" too, and a name may have its provider's in front.
type attack struct {
	name string
	// answer speaks in place of the provider; connect takes the connection before anything else.
	answer  func(visit)
	connect func(net.Conn) net.Conn
	tls     *tls.Config // what the client trusts; the connection is attacked from the start
	want    want
	except  map[string]want
	only    []string // exchanges; all if empty
	closed  bool     // nobody listens
	writes  int      // how often a write may arrive; 0 is once
	options transport.Options
}

// visit is a request under attack.
type visit struct {
	net.Conn
	request *http.Request
	good    string // what the provider would have said
	target  *exchange
	id      string // of the customer
}

const (
	requestID = "X-Request-Id: req-1\r\n"
	isJSON    = "Content-Type: application/json\r\n"
)

// say writes an answer whose framing is right.
func (v visit) say(status int, fields, body string) {
	_, _ = fmt.Fprintf(v, "HTTP/1.1 %d x\r\n"+requestID+"%sContent-Length: %d\r\n\r\n%s", status, fields, len(body), body)
}

// says is an attack with one text, said with the framing of HTTP.
func says(status int, fields, body string) func(visit) {
	return func(v visit) { v.say(status, fields, body) }
}

// changed is an attack with the good body after a change.
func changed(change func(string) string) func(visit) {
	return func(v visit) { v.say(200, isJSON, change(v.good)) }
}

// framed is the good body with other fields or another status.
func framed(status int, fields string) func(visit) {
	return func(v visit) { v.say(status, fields, v.good) }
}

// raw is an attack with bytes, after which the server hangs up.
func raw(text string) func(visit) {
	return func(v visit) {
		_, _ = io.WriteString(v, text)
		_ = v.Close()
	}
}

// endlessly says first, and then next until the client has had enough; the end after 32 MiB spares the machine if it never has.
func endlessly(first, next string, pause time.Duration) func(visit) {
	return func(v visit) {
		_, err := io.WriteString(v, first)
		more := []byte(next)
		for said := 0; err == nil && said < 32<<20; said += len(more) {
			time.Sleep(pause)
			_, err = v.Write(more)
		}
		_ = v.Close()
	}
}

const ok = "HTTP/1.1 200 x\r\n" + requestID + isJSON

func compressed(body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, body)
	_ = w.Close()
	return b.String()
}

// dump is everything that a request held, as one text.
func dump(r *http.Request) string {
	text, _ := httputil.DumpRequest(r, true)
	return strings.Join(strings.Fields(string(text)), " ")
}

// mirrored is the request inside of errors in the form of every provider.
func mirrored(status int) func(visit) {
	return func(v visit) {
		d := dump(v.request)
		body, _ := json.Marshal(map[string]any{
			"status": "ERROR", "statusCode": status, "message": "MirrorError", "reason": d, d: d,
			"error": map[string]any{"type": d, "description": d, "message": map[string]any{"error": d, "id": d, d: d}},
		})
		v.say(status, isJSON, string(body))
	}
}

// retyped is a JSON text with every text a number and every number a text.
func retyped(good string) string {
	return regexp.MustCompile(`("(?:[^"\\]|\\.)*"\s*:\s*)("(?:[^"\\]|\\.)*"|-?[0-9.]+)`).ReplaceAllStringFunc(good, func(member string) string {
		name, value, _ := strings.Cut(member, ":")
		if strings.HasPrefix(value, `"`) {
			return name + ":1"
		}
		return name + ":" + strconv.Quote(value)
	})
}

// twice has every member of the outermost object two times.
func twice(good string) string {
	inner := strings.TrimSuffix(strings.TrimPrefix(good, "{"), "}")
	if len(inner) != len(good)-2 || inner == "" {
		return good
	}
	return "{" + inner + "," + inner + "}"
}

func with(member string) func(string) string {
	return func(good string) string {
		return strings.Replace(strings.Replace(good, "{", "{"+member+",", 1), ",}", "}", 1)
	}
}

func otherID(v visit) {
	other := []byte(v.id)
	other[len(other)-1] ^= 1
	v.say(200, isJSON, strings.ReplaceAll(v.good, v.id, string(other)))
}

// attacks are all of them; elsewhere is the URL of another server.
func attacks(t *testing.T, elsewhere string) []attack {
	tlsServer := httptest.NewTLSServer(nil)
	certificate := tlsServer.TLS.Certificates
	roots := x509.NewCertPool()
	roots.AddCert(tlsServer.Certificate())
	tlsServer.Close()
	trusted := &tls.Config{RootCAs: roots}
	secured := func(c net.Conn) net.Conn { return tls.Server(c, &tls.Config{Certificates: certificate}) }
	gone := func(end func(net.Conn)) func(net.Conn) net.Conn {
		return func(c net.Conn) net.Conn {
			end(c)
			return nil
		}
	}
	const page = "<html>Sign in</html>"
	brief := transport.Options{Timeout: 1500 * time.Millisecond}
	deep := strings.Repeat("[", 100_000)
	slow := 20 * time.Millisecond
	bomb := compressed(strings.Repeat(" ", 8<<20)) // members of gzip that follow each other are one text
	list := []attack{
		{name: "as it should be", answer: framed(200, isJSON), want: fine},

		{name: "no answer", answer: func(v visit) { hostile.Hang(v) }, want: silent, options: brief},
		{
			name: "no answer to any attempt", answer: func(v visit) { hostile.Hang(v) }, want: silent,
			options: transport.Options{AttemptTimeout: 400 * time.Millisecond},
		},
		{name: "slow header", answer: endlessly("HTTP/1.1 200 x\r\nX-Slow: ", "x", slow), want: silent, options: brief},
		{
			name: "slow body", answer: endlessly(ok+"Content-Length: 99999\r\n\r\n", " ", slow), want: brokenOff, options: brief,
			only: []string{"create", "read", "update", "record", "delete"}, // a call that waits for a token has no answer of its own
		},
		{
			name: "slow body of every attempt", answer: endlessly(ok+"Content-Length: 99999\r\n\r\n", " ", slow), want: brokenOff,
			options: transport.Options{AttemptTimeout: 400 * time.Millisecond},
		},
		{name: "slow answers before the answer", answer: endlessly("", "HTTP/1.1 103 x\r\n\r\n", slow), want: silent, options: brief},
		{name: "silence where TLS should begin", connect: gone(hostile.Hang), tls: &tls.Config{}, want: unsent, options: brief},

		{name: "endless body", answer: endlessly(ok+"\r\n", strings.Repeat(" ", 32<<10), 0), want: badAnswer},
		{name: "endless chunks", answer: endlessly(ok+"Transfer-Encoding: chunked\r\n\r\n", "1000\r\n"+strings.Repeat(" ", 1<<12)+"\r\n", 0), want: badAnswer},
		{name: "endless error", answer: endlessly("HTTP/1.1 500 x\r\n"+requestID+"\r\n", strings.Repeat(" ", 32<<10), 0), want: want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 500}},
		{name: "gzip bomb", answer: func(v visit) { v.say(200, isJSON+"Content-Encoding: gzip\r\n", bomb+compressed(v.good)) }, want: badAnswer},
		{name: "header bomb, many", answer: endlessly("HTTP/1.1 200 x\r\n", "X-Bomb: "+strings.Repeat("x", 100)+"\r\n", 0), want: silent},
		{name: "header bomb, one", answer: endlessly("HTTP/1.1 200 x\r\nX-Bomb: ", strings.Repeat("x", 32<<10), 0), want: silent},
		{name: "status line bomb", answer: endlessly("HTTP/1.1 200 ", strings.Repeat("x", 32<<10), 0), want: silent},
		{name: "trailer bomb", answer: endlessly(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X-Bomb: "+strings.Repeat("x", 1<<12)+"\r\n", 0), want: brokenOff},
		{name: "chunk extension bomb", answer: endlessly(ok+"Transfer-Encoding: chunked\r\n\r\n1;", strings.Repeat("x", 32<<10), 0), want: brokenOff},
		{name: "1xx flood", answer: endlessly("", strings.Repeat("HTTP/1.1 103 x\r\nLink: y\r\n\r\n", 100), 0), want: silent},
		{name: "deep nesting", answer: says(200, isJSON, deep), want: badAnswer},
		{name: "deep nesting in a property", answer: changed(with(`"x":` + deep + strings.Repeat("]", len(deep)))), want: badAnswer},

		{name: "empty 200", answer: says(200, isJSON, ""), want: badAnswer, except: changesAreFine},
		{name: "blank 200", answer: says(200, isJSON, " \r\n"), want: badAnswer, except: changesAreFine},
		{name: "null", answer: says(200, isJSON, "null"), want: badAnswer, except: changesAreFine},
		{name: "{}", answer: says(200, isJSON, "{}"), want: badAnswer, except: map[string]want{
			"update": fine, "delete": fine, "fatora token": {customers.ErrUnauthenticated, "", 200},
		}},
		{name: "[]", answer: says(200, isJSON, "[]"), want: badAnswer},
		{name: "a text", answer: says(200, isJSON, `"OK"`), want: badAnswer},
		{name: "wrong types", answer: changed(retyped), want: badAnswer, except: map[string]want{"stancer delete": fine}},
		{name: "every name twice", answer: changed(twice), want: fine, except: map[string]want{
			"record": {customers.ErrUnsupportedField, customers.ErrNotSent, 0},
		}},
		{name: "a property more", answer: changed(with(`"x":{"y":[1]}`)), want: fine, except: map[string]want{
			"simplepin record": {customers.ErrUnsupportedField, customers.ErrNotSent, 0},
		}},
		{name: "trailing bytes", answer: changed(func(good string) string { return good + "{}" }), want: badAnswer},
		{name: "half of it, well framed", answer: changed(func(good string) string { return good[:len(good)/2] }), want: badAnswer},
		{name: "invalid UTF-8", answer: changed(with(`"x":"` + "\xff" + `"`)), want: badAnswer},
		{name: "UTF-16", answer: says(200, isJSON, "\xff\xfe{\x00}\x00"), want: badAnswer},
		{name: "byte order mark", answer: changed(func(good string) string { return "\ufeff" + good }), want: badAnswer},
		{name: "another customer's id", answer: otherID, want: badAnswer, only: []string{"get", "record", "fatora update", "simplepin update", "stancer update", "simplepin create"}},
		{name: "a page that never advances", answer: func(v visit) { v.say(200, isJSON, v.target.body) }, want: badAnswer, only: []string{"fatora list", "fatora find"}},

		{name: "HTML 200", answer: says(200, "Content-Type: text/html\r\n", page), want: badAnswer},
		{name: "HTML 200, called JSON", answer: says(200, isJSON, page), want: badAnswer},
		{name: "HTML 401", answer: says(401, "Content-Type: text/html\r\n", page), want: want{customers.ErrUnauthenticated, customers.ErrRejected, 401}},
		{name: "HTML 403", answer: says(403, "Content-Type: text/html\r\n", page), want: want{customers.ErrForbidden, customers.ErrRejected, 403}},
		{name: "HTML 404", answer: says(404, "Content-Type: text/html\r\n", page), want: want{customers.ErrContract, customers.ErrRejected, 404}},
		{name: "HTML 409", answer: says(409, "Content-Type: text/html\r\n", page), want: want{customers.ErrRefused, customers.ErrRejected, 409}, except: map[string]want{
			"create": {customers.ErrContract, customers.ErrRejected, 409},
		}},
		{name: "HTML 502", answer: says(502, "Content-Type: text/html\r\n", page), want: want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 502}},
		{name: "408", answer: says(408, isJSON, ""), want: want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 408}},

		{name: "no content type", answer: framed(200, ""), want: fine},
		{name: "content type in capitals", answer: framed(200, "CONTENT-TYPE: APPLICATION/JSON; CHARSET=UTF-8\r\n"), want: fine},
		{name: "content type text/plain", answer: framed(200, "Content-Type: text/plain\r\n"), want: badAnswer},
		{name: "content type of another charset", answer: framed(200, "Content-Type: application/json; charset=iso-8859-1\r\n"), want: badAnswer},
		{name: "content type that is none", answer: framed(200, "Content-Type: ;;;\r\n"), want: badAnswer},
		{name: "gzip, as was offered", answer: func(v visit) { v.say(200, isJSON+"Content-Encoding: gzip\r\n", compressed(v.good)) }, want: fine},
		{name: "gzip that is none", answer: framed(200, isJSON+"Content-Encoding: gzip\r\n"), want: brokenOff},
		{name: "compression nobody offered", answer: says(200, isJSON+"Content-Encoding: br\r\n", "\x0b\x02\x80{}\x03"), want: badAnswer},
		{name: "201 for 200", answer: framed(201, isJSON), want: fine},
		{name: "202 for 200", answer: framed(202, isJSON), want: fine},
		{name: "206 that nobody asked for", answer: framed(206, isJSON), want: fine},
		{name: "299", answer: framed(299, isJSON), want: fine},
		{name: "204 with a body", answer: framed(204, isJSON), want: contractBroken(204), except: changesAreFine},
		{name: "205 without one", answer: says(205, "", ""), want: contractBroken(205), except: changesAreFine},
		{name: "status 101", answer: raw("HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: x\r\n" + requestID + "\r\n"), want: contractBroken(101)},
		{name: "status 099", answer: framed(99, isJSON), want: silent},
		{name: "status 999", answer: framed(999, isJSON), want: want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 999}},
		{name: "304 to a question without conditions", answer: says(304, "", ""), want: contractBroken(304)},

		{name: "429, Retry-After: 1e308", answer: says(429, isJSON+"Retry-After: 1e308\r\n", "{}"), want: want{customers.ErrRateLimited, customers.ErrRejected, 429}, writes: 3},
		{name: "429, Retry-After: -1", answer: says(429, isJSON+"Retry-After: -1\r\n", "{}"), want: want{customers.ErrRateLimited, customers.ErrRejected, 429}, writes: 3},
		{name: "429, Retry-After: a century", answer: says(429, isJSON+"Retry-After: 3153600000\r\n", "{}"), want: want{customers.ErrRateLimited, customers.ErrRejected, 429}},
		{name: "429, Retry-After: 99 digits", answer: says(429, isJSON+"Retry-After: "+strings.Repeat("9", 99)+"\r\n", "{}"), want: want{customers.ErrRateLimited, customers.ErrRejected, 429}},
		{name: "503, Retry-After: 1e308", answer: says(503, isJSON+"Retry-After: 1e308\r\n", "{}"), want: want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 503}},
		{name: "503, Retry-After: the year 9999", answer: says(503, isJSON+"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", "{}"), want: want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 503}},

		{name: "body cut short", answer: func(v visit) { raw(ok + "Content-Length: 9999\r\n\r\n" + v.good)(v) }, want: brokenOff},
		{name: "a length beyond all", answer: func(v visit) { raw(ok + "Content-Length: 9223372036854775807\r\n\r\n" + v.good)(v) }, want: brokenOff},
		{name: "a length too small", answer: func(v visit) { raw(ok + "Content-Length: 1\r\n\r\n" + v.good)(v) }, want: badAnswer},
		{name: "a negative length", answer: raw(ok + "Content-Length: -1\r\n\r\n{}"), want: silent},
		{name: "two lengths", answer: raw(ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), want: silent},
		{name: "chunks cut short", answer: raw(ok + "Transfer-Encoding: chunked\r\n\r\n9\r\n{}"), want: brokenOff},
		{name: "chunks of no size", answer: raw(ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}"), want: brokenOff},
		{name: "unknown transfer encoding", answer: raw(ok + "Transfer-Encoding: x\r\n\r\n{}"), want: silent},
		{name: "header cut short", answer: raw("HTTP/1.1 200 x\r\nX-Requ"), want: silent},
		{name: "header field without colon", answer: raw("HTTP/1.1 200 x\r\nHello there\r\n\r\n{}"), want: silent},
		{name: "not HTTP", answer: raw("220 mail.example.com ESMTP\r\n\r\n{}"), want: silent},
		{name: "zeros", answer: raw(strings.Repeat("\x00", 1<<10)), want: silent},

		{name: "nobody listens", closed: true, want: unsent},
		{name: "reset before the request", connect: gone(hostile.Reset), want: want{customers.ErrUnavailable, either, 0}},
		{
			name: "reset while the request arrives", want: silent,
			connect: gone(func(c net.Conn) {
				_, _ = io.ReadFull(c, make([]byte, 16))
				hostile.Reset(c)
			}),
		},
		{name: "reset after the request", answer: func(v visit) { hostile.Reset(v.Conn) }, want: silent},
		{name: "hung up after the request", answer: raw(""), want: silent},
		{name: "reset in TLS", connect: gone(hostile.Reset), tls: trusted, want: unsent},
		{name: "TLS as it should be", connect: secured, tls: trusted, answer: framed(200, isJSON), want: fine},
		{name: "TLS of an untrusted authority", connect: secured, tls: &tls.Config{}, answer: framed(200, isJSON), want: unsent},
		{name: "TLS with a wrong name", connect: secured, tls: &tls.Config{RootCAs: roots, ServerName: "other.example.org"}, answer: framed(200, isJSON), want: unsent},
		{name: "plain HTTP where TLS should be", connect: gone(func(c net.Conn) { raw("HTTP/1.1 400 x\r\n\r\n")(visit{Conn: c}) }), tls: trusted, want: unsent},

		{name: "mirror, 400", answer: mirrored(400), want: want{customers.ErrInvalid, customers.ErrRejected, 400}, except: map[string]want{"token": {customers.ErrUnauthenticated, "", 400}}},
		{name: "mirror, 409", answer: mirrored(409), want: want{customers.ErrRefused, customers.ErrRejected, 409}, except: map[string]want{"create": {customers.ErrAlreadyExists, customers.ErrRejected, 409}}},
		{name: "mirror, 500", answer: mirrored(500), want: want{customers.ErrUnavailable, customers.ErrUnknownOutcome, 500}},
		{name: "mirror, 200 that is no JSON", answer: func(v visit) { v.say(200, isJSON, dump(v.request)) }, want: badAnswer},
		{name: "mirror, names of properties", answer: func(v visit) {
			name, _ := json.Marshal(dump(v.request))
			v.say(200, isJSON, with(string(name)+":1")(v.good))
		}, want: fine, except: map[string]want{"simplepin record": {customers.ErrUnsupportedField, customers.ErrNotSent, 0}}},
		{name: "mirror, header and reason", answer: func(v visit) {
			d := dump(v.request)
			_, _ = fmt.Fprintf(v, "HTTP/1.1 403 %s\r\nX-Request-Id: %s\r\nRequest-Id: req-1\r\nLocation: %s\r\nContent-Type: %s\r\nSet-Cookie: %s\r\nContent-Length: 0\r\n\r\n", d, d, d, d, d)
		}, want: want{customers.ErrForbidden, customers.ErrRejected, 403}},
		{name: "mirror, not HTTP", answer: func(v visit) { raw(dump(v.request))(v) }, want: silent},
		{name: "mirror, broken trailer", answer: func(v visit) {
			raw(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + dump(v.request) + "\r\n\r\n")(v)
		}, want: brokenOff},
		{name: "mirror, a length", answer: func(v visit) { raw(ok + "Content-Length: " + dump(v.request) + "\r\n\r\n")(v) }, want: silent},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []struct{ where, base string }{{"the same place", ""}, {"another host", elsewhere}} {
			list = append(list, attack{
				name: fmt.Sprintf("%d to %s", status, to.where), want: contractBroken(status),
				answer: func(v visit) {
					v.say(status, isJSON+"Location: "+to.base+v.request.RequestURI+"\r\n", "{}")
				},
			})
		}
	}
	return list
}

// way is a provider, and how its credentials are used.
type way struct {
	provider string
	client   func(*sandbox.Sandbox, transport.Options) (*customers.Client, error)
	dialects []sandbox.Dialect
	// token: the credentials are traded for one; bearer: a client that has one is tried, on what one that has none recorded.
	token, bearer bool
	only          string // the exchange that this way has of its own; "" for all
}

func allWays() []way {
	usual := func(provider string) func(*sandbox.Sandbox, transport.Options) (*customers.Client, error) {
		s := subjects()[provider]
		return func(sb *sandbox.Sandbox, o transport.Options) (*customers.Client, error) {
			return s.open(sb, setup{options: o})
		}
	}
	byPost := func(sb *sandbox.Sandbox, o transport.Options) (*customers.Client, error) {
		return fatora.Open(fatora.Config{
			APIKey: sb.Fatora.APIKey, AuthorizeByPost: true, BaseURL: sb.Fatora.URL, Options: o,
			Policy: customers.Policy{AllowUnproven: customers.Ops()},
		})
	}
	// Changes are answered with a body, so that there is something to spoil.
	talkative := []sandbox.Dialect{sandbox.FatoraDeleteOK, sandbox.StancerUpdateReturnsCustomer}
	return []way{
		{provider: "digitalpaye", token: true, client: usual("digitalpaye")},
		{provider: "fatora", token: true, client: usual("fatora"), dialects: talkative},
		{provider: "fatora", token: true, client: byPost, only: "token", dialects: []sandbox.Dialect{sandbox.FatoraAuthorizeByPost}},
		{provider: "fatora", token: true, client: usual("fatora"), dialects: talkative, bearer: true},
		{provider: "simplepin", client: usual("simplepin")},
		{provider: "stancer", client: usual("stancer"), dialects: talkative},
	}
}

// exchange is what a client asked of the sandbox, and the body of the answer.
type exchange struct{ method, uri, body string }

func (e exchange) is(r *http.Request) bool { return e.method == r.Method && e.uri == r.RequestURI }

// cell is one exchange of one operation of the facade at one provider.
type cell struct {
	way
	subject
	sb        *sandbox.Sandbox // whose credentials are used; it is closed
	op        customers.Op
	id        string // of the customer
	exchanges []exchange
	target    int    // the one under attack
	name      string // of the target
	hidden    []string
	keys      []string // of what is hidden, the credentials
}

// record has the sandbox show how each operation of the facade goes.
func record(t *testing.T, w way) (cells []cell) {
	sb := start(t, sandbox.Config{Dialects: w.dialects})
	var went []exchange
	options := transport.Options{RoundTripper: roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(body))
		went = append(went, exchange{r.Method, r.URL.RequestURI(), string(body)})
		return resp, err
	})}
	c := cell{way: w, subject: subjects()[w.provider], sb: sb}
	for _, c.op = range []customers.Op{
		customers.OpCreate, customers.OpGet, customers.OpList, customers.OpFind, customers.OpUpdate, customers.OpDelete,
	} {
		client, err := w.client(sb, options)
		require.NoError(t, err)
		if !can(client, c.op) {
			continue
		}
		went = nil
		ids, err := c.perform(t.Context(), client)
		require.NoError(t, err)
		c.id = append(ids, c.id)[0]
		c.exchanges = went
		c.keys, c.hidden = c.secrets(t)
		if w.bearer {
			c.exchanges = went[1:]
		}
		for c.target = range c.exchanges {
			c.name = string(c.op)
			switch {
			case w.token && !w.bearer && c.target == 0:
				c.name = "token"
			case c.op == customers.OpUpdate && c.target < len(c.exchanges)-1:
				c.name = "record"
			}
			if w.only == "" || w.only == c.name {
				cells = append(cells, c)
			}
			if c.lists() {
				break // the pages that follow are attacked with the first
			}
		}
	}
	if w.provider == "fatora" {
		// Its ids are short numbers, which also stand in ports and durations.
		for i := range cells {
			cells[i] = cells[i].known("730620184155")
		}
	}
	if w.bearer {
		for i := range cells {
			cells[i].client = func(sb *sandbox.Sandbox, o transport.Options) (*customers.Client, error) {
				return fatora.Open(fatora.Config{
					BearerToken: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL, Options: o,
					Policy: customers.Policy{AllowUnproven: customers.Ops()},
				})
			}
		}
	}
	return cells
}

// known is the cell of a customer with another id.
func (c cell) known(id string) cell {
	was := c.id
	replace := func(s *string) { *s = strings.ReplaceAll(*s, was, id) }
	c.id, c.exchanges, c.hidden = id, slices.Clone(c.exchanges), append(slices.Clone(c.hidden), id)
	c.hidden = slices.DeleteFunc(c.hidden, func(s string) bool { return s == was })
	for i := range c.exchanges {
		replace(&c.exchanges[i].uri)
		replace(&c.exchanges[i].body)
	}
	return c
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// perform does the operation of the facade, and returns the ids of the customers that it tells of.
func (c cell) perform(ctx context.Context, client *customers.Client) (ids []string, err error) {
	one := func(customer *customers.Customer, err error) ([]string, error) {
		if err != nil {
			return nil, err
		}
		return []string{customer.ID}, nil
	}
	query := customers.Query{}
	switch c.op {
	case customers.OpCreate:
		return one(client.Create(ctx, c.profile))
	case customers.OpGet:
		return one(client.Get(ctx, c.id))
	case customers.OpUpdate:
		return nil, client.Update(ctx, c.id, c.patches[0])
	case customers.OpDelete:
		return nil, client.Delete(ctx, c.id)
	case customers.OpFind:
		query.Email = c.profile.Email
	}
	for customer, err := range client.List(ctx, query) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, customer.ID)
	}
	return ids, nil
}

// secrets are the credentials and the customer's data, in every form in which they go over the wire.
func (c cell) secrets(t *testing.T) (keys, all []string) {
	t.Helper()
	d, s := c.sb.Digitalpaye, c.sb.SimplePin
	keys = []string{d.APIKey, d.APISecret, s.Authorization, s.Token, c.sb.Stancer.APIKey, c.sb.Fatora.APIKey}
	for _, pair := range []string{d.APIKey + ":" + d.APISecret, c.sb.Stancer.APIKey + ":"} {
		keys = append(keys, base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	if c.token {
		token := regexp.MustCompile(`"[a-zA-Z_]*[tT]oken":"([^"]+)"`).FindStringSubmatch(c.exchanges[0].body)
		require.NotEmpty(t, token)
		keys = append(keys, token[1])
	}
	personal := []string{c.id}
	for _, v := range []any{c.profile, c.patches} {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		for _, member := range regexp.MustCompile(`:"([^"]+)"`).FindAllStringSubmatch(string(data), -1) {
			personal = append(personal, member[1])
		}
	}
	for _, text := range slices.Concat(keys, personal) {
		if len(text) > 3 { // what is shorter, a country's code, stands in other words too
			all = append(all, text, url.QueryEscape(text), url.PathEscape(text))
		}
	}
	slices.Sort(all)
	return keys, slices.Compact(all)
}

// names are those of the exchange in an attack, the closest first.
func (c cell) names() []string {
	names := []string{c.provider + " " + c.name, c.name}
	if !c.op.Writes() && c.name != "token" {
		names = append(names, "read")
	}
	return names
}

// expected is what the caller is told of an attack on this exchange.
func (c cell) expected(a attack) want {
	w := a.want
	for _, name := range c.names() {
		if exception, ok := a.except[name]; ok {
			w = exception
			break
		}
	}
	switch {
	case w == fine:
	case !c.op.Writes():
		w.outcome = ""
	case c.name == "token", c.name == "record":
		w.outcome = customers.ErrNotSent
	}
	return w
}

// attackedBy has the exchange attacked, and returns what the caller was told.
func (c cell) attackedBy(t *testing.T, a attack) (got want, told error, server *hostile.Server) {
	t.Helper()
	var before atomic.Int64 // requests that arrived, for exchanges before the target
	answer := func(conn net.Conn, r *http.Request) {
		i := slices.IndexFunc(c.exchanges, func(e exchange) bool { return e.is(r) })
		v := visit{Conn: conn, request: r, id: c.id, target: &c.exchanges[c.target]}
		switch {
		case i < 0:
			v.say(404, "", "")
		case i == c.target, i > c.target && c.lists():
			v.good = cmp.Or(c.exchanges[i].body, "{}") // what is empty could not be spoilt
			a.answer(v)
		default:
			before.Add(1)
			fields := isJSON
			if a.connect != nil && a.tls == nil {
				fields += "Connection: close\r\n" // so that the next exchange has to connect
			}
			v.say(200, fields, c.exchanges[i].body)
		}
	}
	server = hostile.Serve(t, func(conn net.Conn) net.Conn {
		if a.connect == nil || a.tls == nil && before.Load() < int64(c.target) {
			return conn
		}
		return a.connect(conn)
	}, answer)

	options := a.options
	options.MaxBody, options.Retry.Delay = 256<<10, time.Nanosecond
	var events []transport.Exchange
	var mu sync.Mutex
	options.Hook = func(_ context.Context, e transport.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
	}
	base := server.URL
	if a.tls != nil {
		base = strings.Replace(base, "http:", "https:", 1)
		if a.tls.RootCAs != nil {
			own := &http.Transport{TLSClientConfig: a.tls}
			defer own.CloseIdleConnections()
			options.RoundTripper = own
		}
	}
	if a.closed {
		base = "http://127.0.0.1:1"
	}
	client, err := c.client(c.elsewhere(base), options)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ids, told := c.perform(ctx, client)
	client.Close()

	mu.Lock()
	defer mu.Unlock()
	wiretest.AssertHidden(t, c.hidden, told, client, events)
	if told == nil {
		if !c.op.Writes() || c.op == customers.OpCreate {
			assert.Equal(t, []string{c.id}, ids)
		}
		return fine, nil, server
	}
	e, isOurs := told.(*customers.Error)
	require.True(t, isOurs, "%T", told)
	assert.Equal(t, c.provider, e.Provider)
	assert.Equal(t, c.op, e.Op)
	if e.Status != 0 {
		assert.Equal(t, "req-1", e.RequestID)
	}
	return want{e.Kind, e.Outcome, e.Status}, told, server
}

func (c cell) lists() bool { return c.name == "list" || c.name == "find" }

// elsewhere has the sandbox's credentials and another place.
func (c cell) elsewhere(base string) *sandbox.Sandbox {
	sb := &sandbox.Sandbox{
		Digitalpaye: c.sb.Digitalpaye, SimplePin: c.sb.SimplePin, Stancer: c.sb.Stancer, Fatora: c.sb.Fatora,
	}
	sb.Digitalpaye.URL, sb.SimplePin.URL, sb.Stancer.URL, sb.Fatora.URL = base, base+"/api", base, base
	return sb
}

// arrived counts the requests for each exchange; strays are those for none.
func (c cell) arrived(server *hostile.Server) (counts []int, strays int) {
	counts = make([]int, len(c.exchanges))
	for _, r := range server.Requests() {
		if i := slices.IndexFunc(c.exchanges, func(e exchange) bool { return e.is(r) }); i >= 0 {
			counts[i]++
		} else {
			strays++
		}
	}
	return counts, strays
}

// TestHostileServers attacks every exchange of every operation of every provider.
func TestHostileServers(t *testing.T) {
	var cells []cell
	for _, w := range allWays() {
		cells = append(cells, record(t, w)...)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	goroutines := runtime.NumGoroutine()
	var logged bytes.Buffer // by net/http; a logger locks
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })

	m := matrix{seen: map[string]map[string]want{}}
	t.Run("attacks", func(t *testing.T) {
		elsewhere := hostile.Serve(t, nil, func(c net.Conn, _ *http.Request) { visit{Conn: c}.say(200, isJSON, "{}") })
		for _, a := range attacks(t, elsewhere.URL) {
			t.Run(a.name, func(t *testing.T) {
				t.Parallel()
				var all sync.WaitGroup
				for _, c := range cells {
					if a.skips(c) {
						continue
					}
					all.Go(func() {
						t.Run(c.provider+" "+string(c.op)+" "+c.name, func(t *testing.T) { m.add(a, c, c.attacked(t, a)) })
					})
				}
				all.Wait()
				assert.Empty(t, elsewhere.Requests(), "nothing is sent to another host")
			})
		}
	})
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, 10*time.Second, 10*time.Millisecond,
		"goroutines are left")
	for _, c := range cells {
		for _, key := range c.keys {
			assert.NotContains(t, logged.String(), key)
		}
	}
	if *printMatrix {
		m.print(attacks(t, ""), cells)
	}
}

func (a attack) skips(c cell) bool {
	return len(a.only) > 0 && !slices.ContainsFunc(c.names(), func(name string) bool { return slices.Contains(a.only, name) })
}

func (c cell) attacked(t *testing.T, a attack) want {
	got, told, server := c.attackedBy(t, a)
	expected := c.expected(a)
	if expected.outcome == either {
		assert.Contains(t, []customers.Outcome{customers.ErrNotSent, customers.ErrUnknownOutcome}, got.outcome)
		expected.outcome = got.outcome
	}
	assert.Equal(t, expected, got, "%v", told)

	counts, strays := c.arrived(server)
	assert.Zero(t, strays, "requests for what nobody asked for")
	most := 3 + 1 // Retry.Attempts, and net/http where a connection that was kept turns out dead
	if c.name == string(c.op) && c.op.Writes() {
		most = max(1, a.writes)
	}
	assert.LessOrEqual(t, counts[c.target], most)
	for _, later := range counts[c.target+1:] {
		assert.True(t, later == 0 || got == fine || !c.op.Writes(), "what was to follow was sent")
	}
	for _, r := range server.Requests() {
		assert.Empty(t, r.Cookies())
	}
	assert.Less(t, server.Written(), int64(16<<20), "what the client and the buffers of the machine took")
	assert.True(t, server.HungUp(10*time.Second), "a connection is left open")
	return got
}

// TestHostileServersTakeNoMemory counts every byte that is allocated while a server sends what has no end, or no measure.
func TestHostileServersTakeNoMemory(t *testing.T) {
	var cells []cell
	for _, w := range allWays() {
		if w.provider != "digitalpaye" && w.provider != "stancer" {
			continue // one with a token and one without: the wire is the same
		}
		for _, c := range record(t, w) {
			if c.name == "get" || c.name == "create" || c.name == "token" && c.op == customers.OpGet {
				cells = append(cells, c)
			}
		}
	}
	for _, a := range attacks(t, "") {
		if !strings.Contains(a.name, "endless") && !strings.Contains(a.name, "bomb") && !strings.Contains(a.name, "flood") {
			continue
		}
		for _, c := range cells {
			t.Run(a.name+"/"+c.provider+" "+c.name, func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				c.attacked(t, a)
				runtime.ReadMemStats(&after)
				assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(6<<20), "for an Options.MaxBody of 256 KiB")
			})
		}
	}
}

// matrix is what was seen, by attack and by provider and exchange.
type matrix struct {
	mu   sync.Mutex
	seen map[string]map[string]want
}

func (m *matrix) add(a attack, c cell, got want) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen[a.name] == nil {
		m.seen[a.name] = map[string]want{}
	}
	column := c.provider + " " + c.name
	if was, ok := m.seen[a.name][column]; !ok || was.outcome == "" { // a token's for a write tells more
		m.seen[a.name][column] = got
	}
}

var marks = map[error]string{
	customers.Kind(""): "ok", customers.ErrUnavailable: "U", customers.ErrContract: "C", customers.ErrUnauthenticated: "A",
	customers.ErrForbidden: "F", customers.ErrRefused: "R", customers.ErrRateLimited: "L", customers.ErrInvalid: "I",
	customers.ErrAlreadyExists: "E", customers.ErrUnsupportedField: "S",
	customers.Outcome(""): "", customers.ErrNotSent: "-", customers.ErrRejected: "x", customers.ErrUnknownOutcome: "?",
}

func (m *matrix) print(attacks []attack, cells []cell) {
	var columns []string
	var head, names strings.Builder
	provider := ""
	for _, c := range cells {
		column := c.provider + " " + c.name
		if slices.Contains(columns, column) {
			continue
		}
		columns = append(columns, column)
		if c.provider != provider {
			_, _ = fmt.Fprintf(&head, "%*s%s", names.Len()-head.Len()+1, "", c.provider)
			names.WriteByte(' ')
			provider = c.provider
		}
		names.WriteString(c.name[:2] + " ")
	}
	fmt.Printf("%-40s%s\n%-35s%4s %s\n", "", head.String(), "attack", "", names.String())
	for _, a := range attacks {
		var line strings.Builder
		status, provider := 0, ""
		for _, column := range columns {
			if p, _, _ := strings.Cut(column, " "); p != provider {
				line.WriteByte(' ')
				provider = p
			}
			mark := "."
			if got, ok := m.seen[a.name][column]; ok {
				mark, status = marks[got.kind]+marks[got.outcome], max(status, got.status)
			}
			_, _ = fmt.Fprintf(&line, "%-3s", mark)
		}
		fmt.Printf("%-35s%4s %s\n", a.name, strings.TrimPrefix(strconv.Itoa(status), "0"), line.String())
	}
	fmt.Println("\nU unavailable, C contract broken, A unauthenticated, F forbidden, R refused, L rate limited, I invalid,")
	fmt.Println("E already exists, S unsupported field; a write was - not sent, x rejected, ? of unknown outcome; . does not apply")
	fmt.Println("cr create, ge get, li list, fi find, up update, de delete, re the read inside an update, to the exchange for a token")
}
