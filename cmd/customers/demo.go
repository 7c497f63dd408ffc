package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/internal/matrix"
	"github.com/contract-first/customers/sandbox"
)

func demoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Take one customer through every operation of each provider, on an embedded sandbox",
		Long: `Starts the sandbox of the four providers on loopback, opens their adapters with the real authentication flows,
and takes one customer each through every operation of the facade that the provider has, over HTTP. Each step is held
against the sandbox's journal; a difference ends the demo with its reason.`,
		Example: "  customers demo\n  customers demo --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := demo(cmd.Context(), cmd.OutOrStdout(), asJSON); err != nil {
				return withStatus{err, statusNegative}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object per step, and no table")
	return cmd
}

// step is one exchange of the demo, as it is printed.
type step struct {
	Provider  string  `json:"provider"`
	Operation string  `json:"operation"`
	Method    string  `json:"method"`
	Path      string  `json:"path"`
	Template  string  `json:"template"`
	Status    int     `json:"status"`
	ID        string  `json:"id,omitempty"`
	Millis    float64 `json:"ms"`
	Result    string  `json:"result"`
}

func demo(ctx context.Context, out io.Writer, asJSON bool) error {
	sb, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		return err
	}
	defer sb.Close()
	participants, err := open(sb)
	if err != nil {
		return err
	}

	report := newReport(out, asJSON)
	var capabilities []customers.Capabilities
	var failure error
	for _, p := range participants {
		capabilities = append(capabilities, p.client.Capabilities())
		run := &run{participant: p, sandbox: sb, report: report}
		if err := run.all(ctx); err != nil {
			failure = fmt.Errorf("demo: %s: %w", p.client.Provider(), err)
			break
		}
	}
	if err := errors.Join(report.flush(), failure, sb.Verify()); err != nil || asJSON {
		return err
	}
	fmt.Fprintf(out, "\n%d exchanges over loopback, each as the sandbox saw it, none against its contract.\n\n", len(sb.Journal()))
	return matrix.Text(out, capabilities)
}

// run is the way of one customer through the operations of its provider.
type run struct {
	participant
	sandbox      *sandbox.Sandbox
	report       *report
	capabilities customers.Capabilities
	id           string
	seen         int // entries of the journal and of the hook that earlier steps account for
	hookSeen     int
}

type action struct {
	op customers.Op
	do func(context.Context) (result string, err error)
}

// script is every operation that the provider has, and a look at the customer after each change.
func (r *run) script() []action {
	var actions []action
	add := func(op customers.Op, do func(context.Context) (string, error)) bool {
		_, can := r.capabilities.Operation(op)
		if can {
			actions = append(actions, action{op, do})
		}
		return can
	}
	add(customers.OpCreate, r.create)
	add(customers.OpFind, func(ctx context.Context) (string, error) {
		return r.list(ctx, customers.Query{Email: r.profile.Email})
	})
	if add(customers.OpList, func(ctx context.Context) (string, error) { return r.list(ctx, customers.Query{}) }) {
		if _, finds := r.capabilities.Operation(customers.OpFind); !finds {
			add(customers.OpList, func(ctx context.Context) (string, error) {
				result, err := r.list(ctx, customers.Query{Email: r.profile.Email})
				return result + ", found by list", err
			})
		}
	}
	add(customers.OpGet, r.get)
	if add(customers.OpUpdate, r.update) {
		add(customers.OpGet, r.get)
	}
	if add(customers.OpDelete, r.delete) {
		add(customers.OpGet, r.getNothing)
	}
	return actions
}

func (r *run) all(ctx context.Context) error {
	r.capabilities = r.client.Capabilities()
	r.seen = len(r.sandbox.Journal())
	for _, a := range r.script() {
		result, err := a.do(ctx)
		if err == nil {
			err = r.settle(a.op, result)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.op, err)
		}
	}
	return nil
}

func (r *run) create(ctx context.Context) (string, error) {
	created, err := r.client.Create(ctx, r.profile)
	if err != nil {
		return "", err
	}
	r.id = created.ID
	return "created", nil
}

func (r *run) get(ctx context.Context) (string, error) {
	got, err := r.client.Get(ctx, r.id)
	if err != nil {
		return "", err
	}
	return "as it was stored", r.compare(got)
}

func (r *run) list(ctx context.Context, q customers.Query) (string, error) {
	var found []*customers.Customer
	for c, err := range r.client.List(ctx, q) {
		if err != nil {
			return "", err
		}
		found = append(found, c)
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d customers instead of 1", len(found))
	}
	return "1 customer", r.compare(found[0])
}

