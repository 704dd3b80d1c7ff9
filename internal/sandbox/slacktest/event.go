package slacktest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"meetbot/internal/sandbox/faultserver"
	"net/url"
	"strings"
	"time"
)

// Mention is a message in which a user mentions the app.
type Mention struct {
	User     string
	Channel  string
	ThreadTS string // the root of the thread it stands in; empty outside a thread
	Text     string // with the mention: "<@U0MEETBOT> ...", otherwise as Slack sends it: see SlackEscape
	FromBot  bool   // written by another app in the user's name
	EventID  string // default: a new one
	Shared   bool   // the channel is shared with another organization
	Orphan   bool   // the event does not tell who wrote the thread's root
	Edits    string // the time stamp of the user's message whose text this replaces; empty for a new message

	// To forge an event, instead of the truth.
	Team       string
	Enterprise string
}

// Delivery is what came of an event.
type Delivery struct {
	TS       string // of the user's message
	EventID  string
	Envelope []byte // the body that was sent: Deliver can send it again
	// Attempts is the status of each delivery; 0 where there was no answer in time. Empty: Slack sends no event for it
	Attempts []int
}

// Mention posts the user's message and sends the event, by Socket Mode or to botURL + "/slack/events", again after each
// of the retry delays until it is accepted, or refused with X-Slack-No-Retry: the documentation of the Events API,
// "Error handling". It returns after the last delivery. No event is sent where the app is not a member, nor in a direct
// message. An error means that the sandbox was used wrongly, or that ctx ended.
func (s *Server) Mention(ctx context.Context, botURL string, m Mention) (Delivery, error) {
	user, ok := s.user(m.User)
	if !ok {
		return Delivery{}, fmt.Errorf("mention the app: no user %q", m.User)
	}
	channel, ok := s.channel(m.Channel)
	if !ok {
		return Delivery{}, fmt.Errorf("mention the app: no channel %q", m.Channel)
	}
	if !strings.Contains(m.Text, "<@"+botUser) {
		return Delivery{}, fmt.Errorf("mention the app: %q does not mention <@%s>", m.Text, botUser)
	}
	said, err := s.said(m)
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{TS: said.TS, EventID: cmp.Or(m.EventID, "Ev"+rand.Text()[:10])}
	envelope, err := json.Marshal(s.mentionEnvelope(m, user, said, d.EventID))
	if err != nil {
		return d, fmt.Errorf("mention the app: %w", err)
	}
	d.Envelope = envelope
	if channel.BotAbsent || channel.direct() {
		return d, nil
	}
	reason := ""
	for retry := 0; ; retry++ {
		out, err := s.deliver(ctx, botURL, envelope, retry, reason)
		if err != nil {
			return d, err
		}
		d.Attempts = append(d.Attempts, out.status)
		if out.ok() || out.header.Get("X-Slack-No-Retry") == "1" || retry == len(s.o.RetryDelays) {
			return d, nil
		}
		reason = out.retryReason()
		select {
		case <-time.After(s.o.RetryDelays[retry]):
		case <-ctx.Done():
			return d, fmt.Errorf("redeliver event %s: %w", d.EventID, ctx.Err())
		}
	}
}

// said posts the user's message, or gives the one that is edited its new text.
func (s *Server) said(m Mention) (Message, error) {
	if m.Edits == "" {
		return s.post(Message{
			Channel: m.Channel, ThreadTS: m.ThreadTS, Author: m.User, Text: m.Text, Via: "user",
		}), nil
	}
	for _, old := range s.Messages(m.Channel) {
		if old.TS == m.Edits && old.Author == m.User && old.Via == "user" {
			s.change(m.Channel, old.TS, &content{text: m.Text})
			return old, nil
		}
	}
	return Message{}, fmt.Errorf("edit a message: %s wrote no message %s in %s", m.User, m.Edits, m.Channel)
}

// Deliver sends an event's body once, signed or by Socket Mode. With retry above 0 it says that it is that redelivery,
// for the reason given. It returns the status, 0 if there was no answer in time.
func (s *Server) Deliver(ctx context.Context, botURL string, envelope []byte, retry int, reason string) (int, error) {
	out, err := s.deliver(ctx, botURL, envelope, retry, reason)
	return out.status, err
}

func (s *Server) deliver(
	ctx context.Context, botURL string, envelope []byte, retry int, reason string,
) (outcome, error) {
	return s.hand(ctx, botURL, delivery{kind: eventsAPI, payload: envelope, retry: retry, reason: reason})
}

