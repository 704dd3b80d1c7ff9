package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"
)

// start attempts a job as soon as there is a slot. If there is none in time, the job stays in the queue to be
// reclaimed.
func (s *Service) start(l Lease, place *inPlace) {
	if _, ok := l.Job.handler(); !ok {
		s.leave(l)
		return
	}
	ctx, cancel := context.WithTimeout(s.base, s.Timing.SlotWait+s.Timing.Attempt)
	s.wg.Go(func() {
		defer cancel()
		waiting, stop := context.WithTimeout(ctx, s.Timing.SlotWait)
		defer stop()
		slot, err := s.slots.acquire(waiting)
		if err != nil {
			return
		}
		defer slot.release()
		attempt, cancel := context.WithTimeout(ctx, s.Timing.Attempt)
		defer cancel()
		s.attempt(attempt, l, slot, place)
	})
}

// leave lets a job of a kind that this release does not know stay in the queue, for a replica of the release that added
// it. The operator is warned once for each kind.
func (s *Service) leave(l Lease) {
	label := l.Job.Label()
	if _, warned := s.unknown.LoadOrStore(label, true); !warned {
		s.Log.Warn("this release does not know a kind of job; such jobs stay in the queue for a later release",
			"kind", label, "request", l.Job.Trace, "entry", l.Entry)
	}
}

// attempt executes a job and answers it. After a passing fault the job stays in the queue, and is attempted again by
// whichever replica reclaims it.
func (s *Service) attempt(ctx context.Context, l Lease, slot *slot, place *inPlace) {
	log := s.Log.With("request", l.Job.Trace, "platform", l.Job.Conversation.Platform,
		"workspace", l.Job.Conversation.Workspace, "channel", l.Job.Conversation.Channel,
		"user", l.Job.Asker.User, "command", l.Job.Label(), "attempt", l.Attempt)
	defer func() {
		if p := recover(); p != nil {
			log.Error("attempt panicked; the job will be tried again", "panic", fmt.Sprint(p),
				"stack", string(debug.Stack()))
		}
	}()
	if _, answered := s.answered.Load(l.Job.ID); answered {
		s.finish(l, log)
		return
	}

	done, err := s.execute(ctx, l.Job, slot)
	if err == nil {
		err = s.reply(ctx, l, done, slot, place)
	}
	took := time.Since(l.Job.Accepted)
	switch {
	case err == nil:
		s.Observer.Command(l.Job.Conversation.Platform, l.Job.Label(), done.outcome, took)
		logAnswer(ctx, log, done, took)
		s.finish(l, log)
	case errors.Is(err, ErrNotOwner):
		log.Info("job is another's by now")
	case !Temporary(err) && CodeOf(err) != ChatCredentials, took >= s.Timing.DeadLetter:
		s.moveToDeadLetters(ctx, l, err, log)
	default:
		log.Warn("attempt failed; the job will be tried again", "error", err)
	}
}

// logAnswer logs that a job was answered. A refusal comes with its cause, as a warning if the operator has to mend it.
func logAnswer(ctx context.Context, log *slog.Logger, done result, took time.Duration) {
	level := slog.LevelInfo
	answer := []any{"outcome", string(done.outcome), "took", took.Round(time.Millisecond).String()}
	if refusal := done.refusal; refusal != nil && refusal.Err != nil {
		answer = append(answer, "cause", refusal)
		switch refusal.Code {
		case Credentials, NoPermission, ServiceAccount, ChatCredentials:
			level = slog.LevelWarn
		}
	}
	log.Log(ctx, level, "command answered", answer...)
}

// execute does what the job asks for. An error is a passing fault: the same job may succeed later.
func (s *Service) execute(ctx context.Context, j Job, slot *slot) (result, error) {
	w, err := s.workspace(j.Conversation)
	if err != nil {
		return result{}, err
	}
	h, _ := j.handler() // start lets no other job through
	t := task{Job: j, workspace: w, slot: slot}
	done, err := h.execute(ctx, s, t)
	if CodeOf(err) == UnreadableRecord {
		s.noteUnreadable(ctx, t, err)
		return s.refuse(ctx, t, w.language(nil, j.Language), err, Organizer{})
	}
	return done, err
}

// noteUnreadable tells the operator that a record of the task's conversation cannot be read.
func (s *Service) noteUnreadable(ctx context.Context, t task, err error) {
	s.Observer.UnreadableRecord()
	s.Log.WarnContext(ctx, "record cannot be read", "request", t.Trace, "error", err)
}

// despiteUnreadable drops the error for a record that cannot be read, where the rest of the state is enough.
func (s *Service) despiteUnreadable(ctx context.Context, t task, err error) error {
	if CodeOf(err) != UnreadableRecord {
		return err
	}
	s.noteUnreadable(ctx, t, err)
	return nil
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

// reply answers the asker: as the answer to the request if that still waits, otherwise by the platform.
func (s *Service) reply(ctx context.Context, l Lease, done result, slot *slot, place *inPlace) error {
	j, reply := l.Job, done.reply
	if done.show {
		// What is shown is what stands in the store at this moment, never what an attempt remembers.
		state, err := s.Conversations.Announce(ctx, j.location(), j.ID, j.Asker)
		if err != nil && CodeOf(err) != UnreadableRecord {
			return err
		}
		if state.Meeting == nil { // the next attempt says why
			return &Error{Code: Unavailable, Err: errors.New("conversation's meeting is gone from the store")}
		}
		reply = s.card(j.Command, state, s.jobLanguage(j, state.Identity), state.Meeting.ClaimID == done.made)
		if generation := state.Generation(); reply.Card.New && done.undoable && generation > 1 {
			reply.Card.Replaces = true
			reply.Actions = []Action{{ID: ActionUndo, Value: strconv.Itoa(generation)}}
		}
		reply.Card.Restored = done.restored
	}
	reply.setZone(j.Zone)
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
	err = retryThrottled(ctx, slot, func() (err error) {
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

// jobLanguage is the language of a job's asker, given what is remembered of them now.
func (s *Service) jobLanguage(j Job, id *Identity) Language {
	w, err := s.workspace(j.Conversation)
	if err != nil {
		w.Language = s.Language
	}
	return w.language(id, j.Language)
}
