package teamstest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// What Bot Framework and Teams are known by, and what they give a bot.
const (
	channelID     = "msteams"
	audience      = "https://api.botframework.com" // of the bot's tokens
	issuer        = "https://api.botframework.com" // of the tokens of activities
	region        = "/emea"                        // the path of the service URL: a client must keep it
	deadline      = 15 * time.Second               // for the answer to an activity, as third parties report
	maxRequest    = 1 << 20
	keepByDefault = 20_000
)

// Posts are the limits of sending to one conversation: the document "Optimize your bot with rate limiting", "Per
// bot per thread limit".
func Posts() []Quota {
	return []Quota{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}}
}

// Options describe a Teams organization and the bot registered with it. Only Entra is required.
type Options struct {
	Entra *entratest.Server // where the bot gets its tokens; its tenant is the organization

	AppID     string // the bot's client ID, a GUID; default random. New registers it with Entra
	AppSecret string // default random
	BotName   string // as members see it and mention it; default "meetbot"

	// HearsAll says that the app has the permission to read all messages of channels and chats (resource-specific
	// consent): it is told of messages that do not mention it, too.
	HearsAll bool

	// Posts is how many messages the bot may send within a window, per conversation; threads count for their channel.
	// Default: TeamsPosts. An empty slice that is not nil: no limit.
	Posts []Quota
	// Keep is how many messages, and how many calls, are remembered; the oldest go first. 0: 20,000; negative: none.
	Keep int
	// RetryDelays are the waits before each redelivery of an activity that the bot answered with 429 or 5xx, or not at
	// all. Default: none, for Microsoft documents no redelivery; it is seen now and then.
	RetryDelays []time.Duration
	// Deadline is how long the bot may take to answer. Default: 15 s.
	Deadline time.Duration
	// Now is the clock of Teams, for time stamps and tokens. Default: time.Now.
	Now func() time.Time
}

// Quota is a limit of messages per window.
type Quota struct {
	Messages int
	Window   time.Duration
}

// Server is Microsoft Teams for one organization with one bot in it: it sends the bot signed activities as the Bot
// Framework does, publishes the keys they are signed with, and serves the connector that the bot answers through. It is
// safe for concurrent use. Close it when done.
//
// The names of its operations, for [Fault.Target], are "metadata", "keys", "create", "send", "reply", "update",
// "delete", "members", "member".
//
// It serves plain http, which clients accept on loopback alone.
type Server struct {
	o        Options
	base     string // scheme, host and port
	server   *faultserver.Server
	client   *http.Client
	faults   faultserver.Faults
	calls    faultserver.Recorder[Call]
	keys     keyring
	metadata atomic.Int64 // reads
	keyReads atomic.Int64
	seen     atomic.Pointer[seenToken] // the token seen last: a client sends the same one for an hour

	mu            sync.Mutex
	users         map[string]User         // by lower-case object ID
	order         []string                // the keys of users, as they were added
	members       map[string]string       // member ID to the key of users
	chats         map[string]string       // ID of the personal chat to the key of users
	conversations map[string]Conversation // by ID; personal chats are made up from users
	teams         map[string]string       // names by ID
	talk          talk
	sent          map[string][]time.Time // by conversation
}

// User is somebody in the organization, or seen from it.
type User struct {
	ID     string // Entra object ID, a GUID: the same as in the sandbox Graph
	Name   string // default: the ID
	UPN    string // default: none
	Locale string // default "en-US"
	TZ     string // default "Etc/UTC"
	Guest  bool
	// Tenant is another organization's, for somebody from there in a shared channel or a federated chat: the activities
	// of those name this organization all the same, and only the list of members tells. Default: this organization's.
	Tenant string

	// joined a meeting without an account: neither activities nor the list of members name an object ID
	Anonymous    bool
	NotInstalled bool // the bot is not installed for this user: there is no personal chat
	Blocked      bool // the user has blocked the bot in the personal chat
}

// Kind is what a conversation is.
type Kind string

// The kinds of conversation. A meeting's chat is a group chat to the bot, but for its ID and its channelData.
const (
	Channel     Kind = "channel"
	GroupChat   Kind = "groupChat"
	MeetingChat Kind = "meeting"
	Personal    Kind = "personal"
)

