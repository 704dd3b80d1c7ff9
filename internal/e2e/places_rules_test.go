//go:build integration

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// notHere is what a person reads in a place where the bot may not be used.
const notHere = "I may not be used in this conversation: the administrator of this bot decides where I may."

// firstChannel is the ID of the first channel on the environment's platform.
func (env *environment) firstChannel() string {
	if env.Teams != nil {
		return teamsGeneral
	}
	return general
}

// In a place that is denied, nothing is made, shown or changed, in whatever way it is asked for; elsewhere everything
// works. The operator's log names the setting.
func TestPlaces(t *testing.T) {
	onEveryPlatform(t, map[string]func(*testing.T, *environment, app.Config){
		"denied by ID": func(t *testing.T, env *environment, c app.Config) {
			deniedPlace(t, env, c, "CHANNELS_DENIED", func(c *app.Config) { c.Places.Denied = []string{env.firstChannel()} })
		},
		"denied by name": func(t *testing.T, env *environment, c app.Config) {
			deniedPlace(t, env, c, "CHANNELS_DENIED", func(c *app.Config) {
				c.Places.Allowed, c.Places.Denied = []string{"*"}, []string{"Gen*"}
			})
		},
		"not allowed": func(t *testing.T, env *environment, c app.Config) {
			deniedPlace(t, env, c, "CHANNELS_ALLOWED", func(c *app.Config) { c.Places.Allowed = []string{"des*", "sales"} })
		},
		"nobody tells the name": func(t *testing.T, env *environment, c app.Config) {
			c.Places.Denied = []string{"hr-*"}
			env.Slack.SetScopes(slices.DeleteFunc(env.Slack.Scopes(), func(s string) bool { return s == "channels:read" })...)
			if env.Teams != nil {
				env.Teams.Fault(faultserver.Fault{Target: "channels", Status: http.StatusForbidden})
			}
			f := env.started(c)
			told(t, f, asked{user: members.ann, command: "meet"}, "I cannot see what this conversation is called", "ask the administrator")
			env.wantMeetings(0)
			eventually(t, "the log says why", func() bool {
				return strings.Contains(env.logs.String(), "CHANNELS_ALLOWED or CHANNELS_DENIED has names")
			})
		},
		"the name is not told at once": func(t *testing.T, env *environment, c app.Config) {
			c.Places.Denied = []string{"hr-*"}
			fault := faultserver.Fault{Target: "conversations.info", Times: 1, Status: http.StatusServiceUnavailable}
			env.Slack.Fault(fault)
			if env.Teams != nil {
				fault.Target = "channels"
				env.Teams.Fault(fault)
			}
			card(t, env.started(c), asked{user: members.ann, command: "meet Weekly"}, "Weekly")
		},
	})
}

func deniedPlace(t *testing.T, env *environment, c app.Config, setting string, deny func(*app.Config)) {
	before := env.started(c)
	card(t, before, asked{user: members.ann, command: "meet Weekly"}, "Weekly")
	card(t, before, asked{user: members.caio, command: "new Planning"}, "Planning") // now his language is known
	card(t, before, asked{user: members.ann, command: "new Retro"}, "Retro")
	deny(&c)
	r := env.start(c, app.Options{})
	f := env.frontOf(r)
	for _, command := range []string{
		"meet", "meet Weekly", "new", "show", "link", "calendar", "rename Other", "cancel", "meet tomorrow at 15:00", "help",
		"thanks!", "stop", "shwo",
	} {
		told(t, f, asked{user: members.ben, command: command}, notHere)
	}
	told(t, f, asked{user: members.caio, command: "meet"}, "Não posso ser usado nesta conversa")
	root := f.say(members.ben, "Who broke the build?")
	told(t, f, asked{user: members.ben, thread: root, command: "meet"}, notHere)
	env.wantMeetings(3)
	if s := f.press(members.ann, "Undo"); s.link != "" || !s.alone || !strings.Contains(s.words, notHere) {
		t.Errorf("a press brought %+v", s)
	}
	eventually(t, "the log names the setting", func() bool { return strings.Contains(env.logs.String(), setting) })
	other := card(t, f, asked{user: members.ben, design: true, command: "meet"}, "Ben Example")
	if other.alone {
		t.Errorf("elsewhere: %+v", other)
	}
	_, metrics := get(t, r.AdminURL()+"/metrics")
	if !strings.Contains(metrics, `outcome="refused_place_denied"`) {
		t.Error("the refusals are not counted")
	}
}

// A repeat in a channel whose name Slack tells costs no more than anywhere: a rule by name is applied without a call.
func TestPlacesCostNoCall(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	wire := redistest.NewWire(t, env.redis)
	c := env.config()
	c.Redis.URL = wire.URL()
	c.Places.Allowed, c.Places.Denied = []string{"gen*"}, []string{"hr-*", "design"}
	in := app.Options{}
	in.Timing.Reclaim = time.Hour
	r := env.start(c, in)
	env.meet(r, ann, general, "")
	env.meet(r, ben, general, "")
	eventually(t, "the first command's job is done", func() bool {
		_, metrics := get(t, r.AdminURL()+"/metrics")
		return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`)
	})
	env.meet(r, ben, design, "")
	env.Slack.ResetCalls()
	for channel, shown := range map[string]bool{general: true, design: false} {
		before := wire.Turns()
		m := env.meet(r, ben, channel, "")
		if turns := wire.Turns() - before; shown && turns != 1 || len(env.Slack.Calls()) != 0 {
			t.Errorf("in %s: %d Redis round trips, calls of Slack %v", channel, turns, env.Slack.Calls())
		}
		if (link(m) != "") != shown {
			t.Errorf("in %s: %s", channel, m.Text)
		}
	}
}

// Slack does not tell the name of a private channel with a command. The bot asks, if it is a member; then it remembers.
func TestPlacesInPrivateChannel(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.Slack.SetScopes(append(env.Slack.Scopes(), "mpim:read")...)
	env.Slack.AddChannel(slacktest.Channel{ID: "G0HRPAY001", Name: "hr-pay", Private: true})
	env.Slack.AddChannel(slacktest.Channel{ID: "G0ENGAPI01", Name: "eng-api", Private: true})
	env.Slack.AddChannel(slacktest.Channel{ID: "G0ABSENT01", Name: "eng-web", Private: true, BotAbsent: true})
	env.Slack.AddChannel(slacktest.Channel{ID: "C0GROUP001", Name: "mpdm-ann--ben-1", Private: true})
	c := env.config()
	c.Places.Denied = []string{"hr-*", "kind:direct"}
	r := env.start(c, app.Options{})
	wantWords(t, env.meet(r, ann, "G0HRPAY001", ""), ann, notHere)
	wantCard(t, env.meet(r, ann, "G0ENGAPI01", ""), "")
	wantWords(t, env.meet(r, ann, "G0ABSENT01", ""), ann, "I cannot see what this conversation is called")
	wantCard(t, env.meet(r, ann, "C0GROUP001", ""), "")
	wantWords(t, env.meet(r, ann, "D"+ann, ""), ann, notHere)
	env.Slack.ResetCalls()
	wantCard(t, env.meet(r, ben, "G0ENGAPI01", "show"), ben)
	wantWords(t, env.meet(r, ben, "G0HRPAY001", "show"), ben, notHere)
	if calls := env.Slack.Calls(); slices.ContainsFunc(calls, func(c slacktest.Call) bool { return c.Method == "conversations.info" }) {
		t.Errorf("Slack was asked again: %+v", calls)
	}
}
