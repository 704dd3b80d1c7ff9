package graphtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
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

// Options describe the service. Only Entra is required.
type Options struct {
	Entra *entratest.Server // whose tokens are accepted
	Users []User
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

// Call is one request that reached the service.
type Call struct {
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

// Server is the part of Microsoft Graph v1.0 that the program uses: users by ID, UPN and filter, and online meetings by
// createOrGet. It serves plain http, which clients accept on loopback alone.
//
// The names of its operations, for [faultserver.Fault.Target], are "createOrGet", "user" and "users". A fault can
// strike for one person: [faultserver.Fault.Whose] is the user that the path of "createOrGet" and "user" names.
type Server struct {
	opts   Options
	server *faultserver.Server
	faults faultserver.Faults
	calls  faultserver.Recorder[Call]
	auth   atomic.Pointer[auth] // the token seen last: a client sends the same one for an hour

	mu           sync.Mutex
	users        map[string]*User  // by lower-case object ID
	byUPN        map[string]string // lower-case UPN to lower-case object ID
	order        []string          // object IDs in the order of creation
	policies     map[string]bool   // application access policy by lower-case object ID
	globalPolicy bool
	meetings     map[meetingKey]*meeting
	made         []*meeting // in the order of creation
	windowStart  time.Time
	windowUsed   int
}

// auth is a token whose signature was checked.
type auth struct {
	token  string
	claims *entratest.Claims
}

// New starts the service. Every user has an application access policy until [Graph.SetGlobalPolicy] or
// [Graph.SetPolicy] says otherwise. Close it when done.
func New(o Options) (*Server, error) {
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
	g := &Server{
		opts:         o,
		users:        make(map[string]*User),
		byUPN:        make(map[string]string),
		policies:     make(map[string]bool),
		globalPolicy: true,
		meetings:     make(map[meetingKey]*meeting),
	}
	for _, u := range o.Users {
		if err := g.AddUser(u); err != nil {
			return nil, err
		}
	}
	var err error
	if g.server, err = faultserver.Listen(http.HandlerFunc(g.serve), nil); err != nil {
		return nil, err
	}
	o.Entra.AddAudience(g.origin())
	return g, nil
}

// Close stops the server and cuts its connections.
func (g *Server) Close() { g.server.Close() }

func (g *Server) origin() string { return "http://" + g.server.Addr }

// BaseURL is the service's root, for GRAPH_BASE_URL: "http://127.0.0.1:PORT/v1.0".
func (g *Server) BaseURL() string { return g.origin() + root }

const root = "/v1.0"

// Fault arms a fault.
func (g *Server) Fault(f faultserver.Fault) { g.faults.Add(f) }

// ArmedFaults counts the faults that are still to strike.
func (g *Server) ArmedFaults() int { return g.faults.Armed() }

// ClearFaults disarms every fault.
func (g *Server) ClearFaults() { g.faults.Clear() }

// Calls returns every request so far, in the order in which they were answered.
func (g *Server) Calls() []Call { return g.calls.List() }

// ResetCalls forgets the requests so far.
func (g *Server) ResetCalls() { g.calls.Clear() }

// maxBody is far beyond what any request here holds.
const maxBody = 1 << 20

// serve is the whole service: read, wait, fault or work, record.
func (g *Server) serve(w http.ResponseWriter, r *http.Request) {
	call := Call{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery}
	work, role := g.route(r, &call)
	defer func() {
		// Deferred, because a connection is cut by a panic that net/http understands.
		call.At = g.opts.Now()
		g.calls.Add(call)
	}()
	body, err := body(w, r)
	if err != nil {
		call.Status = http.StatusBadRequest
		g.fail(w, r, http.StatusBadRequest, "BadRequest", "Unable to read the request payload.")
		return
	}
	if json.Valid(body) {
		call.Body = body
		call.ExternalID = externalID(body)
	}
	if !faultserver.Delay(r, g.opts.Latency) {
		return
	}
	call.Status = g.faults.ServeFor(call.Op, call.UserID, w, r, func(w http.ResponseWriter, r *http.Request) {
		if g.admit(w, r, role) {
			work(w, r, body)
		}
	})
}

type handler func(w http.ResponseWriter, r *http.Request, body []byte)

// route finds the operation, fills in what the path says about it, and returns the application permission it needs.
func (g *Server) route(r *http.Request, call *Call) (handler, string) {
	// A UPN may hold an escaped slash: split before decoding.
	parts, err := splitPath(r.URL.EscapedPath())
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

// body reads the body, which a client may have compressed.
func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" || len(raw) == 0 {
		return raw, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("unpack body: %w", err)
	}
	return io.ReadAll(io.LimitReader(z, maxBody))
}

// admit checks the token, the permission and the quota, and answers if any of them is missing.
func (g *Server) admit(w http.ResponseWriter, r *http.Request, role string) bool {
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
		g.fail(w, r, http.StatusForbidden, "Authorization_RequestDenied",
			"Insufficient privileges to complete the operation.")
	default:
		g.fail(w, r, http.StatusForbidden, "Forbidden", fmt.Sprintf(
			"Missing role permissions on the request. API requires one of '%s'. Roles on the request '%s'.",
			role, strings.Join(claims.Roles, ", ")))
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

// requestRefusal is the message of an error in the service's own words.
type requestRefusal string

func (r requestRefusal) Error() string { return string(r) }

// fail answers with an error as Graph writes it (document "errors").
func (g *Server) fail(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	request := uuid.NewString()
	client := r.Header.Get("Client-Request-Id")
	if client == "" {
		client = request
	}
	w.Header().Set("Request-Id", request)
	w.Header().Set("Client-Request-Id", client)
	writeJSON(w, status, map[string]any{"error": map[string]any{
		"code": code, "message": message,
		"innerError": map[string]any{
			"date":              g.opts.Now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        request,
			"client-request-id": client,
		},
	}})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;"+
		"IEEE754Compatible=false;charset=utf-8")
	w.Header().Set("OData-Version", "4.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
