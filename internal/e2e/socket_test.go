//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot/slackapp/socketmode"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// newSocketEnv starts an environment in which Slack delivers by Socket Mode.
func newSocketEnv(t testing.TB, o slacktest.Options) *environment {
	t.Helper()
	o.SocketMode, o.PostBurst = true, -1
	return newEnv(t, o)
}

// quickSocket are options with which a replica connects again at once.
func quickSocket() app.Options {
	return app.Options{Socket: socketmode.Timing{
		Pause: 20 * time.Millisecond, LongestPause: 200 * time.Millisecond, Lasting: 50 * time.Millisecond,
		LongestLasting: 200 * time.Millisecond, Silence: 2 * time.Second, Linger: 300 * time.Millisecond,
	}}
}

// says waits until readyz says this.
func says(t *testing.T, r *replica, status int, words string) {
	t.Helper()
	eventually(t, "readyz says "+words, func() bool {
		got, body := get(t, r.URL()+"/readyz")
		return got == status && strings.Contains(body, words)
	})
}

// metric tells whether the replica's figures have this line.
func metric(t *testing.T, r *replica, line string) bool {
	t.Helper()
	_, all := get(t, r.AdminURL()+"/metrics")
	return slices.Contains(strings.Split(all, "\n"), line)
}

// wantNoSecrets fails the test if the log holds the app token or a ticket.
func (env *environment) wantNoSecrets() {
	env.t.Helper()
	for _, secret := range []string{env.Slack.AppToken(), env.Slack.BotToken(), "ticket"} {
		if strings.Contains(env.logs.String(), secret) {
			env.t.Errorf("the log holds %q", secret)
		}
	}
}

// Slack has connections renewed every few hours, by any of these reasons: whoever asks meanwhile notices nothing.
func TestSocketIsRenewed(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"warning", "refresh_requested", "something_new"} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			env := newSocketEnv(t, slacktest.Options{})
			r := env.start(env.config(), quickSocket())
			env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: time.Second})
			var card slacktest.Message
			var asking sync.WaitGroup
			asking.Go(func() {
				var err error
				if card, err = env.tryMeet(r, ann, general, "Weekly"); err != nil {
					t.Error(err)
				}
			})
			eventually(t, "Graph is asked", func() bool { return env.Graph.ArmedFaults() == 0 })
			env.Slack.Disconnect(reason, 3*time.Second)
			eventually(t, "there is another connection", func() bool { return env.Slack.Connections() == 2 })
			asking.Wait()
			link := wantCard(t, card, "")
			if got := wantCard(t, env.meet(r, ben, general, ""), ben); got != link {
				t.Errorf("by the other connection Ben got %s", got)
			}
			eventually(t, "the first one is closed", func() bool { return env.Slack.Connections() == 1 })
			if got := wantCard(t, env.meet(r, caio, general, ""), caio); got != link {
				t.Errorf("later Caio got %s", got)
			}
			if !metric(t, r, `meetbot_slack_reconnects_total{reason="refresh"} 1`) ||
				!metric(t, r, "meetbot_slack_connections 1") {
				t.Error("the figures do not tell")
			}
			env.wantMeetings(1)
			env.wantNoSecrets()
		})
	}
}

// A connection that breaks while a command is in hand takes the acknowledgement with it. Its author gets the card all
// the same, and whoever asks next is served by another connection.
func TestSocketBreaksInMidCommand(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{})
	r := env.start(env.config(), quickSocket())
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: time.Second})
	answers := make(chan slacktest.Answer, 1)
	go func() {
		a, _ := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: ann, Channel: general, Text: "Weekly"})
		answers <- a
	}()
	eventually(t, "Graph is asked", func() bool { return env.Graph.ArmedFaults() == 0 })
	env.Slack.CutConnections()
	if a := <-answers; a.Problem != "dispatch_failed" {
		t.Errorf("Slack shows %+v", a)
	}
	wantCard(t, env.next(general, nil, nil), "")
	says(t, r, http.StatusOK, "ready")
	wantCard(t, env.meet(r, ben, general, ""), ben)
	env.wantMeetings(1)

	// A mention is delivered again, and is the same command.
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: time.Second})
	d := env.mention(r, ben, design, "", "meet Design")
	seen := env.Slack.Messages(design)
	if status, err := env.Slack.Deliver(t.Context(), r.URL(), d.Envelope, 1, "timeout"); err != nil || status != 200 {
		t.Fatal(status, err)
	}
	wantCard(t, env.next(design, seen, nil), "")
	wantWords(t, env.asks(r, ann, design, "", "help"), ann, "Every channel has one Microsoft Teams meeting")
	if n := len(env.Slack.Messages(design)); n != 4 { // two mentions and two answers
		t.Errorf("%d messages:%s", n, texts(env.Slack.Messages(design)))
	}
	env.wantMeetings(2)
}

