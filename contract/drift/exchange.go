package drift

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"
	"unicode/utf8"
)

// Exchange is one recorded request and its answer.
//
// As JSON it is an object with the members provider, fault, time, method, url, request_headers, request_body, status,
// response_headers and response_body. A header is an object whose values are texts or lists of texts. A body is a text, or, as
// request_body_base64 and response_body_base64, its bytes in base64. Other members are ignored. A file of exchanges has
// one such object a line:
//
//	{"method":"GET","url":"https://api.example.com/v1/customers/7","status":404,
//	 "response_headers":{"Content-Type":"application/json"},"response_body":"{}"}
//
// (in one line). Leave credentials out, or what follows their scheme.
type Exchange struct {
	// Entry is where a recording has it.
	Entry Entry
	// Provider says whose the exchange is, whatever the host: the journal of a sandbox has it, as _provider of an entry.
	// What a sandbox answers is no evidence, so no [Finding] suggests to change the contract for it. Where it is "" the
	// host tells.
	Provider string
	// Fault is what a sandbox did to the exchange on purpose, "" if nothing: its journal has it as the comment of an
	// entry. Whatever was answered is not held against the contract.
	Fault  string
	Method string
	// URL is absolute; without a host, or as a path and query only, it is taken for the provider's.
	URL           string
	RequestHeader http.Header
	// RequestBody and ResponseBody are the content, any Content-Encoding undone. Nil was not recorded, and is taken as
	// empty only where the message cannot have a body.
	RequestBody []byte
	// Status is 0 if no answer was recorded.
	Status         int
	ResponseHeader http.Header
	ResponseBody   []byte
}

// Entry is where a recording has an exchange.
type Entry struct {
	// File is left to the caller of [Read].
	File string `json:"file,omitempty"`
	// Number counts from 1, with the exchanges that cannot be read.
	Number int `json:"number,omitempty"`
	// Time is when the request began, the zero time if the recording does not say.
	Time time.Time `json:"time,omitzero"`
}

// lenient reads a text that nothing depends on: what is none is none.
type lenient string

func (l *lenient) UnmarshalJSON(data []byte) error {
	_ = json.Unmarshal(data, (*string)(l))
	return nil
}

// time is that of a text as in RFC 3339, wherever it was. A year that such a text cannot have in UTC is none.
func (l lenient) time() time.Time {
	t, err := time.Parse(time.RFC3339, string(l))
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// line is the form of an Exchange in JSON.
type line struct {
	Provider           string  `json:"provider,omitempty"`
	Fault              string  `json:"fault,omitempty"`
	Time               lenient `json:"time,omitempty"`
	Method             string  `json:"method"`
	URL                string  `json:"url"`
	RequestHeaders     header  `json:"request_headers,omitempty"`
	RequestBody        *string `json:"request_body,omitempty"`
	RequestBodyBase64  []byte  `json:"request_body_base64,omitempty"`
	Status             int     `json:"status,omitempty"`
	ResponseHeaders    header  `json:"response_headers,omitempty"`
	ResponseBody       *string `json:"response_body,omitempty"`
	ResponseBodyBase64 []byte  `json:"response_body_base64,omitempty"`
}

// header reads a text for a list of one.
type header http.Header

func (h *header) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	*h = header{}
	for name, raw := range members {
		var one string
		if json.Unmarshal(raw, &one) == nil {
			http.Header(*h).Add(name, one)
			continue
		}
		var all []string
		if err := json.Unmarshal(raw, &all); err != nil {
			return err
		}
		for _, value := range all {
			http.Header(*h).Add(name, value)
		}
	}
	return nil
}

// MarshalJSON writes the exchange as one line of a file.
func (e Exchange) MarshalJSON() ([]byte, error) {
	l := line{
		Provider: e.Provider, Fault: e.Fault, Method: e.Method, URL: e.URL, RequestHeaders: header(e.RequestHeader),
		Status: e.Status, ResponseHeaders: header(e.ResponseHeader),
	}
	if !e.Entry.Time.IsZero() {
		l.Time = lenient(e.Entry.Time.Format(time.RFC3339Nano))
	}
	l.RequestBody, l.RequestBodyBase64 = split(e.RequestBody)
	l.ResponseBody, l.ResponseBodyBase64 = split(e.ResponseBody)
	return json.Marshal(l)
}

// split writes a body as a text if it is one.
func split(body []byte) (text *string, encoded []byte) {
	if body == nil || !utf8.Valid(body) {
		return nil, body
	}
	s := string(body)
	return &s, nil
}

