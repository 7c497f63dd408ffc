// Package drift holds recorded traffic against a contract and tells where the two have drifted apart.
//
// [Read] reads exchanges from a file, [Checker.Add] holds each against a [contract.Spec], and [Checker.Report] sums up:
// every rule that was broken, how often, and what it suggests for the contract; what was seen as the contract says; what
// was left out and why. Memory is bounded by the largest exchange, not by their number: a report tells 1000 kinds of
// findings apart, and of one message the 100 breaches that package contract tells.
//
// A report holds no value from the traffic. What it does hold of it: hosts; the method; statuses; times; the names of
// undeclared properties and query parameters, where they look like names; types, formats and lengths. A name that does
// not look like one is written as "*", and so is what varies in a path. A map that is keyed by people's bare names would
// show these: nothing tells them from the names of properties.
//
// The command customers check imports it, and so can a program that records its traffic.
package drift

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/check"
)

// maxKinds bounds how many different findings, reasons to skip, and places of one side are told apart.
const maxKinds = 1000

// Checker holds exchanges against one contract. It is not safe for concurrent use.
type Checker struct {
	spec     *contract.Spec
	hosts    map[string]bool
	names    names
	sides    map[side]*tally
	findings map[kind]*evidence
	more     int
	checked  map[string]int
	missing  map[string]int
	faults   int
	skipped  map[Skipped]int
}

// side is one half of the exchanges of an operation.
type side struct {
	operation string
	direction Direction
	status    int // of responses
}

// tally is what was seen of a side.
type tally struct {
	exchanges int
	bodies    int             // that were recorded
	places    map[string]bool // declared ones, with a value other than null
	broken    map[string]bool // declared ones
	unsure    bool            // more are broken than are known
}

// put adds a place, unless there are too many; it reports whether it is there.
func put(places map[string]bool, place string) bool {
	if len(places) < maxKinds {
		places[place] = true
	}
	return places[place]
}

// kind is what findings have in common that are counted together.
type kind struct {
	side
	check.Violation // its pointer made general
}

// NewChecker makes a Checker. The hosts are those whose traffic is the provider's, each a name, which stands for all of
// its ports, or a name and port; a URL without a host is the provider's in any case. An exchange with a Provider is that
// provider's, whatever its host.
func NewChecker(spec *contract.Spec, hosts ...string) *Checker {
	c := &Checker{
		spec: spec, hosts: map[string]bool{}, names: newNames(spec), sides: map[side]*tally{}, findings: map[kind]*evidence{},
		checked: map[string]int{}, missing: map[string]int{}, skipped: map[Skipped]int{},
	}
	for _, host := range hosts {
		c.hosts[strings.ToLower(host)] = true
	}
	return c
}

// Add holds an exchange against the contract, and keeps nothing of it but what a [Report] tells.
func (c *Checker) Add(e *Exchange) {
	u, err := url.Parse(e.URL)
	if err != nil {
		c.skip(Skipped{Host: "*", Reason: SkippedURL})
		return
	}
	if skipped, ok := c.foreign(e, u); ok {
		c.skip(skipped)
		return
	}
	r := &http.Request{Method: e.Method, URL: u, Header: e.RequestHeader}
	operation := c.operation(e.Method, u)
	if operation == "" {
		c.skip(Skipped{Host: host(u), Path: c.names.path(u), Reason: SkippedPath})
		return
	}
	if c.notModified(r, e) {
		c.skip(Skipped{Host: host(u), Reason: SkippedNotModified})
		return
	}
	answered := false
	switch {
	case e.Fault != "":
		c.faults++
	case e.Status >= 100 && e.Status <= 999:
		answered = true
		c.checked[operation]++
	default:
		c.missing[MissingResponse]++
	}

	body := e.requestBody()
	vs := c.spec.CheckRequest(r, body)
	asked := len(vs)
	if vs = slices.DeleteFunc(vs, func(v check.Violation) bool { return blanked(r, v) }); len(vs) < asked {
		c.missing[MissingCredentials]++
	}
	c.note(side{operation: operation, direction: Request}, e, body, vs)
	if !answered || slices.ContainsFunc(vs, func(v check.Violation) bool { return v.Rule == "method" }) {
		return // whatever the answer, the contract knows nothing of it
	}
	body = e.responseBody()
	vs = c.spec.CheckResponse(r, e.Status, e.ResponseHeader, body)
	c.note(side{operation, Response, e.Status}, e, body, vs)
}

