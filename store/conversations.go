package store

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// Read returns what a conversation holds, and the asker's identity with it, in one round trip. A thread that has no
// meeting and no pending claim of its own, and that was linked by [Store.LinkThread], belongs to its channel's
// conversation.
func (s *Store) Read(ctx context.Context, c bot.Conversation, asker bot.Asker) (bot.State, error) {
	return s.read(ctx, c, "", asker)
}

// Announce is [Store.Read] for a request that is about to show the card; see [bot.Conversations].
func (s *Store) Announce(ctx context.Context, c bot.Conversation, requestID string, asker bot.Asker) (bot.State, error) {
	return s.read(ctx, c, requestID, asker)
}

// LinkThread remembers that a thread under the root message belongs to the channel; see [bot.Conversations].
func (s *Store) LinkThread(ctx context.Context, channel bot.Conversation, root string) error {
	return s.within(ctx, "link a thread to its channel", func(ctx context.Context) error {
		return s.client.SAdd(ctx, keysOf(channel).roots, root).Err()
	})
}

// read returns what a conversation holds. announce is the request that wants to show the card to everybody; empty for
// none.
func (s *Store) read(ctx context.Context, c bot.Conversation, announce string, asker bot.Asker) (bot.State, error) {
	var state bot.State
	err := s.within(ctx, "read a conversation", func(ctx context.Context) error {
		keys, args := resolveKeys(c), []any{c.Thread, announce, bot.AnnounceInterval.Milliseconds()}

		// The identity lies in another slot, so it cannot be read by the script; a cluster answers both at once.
		var looked *redis.Cmd
		var known *redis.StringCmd
		if asker == (bot.Asker{}) {
			looked = readScript.Run(ctx, s.client, keys, args...)
		} else {
			pipe := s.client.Pipeline()
			looked = readScript.EvalSha(ctx, pipe, keys, args...)
			known = pipe.Get(ctx, identityKey(asker))
			_, _ = pipe.Exec(ctx) // each command has its own error
			if redis.HasErrorPrefix(looked.Err(), "NOSCRIPT") {
				looked = readScript.Eval(ctx, s.client, keys, args...)
			}
		}

		var err error
		if state, err = s.stateOf(c, looked); err != nil {
			return err
		}
		if known != nil {
			state.Identity, err = s.identity(known)
		}
		return err
	})
	if err != nil {
		return bot.State{}, err
	}
	return state, nil
}

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
	state := bot.State{Conversation: c, MayAnnounce: parts[3] == int64(1)}
	if value, ok := parts[1].(string); ok {
		if state.Meeting, err = s.meeting(c, value); err != nil {
			return bot.State{}, err
		}
	}
	if value, ok := parts[2].(string); ok {
		if state.Pending, err = decodeClaim(c, value); err != nil {
			return bot.State{}, err
		}
	}
	return state, nil
}

// meeting reads the record of conversation c's meeting.
func (s *Store) meeting(c bot.Conversation, record string) (*bot.Meeting, error) {
	if m, ok := s.meetings.Get(record); ok {
		return &m, nil
	}
	m, err := decodeMeeting(c, record)
	if err == nil {
		s.meetings.Add(record, *m)
	}
	return m, err
}
