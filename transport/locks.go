package transport

import (
	"context"
	"sync"

	"github.com/contract-first/customers"
)

// Locks serialises work on the same id within one client: an update that reads, merges and writes must not meet another
// in between. The zero value is ready.
type Locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	turn    chan struct{} // holds one token: whoever has it works
	waiting int
}

// Do runs work when it is id's turn. If the context ends first, nothing was sent.
func (l *Locks) Do(ctx context.Context, id string, work func() error) error {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	k := l.held[id]
	if k == nil {
		k = &lock{turn: make(chan struct{}, 1)}
		l.held[id] = k
	}
	k.waiting++
	l.mu.Unlock()

	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.waiting--; k.waiting == 0 {
			delete(l.held, id)
		}
	}()
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
		return work()
	case <-ctx.Done():
		return &customers.Error{Kind: customers.ErrCanceled, Outcome: customers.ErrNotSent, Err: whyEnded(ctx)}
	}
}
