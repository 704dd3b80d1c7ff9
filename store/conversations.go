package store

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// Read returns what a conversation holds, and the asker's identity with it, in one round trip. A thread that has no
// meeting and no pending claim of its own, and that was linked by [Store.LinkThread], belongs to its channel's
// conversation.
//
// What the state points to is shared with other calls: it must not be changed.
func (s *Store) Read(ctx context.Context, c bot.Conversation, asker bot.Asker) (bot.State, error) {
	return s.read(ctx, c, "", asker)
}

// Announce is [Store.Read] for a request that is about to show the card; see [bot.Conversations].
func (s *Store) Announce(
	ctx context.Context, c bot.Conversation, requestID string, asker bot.Asker,
) (bot.State, error) {
	return s.read(ctx, c, requestID, asker)
}

// Roots of threads that a channel remembers: about 80 bytes each.
const (
	rootsMost = 1000           // how many, the newest
	rootsFor  = 90 * 24 * 3600 // how long after the last one, in seconds
)

// LinkThread remembers that a thread under the root message belongs to the channel; see [bot.Conversations].
func (s *Store) LinkThread(ctx context.Context, channel bot.Conversation, root string) error {
	return s.withBudget(ctx, "link a thread to its channel", func(ctx context.Context) error {
		return linkScript.Run(ctx, s.client, []string{s.keys.of(channel).roots}, root, rootsMost, rootsFor).Err()
	})
}

// Claim records a claim unless something better stands; see [bot.Conversations]. The claim's generation must be the
// one after that seen, so at least 1.
func (s *Store) Claim(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State, error) {
	c := claim.Conversation
	broken := "" // the pending claim that cannot be read and may be replaced, as the script wants it
	return s.changeConversation(ctx, "claim a conversation", func(ctx context.Context) (bot.State, error) {
		record, err := encodeClaim(claim)
		if err != nil {
			return bot.State{}, err
		}
		floor := "" // that the claim's generation is above, as the script found it
		older, newer := s.otherNames(c)
		mayBegin := len(older)+len(newer) == 0
		for {
			answer := claimScript.Run(ctx, s.client, append(s.keys.named(c), s.keys.of(c).floor), c.Thread, fresh, seen,
				claim.Generation, record, unknownGeneration(time.Now()), broken, recordVersion, mayBegin, floor)
			if found := floorOf(answer); found != "" && found != floor {
				if claim, record, err = above(claim, found); err != nil {
					return bot.State{}, err
				}
				floor = found
				continue
			}
			state, err := s.stateOf(c, answer)
			switch found := pendingOf(answer); {
			case err == nil && !mayBegin && vacant(state) && state.Conversation == c:
				if other, err := s.begin(ctx, c, older, newer); err != nil || other.Conversation != c {
					return other, err
				}
				mayBegin = true
			case err == nil && c.Thread != "" && state.Conversation == c.InChannel() && len(older)+len(newer) > 0:
				return s.readAnyName(ctx, c, "", bot.Asker{}) // the thread may have a meeting under another name
			case fresh && state.Pending == nil && found != "" && found != broken && (err == nil || isUnreadable(err)):
				broken = found
			case isUnreadable(err) && state.Pending != nil:
				return state, nil // what is pending takes the place of the meeting that cannot be read
			default:
				return state, err
			}
		}
	})
}

// pendingOf returns "=" and the record of the pending claim that a conversation script answered with; empty if there is
// none.
func pendingOf(answer *redis.Cmd) string {
	if parts, _ := answer.Slice(); len(parts) > 2 {
		if record, ok := parts[2].(string); ok {
			return "=" + record
		}
	}
	return ""
}

// Complete makes m the meeting while the claim is still the pending one; see [bot.Conversations]. What is recorded has
// the claim's ID and generation, whatever m says. A meeting that took another one's place without being asked for
// cannot be undone: the link before it does not work.
func (s *Store) Complete(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
	return s.changeConversation(ctx, "complete a claim", func(ctx context.Context) (bot.State, error) {
		record, err := encodeMeeting(claim, m)
		if err != nil {
			return bot.State{}, err
		}
		mayUndo := url.QueryEscape(claim.User)
		if claim.Replaced != (bot.Replacement{}) {
			mayUndo = ""
		}
		// The generation counts as of the time when the claim was made, which is less than a day ago.
		unknown := unknownGeneration(time.Now().AddDate(0, 0, -1))
		answer := completeScript.Run(ctx, s.client, s.keys.own(claim.Conversation), claim.ID, claim.Generation, record,
			unknown, mayUndo, bot.UndoInterval.Milliseconds())
		return s.stateOf(claim.Conversation, answer)
	})
}

// Release forgets the claim while it is still the pending one; see [bot.Conversations].
func (s *Store) Release(ctx context.Context, claim bot.Claim) (bot.State, error) {
	return s.changeConversation(ctx, "release a claim", func(ctx context.Context) (bot.State, error) {
		answer := releaseScript.Run(ctx, s.client, s.keys.own(claim.Conversation), claim.ID)
		return s.stateOf(claim.Conversation, answer)
	})
}

// changeConversation runs a script that changes a conversation, with the budget.
func (s *Store) changeConversation(
	ctx context.Context, doing string, change func(context.Context) (bot.State, error),
) (state bot.State, err error) {
	err = s.withBudget(ctx, doing, func(ctx context.Context) (err error) {
		state, err = change(ctx)
		return err
	})
	return state, err
}

// stateOf reads what the conversation scripts return: whether the channel is meant, the meeting, the pending claim,
// whether the card may be shown to everybody; claim also returns the age of the pending claim.
func (s *Store) stateOf(c bot.Conversation, answer *redis.Cmd) (bot.State, error) {
	parts, err := answer.Slice()
	if err != nil {
		return bot.State{}, err
	}
	if len(parts) < 4 {
		return bot.State{}, fmt.Errorf("script returned %d values: %w", len(parts), errCorrupt)
	}
	switch which := parts[0].(type) {
	case int64:
		if which == 1 {
			c = c.InChannel()
		}
	case string: // it gave way to another name
		if c, err = decodeName(c, which); err != nil {
			return bot.State{}, err
		}
	}
	state, err := s.stateFrom(c, parts[1:3])
	state.MayAnnounce = err == nil && parts[3] == int64(1)
	if len(parts) > 4 && state.Pending != nil {
		age, _ := parts[4].(int64)
		state.PendingAge = time.Duration(age) * time.Millisecond
	}
	return state, err
}

// stateFrom reads the records of conversation c: its meeting and its pending claim, nil where there is none. If a
// record cannot be read, the state has what the other one says, and the error has the code [bot.UnreadableRecord]. A
// claim that cannot be read is no error beside a meeting that can.
func (s *Store) stateFrom(c bot.Conversation, records []any) (bot.State, error) {
	state := bot.State{Conversation: c}
	var meetingErr, claimErr error
	if record, ok := records[0].(string); ok {
		if state.Meeting, meetingErr = s.meeting(c, record); meetingErr != nil {
			state.UnreadableGeneration = generationOf(record, time.Now())
		}
	}
	if record, ok := records[1].(string); ok {
		state.Pending, claimErr = decodeClaim(c, record)
	}
	if state.Meeting != nil {
		return state, nil
	}
	return state, cmp.Or(meetingErr, claimErr)
}
