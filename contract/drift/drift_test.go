package drift_test

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/drift"
)

const shop = `
openapi: 3.0.3
info: {title: shop, version: "1"}
servers: [{url: https://shop.example.com/v1}]
security: [{key: []}]
paths:
  /people:
    get:
      operationId: list
      responses:
        "200":
          description: People
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Person"}}}}
        "204": {description: None}
    post:
      operationId: add
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}
      responses:
        "200": {description: Added, content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
        "400": {description: Refused}
  /people/{id}:
    delete:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: Gone}}
  /bills/{number}/:
    get:
      operationId: order
      parameters:
        - {name: number, in: path, required: true, schema: {type: integer}}
        - {name: page, in: query, schema: {type: integer}}
        - {name: ids, in: query, schema: {type: array, items: {type: integer}}}
        - {name: code, in: query, schema: {type: string, pattern: "^[a-z]+$"}}
        - {name: X-Copy, in: header, schema: {type: boolean}}
      responses:
        "204": {description: None, headers: {X-Left: {schema: {type: integer}}}}
        "304": {description: As it was}
components:
  securitySchemes: {key: {type: http, scheme: basic}}
  schemas:
    Person:
      type: object
      required: [id]
      properties:
        id: {type: integer, format: int64}
        name: {type: string, maxLength: 5}
        nick: {type: string, nullable: true}
        since: {type: string, format: date}
        kind: {type: string, enum: [new, old]}
        code: {type: string, pattern: "^[a-z]+$"}
        tags: {type: array, maxItems: 1, items: {type: string}}
        score: {type: number, maximum: 10}
        note: {oneOf: [{type: string}, {type: object, properties: {text: {type: string}}}]}
        labels: {type: object, additionalProperties: {type: string}}
`

func newChecker(t *testing.T) *drift.Checker {
	t.Helper()
	spec, err := contract.Parse("shop", []byte(shop))
	require.NoError(t, err)
	return drift.NewChecker(spec, "shop.example.com", "127.0.0.1:8080")
}

var asJSON = http.Header{"Content-Type": {"application/json"}}

func list(body string) *drift.Exchange {
	return &drift.Exchange{
		Method: "GET", URL: "https://shop.example.com/v1/people", Status: 200, ResponseHeader: asJSON, ResponseBody: []byte(body),
	}
}

func add(body string, status int) *drift.Exchange {
	return &drift.Exchange{
		Method: "POST", URL: "https://shop.example.com/v1/people", RequestHeader: asJSON, RequestBody: []byte(body), Status: status,
		ResponseHeader: asJSON, ResponseBody: []byte(`{"id":1}`),
	}
}

func order(url string, status int, header http.Header) *drift.Exchange {
	return &drift.Exchange{Method: "GET", URL: url, RequestHeader: header, Status: status}
}

// told writes findings as one line each.
func told(r *drift.Report) []string {
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, strings.Join(strings.Fields(fmt.Sprintf("%s %s %d %s %s %s %d/%d/%d | %s",
			f.Operation, f.Direction, f.Status, f.Pointer, f.Rule, f.Bound, f.Times, f.Exchanges, f.Of, f.Suggestion)), " "))
	}
	return lines
}

