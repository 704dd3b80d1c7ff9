//go:build !race

package modelcheck

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"meetbot/bot"
)

// online is what Graph says of the meeting with a link.
func (x *explorer) online(m moment, link string) bot.OnlineMeeting {
	o := bot.OnlineMeeting{ID: "id of " + link, JoinURL: link, Created: present, End: present.Add(time.Hour),
		Expires: present.Add(60 * 24 * time.Hour)}
	if len(x.links) > 0 && link != x.links[0] || !x.scenario.met {
		return o
	}
	o.Created, o.End = present.Add(-50*24*time.Hour), present.Add(-50*24*time.Hour)
	switch f := x.scenario.fate; {
	case (f == due || f == extended) && !m.renewed:
		o.Expires = present.Add(10 * 24 * time.Hour)
	case f == expired, f == lapsed:
		o.Expires = present.Add(-time.Hour)
	}
	if m.renamed {
		o.Subject = newName
	}
	return o
}

// works tells whether a link can be joined.
func (x *explorer) works(m moment, link string) bool {
	if link != x.links[0] || !x.scenario.met {
		return true
	}
	switch x.scenario.fate {
	case expired, lapsed, missing:
		return false
	case orphaned, unseen:
		return m.back
	default:
		return true
	}
}

// upstream is what Graph and the directory answer of the founder and their meeting.
func (x *explorer) upstream(m moment, p *point) []way {
	switch p.next.op {
	case opUser:
		if f := x.scenario.fate; (f == orphaned || f == unseen) && !m.back {
			return []way{{to: m, number: -1000, answer: answer{gone: true}}}
		}
		return []way{{to: m, number: -1001}}
	case opAgain:
		link := x.links[0]
		if x.scenario.fate == missing {
			link = x.other
		}
		return []way{x.says(m, link)}
	}
	link := strings.TrimPrefix(p.next.id, "id of ")
	if f := x.scenario.fate; link == x.links[0] && x.scenario.met && (f == expired || f == lapsed || f == missing) {
		return []way{{to: m, number: -1002, answer: answer{missing: true}}}
	}
	if p.next.op == opMeeting {
		return []way{x.says(m, link)}
	}
	m.renewed = true
	if p.next.wanted.Subject != "" {
		m.renamed = true
	}
	if p.next.wanted.Options != (bot.MeetingOptions{}) {
		m.options = true
	}
	ways := []way{x.says(m, link)}
	if m.failures < x.scenario.failures {
		m.failures++
		ways = append(ways, way{to: m, number: -1003, answer: answer{failed: true}})
	}
	return ways
}

// says is Graph's answer about a meeting. Its number is that of what it says.
func (x *explorer) says(m moment, link string) way {
	o := x.online(m, link)
	return way{to: m, number: x.number(fmt.Sprintf("graph %+v", o)), answer: answer{made: o}}
}

// existing tells whether Graph has the meeting that this claim would get.
func (x *explorer) existing(m moment, claim int) bool {
	for i := range m.made.all {
		if x.links[i] == x.links[claim] {
			return true
		}
	}
	return false
}

// serve makes the call that an attempt stands at, and returns every way in which it can go.
func (x *explorer) serve(m moment, p *point) ([]way, error) {
	switch p.next.op {
	case opDone:
		return []way{{to: m}}, nil
	case opCreate:
		return x.create(m, p)
	case opUser, opMeeting, opAgain, opPatch:
		return x.upstream(m, p), nil
	case opUpdate:
		m.card = x.number(fmt.Sprint(p.next.shows))
		return []way{{to: m}}, nil
	}
	if c := p.next.claim; p.next.op == opRelease && c.Job != p.job.ID && !x.spent(c.Job) && !mayRelease(p.history) {
		return nil, broken("claim %s is released by somebody to whom neither Graph nor its asker's limit has refused it, "+
			"and for whom it did not fail when it was old", c.ID)
	}
	if p.next.op == opClaim && p.rounds == 1 && x.mayBeOld(m) {
		ways := []way{x.reply(m, p, true)}
		if p.asker < len(x.scenario.people) { // visitors come later
			ways = append(ways, x.reply(m, p, false))
		}
		return ways, nil
	}
	w := x.reply(m, p, false)
	if p.next.op == opUndo {
		if err := x.undoes(m, p, w); err != nil {
			return nil, err
		}
	}
	return []way{w}, nil
}

// mayRelease tells whether what an attempt has just learned lets it release the claim of another job.
func mayRelease(history []answer) bool {
	last := history[len(history)-1]
	return last.refused || last.failed && history[len(history)-2].old
}

// mayBeOld tells whether the age of the pending claim can matter to an attempt that has just begun. What others claim
// later is young: an attempt is shorter than a claim's time to give way.
func (x *explorer) mayBeOld(m moment) bool {
	pending := x.views[m.content].Pending
	if pending == nil {
		return false
	}
	rule := x.scenario.graph[pending.Organizer.ID]
	return rule == fails || rule == falters
}

// create is Graph. Its answers have numbers of their own, below those of the store's.
func (x *explorer) create(m moment, p *point) (ways []way, err error) {
	c := p.next
	if c.claim.ID == "" || c.organizer != c.claim.Organizer.ID || !reflect.DeepEqual(c.request, c.claim.Request) {
		return nil, broken("Graph is asked for something else than the claim says")
	}
	rule, i := x.scenario.graph[c.organizer], x.claim(c.claim)
	if rule == fails || rule == falters && m.failures < x.scenario.failures {
		failed := m
		if rule == falters {
			failed.failures++
		}
		ways = append(ways, way{failed, 0, answer{failed: true}})
		failed.made = failed.made.with(i)
		ways = append(ways, way{failed, 0, answer{failed: true}})
	}
	if rule != refuses && rule != rejects && rule != fails {
		to := m
		to.made = to.made.with(i)
		a := answer{made: x.online(m, x.links[i]), created: !x.existing(m, i)}
		number := int32(-2 - 2*i)
		if a.created {
			number--
		}
		ways = append(ways, way{to, number, a})
	}
	if rule == refuses || rule == rejects || rule == wavers && m.refusals < x.scenario.refusals {
		if rule == wavers {
			m.refusals++
		}
		ways = append(ways, way{m, -1, answer{refused: true, rejected: rule == rejects}})
	}
	return ways, nil
}
