package adapters_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/internal/hostile"
	"github.com/contract-first/customers/transport"
)

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
	silent    = unavailable(0)
	brokenOff = unavailable(200)
	unsent    = want{customers.ErrUnavailable, customers.ErrNotSent, 0}
	badAnswer = want{customers.ErrContract, customers.ErrUnknownOutcome, 200}
	// Nothing in an answer is needed to know that a change is done.
	changesAreFine = map[string]want{"update": fine, "delete": fine}
)

func contractBroken(status int) want {
	return want{customers.ErrContract, customers.ErrUnknownOutcome, status}
}

func unavailable(status int) want {
	return want{customers.ErrUnavailable, customers.ErrUnknownOutcome, status}
}

func rejected(kind customers.Kind, status int) want {
	return want{kind, customers.ErrRejected, status}
}

// attack is one thing that a server does instead of answering well. An exchange is named as its column of the matrix: by
// the operation of the facade that it serves, "record" for the read inside an update, "lookup" for what a create asks
// before, "token" for one that gets credentials; reads of the facade are "read" too, and a name may have its provider's in
// front.
type attack struct {
	name string
	// answer speaks in place of the provider; connect takes the connection before anything else.
	answer  func(visit)
	connect func(net.Conn) net.Conn
	tls     *tls.Config // what the client trusts; the connection is attacked from the start
	want    want
	except  map[string]want
	only    []string // exchanges; all if empty
	form    form     // of bodies, if what it does with one makes sense in that only
	closed  bool     // nobody listens
	writes  int      // how often a write may arrive; 0 is once
	options transport.Options
}

type form string

const (
	inJSON form = "JSON"
	inXML  form = "XML"
)

// visit is a request under attack.
type visit struct {
	net.Conn
	request *http.Request
	xml     bool   // what is called JSON is to be called XML
	good    string // what the provider would have said
	target  *exchange
	id      string // of the customer
}

const (
	requestID = "X-Request-Id: req-1\r\n"
	isJSON    = "Content-Type: application/json\r\n"
	isHTML    = "Content-Type: text/html\r\n"
	isGzip    = isJSON + "Content-Encoding: gzip\r\n"
)

// Write calls bodies what they are to be called.
func (v visit) Write(p []byte) (int, error) {
	if !v.xml || !bytes.Contains(p, []byte("/json")) && !bytes.Contains(p, []byte("/JSON")) {
		return v.Conn.Write(p)
	}
	called := strings.NewReplacer("application/json", "application/xml", "APPLICATION/JSON", "APPLICATION/XML")
	if _, err := called.WriteString(v.Conn, string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

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

// endlessly says first, and then next until the client has had enough. The end after 32 MiB spares the machine if it never
// has.
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

const chunked = "Transfer-Encoding: chunked\r\n\r\n"

const head = "HTTP/1.1 200 x\r\n" + requestID + isJSON

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
			"error": map[string]any{"type": d, "code": d, "description": d, "message": map[string]any{"error": d, "id": d, d: d}},
		})
		v.say(status, isJSON, string(body))
	}
}

