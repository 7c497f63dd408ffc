package adapters_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

// between puts f between the client and a connection for each request.
func between(f func(*http.Request, http.RoundTripper) (*http.Response, error)) func(*transport.Options) {
	return func(o *transport.Options) {
		base := &http.Transport{DisableKeepAlives: true}
		o.RoundTripper = roundTripper(func(r *http.Request) (*http.Response, error) { return f(r, base) })
	}
}

// broken is a client with some of its operations done in another way.
type broken struct {
	facade
	create func(context.Context, customers.Profile) (*customers.Customer, error)
	ensure func(context.Context, customers.Profile) (*customers.Customer, customers.Ensured, error)
	get    func(context.Context, string) (*customers.Customer, error)
	update func(context.Context, string, customers.Patch) error
	delete func(context.Context, string) error
	list   func(context.Context, customers.Query) iter.Seq2[*customers.Customer, error]
}

func (b broken) Create(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
	if b.create != nil {
		return b.create(ctx, p)
	}
	return b.facade.Create(ctx, p)
}

func (b broken) Ensure(ctx context.Context, p customers.Profile) (*customers.Customer, customers.Ensured, error) {
	if b.ensure != nil {
		return b.ensure(ctx, p)
	}
	return b.facade.Ensure(ctx, p)
}

func (b broken) Get(ctx context.Context, id string) (*customers.Customer, error) {
	if b.get != nil {
		return b.get(ctx, id)
	}
	return b.facade.Get(ctx, id)
}

func (b broken) Update(ctx context.Context, id string, patch customers.Patch) error {
	if b.update != nil {
		return b.update(ctx, id, patch)
	}
	return b.facade.Update(ctx, id, patch)
}

func (b broken) Delete(ctx context.Context, id string) error {
	if b.delete != nil {
		return b.delete(ctx, id)
	}
	return b.facade.Delete(ctx, id)
}

func (b broken) List(ctx context.Context, q customers.Query) iter.Seq2[*customers.Customer, error] {
	if b.list != nil {
		return b.list(ctx, q)
	}
	return b.facade.List(ctx, q)
}

// claim says of an error of unknown outcome that it had another one.
func claim(outcome customers.Outcome, err error) error {
	if errors.Is(err, customers.ErrUnknownOutcome) {
		e := *err.(*customers.Error)
		e.Outcome = outcome
		return &e
	}
	return err
}

