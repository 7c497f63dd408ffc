package adaptertest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/contract-first/customers"
)

func errorsTyped(t *trial) {
	s := t.seeded()
	s.fail(Fault{Kind: ServerError})
	for _, c := range s.callsOf(s.driver, s.first.ID) {
		err := c.do(t.Context())
		e, ok := err.(*customers.Error)
		switch {
		case !ok:
			t.Errorf("%s: the driver's error is a %T, no *customers.Error", c.op, err)
		case e.Kind == "" || c.op.Writes() && e.Outcome == "":
			t.Errorf("%s: the driver's error lacks kind or outcome: %v", c.op, err)
		}
	}
	s = t.seeded() // another: what fails here may have been carried out
	s.fail(Fault{Kind: ServerError})
	for _, c := range s.calls(s.first.ID) {
		var e *customers.Error
		switch err := c.do(t.Context()); {
		case !errors.As(err, &e):
			t.Errorf("%s: the error is a %T, no *customers.Error", c.op, err)
		case e.Provider != s.caps.Provider || e.Op != c.op:
			t.Errorf("%s: the error is about %s of %s", c.op, e.Op, e.Provider)
		case !c.op.Writes() && e.Outcome != "":
			t.Errorf("%s: an outcome without a write: %q", c.op, e.Outcome)
		}
	}
}

func unauthorized(t *trial) {
	s := t.seeded()
	s.fail(Fault{Kind: Unauthorized})
	for _, c := range s.calls(s.first.ID) {
		t.failed(c.op, c.do(t.Context()), []customers.Kind{customers.ErrUnauthenticated}, customers.ErrRejected, customers.ErrNotSent)
	}
}

func rateLimited(t *trial) {
	s := t.seeded()
	s.fail(Fault{Kind: RateLimited})
	for _, c := range s.calls(s.first.ID) {
		err := c.do(t.Context())
		t.failed(c.op, err, []customers.Kind{customers.ErrRateLimited}, customers.ErrRejected, customers.ErrNotSent)
		if e := (*customers.Error)(nil); errors.As(err, &e) && e.RetryAfter != time.Hour {
			t.Errorf("%s: the provider asked to wait for an hour, the error says %v", c.op, e.RetryAfter)
		}
	}
}

// faulty is the check of a fault that comes after the work is done.
func faulty(fault FaultKind, kind customers.Kind) func(*trial) {
	return func(t *trial) {
		s := t.seeded()
		for _, c := range s.calls(s.first.ID) {
			s.fail(Fault{Kind: fault, WritesOnly: c.op.Writes()})
			t.failed(c.op, c.do(t.Context()), []customers.Kind{kind}, customers.ErrUnknownOutcome)
		}
	}
}

func unreachable(t *trial) {
	s := t.open(everything, Fault{Kind: Unreachable})
	for _, c := range s.calls(t.UnknownID) {
		t.failed(c.op, c.do(t.Context()), []customers.Kind{customers.ErrUnavailable}, customers.ErrNotSent)
	}
}

func sentOnce(t *trial) {
	for _, kind := range []FaultKind{ServerError, NoAnswer, Hang} {
		s := t.seeded()
		for _, c := range s.calls(s.first.ID) {
			if !c.op.Writes() {
				continue
			}
			ctx, cancel := context.WithCancel(t.Context())
			fault := Fault{Kind: kind, WritesOnly: true}
			if kind == Hang {
				fault.Reached = cancel
			}
			s.fail(fault)
			n := s.writes(func() { _, _ = t.do(ctx, s, c) })
			cancel()
			if n > 1 {
				t.Errorf("%s met %q and was sent %d times", c.op, kind, n)
			}
		}
	}
}

// do makes a call and waits for it no longer than patience allows; then it ends the fault, and the call with it.
func (t *trial) do(ctx context.Context, s *subject, c call) (err error, ended bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("%s: panic: %v", c.op, p)
			}
		}()
		err = c.do(ctx)
	}()
	if t.within(done) {
		return err, true
	}
	s.Faults.Fail(Fault{})
	<-done
	return err, false
}

func otherCustomer(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpGet)
	other := s.create(t.Profiles[1])
	s.fail(Fault{Kind: Rewrite, From: s.first.ID, To: other.ID})
	for _, c := range []operations{s.facade, s.driver} {
		got, err := c.Get(t.Context(), s.first.ID)
		if err == nil && got != nil && got.ID != s.first.ID {
			continue // a driver may leave it to the client to see
		}
		t.failed(customers.OpGet, err, []customers.Kind{customers.ErrContract})
	}
	if _, err := s.Get(t.Context(), s.first.ID); err == nil {
		t.Error("no error")
	}
}

