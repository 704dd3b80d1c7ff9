//go:build integration

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
)

// Reminders of dates, on every platform, by two replicas, on a clock that is moved.
func TestReminders(t *testing.T) {
	served := map[string]func(*testing.T, *environment, app.Config){}
	for name, scenario := range map[string]func(*testing.T, *environment, front){
		"once":                       remindedOnce,
		"of a date that was set":     remindedOfNewDate,
		"in Portuguese":              remindedInPortuguese,
		"in a thread":                remindedInThread,
		"of a date that was moved":   remindedOfMovedDate,
		"not of a cancelled date":    notRemindedOfCancelled,
		"not of a replaced meeting":  notRemindedOfReplaced,
		"not where nobody wants one": notRemindedIfUnwanted,
		"not of a date that is near": notRemindedOfNear,
	} {
		served[name] = func(t *testing.T, env *environment, c app.Config) {
			f := env.started(c)
			env.start(c, app.Options{})
			scenario(t, env, f)
		}
	}
	onEveryPlatform(t, served)
}

// reminders are the reminders in the first channel.
func reminders(f front) []seen {
	var all []seen
	for _, c := range f.cards() {
		if strings.Contains(c.words, "Starts ") || strings.Contains(c.words, "Começa ") {
			all = append(all, c)
		}
	}
	return all
}

// nextReminder is when the schedule looks at a reminder next; zero for never.
func (env *environment) nextReminder() (next time.Time) {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	keys, err := client.Keys(env.t.Context(), "mb:{due:*}:remind").Result()
	if err != nil {
		env.t.Fatal(err)
	}
	for _, key := range keys {
		for _, z := range client.ZRangeWithScores(env.t.Context(), key, 0, 0).Val() {
			if at := time.UnixMilli(int64(z.Score)); next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return next
}

// passes lets the time pass until no reminder is planned any more, and returns those that there are.
func (env *environment) passes(f front) []seen {
	env.t.Helper()
	for {
		looks := 0 // at a reminder that a replica has taken and may be about to begin
		eventually(env.t, "no reminder is due", func() bool {
			next, now := env.nextReminder(), env.Clock.Now()
			if next.After(now) && !next.After(now.Add(bot.DueLease)) {
				looks++
			}
			return next.IsZero() || next.After(now.Add(bot.DueLease)) || looks == 300
		})
		env.settled()
		next := env.nextReminder()
		if next.IsZero() {
			return reminders(f)
		}
		env.Clock.Move(next.Sub(env.Clock.Now()) + time.Second)
	}
}

// startOf is when Graph's only meeting starts.
func startOf(env *environment) time.Time {
	env.t.Helper()
	m := env.wantMeetings(1)
	if len(m) != 1 {
		env.t.FailNow()
	}
	return m[0].Start
}

// wantReminder fails the test unless the reminder is the only one, for everybody, with the card's link, and was posted
// in the ten minutes before the start.
func wantReminder(t *testing.T, env *environment, all []seen, link string, start time.Time) seen {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("%d reminders: %+v", len(all), all)
	}
	r := all[0]
	if r.alone || r.link != link || strings.Contains(r.words, "Organizer") {
		t.Errorf("the reminder is %+v", r)
	}
	if left := start.Sub(env.Clock.Now()); left <= 0 || left > 10*time.Minute {
		t.Errorf("%v are left until the start", left)
	}
	return r
}

func remindedOnce(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-", "Don't remind")
	start := startOf(env)
	env.settled()
	if len(reminders(f)) != 0 {
		t.Error("reminded at once")
	}
	r := wantReminder(t, env, env.passes(f), first.link, start)
	if !strings.Contains(r.words, "Retro") || !strings.Contains(r.words, "Join in Microsoft Teams") ||
		strings.Contains(r.words, "Don't remind") {
		t.Errorf("the reminder reads %q", r.words)
	}
	root := first.thread
	for _, m := range env.Slack.Messages(general) {
		if root == "" && m.Via != "user" && link(m) == first.link && m.ThreadTS == "" {
			root = m.TS
		}
	}
	if root == "" || r.thread != root {
		t.Errorf("the reminder stands in thread %q, want %q, below the card", r.thread, root)
	}
	env.Clock.Move(day)
	env.settled()
	if n := len(reminders(f)); n != 1 {
		t.Errorf("%d reminders a day later", n)
	}
}

func remindedOfNewDate(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Retro"}, "Microsoft Teams meeting")
	card(t, f, asked{user: members.ben, command: "meet tomorrow at 15:00"}, "New time: ", "Don't remind")
	wantReminder(t, env, env.passes(f), first.link, startOf(env))
}

func remindedInPortuguese(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.caio, command: "meet Retro amanhã às 15h"}, "15:00-", "Não lembrar")
	r := wantReminder(t, env, env.passes(f), first.link, startOf(env))
	if !strings.Contains(r.words, "Começa ") || !strings.Contains(r.words, "Entrar no Microsoft Teams") {
		t.Errorf("the reminder reads %q", r.words)
	}
}

