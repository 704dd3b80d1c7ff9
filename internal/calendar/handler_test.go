package calendar_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/calendar"
	"meetbot/internal/webpage/webpagetest"
)

// tokenOf is a text in the form of a token.
func tokenOf(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef\x01" + "meeting:" + "\x00" + name))
}

var (
	dated     = tokenOf("dated")
	cancelled = tokenOf("cancelled")
	gone      = tokenOf("gone")
	past      = tokenOf("past")
	forged    = tokenOf("forged")
	failing   = tokenOf("failing")
)

// known knows the tokens above.
type known struct{ calls atomic.Int64 }

func (k *known) CalendarEntry(_ context.Context, token string) (bot.CalendarEntry, error) {
	k.calls.Add(1)
	e := retro()
	switch token {
	case dated:
		return e, nil
	case cancelled:
		e.Cancelled = true
		return e, nil
	case gone:
		return bot.CalendarEntry{UID: e.UID, Stamp: e.Stamp, Gone: true}, nil
	case past:
		return bot.CalendarEntry{}, bot.ErrPastCalendar
	case failing:
		return bot.CalendarEntry{}, errors.New("redis: connection refused")
	default:
		return bot.CalendarEntry{}, bot.ErrForgedCalendar
	}
}

func serve(t testing.TB, entries calendar.Entries) *webpagetest.Site {
	t.Helper()
	return webpagetest.Serve(t, calendar.Path, func(p webpagetest.Parts) http.Handler {
		return calendar.New(calendar.Config{
			Entries: entries, Catalog: p.Catalog, Refused: p.Refused, Failed: p.Failed,
			Count: func(o calendar.Outcome) { p.Count(string(o)) },
		})
	})
}

