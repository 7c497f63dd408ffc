package adaptertest

import (
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contract-first/customers"
)

// Harness is what the kit needs to know about an adapter.
type Harness struct {
	// Start makes a fresh provider that has no customers; what must end with the test it gives to t.Cleanup. Checks call
	// it once or more each, several at the same time.
	Start func(t testing.TB) Backend
	// Profiles are customers that the provider takes, at least two different ones. Together they set every field that the
	// capabilities say a create sends, in texts that occur nowhere else: no error may show them. The second sets at least
	// what the first does, with other values, since it is also what updates change the first to.
	Profiles []customers.Profile
	// UnknownID has the form of an id of the provider, and nobody has it.
	UnknownID string
	// Target makes a fresh target for [customers.Client.As], such as new(*stancer.API); nil if As knows nothing.
	Target func() any
	// Skips are checks that the adapter is known to fail, each with the reason. A skip that is not needed fails.
	Skips map[string]string
	// Patience is how long the kit waits for what should be done at once. 0 is 20 seconds.
	Patience time.Duration

	// wrap stands between the checks and the client, so that the kit's own tests can break what only a client does.
	wrap func(facade) facade
}

// Backend is one provider, and the ways to it and behind it.
type Backend struct {
	// Open makes the driver under test for this provider. Nothing may be sent before the driver is asked for something.
	Open func() (customers.Driver, error)
	// Faults makes the provider fail and counts what reaches it. Nil leaves out the checks that need it.
	Faults Faults
	// Secrets lists the credentials, including those that the provider has handed out so far. It may be nil.
	Secrets func() []string
	// Printed are further values that must show no secret when they are printed: the adapter's Config.
	Printed []any
}

// Faults is the provider's side as the kit plays on it. [Server] is one for an HTTP API.
type Faults interface {
	// Fail lets every request from now on meet f, until the next call; the zero Fault is none. It reports whether the
	// provider can play f.
	Fail(f Fault) bool
	// Requests counts what has reached the provider. Writes are those of them that could have changed something: their
	// number counts only where the driver has its credentials already, so exchanges of keys for tokens may be among them.
	Requests() (all, writes int)
}

// Fault is a way in which a provider fails.
type Fault struct {
	Kind FaultKind
	// Reached is called for each request, before it is answered and, where the kind says so, after it was carried out. It
	// may block. It may be nil.
	Reached func()
	// WritesOnly lets reads through, so that a driver that reads before it writes comes to its write.
	WritesOnly bool
	// From and To are the texts of Rewrite.
	From, To string
}

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of faults.
const (
	// Unauthorized refuses the credentials (401).
	Unauthorized FaultKind = "unauthorized"
	// RateLimited refuses every request (429), and asks to wait for an hour.
	RateLimited FaultKind = "rate limited"
	// ServerError carries the request out and then answers that the provider has a fault (500), quoting the request.
	ServerError FaultKind = "server error"
	// NoAnswer carries the request out and then ends the connection.
	NoAnswer FaultKind = "no answer"
	// Hang carries the request out and then says nothing until the client gives up, or the fault ends.
	Hang FaultKind = "hang"
	// Unreachable lets no connection come about. It is in force before the driver is opened, and never ends.
	Unreachable FaultKind = "unreachable"
	// Gibberish carries the request out and then answers with a success that is not in the provider's form.
	Gibberish FaultKind = "gibberish"
	// Rewrite carries the request out and then answers with To in place of From.
	Rewrite FaultKind = "rewrite"
	// UnknownProperties carries the request out and then answers with properties that no contract knows.
	UnknownProperties FaultKind = "unknown properties"
)

// check is one promise of the facade.
type check struct {
	name string
	// doc is the promise, in a line.
	doc string
	run func(*trial)
}

// Checks lists the names of the checks, in the order in which they are documented. They are the keys of Harness.Skips,
// and the names of the subtests that Run makes. New versions may add some.
func Checks() []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.name)
	}
	return names
}

// Run holds an adapter against every promise of the facade, in one parallel subtest for each check. A check that does
// not apply, because the capabilities lack what it needs or the provider cannot play the fault, is skipped and says why.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, problem := range h.problems(t) {
		t.Error("harness: " + problem)
	}
	if t.Failed() {
		return
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.hold(t, h)
		})
	}
}

// hold runs the check, or makes sure that its skip is needed.
func (c check) hold(t testing.TB, h Harness) {
	t.Helper()
	reason, declared := h.Skips[c.name]
	if !declared {
		c.try(t, h)
		return
	}
	switch v := probe(t, c, h); {
	case v.skipped != "":
		t.Errorf("skipped because %q, but it does not apply anyway: %s", reason, v.skipped)
	case len(v.failures) == 0:
		t.Errorf("skipped because %q, but it passes: take the skip away", reason)
	default:
		t.Skipf("%s\nit fails with: %s", reason, strings.Join(v.failures, "\n"))
	}
}

// problems is what is wrong with the harness itself: what it leaves out would be a check that cannot fail.
func (h Harness) problems(t testing.TB) (found []string) {
	for name, reason := range h.Skips {
		if !slices.Contains(Checks(), name) {
			found = append(found, "Skips names the check "+name+", which does not exist")
		}
		if reason == "" {
			found = append(found, "Skips gives no reason for "+name)
		}
	}
	if h.Start == nil || len(h.Profiles) < 2 || h.UnknownID == "" {
		return append(found, "Start, two Profiles and UnknownID are needed")
	}
	driver, err := h.Start(t).Open()
	if err != nil {
		return append(found, "Open: "+err.Error())
	}
	t.Cleanup(driver.Close)
	var set []customers.Field
	for _, p := range h.Profiles {
		set = append(set, p.Fields()...)
	}
	for _, fc := range driver.Capabilities().Fields {
		if fc.Create && !slices.Contains(set, fc.Field) {
			found = append(found, "no profile sets "+string(fc.Field)+", which a create sends")
		}
	}
	second := h.Profiles[1].Fields()
	for _, f := range h.Profiles[0].Fields() {
		inTheOther := f
		if fc, ok := driver.Capabilities().Field(f); ok && fc.Joined {
			inTheOther = f.Group()
		}
		if !slices.ContainsFunc(second, inTheOther.Covers) {
			found = append(found, "the second profile lacks "+string(f)+", which the first has")
		}
	}
	return found
}

// try runs the check and turns a panic into a failure.
func (c check) try(tb testing.TB, h Harness) {
	defer func() {
		if p := recover(); p != nil {
			tb.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	tb.Helper()
	if h.Patience == 0 {
		h.Patience = 20 * time.Second
	}
	c.run(&trial{TB: tb, Harness: h})
}
