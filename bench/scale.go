package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/transport"
)

// scale is how the library behaves as work grows.
type scale struct {
	Loads   []load
	Heap    []heap
	Tokens  renewal
	Sandbox []throughput
	// Generation is the time that go generate takes for the four contracts, in seconds.
	Generation stat
	Clients    []clients
	Sizes      []size
	Lists      []list
}

func measureScale(ctx context.Context, s settings) (*scale, error) {
	out := &scale{}
	calls, total, each, times, d, turn, lists := 20_000, 1_000_000, 50, 5, 2*time.Second, 50*time.Millisecond, []int{10, 100, 1_000, 10_000, 100_000}
	if s.quick {
		calls, total, each, times, d, turn, lists = 2_000, 50_000, 5, 1, 200*time.Millisecond, time.Millisecond, lists[:4]
	}
	steps := []struct {
		what string
		do   func() error
	}{
		{"goroutines", func() (err error) { out.Loads, err = measureLoads(ctx, calls); return err }},
		{"memory", func() (err error) { out.Heap, err = measureHeap(ctx, total); return err }},
		{"tokens", func() (err error) { out.Tokens, err = measureTokens(ctx, 64, each, 3); return err }},
		{"sandbox", func() (err error) { out.Sandbox, err = measureSandbox(ctx, d); return err }},
		{"clients", func() (err error) { out.Clients, err = measureClients(ctx, []int{1, 4, 64}, turn); return err }},
		{"size", func() (err error) { out.Sizes, err = measureSizes(ctx, []int{0, 1, 10, 100, 1_000}, turn); return err }},
		{"lists", func() (err error) { out.Lists, err = measureLists(ctx, lists, turn); return err }},
		{"generation", func() (err error) { out.Generation, err = measureGeneration(ctx, s.library, times); return err }},
	}
	for _, step := range steps {
		fmt.Fprintf(os.Stderr, "scale, %s\n", step.what)
		runtime.GC()
		if err := step.do(); err != nil {
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return out, nil
}

// load is one client over loopback with so many goroutines.
type load struct {
	Name       string
	Goroutines int
	PerSecond  float64
	P50, P99   time.Duration
	// Calls went over so many Connections.
	Calls, Connections int
}

func measureLoads(ctx context.Context, calls int) ([]load, error) {
	rows, err := exchanges()
	if err != nil {
		return nil, err
	}
	var out []load
	for _, goroutines := range []int{1, 4, 16, 64, 256} {
		for _, i := range implementations() {
			if i.name != baseline && i.name != facade {
				continue
			}
			l, err := measureLoad(ctx, rows[0], i, calls, goroutines)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", i.name, err)
			}
			out = append(out, l)
		}
	}
	return out, nil
}

func measureLoad(ctx context.Context, x exchange, i implementation, calls, goroutines int) (load, error) {
	on, s, err := loopback(x)
	if err != nil {
		return load{}, err
	}
	defer s.Close()
	do, err := i.open(on)
	if err != nil {
		return load{}, err
	}
	perGoroutine := calls / goroutines
	latencies := make([]time.Duration, perGoroutine*goroutines)
	next := make(chan []time.Duration, goroutines)
	for share := range slices.Chunk(latencies, perGoroutine) {
		next <- share
	}
	start := time.Now()
	if err := together(goroutines, func() error {
		share := <-next
		for i := range share {
			begun := time.Now()
			if err := do(ctx); err != nil {
				return err
			}
			share[i] = time.Since(begun)
		}
		return nil
	}); err != nil {
		return load{}, err
	}
	took := time.Since(start)
	slices.Sort(latencies)
	return load{
		i.name, goroutines, float64(len(latencies)) / took.Seconds(),
		latencies[len(latencies)/2], latencies[len(latencies)*99/100], len(latencies), int(s.connections.Load()),
	}, nil
}

// heap is what is in use after so many calls, once the collector has been there.
type heap struct{ Calls, Bytes int }

func measureHeap(ctx context.Context, calls int) ([]heap, error) {
	rows, err := exchanges()
	if err != nil {
		return nil, err
	}
	do, err := openFacade(inMemory(rows[0]))
	if err != nil {
		return nil, err
	}
	if _, err := repeat(ctx, do, 1_000, 1); err != nil {
		return nil, err
	}
	out := []heap{{0, inUse()}}
	for i := range 10 {
		if _, err := repeat(ctx, do, calls/10, 8); err != nil {
			return nil, err
		}
		out = append(out, heap{calls / 10 * (i + 1), inUse()})
	}
	return out, nil
}

func inUse() int {
	runtime.GC()
	runtime.GC() // the first one only empties the pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// clients is what a program with so many clients pays, used in turn.
type clients struct {
	Clients int
	// Open is the time to open one, Bytes what it holds after its first call.
	Open  time.Duration
	Bytes int
	// Fake and Loopback are the processor time of a call, in nanoseconds.
	Fake, Loopback float64
}

func measureClients(ctx context.Context, numbers []int, turn time.Duration) ([]clients, error) {
	rows, err := exchanges()
	if err != nil {
		return nil, err
	}
	overLoopback, s, err := loopback(rows[0])
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var out []clients
	var things []func() error
	for _, n := range numbers {
		for _, on := range []network{inMemory(rows[0]), overLoopback} {
			before := inUse()
			start := time.Now()
			opened := make([]call, n)
			for i := range opened {
				if opened[i], err = openFacade(on); err != nil {
					return nil, err
				}
			}
			took := time.Since(start)
			next := 0
			inTurn := func() error {
				next = (next + 1) % n
				return opened[next](ctx)
			}
			for range n {
				if err := inTurn(); err != nil {
					return nil, err
				}
			}
			if things = append(things, inTurn); on.fake != nil {
				out = append(out, clients{Clients: n, Open: took / time.Duration(n), Bytes: (inUse() - before) / n})
			}
		}
	}
	times, err := timesOf(turn, things...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Fake, out[i].Loopback = times[2*i], times[2*i+1]
	}
	return out, nil
}

// size is the processor time of reading one customer of SimplePin with so many billing addresses, in nanoseconds.
type size struct {
	Addresses, Bytes    int
	JSON, XML, Contract float64
}

func measureSizes(ctx context.Context, addresses []int, turn time.Duration) ([]size, error) {
	var out []size
	var things []func() error
	for _, n := range addresses {
		s := size{Addresses: n}
		for _, way := range []struct {
			format  simplepin.Format
			checked bool
		}{{simplepin.JSON, false}, {simplepin.XML, false}, {simplepin.JSON, true}} {
			x := exchange{row: rowJSON, media: "application/json", base: simplepin.Staging}
			var err error
			if way.format == simplepin.XML {
				x.row, x.media = rowXML, "application/xml"
				x.answer, err = xml.Marshal(bigCustomer(n))
			} else {
				x.answer, err = json.Marshal(bigCustomer(n))
				s.Bytes = len(x.answer)
			}
			if err != nil {
				return nil, err
			}
			on := inMemory(x)
			if way.checked {
				on.fake = &contract.RoundTripper{Provider: "simplepin", Next: on.fake, RefuseResponses: true}
			}
			client, err := open(on, transport.Options{RoundTripper: on.fake})
			if err != nil {
				return nil, err
			}
			things = append(things, func() error {
				c, err := client.Get(ctx, reference)
				if err != nil {
					return err
				}
				return wantID(c.ID, reference)
			})
		}
		out = append(out, s)
	}
	times, err := timesOf(turn, things...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].JSON, out[i].XML, out[i].Contract = times[3*i], times[3*i+1], times[3*i+2]
	}
	return out, nil
}

// list is the processor time of reading a list of so many customers at Fatora, page by page, in nanoseconds.
type list struct {
	Customers int
	Time      float64
	Bytes     int // allocated, in all
}

func measureLists(ctx context.Context, lengths []int, turn time.Duration) ([]list, error) {
	out := make([]list, len(lengths))
	var things []func() error
	for i, n := range lengths {
		client, err := fatora.Open(fatora.Config{BearerToken: "token", Options: transport.Options{RoundTripper: pagesOf(n)}})
		if err != nil {
			return nil, err
		}
		things = append(things, func() error {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			found := 0
			for _, err := range client.List(ctx, customers.Query{}) {
				if err != nil {
					return err
				}
				found++
			}
			runtime.ReadMemStats(&after)
			out[i].Customers, out[i].Bytes = n, int(after.TotalAlloc-before.TotalAlloc)
			if found != n {
				return fmt.Errorf("%d of %d customers", found, n)
			}
			return nil
		})
	}
	times, err := timesOf(turn, things...)
	for i := range times {
		out[i].Time = times[i]
	}
	return out, err
}

// pages is a network that answers with the pages of a list.
type pages [][]byte

// pagesOf makes the pages of a list of so many customers, and the empty one at its end.
func pagesOf(n int) pages {
	const size = 20
	var out pages
	for first := 0; ; first += size {
		var b strings.Builder
		b.WriteString(`{"status":"SUCCESS","clients":[`)
		for i := first; i < min(first+size, n); i++ {
			if i > first {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":%d,"name":"Client %d","email":"%s","phone":"+97450000000","address":"12 Pearl Street, Doha"}`,
				i+1, i+1, emailOf(int64(i)))
		}
		b.WriteString("]}")
		out = append(out, []byte(b.String()))
		if first >= n {
			return out
		}
	}
}

func (p pages) RoundTrip(r *http.Request) (*http.Response, error) {
	var page int
	if _, err := fmt.Sscan(r.URL.Query().Get("page"), &page); err != nil || page < 1 || page > len(p) {
		return nil, errors.New("there is no such page")
	}
	body := p[page-1]
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}, nil
}

