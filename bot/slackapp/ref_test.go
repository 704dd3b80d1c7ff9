package slackapp

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"meetbot/bot"
)

// A reference names the message that it was made for; anything else names none, and what it names lies in the
// conversation.
func FuzzRef(f *testing.F) {
	for _, seed := range []string{
		"c/C2147483705/1712345678.000100", "t/G2147483705/1712345678.000100", "c/DU0ANN/1.2", "", "c", "c//", "x/C1/1.2",
		"c/C1/1.2/", "c/C1/1.2\n", "c/c1/1.2", "c/U1/1.2", "C1/1.2", "c/C1/12", "c/C1/1.2.3", "c/C1/\u0661.2", "c/C../1.2",
		"c/C" + strings.Repeat("1", 100) + "/1.2", "c/C1/" + strings.Repeat("1", 100) + ".2",
	} {
		f.Add(seed, "C2147483705")
	}
	f.Fuzz(func(t *testing.T, ref, channel string) {
		p, ok := parseRef(bot.MessageRef(ref))
		if !ok {
			if p != (posting{}) {
				t.Errorf("%q names nothing and %+v", ref, p)
			}
			return
		}
		if string(p.ref()) != ref {
			t.Errorf("%q names %+v, whose reference is %q", ref, p, p.ref())
		}
		if len(ref) > 64 || strings.ContainsAny(p.channel+p.timeStamp, "/ \n&=") {
			t.Errorf("%q names %+v", ref, p)
		}
		found, ok := p.in(bot.Conversation{Channel: channel})
		if ok && found.channel != channel && (len(channel) < 2 || found.channel != "C"+channel[1:]) {
			t.Errorf("%q in %q is %+v", ref, channel, found)
		}
	})
}

// What Slack calls a channel or a message in no form that is known cannot be named.
func TestRefOfUnknownForm(t *testing.T) {
	for _, p := range []posting{{}, {channel: "C1"}, {timeStamp: "1.2"}, {channel: "X1", timeStamp: "1.2"}, {channel: "C1", timeStamp: "now"}} {
		if ref := p.ref(); ref != "" {
			t.Errorf("%+v is %q", p, ref)
		}
	}
}

func TestRefusalsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := newRefusals()
		if err != nil {
			t.Fatal(err)
		}
		here, thread := place{"C1", false}, place{"C1", true}
		r.note(here, &bot.Error{Reason: "not_in_channel"})
		r.note(thread, &bot.Error{Reason: "internal_error"})
		if r.reason(here) != "not_in_channel" || r.reason(thread) != "" {
			t.Errorf("%q, in a thread %q", r.reason(here), r.reason(thread))
		}
		time.Sleep(time.Hour - time.Second)
		if r.reason(here) == "" {
			t.Error("forgotten before the hour")
		}
		time.Sleep(time.Second)
		if got := r.reason(here); got != "" {
			t.Errorf("an hour later: %q", got)
		}
		r.note(thread, &bot.Error{Reason: "is_archived"})
		r.forget("C1")
		if got := r.reason(thread); got != "" {
			t.Errorf("forgotten: %q", got)
		}
	})
}

// While the workspace is not known, nothing is given up.
func TestNothingIsGivenUpBeforeTheStart(t *testing.T) {
	a := fuzzApp(t)
	a.installed.Store(nil)
	a.bookmarks = true
	c := bot.Conversation{Platform: Platform, Workspace: fuzzTeam, Channel: "C1"}
	err := a.Update(t.Context(), c, "c/C1/1.2", bot.WorkingReply(bot.English))
	_, bookmarkErr := a.SetBookmark(t.Context(), c, "", "Join meeting", "https://bot.example.com/j/x")
	if bot.CodeOf(err) != bot.Unavailable || bot.CodeOf(bookmarkErr) != bot.Unavailable {
		t.Errorf("%v, %v", err, bookmarkErr)
	}
}
