package slackapp_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/internal/replytest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// card is the card of a meeting with this subject, for everybody.
func card(subject string) bot.Reply {
	m := replytest.Meeting()
	m.Subject = subject
	return bot.Reply{Language: bot.English, Card: &bot.Card{Meeting: m, New: true}}
}

// job is one whose answer goes to a channel.
func job(channel, thread string) bot.Job {
	return bot.Job{ID: "j", Route: bot.Route{Channel: channel, Thread: thread, User: "U0ANN"}}
}

// at is the conversation of a channel.
func at(slack *slacktest.Server, channel string) bot.Conversation {
	return bot.Conversation{Platform: slackapp.Platform, Workspace: slack.Team(), Channel: channel}
}

// methods lists the calls of the Web API since the last look, without auth.test.
func methods(slack *slacktest.Server) string {
	var all []string
	for _, c := range slack.Calls() {
		if c.Method != "auth.test" {
			all = append(all, c.Method)
		}
	}
	slack.ResetCalls()
	return strings.Join(all, " ")
}

// What is posted can be changed, in the channel and in a thread, also in a public channel that the bot is not a member
// of.
func TestPostedCardIsChanged(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	slack.AddChannel(slacktest.Channel{ID: "C0ABSENT", Name: "absent", BotAbsent: true})
	root := slack.Say("U0ANN", "C0GENERAL", "hello")
	for _, tt := range []struct {
		channel, thread, command string
	}{
		{"C0GENERAL", "", "`/meet`"}, {"C0GENERAL", root.TS, "`@meetbot`"}, {"C0ABSENT", "", "`/meet`"},
	} {
		posted, err := app.Post(t.Context(), job(tt.channel, tt.thread), card("First"))
		if err != nil || posted.Ref == "" || (posted.Root == "") != (tt.thread != "") {
			t.Fatalf("%+v: %+v, %v", tt, posted, err)
		}
		if len(posted.Ref) > 40 {
			t.Errorf("%q is long for what is kept of every card", posted.Ref)
		}
		ended := card("First")
		ended.Card.Ended = true
		if err := app.Update(t.Context(), at(slack, tt.channel), posted.Ref, ended); err != nil {
			t.Fatalf("%+v: %v", tt, err)
		}
		all := slack.Messages(tt.channel)
		m := all[len(all)-1]
		if m.Edited.IsZero() || m.ThreadTS != tt.thread || !strings.Contains(string(m.Blocks), tt.command+" shows the current one") ||
			strings.Contains(string(m.Blocks), "Join") || !strings.Contains(m.Text, tt.command) {
			t.Errorf("%+v: changed to %+v", tt, m)
		}
	}
}

// What Deliver posts for everybody can be changed too; what only one person sees, and what stands in place, cannot.
func TestDeliverTellsWhatCanBeChanged(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	posted, err := app.Deliver(t.Context(), job("C0GENERAL", ""), card("First"))
	if err != nil || posted.Root == "" || app.Update(t.Context(), at(slack, "C0GENERAL"), posted.Ref, card("Second")) != nil {
		t.Errorf("for everybody: %+v, %v", posted, err)
	}
	inPlace := job("C0GENERAL", "")
	inPlace.Route.ResponseURL = responseURL(t, slack)
	direct := card("First")
	direct.Audience = bot.AudienceDirect
	asker := card("First")
	asker.Audience = bot.AudienceAsker
	for name, tt := range map[string]struct {
		job   bot.Job
		reply bot.Reply
	}{
		"in place": {inPlace, card("First")}, "direct": {job("C0GENERAL", ""), direct}, "asker": {job("C0GENERAL", ""), asker},
		"direct for want of a channel": {job("C0NOWHERE", ""), card("First")},
	} {
		if posted, err := app.Deliver(t.Context(), tt.job, tt.reply); err != nil || posted != (bot.Posted{}) {
			t.Errorf("%s: %+v, %v", name, posted, err)
		}
	}
}

// responseURL is that of a command.
func responseURL(t *testing.T, slack *slacktest.Server) string {
	t.Helper()
	req, err := slack.CommandRequest(t.Context(), "http://127.0.0.1:1", slacktest.Command{User: "U0ANN", Channel: "C0GENERAL"})
	if err != nil {
		t.Fatal(err)
	}
	if err := req.ParseForm(); err != nil {
		t.Fatal(err)
	}
	return req.PostForm.Get("response_url")
}

