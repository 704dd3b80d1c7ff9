//go:build integration

package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// A bot moves to another Redis, under another prefix: every conversation keeps its meeting and its link, a command that
// was under way is answered there, and what is there already is not replaced.
func TestMoveToAnotherRedis(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	c := env.config()
	c.Links.PublicURL = publicURL
	r := env.start(c, app.Options{})
	card := env.meet(r, ann, general, "Weekly tomorrow at 15:00")
	held := env.operates(app.Operation{}, onMeeting(general, app.ShowMeeting))
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Status: http.StatusServiceUnavailable})
	seen := env.Slack.Messages(design)
	env.command(r, ben, design, "Colours")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	env.Graph.ClearFaults()
	exported := env.operates(app.Operation{}, app.Export)

	env.redis = redistest.Start(t, redistest.Options{AOF: true})
	env.RedisURL = env.redis.URL()
	c.Redis.URL, c.Redis.Prefix = env.RedisURL, "moved"
	take := func(text string) (string, error) {
		return env.operate(app.Operation{}, func(ctx context.Context, _ app.Config, o app.Operation) error {
			return app.Import(ctx, c, o, strings.NewReader(text))
		})
	}
	if _, err := take(exported[:len(exported)-20]); err == nil || !strings.Contains(err.Error(), "cut") {
		t.Errorf("an export that was cut: %v", err)
	}
	if _, err := take(held); err == nil || !strings.Contains(err.Error(), "no export") {
		t.Errorf("another file: %v", err)
	}
	if out, err := take(exported); err == nil || !strings.Contains(err.Error(), "were there already") {
		t.Errorf("the second time: %v, %s", err, out)
	}
	r = env.start(c, quick())
	if got := env.meet(r, caio, general, ""); link(got) == "" || link(got) != link(card) {
		t.Errorf("the meeting is %s, want %s", link(got), link(card))
	}
	wantCard(t, env.next(design, seen, func(m slacktest.Message) bool { return link(m) != "" }), "")
	env.wantMeetings(2)
}
