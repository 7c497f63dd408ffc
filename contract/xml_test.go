package contract_test

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/contract/markup"
)

// sendXML is what a contract finds in an XML body, in the same way as request and as answer.
func sendXML(t *testing.T, s *contract.Spec, body string) []check.Violation {
	t.Helper()
	r := request(t, "POST", "/thing", body)
	r.Header.Set("Content-Type", "application/xml; charset=utf-8")
	vs := s.CheckRequest(r, []byte(body))
	assert.Equal(t, vs, s.CheckResponse(r, 200, r.Header, []byte(body)))
	return vs
}

func parseXML(t testing.TB, schema string) *contract.Spec {
	t.Helper()
	s, err := contract.Parse("inline", []byte(strings.ReplaceAll(document(schema), "application/json", "application/xml")))
	require.NoError(t, err)
	return s
}

const customerXML = `
type: object
xml: {name: customer}
required: [name]
properties:
  no: {type: integer, xml: {attribute: true}}
  live: {type: boolean, xml: {attribute: true, name: is_live}}
  name: {type: string, maxLength: 4, x-customer: name}
  email: {type: string, format: email, x-customer: email, xml: {name: mail}}
  at: {type: string, format: date-time}
  ok: {type: boolean}
  n: {type: integer}
  f: {type: number}
  kind: {type: string, enum: [a, b]}
  address: {type: object, x-customer: address, required: [city], properties: {city: {type: string}}}
  plain: {type: array, maxItems: 2, items: {type: integer}}
  named: {type: array, xml: {name: ignored}, items: {type: string, xml: {name: one}}}
  wrapped: {type: array, minItems: 1, xml: {wrapped: true}, items: {type: integer}}
  parts:
    type: array
    xml: {wrapped: true, name: Parts}
    items: {xml: {name: part}, allOf: [{type: object, properties: {id: {type: integer}, of: {$ref: '#/components/schemas/Thing'}}}]}`

