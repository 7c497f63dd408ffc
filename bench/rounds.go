package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// stat is what many measurements of one thing say.
type stat struct{ Median, Min, Max float64 }

func statOf(values []float64) stat {
	if len(values) == 0 {
		return stat{}
	}
	sorted := slices.Sorted(slices.Values(values))
	return stat{(sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2, sorted[0], sorted[len(sorted)-1]}
}

// line is one implementation in one row of the table, on one network, with so many goroutines.
type line struct {
	Network, Row string
	Goroutines   int
	Name         string
	// CPU is the processor time that the process took for a call, and Wall the time on the clock, both in nanoseconds:
	// that of all calls divided by their number.
	CPU, Wall stat
	// Ratio is one of the two over the floor's in the same round: on the fake network, where nobody waits, CPU, over
	// loopback Wall.
	Ratio stat
	// Allocs and Bytes are those of the process: over loopback they hold the server's.
	Allocs, Bytes float64
}

// group is what is measured against each other: everybody who does one row on one network.
type group struct {
	network, row string
	goroutines   int
}

func groups(rows []exchange, networks []string, goroutines []int) []group {
	var gs []group
	for _, network := range networks {
		for _, x := range rows {
			for _, n := range goroutines {
				if n == 1 || x.row == rowCreate {
					gs = append(gs, group{network, x.row, n})
				}
			}
		}
	}
	return gs
}

// rounds measures a group: so many rounds, in each of which everybody has a turn of about this long, in another order.
func rounds(ctx context.Context, g group, x exchange, wanted []implementation, n int, turn time.Duration) ([]line, error) {
	on := inMemory(x)
	if g.network == onLoopback {
		var s *server
		var err error
		if on, s, err = loopback(x); err != nil {
			return nil, err
		}
		defer s.Close()
	}
	type runner struct {
		name                            string
		call                            call
		calls                           int
		cpu, wall, ratios, allocs, size []float64
	}
	var runners []*runner
	for _, i := range wanted {
		if !slices.Contains(i.rows, g.row) {
			continue
		}
		call, err := i.open(on)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", i.name, err)
		}
		// Makes connections, pools and what is made once.
		if _, err := repeat(ctx, call, 200+10*g.goroutines, g.goroutines); err != nil {
			return nil, fmt.Errorf("%s, %s, %s: %w", g.network, g.row, i.name, err)
		}
		runners = append(runners, &runner{name: i.name, call: call})
	}
	for _, r := range runners { // how many calls are a turn
		took := time.Duration(0)
		for r.calls = 50 + 2*g.goroutines; took < turn/2; r.calls *= 2 {
			var err error
			if took, err = repeat(ctx, r.call, r.calls, g.goroutines); err != nil {
				return nil, err
			}
		}
		// The fastest counts: who was disturbed here would have short turns in all rounds, and pay more for their beginning.
		for range 4 {
			again, err := repeat(ctx, r.call, r.calls/2, g.goroutines)
			if err != nil {
				return nil, err
			}
			took = min(took, again)
		}
		r.calls = max(1, int(float64(r.calls/2)*float64(turn)/float64(took)))
	}
	for round := range n {
		for _, i := range rand.Perm(len(runners)) {
			r := runners[i]
			runtime.GC() // nobody pays for what another left
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			cpu := processorTime()
			took, err := repeat(ctx, r.call, r.calls, g.goroutines)
			cpu = processorTime() - cpu
			runtime.ReadMemStats(&after)
			if err != nil {
				return nil, fmt.Errorf("%s, %s, %s: %w", g.network, g.row, r.name, err)
			}
			r.cpu = append(r.cpu, float64(cpu.Nanoseconds())/float64(r.calls))
			r.wall = append(r.wall, float64(took.Nanoseconds())/float64(r.calls))
			r.allocs = append(r.allocs, float64(after.Mallocs-before.Mallocs)/float64(r.calls))
			r.size = append(r.size, float64(after.TotalAlloc-before.TotalAlloc)/float64(r.calls))
		}
		for _, r := range runners {
			ratio := r.wall[round] / runners[0].wall[round]
			if g.network == onFake {
				ratio = r.cpu[round] / runners[0].cpu[round]
			}
			r.ratios = append(r.ratios, ratio)
		}
	}
	var lines []line
	for _, r := range runners {
		lines = append(lines, line{
			g.network, g.row, g.goroutines, r.name,
			statOf(r.cpu), statOf(r.wall), statOf(r.ratios), statOf(r.allocs).Median, statOf(r.size).Median,
		})
	}
	return lines, nil
}

// repeat makes so many calls, shared by so many goroutines, and tells how long it took.
func repeat(ctx context.Context, do call, calls, goroutines int) (time.Duration, error) {
	if goroutines == 1 {
		start := time.Now()
		for range calls {
			if err := do(ctx); err != nil {
				return 0, err
			}
		}
		return time.Since(start), nil
	}
	var left atomic.Int64
	left.Store(int64(calls))
	start := time.Now()
	err := together(goroutines, func() error {
		for left.Add(-1) >= 0 {
			if err := do(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return time.Since(start), err
}

// together has so many goroutines do something, and waits for all.
func together(goroutines int, do func() error) error {
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() { errs[i] = do() })
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// processorTime is what the process has had of the processors so far. Unlike the clock it does not count what other
// processes take from it.
func processorTime() time.Duration { return usedBy(syscall.RUSAGE_SELF) }

func usedBy(who int) time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(who, &usage) // it only fails for wrong arguments
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
