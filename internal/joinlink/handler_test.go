package joinlink_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"meetbot/bot"
	"meetbot/internal/joinlink"
	"meetbot/internal/webpage/webpagetest"
)

// No goroutine outlives what started it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	living   = "LIVINGAAAAAAAAAAAAAAAAAAAA"
	dead     = "DEADAAAAAAAAAAAAAAAAAAAAAA"
	deadPT   = "DEADPTAAAAAAAAAAAAAAAAAAAA"
	strange  = "STRANGEAAAAAAAAAAAAAAAAAAA"
	replaced = "REPLACEDAAAAAAAAAAAAAAAAAA"
	failing  = "FAILINGAAAAAAAAAAAAAAAAAAA"

	joinURL = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%7d"
)

// links knows the tokens above.
type links struct{ calls atomic.Int64 }

func (l *links) Follow(_ context.Context, token string) (bot.Followed, error) {
	l.calls.Add(1)
	switch token {
	case living:
		return bot.Followed{JoinURL: joinURL, Language: bot.English}, nil
	case dead:
		return bot.Followed{}, nil
	case deadPT:
		return bot.Followed{Language: bot.Portuguese}, nil
	case strange:
		return bot.Followed{JoinURL: "javascript:alert(1)", Language: bot.English}, nil
	case failing:
		return bot.Followed{}, errors.New("redis: connection refused")
	default:
		return bot.Followed{}, bot.ErrNoLink
	}
}

func serve(t testing.TB, f joinlink.Follower) *webpagetest.Site {
	t.Helper()
	return webpagetest.Serve(t, joinlink.Path, func(p webpagetest.Parts) http.Handler {
		return joinlink.New(joinlink.Config{
			Links: f, Catalog: p.Catalog, Refused: p.Refused, Failed: p.Failed,
			Count: func(o joinlink.Outcome) { p.Count(string(o)) },
		})
	})
}

// What a link shows, by its token and by the method.
func TestFollow(t *testing.T) {
	const en, pt = "There is no meeting behind this link", "Não há reunião neste link"
	for name, tt := range map[string]struct {
		method, path string
		status       int
		says         []string // in the page
		not          []string
		outcome      string
		calls        int64
	}{
		"a living meeting":    {"GET", "/j/" + living, http.StatusFound, nil, nil, "redirected", 1},
		"as a robot looks":    {"HEAD", "/j/" + living, http.StatusFound, nil, nil, "redirected", 1},
		"with a query":        {"GET", "/j/" + living + "?utm_source=wiki", http.StatusFound, nil, nil, "redirected", 1},
		"no meeting":          {"GET", "/j/" + dead, http.StatusOK, []string{en, pt, "<code>/meet</code>"}, nil, "no_meeting", 1},
		"no meeting, by HEAD": {"HEAD", "/j/" + dead, http.StatusOK, nil, nil, "no_meeting", 1},
		"no meeting any more, in its language": {"GET", "/j/" + deadPT, http.StatusOK, []string{pt, `lang="pt-BR"`},
			[]string{en}, "no_meeting", 1},
		"a meeting's link that is none": {"GET", "/j/" + strange, http.StatusOK, []string{en},
			[]string{"javascript"}, "no_meeting", 1},
		"a replaced token": {"GET", "/j/" + replaced, http.StatusNotFound,
			[]string{"does not work", "não funciona"}, nil, "unknown", 1},
		"a replaced token, by HEAD": {"HEAD", "/j/" + replaced, http.StatusNotFound, nil, nil, "unknown", 1},
		"nothing":                   {"GET", "/j/", http.StatusNotFound, []string{"does not work"}, nil, "malformed", 0},
		"cut":                       {"GET", "/j/" + living[1:], http.StatusNotFound, nil, nil, "malformed", 0},
		"with more":                 {"GET", "/j/" + living + "A", http.StatusNotFound, nil, nil, "malformed", 0},
		"with a slash":              {"GET", "/j/" + living + "/", http.StatusNotFound, nil, nil, "malformed", 0},
		"with a full stop":          {"GET", "/j/" + living + ".", http.StatusNotFound, nil, nil, "malformed", 0},
		"in small letters":          {"GET", "/j/" + strings.ToLower(living), http.StatusNotFound, nil, nil, "malformed", 0},
		"with a line break":         {"GET", "/j/" + living + "%0a", http.StatusNotFound, nil, nil, "malformed", 0},
		"with markup": {"GET", "/j/%3Cscript%3Ealert(1)%3C/script%3E", http.StatusNotFound, nil,
			[]string{"<script"}, "malformed", 0},
		"very long": {"GET", "/j/" + strings.Repeat("A", 5000), http.StatusNotFound, nil, nil, "malformed", 0},
		"Redis away": {"GET", "/j/" + failing, http.StatusServiceUnavailable,
			[]string{"try again in a minute", "Tente de novo em um minuto"}, []string{"redis"}, "unavailable", 1},
		"POST":    {"POST", "/j/" + living, http.StatusMethodNotAllowed, nil, []string{joinURL}, "method", 0},
		"PUT":     {"PUT", "/j/" + living, http.StatusMethodNotAllowed, nil, nil, "method", 0},
		"DELETE":  {"DELETE", "/j/" + living, http.StatusMethodNotAllowed, nil, nil, "method", 0},
		"OPTIONS": {"OPTIONS", "/j/" + living, http.StatusMethodNotAllowed, nil, nil, "method", 0},
		"PATCH":   {"PATCH", "/j/", http.StatusMethodNotAllowed, nil, nil, "method", 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := &links{}
			s := serve(t, l)
			resp, body := s.Ask(t, tt.method, tt.path, "User-Agent", "Slackbot-LinkExpanding 1.0")
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			for header, want := range webpagetest.Hardened {
				if got := resp.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			wantLocation := ""
			if tt.status == http.StatusFound {
				wantLocation = joinURL
			}
			if got := resp.Header.Get("Location"); got != wantLocation {
				t.Errorf("it leads to %q, want %q", got, wantLocation)
			}
			if tt.status == http.StatusFound && body != "" || tt.method == "HEAD" && body != "" {
				t.Errorf("a body: %q", body)
			}
			if kind := resp.Header.Get("Content-Type"); tt.status != http.StatusFound &&
				tt.status != http.StatusMethodNotAllowed && kind != "text/html; charset=utf-8" {
				t.Errorf("the type is %q", kind)
			}
			if retry := resp.Header.Get("Retry-After"); (retry == "60") != (tt.status == http.StatusServiceUnavailable) {
				t.Errorf("Retry-After: %q", retry)
			}
			if allow := resp.Header.Get("Allow"); (allow == "GET, HEAD") != (tt.status == http.StatusMethodNotAllowed) {
				t.Errorf("Allow: %q", allow)
			}
			if cookies := resp.Cookies(); len(cookies) > 0 {
				t.Errorf("cookies %v", cookies)
			}
			for _, words := range tt.says {
				if !strings.Contains(body, words) {
					t.Errorf("the page does not say %q:\n%s", words, body)
				}
			}
			for _, words := range append(tt.not, living, replaced, failing) {
				if strings.Contains(body, words) {
					t.Errorf("the page says %q:\n%s", words, body)
				}
			}
			if n := l.calls.Load(); n != tt.calls {
				t.Errorf("%d look-ups, want %d", n, tt.calls)
			}
			if counted := s.Counted(); counted[tt.outcome] != 1 || len(counted) != 1 {
				t.Errorf("counted %v, want one %s", counted, tt.outcome)
			}
			if log := s.Log.String(); strings.Contains(log, living) || strings.Contains(log, replaced) ||
				strings.Contains(log, failing) || strings.Contains(log, joinURL) {
				t.Errorf("the log tells a token: %s", log)
			}
		})
	}
}

