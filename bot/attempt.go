package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// start attempts a job as soon as there is a place, or leaves it to whoever takes it over if there is none in time.
func (s *Service) start(l Lease, place *inPlace) {
	ctx, cancel := context.WithTimeout(s.base, s.Timing.Queue+s.Timing.Attempt)
	s.wg.Go(func() {
		defer cancel()
		wait := time.NewTimer(s.Timing.Queue)
		defer wait.Stop()
		select {
		case s.places <- struct{}{}:
		case <-wait.C:
			return
		case <-ctx.Done():
			return
		}
		defer func() { <-s.places }()
		attempt, cancel := context.WithTimeout(ctx, s.Timing.Attempt)
		defer cancel()
		s.attempt(attempt, l, place)
	})
}

// attempt carries a job out and answers it. Whatever fails in passing leaves the job where it is: it is tried again,
// by whoever is alive.
func (s *Service) attempt(ctx context.Context, l Lease, place *inPlace) {
	log := s.Log.With("request", l.Job.Trace, "platform", l.Job.Conversation.Platform,
		"workspace", l.Job.Conversation.Workspace, "channel", l.Job.Conversation.Channel,
		"user", l.Job.Asker.User, "command", string(l.Job.Command.Kind), "attempt", l.Attempt)
	defer func() {
		if p := recover(); p != nil {
			log.Error("attempt panicked; the job will be tried again", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()

	age := time.Since(l.Job.Accepted)
	var out outcome
	var err error
	if age < s.Timing.GiveUp {
		out, err = s.carryOut(ctx, l.Job)
	} else {
		out, err = s.giveUp(ctx, l.Job)
	}
	if err == nil {
		err = s.reply(ctx, l, out, place)
	}
	switch {
	case err == nil:
		s.Observer.Command(l.Job.Conversation.Platform, l.Job.Command.Kind, out.name, time.Since(l.Job.Accepted))
		log.Info("command answered", "outcome", out.name, "took", time.Since(l.Job.Accepted).Round(time.Millisecond).String())
	case errors.Is(err, ErrNotOwner):
		log.Info("job is another's by now")
	case !Temporary(err), age >= s.Timing.Bury:
		s.bury(ctx, l, err, log)
	default:
		log.Warn("attempt failed; the job will be tried again", "error", err)
	}
}

func (s *Service) bury(ctx context.Context, l Lease, cause error, log *slog.Logger) {
	if err := s.Queue.Bury(ctx, l, cause.Error()); err != nil {
		log.Warn("cannot put undeliverable answer aside; it will be tried again", "cause", cause, "error", err)
		return
	}
	s.Observer.Buried()
	log.Error("answer reached nobody; the command is among the dead letters", "error", cause)
}

// outcome is what an attempt came to.
type outcome struct {
	name  string // for the operator
	reply Reply
	// show says that the reply is the conversation's card: it is read once more right before it is sent.
	show Conversation
	made string // the ID of the claim that this very attempt turned into a new meeting
}

// carryOut does what the job asks for. An error is a passing fault: the same job may succeed later.
func (s *Service) carryOut(ctx context.Context, j Job) (outcome, error) {
	lang := j.Language
	if reply, ok := s.wordsOnly(j.Command, lang); ok {
		return outcome{name: "words", reply: reply}, nil
	}
	state, err := s.Conversations.Look(ctx, j.Conversation, Look{})
	if err != nil {
		return outcome{}, err
	}
	if j.Command.Kind == Show {
		reply, _ := s.known(j.Command, state, lang)
		return outcome{name: "known", reply: reply}, nil
	}
	if state.Meeting != nil && (j.Command.Kind == Meet || state.Generation() > j.Seen) {
		return outcome{name: "known", show: state.Conversation}, nil
	}

	asker, err := s.identify(ctx, j.Asker)
	if err == nil {
		return s.settle(ctx, j, asker)
	}
	if asker.Language != "" {
		lang = asker.Language
	}
	return s.refused(lang, err, Organizer{})
}

// refused turns a final refusal into the outcome that its asker reads, and hands on a passing fault.
func (s *Service) refused(lang Language, err error, organizer Organizer) (outcome, error) {
	refusal, ok := errors.AsType[*Error](err)
	if !ok || Temporary(err) {
		return outcome{}, err
	}
	return outcome{name: "refused_" + string(refusal.Code), reply: Explain(lang, refusal, organizer, s.ClientID)}, nil
}

// maxRounds bounds how often an attempt goes round with what it found. Each round that is not the last one saw
// somebody else's claim come or go.
const maxRounds = 32

// settle makes the conversation's meeting, or finds it: claim, create, complete.
func (s *Service) settle(ctx context.Context, j Job, asker Identity) (outcome, error) {
	organizer, err := s.organizer(ctx, asker)
	if err != nil {
		return s.refused(asker.Language, err, organizer)
	}
	conversation, fresh := j.Conversation, j.Command.Kind == New
	for range maxRounds {
		claim := s.claim(j, conversation, fresh, organizer, asker.Language)
		state, err := s.Conversations.Claim(ctx, claim, fresh, j.Seen)
		if err != nil {
			return outcome{}, err
		}
		if state.Conversation != conversation {
			conversation = state.Conversation
			continue
		}
		pending := state.Pending
		if pending == nil || state.Meeting != nil && !fresh {
			return outcome{name: "joined", show: conversation}, nil
		}

		made, created, err := s.graph.createOrGet(ctx, *pending)
		if err == nil {
			if state, err = s.Conversations.Complete(ctx, *pending, meetingOf(*pending, made)); err != nil {
				return outcome{}, err
			}
			switch {
			case state.Meeting == nil, fresh && state.Generation() <= j.Seen:
				continue // the claim was released meanwhile: go round with what stands now
			case state.Meeting.ClaimID == pending.ID && (created || fresh && pending.Job == j.ID):
				// Where an answer of Graph's was lost, asking again finds the meeting; if it was asked for as a fresh
				// one, by this job, it still is new.
				return outcome{name: "made", show: conversation, made: pending.ID}, nil
			default:
				return outcome{name: "joined", show: conversation}, nil
			}
		}
		if Temporary(err) {
			return outcome{}, err
		}
		if _, releaseErr := s.Conversations.Release(ctx, *pending); releaseErr != nil {
			return outcome{}, errors.Join(releaseErr, err)
		}
		if pending.Job != j.ID {
			continue // somebody else's refusal: claim for this asker
		}
		if CodeOf(err) == NoAccessPolicy && s.Organizers.fallsBack() && pending.Organizer.ID == asker.ID {
			account, accountErr := s.service.get(ctx, s.graph, s.Organizers.Service)
			if accountErr != nil {
				return s.refused(asker.Language, accountErr, organizer)
			}
			if account.ID != asker.ID {
				organizer = account
				continue
			}
		}
		return s.refused(asker.Language, err, pending.Organizer)
	}
	return outcome{}, &Error{Code: Unavailable, Err: fmt.Errorf("conversation did not settle in %d rounds", maxRounds)}
}

// claim is what this asker proposes for the conversation.
func (s *Service) claim(j Job, c Conversation, fresh bool, organizer Organizer, lang Language) Claim {
	claim := NewClaim(c, j.Seen+1, fresh)
	claim.Job, claim.Organizer, claim.Language = j.ID, organizer, lang
	claim.Request.Subject = j.Command.Subject
	if claim.Request.Subject == "" {
		m := say("subject.default")
		if j.Topic != "" {
			m = say("subject.topic", "Topic", j.Topic)
		}
		claim.Request.Subject = s.Words.Plain(lang, m)
	}
	return claim
}

func meetingOf(c Claim, m OnlineMeeting) Meeting {
	return Meeting{
		OnlineMeeting: m, ClaimID: c.ID, Generation: c.Generation, ExternalID: c.Request.ExternalID,
		Organizer: c.Organizer, Language: c.Language,
	}
}

// giveUp releases what the job may still hold, so that the next asker can start afresh, and tells its author.
func (s *Service) giveUp(ctx context.Context, j Job) (outcome, error) {
	state, err := s.Conversations.Look(ctx, j.Conversation, Look{Asker: j.Asker})
	if err != nil {
		return outcome{}, err
	}
	if state.Pending != nil && state.Pending.Job == j.ID {
		if _, err := s.Conversations.Release(ctx, *state.Pending); err != nil {
			return outcome{}, err
		}
	}
	lang := j.Language
	if state.Identity != nil {
		lang = s.language(state.Identity)
	}
	return outcome{name: "gave_up", reply: GaveUp(lang, j.Conversation, s.Timing.GiveUp)}, nil
}

// reply gives the outcome to the asker, in place of the request's answer if that still waits, and forgets the job.
func (s *Service) reply(ctx context.Context, l Lease, out outcome, place *inPlace) error {
	reply := out.reply
	if out.show != (Conversation{}) {
		// What is shown is what stands in the store at this moment, never what an attempt remembers.
		state, err := s.Conversations.Look(ctx, out.show, Look{Show: l.Job.ID, Asker: l.Job.Asker})
		if err != nil {
			return err
		}
		if state.Meeting == nil {
			return &Error{Code: Unavailable, Err: errors.New("conversation's meeting is gone from the store")}
		}
		reply = s.card(l.Job.Command, state, s.language(state.Identity), state.Meeting.ClaimID == out.made)
	}
	again, err := s.Queue.Sending(ctx, l)
	if err != nil {
		return err
	}
	if again {
		s.Observer.Again()
	}
	if !place.deliver(ctx, reply) {
		platform, ok := s.Platforms[l.Job.Conversation.Platform]
		if !ok {
			return &Error{Code: Undeliverable, Err: fmt.Errorf("platform %q is not configured", l.Job.Conversation.Platform)}
		}
		var posted string
		err := waitOut(ctx, func() (err error) {
			posted, err = platform.Deliver(ctx, l.Job, reply)
			return err
		})
		if err != nil {
			return err
		}
		if posted != "" && reply.Card != nil && l.Job.Route.Thread == "" {
			if err := s.Hang(ctx, l.Job.Conversation, posted); err != nil {
				s.Log.Warn("cannot remember where a card is", "request", l.Job.Trace, "error", err)
			}
		}
	}
	if err := s.Queue.Done(ctx, l); err != nil {
		// The answer was given; what is left is the risk of giving it once more.
		s.Log.Warn("cannot mark job as done", "request", l.Job.Trace, "error", err)
	}
	return nil
}

// Hang remembers that threads under this message of the channel belong to the channel's conversation.
func (s *Service) Hang(ctx context.Context, channel Conversation, root string) error {
	_, err := s.Conversations.Look(ctx, channel, Look{Root: root})
	return err
}
