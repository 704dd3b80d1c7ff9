package slacktest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What Slack gives an app, by its documentation of slash commands and of the Events API.
const (
	deadline      = 3 * time.Second  // for the answer to a command, an event or an interaction
	responseUses  = 5                // of one response_url
	responseLife  = 30 * time.Minute // of one response_url
	botUser       = "U0MEETBOT"
	botID         = "B0MEETBOT"
	appID         = "A0MEETBOT"
	maxRequest    = 1 << 20
	keepByDefault = 20_000
	burst         = 5
)

// Scopes are the bot scopes that are granted unless Options say otherwise.
func Scopes() []string {
	return []string{
		"commands", "app_mentions:read", "chat:write", "chat:write.public", "users:read", "users:read.email",
		"usergroups:read", "channels:read", "groups:read",
	}
}

// Options describe a workspace and the app installed in it. The zero value is a plain workspace.
type Options struct {
	Team              string // default "T024BE7LD"
	Enterprise        string // the Enterprise Grid organization; empty for a workspace of its own
	EnterpriseInstall bool   // the app is installed for the whole organization

	// SocketMode is whether Socket Mode is on in the app's settings: then everything is delivered by the connections
	// that the app makes, and its addresses do not count.
	SocketMode       bool
	AppToken         string        // default random
	AppScopes        []string      // of the app token; default connections:write
	MaxConnections   int           // default Slack's 10
	PingEvery        time.Duration // default 10 s
	NoAnswersInPlace bool          // acknowledgements of commands may carry no answer

	SigningSecret string   // default random
	BotToken      string   // default random
	Scopes        []string // default Scopes()

	// PostBurst is how many messages chat.postMessage takes at once in a channel, beyond which it takes one a second.
	// 0: 5; negative: no limit. Slack documents the one a second and leaves the burst open.
	PostBurst int
	// Keep is how many messages, and how many calls, are remembered; the oldest go first. 0: 20,000; negative: none.
	Keep int
	// RetryDelays are the waits before each redelivery of an event. Default: none, a minute, five minutes. An empty
	// slice that is not nil: no redelivery.
	RetryDelays []time.Duration
	// EditWindow is how old a message may be that the app changes, as a workspace's settings limit it. 0: any age.
	EditWindow time.Duration
	// Deadline is how long the app may take to answer. Default: Slack's 3 s.
	Deadline time.Duration
	// Now is Slack's clock, for time stamps, signatures and everything that expires. Default: time.Now.
	Now func() time.Time
}

// Server is a workspace with one app in it. It calls the app as Slack does, and serves the Web API and the response
// URLs that the app calls. It is safe for concurrent use. Close it when done.
type Server struct {
	signing, token atomic.Pointer[string] // nil: those of the options

	o            Options
	base         string // scheme, host and port
	server       *faultserver.Server
	client       *http.Client
	configToken  string // of somebody who may configure the app
	verification string // the token of old, which Slack still sends
	faults       faultserver.Faults
	calls        faultserver.Recorder[Call]
	sockets      *sockets

	mu        sync.Mutex
	install   install
	scopes    []string
	users     map[string]User
	groups    map[string]UserGroup
	channels  map[string]Channel
	talk      talk
	tickets   tickets
	posts     map[string]*bucket    // by channel
	bookmarks map[string][]Bookmark // by channel

	manifest      json.RawMessage // how the app is configured; nil if that was not set
	configExpired bool            // the configuration token has
}

// install says where the app is installed.
type install struct {
	enterprise string // the organization that the workspace is part of; empty for none
	wide       bool   // the app is installed for the organization
}

// installed tells where the app is installed now.
func (s *Server) installed() install {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.install
}

// InstallForOrganization makes the workspace part of an organization, and the app's installation one for all of it:
// from then on requests and auth.test say so. Slack gives the app another token with that; this one stays the same.
func (s *Server) InstallForOrganization(enterprise string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.install = install{enterprise, true}
}

