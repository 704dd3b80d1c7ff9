package bot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/bot"
	"meetbot/store"
)

// remindBefore is longer than the default, so that tests can move the clock to the end of a lease and beyond.
const remindBefore = 2 * time.Hour

// movedClock is a clock that goes on by itself, and can be moved.
type movedClock struct{ ahead atomic.Int64 }

func (c *movedClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// moveTo moves the clock on until it shows that time at least.
func (c *movedClock) moveTo(at time.Time) {
	if by := at.Sub(c.now()); by > 0 {
		c.ahead.Add(int64(by))
	}
}

// datedGraph is Graph, with meetings that have times.
type datedGraph struct {
	clock *movedClock
	mu    sync.Mutex
	byID  map[string]bot.OnlineMeeting
}

func (*datedGraph) Invite(context.Context, bot.Tenant, string, string, []bot.Attendee) error {
	return nil
}

func (g *datedGraph) CreateOrGet(_ context.Context, _ bot.Tenant, _ string, r bot.MeetingRequest) (
	bot.OnlineMeeting, bool, error,
) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m, known := g.byID[r.ExternalID]
	if !known {
		m = bot.OnlineMeeting{ID: r.ExternalID, JoinURL: "https://teams.example/" + r.ExternalID, Subject: r.Subject,
			Created: g.clock.now(), Start: r.Start, End: r.End}
		g.byID[m.ID] = m
	}
	return m, !known, nil
}

func (g *datedGraph) Meeting(_ context.Context, _ bot.Tenant, _, id string) (bot.OnlineMeeting, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byID[id], nil
}

func (g *datedGraph) ChangeMeeting(_ context.Context, _ bot.Tenant, _, id string, c bot.MeetingChange) (
	bot.OnlineMeeting, error,
) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.byID[id]
	if !c.Start.IsZero() {
		m.Start, m.End = c.Start, c.End
	}
	if c.Subject != "" {
		m.Subject = c.Subject
	}
	g.byID[id] = m
	return m, nil
}

// remindWorld is what the replicas of a test share.
type remindWorld struct {
	t     *testing.T
	redis *miniredis.Miniredis
	clock *movedClock
	graph *datedGraph
	look  *store.Store // of the test itself
	logs  *syncBuffer

	mu        sync.Mutex
	answers   []bot.Reply
	reminders []bot.Reply
	at        []time.Time // when each reminder was posted
	fails     []error     // of the next reminders
}

func newRemindWorld(t *testing.T) *remindWorld {
	t.Helper()
	w := &remindWorld{t: t, redis: miniredis.RunT(t), clock: &movedClock{}, logs: &syncBuffer{}}
	w.graph = &datedGraph{clock: w.clock, byID: map[string]bot.OnlineMeeting{}}
	w.look = w.open("test")
	ctx, cancel := context.WithCancel(context.Background())
	go func() { // its expiry times stand still by themselves
		const step = 50 * time.Millisecond
		for tick := time.NewTicker(step); ctx.Err() == nil; <-tick.C {
			w.redis.FastForward(step)
		}
	}()
	t.Cleanup(cancel)
	return w
}

func (w *remindWorld) open(name string) *store.Store {
	w.t.Helper()
	s, err := store.Open("redis://"+w.redis.Addr()+"/0", store.Options{
		Replica: name, Idle: fleeting.SlotWait + fleeting.Attempt + 300*time.Millisecond,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() })
	return s
}

// remindReplica is a replica that dies at one of its steps.
type remindReplica struct {
	service *bot.Service
	*store.Store
	world *remindWorld
	dies  int64 // at which step; 0: at none
	step  atomic.Int64
	where atomic.Pointer[string] // it died
	dead  chan struct{}
}

// replica runs a replica until the test ends or it dies.
func (w *remindWorld) replica(name string, before time.Duration, dies int64) *remindReplica {
	w.t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		w.t.Fatal(err)
	}
	r := &remindReplica{Store: w.open(name), world: w, dies: dies, dead: make(chan struct{})}
	r.service = bot.NewService(bot.Config{
		Conversations: r, Identities: r.Store, Queue: r, Limiter: r.Store, Cards: r.Store, Schedule: r,
		Meetings: w.graph, Directory: directory{}, Catalog: catalog,
		Log: slog.New(slog.NewTextHandler(w.logs, nil)), Observer: observer{},
		Platforms:  map[string]bot.Platform{"test": remindPlatform{r}},
		Workspaces: bot.OneWorkspace{Organizers: bot.OrganizerPolicy{Requester: true}, Language: bot.English},
		Language:   bot.English, Timing: fleeting, Clock: w.clock.now, RemindBefore: before,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.service.Run(ctx)
	}()
	w.t.Cleanup(func() {
		r.service.Kill()
		cancel()
		<-done
		r.service.Wait()
	})
	return r
}

