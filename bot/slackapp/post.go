package slackapp

import (
	"context"
	"errors"
	"fmt"

	"meetbot/bot"
)

var _ bot.Poster = (*App)(nil)

// Post sends a reply for everybody by chat.postMessage, as bot.Poster wants it. Where Slack refuses the bot's messages,
// the error is Undeliverable and Unsent, and for an hour it comes without a call: there, only the answer in place is
// left, and it must not wait for Slack to refuse again.
func (a *App) Post(ctx context.Context, j bot.Job, r bot.Reply) (bot.Posted, error) {
	if reason := a.refused.reason(placeOf(j.Route)); reason != "" {
		err := fmt.Errorf("chat.postMessage was refused before: %s", reason)
		return bot.Posted{}, &bot.Error{Code: bot.Undeliverable, Unsent: true, Reason: reason, Err: err}
	}
	posted, err := a.postThere(ctx, j.Route, r)
	if e, ok := errors.AsType[*bot.Error](err); ok {
		if mayNotPost[e.Reason] {
			e.Code = bot.Undeliverable
		}
		e.Unsent = e.Unsent || e.Code == bot.Undeliverable || e.Code == bot.Throttled
	}
	return posted, err
}

// placeOf is where the route's messages for everybody go.
func placeOf(to bot.Route) place { return place{to.Channel, to.Thread != ""} }

// postThere sends a reply for everybody to the route's conversation, and remembers if Slack refuses messages there.
func (a *App) postThere(ctx context.Context, to bot.Route, r bot.Reply) (bot.Posted, error) {
	threaded := to.Thread != ""
	message := inThread(a.message(r, a.style(threaded)), to.Thread)
	channel, ts, err := a.post(ctx, to.Channel, message)
	if err != nil {
		if e, ok := errors.AsType[*bot.Error](err); ok {
			a.refused.note(placeOf(to), e)
		}
		return bot.Posted{}, err
	}
	a.refused.allow(placeOf(to))
	posted := bot.Posted{Ref: posting{channel, ts, threaded}.ref()}
	if !threaded {
		posted.Root = ts
	}
	return posted, nil
}
