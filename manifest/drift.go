package manifest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"meetbot/bot"
	"meetbot/bot/slackapp"
)

// Drift is a difference that matters between how a Slack app is configured and how the bot needs it.
type Drift struct {
	Page  string // of the app's settings, where it is mended
	Wrong string // what is wrong, and what does not work for it: a sentence
	Mend  string // what to do on that page: a sentence
	// Doubtful says that the difference may be meant so, or does no harm yet.
	Doubtful bool
}

// SlackDrift compares the manifest of a Slack app, as Slack exports it, with what the bot needs. app.URL may be empty
// if it is not known: then addresses are compared by their paths. With app.Socket no address matters. command is the
// word that calls the bot.
func SlackDrift(exported []byte, app SlackApp, command bot.CommandName) ([]Drift, error) {
	var m slack.Manifest
	if err := json.Unmarshal(exported, &m); err != nil {
		return nil, fmt.Errorf("read the exported manifest: %w", err)
	}
	d := drifts{base: strings.TrimSuffix(app.URL, "/"), socket: app.Socket}
	d.delivery(m.Settings)
	d.command(command.Slash(), m.Features.SlashCommands)
	d.events(m.Settings.EventSubscriptions)
	d.interactivity(m.Settings.Interactivity)
	var lacking []string
	for _, scope := range slackapp.Scopes(app.Uses) {
		if !slices.Contains(m.OAuthConfig.Scopes.Bot, scope) {
			lacking = append(lacking, scope)
		}
	}
	if len(lacking) > 0 {
		d.add(Drift{
			Page: "OAuth & Permissions",
			Wrong: "The app does not ask for the scopes " + strings.Join(lacking, ", ") +
				", so its next installation lacks them.",
			Mend: "Add them under Bot Token Scopes, and reinstall the app.", Doubtful: true,
		})
	}
	return d.found, nil
}

// drifts collects what differs.
type drifts struct {
	base   string // where the app's requests are to go; empty if that is not known
	socket bool
	found  []Drift
}

func (d *drifts) add(found Drift) { d.found = append(d.found, found) }

// delivery compares how Slack delivers.
func (d *drifts) delivery(s slack.Settings) {
	switch {
	case s.SocketModeEnabled && !d.socket:
		d.add(Drift{
			Page:  "Socket Mode",
			Wrong: "Socket Mode is on, so Slack sends nothing to the Request URLs, and the bot hears nothing.",
			Mend:  "Switch “Enable Socket Mode” off.",
		})
	case !s.SocketModeEnabled && d.socket:
		d.add(Drift{
			Page: "Socket Mode", Wrong: "Socket Mode is off, and the bot is set up for it, so it hears nothing.",
			Mend: "Switch “Enable Socket Mode” on.",
		})
	}
	if s.TokenRotationEnabled {
		d.add(Drift{
			Page: "OAuth & Permissions", Wrong: "Token rotation is on: the bot token expires after 12 hours, and the " +
				"bot renews none.",
			Mend: "Make the app anew from the manifest, which has token rotation off.",
		})
	}
}

func (d *drifts) command(name string, commands []slack.ManifestSlashCommand) {
	const page = "Slash Commands"
	i := slices.IndexFunc(commands, func(c slack.ManifestSlashCommand) bool { return c.Command == name })
	if i < 0 {
		d.add(Drift{
			Page: page, Wrong: "The app has no command " + name + ", so nobody can type it.",
			Mend: "Create New Command: " + name + ", with “Escape channels, users, and links” on" +
				d.withURL(slackapp.CommandsPath) + ". Then reinstall the app.",
		})
		return
	}
	d.address(page, "the command "+name, commands[i].Url, slackapp.CommandsPath)
	if !commands[i].ShouldEscape {
		d.add(Drift{
			Page: page, Wrong: "The command " + name + " does not escape users, so the bot does not know whom a " +
				"command mentions.",
			Mend: "Edit the command: switch “Escape channels, users, and links sent to your app” on.",
		})
	}
}

func (d *drifts) events(e *slack.EventSubscriptions) {
	const page = "Event Subscriptions"
	mention := string(slackevents.AppMention)
	if e == nil || !slices.Contains(e.BotEvents, mention) {
		d.add(Drift{
			Page: page, Wrong: "The app does not subscribe to " + mention + ", so the bot hears no mention, and " +
				"nothing works in threads.",
			Mend: "Switch “Enable Events” on" + d.withURL(slackapp.EventsPath) + ", and add " + mention + " under " +
				"“Subscribe to bot events”. Then reinstall the app.",
		})
		return
	}
	d.address(page, "events", e.RequestUrl, slackapp.EventsPath)
}

func (d *drifts) interactivity(i *slack.Interactivity) {
	const page = "Interactivity & Shortcuts"
	if i == nil || !i.IsEnabled {
		d.add(Drift{
			Page: page, Wrong: "Interactivity is off, so buttons of cards do nothing.",
			Mend: "Switch “Interactivity” on" + d.withURL(slackapp.InteractivityPath) + ".",
		})
		return
	}
	d.address(page, "buttons", i.RequestUrl, slackapp.InteractivityPath)
}

// withURL is what stands behind an instruction where an address has to be given.
func (d *drifts) withURL(path string) string {
	switch {
	case d.socket:
		return ""
	case d.base == "":
		return ", with a Request URL that ends in " + path
	default:
		return ", with the Request URL " + d.base + path
	}
}

// address compares one Request URL.
func (d *drifts) address(page, what, got, path string) {
	if d.socket {
		return
	}
	u, err := url.Parse(got)
	mend := "Set the Request URL to " + d.base + path + "."
	if d.base == "" {
		mend = "Set a Request URL that ends in " + path + "."
	}
	switch {
	case got == "" || err != nil || !strings.HasSuffix(u.Path, path):
		if got == "" {
			got = "nothing"
		}
		d.add(Drift{
			Page: page, Wrong: "The Request URL for " + what + " is " + got + ", where the bot has no endpoint.",
			Mend: mend,
		})
	case d.base != "" && !strings.EqualFold(got, d.base+path):
		d.add(Drift{
			Page: page, Wrong: "The Request URL for " + what + " is " + got + ", and PUBLIC_URL is " + d.base + ".",
			Mend: mend + " Or correct PUBLIC_URL.", Doubtful: true,
		})
	}
}
