package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/contract-first/customers/sandbox"
)

// limits are the allocations that each exchange of ours may cost, and the Go that they were counted with.
type limits struct {
	Go     string         `json:"go"`
	Allocs map[string]int `json:"allocs"`
}

//go:embed allocs.json
var committed []byte

const limitsFile = "allocs.json"

// gate counts the allocations of what is ours and holds them against the committed numbers. They are exact: the same
// at each run, on every machine. So fewer fail too: a number that is not lowered would let them come back. But much of
// them is made by net/http and encoding, which are others in another Go: what such a Go counts is shown, and decides
// nothing. A patch release is no other Go.
func gate(ctx context.Context, w io.Writer, write bool) error {
	var want limits
	if err := json.Unmarshal(committed, &want); err != nil {
		return fmt.Errorf("%s: %w", limitsFile, err)
	}
	found, err := countAllocs(ctx, 500)
	if err != nil {
		return err
	}
	if write {
		data, err := json.MarshalIndent(limits{minor(runtime.Version()), found}, "", "\t")
		if err != nil {
			return err
		}
		return os.WriteFile(limitsFile, append(data, '\n'), 0o644)
	}
	return want.judge(w, runtime.Version(), found)
}

// judge writes a line for each exchange, and returns an error where a number is not the committed one.
func (l limits) judge(w io.Writer, version string, found map[string]int) error {
	same := true
	for _, name := range slices.Sorted(maps.Keys(found)) {
		limit, ok := l.Allocs[name]
		says := "ok"
		switch n := found[name]; {
		case !ok:
			says = "not committed"
		case n > limit:
			says = fmt.Sprintf("above %d", limit)
		case n < limit:
			says = fmt.Sprintf("below %d", limit)
		}
		same = same && says == "ok"
		fmt.Fprintf(w, "%-36s %6d  %s\n", name, found[name], says)
	}
	switch {
	case minor(version) != l.Go:
		_, err := fmt.Fprintf(w, "NOTHING WAS CHECKED: the numbers of %s are of %s, and this is %s\n", limitsFile, l.Go, version)
		return err
	case !same:
		return fmt.Errorf("allocations are not those of %s: find out why there are more, or write them anew with -gate -write",
			limitsFile)
	}
	return nil
}

// minor is the version of Go without its patch release, such as go1.26.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// countAllocs counts on the fake network, and one exchange of the sandbox without HTTP around it: the mean of so many.
func countAllocs(ctx context.Context, times int) (map[string]int, error) {
	rows, err := exchanges()
	if err != nil {
		return nil, err
	}
	found := map[string]int{}
	for _, i := range implementations() {
		if !strings.HasPrefix(i.name, facade) {
			continue
		}
		for _, x := range rows {
			do, err := i.open(inMemory(x))
			if err != nil {
				return nil, err
			}
			if found[x.row+", "+i.name], err = allocs(times, func() error { return do(ctx) }); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", x.row, i.name, err)
			}
		}
	}
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		return nil, err
	}
	handler := box.Handler("stancer")
	id, err := create(handler, box.Stancer.APIKey, 0)
	if err != nil {
		return nil, err
	}
	found["get, sandbox"], err = allocs(times, func() error {
		_, err := exchangeWith(handler, http.MethodGet, "/v1/customers/"+id, box.Stancer.APIKey, "", http.StatusOK)
		return err
	})
	return found, err
}

// allocs counts those of one call, without the collector in between, which empties pools.
func allocs(times int, do func() error) (int, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var failed error
	n := testing.AllocsPerRun(times, func() { failed = errors.Join(failed, do()) })
	return int(n), failed
}
