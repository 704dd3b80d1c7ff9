package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"meetbot/bot"
	"meetbot/internal/app"
	"meetbot/store"
)

// deadLettersCommand lists dead letters, and has commands of its own.
func deadLettersCommand(name string) *cobra.Command {
	redis := app.Default().Redis
	var limit int
	list := func(use, short string) *cobra.Command {
		c := command(use, short, noArguments, func(cmd *cobra.Command, _ []string) error {
			return listDeadLetters(cmd.Context(), redis, limit, cmd.OutOrStdout())
		})
		c.Flags().IntVar(&limit, "limit", 50, "How many to list.")
		return c
	}
	c := list(name, "List answers that reached nobody, or run their commands again.")
	addSettings(c.PersistentFlags(), redis.Settings())
	c.AddCommand(
		list("list", "List dead letters, the newest first."),
		command("retry ENTRY", "Run the command of a dead letter again.", oneArgument("entry"), func(cmd *cobra.Command, args []string) error {
			return retryDeadLetter(cmd.Context(), redis, args[0], cmd.OutOrStdout())
		}),
	)
	return c
}

// listDeadLetters prints a table.
func listDeadLetters(ctx context.Context, redis app.RedisConfig, limit int, w io.Writer) error {
	return withStore(ctx, redis, func(s *store.Store) error {
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
				bot.CleanText(string(l.Job.Command.Kind)), bot.CleanText(l.Reason))
		}
		return out.Flush()
	})
}

// retryDeadLetter makes the dead letter of that entry a fresh job.
func retryDeadLetter(ctx context.Context, redis app.RedisConfig, entry string, w io.Writer) error {
	return withStore(ctx, redis, func(s *store.Store) error {
		if err := s.Retry(ctx, entry); err != nil {
			return err
		}
		_, err := fmt.Fprintln(w, "The command will be run again by the next replica that looks for work.")
		return err
	})
}

// withStore opens the store for one command of an operator.
func withStore(ctx context.Context, redis app.RedisConfig, do func(*store.Store) error) error {
	s, err := store.Open(redis.URL, store.Options{Replica: "operator"})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Ping(ctx); err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	return do(s)
}
