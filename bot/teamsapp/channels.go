package teamsapp

import (
	"context"
	"slices"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

var _ bot.Namer = (*App)(nil)

// ChannelName returns the name of the conversation's channel, as bot.Namer wants it. An activity does not carry it, so
// the service is asked for the team's channels. The General channel has its team's ID and no name of its own: each
// client writes it in its language.
func (a *App) ChannelName(ctx context.Context, c bot.Conversation, at bot.Route, lang bot.Language) string {
	switch {
	case at.Team == "" || at.Service == "":
		return ""
	case c.Channel == at.Team:
		return a.catalog.PlainText(lang, bot.Message{ID: "subject.general"})
	}
	all, err := a.channels(ctx, at)
	if err != nil {
		a.log.InfoContext(ctx, "cannot look up the name of a channel", "error", err)
	}
	i := slices.IndexFunc(all, func(found connector.ID) bool { return found.ID == c.Channel })
	if i < 0 {
		return ""
	}
	return bot.Clip(bot.CleanText(all[i].Name), maxName)
}

// channels lists the channels of the route's team. Source: Microsoft, "Get Teams specific context for your bot",
// section "Get the list of channels in a team".
func (a *App) channels(ctx context.Context, at bot.Route) (all []connector.ID, err error) {
	err = a.call(ctx, "channels of "+at.Team, "list channels", func(ctx context.Context) (err error) {
		all, err = a.service.Channels(ctx, at.Service, at.Team)
		return err
	})
	return all, err
}