// foreign reports whether an exchange is none with the provider.
func (c *Checker) foreign(e *Exchange, u *url.URL) (Skipped, bool) {
	bare := u.Host == "" && u.Scheme == ""
	switch {
	case e.Provider != "" && e.Provider != c.spec.Provider():
		return Skipped{Host: cmp.Or(host(u), "*"), Reason: SkippedProvider}, true
	case bare && !strings.HasPrefix(u.Path, "/"):
		return Skipped{Host: "*", Reason: SkippedURL}, true
	case !bare && e.Provider == "" && !c.hosts[strings.ToLower(u.Hostname())] && !c.hosts[strings.ToLower(u.Host)]:
		return Skipped{Host: cmp.Or(host(u), "*"), Reason: SkippedHost}, true
	case e.Method == http.MethodOptions && e.RequestHeader.Get("Access-Control-Request-Method") != "":
		return Skipped{Host: host(u), Reason: SkippedPreflight}, true
	}
	return Skipped{}, false
}

// notModified reports whether an answer says no more than that a cache has it, which HTTP lets any server do, and the
// contract does not speak of it.
func (c *Checker) notModified(r *http.Request, e *Exchange) bool {
	return e.Status == http.StatusNotModified && (e.Method == http.MethodGet || e.Method == http.MethodHead) &&
		slices.ContainsFunc(c.spec.CheckResponse(r, e.Status, e.ResponseHeader, nil), func(v check.Violation) bool {
			return v.Rule == "responses"
		})
}

func (c *Checker) skip(s Skipped) {
	if _, known := c.skipped[s]; !known && len(c.skipped) >= maxKinds {
		s = Skipped{Host: "*", Reason: s.Reason}
	}
	c.skipped[s]++
}

// operation names what a request leads to: the operationId, method and path where there is none, and "" for a path that
// the contract does not have.
func (c *Checker) operation(method string, u *url.URL) string {
	if op, ok := c.spec.Operation(method, u.EscapedPath()); ok {
		return cmp.Or(op.ID, op.Method+" "+op.Path)
	}
	for _, op := range c.spec.Operations() {
		if known, ok := c.spec.Operation(op.Method, u.EscapedPath()); ok {
			return methodName(method) + " " + known.Path
		}
	}
	return ""
}

// blanked reports whether a violation is about credentials that were taken out of the recording, as browsers do: nothing
// is there, or one word in place of a scheme and its credentials.
func blanked(r *http.Request, v check.Violation) bool {
	name, isHeader := strings.CutPrefix(v.Pointer, "header/")
	return v.Rule == "security" && !(isHeader && len(strings.Fields(r.Header.Get(name))) > 1)
}

// note counts the violations of one side of an exchange, and what it has as it should be. A nil body was not recorded.
func (c *Checker) note(s side, e *Exchange, body []byte, vs []check.Violation) {
	t := c.sides[s]
	if t == nil {
		t = &tally{places: map[string]bool{}, broken: map[string]bool{}}
		c.sides[s] = t
	}
	t.exchanges++
	if body != nil {
		t.bodies++
	} else {
		c.missing[missingBody(s.direction)]++
		vs = slices.DeleteFunc(vs, func(v check.Violation) bool { return inBody(v.Pointer) })
	}
	success := e.Fault == "" && e.Status >= 200 && e.Status < 300
	doc, decoded := decode(body)
	unread := false // the contract did not look into the body
	once := map[kind]bool{}
	for _, v := range vs {
		unread = unread || v.Pointer == "" || v.Rule == "responses" || v.Rule == "content" || v.Rule == "method"
		place, value, found := c.names.place(doc, v.Pointer)
		v.Pointer = place
		if v.Rule == "maxViolations" || c.names.declared(place) && !put(t.broken, place) {
			t.unsure = true
		}
		k := kind{s, v}
		f := c.findings[k]
		if f == nil {
			if len(c.findings) == maxKinds {
				c.more++
				continue
			}
			f = &evidence{first: e.Entry}
			c.findings[k] = f
		}
		f.times++
		if !once[k] {
			once[k] = true
			f.exchanges++
			if success {
				f.accepted++
			}
			if e.Provider != "" {
				f.played++
			}
		}
		switch {
		case found:
			f.value(value)
		case v.Rule == "content":
			f.media(contentType(s, e))
		default:
			f.parameter(c.parameter(s, e, v.Pointer), v.Rule)
		}
	}
	if decoded && !unread && (success || s.direction == Response) {
		c.names.walk(doc, "", func(place string) { put(t.places, place) })
	}
}

