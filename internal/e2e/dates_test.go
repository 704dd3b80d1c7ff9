//go:build integration

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// Dates of meetings, on every platform.
func TestDates(t *testing.T) {
	onEveryFront(t, map[string]func(*testing.T, *environment, front){
		"made with a date":        datedMeeting,
		"a date later":            redatedMeeting,
		"somebody else's date":    othersDate,
		"cancelled":               cancelledDate,
		"refused":                 refusedTimes,
		"subjects with times":     timelessSubjects,
		"a fresh one with a date": freshDated,
		"a running meeting":       datedWhileRunning,
		"a change is refused":     dateRefused,
		"no such time zone":       datedWithoutZone,
		"words before a time":     wordsBeforeTimes,
		"a time in a name":        timeInName,
		"no public address":       calendarWithoutAddress,
	})
}

// wantDate fails the test unless Graph's only meeting has this length and lies ahead.
func wantDate(t *testing.T, env *environment, long time.Duration) time.Time {
	t.Helper()
	m := env.wantMeetings(1)
	if len(m) != 1 {
		t.FailNow()
	}
	if got := m[0].End.Sub(m[0].Start); got != long || !m[0].Start.After(time.Now()) {
		t.Errorf("in Graph the meeting is from %v to %v, want %v ahead", m[0].Start, m[0].End, long)
	}
	return m[0].Start
}

func datedMeeting(t *testing.T, env *environment, f front) {
	made := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00 for 45m"}, "Retro", "Microsoft Teams meeting",
		" · ", "15:00")
	if made.alone || strings.Contains(made.words, "tomorrow") {
		t.Errorf("the card is %+v", made)
	}
	wantDate(t, env, 45*time.Minute)
	if again := card(t, f, asked{user: members.ben, command: "meet"}, " · "); again.link != made.link {
		t.Error("another meeting")
	}
}

func redatedMeeting(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Retro"}, "Microsoft Teams meeting")
	dated := card(t, f, asked{user: members.ben, command: "meet tomorrow at 15:00"}, "New time: ", "The link is the same.")
	if dated.link != first.link || dated.alone {
		t.Errorf("the card is %+v", dated)
	}
	start := wantDate(t, env, time.Hour)
	again := card(t, f, asked{user: members.ben, command: "meet tomorrow at 16:00 for 30m"}, "New time: ")
	if moved := wantDate(t, env, 30*time.Minute); moved.Sub(start) != time.Hour || again.link != first.link {
		t.Errorf("moved from %v to %v", start, moved)
	}
	eventually(t, "the first card shows the date", func() bool {
		return strings.Contains(f.cards()[0].words, "16:00")
	})
}

func othersDate(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "Microsoft Teams meeting")
	start := wantDate(t, env, time.Hour)
	told(t, f, asked{user: members.ben, command: "meet tomorrow at 18:00"}, "Ann Example has set this meeting for", "15:00",
		"18:00")
	if wantDate(t, env, time.Hour) != start {
		t.Error("changed without an answer")
	}
	if changed := f.press(members.ben, "Change it"); !strings.Contains(changed.words, "New time: ") || changed.alone {
		t.Errorf("Change brought %+v", changed)
	}
	if moved := wantDate(t, env, time.Hour); moved.Sub(start) != 3*time.Hour {
		t.Errorf("moved from %v to %v", start, moved)
	}
	card(t, f, asked{user: members.ben, command: "meet tomorrow at 20:00"}, "New time: ")
	if stale := f.press(members.ben, "Change it"); strings.Contains(stale.words, "New time: ") {
		t.Errorf("an old button brought %+v", stale)
	}
	start = wantDate(t, env, time.Hour)
	told(t, f, asked{user: members.caio, command: "meet amanhã às 9h"}, "Ben Example marcou esta reunião para")
	if kept := f.press(members.caio, "Manter"); kept.link == "" {
		t.Errorf("Keep brought %+v", kept)
	}
	if wantDate(t, env, time.Hour) != start {
		t.Error("changed though the asker kept it")
	}
}

