package teamsapp

import (
	"context"
	"errors"

	"meetbot/bot"
)

var _ bot.Reminder = (*App)(nil)

// Remind posts a reply for everybody as bot.Reminder wants it: where the newest card of the meeting stands, in its
// thread if that is in a channel. Where there is no such card, it is the newest of any meeting, since where to send is
// known from a card alone. Without a card the error is Undeliverable.
func (a *App) Remind(ctx context.Context, c bot.Conversation, cards []bot.PostedCard, r bot.Reply) (bot.Posted, error) {
	below, ok := a.newest(c, cards, r.Card.Meeting.Generation)
	if !ok {
		return bot.Posted{}, &bot.Error{Code: bot.Undeliverable, Unsent: true, Err: errors.New(
			"remind: no card tells where Teams takes messages for the conversation")}
	}
	message := messageOf(a.catalog, r, style{alone: below.alone})
	return bot.Posted{}, a.call(ctx, below.place, "remind", func(ctx context.Context) error {
		_, err := a.service.Reply(ctx, below.service, below.place, message)
		return err
	})
}

// newest is where the newest card of the meeting stands, or the newest of any; false if there is none.
func (a *App) newest(c bot.Conversation, cards []bot.PostedCard, generation int) (newest reference, found bool) {
	for _, card := range cards {
		m, ok := a.readReference(c, card.Ref)
		switch {
		case ok && card.Generation == generation:
			return m, true
		case ok && !found:
			newest, found = m, true
		}
	}
	return newest, found
}
