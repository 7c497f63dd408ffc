package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recording is a network that keeps the last request.
type recording struct {
	http.RoundTripper
	method, path string
	header       http.Header
	body         []byte
}

func (r *recording) RoundTrip(req *http.Request) (*http.Response, error) {
	r.method, r.path, r.header, r.body = req.Method, req.URL.Path, req.Header.Clone(), nil
	if req.Body != nil {
		var err error
		if r.body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(r.body))
	}
	return r.RoundTripper.RoundTrip(req)
}

// eachPair runs a test for everybody in each row that they do.
func eachPair(t *testing.T, test func(t *testing.T, x exchange, i implementation)) {
	rows, err := exchanges()
	require.NoError(t, err)
	for _, x := range rows {
		for _, i := range implementations() {
			if slices.Contains(i.rows, x.row) {
				t.Run(x.row+"/"+i.name, func(t *testing.T) { test(t, x, i) })
			}
		}
	}
}

func TestEverybodySendsTheSame(t *testing.T) {
	eachPair(t, func(t *testing.T, x exchange, i implementation) {
		sent := func(open func(network) (call, error)) *recording {
			r := &recording{RoundTripper: newFake(x)}
			do, err := open(network{x, x.base, r})
			require.NoError(t, err)
			require.NoError(t, do(t.Context()))
			return r
		}
		want, got := sent(openFloor), sent(i.open)
		assert.Equal(t, want.method, got.method)
		if strings.HasPrefix(i.name, "stripe") { // which is another API
			if x.row == rowCreate {
				form, err := url.ParseQuery(string(got.body))
				require.NoError(t, err)
				assert.Equal(t, url.Values{"email": {email}, "name": {name}, "phone": {phone}}, form)
			}
			return
		}
		assert.Equal(t, want.path, got.path)
		for _, field := range []string{"Authorization", "Token"} {
			assert.Equal(t, want.header.Get(field), got.header.Get(field), field)
		}
		switch {
		case len(want.body) == 0:
			assert.Empty(t, got.body)
		case x.row == rowXML:
			var wanted, found bigProfile
			require.NoError(t, xml.Unmarshal(want.body, &wanted))
			require.NoError(t, xml.Unmarshal(got.body, &found))
			assert.Equal(t, wanted, found)
		default:
			assert.JSONEq(t, string(want.body), string(got.body))
		}
	})
}

// TestNobodySkipsTheAnswer gives everybody the answer about another customer.
func TestNobodySkipsTheAnswer(t *testing.T) {
	eachPair(t, func(t *testing.T, x exchange, i implementation) {
		x.answer = bytes.Replace(x.answer, []byte(stancerID), []byte(strings.Replace(stancerID, "9", "8", 1)), 1)
		x.answer = bytes.Replace(x.answer, []byte(reference), []byte("crm-10024"), 1)
		do, err := i.open(inMemory(x))
		require.NoError(t, err)
		assert.Error(t, do(t.Context()))
	})
}

func TestEverybodyOverLoopback(t *testing.T) {
	eachPair(t, func(t *testing.T, x exchange, i implementation) {
		on, s, err := loopback(x)
		require.NoError(t, err)
		defer s.Close()
		do, err := i.open(on)
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, do(t.Context()))
		}
		assert.EqualValues(t, 1, s.connections.Load(), "a connection must be kept")
	})
}

//go:embed floor.go
var floorSource []byte

// TestFloorIsPinned fails where the floor is changed: it is the 1.00 of every ratio, before and after. Who has a reason
// to change it measures what was before anew too (make bench-before).
func TestFloorIsPinned(t *testing.T) {
	const pinned = "3279284efdfedce72658c485b8a9746376c4366808fd75722eb4ed80a1171b01"
	assert.Equal(t, pinned, fmt.Sprintf("%x", sha256.Sum256(floorSource)))
}

func TestRepeat(t *testing.T) {
	for _, goroutines := range []int{1, 3, 8} {
		calls := make(chan bool, 100)
		_, err := repeat(t.Context(), func(context.Context) error { calls <- true; return nil }, 20, goroutines)
		require.NoError(t, err)
		assert.Len(t, calls, 20)

		_, err = repeat(t.Context(), func(context.Context) error { return errOther }, 20, goroutines)
		assert.ErrorIs(t, err, errOther)
	}
}

