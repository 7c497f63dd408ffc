package contract_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/specs"
)

// loadDocument reads a contract as kin-openapi sees it, untouched by package contract.
func loadDocument(t *testing.T, provider string) *openapi3.T {
	t.Helper()
	yaml, err := specs.FS.ReadFile(provider + ".yaml")
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(yaml)
	require.NoError(t, err)
	return doc
}

// Every named example of every contract, and every example of a parameter, keeps the contract that it stands in.
func TestExamples(t *testing.T) {
	for _, provider := range specs.Providers() {
		t.Run(provider, func(t *testing.T) {
			s, err := contract.Load(provider)
			require.NoError(t, err)
			doc := loadDocument(t, provider)
			for template, item := range doc.Paths.Map() {
				for method, op := range item.Operations() {
					place := method + " " + template
					r := exampleRequest(t, doc, template, method, item, op)
					found, ok := s.Operation(method, r.URL.EscapedPath())
					assert.True(t, ok, place)
					assert.Equal(t, contract.Operation{ID: op.OperationID, Method: method, Path: template}, found)

					if op.RequestBody == nil {
						assert.Empty(t, s.CheckRequest(r, nil), place)
					} else {
						for _, e := range examples(t, place+" request", op.RequestBody.Value.Content) {
							r.Header.Set("Content-Type", e.contentType)
							assert.Empty(t, s.CheckRequest(r, e.body), e.place)
						}
					}
					for status, ref := range op.Responses.Map() {
						place := place + " " + status
						code := 599 // the default's
						if status != "default" {
							code, err = strconv.Atoi(strings.ReplaceAll(status, "X", "0"))
							require.NoError(t, err, place)
						}
						if len(ref.Value.Content) == 0 {
							assert.Empty(t, s.CheckResponse(r, code, nil, nil), place)
						}
						for _, e := range examples(t, place, ref.Value.Content) {
							header := http.Header{"Content-Type": {e.contentType}}
							assert.Empty(t, s.CheckResponse(r, code, header, e.body), e.place)
						}
					}
				}
			}
		})
	}
}

// Every example of a property keeps the schema of the property.
func TestPropertyExamples(t *testing.T) {
	for _, provider := range specs.Providers() {
		err := loadDocument(t, provider).WalkSchemas(func(pointer string, ref *openapi3.SchemaRef) error {
			if s := ref.Value; s.Example != nil {
				assert.NoError(t, s.VisitJSON(s.Example, openapi3.MultiErrors()), "%s %s", provider, pointer)
			}
			return nil
		})
		assert.NoError(t, err)
	}
}

type example struct {
	place, contentType string
	body               []byte
}

// examples lists the named examples of a body; each of its media types has one at least.
func examples(t *testing.T, place string, content openapi3.Content) []example {
	t.Helper()
	var out []example
	for contentType, media := range content {
		place := place + " " + contentType
		if contentType == "*/*" && media.Schema == nil {
			continue // any body or none: nothing is known to show
		}
		assert.NotEmpty(t, media.Examples, place)
		for name, ref := range media.Examples {
			e := example{place: place + " " + name, contentType: contentType}
			if text, ok := ref.Value.Value.(string); ok && !strings.Contains(contentType, "json") {
				e.body = []byte(text)
			} else {
				var err error
				e.body, err = json.Marshal(ref.Value.Value)
				require.NoError(t, err, e.place)
			}
			out = append(out, e)
		}
	}
	return out
}

// exampleRequest makes a request as the contract shows it, with every parameter that has an example.
func exampleRequest(
	t *testing.T, doc *openapi3.T, template, method string, item *openapi3.PathItem, op *openapi3.Operation,
) *http.Request {
	t.Helper()
	place := method + " " + template
	header, query, path := http.Header{}, url.Values{}, template
	for _, ref := range slices.Concat(item.Parameters, op.Parameters) {
		p := ref.Value
		value := p.Example
		if value == nil && p.Schema != nil {
			value = p.Schema.Value.Example
		}
		if value == nil {
			assert.False(t, p.Required, "%s: parameter %s has no example", place, p.Name)
			continue
		}
		bytes, err := json.Marshal(value)
		require.NoError(t, err)
		text := strings.Trim(string(bytes), `"`)
		switch p.In {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(text))
		case "query":
			query.Set(p.Name, text)
		case "header":
			header.Set(p.Name, text)
		}
	}

	requirements := doc.Security
	if op.Security != nil {
		requirements = *op.Security
	}
	if len(requirements) > 0 {
		for _, name := range slices.Sorted(maps.Keys(requirements[0])) {
			scheme := doc.Components.SecuritySchemes[name].Value
			switch {
			case scheme.Type == "apiKey" && scheme.In == "query":
				query.Set(scheme.Name, "x")
			case scheme.Type == "apiKey":
				header.Set(scheme.Name, "x")
			default:
				header.Set("Authorization", scheme.Scheme+" x")
			}
		}
	}
	r, err := http.NewRequest(method, doc.Servers[0].URL+path, nil)
	require.NoError(t, err, place)
	r.Header, r.URL.RawQuery = header, query.Encode()
	return r
}
