package clause

import (
	"strings"
	"time"
)

// length reads a length of time in hours and minutes: 45m, 1h30, "1.5 hours", "an hour and a half", "meia hora".
func (r *reader) length(i int) (d time.Duration, after int, ok bool) {
	if j, e, ok := r.match(i, halfUnit); ok {
		return time.Duration(e.value) * time.Minute, j, true
	}
	d, hours, after, ok := r.amount(i)
	if !ok {
		return 0, i, false
	}
	if !hours {
		return d, after, true
	}
	if j, e, ok := r.match(after, andHalf|fraction); ok {
		minutes := 30
		if e.role&fraction != 0 {
			minutes = e.value
		}
		return d + time.Duration(minutes)*time.Minute, j, true
	}
	j := after
	if k, _, ok := r.match(j, joins); ok {
		j = k
	}
	if more, hours, j, ok := r.amount(j); ok && !hours {
		return d + more, j, true
	}
	return d, after, true
}

// amount reads a number and its unit. hours tells whether minutes may follow.
func (r *reader) amount(i int) (d time.Duration, hours bool, after int, ok bool) {
	word := r.at(i).word
	if tenths, rest, n := leadingTenths(word); n > 0 {
		d, hours, ok := glued(tenths, rest, r.million(i))
		if ok {
			return d, hours, i + 1, true
		}
		if rest == "" {
			return r.united(i+1, time.Duration(tenths))
		}
		return 0, false, i, false
	}
	if j, e, ok := r.match(i, number); ok {
		return r.united(j, time.Duration(10*e.value))
	}
	return 0, false, i, false
}

// united reads the unit of so many tenths.
func (r *reader) united(i int, tenths time.Duration) (d time.Duration, hours bool, after int, ok bool) {
	after, e, ok := r.match(i, unit)
	if !ok || r.million(i) {
		return 0, false, i, false
	}
	d = tenths * time.Duration(e.value) * time.Minute / 10
	// "1 h e meia": the number may be followed by "an hour", where "an" was the number.
	return d, e.value == 60, after, true
}

// million tells whether the unit at i is a capital M: money, not minutes.
func (r *reader) million(i int) bool {
	t := r.at(i)
	return strings.HasSuffix(r.text[t.Start:t.End], "M")
}

// glued reads the unit that is written behind its number: 45m, 1h, 1h30, 1h30min.
func glued(tenths int, rest string, million bool) (d time.Duration, hours, ok bool) {
	amount := time.Duration(tenths)
	switch rest {
	case "m":
		return amount * time.Minute / 10, false, !million
	case "min", "mins":
		return amount * time.Minute / 10, false, true
	case "h", "hr", "hrs", "hs":
		return amount * time.Hour / 10, true, true
	}
	if rest, ok := strings.CutPrefix(rest, "h"); ok && tenths%10 == 0 {
		minutes, rest, n := leadingNumber(rest)
		if n > 0 && minutes < 60 && (rest == "" || rest == "m" || rest == "min") {
			return amount*time.Hour/10 + time.Duration(minutes)*time.Minute, false, true
		}
	}
	return 0, false, false
}

// leadingTenths reads the number that a word begins with, in tenths: 1.5 and 1,5 are 15.
func leadingTenths(word string) (tenths int, rest string, n int) {
	whole, rest, n := leadingNumber(word)
	if n == 0 {
		return 0, word, 0
	}
	if len(rest) > 1 && (rest[0] == '.' || rest[0] == ',') {
		if part, after, m := leadingNumber(rest[1:]); m == 1 {
			return 10*whole + part, after, n + 2
		}
	}
	return 10 * whole, rest, n
}

// days reads a length in days or weeks: "2 days", "a week", "uma semana".
func (r *reader) days(i int) (days, after int, ok bool) {
	var count int
	if value, rest, n := leadingNumber(r.at(i).word); n > 0 && rest == "" {
		count, after = value, i+1
	} else if j, e, ok := r.match(i, number); ok {
		count, after = e.value, j
	} else {
		return 0, i, false
	}
	after, e, ok := r.match(after, longUnit)
	if !ok {
		return 0, i, false
	}
	return count * e.value, after, true
}
