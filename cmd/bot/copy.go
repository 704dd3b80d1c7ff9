package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
)

func exportCommand() *cobra.Command {
	return dataCommand("export FILE", "Write all that is in Redis to a new file, for another Redis.",
		oneArgument("file"), false, func(ctx context.Context, c app.Config, o app.Operation, args []string) error {
			file, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // it is as secret as Redis
			if err != nil {
				return err
			}
			o.Out = file
			return errors.Join(app.Export(ctx, c, o), file.Close())
		})
}

func importCommand() *cobra.Command {
	return dataCommand("import FILE", "Write what was exported into this Redis.", oneArgument("file"), false,
		func(ctx context.Context, c app.Config, o app.Operation, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }()
			return app.Import(ctx, c, o, file)
		})
}
