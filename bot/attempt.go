package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// How often an attempt at a job may break off, by a panic or the end of its process, before the job is put aside.
const (
	// aloneAfter is from when on a job is attempted one at a time in a process: the next one may end the process.
	aloneAfter = 2
	// brokenMost is from when on the job's author is told, and the job becomes a dead letter.
	brokenMost = 4
)

// errBroken is why a job was put aside.
var errBroken = errors.New("attempts at this job break off: see the log for a panic, or for processes that ended")

// start attempts a job as soon as there is a slot. If there is none in time, the job stays in the queue to be
// reclaimed; if the process has too many jobs in hand, or stops, any replica may reclaim it at once.
func (s *Service) start(l Lease, place *inPlace) {
	if l.Broken >= aloneAfter {
		s.alone.Add(1)
	}
	if !s.work.begin(func() { s.run(l, place) }) {
		s.end(l)
		s.giveBack(l, true)
	}
}

// end takes back what start noted of a job.
func (s *Service) end(l Lease) {
	if l.Broken >= aloneAfter {
		s.alone.Add(-1)
	}
}

func (s *Service) run(l Lease, place *inPlace) {
	defer s.end(l)
	ctx, cancel := context.WithTimeout(s.base, s.Timing.SlotWait+s.Timing.Attempt)
	defer cancel()
	waiting, stop := context.WithTimeout(ctx, s.Timing.SlotWait)
	defer stop()
	keep := context.AfterFunc(s.work.open, stop) // a job that waits here is handed over when the process stops
	defer keep()
	slot, err := s.slots.acquire(waiting)
	if err != nil {
		s.giveBack(l, true)
		return
	}
	defer slot.release()
	attempt, cancel := context.WithTimeout(ctx, s.Timing.Attempt)
	defer cancel()
	s.attempt(attempt, l, slot, place)
}

// giveBack tells the queue that an attempt has ended without an answer. With now, or if the process stops, other
// replicas take the job over at once.
func (s *Service) giveBack(l Lease, now bool) {
	if s.work.hasCrashed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.base), finishWithin)
	defer cancel()
	if err := s.Queue.GiveBack(ctx, l, now || s.work.open.Err() != nil); err != nil && l.Reclaimed {
		s.ended.add(l)
	}
}

// wanted returns what tells whether this replica is to take a job over. What it does not serve is for others.
func (s *Service) wanted() func(Lease) bool {
	alone := s.alone.Load() // only reclaim adds to it
	return func(l Lease) bool {
		if !s.serves(l) {
			return false
		}
		if l.Broken < aloneAfter {
			return true
		}
		alone++
		return alone == 1
	}
}

// serves tells whether this process can carry out a job. The operator is warned once for each kind and each workspace
// whose jobs it leaves to others.
func (s *Service) serves(l Lease) bool {
	c := l.Job.Conversation
	if _, known := l.Job.handler(); !known {
		s.leave(l, "this release does not know a kind of job; such jobs stay in the queue for a later release",
			l.Job.Label())
		return false
	}
	platform, ok := s.Platforms[c.Platform]
	if ok && platform.Serves(c.Workspace) {
		if _, err := s.Workspaces.Get(c.Platform, c.Workspace); err == nil {
			return true
		}
	}
	s.leave(l, "this replica does not serve a workspace whose jobs are in the queue, or not yet; "+
		"they stay there for others",
		c.Platform+" "+c.Workspace)
	return false
}

func (s *Service) leave(l Lease, why, what string) {
	if warned, _ := s.left.ContainsOrAdd(what, struct{}{}); !warned {
		s.Log.Warn(why, "kind", l.Job.Label(), "platform", l.Job.Conversation.Platform,
			"workspace", l.Job.Conversation.Workspace, "request", l.Job.Trace, "entry", l.Entry)
	}
}

