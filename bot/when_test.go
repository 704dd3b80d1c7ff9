package bot

import (
	"strings"
	"testing"
	"time"
)

// Whose date is to be changed is told in one zone: the asker's.
func TestAskedInOwnZone(t *testing.T) {
	catalog, err := NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	m := Meeting{Generation: 1}
	m.Start = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	m.End = m.Start.Add(time.Hour)
	to := Period{m.Start.Add(8 * time.Hour), m.End.Add(8 * time.Hour)}
	reply := AskRedateReply(English, m, &Identity{Name: "Ann Example"}, to, "America/Sao_Paulo")
	text := catalog.PlainText(English, reply.Messages[0])
	for _, want := range []string{"for Fri 27 Nov 07:00-08:00 (UTC-3, Sao Paulo)", "be Fri 27 Nov 15:00-16:00 (UTC-3, Sao Paulo)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
}

// Somebody whose zone is not known is told that their time was taken as UTC, unless that makes no difference.
func TestWithoutZone(t *testing.T) {
	at := time.Date(2026, 11, 25, 14, 10, 0, 0, time.UTC)
	for line, want := range map[string]bool{
		"Retro tomorrow at 15:00": true, "at 3pm-4pm": true, "in 20 minutes": false, "for 45m": false, "now until 16:00": false,
		"Retro today at 18:00": true, "Retro in 2 days at 10": true, "daqui a 2 horas": false,
	} {
		for _, zone := range []Zone{"", "Europe/Berlin"} {
			w, problem := wishOf(Command{Kind: Meet, Line: line}, at, zone)
			if problem != nil {
				t.Fatalf("%q: %+v", line, problem)
			}
			told := false
			for _, note := range w.notes {
				told = told || note.ID == "when.no_zone"
			}
			if told != (want && zone == "") {
				t.Errorf("%q in the zone %q: told %v", line, zone, told)
			}
		}
	}
}

// A new name that would be a time is pointed at.
func TestTimeInName(t *testing.T) {
	for name, want := range map[string]string{
		"Retro tomorrow at 15:00": "tomorrow at 15:00", "Retro": "", "24/7 support": "", "Retro na sexta": "na sexta",
		"at 3pm": "at 3pm", "Retro with @ben": "",
	} {
		if got := timeIn(name); got != want {
			t.Errorf("in %q: %q, want %q", name, got, want)
		}
	}
}