func TestFindings(t *testing.T) {
	person := func(members string) *drift.Exchange { return list(`[{"id":1,` + members + `}]`) }
	for name, test := range map[string]struct {
		exchanges []*drift.Exchange
		want      []string
	}{
		"nothing": {[]*drift.Exchange{list(`[{"id":1,"name":"Ama"}]`), list(`[]`)}, nil},
		"undeclared, in many items": {
			[]*drift.Exchange{list(`[{"id":1,"vip":true},{"id":2,"vip":false},{"id":3}]`), person(`"vip":true`), list(`[]`)},
			[]string{"list response 200 /*/vip additionalProperties false 3/2/3 | not declared, always a boolean: declare it as an optional property of type boolean, with x-evidence observed"},
		},
		"undeclared, of several types": {
			[]*drift.Exchange{person(`"vip":true`), person(`"vip":"yes"`), person(`"vip":null`)},
			[]string{"list response 200 /*/vip additionalProperties false 3/3/3 | not declared, null or boolean or string: declare it as an optional property of one of boolean, string, nullable, with x-evidence observed"},
		},
		"undeclared, a number at times": {
			[]*drift.Exchange{person(`"rate":1`), person(`"rate":1.5`)},
			[]string{"list response 200 /*/rate additionalProperties false 2/2/2 | not declared, always a number: declare it as an optional property of type number, with x-evidence observed"},
		},
		"undeclared, with a format": {
			[]*drift.Exchange{person(`"born":"2000-01-31"`), person(`"born":"2001-12-31"`)},
			[]string{"list response 200 /*/born additionalProperties false 2/2/2 | not declared, always a string: declare it as an optional property of type string, format date, with x-evidence observed"},
		},
		"undeclared, always null": {
			[]*drift.Exchange{person(`"vip":null`)},
			[]string{"list response 200 /*/vip additionalProperties false 1/1/1 | not declared, always null: declare it as an optional property, with x-evidence observed"},
		},
		"undeclared, no name": {
			[]*drift.Exchange{person(`"Ama Kouassi":1`), person(`"k7Q2x9Zp4Wm1":1`), person(`"abcdefghijklmnopqrstu1":1`)},
			[]string{"list response 200 /*/* additionalProperties false 3/3/3 | names that do not look like names, so not shown: describe them by additionalProperties"},
		},
		"null": {
			[]*drift.Exchange{person(`"name":null`), person(`"name":"Ama"`)},
			[]string{"list response 200 /*/name nullable false 1/1/2 | null: declare nullable: true, with x-evidence observed"},
		},
		"another type": {
			[]*drift.Exchange{person(`"since":20200131`), person(`"score":"9"`)},
			[]string{
				"list response 200 /*/score type number 1/1/2 | always a string instead of number: declare type string, with x-evidence observed",
				"list response 200 /*/since type string 1/1/2 | always an integer instead of string: declare type integer, with x-evidence observed",
			},
		},
		"absent": {
			[]*drift.Exchange{list(`[{"name":"Ama"}]`)},
			[]string{"list response 200 /*/id required 1/1/1 | absent: take it out of required, with x-evidence observed"},
		},
		"too long": {
			[]*drift.Exchange{person(`"name":"Aminata"`), person(`"name":"Ama Kouassi"`)},
			[]string{"list response 200 /*/name maxLength 5 2/2/2 | out of bounds, length 7 to 11: widen maxLength, or take it away"},
		},
		"too many": {
			[]*drift.Exchange{person(`"tags":["a","b"]`)},
			[]string{"list response 200 /*/tags maxItems 1 1/1/1 | out of bounds, 2 of them: widen maxItems, or take it away"},
		},
		"too much": {
			[]*drift.Exchange{person(`"score":11`)},
			[]string{"list response 200 /*/score maximum 10 1/1/1 | out of bounds: widen it, or take it away"},
		},
		"another format": {
			[]*drift.Exchange{person(`"since":"2020-01-31T10:00:00Z"`), person(`"since":"2020-01-31T10:00:00+02:00"`)},
			[]string{"list response 200 /*/since format date 2/2/2 | always of format date-time: declare that"},
		},
		"no format": {
			[]*drift.Exchange{person(`"since":"31.1.2020"`)},
			[]string{"list response 200 /*/since format date 1/1/1 | in another form: take the format away, or describe the form by a pattern"},
		},
		"an integer that is too large": {
			[]*drift.Exchange{list(`[{"id":9223372036854775808}]`)},
			[]string{"list response 200 /*/id format int64 1/1/1 | in another form: take the format away, or describe the form by a pattern"},
		},
		"outside of the list": {
			[]*drift.Exchange{person(`"kind":"gone"`)},
			[]string{"list response 200 /*/kind enum new or old 1/1/1 | outside of the list: add the value (not shown here), or take the list away"},
		},
		"another pattern": {
			[]*drift.Exchange{person(`"code":"AB"`)},
			[]string{"list response 200 /*/code pattern ^[a-z]+$ 1/1/1 | in another form, length 2: widen the pattern, or take it away"},
		},
		"no alternative": {
			[]*drift.Exchange{person(`"note":7`)},
			[]string{"list response 200 /*/note oneOf string or object 1/1/1 | fits no alternative, always an integer: declare what it may be"},
		},
		"a member of a map": {
			[]*drift.Exchange{person(`"labels":{"colour":1}`)},
			[]string{"list response 200 /*/labels/colour type string 1/1/1 | always an integer instead of string: declare type integer, with x-evidence observed"},
		},
		"a map keyed by numbers": {
			[]*drift.Exchange{person(`"labels":{"7":1}`)},
			[]string{"list response 200 /*/labels/7 type string 1/1/1 | always an integer instead of string: declare type integer, with x-evidence observed"},
		},
		"no JSON": {
			[]*drift.Exchange{list(`[{"id":1`)},
			[]string{"list response 200 json syntax 1/1/1 | not JSON as it should be: if the recording is whole, note it in the description"},
		},
		"an undeclared status": {
			[]*drift.Exchange{{Method: "GET", URL: "/v1/people", Status: 418}, {Method: "GET", URL: "/v1/people", Status: 799}},
			[]string{
				"list response 418 status/418 responses 200 or 204 1/1/1 | status 418 (I'm a teapot) is not declared: declare the response, with x-evidence observed",
				"list response 799 status/799 responses 200 or 204 1/1/1 | status 799 (no standard status) is not declared: declare the response, with x-evidence observed",
			},
		},
		"another media type": {
			[]*drift.Exchange{
				{Method: "GET", URL: "/v1/people", Status: 200, ResponseHeader: http.Header{"Content-Type": {"text/html"}}, ResponseBody: []byte("<p>")},
				{Method: "GET", URL: "/v1/people", Status: 200, ResponseHeader: http.Header{"Content-Type": {"x/ama-kouassi"}}, ResponseBody: []byte("<p>")},
			},
			[]string{"list response 200 header/Content-Type content application/json 2/2/2 | seen as another, text/html: declare the media type, with x-evidence observed"},
		},
		"no media type": {
			[]*drift.Exchange{{Method: "GET", URL: "/v1/people", Status: 200, ResponseBody: []byte("[]")}},
			[]string{"list response 200 header/Content-Type content application/json 1/1/1 | no Content-Type: if the recording is whole, say in the description that it is left out"},
		},
		"a body where there is none": {
			[]*drift.Exchange{{Method: "GET", URL: "/v1/people", Status: 204, ResponseBody: []byte("[]")}},
			[]string{"list response 204 body none 1/1/1 | a body where none is declared: declare its content, with x-evidence observed"},
		},
		"an undeclared parameter": {
			[]*drift.Exchange{
				{Method: "GET", URL: "/v1/people?page=1&Ama+Kouassi=1&%2B2250102030405=1&ama.kouassi=1", Status: 204}, {Method: "GET", URL: "/v1/people?%zz", Status: 204},
			},
			[]string{
				"list request 0 query parameters 1/1/2 | answered with success 1×: cannot be read: look at the client",
				"list request 0 query/* parameters 2/1/2 | answered with success 1×: not declared: declare it as an optional query parameter, with x-evidence observed",
				"list request 0 query/page parameters 1/1/2 | answered with success 1×: not declared: declare it as an optional query parameter, with x-evidence observed",
			},
		},
		"an undeclared method": {
			[]*drift.Exchange{
				{Method: "PUT", URL: "/v1/people/7", Status: 200}, {Method: "PUT", URL: "/v1/people/8", Status: 404},
				{Method: "AMA", URL: "/v1/people/7", Status: 200}, {Method: "GET", URL: "/v1/people/7", Status: 404},
				{Method: "PATCH", URL: "/v1/people/7"},
			},
			[]string{
				"* /people/{id} request 0 path method DELETE 1/1/1 | answered with success 1×: the path is declared for DELETE: declare the operation, with x-evidence observed",
				"GET /people/{id} request 0 path method DELETE 1/1/1 | the path is declared for DELETE: this was never answered with success, so look at the client",
				"PATCH /people/{id} request 0 path method DELETE 1/1/1 | the path is declared for DELETE: this was never answered with success, so look at the client",
				"PUT /people/{id} request 0 path method DELETE 2/2/2 | answered with success 1×: the path is declared for DELETE: declare the operation, with x-evidence observed",
			},
		},
		"not modified": {
			[]*drift.Exchange{
				{Method: "POST", URL: "/v1/people", RequestHeader: asJSON, RequestBody: []byte(`{"id":1}`), Status: 304},
				{Method: "GET", URL: "/v1/bills/7", Status: 304, ResponseBody: []byte("{}")},
			},
			[]string{
				"add response 304 status/304 responses 200 or 400 1/1/1 | status 304 (Not Modified) is not declared: declare the response, with x-evidence observed",
				"order response 304 body none 1/1/1 | a body where none is declared: declare its content, with x-evidence observed",
			},
		},
		"a parameter of another type": {
			[]*drift.Exchange{
				order("/v1/bills/7/?page=&code=12", 204, nil), order("/v1/bills/7/?page=", 204, nil),
				order("/v1/bills/7/", 204, http.Header{"X-Copy": {"1"}}),
				order("/v1/bills/ama%2Fk", 404, nil), order("/v1/bills/1.5/", 404, nil),
			},
			[]string{
				"order request 0 header/X-Copy type boolean 1/1/5 | answered with success 1×: always an integer instead of boolean: declare type integer, with x-evidence observed",
				"order request 0 path/number type integer 2/2/5 | never answered with success, so look at the client first; else number or string instead of integer: declare one of number, string, with x-evidence observed",
				"order request 0 query/code pattern ^[a-z]+$ 1/1/5 | answered with success 1×: in another form, length 2: widen the pattern, or take it away",
				"order request 0 query/page type integer 2/2/5 | answered with success 2×: always empty instead of integer: say in the description that it may be empty, or look at the client",
				"order response 404 status/404 responses 204 or 304 2/2/2 | status 404 (Not Found) is not declared: declare the response, with x-evidence observed",
			},
		},
		"a parameter of several types": {
			[]*drift.Exchange{order("/v1/bills/7/?page=", 204, nil), order("/v1/bills/7/?page=null", 204, nil)},
			[]string{"order request 0 query/page type integer 2/2/2 | answered with success 2×: always a string instead of integer: declare type string, with x-evidence observed"},
		},
		"a parameter of a list of another type": {
			[]*drift.Exchange{order("/v1/bills/7/?ids=ama&ids=1", 204, nil)},
			[]string{"order request 0 query/ids/0 type integer 1/1/1 | answered with success 1×: not of type integer: declare what it may be, with x-evidence observed"},
		},
		"a parameter that is given twice": {
			[]*drift.Exchange{order("/v1/bills/7/?page=1&page=2&page=3", 204, nil)},
			[]string{"order request 0 query/page maxItems 1 1/1/1 | answered with success 1×: out of bounds, 3 of them: widen maxItems, or take it away"},
		},
		"a header of an answer of another type": {
			[]*drift.Exchange{{
				Method: "GET", URL: "/v1/bills/7/", Status: 204, ResponseHeader: http.Header{"X-Left": {"2026-01-31"}},
			}},
			[]string{"order response 204 header/X-Left type integer 1/1/1 | always a string instead of integer: declare type string, format date, with x-evidence observed"},
		},
		"other credentials": {
			[]*drift.Exchange{{Method: "GET", URL: "/v1/people", Status: 204, RequestHeader: http.Header{"Authorization": {"Digest abc"}}}},
			[]string{"list request 0 header/Authorization security basic 1/1/1 | answered with success 1×: other credentials than declared: declare their scheme, with x-evidence observed"},
		},
		"a request that was accepted at times": {
			[]*drift.Exchange{add(`{"id":1,"vip":true}`, 200), add(`{"id":1,"vip":true}`, 500)},
			[]string{
				"add request 0 /vip additionalProperties false 2/2/2 | answered with success 1×: not declared, always a boolean: declare it as an optional property of type boolean, with x-evidence observed",
				"add response 500 status/500 responses 200 or 400 1/1/1 | status 500 (Internal Server Error) is not declared: declare the response, with x-evidence observed",
			},
		},
		"a request that was never accepted": {
			[]*drift.Exchange{{
				Method: "POST", URL: "/v1/people", RequestHeader: asJSON, RequestBody: []byte{}, Status: 400, ResponseBody: []byte{},
			}},
			[]string{"add request 0 required 1/1/1 | never answered with success, so look at the client first; else no body: do not require one, or declare a response without content for this status"},
		},
		"only the bodies that were recorded count": {
			[]*drift.Exchange{
				list(`[{}]`), {Method: "GET", URL: "/v1/people", Status: 200, ResponseHeader: asJSON},
			},
			[]string{"list response 200 /*/id required 1/1/1 | absent: take it out of required, with x-evidence observed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChecker(t)
			for _, e := range test.exchanges {
				c.Add(e)
			}
			assert.Equal(t, test.want, told(c.Report()))
		})
	}
}

