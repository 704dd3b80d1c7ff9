package doctor

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
	"meetbot/store"
)

// run starts the bot in this world, with the doctor on its admin port.
func (w *world) run(t *testing.T) *app.App {
	t.Helper()
	w.vars["REDIS_URL"] = "redis://" + miniredis.RunT(t).Addr() + "/0"
	c := w.config(t)
	a, err := app.New(c, app.Options{RootCAs: w.o.RootCAs, Doctor: New(c, w.o)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = a.Run(ctx) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
	})
	if err := testenv.WaitReady(t.Context(), a.URL()); err != nil {
		t.Fatal(err)
	}
	w.o.AdminURL = a.AdminURL()
	return a
}

// post sends a request to the bot, and returns the status.
func post(t *testing.T, url, contentType, body string, header http.Header) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

const (
	form = "application/x-www-form-urlencoded"
	help = "team_id=T024BE7LD&channel_id=C1&user_id=U1&command=%2Fmeet&text=help&trigger_id=1&response_url=http%3A%2F%2F127.0.0.1%2F"
)

// command sends a signed command to a path of the bot.
func (w *world) command(t *testing.T, a *app.App, path string, signed time.Time, want int) {
	t.Helper()
	h := http.Header{}
	w.Slack.Sign(h, []byte(help), signed)
	if status := post(t, a.URL()+path, form, help, h); status != want {
		t.Errorf("%s: status %d, want %d", path, status, want)
	}
}

// activity sends an activity of Teams whose token has these claims.
func (w *world) activity(t *testing.T, a *app.App, claims map[string]any, want int) {
	t.Helper()
	token, err := w.Teams.Token(teamstest.Token{Claims: claims})
	if err != nil {
		t.Fatal(err)
	}
	body := `{"type":"event","id":"1","channelId":"msteams","serviceUrl":"` + w.Teams.ServiceURL() +
		`","channelData":{"tenant":{"id":"` + w.Teams.TenantID() + `"}}}`
	if status := post(t, a.URL()+"/api/messages", "application/json", body,
		http.Header{"Authorization": {token}}); status != want {
		t.Errorf("status %d, want %d", status, want)
	}
}

// elsewhere lets the doctor ask on another machine than the bot's, when Redis knows what is waited for.
func (w *world) elsewhere(t *testing.T, known func(*store.Store) bool) {
	t.Helper()
	w.o.AdminURL = "http://127.0.0.1:1"
	s, err := store.Open(w.vars["REDIS_URL"], store.Options{Replica: "test"})
	no(t, err)
	defer func() { _ = s.Close() }()
	for until := time.Now().Add(10 * time.Second); !known(s); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("Redis does not know it")
		}
	}
}

func (w *world) requests(t *testing.T, s *store.Store, platform string) store.Requests {
	t.Helper()
	r, err := s.Requests(t.Context(), platform)
	no(t, err)
	return r
}

