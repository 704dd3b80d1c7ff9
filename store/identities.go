package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// Identity returns what is remembered of a chat user; nil if nothing is. A record that cannot be read counts as
// nothing: who they are is then found out anew and written over it.
func (s *Store) Identity(ctx context.Context, a bot.Asker) (*bot.Identity, error) {
	var id *bot.Identity
	err := s.withBudget(ctx, "read an identity", func(ctx context.Context) (err error) {
		id, err = s.identity(a, s.client.Get(ctx, s.keys.identity(a)))
		return err
	})
	return id, err
}

// Remember keeps what is known of a chat user for the given time.
func (s *Store) Remember(ctx context.Context, a bot.Asker, id bot.Identity, keep time.Duration) error {
	return s.withBudget(ctx, "remember an identity", func(ctx context.Context) error {
		record, err := json.Marshal(id)
		if err != nil {
			return err
		}
		if keep < time.Millisecond {
			return s.client.Del(ctx, s.keys.identity(a)).Err()
		}
		return s.client.Set(ctx, s.keys.identity(a), record, keep).Err()
	})
}

// identityRead is what was last read of a chat user who is remembered.
type identityRead struct {
	record   string
	identity bot.Identity
	get      []any // the command that reads it, ready to be sent
}

// identityOf returns what was last read of a chat user: nothing but the command, if nothing was.
func (s *Store) identityOf(a bot.Asker) *identityRead {
	if last, ok := s.identities.Get(a); ok {
		return last
	}
	return &identityRead{get: []any{"get", s.keys.identity(a)}}
}

// identity reads the answer to a GET of an identity.
func (s *Store) identity(a bot.Asker, answer *redis.StringCmd) (*bot.Identity, error) {
	record, err := answer.Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	last := s.identityOf(a)
	if last.record == record {
		return &last.identity, nil
	}
	id := decodeIdentity(record)
	if id != nil {
		s.identities.Add(a, &identityRead{record: record, identity: *id, get: last.get})
	}
	return id, nil
}

// decodeIdentity returns nil for what is no identity.
func decodeIdentity(record string) *bot.Identity {
	var id bot.Identity
	if json.Unmarshal([]byte(record), &id) != nil || (id.ID == "" && id.Refusal == nil) {
		return nil
	}
	return &id
}
