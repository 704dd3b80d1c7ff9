package bot

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"meetbot/bot/clause"
)

// Bounds of a line with clauses.
const (
	maxLine     = 500 // characters, beside two for each mention
	maxMentions = 200 // the others are left out
)

// lined is the command with this text after its word. If the text has clauses of time, or invites somebody whom the
// platform marked, they are kept as they were typed: what they mean depends on when and where they are understood.
func lined(c Command, text string) Command {
	c.Subject, c.Line = subject(text), ""
	if text == "" {
		return c
	}
	text = fewMarks(text, maxMentions)
	line, problem := clause.Parse(text, time.Unix(0, 0).UTC(), markLength)
	if problem == nil && len(line.Times) == 0 && !invitesMarked(line) ||
		lengthOfLine(text) > maxLine+2*len(marksIn(text, maxMentions)) {
		return c
	}
	c.Subject, c.Line = shorten(CleanText(named(line.Subject)), MaxSubject), text
	return c
}

// invitesMarked tells whether a line invites somebody of whom the platform made a mention.
func invitesMarked(line clause.Line) bool {
	return slices.ContainsFunc(line.People, func(p clause.Person) bool { return p.Mention })
}

// invitedBy lists whom a line invites: text is what it was understood of.
func invitedBy(line clause.Line, text string) []Mention {
	var all []Mention
	for _, p := range line.People {
		typed := text[p.Start:p.End]
		if !p.Mention {
			name := Clip(typed, maxMentionName)
			all = append(all, Mention{MentionUnknown, strings.TrimPrefix(name, "@"), name})
			continue
		}
		all = append(all, marksIn(typed, 1)...)
	}
	return all
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

// timeIn is what would be a time at the end of a text, if it were no name; empty if nothing would.
func timeIn(name string) string {
	line, _ := clause.Parse(name, time.Unix(0, 0).UTC(), nil)
	if len(line.Times) == 0 {
		return ""
	}
	return name[line.Times[0].Start:line.Times[len(line.Times)-1].End]
}

// wish is what the words of a command ask for, beside a meeting.
type wish struct {
	subject    string
	start, end time.Time // zero: no date
	notes      []Message // what the asker may have meant otherwise
	people     []Mention // who is to be invited
}

// dated tells whether a date was asked for.
func (w wish) dated() bool { return !w.start.IsZero() }

// wishOf understands the clauses of a command that was given at that time by somebody in that zone.
func wishOf(c Command, at time.Time, zone Zone) (wish, *clause.Problem) {
	line, problem := clause.Parse(c.Line, zone.in(at), markLength)
	if problem != nil {
		return wish{}, problem
	}
	w := wish{subject: shorten(CleanText(named(line.Subject)), MaxSubject), people: invitedBy(line, c.Line)}
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
		{line.DayFirst, "when.day_first"}, {zone == "" && zoneMatters(c, at, line), "when.no_zone"},
	} {
		if said.holds {
			w.notes = append(w.notes, message(said.id, Arg{"Start", w.start}))
		}
	}
	return w, nil
}

// zoneMatters tells whether the start of a line depends on the zone in which it was understood: not "in 20 minutes".
func zoneMatters(c Command, at time.Time, line clause.Line) bool {
	other, problem := clause.Parse(c.Line, at.In(time.FixedZone("", -5*3600)), markLength)
	return !line.Now && !line.Start.IsZero() && (problem != nil || !other.Start.Equal(line.Start))
}

// Period is from one moment to another, as an argument of a message.
type Period struct{ Start, End time.Time }

// in is the period as the zone's clocks show it.
func (p Period) in(zone Zone) Period { return Period{zone.in(p.Start), zone.in(p.End)} }

// ahead tells whether the meeting has a date that is not over at that time.
func (m Meeting) ahead(now time.Time) bool { return m.Dated && m.End.After(now) }

// TimeReply says why the times of a command are refused, with the words that are the reason and an example.
func TimeReply(catalog *Catalog, lang Language, p clause.Problem, c Command) Reply {
	spec, _ := specOf(c.Kind)
	typed := CleanText(named(c.Line))
	example := command{word: spec.Word, subject: catalog.PlainText(lang, message("when.example_line"))}
	reply := sentence(lang, message("when."+string(p.Code), Arg{"Words", named(p.Words)}))
	reply.Messages = append(reply.Messages,
		message("when.example", Arg{"Example", example}),
		message("advice.literal", Arg{"Subject", typed},
			Arg{"Literal", command{word: spec.Word, subject: `"` + typed + `"`}}))
	return reply
}

// AskRedateReply asks whether a date that somebody else set is to be changed. A zero period takes it away. Both dates
// are shown in the zone of the asker.
func AskRedateReply(lang Language, m Meeting, owner *Identity, to Period, zone Zone) Reply {
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
	reply := sentence(lang, message(id, Arg{"Owner", name}, Arg{"Date", Period{m.Start, m.End}.in(zone)},
		Arg{"To", to.in(zone)}))
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
