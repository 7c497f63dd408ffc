package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// machine is where and of what the numbers are.
type machine struct {
	Processor, System, Go string
	Processors            int
	// Others is how many processors other programs kept busy meanwhile, 0 where nothing tells.
	Others       float64
	Date, Commit string
	Peers        []string
	Rounds       int
	Turn         time.Duration
	Seconds      int
}

// peers are the modules that are measured, and the one behind contract/.
var peers = []string{
	"github.com/go-resty/resty/v2", "github.com/stripe/stripe-go/v82", "github.com/ogen-go/ogen", "github.com/getkin/kin-openapi",
}

//go:embed peers/oapi/stancer/stancer.gen.go
var generated []byte

// generator is how oapi-codegen signs what it made.
var generator = regexp.MustCompile(`by (\S+oapi-codegen\S*) version (\S+)`)

func machineOf(ctx context.Context, library string) machine {
	m := machine{
		Processor: "unknown processor", System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Processors: runtime.GOMAXPROCS(0), Date: time.Now().UTC().Format(time.DateOnly),
	}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if name := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(info); name != nil {
			m.Processor = string(name[1])
		}
	}
	commit, err := tool(ctx, library, "git", "rev-parse", "--short", "HEAD")
	if err != nil {
		commit = "unknown"
	}
	// What a run writes is no change of what is measured.
	if changed, err := tool(ctx, library, "git", "status", "--porcelain", "--", ".", ":!bench"); err == nil && changed != "" {
		commit += " with uncommitted changes"
	}
	m.Commit = commit
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, d := range build.Deps {
			if slices.Contains(peers, d.Path) {
				m.Peers = append(m.Peers, d.Path+" "+d.Version)
			}
		}
	}
	if signed := generator.FindSubmatch(generated); signed != nil {
		m.Peers = append(m.Peers, fmt.Sprintf("%s %s", signed[1], signed[2]))
	}
	return m
}

// busyMost is how many processors others may keep busy before the report warns of its times.
const busyMost = 0.2

func (m machine) String() string {
	text := fmt.Sprintf("%s, commit %s. %s, %d of its threads, %s, %s. Other programs kept %.2f of them busy meanwhile. "+
		"%d rounds with turns of %v; the whole run took %d s.\n\n",
		m.Date, m.Commit, m.Processor, m.Processors, m.System, m.Go, m.Others, m.Rounds, m.Turn, m.Seconds)
	if m.Others > busyMost {
		text += "**Other programs disturbed the measurement: the times below are provisional.**\n\n"
	}
	return text + "Peers: " + strings.Join(m.Peers, ", ") + "."
}

// watch returns a function that tells how many processors other programs kept busy since.
func watch() func() float64 {
	began, before := time.Now(), othersTime()
	return func() float64 { return max(0, (othersTime()-before).Seconds()/time.Since(began).Seconds()) }
}

// othersTime is what other programs than this one and those that it started have had of the processors so far; 0 where
// nothing tells.
func othersTime() time.Duration {
	all, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	// In hundredths of a second, as proc(5) has it.
	var user, nice, system, idle, wait, hard, soft, steal int64
	if _, err := fmt.Sscanf(string(all), "cpu %d %d %d %d %d %d %d %d",
		&user, &nice, &system, &idle, &wait, &hard, &soft, &steal); err != nil {
		return 0
	}
	busy := time.Duration(user+nice+system+hard+soft+steal) * 10 * time.Millisecond
	return busy - usedBy(syscall.RUSAGE_SELF) - usedBy(syscall.RUSAGE_CHILDREN)
}