// TestTimesOf counts: everybody has its turns, the first one beside the others.
func TestTimesOf(t *testing.T) {
	var order []int
	times, err := timesOf(0,
		func() error { order = append(order, 0); return nil },
		func() error { order = append(order, 1); return nil })
	require.NoError(t, err)
	assert.Len(t, times, 2)
	assert.Equal(t, slices.Repeat([]int{0, 1}, 1+turns), order)

	_, err = timesOf(0, func() error { return errOther })
	assert.ErrorIs(t, err, errOther)
}

func TestStat(t *testing.T) {
	assert.Equal(t, stat{Median: 2, Min: 1, Max: 9}, statOf([]float64{9, 1, 2}))
	assert.Equal(t, stat{Median: 2.5, Min: 1, Max: 9}, statOf([]float64{9, 1, 2, 3}))
	assert.Zero(t, statOf(nil))
}

func TestLimits(t *testing.T) {
	l := limits{Go: "go1.26", Allocs: map[string]int{"create": 30}}
	for _, tt := range []struct {
		name, version string
		found         map[string]int
		fails         bool
		says          string
	}{
		{"the same", "go1.26.9", map[string]int{"create": 30}, false, "ok"},
		{"more", "go1.26.9", map[string]int{"create": 31}, true, "above 30"},
		{"fewer", "go1.26.9", map[string]int{"create": 29}, true, "below 30"},
		{"new", "go1.26.9", map[string]int{"get": 1}, true, "not committed"},
		{"more with another Go", "go1.27.0", map[string]int{"create": 31}, false, "NOTHING WAS CHECKED"},
		{"the same with another Go", "go1.27.0", map[string]int{"create": 30}, false, "NOTHING WAS CHECKED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			err := l.judge(&out, tt.version, tt.found)
			assert.Equal(t, tt.fails, err != nil)
			assert.Contains(t, out.String(), tt.says)
		})
	}
}

func TestMinor(t *testing.T) {
	for version, want := range map[string]string{"go1.26.8": "go1.26", "go1.26": "go1.26", "go1.27-devel_1a2b": "go1.27-devel_1a2b"} {
		assert.Equal(t, want, minor(version))
	}
}

// TestCommittedLimits holds the file against what is counted: each exchange must have a number.
func TestCommittedLimits(t *testing.T) {
	var l limits
	require.NoError(t, json.Unmarshal(committed, &l))
	assert.Regexp(t, `^go1\.\d+$`, l.Go)
	found, err := countAllocs(t.Context(), 1)
	require.NoError(t, err)
	for name := range found {
		assert.Contains(t, l.Allocs, name)
	}
	assert.Len(t, l.Allocs, len(found))
}

// measured are findings in which everything is as wanted.
func measured() *findings {
	f := &findings{Scale: &scale{
		Heap: []heap{{0, 1000}, {100, 1000}, {1000, 1000}}, Tokens: renewal{Goroutines: 64, Expired: 3, Fetched: 4},
		Sandbox: []throughput{{"in process", 1, sandboxLeast, 1}}, Generation: stat{Median: 1},
		Clients: []clients{{Clients: 1, Fake: 1}, {Clients: 64, Fake: 1}},
		Sizes:   []size{{100, 1, 1, 1, 1}, {1000, 1, 10, 10, 10}},
		Lists:   []list{{10, 1, 1}, {100, 1, 1}, {1000, 1, 1}, {10_000, 10, 1}},
	}}
	for _, i := range implementations() {
		for _, row := range i.rows {
			for _, network := range []string{onFake, onLoopback} {
				f.Lines = append(f.Lines, line{Network: network, Row: row, Goroutines: 1, Name: i.name, Ratio: stat{Median: 1}})
			}
		}
	}
	for _, name := range append([]string{plain, plainXML, plainNames}, adapters...) {
		f.Programs = append(f.Programs, program{Name: name, Bytes: 1000})
	}
	return f
}

