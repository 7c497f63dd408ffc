package adapters_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/fatora"
	"github.com/contract-first/customers/adapters/simplepin"
	"github.com/contract-first/customers/internal/hostile"
	"github.com/contract-first/customers/internal/wiretest"
	"github.com/contract-first/customers/sandbox"
	"github.com/contract-first/customers/transport"
)

var printMatrix = flag.Bool("matrix", false, "print what TestHostileServers saw")

// way is a provider, and how its credentials are used.
type way struct {
	provider string
	client   func(*sandbox.Sandbox, transport.Options) (*customers.Client, error)
	dialects []sandbox.Dialect
	xml      bool // bodies are, not JSON
	// token: the credentials are traded for one; bearer: a client that has one is tried, on what one that has none recorded.
	token, bearer bool
	only          string // the exchange that this way has of its own; "" for all
}

func allWays() []way {
	usual := func(provider string) func(*sandbox.Sandbox, transport.Options) (*customers.Client, error) {
		s := subjects()[provider]
		return func(sb *sandbox.Sandbox, o transport.Options) (*customers.Client, error) {
			return s.open(sb, setup{lookup: true, options: o})
		}
	}
	byPost := func(sb *sandbox.Sandbox, o transport.Options) (*customers.Client, error) {
		return fatora.Open(fatora.Config{
			APIKey: sb.Fatora.APIKey, AuthorizeByPost: true, BaseURL: sb.Fatora.URL, Options: o,
			Policy: customers.Policy{AllowUnproven: customers.Ops()},
		})
	}
	// With its places given, so that each operation is its own exchange.
	placed := func(format simplepin.Format) func(*sandbox.Sandbox, transport.Options) (*customers.Client, error) {
		return func(sb *sandbox.Sandbox, o transport.Options) (*customers.Client, error) {
			return simplepin.Open(simplepin.Config{
				Authorization: sb.SimplePin.Authorization, Token: sb.SimplePin.Token, BaseURL: sb.SimplePin.URL, Options: o,
				BodyFormat: format,
				Countries:  map[string]simplepin.Country{"CA": {ID: 1, Provinces: map[string]int64{"Québec": 11, "Ontario": 12}}},
				Policy:     customers.Policy{AllowUnproven: customers.Ops()},
			})
		}
	}
	inXML := func(sb *sandbox.Sandbox, o transport.Options) (*customers.Client, error) {
		return subjects()["simplepin"].open(sb, setup{lookup: true, options: o, format: simplepin.XML})
	}
	// Changes are answered with a body, so that there is something to spoil.
	talkative := []sandbox.Dialect{sandbox.FatoraDeleteOK, sandbox.StancerUpdateReturnsCustomer}
	ways := []way{
		{provider: "digitalpaye", token: true, client: usual("digitalpaye")},
		{provider: "fatora", token: true, client: usual("fatora"), dialects: talkative},
		{
			provider: "fatora", token: true, client: byPost, only: "token",
			dialects: []sandbox.Dialect{sandbox.FatoraAuthorizeByPost},
		},
		{provider: "fatora", token: true, client: usual("fatora"), dialects: talkative, bearer: true},
		{provider: "simplepin", client: placed(simplepin.JSON)},
		{provider: "simplepin", client: usual("simplepin"), only: "lookup"},
		{provider: "simplepin", client: placed(simplepin.XML), xml: true},
		{provider: "simplepin", client: inXML, xml: true, only: "lookup"},
	}
	for provider := range subjects() {
		if !slices.ContainsFunc(ways, func(w way) bool { return w.provider == provider }) {
			ways = append(ways, way{provider: provider, client: usual(provider), dialects: talkative})
		}
	}
	return ways
}

// exchange is what a client asked of the sandbox, and the body of the answer.
type exchange struct{ method, uri, body string }

func (e exchange) is(r *http.Request) bool { return e.method == r.Method && e.uri == r.RequestURI }

