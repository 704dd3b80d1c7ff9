package graphtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// notUpdatable refuses a property that a meeting has and nobody can change. The words are Microsoft's
// (msgraph-sdk-java#2589: "@odata.type" was refused so too, for some days in May 2026).
const notUpdatable = requestRefusal("One or more properties do not support updating. Please refer to Microsoft Graph " +
	"documentation for more information.")

// fixed are the properties of an onlineMeeting that stand in no list of what can be changed (resources "onlineMeeting"
// and "onlineMeetingBase").
var fixed = []string{
	"@odata.type", "@odata.context", "allowParticipantsToChangeName", "attendanceReports", "attendeeReport",
	"audioConferencing", "autoAdmittedUsers", "chatInfo", "chatRestrictions", "creationDateTime", "expiryDateTime",
	"externalId", "id", "isBroadcast", "joinInformation", "joinMeetingIdSettings", "joinWebUrl", "meetingOptionsWebUrl",
	"meetingTemplateId", "recordings", "shareMeetingChatHistoryDefault", "transcripts", "videoTeleconferenceId",
}

// reader reads the value of a property that can be changed.
type reader func(raw json.RawMessage) (any, error)

// updatable are the properties that can be changed (document "onlinemeeting-update", as of December 2025).
var updatable = map[string]reader{
	"allowAttendeeToEnableCamera":          boolean,
	"allowAttendeeToEnableMic":             boolean,
	"allowBreakoutRooms":                   boolean,
	"allowCopyingAndSharingMeetingContent": boolean,
	"allowedLobbyAdmitters": literal("allowedLobbyAdmitterRoles",
		"organizerAndCoOrganizersAndPresenters", "organizerAndCoOrganizers"),
	"allowedPresenters": literal("onlineMeetingPresenters",
		"everyone", "organization", "roleIsPresenter", "organizer"),
	"allowLiveShare":              literal("meetingLiveShareOptions", "enabled", "disabled"),
	"allowMeetingChat":            literal("meetingChatMode", "enabled", "disabled", "limited"),
	"allowPowerPointSharing":      boolean,
	"allowRecording":              boolean,
	"allowTeamworkReactions":      boolean,
	"allowTranscription":          boolean,
	"allowWhiteboard":             boolean,
	"anonymizeIdentityForRoles":   roles,
	"endDateTime":                 dateTime,
	"isEndToEndEncryptionEnabled": boolean,
	"isEntryExitAnnounced":        boolean,
	"lobbyBypassSettings": object("lobbyBypassSettings", map[string]reader{
		"isDialInBypassEnabled": boolean,
		"scope": literal("lobbyBypassScope", "organizer", "organization", "organizationAndFederated", "everyone",
			"invited", "organizationExcludingGuests"),
	}),
	"meetingSpokenLanguageTag": text,
	"participants":             participants,
	"recordAutomatically":      boolean,
	"sensitivityLabelAssignment": object("onlineMeetingSensitivityLabelAssignment", map[string]reader{
		"sensitivityLabelId": text,
	}),
	"startDateTime": dateTime,
	"subject":       text,
	"watermarkProtection": object("watermarkProtectionValues", map[string]reader{
		"isEnabledForContentSharing": boolean, "isEnabledForVideo": boolean,
	}),
}

// readChange reads the body of a PATCH: the new values by property.
func readChange(body []byte) (map[string]any, error) {
	if len(body) == 0 {
		return nil, noBody
	}
	var sent map[string]json.RawMessage
	if json.Unmarshal(body, &sent) != nil || sent == nil {
		return nil, noJSON
	}
	if len(sent) == 0 { // not documented: a client that changes nothing has a fault
		return nil, noBody
	}
	wanted, err := readMembers("onlineMeeting", updatable, sent)
	if err != nil {
		return nil, err
	}
	start, _ := wanted["startDateTime"].(time.Time)
	end, _ := wanted["endDateTime"].(time.Time)
	switch {
	case start.IsZero() != end.IsZero():
		return nil, requestRefusal("Adjusting the start or end requires both startDateTime and endDateTime.")
	case end.Before(start):
		return nil, requestRefusal("EndDateTime must not be earlier than StartDateTime.")
	}
	attendees, _ := wanted["participants"].([]json.RawMessage)
	presents := func(raw json.RawMessage) bool { return attendeeOf(raw).Role == "presenter" }
	if wanted["allowedPresenters"] == "roleIsPresenter" && !slices.ContainsFunc(attendees, presents) {
		return nil, requestRefusal("roleIsPresenter requires a full list of attendees with the role presenter.")
	}
	return wanted, nil
}

