package clause

import (
	"strings"
	"time"
)

// day is a day as it was written.
type day struct {
	kind     dayKind
	offset   int // relative: days from today
	weekday  time.Weekday
	next     bool // a weekday: of the next week
	year     int  // a date: 0 if it has none
	month    time.Month
	date     int  // of the month
	part     role // of the day: morning, afternoon, night; 0 if it has none
	firm     bool // it is a day even without a time beside it: tomorrow, next Friday
	today    bool // today by name
	dayFirst bool // it would also be a date with the month first
	repeats  bool // Mondays
	short    bool // an abbreviation that is another word too
	always   bool // 24/7 and 9/11, which are no dates unless they are said to be
	bad      bool // written like a date, and none that exists: 31/02
}

type dayKind int

const (
	noDay    dayKind = iota
	relative         // today, tomorrow, in 2 days
	onWeekday
	onDate
	ofMonth // the 24th
)

// day reads a day at i, with its part: "tomorrow morning", "próxima terça", "sexta que vem à tarde", "24 de dezembro".
func (r *reader) day(i int, opened bool) (d day, after int, ok bool) {
	if j, e, ok := r.match(i, relativeDay); ok {
		d = day{kind: relative, offset: e.value, part: e.role & (morning | afternoon | night)}
		d.today, d.firm = e.value == 0, e.value > 0
		after = j
	} else if d, after, ok = r.weekday(i); ok {
	} else if d, after, ok = r.date(i, opened); !ok {
		return day{}, i, false
	}
	if j, part, ok := r.part(after); ok && d.part == 0 {
		d.part, after = part, j
	}
	return d, after, true
}

// weekday reads a day of the week.
func (r *reader) weekday(i int) (d day, after int, ok bool) {
	d.kind = onWeekday
	j, _, isNext := r.match(i, next)
	k, _, isThis := r.match(i, this)
	switch {
	case isNext:
		i = j
	case isThis:
		i = k
	}
	after, e, ok := r.match(i, weekday|weekdays|shortDay)
	if !ok {
		return day{}, i, false
	}
	d.weekday, d.next, d.firm = time.Weekday(e.value), isNext, isNext || isThis
	d.repeats = e.role&weekdays != 0
	d.short = e.role&shortDay != 0 && !d.firm
	if j, _, ok := r.match(after, ofWeekday); ok {
		after = j
	}
	if j, _, ok := r.match(after, nextAfter); ok {
		d.next, d.firm, after = true, true, j
	} else if r.has(after, next) && !isNext { // terça próxima
		d.next, d.firm, after = true, true, after+1
	}
	return d, after, true
}

// date reads a date: 2026-12-24, 24/12, 24/12/2026, 24 Dec, "Dec 24th, 2026", "24 de dezembro de 2026", "24th". opened
// tells whether a word such as "on" stands before it, which an ordinal alone needs.
func (r *reader) date(i int, opened bool) (d day, after int, ok bool) {
	if d, ok := numericDate(r.at(i).word); ok {
		return d, i + 1, true
	}
	d.kind = onDate
	if e, ok := r.entry(i, month); ok { // Dec 24
		date, _, ok := ordinal(r.at(i + 1).word)
		if !ok {
			return day{}, i, false
		}
		d.month, d.date, after = time.Month(e.value), date, i+2
		return r.year(d, after)
	}
	date, isOrdinal, ok := ordinal(r.at(i).word)
	if !ok {
		return day{}, i, false
	}
	after = i + 1
	if word := r.at(after).word; word == "of" || word == "de" {
		after++
	}
	if e, ok := r.entry(after, month|monthShort); ok { // 24 Dec, 24th of December
		d.month, d.date = time.Month(e.value), date
		return r.year(d, after+1)
	}
	if opened && (isOrdinal || r.at(i-1).word == "dia") { // the 24th
		return day{kind: ofMonth, date: date}, i + 1, true
	}
	return day{}, i, false
}

// year reads the year of a date, if there is one, and judges the date.
func (r *reader) year(d day, after int) (day, int, bool) {
	j := after
	if word := r.at(j).word; word == "de" || word == "of" {
		j++
	}
	if year, rest, n := leadingNumber(r.at(j).word); n == 4 && rest == "" && 2000 <= year && year < 2100 {
		d.year, after = year, j+1
	}
	d.bad = !exists(d.year, d.month, d.date)
	return d, after, true
}

// entry is the meaning of the one word at i in that role.
func (r *reader) entry(i int, want role) (entry, bool) {
	after, e, ok := r.match(i, want)
	return e, ok && after == i+1
}

// ordinal reads a day of the month: 24, 24th, 1º.
func ordinal(word string) (date int, isOrdinal, ok bool) {
	date, rest, n := leadingNumber(word)
	if n == 0 || n > 2 || date < 1 || date > 31 {
		return 0, false, false
	}
	switch rest {
	case "":
		return date, false, true
	case "st", "nd", "rd", "th", "o":
		return date, true, true
	}
	return 0, false, false
}

// numericDate reads 2026-12-24, 24/12, 24/12/2026, 24/12/26 and 24-12-2026. The day is first. If the second number can
// be no month and the first can, the month is first.
func numericDate(word string) (d day, ok bool) {
	mark := "/"
	if !strings.Contains(word, mark) {
		mark = "-"
	}
	var parts [3]int
	var widths [3]int
	rest, count := word, 0
	for count < 3 {
		value, after, n := leadingNumber(rest)
		if n == 0 {
			return day{}, false
		}
		parts[count], widths[count] = value, n
		count++
		if after == "" {
			rest = ""
			break
		}
		if rest, ok = strings.CutPrefix(after, mark); !ok {
			return day{}, false
		}
	}
	if rest != "" || count < 2 || count == 2 && mark == "-" {
		return day{}, false
	}
	d = day{kind: onDate}
	first, second := parts[0], parts[1]
	switch {
	case count == 3 && widths[0] == 4: // the year is first: ISO 8601
		d.year, d.month, d.date = first, time.Month(second), parts[2]
		d.bad = !exists(d.year, d.month, d.date)
		return d, d.year >= 2000 && d.year < 2100
	case widths[0] > 2 || widths[1] > 2:
		return day{}, false
	case count == 3 && widths[2] == 4:
		d.year = parts[2]
	case count == 3 && widths[2] == 2 && mark == "/":
		d.year = 2000 + parts[2]
	case count == 3:
		return day{}, false
	}
	if second > 12 && first <= 12 {
		first, second = second, first
	} else {
		d.dayFirst = first <= 12 && first != second
	}
	d.date, d.month = first, time.Month(second)
	if first < 1 || first > 31 || second < 1 || second > 12 {
		d.bad = true
		return d, count == 3 && first < 100
	}
	d.always = count == 2 && (word == "24/7" || word == "9/11")
	d.bad = !exists(d.year, d.month, d.date)
	return d, true
}

// exists tells whether there is such a day. Without a year it may be a leap year's.
func exists(year int, month time.Month, date int) bool {
	if year == 0 {
		year = 2000
	}
	t := time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
	return t.Month() == month && t.Day() == date
}
