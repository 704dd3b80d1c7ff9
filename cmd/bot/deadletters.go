package main

import (
	"context"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
)

// deadLettersCommand lists dead letters, and has commands of its own.
func deadLettersCommand(name string) *cobra.Command {
	list := func(use, short string) *cobra.Command {
		var limit int
		c := dataCommand(use, short, noArguments, false,
			func(ctx context.Context, c app.Config, o app.Operation, _ []string) error {
				return app.ListDeadLetters(ctx, c, o, limit)
			})
		c.Flags().IntVar(&limit, "limit", 50, "How many to list.")
		return c
	}
	c := list(name, "List answers that reached nobody, or run their commands again.")
	c.AddCommand(
		list("list", "List dead letters, the newest first."),
		dataCommand("show ENTRY", "Show a dead letter.", oneArgument("entry"), false, one(app.ShowDeadLetter)),
		dataCommand("retry ENTRY", "Run the command of a dead letter again.", oneArgument("entry"), false,
			one(app.RetryDeadLetter)),
		dataCommand("drop ENTRY", "Delete a dead letter.", oneArgument("entry"), true, one(app.DropDeadLetter)),
	)
	return c
}
