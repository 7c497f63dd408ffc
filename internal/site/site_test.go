package site

import (
	"encoding/json"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/docs"
)

// capabilities are those of all providers; no client sends anything.
func capabilities(t *testing.T) (all []customers.Capabilities) {
	t.Helper()
	add := func(client *customers.Client, err error) {
		require.NoError(t, err)
		all = append(all, client.Capabilities())
		client.Close()
	}
	add(digitalpaye.Open(digitalpaye.Config{APIKey: "key", APISecret: "secret"}))
	add(fatora.Open(fatora.Config{APIKey: "key"}))
	add(simplepin.Open(simplepin.Config{Authorization: "key", Token: "token", BaseURL: simplepin.Staging}))
	add(stancer.Open(stancer.Config{APIKey: "stest_key"}))
	return all
}

// build makes the site, with a sandbox behind it or without.
func build(t *testing.T, served bool) Files {
	t.Helper()
	config := Config{Capabilities: capabilities(t)}
	if served {
		config.Sandboxes = map[string]Sandbox{}
		for _, c := range config.Capabilities {
			config.Sandboxes[c.Provider] = Sandbox{Base: "/sandbox/" + c.Provider, ID: "id-that-is-there", Requests: []http.Header{
				{"Authorization": {"Basic trade"}}, {"Authorization": {"Bearer traded"}}, {"Token": {"second"}, "api_key": {"first"}},
			}}
		}
	}
	files, err := Build(config)
	require.NoError(t, err)
	return files
}

var (
	hrefs = regexp.MustCompile(`\b(href|src|action)="([^"]*)"`)
	ids   = regexp.MustCompile(`\bid="([^"]*)"`)
	texts = regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`)
	tags  = regexp.MustCompile(`<[^>]*>`)
)

// TestLinks: whatever a page refers to is there, and nothing but a link that a reader follows leads elsewhere.
func TestLinks(t *testing.T) {
	for name, served := range map[string]bool{"served": true, "written": false} {
		t.Run(name, func(t *testing.T) {
			files := build(t, served)
			targets := map[string]bool{}
			for name, data := range files {
				targets[name] = true
				for _, id := range ids.FindAllStringSubmatch(string(data), -1) {
					assert.False(t, targets[name+"#"+id[1]], "%s has id %q twice", name, id[1])
					targets[name+"#"+id[1]] = true
				}
			}
			for name, data := range files {
				if !strings.HasSuffix(name, ".html") {
					assert.NotContains(t, string(data), "url(", name)
					continue
				}
				links := hrefs.FindAllStringSubmatch(string(data), -1)
				assert.Greater(t, len(links), 8, name)
				for _, l := range links {
					to := html.UnescapeString(l[2])
					switch {
					case strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "http://"):
						assert.True(t, strings.Contains(string(data), `<a `+l[0]), "%s loads %s", name, to)
					case strings.HasPrefix(to, "#"):
						assert.True(t, targets[name+to], "%s has no %s", name, to)
					default:
						if name == missing { // which stands in any folder
							assert.Equal(t, byte('/'), to[0], "%s leads to %s", name, to)
							to = to[1:]
						}
						assert.True(t, targets[to], "%s leads to %s", name, to)
					}
				}
			}
		})
	}
}

// words are the text of a page, or of Markdown, in the form in which the two can be compared.
func words(page string) string {
	text := html.UnescapeString(tags.ReplaceAllString(page, " "))
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n\t`*_", r) }), "")
}

// canonical is JSON in one form, and any other text as it is.
func canonical(text string) string {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return strings.TrimSpace(text)
	}
	out, _ := json.Marshal(value)
	return string(out)
}

