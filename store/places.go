package store

import (
	"strings"

	"meetbot/bot"
)

// A place is a conversation as it stands in a value: a version, and the conversation's own name.

func encodePlace(c bot.Conversation) string { return "1 " + c.String() }

// unescaper undoes what bot.Conversation does to the parts of its name.
var unescaper = strings.NewReplacer("%25", "%", "%3A", ":", "%7B", "{", "%7D", "}", "%2F", "/")

// decodePlace reads a place. It returns false for what is none.
func decodePlace(place string) (bot.Conversation, bool) {
	name, ok := strings.CutPrefix(place, "1 ")
	parts := strings.Split(name, ":")
	if !ok || len(parts) < 3 || len(parts) > 4 {
		return bot.Conversation{}, false
	}
	for i, part := range parts {
		parts[i] = unescaper.Replace(part)
	}
	c := bot.Conversation{Platform: parts[0], Workspace: parts[1], Channel: parts[2]}
	if len(parts) == 4 {
		c.Thread = parts[3]
	}
	return c, c.String() == name
}
