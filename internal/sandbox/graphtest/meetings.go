package graphtest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Meeting is a meeting that was made.
type Meeting struct {
	UserID     string // the organizer's object ID
	ExternalID string
	JoinURL    string
	Passcode   string
	Subject    string
	Start, End time.Time
	Created    time.Time
	Attendees  []json.RawMessage // as they were sent
}

type meetingKey struct{ userID, externalID string }

type meeting struct {
	Meeting
	organizer    *User // as they were when the meeting was made
	threadID     string
	joinID       string
	conferenceID string // empty without audio conferencing
}

// Meetings returns every meeting, in the order in which they were made.
func (g *Server) Meetings() []Meeting {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Meeting, len(g.made))
	for i, m := range g.made {
		out[i] = m.Meeting
	}
	return out
}

// SetPolicy grants or denies the app an application access policy for one user, by object ID, whatever holds for all.
func (g *Server) SetPolicy(userID string, granted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.policies[strings.ToLower(userID)] = granted
}

// SetGlobalPolicy grants or denies it for every user without one of their own.
func (g *Server) SetGlobalPolicy(granted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.globalPolicy = granted
}

func (g *Server) hasPolicy(userID string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if granted, own := g.policies[strings.ToLower(userID)]; own {
		return granted
	}
	return g.globalPolicy
}

// externalID finds the external ID in a body, for the record of calls.
func externalID(body []byte) string {
	var b struct {
		ExternalID string `json:"externalId"`
	}
	if json.Unmarshal(body, &b) != nil {
		return ""
	}
	return b.ExternalID
}

// createOrGet is POST /users/{userId}/onlineMeetings/createOrGet (document "onlinemeeting-createorget").
func (g *Server) createOrGet(w http.ResponseWriter, r *http.Request, userID string, body []byte) {
	if uuid.Validate(userID) != nil {
		g.fail(w, r, http.StatusBadRequest, "BadRequest", "The user in the path must be given by object ID.")
		return
	}
	if !g.hasPolicy(userID) {
		g.fail(w, r, http.StatusForbidden, "Forbidden", "No application access policy found for this app.")
		return
	}
	user := g.user(userID)
	// The real wording of the following is not documented. The message is often empty.
	switch {
	case user == nil || user.Unprovisioned:
		g.fail(w, r, http.StatusNotFound, "NotFound", "User not found.")
		return
	case user.Unlicensed:
		g.fail(w, r, http.StatusForbidden, "Forbidden", "The user has no license for Microsoft Teams.")
		return
	case user.NoMeetings:
		g.fail(w, r, http.StatusForbidden, "Forbidden", "")
		return
	}
	wanted, err := g.readMeeting(body)
	if err != nil {
		g.fail(w, r, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	m, created := g.meeting(user, wanted)
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	writeJSON(w, status, g.render(m, r.Header.Get("Accept-Language")))
}

// readMeeting reads a request body and applies the defaults for times. Unknown properties are ignored.
func (g *Server) readMeeting(body []byte) (Meeting, error) {
	var none Meeting
	if len(body) == 0 {
		return none, requestRefusal("Empty Payload. JSON content expected.")
	}
	var b struct {
		ExternalID   *string `json:"externalId"`
		Subject      *string `json:"subject"`
		Start        *string `json:"startDateTime"`
		End          *string `json:"endDateTime"`
		Participants *struct {
			Attendees []json.RawMessage `json:"attendees"`
		} `json:"participants"`
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return none, requestRefusal(
			"Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid " +
				"JSON format.")
	}
	if b.ExternalID == nil || *b.ExternalID == "" {
		return none, requestRefusal("ExternalId is required.")
	}
	m := Meeting{ExternalID: *b.ExternalID}
	if b.Subject != nil {
		m.Subject = *b.Subject
	}
	for _, t := range []struct {
		sent *string
		into *time.Time
	}{{b.Start, &m.Start}, {b.End, &m.End}} {
		if t.sent == nil {
			continue
		}
		parsed, err := time.Parse(time.RFC3339, *t.sent)
		if err != nil {
			return none, requestRefusal(
				fmt.Sprintf("Cannot convert the literal '%s' to the expected type 'Edm.DateTimeOffset'.", *t.sent))
		}
		*t.into = parsed.UTC()
	}
	switch {
	case b.Start == nil && b.End != nil:
		return none, requestRefusal("EndDateTime requires StartDateTime.")
	case b.Start == nil:
		m.Start = g.opts.Now().UTC()
	}
	switch {
	case b.End == nil:
		m.End = m.Start.Add(time.Hour)
	case m.End.Before(m.Start):
		return none, requestRefusal("EndDateTime must not be earlier than StartDateTime.")
	}
	if b.Participants != nil {
		for _, raw := range b.Participants.Attendees {
			var a struct {
				Identity struct {
					User struct {
						ID string `json:"id"`
					} `json:"user"`
				} `json:"identity"`
			}
			if json.Unmarshal(raw, &a) != nil || uuid.Validate(a.Identity.User.ID) != nil {
				return none, requestRefusal("Invalid attendee: identity.user.id must be an object ID.")
			}
		}
		m.Attendees = b.Participants.Attendees
	}
	return m, nil
}

// meeting returns the user's meeting with this external ID, as it is, or makes it.
func (g *Server) meeting(user *User, wanted Meeting) (m *meeting, created bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := meetingKey{strings.ToLower(user.ID), wanted.ExternalID}
	if m, ok := g.meetings[key]; ok {
		return m, false
	}
	m = &meeting{Meeting: wanted, organizer: user}
	m.UserID = user.ID
	m.Created = g.opts.Now().UTC()
	m.threadID = "19:meeting_" + base64.StdEncoding.EncodeToString([]byte(uuid.NewString())) + "@thread.v2"
	m.joinID = "2" + digits(12)
	m.Passcode = rand.Text()[:8]
	context, _ := json.Marshal(map[string]string{"Tid": g.opts.Entra.TenantID(), "Oid": user.ID}) // strings cannot fail
	m.JoinURL = "https://teams.microsoft.com/l/meetup-join/" + url.QueryEscape(m.threadID) + "/0?context=" +
		url.QueryEscape(string(context))
	if user.DialIn {
		m.conferenceID = "1" + digits(8)
	}
	g.meetings[key] = m
	g.made = append(g.made, m)
	return m, true
}

// digits returns n random decimal digits.
func digits(n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	i, err := rand.Int(rand.Reader, limit)
	if err != nil { // crypto/rand.Reader does not fail
		i = big.NewInt(0)
	}
	return fmt.Sprintf("%0*d", n, i)
}

// render writes a meeting as the service does (resource "onlineMeeting").
func (g *Server) render(m *meeting, language string) map[string]any {
	const stamp = "2006-01-02T15:04:05.0000000Z"
	attendees := m.Attendees
	if attendees == nil {
		attendees = []json.RawMessage{}
	}
	return map[string]any{
		"@odata.context":              g.BaseURL() + "/$metadata#users('" + m.UserID + "')/onlineMeetings/$entity",
		"id":                          base64.StdEncoding.EncodeToString([]byte("1*" + m.UserID + "*0**" + m.threadID)),
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
		"lobbyBypassSettings":         map[string]any{"scope": "organization", "isDialInBypassEnabled": false},
		"chatInfo": map[string]any{
			"threadId": m.threadID, "messageId": "0", "replyChainMessageId": nil,
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
