package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"
)

// graph calls Microsoft Graph for attempts. Graph's quotas do not know replicas, so a replica that is told to wait
// makes all of them wait: with calls of this operation for this user, and with all calls once several users were
// concerned.
type graph struct {
	meetings  Meetings
	directory Directory
	groups    Groups
	throttles Throttles
	slots     slots           // for calls that several attempts share
	base      context.Context // of calls that several attempts share
	attempt   time.Duration   // how long such a call may take
	flights   singleflight.Group
}

// graphPart is the part of Graph that an operation uses, for one user if it concerns one.
func graphPart(operation, userID string) Upstream {
	part := operation
	if userID != "" {
		part += ":" + strings.ToLower(userID)
	}
	return Upstream{Name: "graph", Part: part}
}

// pauses are the waits before an attempt calls again after a passing fault that named no time.
var pauses = []time.Duration{300 * time.Millisecond, 1500 * time.Millisecond}

// do calls Graph until it answers, or until the attempt's time or its number of retries after passing faults is used
// up. It waits without the slot.
func (g *graph) do(ctx context.Context, s *slot, u Upstream, call func(context.Context) error) error {
	for faults := 0; ; {
		err := CallThrottled(ctx, g.throttles, u, call)
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
		if pauseErr := s.pause(ctx, wait); pauseErr != nil {
			return err
		}
	}
}

// createResult is what a call of createOrGet brought.
type createResult struct {
	meeting OnlineMeeting
	created bool
}

// createOrGet carries the claim out. Askers who wait for the same claim in this process share one call, and no asker's
// deadline ends it; created is true for the asker who began the call. The call has a slot of its own, so the askers
// hold none while they wait for it.
func (g *graph) createOrGet(ctx context.Context, s *slot, t Tenant, c Claim) (m OnlineMeeting, created bool,
	err error) {
	for {
		mine := false
		flight := g.flights.DoChan(c.ID, func() (any, error) {
			mine = true
			return g.createOnce(t, c)
		})
		s.release()
		select {
		case r := <-flight:
			if err := s.acquire(ctx); err != nil {
				return OnlineMeeting{}, false, &Error{Code: Unavailable, Err: err}
			}
			if shared, panicked := errors.AsType[sharedPanic](r.Err); panicked {
				panic(shared) // as if the call had been this attempt's alone
			}
			if r.Err == nil {
				result := r.Val.(createResult)
				return result.meeting, mine && result.created, nil
			}
			// A call that another asker began may have failed because that asker began it late, not this one.
			if mine || !Temporary(r.Err) || s.pause(ctx, pauses[0]) != nil {
				return OnlineMeeting{}, false, r.Err
			}
		case <-ctx.Done():
			return OnlineMeeting{}, false, &Error{Code: Unavailable, Err: ctx.Err()}
		}
	}
}

// sharedPanic is a panic of a call that several askers share.
type sharedPanic struct {
	value any
	stack string
}

func (p sharedPanic) Error() string { return fmt.Sprintf("createOrGet panicked: %v", p.value) }

// createOnce is the call that several askers share.
func (g *graph) createOnce(t Tenant, c Claim) (result createResult, err error) {
	defer func() {
		if p := recover(); p != nil { // outside an attempt, a panic would end the process
			err = sharedPanic{value: p, stack: string(debug.Stack())}
		}
	}()
	ctx, cancel := context.WithTimeout(g.base, g.attempt)
	defer cancel()
	s, err := g.slots.acquire(ctx)
	if err != nil {
		return createResult{}, &Error{Code: Unavailable, Err: fmt.Errorf("wait for a slot: %w", err)}
	}
	defer s.release()
	err = g.do(ctx, s, graphPart("createOrGet", c.Organizer.ID), func(ctx context.Context) (err error) {
		result.meeting, result.created, err = g.meetings.CreateOrGet(ctx, t, c.Organizer.ID, c.Request)
		return err
	})
	return result, err
}

