package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/store"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

var confirmKind = []bot.DueKind{bot.DueConfirm}

func take(t *testing.T, s *store.Store, kinds []bot.DueKind, now time.Time, limit int) []bot.Due {
	t.Helper()
	due, err := s.TakeDue(t.Context(), kinds, now, limit)
	no(t, err)
	for _, d := range due {
		if !d.At.Equal(now.Add(bot.DueLease)) {
			t.Errorf("%v is put off to %v", d.Conversation, d.At)
		}
	}
	return due
}

func TestSchedule(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, other := b.open(t, "one"), b.open(t, "two")
		if due := take(t, s, confirmKind, noon, 10); len(due) != 0 {
			t.Errorf("at first %+v is due", due)
		}
		var all []bot.Conversation
		for i := range 40 { // in all parts of the schedule
			c := thread(channel(), "1.1")
			all = append(all, c)
			no(t, s.SetDue(t.Context(), bot.Due{Kind: bot.DueConfirm, Conversation: c, At: noon}))
			no(t, s.SetDue(t.Context(), bot.Due{Kind: bot.DueConfirm, Conversation: c, At: noon.Add(time.Duration(i) * time.Millisecond)}))
			no(t, s.SetDue(t.Context(), bot.Due{Kind: "later", Conversation: c, At: noon.Add(-time.Hour)}))
		}
		due := take(t, s, confirmKind, noon.Add(29*time.Millisecond), 25)
		due = append(due, take(t, other, confirmKind, noon.Add(29*time.Millisecond), 25)...)
		if len(due) != 30 {
			t.Errorf("%d of 30 are due", len(due))
		}
		for i, d := range due {
			if d.Conversation != all[i] || d.Kind != bot.DueConfirm {
				t.Errorf("%d. is %+v, want %v", i, d, all[i])
			}
		}
		if more := take(t, s, confirmKind, noon.Add(bot.DueLease-time.Millisecond), 100); len(more) != 10 {
			t.Errorf("%d more are due, want 10", len(more))
		}

		no(t, s.DropDue(t.Context(), due[0]))
		no(t, s.DropDue(t.Context(), due[0]))
		no(t, s.SetDue(t.Context(), bot.Due{Kind: bot.DueConfirm, Conversation: all[1], At: noon.Add(time.Hour)}))
		no(t, s.DropDue(t.Context(), due[1])) // another time was set since
		again := take(t, s, confirmKind, noon.Add(29*time.Millisecond).Add(bot.DueLease), 100)
		if len(again) != 28 {
			t.Errorf("after the lease %d are due again, want 28", len(again))
		}
		no(t, s.DropDue(t.Context(), due[2])) // it was taken again
		if due := take(t, s, confirmKind, noon.Add(2*time.Hour), 100); len(due) != 39 {
			t.Errorf("in the end %d are due, want 39", len(due))
		}
		if due := take(t, s, []bot.DueKind{"later"}, noon, 100); len(due) != 40 {
			t.Errorf("%d of the other kind are due, want 40", len(due))
		}
		if due := take(t, s, append(confirmKind, "later"), noon.AddDate(0, 0, 1), 100); len(due) != 79 {
			t.Errorf("%d of both kinds are due, want 79", len(due))
		}
		if due := take(t, s, nil, noon.AddDate(1, 0, 0), 100); len(due) != 0 {
			t.Errorf("of no kind %d are due", len(due))
		}
	})
}

// What this release cannot read stays where it is, and stands in nobody's way.
func TestScheduleLeavesAloneWhatItCannotRead(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		no(t, s.SetDue(t.Context(), bot.Due{Kind: bot.DueConfirm, Conversation: c, At: noon}))
		sets := b.raw.Keys(t.Context(), "mb:{due:*").Val()
		if len(sets) != 1 || !strings.HasSuffix(sets[0], "}:confirm") {
			t.Fatalf("the sets are %q", sets)
		}
		strays := []redis.Z{{Score: 1, Member: "2 slack:T:C"}, {Score: 2, Member: "nonsense"}, {Score: 3, Member: ""}, {Score: 4, Member: "1 a:b"}}
		no(t, b.raw.ZAdd(t.Context(), sets[0], strays...).Err())
		if due := take(t, s, confirmKind, noon, 1); len(due) != 1 || due[0].Conversation != c {
			t.Errorf("due is %+v", due)
		}
		left, err := b.raw.ZRangeWithScores(t.Context(), sets[0], 0, 3).Result()
		no(t, err)
		for _, z := range strays {
			if !slices.Contains(left, z) {
				t.Errorf("%+v is not left alone: %+v", z, left)
			}
		}
	})
}