// ShareChannel begins to share a private channel whose ID begins with G, as the dialog for sharing does when it is
// opened: the channel gets the same ID with a C, and Slack no longer knows the old one. It returns the new ID.
// Messages, threads and response URLs stay. Source: Slack, reference of the event "channel_id_changed".
func (s *Server) ShareChannel(id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel, ok := s.channels[id]
	if !ok || !strings.HasPrefix(id, "G") {
		return "", fmt.Errorf("share a channel: no private channel %q", id)
	}
	channel.ID = "C" + id[1:]
	s.channels[channel.ID] = channel
	delete(s.channels, id)
	for _, bookmark := range s.bookmarks[id] {
		bookmark.Channel = channel.ID
		s.bookmarks[channel.ID] = append(s.bookmarks[channel.ID], bookmark)
	}
	delete(s.bookmarks, id)
	s.talk.rename(id, channel.ID)
	s.tickets.rename(id, channel.ID)
	return channel.ID, nil
}

// User is somebody in the workspace, or seen from it. The zero values of Locale, TZ and Team stand for "en-US",
// "Etc/UTC" and the workspace's own.
type User struct {
	ID, Name, RealName, Email, Locale, TZ string

	EmailConfirmed  bool
	EmailUnsaid     bool // users.info says neither that the e-mail is confirmed nor that it is not
	Deleted         bool
	Bot             bool
	Restricted      bool // multi-channel guest
	UltraRestricted bool // single-channel guest
	Stranger        bool // of another organization, in a shared channel
	Team            string
}

// Channel is a channel of the workspace. Direct messages need not be added: the one between the app and a user is
// called "D" and the user's ID.
type Channel struct {
	ID, Name  string
	Private   bool
	Archived  bool
	BotAbsent bool     // the app is not a member
	Members   []string // user IDs; nil: everybody
}

// Call is one request that the app made.
type Call struct {
	Method string // "chat.postMessage", "response_url", ...
	Status int    // HTTP status; 0: the connection was cut
	Error  string // Slack's word for what was wrong; empty for none
	At     time.Time
}

