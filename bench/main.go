// Command bench measures the library beside a hand-written client and its peers, and what it costs who imports it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are the flags.
type settings struct {
	rows, impls, networks, parts, goroutines string
	quick                                    bool
	library, before, save, results           string
	cpuprofile, memprofile                   string
	gate, write                              bool
}

func main() {
	var s settings
	flag.StringVar(&s.parts, "parts", "rows,import,scale", "what to measure")
	flag.StringVar(&s.rows, "rows", "", "of these rows only: create, get, big-json, big-xml")
	flag.StringVar(&s.impls, "impl", "", "these implementations only, by the beginning of their names; the floor is always there")
	flag.StringVar(&s.networks, "net", "fake,loopback", "on these networks")
	flag.StringVar(&s.goroutines, "goroutines", "1,4,16,64", "with so many goroutines; other rows than create only with 1")
	flag.BoolVar(&s.quick, "quick", false, "less of everything: to try, not to tell")
	flag.StringVar(&s.library, "library", "..", "the checkout whose programs and generation are measured")
	flag.StringVar(&s.before, "before", "before.json", "what was measured before, for comparison")
	flag.StringVar(&s.save, "save", "", "write what was measured to this file, as JSON")
	flag.StringVar(&s.results, "results", "", "write the report to this file")
	flag.StringVar(&s.cpuprofile, "cpuprofile", "", "write a CPU profile of the rows to this file")
	flag.StringVar(&s.memprofile, "memprofile", "", "write a profile of the rows' allocations to this file")
	flag.BoolVar(&s.gate, "gate", false, "only count allocations, and fail where they are not those of allocs.json")
	flag.BoolVar(&s.write, "write", false, "with -gate: write allocs.json anew")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	if s.gate {
		return gate(ctx, os.Stdout, s.write)
	}
	if s.quick && s.results != "" {
		return errors.New("-quick measures too little for a file that others read: leave out one of -quick and -results")
	}
	// Many short rounds: a machine that others disturb is slow and fast by turns, and those of one round are close.
	n, turn := 101, 10*time.Millisecond
	if s.quick {
		n, turn = 21, 5*time.Millisecond
	}
	if s.memprofile != "" {
		runtime.MemProfileRate = 1
	}
	began, others := time.Now(), watch()
	found := &findings{Machine: machineOf(ctx, s.library)}
	found.Machine.Rounds, found.Machine.Turn = n, turn
	for part := range strings.SplitSeq(s.parts, ",") {
		switch part {
		case "rows":
			err = profiled(s, func() error { return measureRows(ctx, s, found) })
		case "import":
			found.Programs, err = measurePrograms(ctx, s)
		case "scale":
			found.Scale, err = measureScale(ctx, s)
		default:
			err = fmt.Errorf("no part %q: rows, import, scale", part)
		}
		if err != nil {
			return err
		}
	}
	found.Machine.Others = others()
	found.Machine.Seconds = int(time.Since(began).Seconds())
	if s.save != "" {
		data, err := json.Marshal(found)
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.save, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	var old findings
	switch data, err := os.ReadFile(s.before); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(data, &old); err != nil {
			return fmt.Errorf("%s: %w", s.before, err)
		}
	}
	text, err := reportOf(found, &old)
	if err != nil {
		return err
	}
	if s.results != "" {
		if err := os.WriteFile(s.results, text, 0o644); err != nil {
			return err
		}
	}
	_, err = os.Stdout.Write(text)
	return err
}

func measureRows(ctx context.Context, s settings, found *findings) error {
	all, err := exchanges()
	if err != nil {
		return err
	}
	rows := slices.DeleteFunc(slices.Clone(all), func(x exchange) bool { return !listed(s.rows, x.row) })
	impls := slices.DeleteFunc(implementations(), func(i implementation) bool {
		return i.name != baseline && !listed(s.impls, i.name)
	})
	var goroutines []int
	for text := range strings.SplitSeq(s.goroutines, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of goroutines", text)
		}
		goroutines = append(goroutines, n)
	}
	for _, g := range groups(rows, strings.Split(s.networks, ","), goroutines) {
		x := rows[slices.IndexFunc(rows, func(x exchange) bool { return x.row == g.row })]
		fmt.Fprintf(os.Stderr, "%s, %s, %d goroutines\n", g.network, g.row, g.goroutines)
		lines, err := rounds(ctx, g, x, impls, found.Machine.Rounds, found.Machine.Turn)
		if err != nil {
			return err
		}
		found.Lines = append(found.Lines, lines...)
	}
	return nil
}

// listed tells whether a list names it, by how it begins; an empty list names everything.
func listed(list, name string) bool {
	return list == "" || slices.ContainsFunc(strings.Split(list, ","), func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

func profiled(s settings, do func() error) error {
	if s.cpuprofile != "" {
		f, err := os.Create(s.cpuprofile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if err := do(); err != nil || s.memprofile == "" {
		return err
	}
	f, err := os.Create(s.memprofile)
	if err != nil {
		return err
	}
	defer f.Close()
	return pprof.Lookup("allocs").WriteTo(f, 0)
}
