package connector

import "encoding/json"

// Account is a user or a bot in a conversation.
type Account struct {
	ID          string `json:"id,omitempty"` // "29:…" for users, "28:" and the app ID for bots
	Name        string `json:"name,omitempty"`
	AADObjectID string `json:"aadObjectId,omitempty"` // of a user in Entra; empty for bots and anonymous attendees
	IsTargeted  bool   `json:"isTargeted,omitempty"`  // the activity is for this account alone
}

// Conversation is where an activity belongs.
type Conversation struct {
	ID       string `json:"id"` // in channels with ";messageid=" and the root post of the thread
	Kind     string `json:"conversationType,omitempty"`
	TenantID string `json:"tenantId,omitempty"`
}

// Kinds of conversation. A meeting's chat is a group chat.
const (
	Channel   = "channel"
	GroupChat = "groupChat"
	Personal  = "personal"
)

// Entity is what an activity tells beside its text.
type Entity struct {
	Type      string  `json:"type"`
	Text      string  `json:"text,omitempty"`     // of a mention: exactly what stands for it in the activity's text
	Mentioned Account `json:"mentioned,omitzero"` // of a mention
}

// ID is the name of something in channelData.
type ID struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// ChannelData is what Teams adds to an activity.
type ChannelData struct {
	Tenant  ID              `json:"tenant,omitzero"`
	Team    json.RawMessage `json:"team,omitempty"` // an ID; see [ChannelData.TeamID]
	Channel ID              `json:"channel,omitzero"`
	Thread  ID              `json:"thread,omitzero"` // of a chat: the message that the thread hangs under
}

// TeamID returns the ID of the channel's team; empty if the activity does not tell it as Microsoft documents it.
func (d ChannelData) TeamID() string {
	var team ID
	if json.Unmarshal(d.Team, &team) != nil {
		return ""
	}
	return team.ID
}

// Attachment is a card.
type Attachment struct {
	ContentType string `json:"contentType"`
	Content     any    `json:"content"`
}

// CardType is the content type of an Adaptive Card.
const CardType = "application/vnd.microsoft.card.adaptive"

// Activity is what Teams and a bot tell each other: a message, an event, an invoke. Only what the bot reads or writes
// is in it. Source: Microsoft, "Bot Framework Activity", and "Messages in bot conversations" for what Teams puts into
// it.
type Activity struct {
	Type         string       `json:"type"`
	ID           string       `json:"id,omitempty"`
	Name         string       `json:"name,omitempty"` // of an invoke
	ChannelID    string       `json:"channelId,omitempty"`
	ServiceURL   string       `json:"serviceUrl,omitempty"`
	From         Account      `json:"from,omitzero"`
	Recipient    *Account     `json:"recipient,omitempty"`
	Conversation Conversation `json:"conversation,omitzero"`
	ChannelData  ChannelData  `json:"channelData,omitzero"`
	Locale       string       `json:"locale,omitempty"`
	Zone         string       `json:"localTimezone,omitempty"` // of the sender's client, as IANA names it

	Text        string       `json:"text,omitempty"`
	TextFormat  string       `json:"textFormat,omitempty"`
	Summary     string       `json:"summary,omitempty"` // for notifications
	Entities    []Entity     `json:"entities,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	ReplyTo     string       `json:"replyToId,omitempty"`

	Action string          `json:"action,omitempty"` // of an installationUpdate: "add", "remove", …
	Value  json.RawMessage `json:"value,omitempty"`  // of an invoke
}
