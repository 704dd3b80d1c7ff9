package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/manifest"
)

// The manifest that the program prints has no drift, and each difference that matters is told.
func TestSlackDrift(t *testing.T) {
	const url = "https://bot.example.com"
	for name, tt := range map[string]struct {
		change  func(*manifest.SlackManifest)
		unknown bool // the bot's address
		socket  bool
		want    []string // in the sentences, one each
	}{
		"none":            {change: func(*manifest.SlackManifest) {}},
		"unknown address": {change: func(*manifest.SlackManifest) {}, unknown: true},
		"no command": {change: func(m *manifest.SlackManifest) { m.Features.SlashCommands = nil },
			want: []string{"no command /meet"}},
		"another command": {change: func(m *manifest.SlackManifest) { m.Features.SlashCommands[0].Command = "/meeting" },
			want: []string{"no command /meet"}},
		"unescaped": {change: func(m *manifest.SlackManifest) { m.Features.SlashCommands[0].ShouldEscape = false },
			want: []string{"does not escape"}},
		"wrong path": {change: func(m *manifest.SlackManifest) { m.Features.SlashCommands[0].Url = url + "/slack/command" },
			want: []string{"for the command /meet is https://bot.example.com/slack/command"}},
		"wrong path, unknown address": {change: func(m *manifest.SlackManifest) {
			m.Settings.EventSubscriptions.RequestUrl = url + "/slack"
		}, unknown: true, want: []string{"for events is"}},
		"another host": {change: func(m *manifest.SlackManifest) {
			m.Settings.Interactivity.RequestUrl = "https://old.example.com/slack/interactivity"
		}, want: []string{"for buttons is https://old.example.com"}},
		"no events": {change: func(m *manifest.SlackManifest) { m.Settings.EventSubscriptions = nil },
			want: []string{"app_mention"}},
		"no mentions": {change: func(m *manifest.SlackManifest) { m.Settings.EventSubscriptions.BotEvents = nil },
			want: []string{"app_mention"}},
		"no interactivity": {change: func(m *manifest.SlackManifest) { m.Settings.Interactivity.IsEnabled = false },
			want: []string{"Interactivity is off"}},
		"fewer scopes": {change: func(m *manifest.SlackManifest) {
			m.OAuthConfig.Scopes.Bot = m.OAuthConfig.Scopes.Bot[:len(m.OAuthConfig.Scopes.Bot)-2]
		}, want: []string{"channels:read, groups:read"}},
		"token rotation": {change: func(m *manifest.SlackManifest) { m.Settings.TokenRotationEnabled = true },
			want: []string{"Token rotation is on"}},
		"socket mode": {change: func(m *manifest.SlackManifest) { m.Settings.SocketModeEnabled = true },
			want: []string{"Socket Mode is on"}},
		"socket mode on both sides": {change: func(m *manifest.SlackManifest) {
			m.Settings.SocketModeEnabled = true
			m.Settings.EventSubscriptions.RequestUrl, m.Settings.Interactivity.RequestUrl = "", ""
			m.Features.SlashCommands[0].Url = ""
		}, socket: true},
		"socket mode only here": {change: func(m *manifest.SlackManifest) {}, socket: true,
			want: []string{"Socket Mode is off"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := slackManifest(t)
			tt.change(m)
			exported, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			app := manifest.SlackApp{URL: url, Socket: tt.socket}
			if tt.unknown {
				app.URL = ""
			}
			got, err := manifest.SlackDrift(exported, app, bot.DefaultCommandName)
			if err != nil || len(got) != len(tt.want) {
				t.Fatalf("%+v, %v", got, err)
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i].Wrong, want) || got[i].Page == "" || got[i].Mend == "" {
					t.Errorf("%+v, want %q", got[i], want)
				}
			}
		})
	}
	if _, err := manifest.SlackDrift([]byte("no JSON"), manifest.SlackApp{}, bot.DefaultCommandName); err == nil {
		t.Error("what is no manifest is taken for one")
	}
}
