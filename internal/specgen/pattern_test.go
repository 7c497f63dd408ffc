package specgen

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers/contract/check"
)

func TestPatterns(t *testing.T) {
	checks, _, err := generate(t,
		creating("Thing: {type: object, properties: "+
			"{a: {type: string, pattern: '^x`\"+$'}, b: {type: string, pattern: '^(a|bc)$'}}}"),
		"type Thing struct {\nA string 'json:\"a,omitempty\"'\nB string 'json:\"b,omitempty\"'\n}")
	require.NoError(t, err)
	assert.Contains(t, checks, `var patternThingA = check.Pattern{Source: "^x`+"`"+`\"+$"}`)
	assert.Contains(t, checks, "var patternThingB = check.Layouts{Source: `^(a|bc)$`, Any: []check.Layout{\n"+
		"\t{{N: 1, Of: \"a\"}},\n\t{{N: 1, Of: \"b\"}, {N: 1, Of: \"c\"}},\n}}\n")
}

var (
	withLayouts = []string{
		`^$`, `^a$`, `\Aa\z`, `^(?:a)$`, `^a\.b$`, `^aa{2}a$`, `^[A-Z]{2}$`, `^\d{10}$`, `^\d\d-\d{3}$`, `^[+-][01]$`,
		`^(a|bc)$`, `^a(b|[cd]e)f$`, `^(a|b)(c|de)$`, `^((a|b)c){2}$`, `^cust_[a-zA-Z0-9]{4}$`,
	}
	withoutLayouts = []string{
		``, `a`, `^a`, `a$`, `^a|b$`, `^a+$`, `^a*$`, `^a?$`, `^a{1,2}$`, `^(ab){1,2}$`, `^a^$`, `(?m)^a$`, `^\b$`,
		`^.$`, `^[^a]$`, `^é$`, `^[é]$`, `^(?i:a)$`, `^(a|bc|d.)$`, `^[a-z]{2}([a-z]|\d\d){4}$`,
	}
)

func TestLayoutsOf(t *testing.T) {
	for _, pattern := range withLayouts {
		_, ok := layoutsOf(pattern)
		assert.True(t, ok, pattern)
	}
	for _, pattern := range withoutLayouts {
		layouts, ok := layoutsOf(pattern)
		assert.False(t, ok, "%s: %v", pattern, layouts)
	}
	layouts, _ := layoutsOf(`^\d{2}-\d(Z|[+-]\d{2})$`)
	const digits = "0123456789"
	assert.Equal(t, []check.Layout{
		{{N: 2, Of: digits}, {N: 1, Of: "-"}, {N: 1, Of: digits}, {N: 1, Of: "Z"}},
		{{N: 2, Of: digits}, {N: 1, Of: "-"}, {N: 1, Of: digits}, {N: 1, Of: "+-"}, {N: 2, Of: digits}},
	}, layouts)
}

// FuzzLayouts holds layouts against the pattern that they come from.
func FuzzLayouts(f *testing.F) {
	for _, pattern := range withLayouts {
		for _, text := range []string{
			"", "a", "b", "bc", "A", "AZ", "ÀÀ", "0102030405", "01-234", "01-2345", "abf", "acef", "ac", "bde", "acbc",
			"+1", "1", "cust_aZ09", "a.b", "axb", "a\n", "aaaa", "\x00", "\xff", "é",
		} {
			f.Add(pattern, text)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return
		}
		if all, ok := layoutsOf(pattern); ok {
			layouts := check.Layouts{Source: pattern, Any: all}
			assert.Equal(t, re.MatchString(text), layouts.Check(nil, check.At{}, text) == nil, "%q", text)
		}
	})
}
