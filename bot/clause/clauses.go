package clause

import (
	"time"
	"unicode"
)

// offset reads a time from now: "in 20 minutes", "daqui a 2 horas", "half an hour from now", and days: "in 2 days".
func (r *reader) offset(i int, w *when) (after int, ok bool) {
	if !r.may(i, opensOffset|number|halfUnit) {
		return i, false
	}
	at, _, opened := r.match(i, opensOffset)
	if !opened {
		at = i
	}
	d, after, ok := r.length(at)
	if ok {
		if j, _, ok := r.match(after, fromNow); ok {
			after, opened = j, true
		}
		if !opened || w.offset > 0 || w.hasStart || w.day.kind != noDay || w.now {
			return i, false
		}
		w.offset = d
		if d <= 0 {
			w.blame(Unreadable, Span{i, after})
		}
		return after, true
	}
	days, after, ok := r.days(at)
	if !ok || !opened || w.day.kind != noDay || w.offset > 0 || w.now {
		return i, false
	}
	w.day = day{kind: relative, offset: days}
	if j, part, ok := r.part(after); ok {
		w.day.part, after = part, j
	}
	return after, true
}

// lengthClause reads "for 45m", "por uma hora e meia". Beside a time it may be in days, and then it is too long.
func (r *reader) lengthClause(i int, w *when) (after int, ok bool) {
	at, _, ok := r.match(i, opensLength)
	if !ok || w.length > 0 {
		return i, false
	}
	d, after, ok := r.length(at)
	if !ok {
		days, j, ok := r.days(at)
		if !ok || !w.hasTime() {
			return i, false
		}
		d, after = time.Duration(days)*24*time.Hour, j
	}
	w.length, w.lengthOpened = d, true
	switch {
	case d <= 0:
		w.blame(Unreadable, Span{i, after})
	case w.hasEnd:
		w.blame(Contradiction, Span{})
	}
	return after, true
}

// dayClause reads a day, and the word before it: "on friday", "no dia 24", "tomorrow", "for monday".
func (r *reader) dayClause(i int, w *when) (after int, ok bool) {
	const names = relativeDay | weekday | weekdays | shortDay | next | this | month
	if w.also.kind != noDay || w.offset > 0 || w.now || !r.may(i, names|opensDay|ties|tiesWeekday|article) {
		return i, false
	}
	second := w.day.kind != noDay
	at, opened, linked := i, false, false
	d, after, ok := r.day(i, false)
	if j, _, isArticle := r.match(i, article); second && !ok && isArticle { // Friday the 27th
		d, after, ok = r.day(j, true)
	}
	if date, _, isDate := ordinal(r.at(i).word); second && !ok && isDate { // Friday 27 at 10
		_, _, ok = r.match(i+1, opensClock)
		d, after = day{kind: ofMonth, date: date}, i+1
	}
	if !ok {
		if at, _, opened = r.match(i, opensDay); !opened {
			at, _, linked = r.match(i, ties|tiesWeekday)
		}
		if j, _, ok := r.match(at, article); ok && opened {
			at = j
		}
		d, after, ok = r.day(at, opened)
		if r.at(at-1).word == "dia" { // "dia 24" is a day beside a time, "no dia 24" without one too
			before := r.at(at - 2).word
			opened = opened && (before == "no" || before == "do" || before == "em")
		}
	}
	if !ok || !r.agrees(d, i, at) {
		return i, false
	}
	if !opened && (d.short && !r.setOff(at) || d.always) {
		return i, false // we sat; 24/7
	}
	if !opened && !linked && (d.kind == onWeekday && r.namesWeekday(at) || r.isCounted(at)) {
		return i, false
	}
	switch {
	case !second:
		w.day, w.opened, w.linked = d, opened, linked
	case linked || d.kind == w.day.kind || d.kind != onWeekday && w.day.kind != onWeekday && !w.day.firmOrToday():
		return i, false
	default:
		w.also, w.opened = d, w.opened || opened
	}
	switch {
	case d.bad:
		w.blame(NoSuchDay, Span{at, after})
	case d.repeats:
		w.blame(Repeats, Span{i, after})
	}
	return after, true
}