func cancelledDate(t *testing.T, env *environment, f front) {
	told(t, f, asked{user: members.ann, command: "cancel"}, "There is no meeting here yet")
	first := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	env.settled()
	env.Graph.ResetCalls()
	told(t, f, asked{user: members.ben, command: "cancel"}, "Ann Example has set this meeting for", "take that date away")
	cancelled := card(t, f, asked{user: members.ann, command: "cancel"}, "The date is cancelled.")
	if cancelled.link != first.link {
		t.Error("another meeting")
	}
	for _, call := range env.Graph.Calls() {
		if call.Op == "changeMeeting" {
			t.Error("Graph was told")
		}
	}
	told(t, f, asked{user: members.ann, command: "cancel"}, "has no date that I could cancel")
}

func refusedTimes(t *testing.T, env *environment, f front) {
	for line, words := range map[string]string{
		"meet Retro tomorrow at 25:00":            "“at 25:00”",
		"meet Retro from 15:00 to 14:00 tomorrow": "ends before it starts",
		"meet Retro 2029-01-01 15:00":             "more than a year from now",
		"meet Retro for 30h":                      "longer than 24 hours",
		"meet Retro 31/04 at 15:00":               "There is no day",
		"meet Retro on Monday":                    "without a time",
		"meet Retro every monday at 9:00":         "repeats",
	} {
		told(t, f, asked{user: members.ann, command: line}, words, "I created no meeting and changed nothing.")
	}
	env.wantMeetings(0)
}

func timelessSubjects(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet 24/7 support"}, "24/7 support", "Microsoft Teams meeting")
	card(t, f, asked{user: members.ann, command: `new "Retro at 5"`}, "Retro at 5")
	card(t, f, asked{user: members.ann, command: "new Sexta Sinfonia"}, "Sexta Sinfonia")
	for _, m := range env.wantMeetings(3) {
		if m.Start.After(time.Now().Add(time.Minute)) {
			t.Errorf("%q is set for %v", m.Subject, m.Start)
		}
	}
}

func freshDated(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	fresh := card(t, f, asked{user: members.ann, command: "new Retro tomorrow at 15:00"}, "Retro", "15:00-", "It replaces")
	if fresh.link == first.link {
		t.Error("the same meeting")
	}
}

// A meeting in which people are cannot be moved. That is said, and nothing changes.
func datedWhileRunning(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	start := wantDate(t, env, time.Hour)
	if !env.Graph.StartSession(env.Graph.Meetings()[0].JoinURL) {
		t.Fatal("nobody can join")
	}
	told(t, f, asked{user: members.ann, command: "meet tomorrow at 18:00"}, "The meeting keeps its time and its link.",
		"while the meeting is in progress", "try again when they have left")
	shown := card(t, f, asked{user: members.ben, command: "show"}, "15:00-")
	if wantDate(t, env, time.Hour) != start || shown.link != first.link {
		t.Error("the meeting was changed")
	}
}

// Where Graph refuses the change for another reason, the link stays too.
func dateRefused(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Retro"}, "Microsoft Teams meeting")
	for status, words := range map[int]string{
		http.StatusForbidden: "The meeting keeps its time and its link.", http.StatusNotFound: "",
	} {
		env.Graph.Fault(faultserver.Fault{Target: "changeMeeting", Times: 1, Status: status, ContentType: "application/json",
			Body: `{"error":{"code":"Forbidden","message":"No."}}`})
		s, _ := f.ask(asked{user: members.ann, command: "meet tomorrow at 15:00"})
		if s.link != "" || !s.alone || !strings.Contains(s.words, words) {
			t.Errorf("after %d Ann is told %+v", status, s)
		}
	}
	if again := card(t, f, asked{user: members.ben, command: "show"}); again.link != first.link ||
		strings.Contains(again.words, "15:00-") {
		t.Errorf("the card is %+v", again)
	}
}

