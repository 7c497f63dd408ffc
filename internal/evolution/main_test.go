package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	spec = `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /people:
    post:
      requestBody:
        content: {application/json: {schema: {type: object, properties: {name: {type: string, maxLength: 64}}}}}
      responses:
        "200":
          description: ok
          content:
            application/json: &object {schema: {type: object, required: [id], properties: {id: {type: string}}}}
            application/xml: *object
`
	library = "package lib\n\nfunc Kept() {}\n\nfunc Gone() {}\n\ntype Client struct{}\n\nfunc (*Client) Close() {}\n"
)

// checkout makes a repository with a module and its contract, released as the version.
func checkout(t *testing.T, version string) string {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+who+"_NAME", "Ama Kouassi")
		t.Setenv("GIT_"+who+"_EMAIL", "ama.kouassi@example.com")
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod":              "module example.com/lib\n\ngo 1.25.0\n",
		"lib.go":              library,
		"old/old.go":          "package old\n",
		"internal/x/x.go":     "package x\n\nfunc Hidden() {}\n",
		"cmd/lib/main.go":     "package main\n\nvar Flag int\n\nfunc main() {}\n",
		"specs/acme.yaml":     spec,
		"specs/umbrella.yaml": spec,
		"CHANGELOG.md":        "# Changelog\n\n## [Unreleased]\n\n## [" + version + "]\n\n- `lib.Gone`, `lib.New` were in an older version\n",
	})
	commands := [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "all"}}
	if version != "" {
		commands = append(commands, []string{"tag", "v" + version})
	}
	for _, args := range commands {
		_, err := git(t.Context(), dir, args...)
		require.NoError(t, err)
	}
	return dir
}

// write puts files into a folder; an empty one is removed.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if text == "" {
			require.NoError(t, os.Remove(path))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

func TestChangesAndTheVersionTheyNeed(t *testing.T) {
	tests := map[string]struct {
		version string
		files   map[string]string
		want    []string // the lines after the first
	}{
		"nothing": {"0.1.0", nil, []string{"no change of the API or of a contract"}},
		"what is not public": {"0.1.0", map[string]string{
			"internal/x/x.go": "package x\n", "cmd/lib/main.go": "package main\n\nfunc main() {}\n",
		}, []string{"no change of the API or of a contract"}},
		"addition": {"0.1.0", map[string]string{"lib.go": library + "\nfunc New() {}\n"}, []string{
			"patch  `lib.New`: added", "together: patch",
		}},
		"addition after version 1": {"1.2.3", map[string]string{"lib.go": library + "\nfunc New() {}\n"}, []string{
			"minor  `lib.New`: added", "together: minor",
		}},
		"removal": {"0.1.0", map[string]string{"lib.go": "package lib\n\nfunc Kept() {}\n\nfunc New() {}\n\ntype Client struct{}\n"}, []string{
			"minor  `lib.Client.Close`: removed", "minor  `lib.Gone`: removed", "patch  `lib.New`: added", "together: minor",
		}},
		"removal after version 1": {"1.2.3", map[string]string{"lib.go": strings.Replace(library, "func Gone() {}\n", "", 1)}, []string{
			"major  `lib.Gone`: removed", "together: major",
		}},
		"package renamed": {"0.1.0", map[string]string{"old/old.go": "", "young/young.go": "package young\n"}, []string{
			"minor  `old`: package removed", "patch  `young`: package added", "together: minor",
		}},
		"stricter contract": {"0.1.0", map[string]string{"specs/acme.yaml": strings.Replace(spec, "64", "32", 1)}, []string{
			"minor  `acme POST /people`: the `name` request property's maxLength was decreased to `32`", "together: minor",
		}},
		"the same for two media types is one change": {"0.1.0", map[string]string{
			"specs/acme.yaml": strings.Replace(spec, "required: [id], ", "", 1),
		}, []string{
			"minor  `acme POST /people`: the response property `id` became optional for the status `200`", "together: minor",
		}},
		"contract renamed": {"0.1.0", map[string]string{"specs/umbrella.yaml": "", "specs/parasol.yaml": spec}, []string{
			"patch  `specs/parasol.yaml`: added", "minor  `specs/umbrella.yaml`: removed", "together: minor",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := checkout(t, test.version)
			write(t, dir, test.files)
			var out strings.Builder
			err := run(t.Context(), dir, "", &out)
			said, missing, _ := strings.Cut(out.String(), "\nto be said in CHANGELOG.md, under Unreleased:\n")
			want := append([]string{"compared with v" + test.version + ", version v" + test.version}, test.want...)
			assert.Equal(t, strings.Join(want, "\n")+"\n", said)
			if missing == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorIs(t, err, errNotInChangelog)

			// What is printed is what it takes.
			write(t, dir, map[string]string{"CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n" + missing + "\n## [" + test.version + "]\n"})
			assert.NoError(t, run(t.Context(), dir, "", &out))
		})
	}
}

