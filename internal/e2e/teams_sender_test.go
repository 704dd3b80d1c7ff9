//go:build integration

package e2e

import (
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// Where an activity does not name the sender's account, the list of members does, and it is asked once.
func TestTeamsSenderWithoutObjectID(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	const awayID, nobodyID = "f3333333-0000-4000-8000-000000000003", "f4444444-0000-4000-8000-000000000004"
	env.teamsUser(teamstest.User{ID: awayID, Name: "Away", Tenant: "99999999-0000-4000-8000-000000000009"})
	env.teamsUser(teamstest.User{ID: nobodyID, Name: "Nobody", Anonymous: true})
	r := env.start(env.teamsConfig(), app.Options{})
	ask := func(user, place, thread, text string) teamstest.Message {
		t.Helper()
		seen := env.Teams.Messages(place)
		env.say(r, teamstest.Post{User: user, Conversation: place, Thread: thread, NoObjectID: true,
			Text: env.Teams.Mention() + " " + text})
		return env.answer(place, seen, nil)
	}
	asked := func() (n int) {
		for _, c := range env.Teams.Calls() {
			if c.Op == "member" || c.Op == "members" {
				n++
			}
		}
		return n
	}
	for _, user := range []string{awayID, nobodyID} {
		wantTeamsWords(t, ask(user, teamsMeeting, "", "meet"), user, "another organization")
	}
	root := env.Teams.Say(benID, teamsGeneral, "lunch?")
	wantTeamsCard(t, ask(annID, teamsMeeting, "", "meet"), "")
	before := asked()
	wantTeamsCard(t, ask(annID, teamsGeneral, root.ID, "meet"), "") // remembered
	wantTeamsCard(t, ask(annID, teamsChat, "", "new Second"), "")
	if n := asked() - before; n != 0 || before != 3 {
		t.Errorf("the list of members was asked %d times for three people, and %d times later", before, n)
	}
	for _, m := range env.wantMeetings(3) {
		if m.UserID != annID {
			t.Errorf("the organizer is %s", m.UserID)
		}
	}
}

// With the permission to read all messages the bot hears what is not meant for it, and keeps quiet.
func TestTeamsWhatMentionsNobody(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{}).withTeams(teamstest.Options{Posts: []teamstest.Quota{}, HearsAll: true})
	r := env.start(env.teamsConfig(), app.Options{})
	for _, place := range []string{teamsGeneral, teamsChat, teamsMeeting} {
		env.wantNothingDone(func() {
			for _, text := range []string{"has anybody seen my keys?", "new plan", "meet", "<at>Ben Example</at> meet"} {
				env.say(r, teamstest.Post{User: annID, Conversation: place, Text: text})
			}
		})
	}
	// Nothing was remembered of the root post either.
	root := env.say(r, teamstest.Post{User: annID, Conversation: teamsGeneral, Text: "lunch?"})
	own := wantTeamsCard(t, env.callAnswered(r, benID, teamsGeneral, root.ID, "meet"), "")
	if wantTeamsCard(t, env.callAnswered(r, annID, teamsGeneral, "", "meet"), "") == own {
		t.Error("a thread under a post that is no command is the channel's")
	}
	personal := env.Teams.Personal(annID)
	env.say(r, teamstest.Post{User: annID, Conversation: personal, Text: "meet"})
	wantTeamsCard(t, env.answer(personal, nil, nil), "")
}
