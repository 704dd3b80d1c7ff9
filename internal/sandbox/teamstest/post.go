package teamstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// unreachable is what a client shows where a button has no proper answer.
const unreachable = "Unable to reach app. Please try again."

// Post writes the user's message, and delivers it to botURL + "/api/messages" if the bot hears it: always in personal
// chats, and in channels and group chats when it is mentioned or called by the slash menu. An error means that the
// sandbox was used wrongly, or that ctx ended.
func (t *Server) Post(ctx context.Context, botURL string, p Post) (Delivery, error) {
	u, place, err := t.scene(p)
	if err != nil {
		return Delivery{}, err
	}
	if _, err := t.mentions(p.Text, place); err != nil {
		return Delivery{}, fmt.Errorf("post a message: %w", err)
	}
	said := Message{Conversation: place.ID, Thread: place.thread, From: u.ID, Text: p.Text, Format: "plain",
		Via: "user"}
	if p.Slash {
		said.To = u.ID
	}
	said = t.post(said)
	d := Delivery{ID: said.ID}
	if d.Activity, err = t.wired(p, u, place, said.ID); err != nil {
		return d, err
	}
	if !t.hears(place, p) {
		return d, nil
	}
	return d, t.redeliver(ctx, botURL, &d)
}

// hears tells whether the bot is told of a message.
func (t *Server) hears(place location, p Post) bool {
	if place.BotAbsent || place.BotDisabled || place.blocked {
		return false
	}
	if place.Kind == Personal || p.Slash || t.o.HearsAll {
		return true
	}
	mentions, _ := t.mentions(p.Text, place) // Post has refused a text with others in it
	return slices.ContainsFunc(mentions, func(m any) bool {
		return m.(map[string]any)["mentioned"].(map[string]any)["id"] == t.BotID()
	})
}

// redeliver delivers an activity until the bot has answered it, or the delays are spent.
func (t *Server) redeliver(ctx context.Context, botURL string, d *Delivery) error {
	for retry := 0; ; retry++ {
		once, err := t.Deliver(ctx, botURL, d.Activity, Token{})
		d.Attempts, d.Body, d.Took = append(d.Attempts, once.Attempts...), once.Body, once.Took
		if err != nil {
			return err
		}
		status := once.Attempts[0]
		again := status == 0 || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
		if !again || retry == len(t.o.RetryDelays) {
			return nil
		}
		select {
		case <-time.After(t.o.RetryDelays[retry]):
		case <-ctx.Done():
			return fmt.Errorf("redeliver activity %s: %w", d.ID, ctx.Err())
		}
	}
}

// Deliver sends an activity's body once, as it is, under this token.
func (t *Server) Deliver(ctx context.Context, botURL string, activity json.RawMessage, token Token) (Delivery, error) {
	var known struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(activity, &known) // it may be anything
	d := Delivery{ID: known.ID, Activity: activity}
	header, err := t.Token(token)
	if err != nil {
		return d, err
	}
	out, err := t.call(ctx, botURL, activity, header)
	if err != nil {
		return d, err
	}
	d.Attempts, d.Body, d.Took = []int{out.status}, out.body, out.took
	return d, nil
}

// outcome is what came of a request to the bot.
type outcome struct {
	status   int // 0: no answer
	header   http.Header
	body     []byte
	took     time.Duration
	timedOut bool
}

