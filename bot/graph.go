package bot

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/singleflight"
)

// graph reaches Microsoft Graph on behalf of attempts. Graph's quota belongs to the app rather than to a replica, so
// one replica that is told to wait holds all of them back.
type graph struct {
	meetings  Meetings
	directory Directory
	queue     Queue
	flights   singleflight.Group // createOrGet under way, by claim
}

// upstream is Graph's name among those that can be held.
const upstream = "graph"

// pauses are the waits before an attempt asks again after a passing fault that named no time.
var pauses = []time.Duration{300 * time.Millisecond, 1500 * time.Millisecond}

// do calls Graph while it answers with passing faults and the attempt's time allows.
func (g *graph) do(ctx context.Context, call func(context.Context) error) error {
	held, err := g.queue.Held(ctx, upstream)
	if err != nil {
		return err
	}
	if held > 0 {
		if err := pause(ctx, held); err != nil {
			return &Error{Code: Throttled, Wait: held, Err: err}
		}
	}
	for try := 0; ; try++ {
		err := call(ctx)
		var wait time.Duration
		switch CodeOf(err) {
		case Throttled:
			e, _ := errors.AsType[*Error](err)
			wait = e.Wait
			if holdErr := g.queue.Hold(ctx, upstream, wait); holdErr != nil {
				return errors.Join(err, holdErr)
			}
		case Unavailable:
			if try >= len(pauses) {
				return err
			}
			wait = pauses[try]
		default:
			return err
		}
		if pauseErr := pause(ctx, wait); pauseErr != nil {
			return err
		}
	}
}

// createOrGet carries the claim out. Askers who wait for the same claim in this replica share one call; created is true
// for the one who made it.
func (g *graph) createOrGet(ctx context.Context, c Claim) (m OnlineMeeting, created bool, err error) {
	mine := false
	flight := g.flights.DoChan(c.ID, func() (any, error) {
		mine = true
		var made OnlineMeeting
		err := g.do(ctx, func(ctx context.Context) error {
			var err error
			made, created, err = g.meetings.CreateOrGet(ctx, c.Organizer.ID, c.Request)
			return err
		})
		return made, err
	})
	select {
	case result := <-flight:
		if result.Err != nil {
			return OnlineMeeting{}, false, result.Err
		}
		return result.Val.(OnlineMeeting), mine && created, nil
	case <-ctx.Done():
		return OnlineMeeting{}, false, ctx.Err()
	}
}

func (g *graph) user(ctx context.Context, idOrUPN string) (u DirectoryUser, err error) {
	err = g.do(ctx, func(ctx context.Context) error {
		var err error
		u, err = g.directory.User(ctx, idOrUPN)
		return err
	})
	return u, err
}

func (g *graph) usersByEmail(ctx context.Context, email string) (found []DirectoryUser, err error) {
	err = g.do(ctx, func(ctx context.Context) error {
		var err error
		found, err = g.directory.UsersByEmail(ctx, email)
		return err
	})
	return found, err
}
