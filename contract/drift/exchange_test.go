package drift_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/drift"
)

func read(r io.Reader) (all []*drift.Exchange, err error) {
	for e, err := range drift.Read(r) {
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

func readFile(t *testing.T, name string) []*drift.Exchange {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	all, err := read(bytes.NewReader(data))
	require.NoError(t, err)
	return all
}

func TestReadChrome(t *testing.T) {
	all := readFile(t, "chrome.har")
	require.Len(t, all, 7)
	create := all[2]
	assert.Equal(t, "POST", create.Method)
	assert.Equal(t, "https://api.stancer.com/v1/customers/", create.URL)
	assert.Equal(t, http.Header{"Accept": {"*/*"}, "Content-Type": {"application/json"}}, create.RequestHeader, "no :authority")
	assert.JSONEq(t, `{"email":"awa.diop@example.com","name":"Awa Diop"}`, string(create.RequestBody))
	assert.Equal(t, 200, create.Status)
	assert.Contains(t, string(create.ResponseBody), `"loyalty_tier"`)
	assert.Nil(t, all[4].ResponseBody, "a text that is absent was not recorded")
	assert.Zero(t, all[5].Status)
}

func TestReadFirefox(t *testing.T) {
	all := readFile(t, "firefox.har")
	require.Len(t, all, 2)
	assert.True(t, json.Valid(all[0].ResponseBody), "base64 is undone")
	assert.Equal(t, "email=ali.hassan%40example.com&name=Ali+Hassan", string(all[1].RequestBody), "parameters in place of a text")
	assert.Nil(t, all[1].ResponseBody, "an empty text of 30 bytes was not recorded")
}

func TestReadMitmproxy(t *testing.T) {
	all := readFile(t, "mitmproxy.har")
	require.Len(t, all, 3)
	assert.Equal(t, "application/json", all[0].ResponseHeader.Get("Content-Type"), "whatever the case of its name")
	assert.Equal(t, all[0].ResponseBody, all[1].ResponseBody)
	assert.Nil(t, all[2].ResponseBody, "a null was not recorded")
}

func TestReadLines(t *testing.T) {
	all := readFile(t, "exchanges.jsonl")
	require.Len(t, all, 2)
	assert.Equal(t, &drift.Exchange{
		Entry: drift.Entry{Number: 1}, Method: "POST", URL: "https://api.digitalpaye.com/v1/customers/create",
		RequestHeader: http.Header{"Authorization": {"Bearer taken-out"}, "Content-Type": {"application/json"}},
		RequestBody:   []byte(`{"firstName": "AMA"}`), Status: 418,
		ResponseHeader: http.Header{"Content-Type": {"text/html"}}, ResponseBody: []byte("\xff\xfe"),
	}, all[0])
	assert.Nil(t, all[1].ResponseBody)
}

// TestReadVariants has what a recording may leave out or write in another way.
func TestReadVariants(t *testing.T) {
	for name, file := range map[string]string{
		"byte order mark":   "\ufeff" + `{"log":{"entries":[{"request":{"method":"GET","url":"/"}}]}}`,
		"members around":    `{"log":{"pages":[[{"log":1}]],"comment":null,"entries":[{"request":{"method":"GET","url":"/"}}],"x":{}},"y":[]} `,
		"members of others": `{"method":"GET","url":"/","more":{"log":[]}}`,
		"spaces":            "\n\n" + ` { "url" : "/", "method" : "GET" }` + "\r\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			all, err := read(strings.NewReader(file))
			require.NoError(t, err)
			require.Len(t, all, 1)
			assert.Equal(t, "GET /", all[0].Method+" "+all[0].URL)
		})
	}
	for _, file := range []string{"", " \n", `{"log":{"entries":[]}}`, `{"log":{}}`} {
		all, err := read(strings.NewReader(file))
		assert.NoError(t, err)
		assert.Empty(t, all)
	}
}

func TestReadMediaTypeOfHAR(t *testing.T) {
	const entry = `{"log":{"entries":[{"request":{"method":"GET","url":"/"},"response":{"status":200,"headers":[%s],
		"content":{"mimeType":"application/json","text":"[]"}}}]}}`
	for headers, want := range map[string]string{"": "application/json", `{"name":"CONTENT-TYPE","value":"text/html"}`: "text/html"} {
		all, err := read(strings.NewReader(fmt.Sprintf(entry, headers)))
		require.NoError(t, err)
		assert.Equal(t, []string{want}, all[0].ResponseHeader.Values("Content-Type"))
	}
}

