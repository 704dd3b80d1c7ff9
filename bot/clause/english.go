package clause

// english is the vocabulary of English.
var english = []meaning{
	{opensClock, 0, "at, @, at around, at about, starting at, starting"},
	{opensRange, 0, "from, between"},
	{opensEnd, 0, "until, till, til, through, up to"},
	{betweenEnds, 0, "to, until, till, til, and, -"},
	{opensDay, 0, "on, on the, on this"},
	{opensOffset, 0, "in, within"},
	{opensLength, 0, "for, for about"},
	{opensPeople, 0, "with"},
	{opensTopic, 0, "with, about, regarding, re, on the topic of, to discuss, to talk about"},
	{joins, 0, "and, &, +"},
	{article, 0, "the"},
	{ties, 0, "for, from, to"},
	{links, 0, "of, for, from, by, the, is, since, until, till, til, to, and, or, a, an, not, vs, through, " +
		"before, after, about, against, into, beyond, like, than, in, our, my, your, no, new, better"},
	{fuzzy, 0, "before, after, by, since, about, around, approximately, almost, than, circa, same"},
	{fromNow, 0, "from now"},
	{present, 0, "now, right now, starting now, from now"},

	{polite, 0, "please, pls, thanks"},

	{relativeDay, 0, "today"},
	{relativeDay | night, 0, "tonight, this evening"},
	{relativeDay | morning, 0, "this morning"},
	{relativeDay | afternoon, 0, "this afternoon"},
	{relativeDay, 1, "tomorrow, tomorow, tommorow, tommorrow, tmrw, tmr"},
	{relativeDay, 2, "day after tomorrow, the day after tomorrow"},
	{weekday, 0, "sunday"}, {weekday, 1, "monday, mon"}, {weekday, 2, "tuesday, tue, tues"},
	{weekday, 3, "wednesday"}, {weekday, 4, "thursday, thu, thur, thurs"}, {weekday, 5, "friday, fri"},
	{weekday, 6, "saturday"},
	{shortDay, 0, "sun"}, {shortDay, 3, "wed"}, {shortDay, 6, "sat"},
	{weekdays, 0, "sundays"}, {weekdays, 1, "mondays"}, {weekdays, 2, "tuesdays"}, {weekdays, 3, "wednesdays"},
	{weekdays, 4, "thursdays"}, {weekdays, 5, "fridays"}, {weekdays, 6, "saturdays"},
	{next, 0, "next"}, {nextAfter, 0, "next week"}, {this, 0, "this, this coming, coming"},
	{month, 1, "january, jan"}, {month, 2, "february, feb"}, {month, 3, "march, mar"}, {month, 4, "april, apr"},
	{month, 5, "may"}, {month, 6, "june, jun"}, {month, 7, "july, jul"}, {month, 8, "august, aug"},
	{month, 9, "september, sept, sep"}, {month, 10, "october, oct"}, {month, 11, "november, nov"},
	{month, 12, "december, dec"},

	{midday, 0, "noon, midday"}, {midnight, 0, "midnight"},
	{number, 1, "one"}, {number, 2, "two"}, {number, 3, "three"}, {number, 4, "four"}, {number, 5, "five"},
	{number, 6, "six"}, {number, 7, "seven"}, {number, 8, "eight"}, {number, 9, "nine"}, {number, 10, "ten"},
	{number, 11, "eleven"}, {number, 12, "twelve"},
	{hourWord, 0, "o'clock, oclock, h, hs, hrs, hours"},
	{half, 0, "half"}, {quarter, 0, "quarter, a quarter"}, {past, 0, "past"}, {to, 0, "to"},
	{ante, 0, "am, a.m"}, {post, 0, "pm, p.m"},
	{morning, 0, "in the morning, morning"}, {afternoon, 0, "in the afternoon, afternoon"},
	{night, 0, "in the evening, at night, evening, night"},
	{zoneName, 0, "utc, gmt, est, edt, et, pst, pdt, pt, cst, cdt, ct, mst, mdt, cet, cest, bst, wet, west, eet, " +
		"eest, brt, ist, jst, aest, aedt"},
	{unit, 1, "m, min, mins, minute, minutes"}, {unit, 60, "h, hr, hrs, hour, hours"},
	{longUnit, 1, "day, days"}, {longUnit, 7, "week, weeks"},
	{halfUnit, 30, "half an hour, half hour, half an hr, a half hour"},
	{halfUnit, 15, "a quarter of an hour, quarter of an hour"},
	{number, 1, "a, an"}, {andHalf, 0, "and a half"},
	{counted, 0, "part, page, step, stage, phase, chapter, class, module, lesson, sprint, week, version, v, iso, " +
		"task, room, round, table, level, score, episode, act, no, vol, volume, option, plan, set, ratio, half, " +
		"half-time, windows, bus, gate, seat, cve, rfc, bug, issue, pr, ticket, item"},
	{weekdayOf, 0, "black, cyber, good, casual, super, ash, easter, freaky, giving, palm, bloody, ruby"},
	{moves, 0, "move, move it, move meeting, move the meeting, postpone, postpone it, postpone the meeting, " +
		"reschedule, reschedule it, reschedule the meeting, change, change it, change the meeting, change the time"},
	{over, 0, "yesterday, last night, the day before"}, {overBefore, 0, "last, past, previous"},
	{every, 0, "every, each"}, {period, 0, "day, week, weekday, morning, month, workday, other day, other week"},
	{vague, 0, "on christmas, on christmas eve, on christmas day, on new year's eve, on new year's day, on new year, " +
		"on easter, on easter sunday, on easter monday, on thanksgiving"},
	{vague, 0, "next week, this week, next month, this month, the weekend, weekend, next weekend, this weekend"},
}