// cell is one exchange of one operation of the facade at one provider.
type cell struct {
	way
	subject
	sb        *sandbox.Sandbox // whose credentials are used; it is closed
	op        customers.Op
	id        string // of the customer
	exchanges []exchange
	target    int    // the one under attack
	name      string // of the target
	hidden    []string
	keys      []string // of what is hidden, the credentials
}

// record has the sandbox show how each operation of the facade goes.
func record(t *testing.T, w way) (cells []cell) {
	sb := start(t, sandbox.Config{Dialects: w.dialects})
	var went []exchange
	options := transport.Options{RoundTripper: roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(body))
		went = append(went, exchange{r.Method, r.URL.RequestURI(), string(body)})
		return resp, err
	})}
	c := cell{way: w, subject: subjects()[w.provider], sb: sb}
	for _, c.op = range []customers.Op{
		customers.OpCreate, customers.OpGet, customers.OpList, customers.OpFind, customers.OpUpdate, customers.OpDelete,
	} {
		client, err := w.client(sb, options)
		require.NoError(t, err)
		if !can(client, c.op) {
			continue
		}
		went = nil
		ids, err := c.perform(t.Context(), client)
		require.NoError(t, err)
		c.id = append(ids, c.id)[0]
		c.exchanges = went
		c.keys, c.hidden = c.secrets(t)
		if w.bearer {
			c.exchanges = went[1:]
		}
		for c.target = range c.exchanges {
			c.name = string(c.op)
			switch {
			case w.token && !w.bearer && c.target == 0:
				c.name = "token"
			case c.op == customers.OpCreate && c.target < len(c.exchanges)-1:
				c.name = "lookup"
			case c.op == customers.OpUpdate && c.target < len(c.exchanges)-1:
				c.name = "record"
			}
			if w.only == "" || w.only == c.name {
				cells = append(cells, c)
			}
			if c.lists() {
				break // the pages that follow are attacked with the first
			}
		}
	}
	if w.provider == "fatora" {
		// Its ids are short numbers, which also stand in ports and durations.
		for i := range cells {
			cells[i] = cells[i].known("730620184155")
		}
	}
	if w.bearer {
		for i := range cells {
			cells[i].client = func(sb *sandbox.Sandbox, o transport.Options) (*customers.Client, error) {
				return fatora.Open(fatora.Config{
					BearerToken: sb.Fatora.APIKey, BaseURL: sb.Fatora.URL, Options: o,
					Policy: customers.Policy{AllowUnproven: customers.Ops()},
				})
			}
		}
	}
	return cells
}

// known is the cell of a customer with another id.
func (c cell) known(id string) cell {
	was := c.id
	replace := func(s *string) { *s = strings.ReplaceAll(*s, was, id) }
	c.id, c.exchanges, c.hidden = id, slices.Clone(c.exchanges), append(slices.Clone(c.hidden), id)
	for i := range c.exchanges {
		replace(&c.exchanges[i].uri)
		replace(&c.exchanges[i].body)
	}
	return c
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// perform does the operation of the facade, and returns the ids of the customers that it tells of.
func (c cell) perform(ctx context.Context, client *customers.Client) (ids []string, err error) {
	one := func(customer *customers.Customer, err error) ([]string, error) {
		if err != nil {
			return nil, err
		}
		return []string{customer.ID}, nil
	}
	query := customers.Query{}
	switch c.op {
	case customers.OpCreate:
		return one(client.Create(ctx, c.profile))
	case customers.OpGet:
		return one(client.Get(ctx, c.id))
	case customers.OpUpdate:
		return nil, client.Update(ctx, c.id, c.patches[0])
	case customers.OpDelete:
		return nil, client.Delete(ctx, c.id)
	case customers.OpFind:
		query.Email = c.profile.Email
	}
	for customer, err := range client.List(ctx, query) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, customer.ID)
	}
	return ids, nil
}

