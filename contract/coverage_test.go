package contract_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/specs"
)

// covered has everything that a coverage knows of: parts in all places, by reference and in place, and a schema that
// contains itself.
const covered = `
openapi: 3.0.3
info: {title: covered, version: "1"}
x-evidence: {level: primary, source: page}
servers: [{url: https://api.example.com/base}]
security: [{key: [], token: []}]
paths:
  /things/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
      - {name: page, in: query, schema: {type: integer}, x-evidence: {level: public, source: page}}
    post:
      operationId: write
      x-evidence: {level: public, source: page}
      parameters:
        - {name: page, in: query, schema: {type: integer}, x-evidence: {level: inferred, source: guess}}
        - {name: X-Mode, in: header, schema: {type: string}}
        - {name: Accept, in: header, schema: {type: string}}
      requestBody:
        content:
          application/json: {schema: {$ref: "#/components/schemas/Thing"}}
          application/xml: {schema: {$ref: "#/components/schemas/ThingXML"}}
      responses:
        "200":
          description: done
          headers:
            x-count: {schema: {type: integer}}
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Thing"}
              examples: {two: {value: {id: 2}}, one: {value: {name: "<1>", id: 1}}}
            application/xml:
              schema: {$ref: "#/components/schemas/ThingXML"}
              examples: {one: {value: "<thing>\n  <id>1</id>\n</thing>\n"}}
        "204": {description: done}
        4XX: {description: refused, content: {"*/*": {}}}
        default: {$ref: "#/components/responses/Failed"}
    get:
      security: []
      responses:
        "200":
          description: all
          content:
            application/json: {schema: {type: array, items: {type: string}}}
components:
  securitySchemes:
    key: {type: apiKey, in: query, name: key}
    token: {type: http, scheme: bearer, x-evidence: {level: inferred, source: guess}}
  responses:
    Failed:
      description: failed
      x-evidence: {level: inferred, source: guess}
      content:
        application/problem+json: {schema: {type: object, properties: {a/b: {type: string}}}}
  schemas:
    Thing:
      type: object
      x-evidence: {level: public, source: page}
      properties:
        id: {type: string, readOnly: true}
        secret: {type: string, writeOnly: true}
        name: {type: string, nullable: true, x-evidence: {level: inferred, source: guess}}
        parent: {$ref: "#/components/schemas/Thing"}
        detail:
          oneOf:
            - {type: string}
            - type: object
              properties: {text: {type: string}}
              additionalProperties: {type: integer}
        lines: {type: array, items: {allOf: [{$ref: "#/components/schemas/Line"}]}}
    ThingXML:
      type: object
      xml: {name: thing}
      properties:
        id: {type: string}
        lines: {type: array, xml: {wrapped: true}, items: {$ref: "#/components/schemas/Line"}}
    Line:
      type: object
      xml: {name: line}
      properties: {amount: {type: integer}}
`

func newCoverage(t *testing.T) *contract.Coverage {
	t.Helper()
	s, err := contract.Parse("covered", []byte(covered))
	require.NoError(t, err)
	return contract.NewCoverage(s)
}

// where lists parts as "kind: place (evidence)", those that choose picks.
func where(c *contract.Coverage, choose func(contract.Part) bool) (found []string) {
	for _, p := range c.Parts() {
		if choose(p) {
			found = append(found, string(p.Kind)+": "+p.Place+" ("+p.Evidence+")")
		}
	}
	return found
}

