package customers_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
)

// Programs of other languages read this, so its names stay.
func TestCapabilitiesAsJSON(t *testing.T) {
	capabilities := customers.Capabilities{
		Provider: "acme",
		Operations: []customers.OperationCapability{
			{
				Op: customers.OpCreate, ID: "createCustomer", Method: "POST", Path: "/people", Evidence: customers.EvidencePrimary,
				Source: "docs.example.com", TellsExisting: true,
			},
			{
				Op: customers.OpFind, ID: "findCustomers", Method: "GET", Path: "/people", Evidence: customers.EvidenceInferred,
				Source: "habit", Filters: []customers.Field{customers.FieldEmail},
			},
		},
		Fields: []customers.FieldCapability{
			{
				Field: customers.FieldNameFull, Wire: "name", Joined: true, Create: true, Update: true, Read: true, Required: true,
				MinLength: 3, MaxLength: 64, Pattern: "^[A-Z]", Clear: true, Evidence: customers.EvidencePublic,
			},
			{Field: customers.FieldCreatedAt, Wire: "meta.created", Read: true, Evidence: customers.EvidenceObserved},
		},
	}
	data, err := json.Marshal(capabilities)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"provider": "acme",
		"operations": [
			{"op": "create", "id": "createCustomer", "method": "POST", "path": "/people", "evidence": "primary",
				"source": "docs.example.com", "tells_existing": true},
			{"op": "find", "id": "findCustomers", "method": "GET", "path": "/people", "evidence": "inferred", "source": "habit",
				"filters": ["email"]}
		],
		"fields": [
			{"field": "name.full", "wire": "name", "joined": true, "create": true, "update": true, "read": true, "required": true,
				"min_length": 3, "max_length": 64, "pattern": "^[A-Z]", "clear": true, "evidence": "public"},
			{"field": "created_at", "wire": "meta.created", "create": false, "update": false, "read": true, "evidence": "observed"}
		]
	}`, string(data))
	var back customers.Capabilities
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, capabilities, back)
}
