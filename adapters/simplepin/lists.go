package simplepin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/transport"
)

// place is an entry of one of SimplePin's lists.
type place struct {
	id   int64
	name string
	// key is what it is found by: of a country the ISO code, "" if its name does not tell it; of a province the folded name.
	key string
}

// countries is the number that stands for the list of countries; those of provinces have their country's.
const countries = 0

// lists asks SimplePin for its lists and keeps them for a while.
type lists struct {
	fetch    func(ctx context.Context, of int64) ([]place, error)
	lifetime time.Duration
	group    singleflight.Group

	mu   sync.Mutex
	held map[int64]heldList
}

type heldList struct {
	places []place
	until  time.Time
}

func (l *lists) current(of int64) ([]place, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, ok := l.held[of]
	return held.places, ok && time.Now().Before(held.until)
}

// get is a list, asked for once at a time however many calls wait. What failed is not kept. Its errors say that nothing
// was sent: nothing was written.
func (l *lists) get(ctx context.Context, of int64) ([]place, error) {
	if all, ok := l.current(of); ok {
		return all, nil
	}
	if ctx.Err() != nil {
		return nil, canceled(ctx)
	}
	asking := l.group.DoChan(strconv.FormatInt(of, 10), func() (any, error) {
		// The first waiter's context must not end the call for the others; Options.Timeout does.
		all, err := l.fetch(context.WithoutCancel(ctx), of)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.held[of] = heldList{all, time.Now().Add(l.lifetime)}
		return all, nil
	})
	select {
	case <-ctx.Done():
		return nil, canceled(ctx)
	case asked := <-asking:
		if asked.Err != nil {
			return nil, asked.Err
		}
		return asked.Val.([]place), nil
	}
}

func canceled(ctx context.Context) error {
	return &customers.Error{Kind: customers.ErrCanceled, Outcome: customers.ErrNotSent, Err: customers.ContextError(ctx)}
}

// list asks for the countries, or for the provinces of one.
func (d *driver) list(ctx context.Context, of int64) ([]place, error) {
	locale := "EN" // one has to be sent
	if d.locale != nil {
		locale = *d.locale
	}
	var (
		what    string
		key     func(name string) string
		request transport.Checker
		send    transport.Send
	)
	if of == countries {
		codes := codesByName()
		params := simplepin.GetCountriesParams{Locale: locale}
		what, key, request = "countries", func(name string) string { return codes[fold(name)] }, &params
		send = func(ctx context.Context) (*http.Response, error) { return d.api.GetCountries(ctx, &params) }
	} else {
		params := simplepin.GetProvincesParams{Locale: locale, CountryID: of}
		what, key, request = "provinces", fold, &params
		send = func(ctx context.Context) (*http.Response, error) { return d.api.GetProvinces(ctx, &params) }
	}
	found, err := transport.Call[simplepin.LocationModels](ctx, d.wire, customers.OpLookup, send, nil, request)
	if failed := (*customers.Error)(nil); errors.As(err, &failed) {
		failed.Outcome = customers.ErrNotSent
		detail := "asking for the " + what + ", which simplepin.Config.Countries does not tell, failed"
		if failed.Detail != "" {
			detail += ": " + failed.Detail
		}
		failed.Detail = detail
		return nil, failed
	}
	var all []place
	for _, one := range *found {
		if one.ID > 0 && one.Name != "" {
			all = append(all, place{one.ID, one.Name, key(one.Name)})
		}
	}
	return all, nil
}
