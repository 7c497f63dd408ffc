package markup_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/contract/markup"
)

func of(t markup.Type) *markup.Element { return &markup.Element{Type: t} }

// form has everything that one can have.
var form = &markup.Root{Name: "customer", Element: &markup.Element{Type: markup.Object, Properties: []markup.Property{
	{Name: "no", XML: "no", Attribute: true, Element: of(markup.Integer)},
	{Name: "live", XML: "is-live", Attribute: true, Element: of(markup.Boolean)},
	{Name: "note", XML: "note", Attribute: true, Field: "notes", Element: of(markup.String)},
	{Name: "spare", XML: "spare", Attribute: true, Field: "notes", Unfed: true, Element: of(markup.String)},
	{Name: "name", XML: "full_name", Field: "name", Element: of(markup.String)},
	{Name: "a/b~", XML: "ab", Element: of(markup.Number)},
	{Name: "ok", XML: "ok", Element: of(markup.Boolean)},
	{Name: "plain", XML: "plain", Element: &markup.Element{Type: markup.Array, Items: of(markup.Integer)}},
	{Name: "same", XML: "same", Element: &markup.Element{Type: markup.Array, Wrapped: true, Items: of(markup.String)}},
	{Name: "address", XML: "address", Field: "address", Element: &markup.Element{Type: markup.Object, Properties: []markup.Property{
		{Name: "city", XML: "city", Field: "address.city", Element: of(markup.String)},
		{Name: "zip", XML: "zip", Element: of(markup.String)},
	}}},
	{Name: "others", XML: "others", Unfed: true, Element: &markup.Element{
		Type: markup.Array, Wrapped: true, ItemName: "other", Items: &markup.Element{Type: markup.Object, Properties: []markup.Property{
			{Name: "city", XML: "city", Field: "address.city", Element: of(markup.String)},
		}},
	}},
}}}

func value(t *testing.T, text string) (v any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	require.NoError(t, dec.Decode(&v))
	return v
}

func TestEncode(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{`{}`, `<customer/>`},
		{`null`, `<customer/>`},
		{`{"name":""}`, `<customer><full_name/></customer>`},
		{`{"name":null,"ok":null,"plain":null,"same":null,"address":null,"no":null}`, `<customer no=""><full_name/><ok/><same/><address/></customer>`},
		{`{"no":-7,"live":true,"note":"<\"&'\n"}`, `<customer no="-7" is-live="1" note="&lt;&#34;&amp;&#39;&#xA;"/>`},
		{`{"ok":false,"a/b~":1.50,"name":" a\tb\r\n]]>"}`, `<customer><full_name> a&#x9;b&#xD;&#xA;]]&gt;</full_name><ab>1.50</ab><ok>0</ok></customer>`},
		{`{"plain":[],"same":[],"others":[],"address":{}}`, `<customer><same/><address/><others/></customer>`},
		{`{"plain":[1,2],"same":["x",""],"others":[{},{"city":"Y"}]}`,
			`<customer><plain>1</plain><plain>2</plain><same><same>x</same><same/></same><others><other/><other><city>Y</city></other></others></customer>`},
		{`{"address":{"zip":"2","city":"1"}}`, `<customer><address><city>1</city><zip>2</zip></address></customer>`},
	} {
		got, vs := markup.Encode(value(t, test.value), form)
		assert.Empty(t, vs, test.value)
		assert.Equal(t, test.want, string(got))
	}
}

func TestEncodeRefuses(t *testing.T) {
	const unwritable = "xml characters that XML can hold"
	for body, want := range map[string][]string{
		`[]`:                       {"body: type object"},
		`"x"`:                      {"body: type object"},
		`{"more":1,"name":2}`:      {"name (/name): type string", "body: additionalProperties false"},
		`{"no":"7","ok":1}`:        {"/no: type integer", "/ok: type boolean"},
		`{"a/b~":"x","plain":"x"}`: {"/a~1b~0: type number", "/plain: type array"},
		`{"name":"a\u0000"}`:       {"name (/name): " + unwritable},
		`{"name":"\u001f\uffff","note":"\ufffe"}`:              {"notes (/note): " + unwritable, "name (/name): " + unwritable},
		`{"note":1,"spare":1}`:                                 {"notes (/note): type string", "/spare: type string"},
		`{"address":{"city":"\u000b","zip":"\u000c"}}`:         {"address.city (/address/city): " + unwritable, "address (/address/zip): " + unwritable},
		`{"others":[{},{"city":"\u0001"}],"plain":[1,"x"]}`:    {"/plain/1: type integer", "/others/1/city: " + unwritable},
		`{"others":{"city":"x"},"same":[["x"]],"address":[1]}`: {"/same/0: type string", "address (/address): type object", "/others: type array"},
	} {
		got, vs := markup.Encode(value(t, body), form)
		assert.Nil(t, got)
		texts := make([]string, len(vs))
		for i, v := range vs {
			texts[i] = v.String()
		}
		assert.Equal(t, want, texts, body)
	}
}

