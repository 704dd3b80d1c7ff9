package app

import (
	"fmt"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/bot/teamsapp"
)

// PlacesConfig says by which word the bot is called, where it may be used, and how loudly.
type PlacesConfig struct {
	CommandName string   // as bot.ParseCommandName takes it
	Allowed     []string // IDs of channels and chats, and patterns of names; empty for everywhere
	Denied      []string // as Allowed, and stronger
	// ConfirmAbove is how many people may be in a place where a new meeting is shown to everybody at once; 0: any
	// number.
	ConfirmAbove int
}

var defaultPlaces = PlacesConfig{CommandName: string(bot.DefaultCommandName)}

// Settings names the values of this concern.
func (c *PlacesConfig) Settings() []Setting {
	return append([]Setting{c.commandName()}, c.rules()...)
}

// rules are the settings that scopes of the Slack app depend on, too.
func (c *PlacesConfig) rules() []Setting {
	return []Setting{
		{
			Env: "CHANNELS_ALLOWED", Kind: List, Value: (*list)(&c.Allowed),
			More: "operating.md#where-the-bot-may-be-used",
			Help: "Where the bot may be used: IDs of channels and chats, or patterns of names, in which * stands for " +
				"any text.",
			Example: exampleChannels, Unset: "everywhere",
		}, {
			Env: "CHANNELS_DENIED", Kind: List, Value: (*list)(&c.Denied),
			More: "operating.md#where-the-bot-may-be-used",
			Help: "Where the bot may not be used, in the same form, whatever is allowed. A meeting that is there " +
				"already is not shown either.",
			Example: "hr-*,C024BE7LE", Unset: "nowhere",
		}, {
			Env: "CONFIRM_ABOVE", Kind: Number, Value: (*number)(&c.ConfirmAbove),
			More: "operating.md#a-door-with-a-bell",
			Help: "In a conversation with more people than this, the card of a new meeting is its asker's alone, " +
				"with a button that shows it to everybody; 0 for never.",
			Example: "50",
		},
	}
}

// commandName is the setting that the manifests depend on, too.
func (c *PlacesConfig) commandName() Setting {
	return Setting{
		Env: "COMMAND_NAME", Value: (*text)(&c.CommandName), Example: exampleCommandName,
		Help: "The word that calls the bot, with or without its slash, where /meet is another app's. Print the " +
			"manifests again after a change.",
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

// Right values of settings.
const (
	exampleCommandName = "call"
	exampleChannels    = "eng-*,C024BE7LD"
	exampleGroup       = "cccccccc-2222-3333-4444-dddddddddddd"
)

func (c PlacesConfig) validate(p *problems) {
	if _, err := bot.ParseCommandName(c.CommandName); err != nil {
		p.need(false, "COMMAND_NAME", err.Error(), exampleCommandName)
	}
	p.need(c.ConfirmAbove >= 0, "CONFIRM_ABOVE", "is negative", "50")
	for _, rules := range []struct {
		variable string
		rules    []string
	}{{"CHANNELS_ALLOWED", c.Allowed}, {"CHANNELS_DENIED", c.Denied}} {
		for _, rule := range rules.rules {
			p.need(strings.Trim(rule, "#@") == rule && rule != "", rules.variable,
				fmt.Sprintf("holds %q, which is neither an ID nor a name", rule), exampleChannels)
		}
	}
}

// policy is what the bot takes.
func (c PlacesConfig) policy() bot.PlacePolicy {
	lower := func(rules []string) []string {
		out := slices.Clone(rules)
		for i, rule := range out {
			if !slackapp.IsConversationID(rule) && !teamsapp.IsConversationID(rule) {
				out[i] = strings.ToLower(rule)
			}
		}
		return out
	}
	return bot.PlacePolicy{Allowed: lower(c.Allowed), Denied: lower(c.Denied)}
}

// namesChannels tells whether a rule is a name, which Slack may have to be asked for.
func (c PlacesConfig) namesChannels() bool {
	return slices.ContainsFunc(slices.Concat(c.Allowed, c.Denied), func(rule string) bool {
		return !slackapp.IsConversationID(rule) && !teamsapp.IsConversationID(rule)
	})
}

// SlackUses says which settings need scopes of their own. The error says that a value is none.
func (c Config) SlackUses() (uses slackapp.Uses, err error) {
	uses.Bookmarks, err = c.Slack.Bookmarks()
	uses.Places = c.Places.namesChannels() || c.Places.ConfirmAbove > 0
	return uses, err
}

// SlackManifestSettings names the values that the manifest of the Slack app depends on.
func (c *Config) SlackManifestSettings() []Setting {
	return append([]Setting{c.Places.commandName(), c.Slack.bookmark()}, c.Places.rules()...)
}

// TeamsManifestSettings names the values that the package of the Teams app depends on.
func (c *Config) TeamsManifestSettings() []Setting { return []Setting{c.Places.commandName()} }
