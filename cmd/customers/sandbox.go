package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers/sandbox"
)

func sandboxCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve fakes of the four providers on loopback, for clients in any language",
		Long: `Serves a stateful fake of each provider on a port of 127.0.0.1 of its own, at the provider's own paths, until Ctrl-C or
SIGTERM: then requests under way are finished, and the exit status is 0. Credentials are new each time. What it prints
are lines for a shell: the variables that the other commands read (customers help environment), and last, when all four
are there, a line that begins with "# Ready". --json is one object, in one line.

  --port N         the ports N to N+3, in the order digitalpaye, fatora, simplepin, stancer; if one is taken, nothing is
                   served. 0 is four free ones.
  --tls            https, HTTP/2 too, by a certificate for 127.0.0.1, ::1 and localhost that is made at each start. Its
                   authority's certificate goes into the file --ca, which stays, or else into a temporary one, which is
                   removed at the end; no key is written. Have your client trust that file, each in its way: curl --cacert,
                   SSL_CERT_FILE (Go, OpenSSL, curl), NODE_EXTRA_CA_CERTS (Node.js), REQUESTS_CA_BUNDLE (Python).
  --dialect D      switches an open question of a provider's documentation to another reading; --dialects lists them.
  --fault F        has something go wrong on purpose: "stancer.createCustomer=503:0.2" is a 503 in one of five creates.
                   Whose: provider.operationId, provider.* or *. What: a status (503), or the example that the contract has
                   for it by name (409/duplicate), html, reset, each also with -after (the provider has done its work);
                   delay=2s, empty, truncated, malformed. How often: a probability; left out, each time.
                   The header "` + sandbox.FaultHeader + `: 409/duplicate" does the same to the one request that has it.
  --journal FILE   writes each exchange into FILE as HAR, ready for customers check. A file that is there is replaced by a
                   new one, which only you can read. It is a whole archive at any time; if it cannot be written, the sandbox
                   ends. A pipe cannot be one. The sandbox's own credentials and tokens are left out; a real key in a path
                   or a body stands there as it was sent.

There is no customer at first. A path, a method or a body that a provider does not have is answered in its own form of
errors. Only what is no HTTP at all is answered in plain text.

Exit status: 0 after Ctrl-C or SIGTERM, 1 if a port is taken or a file cannot be written, 2 for wrong usage.`,
		Example: `  customers sandbox --dialects
  customers sandbox --port 8400 --journal traffic.har
  customers sandbox --tls --ca ca.pem --json
  customers sandbox --dialect fatora.error-text --fault 'stancer.createCustomer=503:0.2' --fault '*=delay=100ms:0.1'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.list {
				return unprinted(s.listDialects(cmd.OutOrStdout()))
			}
			return s.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&s.port, "port", 0, "the first of four ports; 0 is free ones")
	flags.BoolVar(&s.tls, "tls", false, "serve https, with a certificate made for it")
	flags.StringVar(&s.ca, "ca", "", "with --tls: where the authority's certificate goes")
	flags.StringArrayVar(&s.dialects, "dialect", nil, "another reading of an open question; may be given several times")
	flags.StringArrayVar(&s.faults, "fault", nil, "something to go wrong on purpose; may be given several times")
	flags.StringVar(&s.journal, "journal", "", "a file for all exchanges, as HAR")
	flags.BoolVar(&s.list, "dialects", false, "list the dialects, and serve nothing")
	flags.BoolVar(&s.json, "json", false, "one JSON object (with --dialects one per line)")
	var names []string
	for _, d := range sandbox.Dialects() {
		names = append(names, cobra.CompletionWithDesc(string(d.Dialect), d.Summary))
	}
	_ = cmd.RegisterFlagCompletionFunc("dialect", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("fault", cobra.NoFileCompletions)
	return cmd
}

// serving is the command with its flags.
type serving struct {
	port             int
	tls, list, json  bool
	ca, journal      string
	dialects, faults []string
}

// grace is how long requests under way may take after the end was asked for.
const grace = 3 * time.Second

// run serves until ctx ends, which is no error, or the journal cannot be written.
func (s *serving) run(ctx context.Context, out io.Writer) error {
	if s.ca != "" && !s.tls {
		return errors.New("--ca is for --tls")
	}
	config := sandbox.Config{Port: s.port, Dialects: named[sandbox.Dialect](s.dialects)}
	for _, text := range s.faults {
		fault, err := sandbox.ParseFault(text)
		if err != nil {
			return err
		}
		config.Faults = append(config.Faults, fault)
	}
	var authority []byte
	if s.tls {
		served, signer, err := throwAway()
		if err != nil {
			return withStatus{fmt.Errorf("certificate: %w", err), statusNegative}
		}
		config.TLSConfig, authority = &tls.Config{Certificates: []tls.Certificate{served}}, signer
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var j journal
	if s.journal != "" {
		j.mu.Lock() // until it is open: the first request may come before
		config.Record = func(e sandbox.Exchange) {
			if !j.add(e) {
				end()
			}
		}
	}
	sb, err := sandbox.Start(config)
	switch {
	case errors.As(err, new(*net.OpError)):
		return withStatus{fmt.Errorf("%w: give another --port, or none for free ones", err), statusNegative}
	case err != nil:
		return err
	}
	// Files are written from here on: whoever is on these ports already may have the same.
	err = s.serve(ctx, out, sb, authority, &j)
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer stop()
	if sb.Shutdown(last) != nil {
		_ = sb.Close()
	}
	if err = errors.Join(err, j.close()); err != nil {
		return withStatus{err, statusNegative}
	}
	return nil
}

func (s *serving) serve(ctx context.Context, out io.Writer, sb *sandbox.Sandbox, authority []byte, j *journal) error {
	if s.journal != "" && !j.open(s.journal) {
		return nil // its close tells why
	}
	if s.tls {
		remove, err := s.publish(authority)
		if err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
		defer remove()
	}
	if err := s.announce(out, sb); err != nil {
		return fmt.Errorf("the credentials could not be printed: %w", err)
	}
	<-ctx.Done()
	return nil
}

// publish writes the certificate of whom to trust into a file.
func (s *serving) publish(authority []byte) (remove func(), err error) {
	remove = func() {}
	if s.ca == "" {
		file, err := os.CreateTemp("", "customers-ca-*.pem")
		if err != nil {
			return nil, err
		}
		_ = file.Close()
		s.ca, remove = file.Name(), func() { _ = os.Remove(file.Name()) }
	} else if s.ca, err = filepath.Abs(s.ca); err != nil { // as it is printed, for other shells
		return nil, err
	}
	if err := os.WriteFile(s.ca, authority, 0o644); err != nil {
		remove()
		return nil, err
	}
	return remove, nil
}

// announce prints how to reach the sandbox, in one write: whoever reads the last line has them all.
func (s *serving) announce(out io.Writer, sb *sandbox.Sandbox) error {
	env := variables(sb)
	urls := map[string]string{}
	for name, p := range providers {
		urls[name] = env[p.prefix+"_BASE_URL"]
	}
	if s.tls {
		env["SSL_CERT_FILE"] = s.ca
	}
	if s.json {
		return writeJSON(out, struct {
			URLs        map[string]string `json:"urls"`
			Environment map[string]string `json:"environment"`
		}{urls, env})
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&text, "export %s=%s\n", name, quoted(env[name]))
	}
	fmt.Fprintln(&text, "# Ready: the other commands, and your own client, find the four providers there. Ctrl-C ends it.")
	_, err := io.WriteString(out, text.String())
	return err
}

// quoted is a word for a shell.
func quoted(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func (s *serving) listDialects(out io.Writer) error {
	t := newTable(out)
	t.row("DIALECT", "WHAT IS OTHER THAN BY DEFAULT")
	for _, d := range sandbox.Dialects() {
		if s.json {
			if err := writeJSON(out, map[string]string{"dialect": string(d.Dialect), "summary": d.Summary}); err != nil {
				return err
			}
			continue
		}
		t.row(string(d.Dialect), d.Summary)
	}
	if s.json {
		return nil
	}
	return t.flush()
}
