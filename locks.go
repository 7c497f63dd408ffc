package customers

import (
	"context"
	"sync"
)

// locks serialises work on the same customer within one client: what reads and then writes must not meet another that
// does so in between. The zero value is ready.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	turn    chan struct{} // holds one token: whoever has it works
	waiting int
}

// do runs work when it is the key's turn. If the context ends first, nothing was sent.
func (l *locks) do(ctx context.Context, key string, work func() error) error {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	k := l.held[key]
	if k == nil {
		k = &lock{turn: make(chan struct{}, 1)}
		l.held[key] = k
	}
	k.waiting++
	l.mu.Unlock()

	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.waiting--; k.waiting == 0 {
			delete(l.held, key)
		}
	}()
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
		return work()
	case <-ctx.Done():
		return &Error{Kind: ErrCanceled, Outcome: ErrNotSent, Err: ContextError(ctx)}
	}
}
