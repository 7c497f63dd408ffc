package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
	"github.com/contract-first/customers/gen/digitalpaye"
	"github.com/contract-first/customers/gen/fatora"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/gen/stancer"
)

// The generated checks and package contract read the same rules in different ways: over a table of values, and for every
// text of every request type, they find the same.
func TestChecksAgreeWithContract(t *testing.T) {
	t.Run("digitalpaye", func(t *testing.T) {
		s := newSides(t, "digitalpaye")
		request := func(body digitalpaye.CustomerCreate) (*http.Request, error) {
			return digitalpaye.NewCreateCustomerRequest(digitalpaye.Production, nil, body)
		}
		good := digitalpaye.CustomerCreate{
			FirstName: "AMA", LastName: "KOUASSI", Email: "ama@example.com", PhoneNumber: "0102030405",
			Address: digitalpaye.AddressCreate{CountryCode: "CI"},
		}
		agree(s, digitalpaye.CustomerCreate{}, (*digitalpaye.CustomerCreate).Check, request)
		agree(s, good, (*digitalpaye.CustomerCreate).Check, request)
		agree(s, digitalpaye.CreateTokenParams{}, (*digitalpaye.CreateTokenParams).Check,
			func(params digitalpaye.CreateTokenParams) (*http.Request, error) {
				return digitalpaye.NewCreateTokenRequest(digitalpaye.Production, &params)
			})
	})
	t.Run("fatora", func(t *testing.T) {
		s := newSides(t, "fatora")
		agree(s, fatora.ClientWrite{}, (*fatora.ClientWrite).Check, func(body fatora.ClientWrite) (*http.Request, error) {
			return fatora.NewCreateClientRequest(fatora.Production, body)
		})
		agree(s, fatora.ClientWrite{Name: "Ama"}, (*fatora.ClientWrite).Check, func(body fatora.ClientWrite) (*http.Request, error) {
			return fatora.NewUpdateClientRequest(fatora.Production, 1024, body)
		})
		zero := 0
		agree(s, fatora.ListClientsParams{Page: &zero, PageSize: &zero}, (*fatora.ListClientsParams).Check,
			func(params fatora.ListClientsParams) (*http.Request, error) {
				return fatora.NewListClientsRequest(fatora.Production, &params)
			})
	})
	t.Run("simplepin", func(t *testing.T) {
		s := newSides(t, "simplepin")
		create := func(body simplepin.CCProfileAPIV2Model) (*http.Request, error) {
			return simplepin.NewAddCustomerRequest(simplepin.Staging+"/", nil, body)
		}
		update := func(body simplepin.CCProfileAPIV2Model) (*http.Request, error) {
			return simplepin.NewUpdateCustomerRequest(simplepin.Staging+"/", nil, body)
		}
		lists := simplepin.CCProfileAPIV2Model{
			BillingAddresses:        []simplepin.AddressAPIV2Model{{}, {ID: -1, Country: 1}},
			Contracts:               []simplepin.CCContractV2Model{{}},
			DeleteBillingAddressIDs: []int64{0, 7002},
			MainAddress:             simplepin.AddressAPIV2Model{Selected: new(bool)},
		}
		for _, body := range []simplepin.CCProfileAPIV2Model{{}, lists} {
			agree(s, body, (*simplepin.CCProfileAPIV2Model).Check, create)
			agree(s, body, (*simplepin.CCProfileAPIV2Model).Check, update)
		}
		agree(s, simplepin.GetCountriesParams{}, (*simplepin.GetCountriesParams).Check,
			func(params simplepin.GetCountriesParams) (*http.Request, error) {
				return simplepin.NewGetCountriesRequest(simplepin.Staging+"/", &params)
			})
		agree(s, simplepin.GetCustomerParams{}, (*simplepin.GetCustomerParams).Check,
			func(params simplepin.GetCustomerParams) (*http.Request, error) {
				return simplepin.NewGetCustomerRequest(simplepin.Staging+"/", &params)
			})
	})
	t.Run("stancer", func(t *testing.T) {
		s := newSides(t, "stancer")
		create := func(body stancer.CustomerCreate) (*http.Request, error) {
			return stancer.NewCreateCustomerRequest(stancer.Production, body)
		}
		update := func(body stancer.CustomerUpdate) (*http.Request, error) {
			return stancer.NewUpdateCustomerRequest(stancer.Production, "cust_9Cle7TXKkjhwqcWx4Kl5cQYk", body)
		}
		agree(s, stancer.CustomerCreate{}, (*stancer.CustomerCreate).Check, create)
		agree(s, stancer.CustomerCreate{Email: "david@example.net", Mobile: "+33639980102"}, (*stancer.CustomerCreate).Check, create)
		agree(s, stancer.CustomerUpdate{}, (*stancer.CustomerUpdate).Check, update)
		agree(s, stancer.CustomerUpdate{Name: "David Coaster"}, (*stancer.CustomerUpdate).Check, update)
	})
}

