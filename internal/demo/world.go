// Package demo is the bot in a terminal: the real program on an embedded Redis, in the sandbox's Slack, Entra and
// Graph. One types as any of a few people in any of a few channels, sees the cards as Slack would show them, and lets
// things fail.
package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/internal/sandbox"
)

// The Entra tenant and app of the demo.
const (
	tenantID     = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	clientID     = "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01"
	clientSecret = "sample-client-secret"
)

// person is somebody in the demo's workspace, and who they are in its tenant.
type person struct {
	name  string
	slack sandbox.SlackUser
	entra *sandbox.GraphUser // nil: nobody
}

func people() []person {
	confirmed := func(id, name, real, email, locale string) sandbox.SlackUser {
		return sandbox.SlackUser{ID: id, Name: name, RealName: real, Email: email, EmailConfirmed: true, Locale: locale}
	}
	guest := confirmed("U0GUS", "gus", "Gus Guest", "gus@fabrikam.example", "en-US")
	guest.Restricted = true
	unconfirmed := confirmed("U0UMA", "uma", "Uma Unconfirmed", "uma@contoso.example", "en-US")
	unconfirmed.EmailConfirmed = false
	return []person{
		{"ann", confirmed("U0ANN", "ann", "Ann Example", "ann@contoso.example", "en-US"), &sandbox.GraphUser{
			ID: "a1111111-0000-4000-8000-000000000001", UPN: "ann@contoso.example", Mail: "ann@contoso.example", DisplayName: "Ann Example", DialIn: true}},
		{"ben", confirmed("U0BEN", "ben", "Ben Sample", "ben@contoso.example", "en-GB"), &sandbox.GraphUser{
			ID: "b2222222-0000-4000-8000-000000000002", UPN: "ben.sample@contoso.example", Mail: "ben@contoso.example", DisplayName: "Ben Sample"}},
		{"caio", confirmed("U0CAIO", "caio", "Caio Exemplo", "caio@contoso.example", "pt-BR"), &sandbox.GraphUser{
			ID: "c3333333-0000-4000-8000-000000000003", UPN: "caio@contoso.example", Mail: "caio@contoso.example", DisplayName: "Caio Exemplo"}},
		{"nora", confirmed("U0NORA", "nora", "Nora Nopolicy", "nora@contoso.example", "en-US"), &sandbox.GraphUser{
			ID: "d4444444-0000-4000-8000-000000000004", UPN: "nora@contoso.example", Mail: "nora@contoso.example", DisplayName: "Nora Nopolicy"}},
		{"gus", guest, nil},
		{"uma", unconfirmed, nil},
		{"xena", confirmed("U0XENA", "xena", "Xena Unknown", "xena@elsewhere.example", "en-US"), nil},
	}
}

// channels are the demo's channels, by name.
var channels = []sandbox.SlackChannel{
	{ID: "C0GENERAL", Name: "general"},
	{ID: "C0DESIGN", Name: "design"},
	{ID: "C0BRASIL", Name: "brasil"},
}

// redeliveries are the waits of Slack's before it delivers an event again. The real ones are none, a minute and five.
var redeliveries = []time.Duration{0, 5 * time.Second, 10 * time.Second}

// World is everything outside the bot.
type World struct {
	Redis *miniredis.Miniredis
	Slack *sandbox.Slack
	Entra *sandbox.Entra
	Graph *sandbox.Graph

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
	if w.Slack, err = sandbox.NewSlack(sandbox.SlackOptions{RetryDelays: redeliveries}); err != nil {
		return nil, fmt.Errorf("start Slack sandbox: %w", err)
	}
	if w.Entra, err = sandbox.NewEntra(sandbox.EntraOptions{TenantID: tenantID, ClientID: clientID, ClientSecret: clientSecret}); err != nil {
		return nil, fmt.Errorf("start Entra sandbox: %w", err)
	}
	if w.Graph, err = sandbox.NewGraph(sandbox.GraphOptions{Entra: w.Entra}); err != nil {
		return nil, fmt.Errorf("start Graph sandbox: %w", err)
	}
	var errs []error
	for _, c := range channels {
		w.Slack.AddChannel(c)
	}
	for _, p := range people() {
		w.Slack.AddUser(p.slack)
		if p.entra != nil {
			errs = append(errs, w.Graph.AddUser(*p.entra))
		}
		if p.name == "nora" {
			w.Graph.SetPolicy(p.entra.ID, false)
		}
	}
	return w, errors.Join(errs...)
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
