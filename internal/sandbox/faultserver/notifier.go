package faultserver

import (
	"context"
	"fmt"
	"sync"
)

// Notifier wakes those who wait for a change of what people see. The lock of what changes guards it. Its zero value is
// ready.
type Notifier struct {
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// Notify tells everybody who waits that something changed.
func (b *Notifier) Notify() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// Changed is closed at the next change.
func (b *Notifier) Changed() <-chan struct{} {
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

// Await returns the first message of list that matches, at once if there is one, otherwise as soon as there is. list
// runs with mu held, which guards b as well; where names the place for the error, which is the context's.
func Await[M any](ctx context.Context, mu sync.Locker, b *Notifier, where string, list func() []M,
	match func(M) bool) (M, error) {
	for {
		mu.Lock()
		all, changed := list(), b.Changed()
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
