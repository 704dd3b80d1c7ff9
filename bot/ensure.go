package bot

import (
	"context"
	"errors"
	"time"
)

// ensureMeeting makes the conversation's meeting, or finds it: claim, create, complete. If the stored state is not the
// expected one, it goes on from the state that it finds, until ctx ends. What comes next is decided in decide.go.
func (s *Service) ensureMeeting(ctx context.Context, t task, asker Identity) (result, error) {
	if err := s.mayOrganize(ctx, t, asker); err != nil {
		return s.refuse(ctx, t, asker.Language, err, Organizer{})
	}
	t.Topic = s.topic(ctx, t, asker.Language)
	organizer, err := s.organizer(ctx, t, asker)
	if err != nil {
		return s.refuse(ctx, t, asker.Language, err, organizer)
	}
	current := t.Seen // the generation that a fresh meeting replaces
	for ctx.Err() == nil {
		state, err := s.Conversations.Claim(ctx, s.claim(t, organizer, asker), t.fresh, current)
		if t.fresh && CodeOf(err) == UnreadableRecord { // it is another one than the asker saw
			t.Seen, current = state.Generation(), state.Generation()
			continue
		}
		if err != nil {
			return result{}, err
		}
		switch afterClaim(t, state) {
		case stepMoveChannel: // whose meeting the asker had not seen as such
			t.Conversation, t.Seen, current = state.Conversation, state.Generation(), state.Generation()
			continue
		case stepClaim: // what is made is still a later generation than any that was seen
			current = state.Generation()
			continue
		case stepShowJoined:
			return result{outcome: OutcomeJoined, show: true}, nil
		}

		pending := *state.Pending
		made, created, refusal := s.createInTime(ctx, t, pending, mayGiveWay(state, organizer, s.Timing.GiveWay))
		if refusal == nil {
			state, err = s.Conversations.Complete(ctx, pending, s.meetingOf(ctx, t, pending, made, created))
			if err != nil && CodeOf(err) != UnreadableRecord {
				return result{}, err
			}
			if m := state.Meeting; m != nil && !m.Alive(s.Clock()) { // Graph has an old one under that external ID
				t = t.inPlaceOf(*m)
				current = t.Seen
				continue
			}
			switch afterComplete(t, pending, created, state) {
			case stepShowMade:
				done := result{outcome: OutcomeMade, show: true, made: pending.ID, undoable: t.undoable}
				if created { // otherwise nobody knows with whom it was made
					done.listed = pending.Request.Attendees
				}
				return done, nil
			case stepShowJoined:
				return result{outcome: OutcomeJoined, show: true}, nil
			}
			continue
		}
		if Temporary(refusal) {
			failed := failedClaim{state: state, asker: asker, organizer: organizer, after: s.Timing.GiveWay}
			next := afterPassingFault(failed, t.workspace.Organizers)
			account := organizer
			if next == stepFallBack {
				if account, err = s.accounts.get(ctx, s.graph, t); err != nil || account.ID == organizer.ID {
					next = stepTryLater
				}
			}
			if next == stepTryLater {
				return result{}, notBeyond(refusal, untilGivingWay(state, organizer, s.Timing.GiveWay))
			}
			s.noteGivingWay(ctx, t, state)
			if _, err = s.release(ctx, t, pending); err != nil && CodeOf(err) != UnreadableRecord {
				return result{}, errors.Join(err, refusal)
			}
			organizer = account
			continue
		}
		if state, err = s.release(ctx, t, pending); err != nil && CodeOf(err) != UnreadableRecord {
			return result{}, errors.Join(err, refusal)
		}
		if refusedForAttendees(pending, refusal) { // they are invited when the meeting is there
			t.attendees = nil
		}
		refused := refusedClaim{claim: pending, refusal: refusal, state: state, asker: asker, organizer: organizer}
		next := afterRefusal(t, refused, t.workspace.Organizers)
		if next == stepFallBack {
			account, err := s.accounts.get(ctx, s.graph, t)
			switch {
			case err != nil:
				return s.refuse(ctx, t, asker.Language, err, organizer)
			case account.ID == asker.ID:
				next = stepRefuse
			default:
				organizer = account
				continue
			}
		}
		switch next {
		case stepForget: // the account in Entra is gone, so what is remembered of the asker is worth nothing
			if err := s.Identities.Remember(ctx, t.Asker, Identity{}, 0); err != nil {
				return result{}, err
			}
			fallthrough
		case stepRefuse:
			return s.refuse(ctx, t, asker.Language, refusal, pending.Organizer)
		}
	}
	return result{}, &Error{Code: Unavailable, Err: ctx.Err()}
}

