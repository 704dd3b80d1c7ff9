package clause_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"meetbot/bot/clause"
)

// letters are what no reading may lose: everything but spaces and punctuation.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, ""))
}

// check fails the test unless the reading of a text keeps the promises of the package.
func check(t interface{ Errorf(string, ...any) }, text string, now time.Time) {
	line, problem := clause.Parse(text, now, mention)
	spans := slices.Concat(line.Times, line.Invited)
	slices.SortFunc(spans, func(a, b clause.Span) int { return a.Start - b.Start })
	left, at := "", 0
	for _, s := range spans {
		if s.Start < at || s.End <= s.Start || s.End > len(text) {
			t.Errorf("%q: spans %v", text, spans)
			return
		}
		left += text[at:s.Start]
		at = s.End
	}
	if left += text[at:]; letters(left) != letters(line.Subject) {
		t.Errorf("%q: the subject is %q, and outside of the clauses there is %q", text, line.Subject, left)
	}
	for _, p := range line.People {
		if !slices.ContainsFunc(line.Invited, func(s clause.Span) bool { return s.Start <= p.Start && p.End <= s.End }) {
			t.Errorf("%q: %v is in no clause", text, p)
		}
	}
	if problem != nil {
		if !slices.Contains(clause.Codes, problem.Code) || problem.Words == "" ||
			text[problem.Span.Start:problem.Span.End] != problem.Words {
			t.Errorf("%q: %+v", text, *problem)
		}
		if !line.Start.IsZero() || !line.End.IsZero() {
			t.Errorf("%q is refused as %s, and starts at %s", text, problem.Code, line.Start)
		}
		return
	}
	switch minute := now.Truncate(time.Minute); {
	case len(line.Times) == 0 && !line.Start.IsZero():
		t.Errorf("%q starts at %s, and no words say so", text, line.Start)
	case line.Start.IsZero() && !line.End.IsZero():
		t.Errorf("%q has an end, and no start", text)
	case line.Start.IsZero():
	case line.Start.Before(minute), line.Start.After(now.AddDate(1, 0, 0)):
		t.Errorf("%q starts at %s, and it is %s", text, line.Start, now)
	case line.End.IsZero():
	case !line.End.After(line.Start), line.End.Sub(line.Start) > clause.MaxLength:
		t.Errorf("%q is from %s to %s", text, line.Start, line.End)
	}
}

// zones have their changes of the clock in both hemispheres, at midnight, by half an hour, or not at all.
var zones = []string{
	"America/Sao_Paulo", "America/New_York", "Europe/Lisbon", "Europe/Berlin", "Australia/Sydney", "America/Santiago",
	"Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC",
}

func moments(t *rapid.T) time.Time {
	zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	seconds := rapid.Int64Range(1.6e9, 2.2e9).Draw(t, "now")
	return time.Unix(seconds, 0).In(zone)
}

// Texts are made of the words of the table's phrases, so that clauses meet in every order.
func TestAnyTextKeepsThePromises(t *testing.T) {
	var words []string
	for _, s := range sections {
		for _, p := range s.rows {
			words = append(words, strings.Fields(p.text)...)
		}
	}
	words = append(words, "-", ",", "(", ")", `"`, "...", "\t", "\xff", "<@U1|x",
		"9999", "99999999999", "31/12/99", "-1", "0h", "24h")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(t, "words"), " ")
		check(t, text, moments(t))
		check(t, rapid.String().Draw(t, "text"), moments(t))
	})
}

// A text without any word or number that clauses have is the subject as it stands.
func TestTextWithoutClausesIsLiteral(t *testing.T) {
	word := rapid.StringMatching(`[bcdfgjkpqvwxz]{4,9}[?!.]?`)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(word, 1, 9).Draw(t, "words"), " ")
		line, problem := clause.Parse(text, moments(t), mention)
		if line.Subject != text || problem != nil || line.Start != (time.Time{}) || line.Inside != (clause.Span{}) {
			t.Errorf("%q became %+v, %+v", text, line, problem)
		}
	})
}

