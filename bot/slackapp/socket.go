package slackapp

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/slack-go/slack"

	"meetbot/bot"
	"meetbot/bot/slackapp/socketmode"
	"meetbot/internal/inbound"
	"meetbot/internal/outbound"
)

// socketHosts are what the hosts of Socket Mode end in, in Slack's own clouds, by the host of the Web API there.
var socketHosts = map[string]string{"slack.com": ".slack.com", "slack-gov.com": ".slack-gov.com"}

// newSocket makes what keeps the connection of Socket Mode.
func (a *App) newSocket(c Config) *socketmode.Client {
	return socketmode.New(socketmode.Config{
		Open: a.openSocket, Check: a.checkSocketURL, Handle: a.envelope, Log: c.Log, Observer: c.Connections,
		Timing: c.Socket,
		Unreadable: func(ctx context.Context, err error) {
			a.requests.Refused(ctx, inbound.Unreadable, err.Error()+": it was left alone")
		},
	})
}

// SetAppToken replaces the token of the app itself. The next connection is made with it; where there is none, at once.
func (a *App) SetAppToken(token string) {
	if a.socket != nil && token != "" {
		a.appToken.Store(&token)
		a.socket.Retry()
	}
}

// appAPI is a client of the Web API for the methods of the app itself, with the token that counts now.
func (a *App) appAPI() *slack.Client {
	token := ""
	if now := a.appToken.Load(); now != nil {
		token = *now
	}
	return slack.New("", slack.OptionAPIURL(a.apiURL), slack.OptionHTTPClient(a.web), slack.OptionAppLevelToken(token))
}

// openSocket asks Slack where to connect. The error is a socketmode.Error; no wait for all replicas comes of it, as it
// does of other methods, so that the bot can tell people that Redis is away.
func (a *App) openSocket(ctx context.Context) (string, error) {
	_, where, err := a.appAPI().StartSocketModeContext(ctx)
	if err == nil {
		return where, nil
	}
	e := apiError(err)
	switch {
	case e.Code == bot.Throttled:
		return "", &socketmode.Error{Reason: socketmode.Throttled, Wait: e.Wait,
			Err: errors.New("Slack limits how often the bot may connect (apps.connections.open)")}
	case bot.Temporary(e):
		return "", &socketmode.Error{Reason: socketmode.Unreachable, Err: fmt.Errorf(
			"Slack does not say where to connect (apps.connections.open): %w", e.Err)}
	default:
		return "", &socketmode.Error{Reason: socketmode.Refused, Lasting: true, Err: fmt.Errorf(
			"Slack refuses SLACK_APP_TOKEN: %s", cmp.Or(e.Reason, e.Error()))}
	}
}

// errSocketHost says that a URL to connect to is not Slack's. The URL is not quoted: it holds a ticket.
var errSocketHost = errors.New("apps.connections.open names a host that is not Slack's")

// checkSocketURL checks where Slack says to connect: it must be wss on a host of Slack's, or on the host of the
// configured API (plain ws on loopback only).
func (a *App) checkSocketURL(where string) (*url.URL, error) {
	u, err := url.Parse(where)
	if err != nil {
		return nil, errSocketHost
	}
	schemes := map[string]string{"wss": "https", "ws": "http"}
	u.Scheme = schemes[u.Scheme]
	if err := outbound.Secure(u); err != nil {
		return nil, errSocketHost
	}
	api, err := url.Parse(a.apiURL)
	if err != nil {
		return nil, errSocketHost
	}
	if within, own := socketHosts[api.Host]; own {
		if u.Port() == "" && strings.HasSuffix(strings.ToLower(u.Host), within) {
			return u, nil
		}
	} else if u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host) {
		return u, nil
	}
	return nil, errSocketHost
}

// The kinds of envelope that the bot takes. Source: Slack, "Using Socket Mode", section "Receiving events".
const (
	commandEnvelope     = "slash_commands"
	eventEnvelope       = "events_api"
	interactionEnvelope = "interactive"
)

// UnknownEnvelope is the reason for which an envelope is left alone whose kind the bot does not know.
const UnknownEnvelope = "envelope"

