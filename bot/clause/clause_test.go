package clause_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"meetbot/bot/clause"
	"meetbot/internal/golden"
)

// section is a part of the table: phrases that are said at the same moment, in the same zone.
type section struct {
	title string
	traps bool // it would be easy to misread them
	zone  string
	now   string
	rows  []phrase
}

// phrase is a text and what has to be understood.
type phrase struct {
	text    string
	subject string
	when    string // as understood writes it
	people  string
	notes   string // what the card has to say, or what is refused
}

// understood is the row that Parse makes of a text.
func understood(text string, now time.Time) phrase {
	line, problem := clause.Parse(text, now, mention)
	got := phrase{text: text, subject: line.Subject}
	if !line.Start.IsZero() {
		layout := "Mon 2006-01-02 15:04"
		if now.Location().String() != "America/Sao_Paulo" { // where the clocks change
			layout += " MST"
		}
		got.when = line.Start.Format(layout)
		switch end := line.End; {
		case end.IsZero():
		case end.YearDay() == line.Start.YearDay():
			got.when += " to " + end.Format("15:04"+layout[len("Mon 2006-01-02 15:04"):])
		default:
			got.when += " to " + end.Format(layout)
		}
	}
	var people, notes []string
	for _, p := range line.People {
		name := text[p.Start:p.End]
		if !p.Mention {
			name += " (no mention)"
		}
		people = append(people, name)
	}
	for note, set := range map[string]bool{
		"now": line.Now, "moved": line.Moved, "twice": line.Twice, "tomorrow": line.Tomorrow, "day first": line.DayFirst,
	} {
		if set && problem == nil {
			notes = append(notes, note)
		}
	}
	slices.Sort(notes)
	if line.Inside.End > 0 && problem == nil {
		notes = append(notes, "inside: "+text[line.Inside.Start:line.Inside.End])
	}
	if problem != nil {
		notes = append(notes, fmt.Sprintf("%s: %s", problem.Code, problem.Words))
	}
	got.people, got.notes = strings.Join(people, ", "), strings.Join(notes, "; ")
	return got
}

// mention recognises mentions as Slack and Teams send them, and short ones that are easy to read.
func mention(text string) int {
	for _, mark := range []string{"<@", "<!subteam^", "<at "} {
		if strings.HasPrefix(text, mark) {
			return strings.IndexByte(text, '>') + 1
		}
	}
	for _, name := range []string{"@ann", "@ben", "@caio", "@devs"} {
		if rest, ok := strings.CutPrefix(text, name); ok && (rest == "" || !unicode.IsLetter(rune(rest[0]))) {
			return len(name)
		}
	}
	return 0
}

