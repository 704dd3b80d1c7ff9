package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/store"
)

const secret = "https://hooks.example/response/s3cret"

func job(id string) bot.Job {
	return bot.Job{
		ID: id, Conversation: channel(), Intent: bot.Intent{Kind: bot.JobCommand, Command: bot.Command{Kind: "meet", Subject: "Review"}},
		Asker: bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U1"}, Seen: 3, Language: bot.Portuguese,
		Zone:  "America/Sao_Paulo",
		Route: bot.Route{Channel: "C1", User: "U1", ResponseURL: secret}, Accepted: time.Date(2026, 11, 23, 15, 30, 14, 0, time.UTC), Trace: "t1",
	}
}

// takeover waits until s takes over a job.
func takeover(t *testing.T, s *store.Store) bot.Lease {
	t.Helper()
	var leases []bot.Lease
	eventually(t, "a takeover", func() bool {
		var err error
		leases, err = s.Reclaim(t.Context(), 10, all)
		no(t, err)
		return len(leases) > 0
	})
	if len(leases) != 1 {
		t.Fatalf("took over %d jobs, want 1", len(leases))
	}
	return leases[0]
}

func depth(t *testing.T, s *store.Store) bot.Depth {
	t.Helper()
	d, err := s.Depth(t.Context())
	no(t, err)
	return d
}

func accept(t *testing.T, s *store.Store, j bot.Job) bot.Lease {
	t.Helper()
	l, err := s.Accept(t.Context(), j)
	no(t, err)
	return l
}

func TestAcceptedJobIsTakenOverWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		j := job("Ev1")
		first := accept(t, one, j)
		if first.Attempt != 1 || first.Entry == "" || !reflect.DeepEqual(first.Job, j) {
			t.Fatalf("accepted as %+v", first)
		}
		second := takeover(t, two)
		if second.Attempt != 2 || second.Entry != first.Entry || !reflect.DeepEqual(second.Job, j) {
			t.Fatalf("taken over as %+v, want attempt 2 of %+v", second, first)
		}
		if third := takeover(t, one); third.Attempt != 3 {
			t.Fatalf("taken over as attempt %d, want 3", third.Attempt)
		}
	})
}

func TestJobThatIsWorkedOnIsNotTakenOver(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one := b.open(t, "one")
		patient := open(t, b.url, store.Options{Replica: "two"})
		accept(t, one, job("Ev1"))
		if leases, err := patient.Reclaim(t.Context(), 10, all); err != nil || len(leases) != 0 {
			t.Fatalf("took over %v, %v within the time that an attempt may take", leases, err)
		}
		if leases, err := one.Reclaim(t.Context(), 0, all); err != nil || len(leases) != 0 {
			t.Fatalf("took over %v, %v without room", leases, err)
		}
	})
}

func TestReclaimHandsEachJobToOneReplica(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		const jobs = 25
		for i := range jobs {
			accept(t, one, job(fmt.Sprint("Ev", i)))
		}
		seen := map[string]bool{}
		eventually(t, "taking over all jobs in small steps", func() bool {
			leases, err := two.Reclaim(t.Context(), 2, all)
			no(t, err)
			if len(leases) > 2 {
				t.Fatalf("took over %d jobs, want at most 2", len(leases))
			}
			for _, l := range leases {
				if !seen[l.Job.ID] {
					again, err := two.BeginSend(t.Context(), l)
					if err != nil || again {
						t.Fatalf("%s: again %v, %v", l.Job.ID, again, err)
					}
				}
				seen[l.Job.ID] = true
				no(t, two.Done(t.Context(), l))
			}
			return len(seen) == jobs
		})
		if d := depth(t, one); d.Waiting != 0 {
			t.Fatalf("%d jobs are left", d.Waiting)
		}
	})
}

func TestRequestIsAcceptedOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		refused := func(when string) {
			t.Helper()
			for _, s := range []*store.Store{one, two} {
				if l, err := s.Accept(t.Context(), job("Ev1")); !errors.Is(err, bot.ErrDuplicate) {
					t.Fatalf("%s the same request gave %+v, %v", when, l, err)
				}
			}
		}
		l := accept(t, one, job("Ev1"))
		refused("after it was accepted")
		_, err := one.BeginSend(t.Context(), l)
		no(t, err)
		refused("while its answer is sent")
		no(t, one.Done(t.Context(), l))
		refused("after it was answered")
		if left := b.raw.PTTL(t.Context(), "{mb:jobs}:mark:Ev1").Val(); left <= 59*time.Minute || left > time.Hour {
			t.Errorf("the request is remembered for %v, want an hour", left)
		}
		accept(t, one, job("Ev2"))
		if _, err := one.Accept(t.Context(), job("")); err == nil || errors.Is(err, bot.ErrDuplicate) {
			t.Errorf("a job without ID gave %v", err)
		}
	})
}

func TestOnlyTheLatestAttemptMaySend(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		may := func(s *store.Store, l bot.Lease, wantAgain bool) {
			t.Helper()
			if again, err := s.BeginSend(t.Context(), l); err != nil || again != wantAgain {
				t.Fatalf("sending: again %v, %v; want %v", again, err, wantAgain)
			}
		}
		mayNot := func(s *store.Store, l bot.Lease) {
			t.Helper()
			if _, err := s.BeginSend(t.Context(), l); !errors.Is(err, bot.ErrNotOwner) {
				t.Fatalf("sending: %v, want %v", err, bot.ErrNotOwner)
			}
		}
		first := accept(t, one, job("Ev1"))
		mayNot(two, first)
		second := takeover(t, two)
		mayNot(one, first)
		may(two, second, false)
		may(two, second, false)                   // the call's answer was lost
		no(t, two.AbortSend(t.Context(), second)) // refused: nothing came of it
		third := takeover(t, two)
		mayNot(two, second)
		may(two, third, false)
		no(t, two.AbortSend(t.Context(), second)) // a straggler takes nothing back
		fourth := takeover(t, two)
		may(two, fourth, true)
		no(t, two.Done(t.Context(), fourth))
		mayNot(two, fourth)
		mayNot(one, first)
	})
}

func TestDoneIsFinalAndRepeatable(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one := b.open(t, "one")
		l := accept(t, one, job("Ev1"))
		no(t, one.Done(t.Context(), l))
		no(t, one.Done(t.Context(), l))
		if d := depth(t, one); d != (bot.Depth{}) {
			t.Errorf("the queue holds %+v after its only job", d)
		}
		pending, err := b.raw.XPending(t.Context(), "{mb:jobs}:stream", "bots").Result()
		no(t, err)
		if pending.Count != 0 {
			t.Errorf("%d jobs are still handed out", pending.Count)
		}
		no(t, one.MoveToDeadLetters(t.Context(), l, "late"))
		if d := depth(t, one); d.DeadLetters != 0 {
			t.Error("a job that was done is a dead letter")
		}
	})
}

