package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// What every implementation says and is told: an invented customer.
const (
	name      = "David Coaster"
	email     = "david@example.net"
	phone     = "+33639980102"
	mobile    = "+15145550187"
	reference = "crm-10023"
	since     = "2020-01-31T09:30:00.125-05:00"

	stancerID    = "cust_9Cle7TXKkjhwqcWx4Kl5cQYk"
	customerJSON = `{"id":"` + stancerID + `","email":"` + email + `","mobile":"` + phone + `","name":"` + name +
		`","external_id":null,"created":1538562174,"live_mode":false}`
)

// exchange is a row of the table: one request, and the answer that everybody gets.
type exchange struct {
	row, does    string
	method, path string // beyond the base URL
	base         string // of the fake network; over loopback its path counts
	media        string
	answer       []byte
}

const (
	rowCreate = "create"
	rowGet    = "get"
	rowJSON   = "big-json"
	rowXML    = "big-xml"
)

// exchanges are the rows of the table.
func exchanges() ([]exchange, error) {
	big, err := json.Marshal(bigCustomer(20))
	if err != nil {
		return nil, err
	}
	markedUp, err := xml.Marshal(bigCustomer(20))
	if err != nil {
		return nil, err
	}
	const stancerBase, simplePinBase = "https://api.stancer.com", "https://staging.simplepin.com/api"
	return []exchange{
		{
			rowCreate, "Stancer's create, 3 properties sent, 7 read",
			http.MethodPost, "/v1/customers/", stancerBase, "application/json", []byte(customerJSON),
		},
		{
			rowGet, "Stancer's get, 7 properties read",
			http.MethodGet, "/v1/customers/" + stancerID, stancerBase, "application/json", []byte(customerJSON),
		},
		{
			rowJSON, fmt.Sprintf("SimplePin's add, answered by a customer with 20 billing addresses, %d bytes of JSON", len(big)),
			http.MethodPost, "/v2/customer/add", simplePinBase, "application/json", big,
		},
		{
			rowXML, fmt.Sprintf("the same in XML, %d bytes", len(markedUp)),
			http.MethodPost, "/v2/customer/add", simplePinBase, "application/xml", markedUp,
		},
	}, nil
}

// bigCustomer is a customer as SimplePin keeps it, with so many billing addresses.
func bigCustomer(addresses int) bigAnswer {
	home := bigAddress{ID: 7001, Address: "12 Maple Street", City: "Montreal", Zip: "H2X 1Y4", Province: 11, Country: 1}
	c := bigAnswer{
		ID: 4711, Status: "REQUIRES_ACTIVATION", CustomerID: reference, CustomerName: name, ContractEmail: email,
		PhoneNumber: phone, MobileNumber: mobile, CustomerSince: since, MainAddress: &home,
		Contracts: []bigContract{{ID: 301, Name: "Home insurance"}, {ID: 302, Name: "Car insurance"}},
	}
	for i := range addresses {
		c.BillingAddresses = append(c.BillingAddresses, bigAddress{
			ID: int64(7002 + i), Address: fmt.Sprintf("%d Harbour Road", 400+i), City: "Quebec", Zip: "G1K 4A1",
			Province: 11, Country: 1,
		})
	}
	return c
}

// fake is a network without a network: it reads the request to its end, and answers.
type fake struct {
	header http.Header
	// fresh gives each answer a header of its own: who turns XML into JSON changes it.
	fresh  bool
	answer []byte
}

func newFake(x exchange) *fake {
	return &fake{http.Header{"Content-Type": {x.media}}, x.row == rowXML, x.answer}
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	header := f.header
	if f.fresh {
		header = header.Clone()
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		ContentLength: int64(len(f.answer)), Body: io.NopCloser(bytes.NewReader(f.answer)), Request: r,
	}, nil
}

// server is the other end of the loopback. It counts connections.
type server struct {
	http        *http.Server
	origin      string
	connections atomic.Int64
}

func serve(handler http.Handler) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{origin: "http://" + listener.Addr().String()}
	s.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.connections.Add(1)
			}
		},
	}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

func (s *server) Close() { _ = s.http.Close() }

// answer is a handler that reads the request to its end, and answers.
func answer(x exchange) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("Content-Type", x.media)
		_, _ = w.Write(x.answer)
	}
}

// network is what an implementation is opened on.
type network struct {
	exchange
	url string
	// fake is nil over loopback.
	fake http.RoundTripper
}

const (
	onFake     = "fake"
	onLoopback = "loopback"
)

// inMemory is a network that costs next to nothing: what remains is the client's own work.
func inMemory(x exchange) network { return network{x, x.base, newFake(x)} }

// loopback is real HTTP, with connections that are kept.
func loopback(x exchange) (network, *server, error) {
	s, err := serve(answer(x))
	if err != nil {
		return network{}, nil, err
	}
	return network{x, s.origin + strings.TrimPrefix(x.base, origin(x.base)), nil}, s, nil
}

func origin(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// transport is what clients get that have none of their own: that of net/http with a pool as large as the facade's,
// since with its two idle connections per host 64 goroutines would measure how fast they connect.
func (n network) transport() http.RoundTripper {
	if n.fake != nil {
		return n.fake
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 100
	return t
}

// call is one exchange of an implementation, which must make sure that the answer is the right one.
type call func(ctx context.Context) error

var errOther = errors.New("the answer is about another customer")

func wantID(got, want string) error {
	if got != want {
		return errOther
	}
	return nil
}
