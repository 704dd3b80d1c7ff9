package store

import (
	"strings"

	"meetbot/bot"
)

// A place is a conversation as it stands in a value: a version, and the conversation's own name.

func encodePlace(c bot.Conversation) string { return "1 " + c.String() }

// decodePlace reads a place. It returns false for what is none.
func decodePlace(place string) (bot.Conversation, bool) {
	name, ok := strings.CutPrefix(place, "1 ")
	if !ok {
		return bot.Conversation{}, false
	}
	return bot.ParseConversation(name)
}
