package bot

import (
	"context"
	"slices"
	"strings"
)

// InvitationsKnownFor is how long an invitation is remembered at least: longer than any job is tried.
const InvitationsKnownFor = RequestsKnownFor

// MaxInvitations is how many invitations to one meeting are remembered, the newest.
const MaxInvitations = 100

// Invitation is whom one job puts on a meeting's list.
type Invitation struct {
	Job       string // its ID
	Attendees []Attendee
}

// Invitations remembers who has been invited to a meeting lately, so that jobs that run beside each other do not undo
// each other's change of its list.
type Invitations interface {
	// Invite remembers the invitation in the place of an earlier one of the same job; without attendees, it forgets
	// that one. It returns all that are remembered for the meeting of this external ID afterwards. It is atomic and safe
	// to repeat.
	Invite(ctx context.Context, c Conversation, externalID string, i Invitation) ([]Invitation, error)
}

// guestList puts the attendees of one job on a meeting's list.
//
// Graph takes a list as a whole and without a condition: whoever reads it, adds somebody and sends it back undoes what
// others have sent in between, also if they are in another replica, or a request of theirs arrives late. So a job
// remembers its attendees first, in one atomic step. Then it sends those of all jobs, and looks again who is remembered
// by now; if there is anybody whom it did not send, it does so again.
//
// Why the list is complete in the end: let A be the job whose change of the list is the last one. After that change, A
// looked who is remembered, and found nobody whom it had not sent. A job B that remembers somebody later than that look
// reads the list after A's change. So it finds them there, or changes the list, and then A's change was not the last
// one. An attempt that breaks off anywhere is made again and begins anew, so it counts as a job that looks later.
type guestList struct {
	remember func(context.Context, Invitation) ([]Invitation, error)
	// send puts attendees on Graph's list beside those who are there. A refusal concerns the attendees together.
	send func(context.Context, []Attendee) error
}

// put puts the invitation's attendees on the list. refused is why Graph does not take them, if it does not; an error is
// a passing fault.
//
// Somebody whom Graph refuses must not keep others out: if it refuses a list, each job's attendees are sent alone, and
// the jobs whose attendees are refused so are left out from then on. A refused job forgets its own.
func (l guestList) put(ctx context.Context, own Invitation) (refused *Error, err error) {
	rejected := map[string]bool{}
	var sent []Invitation
	for ctx.Err() == nil {
		all, err := l.remember(ctx, own)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(i Invitation) bool { return rejected[i.Job] })
		if len(all) == 0 || sent != nil && covers(sent, all) {
			return refused, nil
		}
		err = l.send(ctx, attendeesOfAll(all))
		if refusalOf(err) == nil {
			if err != nil {
				return nil, err
			}
			sent = all
			continue
		}
		before := len(rejected)
		for _, i := range all {
			if len(all) > 1 {
				err = l.send(ctx, i.Attendees)
			}
			refusal := refusalOf(err)
			if refusal == nil {
				if err != nil {
					return nil, err
				}
				continue
			}
			if rejected[i.Job] = true; i.Job == own.Job {
				refused, own.Attendees = refusal, nil
			}
		}
		if len(rejected) == before { // Graph takes each of them alone, and not all of them together
			return refused, nil
		}
		sent = nil
	}
	return nil, &Error{Code: Unavailable, Err: ctx.Err()}
}

// covers tells whether everybody whom the invitations name was sent.
func covers(sent, all []Invitation) bool {
	return !slices.ContainsFunc(all, func(i Invitation) bool {
		return !slices.ContainsFunc(sent, func(s Invitation) bool {
			return s.Job == i.Job && slices.Equal(s.Attendees, i.Attendees)
		})
	})
}

// attendeesOfAll lists the attendees of all invitations.
func attendeesOfAll(all []Invitation) (attendees []Attendee) {
	for _, i := range all {
		attendees = append(attendees, i.Attendees...)
	}
	return attendees
}

// listPrint names a list of attendees in whatever order they stand; empty for nobody.
func listPrint(attendees []Attendee) string {
	if len(attendees) == 0 {
		return ""
	}
	ids := make([]string, len(attendees))
	for i, a := range attendees {
		ids[i] = strings.ToLower(a.ID)
	}
	slices.Sort(ids)
	return shortHash(strings.Join(slices.Compact(ids), "\n"))
}

// putOnList puts attendees on the meeting's list. refused tells whether Graph refused that; an error is a passing
// fault.
func (s *Service) putOnList(
	ctx context.Context, t task, c Conversation, m Meeting, attendees []Attendee,
) (refused bool, err error) {
	if len(attendees) == 0 {
		return false, nil
	}
	own := Invitation{Job: t.ID, Attendees: attendees}
	remember := func(ctx context.Context, i Invitation) ([]Invitation, error) {
		return s.Invitations.Invite(ctx, c, m.ExternalID, i)
	}
	if listPrint(attendees) == t.Listed { // the meeting was made with them
		_, err := remember(ctx, own)
		return false, err
	}
	refusal, err := guestList{remember: remember, send: func(ctx context.Context, all []Attendee) error {
		return s.graph.invite(ctx, t.slot, s.graph.inBackground, t.workspace.Tenant, m, without(all, m.Organizer.ID))
	}}.put(ctx, own)
	if refusal != nil {
		s.noteRefusedUpkeep(ctx, t, refusal)
	}
	return refusal != nil, err
}
