package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract/check"
)

// keywordSchemas have each keyword in the ways in which it is used, known to acceptors or not.
var keywordSchemas = []string{
	`{}`, `{description: anything}`, `{nullable: true}`,
	`{type: boolean}`, `{type: boolean, nullable: true}`, `{type: boolean, enum: [true]}`,
	`{type: string}`, `{type: string, nullable: true, enum: [a]}`, `{type: string, enum: [a, null]}`, `{enum: [5]}`, `{enum: [a, 5]}`,
	`{type: string, minLength: 2}`, `{type: string, maxLength: 2}`, `{minLength: 2}`, `{maxLength: 2, nullable: true}`,
	`{type: string, pattern: "^[a-z]$"}`, `{pattern: "^a"}`, `{type: string, pattern: "^\\u0041$"}`,
	`{type: string, format: email}`, `{type: string, format: date}`, `{type: string, format: date-time}`, `{type: string, format: uuid}`,
	`{type: string, format: int32}`, `{format: email}`, `{format: int32}`, `{format: float}`,
	`{type: integer}`, `{type: integer, nullable: true}`, `{type: integer, format: int32}`, `{type: integer, format: int64}`,
	`{type: integer, minimum: 1}`, `{type: integer, maximum: 1}`, `{type: integer, enum: [1]}`, `{minimum: 1}`, `{maximum: 1}`,
	`{type: number}`, `{type: number, format: float}`, `{type: number, format: int32}`, `{type: number, minimum: 0.5, maximum: 1.5}`,
	`{type: number, minimum: 1, exclusiveMinimum: true}`, `{type: number, maximum: 1, exclusiveMaximum: true}`, `{type: number, multipleOf: 0.5}`,
	`{type: array, items: {}}`, `{type: array, items: {type: integer}}`, `{type: array, minItems: 1, items: {nullable: true}}`,
	`{type: array, maxItems: 1, items: {nullable: true}}`, `{type: array, uniqueItems: true, items: {}}`, `{items: {type: integer}}`,
	`{type: object}`, `{type: object, additionalProperties: true}`, `{type: object, additionalProperties: {type: integer}}`,
	`{additionalProperties: {type: integer}}`, `{type: object, properties: {a: {}}}`, `{properties: {a: {type: integer}}}`,
	`{type: object, required: [a], properties: {a: {nullable: true}, b: {nullable: true}}}`,
	`{type: object, required: [a], additionalProperties: true}`, `{type: object, required: [a], additionalProperties: {type: integer}}`,
	`{type: object, required: [a], properties: {b: {nullable: true}}}`, `{required: [a]}`,
	`{type: object, minProperties: 1, additionalProperties: true}`, `{type: object, maxProperties: 1, additionalProperties: true}`,
	`{type: object, required: [a], properties: {a: {type: integer, readOnly: true, nullable: true}}}`,
	`{type: object, required: [a], properties: {a: {type: integer, writeOnly: true}}}`,
	`{type: object, properties: {a: {type: integer}, b: {type: integer}}, anyOf: [{required: [a]}, {required: [b, a]}]}`,
	`{type: object, properties: {a: {type: integer}}, anyOf: [{required: [a]}, {required: [b]}]}`,
	`{type: object, properties: {a: {type: integer}, b: {type: integer}, c: {type: integer}}, anyOf: [{required: [b, a]}, {required: [c]}]}`,
	`{type: object, nullable: true, properties: {a: {type: integer}}, anyOf: [{required: [a]}, {minProperties: 1}]}`,
	`{anyOf: [{required: [a]}]}`, `{anyOf: [{type: number}, {type: integer}]}`, `{anyOf: [{type: string}, {type: integer}]}`,
	`{oneOf: [{type: string, maxLength: 1}, {type: object, properties: {a: {type: integer}}}]}`,
	`{oneOf: [{type: string}, {type: string, maxLength: 1}]}`, `{oneOf: [{type: number}, {type: integer}]}`,
	`{oneOf: [{type: string}, {}]}`, `{oneOf: [{type: string}, {enum: [5]}]}`, `{oneOf: [{type: string, nullable: true}, {type: integer}]}`,
	`{oneOf: [{type: string, nullable: true}, {type: integer, nullable: true}]}`, `{nullable: true, oneOf: [{type: string}, {type: integer}]}`,
	`{type: string, oneOf: [{type: string}, {type: integer}]}`, `{maxLength: 1, oneOf: [{type: string}, {type: boolean}]}`,
	`{allOf: [{type: integer}]}`, `{nullable: true, allOf: [{type: integer}]}`, `{allOf: [{type: integer, nullable: true}]}`,
	`{type: string, allOf: [{nullable: true}]}`, `{allOf: [{type: integer, nullable: true}, {minimum: 1}]}`,
	`{allOf: [{type: integer, nullable: true}, {minimum: 1, nullable: true}]}`,
	`{maximum: 1, allOf: [{type: integer}, {minimum: 1}]}`, `{allOf: [{type: object, properties: {a: {type: integer}}}, {required: [a]}]}`,
	`{minProperties: 1, allOf: [{type: object, properties: {a: {nullable: true}}}]}`,
	`{allOf: [{nullable: true}], oneOf: [{type: string}, {type: integer}]}`, `{allOf: [{nullable: true}], anyOf: [{required: [a]}]}`,
	`{allOf: [{oneOf: [{type: string}, {type: integer}]}], oneOf: [{type: string}, {type: boolean}]}`,
	`{not: {type: string}}`, `{type: string, not: {enum: [a]}}`, `{type: object, additionalProperties: true, not: {required: [a]}}`,
	`{type: object, properties: {a: {$ref: "#/components/schemas/Node"}}}`, `{$ref: "#/components/schemas/Node"}`,
}

