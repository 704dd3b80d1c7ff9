package graphclient

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"meetbot/bot"
	"meetbot/internal/guid"
)

// Meeting reads the organizer's meeting (document "onlinemeeting-get"). organizerID is an Entra object ID, meetingID is
// [bot.OnlineMeeting].ID. It asks for the whole resource: a cloud that does not know a property, such as
// expiryDateTime, would refuse to select it.
//
// A meeting that Graph does not find is MissingMeeting; an ID that cannot be one is so too, and is not sent.
func (c *Client) Meeting(
	ctx context.Context, t bot.Tenant, organizerID, meetingID string,
) (m bot.OnlineMeeting, err error) {
	if err := c.checkMeeting(t, opMeeting, organizerID, meetingID); err != nil {
		return m, err
	}
	var answer models.OnlineMeetingable
	status, err := c.call(ctx, opMeeting, func(ctx context.Context) (err error) {
		answer, err = c.meeting(organizerID, meetingID).Get(ctx, nil)
		return err
	})
	if err != nil {
		return m, err
	}
	if m, err = meetingOf(answer); err == nil && m.JoinURL == "" {
		err = errNoLink
	}
	if err != nil {
		return bot.OnlineMeeting{}, unusable(opMeeting, status, err)
	}
	return m, nil
}

// ChangeMeeting changes what is set in change, and nothing else (document "onlinemeeting-update"). It returns what
// Graph's answer says of the meeting, which may be less than all of it: what it does not say is zero. It is safe to
// repeat. Times do not apply to a meeting in progress; whether Graph refuses them then is not documented.
//
// A change that Graph must refuse by its documentation is not sent: the error is BadRequest with a Reason. A meeting
// that Graph does not find is MissingMeeting; an ID that cannot be one is so too, and is not sent.
func (c *Client) ChangeMeeting(
	ctx context.Context, t bot.Tenant, organizerID, meetingID string, change bot.MeetingChange,
) (m bot.OnlineMeeting, err error) {
	if err := c.checkMeeting(t, opChangeMeeting, organizerID, meetingID); err != nil {
		return m, err
	}
	body, reason := changeBody(change)
	if reason != "" {
		return m, notSent(opChangeMeeting, reason)
	}
	var answer models.OnlineMeetingable
	status, err := c.call(ctx, opChangeMeeting, func(ctx context.Context) (err error) {
		answer, err = c.meeting(organizerID, meetingID).Patch(ctx, body, nil)
		return err
	})
	if err != nil {
		return m, err
	}
	if m, err = meetingOf(answer); err == nil && m.ID == "" && m.JoinURL == "" {
		err = errors.New("the answer names no meeting")
	}
	if err != nil {
		return bot.OnlineMeeting{}, unusable(opChangeMeeting, status, err)
	}
	return m, nil
}

// meeting begins a request about one meeting; see [Client.users].
func (c *Client) meeting(organizerID, meetingID string) *users.ItemOnlineMeetingsOnlineMeetingItemRequestBuilder {
	return c.users().ByUserId(organizerID).OnlineMeetings().ByOnlineMeetingId(meetingID)
}

// checkMeeting refuses a request about a meeting that would go elsewhere. A meeting's ID is opaque, and the SDK escapes
// whatever stands in it. These three would name another resource all the same.
func (c *Client) checkMeeting(t bot.Tenant, op, organizerID, meetingID string) error {
	if err := c.checkTenant(t, op); err != nil {
		return err
	}
	if !guid.Valid(organizerID) {
		return notSent(op, organizerByID)
	}
	switch meetingID {
	case "", ".", "..":
		return &bot.Error{Code: bot.MissingMeeting, Err: errors.New(op + ": not sent: no ID of a meeting")}
	}
	return nil
}

// organizerByID is the reason for refusing an organizer who is given otherwise.
const organizerByID = "the organizer must be given by object ID"

// notSent is the error for a request that Graph would refuse.
func notSent(op, reason string) error {
	return &bot.Error{Code: bot.BadRequest, Reason: reason, Err: errors.New(op + ": not sent: " + reason)}
}

// unusable is the error for an answer that says success and is not one.
func unusable(op string, status int, err error) error {
	return &bot.Error{Code: bot.Unavailable, Status: status, Err: fmt.Errorf("%s: %w", op, err)}
}

// changeBody is the body of a PATCH with what is set and nothing else, or the reason why Graph would refuse it.
func changeBody(change bot.MeetingChange) (_ *models.OnlineMeeting, reason string) {
	switch {
	case change == bot.MeetingChange{}:
		return nil, "nothing is to be changed"
	case change.Start.IsZero() != change.End.IsZero():
		return nil, "start and end are changed together"
	case change.End.Before(change.Start):
		return nil, "the end is before the start"
	}
	body := models.NewOnlineMeeting()
	body.SetOdataType(nil) // Graph has refused it as a property that cannot be changed (msgraph-sdk-java issue 2589)
	if change.Subject != "" {
		body.SetSubject(&change.Subject)
	}
	if !change.Start.IsZero() {
		body.SetStartDateTime(new(change.Start.UTC()))
		body.SetEndDateTime(new(change.End.UTC()))
	}
	return body, setOptions(body, change.Options)
}

// setOptions sets those options that are not empty, or returns the reason why Graph would refuse one.
func setOptions(body *models.OnlineMeeting, o bot.MeetingOptions) (reason string) {
	if o.Lobby != "" {
		scope, known := literal[models.LobbyBypassScope](o.Lobby, models.ParseLobbyBypassScope)
		if !known {
			return "the lobby setting is unknown"
		}
		lobby := models.NewLobbyBypassSettings()
		lobby.SetScope(scope)
		body.SetLobbyBypassSettings(lobby)
	}
	if o.Presenters != "" {
		presenters, known := literal[models.OnlineMeetingPresenters](o.Presenters, models.ParseOnlineMeetingPresenters)
		// Presenters by role need the list of attendees beside them, which is not ours to replace.
		if !known || *presenters == models.ROLEISPRESENTER_ONLINEMEETINGPRESENTERS {
			return "the presenter setting is unknown"
		}
		body.SetAllowedPresenters(presenters)
	}
	if o.Chat != "" {
		chat, known := literal[models.MeetingChatMode](o.Chat, models.ParseMeetingChatMode)
		if !known {
			return "the chat setting is unknown"
		}
		body.SetAllowMeetingChat(chat)
	}
	for _, option := range []struct {
		value, unknown string
		set            func(*bool)
	}{
		{o.Record, "the recording setting is neither true nor false", body.SetRecordAutomatically},
		{o.Announce, "the announcement setting is neither true nor false", body.SetIsEntryExitAnnounced},
	} {
		if option.value == "" {
			continue
		}
		on := option.value == strconv.FormatBool(true)
		if !on && option.value != strconv.FormatBool(false) {
			return option.unknown
		}
		option.set(&on)
	}
	return ""
}

// literal reads a value of one of Graph's enumerations by the SDK's parser, which returns nil for an unknown one.
// "unknownFutureValue" is no value to send (document "best-practices-concept", section "Evolvable enumerations").
func literal[T any](value string, parse func(string) (any, error)) (_ *T, known bool) {
	parsed, err := parse(value)
	if err != nil || value == "unknownFutureValue" {
		return nil, false
	}
	v, known := parsed.(*T)
	return v, known
}