// Promise 2 holds over Socket Mode: a replica that is killed right after its acknowledgement loses nothing.
func TestSocketReplicaKilledAfterAcknowledgement(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 8 * time.Second})
	victim, url := env.process(env.config()) // the only one that is connected
	a, err := env.Slack.Command(t.Context(), url, slacktest.Command{User: ann, Channel: general, Text: "Retrospective"})
	if err != nil || a.Message == nil {
		t.Fatalf("command: %+v, %v", a, err)
	}
	wantWords(t, *a.Message, ann, "Setting up the meeting")
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	env.process(env.config())
	wantCard(t, env.next(general, env.Slack.Messages(general), nil), "")
	if m := env.wantMeetings(1); m[0].Subject != "Retrospective" {
		t.Errorf("subject is %q", m[0].Subject)
	}
}

// Whatever a connection brings, the bot reads on, and does nothing for what it does not understand.
func TestSocketBringsAnything(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{})
	r := env.start(env.config(), quickSocket())
	link := wantCard(t, env.meet(r, ann, general, ""), "")
	eventually(t, "the first command is over", func() bool { return env.keptCards() > 0 })
	acks := len(env.Slack.Acks())
	large := strings.Repeat("x", 70<<10)
	messages := []string{
		``, `{`, `[]`, `null`, `"hello"`, `{"type":5}`, `{}`, "\x00\xff", `{"type":"slash_commands","payload":{}}`,
		`{"type":"slash_commands","envelope_id":"e1"}`,
		`{"type":"slash_commands","envelope_id":"e2","payload":[]}`,
		`{"type":"slash_commands","envelope_id":"e3","payload":{"command":"/meet","team_id":"` + env.Slack.Team() + `"}}`,
		`{"type":"slash_commands","envelope_id":"e4","payload":{"text":"` + large + `"}}`,
		`{"type":"events_api","envelope_id":"e5","payload":"x"}`,
		`{"type":"events_api","envelope_id":"e6","payload":{"type":"event_callback","event":7}}`,
		`{"type":"interactive","envelope_id":"e7","payload":[1]}`,
		`{"type":"block_party","envelope_id":"e8","payload":{"a":1}}`,
		`{"type":"hello","num_connections":"many"}`,
	}
	env.wantNothingDone(func() {
		for _, message := range messages {
			env.Slack.SendRaw([]byte(message))
		}
		for reason, count := range map[string]int{"unreadable": 15, "too_large": 1, "envelope": 1} {
			line := fmt.Sprintf(`meetbot_inbound_refused_total{platform="slack",reason="%s"} %d`, reason, count)
			eventually(t, line, func() bool { return metric(t, r, line) })
		}
	})
	if n := len(env.Slack.Acks()); n != acks {
		t.Errorf("%d of these were acknowledged: %+v", n-acks, env.Slack.Acks()[acks:])
	}
	if n := env.Slack.Connections(); n != 1 || !metric(t, r, `meetbot_slack_reconnects_total{reason="lost"} 0`) {
		t.Errorf("there are %d connections", n)
	}
	if got := wantCard(t, env.meet(r, ben, general, ""), ben); got != link {
		t.Errorf("afterwards Ben got %s", got)
	}

	// What nobody would send ends the connection, and the bot makes another one.
	env.Slack.SendRaw([]byte(strings.Repeat("x", 2<<20)))
	line := `meetbot_slack_reconnects_total{reason="too_large"} 1`
	eventually(t, line, func() bool { return metric(t, r, line) })
	says(t, r, http.StatusOK, "ready")
	if got := wantCard(t, env.meet(r, caio, general, ""), caio); got != link {
		t.Errorf("by another connection Caio got %s", got)
	}
	env.wantNoSecrets()
}

