package clause

import "time"

// placed is what was taken of a text as clauses.
type placed struct {
	when
	spans  []clauseSpan // in the order of the text
	inside Span         // tokens: the first place in the subject that looks like a clause
	// namedDay says that a weekday stands in the subject, and weekday which one.
	namedDay bool
	weekday  time.Weekday
}

// place finds the clauses of the command: the longest run of clauses at the end of the text, one at its beginning, or
// one between the subject and "with" or "about".
func (r *reader) place() placed {
	r.limit = len(r.tokens)
	if p, ok := r.past(); ok {
		return p
	}
	p := r.trailing()
	end := len(r.tokens)
	if len(p.spans) > 0 {
		end = p.spans[0].words.Start
	}
	r.limit = end
	start := r.leading(&p)
	if !p.hasTime() {
		r.middle(&p, start)
	}
	r.contradiction(&p)
	r.limit = end
	r.leftInside(&p, start)
	return p
}

// past tells whether the text is nothing but a time on a day that is past, and people: "yesterday at 15:00". Beside a
// subject, such a time is a part of it: "Outage yesterday at 15:00".
func (r *reader) past() (p placed, ok bool) {
	after, _, ok := r.match(0, over)
	if !ok {
		if j, _, last := r.match(0, overBefore); last {
			_, after, ok = r.weekday(j)
		} else if _, j, named := r.weekday(0); named {
			after, _, ok = r.match(j, overAfter)
		}
	}
	if !ok {
		return placed{}, false
	}
	g, ok := r.group(after)
	if !ok || !g.hasStart || g.words.End < r.limit {
		return placed{}, false
	}
	p.spans = append([]clauseSpan{{words: Span{0, after}}}, g.spans...)
	p.adopt(&g, Past)
	p.problem, p.problemAt = Past, timesOf(p.spans)
	return p, true
}

// trailing takes the longest run of clauses that the text ends with.
func (r *reader) trailing() placed {
	for i := range r.tokens {
		g, ok := r.group(i)
		if !ok || g.words.End < r.limit || r.refersElsewhere(&g) {
			continue
		}
		code, ok := r.verdict(&g)
		if !ok {
			continue
		}
		if code == "" && g.day.kind != noDay && r.at(i-1).word == "of" { // Edge of Tomorrow at 20:00
			code = Unclear
		}
		if s, ok := r.before(i, moves); ok && s == 0 && g.ranged { // Move from 15:00 to 16:00
			code = Contradiction
		}
		p := placed{spans: g.spans}
		p.adopt(&g, code)
		return r.withContext(p, i)
	}
	return placed{}
}

// withContext reads the words before a run of clauses at i that belong to it: "in the morning", and what cannot be
// served: "every", "next week".
func (r *reader) withContext(p placed, i int) placed {
	if !p.hasTime() {
		return p
	}
	if s, ok := r.before(i, morning|afternoon|night); ok && p.hasStart && p.day.part == 0 && !r.has(s, relativeDay) {
		_, part, _ := r.part(s)
		p.start = p.start.on(part) // "Movie night at 8"
		if i > s+1 && r.at(s).word != "da" {
			p.spans = append([]clauseSpan{{words: Span{s, i}}}, p.spans...)
			i = s
		}
	}
	s, ok := r.before(i, every)
	if t, period := r.before(i, period); period && !ok {
		s, ok = r.before(t, every)
	}
	code := Repeats
	if !ok {
		s, ok = r.before(i, vague)
		code = Unreadable
	}
	if ok && p.hasStart {
		p.blame(code, Span{s, p.spans[0].words.End})
		p.spans = append([]clauseSpan{{words: Span{s, i}}}, p.spans...)
	}
	return p
}

// adopt takes what a group says, and what is wrong with it, beside the people who are known already.
func (p *placed) adopt(g *group, code Code) {
	people := p.people
	p.when = g.when
	p.people = append(p.people, people...)
	if code != "" {
		p.blame(code, g.timeWords())
	}
}

// leading takes a run of clauses at the beginning of the text, if it is set off from the subject or names day and time.
// It returns the place behind it.
func (r *reader) leading(p *placed) (after int) {
	g, ok := r.group(0)
	if !ok || g.words.End >= r.limit {
		return 0
	}
	after = g.words.End
	code, ok := r.verdict(&g)
	dayAndTime := ok && g.hasStart && g.day.kind != noDay && !g.linked
	switch {
	case !dayAndTime && !r.setOff(after):
		return 0
	case g.hasTime() && p.hasTime():
		onlyDay := g.day.kind != noDay && !g.hasStart && !g.hasEnd && g.length == 0 && !g.day.always
		if !onlyDay || !p.hasStart || p.day.kind != noDay {
			return 0
		}
		p.day, p.opened = g.day, g.opened
		if g.problem != "" {
			p.blame(g.problem, g.problemAt)
		}
	case g.hasTime():
		if !ok || code == NoTime || code == EndOnly {
			return 0
		}
		p.adopt(&g, code)
	default:
		p.people = append(g.people, p.people...)
	}
	p.spans = append(g.spans[:len(g.spans):len(g.spans)], p.spans...)
	return after
}

// middle takes a time that stands between the subject and "with" or "about". Both sides are the subject.
func (r *reader) middle(p *placed, from int) {
	for i := from; i < r.limit; i++ {
		g, ok := r.group(i)
		if !ok || g.words.End >= r.limit || !g.hasStart || r.refersElsewhere(&g) || i == from {
			continue
		}
		if topic, _, ok := r.match(g.words.End, opensTopic); !ok || topic == r.limit {
			continue
		}
		code, ok := r.verdict(&g)
		if !ok {
			continue
		}
		p.adopt(&g, code)
		var before []clauseSpan
		for len(p.spans) > 0 && p.spans[0].words.End <= i {
			before, p.spans = append(before, p.spans[0]), p.spans[1:]
		}
		p.spans = append(append(before, g.spans...), p.spans...)
		return
	}
}

// contradiction finds a clause right before the ones that were taken, which says the same kind of thing once more.
func (r *reader) contradiction(p *placed) {
	if len(p.spans) == 0 || !p.hasTime() {
		return
	}
	end := p.spans[0].words.Start
	r.limit = end
	for i := max(0, end-8); i < end; i++ {
		g, ok := r.group(i)
		if !ok || g.words.End != end || !r.clear(&g) || r.refersElsewhere(&g) {
			continue
		}
		if g.hasStart && !g.explicit && g.day.kind == noDay { // a verse of the Bible
			continue
		}
		if !g.hasStart && g.day.kind == noDay && g.offset == 0 && p.length == 0 && !p.hasEnd {
			continue
		}
		p.problem, p.problemAt = Contradiction, Span{i, p.spans[len(p.spans)-1].words.End}
		return
	}
}

// covers tells whether the token at i is part of a clause that was taken.
func (p *placed) covers(i int) bool {
	for _, s := range p.spans {
		if s.words.Start <= i && i < s.words.End {
			return true
		}
	}
	return false
}

// timeWords is the place of the group's times, from the first to the last.
func (g *group) timeWords() Span { return timesOf(g.spans) }

func timesOf(spans []clauseSpan) (words Span) {
	for _, s := range spans {
		switch {
		case s.people:
		case words.End == 0:
			words = s.words
		default:
			words.End = s.words.End
		}
	}
	return words
}

// blamed is the place of the words that a problem is about.
func (p *placed) blamed() Span {
	if p.problemAt.End > 0 {
		return p.problemAt
	}
	return timesOf(p.spans)
}