// Where Slack does not let the bot post, it is asked once. A post that works, however it came about, ends that.
func TestRefusalIsRemembered(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	slack.AddChannel(slacktest.Channel{ID: "G0SECRET", Name: "secret", Private: true, BotAbsent: true})
	methods(slack)
	for i, want := range []string{"chat.postMessage", "", ""} {
		posted, err := app.Post(t.Context(), job("G0SECRET", ""), card("First"))
		e, ok := errors.AsType[*bot.Error](err)
		if !ok || e.Code != bot.Undeliverable || !e.Unsent || e.Reason != "channel_not_found" || posted != (bot.Posted{}) {
			t.Errorf("post %d: %+v, %+v", i+1, posted, err)
		}
		if got := methods(slack); got != want {
			t.Errorf("post %d called %q, want %q", i+1, got, want)
		}
	}
	if _, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First")); err != nil {
		t.Errorf("another channel: %v", err)
	}
	if err := slack.SetBotMember("G0SECRET", true); err != nil {
		t.Fatal(err)
	}
	if posted, err := app.Deliver(t.Context(), job("G0SECRET", ""), card("First")); err != nil || posted.Ref == "" {
		t.Errorf("Deliver does not ask the memory: %+v, %v", posted, err)
	}
	if posted, err := app.Post(t.Context(), job("G0SECRET", ""), card("First")); err != nil || posted.Ref == "" {
		t.Errorf("after a post that worked: %+v, %v", posted, err)
	}
}

// Slack's words for a refusal that lasts are remembered; anything else is not, and says nothing about what was sent
// unless Slack says it.
func TestWhichRefusalsAreRemembered(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]struct {
		code       bot.Code
		unsent     bool
		remembered bool
	}{
		"not_in_channel":      {bot.Undeliverable, true, true},
		"is_archived":         {bot.Undeliverable, true, true},
		"restricted_action":   {bot.Undeliverable, true, true},
		"missing_scope":       {bot.Undeliverable, true, true},
		"no_permission":       {bot.Undeliverable, true, true},
		"msg_too_long":        {bot.Undeliverable, true, false},
		"token_revoked":       {bot.ChatCredentials, false, false},
		"internal_error":      {bot.Unavailable, false, false},
		"service_unavailable": {bot.Unavailable, false, false},
		"ratelimited":         {bot.Throttled, true, false},
	} {
		slack, app := newApp(t)
		slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusOK, Body: `{"ok":false,"error":"` + word + `"}`})
		_, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First"))
		e, ok := errors.AsType[*bot.Error](err)
		if !ok || e.Code != want.code || e.Unsent != want.unsent {
			t.Errorf("%s: %+v, want %+v", word, err, want)
		}
		if _, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First")); (err != nil) != want.remembered {
			t.Errorf("%s, the next: %v", word, err)
		}
	}
	slack, app := newApp(t)
	slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusBadGateway})
	if _, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First")); bot.CodeOf(err) != bot.Unavailable || bot.Unsent(err) {
		t.Errorf("HTTP 502: %+v", err)
	}
	if _, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First")); err != nil {
		t.Errorf("after HTTP 502: %v", err)
	}
}

// A channel that takes no messages outside threads takes those in threads, and the other way round.
func TestRefusalsInThreads(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	root := slack.Say("U0ANN", "C0GENERAL", "hello")
	slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusOK, Body: `{"ok":false,"error":"restricted_action_thread_only_channel"}`})
	if _, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First")); !bot.Unsent(err) {
		t.Fatalf("outside: %v", err)
	}
	if _, err := app.Post(t.Context(), job("C0GENERAL", root.TS), card("First")); err != nil {
		t.Errorf("in a thread: %v", err)
	}
	if _, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First")); !bot.Unsent(err) {
		t.Errorf("outside again: %v", err)
	}
}

