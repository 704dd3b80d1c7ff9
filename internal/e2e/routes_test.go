//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// The routes of an answer, one after the other: response_url, the channel, the author.
func TestRoutes(t *testing.T) {
	t.Parallel()
	slow := faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 2500 * time.Millisecond}
	spent := faultserver.Fault{Target: "response_url", Status: http.StatusNotFound,
		Body: `{"ok":false,"error":"used_url"}`}
	// Slack refuses the post of the first card, and so does not stand in the way of the routes.
	absent := faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusOK,
		ContentType: "application/json", Body: `{"ok":false,"error":"not_in_channel"}`}
	t.Run("response_url spent", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{})
		env.Graph.Fault(slow)
		env.Slack.Fault(absent)
		env.Slack.Fault(spent)
		r := env.bot()
		env.meet(r, ann, general, "")
		if card := env.next(general, env.Slack.Messages(general), nil); card.Via != "chat.postMessage" {
			t.Errorf("card came by %s", card.Via)
		}
	})
	t.Run("response_url refuses with status 200", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{})
		env.Graph.Fault(slow)
		env.Slack.Fault(absent)
		env.Slack.Fault(faultserver.Fault{Target: "response_url", Status: http.StatusOK,
			Body: `{"ok":false,"error":"expired_url"}`})
		r := env.bot()
		env.meet(r, ann, general, "")
		if card := env.next(general, env.Slack.Messages(general), nil); card.Via != "chat.postMessage" {
			t.Errorf("card came by %s", card.Via)
		}
	})
	t.Run("nor is the bot in the channel", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{})
		env.Slack.AddChannel(slacktest.Channel{ID: "C0SECRET", Name: "secret", Private: true, BotAbsent: true})
		env.Graph.Fault(slow)
		env.Slack.Fault(spent)
		r := env.bot()
		env.meet(r, ann, "C0SECRET", "")
		card := env.next("D"+ann, nil, nil)
		if link(card) == "" {
			t.Errorf("direct message: %s", card.Text)
		}
	})
	t.Run("response_url throttled", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{})
		env.Graph.Fault(slow)
		env.Slack.Fault(absent)
		env.Slack.Fault(faultserver.Fault{Target: "response_url", Times: 1, Status: http.StatusTooManyRequests,
			RetryAfter: "1"})
		r := env.bot()
		env.meet(r, ann, general, "")
		if card := env.next(general, env.Slack.Messages(general), nil); card.Via != "response_url" {
			t.Errorf("card came by %s", card.Via)
		}
	})
	t.Run("response_url ill for long", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{})
		env.Graph.Fault(slow)
		env.Slack.Fault(absent)
		env.Slack.Fault(faultserver.Fault{Target: "response_url", Status: http.StatusBadGateway})
		in := quick()
		in.Timing.Attempt, in.Idle = 4*time.Second, 4500*time.Millisecond
		in.Timing.NextRoute = 3 * time.Second
		r := env.start(env.config(), in)
		env.meet(r, ann, general, "")
		if card := env.next(general, env.Slack.Messages(general), nil); card.Via != "chat.postMessage" {
			t.Errorf("card came by %s", card.Via)
		}
		if n := len(env.slackCalls("response_url")); n < 2 {
			t.Errorf("the response_url was tried %d times, want it tried again before another way is taken", n)
		}
	})
	t.Run("response_url that is not Slack's", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{})
		env.Graph.Fault(slow)
		env.Slack.Fault(absent)
		trap := newTrap(t)
		r := env.bot()
		body := "team_id=" + env.Slack.Team() + "&channel_id=" + general + "&user_id=" + ann + "&command=%2Fmeet&text=&response_url=" + trap.URL
		h := http.Header{}
		env.Slack.Sign(h, []byte(body), time.Now())
		if status, answer := send(t, http.MethodPost, r.URL()+"/slack/commands", form, h,
			[]byte(body)); status != 200 || !strings.Contains(answer, "Setting up the meeting") {
			t.Fatalf("%d %s", status, answer)
		}
		if card := env.next(general, env.Slack.Messages(general), nil); card.Via != "chat.postMessage" {
			t.Errorf("card came by %s", card.Via)
		}
		if n := trap.hits(); n != 0 {
			t.Errorf("the other host was called %d times", n)
		}
	})
}
