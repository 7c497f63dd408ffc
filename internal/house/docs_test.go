package house_test

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tracked are the files of the tree as git lists them, those that are not committed yet included.
func tracked(t *testing.T) (names []string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", "../..", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("not a git checkout: nothing tells which files belong to the tree")
	}
	return strings.Fields(string(out))
}

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	named   = regexp.MustCompile("`((?:Test|Example|Fuzz)[A-Z_]\\w*)`")
	target  = regexp.MustCompile("`make ([a-z-]+)")
)

// anchors are those of a document's headings, as code hosts make them.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		kept := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(h[1]), "")
		all[strings.ReplaceAll(kept, " ", "-")] = true
	}
	return all
}

// TestDocumentsPointSomewhere: every link to a file or heading of the tree leads there, and every test, example and target
// of make that a document names is there.
func TestDocumentsPointSomewhere(t *testing.T) {
	var tests strings.Builder
	names := tracked(t)
	read := func(name string) string {
		text, err := os.ReadFile("../../" + name)
		require.NoError(t, err)
		return string(text)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			tests.WriteString(read(name))
		}
	}
	makefile := read("Makefile")
	for _, name := range names {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		text := fenced.ReplaceAllString(read(name), "")
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			file, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(file, "://") || strings.HasPrefix(file, "mailto:") {
				continue // nothing here needs the network
			}
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat("../../" + to); !assert.NoError(t, err, "%s: %s", name, found[1]) || anchor == "" {
				continue
			}
			assert.True(t, anchors(read(to))[anchor], "%s: %s has no such heading", name, found[1])
		}
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			assert.True(t, strings.Contains(tests.String(), "\nfunc "+found[1]+"("), "%s names %s", name, found[1])
		}
		for _, found := range target.FindAllStringSubmatch(text, -1) {
			assert.True(t, strings.Contains(makefile, "\n"+found[1]+":"), "%s names make %s", name, found[1])
		}
	}
}
