package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
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
func (s *Store) Announce(ctx context.Context, c bot.Conversation, requestID string, asker bot.Asker) (bot.State,
	error) {
	return s.read(ctx, c, requestID, asker)
}

// Roots of threads that a channel remembers: about 80 bytes each.
const (
	rootsMost = 1000           // how many, the newest
	rootsFor  = 90 * 24 * 3600 // how long after the last one, in seconds
)

// LinkThread remembers that a thread under the root message belongs to the channel; see [bot.Conversations].
func (s *Store) LinkThread(ctx context.Context, channel bot.Conversation, root string) error {
	return s.within(ctx, "link a thread to its channel", func(ctx context.Context) error {
		return linkScript.Run(ctx, s.client, []string{s.keys.of(channel).roots}, root, rootsMost, rootsFor).Err()
	})
}

// read returns what a conversation holds. announce is the request that wants to show the card to everybody; empty for
// none.
func (s *Store) read(ctx context.Context, c bot.Conversation, announce string, asker bot.Asker) (bot.State, error) {
	var state bot.State
	err := s.within(ctx, "read a conversation", func(ctx context.Context) error {
		found, certain, err := s.readChannel(ctx, c, announce, asker)
		if !certain && (err == nil || isUnreadable(err)) {
			found, err = s.readByScript(ctx, c, announce, asker)
		}
		state = found
		return err
	})
	return state, err
}

func isUnreadable(err error) bool { return bot.CodeOf(err) == bot.UnreadableRecord }

// readByScript reads a conversation by one script, and the identity by a second command in the same round trip: it lies
// in another slot, so the script cannot read it.
func (s *Store) readByScript(ctx context.Context, c bot.Conversation, announce string, asker bot.Asker) (bot.State,
	error) {
	keys, args := s.keys.resolve(c), []any{c.Thread, announce, bot.AnnounceInterval.Milliseconds()}
	var read *redis.Cmd
	var remembered *redis.StringCmd
	if asker == (bot.Asker{}) {
		read = readScript.Run(ctx, s.client, keys, args...)
	} else {
		pipe := s.client.Pipeline()
		read = readScript.EvalSha(ctx, pipe, keys, args...)
		remembered = redis.NewStringCmd(ctx, s.identityOf(asker).get...)
		_ = pipe.Process(ctx, remembered)
		_, _ = pipe.Exec(ctx) // each command has its own error
		if redis.HasErrorPrefix(read.Err(), "NOSCRIPT") {
			read = readScript.Eval(ctx, s.client, keys, args...)
		}
	}
	state, unreadable := s.stateOf(c, read)
	if unreadable != nil && !isUnreadable(unreadable) || remembered == nil {
		return state, unreadable
	}
	var err error
	if state.Identity, err = s.identity(asker, remembered); err != nil {
		return bot.State{}, err
	}
	return state, unreadable
}

// readChannel reads a channel's conversation without a script, which is the most common case, in one pipeline: MGET of
// meeting and pending claim, SET NX GET of the shown mark, GET of the identity. It returns false if only the script can
// tell.
//
// The mark names the generation that is shown. The commands are sent before the meeting is known, so the mark gets the
// generation that this server read last. The pipeline is not one atomic step: commands of others may come in between.
// Both are harmless:
//
//   - The mark found, or written, names the generation of the meeting that was read: the answer is right. NX replaces
//     no mark. If the meeting is replaced between the two commands, the outcome is the same as if it were replaced
//     after both: a mark of the old generation keeps nobody from showing the new one.
//   - It names another generation, or there is no meeting: the script decides, in one atomic step. If a mark was
//     written, it is of a generation that is not the current one, and the script replaces it.
//
// A new meeting that another server makes must not cost the next repeat here a second round trip. So the generation is
// used for no longer than a mark lasts: until then, the mark that the other server wrote is still there.
func (s *Store) readChannel(ctx context.Context, c bot.Conversation, announce string, asker bot.Asker) (
	state bot.State, certain bool, err error) {
	if c.Thread != "" {
		return bot.State{}, false, nil
	}
	last, ok := s.conversations.Get(c)
	switch {
	case announce != "" && (!ok || time.Since(last.read) >= bot.AnnounceInterval):
		return bot.State{}, false, nil
	case !ok:
		last = &conversationRead{keys: s.preparedKeys(c)}
	}
	var commands [3]redis.Cmder
	records := redis.NewSliceCmd(ctx, last.keys.get...)
	commands[0] = records
	n := 1
	var mark, remembered *redis.StringCmd
	if announce != "" {
		own := strconv.Itoa(last.meeting.Generation) + " " + announce
		mark = redis.NewStringCmd(ctx, "set", last.keys.shown, own, "nx", "px", announceMilliseconds, "get")
		commands[n] = mark
		n++
	}
	if asker != (bot.Asker{}) {
		remembered = redis.NewStringCmd(ctx, s.identityOf(asker).get...)
		commands[n] = remembered
		n++
	}
	pipe := s.client.Pipeline()
	_ = pipe.BatchProcess(ctx, commands[:n]...)
	_, _ = pipe.Exec(ctx) // each command has its own error

	values, err := records.Result()
	if err != nil {
		return bot.State{}, false, err
	}
	state, unreadable := s.stateFrom(c, values)
	if remembered != nil {
		if state.Identity, err = s.identity(asker, remembered); err != nil {
			return bot.State{}, false, err
		}
	}
	if mark == nil || unreadable != nil {
		return state, true, unreadable
	}
	shown, err := mark.Result()
	switch {
	case errors.Is(err, redis.Nil): // there was none, and there is ours now
		state.MayAnnounce = true
		return state, state.Generation() == last.meeting.Generation, nil
	case isReply(err): // Redis takes no writes at present. The script writes only where there is no mark
		return bot.State{}, false, nil
	case err != nil:
		return bot.State{}, false, err
	}
	generation, request, _ := strings.Cut(shown, " ")
	state.MayAnnounce = request == announce
	return state, generation == strconv.Itoa(state.Generation()), nil
}