func verbatim(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpGet)
	email := t.Profiles[0].Email
	if fc, ok := s.caps.Field(customers.FieldEmail); !ok || !fc.Read || email == "" {
		t.Skip("does not apply: no e-mail address is read back")
	}
	const unreadable = "no address at all"
	s.fail(Fault{Kind: Rewrite, From: email, To: unreadable})
	got, err := s.Get(t.Context(), s.first.ID)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if got.Email != "" || got.Verbatim[customers.FieldEmail] != unreadable {
		t.Errorf("an address without the form of one is %q, and %q in Verbatim", got.Email, got.Verbatim[customers.FieldEmail])
	}
}

func unknownProperties(t *trial) {
	s := t.open(customers.Policy{AllowUnproven: customers.Ops(), AllowLoss: []customers.Field{customers.FieldUndeclared}}, Fault{})
	s.seed()
	s.fail(Fault{Kind: UnknownProperties})
	for _, c := range s.calls(s.first.ID) {
		if err := c.do(t.Context()); err != nil {
			t.Errorf("%s: %v", c.op, err)
		}
	}
}

// errEnded is why the kit ends contexts.
var errEnded = errors.New("the kit has ended the context")

func (t *trial) canceled(op customers.Op, err error, outcome customers.Outcome) {
	t.Helper()
	t.failed(op, err, []customers.Kind{customers.ErrCanceled}, outcome)
	if err != nil && (!errors.Is(err, context.Canceled) || !errors.Is(err, errEnded)) {
		t.Errorf("%s: errors.Is does not hold for context.Canceled and the cause: %v", op, err)
	}
}

func canceledBefore(t *trial) {
	s := t.seeded()
	s.counted()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnded)
	before, _ := s.Faults.Requests()
	for _, c := range s.calls(s.first.ID) {
		t.canceled(c.op, c.do(ctx), customers.ErrNotSent)
	}
	if after, _ := s.Faults.Requests(); after != before {
		t.Errorf("%d requests were sent", after-before)
	}
}

func canceledDuring(t *trial) {
	s := t.seeded()
	for _, c := range s.calls(s.first.ID) {
		ctx, cancel := context.WithCancelCause(t.Context())
		s.fail(Fault{Kind: Hang, WritesOnly: c.op.Writes(), Reached: func() { cancel(errEnded) }})
		err, ended := t.do(ctx, s, c)
		if !ended {
			t.Errorf("%s: it went on for %v after its context had ended", c.op, t.Patience)
			return
		}
		t.canceled(c.op, err, customers.ErrUnknownOutcome)
	}
}

func concurrent(t *trial) {
	s := t.seeded()
	t.needs(s, customers.OpGet)
	want := s.read(s.first.ID)
	const calls = 4
	var reached atomic.Int32
	together := make(chan struct{})
	s.fail(Fault{Reached: func() {
		if reached.Add(1) == calls {
			close(together)
		}
		t.within(together)
	}})
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			got, err := s.Get(t.Context(), s.first.ID)
			if err != nil {
				t.Errorf("get: %v", err)
				return
			}
			t.same("one of several calls", want, flatten(got.Profile))
		})
	}
	if !t.within(together) {
		t.Errorf("%d of %d calls reached the provider: they wait for each other", reached.Load(), calls)
	}
	all.Wait()
	s.fail(Fault{})
	var mu sync.Mutex
	seen := map[string]bool{s.first.ID: true}
	for _, p := range t.Profiles[1:] {
		all.Go(func() {
			created, err := s.Create(t.Context(), p)
			if err != nil {
				t.Errorf("create: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if seen[created.ID] {
				t.Error("several creates gave the same id")
			}
			seen[created.ID] = true
		})
	}
	all.Wait()
}

// labels tells the goroutines of different runs apart.
var labels atomic.Int64