// TestReadErrors also shows that errors tell nothing of what was read: ama stands wherever it can.
func TestReadErrors(t *testing.T) {
	for file, want := range map[string]string{
		`ama`:                                  "exchange 1: not JSON, after byte 0",
		`"ama"`:                                "exchange 1: a value is of another type than it should be, before byte 5",
		`{"ama":"ama"}`:                        "exchange 1: neither an HTTP archive nor an object with method and url",
		`[{"method":"GET","url":"/"}]`:         "exchange 1: a value is of another type than it should be, before byte 28",
		`{"method":"GET","url":"ama"} {"ama":`: "exchange 2: the file is cut off",
		`{"method":"ama","url":7}`:             "exchange 1: url is of another type than it should be, before byte 24",
		`{"method":"GET","url":"/","status":"ama"}`:                "exchange 1: status is of another type than it should be, before byte 41",
		`{"method":"GET","url":"/","request_headers":{"ama":7}}`:   "exchange 1: request_headers is of another type than it should be, before byte 54",
		`{"method":"GET","url":"/","response_body_base64":"ama!"}`: "exchange 1: illegal base64 data at input byte 3",
		`{"log":"ama"}`:                 `exchange 1: no "{" where an HTTP archive has one, before byte 12`,
		`{"log":{"entries":{"ama":1}}}`: `exchange 1: no "[" where an HTTP archive has one, before byte 19`,
		`{"log":{"entries":[{"request":{"method":"GET","url":"/"}},{"ama`: "exchange 2: the file is cut off",
		`{"log":{"entries":[]`:       "exchange 1: the file is cut off",
		`{"log":{"entries":[]}} ama`: "exchange 1: the archive ends, and something follows",
		`{"log":{"entries":[{"request":{"method":"GET","url":"ama","headers":[{"name":"ama","value":1}]}}]}}`:                     "exchange 1: request.headers.value is of another type than it should be, before byte 96",
		`{"log":{"entries":[{"request":{"method":"GET","url":"/"},"response":{"content":{"text":"ama!","encoding":"base64"}}}]}}`: "exchange 1: response.content: text: illegal base64 data at input byte 3",
		`{"log":{"entries":[{"request":{"method":"GET","url":"/","postData":{"text":"ama!","encoding":"BASE64"}}}]}}`:             "exchange 1: request.postData: text: illegal base64 data at input byte 3",
	} {
		_, err := read(strings.NewReader(file))
		assert.EqualError(t, err, want, file)
	}
	_, err := read(io.MultiReader(strings.NewReader(`{"method":"GET",`), broken{}))
	assert.ErrorIs(t, err, io.ErrClosedPipe)
}

