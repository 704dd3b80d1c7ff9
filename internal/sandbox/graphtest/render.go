package graphtest

import (
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// render writes a meeting as the service does (resource "onlineMeeting"). The caller holds the lock.
func (g *Server) render(m *meeting, language string) map[string]any {
	const stamp = "2006-01-02T15:04:05.0000000Z"
	attendees := m.Attendees
	if attendees == nil {
		attendees = []json.RawMessage{}
	}
	out := map[string]any{
		"@odata.context":              g.BaseURL() + "/$metadata#users('" + m.UserID + "')/onlineMeetings/$entity",
		"id":                          m.ID,
		"creationDateTime":            m.Created.Format(stamp),
		"startDateTime":               m.Start.Format(stamp),
		"endDateTime":                 m.End.Format(stamp),
		"joinWebUrl":                  m.JoinURL,
		"subject":                     nullable(m.Subject),
		"externalId":                  m.ExternalID,
		"isBroadcast":                 false,
		"autoAdmittedUsers":           "EveryoneInCompany",
		"isEntryExitAnnounced":        false,
		"allowedPresenters":           "everyone",
		"allowAttendeeToEnableCamera": true,
		"allowAttendeeToEnableMic":    true,
		"allowMeetingChat":            "enabled",
		"allowTeamworkReactions":      true,
		"videoTeleconferenceId":       nil,
		"recordAutomatically":         false,
		"chatInfo": map[string]any{
			"threadId": m.ThreadID, "messageId": "0", "replyChainMessageId": nil,
		},
		"joinMeetingIdSettings": map[string]any{
			"isPasscodeRequired": true, "joinMeetingId": m.joinID, "passcode": m.Passcode,
		},
		"meetingTemplateId":              nil,
		"broadcastSettings":              nil,
		"watermarkProtection":            nil,
		"audioConferencing":              audio(m),
		"joinInformation":                map[string]any{"content": invitation(m, language), "contentType": "html"},
		"shareMeetingChatHistoryDefault": "none",
		"participants": map[string]any{
			"organizer": map[string]any{
				"upn": m.organizer.UPN, "role": "presenter",
				"identity": map[string]any{
					"application": nil, "device": nil,
					"user": map[string]any{
						"id": m.UserID, "displayName": nil, "tenantId": g.opts.Entra.TenantID(),
						"identityProvider": "AAD",
					},
				},
			},
			"attendees": attendees,
		},
	}
	if !g.choices.NoExpiry {
		out["expiryDateTime"] = m.Expires.Format(stamp)
	}
	maps.Copy(out, m.settings)
	return out
}

// tollNumber is one of the numbers that are kept free for fiction.
const tollNumber = "+1 425-555-0123"

func audio(m *meeting) any {
	if m.conferenceID == "" {
		return nil
	}
	return map[string]any{
		"conferenceId": m.conferenceID, "tollNumber": tollNumber, "tollFreeNumber": nil,
		"dialinUrl": "https://dialin.teams.microsoft.com/" +
			uuid.NewSHA1(uuid.NameSpaceURL, []byte(m.JoinURL)).String() + "?id=" + m.conferenceID,
	}
}

// invitation is the text that people paste into invitations: HTML as a data URL, some 3,000 characters long.
func invitation(m *meeting, language string) string {
	head, join, id, code := "Microsoft Teams meeting", "Join the meeting now", "Meeting ID:", "Passcode:"
	if strings.HasPrefix(strings.ToLower(language), "pt") {
		head, join, id, code = "Reunião do Microsoft Teams", "Ingressar na reunião agora", "ID da Reunião:", "Senha:"
	}
	const font = "font-family:'Segoe UI','Helvetica Neue',Helvetica,Arial,sans-serif;"
	rule := strings.Repeat("_", 80)
	var b strings.Builder
	b.WriteString(`<div style="width:100%;"><span style="white-space:nowrap;color:#5F5F5F;opacity:.36;">` + rule +
		`</span></div>`)
	b.WriteString(`<div class="me-email-text" style="color:#252424;` + font + `" lang="` + html.EscapeString(language) +
		`">`)
	b.WriteString(`<div style="margin-top:24px;margin-bottom:20px;"><span style="font-size:24px;color:#252424">` +
		head + `</span></div>`)
	b.WriteString(`<div style="margin-bottom:20px;"><a class="me-email-headline" style="font-size:14px;` + font +
		`text-decoration:underline;color:#6264a7;" href="` +
		html.EscapeString(m.JoinURL) + `" target="_blank" rel="noreferrer noopener">` + join + `</a></div>`)
	for _, line := range [][2]string{{id, m.joinID}, {code, m.Passcode}} {
		b.WriteString(`<div style="margin-bottom:4px;"><span data-tid="meeting-code" style="font-size:14px;` +
			`color:#252424;` + font + `">` +
			line[0] + ` <span style="font-size:16px;color:#252424;` + font + `">` + line[1] + `</span></span></div>`)
	}
	b.WriteString(`<div style="margin-bottom:24px;margin-top:20px;"><a class="me-email-link" style="font-size:14px;` +
		`text-decoration:underline;color:#6264a7;` +
		font + `" target="_blank" href="https://teams.microsoft.com/meetingOptions/?organizerId=` + m.UserID +
		`" rel="noreferrer noopener">Meeting options</a></div></div>`)
	b.WriteString(`<div style="width:100%;margin-bottom:24px;"><span style="white-space:nowrap;color:#5F5F5F;` +
		`opacity:.36;">` + rule + `</span></div>`)
	return "data:text/html," + url.QueryEscape(b.String())
}
