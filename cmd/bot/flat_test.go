package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"meetbot/internal/app"
)

// The tests of this package set the configuration as one flat list.
type (
	Config struct {
		HTTPAddr, AdminAddr, RedisURL                       string
		SlackSigningSecret, SlackBotToken, SlackAPIURL      string
		TeamsAppID, TeamsAppSecret, TeamsTenantID           string
		TeamsMetadataURL                                    string
		TeamsServiceHosts                                   []string
		TenantID, ClientID, ClientSecret                    string
		CertificatePath, CertificatePassword                string
		FederatedTokenFile, TokenCredentials                string
		AuthorityHost, GraphBaseURL                         string
		Organizer, AllowGuests, Locale, LogLevel, LogFormat string
		AllowedDomains                                      []string
		PerUser, PerWorkspace                               int
	}
	Surroundings = app.Options
	Streams      = streams
	Replica      = app.App
)

func (c Config) nested() app.Config {
	return app.Config{
		HTTP:  app.HTTPConfig{Addr: c.HTTPAddr, AdminAddr: c.AdminAddr},
		Redis: app.RedisConfig{URL: c.RedisURL},
		Slack: app.SlackConfig{SigningSecret: c.SlackSigningSecret, BotToken: c.SlackBotToken, APIURL: c.SlackAPIURL},
		Teams: app.TeamsConfig{
			AppID: c.TeamsAppID, AppSecret: c.TeamsAppSecret, TenantID: c.TeamsTenantID,
			MetadataURL: c.TeamsMetadataURL, ServiceHosts: c.TeamsServiceHosts,
		},
		Entra: app.EntraConfig{
			TenantID: c.TenantID, ClientID: c.ClientID, ClientSecret: c.ClientSecret,
			CertificatePath: c.CertificatePath, CertificatePassword: c.CertificatePassword,
			FederatedTokenFile: c.FederatedTokenFile, TokenCredentials: c.TokenCredentials, AuthorityHost: c.AuthorityHost,
		},
		Graph: app.GraphConfig{BaseURL: c.GraphBaseURL},
		Policy: app.PolicyConfig{
			Organizer: c.Organizer, AllowedDomains: c.AllowedDomains, AllowGuests: c.AllowGuests,
			PerUser: c.PerUser, PerWorkspace: c.PerWorkspace, Locale: c.Locale,
		},
		Logging: app.LoggingConfig{Level: c.LogLevel, Format: c.LogFormat},
	}
}

func (c Config) Check() error { return c.nested().Validate() }

func logger(c Config, w io.Writer) *slog.Logger { return app.NewLogger(c.nested().Logging, w) }

func NewReplica(ctx context.Context, c Config, o app.Options, log *slog.Logger) (*app.App, error) {
	a, err := app.New(c.nested(), o, log)
	if err != nil {
		return nil, err
	}
	if err := a.Listen(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func serve(ctx context.Context, c Config, o app.Options, std streams) error {
	if err := c.Check(); err != nil {
		return err
	}
	a, err := NewReplica(ctx, c, o, logger(c, std.Err))
	if err != nil {
		return err
	}
	return a.Run(ctx)
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