// Whoever has a time zone that does not exist is told how their time was understood.
func datedWithoutZone(t *testing.T, env *environment, f front) {
	env.Slack.AddUser(slacktest.User{ID: members.gus.slack, Name: "gus", Email: "gus@contoso.example", EmailConfirmed: true,
		TZ: "Mars/Phobos"})
	if env.Teams != nil {
		env.teamsUser(teamstest.User{ID: members.gus.entra, Name: "Gus", TZ: "Mars/Phobos"})
	}
	env.entraUser(graphtest.User{ID: members.gus.entra, UPN: "gus@contoso.example", Mail: "gus@contoso.example",
		DisplayName: "Gus"})
	card(t, f, asked{user: members.gus, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	eventually(t, "Gus is told alone", func() bool {
		return slices.ContainsFunc(f.cards(), func(s seen) bool {
			return s.alone && strings.Contains(s.words, "I do not know your time zone, so I took the time as UTC")
		})
	})
	if start := wantDate(t, env, time.Hour); start.UTC().Hour() != 15 {
		t.Errorf("it is at %v", start)
	}
}

// Words that people put before a time are no subject.
func wordsBeforeTimes(t *testing.T, env *environment, f front) {
	told(t, f, asked{user: members.ann, command: "meet end at 16:00"}, "I cannot end, cancel or delete a meeting.")
	told(t, f, asked{user: members.ann, command: "meet yesterday at 15:00"}, "“yesterday at 15:00” is in the past.")
	told(t, f, asked{user: members.ann, command: "meet cancel tomorrow at 15:00"}, "Did you mean ")
	env.wantMeetings(0)
	card(t, f, asked{user: members.ann, command: "meet Retro"}, "Microsoft Teams meeting")
	moved := card(t, f, asked{user: members.ann, command: "meet reschedule tomorrow at 10:00"}, "Retro", "New time: ", "10:00")
	if strings.Contains(moved.words, "the subject stays") {
		t.Errorf("the word counts as a subject:\n%s", moved.words)
	}
	card(t, f, asked{user: members.caio, command: "meet convidar", with: []member{members.ben}}, "With ")
}

// A time in a new name changes no time, and that is said.
func timeInName(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Retro"}, "Microsoft Teams meeting")
	card(t, f, asked{user: members.ann, command: "rename Review tomorrow at 15:00"}, "Review tomorrow at 15:00", "Renamed.",
		"“tomorrow at 15:00” is a part of the name now.")
}

// A command that takes the date away is attempted again after it has done so: its asker does not hear that there was
// none.
func TestCancelledAgain(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	wantCard(t, env.meet(f.bot, ann, general, "Retro tomorrow at 15:00"), "")
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusServiceUnavailable})
	env.mention(f.bot, ann, general, "", "cancel")
	m := env.next(general, nil, func(m slacktest.Message) bool { return strings.Contains(m.Text, "cancel") && m.Via != "user" })
	if m.To != "" || !strings.Contains(m.Text, "The date is cancelled.") {
		t.Errorf("the answer is for %q: %s", m.To, m.Text)
	}
}

// Without a public address the two links remain, with a date and without one.
func calendarWithoutAddress(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Retro"}, "Microsoft Teams meeting")
	card(t, f, asked{user: members.ann, command: "calendar"}, "the calendar entry is for now")
	if now := calendarOn(t, f); now.file != "" || now.outlook == "" || now.google == "" {
		t.Errorf("without a date: %+v", now)
	}
	made := card(t, f, asked{user: members.ann, command: "meet tomorrow at 15:00"}, "New time: ")
	dated := calendarOn(t, f)
	wantDrafts(t, dated, "Retro", wantDate(t, env, time.Hour), time.Hour, made.link)
	if dated.file != "" {
		t.Errorf("with a date: %+v", dated)
	}
}
