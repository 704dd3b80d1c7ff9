//go:build !race

package modelcheck

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"meetbot/bot"
)

// errBroken is what a broken promise is.
var errBroken = errors.New("broken promise")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errBroken, fmt.Sprintf(format, args...))
}

// visitors come one after another when everybody else has stopped for good, wherever that was.
var visitors = []person{{name: "visitor", kind: bot.Meet}, {name: "renewer", kind: bot.New},
	{name: "follower", kind: bot.Meet}}

// roundsAtMost is how many claims one attempt may make where so few others ask.
const roundsAtMost = 4

// holds checks Graph's meetings: each is the conversation's or was, or is about to become it, or its claim was
// released; and of one generation there is but one that was not released. It forgets what can matter no more.
func (x *explorer) holds(m *moment) error {
	held := m.made
	for _, at := range m.at {
		if at != 0 && x.points[at].next.op == opCreate {
			held = held.with(x.claim(x.points[at].next.claim))
		}
	}
	m.released = m.released.and(held)
	pending := -1
	if p := x.views[m.content].Pending; p != nil {
		pending = x.claim(*p)
	}
	if x.scenario.blind {
		return nil
	}
	links := map[int]string{}
	for i := range m.made.without(m.released.without(m.stood)).all {
		c := x.claims[i]
		if !m.stood.has(i) && i != pending {
			return broken("Graph has a meeting for claim %s, which neither became the conversation's nor was released",
				c.ID)
		}
		if other, ok := links[c.Generation]; ok && other != x.links[i] {
			return broken("Graph has two meetings for generation %d: %s and %s", c.Generation, other, x.links[i])
		}
		links[c.Generation] = x.links[i]
	}
	return nil
}

// undoes checks what taking a meeting back does to the conversation. It is done for the asker of the meeting alone,
// while that is the current one and no claim is pending: then the meeting before it becomes that of the next
// generation. Otherwise nothing changes.
func (x *explorer) undoes(m moment, p *point, w way) error {
	who, asked := x.people[p.asker], p.next.undo
	before, after := x.views[m.content], x.views[w.to.content]
	if after.Generation() < before.Generation() {
		return broken("%s leads the conversation from generation %d back to %d", who.name, before.Generation(),
			after.Generation())
	}
	owner, earlier := "", -1
	if before.Meeting != nil {
		owner = x.claims[x.claimed[before.Meeting.ClaimID]].User
	}
	for i := range m.stood.all {
		if x.claims[i].Generation == asked.Generation-1 {
			earlier = i
		}
	}
	current := before.Generation() == asked.Generation && before.Pending == nil && earlier >= 0
	if !current || owner != asked.User {
		want := bot.UndoResult{Done: before.Meeting != nil && before.Meeting.ClaimID == asked.ID}
		if current {
			want.Owner = owner
		}
		if w.to.content != m.content || w.answer.undone != want {
			return broken("%s may not undo generation %d, and %v becomes %v", who.name, asked.Generation,
				answer{state: before}, answer{state: after, undone: w.answer.undone})
		}
		return nil
	}
	if now := after.Meeting; !w.answer.undone.Done || now == nil || now.Generation != asked.Generation+1 ||
		now.JoinURL != x.links[earlier] || after.Pending != nil {
		return broken("%s undoes generation %d, want %s back: %v", who.name, asked.Generation, x.links[earlier],
			answer{state: after, undone: w.answer.undone})
	}
	return nil
}

