package customers_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/check"
)

// everything is a profile with all fields set; of a name and an address it has both forms, which no call accepts.
func everything() customers.Profile {
	return customers.Profile{
		Reference: "private-reference",
		Name:      customers.Name{Given: "private-given", Family: "private-family", Full: "private-full"},
		Email:     "private@example.com",
		Phone:     "+2250102030405",
		Mobile:    "+2250705060708",
		Address: customers.Address{
			Street: "private-street", City: "private-city", Region: "private-region", PostalCode: "private-code",
			Country: "CI", Formatted: "private-formatted",
		},
		Since: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
		Notes: "private-notes",
	}
}

const everyField = "[reference name.given name.family name.full email phone mobile address.street address.city " +
	"address.region address.postal_code address.country address.formatted notes since]"

func TestNameAsText(t *testing.T) {
	for want, name := range map[string]customers.Name{
		"":            {},
		"Ama":         {Given: "Ama"},
		"Kouassi":     {Family: "Kouassi"},
		"Ama Kouassi": {Given: "Ama", Family: "Kouassi"},
		"Ama K.":      {Full: "Ama K."},
	} {
		assert.Equal(t, want, name.String())
	}
}

func TestAddressAsText(t *testing.T) {
	for want, address := range map[string]customers.Address{
		"":            {},
		"Abidjan":     {City: "Abidjan"},
		"Abidjan, CI": {City: "Abidjan", Country: "CI"},
		"Rue des Jardins, Abidjan, Lagunes, 01 BP 1, CI": {
			Country: "CI", PostalCode: "01 BP 1", Region: "Lagunes", City: "Abidjan", Street: "Rue des Jardins",
		},
		"12 rue X\n75001 Paris": {Formatted: "12 rue X\n75001 Paris"},
	} {
		assert.Equal(t, want, address.String())
	}
}

func TestProfileSet(t *testing.T) {
	assert.Empty(t, customers.Profile{}.Fields())
	assert.Equal(t, everyField, fmt.Sprint(everything().Fields()))
	assert.Equal(t, []customers.Field{customers.FieldAddressCity, customers.FieldSince},
		customers.Profile{Address: customers.Address{City: "Abidjan"}, Since: time.Unix(0, 0)}.Fields())
}

func TestCustomerTake(t *testing.T) {
	for _, tt := range []struct {
		name     string
		field    customers.Field
		wire     string
		profile  customers.Profile
		verbatim map[customers.Field]string
	}{
		{"nothing", customers.FieldPhone, "", customers.Profile{}, nil},
		{"text", customers.FieldNotes, "any text", customers.Profile{Notes: "any text"}, nil},
		{"part", customers.FieldNameFull, "Ama K.", customers.Profile{Name: customers.Name{Full: "Ama K."}}, nil},
		{"phone", customers.FieldPhone, "+2250102030405", customers.Profile{Phone: "+2250102030405"}, nil},
		{
			"phone of another form", customers.FieldPhone, "01 02 03 04 05",
			customers.Profile{}, map[customers.Field]string{customers.FieldPhone: "01 02 03 04 05"},
		},
		{
			"mobile of another form", customers.FieldMobile, "n/a",
			customers.Profile{}, map[customers.Field]string{customers.FieldMobile: "n/a"},
		},
		{
			"email of another form", customers.FieldEmail, "Ama <ama@example.com>",
			customers.Profile{}, map[customers.Field]string{customers.FieldEmail: "Ama <ama@example.com>"},
		},
		{
			"country of another form", customers.FieldAddressCountry, "Ivory Coast",
			customers.Profile{}, map[customers.Field]string{customers.FieldAddressCountry: "Ivory Coast"},
		},
		{
			"field that is no text", customers.FieldSince, "yesterday",
			customers.Profile{}, map[customers.Field]string{customers.FieldSince: "yesterday"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c customers.Customer
			c.Take(tt.field, tt.wire)
			assert.Equal(t, customers.Customer{Profile: tt.profile, Verbatim: tt.verbatim}, c)
		})
	}
}

