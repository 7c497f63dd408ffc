package check_test

import (
	"math"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/contract-first/customers/contract/check"
)

var (
	at      = check.At{Pointer: "/email", Field: "email"}
	earlier = check.Violation{Pointer: "/id", Rule: "required"}
)

// broken asserts that f adds the one violation of rule and bound to those that are there, and none if rule is "".
func broken(t *testing.T, rule, bound string, f func(vs []check.Violation) []check.Violation) {
	t.Helper()
	want := []check.Violation{earlier}
	if rule != "" {
		want = append(want, check.Violation{Pointer: "/email", Field: "email", Rule: rule, Bound: bound})
	}
	assert.Equal(t, want, f([]check.Violation{earlier}))
}

func TestViolationText(t *testing.T) {
	for want, v := range map[string]check.Violation{
		"email (/contract_email): maxLength 64": {Field: "email", Pointer: "/contract_email", Rule: "maxLength", Bound: "64"},
		"name (/name): required":                {Field: "name", Pointer: "/name", Rule: "required"},
		"name: anyOf":                           {Field: "name", Rule: "anyOf"},
		"/contracts/0/id: minimum 1":            {Pointer: "/contracts/0/id", Rule: "minimum", Bound: "1"},
		"query/locale: required":                {Pointer: "query/locale", Rule: "required"},
		"body: anyOf email or mobile":           {Rule: "anyOf", Bound: "email or mobile"},
	} {
		assert.Equal(t, want, v.String())
	}
}

func TestBreak(t *testing.T) {
	broken(t, "anyOf", "email or mobile", func(vs []check.Violation) []check.Violation {
		return at.Break(vs, "anyOf", "email or mobile")
	})
	assert.Equal(t, []check.Violation{{Pointer: "/x", Rule: "required"}}, check.At{Pointer: "/x"}.Break(nil, "required", ""))
}

func TestLength(t *testing.T) {
	for _, tt := range []struct {
		name        string
		value       string
		min, max    int
		rule, bound string
	}{
		{"empty, no minimum", "", 0, -1, "", ""},
		{"below", "ab", 3, 5, "minLength", "3"},
		{"least", "abc", 3, 5, "", ""},
		{"most", "abcde", 3, 5, "", ""},
		{"above", "abcdef", 3, 5, "maxLength", "5"},
		{"no maximum", strings.Repeat("a", 10_000), 3, -1, "", ""},
		{"maximum of none", "a", 0, 0, "maxLength", "0"},
		{"characters, not bytes: enough", "漢字仮", 3, 3, "", ""},
		{"characters, not bytes: too few", "漢字", 3, 5, "minLength", "3"},
		{"beyond the basic plane", "🎉🎉🎉", 3, 3, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			broken(t, tt.rule, tt.bound, func(vs []check.Violation) []check.Violation {
				return check.Length(vs, at, tt.value, tt.min, tt.max)
			})
		})
	}
}

func TestItems(t *testing.T) {
	for _, tt := range []struct {
		name        string
		n, min, max int
		rule, bound string
	}{
		{"none, no minimum", 0, 0, -1, "", ""},
		{"below", 0, 1, 3, "minItems", "1"},
		{"least", 1, 1, 3, "", ""},
		{"most", 3, 1, 3, "", ""},
		{"above", 4, 1, 3, "maxItems", "3"},
		{"no maximum", 10_000, 1, -1, "", ""},
		{"maximum of none", 1, 0, 0, "maxItems", "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			broken(t, tt.rule, tt.bound, func(vs []check.Violation) []check.Violation {
				return check.Items(vs, at, tt.n, tt.min, tt.max)
			})
		})
	}
}

func TestMinimumAndMaximum(t *testing.T) {
	type list = []check.Violation
	for name, tt := range map[string]struct {
		check       func(list) list
		rule, bound string
	}{
		"below the minimum": {func(vs list) list { return check.Minimum(vs, at, 0, 1) }, "minimum", "1"},
		"the minimum":       {func(vs list) list { return check.Minimum(vs, at, 1, 1) }, "", ""},
		"negative minimum":  {func(vs list) list { return check.Minimum(vs, at, int32(-6), -5) }, "minimum", "-5"},
		"great minimum": {
			func(vs list) list { return check.Minimum(vs, at, math.MaxInt64-1, int64(math.MaxInt64)) }, "minimum", "9223372036854775807",
		},
		"fraction below":       {func(vs list) list { return check.Minimum(vs, at, 0.49, 0.5) }, "minimum", "0.5"},
		"above the maximum":    {func(vs list) list { return check.Maximum(vs, at, 101, 100) }, "maximum", "100"},
		"the maximum":          {func(vs list) list { return check.Maximum(vs, at, 100, 100) }, "", ""},
		"fraction above":       {func(vs list) list { return check.Maximum(vs, at, float32(1.5), 1.25) }, "maximum", "1.25"},
		"maximum of the table": {func(vs list) list { return check.Maximum(vs, at, int64(5), 5) }, "", ""},
	} {
		t.Run(name, func(t *testing.T) { broken(t, tt.rule, tt.bound, tt.check) })
	}
}

