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
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/demo"
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
	o.Start = func(ctx context.Context, w *demo.World, name string) (demo.Replica, error) {
		return start(ctx, w, name, log)
	}
	return demo.Run(ctx, o)
}

// start starts a replica as `bot serve` does, with a configuration that points to the demo's fakes.
func start(ctx context.Context, w *demo.World, name string, log *slog.Logger) (demo.Replica, error) {
	c := app.Default()
	c.HTTP = app.HTTPConfig{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0"}
	c.Redis.URL = "redis://" + w.Redis.Addr() + "/0"
	c.Slack = app.SlackConfig{SigningSecret: w.Slack.SigningSecret(), BotToken: w.Slack.BotToken(), APIURL: w.Slack.APIURL()}
	c.Teams.AppID, c.Teams.AppSecret = w.Teams.AppID(), w.Teams.AppSecret()
	c.Teams.MetadataURL, c.Teams.ServiceHosts = w.Teams.MetadataURL(), []string{w.Teams.ServiceHost()}
	c.Entra.TenantID, c.Entra.ClientID, c.Entra.ClientSecret = w.TenantID, w.ClientID, w.ClientSecret
	c.Entra.AuthorityHost, c.Graph.BaseURL = w.Entra.URL(), w.Graph.BaseURL()
	c.Policy.PerUser, c.Policy.PerWorkspace = 0, 0
	if err := c.Validate(); err != nil {
		return nil, err
	}
	a, err := app.New(c, app.Options{Name: name, RootCAs: w.Entra.RootCAs()}, log)
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
	return a, waitReady(ctx, a.URL())
}

// waitReady returns once the replica says that it is ready, for every platform.
func waitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err == nil && resp.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) == "ready" {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("replica at %s did not become ready", url)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