// FuzzEmail holds the form of an e-mail address against that of the generated checks, whose package the facade does not
// import.
func FuzzEmail(f *testing.F) {
	for _, tt := range formats {
		f.Add(tt.value)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var c customers.Customer
		c.Take(customers.FieldEmail, s)
		assert.Equal(t, check.IsEmail(s), c.Email != "", "%q", s)
	})
}

func TestCustomerTakesEveryText(t *testing.T) {
	var c customers.Customer
	for _, f := range everything().Fields() {
		switch f {
		case customers.FieldSince:
		case customers.FieldEmail:
			c.Take(f, "ama@example.com")
		case customers.FieldPhone, customers.FieldMobile:
			c.Take(f, "+2250102030405")
		case customers.FieldAddressCountry:
			c.Take(f, "CI")
		default:
			c.Take(f, string(f))
		}
	}
	assert.Equal(t, customers.Customer{Profile: customers.Profile{
		Reference: "reference",
		Name:      customers.Name{Given: "name.given", Family: "name.family", Full: "name.full"},
		Email:     "ama@example.com", Phone: "+2250102030405", Mobile: "+2250102030405",
		Address: customers.Address{
			Street: "address.street", City: "address.city", Region: "address.region", PostalCode: "address.postal_code",
			Country: "CI", Formatted: "address.formatted",
		},
		Notes: "notes",
	}}, c)
}

func TestCustomerKeep(t *testing.T) {
	var c customers.Customer
	c.Keep(customers.FieldSince, "yesterday")
	c.Keep(customers.FieldAddressRegion, "1037")
	c.Keep(customers.FieldSince, "today")
	assert.Equal(t, map[customers.Field]string{
		customers.FieldSince: "today", customers.FieldAddressRegion: "1037",
	}, c.Verbatim)
	assert.Empty(t, c.Fields())
}

func TestWhatIsReadCanBeCreatedElsewhere(t *testing.T) {
	a := newAcme()
	read := customers.Customer{ID: "1", CreatedAt: time.Unix(1, 0)}
	read.Take(customers.FieldNameFull, "Ama Kouassi")
	read.Take(customers.FieldEmail, "ama@example.com")
	read.Take(customers.FieldPhone, "01 02") // no form of the facade: does not stand in the way
	read.Take(customers.FieldAddressFormatted, "Rue des Jardins, Abidjan")
	_, err := open(t, a, customers.Policy{}).Create(t.Context(), read.Profile)
	require.NoError(t, err)
	assert.Equal(t, read.Profile, a.calls[0].profile)
}

func TestCustomerAsJSON(t *testing.T) {
	c := customers.Customer{
		ID: "42", Profile: ama(), CreatedAt: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
		Verbatim: map[customers.Field]string{customers.FieldPhone: "01 02"},
		Lost:     []customers.Field{customers.FieldMobile},
		Native:   "the provider's own",
	}
	c.Address = customers.Address{City: "Abidjan", PostalCode: "01 BP 1"}
	b, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"id": "42", "name": {"given": "Ama", "family": "Kouassi"}, "email": "ama.kouassi@example.com",
		"address": {"city": "Abidjan", "postal_code": "01 BP 1"}, "created_at": "2024-05-06T07:08:09Z",
		"verbatim": {"phone": "01 02"}, "lost": ["mobile"]
	}`, string(b))

	var back customers.Customer
	require.NoError(t, json.Unmarshal(b, &back))
	c.Native = nil
	assert.Equal(t, c, back)

	b, err = json.Marshal(&customers.Customer{ID: "42"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"id": "42"}`, string(b), "what is not set is left out")
}

// TestProfileAsJSON holds the JSON names against the paths of the fields, which callers meet in errors and policies.
func TestProfileAsJSON(t *testing.T) {
	b, err := json.Marshal(everything())
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(b, &tree))
	var got []customers.Field
	for name, value := range tree {
		parts, ok := value.(map[string]any)
		if !ok {
			got = append(got, customers.Field(name))
		}
		for part := range parts {
			got = append(got, customers.Field(name+"."+part))
		}
	}
	assert.ElementsMatch(t, everything().Fields(), got)
}

