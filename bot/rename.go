package bot

import "context"

// renameCommand gives the conversation's meeting another subject, in place: its link stays the same.
type renameCommand struct{ aboutExisting }

func (r renameCommand) answer(s *Service, i Intent, where Route, state *State, lang Language) (Reply, Outcome) {
	if reply, unsound := unsoundName(s.Catalog, lang, i.Command); unsound {
		return reply, OutcomeWords
	}
	return r.aboutExisting.answer(s, i, where, state, lang)
}

func (r renameCommand) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, lang, done, err := s.opening(ctx, t, r)
	if err != nil || done.outcome != "" {
		return done, err
	}
	m := *state.Meeting
	if _, err := s.identify(ctx, t); err != nil {
		return s.refuseChange(t, lang, "rename.unchanged", err, m.Organizer)
	}
	change := MeetingChange{Subject: t.Command.Subject}
	found, err := s.graph.change(ctx, t.slot, s.graph.forCommand, t.workspace.Tenant, m, change)
	if err != nil {
		return s.refuseChange(t, lang, "rename.unchanged", err, m.Organizer)
	}
	now := s.Clock()
	state, err = s.Conversations.ChangeMeeting(ctx, state.Conversation, m.ClaimID, func(m *Meeting) {
		was, orphaned := m.Subject, m.Orphaned // a meeting whose organizer is gone can be renamed
		*m = m.refreshed(found, now, true)
		m.Orphaned = orphaned
		if found.Subject == "" {
			m.Subject = change.Subject
		}
		if m.Subject != was { // an attempt before this one may have come so far
			s.changed(m, t.Conversation)
		}
	})
	if err != nil {
		return result{}, err
	}
	if state.Meeting == nil || state.Meeting.ClaimID != m.ClaimID { // replaced meanwhile
		reply, outcome := (showCommand{}).answer(s, t.Intent, t.Route, &state, lang)
		return result{outcome: outcome, reply: reply}, nil
	}
	card := &Card{Meeting: *state.Meeting, Renamed: true, Of: state.Conversation}
	if words := timeIn(change.Subject); words != "" {
		card.Wished = append(card.Wished, message("when.in_name", Arg{"Words", words}))
	}
	return result{outcome: OutcomeRenamed, reply: Reply{Audience: AudienceAsker, Language: lang, Card: card}}, nil
}

// unsoundName says what is wrong with a name that is missing or too long.
func unsoundName(catalog *Catalog, lang Language, c Command) (Reply, bool) {
	switch {
	case c.Subject == "":
		return NamelessReply(catalog, lang), true
	case c.Clipped:
		return TooLongReply(lang), true
	default:
		return Reply{}, false
	}
}

// nothingToChange says that the conversation has no meeting that could be changed. The outcome is empty if it has one.
func (s *Service) nothingToChange(state State, lang Language) (Reply, Outcome) {
	switch {
	case state.Meeting == nil && state.UnreadableGeneration == 0:
		return NoMeetingReply(lang), OutcomeKnown
	case state.Meeting != nil && !state.Meeting.Alive(s.Clock()):
		return EndedReply(lang, *state.Meeting), OutcomeKnown
	default:
		return Reply{}, ""
	}
}

// refuseChange turns a refusal to change the meeting into what its asker reads, and returns a passing fault as it is.
// The meeting stays as it was, and so does its link: unchanged is the sentence that says so.
func (s *Service) refuseChange(t task, lang Language, unchanged string, err error, organizer Organizer) (result,
	error) {
	refusal := refusalOf(err)
	if refusal == nil {
		if t.lease.age() < s.Timing.GiveUp {
			return result{}, err
		}
		return result{outcome: OutcomeGaveUp, reply: s.gaveUpReply(t, lang)}, nil
	}
	reply := ExplainChange(lang, unchanged, refusal, organizer, t.workspace.Tenant.ClientID, t.Command, t.Reference())
	return result{outcome: OutcomeRefused(refusal.Code), reply: reply, refusal: refusal}, nil
}