func remindedInThread(t *testing.T, env *environment, f front) {
	root := f.say(members.ben, "Who broke the build?")
	own := card(t, f, asked{user: members.ben, thread: root, command: "meet Build trouble tomorrow at 15:00"}, "15:00-")
	if r := wantReminder(t, env, env.passes(f), own.link, startOf(env)); r.thread != root {
		t.Errorf("the reminder stands in thread %q, want %q", r.thread, root)
	}
}

func remindedOfMovedDate(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	sooner := startOf(env)
	card(t, f, asked{user: members.ann, command: "meet tomorrow at 20:00"}, "New time: ")
	start := startOf(env)
	env.Clock.Move(sooner.Sub(env.Clock.Now()))
	env.settled()
	if n := len(reminders(f)); n != 0 {
		t.Errorf("%d reminders of the earlier date", n)
	}
	wantReminder(t, env, env.passes(f), first.link, start)
}

func notRemindedOfCancelled(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	card(t, f, asked{user: members.ann, command: "cancel"}, "The date is cancelled.")
	if all := env.passes(f); len(all) != 0 {
		t.Errorf("reminded: %+v", all)
	}
}

func notRemindedOfReplaced(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	card(t, f, asked{user: members.ben, command: "new Another"}, "It replaces")
	if all := env.passes(f); len(all) != 0 {
		t.Errorf("reminded: %+v", all)
	}
}

// Anybody may switch a reminder off, for everybody. An old button does nothing to a newer date.
func notRemindedIfUnwanted(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "Don't remind")
	for range 2 {
		pressed := f.press(members.ben, "Don't remind")
		if !pressed.alone || pressed.link != "" || !strings.Contains(pressed.words, "I will not remind anybody") {
			t.Errorf("the press brought %+v", pressed)
		}
	}
	if all := env.passes(f); len(all) != 0 {
		t.Errorf("reminded: %+v", all)
	}
	card(t, f, asked{user: members.ann, command: "meet tomorrow at 20:00"}, "New time: ", "Don't remind")
	wantReminder(t, env, env.passes(f), first.link, startOf(env))
	if late := f.press(members.ben, "Don't remind"); !strings.Contains(late.words, "It is already time for the reminder.") {
		t.Errorf("a late press brought %+v", late)
	}
}

func notRemindedOfNear(t *testing.T, env *environment, f front) {
	near := card(t, f, asked{user: members.ann, command: "meet Retro in 9 minutes"}, " · ")
	if strings.Contains(near.words, "Don't remind") {
		t.Errorf("the card reads %q", near.words)
	}
	if all := env.passes(f); len(all) != 0 {
		t.Errorf("reminded: %+v", all)
	}
}

// An operator can switch reminders off.
func TestRemindersSwitchedOff(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	config := env.config()
	if err := config.Set(map[string]string{"REMIND_BEFORE": "0"}); err != nil {
		t.Fatal(err)
	}
	f := &slackFront{environment: env, bot: env.start(config, app.Options{})}
	first := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	if all := env.passes(f); strings.Contains(first.words, "Don't remind") || len(all) != 0 {
		t.Errorf("the card reads %q; reminded: %+v", first.words, all)
	}
}
