package bot

import (
	"context"
	"errors"
	"time"
)

// Throttles is what replicas tell each other about upstreams that asked to be left alone: the part of a [Queue] that paces
// calls.
type Throttles interface {
	// Throttle asks all replicas to leave the named upstream alone for the given time, or longer if they already do.
	Throttle(ctx context.Context, upstream string, wait time.Duration) error
	// ThrottledFor returns for how long the named upstream is to be left alone; 0 if it is not.
	ThrottledFor(ctx context.Context, upstream string) (time.Duration, error)
}

// CallThrottled calls an upstream unless it is to be left alone, and has every replica leave it alone if it asks to wait. Either
// way the error is Throttled.
func CallThrottled(ctx context.Context, h Throttles, upstream string, call func(context.Context) error) error {
	held, err := h.ThrottledFor(ctx, upstream)
	if err != nil {
		return err
	}
	if held > 0 {
		return &Error{Code: Throttled, Wait: held, Err: errors.New(upstream + " asked to wait")}
	}
	err = call(ctx)
	if e, ok := errors.AsType[*Error](err); ok && e.Code == Throttled {
		if holdErr := h.Throttle(ctx, upstream, e.Wait); holdErr != nil {
			return errors.Join(err, holdErr)
		}
	}
	return err
}

// retryThrottled repeats a call while it asks to wait, as long as the wait fits into ctx.
func retryThrottled(ctx context.Context, call func() error) error {
	for {
		err := call()
		if CodeOf(err) != Throttled {
			return err
		}
		if pauseErr := pause(ctx, waitOf(err)); pauseErr != nil {
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

// seat is an attempt's place among those that run at once. It belongs to the attempt's goroutine.
type seat struct {
	places chan struct{}
	taken  bool
}

type seatKey struct{}

// take waits for a place.
func (s *seat) take(ctx context.Context) error {
	select {
	case s.places <- struct{}{}:
		s.taken = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave gives the place to somebody else.
func (s *seat) leave() {
	if s.taken {
		s.taken = false
		<-s.places
	}
}

// pause waits, unless the wait does not fit into ctx with a second to spare for what comes after it.
func pause(ctx context.Context, wait time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait+time.Second {
		return context.DeadlineExceeded
	}
	// An upstream that keeps some waiting must not keep everybody else from a place.
	seat, seated := ctx.Value(seatKey{}).(*seat)
	if seated {
		seat.leave()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if seated {
		return seat.take(ctx)
	}
	return nil
}