// sides is a contract and the test that holds checks against it.
type sides struct {
	*testing.T
	spec *contract.Spec
}

func newSides(t *testing.T, provider string) sides {
	spec, err := contract.Load(provider)
	require.NoError(t, err)
	return sides{t, spec}
}

// texts are what a text may be, right and wrong.
var texts = []string{
	"", "a", "ab", "abc", "ama@example.com", "Ama <ama@example.com>", "ama@", "+2250102030405", "0102030405", "010203040", "CI",
	"ci", "Production", "2020-01-31T00:00:00.000-05:00", "2020-01-31T00:00:00Z", "2020-02-30T00:00:00.000Z", "é€🎉",
	strings.Repeat("é", 36), strings.Repeat("é", 37), strings.Repeat("a", 64), strings.Repeat("a", 65), "a\nb", "\x00",
}

// agree compares what both find in a value, in the value with each text in each of its fields, and in all of them at once.
func agree[V any](s sides, value V, checked func(*V) []check.Violation, request func(V) (*http.Request, error)) {
	s.Helper()
	compare := func() {
		r, err := request(value)
		require.NoError(s, err)
		found := checked(&value)
		require.Equal(s, sorted(s.violations(r, true)), sorted(found), "%+v", value)
		if len(found) == 0 {
			require.Empty(s, s.violations(r, false), "as it is sent: %+v", value)
		}
	}
	compare()
	fields := textFields(reflect.ValueOf(&value).Elem())
	for _, field := range fields {
		before := field.String()
		for _, text := range texts {
			field.SetString(text)
			compare()
		}
		field.SetString(before)
	}
	for _, text := range texts {
		for _, field := range fields {
			field.SetString(text)
		}
		compare()
	}
}

// textFields are the texts in a struct, those behind pointers and in nested structs too.
func textFields(v reflect.Value) []reflect.Value {
	switch {
	case v.Kind() == reflect.String:
		return []reflect.Value{v}
	case v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.String:
		v.Set(reflect.New(v.Type().Elem()))
		return []reflect.Value{v.Elem()}
	case v.Kind() == reflect.Struct:
		var fields []reflect.Value
		for i := range v.NumField() {
			fields = append(fields, textFields(v.Field(i))...)
		}
		return fields
	}
	return nil
}

// violations is what the contract finds in a request, credentials aside. A required text or object is sent when it is
// empty, and Check has it missing: leaveOut has it missing here as well.
func (s sides) violations(r *http.Request, leaveOut bool) []check.Violation {
	var body []byte
	if r.Body != nil {
		reader, err := r.GetBody()
		require.NoError(s, err)
		body, err = io.ReadAll(reader)
		require.NoError(s, err)
	}
	if leaveOut {
		r = r.Clone(s.Context())
		query := r.URL.Query()
		for name, values := range query {
			if slices.Equal(values, []string{""}) {
				query.Del(name)
			}
		}
		r.URL.RawQuery = query.Encode()
		if body != nil {
			var value any
			decoder := json.NewDecoder(bytes.NewReader(body))
			decoder.UseNumber()
			require.NoError(s, decoder.Decode(&value))
			var err error
			body, err = json.Marshal(withoutEmpty(value))
			require.NoError(s, err)
		}
	}
	return slices.DeleteFunc(s.spec.CheckRequest(r, body), func(v check.Violation) bool { return v.Rule == "security" })
}

// withoutEmpty takes empty texts and objects out of an object.
func withoutEmpty(value any) any {
	members, _ := value.(map[string]any)
	for name, member := range members {
		member = withoutEmpty(member)
		if object, ok := member.(map[string]any); member == "" || ok && len(object) == 0 {
			delete(members, name)
		}
	}
	return value
}

// sorted lists violations by place, each once: both sides promise a set.
func sorted(vs []check.Violation) []string {
	lines := []string{}
	for _, v := range vs {
		lines = append(lines, v.Pointer+" "+v.String())
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
