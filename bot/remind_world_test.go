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
	"meetbot/internal/logbook"
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
	logs  *logbook.Book

	mu        sync.Mutex
	answers   []bot.Reply
	reminders []bot.Reply
	at        []time.Time // when each reminder was posted
	fails     []error     // of the next reminders
}

func newRemindWorld(t *testing.T) *remindWorld {
	t.Helper()
	w := &remindWorld{t: t, redis: miniredis.RunT(t), clock: &movedClock{}, logs: &logbook.Book{}}
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
	return w.replicaOf("test", name, before, dies)
}

// replicaOf is replica for one that serves that platform alone.
func (w *remindWorld) replicaOf(platform, name string, before time.Duration, dies int64) *remindReplica {
	w.t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		w.t.Fatal(err)
	}
	r := &remindReplica{Store: w.open(name), world: w, dies: dies, dead: make(chan struct{})}
	r.service = bot.NewService(bot.Config{
		Conversations: r, Identities: r.Store, Queue: r, Limiter: r.Store, Cards: r.Store, Invitations: r.Store, Schedule: r,
		Meetings: w.graph, Directory: directory{}, Catalog: catalog,
		Log: slog.New(slog.NewTextHandler(w.logs, nil)), Observer: observer{},
		Platforms:  map[string]bot.Platform{platform: remindPlatform{r}},
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
		if !reply.Optional { // a note beside the answer
			w.answers = append(w.answers, reply)
		}
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

// uses has somebody ask for the meeting, which is answered in place.
func (r *remindReplica) uses(id, user string) {
	intent := bot.Intent{Command: bot.Command{Kind: bot.Meet}}
	r.service.Ask(r.world.t.Context(), r.world.request(id, user, intent)).Given(nil)
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
	eventually(w.t, 20*time.Second, holds, func() string {
		return fmt.Sprintf("it does not happen: %s; log:\n%s", what, w.logs)
	})
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
		looks := 0 // at what a replica has taken: it is about to begin it, or has died
		w.until("nothing is due", func() bool {
			next, now := w.planned(), w.clock.now()
			if next.After(now) && !next.After(now.Add(bot.DueLease)) {
				looks++
			}
			return w.queued() == 0 && (next.IsZero() || next.After(now.Add(bot.DueLease)) || looks >= 200)
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
