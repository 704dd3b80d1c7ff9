package graphclient

import (
	"testing"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"meetbot/bot"
)

// Whoever is on the list stays there as they are, also who has no object ID, and nobody is on it twice.
func TestWithAttendees(t *testing.T) {
	role := models.PRESENTER_ONLINEMEETINGROLE
	ben := attendee(bot.Attendee{ID: "B1", UPN: "ben@contoso.example"})
	ben.SetRole(&role)
	upn := "phone@contoso.example"
	unknown := models.NewMeetingParticipantInfo()
	unknown.SetUpn(&upn)
	participants := models.NewMeetingParticipants()
	participants.SetAttendees([]models.MeetingParticipantInfoable{ben, nil, unknown})
	m := models.NewOnlineMeeting()
	m.SetParticipants(participants)

	caio := bot.Attendee{ID: "c1", UPN: "caio@contoso.example"}
	list, complete := withAttendees(m, []bot.Attendee{{ID: "b1"}, caio, caio})
	if complete || len(list) != 3 || list[0].GetRole() == nil || *list[0].GetRole() != role || list[1] != unknown ||
		*list[2].GetUpn() != caio.UPN {
		t.Errorf("complete: %v, list %+v", complete, list)
	}
	if _, complete = withAttendees(m, []bot.Attendee{{ID: "b1"}}); !complete {
		t.Error("Ben is on the list")
	}
	for _, empty := range []models.OnlineMeetingable{nil, models.NewOnlineMeeting()} {
		if list, complete = withAttendees(empty, []bot.Attendee{caio}); complete || len(list) != 1 {
			t.Errorf("complete: %v, list %+v", complete, list)
		}
	}
}
