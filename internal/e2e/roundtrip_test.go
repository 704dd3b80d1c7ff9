//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/app"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/slacktest"
)

// Promise 3: a repeated slash command costs one Redis round trip, and no call to Graph or Slack, however Slack delivers
// it.
func TestRepeatCostsOneRoundTrip(t *testing.T) {
	t.Parallel()
	for way, socket := range map[string]bool{"requests": false, "Socket Mode": true} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			repeatCostsOneRoundTrip(t, newEnv(t, slacktest.Options{SocketMode: socket}))
		})
	}
}

func repeatCostsOneRoundTrip(t *testing.T, env *environment) {
	wire := redistest.NewWire(t, env.redis)
	c := env.config()
	c.Redis.URL = wire.URL()
	in := app.Options{}
	in.Timing.Reclaim = time.Hour // the once-a-second look for unfinished jobs would be counted
	r := env.start(c, in)
	env.meet(r, ann, general, "")
	env.meet(r, ben, general, "") // from here on the connection and the script are there
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	eventually(t, "the first command's job is done",
		func() bool { return client.XLen(t.Context(), "{mb:jobs}:stream").Val() == 0 })
	for _, text := range []string{"", "Another subject", "show"} {
		env.Graph.ResetCalls()
		env.Slack.ResetCalls()
		before := wire.Turns()
		wantCard(t, env.meet(r, ben, general, text), ben)
		if turns := wire.Turns() - before; turns != 1 {
			t.Errorf("/meet %s cost %d Redis round trips, want 1", text, turns)
		}
		if len(env.Graph.Calls()) != 0 || len(env.Slack.Calls()) != 0 {
			t.Errorf("/meet %s cost the Graph calls %v and the Slack calls %v", text, env.Graph.Calls(),
				env.Slack.Calls())
		}
	}
}

// An event whose first delivery died with its replica is answered by the one that gets the redelivery.
func TestEventAfterItsReplicaDied(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{RetryDelays: []time.Duration{}})
	dead, alive := env.bot(), env.bot()
	dead.Kill()
	d, err := env.Slack.Mention(t.Context(), dead.URL(), slacktest.Mention{User: ann, Channel: general, Text: "<@" +
		env.Slack.BotUser() + "> Weekly"})
	if err != nil || len(d.Attempts) != 1 || d.Attempts[0] == http.StatusOK {
		t.Fatalf("delivery to a dead replica: %+v, %v", d, err)
	}
	if status, err := env.Slack.Deliver(t.Context(), alive.URL(), d.Envelope, 1, "connection_failed"); err != nil ||
		status != http.StatusOK {
		t.Fatalf("redelivery: %d, %v", status, err)
	}
	if card := env.next(general, nil, nil); !strings.Contains(card.Text, "Weekly") {
		t.Errorf("answer: %s", card.Text)
	}
}
