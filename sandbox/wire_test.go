package sandbox_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/specs"
)

// party is one provider as a stranger's client meets it.
type party struct {
	name    string
	url     string
	auth    []string // names and values in turn
	create  string   // the path
	body    string   // that of a create; {n} makes another customer
	created int
	read    string // a path that shows a customer who is there
	removes bool   // DELETE of that path is an operation

	untyped, badType, badBody int // statuses
	refusal                   func(t *testing.T, status int, body string)
}

func parties(t *testing.T, s *sandbox.Sandbox) []party {
	t.Helper()
	refusal := func(example string) func(*testing.T, int, string) {
		return func(t *testing.T, status int, body string) {
			t.Helper()
			assert.Equal(t, shape(t, strings.Replace(example, "STATUS", strconv.Itoa(status), 1)), shape(t, body))
		}
	}
	ps := []party{
		{
			name: "digitalpaye", url: s.Digitalpaye.URL, create: "/v1/customers/create", created: 200, untyped: 200,
			body: strings.Replace(digitalpayeAma, "AMA", "AMA {n}", 1), badType: 400, badBody: 400,
			refusal: refusal(`{"statusCode":STATUS,"message":"","reason":""}`),
		},
		{
			name: "fatora", url: s.Fatora.URL, create: "/v1/clients", created: 201, untyped: 415,
			body: `{"name":"Noor Haddad {n}"}`, removes: true, badType: 415, badBody: 400,
			refusal: refusal(`{"status":"ERROR","error":{"description":""}}`),
		},
		{
			name: "simplepin", url: s.SimplePin.URL, create: "/v2/customer/add", created: 200, untyped: 200,
			body: `{"customer_id":"crm-{n}"}`, badType: 403, badBody: 403,
			auth: []string{"Authorization", s.SimplePin.Authorization, "Token", s.SimplePin.Token},
			refusal: func(t *testing.T, _ int, body string) {
				t.Helper()
				assert.Empty(t, body)
			},
		},
		{
			name: "stancer", url: s.Stancer.URL, create: "/v1/customers/", created: 200, untyped: 200,
			body: `{"email":"david{n}@example.net"}`, removes: true, badType: 400, badBody: 400,
			auth:    []string{"Authorization", basic(s.Stancer.APIKey, "")},
			refusal: refusal(`{"error":{"type":"","message":""}}`),
		},
	}
	ps[0].auth = digitalpayeLogin(t, s)
	ps[1].auth = []string{"Authorization", "Bearer " + fatToken(t, s, "GET")}
	for i := range ps {
		p := &ps[i]
		r := send(t, "POST", p.url+p.create, strings.ReplaceAll(p.body, "{n}", "0"),
			append(p.auth[:len(p.auth):len(p.auth)], "Content-Type", "application/json")...)
		require.Equal(t, p.created, r.status, r.body)
		var made struct {
			ID     string
			Data   struct{ ID string }
			Client struct{ ID int }
		}
		_ = json.Unmarshal([]byte(r.body), &made)
		p.read = map[string]string{
			"digitalpaye": "/v1/customers/" + made.Data.ID, "fatora": fmt.Sprint("/v1/clients/", made.Client.ID),
			"simplepin": "/v2/customer/get?customer_id=crm-0", "stancer": "/v1/customers/" + made.ID,
		}[p.name]
		if p.name == "simplepin" { // the prefix stands in the URL that clients are given
			p.url = strings.TrimSuffix(p.url, "/api")
			p.create, p.read = "/api"+p.create, "/api"+p.read
		}
	}
	return ps
}

// shape is a JSON document without its texts.
func shape(t *testing.T, doc string) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(doc), &v), doc)
	var blank func(v any) any
	blank = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for name := range v {
				v[name] = blank(v[name])
			}
		case string:
			return "text"
		}
		return v
	}
	return blank(v)
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, s)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// talk writes bytes to a server and reads the answers to them, each to a request with the method; the last one is the
// end of the connection where the method is "".
func talk(t *testing.T, url, raw string, methods ...string) []reply {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, raw) }() // what the server does not read must not stop it
	in := bufio.NewReader(conn)
	var replies []reply
	for _, method := range methods {
		if method == "" {
			_, err := in.ReadByte()
			assert.Error(t, err, "the connection must be closed")
			break
		}
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		replies = append(replies, reply{res.StatusCode, res.Header, string(body)})
	}
	return replies
}

