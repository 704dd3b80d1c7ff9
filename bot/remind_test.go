package bot_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
)

// A date brings one reminder, whatever becomes of it meanwhile, and none if it is not to come.
func TestReminders(t *testing.T) {
	t.Parallel()
	const tomorrow = 24 * time.Hour
	for name, tt := range map[string]struct {
		before time.Duration // 0: remindBefore
		do     func(w *remindWorld, r *remindReplica)
		want   int
	}{
		"made with a date": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
		}, want: 1},
		"a date later": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, ""))
			r.asks("2", meet(bot.Meet, w.in(tomorrow)))
		}, want: 1},
		"moved to a later time": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.asks("2", meet(bot.Meet, w.in(3*tomorrow)))
		}, want: 1},
		"moved to an earlier time": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(3*tomorrow)))
			r.asks("2", meet(bot.Meet, w.in(tomorrow)))
		}, want: 1},
		"another date after a reminder": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			w.passes()
			r.asks("2", meet(bot.Meet, w.in(2*tomorrow)))
		}, want: 2},
		"cancelled": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.asks("2", bot.Intent{Command: bot.Command{Kind: bot.Cancel}})
		}},
		"replaced": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.asks("2", meet(bot.New, ""))
		}},
		"replaced, with another date": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.asks("2", meet(bot.New, w.in(2*tomorrow)))
		}, want: 1},
		"taken back": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.asks("2", meet(bot.New, w.in(2*tomorrow)))
			r.asks("3", bot.Intent{Kind: bot.JobUndo, Generation: 2})
		}, want: 1},
		"renamed": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.asks("2", bot.Intent{Command: bot.Command{Kind: bot.Rename, Subject: "Weekly"}})
		}, want: 1},
		"moved in Microsoft Teams": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(3*tomorrow)))
			m := card.Card.Meeting
			sooner := bot.MeetingChange{Start: m.Start.Add(-tomorrow), End: m.End.Add(-tomorrow)}
			if _, err := w.graph.ChangeMeeting(w.t.Context(), bot.Tenant{}, "", m.ID, sooner); err != nil {
				w.t.Error(err)
			}
			w.clock.moveTo(w.clock.now().Add(tomorrow + time.Minute)) // a use confirms the meeting
			before := w.planned()
			r.uses("2", "ben")
			w.until("it is planned again", func() bool { return w.planned().Equal(before.Add(-tomorrow)) })
		}, want: 1},
		"not wanted": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			for _, id := range []string{"2", "3"} { // a second press says the same
				said := r.asks(id, quietOf(w.t, card))
				if said.Audience != bot.AudienceAsker || said.Messages[0].ID != "reminder.off" {
					w.t.Errorf("the press is answered with %+v", said)
				}
			}
		}},
		"not wanted, then another date": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.asks("2", quietOf(w.t, card))
			again := r.asks("3", meet(bot.Meet, w.in(2*tomorrow)))
			if said := r.asks("4", quietOf(w.t, card)); said.Messages[0].ID != "reminder.stale" {
				w.t.Errorf("an old button is answered with %+v", said)
			}
			quietOf(w.t, again) // it can be switched off again
		}, want: 1},
		"an old button of a replaced meeting": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.asks("2", meet(bot.New, w.in(tomorrow)))
			if said := r.asks("3", quietOf(w.t, card)); said.Messages[0].ID != "reminder.stale" {
				w.t.Errorf("an old button is answered with %+v", said)
			}
		}, want: 1},
		"not wanted, too late": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			w.passes()
			w.clock.moveTo(card.Card.Meeting.Start.Add(-time.Minute))
			if said := r.asks("2", quietOf(w.t, card)); said.Messages[0].ID != "reminder.late" {
				w.t.Errorf("a late press is answered with %+v", said)
			}
		}, want: 1},
		"switched off by the operator": {before: -1, do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			if len(card.Actions) > 0 || !w.planned().IsZero() {
				w.t.Errorf("the card has %+v; planned at %v", card.Actions, w.planned())
			}
		}},
		"nearer than the reminder": {do: func(w *remindWorld, r *remindReplica) {
			if card := r.asks("1", meet(bot.Meet, w.in(remindBefore-time.Minute))); len(card.Actions) > 0 {
				w.t.Errorf("the card has %+v", card.Actions)
			}
		}},
		"moved nearer than the reminder": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			w.clock.moveTo(card.Card.Meeting.Start.Add(-remindBefore - time.Minute))
			r.asks("2", meet(bot.Meet, w.in(remindBefore-5*time.Minute)))
		}},
		"nobody there at that time": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.service.Kill()
			w.clock.moveTo(card.Card.Meeting.Start.Add(-time.Minute))
			w.replica("late", remindBefore, 0)
		}, want: 1},
		"nobody there until the start": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.service.Kill()
			w.clock.moveTo(card.Card.Meeting.Start)
			w.replica("late", remindBefore, 0)
		}},
		"the operator wants it later": {do: func(w *remindWorld, r *remindReplica) {
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			r.service.Kill()
			w.replica("late", remindBefore/2, 0)
		}, want: 1},
		"the plan was lost": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			w.clock.moveTo(w.clock.now().Add(time.Hour)) // whatever was begun in the background is no longer new
			drop(w)
			_, err := w.look.ChangeMeeting(w.t.Context(), linkedChannel, card.Card.Meeting.ClaimID, func(m *bot.Meeting) {
				m.Todo |= bot.TodoRemind
			})
			if err != nil {
				w.t.Error(err)
			}
			r.uses("2", "ben")
			w.until("it is planned", func() bool { return !w.planned().IsZero() })
		}, want: 1},
		"the platform asks to wait": {do: func(w *remindWorld, r *remindReplica) {
			w.fails = []error{&bot.Error{Code: bot.Throttled, Wait: 100 * time.Millisecond}}
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
		}, want: 1},
		"nothing was sent": {do: func(w *remindWorld, r *remindReplica) {
			w.fails = []error{&bot.Error{Code: bot.Unavailable, Unsent: true, Err: errors.New("no connection")}}
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
		}, want: 1},
		"perhaps it was sent": {do: func(w *remindWorld, r *remindReplica) {
			w.fails = []error{&bot.Error{Code: bot.Unavailable, Err: errors.New("no answer")}}
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
		}},
		"the platform refuses": {do: func(w *remindWorld, r *remindReplica) {
			w.fails = []error{&bot.Error{Code: bot.Undeliverable, Err: errors.New("not_in_channel")}}
			r.asks("1", meet(bot.Meet, w.in(tomorrow)))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRemindWorld(t)
			before := remindBefore
			if tt.before != 0 {
				before = 0
			}
			tt.do(w, w.replica("one", before, 0))
			if n := w.passes(); n != tt.want {
				t.Errorf("%d reminders, want %d; log:\n%s", n, tt.want, w.logs)
			}
			state, err := w.look.Read(t.Context(), linkedChannel, bot.Asker{})
			if err != nil || state.Meeting == nil || state.Meeting.Todo&bot.TodoRemind != 0 {
				t.Errorf("in the end %+v, %v", state.Meeting, err)
			}
		})
	}
}

