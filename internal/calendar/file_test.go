package calendar_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/internal/calendar"
	"meetbot/internal/golden"
)

// No goroutine outlives what started it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	graphLink = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NDEyYjk0ZjgtYjAzZC00%40thread.v2/0?" +
		"context=%7b%22Tid%22%3a%228eaef023-2b34-4da1-9baa-8bc8c9d6a490%22%2c%22Oid%22%3a%22a1111111-0000-4000-8000-000000000001%22%7d"
	lastingLink = "https://bot.example.com/j/ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// retro is an entry of a meeting with a date, as everything of it is known.
func retro() bot.CalendarEntry {
	return bot.CalendarEntry{
		UID: "0123456789abcdef0123456789abcdef@meetbot", Sequence: 3,
		Stamp: time.Date(2026, 11, 23, 9, 30, 1, 5e8, time.UTC),
		Start: time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC),
		End:   time.Date(2026, 11, 24, 18, 45, 0, 0, time.UTC),
		Title: "Retro", Label: "Join meeting", Organizer: "Ann Example", JoinURL: graphLink, Link: lastingLink,
		Text: "Join meeting: " + lastingLink +
			"\nThis link always leads to the conversation's meeting, also when the meeting is replaced.",
	}
}

// entries are the entries that the golden files show.
func entries() map[string]bot.CalendarEntry {
	all := map[string]bot.CalendarEntry{}
	add := func(name string, change func(*bot.CalendarEntry)) {
		e := retro()
		change(&e)
		all[name] = e
	}
	portuguese := func(e *bot.CalendarEntry) {
		e.Label, e.Text = "Entrar na reunião", "Entrar na reunião: "+lastingLink+
			"\nEste link leva sempre à reunião da conversa, mesmo quando a reunião é substituída."
	}
	add("en/dated", func(*bot.CalendarEntry) {})
	add("en/no-lasting-link", func(e *bot.CalendarEntry) { e.Link, e.Text = graphLink, "Join meeting: "+graphLink })
	add("en/cancelled", func(e *bot.CalendarEntry) { e.Cancelled, e.Sequence = true, 4 })
	add("en/gone", func(e *bot.CalendarEntry) { *e = bot.CalendarEntry{UID: e.UID, Stamp: e.Stamp, Gone: true} })
	add("en/nobody", func(e *bot.CalendarEntry) { e.Organizer = "" })
	add("en/signs", func(e *bot.CalendarEntry) {
		e.Title, e.Organizer = `Q4; budget, "plan" \ C:\new`, `O'Neil, Ann "Annie" (Contoso; R&D): x`
	})
	add("en/emoji", func(e *bot.CalendarEntry) { e.Title = strings.Repeat("👩‍🚀", 40) })
	add("en/over-midnight", func(e *bot.CalendarEntry) { // in another zone than UTC
		zone := time.FixedZone("", -3*3600)
		e.Start, e.End = time.Date(2026, 12, 31, 20, 30, 0, 0, zone), time.Date(2027, 1, 1, 0, 30, 0, 0, zone)
	})
	add("pt-BR/accents", func(e *bot.CalendarEntry) {
		portuguese(e)
		e.Title, e.Organizer = "Reunião de avaliação: ação, atenção; coração", "João da Conceição"
	})
	add("pt-BR/long", func(e *bot.CalendarEntry) {
		portuguese(e)
		e.Title = strings.Repeat("ção ", 29) + "fim!"
	})
	add("pt-BR/cancelled", func(e *bot.CalendarEntry) { portuguese(e); e.Cancelled = true })
	return all
}

func TestFile(t *testing.T) {
	for name, e := range entries() {
		t.Run(name, func(t *testing.T) {
			file := calendar.File(e)
			golden.Check(t, name+".ics", []byte(file))
			wantFile(t, file, e)
		})
	}
}

