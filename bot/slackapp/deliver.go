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
	options := []slack.MsgOption{
		slack.MsgOptionText(r.Text(a.catalog, s), false),
		slack.MsgOptionBlocks(blocks(a.catalog, r, s)...),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
	direct := func(ctx context.Context) (bot.Posted, error) {
		_, err := a.post(ctx, j.Route.User, options)
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
				m := hookPost{answer: answerTo(a.catalog, r, s), Thread: j.Route.Thread}
				return a.postHook(ctx, j.Route.ResponseURL, m)
			})
		})
	}
	there := options
	if j.Route.Thread != "" {
		there = append(options[:len(options):len(options)], slack.MsgOptionTS(j.Route.Thread))
	}
	if r.Audience == bot.AudienceEveryone {
		all = append(all, func(ctx context.Context) (bot.Posted, error) {
			ts, err := a.post(ctx, j.Route.Channel, there)
			return bot.Posted{Root: ts}, err
		})
	} else {
		all = append(all, func(ctx context.Context) (bot.Posted, error) {
			return bot.Posted{}, a.postEphemeral(ctx, j.Route, there)
		})
	}
	return append(all, direct)
}

// post sends a message to a channel, or to a user as a direct message.
// Slack's limit is one for each channel. Source: Slack, "Rate limits", section "Posting messages".
func (a *App) post(ctx context.Context, to string, options []slack.MsgOption) (ts string, err error) {
	err = a.call(ctx, "chat.postMessage", to, func(ctx context.Context) (err error) {
		_, ts, err = a.api.PostMessageContext(ctx, to, options...)
		return err
	})
	return ts, err
}

// postEphemeral shows a message in the conversation to the asker alone.
func (a *App) postEphemeral(ctx context.Context, to bot.Route, options []slack.MsgOption) error {
	return a.call(ctx, "chat.postEphemeral", to.Channel, func(ctx context.Context) error {
		_, err := a.api.PostEphemeralContext(ctx, to.Channel, to.User, options...)
		return err
	})
}

// hookPost is an answer as it is posted to a response_url. After the press of a button Slack puts it into the thread
// that it names, and leaves the message with the button as it is. Source: Slack, "Handling user interaction", section
// "Message responses".
type hookPost struct {
	answer
	Thread  string `json:"thread_ts,omitempty"`
	Replace bool   `json:"replace_original"`
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
