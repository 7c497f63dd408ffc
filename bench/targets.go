package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// What is wanted.
const (
	facadeMost           = 1.00
	contractMostFake     = 2.20
	contractMostLoopback = 1.25
	importMost           = 3.0 // percent
	heapMost             = 64 << 10
	sandboxLeast         = 10_000
	generationMost       = 1.0 // seconds
	// growthMost is how much more one of many may cost than one of few.
	growthMost = 1.25
)

// verdicts counts what is met.
type verdicts struct{ met, all int }

func (v *verdicts) of(met bool) string {
	v.all++
	if met {
		v.met++
		return "met"
	}
	return "**not met**"
}

// atMost is a cell: what was measured, what it was before, and whether it is as wanted. What is shown is what counts.
// Nothing measured meets nothing.
func (v *verdicts) atMost(bound, now, was float64) string {
	if now == 0 {
		return "not measured " + v.of(false)
	}
	return fmt.Sprintf("%.2f%s %s", now, before(was, "%.2f"), v.of(rounded(now) <= bound))
}

func before(was float64, format string) string {
	if was == 0 {
		return ""
	}
	return fmt.Sprintf(" (before "+format+")", was)
}

// Targets are all that is wanted, with what was measured.
func (f *findings) Targets(old *findings) string {
	var v verdicts
	speed := newTable("times the floor's time",
		fmt.Sprintf("facade, ≤ %.2f", facadeMost),
		fmt.Sprintf("contract reports, ≤ %.2f on the fake network, %.2f over loopback", contractMostFake, contractMostLoopback),
		"contract refuses, the same", "facade ahead of the peers")
	for _, row := range []string{rowCreate, rowGet, rowJSON, rowXML} {
		for _, network := range []string{onFake, onLoopback} {
			most := contractMostFake
			if network == onLoopback {
				most = contractMostLoopback
			}
			cell := func(name string, most float64) string {
				return v.atMost(most, f.find(network, row, 1, name).Ratio.Median, old.find(network, row, 1, name).Ratio.Median)
			}
			ours, ahead := f.find(network, row, 1, facade).Ratio.Median, true
			var peers []string
			for _, l := range f.Lines {
				if l.Network == network && l.Row == row && l.Goroutines == 1 && isPeer(l.Name) {
					peers = append(peers, fmt.Sprintf("%s %.2f", l.Name, l.Ratio.Median))
					ahead = ahead && rounded(ours) <= rounded(l.Ratio.Median)
				}
			}
			speed.add(fmt.Sprintf("`%s`, %s", row, network), cell(facade, facadeMost), cell(report, most), cell(refuse, most),
				strings.Join(peers, ", ")+" "+v.of(ahead))
		}
	}
	rest := newTable("target", "wanted", "measured")
	for _, name := range adapters {
		now, was := f.overPlain(name), old.overPlain(name)
		what := "binary with " + name
		if name == "simplepin" {
			what += ", without its XML and names of countries"
			now -= f.overPlain(plainXML) + f.overPlain(plainNames)
			was -= old.overPlain(plainXML) + old.overPlain(plainNames)
		}
		rest.add(what, fmt.Sprintf("≤ %+.1f %%", importMost),
			fmt.Sprintf("%+.1f %%%s %s", now, before(was, "%+.1f %%"), v.of(math.Round(now*10)/10 <= importMost)))
	}
	var eager []string
	for _, p := range f.Programs {
		for _, i := range p.Inits {
			if strings.HasPrefix(i.Package, library) && slices.Contains(adapters, p.Name) {
				eager = append(eager, i.Package)
			}
		}
	}
	rest.add("packages of the library that an adapter brings and that do something before main", "0",
		fmt.Sprintf("%d %s", len(eager), v.of(len(eager) == 0)))

	s, was := f.Scale, old.Scale
	if was == nil {
		was = &scale{}
	}
	first, last := s.Heap[1], s.Heap[len(s.Heap)-1]
	grown := last.Bytes - first.Bytes
	rest.add(fmt.Sprintf("memory, from call %d to call %d", first.Calls, last.Calls), fmt.Sprintf("≤ %d KiB", heapMost>>10),
		fmt.Sprintf("%.1f KiB %s", float64(grown)/1024, v.of(grown <= heapMost)))
	rest.add(fmt.Sprintf("tokens asked for by %d goroutines, %d times without a valid one after the first", s.Tokens.Goroutines, s.Tokens.Expired),
		fmt.Sprint(s.Tokens.Expired+1), fmt.Sprintf("%d %s", s.Tokens.Fetched, v.of(s.Tokens.Fetched == s.Tokens.Expired+1)))
	for i, p := range s.Sandbox {
		var old float64
		if i < len(was.Sandbox) {
			old = was.Sandbox[i].PerSecond
		}
		rest.add("creates per second at the sandbox, "+p.How, fmt.Sprintf("≥ %d", sandboxLeast),
			fmt.Sprintf("%.0f%s %s", p.PerSecond, before(old, "%.0f"), v.of(p.PerSecond >= sandboxLeast)))
	}
	for _, t := range []struct {
		what           string
		most, now, was float64
	}{
		{"seconds to generate from four contracts", generationMost, s.Generation.Median, was.Generation.Median},
		{"cost of a call with 64 clients, over one with 1", growthMost, s.clientGrowth(), was.clientGrowth()},
		{"cost of one of 1,000 addresses, over one of 100", growthMost, s.sizeGrowth(), was.sizeGrowth()},
		{"cost of a customer of the longest list, over one of 1,000", growthMost, s.listGrowth(), was.listGrowth()},
	} {
		rest.add(t.what, fmt.Sprintf("≤ %.2f", t.most), v.atMost(t.most, t.now, t.was))
	}
	return fmt.Sprintf("%d of %d are met.\n\n%s\n%s", v.met, v.all, speed, rest)
}

func rounded(v float64) float64 { return math.Round(v*100) / 100 }

func isPeer(name string) bool {
	return strings.HasPrefix(name, "resty") || strings.HasPrefix(name, "stripe-go") || strings.HasPrefix(name, "ogen")
}

// The growths are the cost of one at the larger of two sizes over that at the smaller: 1.00 is linear. They are 0 where
// nothing was measured.

func (s *scale) clientGrowth() float64 {
	if len(s.Clients) == 0 {
		return 0
	}
	return s.Clients[len(s.Clients)-1].Fake / s.Clients[0].Fake
}

func (s *scale) sizeGrowth() float64 {
	if len(s.Sizes) < 2 {
		return 0
	}
	few, many := s.Sizes[len(s.Sizes)-2], s.Sizes[len(s.Sizes)-1]
	times := float64(many.Addresses) / float64(few.Addresses)
	return max(many.JSON/few.JSON, many.XML/few.XML, many.Contract/few.Contract) / times
}

func (s *scale) listGrowth() float64 {
	if len(s.Lists) < 3 {
		return 0
	}
	few, many := s.Lists[2], s.Lists[len(s.Lists)-1]
	return many.Time / few.Time * float64(few.Customers) / float64(many.Customers)
}