// secrets are the credentials and the customer's data, in every form in which they go over the wire.
func (c cell) secrets(t *testing.T) (keys, all []string) {
	t.Helper()
	for _, s := range subjects() {
		keys = append(keys, s.keys(c.sb)...)
	}
	d := c.sb.Digitalpaye
	for _, pair := range []string{d.APIKey + ":" + d.APISecret, c.sb.Stancer.APIKey + ":"} {
		keys = append(keys, base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	if c.token {
		token := regexp.MustCompile(`"[a-zA-Z_]*[tT]oken":"([^"]+)"`).FindStringSubmatch(c.exchanges[0].body)
		require.NotEmpty(t, token)
		keys = append(keys, token[1])
	}
	personal := []string{c.id}
	for _, v := range []any{c.profile, c.patches} {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		for _, member := range regexp.MustCompile(`:"([^"]+)"`).FindAllStringSubmatch(string(data), -1) {
			personal = append(personal, member[1])
		}
	}
	for _, text := range slices.Concat(keys, personal) {
		if len(text) > 4 { // what is shorter, a country's code or a short number, stands in other texts too
			all = append(all, text, url.QueryEscape(text), url.PathEscape(text))
		}
	}
	slices.Sort(all)
	return keys, slices.Compact(all)
}

// names are those of the exchange in an attack, the closest first.
func (c cell) names() []string {
	names := []string{c.provider + " " + c.name, c.name}
	if !c.op.Writes() && c.name != "token" {
		names = append(names, "read")
	}
	if c.exchanges[c.target].body == "" {
		names = append([]string{c.name + " answered without a body"}, names...)
	}
	return names
}

// expected is what the caller is told of an attack on this exchange.
func (c cell) expected(a attack) want {
	w := a.want
	for _, name := range c.names() {
		if exception, ok := a.except[name]; ok {
			w = exception
			break
		}
	}
	switch {
	case w == fine:
	case !c.op.Writes():
		w.outcome = ""
	case c.name == "token", c.name == "record", c.name == "lookup":
		w.outcome = customers.ErrNotSent
	}
	return w
}

// attackedBy has the exchange attacked, and returns what the caller was told.
func (c cell) attackedBy(t *testing.T, a attack) (got want, server *hostile.Server, told error) {
	t.Helper()
	var before atomic.Int64 // requests that arrived, for exchanges before the target
	answer := func(conn net.Conn, r *http.Request) {
		i := slices.IndexFunc(c.exchanges, func(e exchange) bool { return e.is(r) })
		v := visit{Conn: conn, request: r, id: c.id, xml: c.xml, target: &c.exchanges[c.target]}
		switch {
		case i < 0:
			v.say(404, "", "")
		case i == c.target, i > c.target && c.lists():
			v.good = cmp.Or(c.exchanges[i].body, "{}") // what is empty could not be spoilt
			a.answer(v)
		default:
			before.Add(1)
			fields := isJSON
			if a.connect != nil && a.tls == nil {
				fields += "Connection: close\r\n" // so that the next exchange has to connect
			}
			v.say(200, fields, c.exchanges[i].body)
		}
	}
	server = hostile.Serve(t, func(conn net.Conn) net.Conn {
		if a.connect == nil || a.tls == nil && before.Load() < int64(c.target) {
			return conn
		}
		return a.connect(conn)
	}, answer)

	options := a.options
	options.MaxBody, options.Retry.Delay = 256<<10, time.Nanosecond
	var events []transport.Exchange
	var mu sync.Mutex
	options.Hook = func(_ context.Context, e transport.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
	}
	base := server.URL
	if a.tls != nil {
		base = strings.Replace(base, "http:", "https:", 1)
		if a.tls.RootCAs != nil {
			own := &http.Transport{TLSClientConfig: a.tls}
			defer own.CloseIdleConnections()
			options.RoundTripper = own
		}
	}
	if a.closed {
		base = "http://127.0.0.1:1"
	}
	client, err := c.client(elsewhere(c.sb, base), options)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ids, told := c.perform(ctx, client)
	client.Close()

	mu.Lock()
	defer mu.Unlock()
	wiretest.AssertHidden(t, c.hidden, told, client, events)
	if told == nil {
		if !c.op.Writes() || c.op == customers.OpCreate {
			assert.Equal(t, []string{c.id}, ids)
		}
		return fine, server, nil
	}
	e, isOurs := told.(*customers.Error)
	require.True(t, isOurs, "%T", told)
	assert.Equal(t, c.provider, e.Provider)
	assert.Equal(t, c.op, e.Op)
	if e.Status != 0 {
		assert.Equal(t, "req-1", e.RequestID)
	}
	return want{e.Kind, e.Outcome, e.Status}, server, told
}

// column is where the matrix has the exchange.
func (c cell) column() string {
	if c.xml {
		return c.provider + "-xml " + c.name
	}
	return c.provider + " " + c.name
}

func (c cell) lists() bool { return c.name == "list" || c.name == "find" }

// arrived counts the requests for each exchange; strays are those for none.
func (c cell) arrived(server *hostile.Server) (counts []int, strays int) {
	counts = make([]int, len(c.exchanges))
	for _, r := range server.Requests() {
		if i := slices.IndexFunc(c.exchanges, func(e exchange) bool { return e.is(r) }); i >= 0 {
			counts[i]++
		} else {
			strays++
		}
	}
	return counts, strays
}

// TestHostileServers attacks every exchange of every operation of every provider.
func TestHostileServers(t *testing.T) {
	var cells []cell
	for _, w := range allWays() {
		cells = append(cells, record(t, w)...)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	goroutines := runtime.NumGoroutine()
	var logged bytes.Buffer // by net/http; a logger locks
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })

	m := matrix{seen: map[string]map[string]want{}}
	t.Run("attacks", func(t *testing.T) {
		other := hostile.Serve(t, nil, func(c net.Conn, _ *http.Request) { visit{Conn: c}.say(200, isJSON, "{}") })
		for _, a := range attacks(t, other.URL) {
			t.Run(a.name, func(t *testing.T) {
				t.Parallel()
				var all sync.WaitGroup
				for _, c := range cells {
					if a.skips(c) {
						continue
					}
					all.Go(func() {
						t.Run(c.column()+" of "+string(c.op), func(t *testing.T) { m.add(a, c, c.attacked(t, a)) })
					})
				}
				all.Wait()
				assert.Empty(t, other.Requests(), "nothing is sent to another host")
			})
		}
	})
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, 10*time.Second, 10*time.Millisecond,
		"goroutines are left")
	for _, c := range cells {
		for _, key := range c.keys {
			assert.NotContains(t, logged.String(), key)
		}
	}
	if *printMatrix {
		m.print(attacks(t, ""), cells)
	}
}