func TestXML(t *testing.T) {
	const open, end = `<customer><name>Ama</name>`, `</customer>`
	s := parseXML(t, customerXML)
	tests := []struct {
		name, body string
		want       []string
	}{
		{name: "everything", body: `<?xml version="1.0" encoding="utf-8"?>
			<!-- who --> <customer no="7" is_live='1'> <name>A&amp;<![CDATA[<]]></name> <mail>ama@example.com</mail>
			<at>2020-01-31T00:00:00Z</at><ok>false</ok><n>-5</n><f>1.5e3</f><kind>a</kind>
			<address><city>Abidjan</city></address> <plain>1</plain><plain>2</plain> <one>x</one><one/>
			<wrapped><wrapped>1</wrapped></wrapped>
			<Parts><part><id>1</id><customer><name/></customer></part><part/></Parts>
			</customer> <!-- end -->` + "\n"},
		{name: "byte order mark", body: "\ufeff" + open + end},
		{name: "empty text", body: `<customer><name/></customer>`},
		{name: "empty list", body: open + `<Parts/>` + end},
		{name: "a comment within a text", body: `<customer><name>A<!-- x -->ma</name></customer>`},
		{name: "empty root", body: `<customer/>`, want: []string{"name (/name): required"}},
		{name: "empty object", body: open + `<address/>` + end, want: []string{"/address/city: required"}},
		{name: "empty list with a least", body: open + `<wrapped/>` + end, want: []string{"/wrapped: minItems 1"}},
		{name: "values", body: `<customer no="x" is_live="yes"><name>Kouassi</name><mail>ama@</mail><at>2020-01-31</at><ok>2</ok><n>1.0</n>
			<f>one</f><kind>c</kind><plain>1</plain><plain>b</plain><plain/></customer>`,
			want: []string{
				"/no: type integer", "/live: type boolean", "name (/name): maxLength 4", "email (/email): format email",
				"/at: format date-time", "/ok: type boolean", "/n: type integer", "/f: type number", "/kind: enum a or b",
				"/plain: maxItems 2", "/plain/1: type integer", "/plain/2: nullable false",
			}},
		{name: "no integers", body: open + `<n>1 2</n><Parts><part><id>+1</id></part><part><id>01</id></part></Parts>` + end,
			want: []string{"/n: type integer", "/parts/0/id: type integer", "/parts/1/id: type integer"}},
		{name: "white space around", body: open + "<n> 1\n</n><f>\t1.5 </f><ok> true</ok>" + end},
		{name: "white space in a text", body: open + "<kind> a</kind>" + end, want: []string{"/kind: enum a or b"}},
		{name: "nulls", body: `<customer no=""><name/><n/><ok> </ok></customer>`,
			want: []string{"/no: nullable false", "/n: nullable false", "/ok: nullable false"}},
		{name: "a large integer", body: open + `<n>9223372036854775808</n>` + end, want: []string{"/n: format int64"}},
		{name: "undeclared", body: `<customer is_live="1" no="1" other="1"><name x="1">Ama</name><more><a/>deep</more><more/><email>a</email>
			<Parts n="1"><Part/></Parts></customer>`,
			want: []string{
				"/other: additionalProperties false", "/name/x: additionalProperties false", "/more: additionalProperties false",
				"/email: additionalProperties false", "/parts/n: additionalProperties false", "/parts/Part: additionalProperties false",
			}},
		{name: "repeated", body: open + `<name>Ama</name><ok>1</ok><ok>0</ok><wrapped><wrapped>1</wrapped></wrapped><wrapped/>` + end,
			want: []string{
				"/name: xml unique names", "/ok: xml unique names", "/wrapped: xml unique names", "/wrapped: minItems 1",
			}},
		{name: "an attribute twice", body: `<customer no="1" no="2"><name/></customer>`, want: []string{"/no: xml unique names"}},
		{name: "text where elements belong", body: open + `here<address>x</address><Parts>y<part/></Parts>` + end,
			want: []string{"body: type object"}},
		{name: "text in a list, an object", body: open + `<address>x</address><Parts>y<part/></Parts>` + end,
			want: []string{"address (/address): type object", "/parts: type array"}},
		{name: "elements where text belongs", body: `<customer><name><first>Ama</first></name><n><a/></n></customer>`,
			want: []string{"name (/name): type string", "/n: type integer"}},
		{name: "within itself", body: open + `<Parts><part/><part><customer><n>x</n></customer></part></Parts>` + end,
			want: []string{"name (/parts/1/of/name): required", "/parts/1/of/n: type integer"}},

		{name: "root", body: `<Customer><name>Ama</name></Customer>`, want: []string{"body: xml element customer"}},
		{name: "a page", body: `<html><body>no<br/></body></html>`, want: []string{"body: xml element customer"}},
		{name: "namespace", body: `<customer xmlns="urn:x" xmlns:a="urn:a"><a:name>Ama</a:name><name a:b="1"/></customer>`,
			want: []string{
				"body: xml no namespaces", "/a:name: additionalProperties false", "/name/a:b: additionalProperties false",
			}},
		{name: "an attribute with a prefix", body: `<customer a:no="1"><name/></customer>`,
			want: []string{"/a:no: additionalProperties false"}},
		{name: "root with a prefix", body: `<a:customer xmlns:a="urn:a"/>`, want: []string{"body: xml element customer"}},
		{name: "two roots", body: open + end + `<customer/>`, want: []string{"body: xml one element"}},
		{name: "text behind", body: open + end + " x", want: []string{"body: xml one element"}},
		{name: "text before", body: "x" + open + end, want: []string{"body: xml one element"}},
		{name: "an end behind", body: open + end + "</customer>", want: []string{"body: xml syntax"}},
		{name: "nothing", body: " <!-- --> ", want: []string{"body: xml syntax"}},
		{name: "cut off", body: open, want: []string{"body: xml syntax"}},
		{name: "crossed", body: `<customer><name></customer></name>`, want: []string{"body: xml syntax"}},
		{name: "JSON", body: `{"name":"Ama"}`, want: []string{"body: xml one element", "body: xml syntax"}},
		{name: "doctype", body: `<!DOCTYPE customer>` + open + end, want: []string{"body: xml no DOCTYPE"}},
		{name: "entity bomb", body: `<!DOCTYPE c [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><customer><name>&b;</name></customer>`,
			want: []string{"body: xml no DOCTYPE"}},
		{name: "entity", body: `<customer><name>&eacute;</name></customer>`, want: []string{"body: xml syntax"}},
		{name: "instruction", body: `<?xml-stylesheet href="a"?>` + open + end, want: []string{"body: xml no processing instructions"}},
		{name: "declaration within", body: `<customer><?xml version="1.0"?><name/></customer>`,
			want: []string{"body: xml no processing instructions"}},
		{name: "declaration behind a blank", body: ` <?xml version="1.0"?>` + open + end,
			want: []string{"body: xml no processing instructions"}},
		{name: "version", body: `<?xml version="1.1"?>` + open + end, want: []string{"body: xml syntax"}},
		{name: "encoding", body: `<?xml version="1.0" encoding="ISO-8859-1"?>` + open + end, want: []string{"body: xml UTF-8"}},
		{name: "not UTF-8", body: "<customer><name>\xe9</name></customer>", want: []string{"body: xml UTF-8"}},
		{name: "nested too deeply", body: open + strings.Repeat("<a>", 1<<18), want: []string{
			"body: xml depth 1000", "/a: additionalProperties false",
		}},
		{name: "nested too deeply within itself", body: strings.Repeat("<customer><Parts><part>", 1<<16),
			want: []string{"body: xml depth 1000"}},
		{name: "data as a name", body: open + `<x-` + strings.Repeat("1", 70) + `/><_é/>` + end,
			want: []string{"/*: additionalProperties false"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.ElementsMatch(t, tt.want, texts(sendXML(t, s, tt.body)))
		})
	}

	t.Run("many", func(t *testing.T) {
		body := open + strings.Repeat("<a/>", 10_000) + strings.Repeat("<n>1</n>", 10_000) + end
		assert.Equal(t, []string{"/a: additionalProperties false", "/n: xml unique names"}, texts(sendXML(t, s, body)))
	})
}

