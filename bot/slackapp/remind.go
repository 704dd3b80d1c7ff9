package slackapp

import (
	"context"

	"meetbot/bot"
)

var _ bot.Reminder = (*App)(nil)

// Remind posts a reply for everybody as bot.Reminder wants it: in the conversation's thread if it is one, otherwise in
// the thread of the newest card of the meeting. Where there is no such card, or Slack refuses a message there (the card
// is deleted, its thread is locked), it is posted in the channel.
func (a *App) Remind(ctx context.Context, c bot.Conversation, cards []bot.PostedCard, r bot.Reply) (bot.Posted, error) {
	if err := a.reaches(c); err != nil {
		return bot.Posted{}, unsent(err)
	}
	to := bot.Route{Channel: c.Channel, Thread: c.Thread}
	post := func(ctx context.Context) (bot.Posted, error) { return a.Post(ctx, bot.Job{Route: to}, r) }
	routes := []bot.SendRoute{post}
	if root := rootFor(c, cards, r.Card.Meeting.Generation); root != "" {
		below := bot.Route{Channel: c.Channel, Thread: root}
		routes = []bot.SendRoute{
			func(ctx context.Context) (bot.Posted, error) { return a.Post(ctx, bot.Job{Route: below}, r) }, post,
		}
	}
	return bot.DeliverByRoutes(ctx, routes, func(err error) bool {
		return bot.Temporary(err) || bot.CodeOf(err) == bot.ChatCredentials
	})
}

// rootFor is the message whose thread a channel's reminder stands in: the newest card of the meeting that stands in the
// channel itself. It is empty if there is none, and in a thread.
func rootFor(c bot.Conversation, cards []bot.PostedCard, generation int) string {
	for _, card := range cards {
		p, ok := parseRef(card.Ref)
		if ok {
			p, ok = p.in(c)
		}
		if ok && card.Generation == generation && !p.thread && c.Thread == "" {
			return p.timeStamp
		}
	}
	return ""
}

// unsent is an error that comes before anything was sent.
func unsent(err error) error {
	return &bot.Error{Code: bot.CodeOf(err), Unsent: true, Err: err}
}
