package slackapp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/slack-go/slack"

	"meetbot/bot"
	"meetbot/bot/slackapp/socketmode"
	"meetbot/internal/inbound"
	"meetbot/internal/outbound"
)

// Platform is the name that Slack's conversations carry.
const Platform = "slack"

// publicAPI is where Slack's Web API is unless configured otherwise.
const publicAPI = "https://slack.com/api/"

// slackHosts are the hosts of the API in Slack's own clouds. GovSlack is https://slack-gov.com/api/ (document "GovSlack
// apps"). For an API elsewhere, such as a proxy, response_url is taken to be of the same host.
var slackHosts = map[string]bool{"https://slack.com": true, "https://slack-gov.com": true}

// slackHookHosts are the hosts of a response_url in Slack's own clouds.
var slackHookHosts = []string{"hooks.slack.com", "hooks.slack-gov.com"}

// maxRefusal is how much is read of an answer that is a refusal, in bytes.
const maxRefusal = 4 << 10

// Config is what the front-end needs. Every field without "optional" is required.
type Config struct {
	SigningSecret  string // that Slack signs its requests with; not used in Socket Mode
	PreviousSecret string // optional: the signing secret of before, which counts too while the secret is changed
	AppToken       string // optional: of the app itself; with it Slack delivers by Socket Mode, not by requests
	BotToken       string
	APIURL         string // optional: base of the Web API, ending in "/"
	Catalog        *bot.Catalog
	Language       bot.Language  // where nothing better is known
	Throttles      bot.Throttles // which of Slack's methods asked to be left alone
	Log            *slog.Logger
	Requests       *inbound.Requests   // optional: is told of the requests that come in
	Bookmarks      bool                // channels' bookmarks are set: see SetBookmark
	Signed         func(secret string) // optional: is told which secret a request is signed with: Current or Previous

	Connections socketmode.Observer // optional: is told of the connections of Socket Mode
	Socket      socketmode.Timing   // optional: of these connections
}

// App is the Slack app in its workspace.
type App struct {
	secrets   atomic.Pointer[signingSecrets]
	signed    func(secret string) // nil: nobody is told
	apiURL    string              // base of the Web API, ending in "/"
	access    atomic.Pointer[access]
	web       *http.Client // beneath the access
	hooks     *http.Client // that posts to response_url
	hookHosts []*url.URL
	catalog   *bot.Catalog
	parser    *bot.Parser
	language  bot.Language
	throttles bot.Throttles
	log       *slog.Logger
	requests  *inbound.Requests
	cards     *lru.Cache[cardKey, []byte] // answers that were written lately
	people    *lru.Cache[string, string]  // names of users who were mentioned without them
	refused   *refusals                   // where the bot may not post
	bookmarks bool
	appToken  atomic.Pointer[string]
	socket    *socketmode.Client // nil where Slack delivers by requests
	bot       bot.Bot            // that gets what the socket delivers; set by Register

	installed atomic.Pointer[installation]
}

// installation is the workspace that the bot token belongs to, as Slack itself says.
type installation struct {
	team, enterprise, botUser, botName string
}

// New returns an app that does not know its workspace yet: see Connect.
func New(c Config) (*App, error) {
	if c.APIURL == "" {
		c.APIURL = publicAPI
	}
	api, err := url.Parse(c.APIURL)
	if err != nil {
		return nil, fmt.Errorf("parse Slack API URL: %w", err)
	}
	if err := outbound.Secure(api); err != nil {
		return nil, fmt.Errorf("Slack API URL: %w", err)
	}
	cards, err := lru.New[cardKey, []byte](keptCards)
	if err != nil {
		return nil, fmt.Errorf("make room for cards: %w", err)
	}
	people, err := lru.New[string, string](keptNames)
	if err != nil {
		return nil, fmt.Errorf("make room for names: %w", err)
	}
	refused, err := newRefusals()
	if err != nil {
		return nil, err
	}
	a := &App{
		cards: cards, people: people, signed: c.Signed, apiURL: c.APIURL,
		catalog: c.Catalog, parser: bot.NewParser(c.Catalog), language: c.Language, throttles: c.Throttles, log: c.Log,
		requests: c.Requests, refused: refused, bookmarks: c.Bookmarks,
	}
	if slackHosts[api.Scheme+"://"+api.Host] {
		for _, host := range slackHookHosts {
			a.hookHosts = append(a.hookHosts, &url.URL{Scheme: "https", Host: host})
		}
	} else {
		a.hookHosts = []*url.URL{{Scheme: api.Scheme, Host: api.Host}}
	}
	a.hooks = outbound.Client(outbound.Options{Timeout: 5 * time.Second}, a.hookHosts...)
	a.web = outbound.Client(outbound.Options{Timeout: 5 * time.Second}, api)
	a.web.Transport = throttleReader{next: a.web.Transport}
	a.SetSigningSecrets(c.SigningSecret, c.PreviousSecret)
	a.access.Store(a.newAccess(c.BotToken))
	if c.AppToken != "" {
		a.appToken.Store(&c.AppToken)
		a.socket = a.newSocket(c)
	}
	return a, nil
}

// Close closes the connections that wait to be used again.
func (a *App) Close() {
	a.web.CloseIdleConnections()
	a.hooks.CloseIdleConnections()
}

