package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/store"
)

// serving wants the jobs of one platform.
func serving(platform string) func(bot.Lease) bool {
	return func(l bot.Lease) bool { return l.Job.Conversation.Platform == platform }
}

func platformJob(platform, id string) bot.Job {
	j := job(id)
	j.Conversation.Platform, j.Asker.Platform, j.Asker.User = platform, platform, id
	return j
}

// A replica takes what it wants and nothing else: what it leaves is as idle as before, was handed out no oftener, and
// however much of it there is, keeps nobody from what they want.
func TestReclaimTakesWhatIsWanted(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		const others = 250 // more than a page
		for i := range others {
			accept(t, one, platformJob("teams", fmt.Sprint("T", i)))
		}
		accept(t, one, platformJob("slack", "S"))
		var got bot.Lease
		eventually(t, "the one job is taken over", func() bool {
			leases, err := two.Reclaim(t.Context(), 10, serving("slack"))
			no(t, err)
			if len(leases) > 0 {
				got = leases[0]
			}
			return len(leases) > 0
		})
		if got.Job.ID != "S" || got.Attempt != 2 || !got.Reclaimed {
			t.Errorf("took over %+v", got)
		}
		taken := map[string]int{}
		for len(taken) < others { // at once: they need not idle anew
			leases, err := one.Reclaim(t.Context(), others, serving("teams"))
			no(t, err)
			if len(leases) == 0 {
				t.Fatalf("took over %d of %d jobs that another replica had only looked at", len(taken), others)
			}
			for _, l := range leases {
				taken[l.Job.ID] = l.Attempt
				if l.Attempt != 2 {
					t.Errorf("%s: attempt %d, want 2", l.Job.ID, l.Attempt)
				}
			}
		}
		if d := depth(t, one); d.Waiting != others+1 {
			t.Errorf("the queue holds %+v, want everybody's jobs", d)
		}
	})
}

// Stores with different prefixes see nothing of each other; without one, the names are those of the release before.
func TestPrefixesAreApart(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		b.url = b.all // the rights are those for the keys of one prefix
		plain := b.open(t, "one")
		other := open(t, b.url, store.Options{Replica: "one", Idle: 20 * time.Millisecond, Prefix: "contoso-2"})
		ctx := t.Context()
		c := channel()
		claim := bot.Claim{ID: "c1", Conversation: c, Generation: 1, Organizer: bot.Organizer{ID: "o"},
			Request: bot.MeetingRequest{ExternalID: "x"}}
		use := func(s *store.Store) {
			t.Helper()
			_, err := s.Claim(ctx, claim, false, 0)
			no(t, err)
			_, err = s.Complete(ctx, claim, meetingFor(claim))
			no(t, err)
			_, err = s.Announce(ctx, c, "r", bot.Asker{})
			no(t, err)
			no(t, s.LinkThread(ctx, c, "1.1"))
			no(t, s.Remember(ctx, job("x").Asker, bot.Identity{ID: "e"}, time.Minute))
			no(t, s.Throttle(ctx, bot.Upstream{Name: "graph"}, time.Minute))
			_, err = s.Spend(ctx, job("x").Asker, "j", bot.Limits{Window: time.Hour, PerUser: 5, PerWorkspace: 5})
			no(t, err)
			no(t, s.MoveToDeadLetters(ctx, accept(t, s, job("dead")), "x"))
			accept(t, s, job("Ev1"))
		}
		keys := func() []string {
			t.Helper()
			all, err := b.raw.Keys(ctx, "*").Result()
			no(t, err)
			slices.Sort(all)
			return all
		}
		use(plain)
		before := keys()
		tag := "{" + c.ChannelKey() + "}:"
		for _, want := range []string{
			"mb:" + tag + "m:", "mb:" + tag + "s:", "mb:" + tag + "r", "mb:id:slack:T024BE7LD:U1", "mb:hold:graph",
			"mb:{new:slack:T024BE7LD}:user:U1", "mb:{new:slack:T024BE7LD}:all",
			"{mb:jobs}:stream", "{mb:jobs}:dead", "{mb:jobs}:mark:Ev1", "{mb:jobs}:mark:dead",
		} {
			if !slices.Contains(before, want) {
				t.Errorf("there is no key %s among %q", want, before)
			}
		}
		state, err := other.Read(ctx, c, job("x").Asker)
		no(t, err)
		if state.Meeting != nil || state.Identity != nil {
			t.Errorf("another deployment reads %+v", state)
		}
		if letters, err := other.DeadLetters(ctx, 10); err != nil || len(letters) != 0 {
			t.Errorf("another deployment has the dead letters %+v, %v", letters, err)
		}
		use(other)
		var want []string
		for _, key := range before {
			want = append(want, key, strings.Replace(key, "mb:", "contoso-2:", 1))
		}
		slices.Sort(want)
		if got := keys(); !slices.Equal(got, want) {
			t.Errorf("keys of both:\n%q, want\n%q", got, want)
		}
		for range 3 {
			eventually(t, "its own job alone", func() bool {
				leases, err := other.Reclaim(ctx, 10, all)
				no(t, err)
				return len(leases) == 1
			})
		}
	})
	for prefix, ok := range map[string]bool{
		"mb": true, "Contoso-2_b.c": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false,
		"": false, "a:b": false, "{a}": false, "a b": false, "ä": false, "a*": false,
	} {
		if err := store.CheckPrefix(prefix); (err == nil) != ok {
			t.Errorf("prefix %q: %v", prefix, err)
		}
	}
}

