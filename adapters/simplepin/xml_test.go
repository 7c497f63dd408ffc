package simplepin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/markup"
	api "github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/internal/wiretest"
)

func inXML(t *testing.T, recordings ...string) *customers.Client {
	t.Helper()
	return playWith(t, simplepin.Config{BodyFormat: simplepin.XML, Policy: unproven}, recordings...)
}

func TestXML(t *testing.T) {
	want := customers.Customer{ID: id, Profile: david()}
	want.Name, want.Address.Region = customers.Name{Full: "David Coaster"}, "QC"

	created, err := inXML(t, "xml-create").Create(t.Context(), david())
	require.NoError(t, err)
	assert.Equal(t, customers.To(false), created.Native.(*api.CCProfileV2Model).MainAddress.Selected)
	equal(t, want, created)

	got, err := inXML(t, "xml-get").Get(t.Context(), id)
	require.NoError(t, err)
	native := got.Native.(*api.CCProfileV2Model)
	assert.Equal(t, int64(4711), native.ID)
	require.Len(t, native.BillingAddressModels, 3)
	for i, selected := range []*bool{customers.To(true), customers.To(false), nil} {
		assert.Equal(t, selected, native.BillingAddressModels[i].Selected)
	}
	equal(t, want, got)

	got, err = inXML(t, "xml-get-nulls").Get(t.Context(), id)
	require.NoError(t, err)
	equal(t, customers.Customer{ID: id, Profile: customers.Profile{Reference: id}}, got, "what is empty is nothing")

	require.NoError(t, inXML(t, "xml-update").Update(t.Context(), id, customers.Patch{Phone: customers.To("+15145550163")}))

	created, err = inXML(t, "xml-create-json").Create(t.Context(), ama())
	require.NoError(t, err)
	equal(t, customers.Customer{ID: "crm-10024", Profile: ama()}, created)

	texts := customers.Profile{Reference: "crm-10024", Name: customers.Name{Full: " <Ama> & \"Kouassi\"\r\n\té𝄞 "}}
	created, err = inXML(t, "xml-create-texts").Create(t.Context(), texts)
	require.NoError(t, err)
	equal(t, customers.Customer{ID: "crm-10024", Profile: texts}, created)
}

// The driver is asked directly, as for the sample in JSON.
func TestSampleAnswerInXML(t *testing.T) {
	driver, err := simplepin.NewDriver(configure(t, simplepin.Config{BodyFormat: simplepin.XML}, "xml-create-primary"))
	require.NoError(t, err)
	created, err := driver.Create(t.Context(), customers.Profile{
		Reference: "string", Name: customers.Name{Full: "string"}, Email: "string", Phone: "string", Mobile: "string",
		Address: customers.Address{Street: "string", City: "string", PostalCode: "string"},
	})
	require.NoError(t, err)
	native := created.Native.(*api.CCProfileV2Model)
	require.Len(t, native.BillingAddressModels, 2)
	assert.Equal(t, api.AddressAPIV2Model{Address: "string", City: "string", Zip: "string", Selected: customers.To(true)},
		native.BillingAddressModels[1])
	assert.Equal(t, []api.CCContractV2Model{{Name: "string"}, {Name: "string"}}, native.Contracts)
	assert.Zero(t, native.MainAddress)
	assert.Equal(t, "REQUIRES_ACTIVATION", native.Status)
}

// The vendor's sample of a request is read without a remainder, and written again as it was, in its order.
func TestSampleRequestInXML(t *testing.T) {
	sample, err := os.ReadFile("testdata/sample-request.xml")
	require.NoError(t, err)
	form := api.XML().Find("POST", "/v2/customer/add").Request
	value, problems, ok := markup.Decode(sample, form)
	assert.True(t, ok)
	assert.Empty(t, problems)
	written, vs := markup.Encode(value, form)
	assert.Empty(t, vs)
	assert.Equal(t, wiretest.Tokens(t, sample), wiretest.Tokens(t, written))
}

