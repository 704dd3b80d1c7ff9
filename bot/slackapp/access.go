package slackapp

import (
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

// Which of the two signing secrets a request is signed with.
const (
	Current  = "current"
	Previous = "previous"
)

// signingSecrets are what requests may be signed with.
type signingSecrets struct{ current, previous string } // previous is empty for none

// SetSigningSecrets replaces the secrets that requests may be signed with; previous is empty for none.
func (a *App) SetSigningSecrets(current, previous string) {
	a.secrets.Store(&signingSecrets{current, previous})
}

// access is a bot token, and the client that calls the Web API with it.
type access struct {
	token string
	api   *slack.Client
}

func (a *App) newAccess(token string) *access {
	return &access{token, slack.New(token, slack.OptionAPIURL(a.apiURL), slack.OptionHTTPClient(a.web))}
}

// api is the client of the Web API, with the bot token that counts now.
func (a *App) api() *slack.Client { return a.access.Load().api }

// SetToken replaces the bot token, once Slack has confirmed that the new one is of the same installation (auth.test).
// Calls under way end with the old one. On an error the old one stays; the error is ErrToken where no repetition helps,
// and holds no token.
func (a *App) SetToken(ctx context.Context, token string) error {
	fresh := a.newAccess(token)
	who, err := fresh.api.AuthTestContext(ctx)
	if err != nil {
		return connectError(err)
	}
	in, before := installationOf(who), a.installed.Load()
	if before != nil && (in.team != before.team || in.enterprise != before.enterprise || in.botUser != before.botUser) {
		return fmt.Errorf("%w: it is of another workspace or app, which needs a restart", ErrToken)
	}
	a.access.Store(fresh)
	a.installed.Store(in)
	return nil
}

// connectError says what a failed auth.test means.
func connectError(err error) error {
	e := apiError(err)
	if !bot.Temporary(e) {
		return fmt.Errorf("%w: %s", ErrToken, e.Reason)
	}
	return fmt.Errorf("auth.test: %w", e)
}

// installationOf is the installation that auth.test describes.
func installationOf(who *slack.AuthTestResponse) *installation {
	return &installation{
		team: who.TeamID, enterprise: who.EnterpriseID, botUser: who.UserID, botName: botName(who.User),
	}
}

// ErrToken says that Slack refuses the bot token for good.
var ErrToken = errors.New("Slack refuses the bot token")