func (a attack) skips(c cell) bool {
	return a.form == inJSON && c.xml || a.form == inXML && !c.xml ||
		len(a.only) > 0 && !slices.ContainsFunc(c.names(), func(name string) bool { return slices.Contains(a.only, name) })
}

func (c cell) attacked(t *testing.T, a attack) want {
	got, server, told := c.attackedBy(t, a)
	expected := c.expected(a)
	if expected.outcome == either {
		assert.Contains(t, []customers.Outcome{customers.ErrNotSent, customers.ErrUnknownOutcome}, got.outcome)
		expected.outcome = got.outcome
	}
	if got.status == 0 && a.options.Timeout+a.options.AttemptTimeout > 0 {
		expected.status = 0 // on a busy machine the time may be over before the header is there
	}
	assert.Equal(t, expected, got, "%v", told)

	counts, strays := c.arrived(server)
	assert.Zero(t, strays, "requests for what nobody asked for")
	most := 3 + 1 // Retry.Attempts, and net/http where a connection that was kept turns out dead
	if c.name == string(c.op) && c.op.Writes() {
		most = max(1, a.writes)
	}
	assert.LessOrEqual(t, counts[c.target], most)
	for _, later := range counts[c.target+1:] {
		assert.True(t, later == 0 || got == fine || !c.op.Writes(), "what was to follow was sent")
	}
	for _, r := range server.Requests() {
		assert.Empty(t, r.Cookies())
	}
	assert.Less(t, server.Written(), int64(16<<20), "what the client and the buffers of the machine took")
	assert.True(t, server.HungUp(5*time.Second), "a connection is left open")
	return got
}

