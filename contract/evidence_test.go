package contract_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/specs"
)

// Every part of every contract tells how sure it is, and where from.
func TestEvidenceIsComplete(t *testing.T) {
	for _, provider := range specs.Providers() {
		t.Run(provider, func(t *testing.T) {
			s, err := contract.Load(provider)
			require.NoError(t, err)
			all := s.Evidence()
			kinds := map[string]int{}
			for _, e := range all {
				assert.Contains(t, []string{"primary", "public", "observed", "inferred"}, e.Level, e.Place)
				assert.NotEmpty(t, e.Source, e.Place)
				parts := strings.Split(e.Place, "/")
				if len(parts) > 2 {
					kinds[parts[len(parts)-2]]++
				}
			}
			// The walk has been everywhere.
			doc := loadDocument(t, provider)
			assert.Equal(t, len(doc.Servers), kinds["servers"])
			for _, kind := range []string{"properties", "responses", "parameters", "schemas"} {
				assert.Positive(t, kinds[kind], kind)
			}
			places := map[string]bool{}
			for _, e := range all {
				assert.False(t, places[e.Place], "%s is there twice", e.Place)
				places[e.Place] = true
			}
			escape := strings.NewReplacer("~", "~0", "/", "~1")
			for _, op := range s.Operations() {
				assert.True(t, places["/paths/"+escape.Replace(op.Path)+"/"+strings.ToLower(op.Method)], op)
			}
			for name, ref := range doc.Components.Schemas {
				for property := range ref.Value.Properties {
					place := "/components/schemas/" + name + "/properties/" + escape.Replace(property)
					assert.True(t, places[place], place)
				}
			}
		})
	}
}

// The extensions that tie a contract to the facade use its words only.
func TestFacadePaths(t *testing.T) {
	paths := []string{
		"id", "reference", "name", "name.given", "name.family", "name.full", "email", "phone", "mobile",
		"address", "address.street", "address.city", "address.region", "address.postal_code", "address.country",
		"address.formatted", "since", "notes", "created_at",
	}
	operations := []string{"create", "get", "update", "delete", "list", "find", "lookup"}

	for _, provider := range specs.Providers() {
		t.Run(provider, func(t *testing.T) {
			doc := loadDocument(t, provider)
			onField := func(place string, extensions map[string]any) {
				switch x := extensions["x-customer"].(type) {
				case nil:
				case []any: // one property that is several fields
					assert.NotEmpty(t, x, place)
					assert.Subset(t, paths, x, place)
				default:
					assert.Contains(t, paths, x, place)
				}
			}
			err := doc.WalkSchemas(func(pointer string, ref *openapi3.SchemaRef) error {
				onField(pointer, ref.Value.Extensions)
				return nil
			})
			require.NoError(t, err)

			served := 0
			for template, item := range doc.Paths.Map() {
				for _, ref := range item.Parameters {
					onField(template+" "+ref.Value.Name, ref.Value.Extensions)
				}
				for method, op := range item.Operations() {
					place := method + " " + template
					for _, ref := range op.Parameters {
						onField(place+" "+ref.Value.Name, ref.Value.Extensions)
					}
					list, ok := op.Extensions["x-customer"]
					if !ok {
						continue
					}
					served++
					if assert.IsType(t, []any{}, list, place) {
						assert.NotEmpty(t, list, place)
						assert.Subset(t, operations, list, place)
					}
				}
			}
			assert.Positive(t, served, "no operation serves the facade")
		})
	}
}

func TestEvidence(t *testing.T) {
	s, err := contract.Parse("t", []byte(`openapi: 3.0.3
info: {title: t, version: "1"}
x-evidence: {level: primary, source: the page}
servers: [{url: "https://a.example", x-evidence: {level: inferred, source: habit, note: none is named}}]
paths:
  /a/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      x-evidence: {level: public, source: an SDK}
      parameters: [{$ref: "#/components/parameters/Q"}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/R"}}}}
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {type: object, required: [b], properties: {a: {type: string}, b: {$ref: "#/components/schemas/B"}}}
        "404": {$ref: "#/components/responses/NotFound"}
    put:
      x-evidence: {level: inferred, source: symmetry}
      parameters: [{$ref: "#/components/parameters/Q"}, {name: p, in: query, x-evidence: {level: primary, source: the page}, schema: {type: string}}]
      responses: {"404": {$ref: "#/components/responses/NotFound"}}
components:
  parameters: {Q: {name: q, in: query, schema: {type: string}}}
  responses: {NotFound: {description: none, x-evidence: {level: observed, source: a probe}}}
  schemas:
    B:
      type: object
      x-evidence: "not an object"
      properties: {c: {type: array, items: {type: object, required: [d], properties: {d: {type: string}}}}}
    R:
      type: object
      properties: {e: {oneOf: [{$ref: "#/components/schemas/R"}, {$ref: "#/components/schemas/B"}]}}
    Unused: {type: object, required: [f], properties: {f: {type: string}}}
`))
	require.NoError(t, err)

	primary := contract.Evidence{Level: "primary", Source: "the page"}
	public := contract.Evidence{Level: "public", Source: "an SDK"}
	observed := contract.Evidence{Level: "observed", Source: "a probe"}
	inferred := contract.Evidence{Level: "inferred", Source: "symmetry"}
	at := func(e contract.Evidence, place string) contract.Evidence { e.Place = place; return e }
	property := func(e contract.Evidence, place, marks string) contract.Evidence {
		e.Place = place
		e.Request, e.Response, e.Required = strings.Contains(marks, "q"), strings.Contains(marks, "a"), strings.Contains(marks, "!")
		return e
	}
	const op = "/paths/~1a~1{id}/get"
	const put = "/paths/~1a~1{id}/put"
	const schema = op + "/responses/200/content/application~1json/schema"
	assert.Equal(t, []contract.Evidence{
		at(primary, "/components/parameters/Q"),
		at(observed, "/components/responses/NotFound"),
		at(contract.Evidence{}, "/components/schemas/B"),
		property(contract.Evidence{}, "/components/schemas/B/properties/c", "qa"),
		property(contract.Evidence{}, "/components/schemas/B/properties/c/items/properties/d", "qa!"),
		at(primary, "/components/schemas/R"),
		property(primary, "/components/schemas/R/properties/e", "q"),
		at(primary, "/components/schemas/Unused"),
		property(primary, "/components/schemas/Unused/properties/f", "!"),
		at(public, op),
		at(public, op+"/parameters/0"),
		at(public, op+"/responses/200"),
		property(public, schema+"/properties/a", "a"),
		property(contract.Evidence{}, schema+"/properties/b", "a!"),
		at(observed, op+"/responses/404"),
		at(primary, "/paths/~1a~1{id}/parameters/0"),
		at(inferred, put),
		at(inferred, put+"/parameters/0"),
		at(primary, put+"/parameters/1"), // it says so itself
		at(inferred, put+"/responses/404"),
		{Place: "/servers/0", Level: "inferred", Source: "habit", Note: "none is named"},
	}, s.Evidence())
}
