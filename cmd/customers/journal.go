package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/contract-first/customers/sandbox"
)

// journal is a file of exchanges as HAR (HTTP Archive 1.2). The file is a whole archive at any time, also when the process
// ends from one moment to the next: an entry and a new end are written over the old end, at once.
type journal struct {
	mu   sync.Mutex
	file *os.File
	end  int64 // where the last entry ends
	any  bool  // there is one
	err  error // the first one, after which nothing is written
}

const (
	harBegin = `{"log":{"version":"1.2","creator":{"name":"customers sandbox","version":"1"},"entries":[` + "\n"
	harEnd   = "\n]}}\n"
)

// open unlocks a journal that was locked until now. It reports false if it cannot.
func (j *journal) open(name string) bool {
	defer j.mu.Unlock()
	if j.file, j.err = create(name); j.err == nil {
		_, j.err = j.file.WriteAt([]byte(harBegin+harEnd), 0)
	}
	j.end = int64(len(harBegin))
	return j.err == nil
}

// create makes a file that takes the place of one that is there. It is a new one, so that only its owner can read it,
// whoever could read the old one, and another process that still writes into that does not write into this.
func create(name string) (*os.File, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil: // there is none, or else the same error comes again
	case info.Mode()&fs.ModeDevice != 0: // such as /dev/null
		return os.OpenFile(name, os.O_WRONLY, 0)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is neither a file nor a device: give a file", name)
	default:
		if name, err = filepath.EvalSymlinks(name); err != nil { // a link stays, and leads to the new file
			return nil, err
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // whoever else removed it
			return nil, err
		}
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// add appends one exchange. It reports false where it cannot, or could not before.
func (j *journal) add(e sandbox.Exchange) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return false
	}
	entry, err := json.Marshal(newHAREntry(e))
	if err == nil {
		if j.any {
			entry = append([]byte(",\n"), entry...)
		}
		_, err = j.file.WriteAt(slices.Concat(entry, []byte(harEnd)), j.end)
	}
	if j.err = err; err != nil {
		// The room that the end had is still there.
		_, _ = j.file.WriteAt([]byte(harEnd), j.end)
		_ = j.file.Truncate(j.end + int64(len(harEnd)))
		return false
	}
	j.end, j.any = j.end+int64(len(entry)), true
	return true
}

// close returns the first error that there was. What comes after it is not written.
func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.err
	if j.file != nil {
		err = cmp.Or(err, j.file.Close())
	}
	if err != nil {
		err = fmt.Errorf("journal: %w", err)
	}
	j.err = cmp.Or(j.err, os.ErrClosed)
	return err
}

type harEntry struct {
	Provider string      `json:"_provider"`
	Started  string      `json:"startedDateTime"`
	Time     float64     `json:"time"` // milliseconds
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	} `json:"timings"`
	Comment string `json:"comment,omitempty"`
}

// harMessage is what both halves have.
type harMessage struct {
	Version     string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	HeadersSize int       `json:"headersSize"` // -1: not known
	BodySize    int       `json:"bodySize"`
}

type harRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	harMessage
	Query    []harPair `json:"queryString"`
	PostData *harBody  `json:"postData,omitempty"`
}

type harResponse struct {
	Status     int    `json:"status"`
	StatusText string `json:"statusText"`
	harMessage
	Content struct {
		Size int `json:"size"`
		harBody
	} `json:"content"`
	RedirectURL string `json:"redirectURL"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// harBody has no text where it was left out.
type harBody struct {
	MimeType string  `json:"mimeType"`
	Text     *string `json:"text,omitempty"`
	Encoding string  `json:"encoding,omitempty"`
}

func newHAREntry(e sandbox.Exchange) harEntry {
	entry := harEntry{
		Provider: e.Provider, Started: e.Time.Format("2006-01-02T15:04:05.000Z07:00"),
		Time: float64(e.Duration) / float64(time.Millisecond),
		Request: harRequest{
			Method: e.Method, URL: e.URL, harMessage: newHARMessage(e.Proto, e.RequestHeader, e.RequestBody), Query: pairs(query(e.Query)),
		},
		Response: harResponse{
			Status: e.Status, StatusText: http.StatusText(e.Status),
			harMessage: newHARMessage(e.Proto, e.ResponseHeader, e.ResponseBody),
		},
	}
	entry.Timings.Wait = entry.Time
	if e.RequestBody != nil && e.Method != http.MethodGet && e.Method != http.MethodHead || len(e.RequestBody) > 0 {
		body := newHARBody(e.RequestHeader, e.RequestBody)
		entry.Request.PostData = &body
	}
	entry.Response.Content.Size = len(e.ResponseBody)
	entry.Response.Content.harBody = newHARBody(e.ResponseHeader, e.ResponseBody)
	if e.Fault != "" {
		entry.Comment = "fault " + e.Fault
	}
	return entry
}

func newHARMessage(proto string, header http.Header, body []byte) harMessage {
	m := harMessage{Version: proto, Cookies: []harPair{}, Headers: pairs(header), HeadersSize: -1, BodySize: len(body)}
	if body == nil {
		m.BodySize = -1
	}
	return m
}

func newHARBody(header http.Header, body []byte) harBody {
	b := harBody{MimeType: header.Get("Content-Type")}
	switch text := string(body); {
	case body == nil:
	case !utf8.Valid(body):
		text = base64.StdEncoding.EncodeToString(body)
		b.Encoding = "base64"
		fallthrough
	default:
		b.Text = &text
	}
	return b
}

// query leaves out what is no pair; the URL has it.
func query(raw string) map[string][]string {
	values, _ := url.ParseQuery(raw)
	return values
}

func pairs(values map[string][]string) []harPair {
	all := []harPair{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			all = append(all, harPair{name, value})
		}
	}
	return all
}