// call gives the bot an activity. An error means that the caller's own context ended.
func (t *Server) call(ctx context.Context, botURL string, activity []byte, authorization string) (outcome, error) {
	limited, cancel := context.WithTimeout(ctx, t.o.Deadline)
	defer cancel()
	r, err := http.NewRequestWithContext(limited, http.MethodPost, botURL+"/api/messages", bytes.NewReader(activity))
	if err != nil {
		return outcome{}, fmt.Errorf("prepare a request to the bot: %w", err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	start := time.Now()
	resp, err := t.client.Do(r)
	var out outcome
	if err == nil {
		out.header = resp.Header
		out.body, err = io.ReadAll(io.LimitReader(resp.Body, maxRequest))
		_ = resp.Body.Close()
	}
	out.took = time.Since(start)
	switch {
	case err == nil:
		out.status = resp.StatusCode
	case ctx.Err() != nil:
		return out, fmt.Errorf("call the bot: %w", ctx.Err())
	default:
		out.timedOut = errors.Is(limited.Err(), context.DeadlineExceeded)
	}
	return out, nil
}

// Press sends the invoke activity of an Action.Execute and does with the answer what a client does: replaces the card
// for this user, or shows the line. An error means that there is no such button, that the user does not see it, or that
// ctx ended.
func (t *Server) Press(ctx context.Context, botURL string, press Press) (Answer, error) {
	u, p, err := t.speaker(press.User, press.Message.Conversation)
	if err != nil {
		return Answer{}, fmt.Errorf("press a button: %w", err)
	}
	if to := press.Message.To; to != "" && to != u.ID {
		return Answer{}, fmt.Errorf("press a button: %s does not see the message", u.Name)
	}
	button, ok := ReadCard(Unfold(press.Message.Card)).execute(press.Title)
	if !ok {
		return Answer{}, fmt.Errorf("press a button: the card has no Action.Execute %q", press.Title)
	}
	action := map[string]any{"type": "Action.Execute", "title": button.Title, "verb": button.Verb, "data": button.Data}
	if press.Verb != "" {
		action["verb"] = press.Verb
	}
	if press.Data != nil {
		action["data"] = press.Data
	} else if button.Data == nil {
		action["data"] = map[string]any{}
	}
	body, err := json.Marshal(t.invoke(u, p, press.Message, action))
	if err != nil {
		return Answer{}, fmt.Errorf("press a button: %w", err)
	}
	header, err := t.Token(Token{})
	if err != nil {
		return Answer{}, err
	}
	out, err := t.call(ctx, botURL, body, header)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: out.status, Body: out.body, Took: out.took, TimedOut: out.timedOut}
	t.react(&a, press.Message, u.ID)
	return a, nil
}

// react reads an invoke response and shows it: the document "Universal Actions for Adaptive Cards", "Response format".
func (t *Server) react(a *Answer, m Message, user string) {
	var answer struct {
		StatusCode int             `json:"statusCode"`
		Type       string          `json:"type"`
		Value      json.RawMessage `json:"value"`
	}
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &answer) != nil {
		a.Problem = unreachable
		return
	}
	a.StatusCode, a.Type, a.Value = answer.StatusCode, answer.Type, answer.Value
	switch {
	case a.Type == cardType && a.StatusCode == http.StatusOK:
		if c := checkCard(a.Value); len(c.problems) > 0 || len(a.Value) > maxCard {
			a.Problem = strings.Join(append([]string{"the card is invalid or too big"}, c.problems...), ": ")
			return
		}
		t.view(m, user, a.Value)
		m.Card, m.Via = a.Value, "invoke"
		a.Message = &m
	case a.Type == "application/vnd.microsoft.activity.message" && a.StatusCode == http.StatusOK:
		shown := Message{Conversation: m.Conversation, Thread: m.Thread, From: t.o.AppID, FromName: t.o.BotName,
			To: user, Via: "invoke", At: t.o.Now()}
		if json.Unmarshal(a.Value, &shown.Text) != nil {
			a.Problem = unreachable
			return
		}
		a.Message = &shown
	case a.Type == "application/vnd.microsoft.error":
		var e struct {
			Message string `json:"message"`
		}
		_ = json.Unmarshal(a.Value, &e)
		a.Problem = e.Message
		if a.Problem == "" {
			a.Problem = unreachable
		}
	default:
		a.Problem = unreachable
	}
}

// Install adds the bot to a conversation, or takes it out, and delivers what Teams sends then: conversationUpdate and
// installationUpdate. In a team the bot comes into every channel.
func (t *Server) Install(ctx context.Context, botURL string, i Install) ([]Delivery, error) {
	u, p, err := t.speaker(i.User, i.Conversation)
	if err != nil {
		return nil, fmt.Errorf("install the bot: %w", err)
	}
	t.mu.Lock()
	for id, c := range t.conversations {
		if id == p.ID || p.Team != "" && c.Team == p.Team {
			c.BotAbsent = i.Remove
			t.conversations[id] = c
		}
	}
	if p.Kind == Personal {
		u.NotInstalled = i.Remove
		t.users[u.ID] = u
	}
	t.mu.Unlock()
	var all []Delivery
	for _, activity := range t.installation(u, p, i.Remove) {
		body, err := json.Marshal(activity)
		if err != nil {
			return all, fmt.Errorf("install the bot: %w", err)
		}
		id, _ := activity["id"].(string)
		d := Delivery{ID: id, Activity: body}
		err = t.redeliver(ctx, botURL, &d)
		all = append(all, d)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}
