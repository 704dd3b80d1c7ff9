//go:build integration

package teamsapp

import (
	"maps"
	"slices"
	"strings"
	"testing"

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
		if strings.Contains(names[i], "foul") && !strings.Contains(text, hostile[:115]) {
			t.Errorf("%s: %q is not in %q", names[i], hostile[:115], drawn.Text)
		}
		if strings.HasSuffix(names[i], "/card-again") && (strings.Contains(text, "{{") || !strings.Contains(text, "2026")) {
			t.Errorf("%s shows no date: %q", names[i], drawn.Text)
		}
	}
}
