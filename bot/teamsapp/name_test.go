package teamsapp

import (
	"encoding/json"
	"regexp"
	"testing"

	"meetbot/bot"
)

// Nothing that a bot says tells people to type the usual name if it is called by another.
func TestRepliesByAnotherName(t *testing.T) {
	catalog, err := bot.NewCatalogFor("call")
	if err != nil {
		t.Fatal(err)
	}
	usual := regexp.MustCompile(`\bmeet([^\w…]|$)`)
	for _, lang := range bot.Languages {
		for name, reply := range replies(catalog, lang) {
			for _, alone := range []bool{false, true} {
				got, err := json.Marshal(messageOf(catalog, reply, style{alone: alone}))
				if err != nil {
					t.Fatal(err)
				}
				if usual.Match(got) {
					t.Errorf("%s/%s, alone %t: %s", lang, name, alone, got)
				}
			}
		}
	}
}
