package slackapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"meetbot/bot"
	"meetbot/internal/outbound"
)

// route is one way for a reply to reach its reader. It returns the message posted, if Slack tells.
type route func(ctx context.Context) (posted string, err error)

// Deliver answers the job, as bot.Platform wants it: by the command's response_url, or, if that is spent, in the
// conversation, or, if the bot may not write there, as a direct message to the author.
func (a *App) Deliver(ctx context.Context, j bot.Job, r bot.Reply) (string, error) {
	failed := &bot.Error{Code: bot.Undeliverable}
	for _, send := range a.routes(j, r) {
		posted, err := send(ctx)
		if err == nil {
			return posted, nil
		}
		if bot.Temporary(err) {
			return "", err
		}
		if bot.CodeOf(err) == bot.ChatCredentials {
			failed.Code = bot.ChatCredentials
		}
		failed.Err = errors.Join(failed.Err, err)
	}
	return "", failed
}

// routes lists the ways that are open, the best first.
func (a *App) routes(j bot.Job, r bot.Reply) []route {
	s := a.style(j.Route.Thread != "")
	options := []slack.MsgOption{
		slack.MsgOptionText(r.Text(a.catalog, s), false),
		slack.MsgOptionBlocks(blocks(a.catalog, r, s)...),
		slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionDisableMediaUnfurl(),
	}
	direct := func(ctx context.Context) (string, error) {
		_, err := a.post(ctx, j.Route.User, options)
		return "", err
	}
	if r.Audience == bot.AudienceDirect {
		return []route{direct}
	}
	var all []route
	if j.Route.ResponseURL != "" {
		all = append(all, func(ctx context.Context) (string, error) {
			return "", bot.CallThrottled(ctx, a.throttles, "slack:response_url:"+j.ID, func(ctx context.Context) error {
				return a.postHook(ctx, j.Route.ResponseURL, answerTo(a.catalog, r, s))
			})
		})
	}
	there := options
	if j.Route.Thread != "" {
		there = append(options[:len(options):len(options)], slack.MsgOptionTS(j.Route.Thread))
	}
	if r.Audience == bot.AudienceEveryone {
		all = append(all, func(ctx context.Context) (string, error) {
			return a.post(ctx, j.Route.Channel, there)
		})
	} else {
		all = append(all, func(ctx context.Context) (string, error) {
			return "", a.whisper(ctx, j.Route, there)
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

// whisper shows a message in the conversation to the asker alone.
func (a *App) whisper(ctx context.Context, to bot.Route, options []slack.MsgOption) error {
	return a.call(ctx, "chat.postEphemeral", to.Channel, func(ctx context.Context) error {
		_, err := a.api.PostEphemeralContext(ctx, to.Channel, to.User, options...)
		return err
	})
}

// postHook posts to a response_url. It works five times within 30 minutes; after that Slack answers with an error, and
// the route is spent. Source: Slack, "Handling user interaction", section "Message responses".
func (a *App) postHook(ctx context.Context, responseURL string, m answer) error {
	const what = "response_url"
	if err := a.postable(responseURL); err != nil {
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
	resp, err := a.hooks.Do(req)
	if err != nil {
		return &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: %w", what, outbound.Redact(err))}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return &bot.Error{Code: bot.Unavailable, Status: resp.StatusCode, Err: fmt.Errorf("%s: %w", what, outbound.Redact(err))}
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
			return &bot.Error{Code: bot.Undeliverable, Status: resp.StatusCode, Err: cause, Reason: slackWord(refused.Error)}
		}
		return nil
	case resp.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // what is no number asks for the shortest wait
		e := throttled(time.Duration(seconds) * time.Second)
		e.Err = cause
		return e
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusRequestTimeout:
		return &bot.Error{Code: bot.Unavailable, Status: resp.StatusCode, Err: cause}
	default:
		return &bot.Error{Code: bot.Undeliverable, Status: resp.StatusCode, Err: cause}
	}
}
