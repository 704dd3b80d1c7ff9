//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"meetbot/bot/slackapp"
	"meetbot/bot/teamsapp"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// refusedRequest is a request that is refused, and the trace that it leaves.
type refusedRequest struct {
	name             string
	platform, reason string
	says             string // in the log
	send             func(t *testing.T)
}

// wantTraces sends each refusal, and fails the test unless the log and the figures tell about it. Each reason may be
// there once, since a reason is logged once a minute.
func (env *environment) wantTraces(t *testing.T, r *replica, all []refusedRequest) {
	t.Helper()
	for _, tt := range all {
		count := fmt.Sprintf(`meetbot_inbound_refused_total{platform=%q,reason=%q}`, tt.platform, tt.reason)
		t.Run(tt.platform+"/"+tt.name, func(t *testing.T) {
			if _, metrics := get(t, r.AdminURL()+"/metrics"); !strings.Contains(metrics, "\n"+count+" 0\n") {
				t.Errorf("no %s before the first refusal", count)
			}
			tt.send(t)
			if _, metrics := get(t, r.AdminURL()+"/metrics"); !strings.Contains(metrics, "\n"+count+" 1\n") {
				t.Errorf("it is not counted as %s", count)
			}
			line := regexp.MustCompile(fmt.Sprintf(`"msg":"request refused","platform":%q,"reason":%q,"hint":"[^\n]*`,
				tt.platform, tt.reason)).FindString(env.logs.String())
			if !strings.Contains(line, tt.says) {
				t.Errorf("the log says %q, want %q in it", line, tt.says)
			}
		})
	}
}

// lastRequest reads when a request of the platform came last; 0 for none.
func lastRequest(t *testing.T, r *replica, platform, result string) float64 {
	t.Helper()
	_, metrics := get(t, r.AdminURL()+"/metrics")
	name := fmt.Sprintf(`meetbot_last_request_timestamp_seconds{platform=%q,result=%q} `, platform, result)
	_, rest, found := strings.Cut(metrics, "\n"+name)
	var at float64
	if _, err := fmt.Sscan(rest, &at); !found || err != nil {
		t.Fatalf("no figure %s", name)
	}
	return at
}