func TestConforming(t *testing.T) {
	c := newChecker(t)
	c.Add(list(`[{"id":1,"name":null,"nick":null,"vip":1,"note":{"text":"a"}},{"id":2,"kind":"old"}]`))
	c.Add(list(`[{"id":1,"kind":"gone","note":7,"labels":{"text":"declared elsewhere","Ama":"a"}}]`))
	c.Add(list(`{`))
	c.Add(&drift.Exchange{
		Method: "GET", URL: "/v1/people", Status: 200, ResponseHeader: http.Header{"Content-Type": {"text/html"}},
		ResponseBody: []byte(`[{"id":1,"tags":[]}]`),
	})
	c.Add(add(`{"id":1,"name":"Ama"}`, 400))
	assert.Equal(t, []drift.Conforming{
		{Operation: "list", Direction: drift.Response, Status: 200, Pointers: []string{"/*", "/*/id", "/*/labels", "/*/labels/text"}},
	}, slices.DeleteFunc(c.Report().Conforming, func(s drift.Conforming) bool { return s.Operation == "add" }),
		"neither null, nor broken once, nor below that, nor undeclared, nor in a body that the contract did not look into")
	assert.Empty(t, slices.DeleteFunc(c.Report().Conforming, func(s drift.Conforming) bool { return s.Direction != drift.Request }),
		"a request that was refused shows nothing")
	c.Add(add(`{"id":1,"name":"Ama"}`, 200))
	assert.Contains(t, c.Report().Conforming, drift.Conforming{Operation: "add", Direction: drift.Request, Pointers: []string{"/id", "/name"}})
}

