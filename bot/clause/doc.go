// Package clause understands what people write after a command: a subject, when, how long and with whom, in English, in
// Portuguese and in a mixture of both. "Retro tomorrow at 15:00 for 45m with @ben" is a subject, a start, an end and a
// person.
//
// Call [Parse]. It returns a [Line], and a [Problem] if the text asks for a time that cannot be meant so. The package
// has no sentences: it returns codes and the places of words in the text, and the caller says it to the asker.
//
// # What it promises
//
// A subject is not misread because it contains times, numbers or words such as "at" and "for". Only explicit clauses
// count, and only where they can stand: at the end of the text, at its beginning, or between the subject and the words
// "with" or "about". What looks like a clause and stands elsewhere stays in the subject, and [Line.Inside] points at
// it. Words in quotation marks are always literal. Text without a clause is the subject as it stands. No text is lost:
// every word is in the subject, in [Line.Times] or in [Line.Invited].
//
// The phrases in phrases_test.go are the specification. The test prints them as docs/phrases.md.
//
// # How it works
//
//	token.go                       cuts the text into words, quoted parts and mentions
//	words.go                       the roles that words have in clauses
//	english.go, portuguese.go      the words of each language; a new word is one entry here
//	reader.go                      looks words and phrases up
//	clock.go, date.go, length.go   read one time, day or length of time
//	clauses.go                     reads one clause: "at 15:00", "for 45m"
//	bare.go                        reads what counts only beside a clause: "15:00", "45 minutes"
//	group.go                       reads clauses that stand together: "tomorrow at 15:00 for 45m with @ben"
//	place.go                       takes the groups that are clauses of the command
//	judge.go                       tells them from words of the subject
//	subject.go                     puts the rest together
//	resolve.go                     makes moments of the clauses, across changes of the clock
//
// It imports the standard library only, keeps no state, and reads no clock: the caller says when now is.
package clause