func TestDeadLetterHasNoSecretAndRunsAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		l := accept(t, one, job("Ev1"))
		if err := two.MoveToDeadLetters(t.Context(), l, "not mine"); !errors.Is(err, bot.ErrNotOwner) {
			t.Fatalf("another replica's job: %v, want %v", err, bot.ErrNotOwner)
		}
		no(t, one.MoveToDeadLetters(t.Context(), l, "Post "+secret+": gone"))
		no(t, one.MoveToDeadLetters(t.Context(), l, "again"))
		if d := depth(t, one); d.Waiting != 0 || d.DeadLetters != 1 {
			t.Fatalf("the queue holds %+v, want one dead letter", d)
		}
		if _, err := one.Accept(t.Context(), job("Ev1")); !errors.Is(err, bot.ErrDuplicate) {
			t.Fatalf("the request of a dead letter again: %v", err)
		}
		for _, key := range b.raw.Keys(t.Context(), "*").Val() {
			if b.raw.Type(t.Context(), key).Val() != "stream" {
				continue
			}
			if kept := fmt.Sprint(b.raw.XRange(t.Context(), key, "-", "+").Val()); strings.Contains(kept, "s3cret") {
				t.Errorf("%s keeps the secret: %s", key, kept)
			}
		}
		letters, err := two.DeadLetters(t.Context(), 10)
		no(t, err)
		want := job("Ev1")
		want.Route.ResponseURL = ""
		want.Conversation = l.Job.Conversation
		if len(letters) != 1 || !reflect.DeepEqual(letters[0].Job, want) || letters[0].Reason != "Post (removed): gone" {
			t.Fatalf("dead letters: %+v", letters)
		}
		if age := time.Since(letters[0].At); age < -time.Minute || age > time.Minute {
			t.Errorf("dead letter of %v", letters[0].At)
		}

		patient := open(t, b.url, store.Options{Replica: "three", Idle: time.Hour})
		no(t, one.Retry(t.Context(), letters[0].Entry))
		if err := one.Retry(t.Context(), letters[0].Entry); !errors.Is(err, store.ErrNoDeadLetter) {
			t.Errorf("retrying twice: %v, want %v", err, store.ErrNoDeadLetter)
		}
		again := takeover(t, patient)
		if again.Attempt != 1 || again.Job.ID != "Ev1" || time.Since(again.Job.Accepted) > time.Minute {
			t.Fatalf("the retried job comes as %+v", again)
		}
		no(t, one.Done(t.Context(), l)) // a straggler of its first life changes nothing
		if repeated, err := patient.BeginSend(t.Context(), again); err != nil || repeated {
			t.Fatalf("sending the retried job: again %v, %v", repeated, err)
		}
		no(t, patient.Done(t.Context(), again))
		if d := depth(t, one); d != (bot.Depth{}) {
			t.Errorf("the queue holds %+v in the end", d)
		}
	})
}

func TestRetryOfNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		no(t, b.raw.XAdd(t.Context(), &redis.XAddArgs{Stream: "{mb:jobs}:dead", ID: "7-0", Values: []any{"id", "Ev1", "job", "", "reason", "unreadable"}}).Err())
		for _, entry := range []string{"", "-", "+", "7", "1-1", "7-0", "x"} {
			if err := s.Retry(t.Context(), entry); !errors.Is(err, store.ErrNoDeadLetter) {
				t.Errorf("entry %q: %v, want %v", entry, err, store.ErrNoDeadLetter)
			}
		}
		if d := depth(t, s); d.Waiting != 0 || d.DeadLetters != 1 {
			t.Errorf("the queue holds %+v", d)
		}
	})
}

func TestEntryThatIsNoJobIsBuried(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		good := accept(t, s, job("Ev1"))
		record, err := json.Marshal(job("Ev3"))
		no(t, err)
		for _, values := range [][]any{{"id", "Ev2", "job", `{"route":{"capability":"s3cret"`}, {"job", record}, {"colour", "blue"}, {"id", "Ev4", "job", record}} {
			no(t, b.raw.XAdd(t.Context(), &redis.XAddArgs{Stream: "{mb:jobs}:stream", Values: values}).Err())
		}
		no(t, b.raw.XReadGroup(t.Context(), &redis.XReadGroupArgs{Group: "bots", Consumer: "gone", Streams: []string{"{mb:jobs}:stream", ">"}}).Err())
		var got []bot.Lease
		eventually(t, "burying what is no job", func() bool {
			leases, err := s.Reclaim(t.Context(), 10, all)
			no(t, err)
			got = append(got, leases...)
			return depth(t, s) == bot.Depth{Waiting: 1, DeadLetters: 4, Oldest: depth(t, s).Oldest} && len(got) > 0
		})
		for _, l := range got {
			if l.Entry != good.Entry {
				t.Errorf("handed out %+v", l)
			}
		}
		letters, err := s.DeadLetters(t.Context(), 10)
		no(t, err)
		for _, letter := range letters {
			if strings.Contains(fmt.Sprint(letter), "s3cret") {
				t.Errorf("a dead letter holds what could not be read: %+v", letter)
			}
		}
	})
}

