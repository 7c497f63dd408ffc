// Package readme_test holds the README against the code.
package readme_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/internal/matrix"
	"github.com/contract-first/customers/specs"
)

const path = "../../README.md"

var update = flag.Bool("update", false, "write the README's table")

func providers(t *testing.T) []customers.Capabilities {
	t.Helper()
	var names []string
	var all []customers.Capabilities
	for _, open := range []func() (customers.Driver, error){
		func() (customers.Driver, error) {
			return digitalpaye.NewDriver(digitalpaye.Config{APIKey: "k", APISecret: "s"})
		},
		func() (customers.Driver, error) {
			return simplepin.NewDriver(simplepin.Config{Authorization: "a", Token: "t", BaseURL: simplepin.Staging})
		},
		func() (customers.Driver, error) { return stancer.NewDriver(stancer.Config{APIKey: "stest_k"}) },
		func() (customers.Driver, error) { return fatora.NewDriver(fatora.Config{APIKey: "k"}) },
	} {
		driver, err := open()
		require.NoError(t, err)
		all = append(all, driver.Capabilities())
		names = append(names, driver.Capabilities().Provider)
	}
	require.ElementsMatch(t, specs.Providers(), names)
	return all
}

// TestTable holds the README's table against the capabilities.
func TestTable(t *testing.T) {
	const begin, end = "<!-- table: written by make generate -->\n", "<!-- end of table -->\n"
	var table bytes.Buffer
	require.NoError(t, matrix.Markdown(&table, providers(t)))
	readme, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(readme), begin)
	require.True(t, found, "the README has lost the mark %q", begin)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found, "the README has lost the mark %q", end)
	want := before + begin + table.String() + end + after
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(readme), "run make generate")
}

// TestCodeCompiles builds the README's Go code as the body of a function in this module.
func TestCodeCompiles(t *testing.T) {
	readme, err := os.ReadFile(path)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(readme), "```go\n")
	require.True(t, found)
	code, _, found := strings.Cut(rest, "```")
	require.True(t, found)

	program := `package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/stancer"
)

func main() {
	ctx := context.Background()
` + code + `}
`
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(program), 0o644))
	pretended, err := filepath.Abs("../readmecode/main.go")
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{pretended: file}})
	require.NoError(t, err)
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o644))
	output, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlayFile, "-o", os.DevNull, "../readmecode").CombinedOutput()
	assert.NoError(t, err, "%s", output)
}