// Slack spreads what it delivers over the replicas. When one of them stops, nobody who asks meanwhile is left without an
// answer.
func TestSocketReplicas(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{})
	first, second := env.start(env.config(), quickSocket()), env.start(env.config(), quickSocket())
	if n := env.Slack.Connections(); n != 2 {
		t.Fatalf("%d connections", n)
	}
	link := wantCard(t, env.meet(first, ann, general, "Weekly"), "")
	for range 4 {
		if got := wantCard(t, env.meet(first, ben, general, ""), ben); got != link {
			t.Errorf("Ben got %s", got)
		}
	}
	for _, r := range []*replica{first, second} {
		if _, all := get(t, r.AdminURL()+"/metrics"); !strings.Contains(all,
			`meetbot_command_seconds_count{command="meet",outcome="known",platform="slack"} 2`) {
			t.Errorf("a replica was not given its share:\n%s", all)
		}
	}

	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 8, Latency: time.Second})
	var asking sync.WaitGroup
	for i := range 8 {
		channel := fmt.Sprintf("C0NO%d", i)
		env.Slack.AddChannel(slacktest.Channel{ID: channel})
		asking.Go(func() {
			if _, err := env.tryMeet(first, ann, channel, "Weekly"); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "all are in hand", func() bool { return env.Graph.ArmedFaults() == 0 })
	if err := first.stop(); err != nil {
		t.Error(err)
	}
	asking.Wait()
	if n := env.Slack.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
	if got := wantCard(t, env.meet(second, caio, general, ""), caio); got != link {
		t.Errorf("Caio got %s", got)
	}
	env.wantMeetings(9)
}

// Slack allows an app some connections. A replica that gets none says so, and takes the place of one that stops.
func TestSocketConnectionLimit(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{MaxConnections: 1})
	first := env.start(env.config(), quickSocket())
	second := env.run(env.listen(env.config(), quickSocket()))
	says(t, second, http.StatusServiceUnavailable, "too_many_websockets")
	wantCard(t, env.meet(first, ann, general, ""), "")
	if err := first.stop(); err != nil {
		t.Error(err)
	}
	if err := testenv.WaitReady(t.Context(), second.URL()); err != nil {
		t.Fatal(err)
	}
	wantCard(t, env.meet(second, ben, general, ""), ben)
}

// The only connection that Slack allows is renewed, though there is no room for another one beside it: in a moment, and
// not when Slack closes it.
func TestSocketIsRenewedWithoutRoom(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{MaxConnections: 1})
	r := env.start(env.config(), app.Options{}) // with the pauses of production
	begin := time.Now()
	env.Slack.Disconnect("refresh_requested", time.Minute)
	eventually(t, "the connection is renewed", func() bool {
		return metric(t, r, `meetbot_slack_reconnects_total{reason="too_many"} 1`) && env.Slack.Connections() == 1 &&
			metric(t, r, "meetbot_slack_connections 1")
	})
	wantCard(t, env.meet(r, ann, general, ""), "")
	if took := time.Since(begin); took > 6*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What only a person can mend is told, in the log and by readyz, and when it is mended the bot goes on by itself.
func TestSocketTroubleIsTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		harm, mend func(*slacktest.Server)
		words      string
	}{
		"revoked": {
			func(s *slacktest.Server) { s.RevokeAppToken(true) }, func(s *slacktest.Server) { s.RevokeAppToken(false) },
			"Slack refuses SLACK_APP_TOKEN: token_revoked",
		},
		"switched off": {
			func(s *slacktest.Server) { s.SetSocketMode(false) }, func(s *slacktest.Server) { s.SetSocketMode(true) },
			"Socket Mode is off in the settings of the Slack app (link_disabled)",
		},
		"Slack is down": {
			func(s *slacktest.Server) {
				s.Fault(faultserver.Fault{Target: "apps.connections.open", Status: http.StatusServiceUnavailable})
				s.CutConnections()
			},
			(*slacktest.Server).ClearFaults, "HTTP status 503",
		},
		"the connection is refused": {
			func(s *slacktest.Server) {
				s.Fault(faultserver.Fault{Target: "websocket", Status: http.StatusForbidden})
				s.CutConnections()
			},
			(*slacktest.Server).ClearFaults, "cannot connect to Slack: no usable answer",
		},
		"a foreign host": {
			func(s *slacktest.Server) {
				s.Fault(faultserver.Fault{Target: "apps.connections.open", Status: http.StatusOK, ContentType: "application/json",
					Body: `{"ok":true,"url":"wss://evil.example/link/?ticket=1"}`})
				s.CutConnections()
			},
			(*slacktest.Server).ClearFaults, "names a host that is not Slack's",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newSocketEnv(t, slacktest.Options{})
			r := env.start(env.config(), quickSocket())
			link := wantCard(t, env.meet(r, ann, general, ""), "")
			tt.harm(env.Slack)
			says(t, r, http.StatusServiceUnavailable, tt.words)
			eventually(t, "the log tells", func() bool { return strings.Contains(env.logs.String(), tt.words) })
			if lasting := strings.Contains(env.logs.String(), `"level":"ERROR"`); lasting != (name == "revoked" || name == "switched off") {
				t.Errorf("the log has an error: %v", lasting)
			}
			tt.mend(env.Slack)
			if err := testenv.WaitReady(t.Context(), r.URL()); err != nil {
				t.Fatal(err)
			}
			if got := wantCard(t, env.meet(r, ben, general, ""), ben); got != link {
				t.Errorf("afterwards Ben got %s", got)
			}
			env.wantNoSecrets()
		})
	}
}