// Whatever stands in quotation marks is literal.
func TestQuotedTextIsLiteral(t *testing.T) {
	var texts []string
	for _, s := range sections {
		for _, p := range s.rows {
			if !strings.ContainsAny(p.text, `"“”`) {
				texts = append(texts, p.text)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		for _, quoted := range []string{`"` + text + `"`, "“" + text + "”", "«" + text + "»"} {
			line, problem := clause.Parse(quoted, moments(t), mention)
			if line.Subject != text || problem != nil || len(line.Times)+len(line.Invited) > 0 {
				t.Errorf("%s became %+v, %+v", quoted, line, problem)
			}
		}
		check(t, `"`+text+`" tomorrow at 15:00`, moments(t))
	})
}

// A day and a time are what the clocks of the zone show then. The judge looks at every minute of three days.
func TestClocksShowTheTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := moments(t)
		day := now.AddDate(0, 0, rapid.IntRange(2, 360).Draw(t, "days")).Format(time.DateOnly)
		clock := time.Unix(rapid.Int64Range(0, 1439).Draw(t, "minute")*60, 0).UTC().Format("15:04")
		line, problem := clause.Parse("Retro on "+day+" at "+clock, now, nil)
		if problem != nil {
			t.Fatalf("%s %s: %+v", day, clock, *problem)
		}
		midnight, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		var shown []time.Time
		for i := -24 * 60; i < 48*60; i++ {
			m := midnight.Add(time.Duration(i) * time.Minute).In(now.Location())
			if m.Format("2006-01-02 15:04") == day+" "+clock {
				shown = append(shown, m)
			}
		}
		switch {
		case line.Twice != (len(shown) > 1), line.Moved != (len(shown) == 0):
			t.Errorf("%s %s is there %d times: %+v", day, clock, len(shown), line)
		case len(shown) > 0 && !line.Start.Equal(shown[0]):
			t.Errorf("%s %s: %s, wanted %s", day, clock, line.Start, shown[0])
		case len(shown) == 0 && line.Start.Format("15:04") <= clock && line.Start.Format(time.DateOnly) == day:
			t.Errorf("%s %s: %s was not moved on", day, clock, line.Start)
		}
	})
}

// A time of the present minute is now, however many seconds have passed.
func TestThePresentMinuteIsNotPast(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 10, 59, 999, time.UTC)
	line, problem := clause.Parse("today at 14:10", now, nil)
	if problem != nil || !line.Start.Equal(time.Date(2026, 11, 25, 14, 10, 0, 0, time.UTC)) {
		t.Errorf("%+v, %+v", line, problem)
	}
}

// However a text is made, the time that it takes grows with its length, not faster: a message of Teams has up to 28 kB.
func TestLongTextsAreQuick(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 10, 0, 0, time.UTC)
	for _, part := range []string{
		"with @ben ", "at 5 with @ben ", "@ben ", ". ", "„ ", `" `, "as 9 a 10 na sexta em 20 minutos de ", "9-", "de ", "é",
	} {
		text := strings.Repeat(part, 28<<10/len(part)) + "x"
		began := time.Now()
		check(t, text, now)
		if took := time.Since(began); took > 3*time.Second { // 20 ms; more by far if it grew faster
			t.Errorf("%q…: %s", part, took)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range sections {
		for _, p := range s.rows {
			f.Add(p.text, s.moment(f).Unix(), s.zone)
		}
	}
	f.Fuzz(func(t *testing.T, text string, seconds int64, zone string) {
		location, err := time.LoadLocation(zone)
		if err != nil || seconds < 1.6e9 || seconds > 4e9 { // the product runs today
			t.Skip()
		}
		check(t, text, time.Unix(seconds, 0).In(location))
	})
}

func BenchmarkParse(b *testing.B) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 14, 10, 0, 0, zone)
	for name, text := range map[string]string{
		"command": "Retro tomorrow at 15:00 for 45m with @ben",
		"subject": strings.Repeat("Planning of the next quarter ", 11)[:300],
		"traps":   strings.Repeat("at 5 in 3 days for 2 on friday ", 10)[:300],
		"people":  "Retro tomorrow at 15:00 with " + strings.Repeat("@ann @ben @caio @devs ", 13)[:270],
		"words":   strings.Repeat("as 9 a 10 na sexta em 20 minutos de ", 9)[:300],
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				clause.Parse(text, now, mention)
			}
		})
	}
}
