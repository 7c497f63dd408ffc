package adapters_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/adapters/stancer"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/specs"
)

// reach is a way to reach a provider, and where its contract has what an error tells.
type reach struct {
	provider string
	open     func(url string) (*customers.Client, error)
	id       string // of the customer whom the contract's examples show
	token    string // the operation that trades the credentials, if any
	read     string // the operation that an update begins with, if any
	code     string // where the body of an error has Code: names joined by dots
	existing string // where it has ExistingID
	prefix   string // of the provider's paths, which the contract's do not have
}

func reaches() []reach {
	policy := customers.Policy{
		AllowUnproven: customers.Ops(), AllowLoss: []customers.Field{customers.FieldReference, customers.FieldAddress},
	}
	dp := func(newPath bool) reach {
		return reach{"digitalpaye", func(url string) (*customers.Client, error) {
			return digitalpaye.Open(digitalpaye.Config{APIKey: "key", APISecret: "secret", NewPath: newPath, BaseURL: url, Policy: policy})
		}, "8db1ad33-50d6-4e6f-9ec3-5f9169c621a6", "createToken", "", "message", "", ""}
	}
	fa := func(byPost bool, token string) reach {
		return reach{"fatora", func(url string) (*customers.Client, error) {
			return fatora.Open(fatora.Config{APIKey: "key", AuthorizeByPost: byPost, BaseURL: url, Policy: policy})
		}, "1024", token, "getClient", "status", "", ""}
	}
	sp := reach{"simplepin", func(url string) (*customers.Client, error) {
		countries := map[string]simplepin.Country{"CI": {ID: 7}}
		return simplepin.Open(simplepin.Config{Authorization: "key", Token: "token", Countries: countries, BaseURL: url, Policy: policy})
	}, "crm-10023", "", "getCustomer", "", "", "/api"}
	st := reach{"stancer", func(url string) (*customers.Client, error) {
		return stancer.Open(stancer.Config{APIKey: "stest_key", BaseURL: url, Policy: policy})
	}, "cust_9Cle7TXKkjhwqcWx4Kl5cQYk", "", "", "error.type", "error.message.id", ""}
	return []reach{dp(false), dp(true), fa(false, "authorize"), fa(true, "authorizeByPost"), sp, st}
}

// do calls an operation of the facade.
func do(t *testing.T, c *customers.Client, op customers.Op, id string) (err error) {
	switch op {
	case customers.OpCreate:
		_, err = c.Create(t.Context(), customers.Profile{
			Reference: "crm-10023", Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com",
			Phone: "+2250102030405", Address: customers.Address{Country: "CI"},
		})
	case customers.OpGet:
		_, err = c.Get(t.Context(), id)
	case customers.OpUpdate:
		err = c.Update(t.Context(), id, customers.Patch{Phone: customers.To("+2250504030201")})
	case customers.OpDelete:
		err = c.Delete(t.Context(), id)
	case customers.OpList, customers.OpFind:
		filter := map[customers.Op]customers.Query{customers.OpFind: {Email: "ama.kouassi@example.com"}}
		for _, err = range c.List(t.Context(), filter[op]) {
			require.Error(t, err, "somebody is on the list")
		}
	}
	return err
}

type operation struct {
	pattern   string // of http.ServeMux
	responses map[string]*openapi3.ResponseRef
}

func operations(t *testing.T, provider string) map[string]operation {
	t.Helper()
	data, err := specs.FS.ReadFile(provider + ".yaml")
	require.NoError(t, err)
	spec, err := openapi3.NewLoader().LoadFromData(data)
	require.NoError(t, err)
	found := map[string]operation{}
	for path, item := range spec.Paths.Map() {
		for method, o := range item.Operations() {
			pattern := method + " " + path
			if strings.HasSuffix(path, "/") {
				pattern += "{$}"
			}
			found[o.OperationID] = operation{pattern, o.Responses.Map()}
		}
	}
	return found
}

// examples are the bodies that a response is documented with, nil for one that is free.
func examples(t *testing.T, r *openapi3.Response) map[string]any {
	t.Helper()
	found := map[string]any{}
	if free := r.Content["*/*"]; free != nil && free.Schema == nil {
		found["empty"] = nil
	}
	if media := r.Content["application/json"]; media != nil {
		for name, example := range media.Examples {
			found[name] = example.Value.Value
		}
	}
	require.NotEmpty(t, found, "no example to try")
	return found
}