// TestAnyClient speaks to every provider over bare connections: what HTTP allows is answered, what is wrong is refused in
// the provider's own form.
func TestAnyClient(t *testing.T) {
	s := start(t)
	n := 0
	for _, p := range parties(t, s) {
		// message is a request in bytes; lines of the header follow the credentials.
		message := func(method, target, version, body string, lines ...string) string {
			var b strings.Builder
			fmt.Fprintf(&b, "%s %s HTTP/%s\r\n", method, target, version)
			if version == "1.1" {
				lines = append(lines, "Host: localhost")
			}
			for i := 0; i < len(p.auth); i += 2 {
				lines = append(lines, p.auth[i]+": "+p.auth[i+1])
			}
			return b.String() + strings.Join(lines, "\r\n") + "\r\n\r\n" + body
		}
		const asJSON = "Content-Type: application/json"
		length := func(body string) string { return fmt.Sprint("Content-Length: ", len(body)) }
		body := func() string {
			n++
			return strings.ReplaceAll(p.body, "{n}", fmt.Sprint(n))
		}
		get := func(lines ...string) string { return message("GET", p.read, "1.1", "", lines...) }
		post := func(body string, lines ...string) string {
			return message("POST", p.create, "1.1", body, append(lines, length(body))...)
		}
		chunked := func(body, end string) string {
			return message("POST", p.create, "1.1", fmt.Sprintf("3\r\n%s\r\n%x;x=y\r\n%s\r\n%s", body[:3], len(body)-3, body[3:], end),
				asJSON, "Transfer-Encoding: chunked", "Trailer: X-Sum")
		}
		path, _, _ := strings.Cut(p.read, "?")
		many := make([]string, 500)
		for i := range many {
			many[i] = fmt.Sprintf("X-Header-%d: %d", i, i)
		}
		remove := 405
		if p.removes {
			remove = 404 // the one that is there is left alone
		}

		for name, test := range map[string]struct {
			raw  string
			want int
		}{
			"a GET":                       {get(), 200},
			"a body on GET":               {message("GET", p.read, "1.1", "{}", asJSON, "Content-Length: 2"), 200},
			"Content-Type on GET":         {get(asJSON), 200},
			"Content-Length: 0 on GET":    {get("Content-Length: 0"), 200},
			"names in small letters":      {strings.Replace(get(), "Authorization:", "authorization:", 1), 200},
			"500 fields":                  {get(many...), 200},
			"TE":                          {get("TE: trailers, deflate;q=0.5", "Connection: TE"), 200},
			"an upgrade nobody takes":     {get("Connection: Upgrade", "Upgrade: h2c"), 200},
			"absolute form":               {strings.Replace(get(), " /", " http://localhost/", 1), 200},
			"a letter in percent":         {strings.Replace(get(), "/c", "/%63", 1), 200},
			"version 1.0 without Host":    {message("GET", p.read, "1.0", ""), 200},
			"a POST":                      {post(body(), asJSON), p.created},
			"a POST in version 1.0":       {strings.Replace(post(body(), asJSON), "1.1", "1.0", 1), p.created},
			"no Content-Type":             {post(body()), p.untyped},
			"capitals and a charset":      {post(body(), `Content-Type: Application/JSON ; Charset="UTF-8"`), p.created},
			"chunks":                      {chunked(body(), "0\r\n\r\n"), p.created},
			"chunks and a trailer":        {chunked(body(), "0\r\nX-Sum: 5\r\n\r\n"), p.created},
			"a query that is not there":   {strings.Replace(post(body(), asJSON), p.create, p.create+"?utm_source=x&%zz", 1), p.created},
			"DELETE with a type":          {message("DELETE", p.read+"0", "1.1", "", asJSON), remove},
			"DELETE with a type and body": {message("DELETE", p.read+"0", "1.1", "{}", asJSON, "Content-Length: 2"), remove},

			"an unknown path":       {message("GET", "/nowhere", "1.1", ""), 404},
			"two slashes":           {message("GET", "/"+p.read, "1.1", ""), 404},
			"dots":                  {message("GET", "/v1/../v1/customers/x", "1.1", ""), 404},
			"bytes in the path":     {message("GET", "/%00%ff/%2F", "1.1", ""), 404},
			"another slash":         {message("GET", path+"/", "1.1", ""), 404},
			"OPTIONS":               {message("OPTIONS", p.read, "1.1", ""), 405},
			"OPTIONS of the server": {message("OPTIONS", "*", "1.1", ""), 404},
			"an unknown method":     {message("BREW", p.read, "1.1", ""), 405},
			"no JSON":               {post("{", asJSON), p.badBody},
			"no body":               {post("", asJSON), p.badBody},
			"no UTF-8":              {post("{\"name\":\"\xff\",\"email\":\"\xff\",\"customer_id\":\"\xff\"}", asJSON), p.badBody},
			"a byte order mark":     {post("\ufeff"+body(), asJSON), p.badBody},
			"a compressed body":     {post(zipped(t, body()), asJSON, "Content-Encoding: gzip"), p.badBody},
			"a form":                {post("email=a", "Content-Type: application/x-www-form-urlencoded"), p.badType},
			"JSON that says a form": {post(body(), "Content-Type: application/x-www-form-urlencoded"), p.badType},
			"no type at all":        {post(body(), "Content-Type: ;"), p.badType},
			"chunks that are none":  {message("POST", p.create, "1.1", "zz\r\n", asJSON, "Transfer-Encoding: chunked"), 400},
			"a huge body":           {post(strings.Repeat(" ", 1<<20+1), asJSON), 413},
		} {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				method, _, _ := strings.Cut(test.raw, " ")
				r := talk(t, p.url, test.raw, method)[0]
				assert.Equal(t, test.want, r.status, r.body)
				if test.want >= 400 {
					p.refusal(t, test.want, r.body)
				}
				if r.body != "" {
					assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
				}
				assert.Equal(t, test.want == 405, r.header.Get("Allow") != "")
			})
		}
		t.Run(p.name+"/HEAD, and more requests at once", func(t *testing.T) {
			head := strings.Replace(get(), "GET", "HEAD", 1)
			all := talk(t, p.url, get()+head+post(body(), asJSON)+get("Connection: close"), "GET", "HEAD", "POST", "GET", "")
			for i, want := range []int{200, 200, p.created, 200} {
				assert.Equal(t, want, all[i].status)
			}
			assert.Equal(t, all[0].body, all[3].body)
			assert.Empty(t, all[1].body)
			assert.Equal(t, fmt.Sprint(len(all[0].body)), all[1].header.Get("Content-Length"))
		})
		t.Run(p.name+"/version 1.0 that keeps the connection", func(t *testing.T) {
			ask := message("GET", p.read, "1.0", "", "Connection: keep-alive")
			all := talk(t, p.url, ask+message("GET", p.read, "1.0", ""), "GET", "GET", "")
			assert.Equal(t, "keep-alive", all[0].header.Get("Connection"))
			assert.Equal(t, 200, all[1].status)
			assert.Equal(t, p.url+p.read, s.Journal()[len(s.Journal())-1].URL, "although no Host was sent")
		})
		t.Run(p.name+"/Expect", func(t *testing.T) {
			all := talk(t, p.url, post(body(), asJSON, "Expect: 100-continue"), "POST", "POST")
			assert.Equal(t, 100, all[0].status)
			assert.Equal(t, p.created, all[1].status)
		})
		t.Run(p.name+"/what net/http answers", func(t *testing.T) {
			for raw, want := range map[string]int{
				"GET\r\n\r\n":                                  400,
				message("GET", "/%zz", "1.1", ""):              400,
				"GET / HTTP/1.1\r\n\r\n":                       400, // no Host
				get("X: " + strings.Repeat("x", 2<<20)):        431,
				post("", "Expect: 200-ok"):                     417,
				post("{}", "Transfer-Encoding: gzip, chunked"): 501,
			} {
				assert.Equal(t, want, talk(t, p.url, raw, "GET")[0].status)
			}
		})
	}
}