// Connect asks Slack which workspace the bot token belongs to (auth.test). Until it has succeeded, commands are
// answered with a request to try again. The error is ErrToken where no repetition helps.
func (a *App) Connect(ctx context.Context) error {
	who, err := a.api().AuthTestContext(ctx)
	if err != nil {
		return connectError(err)
	}
	a.installed.Store(installationOf(who))
	a.log.InfoContext(ctx, "connected to Slack", "team", who.TeamID, "enterprise", who.EnterpriseID, "bot", who.UserID)
	return nil
}

// botName is the bot's name as it may stand in a sentence.
func botName(name string) string { return bot.Clip(bot.CleanText(name), maxName) }

// workspace returns the workspace of a request, and whether it is the installation's own: the enterprise for an
// organization-wide install, otherwise the team.
func (i *installation) workspace(team, enterprise string, enterpriseInstall bool) (string, bool) {
	if enterpriseInstall {
		return enterprise, enterprise != "" && enterprise == i.enterprise
	}
	return team, team != "" && team == i.team
}

// Profile reads the user from Slack (users.info), as bot.Platform wants it.
func (a *App) Profile(ctx context.Context, asker bot.Asker, _ bot.Route) (bot.Profile, error) {
	in := a.installed.Load()
	if in == nil {
		return bot.Profile{}, &bot.Error{Code: bot.Unavailable, Err: errors.New("workspace is not known yet")}
	}
	var found *user
	err := a.call(ctx, "users.info", "", func(ctx context.Context) (err error) {
		found, err = a.userInfo(ctx, asker.User)
		return err
	})
	if err == nil {
		return profile(found, in), nil
	}
	if e, ok := errors.AsType[*bot.Error](err); ok && e.Code == bot.Undeliverable {
		switch e.Reason {
		case "user_not_found", "user_not_visible", "users_not_found":
			return bot.Profile{NotAPerson: true}, nil
		}
		e.Code = bot.ChatCredentials // any other refusal of users.info is for the person who installed the app
	}
	return bot.Profile{}, err
}

// call calls a method of the Web API, unless Slack asked to leave it alone. Slack counts the calls of some methods by
// what they are for, such as the channel: that is per; it is empty for the other methods. The error names the method.
func (a *App) call(ctx context.Context, method, per string, do func(context.Context) error) error {
	upstream := "slack:" + method
	if per != "" {
		upstream += ":" + per
	}
	called := false
	err := bot.CallThrottled(ctx, a.throttles, bot.Upstream{Name: upstream}, func(ctx context.Context) error {
		called = true
		err := do(ctx)
		if err == nil {
			return nil
		}
		e := apiError(err)
		e.Err = fmt.Errorf("%s: %w", method, e.Err)
		return e
	})
	if !called && bot.CodeOf(err) == bot.Unavailable { // whether Slack asked to wait is not known
		return unsent(err)
	}
	return err
}

// apiError says what a failed Web API call means to the bot. Reason is Slack's own error code. Nothing else of the
// answer is in the error, not even the text beside its status, since an answer may echo anything.
func apiError(err error) *bot.Error {
	if limited, ok := errors.AsType[*bot.Error](err); ok { // of throttleReader
		return limited
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return &bot.Error{Code: bot.Unavailable, Status: status.Code, Err: fmt.Errorf("HTTP status %d", status.Code)}
	}
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	if !ok {
		return &bot.Error{Code: bot.Unavailable, Err: outbound.Redact(err)}
	}
	reason := errorCode(answer.Err)
	e := &bot.Error{Reason: reason, Err: errors.New(reason), Status: http.StatusOK}
	switch answer.Err {
	case "ratelimited", "rate_limited":
		e.Code, e.Wait = bot.Throttled, time.Second
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org",
		"update_failed", "external_channel_migrating":
		e.Code = bot.Unavailable
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
		"no_permission", "org_login_required", "ekm_access_denied", "access_denied", "not_allowed_token_type",
		"team_access_not_granted":
		e.Code = bot.ChatCredentials
	default:
		e.Code = bot.Undeliverable
	}
	return e
}

// throttleReader stands between slack-go and Slack's Web API. It makes an error of an answer that asks to wait, since
// slack-go takes Retry-After for whole seconds, and gives up on any other form.
type throttleReader struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t throttleReader) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests {
		return resp, err
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxRefusal) // so that the connection can be used again
	_ = resp.Body.Close()
	return nil, throttled(resp.Header)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (t throttleReader) CloseIdleConnections() { outbound.CloseIdle(t.next) }

// throttled is the error for an answer that asks to wait; for a second if it does not say how long.
func throttled(h http.Header) *bot.Error {
	wait, asked := outbound.RetryAfter(h)
	if !asked {
		wait = time.Second
	}
	const status = http.StatusTooManyRequests
	return &bot.Error{Code: bot.Throttled, Wait: wait, Status: status, Err: fmt.Errorf("HTTP status %d", status)}
}

// errorCode is the code by which Slack names an error, or unknown_error for a text that is no such code.
func errorCode(s string) string {
	if !outbound.LowerWords.MayLog(s) {
		return "unknown_error"
	}
	return s
}

// checkHookURL checks a response_url before anything is sent to it: it must be https (loopback excepted) on a host of
// Slack's, or of the configured API.
func (a *App) checkHookURL(responseURL string) error {
	u, err := url.Parse(responseURL)
	if err != nil {
		return errors.New("response_url does not parse")
	}
	for _, host := range a.hookHosts {
		if u.Scheme == host.Scheme && strings.EqualFold(u.Host, host.Host) {
			return nil
		}
	}
	return fmt.Errorf("response_url points to %s, which is not Slack", outbound.LoggedHost(u))
}
