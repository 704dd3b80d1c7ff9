package slackapp_test

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/replytest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// reminder is the reminder of the meeting of this generation.
func reminder(generation int) bot.Reply {
	r := replytest.Reminders(bot.English)["card-reminder"]
	r.Card.Meeting.Generation = generation
	return r
}

// A reminder stands below the newest card of its meeting that stands in the channel, otherwise in the channel, and in
// the thread whose meeting it is.
func TestReminderStandsBelowTheCard(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	post := func(thread string) bot.Posted {
		t.Helper()
		posted, err := app.Post(t.Context(), job("C0GENERAL", thread), card("First"))
		if err != nil {
			t.Fatal(err)
		}
		return posted
	}
	first, second := post(""), post("")
	talk := slack.Say("U0ANN", "C0GENERAL", "hello").TS
	threaded := post(talk)
	kept := func(p bot.Posted, generation int) bot.PostedCard {
		return bot.PostedCard{Ref: p.Ref, Generation: generation, Language: bot.English}
	}
	for name, tt := range map[string]struct {
		conversation string // a thread
		cards        []bot.PostedCard
		thread       string
	}{
		"the newest card":            {"", []bot.PostedCard{kept(second, 2), kept(first, 2)}, second.Root},
		"not one in a thread":        {"", []bot.PostedCard{kept(threaded, 2), kept(first, 2)}, first.Root},
		"not one that was replaced":  {"", []bot.PostedCard{kept(second, 1)}, ""},
		"no card":                    {"", nil, ""},
		"a card of a later release":  {"", []bot.PostedCard{{Ref: "z/1", Generation: 2}, kept(first, 2)}, first.Root},
		"a thread's own meeting":     {talk, []bot.PostedCard{kept(threaded, 2)}, talk},
		"a thread's, without a card": {talk, nil, talk},
	} {
		c := at(slack, "C0GENERAL")
		c.Thread = tt.conversation
		posted, err := app.Remind(t.Context(), c, tt.cards, reminder(2))
		if err != nil || (posted.Root != "") != (tt.thread == "") {
			t.Errorf("%s: %+v, %v", name, posted, err)
		}
		all := slack.Messages("C0GENERAL")
		m := all[len(all)-1]
		if m.ThreadTS != tt.thread || m.To != "" || !strings.Contains(m.Text, "Starts ") {
			t.Errorf("%s: %+v, want the thread %q", name, m, tt.thread)
		}
	}
}

// Where the card's thread takes no message, the channel gets it. What may have been sent is not sent elsewhere.
func TestReminderThatSlackRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault    faultserver.Fault
		channel  string
		posted   int // messages in the end, with the card
		code     bot.Code
		unsent   bool
		attempts string
	}{
		"in the thread": {faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusOK,
			ContentType: "application/json", Body: `{"ok":false,"error":"cannot_reply_to_message"}`}, "C0GENERAL", 2, "", false,
			"chat.postMessage chat.postMessage"},
		"everywhere": {faultserver.Fault{Target: "chat.postMessage", Times: 2, Status: http.StatusOK,
			ContentType: "application/json", Body: `{"ok":false,"error":"is_archived"}`}, "C0GENERAL", 1, bot.Undeliverable, true,
			"chat.postMessage chat.postMessage"},
		"for now": {faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusTooManyRequests,
			RetryAfter: "3"}, "C0GENERAL", 1, bot.Throttled, true, "chat.postMessage"},
		"no answer": {faultserver.Fault{Target: "chat.postMessage", Times: 1, Reset: true, Works: true}, "C0GENERAL", 2,
			bot.Unavailable, false, "chat.postMessage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slack, app := newApp(t)
			posted, err := app.Post(t.Context(), job(tt.channel, ""), card("First"))
			if err != nil {
				t.Fatal(err)
			}
			methods(slack)
			slack.Fault(tt.fault)
			cards := []bot.PostedCard{{Ref: posted.Ref, Generation: 1, Language: bot.English}}
			_, err = app.Remind(t.Context(), at(slack, tt.channel), cards, reminder(1))
			if tt.code == "" && err != nil || tt.code != "" && bot.CodeOf(err) != tt.code || bot.Unsent(err) != tt.unsent {
				t.Errorf("%v, code %q, unsent %v", err, bot.CodeOf(err), bot.Unsent(err))
			}
			if calls := methods(slack); calls != tt.attempts {
				t.Errorf("calls: %s", calls)
			}
			if n := len(slack.Messages(tt.channel)); n != tt.posted {
				t.Errorf("%d messages", n)
			}
		})
	}
	slack, app := newApp(t)
	elsewhere := bot.Conversation{Platform: "slack", Workspace: "T0OTHER", Channel: "C0GENERAL"}
	if _, err := app.Remind(t.Context(), elsewhere, nil, reminder(1)); bot.CodeOf(err) != bot.Undeliverable {
		t.Errorf("in another workspace: %v", err)
	}
	slack.AddChannel(slacktest.Channel{ID: "G0PRIVATE", Name: "private", Private: true, BotAbsent: true})
	if _, err := app.Remind(t.Context(), at(slack, "G0PRIVATE"), nil, reminder(1)); bot.CodeOf(err) != bot.Undeliverable {
		t.Errorf("where the bot is not a member: %v", err)
	}
}
