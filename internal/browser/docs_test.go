// Package browser_test looks at the documentation as its readers do: in Chromium. It is a module of its own, so that
// importers of the library do not get its requirements.
package browser_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/contract-first/customers/specs"
)

var (
	enabled = flag.Bool("docs", false, "test the documentation in Chromium")
	shots   = flag.String("shots", "", "write a picture of each page into this directory")
)

// views are what a page is looked at in.
var views = []struct {
	width  int64
	scheme string
}{{1280, "light"}, {1280, "dark"}, {390, "light"}, {390, "dark"}}

// visit is a tab on a page, and what the browser said of it.
type visit struct {
	context.Context
	mu       sync.Mutex
	requests []string // URLs
	said     []string // errors and warnings of console and browser
}

// What the tests share: the command as people run it, and the browser.
var (
	origin  string
	browser context.Context
	axe     string
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !*enabled {
		os.Exit(m.Run())
	}
	status, err := run(m)
	if err != nil {
		fmt.Println(err)
		status = 1
	}
	os.Exit(status)
}

// run starts all of it around the tests.
func run(m *testing.M) (status int, err error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return 0, fmt.Errorf("install Chromium (Debian: apt-get install chromium): %w", err)
	}
	rules, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		return 0, fmt.Errorf("run make docs-test, which gets axe-core: %w", err)
	}
	axe = string(rules)
	dir, err := os.MkdirTemp("", "docs-test")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	stop, err := serve(filepath.Join(dir, "customers"))
	if err != nil {
		return 0, err
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-pings", true),
		// The network is cut: no name leads anywhere.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))...)
	defer cancel()
	var done context.CancelFunc
	browser, done = chromedp.NewContext(allocator)
	defer done()
	if err := chromedp.Do(browser); err != nil {
		return 0, err
	}
	status = m.Run()
	return status, stop()
}

// serve starts customers docs. stop interrupts it, and fails if it does not end as it should.
func serve(binary string) (stop func() error, err error) {
	build := exec.Command("go", "build", "-o", binary, "./cmd/customers")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	server := exec.Command(binary, "docs")
	server.Dir = filepath.Dir(binary) // where the sources are not
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("customers docs printed no URL: %w", err)
	}
	origin = strings.TrimSpace(line)
	return func() error {
		if err := server.Process.Signal(syscall.SIGINT); err != nil {
			return err
		}
		if err := server.Wait(); err != nil {
			return fmt.Errorf("customers docs after an interrupt: %w", err)
		}
		return nil
	}, nil
}

// open visits a page in a tab of its own, which has to bear what every page has to.
func open(t *testing.T, page string) *visit {
	t.Helper()
	if !*enabled {
		t.Skip("needs Chromium, and axe-core by npm: make docs-test runs it")
	}
	v := &visit{}
	tab, cancel := chromedp.NewContext(browser, chromedp.WithListener(v.hear))
	tab, expired := context.WithTimeout(tab, 5*time.Minute)
	t.Cleanup(func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		assert.Empty(t, v.said, "what the browser says of %s", page)
		assert.NotEmpty(t, v.requests)
		for _, asked := range v.requests {
			assert.True(t, strings.HasPrefix(asked, origin), "%s asks for %s", page, asked)
		}
		expired()
		cancel()
	})
	v.Context = tab
	_, err := chromedp.Call(tab, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	response, err := chromedp.RunResponse(tab, chromedp.Navigate(origin+page))
	require.NoError(t, err)
	require.EqualValues(t, http.StatusOK, response.Status)
	return v
}

// hear notes requests, and whatever the browser complains about.
func (v *visit) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		v.requests = append(v.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		v.said = append(v.said, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		v.said = append(v.said, fmt.Sprintf("console.%s", e.Type))
	case *log.EventEntryAdded:
		v.said = append(v.said, e.Entry.Text+" "+e.Entry.URL)
	}
}

func (v *visit) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(v, steps...))
}

