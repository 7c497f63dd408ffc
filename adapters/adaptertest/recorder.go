package adaptertest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// verdict is how a check went.
type verdict struct {
	failures []string
	skipped  string // why it does not apply, "" if it does
}

// probe runs a check without failing t.
func probe(t testing.TB, c check, h Harness) verdict {
	r := &recorder{TB: t}
	ended := make(chan struct{})
	go func() { // FailNow ends its goroutine
		defer close(ended)
		defer r.cleanUp()
		c.try(r, h)
	}()
	<-ended
	return r.verdict
}

// recorder is a testing.TB that keeps the verdict to itself. What it does not override is that of the test around it.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	verdict  verdict
	cleanups []func()
}

func (r *recorder) fail(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verdict.failures = append(r.verdict.failures, text)
}

func (r *recorder) Helper()                      {}
func (r *recorder) Log(...any)                   {}
func (r *recorder) Logf(string, ...any)          {}
func (r *recorder) Fail()                        { r.fail("failed") }
func (r *recorder) Error(args ...any)            { r.fail(fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, args ...any) { r.fail(fmt.Sprintf(f, args...)) }
func (r *recorder) FailNow()                     { r.fail("failed"); runtime.Goexit() }
func (r *recorder) Fatal(args ...any)            { r.fail(fmt.Sprint(args...)); runtime.Goexit() }
func (r *recorder) Fatalf(f string, args ...any) { r.fail(fmt.Sprintf(f, args...)); runtime.Goexit() }
func (r *recorder) Skip(args ...any)             { r.skip(fmt.Sprint(args...)) }
func (r *recorder) Skipf(f string, args ...any)  { r.skip(fmt.Sprintf(f, args...)) }
func (r *recorder) SkipNow()                     { r.skip("skipped") }

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.verdict.failures) > 0
}

func (r *recorder) Skipped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.verdict.skipped != ""
}

func (r *recorder) skip(reason string) {
	r.mu.Lock()
	r.verdict.skipped = reason
	r.mu.Unlock()
	runtime.Goexit()
}

func (r *recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

// cleanUp runs the cleanups, the last first.
func (r *recorder) cleanUp() {
	r.mu.Lock()
	cleanups := r.cleanups
	r.mu.Unlock()
	for _, f := range slices.Backward(cleanups) {
		f()
	}
}
