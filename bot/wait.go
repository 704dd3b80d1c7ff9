package bot

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// The wait between two attempts at a job whose failure named no time.
const (
	waitLeast = time.Second
	waitMost  = 30 * time.Second
	// waitThrottled is the longest wait for the end of a throttle: meanwhile somebody else may have made the meeting.
	waitThrottled = time.Minute + spreadMost
)

// waitAfter is how long a job of the given age waits for its next attempt after a passing fault: until the end of a
// throttle, a minute or so at most, or half of its age, so that the waits grow. A job that is to be given up meanwhile
// is attempted then.
func (s *Service) waitAfter(err error, age time.Duration) time.Duration {
	wait := min(max(age/2, waitLeast), waitMost)
	if CodeOf(err) == Throttled {
		wait = min(waitOf(err), waitThrottled)
	} else {
		wait += spread(wait / 2)
	}
	if left := s.Timing.GiveUp - age; left > 0 {
		wait = min(wait, left)
	}
	return wait
}

// wait keeps a job here until its next attempt, without a slot: no other replica takes it over meanwhile, and nobody
// attempts it in vain. If there is no room for that, or this process stops, the job is given back. If this process
// ends, or Redis cannot be reached, others take the job over as they do any other.
func (s *Service) wait(l Lease, wait time.Duration, log *slog.Logger) {
	l.tried = true
	waiting := s.work.begin(func() {
		over, err := s.keepFor(l, wait)
		switch {
		case errors.Is(err, ErrNotOwner):
			log.Info("job is another's by now")
		case err != nil:
			log.Info("job is left to be taken over", "cause", err)
			s.giveBack(l, false)
		case over:
			s.start(l, nil)
		default:
			s.giveBack(l, true)
		}
	})
	if !waiting {
		s.giveBack(l, false)
	}
}

// keepFor keeps a job for the given time. over is false if the service leaves its jobs to others before that.
func (s *Service) keepFor(l Lease, wait time.Duration) (over bool, err error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	keep := time.NewTicker(s.Timing.Attempt / 2)
	defer keep.Stop()
	for {
		ctx, cancel := context.WithTimeout(s.base, s.Timing.Attempt/2)
		err := s.Queue.Keep(ctx, l)
		cancel()
		if err != nil || over {
			return over, err
		}
		select {
		case <-timer.C:
			over = true
		case <-keep.C:
		case <-s.leaving:
			return false, nil
		case <-s.work.open.Done():
			return false, nil
		case <-s.base.Done():
			return false, nil
		}
	}
}