// tell checks what an asker is told at this moment.
func (x *explorer) tell(m *moment, p *point) error {
	who := x.people[p.asker]
	if p.ended() && p.outcome == "" {
		return broken("%s's attempt ends without an answer: %s", who.name, p.log)
	}
	if p.rounds > roundsAtMost {
		return broken("%s's attempt goes round and round", who.name)
	}
	if p.told == nil {
		return nil
	}
	now := x.views[m.content].Meeting
	if p.told.Card != nil {
		card := p.told.Card.Meeting
		switch {
		case now == nil || !reflect.DeepEqual(card, *now):
			return broken("%s is shown %s, and the conversation has %v", who.name, card.JoinURL,
				answer{state: x.views[m.content]})
		case !x.existing(*m, x.claimed[card.ClaimID]) || card.JoinURL != x.links[x.claimed[card.ClaimID]]:
			return broken("%s is shown %s, which is not Graph's meeting for claim %s", who.name, card.JoinURL,
				card.ClaimID)
		case !now.Alive(present) && who.kind != bot.Rename:
			return broken("%s is shown %s, of which the record says that it does not work", who.name, card.JoinURL)
		case p.outcome == string(bot.OutcomeUndone) && !slices.ContainsFunc(p.history, func(a answer) bool {
			return a.undone.Done
		}):
			return broken("%s is told that generation %d was undone, and it was not", who.name, p.job.Generation)
		case who.kind == bot.New && card.Generation <= p.job.Seen:
			return broken("%s asked for a new meeting after generation %d and is shown generation %d", who.name,
				p.job.Seen, card.Generation)
		}
		if p.told.Card.Why.Why != "" {
			if p.told.Card.Why.Why != x.claims[x.claimed[card.ClaimID]].Replaced.Why {
				return broken("%s is told that the link changed since the meeting was %s", who.name, p.told.Card.Why.Why)
			}
			m.why = m.why.with(x.claimed[card.ClaimID])
		}
		generation, link := int32(card.Generation), x.number(card.JoinURL)
		switch {
		case generation < m.shown.generation:
			return broken("generation %d is shown after generation %d", generation, m.shown.generation)
		case generation == m.shown.generation && link != m.shown.link:
			return broken("generation %d is shown with two links", generation)
		case generation > m.shown.generation:
			m.shown.everybody = 0
		}
		m.shown.generation, m.shown.link = generation, link
		if p.told.Audience == bot.AudienceEveryone {
			by := x.number("job " + p.job.ID)
			if m.shown.everybody != 0 && m.shown.everybody != by {
				return broken("generation %d is shown to everybody twice in a row", generation)
			}
			m.shown.everybody = by
		}
		return nil
	}
	if last := p.history[len(p.history)-1].state; last.Meeting != nil && who.undoes == "" &&
		(who.kind == bot.Meet || last.Generation() > p.job.Seen) {
		x.heedless++
	}
	switch {
	case who.kind == bot.Rename:
		if p.outcome != string(bot.OutcomeKnown) && p.outcome != "refused_"+string(bot.MissingMeeting) &&
			(p.outcome != string(bot.OutcomeGaveUp) || !p.aged) {
			return broken("%s is told %q", who.name, p.outcome)
		}
	case who.undoes != "":
		// The meeting of two who asked at the same moment is undone by the one whose claim it was.
		owner := p.history[len(p.history)-1].undone.Owner
		if p.outcome != string(bot.OutcomeNotUndone) || owner == "" || owner == who.identity() {
			return broken("%s is told %q of the meeting of %q", who.name, p.outcome, owner)
		}
	case p.outcome == "gave_up":
		if !p.aged {
			return broken("%s's young job is given up", who.name)
		}
	case p.outcome == "refused_"+string(bot.TooMany):
		if !who.spent {
			return broken("%s is told of somebody else's limit", who.name)
		}
	case p.outcome == "refused_"+string(bot.NoAccessPolicy), p.outcome == "refused_"+string(bot.OrganizerRefused):
		// The sentence names the organizer, and so does the line that an administrator has to type for a policy.
		own := func(organizer string) bool {
			return x.scenario.policy.Requester && organizer == who.identity() || x.scenario.policy.Service != "" &&
				organizer == serviceAccount
		}
		organizer, _ := p.told.Messages[0].Args[0].Value.(string)
		rejected := p.outcome == "refused_"+string(bot.OrganizerRefused)
		rule := x.scenario.graph[organizer]
		if !own(organizer) || rule == makes || rejected != (rule == rejects) {
			return broken("%s is told of the refusal of %s", who.name, organizer)
		}
		var lines string
		for _, m := range p.told.Messages {
			lines += strings.Join(m.Code, "\n")
		}
		if !rejected && !strings.Contains(lines, `-PolicyName Meetbot -Identity "`+organizer+`"`) {
			return broken("%s is told a line that does not name %s", who.name, organizer)
		}
	default:
		return broken("%s is told %q", who.name, p.outcome)
	}
	return nil
}

// settled checks a moment in which everybody has an answer.
func (x *explorer) settled(m moment) error {
	// Each generation is wanted by those who saw the one before it, so however many they are they make one.
	wanted, generation := map[int]bool{}, x.views[m.content].Generation()
	if x.scenario.met {
		generation--
	}
	for i := range m.stood.all {
		if x.claims[i].Job == "" && x.claims[i].User == "" && x.claims[i].Generation > 1 { // carried by an undo
			generation--
		}
	}
	for _, at := range m.at {
		if at == 0 {
			continue
		}
		p := x.points[at]
		if !p.ended() {
			return broken("%s has no answer, and nothing is left to happen", x.people[p.asker].name)
		}
		if x.people[p.asker].undoes != "" {
			continue
		}
		if x.scenario.fate != lives && p.job.Seen == 1 && (x.people[p.asker].kind == bot.Meet ||
			x.people[p.asker].upkeep == bot.JobConfirm) {
			wanted[1] = true // the first meeting does not work
		}
		if x.people[p.asker].kind == bot.New || p.job.Seen == 0 {
			wanted[p.job.Seen] = true
		}
	}
	if generation > len(wanted) {
		return broken("%d generations were made, and those who asked had seen only %v", generation,
			slices.Sorted(maps.Keys(wanted)))
	}
	if err := x.tended(m); err != nil {
		return err
	}
	links := map[string]bool{}
	for i := range m.made.all {
		links[x.links[i]] = links[x.links[i]] || m.stood.has(i)
	}
	orphans := 0
	for _, stood := range links {
		if !stood {
			orphans++
		}
	}
	x.orphans = max(x.orphans, orphans)
	return nil
}

