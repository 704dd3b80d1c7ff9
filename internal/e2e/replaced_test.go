//go:build integration

package e2e

import (
	"strings"
	"testing"
)

// Every card that was replaced leads to the current meeting, also after the next replacement, and after an Undo.
func TestReplacedCardsLeadToTheCurrentMeeting(t *testing.T) {
	t.Parallel()
	for platform, open := range openings {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			env, c := open(t)
			f := env.started(c)
			first := card(t, f, asked{user: members.ann, command: "meet First"}, "Microsoft Teams meeting")
			second := card(t, f, asked{user: members.ben, command: "new Second"}, "Second")
			wantReplaced(t, f, second.link, "First")
			third := card(t, f, asked{user: members.ann, command: "new Third"}, "Third")
			wantReplaced(t, f, third.link, "First", "Second")
			card(t, f, asked{user: members.ann, command: "rename Last"}, "Renamed.")
			for _, c := range f.cards() {
				if !c.alone && (c.link == first.link || c.link == second.link) {
					t.Errorf("a card leads to a meeting that was replaced: %q", c.words)
				}
			}
			wantReplaced(t, f, third.link, "First", "Second")
		})
	}
}

// wantReplaced waits until the cards with these titles say that they were replaced, and lead to the current meeting.
func wantReplaced(t *testing.T, f front, current string, titles ...string) {
	t.Helper()
	eventually(t, "the replaced cards lead to the current meeting", func() bool {
		right := map[string]bool{}
		for _, c := range f.cards() {
			for _, title := range titles {
				if strings.Contains(c.words, title) && strings.Contains(c.words, "This meeting was replaced") {
					right[title] = c.link == current
				}
			}
		}
		for _, title := range titles {
			if !right[title] {
				return false
			}
		}
		return true
	})
}
