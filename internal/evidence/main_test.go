package main

import (
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/specs"
)

const document = `openapi: 3.0.3
info: {title: t, version: "1"}
x-evidence: {level: primary, source: the page}
servers: [{url: "https://a.example", x-evidence: {level: inferred, source: habit}}]
paths:
  /people/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    patch:
      x-evidence: {level: public, source: an SDK}
      parameters: [{$ref: "#/components/parameters/Locale"}]
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [code]
              properties: {code: {type: string, x-evidence: {level: inferred, source: habit}}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Page"}}}}
        "404": {$ref: "#/components/responses/NotFound"}
components:
  parameters: {Locale: {name: locale, in: query, schema: {type: string}}}
  securitySchemes: {key: {type: http, scheme: basic}}
  responses: {NotFound: {description: none, x-evidence: {level: observed, source: a probe}}}
  schemas:
    Page: {type: object, properties: {people: {type: array, items: {$ref: "#/components/schemas/Person"}}}}
    Person:
      type: object
      required: [id]
      properties: {id: {type: string}, name: {type: string, x-evidence: {level: inferred, source: habit}}}
`

func TestTable(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out, fstest.MapFS{"acme.yaml": {Data: []byte(document)}}))
	assert.Equal(t, `
ACME                 all     primary      public    observed    inferred
servers                1                                        1  100 %
security schemes       1    1  100 %
operations             1                1  100 %
parameters             2    1   50 %    1   50 %
request properties     1                                        1  100 %
responses              2                1   50 %    1   50 %
response properties    3    2   67 %                            1   33 %

`, "\n"+out.String())
}

func TestFaults(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"no evidence anywhere above": {"x-evidence: {level: primary, source: the page}\n", "", `acme.yaml: /components/parameters/Locale has no x-evidence in force
acme.yaml: /components/schemas/Page has no x-evidence in force
acme.yaml: /components/schemas/Page/properties/people has no x-evidence in force
acme.yaml: /components/schemas/Person has no x-evidence in force
acme.yaml: /components/schemas/Person/properties/id has no x-evidence in force
acme.yaml: /components/securitySchemes/key has no x-evidence in force
acme.yaml: /paths/~1people~1{id}/parameters/0 has no x-evidence in force
acme.yaml: /paths/~1people~1{id}/patch/parameters/0 has no x-evidence in force`},
		"a guess is required in an answer": {"required: [id]", "required: [id, name]",
			"acme.yaml: /components/schemas/Person/properties/name is required in an answer, and only inferred: take it out of required"},
		"unknown level": {"level: observed", "level: sure",
			`acme.yaml: /components/responses/NotFound has an x-evidence of level "sure": it must be one of primary, public, observed, inferred
acme.yaml: /paths/~1people~1{id}/patch/responses/404 has an x-evidence of level "sure": it must be one of primary, public, observed, inferred`},
		"no source": {"{level: inferred, source: habit}}]", "{level: inferred}}]",
			"acme.yaml: /servers/0 has an x-evidence without a source"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			broken := strings.Replace(document, test.old, test.new, 1)
			require.NotEqual(t, document, broken)
			err := run(io.Discard, fstest.MapFS{"acme.yaml": {Data: []byte(broken)}})
			assert.EqualError(t, err, test.want)
		})
	}
	assert.ErrorContains(t, run(io.Discard, fstest.MapFS{}), "no contract found")
	assert.ErrorContains(t, run(io.Discard, fstest.MapFS{"acme.yaml": {Data: []byte("openapi: 3.1.0")}}), "contract acme")
}

func TestContracts(t *testing.T) {
	assert.NoError(t, run(io.Discard, specs.FS))
}
