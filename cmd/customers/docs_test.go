package main

import (
	"cmp"
	"context"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startDocs runs the command until it is interrupted, which gives its status and what it said on standard error.
func startDocs(t *testing.T) (site string, interrupt func() (int, string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
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
	return strings.TrimSpace(string(printed[:n])), func() (int, string) {
		cancel()
		return <-ended, errs.String()
	}
}

// TestDocsServed: pages and sandboxes on one port, until the command is interrupted.
func TestDocsServed(t *testing.T) {
	url, interrupt := startDocs(t)
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

	ended, errs := interrupt()
	assert.Zero(t, ended)
	assert.Empty(t, errs)
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

// tryForm is a form of a page, with what stands in it when the page opens.
type tryForm struct {
	Name   string `xml:"aria-label,attr"`
	Method string `xml:"data-method,attr"`
	Path   string `xml:"data-path,attr"`
	Accept string `xml:"data-accept,attr"`
	Boxes  []struct {
		Class  string `xml:"class,attr"`
		Inputs []struct {
			In    string `xml:"data-in,attr"`
			Name  string `xml:"name,attr"`
			Value string `xml:"value,attr"`
		} `xml:"p>input"`
	} `xml:"div"`
	Paragraphs []struct {
		Media string `xml:"data-media,attr"` // "" if it is no body
		Text  string `xml:"textarea"`
	} `xml:"p"`
}

func (f *tryForm) refused() bool { return f.Boxes[0].Class == "refused" }

// request is what try.js sends if the reader changes nothing but the Content-Type: to the one at index media. It is nil
// if there are fewer.
func (f *tryForm) request(t *testing.T, site string, media int) *http.Request {
	t.Helper()
	path, query, headers := f.Path, url.Values{}, http.Header{"Accept": {f.Accept}}
	for _, box := range f.Boxes {
		for _, input := range box.Inputs {
			switch {
			case input.In == "path":
				path = strings.ReplaceAll(path, "{"+input.Name+"}", url.PathEscape(input.Value))
			case input.Value != "" && input.In == "query":
				query.Set(input.Name, input.Value)
			case input.Value != "":
				headers.Set(input.Name, input.Value)
			}
		}
	}
	body, index := "", -1
	for _, p := range f.Paragraphs {
		if p.Media == "" {
			continue
		}
		if index++; index == media {
			body = p.Text
			headers.Set("Content-Type", p.Media)
			headers.Set("Accept", p.Media)
		}
	}
	if media > max(index, 0) {
		return nil
	}
	r, err := http.NewRequestWithContext(t.Context(), f.Method, strings.TrimSuffix(site, "/")+path+"?"+query.Encode(), strings.NewReader(body))
	require.NoError(t, err)
	r.Header = headers
	return r
}

// tryForms are those of a page, what deletes last.
func tryForms(t *testing.T, page string) (forms []tryForm) {
	t.Helper()
	for _, text := range regexp.MustCompile(`(?s)<form class="try".*?</form>`).FindAllString(page, -1) {
		var form tryForm
		decoder := xml.NewDecoder(strings.NewReader(text))
		decoder.Strict, decoder.AutoClose, decoder.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		require.NoError(t, decoder.Decode(&form))
		forms = append(forms, form)
	}
	slices.SortStableFunc(forms, func(a, b tryForm) int {
		return cmp.Compare(strings.Count(a.Method, "DELETE"), strings.Count(b.Method, "DELETE"))
	})
	return forms
}

// TestTryItSucceeds: each form, sent as it stands in the page, succeeds, unless the page says there that it does not.
func TestTryItSucceeds(t *testing.T) {
	for media, name := range []string{"first media type", "second"} {
		t.Run(name, func(t *testing.T) {
			site, _ := startDocs(t)
			sent := 0
			for _, provider := range providerNames() {
				response, err := http.Get(site + provider + ".html")
				require.NoError(t, err)
				page, err := io.ReadAll(response.Body)
				response.Body.Close()
				require.NoError(t, err)
				for _, form := range tryForms(t, string(page)) {
					request := form.request(t, site, media)
					if request == nil {
						continue
					}
					sent++
					response, err := http.DefaultClient.Do(request)
					require.NoError(t, err)
					answer, err := io.ReadAll(response.Body)
					response.Body.Close()
					require.NoError(t, err)
					assert.Equal(t, !form.refused(), response.StatusCode/100 == 2, "%s, %s: %d %s", provider, form.Name, response.StatusCode, answer)
				}
			}
			assert.NotZero(t, sent)
		})
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