// oddValues are JSON, or nearly.
var oddValues = []string{
	`null`, `true`, `false`, `tru`, `truex`, `nulll`, `"a"`, `"A"`, `""`, `"ab"`, `"abc"`, `"éé"`, `"ééé"`, `"😀"`, `"\u00e9"`, `"\u00e9\u00e9\n"`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\u0041"`, `"\u00"`, `"\x"`, `"\"`, `"a\"b"`, "\"\x01\"", "\"\\\x01\"", "\"\xff\"", `"`, `"a`, `a`,
	`"ama@example.com"`, `"ama\u0040example.com"`, `"ama@"`, `"2024-02-29"`, `"2023-02-29"`, `"2024-02-29T00:00:00Z"`,
	`"8db1ad33-50d6-4e6f-9ec3-5f9169c621a6"`, `0`, `-0`, `00`, `01`, `+1`, `1`, `2`, `-1`, `-`, `1.`, `.5`, `0.5`, `1.0`, `1.5`, `1e0`, `1E+2`, `1e`, `1e+`, `-1e-2`,
	`1e39`, `1e400`, `2147483647`, `2147483648`, `-2147483649`, `9223372036854775807`, `9223372036854775808`, `0x1`, `1_0`, `NaN`, `Infinity`,
	`[]`, `[1]`, `[null]`, `[1,1]`, `[1.0]`, `["a",1]`, `[1,]`, `[,1]`, `[1 1]`, `[`, `[1`, `]`, `[}`,
	`{}`, `{"a":1}`, `{"a":null}`, `{"a":"x"}`, `{"b":1}`, `{"c":1}`, `{"c":"x"}`, `{"a":1,"b":1}`, `{"b":1,"a":1}`, `{"c":1,"d":2}`, `{"A":1}`,
	`{"a":1,"a":1}`, `{"c":1,"c":1}`, `{"a":1,"\u0061":1}`, `{"\u0061":1}`, `{"c":{"x":1,"x":2}}`, `{"c":[{"x":1,"x":2}]}`,
	`{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a" 1}`, `{"a":1 "b":1}`, `{a:1}`, `{1:1}`, `{`, `{"a":1`, `{]`, "{\"\xff\":1}",
	`{"a":{"a":{"a":{}}}}`, `{"a":{"b":1}}`, `{"a":{"a":{"b":1}}}`, `1 2`, `1x`, `"a" "b"`, ` {} `, "\t[ 1 ,\r\n 1 ] ", "\ufeff1", "1\x00", "1\v", ``, ` `,
}

// keywordSpec is a contract with keywordSchemas, each alone and in an array and an object.
func keywordSpec(t testing.TB) *Spec {
	var doc strings.Builder
	doc.WriteString(`openapi: 3.0.3
info: {title: t, version: "1"}
paths: {}
components:
  schemas:
    Node: {type: object, properties: {a: {nullable: true, allOf: [{$ref: "#/components/schemas/Node"}]}, b: {type: string}}}
`)
	for i, s := range keywordSchemas {
		fmt.Fprintf(&doc, "    Schema%d: %s\n", i, s)
		fmt.Fprintf(&doc, "    List%d: {type: array, items: %s}\n", i, s)
		fmt.Fprintf(&doc, "    Object%d: {type: object, properties: {v: %s}}\n", i, s)
	}
	s, err := Parse("keywords", []byte(doc.String()))
	require.NoError(t, err)
	return s
}

// judge holds a body against a schema in both ways, and reports whether the acceptor took it.
func judge(t testing.TB, rd reading, s located, body string) bool {
	slow := rd
	slow.acceptors = nil
	header := http.Header{"Content-Type": {"application/json"}}
	a, accepted := rd.acceptors[s.Schema], false
	if accepted = a.json([]byte(body)); accepted {
		found := slow.body(nil, media{"application/json": {schema: s.Schema}}, true, header, payload{bytes: []byte(body)})
		if len(found) > 0 {
			t.Errorf("%s accepts %.100q: %v", s.pointer, body, found)
		}
	}
	if doc, vs, ok := decode(nil, []byte(body), rd.names); ok {
		doc.odd = true
		decoded := a.value(doc.value)
		if decoded {
			found := slow.value(nil, check.At{}, s.Schema, doc)
			if len(found) > 0 {
				t.Errorf("%s accepts the value of %.100q: %v", s.pointer, body, found)
			}
		}
		if accepted && (!decoded || len(vs) > 0) {
			t.Errorf("%s accepts the bytes of %.100q only", s.pointer, body)
		}
	}
	return accepted
}

// What acceptors take breaks no rule, whatever the schema and the bytes.
func TestAcceptorsAreRight(t *testing.T) {
	spec := keywordSpec(t)
	schemas, err := allSchemas(spec.doc)
	require.NoError(t, err)
	for _, s := range schemas {
		format := "%s"
		switch {
		case strings.HasPrefix(s.pointer, "/components/schemas/List"):
			format = "[%s]"
		case strings.HasPrefix(s.pointer, "/components/schemas/Object"):
			format = `{"v":%s}`
		}
		for _, v := range oddValues {
			judge(t, spec.request, s, fmt.Sprintf(format, v))
			judge(t, spec.response, s, fmt.Sprintf(format, v))
		}
	}

	anything := schemas[slices.IndexFunc(schemas, func(s located) bool { return s.pointer == "/components/schemas/Schema0" })]
	for _, depth := range []int{maxDepth, maxDepth + 1} {
		body := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		assert.Equal(t, depth == maxDepth, judge(t, spec.request, anything, body), depth)
	}
}

// A set has no more bits.
func TestAcceptorsOfManyProperties(t *testing.T) {
	for _, n := range []int{64, 65} {
		var names, declared []string
		for i := range n {
			names = append(names, fmt.Sprintf("p%d", i))
			declared = append(declared, names[i]+": {nullable: true}")
		}
		spec, err := Parse("many", fmt.Appendf(nil, `openapi: 3.0.3
info: {title: t, version: "1"}
paths: {}
components: {schemas: {Many: {type: object, required: [%s], properties: {%s}}}}`, strings.Join(names, ", "), strings.Join(declared, ", ")))
		require.NoError(t, err)
		schemas, err := allSchemas(spec.doc)
		require.NoError(t, err)
		many := schemas[slices.IndexFunc(schemas, func(s located) bool { return len(s.Properties) == n })]
		whole := `{"` + strings.Join(names, `":1,"`) + `":1}`
		assert.Equal(t, n == 64, judge(t, spec.request, many, whole))
		for _, name := range names {
			judge(t, spec.request, many, strings.Replace(whole, `"`+name+`":1`, `"`+name+`":1,"`+name+`":1`, 1))
			judge(t, spec.request, many, strings.Replace(whole, `"`+name+`":1`, `"x":1`, 1))
		}
	}
}

// Nearly all that goes over the wire is right, and is to be recognized as that.
func TestAcceptorsTakeExamples(t *testing.T) {
	for _, provider := range []string{"digitalpaye", "fatora", "simplepin", "stancer"} {
		spec, err := Load(provider)
		require.NoError(t, err)
		for _, rt := range spec.routes {
			for _, op := range rt.operations {
				for _, e := range spec.Examples(op.ID) {
					_, a, _ := op.answer(e.Status)
					declared := a.body[e.ContentType].schema
					if declared == nil || !isJSON(e.ContentType) {
						continue
					}
					assert.True(t, spec.response.acceptors[declared].json(e.Body), "%s %d %s", op.ID, e.Status, e.Name)
					for _, body := range mutants(t, e.Body) {
						judge(t, spec.response, located{op.ID, declared}, body)
					}
				}
			}
		}
	}
}

// mutants are what becomes of a JSON value with one odd value in each place, and each name twice, escaped, changed and
// left out.
func mutants(t testing.TB, body []byte) []string {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var value any
	require.NoError(t, dec.Decode(&value))
	text := func(v any) string {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		return string(data)
	}
	all := []string{
		`null`, `true`, `""`, `"a"`, `"\u00e9"`, `"` + strings.Repeat("é", 65) + `"`, `1`, `-0`, `1.0`, `1e400`, `9223372036854775808`,
		`[]`, `[1]`, `{}`, `{"a":1,"a":1}`, `"`, `1 2`, ``,
	}
	switch v := value.(type) {
	case []any:
		for i := range v {
			for _, m := range mutants(t, []byte(text(v[i]))) {
				all = append(all, "["+m+"]")
			}
		}
	case map[string]any:
		for name := range v {
			var rest strings.Builder
			for other, member := range v {
				if other != name {
					fmt.Fprintf(&rest, "%q:%s,", other, text(member))
				}
			}
			one := fmt.Sprintf(`:%s}`, text(v[name]))
			all = append(all,
				"{"+strings.TrimSuffix(rest.String(), ",")+"}",
				fmt.Sprintf(`{%s%q:%s,%q%s`, rest.String(), name, text(v[name]), name, one),
				fmt.Sprintf(`{%s"\u%04x%s"%s`, rest.String(), name[0], name[1:], one),
				fmt.Sprintf(`{%s"%s "%s`, rest.String(), name, one))
			for _, m := range mutants(t, []byte(text(v[name]))) {
				all = append(all, fmt.Sprintf("{%s%q:%s}", rest.String(), name, m))
			}
		}
	}
	return all
}

func FuzzAcceptors(f *testing.F) {
	spec := keywordSpec(f)
	schemas, err := allSchemas(spec.doc)
	require.NoError(f, err)
	for i, v := range oddValues {
		f.Add(uint16(i), v)
	}
	f.Fuzz(func(t *testing.T, n uint16, body string) {
		s := schemas[int(n)%len(schemas)]
		judge(t, spec.request, s, body)
		judge(t, spec.response, s, body)
	})
}