func TestEnum(t *testing.T) {
	type country string
	for _, tt := range []struct {
		value   country
		allowed []country
		bound   string
	}{
		{"CI", []country{"CI", "SN"}, ""},
		{"SN", []country{"CI", "SN"}, ""},
		{"FR", []country{"CI", "SN"}, "CI or SN"},
		{"ci", []country{"CI"}, "CI"},
		{"", []country{"CI"}, "CI"},
		{"CI", nil, ""},
	} {
		rule := "enum"
		if tt.bound == "" && tt.allowed != nil {
			rule = ""
		}
		broken(t, rule, tt.bound, func(vs []check.Violation) []check.Violation {
			return check.Enum(vs, at, tt.value, tt.allowed...)
		})
	}
}

var formats = []struct {
	format, value string
	want          bool
}{
	{"email", "ama.kouassi@example.com", true},
	{"email", "a@b", true},
	{"email", "Ama_K+shop-1@mail.example.co.uk", true},
	{"email", "o'brien@example.com", true},
	{"email", "zoé@example.com", true},
	{"email", "ama@exämple.com", true},
	{"email", "", false},
	{"email", "@", false},
	{"email", "ama", false},
	{"email", "ama@", false},
	{"email", "@example.com", false},
	{"email", "ama@kofi@example.com", false},
	{"email", ".ama@example.com", false},
	{"email", "ama.@example.com", false},
	{"email", "a..b@example.com", false},
	{"email", "ama@example..com", false},
	{"email", "ama@example.com.", false},
	{"email", "ama@.example.com", false},
	{"email", " ama@example.com", false},
	{"email", "ama@example.com\n", false},
	{"email", "ama kouassi@example.com", false},
	{"email", "<ama@example.com>", false},
	{"email", "Ama <ama@example.com>", false},
	{"email", "ama@example.com (work)", false},
	{"email", "ama@example.com, kofi@example.com", false},
	{"email", "ama@example.com\x00", false},
	{"email", "ama@example.com\x7f", false},
	{"email", "am\xffa@example.com", false},
	{"email", `"ama kouassi"@example.com`, false},
	{"email", `"ama"@example.com`, false},
	{"email", "ama@[192.0.2.1]", false},

	{"uuid", "123e4567-e89b-12d3-a456-426614174000", true},
	{"uuid", "123E4567-E89B-12D3-A456-426614174000", true},
	{"uuid", "00000000-0000-0000-0000-000000000000", true},
	{"uuid", "ffffffff-ffff-FFFF-FFFF-999999999999", true},
	{"uuid", "", false},
	{"uuid", "123e4567e89b12d3a456426614174000", false},
	{"uuid", "{123e4567-e89b-12d3-a456-426614174000}", false},
	{"uuid", "123e4567-e89b-12d3-a456-42661417400", false},
	{"uuid", "123e4567-e89b-12d3-a456-4266141740000", false},
	{"uuid", "123e4567-e89b-12d3-a456-42661417400g", false},
	{"uuid", "123e4567-e89b-12d3-a4564-26614174000", false},
	{"uuid", "123e4567-e89b-12d3-a45--426614174000", false},
	{"uuid", "123e4567_e89b_12d3_a456_426614174000", false},

	{"date-time", "2024-05-06T07:08:09Z", true},
	{"date-time", "2024-05-06T07:08:09.123456789Z", true},
	{"date-time", "2024-05-06T07:08:09+00:00", true},
	{"date-time", "2024-05-06T07:08:09.5-23:59", true},
	{"date-time", "2024-02-29T23:59:59+05:30", true},
	{"date-time", "", false},
	{"date-time", "Z", false},
	{"date-time", "+05:30", false},
	{"date-time", "2024-05-06", false},
	{"date-time", "2024-05-06T07:08:09", false},
	{"date-time", "2024-05-06 07:08:09Z", false},
	{"date-time", "2024-05-06T07:08Z", false},
	{"date-time", "2024-05-06T7:08:09Z", false},
	{"date-time", "2024-05-06T07:08:09,5Z", false},
	{"date-time", "2024-05-06T07:08:09.Z", false},
	{"date-time", "2024-05-06T24:00:00Z", false},
	{"date-time", "2023-02-29T00:00:00Z", false},
	{"date-time", "2024-13-06T07:08:09Z", false},
	{"date-time", "2024-05-06T07:08:09+24:00", false},
	{"date-time", "2024-05-06T07:08:09+05:60", false},
	{"date-time", "2024-05-06T07:08:09+0530", false},
	{"date-time", "2024-05-06T07:08:09+5:30", false},
	{"date-time", "2024-05-06T07:08:09+05:30Z", false},
	{"date-time", "2024-05-06T07:08:09Z+05:30", false},
	{"date-time", "2024-05-06T07:08:09*05:30", false},
	{"date-time", "2024-05-06T07:08:09 GMT", false},
	{"date-time", "2016-12-31T23:59:60Z", false},
	{"date-time", "2024-05-06t07:08:09Z", false},
	{"date-time", "2024-05-06T07:08:09z", false},

	{"date", "2024-05-06", true},
	{"date", "2024-02-29", true},
	{"date", "2023-02-29", false},
	{"date", "2024-5-6", false},
	{"date", "06/05/2024", false},
	{"date", "2024-05-06T00:00:00Z", false},
	{"date", "", false},

	{"", "anything", true},
	{"password", "anything", true},
	{"EMAIL", "anything", true},
}

