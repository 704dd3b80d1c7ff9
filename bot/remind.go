package bot

import (
	"context"
	"strconv"
	"time"
)

// The reminder of a date goes three ways. Whatever sets a date notes [TodoRemind] in the meeting's record. Before the
// answer is sent, the time of the reminder is put into the schedule, and the note is taken away; a crash in between
// leaves the note, and the job that is attempted again finds it. When that time has come, one replica accepts a job,
// which posts the reminder if the date is still the same.

// remindersOf is TodoRemind if the conversation's platform can remind, and otherwise nothing to do.
func (s *Service) remindersOf(c Conversation) Todo {
	if s.reminder(c) == nil {
		return 0
	}
	return TodoRemind
}

// moved notes that the meeting has another date: people are reminded of it, whatever they wanted about the one before.
func (s *Service) moved(m *Meeting, c Conversation) {
	m.Quiet = false
	m.Todo |= s.remindersOf(c)
}

// reminder is what reminds the conversation; nil if there are no reminders.
func (s *Service) reminder(c Conversation) Reminder {
	if s.RemindBefore <= 0 {
		return nil
	}
	able, _ := s.Platforms[c.Platform].(Reminder)
	return able
}

// remindable tells whether the meeting has a date ahead that people want to be reminded of.
func (m Meeting) remindable(now time.Time) bool {
	return m.Dated && !m.Quiet && !m.Withheld && m.Start.After(now) && m.Alive(now)
}

// dateOf is the meeting's present date, as jobs and buttons carry it.
func dateOf(m Meeting) redate {
	return redate{generation: m.Generation, sequence: m.Sequence, to: Period{m.Start, m.End}}
}

// quietActions are the button against the reminder of the meeting's date; none if no reminder is to come.
func (s *Service) quietActions(c Conversation, m Meeting) []Action {
	now := s.Clock()
	if s.reminder(c) == nil || !m.remindable(now) || !m.Start.Add(-s.RemindBefore).After(now) {
		return nil
	}
	return []Action{{ID: ActionQuiet, Value: dateOf(m).String()}}
}

// planShown plans the reminder of the meeting that a card shows, if that is still to be done.
func (s *Service) planShown(ctx context.Context, c *Card) error {
	if c == nil || c.Meeting.Todo&TodoRemind == 0 {
		return nil
	}
	err := s.planReminder(ctx, State{Conversation: c.Of, Meeting: &c.Meeting})
	if err == nil {
		c.Meeting.Todo &^= TodoRemind
	}
	return err
}

// beginPlanning is planReminder in the background. If it fails, a later use tries again.
func (s *Service) beginPlanning(state State, trace string) {
	s.work.begin(func() {
		ctx, cancel := context.WithTimeout(s.base, s.Timing.Attempt)
		defer cancel()
		if err := s.planReminder(ctx, state); err != nil {
			s.Log.WarnContext(ctx, "cannot plan the reminder of a date; a later use does", "request", trace,
				"error", err)
		}
	})
}

// planReminder puts the time of the reminder into the schedule, and takes TodoRemind away. If the meeting changes
// meanwhile, what was planned last is what counts: so it is planned again.
func (s *Service) planReminder(ctx context.Context, state State) error {
	for {
		c, planned := state.Conversation, *state.Meeting
		if at := s.remindAt(c, planned); !at.IsZero() {
			if err := s.Schedule.SetDue(ctx, Due{Kind: DueRemind, Conversation: c, At: at}); err != nil {
				return err
			}
		}
		var err error
		state, err = s.Conversations.ChangeMeeting(ctx, c, planned.ClaimID, func(current *Meeting) {
			if current.Sequence == planned.Sequence {
				current.Todo &^= TodoRemind
			}
		})
		if err != nil {
			return err
		}
		m := state.Meeting
		if m == nil || m.ClaimID == planned.ClaimID && m.Sequence == planned.Sequence {
			return nil
		}
	}
}

// remindAt is when the conversation is to be looked at for a reminder; zero if that is not needed. A date that is
// nearer than RemindBefore gets no reminder, since its card is fresh: then that is its start, when nothing is left to
// do. It takes the place of what an earlier date has left in the schedule.
func (s *Service) remindAt(c Conversation, m Meeting) time.Time {
	now := s.Clock()
	if s.reminder(c) == nil || !m.Dated || !m.Start.After(now) {
		return time.Time{}
	}
	if at := m.Start.Add(-s.RemindBefore); at.After(now) {
		return at
	}
	return m.Start
}

// startReminder accepts the job that reminds the conversation of its date, now that something is due. A date that was
// moved to a later time is put into the schedule again. Whatever else became of the date leaves nothing to do.
func (s *Service) startReminder(ctx context.Context, state State, trace string, now time.Time) error {
	c, m := state.Conversation, *state.Meeting
	switch {
	case s.reminder(c) == nil || !m.remindable(now):
		return nil
	case m.Start.Add(-s.RemindBefore).After(now):
		return s.planReminder(ctx, state)
	}
	j := upkeepJob(JobRemind, state, Job{Trace: trace}, now, strconv.FormatInt(m.Start.Unix(), 10))
	j.Redate = dateOf(m).String()
	return s.acceptUpkeep(ctx, j)
}

