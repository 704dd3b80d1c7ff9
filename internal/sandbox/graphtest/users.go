package graphtest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// User is a user of the tenant.
type User struct {
	ID             string // object ID, a GUID
	UPN            string // a guest's holds "#EXT#"
	Mail           string
	DisplayName    string
	ProxyAddresses []string // "SMTP:ann@contoso.example" for the primary one, "smtp:…" for aliases
	Guest          bool
	Disabled       bool
	Unlicensed     bool // no Teams licence: no more meetings, and the links of those that are there work
	NoMeetings     bool // the meeting policy allows none: refused without a word, and links do not work
	Unprovisioned  bool // Teams does not know the account, which the directory has
	DialIn         bool // audio conferencing: meetings have a phone number
}

// AddUser adds a user, or replaces the one with the same object ID.
func (g *Server) AddUser(u User) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.put(u)
}

// ChangeUser changes a user while the server runs, by object ID, which stays.
func (g *Server) ChangeUser(id string, change func(*User)) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	u, ok := g.users[strings.ToLower(id)]
	if !ok {
		return fmt.Errorf("no user has the object ID %q", id)
	}
	changed := *u
	change(&changed)
	if changed.ID != u.ID {
		return fmt.Errorf("user %s cannot get another object ID", u.ID)
	}
	return g.put(changed)
}

// put adds a user, or replaces the one with the same object ID. The caller holds the lock.
func (g *Server) put(u User) error {
	if uuid.Validate(u.ID) != nil {
		return fmt.Errorf("user %q: object ID %q is no GUID", u.UPN, u.ID)
	}
	if u.UPN == "" {
		return fmt.Errorf("user %s has no UPN", u.ID)
	}
	id, upn := strings.ToLower(u.ID), strings.ToLower(u.UPN)
	if other, taken := g.byUPN[upn]; taken && other != id {
		return fmt.Errorf("UPN %q belongs to another user", u.UPN)
	}
	if old, ok := g.users[id]; ok {
		delete(g.byUPN, strings.ToLower(old.UPN))
	} else {
		g.order = append(g.order, id)
	}
	u.ProxyAddresses = slices.Clone(u.ProxyAddresses)
	g.users[id] = &u // never changed from here on, only replaced
	g.byUPN[upn] = id
	return nil
}

// RemoveUser removes a user, by object ID, as if deleted from the tenant. The links of their meetings die at once.
func (g *Server) RemoveUser(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	id = strings.ToLower(id)
	if u, ok := g.users[id]; ok {
		delete(g.byUPN, strings.ToLower(u.UPN))
		delete(g.users, id)
		g.order = slices.DeleteFunc(g.order, func(s string) bool { return s == id })
	}
}

// user finds a user by object ID or UPN; nil if there is none.
func (g *Server) user(idOrUPN string) *User {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := strings.ToLower(idOrUPN)
	if id, ok := g.byUPN[key]; ok {
		key = id
	}
	return g.users[key]
}

// userProperties are the properties of a user that this service knows, and how to read them.
var userProperties = map[string]func(*User) any{
	"id":                func(u *User) any { return u.ID },
	"displayName":       func(u *User) any { return nullable(u.DisplayName) },
	"mail":              func(u *User) any { return nullable(u.Mail) },
	"userPrincipalName": func(u *User) any { return u.UPN },
	"accountEnabled":    func(u *User) any { return !u.Disabled },
	"proxyAddresses":    func(u *User) any { return append([]string{}, u.ProxyAddresses...) },
	"assignedPlans":     assignedPlans,
	"businessPhones":    func(*User) any { return []string{} },
	"givenName":         func(*User) any { return nil },
	"jobTitle":          func(*User) any { return nil },
	"mobilePhone":       func(*User) any { return nil },
	"officeLocation":    func(*User) any { return nil },
	"preferredLanguage": func(*User) any { return nil },
	"surname":           func(*User) any { return nil },
	"userType": func(u *User) any {
		if u.Guest {
			return "Guest"
		}
		return "Member"
	},
}