// TestHTTPS also has HTTP/2, which clients agree upon with the server by themselves.
func TestHTTPS(t *testing.T) {
	other := httptest.NewTLSServer(nil) // has a certificate, and clients that trust it
	defer other.Close()
	s := startWith(t, sandbox.Config{TLSConfig: &tls.Config{Certificates: other.TLS.Certificates}})
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		transport := other.Client().Transport.(*http.Transport).Clone()
		transport.ForceAttemptHTTP2 = version == "HTTP/2.0"
		defer transport.CloseIdleConnections()
		for _, url := range []string{s.Digitalpaye.URL, s.Fatora.URL, s.SimplePin.URL, s.Stancer.URL} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/nowhere", nil)
			require.NoError(t, err)
			res, err := transport.RoundTrip(req)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, version, res.Proto)
			assert.Equal(t, 401, res.StatusCode)
			e := s.Journal()[len(s.Journal())-1]
			assert.Equal(t, version, e.Proto)
			assert.Equal(t, url+"/nowhere", e.URL)
		}
	}
}

// TestCannotServe: a configuration with which no request would be answered is refused.
func TestCannotServe(t *testing.T) {
	other := httptest.NewTLSServer(nil)
	defer other.Close()
	for want, config := range map[string]*tls.Config{
		"^TLSConfig has no certificate: set ": {},
		"^digitalpaye: http2: ": { // which asks for other ciphers
			Certificates: other.TLS.Certificates, MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
		},
	} {
		s, err := sandbox.Start(sandbox.Config{TLSConfig: config})
		require.Error(t, err)
		assert.Regexp(t, want, err.Error())
		assert.Nil(t, s)
	}
	for _, config := range []*tls.Config{
		{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &other.TLS.Certificates[0], nil }},
		{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return other.TLS, nil }},
	} {
		s := startWith(t, sandbox.Config{TLSConfig: config})
		res, err := other.Client().Get(s.Stancer.URL)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
}

