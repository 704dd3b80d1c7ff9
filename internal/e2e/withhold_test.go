//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// showIt is the button that shows a withheld meeting to everybody.
const showIt = "Show it to everybody"

// In a conversation with many people, a new meeting is for those who ask, each alone, until somebody shows it to
// everybody.
func TestConfirmAbove(t *testing.T) {
	onEveryPlatform(t, map[string]func(*testing.T, *environment, app.Config){
		"withheld and shown": func(t *testing.T, env *environment, c app.Config) {
			c.Places.ConfirmAbove = 2 // there are three people, and the bot
			f := env.started(c)
			first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Weekly", "New meeting.", "Only you see this card", showIt)
			repeat := card(t, f, asked{user: members.ben, command: "meet"}, "Weekly", "Only you see this card", showIt)
			if !first.alone || !repeat.alone || repeat.link != first.link {
				t.Fatalf("Ann got %+v, Ben got %+v", first, repeat)
			}
			shown := f.press(members.ben, showIt)
			if shown.alone || shown.link != first.link || strings.Contains(shown.words, "Only you") || strings.Contains(shown.words, showIt) {
				t.Errorf("the press brought %+v", shown)
			}
			late := f.press(members.ben, showIt)
			if !late.alone || late.link != first.link || strings.Contains(late.words, showIt) {
				t.Errorf("the second press brought %+v, want the card for the asker alone, without the button", late)
			}
			again := card(t, f, asked{user: members.caio, command: "meet"}, "Weekly")
			if again.link != first.link || strings.Contains(again.words, "Mostrar a todos") {
				t.Errorf("a repeat after that: %+v", again)
			}
			// The card that was shown can be changed, as every first card.
			card(t, f, asked{user: members.ann, command: "rename Retro"}, "Retro")
			eventually(t, "the shown card has the new name", func() bool {
				for _, s := range f.cards() {
					if !s.alone && strings.Contains(s.words, "Retro") {
						return true
					}
				}
				return false
			})
			env.wantMeetings(1)
		},
		"a fresh one replaces it": func(t *testing.T, env *environment, c app.Config) {
			c.Places.ConfirmAbove = 2
			f := env.started(c)
			first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, showIt)
			fresh := card(t, f, asked{user: members.ann, command: "new Retro"}, "Retro", showIt)
			if !fresh.alone || fresh.link == first.link {
				t.Errorf("new: %+v", fresh)
			}
			shown := f.press(members.ann, showIt)
			if shown.alone || shown.link != fresh.link {
				t.Errorf("the press brought %+v", shown)
			}
		},
		"a date and a name": func(t *testing.T, env *environment, c app.Config) {
			c.Places.ConfirmAbove = 2
			f := env.started(c)
			card(t, f, asked{user: members.ann, command: "meet Weekly tomorrow at 15:00"}, showIt)
			moved := card(t, f, asked{user: members.ann, command: "meet tomorrow at 16:00"}, "New time", showIt)
			if !moved.alone {
				t.Errorf("the new date is told to everybody: %+v", moved)
			}
		},
		"few people": func(t *testing.T, env *environment, c app.Config) {
			c.Places.ConfirmAbove = 4
			if got := card(t, env.started(c), asked{user: members.ann, command: "meet"}); got.alone {
				t.Errorf("%+v", got)
			}
		},
		"nobody tells how many": func(t *testing.T, env *environment, c app.Config) {
			c.Places.ConfirmAbove = 100
			env.Slack.Fault(faultserver.Fault{Target: "conversations.info", Status: http.StatusServiceUnavailable})
			if env.Teams != nil {
				env.Teams.Fault(faultserver.Fault{Target: "members", Status: http.StatusForbidden})
			}
			if got := card(t, env.started(c), asked{user: members.ann, command: "meet"}, showIt); !got.alone {
				t.Errorf("%+v", got)
			}
			eventually(t, "the log tells", func() bool { return strings.Contains(env.logs.String(), "CONFIRM_ABOVE") })
		},
	})
}

// The press is a job that says in the record that it shows the meeting. If its replica dies right after that, another
// one finds that it was this job, and shows it.
func TestRevealSurvivesACrash(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	c := env.config()
	c.Places.ConfirmAbove = 2
	r := env.start(c, app.Options{})
	m := env.meet(r, ann, general, "Weekly")
	url := wantCard(t, m, ann)
	hit := make(chan struct{})
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Reset: true, Struck: func() {
		r.Kill()
		close(hit)
	}})
	if _, err := env.Slack.Press(t.Context(), r.URL(), slacktest.Press{User: ann, Message: m, ActionID: "reveal"}); err != nil {
		t.Fatal(err)
	}
	<-hit
	env.start(c, quick())
	eventually(t, "another replica shows it to everybody", func() bool {
		for _, m := range env.Slack.Messages(general) {
			if m.Via != "user" && m.To == "" && link(m) == url {
				return true
			}
		}
		return false
	})
}