// envelope takes what Slack delivers by Socket Mode. The connection proves that it is Slack's, and the payload is what
// a signed request would carry, so it goes the same way. What is not taken is not acknowledged: Slack then delivers an
// event again, and shows a user that the app did not answer.
func (a *App) envelope(ctx context.Context, e socketmode.Envelope, ack func(answer []byte) error) {
	if len(e.Payload) > MaxBody {
		a.requests.Refused(ctx, inbound.TooLarge, fmt.Sprintf("the payload has more than %d bytes", MaxBody))
		return
	}
	var err error
	switch e.Type {
	case commandEnvelope:
		err = a.commandEnvelope(ctx, e, ack)
	case eventEnvelope:
		err = a.eventEnvelope(ctx, e, ack)
	case interactionEnvelope:
		a.requests.Accepted()
		if err = a.interaction(ctx, a.bot, deliveryOf(e), e.Payload); err == nil {
			err = ack(nil)
		}
	default:
		a.requests.Refused(ctx, UnknownEnvelope, "Slack delivers a kind of envelope that the bot does not know; it is "+
			"left alone")
		return
	}
	if refused, ok := errors.AsType[*notTaken](err); ok {
		if refused.status == http.StatusBadRequest {
			a.requests.Refused(ctx, inbound.Unreadable, "the payload of an envelope is not what Slack documents: "+
				refused.text)
		}
		return
	}
	if err != nil {
		a.log.InfoContext(ctx, "cannot acknowledge what Slack delivered", "error", err)
	}
}

// deliveryOf is an envelope as a delivery.
func deliveryOf(e socketmode.Envelope) delivery {
	sum := sha256.Sum256([]byte(e.ID))
	return delivery{id: "slack:envelope:" + hex.EncodeToString(sum[:16]), received: e.Received}
}

// commandEnvelope answers a slash command in its acknowledgement.
func (a *App) commandEnvelope(ctx context.Context, e socketmode.Envelope, ack func([]byte) error) error {
	form, err := formOf(e.Payload)
	if err != nil {
		return err
	}
	a.requests.Accepted()
	answered := false
	err = a.command(ctx, a.bot, deliveryOf(e), form, func(r bot.Reply) error {
		answered = true
		return a.answerEnvelope(ctx, e, form.Get("response_url"), r, ack)
	})
	if err == nil && !answered {
		err = ack(nil)
	}
	return err
}

// answerEnvelope answers a slash command in its acknowledgement or, where that cannot carry the answer, right after it
// by the command's response_url.
func (a *App) answerEnvelope(
	ctx context.Context, e socketmode.Envelope, responseURL string, r bot.Reply, ack func([]byte) error,
) error {
	if err := ctx.Err(); err != nil { // Slack does not wait any more
		return err
	}
	if r.Empty() {
		return ack(nil)
	}
	body, err := a.encode(r)
	if err != nil {
		return err
	}
	if e.TakesAnswer {
		if err := ack(body); !errors.Is(err, socketmode.ErrTooLarge) {
			return err
		}
	}
	if err := ack(nil); err != nil {
		return err
	}
	return a.postHook(ctx, responseURL, hookPost{answer: answerTo(a.catalog, r, a.style(false))})
}

// eventEnvelope accepts an event, and acknowledges it once it is safe.
func (a *App) eventEnvelope(ctx context.Context, e socketmode.Envelope, ack func([]byte) error) error {
	event, mention, err := parseEvent(e.Payload)
	if err != nil {
		return &notTaken{http.StatusBadRequest, "cannot parse event"}
	}
	a.requests.Accepted()
	if err := a.event(ctx, a.bot, event, mention, e.Received); err != nil {
		return err
	}
	return ack(nil)
}

// formOf is the payload of a slash command as the form that a request would carry. The error is a notTaken.
func formOf(payload []byte) (url.Values, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); err != nil || fields == nil {
		return nil, &notTaken{http.StatusBadRequest, "cannot parse command"}
	}
	form := make(url.Values, len(fields))
	for name, value := range fields {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value) // true and false, for example
		}
		form.Set(name, text)
	}
	return form, nil
}