// wantFile wants a file to be right to the letter, and a second parser to read from it what the entry says.
func wantFile(t interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, file string, e bot.CalendarEntry) {
	t.Helper()
	rest, ok := strings.CutSuffix(file, "\r\n")
	if !ok || !utf8.ValidString(file) {
		t.Fatalf("the file does not end its last line, or is no UTF-8: %q", file)
	}
	for _, line := range strings.Split(rest, "\r\n") {
		if len(line) > 75 || line == "" || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Errorf("the line %q has %d bytes", line, len(line))
		}
		for _, r := range line {
			if r < ' ' || r == 0x7f {
				t.Errorf("the line %q has a control character", line)
			}
		}
	}
	d := ical.NewDecoder(strings.NewReader(file))
	c, err := d.Decode()
	if err != nil {
		t.Fatalf("%v in\n%s", err, file)
	}
	if _, err := d.Decode(); err != io.EOF {
		t.Errorf("after the calendar: %v", err)
	}
	calendarSays := map[string]string{
		"VERSION": "2.0", "PRODID": "-//meetbot//meetbot//EN", "METHOD": "PUBLISH", "CALSCALE": "GREGORIAN",
		"REFRESH-INTERVAL": "PT1H", "X-PUBLISHED-TTL": "PT1H",
	}
	for name, want := range calendarSays {
		if p := c.Props.Get(name); p == nil || p.Value != want {
			t.Errorf("%s of the calendar is %+v", name, p)
		}
	}
	if got := c.Props.Get("REFRESH-INTERVAL").Params["VALUE"]; len(got) != 1 || got[0] != "DURATION" {
		t.Errorf("the interval is of type %v", got)
	}
	if len(c.Props) != len(calendarSays) || len(c.Children) != 1 {
		t.Errorf("the calendar has the properties %v and %d components", c.Props, len(c.Children))
	}
	if e.Gone {
		if len(c.Events()) != 0 || c.Children[0].Name != "VTIMEZONE" {
			t.Errorf("of what is gone there is %+v", c.Children)
		}
		return
	}
	if len(c.Events()) != 1 {
		t.Fatalf("%d events", len(c.Events()))
	}
	v := c.Events()[0]
	status, transparency, busy := "CONFIRMED", "OPAQUE", "BUSY"
	if e.Cancelled {
		status, transparency, busy = "CANCELLED", "TRANSPARENT", "FREE"
	}
	utc := func(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
	raw := map[string]string{
		"UID": e.UID, "SEQUENCE": fmt.Sprint(e.Sequence), "DTSTAMP": utc(e.Stamp), "DTSTART": utc(e.Start),
		"DTEND": utc(e.End), "URL": e.Link, "CONFERENCE": e.JoinURL, "STATUS": status, "TRANSP": transparency,
		"X-MICROSOFT-CDO-BUSYSTATUS": busy,
	}
	text := map[string]string{
		"SUMMARY": e.Title, "DESCRIPTION": e.Text, "LOCATION": "Microsoft Teams Meeting",
		"X-MICROSOFT-SKYPETEAMSMEETINGURL": e.JoinURL,
	}
	if e.Organizer != "" {
		raw["ORGANIZER"] = "invalid:nomail"
		if got := v.Props.Get("ORGANIZER").Params.Get("CN"); got != strings.ReplaceAll(e.Organizer, `"`, "'") {
			t.Errorf("the organizer is %q, want %q", got, e.Organizer)
		}
	}
	for name, want := range raw {
		if p := v.Props.Get(name); p == nil || p.Value != want {
			t.Errorf("%s is %+v, want %q", name, p, want)
		}
	}
	for name, want := range text {
		if got, err := v.Props.Text(name); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if len(v.Props) != len(raw)+len(text) || len(v.Children) != 0 {
		t.Errorf("the event has the properties %v and %d components", v.Props, len(v.Children))
	}
	for name, values := range v.Props {
		if len(values) != 1 {
			t.Errorf("%d times %s", len(values), name)
		}
	}
	conference := v.Props.Get("CONFERENCE").Params
	if conference.Get("VALUE") != "URI" || strings.Join(conference["FEATURE"], " ") != "AUDIO VIDEO SCREEN" ||
		conference.Get("LABEL") != "Microsoft Teams" {
		t.Errorf("the conference has %v", conference)
	}
	if start, err := v.DateTimeStart(nil); err != nil || !start.Equal(e.Start) {
		t.Errorf("it starts at %v, %v", start, err)
	}
}

// Whatever texts hold, the file is right to the letter, and no text begins a property of its own.
func TestFileOfAnyText(t *testing.T) {
	text := rapid.OneOf(
		rapid.StringOf(rapid.RuneFrom([]rune("aé👩\u200d🚀 ,;:\\\"'\r\n\t\x00=<>"))),
		rapid.StringN(0, 120, -1),
		rapid.SampledFrom([]string{"x\r\nBEGIN:VALARM\r\nEND:VALARM", "\nURL:https://evil.example", "\xff\xfe", ""}),
	)
	rapid.Check(t, func(t *rapid.T) {
		e := retro()
		e.Title, e.Organizer = text.Draw(t, "title"), text.Draw(t, "organizer")
		e.Link += text.Draw(t, "link")
		e.JoinURL += text.Draw(t, "join URL")
		e.Text = text.Draw(t, "text")
		e.Cancelled = rapid.Bool().Draw(t, "cancelled")
		file := calendar.File(e)
		clean := func(s string, breaks bool) string {
			return strings.Map(func(r rune) rune {
				if r == '\n' && breaks || r >= ' ' && (r < 0x7f || r > 0x9f) {
					return r
				}
				return -1
			}, strings.ToValidUTF8(s, ""))
		}
		e.Title, e.Organizer, e.Link = clean(e.Title, false), clean(e.Organizer, false), clean(e.Link, false)
		e.JoinURL, e.Text = clean(e.JoinURL, false), clean(e.Text, true)
		wantFile(t, file, e)
	})
}
