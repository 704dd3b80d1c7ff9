package bot

import (
	"context"
	"fmt"
)

// updateCards changes the posted cards of a conversation that show what is no longer true. A card that cannot be
// changed any more is forgotten.
type updateCards struct{ inBackground }

func (updateCards) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.standing(ctx, t, Asker{})
	if err != nil {
		return result{}, err
	}
	m := state.Meeting
	// An earlier attempt may have broken off after it had shown what was out of date already.
	again := t.lease.Attempt > 1
	switch {
	case m == nil || m.Todo&TodoCards == 0 && !again:
		return silent(OutcomeObsolete)
	case t.lease.age() >= s.Timing.GiveUp:
		return silent(OutcomeGaveUp) // the next use tries again
	}
	platform, ok := s.Platforms[t.Conversation.Platform].(Updater)
	if !ok {
		err := fmt.Errorf("platform %q changes no messages", t.Conversation.Platform)
		return result{}, &Error{Code: Unavailable, Err: err}
	}
	for {
		cards, err := s.Cards.Cards(ctx, t.Conversation)
		if err != nil {
			return result{}, err
		}
		for _, card := range cards {
			if err := s.updateCard(ctx, t, platform, *m, card, again); err != nil {
				return result{}, err
			}
		}
		state, err = s.Conversations.ChangeMeeting(ctx, t.Conversation, m.ClaimID, func(current *Meeting) {
			if current.looksLike(*m) { // otherwise they are out of date again
				current.Todo &^= TodoCards
			}
		})
		if err != nil {
			return result{}, err
		}
		now := state.Meeting
		if now == nil || now.looksLike(*m) {
			return silent(OutcomeUpdated)
		}
		// Another job may have shown that already, and this one has overwritten it.
		m, again = now, true
	}
}

// updateCard changes one card, if it shows what is no longer true of the conversation's meeting m. With again, what it
// is known to show counts for nothing.
func (s *Service) updateCard(
	ctx context.Context, t task, platform Updater, m Meeting, posted PostedCard, again bool,
) error {
	card, ended := Card{Meeting: m, Ahead: m.ahead(s.Clock())}, posted.Generation != m.Generation
	switch {
	case ended && posted.LeadsTo == m.Generation && !again:
		return nil
	case ended:
		card = Card{Ended: true, Current: &m}
		card.Meeting.Subject = posted.Subject
	case posted.Subject == m.Subject && posted.Sequence == m.Sequence && !again:
		return nil
	}
	reply := Reply{Audience: AudienceEveryone, Language: posted.Language, Card: &card}
	card.Of = t.Conversation
	s.addCalendar(ctx, &reply)
	if !ended {
		reply.Actions = s.quietActions(t.Conversation, m)
	}
	reply.setZone(m.Zone)
	err := retryThrottled(ctx, t.slot, func() error {
		return platform.Update(ctx, t.Conversation, posted.Ref, reply)
	})
	switch {
	case err != nil && (Temporary(err) || CodeOf(err) == ChatCredentials):
		return err
	case err != nil:
		s.Log.DebugContext(ctx, "a card cannot be changed any more", "request", t.Trace, "error", err)
		return s.Cards.ForgetCard(ctx, t.Conversation, posted.Ref)
	case ended: // it is changed again when the meeting that it leads to is replaced
		posted.LeadsTo = m.Generation
	default:
		posted.Subject, posted.Sequence = m.Subject, m.Sequence
	}
	return s.Cards.KeepCard(ctx, t.Conversation, posted)
}

// looksLike tells whether a card of the one meeting is a card of the other.
func (m Meeting) looksLike(other Meeting) bool {
	return m.ClaimID == other.ClaimID && m.Subject == other.Subject && m.Sequence == other.Sequence
}

// cardsOf is TodoCards if the conversation's platform can change cards, and otherwise nothing to do.
func (s *Service) cardsOf(c Conversation) Todo {
	if _, ok := s.Platforms[c.Platform].(Updater); ok {
		return TodoCards
	}
	return 0
}

// keepCard remembers a card for everybody that was posted, so that it can be changed later. It returns what the
// conversation holds now: if that is no longer what the card shows, the card is to be changed. The same goes for the
// card of an earlier attempt, which may have broken off before it looked.
func (s *Service) keepCard(ctx context.Context, l *Lease, r Reply, posted Posted) State {
	shown, of := r.Card.Meeting, r.Card.Of
	state := State{Conversation: of, Meeting: &shown}
	err := s.insist(ctx, func(ctx context.Context) error {
		err := s.Cards.KeepCard(ctx, of, PostedCard{
			Ref: posted.Ref, Generation: shown.Generation, Sequence: shown.Sequence, Subject: shown.Subject,
			Language: r.Language,
		})
		if err != nil {
			return err
		}
		now, err := s.Conversations.Read(ctx, of, Asker{})
		if m := now.Meeting; err == nil && m != nil &&
			(l.Attempt > 1 || !m.looksLike(shown)) {
			now, err = s.Conversations.ChangeMeeting(ctx, of, m.ClaimID, func(m *Meeting) {
				m.Todo |= s.cardsOf(of)
			})
		}
		if err == nil {
			state = now
		}
		return err
	})
	if err != nil {
		s.Log.WarnContext(ctx, "cannot remember a card; it may not be changed", "request", l.Job.Trace,
			"conversation", of.String(), "error", err)
	}
	return state
}
