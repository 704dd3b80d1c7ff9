package slackapp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/slack-go/slack"

	"meetbot/bot"
	"meetbot/internal/outbound"
)

// Deliver answers the job, as bot.Platform wants it: by the command's response_url; if that is spent or
// cannot be reached, in the conversation; if the bot may not write there, as a direct message to the author.
func (a *App) Deliver(ctx context.Context, j bot.Job, r bot.Reply) (bot.Posted, error) {
	return bot.DeliverByRoutes(ctx, a.routes(j, r), func(err error) bool {
		return bot.Temporary(err) && !bot.Unsent(err)
	})
}

// routes lists the routes that are open, the best first.
func (a *App) routes(j bot.Job, r bot.Reply) []bot.SendRoute {
	s := a.style(j.Route.Thread != "")
	direct := func(ctx context.Context) (bot.Posted, error) {
		_, _, err := a.post(ctx, j.Route.User, a.message(r.Elsewhere(), s))
		return bot.Posted{}, err
	}
	if r.Audience == bot.AudienceDirect {
		return []bot.SendRoute{direct}
	}
	var all []bot.SendRoute
	if j.Route.ResponseURL != "" {
		all = append(all, func(ctx context.Context) (bot.Posted, error) {
			upstream := bot.Upstream{Name: "slack:response_url:" + j.ID}
			return bot.Posted{}, bot.CallThrottled(ctx, a.throttles, upstream, func(ctx context.Context) error {
				return a.postHook(ctx, j.Route.ResponseURL, a.hookPost(j.Route, r, s))
			})
		})
	}
	all = append(all, func(ctx context.Context) (bot.Posted, error) {
		if r.Audience == bot.AudienceEveryone {
			return a.postThere(ctx, j.Route, r)
		}
		return bot.Posted{}, a.postEphemeral(ctx, j.Route, inThread(a.message(r, s), j.Route.Thread))
	})
	return append(all, direct)
}

// message is a reply as the Web API takes messages.
func (a *App) message(r bot.Reply, s style) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(r.Text(a.catalog, s), false),
		slack.MsgOptionBlocks(blocks(a.catalog, r, s)...),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
}

// inThread puts a message into a thread, unless that is empty.
func inThread(message []slack.MsgOption, thread string) []slack.MsgOption {
	if thread == "" {
		return message
	}
	return append(message, slack.MsgOptionTS(thread))
}

// post sends a message to a channel, or to a user as a direct message. It returns where the message is.
// Slack's limit is one for each channel. Source: Slack, "Rate limits", section "Posting messages".
func (a *App) post(ctx context.Context, to string, options []slack.MsgOption) (channel, ts string, err error) {
	err = a.call(ctx, "chat.postMessage", to, func(ctx context.Context) (err error) {
		channel, ts, err = a.api().PostMessageContext(ctx, to, options...)
		return err
	})
	return channel, ts, err
}

// postEphemeral shows a message in the conversation to the asker alone.
func (a *App) postEphemeral(ctx context.Context, to bot.Route, options []slack.MsgOption) error {
	return a.call(ctx, "chat.postEphemeral", to.Channel, func(ctx context.Context) error {
		_, err := a.api().PostEphemeralContext(ctx, to.Channel, to.User, options...)
		return err
	})
}

// hookPost is an answer as it is posted to a response_url. After the press of a button Slack puts it into the thread
// that it names, or in place of the message with the button. Source: Slack, "Handling user interaction", section
// "Message responses".
type hookPost struct {
	answer
	Thread  string `json:"thread_ts,omitempty"`
	Replace bool   `json:"replace_original"`
}

// hookPost is a reply as an answer to the route's response_url. It takes the place of the pressed message if both are
// for the asker alone: what the message said is out of date then. A message for one user cannot become one for all.
func (a *App) hookPost(to bot.Route, r bot.Reply, s style) hookPost {
	m := hookPost{answer: answerTo(a.catalog, r, s)}
	if m.Replace = to.Private && r.Audience == bot.AudienceAsker; !m.Replace {
		m.Thread = to.Thread
	}
	return m
}

// postHook posts to a response_url. That works five times within 30 minutes; after that Slack answers with an error,
// and the route is spent. Source: Slack, "Handling user interaction", section "Message responses".
func (a *App) postHook(ctx context.Context, responseURL string, m hookPost) error {
	const what = "response_url"
	if err := a.checkHookURL(responseURL); err != nil {
		return &bot.Error{Code: bot.Undeliverable, Err: err}
	}
	body, err := json.Marshal(m)
	if err != nil {
		return &bot.Error{Code: bot.Undeliverable, Err: fmt.Errorf("%s: %w", what, err)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, responseURL, bytes.NewReader(body))
	if err != nil {
		return &bot.Error{Code: bot.Undeliverable, Err: fmt.Errorf("%s: cannot make request", what)}
	}
	req.Header.Set("Content-Type", jsonType)
	var connected atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
	resp, err := a.hooks.Do(req)
	if err != nil {
		err = fmt.Errorf("%s: %w", what, outbound.Redact(err))
		return &bot.Error{Code: bot.Unavailable, Unsent: !connected.Load(), Err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		err = fmt.Errorf("%s: %w", what, outbound.Redact(err))
		return &bot.Error{Code: bot.Unavailable, Status: resp.StatusCode, Err: err}
	}
	return hookError(resp, answer)
}

// hookError says what Slack's answer to a post to a response_url means.
func hookError(resp *http.Response, answer []byte) error {
	cause := fmt.Errorf("response_url: HTTP status %d", resp.StatusCode)
	switch {
	case resp.StatusCode/100 == 2:
		var refused struct {
			OK    *bool  `json:"ok"`
			Error string `json:"error"`
		}
		if json.Unmarshal(answer, &refused) == nil && refused.OK != nil && !*refused.OK {
			reason := errorCode(refused.Error)
			return &bot.Error{Code: bot.Undeliverable, Status: resp.StatusCode, Err: cause, Reason: reason}
		}
		return nil
	case resp.StatusCode == http.StatusTooManyRequests:
		e := throttled(resp.Header)
		e.Err = cause
		return e
	case resp.StatusCode >= http.StatusInternalServerError, resp.StatusCode == http.StatusRequestTimeout:
		return &bot.Error{Code: bot.Unavailable, Status: resp.StatusCode, Err: cause}
	default:
		return &bot.Error{Code: bot.Undeliverable, Status: resp.StatusCode, Err: cause}
	}
}
