package bot

import "strings"

// Conversation names the place where people talk: a channel, or a thread within it. It is the unit that has
// one meeting. All four parts come from a request whose signature or token was checked.
type Conversation struct {
	Platform  string // "slack", "teams"
	Workspace string // the installation: a Slack team or enterprise, a Teams tenant
	Channel   string // the platform's channel or chat ID, never its name
	Thread    string // the thread's root message; empty for the channel itself
}

// InChannel returns the conversation of the channel that c lies in; for a channel, c itself.
func (c Conversation) InChannel() Conversation {
	c.Thread = ""
	return c
}

// ChannelKey names the channel in a form that no two channels share, whatever characters their IDs hold.
func (c Conversation) ChannelKey() string {
	return escape(c.Platform) + ":" + escape(c.Workspace) + ":" + escape(c.Channel)
}

// String names the conversation in a form that no two conversations share, for example
// "slack:T024BE7LD:C2147483705:1712345678.000100". It is what the external ID of its first meeting is.
func (c Conversation) String() string {
	if c.Thread == "" {
		return c.ChannelKey()
	}
	return c.ChannelKey() + ":" + escape(c.Thread)
}

// escaper keeps the separator, and the braces that mean a hash tag to Redis, out of the parts of a name.
var escaper = strings.NewReplacer("%", "%25", ":", "%3A", "{", "%7B", "}", "%7D", "/", "%2F")

func escape(part string) string { return escaper.Replace(part) }

// unescaper undoes what escaper does.
var unescaper = strings.NewReplacer("%25", "%", "%3A", ":", "%7B", "{", "%7D", "}", "%2F", "/")

// ParseConversation returns the conversation of this name. ok is false for what [Conversation.String] never returns.
func ParseConversation(name string) (c Conversation, ok bool) {
	parts := strings.Split(name, ":")
	if len(parts) < 3 || len(parts) > 4 {
		return Conversation{}, false
	}
	for i, part := range parts {
		parts[i] = unescaper.Replace(part)
	}
	c = Conversation{Platform: parts[0], Workspace: parts[1], Channel: parts[2]}
	if len(parts) == 4 {
		c.Thread = parts[3]
	}
	return c, c.String() == name
}
