package bot

import (
	"context"
	"errors"
)

// ensureMeeting makes the conversation's meeting, or finds it: claim, create, complete. It goes round again with whatever it
// finds in place of what it expected, as long as ctx allows.
func (s *Service) ensureMeeting(ctx context.Context, j Job, asker Identity) (outcome, error) {
	organizer, err := s.organizer(ctx, asker)
	if err != nil {
		return s.refused(ctx, j, asker.Language, err, organizer)
	}
	fresh := j.Command.Kind == New
	for ctx.Err() == nil {
		claim := s.claim(j, organizer, asker.Language)
		state, err := s.Conversations.Claim(ctx, claim, fresh, j.Seen)
		if err != nil {
			return outcome{}, err
		}
		if state.Conversation != j.Conversation {
			// The thread turned out to belong to its channel, whose meeting its asker had not seen as such.
			j.Conversation, j.Seen = state.Conversation, state.Generation()
			continue
		}
		pending := state.Pending
		if pending == nil || state.Meeting != nil && !fresh {
			return outcome{name: "joined", show: true}, nil
		}

		made, created, refusal := s.create(ctx, *pending)
		if refusal == nil {
			if state, err = s.Conversations.Complete(ctx, *pending, meetingOf(*pending, made)); err != nil {
				return outcome{}, err
			}
			switch {
			case !satisfies(j, state):
				continue // the claim was released meanwhile
			case state.Meeting.ClaimID == pending.ID && (created || fresh && pending.Job == j.ID):
				// Where an answer of Graph's was lost, asking again finds the meeting; if it was asked for as a fresh
				// one, by this job, it still is new.
				return outcome{name: "made", show: true, made: pending.ID}, nil
			default:
				return outcome{name: "joined", show: true}, nil
			}
		}
		if Temporary(refusal) {
			return outcome{}, refusal
		}
		if state, err = s.Conversations.Release(ctx, *pending); err != nil {
			return outcome{}, errors.Join(err, refusal)
		}
		switch {
		case satisfies(j, state):
			continue // somebody else was luckier
		case state.Pending != nil && pending.Job != j.ID:
			continue // somebody else is at it. Were this one's own claim refused, it would chase others in vain
		case pending.Job != j.ID && !appliesTo(refusal, *pending, organizer):
			continue // somebody else's refusal: claim for this asker
		case CodeOf(refusal) == NoAccessPolicy && s.Organizers.fallsBack() && pending.Organizer.ID == asker.ID:
			account, err := s.service.get(ctx, s.graph, s.Organizers.Service)
			if err != nil {
				return s.refused(ctx, j, asker.Language, err, organizer)
			}
			if account.ID != asker.ID {
				organizer = account
				continue
			}
		}
		if CodeOf(refusal) == NoSuchUser && pending.Organizer.ID == asker.ID {
			// Whoever the asker was in Entra is gone, so what is remembered of them is worth nothing.
			if err := s.Identities.Remember(ctx, j.Asker, Identity{}, 0); err != nil {
				return outcome{}, err
			}
		}
		return s.refused(ctx, j, asker.Language, refusal, pending.Organizer)
	}
	return outcome{}, &Error{Code: Unavailable, Err: ctx.Err()}
}

// create carries the claim out, if its asker may make another meeting: whoever carries it out, it counts as theirs.
func (s *Service) create(ctx context.Context, c Claim) (m OnlineMeeting, created bool, err error) {
	wait, err := s.Limiter.Spend(ctx, c.Asker(), c.Job, s.Limits)
	if err != nil {
		return OnlineMeeting{}, false, err
	}
	if wait > 0 {
		return OnlineMeeting{}, false, &Error{Code: TooMany, Wait: wait}
	}
	return s.graph.createOrGet(ctx, c)
}

// appliesTo tells whether the refusal of somebody else's claim would meet this asker's claim too: because it concerns the
// app, or because the organizer is the same.
func appliesTo(refusal error, of Claim, organizer Organizer) bool {
	switch CodeOf(refusal) {
	case NoPermission, Credentials:
		return true
	case NoAccessPolicy, NoSuchUser:
		return of.Organizer.ID == organizer.ID
	default:
		return false
	}
}

// claim is what this asker proposes for the conversation.
func (s *Service) claim(j Job, organizer Organizer, lang Language) Claim {
	claim := NewClaim(j.Conversation, j.Seen+1, j.Command.Kind == New)
	claim.Job, claim.User, claim.Organizer, claim.Language = j.ID, j.Asker.User, organizer, lang
	claim.Request.Subject = j.Command.Subject
	if claim.Request.Subject == "" {
		m := message("subject.default")
		if j.Topic != "" {
			m = message("subject.topic", Arg{"Topic", j.Topic})
		}
		claim.Request.Subject = s.Catalog.PlainText(lang, m)
	}
	return claim
}

func meetingOf(c Claim, m OnlineMeeting) Meeting {
	return Meeting{
		OnlineMeeting: m, ClaimID: c.ID, Generation: c.Generation, ExternalID: c.Request.ExternalID,
		Organizer: c.Organizer, Language: c.Language,
	}
}

// refused turns a final refusal into the outcome that its asker reads, and hands on a passing fault.
func (s *Service) refused(ctx context.Context, j Job, lang Language, err error, organizer Organizer) (outcome, error) {
	refusal, ok := errors.AsType[*Error](err)
	if !ok || Temporary(err) {
		return outcome{}, err
	}
	state, err := s.releaseOwnClaim(ctx, j)
	if err != nil {
		return outcome{}, errors.Join(err, refusal)
	}
	if satisfies(j, state) {
		return outcome{name: "joined", show: true}, nil // somebody else's, made just now
	}
	reply := Explain(lang, refusal, organizer, s.ClientID, j.Command)
	return outcome{name: "refused_" + string(refusal.Code), reply: reply}, nil
}

// giveUp tells a job's author that it was tried long enough.
func (s *Service) giveUp(ctx context.Context, j Job) (outcome, error) {
	state, err := s.releaseOwnClaim(ctx, j)
	if err != nil {
		return outcome{}, err
	}
	if satisfies(j, state) {
		return outcome{name: "joined", show: true}, nil
	}
	id, err := s.Identities.Identity(ctx, j.Asker)
	if err != nil {
		return outcome{}, err
	}
	return outcome{name: "gave_up", reply: GaveUpReply(s.language(id, j.Language), j.Conversation, j.Command, s.Timing.GiveUp)}, nil
}

// releaseOwnClaim releases the claim that an earlier attempt of the job may have left, so that the next asker starts afresh. It
// returns what stands then.
func (s *Service) releaseOwnClaim(ctx context.Context, j Job) (State, error) {
	state, err := s.Conversations.Read(ctx, j.Conversation, Asker{})
	if err != nil || state.Pending == nil || state.Pending.Job != j.ID {
		return state, err
	}
	return s.Conversations.Release(ctx, *state.Pending)
}
