// Package docs embeds the guides, for the documentation that the command line serves.
package docs

import "embed"

// FS holds the guides as <name>.md.
//
//go:embed *.md
var FS embed.FS