// What is written is read as the same again; what other programs may write, too.
func TestDecode(t *testing.T) {
	for document, want := range map[string]string{
		`<customer no="7" is-live="true" note=" a&#10;"><full_name> A&amp;<![CDATA[<]]> </full_name></customer>`:                      `{"no":7,"live":true,"note":" a\n","name":" A&< "}`,
		`<customer no=" "><full_name/><ab/><ok> </ok><same/><address/></customer>`:                                                    `{"no":null,"name":"","a/b~":null,"ok":null,"same":[],"address":{}}`,
		"<customer>\n<plain>\n1\n</plain>\n<others><other><city>Y</city></other> <other/></others><ab>-1.5e3</ab><plain/></customer>": `{"plain":[1,null],"others":[{"city":"Y"},{}],"a/b~":-1.5e3}`,
		`<customer><ok>yes</ok><plain>1.5</plain><ab>0x1</ab></customer>`:                                                             `{"ok":"yes","plain":[1.5],"a/b~":"0x1"}`,
	} {
		got, problems, ok := markup.Decode([]byte(document), form)
		assert.True(t, ok)
		assert.Empty(t, problems)
		assert.Equal(t, value(t, want), got, document)
	}
}

func operations() markup.Operations {
	return markup.Operations{
		{Method: "POST", Path: "/customers", Request: form, Success: form},
		{Method: "DELETE", Path: "/customers"},
	}
}

func TestOperations(t *testing.T) {
	ops := operations()
	assert.Equal(t, "application/xml", ops.MediaTypes()[0])
	data, vs := ops.Encode("POST", "/customers", []byte(`{"no":10000000000000001}`))
	assert.Empty(t, vs)
	assert.Equal(t, `<customer no="10000000000000001"/>`, string(data))
	for name, test := range map[string]struct{ method, path, body, want string }{
		"another path":   {"POST", "/customer", "{}", "body: body one that the contract has in XML"},
		"another method": {"PUT", "/customers", "{}", "body: body one that the contract has in XML"},
		"no body":        {"DELETE", "/customers", "{}", "body: body one that the contract has in XML"},
		"no JSON":        {"POST", "/customers", "{", "body: json one value"},
		"nothing":        {"POST", "/customers", "", "body: json one value"},
		"two":            {"POST", "/customers", "{}{}", "body: json one value"},
		"more":           {"POST", "/customers", `{"name":"a"}}x`, "body: json one value"},
		"broken rule":    {"POST", "/customers", `{"name":1}`, "name (/name): type string"},
	} {
		t.Run(name, func(t *testing.T) {
			data, vs := ops.Encode(test.method, test.path, []byte(test.body))
			assert.Nil(t, data)
			require.Len(t, vs, 1)
			assert.Equal(t, test.want, check.Violation.String(vs[0]))
		})
	}
}

func TestOperationsDecode(t *testing.T) {
	for name, test := range map[string]struct {
		body       string
		failed     bool
		want       string
		undeclared []string
		complaint  string
	}{
		"success":       {body: `<customer no="7"/>`, want: `{"no":7}`},
		"more":          {body: `<customer x="1" y:z="2"><a><b/></a><ok>1</ok><ok>0</ok></customer>`, want: `{"ok":false}`, undeclared: []string{"x", "y:z", "a", "ok"}},
		"prefixes":      {body: `<customer xmlns:x="urn:x"/>`, want: `{}`},
		"namespace":     {body: `<customer xmlns="urn:x"/>`, complaint: "the answer is not the XML that the contract has (rule: no namespaces)"},
		"another root":  {body: `<error/>`, complaint: "the answer is not the XML that the contract has (rule: element customer)"},
		"error":         {body: `<error><message>no</message></error>`, failed: true},
		"error, broken": {body: `<error>`, failed: true, complaint: "the answer is not the XML that the contract has (rule: syntax)"},
		"error, page":   {body: `<HTML/>`, failed: true, complaint: "the answer is a page of HTML"},
	} {
		t.Run(name, func(t *testing.T) {
			data, undeclared, complaint := operations().Decode("POST", "/customers", !test.failed, []byte(test.body))
			assert.Equal(t, test.want, string(data))
			assert.Equal(t, test.undeclared, undeclared)
			assert.Equal(t, test.complaint, complaint)
		})
	}
	_, _, complaint := operations().Decode("DELETE", "/customers", true, []byte("<customer/>"))
	assert.Equal(t, "the contract has no answer in XML for the operation", complaint)
}

// However much there is of it, what is told of a document has a bound.
func TestProblemsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("<customer>")
	for i := range 5000 {
		b.WriteString(`<x` + strings.Repeat("y", i%300) + `/><ok>1</ok><address xmlns:z="urn:z"/>`)
	}
	b.WriteString("</customer>")
	_, problems, ok := markup.Decode([]byte(b.String()), form)
	assert.True(t, ok)
	assert.Equal(t, 300, len(problems), "100 of each kind")
	for name, more := range map[string]string{
		"roots": "<customer/>", "other roots": "<a/>", "text": "<!-- -->a",
	} {
		for _, root := range []*markup.Root{form, nil} {
			_, problems, _ = markup.Decode([]byte("<customer/>"+strings.Repeat(more, 5000)), root)
			assert.Equal(t, 1, len(problems), name)
		}
	}
	_, problems, _ = markup.Decode(
		[]byte("<customer>"+strings.Repeat(`<plain xmlns="urn:x">1</plain>`, 5000)+"</customer>"), form)
	assert.Equal(t, 1, len(problems))
}
