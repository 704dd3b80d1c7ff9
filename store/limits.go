package store

import (
	"context"
	"time"

	"meetbot/bot"
)

// Spend counts a new meeting against the limits, once for each job. It returns 0, or after how long to try again if one
// is reached. The window slides: it is the time before now, by Redis' clock.
func (s *Store) Spend(ctx context.Context, a bot.Asker, job string, l bot.Limits) (time.Duration, error) {
	var wait int64
	err := s.within(ctx, "count a new meeting", func(ctx context.Context) (err error) {
		wait, err = spendScript.Run(ctx, s.client, s.keys.spent(a), job, l.Window.Milliseconds(), l.PerUser, l.PerWorkspace).Int64()
		return err
	})
	return time.Duration(wait) * time.Millisecond, err
}
