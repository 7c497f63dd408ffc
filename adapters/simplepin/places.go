package simplepin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/transport"
)

// places turns countries and regions into SimplePin's ids and back: by the ids that the caller gave, else by the names
// in SimplePin's lists.
type places struct {
	given map[string]Country
	codes map[int64]string // of those given
	lists *lists
	// proven means that the list of countries may be asked for.
	proven bool
}

// newPlaces copies countries. rule is the one that they break: an id of 0, or one for two countries, would be read back
// as a place that nobody sent.
func newPlaces(countries map[string]Country) (p *places, rule string) {
	p = &places{given: make(map[string]Country, len(countries)), codes: make(map[int64]string, len(countries))}
	for code, country := range countries {
		switch _, taken := p.codes[country.ID]; {
		case len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
			return nil, "must have ISO 3166-1 alpha-2 codes as keys, such as CA"
		case country.ID <= 0:
			return nil, "must have positive ids"
		case taken:
			return nil, "must have one id for each country"
		}
		for region, id := range country.Provinces {
			if region == "" || id <= 0 {
				return nil, "must have provinces with names and positive ids"
			}
		}
		country.Provinces = maps.Clone(country.Provinces)
		p.given[code], p.codes[country.ID] = country, code
	}
	return p, ""
}

// address is a with SimplePin's ids. Its errors say that nothing was sent.
func (p *places) address(ctx context.Context, a customers.Address) (out simplepin.AddressAPIV2Model, err error) {
	out = simplepin.AddressAPIV2Model{Address: a.Street, City: a.City, Zip: a.PostalCode}
	country, given := p.given[a.Country]
	switch {
	case a.Country == "" && a.Region != "":
		return out, customers.Refuse(customers.Violation{
			Field: customers.FieldAddressCountry, Rule: "required", Bound: "with a region",
		})
	case a.Country == "":
		return out, nil
	case given:
		out.Country = country.ID
	case !p.proven:
		return out, unproven()
	default:
		if out.Country, err = p.find(ctx, customers.FieldAddressCountry, countries, []string{a.Country}); err != nil {
			return out, err
		}
	}
	if out.Province = country.province(a.Region); out.Province == 0 && a.Region != "" {
		out.Province, err = p.find(ctx, customers.FieldAddressRegion, out.Country, regionKeys(a))
	}
	return out, err
}

// placeholder stands in a plan for an id that has to be asked for.
const placeholder = -1

// find is the id of the one place with one of the keys in a list.
func (p *places) find(ctx context.Context, f customers.Field, of int64, keys []string) (int64, error) {
	transport.LookUp(ctx, f)
	all, held := p.lists.current(of)
	switch {
	case held:
	case transport.Planning(ctx):
		return placeholder, nil
	default:
		var err error
		if all, err = p.lists.get(ctx, of); err != nil {
			return 0, err
		}
	}
	var found []place
	for _, one := range all {
		switch {
		case one.key == "" || !slices.Contains(keys, one.key):
		case of == countries && p.codes[one.id] != "": // the caller says that it is another
		case slices.ContainsFunc(found, func(other place) bool { return other.id == one.id }):
		default:
			found = append(found, one)
		}
	}
	switch len(found) {
	case 1:
		return found[0].id, nil
	case 0:
		return 0, noPlace(f, "one of SimplePin's "+names(all)+", or an id in simplepin.Config.Countries")
	}
	return 0, noPlace(f, "not several of SimplePin's, here "+names(found)+": give the id in simplepin.Config.Countries")
}

// noPlace is the error of a place that has no id.
func noPlace(f customers.Field, bound string) *customers.Error {
	pointer := "/main_address/country"
	if f == customers.FieldAddressRegion {
		pointer = "/main_address/province"
	}
	return customers.Refuse(customers.Violation{Field: f, Pointer: pointer, Rule: "lookup", Bound: bound})
}

// unproven is the error of a country that is not given where the policy does not allow to ask for it.
func unproven() *customers.Error {
	c := capabilities()
	op, _ := c.Operation(customers.OpLookup)
	e := customers.Unproven(*op)
	e.Detail += " of simplepin.Config, or give the country in its Countries"
	e.Violations = noPlace(customers.FieldAddressCountry, "in simplepin.Config.Countries").Violations
	return e
}

