package teamsapp

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

// mention is somebody's name in a text, as Teams sets it off.
var mention = regexp.MustCompile(`<at[^<>]*>([^<>]*)</at>`)

// quotedMessage is where Teams puts the message that a reply quotes.
var quotedMessage = regexp.MustCompile(`<quoted\b[^<>]*/?>(</quoted>)?`)

// saidTo returns what a message says to the bot: the text after the mention of it, or all of it if there is none.
// called tells whether the message is for the bot: it mentions it, or came by the slash menu.
func saidTo(in connector.Activity) (text string, called bool) {
	text = quotedMessage.ReplaceAllString(in.Text, "")
	if in.Recipient == nil {
		return text, false
	}
	called = in.Recipient.IsTargeted
	who := namesOf(in)
	if len(who.bot) == 0 {
		return text, called
	}
	tags := mention.FindAllStringSubmatchIndex(text, -1)
	name := func(tag []int) string { return text[tag[2]:tag[3]] }
	first := slices.IndexFunc(tags, func(tag []int) bool { return who.isBot(name(tag)) })
	if first < 0 { // the app was renamed, and the entity does not say how the text calls it
		first = slices.IndexFunc(tags, func(tag []int) bool { return !who.isOther(name(tag)) })
	}
	if first < 0 {
		return text, true
	}
	last := first // a name of several words may be a mention for each word
	for last+1 < len(tags) && who.isBot(name(tags[last+1])) &&
		strings.TrimSpace(text[tags[last][1]:tags[last+1][0]]) == "" {
		last++
	}
	return text[tags[last][1]:], true
}

// names are what the mentions in a message call the bot, and everybody else.
type names struct{ bot, others []string }

// namesOf reads the mentions of a message. Their text may be missing, for example after the app was renamed.
func namesOf(in connector.Activity) names {
	var n names
	for _, e := range in.Entities {
		if e.Type != "mention" {
			continue
		}
		inText := plainName(mention.ReplaceAllString(e.Text, "$1"))
		if e.Mentioned.ID != in.Recipient.ID {
			n.others = append(n.others, inText)
			continue
		}
		n.bot = append(n.bot, inText, plainName(e.Mentioned.Name), plainName(in.Recipient.Name))
	}
	return n
}

// isBot tells whether a mention of that name is one of the bot: by its whole name, or by one word of it.
func (n names) isBot(name string) bool {
	name = plainName(name)
	if name == "" || slices.Contains(n.bot, name) {
		return slices.Contains(n.bot, name)
	}
	return !slices.Contains(n.others, name) && slices.ContainsFunc(n.bot, func(whole string) bool {
		return slices.Contains(strings.Fields(whole), name)
	})
}

// isOther tells whether a mention of that name is one of somebody else.
func (n names) isOther(name string) bool { return slices.Contains(n.others, plainName(name)) }

// plainName is a name for comparing: names are escaped in texts, but not always in entities.
func plainName(name string) string { return strings.ToLower(bot.CleanText(html.UnescapeString(name))) }

// ownLine is the line of a message that the command stands in. Teams appends the text of a message that is forwarded,
// so what follows in other lines may be anybody's words: below an empty first line, only a command counts.
func (a *App) ownLine(text string) string {
	for i, line := range strings.FieldsFunc(text, func(r rune) bool {
		return r == '\n' || r == '\r' ||
			r == '\u2028'
	}) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if i == 0 && strings.HasPrefix(text, line) || a.parser.Addressed(line) {
			return line
		}
		return ""
	}
	return ""
}
