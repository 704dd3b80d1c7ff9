package teamsapp

import (
	"context"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

// Deliver answers the job, as bot.Platform wants it: in the conversation, to everybody or to the asker alone; if the
// bot may not send there, in the chat with the asker. A refusal of the bot's token ends the delivery, since it is the
// same for the other routes.
func (a *App) Deliver(ctx context.Context, j bot.Job, r bot.Reply) (bot.Posted, error) {
	return bot.DeliverByRoutes(ctx, a.routes(j, r), func(err error) bool {
		return bot.Temporary(err) || bot.CodeOf(err) == bot.ChatCredentials
	})
}

// routes lists the routes that are open, the best first.
func (a *App) routes(j bot.Job, r bot.Reply) []bot.SendRoute {
	there := func(ctx context.Context) (bot.Posted, error) { return a.post(ctx, j, r) }
	chat := func(ctx context.Context) (bot.Posted, error) { return bot.Posted{}, a.chat(ctx, j.Route, r) }
	targeted := func(ctx context.Context) (bot.Posted, error) { return bot.Posted{}, a.sendTargeted(ctx, j.Route, r) }
	public := there
	if r.PublicFallback != nil { // others must not read the reason
		said := bot.Reply{Language: r.Language, Messages: []bot.Message{*r.PublicFallback}}
		public = func(ctx context.Context) (bot.Posted, error) { return a.post(ctx, j, said) }
	}
	switch {
	case j.Route.Alone:
		return []bot.SendRoute{there}
	case r.Audience == bot.AudienceEveryone:
		return []bot.SendRoute{there, chat}
	case r.Optional:
		return []bot.SendRoute{targeted, chat}
	case r.Audience == bot.AudienceDirect:
		return []bot.SendRoute{chat, targeted, public}
	case r.Card != nil && r.Card.Withheld: // many people must not be disturbed
		return []bot.SendRoute{targeted, chat, public}
	default:
		return []bot.SendRoute{targeted, public, chat}
	}
}

// post answers in the conversation, for everybody. It returns the post that it made; a card can be changed. If Teams
// refuses a card that mentions people, perhaps because one of them has left, it names them instead.
func (a *App) post(ctx context.Context, j bot.Job, r bot.Reply) (bot.Posted, error) {
	posted, err := a.postOnce(ctx, j, r)
	if bot.CodeOf(err) != bot.Undeliverable || r.Card == nil || len(r.Card.Invited) == 0 {
		return posted, err
	}
	a.log.InfoContext(ctx, "a card with mentions was refused; it names people instead", "request", j.Trace,
		"error", err)
	card := *r.Card
	card.Invited = slices.Clone(card.Invited)
	for i := range card.Invited {
		card.Invited[i].Kind = bot.MentionUnknown
	}
	r.Card = &card
	return a.postOnce(ctx, j, r)
}

func (a *App) postOnce(ctx context.Context, j bot.Job, r bot.Reply) (posted bot.Posted, err error) {
	to := j.Route
	message := messageOf(a.catalog, r, style{alone: to.Alone})
	message.ReplyTo = to.Message
	err = a.call(ctx, to.Channel, "send", func(ctx context.Context) error {
		made, err := a.service.Reply(ctx, to.Service, to.Channel, message)
		if to.Root {
			posted.Root = made
		}
		if err == nil && r.Card != nil {
			posted.Ref = a.referenceTo(j.Conversation, reference{
				service: to.Service, place: threadOf(to, made), activity: made, alone: to.Alone,
			})
		}
		return err
	})
	return posted, err
}

// threadOf is the ID of the conversation that a post stands in: a post that begins a thread of a channel stands in that
// thread itself, as a member's post does in the activity about it.
func threadOf(to bot.Route, made string) string {
	if !to.Root || strings.Contains(to.Channel, threadMark) {
		return to.Channel
	}
	return to.Channel + threadMark + made
}

// sendTargeted answers in the conversation, for the asker alone.
func (a *App) sendTargeted(ctx context.Context, to bot.Route, r bot.Reply) error {
	message := messageOf(a.catalog, r, style{})
	message.ReplyTo = to.Message
	return a.call(ctx, to.Channel, "send to one", func(ctx context.Context) error {
		_, err := a.service.SendTargeted(ctx, to.Service, to.Channel, connector.Account{ID: to.User}, message)
		return err
	})
}

// chat answers in the chat between the asker and the bot, which the app must be installed for.
func (a *App) chat(ctx context.Context, to bot.Route, r bot.Reply) error {
	return a.call(ctx, to.User, "send to the asker's chat", func(ctx context.Context) error {
		chat, err := a.service.Chat(ctx, to.Service, a.tenant, to.User)
		if err != nil {
			return err
		}
		_, err = a.service.Reply(ctx, to.Service, chat, messageOf(a.catalog, r.Elsewhere(), style{alone: true}))
		return err
	})
}