// TestPersonalDataIsNotPrinted holds for every type of the package that a caller fills with a customer's data.
func TestPersonalDataIsNotPrinted(t *testing.T) {
	p := everything()
	c := customers.Customer{
		ID: "42", Profile: p, CreatedAt: time.Unix(1, 0), Verbatim: map[customers.Field]string{customers.FieldPhone: "private"},
		Native: struct{ Name string }{"private"},
	}
	patch := customers.Patch{
		Reference: customers.To(""), Name: &p.Name, Email: &p.Email, Address: &p.Address, Since: &p.Since,
	}
	const patched = "[name.given name.family name.full email address.street address.city address.region " +
		"address.postal_code address.country address.formatted since reference]"
	query := customers.Query{Reference: p.Reference, Email: p.Email}

	for _, tt := range []struct {
		name    string
		value   any
		pointer any
		want    string
		text    string
		json    string
	}{
		{"profile", p, &p, everyField, `x="` + everyField + `"`, `{"x":` + list(p.Fields()) + `}`},
		{"customer", c, &c, "42 " + everyField, `x.id=42 x.set="` + everyField + `"`, `{"x":{"id":"42","set":` + list(p.Fields()) + `}}`},
		{"patch", patch, &patch, patched, `x="` + patched + `"`, ""},
		{"query", query, &query, "[reference email]", `x="[reference email]"`, `{"x":["reference","email"]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				assert.Equal(t, tt.want, fmt.Sprintf(verb, tt.value), verb)
				assert.Equal(t, tt.want, fmt.Sprintf(verb, tt.pointer), verb)
				assert.Contains(t, fmt.Sprintf(verb, []any{tt.value}), tt.want, verb)
			}
			for _, v := range []any{tt.value, tt.pointer} {
				text, jsonText := logged(v)
				assert.Equal(t, tt.text+"\n", text)
				assert.NotContains(t, jsonText, "private")
				if tt.json != "" {
					assert.JSONEq(t, tt.json, jsonText)
				}
			}
		})
	}
}

func list(fields []customers.Field) string {
	b, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestPatchProfile(t *testing.T) {
	p := everything()
	patch := customers.Patch{
		Reference: &p.Reference, Name: &p.Name, Email: &p.Email, Phone: &p.Phone, Mobile: &p.Mobile, Address: &p.Address,
		Since: &p.Since, Notes: &p.Notes,
	}
	assert.Equal(t, p, patch.Profile())
	assert.Zero(t, customers.Patch{}.Profile())
	assert.Zero(t, customers.Patch{Email: customers.To(""), Name: &customers.Name{}, Since: &time.Time{}}.Profile(),
		"what is emptied is not set")
}

func TestFieldCovers(t *testing.T) {
	for _, tt := range []struct {
		field, of customers.Field
		want      bool
	}{
		{customers.FieldAddress, customers.FieldAddressCity, true},
		{customers.FieldAddress, customers.FieldAddress, true},
		{customers.FieldEmail, customers.FieldEmail, true},
		{customers.FieldAddressCity, customers.FieldAddress, false},
		{customers.FieldAddressCity, customers.FieldAddressCountry, false},
		{customers.FieldName, customers.FieldAddressCity, false},
		{"add", customers.FieldAddress, false},
		{"", customers.FieldEmail, false},
	} {
		assert.Equal(t, tt.want, tt.field.Covers(tt.of), "%q covers %q", tt.field, tt.of)
		assert.Equal(t, tt.want, customers.Policy{AllowLoss: []customers.Field{"id", tt.field}}.AllowsLoss(tt.of))
	}
	assert.False(t, customers.Policy{}.AllowsLoss(customers.FieldEmail))
}

func TestFieldGroup(t *testing.T) {
	assert.Equal(t, customers.FieldAddress, customers.FieldAddressPostalCode.Group())
	assert.Equal(t, customers.FieldName, customers.FieldNameFull.Group())
	assert.Equal(t, customers.FieldCreatedAt, customers.FieldCreatedAt.Group())
}

func TestFieldsHoldEverythingThatCanBeSet(t *testing.T) {
	assert.Subset(t, customers.Fields(), everything().Fields())
	fields := customers.Fields()
	fields[0] = "changed"
	assert.Equal(t, customers.FieldID, customers.Fields()[0], "the result is the caller's own")
}