// eval runs a script in the page and returns its value, which may be a promise.
func eval[T any](t *testing.T, v *visit, script string) T {
	t.Helper()
	value, err := chromedp.Run(v, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(t, err, script)
	return value
}

// pages are all that the navigation of the home page leads to.
func pages(t *testing.T) []string {
	t.Helper()
	home := open(t, "")
	found := eval[[]string](t, home, `[...document.querySelectorAll("header a")].map(a => a.getAttribute("href"))`)
	for _, name := range specs.Providers() {
		require.Contains(t, found, name+".html")
	}
	return found
}

// TestPages: nothing is asked of another host, the browser has nothing to say, nobody is kept out, and nothing is wider
// than the window.
func TestPages(t *testing.T) {
	for _, page := range pages(t) {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			v := open(t, page)
			eval[bool](t, v, axe+"; true")
			assert.Equal(t, "en", eval[string](t, v, `document.documentElement.lang`))
			assert.Regexp(t, `\S · customers$`, eval[string](t, v, `document.title`))
			assert.Equal(t, 1, eval[int](t, v, `document.querySelectorAll("h1").length`))
			for _, view := range views {
				name := fmt.Sprintf("%s %d %s", page, view.width, view.scheme)
				v.do(t, chromedp.EmulateViewport(view.width, 900))
				_, err := chromedp.Call(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: view.scheme}},
				})
				require.NoError(t, err)
				picture(t, v, name)
				eval[bool](t, v, `document.querySelectorAll("details").forEach(d => d.open = true); true`)
				wide := eval[int](t, v, `document.documentElement.scrollWidth`)
				assert.LessOrEqual(t, wide, int(view.width), "%s scrolls sideways", name)
				rules := ""
				if view.scheme == "dark" {
					rules = `runOnly: ["color-contrast"]` // nothing else changes
				}
				assert.Empty(t, violations(t, v, rules), name)
				eval[bool](t, v, `document.querySelectorAll("details").forEach(d => d.open = false); true`)
			}
		})
	}
}

// TestWideTables: on a telephone a table that is wider than its box shows that there is more, until its end, and keeps the
// names of its rows in view.
func TestWideTables(t *testing.T) {
	for _, page := range []string{"", "simplepin.html"} {
		v := open(t, page)
		v.do(t, chromedp.EmulateViewport(390, 900))
		assert.NotZero(t, eval[int](t, v, `document.querySelectorAll(".scroll").length`))
		found := eval[[]string](t, v, `(async () => {
			const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
			const wrong = [];
			for (const box of document.querySelectorAll(".scroll")) {
				const name = box.innerText.slice(0, 40), row = box.querySelector("tbody > tr > :first-child");
				const shaded = () => getComputedStyle(box).boxShadow.includes("-"); // at the end it is inset by 0
				const wide = box.scrollWidth > box.clientWidth;
				if (shaded() !== wide) wrong.push(name + ": shaded " + shaded() + ", wide " + wide);
				const { left, width } = row.getBoundingClientRect();
				if (width > box.clientWidth / 2) wrong.push(name + ": the names of rows take " + width);
				box.scrollLeft = box.scrollWidth;
				await frame();
				if (shaded()) wrong.push(name + ": still shaded at the end");
				if (row.getBoundingClientRect().left !== left) wrong.push(name + ": the names of rows leave");
			}
			return wrong;
		})()`)
		assert.Empty(t, found, page)
	}
}

// violations are what axe finds, however small.
func violations(t *testing.T, v *visit, rules string) []string {
	t.Helper()
	return eval[[]string](t, v, `axe.run({resultTypes: ["violations"], selectors: false, `+rules+`}).then(r => r.violations
		.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html + " " + n.failureSummary).join("\n")))`)
}

// picture is for people who want to see the pages.
func picture(t *testing.T, v *visit, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	require.NoError(t, os.MkdirAll(*shots, 0o755))
	png, err := chromedp.Run(v, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(*shots, strings.ReplaceAll(name, " ", "-")+".png"), png, 0o644))
}

// TestOperations: every operation of every contract is on the page, to be seen.
func TestOperations(t *testing.T) {
	for _, provider := range specs.Providers() {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			var contract struct {
				Paths map[string]map[string]yaml.Node
			}
			source, err := specs.FS.ReadFile(provider + ".yaml")
			require.NoError(t, err)
			require.NoError(t, yaml.Unmarshal(source, &contract))
			v := open(t, provider+".html")
			require.NotEmpty(t, contract.Paths)
			for path, operations := range contract.Paths {
				for method, node := range operations {
					var operation struct {
						OperationID string `yaml:"operationId"`
					}
					if node.Kind != yaml.MappingNode {
						continue // parameters of them all
					}
					require.NoError(t, node.Decode(&operation))
					text := eval[string](t, v, fmt.Sprintf(
						`document.getElementById(%q)?.closest("section").querySelector(".request").innerText ?? ""`, operation.OperationID))
					assert.Equal(t, []string{strings.ToUpper(method), path, operation.OperationID}, strings.Fields(text))
				}
			}
		})
	}
}