// parameter returns what an exchange has for a parameter, or a header of an answer, with the place.
func (c *Checker) parameter(s side, e *Exchange, place string) []string {
	u, err := url.Parse(e.URL)
	in, name, _ := strings.Cut(place, "/")
	switch {
	case err != nil:
	case in == "query":
		return u.Query()[name]
	case in == "header" && s.direction == Response:
		return e.ResponseHeader.Values(name)
	case in == "header":
		return e.RequestHeader.Values(name)
	case in == "path":
		op, _ := c.spec.Operation(e.Method, u.EscapedPath())
		// The server's path may stand before the template, and the template's last slash may be missing.
		template := strings.Split(strings.TrimSuffix(op.Path, "/"), "/")
		segments := strings.Split(strings.TrimSuffix(u.EscapedPath(), "/"), "/")
		i := slices.Index(template, "{"+name+"}")
		if i += len(segments) - len(template); i >= 0 && i < len(segments) {
			if text, err := url.PathUnescape(segments[i]); err == nil {
				return []string{text}
			}
		}
	}
	return nil
}

// inBody tells the places in a body from those outside of it, such as header/Content-Type.
func inBody(pointer string) bool { return pointer == "" || pointer[0] == '/' }

func contentType(s side, e *Exchange) string {
	if s.direction == Request {
		return e.RequestHeader.Get("Content-Type")
	}
	return e.ResponseHeader.Get("Content-Type")
}

// Report sums up what was added so far, in a stable order.
func (c *Checker) Report() *Report {
	r := &Report{Findings: []Finding{}, MoreFindings: c.more, Faults: c.faults}
	for k, f := range c.findings {
		of := c.sides[k.side].exchanges
		if inBody(k.Pointer) {
			of = c.sides[k.side].bodies
		}
		r.Findings = append(r.Findings, Finding{
			Operation: k.operation, Direction: k.direction, Status: k.status, Pointer: k.Pointer, Field: k.Field,
			Rule: k.Rule, Bound: k.Bound, Times: f.times, Exchanges: f.exchanges, Of: of, First: f.first,
			Suggestion: f.suggest(k),
		})
	}
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			strings.Compare(a.Operation, b.Operation), strings.Compare(string(a.Direction), string(b.Direction)),
			a.Status-b.Status, strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Bound, b.Bound), strings.Compare(a.Field, b.Field),
		)
	})
	for s, t := range c.sides {
		if t.unsure {
			continue
		}
		conforming := Conforming{Operation: s.operation, Direction: s.direction, Status: s.status}
		for _, place := range slices.Sorted(maps.Keys(t.places)) {
			if !covered(t.broken, place) {
				conforming.Pointers = append(conforming.Pointers, place)
			}
		}
		if len(conforming.Pointers) > 0 {
			r.Conforming = append(r.Conforming, conforming)
		}
	}
	slices.SortFunc(r.Conforming, func(a, b Conforming) int {
		return cmp.Or(strings.Compare(a.Operation, b.Operation),
			strings.Compare(string(a.Direction), string(b.Direction)), a.Status-b.Status)
	})
	for _, operation := range slices.Sorted(maps.Keys(c.checked)) {
		r.Checked = append(r.Checked, Checked{operation, c.checked[operation]})
	}
	for _, what := range slices.Sorted(maps.Keys(c.missing)) {
		r.NotRecorded = append(r.NotRecorded, NotRecorded{what, c.missing[what]})
	}
	for s, n := range c.skipped {
		s.Exchanges = n
		r.Skipped = append(r.Skipped, s)
	}
	slices.SortFunc(r.Skipped, func(a, b Skipped) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Path, b.Path), strings.Compare(a.Reason, b.Reason))
	})
	return r
}

// covered reports whether a place, or one that it stands in, is among broken. A whole body that is broken was not looked
// into, and says nothing of others.
func covered(broken map[string]bool, place string) bool {
	for ; place != ""; place, _ = cutLast(place) {
		if broken[place] {
			return true
		}
	}
	return false
}

func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return method
	}
	return "*"
}

