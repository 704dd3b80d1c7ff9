package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// MaxInvited is how many people one command invites at most, those in user groups included.
const MaxInvited = 50

// Inviter is the ability of a [Platform] that has user groups, and conversations of which not everybody who is
// mentioned there is told. Where a platform does not have it, a mention tells everybody.
type Inviter interface {
	// GroupMembers lists the users of a user group. An error that is not Temporary says that the bot may not or cannot
	// read it.
	GroupMembers(ctx context.Context, workspace, group string) ([]string, error)
	// Outside returns those of the users who do not read the conversation of the route, in their order; all of them if
	// the platform does not let the bot know. Errors are Temporary.
	Outside(ctx context.Context, at Route, users []string) ([]string, error)
}

// Namer is the ability of a [Platform] that can look up the name of a channel which a request does not carry.
type Namer interface {
	// ChannelName returns the name of the conversation's channel, as the platform writes it to readers of that
	// language; at is the route of a request that was made there. It is empty if the channel has none that others may
	// know, or if it cannot be found in time.
	ChannelName(ctx context.Context, c Conversation, at Route, lang Language) string
}

// invitation is whom a command invites, as far as it is known.
type invitation struct {
	people []Mention // persons, each once, without the asker, and MaxInvited at most
	more   bool      // there were more
	left   []LeftOut
}

// LeftOut is somebody who is mentioned, and is not put on the meeting's list.
type LeftOut struct {
	Mention
	Why Code
}

// Why somebody is left out, beside the codes of refusals.
const (
	UnknownPerson Code = "unknown" // the platform made no mention of the name
	ClosedGroup   Code = "group"   // the bot may not read the user group
)

// invitation finds out whom the mentions mean. An error is a passing fault.
func (s *Service) invitation(ctx context.Context, t task, named []Mention) (invitation, error) {
	var in invitation
	add := func(m Mention) {
		same := func(other Mention) bool { return strings.EqualFold(other.ID, m.ID) }
		switch {
		case strings.EqualFold(m.ID, t.Asker.User), strings.EqualFold(m.ID, t.Route.User),
			slices.ContainsFunc(in.people, same):
		case len(in.people) == MaxInvited:
			in.more = true
		default:
			in.people = append(in.people, m)
		}
	}
	for _, m := range named {
		switch m.Kind {
		case MentionPerson:
			add(m)
		case MentionUnknown:
			in.left = append(in.left, LeftOut{m, UnknownPerson})
		case MentionGroup:
			members, err := s.groupMembers(ctx, t, m.ID)
			if Temporary(err) {
				return in, err
			}
			if err != nil {
				s.Log.WarnContext(ctx, "cannot read a user group that a command names", "request", t.Trace,
					"error", err)
				in.left = append(in.left, LeftOut{m, ClosedGroup})
			}
			for _, member := range members {
				add(Mention{Kind: MentionPerson, ID: member})
			}
		}
	}
	return in, nil
}

// groupMembers lists the users of a user group.
func (s *Service) groupMembers(ctx context.Context, t task, group string) (members []string, err error) {
	platform, ok := s.Platforms[t.Asker.Platform].(Inviter)
	if !ok {
		return nil, &Error{Code: Undeliverable, Err: fmt.Errorf("platform %q has no user groups", t.Asker.Platform)}
	}
	err = retryThrottled(ctx, t.slot, func() (err error) {
		members, err = platform.GroupMembers(ctx, t.Asker.Workspace, group)
		return err
	})
	return members, err
}

// mapped is a person with who they are in Entra: an attendee; or why not; or a passing fault.
type mapped struct {
	Mention
	attendee Attendee
	why      Code
	fault    error
}

// mapAtOnce is how many people of one command are looked up at once.
const mapAtOnce = 4

