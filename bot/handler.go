package bot

import (
	"context"
)

// handler is what an intent does.
type handler interface {
	// announces tells whether the answer shows the conversation's card to everybody, unless that was done lately.
	announces() bool
	// answer answers a request from the conversation's state alone. The outcome is empty if the answer takes an
	// attempt. where is where the answer goes. state is nil if the conversation could not be read.
	answer(s *Service, i Intent, where Route, state *State, lang Language) (Reply, Outcome)
	// execute makes an attempt at a job. An error is a passing fault: the same job may succeed later.
	execute(ctx context.Context, s *Service, t task) (result, error)
}

// byAttempt is what the handlers have in common that answer nothing from the conversation's state.
type byAttempt struct{}

func (byAttempt) announces() bool { return false }

func (byAttempt) answer(*Service, Intent, Route, *State, Language) (Reply, Outcome) {
	return Reply{}, ""
}

// aboutExisting is what the handlers have in common that change the meeting that is there: where there is none, or none
// that works, they say so.
type aboutExisting struct{}

func (aboutExisting) announces() bool { return false }

func (aboutExisting) answer(s *Service, _ Intent, _ Route, state *State, lang Language) (Reply, Outcome) {
	if state == nil {
		return Reply{}, ""
	}
	return s.nothingToChange(*state, lang)
}

// opening reads the conversation for an attempt at a job about its meeting. If h answers from what the conversation
// holds, the result has an outcome.
func (s *Service) opening(ctx context.Context, t task, h handler) (
	state State, lang Language, done result, err error,
) {
	if state, err = s.Conversations.Read(ctx, t.location(), t.Asker); err != nil {
		return state, lang, done, err
	}
	lang = t.workspace.language(state.Identity, t.Language)
	done.reply, done.outcome = h.answer(s, t.Intent, t.Route, &state, lang)
	return state, lang, done, nil
}

// task is a job as one attempt works on it.
type task struct {
	Job
	lease     Lease
	workspace Workspace
	slot      *slot
	fresh     bool // asks for a fresh meeting
	// replaces says why the fresh meeting takes the place of the one before it, if nobody asked for that.
	replaces Replacement
	wish     wish // the date that the command asks for
	// attendees are those who are invited when a meeting is made for the task.
	attendees []Attendee
	undoable  bool // the asker may take the fresh meeting back: the one before it works
}

// result is what an attempt came to.
type result struct {
	outcome Outcome
	reply   Reply
	// show says that the reply is the conversation's card: the conversation is read once more right before it is sent.
	show    bool
	refusal *Error // why the reply is a refusal; nil if it is none
	made    string // the ID of the claim that this very attempt turned into a new meeting
	// undoable says that the new meeting took the place of an earlier one, and that its asker may take that back.
	undoable bool
	restored bool      // an Undo gave the conversation its earlier meeting back
	revealed bool      // the asker shows a withheld meeting to everybody
	alone    bool      // the card is for the asker alone
	next     func()    // starts what follows once the answer was sent, or could not be; nil: nothing
	silent   bool      // nobody is answered
	notes    []Message // what stands below the card beside its own notes
	invited  []Mention // whom the card mentions
	// invitedTo is the generation of the meeting that they are invited to.
	invitedTo int
	listed    []Attendee // with whom this attempt made a new meeting, if it did
}

// meetCommand gives the conversation its meeting, or a fresh one.
type meetCommand struct{ fresh bool }

func (m meetCommand) announces() bool { return !m.fresh }

func (m meetCommand) answer(s *Service, i Intent, where Route, state *State, lang Language) (Reply, Outcome) {
	if m.fresh || i.Command.Line != "" || state == nil || state.Meeting == nil || !state.Meeting.Alive(s.Clock()) {
		return Reply{}, ""
	}
	return s.card(i.Command, *state, where, lang, false), OutcomeKnown
}

