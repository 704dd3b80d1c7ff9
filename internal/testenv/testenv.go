// Package testenv is everything outside the bot, for the tests of the wired program, the demo and the benchmark: fakes
// of Slack, Teams, Entra and Graph on loopback that know of each other, people in them, and the configuration that
// reaches them.
//
// Call [New], add people and channels, set RedisURL to whatever Redis there is, and give [Environment.Variables] to the
// program: as environment variables to a process, or by package app's Config.Set. [WaitReady] returns when it serves.
//
// It imports the fakes and the standard library, neither the bot nor package testing. Whoever needs a Redis brings it:
// a redis-server in tests and the benchmark, an embedded one in the demo.
package testenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// The Entra tenant, and the app in it that calls Graph.
const (
	TenantID     = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	ClientID     = "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01"
	ClientSecret = "a-client-secret-that-must-not-leak"
)

// Environment is everything outside the bot.
type Environment struct {
	Slack *slacktest.Server
	Teams *teamstest.Server // nil: see AddTeams
	Entra *entratest.Server
	Graph *graphtest.Server

	// Clock is Graph's for the life of meetings. A bot that is to agree gets its Now as app.Options.Clock.
	Clock Clock

	RedisURL  string // of the Redis that the caller has
	PublicURL string // where lasting links begin; empty: there are none
}

// New starts Slack, Entra and Graph, with nobody in them.
func New(o slacktest.Options) (_ *Environment, err error) {
	e := &Environment{}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	if e.Slack, err = slacktest.New(o); err != nil {
		return nil, fmt.Errorf("start Slack: %w", err)
	}
	e.Entra, err = entratest.New(entratest.Options{TenantID: TenantID, ClientID: ClientID, ClientSecret: ClientSecret})
	if err != nil {
		return nil, fmt.Errorf("start Entra: %w", err)
	}
	if e.Graph, err = graphtest.New(graphtest.Options{Entra: e.Entra, Clock: e.Clock.Now}); err != nil {
		return nil, fmt.Errorf("start Graph: %w", err)
	}
	return e, nil
}

// AddTeams starts Teams, in the same tenant. Whatever o says of Entra is replaced.
func (e *Environment) AddTeams(o teamstest.Options) (err error) {
	o.Entra = e.Entra
	if e.Teams, err = teamstest.New(o); err != nil {
		return fmt.Errorf("start Teams: %w", err)
	}
	return nil
}

// Close stops the servers.
func (e *Environment) Close() {
	if e.Teams != nil {
		e.Teams.Close()
	}
	if e.Graph != nil {
		e.Graph.Close()
	}
	if e.Entra != nil {
		e.Entra.Close()
	}
	if e.Slack != nil {
		e.Slack.Close()
	}
}

// Person is somebody, wherever they are known.
type Person struct {
	Slack *slacktest.User // nil: not in Slack
	Entra *graphtest.User // nil: nobody in the tenant
	Teams *teamstest.User // nil: not in Teams
}

// AddPerson adds somebody to the fakes.
func (e *Environment) AddPerson(p Person) error {
	if p.Slack != nil {
		e.Slack.AddUser(*p.Slack)
	}
	if p.Entra != nil {
		if err := e.Graph.AddUser(*p.Entra); err != nil {
			return fmt.Errorf("add %s to Graph: %w", p.Entra.UPN, err)
		}
	}
	if p.Teams != nil {
		if err := e.Teams.AddUser(*p.Teams); err != nil {
			return fmt.Errorf("add %s to Teams: %w", p.Teams.Name, err)
		}
	}
	return nil
}

// Variables is the configuration of a bot that serves whatever was started here, by environment variable. It listens on
// any free port of loopback. Beside this it must trust Entra's certificate.
func (e *Environment) Variables() map[string]string {
	variables := map[string]string{
		"HTTP_ADDR": "127.0.0.1:0", "ADMIN_ADDR": "127.0.0.1:0", "REDIS_URL": e.RedisURL,
		"SLACK_SIGNING_SECRET": e.Slack.SigningSecret(), "SLACK_BOT_TOKEN": e.Slack.BotToken(),
		"SLACK_API_URL":   e.Slack.APIURL(),
		"AZURE_TENANT_ID": TenantID, "AZURE_CLIENT_ID": ClientID, "AZURE_CLIENT_SECRET": ClientSecret,
		"AZURE_AUTHORITY_HOST": e.Entra.URL(), "GRAPH_BASE_URL": e.Graph.BaseURL(),
	}
	if e.Slack.SocketMode() {
		delete(variables, "SLACK_SIGNING_SECRET")
		variables["SLACK_APP_TOKEN"] = e.Slack.AppToken()
	}
	if e.PublicURL != "" {
		variables["PUBLIC_URL"] = e.PublicURL
	}
	if e.Teams != nil {
		variables["TEAMS_APP_ID"], variables["TEAMS_APP_SECRET"] = e.Teams.AppID(), e.Teams.AppSecret()
		variables["TEAMS_OPENID_METADATA_URL"] = e.Teams.MetadataURL()
		variables["TEAMS_SERVICE_HOSTS"] = e.Teams.ServiceHost()
	}
	return variables
}

// How long WaitReady waits, and how often it asks.
const (
	readyWithin = 10 * time.Second
	readyPause  = 20 * time.Millisecond
)

// WaitReady returns nil once the bot at this URL says that it is ready, for every platform. The error says what it says
// instead after ten seconds.
func WaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		said, err := readiness(ctx, url)
		if err == nil && said == "ready\n" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the bot at %s did not become ready: it says %q: %w", url, said,
				errors.Join(ctx.Err(), err))
		case <-time.After(readyPause):
		}
	}
}

func readiness(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}