// visit lets the visitors come, one after another, while everybody else stands still for good. All of them must get
// a card.
func (x *explorer) visit(m moment, number int) error {
	m.at = [crowd]int32{x.root(len(x.scenario.people)+number, 0, nil, false)}
	m.faults, m.refusals, m.failures = x.scenario.faults, x.scenario.refusals, x.scenario.failures // there are no more
	if err := x.holds(&m); err != nil {
		return err
	}
	return x.attend(m, number)
}

func (x *explorer) attend(m moment, number int) error {
	if x.alone[m] {
		return nil
	}
	x.alone[m] = true
	if p := x.points[m.at[0]]; p.ended() {
		if p.outcome != "made" && p.outcome != "joined" && p.outcome != "known" {
			return broken("%s, who comes later, gets no card but %q", visitors[number].name, p.outcome)
		}
		if number+1 < len(visitors) {
			return x.visit(m, number+1)
		}
		return nil
	}
	return x.onward(m, func(next moment, step func() string) error {
		if err := x.attend(next, number); err != nil {
			return fmt.Errorf("%w\n%s", err, step()) // the last step comes first
		}
		return nil
	})
}

// tended checks what has become of a meeting's life, in a moment in which everybody has an answer.
func (x *explorer) tended(m moment) error {
	now := x.views[m.content].Meeting
	if now == nil || !x.scenario.met {
		return nil
	}
	current := x.claimed[now.ClaimID]
	reason := x.claims[current].Replaced.Why
	if reason != "" && now.Replaced.Why == "" && !m.why.has(current) {
		return broken("generation %d took the place of one that was %s, and nobody was told", now.Generation, reason)
	}
	if fate := x.scenario.fate; (fate == lives || fate == due || fate == extended) && now.Generation > 1 && reason != "" {
		return broken("generation %d took the place of one that works", now.Generation)
	}
	if now.Generation == 1 && x.scenario.fate != missing && now.Alive(present) {
		if said := x.online(m, now.JoinURL); now.Subject != said.Subject {
			return broken("the record calls the meeting %q, and Graph %q", now.Subject, said.Subject)
		}
	}
	for _, at := range m.at {
		if at == 0 {
			continue
		}
		p := x.points[at]
		switch who := x.people[p.asker]; {
		case who.upkeep == bot.JobConfirm && p.outcome == string(bot.OutcomeRenewed) && now.Generation == 1 &&
			!now.Expires.Equal(x.online(m, now.JoinURL).Expires):
			return broken("the meeting was renewed, and its record says %v", now.Expires)
		case who.upkeep == bot.JobConfirm && who.as != "" && now.Generation == 1 && !now.Alive(present) &&
			!x.works(m, now.JoinURL) && p.outcome != string(bot.OutcomeConfirmed) && !p.aged:
			return broken("%s was given a link that does not work, and is left with it: %s", who.as, p.outcome)
		case who.upkeep == bot.JobConfirm && p.outcome == string(bot.OutcomeOrphaned) && now.Generation == 1 && now.Alive(present) &&
			!x.works(m, now.JoinURL):
			return broken("the organizer is gone, and the record does not say so any more")
		}
	}
	shows := []int32{x.number(fmt.Sprint([2]any{now.Generation, now.Subject}))}
	if now.Generation > 1 { // the card of the first meeting keeps its title, whichever of its names that is
		shows = []int32{x.number(fmt.Sprint([2]any{now.Generation, ""})), x.number(fmt.Sprint([2]any{now.Generation, newName}))}
	}
	if x.scenario.cards && now.Todo&bot.TodoCards == 0 && !slices.Contains(shows, m.card) {
		return broken("the posted card does not show generation %d, called %q", now.Generation, now.Subject)
	}
	if now.Todo&bot.TodoOptions == 0 && x.scenario.options != (bot.MeetingOptions{}) && now.Generation > 1 && !m.options {
		return broken("the options of generation %d were not applied", now.Generation)
	}
	return nil
}