// Conversation is a channel or a chat. Personal chats need not be added: see [Teams.Personal].
type Conversation struct {
	// ID is "19:…@thread.tacv2" for channels, "19:…@thread.v2" for chats, "19:meeting_…@thread.v2"; default: made up
	ID      string
	Kind    Kind // default Channel
	Name    string
	Team    string   // of a channel: the team's ID, which is that of its General channel
	Members []string // object IDs; nil: everybody

	BotAbsent      bool // the bot is not a member
	BotDisabled    bool // an administrator has blocked the app
	RefuseTargeted bool // targeted messages are refused, as where the feature is not rolled out
}

// Call is one request that the bot made.
type Call struct {
	Op           string // see [Server]; empty for anything else
	Conversation string // conversation ID in the path, with its ";messageid=" if it has one
	Activity     string // activity ID in the path
	Member       string // member ID in the path
	Targeted     bool
	Status       int    // HTTP status; 0: the connection was cut
	Error        string // the connector's word for what was wrong; empty for none
	At           time.Time
}

// Message is a message as it stands in a conversation.
type Message struct {
	ID           string // milliseconds since 1970, unique
	Conversation string // without ";messageid="
	Thread       string // the root post of the thread it is a reply in; empty for a root post and in chats
	From         string // object ID of the author; the bot's app ID for the bot
	FromName     string
	To           string // object ID of the only member who sees it; empty: everybody there
	Text         string // as on the wire: with <at>…</at>
	Format       string // of the text: "plain", "markdown" or "xml"
	Card         json.RawMessage
	ReplyTo      string // what the bot said it answers
	Via          string // "user", "create", "send", "reply", or "invoke" for what a button's answer showed
	Edits        int    // how often it was changed
	At           time.Time
	Changed      time.Time // when it was changed last; zero: never
}

// Post is a message that a user writes.
type Post struct {
	User         string // object ID
	Conversation string // channel or chat, without ";messageid="; see Personal for the chat with the bot
	Thread       string // reply in the thread with this root post, or in a chat under this message; empty: a new post
	// Text is what was written, as on the wire: "<at>meetbot</at> meet Design review"; see Mention. Every <at>…</at>
	// is a mention of the bot, by its name or one word of it, or of the user who has that name.
	Text string
	// Quote is the ID of a message that this one quotes, as a reply in a chat does.
	Quote string
	// Forward is the text of a message that this one forwards.
	Forward string
	// NoText leaves out what stands for the bot in the text from the mention of it, as after the app was renamed.
	NoText bool
	// ThreadApart names a chat's thread in the channel data alone, and not in the conversation's ID.
	ThreadApart bool
	// Slash sends it by the slash menu: only the user and the bot see it, and no mention is needed.
	Slash bool
	// NoObjectID leaves the user's object ID out of the activity, as now and then happens. The list of members has it.
	NoObjectID bool
}

// Delivery is what came of an activity.
type Delivery struct {
	ID       string          // of the activity, and of the message if it is one
	Activity json.RawMessage // the body that was sent: Deliver can send it again
	// Attempts is the status of each delivery; 0 where there was no answer in time. Empty: Teams sends nothing for it
	Attempts []int
	Body     []byte        // of the last answer
	Took     time.Duration // the last answer
}

// Press is a button that a user presses.
type Press struct {
	User    string  // object ID
	Message Message // as Messages, Seen or WaitFor returned it
	Title   string  // of the button; empty: the first Action.Execute that there is
	Verb    string  // to forge the action's verb
	Data    any     // to forge the action's data
}

// Answer is what came of a button.
type Answer struct {
	Status   int // HTTP status; 0: no answer
	Body     []byte
	Took     time.Duration
	TimedOut bool

	// The parsed invoke response.
	StatusCode int             // its statusCode
	Type       string          // "application/vnd.microsoft.card.adaptive", "….activity.message", "….error", ...
	Value      json.RawMessage // a card, a string, or {code, message}

	// Message is the message with its card replaced, as this user alone sees it from now on, or the line that the user
	// is shown for a moment and that stands nowhere; nil for none.
	Message *Message
	// Problem is what the user is shown instead: "Unable to reach app. Please try again.", an error's message, ...;
	// empty for none.
	Problem string
}

// Install is the bot coming into a conversation, or leaving it.
type Install struct {
	User         string // who does it
	Conversation string // a chat, a team's General channel, or the user's Personal chat
	Remove       bool
}

// Membership is a person coming into a conversation, or leaving it. Members of a team are in all its channels.
type Membership struct {
	User         string // object ID: who comes or goes
	By           string // who does it, a member; default: the user
	Conversation string // a channel or a chat; not a person's chat with the bot
	Remove       bool
}

// Key names one of the keys that tokens can be signed with.
type Key string