// moment is the time that a section's phrases are said.
func (s section) moment(t testing.TB) time.Time {
	t.Helper()
	zone, err := time.LoadLocation(s.zone)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.ParseInLocation("2006-01-02 15:04", s.now, zone)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func TestPhrases(t *testing.T) {
	for _, s := range sections {
		now := s.moment(t)
		for _, want := range s.rows {
			got := understood(want.text, now)
			if got != want {
				t.Errorf("%s: %q\n got %q\nwant %q", s.title, want.text, got, want)
			}
			// Capitals and the punctuation of a sentence change nothing. 30M is money.
			if strings.Contains(want.text, "@") || strings.Contains(want.text, "0m") || strings.Contains(want.text, "5m") {
				continue
			}
			if shout := understood(strings.ToUpper(want.text)+".", now); shout.when != got.when {
				t.Errorf("%s: %q in capitals is %q, and %q in small letters", s.title, want.text, shout.when, got.when)
			}
		}
	}
}

// The table is large enough, at least half of it are traps, and no phrase is in it twice.
func TestPhrasesAreMany(t *testing.T) {
	all, traps := 0, 0
	seen := map[string]bool{}
	for _, s := range sections {
		for _, p := range s.rows {
			key := s.now + s.zone + p.text
			if seen[key] {
				t.Errorf("%q is there twice", p.text)
			}
			seen[key] = true
			if all++; s.traps {
				traps++
			}
		}
	}
	if all < 160 || 2*traps < all {
		t.Errorf("%d phrases, of which %d are traps", all, traps)
	}
}

// A subject that is literal alone is literal before a time as well.
func TestSubjectsStayWholeBeforeATime(t *testing.T) {
	ofTheTime := []string{"Retro for", "Friday", "Retro friday", "Retro next week"} // their last words are
	for _, s := range sections {
		now := s.moment(t)
		for _, p := range s.rows {
			if p != (phrase{text: p.text, subject: p.text}) || slices.Contains(ofTheTime, p.text) {
				continue
			}
			got := understood(p.text+" tomorrow at 15:00", now)
			want := now.AddDate(0, 0, 1).Format("Mon 2006-01-02") + " 15:00"
			if got.subject != p.text || !strings.HasPrefix(got.when, want) {
				t.Errorf("%q: %q", p.text, got)
			}
		}
	}
}

// Each code has a phrase.
func TestPhrasesShowEveryCode(t *testing.T) {
	for _, code := range clause.Codes {
		if !slices.ContainsFunc(sections, func(s section) bool {
			return slices.ContainsFunc(s.rows, func(p phrase) bool { return strings.HasPrefix(p.notes, string(code)+": ") })
		}) {
			t.Errorf("no phrase is refused as %s", code)
		}
	}
}

// docs/phrases.md is the table.
func TestPhrasesGolden(t *testing.T) {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(intro, "§", "`"))
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\nIt is %s, %s.\n\n", s.title, s.moment(t).Format("Monday 2006-01-02 15:04"), s.zone)
		b.WriteString("| typed after the command | subject | when | people | what is said about it |\n" +
			"| --- | --- | --- | --- | --- |\n")
		for _, p := range s.rows {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(p.text), code(p.subject), p.when, p.people, p.notes)
		}
	}
	golden.Check(t, "../../../../docs/phrases.md", []byte(b.String()))
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
}

const intro = `# What the bot understands

This table is the test of package §bot/clause§. The test writes it: do not edit it by hand.

English and Portuguese are always understood, also mixed, with and without accents. Only explicit clauses are times: §at§,
§on§, §in§, §for§, §from … to§, §until§, §às§, §em§, §na§, §no dia§, §daqui a§, §por§, §das … às§, §até§ and the like.
They stand at the end of the line, at its beginning, or between the subject and §with§ or §about§. Everything else is the
subject. Quotation marks keep what is between them literal.

- A time without a day is the next one that lies ahead. If that is tomorrow's, the card says so (§tomorrow§).
- An hour without am or pm: §at 9§ is the next 9 that lies ahead; §9:30§, §09:30§ and §9h§ are in the morning. From 1 to
  6 it is the afternoon's, except late at night. With §h§ it is always the hour of a 24-hour clock.
- §next Tuesday§, §terça que vem§ and §próxima terça§ are in the next week, which begins on Monday. §Tuesday§ and §this
  Tuesday§ are the next one that lies ahead.
- Midnight belongs to the day before it: §tomorrow at midnight§ is the end of tomorrow.
- A date in numbers has the day first, unless only the other order is a date. If both are dates, the card says how it
  was read (§day first§). Without a year it is the next one that lies ahead. If it has passed in the last 90 days, it is
  refused as past.
- A time that the clocks skip is moved on by the gap (§moved§). Of one that they show twice, the first is taken
  (§twice§).
- An end that makes the meeting at most six hours long over midnight is the next day's.
- A meeting that starts at once has §now§.
- What looks like a time and was left in the subject is pointed at (§inside§).
- What is refused has a code, and the words that are the reason. Where the words may be a time or a part of the subject, it
  is §unclear§: then the bot makes nothing and asks.
- A name after an §@§ of which the platform made no mention counts only beside a time or a mention. Otherwise the bot leaves
  it in the subject.
`