// TestSoakNotices breaks one promise after the other: the storm must say so.
func TestSoakNotices(t *testing.T) {
	creating := func(create func(context.Context, facade, customers.Profile) (*customers.Customer, error)) flaw {
		return flaw{wrap: func(c facade) facade {
			return broken{facade: c, create: func(ctx context.Context, p customers.Profile) (*customers.Customer, error) {
				return create(ctx, c, p)
			}}
		}}
	}
	updating := func(update func(context.Context, facade, string, customers.Patch) error) flaw {
		return flaw{wrap: func(c facade) facade {
			return broken{facade: c, update: func(ctx context.Context, id string, p customers.Patch) error {
				return update(ctx, c, id, p)
			}}
		}}
	}
	type (
		request = *http.Request
		reply   = *http.Response
	)
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	for name, test := range map[string]struct {
		provider string
		flaw
		says string
	}{
		"a POST sent twice": {"digitalpaye", flaw{options: between(func(r request, base http.RoundTripper) (reply, error) {
			if r.Method != http.MethodPost || r.GetBody == nil {
				return base.RoundTrip(r)
			}
			first := r.Clone(r.Context())
			first.Body, _ = r.GetBody()
			if resp, err := base.RoundTrip(first); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			return base.RoundTrip(r)
		})}, "[12] customers"},
		"a create repeated after an unknown outcome": {"digitalpaye", creating(
			func(ctx context.Context, c facade, p customers.Profile) (*customers.Customer, error) {
				created, err := c.Create(ctx, p)
				if errors.Is(err, customers.ErrUnknownOutcome) {
					return c.Create(ctx, p)
				}
				return created, err
			}), "customers"},
		"a create said not to be sent": {"stancer", creating(
			func(ctx context.Context, c facade, p customers.Profile) (*customers.Customer, error) {
				created, err := c.Create(ctx, p)
				return created, claim(customers.ErrNotSent, err)
			}), "at most 0"},
		"a create said to be rejected": {"fatora", creating(
			func(ctx context.Context, c facade, p customers.Profile) (*customers.Customer, error) {
				created, err := c.Create(ctx, p)
				return created, claim(customers.ErrRejected, err)
			}), "at most 0"},
		"a create that made nobody": {"digitalpaye", creating(
			func(_ context.Context, _ facade, p customers.Profile) (*customers.Customer, error) {
				return &customers.Customer{ID: "nobody", Profile: p}, nil
			}), "not there|0 customers"},
		"a create with another id": {"fatora", creating(
			func(ctx context.Context, c facade, p customers.Profile) (*customers.Customer, error) {
				created, err := c.Create(ctx, p)
				if err == nil {
					created.ID += "0"
				}
				return created, err
			}), "not there|instead of the one|another id"},
		"a create that adopts": {"stancer", creating(
			func(ctx context.Context, c facade, p customers.Profile) (*customers.Customer, error) {
				created, err := c.Create(ctx, p)
				if known := (*customers.Error)(nil); errors.As(err, &known) && known.ExistingID != "" {
					return c.Get(ctx, known.ExistingID)
				}
				return created, err
			}), "taken for new"},
		"ensures that take no turns": {"fatora", flaw{wrap: func(c facade) facade {
			return broken{facade: c, ensure: func(ctx context.Context, p customers.Profile) (*customers.Customer, customers.Ensured, error) {
				for found, err := range c.List(ctx, customers.Query{Email: p.Email}) {
					return found, customers.EnsuredFound, err
				}
				created, err := c.Create(ctx, p)
				return created, customers.EnsuredCreated, err
			}}
		}}, `two ids|\d customers`},
		"updates of clients that know nothing of each other": {"simplepin", flaw{each: true}, "what it was before"},
		"an update that changes nothing": {"stancer", updating(
			func(context.Context, facade, string, customers.Patch) error { return nil }), "what it was before"},
		"an update said to be rejected": {"stancer", updating(
			func(ctx context.Context, c facade, id string, p customers.Patch) error {
				return claim(customers.ErrRejected, c.Update(ctx, id, p))
			}), "no update that may have been done"},
		"a delete that deletes nobody": {"fatora", flaw{wrap: func(c facade) facade {
			return broken{facade: c, delete: func(context.Context, string) error { return nil }}
		}}, "at most 0"},
		"a get that writes": {"digitalpaye", flaw{wrap: func(c facade) facade {
			return broken{facade: c, get: func(ctx context.Context, id string) (*customers.Customer, error) {
				got, err := c.Get(ctx, id)
				if err == nil {
					_, _ = c.Create(ctx, got.Profile)
				}
				return got, err
			}}
		}}, "customers"},
		"a find that finds nobody": {"fatora", flaw{wrap: func(c facade) facade {
			return broken{facade: c, list: func(context.Context, customers.Query) iter.Seq2[*customers.Customer, error] {
				return func(func(*customers.Customer, error) bool) {}
			}}
		}}, "0 customers instead of the one"},
		"a request that breaks the contract": {"stancer", flaw{options: between(func(r request, base http.RoundTripper) (reply, error) {
			r.Header.Del("Content-Type")
			r.URL.RawQuery = "limit=1"
			return base.RoundTrip(r)
		})}, "breaks the contract"},
		"a goroutine that stays": {"digitalpaye", flaw{wrap: func(c facade) facade {
			return broken{facade: c, get: func(ctx context.Context, id string) (*customers.Customer, error) {
				go func() { <-end }()
				return c.Get(ctx, id)
			}}
		}}, "a goroutine is left"},
		"a connection that stays": {"stancer", flaw{options: func(o *transport.Options) {
			o.RoundTripper = &http.Transport{}
		}}, "connections are left"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := storm{
				provider: test.provider, subject: subjects()[test.provider], flaw: test.flaw, seed: 1, goroutines: 32, calls: 1000,
				patience: 100 * time.Millisecond,
			}
			// Goroutines decide what is noticed first.
			assert.Regexp(t, test.says, strings.Join(s.run(t.Context()).violations, "\n"))
		})
	}
}
