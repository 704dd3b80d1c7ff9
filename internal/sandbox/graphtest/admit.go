package graphtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"meetbot/internal/sandbox/entratest"
)

// auth is a token whose signature was checked.
type auth struct {
	token  string
	claims *entratest.Claims
}

// admit checks the token, the permission and the quota, and answers if any of them is missing.
func (g *Server) admit(w http.ResponseWriter, r *http.Request, roles []string) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		g.unauthorized(w, r, "Access token is empty.")
		return false
	}
	claims, why := g.check(token)
	if why != "" {
		g.unauthorized(w, r, why)
		return false
	}
	if wait := g.spend(); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		g.fail(w, r, http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
		return false
	}
	switch {
	case len(roles) == 0,
		slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(claims.Roles, role) }):
		return true
	case strings.HasPrefix(roles[0], "User."), strings.HasPrefix(roles[0], "Application."),
		strings.HasPrefix(roles[0], "Group"):
		g.fail(w, r, http.StatusForbidden, "Authorization_RequestDenied",
			"Insufficient privileges to complete the operation.")
	default:
		g.fail(w, r, http.StatusForbidden, "Forbidden", fmt.Sprintf(
			"Missing role permissions on the request. API requires one of '%s'. Roles on the request '%s'.",
			strings.Join(roles, ", "), strings.Join(claims.Roles, ", ")))
	}
	return false
}

// check returns the token's claims, or why it is refused.
func (g *Server) check(token string) (*entratest.Claims, string) {
	if seen := g.auth.Load(); seen != nil && seen.token == token {
		if g.opts.Now().Before(seen.claims.ExpiresAt.Time) {
			return seen.claims, ""
		}
	}
	claims, err := g.opts.Entra.Verify(token, g.origin(), g.opts.Now)
	switch {
	case err == nil:
		g.auth.Store(&auth{token, claims})
		return claims, ""
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, "Lifetime validation failed, the token is expired."
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return nil, "Access token validation failure. Invalid audience."
	default:
		return nil, "IDX14100: JWT is not well formed or its signature is invalid."
	}
}

// spend takes one request from the quota, or returns how long it is spent for.
func (g *Server) spend() time.Duration {
	if g.opts.Quota == 0 {
		return 0
	}
	now := g.opts.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.windowStart) >= g.opts.QuotaWindow {
		g.windowStart, g.windowUsed = now, 0
	}
	if g.windowUsed >= g.opts.Quota {
		return g.windowStart.Add(g.opts.QuotaWindow).Sub(now)
	}
	g.windowUsed++
	return 0
}

func (g *Server) unauthorized(w http.ResponseWriter, r *http.Request, why string) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(
		`Bearer realm="", authorization_uri="%scommon/oauth2/authorize", `+
			`client_id="00000003-0000-0000-c000-000000000000"`,
		g.opts.Entra.URL()))
	g.fail(w, r, http.StatusUnauthorized, "InvalidAuthenticationToken", why)
}
