package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// SlackMessage is a message as it stands in a channel.
type SlackMessage struct {
	TS         string // the message's ID within its channel, e.g. "1712345678.000100"
	ThreadTS   string // the thread's root; empty outside a thread
	Channel    string
	Author     string // user ID
	AuthorName string
	To         string // only this user sees it; "" for everybody
	Text       string
	Blocks     json.RawMessage // nil for none
	Via        string          // "answer", "response_url", "chat.postMessage", "chat.postEphemeral" or "user"
	At         time.Time
}

// slackTalk is what was said, in order. It belongs to a Slack and is guarded by its lock.
type slackTalk struct {
	bell

	channels map[string][]*SlackMessage
	order    []string // the channel of every message kept, oldest first
	last     int64    // the latest time stamp, in microseconds
}

// stamp returns a time stamp that no message has. Call it with the lock held.
func (t *slackTalk) stamp(now time.Time) string {
	t.last = max(t.last+1, now.UnixMicro())
	return fmt.Sprintf("%d.%06d", t.last/1e6, t.last%1e6)
}

// post adds a message, with its time stamp and author's name, and returns it as it stands.
func (s *Slack) post(m SlackMessage) SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.talk
	m.At = s.o.Now()
	m.TS = t.stamp(m.At)
	m.AuthorName = s.users[m.Author].Name
	if s.o.Keep < 0 {
		return m
	}
	if t.channels == nil {
		t.channels = map[string][]*SlackMessage{}
	}
	t.channels[m.Channel] = append(t.channels[m.Channel], &m)
	t.order = append(t.order, m.Channel)
	if len(t.order) > s.o.Keep {
		// The oldest message of all is the first of its channel.
		oldest := t.order[0]
		t.channels[oldest][0] = nil
		t.channels[oldest] = t.channels[oldest][1:]
		t.order = t.order[1:]
	}
	t.wake()
	return m
}

// change gives the message with this time stamp new content, or takes it away if with is nil. It tells whether it was
// there.
func (s *Slack) change(channel, ts string, with *slackContent) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.talk.channels[channel] {
		if m.TS != ts || ts == "" {
			continue
		}
		next := *m
		if with == nil {
			next.TS = "" // it keeps its place, so that the order stays true
		} else {
			next.Text, next.Blocks = with.text, with.blocks
		}
		s.talk.channels[channel][i] = &next
		s.talk.wake()
		return true
	}
	return false
}

// Messages lists what stands in a channel, oldest first, what only one user sees and what stands in threads included. A
// direct message with the app is called "D" and the user's ID.
func (s *Slack) Messages(channel string) []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages(channel)
}

// AllMessages lists what stands in every channel, in no order among channels.
func (s *Slack) AllMessages() []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []SlackMessage
	for channel := range s.talk.channels {
		all = append(all, s.messages(channel)...)
	}
	return all
}

// author returns who wrote a message that everybody sees; empty if there is none.
func (s *Slack) author(channel, ts string) string {
	for _, m := range s.Messages(channel) {
		if m.TS == ts && m.To == "" {
			return m.Author
		}
	}
	return ""
}

// Say posts a user's message that concerns the app in no way, for example to open a thread under it.
func (s *Slack) Say(user, channel, text string) SlackMessage {
	return s.post(SlackMessage{Channel: channel, Author: user, Text: text, Via: "user"})
}

// messages is Messages with the lock held.
func (s *Slack) messages(channel string) []SlackMessage {
	all := s.talk.channels[channel]
	list := make([]SlackMessage, 0, len(all))
	for _, m := range all {
		if m.TS != "" {
			list = append(list, *m)
		}
	}
	return list
}

// WaitFor returns the first message in the channel that matches, at once if there is one, otherwise as soon as there
// is. The error is the context's.
func (s *Slack) WaitFor(ctx context.Context, channel string, match func(SlackMessage) bool) (SlackMessage, error) {
	return await(ctx, &s.mu, &s.talk.bell, channel, func() []SlackMessage { return s.messages(channel) }, match)
}

// slackContent is what a message says.
type slackContent struct {
	text   string
	blocks json.RawMessage
}

// slackMaxText is where the text of a message ends: the documentation of chat.postMessage, "Truncating content".
const slackMaxText = 40_000

// check returns Slack's word for what is wrong with the content, and the details where it gives any. Both are empty
// if it can be posted.
func (c *slackContent) check() (word string, details []string) {
	if blocks := string(c.blocks); blocks == "null" || blocks == "[]" {
		c.blocks = nil
	}
	switch {
	case c.text == "" && c.blocks == nil:
		return "no_text", nil
	case len([]rune(c.text)) > slackMaxText:
		return "msg_too_long", nil
	case c.blocks == nil:
		return "", nil
	}
	details, err := slackBlockProblems(c.blocks)
	switch {
	case err != nil:
		return "invalid_blocks_format", nil
	case len(details) > 0:
		return "invalid_blocks", details
	default:
		return "", nil
	}
}
