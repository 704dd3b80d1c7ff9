package bot

import "time"

// MeetingChange is what is to become of a meeting in Graph. What is zero stays as it is.
type MeetingChange struct {
	Subject    string
	Start, End time.Time // both or neither: Graph wants the two together
	Options    MeetingOptions
}

// MeetingOptions are settings of a meeting, in Graph's own words (resource "onlineMeeting"). An empty one is left to
// the organizer's meeting policy.
type MeetingOptions struct {
	Lobby      string // lobbyBypassSettings.scope: who comes in without waiting
	Presenters string // allowedPresenters: everyone, organization, organizer
	Chat       string // allowMeetingChat: enabled, disabled, limited
	Record     string // recordAutomatically: true, false
	Announce   string // isEntryExitAnnounced: true, false
}

// MissingMeeting says that Graph does not find a meeting. That does not prove that the meeting is gone.
const MissingMeeting Code = "missing_meeting"