// host is that of a URL, without user and password, or "*" if it does not look like one.
func host(u *url.URL) string {
	h := strings.ToLower(u.Host)
	if strings.Trim(h, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != "" {
		return "*"
	}
	return h
}

// Report is what the traffic has to say about a contract.
type Report struct {
	Findings []Finding `json:"findings"`
	// MoreFindings counts broken rules that are of none of the first 1000 kinds, and are not told apart.
	MoreFindings int           `json:"more_findings,omitempty"`
	Conforming   []Conforming  `json:"conforming,omitempty"`
	Checked      []Checked     `json:"checked,omitempty"`
	NotRecorded  []NotRecorded `json:"not_recorded,omitempty"`
	// Faults counts the exchanges with an [Exchange].Fault, of which only the request was checked. They are not in Checked.
	Faults  int       `json:"faults,omitempty"`
	Skipped []Skipped `json:"skipped,omitempty"`
}

// Exchanges counts those that were checked, request and answer.
func (r *Report) Exchanges() int {
	n := 0
	for _, c := range r.Checked {
		n += c.Exchanges
	}
	return n
}

// Direction is one half of an exchange.
type Direction string

// The halves of an exchange.
const (
	Request  Direction = "request"
	Response Direction = "response"
)

// Finding is one rule of the contract that the traffic breaks at one place.
type Finding struct {
	// Operation is the operationId; method and path where there is none.
	Operation string    `json:"operation"`
	Direction Direction `json:"direction"`
	// Status is that of a response, 0 for a request.
	Status int `json:"status,omitempty"`
	// Pointer is the place as [check.Violation] has it, but "*" stands for an index, and for a name that does not look
	// like one.
	Pointer string `json:"pointer"`
	// Field is the facade's field that feeds the place, "" where there is none.
	Field string `json:"field,omitempty"`
	// Rule and Bound are those of the contract, never of the traffic.
	Rule  string `json:"rule"`
	Bound string `json:"bound,omitempty"`
	// Times counts the breaches, of one message up to 100 of all kinds; Exchanges those that have one, and Of all of the
	// operation and direction (of a response: with the status) that could have: of a place in the body, those whose body
	// was recorded.
	Times     int `json:"times"`
	Exchanges int `json:"exchanges"`
	Of        int `json:"of"`
	// First is the first exchange that has one.
	First Entry `json:"first,omitzero"`
	// Suggestion says what the contract could say instead, in words; of a sandbox's exchanges alone, whom to look at.
	Suggestion string `json:"suggestion"`
}

// Conforming lists places in bodies that had a value other than null and never broke a rule. In requests only those
// count that were answered with success, and of any body only declared names, up to 1000 places. Where one message broke
// more than 100 rules, or more than 1000 places were broken, not all that is broken is known, and nothing is listed.
type Conforming struct {
	Operation string    `json:"operation"`
	Direction Direction `json:"direction"`
	Status    int       `json:"status,omitempty"`
	Pointers  []string  `json:"pointers"`
}

// Checked counts the exchanges of an operation that have an answer. Of those without one only the request was checked.
type Checked struct {
	Operation string `json:"operation"`
	Exchanges int    `json:"exchanges"`
}

// NotRecorded counts the exchanges that lack a part, which was therefore not checked.
type NotRecorded struct {
	What      string `json:"what"`
	Exchanges int    `json:"exchanges"`
}

// What a recording may lack.
const (
	MissingCredentials  = "credentials"
	MissingRequestBody  = "request body"
	MissingResponse     = "response"
	MissingResponseBody = "response body"
)

func missingBody(d Direction) string {
	if d == Request {
		return MissingRequestBody
	}
	return MissingResponseBody
}

// Skipped counts exchanges that were not checked.
type Skipped struct {
	// Host is "*" where it does not look like one, and "" where the recording has none.
	Host string `json:"host"`
	// Path is that of the provider's host, "*" for each part that the contract's paths do not have.
	Path      string `json:"path,omitempty"`
	Reason    string `json:"reason"`
	Exchanges int    `json:"exchanges"`
}

// Why an exchange is skipped.
const (
	SkippedHost      = "another host"
	SkippedProvider  = "another provider"
	SkippedPath      = "no path of the contract"
	SkippedPreflight = "a browser's preflight"
	// SkippedNotModified is a status 304 that the contract does not declare.
	SkippedNotModified = "not modified, a cache has the answer"
	SkippedURL         = "a URL that cannot be read"
)

// String is a line of text without the count.
func (s Skipped) String() string { return s.Host + s.Path + ": " + s.Reason }