// remind posts the reminder of a date, once at most: where nobody knows whether it was posted, it is not posted again.
// A second reminder would be worse than none, since the date stands on the card.
type remind struct{ inBackground }

func (remind) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.standing(ctx, t, Asker{})
	if err != nil {
		return result{}, err
	}
	m, now, platform := state.Meeting, s.Clock(), s.reminder(t.Conversation)
	date, _ := parseRedate(t.Redate)
	switch {
	case platform == nil, m == nil, m.Generation != date.generation, !m.Start.Equal(date.to.Start), !m.remindable(now):
		return silent(OutcomeObsolete)
	case t.lease.age() >= s.Timing.GiveUp:
		return silent(OutcomeGaveUp)
	}
	cards, err := s.Cards.Cards(ctx, state.Conversation)
	if err != nil {
		return result{}, err
	}
	again, err := s.Queue.BeginSend(ctx, t.lease)
	if err != nil {
		return result{}, err
	}
	if again {
		s.Log.InfoContext(ctx, "a reminder may have been posted by an attempt that broke off; it is not posted again",
			"request", t.Trace, "conversation", t.Conversation.String())
		return silent(OutcomeObsolete)
	}
	return s.postReminder(ctx, t, platform, state, cards, m.Start.Sub(now))
}

// postReminder posts the reminder within the time that is left until the start.
func (s *Service) postReminder(
	ctx context.Context, t task, platform Reminder, state State, cards []PostedCard, left time.Duration,
) (result, error) {
	m := *state.Meeting
	reply := Reply{
		Audience: AudienceEveryone, Language: m.Language,
		Card: &Card{Meeting: m, Reminder: true, Of: state.Conversation},
	}
	reply.setZone(m.Zone)
	posting, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	posted, err := platform.Remind(posting, state.Conversation, cards, reply)
	switch {
	case err == nil:
	case CodeOf(err) == Unavailable && !Unsent(err):
		s.noteReminder(ctx, t, "a reminder may not have been posted; it is not posted again", err)
		return silent(OutcomeGaveUp)
	case Temporary(err), CodeOf(err) == ChatCredentials: // an administrator may mend that meanwhile
		return result{}, s.notSent(ctx, &t.lease, err)
	default:
		s.noteReminder(ctx, t, "a reminder cannot be posted", err)
		return silent(OutcomeRefused(CodeOf(err)))
	}
	if posted.Root != "" {
		if err := s.LinkThread(ctx, state.Conversation, posted.Root); err != nil {
			s.Log.WarnContext(ctx, "cannot remember where a reminder is", "request", t.Trace, "error", err)
		}
	}
	return silent(OutcomeReminded)
}

// noteReminder tells the operator what became of a reminder. Nobody else waits for it.
func (s *Service) noteReminder(ctx context.Context, t task, what string, err error) {
	s.Log.InfoContext(ctx, what, "request", t.Trace, "conversation", t.Conversation.String(), "cause", err)
}

// quiet switches off the reminder of the date that the pressed button stands beside, for everybody. Anybody in the
// conversation may do that. A button of an earlier date changes nothing.
type quiet struct{ aboutExisting }

func (q quiet) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, lang, done, err := s.opening(ctx, t, q)
	if err != nil || done.outcome != "" {
		return done, err
	}
	now := s.Clock()
	date, _ := parseRedate(t.Redate)
	is := func(m *Meeting) bool {
		return m != nil && m.Generation == date.generation && m.Sequence == date.sequence && m.ahead(now)
	}
	if is(state.Meeting) {
		state, err = s.Conversations.ChangeMeeting(ctx, state.Conversation, state.Meeting.ClaimID, func(m *Meeting) {
			m.Quiet = m.Quiet || is(m)
		})
		if err != nil {
			return result{}, err
		}
	}
	switch m := state.Meeting; {
	case !is(m):
		return result{outcome: OutcomeKnown, reply: ReminderReply(lang, ReminderStale)}, nil
	case !m.Start.Add(-s.RemindBefore).After(now):
		return result{outcome: OutcomeQuieted, reply: ReminderReply(lang, ReminderLate)}, nil
	default:
		return result{outcome: OutcomeQuieted, reply: ReminderReply(lang, ReminderOff)}, nil
	}
}

// ReminderNews is what a reply says of a reminder that is not wanted. It is the end of the sentence's ID in the
// catalogue.
type ReminderNews string

// What there is to say.
const (
	ReminderOff   ReminderNews = "off"   // there will be none
	ReminderLate  ReminderNews = "late"  // its time has come: it is posted, or it will not be
	ReminderStale ReminderNews = "stale" // the pressed button stands beside an earlier date
)

// ReminderReply answers the press of a button against a reminder.
func ReminderReply(lang Language, news ReminderNews) Reply {
	return sentence(lang, message("reminder."+string(news)))
}
