package bot

import (
	"context"
	"errors"
	"time"
)

// pause waits, unless the wait does not fit into ctx with a second to spare for what comes after it.
func pause(ctx context.Context, wait time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait+time.Second {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// waitOut repeats a call while it asks to wait, as long as the wait fits into ctx.
func waitOut(ctx context.Context, call func() error) error {
	for {
		err := call()
		if CodeOf(err) != Throttled {
			return err
		}
		e, _ := errors.AsType[*Error](err)
		if pauseErr := pause(ctx, max(e.Wait, time.Second)); pauseErr != nil {
			return err
		}
	}
}
