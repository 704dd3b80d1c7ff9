package bot

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/singleflight"
)

// graph reaches Microsoft Graph on behalf of attempts. Graph's quota belongs to the app rather than to a replica, so
// one replica that is told to wait holds all of them back.
type graph struct {
	meetings  Meetings
	directory Directory
	throttles Throttles
	base      context.Context // of calls that several attempts share
	attempt   time.Duration   // how long such a call may take
	flights   singleflight.Group
}

// upstream is Graph's name among those that can be held.
const upstream = "graph"

// pauses are the waits before an attempt asks again after a passing fault that named no time.
var pauses = []time.Duration{300 * time.Millisecond, 1500 * time.Millisecond}

// do calls Graph while it answers with passing faults and the attempt's time allows.
func (g *graph) do(ctx context.Context, call func(context.Context) error) error {
	for faults := 0; ; {
		err := CallThrottled(ctx, g.throttles, upstream, call)
		var wait time.Duration
		switch CodeOf(err) {
		case Throttled:
			wait = waitOf(err)
		case Unavailable:
			if faults == len(pauses) {
				return err
			}
			wait = pauses[faults]
			faults++
		default:
			return err
		}
		if pauseErr := pause(ctx, wait); pauseErr != nil {
			return err
		}
	}
}

// createResult is what a shared call brought.
type createResult struct {
	meeting OnlineMeeting
	created bool
}

// createOrGet carries the claim out. Askers who wait for the same claim in this replica share one call, which none of
// their deadlines ends; created is true for the one who began it.
func (g *graph) createOrGet(ctx context.Context, c Claim) (m OnlineMeeting, created bool, err error) {
	for {
		mine := false
		flight := g.flights.DoChan(c.ID, func() (result any, err error) {
			mine = true
			defer func() {
				if p := recover(); p != nil { // here it would end the process, beyond the attempt's own guard
					err = &Error{Code: Unavailable, Err: fmt.Errorf("createOrGet panicked: %v\n%s", p, debug.Stack())}
				}
			}()
			ctx, cancel := context.WithTimeout(g.base, g.attempt)
			defer cancel()
			var f createResult
			err = g.do(ctx, func(ctx context.Context) (err error) {
				f.meeting, f.created, err = g.meetings.CreateOrGet(ctx, c.Organizer.ID, c.Request)
				return err
			})
			return f, err
		})
		select {
		case r := <-flight:
			if r.Err == nil {
				f := r.Val.(createResult)
				return f.meeting, mine && f.created, nil
			}
			// A call that others began may have failed for want of their time, not of this asker's.
			if mine || !Temporary(r.Err) || pause(ctx, pauses[0]) != nil {
				return OnlineMeeting{}, false, r.Err
			}
		case <-ctx.Done():
			return OnlineMeeting{}, false, &Error{Code: Unavailable, Err: ctx.Err()}
		}
	}
}

func (g *graph) user(ctx context.Context, idOrUPN string) (u DirectoryUser, err error) {
	err = g.do(ctx, func(ctx context.Context) (err error) {
		u, err = g.directory.User(ctx, idOrUPN)
		return err
	})
	return u, err
}

func (g *graph) usersByEmail(ctx context.Context, email string) (found []DirectoryUser, err error) {
	err = g.do(ctx, func(ctx context.Context) (err error) {
		found, err = g.directory.UsersByEmail(ctx, email)
		return err
	})
	return found, err
}