// turns are how often everything has a turn of timesOf.
const turns = 9

// timesOf is the processor time of doing each of several things, in nanoseconds. They have turns of about this long one
// after the other, so that a machine that others disturb disturbs them alike, and the median of its turns counts.
func timesOf(turn time.Duration, things ...func() error) ([]float64, error) {
	found := make([][]float64, len(things))
	for i := range 1 + turns {
		for j, do := range things {
			runtime.GC() // nobody pays for what another left
			times, begun := 0, processorTime()
			for start := time.Now(); times == 0 || time.Since(start) < turn; times++ {
				if err := do(); err != nil {
					return nil, err
				}
			}
			if i > 0 { // the first turn makes connections, pools and what is made once
				found[j] = append(found[j], float64((processorTime()-begun).Nanoseconds())/float64(times))
			}
		}
	}
	var medians []float64
	for _, f := range found {
		medians = append(medians, statOf(f).Median)
	}
	return medians, nil
}

// measureGeneration writes what is generated anew, as it was.
func measureGeneration(ctx context.Context, library string, times int) (stat, error) {
	var seconds []float64
	for i := range 1 + times {
		start := time.Now()
		cmd := exec.CommandContext(ctx, "go", "generate", ".")
		cmd.Dir = library
		if out, err := cmd.CombinedOutput(); err != nil {
			return stat{}, fmt.Errorf("go generate: %w\n%s", err, out)
		}
		if i > 0 { // the first one builds the generators
			seconds = append(seconds, time.Since(start).Seconds())
		}
	}
	return statOf(seconds), nil
}
