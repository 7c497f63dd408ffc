package contract_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
)

// FuzzJSON holds the decoder against encoding/json: it accepts nothing that is no JSON, and refuses of JSON only what it
// names.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,"\u00e9",null,true]}`, `[1,]`, `{"a":1,}`, `{"a" 1}`, `[,1]`, `{1:2}`, `{"a":1 "b":2}`, `]`, `[}`, `{]`, `01`,
		`"\ud800"`, "\"\x01\"", ` `, ``, `{"a":1,"a":2}`, `1 2`, `nul`, `{"a":}`, `[1 2]`, `{,}`, `-`, `"`, `{"":{"":{}}}`, `1,`, `:`, `{:}`,
	} {
		f.Add(seed)
	}
	doc := strings.Replace(document("description: anything"), "{$ref: \"#/components/schemas/Thing\"}", "{}", 2)
	s, err := contract.Parse("any", []byte(doc))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body string) {
		if body == "" {
			return
		}
		r := request(t, "POST", "/thing", body)
		vs := s.CheckRequest(r, []byte(body))
		named := slices.ContainsFunc(vs, func(v check.Violation) bool {
			// kin-openapi wants null to be declared, even where anything goes.
			return v.Rule == "nullable" || v.Rule == "json" && slices.Contains([]string{"unique names", "depth 1000", "UTF-8"}, v.Bound)
		})
		valid := json.Valid([]byte(body))
		if !valid {
			assert.NotEmpty(t, vs, "%q", body)
		} else if !named {
			assert.Empty(t, vs, "%q", body)
		}
	})
}
