package clause

import "time"

// resolver turns what was written into moments.
type resolver struct {
	line  *Line
	when  when
	now   time.Time
	today time.Time // midnight of the asker's day, as a date: in UTC, where each day has 24 hours
}

// resolve fills in the line's times. It returns the code of what is wrong with them.
func resolve(line *Line, w when, now time.Time) Code {
	r := &resolver{line: line, when: w, now: now, today: date(now.Year(), now.Month(), now.Day())}
	if !w.hasTime() {
		return ""
	}
	if code := r.begin(); code != "" {
		return code
	}
	if code := r.finish(); code != "" {
		return code
	}
	minute := now.Truncate(time.Minute) // offsets of zones are whole minutes today
	switch {
	case line.Start.Before(minute):
		return Past
	case line.Start.After(now.AddDate(1, 0, 0)):
		return TooFar
	case line.End.IsZero():
		return ""
	case line.End.Sub(line.Start) > MaxLength:
		return TooLong
	case !line.End.After(line.Start):
		return EndBeforeStart
	}
	return ""
}

// begin finds the start.
func (r *resolver) begin() Code {
	w := &r.when
	switch {
	case w.offset > 0 && w.hasStart, w.offset > 0 && w.day.kind != noDay:
		return Contradiction
	case w.offset > 0:
		r.line.Start = r.now.Add(w.offset).Truncate(time.Minute)
		return ""
	case w.hasStart:
		m, code := r.start()
		r.line.Start, r.line.Moved, r.line.Twice = m.Time, m.moved, m.twice
		return code
	case w.now, w.length > 0 && (w.day.kind == noDay || w.day.today):
		r.line.Start, r.line.Now = r.now, true
		return ""
	case w.day.kind != noDay:
		return NoTime
	}
	return EndOnly
}

// start is the start that was given as a time of day.
func (r *resolver) start() (moment, Code) {
	w := &r.when
	if w.day.kind == onWeekday && w.also.kind != noDay {
		w.day, w.also = w.also, w.day
	}
	r.line.DayFirst = w.day.dayFirst && w.also.kind == noDay
	c := w.start.on(w.day.part)
	switch {
	case w.day.kind == noDay:
		return r.nextAhead(c), ""
	case w.day.today && c.open:
		m := r.at(r.today, c)
		if r.isPast(m) {
			m = r.at(r.today, c.later())
		}
		return m, ""
	}
	if c.open && c.hour < workingHour {
		c = c.later()
	}
	d, code := r.date(w.day)
	if code != "" {
		return moment{}, code
	}
	if w.also.kind != noDay && !r.isAlso(d) {
		return moment{}, Contradiction
	}
	m := r.at(d, c)
	switch {
	case !r.isPast(m) || !d.Equal(r.today):
	case w.day.kind == onWeekday:
		m = r.at(d.AddDate(0, 0, 7), c)
	case w.day.kind == ofMonth:
		d, code = r.dateOfMonth(w.day.date, d.AddDate(0, 0, 1))
		m = r.at(d, c)
	}
	return m, code
}

// workingHour is the first hour that is of the morning where a day is named and the half of the day is not: "tomorrow
// at 7" is in the morning, "tomorrow at 3" in the afternoon.
const workingHour = 7

// lateHour is from when on the small hours are meant by "at 2".
const lateHour = 22

// nextAhead is the next moment at which clocks show that time. An hour that may be of the morning or of the afternoon
// is the one that comes first, but not in the small hours of tomorrow.
func (r *resolver) nextAhead(c clock) moment {
	today := []clock{c}
	if c.open {
		if c.spoken || c.hour < workingHour { // 9:30 is how a clock of 24 hours shows the morning
			today = append(today, c.later())
		}
		if c.hour < workingHour && r.now.Hour() < lateHour {
			c = c.later()
		}
	}
	for _, c := range today {
		if m := r.at(r.today, c); !r.isPast(m) {
			return m
		}
	}
	r.line.Tomorrow = true
	return r.at(r.today.AddDate(0, 0, 1), c)
}

