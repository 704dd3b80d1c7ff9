package teamstest

import (
	"context"
	"encoding/json"
	"fmt"
	"meetbot/internal/sandbox/faultserver"
	"strconv"
	"strings"
	"time"
)

// privateLife is how long a targeted message stands: the document "Targeted messages".
const privateLife = 24 * time.Hour

// talk is what was said, in order. It belongs to a Teams and is guarded by its lock.
type talk struct {
	faultserver.Notifier

	conversations map[string][]*Message
	views         map[string]map[string]json.RawMessage // by message and user: the card that a button gave this user
	order         []string                              // the conversation of every message kept, oldest first
	last          int64                                 // the latest message ID
}

// stamp returns an ID that no message has. Call it with the lock held.
func (t *talk) stamp(now time.Time) string {
	t.last = max(t.last+1, now.UnixMilli())
	return strconv.FormatInt(t.last, 10)
}

// root tells whether the channel has this root post.
func (t *talk) root(conversation, id string) bool {
	for _, m := range t.conversations[conversation] {
		if m.ID == id && m.Thread == "" {
			return true
		}
	}
	return false
}

// post adds a message, with its ID and its author's name, and returns it as it stands.
func (t *Server) post(m Message) Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := &t.talk
	m.At = t.o.Now()
	m.ID = k.stamp(m.At)
	m.FromName = t.o.BotName
	if m.From != t.o.AppID {
		m.FromName = t.users[m.From].Name
	}
	if t.o.Keep < 0 {
		return m
	}
	if k.conversations == nil {
		k.conversations = map[string][]*Message{}
	}
	k.conversations[m.Conversation] = append(k.conversations[m.Conversation], &m)
	k.order = append(k.order, m.Conversation)
	if len(k.order) > t.o.Keep {
		// The oldest message of all is the first of its conversation.
		oldest := k.order[0]
		delete(k.views, k.conversations[oldest][0].ID)
		k.conversations[oldest][0] = nil
		k.conversations[oldest] = k.conversations[oldest][1:]
		k.order = k.order[1:]
	}
	k.Notify()
	return m
}

// change changes a message, whose new card everybody sees. Without an ID it is gone, and keeps its place.
func (t *Server) change(conversation, id string, change func(*Message)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, m := range t.talk.conversations[conversation] {
		if m.ID == id {
			next := *m
			change(&next)
			t.talk.conversations[conversation][i] = &next
			delete(t.talk.views, id)
			t.talk.Notify()
		}
	}
}

// Delete deletes a message as its author does, or an owner of the team: nobody sees it any more, and the bot is not
// told.
func (t *Server) Delete(conversation, id string) error {
	if _, ok := t.find(conversation, id); !ok {
		return fmt.Errorf("delete a message: %s has no message %q", conversation, id)
	}
	t.change(conversation, id, func(m *Message) { m.ID = "" })
	return nil
}

// view gives one user another card in the place of a message's.
func (t *Server) view(m Message, user string, card json.RawMessage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.talk.views == nil {
		t.talk.views = map[string]map[string]json.RawMessage{}
	}
	if t.talk.views[m.ID] == nil {
		t.talk.views[m.ID] = map[string]json.RawMessage{}
	}
	t.talk.views[m.ID][user] = card
	t.talk.Notify()
}

// find returns the message of a conversation with this ID.
func (t *Server) find(conversation, id string) (Message, bool) {
	for _, m := range t.Messages(conversation) {
		if m.ID == id {
			return m, true
		}
	}
	return Message{}, false
}

// Say writes a user's message that no bot hears, for example to open a thread under it.
func (t *Server) Say(user, conversation, text string) Message {
	return t.post(Message{
		Conversation: conversation, From: strings.ToLower(user), Text: text, Format: "plain", Via: "user",
	})
}

// Messages lists what stands in a channel with its threads, or in a chat, oldest first, what only one member sees
// included.
func (t *Server) Messages(conversation string) []Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.messages(conversation)
}

// messages is Messages with the lock held.
func (t *Server) messages(conversation string) []Message {
	all := t.talk.conversations[conversation]
	list := make([]Message, 0, len(all))
	for _, m := range all {
		if expired := m.To != "" && t.o.Now().Sub(m.At) >= privateLife; m.ID != "" && !expired {
			list = append(list, *m)
		}
	}
	return list
}

// Seen is Messages as this user sees them: without what is for others alone, and with the cards that a button replaced
// for this user.
func (t *Server) Seen(conversation, user string) []Message {
	user = strings.ToLower(user)
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, ok := t.conversations[conversation]; ok && !p.has(user) {
		return nil
	}
	list := []Message{}
	for _, m := range t.messages(conversation) {
		if m.To != "" && m.To != user && m.From != user {
			continue
		}
		if card, ok := t.talk.views[m.ID][user]; ok {
			m.Card = card
		}
		list = append(list, m)
	}
	return list
}

// WaitFor returns the first message in the conversation that matches, at once if there is one, otherwise as soon as
// there is or one is changed so that it does. The error is the context's.
func (t *Server) WaitFor(ctx context.Context, conversation string, match func(Message) bool) (Message, error) {
	return faultserver.Await(ctx, &t.mu, &t.talk.Notifier, conversation,
		func() []Message { return t.messages(conversation) }, match)
}