// UnmarshalJSON reads one line of a file.
func (e *Exchange) UnmarshalJSON(data []byte) error {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return err
	}
	*e = Exchange{
		Entry: Entry{Time: l.Time.time()}, Provider: l.Provider, Fault: l.Fault, Method: l.Method, URL: l.URL,
		RequestHeader: http.Header(l.RequestHeaders), RequestBody: l.RequestBodyBase64,
		Status: l.Status, ResponseHeader: http.Header(l.ResponseHeaders), ResponseBody: l.ResponseBodyBase64,
	}
	if l.RequestBody != nil {
		e.RequestBody = []byte(*l.RequestBody)
	}
	if l.ResponseBody != nil {
		e.ResponseBody = []byte(*l.ResponseBody)
	}
	return nil
}

// requestBody is nil if it was not recorded, and there may be one.
func (e *Exchange) requestBody() []byte {
	if e.RequestBody != nil {
		return e.RequestBody
	}
	length, chunked := e.RequestHeader.Get("Content-Length"), e.RequestHeader.Get("Transfer-Encoding")
	switch e.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions:
		if length == "" && chunked == "" {
			return []byte{}
		}
	}
	if length == "0" {
		return []byte{}
	}
	return nil
}

// responseBody is nil if it was not recorded, and there may be one.
func (e *Exchange) responseBody() []byte {
	if e.ResponseBody != nil {
		return e.ResponseBody
	}
	if e.Method == http.MethodHead || e.Status == http.StatusNoContent || e.Status == http.StatusNotModified ||
		e.ResponseHeader.Get("Content-Length") == "0" {
		return []byte{}
	}
	return nil
}

// Read reads exchanges one by one: from a HAR file (HTTP Archive 1.2) as browsers and proxies save it, or from one
// [Exchange] a line; the content tells which. It holds one exchange at a time, however large the file is, and of that one
// several copies: memory is a few times the largest exchange, whoever it is with, or the largest text outside of them.
//
// An exchange that cannot be read is an error in its place, and the next one follows. Where the file itself breaks, such
// as JSON that is cut off, the error is the last. Errors tell which exchange it is, counted from 1, and none of its content.
func Read(r io.Reader) iter.Seq2[*Exchange, error] {
	return func(yield func(*Exchange, error) bool) {
		buffered := bufio.NewReaderSize(r, 64<<10)
		if bom, _ := buffered.Peek(3); string(bom) == "\ufeff" {
			_, _ = buffered.Discard(3)
		}
		if magic, _ := buffered.Peek(2); string(magic) == "\x1f\x8b" {
			yield(nil, errGzip)
			return
		}
		rd := &reader{Decoder: json.NewDecoder(buffered), yield: yield}
		read := rd.lines
		if isHAR(buffered) {
			read = rd.har
		}
		if err := read(); err != nil && !errors.Is(err, errStopped) {
			yield(nil, rd.explain(err))
		}
	}
}

// isHAR reports whether the first member of what follows is that of an archive.
func isHAR(r *bufio.Reader) bool {
	begin, _ := r.Peek(r.Size()) // shorter at the end of the file
	dec := json.NewDecoder(bytes.NewReader(begin))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	t, err := dec.Token()
	return err == nil && t == "log"
}

var (
	// errStopped: the caller wants no more.
	errStopped = errors.New("stopped")

	errOther = errors.New("neither an HTTP archive nor an object with method and url")
	errMore  = errors.New("the archive ends, and something follows")
	errGzip  = errors.New("compressed with gzip: give what zcat or gunzip -c makes of it")
)

// reader reads one file.
type reader struct {
	*json.Decoder
	yield func(*Exchange, error) bool
	n     int // exchanges so far, with those that cannot be read
}

// give hands out what was decoded. It returns an error only if there is no way to go on.
func (rd *reader) give(e *Exchange, err error) error {
	mistyped, corrupt := (*json.UnmarshalTypeError)(nil), base64.CorruptInputError(0)
	switch {
	case err == nil && (e.Method == "" || e.URL == ""):
		err = errOther
	case err != nil && !errors.As(err, &mistyped) && !errors.As(err, &corrupt):
		return err
	}
	if err != nil {
		e, err = nil, rd.explain(err)
	}
	if rd.n++; e != nil {
		e.Entry.Number = rd.n
	}
	if !rd.yield(e, err) {
		return errStopped
	}
	return nil
}

func (rd *reader) lines() error {
	for {
		e := new(Exchange)
		err := rd.Decode(e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err := rd.give(e, err); err != nil {
			return err
		}
	}
}

// explain takes what was read out of an error of encoding/json, and tells the exchange.
func (rd *reader) explain(err error) error {
	return fmt.Errorf("exchange %d: %w", rd.n+1, rd.reason(err))
}

func (rd *reader) reason(err error) error {
	syntax, mistyped := (*json.SyntaxError)(nil), (*json.UnmarshalTypeError)(nil)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the file is cut off")
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON, after byte %d", rd.InputOffset())
	case errors.As(err, &mistyped):
		what := cmp.Or(mistyped.Field, "a value")
		return fmt.Errorf("%s is of another type than it should be, before byte %d", what, rd.InputOffset())
	}
	return err
}
