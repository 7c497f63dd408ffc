// Package specs embeds the hand-written OpenAPI contract of each provider.
//
// The YAML files beside this one are the single source of truth: types, clients, request checks, capability tables,
// validation and documentation are made from them.
//
// Package contract and the sandbox import it; programs that use the adapters only do not get it.
package specs

import (
	"embed"
	"strings"
)

// FS holds the contracts as <provider>.yaml.
//
//go:embed *.yaml
var FS embed.FS

// Providers are the names of the contracts, in alphabetical order.
func Providers() []string {
	entries, _ := FS.ReadDir(".") // an embedded folder: it cannot fail
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return names
}