// attempt executes a job and answers it. After a passing fault the job waits here for the next attempt, or, if this
// process ends, in the queue for the replica that reclaims it.
func (s *Service) attempt(ctx context.Context, l Lease, slot *slot, place *inPlace) {
	log := s.Log.With("request", l.Job.Trace, "platform", l.Job.Conversation.Platform,
		"workspace", l.Job.Conversation.Workspace, "channel", l.Job.Conversation.Channel,
		"user", l.Job.Asker.User, "command", l.Job.Label(), "attempt", l.Attempt)
	defer func() {
		if p := recover(); p != nil {
			s.logPanic(l, p, log)
		}
	}()
	if s.answered.Contains(l.Job.ID) {
		s.finish(l, log)
		return
	}
	if l.Broken > brokenMost || l.Broken == brokenMost && l.Job.answersNobody() { // nor can its author be told
		s.moveToDeadLetters(ctx, l, errBroken, log)
		return
	}

	var done result
	var err error
	if l.Broken == brokenMost {
		reply := BrokenReply(s.jobLanguage(l.Job, nil), l.Job.Conversation, l.Job.Reference())
		done = result{outcome: OutcomeBroken, reply: reply}
	} else {
		done, err = s.execute(ctx, l, slot)
	}
	if err == nil && !done.silent {
		err = s.reply(ctx, &l, done, slot, place)
	}
	if done.next != nil {
		done.next()
	}
	took := l.age()
	switch {
	case err == nil:
		s.Observer.Command(l.Job.Conversation.Platform, l.Job.Label(), done.outcome, took)
		logAnswer(ctx, log, done, took)
		if done.outcome == OutcomeBroken {
			s.moveToDeadLetters(ctx, l, errBroken, log)
			return
		}
		s.finish(l, log)
	case errors.Is(err, ErrNotOwner):
		log.Info("job is another's by now")
		s.giveBack(l, false)
	case !Temporary(err) && CodeOf(err) != ChatCredentials, took >= s.Timing.DeadLetter:
		s.moveToDeadLetters(ctx, l, err, log)
	default:
		wait := s.waitAfter(err, took)
		log.Warn("attempt failed; the job will be tried again", "error", err, "in",
			wait.Round(time.Millisecond).String())
		s.wait(l, wait, log)
	}
}

// logPanic logs the panic of an attempt, with its stack only the first time for a job.
func (s *Service) logPanic(l Lease, p any, log *slog.Logger) {
	stack := string(debug.Stack())
	if shared, ok := p.(sharedPanic); ok {
		p, stack = shared.value, shared.stack
	}
	args := []any{"panic", fmt.Sprint(p)}
	if logged, _ := s.panicked.ContainsOrAdd(l.Job.ID, struct{}{}); !logged {
		args = append(args, "stack", stack)
	}
	log.Error("attempt panicked; the job will be tried again, some times at most", args...)
}

// logAnswer logs that a job was answered. A refusal comes with its cause, as a warning if the operator has to mend it.
func logAnswer(ctx context.Context, log *slog.Logger, done result, took time.Duration) {
	level := slog.LevelInfo
	answer := []any{"outcome", string(done.outcome), "took", took.Round(time.Millisecond).String()}
	if refusal := done.refusal; refusal != nil && refusal.Err != nil {
		answer = append(answer, "cause", refusal)
		switch refusal.Code {
		case Credentials, NoPermission, NoAccessPolicy, ServiceAccount, ChatCredentials:
			level = slog.LevelWarn
		}
	}
	log.Log(ctx, level, "command answered", answer...)
}

// execute does what the job asks for. An error is a passing fault: the same job may succeed later.
func (s *Service) execute(ctx context.Context, l Lease, slot *slot) (result, error) {
	j := l.Job
	w, err := s.workspace(j.Conversation)
	if err != nil {
		return result{}, err
	}
	h, _ := j.handler() // no other job is taken over or accepted
	t := task{Job: j, lease: l, workspace: w, slot: slot}
	done, out, err := s.keepOut(ctx, t)
	if err == nil && !out {
		done, err = h.execute(ctx, s, t)
	}
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
	s.answered.Add(l.Job.ID, struct{}{})
	ctx, cancel := context.WithTimeout(s.base, finishWithin)
	defer cancel()
	for {
		err := s.Queue.Done(ctx, l)
		if err == nil {
			s.answered.Remove(l.Job.ID)
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
		s.giveBack(l, false)
		return
	}
	s.Observer.DeadLettered()
	what := "answer reached nobody; the command is among the dead letters"
	if errors.Is(cause, errBroken) {
		what = "attempts at a command break off; it is among the dead letters"
	}
	log.Error(what, "error", cause)
}

// jobLanguage is the language of a job's asker, given what is remembered of them now.
func (s *Service) jobLanguage(j Job, id *Identity) Language {
	w, err := s.workspace(j.Conversation)
	if err != nil {
		w.Language = s.Language
	}
	return w.language(id, j.Language)
}
