//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot/slackapp"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// edit changes what a user's message in #general says. Slack delivers that as a new event.
func (env *environment) edit(r *replica, user, ts, text string) slacktest.Delivery {
	env.t.Helper()
	d, err := env.Slack.Mention(env.t.Context(), r.URL(), slacktest.Mention{
		User: user, Channel: general, Edits: ts, Text: "<@" + env.Slack.BotUser() + "> " + text,
	})
	if err != nil {
		env.t.Fatal(err)
	}
	if len(d.Attempts) != 1 || d.Attempts[0] != http.StatusOK {
		env.t.Fatalf("the edit %q was answered with %v", text, d.Attempts)
	}
	return d
}

// An edit of a message that was answered does nothing, whatever it says now.
func TestEditOfAnAnsweredMessage(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	wantCard(t, env.asks(r, ann, general, "", "new Retor"), "")
	last := env.Slack.Messages(general)
	edited := env.edit(r, ann, last[0].TS, "new Retro")
	wantWords(t, env.asks(r, ben, general, "", "help"), ben, "Every channel has one Microsoft Teams meeting")
	if got := len(env.Slack.Messages(general)); got != len(last)+2 {
		t.Errorf("the edit was answered:%s", texts(env.Slack.Messages(general)))
	}
	if m := env.wantMeetings(1); m[0].Subject != "Retor" {
		t.Errorf("the meeting is %+v", m[0])
	}

	// Long afterwards nobody knows whether the message was answered: still nothing is made.
	long := fmt.Sprintf("%d.000100", time.Now().Add(-2*time.Hour).Unix())
	envelope := strings.ReplaceAll(string(edited.Envelope), edited.TS, long)
	envelope = strings.ReplaceAll(envelope, edited.EventID, "Ev0LATE")
	if status, err := env.Slack.Deliver(t.Context(), r.URL(), []byte(envelope), 0, ""); err != nil ||
		status != http.StatusOK {
		t.Fatal(status, err)
	}
	wantWords(t, env.asks(r, caio, general, "", "help"), caio, "Every channel has one Microsoft Teams meeting")
	env.wantMeetings(1)
}

// An edit that arrives together with the message, or that mentions the bot for the first time, is one command.
func TestEditIsOneCommand(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	wantCard(t, env.asks(r, ann, general, "", "meet"), "")
	plain := env.Slack.Say(ben, general, "let's have a call")
	seen := env.Slack.Messages(general)
	env.edit(r, ben, plain.TS, "new Late thought")
	wantCard(t, env.next(general, seen, nil), "")
	env.wantMeetings(2)

	said := env.Slack.Say(ann, general, "hm")
	edit := func(text string) slacktest.Delivery {
		return env.edit(r, ann, said.TS, text)
	}
	var both sync.WaitGroup
	for _, text := range []string{"new One", "new One and only"} {
		both.Go(func() { edit(text) })
	}
	both.Wait()
	env.next(general, seen, func(m slacktest.Message) bool { return strings.Contains(m.Text, "One") })
	wantWords(t, env.asks(r, caio, general, "", "help"), caio, "Every channel has one Microsoft Teams meeting")
	env.wantMeetings(3)
}

