package doctor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/slackapp"
)

// slackApps is where Slack apps are configured.
const slackApps = "https://api.slack.com/apps, your app, "

func (e *examination) slackReachable(ctx context.Context) []finding {
	_, f := e.upstream(ctx, "Slack", e.config.Slack.APIURL)
	return one(f)
}

// slackHooks tells whether the host answers that late answers go to. It is another one than that of the Web API, and
// is forgotten where only certain hosts are let through.
func (e *examination) slackHooks(ctx context.Context) []finding {
	address := slackapp.HookURL(e.config.Slack.APIURL)
	if strings.HasPrefix(e.config.Slack.APIURL, address) { // then slack.reachable tells
		return nil
	}
	_, f := e.upstream(ctx, "The host of Slack's response_url", address)
	if f.status == Fail {
		f.detail += " Answers that take longer than three seconds do not arrive by it."
	}
	return one(f)
}

// slackToken asks Slack what the bot token is worth.
func (e *examination) slackToken(ctx context.Context) []finding {
	const variable = "SLACK_BOT_TOKEN"
	catalog, err := bot.NewCatalog()
	if err != nil {
		return one(skip(variable, "The catalogue cannot be read ("+err.Error()+")."))
	}
	app, err := slackapp.New(slackapp.Config{
		SigningSecret: e.config.Slack.SigningSecret, AppToken: e.config.Slack.AppToken,
		BotToken: e.config.Slack.BotToken, APIURL: e.config.Slack.APIURL,
		Catalog: catalog, Language: bot.English, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return one(fail("SLACK_API_URL", "The client of Slack cannot be made ("+err.Error()+").", "Correct "+
			"SLACK_API_URL; see docs/configuration.md."))
	}
	e.atEnd(app.Close)
	e.slackApp = app
	e.slack, err = app.Examine(ctx)
	if err == nil {
		where := e.slack.Team + " (" + e.slack.TeamID + ")"
		if e.slack.EnterpriseID != "" {
			where += " of the organization " + e.slack.EnterpriseID
		}
		return one(ok(variable, "Slack accepts the token; it is of the workspace "+where+". Commands from other "+
			"workspaces are refused."))
	}
	refusal, _ := errors.AsType[*bot.Error](err)
	const copied = "Copy the Bot User OAuth Token (xoxb-…) from " + slackApps + "OAuth & Permissions."
	switch refusal.Reason {
	case "invalid_auth", "not_authed":
		return one(fail(variable, "Slack does not know the bot token ("+refusal.Reason+").", copied))
	case "account_inactive", "token_revoked":
		return one(fail(variable, "The bot token is no longer valid ("+refusal.Reason+"): the app was removed from "+
			"the workspace, or the token was revoked.", "Install the app again: "+slackApps+"Install App. Then "+
			"copy the new token."))
	case "token_expired":
		return one(fail(variable, "The bot token has expired (token_expired): token rotation is on, and the bot "+
			"renews no tokens.",
			"Make the app anew from the manifest, which has token rotation off: bot manifest slack --url "+
				"https://YOUR-ADDRESS"))
	case "org_login_required", "team_access_not_granted", "access_denied", "ekm_access_denied":
		return one(fail(variable, "Slack accepts the token, and its organization does not let the app work ("+
			refusal.Reason+").",
			"An administrator of the Slack organization approves the app: Organization settings, Integrations, "+
				"Installed apps."))
	}
	if bot.Temporary(err) {
		return one(fail(variable, "Slack gives no usable answer ("+withoutCode(err)+").", "Run bot doctor again in "+
			"a minute. If it stays, look at https://status.slack.com"))
	}
	return one(fail(variable, "Slack refuses the bot token ("+refusal.Reason+").", copied))
}

func (e *examination) slackScopes(context.Context) []finding {
	granted := e.slack.Scopes
	if len(granted) == 0 {
		return one(skip("", "Slack does not say which scopes the token has."))
	}
	var all []finding
	uses, _ := e.config.SlackUses()
	needed := slackapp.Scopes(uses)
	for _, scope := range needed {
		if slices.Contains(granted, scope) {
			continue
		}
		lacking := slackapp.ScopeOf(scope)
		report := fail
		if lacking.Optional {
			report = warn
		}
		all = append(all, report(scope, "The bot token lacks the scope "+scope+": "+lacking.Without+".", "Add it: "+
			slackApps+
			"OAuth & Permissions, Bot Token Scopes, "+scope+". Then press “Reinstall to Workspace” there; without "+
			"that nothing changes."))
	}
	var more []string
	for _, scope := range granted {
		if !slices.Contains(needed, scope) {
			more = append(more, scope)
		}
	}
	if len(more) > 0 {
		all = append(all, warn("SLACK_BOT_TOKEN", "The bot token has scopes that the bot does not use: "+
			strings.Join(more, ", ")+
			". If the token leaks, they can be misused.", "Remove them: "+slackApps+"OAuth & Permissions, Bot "+
			"Token Scopes. Then reinstall the app."))
	}
	if len(all) == 0 {
		all = one(ok("", "The token has the scopes that the bot needs, and no others."))
	}
	return all
}
