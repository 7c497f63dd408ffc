package main

import (
	"bytes"
	"context"
	"fmt"
)

// findings is all that was measured.
type findings struct {
	Machine  machine
	Rounds   int
	Lines    []line
	Programs []program
	Scale    *scale
}

type machine struct{ Seconds int }

func machineOf(context.Context, string) (machine, error) { return machine{}, nil }

func reportOf(f, before *findings) ([]byte, error) {
	var b bytes.Buffer
	for _, l := range f.Lines {
		fmt.Fprintf(&b, "%-8s %-8s %3d %-26s %8.2f CPU %8.2f wall %.2f (%.2f-%.2f)  %.1f allocs %.0f B\n", l.Network, l.Row, l.Goroutines, l.Name, l.CPU.Median/1000, l.Wall.Median/1000, l.Ratio.Median, l.Ratio.Min, l.Ratio.Max, l.Allocs, l.Bytes)
	}
	return b.Bytes(), nil
}
