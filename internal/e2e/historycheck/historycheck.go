// Package historycheck judges what people asked a bot and what they were shown, from the first event to the last,
// rather than the state that is left in the end. It is pure: a list of events in, a list of broken promises out. It
// imports nothing of the program, so that it cannot share a mistake with it.
package historycheck

import (
	"fmt"
	"slices"
	"time"
)

// Kind says what happened.
type Kind string

// The kinds, and which fields of an Event each one uses beside At.
const (
	// a request left its asker: Request, User, Place, Conversation, Fresh, Marks, Named, Outside, Unknown; of a press
	// against a reminder, Link and Start too
	Asked Kind = "asked"
	// Wished says that an edit of a request, which may be accepted instead of it, wants a new meeting: Conversation
	Wished       Kind = "wished"
	Acknowledged Kind = "acknowledged" // the bot said that the request is safe: Request
	// somebody reads an answer: Place, User, Request, Link, None, Why, Marks, Start, Quiet
	Shown   Kind = "shown"
	Changed Kind = "changed" // what everybody was shown shows something else now: Place, Link, Start
	Made    Kind = "made"    // a meeting was made: Link, Conversation, Generation, Organizer
	Died    Kind = "died"    // a link stopped working, as the bot can know: Link, Known
	Revived Kind = "revived" // it works again: Link
	Refused Kind = "refused" // a meeting was refused for good: Conversation, Generation, Organizer
	Invited Kind = "invited" // somebody reads an invitation as a direct message: User, Link
	// an asker was told who is not on a meeting's list: User, Place, Named; everybody whom they named if that is empty
	LeftOut  Kind = "left_out"
	Reminded Kind = "reminded" // everybody was reminded of a date: Place, Link, Start, Left, Since
	Unsure   Kind = "unsure"   // the bot said that a reminder may be missing: Conversation
	// The reminder of a date must have been posted by now, if the date stands: Conversation, Start, Well
	Due Kind = "due"
	// Nothing is left to do, and this is the meeting that a conversation has, and who is on its list: Conversation,
	// Link, Named
	Rest Kind = "rest"
	// faults have ended; whatever was acknowledged before is due within Limits.Within
	Calm Kind = "calm"
	Idle Kind = "idle" // nothing is left to do; whatever was acknowledged before is due by now
	// The bot's memory has lost something, as a fail-over may: of a request that it was accepted or how far it came
	// (Request), or of a conversation every generation from this one on (Conversation, Generation), or dates and what
	// was due for them (neither). Promises may be broken for what was told to be lost, and for nothing else. Such cases
	// are counted.
	Lost Kind = "lost"
	// Two servers answered for the bot's memory, as during a fail-over: from At to Until. What was read then may have
	// been out of date.
	Split Kind = "split"
)

// Event is one thing that happened.
type Event struct {
	At           time.Time
	Kind         Kind
	Request      string // of Shown: the request that this is the answer to, where that is known
	User         string // who asked; of Shown: the only one who sees it, empty for everybody in the place
	Place        string // where it is read: a channel, or a thread of one
	Conversation string // whose meeting it is; a place may show another's, as a thread does that hangs under a card
	Fresh        bool   // a new meeting is wanted, whatever there is
	Link         string // empty for an answer in words
	None         bool   // the words say that there is no meeting
	Why          bool   // it says why the link is another one
	Known        bool   // the bot knows without asking anybody, since the time had been told before
	Generation   int
	Organizer    string

	Marks   []string      // what an answer has to mention, and what it mentions: people and groups
	Named   []string      // people: who is to be on the meeting's list, or is on it, or is not
	Outside []string      // people who are to get an invitation of their own
	Unknown []string      // people of whom the asker is to be told that they are not on the list
	Start   time.Time     // of the date; zero: there is none
	Quiet   bool          // it says that nobody will be reminded of the date that the request was about
	Left    time.Duration // until the date, when the reminder was posted at the earliest
	Since   time.Time     // from when on the date could be reminded of
	Well    bool          // nothing was in the way of the reminder
	Until   time.Time
}

// Limits are what a history is held to.
type Limits struct {
	Within time.Duration // an acknowledged request is answered so soon after the faults have ended
	// Overtaking is how long an answer may be under way between being read from the store and being seen. For so long
	// an older meeting may still appear after a newer one, to somebody who had asked before.
	Overtaking time.Duration
	// Repeated is how many repeated answers the bot itself reports. More than that were hidden from the operator.
	Repeated int
	// Unasked is how many answers the bot reports to have given beside those that were asked for: to somebody whose
	// link turned out not to work.
	Unasked int
	// Notice is how soon after its death nobody who asks is given a link of which that is known.
	Notice time.Duration
}

