package store

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// CalendarKey returns the key that signs the addresses of calendar files; see [bot.CalendarKeys]. It is one command.
func (s *Store) CalendarKey(ctx context.Context, proposed []byte) (key []byte, err error) {
	err = s.withBudget(ctx, "read the key of calendar files", func(ctx context.Context) error {
		record, err := s.client.SetArgs(ctx, s.keys.calendar(), encodeCalendarKey(proposed),
			redis.SetArgs{Mode: "NX", Get: true}).Result()
		if errors.Is(err, redis.Nil) {
			key = proposed
			return nil
		}
		if err == nil {
			key, err = decodeCalendarKey(record)
		}
		return err
	})
	return key, err
}

// The key stands in Redis as a version and base64.

func encodeCalendarKey(key []byte) string { return "1 " + base64.RawStdEncoding.EncodeToString(key) }

func decodeCalendarKey(record string) ([]byte, error) {
	text, ok := strings.CutPrefix(record, "1 ")
	key, err := base64.RawStdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) != bot.CalendarKeySize {
		return nil, errCorrupt
	}
	return key, nil
}
