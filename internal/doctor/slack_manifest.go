package doctor

import (
	"context"
	"errors"

	"meetbot/bot"
	"meetbot/manifest"
)

// slackManifest compares how the Slack app is configured with what the bot needs. Slack tells that only to a
// configuration token, which few have: without one nothing is said.
func (e *examination) slackManifest(ctx context.Context) []finding {
	const variable = "SLACK_CONFIG_TOKEN"
	token := e.config.Slack.ConfigToken
	if token == "" {
		return nil
	}
	const another = " Make another one: https://api.slack.com/apps, Your App Configuration Tokens, Generate Token; " +
		"use the access token (xoxe.xoxp-…)."
	app, exported, err := e.slackApp.ExportManifest(ctx, token, e.slack.BotID)
	if err != nil {
		refusal, _ := errors.AsType[*bot.Error](err)
		switch {
		case app == "":
			return one(skip("", "Slack does not tell which app the bot token is of ("+withoutCode(err)+")."))
		case refusal.Reason == "token_expired":
			return one(skip(variable, "The configuration token has expired: it is good for 12 hours. The app's "+
				"settings "+
				"were not compared."+another))
		case refusal.Reason == "invalid_auth" || refusal.Reason == "not_allowed_token_type":
			return one(warn(variable, "Slack does not take the value for a configuration token "+
				"("+refusal.Reason+"). The "+
				"app's settings were not compared.", "Remove it, or replace it."+another))
		case refusal.Code == bot.Undeliverable || refusal.Code == bot.ChatCredentials:
			return one(warn(variable, "With this configuration token Slack does not show the settings of the app "+app+
				" ("+refusal.Reason+").", "Let a collaborator of the app make the token, in the workspace that the "+
				"app "+
				"belongs to."+another))
		}
		return one(skip(variable, "Slack gives no usable answer ("+withoutCode(err)+")."))
	}
	uses, _ := e.config.SlackUses()
	name, err := e.config.Places.Name()
	if err != nil { // the checks of the configuration tell
		name = bot.DefaultCommandName
	}
	drift, err := manifest.SlackDrift(exported, manifest.SlackApp{
		URL: e.config.Links.PublicURL, Uses: uses, Socket: e.socketMode(),
	}, name)
	if err != nil {
		return one(skip(variable, "The app's settings cannot be read ("+err.Error()+")."))
	}
	var all []finding
	for _, d := range drift {
		report := fail
		if d.Doubtful {
			report = warn
		}
		all = append(all, report(d.Page, d.Wrong, "https://api.slack.com/apps/"+app+", "+d.Page+": "+d.Mend))
	}
	if len(all) == 0 {
		all = one(ok(app, "The app's settings are what the bot needs."))
	}
	return all
}

// socketMode tells whether what Slack delivers comes by a connection that the bot makes, and not to an address.
func (e *examination) socketMode() bool { return e.config.Slack.AppToken != "" }
