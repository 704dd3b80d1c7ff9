package bot

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Throttles is what replicas tell each other about upstreams that asked to wait: the part of a [Queue] that paces
// calls.
type Throttles interface {
	// Throttle asks all replicas not to make such calls for the given time, or longer if they already wait longer.
	// Where the call has a part of its own, calls of other parts go on, until several parts were throttled in a short
	// time: then the whole upstream is.
	Throttle(ctx context.Context, u Upstream, wait time.Duration) error
	// ThrottledFor returns for how long such a call must not be made, because its part or the whole upstream is
	// throttled; 0 if it may be. It is one round trip.
	ThrottledFor(ctx context.Context, u Upstream) (time.Duration, error)
}

// Upstream names what a call uses, and so what can be throttled.
type Upstream struct {
	Name string // of the service, or of the part of it that is throttled as a whole
	Part string // what is limited on its own within it, such as an operation for one user; empty: nothing
}

// whole is the upstream with all its parts.
func (u Upstream) whole() Upstream { return Upstream{Name: u.Name} }

// String names the upstream for the log, without its part: that may name a person.
func (u Upstream) String() string { return u.Name }

// CallThrottled calls an upstream unless it is throttled, and throttles it for every replica if it asks to wait. In
// both cases the error has the code Throttled.
func CallThrottled(ctx context.Context, t Throttles, upstream Upstream, call func(context.Context) error) error {
	wait, err := t.ThrottledFor(ctx, upstream)
	if err != nil {
		return err
	}
	if wait > 0 {
		return &Error{Code: Throttled, Wait: wait, Err: errors.New(upstream.String() + " asked to wait")}
	}
	err = call(ctx)
	if e, ok := errors.AsType[*Error](err); ok && e.Code == Throttled {
		if e.Everything {
			upstream = upstream.whole()
		}
		if throttleErr := t.Throttle(ctx, upstream, e.Wait); throttleErr != nil {
			return errors.Join(err, throttleErr)
		}
	}
	return err
}

// retryThrottled repeats a call while it asks to wait, as long as the wait fits into ctx. It waits without the slot.
func retryThrottled(ctx context.Context, s *slot, call func() error) error {
	for {
		err := call()
		if CodeOf(err) != Throttled {
			return err
		}
		if pauseErr := s.pause(ctx, waitOf(err)); pauseErr != nil {
			return err
		}
	}
}

// waitOf is how long to wait before the next call: as long as the upstream asked, a second at least, and then a random
// time, so that those who wait do not all come at the same moment.
func waitOf(err error) time.Duration {
	wait := time.Second
	if e, ok := errors.AsType[*Error](err); ok {
		wait = max(e.Wait, wait)
	}
	return wait + spread(wait)
}

// spread is a random time for those who wait for the end of the same throttle: half of the wait at most, and no more
// than a few seconds.
func spread(wait time.Duration) time.Duration {
	return rand.N(min(wait/2, spreadMost) + 1)
}

// spreadMost is the longest time over which the calls after a throttle are spread.
const spreadMost = 5 * time.Second