func TestQueueSurvivesLosingItsData(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		if leases, err := s.Reclaim(t.Context(), 10, all); err != nil || len(leases) != 0 {
			t.Fatalf("takeover from an empty Redis: %v, %v", leases, err)
		}
		lost := accept(t, s, job("Ev1"))
		no(t, b.raw.FlushAll(t.Context()).Err())
		if leases, err := s.Reclaim(t.Context(), 10, all); err != nil || len(leases) != 0 {
			t.Fatalf("takeover after the loss: %v, %v", leases, err)
		}
		// Its author was promised an answer, and only this attempt still knows of it. Asked again since, it is another
		// job.
		if again, err := s.BeginSend(t.Context(), lost); err != nil || again {
			t.Errorf("sending the answer of a lost job: again %v, %v", again, err)
		}
		no(t, b.raw.FlushAll(t.Context()).Err())
		accept(t, b.open(t, "two"), job("Ev1"))
		if _, err := s.BeginSend(t.Context(), lost); !errors.Is(err, bot.ErrNotOwner) {
			t.Errorf("sending the answer of a lost job that was accepted anew: %v", err)
		}
		no(t, b.raw.FlushAll(t.Context()).Err())
		no(t, s.Done(t.Context(), lost))
		no(t, s.MoveToDeadLetters(t.Context(), lost, "lost"))
		accept(t, s, job("Ev2"))
		if l := takeover(t, s); l.Job.ID != "Ev2" {
			t.Errorf("took over %+v", l)
		}

		// The group alone is lost: what was in the stream is handed out again.
		no(t, b.raw.XGroupDestroy(t.Context(), "{mb:jobs}:stream", "bots").Err())
		accept(t, s, job("Ev3"))
		ids := map[string]bool{}
		eventually(t, "taking over what the lost group held", func() bool {
			leases, err := s.Reclaim(t.Context(), 10, all)
			no(t, err)
			for _, l := range leases {
				ids[l.Job.ID] = true
			}
			return ids["Ev2"] && ids["Ev3"]
		})
	})
}

func TestHoldIsSharedAndNeverShortened(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		held := func(s *store.Store, upstream string, min, max time.Duration) {
			t.Helper()
			if left, err := s.ThrottledFor(t.Context(), bot.Upstream{Name: upstream}); err != nil || left < min || left > max {
				t.Fatalf("%s is held for %v, %v; want %v to %v", upstream, left, err, min, max)
			}
		}
		held(one, "graph", 0, 0)
		no(t, one.Throttle(t.Context(), bot.Upstream{Name: "graph"}, time.Minute))
		held(two, "graph", 50*time.Second, time.Minute)
		held(two, "slack", 0, 0)
		no(t, two.Throttle(t.Context(), bot.Upstream{Name: "graph"}, time.Second))
		no(t, two.Throttle(t.Context(), bot.Upstream{Name: "graph"}, 0))
		no(t, two.Throttle(t.Context(), bot.Upstream{Name: "graph"}, -time.Second))
		held(one, "graph", 50*time.Second, time.Minute)
		no(t, two.Throttle(t.Context(), bot.Upstream{Name: "graph"}, time.Hour))
		held(one, "graph", 59*time.Minute, time.Hour)
		no(t, one.Throttle(t.Context(), bot.Upstream{Name: "slack"}, time.Nanosecond)) // not rounded down to "for good" or "never"
		if left := b.raw.PTTL(t.Context(), "mb:hold:slack").Val(); left == -1 || left > time.Millisecond {
			t.Errorf("the shortest hold lasts %v", left)
		}
	})
}

