package simplepin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/gen/simplepin"
	"github.com/contract-first/customers/transport"
)

// place is an entry of one of SimplePin's lists.
type place struct {
	id   int64
	name string
	// key is what it is found by: of a country the ISO code, "" if its name does not tell it; of a province the folded
	// name.
	key string
}

// countries is the number that stands for the list of countries; those of provinces have their country's.
const countries = 0

// lists asks SimplePin for its lists and keeps them for a while.
type lists struct {
	cache transport.Cached[int64, list]
}

// list is one of them, or why it could not be had.
type list struct {
	places []place
	failed error
}

// failureLifetime is how long reads, which can do without a list, do not ask again for one that could not be had.
const failureLifetime = time.Minute

func newLists(lifetime time.Duration, fetch func(ctx context.Context, of int64) ([]place, error)) *lists {
	return &lists{transport.Cached[int64, list]{Fetch: func(ctx context.Context, of int64) (list, time.Time, error) {
		places, err := fetch(ctx, of)
		if err != nil {
			return list{failed: err}, time.Now().Add(failureLifetime), nil
		}
		return list{places: places}, time.Now().Add(lifetime), nil
	}}}
}

func (l *lists) current(of int64) ([]place, bool) {
	held, ok := l.cache.Current(of)
	return held.places, ok && held.failed == nil
}

// get is a list, asked for once at a time however many calls wait. Its errors say that nothing was sent: nothing was
// written.
func (l *lists) get(ctx context.Context, of int64) ([]place, error) {
	l.cache.Forget(of, func(held list) bool { return held.failed != nil })
	return l.known(ctx, of)
}

// known is get for who takes a failure of a while ago for an answer.
func (l *lists) known(ctx context.Context, of int64) ([]place, error) {
	held, err := l.cache.Get(ctx, of, 0) // Options.Timeout ends the request
	return held.places, cmp.Or(err, held.failed)
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