func TestCoverageParts(t *testing.T) {
	found := where(newCoverage(t), func(p contract.Part) bool { return !strings.Contains(p.Place, "xml") })
	assert.Equal(t, []string{
		"operation: GET /things/{id} (primary)",
		"operation: write (public)",
		"security scheme: write key (primary)",
		"security scheme: write token (inferred)",
		"parameter: GET /things/{id} path/id (primary)",
		"parameter: GET /things/{id} query/page (public)",
		"parameter: write header/X-Mode (public)",
		"parameter: write path/id (primary)",
		"parameter: write query/page (inferred)",
		"request content type: write request application/json (public)",
		"request property: write request application/json /detail (public)",
		"request property: write request application/json /detail/* (public)",
		"request property: write request application/json /detail/text (public)",
		"request property: write request application/json /lines (public)",
		"request property: write request application/json /lines/* (public)",
		"request property: write request application/json /lines/*/amount (public)",
		"request property: write request application/json /name (inferred)",
		"request property: write request application/json /name null (inferred)",
		"request property: write request application/json /parent (public)",
		"request property: write request application/json /secret (public)",
		"response status: GET /things/{id} 200 (primary)",
		"response status: write 200 (public)",
		"response status: write 204 (public)",
		"response status: write 4XX (public)",
		"response status: write default (inferred)",
		"response header: write 200 header/X-Count (public)",
		"response content type: GET /things/{id} 200 application/json (primary)",
		"response content type: write 200 application/json (public)",
		"response content type: write default application/problem+json (inferred)",
		"response property: GET /things/{id} 200 application/json /* (primary)",
		"response property: write 200 application/json /detail (public)",
		"response property: write 200 application/json /detail/* (public)",
		"response property: write 200 application/json /detail/text (public)",
		"response property: write 200 application/json /id (public)",
		"response property: write 200 application/json /lines (public)",
		"response property: write 200 application/json /lines/* (public)",
		"response property: write 200 application/json /lines/*/amount (public)",
		"response property: write 200 application/json /name (inferred)",
		"response property: write 200 application/json /name null (inferred)",
		"response property: write 200 application/json /parent (public)",
		"response property: write default application/problem+json /a~1b (inferred)",
	}, found)
}

func TestCoverageAdd(t *testing.T) {
	type exchange struct {
		method, url, request string
		header               http.Header // of the request
		status               int
		media, response      string
	}
	const write = "/base/things/5"
	for name, test := range map[string]struct {
		exchange
		seen []string // beside operation and path/id
	}{
		"no such operation": {exchange{method: "PUT", url: write}, nil},
		"parameters and credentials": {exchange{
			method: "POST", url: write + "?page=&key=k&other=1", header: http.Header{"X-Mode": {"a"}, "Authorization": {"Bearer x"}},
			status: 302,
		}, []string{"write header/X-Mode", "write key", "write query/page", "write token", "write default"}},
		"other scheme, not declared status": {exchange{
			method: "GET", url: write, header: http.Header{"Authorization": {"Basic x"}}, status: 500,
		}, nil},
		"request": {exchange{
			method: "POST", url: write, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, status: 204,
			request: `{"secret":"","detail":{"text":"a","b":1},"lines":[],"parent":{"secret":""},"other":1,"name":null}`,
		}, []string{
			"write 204", "write request application/json", "write request application/json /detail",
			"write request application/json /detail/*", "write request application/json /detail/text",
			"write request application/json /lines", "write request application/json /name null",
			"write request application/json /parent", "write request application/json /secret",
		}},
		"answer": {exchange{
			method: "POST", url: write, status: 200, media: "application/json",
			response: `{"id":5,"name":"a","detail":"b","lines":[{"amount":1},{"amount":2}],"parent":{"parent":{"id":1}}}`,
		}, []string{
			"write 200", "write 200 application/json", "write 200 application/json /detail", "write 200 application/json /id",
			"write 200 application/json /lines", "write 200 application/json /lines/*",
			"write 200 application/json /lines/*/amount", "write 200 application/json /name", "write 200 application/json /parent",
			"write 200 header/X-Count",
		}},
		"XML": {exchange{method: "POST", url: write, status: 200, media: "application/xml", response: `<thing><id>5</id></thing>`},
			[]string{"write 200", "write 200 application/xml", "write 200 application/xml /id", "write 200 header/X-Count"}},
		"no JSON, not declared": {exchange{method: "POST", url: write, status: 404, media: "text/html", response: "{"}, []string{"write 4XX"}},
		"broken JSON": {exchange{method: "POST", url: write, status: 500, media: "application/problem+json", response: `{"a/b"`},
			[]string{"write default", "write default application/problem+json"}},
		"a name with a slash": {exchange{method: "POST", url: write, status: 500, media: "application/problem+json", response: `{"a/b":"c"}`},
			[]string{"write default", "write default application/problem+json", "write default application/problem+json /a~1b"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCoverage(t)
			r := httptest.NewRequest(test.method, test.url, nil)
			if test.header != nil {
				r.Header = test.header
			}
			header := http.Header{}
			if test.media != "" {
				header.Set("Content-Type", test.media)
				header.Set("X-Count", "1")
			}
			for range 2 {
				c.Add(r, []byte(test.request), test.status, header, []byte(test.response))
			}
			var seen []string
			for _, p := range c.Parts() {
				if p.Seen == 0 {
					continue
				}
				assert.Equal(t, 2, p.Seen, "%s: once for each exchange", p.Place)
				if p.Kind != contract.PartOperation && !strings.HasSuffix(p.Place, "path/id") {
					seen = append(seen, p.Place)
				}
			}
			assert.ElementsMatch(t, test.seen, seen)
		})
	}
}

