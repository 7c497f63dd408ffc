package specgen

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/contract-first/customers/contract/check"
)

// pattern is the Go value that checks a pattern: layouts if it has them, so that programs need no package regexp.
func pattern(source string) string {
	all, ok := layoutsOf(source)
	if !ok {
		return fmt.Sprintf("check.Pattern{Source: %s}", quote(source))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "check.Layouts{Source: %s, Any: []check.Layout{\n", quote(source))
	for _, layout := range all {
		b.WriteString("{")
		for _, run := range layout {
			fmt.Fprintf(&b, "{N: %d, Of: %q}, ", run.N, run.Of)
		}
		b.WriteString("},\n")
	}
	b.WriteString("}}")
	return b.String()
}

// layoutsOf lists the layouts of a pattern that binds the whole text; false if there are too many, or characters beyond
// ASCII in them.
func layoutsOf(pattern string) ([]check.Layout, bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || re.Op != syntax.OpConcat {
		return nil, false
	}
	last := len(re.Sub) - 1
	if re.Sub[0].Op != syntax.OpBeginText || re.Sub[last].Op != syntax.OpEndText {
		return nil, false
	}
	return sequence(re.Sub[1:last])
}

// sequence lists the layouts of expressions that follow each other.
func sequence(parts []*syntax.Regexp) ([]check.Layout, bool) {
	const most = 8
	all := []check.Layout{nil}
	for _, part := range parts {
		next, ok := alternatives(part)
		if !ok || len(all)*len(next) > most {
			return nil, false
		}
		var longer []check.Layout
		for _, head := range all {
			for _, tail := range next {
				longer = append(longer, join(head, tail))
			}
		}
		all = longer
	}
	return all, true
}

// alternatives lists the layouts of one expression.
func alternatives(re *syntax.Regexp) ([]check.Layout, bool) {
	switch {
	case re.Op == syntax.OpLiteral && re.Flags&syntax.FoldCase == 0:
		var layout check.Layout
		for _, r := range re.Rune {
			layout = join(layout, check.Layout{{N: 1, Of: string(r)}})
		}
		return []check.Layout{layout}, isASCII(re.Rune)
	case re.Op == syntax.OpCharClass && isASCII(re.Rune):
		var of strings.Builder
		for bounds := range slices.Chunk(re.Rune, 2) {
			for r := bounds[0]; r <= bounds[1]; r++ {
				of.WriteRune(r)
			}
		}
		return []check.Layout{{{N: 1, Of: of.String()}}}, true
	case re.Op == syntax.OpCapture, re.Op == syntax.OpConcat:
		return sequence(re.Sub)
	case re.Op == syntax.OpRepeat && re.Min == re.Max:
		return sequence(slices.Repeat(re.Sub, re.Min))
	case re.Op == syntax.OpAlternate:
		var all []check.Layout
		for _, sub := range re.Sub {
			some, ok := alternatives(sub)
			if !ok {
				return nil, false
			}
			all = append(all, some...)
		}
		return all, true
	}
	return nil, false
}

// join is head and then tail, equal runs made one.
func join(head, tail check.Layout) check.Layout {
	whole := slices.Clone(head)
	for _, run := range tail {
		if last := len(whole) - 1; last >= 0 && whole[last].Of == run.Of {
			whole[last].N += run.N
		} else {
			whole = append(whole, run)
		}
	}
	return whole
}

func isASCII(runes []rune) bool {
	return !slices.ContainsFunc(runes, func(r rune) bool { return r > 0x7f })
}
