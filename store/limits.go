package store

import (
	"context"
	"time"

	"meetbot/bot"
)

// Spend counts a new meeting against the limits, once for each claim. It returns 0, or the time after which to try
// again if a limit is reached. The window slides: it is the time before now, by the clock of Redis.
func (s *Store) Spend(ctx context.Context, a bot.Asker, claim string, l bot.Limits) (time.Duration, error) {
	var wait int64
	err := s.withBudget(ctx, "count a new meeting", func(ctx context.Context) (err error) {
		answer := spendScript.Run(ctx, s.client, s.keys.spent(a), claim, l.Window.Milliseconds(), l.PerUser,
			l.PerWorkspace)
		wait, err = answer.Int64()
		return err
	})
	return time.Duration(wait) * time.Millisecond, err
}

// Refund takes back what [Store.Spend] counted for a claim, if anything was.
func (s *Store) Refund(ctx context.Context, a bot.Asker, claim string) error {
	return s.withBudget(ctx, "take back a new meeting", func(ctx context.Context) error {
		pipe := s.client.TxPipeline()
		for _, key := range s.keys.spent(a) {
			pipe.ZRem(ctx, key, claim)
		}
		_, err := pipe.Exec(ctx)
		return err
	})
}
