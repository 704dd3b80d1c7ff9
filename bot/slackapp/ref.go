package slackapp

import (
	"regexp"

	"meetbot/bot"
)

// posting is what a [bot.MessageRef] of Slack's holds: where a message is, as chat.postMessage tells it.
type posting struct {
	channel   string
	timeStamp string
	thread    bool // it stands in a thread, where there are no slash commands
}

// The two forms of a reference, by where the message stands. A later release that needs another form takes another
// letter.
const (
	refInChannel = "c"
	refInThread  = "t"
)

// refForm is the form of a reference, for example "c/C2147483705/1712345678.000100".
var refForm = regexp.MustCompile(`^([ct])/([CDG][A-Z0-9]{1,31})/([0-9]{1,15}\.[0-9]{1,9})$`)

// ref names the message. It is empty if Slack uses other forms of IDs than are known here: then the message cannot be
// changed.
func (p posting) ref() bot.MessageRef {
	where := refInChannel
	if p.thread {
		where = refInThread
	}
	ref := bot.MessageRef(where + "/" + p.channel + "/" + p.timeStamp)
	if _, ok := parseRef(ref); !ok {
		return ""
	}
	return ref
}

// parseRef reads a reference. It is false for one that this release did not make.
func parseRef(ref bot.MessageRef) (posting, bool) {
	parts := refForm.FindStringSubmatch(string(ref))
	if parts == nil {
		return posting{}, false
	}
	return posting{channel: parts[2], timeStamp: parts[3], thread: parts[1] == refInThread}, true
}

// in returns the posting as it is to be found in the conversation's channel, and whether it is there at all. A private
// channel's ID may have got a C in place of its G since: see [Names]. Then Slack knows the ID with the C alone.
func (p posting) in(c bot.Conversation) (posting, bool) {
	switch {
	case p.channel == c.Channel:
		return p, true
	case sameChannel(p.channel, c.Channel):
		p.channel = "C" + p.channel[1:]
		return p, true
	default:
		return posting{}, false
	}
}

// sameChannel tells whether two IDs differ by no more than a private channel's first letter.
func sameChannel(a, b string) bool {
	private := func(id string) bool { return len(id) > 1 && (id[0] == 'G' || id[0] == 'C') }
	return private(a) && private(b) && a[1:] == b[1:]
}
