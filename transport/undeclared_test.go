package transport_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

// What an update reads, in every form that generated types have.
type (
	envelope struct {
		Status string `json:"status"`
		Client person `json:"client"`
	}
	person struct {
		ID       int64           `json:"id,omitempty,omitzero"`
		Name     *string         `json:"name,omitempty"`
		Home     place           `json:"home"`
		Work     *place          `json:"work,omitempty"`
		Others   []place         `json:"others"`
		Former   *[]*place       `json:"former,omitempty"`
		Grid     [][]place       `json:"grid"`
		Since    time.Time       `json:"since"`
		Photo    []byte          `json:"photo"`
		Whatever json.RawMessage `json:"whatever"`
		Labels   map[string]any  `json:"labels"`
		Free     any             `json:"free"`
	}
	place struct {
		City  string `json:"city"`
		Inner *place `json:"inner,omitempty"`
	}
)

func TestUndeclaredProperties(t *testing.T) {
	deep := strings.Repeat(`{"inner":`, 100) + `{"geo":1}` + strings.Repeat(`}`, 100)
	for name, tt := range map[string]struct {
		record string
		want   string // "" is none
	}{
		"nothing":          {`{}`, ""},
		"all that is ours": {`{"id":1,"name":"x","home":{"city":"x"},"work":{"city":"x","inner":{"city":"x"}},"others":[{"city":"x"},{}],"former":[{"city":"x"},null],"grid":[[{"city":"x"}],[]]}`, ""},
		"nulls":            {`{"id":null,"name":null,"home":null,"work":null,"others":null,"former":null,"grid":[null],"labels":null,"free":null}`, ""},
		"free forms": {
			`{"since":"2024-05-06T07:08:09Z","photo":"Z2Vv","whatever":{"geo":{"geo":1}},"labels":{"geo":{"geo":1}},"free":[{"geo":1}]}`, "",
		},
		"a null where an object would be written": {`{"grid":[[null]]}`, "null"},
		"of no object's type":                     {`{"whatever":[1,2,{"geo":1}]}`, ""},

		"one":                    {`{"geo":1}`, "geo"},
		"one that is null":       {`{"geo":null}`, "geo"},
		"one after ours":         {`{"id":1,"geo":1}`, "geo"},
		"one before ours":        {`{"geo":{"id":1},"id":1}`, "geo"},
		"without a name":         {`{"":1}`, ""},
		"in an object":           {`{"home":{"city":"x","geo":1}}`, "geo"},
		"behind a pointer":       {`{"work":{"geo":1}}`, "geo"},
		"in a list":              {`{"others":[{},{"city":"x"},{"geo":1}]}`, "geo"},
		"in a list of pointers":  {`{"former":[null,{"geo":1}]}`, "geo"},
		"in a list of lists":     {`{"grid":[[],[{},{"geo":1}]]}`, "geo"},
		"deep":                   {`{"home":` + deep + `}`, "geo"},
		"deep, in a list":        {`{"others":[` + deep + `]}`, "geo"},
		"a name of another part": {`{"city":"x"}`, "city"},

		"in capitals":            {`{"ID":1}`, "ID"},
		"with a capital":         {`{"home":{"City":"x"}}`, "City"},
		"both":                   {`{"home":{"city":"x","City":"y"}}`, "City"},
		"folded as JSON does":    {`{"others":[],"other\u017f":[]}`, "-"},
		"by its name in Go":      {`{"Name":"x"}`, "Name"},
		"with a space":           {`{"id ":1}`, "-"},
		"escaped, but ours":      {`{"\u0069d":1}`, ""},
		"twice":                  {`{"id":1,"id":2}`, "id"},
		"twice the same":         {`{"home":{"city":"x","city":"x"}}`, "city"},
		"twice, once escaped":    {`{"id":1,"\u0069d":2}`, "id"},
		"twice, in a list":       {`{"others":[{"city":"x","city":"x"}]}`, "city"},
		"twice, behind pointers": {`{"work":{"inner":{"city":"x","city":"x"}}}`, "city"},
		"once in each":           {`{"home":{"city":"x"},"work":{"city":"x"},"others":[{"city":"x"},{"city":"x"}]}`, ""},
		"whose name is personal": {`{"` + email + `":1}`, "-"},
	} {
		t.Run(name, func(t *testing.T) {
			found := tt.want != "" || name == "without a name"
			bound := strings.Trim(tt.want, "-") // a name that is no identifier is not told
			assertUndeclared(t, found, bound, readForUpdate[person](t, "", tt.record))
			assertUndeclared(t, found, bound, readForUpdate[envelope](t, "client", `{"status":"OK","client":`+tt.record+`}`))
			assertUndeclared(t, found, bound, readForUpdate[[]person](t, "", `[{},`+tt.record+`]`))
		})
	}
}

// Only the record is written back: what stands beside it is lost whatever happens, but must not be taken for it.
func TestUndeclaredBesideTheRecord(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		want   string
	}{
		"of the contract":            {`{"status":"OK","client":{"id":1}}`, ""},
		"no record":                  {`{"status":"OK"}`, ""},
		"a record of null":           {`{"client":null}`, ""},
		"unknown":                    {`{"client":{"id":1},"trace":{"geo":1},"geo":1}`, ""},
		"twice":                      {`{"trace":1,"client":{"id":1},"trace":2}`, ""},
		"in capitals":                {`{"STATUS":"OK","client":{"id":1}}`, ""},
		"the record twice":           {`{"client":{"geo":1},"client":{"id":1}}`, "client"},
		"the record among others":    {`{"client":{"geo":1},"client":{"id":1},"trace":1,"trace":2}`, "client"},
		"the record in capitals":     {`{"CLIENT":{"geo":1}}`, "CLIENT"},
		"the record by two names":    {`{"Client":{"geo":1},"client":{"id":1}}`, "Client"},
		"a record in something else": {`{"data":{"client":{"geo":1}}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			assertUndeclared(t, tt.want != "", tt.want, readForUpdate[envelope](t, "client", tt.answer))
		})
	}
}

func readForUpdate[Reply any](t *testing.T, record, body string) error {
	t.Helper()
	p := replying(t, func() *http.Response { return respond(http.StatusOK, body) })
	read := func(ctx context.Context) error {
		_, err := transport.ReadForUpdate[Reply](ctx, p.wire, record, func(ctx context.Context) (*http.Response, error) {
			return p.api.GetCustomer(ctx, id)
		}, nil)
		return err
	}
	allowed := customers.Policy{AllowLoss: []customers.Field{customers.FieldUndeclared}}
	require.NoError(t, p.update(t.Context(), allowed, read), "the policy decides")
	return p.update(t.Context(), customers.Policy{}, read)
}

func assertUndeclared(t *testing.T, found bool, name string, err error) {
	t.Helper()
	if !found {
		assert.NoError(t, err)
		return
	}
	e := failure(t, err)
	assert.Equal(t, customers.ErrUnsupportedField, e.Kind)
	assert.Equal(t, customers.ErrNotSent, e.Outcome)
	assert.Equal(t, []customers.Violation{
		{Field: customers.FieldUndeclared, Rule: "additionalProperties", Bound: name},
	}, e.Violations)
}