// finish finds the end.
func (r *resolver) finish() Code {
	w := &r.when
	switch {
	case w.length > 0 && w.hasEnd:
		return Contradiction
	case w.length > 0:
		r.line.End = r.line.Start.Add(w.length)
		return ""
	case !w.hasEnd:
		return ""
	}
	first := r.dateOf(r.line.Start)
	c := w.end.on(w.endDay.part)
	if w.endDay.kind != noDay {
		d, code := r.date(w.endDay)
		r.end(r.at(d, c))
		return code
	}
	candidates := []moment{r.at(first, c)}
	if c.open {
		candidates = append(candidates, r.at(first, c.later()))
	}
	candidates = append(candidates, r.at(first.AddDate(0, 0, 1), c))
	for i, m := range candidates {
		overMidnight := i == len(candidates)-1
		if m.After(r.line.Start) && (!overMidnight || m.Sub(r.line.Start) <= maxOverMidnight) {
			r.end(m)
			return ""
		}
	}
	return EndBeforeStart
}

// maxOverMidnight is how long a meeting may be for its end to be the next day's: 23:00 to 00:30.
const maxOverMidnight = 6 * time.Hour

func (r *resolver) end(m moment) {
	r.line.End = m.Time
	r.line.Moved, r.line.Twice = r.line.Moved || m.moved, r.line.Twice || m.twice
}

// date is the day that is meant, as a date.
func (r *resolver) date(d day) (time.Time, Code) {
	switch d.kind {
	case relative:
		return r.today.AddDate(0, 0, d.offset), ""
	case onWeekday:
		ahead := (int(d.weekday) - int(r.today.Weekday()) + 7) % 7
		if d.next { // of the next week, which begins on Monday
			monday := (8 - int(r.today.Weekday())) % 7
			if monday == 0 {
				monday = 7
			}
			ahead = monday + (int(d.weekday)+6)%7
		}
		return r.today.AddDate(0, 0, ahead), ""
	case ofMonth:
		return r.dateOfMonth(d.date, r.today)
	}
	if d.year != 0 {
		return date(d.year, d.month, d.date), ""
	}
	for year := r.today.Year(); year <= r.today.Year()+1; year++ {
		t := date(year, d.month, d.date)
		if t.Day() != d.date {
			continue
		}
		if ago := r.today.Sub(t); ago <= recently {
			return t, "" // if it is past, the caller sees it
		}
	}
	return time.Time{}, NoSuchDay // 29 February
}

// recently is how long a date without a year is taken for one that has passed, not for the next year's.
const recently = 90 * 24 * time.Hour

// dateOfMonth is the next day from that one on which has this number in its month.
func (r *resolver) dateOfMonth(number int, from time.Time) (time.Time, Code) {
	for i := range 3 {
		if t := date(from.Year(), from.Month()+time.Month(i), number); t.Day() == number && !t.Before(from) {
			return t, ""
		}
	}
	return time.Time{}, NoSuchDay
}

// date is a day without a zone. Each has 24 hours.
func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// isAlso tells whether that date has the other name that was given as well.
func (r *resolver) isAlso(d time.Time) bool {
	if r.when.also.kind == onWeekday {
		return d.Weekday() == r.when.also.weekday
	}
	other, code := r.date(r.when.also)
	return code == "" && other.Equal(d)
}

// dateOf is the day on which a moment is for the asker.
func (r *resolver) dateOf(t time.Time) time.Time {
	t = t.In(r.now.Location())
	return date(t.Year(), t.Month(), t.Day())
}

// isPast tells whether a moment lies before the present minute.
func (r *resolver) isPast(m moment) bool { return m.Before(r.now.Truncate(time.Minute)) }

// moment is a time, and what the clocks of the asker's zone do around it.
type moment struct {
	time.Time
	moved bool // they skip it: it was moved on by the gap
	twice bool // they show it twice: it is the first
}

// at is the moment at which the asker's clocks show that time on that day.
func (r *resolver) at(day time.Time, c clock) moment {
	wall := day.Add(time.Duration(c.minutes()) * time.Minute)
	zone := r.now.Location()
	// A day is more than the distance of any zone from UTC, and no zone changes its clocks twice in two days.
	_, before := wall.AddDate(0, 0, -1).In(zone).Zone()
	_, after := wall.AddDate(0, 0, 1).In(zone).Zone()
	first := wall.Add(-time.Duration(before) * time.Second).In(zone)
	second := wall.Add(-time.Duration(after) * time.Second).In(zone)
	shows := func(t time.Time) bool { return t.Hour() == wall.Hour() && t.Minute() == wall.Minute() }
	switch {
	case shows(first):
		return moment{Time: first, twice: !first.Equal(second) && shows(second)}
	case shows(second):
		return moment{Time: second}
	}
	return moment{Time: first, moved: true}
}
