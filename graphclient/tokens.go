package graphclient

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Tokens are an app's access tokens for one resource, Graph or another. It is safe for concurrent use.
type Tokens struct {
	cred  *credential
	scope string
}

// NewTokens prepares the tokens that Entra gives the app of cfg for a scope such as
// "https://api.botframework.com/.default". It asks nobody anything yet. BaseURL plays no part. Its errors name the setting
// at fault and hold no secret.
func NewTokens(cfg Config, scope string) (*Tokens, error) {
	authority, err := cfg.authority()
	if err != nil {
		return nil, err
	}
	cred, err := newCredential(cfg, authority)
	if err != nil {
		return nil, err
	}
	return &Tokens{cred: cred, scope: scope}, nil
}

// Token returns an access token that is valid for some minutes at least; it is asked for when the one at hand runs out.
// Errors are of type *bot.Error: Credentials if Entra refuses the app, otherwise Unavailable or Throttled.
func (t *Tokens) Token(ctx context.Context) (string, error) {
	inTime, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	trail := &trail{op: opToken}
	token, err := t.cred.GetToken(withTrail(inTime, trail), policy.TokenRequestOptions{Scopes: []string{t.scope}})
	if err != nil {
		return "", fmt.Errorf("get a token for %s: %w", t.scope, trail.explain(ctx, err))
	}
	return token.Token, nil
}

// Close ends the idle connections.
func (t *Tokens) Close() { t.cred.web.CloseIdleConnections() }

// Renew has the next token asked for anew: the one at hand was refused.
func (t *Tokens) Renew() { t.cred.renew() }
