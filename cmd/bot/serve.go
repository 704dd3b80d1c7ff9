package main

import (
	"os"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
	"meetbot/internal/doctor"
)

func serveCommand() *cobra.Command {
	config := app.Default()
	c := command("serve", "Answer the chat platforms.", noArguments, func(cmd *cobra.Command, _ []string) error {
		if err := config.Validate(); err != nil {
			return err
		}
		log := app.NewLogger(config.Logging, cmd.ErrOrStderr())
		examine := doctor.Options{Environ: os.Environ(), Flags: givenAsFlags(cmd.Flags())}
		warnOfConfiguration(cmd.Context(), log, config, examine)
		a, err := app.New(config, app.Options{Doctor: doctor.New(config, examine)}, log)
		if err != nil {
			return err
		}
		defer func() { _ = a.Close() }() // does nothing once Run has closed it
		if err := a.Listen(cmd.Context()); err != nil {
			return err
		}
		return a.Run(cmd.Context())
	})
	addSettings(c.Flags(), config.Settings())
	return c
}
