package app

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/telemetry"
	"meetbot/store"
)

// keeper gets what a tally tells.
type keeper chan store.RequestNotes

func (k keeper) NoteRequests(_ context.Context, _ string, n store.RequestNotes) error {
	k <- n
	return nil
}

// What comes is told at once after a quiet time, then not before the time is over, and for the last time at the end.
func TestTally(t *testing.T) {
	told := make(keeper, 10)
	figures := telemetry.New(func(context.Context) (bot.Depth, error) { return bot.Depth{}, nil })
	tally := newTally("slack", figures.Requests("slack", []string{"path"}), told, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { tally.run(ctx, time.Hour) })
	tally.Accepted()
	if n := <-told; n.Accepted.IsZero() || n.Refused != nil || n.Services != nil {
		t.Errorf("first %+v", n)
	}
	for range 3 {
		tally.Refused("path")
		tally.Service("smba.example")
		tally.Accepted()
	}
	if len(told) > 0 {
		t.Errorf("told again within the hour: %+v", <-told)
	}
	stop()
	wg.Wait()
	n := <-told
	if n.Refused["path"].Count != 3 || n.Accepted.IsZero() || len(n.Services) != 1 || n.Services["smba.example"].IsZero() {
		t.Errorf("last %+v", n)
	}
}