func no(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is wrong with requests shows in the figures of the bot that runs.
func TestRequestMistakes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		area   string
		before func(t *testing.T, w *world)
		do     func(t *testing.T, w *world, a *app.App)
	}{
		"requests-signature-elsewhere": {areaSlack, set("SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef"),
			func(t *testing.T, w *world, a *app.App) {
				w.command(t, a, "/slack/commands", time.Now(), http.StatusUnauthorized)
				w.elsewhere(t, func(s *store.Store) bool { return w.requests(t, s, "slack").Refused["signature"].Count > 0 })
			}},
		"requests-path-long-ago": {areaSlack, set(), func(t *testing.T, w *world, _ *app.App) {
			w.elsewhere(t, func(s *store.Store) bool {
				no(t, s.NoteRequests(t.Context(), "slack", store.RequestNotes{
					Refused: map[string]store.Refusals{"path": {Last: time.Now().Add(-3 * time.Hour)}},
				}))
				return true
			})
		}},
		"requests-none-ever": {areaTeams, set(), func(t *testing.T, w *world, _ *app.App) {
			w.elsewhere(t, func(*store.Store) bool { return true })
		}},
		"requests-signature": {areaSlack, set("SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef"),
			func(t *testing.T, w *world, a *app.App) {
				w.command(t, a, "/slack/commands", time.Now(), http.StatusUnauthorized)
			}},
		"requests-stale": {areaSlack, set(), func(t *testing.T, w *world, a *app.App) {
			w.command(t, a, "/slack/commands", time.Now().Add(-10*time.Minute), http.StatusUnauthorized)
		}},
		"requests-path": {areaSlack, set(), func(t *testing.T, w *world, a *app.App) {
			w.command(t, a, "/slack/command", time.Now(), http.StatusNotFound)
		}},
		"requests-previous-unused": {areaSlack, set("SLACK_SIGNING_SECRET_PREVIOUS", "0123456789abcdef0123456789abcdef"),
			func(t *testing.T, w *world, a *app.App) {
				w.command(t, a, "/slack/commands", time.Now(), http.StatusOK)
			}},
		"requests-none": {areaSlack, set(), func(*testing.T, *world, *app.App) {}},
		"requests-stale-later": {areaSlack, set(), func(t *testing.T, w *world, a *app.App) {
			w.command(t, a, "/slack/commands", time.Now(), http.StatusOK)
			w.command(t, a, "/slack/commands", time.Now().Add(-10*time.Minute), http.StatusUnauthorized)
		}},
		"requests-audience": {areaTeams, set(), func(t *testing.T, w *world, a *app.App) {
			w.activity(t, a, map[string]any{"aud": "11111111-2222-4333-8444-555555555555"}, http.StatusUnauthorized)
		}},
		"requests-token-stale": {areaTeams, set(), func(t *testing.T, w *world, a *app.App) {
			w.activity(t, a, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, http.StatusUnauthorized)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, slacktest.Options{})
			tt.before(t, w)
			tt.do(t, w, w.run(t))
			w.check(t, name, w.examine(t, tt.area))
		})
	}
}

// A bot that has just started is examined by itself. What comes later is not told, nor what was told before.
func TestAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.vars["REDIS_URL"] = "redis://" + miniredis.RunT(t).Addr() + "/0"
	w.vars["ADMIN_ADDR"], w.vars["AZURE_CLIENT_SECRET"] = "0.0.0.0:9090", "of-another-app"
	d := New(w.config(t), w.o)
	d.startAfter = 0
	report := d.AtStart(t.Context())
	if report.Count(Fail) != 1 || report.Checks[0].Check != "entra.token" {
		t.Errorf("%+v", report)
	}
	for _, r := range report.Checks {
		if strings.HasPrefix(r.Check, "config.") || strings.HasSuffix(r.Check, ".requests") {
			t.Errorf("%+v", r)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if report := New(w.config(t), w.o).AtStart(ctx); len(report.Checks) > 0 {
		t.Errorf("at the end: %+v", report)
	}
}

// One examination is made at a time, whoever asks.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	w := &world{vars: map[string]string{}}
	d := New(w.config(t), w.o)
	d.one.Lock()
	if _, ok := d.Examine(t.Context()); ok {
		t.Error("a second examination is made in the chat")
	}
	answer := httptest.NewRecorder()
	d.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/debug/doctor", nil))
	if answer.Code != http.StatusTooManyRequests {
		t.Errorf("over HTTP: %d", answer.Code)
	}
}

// The running bot serves the report on its admin port, as text and as JSON, and one examination at a time.
func TestHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.o.Users = []string{ann} // nobody who asks over HTTP may have meetings made
	a := w.run(t)
	get := func(query string) (int, string, string) {
		t.Helper()
		resp, err := http.Get(a.AdminURL() + "/debug/doctor" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("Content-Type"), string(body)
	}
	if status, kind, body := get(""); status != http.StatusOK || !strings.HasPrefix(kind, "text/plain") ||
		!strings.Contains(body, "ok    slack.token (SLACK_BOT_TOKEN): ") ||
		!strings.Contains(body, "WARN  slack.requests: No request of Slack has ever come") {
		t.Errorf("text: %d %s\n%s", status, kind, body)
	}
	if status, kind, body := get("?format=json"); status != http.StatusOK || kind != "application/json" ||
		!strings.HasPrefix(body, `{`+"\n"+`  "checks": [`) {
		t.Errorf("JSON: %d %s\n%s", status, kind, body)
	}
	if n := len(w.Graph.Meetings()); n != 0 {
		t.Errorf("%d meetings were made", n)
	}
	if resp, err := http.Get(a.URL() + "/debug/doctor"); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("on the public port: %v, %v", resp, err)
	} else {
		_ = resp.Body.Close()
	}
}
