package bot

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// responseURLFor is how long a response_url works. Source: Slack, "Handling user interaction", section "Message
// responses".
const responseURLFor = 30 * time.Minute

// reply answers the asker: as the answer to the request if that still waits, otherwise by the platform. It notes in the
// lease that an answer may have arrived.
func (s *Service) reply(ctx context.Context, l *Lease, done result, slot *slot, place *inPlace) error {
	reply, err := s.compose(ctx, l.Job, done)
	if err != nil {
		return err
	}
	// Whoever reads the card counts on the reminder, so it is safe first.
	if err := s.planShown(ctx, reply.Card); err != nil {
		return err
	}
	posted, err := s.send(ctx, l, reply, slot, place)
	if err != nil {
		return err
	}
	s.afterSending(ctx, l, reply, posted)
	return nil
}

// compose is the reply as it is sent now. What is shown is what stands in the store at this moment, never what an
// attempt remembers.
func (s *Service) compose(ctx context.Context, j Job, done result) (Reply, error) {
	reply, lang := done.reply, s.jobLanguage(j, nil)
	if done.show {
		state, err := s.Conversations.Announce(ctx, j.location(), j.ID, j.Asker)
		if err != nil && CodeOf(err) != UnreadableRecord {
			return Reply{}, err
		}
		if state.Meeting == nil { // the next attempt says why
			return Reply{}, &Error{Code: Unavailable, Err: errors.New("conversation's meeting is gone from the store")}
		}
		if len(done.invited) > 0 && state.Generation() != done.invitedTo { // the next attempt invites to this one
			return Reply{}, &Error{Code: Unavailable, Err: errors.New("the meeting was replaced meanwhile")}
		}
		if done.revealed && !state.Meeting.Withheld { // whoever was shown the card alone took nothing from this
			state.MayAnnounce = true
		}
		if done.alone {
			state.MayAnnounce = false
		}
		lang = s.jobLanguage(j, state.Identity)
		reply = s.card(j.Command, state, j.Route, lang, state.Meeting.ClaimID == done.made)
		if generation := state.Generation(); reply.Card.New && done.undoable && generation > 1 {
			reply.Card.Replaces = true
			undo := Action{ID: ActionUndo, Value: strconv.Itoa(generation)}
			reply.Actions = append([]Action{undo}, reply.Actions...)
		}
		reply.Card.Restored = done.restored
		reply.Card.Revealed = done.revealed && !state.Meeting.Withheld
		reply.Card.Wished = append(reply.Card.Wished, done.notes...)
		reply.inviting(done.invited, state)
	}
	s.addCalendar(ctx, &reply)
	reply.setZone(j.Zone)
	reply.setAside(j.Route, lang)
	return reply, nil
}

// send answers the asker: the first card of a meeting as a message that can be changed later, where the platform can do
// that; otherwise as the answer to the request if that still waits, or by the platform's routes.
func (s *Service) send(ctx context.Context, l *Lease, reply Reply, slot *slot, place *inPlace) (Posted, error) {
	j := l.Job
	again, err := s.Queue.BeginSend(ctx, *l)
	if err != nil {
		return Posted{}, err
	}
	if again = again || l.mayBeSent; again {
		s.Observer.PossibleDuplicate()
	}
	platform, ok := s.Platforms[j.Conversation.Platform]
	if poster, can := platform.(Poster); can && j.Route.ResponseURL != "" && reply.posted(again || l.Attempt > 1) {
		posted, err := poster.Post(ctx, j, reply)
		switch {
		case err == nil:
			place.deliver(ctx, Reply{}) // where nobody waits any more, the asker reads the card all the same
			return posted, nil
		case Temporary(err) && CodeOf(err) != Throttled && !Unsent(err):
			return Posted{}, s.notSent(ctx, l, err)
		}
	}
	if place.deliver(ctx, reply) {
		return Posted{}, nil
	}
	if !ok {
		return Posted{}, &Error{Code: Undeliverable,
			Err: fmt.Errorf("platform %q is not configured", j.Conversation.Platform)}
	}
	if l.age() >= responseURLFor {
		j.Route.ResponseURL = ""
	}
	var posted Posted
	deliver := func() (err error) {
		posted, err = platform.Deliver(ctx, j, reply)
		return err
	}
	err = retryThrottled(ctx, slot, deliver)
	if Temporary(err) && j.Route.ResponseURL != "" && l.age() >= s.Timing.NextRoute {
		if !again && !Unsent(err) {
			s.Observer.PossibleDuplicate()
		}
		j.Route.ResponseURL = ""
		err = retryThrottled(ctx, slot, deliver)
	}
	if err != nil {
		return Posted{}, s.notSent(ctx, l, err)
	}
	return posted, nil
}

// posted tells whether the reply is worth a call more, since it is the card that people come back to: the first one of
// a meeting, of its date or of an invitation, for everybody. An earlier attempt may have made that meeting, and its
// card may be lost, or not be remembered.
func (r Reply) posted(attempted bool) bool {
	return r.Audience == AudienceEveryone && r.Card != nil && (r.Card.New || r.Card.Restored || r.Card.Revealed ||
		r.Card.Redated || len(r.Card.Invited) > 0 || r.Card.Why.Why != "" || attempted)
}

// notSent notes what became of an answer that could not be sent, and returns its error.
func (s *Service) notSent(ctx context.Context, l *Lease, err error) error {
	if CodeOf(err) == Unavailable && !Unsent(err) { // nobody knows what came of it
		l.mayBeSent = true
		return err
	}
	// Beyond the attempt's own time, which may be what the platform used up.
	noting, cancel := context.WithTimeout(s.base, finishWithin)
	defer cancel()
	if unsentErr := s.Queue.AbortSend(noting, *l); unsentErr != nil {
		s.Log.WarnContext(ctx, "cannot note that an answer was refused", "request", l.Job.Trace, "error", unsentErr)
	}
	return err
}

// afterSending notes where a card is, and starts what is due about its meeting.
func (s *Service) afterSending(ctx context.Context, l *Lease, reply Reply, posted Posted) {
	j := l.Job
	if reply.Card == nil {
		return
	}
	if posted.Root != "" && j.Route.Thread == "" {
		if err := s.LinkThread(ctx, j.Conversation, posted.Root); err != nil {
			s.Log.WarnContext(ctx, "cannot remember where a card is", "request", j.Trace, "error", err)
		}
	}
	s.told(ctx, reply.Card, j.Trace)
	state := State{Conversation: reply.Card.Of, Meeting: &reply.Card.Meeting}
	if posted.Ref != "" && reply.Audience == AudienceEveryone {
		state = s.keepCard(ctx, l, reply, posted)
	}
	s.tend(state, j, j.ID)
	s.tellAside(ctx, j, reply)
}

// insist does what comes after an answer, again and again while Redis is away, within the attempt's time. It returns
// the last error.
func (s *Service) insist(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, finishWithin)
	defer cancel()
	for {
		err := do(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(finishEvery):
		case <-ctx.Done():
			return err
		}
	}
}
