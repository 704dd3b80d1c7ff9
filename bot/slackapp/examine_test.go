package slackapp

import (
	"log/slog"
	"slices"
	"testing"

	"meetbot/bot"
	"meetbot/internal/sandbox/slacktest"
)

// Each of Slack's clouds has a host of its own for response URLs; an API elsewhere has them too.
func TestHookURL(t *testing.T) {
	for api, want := range map[string]string{
		"https://slack.com/api/":     "https://hooks.slack.com/",
		"https://slack-gov.com/api/": "https://hooks.slack-gov.com/",
		"http://127.0.0.1:9/api/":    "http://127.0.0.1:9/",
		"slack.com":                  "",
	} {
		if got := HookURL(api); got != want {
			t.Errorf("%s: %q, want %q", api, got, want)
		}
	}
}

func TestExamine(t *testing.T) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	server, err := slacktest.New(slacktest.Options{Enterprise: "E1", Scopes: []string{"commands", "chat:write"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	for token, want := range map[string]bot.Code{server.BotToken(): "", "xoxb-wrong": bot.ChatCredentials} {
		app, err := New(Config{
			SigningSecret: "x", BotToken: token, APIURL: server.APIURL(), Catalog: catalog, Language: bot.English,
			Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(app.Close)
		got, err := app.Examine(t.Context())
		if bot.CodeOf(err) != want {
			t.Errorf("%v", err)
		}
		if want == "" && (got.TeamID != server.Team() || got.EnterpriseID != "E1" ||
			!slices.Equal(got.Scopes, []string{"commands", "chat:write"})) {
			t.Errorf("%+v", got)
		}
	}
}