// New starts a workspace on a free port of 127.0.0.1.
func New(o Options) (*Server, error) {
	o.Team = cmp.Or(o.Team, "T024BE7LD")
	o.SigningSecret = cmp.Or(o.SigningSecret, faultserver.RandomHex(16))
	o.BotToken = cmp.Or(o.BotToken, "xoxb-2345678901-2345678901234-"+rand.Text()[:24])
	o.AppToken = cmp.Or(o.AppToken, "xapp-1-"+appID+"-2345678901234-"+faultserver.RandomHex(32))
	o.MaxConnections = cmp.Or(o.MaxConnections, maxConnections)
	o.PingEvery = cmp.Or(o.PingEvery, pingEvery)
	o.PostBurst = cmp.Or(o.PostBurst, burst)
	o.Keep = cmp.Or(o.Keep, keepByDefault)
	o.Deadline = cmp.Or(o.Deadline, deadline)
	if o.Scopes == nil {
		o.Scopes = Scopes()
	}
	if o.AppScopes == nil {
		o.AppScopes = []string{"connections:write"}
	}
	if o.RetryDelays == nil {
		o.RetryDelays = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 512
	s := &Server{
		o:            o,
		verification: rand.Text()[:24],
		configToken:  "xoxe.xoxp-1-" + rand.Text(),
		calls:        faultserver.Recorder[Call]{Limit: o.Keep},
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		sockets:   newSockets(o.SocketMode),
		install:   install{o.Enterprise, o.EnterpriseInstall},
		scopes:    slices.Clone(o.Scopes),
		users:     map[string]User{},
		groups:    map[string]UserGroup{},
		channels:  map[string]Channel{},
		posts:     map[string]*bucket{},
		bookmarks: map[string][]Bookmark{},
	}
	server, err := faultserver.Listen(s.routes(), nil)
	if err != nil {
		return nil, fmt.Errorf("start the Slack sandbox: %w", err)
	}
	s.server, s.base = server, "http://"+server.Addr
	s.AddUser(User{ID: botUser, Name: "meetbot", RealName: "meetbot", Bot: true})
	return s, nil
}

// Close cuts every connection and ends the server.
func (s *Server) Close() {
	s.sockets.mu.Lock()
	s.sockets.close() // no connection begins any more
	s.sockets.mu.Unlock()
	s.server.Close()
	s.sockets.group.Wait()
	s.client.CloseIdleConnections()
}

// APIURL is the base of the Web API, for SLACK_API_URL: "http://127.0.0.1:PORT/api/".
func (s *Server) APIURL() string { return s.base + "/api/" }

// SigningSecret is what requests to the app are signed with.
func (s *Server) SigningSecret() string {
	if changed := s.signing.Load(); changed != nil {
		return *changed
	}
	return s.o.SigningSecret
}

// SetSigningSecret signs requests with another secret from now on.
func (s *Server) SetSigningSecret(secret string) { s.signing.Store(&secret) }

// BotToken is the token that the Web API accepts.
func (s *Server) BotToken() string {
	if changed := s.token.Load(); changed != nil {
		return *changed
	}
	return s.o.BotToken
}

// SetBotToken revokes the token, and accepts another one from now on.
func (s *Server) SetBotToken(token string) { s.token.Store(&token) }

// Team is the workspace's ID.
func (s *Server) Team() string { return s.o.Team }

// BotUser is the app's user ID, as mentions name it.
func (s *Server) BotUser() string { return botUser }

// AddUser adds a user, or changes the one with this ID.
func (s *Server) AddUser(u User) {
	u.Name = cmp.Or(u.Name, strings.ToLower(u.ID))
	u.RealName = cmp.Or(u.RealName, u.Name)
	u.Locale = cmp.Or(u.Locale, "en-US")
	u.TZ = cmp.Or(u.TZ, "Etc/UTC")
	u.Team = cmp.Or(u.Team, s.o.Team)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ID] = u
}

// AddChannel adds a channel, or changes the one with this ID.
func (s *Server) AddChannel(c Channel) {
	c.Name = cmp.Or(c.Name, strings.ToLower(c.ID))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[c.ID] = c
}

// SetBotMember makes the app a member of a channel, as an invitation does, or ends its membership.
func (s *Server) SetBotMember(channel string, member bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.channels[channel]
	if !ok {
		return fmt.Errorf("change the app's membership: no channel %q", channel)
	}
	c.BotAbsent = !member
	s.channels[channel] = c
	return nil
}

// Scopes are the bot scopes that are granted now.
func (s *Server) Scopes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.scopes)
}

// SetScopes grants these bot scopes and no others, as installing the app again does.
func (s *Server) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = slices.Clone(scopes)
}

// granted tells whether a scope is granted now.
func (s *Server) granted(scope string) bool { return slices.Contains(s.Scopes(), scope) }

func (s *Server) user(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	return u, ok
}

// channel finds a channel by its ID. The direct message with a known user always exists.
func (s *Server) channel(id string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.channels[id]; ok {
		return c, true
	}
	user, direct := strings.CutPrefix(id, "D")
	if _, ok := s.users[user]; !direct || !ok {
		return Channel{}, false
	}
	return Channel{ID: id, Name: "directmessage", Members: []string{user, botUser}}, true
}

// direct tells whether c is a direct message.
func (c Channel) direct() bool { return strings.HasPrefix(c.ID, "D") }

// group tells whether it is a group message.
func (c Channel) group() bool { return strings.HasPrefix(c.Name, "mpdm-") }

// has tells whether the user is a member.
func (c Channel) has(user string) bool {
	return c.Members == nil || slices.Contains(c.Members, user)
}

// Fault arms a fault. Its target is the name of a Web API method, or "response_url".
func (s *Server) Fault(f faultserver.Fault) { s.faults.Add(f) }

