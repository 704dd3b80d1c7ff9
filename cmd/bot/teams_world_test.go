package main

import (
	"context"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The conversations of the Teams tests.
const (
	teamsGeneral = "19:general0000000000000000000000000@thread.tacv2"
	teamsDesign  = "19:design00000000000000000000000000@thread.tacv2"
	teamsChat    = "19:chat0000000000000000000000000000@thread.v2"
	teamsMeeting = "19:meeting_review00000000000000000@thread.v2"
)

// withTeams adds Teams to the world, with the people of Slack in it.
func (w *world) withTeams(o teamstest.Options) *world {
	w.t.Helper()
	o.Entra = w.entra
	var err error
	if w.teams, err = teamstest.New(o); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.teams.Close)
	for id, u := range map[string]teamstest.User{
		annID: {Name: "Ann Example", Locale: "en-US"}, benID: {Name: "Ben Example", Locale: "en-GB"}, caioID: {Name: "Caio Example", Locale: "pt-BR"},
	} {
		u.ID = id
		w.teamsUser(u)
	}
	if err := w.teams.AddTeam(teamsGeneral, "Contoso"); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range []teamstest.Conversation{
		{ID: teamsDesign, Kind: teamstest.Channel, Name: "Design", Team: teamsGeneral},
		{ID: teamsChat, Kind: teamstest.GroupChat, Name: "Lunch"},
		{ID: teamsMeeting, Kind: teamstest.MeetingChat, Name: "Review"},
	} {
		if _, err := w.teams.AddConversation(c); err != nil {
			w.t.Fatal(err)
		}
	}
	return w
}

func (w *world) teamsUser(u teamstest.User) {
	w.t.Helper()
	if err := w.teams.AddUser(u); err != nil {
		w.t.Fatal(err)
	}
}

// newTeamsWorld is a world with Teams in it and no limit on posts.
func newTeamsWorld(t testing.TB) *world {
	t.Helper()
	return newWorld(t, slacktest.Options{PostBurst: -1}).withTeams(teamstest.Options{Posts: []teamstest.Quota{}})
}

// teamsConfig is the configuration of a bot that serves Teams alone.
func (w *world) teamsConfig() Config {
	c := w.config()
	c.SlackSigningSecret, c.SlackBotToken = "", ""
	return w.addTeams(c)
}

// addTeams switches Teams on.
func (w *world) addTeams(c Config) Config {
	c.TeamsAppID, c.TeamsAppSecret = w.teams.AppID(), w.teams.AppSecret()
	c.TeamsMetadataURL, c.TeamsServiceHosts = w.teams.MetadataURL(), []string{w.teams.ServiceHost()}
	return c
}

// say writes a message in Teams and fails the test unless the bot takes it.
func (w *world) say(r *replica, p teamstest.Post) teamstest.Delivery {
	w.t.Helper()
	d, err := w.teams.Post(w.t.Context(), r.URL(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	if n := len(d.Attempts); n == 0 || d.Attempts[n-1] != http.StatusOK || len(d.Body) != 0 {
		w.t.Fatalf("%q was answered with %v %s", p.Text, d.Attempts, d.Body)
	}
	return d
}

// call mentions the bot in a conversation of Teams.
func (w *world) call(r *replica, user, conversation, thread, text string) teamstest.Delivery {
	w.t.Helper()
	return w.say(r, teamstest.Post{User: user, Conversation: conversation, Thread: thread, Text: strings.TrimSpace(w.teams.Mention() + " " + text)})
}

// answer waits for a message of the bot's that is none of those already seen.
func (w *world) answer(conversation string, seen []teamstest.Message, match func(teamstest.Message) bool) teamstest.Message {
	w.t.Helper()
	old := map[string]bool{}
	for _, m := range seen {
		old[m.ID] = true
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	m, err := w.teams.WaitFor(ctx, conversation, func(m teamstest.Message) bool {
		return !old[m.ID] && m.Via != "user" && (match == nil || match(m))
	})
	if err != nil {
		var all strings.Builder
		for _, m := range w.teams.Messages(conversation) {
			all.WriteString("\n  " + m.Via + " " + m.Words())
		}
		w.t.Fatalf("no such message: %v; there are %s\ncalls: %+v", err, all.String(), w.teams.Calls())
	}
	return m
}

// callAnswered mentions the bot and returns its answer.
func (w *world) callAnswered(r *replica, user, conversation, thread, text string) teamstest.Message {
	w.t.Helper()
	seen := w.teams.Messages(conversation)
	w.call(r, user, conversation, thread, text)
	return w.answer(conversation, seen, nil)
}

// wantTeamsCard fails the test unless the message is a card, for that user or, if it is empty, for everybody.
func wantTeamsCard(t testing.TB, m teamstest.Message, to string) string {
	t.Helper()
	link := teamstest.ReadCard(m.Card).Link()
	if !strings.HasPrefix(link, "https://teams.microsoft.com/") {
		t.Fatalf("not a card: %s", m.Words())
	}
	if m.To != to {
		t.Errorf("card is for %q, want %q (empty: everybody)", m.To, to)
	}
	return link
}

// wantTeamsWords fails the test unless the message has these words for that user alone, and no link.
func wantTeamsWords(t testing.TB, m teamstest.Message, to, words string) {
	t.Helper()
	if !strings.Contains(m.Words(), words) {
		t.Errorf("message is %q, want it to hold %q", m.Words(), words)
	}
	if m.To != to {
		t.Errorf("message is for %q, want %q", m.To, to)
	}
	if link := teamstest.ReadCard(m.Card).Link(); link != "" {
		t.Errorf("message has the link %s", link)
	}
}