// Report is what a history came to.
type Report struct {
	Violations   []string      // broken promises, in no order that matters
	Requests     int           // asked
	Acknowledged int           // of them
	Answers      int           // shown
	Repeated     int           // answers beyond one for each request
	Orphans      int           // meetings that were made and never shown to anybody
	Stale        int           // older meetings, or none, given while two servers answered
	Overtaken    int           // older meetings seen after newer ones, within Limits.Overtaking
	Unanswered   int           // acknowledged requests without an answer whose acceptance was lost
	Doubled      int           // meetings beyond one for a generation, after what was known of it had been lost
	Replaced     int           // generations that took the place of one whose link did not work
	Untold       int           // of them, those of which nobody was told, since somebody wanted or made a new one
	Attending    int           // times that somebody who was named was found on the list of a meeting that stands
	Invitations  int           // as direct messages
	Retold       int           // invitations beyond one for each request and person
	Reminders    int           // posted
	Unreminded   int           // dates that stood without a reminder, of which the bot said so
	Slowest      time.Duration // from the end of the faults to the answer of a request acknowledged before it
}

// Check judges a history. The order of events of the same instant is that of the list.
func Check(events []Event, l Limits) Report {
	c := checker{
		limits: l, requests: map[string]*request{}, last: map[string]*request{}, open: map[string][]*request{},
		made:         map[string]Event{},
		lostRequests: map[string]bool{}, turns: map[string][]Event{}, wished: map[string][]time.Time{},
		naming: map[string][]*request{},
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	c.read(events)
	c.meetings()
	c.order()
	c.lives()
	c.people()
	c.reminders()
	c.answers()
	return c.report
}

// request is one request and what is known to have come of it.
type request struct {
	Event
	acknowledged time.Time // zero: never
	due          time.Time // zero: the history ends before the faults do
	calm         time.Time // when those faults ended
	own          []Event   // answers that are certainly its own
	leftOut      []Event
}

type checker struct {
	limits   Limits
	report   Report
	requests map[string]*request
	last     map[string]*request   // by user
	open     map[string][]*request // by user, in the order asked, since the last time that nothing was left to do
	inOrder  []*request
	shown    []Event // in order
	public   []Event // those of them that are for everybody and name no request
	made     map[string]Event
	all      []Event // meetings, in order
	refused  []Event
	lost     []Event                // of conversations
	turns    map[string][]Event     // by link: its deaths and revivals, in order
	wished   map[string][]time.Time // by conversation: when a new meeting was asked for
	idle     time.Time              // when nothing was left to do for the last time
	naming   map[string][]*request  // by what they mention
	invited  []Event
	rests    []Event
	reminded []Event
	unsure   []Event
	due      []Event
	splits   []Event
	losses   []time.Time // when dates may have been lost

	lostRequests map[string]bool
}

// violation adds a broken promise, once for each way to say it.
func (c *checker) violation(format string, args ...any) {
	if v := fmt.Sprintf(format, args...); !slices.Contains(c.report.Violations, v) {
		c.report.Violations = append(c.report.Violations, v)
	}
}

// read sorts the events by what they are, and gives every answer that can be to its request.
func (c *checker) read(events []Event) {
	var calms, idles []time.Time
	changed := 0
	owed := map[string]bool{} // requests that are acknowledged, be it after their answer
	for _, e := range events {
		if e.Kind == Acknowledged {
			owed[e.Request] = true
		}
	}
	for _, e := range events {
		switch e.Kind {
		case Asked:
			r := &request{Event: e}
			c.requests[e.Request] = r
			if e.Fresh {
				c.wished[e.Conversation] = append(c.wished[e.Conversation], e.At)
			}
			for _, mark := range e.Marks {
				c.naming[mark] = append(c.naming[mark], r)
			}
			c.last[e.User], c.open[e.User] = r, append(c.open[e.User], r)
			c.inOrder = append(c.inOrder, r)
		case Acknowledged:
			if r := c.requests[e.Request]; r == nil {
				c.violation("request %s was acknowledged and never asked", e.Request)
			} else if r.acknowledged.IsZero() {
				r.acknowledged = e.At
				c.report.Acknowledged++
			}
		case Shown:
			c.shown = append(c.shown, e)
			c.give(e, owed)
		case Changed:
			c.shown = append(c.shown, e)
			changed++
		case Wished:
			c.wished[e.Conversation] = append(c.wished[e.Conversation], e.At)
		case Died, Revived:
			c.turns[e.Link] = append(c.turns[e.Link], e)
		case Made:
			c.made[e.Link] = e
			c.all = append(c.all, e)
		case Refused:
			c.refused = append(c.refused, e)
		case Lost:
			switch {
			case e.Request != "":
				c.lostRequests[e.Request] = true
			case e.Conversation != "":
				c.lost = append(c.lost, e)
			default:
				c.losses = append(c.losses, e.At)
			}
		case Split:
			c.splits = append(c.splits, e)
		case LeftOut:
			c.giveLeftOut(e)
		case Invited:
			c.invited = append(c.invited, e)
		case Rest:
			c.rests = append(c.rests, e)
		case Reminded:
			c.reminded = append(c.reminded, e)
		case Unsure:
			c.unsure = append(c.unsure, e)
		case Due:
			c.due = append(c.due, e)
		case Calm:
			calms = append(calms, e.At)
		case Idle:
			idles = append(idles, e.At)
			c.idle = e.At
			clear(c.open)
		}
	}
	for _, r := range c.inOrder {
		if r.acknowledged.IsZero() {
			continue
		}
		later := func(t time.Time) bool { return !t.Before(r.acknowledged) }
		if i := slices.IndexFunc(calms, later); i >= 0 {
			r.calm, r.due = calms[i], calms[i].Add(c.limits.Within)
		}
		if i := slices.IndexFunc(idles, later); i >= 0 && idles[i].Before(r.due) {
			r.due = idles[i]
		}
	}
	c.report.Requests, c.report.Answers = len(c.inOrder), len(c.shown)-changed
}

// give finds the request that was answered: the one named; the only one that names somebody whom the answer mentions;
// otherwise, of what the only reader had asked in that place,
// the first that is owed an answer and has none, or the first that has none, or the last; and if they had asked nothing
// there (it is a direct message), the last of all.
func (c *checker) give(e Event, owed map[string]bool) {
	r := c.requests[e.Request]
	for _, mark := range e.Marks {
		if by := c.naming[mark]; r == nil && len(by) == 1 {
			r = by[0]
		}
	}
	if r == nil {
		r = c.last[e.User]
		best := 0
		for _, asked := range c.open[e.User] {
			rank := 1
			switch {
			case asked.Place != e.Place:
				continue
			case len(asked.own) == 0 && owed[asked.Request]:
				rank = 3
			case len(asked.own) == 0:
				rank = 2
			}
			if rank > best || rank == 1 && best == 1 {
				r, best = asked, rank
			}
		}
	}
	switch {
	case r != nil:
		r.own = append(r.own, e)
	case e.User != "":
		c.violation("%s was shown an answer in %s without having asked", e.User, e.Place)
	default:
		c.public = append(c.public, e)
	}
}

// generation names one meeting that a conversation may have.
type generation struct {
	conversation string
	number       int
}

// meetings checks that each generation of each conversation is one meeting and shows one link, in its own place.
func (c *checker) meetings() {
	belongs := map[string]string{} // place to conversation
	for _, r := range c.inOrder {
		if before, ok := belongs[r.Place]; ok && before != r.Conversation {
			c.violation("the history is unsound: %s is %s and %s", r.Place, before, r.Conversation)
		}
		belongs[r.Place] = r.Conversation
	}
	links := map[generation][]string{}
	seen := map[string]bool{}
	for _, e := range c.shown {
		if e.Link == "" {
			continue
		}
		m, ok := c.made[e.Link]
		if !ok {
			c.violation("%s showed a link that no meeting has: %s", e.Place, e.Link)
			continue
		}
		if want, ok := belongs[e.Place]; ok && want != m.Conversation {
			c.violation("%s showed the meeting of %s, want that of %s", e.Place, m.Conversation, want)
		}
		g := generation{m.Conversation, m.Generation}
		if !seen[e.Link] {
			links[g] = append(links[g], e.Link)
			seen[e.Link] = true
			if len(links[g]) > 1 && !c.excused(g, len(links[g])-1) {
				c.violation("generation %d of %s was shown with two links: %s and %s", g.number, g.conversation,
					links[g][0], e.Link)
			}
		}
	}
	for _, m := range c.all {
		if seen[m.Link] {
			continue
		}
		c.report.Orphans++
		g := generation{m.Conversation, m.Generation}
		refused := slices.ContainsFunc(c.refused, func(e Event) bool {
			return e.Conversation == m.Conversation && e.Generation == m.Generation && e.Organizer == m.Organizer
		})
		if refused || len(links[g]) == 0 {
			continue
		}
		links[g] = append(links[g], m.Link)
		if !c.excused(g, len(links[g])-1) {
			c.violation("generation %d of %s has a second meeting, of an organizer who was not refused: shown %s, "+
				"other %s", g.number, g.conversation, links[g][0], m.Link)
		}
	}
	for _, of := range links {
		c.report.Doubled += len(of) - 1
	}
}

// excused tells whether so many meetings of a generation can be second ones because the earlier was lost.
func (c *checker) excused(g generation, second int) bool {
	return second <= count(c.lost, func(l Event) bool {
		return l.Conversation == g.conversation &&
			l.Generation <= g.number
	})
}

// forgotten tells whether a meeting was made before what was known of it was lost. It binds nobody any more.
func (c *checker) forgotten(m Event) bool {
	return slices.ContainsFunc(c.lost, func(l Event) bool {
		return l.Conversation == m.Conversation && l.Generation <= m.Generation && !m.At.After(l.At)
	})
}

// lostAfter tells whether this generation of a request's conversation, or a later one, was lost after it was asked: it
// may have been the request's own.
func (c *checker) lostAfter(r *request, generation int) bool {
	return slices.ContainsFunc(c.lost, func(l Event) bool {
		return l.Conversation == r.Conversation && l.Generation <= generation && !l.At.Before(r.At)
	})
}

// split tells whether two servers answered at some time from one moment to another.
func (c *checker) split(from, to time.Time) bool {
	return slices.ContainsFunc(c.splits, func(e Event) bool { return !to.Before(e.At) && !from.After(e.Until) })
}

// sight is a generation that was seen.
type sight struct {
	at         time.Time
	generation int
}

// order checks that nobody is ever led back to an older generation.
func (c *checker) order() {
	sights := map[string][]sight{} // by conversation, in order; only those that were news
	newest := func(conversation string, before time.Time) int {
		n := 0
		for _, s := range sights[conversation] {
			if s.at.Before(before) {
				n = max(n, s.generation)
			}
		}
		return n
	}
	for _, e := range c.shown {
		m, ok := c.made[e.Link]
		if !ok {
			continue
		}
		for _, s := range sights[m.Conversation] {
			if s.generation <= m.Generation {
				continue
			}
			if late := e.At.Sub(s.at); late > c.limits.Overtaking {
				c.violation("%s showed generation %d of %s, %s after generation %d", e.Place, m.Generation,
					m.Conversation, late, s.generation)
			} else {
				c.report.Overtaken++
			}
			break
		}
		if m.Generation > newest(m.Conversation, e.At.Add(1)) && !c.forgotten(m) {
			sights[m.Conversation] = append(sights[m.Conversation], sight{e.At, m.Generation})
		}
	}
	for _, r := range c.inOrder {
		known := newest(r.Conversation, r.At)
		for _, e := range r.own {
			m, ok := c.made[e.Link]
			switch {
			case c.split(r.At, e.At) && (e.None && known > 0 || ok && m.Generation < known ||
				ok && r.Fresh && m.Generation == known):
				c.report.Stale++
			case e.None && known > 0:
				c.violation("request %s was told that %s has no meeting, though generation %d had been shown",
					r.Request, r.Conversation, known)
			case !ok:
			case m.Generation < known:
				c.violation("request %s was given generation %d of %s, though %d had been shown before it asked",
					r.Request, m.Generation, r.Conversation, known)
			case r.Fresh && m.Generation <= known && !c.lostAfter(r, known+1):
				c.violation("request %s wanted a new meeting of %s and was given generation %d, which had been shown "+
					"before it asked", r.Request, r.Conversation, m.Generation)
			}
		}
	}
}

func count[T any](list []T, is func(T) bool) (n int) {
	for _, v := range list {
		if is(v) {
			n++
		}
	}
	return n
}

func clock(t time.Time) string { return t.Format("15:04:05.000") }
