//go:build integration

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// brokenRecords are records that this release cannot read.
var brokenRecords = map[string]string{
	"damaged":            `3 Q7JZ5XKQ4T6OVJ2W {"u":"https://teams.micro`,
	"of a later release": `3 Q7JZ5XKQ4T6OVJ2W {"v":1000,"u":["https://teams.microsoft.com/l/meetup-join/x"]}`,
	"nonsense":           "nonsense",
}

// store puts a value into Redis behind the bot's back.
func (env *environment) store(key, value string) {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	if err := client.Set(env.t.Context(), key, value, 0).Err(); err != nil {
		env.t.Fatal(err)
	}
}

var unreadableMetric = regexp.MustCompile(`\nmeetbot_unreadable_records_total (\d+)\n`)

// wantUnreadable fails the test unless the replica has counted records that it could not read; and nothing is left to
// do.
func (env *environment) wantUnreadable(r *replica) {
	env.t.Helper()
	eventually(env.t, "all is answered, and unreadable records are counted", func() bool {
		_, metrics := get(env.t, r.AdminURL()+"/metrics")
		counted := unreadableMetric.FindStringSubmatch(metrics)
		return counted != nil && counted[1] != "0" && strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`) &&
			strings.Contains(metrics, `meetbot_jobs{state="dead"} 0`)
	})
	if logs := env.logs.String(); !strings.Contains(logs, "record cannot be read") || strings.Contains(logs, "https://teams.micro") {
		env.t.Errorf("the log does not tell of the record, or quotes it: %s", env.logs.Tail())
	}
}

// A meeting that cannot be read is no riddle: who asks for it reads what is wrong and what to do, and `new` repairs it.
func TestUnreadableMeeting(t *testing.T) {
	t.Parallel()
	for name, record := range brokenRecords {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{PostBurst: -1})
			r, other := env.bot(), env.bot()
			old := wantCard(t, env.meet(r, ann, general, "Weekly"), "")
			env.meet(other, ben, general, "")
			wantCard(t, env.meet(r, caio, design, ""), "") // his language is known from here on
			env.store("mb:{slack:T024BE7LD:"+general+"}:m:", record)

			for _, text := range []string{"", "show", "Weekly"} {
				told := env.meet(r, ann, general, text)
				wantWords(t, told, ann, "Please type `/meet new` for a new meeting")
				if strings.Contains(told.Text, "database") {
					t.Errorf("/meet %s: %s", text, told.Text)
				}
			}
			wantWords(t, env.meet(other, caio, general, ""), caio, "Digite `/meet new` para uma reunião nova")
			wantWords(t, env.asks(r, ben, general, "", ""), ben, "new meeting")
			wantWords(t, env.meet(r, ann, general, "help"), ann, "Every channel has one Microsoft Teams meeting")
			env.wantMeetings(2)

			fresh := wantCard(t, env.meet(other, ben, general, "new Retrospective"), "")
			if fresh == old {
				t.Error("the fresh meeting is the old one")
			}
			for _, at := range []*replica{r, other} {
				if got := wantCard(t, env.meet(at, caio, general, ""), caio); got != fresh {
					t.Errorf("later there is %s, want %s", got, fresh)
				}
			}
			again := wantCard(t, env.meet(r, ann, general, "new"), "")
			if got := wantCard(t, env.meet(other, caio, general, "show"), caio); got != again || again == fresh {
				t.Errorf("after the next new there is %s, want %s", got, again)
			}
			env.wantMeetings(4)
			env.wantUnreadable(r)
		})
	}
}

// Nor is a claim that cannot be read. Beside a meeting it is in nobody's way.
func TestUnreadableClaim(t *testing.T) {
	t.Parallel()
	for name, record := range brokenRecords {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{PostBurst: -1})
			r := env.bot()
			key := "mb:{slack:T024BE7LD:" + general + "}:p:"
			env.store(key, record)
			wantWords(t, env.meet(r, ann, general, "Weekly"), ann, "Please type `/meet new` for a new meeting")
			wantWords(t, env.meet(r, ann, general, "show"), ann, "Please type `/meet new` for a new meeting")
			first := wantCard(t, env.meet(r, ann, general, "new Weekly"), "")
			env.store(key, record)
			if got := wantCard(t, env.meet(r, ben, general, ""), ben); got != first {
				t.Errorf("beside a broken claim there is %s, want %s", got, first)
			}
			fresh := wantCard(t, env.meet(r, ben, general, "new"), "")
			if got := wantCard(t, env.meet(r, caio, general, ""), caio); got != fresh || fresh == first {
				t.Errorf("then there is %s, want %s", got, fresh)
			}
			env.wantMeetings(2)
			env.wantUnreadable(r)
		})
	}
}

// Several who ask for a fresh meeting at once, in place of one that cannot be read, get the same one.
func TestUnreadableMeetingIsReplacedOnce(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r, other := env.bot(), env.bot()
	env.store("mb:{slack:T024BE7LD:"+general+"}:m:", "nonsense")
	type answer struct {
		m   slacktest.Message
		err error
	}
	answers := make(chan answer)
	people := []string{ann, ben, caio, ann, ben, caio}
	for i, user := range people {
		at := []*replica{r, other}[i%2]
		go func() {
			m, err := env.tryMeet(at, user, general, fmt.Sprint("new ", i))
			answers <- answer{m, err}
		}()
	}
	links := map[string]bool{}
	for range people {
		if got := <-answers; got.err != nil {
			t.Error(got.err)
		} else {
			links[link(got.m)] = true
		}
	}
	if len(links) != 1 {
		t.Errorf("they got %v", links)
	}
	env.wantMeetings(1)
}

// The same in Teams.
func TestUnreadableMeetingInTeams(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), quick())
	old := wantTeamsCard(t, env.callAnswered(r, annID, teamsChat, "", "meet"), "")
	chat := bot.Conversation{Platform: "teams", Workspace: env.Teams.TenantID(), Channel: teamsChat}
	env.store("mb:{"+chat.ChannelKey()+"}:m:", brokenRecords["of a later release"])
	for _, text := range []string{"meet", "show"} {
		wantTeamsWords(t, env.callAnswered(r, benID, teamsChat, "", text), benID, "for a new meeting. I cannot read what I have stored")
	}
	seen := env.Teams.Messages(teamsChat)
	env.call(r, benID, teamsChat, "", "new")
	fresh := wantTeamsCard(t, env.answer(teamsChat, seen, func(m teamstest.Message) bool {
		return m.Card != nil && strings.Contains(m.Words(), "Microsoft Teams meeting")
	}), "")
	if fresh == old {
		t.Error("the fresh meeting is the old one")
	}
	env.wantUnreadable(r)
}