// A connection by which nothing comes is dead, whatever TCP says.
func TestSocketFallsSilent(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{PingEvery: 100 * time.Millisecond})
	r := env.start(env.config(), quickSocket())
	time.Sleep(2500 * time.Millisecond) // with pings alone, the connection stays
	if !metric(t, r, `meetbot_slack_reconnects_total{reason="silent"} 0`) {
		t.Error("the connection was given up though Slack pings")
	}
	env.Slack.Mute(true)
	eventually(t, "the connection is given up", func() bool {
		return !metric(t, r, `meetbot_slack_reconnects_total{reason="silent"} 0`)
	})
	env.Slack.Mute(false)
	eventually(t, "the connection is there again", func() bool {
		return testenv.WaitReady(t.Context(), r.URL()) == nil
	})
	wantCard(t, env.meet(r, ann, general, ""), "")
}

// Where no pings come, the bot's own keep the connection.
func TestSocketWithoutPings(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{PingEvery: time.Hour})
	r := env.start(env.config(), quickSocket())
	time.Sleep(3 * time.Second)
	if !metric(t, r, `meetbot_slack_reconnects_total{reason="silent"} 0`) {
		t.Error("the connection was given up though Slack answers pings")
	}
	wantCard(t, env.meet(r, ann, general, ""), "")
}

// With Redis away, a command is answered with that, and a mention is left for Slack to deliver again.
func TestSocketWithoutRedis(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{RetryDelays: []time.Duration{2 * time.Second}})
	r := env.start(env.config(), quickSocket())
	offer := env.asks(r, ann, general, "", "thanks")
	env.redis.Stop()
	wantWords(t, env.meet(r, ann, general, ""), ann, "cannot reach my database")
	wantWords(t, env.presses(r, slacktest.Press{User: ann, Message: offer}), ann, "cannot reach my database")
	mentioned := make(chan slacktest.Delivery, 1)
	go func() {
		d, _ := env.Slack.Mention(t.Context(), r.URL(), slacktest.Mention{User: ann, Channel: design,
			Text: "<@" + env.Slack.BotUser() + "> meet"})
		mentioned <- d
	}()
	// The first delivery gets no acknowledgement in its three seconds; Redis is back for the second one.
	time.Sleep(3500 * time.Millisecond)
	env.redis.Restart()
	if d := <-mentioned; fmt.Sprint(d.Attempts) != "[0 200]" {
		t.Errorf("the mention was answered with %v", d.Attempts)
	}
	wantCard(t, env.next(design, nil, nil), "")
}

// An acknowledgement that cannot carry the answer is followed by it.
func TestSocketAnswerAfterAcknowledgement(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{NoAnswersInPlace: true})
	r := env.start(env.config(), quickSocket())
	env.inPlace()
	for _, tt := range []struct {
		user, text string
		via        string
	}{{ann, "Weekly", "response_url"}, {ben, "", "response_url"}, {ann, "help", "response_url"}} {
		seen := env.Slack.Messages(general)
		a, err := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: tt.user, Channel: general, Text: tt.text})
		if err != nil || a.Status != http.StatusOK || len(a.Body) != 0 {
			t.Fatalf("%q: %+v, %v", tt.text, a, err)
		}
		if m := env.next(general, seen, nil); m.Via != tt.via {
			t.Errorf("%q: %+v", tt.text, m)
		}
	}
	env.wantMeetings(1)
}

// A bot in Socket Mode has no endpoints of Slack's.
func TestSocketHasNoEndpoints(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{})
	r := env.start(env.config(), quickSocket())
	req, err := env.Slack.CommandRequest(t.Context(), r.URL(), slacktest.Command{User: ann, Channel: general})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// An app token in a file is changed without a restart: the bot tries the new one at once, however long its pause is.
func TestAppTokenIsChanged(t *testing.T) {
	t.Parallel()
	env := newSocketEnv(t, slacktest.Options{})
	files := mount(t, map[string]string{"SLACK_APP_TOKEN": "xapp-1-of-another-app"})
	c := env.config()
	c.Slack.AppToken = ""
	r := env.run(env.listen(env.fromFiles(c, files), soon()))
	says(t, r, http.StatusServiceUnavailable, "Slack refuses SLACK_APP_TOKEN: invalid_auth") // and waits for 15 s or more
	files.set(map[string]string{"SLACK_APP_TOKEN": env.Slack.AppToken()})
	env.changed("SLACK_APP_TOKEN", 1)
	if err := testenv.WaitReady(t.Context(), r.URL()); err != nil {
		t.Fatal(err)
	}
	wantCard(t, env.meet(r, ann, general, ""), "")
	env.wantNoSecrets()
}
