//go:build tools

package customers

// The generator's version is pinned in go.mod by this import; nothing that users compile contains it.
import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
