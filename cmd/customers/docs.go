package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/internal/site"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

func docsCommand() *cobra.Command {
	var (
		port uint16
		dir  string
	)
	cmd := &cobra.Command{
		Use:   "docs",
		Short: "Documentation made from the contracts, with a sandbox to try it on",
		Long: `Serves the documentation on loopback until it is interrupted, and prints its URL: what each provider can do and keep,
every operation with its Go call and its evidence, and the guides. All of it is in this binary and asks no other host for
anything. "Try it" sends an operation to a sandbox within this process, with credentials and a customer that are there;
the sandbox of a provider is also at /sandbox/NAME for other clients. It answers to the printed address and to localhost,
each with its port; whoever asks for another host gets 421.

With --write the pages are written into a directory, for any web server or a browser alone. There is no sandbox behind
those, so they have no "Try it".`,
		Example: "  customers docs --port 8080\n  customers docs --write docs/site",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("write") {
				return writeDocs(cmd.OutOrStdout(), dir)
			}
			return serveDocs(cmd.Context(), cmd.OutOrStdout(), port)
		},
	}
	cmd.Flags().Uint16Var(&port, "port", 0, "of the URL; 0 is any that is free")
	cmd.Flags().StringVar(&dir, "write", "", "write the pages into this directory, and serve nothing")
	cmd.MarkFlagsMutuallyExclusive("port", "write")
	_ = cmd.MarkFlagDirname("write")
	return cmd
}

func writeDocs(out io.Writer, dir string) error {
	capabilities, err := capabilitiesOf(providerNames())
	if err != nil {
		return err
	}
	files, err := site.Build(site.Config{Capabilities: capabilities})
	if err != nil {
		return withStatus{err, statusNegative}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return withStatus{err, statusNegative}
	}
	for _, name := range files.Names() {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil {
			return withStatus{err, statusNegative}
		}
	}
	_, err = fmt.Fprintln(out, filepath.Join(dir, "index.html"))
	return unprinted(err)
}

// serveDocs serves until the context ends.
func serveDocs(ctx context.Context, out io.Writer, port uint16) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return withStatus{err, statusNegative}
	}
	mux := http.NewServeMux()
	server := &http.Server{Handler: only(listener.Addr(), mux), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	defer server.Close()

	origin := "http://" + listener.Addr().String()
	config, err := docsConfig(ctx, mux, origin)
	if err != nil {
		return err
	}
	files, err := site.Build(config)
	if err != nil {
		return withStatus{err, statusNegative}
	}
	mux.Handle("/", files)
	if _, err := fmt.Fprintln(out, origin+"/"); err != nil {
		return unprinted(err)
	}
	select {
	case err := <-failed:
		return withStatus{err, statusNegative}
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(last) // what is still under way then, ends
		return nil
	}
}

// only serves who asks for the listener's address, or for localhost. Another name may be that of a page which had it lead
// here (DNS rebinding) to read the credentials.
func only(addr net.Addr, handler http.Handler) http.Handler {
	own, port, _ := net.SplitHostPort(addr.String()) // cannot fail
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if port == "80" && !strings.HasSuffix(host, ":80") { // clients leave it out
			host += ":80"
		}
		if host != net.JoinHostPort(own, port) && !strings.EqualFold(host, net.JoinHostPort("localhost", port)) {
			http.Error(w, "This is http://"+addr.String()+"/ and answers to no other name.", http.StatusMisdirectedRequest)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// refused are the operations that the sandbox behind the pages refuses, by provider.
var refused = map[string]map[string]string{"fatora": {
	"authorizeByPost": "This sandbox answers 405: it reads the vendor's page as a GET, and serves one of the two. " +
		"`customers sandbox --dialect " + string(sandbox.FatoraAuthorizeByPost) + "` serves the other.",
}}

// docsConfig starts the sandbox behind the pages. Each provider gets a customer by way of its adapter; the headers that
// the adapter was answered for are those that the pages send.
func docsConfig(ctx context.Context, mux *http.ServeMux, origin string) (site.Config, error) {
	var config site.Config
	// A token is good for as long as anybody reads.
	sb, err := sandbox.New(sandbox.Config{TokenLifetime: 365 * 24 * time.Hour})
	if err != nil {
		return config, withStatus{fmt.Errorf("sandbox: %w", err), statusNegative}
	}
	if config.Capabilities, err = capabilitiesOf(providerNames()); err != nil {
		return config, err
	}
	config.Sandboxes = map[string]site.Sandbox{}
	for name, p := range providers {
		at := "/sandbox/" + name
		mux.Handle(at+"/", http.StripPrefix(at, sb.Handler(name)))
		server, err := url.Parse(p.server)
		if err != nil {
			return config, err
		}
		base := at + strings.TrimSuffix(server.Path, "/")
		getenv := func(variable string) string {
			if variable == p.prefix+"_BASE_URL" {
				return origin + base
			}
			return environmentOf(sb)(variable)
		}
		var heard listening
		policy := customers.Policy{AllowLoss: []customers.Field{customers.FieldReference}}
		client, err := p.fromEnvironment(getenv, policy, transport.Options{RoundTripper: &heard})
		if err != nil {
			return config, err
		}
		profile := customers.Profile{
			Reference: "crm-10001", Name: customers.Name{Given: "Awa", Family: "Koné"},
			Email: "awa.kone@example.com", Phone: "+2250102030409",
		}
		if f, ok := client.Capabilities().Field(customers.FieldAddressCountry); ok && f.Required {
			profile.Address = customers.Address{City: "Abidjan", Country: "CI"}
		}
		created, err := client.Create(ctx, profile)
		client.Close()
		if err != nil {
			return config, err
		}
		config.Sandboxes[name] = site.Sandbox{Base: base, Requests: heard.requests, ID: created.ID, Refused: refused[name]}
	}
	return config, nil
}

// listening is a transport that keeps the headers of requests.
type listening struct {
	mu       sync.Mutex
	requests []http.Header
}

func (l *listening) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.requests = append(l.requests, r.Header.Clone())
	l.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}
