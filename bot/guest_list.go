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
	// that one. It returns all that are remembered for the meeting of this external ID afterwards. It is atomic and
	// safe to repeat.
	Invite(ctx context.Context, c Conversation, externalID string, i Invitation) ([]Invitation, error)
}

// guestList puts the attendees of one job on a meeting's list.
//
// Graph takes a list as a whole and without a condition. So a job that reads it, adds somebody and sends it back undoes
// what others have sent in between, also if they are in another replica, or if its request arrives late. Therefore a
// job remembers its attendees first, in one atomic step. Then it sends those of all jobs, and looks again who is
// remembered by now; if there is anybody whom it did not send, it sends them all once more.
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
// Somebody whom Graph refuses must not keep others out: if it refuses the attendees of all jobs together, those of each
// job are sent alone, and the jobs whose attendees are refused so are left out from then on. A refused job forgets its
// own. It has changed nothing then: nobody on the list would be refused.
func (l guestList) put(ctx context.Context, own Invitation) (refused *Error, err error) {
	rejected := map[string]bool{}
	var sent []Invitation
	for ctx.Err() == nil {
		all, err := l.remember(ctx, own)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(i Invitation) bool { return rejected[i.Job] })
		if sent != nil && covers(sent, all) {
			return nil, nil
		}
		err = l.send(ctx, attendeesOfAll(all))
		if err == nil {
			sent = all
			continue
		}
		if refused, err = l.alone(ctx, own, len(all) == 1, err); refused != nil || err != nil {
			return refused, err
		}
		before := len(rejected)
		for _, i := range all {
			if err := l.send(ctx, i.Attendees); refusalOf(err) != nil {
				rejected[i.Job] = true
			} else if err != nil {
				return nil, err
			}
		}
		if len(rejected) == before { // Graph takes each of them alone, and not all of them together
			return nil, nil
		}
		sent = nil
	}
	return nil, &Error{Code: Unavailable, Err: ctx.Err()}
}

// alone sends the job's own attendees, after err came of sending those of all jobs, which were its own if only is set.
// refused is why Graph does not take them.
func (l guestList) alone(ctx context.Context, own Invitation, only bool, err error) (refused *Error, _ error) {
	if refusalOf(err) != nil && !only {
		err = l.send(ctx, own.Attendees)
	}
	if refused = refusalOf(err); refused == nil {
		return nil, err
	}
	_, err = l.remember(ctx, Invitation{Job: own.Job})
	if err != nil {
		return nil, err
	}
	return refused, nil
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
