package main

import (
	"context"
	"meetbot/internal/sandbox/slacktest"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A mention in the channel speaks for the channel; one in a thread for the thread, and is answered there.
func TestMentions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	r := w.bot()
	channelURL := wantCard(t, w.meet(r, ann, general, "Weekly"), "")

	w.graph.ResetCalls()
	w.slack.ResetCalls()
	again := w.asks(r, ben, general, "", "")
	if got := wantCard(t, again, ben); got != channelURL {
		t.Errorf("mention in the channel gave %s, want the channel's %s", got, channelURL)
	}
	if again.ThreadTS != "" {
		t.Errorf("mention in the channel was answered in the thread %s", again.ThreadTS)
	}
	eventually(t, "the post is on record", func() bool { return len(w.slack.Calls()) > 0 })
	if len(w.graph.Calls()) != 0 || len(w.slack.Calls()) != 1 {
		t.Errorf("a repeat by mention cost the Graph calls %v and the Slack calls %v, want just the post", w.graph.Calls(), w.slack.Calls())
	}

	root := w.slack.Say(ann, general, "Who broke the build?").TS
	first := w.asks(r, ben, general, root, "Build trouble")
	threadURL := wantCard(t, first, "")
	if threadURL == channelURL || first.ThreadTS != root {
		t.Errorf("a thread got %s in thread %q", threadURL, first.ThreadTS)
	}
	if strings.Contains(first.Text, "`/meet") || !strings.Contains(first.Text, "`@meetbot new`") {
		t.Errorf("a card in a thread must speak of mentions: %s", first.Text)
	}
	if got := wantCard(t, w.asks(r, ann, general, root, "show"), ann); got != threadURL {
		t.Errorf("show in the thread gave %s, want %s", got, threadURL)
	}
	fresh := wantCard(t, w.asks(r, ann, general, root, "new"), "")
	if fresh == threadURL {
		t.Error("new in a thread made nothing")
	}
	if got := wantCard(t, w.meet(r, caio, general, "show"), caio); got != channelURL {
		t.Errorf("new in a thread changed the channel's meeting to %s", got)
	}
	meetings := w.wantMeetings(3)
	if want := "slack:T024BE7LD:" + general + ":" + root; meetings[1].ExternalID != want {
		t.Errorf("external ID of the thread's meeting is %q, want %q", meetings[1].ExternalID, want)
	}

	help := w.asks(r, caio, general, root, "help")
	wantWords(t, help, caio, "@meetbot new")
	if help.ThreadTS != root || help.Via != "chat.postEphemeral" {
		t.Errorf("help in the thread came by %s in thread %q", help.Via, help.ThreadTS)
	}
}

// A thread under a command or a card of the bot belongs to the channel's conversation, however the bot learns of it.
func TestThreadsUnderCards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	r := w.bot()

	// Under the mention itself, and under the card that answered it.
	seen := w.slack.Messages(general)
	d := w.mention(r, ann, general, "", "Weekly")
	card := w.next(general, seen, nil)
	url := wantCard(t, card, "")
	for what, root := range map[string]string{"the mention": d.TS, "the posted card": card.TS} {
		a := w.asks(r, ben, general, root, "")
		if got := link(a); got != url {
			t.Errorf("under %s: %s, want %s", what, got, url)
		}
		if a.ThreadTS != root {
			t.Errorf("under %s: answered in thread %q, want %q", what, a.ThreadTS, root)
		}
	}

	// Under the answer to a slash command, whose time stamp Slack does not tell: by who wrote the root.
	slash := w.meet(r, ann, design, "")
	url = wantCard(t, slash, "")
	if got := link(w.asks(r, ben, design, slash.TS, "")); got != url {
		t.Errorf("under the answer to a command: %s, want %s", got, url)
	}
	w.wantMeetings(2)

	// And where an event does not say that either: from the first press of the card's button on.
	const third = "C0THIRD"
	w.slack.AddChannel(slacktest.Channel{ID: third, Name: "third"})
	slash = w.meet(r, ann, third, "")
	url = wantCard(t, slash, "")
	if a, err := w.slack.Press(t.Context(), r.URL(), slacktest.Press{User: ben, Message: slash}); err != nil || a.Status != http.StatusOK || len(a.Body) != 0 {
		t.Fatalf("press: %+v, %v", a, err)
	}
	seen = w.slack.Messages(third)
	if _, err := w.slack.Mention(t.Context(), r.URL(), slacktest.Mention{
		User: ben, Channel: third, ThreadTS: slash.TS, Text: "<@" + w.slack.BotUser() + ">", Orphan: true,
	}); err != nil {
		t.Fatal(err)
	}
	if got := link(w.next(third, seen, nil)); got != url {
		t.Errorf("under a card whose button was pressed: %s, want %s", got, url)
	}
	w.wantMeetings(3)
}

// Slack delivers an event again when it is not sure; whichever replica gets it, the answer is given once.
func TestRedeliveredEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	r, s := w.bot(), w.bot()
	d := w.mention(r, ann, general, "", "")
	wantCard(t, w.next(general, nil, nil), "")
	for i, at := range []*replica{r, s, s} {
		if status, err := w.slack.Deliver(t.Context(), at.URL(), d.Envelope, i+1, "http_timeout"); err != nil || status != http.StatusOK {
			t.Errorf("redelivery %d: %d, %v", i+1, status, err)
		}
	}
	// Whatever the redeliveries might have set off comes before this answer does.
	w.asks(s, ben, general, "", "help")
	cards := 0
	for _, m := range w.slack.Messages(general) {
		if link(m) != "" {
			cards++
		}
	}
	if cards != 1 {
		t.Errorf("%d cards were posted: %s", cards, texts(w.slack.Messages(general)))
	}
	w.wantMeetings(1)
}

func TestBotsAreIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	r := w.bot()
	for _, m := range []slacktest.Mention{
		{User: ann, Channel: general, Text: "<@" + w.slack.BotUser() + ">", FromBot: true},
		{User: w.slack.BotUser(), Channel: general, Text: "<@" + w.slack.BotUser() + ">"},
	} {
		w.slack.AddUser(slacktest.User{ID: w.slack.BotUser(), Name: "meetbot", Bot: true})
		d, err := w.slack.Mention(t.Context(), r.URL(), m)
		if err != nil || len(d.Attempts) != 1 || d.Attempts[0] != http.StatusOK {
			t.Fatalf("mention by a bot: %+v, %v", d, err)
		}
	}
	w.asks(r, ben, general, "", "help")
	w.wantMeetings(0)
}

// With Redis away an event is not acknowledged, so that Slack delivers it again, and then it is answered.
func TestEventsWaitForRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1, RetryDelays: []time.Duration{}})
	r := w.bot()
	w.redis.Stop()
	d, err := w.slack.Mention(t.Context(), r.URL(), slacktest.Mention{User: ann, Channel: general, Text: "<@" + w.slack.BotUser() + ">"})
	if err != nil || len(d.Attempts) != 1 || d.Attempts[0] != http.StatusServiceUnavailable {
		t.Fatalf("mention with Redis away: %+v, %v; want 503", d, err)
	}
	w.redis.Restart()
	eventually(t, "the redelivery is accepted", func() bool {
		status, err := w.slack.Deliver(t.Context(), r.URL(), d.Envelope, 1, "http_error")
		return err == nil && status == http.StatusOK
	})
	wantCard(t, w.next(general, nil, nil), "")
	w.wantMeetings(1)
}

func TestURLVerification(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.slack.URLVerification(ctx, w.bot().URL()); err != nil {
		t.Error(err)
	}
}
