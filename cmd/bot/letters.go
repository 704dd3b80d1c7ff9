package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"meetbot/bot"
	"meetbot/store"
)

type lettersCmd struct {
	List  lettersListCmd  `cmd:"" default:"withargs" help:"List dead letters, the newest first."`
	Retry lettersRetryCmd `cmd:"" help:"Run the command of a dead letter again."`
}

type lettersListCmd struct {
	RedisURL string `name:"redis-url" env:"REDIS_URL" default:"redis://localhost:6379/0" help:"As for serve."`
	Limit    int    `name:"limit" default:"50" help:"How many to list."`
}

// Run lists dead letters.
func (c *lettersListCmd) Run(ctx context.Context, std Streams) error {
	return withStore(ctx, c.RedisURL, func(s *store.Store) error {
		letters, err := s.DeadLetters(ctx, c.Limit)
		if err != nil {
			return err
		}
		if len(letters) == 0 {
			_, err := fmt.Fprintln(std.Out, "No dead letters: every answer reached somebody.")
			return err
		}
		out := tabwriter.NewWriter(std.Out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(out, "LETTER\tBURIED\tCONVERSATION\tUSER\tCOMMAND\tREASON")
		for _, l := range letters {
			_, _ = fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Entry, l.At.UTC().Format(time.RFC3339),
				bot.CleanText(l.Job.Conversation.String()), bot.CleanText(l.Job.Asker.User), bot.CleanText(l.Job.Label()), bot.CleanText(l.Reason))
		}
		return out.Flush()
	})
}

type lettersRetryCmd struct {
	RedisURL string `name:"redis-url" env:"REDIS_URL" default:"redis://localhost:6379/0" help:"As for serve."`
	Letter   string `arg:"" help:"The letter's name, as list shows it."`
}

// Run makes a dead letter a fresh job.
func (c *lettersRetryCmd) Run(ctx context.Context, std Streams) error {
	return withStore(ctx, c.RedisURL, func(s *store.Store) error {
		if err := s.Retry(ctx, c.Letter); err != nil {
			return err
		}
		_, err := fmt.Fprintln(std.Out, "The command will be run again by the next replica that looks for work.")
		return err
	})
}

// withStore opens the store for one command of an operator.
func withStore(ctx context.Context, url string, do func(*store.Store) error) error {
	s, err := store.Open(url, store.Options{Replica: "operator"})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Ping(ctx); err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	return do(s)
}
