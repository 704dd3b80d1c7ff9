package store

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// Undo gives the conversation its earlier meeting back; see [bot.Conversations]. In the same step it notes that the
// posted cards are to be updated: those of the earlier meeting may say that another one took its place. If that meeting
// has a date, its reminder is to be put into the schedule again.
func (s *Store) Undo(ctx context.Context, c bot.Conversation, u bot.Undo) (bot.State, bot.UndoResult, error) {
	var result bot.UndoResult
	state, err := s.changeConversation(ctx, "undo a meeting", func(ctx context.Context) (bot.State, error) {
		keys := s.keys.own(c)
		records, err := s.client.MGet(ctx, keys[0], keys[2]).Result()
		if err != nil {
			return bot.State{}, err
		}
		kept, restored := restore(c, records, u)
		answer := undoScript.Run(ctx, s.client, keys, u.Generation, url.QueryEscape(u.User), u.ID, kept, restored)
		parts, err := sixOf(answer)
		if err != nil {
			return bot.State{}, err
		}
		result.Done = parts[4] == int64(1)
		owner, _ := parts[5].(string)
		if result.Owner, err = url.QueryUnescape(owner); err != nil {
			return bot.State{}, fmt.Errorf("user who may undo: %w", errCorrupt)
		}
		return s.stateOf(c, answer)
	})
	return state, result, err
}

// restore prepares what an undo writes: the meeting before the current one as the next generation. It takes the records
// of the current meeting and of what may come back, and returns the latter as it is found, and the record to write;
// empty ones if nothing can come back.
func restore(c bot.Conversation, records []any, u bot.Undo) (kept, restored string) {
	kept, _ = records[1].(string)
	parts := strings.SplitN(kept, " ", 3)
	if len(parts) != 3 {
		return "", ""
	}
	earlier, err := decodeMeeting(c, parts[2])
	if err != nil {
		return "", "" // what cannot be read does not come back
	}
	m := *earlier
	m.Todo |= bot.TodoCards
	if m.Dated {
		m.Todo |= bot.TodoRemind
	}
	current, _ := records[0].(string)
	if now, err := decodeMeeting(c, current); err == nil {
		m.Todo |= now.Todo & bot.TodoBookmark // it is the channel's, whichever meeting it leads to
	}
	restored, err = encodeMeeting(bot.Claim{ID: u.ID, Generation: u.Generation + 1, Conversation: c}, m)
	if err != nil {
		return "", ""
	}
	return kept, keepUnknown(restored, parts[2])
}

// ChangeMeeting alters the current meeting if it is the one of the claim ID; see [bot.Conversations]. The conversation
// may have the meeting under another of its names, or be a thread that belongs to its channel. What a later release
// wrote into the record stays there.
func (s *Store) ChangeMeeting(
	ctx context.Context, c bot.Conversation, claimID string, change func(*bot.Meeting),
) (bot.State, error) {
	return s.changeConversation(ctx, "change a meeting", func(ctx context.Context) (bot.State, error) {
		state, changed, err := s.changeMeeting(ctx, c, claimID, change)
		if changed || err != nil || !vacant(state) {
			return state, err
		}
		state, err = s.readAnyName(ctx, c, "", bot.Asker{})
		if err == nil && state.Conversation != c && !vacant(state) {
			state, _, err = s.changeMeeting(ctx, state.Conversation, claimID, change)
		}
		return state, err
	})
}

// changeMeeting is ChangeMeeting under this name of the conversation alone. It tells whether the meeting is the one of
// the claim ID.
func (s *Store) changeMeeting(
	ctx context.Context, c bot.Conversation, claimID string, change func(*bot.Meeting),
) (state bot.State, changed bool, err error) {
	keys := s.keys.own(c)[:2]
	for ctx.Err() == nil {
		records, err := s.client.MGet(ctx, keys...).Result()
		if err != nil {
			return bot.State{}, false, err
		}
		state, err := s.stateFrom(c, records)
		if err != nil || state.Meeting == nil || state.Meeting.ClaimID != claimID {
			return state, false, err
		}
		m := *state.Meeting // what the state points to is shared
		change(&m)
		record, err := encodeMeeting(bot.Claim{ID: claimID, Generation: state.Meeting.Generation, Conversation: c}, m)
		if err != nil {
			return bot.State{}, false, err
		}
		before, _ := records[0].(string)
		if record = keepUnknown(record, before); record == before {
			return state, true, nil
		}
		answer := changeScript.Run(ctx, s.client, keys, before, record)
		parts, err := sixOf(answer)
		if err != nil {
			return bot.State{}, false, err
		}
		if parts[5] == int64(1) {
			state, err = s.stateOf(c, answer)
			return state, true, err
		}
	}
	return bot.State{}, false, ctx.Err()
}

// sixOf returns the six values of a script that tells more than the state.
func sixOf(answer *redis.Cmd) ([]any, error) {
	parts, err := answer.Slice()
	if err != nil {
		return nil, err
	}
	if len(parts) != 6 {
		return nil, fmt.Errorf("script returned %d values: %w", len(parts), errCorrupt)
	}
	return parts, nil
}
