package bot

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// dueAtOnce is how many conversations that are due a replica takes in a second at most. Ten replicas keep up with
// hundreds of millions of meetings.
const dueAtOnce = 5

// remindAtOnce is how many reminders a replica begins in a second at most. Dates cluster at full and half hours: a
// replica begins thousands of reminders while they are still of use.
const remindAtOnce = 50

// dueElsewhere is after which time, at most, all replicas may look again at what one took that does not serve it. It
// differs from time to time: if it were a number of looks, the same replica might always be the first to look. A time
// that was set meanwhile is lost by that: whoever finds it too early sets it again.
const dueElsewhere = 10 * time.Second

// todoJobs says which job does what is to do about a meeting.
var todoJobs = []struct {
	todo Todo
	kind JobKind
}{
	{TodoOptions, JobOptions},
	{TodoCards, JobCards},
	{TodoBookmark, JobBookmark},
}

// tend starts what is due about the conversation's meeting, which is in use: it was just shown or changed for the job.
// Nobody waits for that. Equal reasons start a job once.
func (s *Service) tend(state State, j Job, reason string) {
	m := state.Meeting
	now := s.Clock()
	if m == nil || !m.Alive(now) {
		return
	}
	if m.needsConfirming(now) {
		s.begin(upkeepJob(JobConfirm, state, j, now, now.UTC().Format(time.DateOnly)))
	}
	if m.Todo&TodoRemind != 0 {
		s.beginPlanning(state, j.Trace)
	}
	for _, due := range todoJobs {
		if m.Todo&due.todo != 0 {
			s.begin(upkeepJob(due.kind, state, j, now, reason))
		}
	}
}

// mayTend tells quickly whether tend would start anything: a repeat of a command costs no more than this.
func (s *Service) mayTend(state State) bool {
	return state.Meeting != nil && (state.Meeting.Todo != 0 || state.Meeting.needsConfirming(s.Clock()))
}

// tendAfterUse is tend for an answer that was given in place. Where that happens again and again, what is to do starts
// once in an hour.
func (s *Service) tendAfterUse(state State, j Job) {
	s.tend(state, j, s.Clock().UTC().Format("2006-01-02T15"))
}

// upkeepJob is a job in the background about the conversation's meeting. If the use that starts it is an asker's
// `meet`, a job that confirms carries it, in case the link turns out not to work.
func upkeepJob(kind JobKind, state State, use Job, now time.Time, reason string) Job {
	c := state.Conversation
	j := Job{
		Intent:       Intent{Kind: kind, Generation: state.Generation()},
		ID:           "upkeep-" + shortHash(fmt.Sprintf("%s\n%s\n%s\n%s", kind, c, state.Meeting.ClaimID, reason)),
		Conversation: c, Seen: state.Generation(), Accepted: now, Trace: use.Trace,
	}
	if kind == JobConfirm && use.kind() == JobCommand && use.Command.Kind == Meet && use.Asker.User != "" {
		j.Command = Command{Kind: Meet}
		j.Asker, j.Language, j.Zone, j.Topic, j.Route = use.Asker, use.Language, use.Zone, use.Topic, use.Route
	}
	return j
}

// begin accepts and starts a job that nobody waits for, if it was not begun before. Commands come first: where half of
// the slots are taken, nothing begins, and a later use tries again.
func (s *Service) begin(j Job) {
	if s.slots.free() < cap(s.slots)/2 || s.begun.Contains(j.ID) {
		return
	}
	s.work.begin(func() {
		ctx, cancel := context.WithTimeout(s.base, s.Timing.Attempt)
		defer cancel()
		if err := s.acceptUpkeep(ctx, j); err != nil {
			s.Log.WarnContext(ctx, "cannot begin a job in the background; a later use does", "kind", j.Label(),
				"request", j.Trace, "error", err)
		}
	})
}

// acceptUpkeep is acceptOwn for a job that nobody waits for. It returns nil too if its asker waits for too many others.
func (s *Service) acceptUpkeep(ctx context.Context, j Job) error {
	err := s.acceptOwn(ctx, j)
	if _, tooMany := errors.AsType[BusyError](err); tooMany {
		return nil
	}
	if err == nil {
		s.begun.Add(j.ID, struct{}{})
	}
	return err
}

// acceptOwn puts a job that no request asks for by itself into the queue, and starts it, unless that was done before.
func (s *Service) acceptOwn(ctx context.Context, j Job) error {
	start, err := s.acceptFor(ctx, j)
	if err == nil {
		start()
	}
	return err
}

// acceptFor is acceptOwn for a job that is started later, by start.
func (s *Service) acceptFor(ctx context.Context, j Job) (start func(), err error) {
	lease, err := s.Queue.Accept(ctx, j)
	if errors.Is(err, ErrDuplicate) {
		return func() {}, nil
	}
	return func() { s.start(lease, nil) }, err
}

// workOffDue starts the jobs of conversations whose time has come. What it cannot start comes again after [DueLease].
func (s *Service) workOffDue(ctx context.Context) {
	if s.slots.free() < cap(s.slots)/2 {
		return
	}
	now := s.Clock()
	for _, what := range []struct {
		kind DueKind
		most int
	}{
		{DueRemind, remindAtOnce}, {DueConfirm, dueAtOnce},
	} {
		due, err := s.Schedule.TakeDue(ctx, []DueKind{what.kind}, now, what.most)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "cannot look for what is due", "error", err)
		}
		for _, d := range due {
			if err := s.startDue(ctx, d, now); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "cannot begin what is due; it comes again", "kind", string(d.Kind), "error", err)
			}
		}
	}
}

// startDue accepts the job of a conversation that is due, and only then forgets that it was.
func (s *Service) startDue(ctx context.Context, d Due, now time.Time) error {
	platform, ok := s.Platforms[d.Conversation.Platform]
	if !ok || !platform.Serves(d.Conversation.Workspace) { // it is for another replica, and a reminder cannot wait
		d.At = now.Add(rand.N(dueElsewhere)) //nolint:gosec // it need not be unpredictable
		return s.Schedule.SetDue(ctx, d)
	}
	state, err := s.Conversations.Read(ctx, d.Conversation, Asker{})
	if err != nil && CodeOf(err) != UnreadableRecord {
		return err
	}
	trace := "due-" + d.At.UTC().Format("20060102T150405")
	switch m := state.Meeting; {
	case m == nil || !m.Alive(now):
	case d.Kind == DueRemind:
		if err := s.startReminder(ctx, state, trace, now); err != nil {
			return err
		}
	default:
		j := upkeepJob(JobConfirm, state, Job{Trace: trace}, now, now.UTC().Format(time.DateOnly))
		if err := s.acceptUpkeep(ctx, j); err != nil {
			return err
		}
	}
	return s.Schedule.DropDue(ctx, d)
}

// told notes that the conversation was told why its link changed, so that it is told once.
func (s *Service) told(ctx context.Context, c *Card, trace string) {
	if c == nil || c.Why.Why == "" {
		return
	}
	forget := func(m *Meeting) { m.Replaced = Replacement{} }
	err := s.insist(ctx, func(ctx context.Context) error {
		_, err := s.Conversations.ChangeMeeting(ctx, c.Of, c.Meeting.ClaimID, forget)
		return err
	})
	if err != nil {
		s.Log.WarnContext(ctx, "cannot note that a conversation was told why its link changed", "request", trace,
			"error", err)
	}
}
