package slackapp

import (
	"context"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

var _ bot.Inviter = (*App)(nil)

// GroupMembers lists the users of a user group (usergroups.users.list), as bot.Inviter wants it. Without the scope
// usergroups:read nobody of a group is invited, and Slack itself tells those in the channel whom the card mentions.
func (a *App) GroupMembers(ctx context.Context, _, group string) ([]string, error) {
	var members []string
	err := a.call(ctx, "usergroups.users.list", "", func(ctx context.Context) (err error) {
		members, err = a.api().GetUserGroupMembersContext(ctx, group)
		return err
	})
	return members, err
}

// Bounds of looking for people among the members of a channel: a larger channel is not read to its end.
const (
	membersPage  = 999 // the most that Slack gives at once: document "conversations.members"
	membersPages = 10
)

// Outside returns those who are no members of the channel (conversations.members), as bot.Inviter wants it. In a direct
// message there are only its author and the bot. Where Slack does not let the bot read the members, or where there are
// too many of them, whoever was not found counts as outside: a message too many does no harm.
func (a *App) Outside(ctx context.Context, at bot.Route, users []string) ([]string, error) {
	outside := slices.Clone(users)
	if strings.HasPrefix(at.Channel, "D") {
		return outside, nil
	}
	cursor := ""
	for range membersPages {
		var members []string
		err := a.call(ctx, "conversations.members", "", func(ctx context.Context) (err error) {
			members, cursor, err = a.api().GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{
				ChannelID: at.Channel, Cursor: cursor, Limit: membersPage,
			})
			return err
		})
		if bot.Temporary(err) {
			return nil, err
		}
		if err != nil {
			a.log.InfoContext(ctx, "cannot read who is in a channel; everybody who is invited gets a direct message",
				"error", err)
			return outside, nil
		}
		outside = slices.DeleteFunc(outside, func(user string) bool { return slices.Contains(members, user) })
		if cursor == "" || len(outside) == 0 {
			break
		}
	}
	return outside, nil
}
