package historycheck

import (
	"slices"
	"time"
)

// answers checks that every acknowledged request has an answer of its own, in time, and counts the answers too many.
// What everybody in a place was shown names nobody, so such answers are matched with the requests there that have none.
func (c *checker) answers() {
	owed, waiting := map[string][]*request{}, map[string][]*request{} // by place: with and without a time
	public := map[string][]Event{}
	for _, e := range c.public {
		public[e.Place] = append(public[e.Place], e)
	}
	places := map[string]bool{}
	for _, r := range c.inOrder {
		switch {
		case len(r.own) > 0:
			c.report.Repeated += len(r.own) - 1
			c.inTime(r, r.own[0].At)
			continue
		case r.due.IsZero():
			waiting[r.Place] = append(waiting[r.Place], r)
		default:
			owed[r.Place] = append(owed[r.Place], r)
		}
		places[r.Place] = true
	}
	for place := range places {
		// Whose acceptance was lost comes last: an answer is not spent on them that others are owed.
		slices.SortStableFunc(owed[place], func(a, b *request) int {
			switch lostA, lostB := c.lostRequests[a.Request], c.lostRequests[b.Request]; {
			case lostA == lostB:
				return 0
			case lostB:
				return -1
			default:
				return 1
			}
		})
		for i, answer := range match(owed[place], public[place]) {
			switch r := owed[place][i]; {
			case answer >= 0:
				c.inTime(r, public[place][answer].At)
			case c.lostRequests[r.Request]:
				c.report.Unanswered++
			default:
				c.violation("request %s of %s in %s was acknowledged at %s and not answered by %s", r.Request, r.User,
					r.Place, clock(r.acknowledged), clock(r.due))
			}
		}
		// What is too many is what even those who were owed nothing cannot have asked for.
		got := match(slices.Concat(owed[place], waiting[place]), public[place])
		c.report.Repeated += len(public[place]) - len(got) + count(got, func(answer int) bool { return answer < 0 })
		delete(public, place)
	}
	for _, rest := range public {
		c.report.Repeated += len(rest)
	}
	if n := c.report.Repeated + c.report.Retold; n > c.limits.Repeated+c.limits.Unasked+len(c.lostRequests) {
		c.violation("%d answers were repeated, and the bot reports %d", n, c.limits.Repeated)
	}
}

// inTime checks the time of a request's first answer.
func (c *checker) inTime(r *request, at time.Time) {
	if r.due.IsZero() {
		return
	}
	c.report.Slowest = max(c.report.Slowest, at.Sub(r.calm))
	if at.After(r.due) {
		c.violation("request %s of %s in %s was answered at %s, due by %s", r.Request, r.User, r.Place, clock(at),
			clock(r.due))
	}
}

// match gives to as many requests as possible an answer that was shown after they were asked and, for those that have a
// time, in it if that can be; an earlier request of the list is never left out for a later one. A card that mentions
// nobody is no answer to a request that names people. It returns the index of each request's answer, -1 for none.
func match(asked []*request, shown []Event) []int {
	owner := make([]int, len(shown)) // of each answer; -1: nobody's
	for i := range owner {
		owner[i] = -1
	}
	var tried []bool
	var place func(r int) bool
	place = func(r int) bool {
		for i, e := range shown {
			if tried[i] || e.At.Before(asked[r].At) || !asked[r].due.IsZero() && e.At.After(asked[r].due) ||
				len(asked[r].Marks) > 0 && e.Link != "" {
				continue
			}
			tried[i] = true
			if owner[i] < 0 || place(owner[i]) {
				owner[i] = r
				return true
			}
		}
		return false
	}
	got := make([]int, len(asked))
	for r := range asked {
		tried = make([]bool, len(shown))
		place(r)
		got[r] = -1
	}
	for i, r := range owner {
		if r >= 0 {
			got[r] = i
		}
	}
	return got
}
