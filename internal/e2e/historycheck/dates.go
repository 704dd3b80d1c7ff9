package historycheck

import (
	"slices"
	"time"
)

// date is a date of a meeting.
type date struct {
	link  string
	start int64 // Unix time
}

func dateOf(e Event) date { return date{e.Link, e.Start.Unix()} }

// reminders checks the reminders: each is of a date that somebody was shown, and that stood when it could be begun; it
// is posted once at most, and before the date. A date that stands has one, unless the bot said that it may be missing,
// and something was in its way.
func (c *checker) reminders() {
	posted := map[date][]Event{}
	for _, e := range c.reminded {
		c.report.Reminders++
		m, ok := c.made[e.Link]
		if !ok {
			c.violation("%s was reminded of a link that no meeting has: %s", e.Place, e.Link)
			continue
		}
		d := dateOf(e)
		if before := posted[d]; len(before) > 0 && !c.lostSince(before[0].Since, e.At) {
			c.violation("%s was reminded twice of %s at %s", e.Place, e.Link, clock(e.Start))
		}
		posted[d] = append(posted[d], e)
		if e.Left <= 0 {
			c.violation("%s was reminded of %s %s after its start", e.Place, e.Link, -e.Left)
		}
		if c.dead(e.Link, e.Since, true) {
			c.violation("%s was reminded of %s, which had expired before", e.Place, e.Link)
		}
		if r, ok := c.refuted(m, d, e.Since); ok {
			c.violation("%s was reminded of %s at %s, though request %s had been told otherwise before that could "+
				"begin", e.Place, e.Link, clock(e.Start), r.Request)
		}
	}
	for _, e := range c.due {
		d, ok := c.stands(e)
		if !ok || len(posted[d]) > 0 {
			continue
		}
		said := slices.ContainsFunc(c.unsure, func(u Event) bool {
			return u.Conversation == e.Conversation && !u.At.After(e.At)
		})
		if !e.Well && said {
			c.report.Unreminded++
			continue
		}
		c.violation("%s was not reminded of %s at %s by %s", e.Conversation, d.link, clock(e.Start), clock(e.At))
	}
}

// lostSince tells whether dates may have been lost between two moments.
func (c *checker) lostSince(from, to time.Time) bool {
	return slices.ContainsFunc(c.losses, func(at time.Time) bool { return !at.Before(from) && !at.After(to) })
}

// otherwise tells whether an answer says that the date does not stand: another meeting is the conversation's, or the
// meeting has another date or none, or nobody wants a reminder. r is the request that was answered, if that is known.
func (c *checker) otherwise(r *request, e, m Event, d date) bool {
	if e.Quiet {
		return r != nil && dateOf(r.Event) == d
	}
	other, ok := c.made[e.Link]
	switch {
	case !ok || other.Conversation != m.Conversation:
		return false
	case e.Link != d.link:
		return other.Generation > m.Generation
	default:
		return e.Start.IsZero() || e.Start.Unix() != d.start
	}
}

// refuted tells whether somebody was told before that moment that the date does not stand, having asked after everybody
// who was ever shown it.
func (c *checker) refuted(m Event, d date, until time.Time) (*request, bool) {
	for _, r := range c.inOrder {
		if r.Conversation != m.Conversation || c.lostSince(r.At, until) ||
			slices.ContainsFunc(c.shown, func(s Event) bool { return dateOf(s) == d && s.At.After(r.At) }) {
			continue
		}
		for _, e := range c.answersOf(r) {
			if e.At.Before(until) && c.otherwise(r, e, m, d) {
				return r, true
			}
		}
	}
	return nil, false
}

// answersOf are the answers that are certainly the request's own: those that are known to be, and what everybody in the
// place was shown next, if whoever had asked there before had their answers by then.
func (c *checker) answersOf(r *request) []Event {
	if len(r.own) > 0 {
		return r.own
	}
	open := 0 // answers for everybody that may still come to others
	for _, other := range c.inOrder {
		if other != r && other.Place == r.Place && len(other.own) == 0 {
			if !other.At.Before(r.At) {
				break
			}
			open++
		}
	}
	for _, e := range c.public {
		switch {
		case e.Place != r.Place:
		case e.At.Before(r.At):
			open--
		case open > 0:
			return nil
		default:
			return []Event{e}
		}
	}
	return nil
}

// stands returns the date that is due; ok is false if nobody was shown it, or if anybody was told otherwise since.
func (c *checker) stands(due Event) (d date, ok bool) {
	var first Event // that shows it
	for _, s := range c.shown {
		if c.made[s.Link].Conversation == due.Conversation && s.Start.Unix() == due.Start.Unix() &&
			!s.At.After(due.At) {
			if first.Link != s.Link {
				first = s
			}
		}
	}
	if first.Link == "" || c.dead(first.Link, due.At, false) || c.lostSince(first.At, due.At) {
		return date{}, false
	}
	d = dateOf(first)
	m := c.made[d.link]
	refuted := func(r *request, e Event) bool {
		return e.Kind == Shown && e.At.After(first.At) && !e.At.After(due.At) && c.otherwise(r, e, m, d)
	}
	if slices.ContainsFunc(c.public, func(e Event) bool { return refuted(nil, e) }) {
		return date{}, false
	}
	for _, r := range c.inOrder {
		if slices.ContainsFunc(r.own, func(e Event) bool { return refuted(r, e) }) {
			return date{}, false
		}
	}
	return d, true
}
