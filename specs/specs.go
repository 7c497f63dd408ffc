// Package specs embeds the hand-written OpenAPI contract of each provider.
//
// The YAML files beside this one are the single source of truth: types, clients, request checks, capability tables,
// validation and documentation are made from them.
package specs

import "embed"

// FS holds the contracts as <provider>.yaml.
//
//go:embed *.yaml
var FS embed.FS
