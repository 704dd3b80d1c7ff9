package slacktest

import (
	"context"
	"encoding/json"
	"fmt"
	"meetbot/internal/sandbox/faultserver"
	"slices"
	"time"
)

// Message is a message as it stands in a channel.
type Message struct {
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
	Edited     time.Time // when it got its present text; zero for its first one
	Earlier    []Message // what it was before each change, oldest first
}

// talk is what was said, in order. It belongs to a Slack and is guarded by its lock.
type talk struct {
	faultserver.Notifier

	channels map[string][]*Message
	order    []string // the channel of every message kept, oldest first
	last     int64    // the latest time stamp, in microseconds
}

// stamp returns a time stamp that no message has. Call it with the lock held.
func (t *talk) stamp(now time.Time) string {
	t.last = max(t.last+1, now.UnixMicro())
	return fmt.Sprintf("%d.%06d", t.last/1e6, t.last%1e6)
}

// rename moves what was said to the channel's new ID. Call it with the lock held.
func (t *talk) rename(old, id string) {
	for i, m := range t.channels[old] {
		next := *m // somebody may be reading the message as it was
		next.Channel = id
		t.channels[old][i] = &next
	}
	if said, ok := t.channels[old]; ok {
		t.channels[id] = said
		delete(t.channels, old)
	}
	for i, channel := range t.order {
		if channel == old {
			t.order[i] = id
		}
	}
}

// post adds a message, with its time stamp and author's name, and returns it as it stands.
func (s *Server) post(m Message) Message {
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
		t.channels = map[string][]*Message{}
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
	t.Notify()
	return m
}

// change gives the message with this time stamp new content, or takes it away if with is nil. It tells whether it was
// there.
func (s *Server) change(channel, ts string, with *content) bool {
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
			was := *m
			was.Earlier = nil
			next.Earlier = append(slices.Clip(m.Earlier), was)
			next.Text, next.Blocks, next.Edited = with.text, with.blocks, s.o.Now()
		}
		s.talk.channels[channel][i] = &next
		s.talk.Notify()
		return true
	}
	return false
}

// Messages lists what stands in a channel, oldest first, what only one user sees and what stands in threads included. A
// direct message with the app is called "D" and the user's ID.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages(channel)
}

// AllMessages lists what stands in every channel, in no order among channels.
func (s *Server) AllMessages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for channel := range s.talk.channels {
		all = append(all, s.messages(channel)...)
	}
	return all
}

// author returns who wrote a message that everybody sees; empty if there is none.
func (s *Server) author(channel, ts string) string {
	for _, m := range s.Messages(channel) {
		if m.TS == ts && m.To == "" {
			return m.Author
		}
	}
	return ""
}

// Say posts a user's message that concerns the app in no way, for example to open a thread under it.
func (s *Server) Say(user, channel, text string) Message {
	return s.post(Message{Channel: channel, Author: user, Text: text, Via: "user"})
}

// messages is Messages with the lock held.
func (s *Server) messages(channel string) []Message {
	all := s.talk.channels[channel]
	list := make([]Message, 0, len(all))
	for _, m := range all {
		if m.TS != "" {
			list = append(list, *m)
		}
	}
	return list
}

// WaitFor returns the first message in the channel that matches, at once if there is one, otherwise as soon as there
// is. The error is the context's.
func (s *Server) WaitFor(ctx context.Context, channel string, match func(Message) bool) (Message, error) {
	return faultserver.Await(ctx, &s.mu, &s.talk.Notifier, channel, func() []Message { return s.messages(channel) },
		match)
}

// content is what a message says.
type content struct {
	text   string
	blocks json.RawMessage
}

// maxText is where the text of a message ends: the documentation of chat.postMessage, "Truncating content".
const maxText = 40_000

// check returns Slack's word for what is wrong with the content, and the details where it gives any. Both are empty
// if it can be posted.
func (c *content) check() (word string, details []string) {
	if blocks := string(c.blocks); blocks == "null" || blocks == "[]" {
		c.blocks = nil
	}
	switch {
	case c.text == "" && c.blocks == nil:
		return "no_text", nil
	case len([]rune(c.text)) > maxText:
		return "msg_too_long", nil
	case c.blocks == nil:
		return "", nil
	}
	details, err := blockProblems(c.blocks)
	switch {
	case err != nil:
		return "invalid_blocks_format", nil
	case len(details) > 0:
		return "invalid_blocks", details
	default:
		return "", nil
	}
}
