package graphtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
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
	// Clock is the clock of meetings' lives alone: of creation, default times and expiry. Nil: Now.
	Clock   func() time.Time
	Choices Choices
}

// Call is one request that reached the service.
type Call struct {
	// Op is "createOrGet", "meeting", "changeMeeting", "deleteMeeting", "user", "users", "application" or empty.
	Op         string
	Method     string
	Path       string // decoded, without the query
	Query      string // raw
	UserID     string // the user named in the path
	MeetingID  string // the meeting named in the path
	ExternalID string // "createOrGet"
	Body       json.RawMessage
	Status     int // 0: the connection was cut
	At         time.Time
}

// Server is the part of Microsoft Graph v1.0 that the program uses: users by ID, UPN and filter, and online meetings,
// which are made by createOrGet, read, changed and deleted. It serves plain http, which clients accept on loopback
// alone.
//
// The names of its operations, for [faultserver.Fault.Target], are those of [Call.Op]. A fault can strike for one
// person: [faultserver.Fault.Whose] is the user that the path names.
type Server struct {
	opts   Options
	server *faultserver.Server
	faults faultserver.Faults
	calls  faultserver.Recorder[Call]
	auth   atomic.Pointer[auth] // the token seen last: a client sends the same one for an hour
	clock  atomic.Pointer[func() time.Time]

	mu           sync.Mutex
	users        map[string]*User  // by lower-case object ID
	groups       map[string]Group  // by object ID in lower case
	byUPN        map[string]string // lower-case UPN to lower-case object ID
	order        []string          // object IDs in the order of creation
	policies     map[string]bool   // application access policy by lower-case object ID
	globalPolicy bool
	choices      Choices
	meetings     map[meetingKey]*meeting // the newest of each
	byID         map[string]*meeting
	byLink       map[string]*meeting
	made         []*meeting             // in the order of creation
	counts       map[string]int         // requests by operation
	secrets      map[string][]AppSecret // by lower-case client ID
	windowStart  time.Time
	windowUsed   int
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
	if o.Clock == nil {
		o.Clock = o.Now
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
		groups:       make(map[string]Group),
		byUPN:        make(map[string]string),
		policies:     make(map[string]bool),
		globalPolicy: true,
		choices:      o.Choices,
		meetings:     make(map[meetingKey]*meeting),
		byID:         make(map[string]*meeting),
		byLink:       make(map[string]*meeting),
		counts:       make(map[string]int),
		secrets:      make(map[string][]AppSecret),
	}
	g.SetClock(o.Clock)
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

// Counts returns how many requests each operation had so far, under the names of [Call.Op].
func (g *Server) Counts() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.counts)
}

// ResetCalls forgets the requests so far.
func (g *Server) ResetCalls() {
	g.calls.Clear()
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.counts)
}

// maxBody is far beyond what any request here holds.
const maxBody = 1 << 20

// serve is the whole service: read, wait, fault or work, record.
func (g *Server) serve(w http.ResponseWriter, r *http.Request) {
	call := Call{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery}
	work, roles := g.route(r, &call)
	defer func() {
		// Deferred, because a connection is cut by a panic that net/http understands.
		call.At = g.opts.Now()
		g.calls.Add(call)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.counts[call.Op]++
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
		if g.admit(w, r, roles) {
			work(w, r, body)
		}
	})
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
