package sandbox

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// GraphOptions describe the service. Only Entra is required.
type GraphOptions struct {
	Entra *Entra // whose tokens are accepted
	Users []GraphUser
	// Latency is how long every answer takes.
	Latency time.Duration
	// Quota is the number of requests that the app may make within QuotaWindow before it is answered 429. Zero: any.
	Quota       int
	QuotaWindow time.Duration // zero: 20 s
	// PageSize is the number of users in one page of a listing. Zero: 100, as in the real service.
	PageSize int
	// Now is the server's clock. Nil: time.Now.
	Now func() time.Time
}

// GraphCall is one request that reached the service.
type GraphCall struct {
	Op         string // "createOrGet", "user", "users"; empty for anything else
	Method     string
	Path       string // decoded, without the query
	Query      string // raw
	UserID     string // "createOrGet", "user": the user named in the path
	ExternalID string // "createOrGet"
	Body       json.RawMessage
	Status     int // 0: the connection was cut
	At         time.Time
}

// Graph is the part of Microsoft Graph v1.0 that the program uses: users by ID, UPN and filter, and online meetings by
// createOrGet. It serves plain http, which clients accept on loopback alone.
//
// The names of its operations, for [Fault.Target], are "createOrGet", "user" and "users".
type Graph struct {
	opts   GraphOptions
	server *loopbackServer
	faults faults
	calls  journal[GraphCall]
	auth   atomic.Pointer[graphAuth] // the token seen last: a client sends the same one for an hour

	mu           sync.Mutex
	users        map[string]*GraphUser // by lower-case object ID
	byUPN        map[string]string     // lower-case UPN to lower-case object ID
	order        []string              // object IDs in the order of creation
	policies     map[string]bool       // application access policy by lower-case object ID
	globalPolicy bool
	meetings     map[graphMeetingKey]*graphMeeting
	made         []*graphMeeting // in the order of creation
	windowStart  time.Time
	windowUsed   int
}

// graphAuth is a token whose signature was checked.
type graphAuth struct {
	token  string
	claims *entraClaims
}