// readMembers reads the members of an object, in the order of their names.
func readMembers(kind string, known map[string]reader, sent map[string]json.RawMessage) (map[string]any, error) {
	out := make(map[string]any, len(sent))
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		read := known[name]
		if read == nil {
			if kind == "onlineMeeting" && slices.Contains(fixed, name) {
				return nil, notUpdatable
			}
			return nil, requestRefusal(fmt.Sprintf("The property '%s' does not exist on type 'microsoft.graph.%s'. "+
				"Make sure to only use property names that are defined by the type.", name, kind))
		}
		var err error
		if out[name], err = read(sent[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// into reads a JSON value of one type; null is none.
func into[T any](raw json.RawMessage, wanted string) (v T, err error) {
	if bytes.Equal(raw, []byte("null")) || json.Unmarshal(raw, &v) != nil {
		return v, unconvertible(strings.Trim(string(raw), `"`), wanted)
	}
	return v, nil
}

func boolean(raw json.RawMessage) (any, error) { return into[bool](raw, "Edm.Boolean") }
func text(raw json.RawMessage) (any, error)    { return into[string](raw, "Edm.String") }

func dateTime(raw json.RawMessage) (any, error) {
	s, err := into[string](raw, "Edm.DateTimeOffset")
	if err != nil {
		return nil, err
	}
	return readTime(s)
}

// literal reads a value of an enumeration.
func literal(kind string, values ...string) reader {
	return func(raw json.RawMessage) (any, error) {
		s, err := into[string](raw, "microsoft.graph."+kind)
		if err == nil && !slices.Contains(values, s) {
			err = unconvertible(s, "microsoft.graph."+kind)
		}
		return s, err
	}
}

// roles reads the roles whose identity is hidden.
func roles(raw json.RawMessage) (any, error) {
	names, err := into[[]string](raw, "Collection(microsoft.graph.onlineMeetingRole)")
	for _, name := range names {
		if name != "attendee" {
			return nil, unconvertible(name, "microsoft.graph.onlineMeetingRole")
		}
	}
	return names, err
}

// object reads an object. Its members that are not sent stay as they are.
func object(kind string, known map[string]reader) reader {
	return func(raw json.RawMessage) (any, error) {
		sent, err := into[map[string]json.RawMessage](raw, "microsoft.graph."+kind)
		if err != nil {
			return nil, err
		}
		return readMembers(kind, known, sent)
	}
}

// participants reads the whole list of attendees. The organizer never changes.
func participants(raw json.RawMessage) (any, error) {
	sent, err := into[map[string]json.RawMessage](raw, "microsoft.graph.meetingParticipants")
	if err != nil {
		return nil, err
	}
	if _, organizer := sent["organizer"]; organizer {
		return nil, notUpdatable
	}
	attendees, err := into[[]json.RawMessage](sent["attendees"], "Collection(microsoft.graph.meetingParticipantInfo)")
	if err != nil {
		return nil, err
	}
	return attendees, checkAttendees(attendees)
}

// change alters a meeting and extends its life, or says why not. The caller holds the lock.
//
// The document says that times do not apply to a meeting in progress, and not whether a request with times is refused
// or has no effect on the session: it is refused here, unless chosen otherwise.
func (g *Server) change(m *meeting, wanted map[string]any) error {
	start, times := wanted["startDateTime"].(time.Time)
	if times && g.running(m) && !g.choices.TimesWhileRunning {
		return requestRefusal("startDateTime and endDateTime cannot be changed while the meeting is in progress.")
	}
	for name, value := range wanted {
		switch name {
		case "subject":
			m.Subject, _ = value.(string)
		case "startDateTime":
			m.Start = start
		case "endDateTime":
			m.End, _ = value.(time.Time)
		case "participants":
			m.Attendees, _ = value.([]json.RawMessage)
		default:
			if members, ok := value.(map[string]any); ok {
				current, _ := m.settings[name].(map[string]any)
				whole := make(map[string]any)
				maps.Copy(whole, current)
				maps.Copy(whole, members)
				value = whole
			}
			m.settings[name] = value
		}
	}
	g.extend(m)
	return nil
}