// retryReason is Slack's word for why an event is delivered again.
func (o outcome) retryReason() string {
	switch {
	case o.timedOut:
		return "http_timeout"
	case o.cut:
		return "connection_failed"
	default:
		return "http_error"
	}
}

// mentionEnvelope is the event_callback of an app_mention.
func (s *Server) mentionEnvelope(m Mention, user User, said Message, id string) map[string]any {
	team, enterprise := cmp.Or(m.Team, s.o.Team), cmp.Or(m.Enterprise, s.installed().enterprise)
	event := map[string]any{
		"type": "app_mention", "user": user.ID, "text": m.Text, "ts": said.TS, "event_ts": said.TS,
		"channel": m.Channel, "client_msg_id": faultserver.RandomHex(16), "team": user.Team, "user_team": user.Team,
		"source_team": user.Team,
	}
	if m.ThreadTS != "" {
		event["thread_ts"] = m.ThreadTS
		if root := s.author(m.Channel, m.ThreadTS); root != "" && !m.Orphan {
			event["parent_user_id"] = root // seen in events that others recorded; the documentation does not name it
		}
	}
	if m.Edits != "" { // the rest is as it was, but for the text and the event's own ID
		now := s.o.Now()
		event["edited"] = map[string]any{"user": user.ID, "ts": fmt.Sprintf("%d.000000", now.Unix())}
		event["event_ts"] = fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)
	}
	if m.FromBot || user.Bot {
		event["bot_id"] = "B0OTHERBOT"
		event["app_id"] = "A0OTHERBOT"
		delete(event, "client_msg_id")
	}
	authorization := map[string]any{
		"team_id": team, "user_id": botUser, "is_bot": true, "is_enterprise_install": s.installed().wide,
		"enterprise_id": nil,
	}
	envelope := map[string]any{
		"token": s.verification, "team_id": team, "api_app_id": appID, "event": event, "type": "event_callback",
		"event_id": id, "event_time": said.At.Unix(), "is_ext_shared_channel": m.Shared,
		"authorizations": []any{authorization}, "event_context": "4-" + faultserver.RandomHex(16),
	}
	if enterprise != "" {
		authorization["enterprise_id"], envelope["enterprise_id"] = enterprise, enterprise
	}
	return envelope
}

// URLVerification does the handshake that saving the events URL in the app's settings does, and returns an error
// unless the challenge comes back, as plain text, as a form or as JSON: the reference of the url_verification event.
func (s *Server) URLVerification(ctx context.Context, botURL string) error {
	challenge := rand.Text()
	body, err := json.Marshal(map[string]string{"token": s.verification, "challenge": challenge,
		"type": "url_verification"})
	if err != nil {
		return fmt.Errorf("verify the events URL: %w", err)
	}
	out, err := s.deliver(ctx, botURL, body, 0, "")
	if err != nil {
		return fmt.Errorf("verify the events URL: %w", err)
	}
	if problem := out.problem(); problem != "" {
		return fmt.Errorf("verify the events URL: %s, status %d", problem, out.status)
	}
	var object struct {
		Challenge string `json:"challenge"`
	}
	form, _ := url.ParseQuery(string(out.body))
	switch {
	case strings.TrimSpace(string(out.body)) == challenge, form.Get("challenge") == challenge:
		return nil
	case json.Unmarshal(out.body, &object) == nil && object.Challenge == challenge:
		return nil
	default:
		return fmt.Errorf("verify the events URL: the answer %.80q does not hold the challenge", out.body)
	}
}

// Press is a button that a user presses.
type Press struct {
	User     string
	Message  Message // as Messages or WaitFor returned it
	ActionID string  // of the button; empty: the first there is
	BlockID  string  // of the block it stands in; empty: any
	Value    string  // to forge the button's value
}

