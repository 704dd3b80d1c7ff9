//go:build integration

package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"meetbot/internal/sandbox/slacktest"
)

// A mention in the channel speaks for the channel; one in a thread for the thread, and is answered there.
func TestMentions(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	channelURL := wantCard(t, env.meet(r, ann, general, "Weekly"), "")

	env.Graph.ResetCalls()
	env.Slack.ResetCalls()
	again := env.asks(r, ben, general, "", "")
	if got := wantCard(t, again, ben); got != channelURL {
		t.Errorf("mention in the channel gave %s, want the channel's %s", got, channelURL)
	}
	if again.ThreadTS != "" {
		t.Errorf("mention in the channel was answered in the thread %s", again.ThreadTS)
	}
	eventually(t, "the post is on record", func() bool { return len(env.Slack.Calls()) > 0 })
	if len(env.Graph.Calls()) != 0 || len(env.Slack.Calls()) != 1 {
		t.Errorf("a repeat by mention cost the Graph calls %v and the Slack calls %v, want just the post",
			env.Graph.Calls(), env.Slack.Calls())
	}

	root := env.Slack.Say(ann, general, "Who broke the build?").TS
	first := env.asks(r, ben, general, root, "meet Build trouble")
	threadURL := wantCard(t, first, "")
	if threadURL == channelURL || first.ThreadTS != root {
		t.Errorf("a thread got %s in thread %q", threadURL, first.ThreadTS)
	}
	kept := env.asks(r, ben, general, root, "meet Another subject")
	if strings.Contains(kept.Text, "`/meet") || !strings.Contains(kept.Text, "`@meetbot new Another subject`") {
		t.Errorf("a card in a thread must speak of mentions: %s", kept.Text)
	}
	if got := wantCard(t, env.asks(r, ann, general, root, "show"), ann); got != threadURL {
		t.Errorf("show in the thread gave %s, want %s", got, threadURL)
	}
	fresh := wantCard(t, env.asks(r, ann, general, root, "new"), "")
	if fresh == threadURL {
		t.Error("new in a thread made nothing")
	}
	if got := wantCard(t, env.meet(r, caio, general, "show"), caio); got != channelURL {
		t.Errorf("new in a thread changed the channel's meeting to %s", got)
	}
	meetings := env.wantMeetings(3)
	if want := "slack:T024BE7LD:" + general + ":" + root; meetings[1].ExternalID != want {
		t.Errorf("external ID of the thread's meeting is %q, want %q", meetings[1].ExternalID, want)
	}

	help := env.asks(r, caio, general, root, "help")
	wantWords(t, help, caio, "@meetbot new")
	if help.ThreadTS != root || help.Via != "chat.postEphemeral" {
		t.Errorf("help in the thread came by %s in thread %q", help.Via, help.ThreadTS)
	}
}

// A thread under a command or a card of the bot belongs to the channel's conversation, however the bot learns of it.
func TestThreadsUnderCards(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()

	// Under the mention itself, and under the card that answered it.
	seen := env.Slack.Messages(general)
	d := env.mention(r, ann, general, "", "meet Weekly")
	card := env.next(general, seen, nil)
	url := wantCard(t, card, "")
	for what, root := range map[string]string{"the mention": d.TS, "the posted card": card.TS} {
		a := env.asks(r, ben, general, root, "")
		if got := link(a); got != url {
			t.Errorf("under %s: %s, want %s", what, got, url)
		}
		if a.ThreadTS != root {
			t.Errorf("under %s: answered in thread %q, want %q", what, a.ThreadTS, root)
		}
	}

	// Under the answer to a slash command, whose time stamp Slack does not tell: by who wrote the root.
	slash := env.meet(r, ann, design, "")
	url = wantCard(t, slash, "")
	if got := link(env.asks(r, ben, design, slash.TS, "")); got != url {
		t.Errorf("under the answer to a command: %s, want %s", got, url)
	}
	env.wantMeetings(2)

	// And where an event does not say that either: from the first press of the card's button on.
	const third = "C0THIRD"
	env.Slack.AddChannel(slacktest.Channel{ID: third, Name: "third"})
	slash = env.meet(r, ann, third, "")
	url = wantCard(t, slash, "")
	if a, err := env.Slack.Press(t.Context(), r.URL(), slacktest.Press{User: ben, Message: slash}); err != nil || a.Status != http.StatusOK || len(a.Body) != 0 {
		t.Fatalf("press: %+v, %v", a, err)
	}
	seen = env.Slack.Messages(third)
	if _, err := env.Slack.Mention(t.Context(), r.URL(), slacktest.Mention{
		User: ben, Channel: third, ThreadTS: slash.TS, Text: "<@" + env.Slack.BotUser() + ">", Orphan: true,
	}); err != nil {
		t.Fatal(err)
	}
	if got := link(env.next(third, seen, nil)); got != url {
		t.Errorf("under a card whose button was pressed: %s, want %s", got, url)
	}
	env.wantMeetings(3)
}

