package app

import (
	"meetbot/bot"
	"meetbot/internal/entra"
)

// The following are for those who look at the configuration and do not run it.

// Normalized returns the configuration as [New] uses it: everything that may be written in several forms is in one.
func (c Config) Normalized() Config { return c.normalized() }

// SlackOn tells whether the configuration names a Slack app, if only half of it.
func (c Config) SlackOn() bool { return c.slackOn() }

// TeamsOn tells whether the configuration names a Teams bot, if only half of it.
func (c Config) TeamsOn() bool { return c.teamsOn() }

// GraphApp says how the app that calls Graph proves itself to Entra.
func (c Config) GraphApp() entra.Config { return c.entra() }

// TeamsApp says how the Teams bot proves itself to Entra.
func (c Config) TeamsApp() entra.Config { return c.teamsEntra() }

// MeetingOptions are those of new meetings.
func (c Config) MeetingOptions() bot.MeetingOptions { return c.Meetings.options() }

// Askers says who may make meetings.
func (c Config) Askers() bot.AskerPolicy { return c.Policy.askers() }
