package slackapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meetbot/bot"
)

var _ bot.Frontend = (*App)(nil)

// How long Run waits before it asks Slack again: the first time, and at most.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// Run finds out which workspace the bot token belongs to, for as long as that takes. Then it keeps the connection of
// Socket Mode, if Slack delivers by that, and waits for ctx to end. Its error is ErrToken.
func (a *App) Run(ctx context.Context) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := a.Connect(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			if a.socket != nil {
				a.socket.Run(ctx)
			}
			<-ctx.Done()
			return nil
		case errors.Is(err, ErrToken):
			return fmt.Errorf("SLACK_BOT_TOKEN: %w", err)
		}
		a.log.WarnContext(ctx, "cannot reach Slack; trying again", "error", err, "in", pause.String())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// errNotConnected says that auth.test has not succeeded yet.
var errNotConnected = errors.New("Slack has not told the workspace yet")

// Ready returns an error until the workspace is known, and whenever nothing can be delivered by Socket Mode.
func (a *App) Ready() error {
	if a.installed.Load() == nil {
		return errNotConnected
	}
	if a.socket != nil {
		return a.socket.Ready()
	}
	return nil
}

// Kill cuts the connections of Socket Mode where they stand, as a crash would.
func (a *App) Kill() {
	if a.socket != nil {
		a.socket.Kill()
	}
}

// Serves tells whether a workspace is the one of the bot token: a team, or the organization that it belongs to.
func (a *App) Serves(workspace string) bool {
	in := a.installed.Load()
	return in != nil && workspace != "" && (workspace == in.team || workspace == in.enterprise)
}

// Name is [Platform].
func (*App) Name() string { return Platform }
