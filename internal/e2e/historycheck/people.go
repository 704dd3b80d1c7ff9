package historycheck

import (
	"slices"
	"strings"
)

// giveLeftOut gives the news of who is not on a meeting's list to the last request of that asker that named anybody.
func (c *checker) giveLeftOut(e Event) {
	for _, r := range slices.Backward(c.inOrder) {
		if r.User == e.User && len(r.Marks) > 0 {
			r.leftOut = append(r.leftOut, e)
			return
		}
	}
	c.violation("%s was told who is not on a meeting's list, and had named nobody", e.User)
}

// isLeftOut tells whether the asker was told that this person is not on the list.
func (r *request) isLeftOut(person string) bool {
	return slices.ContainsFunc(r.leftOut, func(e Event) bool {
		return len(e.Named) == 0 || slices.Contains(e.Named, person)
	})
}

// announced are the cards that mention all whom the request names. A request that was answered twice may have cards of
// two meetings.
func (r *request) announced() (cards []Event) {
	for _, e := range r.own {
		if e.Link != "" && !slices.ContainsFunc(r.Marks, func(m string) bool { return !slices.Contains(e.Marks, m) }) {
			cards = append(cards, e)
		}
	}
	return cards
}

// people checks what becomes of those whom requests name. The card that answers such a request mentions them all. When
// nothing is left to do, and the meeting of that card is still the conversation's and works, each of them is on its
// list or the asker was told that they are not, and each who does not read the conversation has got an invitation.
// People who are on a meeting's list stay there.
func (c *checker) people() {
	told := map[string][]Event{} // by person
	for _, e := range c.invited {
		told[e.User] = append(told[e.User], e)
	}
	owners := map[string]bool{} // of those invitations
	for _, r := range c.inOrder {
		if len(r.Marks) == 0 {
			continue
		}
		for _, person := range r.Outside {
			owners[person] = true
		}
		cards := r.announced()
		if len(cards) == 0 {
			if slices.ContainsFunc(r.own, func(e Event) bool { return e.Link != "" }) {
				c.violation("request %s names %s, and no card of its answer mentions all of them", r.Request,
					strings.Join(r.Marks, " "))
			}
			continue
		}
		c.toldOf(r, cards, told)
		for _, card := range cards {
			for _, rest := range c.restsOf(card) {
				c.atRest(r, card, rest, told)
			}
		}
	}
	for person := range told {
		if !owners[person] {
			c.violation("%s got an invitation, and nobody had named them as somebody who needs one", person)
		}
	}
	c.listsGrow()
}

// restsOf are the moments from the card on at which nothing was left to do, and its meeting was the conversation's and
// worked.
func (c *checker) restsOf(card Event) (rests []Event) {
	m := c.made[card.Link]
	for _, e := range c.rests {
		if e.Conversation == m.Conversation && e.Link == card.Link && e.At.After(card.At) &&
			!c.dead(e.Link, e.At, false) && !c.forgotten(m) {
			rests = append(rests, e)
		}
	}
	return rests
}

// toldOf checks the invitations that came of a request, and counts them.
func (c *checker) toldOf(r *request, cards []Event, told map[string][]Event) {
	for _, person := range r.Outside {
		c.report.Invitations += len(told[person])
		links := map[string]int{}
		for _, e := range told[person] {
			if links[e.Link]++; links[e.Link] > 1 {
				c.report.Retold++
			}
			// An attempt that could not show its card any more may have invited to what was the meeting then.
			m := c.made[e.Link]
			if !slices.ContainsFunc(cards, func(card Event) bool {
				shown := c.made[card.Link]
				return shown.Conversation == m.Conversation && shown.Generation >= m.Generation || c.forgotten(shown)
			}) && !c.forgotten(m) {
				c.violation("%s, whom request %s names, was invited to %s, and the card shows %s", person, r.Request,
					e.Link, cards[0].Link)
			}
		}
	}
}

// atRest checks what has come of a request when nothing was left to do.
func (c *checker) atRest(r *request, card, rest Event, told map[string][]Event) {
	if c.lostRequests[r.Request] {
		return
	}
	for _, person := range r.Named {
		switch {
		case slices.Contains(rest.Named, person):
			c.report.Attending++
		case !r.isLeftOut(person):
			c.violation("request %s names %s, who is not on the list of %s at %s", r.Request, person, card.Link,
				clock(rest.At))
		}
	}
	for _, person := range r.Outside {
		if !slices.ContainsFunc(told[person], func(e Event) bool {
			return e.Link == card.Link && e.At.Before(rest.At)
		}) {
			c.violation("request %s names %s, who has no invitation to %s at %s", r.Request, person, card.Link,
				clock(rest.At))
		}
	}
	for _, person := range r.Unknown {
		if !r.isLeftOut(person) {
			c.violation("request %s names %s, who is on no list, and %s was not told so by %s", r.Request, person,
				r.User, clock(rest.At))
		}
	}
}

// listsGrow checks that nobody disappears from a meeting's list.
func (c *checker) listsGrow() {
	last := map[string]Event{} // by link
	for _, e := range c.rests {
		for _, person := range last[e.Link].Named {
			if !slices.Contains(e.Named, person) {
				c.violation("%s was on the list of %s at %s, and is not at %s", person, e.Link, clock(last[e.Link].At),
					clock(e.At))
			}
		}
		last[e.Link] = e
	}
}
