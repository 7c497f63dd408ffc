package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/contract/drift"
	"github.com/contract-first/customers/transport"
)

// call makes one call that changes nothing, and has the checker look at all that went over the wire.
func (c *checking) call(ctx context.Context, p provider, checker *drift.Checker) error {
	policy := customers.Policy{AllowUnproven: []customers.Op{customers.OpGet, customers.OpList, customers.OpFind}}
	wire := new(recorder)
	env, id, done, err := settings(ctx, c.provider, c.sandbox)
	if err != nil {
		return err
	}
	defer done()
	if c.id == "" && c.email == "" {
		c.id = id
	}
	client, err := p.fromEnvironment(env, policy, transport.Options{RoundTripper: wire, Retry: transport.Retry{Attempts: 1}})
	if err != nil {
		return err
	}
	defer client.Close()
	err = c.read(ctx, client)
	wire.mu.Lock()
	defer wire.mu.Unlock()
	for _, e := range wire.seen {
		checker.Add(e)
	}
	c.called = wire.hosts
	return err
}

func (c *checking) read(ctx context.Context, client *customers.Client) error {
	op, by := customers.OpList, ""
	switch {
	case c.id != "":
		op, by = customers.OpGet, " by --id"
	case c.email != "":
		op, by = customers.OpFind, " by --email"
	}
	if _, can := client.Capabilities().Operation(op); !can {
		return fmt.Errorf("%s has no %s%s: try --id, or another way that --help tells", client.Provider(), op, by)
	}
	if op == customers.OpGet {
		_, err := client.Get(ctx, c.id)
		return err
	}
	for _, err := range client.List(ctx, customers.Query{Email: c.email}) {
		return err // the first answer has shown what there is to see
	}
	return nil
}

// maxRecorded is how much of an answer's body is kept; the adapters read no more of it.
const maxRecorded = 1 << 20

// loopback reports whether a host, or host and port, is this machine itself, where no provider is.
func loopback(host string) bool {
	u := url.URL{Host: host}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// recorder sends requests and keeps them with their answers. The host is kept apart, so that they are the provider's,
// whatever its URL was replaced by.
type recorder struct {
	mu    sync.Mutex
	seen  []*drift.Exchange
	hosts []string // each once
}

func (rec *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	e := &drift.Exchange{Method: r.Method, URL: r.URL.RequestURI(), RequestHeader: r.Header.Clone(), RequestBody: []byte{}}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
		e.RequestBody = body
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		rec.add(e, r.URL.Host)
		return nil, err
	}
	e.Status, e.ResponseHeader = resp.StatusCode, resp.Header.Clone()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRecorded+1))
	if err == nil && len(body) <= maxRecorded {
		e.ResponseBody = body
	}
	// What was not read follows, or the error once more.
	resp.Body = readCloser{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
	rec.add(e, r.URL.Host)
	return resp, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

func (rec *recorder) add(e *drift.Exchange, host string) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.seen = append(rec.seen, e)
	if !slices.Contains(rec.hosts, host) {
		rec.hosts = append(rec.hosts, host)
	}
}
