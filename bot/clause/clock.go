package clause

import (
	"strings"
)

// clock is a time of day as it was written.
type clock struct {
	hour, minute int  // hour 24 is the end of the day
	open         bool // it may be of the morning or of the afternoon: 9, 9:30
	form         form
	spoken       bool // as people say it, not as clocks show it: 9, half past nine
	named        bool // noon, midnight
	bad          bool // it is written like a time, and none that exists: 25:00
}

// form says how clearly a clock is one.
type form int

const (
	digits form = iota // 9, nine
	dotted             // 15.30
	full               // 9:30, 15h, 3pm, noon
)

// minutes counts from the start of the day.
func (c clock) minutes() int { return c.hour*60 + c.minute }

// later is the same reading twelve hours later.
func (c clock) later() clock {
	c.hour += 12
	return c
}

// suits tells whether a bare clock, without a word that opens it, is surely one. A verse of the Bible is not.
func (c clock) suits() bool { return c.form == full && !c.named && !c.bad && c.minute%5 == 0 }

// clockWord reads one word: 15:00, 9:30pm, 15h, 15h30, 15h30min, 3pm, 15.30, 9. ok is false if it is no time.
func clockWord(word string) (c clock, ok bool) {
	hour, rest, n := leadingNumber(word)
	if n == 0 || n > 2 {
		return clock{}, false
	}
	c = clock{hour: hour, form: full}
	twelve := n == 1 || hour >= 10 // "09" is of a 24-hour clock
	switch {
	case rest == "":
		c.form, c.spoken = digits, true
		if hour > 24 {
			return clock{}, false
		}
	case rest[0] == ':' || rest[0] == '.':
		minute, after, n := leadingNumber(rest[1:])
		if n != 2 {
			return clock{}, false
		}
		if rest[0] == '.' {
			c.form = dotted
		}
		c.minute, rest = minute, after
	case rest[0] == 'h':
		minute, after, n := leadingNumber(rest[1:])
		switch {
		case n == 2:
			c.minute, rest = minute, after
			if rest = strings.TrimPrefix(strings.TrimPrefix(rest, "min"), "m"); rest != "" {
				return clock{}, false
			}
		case n == 0 && (after == "" || after == "s" || after == "rs"):
			rest = ""
		default:
			return clock{}, false
		}
		twelve = false
	}
	switch rest {
	case "":
		c.open = twelve && 1 <= hour && hour <= 11
	case "h", "hs", "hrs":
	case "am", "a.m":
		c = c.inHalf(0)
	case "pm", "p.m":
		c = c.inHalf(12)
	default:
		return clock{}, false
	}
	if c.form == dotted && c.minute%5 != 0 {
		return clock{}, false
	}
	c.bad = c.bad || c.hour > 24 || c.minute > 59 || c.hour == 24 && c.minute > 0
	return c, true
}

// inHalf reads the clock as one of twelve hours: from 0 for am, from 12 for pm.
func (c clock) inHalf(from int) clock {
	c.form, c.open = full, false
	if c.hour < 1 || c.hour > 12 {
		c.bad = true
		return c
	}
	c.hour = c.hour%12 + from
	return c
}

// leadingNumber reads the digits that a text begins with, at most four, and counts them.
func leadingNumber(text string) (value int, rest string, n int) {
	for n < len(text) && n < 4 && '0' <= text[n] && text[n] <= '9' {
		value = value*10 + int(text[n]-'0')
		n++
	}
	if n < len(text) && '0' <= text[n] && text[n] <= '9' {
		return 0, text, 0
	}
	return value, text[n:], n
}

// clock reads a time of day at i, with what belongs to it: "3 pm", "9 da noite", "half past nine", "meio-dia e meia".
func (r *reader) clock(i int) (c clock, after int, ok bool) {
	if c, after, ok = r.clockPast(i); !ok {
		c, after, ok = r.clockNumber(i)
	}
	if !ok {
		return clock{}, i, false
	}
	return r.clockPart(c, after)
}

// clockPast reads "half past nine", "quarter to 3", "ten past 9".
func (r *reader) clockPast(i int) (c clock, after int, ok bool) {
	var minutes int
	if j, _, ok := r.match(i, half); ok {
		minutes, after = 30, j
	} else if j, _, ok := r.match(i, quarter); ok {
		minutes, after = 15, j
	} else {
		return clock{}, i, false
	}
	sign := 1
	if j, _, ok := r.match(after, past); ok {
		after = j
	} else if j, _, ok := r.match(after, to); ok {
		sign, after = -1, j
	} else {
		return clock{}, i, false
	}
	c, after, ok = r.clockNumber(after)
	if !ok || c.minute != 0 || c.bad || c.hour == 0 || c.hour == 24 {
		return clock{}, i, false
	}
	if sign < 0 {
		c.hour, minutes = c.hour-1, 60-minutes
		if c.hour == 0 { // quarter to one
			c.hour, c.open = 12, false
		}
	}
	c.minute, c.form = minutes, full
	return c, after, true
}