// A hold of a part keeps only calls of this part back, until several parts were held.
func TestHoldOfAPart(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		part := func(who string) bot.Upstream { return bot.Upstream{Name: "graph", Part: "createOrGet:" + who} }
		held := func(u bot.Upstream) bool {
			t.Helper()
			left, err := two.ThrottledFor(t.Context(), u)
			no(t, err)
			return left > 0
		}
		for range 5 { // as often as it is, it is one part
			no(t, one.Throttle(t.Context(), part("ann"), time.Minute))
		}
		no(t, one.Throttle(t.Context(), part("ben"), time.Minute))
		if !held(part("ann")) || !held(part("ben")) || held(part("cleo")) || held(bot.Upstream{Name: "graph"}) {
			t.Errorf("after two parts: ann %v, ben %v, cleo %v", held(part("ann")), held(part("ben")), held(part("cleo")))
		}
		if held(bot.Upstream{Name: "slack", Part: "createOrGet:ann"}) {
			t.Error("another upstream is held")
		}
		no(t, one.Throttle(t.Context(), part("cleo"), time.Minute))
		if !held(part("dora")) || !held(bot.Upstream{Name: "graph"}) {
			t.Error("after three parts the upstream is not held")
		}
		// The release before reads and writes this key.
		if left := b.raw.PTTL(t.Context(), "mb:hold:graph").Val(); left <= 0 {
			t.Errorf("the whole upstream's key expires in %v", left)
		}
	})
}

// A job that is kept is taken over by nobody, and its attempt stays the same.
func TestKeep(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		lease := accept(t, one, job("Ev1"))
		for range 5 {
			time.Sleep(8 * time.Millisecond) // less than the idleness of 20 ms, and together more
			if err := one.Keep(t.Context(), lease); err != nil {
				t.Fatal(err)
			}
		}
		_, err := one.BeginSend(t.Context(), lease)
		no(t, err)
		if err := two.Keep(t.Context(), lease); !errors.Is(err, bot.ErrNotOwner) {
			t.Errorf("another replica keeps the job: %v", err)
		}
		taken := takeover(t, two)
		if taken.Attempt != 2 {
			t.Errorf("attempt %d, want 2: keeping is none", taken.Attempt)
		}
		if err := one.Keep(t.Context(), lease); !errors.Is(err, bot.ErrNotOwner) {
			t.Errorf("a job of another replica is kept: %v", err)
		}
		no(t, two.Done(t.Context(), taken))
		if err := two.Keep(t.Context(), taken); !errors.Is(err, bot.ErrNotOwner) {
			t.Errorf("a job that is done is kept: %v", err)
		}
	})
}

func TestDepth(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		if d := depth(t, s); d != (bot.Depth{}) {
			t.Fatalf("an empty queue holds %+v", d)
		}
		first := accept(t, s, job("Ev1"))
		accept(t, s, job("Ev2"))
		eventually(t, "the oldest job growing old", func() bool { return depth(t, s).Oldest >= 20*time.Millisecond })
		no(t, s.MoveToDeadLetters(t.Context(), first, "x"))
		if d := depth(t, s); d.Waiting != 1 || d.DeadLetters != 1 || d.Oldest > time.Minute {
			t.Errorf("the queue holds %+v", d)
		}
	})
}

func TestCloseLeavesTheGroup(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		consumers := func() string {
			t.Helper()
			infos, err := b.raw.XInfoConsumers(t.Context(), "{mb:jobs}:stream", "bots").Result()
			no(t, err)
			var names []string
			for _, i := range infos {
				names = append(names, i.Name)
			}
			return strings.Join(names, " ")
		}
		idle, busy := b.open(t, "idle"), b.open(t, "busy")
		no(t, idle.Done(t.Context(), accept(t, idle, job("Ev1"))))
		accept(t, busy, job("Ev2"))
		if got := consumers(); got != "busy idle" {
			t.Fatalf("the group has %q", got)
		}
		no(t, idle.Close())
		no(t, busy.Close())
		if got := consumers(); got != "busy" {
			t.Fatalf("after both left, the group has %q, want the one that a job is left of", got)
		}
		other := b.open(t, "other")
		if l := takeover(t, other); l.Job.ID != "Ev2" {
			t.Fatalf("took over %+v", l)
		}
	})
}