// inBackground makes calls that nobody waits for: they have throttles of their own, so that they hold back nobody's
// command, and heed those of all of Graph.
func (g *graph) inBackground(
	ctx context.Context, s *slot, operation, userID string, call func(context.Context) error,
) error {
	part := graphPart(operation, userID)
	upstream := Upstream{Name: part.Name + " in the background", Part: part.Part}
	return g.do(ctx, s, upstream, func(ctx context.Context) error {
		wait, err := g.throttles.ThrottledFor(ctx, part)
		if err != nil {
			return err
		}
		if wait > 0 {
			return &Error{Code: Throttled, Wait: wait, Err: errors.New(part.String() + " asked to wait")}
		}
		return call(ctx)
	})
}

// pace makes calls of an operation of Graph for a user: graph.forCommand or graph.inBackground.
type pace func(ctx context.Context, s *slot, operation, userID string, call func(context.Context) error) error

// forCommand makes calls that an asker waits for.
func (g *graph) forCommand(
	ctx context.Context, s *slot, operation, userID string, call func(context.Context) error,
) error {
	return g.do(ctx, s, graphPart(operation, userID), call)
}

// meeting reads a meeting.
func (g *graph) meeting(ctx context.Context, s *slot, at pace, t Tenant, m Meeting) (found OnlineMeeting, err error) {
	err = at(ctx, s, "meeting", m.Organizer.ID, func(ctx context.Context) (err error) {
		found, err = g.meetings.Meeting(ctx, t, m.Organizer.ID, m.ID)
		return err
	})
	return found, err
}

// change changes a meeting.
func (g *graph) change(ctx context.Context, s *slot, at pace, t Tenant, m Meeting, c MeetingChange) (
	changed OnlineMeeting, err error,
) {
	err = at(ctx, s, "changeMeeting", m.Organizer.ID, func(ctx context.Context) (err error) {
		changed, err = g.meetings.ChangeMeeting(ctx, t, m.Organizer.ID, m.ID, c)
		return err
	})
	return changed, err
}

// invite adds attendees to a meeting.
func (g *graph) invite(ctx context.Context, s *slot, at pace, t Tenant, m Meeting, attendees []Attendee) error {
	return at(ctx, s, "changeMeeting", m.Organizer.ID, func(ctx context.Context) error {
		return g.meetings.Invite(ctx, t, m.Organizer.ID, m.ID, attendees)
	})
}

// organizerGone tells whether the directory says that the meeting's organizer is missing or disabled.
func (g *graph) organizerGone(ctx context.Context, s *slot, at pace, t Tenant, m Meeting) (gone bool, err error) {
	u, err := g.user(ctx, s, at, t, m.Organizer.ID)
	if CodeOf(err) == NoSuchUser {
		return true, nil
	}
	return err == nil && !u.Enabled, err
}

func (g *graph) user(ctx context.Context, s *slot, at pace, t Tenant, idOrUPN string) (u DirectoryUser, err error) {
	err = at(ctx, s, "user", "", func(ctx context.Context) (err error) {
		u, err = g.directory.User(ctx, t, idOrUPN)
		return err
	})
	return u, err
}

func (g *graph) isMember(ctx context.Context, s *slot, t Tenant, userID, groupID string) (member bool, err error) {
	err = g.forCommand(ctx, s, "member", userID, func(ctx context.Context) (err error) {
		member, err = g.groups.IsMember(ctx, t, userID, groupID)
		return err
	})
	return member, err
}

func (g *graph) usersByEmail(
	ctx context.Context, s *slot, at pace, t Tenant, email string, aliases bool,
) (found []DirectoryUser, err error) {
	err = at(ctx, s, "users", "", func(ctx context.Context) (err error) {
		found, err = g.directory.UsersByEmail(ctx, t, email, aliases)
		return err
	})
	return found, err
}
