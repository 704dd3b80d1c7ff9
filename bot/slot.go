package bot

import (
	"context"
	"time"
)

// slots bounds how many attempts run at once in this process. Its capacity is the bound.
type slots chan struct{}

// free returns how many more attempts may start now.
func (s slots) free() int { return cap(s) - len(s) }

// slot is one attempt's right to run. It belongs to the goroutine of the attempt, which gives it up while it waits for
// others. Make it with slots.acquire. A nil slot is held by nobody and bounds nothing.
type slot struct {
	of   slots
	held bool
}

// acquire waits for a slot until ctx ends.
func (s slots) acquire(ctx context.Context) (*slot, error) {
	taken := &slot{of: s}
	if err := taken.acquire(ctx); err != nil {
		return nil, err
	}
	return taken, nil
}

// acquire takes the slot again after release. It waits until ctx ends.
func (s *slot) acquire(ctx context.Context) error {
	if s == nil || s.held {
		return nil
	}
	select {
	case s.of <- struct{}{}:
		s.held = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// release gives the slot to another attempt.
func (s *slot) release() {
	if s != nil && s.held {
		s.held = false
		<-s.of
	}
}

// pause waits for the given time without holding the slot, and takes it again. It returns an error at once if the wait
// does not fit into ctx with a second to spare for what comes after it.
func (s *slot) pause(ctx context.Context, wait time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait+time.Second {
		return context.DeadlineExceeded
	}
	s.release()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.acquire(ctx)
}
