package store

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// strays is how many members of a set that cannot be read are passed over at a time.
const strays = 16

// SetDue sets when a conversation is due; see [bot.Schedule].
func (s *Store) SetDue(ctx context.Context, d bot.Due) error {
	return s.withBudget(ctx, "set when a conversation is due", func(ctx context.Context) error {
		member := redis.Z{Score: float64(d.At.UnixMilli()), Member: encodePlace(d.Conversation)}
		return s.client.ZAdd(ctx, s.keys.due(d.Kind, dueShard(d.Conversation)), member).Err()
	})
}

// dueMember is something that is due, as it was read.
type dueMember struct {
	due    bot.Due
	key    string // of the set that it is in
	member string
	score  float64
}

// TakeDue takes what is due; see [bot.Schedule]. All sets are looked at in one round trip, and changed by one more for
// each set of which something is taken, in an order that differs from call to call: so replicas seldom go for the same.
func (s *Store) TakeDue(
	ctx context.Context, kinds []bot.DueKind, now time.Time, limit int,
) (taken []bot.Due, err error) {
	err = s.withBudget(ctx, "take what is due", func(ctx context.Context) error {
		found, err := s.lookAtDue(ctx, kinds, now, limit)
		lease := time.UnixMilli(now.UnixMilli()).Add(bot.DueLease).UTC()
		// What another replica takes in between makes room for what comes after it.
		for err == nil && len(found) > 0 && len(taken) < limit {
			n := min(limit-len(taken), len(found))
			var some []bot.Due
			some, err = s.putOff(ctx, found[:n], lease)
			taken, found = append(taken, some...), found[n:]
		}
		return err
	})
	return taken, err
}

// lookAtDue returns what is due, the oldest first: up to limit of each set.
func (s *Store) lookAtDue(ctx context.Context, kinds []bot.DueKind, now time.Time, limit int) ([]dueMember, error) {
	if len(kinds) == 0 || limit <= 0 {
		return nil, nil
	}
	until := redis.ZRangeArgs{
		ByScore: true, Start: "-inf", Stop: strconv.FormatInt(now.UnixMilli(), 10), Count: int64(limit) + strays,
	}
	pipe := s.client.Pipeline()
	var sets []*redis.ZSliceCmd
	for _, kind := range kinds {
		for shard := range uint32(dueShards) {
			until.Key = s.keys.due(kind, shard)
			sets = append(sets, pipe.ZRangeArgsWithScores(ctx, until))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	var found []dueMember
	for i, set := range sets {
		kind, shard := kinds[i/dueShards], uint32(i%dueShards) //nolint:gosec // less than dueShards
		for _, z := range set.Val() {
			member, _ := z.Member.(string)
			if c, ok := decodePlace(member); ok && dueShard(c) == shard {
				due := bot.Due{Kind: kind, Conversation: c}
				found = append(found, dueMember{due, s.keys.due(kind, shard), member, z.Score})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b dueMember) int { return cmp.Compare(a.score, b.score) })
	return found, nil
}

// putOff takes members that are due, and returns those that nobody took or changed since they were read, in the same
// order.
func (s *Store) putOff(ctx context.Context, members []dueMember, lease time.Time) ([]bot.Due, error) {
	sets := map[string][]any{} // the script's arguments by the key of the set
	for _, m := range members {
		if sets[m.key] == nil {
			sets[m.key] = []any{lease.UnixMilli()}
		}
		sets[m.key] = append(sets[m.key], m.member, strconv.FormatFloat(m.score, 'f', -1, 64))
	}
	keys := make([]string, 0, len(sets))
	for key := range sets {
		keys = append(keys, key)
	}
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	mine := map[[2]string]bool{}
	var err error
	for _, key := range keys {
		var got []string
		if got, err = takeDueScript.Run(ctx, s.client, []string{key}, sets[key]...).StringSlice(); err != nil {
			break
		}
		for _, member := range got {
			mine[[2]string{key, member}] = true
		}
	}
	var taken []bot.Due
	for _, m := range members {
		if mine[[2]string{m.key, m.member}] {
			m.due.At = lease
			taken = append(taken, m.due)
		}
	}
	return taken, err
}

// DropDue forgets what TakeDue returned, if its time is still the one that TakeDue set.
func (s *Store) DropDue(ctx context.Context, d bot.Due) error {
	return s.withBudget(ctx, "drop what was due", func(ctx context.Context) error {
		key := s.keys.due(d.Kind, dueShard(d.Conversation))
		return dropDueScript.Run(ctx, s.client, []string{key}, encodePlace(d.Conversation), d.At.UnixMilli()).Err()
	})
}
