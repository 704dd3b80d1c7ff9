// Command bot is meetbot: one Microsoft Teams meeting for each conversation, on command.
//
//	bot serve              answer the chat platforms, configured by the environment
//	bot health             ask the bot that runs on this machine whether it lives
//	bot doctor             find out what is wrong with the installation
//	bot setup slack        print how to create the Slack app
//	bot setup entra        print how to register the Entra app, and how to let it act for people
//	bot setup teams        print how to register the Teams bot, and how to give its app to people
//	bot manifest slack     print the Slack app manifest
//	bot manifest teams     pack the Teams app: manifest and icons in a zip file
//	bot meeting list       list the conversations that have a meeting
//	bot meeting show       show a conversation's meeting
//	bot meeting forget     forget it, so that the next asker gets a fresh one
//	bot meeting replace    have a fresh one made now
//	bot person export      read out what Redis holds of a person
//	bot person erase       delete it
//	bot export             write all that is in Redis, for another Redis
//	bot import             write it into another Redis
//	bot deadletters        list answers that reached nobody
//	bot deadletters show   show one of them
//	bot deadletters retry  run its command again
//	bot deadletters drop   delete it
//	bot version            print the version
//
// This package knows flags, environment variables and exit codes. What runs is package internal/app.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"meetbot/internal/buildinfo"
)

// collectAt is when memory is collected: once the heap has grown by so many percent. The bot keeps little in memory, so
// Go's 100 percent are a few megabytes, which a busy bot fills many times a second. The variable GOGC overrides it.
const collectAt = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores it
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{Out: os.Stdout, Err: os.Stderr}))
}

// streams are the standard streams to write to.
type streams struct{ Out, Err io.Writer }

// Exit codes.
const (
	exitDone          = 0
	exitFailed        = 1
	exitNotUnderstood = 2 // arguments, or the value of an environment variable
)

// run is the program. It returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	root := rootCommand()
	root.SetArgs(append([]string{}, args...)) // nil would stand for the arguments of the process
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	_, _ = fmt.Fprintln(std.Err, "bot:", err)
	if _, ok := errors.AsType[failure](err); ok {
		return exitFailed
	}
	return exitNotUnderstood
}

// failure is the error of a command that was understood.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// misuse is the error of a command that finds only then that its flags cannot be meant.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

// rootCommand is the whole command line.
func rootCommand() *cobra.Command {
	root := group("bot", "meetbot: one Microsoft Teams meeting for each conversation, on command.",
		serveCommand(), healthCommand(), doctorCommand(), setupCommand(), manifestCommand(), meetingCommand(),
		personCommand(), exportCommand(), importCommand(), deadLettersCommand("deadletters"), versionCommand())
	hidden := deadLettersCommand("letters") // the name of the release before
	hidden.Hidden = true
	root.AddCommand(hidden)
	root.Version = buildinfo.Read().String()
	root.SilenceErrors, root.SilenceUsage = true, true
	return root
}

// command is one that does something. Its arguments are counted, and its flags complete, before do is called.
func command(use, short string, arguments cobra.PositionalArgs,
	do func(cmd *cobra.Command, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: arguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			return missing(cmd.Flags())
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			err := do(cmd, args)
			if _, wrong := errors.AsType[misuse](err); err == nil || wrong {
				return err
			}
			return failure{err}
		},
	}
}

// group is a command that only has others under it.
func group(use, short string, under ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: noArguments}
	c.AddCommand(under...)
	c.RunE = func(*cobra.Command, []string) error {
		text := "expected one of "
		for i, sub := range under {
			if i > 0 {
				text += ", "
			}
			text += fmt.Sprintf("%q", sub.Name())
		}
		return errors.New(text)
	}
	return c
}

// noArguments refuses every argument that is no flag.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %s", args[0])
	}
	return nil
}

// oneArgument wants exactly one, of that name.
func oneArgument(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("expected %q", "<"+name+">")
		}
		return noArguments(cmd, args[1:])
	}
}
