package app

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"meetbot/bot"
)

// MeetingConfig says which options new meetings get. An empty one is left to the organizer's meeting policy.
type MeetingConfig struct {
	Lobby      string // one of lobbyScopes
	Presenters string // one of presenters
	Chat       string // one of chats
	Record     string // "true" or "false", as strconv.ParseBool takes it
	Announce   string // as Record
	// RemindBefore is how long before a date that people have set they are reminded, as time.ParseDuration takes it.
	RemindBefore string
}

var defaultMeetings = MeetingConfig{RemindBefore: "10m"}

// The bounds of MeetingConfig.RemindBefore, where it is not 0. Below a minute a reminder would come when it is of no
// use, and the schedule is looked at once in a second only.
const (
	remindLast  = time.Minute
	remindFirst = 24 * time.Hour
)

// The values that Graph knows. Source: Microsoft Graph, "onlineMeeting resource type" and "lobbyBypassSettings resource
// type", without the values that it does not take from an app (roleIsPresenter, unknownFutureValue).
var (
	lobbyScopes = []string{
		"organizer", "organization", "organizationAndFederated", "everyone", "invited", "organizationExcludingGuests",
	}
	presenters = []string{"everyone", "organization", "organizer"}
	chats      = []string{"enabled", "disabled", "limited"}
)

// Settings names the values of this concern.
func (c *MeetingConfig) Settings() []Setting {
	return []Setting{
		{
			Env: "MEETING_LOBBY", Kind: Choice, Value: (*text)(&c.Lobby), Example: "organization", Unset: policyDecides,
			Help: "Who comes into new meetings without waiting in the lobby: " + strings.Join(lobbyScopes, ", ") + ".",
		}, {
			Env: "MEETING_PRESENTERS", Kind: Choice, Value: (*text)(&c.Presenters), Unset: policyDecides,
			Help: "Who may present in new meetings: " + strings.Join(presenters, ", ") + ".", Example: "everyone",
		}, {
			Env: "MEETING_CHAT", Kind: Choice, Value: (*text)(&c.Chat), Example: "enabled", Unset: policyDecides,
			Help: "The chat of new meetings: " + strings.Join(chats, ", ") + ".",
		}, {
			Env: "MEETING_RECORD", Kind: Switch, Value: (*text)(&c.Record), Example: "true", Unset: policyDecides,
			Help: "New meetings are recorded from their start.",
		}, {
			Env: "MEETING_ANNOUNCE", Kind: Switch, Value: (*text)(&c.Announce), Example: "false", Unset: policyDecides,
			Help: "New meetings announce who comes and goes.",
		}, {
			Env: "REMIND_BEFORE", Kind: Duration, Value: (*text)(&c.RemindBefore), More: "operating.md#reminders",
			Help: "How long before the date of a meeting its conversation is reminded, from 1m to 24h; 0 for no " +
				"reminders.",
		},
	}
}

// policyDecides is what holds for an option of meetings that is not set.
const policyDecides = "the organizer's meeting policy"

func (c MeetingConfig) validate(p *problems) {
	for _, s := range []struct {
		variable, value, example string
		known                    []string
	}{
		{"MEETING_LOBBY", c.Lobby, "organization", lobbyScopes},
		{"MEETING_PRESENTERS", c.Presenters, "everyone", presenters},
		{"MEETING_CHAT", c.Chat, "enabled", chats},
	} {
		p.need(s.value == "" || slices.Contains(s.known, s.value), s.variable,
			"is not one of "+strings.Join(s.known, ", "), s.example)
	}
	for _, s := range []struct{ variable, value string }{
		{"MEETING_RECORD", c.Record}, {"MEETING_ANNOUNCE", c.Announce},
	} {
		_, err := strconv.ParseBool(s.value)
		p.need(s.value == "" || err == nil, s.variable, "is neither true nor false", "false")
	}
	if _, err := c.remindBefore(); err != nil {
		p.need(false, "REMIND_BEFORE", err.Error(), defaultMeetings.RemindBefore)
	}
}

// remindBefore is how long before a date people are reminded; 0 for never.
func (c MeetingConfig) remindBefore() (time.Duration, error) {
	before, err := time.ParseDuration(c.RemindBefore)
	if err != nil || before != 0 && (before < remindLast || before > remindFirst) {
		return 0, errors.New("is neither 0 nor a duration from 1m to 24h")
	}
	return before, nil
}

// options turns checked values into what the bot takes.
func (c MeetingConfig) options() bot.MeetingOptions {
	return bot.MeetingOptions{
		Lobby: c.Lobby, Presenters: c.Presenters, Chat: c.Chat, Record: truth(c.Record), Announce: truth(c.Announce),
	}
}

// truth writes a truth value as Graph does. Empty stays empty.
func truth(value string) string {
	yes, err := strconv.ParseBool(value)
	if err != nil {
		return ""
	}
	return strconv.FormatBool(yes)
}
