package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/drift"
	"github.com/contract-first/customers/sandbox"
)

// TestScriptDrivesEveryOperation of every contract.
func TestScriptDrivesEveryOperation(t *testing.T) {
	script, err := os.ReadFile("testdata/script/sandbox.txtar")
	require.NoError(t, err)
	for name := range providers {
		spec, err := contract.Load(name)
		require.NoError(t, err)
		for _, op := range spec.Operations() {
			line := " " + name + "." + op.ID + " " + op.Method + " "
			assert.True(t, strings.Contains(string(script), line), line)
		}
	}
}

// TestThrowAway holds the certificate against what clients are strict about.
func TestThrowAway(t *testing.T) {
	served, authority, err := throwAway()
	require.NoError(t, err)
	block, rest := pem.Decode(authority)
	require.Equal(t, "CERTIFICATE", block.Type)
	assert.Empty(t, rest, "and no key")
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority))
	leaf, err := x509.ParseCertificate(served.Certificate[0])
	require.NoError(t, err)
	for _, name := range []string{"127.0.0.1", "::1", "localhost"} {
		_, err = leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots})
		assert.NoError(t, err, name)
	}
	_, err = leaf.Verify(x509.VerifyOptions{DNSName: "example.com", Roots: roots})
	assert.Error(t, err)
	_, err = leaf.Verify(x509.VerifyOptions{DNSName: "localhost", Roots: roots, CurrentTime: time.Now().Add(8 * 24 * time.Hour)})
	assert.Error(t, err, "days, not years")
	assert.False(t, leaf.IsCA)

	other, _, err := throwAway()
	require.NoError(t, err)
	assert.NotEqual(t, served.Certificate, other.Certificate)
}

// exchange is one that a journal writes.
func exchange(body []byte) sandbox.Exchange {
	return sandbox.Exchange{
		Provider: "stancer", Time: time.Date(2026, 1, 31, 9, 30, 0, 5e6, time.UTC), Duration: 1500 * time.Microsecond,
		Method: "POST", URL: "http://127.0.0.1:9090/v1/customers/?b=1&a=%20", Query: "b=1&a=%20", Proto: "HTTP/1.1",
		RequestHeader: http.Header{"Content-Type": {"application/json"}}, RequestBody: body,
		Status: 200, ResponseHeader: http.Header{"Content-Type": {"application/json"}}, ResponseBody: body, Fault: "empty",
	}
}

// entries reads a journal as others do, and as customers check does.
func entries(t *testing.T, name string) (all []map[string]any, read []*drift.Exchange) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	var archive struct {
		Log struct {
			Version string
			Entries []map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(data, &archive), "%s", data)
	assert.Equal(t, "1.2", archive.Log.Version)
	for e, err := range drift.Read(bytes.NewReader(data)) {
		require.NoError(t, err)
		read = append(read, e)
	}
	require.Len(t, read, len(archive.Log.Entries))
	return archive.Log.Entries, read
}

func openJournal(t *testing.T) (j *journal, name string) {
	t.Helper()
	j, name = new(journal), filepath.Join(t.TempDir(), "traffic.har")
	require.NoError(t, os.WriteFile(name, bytes.Repeat([]byte("old"), 10000), 0o644))
	j.mu.Lock()
	require.True(t, j.open(name))
	return j, name
}

// TestJournalIsWhole after each entry, and holds what was said, byte for byte.
func TestJournalIsWhole(t *testing.T) {
	j, name := openJournal(t)
	all, _ := entries(t, name)
	assert.Empty(t, all)
	bodies := [][]byte{[]byte(`{"name":"Zoë <&> \"x\""}`), {}, nil, []byte("\xff\x00\x1f"), []byte("line\n\u2028\t")}
	for i, body := range bodies {
		require.True(t, j.add(exchange(body)))
		_, read := entries(t, name)
		require.Len(t, read, i+1)
		for n, e := range read {
			assert.Equal(t, bodies[n], e.RequestBody)
			assert.Equal(t, bodies[n], e.ResponseBody)
			assert.Equal(t, "stancer", e.Provider)
		}
	}
	all, _ = entries(t, name)
	entry, err := json.Marshal(all[2])
	require.NoError(t, err)
	const headers = `[{"name":"Content-Type","value":"application/json"}]`
	assert.JSONEq(t, `{
		"_provider": "stancer", "startedDateTime": "2026-01-31T09:30:00.005Z", "time": 1.5, "cache": {}, "comment": "fault empty",
		"timings": {"send": 0, "wait": 1.5, "receive": 0},
		"request": {"method": "POST", "url": "http://127.0.0.1:9090/v1/customers/?b=1&a=%20", "httpVersion": "HTTP/1.1",
			"cookies": [], "headers": `+headers+`, "queryString": [{"name":"a","value":" "},{"name":"b","value":"1"}],
			"headersSize": -1, "bodySize": -1},
		"response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": `+headers+`,
			"content": {"size": 0, "mimeType": "application/json"}, "redirectURL": "", "headersSize": -1, "bodySize": -1}
	}`, string(entry))
	require.NoError(t, j.close())
	assert.False(t, j.add(exchange(nil)), "nothing comes after the end")
}