// defaultProperties come without $select; accountEnabled and userType do not (document "user: properties").
var defaultProperties = []string{
	"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
	"preferredLanguage", "surname", "userPrincipalName", "id",
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// selectedProperties reads $select.
func selectedProperties(q url.Values) ([]string, error) {
	if !q.Has("$select") {
		return defaultProperties, nil
	}
	names := strings.Split(q.Get("$select"), ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if userProperties[names[i]] == nil {
			return nil, unselectable(name, "user")
		}
	}
	return names, nil
}

// unselectable refuses to select a property that the type does not have.
func unselectable(name, kind string) error {
	return requestRefusal(fmt.Sprintf("Parsing OData Select and Expand failed: Could not find a property named '%s' "+
		"on type 'microsoft.graph.%s'.", name, kind))
}

func project(u *User, names []string) map[string]any {
	out := make(map[string]any, len(names))
	for _, name := range names {
		out[name] = userProperties[name](u)
	}
	return out
}

// getUser is GET /users/{id | userPrincipalName} (document "user-get").
func (g *Server) getUser(w http.ResponseWriter, r *http.Request, idOrUPN string) {
	names, err := selectedProperties(r.URL.Query())
	if err != nil {
		g.fail(w, r, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	u := g.user(idOrUPN)
	if u == nil {
		g.fail(w, r, http.StatusNotFound, "Request_ResourceNotFound", fmt.Sprintf(
			"Resource '%s' does not exist or one of its queried reference-property objects are not present.", idOrUPN))
		return
	}
	body := project(u, names)
	body["@odata.context"] = g.BaseURL() + "/$metadata#users(" + strings.Join(names, ",") + ")/$entity"
	writeJSON(w, http.StatusOK, body)
}

// listUsers is GET /users (documents "user-list" and "aad-advanced-queries").
func (g *Server) listUsers(w http.ResponseWriter, r *http.Request, _ []byte) {
	q := r.URL.Query()
	for name := range q {
		if !slices.Contains([]string{"$select", "$filter", "$count", "$top", "$skiptoken"}, name) {
			g.fail(w, r, http.StatusBadRequest, "Request_UnsupportedQuery",
				fmt.Sprintf("The query option '%s' is not supported.", name))
			return
		}
	}
	names, err := selectedProperties(q)
	if err != nil {
		g.fail(w, r, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	eventual := strings.EqualFold(r.Header.Get("ConsistencyLevel"), "eventual")
	count := q.Get("$count") == "true"
	if count && !eventual {
		g.fail(w, r, http.StatusBadRequest, "Request_BadRequest", "$count is not currently supported.")
		return
	}
	match := func(*User) bool { return true }
	if q.Has("$filter") {
		var advanced bool
		if match, advanced, err = filter(q.Get("$filter")); err != nil {
			g.fail(w, r, http.StatusBadRequest, "BadRequest", err.Error())
			return
		}
		if advanced && (!eventual || !count) {
			g.fail(w, r, http.StatusBadRequest, "Request_UnsupportedQuery",
				"Unsupported or invalid query filter clause: the required parameters might be missing. Try adding "+
					"$count=true query parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/"+
					"graph-docs/advanced-queries for more information")
			return
		}
	}
	page, total, next, err := g.page(match, q)
	if err != nil {
		g.fail(w, r, http.StatusBadRequest, "Request_BadRequest", err.Error())
		return
	}
	value := make([]map[string]any, len(page))
	for i, u := range page {
		value[i] = project(u, names)
	}
	body := map[string]any{
		"@odata.context": g.BaseURL() + "/$metadata#users(" + strings.Join(names, ",") + ")",
		"value":          value,
	}
	if count {
		body["@odata.count"] = total
	}
	if next >= 0 {
		q.Set("$skiptoken", strconv.Itoa(next))
		body["@odata.nextLink"] = g.BaseURL() + "/users?" + q.Encode()
	}
	writeJSON(w, http.StatusOK, body)
}

// page returns the users of one page of a listing, how many match in all, and where the next page begins, -1 for
// nowhere.
func (g *Server) page(match func(*User) bool, q url.Values) (page []*User, total, next int, err error) {
	size, skip := g.opts.PageSize, 0
	if q.Has("$top") {
		if size, err = strconv.Atoi(q.Get("$top")); err != nil || size < 1 || size > 999 {
			return nil, 0, 0, requestRefusal(
				fmt.Sprintf("Invalid page size specified: '%s'. Must be between 1 and 999 inclusive.", q.Get("$top")))
		}
	}
	if q.Has("$skiptoken") {
		if skip, err = strconv.Atoi(q.Get("$skiptoken")); err != nil || skip < 0 {
			return nil, 0, 0, requestRefusal("Skip token is invalid.")
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	next = -1
	for _, id := range g.order {
		u := g.users[id]
		if !match(u) {
			continue
		}
		if total >= skip {
			if len(page) < size {
				page = append(page, u)
			} else if next < 0 {
				next = total
			}
		}
		total++
	}
	return page, total, next, nil
}
