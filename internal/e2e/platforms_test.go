//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// startUnready runs a replica of which not every platform may ever be ready.
func (env *environment) startUnready(c app.Config) *replica {
	env.t.Helper()
	return env.run(env.listen(c, app.Options{}))
}

// wantReadyz waits for this answer of readyz.
func wantReadyz(t *testing.T, r *replica, status int, body string) {
	t.Helper()
	eventually(t, "readyz answers "+body, func() bool {
		gotStatus, got := get(t, r.URL()+"/readyz")
		return gotStatus == status && got == body
	})
}

// Promise 7: a token that Slack refuses is no trouble of Teams'. What an operator sees is an error in the log and a
// line of readyz.
func TestRefusedSlackTokenBesideTeams(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	c := env.everything()
	c.Slack.BotToken = "xoxb-wrong"
	r := env.startUnready(c)
	wantReadyz(t, r, http.StatusOK, "ready\nslack: SLACK_BOT_TOKEN: Slack refuses the bot token: invalid_auth\n")
	if log := env.logs.String(); !strings.Contains(log, `"level":"ERROR"`) ||
		!strings.Contains(log, "SLACK_BOT_TOKEN: Slack refuses the bot token") {
		t.Errorf("log: %s", log)
	}
	wantTeamsCard(t, env.callAnswered(r, annID, teamsChat, "", "meet"), "")
	wantWords(t, env.meet(r, ann, general, ""), ann, "still starting")
	if err := r.stop(); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// While Slack is away Teams is served; once it answers, both are.
func TestSlackAwayBesideTeams(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1}).withTeams(teamstest.Options{Posts: []teamstest.Quota{}})
	env.Slack.Fault(faultserver.Fault{Target: "auth.test", Status: http.StatusServiceUnavailable})
	r := env.startUnready(env.everything())
	wantReadyz(t, r, http.StatusOK, "ready\nslack: Slack has not told the workspace yet\n")
	wantTeamsCard(t, env.callAnswered(r, annID, teamsChat, "", "meet"), "")

	env.redis.Kill()
	wantReadyz(t, r, http.StatusOK, "ready\nslack: Slack has not told the workspace yet\n"+
		"redis: does not answer, so no command is carried out\n")
	env.redis.Restart()
	wantReadyz(t, r, http.StatusOK, "ready\nslack: Slack has not told the workspace yet\n")

	env.Slack.ClearFaults()
	if err := testenv.WaitReady(t.Context(), r.URL()); err != nil {
		t.Fatal(err)
	}
	wantCard(t, env.meet(r, ann, general, ""), "")
}