func (m meetCommand) execute(ctx context.Context, s *Service, t task) (result, error) {
	t.fresh = m.fresh
	var state State
	var err error
	if m.fresh {
		state, err = s.Conversations.Read(ctx, t.location(), Asker{})
		err = s.despiteUnreadable(ctx, t, err) // a fresh meeting repairs it
	} else { // what a repeat finds is sent at once
		state, err = s.Conversations.Announce(ctx, t.location(), t.ID, t.Asker)
	}
	dead := err == nil && state.Meeting != nil && !state.Meeting.Alive(s.Clock())
	t.undoable = m.fresh && !dead
	if dead && !m.fresh {
		alive, err := s.revive(ctx, t, *state.Meeting)
		switch {
		case err != nil && t.lease.age() < s.Timing.GiveUp:
			return result{}, err
		case alive && t.Command.Line == "":
			return result{outcome: OutcomeKnown, show: true}, nil
		case alive:
			if state, err = s.Conversations.Read(ctx, t.location(), t.Asker); err != nil {
				return result{}, err
			}
		default:
			t = t.inPlaceOf(*state.Meeting)
		}
	}
	switch {
	case err != nil:
		return result{}, err
	case !t.fresh && state.Meeting != nil && t.Command.Line == "":
		lang := t.workspace.language(state.Identity, t.Language)
		return result{outcome: OutcomeKnown, reply: s.card(t.Command, state, t.Route, lang, false)}, nil
	case satisfies(t, state) && t.Command.Line == "":
		return result{outcome: OutcomeKnown, show: true}, nil
	case t.lease.age() >= s.Timing.GiveUp:
		return s.giveUp(ctx, t)
	}
	asker, err := s.identify(ctx, t)
	asker.Language = t.workspace.language(&asker, t.Language)
	switch {
	case err != nil && t.Command.Line != "" && state.Meeting != nil && !t.fresh: // a card would say nothing of the line
		return s.refuseChange(t, asker.Language, "when.unchanged", err, state.Meeting.Organizer)
	case err != nil:
		return s.refuse(ctx, t, asker.Language, err, Organizer{})
	}
	if t.Command.Line == "" {
		return s.ensureMeeting(ctx, t, asker)
	}
	return s.ensureDated(ctx, t, asker, state)
}

// ensureDated gives the conversation its meeting, with the date and the people that the command asks for.
func (s *Service) ensureDated(ctx context.Context, t task, asker Identity, state State) (_ result, err error) {
	w, problem := wishOf(t.Command, s.Clock().Add(-t.lease.age()), zoneOf(t, asker))
	if problem != nil {
		reply := TimeReply(s.Catalog, asker.Language, *problem, t.Command)
		return result{outcome: OutcomeRefused(BadTime), reply: reply}, nil
	}
	t.wish, t.Command.Subject = w, w.subject
	if state.Meeting != nil && !t.fresh {
		done, err := s.setDate(ctx, t, asker, state, w)
		return s.withPeople(ctx, t, asker, state, done, err)
	}
	if t.attendees, err = s.earlyAttendees(ctx, t, w.people); err != nil {
		return result{}, err
	}
	done, err := s.ensureMeeting(ctx, t, asker)
	if err != nil || !done.show {
		return done, err
	}
	if state, err = s.Conversations.Read(ctx, t.location(), Asker{}); err != nil {
		return result{}, err
	}
	m := state.Meeting
	if m == nil || !w.dated() || m.isDated(Period{w.start, w.end}) {
		done.notes = w.notes
		return s.withPeople(ctx, t, asker, state, done, nil)
	}
	done, err = s.setDate(ctx, t, asker, state, w) // somebody else made it at the same moment
	return s.withPeople(ctx, t, asker, state, done, err)
}

// showCommand shows the conversation's meeting to the asker alone, or the ways to put it into a calendar.
type showCommand struct{ calendar bool }

func (showCommand) announces() bool { return false }

func (c showCommand) answer(s *Service, _ Intent, where Route, state *State, lang Language) (Reply, Outcome) {
	return s.lookAt(state, lang, func(card *Card) {
		card.Chat, card.Details, card.ForCalendar = where.Chat, !c.calendar, c.calendar
	})
}

// lookAt shows the asker alone the conversation's meeting, as change has it; or that there is none.
func (s *Service) lookAt(state *State, lang Language, change func(*Card)) (Reply, Outcome) {
	switch {
	case state == nil:
		return Reply{}, ""
	case state.Meeting == nil:
		return NoMeetingReply(lang), OutcomeKnown
	case !state.Meeting.Alive(s.Clock()):
		return EndedReply(lang, *state.Meeting), OutcomeKnown
	default:
		m := *state.Meeting
		card := &Card{Meeting: m, Ahead: m.ahead(s.Clock()), Of: state.Conversation}
		change(card)
		return Reply{Audience: AudienceAsker, Language: lang, Card: card}, OutcomeKnown
	}
}

