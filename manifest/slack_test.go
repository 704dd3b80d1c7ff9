package manifest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/internal/golden"
	"meetbot/manifest"
)

func slackManifest(t *testing.T) *manifest.SlackManifest {
	t.Helper()
	return slackManifestOf(t, manifest.SlackApp{URL: "https://bot.example.com"})
}

func slackManifestOf(t *testing.T, app manifest.SlackApp) *manifest.SlackManifest {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Slack(app, catalog)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSlackGolden(t *testing.T) {
	for name, app := range map[string]manifest.SlackApp{
		"slack.json":        {URL: "https://bot.example.com"},
		"slack-socket.json": {Socket: true},
	} {
		var got bytes.Buffer
		if err := manifest.WriteJSON(&got, slackManifestOf(t, app)); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, name, got.Bytes())

		// What is printed is a manifest to slack-go too, with nothing that it does not know.
		read := json.NewDecoder(&got)
		read.DisallowUnknownFields()
		var m slack.Manifest
		if err := read.Decode(&m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// In Socket Mode the app has everything that it has otherwise, but no address.
func TestSlackSocketModeHasNoAddress(t *testing.T) {
	with, without := slackManifestOf(t, manifest.SlackApp{Socket: true}), slackManifest(t)
	var got bytes.Buffer
	if err := manifest.WriteJSON(&got, with); err != nil {
		t.Fatal(err)
	}
	if text := got.String(); strings.Contains(text, "http") || !strings.Contains(text, `"socket_mode_enabled": true`) {
		t.Errorf("in Socket Mode: %s", text)
	}
	with.Settings.SocketModeEnabled = false
	without.Features.SlashCommands[0].Url = ""
	without.Settings.EventSubscriptions.RequestUrl = ""
	without.Settings.Interactivity.RequestUrl = ""
	if !reflect.DeepEqual(with, without) {
		t.Errorf("Socket Mode changes more: %+v, %+v", with, without)
	}
}

// The command that Slack offers is the one that the bot answers to, and its hint names every subcommand of the table.
func TestSlackCommandIsTheTable(t *testing.T) {
	commands := slackManifest(t).Features.SlashCommands
	if len(commands) != 1 || commands[0].Command != bot.DefaultCommandName.Slash() || !commands[0].ShouldEscape {
		t.Fatalf("commands: %+v", commands)
	}
	hints := strings.Split(commands[0].UsageHint, " | ")
	if len(hints) != len(bot.Offered()) {
		t.Fatalf("hint %q, want one form for each of %d commands", commands[0].UsageHint, len(bot.Offered()))
	}
	for i, spec := range bot.Offered() {
		if word := strings.Fields(hints[i])[0]; spec.Word != "" && word != spec.Word {
			t.Errorf("form %d is %q, want the word %q", i, hints[i], spec.Word)
		}
		if strings.Contains(hints[i], "[subject]") != spec.Takes(bot.Subject) {
			t.Errorf("form %d is %q, subject %v", i, hints[i], spec.Takes(bot.Subject))
		}
	}
}

// Every endpoint of the manifest is served, and every one that is served is in the manifest.
func TestSlackEndpointsAreServed(t *testing.T) {
	m := slackManifest(t)
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	app, err := slackapp.New(slackapp.Config{SigningSecret: "secret", BotToken: "xoxb-1", Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	app.Register(mux, nil)
	served := func(path string) bool {
		_, pattern := mux.Handler(httptest.NewRequest(http.MethodPost, path, nil))
		return pattern != ""
	}
	var paths []string
	for _, raw := range []string{m.Features.SlashCommands[0].Url, m.Settings.EventSubscriptions.RequestUrl, m.Settings.Interactivity.RequestUrl} {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.Host != "bot.example.com" {
			t.Errorf("%q: %v", raw, err)
			continue
		}
		if !served(u.Path) {
			t.Errorf("%s is not served", u.Path)
		}
		paths = append(paths, u.Path)
	}
	want := []string{slackapp.CommandsPath, slackapp.EventsPath, slackapp.InteractivityPath}
	if !slices.Equal(paths, want) {
		t.Errorf("endpoints %v, want %v", paths, want)
	}
	if served("/slack/other") {
		t.Error("the check of what is served cannot fail")
	}
}

// A scope that a feature needs is there with the feature. What the Web API needs is shown by running the bot with these
// scopes alone.
func TestSlackScopesFollowFeatures(t *testing.T) {
	m := slackManifest(t)
	scopes := m.OAuthConfig.Scopes.Bot
	if slices.Contains(scopes, "commands") != (len(m.Features.SlashCommands) > 0) {
		t.Error("scope commands and the slash command do not go together")
	}
	if slices.Contains(scopes, "app_mentions:read") != slices.Contains(m.Settings.EventSubscriptions.BotEvents, "app_mention") {
		t.Error("scope app_mentions:read and the event app_mention do not go together")
	}
	if len(m.OAuthConfig.Scopes.User) != 0 {
		t.Error("the bot acts for nobody")
	}
}

// The scope of bookmarks is asked for where they are switched on, and with it nothing else.
func TestSlackAsksForBookmarks(t *testing.T) {
	m := slackManifestOf(t, manifest.SlackApp{URL: "https://bot.example.com", Uses: slackapp.Uses{Bookmarks: true}})
	with, without := m.OAuthConfig.Scopes.Bot, slackManifest(t).OAuthConfig.Scopes.Bot
	if !slices.Equal(with, append(slices.Clone(without), "bookmarks:write")) || slices.Contains(without, "bookmarks:write") {
		t.Errorf("with bookmarks %v, without %v", with, without)
	}
}

func TestSlackRefusesAddresses(t *testing.T) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{"", "bot.example.com", "http://bot.example.com", "https://localhost", "https://127.0.0.1:8080", "https://bot.example.com?x=1", "https://bot.example.com#x", "ftp://bot.example.com", "://"} {
		if m, err := manifest.Slack(manifest.SlackApp{URL: raw}, catalog); err == nil {
			t.Errorf("Slack(%q) = %+v, want an error", raw, m)
		}
	}
	m, err := manifest.Slack(manifest.SlackApp{URL: "https://bot.example.com/meet/"}, catalog)
	if err != nil || m.Settings.EventSubscriptions.RequestUrl != "https://bot.example.com/meet/slack/events" {
		t.Errorf("with a path: %+v, %v", m, err)
	}
}
