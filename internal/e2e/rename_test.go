//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// Whatever stands in the way of a new name, nobody loses the link, and whoever asked reads what is the matter.
func TestRename(t *testing.T) {
	onEveryPlatform(t, map[string]func(*testing.T, *environment, app.Config){
		"of a message that was deleted": renameDeletedCard,
		"that Graph refuses":            renameRefused,
		"that Graph delays":             renameDelayed,
		"by people who may not":         renameForbidden,
		"in a thread":                   renameInThread,
		"of what is there no more":      renameDead,
		"without a name":                renameNameless,
	})
}

// wantName wants this name in Graph, of the only meeting.
func (env *environment) wantName(name string) {
	env.t.Helper()
	if m := env.wantMeetings(1); m[0].Subject != name {
		env.t.Errorf("in Graph the meeting is called %q, want %q", m[0].Subject, name)
	}
}

// A card that somebody deleted is forgotten; nothing else comes of it.
func renameDeletedCard(t *testing.T, env *environment, c app.Config) {
	f := env.started(c)
	first := card(t, f, asked{user: members.ann, command: "meet Rtero"}, "Microsoft Teams meeting")
	env.settled()
	if n := env.keptCards(); n == 0 {
		t.Fatal("the card is not remembered")
	}
	env.deleteCards()
	if renamed := card(t, f, asked{user: members.ben, command: "rename Retro"}, "Renamed."); renamed.link != first.link {
		t.Errorf("the answer is %+v", renamed)
	}
	eventually(t, "the card is forgotten", func() bool { return env.keptCards() == 0 })
	env.settled()
	before := f.count()
	if again := card(t, f, asked{user: members.caio, command: "show"}, "Retro"); again.link != first.link {
		t.Errorf("another link: %+v", again)
	}
	if n := f.count(); n != before+1 {
		t.Errorf("%d messages, want the answer alone", n-before)
	}
	if logs := env.logs.String(); strings.Contains(logs, `"level":"ERROR"`) || strings.Contains(logs, "attempt failed") {
		t.Errorf("the log: %s", env.logs.Tail())
	}
	env.wantName("Retro")
}

// renameRefused: Graph's refusals of a PATCH.
func renameRefused(t *testing.T, env *environment, c app.Config) {
	f := env.started(c)
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	refusal := func(code, says string) string { return `{"error":{"code":"` + code + `","message":"` + says + `"}}` }
	for _, tt := range []struct {
		status int
		body   string
		says   string
	}{
		{http.StatusBadRequest, refusal("BadRequest", "The subject holds a word that is not allowed."), "holds a word that is not allowed"},
		{http.StatusForbidden, refusal("Forbidden", "No application access policy found for this app."), "keeps its name and its link"},
		{http.StatusForbidden, refusal("Forbidden", "Insufficient privileges."), "keeps its name and its link"},
		{http.StatusNotFound, refusal("NotFound", "3004: Specified meeting is not found"), ""},
		{http.StatusConflict, refusal("Conflict", "Somebody else changes it."), ""},
	} {
		env.Graph.Fault(faultserver.Fault{Target: "changeMeeting", Times: 1, Status: tt.status,
			ContentType: "application/json", Body: tt.body})
		told(t, f, asked{user: members.ben, command: "rename Retro"}, tt.says)
		env.Graph.ClearFaults()
		if again := card(t, f, asked{user: members.caio, command: "meet"}, "Weekly"); again.link != first.link {
			t.Fatalf("after %d: another link, %+v", tt.status, again)
		}
	}
	env.wantName("Weekly")
}

// renameDelayed: what passes is waited out.
func renameDelayed(t *testing.T, env *environment, c app.Config) {
	f := env.started(c)
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	for _, fault := range []faultserver.Fault{
		{Status: http.StatusTooManyRequests, RetryAfter: "1"}, {Status: http.StatusBadGateway},
		{Reset: true, Works: true},
	} {
		fault.Target, fault.Times = "changeMeeting", 1
		env.Graph.Fault(fault)
		if s := card(t, f, asked{user: members.ben, command: "rename Retro"}, "Renamed."); s.link != first.link {
			t.Errorf("another link: %+v", s)
		}
	}
	env.wantName("Retro")
}

