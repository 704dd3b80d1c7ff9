package teamsapp

import (
	"context"
	"errors"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

// route is one way for a reply to reach its reader. It returns the root post that was made in a channel, if it was one.
type route func(ctx context.Context) (root string, err error)

// Deliver answers the job, as bot.Platform wants it: in the conversation, to everybody or to the asker alone, or, if the
// bot may not speak there, in the chat with the asker.
func (a *App) Deliver(ctx context.Context, j bot.Job, r bot.Reply) (string, error) {
	failed := &bot.Error{Code: bot.Undeliverable}
	for _, send := range a.routes(j, r) {
		root, err := send(ctx)
		if err == nil {
			return root, nil
		}
		if bot.Temporary(err) || bot.CodeOf(err) == bot.ChatCredentials { // which is as true of the other routes
			return "", err
		}
		failed.Err = errors.Join(failed.Err, err)
	}
	return "", failed
}

// routes lists the ways that are open, the best first.
func (a *App) routes(j bot.Job, r bot.Reply) []route {
	there := func(ctx context.Context) (string, error) { return a.post(ctx, j.Route, r) }
	chat := func(ctx context.Context) (string, error) { return "", a.chat(ctx, j.Route, r) }
	whisper := func(ctx context.Context) (string, error) { return "", a.whisper(ctx, j.Route, r) }
	aloud := there
	if r.PublicFallback != nil { // the reason is nobody else's affair
		said := bot.Reply{Language: r.Language, Messages: []bot.Message{*r.PublicFallback}}
		aloud = func(ctx context.Context) (string, error) { return a.post(ctx, j.Route, said) }
	}
	switch {
	case j.Route.Alone:
		return []route{there}
	case r.Audience == bot.AudienceEveryone:
		return []route{there, chat}
	case r.Audience == bot.AudienceDirect:
		return []route{chat, whisper, aloud}
	default:
		return []route{whisper, aloud, chat}
	}
}

// post answers in the conversation, for everybody to read.
func (a *App) post(ctx context.Context, to bot.Route, r bot.Reply) (root string, err error) {
	message := messageOf(a.catalog, r, style{alone: to.Alone})
	message.ReplyTo = to.Message
	err = a.call(ctx, to.Channel, "send", func(ctx context.Context) error {
		made, err := a.service.Reply(ctx, to.Service, to.Channel, message)
		if to.Root {
			root = made
		}
		return err
	})
	return root, err
}

// whisper answers in the conversation, for the asker alone.
func (a *App) whisper(ctx context.Context, to bot.Route, r bot.Reply) error {
	message := messageOf(a.catalog, r, style{})
	message.ReplyTo = to.Message
	return a.call(ctx, to.Channel, "send to one", func(ctx context.Context) error {
		_, err := a.service.Whisper(ctx, to.Service, to.Channel, connector.Account{ID: to.User}, message)
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
		_, err = a.service.Reply(ctx, to.Service, chat, messageOf(a.catalog, r, style{alone: true}))
		return err
	})
}