// The release before names a mention by its event. Where it answered one, this release does not answer it again, and
// the other way round.
func TestMentionsBesideTheReleaseBefore(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	wantCard(t, env.asks(r, ann, general, "", "meet"), "")
	d := env.mention(r, ann, general, "", "new Second")
	env.next(general, nil, func(m slacktest.Message) bool { return strings.Contains(m.Text, "Second") })
	if !strings.Contains(env.done(), "{mb:jobs}:mark:slack:event:"+d.EventID) {
		t.Error("the release before would not know the event again")
	}
	// As if the release before had accepted the event.
	var before slacktest.Delivery
	before.EventID = "Ev0BEFORE"
	env.remember("{mb:jobs}:mark:slack:event:"+before.EventID, "done 1-1 -")
	_, err := env.Slack.Mention(t.Context(), r.URL(), slacktest.Mention{
		User: ann, Channel: general, Text: "<@" + env.Slack.BotUser() + "> new Third", EventID: before.EventID,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantWords(t, env.asks(r, caio, general, "", "help"), caio, "Every channel has one Microsoft Teams meeting")
	env.wantMeetings(2)
}

// remember sets a key in Redis for an hour.
func (env *environment) remember(key, value string) {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	if err := client.Set(env.t.Context(), key, value, time.Hour).Err(); err != nil {
		env.t.Fatal(err)
	}
}

// A press of a button in Slack, as it is answered in the channel.
func (env *environment) presses(r *replica, p slacktest.Press) slacktest.Message {
	env.t.Helper()
	seen := env.Slack.Messages(p.Message.Channel)
	a, err := env.Slack.Press(env.t.Context(), r.URL(), p)
	if err != nil || a.Status != http.StatusOK || a.Problem != "" {
		env.t.Fatalf("press: %+v, %v", a, err)
	}
	return env.nextOrChanged(p.Message, seen)
}

// nextOrChanged waits for what the press of a button brings: a new message of the bot's, or another content of the pressed
// one, if that is private.
func (env *environment) nextOrChanged(pressed slacktest.Message, seen []slacktest.Message) (answer slacktest.Message) {
	env.t.Helper()
	old := map[string]slacktest.Message{}
	for _, m := range seen {
		old[m.TS] = m
	}
	eventually(env.t, "the press is answered", func() bool {
		for _, m := range env.Slack.Messages(pressed.Channel) {
			was, known := old[m.TS]
			instead := m.TS == pressed.TS && m.To != "" && (m.Text != was.Text || string(m.Blocks) != string(was.Blocks))
			if m.Via != "user" && (!known || instead) {
				answer = m
				return true
			}
		}
		return false
	})
	return answer
}

// In Slack a press is answered where the button stands, also in a thread.
func TestOfferInSlack(t *testing.T) {
	t.Parallel()
	for via, mayPost := range map[string]bool{"chat.postMessage": true, "response_url": false} {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{PostBurst: -1})
			offerInSlack(t, env, via, mayPost)
		})
	}
}

// offerInSlack presses the button of an offer in a thread, whose card comes this way.
func offerInSlack(t *testing.T, env *environment, via string, mayPost bool) {
	r := env.bot()
	root := env.Slack.Say(ben, general, "Who broke the build?").TS
	offer := env.asks(r, ann, general, root, slacktest.Escape("look at <this>"))
	wantWords(t, offer, ann, "look at &lt;this&gt;")
	if offer.ThreadTS != root {
		t.Errorf("the offer stands in thread %q", offer.ThreadTS)
	}
	if !mayPost {
		env.inPlace()
	}
	card := env.presses(r, slacktest.Press{User: ann, Message: offer, ActionID: "create"})
	wantCard(t, card, "")
	if card.ThreadTS != root || card.Via != via {
		t.Errorf("the card is %+v", card)
	}
	if m := env.wantMeetings(1); m[0].Subject != "look at <this>" || !strings.Contains(m[0].ExternalID, root) {
		t.Errorf("the meeting is %+v", m[0])
	}
	// The question is still there. Pressed again, it brings the same card.
	if again := env.presses(r, slacktest.Press{User: ann, Message: offer}); link(again) != link(card) || again.To != ann {
		t.Errorf("pressed twice: %+v", again)
	}
	env.wantMeetings(1)

	if !mayPost {
		return
	}
	// With Redis away, whoever presses is told.
	offer = env.asks(r, ann, design, "", "thanks")
	env.redis.Stop()
	wantWords(t, env.presses(r, slacktest.Press{User: ann, Message: offer}), ann, "cannot reach my database")
}

// A button's value comes from a request, and so may be anything.
func TestForgedButtons(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	offer := env.asks(r, ann, general, "", "thanks")
	seen := env.Slack.Messages(general)
	press := slacktest.Press{User: ann, Message: offer, Value: strings.Repeat("x", 5000)}
	if a, err := env.Slack.Press(t.Context(), r.URL(), press); err != nil || a.Status != http.StatusOK {
		t.Fatal(a, err)
	}
	wantWords(t, env.asks(r, ben, general, "", "help"), ben, "Every channel has one Microsoft Teams meeting")
	if got := len(env.Slack.Messages(general)); got != len(seen)+2 {
		t.Errorf("the press was answered:%s", texts(env.Slack.Messages(general)))
	}
	env.wantMeetings(0)
	card := env.presses(r, slacktest.Press{User: ann, Message: offer, Value: "a\u202eb <!here>"})
	if wantCard(t, card, ""); strings.Contains(string(card.Blocks)+card.Text, "<!here>") {
		t.Errorf("the card is %s", card.Text)
	}
	if m := env.wantMeetings(1); m[0].Subject != "ab <!here>" {
		t.Errorf("the subject is %q", m[0].Subject)
	}
}

