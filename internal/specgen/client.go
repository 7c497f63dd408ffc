package specgen

import (
	"bytes"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/go/ast/astutil"
)

func clientFile(provider string) string { return filepath.Join("gen", provider, provider+".gen.go") }

// writeClient writes the types and the client of a provider.
func writeClient(provider string) error {
	doc, err := load(provider)
	if err != nil {
		return err
	}
	settings, err := os.ReadFile(filepath.Join("gen", "config.yaml"))
	if err != nil {
		return err
	}
	var config codegen.Configuration
	if err := yaml.Unmarshal(settings, &config); err != nil {
		return err
	}
	config.PackageName = provider
	config = config.UpdateDefaults()
	if err := config.Validate(); err != nil {
		return err
	}
	if doc.Components != nil {
		for _, schema := range doc.Components.Schemas {
			schema.Value.AnyOf = nil // the generator would make a union of "an e-mail or a mobile"; the checks hold it
		}
	}
	codegen.TemplateFunctions["path"] = pathOf
	types := codegen.DefaultTypeMapping
	if own := config.OutputOptions.TypeMapping; own != nil {
		types = types.Merge(*own)
	}
	codegen.TemplateFunctions["text"] = func(p codegen.ParameterDefinition, value string) (string, error) {
		return textOf(p, types.String, value)
	}
	source, err := codegen.Generate(doc, config)
	if err != nil {
		return err
	}
	formatted, err := withoutUnusedImports(source)
	if err != nil {
		return err
	}
	path := clientFile(provider)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, formatted, 0o644)
}

// withoutUnusedImports does what goimports would, which looks through all modules of the machine for it.
func withoutUnusedImports(source string) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, imported := range slices.Clone(file.Imports) {
		path, err := strconv.Unquote(imported.Path.Value)
		if err != nil {
			return nil, err
		}
		if !astutil.UsesImport(file, path) {
			astutil.DeleteImport(fset, file, path)
		}
	}
	var out bytes.Buffer
	err = format.Node(&out, fset, file)
	return out.Bytes(), err
}

var inBraces = regexp.MustCompile(`\{[^}]*\}`)

// pathOf is the path of an operation as a Go expression, its parameters as segment0, segment1, …
func pathOf(op codegen.OperationDefinition) (string, error) {
	if len(op.CookieParams) > 0 {
		return "", fmt.Errorf("%s: parameters in cookies are not supported", op.OperationId)
	}
	for _, body := range op.Bodies {
		if body.IsSupportedByClient() && !body.IsJSON() {
			return "", fmt.Errorf("%s: a body of %s is not supported", op.OperationId, body.ContentType)
		}
	}
	var parts []string
	for i, fixed := range inBraces.Split(op.Path, -1) {
		if i > 0 {
			parts = append(parts, "segment"+strconv.Itoa(i-1))
		}
		if fixed != "" {
			parts = append(parts, strconv.Quote(fixed))
		}
	}
	return strings.Join(parts, " + "), nil
}

// textOf is the text of a parameter as a Go expression; value is the one that it has in Go. texts says which formats of
// a text are no string in Go.
func textOf(p codegen.ParameterDefinition, texts codegen.FormatMapping, value string) (string, error) {
	style := p.Style()
	switch typ := p.SchemaType(); {
	case !p.IsStyled() || style != "simple" && style != "form":
		return "", fmt.Errorf("parameter %s: its style is not supported", p.ParamName)
	case typ == openapi3.TypeString && texts.Resolve(p.Spec.Schema.Value.Format).Type != "string":
		return "", fmt.Errorf("parameter %s: format %s is not supported", p.ParamName, p.Spec.Schema.Value.Format)
	case typ == openapi3.TypeString && p.TypeDef() == "string":
		return value, nil
	case typ == openapi3.TypeString:
		return "string(" + value + ")", nil
	case typ == openapi3.TypeInteger:
		return "strconv.FormatInt(int64(" + value + "), 10)", nil
	default:
		return "", fmt.Errorf("parameter %s: type %s is not supported", p.ParamName, typ)
	}
}
