//go:build !race

package modelcheck

import (
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/bot"
	"meetbot/store"
)

// The queue between replicas that serve different platforms, checked exhaustively for small cases: two jobs of two
// platforms, three replicas of which one serves both, and every order of looks and of what becomes of the job that a look
// brings. In every state a replica is handed exactly the waiting jobs that it serves, no job is lost or counted wrongly,
// and the attempts that broke off are counted.

// becomes is what becomes of a job that was handed over.
type becomes string

const (
	isDone     becomes = "done"
	breaksOff  becomes = "breaks off"
	isPutOff   becomes = "is put off"
	handedOver becomes = "is handed over"
)

// look is one replica's look at the queue, and what becomes of what it is handed.
type look struct {
	replica string
	serves  []string
	then    becomes
}

func looks() (all []look) {
	for _, replica := range []look{
		{replica: "slack", serves: []string{"slack"}},
		{replica: "teams", serves: []string{"teams"}},
		{replica: "both", serves: []string{"slack", "teams"}},
	} {
		for _, then := range []becomes{isDone, breaksOff, isPutOff, handedOver} {
			if then == isPutOff && len(replica.serves) == 1 {
				continue // it differs from "breaks off" in the count alone, which the replica of both shows
			}
			replica.then = then
			all = append(all, replica)
		}
	}
	return all
}

func TestEveryOrderOfLooksServesEachPlatform(t *testing.T) {
	const depth = 3
	redis := miniredis.RunT(t)
	url := "redis://" + redis.Addr() + "/0"
	stores := map[string]*store.Store{}
	for _, name := range []string{"slack", "teams", "both"} {
		stores[name] = open(t, url, store.Options{Replica: name, Idle: store.Idle})
	}
	orders := 0
	var extend func(order []look)
	extend = func(order []look) {
		if len(order) == depth {
			orders++
			checkOrder(t, redis, stores, order)
			return
		}
		for _, l := range looks() {
			extend(append(order[:len(order):len(order)], l))
		}
	}
	extend(nil)
	t.Logf("%d orders of %d looks", orders, depth)
}

// waiting is a job that is not done, as the model has it.
type waiting struct {
	attempt, broken int
}

func checkOrder(t *testing.T, redis *miniredis.Miniredis, stores map[string]*store.Store, order []look) {
	t.Helper()
	redis.FlushAll()
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	redis.SetTime(now)
	model := map[string]*waiting{}
	for _, platform := range []string{"slack", "teams"} {
		_, err := stores["both"].Accept(t.Context(), bot.Job{
			ID: platform, Intent: bot.Intent{Kind: bot.JobCommand, Command: bot.Command{Kind: bot.Meet}},
			Conversation: bot.Conversation{Platform: platform, Workspace: "W", Channel: "C"},
			Asker:        bot.Asker{Platform: platform, Workspace: "W", User: "U"},
		})
		must(t, err)
		model[platform] = &waiting{attempt: 1}
	}
	for i, l := range order {
		if i == 0 || order[i-1].then != handedOver { // what was handed over need not idle
			now = now.Add(store.Idle + time.Second)
			redis.SetTime(now)
		}
		got, err := stores[l.replica].Reclaim(t.Context(), 10, func(lease bot.Lease) bool {
			for _, platform := range l.serves {
				if platform == lease.Job.Conversation.Platform {
					return true
				}
			}
			return false
		})
		must(t, err)
		handed := map[string]bot.Lease{}
		for _, lease := range got {
			handed[lease.Job.ID] = lease
		}
		for _, platform := range l.serves {
			want, isWaiting := model[platform]
			lease, isHanded := handed[platform]
			delete(handed, platform)
			if isWaiting != isHanded {
				t.Fatalf("%v: %s is handed %s: %v, want %v", order, l.replica, platform, isHanded, isWaiting)
			}
			if !isWaiting {
				continue
			}
			want.attempt++
			if lease.Attempt != want.attempt || lease.Broken != want.broken {
				t.Fatalf("%v: %s is handed attempt %d after %d that broke off, want %d after %d", order, l.replica,
					lease.Attempt, lease.Broken, want.attempt, want.broken)
			}
			switch l.then {
			case isDone:
				must(t, stores[l.replica].Done(t.Context(), lease))
				delete(model, platform)
			case breaksOff:
				want.broken++
			default:
				must(t, stores[l.replica].GiveBack(t.Context(), lease, l.then == handedOver))
			}
		}
		if len(handed) > 0 {
			t.Fatalf("%v: %s is handed %v, which it does not serve", order, l.replica, handed)
		}
		d, err := stores["both"].Depth(t.Context())
		must(t, err)
		if d.Waiting != len(model) || d.DeadLetters != 0 {
			t.Fatalf("%v: the queue holds %+v, want %d jobs", order, d, len(model))
		}
	}
}

func (l look) String() string { return fmt.Sprintf("%s looks, and what it gets %s", l.replica, l.then) }
