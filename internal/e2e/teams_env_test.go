//go:build integration

package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// The conversations of the Teams tests.
const (
	teamsGeneral = "19:general0000000000000000000000000@thread.tacv2"
	teamsDesign  = "19:design00000000000000000000000000@thread.tacv2"
	teamsChat    = "19:chat0000000000000000000000000000@thread.v2"
	teamsMeeting = "19:meeting_review00000000000000000@thread.v2"
)

// withTeams adds Teams to the environment, with the people of Slack in it.
func (env *environment) withTeams(o teamstest.Options) *environment {
	env.t.Helper()
	if err := env.AddTeams(o); err != nil {
		env.t.Fatal(err)
	}
	for id, u := range map[string]teamstest.User{
		annID: {Name: "Ann Example", Locale: "en-US"}, benID: {Name: "Ben Example", Locale: "en-GB"},
		caioID: {Name: "Caio Example", Locale: "pt-BR"},
	} {
		u.ID = id
		env.teamsUser(u)
	}
	if err := env.Teams.AddTeam(teamsGeneral, "Contoso"); err != nil {
		env.t.Fatal(err)
	}
	for _, c := range []teamstest.Conversation{
		{ID: teamsDesign, Kind: teamstest.Channel, Name: "Design", Team: teamsGeneral},
		{ID: teamsChat, Kind: teamstest.GroupChat, Name: "Lunch"},
		{ID: teamsMeeting, Kind: teamstest.MeetingChat, Name: "Review"},
	} {
		if _, err := env.Teams.AddConversation(c); err != nil {
			env.t.Fatal(err)
		}
	}
	return env
}

func (env *environment) teamsUser(u teamstest.User) {
	env.t.Helper()
	env.add(testenv.Person{Teams: &u})
}

// newTeamsEnv is an environment with Teams in it and no limit on posts.
func newTeamsEnv(t testing.TB) *environment {
	t.Helper()
	return newEnv(t, slacktest.Options{PostBurst: -1}).withTeams(teamstest.Options{Posts: []teamstest.Quota{}})
}

// teamsConfig is the configuration of a bot that serves Teams alone.
func (env *environment) teamsConfig() app.Config {
	env.t.Helper()
	c := env.everything()
	c.Slack.SigningSecret, c.Slack.BotToken = "", ""
	return c
}

// say writes a message in Teams and fails the test unless the bot takes it.
func (env *environment) say(r *replica, p teamstest.Post) teamstest.Delivery {
	env.t.Helper()
	d, err := env.Teams.Post(env.t.Context(), r.URL(), p)
	if err != nil {
		env.t.Fatal(err)
	}
	if n := len(d.Attempts); n == 0 || d.Attempts[n-1] != http.StatusOK || len(d.Body) != 0 {
		env.t.Fatalf("%q was answered with %v %s", p.Text, d.Attempts, d.Body)
	}
	return d
}

// call mentions the bot in a conversation of Teams.
func (env *environment) call(r *replica, user, conversation, thread, text string) teamstest.Delivery {
	env.t.Helper()
	return env.say(r, teamstest.Post{User: user, Conversation: conversation, Thread: thread,
		Text: strings.TrimSpace(env.Teams.Mention() + " " + text)})
}

// answer waits for a message of the bot's that is none of those already seen.
func (env *environment) answer(conversation string, seen []teamstest.Message,
	match func(teamstest.Message) bool) teamstest.Message {
	env.t.Helper()
	old := map[string]bool{}
	for _, m := range seen {
		old[m.ID] = true
	}
	ctx, cancel := context.WithTimeout(env.t.Context(), 30*time.Second)
	defer cancel()
	m, err := env.Teams.WaitFor(ctx, conversation, func(m teamstest.Message) bool {
		return !old[m.ID] && m.Via != "user" && (match == nil || match(m))
	})
	if err != nil {
		var all strings.Builder
		for _, m := range env.Teams.Messages(conversation) {
			all.WriteString("\n  " + m.Via + " " + m.Words())
		}
		env.t.Fatalf("no such message: %v; there are %s\ncalls: %+v", err, all.String(), env.Teams.Calls())
	}
	return m
}

// callAnswered mentions the bot and returns its answer.
func (env *environment) callAnswered(r *replica, user, conversation, thread, text string) teamstest.Message {
	env.t.Helper()
	seen := env.Teams.Messages(conversation)
	env.call(r, user, conversation, thread, text)
	return env.answer(conversation, seen, nil)
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
