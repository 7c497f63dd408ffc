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
	"time"
)

// machine is where and of what the numbers are.
type machine struct {
	Processor, System, Go string
	Processors            int
	// Load is the load average over a minute before the first measurement, 0 where nothing tells.
	Load         float64
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
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(load), &m.Load)
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

func (m machine) String() string {
	text := fmt.Sprintf("%s, commit %s. %s, %d of its threads, %s, %s. Load average when it began: %.2f. "+
		"%d rounds with turns of %v; the whole run took %d s.\n\n",
		m.Date, m.Commit, m.Processor, m.Processors, m.System, m.Go, m.Load, m.Rounds, m.Turn, m.Seconds)
	if m.Load > float64(m.Processors) {
		text += "**Other programs kept the machine busy: the times below are provisional.**\n\n"
	}
	return text + "Peers: " + strings.Join(m.Peers, ", ") + "."
}
