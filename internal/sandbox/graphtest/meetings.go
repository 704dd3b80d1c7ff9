package graphtest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Meeting is a meeting that was made.
type Meeting struct {
	ID         string // as Graph names it
	UserID     string // the organizer's object ID
	ExternalID string
	JoinURL    string
	Passcode   string
	Subject    string
	Start, End time.Time
	Created    time.Time
	Expires    time.Time         // when the link dies
	ThreadID   string            // of its chat
	Attendees  []json.RawMessage // as they were sent
}

type meetingKey struct{ userID, externalID string }

type meeting struct {
	Meeting
	organizer    *User // as they were when the meeting was made
	joinID       string
	conferenceID string         // empty without audio conferencing
	settings     map[string]any // by property; a value is replaced, never altered: answers share it
	started      time.Time      // of the session that runs; zero if none does
	deleted      bool
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
	user := g.organizer(w, r, userID)
	if user == nil {
		return
	}
	// The real wording of the following is not documented. The message is often empty.
	switch {
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
	g.mu.Lock()
	m, created := g.meeting(user, wanted)
	answer := g.render(m, r.Header.Get("Accept-Language"))
	g.mu.Unlock()
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	writeJSON(w, status, answer)
}

// organizer returns the user of a path below which the app may work, or answers why it may not.
func (g *Server) organizer(w http.ResponseWriter, r *http.Request, userID string) *User {
	if uuid.Validate(userID) != nil {
		g.fail(w, r, http.StatusBadRequest, "BadRequest", "The user in the path must be given by object ID.")
		return nil
	}
	if !g.hasPolicy(userID) {
		g.fail(w, r, http.StatusForbidden, "Forbidden", "No application access policy found for this app.")
		return nil
	}
	user := g.user(userID)
	if user == nil || user.Unprovisioned { // the real wording is not documented
		g.fail(w, r, http.StatusNotFound, "NotFound", "User not found.")
		return nil
	}
	return user
}

// What is wrong with a body, whatever it is for.
const (
	noBody = requestRefusal("Empty Payload. JSON content expected.")
	noJSON = requestRefusal("Unable to read JSON request payload. Please ensure Content-Type header is set and " +
		"payload is of valid JSON format.")
)

// readMeeting reads a request body and applies the defaults for times. Unknown properties are ignored.
func (g *Server) readMeeting(body []byte) (Meeting, error) {
	var none Meeting
	if len(body) == 0 {
		return none, noBody
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
		return none, noJSON
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
		var err error
		if *t.into, err = readTime(*t.sent); err != nil {
			return none, err
		}
	}
	switch {
	case b.Start == nil && b.End != nil:
		return none, requestRefusal("EndDateTime requires StartDateTime.")
	case b.Start == nil:
		m.Start = g.now()
	}
	switch {
	case b.End == nil:
		m.End = m.Start.Add(time.Hour)
	case m.End.Before(m.Start):
		return none, requestRefusal("EndDateTime must not be earlier than StartDateTime.")
	}
	if b.Participants != nil {
		if err := checkAttendees(b.Participants.Attendees); err != nil {
			return none, err
		}
		m.Attendees = b.Participants.Attendees
	}
	return m, nil
}

// readTime reads a point in time, which must have a zone.
func readTime(sent string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, sent)
	if err != nil {
		return time.Time{}, unconvertible(sent, "Edm.DateTimeOffset")
	}
	return t.UTC().Truncate(tick), nil
}

// unconvertible refuses a value that is not of the type that the property has.
func unconvertible(literal, wanted string) error {
	return requestRefusal(fmt.Sprintf("Cannot convert the literal '%s' to the expected type '%s'.", literal, wanted))
}

// checkAttendees refuses attendees who are not given by object ID.
func checkAttendees(attendees []json.RawMessage) error {
	for _, raw := range attendees {
		if uuid.Validate(attendeeOf(raw).Identity.User.ID) != nil {
			return requestRefusal("Invalid attendee: identity.user.id must be an object ID.")
		}
	}
	return nil
}

// attendee is what the service reads of an attendee.
type attendee struct {
	Role     string `json:"role"`
	Identity struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"identity"`
}

// attendeeOf reads an attendee; what cannot be read is empty.
func attendeeOf(raw json.RawMessage) (a attendee) {
	if json.Unmarshal(raw, &a) != nil {
		return attendee{}
	}
	return a
}

// meeting returns the user's meeting with this external ID, as it is, or makes it. The caller holds the lock.
func (g *Server) meeting(user *User, wanted Meeting) (m *meeting, created bool) {
	key := meetingKey{strings.ToLower(user.ID), wanted.ExternalID}
	if m, ok := g.meetings[key]; ok && !m.deleted && (g.alive(m) || !g.choices.FreshAfterExpiry) {
		return m, false
	}
	m = &meeting{Meeting: wanted, organizer: user, settings: map[string]any{
		"lobbyBypassSettings": map[string]any{"scope": "organization", "isDialInBypassEnabled": false},
	}}
	m.UserID = user.ID
	m.Created = g.now()
	m.Expires = m.End.Add(lifetime)
	m.ThreadID = "19:meeting_" + base64.StdEncoding.EncodeToString([]byte(uuid.NewString())) + "@thread.v2"
	m.ID = base64.StdEncoding.EncodeToString([]byte(idPrefix + m.UserID + idMiddle + m.ThreadID))
	m.joinID = "2" + digits(12)
	m.Passcode = rand.Text()[:8]
	m.JoinURL = g.joinURL(m)
	if user.DialIn {
		m.conferenceID = "1" + digits(8)
	}
	g.meetings[key] = m
	g.byID[m.ID], g.byLink[m.JoinURL] = m, m
	g.made = append(g.made, m)
	return m, true
}

// A meeting's ID is base64 of these around the organizer's object ID and the chat thread's ID.
const (
	idPrefix = "1*"
	idMiddle = "*0**"
)

// joinURL makes the link of a new meeting, in the form that is chosen.
func (g *Server) joinURL(m *meeting) string {
	if g.choices.ShortLinks {
		return "https://teams.microsoft.com/meet/" + m.joinID + "?p=" + rand.Text()
	}
	tenant, _ := json.Marshal(map[string]string{"Tid": g.opts.Entra.TenantID(), "Oid": m.UserID}) // strings cannot fail
	return "https://teams.microsoft.com/l/meetup-join/" + url.QueryEscape(m.ThreadID) + "/0?context=" +
		url.QueryEscape(string(tenant))
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
