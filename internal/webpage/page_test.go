package webpage

import (
	"strings"
	"testing"

	"meetbot/bot"
)

// No page tells people to type the usual name of a bot that is called by another.
func TestPagesOfAnotherName(t *testing.T) {
	catalog, err := bot.NewCatalogFor("call")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for key, page := range pages(catalog) {
		if strings.Contains(page, "/meet<") || strings.Contains(page, "/meet ") {
			t.Errorf("%v: %s", key, page)
		}
		commands += strings.Count(page, "<code>/call")
	}
	if commands == 0 {
		t.Error("no page names a command")
	}
}
