package main

import (
	"os"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
)

// readFiles sets the settings whose values stand in files.
func readFiles(cmd *cobra.Command, settings []app.Setting) error {
	return app.ReadFiles(settings, os.Getenv, givenAsFlags(cmd.Flags())).Err()
}

// deadLettersCommand lists dead letters, and has commands of its own.
func deadLettersCommand(name string) *cobra.Command {
	config := app.Default()
	var limit int
	list := func(use, short string) *cobra.Command {
		c := command(use, short, noArguments, func(cmd *cobra.Command, _ []string) error {
			if err := readFiles(cmd, config.StoreSettings()); err != nil {
				return err
			}
			return app.ListDeadLetters(cmd.Context(), config, limit, cmd.OutOrStdout())
		})
		c.Flags().IntVar(&limit, "limit", 50, "How many to list.")
		return c
	}
	c := list(name, "List answers that reached nobody, or run their commands again.")
	addSettings(c.PersistentFlags(), config.StoreSettings())
	c.AddCommand(
		list("list", "List dead letters, the newest first."),
		command("retry ENTRY", "Run the command of a dead letter again.", oneArgument("entry"),
			func(cmd *cobra.Command, args []string) error {
				if err := readFiles(cmd, config.StoreSettings()); err != nil {
					return err
				}
				return app.RetryDeadLetter(cmd.Context(), config, args[0], cmd.OutOrStdout())
			}),
	)
	return c
}
