package teamsapp

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/bot/teamsapp/botauth"
	"meetbot/bot/teamsapp/connector"
	"meetbot/internal/guid"
	"meetbot/internal/inbound"
)

// Platform is the name that Teams' conversations carry.
const Platform = "teams"

// Config is what the front-end needs. Every field without "optional" is required.
type Config struct {
	AppID     string // the bot's, a GUID
	TenantID  string // whose people are served, a GUID
	Cloud     Cloud
	Hosts     []string // optional: that answers may go to, in addition to Microsoft's own
	Tokens    connector.Tokens
	RootCAs   *x509.CertPool // optional: the system's
	Catalog   *bot.Catalog
	Language  bot.Language  // where nothing better is known
	Throttles bot.Throttles // which conversations Teams asked to leave alone
	Log       *slog.Logger
	Requests  *inbound.Requests // optional: is told of the requests that come in
	Now       func() time.Time  // optional: time.Now, for the times of tokens
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
	requests  *inbound.Requests
	guard     inbound.Guard // what an activity has to be like; its token is checked between the two steps
}

// New returns an app. It asks nobody anything yet. Its errors name the setting at fault.
func New(c Config) (*App, error) {
	tokens, err := botauth.New(botauth.Config{
		MetadataURL: c.Cloud.MetadataURL, Issuer: c.Cloud.Issuer, AppID: c.AppID, Now: c.Now,
	})
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
		requests: c.Requests,
		guard: inbound.Guard{
			ContentType: "application/json", MaxBody: MaxBody, What: "activity", Requests: c.Requests,
		},
	}, nil
}

// Close closes the connections to Teams that wait to be used again.
func (a *App) Close() {
	a.tokens.Close()
	a.service.Close()
}

// Profile says who a user is, as bot.Platform wants it: Teams itself proves the Entra user. Where the activity did not
// name one, the list of the conversation's members is asked. An anonymous attendee, or somebody who is no member of the
// conversation, belongs to no organization that the bot knows.
func (a *App) Profile(ctx context.Context, asker bot.Asker, at bot.Route) (bot.Profile, error) {
	outside := bot.Profile{Outside: true}
	if guid.Valid(asker.User) {
		return bot.Profile{EntraID: asker.User}, nil
	}
	if !strings.EqualFold(asker.User, at.User) { // the activity named something that is no user of Entra
		return outside, nil
	}
	if strings.HasPrefix(at.User, botPrefix) {
		return bot.Profile{NotAPerson: true}, nil
	}
	channel, _, _ := strings.Cut(at.Channel, threadMark)
	var found connector.Member
	err := a.call(ctx, channel, "get member", func(ctx context.Context) (err error) {
		found, err = a.service.Member(ctx, at.Service, channel, at.User)
		return err
	})
	switch {
	case bot.CodeOf(err) == bot.Undeliverable: // there is no such member, or the bot may not see them
		return outside, nil
	case bot.CodeOf(err) == bot.ChatCredentials: // without a token there is no answer either: it has to be mended first
		return bot.Profile{}, &bot.Error{Code: bot.Unavailable, Err: err}
	case err != nil:
		return bot.Profile{}, err
	case !guid.Valid(found.ObjectID), found.TenantID != "" && !strings.EqualFold(found.TenantID, a.tenant):
		return outside, nil
	default:
		return bot.Profile{EntraID: strings.ToLower(found.ObjectID)}, nil
	}
}

// call makes a call for a conversation, unless Teams asked to wait with that one: its limits are by conversation.
// Source: Microsoft, "Optimize your bot with rate limiting".
func (a *App) call(ctx context.Context, conversation, doing string, do func(context.Context) error) error {
	id, _, _ := strings.Cut(conversation, ";")
	called := false
	err := bot.CallThrottled(ctx, a.throttles, bot.Upstream{Name: "teams:" + id}, func(ctx context.Context) error {
		called = true
		if err := do(ctx); err != nil {
			return classify(doing, err)
		}
		return nil
	})
	if err != nil && !called && bot.CodeOf(err) == bot.Unavailable {
		// Whether Teams asked to wait is not known, so nothing was sent.
		return &bot.Error{Code: bot.Throttled, Err: fmt.Errorf("%s: %w", doing, err)}
	}
	return err
}

// How long to wait if the service does not say.
const (
	throttledWait = 2 * time.Second // Teams: the first wait in the document on rate limiting
	tokenWait     = 5 * time.Second // Entra
)

// classify says what a failed call means to the bot. Source: Microsoft, "Messages in bot conversations", section
// "Status code responses".
func classify(doing string, err error) *bot.Error {
	e := &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: %w", doing, err)}
	refused, ok := errors.AsType[*connector.Error](err)
	if !ok { // without a token nothing was sent
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
	case status == http.StatusTooManyRequests:
		e.Code, e.Wait = bot.Throttled, cmp.Or(refused.Wait, throttledWait)
	case status == http.StatusPreconditionFailed: // another operation was under way
		e.Code, e.Wait = bot.Throttled, refused.Wait
	case status == http.StatusUnauthorized:
		e.Code = bot.ChatCredentials
	case status < http.StatusBadRequest, // no answer, or one of a box in between
		status == http.StatusRequestTimeout,
		status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
	default:
		e.Code = bot.Undeliverable
	}
	return e
}