// renameForbidden: a guest, and somebody whom the tenant does not know.
func renameForbidden(t *testing.T, env *environment, c app.Config) {
	f := env.started(c)
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	f.guest(members.gus)
	told(t, f, asked{user: members.gus, command: "rename Retro"}, "The meeting keeps its name and its link.", "Guests")
	if env.Teams == nil {
		stranger := member{slack: "U0STRANGER"}
		env.Slack.AddUser(slacktest.User{ID: stranger.slack, Name: "stranger", Email: "x@elsewhere.example",
			EmailConfirmed: true})
		told(t, f, asked{user: stranger, command: "rename Retro"}, "The meeting keeps its name and its link.", "I found nobody")
	} else {
		leaver := member{entra: "f2222222-0000-4000-8000-000000000002"}
		env.teamsUser(teamsMember(leaver.entra, "Leaver"))
		told(t, f, asked{user: leaver, command: "rename Retro"}, "The meeting keeps its name and its link.")
	}
	if again := card(t, f, asked{user: members.ben, command: "meet"}, "Weekly"); again.link != first.link {
		t.Errorf("another link: %+v", again)
	}
	if n := len(env.changes()); n != 0 {
		t.Errorf("Graph was asked %d times to change the meeting", n)
	}
	env.wantName("Weekly")
}

// renameInThread: a thread's own meeting gets the name, and the channel's keeps its own.
func renameInThread(t *testing.T, env *environment, c app.Config) {
	f := env.started(c)
	card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	root := f.say(members.ben, "Who broke the build?")
	told(t, f, asked{user: members.ben, thread: root, command: "rename Retro"}, "There is no meeting here yet")
	own := card(t, f, asked{user: members.ben, thread: root, command: "meet Build"}, "Build")
	renamed := card(t, f, asked{user: members.ann, thread: root, command: "rename Build is mended"}, "Renamed.")
	if renamed.link != own.link || renamed.thread != root {
		t.Errorf("the answer is %+v", renamed)
	}
	eventually(t, "the thread's card shows the new name", func() bool {
		for _, s := range f.cards() {
			if s.thread == root && !s.alone && strings.Contains(s.words, "Build is mended") {
				return true
			}
		}
		return false
	})
	card(t, f, asked{user: members.caio, command: "show"}, "Weekly")
	all := env.wantMeetings(2)
	if all[0].Subject != "Weekly" || all[1].Subject != "Build is mended" {
		t.Errorf("in Graph the meetings are %+v", all)
	}
}

// renameDead: a meeting that has expired, and one whose organizer is gone.
func renameDead(t *testing.T, env *environment, c app.Config) {
	f := env.started(c)
	card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	env.settled()
	env.Clock.Move(62 * day)
	env.Graph.ResetCalls()
	told(t, f, asked{user: members.ben, command: "rename Retro"}, "had expired", "creates a new one for everybody here")
	if calls := env.Graph.Calls(); len(calls) != 0 {
		t.Errorf("Graph was asked: %+v", calls)
	}
	env.wantName("Weekly")
	card(t, f, asked{user: members.ann, command: "meet"}, "had expired")
	env.settled()
	env.Graph.RemoveUser(annID)
	env.Clock.Move(2 * day)
	card(t, f, asked{user: members.ben, command: "show"})
	eventually(t, "the bot knows of it", func() bool {
		return strings.Contains(env.logs.String(), "the organizer of a meeting is missing or disabled")
	})
	told(t, f, asked{user: members.ben, command: "rename Retro"}, "Ann Example's account is no longer active")
}

// renameNameless: no name, one of blanks, and one that is too long, of characters of several bytes.
func renameNameless(t *testing.T, env *environment, c app.Config) {
	f := env.started(c)
	card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	for _, command := range []string{"rename", "rename   ", "rename \u200b"} {
		told(t, f, asked{user: members.ben, command: command}, "What should the meeting be called?")
	}
	told(t, f, asked{user: members.ben, command: "rename " + strings.Repeat("ã", 121)}, "at most 120 characters")
	card(t, f, asked{user: members.ben, command: "rename " + strings.Repeat("ã", 120)}, "Renamed.")
	env.wantName(strings.Repeat("ã", 120))
}
