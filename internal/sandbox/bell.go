package sandbox

import (
	"context"
	"fmt"
	"sync"
)

// bell wakes those who wait for a change of what people see. The lock of what changes guards it. Its zero value is ready.
type bell struct {
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// wake tells everybody who waits that something changed.
func (b *bell) wake() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// next is closed at the next change.
func (b *bell) next() <-chan struct{} {
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

// await returns the first message of list that matches, at once if there is one, otherwise as soon as there is. list runs
// with mu held, which guards b as well; where names the place for the error, which is the context's.
func await[M any](ctx context.Context, mu sync.Locker, b *bell, where string, list func() []M, match func(M) bool) (M, error) {
	for {
		mu.Lock()
		all, changed := list(), b.next()
		mu.Unlock()
		for _, m := range all {
			if match(m) {
				return m, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			var none M
			return none, fmt.Errorf("wait for a message in %s, which has %d others: %w", where, len(all), ctx.Err())
		}
	}
}
