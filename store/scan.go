package store

import (
	"context"
	"errors"
	"sync"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// scanCount is about how many keys one SCAN goes through.
const scanCount = 1000

// scan finds all keys of this pattern, on every master of a Cluster, and hands them to page, some at a time and one
// call after the other. It is for the operator's commands alone: it goes through the whole database. A key that comes
// or goes meanwhile may be missed, and one may be handed over twice. Each step has the [Budget]; the whole has none.
// Without the right to SCAN the error is [ErrNotAllowed].
func (s *Store) scan(ctx context.Context, pattern string, page func(ctx context.Context, keys []string) error) error {
	var err error
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		var one sync.Mutex
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			return s.scanNode(ctx, node, pattern, func(ctx context.Context, keys []string) error {
				one.Lock()
				defer one.Unlock()
				return page(ctx, keys)
			})
		})
	} else {
		err = s.scanNode(ctx, s.client, pattern, page)
	}
	if TroubleOf(err) == TroubleNoRights {
		return ErrNotAllowed
	}
	return err
}

func (s *Store) scanNode(
	ctx context.Context, node redis.Cmdable, pattern string, page func(context.Context, []string) error,
) error {
	for cursor := uint64(0); ; {
		var keys []string
		err := s.withBudget(ctx, "look for keys", func(ctx context.Context) (err error) {
			keys, cursor, err = node.Scan(ctx, cursor, pattern, scanCount).Result()
			return err
		})
		if err == nil && len(keys) > 0 {
			err = page(ctx, keys)
		}
		if err != nil || cursor == 0 {
			return err
		}
	}
}

// texts reads the texts of keys that may lie on different nodes. What is not there, or is no text, is left out.
func (s *Store) texts(ctx context.Context, keys []string) (map[string]string, error) {
	found := map[string]string{}
	err := s.withBudget(ctx, "read keys", func(ctx context.Context) error {
		pipe := s.client.Pipeline()
		answers := make([]*redis.StringCmd, len(keys))
		for i, key := range keys {
			answers[i] = pipe.Get(ctx, key)
		}
		_, err := pipe.Exec(ctx)
		for i, key := range keys {
			text, one := answers[i].Result()
			switch {
			case one == nil:
				found[key] = text
			case !isReply(one):
				return one
			}
		}
		if err != nil && !isReply(err) && !errors.Is(err, redis.Nil) {
			return err
		}
		return nil
	})
	return found, err
}

// Held is a conversation and the meeting that Redis holds for it.
type Held struct {
	Conversation bot.Conversation
	Meeting      *bot.Meeting // nil if this release cannot read it
}

// Meetings hands every conversation that has a meeting to do, in no order, and each at least once. It goes through the
// whole database: it is for an operator. Without the right to SCAN the error is [ErrNotAllowed].
func (s *Store) Meetings(ctx context.Context, do func(Held) error) error {
	return s.scan(ctx, string(s.keys)+":{*}:m:*", func(ctx context.Context, keys []string) error {
		records, err := s.texts(ctx, keys)
		if err != nil {
			return err
		}
		for key, record := range records {
			c, ok := conversationOf(key)
			if !ok {
				continue
			}
			m, err := decodeMeeting(c, record)
			if err != nil {
				m = nil
			}
			if err := do(Held{c, m}); err != nil {
				return err
			}
		}
		return nil
	})
}