// names lists places as SimplePin names them, some of many: those that look like names of places, since a server may
// put anything there.
func names(all []place) string {
	const most = 20
	var quoted []string
	for _, one := range all {
		if len(quoted) < most && isPlaceName(one.name) {
			quoted = append(quoted, strconv.Quote(one.name))
		}
	}
	text := strings.Join(quoted, ", ")
	switch more := len(all) - len(quoted); {
	case len(all) == 0:
		return "names, of which there are none"
	case text == "":
		return fmt.Sprintf("%d names, which are not shown", more)
	case more > 0:
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func isPlaceName(name string) bool {
	return len(name) <= 60 && strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(" -.,'’()&", r)
	}) < 0
}

// read turns ids back. What cannot be told goes into Verbatim, also if asking fails: the customer was read all the
// same.
func (p *places) read(ctx context.Context, out *customers.Customer, a simplepin.AddressAPIV2Model) {
	code := p.codes[a.Country]
	if code == "" && a.Country != 0 && p.proven {
		if code = p.told(ctx, countries, a.Country).key; p.given[code].ID != 0 {
			code = "" // the caller says that it is another
		}
	}
	var region string
	if code != "" && a.Province != 0 {
		if region = p.given[code].region(a.Province); region == "" {
			region = p.told(ctx, a.Country, a.Province).name
		}
	}
	for _, part := range []struct {
		field customers.Field
		value string
		id    int64
	}{{customers.FieldAddressCountry, code, a.Country}, {customers.FieldAddressRegion, region, a.Province}} {
		if part.value != "" {
			out.Take(part.field, part.value)
		} else if part.id != 0 {
			out.Keep(part.field, strconv.FormatInt(part.id, 10))
		}
	}
}

// told is the place with an id in a list, the zero place if it cannot be told.
func (p *places) told(ctx context.Context, of, id int64) place {
	all, _ := p.lists.known(ctx, of)
	for _, one := range all {
		if one.id == id {
			return one
		}
	}
	return place{}
}

// province is the id that the caller gave a region, 0 if none: of the name as it is written, or else of the one name
// that differs in what does not matter.
func (c Country) province(region string) int64 {
	if id, ok := c.Provinces[region]; ok {
		return id
	}
	var found int64
	for name, id := range c.Provinces {
		switch {
		case fold(name) != fold(region) || id == found:
		case found != 0:
			return 0
		default:
			found = id
		}
	}
	return found
}

// region is the shortest of the caller's names for a province, "" if it has none.
func (c Country) region(province int64) string {
	var found string
	for name, id := range c.Provinces {
		if id == province && (found == "" || cmp.Or(cmp.Compare(len(name), len(found)), cmp.Compare(name, found)) < 0) {
			found = name
		}
	}
	return found
}

// codesByName are the ISO codes of the countries by their folded names, of which no two countries share one.
func codesByName() map[string]string {
	codes := make(map[string]string, 3*strings.Count(countryNames, "\n"))
	for line := range strings.Lines(countryNames) {
		code, names, _ := strings.Cut(strings.TrimSpace(line), " ")
		for name := range strings.SplitSeq(names, "|") {
			codes[fold(name)] = code
		}
	}
	return codes
}

// regionKeys are what a region may be found by: its name, or those that its code stands for.
func regionKeys(a customers.Address) []string {
	keys := []string{fold(a.Region)}
	if a.Country != "CA" {
		return keys
	}
	for line := range strings.Lines(canadian) {
		code, names, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.EqualFold(code, a.Region) {
			for name := range strings.SplitSeq(names, "|") {
				keys = append(keys, fold(name))
			}
		}
	}
	return keys
}

// canadian are the provinces and territories of ISO 3166-2:CA with their names in English and French. SimplePin's lists
// have names only; what other countries' codes stand for is the caller's to say, in Config.Countries.
const canadian = `AB Alberta
BC British Columbia|Colombie-Britannique
MB Manitoba
NB New Brunswick|Nouveau-Brunswick
NL Newfoundland and Labrador|Terre-Neuve-et-Labrador
NS Nova Scotia|Nouvelle-Écosse
NT Northwest Territories|Territoires du Nord-Ouest
NU Nunavut
ON Ontario
PE Prince Edward Island|Île-du-Prince-Édouard
QC Quebec
SK Saskatchewan
YT Yukon
`

// fold is what two spellings of a name have in common: no accents, case, punctuation, nor words for "and" and "the".
func fold(name string) string {
	letters := func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}
	var folded strings.Builder
	for word := range strings.FieldsFuncSeq(strings.Map(letters, norm.NFKD.String(name)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		switch word {
		case "and", "et", "y", "the":
		case "st":
			folded.WriteString("saint")
		default:
			folded.WriteString(word)
		}
	}
	return folded.String()
}