func TestCoverageExempts(t *testing.T) {
	c := newCoverage(t)
	why := func() map[string][]string {
		found := map[string][]string{}
		for _, p := range c.Parts() {
			if p.Exempt != "" {
				found[p.Exempt] = append(found[p.Exempt], p.Place)
			}
		}
		return found
	}
	inferred := []string{ // of answers only
		"write default", "write default application/problem+json",
		"write 200 application/json /name", "write 200 application/json /name null", "write default application/problem+json /a~1b",
	}
	before := why()
	assert.Equal(t, inferred, before["inferred, and served by nothing"])
	assert.Len(t, before, 1)

	// What is served counts.
	r := httptest.NewRequest("POST", "/base/things/5", nil)
	c.Add(r, nil, 500, http.Header{}, nil)
	assert.Equal(t, map[string][]string{"inferred, and served by nothing": inferred[1:]}, why())
}

func TestCoverageConcurrently(t *testing.T) {
	c := newCoverage(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				c.Add(httptest.NewRequest("GET", "/base/things/5", nil), nil, 200, http.Header{"Content-Type": {"application/json"}}, []byte(`["a"]`))
				_ = c.Parts()
			}
		})
	}
	all.Wait()
	assert.Equal(t, 400, c.Parts()[0].Seen)
}

// The examples of an operation are the document's own.
func TestSpecExamples(t *testing.T) {
	for _, provider := range specs.Providers() {
		s := load(t, provider)
		doc := loadDocument(t, provider)
		for _, op := range s.Operations() {
			shown := map[int]int{}
			for _, e := range s.Examples(op.ID) {
				shown[e.Status]++
				ref := doc.Paths.Value(op.Path).GetOperation(op.Method).Responses.Status(e.Status)
				require.NotNil(t, ref)
				if e.Name == "" {
					assert.Empty(t, e.Body)
					continue
				}
				value := ref.Value.Content[e.ContentType].Examples[e.Name].Value.Value
				if e.ContentType != "application/json" {
					assert.Equal(t, value, string(e.Body))
					continue
				}
				want, err := json.Marshal(value)
				require.NoError(t, err)
				assert.JSONEq(t, string(want), string(e.Body))
				assert.NotContains(t, string(e.Body), "\n")
			}
			assert.Len(t, shown, doc.Paths.Value(op.Path).GetOperation(op.Method).Responses.Len(), "each status")
		}
		assert.Nil(t, s.Examples("nobody"))
	}
}

func TestSpecExamplesAsWritten(t *testing.T) {
	s, err := contract.Parse("covered", []byte(covered))
	require.NoError(t, err)
	assert.Equal(t, []contract.Example{
		{Status: 200, ContentType: "application/json", Name: "one", Body: []byte(`{"id":1,"name":"<1>"}`)},
		{Status: 200, ContentType: "application/json", Name: "two", Body: []byte(`{"id":2}`)},
		{Status: 200, ContentType: "application/xml", Name: "one", Body: []byte("<thing>\n  <id>1</id>\n</thing>\n")},
		{Status: 204},
	}, s.Examples("write"), "without those for more than one status")
}