// TestHostileServersTakeNoMemory counts every byte that is allocated while a server sends what has no end, or no measure.
func TestHostileServersTakeNoMemory(t *testing.T) {
	var cells []cell
	for _, w := range allWays() {
		if w.provider != "digitalpaye" && w.provider != "stancer" && !w.xml {
			continue // one with a token, one without, one that reads XML: the wire is the same
		}
		for _, c := range record(t, w) {
			if c.name == "get" || c.name == "create" || c.name == "token" && c.op == customers.OpGet {
				cells = append(cells, c)
			}
		}
	}
	for _, a := range attacks(t, "") {
		if !strings.Contains(a.name, "endless") && !strings.Contains(a.name, "bomb") && !strings.Contains(a.name, "flood") {
			continue
		}
		for _, c := range cells {
			if a.skips(c) {
				continue
			}
			t.Run(a.name+"/"+c.column(), func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				c.attacked(t, a)
				runtime.ReadMemStats(&after)
				assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(12<<20), "for an Options.MaxBody of 256 KiB")
			})
		}
	}
}

// matrix is what was seen, by attack and by provider and exchange.
type matrix struct {
	mu   sync.Mutex
	seen map[string]map[string]want
}

func (m *matrix) add(a attack, c cell, got want) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen[a.name] == nil {
		m.seen[a.name] = map[string]want{}
	}
	column := c.column()
	if was, ok := m.seen[a.name][column]; !ok || was.outcome == "" { // a token's for a write tells more
		m.seen[a.name][column] = got
	}
}

var marks = map[error]string{
	customers.Kind(""): "ok", customers.ErrUnavailable: "U", customers.ErrContract: "C", customers.ErrUnauthenticated: "A",
	customers.ErrForbidden: "F", customers.ErrRefused: "R", customers.ErrRateLimited: "L", customers.ErrInvalid: "I",
	customers.ErrAlreadyExists: "E", customers.ErrUnsupportedField: "S",
	customers.Outcome(""): "", customers.ErrNotSent: "-", customers.ErrRejected: "x", customers.ErrUnknownOutcome: "?",
}

func (m *matrix) print(attacks []attack, cells []cell) {
	var columns []string
	var head, names strings.Builder
	provider := ""
	for _, c := range cells {
		column := c.column()
		if slices.Contains(columns, column) {
			continue
		}
		columns = append(columns, column)
		if p, _, _ := strings.Cut(column, " "); p != provider {
			_, _ = fmt.Fprintf(&head, "%*s%s", names.Len()-head.Len()+1, "", p)
			names.WriteByte(' ')
			provider = p
		}
		names.WriteString(c.name[:2] + " ")
	}
	fmt.Printf("%-40s%s\n%-35s%4s %s\n", "", head.String(), "attack", "", names.String())
	for _, a := range attacks {
		var line strings.Builder
		status, provider := 0, ""
		for _, column := range columns {
			if p, _, _ := strings.Cut(column, " "); p != provider {
				line.WriteByte(' ')
				provider = p
			}
			mark := "."
			if got, ok := m.seen[a.name][column]; ok {
				mark, status = marks[got.kind]+marks[got.outcome], max(status, got.status)
			}
			_, _ = fmt.Fprintf(&line, "%-3s", mark)
		}
		fmt.Printf("%-35s%4s %s\n", a.name, strings.TrimPrefix(strconv.Itoa(status), "0"), line.String())
	}
	fmt.Print(`
U unavailable, C contract broken, A unauthenticated, F forbidden, R refused, L rate limited, I invalid, E already exists,
S unsupported field; a write was - not sent, x rejected, ? of unknown outcome; . does not apply
cr create, ge get, li list, fi find, up update, de delete, re the read inside an update, to the exchange for a token
`)
}
