package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"meetbot/internal/inbound"
	"meetbot/internal/telemetry"
	"meetbot/store"
)

// noteEvery is how often at most a replica tells the others which requests of a platform came.
const noteEvery = time.Minute

// tally counts the requests to one platform's endpoints, in the figures of this process, and in Redis for all replicas
// and for the time after a restart. Redis is written in the background: no request waits for that.
type tally struct {
	*telemetry.Requests // the figures
	platform            string
	store               noteKeeper
	log                 *slog.Logger
	came                chan struct{} // something is to be told

	mu    sync.Mutex
	notes store.RequestNotes
}

// noteKeeper keeps what replicas tell. A store is one.
type noteKeeper interface {
	NoteRequests(ctx context.Context, platform string, n store.RequestNotes) error
}

var (
	_ inbound.Observer        = (*tally)(nil)
	_ inbound.ServiceObserver = (*tally)(nil)
)

func newTally(platform string, figures *telemetry.Requests, keeper noteKeeper, log *slog.Logger) *tally {
	return &tally{
		Requests: figures, platform: platform, store: keeper, log: log, came: make(chan struct{}, 1),
	}
}

// Accepted implements inbound.Observer.
func (t *tally) Accepted() {
	t.Requests.Accepted()
	t.note(func(n *store.RequestNotes) { n.Accepted = time.Now() })
}

// Service implements inbound.ServiceObserver.
func (t *tally) Service(host string) {
	t.note(func(n *store.RequestNotes) {
		if n.Services == nil {
			n.Services = map[string]time.Time{}
		}
		n.Services[host] = time.Now()
	})
}

// Refused implements inbound.Observer.
func (t *tally) Refused(reason string) {
	t.Requests.Refused(reason)
	t.note(func(n *store.RequestNotes) {
		if n.Refused == nil {
			n.Refused = map[string]store.Refusals{}
		}
		n.Refused[reason] = store.Refusals{Last: time.Now(), Count: n.Refused[reason].Count + 1}
	})
}

func (t *tally) note(change func(*store.RequestNotes)) {
	t.mu.Lock()
	change(&t.notes)
	t.mu.Unlock()
	select {
	case t.came <- struct{}{}:
	default: // it is known that something came
	}
}

// run tells Redis what came: at once after a quiet time, otherwise once in a while, and for the last time when ctx
// ends.
func (t *tally) run(ctx context.Context, every time.Duration) {
	for {
		select {
		case <-t.came:
			t.tell(ctx)
		case <-ctx.Done():
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			t.tell(context.WithoutCancel(ctx)) // the store has a limit of its own
			return
		}
	}
}

// tell writes what came since it was called last. What cannot be written is lost: the figures have it.
func (t *tally) tell(ctx context.Context) {
	t.mu.Lock()
	notes := t.notes
	t.notes = store.RequestNotes{}
	t.mu.Unlock()
	if err := t.store.NoteRequests(ctx, t.platform, notes); err != nil {
		t.log.DebugContext(ctx, "cannot note which requests came", "platform", t.platform, "error", err)
	}
}
