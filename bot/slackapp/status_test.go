package slackapp_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// noHolds is a world in which nobody asked to be left alone.
type noHolds struct{}

func (noHolds) Throttle(context.Context, bot.Upstream, time.Duration) error       { return nil }
func (noHolds) ThrottledFor(context.Context, bot.Upstream) (time.Duration, error) { return 0, nil }

// what a status means to an answer by this route alone.
func verdict(status int) bot.Code {
	switch {
	case status == http.StatusTooManyRequests:
		return bot.Throttled
	case status >= 500, status == http.StatusRequestTimeout:
		return bot.Unavailable
	case status/100 == 2:
		return ""
	default:
		return bot.Undeliverable
	}
}

// newApp is an app that knows its workspace, with a user and a channel.
func newApp(t *testing.T) (*slacktest.Server, *slackapp.App) {
	t.Helper()
	return newAppIn(t, slacktest.Options{PostBurst: -1}, false)
}

// newAppIn is newApp in a workspace of these options.
func newAppIn(t *testing.T, o slacktest.Options, bookmarks bool) (*slacktest.Server, *slackapp.App) {
	t.Helper()
	slack, err := slacktest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slack.Close)
	slack.AddUser(slacktest.User{ID: "U0ANN", Name: "ann", Email: "ann@contoso.example", EmailConfirmed: true})
	slack.AddChannel(slacktest.Channel{ID: "C0GENERAL", Name: "general"})
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	app, err := slackapp.New(slackapp.Config{
		SigningSecret: slack.SigningSecret(), BotToken: slack.BotToken(), APIURL: slack.APIURL(), Catalog: catalog, Language: bot.English,
		Throttles: noHolds{}, Log: slog.New(slog.DiscardHandler), Bookmarks: bookmarks,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Close)
	return slack, app
}

// Every HTTP status of a response_url and of the Web API is delivered, tried again or given up as the table above says;
// and whatever Slack echoes back, no secret gets into an error.
func TestEveryStatus(t *testing.T) {
	slack, app := newApp(t)
	req, err := slack.CommandRequest(t.Context(), "http://127.0.0.1:1", slacktest.Command{User: "U0ANN", Channel: "C0GENERAL"})
	if err != nil {
		t.Fatal(err)
	}
	if err := req.ParseForm(); err != nil {
		t.Fatal(err)
	}
	responseURL := req.PostForm.Get("response_url")
	secrets := []string{responseURL, slack.BotToken(), "ann@contoso.example", "/commands/"}
	for status := 200; status < 600; status++ {
		body := strings.Join(secrets, " ") // what an unkind upstream might echo
		for _, tt := range []struct {
			target string
			run    func() error
			want   bot.Code
		}{
			{"response_url", func() error {
				job := bot.Job{ID: "j", Route: bot.Route{ResponseURL: responseURL, Channel: "C0MISSING", User: "U0MISSING"}}
				_, err := app.Deliver(t.Context(), job, bot.WorkingReply(bot.English))
				return err
			}, verdict(status)},
			{"chat.postMessage", func() error {
				job := bot.Job{ID: "j", Route: bot.Route{Channel: "C0GENERAL", User: "U0ANN"}}
				_, err := app.Deliver(t.Context(), job, bot.GaveUpReply(bot.English, bot.Conversation{}, bot.Command{}, time.Minute, ""))
				return err
			}, webAPI(status)},
			{"users.info", func() error {
				_, err := app.Profile(t.Context(), bot.Asker{Platform: slackapp.Platform, Workspace: slack.Team(), User: "U0ANN"}, bot.Route{})
				return err
			}, webAPI(status)},
		} {
			slack.ClearFaults()
			slack.Fault(faultserver.Fault{Target: tt.target, Status: status, RetryAfter: map[bool]string{true: "3"}[status == 429], Body: body})
			err := tt.run()
			if got := bot.CodeOf(err); got != tt.want {
				t.Errorf("%s %d: %q (%v), want %q", tt.target, status, got, err, tt.want)
			}
			if status == http.StatusTooManyRequests {
				if e, ok := err.(*bot.Error); !ok || e.Wait != 3*time.Second {
					t.Errorf("%s 429: %+v, want a wait of 3 s", tt.target, err)
				}
			}
			for _, secret := range secrets {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%s %d: the error holds %q: %v", tt.target, status, secret, err)
				}
			}
		}
	}
}

// webAPI is what a status of the Web API means. It answers 200 to everything that reaches it, refusals included, so any
// other status, and an answer that is no JSON, is some box in between, and passes.
func webAPI(status int) bot.Code {
	if status == http.StatusTooManyRequests {
		return bot.Throttled
	}
	return bot.Unavailable
}