// What a client writes is told by the contract at run time, what it is made from by generated code.
func TestXMLIsThatOfTheContract(t *testing.T) {
	spec, err := contract.Load("simplepin")
	require.NoError(t, err)
	forms, err := spec.XML()
	require.NoError(t, err)
	assert.Equal(t, forms, api.XML())
}

func TestNotFoundInXML(t *testing.T) {
	_, err := inXML(t, "xml-get-404").Get(t.Context(), id)
	require.ErrorIs(t, err, customers.ErrNotFound)
	ids, err := find(t, inXML(t, "xml-find-404-xml"), customers.Query{Email: "david@example.net"})
	require.NoError(t, err)
	assert.Empty(t, ids)
	for _, elsewhere := range []string{"xml-get-404-page", "xml-get-404-html"} {
		_, err = inXML(t, elsewhere).Get(t.Context(), id)
		require.ErrorIs(t, err, customers.ErrContract, elsewhere)
	}
}

func TestUpdateWouldLoseSomethingInXML(t *testing.T) {
	phone := customers.Patch{Phone: customers.To("+15145550163")}
	for recording, name := range map[string]string{
		"xml-update-undeclared": "loyalty_tier", "xml-update-attribute": "kind", "xml-update-repeated": "phone_number",
	} {
		t.Run(recording, func(t *testing.T) {
			err := inXML(t, recording).Update(t.Context(), id, phone)
			require.ErrorIs(t, err, customers.ErrUnsupportedField)
			require.ErrorIs(t, err, customers.ErrNotSent)
			assert.Equal(t, []customers.Violation{{Field: customers.FieldUndeclared, Rule: "additionalProperties", Bound: name}},
				err.(*customers.Error).Violations)
		})
	}
	ctx := customers.WithLossAllowed(t.Context(), customers.FieldUndeclared)
	require.NoError(t, inXML(t, "xml-update-undeclared-allowed").Update(ctx, id, phone))
}

// XML has no way to write most control characters, not even as references.
func TestWhatXMLCannotHold(t *testing.T) {
	client := inXML(t) // any request fails the test
	profile := david()
	profile.Name = customers.Name{Given: "Da\x00vid", Family: "Coaster"}
	profile.Address.Street = "12 Maple\x1b Street"
	want := []customers.Violation{
		{Field: "name", Pointer: "/customer_name", Rule: "xml", Bound: "characters that XML can hold"},
		{Field: "address.street", Pointer: "/main_address/address", Rule: "xml", Bound: "characters that XML can hold"},
	}
	_, err := client.Create(t.Context(), profile)
	require.ErrorIs(t, err, customers.ErrInvalid)
	require.ErrorIs(t, err, customers.ErrNotSent)
	assert.Equal(t, want, err.(*customers.Error).Violations)
	_, planned := client.Plan(t.Context(), profile)
	assert.Equal(t, err, planned)

	plan, err := client.Plan(t.Context(), david())
	require.NoError(t, err)
	for _, step := range plan.Steps {
		assert.Contains(t, []customers.Action{customers.ActionKept, customers.ActionChanged}, step.Action, "%v", step.Field)
	}
}

func TestAsInXML(t *testing.T) {
	var native *api.API
	require.True(t, inXML(t, "xml-get").As(&native))
	resp, err := native.GetCustomer(t.Context(), &api.GetCustomerParams{CustomerID: customers.To(id)})
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	var got api.CCProfileV2Model
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
	assert.Equal(t, id, got.CustomerID)
}

// answering is a server that gives the same answer to everything.
func answering(t *testing.T, status int, contentType, body string) *customers.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	client, err := simplepin.Open(simplepin.Config{
		Authorization: authorization, Token: token, BaseURL: server.URL + "/api", BodyFormat: simplepin.XML, Policy: unproven,
	})
	require.NoError(t, err)
	return client
}

const ownXML = "<cc_profile_model><customer_id>crm-10024</customer_id></cc_profile_model>"

