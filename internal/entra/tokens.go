package entra

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meetbot/internal/outbound"
)

// callTimeout bounds one call for a token, its second try included.
const callTimeout = 15 * time.Second

// Tokens are an app's access tokens for one service. It is safe for concurrent use.
type Tokens struct {
	cred  *Credential
	scope string
}

// Tokens returns the tokens for a scope such as "https://graph.microsoft.com/.default". It asks Entra nothing yet.
func (c *Credential) Tokens(scope string) *Tokens { return &Tokens{cred: c, scope: scope} }

// Token returns an access token that is valid for some minutes at least; Entra is asked when the one at hand runs out.
// The error holds a *bot.Error: Credentials if Entra refuses the app, otherwise Unavailable or Throttled; see also
// [ErrNoExchange].
func (t *Tokens) Token(ctx context.Context) (string, error) {
	inTime, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r := &record{}
	token, err := t.cred.ask(outbound.WithRecord(inTime, r), t.scope)
	if err != nil {
		return "", fmt.Errorf("get a token for %s: %w", t.scope, r.explain(ctx, err))
	}
	return token, nil
}

// Renew has the next token asked for anew, since the one at hand was refused. It does so at most once a minute.
func (t *Tokens) Renew() { t.cred.renew() }

// ErrNoExchange is wrapped by the error of [Tokens.Token] if the time of the call was over before Entra could be asked.
var ErrNoExchange = errors.New("no answer in time")
