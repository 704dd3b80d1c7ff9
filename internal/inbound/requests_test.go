package inbound

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// counted is an Observer that counts.
type counted struct {
	accepted int
	refused  map[string]int
}

func (c *counted) Accepted()             { c.accepted++ }
func (c *counted) Refused(reason string) { c.refused[reason]++ }

// A flood of refusals is counted in full and logged once a minute for each reason.
func TestRefusalsAreLoggedOnceAMinute(t *testing.T) {
	var log bytes.Buffer
	seen := &counted{refused: map[string]int{}}
	now := time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC)
	r := NewRequests("slack", slog.LevelWarn, slog.New(slog.NewTextHandler(&log, nil)), seen)
	r.now = func() time.Time { return now }
	lines := func() []string {
		defer log.Reset()
		return strings.Split(strings.TrimSpace(log.String()), "\n")
	}
	for range 1000 {
		r.Refused(t.Context(), Method, "use POST", "host", "x.example")
		r.Refused(t.Context(), Path, "no such path")
	}
	r.Accepted()
	got := lines()
	if len(got) != 2 || !strings.Contains(got[0], `level=WARN msg="request refused" platform=slack reason=method `+
		`hint="use POST" host=x.example`) || strings.Contains(got[0], "not_logged") {
		t.Errorf("the log: %q", got)
	}
	now = now.Add(quiet)
	r.Refused(t.Context(), Method, "use POST")
	r.Refused(t.Context(), Method, "use POST")
	if got := lines(); len(got) != 1 || !strings.Contains(got[0], "not_logged=999") {
		t.Errorf("a minute later: %q", got)
	}
	now = now.Add(quiet)
	r.Refused(t.Context(), Method, "use POST")
	if got := lines(); len(got) != 1 || !strings.Contains(got[0], "not_logged=1") {
		t.Errorf("two minutes later: %q", got)
	}
	if want := fmt.Sprint(counted{1, map[string]int{Method: 1003, Path: 1000}}); fmt.Sprint(*seen) != want {
		t.Errorf("counted %v, want %s", *seen, want)
	}
}

// Who has no operator to tell reports to nobody.
func TestNoRequests(t *testing.T) {
	var r *Requests
	r.Accepted()
	r.Refused(t.Context(), Method, "use POST")
}