// A list is a body only with an element of its own around it.
func TestXMLRoots(t *testing.T) {
	list := parseXML(t, "type: array\nxml: {wrapped: true}\nitems: {type: object, xml: {name: item}, properties: {n: {type: integer}}}")
	assert.Empty(t, sendXML(t, list, "<Thing><item><n>1</n></item><item/></Thing>"), "named by the component")
	assert.Equal(t, []string{"/1/n: type integer", "/item2: additionalProperties false"},
		texts(sendXML(t, list, "<Thing><item/><item2/><item><n>a</n></item></Thing>")))

	text := parseXML(t, "{type: string, minLength: 2, xml: {name: note}}")
	assert.Empty(t, sendXML(t, text, "<note>ab</note>"))
	assert.Equal(t, []string{"body: minLength 2"}, texts(sendXML(t, text, "<note>a</note>")))
}

func TestXMLRefused(t *testing.T) {
	tests := []struct{ schema, want string }{
		{"{type: object, xml: {namespace: 'urn:x'}}", "namespaces are not supported"},
		{"{type: object, properties: {a: {type: string, xml: {prefix: x}}}}", "property a: namespaces are not supported"},
		{"{type: object, properties: {a: {type: object, xml: {attribute: true}}}}", "property a: an attribute cannot be an object"},
		{"{type: object, properties: {a: {type: array, items: {type: string}, xml: {attribute: true}}}}", "cannot be an array"},
		{"{type: object, properties: {a: {type: string}, b: {type: string, xml: {name: a}}}}", "property b: another one is written as a too"},
		{"{type: object, additionalProperties: true}", "additionalProperties other than false"},
		{"{type: object, additionalProperties: {type: string}}", "additionalProperties other than false"},
		{"{type: object, properties: {a: {description: anything}}}", "property a: a schema without type"},
		{"{oneOf: [{type: object, properties: {a: {type: string}}}, {type: string}]}", "properties in a part of a schema"},
		{"{type: object, properties: {'a b': {type: string}}}", `property a b: "a b" is no name of an element`},
		{"{type: object, properties: {a: {type: array, items: {type: string, xml: {name: <}}}}}", `"<" is no name of an element`},
		{"{type: object, xml: {name: 1a}}", `"1a" is no name of an element`},
		{"{type: array, items: {type: string}}", "a list without xml.wrapped has no root element"},
		{"{type: array, xml: {wrapped: true}, items: {type: array, items: {type: string}}}", "a list of lists"},
	}
	for _, tt := range tests {
		doc := strings.ReplaceAll(document(tt.schema), "application/json", "text/xml")
		_, err := contract.Parse("inline", []byte(doc))
		assert.ErrorContains(t, err, "contract inline: POST /thing: text/xml: ", tt.schema)
		assert.ErrorContains(t, err, tt.want)
	}
	unnamed := strings.ReplaceAll(document("type: object"), "application/json", "application/a+xml")
	unnamed = strings.ReplaceAll(unnamed, `{$ref: "#/components/schemas/Thing"}`, "{type: object}")
	_, err := contract.Parse("inline", []byte(unnamed))
	assert.ErrorContains(t, err, "the root element has no name: give the schema an xml.name")
}

