package slackapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"meetbot/bot"
	"meetbot/internal/golden"
	"meetbot/internal/replytest"
)

// replies is everything that the bot can say, by name.
func replies(t *testing.T, lang bot.Language) map[string]bot.Reply {
	t.Helper()
	return replytest.Replies(testCatalog(t), lang,
		bot.Conversation{Platform: Platform, Workspace: "T024BE7LD", Channel: "C2147483705"})
}

func testCatalog(t *testing.T) *bot.Catalog {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

func TestRepliesAsSlackGetsThem(t *testing.T) {
	catalog := testCatalog(t)
	for _, lang := range bot.Languages {
		for name, reply := range replies(t, lang) {
			t.Run(fmt.Sprintf("%s/%s", lang, name), func(t *testing.T) {
				var got bytes.Buffer
				out := json.NewEncoder(&got)
				out.SetEscapeHTML(false)
				out.SetIndent("", "  ")
				if err := out.Encode(answerTo(catalog, reply, style{botName: "meetbot"})); err != nil {
					t.Fatal(err)
				}
				golden.Check(t, string(lang)+"/"+name+".json", got.Bytes())
			})
		}
	}
}

// In a thread there are no slash commands, so no sentence may tell anybody to type one.
func TestThreadsSpeakOfMentions(t *testing.T) {
	catalog := testCatalog(t)
	for _, lang := range bot.Languages {
		for name, reply := range replies(t, lang) {
			if text := reply.Text(catalog, style{botName: "meetbot", thread: true}); strings.Contains(text, "`/meet") {
				t.Errorf("%s/%s in a thread: %s", lang, name, text)
			}
		}
	}
}

// Text from outside stands in a card as it is, and does nothing: no mention, no link, no formatting.
func TestHostileTextDoesNothing(t *testing.T) {
	catalog := testCatalog(t)
	message := answerTo(catalog, replies(t, bot.English)["card-hostile"], style{botName: "meetbot"})
	if strings.Contains(message.Text, "<!channel>") || strings.Contains(message.Text, "<https://evil.example") || strings.Contains(message.Text, "<@") {
		t.Errorf("text does something: %s", message.Text)
	}
	if strings.Contains(message.Text, "\u202e") {
		t.Errorf("text turns around what is read: %q", message.Text)
	}
	for _, b := range message.Blocks {
		section, ok := b.(*slack.SectionBlock)
		if ok && (strings.Contains(section.Text.Text, "evil") || strings.Contains(section.Text.Text, "channel")) {
			t.Errorf("text from outside stands in mrkdwn: %s", section.Text.Text)
		}
	}
}
