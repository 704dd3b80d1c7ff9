// Command demo is the bot in this terminal: the real program on an embedded Redis, in fakes of Slack, Teams, Entra and
// Graph. It needs no account and no other program.
//
//	go run ./cmd/demo                              type as any of a few people
//	go run ./cmd/demo --script docs/demo.meetbot   run the lines of a file, and fail if one fails
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"meetbot/internal/app"
	"meetbot/internal/demo"
	"meetbot/internal/testenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are the standard streams.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run is the program. It returns the exit code: 0, 1 for a failure, 2 for arguments that are not understood.
func run(ctx context.Context, args []string, std streams) int {
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	f.SetOutput(std.err)
	script := f.String("script", "", "run the lines of this `file` instead of asking for them, and fail if one fails")
	logged := f.Bool("log", false, "show the bot's own log on standard error")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil: // which is printed already
		return 2
	case f.NArg() > 0:
		_, _ = fmt.Fprintln(std.err, "demo: unexpected argument", f.Arg(0))
		return 2
	}
	if err := play(ctx, *script, *logged, std); err != nil {
		_, _ = fmt.Fprintln(std.err, "demo:", err)
		return 1
	}
	return 0
}

func play(ctx context.Context, script string, logged bool, std streams) error {
	o := demo.Options{In: std.in, Out: std.out}
	if script != "" {
		file, err := os.Open(script)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		o.In, o.Script = file, true
	}
	log := slog.New(slog.DiscardHandler)
	if logged {
		log = slog.New(slog.NewTextHandler(std.err, nil))
	}
	o.Start = func(ctx context.Context, env *testenv.Environment, name string) (demo.Replica, error) {
		return start(ctx, env, name, log)
	}
	return demo.Run(ctx, o)
}

// start starts a replica as `bot serve` does, with the configuration that reaches the fakes.
func start(ctx context.Context, env *testenv.Environment, name string, log *slog.Logger) (demo.Replica, error) {
	c := app.Default()
	if err := c.Set(env.Variables()); err != nil {
		return nil, err
	}
	c.Policy.PerUser, c.Policy.PerWorkspace = 0, 0
	if err := c.Validate(); err != nil {
		return nil, err
	}
	a, err := app.New(c, app.Options{Name: name, RootCAs: env.Entra.RootCAs(), Clock: env.Clock.Now}, log)
	if err != nil {
		return nil, err
	}
	if err := a.Listen(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	go func() {
		if err := a.Run(ctx); err != nil {
			log.Error("replica stopped", "name", name, "error", err)
		}
	}()
	return a, testenv.WaitReady(ctx, a.URL())
}
