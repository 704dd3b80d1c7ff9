package sandbox

import (
	"slices"
	"sync"
)

// journal keeps what a server saw, in the order in which it was written down. Its zero value is ready and keeps
// everything.
type journal[T any] struct {
	// limit is how many entries are kept, the oldest go first; 0: all, negative: none. Set it before the first entry.
	limit int

	mu  sync.Mutex
	all []T
}

func (j *journal[T]) add(entry T) {
	if j.limit < 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, entry)
	if j.limit > 0 && len(j.all) > j.limit {
		j.all = j.all[1:] // append moves the rest to the front of a new array in time
	}
}

// list returns a copy of the entries.
func (j *journal[T]) list() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.all)
}

func (j *journal[T]) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = nil
}