func (r *run) update(ctx context.Context) (string, error) {
	set := r.patch.Profile()
	r.profile.Email = cmp.Or(set.Email, r.profile.Email)
	r.profile.Phone = cmp.Or(set.Phone, r.profile.Phone)
	r.profile.Notes = cmp.Or(set.Notes, r.profile.Notes)
	return "changed", r.client.Update(ctx, r.id, r.patch)
}

func (r *run) delete(ctx context.Context) (string, error) {
	return "deleted", r.client.Delete(ctx, r.id)
}

func (r *run) getNothing(ctx context.Context) (string, error) {
	switch _, err := r.client.Get(ctx, r.id); {
	case err == nil:
		return "", errors.New("still there after delete")
	case !errors.Is(err, customers.ErrNotFound):
		return "", err
	}
	return "not found, as it should be", nil
}

// compare holds what came back against what was stored; names and addresses come back joined at some providers.
func (r *run) compare(got *customers.Customer) error {
	want := r.profile
	if got.Name.Full != "" {
		want.Name = customers.Name{Full: want.Name.String()}
	}
	if got.Address.Formatted != "" {
		want.Address = customers.Address{Formatted: want.Address.String()}
	}
	if got.ID != r.id || !got.Since.Equal(want.Since) || len(got.Verbatim) > 0 {
		return errors.New("the customer that came back is not the one that was stored")
	}
	got.Since = want.Since // equal, though in another zone
	if got.Profile != want {
		return errors.New("the customer that came back is not what was stored")
	}
	return nil
}

// settle holds a step against the journal: the sandbox got what the client reported and nothing else, the last request
// was the operation's own, and neither side broke the contract.
func (r *run) settle(op customers.Op, result string) error {
	journal, hooked := r.sandbox.Journal()[r.seen:], (*r.hooked)[r.hookSeen:]
	r.seen, r.hookSeen = r.seen+len(journal), r.hookSeen+len(hooked)
	if len(journal) != len(hooked) || len(journal) == 0 {
		return fmt.Errorf("the client reported %d exchanges, the sandbox saw %d", len(hooked), len(journal))
	}
	for i, e := range journal {
		h := hooked[i]
		if e.Provider != h.Provider || e.Method != h.Method || e.Status != h.Status {
			return fmt.Errorf("the client reported %s with status %d, the sandbox saw %s %s with %d",
				h.Method, h.Status, e.Method, e.Path, e.Status)
		}
		if broken := append(slices.Clone(e.RequestViolations), e.ResponseViolations...); len(broken) > 0 {
			return fmt.Errorf("%s %s breaks the contract: %v", e.Method, e.Path, broken)
		}
		s := step{
			Provider: e.Provider, Operation: string(h.Op), Method: e.Method, Path: e.Path, Template: e.Template, Status: e.Status,
			Millis: float64(h.Duration.Microseconds()) / 1000, Result: "part of " + string(op),
		}
		if h.Op == "" {
			s.Operation, s.Result = "token", "for the calls that follow"
		}
		if i == len(journal)-1 {
			s.ID, s.Result = r.id, result
		}
		if err := r.report.step(s); err != nil {
			return err
		}
	}
	last := journal[len(journal)-1]
	if capability, _ := r.capabilities.Operation(op); last.Operation != capability.ID || last.Method != capability.Method {
		return fmt.Errorf("the sandbox saw %s (%s %s) instead of %s", last.Operation, last.Method, last.Path, capability.ID)
	}
	return nil
}

// report prints the steps: as JSON at once, or aligned at the end, which is not far.
type report struct {
	json *json.Encoder
	text *tabwriter.Writer
}

func newReport(out io.Writer, asJSON bool) *report {
	if asJSON {
		return &report{json: json.NewEncoder(out)}
	}
	r := &report{text: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(r.text, "PROVIDER\tOPERATION\tREQUEST\tSTATUS\tID\tTIME\tRESULT")
	return r
}

func (r *report) step(s step) error {
	if r.json != nil {
		return r.json.Encode(s)
	}
	_, err := fmt.Fprintf(r.text, "%s\t%s\t%s %s\t%d\t%s\t%.1f ms\t%s\n",
		s.Provider, s.Operation, s.Method, s.Template, s.Status, cmp.Or(s.ID, "–"), s.Millis, s.Result)
	return err
}

func (r *report) flush() error {
	if r.text == nil {
		return nil
	}
	return r.text.Flush()
}
