package transport_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/contract-first/customers"
	"github.com/contract-first/customers/transport"
)

func TestLocksSerialiseOneID(t *testing.T) {
	var locks transport.Locks
	var wg sync.WaitGroup
	done, working := 0, 0 // the race detector watches them
	for range 100 {
		wg.Go(func() {
			assert.NoError(t, locks.Do(t.Context(), "one", func() error {
				working++
				assert.Equal(t, 1, working)
				working--
				done++
				return nil
			}))
		})
	}
	wg.Wait()
	assert.Equal(t, 100, done)
	assert.Zero(t, locks.Held())
}

func TestLocksLetOtherIDsWork(t *testing.T) {
	var locks transport.Locks
	met := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		assert.NoError(t, locks.Do(t.Context(), "one", func() error { met <- struct{}{}; return nil }))
	})
	require.NoError(t, locks.Do(t.Context(), "two", func() error { <-met; return nil }))
	wg.Wait()
}

func TestLocksWaiterGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var locks transport.Locks
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			assert.NoError(t, locks.Do(t.Context(), "one", func() error { <-release; return nil }))
		})
		synctest.Wait()

		ctx, cancel := context.WithCancelCause(t.Context())
		wg.Go(func() {
			err := locks.Do(ctx, "one", func() error { t.Error("it was not its turn"); return nil })
			assert.ErrorIs(t, err, customers.ErrCanceled)
			assert.ErrorIs(t, err, customers.ErrNotSent)
			assert.ErrorIs(t, err, errCause)
		})
		synctest.Wait()
		cancel(errCause)
		synctest.Wait()
		assert.Equal(t, 1, locks.Held(), "who works keeps its turn")

		close(release)
		wg.Wait()
		assert.Zero(t, locks.Held())
	})
}

func TestLocksFreeTheIDHoweverWorkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var locks transport.Locks
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			assert.Panics(t, func() {
				_ = locks.Do(t.Context(), "one", func() error { <-release; panic(errCause) })
			})
		})
		synctest.Wait()
		wg.Go(func() {
			assert.ErrorIs(t, locks.Do(t.Context(), "one", func() error { return errCause }), errCause)
		})
		synctest.Wait() // it waits for its turn
		close(release)
		wg.Wait()
		require.NoError(t, locks.Do(t.Context(), "one", func() error { return nil }))
		assert.Zero(t, locks.Held())
	})
}

func TestLocksForgetIDs(t *testing.T) {
	var locks transport.Locks
	for i := range 1000 {
		require.NoError(t, locks.Do(t.Context(), strconv.Itoa(i), func() error { return nil }))
	}
	assert.Zero(t, locks.Held())
}
