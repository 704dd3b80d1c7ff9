package store

import (
	"context"
	"net/url"
	"strings"
	"time"

	"meetbot/bot"
)

// A channel may get another ID, and a workspace may become part of an organization. Then one conversation has several
// names, and what Redis holds of it stays where it was: under the name that had it first. docs/adr/0010-names.md has
// the rules, and why no two names can both get a meeting.

// Names tells which names a conversation may have had or may get, itself among them, the oldest one first. The thread
// is the same in each. It returns nil for a conversation that has this one name for ever. It must always return the
// same.
type Names func(bot.Conversation) []bot.Conversation

// yieldFor is how long a name is kept from beginning after it gave way. It has to be much longer than a call may take
// ([Budget]), and than a request under a name of the past may wait in the queue.
const yieldFor = 2 * time.Hour

// otherNames are the names of c but c itself.
func (s *Store) otherNames(c bot.Conversation) (older, newer []bot.Conversation) {
	if s.names == nil {
		return nil, nil
	}
	passed := false
	for _, name := range s.names(c) {
		switch {
		case name == c:
			passed = true
		case passed:
			newer = append(newer, name)
		default:
			older = append(older, name)
		}
	}
	if !passed { // then the order is not known, so nothing is
		return nil, nil
	}
	return older, newer
}

// knownHome is under which name a conversation was found lately.
type knownHome struct {
	name bot.Conversation
	read time.Time
}

// readAnyName is [Store.readName] for a conversation that may be kept under another of its names.
//
// Where the name is known from the last time, that name alone is read, so that a repeat costs one round trip.
func (s *Store) readAnyName(ctx context.Context, c bot.Conversation, announce string, asker bot.Asker) (bot.State,
	error) {
	if s.names == nil {
		return s.readName(ctx, c, announce, asker)
	}
	if home, ok := s.homes.Get(c); ok && time.Since(home.read) < bot.AnnounceInterval {
		if state, err := s.readName(ctx, home.name, announce, asker); err != nil || state.Meeting != nil {
			return state, err
		}
	}
	first, err := s.readName(ctx, c, announce, asker)
	if err != nil || !vacant(first) && first.Conversation == c {
		return first, err
	}
	belongs := first // perhaps to the thread's channel, if the thread has nothing under any name
	older, newer := s.otherNames(c)
	for _, name := range append(older, newer...) {
		state, err := s.readName(ctx, name, announce, asker)
		switch {
		case err != nil || !vacant(state) && state.Conversation == name:
			if state.Meeting != nil {
				s.homes.Add(c, knownHome{name, time.Now()})
			}
			return state, err
		case belongs.Conversation == c && state.Conversation != name:
			belongs = state
		}
	}
	if belongs.Conversation != c && vacant(belongs) { // the channel may be kept under another of its names
		return s.readAnyName(ctx, belongs.Conversation, announce, asker)
	}
	return belongs, nil
}

// vacant tells whether a conversation has neither a meeting nor a pending claim.
func vacant(state bot.State) bool {
	return state.Meeting == nil && state.Pending == nil && state.UnreadableGeneration == 0
}

// begin prepares that something is recorded under the name c first: every older name gives way, and no newer one may
// have anything. If one has, begin returns what stands there; otherwise a state of c.
func (s *Store) begin(ctx context.Context, c bot.Conversation, older, newer []bot.Conversation) (bot.State, error) {
	belongs := bot.State{Conversation: c} // to its channel, as in readAnyName
	for i, name := range append(older, newer...) {
		var state bot.State
		var err error
		if i < len(older) {
			answer := yieldScript.Run(ctx, s.client, s.keys.named(name), name.Thread, encodeName(c),
				yieldFor.Milliseconds())
			state, err = s.stateOf(name, answer)
		} else {
			state, err = s.readName(ctx, name, "", bot.Asker{})
		}
		switch {
		case err != nil || !vacant(state) && state.Conversation == name:
			return stands(state, err)
		case state.Conversation != name:
			belongs = state
		}
	}
	return belongs, nil
}

// stands returns what was read under another name. That it cannot be read is found out by who claims there.
func stands(state bot.State, err error) (bot.State, error) {
	if isUnreadable(err) {
		return state, nil
	}
	return state, err
}

// encodeName records a name: a version, workspace and channel. Platform and thread are those of the key.
func encodeName(c bot.Conversation) string {
	return "1 " + url.QueryEscape(c.Workspace) + " " + url.QueryEscape(c.Channel)
}

// decodeName reads a name that conversation c gave way to.
func decodeName(c bot.Conversation, record string) (bot.Conversation, error) {
	parts := strings.Split(record, " ")
	if len(parts) != 3 || parts[0] != "1" {
		return c, errCorrupt
	}
	var err error
	if c.Workspace, err = url.QueryUnescape(parts[1]); err != nil {
		return c, errCorrupt
	}
	if c.Channel, err = url.QueryUnescape(parts[2]); err != nil {
		return c, errCorrupt
	}
	return c, nil
}
