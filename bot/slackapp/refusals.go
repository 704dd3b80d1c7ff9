package slackapp

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"meetbot/bot"
)

// Refusals to post are remembered for this long, and for so many channels, the ones of late.
const (
	refusedFor   = time.Hour
	keptRefusals = 4096
)

// mayNotPost are Slack's words for that the bot may not post in a place. They name neither the message nor the moment,
// so the next message there would be refused too. Source: Slack, "chat.postMessage", section "Errors".
var mayNotPost = map[string]bool{
	"access_denied":         true,
	"channel_not_found":     true,
	"ekm_access_denied":     true,
	"is_archived":           true,
	"is_inactive":           true,
	"messages_tab_disabled": true,
	"missing_scope":         true,
	"no_permission":         true,
	"not_in_channel":        true,
	"restricted_action":     true,
	"restricted_action_non_threadable_channel": true,
	"restricted_action_read_only_channel":      true,
	"restricted_action_thread_only_channel":    true,
	"team_access_not_granted":                  true,
}

// place is where a message may be refused: some channels refuse messages in threads, some all others.
type place struct {
	channel string
	thread  bool
}

// lastRefusal is what Slack said, and when.
type lastRefusal struct {
	reason string
	at     time.Time
}

// refusals are the places in which Slack refused the bot's messages, as far as this process found out. It is safe for
// concurrent use.
type refusals struct {
	places *lru.Cache[place, lastRefusal]
}

func newRefusals() (*refusals, error) {
	places, err := lru.New[place, lastRefusal](keptRefusals)
	if err != nil {
		return nil, fmt.Errorf("make room for refusals: %w", err)
	}
	return &refusals{places}, nil
}

// note remembers an error of a message's, if Slack refuses all messages there.
func (r *refusals) note(p place, e *bot.Error) {
	if mayNotPost[e.Reason] {
		r.places.Add(p, lastRefusal{e.Reason, time.Now()})
	}
}

// allow forgets the refusal of a place: Slack took a message there.
func (r *refusals) allow(p place) { r.places.Remove(p) }

// reason is Slack's word for why it refuses messages there; empty if that is not known, or not any more.
func (r *refusals) reason(p place) string {
	found, ok := r.places.Peek(p)
	if !ok {
		return ""
	}
	if time.Since(found.at) >= refusedFor {
		r.places.Remove(p)
		return ""
	}
	return found.reason
}

// forget forgets the refusals of a channel: the bot may have become a member of it.
func (r *refusals) forget(channel string) {
	r.places.Remove(place{channel, false})
	r.places.Remove(place{channel, true})
}
