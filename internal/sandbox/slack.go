package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What Slack gives an app, by its documentation of slash commands and of the Events API.
const (
	slackDeadline      = 3 * time.Second  // for the answer to a command, an event or an interaction
	slackResponseUses  = 5                // of one response_url
	slackResponseLife  = 30 * time.Minute // of one response_url
	slackBotUser       = "U0MEETBOT"
	slackBotID         = "B0MEETBOT"
	slackAppID         = "A0MEETBOT"
	slackMaxRequest    = 1 << 20
	slackKeepByDefault = 20_000
	slackBurst         = 5
)

// SlackScopes are the bot scopes that are granted unless SlackOptions say otherwise.
func SlackScopes() []string {
	return []string{"commands", "app_mentions:read", "chat:write", "users:read", "users:read.email"}
}

// SlackOptions describe a workspace and the app installed in it. The zero value is a plain workspace.
type SlackOptions struct {
	Team              string // default "T024BE7LD"
	Enterprise        string // the Enterprise Grid organization; empty for a workspace of its own
	EnterpriseInstall bool   // the app is installed for the whole organization

	SigningSecret string   // default random
	BotToken      string   // default random
	Scopes        []string // default SlackScopes

	// PostBurst is how many messages chat.postMessage takes at once in a channel, beyond which it takes one a second.
	// 0: 5; negative: no limit. Slack documents the one a second and leaves the burst open.
	PostBurst int
	// Keep is how many messages, and how many calls, are remembered; the oldest go first. 0: 20,000; negative: none.
	Keep int
	// RetryDelays are the waits before each redelivery of an event. Default: none, a minute, five minutes. An empty
	// slice that is not nil: no redelivery.
	RetryDelays []time.Duration
	// Deadline is how long the app may take to answer. Default: Slack's 3 s.
	Deadline time.Duration
	// Now is Slack's clock, for time stamps, signatures and everything that expires. Default: time.Now.
	Now func() time.Time
}

// Slack is a workspace with one app in it. It calls the app as Slack does, and serves the Web API and the response URLs
// that the app calls. It is safe for concurrent use. Close it when done.
type Slack struct {
	o            SlackOptions
	base         string // scheme, host and port
	server       *loopbackServer
	client       *http.Client
	verification string // the token of old, which Slack still sends
	faults       faults
	calls        journal[SlackCall]

	mu       sync.Mutex
	users    map[string]SlackUser
	channels map[string]SlackChannel
	talk     slackTalk
	tickets  slackTickets
	posts    map[string]*slackBucket // by channel
}

// SlackUser is somebody in the workspace, or seen from it. The zero values of Locale, TZ and Team stand for "en-US",
// "Etc/UTC" and the workspace's own.
type SlackUser struct {
	ID, Name, RealName, Email, Locale, TZ string

	EmailConfirmed  bool
	Deleted         bool
	Bot             bool
	Restricted      bool // multi-channel guest
	UltraRestricted bool // single-channel guest
	Stranger        bool // of another organization, in a shared channel
	Team            string
}

// SlackChannel is a channel of the workspace. Direct messages need not be added: the one between the app and a user is
// called "D" and the user's ID.
type SlackChannel struct {
	ID, Name  string
	Private   bool
	Archived  bool
	BotAbsent bool     // the app is not a member
	Members   []string // user IDs; nil: everybody
}

// SlackCall is one request that the app made.
type SlackCall struct {
	Method string // "chat.postMessage", "response_url", ...
	Status int    // HTTP status; 0: the connection was cut
	Error  string // Slack's word for what was wrong; empty for none
	At     time.Time
}