// A flood of wrong links is counted in full and logged once.
func TestFloodOfWrongLinks(t *testing.T) {
	l := &links{}
	s := serve(t, l)
	const most = 10000
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range most / 8 {
				if resp, _ := s.Ask(t, "GET", "/j/"+replaced); resp.StatusCode != http.StatusNotFound {
					t.Errorf("status %d", resp.StatusCode)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := s.Counted()["unknown"]; n != most {
		t.Errorf("%d counted, want %d", n, most)
	}
	if lines := strings.Count(s.Log.String(), "\n"); lines != 1 {
		t.Errorf("%d lines logged:\n%s", lines, s.Log)
	}
	if resp, _ := s.Ask(t, "GET", "/j/"+living); resp.StatusCode != http.StatusFound {
		t.Errorf("afterwards a right link gets %d", resp.StatusCode)
	}
}

// slow is a Redis that does not answer. It says how many look-ups were under way at once.
type slow struct{ under, most atomic.Int64 }

func (l *slow) Follow(ctx context.Context, _ string) (bot.Followed, error) {
	defer l.under.Add(-1)
	n := l.under.Add(1)
	for most := l.most.Load(); n > most && !l.most.CompareAndSwap(most, n); most = l.most.Load() {
	}
	<-ctx.Done()
	return bot.Followed{}, ctx.Err()
}

// While Redis hangs, the look-ups under way are bounded, and everybody is answered in time.
func TestLookupsAreBounded(t *testing.T) {
	l := &slow{}
	s := serve(t, l)
	begun := time.Now()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if resp, _ := s.Ask(t, "GET", "/j/"+living); resp.StatusCode != http.StatusServiceUnavailable {
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
	if busy, failed := s.Counted()["busy"], s.Counted()["unavailable"]; busy+failed != 100 || busy == 0 {
		t.Errorf("%d were too many, %d failed", busy, failed)
	}
	if lines := strings.Count(s.Log.String(), "\n"); lines > 2 {
		t.Errorf("%d lines logged", lines)
	}
}

// Whatever the path is, nothing but the exact token leads to the meeting, and nothing but the form of a token costs a
// look-up.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"", living, living + "/", "/" + living, "../j/" + living, "%41", dead, "\x00", "é", strings.Repeat("A", 300),
		living + "?", living + "#x", "..;/" + living, "<script>",
	} {
		f.Add(path)
	}
	catalog, err := bot.NewCatalog()
	if err != nil {
		f.Fatal(err)
	}
	l := &links{}
	h := joinlink.New(joinlink.Config{Links: l, Catalog: catalog})
	f.Fuzz(func(t *testing.T, rest string) {
		r := httptest.NewRequest(http.MethodGet, "/j/", http.NoBody)
		r.URL.Path = "/j/" + rest
		w := httptest.NewRecorder()
		before := l.calls.Load()
		h.ServeHTTP(w, r)
		if looked := l.calls.Load() > before; looked != bot.IsLinkToken(rest) {
			t.Errorf("looked up: %v", looked)
		}
		if (w.Code == http.StatusFound) != (rest == living) || strings.Contains(w.Body.String(), joinURL) {
			t.Errorf("status %d", w.Code)
		}
		if w.Code != http.StatusFound && w.Code != http.StatusOK && w.Code != http.StatusNotFound &&
			w.Code != http.StatusServiceUnavailable {
			t.Errorf("status %d", w.Code)
		}
		for header, want := range webpagetest.Hardened {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s: %q", header, got)
			}
		}
	})
}
