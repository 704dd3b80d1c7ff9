package app

import (
	"log/slog"

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
	paths    []string
	refusals []string
}{
	{slackapp.Platform, Config.slackOn, newSlack, slackapp.Paths, slackapp.Refusals},
	{teamsapp.Platform, Config.teamsOn, newTeams, teamsapp.Paths, teamsapp.Refusals},
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
