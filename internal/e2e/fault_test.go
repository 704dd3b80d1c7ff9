//go:build integration

package e2e

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// Slack's three seconds are kept whatever Graph does: an acknowledgement in time, and then the card.
func TestSlowGraph(t *testing.T) {
	t.Parallel()
	for via, prepare := range map[string]func(*environment){
		"chat.postMessage": mayPost["chat.postMessage"], "response_url": mayPost["answer"],
	} {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			prepare(env)
			env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 4 * time.Second})
			r := env.bot()
			a := env.command(r, caio, general, "")
			if a.Took > 2500*time.Millisecond {
				t.Errorf("acknowledged after %s, want within 2.5 s", a.Took)
			}
			wantWords(t, *a.Message, caio, "Setting up the meeting")
			card := env.next(general, env.Slack.Messages(general), nil)
			wantCard(t, card, "")
			if card.Via != via || !strings.Contains(card.Text, "Reunião do Microsoft Teams") {
				t.Errorf("card came by %s and reads %s", card.Via, card.Text)
			}
		})
	}
}

// A meeting that is ready in time is the answer, and nothing else is posted.
func TestMeetingInTheAnswer(t *testing.T) {
	t.Parallel()
	for via, prepare := range mayPost {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			prepare(env)
			env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: time.Second})
			r := env.bot()
			wantCard(t, env.meet(r, ann, general, ""), "")
			if all := env.Slack.Messages(general); len(all) != 1 || all[0].Via != via {
				t.Errorf("%d messages: %s", len(all), texts(all))
			}
		})
	}
}

// Whatever passes is waited out: the author of every command gets the card.
func TestPassingFaultsOfGraph(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultserver.Fault{
		"429":                {Target: "createOrGet", Times: 2, Status: http.StatusTooManyRequests, RetryAfter: "1"},
		"429 without a time": {Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests},
		"503 with a time": {Target: "createOrGet", Times: 1, Status: http.StatusServiceUnavailable,
			RetryAfter: "1"},
		"500": {Target: "createOrGet", Times: 2, Status: http.StatusInternalServerError},
		"502 of a proxy": {Target: "createOrGet", Times: 4, Status: http.StatusBadGateway,
			ContentType: "text/html", Body: "<html><h1>Bad Gateway</h1></html>"},
		"504":               {Target: "createOrGet", Times: 4, Status: http.StatusGatewayTimeout},
		"cut connection":    {Target: "createOrGet", Times: 4, Reset: true},
		"answer lost":       {Target: "createOrGet", Times: 3, Reset: true, Works: true},
		"no answer in time": {Target: "createOrGet", Times: 1, Latency: 3 * time.Second, Works: true},
		"users away":        {Target: "users", Times: 4, Status: http.StatusServiceUnavailable},
		"200 without a meeting": {Target: "createOrGet", Times: 1, Status: http.StatusOK,
			ContentType: "application/json", Body: "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			env.Graph.Fault(fault)
			r := env.start(env.config(), quick())
			if a := env.command(r, ann, general, "Weekly"); link(*a.Message) == "" {
				wantWords(t, *a.Message, ann, "Setting up the meeting")
			}
			wantCard(t, env.next(general, nil, func(m slacktest.Message) bool { return link(m) != "" }), "")
			env.wantMeetings(1)
		})
	}
}

