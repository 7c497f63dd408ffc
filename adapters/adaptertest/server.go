package adaptertest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Server serves a fake of an HTTP API on loopback, and plays every [Fault]. Requests whose method is not safe (RFC 9110)
// count as writes.
type Server struct {
	fake   http.Handler
	server *httptest.Server

	mu          sync.Mutex
	fault       Fault
	changed     chan struct{} // closed when the fault ends
	all, writes int
	credentials map[string]bool
}

// NewServer serves fake until the test ends.
func NewServer(t testing.TB, fake http.Handler) *Server {
	s := &Server{fake: fake, changed: make(chan struct{}), credentials: map[string]bool{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.Fail(Fault{}) // lets those go that hang
		s.server.Close()
	})
	return s
}

// URL is the root of the API. Ask for it when the driver is opened: where a provider is Unreachable it is another one.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault.Kind == Unreachable {
		return "http://127.0.0.1:1" // where nobody listens; a port given back could be another test's by now
	}
	return s.server.URL
}

// Fail sets the fault.
func (s *Server) Fail(f Fault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.fault, s.changed = f, make(chan struct{})
	return true
}

// Requests counts them.
func (s *Server) Requests() (all, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all, s.writes
}

// Credentials are the values of the header Authorization that have come so far, without their schemes: tokens that the
// fake has handed out are among them.
func (s *Server) Credentials() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.credentials))
}

// ServeHTTP counts, lets the fake carry out what the fault lets through, and answers as the fault says.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client broke off
	}
	fault, changed := s.count(r)
	answer := httptest.NewRecorder()
	switch fault.Kind {
	case Unauthorized:
		answer.WriteHeader(http.StatusUnauthorized)
	case RateLimited:
		answer.Header().Set("Retry-After", "3600")
		answer.WriteHeader(http.StatusTooManyRequests)
	default:
		carried := r.Clone(r.Context())
		carried.Body = io.NopCloser(bytes.NewReader(body))
		s.fake.ServeHTTP(answer, carried)
	}
	if fault.Reached != nil {
		fault.Reached()
	}
	said := answer.Body.Bytes()
	switch fault.Kind {
	case ServerError:
		answer = httptest.NewRecorder()
		answer.Header().Set("Content-Type", "application/json")
		answer.WriteHeader(http.StatusInternalServerError)
		said = quote(r, body)
	case NoAnswer:
		panic(http.ErrAbortHandler)
	case Hang:
		select {
		case <-r.Context().Done():
		case <-changed:
		}
		panic(http.ErrAbortHandler)
	case Gibberish:
		answer = httptest.NewRecorder()
		answer.Header().Set("Content-Type", "text/html")
		said = []byte("<html><body>Welcome</body></html>")
	case Rewrite:
		said = bytes.ReplaceAll(said, written(fault.From), written(fault.To))
	case UnknownProperties:
		said = extend(said)
	}
	maps.Copy(w.Header(), answer.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(answer.Code)
	_, _ = w.Write(said)
}

func (s *Server) count(r *http.Request) (fault Fault, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all++
	fault = s.fault
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		if fault.WritesOnly {
			fault = Fault{}
		}
	default:
		s.writes++
	}
	for _, value := range r.Header["Authorization"] {
		if _, rest, ok := strings.Cut(value, " "); ok {
			value = rest
		}
		s.credentials[value] = true
	}
	return fault, s.changed
}

// quote is a JSON body with all of a request in it, as servers with a fault like to send.
func quote(r *http.Request, body []byte) []byte {
	data, _ := json.Marshal(map[string]any{ // cannot fail: texts
		"error": string(body), "message": string(body), "path": r.URL.String(), "header": r.Header,
	})
	return data
}

// written is a text as it stands in JSON, without the quotation marks.
func written(text string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // cannot fail: a text
	return bytes.Trim(bytes.TrimSpace(b.Bytes()), `"`)
}

const unknownProperty = "x_adaptertest"

// extend gives each object of a JSON body one more property, and what has elements in an XML body one more element;
// another body stays as it is.
func extend(body []byte) []byte {
	if bytes.HasPrefix(body, []byte("<")) {
		return extendXML(string(body))
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var tree any
	if dec.Decode(&tree) != nil {
		return body
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
			v[unknownProperty] = map[string]any{"list": []any{1, "two", nil}}
		}
	}
	walk(tree)
	data, err := json.Marshal(tree)
	if err != nil {
		return body
	}
	return data
}

func extendXML(rest string) []byte {
	var b strings.Builder
	for {
		before, after, more := strings.Cut(rest, "</")
		b.WriteString(before)
		if !more {
			return []byte(b.String())
		}
		said := strings.TrimSpace(b.String())
		last := said[max(0, strings.LastIndexByte(said, '<')):]
		if strings.HasSuffix(last, "/>") || strings.HasPrefix(last, "</") && strings.HasSuffix(last, ">") {
			b.WriteString("<" + unknownProperty + "><list>1</list></" + unknownProperty + ">")
		}
		b.WriteString("</")
		rest = after
	}
}