func TestAnswersThatAreNotTheDocumentedXML(t *testing.T) {
	const xml, other = "application/xml", "the answer is not the XML that the contract has (rule: %s)"
	bomb := "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\">"
	for c := 'b'; c <= 'k'; c++ {
		bomb += fmt.Sprintf("<!ENTITY %c %q>", c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	bomb += "]><cc_profile_model><customer_id>&k;</customer_id></cc_profile_model>"
	var attributes strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&attributes, ` a%d="x"`, i)
	}
	for name, test := range map[string]struct{ contentType, body, want string }{
		"another root":       {xml, "<location_models/>", fmt.Sprintf(other, "element cc_profile_model")},
		"the request's root": {xml, "<add_update_cc_profile_model/>", fmt.Sprintf(other, "element cc_profile_model")},
		"page":               {xml, "<html><body>Welcome</body></html>", fmt.Sprintf(other, "element cc_profile_model")},
		"page as such":       {"text/html", "<html></html>", "the answer is neither JSON nor application/xml"},
		"entity bomb":        {xml, bomb, fmt.Sprintf(other, "no DOCTYPE")},
		"external entity": {xml, `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><cc_profile_model><customer_id>&e;</customer_id></cc_profile_model>`,
			fmt.Sprintf(other, "no DOCTYPE")},
		"unknown entity":   {xml, "<cc_profile_model><customer_id>&e;</customer_id></cc_profile_model>", fmt.Sprintf(other, "syntax")},
		"deep":             {xml, "<cc_profile_model>" + strings.Repeat("<a>", 100_000), fmt.Sprintf(other, "depth 1000")},
		"deep, and closed": {xml, strings.Repeat("<cc_profile_model>", 1001) + strings.Repeat("</cc_profile_model>", 1001), fmt.Sprintf(other, "depth 1000")},
		"cut off":          {xml, ownXML[:40], fmt.Sprintf(other, "syntax")},
		"more behind":      {xml, ownXML + ownXML, fmt.Sprintf(other, "one element")},
		"text behind":      {xml, ownXML + "x", fmt.Sprintf(other, "one element")},
		"JSON":             {xml, `{"customer_id":"crm-10024"}`, fmt.Sprintf(other, "one element")},
		"JSON unsaid":      {"", `{"customer_id":"crm-10024"}`, fmt.Sprintf(other, "one element")},
		"other encoding":   {xml, `<?xml version="1.0" encoding="ISO-8859-1"?>` + ownXML, fmt.Sprintf(other, "UTF-8")},
		"other charset":    {xml + "; charset=iso-8859-1", ownXML, "the answer is not UTF-8"},
		"other bytes":      {xml, "<cc_profile_model><customer_id>\xe9</customer_id></cc_profile_model>", fmt.Sprintf(other, "UTF-8")},
		"other namespace":  {xml, `<cc_profile_model xmlns="urn:other"/>`, fmt.Sprintf(other, "no namespaces")},
		"stylesheet":       {xml, `<?xml-stylesheet href="a"?>` + ownXML, fmt.Sprintf(other, "no processing instructions")},
		"text for number":  {xml, "<cc_profile_model><id>secret</id></cc_profile_model>", `the answer's property "id" is not of type int64`},
		"text for object":  {xml, "<cc_profile_model>secret</cc_profile_model>", "the answer is not of type simplepin.CCProfileV2Model"},
		"element for text": {xml, "<cc_profile_model><customer_id><a/></customer_id></cc_profile_model>", `the answer's property "customer_id" is not of type string`},
		"no customer":      {xml, "<cc_profile_model" + attributes.String() + "/>", "the answer has no id"},
		"nothing":          {xml, "", "the answer is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answering(t, 201, test.contentType, test.body).Create(t.Context(), ama())
			var got *customers.Error
			require.ErrorAs(t, err, &got)
			assert.Equal(t, customers.ErrContract, got.Kind)
			assert.Equal(t, customers.ErrUnknownOutcome, got.Outcome)
			assert.Equal(t, 201, got.Status)
			assert.Equal(t, test.want, got.Detail)
		})
	}
}

