//go:build integration

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// operate runs a command of an operator's, and returns what it writes.
func (env *environment) operate(o app.Operation, do func(context.Context, app.Config, app.Operation) error) (string, error) {
	env.t.Helper()
	var out strings.Builder
	c := env.config()
	o.Out, o.Log = &out, app.NewLogger(c.Logging, env.logs)
	err := do(env.t.Context(), c, o)
	return out.String(), err
}

// onMeeting is a command on the meeting of a channel.
func onMeeting(channel string, do func(context.Context, app.Config, app.Operation, string) error) func(context.Context,
	app.Config, app.Operation) error {
	return func(ctx context.Context, c app.Config, o app.Operation) error {
		return do(ctx, c, o, "slack:T024BE7LD:"+channel)
	}
}

// operates is operate for a command that has to succeed.
func (env *environment) operates(o app.Operation, do func(context.Context, app.Config, app.Operation) error) string {
	env.t.Helper()
	out, err := env.operate(o, do)
	if err != nil {
		env.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// An operator sees which conversations have a meeting, and repairs a channel: the next asker gets a meeting that nobody
// had, though they organize the one before, and the card of that one follows.
func TestForgetAMeeting(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r, other := env.bot(), env.bot()
	old := wantCard(t, env.meet(r, ann, general, "Weekly"), "")
	design1 := wantCard(t, env.meet(r, ben, design, "Colours"), "")

	list := env.operates(app.Operation{}, app.ListMeetings)
	for _, want := range []string{"slack:T024BE7LD:C0DESIGN   1 ", "slack:T024BE7LD:C0GENERAL  1 ", "Ann Example", "Weekly"} {
		if !strings.Contains(list, want) || strings.Contains(list, "https://") {
			t.Errorf("the list lacks %q, or has a link:\n%s", want, list)
		}
	}
	var listed struct {
		Meetings []struct{ Conversation, Subject string }
	}
	if err := json.Unmarshal([]byte(env.operates(app.Operation{JSON: true}, app.ListMeetings)), &listed); err != nil ||
		len(listed.Meetings) != 2 || listed.Meetings[1].Subject != "Weekly" {
		t.Errorf("as JSON: %+v, %v", listed, err)
	}
	if shown := env.operates(app.Operation{}, onMeeting(general, app.ShowMeeting)); !strings.Contains(shown, old) ||
		!strings.Contains(shown, annID) || !strings.Contains(shown, ann) {
		t.Errorf("shown: %s", shown)
	}
	if _, err := env.operate(app.Operation{Yes: true}, onMeeting("C0NONE", app.ForgetMeeting)); err == nil {
		t.Error("a conversation without a meeting was forgotten")
	}
	if _, err := env.operate(app.Operation{}, func(ctx context.Context, c app.Config, o app.Operation) error {
		return app.ShowMeeting(ctx, c, o, "general")
	}); err == nil || !strings.Contains(err.Error(), "platform:workspace:channel") {
		t.Errorf("a name that is none: %v", err)
	}

	if out, err := env.operate(app.Operation{}, onMeeting(general, app.ForgetMeeting)); !errors.Is(err, app.ErrNotConfirmed) ||
		!strings.Contains(out, "would be forgotten") {
		t.Errorf("without --yes: %v, %s", err, out)
	}
	env.operates(app.Operation{DryRun: true}, onMeeting(general, app.ForgetMeeting))
	if got := wantCard(t, env.meet(other, ben, general, ""), ben); got != old {
		t.Fatalf("what was not confirmed was done: %s", got)
	}
	env.operates(app.Operation{Yes: true}, onMeeting(general, app.ForgetMeeting))
	if logs := env.logs.String(); !strings.Contains(logs, `"action":"meeting forget","by":`) ||
		!strings.Contains(logs, `"conversation":"slack:T024BE7LD:C0GENERAL","generation":1`) {
		t.Errorf("no line in the log: %s", env.logs.Tail())
	}
	wantWords(t, env.meet(r, ann, general, "show"), ann, "")
	fresh := wantCard(t, env.meet(other, ann, general, ""), "") // the organizer of the one before
	if fresh == old {
		t.Fatal("the fresh meeting is the one that was forgotten")
	}
	for _, at := range []*replica{r, other} {
		if got := wantCard(t, env.meet(at, caio, general, "show"), caio); got != fresh {
			t.Errorf("later there is %s, want %s", got, fresh)
		}
	}
	eventually(t, "the card of the forgotten meeting leads to the fresh one", func() bool {
		for _, m := range env.Slack.Messages(general) {
			if link(m) == old && m.Via == "chat.postMessage" {
				return false
			}
		}
		return true
	})
	if next := wantCard(t, env.meet(r, ben, general, "new"), ""); next == fresh || next == old {
		t.Error("new gives a meeting of before")
	}
	if got := wantCard(t, env.meet(r, caio, design, ""), caio); got != design1 {
		t.Error("another channel's meeting has changed")
	}
	env.wantMeetings(4)
}

// A meeting that is forgotten while it is being made, and one that is forgotten twice: everybody gets the same one.
func TestForgetWhatIsBeingMade(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "2"})
	seen := env.Slack.Messages(general)
	env.command(r, ann, general, "Weekly")
	if shown := env.operates(app.Operation{}, onMeeting(general, app.ShowMeeting)); !strings.Contains(shown, "pending claim") {
		t.Errorf("shown: %s", shown)
	}
	for range 2 {
		if _, err := env.operate(app.Operation{Yes: true}, onMeeting(general, app.ForgetMeeting)); err != nil {
			t.Log(err) // the second time there is nothing
		}
	}
	card := wantCard(t, env.next(general, seen, func(m slacktest.Message) bool { return link(m) != "" }), "")
	if got := wantCard(t, env.meet(r, ben, general, "show"), ben); got != card {
		t.Errorf("there is %s, want %s", got, card)
	}
	if logs := env.logs.String(); strings.Count(logs, `"action":"meeting forget"`) != 1 {
		t.Errorf("what was not there was forgotten, too: %s", env.logs.Tail())
	}
}

// An operator has a meeting replaced: the channel gets the card, from a replica, without anybody typing.
func TestReplaceAMeeting(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	old := wantCard(t, env.meet(r, ann, general, "Weekly"), "")
	if _, err := env.operate(app.Operation{}, onReplace("")); !errors.Is(err, app.ErrNotConfirmed) {
		t.Errorf("without --yes: %v", err)
	}
	seen := env.Slack.Messages(general)
	env.operates(app.Operation{Yes: true}, onReplace(""))
	fresh := wantCard(t, env.next(general, seen, func(m slacktest.Message) bool { return link(m) != "" && link(m) != old }), "")
	if shown := env.operates(app.Operation{}, onMeeting(general, app.ShowMeeting)); !strings.Contains(shown, fresh) ||
		!strings.Contains(shown, annID) {
		t.Errorf("shown: %s", shown)
	}
	env.operates(app.Operation{Yes: true}, onReplace(ben))
	eventually(t, "the meeting is Ben's", func() bool {
		shown := env.operates(app.Operation{}, onMeeting(general, app.ShowMeeting))
		return strings.Contains(shown, benID) && strings.Contains(shown, "Weekly") && !strings.Contains(shown, "pending")
	})
	env.wantMeetings(3)
}

func onReplace(user string) func(context.Context, app.Config, app.Operation) error {
	return func(ctx context.Context, c app.Config, o app.Operation) error {
		return app.ReplaceMeeting(ctx, c, o, "slack:T024BE7LD:"+general, user)
	}
}
