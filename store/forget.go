package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// otherFloorFor is how long the other names of a conversation have its floor: longer than a rename takes to be noticed.
const otherFloorFor = 90 * 24 * time.Hour

// Forget forgets the meeting of a conversation, its pending claim, and the meeting that Undo could bring back. The next
// asker gets a meeting of a later generation that nobody had before, whoever they are. Its posted cards and its lasting
// link stay: they follow the next meeting. A job that carries the claim out finds that it was released.
//
// c is a name under which the conversation is kept, as [Store.Read] returns it. claimID is the meeting to forget, empty
// for any. Forget tells whether there was something to forget.
func (s *Store) Forget(ctx context.Context, c bot.Conversation, claimID string) (done bool, err error) {
	err = s.withBudget(ctx, "forget a meeting", func(ctx context.Context) error {
		keys := s.keys.of(c)
		floor, err := forgetScript.Run(ctx, s.client,
			[]string{keys.meeting, keys.pending, keys.shown, keys.undo, keys.floor}, unknownGeneration(time.Now()),
			claimID).Int()
		if err != nil || floor == 0 {
			return err
		}
		done = true
		older, newer := s.otherNames(c)
		for _, name := range append(older, newer...) { // where the next meeting may begin as well
			if err := s.client.Set(ctx, s.keys.of(name).floor, floor, otherFloorFor).Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}

// floorOf is the floor that the script of a claim found and that the claim did not know; empty for none.
func floorOf(answer *redis.Cmd) string {
	parts, _ := answer.Slice()
	if len(parts) != 6 {
		return ""
	}
	floor, _ := parts[5].(string)
	return floor
}

// above is the claim above this floor, with its record.
func above(claim bot.Claim, floor string) (bot.Claim, string, error) {
	generation, err := strconv.ParseUint(floor, 10, 31)
	if err != nil {
		return claim, "", fmt.Errorf("floor of a conversation: %w", errCorrupt)
	}
	claim = claim.After(int(generation))
	record, err := encodeClaim(claim)
	return claim, record, err
}
