package specgen

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
)

func document(t *testing.T, yaml string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(yaml))
	require.NoError(t, err)
	return doc
}

const full = title + `paths:
  /a/add:
    post:
      operationId: addInferred
      x-customer: [create]
      x-evidence: {level: inferred, source: habit}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Other'}}}}
      responses: {"200": {description: ok}}
  /b/add:
    post:
      operationId: addPublic
      x-customer: [create]
      x-evidence: {level: public, source: an SDK}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Other'}}}}
      responses: {"200": {description: ok}}
  /c/add:
    post:
      operationId: add
      x-customer: [create]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/New'}}}}
      responses:
        "201": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Reply'}}}}
        "400": {description: no, content: {application/json: {schema: {$ref: '#/components/schemas/Other'}}}}
  /customers:
    parameters:
      - {name: email, in: query, x-customer: email, schema: {type: string}}
      - {name: page, in: query, schema: {type: integer}}
      - {name: over, in: query, x-customer: mobile, schema: {type: string}}
    get:
      operationId: list
      x-customer: [list, find]
      parameters:
        - {name: id, in: query, x-customer: [id, reference], schema: {type: string}}
        - {name: over, in: query, schema: {type: string}}
      responses: {"200": {description: ok}}
    put:
      operationId: change
      x-customer: [update]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Change'}}}}
      responses: {"204": {description: ok}}
components:
  schemas:
    New:
      type: object
      required: [full_name, home]
      properties:
        code: {type: string, x-customer: reference, x-customer-required: true, x-customer-fixed: true, maxLength: 9}
        full_name: {type: string, x-customer: name, minLength: 2}
        mail: {allOf: [{$ref: '#/components/schemas/Mail'}], description: d}
        home: {allOf: [{$ref: '#/components/schemas/Home'}]}
        homes: {type: array, x-customer-skip: true, items: {$ref: '#/components/schemas/Home'}}
    Change:
      type: object
      required: [remark]
      properties:
        code: {type: string, x-customer: reference, x-customer-fixed: true, maxLength: 9}
        full_name: {type: string, x-customer: name, minLength: 2}
        mail: {$ref: '#/components/schemas/Mail'}
        remark: {type: string, x-customer: notes, maxLength: 5}
    Mail: {type: string, pattern: '@', x-customer: email, x-evidence: {level: observed, source: traffic}}
    Home:
      type: object
      required: [town]
      properties: {town: {type: string, x-customer: address.city}, line: {type: string, x-customer: address.street}}
    Reply:
      type: object
      properties:
        data:
          type: object
          properties:
            number: {type: string, x-customer: [id, reference]}
            name: {type: string, x-customer: name.full, x-evidence: {level: inferred, source: habit}}
            comment: {type: string, x-customer: notes}
            others: {type: array, items: {type: object, properties: {tel: {type: string, x-customer: phone}}}}
    Other: {type: object, properties: {cell: {type: string, x-customer: mobile}}}
`

func TestCapabilities(t *testing.T) {
	got, err := capabilitiesOf("p", document(t, full))
	require.NoError(t, err)
	assert.Equal(t, customers.Capabilities{
		Provider: "p",
		Operations: []customers.OperationCapability{
			{Op: "create", ID: "add", Method: "POST", Path: "/c/add", Evidence: "primary", Source: "the page"},
			{Op: "create", ID: "addPublic", Method: "POST", Path: "/b/add", Evidence: "public", Source: "an SDK"},
			{Op: "create", ID: "addInferred", Method: "POST", Path: "/a/add", Evidence: "inferred", Source: "habit"},
			{Op: "update", ID: "change", Method: "PUT", Path: "/customers", Evidence: "primary", Source: "the page"},
			{Op: "list", ID: "list", Method: "GET", Path: "/customers", Evidence: "primary", Source: "the page"},
			{Op: "find", ID: "list", Method: "GET", Path: "/customers", Evidence: "primary", Source: "the page",
				Filters: []customers.Field{"email", "reference"}},
		},
		Fields: []customers.FieldCapability{
			{Field: "id", Wire: "number", Evidence: "primary", Read: true},
			{Field: "reference", Wire: "code", Evidence: "primary", Create: true, Read: true, Required: true, MaxLength: 9},
			{Field: "name.given", Wire: "full_name", Evidence: "primary", Joined: true, Create: true, Update: true, Required: true, MinLength: 2},
			{Field: "name.family", Wire: "full_name", Evidence: "primary", Joined: true, Create: true, Update: true, Required: true, MinLength: 2},
			{Field: "name.full", Wire: "full_name", Evidence: "inferred", Joined: true, Create: true, Update: true, Read: true, Required: true, MinLength: 2},
			{Field: "email", Wire: "mail", Evidence: "observed", Create: true, Update: true, Pattern: "@"},
			{Field: "phone", Wire: "others.tel", Evidence: "primary", Read: true},
			{Field: "address.street", Wire: "home.line", Evidence: "primary", Create: true},
			{Field: "address.city", Wire: "home.town", Evidence: "primary", Create: true, Required: true},
			{Field: "notes", Wire: "remark", Evidence: "primary", Update: true, Read: true, MaxLength: 5},
		},
	}, got)
}

// One table cannot tell two limits, or two names.
func TestLimitsThatDiffer(t *testing.T) {
	const create = "        full_name: {type: string, x-customer: name, minLength: 2}\n        mail: {allOf"
	require.Contains(t, full, create)
	twice := strings.Replace(full, create, "        aside: {type: string, x-customer: address.city}\n"+create, 1)
	_, err := capabilitiesOf("p", document(t, twice))
	assert.ErrorContains(t, err, "home.town: another name", "a create under two names")

	const change = "        full_name: {type: string, x-customer: name, minLength: 2}\n        mail: {$ref"
	for _, other := range []string{
		"full_name: {type: string, x-customer: name, minLength: 3}",
		"full_name: {type: string, x-customer: name, minLength: 2, maxLength: 64}",
		"full_name: {type: string, x-customer: name, minLength: 2, pattern: x}",
		"new_name: {type: string, x-customer: name, minLength: 2}",
	} {
		require.Contains(t, full, change)
		yaml := strings.Replace(full, change, "        "+other+"\n        mail: {$ref", 1)
		_, err := capabilitiesOf("p", document(t, yaml))
		assert.ErrorContains(t, err, "_name: another name, other lengths or another pattern than where name.", other)
	}
}