// A message that can no longer be changed is told from trouble that passes.
func TestUpdateErrors(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	posted, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First"))
	if err != nil {
		t.Fatal(err)
	}
	here := at(slack, "C0GENERAL")
	for word, want := range map[string]bot.Code{
		"message_not_found": bot.Undeliverable, "cant_update_message": bot.Undeliverable, "edit_window_closed": bot.Undeliverable,
		"channel_not_found": bot.Undeliverable, "is_archived": bot.Undeliverable, "is_inactive": bot.Undeliverable,
		"not_in_channel": bot.Undeliverable, "no_permission": bot.Undeliverable, "new_word_of_slacks": bot.Undeliverable,
		"missing_scope": bot.ChatCredentials, "token_revoked": bot.ChatCredentials, "ratelimited": bot.Throttled,
		"internal_error": bot.Unavailable, "update_failed": bot.Unavailable, "external_channel_migrating": bot.Unavailable,
	} {
		slack.Fault(faultserver.Fault{Target: "chat.update", Times: 1, Status: http.StatusOK, Body: `{"ok":false,"error":"` + word + `"}`})
		if err := app.Update(t.Context(), here, posted.Ref, card("Second")); bot.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
	slack.Fault(faultserver.Fault{Target: "chat.update", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "7"})
	err = app.Update(t.Context(), here, posted.Ref, card("Second"))
	if e, ok := errors.AsType[*bot.Error](err); !ok || e.Code != bot.Throttled || e.Wait != 7*time.Second {
		t.Errorf("throttled: %+v", err)
	}
	slack.DeleteMessage("C0GENERAL", posted.Root)
	if err := app.Update(t.Context(), here, posted.Ref, card("Second")); bot.CodeOf(err) != bot.Undeliverable {
		t.Errorf("deleted: %v", err)
	}
}

// A reference that is not of this conversation, this workspace or this release changes nothing, anywhere.
func TestUpdateOfNothing(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	posted, err := app.Post(t.Context(), job("C0GENERAL", ""), card("First"))
	if err != nil {
		t.Fatal(err)
	}
	methods(slack)
	here := at(slack, "C0GENERAL")
	elsewhere, teams := here, here
	elsewhere.Workspace, teams.Platform = "T9", "teams"
	for name, tt := range map[string]struct {
		c   bot.Conversation
		ref bot.MessageRef
	}{
		"another channel":   {at(slack, "C0OTHER"), posted.Ref},
		"another workspace": {elsewhere, posted.Ref},
		"another platform":  {teams, posted.Ref},
		"another release":   {here, "x/C0GENERAL/1712345678.000100"},
		"none":              {here, ""},
		"more than one":     {here, posted.Ref + "/" + posted.Ref},
	} {
		if err := app.Update(t.Context(), tt.c, tt.ref, card("Second")); bot.CodeOf(err) != bot.Undeliverable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := methods(slack); got != "" {
		t.Errorf("called %s", got)
	}
}

// A private channel's card can be changed after the channel got another ID.
func TestUpdateInSharedChannel(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	slack.AddChannel(slacktest.Channel{ID: "G0BOARD", Name: "board", Private: true})
	posted, err := app.Post(t.Context(), job("G0BOARD", ""), card("First"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := slack.ShareChannel("G0BOARD")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Update(t.Context(), at(slack, id), posted.Ref, card("Second")); err != nil {
		t.Error(err)
	}
}

// A private answer takes the place of the private message whose button was pressed. Whatever one of the two says to
// everybody stands beside the other.
func TestAnswerInPlaceOfThePressedMessage(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	url, heard := serve(t, app)
	press := func(audience bot.Audience) bot.Job {
		t.Helper()
		reply := bot.Reply{Audience: audience, Language: bot.English, Card: card("First").Card,
			Actions: []bot.Action{{ID: bot.ActionUndo, Value: "2"}}}
		if _, err := app.Deliver(t.Context(), job("C0GENERAL", ""), reply); err != nil {
			t.Fatal(err)
		}
		all := slack.Messages("C0GENERAL")
		if _, err := slack.Press(t.Context(), url, slacktest.Press{User: "U0ANN", Message: all[len(all)-1], ActionID: string(bot.ActionUndo)}); err != nil {
			t.Fatal(err)
		}
		request := heard()
		return bot.Job{ID: "j", Conversation: request.Conversation, Route: request.Route}
	}
	answer := func(j bot.Job, audience bot.Audience, title string) []slacktest.Message {
		t.Helper()
		reply := card(title)
		reply.Audience = audience
		if _, err := app.Deliver(t.Context(), j, reply); err != nil {
			t.Fatal(err)
		}
		return slack.Messages("C0GENERAL")
	}
	private := press(bot.AudienceAsker)
	if all := answer(private, bot.AudienceEveryone, "for all"); len(all) != 2 {
		t.Errorf("an answer for everybody: %+v", all)
	}
	if all := answer(private, bot.AudienceAsker, "instead"); len(all) != 2 || !strings.Contains(all[0].Text, "instead") ||
		all[0].To == "" {
		t.Errorf("a private answer: %+v", all)
	}
	public := press(bot.AudienceEveryone)
	if all := answer(public, bot.AudienceAsker, "beside"); len(all) != 4 || !strings.Contains(all[3].Text, "beside") {
		t.Errorf("a private answer to a press that everybody sees: %+v", all)
	}
}

// A mention says that the bot is a member by now.
func TestMentionEndsRefusal(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	url, heard := serve(t, app)
	slack.AddChannel(slacktest.Channel{ID: "G0SECRET", Name: "secret", Private: true, BotAbsent: true})
	if _, err := app.Post(t.Context(), job("G0SECRET", ""), card("First")); !bot.Unsent(err) {
		t.Fatal(err)
	}
	if err := slack.SetBotMember("G0SECRET", true); err != nil {
		t.Fatal(err)
	}
	if _, err := slack.Mention(t.Context(), url, slacktest.Mention{User: "U0ANN", Channel: "G0SECRET", Text: "<@" + slack.BotUser() + "> help"}); err != nil {
		t.Fatal(err)
	}
	heard()
	if _, err := app.Post(t.Context(), job("G0SECRET", ""), card("First")); err != nil {
		t.Error(err)
	}
}
