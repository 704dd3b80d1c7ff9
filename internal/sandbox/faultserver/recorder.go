package faultserver

import (
	"slices"
	"sync"
)

// Recorder keeps what a server saw, in the order in which it was written down. Its zero value is ready and keeps
// everything.
type Recorder[T any] struct {
	// Limit is how many entries are kept, the oldest go first; 0: all, negative: none. Set it before the first entry.
	Limit int

	mu  sync.Mutex
	all []T
}

func (j *Recorder[T]) Add(entry T) {
	if j.Limit < 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, entry)
	if j.Limit > 0 && len(j.all) > j.Limit {
		j.all = j.all[1:] // append moves the rest to the front of a new array in time
	}
}

// List returns a copy of the entries.
func (j *Recorder[T]) List() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.all)
}

func (j *Recorder[T]) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = nil
}
