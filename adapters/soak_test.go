package adapters_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/contract-first/customers"
)

var (
	soakTime = flag.Duration("soak", 0, "how long TestSoak runs, with 200 goroutines at each provider; 0 is a short run")
	soakSeed = flag.Uint64("soak.seed", 0, "where TestSoak's choices and faults come from, but not who is first; 0: anew")
)

// TestSoak is many goroutines at each provider, with faults, and with the sandbox as the judge: a create that succeeded
// made exactly one customer, one that was not sent or rejected none, one of unknown outcome at most one; Ensure made one
// where the provider can be asked, and never two; a customer whose id was told is there until it is deleted; an update
// that succeeded is visible, one that was not sent or rejected is not, and none loses what another wrote; reads write
// nothing; requests and answers keep the contract; nothing is left behind.
//
// Not promised, and so not asked for:
//
//   - one customer by Ensures of several clients, where the provider takes a second one with the same e-mail address and
//     other data (Fatora);
//   - the same by one client, after an Ensure whose caller went away while the provider was at work: its create comes late,
//     as a create may that comes after the delete of whom it asked for;
//   - that an update whose caller went away does not come late, and, where whole records are written (Fatora, SimplePin),
//     brings back what other fields were.
func TestSoak(t *testing.T) {
	goroutines, least := 12, 1200*time.Millisecond
	if *soakTime > 0 {
		goroutines, least = 200, *soakTime
	}
	seed := *soakSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	var mu sync.Mutex
	results, began := map[string]*result{}, time.Now()
	for round := uint64(0); time.Since(began) < least; round++ {
		// Rounds keep lists and journals short.
		until := began.Add(min(time.Since(began)+4*time.Second, least))
		var all sync.WaitGroup
		for provider, subject := range subjects() {
			all.Go(func() {
				s := &storm{
					provider: provider, subject: subject, seed: seed + round, goroutines: goroutines,
					calls: 300, until: until, patience: 10 * time.Second,
				}
				found := s.run(t.Context())
				mu.Lock()
				defer mu.Unlock()
				if results[provider] == nil {
					results[provider] = &result{}
				}
				results[provider].add(found)
			})
		}
		all.Wait()
	}
	printSoak(t, seed, results)
	for provider, r := range results {
		assert.Empty(t, r.violations, "%s, -soak.seed %d", provider, seed)
		assert.Positive(t, r.retries, provider)
		assert.Positive(t, r.after, "%s: faults after the work", provider)
	}
}

// printSoak draws what the storms came to.
func printSoak(t *testing.T, seed uint64, results map[string]*result) {
	fmt.Fprintf(t.Output(), "-soak.seed %d\n\n", seed)
	w := tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "provider\tcalls\tok\trequests\tretries\tfaults\tafter the work\tcustomers\tviolations\tcalls/s\t")
	for _, provider := range slices.Sorted(maps.Keys(results)) {
		r := results[provider]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\t\n", provider, r.calls, r.ok, r.requests, r.retries, r.struck,
			r.after, r.customers, len(r.violations), float64(r.calls)/r.time.Seconds())
	}
	_ = w.Flush()
	fmt.Fprintln(t.Output())
	fmt.Fprint(w, "failures\t")
	lines := map[failure][]int{}
	for i, provider := range slices.Sorted(maps.Keys(results)) {
		fmt.Fprintf(w, "%s\t", provider)
		for f, n := range results[provider].failures {
			if lines[f] == nil {
				lines[f] = make([]int, len(results))
			}
			lines[f][i] = n
		}
	}
	fmt.Fprintln(w)
	byText := func(a, b failure) int { return strings.Compare(a.String(), b.String()) }
	for _, f := range slices.SortedFunc(maps.Keys(lines), byText) {
		fmt.Fprintf(w, "%v\t", f)
		for _, n := range lines[f] {
			fmt.Fprintf(w, "%d\t", n)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
}

func (f failure) String() string {
	if f.outcome == "" {
		return fmt.Sprintf("%s: %s", f.op, f.kind)
	}
	return fmt.Sprintf("%s: %s, %s", f.op, f.outcome, f.kind)
}

// result is what a storm comes to. Those of several rounds can be added.
type result struct {
	calls, ok, requests, retries, struck, after, customers int

	failures   map[failure]int
	violations []string
	time       time.Duration
}

type failure struct {
	op      string
	outcome customers.Outcome
	kind    customers.Kind
}

func (r *result) add(other result) {
	for _, sum := range []struct {
		to  *int
		add int
	}{
		{&r.calls, other.calls}, {&r.ok, other.ok}, {&r.requests, other.requests}, {&r.retries, other.retries},
		{&r.struck, other.struck}, {&r.after, other.after}, {&r.customers, other.customers},
	} {
		*sum.to += sum.add
	}
	r.time += other.time
	r.violations = append(r.violations, other.violations...)
	if r.failures == nil {
		r.failures = map[failure]int{}
	}
	for f, n := range other.failures {
		r.failures[f] += n
	}
}