// serve is a provider that answers each operation with the first example of its success, and one with fail.
func serve(t *testing.T, ops map[string]operation, failing string, fail http.HandlerFunc) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	for id, o := range ops {
		if id == failing {
			mux.HandleFunc(o.pattern, fail)
		} else if success := o.responses["200"]; success != nil { // else nothing begins with it
			bodies := examples(t, success.Value)
			body, err := json.Marshal(bodies[slices.Min(slices.Collect(maps.Keys(bodies)))])
			require.NoError(t, err)
			body = bytes.ReplaceAll(body, []byte("eyJ…"), []byte("token")) // the contracts shorten theirs
			mux.HandleFunc(o.pattern, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(body)
			})
		}
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// kinds is what a status says of the operation that it answers. One that is not here fails the test.
var kinds = map[int]customers.Kind{
	400: customers.ErrInvalid, 401: customers.ErrUnauthenticated, 403: customers.ErrForbidden, 404: customers.ErrNotFound,
	406: customers.ErrRefused, 409: customers.ErrAlreadyExists, 415: customers.ErrRefused, 422: customers.ErrInvalid,
	429: customers.ErrRateLimited, 500: customers.ErrUnavailable,
}

// expected is what the caller of op learns from the status that one of its exchanges ended with.
func expected(r reach, op customers.Op, id string, status int) customers.Error {
	e := customers.Error{Provider: r.provider, Op: op, Kind: kinds[status], Status: status}
	switch {
	case id == r.token && e.Kind == customers.ErrInvalid:
		e.Kind = customers.ErrUnauthenticated // not the customer is invalid
	case status == 404 && (id == r.token || op == customers.OpCreate || op == customers.OpList):
		e.Kind = customers.ErrContract // no such path
	case status == 409 && (id == r.token || op != customers.OpCreate):
		e.Kind = customers.ErrRefused
	}
	switch {
	case !op.Writes():
	case id == r.token || op == customers.OpUpdate && id == r.read:
		e.Outcome = customers.ErrNotSent
	case status >= 500:
		e.Outcome = customers.ErrUnknownOutcome
	default:
		e.Outcome = customers.ErrRejected
	}
	if status == http.StatusTooManyRequests {
		e.RetryAfter = 7 * time.Second
	}
	return e
}

// texts adds the texts of an example to found, by their places.
func texts(place string, example any, found map[string]string) {
	switch v := example.(type) {
	case string:
		found[place] = v
	case map[string]any:
		for name, member := range v {
			texts(strings.TrimPrefix(place+"."+name, "."), member, found)
		}
	}
}

// TestDocumentedErrors answers each operation of the facade, and each exchange that it begins with, with every error
// that the contract has for it.
func TestDocumentedErrors(t *testing.T) {
	done := map[string]bool{} // two ways to reach a provider have most in common
	for _, r := range reaches() {
		ops := operations(t, r.provider)
		spec, err := contract.Load(r.provider)
		require.NoError(t, err)
		client, err := r.open("https://api.example.com")
		require.NoError(t, err)
		for _, c := range client.Capabilities().Operations {
			exchanges := []string{r.token, c.ID}
			if c.Op == customers.OpUpdate {
				exchanges = append(exchanges, r.read)
			}
			for _, id := range exchanges {
				for code, response := range ops[id].responses {
					status, err := strconv.Atoi(code)
					require.NoError(t, err, "%s %s: no status that can be tried", r.provider, id)
					if status >= 200 && status <= 299 {
						continue
					}
					require.Contains(t, kinds, status, "%s %s: no expectation", r.provider, id)
					for name, example := range examples(t, response.Value) {
						name = fmt.Sprintf("%s/%s:%s/%d/%s", r.provider, c.Op, id, status, name)
						if !done[name] {
							done[name] = true
							t.Run(name, func(t *testing.T) { documentedError(t, r, spec, ops, c.Op, id, status, example) })
						}
					}
				}
			}
		}
	}
}

func documentedError(
	t *testing.T, r reach, spec *contract.Spec, ops map[string]operation, op customers.Op, id string, status int, example any,
) {
	t.Parallel()
	url := serve(t, ops, id, func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		assert.NoError(t, err)
		request.URL.Path = r.prefix + request.URL.Path
		assert.Empty(t, spec.CheckRequest(request, body), "the request breaks the contract")
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "7")
		}
		if example != nil {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		if example != nil {
			assert.NoError(t, json.NewEncoder(w).Encode(example))
		}
	})
	client, err := r.open(url)
	require.NoError(t, err)
	err = do(t, client, op, r.id)
	if op == customers.OpFind && id != r.token && status == http.StatusNotFound {
		require.NoError(t, err, "nobody found is no error")
		return
	}
	var got *customers.Error
	require.ErrorAs(t, err, &got)
	want := expected(r, op, id, status)
	said := map[string]string{}
	texts("", example, said)
	want.Code, want.ExistingID = said[r.code], said[r.existing]
	delete(said, r.code)
	if want.ExistingID != "" {
		assert.NotContains(t, err.Error(), want.ExistingID)
		delete(said, r.existing)
	}
	want.Message, want.Detail = got.Message, got.Detail
	assert.Equal(t, want, *got)
	assert.Equal(t, len(said) == 0, got.Message == "")
	for place, text := range said {
		property := place[strings.LastIndex(place, ".")+1:]
		assert.Contains(t, []string{text, property + ": " + text}, got.Message)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), text)
	}
}
