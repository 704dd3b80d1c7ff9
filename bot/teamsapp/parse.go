package teamsapp

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

// threadMark is what stands between a channel's ID and the root post of a thread in a conversation's ID.
const threadMark = ";messageid="

// place is where an activity was made.
type place struct {
	conversation bot.Conversation
	root         string // the root post that the activity itself is; empty for a reply, and in chats
	answer       string // the conversation ID that an answer goes to
	alone        bool   // nobody but the asker and the bot is there
}

// placeOf finds out where an activity belongs. In a channel a conversation's ID names the thread's root post; Teams has
// no sound word for an activity being that very post but that its own ID is the same, or that the ID names none. (A
// reply's replyToId is missing or "0" in some clients.)
func (a *App) placeOf(in connector.Activity) place {
	p := place{answer: in.Conversation.ID, alone: in.Conversation.Kind == connector.Personal}
	channel, thread, threaded := strings.Cut(in.Conversation.ID, threadMark)
	p.conversation = bot.Conversation{Platform: Platform, Workspace: a.tenant, Channel: channel}
	if in.Conversation.Kind != connector.Channel { // a thread in a chat has the chat's meeting, and gets the answer
		if root := in.ChannelData.Thread.ID; root != "" && !threaded {
			p.answer = channel + threadMark + strings.TrimPrefix(root, channel+threadMark)
		}
		return p
	}
	switch {
	case thread != "" && thread != in.ID:
		p.conversation.Thread = thread
	case in.Type != "message":
	case in.Recipient != nil && in.Recipient.IsTargeted:
		p.answer = channel // the post is its author's alone: an answer under it would be seen by nobody else
	default:
		p.root = in.ID
		p.answer = channel + threadMark + in.ID
	}
	return p
}

// requestID names a request, the same for every delivery. Activities have IDs of their own conversation only.
func requestID(kind string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return Platform + ":" + kind + ":" + hex.EncodeToString(sum[:16])
}

// isForBot tells whether a message mentions the bot, or is for the bot alone.
func isForBot(in connector.Activity) bool {
	mentionsBot := func(e connector.Entity) bool { return e.Type == "mention" && e.Mentioned.ID == in.Recipient.ID }
	return in.Recipient != nil && (in.Recipient.IsTargeted || slices.ContainsFunc(in.Entities, mentionsBot))
}

// intentOf reads the command in a message. The text before a mention of the bot does not belong to it. In a chat with
// the bot alone no mention is needed, and a text that is no command asks for help: it is a greeting or a question
// rather than the subject of a meeting.
func (a *App) intentOf(in connector.Activity, alone bool) bot.Intent {
	text, called := saidTo(in)
	text = marked(in, a.ownLine(text))
	i := a.parser.ParseAddressed(text)
	if alone && !called && i.Kind != bot.JobAdvice && !a.parser.Addressed(text) {
		return bot.Intent{Command: bot.Command{Kind: bot.Help}}
	}
	return i
}
