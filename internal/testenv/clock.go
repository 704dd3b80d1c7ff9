package testenv

import (
	"sync/atomic"
	"time"
)

// Clock is the time by which meetings live in Graph and in the bot. It goes on as time does, and can be moved ahead by
// days. The zero value shows the real time. It is safe for concurrent use.
type Clock struct{ ahead atomic.Int64 }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Move moves the clock on by d.
func (c *Clock) Move(d time.Duration) { c.ahead.Add(int64(d)) }
