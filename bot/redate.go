package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// redate is a change of the meeting's date that its asker has confirmed: what the button carries.
type redate struct {
	generation, sequence int    // of the meeting, as the asker saw it
	to                   Period // zero: the date is taken away
	people               string // the marks of those who are invited with it
}

// String writes the change as the value of an action.
func (r redate) String() string {
	if r.people != "" {
		dated := r
		dated.people = ""
		return dated.String() + " " + spelled(r.people)
	}
	var start, end int64
	if r.to != (Period{}) {
		start, end = r.to.Start.Unix(), r.to.End.Unix()
	}
	return fmt.Sprintf("%d %d %d %d", r.generation, r.sequence, start, end)
}

// parseRedate reads the value of an action; ok is false if it has another form.
func parseRedate(value string) (r redate, ok bool) {
	parts := strings.SplitN(value, " ", 5)
	if len(parts) < 4 {
		return redate{}, false
	}
	var n [4]int64
	for i, part := range parts[:4] {
		var err error
		if n[i], err = strconv.ParseInt(part, 10, 48); err != nil || n[i] < 0 {
			return redate{}, false
		}
	}
	r = redate{generation: int(n[0]), sequence: int(n[1])}
	if len(parts) > 4 {
		r.people = marksOf(marksIn(unspelled(parts[4]), maxMentions))
	}
	if n[2] != 0 || n[3] != 0 {
		r.to = Period{time.Unix(n[2], 0).UTC(), time.Unix(n[3], 0).UTC()}
	}
	return r, n[0] > 0 && r.String() == value && !r.to.End.Before(r.to.Start)
}

// setDate gives the conversation's meeting another date: its link stays the same. If somebody else has set a date that
// lies ahead, the asker is asked first.
func (s *Service) setDate(ctx context.Context, t task, asker Identity, state State, w wish) (result, error) {
	m, now, to := *state.Meeting, s.Clock(), Period{w.start, w.end}
	switch {
	case !w.dated(), m.isDated(to): // an attempt before this one came so far
		return s.showDated(t, state, asker.Language, w, m.Dated && w.dated()), nil
	case m.ahead(now) && m.DatedBy != t.Asker.User:
		return s.askRedate(ctx, t, asker, m, to)
	}
	state, done, err := s.changeDate(ctx, t, asker.Language, state, to)
	if err != nil || done.outcome != "" {
		return done, err
	}
	return s.showDated(t, state, asker.Language, w, true), nil
}

// isDated tells whether that is the meeting's date; zero: whether it has none.
func (m Meeting) isDated(p Period) bool {
	if p == (Period{}) {
		return !m.Dated
	}
	return m.Dated && m.Start.Equal(p.Start) && m.End.Equal(p.End)
}

// askRedate asks the asker before somebody else's date is changed.
func (s *Service) askRedate(ctx context.Context, t task, asker Identity, m Meeting, to Period) (result, error) {
	owner, err := s.Identities.Identity(ctx, Asker{Platform: t.Asker.Platform, Workspace: t.Asker.Workspace,
		User: m.DatedBy})
	if err != nil {
		return result{}, err
	}
	return result{outcome: OutcomeWords, reply: AskRedateReply(asker.Language, m, owner, to, zoneOf(t, asker))}, nil
}

// changeDate changes the date in Graph, and then in the record. The result has an outcome if that was refused.
func (s *Service) changeDate(
	ctx context.Context, t task, lang Language, state State, to Period,
) (State, result, error) {
	m := *state.Meeting
	change := MeetingChange{Start: to.Start, End: to.End}
	found, err := s.graph.change(ctx, t.slot, s.graph.forCommand, t.workspace.Tenant, m, change)
	if err != nil {
		done, err := s.refuseChange(t, lang, "when.unchanged", err, m.Organizer)
		return state, done, err
	}
	now := s.Clock()
	after, err := s.Conversations.ChangeMeeting(ctx, state.Conversation, m.ClaimID, func(m *Meeting) {
		orphaned := m.Orphaned // as for another name
		*m = m.refreshed(found, now, true)
		m.Orphaned = orphaned
		m.Start, m.End = to.Start.UTC(), to.End.UTC()
		m.Dated, m.DatedBy, m.Zone = true, t.Asker.User, cmp.Or(t.Zone, m.Zone)
		s.changed(m, state.Conversation)
		s.moved(m, state.Conversation)
	})
	if err == nil && (after.Meeting == nil || after.Meeting.ClaimID != m.ClaimID) {
		err = &Error{Code: Unavailable, Err: errors.New("the meeting was replaced meanwhile")}
	}
	return after, result{}, err
}

