package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocsServed: pages and sandboxes on one port, until the command is interrupted.
func TestDocsServed(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, in := io.Pipe()
	ended := make(chan int, 1)
	var errs strings.Builder
	go func() {
		ended <- execute(ctx, []string{"docs"}, strings.NewReader(""), in, &errs)
		in.Close()
	}()
	printed := make([]byte, 64)
	n, err := out.Read(printed)
	require.NoError(t, err, &errs)
	url := strings.TrimSpace(string(printed[:n]))
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+/$`, url)

	get := func(path string) (int, string) {
		response, err := http.Get(url + path)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}
	status, page := get("")
	assert.Equal(t, http.StatusOK, status)
	assert.True(t, strings.Contains(page, "<title>One facade, four providers"))
	for _, name := range providerNames() {
		status, page = get(name + ".html")
		assert.Equal(t, http.StatusOK, status)
		assert.True(t, strings.Contains(page, `data-path="/sandbox/`+name), name)
		empty := strings.Contains(page, ` data-in="header" value="" autocomplete="off" spellcheck="false" required`)
		assert.False(t, empty, "%s: a credential is missing", name)
		status, page = get("sandbox/" + name + "/nothing")
		assert.NotEqual(t, http.StatusOK, status)
		assert.NotContains(t, page, "404 page not found", "the provider's own answer")
	}

	for _, path := range []string{"stancer.html", "sandbox/stancer/nothing"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		require.NoError(t, err)
		request.Host = net.JoinHostPort("rebound.example.com", request.URL.Port())
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusMisdirectedRequest, response.StatusCode, path)
	}

	_, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/"))
	require.NoError(t, err)
	taken, _, told := command(t, "", "docs", "--port", port)
	assert.Equal(t, statusNegative, taken)
	assert.Contains(t, told, "address already in use")

	interrupt()
	assert.Zero(t, <-ended)
	assert.Empty(t, errs.String())
	_, err = http.Get(url)
	assert.Error(t, err)
}

// TestOnly: the port is a part of the name, but 80 goes without saying.
func TestOnly(t *testing.T) {
	for _, test := range []struct {
		port int
		host string
		want int
	}{
		{8080, "127.0.0.1:8080", 200}, {8080, "localhost:8080", 200}, {8080, "localhost", 421}, {8080, "localhost:80", 421},
		{8080, "", 421}, {8080, "[::1]:8080", 421}, {8080, "example.com:8080", 421},
		{80, "localhost", 200}, {80, "127.0.0.1", 200}, {80, "localhost:80", 200}, {80, "example.com", 421},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = test.host
		served := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		only(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: test.port}, served).ServeHTTP(w, r)
		assert.Equal(t, test.want, w.Code, "%s at %d", test.host, test.port)
	}
}

// TestDocsWritten: the files are all there is to the site, and hold no credential of a sandbox.
func TestDocsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "anew")
	status, out, errs := command(t, "", "docs", "--write", dir)
	require.Zero(t, status, errs)
	assert.Equal(t, filepath.Join(dir, "index.html")+"\n", out)
	for _, name := range append(providerNames(), "index") {
		page, err := os.ReadFile(filepath.Join(dir, name+".html"))
		require.NoError(t, err)
		assert.False(t, strings.Contains(string(page), "/sandbox/"), name)
	}
}
