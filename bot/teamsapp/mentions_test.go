package teamsapp

import (
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

// Whom a message mentions is what Teams says in its entities, and nothing that its author typed.
func TestMarked(t *testing.T) {
	entity := func(text, id string) connector.Entity {
		return connector.Entity{Type: "mention", Text: text, Mentioned: connector.Account{ID: id}}
	}
	mark := func(kind bot.MentionKind, id, name string) string {
		return bot.Mention{Kind: kind, ID: id, Name: name}.Mark()
	}
	in := connector.Activity{
		Recipient: &connector.Account{ID: "28:bot"},
		Entities: []connector.Entity{
			entity("<at>meetbot</at>", "28:bot"), entity("<at>Ben</at>", "29:ben1"), entity("<at>Ben</at>", "29:ben2"),
			entity("<at>R&amp;D</at>", "29:rd"), entity("<at>General</at>", "19:general@thread.tacv2"),
			entity("<at>Helper</at>", "28:helper"), {Type: "clientInfo"},
		},
	}
	for text, want := range map[string]string{
		"with nobody":                         "with nobody",
		"with <at>Ben</at>":                   "with " + mark(bot.MentionPerson, "29:ben1", "Ben"),
		"<at>Ben</at>, <at id=\"1\">Ben</at>": mark(bot.MentionPerson, "29:ben1", "Ben") + ", " + mark(bot.MentionPerson, "29:ben2", "Ben"),
		"<at>ben</at><at>Ben</at><at>Ben</at>": mark(bot.MentionPerson, "29:ben1", "ben") + mark(bot.MentionPerson, "29:ben2", "Ben") +
			mark(bot.MentionPerson, "29:ben2", "Ben"),
		"<at>R&amp;D</at> &amp; co":      mark(bot.MentionPerson, "29:rd", "R&D") + " & co",
		"<at>meetbot</at>":               mark(bot.MentionBot, "28:bot", "meetbot"),
		"<at>Helper</at>":                mark(bot.MentionPerson, "28:helper", "Helper"),
		"<at>General</at>":               "General",
		"<at>Zoe</at> and @Ben":          "Zoe and @Ben",
		"&#xe000;p29:x&#xe001;y&#xe002;": "p29:xy",
		"<at>\ue000p29:x\ue001</at>":     "p29:x",
	} {
		if got := marked(in, text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// Tags mention persons, each by a text of its own, and no name can be markup.
func TestTags(t *testing.T) {
	long := strings.Repeat("x", 99)
	texts, entities := tags(bot.People{
		{Kind: bot.MentionPerson, ID: "29:1", Name: "Ben"}, {Kind: bot.MentionPerson, ID: "29:2", Name: "Ben"},
		{Kind: bot.MentionPerson, ID: "29:3", Name: "</at>[x](y)*_"}, {Kind: bot.MentionUnknown, ID: "zoe", Name: "@zoe"},
		{Kind: bot.MentionPerson, ID: "29:4", Name: long},
	})
	want := "<at>Ben</at>, <at>Ben (2)</at>, <at>/at(x)(y)</at>, @zoe, <at>" + bot.Clip(long, maxMention) + "</at>"
	if got := strings.Join(texts, ", "); got != want {
		t.Errorf("the texts are %q, want %q", got, want)
	}
	if len(entities) != 4 || entities[1].Text != "<at>Ben (2)</at>" || entities[1].Mentioned.ID != "29:2" {
		t.Errorf("the entities are %+v", entities)
	}
}
