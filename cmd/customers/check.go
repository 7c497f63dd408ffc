package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers/contract"
	"github.com/contract-first/customers/contract/drift"
)

func checkCommand() *cobra.Command {
	var c checking
	cmd := &cobra.Command{
		Use:   "check --provider NAME {FILE… | --live}",
		Short: "Hold real traffic against a provider's contract",
		Long: `Holds recorded traffic against the contract of a provider, and tells per broken rule the operation, the place, how
often, and what the contract could say instead. Values are never printed.

A FILE is an HTTP archive (HAR) as browsers and proxies save it, or has one exchange a line in JSON; "-" is standard
input. Such a line has method, url, request_headers, request_body, status, response_headers and response_body; a body
that is no text is given as request_body_base64 or response_body_base64. Files of any size are read as a stream;
memory is a few times the largest entry, or text outside of the entries, also of hosts that are skipped. An exchange
that cannot be read is named and counted, and the others are checked.
Exchanges with other hosts than that of the contract are skipped and counted: --host adds one, such as SimplePin's
production host. So is a status 304, with which a browser is sent to its cache. A journal of customers sandbox says of
each exchange whose it is: those of --provider are checked, wherever the sandbox was, the others counted. It says too
where a fault was asked for: then the request is checked, and the answer passed over. What is found there is never a
reason to change the contract.

FIRST is the first exchange of a finding: its number in the file, as --json has it, and its time if the file tells.

Seen as the contract says means no more than the contract asks. Of answers it asks mostly names and types: no e-mail
address in an answer is held against format: email, for none is declared.

With --live one real call is made and checked instead, one that changes nothing: it reads the customer --id, finds the
customer --email, or lists the first customers, as far as the provider has that. The host that was called is told; what
one on loopback answers is no evidence of the provider.
` + environmentHelp + "\n" + exitHelp,
		Example: `  customers check --provider stancer traffic.har
  zcat exchanges.jsonl.gz | customers check --provider simplepin --host pay.example.com --json -
  customers check -p fatora --live
  customers check -p fatora --live --sandbox`,
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, files []string) error {
			err := c.run(cmd, files)
			if status, _ := exitStatus(err); status > statusNegative {
				err = withStatus{err, statusUsage} // whatever it is, the answer could not be found out
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&c.provider, "provider", "p", "", "whose contract: "+strings.Join(providerNames(), ", "))
	flags.StringArrayVar(&c.hosts, "host", nil, "another host (or host:port) of the provider; may be given several times")
	flags.BoolVar(&c.json, "json", false, "one JSON object, and no table")
	flags.BoolVar(&c.live, "live", false, "make one real call, with credentials from the environment")
	flags.BoolVar(&c.sandbox, "sandbox", false, "with --live: call a sandbox within this process instead")
	flags.StringVar(&c.id, "id", "", "with --live: the id of a customer to read")
	flags.StringVar(&c.email, "email", "", "with --live: the e-mail address of a customer to find")
	cmd.MarkFlagsMutuallyExclusive("id", "email")
	cmd.MarkFlagsMutuallyExclusive("live", "host")
	_ = cmd.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(providerNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// checking is the command with its flags.
type checking struct {
	provider, id, email string
	hosts               []string
	live, sandbox, json bool

	named  bool     // exchanges of a recording that says whose each is, as that of a sandbox does
	unread int      // exchanges and files
	called []string // hosts, with --live
}

func (c *checking) run(cmd *cobra.Command, files []string) error {
	p, err := findProvider(c.provider)
	switch {
	case err != nil:
		return err
	case c.live && len(files) > 0:
		return errors.New("give files or --live, not both")
	case !c.live && len(files) == 0:
		return errors.New("give the files to check, or --live")
	case !c.live && (c.id != "" || c.email != "" || c.sandbox):
		return errors.New("--id, --email and --sandbox are for --live")
	}
	spec, err := contract.Load(c.provider)
	if err != nil {
		return err
	}
	checker := drift.NewChecker(spec, append(c.hosts, p.host())...)
	if c.live {
		err = c.call(cmd.Context(), p, checker)
	} else {
		err = c.addFiles(cmd.Context(), checker, files, cmd.InOrStdin())
	}
	report := checker.Report()
	n, skipped, partial := report.Exchanges(), len(report.Skipped) > 0, len(report.NotRecorded) > 0 || report.Faults > 0
	if n > 0 || skipped || partial {
		if err := c.print(cmd.OutOrStdout(), report); err != nil {
			return err
		}
	}
	findings := len(report.Findings)
	switch {
	case err != nil && (!c.live || findings == 0):
		return err // of files, some part was not read
	case findings > 0:
		return withStatus{fmt.Errorf("%s: %s", c.provider, count(findings, "finding")), statusNegative}
	case n == 0 && partial:
		return fmt.Errorf("nothing was checked: no exchange with %s has an answer to check", c.provider)
	case n == 0 && !skipped:
		return errors.New("there is no exchange to check")
	case n == 0:
		return fmt.Errorf("nothing was checked, all was skipped: if the provider has another host than %s, name it by --host", p.host())
	}
	return nil
}

// addFiles goes on where something cannot be read.
func (c *checking) addFiles(ctx context.Context, checker *drift.Checker, files []string, in io.Reader) error {
	const told = 10
	var errs []error
	for _, name := range files {
		for e, err := range readFile(name, in) {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err == nil:
				if len(files) > 1 {
					e.Entry.File = name
				}
				checker.Add(e)
				c.named = c.named || e.Provider == c.provider
				continue
			}
			if c.unread++; c.unread <= told {
				errs = append(errs, err)
			}
		}
	}
	if c.unread > told {
		errs = append(errs, fmt.Errorf("and %d more that cannot be read", c.unread-told))
	}
	return errors.Join(errs...)
}

// readFile is [drift.Read] of a file, or of in for "-".
func readFile(name string, in io.Reader) iter.Seq2[*drift.Exchange, error] {
	return func(yield func(*drift.Exchange, error) bool) {
		if name == "-" {
			name = "standard input"
		} else {
			file, err := os.Open(name)
			if err != nil {
				yield(nil, err)
				return
			}
			defer file.Close()
			in = file
		}
		for e, err := range drift.Read(in) {
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (c *checking) print(out io.Writer, r *drift.Report) error {
	if c.json {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			Provider string `json:"provider"`
			*drift.Report
			Unread int      `json:"unread,omitempty"`
			Called []string `json:"called,omitempty"`
		}{c.provider, r, c.unread, c.called})
	}
	w := &printer{out: out}
	if len(r.Findings) > 0 {
		w.table(r.Findings)
	}
	if r.MoreFindings > 0 {
		w.line("%d further breaches of other kinds, not told apart.\n", r.MoreFindings)
	}
	if len(r.Conforming) > 0 {
		means := "what may be called observed: docs/evidence.md"
		switch {
		case slices.ContainsFunc(c.called, loopback):
			means = "by a host on loopback, so nothing to be called observed"
		case c.named:
			means = "by a sandbox, so nothing to be called observed"
		}
		w.line("Seen as the contract says (%s):", means)
		for _, seen := range r.Conforming {
			w.line("  %s %s: %s", seen.Operation, half(seen.Direction, seen.Status), strings.Join(seen.Pointers, " "))
		}
		w.line("")
	}
	w.line("%s with %s checked, %s.", count(r.Exchanges(), "exchange"), c.provider, count(len(r.Findings), "finding"))
	if len(c.called) > 0 {
		w.line("Called: %s.", strings.Join(c.called, ", "))
	}
	for _, o := range r.Checked {
		w.line("  %s: %d", o.Operation, o.Exchanges)
	}
	for _, m := range r.NotRecorded {
		w.line("Not recorded, so not checked: %s, %d×.", m.What, m.Exchanges)
	}
	if r.Faults > 0 {
		w.line("With a fault that a sandbox made on purpose, so the answer not checked: %d×.", r.Faults)
	}
	if c.unread > 0 {
		w.line("Cannot be read, so not checked: %d×.", c.unread)
	}
	for _, s := range r.Skipped {
		w.line("Skipped: %s, %d×.", s, s.Exchanges)
	}
	return w.err
}

// printer keeps the first error.
type printer struct {
	out io.Writer
	err error
}

func (w *printer) line(format string, args ...any) {
	_, err := fmt.Fprintf(w.out, format+"\n", args...)
	w.err = cmp.Or(w.err, err)
}

func (w *printer) table(findings []drift.Finding) {
	tw := tabwriter.NewWriter(w.out, 0, 0, 2, ' ', 0)
	cells := &printer{out: tw}
	cells.line("OPERATION\tIN\tPLACE\tRULE\tSEEN\tFIRST\tSUGGESTION")
	for _, f := range findings {
		cells.line("%s\t%s\t%s\t%s\t%d× in %d of %d\t%s\t%s",
			f.Operation, half(f.Direction, f.Status), cmp.Or(f.Pointer, "body"), strings.TrimSpace(f.Rule+" "+f.Bound),
			f.Times, f.Exchanges, f.Of, entry(f.First), f.Suggestion)
	}
	w.err = cmp.Or(w.err, cells.err, tw.Flush())
	w.line("")
}

// entry tells where to find an exchange: "exchange 5, 2026-01-31T09:30:00Z".
func entry(e drift.Entry) string {
	var told []string
	if e.File != "" {
		told = append(told, cell(e.File))
	}
	if e.Number > 0 {
		told = append(told, fmt.Sprintf("exchange %d", e.Number))
	}
	if !e.Time.IsZero() {
		told = append(told, e.Time.Format(time.RFC3339Nano))
	}
	return cmp.Or(strings.Join(told, ", "), "–")
}

// half names one half of an exchange: "request", "response 200".
func half(d drift.Direction, status int) string {
	if d == drift.Request {
		return string(d)
	}
	return fmt.Sprintf("%s %d", d, status)
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
