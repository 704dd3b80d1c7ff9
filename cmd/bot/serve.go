package main

import (
	"context"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
	"meetbot/internal/doctor"
)

func serveCommand() *cobra.Command {
	config := app.Default()
	c := command("serve", "Answer the chat platforms.", noArguments, func(cmd *cobra.Command, _ []string) error {
		config.Files = app.ReadFiles(config.Settings(), os.Getenv, givenAsFlags(cmd.Flags()))
		examine := doctor.Options{Environ: os.Environ(), Flags: givenAsFlags(cmd.Flags())}
		if err := config.Validate(); err != nil {
			return withHints(err, doctor.Configuration(config, examine))
		}
		log := app.NewLogger(config.Logging, cmd.ErrOrStderr())
		warnOf(cmd.Context(), log, "the configuration looks wrong", doctor.Configuration(config, examine))
		examiner := doctor.New(config, examine)
		a, err := app.New(config, app.Options{Doctor: examiner}, log)
		if err != nil {
			return err
		}
		defer func() { _ = a.Close() }() // does nothing once Run has closed it
		if err := a.Listen(cmd.Context()); err != nil {
			return err
		}
		ctx, stop := context.WithCancel(cmd.Context())
		var examined sync.WaitGroup
		examined.Go(func() { warnOf(ctx, log, "the installation looks wrong", examiner.AtStart(ctx)) })
		err = a.Run(cmd.Context())
		stop()
		examined.Wait()
		return err
	})
	addSettings(c.Flags(), config.Settings())
	return c
}
