package simplepin

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/simplepin"
)

// places turns countries and regions into SimplePin's ids and back.
type places struct {
	countries map[string]Country
	codes     map[int64]string
}

// newPlaces copies countries. rule is the one that they break: an id of 0, or one for two countries, would be read back
// as a place that nobody sent.
func newPlaces(countries map[string]Country) (p places, rule string) {
	p = places{countries: make(map[string]Country, len(countries)), codes: make(map[int64]string, len(countries))}
	for code, country := range countries {
		switch _, taken := p.codes[country.ID]; {
		case len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
			return p, "must have ISO 3166-1 alpha-2 codes as keys, such as CA"
		case country.ID <= 0:
			return p, "must have positive ids"
		case taken:
			return p, "must have one id for each country"
		}
		for region, id := range country.Provinces {
			if region == "" || id <= 0 {
				return p, "must have provinces with names and positive ids"
			}
		}
		country.Provinces = maps.Clone(country.Provinces)
		p.countries[code], p.codes[country.ID] = country, code
	}
	return p, ""
}

// region is the caller's name for a province, "" if it has none.
func (p places) region(country string, province int64) string {
	var found string
	for name, id := range p.countries[country].Provinces {
		if id == province && (found == "" || cmp.Or(cmp.Compare(len(name), len(found)), cmp.Compare(name, found)) < 0) {
			found = name
		}
	}
	return found
}

// address is a with SimplePin's ids; the violations name what it has no id for.
func (p places) address(a customers.Address) (simplepin.AddressAPIV2Model, []customers.Violation) {
	out := simplepin.AddressAPIV2Model{Address: a.Street, City: a.City, Zip: a.PostalCode}
	var vs []customers.Violation
	unknown := func(f customers.Field) {
		vs = append(vs, customers.Violation{Field: f, Pointer: "/main_address", Rule: "lookup", Bound: "in simplepin.Config.Countries"})
	}
	country, known := p.countries[a.Country]
	if out.Country = country.ID; a.Country != "" && !known {
		unknown(customers.FieldAddressCountry)
	}
	switch out.Province, known = country.Provinces[a.Region]; {
	case a.Region != "" && a.Country == "":
		vs = append(vs, customers.Violation{Field: customers.FieldAddressCountry, Rule: "required", Bound: "with a region"})
	case a.Region != "" && !known:
		unknown(customers.FieldAddressRegion)
	}
	return out, vs
}

// read turns ids back; one that nobody has named goes into Verbatim.
func (p places) read(out *customers.Customer, a simplepin.AddressAPIV2Model) {
	out.Address.Country = p.codes[a.Country]
	if out.Address.Country == "" && a.Country != 0 {
		out.Keep(customers.FieldAddressCountry, strconv.FormatInt(a.Country, 10))
	}
	out.Address.Region = p.region(out.Address.Country, a.Province)
	if out.Address.Region == "" && a.Province != 0 {
		out.Keep(customers.FieldAddressRegion, strconv.FormatInt(a.Province, 10))
	}
}