// TestPorts: four in a row, or none.
func TestPorts(t *testing.T) {
	for _, port := range []int{-1, 65533} {
		_, err := sandbox.Start(sandbox.Config{Port: port})
		require.EqualError(t, err, fmt.Sprint("the port must be from 0 to ", 65536-len(specs.Providers())))
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = sandbox.Start(sandbox.Config{Port: taken.Addr().(*net.TCPAddr).Port})
	require.ErrorContains(t, err, "digitalpaye: listen tcp 127.0.0.1:")

	// Whoever else is on this machine may take one of the four in between: then there is another row.
	for port := 20000; port < 60000; port += 4 {
		s, err := sandbox.Start(sandbox.Config{Port: port})
		if err != nil {
			continue
		}
		defer s.Close()
		for i, url := range []string{s.Digitalpaye.URL, s.Fatora.URL, s.SimplePin.URL, s.Stancer.URL} {
			assert.Equal(t, fmt.Sprint("http://127.0.0.1:", port+i), strings.TrimSuffix(url, "/api"))
		}
		return
	}
	t.Error("no four free ports")
}

// TestBehindAPrefix has the fakes as a part of another server, as a page that asks them needs it.
func TestBehindAPrefix(t *testing.T) {
	s := start(t)
	mux := http.NewServeMux()
	for _, p := range parties(t, s) {
		mux.Handle("/sandbox/"+p.name+"/", http.StripPrefix("/sandbox/"+p.name, s.Handler(p.name)))
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, p := range parties(t, start(t)) { // its customers are not known here, nor are its keys
		assert.Equal(t, 401, send(t, "GET", server.URL+"/sandbox/"+p.name+p.read, "", p.auth...).status)
	}
	before := len(s.Journal())
	key := basic(s.Stancer.APIKey, "")
	r := send(t, "POST", server.URL+"/sandbox/stancer/v1/%63ustomers/", `{"email":"ama@example.net"}`, "Authorization", key)
	assert.Equal(t, 200, r.status)
	e := s.Journal()[before]
	assert.Equal(t, "createCustomer", e.Operation)
	assert.Equal(t, server.URL+"/v1/%63ustomers/", e.URL)
}

// TestJournalHidesCredentials of all providers, wherever a client puts them.
func TestJournalHidesCredentials(t *testing.T) {
	var recorded []sandbox.Exchange
	s := startWith(t, sandbox.Config{Record: func(e sandbox.Exchange) { recorded = append(recorded, e) }})
	hidden := []string{
		fatToken(t, s, "GET"), strings.TrimPrefix(digitalpayeLogin(t, s)[1], "Bearer "), s.Digitalpaye.APIKey, s.Digitalpaye.APISecret,
		s.Fatora.APIKey, s.SimplePin.Authorization, s.SimplePin.Token, s.Stancer.APIKey, s.Stancer.LiveKey,
	}
	all := parties(t, s)
	before := len(recorded)
	for _, key := range hidden {
		var escaped strings.Builder
		for i := range len(key) {
			fmt.Fprintf(&escaped, []string{"%%%02x", "%%%02X"}[i%2], key[i])
		}
		for _, p := range all {
			for method, path := range map[string]string{key: "/x" + key, "POST": p.create, "GET": p.read + key} {
				body := `{"` + key + `":1,"email":"` + key + `"}`
				raw := method + " " + path + "?a" + key + "=" + key + "&b" + escaped.String() + " HTTP/1.1\r\nHost: " + key + ".example.com\r\n"
				for i := 0; i < len(p.auth); i += 2 {
					raw += p.auth[i] + ": " + p.auth[i+1] + "\r\n"
				}
				for _, name := range []string{
					"Accept", "Accept-Encoding", "Allow", "Connection", "Content-Encoding", "Locale", "Retry-After", "TE", "User-Agent",
					"X-Environment", "Cookie", "X-" + key, key,
				} {
					raw += name + ": x " + key + "\r\n"
				}
				raw += "Content-Type: application/json;k=" + key + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
				talk(t, p.url, raw, method)
			}
		}
	}
	require.Equal(t, s.Journal(), recorded)
	require.Len(t, recorded, before+3*len(hidden)*len(all))
	for _, e := range recorded {
		// net/http changes small letters and capitals of some.
		everything := strings.ToLower(fmt.Sprintf("%+v %s %s", e, e.RequestBody, e.ResponseBody))
		query, _ := url.QueryUnescape(e.URL + e.Query)
		for _, key := range hidden {
			assert.NotContains(t, everything, strings.ToLower(key))
			assert.NotContains(t, query, key)
		}
	}
	for _, e := range recorded[before:] {
		assert.Equal(t, []string{"x redacted"}, e.RequestHeader["User-Agent"], "the rest stays")
	}
}
