package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"meetbot/bot"
	"meetbot/manifest"
)

// Slack is what the Slack app is made for.
type Slack manifest.SlackApp

// Write writes the link by which the app is created, what to copy from it, and the manifest. The error says what is
// wrong with the address.
func (s Slack) Write(w io.Writer, catalog *bot.Catalog) error {
	m, err := manifest.Slack(manifest.SlackApp(s), catalog)
	if err != nil {
		return err
	}
	link, err := createLink(m)
	if err != nil {
		return err
	}
	p := &page{}
	p.heading(1, "The Slack app of meetbot")
	if s.Socket {
		p.say("In Socket Mode: the bot connects to Slack, so it needs no address that Slack can reach. Nothing was " +
			"run.")
	} else {
		p.say("For requests over HTTP, to " + s.URL + ". Nothing was run.")
	}
	p.table(
		[]string{"step", "who may do it"},
		[]string{"1. create the app", "every member, unless an owner of the workspace has restricted it"},
		[]string{"2. install it", "every member, or the people who approve apps in this workspace"},
		[]string{"3. copy what the bot needs", "the person who created the app, and its collaborators"},
	)
	p.heading(2, "1. Create the app")
	p.say("Open this link, pick the workspace, and press *Create*. Slack shows what the manifest asks for first.")
	p.block("", link)
	p.say("The link holds the manifest at the end. If it does not open, go to " +
		"<https://api.slack.com/apps?new_app=1>, choose *From a manifest*, and paste that.")
	p.heading(2, "2. Install it")
	p.say("*Install App*, *Install to …*, *Allow*. The scopes, and the worst that each allows:")
	p.text.WriteString("\n" + ScopeTable())
	p.heading(2, "3. Copy what the bot needs")
	if s.Socket {
		p.say("*Basic Information*, *App-Level Tokens*, *Generate Token and Scopes*: any name, the scope " +
			"`connections:write`. A thief of this token could receive what is meant for the bot. *OAuth & " +
			"Permissions* has the bot token.")
		p.block(inBash, "export SLACK_APP_TOKEN=xapp-…", "export SLACK_BOT_TOKEN=xoxb-…")
		p.say("Leave `SLACK_SIGNING_SECRET` out: in Socket Mode there are no signed requests.")
	} else {
		p.say("*Basic Information*, *App Credentials*, *Signing Secret*; then *OAuth & Permissions*, *Bot User " +
			"OAuth Token*.")
		p.block(inBash, "export SLACK_SIGNING_SECRET=…", "export SLACK_BOT_TOKEN=xoxb-…")
	}
	p.say("Check, where the bot runs and with this in the environment:")
	p.block(inBash, "bot doctor --only slack")
	p.heading(2, "The manifest")
	var text bytes.Buffer
	if err := manifest.WriteJSON(&text, m); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	p.block(inJSON, string(bytes.TrimSpace(text.Bytes())))
	return p.writeTo(w)
}

// createLink leads to the page that creates an app from this manifest (document "Configuring apps with app manifests").
func createLink(m *manifest.SlackManifest) (string, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(m); err != nil {
		return "", fmt.Errorf("write the manifest: %w", err)
	}
	// A blank is "+" in a form alone, and "%20" everywhere. A "+" of the manifest is "%2B" by then.
	encoded := strings.ReplaceAll(url.QueryEscape(string(bytes.TrimSpace(text.Bytes()))), "+", "%20")
	return "https://api.slack.com/apps?new_app=1&manifest_json=" + encoded, nil
}
