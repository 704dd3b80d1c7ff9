package store

import (
	"context"
	"sync/atomic"
	"time"
)

// deadlineStep is how much sooner than [Budget] a read may end that shares its deadline.
const deadlineStep = 50 * time.Millisecond

// deadlines hands out contexts that end within [Budget]. Reads that begin within one step share one timer: a timer for
// each of them is a large part of what a repeat costs.
type deadlines struct {
	latest atomic.Pointer[sharedDeadline]
}

type sharedDeadline struct {
	context.Context
	from time.Time
}

// within returns a context with the values of ctx that ends within Budget, or at the deadline of ctx if it has one. If
// ctx has none, it does not end at once when ctx is cancelled: so this is for reads, which do no harm when their caller
// has gone. Those that are called after that fail.
func (d *deadlines) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, own := ctx.Deadline(); own {
		return context.WithTimeout(ctx, Budget)
	}
	now := time.Now()
	shared := d.latest.Load()
	if shared == nil || now.Sub(shared.from) >= deadlineStep {
		ending, cancel := context.WithDeadline(context.Background(), now.Add(Budget))
		context.AfterFunc(ending, cancel)
		shared = &sharedDeadline{Context: ending, from: now}
		d.latest.Store(shared)
	}
	return timedContext{Context: shared, caller: ctx}, func() {}
}

// timedContext is a context with the deadline of one and the values of another.
type timedContext struct {
	context.Context
	caller context.Context
}

func (c timedContext) Err() error {
	if err := c.caller.Err(); err != nil {
		return err
	}
	return c.Context.Err()
}

func (c timedContext) Value(key any) any { return c.caller.Value(key) }
