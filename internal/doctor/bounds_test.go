package doctor

import (
	"context"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/outbound"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/store"
)

// What a test cannot have of a real server is judged all the same.
func TestBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	for name, tt := range map[string]struct {
		server store.Server
		check  func(*examination, context.Context) []finding
		want   Status
		says   string
	}{
		"old":         {store.Server{Told: true, Version: "6.2.14", Major: 6}, (*examination).redisVersion, Fail, "6.2.14"},
		"nearly full": {store.Server{Told: true, MaxMemory: 100, UsedMemory: 85}, (*examination).redisMemory, Warn, "85 %"},
		"slow":        {store.Server{RoundTrip: 300 * time.Millisecond}, (*examination).redisLatency, Warn, "300 ms"},
		"not told":    {store.Server{Told: true}, (*examination).redisEviction, Skipped, "does not tell"},
	} {
		e := newExamination(w.config(t), Options{})
		e.server = tt.server
		var err error
		e.redis, err = store.Open("redis://127.0.0.1:1/0", store.Options{Replica: "test"})
		no(t, err)
		found := tt.check(e, t.Context())
		_ = e.redis.Close()
		if len(found) != 1 || found[0].status != tt.want || !strings.Contains(found[0].detail, tt.says) {
			t.Errorf("%s: %+v", name, found)
		}
	}
	e := newExamination(w.config(t), Options{})
	refused := &bot.Error{Code: bot.Unavailable, Err: outbound.ErrProxyCredentials}
	if f := e.unreachable("Slack", "https://slack.com/api/", refused); f.status != Fail ||
		!strings.Contains(f.next, "HTTPS_PROXY=http://USER:PASSWORD@") {
		t.Errorf("a proxy that wants a password: %+v", f)
	}
}
