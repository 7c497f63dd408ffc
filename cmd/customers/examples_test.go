package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExamples runs the examples of every command's help, but those that need recordings or credentials, or serve.
func TestExamples(t *testing.T) {
	profile := "name: {given: Ama, family: Kouassi}\nemail: ama.kouassi@example.com\n"
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("profile.yaml", []byte(profile), 0o600))
	for _, cmd := range rootCommand().Commands() {
		if cmd.Run == nil && cmd.RunE == nil {
			continue // a topic of the help
		}
		assert.NotEmpty(t, cmd.Example, cmd.Name())
		for line := range strings.Lines(cmd.Example) {
			args := strings.Fields(line)
			if cmd.Name() == "check" && !strings.Contains(line, "--sandbox") ||
				cmd.Name() == "docs" && !strings.Contains(line, "--write") {
				continue
			}
			if cmd.Name() == "sandbox" {
				sandboxExample(t, line)
				continue
			}
			status, out, errs := command(t, "", args[1:]...)
			if strings.Contains(line, "--provider all") {
				assert.NotZero(t, status, "not all of them take the example's customer")
			} else {
				assert.Zero(t, status, "%s: %s", line, errs)
			}
			assert.NotEmpty(t, out, line)
		}
	}
}

// sandboxExample runs one that serves until it is interrupted, which it is from the beginning.
func sandboxExample(t *testing.T, line string) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	// The port may be somebody else's.
	args := strings.Fields(strings.NewReplacer("'", "", "--port 8400", "").Replace(line))
	var out, errs strings.Builder
	assert.Zero(t, execute(ctx, args[1:], strings.NewReader(""), &out, &errs), line)
	assert.Empty(t, errs.String())
	assert.Regexp(t, `STANCER_BASE_URL|^DIALECT`, out.String())
}

var update = flag.Bool("update", false, "write the session of docs/command-line.md")

// TestDocumentedSession runs the commands of the session in docs/command-line.md and compares what they print.
func TestDocumentedSession(t *testing.T) {
	path, err := filepath.Abs("../../docs/command-line.md")
	require.NoError(t, err)
	document, err := os.ReadFile(path)
	require.NoError(t, err)
	const begin, end = "<!-- session: written by make generate -->\n```\n", "```\n<!-- end of session -->\n"
	before, rest, found := strings.Cut(string(document), begin)
	require.True(t, found, "docs/command-line.md has lost the mark %q", begin)
	session, after, found := strings.Cut(rest, end)
	require.True(t, found, "docs/command-line.md has lost the mark %q", end)
	t.Chdir("../..") // where its reader is
	var want strings.Builder
	for line := range strings.Lines(session) {
		prompted, ok := strings.CutPrefix(line, "$ customers ")
		if !ok {
			continue
		}
		want.WriteString(line)
		_, out, errs := command(t, "", strings.Fields(prompted)...)
		want.WriteString(out + errs)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+want.String()+end+after), 0o644))
		return
	}
	assert.Equal(t, want.String(), session, "run make generate")
}

// TestInputThatNoScriptCanHold: bytes that are no text, and too many of them.
func TestInputThatNoScriptCanHold(t *testing.T) {
	create := []string{"create", "--provider", "fatora", "--sandbox"}
	for name, test := range map[string]struct{ flag, value, stdin, want string }{
		"flag":     {"--name", "Ama \xff", "", "--name is not UTF-8"},
		"JSON":     {"--file", "-", `{"email":"ama` + "\xff" + `"}`, "standard input: is not UTF-8"},
		"too long": {"--file", "-", strings.Repeat("a", maxDocument+1), "standard input: larger than 1048576 bytes: not a customer"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errs := command(t, test.stdin, append(create, test.flag, test.value)...)
			assert.Equal(t, statusUsage, status)
			assert.Empty(t, out)
			assert.Equal(t, "customers: "+test.want+"\n", errs)
		})
	}
}

// TestCellsAreHarmless: what a provider sends must not command the terminal.
func TestCellsAreHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"Łukasz Ó": "Łukasz Ó", "a\tb": `"a\tb"`, "\x1b[2J": `"\x1b[2J"`, "two\nlines": `"two\nlines"`, "\u202eevil": `"\u202eevil"`,
	} {
		assert.Equal(t, want, cell(text))
	}
}
