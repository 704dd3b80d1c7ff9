package app

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"meetbot/bot"
	"meetbot/store"
)

// ListDeadLetters writes up to limit dead letters to w, the newest first, as a table for an operator.
func ListDeadLetters(ctx context.Context, c Config, limit int, w io.Writer) error {
	return withStore(ctx, c, func(s *store.Store) error {
		letters, err := s.DeadLetters(ctx, limit)
		if err != nil {
			return err
		}
		if len(letters) == 0 {
			_, err := fmt.Fprintln(w, "No dead letters: every answer reached somebody.")
			return err
		}
		out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(out, "ENTRY\tSINCE\tCONVERSATION\tUSER\tCOMMAND\tREASON")
		for _, l := range letters {
			_, _ = fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Entry, l.At.UTC().Format(time.RFC3339),
				bot.CleanText(l.Job.Conversation.String()), bot.CleanText(l.Job.Asker.User),
				bot.CleanText(l.Job.Label()), bot.CleanText(l.Reason))
		}
		return out.Flush()
	})
}

// RetryDeadLetter makes the dead letter of that entry a fresh job, and says so on w.
func RetryDeadLetter(ctx context.Context, c Config, entry string, w io.Writer) error {
	return withStore(ctx, c, func(s *store.Store) error {
		if err := s.Retry(ctx, entry); err != nil {
			return err
		}
		_, err := fmt.Fprintln(w, "The command will be run again by the next replica that looks for work.")
		return err
	})
}

// withStore opens the store for one command of an operator.
func withStore(ctx context.Context, c Config, do func(*store.Store) error) error {
	if err := store.CheckPrefix(c.Redis.Prefix); err != nil {
		return fmt.Errorf("REDIS_PREFIX: %w", err)
	}
	s, end, err := OpenStore(ctx, c, store.Options{Replica: "operator"}, nil)
	if err != nil {
		return err
	}
	defer end()
	if err := s.Ping(ctx); err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	return do(s)
}
