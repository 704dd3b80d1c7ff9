//go:build integration

package e2e

import (
	"encoding/json"
	"net/http"
	"strings"

	"meetbot/internal/sandbox/slacktest"
)

// slackFront is Slack.
type slackFront struct {
	*environment
	bot     *replica
	last    slacktest.Delivery
	pressed map[string]slacktest.Message // by the button's title, for a client that has not seen yet that it is gone
}

func (f *slackFront) ask(a asked) (seen, string) {
	f.t.Helper()
	channel := general
	if a.design {
		channel = design
	}
	before := f.Slack.Messages(channel)
	command := slacktest.Escape(a.command)
	for _, m := range a.with {
		command += " <@" + m.slack + "|" + strings.ToLower(strings.TrimPrefix(m.slack, "U0")) + ">"
	}
	f.last = f.mention(f.bot, a.user.slack, channel, a.thread, command)
	m := f.next(channel, before, nil)
	if m.To != "" && m.To != a.user.slack {
		f.t.Errorf("%+v: the answer is for %s", a, m.To)
	}
	words := m.Text
	if m.Blocks != nil {
		words = slacktest.RenderMessage(m, 10_000)
	}
	return seen{link: link(m), words: words, alone: m.To == a.user.slack, thread: m.ThreadTS}, f.last.TS
}

func (f *slackFront) askOnly(a asked) {
	f.t.Helper()
	f.mention(f.bot, a.user.slack, general, a.thread, slacktest.Escape(a.command))
}

func (f *slackFront) cards() []seen {
	var all []seen
	for _, m := range f.Slack.Messages(general) {
		if m.Via != "user" && m.Blocks != nil {
			all = append(all, seen{link: link(m), words: slacktest.RenderMessage(m, 10_000), alone: m.To != "",
				thread: m.ThreadTS})
		}
	}
	return all
}

func (f *slackFront) press(user member, title string) seen {
	f.t.Helper()
	m := f.pressed[title]
	for _, said := range f.Slack.Messages(general) {
		if strings.Contains(string(said.Blocks), `"text":"`+title) {
			m = said
		}
	}
	if m.TS == "" {
		f.t.Fatalf("no button %q:%s", title, texts(f.Slack.Messages(general)))
	}
	if f.pressed == nil {
		f.pressed = map[string]slacktest.Message{}
	}
	f.pressed[title] = m
	m = f.presses(f.bot, slacktest.Press{User: user.slack, Message: m, ActionID: actionOf(m, title)})
	return seen{link: link(m), words: slacktest.RenderMessage(m, 10_000), alone: m.To == user.slack, thread: m.ThreadTS}
}

// actionOf is the ID of the message's button whose text begins with title.
func actionOf(m slacktest.Message, title string) string {
	var blocks []struct {
		Elements []struct {
			Text struct {
				Text string `json:"text"`
			} `json:"text"`
			ActionID string `json:"action_id"`
		} `json:"elements"`
	}
	_ = json.Unmarshal(m.Blocks, &blocks) // elements of other kinds have other texts, and no ID
	for _, b := range blocks {
		for _, e := range b.Elements {
			if strings.HasPrefix(e.Text.Text, title) {
				return e.ActionID
			}
		}
	}
	return ""
}

func (f *slackFront) say(user member, text string) string {
	return f.Slack.Say(user.slack, general, text).TS
}

func (f *slackFront) again() {
	f.t.Helper()
	if status, err := f.Slack.Deliver(f.t.Context(), f.bot.URL(), f.last.Envelope, 1, "http_timeout"); err != nil ||
		status != http.StatusOK {
		f.t.Fatalf("%d, %v", status, err)
	}
}

func (f *slackFront) guest(user member) {
	f.Slack.AddUser(slacktest.User{ID: user.slack, Name: "gus", Email: "gus@fabrikam.example", EmailConfirmed: true,
		Restricted: true})
}

func (f *slackFront) count() int {
	n := 0
	for _, m := range f.Slack.Messages(general) {
		if m.Via != "user" {
			n++
		}
	}
	return n
}
