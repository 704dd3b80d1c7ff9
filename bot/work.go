package bot

import (
	"context"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// goroutinesPerSlot is how many attempts may be in this process for each slot: those that hold one, and those that wait
// for a slot, for Graph or for a chat platform. Further jobs wait in the queue.
const goroutinesPerSlot = 4

// work bounds what goes on in goroutines of the service, and waits for its end. It is safe for concurrent use.
type work struct {
	open  context.Context // ends when nothing may begin any more
	close context.CancelFunc
	group sync.WaitGroup

	mu      sync.Mutex
	under   int  // how many there are
	most    int  // how many there may be
	crashed bool // nobody is to be told of anything
}

func newWork(most int) *work {
	w := &work{most: most}
	w.open, w.close = context.WithCancel(context.Background())
	return w
}

// begin runs do in a goroutine. It returns false, and does nothing, if there is no room or the service is stopping.
func (w *work) begin(do func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open.Err() != nil || w.under >= w.most {
		return false
	}
	w.under++
	w.group.Go(func() {
		defer w.end()
		do()
	})
	return true
}

func (w *work) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.under--
}

// room is how much more may begin now.
func (w *work) room() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.most - w.under
}

// stop lets nothing begin any more. The channel that it returns is closed when everything has ended.
func (w *work) stop() <-chan struct{} {
	w.mu.Lock()
	w.close()
	w.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.group.Wait()
	}()
	return ended
}

// crash lets nothing begin any more, and says that nobody is to be told of what ends.
func (w *work) crash() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.crashed = true
	w.close()
}

func (w *work) hasCrashed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.crashed
}

// remembered is how many names a memory of [newRecent] has, of about 200 bytes each.
const remembered = 4096

// newRecent returns a memory of the names that were added last.
func newRecent() *lru.Cache[string, struct{}] {
	names, err := lru.New[string, struct{}](remembered)
	if err != nil {
		panic(err) // the size is not positive
	}
	return names
}

// endedAttempts are attempts that ended in order and of which the queue could not be told yet: until then they count as
// broken.
type endedAttempts struct {
	mu     sync.Mutex
	leases []Lease
}

// add remembers an attempt, unless there are too many already.
func (e *endedAttempts) add(l Lease) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.leases) < remembered {
		e.leases = append(e.leases, l)
	}
}

// tell tells the queue of all of them, and keeps those of which it cannot be told now.
func (e *endedAttempts) tell(ctx context.Context, q Queue) {
	e.mu.Lock()
	leases := e.leases
	e.leases = nil
	e.mu.Unlock()
	for i, l := range leases {
		if q.GiveBack(ctx, l, false) != nil {
			for _, untold := range leases[i:] {
				e.add(untold)
			}
			return
		}
	}
}
