package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// examined runs bot doctor in a process of its own, in a healthy environment with these changes. It returns what it said
// and its exit code.
func examined(t *testing.T, change map[string]string, args ...string) (out, problems string, code int) {
	t.Helper()
	cmd := program(t.Context(), t, change, append([]string{"doctor"}, args...)...)
	var said, wrong strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &wrong
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return said.String(), wrong.String(), cmd.ProcessState.ExitCode()
}

// The exit code is 1 exactly when a check fails, 0 with warnings alone, and 2 for what is not understood.
func TestDoctorExitCodes(t *testing.T) {
	t.Parallel()
	open := map[string]string{"ADMIN_ADDR": "0.0.0.0:9090"}
	for name, tt := range map[string]struct {
		change map[string]string
		args   []string
		code   int
		out    string
		err    string
	}{
		"nobody asked":   {nil, []string{"--only", "slack"}, exitDone, "\n0 failed, 1 with a warning, 0 skipped, 3 ok\n", ""},
		"a warning":      {open, []string{"--only", "config"}, exitDone, "WARN  config.admin", ""},
		"a failure":      {map[string]string{"SLACK_BOT_TOKEN": "xoxb-wrong"}, []string{"--only", "slack"}, exitFailed, "FAIL  slack.token", "bot: doctor: 1 failed\n"},
		"not complete":   {map[string]string{"SLACK_BOT_TOKEN": ""}, []string{"--only", "slack,config"}, exitFailed, "FAIL  config.values (SLACK_BOT_TOKEN)", ""},
		"by a flag":      {nil, []string{"--only", "config", "--azure-client-secret", "x"}, exitDone, "WARN  config.flags (--azure-client-secret)", ""},
		"unknown area":   {nil, []string{"--only", "slack,fly"}, exitNotUnderstood, "", `"fly" is none of config, `},
		"no area":        {nil, []string{"--only", ""}, exitNotUnderstood, "", "is none of config, "},
		"no user":        {nil, []string{"--user", " "}, exitNotUnderstood, "", "want an e-mail address"},
		"no time":        {nil, []string{"--timeout", "soon"}, exitNotUnderstood, "", "--timeout"},
		"an argument":    {nil, []string{"slack"}, exitNotUnderstood, "", "unexpected argument slack"},
		"a wrong number": {map[string]string{"NEW_MEETINGS_PER_USER": "x"}, nil, exitNotUnderstood, "", "NEW_MEETINGS_PER_USER"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, problems, code := examined(t, tt.change, tt.args...)
			if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(problems, tt.err) ||
				(tt.code == exitNotUnderstood) != (out == "") {
				t.Errorf("code %d, want %d\n%s\n%s", code, tt.code, out, problems)
			}
		})
	}
}

// A person is tried through every service, and the results can be had as JSON.
func TestDoctorTriesAPerson(t *testing.T) {
	t.Parallel()
	env, err := testenv.New(slacktest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(env.Close)
	const ann = "ann@contoso.example"
	if err := env.Graph.AddUser(graphtest.User{ID: "a0000000-0000-4000-8000-000000000001", UPN: ann}); err != nil {
		t.Fatal(err)
	}
	env.RedisURL = "redis://" + miniredis.RunT(t).Addr() + "/0"
	change := env.Variables()
	change["SSL_CERT_FILE"] = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(change["SSL_CERT_FILE"], env.Entra.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, problems, code := examined(t, change, "--json", "--only", "graph", "--user", ann, "--user", "nobody@contoso.example",
		"--timeout", "20s")
	var got struct {
		Checks []struct{ Check, Status, Subject, Detail, Next string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitFailed {
		t.Fatalf("code %d, %v\n%s\n%s", code, err, out, problems)
	}
	found := map[string]string{}
	for _, c := range got.Checks {
		found[c.Check+" "+c.Subject] = c.Status
	}
	if found["graph.user "+ann] != "ok" || found["graph.meeting "+ann] != "ok" ||
		found["graph.user nobody@contoso.example"] != "fail" || len(env.Graph.Meetings()) != 1 {
		t.Errorf("found %v, %d meetings", found, len(env.Graph.Meetings()))
	}
}
