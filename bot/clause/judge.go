package clause

import "strings"

// verdict tells whether a group of clauses is one of the command, rather than words of the subject, and what is wrong
// with it.
func (r *reader) verdict(g *group) (code Code, ok bool) {
	whole := g.words == Span{0, len(r.tokens)}
	named := (g.opened && !g.day.always || g.day.firm) && !g.linked && !r.linkedBefore(g.words.Start)
	switch hasDay := g.day.kind != noDay; {
	case !g.hasTime():
		return "", true // people alone
	case g.hasStart && g.day.repeats:
		return Repeats, true // Mondays at 9
	case g.hasStart && (g.explicit || hasDay || g.length > 0 || g.hasEnd && !g.ranged || whole):
		return "", true // at 15:00; 15:00 beside something; 15:00 as the whole text
	case g.hasStart:
		return "", g.ranged && g.start.form == full && g.end.form == full // 15:00-16:00, not 15:00
	case g.offset > 0:
		return "", true // in 20 minutes
	case hasDay && g.problem != "":
		return "", named && !g.day.repeats // on 31/02
	case hasDay && g.day.today && g.length > 0:
		return "", true // today for 45m
	case hasDay && (named || whole && g.day.today):
		return NoTime, true // on Friday; tomorrow; not Friday, not 24/12
	case hasDay:
		return "", false
	case g.hasEnd && !g.now:
		return EndOnly, true // until 16:00
	case g.hasEnd:
		return "", true // now until 16:00
	case g.length > 0:
		return "", g.lengthOpened || g.now || whole // for 45m; now, 45 minutes; 45 minutes as the whole text
	}
	return "", g.problem != "" && !g.now // not now
}

// linkedBefore tells whether the word before i ties what stands at i to the subject: "plans for", "lições de".
func (r *reader) linkedBefore(i int) bool {
	_, ok := r.before(i, links)
	return ok
}

// refersElsewhere tells whether the words before a group make it something that is no time of a meeting: "yesterday at
// 15:00", "after 15:00", "Monday to Friday from 9:00 to 17:00".
func (r *reader) refersElsewhere(g *group) bool {
	if !g.hasTime() {
		return false
	}
	if r.tied(g) {
		return true
	}
	if g.day.kind != noDay && g.hasStart {
		return false
	}
	limit := r.limit
	defer func() { r.limit = limit }()
	i := g.words.Start
	for range 4 { // what the clauses before it belong to, it belongs to
		before, ok := r.startBefore(i)
		if !ok {
			return false
		}
		if r.tied(&before) {
			return true
		}
		i = before.words.Start
	}
	return false
}

// startBefore reads the clauses that end right before i, if they say a start.
func (r *reader) startBefore(i int) (g group, ok bool) {
	r.limit = i
	for j := max(0, i-6); j < i; j++ {
		g, ok := r.group(j)
		if ok && g.words.End == i && g.hasStart && (g.explicit || g.day.kind != noDay) {
			return g, true
		}
	}
	return group{}, false
}

// tied is refersElsewhere for the words right before the group.
func (r *reader) tied(g *group) bool {
	i := g.words.Start
	if _, ok := r.before(i, fuzzy|over|overAfter); ok {
		return true
	}
	if startsWithDigit(r.at(i).word) {
		if _, ok := r.before(i, links|opensClock|opensRange|opensEnd|opensOffset|opensLength); ok {
			return true // the word before it makes it something else
		}
	}
	if g.day.kind == noDay || g.day.kind == onWeekday {
		if s, ok := r.before(i, weekday|relativeDay); ok && !r.namesWeekday(s) && !r.has(i-1, opensDay) {
			return true // a day that was not taken, so neither is its time
		}
	}
	if s, ok := r.before(i, shortDay); ok && r.afterWeekday(s) {
		return true // Mon and Wed at 9
	}
	if _, ok := r.before(i, overBefore); ok && r.has(i, weekday|shortDay) {
		return true
	}
	if r.has(i, links) { // "to friday at 9": the link may have been read as a part of the day
		i++
	}
	return g.day.kind != noDay && r.afterWeekday(i)
}

// afterWeekday tells whether "Monday to" or "Monday and" stands before i.
func (r *reader) afterWeekday(i int) bool {
	s, ok := r.before(i, betweenEnds|joins)
	if ok {
		_, ok = r.before(s, weekday|relativeDay|shortDay)
	}
	return ok
}

// clear tells whether a group is a time so clearly that it is worth a word when it is not taken.
func (r *reader) clear(g *group) bool {
	if !g.hasTime() || g.hasStart && g.start.form == digits && g.day.kind == noDay {
		return false
	}
	if g.hasStart && !g.explicit && g.start.suits() {
		return true
	}
	_, ok := r.verdict(g)
	return ok
}

// leftInside finds the first place of the subject that is clearly a time. Where a time without a day was taken, it may
// also be a day. One that is clearly a day makes the text unclear: "tomorrow retro at 15:00" is as likely as "Tomorrow
// Never Dies at 20:00".
func (r *reader) leftInside(p *placed, from int) {
	noDayTaken := p.hasStart && p.day.kind == noDay
	for i := from; i < r.limit; i++ {
		if p.covers(i) {
			continue
		}
		g, ok := r.group(i)
		if !ok || !g.hasTime() || p.covers(g.words.End-1) {
			continue
		}
		if r.clear(&g) && r.worthAWord(&g, noDayTaken) && !r.refersElsewhere(&g) {
			p.inside = g.words
			if noDayTaken && g.day.firm {
				p.blame(Unclear, g.words)
			}
			return
		}
		if noDayTaken && g.day.kind == onWeekday && !r.namesWeekday(i) && r.isWeekdayName(i) {
			p.inside, p.namedDay, p.weekday = Span{i, i + 1}, true, g.day.weekday
			return
		}
	}
}

// worthAWord tells whether people may have meant a clear group in the subject: a time after "at" or beside a day, a
// time at the subject's end, a day that is named from today.
func (r *reader) worthAWord(g *group, noDayTaken bool) bool {
	switch {
	case g.hasStart:
		return g.explicit || g.day.kind != noDay || g.words.End == r.limit
	case g.day.kind != noDay:
		return g.day.firm || noDayTaken
	}
	return g.offset > 0 || g.hasEnd
}

// isWeekdayName tells whether the word at i can only be a day of the week: "sexta" is also a number.
func (r *reader) isWeekdayName(i int) bool {
	word := r.at(i).word
	return r.has(i, weekday) && (!strings.HasSuffix(word, "a") || strings.HasSuffix(word, "-feira"))
}
