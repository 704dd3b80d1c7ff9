package graphclient

import (
	"context"
	"slices"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"meetbot/bot"
)

// Invite puts those attendees on the meeting's list who are not on it yet. Graph takes a list as a whole (document
// "onlinemeeting-update"), so the list is read first, and sent again with the others and their roles. It is safe to
// repeat; of two calls for one meeting at the same moment, one may undo the other's.
//
// A meeting that Graph does not find is MissingMeeting; an ID that cannot be one is so too, and is not sent.
func (c *Client) Invite(
	ctx context.Context, t bot.Tenant, organizerID, meetingID string, attendees []bot.Attendee,
) error {
	if err := c.checkMeeting(t, opMeeting, organizerID, meetingID); err != nil {
		return err
	}
	var found models.OnlineMeetingable
	_, err := c.call(ctx, opMeeting, func(ctx context.Context) (err error) {
		found, err = c.meeting(organizerID, meetingID).Get(ctx, nil)
		return err
	})
	if err != nil {
		return err
	}
	list, complete := withAttendees(found, attendees)
	if complete {
		return nil
	}
	participants := models.NewMeetingParticipants()
	participants.SetOdataType(nil)
	participants.SetAttendees(list)
	body := models.NewOnlineMeeting()
	body.SetOdataType(nil)
	body.SetParticipants(participants)
	_, err = c.call(ctx, opChangeMeeting, func(ctx context.Context) error {
		_, err := c.meeting(organizerID, meetingID).Patch(ctx, body, nil)
		return err
	})
	return err
}

// withAttendees is the whole list of a meeting's attendees with these; complete tells whether all of them are on it.
func withAttendees(m models.OnlineMeetingable, attendees []bot.Attendee) (list []models.MeetingParticipantInfoable,
	complete bool) {
	var there []string
	if m != nil && m.GetParticipants() != nil {
		for _, info := range m.GetParticipants().GetAttendees() {
			if info == nil {
				continue
			}
			a := bot.Attendee{UPN: value(info.GetUpn())}
			if identity := info.GetIdentity(); identity != nil && identity.GetUser() != nil {
				a.ID = value(identity.GetUser().GetId())
			}
			if a.ID == "" { // whoever it is, they stay
				list = append(list, info)
				continue
			}
			again := attendee(a)
			again.SetRole(info.GetRole())
			there, list = append(there, strings.ToLower(a.ID)), append(list, again)
		}
	}
	complete = true
	for _, a := range attendees {
		if id := strings.ToLower(a.ID); !slices.Contains(there, id) {
			there, list, complete = append(there, id), append(list, attendee(a)), false
		}
	}
	return list, complete
}
