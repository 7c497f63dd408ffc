package transport_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

func TestCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetched atomic.Int32
		c := transport.Cached[string, int32]{Fetch: func(_ context.Context, key string) (int32, time.Time, error) {
			time.Sleep(time.Second)
			if key == "broken" {
				return 0, time.Time{}, errCause
			}
			return fetched.Add(1), time.Now().Add(time.Minute), nil
		}}
		get := func(key string) int32 {
			value, err := c.Get(t.Context(), key, 0)
			require.NoError(t, err)
			return value
		}
		_, ok := c.Current("a")
		assert.False(t, ok)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { assert.EqualValues(t, 1, get("a"), "one fetch for all who wait") })
		}
		wg.Wait()
		assert.EqualValues(t, 1, get("a"))
		assert.EqualValues(t, 2, get("b"), "each key has its own")

		c.Forget("a", func(v int32) bool { return v == 7 })
		assert.EqualValues(t, 1, get("a"))
		c.Forget("a", func(v int32) bool { return v == 1 })
		assert.EqualValues(t, 3, get("a"))
		time.Sleep(time.Minute)
		_, ok = c.Current("a")
		assert.False(t, ok, "its time is over")
		assert.EqualValues(t, 4, get("a"))

		for range 2 {
			_, err := c.Get(t.Context(), "broken", 0)
			require.ErrorIs(t, err, errCause)
		}
	})
}

func TestCachedBoundsTheFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := transport.Cached[int, int]{Fetch: func(ctx context.Context, _ int) (int, time.Time, error) {
			<-ctx.Done()
			return 0, time.Time{}, ctx.Err()
		}}
		started := time.Now()
		_, err := c.Get(t.Context(), 1, time.Second)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(started))

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = c.Get(ctx, 1, time.Second)
		require.ErrorIs(t, err, customers.ErrCanceled)
		require.ErrorIs(t, err, customers.ErrNotSent)
		_, err = c.Get(ctx, 2, time.Second)
		require.ErrorIs(t, err, customers.ErrCanceled, "not even begun")
		time.Sleep(time.Second) // the fetch that nobody waits for ends as well
	})
}

// A panic is one of the callers', who can recover from it.
func TestCachedPanics(t *testing.T) {
	c := transport.Cached[int, int]{Fetch: func(context.Context, int) (int, time.Time, error) { panic(errCause) }}
	assert.PanicsWithValue(t, errCause, func() { _, _ = c.Get(t.Context(), 1, 0) })
}
