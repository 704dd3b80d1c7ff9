package teamsapp

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

var _ bot.Placer = (*App)(nil)

// generalChannel is what Teams calls the first channel of a team, whose name the service leaves out.
const generalChannel = "General"

// placeName is what an activity, whose token was checked, calls its place: see [bot.Place]. It is empty where Teams
// does not tell, as in most messages in channels.
func placeName(in connector.Activity) string {
	switch in.Conversation.Kind {
	case connector.Personal:
		return bot.PlaceDirect
	case connector.Channel:
		return bot.CleanText(in.ChannelData.Channel.Name)
	default:
		return bot.PlaceGroup
	}
}

// IsConversationID tells whether a text is the ID of a channel or a chat.
func IsConversationID(text string) bool {
	return strings.HasPrefix(text, "19:") || strings.HasPrefix(text, "a:")
}

// IsPlaceID is [IsConversationID], as bot.Placer wants it.
func (*App) IsPlaceID(rule string) bool { return IsConversationID(rule) }

// Place asks Teams what a channel is called, as bot.Placer wants it: in the list of the channels of its team, which the
// route names. The route also tells chats from channels.
func (a *App) Place(ctx context.Context, c bot.Conversation, at bot.Route) (bot.Place, error) {
	switch {
	case at.Alone:
		return bot.Place{Name: bot.PlaceDirect}, nil
	case at.Chat:
		return bot.Place{Name: bot.PlaceGroup}, nil
	case at.Team == "" || at.Service == "":
		return bot.Place{}, &bot.Error{Code: bot.Undeliverable, Err: errors.New("the channel's team is not known")}
	}
	channels, err := a.channels(ctx, at)
	if err != nil {
		return bot.Place{}, err
	}
	for _, channel := range channels {
		if channel.ID == c.Channel {
			return bot.Place{Name: cmp.Or(bot.CleanText(channel.Name), generalChannel)}, nil
		}
	}
	return bot.Place{}, &bot.Error{Code: bot.Undeliverable, Err: errors.New("the team has no such channel")}
}

// Bounds of counting the members of a conversation.
const (
	membersPage  = 500 // the most that Teams gives at once
	membersPages = 20
)

// PlaceSize counts the members of a channel or chat page by page, until there are enough, as bot.Placer wants it. Those
// of a standard channel are the members of its team.
func (a *App) PlaceSize(ctx context.Context, c bot.Conversation, at bot.Route, enough int) (int, error) {
	switch {
	case at.Alone:
		return 1, nil
	case at.Service == "":
		return 0, &bot.Error{Code: bot.Undeliverable, Err: errors.New("the service of the conversation is not known")}
	}
	people, next := 0, ""
	for range membersPages {
		err := a.call(ctx, c.Channel, "count members", func(ctx context.Context) error {
			n, following, err := a.service.CountMembers(ctx, at.Service, c.Channel, membersPage, next)
			if err == nil {
				people, next = people+n, following
			}
			return err
		})
		if err != nil {
			return 0, err
		}
		if next == "" || people >= enough {
			break
		}
	}
	return people, nil
}
