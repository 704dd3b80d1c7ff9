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
		{"MEETING_LOBBY", "Who comes into a new meeting without waiting: " + strings.Join(lobbyScopes, ", ") + ".",
			(*text)(&c.Lobby)},
		{"MEETING_PRESENTERS", "Who may present in a new meeting: " + strings.Join(presenters, ", ") + ".",
			(*text)(&c.Presenters)},
		{"MEETING_CHAT", "The chat of a new meeting: " + strings.Join(chats, ", ") + ".", (*text)(&c.Chat)},
		{"MEETING_RECORD", "A new meeting is recorded from its start: true or false.", (*text)(&c.Record)},
		{"MEETING_ANNOUNCE", "A new meeting announces who comes and goes: true or false.", (*text)(&c.Announce)},
		{"REMIND_BEFORE", "How long before the date of a meeting its conversation is reminded, such as 10m; " +
			"0 for no reminders.", (*text)(&c.RemindBefore)},
	}
}

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
