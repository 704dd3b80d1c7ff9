// Command bot is meetbot: one Microsoft Teams meeting for each conversation, on command.
//
//	bot serve            answer Slack, configured by the environment
//	bot demo             the same bot against a world in a box: no account, no Redis
//	bot manifest slack   print the Slack app manifest
//	bot manifest teams   pack the Teams app: manifest and icons in a zip file
//	bot letters          list answers that reached nobody, or run one again
//
// This package turns flags and environment into a configuration, wires the parts together, and holds no behaviour of
// the bot itself.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// Streams are the standard streams.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

type cli struct {
	Serve    serveCmd    `cmd:"" help:"Answer the chat platforms."`
	Demo     demoCmd     `cmd:"" help:"Try the bot in this terminal: no account, nothing to install."`
	Manifest manifestCmd `cmd:"" help:"Make an app manifest to create the app from."`
	Letters  lettersCmd  `cmd:"" help:"Answers that reached nobody."`
}

// run is the program. It returns the exit code: 0, 1 for a failure, 2 for arguments that are not understood.
func run(ctx context.Context, args []string, std Streams) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("bot"), kong.UsageOnError(),
		kong.Description("meetbot: one Microsoft Teams meeting for each conversation, on command."),
		kong.Writers(std.Out, std.Err), kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std))
	if err != nil {
		_, _ = fmt.Fprintln(std.Err, "bot:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited // --help
	}
	if err != nil {
		_, _ = fmt.Fprintln(std.Err, "bot:", err)
		return 2
	}
	if err := command.Run(); err != nil {
		_, _ = fmt.Fprintln(std.Err, "bot:", err)
		return 1
	}
	return 0
}

type serveCmd struct {
	Config `embed:""`
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(ctx context.Context, std Streams) error {
	return serve(ctx, c.Config, Surroundings{}, std)
}

func serve(ctx context.Context, c Config, in Surroundings, std Streams) error {
	if err := c.Check(); err != nil {
		return err
	}
	r, err := NewReplica(ctx, c, in, logger(c, std.Err))
	if err != nil {
		return err
	}
	return r.Run(ctx)
}

func logger(c Config, w io.Writer) *slog.Logger {
	level, _ := c.level()
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

type manifestCmd struct {
	Slack slackManifestCmd `cmd:"" help:"The Slack app manifest, as JSON."`
	Teams teamsManifestCmd `cmd:"" help:"The Teams app package: manifest and icons, as a zip file to upload."`
}
