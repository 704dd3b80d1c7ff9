package graphtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Group is a group of the tenant.
type Group struct {
	ID          string // object ID, a GUID
	DisplayName string
	Members     []string // object IDs of users, and of groups in it
}

// AddGroup adds a group, or replaces the one with the same object ID.
func (g *Server) AddGroup(group Group) {
	group.Members = slices.Clone(group.Members)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.groups[strings.ToLower(group.ID)] = group
}

// group finds a group by object ID.
func (g *Server) group(id string) (Group, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	found, ok := g.groups[strings.ToLower(id)]
	return found, ok
}

// isIn tells whether an object is in a group, directly or through other groups that were not looked at yet.
func (g *Server) isIn(id, groupID string, looked map[string]bool) bool {
	group, ok := g.group(groupID)
	if !ok || looked[group.ID] {
		return false
	}
	looked[group.ID] = true
	return slices.ContainsFunc(group.Members, func(member string) bool {
		return strings.EqualFold(member, id) || g.isIn(id, member, looked)
	})
}

// checkMemberGroups is POST …/users/{id}/checkMemberGroups (document "directoryobject-checkmembergroups"): at most 20
// groups.
func (g *Server) checkMemberGroups(w http.ResponseWriter, r *http.Request, userID string, body []byte) {
	var asked struct {
		Groups []string `json:"groupIds"`
	}
	user := g.user(userID)
	switch err := json.Unmarshal(body, &asked); {
	case user == nil:
		g.fail(w, r, http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+userID+"' does not exist.")
		return
	case err != nil, len(asked.Groups) == 0, len(asked.Groups) > 20:
		g.fail(w, r, http.StatusBadRequest, "Request_BadRequest", "The groupIds are missing or too many.")
		return
	}
	in := []string{}
	for _, id := range asked.Groups {
		if g.isIn(user.ID, id, map[string]bool{}) {
			in = append(in, id)
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"@odata.context": g.BaseURL() + "/$metadata#Collection(Edm.String)", "value": in,
	})
}

// getGroup is GET …/groups/{id} (document "group-get").
func (g *Server) getGroup(w http.ResponseWriter, r *http.Request, id string) {
	group, ok := g.group(id)
	if !ok {
		g.fail(w, r, http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+id+"' does not exist.")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"@odata.context": g.BaseURL() + "/$metadata#groups(displayName)/$entity",
		"displayName":    nullable(group.DisplayName),
	})
}