var errKilled = &bot.Error{Code: bot.Unavailable, Err: errors.New("killed")}

// reaches is called at every step. It returns an error if the replica is dead.
func (r *remindReplica) reaches(where string) error {
	if r.where.Load() == nil && r.step.Add(1) == r.dies {
		r.where.Store(&where)
		r.service.Kill()
		close(r.dead)
	}
	if r.where.Load() != nil {
		return errKilled
	}
	return nil
}

// around makes a step before do and one after it.
func (r *remindReplica) around(what string, do func() error) error {
	if err := r.reaches("before " + what); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return r.reaches("after " + what)
}

func (r *remindReplica) SetDue(ctx context.Context, d bot.Due) error {
	return r.around("SetDue", func() error { return r.Store.SetDue(ctx, d) })
}

func (r *remindReplica) TakeDue(ctx context.Context, kinds []bot.DueKind, now time.Time, limit int) ([]bot.Due, error) {
	if r.where.Load() != nil {
		return nil, errKilled
	}
	due, err := r.Store.TakeDue(ctx, kinds, now, limit)
	if err == nil && len(due) > 0 {
		err = r.reaches("after TakeDue")
	}
	if err != nil {
		due = nil
	}
	return due, err
}

func (r *remindReplica) DropDue(ctx context.Context, d bot.Due) error {
	return r.around("DropDue", func() error { return r.Store.DropDue(ctx, d) })
}

func (r *remindReplica) ChangeMeeting(ctx context.Context, c bot.Conversation, claimID string,
	change func(*bot.Meeting)) (state bot.State, err error) {
	err = r.around("ChangeMeeting", func() (err error) {
		state, err = r.Store.ChangeMeeting(ctx, c, claimID, change)
		return err
	})
	return state, err
}

func (r *remindReplica) Complete(ctx context.Context, c bot.Claim, m bot.Meeting) (state bot.State, err error) {
	err = r.around("Complete", func() (err error) {
		state, err = r.Store.Complete(ctx, c, m)
		return err
	})
	return state, err
}

func (r *remindReplica) Accept(ctx context.Context, j bot.Job) (l bot.Lease, err error) {
	err = r.around("Accept "+j.Label(), func() (err error) {
		l, err = r.Store.Accept(ctx, j)
		return err
	})
	return l, err
}

func (r *remindReplica) Reclaim(ctx context.Context, limit int, want func(bot.Lease) bool) ([]bot.Lease, error) {
	if r.where.Load() != nil {
		return nil, errKilled
	}
	return r.Store.Reclaim(ctx, limit, want)
}

func (r *remindReplica) BeginSend(ctx context.Context, l bot.Lease) (again bool, err error) {
	err = r.around("BeginSend "+l.Job.Label(), func() (err error) {
		again, err = r.Store.BeginSend(ctx, l)
		return err
	})
	return again, err
}

func (r *remindReplica) Done(ctx context.Context, l bot.Lease) error {
	return r.around("Done "+l.Job.Label(), func() error { return r.Store.Done(ctx, l) })
}

// remindPlatform is a chat platform that reminds.
type remindPlatform struct{ r *remindReplica }

func (remindPlatform) Serves(string) bool { return true }

func (remindPlatform) Profile(_ context.Context, a bot.Asker, _ bot.Route) (bot.Profile, error) {
	return bot.Profile{Email: a.User + "@contoso.example", EmailConfirmed: true}, nil
}

func (p remindPlatform) Deliver(_ context.Context, _ bot.Job, reply bot.Reply) (bot.Posted, error) {
	w := p.r.world
	return bot.Posted{Ref: "m1"}, p.r.around("Deliver", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.answers = append(w.answers, reply)
		return nil
	})
}

func (p remindPlatform) Update(context.Context, bot.Conversation, bot.MessageRef, bot.Reply) error {
	return p.r.around("Update", func() error { return nil })
}

func (p remindPlatform) Remind(_ context.Context, _ bot.Conversation, _ []bot.PostedCard, reply bot.Reply) (
	bot.Posted, error,
) {
	w := p.r.world
	return bot.Posted{}, p.r.around("Remind", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.fails) > 0 {
			err := w.fails[0]
			w.fails = w.fails[1:]
			return err
		}
		w.reminders, w.at = append(w.reminders, reply), append(w.at, w.clock.now())
		return nil
	})
}

