package teamsapp

import (
	"context"
	"strings"

	"meetbot/bot"
)

var _ bot.Frontend = (*App)(nil)

// Serves tells whether a workspace is the tenant that is served.
func (a *App) Serves(workspace string) bool { return strings.EqualFold(workspace, a.tenant) }

// Name is [Platform].
func (*App) Name() string { return Platform }

// Run waits for ctx to end: Teams wants nothing done beside its requests.
func (*App) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Ready returns nil: an activity proves by itself which tenant it is of.
func (*App) Ready() error { return nil }
