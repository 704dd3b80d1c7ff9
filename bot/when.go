package bot

import (
	"cmp"
	"time"
	"unicode/utf8"

	"meetbot/bot/clause"
)

// maxLine is how many characters of a line with clauses are kept.
const maxLine = 500

// lined is the command with this text after its word. If the text has clauses of time, they are kept as they were
// typed: what they mean depends on when and where they are understood.
func lined(c Command, text string) Command {
	c.Subject, c.Line = subject(text), ""
	if text == "" {
		return c
	}
	line, problem := clause.Parse(text, time.Unix(0, 0).UTC(), nil)
	if problem == nil && len(line.Times) == 0 || utf8.RuneCountInString(text) > maxLine {
		return c
	}
	c.Subject, c.Line = shorten(CleanText(line.Subject), MaxSubject), text
	return c
}

// insideOf is what looks like a time in the subject of a command that has no date; empty if nothing does.
func insideOf(c Command) string {
	if c.Line != "" || c.Subject == "" {
		return ""
	}
	line, _ := clause.Parse(c.Subject, time.Unix(0, 0).UTC(), nil)
	if len(line.Times) > 0 { // the subject was quoted
		return ""
	}
	return c.Subject[line.Inside.Start:line.Inside.End]
}

// wish is what the words of a command ask for, beside a meeting.
type wish struct {
	subject    string
	start, end time.Time // zero: no date
	notes      []Message // what the asker may have meant otherwise
}

// dated tells whether a date was asked for.
func (w wish) dated() bool { return !w.start.IsZero() }

// wishOf understands the clauses of a command that was given at that time by somebody in that zone.
func wishOf(c Command, at time.Time, zone Zone) (wish, *clause.Problem) {
	line, problem := clause.Parse(c.Line, zone.in(at), nil)
	if problem != nil {
		return wish{}, problem
	}
	w := wish{subject: shorten(CleanText(line.Subject), MaxSubject)}
	if !line.Now {
		w.start, w.end = line.Start, line.End
		if w.dated() && w.end.IsZero() {
			w.end = w.start.Add(usualLength)
		}
	}
	for _, said := range []struct {
		holds bool
		id    string
	}{
		{line.Tomorrow, "when.tomorrow"}, {line.Moved, "when.moved"}, {line.Twice, "when.twice"},
		{line.DayFirst, "when.day_first"},
	} {
		if said.holds {
			w.notes = append(w.notes, message(said.id, Arg{"Start", w.start}))
		}
	}
	return w, nil
}

// Period is from one moment to another, as an argument of a message.
type Period struct{ Start, End time.Time }

// ahead tells whether the meeting has a date that is not over at that time.
func (m Meeting) ahead(now time.Time) bool { return m.Dated && m.End.After(now) }

// TimeReply says why the times of a command are refused, with the words that are the reason and an example.
func TimeReply(catalog *Catalog, lang Language, p clause.Problem, c Command) Reply {
	spec, _ := specOf(c.Kind)
	example := command{word: spec.Word, subject: catalog.PlainText(lang, message("when.example_line"))}
	reply := sentence(lang, message("when."+string(p.Code), Arg{"Words", p.Words}))
	reply.Messages = append(reply.Messages,
		message("when.example", Arg{"Example", example}),
		message("advice.literal", Arg{"Subject", c.Line},
			Arg{"Literal", command{word: spec.Word, subject: `"` + c.Line + `"`}}))
	return reply
}

// AskRedateReply asks whether a date that somebody else set is to be changed. A zero period takes it away.
func AskRedateReply(lang Language, m Meeting, owner *Identity, to Period) Reply {
	id, name := "when.ask_change", ""
	if owner != nil {
		name = owner.Name
	}
	if to == (Period{}) {
		id = "when.ask_cancel"
	}
	if name == "" {
		id += "_unknown"
	}
	reply := sentence(lang, message(id, Arg{"Owner", name}, Arg{"Date", Period{m.Start, m.End}}, Arg{"To", to}))
	reply.Actions = []Action{
		{ID: ActionRedate, Value: redate{generation: m.Generation, sequence: m.Sequence, to: to}.String()},
		{ID: ActionKeep},
	}
	return reply
}

// NoDateReply says that there is no date to take away.
func NoDateReply(lang Language) Reply { return sentence(lang, message("when.no_date")) }

// zoneOf is the zone that the asker's times are read in.
func zoneOf(t task, asker Identity) Zone { return cmp.Or(asker.Zone, t.Zone) }