// Nothing conforms where what was broken is not all known.
func TestMoreBrokenThanTold(t *testing.T) {
	c := newChecker(t)
	c.Add(list(`[` + strings.Repeat(`{},`, 100) + `{"id":1,"name":7}]`))
	c.Add(list(`[{"id":1,"name":"Ama"}]`))
	assert.Equal(t, []string{
		"list response 200 maxViolations 100 1/1/2 | more than 100 breaches in one message, the rest not counted: mend the others, and check again",
		"list response 200 /*/id required 100/1/2 | absent: take it out of required, with x-evidence observed",
	}, told(c.Report()))
	assert.Empty(t, c.Report().Conforming)

	c = newChecker(t)
	for i := range 1001 { // ever deeper
		c.Add(list(strings.Repeat("[", i) + `{"name":7}` + strings.Repeat("]", i)))
	}
	c.Add(list(`[{"id":1,"name":"Ama"}]`))
	assert.Empty(t, c.Report().Conforming)
}

func TestSkippedAndNotRecorded(t *testing.T) {
	c := newChecker(t)
	for _, e := range []drift.Exchange{
		{Method: "GET", URL: "https://shop.example.com/v1/people", Status: 204},
		{Method: "GET", URL: "https://SHOP.example.com:8443/v1/people", Status: 204},
		{Method: "GET", URL: "http://127.0.0.1:8080/v1/people", Status: 204},
		{Method: "GET", URL: "http://127.0.0.1:9090/v1/people", Status: 204},
		{Method: "GET", URL: "https://ama:secret@other.example.com/v1/people", Status: 204},
		{Method: "GET", URL: "https://ama%20kouassi/", Status: 204},
		{Method: "GET", URL: "https://shop.example.com/v1/people/7/orders/ama?x=ama", Status: 204},
		{Method: "GET", URL: "https://shop.example.com/v1/people/8/orders/ama", Status: 204},
		{Method: "OPTIONS", URL: "https://shop.example.com/v1/people", RequestHeader: http.Header{"Access-Control-Request-Method": {"POST"}}},
		{Method: "GET", URL: "https://ama_kouassi.example.com/", Status: 204},
		{Method: "GET", URL: "/v1/people", Status: 204, RequestHeader: http.Header{"Authorization": {"redacted"}}},
		{Method: "GET", URL: "/v1/people", Status: 204, RequestHeader: http.Header{"Transfer-Encoding": {"chunked"}}},
		{Method: "GET", URL: "data:text/plain,ama", Status: 200},
		{Method: "GET", URL: "http://[ama", Status: 200},
		{Method: "GET", URL: "ama", Status: 200},
		{Method: "GET", URL: "/ama", Status: 200},
		{Method: "POST", URL: "/v1/people", RequestHeader: asJSON, Status: 0},
		{Method: "DELETE", URL: "/v1/people/7", Status: 204, RequestHeader: http.Header{"Content-Length": {"9"}}},
		{Method: "GET", URL: "https://shop.example.com/v1/people?ama=1", Status: 304},
		{Method: "GET", URL: "https://shop.example.com/v1/ama", Status: 304},
		{Method: "GET", URL: "/v1/bills/7", Status: 304},
	} {
		c.Add(&e)
	}
	r := c.Report()
	assert.Empty(t, told(r))
	assert.Equal(t, 7, r.Exchanges(), "one without an answer is not checked, one whose contract declares 304 is")
	assert.Equal(t, []drift.Checked{{Operation: "DELETE /people/{id}", Exchanges: 1}, {Operation: "list", Exchanges: 5}, {Operation: "order", Exchanges: 1}}, r.Checked)
	assert.Equal(t, []drift.NotRecorded{
		{What: drift.MissingCredentials, Exchanges: 8}, {What: drift.MissingRequestBody, Exchanges: 3}, {What: drift.MissingResponse, Exchanges: 1},
	}, r.NotRecorded)
	var skipped []string
	for _, s := range r.Skipped {
		skipped = append(skipped, fmt.Sprintf("%s %d", s, s.Exchanges))
	}
	assert.Equal(t, []string{
		"/*: no path of the contract 1",
		"*: a URL that cannot be read 3",
		"*: another host 2",
		"127.0.0.1:9090: another host 1",
		"other.example.com: another host 1",
		"shop.example.com: a browser's preflight 1",
		"shop.example.com: not modified, a cache has the answer 1",
		"shop.example.com/*/*: no path of the contract 1",
		"shop.example.com/*/people/*/*/*: no path of the contract 2",
	}, skipped)
}