// TestReference: every part of every contract is on its page, with the source that shows it.
func TestReference(t *testing.T) {
	files := build(t, true)
	for _, c := range capabilities(t) {
		page := string(files[c.Provider+".html"])
		require.NotEmpty(t, page)
		spec, err := contract.Load(c.Provider)
		require.NoError(t, err)
		for _, o := range spec.Operations() {
			_, section, found := strings.Cut(page, `aria-labelledby="`+o.ID+`"`)
			require.True(t, found, "%s: no %s", c.Provider, o.ID)
			section, _, _ = strings.Cut(section, "</section>")
			for _, want := range []string{">" + o.Method + "</span> <code class=\"path\">" + o.Path + "</code>", `<form class="try"`} {
				assert.True(t, strings.Contains(section, want), "%s %s: no %s", c.Provider, o.ID, want)
			}
			var samples []string
			for _, sample := range texts.FindAllStringSubmatch(section, -1) {
				samples = append(samples, canonical(html.UnescapeString(sample[1])))
			}
			for _, e := range spec.Examples(o.ID) {
				if e.Name != "" {
					assert.Contains(t, samples, canonical(string(e.Body)), "%s %s %d %s", c.Provider, o.ID, e.Status, e.Name)
				}
			}
			for _, call := range c.Operations {
				if call.ID == o.ID && call.Op != customers.OpLookup { // which is no call
					shown := strings.Contains(section, `<pre class="go"`)
					assert.True(t, shown, "%s %s: no Go call", c.Provider, o.ID)
				}
			}
		}
		said := words(page)
		for _, e := range spec.Evidence() {
			shown := strings.Contains(said, words(e.Source)) && strings.Contains(said, words(e.Note))
			assert.True(t, shown, "%s: no evidence of %s", c.Provider, e.Place)
		}
	}
}

// TestSnippets: each example is shown, and starts where the reader's part starts.
func TestSnippets(t *testing.T) {
	shown := ""
	for _, data := range build(t, false) {
		shown += string(data)
	}
	all, err := snippets()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for name, code := range all {
		assert.True(t, strings.Contains(shown, ">"+string(code)+"</pre>"), "%s is shown nowhere", name)
		assert.NotContains(t, string(code), "done()", name)
		assert.NotContains(t, string(code), "Output", name)
	}
}

// TestTryIt: the forms bring what the sandbox accepts; without a sandbox there are none.
func TestTryIt(t *testing.T) {
	served, written := build(t, true), build(t, false)
	for provider, wants := range map[string][]string{
		"digitalpaye": {`data-in="header" value="Basic trade"`, `data-in="header" value="Bearer traded"`, `data-in="path" value="id-that-is-there"`},
		"fatora":      {`name="api_key" data-in="header" value="first"`, `data-in="header" value="Bearer traded"`, `data-in="path" value="id-that-is-there"`},
		"simplepin":   {`name="Token" data-in="header" value="second"`, `data-in="query" value="id-that-is-there"`, `data-media="application/xml" hidden`},
		"stancer":     {`data-in="header" value="Basic trade"`, `data-method="PATCH" data-path="/sandbox/stancer/v1/customers/{id}"`},
	} {
		for _, want := range wants {
			assert.True(t, strings.Contains(string(served[provider+".html"]), want), "%s: no %s", provider, want)
		}
		page := string(written[provider+".html"])
		assert.False(t, strings.Contains(page, "<form"), provider)
		assert.True(t, strings.Contains(page, "Run <code>customers docs</code>"), provider)
	}
}

