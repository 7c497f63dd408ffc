package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/adapters/digitalpaye"
	"github.com/contract-first/customers/sandbox"
)

// throughput is what the sandbox's Stancer creates, each exchange held against the contract.
type throughput struct {
	How       string
	Creates   int
	PerSecond float64
	// CPU is the processor time of one, the client's included, in nanoseconds.
	CPU float64
}

// recorder is a ResponseWriter that keeps the answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// exchangeWith has a handler answer one request, without a network, and returns the id in the answer.
func exchangeWith(h http.Handler, method, path, key, body string, want int) (id string, err error) {
	r, err := http.NewRequest(method, "http://sandbox.example.com"+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.SetBasicAuth(key, "")
	w := recorder{header: http.Header{}}
	h.ServeHTTP(&w, r)
	if w.status != want {
		return "", fmt.Errorf("the sandbox answers %d to %s %s: %s", w.status, method, path, w.body.Bytes())
	}
	var c floorCustomer
	err = json.Unmarshal(w.body.Bytes(), &c)
	return c.ID, err
}

// create makes another customer with each number: Stancer refuses a second one with the same data.
func create(h http.Handler, key string, number int64) (id string, err error) {
	body := `{"email":"` + emailOf(number) + `","mobile":"` + phone + `","name":"` + name + `"}`
	return exchangeWith(h, http.MethodPost, "/v1/customers/", key, body, http.StatusOK)
}

func emailOf(number int64) string {
	return "customer-" + strconv.FormatInt(number, 10) + "@example.com"
}

// measureSandbox creates customers for so long, in process and over loopback.
func measureSandbox(ctx context.Context, d time.Duration) ([]throughput, error) {
	var out []throughput
	for _, over := range []struct {
		how        string
		goroutines int
		loopback   bool
	}{
		{"in process", runtime.GOMAXPROCS(0), false},
		{"over loopback, by the hand-written client", 16, true},
	} {
		s, err := sandbox.Start(sandbox.Config{})
		if err != nil {
			return nil, err
		}
		handler, client := s.Handler("stancer"), floor{base: s.Stancer.URL, key: s.Stancer.APIKey}
		client.http = &http.Client{Transport: network{}.transport()}
		t, err := during(ctx, d, over.goroutines, func(ctx context.Context, number int64) error {
			if over.loopback {
				c, err := client.create(ctx, floorProfile{Email: emailOf(number), Mobile: phone, Name: name})
				if err == nil && c.Email != emailOf(number) {
					err = errOther
				}
				return err
			}
			_, err := create(handler, s.Stancer.APIKey, number)
			return err
		})
		if err == nil {
			err = s.Verify()
		}
		_ = s.Close()
		if err != nil {
			return nil, err
		}
		t.How = over.how
		out = append(out, t)
	}
	return out, nil
}

// during does something over and over for so long.
func during(
	ctx context.Context, d time.Duration, goroutines int, do func(ctx context.Context, number int64) error,
) (throughput, error) {
	if err := do(ctx, 0); err != nil { // loads the contract
		return throughput{}, err
	}
	var number atomic.Int64
	start, cpu := time.Now(), processorTime()
	if err := together(goroutines, func() error {
		for time.Since(start) < d {
			if err := do(ctx, number.Add(1)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return throughput{}, err
	}
	took := time.Since(start)
	cpu = processorTime() - cpu
	creates := int(number.Load())
	return throughput{
		Creates: creates, PerSecond: float64(creates) / took.Seconds(), CPU: float64(cpu.Nanoseconds()) / float64(creates),
	}, nil
}

// renewal is how often a token was asked for, by many goroutines that all need one.
type renewal struct {
	Goroutines, Calls int
	// Expired is how often all tokens were made worthless meanwhile, Fetched how often one was asked for.
	Expired, Fetched int
}

// measureTokens has many goroutines create customers at Digitalpaye while the tokens end again and again.
func measureTokens(ctx context.Context, goroutines, each, expiries int) (renewal, error) {
	s, err := sandbox.Start(sandbox.Config{JournalSize: 1 << 20})
	if err != nil {
		return renewal{}, err
	}
	defer s.Close()
	client, err := digitalpaye.Open(digitalpaye.Config{
		APIKey: s.Digitalpaye.APIKey, APISecret: s.Digitalpaye.APISecret, BaseURL: s.Digitalpaye.URL,
		Environment: digitalpaye.Sandbox,
	})
	if err != nil {
		return renewal{}, err
	}
	defer client.Close()
	out := renewal{Goroutines: goroutines, Expired: expiries}
	for range expiries + 1 { // all at once need a token that nobody has
		if err := together(goroutines, func() error {
			for range each {
				if _, err := client.Create(ctx, customers.Profile{
					Name: customers.Name{Given: "Ama", Family: "Kouassi"}, Email: "ama.kouassi@example.com", Phone: "+2250102030405",
					Address: customers.Address{Street: "Rue des Jardins", City: "Abidjan", Country: "CI"},
				}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return renewal{}, err
		}
		out.Calls += goroutines * each
		s.ExpireTokens()
	}
	for _, e := range s.Journal() {
		if e.Operation == "createToken" {
			out.Fetched++
		}
	}
	return out, nil
}