// retyped is a JSON text with every text a number and every number a text.
func retyped(good string) string {
	members := regexp.MustCompile(`("(?:[^"\\]|\\.)*"\s*:\s*)("(?:[^"\\]|\\.)*"|-?[0-9.]+)`)
	return members.ReplaceAllStringFunc(good, func(member string) string {
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
		{
			name: "slow header", answer: endlessly("HTTP/1.1 200 x\r\nX-Slow: ", "x", slow), want: silent,
			options: brief,
		},
		{
			name: "slow body", answer: endlessly(head+"Content-Length: 99999\r\n\r\n", " ", slow), want: brokenOff, options: brief,
			// A call that waits for a token has no answer of its own.
			only: []string{"create", "read", "update", "record", "delete"},
		},
		{
			name:   "slow body of every attempt",
			answer: endlessly(head+"Content-Length: 99999\r\n\r\n", " ", slow), want: brokenOff,
			options: transport.Options{AttemptTimeout: 400 * time.Millisecond},
		},
		{
			name: "slow answers before the answer", answer: endlessly("", "HTTP/1.1 103 x\r\n\r\n", slow),
			want: silent, options: brief,
		},
		{
			name: "silence where TLS should begin", connect: gone(hostile.Hang), tls: &tls.Config{}, want: unsent,
			options: brief,
		},

		{name: "endless body", answer: endlessly(head+"\r\n", strings.Repeat(" ", 32<<10), 0), want: badAnswer},
		{
			name:   "endless chunks",
			answer: endlessly(head+chunked, "1000\r\n"+strings.Repeat(" ", 1<<12)+"\r\n", 0),
			want:   badAnswer,
		},
		{
			name:   "endless error",
			answer: endlessly("HTTP/1.1 500 x\r\n"+requestID+"\r\n", strings.Repeat(" ", 32<<10), 0),
			want:   unavailable(500),
		},
		{name: "gzip bomb", answer: func(v visit) { v.say(200, isGzip, bomb+compressed(v.good)) }, want: badAnswer},
		{
			name:   "header bomb, many",
			answer: endlessly("HTTP/1.1 200 x\r\n", "X-Bomb: "+strings.Repeat("x", 100)+"\r\n", 0), want: silent,
		},
		{
			name:   "header bomb, one",
			answer: endlessly("HTTP/1.1 200 x\r\nX-Bomb: ", strings.Repeat("x", 32<<10), 0), want: silent,
		},
		{name: "status line bomb", answer: endlessly("HTTP/1.1 200 ", strings.Repeat("x", 32<<10), 0), want: silent},
		{
			name:   "trailer bomb",
			answer: endlessly(head+chunked+"0\r\n", "X-Bomb: "+strings.Repeat("x", 1<<12)+"\r\n", 0),
			want:   brokenOff,
		},
		{
			name:   "chunk extension bomb",
			answer: endlessly(head+chunked+"1;", strings.Repeat("x", 32<<10), 0),
			want:   brokenOff,
		},
		{
			name: "1xx flood", answer: endlessly("", strings.Repeat("HTTP/1.1 103 x\r\nLink: y\r\n\r\n", 100), 0),
			want: silent,
		},
		{name: "deep nesting", answer: says(200, isJSON, deep), want: badAnswer},
		{
			name: "deep nesting in a property", form: inJSON,
			answer: changed(with(`"x":` + deep + strings.Repeat("]", len(deep)))), want: badAnswer,
		},

		{name: "empty 200", answer: says(200, isJSON, ""), want: badAnswer, except: changesAreFine},
		{name: "blank 200", answer: says(200, isJSON, " \r\n"), want: badAnswer, except: changesAreFine},
		{name: "null", form: inJSON, answer: says(200, isJSON, "null"), want: badAnswer, except: changesAreFine},
		{name: "{}", form: inJSON, answer: says(200, isJSON, "{}"), want: badAnswer, except: map[string]want{
			"update": fine, "delete": fine, "fatora token": {customers.ErrUnauthenticated, "", 200},
		}},
		{name: "[]", form: inJSON, answer: says(200, isJSON, "[]"), want: badAnswer, except: map[string]want{
			"lookup": {customers.ErrInvalid, customers.ErrNotSent, 0}, // there is no such place
		}},
		{name: "a text", answer: says(200, isJSON, `"OK"`), want: badAnswer},
		{
			name: "wrong types", form: inJSON, answer: changed(retyped), want: badAnswer,
			except: map[string]want{"delete answered without a body": fine},
		},
		{name: "every name twice", form: inJSON, answer: changed(twice), want: fine, except: map[string]want{
			"record": {customers.ErrUnsupportedField, customers.ErrNotSent, 0},
		}},
		{name: "a property more", form: inJSON, answer: changed(with(`"x":{"y":[1]}`)), want: fine, except: map[string]want{
			"simplepin record": {customers.ErrUnsupportedField, customers.ErrNotSent, 0},
		}},
		{name: "trailing bytes", answer: changed(func(good string) string { return good + "{}" }), want: badAnswer},
		{
			name:   "half of it, well framed",
			answer: changed(func(good string) string { return good[:len(good)/2] }), want: badAnswer,
		},
		{name: "invalid UTF-8", form: inJSON, answer: changed(with(`"x":"` + "\xff" + `"`)), want: badAnswer},
		{name: "UTF-16", answer: says(200, isJSON, "\xff\xfe{\x00}\x00"), want: badAnswer},
		{
			name: "byte order mark", form: inJSON, answer: changed(func(good string) string { return "\ufeff" + good }),
			want: badAnswer,
		},
		{
			name: "another customer's id", answer: otherID, want: badAnswer,
			only: []string{"get", "record", "fatora update", "simplepin update", "stancer update", "simplepin create"},
		},
		{
			name: "a page that never advances", answer: func(v visit) { v.say(200, isJSON, v.target.body) },
			want: badAnswer, only: []string{"fatora list", "fatora find"},
		},

		{name: "HTML 200", answer: says(200, isHTML, page), want: badAnswer},
		{name: "HTML 200, called JSON", answer: says(200, isJSON, page), want: badAnswer},
		{name: "HTML 401", answer: says(401, isHTML, page), want: rejected(customers.ErrUnauthenticated, 401)},
		{name: "HTML 403", answer: says(403, isHTML, page), want: rejected(customers.ErrForbidden, 403)},
		{name: "HTML 404", answer: says(404, isHTML, page), want: rejected(customers.ErrContract, 404)},
		{name: "HTML 409", answer: says(409, isHTML, page), want: rejected(customers.ErrRefused, 409), except: map[string]want{
			"create": rejected(customers.ErrContract, 409),
		}},
		{name: "HTML 502", answer: says(502, isHTML, page), want: unavailable(502)},
		{name: "408", answer: says(408, isJSON, ""), want: unavailable(408)},

		{name: "no content type", answer: framed(200, ""), want: fine},
		{
			name:   "content type in capitals",
			answer: framed(200, "CONTENT-TYPE: APPLICATION/JSON; CHARSET=UTF-8\r\n"), want: fine,
		},
		{name: "content type text/plain", answer: framed(200, "Content-Type: text/plain\r\n"), want: badAnswer},
		{
			name:   "content type of another charset",
			answer: framed(200, "Content-Type: application/json; charset=iso-8859-1\r\n"), want: badAnswer,
		},
		{name: "content type that is none", answer: framed(200, "Content-Type: ;;;\r\n"), want: badAnswer},
		{name: "gzip, as was offered", answer: func(v visit) { v.say(200, isGzip, compressed(v.good)) }, want: fine},
		{name: "gzip that is none", answer: framed(200, isGzip), want: brokenOff},
		{
			name:   "compression nobody offered",
			answer: says(200, isJSON+"Content-Encoding: br\r\n", "\x0b\x02\x80{}\x03"), want: badAnswer,
		},
		{name: "201 for 200", answer: framed(201, isJSON), want: fine},
		{name: "202 for 200", answer: framed(202, isJSON), want: fine},
		{name: "206 that nobody asked for", answer: framed(206, isJSON), want: fine},
		{name: "299", answer: framed(299, isJSON), want: fine},
		{name: "204 with a body", answer: framed(204, isJSON), want: contractBroken(204), except: changesAreFine},
		{name: "205 without one", answer: says(205, "", ""), want: contractBroken(205), except: changesAreFine},
		{
			name:   "status 101",
			answer: raw("HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: x\r\n" + requestID + "\r\n"),
			want:   contractBroken(101),
		},
		{name: "status 099", answer: framed(99, isJSON), want: silent},
		{name: "status 999", answer: framed(999, isJSON), want: unavailable(999)},
		{name: "304 to a question without conditions", answer: says(304, "", ""), want: contractBroken(304)},

		{
			name: "429, Retry-After: 1e308", answer: says(429, isJSON+"Retry-After: 1e308\r\n", "{}"),
			want: rejected(customers.ErrRateLimited, 429), writes: 3,
		},
		{
			name: "429, Retry-After: -1", answer: says(429, isJSON+"Retry-After: -1\r\n", "{}"),
			want: rejected(customers.ErrRateLimited, 429), writes: 3,
		},
		{
			name: "429, Retry-After: a century", answer: says(429, isJSON+"Retry-After: 3153600000\r\n", "{}"),
			want: rejected(customers.ErrRateLimited, 429),
		},
		{
			name:   "429, Retry-After: 99 digits",
			answer: says(429, isJSON+"Retry-After: "+strings.Repeat("9", 99)+"\r\n", "{}"),
			want:   rejected(customers.ErrRateLimited, 429),
		},
		{
			name: "503, Retry-After: 1e308", answer: says(503, isJSON+"Retry-After: 1e308\r\n", "{}"),
			want: unavailable(503),
		},
		{
			name:   "503, Retry-After: the year 9999",
			answer: says(503, isJSON+"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", "{}"),
			want:   unavailable(503),
		},

		{
			name:   "body cut short",
			answer: func(v visit) { raw(head + "Content-Length: 9999\r\n\r\n" + v.good)(v) }, want: brokenOff,
		},
		{
			name:   "a length beyond all",
			answer: func(v visit) { raw(head + "Content-Length: 9223372036854775807\r\n\r\n" + v.good)(v) },
			want:   brokenOff,
		},
		{
			name:   "a length too small",
			answer: func(v visit) { raw(head + "Content-Length: 1\r\n\r\n" + v.good)(v) }, want: badAnswer,
		},
		{name: "a negative length", answer: raw(head + "Content-Length: -1\r\n\r\n{}"), want: silent},
		{name: "two lengths", answer: raw(head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), want: silent},
		{name: "chunks cut short", answer: raw(head + chunked + "9\r\n{}"), want: brokenOff},
		{
			name: "chunks of no size", answer: raw(head + chunked + "xyz\r\n{}"),
			want: brokenOff,
		},
		{name: "unknown transfer encoding", answer: raw(head + "Transfer-Encoding: x\r\n\r\n{}"), want: silent},
		{name: "header cut short", answer: raw("HTTP/1.1 200 x\r\nX-Requ"), want: silent},
		{name: "header field without colon", answer: raw("HTTP/1.1 200 x\r\nHello there\r\n\r\n{}"), want: silent},
		{name: "not HTTP", answer: raw("220 mail.example.com ESMTP\r\n\r\n{}"), want: silent},
		{name: "zeros", answer: raw(strings.Repeat("\x00", 1<<10)), want: silent},

		{name: "nobody listens", closed: true, want: unsent},
		{
			name: "reset before the request", connect: gone(hostile.Reset),
			want: want{customers.ErrUnavailable, either, 0},
		},
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
		{
			name: "TLS of an untrusted authority", connect: secured,
			tls: &tls.Config{}, answer: framed(200, isJSON), want: unsent,
		},
		{
			name: "TLS with a wrong name", connect: secured,
			tls: &tls.Config{RootCAs: roots, ServerName: "other.example.org"}, answer: framed(200, isJSON),
			want: unsent,
		},
		{
			name:    "plain HTTP where TLS should be",
			connect: gone(func(c net.Conn) { raw("HTTP/1.1 400 x\r\n\r\n")(visit{Conn: c}) }), tls: trusted,
			want: unsent,
		},

		{
			name: "mirror, 400", answer: mirrored(400), want: rejected(customers.ErrInvalid, 400),
			except: map[string]want{"token": {customers.ErrUnauthenticated, "", 400}},
		},
		{
			name: "mirror, 409", form: inJSON, answer: mirrored(409), want: rejected(customers.ErrRefused, 409),
			except: map[string]want{"create": rejected(customers.ErrAlreadyExists, 409)},
		},
		{name: "mirror, 500", answer: mirrored(500), want: unavailable(500)},
		{
			name: "mirror, 200 that is no JSON", answer: func(v visit) { v.say(200, isJSON, dump(v.request)) },
			want: badAnswer,
		},
		{name: "mirror, names of properties", form: inJSON, answer: func(v visit) {
			name, _ := json.Marshal(dump(v.request))
			v.say(200, isJSON, with(string(name)+":1")(v.good))
		}, want: fine, except: map[string]want{"simplepin record": {customers.ErrUnsupportedField, customers.ErrNotSent, 0}}},
		{name: "mirror, header and reason", answer: func(v visit) {
			d := dump(v.request)
			_, _ = io.WriteString(v, strings.ReplaceAll("HTTP/1.1 403 MIRROR\r\nX-Request-Id: MIRROR\r\nRequest-Id: req-1\r\n"+
				"Location: MIRROR\r\nContent-Type: MIRROR\r\nSet-Cookie: MIRROR\r\nContent-Length: 0\r\n\r\n", "MIRROR", d))
		}, want: rejected(customers.ErrForbidden, 403)},
		{name: "mirror, not HTTP", answer: func(v visit) { raw(dump(v.request))(v) }, want: silent},
		{name: "mirror, broken trailer", answer: func(v visit) {
			raw(head + chunked + "0\r\n" + dump(v.request) + "\r\n\r\n")(v)
		}, want: brokenOff},
		{
			name:   "mirror, a length",
			answer: func(v visit) { raw(head + "Content-Length: " + dump(v.request) + "\r\n\r\n")(v) },
			want:   silent,
		},
	}
	list = append(list, inXMLOnly()...)
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

// inXMLOnly are attacks with what XML has and JSON has not, or writes in another way.
func inXMLOnly() []attack {
	within := func(more string) func(visit) {
		return changed(func(good string) string { return strings.Replace(good, ">", ">"+more, 1) })
	}
	before := func(more string) func(visit) { return changed(func(good string) string { return more + good }) }
	first := func(with string) func(visit) {
		return changed(func(good string) string { return strings.Replace(good, ">", with+">", 1) })
	}
	texts := regexp.MustCompile(`>[^<]+<`)
	laughs := `<!DOCTYPE a [<!ENTITY a "haha">`
	for c := 'b'; c <= 'z'; c++ {
		laughs += fmt.Sprintf("<!ENTITY %c %q>", c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	var attributes, elements strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&attributes, " a%d=''", i)
		fmt.Fprintf(&elements, "<a%d/>", i)
	}
	lost := map[string]want{"record": {customers.ErrUnsupportedField, customers.ErrNotSent, 0}}
	all := []attack{
		{name: "XML: entity bomb", answer: changed(func(good string) string {
			return laughs + "]>" + texts.ReplaceAllString(good, ">&z;<")
		}), want: badAnswer},
		{name: "XML: external entity", answer: changed(func(good string) string {
			return `<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>` + texts.ReplaceAllString(good, ">&a;<")
		}), want: badAnswer},
		{name: "XML: unknown entity", answer: within("<a>&nbsp;</a>"), want: badAnswer},
		{name: "XML: external subset", answer: before(`<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">`), want: badAnswer},
		{name: "XML: deep nesting bomb", answer: says(200, isJSON, strings.Repeat("<cc_profile_model>", 10_000)), want: badAnswer},
		{name: "XML: deep nesting in an element", answer: within(strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000)), want: badAnswer},
		{name: "XML: attribute bomb", answer: first(attributes.String()), want: fine, except: lost},
		{name: "XML: element bomb", answer: within(elements.String()), want: fine, except: lost},
		{name: "XML: comment bomb", answer: before("<!--" + strings.Repeat("x", 1<<17) + "-->"), want: fine},
		{name: "XML: every element more", answer: within("<x><y>1</y></x>"), want: fine, except: lost},
		{name: "XML: an attribute more", answer: first(" x='1'"), want: fine, except: lost},
		{name: "XML: every element twice", answer: changed(func(good string) string {
			_, inner, _ := strings.Cut(good, ">")
			return strings.Replace(good, ">", ">"+inner[:strings.LastIndex(inner, "<")], 1)
		}), want: fine, except: map[string]want{
			"record": lost["record"],
			"lookup": fine, // the same place twice is one
		}},
		{name: "XML: texts for numbers", answer: changed(func(good string) string {
			return regexp.MustCompile(`>[0-9]+<`).ReplaceAllString(good, ">x<")
		}), want: badAnswer},
		{name: "XML: elements for texts", answer: changed(func(good string) string { return texts.ReplaceAllString(good, "><a/><") }), want: badAnswer},
		{name: "XML: another root", answer: says(200, isJSON, "<customer><customer_id>1</customer_id></customer>"), want: badAnswer},
		{name: "XML: another case", answer: changed(strings.ToUpper), want: badAnswer},
		{name: "XML: another namespace", answer: first(` xmlns="urn:x"`), want: badAnswer},
		{name: "XML: a root with a prefix", answer: changed(func(good string) string {
			return strings.ReplaceAll(strings.ReplaceAll(good, "<", "<x:"), "<x:/", "</x:")
		}), want: badAnswer},
		{name: "XML: two roots", answer: changed(func(good string) string { return good + good }), want: badAnswer},
		{name: "XML: another encoding", answer: before(`<?xml version="1.0" encoding="UTF-16"?>`), want: badAnswer},
		{name: "XML: version 1.1", answer: before(`<?xml version="1.1"?>`), want: badAnswer},
		{name: "XML: instruction", answer: before(`<?xml-stylesheet href="http://127.0.0.1:1/"?>`), want: badAnswer},
		{name: "XML: invalid UTF-8", answer: within("<a>\xff</a>"), want: badAnswer},
		{name: "XML: zero byte", answer: within("<a>\x00</a>"), want: badAnswer},
		{name: "XML: byte order mark", answer: before("\ufeff"), want: fine},
		{name: "XML: JSON, as it says", answer: func(v visit) {
			v.xml = false
			v.say(200, isJSON, "[]")
		}, want: badAnswer, except: map[string]want{"lookup": {customers.ErrInvalid, customers.ErrNotSent, 0}}},
		{name: "XML: JSON, called XML", answer: says(200, isJSON, "{}"), want: badAnswer},
		{name: "XML: page", answer: says(200, isJSON, "<html><body/></html>"), want: badAnswer},
		{name: "XML: mirror, 409", answer: func(v visit) {
			var d strings.Builder
			_ = xml.EscapeText(&d, []byte(dump(v.request)))
			v.say(409, isJSON, "<error><message>"+d.String()+"</message></error>")
		}, want: rejected(customers.ErrRefused, 409), except: map[string]want{"create": rejected(customers.ErrAlreadyExists, 409)}},
		{name: "XML: mirror, names of elements", answer: func(v visit) {
			name := regexp.MustCompile(`[^a-zA-Z]`).ReplaceAllString(dump(v.request), "_")
			changed(func(good string) string { return strings.Replace(good, ">", "><"+name+"/>", 1) })(v)
		}, want: fine, except: lost},
	}
	for i := range all {
		all[i].form = inXML
	}
	return all
}