// A setting that is wrong on either side can be found in the log and in the figures, whatever the request is refused
// for.
func TestRefusedRequestsLeaveATrace(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1}).withTeams(teamstest.Options{Posts: []teamstest.Quota{}})
	r := env.start(env.everything(), app.Options{})
	body := []byte(url.Values{"team_id": {env.Slack.Team()}, "channel_id": {general}, "user_id": {ann},
		"command": {"/meet"}}.Encode())
	for _, platform := range []string{"slack", "teams"} {
		for _, result := range []string{"accepted", "refused"} {
			if at := lastRequest(t, r, platform, result); at != 0 {
				t.Errorf("%s %s before the first request: %f", platform, result, at)
			}
		}
	}

	slack := func(status int, method, path, media string, age time.Duration,
		change func(http.Header)) func(*testing.T) {
		return func(t *testing.T) {
			h := http.Header{}
			env.Slack.Sign(h, body, time.Now().Add(-age))
			if change != nil {
				change(h)
			}
			if got, answer := send(t, method, r.URL()+path, media, h, body); got != status {
				t.Errorf("%d %s, want %d", got, answer, status)
			}
		}
	}
	teams := func(status int, token teamstest.Token, change func(map[string]any)) func(*testing.T) {
		return func(t *testing.T) {
			activity := env.activity(annID, "meet")
			if got, answer := env.deliver(t, r, changed(t, activity, change), token); got != status {
				t.Errorf("%d %s, want %d", got, answer, status)
			}
		}
	}
	same := func(map[string]any) {}
	claim := func(name string, value any) teamstest.Token {
		return teamstest.Token{Claims: map[string]any{name: value}}
	}
	commands := slackapp.CommandsPath
	env.wantTraces(t, r, []refusedRequest{
		{"another secret", "slack", "signature", "is SLACK_SIGNING_SECRET this app's?",
			slack(401, "POST", commands, form, 0, func(h http.Header) {
				h.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64))
			})},
		{"a clock ten minutes off", "slack", "timestamp", "is this machine's clock right?",
			slack(401, "POST", commands, form, 10*time.Minute, nil)},
		{"no signature", "slack", "no_signature", "does a proxy take headers away?",
			slack(401, "POST", commands, form, 0, func(h http.Header) { h.Del("X-Slack-Signature") })},
		{"GET", "slack", "method", "takes POST only", slack(405, "GET", commands, form, 0, nil)},
		{"another type", "slack", "content_type", "takes application/x-www-form-urlencoded only",
			slack(415, "POST", commands, jsonBody, 0, nil)},
		{"a wrong path", "slack", "path", commands, slack(404, "POST", "/slack/command", form, 0, nil)},
		{"a wrong path", "teams", "path", teamsapp.MessagesPath, slack(404, "POST", "/api/message", jsonBody, 0, nil)},
		{"a wrong path", "none", "path", commands, slack(404, "POST", "/", form, 0, nil)},

		{"no token", "teams", "no_token", "does a proxy take", teams(401, teamstest.Token{Absent: true}, same)},
		{"a forged token", "teams", "token", "", teams(401, teamstest.Token{Mangle: true}, same)},
		{"an old token", "teams", "timestamp", "is this machine's clock right?",
			teams(401, claim("exp", time.Now().Add(-6*time.Minute).Unix()), same)},
		{"another bot's token", "teams", "audience", "is TEAMS_APP_ID this bot's?",
			teams(401, claim("aud", "22222222-3333-4444-5555-666666666666"), same)},
		{"another tenant", "teams", "tenant", "TEAMS_TENANT_ID", teams(401, teamstest.Token{}, func(a map[string]any) {
			inner(inner(a, "channelData"), "tenant")["id"] = "99999999-3333-4444-5555-666666666666"
		})},
		{"another service", "teams", "service", `"host":"smba.elsewhere.example"`,
			teams(401, claim("serviceurl", "https://smba.elsewhere.example/emea/"), func(a map[string]any) {
				a["serviceUrl"] = "https://smba.elsewhere.example/emea/"
			})},
		{"no activity", "teams", "unreadable", "", func(t *testing.T) {
			if got, answer := env.deliver(t, r, []byte("{"), teamstest.Token{}); got != http.StatusBadRequest {
				t.Errorf("%d %s", got, answer)
			}
		}},
	})
	if age := regexp.MustCompile(`timestamp is (60\d) s old`).FindString(env.logs.String()); age == "" {
		t.Error("the log does not say how old the request was")
	}

	for _, platform := range []string{"slack", "teams"} {
		if at := lastRequest(t, r, platform, "accepted"); at != 0 {
			t.Errorf("%s: one was accepted at %f", platform, at)
		}
		refused := time.Unix(int64(lastRequest(t, r, platform, "refused")), 0)
		if age := time.Since(refused); age < -time.Second || age > time.Minute {
			t.Errorf("%s: the last one was refused at %s", platform, refused)
		}
	}
	wantCard(t, env.meet(r, ann, general, ""), "")
	wantTeamsCard(t, env.callAnswered(r, annID, teamsChat, "", "meet"), "")
	for _, platform := range []string{"slack", "teams"} {
		accepted := time.Unix(int64(lastRequest(t, r, platform, "accepted")), 0)
		if age := time.Since(accepted); age < -time.Second || age > time.Minute {
			t.Errorf("%s: the last one was accepted at %s", platform, accepted)
		}
	}
	env.wantQuietLogs()
}

// A flood of requests from strangers is counted, and does not fill the log.
func TestFloodLeavesAFewLines(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.everything(), app.Options{})
	before := strings.Count(env.logs.String(), "\n")
	const each = 100
	for n := range each {
		for _, path := range []string{slackapp.CommandsPath, slackapp.EventsPath, teamsapp.MessagesPath,
			fmt.Sprintf("/slack/%d", n), fmt.Sprintf("/%d", n)} {
			media := jsonBody
			if path == slackapp.CommandsPath {
				media = form
			}
			send(t, http.MethodPost, r.URL()+path, media, nil, []byte("{}"))
		}
	}
	if lines := strings.Count(env.logs.String(), "\n") - before; lines == 0 || lines > 4 {
		t.Errorf("%d lines in the log; it ends:\n%s", lines, env.logs.Tail())
	}
	_, metrics := get(t, r.AdminURL()+"/metrics")
	for _, want := range []string{
		fmt.Sprintf(`meetbot_inbound_refused_total{platform="slack",reason="no_signature"} %d`, 2*each),
		fmt.Sprintf(`meetbot_inbound_refused_total{platform="teams",reason="no_token"} %d`, each),
		fmt.Sprintf(`meetbot_inbound_refused_total{platform="slack",reason="path"} %d`, each),
		fmt.Sprintf(`meetbot_inbound_refused_total{platform="none",reason="path"} %d`, each),
	} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("no figure %s", want)
		}
	}
}
