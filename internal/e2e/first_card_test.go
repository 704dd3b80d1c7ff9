//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// inTime is what a slash command may take: Slack gives up after three seconds.
const inTime = 2500 * time.Millisecond

// cardsIn are the cards for everybody in a channel of Slack.
func (env *environment) cardsIn(channel string) (cards []slacktest.Message) {
	for _, m := range env.Slack.Messages(channel) {
		if m.To == "" && isCard(m) {
			cards = append(cards, m)
		}
	}
	return cards
}

// wantOneCard waits for the end of all work. It fails the test unless the channel has one card, or more that the
// replica counts as possible duplicates. It returns the first.
func (env *environment) wantOneCard(r *replica, channel string) slacktest.Message {
	env.t.Helper()
	env.next(channel, nil, isCard)
	env.settled()
	cards := env.cardsIn(channel)
	_, metrics := get(env.t, r.AdminURL()+"/metrics")
	if counted := !strings.Contains(metrics, "meetbot_answers_repeated_total 0"); len(cards) > 1 && !counted {
		env.t.Errorf("cards that nobody counts: %s", texts(cards))
	}
	for _, card := range cards[1:] {
		if link(card) != link(cards[0]) {
			env.t.Errorf("the cards lead to different meetings: %s", texts(cards))
		}
	}
	env.wantMeetings(1)
	return cards[0]
}

// A slow chat.postMessage does not cost the command its three seconds: it is acknowledged, and the card comes once.
func TestSlowPostOfAFirstCard(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Latency: 3500 * time.Millisecond})
	r := env.bot()
	a := env.command(r, ann, general, "Weekly")
	if a.Took > inTime {
		t.Errorf("answered after %s, want %s at most", a.Took, inTime)
	}
	wantWords(t, *a.Message, ann, "Setting up the meeting")
	if card := env.wantOneCard(r, general); card.Via != "chat.postMessage" || len(env.cardsIn(general)) != 1 {
		t.Errorf("the cards are %s", texts(env.cardsIn(general)))
	}
}

// Where Slack asks the bot to wait before it posts, or refuses the post, the card is the answer in place, at once.
func TestFirstCardFallsBackInPlace(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultserver.Fault{
		"throttled": {Status: http.StatusTooManyRequests, RetryAfter: "30"},
		"refused": {Status: http.StatusOK, ContentType: "application/json",
			Body: `{"ok":false,"error":"restricted_action"}`},
		"archived": {Status: http.StatusOK, ContentType: "application/json",
			Body: `{"ok":false,"error":"is_archived"}`},
		"scope taken away": {Status: http.StatusOK, ContentType: "application/json",
			Body: `{"ok":false,"error":"missing_scope","needed":"chat:write"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			fault.Target = "chat.postMessage"
			env.Slack.Fault(fault)
			r := env.bot()
			for channel, subject := range map[string]string{general: "Weekly", design: "Retro"} {
				a := env.command(r, ann, channel, subject)
				if a.Took > inTime || a.Message == nil || a.Message.Via != "answer" {
					t.Fatalf("answered after %s with %+v", a.Took, a.Message)
				}
				wantCard(t, *a.Message, "")
				if cards := env.cardsIn(channel); len(cards) != 1 {
					t.Errorf("the cards in %s are %s", channel, texts(cards))
				}
			}
			env.wantMeetings(2)
		})
	}
}

// Slack posts the first card, and the bot does not learn of it. What it posts again for that, it counts.
func TestAnswerToTheFirstPostIsLost(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultserver.Fault{
		"cut": {Reset: true},
		"502": {Status: http.StatusBadGateway, ContentType: "text/html", Body: "<html>Bad Gateway</html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{PostBurst: -1})
			fault.Target, fault.Times, fault.Works = "chat.postMessage", 1, true
			env.Slack.Fault(fault)
			r := env.start(env.config(), quick())
			a, err := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: ann, Channel: general})
			if err != nil || a.Problem != "" || a.Took > inTime {
				t.Errorf("the command is answered with %+v, %v", a, err)
			}
			url := link(env.wantOneCard(r, general))
			// The card whose answer was lost is not known. The other one is, and follows a new name.
			wantCard(t, env.meet(r, ben, general, "rename Retro"), ben)
			env.settled()
			if cards := env.cardsIn(general); len(cards) != 2 || !strings.Contains(cards[1].Text, "Retro") {
				t.Errorf("with the new name the cards are %s", texts(cards))
			}
			if again := env.meet(r, caio, general, ""); link(again) != url || !strings.Contains(again.Text, "Retro") {
				t.Errorf("afterwards the meeting is %s", again.Text)
			}
		})
	}
}

// A process ends by force after Slack has posted the first card, and before the bot remembers it. Another one answers
// the command.
func TestKilledBeforeTheCardIsRemembered(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	victim, url := env.process(env.config())
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Works: true, Reset: true,
		Struck: func() { _ = victim.Process.Kill() }})
	if _, err := env.Slack.Command(t.Context(), url, slacktest.Command{User: ann, Channel: general}); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	in := app.Options{Idle: 1500 * time.Millisecond}
	in.Timing.Attempt, in.Timing.Reclaim = time.Second, 100*time.Millisecond
	r := env.start(env.config(), in)
	env.wantOneCard(r, general)
	wantCard(t, env.meet(r, ben, general, "rename Retro"), ben)
	env.settled()
	if cards := env.cardsIn(general); len(cards) != 2 || !strings.Contains(cards[1].Text, "Retro") {
		t.Errorf("with the new name the cards are %s", texts(cards))
	}
}
