package graphclient

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"meetbot/bot"
	"meetbot/internal/guid"
)

// CreateOrGet asks for the organizer's meeting with the request's external ID (document "onlinemeeting-createorget"),
// and tells whether this call made it. organizerID is an Entra object ID. It sends the external ID, and subject, times
// and attendees if there are any. It returns the meeting as it is, which may differ from the request.
//
// A request that Graph must refuse by its documentation is not sent: the error is BadRequest with a Reason.
func (c *Client) CreateOrGet(
	ctx context.Context, t bot.Tenant, organizerID string, r bot.MeetingRequest,
) (m bot.OnlineMeeting, created bool, err error) {
	if err := c.checkTenant(t, opCreateOrGet); err != nil {
		return m, false, err
	}
	if reason := unsound(organizerID, r); reason != "" {
		return m, false, notSent(opCreateOrGet, reason)
	}
	body := meetingBody(r)
	var answer models.OnlineMeetingable
	status, err := c.call(ctx, opCreateOrGet, func(ctx context.Context) (err error) {
		answer, err = c.users().ByUserId(organizerID).OnlineMeetings().CreateOrGet().Post(ctx, body, nil)
		return err
	})
	if err != nil {
		return m, false, err
	}
	if m, err = meetingOf(answer); err == nil && m.JoinURL == "" {
		err = errNoLink
	}
	if err != nil {
		return bot.OnlineMeeting{}, false, unusable(opCreateOrGet, status, err)
	}
	return m, status == http.StatusCreated, nil
}

// unsound says why Graph would refuse the request; empty if it would not. The sentences are shown to the asker.
func unsound(organizerID string, r bot.MeetingRequest) string {
	switch {
	case !guid.Valid(organizerID):
		return organizerByID
	case r.ExternalID == "":
		return "the meeting has no external ID"
	case r.Start.IsZero() && !r.End.IsZero():
		return "a meeting with an end needs a start"
	case !r.End.IsZero() && r.End.Before(r.Start):
		return "the end is before the start"
	}
	return ""
}

func meetingBody(r bot.MeetingRequest) *users.ItemOnlineMeetingsCreateOrGetPostRequestBody {
	body := users.NewItemOnlineMeetingsCreateOrGetPostRequestBody()
	body.SetExternalId(&r.ExternalID)
	if r.Subject != "" {
		body.SetSubject(&r.Subject)
	}
	if !r.Start.IsZero() {
		body.SetStartDateTime(new(r.Start.UTC()))
	}
	if !r.End.IsZero() {
		body.SetEndDateTime(new(r.End.UTC()))
	}
	if len(r.Attendees) > 0 {
		attendees := make([]models.MeetingParticipantInfoable, len(r.Attendees))
		for i, a := range r.Attendees {
			user := models.NewIdentity()
			user.SetId(&a.ID)
			identity := models.NewIdentitySet()
			identity.SetUser(user)
			info := models.NewMeetingParticipantInfo()
			info.SetIdentity(identity)
			info.SetUpn(&a.UPN)
			attendees[i] = info
		}
		participants := models.NewMeetingParticipants()
		participants.SetAttendees(attendees)
		body.SetParticipants(participants)
	}
	return body
}

// errNoLink is the error for a meeting that nobody can join.
var errNoLink = errors.New("the answer has no join link")

// meetingOf reads Graph's answer. What it does not say is zero. A link that people cannot follow is an error.
func meetingOf(a models.OnlineMeetingable) (bot.OnlineMeeting, error) {
	if a == nil {
		return bot.OnlineMeeting{}, errors.New("the answer is empty")
	}
	m := bot.OnlineMeeting{
		ID:      value(a.GetId()),
		JoinURL: value(a.GetJoinWebUrl()),
		Subject: value(a.GetSubject()),
		Created: plausible(value(a.GetCreationDateTime())),
		Start:   plausible(value(a.GetStartDateTime())),
		End:     plausible(value(a.GetEndDateTime())),
	}
	if u, err := url.Parse(m.JoinURL); m.JoinURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return bot.OnlineMeeting{}, errNoLink
	}
	m.Expires = expiryOf(a, m.Created)
	if chat := a.GetChatInfo(); chat != nil {
		m.ChatThread = value(chat.GetThreadId())
	}
	if s := a.GetJoinMeetingIdSettings(); s != nil {
		m.JoinID = value(s.GetJoinMeetingId())
		if required := s.GetIsPasscodeRequired(); required == nil || *required {
			m.Passcode = value(s.GetPasscode())
		}
	}
	if audio := a.GetAudioConferencing(); audio != nil {
		m.TollNumber, m.ConferenceID = value(audio.GetTollNumber()), value(audio.GetConferenceId())
	}
	return m, nil
}

// value is what p points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