// ArmedFaults counts the faults that are still to strike.
func (s *Server) ArmedFaults() int { return s.faults.Armed() }

// ClearFaults disarms every fault.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Calls lists what the app asked of the Web API and the response URLs, oldest first.
func (s *Server) Calls() []Call { return s.calls.List() }

// ResetCalls forgets the calls so far.
func (s *Server) ResetCalls() { s.calls.Clear() }

// routes is the server that the app sees.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", func(w http.ResponseWriter, r *http.Request) {
		method := r.PathValue("method")
		s.serve(method, w, r, func(r *http.Request) reply { return s.webAPI(method, r) })
	})
	mux.HandleFunc("GET /link/", s.link)
	for _, kind := range []string{"commands", "actions"} {
		mux.HandleFunc("POST /"+kind+"/{team}/{number}/{secret}", func(w http.ResponseWriter, r *http.Request) {
			s.serve("response_url", w, r, s.respond)
		})
	}
	return mux
}

// reply is an answer of Slack's server.
type reply struct {
	status int    // 0: 200
	err    string // for the record of calls
	header http.Header
	body   []byte
}

// serve answers one request under whatever fault is armed for the target, and records it before the app can see the
// answer.
func (s *Server) serve(target string, w http.ResponseWriter, r *http.Request, work func(*http.Request) reply) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "request_too_large", http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	call := Call{Method: target, At: s.o.Now()}
	recorded := false
	defer func() { // a fault may cut the connection by a panic
		if !recorded {
			s.calls.Add(call)
		}
	}()
	call.Status = s.faults.Serve(target, w, r, func(w http.ResponseWriter, r *http.Request) {
		reply := work(r)
		reply.status = cmp.Or(reply.status, http.StatusOK)
		call.Error = reply.err
		if !faultserver.Discarded(w) {
			call.Status = reply.status
			s.calls.Add(call)
			recorded = true
		}
		for name, values := range reply.header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(reply.body)))
		w.WriteHeader(reply.status)
		_, _ = w.Write(reply.body)
	})
}

// Sign sets the headers by which the app knows that a request with this body is Slack's: the documentation of
// verifying requests, signature version v0.
func (s *Server) Sign(h http.Header, body []byte, at time.Time) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.SigningSecret()))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// request prepares a signed request to the app. It can be sent again as it is, for it knows its body.
func (s *Server) request(ctx context.Context, url, contentType string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("prepare a request to the app: %w", err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	r.Header.Set("Accept", "application/json,*/*")
	s.Sign(r.Header, body, s.o.Now())
	return r, nil
}

// outcome is what came of a request to the app.
type outcome struct {
	status   int // 0: no answer
	header   http.Header
	body     []byte
	took     time.Duration
	timedOut bool
	cut      bool // no connection, or it broke
}

// send gives the app its three seconds. An error means that the caller's own context ended.
func (s *Server) send(r *http.Request) (outcome, error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.o.Deadline)
	defer cancel()
	start := time.Now()
	resp, err := s.client.Do(r.WithContext(ctx))
	var out outcome
	if err == nil {
		out.header = resp.Header
		out.body, err = io.ReadAll(io.LimitReader(resp.Body, maxRequest))
		_ = resp.Body.Close()
	}
	out.took = time.Since(start)
	switch {
	case err == nil:
		out.status = resp.StatusCode
	case r.Context().Err() != nil:
		return out, fmt.Errorf("call the app: %w", r.Context().Err())
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		out.timedOut = true
	default:
		out.cut = true
	}
	return out, nil
}

// ok tells whether the app accepted.
func (o outcome) ok() bool { return o.status >= 200 && o.status < 300 }

// problem is the word that Slack shows to the user when the app does not answer as it should; empty if it does.
func (o outcome) problem() string {
	switch {
	case o.timedOut:
		return "operation_timeout"
	case !o.ok():
		return "dispatch_failed"
	default:
		return ""
	}
}