// clockNumber reads a number or a word that is a time of day, and the word for hours after it.
func (r *reader) clockNumber(i int) (c clock, after int, ok bool) {
	if j, _, ok := r.match(i, midday); ok {
		c, after = clock{hour: 12, form: full, named: true}, j
	} else if j, _, ok := r.match(i, midnight); ok {
		return clock{hour: 24, form: full, named: true}, j, true
	} else if j, e, ok := r.match(i, number); ok && r.at(i).word != "a" && r.at(i).word != "an" {
		c, after = clock{hour: e.value, open: e.value < 12, spoken: true}, j
	} else if c, ok = clockWord(strings.TrimPrefix(r.at(i).word, "@")); ok {
		after = i + 1
	} else {
		return clock{}, i, false
	}
	if j, _, ok := r.match(after, hourWord); ok && !c.named {
		c.form, after = full, j
		c.open = c.open && r.at(j-1).word == "o'clock"
	}
	if j, e, ok := r.match(after, fraction); ok && c.minute == 0 && !c.bad {
		c.minute, c.form, after = e.value, full, j
	}
	return c, after, true
}

// clockPart reads what tells the halves of the day apart: am, pm, "da tarde", "in the morning".
func (r *reader) clockPart(c clock, after int) (clock, int, bool) {
	if j, e, ok := r.match(after, ante|post); ok {
		if e.role&ante != 0 {
			return c.inHalf(0), j, true
		}
		return c.inHalf(12), j, true
	}
	if j, part, ok := r.part(after); ok {
		return c.on(part), j, true
	}
	return c, after, true
}

// part reads a part of the day, such as "in the morning" or "à noite".
func (r *reader) part(i int) (after int, part role, ok bool) {
	after, e, ok := r.match(i, morning|afternoon|night)
	if !ok || e.role&relativeDay != 0 {
		return i, 0, false
	}
	return after, e.role & (morning | afternoon | night), true
}

// on is the clock in a part of the day.
func (c clock) on(part role) clock {
	switch {
	case part == 0 || c.bad || c.hour > 12:
	case part == morning && c.hour == 12, part == night && c.hour == 12:
		c.hour, c.form, c.open = c.hour%12, full, false
		if part == night {
			c.hour = 24
		}
	case part == morning:
		c.form, c.open = full, false
	case part == night && 0 < c.hour && c.hour < 5: // one at night is after midnight
		c.hour, c.form, c.open = c.hour+24, full, false
	case c.hour > 0 && c.hour < 12:
		c.hour, c.form, c.open = c.hour+12, full, false
	}
	return c
}

// clocks is a start and perhaps an end that belongs to it.
type clocks struct {
	start, end clock
	ranged     bool
}

// clocks reads a start and, if there is one, an end: 15:00-16:00, "9 to 10", "15h às 16h".
func (r *reader) clocks(i int) (c clocks, after int, ok bool) {
	if c, ok = r.joined(i); ok {
		if end, j, _ := r.clockPart(c.end, i+1); j > i+1 {
			c.end = end
			return c.settled(), j, true
		}
		return c.settled(), i + 1, true
	}
	if c.start, after, ok = r.clock(i); !ok {
		return clocks{}, i, false
	}
	j, e, ok := r.match(after, betweenEnds)
	if !ok || e.role&joins != 0 {
		return c, after, true
	}
	end, j, ok := r.clock(j)
	if !ok {
		return c, after, true
	}
	c.end, c.ranged = end, true
	return c.settled(), j, true
}

// joined reads a range that is one word: 3pm-4pm, 9-10.
func (r *reader) joined(i int) (c clocks, ok bool) {
	left, right, found := strings.Cut(strings.TrimPrefix(r.at(i).word, "@"), "-")
	if !found {
		return clocks{}, false
	}
	var one, two bool
	c.start, one = clockWord(left)
	c.end, two = clockWord(right)
	c.ranged = one && two
	return c, c.ranged
}

// settled gives a start that leaves it open the half of the day in which the meeting is the shorter one: 3-4pm, 11-1pm.
func (c clocks) settled() clocks {
	if !c.start.open || c.start.bad || c.end.bad {
		return c
	}
	if c.end.open {
		if c.end.minutes() <= c.start.minutes() { // 9-5
			c.start.open, c.end = false, c.end.later()
			c.end.open = false
		}
		return c
	}
	if c.length(c.start.later()) < c.length(c.start) && c.end.hour != c.start.hour {
		c.start = c.start.later()
	}
	c.start.open, c.start.form = false, full
	return c
}

// length is how many minutes it is from a start to the end, over midnight if need be.
func (c clocks) length(start clock) int {
	return (c.end.minutes() - start.minutes() + 2*24*60 - 1) % (24 * 60)
}