// mapPeople finds out who people are in Entra, in their order. The task's slot is free meanwhile: each look-up has its
// own. The error says that the slot cannot be had again.
func (s *Service) mapPeople(ctx, lookUps context.Context, t task, people []Mention) ([]mapped, error) {
	all := make([]mapped, len(people))
	next := make(chan int)
	var workers sync.WaitGroup
	t.slot.release()
	for range min(mapAtOnce, len(people)) {
		workers.Go(func() {
			for i := range next {
				all[i] = s.mapPerson(lookUps, t, people[i])
			}
		})
	}
	for i := range people {
		next <- i
	}
	close(next)
	workers.Wait()
	if err := t.slot.acquire(ctx); err != nil {
		return all, &Error{Code: Unavailable, Err: fmt.Errorf("wait for a slot: %w", err)}
	}
	return all, nil
}

// mapPerson finds out who somebody is in Entra. It runs outside the goroutine of the attempt, so a panic is a fault.
func (s *Service) mapPerson(ctx context.Context, t task, m Mention) (found mapped) {
	found.Mention = m
	defer func() {
		if p := recover(); p != nil {
			found.fault = &Error{Code: Unavailable, Err: fmt.Errorf("looking up a person panicked: %v", p)}
		}
	}()
	var err error
	if t.slot, err = s.slots.acquire(ctx); err != nil {
		found.fault = &Error{Code: Unavailable, Err: fmt.Errorf("wait for a slot: %w", err)}
		return found
	}
	defer t.slot.release()
	found.attendee, err = s.attendee(ctx, t, m)
	if refusal := refusalOf(err); refusal != nil {
		found.why = refusal.Code
	} else {
		found.fault = err
	}
	return found
}

// attendee is who somebody is in Entra. The error is why they cannot be invited, or a passing fault.
func (s *Service) attendee(ctx context.Context, t task, m Mention) (Attendee, error) {
	u := chatUser{t.Asker, t.Route, s.graph.inBackground}
	u.User, u.at.User = m.ID, m.ID
	id, err := s.remembered(ctx, t, u)
	if err != nil {
		return Attendee{}, err
	}
	if r := id.Refusal; r != nil && (r.Code == GuestAccount || r.Code == DomainNotAllowed) {
		// They may not make meetings, and that is remembered. They may attend.
		if id, err = s.lookUp(ctx, t, u, t.workspace.Askers.forAttendees()); err != nil {
			return Attendee{}, err
		}
	}
	if id.Refusal != nil {
		return Attendee{}, id.Refusal
	}
	if id.UPN == "" {
		found, err := s.graph.user(ctx, t.slot, u.pace, t.workspace.Tenant, id.ID)
		if err != nil {
			return Attendee{}, err
		}
		id.UPN = found.UPN
	}
	return Attendee{ID: id.ID, UPN: id.UPN}, nil
}

// attendeesOf lists those who are to be invited, each once, without the organizer.
func attendeesOf(people []mapped, organizer string) []Attendee {
	var all []Attendee
	for _, p := range people {
		known := func(a Attendee) bool { return strings.EqualFold(a.ID, p.attendee.ID) }
		if p.attendee.ID != "" && !slices.ContainsFunc(all, known) {
			all = append(all, p.attendee)
		}
	}
	return without(all, organizer)
}

// without is a list of attendees without the organizer, who is no attendee.
func without(all []Attendee, organizer string) []Attendee {
	return slices.DeleteFunc(slices.Clone(all), func(a Attendee) bool { return strings.EqualFold(a.ID, organizer) })
}

// earlyWithin is how long a new meeting waits to be made until it is known whom it invites. Whoever is not known by
// then is invited when it is there.
const earlyWithin = 1500 * time.Millisecond

// earlyAttendees are those whom a new meeting invites from the beginning, as far as they are known in time.
func (s *Service) earlyAttendees(ctx context.Context, t task, named []Mention) ([]Attendee, error) {
	if len(named) == 0 {
		return nil, nil
	}
	soon, cancel := context.WithTimeout(ctx, earlyWithin)
	defer cancel()
	in, err := s.invitation(soon, t, named)
	if err != nil {
		s.Log.InfoContext(ctx, "a meeting is made before it is known whom it invites", "request", t.Trace,
			"error", err)
	}
	people, err := s.mapPeople(ctx, soon, t, in.people)
	return attendeesOf(people, ""), err
}
