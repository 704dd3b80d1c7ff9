package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// Look reads a conversation, and the asker's identity with it, in one round trip. A thread that has no meeting and no
// pending claim of its own, and whose root message was given as a Look.Root, belongs to its channel's conversation.
//
// What the state points to is shared with other calls: it must not be changed.
func (s *Store) Look(ctx context.Context, c bot.Conversation, l bot.Look) (bot.State, error) {
	var state bot.State
	err := s.within(ctx, "look at a conversation", func(ctx context.Context) error {
		found, decided, err := s.readChannel(ctx, c, l)
		if err == nil && !decided {
			found, err = s.lookByScript(ctx, c, l)
		}
		state = found
		return err
	})
	if err != nil {
		return bot.State{}, err
	}
	return state, nil
}

// lookByScript is Look as one script, and a second command for the identity: it lies in another slot, so that the script
// cannot read it.
func (s *Store) lookByScript(ctx context.Context, c bot.Conversation, l bot.Look) (bot.State, error) {
	keys, args := resolveKeys(c), []any{c.Thread, l.Root, l.Show, bot.AnnounceInterval.Milliseconds()}
	var looked *redis.Cmd
	var remembered *redis.StringCmd
	if l.Asker == (bot.Asker{}) {
		looked = lookScript.Run(ctx, s.client, keys, args...)
	} else {
		pipe := s.client.Pipeline()
		looked = lookScript.EvalSha(ctx, pipe, keys, args...)
		remembered = redis.NewStringCmd(ctx, s.identityOf(l.Asker).get...)
		_ = pipe.Process(ctx, remembered)
		_, _ = pipe.Exec(ctx) // each command has its own error
		if redis.HasErrorPrefix(looked.Err(), "NOSCRIPT") {
			looked = lookScript.Eval(ctx, s.client, keys, args...)
		}
	}
	state, err := s.stateOf(c, looked)
	if err == nil && remembered != nil {
		state.Identity, err = s.identity(l.Asker, remembered)
	}
	return state, err
}

// readChannel is Look without a script, for the most common case: a repeat in a channel. It is one pipeline of three
// commands: MGET of meeting and pending claim, SET … NX GET of the shown mark, GET of the identity. It returns false if it
// cannot tell, and nothing else than the script can.
//
// The mark names the generation that was shown, and this is the generation that this server read last: it does not know
// yet whether that is still the current one. The commands of a pipeline are not one atomic step; others may come in between.
// That is harmless:
//
//   - If the meeting read has that generation, the answer is right. NX writes no mark where there is one. What another
//     server does between the two commands might as well have come after both of them: should the meeting be replaced there,
//     the mark speaks of the old generation, and does not keep anybody from showing the new one.
//   - If it has another generation, or the mark found is of another one, the script decides. A mark that was written
//     wrongly is one of an older generation, which the script overwrites.
//
// So that a repeat is not two round trips after another server has made a new meeting, the generation is believed for
// no longer than a mark lasts: until then the mark that the other server wrote is still there.
func (s *Store) readChannel(ctx context.Context, c bot.Conversation, l bot.Look) (state bot.State, decided bool, err error) {
	if c.Thread != "" || l.Root != "" {
		return bot.State{}, false, nil
	}
	last, ok := s.conversations.Get(c)
	switch {
	case l.Show != "" && (!ok || time.Since(last.read) >= bot.AnnounceInterval):
		return bot.State{}, false, nil
	case !ok:
		last = &conversationRead{keys: preparedKeys(c)}
	}
	var commands [3]redis.Cmder
	pipe := s.client.Pipeline()
	records := redis.NewSliceCmd(ctx, last.keys.get...)
	n := 1
	commands[0] = records
	var mark, remembered *redis.StringCmd
	if l.Show != "" {
		own := strconv.Itoa(last.meeting.Generation) + " " + l.Show
		mark = redis.NewStringCmd(ctx, "set", last.keys.shown, own, "nx", "px", markMilliseconds, "get")
		commands[n] = mark
		n++
	}
	if l.Asker != (bot.Asker{}) {
		remembered = redis.NewStringCmd(ctx, s.identityOf(l.Asker).get...)
		commands[n] = remembered
		n++
	}
	_ = pipe.BatchProcess(ctx, commands[:n]...)
	_, _ = pipe.Exec(ctx) // each command has its own error

	values, err := records.Result()
	if err != nil {
		return bot.State{}, false, err
	}
	if state, err = s.stateFrom(c, values); err != nil {
		return bot.State{}, false, err
	}
	if remembered != nil {
		if state.Identity, err = s.identity(l.Asker, remembered); err != nil {
			return bot.State{}, false, err
		}
	}
	if mark == nil || state.Meeting == nil {
		return state, true, nil
	}
	shown, err := mark.Result()
	switch {
	case errors.Is(err, redis.Nil): // there was none; ours is there now
		state.MayAnnounce = true
		return state, state.Generation() == last.meeting.Generation, nil
	case isReply(err): // Redis refuses to write. The script writes only if there is no mark
		return bot.State{}, false, nil
	case err != nil:
		return bot.State{}, false, err
	}
	generation, request, _ := strings.Cut(shown, " ")
	state.MayAnnounce = request == l.Show
	return state, generation == strconv.Itoa(state.Generation()), nil
}

