package contract_test

import (
	"encoding/json"
	"fmt"
	"net/url"
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
			return v.Rule == "nullable" || v.Rule == "maxViolations" || v.Rule == "json" && slices.Contains([]string{"unique names", "depth 1000", "UTF-8"}, v.Bound)
		})
		valid := json.Valid([]byte(body))
		if !valid {
			assert.NotEmpty(t, vs, "%q", body)
		} else if !named {
			assert.Empty(t, vs, "%q", body)
		}
	})
}

func TestManyUndeclared(t *testing.T) {
	s := parse(t, "type: object\nadditionalProperties: false\nproperties:\n  a: {type: object, additionalProperties: false}")
	body := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"n%d":0,`, i)
		}
		return `{` + b.String() + `"a":{` + strings.TrimSuffix(b.String(), ",") + `}}`
	}
	send := func(n int) []check.Violation {
		body := body(n)
		return s.CheckRequest(request(t, "POST", "/thing", body), []byte(body))
	}
	require.Less(t, testing.AllocsPerRun(1, func() { send(1000) }), 1e5) // rather than a million
	vs := texts(send(20_000))
	require.Len(t, vs, 101)
	assert.Equal(t, []string{"body: maxViolations 100", "/a/n0: additionalProperties false"}, vs[:2])
	require.Equal(t, vs, texts(send(20_000)), "the same ones each time")
}

// However much is wrong, what is told of it stays small, and says that there is more.
func TestManyViolations(t *testing.T) {
	s := parse(t, "type: array\nitems: {type: object, required: [a, b], properties: {a: {type: integer}, b: {}}}")
	for item, each := range map[string]int{`{}`: 2, `{"a":"x"}`: 2, `{"a":1.5,"b":0}`: 1, `{"a":1e9,"b":0}`: 1, `{"b":0,"b":0}`: 2} {
		for _, n := range []int{1, 50, 51, 100, 101, 102, 300} {
			body := "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
			vs := s.CheckRequest(request(t, "POST", "/thing", body), []byte(body))
			if n*each <= 100 {
				require.Len(t, vs, n*each, "%d of %s", n, item)
				require.NotContains(t, texts(vs), "body: maxViolations 100")
			} else {
				require.Len(t, vs, 101, "%d of %s", n, item)
				require.Equal(t, check.Violation{Rule: "maxViolations", Bound: "100"}, vs[0])
			}
		}
	}

	query := url.Values{}
	for i := range 200 {
		query.Set(fmt.Sprintf("q%d", i), "")
	}
	vs := texts(s.CheckRequest(request(t, "POST", "/thing?"+query.Encode(), "[]"), []byte("[]")))
	require.Len(t, vs, 101)
	assert.Equal(t, []string{"body: maxViolations 100", "query/q0: parameters"}, vs[:2])
}

// The undeclared properties of one object do not hide those of another, whatever the names on the way.
func TestUndeclaredInEach(t *testing.T) {
	s := parse(t, "type: object\nadditionalProperties: {$ref: '#/components/schemas/Thing/properties/x'}\n"+
		"properties:\n  x:\n    type: object\n    additionalProperties: false")
	body := `{"a@b":{"one":1},"c@d":{"two":2},"e":{"three":3}}`
	vs := s.CheckRequest(request(t, "POST", "/thing", body), []byte(body))
	assert.Equal(t, []string{
		"/*/one: additionalProperties false", "/*/two: additionalProperties false", "/e/three: additionalProperties false",
	}, texts(vs))
}

func TestManyRepeated(t *testing.T) {
	s := parse(t, "description: anything")
	body := "[" + strings.TrimSuffix(strings.Repeat(`{"a":0,"a":0},`, 150), ",") + "]"
	vs := texts(s.CheckRequest(request(t, "POST", "/thing", body), []byte(body)))
	require.Len(t, vs, 101)
	assert.Equal(t, "body: maxViolations 100", vs[0])
	assert.Contains(t, vs, "/0/a: json unique names")
	assert.Contains(t, vs, "/99/a: json unique names")
}
