package slackapp

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

var _ bot.Placer = (*App)(nil)

// placeName is what a signed request calls its place: see [bot.Place]. It is empty where Slack does not tell: events
// have no name, and those of private channels are withheld.
func placeName(channel, name string) string {
	switch {
	case strings.HasPrefix(channel, "D"):
		return bot.PlaceDirect
	case strings.HasPrefix(name, "mpdm-"):
		return bot.PlaceGroup
	case name == "privategroup", name == "directmessage":
		return ""
	default:
		return name
	}
}

// conversationID is the form of a conversation's ID. Channels have names in lower case.
var conversationID = regexp.MustCompile(`^[CDG][A-Z0-9]{7,}$`)

// IsConversationID tells whether a text is the ID of a channel, a group message or a direct message.
func IsConversationID(text string) bool { return conversationID.MatchString(text) }

// IsPlaceID is [IsConversationID], as bot.Placer wants it.
func (*App) IsPlaceID(rule string) bool { return IsConversationID(rule) }

// Place asks Slack what a channel is called (conversations.info), as bot.Placer wants it. Slack tells nothing about a
// private channel that the bot is not a member of.
func (a *App) Place(ctx context.Context, c bot.Conversation, _ bot.Route) (bot.Place, error) {
	if strings.HasPrefix(c.Channel, "D") {
		return bot.Place{Name: bot.PlaceDirect}, nil
	}
	found, err := a.channel(ctx, c)
	if err != nil {
		return bot.Place{}, err
	}
	if found.IsMpIM {
		return bot.Place{Name: bot.PlaceGroup}, nil
	}
	return bot.Place{Name: found.Name}, nil
}

// PlaceSize asks Slack how many members a channel has (conversations.info), the bot among them, as bot.Placer wants it.
func (a *App) PlaceSize(ctx context.Context, c bot.Conversation, _ bot.Route, _ int) (int, error) {
	if strings.HasPrefix(c.Channel, "D") {
		return 1, nil
	}
	found, err := a.channel(ctx, c)
	if err != nil {
		return 0, err
	}
	return found.NumMembers, nil
}

// channel asks Slack about a channel. A refusal for want of a permission or of membership is Undeliverable: the bot
// goes on without what it asked for.
func (a *App) channel(ctx context.Context, c bot.Conversation) (found *slack.Channel, err error) {
	if err := a.reaches(c); err != nil {
		return nil, err
	}
	err = a.call(ctx, "conversations.info", "", func(ctx context.Context) (err error) {
		found, err = a.api().GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{
			ChannelID: c.Channel, IncludeNumMembers: true,
		})
		return err
	})
	if e, ok := errors.AsType[*bot.Error](err); ok && mayNotPost[e.Reason] {
		e.Code = bot.Undeliverable
	}
	return found, err
}
