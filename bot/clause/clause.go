package clause

import "time"

// Span is a place in the text: the bytes from Start up to End.
type Span struct{ Start, End int }

// Line is what was understood of a text.
type Line struct {
	// Subject is what is left without the clauses: as it was typed, without the quotation marks at its beginning. It
	// may be empty. It is neither cleaned nor bounded.
	Subject string

	// Start is in the asker's zone, to the minute; zero if no time was given. It is not before the present minute. If
	// only a length was given, or "now", it is the present, and Now is set.
	Start time.Time
	// End is zero if neither an end nor a length was given: the caller chooses. Otherwise it is after Start, by at most
	// [MaxLength].
	End time.Time

	People []Person // as they were typed, each mention once

	Times   []Span // the words that were understood as times, in the order of the text
	Invited []Span // the words that were understood as people, "with" included
	// Inside is the first place in the subject that looks like a time and was left there; empty if there is none. It is
	// worth a word to the asker: times are written last.
	Inside Span

	// What the card has to say, because the asker may have meant something else.

	Now      bool // starts at once: there is no date to remember
	Moved    bool // the clock skips the start or the end that was given: it was moved on by the gap
	Twice    bool // the clock shows the start or the end twice that day: the first was taken
	Tomorrow bool // a time without a day is past today, so tomorrow's was taken
	DayFirst bool // the date would also be one with the month first
}

// Person is somebody who is to be invited.
type Person struct {
	Span
	// Mention tells whether the platform made a mention of it. Otherwise it is a name after an @ that the platform did
	// not recognise.
	Mention bool
}

// Code says what is wrong with a text.
type Code string

// The codes. Each but [NoTime] and [EndOnly] refuses a time that was given.
const (
	NoTime         Code = "no_time"          // a day without a time
	EndOnly        Code = "end_only"         // an end without a start
	EndBeforeStart Code = "end_before_start" // and not within six hours over midnight
	Past           Code = "past"             // the start is past
	TooFar         Code = "too_far"          // the start is more than a year ahead
	TooLong        Code = "too_long"         // longer than MaxLength
	Unreadable     Code = "unreadable"       // words that are clearly a time, and none that exists
	NoSuchDay      Code = "no_such_day"      // 31 April
	Contradiction  Code = "contradiction"    // two starts, or an end and a length
	Unclear        Code = "unclear"          // a time, and a day that may be the time's or the subject's
	Repeats        Code = "repeats"          // every Monday: a series
	OtherZone      Code = "other_zone"       // 15:00 PST: the name of a zone
)

// Codes are all codes, for a caller that has a sentence for each.
var Codes = []Code{
	NoTime, EndOnly, EndBeforeStart, Past, TooFar, TooLong, Unreadable, NoSuchDay, Contradiction, Unclear, Repeats,
	OtherZone,
}

// MaxLength is the longest meeting.
const MaxLength = 24 * time.Hour

// Problem says why a text is refused, and which words of it are the reason.
type Problem struct {
	Code  Code
	Words string // as they were typed
	Span  Span
}

// Mention recognises a mention of the chat platform: it returns the length in bytes of the one that text begins with,
// or 0 if text does not begin with a mention. A mention begins with neither a letter nor a digit.
type Mention func(text string) int

// Parse understands text, the words after a command. now says when it is asked, and in the asker's zone: all times are
// read in now.Location. mention may be nil if there are no mentions.
//
// If there is a problem, it returns it with the line as far as it was understood: Start and End are zero, Subject is
// without the clauses.
func Parse(text string, now time.Time, mention Mention) (Line, *Problem) {
	r := &reader{text: text, tokens: tokenize(text, mention)}
	taken := r.place()
	line := Line{Subject: r.subject(taken.spans), Inside: r.span(taken.inside)}
	for _, s := range taken.spans {
		if s.people {
			line.Invited = append(line.Invited, r.span(s.words))
		} else {
			line.Times = append(line.Times, r.span(s.words))
		}
	}
	named := map[string]bool{}
	for _, p := range taken.people {
		if name := text[p.Start:p.End]; !named[name] {
			named[name] = true
			line.People = append(line.People, p)
		}
	}
	if taken.problem == "" {
		taken.problem, taken.problemAt = resolve(&line, taken.when, now), Span{}
	}
	if taken.problem == "" && taken.namedDay && line.Start.Weekday() != taken.weekday {
		taken.problem, taken.problemAt = Unclear, taken.inside // "Friday standup at 15:30" on a Wednesday
	}
	if taken.problem != "" {
		line.Start, line.End, line.Now = time.Time{}, time.Time{}, false
		span := r.span(taken.blamed())
		return line, &Problem{Code: taken.problem, Words: text[span.Start:span.End], Span: span}
	}
	return line, nil
}
