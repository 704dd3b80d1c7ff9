//go:build integration

package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/bot/clause"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// phrase is a line of docs/phrases.md, which package clause holds to be right.
type phrase struct {
	text string
	now  time.Time // when it is said, in the zone of whoever says it
}

var (
	saidAt    = regexp.MustCompile(`^It is \w+ (\S+ \S+), (\S+)\.$`)
	tableLine = regexp.MustCompile("^\\| (`+) ?(.*?) ?(`+) \\| ([^|]*) \\| ([^|]*) \\| ([^|]*) \\|")
)

// phrases reads docs/phrases.md, without the lines that invite people.
func phrases(t *testing.T) (all []phrase) {
	t.Helper()
	page, err := os.ReadFile("../../docs/phrases.md")
	if err != nil {
		t.Fatal(err)
	}
	var now time.Time
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if m := saidAt.FindStringSubmatch(line); m != nil {
			zone, err := time.LoadLocation(m[2])
			if err != nil {
				t.Fatal(err)
			}
			if now, err = time.ParseInLocation("2006-01-02 15:04", m[1], zone); err != nil {
				t.Fatal(err)
			}
		}
		if m := tableLine.FindStringSubmatch(line); m != nil && strings.TrimSpace(m[6]) == "" {
			all = append(all, phrase{strings.ReplaceAll(m[2], `\|`, "|"), now})
		}
	}
	if len(all) < 300 {
		t.Fatalf("read %d phrases", len(all))
	}
	return all
}

// Every phrase of the table makes the meeting, or the refusal, that the table says, on every platform.
func TestPhrases(t *testing.T) {
	for platform, say := range map[string]func(t *testing.T, env *environment) func(int, phrase) bool{
		"slack": saySlack, "teams": sayTeams,
	} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{PostBurst: -1}).withTeams(teamstest.Options{Posts: []teamstest.Quota{}})
			say := say(t, env)
			made := 0
			for i, p := range phrases(t) {
				env.Clock.Move(p.now.Sub(env.Clock.Now()))
				refused := say(i, p)
				want, problem := clause.Parse(p.text, p.now, nil)
				meetings := env.Graph.Meetings()[made:]
				if refused != (problem != nil) || len(meetings) != map[bool]int{true: 0, false: 1}[refused] {
					t.Errorf("%q: refused: %v, %d meetings; want %+v", p.text, refused, len(meetings), problem)
					made += len(meetings)
					continue
				}
				if refused {
					continue
				}
				made++
				m := meetings[0]
				if subject := bot.CleanText(want.Subject); subject != "" && m.Subject != subject {
					t.Errorf("%q: the meeting is called %q, want %q", p.text, m.Subject, subject)
				}
				if want.Start.IsZero() || want.Now {
					continue
				}
				if want.End.IsZero() {
					want.End = want.Start.Add(time.Hour)
				}
				if !m.Start.Equal(want.Start) || !m.End.Equal(want.End) {
					t.Errorf("%q: from %v to %v, want %v to %v", p.text, m.Start, m.End, want.Start, want.End)
				}
			}
			t.Logf("%d meetings", made)
		})
	}
}

// saySlack types phrases in channels of their own.
func saySlack(t *testing.T, env *environment) func(int, phrase) bool {
	r := env.start(env.config(), app.Options{})
	return func(i int, p phrase) bool {
		user, channel := fmt.Sprintf("U0SAYS%d", i), fmt.Sprintf("C0PHRASE%d", i)
		env.person(user, fmt.Sprintf("says%d", i), "en-US", fmt.Sprintf("d0000000-0000-4000-8000-%012d", i))
		env.Slack.AddUser(slacktest.User{ID: user, Name: user, Email: fmt.Sprintf("says%d@contoso.example", i),
			EmailConfirmed: true, TZ: p.now.Location().String()})
		env.Slack.AddChannel(slacktest.Channel{ID: channel, Name: fmt.Sprintf("phrase-%d", i)})
		return strings.Contains(env.meet(r, user, channel, slacktest.Escape(p.text)).Text, "I created no meeting")
	}
}

// sayTeams says phrases in chats of their own.
func sayTeams(t *testing.T, env *environment) func(int, phrase) bool {
	r := env.start(env.teamsConfig(), app.Options{})
	return func(i int, p phrase) bool {
		env.teamsUser(teamstest.User{ID: annID, Name: "Ann Example", TZ: p.now.Location().String()})
		chat := teamstest.Conversation{ID: fmt.Sprintf("19:phrase%030d@thread.v2", i), Kind: teamstest.GroupChat, Name: "Chat"}
		if _, err := env.Teams.AddConversation(chat); err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(p.text)
		return strings.Contains(env.callAnswered(r, annID, chat.ID, "", "meet "+text).Words(), "I created no meeting")
	}
}
