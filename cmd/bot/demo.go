package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"meetbot/internal/demo"
)

type demoCmd struct {
	Script string `name:"script" type:"existingfile" help:"Run the lines of this file instead of asking for them, and fail if one fails."`
	Log    bool   `name:"log" help:"Show the bot's own log on standard error."`
}

// Run starts the demo in this terminal.
func (c *demoCmd) Run(ctx context.Context, std Streams) error {
	o := demo.Options{In: std.In, Out: std.Out}
	if c.Script != "" {
		file, err := os.Open(c.Script)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		o.In, o.Script = file, true
	}
	log := slog.New(slog.DiscardHandler)
	if c.Log {
		log = slog.New(slog.NewTextHandler(std.Err, nil))
	}
	o.Start = func(ctx context.Context, w *demo.World, name string) (demo.Replica, error) {
		return startInWorld(ctx, w, name, log)
	}
	return demo.Run(ctx, o)
}

// startInWorld starts a replica as `serve` does, with a configuration that points to the demo's world.
func startInWorld(ctx context.Context, w *demo.World, name string, log *slog.Logger) (demo.Replica, error) {
	c := Config{
		HTTPAddr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", RedisURL: "redis://" + w.Redis.Addr() + "/0",
		SlackSigningSecret: w.Slack.SigningSecret(), SlackBotToken: w.Slack.BotToken(), SlackAPIURL: w.Slack.APIURL(),
		TeamsAppID: w.Teams.AppID(), TeamsAppSecret: w.Teams.AppSecret(),
		TeamsMetadataURL: w.Teams.MetadataURL(), TeamsServiceHosts: []string{w.Teams.ServiceHost()},
		TenantID: w.TenantID, ClientID: w.ClientID, ClientSecret: w.ClientSecret,
		AuthorityHost: w.Entra.URL(), GraphBaseURL: w.Graph.BaseURL(),
		Organizer: "requester", AllowGuests: "false", Locale: "en", LogLevel: "info", LogFormat: "text",
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	r, err := NewReplica(ctx, c, Surroundings{Name: name, RootCAs: w.Entra.RootCAs()}, log)
	if err != nil {
		return nil, err
	}
	go func() {
		if err := r.Run(ctx); err != nil {
			log.Error("replica stopped", "name", name, "error", err)
		}
	}()
	return r, waitReady(ctx, r.URL())
}

// waitReady returns once the replica says that it is ready.
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
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
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
