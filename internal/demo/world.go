// Package demo is the bot in a terminal: the real program on an embedded Redis, in the sandbox's Slack, Teams, Entra and
// Graph. One types as any of a few people in any of a few channels and chats, sees the cards as Slack and Teams would show
// them, and lets things fail.
package demo

import (
	"context"
	"fmt"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// The Entra tenant and app of the demo.
const (
	tenantID     = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	clientID     = "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01"
	clientSecret = "sample-client-secret"
)

// World is everything outside the bot.
type World struct {
	Redis *miniredis.Miniredis
	Slack *slacktest.Server
	Teams *teamstest.Server
	Entra *entratest.Server
	Graph *graphtest.Server

	TenantID, ClientID, ClientSecret string
}

// NewWorld starts the servers on loopback.
func NewWorld() (w *World, err error) {
	w = &World{TenantID: tenantID, ClientID: clientID, ClientSecret: clientSecret}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	if w.Redis, err = miniredis.Run(); err != nil {
		return nil, fmt.Errorf("start embedded Redis: %w", err)
	}
	if w.Slack, err = slacktest.New(slacktest.Options{RetryDelays: slackRedeliveries}); err != nil {
		return nil, fmt.Errorf("start Slack sandbox: %w", err)
	}
	if w.Entra, err = entratest.New(entratest.Options{TenantID: tenantID, ClientID: clientID, ClientSecret: clientSecret}); err != nil {
		return nil, fmt.Errorf("start Entra sandbox: %w", err)
	}
	if w.Graph, err = graphtest.New(graphtest.Options{Entra: w.Entra}); err != nil {
		return nil, fmt.Errorf("start Graph sandbox: %w", err)
	}
	if w.Teams, err = teamstest.New(teamstest.Options{Entra: w.Entra}); err != nil {
		return nil, fmt.Errorf("start Teams sandbox: %w", err)
	}
	for _, p := range people() {
		if p.entra == nil {
			continue
		}
		if err := w.Graph.AddUser(*p.entra); err != nil {
			return nil, err
		}
	}
	w.Graph.SetPolicy(noPolicyID, false)
	return w, nil
}

// RunClock lets the embedded Redis' expiry times pass, which stand still by themselves, until ctx ends.
func (w *World) RunClock(ctx context.Context) {
	const step = time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.Redis.FastForward(step)
		case <-ctx.Done():
			return
		}
	}
}

// Close stops the servers.
func (w *World) Close() {
	if w.Teams != nil {
		w.Teams.Close()
	}
	if w.Graph != nil {
		w.Graph.Close()
	}
	if w.Entra != nil {
		w.Entra.Close()
	}
	if w.Slack != nil {
		w.Slack.Close()
	}
	if w.Redis != nil {
		w.Redis.Close()
	}
}