// One person waits for so many jobs and no more; what is done makes room, by whichever release it was done.
func TestUnfinishedJobsOfOnePersonAreBounded(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		var leases []bot.Lease
		for i := range bot.MaxUnfinished {
			leases = append(leases, accept(t, s, job(fmt.Sprint("Ev", i))))
		}
		for i := range 3 {
			_, err := s.Accept(t.Context(), job("more"))
			busy, ok := errors.AsType[bot.BusyError](err)
			if !ok || busy.First != (i == 0) {
				t.Errorf("one more, for the %d. time: %v", i+1, err)
			}
		}
		if _, err := s.Accept(t.Context(), job("Ev0")); !errors.Is(err, bot.ErrDuplicate) {
			t.Errorf("one of them again: %v", err)
		}
		other := job("other")
		other.Asker.User = "U2"
		accept(t, s, other)
		if d := depth(t, s); d.Waiting != bot.MaxUnfinished+1 {
			t.Errorf("the queue holds %+v", d)
		}
		no(t, s.Done(t.Context(), leases[3]))
		accept(t, s, job("more"))
		// As the release before finishes a job.
		no(t, b.raw.XAck(t.Context(), "{mb:jobs}:stream", "bots", leases[4].Entry).Err())
		no(t, b.raw.XDel(t.Context(), "{mb:jobs}:stream", leases[4].Entry).Err())
		accept(t, s, job("still more"))
		if _, err := s.Accept(t.Context(), job("too many")); err == nil {
			t.Error("one too many was accepted")
		}
	})
}

// Attempts that have not ended are counted, until the job is done.
func TestAttemptsThatBreakOffAreCounted(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		accept(t, s, job("Ev1"))
		want := func(broken int) bot.Lease {
			t.Helper()
			l := takeover(t, s)
			if l.Broken != broken {
				t.Fatalf("attempt %d: %d attempts before it broke off, want %d", l.Attempt, l.Broken, broken)
			}
			return l
		}
		want(0)
		l := want(1)
		no(t, s.GiveBack(t.Context(), l, false))
		l = want(1)
		no(t, s.GiveBack(t.Context(), l, true))
		want(1)
		l = want(2)
		no(t, s.Done(t.Context(), l))
		if n := b.raw.HLen(t.Context(), "{mb:jobs}:tries").Val(); n != 0 {
			t.Errorf("%d counts are left of a job that is done", n)
		}
		no(t, s.GiveBack(t.Context(), l, true)) // late
		if n := b.raw.Exists(t.Context(), "{mb:jobs}:tries").Val(); n != 0 {
			t.Error("a count is left of a job that is done")
		}
	})
}

// A job that is given back is anybody's at once, and its age is Redis' own.
func TestJobGivenBackIsTakenOverAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one := open(t, b.url, store.Options{Replica: "one"})
		two := open(t, b.url, store.Options{Replica: "two"})
		j := job("Ev1") // accepted days ago, as the clock of the machine said
		l := accept(t, one, j)
		no(t, one.GiveBack(t.Context(), l, false))
		if leases, err := two.Reclaim(t.Context(), 10, all); err != nil || len(leases) != 0 {
			t.Fatalf("took over %+v, %v", leases, err)
		}
		no(t, one.GiveBack(t.Context(), l, true))
		leases, err := two.Reclaim(t.Context(), 10, all)
		if err != nil || len(leases) != 1 || leases[0].Attempt != 2 || leases[0].Age > time.Minute {
			t.Fatalf("took over %+v, %v", leases, err)
		}
		no(t, one.GiveBack(t.Context(), l, true)) // it is another's by now
		if _, err := two.BeginSend(t.Context(), leases[0]); err != nil {
			t.Error(err)
		}
		if leases, err := one.Reclaim(t.Context(), 10, all); err != nil || len(leases) != 0 {
			t.Fatalf("took over %+v, %v", leases, err)
		}
		no(t, two.GiveBack(t.Context(), leases[0], true))
		no(t, two.Close()) // it leaves nothing in its name
		consumers, err := b.raw.XInfoConsumers(t.Context(), "{mb:jobs}:stream", "bots").Result()
		no(t, err)
		for _, c := range consumers {
			if c.Name == "two" {
				t.Error("the replica is still in the group")
			}
		}
	})
}