// TestReadGoesOn: what is wrong with one exchange keeps no other from being read.
func TestReadGoesOn(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want []string
	}{
		"archive": {
			`{"log":{"entries":[
				{"request":{"method":"GET","url":"/1"}},
				{"request":{"method":"GET","url":"/ama"},"response":{"content":{"text":"ama!","encoding":"base64"}}},
				{"request":{"method":"GET","url":"/3"}},
				{"request":"ama"}, "ama", null, {"request":{"method":"ama"}},
				{"request":{"method":"GET","url":"/8"}}]}}`,
			[]string{
				"/1", "exchange 2: response.content: text: illegal base64 data at input byte 3", "/3",
				"exchange 4: request is of another type than it should be, before byte 237",
				"exchange 5: a value is of another type than it should be, before byte 244",
				"exchange 6: neither an HTTP archive nor an object with method and url",
				"exchange 7: neither an HTTP archive nor an object with method and url", "/8",
			},
		},
		"lines": {
			`{"method":"GET","url":"/1"}
{"method":"GET","url":"/ama","request_body_base64":"ama!"}
{"method":"GET","url":"/ama","request_headers":{"ama":7}}
[]
{"ama":"ama"}
{"method":"GET","url":"/6"}
{"method":"GET","url":"/ama"`,
			[]string{
				"/1", "exchange 2: illegal base64 data at input byte 3",
				"exchange 3: request_headers is of another type than it should be, before byte 144",
				"exchange 4: a value is of another type than it should be, before byte 147",
				"exchange 5: neither an HTTP archive nor an object with method and url", "/6",
				"exchange 7: the file is cut off",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for e, err := range drift.Read(strings.NewReader(test.file)) {
				if err != nil {
					assert.Nil(t, e)
					got = append(got, err.Error())
					continue
				}
				got = append(got, e.URL)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestReadCompressed(t *testing.T) {
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	_, err := io.WriteString(w, `{"log":{}}`)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	_, err = read(&file)
	assert.EqualError(t, err, "compressed with gzip: give what zcat or gunzip -c makes of it")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestReadStopsWhereTheCallerDoes(t *testing.T) {
	for _, file := range []string{
		`{"log":{"entries":[{"request":{"method":"GET","url":"/"}},7]}}`, `{"method":"GET","url":"/"} 7`,
	} {
		for e, err := range drift.Read(strings.NewReader(file)) {
			require.NoError(t, err)
			assert.Equal(t, "GET", e.Method)
			break
		}
	}
}

func TestExchangeJSON(t *testing.T) {
	for _, e := range []drift.Exchange{
		{Method: "GET", URL: "/"},
		{Entry: drift.Entry{Time: time.Date(2026, 1, 31, 9, 30, 0, 5e6, time.UTC)}, Provider: "stancer", Fault: "503", Method: "GET", URL: "/"},
		{Method: "POST", URL: "/", RequestHeader: http.Header{"A": {"1", "2"}}, RequestBody: []byte{}, Status: 200, ResponseBody: []byte("<é>")},
		{Method: "POST", URL: "/", RequestBody: []byte("\xff"), ResponseHeader: http.Header{"A": {"1"}}, ResponseBody: []byte("\x00\xfe")},
	} {
		written, err := json.Marshal(e)
		require.NoError(t, err)
		all, err := read(bytes.NewReader(written))
		require.NoError(t, err)
		require.Len(t, all, 1)
		assertSame(t, &e, all[0])
	}
}

// assertSame takes a header without fields for none, wherever the exchange was read.
func assertSame(t *testing.T, want, got *drift.Exchange) {
	t.Helper()
	w, g := *want, *got
	w.Entry.Number, g.Entry.Number = 0, 0
	for _, h := range []*http.Header{&w.RequestHeader, &w.ResponseHeader, &g.RequestHeader, &g.ResponseHeader} {
		if len(*h) == 0 {
			*h = nil
		}
	}
	assert.Equal(t, w, g)
}

// stream is a HAR file that is made as it is read. Now and then it looks at what lives on the heap.
type stream struct {
	head, tail string
	entries    []string
	left       int
	buf        string
	max        uint64
}

func (s *stream) Read(p []byte) (int, error) {
	if s.buf == "" {
		switch {
		case s.head != "":
			s.buf, s.head = s.head, ""
		case s.left > 0:
			s.left--
			s.buf = s.entries[s.left%len(s.entries)]
			if s.left > 0 {
				s.buf += ","
			}
			if s.left%100 == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				s.max = max(s.max, m.HeapAlloc)
			}
		case s.tail != "":
			s.buf, s.tail = s.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, s.buf)
	s.buf = s.buf[n:]
	return n, nil
}

// TestMemory reads 100 MB of exchanges, and many findings in them.
func TestMemory(t *testing.T) {
	const size = 100 << 10
	entry := func(url, body string) string {
		text, err := json.Marshal(body)
		require.NoError(t, err)
		return `{"request":{"method":"GET","url":"` + url + `"},"response":{"status":200,"content":{"mimeType":"application/json","text":` +
			string(text) + `}}}`
	}
	item := `{"id":1,"name":"Ama","email":"ama.kouassi@example.com","vip":true},`
	checked := entry("https://api.fatora.io/v1/clients", `{"status":"SUCCESS","clients":[`+strings.TrimSuffix(strings.Repeat(item, size/10/len(item)), ",")+`]}`)
	other := entry("https://cdn.example.com/", strings.Repeat("x", size))
	s := &stream{
		head: `{"log":{"pages":[],"entries":[`, tail: `]}}`, left: 1100,
		entries: []string{checked, other, other, other, other, other, other, other, other, other, other},
	}
	spec, err := contract.Load("fatora")
	require.NoError(t, err)
	c := drift.NewChecker(spec, "api.fatora.io")

	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for e, err := range drift.Read(s) {
		require.NoError(t, err)
		c.Add(e)
		n += len(e.ResponseBody)
	}
	require.Greater(t, n, 100_000_000)
	assert.Less(t, int64(s.max)-int64(before.HeapAlloc), int64(20*size), "no more than a few exchanges at a time")
	r := c.Report()
	assert.Equal(t, []drift.Checked{{Operation: "listClients", Exchanges: 100}}, r.Checked)
	require.Len(t, r.Findings, 2)
	assert.Equal(t, "maxViolations", r.Findings[0].Rule)
	assert.Equal(t, "/clients/*/vip", r.Findings[1].Pointer)
}

// FuzzRead reads anything, and what it took for exchanges must come back as they were written, and be checked.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	require.NoError(f, err)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"log":{1:2}}`))
	f.Add([]byte(`{"provider":"stancer","fault":"503","time":"9999-12-31T23:59:59-01:00","method":"GET","url":"/v1/customers/x","status":503}`))
	f.Add([]byte(`{"log":{"entries":[{}]}}`))
	spec, err := contract.Load("stancer")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := drift.NewChecker(spec, "api.stancer.com")
		all, err := read(bytes.NewReader(data))
		if err != nil {
			assert.Regexp(t, `^(exchange \d+|compressed with gzip): `, err.Error())
		}
		var lines bytes.Buffer
		enc := json.NewEncoder(&lines)
		for _, e := range all {
			c.Add(e)
			require.NoError(t, enc.Encode(e))
		}
		again, err := read(&lines)
		require.NoError(t, err)
		require.Len(t, again, len(all))
		for i := range all {
			assertSame(t, all[i], again[i])
		}
		r := c.Report()
		sum := r.Exchanges() + r.Faults
		for _, s := range r.Skipped {
			sum += s.Exchanges
		}
		for _, m := range r.NotRecorded {
			if m.What == drift.MissingResponse {
				sum += m.Exchanges
			}
		}
		assert.Equal(t, len(all), sum, "each is checked, without an answer of its own, or skipped")
	})
}
