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
	ctx, cancel := context.WithTimeout(s.base, s.Timing.SlotWait+s.Timing.Attempt)
	s.wg.Go(func() {
		defer cancel()
		seat := &seat{places: s.places}
		soon, enough := context.WithTimeout(ctx, s.Timing.SlotWait)
		defer enough()
		if seat.take(soon) != nil {
			return
		}
		defer seat.leave()
		attempt, cancel := context.WithTimeout(context.WithValue(ctx, seatKey{}, seat), s.Timing.Attempt)
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
	if _, answered := s.answered.Load(l.Job.ID); answered {
		s.finish(l, log)
		return
	}

	out, err := s.execute(ctx, l.Job)
	if err == nil {
		err = s.reply(ctx, l, out, place)
	}
	switch {
	case err == nil:
		s.Observer.Command(l.Job.Conversation.Platform, l.Job.Command.Kind, out.name, time.Since(l.Job.Accepted))
		log.Info("command answered", "outcome", out.name, "took", time.Since(l.Job.Accepted).Round(time.Millisecond).String())
		s.finish(l, log)
	case errors.Is(err, ErrNotOwner):
		log.Info("job is another's by now")
	case !Temporary(err) && CodeOf(err) != ChatCredentials, time.Since(l.Job.Accepted) >= s.Timing.DeadLetter:
		s.moveToDeadLetters(ctx, l, err, log)
	default:
		log.Warn("attempt failed; the job will be tried again", "error", err)
	}
}

// Periods of forgetting a job whose answer was given.
const (
	finishWithin = 3 * time.Second
	finishEvery  = 100 * time.Millisecond
)

// finish forgets a job whose answer was given. With Redis away it goes on trying, beyond the attempt's own time; should
// that not be enough, this replica at least does not answer again when the job comes back to it.
func (s *Service) finish(l Lease, log *slog.Logger) {
	s.answered.Store(l.Job.ID, struct{}{})
	ctx, cancel := context.WithTimeout(s.base, finishWithin)
	defer cancel()
	for {
		err := s.Queue.Done(ctx, l)
		if err == nil {
			s.answered.Delete(l.Job.ID)
			return
		}
		select {
		case <-time.After(finishEvery):
		case <-ctx.Done():
			log.Warn("cannot mark job as done", "error", err)
			return
		}
	}
}

func (s *Service) moveToDeadLetters(ctx context.Context, l Lease, cause error, log *slog.Logger) {
	if err := s.Queue.MoveToDeadLetters(ctx, l, cause.Error()); err != nil {
		log.Warn("cannot put undeliverable answer aside; it will be tried again", "cause", cause, "error", err)
		return
	}
	s.Observer.DeadLettered()
	log.Error("answer reached nobody; the command is among the dead letters", "error", cause)
}

// outcome is what an attempt came to.
type outcome struct {
	name  string // for the operator
	reply Reply
	// show says that the reply is the conversation's card: it is read once more right before it is sent.
	show bool
	made string // the ID of the claim that this very attempt turned into a new meeting
}

// execute does what the job asks for. An error is a passing fault: the same job may succeed later.
func (s *Service) execute(ctx context.Context, j Job) (outcome, error) {
	if reply, ok := s.wordsOnly(j.Command, j.Language); ok {
		return outcome{name: "words", reply: reply}, nil
	}
	state, err := s.read(ctx, j)
	switch {
	case err != nil:
		return outcome{}, err
	case j.Command.Kind == Meet && state.Meeting != nil:
		return outcome{name: "known", reply: s.card(j.Command, state, s.language(state.Identity, j.Language), false)}, nil
	case j.Command.Kind == Show:
		reply, _ := s.known(j.Command, state, j.Language)
		return outcome{name: "known", reply: reply}, nil
	case satisfies(j, state):
		return outcome{name: "known", show: true}, nil
	case time.Since(j.Accepted) >= s.Timing.GiveUp:
		return s.giveUp(ctx, j)
	}
	asker, err := s.identify(ctx, j.Asker)
	asker.Language = s.language(&asker, j.Language)
	if err != nil {
		return s.refused(ctx, j, asker.Language, err, Organizer{})
	}
	return s.ensureMeeting(ctx, j, asker)
}

// read returns what the job's conversation holds. A repeat of Meet shows what it finds at once, so it announces.
func (s *Service) read(ctx context.Context, j Job) (State, error) {
	if j.Command.Kind == Meet {
		return s.Conversations.Announce(ctx, j.location(), j.ID, j.Asker)
	}
	return s.Conversations.Read(ctx, j.location(), Asker{})
}

// satisfies tells whether the conversation's meeting is what the job asks for: any for `meet`, a later one than its asker
// saw for `new`.
func satisfies(j Job, state State) bool {
	return state.Meeting != nil && (j.Command.Kind == Meet || state.Generation() > j.Seen)
}

// reply gives the outcome to the asker, in place of the request's answer if that still waits.
func (s *Service) reply(ctx context.Context, l Lease, out outcome, place *inPlace) error {
	j, reply := l.Job, out.reply
	if out.show {
		// What is shown is what stands in the store at this moment, never what an attempt remembers.
		state, err := s.Conversations.Announce(ctx, j.location(), j.ID, j.Asker)
		if err != nil {
			return err
		}
		if state.Meeting == nil {
			return &Error{Code: Unavailable, Err: errors.New("conversation's meeting is gone from the store")}
		}
		reply = s.card(j.Command, state, s.language(state.Identity, j.Language), state.Meeting.ClaimID == out.made)
	}
	again, err := s.Queue.BeginSend(ctx, l)
	if err != nil {
		return err
	}
	if again {
		s.Observer.PossibleDuplicate()
	}
	if place.deliver(ctx, reply) {
		return nil
	}
	platform, ok := s.Platforms[j.Conversation.Platform]
	if !ok {
		return &Error{Code: Undeliverable, Err: fmt.Errorf("platform %q is not configured", j.Conversation.Platform)}
	}
	var posted string
	err = retryThrottled(ctx, func() (err error) {
		posted, err = platform.Deliver(ctx, j, reply)
		return err
	})
	if err != nil {
		if CodeOf(err) != Unavailable { // then nobody knows what came of it
			// Beyond the attempt's own time, which may be what the platform used up.
			noting, cancel := context.WithTimeout(s.base, finishWithin)
			defer cancel()
			if unsentErr := s.Queue.AbortSend(noting, l); unsentErr != nil {
				s.Log.WarnContext(ctx, "cannot note that an answer was refused", "request", j.Trace, "error", unsentErr)
			}
		}
		return err
	}
	if posted != "" && reply.Card != nil && j.Route.Thread == "" {
		if err := s.LinkThread(ctx, j.Conversation, posted); err != nil {
			s.Log.WarnContext(ctx, "cannot remember where a card is", "request", j.Trace, "error", err)
		}
	}
	return nil
}

// LinkThread remembers that threads under this message of the channel belong to the channel's conversation.
func (s *Service) LinkThread(ctx context.Context, channel Conversation, root string) error {
	return s.Conversations.LinkThread(ctx, channel, root)
}