// A person who is mentioned without a name, and an emoji, read in a subject as they read in the message. What is
// nothing but an ID goes.
func TestNamesAndEmojisInSubjects(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	wantCard(t, env.meet(r, ann, general, "Launch :tada: of <@"+ben+">"), "")
	wantCard(t, env.asks(r, ann, design, "", "meet Review <@"+caio+"> in <#C0SECRET> <!subteam^S1> :+1:"), "")
	// A look-up that fails costs a name, not the command.
	env.Slack.Fault(faultserver.Fault{Target: "users.info", Latency: 2 * time.Second})
	wantCard(t, env.meet(r, ann, general, "new Quick <@U0NOBODY> sync"), "")
	want := map[string]bool{"Launch 🎉 of @ben": true, "Review @caio in 👍": true, "Quick sync": true}
	for _, m := range env.wantMeetings(3) {
		if !want[m.Subject] {
			t.Errorf("the subject is %q", m.Subject)
		}
	}
}

// What the bot does not use may look as it likes.
func TestUnknownFieldsOfEvents(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	wantCard(t, env.asks(r, ann, general, "", "meet"), "")
	d := env.mention(r, ann, design, "", "meet Design review")
	wantCard(t, env.next(design, nil, nil), "")
	for i, field := range []string{
		`"blocks":[{"type":"rich_text","elements":[{"type":"hologram","elements":{"a":1}}]}]`, `"blocks":7`,
		`"attachments":[{"fields":[{"value":512}]}]`, `"files":[{"size":"12 KB"}]`, `"edited":null`,
		`"assistant_thread":[1]`, `"team":5`, `"event_ts":1`,
	} {
		ts := fmt.Sprintf("%d.%06d", time.Now().Unix(), 100+i)
		envelope := strings.ReplaceAll(string(d.Envelope), d.TS, ts)
		envelope = strings.ReplaceAll(envelope, d.EventID, fmt.Sprintf("Ev0FIELD%d", i))
		envelope = strings.Replace(envelope, `"type":"app_mention"`, `"type":"app_mention",`+field, 1)
		envelope = strings.Replace(envelope, `"event_time":`, `"event_context":{},"event_time_":`, 1)
		seen := env.Slack.Messages(design)
		status, err := env.Slack.Deliver(t.Context(), r.URL(), []byte(envelope), 0, "")
		if err != nil || status != http.StatusOK {
			t.Errorf("%s: %d, %v", field, status, err)
			continue
		}
		env.next(design, seen, nil)
	}
	env.wantMeetings(2)

	// So may it be with a pressed button.
	offer := env.asks(r, ann, general, env.Slack.Say(ben, general, "hm").TS, "thanks")
	payload := `{"type":"block_actions","team":{"id":"` + env.Slack.Team() + `","domain":5},"user":{"id":"` + ann +
		`","team_id":1},"enterprise":null,"channel":{"id":7},"message":{"blocks":[{"type":"hologram","elements":5}],"files":[{"size":"x"}]},` +
		`"state":{"values":[]},"actions":[{"action_id":"create","value":"thanks","type":"hologram","text":5}],"container":{"message_ts":"` +
		offer.TS + `","channel_id":"` + general + `","thread_ts":"` + offer.ThreadTS + `","is_ephemeral":true}}`
	body := []byte(url.Values{"payload": {payload}}.Encode())
	h := http.Header{}
	env.Slack.Sign(h, body, time.Now())
	seen := env.Slack.Messages(general)
	if status, answer := send(t, http.MethodPost, r.URL()+slackapp.InteractivityPath, form, h, body); status != 200 {
		t.Fatal(status, answer)
	}
	wantCard(t, env.next(general, seen, nil), "")
	env.wantMeetings(3)
}

// In a direct conversation the bot cannot be mentioned in a thread, so its help does not speak of it.
func TestHelpInADirectConversation(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	env.Slack.AddChannel(slacktest.Channel{ID: "C0GROUP", Name: "mpdm-ann--ben-1"})
	for channel, threads := range map[string]bool{general: true, "D" + ann: false, "C0GROUP": false} {
		if help := env.meet(r, ann, channel, "help"); strings.Contains(help.Text, "Threads have their own") != threads {
			t.Errorf("in %s the help reads\n%s", channel, help.Text)
		}
	}
}
