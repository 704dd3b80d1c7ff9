package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Entry is a key of this deployment with what it holds, for a move to another Redis.
type Entry struct {
	Key     string    // without the prefix's own letters: they are those of the store that reads it back
	Value   []byte    // as DUMP gives it: a Redis of this version or a later one can read it
	Expires time.Time // zero for a key that stays
}

// prefixMark stands in [Entry.Key] for the prefix.
const prefixMark = "%"

// Export hands every key of this prefix to do, each at least once. It goes through the whole database, and needs the
// rights of [OperatorACL]. What changes meanwhile may be missed: stop the bot before.
func (s *Store) Export(ctx context.Context, do func(Entry) error) error {
	for _, lead := range []string{"", "{"} {
		err := s.scan(ctx, lead+string(s.keys)+":*", func(ctx context.Context, keys []string) error {
			entries, err := s.dump(ctx, lead, keys)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if err := do(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dump reads keys, whose names begin with lead and the prefix.
func (s *Store) dump(ctx context.Context, lead string, keys []string) (entries []Entry, err error) {
	err = s.withBudget(ctx, "export keys", func(ctx context.Context) error {
		pipe := s.client.Pipeline()
		values, lives := make([]*redis.StringCmd, len(keys)), make([]*redis.DurationCmd, len(keys))
		for i, key := range keys {
			values[i], lives[i] = pipe.Dump(ctx, key), pipe.PTTL(ctx, key)
		}
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		for i, key := range keys {
			value, err := values[i].Result()
			if errors.Is(err, redis.Nil) { // it is gone meanwhile
				continue
			}
			if err != nil {
				return err
			}
			e := Entry{
				Key: lead + prefixMark + strings.TrimPrefix(key, lead+string(s.keys)), Value: []byte(value),
			}
			if left := lives[i].Val(); left > 0 {
				e.Expires = time.Now().Add(left)
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, err
}

// ErrHeld says that there is a key of this name.
var ErrHeld = errors.New("it is there already")

// Import writes a key that Export gave, unless it has expired. It returns [ErrHeld], and changes nothing, if the key is
// there.
func (s *Store) Import(ctx context.Context, e Entry) error {
	lead, rest, ok := strings.Cut(e.Key, prefixMark)
	if !ok || lead != "" && lead != "{" || !strings.HasPrefix(rest, ":") {
		return fmt.Errorf("key %q is none of an export", e.Key)
	}
	var life time.Duration
	if !e.Expires.IsZero() {
		if life = time.Until(e.Expires).Round(time.Millisecond); life <= 0 {
			return nil
		}
	}
	held := false
	err := s.withBudget(ctx, "import a key", func(ctx context.Context) error {
		err := s.client.Restore(ctx, lead+string(s.keys)+rest, life, string(e.Value)).Err()
		held = redis.HasErrorPrefix(err, "BUSYKEY")
		if held {
			return nil
		}
		return err
	})
	if held {
		return ErrHeld
	}
	return err
}