// Many replicas at once: everything is taken, by one of them, and the oldest are taken first.
func TestManyReplicasTakeWhatIsDueOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		const n = 200
		for range n {
			no(t, s.SetDue(t.Context(), bot.Due{Kind: bot.DueConfirm, Conversation: channel(), At: noon}))
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		times := map[bot.Conversation]int{}
		for i := range 5 {
			replica := b.open(t, fmt.Sprint("replica", i))
			wg.Go(func() {
				for {
					due, err := replica.TakeDue(t.Context(), confirmKind, noon, 7)
					if err != nil || len(due) > 7 {
						t.Errorf("took %d, %v", len(due), err)
					}
					if len(due) == 0 {
						return
					}
					mu.Lock()
					for _, d := range due {
						times[d.Conversation]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for c, k := range times {
			if k != 1 {
				t.Errorf("%v was taken %d times", c, k)
			}
		}
		if len(times) != n {
			t.Errorf("%d of %d were taken", len(times), n)
		}
	})
}

// Nothing is lost, nobody takes what another has within the lease, and the oldest come first.
func TestScheduleAgainstAModel(t *testing.T) {
	s := open(t, "redis://"+miniredis.RunT(t).Addr(), store.Options{Replica: "one"})
	rapid.Check(t, func(t *rapid.T) {
		kinds := []bot.DueKind{bot.DueKind("a" + channel().Channel), bot.DueKind("b/" + channel().Channel)}
		type entry struct {
			kind bot.DueKind
			c    bot.Conversation
		}
		want := map[entry]time.Time{}
		var places []bot.Conversation
		for range 12 {
			places = append(places, channel())
		}
		var taken []bot.Due
		now := noon
		pick := func(t *rapid.T) entry {
			return entry{rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.SampledFrom(places).Draw(t, "place")}
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				e := pick(t)
				want[e] = now.Add(time.Duration(rapid.IntRange(-600_000, 600_000).Draw(t, "ms")) * time.Millisecond)
				if err := s.SetDue(t.Context(), bot.Due{Kind: e.kind, Conversation: e.c, At: want[e]}); err != nil {
					t.Fatal(err)
				}
			},
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 400_000).Draw(t, "ms")) * time.Millisecond)
			},
			"take": func(t *rapid.T) {
				asked := kinds[rapid.IntRange(0, 1).Draw(t, "from"):]
				limit := rapid.IntRange(0, 6).Draw(t, "limit")
				due, err := s.TakeDue(t.Context(), asked, now, limit)
				if err != nil {
					t.Fatal(err)
				}
				var ripe []time.Time
				for e, at := range want {
					if slices.Contains(asked, e.kind) && !at.After(now) {
						ripe = append(ripe, at)
					}
				}
				slices.SortFunc(ripe, time.Time.Compare)
				if len(due) != min(limit, len(ripe)) {
					t.Fatalf("took %d of %d", len(due), len(ripe))
				}
				for i, d := range due {
					e := entry{d.Kind, d.Conversation}
					if !want[e].Equal(ripe[i]) {
						t.Fatalf("%d. is due at %v, and the oldest at %v", i, want[e], ripe[i])
					}
					want[e] = now.Add(bot.DueLease)
					if !d.At.Equal(want[e]) {
						t.Fatalf("put off to %v, want %v", d.At, want[e])
					}
				}
				taken = append(taken, due...)
			},
			"drop": func(t *rapid.T) {
				if len(taken) == 0 {
					t.Skip("nothing was taken")
				}
				d := rapid.SampledFrom(taken).Draw(t, "taken")
				if err := s.DropDue(t.Context(), d); err != nil {
					t.Fatal(err)
				}
				if e := (entry{d.Kind, d.Conversation}); want[e].Equal(d.At) {
					delete(want, e)
				}
			},
		})
		// In the end everything that was set and not dropped is there.
		due, err := s.TakeDue(t.Context(), kinds, now.AddDate(1, 0, 0), 100)
		if err != nil || len(due) != len(want) {
			t.Fatalf("%d are left, %v, want %d", len(due), err, len(want))
		}
	})
}