// TestProvider has recordings of several providers on one machine, whose hosts tell nothing.
func TestProvider(t *testing.T) {
	const entry = `{"_provider":%q,"request":{"method":"GET","url":"http://127.0.0.1:9090/v1/people","headers":[]},
		"response":{"status":204,"headers":[]}}`
	har := `{"log":{"entries":[` + fmt.Sprintf(entry, "shop") + "," + fmt.Sprintf(entry, "bank") + "," + fmt.Sprintf(entry, "") + `]}}`
	line := `{"provider":%q,"method":"GET","url":"http://127.0.0.1:9090/v1/people","status":204}` + "\n"
	lines := fmt.Sprintf(line, "shop") + fmt.Sprintf(line, "bank") + fmt.Sprintf(line, "")
	for name, file := range map[string]string{"HAR": har, "lines": lines} {
		t.Run(name, func(t *testing.T) {
			c := newChecker(t)
			for e, err := range drift.Read(strings.NewReader(file)) {
				require.NoError(t, err)
				c.Add(e)
				again, err := e.MarshalJSON()
				require.NoError(t, err)
				assert.Equal(t, e.Provider != "", strings.Contains(string(again), `"provider":"`+e.Provider+`"`))
			}
			r := c.Report()
			assert.Equal(t, []drift.Checked{{Operation: "list", Exchanges: 1}}, r.Checked)
			assert.Equal(t, []drift.Skipped{
				{Host: "127.0.0.1:9090", Reason: drift.SkippedHost, Exchanges: 1},
				{Host: "127.0.0.1:9090", Reason: drift.SkippedProvider, Exchanges: 1},
			}, r.Skipped)
		})
	}
}

