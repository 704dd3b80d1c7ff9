package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// read returns what a conversation holds. announce is the request that wants to show the card to everybody; empty for
// none.
func (s *Store) read(ctx context.Context, c bot.Conversation, announce string, asker bot.Asker) (bot.State, error) {
	ctx, cancel := s.deadlines.within(ctx)
	defer cancel()
	err := ctx.Err()
	var state bot.State
	if err == nil {
		state, err = s.readAnyName(ctx, c, announce, asker)
	}
	if err != nil {
		err = unavailable("read a conversation", err)
	}
	return state, err
}

// readName is read under this name of the conversation alone.
func (s *Store) readName(ctx context.Context, c bot.Conversation, announce string, asker bot.Asker) (bot.State, error) {
	state, certain, err := s.readChannel(ctx, c, announce, asker)
	if !certain && err == nil {
		return s.readByScript(ctx, c, announce, asker)
	}
	return state, err
}

// isUnreadable tells whether the error says that a record cannot be read.
func isUnreadable(err error) bool { return bot.CodeOf(err) == bot.UnreadableRecord }

// readByScript reads a conversation by one script, and the identity by a second command in the same round trip: it is
// in another slot of a cluster, so the script cannot read it.
func (s *Store) readByScript(
	ctx context.Context, c bot.Conversation, announce string, asker bot.Asker,
) (bot.State, error) {
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

// readChannel reads the conversation of a channel without a script, in one pipeline: MGET of the meeting, the pending
// claim and the shown mark, SET NX GET of the mark, and GET of the identity. That is the most common case, a repeat.
// SET is left out if this server wrote the mark and it has not lapsed. readChannel returns false if only the script can
// tell.
//
// The mark names the generation that is shown. The commands are sent before the meeting is known, so the mark gets the
// generation that this server read last. Also, a pipeline is not one atomic step: commands of others may come in
// between. Both are harmless:
//
//   - If the mark that is found or written names the generation of the meeting that is read, the answer is right. NX
//     replaces no mark. If another server replaces the meeting between the two commands, the outcome is the same as if
//     it did so after both: a mark of the old generation keeps nobody from showing the new one.
//   - If the mark names another generation, or there is no meeting, or the expected mark is missing, the script decides
//     in one atomic step. If SET wrote a mark, that mark does not name the current generation, and the script replaces
//     it.
//
// A fresh meeting that another server makes must not cost the next repeat here a second round trip. So the generation
// is used for no longer than a mark lasts: until then the mark that the other server wrote is there.
func (s *Store) readChannel(
	ctx context.Context, c bot.Conversation, announce string, asker bot.Asker,
) (state bot.State, certain bool, err error) {
	now := time.Now()
	last, known := s.conversations.Get(c)
	if c.Thread != "" || announce != "" && (!known || now.Sub(last.read) >= bot.AnnounceInterval) {
		return bot.State{}, false, nil
	}
	if !known {
		last = &conversationRead{keys: s.preparedKeys(c)}
	}
	var commands [3]redis.Cmder
	records := redis.NewSliceCmd(ctx, last.keys.get...)
	commands[0] = records
	n := 1
	var mark, remembered *redis.StringCmd
	if announce != "" && !now.Before(last.marked) {
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
	if announce == "" || unreadable != nil {
		return state, true, unreadable
	}
	shown, _ := values[2].(string) // empty, and so of no generation, if there is none
	if mark != nil {
		shown, err = mark.Result()
		switch {
		case errors.Is(err, redis.Nil): // there was none, and there is this request's now
			state.MayAnnounce = true
			if certain = state.Generation() == last.meeting.Generation; certain {
				s.marked(c, now)
			}
			return state, certain, nil
		case isReply(err): // Redis takes no writes at present. The script writes only where there is no mark
			return bot.State{}, false, nil
		case err != nil:
			return bot.State{}, false, err
		}
	}
	generation, request, _ := strings.Cut(shown, " ")
	state.MayAnnounce = request == announce
	return state, generation == strconv.Itoa(state.Generation()), nil
}

// announceMilliseconds is how long a shown mark lasts, ready to be sent.
var announceMilliseconds = any(bot.AnnounceInterval.Milliseconds())

// marked remembers that this server wrote the shown mark of a channel, not before now.
func (s *Store) marked(c bot.Conversation, now time.Time) {
	if last, ok := s.conversations.Get(c); ok {
		next := *last
		next.marked = now.Add(bot.AnnounceInterval - Budget) // Redis has a clock of its own
		s.conversations.Add(c, &next)
	}
}

// isReply tells whether an error is what Redis answered, rather than that there was no answer.
func isReply(err error) bool {
	_, answered := errors.AsType[redis.Error](err)
	return answered
}

// conversationRead is what was last read of a conversation that has a meeting.
type conversationRead struct {
	record  string // of the meeting
	meeting bot.Meeting
	read    time.Time
	marked  time.Time // until when a shown mark that this server wrote is there
	keys    readKeys
}

// readKeys are the arguments of the commands that read a channel, ready to be sent.
type readKeys struct {
	get   []any // MGET of the meeting, the pending claim and the shown mark
	shown any   // key of the shown mark
}

func (s *Store) preparedKeys(c bot.Conversation) readKeys {
	keys := s.keys.of(c)
	return readKeys{get: []any{"mget", keys.meeting, keys.pending, keys.shown}, shown: keys.shown}
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
		fresh.meeting, fresh.marked = last.meeting, last.marked
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
