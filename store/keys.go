package store

import (
	"net/url"

	"meetbot/bot"
)

// All names in Redis. What stands between braces is the hash tag: keys with the same one lie on the same node of a
// cluster, so that a script may use them together.
const (
	prefix = "mb:"

	jobStream   = "{mb:jobs}:stream"
	deadStream  = "{mb:jobs}:dead"
	markPrefix  = "{mb:jobs}:mark:"
	jobGroup    = "bots"
	parkingName = "(retry)" // the consumer that holds a job on its way back from the dead letters
)

// conversationKeys are the keys of one conversation, and its channel's roots.
type conversationKeys struct {
	meeting string // what everybody gets
	pending string // the pending claim
	shown   string // the shown mark: which request showed the card to everybody lately
	undo    string // the meeting before the current one, for as long as it can come back
	roots   string // the set of the root messages whose threads belong to the channel
}

func keysOf(c bot.Conversation) conversationKeys {
	// The thread stands last, so it needs no escaping; for the channel itself it is empty.
	tag := prefix + "{" + c.ChannelKey() + "}:"
	return conversationKeys{
		meeting: tag + "m:" + c.Thread, pending: tag + "p:" + c.Thread, shown: tag + "s:" + c.Thread,
		undo: tag + "u:" + c.Thread, roots: tag + "r",
	}
}

// resolveKeys are what the scripts work on that find out which conversation is meant.
func resolveKeys(c bot.Conversation) []string {
	own := keysOf(c)
	channel := own
	if c.Thread != "" {
		channel = keysOf(c.InChannel())
	}
	return []string{own.meeting, own.pending, channel.meeting, channel.pending, own.roots, own.shown}
}

// ownKeys are what the scripts of complete, undo and release work on.
func ownKeys(c bot.Conversation) []string {
	own := keysOf(c)
	return []string{own.meeting, own.pending, own.undo}
}

func identityKey(a bot.Asker) string {
	return prefix + "id:" +
		url.QueryEscape(a.Platform) + ":" + url.QueryEscape(a.Workspace) + ":" + url.QueryEscape(a.User)
}

// spentKeys are the new meetings of an asker and of their workspace in the present window; they lie together.
func spentKeys(a bot.Asker) []string {
	tag := prefix + "{new:" + url.QueryEscape(a.Platform) + ":" + url.QueryEscape(a.Workspace) + "}:"
	return []string{tag + "user:" + url.QueryEscape(a.User), tag + "all"}
}

func markKey(jobID string) string { return markPrefix + jobID }

// throttleKeys are the hold of a whole upstream, that of the part, and the parts that were held lately. The name of the
// first is the tag of the others, so they lie together.
func throttleKeys(u bot.Upstream) []string {
	whole := prefix + "hold:" + u.Name
	return []string{whole, "{" + whole + "}:of:" + u.Part, "{" + whole + "}:lately"}
}
