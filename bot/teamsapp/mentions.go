package teamsapp

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

// marked is a part of a message's text as its author saw it, with a mark for each person whom Teams says to be
// mentioned there. A mention of which the message has no entity is a name as any other. Of several people with one name
// the first mention is the first one's.
func marked(in connector.Activity, text string) string {
	own := func(part string) string { return bot.Unmarked(html.UnescapeString(part)) }
	entities := slices.DeleteFunc(slices.Clone(in.Entities), func(e connector.Entity) bool {
		return e.Type != "mention"
	})
	var all strings.Builder
	done := 0
	for _, tag := range mention.FindAllStringSubmatchIndex(text, -1) {
		all.WriteString(own(text[done:tag[0]]))
		name := own(text[tag[2]:tag[3]])
		at := slices.IndexFunc(entities, func(e connector.Entity) bool {
			return plainName(mention.ReplaceAllString(e.Text, "$1")) == plainName(name)
		})
		if at < 0 {
			all.WriteString(name)
		} else {
			found := entities[at]
			all.WriteString(markOf(in, found, name))
			sameName := func(e connector.Entity) bool { return e.Text == found.Text }
			if slices.ContainsFunc(entities[at+1:], sameName) { // which is the next mention's
				entities = slices.Delete(entities, at, at+1)
			}
		}
		done = tag[1]
	}
	all.WriteString(own(text[done:]))
	return all.String()
}

// markOf is the mark of a mention; of what is no person, such as a channel, its name.
func markOf(in connector.Activity, e connector.Entity, name string) string {
	kind := bot.MentionPerson
	switch id := e.Mentioned.ID; {
	case in.Recipient != nil && id == in.Recipient.ID:
		kind = bot.MentionBot
	case !strings.HasPrefix(id, "29:") && !strings.HasPrefix(id, botPrefix):
		return name
	}
	return bot.Mention{Kind: kind, ID: e.Mentioned.ID, Name: name}.Mark()
}

// botPrefix begins the ID of a bot.
const botPrefix = "28:"

// maxMention is how many characters the name in a mention has at most.
const maxMention = 30

// mentionNames takes out of a name what means something in a text of a card.
var mentionNames = strings.NewReplacer(
	"<", "", ">", "", "&", "", "*", "", "_", " ", "[", "(", "]", ")", "`", "'", "\\", "",
)

// tags are the mentions as a card has them: the texts, in the order of the people, and what each stands for. Source:
// Microsoft, "Format cards in Microsoft Teams", section "User mention within Adaptive Cards".
func tags(people bot.People) (texts []string, entities []connector.Entity) {
	used := map[string]int{}
	for _, m := range people {
		name := bot.Clip(strings.TrimSpace(mentionNames.Replace(bot.PlainStyle{}.People(bot.People{m}))), maxMention)
		if m.Kind != bot.MentionPerson || name == "" {
			texts = append(texts, name)
			continue
		}
		if used[name]++; used[name] > 1 { // Teams tells mentions apart by their texts
			name = fmt.Sprintf("%s (%d)", name, used[name])
		}
		text := "<at>" + name + "</at>"
		texts = append(texts, text)
		entities = append(entities, connector.Entity{
			Type: "mention", Text: text, Mentioned: connector.Account{ID: m.ID, Name: name},
		})
	}
	return texts, entities
}
