// Package wiretest plays recorded exchanges of a provider to an adapter: what arrives must be the recorded request,
// what goes back are the recorded bytes, and both are held against the contract.
//
// A recording is a txtar file with pairs of sections:
//
//	-- request --
//	POST /v1/customers/
//	Authorization: Basic
//
//	{"email":"david@example.net"}
//	-- response --
//	200
//	Content-Type: application/json
//
//	{"id":"cust_…"}
//
// A header field of a request must arrive with a value that begins as recorded; fields that are not recorded are free.
// Bodies of requests are compared as JSON or, where the recorded one begins with "<", as XML, in which white space
// between elements does not count; those of answers go out as they are, without the line break at their end. A section
// named "response, off contract" is sent as it is and not held against the contract.
package wiretest

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/contract-first/customers/contract"
)

// message is one side of an exchange.
type message struct {
	first  string
	header textproto.MIMEHeader
	body   []byte
	free   bool // not held against the contract
}

// Play serves the recordings in files, one after the other, and returns the URL to serve them at. The test fails unless
// exactly the recorded requests arrive, in their order. prefix is the path below which the provider's API begins.
func Play(t *testing.T, provider, prefix string, files ...string) string {
	t.Helper()
	spec := load(t, provider)
	var messages []message
	for _, file := range files {
		messages = append(messages, read(t, file)...)
	}
	require.Zero(t, len(messages)%2, "each request needs a response")

	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if !assert.NoError(t, err) || !assert.NotEmpty(t, messages, "unexpected request: %s %s", r.Method, r.URL) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		request, response := messages[0], messages[1]
		messages = messages[2:]
		assert.Equal(t, request.first, r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), prefix))
		for name := range request.header {
			assert.True(t, strings.HasPrefix(r.Header.Get(name), request.header.Get(name)), "header %s", name)
		}
		switch {
		case len(request.body) == 0:
			assert.Empty(t, body)
		case request.body[0] == '<':
			assert.Equal(t, Tokens(t, request.body), Tokens(t, body))
		default:
			assert.JSONEq(t, string(request.body), string(body))
		}
		assert.Empty(t, spec.CheckRequest(r, body), "the request breaks the contract")

		status, err := strconv.Atoi(response.first)
		assert.NoError(t, err)
		header := http.Header(response.header)
		if !response.free {
			assert.Empty(t, spec.CheckResponse(r, status, header, response.body), "the recorded answer breaks the contract")
		}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write(response.body)
	}))
	t.Cleanup(func() {
		server.Close()
		assert.Empty(t, messages, "recorded exchanges that did not happen")
	})
	return server.URL + prefix
}

// Tokens are the tags and texts of an XML document, without white space between elements.
func Tokens(t testing.TB, document []byte) (tokens []string) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := dec.Token()
		switch token := token.(type) {
		case nil:
			assert.Equal(t, io.EOF, err, "%s", document)
			return tokens
		case xml.CharData:
			if text := string(token); strings.TrimSpace(text) != "" {
				tokens = append(tokens, text)
			}
		default:
			tokens = append(tokens, fmt.Sprint(token))
		}
	}
}

// loaded spares each test of a package the reading of the same contract.
var loaded sync.Map

func load(t *testing.T, provider string) *contract.Spec {
	if spec, ok := loaded.Load(provider); ok {
		return spec.(*contract.Spec)
	}
	spec, err := contract.Load(provider)
	require.NoError(t, err)
	loaded.Store(provider, spec)
	return spec
}

func read(t *testing.T, file string) []message {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var messages []message
	for i, section := range txtar.Parse(data).Files {
		if i%2 == 0 {
			require.Equal(t, "request", section.Name, file)
		} else {
			require.Contains(t, []string{"response", "response, off contract"}, section.Name, file)
		}
		r := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(section.Data, "\r\n"...))))
		first, err := r.ReadLine()
		require.NoError(t, err, "%s: %s", file, section.Name)
		header, err := r.ReadMIMEHeader()
		require.NoError(t, err, "%s: %s", file, section.Name)
		body, err := io.ReadAll(r.R)
		require.NoError(t, err)
		messages = append(messages, message{
			first: first, header: header, body: bytes.TrimRight(body, "\r\n"), free: strings.HasSuffix(section.Name, ", off contract"),
		})
	}
	return messages
}
