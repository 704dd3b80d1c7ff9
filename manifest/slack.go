// Package manifest makes the app manifests: what an administrator gives to a chat platform to create the app. They
// come from the command table that the bot answers to, and from the endpoints and permissions that its front-ends
// use, so none of them can promise what another does not keep.
package manifest

import (
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"meetbot/bot"
	"meetbot/bot/slackapp"
)

// appName is what the app is called where people look for it.
const appName = "Meetbot"

// SlackManifest is the manifest of a Slack app. It says that token rotation is off, which slack-go leaves out: the bot
// cannot use a token that expires.
type SlackManifest struct {
	slack.Manifest
	Settings SlackSettings `json:"settings"`
}

// SlackSettings are the settings of a manifest.
type SlackSettings struct {
	slack.Settings
	TokenRotationEnabled bool `json:"token_rotation_enabled"`
}

// SlackApp says what a Slack app is made for.
type SlackApp struct {
	URL    string // where its requests go, for example https://bot.example.com; of no use with Socket
	Socket bool   // Socket Mode: the bot connects to Slack, and needs no public address
	Uses   slackapp.Uses
}

// Slack returns the manifest of a Slack app. Marshalled as JSON it is what Slack's "Create an app from a manifest"
// takes. Source: Slack, "App manifest reference".
func Slack(app SlackApp, catalog *bot.Catalog) (*SlackManifest, error) {
	at := func(string) string { return "" } // in Socket Mode there are no addresses
	if !app.Socket {
		base, err := publicAddress(app.URL, "Slack")
		if err != nil {
			return nil, err
		}
		at = func(path string) string { return strings.TrimSuffix(base.String(), "/") + path }
	}
	m := slack.Manifest{
		Metadata: slack.ManifestMetadata{MajorVersion: 1},
		Display: slack.Display{
			Name:        appName,
			Description: catalog.PlainText(bot.English, bot.Message{ID: "manifest.summary"}),
		},
		Features: slack.Features{
			// Explanations by direct message need the tab that shows them; nobody is invited to write there.
			AppHome: slack.AppHome{MessagesTabEnabled: true, MessagesTabReadOnlyEnabled: true},
			BotUser: slack.BotUser{DisplayName: "meetbot", AlwaysOnline: true},
			SlashCommands: []slack.ManifestSlashCommand{{
				Command:      catalog.CommandName().Slash(),
				Description:  catalog.PlainText(bot.English, bot.Message{ID: "manifest.command"}),
				UsageHint:    usage(),
				ShouldEscape: true, // mentions and channels arrive as IDs with names, not as what somebody typed
				Url:          at(slackapp.CommandsPath),
			}},
		},
		OAuthConfig: slack.OAuthConfig{Scopes: slack.OAuthScopes{Bot: slackapp.Scopes(app.Uses)}},
	}
	settings := slack.Settings{
		EventSubscriptions: &slack.EventSubscriptions{
			RequestUrl: at(slackapp.EventsPath),
			BotEvents:  []string{string(slackevents.AppMention)},
		},
		Interactivity:     &slack.Interactivity{IsEnabled: true, RequestUrl: at(slackapp.InteractivityPath)},
		SocketModeEnabled: app.Socket,
	}
	return &SlackManifest{Manifest: m, Settings: SlackSettings{Settings: settings}}, nil
}

// usage is the hint that Slack shows behind the command: every subcommand of the table.
func usage() string {
	var forms []string
	for _, spec := range bot.Offered() {
		form := spec.Word
		if spec.Takes(bot.Subject) {
			form = strings.TrimSpace(form + " [subject]")
		}
		forms = append(forms, form)
	}
	return strings.Join(forms, " | ")
}
