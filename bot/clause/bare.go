package clause

import (
	"strings"
	"unicode"
)

// bare reads what counts only beside another clause, or as the whole text: 15:00, 9:30-10:00, "45 minutes", now.
func (r *reader) bare(i int, w *when) (after int, ok bool) {
	if !r.may(i, number|halfUnit|present|polite|midday|midnight|half|quarter) {
		return i, false
	}
	if r.isCounted(i) && !strings.ContainsAny(r.at(i).word, ":h") { // plan 15:00 for 45m
		return i, false
	}
	if j, _, ok := r.match(i, polite); ok && w.hasTime() {
		return j, true
	}
	if j, _, ok := r.match(i, present); ok && !w.now && !w.hasStart && w.day.kind == noDay && w.offset == 0 {
		w.now = true
		return j, true
	}
	if d, after, ok := r.length(i); ok && 0 < d && d <= MaxLength && w.length == 0 && !w.hasEnd {
		if w.hasStart || !r.isHour(i, after) {
			w.length = d
			return after, true
		}
	}
	c, after, ok := r.clocks(i)
	if !ok || w.hasStart || w.offset > 0 || w.now || c.ranged && (w.hasEnd || w.length > 0) {
		return i, false
	}
	if r.isHour(i, after) && c.start.hour < 6 && w.day.kind == noDay { // 1h30 is a length as well
		return i, false
	}
	near := w.day.kind == relative && w.day.firmOrToday()
	if c.start.named && (w.day.kind != noDay || r.isDay(after)) { // noon tomorrow
		w.setStart(c, i, after)
		return after, true
	}
	if c.start.suits() || c.ranged && c.end.form == full || near && c.start.form == digits {
		w.setStart(c, i, after)
		return after, true
	}
	return i, false
}

// isDay tells whether a day stands at i.
func (r *reader) isDay(i int) bool {
	_, _, ok := r.day(i, false)
	return ok
}

// isHour tells whether the one word at i is as well a time of day: 15h, 1h30.
func (r *reader) isHour(i, after int) bool {
	_, ok := clockWord(r.at(i).word)
	return ok && (after == i+1 || r.at(i+1).word == "h" || r.at(i+1).word == "horas")
}

// unreadable finds words after a clause that were clearly meant as a time: "tomorrow at 25", "at 15:00 for 45".
func (r *reader) unreadable(i int, w *when) (after int, ok bool) {
	opensTime := w.day.kind != noDay && !w.hasStart && (w.opened || w.day.firmOrToday())
	at, _, ok := r.match(i, opensClock)
	if !ok || !opensTime || r.at(i).word == "a" {
		if at, _, ok = r.match(i, opensLength); !ok || !w.hasTime() || w.length > 0 || !startsWithDigit(r.at(at).word) {
			return i, false
		}
	}
	if at >= r.limit || at+1 < r.limit && !startsWithDigit(r.at(at).word) {
		return i, false
	}
	w.blame(Unreadable, Span{i, at + 1})
	return at + 1, true
}

func startsWithDigit(word string) bool { return word != "" && unicode.IsDigit(rune(word[0])) }