func TestFormat(t *testing.T) {
	for _, tt := range formats {
		assert.Equal(t, tt.want, check.IsFormat(tt.value, tt.format), "%s %q", tt.format, tt.value)
		if tt.format == "email" {
			assert.Equal(t, tt.want, check.IsEmail(tt.value), "%q", tt.value)
		}
		rule, bound := "format", tt.format
		if tt.want {
			rule, bound = "", ""
		}
		broken(t, rule, bound, func(vs []check.Violation) []check.Violation {
			return check.Format(vs, at, tt.value, tt.format)
		})
	}
}

// FuzzIsEmail holds the form against the parser of net/mail, which makes a program larger. That takes more: the domain
// may be an IP address in brackets.
func FuzzIsEmail(f *testing.F) {
	for _, tt := range formats {
		f.Add(tt.value)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := mail.ParseAddress(s)
		bare := err == nil && a.Address == s && !strings.HasSuffix(s, "]")
		assert.Equal(t, bare, check.IsEmail(s), "%q", s)
	})
}

var rfc3339 = regexp.MustCompile(
	`^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// FuzzDateTime holds date-time against the grammar and, for the length of months, against the parser.
func FuzzDateTime(f *testing.F) {
	for _, tt := range formats {
		f.Add(tt.value)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, err := time.Parse(time.RFC3339, s)
		assert.Equal(t, err == nil && rfc3339.MatchString(s), check.IsFormat(s, "date-time"), "%q", s)
	})
}

func TestPattern(t *testing.T) {
	digits := check.Pattern{Source: `^\d{10}$`}
	part := check.Pattern{Source: `b+`}
	ten := check.Layouts{Source: `^\d{10}$`, Any: []check.Layout{{{N: 10, Of: "0123456789"}}}}
	zone := check.Layouts{Source: `^(Z|[+-]\d\d)$`, Any: []check.Layout{
		{{N: 1, Of: "Z"}},
		{{N: 1, Of: "+-"}, {N: 2, Of: "0123456789"}},
	}}
	for _, tt := range []struct {
		pattern interface {
			Check(vs []check.Violation, at check.At, s string) []check.Violation
		}
		source, value string
		want          bool
	}{
		{&digits, digits.Source, "0102030405", true},
		{&digits, digits.Source, "010203040", false},
		{&digits, digits.Source, "0102030405\n", false},
		{&digits, digits.Source, "٠١٠٢٠٣٠٤٠٥", false},
		{&part, part.Source, "abc", true}, // a pattern binds no more than it says
		{&part, part.Source, "ac", false},
		{&ten, ten.Source, "0102030405", true},
		{&ten, ten.Source, "010203040", false},
		{&ten, ten.Source, "01020304056", false},
		{&ten, ten.Source, "0102030405\n", false},
		{&ten, ten.Source, "01020 0405", false},
		{&ten, ten.Source, "٠١٠٢٠", false}, // ten bytes
		{&ten, ten.Source, "", false},
		{&zone, zone.Source, "Z", true},
		{&zone, zone.Source, "+01", true},
		{&zone, zone.Source, "-01", true},
		{&zone, zone.Source, "Z01", false},
		{&zone, zone.Source, "+0", false},
		{&zone, zone.Source, "01", false},
	} {
		rule, bound := "pattern", tt.source
		if tt.want {
			rule, bound = "", ""
		}
		broken(t, rule, bound, func(vs []check.Violation) []check.Violation {
			return tt.pattern.Check(vs, at, tt.value)
		})
	}
}

// TestPatternInManyGoroutines is for the race detector: generated patterns are package variables.
func TestPatternInManyGoroutines(t *testing.T) {
	pattern := check.Pattern{Source: `^\d+$`}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			assert.Empty(t, pattern.Check(nil, at, "1"))
			assert.Len(t, pattern.Check(nil, at, "a"), 1)
		})
	}
	wg.Wait()
}

func TestUnder(t *testing.T) {
	nested := []check.Violation{
		{Pointer: "/city", Field: "address.city", Rule: "required"},
		{Rule: "anyOf"},
	}
	want := []check.Violation{
		earlier,
		{Pointer: "/address/city", Field: "address.city", Rule: "required"},
		{Pointer: "/address", Rule: "anyOf"},
	}
	assert.Equal(t, want, check.Under([]check.Violation{earlier}, "/address", nested))
	assert.Equal(t, "/city", nested[0].Pointer, "nested was changed")
	assert.Nil(t, check.Under(nil, "/address", nil))
}

func TestUnderItem(t *testing.T) {
	nested := []check.Violation{{Pointer: "/id", Rule: "required"}, {Rule: "type"}}
	want := []check.Violation{
		earlier,
		{Pointer: "/contracts/12/id", Rule: "required"},
		{Pointer: "/contracts/12", Rule: "type"},
	}
	assert.Equal(t, want, check.UnderItem([]check.Violation{earlier}, "/contracts", 12, nested))
	assert.Nil(t, check.UnderItem(nil, "/contracts", 12, nil))
}

func TestUnfed(t *testing.T) {
	got := check.Unfed([]check.Violation{
		{Pointer: "/email", Field: "email", Rule: "format", Bound: "email"},
		{Pointer: "/id", Rule: "required"},
	})
	assert.Equal(t, []check.Violation{
		{Pointer: "/email", Rule: "format", Bound: "email"},
		{Pointer: "/id", Rule: "required"},
	}, got)
	assert.Nil(t, check.Unfed(nil))
}

func TestGoodValuesCostNoAllocation(t *testing.T) {
	type country string
	pattern := check.Pattern{Source: `^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(Z|[+-]\d{2}:\d{2})$`}
	pattern.Check(nil, at, "") // compiled once
	layouts := check.Layouts{Any: []check.Layout{{{N: 1, Of: "0"}, {N: 9, Of: "0123456789"}}}}
	var vs []check.Violation
	for name, f := range map[string]func(){
		"Length":          func() { vs = check.Length(vs, at, "Zoé", 1, 64) },
		"Items":           func() { vs = check.Items(vs, at, 2, 1, 3) },
		"Minimum":         func() { vs = check.Minimum(vs, at, int64(2), 1) },
		"Maximum":         func() { vs = check.Maximum(vs, at, 2.5, 3) },
		"Enum":            func() { vs = check.Enum(vs, at, country("SN"), "CI", "SN") },
		"email":           func() { vs = check.Format(vs, at, "azAZ.09+shop_1@mail-2.example.com", "email") },
		"uuid":            func() { vs = check.Format(vs, at, "123e4567-e89b-12d3-a456-426614174000", "uuid") },
		"date-time":       func() { vs = check.Format(vs, at, "2024-05-06T07:08:09Z", "date-time") },
		"date-time India": func() { vs = check.Format(vs, at, "2024-05-06T07:08:09.123+05:30", "date-time") },
		"date":            func() { vs = check.Format(vs, at, "2024-05-06", "date") },
		"other format":    func() { vs = check.Format(vs, at, "x", "password") },
		"Pattern":         func() { vs = pattern.Check(vs, at, "2024-05-06T07:08:09.123+05:30") },
		"Layouts":         func() { vs = layouts.Check(vs, at, "0102030405") },
		"Under":           func() { vs = check.Under(vs, "/address", nil) },
		"UnderItem":       func() { vs = check.UnderItem(vs, "/contracts", 3, nil) },
		"Unfed":           func() { vs = check.Unfed(vs) },
	} {
		assert.Zero(t, testing.AllocsPerRun(100, f), name)
	}
	assert.Empty(t, vs)
}
