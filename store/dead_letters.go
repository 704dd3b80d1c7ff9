package store

import (
	"context"

	"meetbot/bot"
)

// DeadLetter returns the dead letter of this entry, or [ErrNoDeadLetter].
func (s *Store) DeadLetter(ctx context.Context, entry string) (letter bot.DeadLetter, err error) {
	err = s.withBudget(ctx, "read a dead letter", func(ctx context.Context) error {
		if !isEntry(entry) {
			return nil
		}
		entries, err := s.client.XRangeN(ctx, s.keys.dead(), entry, entry, 1).Result()
		if err == nil && len(entries) == 1 {
			letter = deadLetterOf(entries[0])
		}
		return err
	})
	if err == nil && letter.Entry == "" {
		err = ErrNoDeadLetter
	}
	return letter, err
}

// DropDeadLetter deletes the dead letter of this entry. It returns [ErrNoDeadLetter] if there is none (any more).
func (s *Store) DropDeadLetter(ctx context.Context, entry string) error {
	var gone int64
	err := s.withBudget(ctx, "delete a dead letter", func(ctx context.Context) (err error) {
		if isEntry(entry) {
			gone, err = s.client.XDel(ctx, s.keys.dead(), entry).Result()
		}
		return err
	})
	if err == nil && gone == 0 {
		return ErrNoDeadLetter
	}
	return err
}
