package store

import (
	"context"
	"time"

	"meetbot/bot"
)

// Spend counts a new meeting against the limits, once for each job. It returns 0, or the time after which to try
// again if a limit is reached. The window slides: it is the time before now, by the clock of Redis.
func (s *Store) Spend(ctx context.Context, a bot.Asker, job string, l bot.Limits) (time.Duration, error) {
	var wait int64
	err := s.withBudget(ctx, "count a new meeting", func(ctx context.Context) (err error) {
		answer := spendScript.Run(ctx, s.client, spentKeys(a), job, l.Window.Milliseconds(), l.PerUser, l.PerWorkspace)
		wait, err = answer.Int64()
		return err
	})
	return time.Duration(wait) * time.Millisecond, err
}
