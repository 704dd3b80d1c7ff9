package slackapp

import (
	"context"

	"meetbot/bot"
)

var _ bot.Namer = (*App)(nil)

// ChannelName returns the name of the conversation's channel (conversations.info), as bot.Namer wants it: a mention
// does not carry it. A slash command does, unless the channel is not public. Without the scope channels:read there is
// no name.
func (a *App) ChannelName(ctx context.Context, c bot.Conversation, at bot.Route, _ bot.Language) string {
	if at.ResponseURL != "" {
		return ""
	}
	found, err := a.channel(ctx, c)
	if err != nil {
		a.log.InfoContext(ctx, "cannot look up the name of a channel", "error", err)
		return ""
	}
	if found.IsPrivate || found.IsIM || found.IsMpIM {
		return ""
	}
	return topic(found.Name)
}