// Graph's quotas do not know replicas: one replica that is told to wait for an organizer holds the others back too.
func TestThrottlingHoldsAllReplicas(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests,
		RetryAfter: "3"})
	r, s := env.bot(), env.bot()
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := env.Slack.Command(t.Context(), r.URL(),
			slacktest.Command{User: ann, Channel: general}); err != nil {
			t.Error(err)
		}
	})
	throttled := func(c graphtest.Call) bool { return c.Status == http.StatusTooManyRequests }
	eventually(t, "Graph has asked to wait", func() bool { return slices.ContainsFunc(env.Graph.Calls(), throttled) })
	wantWords(t, env.meet(s, ann, design, ""), ann, "Setting up the meeting")
	wg.Wait()
	isCard := func(m slacktest.Message) bool { return link(m) != "" }
	wantCard(t, env.next(design, nil, isCard), "")
	wantCard(t, env.next(general, nil, isCard), "")
	calls := env.Graph.Calls()
	first := slices.IndexFunc(calls, throttled)
	for _, later := range calls[first+1:] {
		if wait := later.At.Sub(calls[first].At); later.Op == "createOrGet" && wait < 2900*time.Millisecond {
			t.Errorf("%s came %s after Graph asked for 3 s", later.Op, wait)
		}
	}
}

// A job that cannot be done is given up, its author is told by direct message, and the conversation is free.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Reset: true})
	in := quick()
	in.Timing.GiveUp = 4 * time.Second
	r := env.start(env.config(), in)
	wantWords(t, env.meet(r, caio, general, "Antiga"), caio, "Setting up the meeting")
	told := env.next("D"+caio, nil, nil)
	if !strings.Contains(told.Text, "Não consegui concluir") || !strings.Contains(told.Text, "`/meet Antiga`") ||
		!strings.Contains(told.Text, "<#"+general+">") {
		t.Errorf("direct message: %s", told.Text)
	}
	env.Graph.ClearFaults()
	card := env.meet(r, ben, general, "Fresh")
	wantCard(t, card, "")
	if !strings.Contains(card.Text, "Fresh") || !strings.Contains(card.Text, "Ben Example") {
		t.Errorf("the next asker did not start afresh: %s", card.Text)
	}
}

// An answer that reaches nobody is put aside without its secret, an operator sees it, and can run it again.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 2500 * time.Millisecond})
	for _, target := range []string{"response_url", "chat.postMessage"} {
		env.Slack.Fault(faultserver.Fault{Target: target, Status: http.StatusOK, ContentType: "application/json",
			Body: `{"ok":false,"error":"channel_is_archived"}`})
	}
	r := env.bot()
	wantWords(t, env.meet(r, ann, general, ""), ann, "Setting up the meeting")
	eventually(t, "a dead letter is counted", func() bool {
		_, metrics := get(t, r.AdminURL()+"/metrics")
		return strings.Contains(metrics, `meetbot_jobs{state="dead"} 1`) &&
			strings.Contains(metrics, "meetbot_answers_undeliverable_total 1")
	})
	listed := env.deadLetters()
	if !strings.Contains(listed, "slack:T024BE7LD:"+general) || strings.Contains(listed, "/commands/") {
		t.Errorf("listed: %s", listed)
	}
	entry := regexp.MustCompile(`(?m)^\d+-\d+`).FindString(listed)
	env.Slack.ClearFaults()
	if err := app.RetryDeadLetter(t.Context(), env.config(), entry, io.Discard); err != nil {
		t.Fatal(err)
	}
	wantCard(t, env.next(general, env.Slack.Messages(general), nil), "")
}

// With Redis away the asker is told in time, readiness says so, and all is well again by itself.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ away, back func(*environment) }{
		"stopped": {func(env *environment) { env.redis.Kill() }, func(env *environment) { env.redis.Restart() }},
		"frozen":  {func(env *environment) { env.redis.Pause() }, func(env *environment) { env.redis.Resume() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			r := env.bot()
			url := wantCard(t, env.meet(r, ann, general, ""), "")
			tt.away(env)
			for _, text := range []string{"", "new", "show"} {
				a := env.command(r, ben, general, text)
				wantWords(t, *a.Message, ben, "cannot reach my database")
				if a.Took > 2500*time.Millisecond {
					t.Errorf("/meet %s answered after %s, want within 2.5 s", text, a.Took)
				}
			}
			wantWords(t, env.meet(r, ben, general, "help"), ben, "/meet new")
			if status, body := get(t, r.URL()+"/readyz"); status != http.StatusOK ||
				!strings.Contains(body, "redis: does not answer") {
				t.Errorf("readyz: %d %s", status, body)
			}
			if status, _ := get(t, r.URL()+"/healthz"); status != http.StatusOK {
				t.Errorf("healthz: %d", status)
			}
			tt.back(env)
			if err := testenv.WaitReady(t.Context(), r.URL()); err != nil {
				t.Fatal(err)
			}
			if got := wantCard(t, env.meet(r, ben, general, "show"), ben); got != url {
				t.Errorf("afterwards the meeting is %s, want %s", got, url)
			}
		})
	}
}

