package sandbox

import (
	"encoding/json"
	"errors"
	"time"
)

// TeamsOptions describe a Teams organization and the bot registered with it. Only Entra is required.
type TeamsOptions struct {
	Entra *Entra // where the bot gets its tokens; its tenant is the organization

	AppID     string // the bot's client ID, a GUID; default random. NewTeams registers it with Entra
	AppSecret string // default random
	BotName   string // as members see it and mention it; default "meetbot"

	// Posts is how many messages the bot may send within a window, per conversation. Default: the documented
	// 7 in 1 s, 8 in 2 s, 60 in 30 s, 1800 in an hour. An empty slice that is not nil: no limit.
	Posts []TeamsQuota
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

// TeamsQuota is a limit of messages per window.
type TeamsQuota struct {
	Messages int
	Window   time.Duration
}

// Teams is Microsoft Teams for one organization with one bot in it: it sends the bot signed activities as the Bot
// Framework does, publishes the keys they are signed with, and serves the connector that the bot answers through. It is
// safe for concurrent use. Close it when done.
//
// The names of its operations, for [Fault.Target], are "metadata", "keys", "create", "send", "reply", "update", "delete",
// "members", "member".
type Teams struct{}

// TeamsUser is somebody in the organization, or seen from it.
type TeamsUser struct {
	ID     string // Entra object ID, a GUID: the same as in the sandbox Graph
	Name   string // default: the ID
	UPN    string
	Locale string // default "en-US"
	TZ     string // default "Etc/UTC"
	Guest  bool
	Tenant string // of another organization, in a shared channel or a federated chat; default: the organization's

	NotInstalled bool // the bot is not installed for this user: there is no personal chat
	Blocked      bool // the user has blocked the bot in the personal chat
}

// TeamsKind is what a conversation is.
type TeamsKind string

// The kinds of conversation. A meeting's chat is a group chat to the bot, but for its ID and its channelData.
const (
	TeamsChannel     TeamsKind = "channel"
	TeamsGroupChat   TeamsKind = "groupChat"
	TeamsMeetingChat TeamsKind = "meeting"
	TeamsPersonal    TeamsKind = "personal"
)

// TeamsConversation is a channel or a chat. Personal chats need not be added: see [Teams.Personal].
type TeamsConversation struct {
	ID      string    // "19:…@thread.tacv2" for channels, "19:…@thread.v2" for chats, "19:meeting_…@thread.v2"; default: made up
	Kind    TeamsKind // default TeamsChannel
	Name    string
	Team    string   // of a channel: the team's ID, which is that of its General channel
	Members []string // object IDs; nil: everybody

	BotAbsent      bool // the bot is not a member
	BotDisabled    bool // an administrator has blocked the app
	RefuseTargeted bool // targeted messages are refused, as where the feature is not rolled out
}

// TeamsCall is one request that the bot made.
type TeamsCall struct {
	Op           string // see [Teams]; empty for anything else
	Conversation string // conversation ID in the path, with its ";messageid=" if it has one
	Activity     string // activity ID in the path
	Member       string // member ID in the path
	Targeted     bool
	Status       int    // HTTP status; 0: the connection was cut
	Error        string // the connector's word for what was wrong; empty for none
	At           time.Time
}

// TeamsMessage is a message as it stands in a conversation.
type TeamsMessage struct {
	ID           string
	Conversation string // without ";messageid="
	Thread       string // the root post of the thread it is a reply in; empty for a root post and in chats
	From         string // object ID of the author; the bot's app ID for the bot
	FromName     string
	To           string // object ID of the only member who sees it; empty: everybody there
	Text         string // as on the wire: with <at>…</at>
	Card         json.RawMessage
	Via          string // "user", "create", "send", "reply", or "invoke" for what a button's answer showed
	Edits        int    // how often it was changed
	At           time.Time
}

// TeamsPost is a message that a user writes.
type TeamsPost struct {
	User         string // object ID
	Conversation string // channel or chat, without ";messageid="; see Personal for the chat with the bot
	Thread       string // reply in the thread with this root post; empty: a new post
	// Text is what was written, as on the wire: "<at>meetbot</at> meet Design review"; see Mention. Every <at>…</at>
	// is a mention of the bot or of the user who has that name.
	Text string
	// Slash sends it by the slash menu: only the user and the bot see it, and no mention is needed.
	Slash bool
}

// TeamsDelivery is what came of an activity.
type TeamsDelivery struct {
	ID       string          // of the activity, and of the message if it is one
	Activity json.RawMessage // the body that was sent: Deliver can send it again
	Attempts []int           // the status of each delivery; 0 where there was no answer in time. Empty: Teams sends nothing for it
	Body     []byte          // of the last answer
	Took     time.Duration   // the last answer
}

// TeamsPress is a button that a user presses.
type TeamsPress struct {
	User    string       // object ID
	Message TeamsMessage // as Messages or WaitFor returned it
	Title   string       // of the button; empty: the first Action.Execute there is
	Verb    string       // to forge the action's verb
	Data    any          // to forge the action's data
}

// TeamsAnswer is what came of a button.
type TeamsAnswer struct {
	Status   int // HTTP status; 0: no answer
	Body     []byte
	Took     time.Duration
	TimedOut bool

	// The parsed invoke response.
	StatusCode int             // its statusCode
	Type       string          // "application/vnd.microsoft.card.adaptive", "….activity.message", "….error", ...
	Value      json.RawMessage // a card, a string, or {code, message}

	Message *TeamsMessage // the card that was replaced, or the line that was shown to the user; nil for none
	Problem string        // what the user is shown instead: "Unable to reach app…" and the like; empty for none
}

// TeamsInstall is the bot coming into a conversation, or leaving it.
type TeamsInstall struct {
	User         string // who does it
	Conversation string // a chat, a team's General channel, or the user's Personal chat
	Remove       bool
}

// TeamsKey names one of the keys that tokens can be signed with.
type TeamsKey string

// The keys.
const (
	TeamsKeyCurrent     TeamsKey = ""            // published, endorsed for msteams
	TeamsKeyPrevious    TeamsKey = "previous"    // of before the last rotation
	TeamsKeyUnendorsed  TeamsKey = "unendorsed"  // published, endorsed for other channels only
	TeamsKeyUnpublished TeamsKey = "unpublished" // nobody's, under the kid of the current key
)

// TeamsToken says how an activity's token differs from a true one. The zero value is the true one.
type TeamsToken struct {
	Absent bool           // no Authorization header at all
	Header *string        // this Authorization header
	Alg    string         // "RS256" by default; "none", "HS256" with the public key as its secret (PEM), "RS384", "RS512"
	Key    TeamsKey       // that signs
	Kid    *string        // in the header; default: the key's own
	Claims map[string]any // to change; a nil value takes the claim away: "iss", "aud", "exp", "nbf", "serviceurl", ...
	Mangle bool           // break the signature
}

// NewTeams starts an organization with no users and no conversations, and registers the bot with Entra.
func NewTeams(o TeamsOptions) (*Teams, error) { return nil, errors.New("not yet") }

// Close cuts every connection and ends the server.
func (t *Teams) Close() {}

// AppID is the bot's client ID, for TEAMS_APP_ID.
func (t *Teams) AppID() string { return "" }

// AppSecret is the bot's client secret, for TEAMS_APP_SECRET.
func (t *Teams) AppSecret() string { return "" }

// TenantID is the organization, for TEAMS_TENANT_ID.
func (t *Teams) TenantID() string { return "" }

// MetadataURL is where the keys are announced, for TEAMS_OPENID_METADATA_URL.
func (t *Teams) MetadataURL() string { return "" }

// ServiceURL is what activities name as their serviceUrl: "http://127.0.0.1:PORT/emea/".
func (t *Teams) ServiceURL() string { return "" }

// ServiceHost is the host and port of ServiceURL, for TEAMS_SERVICE_HOSTS.
func (t *Teams) ServiceHost() string { return "" }

// BotID is the bot as a member: "28:" and the app ID.
func (t *Teams) BotID() string { return "" }

// Mention is how a text mentions the bot: "<at>meetbot</at>".
func (t *Teams) Mention() string { return "" }

// MemberID is the ID that Teams gives a user for this bot: "29:…".
func (t *Teams) MemberID(user string) string { return "" }

// Personal is the ID of the chat between a user and the bot: "a:…".
func (t *Teams) Personal(user string) string { return "" }

// AddUser adds a user, or changes the one with this object ID.
func (t *Teams) AddUser(u TeamsUser) error { return nil }

// AddTeam adds a team and its General channel, whose ID is the team's.
func (t *Teams) AddTeam(id, name string) error { return nil }

// AddConversation adds a channel or a chat, or changes the one with this ID, and returns its ID.
func (t *Teams) AddConversation(c TeamsConversation) (string, error) { return "", nil }

// Fault arms a fault.
func (t *Teams) Fault(f Fault) {}

// ClearFaults disarms every fault.
func (t *Teams) ClearFaults() {}

// Calls lists what the bot asked of the connector, oldest first.
func (t *Teams) Calls() []TeamsCall { return nil }

// ResetCalls forgets the calls so far.
func (t *Teams) ResetCalls() {}

// KeyFetches counts how often the metadata and the keys were asked for so far.
func (t *Teams) KeyFetches() (metadata, keys int) { return 0, 0 }

// RotateKey signs with a new key, with a new kid, from now on. The old one stays published if keepOld is set.
func (t *Teams) RotateKey(keepOld bool) error { return nil }

// Token makes the Authorization header for an activity, true or forged; empty for none.
func (t *Teams) Token(f TeamsToken) (string, error) { return "", nil }