// request is somebody's request in the channel.
func (w *remindWorld) request(id, user string, i bot.Intent) bot.Request {
	return bot.Request{
		ID: id, Conversation: linkedChannel, Asker: bot.Asker{Platform: "test", Workspace: "W", User: user}, Intent: i,
		Received: time.Now(), Trace: id,
	}
}

// meet is a command with these clauses of time.
func meet(kind bot.Kind, line string) bot.Intent {
	return bot.Intent{Command: bot.Command{Kind: kind, Subject: "Retro", Line: line}}
}

// in is a line that sets a date that long from now.
func (w *remindWorld) in(d time.Duration) string {
	return "Retro " + w.clock.now().UTC().Add(d).Format("2006-01-02 at 15:04")
}

// asks asks as Ann, and returns the answer.
func (r *remindReplica) asks(id string, i bot.Intent) bot.Reply {
	w := r.world
	w.t.Helper()
	w.mu.Lock()
	before := len(w.answers)
	w.mu.Unlock()
	if err := r.service.Accept(w.t.Context(), w.request(id, "ann", i)); err != nil {
		w.t.Fatal(err)
	}
	w.until("the answer to "+id, func() bool { return w.answered() > before && w.queued() == 0 })
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.answers[len(w.answers)-1]
}

func (w *remindWorld) answered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.answers)
}

func (w *remindWorld) queued() int {
	d, err := w.look.Depth(w.t.Context())
	if err != nil {
		return -1
	}
	if d.DeadLetters > 0 {
		w.t.Fatalf("%d dead letters; log:\n%s", d.DeadLetters, w.logs)
	}
	return d.Waiting
}

func (w *remindWorld) until(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("it does not happen: %s; log:\n%s", what, w.logs)
		}
	}
}

// planned is when the next reminder is to be looked at; zero for never.
func (w *remindWorld) planned() (next time.Time) {
	for _, key := range w.redis.Keys() {
		if !strings.HasSuffix(key, "}:"+string(bot.DueRemind)) {
			continue
		}
		members, err := w.redis.ZMembers(key)
		if err != nil {
			continue // it has gone since
		}
		for _, member := range members {
			score, err := w.redis.ZScore(key, member)
			if at := time.UnixMilli(int64(score)); err == nil && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}
	return next
}

// passes lets the time pass until nothing is planned any more, and returns how many reminders were posted.
func (w *remindWorld) passes() int {
	w.t.Helper()
	for {
		w.until("nothing is due", func() bool {
			next := w.planned()
			return w.queued() == 0 && (next.IsZero() || next.After(w.clock.now()))
		})
		next := w.planned()
		if next.IsZero() {
			break
		}
		w.clock.moveTo(next)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, r := range w.reminders {
		start := r.Card.Meeting.Start
		if !w.at[i].Before(start) || w.at[i].Before(start.Add(-remindBefore)) {
			w.t.Errorf("posted at %v, for a start at %v", w.at[i], start)
		}
		if !r.Card.Reminder || r.Audience != bot.AudienceEveryone || r.Card.Status().ID != "card.reminder" {
			w.t.Errorf("the reminder is %+v", r)
		}
	}
	return len(w.reminders)
}

// quietOf is the press of the card's button against the reminder.
func quietOf(t *testing.T, r bot.Reply) bot.Intent {
	t.Helper()
	i := slices.IndexFunc(r.Actions, func(a bot.Action) bool { return a.ID == bot.ActionQuiet })
	if i < 0 {
		t.Fatalf("no button against the reminder: %+v", r.Actions)
	}
	intent, ok := bot.ParseAction(string(r.Actions[i].ID), r.Actions[i].Value)
	if !ok || intent.Kind != bot.JobQuiet {
		t.Fatalf("%+v means %+v", r.Actions[i], intent)
	}
	return intent
}

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
			r.service.Ask(w.t.Context(), w.request("2", "ben", bot.Intent{Command: bot.Command{Kind: bot.Meet}})).Given(nil)
			w.until("it is planned again", func() bool { return w.planned().Equal(before.Add(-tomorrow)) })
		}, want: 1},
		"not wanted": {do: func(w *remindWorld, r *remindReplica) {
			card := r.asks("1", meet(bot.Meet, w.in(tomorrow)))
			for _, id := range []string{"2", "3"} { // a second press says the same
				if said := r.asks(id, quietOf(w.t, card)); said.Audience != bot.AudienceAsker || said.Messages[0].ID != "reminder.off" {
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
			r.service.Ask(w.t.Context(), w.request("2", "ben", bot.Intent{Command: bot.Command{Kind: bot.Meet}})).Given(nil)
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
