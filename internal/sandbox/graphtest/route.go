package graphtest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

type handler func(w http.ResponseWriter, r *http.Request, body []byte)

// route finds the operation, fills in what the path says about it, and returns the application permissions of which it
// needs one.
func (g *Server) route(r *http.Request, call *Call) (work handler, roles []string) {
	// A UPN may hold an escaped slash: split before decoding.
	parts, err := splitPath(r.URL.EscapedPath())
	if err == nil && len(parts) == 1 && r.Method == http.MethodGet && strings.HasPrefix(parts[0], "applications(") {
		return g.routeApplication(parts[0], call)
	}
	if err == nil && parts[0] == "users" {
		if len(parts) > 1 {
			call.UserID = parts[1]
		}
		switch {
		case len(parts) == 1 && r.Method == http.MethodGet:
			call.Op = "users"
			return g.listUsers, []string{"User.Read.All"}
		case len(parts) == 2 && r.Method == http.MethodGet:
			call.Op = "user"
			return func(w http.ResponseWriter, r *http.Request, _ []byte) { g.getUser(w, r, parts[1]) },
				[]string{"User.Read.All"}
		case len(parts) == 3 && parts[2] == "checkMemberGroups" && r.Method == http.MethodPost:
			call.Op = "member" // it needs User.Read.All, too
			return func(w http.ResponseWriter, r *http.Request, body []byte) {
				g.checkMemberGroups(w, r, parts[1], body)
			}, groupRoles
		case len(parts) == 4 && parts[2] == "onlineMeetings":
			return g.routeMeeting(r.Method, parts[1], parts[3], call)
		}
	}
	if err == nil && len(parts) == 2 && parts[0] == "groups" && r.Method == http.MethodGet {
		call.Op = "group"
		return func(w http.ResponseWriter, r *http.Request, _ []byte) { g.getGroup(w, r, parts[1]) }, groupRoles
	}
	return notFound(g), nil
}

// groupRoles are the application permissions of which one lets an app read who is in a group.
var groupRoles = []string{"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"}

// routeMeeting is route below a user's meetings.
func (g *Server) routeMeeting(method, userID, name string, call *Call) (work handler, roles []string) {
	all := []string{"OnlineMeetings.ReadWrite.All"}
	if method == http.MethodPost && name == "createOrGet" {
		call.Op = "createOrGet"
		return func(w http.ResponseWriter, r *http.Request, body []byte) { g.createOrGet(w, r, userID, body) }, all
	}
	call.MeetingID = name
	switch method {
	case http.MethodGet:
		call.Op = "meeting"
		return func(w http.ResponseWriter, r *http.Request, _ []byte) { g.getMeeting(w, r, userID, name) },
			append([]string{"OnlineMeetings.Read.All"}, all...)
	case http.MethodPatch:
		call.Op = "changeMeeting"
		return func(w http.ResponseWriter, r *http.Request, body []byte) {
			g.changeMeeting(w, r, userID, name, body)
		}, all
	case http.MethodDelete:
		call.Op = "deleteMeeting"
		return func(w http.ResponseWriter, r *http.Request, _ []byte) { g.deleteMeeting(w, r, userID, name) }, all
	}
	return notFound(g), nil
}

// notFound answers for what this service does not have.
func notFound(g *Server) handler {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) {
		g.fail(w, r, http.StatusBadRequest, "BadRequest", "Resource not found for the segment.")
	}
}

// splitPath returns the decoded segments of an escaped path below the service's root.
func splitPath(escaped string) ([]string, error) {
	rest, ok := strings.CutPrefix(escaped, root+"/")
	if !ok {
		return nil, errors.New("not below " + root)
	}
	parts := strings.Split(rest, "/")
	for i, p := range parts {
		var err error
		if parts[i], err = url.PathUnescape(p); err != nil {
			return nil, fmt.Errorf("path: %w", err)
		}
		if parts[i] == "" {
			return nil, errors.New("empty segment")
		}
	}
	return parts, nil
}