func TestAnswersThatWillDo(t *testing.T) {
	for name, test := range map[string]struct{ contentType, body string }{
		"text/xml":          {"text/xml; charset=UTF-8", ownXML},
		"no type":           {"", ownXML},
		"declared":          {"application/xml", "\ufeff<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!-- c -->" + ownXML + "\n"},
		"unused namespace":  {"application/xml", strings.Replace(ownXML, ">", ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`, 1)},
		"something else":    {"application/xml", strings.Replace(ownXML, ">", ` a="b"><more><of/>it</more>`, 1)},
		"JSON, as it says":  {"application/json; charset=utf-8", `{"customer_id":"crm-10024"}`},
		"any order, spaced": {"application/xml", "<cc_profile_model>\n <version>0</version>\n <customer_id>crm-10024</customer_id>\n</cc_profile_model>"},
	} {
		t.Run(name, func(t *testing.T) {
			created, err := answering(t, 200, test.contentType, test.body).Create(t.Context(), ama())
			require.NoError(t, err)
			assert.Equal(t, "crm-10024", created.ID)
		})
	}
}

// FuzzXML holds values of the generated types, written as XML and read again, against what they were; and reads anything.
func FuzzXML(f *testing.F) {
	forms := api.XML()
	add, locations := forms.Find("POST", "/v2/customer/add"), forms.Find("GET", "/v2/location/countries")
	f.Add("crm-10023", " <Ama>\r\n&]]>\t", int64(7001), true, []byte(ownXML))
	f.Add("", "é𝄞\u0085\u2028", int64(-1), false, []byte("<location_models><location_model><id>1</id></location_model></location_models>"))
	f.Add("\x01", "\ufffe", int64(0), false, []byte("<add_update_cc_profile_model><main_address/><contracts><contract/></contracts></add_update_cc_profile_model>"))
	f.Fuzz(func(t *testing.T, reference, text string, number int64, yes bool, document []byte) {
		address := api.AddressAPIV2Model{ID: number, Address: text, City: reference, Zip: text, Province: number, Selected: &yes}
		contracts := []api.CCContractV2Model{{ID: number, Name: text}, {}}
		for _, body := range []struct {
			form  *markup.Root
			value any
		}{
			{add.Request, api.CCProfileAPIV2Model{
				CustomerID: reference, CustomerName: text, MainAddress: address, Contracts: contracts,
				BillingAddresses: []api.AddressAPIV2Model{address, {}}, DeleteBillingAddressIDs: []int64{number},
			}},
			{add.Success, api.CCProfileV2Model{CustomerID: reference, Version: number, MainAddress: address, Contracts: contracts}},
			{locations.Success, api.LocationModels{{ID: number, Name: text, CurrencyCode: reference}, {}}},
		} {
			data, err := json.Marshal(body.value)
			require.NoError(t, err)
			want := asDecoded(t, data)
			written, vs := markup.Encode(want, body.form)
			if strings.ContainsFunc(reference+text, func(r rune) bool {
				return r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == '\ufffe' || r == '\uffff'
			}) {
				assert.NotEmpty(t, vs)
				continue
			}
			require.Empty(t, vs)
			wiretest.Tokens(t, written) // encoding/xml takes it for well formed
			got, problems, ok := markup.Decode(written, body.form)
			assert.True(t, ok)
			assert.Empty(t, problems)
			assert.Equal(t, want, got, "%s", written)
		}
		for _, form := range []*markup.Root{add.Request, add.Success, locations.Success, nil} {
			value, _, ok := markup.Decode(document, form)
			if !ok {
				continue
			}
			// What has the documented form is written as the same again.
			if written, vs := markup.Encode(value, form); len(vs) == 0 {
				again, problems, _ := markup.Decode(written, form)
				assert.Empty(t, problems)
				assert.Equal(t, value, again)
			}
		}
	})
}

func asDecoded(t *testing.T, data []byte) (value any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	require.NoError(t, dec.Decode(&value))
	return value
}
