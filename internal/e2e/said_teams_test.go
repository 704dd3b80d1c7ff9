//go:build integration

package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// saysAnswered writes a message in Teams and returns the bot's answer.
func (env *environment) saysAnswered(r *replica, p teamstest.Post) teamstest.Message {
	env.t.Helper()
	seen := env.Teams.Messages(p.Conversation)
	env.say(r, p)
	return env.answer(p.Conversation, seen, nil)
}

// What Teams puts into a message beside what its author wrote is no part of the command.
func TestTeamsQuotesAndForwards(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	quoted := env.Teams.Say(benID, teamsChat, "shall we talk?")
	at := env.Teams.Mention()
	wantTeamsWords(t, env.saysAnswered(r, teamstest.Post{User: annID, Conversation: teamsChat, Text: at + " help",
		Quote: quoted.ID}), annID, "Every channel has one Microsoft Teams meeting")
	wantTeamsCard(t, env.saysAnswered(r, teamstest.Post{User: annID, Conversation: teamsChat,
		Text: at + " new Retro", Quote: quoted.ID}), "")
	wantTeamsCard(t, env.saysAnswered(r, teamstest.Post{User: annID, Conversation: teamsChat, Text: at + " new Review",
		Forward: "Dear all,\nnew numbers are in."}), "")
	personal := env.Teams.Personal(annID)
	wantTeamsCard(t, env.saysAnswered(r, teamstest.Post{User: annID, Conversation: personal, Text: "meet Talk",
		Quote: quoted.ID, Forward: "show"}), "")
	// A forward with nothing but a mention is a mention.
	wantTeamsCard(t, env.saysAnswered(r, teamstest.Post{User: annID, Conversation: teamsDesign, Text: at,
		Forward: "shall we talk?"}), "")
	subjects := map[string]bool{}
	for _, m := range env.wantMeetings(4) {
		subjects[m.Subject] = true
	}
	for _, want := range []string{"Retro", "Review", "Talk", "Meeting in Design"} {
		if !subjects[want] {
			t.Errorf("no meeting %q among %v", want, subjects)
		}
	}
}

// An app that an organization gave another name is mentioned by it, as a whole or word by word.
func TestTeamsRenamedApp(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"R&D Meetbot", "Meet Bot"} {
		env := newEnv(t, slacktest.Options{}).withTeams(teamstest.Options{Posts: []teamstest.Quota{}, BotName: name})
		r := env.start(env.teamsConfig(), app.Options{})
		first, second, _ := strings.Cut(name, " ")
		words := "<at>" + strings.ReplaceAll(first, "&", "&amp;") + "</at> <at>" + second + "</at>"
		for _, p := range []teamstest.Post{
			{Text: env.Teams.Mention() + " new A"},
			{Text: env.Teams.Mention() + " new B", NoText: true},
			{Text: words + " new C"},
			{Text: words + " new D", NoText: true},
			{Text: "<at>Ben Example</at>, " + words + ", new E of <at>Caio Example</at>", NoText: true},
		} {
			p.User, p.Conversation = annID, teamsChat
			answer := env.saysAnswered(r, p)
			wantTeamsCard(t, answer, "")
			_, subject, _ := strings.Cut(p.Text, " new ")
			subject = strings.NewReplacer("<at>", "", "</at>", "").Replace(subject)
			if got := teamstest.ReadCard(answer.Card).Title; got != subject {
				t.Errorf("%q, text left out %v: the subject is %q", p.Text, p.NoText, got)
			}
		}
	}
}

// A thread in a chat has the chat's meeting, and is answered in the thread.
func TestTeamsThreadsInChats(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	link := wantTeamsCard(t, env.callAnswered(r, annID, teamsChat, "", "meet"), "")
	root := env.Teams.Say(benID, teamsChat, "about the build")
	for _, apart := range []bool{false, true} {
		answer := env.saysAnswered(r, teamstest.Post{User: benID, Conversation: teamsChat, Thread: root.ID,
			Text: env.Teams.Mention() + " show", ThreadApart: apart})
		if got := wantTeamsCard(t, answer, benID); got != link || answer.Thread != root.ID {
			t.Errorf("in the thread: %s in thread %q", got, answer.Thread)
		}
	}
	wantTeamsCard(t, env.saysAnswered(r, teamstest.Post{User: caioID, Conversation: teamsChat, Thread: root.ID,
		Text: env.Teams.Mention() + " new Retro"}), "")
	env.wantMeetings(2)
	help := env.saysAnswered(r, teamstest.Post{User: benID, Conversation: teamsChat, Thread: root.ID,
		Text: env.Teams.Mention() + " help"})
	if strings.Contains(help.Words(), "thread has its own meeting") {
		t.Errorf("the help promises what cannot be:\n%s", help.Words())
	}
}

// However many events tell of the bot's coming, it greets once.
func TestTeamsGreetsOnce(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	for range 10 {
		if _, err := env.Teams.Install(t.Context(), r.URL(), teamstest.Install{User: annID,
			Conversation: teamsChat}); err != nil {
			t.Fatal(err)
		}
	}
	wantTeamsWords(t, env.answer(teamsChat, nil, nil), "", "Hi! Type ")
	seen := env.Teams.Messages(teamsChat)
	wantTeamsWords(t, env.callAnswered(r, annID, teamsChat, "", "help"), annID, "Every channel has one Microsoft Teams meeting")
	greetings := 0
	for _, m := range env.Teams.Messages(teamsChat) {
		if strings.Contains(m.Words(), "Hi! Type ") {
			greetings++
		}
	}
	if greetings != 1 {
		t.Errorf("%d greetings among %d messages", greetings, len(seen)+2)
	}
	// Another conversation is greeted too.
	if _, err := env.Teams.Install(t.Context(), r.URL(), teamstest.Install{User: annID,
		Conversation: teamsMeeting}); err != nil {
		t.Fatal(err)
	}
	env.answer(teamsMeeting, nil, nil)
}

// What the bot does not use may look as it likes.
func TestTeamsUnknownFields(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	raw, err := env.Teams.Activity(teamstest.Post{User: annID, Conversation: teamsChat,
		Text: env.Teams.Mention() + " meet Design review"})
	if err != nil {
		t.Fatal(err)
	}
	var activity map[string]any
	if err := json.Unmarshal(raw, &activity); err != nil {
		t.Fatal(err)
	}
	activity["entities"] = append(activity["entities"].([]any), 5, "x", nil,
		map[string]any{"type": "mention", "text": 7, "mentioned": "x"}, map[string]any{"type": 1},
		map[string]any{"type": "ProductInfo", "text": map[string]any{"a": 1}})
	activity["attachments"] = map[string]any{"contentType": 1}
	activity["summary"], activity["textFormat"], activity["replyToId"] = 1, []any{1}, 0
	activity["channelData"].(map[string]any)["team"] = "x"
	body, err := json.Marshal(activity)
	if err != nil {
		t.Fatal(err)
	}
	d, err := env.Teams.Deliver(t.Context(), r.URL(), body, teamstest.Token{})
	if err != nil || d.Attempts[0] != http.StatusOK {
		t.Fatalf("%+v, %v", d, err)
	}
	wantTeamsCard(t, env.answer(teamsChat, nil, nil), "")
}