// noteGivingWay tells the operator that the pending claim is about to be released for another organizer's. A meeting
// that Graph has made for it has no link then.
func (s *Service) noteGivingWay(ctx context.Context, t task, state State) {
	s.Observer.GaveWay()
	s.Log.WarnContext(ctx, givesWay, "request", t.Trace, "conversation", state.Conversation.String(),
		"generation", state.Pending.Generation, "organizer", state.Pending.Organizer.ID,
		"age", state.PendingAge.Round(time.Millisecond).String())
}

// givesWay is logged when a claim gives way.
const givesWay = "Graph fails for the organizer of a claim; it gives way"

// notBeyond is the fault of a throttle that lasts for no longer than most; 0 is no bound.
func notBeyond(fault error, most time.Duration) error {
	e, ok := errors.AsType[*Error](fault)
	if !ok || most <= 0 || e.Wait <= most {
		return fault
	}
	sooner := *e
	sooner.Wait = most
	return &sooner
}

// createInTime is create. With hurry, it leaves time to claim and to call Graph once more if this call gets no answer.
func (s *Service) createInTime(
	ctx context.Context, t task, c Claim, hurry bool,
) (m OnlineMeeting, created bool, err error) {
	if deadline, ok := ctx.Deadline(); hurry && ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	return s.create(ctx, t, c)
}

// create calls Graph for the claim, if the claim's asker may make another meeting: it counts as theirs, whichever job
// carries it out.
func (s *Service) create(ctx context.Context, t task, c Claim) (m OnlineMeeting, created bool, err error) {
	wait, err := s.Limiter.Spend(ctx, c.Asker(), c.ID, t.workspace.Limits)
	if err != nil {
		return OnlineMeeting{}, false, err
	}
	if wait > 0 {
		return OnlineMeeting{}, false, &Error{Code: TooMany, Wait: wait}
	}
	m, created, err = s.graph.createOrGet(ctx, t.slot, t.workspace.Tenant, c)
	if CodeOf(err) == NoSuchUser {
		err = s.unknownOrganizer(ctx, t, c.Organizer, err)
	}
	return m, created, err
}

// unknownOrganizer asks the directory about an organizer whom Graph does not know as one. An account that is there is
// refused as a licence would be missing: the same as for a 403. An account that is gone, or a passing fault, is
// returned.
func (s *Service) unknownOrganizer(ctx context.Context, t task, organizer Organizer, notFound error) error {
	if _, err := s.graph.user(ctx, t.slot, s.graph.forCommand, t.workspace.Tenant, organizer.ID); err != nil {
		if CodeOf(err) == NoSuchUser {
			return notFound
		}
		return err
	}
	refusal := &Error{Code: OrganizerRefused, Err: notFound}
	if e, ok := errors.AsType[*Error](notFound); ok {
		refusal.Status, refusal.Err = e.Status, e.Err
	}
	return refusal
}

// claim is what this asker proposes for the conversation.
func (s *Service) claim(t task, organizer Organizer, asker Identity) Claim {
	claim := NewClaim(t.Conversation, t.Seen+1, t.fresh)
	lang := asker.Language
	claim.Job, claim.User, claim.Organizer = t.ID, t.Asker.User, organizer
	claim.Language, claim.Zone, claim.Name = lang, asker.zone(t.Zone), asker.Name
	claim.Replaced = t.replaces
	claim.Dated, claim.Request.Start, claim.Request.End = t.wish.dated(), t.wish.start, t.wish.end
	claim.Request.Subject = t.Command.Subject
	claim.Request.Attendees = without(t.attendees, organizer.ID)
	if claim.Request.Subject == "" {
		claim.Request.Subject = s.Catalog.PlainText(lang, defaultSubject(t, asker))
	}
	return claim
}

// namedWithin is how long a meeting waits for the name of its channel, which is no more than a nicer subject.
const namedWithin = time.Second

// topic is the name of the channel that a meeting without a subject is called after; empty if there is none, or if it
// cannot be looked up in time.
func (s *Service) topic(ctx context.Context, t task, lang Language) string {
	platform, ok := s.Platforms[t.Conversation.Platform].(Namer)
	if !ok || t.Topic != "" || t.Command.Subject != "" || t.Route.Chat {
		return t.Topic
	}
	ctx, cancel := context.WithTimeout(ctx, namedWithin)
	defer cancel()
	return platform.ChannelName(ctx, t.Conversation, t.Route, lang)
}

// defaultSubject names a meeting after its channel; where the name is not known, or there is none, after its asker.
func defaultSubject(t task, asker Identity) Message {
	switch {
	case t.Topic != "":
		return message("subject.topic", Arg{"Topic", t.Topic})
	case asker.Name != "":
		return message("subject.of", Arg{"Who", asker.Name})
	default:
		return message("subject.default")
	}
}

