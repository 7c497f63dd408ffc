package main

import (
	"bytes"
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
)

const canary = "canary.kouassi@example.com"

// stancerAt points the command at a server, with a key that is a canary too.
func stancerAt(t *testing.T, serve http.HandlerFunc) (key string) {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	key = "stest_" + strings.Repeat("cAn4Ry", 4)
	t.Setenv("STANCER_API_KEY", key)
	t.Setenv("STANCER_BASE_URL", server.URL)
	return key
}

// TestExitStatuses has the provider answer in every way, and repeat what it got in its errors.
func TestExitStatuses(t *testing.T) {
	const id = "cust_aB3daB3daB3daB3daB3daB3d"
	create := []string{"create", "--provider", "stancer", "--email", canary}
	get := []string{"get", "--provider", "stancer", id}
	for name, test := range map[string]struct {
		args   []string
		answer int // 0 is none
		want   int
		next   string
	}{
		"done":                 {create, 200, 0, ""},
		"invalid":              {create, 400, 2, ""},
		"not authenticated":    {get, 401, 3, "see: customers help environment"},
		"forbidden":            {create, 403, 6, ""},
		"not found":            {get, 404, 4, ""},
		"exists":               {create, 409, 5, "customers ensure gives the one that is there"},
		"refused":              {create, 402, 6, ""},
		"rate":                 {create, 429, 9, "try again later"},
		"fault":                {get, 500, 9, "try again later"},
		"no answer to a read":  {get, 0, 9, "try again later"},
		"no answer to a write": {create, 0, 8, "look before you try again: customers ensure, get and list tell whether it was done"},
		"a fault at a write":   {create, 500, 8, "look before you try again: customers ensure, get and list tell whether it was done"},
		"redirect":             {get, 302, 10, ""},
	} {
		t.Run(name, func(t *testing.T) {
			key := stancerAt(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if test.answer == 0 {
					panic(http.ErrAbortHandler)
				}
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Retry-After", "3600") // so that nothing is sent again
				w.WriteHeader(test.answer)
				if test.answer == 200 {
					_, _ = io.WriteString(w, `{"id":"`+id+`","email":"`+canary+`"}`)
					return
				}
				said, _ := json.Marshal(string(body) + canary + r.Header.Get("Authorization"))
				_, _ = io.WriteString(w, `{"error":{"type":`+string(said)+`,"message":{"id":`+string(said)+`}}}`)
			})
			for _, flags := range [][]string{nil, {"--json", "--verbose"}} {
				status, out, errs := command(t, "", append(test.args, flags...)...)
				assert.Equal(t, test.want, status, errs)
				assert.Equal(t, test.want == 0, strings.Contains(out, canary), "what was asked for, and only then")
				assert.NotContains(t, errs, "kouassi")
				assert.NotContains(t, errs, key)
				assert.NotContains(t, errs, "Basic")
				if flags == nil && test.next != "" {
					assert.True(t, strings.HasSuffix(errs, "\n"+test.next+"\n"), errs)
				}
				if flags == nil || test.want == 0 {
					continue
				}
				lines := strings.Split(strings.TrimSpace(errs), "\n")
				var last struct {
					Error   string
					Status  int `json:"exit_status"`
					Next    string
					Details customers.Error
				}
				require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
				assert.Equal(t, test.want, last.Status)
				assert.Equal(t, test.next, last.Next)
				assert.Equal(t, "stancer", last.Details.Provider)
				assert.Contains(t, lines[0], `"msg":"attempt"`)
			}
		})
	}
}

// TestEveryKindHasAStatus reads the kinds where they are declared.
func TestEveryKindHasAStatus(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../errors.go", nil, 0)
	require.NoError(t, err)
	kinds := 0
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, s := range group.Specs {
			spec := s.(*ast.ValueSpec)
			if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Kind" {
				continue
			}
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			status, _ := exitStatus(&customers.Error{Kind: customers.Kind(text)})
			assert.Greater(t, status, statusNegative, "%s has no exit status of its own", text)
			kinds++
		}
	}
	assert.Greater(t, kinds, 10)
	status, _ := exitStatus(&customers.Error{Kind: customers.ErrCanceled, Outcome: customers.ErrUnknownOutcome})
	assert.Equal(t, 8, status, "interrupted, but perhaps done")
}