// announceMilliseconds is how long a shown mark lasts, ready to be sent.
var announceMilliseconds = any(bot.AnnounceInterval.Milliseconds())

// isReply tells whether an error is what Redis answered, rather than that there was no answer.
func isReply(err error) bool {
	_, answered := errors.AsType[redis.Error](err)
	return answered
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
		for {
			answer := claimScript.Run(ctx, s.client, s.keys.resolve(c), c.Thread, fresh, seen, claim.Generation, record,
				unknownGeneration(time.Now()), broken)
			state, err := s.stateOf(c, answer)
			switch found := pendingOf(answer); {
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
// the claim's ID and generation, whatever m says.
func (s *Store) Complete(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
	return s.changeConversation(ctx, "complete a claim", func(ctx context.Context) (bot.State, error) {
		record, err := encodeMeeting(claim, m)
		if err != nil {
			return bot.State{}, err
		}
		// The generation counts as of the time when the claim was made, which is less than a day ago.
		unknown := unknownGeneration(time.Now().AddDate(0, 0, -1))
		answer := completeScript.Run(ctx, s.client, s.keys.settle(claim.Conversation), claim.ID, claim.Generation, record,
			unknown, url.QueryEscape(claim.User), bot.UndoInterval.Milliseconds())
		return s.stateOf(claim.Conversation, answer)
	})
}

// Undo gives the conversation its earlier meeting back; see [bot.Conversations].
func (s *Store) Undo(ctx context.Context, c bot.Conversation, u bot.Undo) (bot.State, bot.UndoResult, error) {
	var result bot.UndoResult
	state, err := s.changeConversation(ctx, "undo a meeting", func(ctx context.Context) (bot.State, error) {
		answer := undoScript.Run(ctx, s.client, s.keys.settle(c), u.Generation, url.QueryEscape(u.User), u.ID)
		parts, err := answer.Slice()
		if err == nil && len(parts) != 6 {
			err = fmt.Errorf("script returned %d values: %w", len(parts), errCorrupt)
		}
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

// Release forgets the claim while it is still the pending one; see [bot.Conversations].
func (s *Store) Release(ctx context.Context, claim bot.Claim) (bot.State, error) {
	return s.changeConversation(ctx, "release a claim", func(ctx context.Context) (bot.State, error) {
		return s.stateOf(claim.Conversation, releaseScript.Run(ctx, s.client, s.keys.settle(claim.Conversation), claim.ID))
	})
}

func (s *Store) changeConversation(ctx context.Context, doing string,
	change func(context.Context) (bot.State, error)) (state bot.State, err error) {
	err = s.within(ctx, doing, func(ctx context.Context) (err error) {
		state, err = change(ctx)
		return err
	})
	return state, err
}

// stateOf reads what the conversation scripts return: whether the channel is meant, the meeting, the pending claim,
// whether the card may be shown to everybody.
func (s *Store) stateOf(c bot.Conversation, answer *redis.Cmd) (bot.State, error) {
	parts, err := answer.Slice()
	if err != nil {
		return bot.State{}, err
	}
	if len(parts) < 4 {
		return bot.State{}, fmt.Errorf("script returned %d values: %w", len(parts), errCorrupt)
	}
	if parts[0] == int64(1) {
		c = c.InChannel()
	}
	state, err := s.stateFrom(c, parts[1:3])
	state.MayAnnounce = err == nil && parts[3] == int64(1)
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

func (s *Store) preparedKeys(c bot.Conversation) readKeys {
	keys := s.keys.of(c)
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
		fresh.keys = s.preparedKeys(c)
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