// TestTryIt: one click creates a customer, and the sandbox has it.
func TestTryIt(t *testing.T) {
	for _, test := range []struct {
		provider, operation string
		id                  *regexp.Regexp // in the answer
		path                string         // where the sandbox has the customer
	}{
		{"digitalpaye", "createCustomer", regexp.MustCompile(`"id": "([^"]+)"`), "/v1/customers/"},
		{"fatora", "createClient", regexp.MustCompile(`"id": (\d+)`), "/v1/clients/"},
		{"simplepin", "addCustomer", regexp.MustCompile(`"customer_id": "([^"]+)"`), "/api/v2/customer/get?customer_id="},
		{"stancer", "createCustomer", regexp.MustCompile(`"id": "([^"]+)"`), "/v1/customers/"},
	} {
		t.Run(test.provider, func(t *testing.T) {
			t.Parallel()
			v := open(t, test.provider+".html")
			form := fmt.Sprintf(`form[aria-label="Try %s"]`, test.operation)
			v.do(t, chromedp.Click(chromedp.CSS(form+" button")))
			answer := waitFor(t, v, form)
			assert.Regexp(t, `^20[01] application/json`, answer)
			id := test.id.FindStringSubmatch(answer)
			require.NotNil(t, id, answer)

			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
				origin+"sandbox/"+test.provider+test.path+url.QueryEscape(id[1]), nil)
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/json") // Fatora asks for it on every call
			for name, value := range eval[map[string]string](t, v, fmt.Sprintf(
				`Object.fromEntries([...document.querySelectorAll('%s [data-in="header"]')].filter(i => i.required).map(i => [i.name, i.value]))`,
				form)) {
				request.Header.Set(name, value)
			}
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
			email := regexp.MustCompile(`[\w.]+@[\w.]+`).FindString(eval[string](t, v, fmt.Sprintf(
				`document.querySelector('%s textarea').value`, form)))
			require.NotEmpty(t, email)
			assert.Contains(t, string(body), email)
		})
	}
}

// waitFor is the text of a form's answer, once there is one.
func waitFor(t *testing.T, v *visit, form string) string {
	t.Helper()
	text, err := chromedp.Run(v, chromedp.Poll[string](fmt.Sprintf(
		`(() => { const a = document.querySelector('%s .answer'); return a.querySelector(".status") ? a.innerText : ""; })()`, form)))
	require.NoError(t, err)
	return text
}

// TestKeyboard: the first stop skips to the content, and all that a mouse can do on a form is done without one.
func TestKeyboard(t *testing.T) {
	v := open(t, "stancer.html")
	v.do(t, chromedp.KeyEvent(kb.Tab))
	assert.Equal(t, "skip", eval[string](t, v, `document.activeElement.className`))
	visible := `(() => { const r = document.activeElement.getBoundingClientRect(); return r.left >= 0 && r.top >= 0; })()`
	assert.True(t, eval[bool](t, v, visible), "who tabs must see where they are")
	assert.NotEqual(t, "none", eval[string](t, v, `getComputedStyle(document.activeElement).outlineStyle`))
	v.do(t, chromedp.KeyEvent(kb.Enter))
	assert.Equal(t, "content", eval[string](t, v, `document.activeElement.id`))

	const form = `form[aria-label="Try getCustomer"]`
	reached := false
	for range 400 {
		v.do(t, chromedp.KeyEvent(kb.Tab))
		if reached = eval[bool](t, v, `document.activeElement.matches('`+form+` button')`); reached {
			break
		}
	}
	require.True(t, reached, "Tab does not lead to the button")
	v.do(t, chromedp.KeyEvent(kb.Enter))
	assert.Regexp(t, `^200 [^{]*{[^}]*awa\.kone@example\.com`, waitFor(t, v, form), "the customer that is there from the start")
}
