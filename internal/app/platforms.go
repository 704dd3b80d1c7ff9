package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/bot/teamsapp"
	"meetbot/internal/inbound"
	"meetbot/internal/telemetry"
	"meetbot/store"
)

// platforms is the table of chat platforms: the name, what of the configuration switches it on, what makes its
// front-end, the paths of its endpoints, and the reasons for which it refuses requests. A new platform is a line here,
// a field of Config and a file like slack.go.
var platforms = []struct {
	name     string
	on       func(Config) bool
	new      func(Config, Options, shared) (bot.Frontend, error)
	paths    func(Config) []string
	refusals []string
}{
	{slackapp.Platform, Config.slackOn, newSlack, Config.slackPaths, slackapp.Refusals},
	{teamsapp.Platform, Config.teamsOn, newTeams, func(Config) []string { return teamsapp.Paths }, teamsapp.Refusals},
}

// shared is what the front-ends are made of beside the configuration.
type shared struct {
	catalog  *bot.Catalog
	language bot.Language
	store    *store.Store
	metrics  *telemetry.Metrics
	log      *slog.Logger
	requests *inbound.Requests
	closing  func(interface{ Close() }) // closes a client when the app stops
	onChange func(taker, ...string)     // has the front-end take changed values of these variables
}

// platform is a front-end, and what became of it.
type platform struct {
	bot.Frontend
	paths    []string // of its endpoints
	requests *inbound.Requests
	tally    *tally
	refused  atomic.Pointer[error] // what Run returned; nil while the platform may still become ready
	changed  chan struct{}         // is told when a refused platform has another credential; has room for one
}

// unready says why commands of the platform cannot be served now; nil if they can.
func (p *platform) unready() error {
	if err := p.refused.Load(); err != nil {
		return *err
	}
	return p.Ready()
}

// taking is a taker that has the platform try again, if it was refused.
func (p *platform) taking(take taker) taker {
	return func(ctx context.Context, c Config) error {
		if err := take(ctx, c); err != nil {
			return err
		}
		if p.refused.Load() != nil {
			select {
			case p.changed <- struct{}{}:
			default: // it was told already
			}
		}
		return nil
	}
}

// runPlatform runs a front-end until ctx ends. A platform that refuses the configuration is left as it is, for the
// others go on, until it has another credential. The error says that no platform is left.
func (a *App) runPlatform(ctx context.Context, p *platform) error {
	for {
		err := p.Run(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if all := a.refuse(p, err); all != nil {
			return all
		}
		a.log.Error("a chat platform refuses the configuration and is not served; the others are", "platform", p.Name(),
			"error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-p.changed:
			p.refused.Store(nil)
		}
	}
}

// refuse notes that a platform refuses the configuration. The error says that none is left.
func (a *App) refuse(p *platform, err error) error {
	a.refusing.Lock() // of platforms that are refused at the same moment, the last one alone finds none left
	defer a.refusing.Unlock()
	p.refused.Store(&err)
	var refusals []error
	for _, other := range a.platforms {
		if refusal := other.refused.Load(); refusal != nil {
			refusals = append(refusals, *refusal)
		}
	}
	if len(refusals) < len(a.platforms) {
		return nil
	}
	return errors.Join(refusals...)
}
