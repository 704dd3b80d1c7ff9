package doctor

import (
	"context"
	"fmt"

	"meetbot/bot/slackapp"
)

// slackPrevious tells whether the signing secret of before can go.
func (e *examination) slackPrevious(ctx context.Context) []finding {
	const variable = "SLACK_SIGNING_SECRET_PREVIOUS"
	previous := e.config.Slack.PreviousSecret
	switch previous {
	case "":
		return nil
	case e.config.Slack.SigningSecret:
		return one(warn(variable, "It is the same as SLACK_SIGNING_SECRET, so it has no effect.", "Remove it. Where "+
			"you are about to change the secret, put the new one into SLACK_SIGNING_SECRET."))
	}
	figures, err := e.figures(ctx)
	if err != nil {
		return one(skip(variable, "No running bot tells whether Slack still signs with it ("+err.Error()+")."))
	}
	if n := figures.signed[slackapp.Previous]; n > 0 {
		return one(ok(variable, fmt.Sprintf("%d requests were signed with it since the bot's start, and %d with "+
			"SLACK_SIGNING_SECRET.", n, figures.signed[slackapp.Current])))
	}
	if figures.signed[slackapp.Current] == 0 {
		return one(ok(variable, "No request of Slack's has come since the bot's start."))
	}
	return one(warn(variable, "No request was signed with it since the bot's start: the secret of before still "+
		"counts, and nobody needs it.", "Look at the other replicas, too; then remove it."))
}
