package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
)

// operation is a command of an operator's on the data in Redis, before it gets its arguments.
type operation func(ctx context.Context, c app.Config, o app.Operation, args []string) error

// dataCommand is a command on the data. What takes something away wants --yes.
func dataCommand(use, short string, arguments cobra.PositionalArgs, takes bool, do operation) *cobra.Command {
	config := app.Default()
	var o app.Operation
	c := command(use, short, arguments, func(cmd *cobra.Command, args []string) error {
		settings := config.DataSettings()
		if err := app.ReadFiles(settings, os.Getenv, givenAsFlags(cmd.Flags())).Err(); err != nil {
			return err
		}
		o.Out, o.Log = cmd.OutOrStdout(), app.NewLogger(config.Logging, cmd.ErrOrStderr())
		return do(cmd.Context(), config, o, args)
	})
	f := c.Flags()
	f.BoolVar(&o.JSON, "json", false, "Write the result as JSON.")
	if takes {
		f.BoolVar(&o.DryRun, "dry-run", false, "Tell what would be changed, and change nothing.")
		f.BoolVar(&o.Yes, "yes", false, "Change it.")
		c.MarkFlagsMutuallyExclusive("dry-run", "yes")
	}
	addSettings(f, config.DataSettings())
	return c
}

// one is the operation on what its one argument names.
func one(do func(context.Context, app.Config, app.Operation, string) error) operation {
	return func(ctx context.Context, c app.Config, o app.Operation, args []string) error {
		return do(ctx, c, o, args[0])
	}
}

func meetingCommand() *cobra.Command {
	var as string
	conversation := oneArgument("conversation")
	replace := dataCommand("replace CONVERSATION", "Have a fresh meeting made, and its card posted.", conversation,
		true, func(ctx context.Context, c app.Config, o app.Operation, args []string) error {
			return app.ReplaceMeeting(ctx, c, o, args[0], as)
		})
	replace.Flags().StringVar(&as, "as", "", "Chat `user` who asks for it; who asked for the present one if left out.")
	return group("meeting", "List, show, forget or replace the meetings of conversations.",
		dataCommand("list", "List the conversations that have a meeting.", noArguments, false,
			func(ctx context.Context, c app.Config, o app.Operation, _ []string) error {
				return app.ListMeetings(ctx, c, o)
			}),
		dataCommand("show CONVERSATION", "Show a conversation's meeting, with its link.", conversation, false,
			one(app.ShowMeeting)),
		dataCommand("forget CONVERSATION", "Forget a conversation's meeting: the next asker gets a fresh one.",
			conversation, true, one(app.ForgetMeeting)),
		replace)
}