// agrees tells whether the words from i can stand before the day at that place: not "on tomorrow", "dia sexta", "do
// amanhã".
func (r *reader) agrees(d day, i, at int) bool {
	switch {
	case at == i, d.kind == onDate, d.kind == ofMonth:
		return true
	case r.at(at-1).word == "dia":
		return false
	case d.kind == onWeekday:
		return true
	}
	return r.has(i, ties)
}

// setOff tells whether what stands at i is set off from the words before it, or begins the text.
func (r *reader) setOff(i int) bool { return i == 0 || r.at(i-1).pause || r.at(i-1).word == "-" }

// namesWeekday tells whether the weekday at i is part of a name: Black Friday.
func (r *reader) namesWeekday(i int) bool { return r.has(i-1, weekdayOf) }

// isCounted tells whether the number at i counts something: part 1/2, room 15.
func (r *reader) isCounted(i int) bool {
	word := r.at(i).word
	return word != "" && unicode.IsDigit(rune(word[0])) && r.has(i-1, counted)
}

// startClause reads "at 15:00", "às 15h", "from 9 to 10", "das 9h às 10h30".
func (r *reader) startClause(i int, w *when) (after int, ok bool) {
	if w.hasStart || w.offset > 0 || w.now {
		return i, false
	}
	onlyFull := false
	at, _, isRange := r.match(i, opensRange)
	if !isRange {
		if at, _, ok = r.match(i, opensClock); ok {
		} else if at, _, ok = r.match(i, opensLength); ok { // for 3pm
			onlyFull = true
		} else {
			if word := r.at(i).word; len(word) < 2 || word[0] != '@' {
				return i, false
			}
			at = i // @15:00
		}
	}
	c, after, ok := r.clocks(at)
	if ok && !c.ranged && isRange { // between 9:00 and 10:00
		if j, _, ok := r.match(after, joins); ok {
			if end, k, ok := r.clock(j); ok {
				c = clocks{start: c.start, end: end, ranged: true}.settled()
				after = k
			}
		}
	}
	if !ok || c.ranged && (w.hasEnd || w.length > 0) {
		return i, false
	}
	if onlyFull && (c.start.form != full || c.start.named || c.ranged) {
		return i, false
	}
	strong := c.start.form == full || c.ranged && c.end.form == full
	switch whole := i == 0 && after == len(r.tokens); {
	case isRange && !c.ranged: // "de 15h" is a length
		ok = strong && (r.at(i).word == "from" || r.at(i).word == "das")
	case isRange && !strong: // a scale from 1 to 10
		ok = r.at(i).word == "das" || w.day.kind != noDay || r.isDay(after) || whole && r.at(i).word == "from"
	case at == i+1 && !r.at(i).accent && r.at(i).word == "a": // hoje a oito
		ok = strong
	case at == i+1 && !r.at(i).accent && r.at(i).word == "as": // the same as 9
		ok = strong || w.day.firmOrToday()
	}
	if !ok {
		return i, false
	}
	w.setStart(c, i, after)
	w.explicit = true
	return after, true
}

// firmOrToday tells whether the day is one that is named from today.
func (d day) firmOrToday() bool { return d.kind != noDay && (d.firm || d.today) }

// setStart records a start, with the end that came with it.
func (w *when) setStart(c clocks, from, after int) {
	w.start, w.hasStart = c.start, true
	if c.ranged {
		w.end, w.hasEnd, w.ranged = c.end, true, true
	}
	if c.start.bad || c.ranged && c.end.bad {
		w.blame(Unreadable, Span{from, after})
	}
}

// endClause reads "until 16:00", "até as 16h", "until tomorrow 2:00".
func (r *reader) endClause(i int, w *when) (after int, ok bool) {
	at, _, ok := r.match(i, opensEnd)
	if !ok || w.hasEnd {
		return i, false
	}
	d, j, hasDay := r.day(at, false)
	if hasDay = hasDay && !d.repeats && !d.bad; hasDay {
		at = j
		if j, _, ok := r.match(at, opensClock); ok {
			at = j
		}
	}
	c, after, ok := r.clock(at)
	if !ok || c.form != full && !w.hasTime() && !hasDay {
		return i, false
	}
	w.end, w.hasEnd = c, true
	if hasDay {
		w.endDay = d
	}
	switch {
	case c.bad:
		w.blame(Unreadable, Span{i, after})
	case w.length > 0:
		w.blame(Contradiction, Span{})
	}
	return after, true
}
