package bot

import (
	"context"
	"errors"
	"math/rand/v2"
)

// inBackground is what the handlers of jobs have in common that are nobody's command.
type inBackground struct{ byAttempt }

func (inBackground) answersNobody() {}

// answersNobody tells whether the intent is none of a person, who waits for an answer.
func (i Intent) answersNobody() bool {
	h, _ := i.handler()
	_, nobody := h.(interface{ answersNobody() })
	return nobody
}

// silent is what an attempt came to that answers nobody.
func silent(o Outcome) (result, error) { return result{outcome: o, silent: true}, nil }

// standing reads the conversation of a job in the background. Nobody waits to be told that its meeting cannot be read:
// then it has none.
func (s *Service) standing(ctx context.Context, t task, asker Asker) (State, error) {
	state, err := s.Conversations.Read(ctx, t.Conversation, asker)
	return state, s.despiteUnreadable(ctx, t, err)
}

// confirm asks the directory and Graph about the conversation's meeting.
type confirm struct{ inBackground }

func (confirm) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.standing(ctx, t, t.Asker)
	if err != nil {
		return result{}, err
	}
	m := state.Meeting
	switch {
	case m == nil || m.Generation != t.Generation:
		return silent(OutcomeObsolete)
	case t.lease.age() >= s.Timing.GiveUp: // the next use asks again
		return silent(OutcomeGaveUp)
	case !m.Alive(s.Clock()):
		return s.alreadyDead(ctx, t, *m)
	}
	found, err := s.inspect(ctx, t, *m, s.graph.inBackground)
	switch {
	case err != nil:
		return result{}, err
	case found.orphaned:
		return s.orphan(ctx, t, *m)
	case found.other != nil:
		return s.adopt(ctx, t, *m, *found.other)
	case found.refusal != nil:
		return s.unconfirmed(ctx, t, *m, found.refusal)
	default:
		return s.confirmed(ctx, t, *m, *found.meeting)
	}
}

// inspection is what the directory and Graph say of a meeting. One of its fields is set.
type inspection struct {
	orphaned bool           // the organizer is missing or disabled
	meeting  *OnlineMeeting // it is there
	other    *OnlineMeeting // it is not, and the organizer has this one under the external ID
	refusal  *Error         // Graph does not let the app look
}

// inspect asks about the meeting. An error is a passing fault.
func (s *Service) inspect(ctx context.Context, t task, m Meeting, at pace) (inspection, error) {
	tenant := t.workspace.Tenant
	gone, err := s.graph.organizerGone(ctx, t.slot, at, tenant, m)
	if Temporary(err) {
		return inspection{}, err
	}
	if gone {
		return inspection{orphaned: true}, nil
	}
	if err != nil { // whether the link works is for Graph to say
		s.Log.WarnContext(ctx, "cannot look up the organizer of a meeting", "request", t.Trace, "error", err)
	}
	err = &Error{Code: MissingMeeting, Err: errors.New("its ID is not known")}
	if m.ID != "" {
		var found OnlineMeeting
		if found, err = s.graph.meeting(ctx, t.slot, at, tenant, m); err == nil {
			return inspection{meeting: &found}, nil
		}
	}
	if CodeOf(err) == MissingMeeting {
		// That says nothing about the meeting: the documents know this answer for meetings that are there.
		var found OnlineMeeting
		err = at(ctx, t.slot, "createOrGet", m.Organizer.ID, func(ctx context.Context) (err error) {
			found, _, err = s.Meetings.CreateOrGet(ctx, tenant, m.Organizer.ID,
				MeetingRequest{ExternalID: m.ExternalID, Subject: m.Subject})
			return err
		})
		switch {
		case err != nil:
		case same(found, m.OnlineMeeting):
			return inspection{meeting: &found}, nil
		default:
			return inspection{other: &found}, nil
		}
	}
	if refusal := refusalOf(err); refusal != nil {
		return inspection{refusal: refusal}, nil
	}
	return inspection{}, err
}

// confirmed records what Graph says of the meeting, and renews it if it is time: it is in use.
func (s *Service) confirmed(ctx context.Context, t task, m Meeting, found OnlineMeeting) (result, error) {
	now := s.Clock()
	next := m.refreshed(found, now, false)
	outcome := OutcomeConfirmed
	if next.renewable(now) {
		renewed, err := s.renew(ctx, t, next, s.graph.inBackground)
		refusal := refusalOf(err)
		switch {
		case refusal != nil:
			s.noteRefusedUpkeep(ctx, t, refusal)
			outcome = OutcomeRefused(refusal.Code)
		case err != nil:
			return result{}, err
		default:
			next, outcome = renewed, OutcomeRenewed
		}
	}
	if _, err := s.recordFound(ctx, t, m, next, outcome == OutcomeRenewed); err != nil {
		return result{}, err
	}
	// A meeting that was renewed lapses unless it is used again. Until then, nothing is due.
	if at := next.dueAt(rand.Float64()); outcome == OutcomeConfirmed && at.After(now) {
		err := s.Schedule.SetDue(ctx, Due{Kind: DueConfirm, Conversation: t.Conversation, At: at})
		if err != nil {
			return result{}, err
		}
	}
	return silent(outcome)
}

