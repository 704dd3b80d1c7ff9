//go:build integration

package teamsapp

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"meetbot/internal/cardpage"
	"meetbot/internal/teamskit"
)

// Microsoft's own renderer takes every card, and what comes from outside reads in it as it is.
func TestCardsAsMicrosoftDrawsThem(t *testing.T) {
	all := cards(t)
	names := slices.Sorted(maps.Keys(all))
	documents := make([][]byte, len(names))
	for i, name := range names {
		documents[i] = all[name]
	}
	for i, drawn := range teamskit.DrawCards(t, documents...) {
		if len(drawn.Problems) > 0 {
			t.Errorf("%s: %q", names[i], drawn.Problems)
		}
		text := strings.Join(drawn.Text, "")
		titled := strings.Contains(names[i], "/card-") || strings.Contains(names[i], "/calendar-")
		if titled && !strings.Contains(names[i], "foul") && !strings.Contains(names[i], "hostile") &&
			(len(drawn.Headings) != 1 || drawn.Headings[0] != drawn.Text[0]) {
			t.Errorf("%s: the headings are %q of %q", names[i], drawn.Headings, drawn.Text)
		}
		if strings.Contains(names[i], "foul") && !strings.Contains(text, hostile[:115]) {
			t.Errorf("%s: %q is not in %q", names[i], hostile[:115], drawn.Text)
		}
		if strings.HasSuffix(names[i], "/card-again") && (strings.Contains(text, "{{") || !strings.Contains(text, "2026")) {
			t.Errorf("%s shows no date: %q", names[i], drawn.Text)
		}
	}
}

// On the narrowest of phones no word of a card is cut off, nor of what its buttons show, in a light or a dark client.
func TestCardsOnNarrowScreens(t *testing.T) {
	for _, look := range []string{cardpage.Light, cardpage.Dark} {
		page := cardpage.Page{Client: cardpage.Teams, Look: look, Width: 300}
		for name, content := range cards(t) {
			if !strings.Contains(name, "foul") && !strings.Contains(name, "hostile") { // words without an end
				page.Cards = append(page.Cards, cardpage.Card{Name: name, Content: content, Unfolded: true})
			}
		}
		report, err := cardpage.Draw(t.Context(), "../../internal/teamskit", page)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range report.Clipped {
			t.Errorf("%s, %s: %q is cut off", look, name, text)
		}
	}
}
