//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
)

// A meeting of the service account says who started it, and is renewed even when it has expired, if Graph allows that.
func TestLifeOfTheServiceAccountsMeeting(t *testing.T) {
	onEveryPlatform(t, map[string]func(*testing.T, *environment, app.Config){
		"who started it":                        startedBy,
		"renewed though it expired":             revived,
		"Graph refuses to bring it back":        notRevived(faultserver.Fault{Status: http.StatusBadRequest}),
		"Graph changes it to no avail":          notRevived(faultserver.Fault{}),
		"another's meeting is not brought back": notTheServiceAccounts,
	})
}

// withServiceAccount starts a bot whose meetings are the service account's.
func (env *environment) withServiceAccount(c app.Config, organizer string) front {
	env.t.Helper()
	env.entraUser(serviceUser)
	c.Policy.Organizer = organizer
	return env.started(c)
}

// startedBy: the card tells the organizer and the person who asked apart, also to others and after a replacement.
func startedBy(t *testing.T, env *environment, c app.Config) {
	f := env.withServiceAccount(c, "service:"+serviceUPN)
	card(t, f, asked{user: members.ann, command: "meet Weekly"}, "started by Ann Example")
	card(t, f, asked{user: members.ben, command: "show"}, "Organizer: Meetings", "Started by: Ann Example")
	card(t, f, asked{user: members.ben, command: "new Retro"}, "started by Ben Example")
	card(t, f, asked{user: members.ann, command: "show"}, "Organizer: Meetings", "Started by: Ben Example")
	env.settled()
	env.Clock.Move(62 * day)
	card(t, f, asked{user: members.ann, command: "meet"}, "had expired")
	card(t, f, asked{user: members.ben, command: "show"}, "Organizer: Meetings", "Started by: Ann Example")
}

// revived: the link that everybody has works again.
func revived(t *testing.T, env *environment, c app.Config) {
	env.Graph.Choose(func(c *graphtest.Choices) { c.KeepsExpired = true })
	f := env.withServiceAccount(c, "service:"+serviceUPN)
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	env.settled()
	env.Clock.Move(62 * day)
	if env.Graph.Joinable(first.link) {
		t.Fatal("the meeting has not expired")
	}
	told(t, f, asked{user: members.ben, command: "show"}, "had expired")
	again := card(t, f, asked{user: members.ben, command: "meet"}, "Weekly")
	if joinable(t, env, again) != first.link || strings.Contains(again.words, "had expired") {
		t.Errorf("the answer is %+v", again)
	}
	env.wantMeetings(1)
}

// notRevived: the next generation takes its place, and everybody is told why.
func notRevived(fault faultserver.Fault) func(*testing.T, *environment, app.Config) {
	return func(t *testing.T, env *environment, c app.Config) {
		fault := fault
		env.Graph.Choose(func(c *graphtest.Choices) { c.KeepsExpired = true })
		f := env.withServiceAccount(c, "service:"+serviceUPN)
		first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
		env.settled()
		env.Clock.Move(62 * day)
		fault.Target, fault.ContentType, fault.Body = "changeMeeting", "application/json",
			`{"error":{"code":"BadRequest","message":"The meeting has expired."}}`
		if fault.Status == 0 { // says yes, and does nothing
			m := env.wantMeetings(1)[0]
			fault.Status, fault.Body = http.StatusOK, fmt.Sprintf(`{"id":%q,"joinWebUrl":%q,"subject":%q}`, m.ID, m.JoinURL,
				m.Subject)
		}
		env.Graph.Fault(fault)
		next := card(t, f, asked{user: members.ben, command: "meet"}, "had expired")
		card(t, f, asked{user: members.ann, command: "show"}, "Started by: Ben Example")
		if joinable(t, env, next) == first.link || next.alone {
			t.Errorf("the card is %+v", next)
		}
		ended(t, f, first.link, next.link)
	}
}

// notTheServiceAccounts: the meeting of a person who asked is that person's to renew; the next one is the next asker's.
func notTheServiceAccounts(t *testing.T, env *environment, c app.Config) {
	env.Graph.Choose(func(c *graphtest.Choices) { c.KeepsExpired = true })
	f := env.withServiceAccount(c, "requester,service:"+serviceUPN)
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "started by Ann Example")
	env.settled()
	env.Clock.Move(62 * day)
	env.Graph.ResetCalls()
	next := card(t, f, asked{user: members.ben, command: "meet"}, "had expired")
	card(t, f, asked{user: members.ann, command: "show"}, "Organizer: Ben Example")
	if joinable(t, env, next) == first.link {
		t.Errorf("the card is %+v", next)
	}
	for _, call := range env.changes() {
		if call.UserID == annID {
			t.Errorf("Ann's meeting was changed: %s", call.Body)
		}
	}
}
