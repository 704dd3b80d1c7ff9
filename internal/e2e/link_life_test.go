//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// A lasting link never leads to a meeting that nobody can join: it says what to do, and leads on once somebody did.
func TestLastingLinkOfADeadMeeting(t *testing.T) {
	t.Parallel()
	for platform, open := range linkFronts {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			env, f, r := open(t)
			first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
			s, _ := f.ask(asked{user: members.ann, command: "link"})
			path := linkIn(t, s, "always leads")
			wantLeads(t, r, path, first.link)
			env.settled()

			env.Clock.Move(62 * day)
			env.Graph.ResetCalls()
			wantNoMeeting(t, r, path, first.link)
			if calls := env.Graph.Calls(); len(calls) != 0 {
				t.Errorf("opening the page cost the calls %+v", calls)
			}
			second := card(t, f, asked{user: members.ben, command: "meet"}, "had expired")
			wantLeads(t, r, path, second.link)
			env.settled()

			env.Graph.RemoveUser(benID)
			env.Clock.Move(2 * day)
			card(t, f, asked{user: members.caio, command: "show"}) // what is known; it is looked up meanwhile
			env.settled()
			wantNoMeeting(t, r, path, second.link)
			third := card(t, f, asked{user: members.caio, command: "meet"})
			wantLeads(t, r, path, third.link)
			joinable(t, env, third)
		})
	}
}

// wantNoMeeting wants a link to say what to do, and not to show where it led.
func wantNoMeeting(t *testing.T, r *replica, path, dead string) {
	t.Helper()
	status, location, page := follow(t, r, http.MethodGet, path)
	if status != http.StatusOK || location != "" || !strings.Contains(page, "There is no meeting behind this link right now") ||
		strings.Contains(page, dead) || strings.Contains(page, "Weekly") {
		t.Errorf("the link is answered with %d, %q:\n%s", status, location, page)
	}
}