// TestGuides: each file of docs/ is a page, its links lead to pages, and what the site has not is no link.
func TestGuides(t *testing.T) {
	files := build(t, false)
	names, err := fs.Glob(docs.FS, "*.md")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		name = strings.TrimSuffix(name, ".md") + ".html"
		assert.True(t, strings.Contains(string(files[name]), "<h1 "), name)
		assert.True(t, strings.Contains(string(files["index.html"]), `<dt><a href="`+name+`">`), name)
	}
	for source, want := range map[string]string{
		"[a](evidence.md)":             `<p><a href="evidence.html">a</a></p>`,
		"[a](./evidence.md#1-record)":  `<p><a href="evidence.html#1-record">a</a></p>`,
		"[a](#below)":                  `<p><a href="#below">a</a></p>`,
		"[a](../specs/stancer.yaml)":   `<p><a href="stancer.yaml">a</a></p>`,
		"[a](https://example.com/x)":   `<p><a href="https://example.com/x">a</a></p>`,
		"see [`a` *b*](../driver.go).": `<p>see <code>a</code> <em>b</em>.</p>`,
		"<script>alert(1)</script>":    "<!-- raw HTML omitted -->",
		"[a](javascript:alert)":        `<p>a</p>`,
	} {
		got, err := markdown(source)
		require.NoError(t, err)
		assert.Equal(t, want, strings.TrimSpace(string(got)), source)
	}
}

// TestLead: what the home page says about a guide is a paragraph, which a guide must have below its title.
func TestLead(t *testing.T) {
	html, err := lead([]byte("# Title\n\nWhat [it](evidence.md)\nis for.\n\nMore.\n"))
	require.NoError(t, err)
	assert.Equal(t, "<p>What <a href=\"evidence.html\">it</a>\nis for.</p>\n", string(html))
	for _, source := range []string{"", "# Title\n", "# Title\n\n## Section\n\nText.\n", "# Title\n\n- item\n"} {
		_, err := lead([]byte(source))
		assert.ErrorContains(t, err, "below the title", source)
	}
}

// TestHome: the tables of the home page tell the same.
func TestHome(t *testing.T) {
	page := string(build(t, false)["index.html"])
	assert.Contains(t, page, `<td>by list: <a href="digitalpaye.html#listCustomers">`)
	assert.Contains(t, page, `<code>name</code> <span class="joined">as a whole</span>`)
	assert.Contains(t, page, `<code>name</code> <span class="joined">joined</span>`)
	assert.Contains(t, page, `<dt><code>by list</code></dt><dd>List searches the whole list</dd>`)
}

// TestServe: the types of files are the site's own, whatever the system's table says.
func TestServe(t *testing.T) {
	for _, extension := range []string{".css", ".html", ".js", ".svg", ".yaml"} {
		require.NoError(t, mime.AddExtensionType(extension, "application/x-wrong")) // nothing else here asks for it
	}
	files := build(t, false)
	for name := range files {
		w := httptest.NewRecorder()
		files.ServeHTTP(w, httptest.NewRequest("GET", "/"+name, nil))
		assert.Regexp(t, `^(text/(css|html|javascript|plain); charset=utf-8|image/svg\+xml)$`, w.Header().Get("Content-Type"), name)
	}
	for _, test := range []struct {
		method, path string
		status       int
		contentType  string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/stancer.html", 200, "text/html; charset=utf-8"},
		{"GET", "/style.css", 200, "text/css; charset=utf-8"},
		{"GET", "/icon.svg", 200, "image/svg+xml"},
		{"GET", "/try.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/stancer.yaml", 200, "text/plain; charset=utf-8"},
		{"GET", "/nothing", 404, "text/html; charset=utf-8"},
		{"POST", "/sandbox/nobody/x", 404, "text/html; charset=utf-8"},
		{"POST", "/", 405, "text/plain; charset=utf-8"},
	} {
		w := httptest.NewRecorder()
		files.ServeHTTP(w, httptest.NewRequest(test.method, test.path, nil))
		assert.Equal(t, test.status, w.Code, test.path)
		assert.Equal(t, test.contentType, w.Header().Get("Content-Type"), test.path)
		if test.status == http.StatusOK {
			assert.Equal(t, Policy, w.Header().Get("Content-Security-Policy"))
		}
	}
}

func TestUnknownProvider(t *testing.T) {
	_, err := Build(Config{Capabilities: []customers.Capabilities{{Provider: "nobody"}}})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "nobody: ")
}
