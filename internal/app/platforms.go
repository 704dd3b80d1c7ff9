package app

import (
	"log/slog"

	"meetbot/bot"
	"meetbot/internal/telemetry"
	"meetbot/store"
)

// platforms is the table of chat platforms: what of the configuration switches each on, and what makes its front-end. A
// new platform is a line here, a field of Config and a file like slack.go.
var platforms = []struct {
	on  func(Config) bool
	new func(Config, Options, shared) (bot.Frontend, error)
}{
	{Config.slackOn, newSlack},
	{Config.teamsOn, newTeams},
}

// shared is what the front-ends are made of beside the configuration.
type shared struct {
	catalog  *bot.Catalog
	language bot.Language
	store    *store.Store
	metrics  *telemetry.Metrics
	log      *slog.Logger
	closing  func(interface{ Close() }) // closes a client when the app stops
}
