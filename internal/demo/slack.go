package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"meetbot/internal/sandbox/slacktest"
)

// slackRedeliveries are the waits of Slack's before it delivers an event again. The real ones are none, a minute and
// five.
var slackRedeliveries = []time.Duration{0, 5 * time.Second, 10 * time.Second}

// slackChannels are the channels of the demo's Slack.
var slackChannels = []slacktest.Channel{
	{ID: "C0GENERAL", Name: "general"},
	{ID: "C0DESIGN", Name: "design"},
	{ID: "C0BRASIL", Name: "brasil"},
}

// slack is Slack.
type slack struct{ *slacktest.Server }

// newSlack adds the channels to Slack.
func newSlack(s *slacktest.Server) slack {
	for _, c := range slackChannels {
		s.AddChannel(c)
	}
	return slack{s}
}

func (slack) places() []place {
	var all []place
	for _, c := range slackChannels {
		all = append(all, place{name: "#" + c.Name, shown: "#" + c.Name, id: c.ID})
	}
	return all
}

func (slack) rooms(at spot) []string { return []string{at.place.id, "D" + at.who.slack.ID} }

func (s slack) await(ctx context.Context, room string, match func(message) bool) (message, error) {
	m, err := s.WaitFor(ctx, room, func(m slacktest.Message) bool { return m.Via != "user" && match(s.message(m)) })
	return s.message(m), err
}

func (s slack) said() []message {
	var all []message
	for _, m := range s.AllMessages() {
		if m.Via != "user" {
			all = append(all, s.message(m))
		}
	}
	return all
}

func (slack) message(m slacktest.Message) message {
	said := message{
		id: m.TS, room: m.Channel, to: m.To, text: m.Text, drawn: slacktest.RenderMessage(m, cardWidth), via: m.Via,
		at: m.At, changed: m.Edited, card: m.Blocks != nil && m.To == "",
	}
	if m.ThreadTS == "" {
		said.thread = m.TS
	}
	return said
}

func (s slack) say(ctx context.Context, url string, at spot, how manner, text string) (outcome, error) {
	switch {
	case how == plainly:
		return outcome{}, errUnheard
	case how == byMention:
		return s.mention(ctx, url, at, text)
	case at.thread != "":
		return outcome{}, errors.New("Slack has no slash commands in threads: type @meetbot, or /leave the thread")
	}
	before := len(s.Messages(at.place.id))
	answer, err := s.Command(ctx, url, slacktest.Command{User: at.who.slack.ID, Channel: at.place.id,
		Text: slacktest.Escape(text)})
	switch {
	case err != nil:
		return outcome{}, err
	case answer.Problem != "":
		return outcome{}, fmt.Errorf("Slack shows an error: %s", answer.Problem)
	case answer.Message == nil:
		return s.posted(at, before)
	}
	said := s.message(*answer.Message)
	return outcome{answer: &said}, nil
}

// posted finds the answer that the bot posted as a message of its own, before it answered the command with nothing.
// Before is how many messages the channel had.
func (s slack) posted(at spot, before int) (outcome, error) {
	for _, m := range s.Messages(at.place.id)[before:] {
		if m.Via == "chat.postMessage" {
			said := s.message(m)
			return outcome{answer: &said}, nil
		}
	}
	return outcome{}, errors.New("the bot answered with nothing")
}

// mention waits for the bot to accept the event, and leaves it to Slack if that takes long.
func (s slack) mention(ctx context.Context, url string, at spot, text string) (outcome, error) {
	m := slacktest.Mention{
		User: at.who.slack.ID, Channel: at.place.id, ThreadTS: at.thread,
		Text: "<@" + s.BotUser() + "> " + slacktest.Escape(text),
	}
	delivered := make(chan error, 1)
	go func() {
		delivery, err := s.Mention(ctx, url, m)
		if n := len(delivery.Attempts); err == nil && (n == 0 || delivery.Attempts[n-1] != http.StatusOK) {
			err = fmt.Errorf("the bot did not accept the event, and Slack gave it up: %v", delivery.Attempts)
		}
		delivered <- err
	}()
	select {
	case err := <-delivered:
		return outcome{}, err
	case <-time.After(acceptWithin):
		return outcome{late: true}, nil
	}
}

func (s slack) post(at spot, text string) (string, error) {
	return s.Say(at.who.slack.ID, at.place.id, slacktest.Escape(text)).TS, nil
}

func (s slack) join(ctx context.Context, url string, at spot, card message) (string, error) {
	for _, m := range s.Messages(card.room) {
		if m.TS != card.id {
			continue
		}
		answer, err := s.Press(ctx, url, slacktest.Press{User: at.who.slack.ID, Message: m})
		if err != nil {
			return "", err
		}
		if answer.Status != http.StatusOK {
			return "", fmt.Errorf("Slack shows a warning at the button: the bot answered %d", answer.Status)
		}
		return fmt.Sprintf("the client opens the link; the bot acknowledged the press in %s",
			answer.Took.Round(100*time.Microsecond)), nil
	}
	return "", errors.New("the card is gone")
}

// press finds the button among those of all messages that the person sees in the channel, its threads included.
func (s slack) press(ctx context.Context, url string, at spot, label string) (outcome, error) {
	for _, m := range slices.Backward(s.Messages(at.place.id)) {
		action, ok := buttonAction(m.Blocks, label)
		if !ok || m.To != "" && m.To != at.who.slack.ID {
			continue
		}
		answer, err := s.Press(ctx, url, slacktest.Press{User: at.who.slack.ID, Message: m, ActionID: action})
		switch {
		case err != nil:
			return outcome{}, err
		case answer.Status != http.StatusOK:
			return outcome{}, fmt.Errorf("Slack shows a warning at the button: the bot answered %d", answer.Status)
		}
		return outcome{}, nil
	}
	return outcome{}, errNoButton
}

// buttonAction returns the action ID of the button with this label among a message's blocks.
func buttonAction(blocks json.RawMessage, label string) (id string, ok bool) {
	var list []struct {
		Elements []struct {
			ActionID string          `json:"action_id"`
			Text     json.RawMessage `json:"text"` // of a button: an object
		} `json:"elements"`
	}
	if json.Unmarshal(blocks, &list) != nil {
		return "", false
	}
	for _, block := range list {
		for _, e := range block.Elements {
			var text struct {
				Text string `json:"text"`
			}
			if json.Unmarshal(e.Text, &text) == nil && strings.EqualFold(text.Text, label) {
				return e.ActionID, true
			}
		}
	}
	return "", false
}

func (slack) controls() []control { return nil }
func (slack) faults() []fault     { return nil }
func (slack) mend()               {}
