package app

import (
	"meetbot/bot"
)

// PlacesConfig says by which word the bot is called.
type PlacesConfig struct {
	CommandName string // as bot.ParseCommandName takes it
}

var defaultPlaces = PlacesConfig{CommandName: string(bot.DefaultCommandName)}

// Settings names the values of this concern.
func (c *PlacesConfig) Settings() []Setting { return []Setting{c.commandName()} }

// commandName is the setting that the manifests depend on, too.
func (c *PlacesConfig) commandName() Setting {
	return Setting{
		Env: "COMMAND_NAME", Value: (*text)(&c.CommandName), Example: exampleCommandName,
		Help: "The word that calls the bot, with or without its slash, where /meet is another app's. Print the manifests " +
			"again after a change.",
		More: "operating.md#another-command-name",
	}
}

// Catalog is what the bot says, in the words that this configuration asks for. The error names the variable at fault.
func (c PlacesConfig) Catalog() (*bot.Catalog, error) {
	name, err := c.Name()
	if err != nil {
		return nil, err
	}
	return bot.NewCatalogFor(name)
}

// Name is the word that calls the bot. The error names the variable.
func (c PlacesConfig) Name() (bot.CommandName, error) {
	name, err := bot.ParseCommandName(c.CommandName)
	if err != nil {
		return "", Problem{Variable: "COMMAND_NAME", Wrong: err.Error(), Example: exampleCommandName}
	}
	return name, nil
}

const exampleCommandName = "call"

func (c PlacesConfig) validate(p *problems) {
	if _, err := bot.ParseCommandName(c.CommandName); err != nil {
		p.need(false, "COMMAND_NAME", err.Error(), exampleCommandName)
	}
}

// SlackManifestSettings names the values that the manifest of the Slack app depends on.
func (c *Config) SlackManifestSettings() []Setting {
	return []Setting{c.Places.commandName(), c.Slack.bookmark()}
}

// TeamsManifestSettings names the values that the package of the Teams app depends on.
func (c *Config) TeamsManifestSettings() []Setting { return []Setting{c.Places.commandName()} }