// drop takes every reminder out of the schedule.
func drop(w *remindWorld) {
	for _, key := range w.redis.Keys() {
		if strings.HasSuffix(key, "}:"+string(bot.DueRemind)) {
			w.redis.Del(key)
		}
	}
}

// Several replicas look at the same time. One of them reminds.
func TestReminderOfManyReplicas(t *testing.T) {
	t.Parallel()
	w := newRemindWorld(t)
	r := w.replica("one", remindBefore, 0)
	for i := range 4 {
		w.replica(fmt.Sprint("other", i), remindBefore, 0)
	}
	r.asks("1", meet(bot.Meet, w.in(24*time.Hour)))
	if n := w.passes(); n != 1 {
		t.Errorf("%d reminders", n)
	}
}

// A replica that dies, wherever it does, costs no reminder and brings no second one. Where it dies while the reminder is
// being posted, nobody knows whether it arrived, and it is not posted again.
func TestReminderSurvivesDeath(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{"made with a date": "", "a date later": "later"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := dyingReplica(t, line != "", 0)
			if steps < 15 {
				t.Fatalf("%d steps", steps)
			}
			for dies := int64(1); dies <= steps; dies++ {
				t.Run(fmt.Sprint("step ", dies), func(t *testing.T) {
					t.Parallel()
					dyingReplica(t, line != "", dies)
				})
			}
		})
	}
}

// dyingReplica sets a date with a replica that dies at a step, and lets the time pass. It returns how many steps the
// replica made.
func dyingReplica(t *testing.T, later bool, dies int64) int64 {
	t.Helper()
	w := newRemindWorld(t)
	if later {
		first := w.replica("first", remindBefore, 0)
		first.asks("0", meet(bot.Meet, ""))
		first.service.Kill()
	}
	before := w.answered()
	r := w.replica("one", remindBefore, dies)
	stopped := make(chan struct{})
	replaced := make(chan *remindReplica, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-r.dead:
			replaced <- w.replica("two", remindBefore, 0)
		case <-stopped:
		}
	})
	defer wg.Wait()
	defer close(stopped)
	asked := w.request("1", "ann", meet(bot.Meet, w.in(24*time.Hour)))
	if err := r.service.Accept(t.Context(), asked); err != nil { // the platform delivers it again
		other := <-replaced
		replaced <- other
		if err := other.service.Accept(t.Context(), asked); err != nil {
			t.Fatal(err)
		}
	}
	w.until("Ann has her answer", func() bool { return w.answered() > before })
	n := w.passes()
	where := "nowhere"
	if died := r.where.Load(); died != nil {
		where = *died
	}
	// Another step may be the one that the replica dies at while it also posts.
	lost := n == 0 && (slices.Contains([]string{"after BeginSend remind", "before Remind"}, where) ||
		strings.Contains(w.logs.String(), "a reminder may have been posted by an attempt that broke off"))
	if n != 1 && !lost {
		t.Errorf("%d reminders after a death %s; log:\n%s", n, where, w.logs)
	}
	t.Logf("died %s: %d reminders", where, n)
	return r.step.Load()
}

// A replica that does not serve a platform does not keep a reminder there from the others.
func TestReminderTakenByReplicaOfAnotherPlatform(t *testing.T) {
	t.Parallel()
	w := newRemindWorld(t)
	r := w.replica("first", remindBefore, 0)
	card := r.asks("1", meet(bot.Meet, w.in(24*time.Hour)))
	r.service.Kill()
	w.replicaOf("another", "bystander", remindBefore, 0)
	due := card.Card.Meeting.Start.Add(-remindBefore)
	w.clock.moveTo(due)
	w.until("the bystander has looked", func() bool { return w.planned().After(due) })
	w.until("others may look again soon", func() bool { return w.planned().Before(w.clock.now().Add(time.Minute)) })
	w.replica("second", remindBefore, 0)
	if n := w.passes(); n != 1 {
		t.Errorf("%d reminders", n)
	}
}