// Press delivers the block_actions payload of a button, by Socket Mode or to botURL + "/slack/interactivity", and waits
// as for a command. The answer's body is ignored, as Slack does. Buttons that open a link are sent too. An error means
// that there is no such button, or that ctx ended.
func (s *Server) Press(ctx context.Context, botURL string, p Press) (Answer, error) {
	user, ok := s.user(p.User)
	if !ok {
		return Answer{}, fmt.Errorf("press a button: no user %q", p.User)
	}
	channel, ok := s.channel(p.Message.Channel)
	if !ok {
		return Answer{}, fmt.Errorf("press a button: no channel %q", p.Message.Channel)
	}
	button, err := findButton(p.Message.Blocks, p.BlockID, p.ActionID)
	if err != nil {
		return Answer{}, err
	}
	action := map[string]any{
		"type": "button", "action_id": cmp.Or(button.ActionID, faultserver.RandomHex(3)),
		"block_id": cmp.Or(button.block, faultserver.RandomHex(3)), "text": button.Text,
		"action_ts": fmt.Sprintf("%d.%06d", s.o.Now().Unix(), s.o.Now().Nanosecond()/1000),
	}
	optional := map[string]string{"value": cmp.Or(p.Value, button.Value), "url": button.URL, "style": button.Style}
	for key, value := range optional {
		if value != "" {
			action[key] = value
		}
	}
	ephemeral := p.Message.To != ""
	container := map[string]any{
		"type": "message", "message_ts": p.Message.TS, "channel_id": channel.ID, "is_ephemeral": ephemeral,
	}
	ticket := ticket{channel: channel.ID, user: user.ID, thread: p.Message.ThreadTS, original: p.Message.TS}
	payload := map[string]any{
		"type": "block_actions", "api_app_id": appID, "token": s.verification, "trigger_id": s.trigger(),
		"user":         map[string]any{"id": user.ID, "username": user.Name, "name": user.Name, "team_id": user.Team},
		"team":         map[string]any{"id": s.o.Team, "domain": "contoso"},
		"channel":      map[string]any{"id": channel.ID, "name": channel.Name},
		"container":    container,
		"response_url": s.ticket("actions", ticket),
		"actions":      []any{action}, "enterprise": nil, "is_enterprise_install": s.installed().wide,
		"state": map[string]any{"values": map[string]any{}},
	}
	if s.installed().enterprise != "" {
		payload["enterprise"] = map[string]any{"id": s.installed().enterprise, "name": "Contoso"}
	}
	if p.Message.ThreadTS != "" {
		container["thread_ts"] = p.Message.ThreadTS
	}
	if !ephemeral { // Slack does not keep what only one user saw
		payload["message"] = messageObject(p.Message)
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return Answer{}, fmt.Errorf("press a button: %w", err)
	}
	out, err := s.hand(ctx, botURL, delivery{
		kind: interactive, payload: body, form: url.Values{"payload": {string(body)}},
	})
	if err != nil {
		return Answer{}, err
	}
	return out.answer(), nil
}

// button is a button in a message.
type button struct {
	Type     string          `json:"type"`
	ActionID string          `json:"action_id"`
	Text     json.RawMessage `json:"text"`
	Value    string          `json:"value"`
	URL      string          `json:"url"`
	Style    string          `json:"style"`
	block    string          // the block_id of the block it stands in
}

// findButton finds the first button with this action ID, in the block with this ID. Empty IDs match any.
func findButton(blocks json.RawMessage, blockID, actionID string) (button, error) {
	var list []struct {
		BlockID   string            `json:"block_id"`
		Elements  []json.RawMessage `json:"elements"`
		Accessory json.RawMessage   `json:"accessory"`
	}
	if len(blocks) > 0 {
		if err := json.Unmarshal(blocks, &list); err != nil {
			return button{}, fmt.Errorf("find a button: %w", err)
		}
	}
	for _, block := range list {
		if blockID != "" && block.BlockID != blockID {
			continue
		}
		elements := block.Elements
		if block.Accessory != nil {
			elements = append(elements, block.Accessory)
		}
		for _, raw := range elements {
			button := button{block: block.BlockID}
			if json.Unmarshal(raw, &button) != nil || button.Type != "button" {
				continue // another kind of element
			}
			if actionID == "" || button.ActionID == actionID {
				return button, nil
			}
		}
	}
	return button{}, fmt.Errorf("find a button: the message has none with action ID %q", actionID)
}

// messageObject is a message of the app's as Slack's own JSON has it.
func messageObject(m Message) map[string]any {
	object := map[string]any{
		"type": "message", "user": m.Author, "bot_id": botID, "app_id": appID, "ts": m.TS, "text": m.Text,
	}
	if m.ThreadTS != "" {
		object["thread_ts"] = m.ThreadTS
	}
	if m.Blocks != nil {
		object["blocks"] = m.Blocks
	}
	return object
}