// TestInterrupt sends the signal to the process while the provider has the request of a write, and while it has one of
// a read.
func TestInterrupt(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want int
		errs string
	}{
		"write": {[]string{"create", "--email", canary}, 8, "outcome unknown"},
		"read":  {[]string{"get", "x"}, 130, "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{})
			stancerAt(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadAll(r.Body)
				close(arrived)
				<-r.Context().Done()
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cmd := exec.CommandContext(ctx, "customers", append(test.args, "--provider", "stancer")...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			require.NoError(t, cmd.Start())
			<-arrived
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
			var exit *exec.ExitError
			require.ErrorAs(t, cmd.Wait(), &exit)
			assert.Equal(t, test.want, exit.ExitCode())
			assert.Contains(t, errs.String(), test.errs)
			assert.NotContains(t, errs.String(), "kouassi")
		})
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestDoneButNotPrinted: a write that was carried out must not look like one that was not.
func TestDoneButNotPrinted(t *testing.T) {
	for _, args := range [][]string{
		{"create", "--provider", "fatora", "--sandbox", "--name", "Ama"},
		{"create", "--provider", "fatora", "--sandbox", "--name", "Ama", "--json"},
		{"delete", "--provider", "stancer", "--sandbox"},
		{"list", "--provider", "fatora", "--sandbox"},
		{"list", "--provider", "fatora", "--sandbox", "--json"},
	} {
		var errs strings.Builder
		assert.Equal(t, statusNegative, execute(t.Context(), args, strings.NewReader(""), full{}, &errs))
		assert.Equal(t, "customers: done, but the result could not be printed: short write\n",
			strings.NewReplacer(`{"error":"`, "customers: ", `","exit_status":1}`, "").Replace(errs.String()))
	}
}

// oneOfManyAt points the command at a Fatora that has one client on its first page, and refuses to show the second.
func oneOfManyAt(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("page") == "1" && r.Header.Get("Authorization") == "Bearer given" {
			_, _ = io.WriteString(w, `{"status":"SUCCESS","clients":[{"id":7,"name":"Ama"}]}`)
			return
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"API_KEY": "", "API_KEY_FILE": "", "BEARER_TOKEN": "given", "BASE_URL": server.URL} {
		t.Setenv("FATORA_"+name, value)
	}
}

// TestFailedList: what came before the error stands.
func TestFailedList(t *testing.T) {
	oneOfManyAt(t)
	status, out, errs := command(t, "", "list", "--provider", "fatora")
	assert.Equal(t, 6, status, errs)
	assert.Equal(t, "ID REFERENCE NAME EMAIL PHONE\n7 Ama\n", squeeze(out))
	assert.Contains(t, errs, "forbidden")
	assert.NotContains(t, errs, "no customer found")
}

// TestFailedAndNotPrinted: why a list failed matters more than that its table could not be printed.
func TestFailedAndNotPrinted(t *testing.T) {
	oneOfManyAt(t)
	var errs strings.Builder
	assert.Equal(t, 6, execute(t.Context(), []string{"list", "--provider", "fatora"}, strings.NewReader(""), full{}, &errs))
	assert.Contains(t, errs.String(), "forbidden")
	assert.Contains(t, errs.String(), "\ncustomers: short write\n")
}

// TestRefusedAndNotPrinted: the same of a plan, whose exit status is that of the create.
func TestRefusedAndNotPrinted(t *testing.T) {
	var errs strings.Builder
	args := []string{"create", "--provider", "stancer", "--dry-run", "--email", "ama@example.com", "--city", "Abidjan"}
	assert.Equal(t, 7, execute(t.Context(), args, strings.NewReader(""), full{}, &errs))
	assert.Contains(t, errs.String(), "address.city: unsupported by this provider")
	assert.Contains(t, errs.String(), "\ncustomers: short write\n")
}

// Whoever waits for standard input can be interrupted.
func TestInterruptWhileReading(t *testing.T) {
	in, never := io.Pipe()
	defer never.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	status := execute(ctx, []string{"create", "--provider", "fatora", "--sandbox", "--file", "-"}, in, &out, &errs)
	assert.Equal(t, 130, status, errs.String())
	assert.Contains(t, errs.String(), "standard input")
}