// NewGraph starts the service. Every user has an application access policy until [Graph.SetGlobalPolicy] or
// [Graph.SetPolicy] says otherwise. Close it when done.
func NewGraph(o GraphOptions) (*Graph, error) {
	if o.Entra == nil {
		return nil, errors.New("a sandbox Graph needs an Entra")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.QuotaWindow == 0 {
		o.QuotaWindow = 20 * time.Second
	}
	if o.PageSize == 0 {
		o.PageSize = 100
	}
	g := &Graph{
		opts:         o,
		users:        make(map[string]*GraphUser),
		byUPN:        make(map[string]string),
		policies:     make(map[string]bool),
		globalPolicy: true,
		meetings:     make(map[graphMeetingKey]*graphMeeting),
	}
	for _, u := range o.Users {
		if err := g.AddUser(u); err != nil {
			return nil, err
		}
	}
	var err error
	if g.server, err = listenLoopback(http.HandlerFunc(g.serve), nil); err != nil {
		return nil, err
	}
	o.Entra.serveAudience(g.origin())
	return g, nil
}

// Close stops the server and cuts its connections.
func (g *Graph) Close() { g.server.close() }

func (g *Graph) origin() string { return "http://" + g.server.addr }

// BaseURL is the service's root, for GRAPH_BASE_URL: "http://127.0.0.1:PORT/v1.0".
func (g *Graph) BaseURL() string { return g.origin() + graphRoot }

const graphRoot = "/v1.0"

// Fault arms a fault.
func (g *Graph) Fault(f Fault) { g.faults.add(f) }

// ArmedFaults counts the faults that are still to strike.
func (g *Graph) ArmedFaults() int { return g.faults.armed() }

// ClearFaults disarms every fault.
func (g *Graph) ClearFaults() { g.faults.clear() }

// Calls returns every request so far, in the order in which they were answered.
func (g *Graph) Calls() []GraphCall { return g.calls.list() }

// ResetCalls forgets the requests so far.
func (g *Graph) ResetCalls() { g.calls.clear() }

// graphMaxBody is far beyond what any request here holds.
const graphMaxBody = 1 << 20

// serve is the whole service: read, wait, fault or work, record.
func (g *Graph) serve(w http.ResponseWriter, r *http.Request) {
	call := GraphCall{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery}
	work, role := g.route(r, &call)
	defer func() {
		// Deferred, because a connection is cut by a panic that net/http understands.
		call.At = g.opts.Now()
		g.calls.add(call)
	}()
	body, err := graphBody(w, r)
	if err != nil {
		call.Status = http.StatusBadRequest
		g.fail(w, r, http.StatusBadRequest, "BadRequest", "Unable to read the request payload.")
		return
	}
	if json.Valid(body) {
		call.Body = body
		call.ExternalID = graphExternalID(body)
	}
	if !delay(r, g.opts.Latency) {
		return
	}
	call.Status = g.faults.around(call.Op, w, r, func(w http.ResponseWriter, r *http.Request) {
		if g.admit(w, r, role) {
			work(w, r, body)
		}
	})
}

type graphHandler func(w http.ResponseWriter, r *http.Request, body []byte)

// route finds the operation, fills in what the path says about it, and returns the application permission it needs.
func (g *Graph) route(r *http.Request, call *GraphCall) (graphHandler, string) {
	// A UPN may hold an escaped slash: split before decoding.
	parts, err := splitGraphPath(r.URL.EscapedPath())
	switch {
	case err != nil:
	case len(parts) == 1 && parts[0] == "users" && r.Method == http.MethodGet:
		call.Op = "users"
		return g.listUsers, "User.Read.All"
	case len(parts) == 2 && parts[0] == "users" && r.Method == http.MethodGet:
		call.Op, call.UserID = "user", parts[1]
		return func(w http.ResponseWriter, r *http.Request, _ []byte) { g.getUser(w, r, parts[1]) }, "User.Read.All"
	case len(parts) == 4 && parts[0] == "users" && parts[2] == "onlineMeetings" && parts[3] == "createOrGet" &&
		r.Method == http.MethodPost:
		call.Op, call.UserID = "createOrGet", parts[1]
		return func(w http.ResponseWriter, r *http.Request, body []byte) { g.createOrGet(w, r, parts[1], body) },
			"OnlineMeetings.ReadWrite.All"
	}
	return func(w http.ResponseWriter, r *http.Request, _ []byte) {
		g.fail(w, r, http.StatusBadRequest, "BadRequest", "Resource not found for the segment.")
	}, ""
}

// graphBody reads the body, which a client may have compressed.
func graphBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, graphMaxBody))
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" || len(raw) == 0 {
		return raw, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("unpack body: %w", err)
	}
	return io.ReadAll(io.LimitReader(z, graphMaxBody))
}

// admit checks the token, the permission and the quota, and answers if any of them is missing.
func (g *Graph) admit(w http.ResponseWriter, r *http.Request, role string) bool {
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
	case role == "" || slices.Contains(claims.Roles, role):
		return true
	case strings.HasPrefix(role, "User."):
		g.fail(w, r, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	default:
		g.fail(w, r, http.StatusForbidden, "Forbidden", fmt.Sprintf(
			"Missing role permissions on the request. API requires one of '%s'. Roles on the request '%s'.",
			role, strings.Join(claims.Roles, ", ")))
	}
	return false
}

// check returns the token's claims, or why it is refused.
func (g *Graph) check(token string) (*entraClaims, string) {
	if seen := g.auth.Load(); seen != nil && seen.token == token {
		if g.opts.Now().Before(seen.claims.ExpiresAt.Time) {
			return seen.claims, ""
		}
	}
	claims, err := g.opts.Entra.verify(token, g.origin(), g.opts.Now)
	switch {
	case err == nil:
		g.auth.Store(&graphAuth{token, claims})
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
func (g *Graph) spend() time.Duration {
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

func (g *Graph) unauthorized(w http.ResponseWriter, r *http.Request, why string) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(
		`Bearer realm="", authorization_uri="%scommon/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`,
		g.opts.Entra.URL()))
	g.fail(w, r, http.StatusUnauthorized, "InvalidAuthenticationToken", why)
}

// graphRefusal is the message of an error in the service's own words.
type graphRefusal string

func (r graphRefusal) Error() string { return string(r) }

// fail answers with an error as Graph writes it (document "errors").
func (g *Graph) fail(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	request := uuid.NewString()
	client := r.Header.Get("Client-Request-Id")
	if client == "" {
		client = request
	}
	graphJSON(w, status, map[string]any{"error": map[string]any{
		"code": code, "message": message,
		"innerError": map[string]any{
			"date":              g.opts.Now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        request,
			"client-request-id": client,
		},
	}})
}

func graphJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	w.Header().Set("OData-Version", "4.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
