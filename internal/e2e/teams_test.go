//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// In every kind of conversation a command brings the card, and whoever asks again gets the same link.
func TestTeamsMeet(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	links := map[string]bool{}
	for _, place := range []string{teamsGeneral, teamsChat, teamsMeeting} {
		first := env.callAnswered(r, annID, place, "", "meet Design review")
		link := wantTeamsCard(t, first, "")
		card := teamstest.ReadCard(first.Card)
		if card.Title != "Design review" || !strings.Contains(first.Words(), "Microsoft Teams meeting") ||
			!strings.Contains(first.Words(), "started by Ann Example") {
			t.Errorf("the card reads\n%s", first.Words())
		}
		seen := env.Teams.Messages(place)
		env.call(r, benID, place, "", "meet")
		if again := env.answer(place, seen, nil); wantTeamsCard(t, again, benID) != link { // everybody saw it just now
			t.Errorf("the second asker got another link")
		}
		links[link] = true
	}
	env.say(r, teamstest.Post{User: caioID, Conversation: env.Teams.Personal(caioID), Text: "meet"})
	card := env.answer(env.Teams.Personal(caioID), nil, nil)
	links[wantTeamsCard(t, card, "")] = true
	if !strings.Contains(card.Words(), "Reunião do Microsoft Teams") {
		t.Errorf("Caio's card reads\n%s", card.Words())
	}
	if len(links) != 4 {
		t.Errorf("%d links for 4 conversations", len(links))
	}
	for _, m := range env.wantMeetings(4) {
		if !strings.HasPrefix(m.ExternalID, "teams:"+testenv.TenantID+":") {
			t.Errorf("external ID %q", m.ExternalID)
		}
	}
}

// A command that opens a post speaks for the channel, and so does whoever asks in its thread; any other thread has its
// own.
func TestTeamsThreads(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	seen := env.Teams.Messages(teamsGeneral)
	post := env.call(r, annID, teamsGeneral, "", "meet")
	card := env.answer(teamsGeneral, seen, nil)
	channel := wantTeamsCard(t, card, "")
	if card.Thread != post.ID {
		t.Errorf("the card stands in thread %q, want that of the post %q", card.Thread, post.ID)
	}
	inThread := env.callAnswered(r, benID, teamsGeneral, post.ID, "meet")
	if wantTeamsCard(t, inThread, "") != channel {
		t.Error("the thread that the command opened has another meeting")
	}
	other := env.Teams.Say(benID, teamsGeneral, "lunch?")
	own := env.callAnswered(r, benID, teamsGeneral, other.ID, "meet Lunch")
	if wantTeamsCard(t, own, "") == channel || own.Thread != other.ID {
		t.Errorf("another thread got the channel's meeting, or an answer elsewhere: %+v", own)
	}
	env.wantMeetings(2)
}

// What is for the asker alone is seen by nobody else, where Teams can do that.
func TestTeamsPrivateAnswers(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	wantTeamsWords(t, env.callAnswered(r, annID, teamsGeneral, "", "help"), annID, "@meetbot meet new")
	wantTeamsWords(t, env.callAnswered(r, annID, teamsChat, "", "show"), annID, "There is no meeting here yet")
	wantTeamsWords(t, env.callAnswered(r, caioID, teamsChat, "", "shwo"), caioID, "Você quis dizer")
	personal := env.Teams.Personal(benID)
	env.say(r, teamstest.Post{User: benID, Conversation: personal, Text: "hello there"})
	wantTeamsWords(t, env.answer(personal, nil, nil), "", "meet new")
	env.wantMeetings(0)
}

