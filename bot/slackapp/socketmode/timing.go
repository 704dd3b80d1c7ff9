package socketmode

import (
	"math/rand/v2"
	"time"
)

// Timing holds the client's periods. Its zero value means the defaults; tests shorten them.
type Timing struct {
	Pause        time.Duration // before the second attempt to connect; each further one doubles it; 1 s
	LongestPause time.Duration // 30 s
	// Lasting is Pause, and LongestLasting is LongestPause, while nothing gets better before somebody does something.
	Lasting        time.Duration // 30 s
	LongestLasting time.Duration // 5 min
	Silence        time.Duration // how long nothing may come before the connection is given up; 2 min
	Linger         time.Duration // how long a connection may go on that another one has taken the place of; 30 s
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		value   *time.Duration
		instead time.Duration
	}{
		{&t.Pause, time.Second},
		{&t.LongestPause, 30 * time.Second},
		{&t.Lasting, 30 * time.Second},
		{&t.LongestLasting, 5 * time.Minute},
		{&t.Silence, 2 * time.Minute},
		{&t.Linger, 30 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.instead
		}
	}
	return t
}

// Periods that nobody changes.
const (
	openWithin  = 10 * time.Second // for asking where to connect
	dialWithin  = 10 * time.Second // for connecting
	greetWithin = 10 * time.Second // for Slack's hello
	ackWithin   = 3 * time.Second  // what Slack waits for an acknowledgement
	closeWithin = time.Second      // for Slack's side of the closing handshake
)

// pauses are the waits between attempts to connect. They grow, and each is spread over its half around, since Slack may
// send many replicas away at the same moment.
type pauses struct {
	timing         Timing
	short, lasting int // how many there were in a row
}

// next is the wait after an attempt that failed, or a connection that did not last.
func (p *pauses) next(e *Error) time.Duration {
	var pause time.Duration
	if e.Lasting {
		pause = grown(p.timing.Lasting, p.lasting, p.timing.LongestLasting)
		p.lasting++
	} else {
		pause = grown(p.timing.Pause, p.short, p.timing.LongestPause)
		p.short++
	}
	return e.Wait + time.Duration((0.5+rand.Float64())*float64(pause)) //nolint:gosec // spreads load, keeps no secret
}

// reset begins anew: all is well.
func (p *pauses) reset() { p.short, p.lasting = 0, 0 }

// grown is first, doubled n times, and most at most.
func grown(first time.Duration, n int, most time.Duration) time.Duration {
	for range n {
		if first = 2 * first; first >= most {
			return most
		}
	}
	return min(first, most)
}