// newFor is how old a meeting may be that counts as made for a claim, though no call of Graph says that it made it: the
// answer of one was lost.
const newFor = time.Hour

// meetingOf is what becomes of a claim with Graph's answer. created tells whether Graph says that it made the meeting.
func (s *Service) meetingOf(
	ctx context.Context, t task, c Claim, found OnlineMeeting, created bool,
) Meeting {
	now := s.Clock()
	m := Meeting{
		ClaimID: c.ID, Generation: c.Generation, ExternalID: c.Request.ExternalID,
		Organizer: c.Organizer, Language: c.Language, Zone: c.Zone,
		StartedBy: Starter{User: c.User, Name: c.Name}, Replaced: c.Replaced,
		Withheld: s.withholds(ctx, t),
	}.refreshed(found, now, created)
	if c.Dated {
		m.Dated, m.DatedBy = true, c.User
		m.Todo |= s.remindersOf(c.Conversation)
	}
	created = created || !found.Created.IsZero() && now.Sub(found.Created) < newFor
	if created && t.workspace.Options != (MeetingOptions{}) {
		m.Todo |= TodoOptions
	}
	if c.Generation > 1 {
		m.Todo |= s.cardsOf(c.Conversation)
	}
	m.Todo |= s.bookmarkOf(t.workspace, c.Conversation)
	return m
}

// refuse turns a final refusal of a meeting into what its asker reads, who gets the meeting that is there by now, and
// returns a passing fault as it is.
func (s *Service) refuse(ctx context.Context, t task, lang Language, err error, organizer Organizer) (result, error) {
	refusal := refusalOf(err)
	if refusal == nil {
		return result{}, err
	}
	state, err := s.releaseOwnClaim(ctx, t)
	if err != nil && CodeOf(err) != UnreadableRecord {
		return result{}, errors.Join(err, refusal)
	}
	if satisfies(t, state) {
		return result{outcome: OutcomeJoined, show: true}, nil // another asker made it just now
	}
	return refused(t, lang, refusal, organizer), nil
}

// refused tells a task's asker of a refusal.
func refused(t task, lang Language, refusal *Error, organizer Organizer) result {
	reply := Explain(lang, refusal, organizer, t.workspace.Tenant.ClientID, t.Command, t.Reference())
	return result{outcome: OutcomeRefused(refusal.Code), reply: reply, refusal: refusal}
}

// giveUp tells the asker of a meeting that it was tried long enough.
func (s *Service) giveUp(ctx context.Context, t task) (result, error) {
	state, err := s.releaseOwnClaim(ctx, t)
	if err != nil && CodeOf(err) != UnreadableRecord {
		return result{}, err
	}
	if satisfies(t, state) {
		return result{outcome: OutcomeJoined, show: true}, nil
	}
	id, err := s.Identities.Identity(ctx, t.Asker)
	if err != nil {
		return result{}, err
	}
	lang := t.workspace.language(id, t.Language)
	return result{outcome: OutcomeGaveUp, reply: s.gaveUpReply(t, lang)}, nil
}

// gaveUpReply says that the task was tried long enough.
func (s *Service) gaveUpReply(t task, lang Language) Reply {
	place := t.Conversation
	if t.Route.Chat {
		place = Conversation{}
	}
	return GaveUpReply(lang, place, t.Command, s.Timing.GiveUp, t.Reference())
}

// releaseOwnClaim releases the claim that an earlier attempt of the job may have left, so that the next asker starts
// afresh. It returns what stands then.
func (s *Service) releaseOwnClaim(ctx context.Context, t task) (State, error) {
	state, err := s.Conversations.Read(ctx, t.Conversation, Asker{})
	if state.Pending == nil || state.Pending.Job != t.ID {
		return state, err
	}
	return s.release(ctx, t, *state.Pending)
}

// release forgets a claim that came to nothing, so that it no longer counts as a new meeting of its asker. It returns
// what stands then. A count that cannot be taken back ends by itself, so that is no reason to fail.
func (s *Service) release(ctx context.Context, t task, c Claim) (State, error) {
	state, err := s.Conversations.Release(ctx, c)
	if err != nil && CodeOf(err) != UnreadableRecord {
		return state, err
	}
	if state.Meeting == nil || state.Meeting.ClaimID != c.ID {
		if refundErr := s.Limiter.Refund(ctx, c.Asker(), c.ID); refundErr != nil {
			s.Log.WarnContext(ctx, "cannot take back the count of a meeting that was not made", "request", t.Trace,
				"error", refundErr)
		}
	}
	return state, err
}