func goroutines(t *trial) {
	s := &subject{trial: t, Backend: t.Start(t)} // the provider's own goroutines have no label
	label := fmt.Sprintf("run-%d", labels.Add(1))
	pprof.Do(t.Context(), pprof.Labels("adaptertest", label), func(context.Context) {
		s.connect(everything)
		s.seed()
		for _, c := range s.calls(s.first.ID) {
			_ = c.do(t.Context())
		}
		s.Close()
	})
	left := func() (stack string) {
		var profile bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&profile, 1) // cannot fail: memory
		for stack := range strings.SplitSeq(profile.String(), "\n\n") {
			if strings.Contains(stack, `"adaptertest":"`+label+`"`) {
				return stack
			}
		}
		return ""
	}
	// What Close has ended may need a moment to be gone.
	for until := time.Now().Add(t.Patience); ; time.Sleep(time.Millisecond) {
		stack := left()
		if stack == "" {
			return
		}
		if time.Now().After(until) {
			t.Errorf("a goroutine is left after Close:\n%s", stack)
			return
		}
	}
}

func closing(t *trial) {
	s := t.seeded()
	s.Close()
	s.Close()
	for _, c := range s.calls(s.first.ID) {
		if err := c.do(t.Context()); err != nil {
			t.Errorf("%s after Close: %v", c.op, err)
		}
	}
}

// failures are errors of all kinds that the provider and the kit can bring about.
func (s *subject) failures() (errs []error) {
	for _, kind := range []FaultKind{"", ServerError, NoAnswer, Gibberish, RateLimited, Unauthorized} {
		if s.Faults != nil && !s.Faults.Fail(Fault{Kind: kind}) || s.Faults == nil && kind != "" {
			continue
		}
		// With the unknown id, the second create of the same customer is among them.
		for _, c := range append(s.calls(s.first.ID), s.calls(s.trial.UnknownID)...) {
			if err := c.do(s.trial.Context()); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errs
}

// hidden fails if a text shows in any of the values, however they are printed, logged or marshalled.
func (t *trial) hidden(what string, texts []string, values ...any) {
	t.Helper()
	timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{} // its digits could be those of a text
		}
		return a
	}}
	for _, v := range values {
		var shown strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
		slog.New(slog.NewJSONHandler(&shown, timeless)).Info("kit", "value", v)
		slog.New(slog.NewTextHandler(&shown, timeless)).Info("kit", "value", v)
		if data, err := json.Marshal(v); err == nil {
			shown.Write(data)
		}
		if slices.ContainsFunc(texts, func(text string) bool { return text != "" && strings.Contains(shown.String(), text) }) {
			place := fmt.Sprintf("a %T", v) // not the text: it would leak here
			if e, ok := v.(*customers.Error); ok {
				place = fmt.Sprintf("the error %q of %s", e.Kind, e.Op)
			}
			t.Errorf("%s shows in %s", what, place)
		}
	}
}

// chain is an error and everything that it wraps.
func chain(err error) (all []any) {
	if err == nil {
		return nil
	}
	all = append(all, err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		all = append(all, chain(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			all = append(all, chain(err)...)
		}
	}
	return all
}

func secrets(t *trial) {
	s := t.seeded()
	if s.Secrets == nil {
		t.Skip("does not apply: there are no credentials")
	}
	values := append(s.Printed, s.driver, s.facade)
	for _, err := range s.failures() {
		values = append(values, chain(err)...)
	}
	var texts []string
	for _, secret := range s.Secrets() {
		encode := base64.StdEncoding.EncodeToString
		texts = append(texts, secret, encode([]byte(secret)), encode([]byte(secret+":")))
	}
	t.hidden("a credential", texts, values...)
}

func personalData(t *trial) {
	s := t.seeded()
	errs := s.failures()
	if s.Faults != nil {
		s.Faults.Fail(Fault{})
	}
	// What a caller gets wrong is not shown either.
	const broken = "Quentin no address"
	wrong := t.Profiles[0]
	wrong.Email, wrong.Phone, wrong.Address.Country = broken, broken, broken
	if _, err := s.Create(t.Context(), wrong); err != nil {
		errs = append(errs, err)
	}
	if _, err := s.Get(t.Context(), broken+"/.."); err != nil {
		errs = append(errs, err)
	}
	texts := []string{broken}
	for _, p := range t.Profiles {
		for f, text := range flatten(p) {
			if f != customers.FieldAddressCountry && len(text) > 3 {
				texts = append(texts, text)
			}
		}
	}
	var values []any
	for _, err := range errs {
		values = append(values, chain(err)...)
	}
	t.hidden("a value of a customer", texts, values...)
}
