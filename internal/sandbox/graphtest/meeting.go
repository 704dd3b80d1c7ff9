package graphtest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// getMeeting is GET /users/{userId}/onlineMeetings/{meetingId} (document "onlinemeeting-get").
func (g *Server) getMeeting(w http.ResponseWriter, r *http.Request, userID, meetingID string) {
	if g.organizer(w, r, userID) == nil {
		return
	}
	g.mu.Lock()
	m, problem := g.find(userID, meetingID, true)
	var answer map[string]any
	if m != nil {
		answer = g.render(m, r.Header.Get("Accept-Language"))
	}
	g.mu.Unlock()
	if m == nil {
		g.refuse(w, r, problem)
		return
	}
	if q := r.URL.Query(); q.Has("$select") {
		selected := map[string]any{"@odata.context": answer["@odata.context"]}
		for name := range strings.SplitSeq(q.Get("$select"), ",") {
			value, known := answer[name]
			if !known {
				g.fail(w, r, http.StatusBadRequest, "BadRequest", unselectable(name, "onlineMeeting").Error())
				return
			}
			selected[name] = value
		}
		answer = selected
	}
	writeJSON(w, http.StatusOK, answer)
}

// changeMeeting is PATCH /users/{userId}/onlineMeetings/{meetingId} (document "onlinemeeting-update").
func (g *Server) changeMeeting(w http.ResponseWriter, r *http.Request, userID, meetingID string, body []byte) {
	if g.organizer(w, r, userID) == nil {
		return
	}
	wanted, refusal := readChange(body)
	g.mu.Lock()
	m, problem := g.find(userID, meetingID, false)
	var answer map[string]any
	if m != nil && refusal == nil {
		if refusal = g.change(m, wanted); refusal == nil {
			answer = g.render(m, r.Header.Get("Accept-Language"))
		}
	}
	g.mu.Unlock()
	switch {
	case m == nil:
		g.refuse(w, r, problem)
	case errors.Is(refusal, notUpdatable):
		g.fail(w, r, http.StatusBadRequest, "InvalidArgument", refusal.Error())
	case refusal != nil:
		g.fail(w, r, http.StatusBadRequest, "BadRequest", refusal.Error())
	default:
		writeJSON(w, http.StatusOK, answer)
	}
}

// deleteMeeting is DELETE /users/{userId}/onlineMeetings/{meetingId} (document "onlinemeeting-delete"). That the
// external ID yields a fresh meeting afterwards is not documented.
func (g *Server) deleteMeeting(w http.ResponseWriter, r *http.Request, userID, meetingID string) {
	if g.organizer(w, r, userID) == nil {
		return
	}
	g.mu.Lock()
	m, problem := g.find(userID, meetingID, false)
	if m != nil {
		m.deleted = true
	}
	g.mu.Unlock()
	if m == nil {
		g.refuse(w, r, problem)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// problem is an error object to answer with.
type problem struct {
	status        int
	code, message string
}

func (g *Server) refuse(w http.ResponseWriter, r *http.Request, p problem) {
	g.fail(w, r, p.status, p.code, p.message)
}

// find finds the meeting of an ID, or says why there is none for this user. Reading is for attendees too. The wordings
// are those that people report (microsoft-graph-docs#10770, microsoft-graph-comms-samples#11, question 2084475). The
// caller holds the lock.
func (g *Server) find(userID, meetingID string, reading bool) (*meeting, problem) {
	raw, err := base64.StdEncoding.DecodeString(meetingID)
	rest, found := strings.CutPrefix(string(raw), idPrefix)
	organizerID, _, complete := strings.Cut(rest, idMiddle)
	if err != nil || !found || !complete || uuid.Validate(organizerID) != nil {
		return nil, problem{http.StatusBadRequest, "BadRequest", fmt.Sprintf("Invalid meeting id %s.", meetingID)}
	}
	m := g.byID[meetingID]
	if !strings.EqualFold(organizerID, userID) && (!reading || m == nil || !invited(m, userID)) {
		return nil, problem{http.StatusNotFound, "NotFound", fmt.Sprintf("Organizer Id mismatch User Id: %s.", userID)}
	}
	if m == nil || m.deleted || !g.alive(m) && !g.choices.KeepsExpired {
		return nil, problem{http.StatusNotFound, "NotFound", "3004: Specified meeting is not found"}
	}
	return m, problem{}
}

// invited tells whether the user is an attendee.
func invited(m *meeting, userID string) bool {
	for _, raw := range m.Attendees {
		if strings.EqualFold(attendeeOf(raw).Identity.User.ID, userID) {
			return true
		}
	}
	return false
}
