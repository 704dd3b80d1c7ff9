package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
)

func healthCommand() *cobra.Command {
	var config app.Config
	config.HTTP.Addr = app.Default().HTTP.Addr
	// It needs the address alone, and reads no secret.
	settings := config.HTTP.Settings()[:1]
	c := command("health", "Ask the bot that runs on this machine whether it lives.", noArguments,
		func(cmd *cobra.Command, _ []string) error {
			if err := app.ReadFiles(settings, os.Getenv, givenAsFlags(cmd.Flags())).Err(); err != nil {
				return err
			}
			if err := config.HTTP.Health(cmd.Context()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "ok")
			return err
		})
	addSettings(c.Flags(), settings)
	return c
}