func TestChangelog(t *testing.T) {
	tests := map[string]struct {
		changelog string
		missing   string
	}{
		"nothing":               {"## [Unreleased]\n", "- `acme POST /people`: the `name` request property's maxLength was decreased to `32`\n- `lib.Gone`: removed\n"},
		"other words, wrapped":  {"## Unreleased\n### Changed\n- `lib.Gone` is gone, and `acme POST\n  /people` takes a `name`\n  of `32` characters at most\n", ""},
		"in the new version":    {"## [Unreleased]\n\n## [0.2.0] - 2026-01-31\n- `lib.Gone`\n- `acme POST /people` `name` `32`\n", ""},
		"in an old version":     {"## [Unreleased]\n- `acme POST /people` `name` `32`\n## [0.1.0]\n- `lib.Gone`\n", "- `lib.Gone`: removed\n"},
		"half":                  {"## [Unreleased]\n- `lib.Gone`\n- `acme POST /people`: `name`\n- `32`\n", "- `acme POST /people`: the `name` request property's maxLength was decreased to `32`\n"},
		"another name":          {"## [Unreleased]\n- `lib.GoneToo`, lib.Gone\n- `acme POST /people` `name` `32`\n", "- `lib.Gone`: removed\n"},
		"a pattern":             {"## [Unreleased]\n- `lib.G*`\n- `acme POST /*` `name` `32`\n", ""},
		"not beyond a slash":    {"## [Unreleased]\n- `*Gone`\n- `acme *` `name` `32`\n", "- `acme POST /people`: the `name` request property's maxLength was decreased to `32`\n"},
		"a paragraph, no entry": {"## [Unreleased]\n\n`lib.Gone`\n\n- `acme POST /people` `name` `32`\n\n`lib.Gone`\n", "- `lib.Gone`: removed\n"},
	}
	dir := checkout(t, "0.1.0")
	write(t, dir, map[string]string{
		"lib.go":          strings.Replace(library, "func Gone() {}\n", "", 1),
		"specs/acme.yaml": strings.Replace(spec, "64", "32", 1),
	})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			write(t, dir, map[string]string{"CHANGELOG.md": test.changelog})
			var out strings.Builder
			err := run(t.Context(), dir, "v0.1.0", &out)
			_, missing, _ := strings.Cut(out.String(), "\nto be said in CHANGELOG.md, under Unreleased:\n")
			assert.ElementsMatch(t, strings.Split(test.missing, "\n"), strings.Split(missing, "\n"))
			if test.missing == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, errNotInChangelog)
			}
		})
	}
}

func TestWithoutTags(t *testing.T) {
	dir := checkout(t, "")
	_, err := git(t.Context(), dir, "tag", "vnext") // no version
	require.NoError(t, err)
	write(t, dir, map[string]string{"lib.go": library + "\nfunc New() {}\n"})

	var out strings.Builder
	require.NoError(t, run(t.Context(), dir, "", &out))
	assert.Contains(t, out.String(), "nothing to compare with: no version tag")

	out.Reset()
	require.ErrorIs(t, run(t.Context(), dir, "HEAD", &out), errNotInChangelog)
	assert.Contains(t, out.String(), "compared with HEAD, version 0 (nothing is released)\npatch  `lib.New`: added\n")
}

func TestLastVersion(t *testing.T) {
	dir := checkout(t, "0.9.0")
	for _, tag := range []string{"v0.10.0", "v0.10.0-rc.1", "vnext", "1.0.0"} {
		_, err := git(t.Context(), dir, "tag", tag)
		require.NoError(t, err)
	}
	for _, args := range [][]string{{"commit", "-q", "--allow-empty", "-m", "next"}, {"tag", "v0.11.0"}} {
		_, err := git(t.Context(), dir, args...)
		require.NoError(t, err)
	}
	for revision, want := range map[string]string{"HEAD": "v0.11.0", "HEAD~1": "v0.10.0"} {
		version, err := lastVersion(t.Context(), dir, revision)
		require.NoError(t, err)
		assert.Equal(t, want, version, revision)
	}
}

func TestWhatCannotBeCompared(t *testing.T) {
	tests := map[string]struct {
		base  string
		files map[string]string
		want  string
	}{
		"no such revision":    {"v9.9.9", nil, "v9.9.9"},
		"broken code":         {"", map[string]string{"lib.go": "package lib\n\nfunc Kept() int {}\n"}, "missing return"},
		"broken contract":     {"", map[string]string{"specs/acme.yaml": "openapi: ["}, "specs: acme: "},
		"module file missing": {"", map[string]string{"go.mod": ""}, "packages: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := checkout(t, "0.1.0")
			write(t, dir, test.files)
			var out strings.Builder
			err := run(t.Context(), dir, test.base, &out)
			require.ErrorContains(t, err, test.want)
			assert.NotErrorIs(t, err, errNotInChangelog)
			assert.Empty(t, out.String())
		})
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, run(canceled, checkout(t, "0.1.0"), "", new(strings.Builder)), context.Canceled)
}