func TestTargets(t *testing.T) {
	all := measured().Targets(&findings{})
	require.NotContains(t, all, "not met")

	ratio := func(network, row, name string, ratio float64) func(f *findings) {
		return func(f *findings) {
			for i, l := range f.Lines {
				if l.Network == network && l.Row == row && l.Name == name {
					f.Lines[i].Ratio.Median = ratio
				}
			}
		}
	}
	for _, tt := range []struct {
		name   string
		change func(f *findings)
		unmet  int
	}{
		{"a facade whose ratio is shown as 1.00", ratio(onFake, rowXML, facade, 1.004), 0},
		{"a slow facade, slower than its peer too", ratio(onFake, rowXML, facade, 1.01), 2},
		{"a row without the facade", ratio(onFake, rowXML, facade, 0), 1},
		{"a fast peer", ratio(onLoopback, rowGet, "ogen v1.14", 0.9), 1},
		{"a fast floor", ratio(onLoopback, rowGet, noise, 0.9), 0},
		{"a slow contract on the fake network", ratio(onFake, rowCreate, report, 2.21), 1},
		{"a slow contract over loopback", ratio(onLoopback, rowCreate, refuse, 1.26), 1},
		{"a large binary", func(f *findings) { f.Programs[3].Bytes = 1031 }, 1},
		{"work before main", func(f *findings) { f.Programs[3].Inits = []initialised{{Package: library + "/transport"}} }, 1},
		{"work of others before main", func(f *findings) { f.Programs[3].Inits = []initialised{{Package: "example.com/x"}} }, 0},
		{"a leak", func(f *findings) { f.Scale.Heap[2].Bytes += heapMost + 1 }, 1},
		{"memory for the first calls", func(f *findings) { f.Scale.Heap[0].Bytes = 0 }, 0},
		{"a stampede", func(f *findings) { f.Scale.Tokens.Fetched++ }, 1},
		{"a slow sandbox", func(f *findings) { f.Scale.Sandbox[0].PerSecond-- }, 1},
		{"slow generation", func(f *findings) { f.Scale.Generation.Median = 1.01 }, 1},
		{"dear clients", func(f *findings) { f.Scale.Clients[1].Fake = 2 }, 1},
		{"dear addresses in XML", func(f *findings) { f.Scale.Sizes[1].XML = 100 }, 1},
		{"dear lists", func(f *findings) { f.Scale.Lists[3].Time = 100 }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := measured()
			tt.change(f)
			assert.Equal(t, tt.unmet, strings.Count(f.Targets(&findings{}), "**not met**"))
		})
	}
}

// TestReport renders everything, beside what was before and without it.
func TestReport(t *testing.T) {
	for _, old := range []*findings{{}, measured()} {
		text, err := reportOf(measured(), old)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "%!")
		assert.NotContains(t, string(text), "<no value>")
		for _, part := range []string{
			"## Targets", "## What is not met, and why", strings.TrimSpace(notes), "## Side by side", "## What an importer pays", "## Scale",
		} {
			assert.Contains(t, string(text), part)
		}
	}
}

// TestReportOfAPart leaves out what was not measured, and the verdict on all.
func TestReportOfAPart(t *testing.T) {
	text, err := reportOf(&findings{Programs: measured().Programs}, &findings{})
	require.NoError(t, err)
	assert.Contains(t, string(text), "## What an importer pays")
	for _, heading := range []string{"## Targets", "## What is not met", "## Side by side", "## Scale"} {
		assert.NotContains(t, string(text), heading)
	}
}

func TestDisturbedIsSaid(t *testing.T) {
	assert.NotContains(t, machine{Others: busyMost}.String(), "provisional")
	assert.Contains(t, machine{Others: 2 * busyMost}.String(), "provisional")
}

func TestQuickIsNotWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "RESULTS.md")
	require.ErrorContains(t, run(t.Context(), settings{quick: true, results: file}), "-quick")
	assert.NoFileExists(t, file)
}

// TestSmallScale measures a little of what grows, so that a promise that broke is noticed before the next long run.
func TestSmallScale(t *testing.T) {
	tokens, err := measureTokens(t.Context(), 8, 2, 2)
	require.NoError(t, err)
	assert.Equal(t, renewal{Goroutines: 8, Calls: 48, Expired: 2, Fetched: 3}, tokens)

	lists, err := measureLists(t.Context(), []int{0, 1, 20, 45}, 0)
	require.NoError(t, err)
	assert.Len(t, lists, 4)

	sizes, err := measureSizes(t.Context(), []int{0, 20}, 0)
	require.NoError(t, err)
	assert.Len(t, sizes, 2)

	opened, err := measureClients(t.Context(), []int{1, 3}, 0)
	require.NoError(t, err)
	assert.Len(t, opened, 2)
}
