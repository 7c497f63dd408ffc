package contract_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSchemas(t *testing.T) {
	tests := []struct {
		name   string
		schema string
		good   []string
		bad    map[string][]string
	}{
		{
			name: "formats",
			schema: `
type: object
properties:
  at: {type: string, format: date-time, x-customer: created_at}
  on: {type: string, format: date}
  id: {type: string, format: uuid}
  to: {type: string, format: email}
  n: {type: integer, format: int32}
  f: {type: number, format: float}
  other: {type: string, format: ipv4}`,
			good: []string{
				`{"at":"2020-01-31T00:00:00Z"}`, `{"at":"2020-01-31T00:00:00.000-05:00"}`, `{"on":"2024-02-29"}`,
				`{"id":"8db1ad33-50d6-4e6f-9ec3-5f9169c621a6"}`, `{"n":2147483647}`, `{"f":1e9}`, `{"other":"anything"}`,
			},
			bad: map[string][]string{
				`{"at":"2020-01-31T00:00:00"}`:         {"created_at (/at): format date-time"},
				`{"at":"2020-01-31"}`:                  {"created_at (/at): format date-time"},
				`{"at":"2020-01-31T1:00:00Z"}`:         {"created_at (/at): format date-time"},
				`{"at":"2020-01-31T01:00:00,5Z"}`:      {"created_at (/at): format date-time"},
				`{"at":"2020-01-31T01:00:00+24:00"}`:   {"created_at (/at): format date-time"},
				`{"on":"2023-02-29"}`:                  {"/on: format date"},
				`{"id":"zzz"}`:                         {"/id: format uuid"},
				`{"to":"a@example.com,b@example.com"}`: {"/to: format email"},
				`{"n":2147483648}`:                     {"/n: format int32"},
				`{"n":1e3}`:                            {"/n: type integer"},
				`{"n":99999999999999999999}`:           {"/n: format int32", "/n: format int64"},
				`{"f":1e39}`:                           {"/f: format float"},
			},
		},
		{
			name: "nested objects and arrays",
			schema: `
type: object
required: [address]
properties:
  address:
    type: object
    x-customer: address
    required: [city]
    properties:
      city: {type: string, x-customer: address.city, enum: [Paris, Lyon]}
  list:
    type: array
    maxItems: 2
    items: {type: object, properties: {a/b~c: {type: integer, minimum: 1, maximum: 9}}}
  open: {type: object, additionalProperties: true, properties: {n: {type: integer}}}
  map: {type: object, additionalProperties: {type: integer, minimum: 5}}`,
			good: []string{
				`{"address":{"city":"Paris"},"list":[{"a/b~c":1}],"open":{"x":{"y":1.5}},"map":{"a":5}}`,
			},
			bad: map[string][]string{
				`{}`:                                {"address (/address): required"},
				`{"address":{}}`:                    {"address.city (/address/city): required"},
				`{"address":{"city":"Rome","x":1}}`: {"/address/x: additionalProperties false", "address.city (/address/city): enum Paris or Lyon"},
				`{"address":{"city":"Paris"},"list":[{},{"a/b~c":0},{"a/b~c":1.0}]}`: {
					"/list: maxItems 2", "/list/1/a~1b~0c: minimum 1", "/list/2/a~1b~0c: type integer",
				},
				`{"address":{"city":"Paris"},"open":{"n":1.0},"map":{"a":4,"b":5.0,"ama@example.com":1}}`: {
					"/map/*: minimum 5", "/map/a: minimum 5", "/map/b: type integer", "/open/n: type integer",
				},
			},
		},
		{
			name: "one part of an allOf",
			schema: `
type: object
properties:
  one:
    nullable: true
    x-customer: address
    allOf: [{type: object, required: [a], properties: {a: {type: string, maxLength: 1, x-customer: address.city}}}]
    minProperties: 2`,
			good: []string{`{"one":null}`},
			bad: map[string][]string{
				`{"one":{"a":"xx","b":1}}`: {"/one/b: additionalProperties false", "address.city (/one/a): maxLength 1"},
				`{"one":{}}`:               {"address.city (/one/a): required", "address (/one): minProperties 2"},
				`{"one":5}`:                {"address (/one): type object"},
			},
		},
		{
			name: "names of the facade",
			schema: `
type: object
required: [address, to]
properties:
  address:
    type: object
    required: [town]
    properties: {town: {type: string, x-customer: address.city}, zip: {type: string, x-customer: address.postal_code}, code: {type: string}}
  to: {allOf: [{type: string, maxLength: 2, x-customer: email}]}
  cell: {x-customer: mobile, allOf: [{type: string, maxLength: 2, x-customer: phone}]}
  more: {type: object, x-customer-skip: true, properties: {town: {type: string, x-customer: address.city}}}
  data: {type: object, properties: {town: {type: string, x-customer: address.city}, to: {type: string, x-customer: email}}}
anyOf:
  - {required: [cell, address]}
  - {required: [to, more]}
  - {required: [undeclared]}`,
			good: []string{`{"address":{"town":""},"to":"","cell":""}`},
			bad: map[string][]string{
				`{}`: {
					"address (/address): required", "email (/to): required",
					"body: anyOf mobile and address or email and more or undeclared",
				},
				`{"address":{"code":5},"to":"abc","cell":"abc","data":5}`: {
					"address.city (/address/town): required", "/address/code: type string",
					"email (/to): maxLength 2", "mobile (/cell): maxLength 2", "/data: type object",
				},
			},
		},
		{
			name: "union of objects",
			schema: `
oneOf:
  - {type: object, required: [a], properties: {a: {type: integer}}}
  - {type: object, required: [b], properties: {b: {type: string}}}`,
			good: []string{`{"a":1}`, `{"b":"x"}`},
			bad: map[string][]string{
				`{"a":1,"b":"x"}`: {"body: oneOf object or object"},
				`{"a":1.0}`:       {"/a: type integer"},
				`{"c":1}`:         {"body: oneOf object or object"},
			},
		},
		{
			name: "alternatives of several names",
			schema: `
type: object
properties: {a: {type: string}, b: {type: string}, c: {type: string, maxLength: 1}}
anyOf: [{required: [a, b]}, {required: [c]}]
maxProperties: 2`,
			good: []string{`{"a":"","b":""}`, `{"c":""}`},
			bad: map[string][]string{
				`{"a":5,"d":1}`:              {"/a: type string", "/d: additionalProperties false", "body: anyOf a and b or c"},
				`{"a":"","b":"","c":"long"}`: {"/c: maxLength 1", "body: maxProperties 2"},
			},
		},
		{
			name: "union of a text and what has no type",
			schema: `
type: object
properties:
  u: {oneOf: [{type: string, maxLength: 1}, {enum: [5]}], x-customer: [id, reference]}
  e: {type: string, nullable: true, enum: [a, null]}
  s: {not: {type: string}}`,
			good: []string{`{"u":"a","e":null}`, `{"u":5,"e":"a","s":1}`},
			bad: map[string][]string{
				`{"u":"aa"}`: {"id (/u): oneOf"},
				`{"e":"b"}`:  {"/e: enum a or null"},
				`{"s":"b"}`:  {"/s: not"},
			},
		},
		{
			name: "numbers",
			schema: `
type: object
properties:
  n: {type: number, minimum: 0.5, exclusiveMinimum: true, multipleOf: 0.5}
  i: {type: integer}
  u: {type: array, uniqueItems: true, minItems: 1, items: {type: integer}}`,
			good: []string{`{"n":1e0,"i":-0,"u":[1,2]}`, `{"n":1.5}`},
			bad: map[string][]string{
				`{"n":0.5}`:       {"/n: exclusiveMinimum 0.5"},
				`{"n":1.75}`:      {"/n: multipleOf 0.5"},
				`{"i":1E2}`:       {"/i: type integer"},
				`{"u":[1,1]}`:     {"/u: uniqueItems true"},
				`{"u":[]}`:        {"/u: minItems 1"},
				`{"u":[1.0,"2"]}`: {"/u/0: type integer", "/u/1: type integer"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := parse(t, tt.schema)
			verdicts := func(body string) [][]string {
				r := request(t, "POST", "/thing", body)
				return [][]string{
					texts(s.CheckRequest(r, []byte(body))),
					texts(s.CheckResponse(r, 200, r.Header, []byte(body))),
				}
			}
			for _, body := range tt.good {
				for _, got := range verdicts(body) {
					assert.Empty(t, got, body)
				}
			}
			for body, want := range tt.bad {
				for _, got := range verdicts(body) {
					assert.ElementsMatch(t, want, got, body)
				}
			}
		})
	}
}

func TestReadOnly(t *testing.T) {
	s := parse(t, `
type: object
required: [id, secret]
properties:
  id: {type: string, readOnly: true, x-customer: id}
  secret: {type: string, writeOnly: true}`)
	r := request(t, "POST", "/thing", "{}")
	assert.Empty(t, s.CheckRequest(r, []byte(`{"secret":"x"}`)))
	assert.Empty(t, s.CheckResponse(r, 200, r.Header, []byte(`{"id":"x"}`)))
	both := []byte(`{"id":"x","secret":"x"}`)
	assert.Equal(t, []string{"id (/id): readOnly true"}, texts(s.CheckRequest(r, both)))
	assert.Equal(t, []string{"/secret: writeOnly true"}, texts(s.CheckResponse(r, 200, r.Header, both)))
}