// Slack delivers an event again when it is not sure; whichever replica gets it, the answer is given once.
func TestRedeliveredEvents(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r, s := env.bot(), env.bot()
	d := env.mention(r, ann, general, "", "")
	wantCard(t, env.next(general, nil, nil), "")
	for i, at := range []*replica{r, s, s} {
		if status, err := env.Slack.Deliver(t.Context(), at.URL(), d.Envelope, i+1, "http_timeout"); err != nil || status != http.StatusOK {
			t.Errorf("redelivery %d: %d, %v", i+1, status, err)
		}
	}
	// Whatever the redeliveries might have set off comes before this answer does.
	env.asks(s, ben, general, "", "help")
	cards := 0
	for _, m := range env.Slack.Messages(general) {
		if link(m) != "" {
			cards++
		}
	}
	if cards != 1 {
		t.Errorf("%d cards were posted: %s", cards, texts(env.Slack.Messages(general)))
	}
	env.wantMeetings(1)
}

func TestBotsAreIgnored(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	for _, m := range []slacktest.Mention{
		{User: ann, Channel: general, Text: "<@" + env.Slack.BotUser() + ">", FromBot: true},
		{User: env.Slack.BotUser(), Channel: general, Text: "<@" + env.Slack.BotUser() + ">"},
	} {
		env.Slack.AddUser(slacktest.User{ID: env.Slack.BotUser(), Name: "meetbot", Bot: true})
		d, err := env.Slack.Mention(t.Context(), r.URL(), m)
		if err != nil || len(d.Attempts) != 1 || d.Attempts[0] != http.StatusOK {
			t.Fatalf("mention by a bot: %+v, %v", d, err)
		}
	}
	env.asks(r, ben, general, "", "help")
	env.wantMeetings(0)
}

// With Redis away an event is not acknowledged, so that Slack delivers it again, and then it is answered.
func TestEventsWaitForRedis(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1, RetryDelays: []time.Duration{}})
	r := env.bot()
	env.redis.Stop()
	d, err := env.Slack.Mention(t.Context(), r.URL(), slacktest.Mention{User: ann, Channel: general, Text: "<@" + env.Slack.BotUser() + ">"})
	if err != nil || len(d.Attempts) != 1 || d.Attempts[0] != http.StatusServiceUnavailable {
		t.Fatalf("mention with Redis away: %+v, %v; want 503", d, err)
	}
	env.redis.Restart()
	eventually(t, "the redelivery is accepted", func() bool {
		status, err := env.Slack.Deliver(t.Context(), r.URL(), d.Envelope, 1, "http_error")
		return err == nil && status == http.StatusOK
	})
	wantCard(t, env.next(general, nil, nil), "")
	env.wantMeetings(1)
}

func TestURLVerification(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := env.Slack.URLVerification(ctx, env.bot().URL()); err != nil {
		t.Error(err)
	}
}
