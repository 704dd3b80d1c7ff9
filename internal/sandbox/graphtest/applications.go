package graphtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"meetbot/internal/sandbox/faultserver"
)

// AppSecret is a client secret of an app registration.
type AppSecret struct {
	Name    string
	Secret  string
	Expires time.Time
}

// SetAppSecrets sets which client secrets an app of the tenant has, as Graph lists them. Entra's own list is another
// one: nothing here tells whether a token is given for them.
func (g *Server) SetAppSecrets(clientID string, secrets ...AppSecret) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.secrets[strings.ToLower(clientID)] = secrets
}

// routeApplication is route for applications(appId='…').
func (g *Server) routeApplication(segment string, call *Call) (work handler, roles []string) {
	id, ok := strings.CutPrefix(segment, "applications(appId='")
	id, closed := strings.CutSuffix(id, "')")
	if !ok || !closed {
		return notFound(g), nil
	}
	call.Op = "application"
	return func(w http.ResponseWriter, r *http.Request, _ []byte) { g.getApplication(w, r, id) },
		[]string{"Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All",
			"Directory.Read.All"}
}

// getApplication is GET /applications(appId='…') (documents "application-get" and "passwordCredential").
func (g *Server) getApplication(w http.ResponseWriter, r *http.Request, id string) {
	g.mu.Lock()
	secrets, there := g.secrets[strings.ToLower(id)]
	g.mu.Unlock()
	if !there {
		g.fail(w, r, http.StatusNotFound, "Request_ResourceNotFound", fmt.Sprintf(
			"Resource '%s' does not exist or one of its queried reference-property objects are not present.", id))
		return
	}
	list := []any{}
	for i, s := range secrets {
		list = append(list, map[string]any{
			"customKeyIdentifier": nil, "displayName": s.Name, "endDateTime": s.Expires.UTC().Format(time.RFC3339),
			"hint": s.Secret[:min(len(s.Secret), 3)], "keyId": fmt.Sprintf("5e000000-0000-4000-8000-%012d", i),
			"secretText": nil, "startDateTime": s.Expires.AddDate(-1, 0, 0).UTC().Format(time.RFC3339),
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"@odata.context": g.BaseURL() + "/$metadata#applications(appId,passwordCredentials)/$entity",
		"appId":          id, "id": "0b" + faultserver.RandomHex(3), "passwordCredentials": list,
	})
}