// What an address gives, by its token and by the method.
func TestHandler(t *testing.T) {
	const page = "There is no calendar entry at this address"
	for name, tt := range map[string]struct {
		method, path string
		status       int
		says         []string
		outcome      string
		calls        int64
	}{
		"a date":              {"GET", "/c/" + dated + ".ics", 200, []string{"SUMMARY:Retro\r\n", "STATUS:CONFIRMED"}, "served", 1},
		"as a program looks":  {"HEAD", "/c/" + dated + ".ics", 200, nil, "served", 1},
		"with a query":        {"GET", "/c/" + dated + ".ics?nocache=1", 200, []string{"SUMMARY:Retro\r\n"}, "served", 1},
		"a date taken away":   {"GET", "/c/" + cancelled + ".ics", 200, []string{"STATUS:CANCELLED\r\n", "SEQUENCE:3\r\n"}, "cancelled", 1},
		"a replaced meeting":  {"GET", "/c/" + gone + ".ics", 200, []string{"BEGIN:VTIMEZONE"}, "gone", 1},
		"long past":           {"GET", "/c/" + past + ".ics", 404, []string{page, "Não há entrada de calendário"}, "past", 1},
		"long past, by HEAD":  {"HEAD", "/c/" + past + ".ics", 404, nil, "past", 1},
		"forged":              {"GET", "/c/" + forged + ".ics", 404, []string{page}, "forged", 1},
		"nothing":             {"GET", "/c/", 404, []string{page}, "malformed", 0},
		"no token":            {"GET", "/c/.ics", 404, []string{page}, "malformed", 0},
		"without its ending":  {"GET", "/c/" + dated, 404, []string{page}, "malformed", 0},
		"another ending":      {"GET", "/c/" + dated + ".ICS", 404, []string{page}, "malformed", 0},
		"twice the ending":    {"GET", "/c/" + dated + ".ics.ics", 404, []string{page}, "malformed", 0},
		"cut":                 {"GET", "/c/" + dated[:20] + ".ics", 404, []string{page}, "malformed", 0},
		"padded":              {"GET", "/c/" + dated + "=.ics", 404, []string{page}, "malformed", 0},
		"with a slash":        {"GET", "/c/x/" + dated + ".ics", 404, []string{page}, "malformed", 0},
		"with a line break":   {"GET", "/c/" + dated + "%0a.ics", 404, []string{page}, "malformed", 0},
		"with markup":         {"GET", "/c/%3Cscript%3Ealert(1)%3C/script%3E.ics", 404, []string{page}, "malformed", 0},
		"very long":           {"GET", "/c/" + strings.Repeat("A", 5000) + ".ics", 404, []string{page}, "malformed", 0},
		"Redis away":          {"GET", "/c/" + failing + ".ics", 503, []string{"try again in a minute"}, "unavailable", 1},
		"POST":                {"POST", "/c/" + dated + ".ics", 405, nil, "method", 0},
		"PROPFIND, as CalDAV": {"PROPFIND", "/c/" + dated + ".ics", 405, nil, "method", 0},
		"PUT, as a calendar":  {"PUT", "/c/" + dated + ".ics", 405, nil, "method", 0},
		"OPTIONS":             {"OPTIONS", "/c/", 405, nil, "method", 0},
	} {
		t.Run(name, func(t *testing.T) {
			k := &known{}
			s := serve(t, k)
			resp, body := s.Ask(t, tt.method, tt.path)
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			for header, want := range webpagetest.Hardened {
				if got := resp.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			kind := map[int]string{200: "text/calendar; charset=utf-8; method=PUBLISH", 405: "text/plain; charset=utf-8"}[tt.status]
			if kind == "" {
				kind = "text/html; charset=utf-8"
			}
			if got := resp.Header.Get("Content-Type"); got != kind {
				t.Errorf("the type is %q, want %q", got, kind)
			}
			if got := resp.Header.Get("Content-Disposition"); (got == `inline; filename="meeting.ics"`) != (tt.status == 200) {
				t.Errorf("Content-Disposition: %q", got)
			}
			if tt.method == "HEAD" && (body != "" || resp.ContentLength <= 0) {
				t.Errorf("by HEAD there are %q and %d bytes", body, resp.ContentLength)
			}
			if retry := resp.Header.Get("Retry-After"); (retry == "60") != (tt.status == 503) {
				t.Errorf("Retry-After: %q", retry)
			}
			if allow := resp.Header.Get("Allow"); (allow == "GET, HEAD") != (tt.status == 405) {
				t.Errorf("Allow: %q", allow)
			}
			for _, words := range tt.says {
				if !strings.Contains(body, words) {
					t.Errorf("it does not say %q:\n%s", words, body)
				}
			}
			for _, words := range []string{dated, past, forged, "redis", "<script"} {
				if strings.Contains(body, words) || strings.Contains(s.Log.String(), words) && words != "redis" {
					t.Errorf("it tells %q:\n%s\n%s", words, body, s.Log)
				}
			}
			if n := k.calls.Load(); n != tt.calls {
				t.Errorf("%d look-ups, want %d", n, tt.calls)
			}
			if counted := s.Counted(); counted[tt.outcome] != 1 || len(counted) != 1 {
				t.Errorf("counted %v, want one %s", counted, tt.outcome)
			}
		})
	}
}

// slow is a Redis that does not answer. It says how many look-ups were under way at once.
type slow struct{ under, most atomic.Int64 }

func (s *slow) CalendarEntry(ctx context.Context, _ string) (bot.CalendarEntry, error) {
	defer s.under.Add(-1)
	n := s.under.Add(1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	<-ctx.Done()
	return bot.CalendarEntry{}, ctx.Err()
}

// While Redis hangs, the look-ups under way are bounded, and every program is answered in time; the log stays short.
func TestLookupsAreBounded(t *testing.T) {
	l := &slow{}
	s := serve(t, l)
	begun := time.Now()
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			if resp, _ := s.Ask(t, "GET", "/c/"+dated+".ics"); resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
	wg.Wait()
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
	if most := l.most.Load(); most > 16 {
		t.Errorf("%d look-ups at once", most)
	}
	if busy, failed := s.Counted()["busy"], s.Counted()["unavailable"]; busy+failed != 60 || busy == 0 {
		t.Errorf("%d were too many, %d failed", busy, failed)
	}
	if lines := strings.Count(s.Log.String(), "\n"); lines > 2 {
		t.Errorf("%d lines logged", lines)
	}
}

// Every outcome is announced, so that its series exists.
func TestOutcomes(t *testing.T) {
	seen := map[string]bool{}
	for _, outcome := range calendar.Outcomes {
		if seen[outcome] {
			t.Errorf("%s stands there twice", outcome)
		}
		seen[outcome] = true
	}
	for _, outcome := range []string{
		"served", "cancelled", "gone", "forged", "past", "malformed", "busy", "unavailable", "method",
	} {
		if !seen[outcome] {
			t.Errorf("%s is missing", outcome)
		}
	}
}
