package slackapp

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

var _ bot.Updater = (*App)(nil)

// Update replaces a message by chat.update, as bot.Updater wants it. Slack limits that method by its calls in a minute,
// whatever channels they are for. Source: Slack, "chat.update", "Rate limits": Tier 3.
func (a *App) Update(ctx context.Context, c bot.Conversation, ref bot.MessageRef, r bot.Reply) error {
	if err := a.reaches(c); err != nil {
		return err
	}
	p, ok := parseRef(ref)
	if ok {
		p, ok = p.in(c)
	}
	if !ok {
		return &bot.Error{Code: bot.Undeliverable, Err: errors.New("reference names no message of the conversation")}
	}
	// Without parse, Slack would look for names and links in the text, as it does in what people type.
	message := append(a.message(r, a.style(p.thread)), slack.MsgOptionParse(false))
	err := a.call(ctx, "chat.update", "", func(ctx context.Context) error {
		_, _, _, err := a.api().UpdateMessageContext(ctx, p.channel, p.timeStamp, message...)
		return err
	})
	if e, ok := errors.AsType[*bot.Error](err); ok && e.Reason == "no_permission" { // the bot is not a member any more
		e.Code = bot.Undeliverable
	}
	return err
}

// reaches returns nil if the conversation is in the app's workspace. The error is Undeliverable for another workspace,
// and Unavailable while the app's own is not known.
func (a *App) reaches(c bot.Conversation) error {
	switch {
	case a.Ready() != nil:
		return &bot.Error{Code: bot.Unavailable, Err: errNotConnected}
	case c.Platform != Platform || !a.Serves(c.Workspace):
		return &bot.Error{Code: bot.Undeliverable, Err: errors.New("conversation is in another workspace")}
	default:
		return nil
	}
}
