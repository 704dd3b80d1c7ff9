package bot_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"meetbot/bot"
	"meetbot/internal/replytest"
)

// Both catalogues hold the same sentences with the same gaps, so nobody ever reads half of one.
func TestCataloguesAgree(t *testing.T) {
	gap := regexp.MustCompile(`{{\.(\w+)}}`)
	catalogue := func(lang bot.Language) map[string][]string {
		var sections map[string]map[string]string
		if _, err := toml.DecodeFile("catalogue/"+string(lang)+".toml", &sections); err != nil {
			t.Fatal(err)
		}
		gaps := map[string][]string{}
		for section, sentences := range sections {
			for name, text := range sentences {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s: %s.%s is empty", lang, section, name)
				}
				found := []string{}
				for _, m := range gap.FindAllStringSubmatch(text, -1) {
					found = append(found, m[1])
				}
				slices.Sort(found)
				gaps[section+"."+name] = slices.Compact(found)
			}
		}
		return gaps
	}
	want := catalogue(bot.English)
	for _, lang := range bot.Languages[1:] {
		got := catalogue(lang)
		for _, id := range slices.Sorted(maps.Keys(want)) {
			if _, ok := got[id]; !ok {
				t.Errorf("%s lacks %s", lang, id)
			} else if !slices.Equal(got[id], want[id]) {
				t.Errorf("%s: %s has the gaps %v, want %v", lang, id, got[id], want[id])
			}
			delete(got, id)
		}
		for id := range got {
			t.Errorf("%s has %s, which English lacks", lang, id)
		}
	}
}

// Every message that the bot makes has its sentence, and an argument for each gap of it.
func TestMessagesFillTheirGaps(t *testing.T) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range bot.Languages {
		replies := replytest.Replies(catalog, lang, bot.Conversation{Platform: "slack", Workspace: "T1", Channel: "C1"})
		replies["greeting"] = bot.GreetingReply(lang)
		for name, reply := range replies {
			messages := reply.Messages
			if reply.PublicFallback != nil {
				messages = append(messages, *reply.PublicFallback)
			}
			if card := reply.Card; card != nil {
				messages = append(card.Notes(), card.Status(), card.JoinLabel(), card.JoinSpoken(catalog, lang))
				for _, id := range []bot.ActionID{bot.ActionCalendar, bot.ActionMore, bot.ActionShow} {
					messages = append(messages, bot.Action{ID: id}.Label())
				}
				if label, _, ok := card.Link(); ok {
					messages = append(messages, label)
				}
				for _, fact := range card.Facts() {
					messages = append(messages, fact.Label)
				}
			}
			for _, m := range messages {
				if text := catalog.PlainText(lang, m); text == m.ID || strings.Contains(text, "{{") {
					t.Errorf("%s in %s: %s reads %q", name, lang, m.ID, text)
				}
			}
		}
	}
}

func TestLanguageOf(t *testing.T) {
	for locale, want := range map[string]bot.Language{
		"en-US": bot.English, "en-GB": bot.English, "en": bot.English,
		"pt-BR": bot.Portuguese, "pt-PT": bot.Portuguese, "pt": bot.Portuguese,
		"fr-FR": "fallback", "ja-JP": "fallback", "": "fallback", "not a locale": "fallback",
	} {
		if got := bot.LanguageOf(locale, "fallback"); got != want {
			t.Errorf("LanguageOf(%q) = %q, want %q", locale, got, want)
		}
	}
}
