package slackapp

// Scope is a permission of a Slack app that the bot asks for.
type Scope struct {
	Name     string
	Use      string // what the bot does with it: "…s"
	Worst    string // what a thief of the bot token could do with it
	Without  string // what does not work if it was not granted: a clause
	Optional bool   // people get their meetings without it
	Setting  string // environment variables one of which makes the bot ask for it; empty: it always does
	asked    func(Uses) bool
}

// AllScopes are the permissions that the bot may ask for, none of them more than what is used. See [Scopes].
//
// Without the optional ones the bot does less: [App.GroupMembers] and [App.Outside] tell what becomes of invitations,
// and without chat:write.public, a card in a public channel that the bot is not a member of is an answer in place,
// which cannot be changed later.
var AllScopes = []Scope{
	{
		Name:    "commands",
		Use:     "offers the slash command",
		Worst:   "nothing",
		Without: "people cannot type the command",
	},
	{
		Name:    "app_mentions:read",
		Use:     "is told of messages that mention it",
		Worst:   "nothing: Slack sends them to the bot alone",
		Without: "the bot hears no mentions, so nothing works in threads",
	},
	{
		Name:    "chat:write", // chat.postMessage, chat.postEphemeral and chat.update
		Use:     "answers, and changes its own cards later",
		Worst:   "write in the bot's name, to each person and in each channel that has the bot",
		Without: "the bot can post nothing: mentions get no answer, and late answers do not arrive",
	},
	{
		Name:  "chat:write.public",
		Use:   "does the same in public channels that nobody invited it to",
		Worst: "write in the bot's name in every public channel; it lets nobody read anything",
		Without: "cards in public channels that the bot is no member of cannot be changed later, and stay as they " +
			"were when their meeting is replaced",
		Optional: true,
	},
	{
		Name:    "users:read", // users.info
		Use:     "sees whether the asker is a member, a guest or a stranger, and their language",
		Worst:   "read the list of members",
		Without: "the bot does not learn who asks, and makes no meeting",
	},
	{
		Name:    "users:read.email",
		Use:     "finds the asker in Entra by the e-mail",
		Worst:   "read the e-mail addresses of all members",
		Without: "the bot does not learn the e-mail of who asks, and makes no meeting",
	},
	{
		Name:     "usergroups:read", // usergroups.users.list
		Use:      "lists who is in a user group that a command invites",
		Worst:    "read which user groups there are, and who is in them",
		Without:  "nobody of a user group that a command names is put on a meeting's list",
		Optional: true,
	},
	{
		Name: "channels:read", // conversations.members, conversations.info
		Use: "lists who is in the public channel of such a command, to send the card to those who are not; reads " +
			"the name of a channel, for the name of its meeting",
		Worst: "read the names and members of public channels",
		Without: "everybody whom a command in a public channel names gets a direct message, and a meeting that is " +
			"asked for by a mention is not called after its channel",
		Optional: true,
	},
	{
		Name:     "groups:read", // conversations.members
		Use:      "does the same in private channels that have the bot",
		Worst:    "read the names and members of private channels that have the bot",
		Without:  "everybody whom a command in a private channel names gets a direct message",
		Optional: true,
	},
	{
		Name:     "bookmarks:write", // bookmarks.add and bookmarks.edit
		Use:      "keeps the bookmark to the meeting right",
		Worst:    "change the bookmarks of channels that have the bot",
		Without:  "channels get no bookmark, though SLACK_BOOKMARK is true",
		Optional: true,
		Setting:  "SLACK_BOOKMARK",
		asked:    func(u Uses) bool { return u.Bookmarks },
	},
	{
		Name:     "mpim:read", // conversations.info
		Use:      "sees that a conversation is a group message, and how many people are in it",
		Worst:    "read the names and members of group messages that have the bot",
		Without:  "the bot does not see what it must know of group messages for these settings",
		Optional: true,
		Setting:  "CHANNELS_ALLOWED, CHANNELS_DENIED, CONFIRM_ABOVE",
		asked:    func(u Uses) bool { return u.Places },
	},
}

// Uses are the settings that need a scope of their own.
type Uses struct {
	Bookmarks bool // channels' bookmarks are set: see [App.SetBookmark]
	// Places says that something depends on what a channel is called, or on how many people are in it: see [App.Place]
	// and [App.PlaceSize].
	Places bool
}

// Scopes are the names of the permissions that the app asks for.
func Scopes(uses Uses) []string {
	var names []string
	for _, s := range AllScopes {
		if s.asked == nil || s.asked(uses) {
			names = append(names, s.Name)
		}
	}
	return names
}

// ScopeOf returns the permission of that name; only its name is set if the bot never asks for it.
func ScopeOf(name string) Scope {
	for _, s := range AllScopes {
		if s.Name == name {
			return s
		}
	}
	return Scope{Name: name}
}
