package doctor

import (
	"context"
	"errors"
	"strings"

	"meetbot/bot"
)

// slackSocket asks Slack where to connect, as the bot does in Socket Mode, and tells whether that place answers. It
// does not connect: a connection of the doctor's would get commands.
func (e *examination) slackSocket(ctx context.Context) []finding {
	const variable = "SLACK_APP_TOKEN"
	if !e.socketMode() || e.slackApp == nil { // slack.reachable or slack.token tells
		return nil
	}
	place, err := e.slackApp.ExamineSocket(ctx)
	if err == nil {
		_, f := e.upstream(ctx, "The host of Slack's Socket Mode", place)
		if f.status == Fail {
			f.detail += " The bot cannot connect to it, so it hears no commands."
			return one(f)
		}
		return one(ok(variable, "Slack accepts the token. Whether Socket Mode is on in the app's settings shows when "+
			"the bot connects."))
	}
	const another = "Make an app-level token with the scope connections:write: " + slackApps + "Basic Information, " +
		"App-Level Tokens. Set SLACK_APP_TOKEN to it."
	refusal, _ := errors.AsType[*bot.Error](err)
	switch {
	case refusal == nil:
		return one(fail(variable, strings.ToUpper(err.Error()[:1])+err.Error()[1:]+".", "Correct SLACK_API_URL, or "+
			"remove it."))
	case refusal.Code == bot.Throttled:
		return one(warn(variable, "Slack limits how often the app may ask where to connect, so the token was not "+
			"tried.", "Run bot doctor again in a minute."))
	case bot.Temporary(err):
		return one(warn(variable, "Slack gives no usable answer ("+withoutCode(err)+"), so the token was not tried.",
			"Run bot doctor again in a minute. If it stays, look at https://status.slack.com"))
	case refusal.Reason == "missing_scope":
		return one(fail(variable, "The token lacks the scope connections:write (missing_scope).", another))
	case refusal.Reason == "not_allowed_token_type":
		return one(fail(variable, "The token is no app-level token (not_allowed_token_type).", another))
	case refusal.Reason == "forbidden_team", refusal.Reason == "accesslimited", refusal.Reason == "access_denied":
		return one(fail(variable, "Slack does not let this workspace or this network use Socket Mode ("+refusal.Reason+
			").", "Ask an administrator of the Slack organization, or let Slack send requests: set "+
			"SLACK_SIGNING_SECRET in place of SLACK_APP_TOKEN."))
	default:
		return one(fail(variable, "Slack does not accept the token ("+refusal.Reason+").", another))
	}
}
