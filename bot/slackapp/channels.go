package slackapp

import (
	"context"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

var _ bot.Namer = (*App)(nil)

// ChannelName returns the name of the route's channel (conversations.info), as bot.Namer wants it: a mention does not
// carry it. A slash command does, unless the channel is not public. Without the scope channels:read there is no name.
func (a *App) ChannelName(ctx context.Context, at bot.Route, _ bot.Language) string {
	if at.ResponseURL != "" {
		return ""
	}
	var found *slack.Channel
	err := a.call(ctx, "conversations.info", "", func(ctx context.Context) (err error) {
		found, err = a.api().GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: at.Channel})
		return err
	})
	if err != nil {
		a.log.InfoContext(ctx, "cannot look up the name of a channel", "error", err)
		return ""
	}
	if found.IsPrivate || found.IsIM || found.IsMpIM {
		return ""
	}
	return topic(found.Name)
}