// TestSandbox has the journal of a sandbox: what a fault answered is no finding, and no finding asks to change the
// contract. The same exchanges with the provider itself do.
func TestSandbox(t *testing.T) {
	const entry = `{%s"request":{"method":"POST","url":"https://shop.example.com/v1/people",
		"headers":[{"name":"Content-Type","value":"application/json"}],"postData":{"text":"{\"id\":1,\"age\":5}"}},
		"response":{"status":%d,"headers":[{"name":"Content-Type","value":"text/html"}],"content":{"text":"<p>"}}}`
	const line = `{%s"method":"POST","url":"https://shop.example.com/v1/people","request_headers":{"Content-Type":"application/json"},` +
		`"request_body":"{\"id\":1,\"age\":5}","status":%d,"response_headers":{"Content-Type":"text/html"},"response_body":"<p>"}`
	har := func(whose string, status int) string {
		return `{"log":{"entries":[` + fmt.Sprintf(entry, whose, status) + `]}}`
	}
	const age = "add request 0 /age additionalProperties false 1/1/1 | "
	for name, test := range map[string]struct {
		file   string
		want   []string
		faults int
	}{
		"a fault": {har(`"_provider":"shop","comment":"fault html",`, 200), []string{age + "not declared, always an integer: look at the client"}, 1},
		"a fault without an answer": {
			har(`"_provider":"shop","comment":"fault reset",`, 0), []string{age + "not declared, always an integer: look at the client"}, 1,
		},
		"a fault in lines": {
			fmt.Sprintf(line, `"provider":"shop","fault":"503",`, 503), []string{age + "not declared, always an integer: look at the client"}, 1,
		},
		"no fault": {har(`"_provider":"shop","comment":"all is well",`, 200), []string{
			age + "not declared, always an integer: look at the client",
			"add response 200 header/Content-Type content application/json 1/1/1 | seen as text/html: look at the sandbox, whose answers are no reason to change the contract",
		}, 0},
		"the provider": {har(`"comment":"fault html",`, 200), []string{
			age + "answered with success 1×: not declared, always an integer: declare it as an optional property of type integer, with x-evidence observed",
			"add response 200 header/Content-Type content application/json 1/1/1 | seen as text/html: declare the media type, with x-evidence observed",
		}, 0},
		"one of each": {
			fmt.Sprintf(line, `"provider":"shop","fault":"503",`, 503) + fmt.Sprintf(line, ``, 400),
			[]string{
				"add request 0 /age additionalProperties false 2/2/2 | never answered with success, so look at the client first; " +
					"else not declared, always an integer: declare it as an optional property of type integer, with x-evidence observed",
				"add response 400 body none 1/1/1 | a body where none is declared: declare its content, with x-evidence observed",
			}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChecker(t)
			exchanges := 0
			for e, err := range drift.Read(strings.NewReader(test.file)) {
				require.NoError(t, err)
				c.Add(e)
				exchanges++
			}
			r := c.Report()
			assert.Equal(t, test.want, told(r))
			assert.Equal(t, test.faults, r.Faults)
			assert.Equal(t, exchanges-test.faults, r.Exchanges())
			if exchanges == test.faults {
				assert.Empty(t, r.Conforming, "nobody accepted the request")
			}
			for _, m := range r.NotRecorded {
				assert.NotEqual(t, drift.MissingResponse, m.What, "it was, and is no answer")
			}
		})
	}
}