// The forms of bodies are plain data, for programs that do without the document.
func TestFormsInXML(t *testing.T) {
	const paths = `
openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /b/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    put:
      requestBody: {content: {application/xml: {schema: {$ref: "#/components/schemas/Thing"}}, text/xml: {schema: {type: string, xml: {name: x}}}}}
      responses:
        "201": {description: d, content: {application/xml: {schema: {$ref: "#/components/schemas/Thing"}}}}
        "200": {description: d, content: {application/xml: {schema: {$ref: "#/components/schemas/Thing"}}}}
        "400": {description: d, content: {application/xml: {schema: {type: string, xml: {name: error}}}}}
    delete: {responses: {"204": {description: d}}}
  /a:
    get: {responses: {"200": {description: d, content: {application/xml: {schema: {$ref: "#/components/schemas/Things"}}}}}}
components:
  schemas:
    Things: {type: array, xml: {wrapped: true}, items: {$ref: "#/components/schemas/Thing"}}
    Thing:
      type: object
      xml: {name: thing}
      properties:
        b: {type: string, x-order: 1, x-customer: email}
        a: {type: array, x-order: 2, x-customer-skip: true, items: {type: integer}}
        c: {type: boolean, xml: {attribute: true, name: C}}`
	s, err := contract.Parse("inline", []byte(paths))
	require.NoError(t, err)
	forms, err := s.XML()
	require.NoError(t, err)
	thing := &markup.Element{Type: markup.Object, Properties: []markup.Property{
		{Name: "c", XML: "C", Attribute: true, Element: &markup.Element{Type: markup.Boolean}},
		{Name: "b", XML: "b", Field: "email", Element: &markup.Element{Type: markup.String}},
		{Name: "a", XML: "a", Unfed: true, Element: &markup.Element{Type: markup.Array, Items: &markup.Element{Type: markup.Integer}}},
	}}
	root := &markup.Root{Name: "thing", Element: thing}
	assert.Equal(t, markup.Operations{
		{Method: "GET", Path: "/a", Success: &markup.Root{
			Name: "Things", Element: &markup.Element{Type: markup.Array, Wrapped: true, ItemName: "thing", Items: thing},
		}},
		{Method: "PUT", Path: "/b/{id}", Request: root, Success: root},
	}, forms)

	s, err = contract.Parse("inline", []byte(strings.Replace(paths, `"200": {description: d, content: {application/xml: {schema: {$ref: "#/components/schemas/Thing"}}}}`,
		`"200": {description: d, content: {application/xml: {schema: {$ref: "#/components/schemas/Things"}}}}`, 1)))
	require.NoError(t, err)
	_, err = s.XML()
	require.EqualError(t, err, "contract inline: PUT /b/{id}: successes that differ in XML are not supported")
}

// FuzzXML holds the decoder against encoding/xml: it accepts nothing that is not well formed.
func FuzzXML(f *testing.F) {
	for _, seed := range []string{
		`<Thing a="1"><b>&lt;&#233;</b><!-- c --><![CDATA[d]]></Thing>`, `<Thing>`, `</Thing>`, `<Thing/><Thing/>`, `<a:b xmlns:a="c"/>`,
		`<?xml version="1.0"?><Thing/>`, `<!DOCTYPE a><Thing/>`, `<Thing>&a;</Thing>`, `<Thing a=1/>`, `<Thing a="1" a="1"/>`, ``, `x`, `<`,
		`<Thing></Other>`, `<Thing>]]></Thing>`, "<Thing>\x01</Thing>", "\ufeff<Thing/>", `<Thing><?a b?></Thing>`, `<:a/>`, `<a:/>`, `<1/>`,
	} {
		f.Add(seed)
	}
	doc := strings.ReplaceAll(document("type: string"), "application/json", "application/xml")
	doc = strings.ReplaceAll(doc, `{schema: {$ref: "#/components/schemas/Thing"}}`, "{}")
	s, err := contract.Parse("any", []byte(doc))
	require.NoError(f, err)
	typed := parseXML(f, customerXML)
	f.Fuzz(func(t *testing.T, body string) {
		if body == "" {
			return
		}
		sendXML(t, typed, body)
		var into struct{}
		if err := xml.Unmarshal([]byte(strings.TrimPrefix(body, "\ufeff")), &into); err != nil {
			assert.NotEmpty(t, sendXML(t, s, body), "%q", body)
		} else if vs := sendXML(t, s, body); len(vs) > 0 {
			named := []string{"no DOCTYPE", "no processing instructions", "one element", "depth 1000", "UTF-8", "syntax"}
			assert.True(t, slices.ContainsFunc(vs, func(v check.Violation) bool { return slices.Contains(named, v.Bound) }), "%q", body)
		}
	})
}
