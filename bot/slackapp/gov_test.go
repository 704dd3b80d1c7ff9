package slackapp

import (
	"log/slog"
	"testing"

	"meetbot/bot"
)

// In GovSlack a response_url has a host of its own, as it has in the public cloud.
func TestHookHosts(t *testing.T) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for api, hooks := range map[string]map[string]bool{
		"": {"https://hooks.slack.com/commands/T1/2/x": true, "https://hooks.slack-gov.com/commands/T1/2/x": true},
		"https://slack.com/api/": {
			"https://hooks.slack.com/commands/T1/2/x": true, "https://slack.com/commands/T1/2/x": false,
		},
		"https://slack-gov.com/api/": {
			"https://hooks.slack-gov.com/commands/T1/2/x": true, "https://hooks.slack.com.evil.example/x": false,
			"https://slack-gov.com/commands/T1/2/x": false, "http://hooks.slack-gov.com/commands/T1/2/x": false,
		},
		"https://proxy.contoso.example/api/": {
			"https://proxy.contoso.example/commands/x": true, "https://hooks.slack.com/commands/T1/2/x": false,
		},
		"https://slack-gov.com.evil.example/api/": {"https://hooks.slack-gov.com/commands/T1/2/x": false},
	} {
		a, err := New(Config{
			SigningSecret: "s", BotToken: "xoxb-1", APIURL: api, Catalog: catalog, Language: bot.English,
			Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Close)
		for hook, want := range hooks {
			if err := a.checkHookURL(hook); (err == nil) != want {
				t.Errorf("API %q, response_url %s: %v", api, hook, err)
			}
		}
	}
}
