package historycheck

import (
	"slices"
	"time"
)

// dead tells whether a link had stopped working at that time, as the bot could know; with known, as it had to.
func (c *checker) dead(link string, at time.Time, known bool) bool {
	dead := false
	for _, e := range c.turns[link] {
		if e.At.After(at) {
			break
		}
		dead = e.Kind == Died && (e.Known || !known || dead)
	}
	return dead
}

// died tells whether a link stopped working at some time up to this one.
func (c *checker) died(link string, until time.Time) bool {
	return slices.ContainsFunc(c.turns[link], func(e Event) bool { return e.Kind == Died && !e.At.After(until) })
}

// lives checks what becomes of links that stop working: nobody who asks later is given one of which that is known; and
// a generation is followed by another only if somebody asked for a new one, or its link had stopped working. Then the
// conversation is told why.
func (c *checker) lives() {
	for _, r := range c.inOrder {
		for _, e := range r.own {
			if c.dead(e.Link, r.At.Add(-c.limits.Notice), true) && c.dead(e.Link, e.At, true) {
				c.violation("request %s was given %s of %s, which had expired before it asked", r.Request, e.Link,
					r.Conversation)
			}
		}
	}
	generations := map[generation]Event{} // the first meeting of each
	var order []generation
	for _, m := range c.all {
		g := generation{m.Conversation, m.Generation}
		if _, ok := generations[g]; !ok {
			generations[g] = m
			order = append(order, g)
		}
	}
	for _, g := range order {
		if g.number == 1 {
			continue
		}
		m := generations[g]
		var since time.Time // the link before it
		dead := false
		for _, before := range c.all {
			if before.Conversation == g.conversation && before.Generation == g.number-1 {
				since, dead = before.At, dead || c.died(before.Link, m.At)
			}
		}
		wishes := c.wished[g.conversation]
		wish := len(wishes) > 0 && !wishes[0].After(m.At)
		recent := slices.ContainsFunc(wishes, func(at time.Time) bool { return !at.After(m.At) && !at.Before(since) })
		switch {
		case dead:
			c.report.Replaced++
			_, replaced := generations[generation{g.conversation, g.number + 1}]
			if told := c.toldWhy(g); !told && !recent && !replaced && m.At.Before(c.idle) && !c.excused(g, 1) {
				c.violation("generation %d of %s replaced a link that had stopped working, and nobody was told why",
					g.number, g.conversation)
			} else if !told {
				c.report.Untold++
			}
		case wish:
			c.wished[g.conversation] = wishes[1:]
		case !c.excused(g, 1):
			c.violation("generation %d of %s was made although nobody asked for it and the link before it worked",
				g.number, g.conversation)
		}
	}
}

// toldWhy tells whether somebody was told why the link of this generation is another one.
func (c *checker) toldWhy(g generation) bool {
	return slices.ContainsFunc(c.shown, func(e Event) bool {
		m := c.made[e.Link]
		return e.Why && m.Conversation == g.conversation && m.Generation == g.number
	})
}
