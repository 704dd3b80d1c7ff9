package clause

import "strings"

// role is what a word or phrase may be in a clause. Many have several.
type role uint64

// The roles.
const (
	opensClock  role = 1 << iota // a time follows: at, às
	opensRange                   // a start follows: from, das
	opensEnd                     // an end follows: until, até
	betweenEnds                  // between a start and an end: to, às
	opensDay                     // a day follows: on, na
	opensOffset                  // a length from now follows: in, daqui a
	opensLength                  // a length follows: for, por
	opensPeople                  // mentions follow: with, com
	opensTopic                   // more of the subject follows: about, sobre
	joins                        // and, e
	article                      // the, o
	links                        // makes what follows part of the words before it: of, de, the
	ties                         // before a day that has a time: of, for, de
	tiesWeekday                  // before a weekday that has a time: da, do
	fuzzy                        // what follows is not the time itself: before, depois
	fromNow                      // after a length: from now
	present                      // now, agora
	polite                       // please

	relativeDay // value: days from today
	weekday     // value: time.Weekday
	weekdays    // a weekday in plural; value: time.Weekday
	shortDay    // an abbreviation that is another word too; value: time.Weekday
	ofWeekday   // -feira
	next        // before a weekday: the next week's
	nextAfter   // after a weekday: que vem
	this        // before a weekday: the coming one
	month       // value: time.Month
	monthShort  // an abbreviation that is another word too; value: time.Month

	midday
	midnight
	number     // value: 1 to 12
	hourWord   // after a number, for a time: o'clock, horas
	half       // in a time: half past; after a number: e meia
	quarter    // quarter past
	fraction   // after a number: e quinze; value: minutes
	past       // between minutes and an hour
	to         // between minutes and an hour
	ante       // am
	post       // pm
	morning    // in the morning, da manhã
	afternoon  // in the afternoon, da tarde
	night      // at night, da noite
	zoneName   // UTC
	unit       // value: minutes
	longUnit   // value: days
	halfUnit   // half an hour; value: minutes
	andHalf    // and a half
	counted    // what has numbers: part, sala
	weekdayOf  // begins a name with a weekday in it: Black (Friday)
	over       // a past day, before a time: yesterday
	overBefore // before a weekday: last
	overAfter  // after a weekday: passada
	every      // every, toda
	period     // after every: day, semana
	vague      // no day: next week
	moves      // the whole subject: what is meant is another time, not a subject
)

// entry is one meaning of a word, or of a phrase that begins with it.
type entry struct {
	rest  []string // the other words of the phrase
	role  role
	value int
}

// meaning is a row of a language's table: all words and phrases, without accents, that have the same role and value.
type meaning struct {
	role    role
	value   int
	phrases string // separated by commas
}

// vocabulary has the entries of both languages by their first word. Nothing changes it.
var vocabulary = index(english, portuguese)

func index(languages ...[]meaning) map[string][]entry {
	words := map[string][]entry{}
	for _, language := range languages {
		for _, m := range language {
			for phrase := range strings.SplitSeq(m.phrases, ", ") {
				fields := strings.Fields(phrase)
				words[fields[0]] = append(words[fields[0]], entry{rest: fields[1:], role: m.role, value: m.value})
			}
		}
	}
	return words
}