// The keys.
const (
	KeyCurrent     Key = ""            // published, endorsed for msteams
	KeyPrevious    Key = "previous"    // of before the last rotation
	KeyUnendorsed  Key = "unendorsed"  // published, endorsed for other channels only
	KeyUnpublished Key = "unpublished" // nobody's, under the kid of the current key
)

// Token says how an activity's token differs from a true one. The zero value is the true one.
type Token struct {
	Absent bool    // no Authorization header at all
	Header *string // this Authorization header
	// Alg is "RS256" by default; "none", "HS256" with the public key as its secret (PEM), "RS384", "RS512"
	Alg    string
	Key    Key            // that signs
	Kid    *string        // in the header; default: the key's own
	Claims map[string]any // to change; a nil value takes the claim away: "iss", "aud", "exp", "nbf", "serviceurl", ...
	Mangle bool           // break the signature
}

// New starts an organization with no users and no conversations, and registers the bot with Entra.
func New(o Options) (*Server, error) {
	if o.Entra == nil {
		return nil, errors.New("a sandbox Teams needs an Entra")
	}
	o.AppID = cmp.Or(o.AppID, uuid.NewString())
	o.AppSecret = cmp.Or(o.AppSecret, rand.Text())
	o.BotName = cmp.Or(o.BotName, "meetbot")
	o.Keep = cmp.Or(o.Keep, keepByDefault)
	o.Deadline = cmp.Or(o.Deadline, deadline)
	if o.Posts == nil {
		o.Posts = Posts()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 512
	t := &Server{
		o:     o,
		calls: faultserver.Recorder[Call]{Limit: o.Keep},
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		users:         map[string]User{},
		members:       map[string]string{},
		chats:         map[string]string{},
		conversations: map[string]Conversation{},
		teams:         map[string]string{},
		sent:          map[string][]time.Time{},
	}
	if err := t.keys.start(); err != nil {
		return nil, err
	}
	if err := o.Entra.AddApp(entratest.App{ClientID: o.AppID, ClientSecret: o.AppSecret}); err != nil {
		return nil, fmt.Errorf("register the bot: %w", err)
	}
	o.Entra.AddAudience(audience)
	server, err := faultserver.Listen(t.routes(), nil)
	if err != nil {
		return nil, fmt.Errorf("start the Teams sandbox: %w", err)
	}
	t.server, t.base = server, "http://"+server.Addr
	return t, nil
}

// Close cuts every connection and ends the server.
func (t *Server) Close() {
	t.server.Close()
	t.client.CloseIdleConnections()
}

// AppID is the bot's client ID, for TEAMS_APP_ID.
func (t *Server) AppID() string { return t.o.AppID }

// AppSecret is the bot's client secret, for TEAMS_APP_SECRET.
func (t *Server) AppSecret() string { return t.o.AppSecret }

// TenantID is the organization, for TEAMS_TENANT_ID.
func (t *Server) TenantID() string { return t.o.Entra.TenantID() }

// MetadataURL is where the keys are announced, for TEAMS_OPENID_METADATA_URL.
func (t *Server) MetadataURL() string { return t.base + metadataPath }

// ServiceURL is what activities name as their serviceUrl: "http://127.0.0.1:PORT/emea/".
func (t *Server) ServiceURL() string { return t.base + region + "/" }

// ServiceHost is the host and port of ServiceURL, for TEAMS_SERVICE_HOSTS.
func (t *Server) ServiceHost() string { return t.server.Addr }

// BotID is the bot as a member: "28:" and the app ID.
func (t *Server) BotID() string { return "28:" + t.o.AppID }

// Mention is how a text mentions the bot: "<at>meetbot</at>".
func (t *Server) Mention() string { return "<at>" + html.EscapeString(t.o.BotName) + "</at>" }

// MemberID is the ID that Teams gives a user for this bot: "29:…".
func (t *Server) MemberID(user string) string { return "29:1" + t.digest("member", user) }

// Personal is the ID of the chat between a user and the bot: "a:…".
func (t *Server) Personal(user string) string { return "a:1" + t.digest("chat", user) }

// digest makes up an ID that says nothing, as those of Teams do.
func (t *Server) digest(kind, user string) string {
	sum := sha256.Sum256([]byte(kind + "/" + t.o.AppID + "/" + strings.ToLower(user)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// AddUser adds a user, or changes the one with this object ID.
func (t *Server) AddUser(u User) error {
	if uuid.Validate(u.ID) != nil {
		return fmt.Errorf("user %q: object ID %q is no GUID", u.Name, u.ID)
	}
	u.ID = strings.ToLower(u.ID)
	u.Name = cmp.Or(u.Name, u.ID)
	u.Locale = cmp.Or(u.Locale, "en-US")
	u.TZ = cmp.Or(u.TZ, "Etc/UTC")
	u.Tenant = cmp.Or(u.Tenant, t.TenantID())
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.users[u.ID]; !ok {
		t.order = append(t.order, u.ID)
	}
	t.users[u.ID] = u
	t.members[t.MemberID(u.ID)] = u.ID
	t.chats[t.Personal(u.ID)] = u.ID
	return nil
}

// AddTeam adds a team and its General channel, whose ID is the team's.
func (t *Server) AddTeam(id, name string) error {
	t.mu.Lock()
	t.teams[id] = name
	t.mu.Unlock()
	_, err := t.AddConversation(Conversation{ID: id, Kind: Channel, Name: "General", Team: id})
	return err
}

// AddConversation adds a channel or a chat, or changes the one with this ID, and returns its ID.
func (t *Server) AddConversation(c Conversation) (string, error) {
	c.Kind = cmp.Or(c.Kind, Channel)
	form := map[Kind][2]string{
		Channel: {"19:", "@thread.tacv2"}, GroupChat: {"19:", "@thread.v2"}, MeetingChat: {"19:meeting_", "@thread.v2"},
	}[c.Kind]
	if form[0] == "" {
		return "", fmt.Errorf("add a conversation: its kind is %q", c.Kind)
	}
	c.ID = cmp.Or(c.ID, form[0]+faultserver.RandomHex(16)+form[1])
	if !strings.HasPrefix(c.ID, form[0]) || !strings.HasSuffix(c.ID, form[1]) {
		return "", fmt.Errorf("add a conversation: the ID of a %s begins with %q and ends with %q, and this is %q",
			c.Kind, form[0], form[1], c.ID)
	}
	for i, user := range c.Members {
		if _, ok := t.user(user); !ok {
			return "", fmt.Errorf("add a conversation: no user %q", user)
		}
		if i == 0 {
			c.Members = slices.Clone(c.Members)
		}
		c.Members[i] = strings.ToLower(user)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.teams[c.Team]; !ok && c.Kind == Channel {
		return "", fmt.Errorf("add a channel: no team %q", c.Team)
	}
	t.conversations[c.ID] = c
	return c.ID, nil
}

// user finds a user by object ID or by member ID.
func (t *Server) user(id string) (User, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, ok := t.users[cmp.Or(t.members[id], strings.ToLower(id))]
	return u, ok
}

// location is where a conversation ID leads to.
type location struct {
	Conversation
	thread  string // the root post; empty outside a thread
	team    string // the team's name
	blocked bool   // the user of a personal chat has blocked the bot
}

// place finds a conversation by its ID, which may name a thread.
func (t *Server) place(id string) (location, bool) {
	id, thread, threaded := strings.Cut(id, ";messageid=")
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, ok := t.conversations[id]; ok {
		p := location{Conversation: c, thread: thread, team: t.teams[c.Team]}
		return p, !threaded || t.talk.root(id, thread)
	}
	u, ok := t.users[t.chats[id]]
	if !ok || threaded {
		return location{}, false
	}
	c := Conversation{ID: id, Kind: Personal, Members: []string{u.ID}, BotAbsent: u.NotInstalled}
	return location{Conversation: c, blocked: u.Blocked}, true
}

// wire is the conversation's ID as activities have it: a channel's with the thread.
func (p location) wire() string {
	if p.thread == "" {
		return p.ID
	}
	return p.ID + ";messageid=" + p.thread
}

// has tells whether the user is a member.
func (c Conversation) has(user string) bool {
	return c.Members == nil || slices.Contains(c.Members, strings.ToLower(user))
}

// roster lists the members of a conversation in the order in which users were added.
func (t *Server) roster(c Conversation) []User {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []User
	for _, id := range t.order {
		if c.has(id) {
			list = append(list, t.users[id])
		}
	}
	return list
}

// Fault arms a fault.
func (t *Server) Fault(f faultserver.Fault) { t.faults.Add(f) }

// ClearFaults disarms every fault.
func (t *Server) ClearFaults() { t.faults.Clear() }

// Calls lists what the bot asked of the connector, oldest first.
func (t *Server) Calls() []Call { return t.calls.List() }

// ResetCalls forgets the calls so far.
func (t *Server) ResetCalls() { t.calls.Clear() }