// NewSlack starts a workspace on a free port of 127.0.0.1.
func NewSlack(o SlackOptions) (*Slack, error) {
	o.Team = cmp.Or(o.Team, "T024BE7LD")
	o.SigningSecret = cmp.Or(o.SigningSecret, randomHex(16))
	o.BotToken = cmp.Or(o.BotToken, "xoxb-2345678901-2345678901234-"+rand.Text()[:24])
	o.PostBurst = cmp.Or(o.PostBurst, slackBurst)
	o.Keep = cmp.Or(o.Keep, slackKeepByDefault)
	o.Deadline = cmp.Or(o.Deadline, slackDeadline)
	if o.Scopes == nil {
		o.Scopes = SlackScopes()
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
	s := &Slack{
		o:            o,
		verification: rand.Text()[:24],
		calls:        journal[SlackCall]{limit: o.Keep},
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		users:    map[string]SlackUser{},
		channels: map[string]SlackChannel{},
		posts:    map[string]*slackBucket{},
	}
	server, err := listenLoopback(s.routes(), nil)
	if err != nil {
		return nil, fmt.Errorf("start the Slack sandbox: %w", err)
	}
	s.server, s.base = server, "http://"+server.addr
	s.AddUser(SlackUser{ID: slackBotUser, Name: "meetbot", RealName: "meetbot", Bot: true})
	return s, nil
}

// Close cuts every connection and ends the server.
func (s *Slack) Close() {
	s.server.close()
	s.client.CloseIdleConnections()
}

// APIURL is the base of the Web API, for SLACK_API_URL: "http://127.0.0.1:PORT/api/".
func (s *Slack) APIURL() string { return s.base + "/api/" }

// SigningSecret is what requests to the app are signed with.
func (s *Slack) SigningSecret() string { return s.o.SigningSecret }

// BotToken is the token that the Web API accepts.
func (s *Slack) BotToken() string { return s.o.BotToken }

// Team is the workspace's ID.
func (s *Slack) Team() string { return s.o.Team }

// BotUser is the app's user ID, as mentions name it.
func (s *Slack) BotUser() string { return slackBotUser }

// AddUser adds a user, or changes the one with this ID.
func (s *Slack) AddUser(u SlackUser) {
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
func (s *Slack) AddChannel(c SlackChannel) {
	c.Name = cmp.Or(c.Name, strings.ToLower(c.ID))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[c.ID] = c
}

func (s *Slack) user(id string) (SlackUser, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	return u, ok
}

// channel finds a channel by its ID. The direct message with a known user always exists.
func (s *Slack) channel(id string) (SlackChannel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.channels[id]; ok {
		return c, true
	}
	user, direct := strings.CutPrefix(id, "D")
	if _, ok := s.users[user]; !direct || !ok {
		return SlackChannel{}, false
	}
	return SlackChannel{ID: id, Name: "directmessage", Members: []string{user, slackBotUser}}, true
}

// direct tells whether c is a direct message.
func (c SlackChannel) direct() bool { return strings.HasPrefix(c.ID, "D") }

// has tells whether the user is a member.
func (c SlackChannel) has(user string) bool {
	return c.Members == nil || slices.Contains(c.Members, user)
}

// Fault arms a fault. Its target is the name of a Web API method, or "response_url".
func (s *Slack) Fault(f Fault) { s.faults.add(f) }

// ArmedFaults counts the faults that are still to strike.
func (s *Slack) ArmedFaults() int { return s.faults.armed() }

// ClearFaults disarms every fault.
func (s *Slack) ClearFaults() { s.faults.clear() }

// Calls lists what the app asked of the Web API and the response URLs, oldest first.
func (s *Slack) Calls() []SlackCall { return s.calls.list() }

// ResetCalls forgets the calls so far.
func (s *Slack) ResetCalls() { s.calls.clear() }

// routes is the server that the app sees.
func (s *Slack) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", func(w http.ResponseWriter, r *http.Request) {
		method := r.PathValue("method")
		s.serve(method, w, r, func(r *http.Request) slackReply { return s.webAPI(method, r) })
	})
	for _, kind := range []string{"commands", "actions"} {
		mux.HandleFunc("POST /"+kind+"/{team}/{number}/{secret}", func(w http.ResponseWriter, r *http.Request) {
			s.serve("response_url", w, r, s.respond)
		})
	}
	return mux
}

// slackReply is an answer of Slack's server.
type slackReply struct {
	status int    // 0: 200
	err    string // for the record of calls
	header http.Header
	body   []byte
}

// serve answers one request under whatever fault is armed for the target, and records it before the app can see the
// answer.
func (s *Slack) serve(target string, w http.ResponseWriter, r *http.Request, work func(*http.Request) slackReply) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, slackMaxRequest))
	if err != nil {
		http.Error(w, "request_too_large", http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	call := SlackCall{Method: target, At: s.o.Now()}
	recorded := false
	defer func() { // a fault may cut the connection by a panic
		if !recorded {
			s.calls.add(call)
		}
	}()
	call.Status = s.faults.around(target, w, r, func(w http.ResponseWriter, r *http.Request) {
		reply := work(r)
		reply.status = cmp.Or(reply.status, http.StatusOK)
		call.Error = reply.err
		if !discarded(w) {
			call.Status = reply.status
			s.calls.add(call)
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
func (s *Slack) Sign(h http.Header, body []byte, at time.Time) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.o.SigningSecret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// request prepares a signed request to the app. It can be sent again as it is, for it knows its body.
func (s *Slack) request(ctx context.Context, url, contentType string, body []byte) (*http.Request, error) {
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

// slackOutcome is what came of a request to the app.
type slackOutcome struct {
	status   int // 0: no answer
	header   http.Header
	body     []byte
	took     time.Duration
	timedOut bool
	cut      bool // no connection, or it broke
}

// send gives the app its three seconds. An error means that the caller's own context ended.
func (s *Slack) send(r *http.Request) (slackOutcome, error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.o.Deadline)
	defer cancel()
	start := time.Now()
	resp, err := s.client.Do(r.WithContext(ctx))
	var out slackOutcome
	if err == nil {
		out.header = resp.Header
		out.body, err = io.ReadAll(io.LimitReader(resp.Body, slackMaxRequest))
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
func (o slackOutcome) ok() bool { return o.status >= 200 && o.status < 300 }

// problem is the word that Slack shows to the user when the app does not answer as it should; empty if it does.
func (o slackOutcome) problem() string {
	switch {
	case o.timedOut:
		return "operation_timeout"
	case !o.ok():
		return "dispatch_failed"
	default:
		return ""
	}
}
