//go:build !race

package modelcheck

import (
	"cmp"
	"errors"
	"fmt"

	"meetbot/bot"
)

// onward goes from a moment to every one that can follow it, each by one step, and names the steps. An error is a
// promise broken on the way, or comes from then.
func (x *explorer) onward(m moment, then func(next moment, step func() string) error) error {
	reach := func(next moment, step func() string) error {
		if err := x.holds(&next); err != nil {
			return fmt.Errorf("%w\n%s", err, step())
		}
		return then(next, step)
	}
	for k, at := range m.at {
		var err error
		switch {
		case at == 0:
			if job := cmp.Or(x.shared(m, k), x.press(m, k), x.toChange(m, k)); job != nil {
				begun := m
				begun.at[k] = x.root(k, 0, job, false)
				err = reach(begun, func() string { return x.people[k].name + " begins" })
			}
		case !x.points[at].ended() && x.points[at].rounds <= roundsAtMost:
			err = errors.Join(x.goOn(m, k, reach), x.crash(m, k, reach))
		}
		if err != nil {
			return err
		}
	}
	if x.scenario.returns && !m.back {
		m.back = true
		return reach(m, func() string { return "the founder's account is enabled again" })
	}
	return nil
}

// toChange is the job of changing cards, once that is to do, or nil.
func (x *explorer) toChange(m moment, k int) *bot.Job {
	now := x.views[m.content].Meeting
	if k >= len(x.scenario.people) || x.scenario.people[k].upkeep != bot.JobCards || now == nil ||
		now.Todo&bot.TodoCards == 0 {
		return nil
	}
	return x.background(x.scenario.people[k], now.Generation)
}

// goOn makes the call at which the attempt stands.
func (x *explorer) goOn(m moment, k int, reach func(moment, func() string) error) error {
	p := x.points[m.at[k]]
	name := x.people[p.asker].name
	ways, err := x.serve(m, p)
	if err != nil {
		return fmt.Errorf("%w\n%s: %v", err, name, p.next)
	}
	for _, w := range ways {
		step := func() string { return fmt.Sprintf("%s: %v -> %v", name, p.next, w.answer) }
		if m.faults < x.scenario.faults && p.next.op != opRead && p.next.op != opDone && p.next.op != opUser &&
			p.next.op != opMeeting && p.next.op != opCards && p.next.op != opKeep {
			lost := w.to
			lost.faults++
			if err := reach(lost, func() string { return step() + ", but the answer is lost" }); err != nil {
				return err
			}
		}
		next, came := w.to, x.after(m.at[k], w.answer, w.number)
		if x.postponed(came) {
			next.at[k] = x.again(&next, x.points[came])
		} else {
			next.at[k] = x.same(came)
		}
		step = func() string {
			return fmt.Sprintf("%s: %v -> %v%s", name, p.next, w.answer, x.told(came))
		}
		if x.postponed(came) {
			if err := reach(next, step); err != nil {
				return err
			}
			continue
		}
		if err := x.tell(&next, x.points[came]); err != nil {
			return fmt.Errorf("%w\n%s", err, step())
		}
		if err := reach(next, step); err != nil {
			return err
		}
	}
	return nil
}

// postponed tells whether an attempt has ended because Graph failed in passing. A visitor's must not.
func (x *explorer) postponed(i int32) bool {
	p := x.points[i]
	return p.ended() && p.outcome == "" && p.asker < len(x.scenario.people) && p.history[len(p.history)-1].failed
}

// again is the beginning of the next attempt after a failure, with time left as long as the scenario allows.
func (x *explorer) again(m *moment, p *point) int32 {
	aged := p.aged || m.failures >= x.scenario.failures
	if !aged {
		m.failures++
	}
	return x.root(p.asker, p.attempt+1, p.job, aged)
}

// crash ends the attempt where it stands. The job is taken over, at once or when it has grown too old.
func (x *explorer) crash(m moment, k int, reach func(moment, func() string) error) error {
	p := x.points[m.at[k]]
	if m.faults == x.scenario.faults || p.job == nil {
		return nil
	}
	name := x.people[p.asker].name
	m.faults++
	m.at[k] = x.root(p.asker, p.attempt+1, p.job, p.aged)
	err := reach(m, func() string { return name + " crashes, and the job is taken over" })
	if err != nil || !x.scenario.giveUp || p.aged {
		return err
	}
	m.at[k] = x.root(p.asker, p.attempt+1, p.job, true)
	return reach(m, func() string { return name + " crashes, and the job grows too old" })
}

// told says what an asker was told on the way to a point.
func (x *explorer) told(i int32) string {
	switch p := x.points[i]; {
	case p.told == nil:
		return ""
	case p.told.Card != nil:
		return ", shown " + p.told.Card.Meeting.JoinURL
	default:
		return ", told " + p.outcome
	}
}

// shared is the job at which a second attempt can begin, or nil.
func (x *explorer) shared(m moment, k int) *bot.Job {
	for i, p := range x.scenario.people {
		if k >= len(x.scenario.people) || p.name != x.scenario.people[k].same || m.at[i] == 0 {
			continue
		}
		if first := x.points[m.at[i]]; first.asker == i {
			return first.job
		}
	}
	return nil
}

// press is the job of taking a fresh meeting back, once its asker has the card, or nil.
func (x *explorer) press(m moment, k int) *bot.Job {
	for i, p := range x.scenario.people {
		if k >= len(x.scenario.people) || x.scenario.people[k].undoes == "" || p.name != x.scenario.people[k].undoes || m.at[i] == 0 {
			continue
		}
		who, made := x.people[k], x.points[m.at[i]]
		if made.asker != i || !made.ended() || made.outcome != string(bot.OutcomeMade) {
			continue
		}
		generation := made.job.Seen + 1
		// The next generation's ID depends on the job's alone, so the job's names the meetings that it is about.
		id := who.name
		for c := range m.stood.all {
			if g := x.claims[c].Generation; g == generation || g == generation-1 {
				id += ", " + x.claims[c].ID
			}
		}
		return &bot.Job{
			ID: id, Conversation: x.place, Intent: bot.Intent{Kind: bot.JobUndo, Generation: generation},
			Asker: bot.Asker{Platform: x.place.Platform, Workspace: x.place.Workspace, User: who.identity()},
			Seen:  generation, Accepted: present,
		}
	}
	return nil
}