// isReply tells whether an error is what Redis answered, rather than that there was no answer.
func isReply(err error) bool {
	_, answered := errors.AsType[redis.Error](err)
	return answered
}

// markMilliseconds is how long a shown mark lasts.
var markMilliseconds = any(bot.AnnounceInterval.Milliseconds())

// Claim records a claim unless something better stands; see [bot.Conversations]. The claim's generation must be the
// one after that seen, so at least 1.
func (s *Store) Claim(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State, error) {
	return s.changeConversation(ctx, "claim a conversation", claim.Conversation, func(ctx context.Context) (*redis.Cmd, error) {
		record, err := encodeClaim(claim)
		if err != nil {
			return nil, err
		}
		keys := resolveKeys(claim.Conversation)
		return claimScript.Run(ctx, s.client, keys, claim.Conversation.Thread, fresh, seen, claim.Generation, record), nil
	})
}

// Complete makes m the meeting while the claim is still the pending one; see [bot.Conversations]. What is recorded has
// the claim's ID and generation, whatever m says.
func (s *Store) Complete(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
	return s.changeConversation(ctx, "complete a claim", claim.Conversation, func(ctx context.Context) (*redis.Cmd, error) {
		record, err := encodeMeeting(claim, m)
		if err != nil {
			return nil, err
		}
		return completeScript.Run(ctx, s.client, settleKeys(claim.Conversation), claim.ID, claim.Generation, record), nil
	})
}

// Release forgets the claim while it is still the pending one; see [bot.Conversations].
func (s *Store) Release(ctx context.Context, claim bot.Claim) (bot.State, error) {
	return s.changeConversation(ctx, "release a claim", claim.Conversation, func(ctx context.Context) (*redis.Cmd, error) {
		return releaseScript.Run(ctx, s.client, settleKeys(claim.Conversation), claim.ID), nil
	})
}

func (s *Store) changeConversation(ctx context.Context, doing string, c bot.Conversation, call func(context.Context) (*redis.Cmd, error)) (bot.State, error) {
	var state bot.State
	err := s.within(ctx, doing, func(ctx context.Context) error {
		answer, err := call(ctx)
		if err != nil {
			return err
		}
		state, err = s.stateOf(c, answer)
		return err
	})
	if err != nil {
		return bot.State{}, err
	}
	return state, nil
}

// stateOf reads what the conversation scripts return: whether the channel is meant, the meeting, the pending claim,
// whether the card may be shown to everybody.
func (s *Store) stateOf(c bot.Conversation, answer *redis.Cmd) (bot.State, error) {
	parts, err := answer.Slice()
	if err != nil {
		return bot.State{}, err
	}
	if len(parts) != 4 {
		return bot.State{}, fmt.Errorf("script returned %d values: %w", len(parts), errCorrupt)
	}
	if parts[0] == int64(1) {
		c = c.InChannel()
	}
	state, err := s.stateFrom(c, parts[1:3])
	state.MayAnnounce = parts[3] == int64(1)
	return state, err
}

// stateFrom reads the records of conversation c: its meeting and its pending claim, nil where there is none.
func (s *Store) stateFrom(c bot.Conversation, records []any) (bot.State, error) {
	state := bot.State{Conversation: c}
	var err error
	if record, ok := records[0].(string); ok {
		if state.Meeting, err = s.meeting(c, record); err != nil {
			return bot.State{}, err
		}
	}
	if record, ok := records[1].(string); ok {
		if state.Pending, err = decodeClaim(c, record); err != nil {
			return bot.State{}, err
		}
	}
	return state, nil
}

// conversationRead is what was last read of a conversation that has a meeting.
type conversationRead struct {
	record  string // of the meeting
	meeting bot.Meeting
	read    time.Time
	keys    readKeys
}

// readKeys are the arguments of the commands that read a channel, ready to be sent.
type readKeys struct {
	get   []any // MGET of the meeting and the pending claim
	shown any   // key of the shown mark
}

func preparedKeys(c bot.Conversation) readKeys {
	keys := keysOf(c)
	return readKeys{get: []any{"mget", keys.meeting, keys.pending}, shown: keys.shown}
}

// meeting reads the record of conversation c's meeting.
func (s *Store) meeting(c bot.Conversation, record string) (*bot.Meeting, error) {
	last, ok := s.conversations.Get(c)
	if ok && last.record == record && time.Since(last.read) < bot.AnnounceInterval/2 {
		return &last.meeting, nil
	}
	fresh := &conversationRead{record: record, read: time.Now()}
	if ok {
		fresh.keys = last.keys
	} else {
		fresh.keys = preparedKeys(c)
	}
	if ok && last.record == record {
		fresh.meeting = last.meeting
	} else {
		m, err := decodeMeeting(c, record)
		if err != nil {
			return nil, err
		}
		fresh.meeting = *m
	}
	s.conversations.Add(c, fresh)
	return &fresh.meeting, nil
}