// recordFound records what Graph says of the meeting: next is the meeting as it was recorded, m, with that. A meeting
// that was renewed has no date any more: its time is that of the renewal.
func (s *Service) recordFound(ctx context.Context, t task, m, next Meeting, renewed bool) (State, error) {
	now := s.Clock()
	state, err := s.Conversations.ChangeMeeting(ctx, t.Conversation, m.ClaimID, func(current *Meeting) {
		current.Confirmed = now
		if !current.asIn(m) {
			return
		}
		moved := current.Dated && (!current.Start.Equal(next.Start) || !current.End.Equal(next.End))
		looks, starts := current.Subject != next.Subject || moved, current.Start
		current.OnlineMeeting, current.Orphaned = next.OnlineMeeting, false
		if renewed {
			current.Dated, current.DatedBy, current.Quiet = false, "", false
		}
		if looks {
			s.changed(current, t.Conversation)
		}
		if current.Dated && !current.Start.Equal(starts) { // its organizer has moved it in Microsoft Teams
			s.moved(current, t.Conversation)
		}
	})
	if err != nil || state.Meeting == nil || state.Meeting.Todo&TodoRemind == 0 {
		return state, err
	}
	return state, s.planReminder(ctx, state)
}

// changed notes that what a card shows of the meeting has changed.
func (s *Service) changed(m *Meeting, c Conversation) {
	m.Sequence++
	m.Todo |= s.cardsOf(c)
}

// renew extends the life of the meeting's link. Source: Microsoft Graph, "Update onlineMeeting": start and end can only
// be changed together; Microsoft Teams, "Meeting expiration": each update extends the life.
func (s *Service) renew(ctx context.Context, t task, m Meeting, at pace) (Meeting, error) {
	now := s.Clock()
	changed, err := s.graph.change(ctx, t.slot, at, t.workspace.Tenant, m,
		MeetingChange{Start: now, End: now.Add(usualLength)})
	if err != nil {
		return m, err
	}
	return m.refreshed(changed, now, true), nil
}

// unconfirmed notes that Graph does not let the app look. Nobody's link is taken away for that.
func (s *Service) unconfirmed(ctx context.Context, t task, m Meeting, refusal *Error) (result, error) {
	s.noteRefusedUpkeep(ctx, t, refusal)
	now := s.Clock()
	_, err := s.Conversations.ChangeMeeting(ctx, t.Conversation, m.ClaimID, func(current *Meeting) {
		current.Confirmed = now
	})
	if err != nil {
		return result{}, err
	}
	return silent(OutcomeRefused(refusal.Code))
}

// noteRefusedUpkeep tells the operator that Graph refuses what a meeting's life needs.
func (s *Service) noteRefusedUpkeep(ctx context.Context, t task, refusal *Error) {
	s.Log.WarnContext(ctx, "Graph refuses to read or change a meeting; its link stays", "request", t.Trace,
		"conversation", t.Conversation.String(), "kind", t.Label(), "code", string(refusal.Code), "error", refusal)
}

// orphan notes that the meeting's organizer is gone, and with them the link. An asker who was just given that link gets
// another one.
func (s *Service) orphan(ctx context.Context, t task, m Meeting) (result, error) {
	now := s.Clock()
	state, err := s.Conversations.ChangeMeeting(ctx, t.Conversation, m.ClaimID, func(current *Meeting) {
		current.Orphaned, current.Confirmed = true, now
	})
	if err != nil {
		return result{}, err
	}
	s.Log.InfoContext(ctx, "the organizer of a meeting is missing or disabled; the next asker gets another meeting",
		"request", t.Trace, "conversation", t.Conversation.String(), "organizer", m.Organizer.ID)
	if !t.carriesMeet() || state.Meeting == nil || state.Meeting.ClaimID != m.ClaimID {
		return silent(OutcomeOrphaned)
	}
	return s.replaceDead(ctx, t, *state.Meeting)
}

// carriesMeet tells whether a job in the background was started by an asker's `meet`.
func (t task) carriesMeet() bool { return t.Command.Kind == Meet && t.Asker.User != "" }

// alreadyDead deals with a meeting of which another job, or an earlier attempt at this one, has found out that its link
// does not work. An asker who was just given that link gets another one.
func (s *Service) alreadyDead(ctx context.Context, t task, m Meeting) (result, error) {
	if !t.carriesMeet() {
		return silent(OutcomeObsolete)
	}
	alive, err := s.revive(ctx, t, m)
	switch {
	case err != nil:
		return result{}, err
	case alive:
		return silent(OutcomeConfirmed)
	default:
		return s.replaceDead(ctx, t, m)
	}
}

// adopt makes the meeting that Graph has under the external ID the conversation's next generation.
func (s *Service) adopt(ctx context.Context, t task, m Meeting, other OnlineMeeting) (result, error) {
	claim := NewClaim(t.Conversation, m.Generation+1, false)
	claim.Job, claim.User, claim.Name, claim.Organizer = t.ID, m.StartedBy.User, m.StartedBy.Name, m.Organizer
	claim.Language, claim.Zone = m.Language, m.Zone
	claim.Request.ExternalID, claim.Request.Subject = m.ExternalID, m.Subject
	claim.Replaced = Replacement{Why: ReasonLost}
	state, err := s.Conversations.Claim(ctx, claim, true, m.Generation)
	if err != nil {
		return result{}, err
	}
	if state.Pending == nil || state.Pending.ID != claim.ID && state.Pending.Job != t.ID {
		return silent(OutcomeObsolete) // somebody has replaced it, or is about to
	}
	claim = *state.Pending
	next := s.meetingOf(ctx, t, claim, other, false)
	next.Confirmed = s.Clock()
	if state, err = s.Conversations.Complete(ctx, claim, next); err != nil {
		return result{}, err
	}
	if !t.carriesMeet() {
		s.tend(state, t.Job, t.ID)
		return silent(OutcomeAdopted)
	}
	return result{outcome: OutcomeAdopted, show: true, made: claim.ID}, nil
}
