//go:build integration

package e2e

import (
	"regexp"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
)

// usualName is the name of a bot whose administrator has chosen no other.
var usualName = regexp.MustCompile(`\bmeet\b`)

// A bot that is called by another name answers to that name, and speaks of it.
func TestCommandName(t *testing.T) {
	onEveryPlatform(t, map[string]func(*testing.T, *environment, app.Config){
		"call": func(t *testing.T, env *environment, c app.Config) {
			c.Places.CommandName = "/call"
			f := env.started(c)
			told(t, f, asked{user: members.ann, command: "call show"}, "There is no meeting here yet.", "call")
			told(t, f, asked{user: members.ann, command: "call help"}, "call new", "call rename")
			told(t, f, asked{user: members.caio, command: "call help"}, "call new", "call rename")
			first := card(t, f, asked{user: members.ann, command: "call Weekly"}, "Weekly")
			if again := card(t, f, asked{user: members.ben, command: "meet"}); again.link != first.link {
				t.Errorf("the usual name brought %+v", again)
			}
			for _, s := range f.cards() {
				if usualName.MatchString(s.words) {
					t.Errorf("the usual name is named: %s", s.words)
				}
			}
			env.wantMeetings(1)
		},
	})
}

// In Slack, another slash command is another app's.
func TestCommandNameInSlack(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	c := env.config()
	c.Places.CommandName = "call"
	r := env.start(c, app.Options{})
	run := func(command string) slacktest.Message {
		a, err := env.Slack.Command(t.Context(), r.URL(),
			slacktest.Command{User: ann, Channel: general, Command: command, Text: "show"})
		if err != nil || a.Message == nil {
			t.Fatalf("%s: %+v, %v", command, a, err)
		}
		return *a.Message
	}
	wantWords(t, run("/call"), ann, "`/call` creates one for everybody")
	wantWords(t, run("/meet"), ann, "I do not know this command. `/call help`")
}
