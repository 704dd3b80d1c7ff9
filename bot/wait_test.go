package bot

import (
	"errors"
	"testing"
	"time"
)

// The pauses of a job grow with its age, follow a throttle, and never pass the time at which it is given up.
func TestWaitsBetweenAttempts(t *testing.T) {
	s := &Service{Config: Config{Timing: Timing{}.withDefaults()}}
	unavailable := errors.New("no answer")
	throttled := func(wait time.Duration) error { return &Error{Code: Throttled, Wait: wait} }
	for name, tt := range map[string]struct {
		err         error
		age         time.Duration
		least, most time.Duration
	}{
		"young":                     {unavailable, 0, time.Second, 1500 * time.Millisecond},
		"older":                     {unavailable, 20 * time.Second, 10 * time.Second, 15 * time.Second},
		"old":                       {unavailable, 10 * time.Minute, 30 * time.Second, 40 * time.Second},
		"throttled":                 {throttled(20 * time.Second), time.Second, 20 * time.Second, 26 * time.Second},
		"throttled for very long":   {throttled(10 * time.Minute), time.Second, time.Minute, time.Minute + 6*time.Second},
		"throttled without a time":  {throttled(0), time.Second, time.Second, 2 * time.Second},
		"soon to be given up":       {throttled(time.Minute), 24*time.Minute + 50*time.Second, 10 * time.Second, 10 * time.Second},
		"its author cannot be told": {unavailable, 26 * time.Minute, 30 * time.Second, 40 * time.Second},
	} {
		for range 100 {
			if wait := s.waitAfter(tt.err, tt.age); wait < tt.least || wait > tt.most {
				t.Fatalf("%s: waits for %v, want %v to %v", name, wait, tt.least, tt.most)
			}
		}
	}
}

// Two hundred who wait for the end of the same throttle come over some seconds.
func TestEndOfAThrottleIsSpread(t *testing.T) {
	first, last := time.Hour, time.Duration(0)
	for range 200 {
		wait := waitOf(&Error{Code: Throttled, Wait: time.Minute})
		if wait < time.Minute {
			t.Fatalf("one comes after %v, before the end", wait)
		}
		first, last = min(first, wait), max(last, wait)
	}
	if last-first < 3*time.Second || last-first > spreadMost {
		t.Errorf("all come within %v", last-first)
	}
}