// TestJournalOnAFullDisk keeps what it has, and tells once.
func TestJournalOnAFullDisk(t *testing.T) {
	j, name := openJournal(t)
	require.True(t, j.add(exchange([]byte("{}"))))
	whole := j.file
	readOnly, err := os.Open(name)
	require.NoError(t, err)
	j.file = readOnly
	assert.False(t, j.add(exchange([]byte("{}"))))
	j.file = whole
	assert.False(t, j.add(exchange([]byte("{}"))), "not after one that is missing")
	_, read := entries(t, name)
	assert.Len(t, read, 1)
	require.ErrorContains(t, j.close(), "journal: write "+name)
	require.NoError(t, readOnly.Close())
}

// TestJournalOfItsOwn: each process writes a file of its own, which nobody else can read, also where they share a name.
func TestJournalOfItsOwn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open is not replaced there, and has other rights")
	}
	first, name := openJournal(t) // in the place of a file that all can read
	link := filepath.Join(t.TempDir(), "latest.har")
	require.NoError(t, os.Symlink(name, link))
	require.True(t, first.add(exchange([]byte("{}"))))
	other, err := os.Open(name)
	require.NoError(t, err)
	defer other.Close()

	second := new(journal)
	second.mu.Lock()
	require.True(t, second.open(link))
	for range 2 {
		require.True(t, second.add(exchange([]byte("{}"))))
		require.True(t, first.add(exchange([]byte("[1,2,3]"))))
	}
	_, read := entries(t, link)
	assert.Len(t, read, 2)
	_, read = entries(t, name)
	assert.Len(t, read, 2, "the link is still one")
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	data, err := io.ReadAll(other)
	require.NoError(t, err)
	assert.True(t, json.Valid(data), "the first one is whole too")
	require.NoError(t, first.close())
	require.NoError(t, second.close())
}

// TestSandboxEndsWithItsJournal: whoever needs it must not go on without.
func TestSandboxEndsWithItsJournal(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell that limits the size of files")
	}
	name := filepath.Join(t.TempDir(), "traffic.har")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -f 8; exec customers sandbox --json --journal "$0"`, name)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var printed struct{ URLs map[string]string }
	require.NoError(t, json.NewDecoder(out).Decode(&printed))
	client := &http.Client{Transport: &http.Transport{}}
	gone := false
	for n := 0; !gone && n < 100_000; n++ {
		res, err := client.Post(printed.URLs["stancer"]+"/v1/customers/", "application/json", strings.NewReader(strings.Repeat("x", 200)))
		if gone = err != nil; gone {
			continue
		}
		_, _ = io.Copy(io.Discard, res.Body)
		require.NoError(t, res.Body.Close())
	}
	client.CloseIdleConnections()
	require.True(t, gone, "it serves on without its journal")
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, statusNegative, exit.ExitCode())
	assert.Contains(t, errs.String(), `{"error":"journal: write `+name+`: file too large","exit_status":1}`)
	assert.Equal(t, 1, strings.Count(errs.String(), "\n"))
	_, read := entries(t, name)
	assert.NotEmpty(t, read)
}

func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"https://127.0.0.1:8400/api": "https://127.0.0.1:8400/api", "/tmp/it's $HOME": `'/tmp/it'\''s $HOME'`,
	} {
		assert.Equal(t, want, quoted(word))
	}
}
