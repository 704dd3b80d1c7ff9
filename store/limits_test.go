package store_test

import (
	"testing"
	"time"

	"meetbot/bot"
)

func TestSpend(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		who := func(user string) bot.Asker {
			return bot.Asker{Platform: "slack", Workspace: channel().Channel, User: user}
		}
		limits := bot.Limits{Window: time.Hour, PerUser: 2, PerWorkspace: 3}
		one := who("one")
		two := bot.Asker{Platform: "slack", Workspace: one.Workspace, User: "two"}
		spend := func(a bot.Asker, job string, l bot.Limits) time.Duration {
			t.Helper()
			wait, err := s.Spend(t.Context(), a, job, l)
			no(t, err)
			if wait < 0 || wait > l.Window {
				t.Fatalf("wait %v", wait)
			}
			return wait
		}
		for _, job := range []string{"j1", "j2", "j1", "j2"} {
			if spend(one, job, limits) != 0 {
				t.Fatalf("%s is refused", job)
			}
		}
		if spend(one, "j3", limits) == 0 {
			t.Fatal("the user's limit is not kept")
		}
		if spend(two, "j4", limits) != 0 {
			t.Fatal("what was refused was counted, or one user's limit is another's")
		}
		if spend(two, "j5", limits) == 0 {
			t.Fatal("the workspace's limit is not kept")
		}
		if spend(who("else"), "j6", limits) != 0 {
			t.Fatal("one workspace's limit is another's")
		}
		if spend(one, "j7", bot.Limits{Window: time.Hour}) != 0 {
			t.Fatal("0 is no limit")
		}

		refund := func(a bot.Asker, claim string) {
			t.Helper()
			no(t, s.Refund(t.Context(), a, claim))
		}
		refund(one, "j7")
		refund(one, "j1") // of the two of the user, and the three of the workspace
		refund(one, "j1")
		refund(two, "j3") // was not counted
		if spend(one, "j3", limits) != 0 {
			t.Fatal("what was taken back still counts")
		}
		if spend(one, "j1", limits) == 0 || spend(two, "j5", limits) == 0 {
			t.Fatal("more was taken back than was counted")
		}

		brief := bot.Limits{Window: 300 * time.Millisecond, PerUser: 1}
		three := who("three")
		if spend(three, "j8", brief) != 0 || spend(three, "j9", brief) == 0 {
			t.Fatal("a brief window is not kept")
		}
		eventually(t, "the window to pass", func() bool { return spend(three, "j9", brief) == 0 })
	})
}