func (c showCommand) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.Conversations.Read(ctx, t.location(), Asker{})
	if err != nil {
		return result{}, err
	}
	reply, outcome := c.answer(s, t.Intent, t.Route, &state, t.Language)
	return result{outcome: outcome, reply: reply}, nil
}

// lookCloser answers the press of a button that shows more of a card's meeting. What it shows is the meeting that the
// conversation has now, whatever the button belongs to.
type lookCloser struct{}

func (lookCloser) announces() bool { return false }

func (lookCloser) answer(s *Service, i Intent, where Route, state *State, lang Language) (Reply, Outcome) {
	return s.lookAt(state, lang, func(card *Card) {
		card.Chat = where.Chat
		card.Details, card.ForCalendar = i.Action != ActionCalendar, i.Action == ActionCalendar
		card.Newer = i.Generation != 0 && i.Generation != card.Meeting.Generation
		if card.Newer || i.Action == ActionShow {
			card.Checked = s.Clock()
		}
	})
}

func (l lookCloser) execute(ctx context.Context, s *Service, t task) (result, error) {
	_, _, done, err := s.opening(ctx, t, l)
	return done, err
}

// speaker answers an intent that concerns no meeting.
type speaker interface {
	speak(s *Service, i Intent, where Route, lang Language) Reply
}

// words is the handler of an intent that words alone answer, whatever the conversation holds.
type words struct{ speaker }

func (words) announces() bool { return false }

func (w words) answer(s *Service, i Intent, where Route, _ *State, lang Language) (Reply, Outcome) {
	return w.speak(s, i, where, lang), OutcomeWords
}

func (w words) execute(_ context.Context, s *Service, t task) (result, error) {
	return result{outcome: OutcomeWords, reply: w.speak(s, t.Intent, t.Route, t.Language)}, nil
}

// helpCommand says what the bot can do.
type helpCommand struct{}

func (helpCommand) speak(s *Service, _ Intent, where Route, lang Language) Reply {
	return HelpReply(s.Catalog, lang, where, s.Examiner != nil)
}

// unclearCommand asks back about a near miss of a subcommand.
type unclearCommand struct{}

func (unclearCommand) speak(_ *Service, i Intent, _ Route, lang Language) Reply {
	return DidYouMeanReply(lang, i.Command, i.Guess)
}

// advise says what there is instead of something that the bot does not do.
type advise struct{}

func (advise) speak(_ *Service, i Intent, _ Route, lang Language) Reply {
	return AdviceReply(lang, i.Command, i.Advice)
}

// offer answers a mention that is no command, such as "thanks!": with the conversation's meeting, or with a button that
// makes one. Nobody makes a meeting for all by talking of the bot.
type offer struct{}

func (offer) announces() bool { return true }

func (offer) answer(s *Service, i Intent, where Route, state *State, lang Language) (Reply, Outcome) {
	switch {
	case state == nil:
		return Reply{}, ""
	case state.Meeting == nil, !state.Meeting.Alive(s.Clock()):
		return OfferReply(lang, i.Command), OutcomeWords
	default: // whether the words were meant as a subject is not known, so the card says nothing about them
		reply := s.card(Command{Kind: Meet}, *state, where, lang, false)
		if change, ok := createAction(i.Command); ok && i.Command.Line != "" {
			reply.offerChange(where, lang, i.Command, change)
		}
		return reply, OutcomeKnown
	}
}

func (h offer) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.Conversations.Announce(ctx, t.location(), t.ID, t.Asker)
	if err != nil {
		return result{}, err
	}
	reply, outcome := h.answer(s, t.Intent, t.Route, &state, t.workspace.language(state.Identity, t.Language))
	return result{outcome: outcome, reply: reply}, nil
}

// welcome greets a conversation that the bot was brought into.
type welcome struct{}

func (welcome) speak(_ *Service, _ Intent, _ Route, lang Language) Reply { return GreetingReply(lang) }
