package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGuideFitsTheTree applies the guide's files and diffs to the tree as it is. That what comes of it works is for
// make newprovider-test, which takes minutes.
func TestGuideFitsTheTree(t *testing.T) {
	t.Chdir("../..")
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	steps, err := parse(string(text))
	require.NoError(t, err)
	require.NotEmpty(t, steps)
	dir := t.TempDir()
	for _, s := range steps {
		if s.language == "sh" {
			continue
		}
		// Only what the guide changes needs to be there.
		if data, err := os.ReadFile(s.file); err == nil {
			if _, err := os.Stat(filepath.Join(dir, s.file)); err != nil {
				require.NoError(t, write(filepath.Join(dir, s.file), data, 0o644))
			}
		}
		assert.NoError(t, s.do(io.Discard, dir), "%s:%d", guide, s.line)
	}
}

func TestParse(t *testing.T) {
	steps, err := parse("Write `a.go`:\n\n```go a.go\npackage a\n```\n\nand then\n\n```go a.go\n\nvar b int\n```\n\n" +
		"Change `c.go`:\n\n```diff c.go\n+x\n```\n\n```sh\nmake test\n```\n")
	require.NoError(t, err)
	assert.Equal(t, []step{
		{line: 3, language: "go", file: "a.go", text: "package a\n"},
		{line: 9, language: "go", file: "a.go", more: true, text: "\nvar b int\n"},
		{line: 16, language: "diff", file: "c.go", text: "+x\n"},
		{line: 20, language: "sh", text: "make test\n"},
	}, steps)
	for text, want := range map[string]string{
		"```go a.go\n```\n":       "does not name `a.go`",
		"Write:\n```go\nx\n```\n": "names no file",
		"`a.go`\n```go a.go\nx\n": "does not end",
	} {
		_, err := parse(text)
		assert.ErrorContains(t, err, want)
	}
}

func TestPatch(t *testing.T) {
	const text = "one\ntwo\nthree\ntwo and a half\n"
	for diff, want := range map[string]string{
		" two\n+more\n":                       "one\ntwo\nmore\nthree\ntwo and a half\n",
		"-one\n+eins\n two\n":                 "eins\ntwo\nthree\ntwo and a half\n",
		" one\n+a\n@@\n-two and a half\n+b\n": "one\na\ntwo\nthree\nb\n",
	} {
		got, err := patch(text, diff)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for diff, want := range map[string]string{
		" four\n+x\n":        "do 0 times",
		" one\n three\n+x\n": "do 0 times",
		"+x\n":               "must stand there once",
		"x\n":                "begins with a blank",
	} {
		_, err := patch(text, diff)
		assert.ErrorContains(t, err, want)
	}
	_, err := patch("a\nb\na\n", " a\n+x\n")
	assert.ErrorContains(t, err, "do 2 times")
}

func TestStepRefuses(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, step{language: "go", file: "x/a.go", text: "package a\n"}.do(io.Discard, dir))
	assert.ErrorContains(t, step{language: "go", file: "x/a.go"}.do(io.Discard, dir), "is there already")
	assert.ErrorIs(t, step{language: "diff", file: "x/b.go", text: "+x\n"}.do(io.Discard, dir), os.ErrNotExist)
	err := step{language: "sh", text: "true\necho told; false\n"}.do(io.Discard, dir)
	assert.ErrorContains(t, err, "echo told; false: exit status 1\ntold")
}
