package teamsapp

import (
	"context"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

var _ bot.Namer = (*App)(nil)

// ChannelName returns the name of the route's channel, as bot.Namer wants it. An activity does not carry it, so the
// service is asked for the team's channels. The General channel has its team's ID and no name of its own: each client
// writes it in its language. Source: Microsoft, "Get Teams specific context for your bot", section "Get the list of
// channels in a team".
func (a *App) ChannelName(ctx context.Context, at bot.Route, lang bot.Language) string {
	channel, _, _ := strings.Cut(at.Channel, threadMark)
	switch {
	case at.Team == "" || channel == "":
		return ""
	case channel == at.Team:
		return a.catalog.PlainText(lang, bot.Message{ID: "subject.general"})
	}
	var all []connector.ID
	err := a.call(ctx, "channels of "+at.Team, "list channels", func(ctx context.Context) (err error) {
		all, err = a.service.Channels(ctx, at.Service, at.Team)
		return err
	})
	if err != nil {
		a.log.InfoContext(ctx, "cannot look up the name of a channel", "error", err)
	}
	i := slices.IndexFunc(all, func(c connector.ID) bool { return c.ID == channel })
	if i < 0 {
		return ""
	}
	return bot.Clip(bot.CleanText(all[i].Name), maxName)
}
