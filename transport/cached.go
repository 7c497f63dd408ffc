package transport

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/contract-first/customers"
)

// Cached holds values that have to be fetched, each until it expires. However many calls wait for the same one, it is
// fetched once at a time; what fails is not kept. It is safe for concurrent use, and must not be copied.
type Cached[K comparable, V any] struct {
	// Fetch gets a value, and tells until when it is good; the zero time is for good. It must not be changed.
	Fetch func(context.Context, K) (V, time.Time, error)

	group singleflight.Group
	mu    sync.Mutex
	held  map[K]cached[V]
}

type cached[V any] struct {
	value V
	until time.Time // by the monotonic clock, so that setting the wall clock changes nothing
}

func (c cached[V]) over() bool { return !c.until.IsZero() && !time.Now().Before(c.until) }

// Get returns the value for key. A call whose context ends stops waiting and does not end the fetch, whose context has
// the values of the first call's and ends after timeout; 0 is never. A panic of Fetch is one of every call that waits.
func (c *Cached[K, V]) Get(ctx context.Context, key K, timeout time.Duration) (V, error) {
	if value, ok := c.Current(key); ok {
		return value, nil
	}
	var none V
	if ctx.Err() != nil {
		return none, canceled(ctx)
	}
	fetching := c.group.DoChan(fmt.Sprintf("%#v", key), func() (fetched any, err error) {
		if value, ok := c.Current(key); ok {
			return value, nil // the fetch that just ended was for us too
		}
		defer func() {
			if p := recover(); p != nil {
				err = panicked{p} // in this goroutine nobody could recover from it
			}
		}()
		ctx := context.WithoutCancel(ctx)
		if timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = (&limit{timeout, "Options.Timeout"}).within(ctx)
			defer cancel()
		}
		value, until, err := c.Fetch(ctx, key)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.held == nil {
			c.held = map[K]cached[V]{}
		}
		maps.DeleteFunc(c.held, func(_ K, old cached[V]) bool { return old.over() })
		c.held[key] = cached[V]{value, until}
		return value, nil
	})
	select {
	case <-ctx.Done():
		return none, canceled(ctx)
	case result := <-fetching:
		if p, ok := result.Err.(panicked); ok {
			panic(p.value)
		}
		if result.Err != nil {
			return none, result.Err
		}
		return result.Val.(V), nil
	}
}

type panicked struct{ value any }

func (panicked) Error() string { return "panicked" }

func canceled(ctx context.Context) error {
	return &customers.Error{Kind: customers.ErrCanceled, Outcome: customers.ErrNotSent, Err: customers.ContextError(ctx)}
}

// Current returns the value for key if there is one, without fetching.
func (c *Cached[K, V]) Current(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held, ok := c.held[key]
	if !ok || held.over() {
		var none V
		return none, false
	}
	return held.value, true
}

// Forget lets go of the value for key, if it is one that should go.
func (c *Cached[K, V]) Forget(key K, should func(V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if held, ok := c.held[key]; ok && should(held.value) {
		delete(c.held, key)
	}
}
