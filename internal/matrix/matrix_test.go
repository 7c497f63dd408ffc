package matrix_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/internal/matrix"
)

func TestText(t *testing.T) {
	var out strings.Builder
	require.NoError(t, matrix.Text(&out, []customers.Capabilities{{
		Provider: "one",
		Operations: []customers.OperationCapability{
			{Op: customers.OpCreate, Evidence: customers.EvidencePrimary}, {Op: customers.OpGet, Evidence: customers.EvidenceInferred},
		},
		Fields: []customers.FieldCapability{
			{Field: customers.FieldEmail, Create: true, Update: true, Read: true, Required: true},
			{Field: customers.FieldNameFull, Create: true, Joined: true, Evidence: customers.EvidencePublic},
			{Field: customers.FieldPhone, Read: true, Evidence: customers.EvidenceInferred},
			{Field: customers.FieldMobile, Read: true, Evidence: customers.EvidenceObserved},
		},
	}}))
	lines := strings.Split(out.String(), "\n")
	assert.Contains(t, lines, "create               yes")
	assert.Contains(t, lines, "get                  unproven")
	assert.Contains(t, lines, "delete               –")
	assert.Contains(t, lines, "email                cur!")
	assert.Contains(t, lines, "name.full            c+*")
	assert.Contains(t, lines, "phone                r?")
	assert.Contains(t, lines, "mobile               r")
	assert.Contains(t, lines, "notes                –")
	assert.Contains(t, lines, "unproven  method or path is only inferred: needs Policy.AllowUnproven")
	assert.Contains(t, lines, "–  not kept")
}
