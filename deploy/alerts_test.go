package deploy

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

const rulesFile = "prometheus/meetbot.rules.yml"

// matches are the first groups of all matches of a pattern in a file.
func matches(t *testing.T, file, pattern string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	if len(found) == 0 {
		t.Fatalf("%s has nothing like %s", file, pattern)
	}
	return found
}

// Every alert has its entry in the runbook, which it leads to, and a test in which it fires; the runbook has no other.
func TestAlertsHaveEntriesAndTests(t *testing.T) {
	alerts := matches(t, rulesFile, `(?m)^      - alert: (\w+)$`)
	entries := matches(t, "../docs/runbook.md", `(?m)^## (\w+)$`)
	if !slices.Equal(alerts, entries) {
		t.Errorf("alerts: %v\nentries of the runbook: %v", alerts, entries)
	}
	links := matches(t, rulesFile, `(?m)^          runbook: (\S+)$`)
	tests, err := os.ReadFile("prometheus/meetbot.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for i, alert := range alerts {
		if want := "docs/runbook.md#" + strings.ToLower(alert); i >= len(links) || links[i] != want {
			t.Errorf("%s does not lead to %s", alert, want)
		}
		if !regexp.MustCompile(`alertname: ` + alert + `\n +exp_alerts:\n`).Match(tests) {
			t.Errorf("%s fires in no test", alert)
		}
	}
}

// Every metric and every value of a label that an alert names is one of a bot that runs. What an alert wants the increase
// of is there, at 0, before anything has failed.
func TestAlertsNameRealMetrics(t *testing.T) {
	before, after := figures(t)
	for _, name := range matches(t, rulesFile, `\b(meetbot_\w+)`) {
		if !regexp.MustCompile(`(?m)^` + name + `[ {]`).MatchString(after) {
			t.Errorf("no bot has %s", name)
		}
	}
	for _, counter := range matches(t, rulesFile, `increase\((meetbot_\w+(?:\{[^}]*\})?)\[`) {
		name, labels, _ := strings.Cut(strings.TrimSuffix(counter, "}"), "{")
		if labels == "" {
			labels = `x="x"`
			before = strings.ReplaceAll(before, "\n"+name+" 0\n", "\n"+name+`{x="x"} 0`+"\n")
		}
		label := regexp.MustCompile(`^(\w+)=~?"(.*)"$`).FindStringSubmatch(labels)
		if label == nil {
			t.Errorf("this test does not understand %s", counter)
			continue
		}
		for _, value := range strings.Split(label[2], "|") {
			series := regexp.MustCompile(`(?m)^` + name + `\{(?:.*,)?` + label[1] + `="` + value + `"(?:,.*)?\} 0$`)
			if !series.MatchString(before) {
				t.Errorf("%s with %s=%q is not there before the first failure", name, label[1], value)
			}
		}
	}
}

// figures are what /metrics of a bot for Slack and Teams says when it has just started, and after the first command.
func figures(t *testing.T) (before, after string) {
	t.Helper()
	env, err := testenv.New(slacktest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(env.Close)
	env.Slack.AddChannel(slacktest.Channel{ID: "C1", Name: "plan"})
	if err := env.AddPerson(testenv.Person{
		Slack: &slacktest.User{ID: "U1", Name: "ann", Email: "ann@contoso.example", EmailConfirmed: true},
		Entra: &graphtest.User{
			ID: "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e11", UPN: "ann@contoso.example", Mail: "ann@contoso.example",
		},
	}); err != nil {
		t.Fatal(err)
	}
	env.RedisURL = "redis://" + miniredis.RunT(t).Addr() + "/0"
	values := env.Variables()
	// Teams is on; nothing of it is asked here.
	values["TEAMS_APP_ID"], values["TEAMS_APP_SECRET"] = "22222222-3333-4444-5555-666666666666", "a-sample"
	secret := t.TempDir() + "/secret"
	if err := os.WriteFile(secret, []byte(values["AZURE_CLIENT_SECRET"]), 0o600); err != nil {
		t.Fatal(err)
	}
	delete(values, "AZURE_CLIENT_SECRET")
	config := app.Default()
	if err := config.Set(values); err != nil {
		t.Fatal(err)
	}
	config.Files = app.ReadFiles(config.Settings(), func(name string) string {
		if name == "AZURE_CLIENT_SECRET_FILE" {
			return secret
		}
		return ""
	}, nil)
	a, err := app.New(config, app.Options{RootCAs: env.Entra.RootCAs()}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := a.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer ended.Wait()
	defer stop()
	defer http.DefaultClient.CloseIdleConnections() // Run waits for those that were never used
	metrics := func() string {
		answer, err := http.Get(a.AdminURL() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before = metrics()
	if _, err := env.Slack.Command(t.Context(), a.URL(), slacktest.Command{User: "U1", Channel: "C1"}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if after = metrics(); strings.Contains(after, `outcome="made"`) {
			return before, after
		}
	}
	t.Errorf("no meeting was made:\n%s", after)
	return before, after
}