// TestFirst finds the first exchange of a finding by number and time, with those before that have no finding or cannot
// be read.
func TestFirst(t *testing.T) {
	const entry = `{"startedDateTime":%s,"request":{"method":"GET","url":"https://shop.example.com/v1/people","headers":[]},
		"response":{"status":%d,"headers":[]}}`
	const line = `{"time":%s,"method":"GET","url":"https://shop.example.com/v1/people","status":%d}`
	const good, bad = 204, 500
	for at, want := range map[string]time.Time{
		`"2026-01-31T10:00:00.25+01:00"`: time.Date(2026, 1, 31, 9, 0, 0, 25e7, time.UTC),
		`"yesterday"`:                    {},
		`7`:                              {},
		`null`:                           {},
		`"0000-01-01T00:00:00+01:00"`:    {},
	} {
		h1, h3 := fmt.Sprintf(entry, at, good), fmt.Sprintf(entry, at, bad)
		l1, l3 := fmt.Sprintf(line, at, good), fmt.Sprintf(line, at, bad)
		for _, file := range []string{`{"log":{"entries":[` + h1 + `,7,` + h3 + `,` + h3 + `]}}`, l1 + "7 " + l3 + l3} {
			c := newChecker(t)
			for e, err := range drift.Read(strings.NewReader(file)) {
				if err == nil {
					e.Entry.File = "traffic"
					c.Add(e)
				}
			}
			r := c.Report()
			require.Len(t, r.Findings, 1)
			assert.Equal(t, drift.Entry{File: "traffic", Number: 3, Time: want}, r.Findings[0].First)
		}
	}
}

