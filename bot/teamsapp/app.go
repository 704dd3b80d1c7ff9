package teamsapp

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"meetbot/bot"
	"meetbot/bot/teamsapp/botauth"
	"meetbot/bot/teamsapp/connector"
)

// Platform is the name that Teams' conversations carry.
const Platform = "teams"

// Config is what the front-end needs. Every field without "optional" is required.
type Config struct {
	AppID     string // the bot's, a GUID
	TenantID  string // whose people are served, a GUID
	Cloud     Cloud
	Hosts     []string // optional: that answers may go to, beyond Microsoft's own
	Tokens    connector.Tokens
	RootCAs   *x509.CertPool // optional: the system's
	Catalog   *bot.Catalog
	Language  bot.Language  // where nothing better is known
	Throttles bot.Throttles // which conversations Teams asked to leave alone
	Log       *slog.Logger
	Now       func() time.Time // optional: time.Now, for the times of tokens
}

// App is the Teams app in its tenant.
type App struct {
	tenant    string
	tokens    *botauth.Verifier
	service   *connector.Client
	catalog   *bot.Catalog
	parser    *bot.Parser
	language  bot.Language
	throttles bot.Throttles
	log       *slog.Logger
}

// New returns an app. It asks nobody anything yet. Its errors name the setting at fault.
func New(c Config) (*App, error) {
	tokens, err := botauth.New(botauth.Config{MetadataURL: c.Cloud.MetadataURL, Issuer: c.Cloud.Issuer, AppID: c.AppID, Now: c.Now})
	if err != nil {
		return nil, err
	}
	service, err := connector.New(connector.Config{Tokens: c.Tokens, Hosts: c.Hosts, RootCAs: c.RootCAs})
	if err != nil {
		return nil, err
	}
	return &App{
		tenant: c.TenantID, tokens: tokens, service: service,
		catalog: c.Catalog, parser: bot.NewParser(c.Catalog), language: c.Language, throttles: c.Throttles, log: c.Log,
	}, nil
}

// Close ends the idle connections to Teams.
func (a *App) Close() {
	a.tokens.Close()
	a.service.Close()
}

// Profile says who a user is, as bot.Platform wants it: Teams itself proves the Entra user. An anonymous attendee, or
// somebody whom Teams does not place in Entra, belongs to no organization that the bot knows.
func (a *App) Profile(_ context.Context, asker bot.Asker) (bot.Profile, error) {
	if len(asker.User) != 36 || uuid.Validate(asker.User) != nil { // which is not particular about braces and prefixes
		return bot.Profile{Outside: true}, nil
	}
	return bot.Profile{EntraID: asker.User}, nil
}

// call speaks to a conversation, unless Teams asked to leave it alone: its limits are by conversation. Source: Microsoft,
// "Optimize your bot with rate limiting".
func (a *App) call(ctx context.Context, conversation, doing string, do func(context.Context) error) error {
	id, _, _ := strings.Cut(conversation, ";")
	called := false
	err := bot.CallThrottled(ctx, a.throttles, "teams:"+id, func(ctx context.Context) error {
		called = true
		if err := do(ctx); err != nil {
			return verdict(doing, err)
		}
		return nil
	})
	if err != nil && !called && bot.CodeOf(err) == bot.Unavailable { // nobody knows whether one may, so nothing was sent
		return &bot.Error{Code: bot.Throttled, Err: fmt.Errorf("%s: %w", doing, err)}
	}
	return err
}

// How long to leave Teams alone if it does not say, as the document on rate limiting begins; and Entra.
const (
	throttledWait = 2 * time.Second
	tokenWait     = 5 * time.Second
)

// verdict says what a failed call means to the bot. Source: Microsoft, "Messages in bot conversations", section "Status
// code responses".
func verdict(doing string, err error) *bot.Error {
	e := &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: %w", doing, err)}
	refused, ok := errors.AsType[*connector.Error](err)
	if !ok { // no token, so that nothing was sent for certain
		e.Code, e.Wait = bot.Throttled, tokenWait
		if cause, ok := errors.AsType[*bot.Error](err); ok {
			e.Wait = max(e.Wait, cause.Wait)
		}
		if bot.CodeOf(err) == bot.Credentials {
			e.Code, e.Wait = bot.ChatCredentials, 0
		}
		return e
	}
	e.Status, e.Reason = refused.Status, refused.Code
	switch status := refused.Status; {
	case errors.Is(err, connector.ErrService):
		e.Code = bot.Undeliverable
	case status == 429:
		e.Code, e.Wait = bot.Throttled, cmp.Or(refused.Wait, throttledWait)
	case status == 412: // another operation was under way
		e.Code, e.Wait = bot.Throttled, refused.Wait
	case status == 401:
		e.Code = bot.ChatCredentials
	case status == 0, status == 408, status >= 500 && status != 501, status < 400:
	default:
		e.Code = bot.Undeliverable
	}
	return e
}
