package contract

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/contract-first/customers/contract/check"
)

// Operation names one operation of a contract.
type Operation struct {
	ID     string // operationId, "" if it has none
	Method string // in capitals
	Path   string // the template, as the contract writes it: /v1/customers/{id}
}

// Operations returns all operations, sorted by path and method.
func (s *Spec) Operations() []Operation {
	var all []Operation
	for _, rt := range s.routes {
		for _, op := range rt.operations {
			all = append(all, op.Operation)
		}
	}
	slices.SortFunc(all, func(a, b Operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return all
}

// Operation returns the operation that a method and a URL path lead to. The path is in its escaped form
// ([url.URL.EscapedPath]) and begins with that of the server, as on the wire. "" is GET, as in [http.Request].
//
// A variable never matches nothing, "." or "..": an id that got lost must not turn into another operation, such as
// the reading of one customer into that of all. For the same reason /v1/clients/ does not match /v1/clients. But
// /v1/customers does match /v1/customers/: clients of such an API write it in both ways, and no lost id looks like it.
func (s *Spec) Operation(method, path string) (Operation, bool) {
	rt, _ := s.route(s.below(path))
	if rt == nil {
		return Operation{}, false
	}
	op, ok := rt.operations[cmp.Or(method, http.MethodGet)]
	if !ok {
		return Operation{}, false
	}
	return op.Operation, true
}

// find returns the operation of a request as it goes over the wire, the server's path included, and the values in its
// path; or else the violation that there is none.
func (s *Spec) find(r *http.Request) (*operation, []variable, []check.Violation) {
	rt, variables := s.route(s.below(r.URL.EscapedPath()))
	if rt == nil {
		return nil, nil, []check.Violation{{Pointer: "path", Rule: "paths"}}
	}
	op, ok := rt.operations[cmp.Or(r.Method, http.MethodGet)]
	if !ok {
		methods := strings.Join(slices.Sorted(maps.Keys(rt.operations)), " or ")
		return nil, nil, []check.Violation{{Pointer: "path", Rule: "method", Bound: methods}}
	}
	return op, variables, nil
}

// below cuts the server's path off; what does not stand below it becomes "", which matches nothing.
func (s *Spec) below(path string) string {
	rest, ok := strings.CutPrefix(path, s.base)
	if !ok || !strings.HasPrefix(rest, "/") {
		return ""
	}
	return rest
}

func (s *Spec) route(path string) (*route, []variable) {
	for i := range s.routes {
		if variables, ok := s.routes[i].match(path); ok {
			return &s.routes[i], variables
		}
	}
	return nil, nil
}

// route is one path template.
type route struct {
	template   string
	segments   []segment
	operations map[string]*operation
}

// segment is what stands between two slashes: a text, or a variable if variable is not "".
type segment struct {
	text     string
	variable string
}

// variable is what stands in a path for a variable of its template.
type variable struct {
	name, value string
}

func newRoute(template string) (route, error) {
	rt := route{template: template, operations: map[string]*operation{}}
	for part := range strings.SplitSeq(strings.TrimPrefix(template, "/"), "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok && strings.HasSuffix(name, "}") {
			rt.segments = append(rt.segments, segment{variable: strings.TrimSuffix(name, "}")})
			continue
		}
		if strings.ContainsAny(part, "{}") {
			return route{}, fmt.Errorf("%s: a variable that is a part of a segment is not supported", template)
		}
		rt.segments = append(rt.segments, segment{text: part})
	}
	return rt, nil
}

// match holds an escaped path against the template.
func (rt *route) match(path string) (variables []variable, ok bool) {
	rest, more := strings.CutPrefix(path, "/")
	if !more {
		return nil, false
	}
	for i, seg := range rt.segments {
		if !more {
			// The path may leave out the last slash of the template.
			return variables, i == len(rt.segments)-1 && seg == segment{}
		}
		var part string
		part, rest, more = strings.Cut(rest, "/")
		if strings.Contains(part, "%") {
			var err error
			if part, err = url.PathUnescape(part); err != nil {
				return nil, false
			}
		}
		switch {
		case seg.variable == "":
			if part != seg.text {
				return nil, false
			}
		case part == "" || part == "." || part == "..":
			return nil, false
		default:
			variables = append(variables, variable{seg.variable, part})
		}
	}
	return variables, !more
}

// compare puts a text before a variable, so that /customers/create is not taken for /customers/{id}, and a path without
// a last slash before one with it.
func (rt route) compare(other route) int {
	if c := cmp.Compare(len(rt.segments), len(other.segments)); c != 0 {
		return c
	}
	for i := range rt.segments {
		a, b := rt.segments[i].variable != "", other.segments[i].variable != ""
		switch {
		case a && !b:
			return 1
		case b && !a:
			return -1
		}
	}
	return strings.Compare(rt.template, other.template)
}
