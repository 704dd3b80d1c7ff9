package slackapp

import (
	"encoding/json"
	"regexp"
	"testing"

	"meetbot/bot"
	"meetbot/internal/replytest"
)

// Nothing that a bot says tells people to type the usual name if it is called by another.
func TestRepliesByAnotherName(t *testing.T) {
	catalog, err := bot.NewCatalogFor("call")
	if err != nil {
		t.Fatal(err)
	}
	usual := regexp.MustCompile(`\bmeet\b`)
	place := bot.Conversation{Platform: Platform, Workspace: "T024BE7LD", Channel: "C2147483705"}
	for _, lang := range bot.Languages {
		for name, reply := range replytest.Replies(catalog, lang, place) {
			for _, thread := range []bool{false, true} {
				got, err := json.Marshal(answerTo(catalog, reply, style{botName: "meetbot", thread: thread}))
				if err != nil {
					t.Fatal(err)
				}
				if usual.Match(got) {
					t.Errorf("%s/%s, in a thread %t: %s", lang, name, thread, got)
				}
			}
		}
	}
}