// TestManyKinds shows that what a recording makes up does not fill the memory.
func TestManyKinds(t *testing.T) {
	c := newChecker(t)
	name := func(i int) string {
		return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprintf("%05d", i))
	}
	for i := range 1500 {
		c.Add(list(`[{"id":1,"` + name(i) + `":true}]`))
		c.Add(&drift.Exchange{Method: "GET", URL: "https://" + name(i) + ".example.com/"})
	}
	r := c.Report()
	assert.Len(t, r.Findings, 1000)
	assert.Equal(t, 500, r.MoreFindings)
	assert.Len(t, r.Skipped, 1001)
	assert.Equal(t, drift.Skipped{Host: "*", Reason: drift.SkippedHost, Exchanges: 500}, r.Skipped[0])
	require.Len(t, r.Conforming, 1, "undeclared names do not stand in the way of declared ones")
	assert.Equal(t, []string{"/*", "/*/id"}, r.Conforming[0].Pointers)
}

// TestMuchMadeUp shows the same of what no report tells: ever new names, and ever new ways through the declared ones.
func TestMuchMadeUp(t *testing.T) {
	c := newChecker(t)
	letters := func(i int) string {
		return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprintf("%05d", i)) + strings.Repeat("x", 30)
	}
	declared := []string{"name", "nick", "since", "kind"}
	way := func(i int) string {
		body := "1"
		for ; i > 0; i /= 4 {
			body = `{"` + declared[i%4] + `":` + body + `}`
		}
		return body
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	add := func(from, to int) {
		for i := from; i < to; i++ {
			c.Add(list(`[{"` + letters(i) + `":true}]`))
			c.Add(list("[" + way(1<<14+i) + "]"))
		}
	}
	add(0, 1500)
	before := heap()
	add(1500, 4000)
	assert.Less(t, heap()-before, int64(100<<10))
	runtime.KeepAlive(c)
}
