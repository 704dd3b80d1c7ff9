//go:build integration

package e2e

import (
	"strings"
	"sync"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
)

// The main story: made, the same again for everybody, another channel, another subject.
func TestMeet(t *testing.T) {
	t.Parallel()
	for via, prepare := range mayPost {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			prepare(env)
			meetStory(t, env, via)
		})
	}
}

// meetStory is the main story, with first cards that come this way.
func meetStory(t *testing.T, env *environment, via string) {
	r := env.bot()
	first := env.meet(r, ann, general, "Design review")
	url := wantCard(t, first, "")
	for _, want := range []string{"Design review", "Microsoft Teams meeting", "started by Ann Example", "Meeting ID: ",
		"Passcode: ", "Phone: ", "Phone conference ID: ", url} {
		if !strings.Contains(first.Text, want) {
			t.Errorf("card does not say %q: %s", want, first.Text)
		}
	}
	if first.Via != via {
		t.Errorf("card came by %s, want %s", first.Via, via)
	}

	// Promise 3: a repeat asks neither Graph nor Slack.
	env.Graph.ResetCalls()
	env.Slack.ResetCalls()
	again := env.meet(r, ben, general, "")
	if got := wantCard(t, again, ben); got != url || again.Via != "answer" {
		t.Errorf("Ben got %s by %s, Ann %s", got, again.Via, url)
	}
	if !strings.Contains(again.Text, "<#"+general+">'s meeting since ") ||
		!strings.Contains(again.Text, "Everybody saw this card a moment ago") ||
		strings.Contains(again.Text, "Microsoft Teams meeting") {
		t.Errorf("repeat reads %s", again.Text)
	}
	if len(env.Graph.Calls()) != 0 || len(env.Slack.Calls()) != 0 {
		t.Errorf("a repeat cost the Graph calls %v and the Slack calls %v", env.Graph.Calls(), env.Slack.Calls())
	}

	kept := env.meet(r, ben, general, "Budget")
	if got := wantCard(t, kept, ben); got != url || !strings.Contains(kept.Text, "Design review") ||
		!strings.Contains(kept.Text, "already has a meeting, “Design review”, so I kept it. To start another one: `/meet new Budget`") {
		t.Errorf("with another subject: %s", kept.Text)
	}
	if same := env.meet(r, ben, general, "Design review"); strings.Contains(same.Text, "I kept it") {
		t.Errorf("with the same subject: %s", same.Text)
	}

	other := wantCard(t, env.meet(r, ben, design, ""), "")
	if other == url {
		t.Error("two channels have the same meeting")
	}
	meetings := env.wantMeetings(2)
	if meetings[0].ExternalID != "slack:T024BE7LD:"+general || meetings[0].UserID != annID {
		t.Errorf("first meeting: %+v", meetings[0])
	}
	if meetings[1].Subject != "Meeting in #design" {
		t.Errorf("a meeting without a subject is called %q", meetings[1].Subject)
	}
}

// What makes nothing makes nothing.
func TestWordsMakeNoMeeting(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	wantWords(t, env.meet(r, ann, general, "show"), ann, "There is no meeting here yet")
	wantWords(t, env.meet(r, ann, general, "help"), ann, "/meet new")
	wantWords(t, env.meet(r, ann, general, "hlep"), ann,
		"Did you mean `/meet help`? For a meeting called “hlep”")
	env.wantMeetings(0)
	if calls := env.Graph.Calls(); len(calls) != 0 {
		t.Errorf("Graph was asked: %v", calls)
	}

	url := wantCard(t, env.meet(r, ann, general, `"hlep"`), "")
	if m := env.wantMeetings(1); m[0].Subject != "hlep" {
		t.Errorf("quoted subject became %q", m[0].Subject)
	}
	if got := wantCard(t, env.meet(r, ben, general, "show"), ben); got != url {
		t.Errorf("show gave %s, want %s", got, url)
	}
}

// `new` makes a fresh meeting, once, however many press it at the same moment.
func TestNew(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r, s := env.bot(), env.bot()
	old := wantCard(t, env.meet(r, ann, general, ""), "")

	urls := make([]string, 6)
	var wg sync.WaitGroup
	for i := range urls {
		wg.Go(func() {
			user, at := []string{ann, ben, caio}[i%3], []*replica{r, s}[i%2]
			m, err := env.tryMeet(at, user, general, "new Retrospective")
			if err != nil {
				t.Error(err)
				return
			}
			urls[i] = link(m)
		})
	}
	wg.Wait()
	fresh := wantCard(t, env.meet(s, ben, general, "show"), ben)
	if fresh == old {
		t.Fatal("the meeting is still the old one")
	}
	for i, url := range urls {
		if url != fresh {
			t.Errorf("asker %d got %q, want %q", i, url, fresh)
		}
	}
	meetings := env.wantMeetings(2)
	if id := meetings[1].ExternalID; !strings.HasPrefix(id, "slack:T024BE7LD:"+general+"/2/") {
		t.Errorf("external ID of the fresh meeting is %q", id)
	}
	third := wantCard(t, env.meet(r, ann, general, "new"), "")
	if third == fresh || third == old {
		t.Error("a second new made nothing")
	}
}

// The secrets of a configuration may come from files, which end with a line break.
func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	c := env.config()
	values := env.Variables()
	for _, name := range []string{"SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID"} {
		if err := c.Set(map[string]string{name: values[name] + "\n"}); err != nil {
			t.Fatal(err)
		}
	}
	wantCard(t, env.meet(env.start(c, app.Options{}), ann, general, ""), "")
}
