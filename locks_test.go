package customers

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errLocked = errors.New("a cause")

func TestLocksSerialiseOneID(t *testing.T) {
	var l locks
	var wg sync.WaitGroup
	done, working := 0, 0 // the race detector watches them
	for range 100 {
		wg.Go(func() {
			assert.NoError(t, l.do(t.Context(), "one", func() error {
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
	assert.Zero(t, len(l.held))
}

func TestLocksLetOtherIDsWork(t *testing.T) {
	var l locks
	met := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		assert.NoError(t, l.do(t.Context(), "one", func() error { met <- struct{}{}; return nil }))
	})
	require.NoError(t, l.do(t.Context(), "two", func() error { <-met; return nil }))
	wg.Wait()
}

func TestLocksWaiterGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l locks
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			assert.NoError(t, l.do(t.Context(), "one", func() error { <-release; return nil }))
		})
		synctest.Wait()

		ctx, cancel := context.WithCancelCause(t.Context())
		wg.Go(func() {
			err := l.do(ctx, "one", func() error { t.Error("it was not its turn"); return nil })
			assert.ErrorIs(t, err, ErrCanceled)
			assert.ErrorIs(t, err, ErrNotSent)
			assert.ErrorIs(t, err, errLocked)
		})
		synctest.Wait()
		cancel(errLocked)
		synctest.Wait()
		assert.Equal(t, 1, len(l.held), "who works keeps its turn")

		close(release)
		wg.Wait()
		assert.Zero(t, len(l.held))
	})
}

func TestLocksFreeTheIDHoweverWorkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l locks
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			assert.Panics(t, func() {
				_ = l.do(t.Context(), "one", func() error { <-release; panic(errLocked) })
			})
		})
		synctest.Wait()
		wg.Go(func() {
			assert.ErrorIs(t, l.do(t.Context(), "one", func() error { return errLocked }), errLocked)
		})
		synctest.Wait() // it waits for its turn
		close(release)
		wg.Wait()
		require.NoError(t, l.do(t.Context(), "one", func() error { return nil }))
		assert.Zero(t, len(l.held))
	})
}

func TestLocksForgetIDs(t *testing.T) {
	var l locks
	for i := range 1000 {
		require.NoError(t, l.do(t.Context(), strconv.Itoa(i), func() error { return nil }))
	}
	assert.Zero(t, len(l.held))
}