// showDated shows the meeting after a command with a date. That a date changed concerns everybody.
func (s *Service) showDated(t task, state State, lang Language, w wish, changed bool) result {
	if changed {
		state.MayAnnounce = true
	}
	c := t.Command
	c.Subject = w.subject
	reply := s.card(c, state, t.Route, lang, false)
	reply.Card.Redated, reply.Card.Wished, reply.Card.Copy = changed, w.notes, false
	outcome := OutcomeKnown
	if changed {
		outcome = OutcomeRedated
	}
	return result{outcome: outcome, reply: reply}
}

// redateMeeting carries out a change of the date that its asker has confirmed.
type redateMeeting struct{ aboutExisting }

func (c redateMeeting) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, lang, done, err := s.opening(ctx, t, c)
	if err != nil || done.outcome != "" {
		return done, err
	}
	asker, err := s.identify(ctx, t)
	if err != nil {
		return s.refuseChange(t, lang, "when.unchanged", err, state.Meeting.Organizer)
	}
	asker.Language = lang
	r, _ := parseRedate(t.Redate)
	m := state.Meeting
	w := wish{subject: m.Subject, start: r.to.Start, end: r.to.End, people: marksIn(r.people, maxMentions)}
	t.wish = w
	switch {
	case m.isDated(r.to):
		return s.withPeople(ctx, t, asker, state, s.showDated(t, state, lang, w, true), nil)
	case m.Generation != r.generation || m.Sequence != r.sequence: // it is another one than the asker saw
		return s.showDated(t, state, lang, w, false), nil
	case r.to == (Period{}):
		return s.dropDate(ctx, t, lang, state)
	}
	state, refused, err := s.changeDate(ctx, t, lang, state, r.to)
	if err != nil || refused.outcome != "" {
		return refused, err
	}
	return s.withPeople(ctx, t, asker, state, s.showDated(t, state, lang, w, true), nil)
}

// cancelCommand takes the date away. The meeting and its link stay, and nothing is sent to Graph.
type cancelCommand struct{ aboutExisting }

func (c cancelCommand) answer(s *Service, i Intent, where Route, state *State, lang Language) (Reply, Outcome) {
	reply, outcome := c.aboutExisting.answer(s, i, where, state, lang)
	if outcome == "" && state != nil && state.Meeting != nil && !state.Meeting.ahead(s.Clock()) {
		return NoDateReply(lang), OutcomeWords
	}
	return reply, outcome
}

func (c cancelCommand) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, lang, done, err := s.opening(ctx, t, c)
	if err == nil && done.outcome == OutcomeWords && t.lease.again() && !state.Meeting.Dated {
		// An attempt before this one may have taken the date away.
		return s.showDated(t, state, lang, wish{subject: state.Meeting.Subject}, true), nil
	}
	if err != nil || done.outcome != "" {
		return done, err
	}
	asker, err := s.identify(ctx, t)
	if err != nil {
		return s.refuseChange(t, lang, "when.unchanged", err, state.Meeting.Organizer)
	}
	if asker.Language = lang; state.Meeting.DatedBy != t.Asker.User {
		return s.askRedate(ctx, t, asker, *state.Meeting, Period{})
	}
	return s.dropDate(ctx, t, lang, state)
}

// dropDate takes the date away, and says so to everybody.
func (s *Service) dropDate(ctx context.Context, t task, lang Language, state State) (result, error) {
	state, err := s.Conversations.ChangeMeeting(ctx, state.Conversation, state.Meeting.ClaimID, func(m *Meeting) {
		m.Dated, m.DatedBy, m.Quiet = false, "", false
		s.changed(m, state.Conversation)
	})
	if err != nil {
		return result{}, err
	}
	if state.Meeting == nil {
		return result{outcome: OutcomeKnown, reply: NoMeetingReply(lang)}, nil
	}
	return s.showDated(t, state, lang, wish{subject: state.Meeting.Subject}, true), nil
}
