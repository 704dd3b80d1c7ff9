package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type valueKey struct{}

// Contexts with a shared deadline end in time, each with what its caller knows.
func TestSharedDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d deadlines
		caller, leave := context.WithCancel(context.WithValue(t.Context(), valueKey{}, "one"))
		began := time.Now()
		first, done := d.within(caller)
		defer done()
		time.Sleep(deadlineStep - time.Millisecond)
		second, done := d.within(context.WithValue(t.Context(), valueKey{}, "two"))
		defer done()
		time.Sleep(time.Millisecond)
		third, done := d.within(t.Context())
		defer done()
		if first.Done() != second.Done() || second.Done() == third.Done() {
			t.Error("contexts of one step share their end, and those of two steps do not")
		}
		if first.Value(valueKey{}) != "one" || second.Value(valueKey{}) != "two" || third.Value(valueKey{}) != nil {
			t.Error("a context has the values of another caller")
		}
		leave()
		if !errors.Is(first.Err(), context.Canceled) || second.Err() != nil {
			t.Errorf("one caller has left: %v, %v", first.Err(), second.Err())
		}
		<-second.Done()
		if took := time.Since(began); took > Budget || !errors.Is(second.Err(), context.DeadlineExceeded) {
			t.Errorf("ended after %v with %v", took, second.Err())
		}
		if third.Err() != nil {
			t.Errorf("the next step has ended too: %v", third.Err())
		}
		<-third.Done()
		if deadline, ok := third.Deadline(); !ok || time.Now().Before(deadline) || time.Since(began) > Budget+deadlineStep {
			t.Errorf("ended at %v, the deadline is %v", time.Now(), deadline)
		}

		// A caller with a deadline keeps it.
		own, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer stop()
		fourth, done := d.within(own)
		defer done()
		began = time.Now()
		<-fourth.Done()
		if took := time.Since(began); took != 20*time.Millisecond {
			t.Errorf("ended after %v", took)
		}
	})
}
