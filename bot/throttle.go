package bot

import (
	"context"
	"errors"
	"time"
)

// Throttles is what replicas tell each other about upstreams that asked to wait: the part of a [Queue] that paces
// calls.
type Throttles interface {
	// Throttle asks all replicas not to call the named upstream for the given time, or longer if they already wait
	// longer.
	Throttle(ctx context.Context, upstream string, wait time.Duration) error
	// ThrottledFor returns for how long the named upstream must not be called; 0 if it may be.
	ThrottledFor(ctx context.Context, upstream string) (time.Duration, error)
}

// CallThrottled calls an upstream unless it is throttled, and throttles it for every replica if it asks to wait. In
// both cases the error has the code Throttled.
func CallThrottled(ctx context.Context, t Throttles, upstream string, call func(context.Context) error) error {
	wait, err := t.ThrottledFor(ctx, upstream)
	if err != nil {
		return err
	}
	if wait > 0 {
		return &Error{Code: Throttled, Wait: wait, Err: errors.New(upstream + " asked to wait")}
	}
	err = call(ctx)
	if e, ok := errors.AsType[*Error](err); ok && e.Code == Throttled {
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

// waitOf is how long the upstream asked to wait, a second at least.
func waitOf(err error) time.Duration {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return time.Second
	}
	return max(e.Wait, time.Second)
}