func TestTeamsRefusals(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	const guestID, goneID, awayID, offID = "f1111111-0000-4000-8000-000000000001", "f2222222-0000-4000-8000-000000000002", "f3333333-0000-4000-8000-000000000003", "f4444444-0000-4000-8000-000000000004"
	env.entraUser(graphtest.User{ID: guestID, UPN: "gus_fabrikam.example#EXT#@contoso.example", DisplayName: "Gus",
		Guest: true})
	env.entraUser(graphtest.User{ID: offID, UPN: "off@contoso.example", DisplayName: "Off", Disabled: true})
	for _, u := range []teamstest.User{{ID: guestID, Name: "Gus", Guest: true}, {ID: goneID, Name: "Gone"},
		{ID: awayID, Name: "Away", Tenant: "99999999-0000-4000-8000-000000000009"}, {ID: offID, Name: "Off"}} {
		env.teamsUser(u)
	}
	r := env.start(env.teamsConfig(), app.Options{})
	for user, words := range map[string]string{
		guestID: "Guests cannot create meetings", goneID: "another organization", awayID: "another organization",
		offID: "account is disabled",
	} {
		wantTeamsWords(t, env.callAnswered(r, user, teamsChat, "", "meet"), user, words)
	}
	// Where Teams cannot show it to the asker alone, all hear that there is a reason, and not which.
	if _, err := env.Teams.AddConversation(teamstest.Conversation{ID: teamsDesign, Kind: teamstest.Channel,
		Name: "Design", Team: teamsGeneral, RefuseTargeted: true}); err != nil {
		t.Fatal(err)
	}
	aloud := env.callAnswered(r, guestID, teamsDesign, "", "meet")
	wantTeamsWords(t, aloud, "", "the reason is only for you")
	if strings.Contains(aloud.Words(), "Guests") {
		t.Errorf("everybody reads %q", aloud.Words())
	}
	env.wantMeetings(0)
}

// The button of an old card shows the meeting that is current now, to whoever presses it.
func TestTeamsRefresh(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	old := env.callAnswered(r, annID, teamsChat, "", "meet")
	fresh := wantTeamsCard(t, env.callAnswered(r, annID, teamsChat, "", "new Second"), "")
	a, err := env.Teams.Press(t.Context(), r.URL(), teamstest.Press{User: benID, Message: old})
	if err != nil {
		t.Fatal(err)
	}
	if a.Problem != "" || a.Message == nil || wantTeamsCard(t, *a.Message, "") != fresh {
		t.Errorf("Ben sees %+v, problem %q, body %s", a.Message, a.Problem, a.Body)
	}
	forged, err := env.Teams.Press(t.Context(), r.URL(), teamstest.Press{User: benID, Message: old, Verb: "delete"})
	if err != nil || forged.StatusCode != http.StatusBadRequest {
		t.Errorf("a verb that no card has: %+v, %v", forged, err)
	}
}

// Coming into a conversation the bot greets once, whatever Teams tells how often.
func TestTeamsWelcome(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	for _, place := range []string{teamsGeneral, teamsChat, env.Teams.Personal(annID)} {
		all, err := env.Teams.Install(t.Context(), r.URL(), teamstest.Install{User: annID, Conversation: place})
		if err != nil || len(all) < 2 {
			t.Fatalf("%+v, %v", all, err)
		}
		wantTeamsWords(t, env.answer(place, nil, nil), "", "Hi! Type ")
	}
	env.callAnswered(r, annID, teamsChat, "", "help") // everything before it is done
	if n := len(env.Teams.Messages(teamsChat)); n != 3 {
		t.Errorf("the chat has %d messages, want the greeting, the question and its answer", n)
	}
}

// By the slash menu only the asker and the bot see the command; the card is everybody's.
func TestTeamsSlash(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	env.say(r, teamstest.Post{User: annID, Conversation: teamsGeneral, Text: "meet Planning", Slash: true})
	card := env.answer(teamsGeneral, nil, nil)
	link := wantTeamsCard(t, card, "")
	if card.Thread != "" {
		t.Errorf("the card hangs under %q, which nobody else sees", card.Thread)
	}
	if got := wantTeamsCard(t, env.callAnswered(r, benID, teamsGeneral, card.ID, "meet"), ""); got != link {
		t.Error("the thread under the card has another meeting")
	}
}