// A crash between any two steps is repaired by whoever takes the job over: the replica dies while Graph makes the
// meeting.
func TestCrashDuringCreate(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 2200 * time.Millisecond, Works: true})
	in := quick()
	in.Timing.Attempt = 3 * time.Second
	in.Idle = 4 * time.Second
	r := env.start(env.config(), in)
	env.start(env.config(), in)
	wantWords(t, env.meet(r, ann, general, ""), ann, "Setting up the meeting")
	r.Kill()
	wantCard(t, env.next(general, env.Slack.Messages(general), nil), "")
	env.wantMeetings(1)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	env.meet(r, ann, general, "")
	env.meet(r, ann, general, "")
	env.meet(r, ann, design, "")
	for _, want := range []string{
		`meetbot_command_seconds_count{command="meet",outcome="made",platform="slack"} 2`,
		`meetbot_command_seconds_count{command="meet",outcome="known",platform="slack"} 1`,
		`meetbot_graph_requests_total{operation="createOrGet",status="201"} 2`,
		`meetbot_graph_requests_total{operation="token",status="200"}`,
		`meetbot_identity_cache_total{result="hit"} 1`, `meetbot_identity_cache_total{result="miss"} 1`,
		`meetbot_jobs{state="unfinished"} 0`, `meetbot_jobs{state="dead"} 0`, `meetbot_redis_up 1`,
		`meetbot_answers_repeated_total 0`,
	} {
		eventually(t, "the metrics hold "+want, func() bool {
			_, metrics := get(t, r.AdminURL()+"/metrics")
			return strings.Contains(metrics, want)
		})
	}
	if status, _ := get(t, r.URL()+"/metrics"); status != http.StatusNotFound {
		t.Errorf("metrics on the public address: %d", status)
	}
	if status, _ := get(t, r.AdminURL()+"/debug/pprof/goroutine?debug=1"); status != http.StatusOK {
		t.Errorf("profiles: %d", status)
	}
}

// A token that Slack refuses ends the process with the variable's name, not a loop.
func TestRefusedBotToken(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	c := env.config()
	c.Slack.BotToken = "xoxb-wrong"
	r := env.listen(c, app.Options{})
	if err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "SLACK_BOT_TOKEN") ||
		!strings.Contains(err.Error(), "invalid_auth") {
		t.Errorf("Run returned %v", err)
	}
}

// With Slack's Web API away at the start the replica waits, says so, and serves as soon as it can.
func TestSlackAwayAtStart(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Slack.Fault(faultserver.Fault{Target: "auth.test", Times: 1, Status: http.StatusServiceUnavailable})
	r := env.listen(env.config(), app.Options{})
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	wg.Go(func() { _ = r.Run(ctx) })
	eventually(t, "Slack was asked", func() bool { return len(env.Slack.Calls()) > 0 })
	a, err := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: ann, Channel: general})
	if err != nil || a.Message == nil {
		t.Fatalf("%+v, %v", a, err)
	}
	wantWords(t, *a.Message, ann, "still starting")
	if status, body := get(t, r.URL()+"/readyz"); status != http.StatusServiceUnavailable ||
		!strings.Contains(body, "Slack") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if err := testenv.WaitReady(t.Context(), r.URL()); err != nil {
		t.Fatal(err)
	}
	wantCard(t, env.meet(&replica{App: r}, ann, general, ""), "")
}
