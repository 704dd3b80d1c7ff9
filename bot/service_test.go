package bot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
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

// These tests are about faults that no wire can be made to show at the right moment: a panic, a call that hangs, a Redis
// that is away just when a job is done. The store is the real one, on an embedded Redis.

type stand struct {
	*bot.Service
	redis    *miniredis.Miniredis
	queue    *flakyQueue
	platform *platform
	logs     *logbook.Book
	graph    *meetings
}

func newStand(t *testing.T, timing bot.Timing, create func(ctx context.Context, call int) error, attempts ...int) *stand {
	t.Helper()
	redis := miniredis.RunT(t)
	s, err := store.Open("redis://"+redis.Addr()+"/0", store.Options{Replica: "one", Idle: timing.SlotWait + timing.Attempt + 500*time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	st := &stand{redis: redis, queue: &flakyQueue{Store: s}, platform: &platform{posted: make(chan bot.Reply, 100), refused: map[string]bool{}}, logs: &logbook.Book{}, graph: &meetings{create: create}}
	st.Service = bot.NewService(bot.Config{
		Conversations: s, Identities: s, Queue: st.queue, Limiter: s, Cards: s, Invitations: s, Schedule: s, Meetings: st.graph, Directory: directory{}, Catalog: catalog,
		Log: slog.New(slog.NewTextHandler(st.logs, nil)), Observer: observer{},
		Platforms:  map[string]bot.Platform{"test": st.platform},
		Workspaces: bot.OneWorkspace{Organizers: bot.OrganizerPolicy{Requester: true}, Language: bot.English},
		Language:   bot.English, Timing: timing, Attempts: append(attempts, 0)[0],
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		st.Run(ctx)
	}()
	go func() { // its expiry times stand still by themselves
		const step = 50 * time.Millisecond
		for tick := time.NewTicker(step); ctx.Err() == nil; <-tick.C {
			redis.FastForward(step)
		}
	}()
	t.Cleanup(func() {
		st.Kill()
		cancel()
		<-done
		st.Wait()
	})
	return st
}

func (st *stand) accept(t *testing.T, id, user string) {
	t.Helper()
	err := st.Accept(t.Context(), bot.Request{
		ID: id, Conversation: bot.Conversation{Platform: "test", Workspace: "W", Channel: "C"},
		Asker: bot.Asker{Platform: "test", Workspace: "W", User: user}, Intent: bot.Intent{Command: bot.Command{Kind: bot.Meet}}, Received: time.Now(), Trace: id,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (st *stand) card(t *testing.T) time.Time {
	t.Helper()
	select {
	case r := <-st.platform.posted:
		if r.Card == nil {
			t.Fatalf("no card: %+v", r)
		}
		return time.Now()
	case <-time.After(20 * time.Second):
		t.Fatalf("no card came; log:\n%s", st.logs)
		return time.Time{}
	}
}

var brisk = bot.Timing{Attempt: 2 * time.Second, SlotWait: 100 * time.Millisecond, Reclaim: 50 * time.Millisecond}

// A panic beneath a call that several askers share ends neither the process nor the job.
func TestPanicBeneathGraph(t *testing.T) {
	t.Parallel()
	st := newStand(t, brisk, func(_ context.Context, call int) error {
		if call == 1 {
			panic("boom")
		}
		return nil
	})
	st.accept(t, "r1", "ann")
	st.card(t)
}

// fleeting are timings with which a job comes up again within a second.
var fleeting = bot.Timing{Attempt: 300 * time.Millisecond, SlotWait: 50 * time.Millisecond, Reclaim: 20 * time.Millisecond}

// A job that panics whenever it is attempted is attempted some times and no more: its author is told, it is a dead letter,
// and the log has the stack once.
func TestJobThatAlwaysPanics(t *testing.T) {
	t.Parallel()
	st := newStand(t, fleeting, func(context.Context, int) error { panic("boom") })
	st.accept(t, "r1", "ann")
	select {
	case r := <-st.platform.posted:
		if r.Card != nil || r.Audience != bot.AudienceDirect {
			t.Errorf("Ann got %+v", r)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("Ann was told nothing; log:\n%s", st.logs)
	}
	var held bot.Depth
	var depthErr error
	eventually(t, 5*time.Second, func() bool {
		held, depthErr = st.queue.Depth(t.Context())
		return depthErr == nil && held.Waiting == 0 && held.DeadLetters == 1
	}, func() string { return fmt.Sprintf("the queue holds %+v, %v", held, depthErr) })
	letters, err := st.queue.DeadLetters(t.Context(), 10)
	if err != nil || len(letters) != 1 || !strings.Contains(letters[0].Reason, "break off") {
		t.Errorf("dead letters: %+v, %v", letters, err)
	}
	if n := st.graph.calls.Load(); n > 6 {
		t.Errorf("it was attempted %d times", n)
	}
	log := st.logs.String()
	if stacks, panics := strings.Count(log, "[running]"), strings.Count(log, "attempt panicked"); stacks != 1 || panics < 2 {
		t.Errorf("the log has %d panics and %d stacks:\n%s", panics, stacks, log)
	}
}

// A job that passing faults delay is attempted as long as its time lasts, however often that is.
func TestPassingFaultsAreNoPanics(t *testing.T) {
	t.Parallel()
	st := newStand(t, brisk, func(_ context.Context, call int) error {
		if call <= 8 {
			return &bot.Error{Code: bot.Unavailable, Err: errors.New("busy")}
		}
		return nil
	})
	st.accept(t, "r1", "ann")
	st.card(t)
}

// Jobs beyond what a process can have in hand wait in the queue rather than in goroutines, and are done all the same.
func TestJobsBeyondTheSlotsWaitInTheQueue(t *testing.T) {
	t.Parallel()
	const slots, people = 2, 60
	release := make(chan struct{})
	timing := bot.Timing{Attempt: 2 * time.Second, SlotWait: 500 * time.Millisecond, Reclaim: 20 * time.Millisecond}
	st := newStand(t, timing, func(ctx context.Context, _ int) error {
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return &bot.Error{Code: bot.Unavailable, Err: ctx.Err()}
		}
	}, slots)
	for i := range people {
		st.accept(t, fmt.Sprint("r", i), fmt.Sprint("person", i))
	}
	stacks := make([]byte, 1<<22)
	all := string(stacks[:runtime.Stack(stacks, true)])
	if n := strings.Count(all, "bot.(*Service).run("); n > people/2 {
		t.Errorf("%d goroutines attempt jobs or wait to, with %d slots", n, slots)
	}
	close(release)
	for range people {
		st.card(t)
	}
}

// Jobs that a stopping service cannot finish are another replica's at once.
func TestStopHandsJobsOver(t *testing.T) {
	t.Parallel()
	called := make(chan struct{}, 1)
	st := newStand(t, bot.Timing{Attempt: time.Minute, SlotWait: time.Minute, Reclaim: time.Minute},
		func(ctx context.Context, _ int) error {
			called <- struct{}{}
			<-ctx.Done()
			return &bot.Error{Code: bot.Unavailable, Err: ctx.Err()}
		}, 1)
	st.accept(t, "r1", "ann") // has the slot
	<-called
	st.accept(t, "r2", "ben") // waits for it
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if st.Stop(ctx) {
		t.Error("everything ended in time, though Graph hangs")
	}
	st.accept(t, "r3", "caio") // comes too late
	other, err := store.Open("redis://"+st.redis.Addr()+"/0", store.Options{Replica: "two", Idle: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	leases, err := other.Reclaim(t.Context(), 10, func(bot.Lease) bool { return true })
	if err != nil || len(leases) != 3 {
		t.Errorf("another replica takes over %+v, %v; want all three jobs", leases, err)
	}
	for _, l := range leases {
		if l.Broken != 0 {
			t.Errorf("an attempt that was handed over counts as broken: %+v", l)
		}
	}
}

// Who joins somebody else's call late is not cut off by the other's deadline.
func TestJoinerOutlivesTheFirstCall(t *testing.T) {
	t.Parallel()
	first := make(chan struct{})
	st := newStand(t, bot.Timing{Attempt: 4 * time.Second, SlotWait: 100 * time.Millisecond, Reclaim: 50 * time.Millisecond}, func(ctx context.Context, call int) error {
		if call > 1 {
			return nil
		}
		close(first)
		<-ctx.Done() // hangs until its time is over
		return &bot.Error{Code: bot.Unavailable, Err: ctx.Err()}
	})
	st.accept(t, "r1", "ann")
	<-first
	began := time.Now()
	time.AfterFunc(3*time.Second, func() { st.accept(t, "r2", "ben") }) // a second before the call's time is over
	if took := st.card(t).Sub(began); took > 6*time.Second {
		t.Errorf("the joiner's card came after %s; a second call within its own time would have brought it", took)
	}
}

// Those whose answers must wait keep nobody else from a place.
func TestWaitingKeepsNobodyUp(t *testing.T) {
	t.Parallel()
	const places = 2
	st := newStand(t, bot.Timing{Attempt: 6 * time.Second, SlotWait: time.Second, Reclaim: 50 * time.Millisecond}, func(context.Context, int) error { return nil }, places)
	st.platform.waits = "ann"
	for i := range 3 * places {
		st.accept(t, fmt.Sprint("r", i), "ann")
	}
	tried := func() bool { return st.platform.hasRefused() >= 3*places } // all of them, though there are fewer places
	eventually(t, 5*time.Second, tried, func() string {
		return fmt.Sprintf("%d answers were tried, want %d", st.platform.hasRefused(), 3*places)
	})
	began := time.Now()
	st.accept(t, "other", "ben")
	if took := st.card(t).Sub(began); took > time.Second {
		t.Errorf("Ben's card took %s while Ann's had to wait", took)
	}
}

// An asker whose call of createOrGet is told to wait keeps nobody else from a slot, though several askers share the call.
func TestThrottledCreateKeepsNobodyUp(t *testing.T) {
	t.Parallel()
	waits := make(chan struct{}, 1)
	timing := bot.Timing{Attempt: 6 * time.Second, SlotWait: time.Second, Reclaim: 50 * time.Millisecond}
	st := newStand(t, timing, func(_ context.Context, call int) error {
		if call > 1 {
			return nil
		}
		waits <- struct{}{}
		return &bot.Error{Code: bot.Throttled, Wait: 3 * time.Second, Err: errors.New("busy")}
	}, 1)
	st.accept(t, "r1", "ann")
	<-waits
	began := time.Now()
	err := st.Accept(t.Context(), bot.Request{
		Intent: bot.Intent{Command: bot.Command{Kind: bot.Help}}, ID: "help", Received: time.Now(), Trace: "help",
		Conversation: bot.Conversation{Platform: "test", Workspace: "W", Channel: "C"},
		Asker:        bot.Asker{Platform: "test", Workspace: "W", User: "ben"},
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-st.platform.posted:
		if took := time.Since(began); r.Card != nil || took > time.Second {
			t.Errorf("Ben's help came after %s: %+v", took, r)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Ben's help never came")
	}
	st.card(t)
}

// What a later release put into the queue stays there: a kind of job, a command and a format that this release does not
// know. The operator is warned once for each.
func TestJobsOfALaterReleaseStay(t *testing.T) {
	t.Parallel()
	st := newStand(t, brisk, func(context.Context, int) error { return nil })
	for _, record := range []string{
		`{"v":2,"id":"j1","kind":"summarize","command":{"kind":""},"conversation":{"platform":"test","workspace":"W","channel":"C1"}}`,
		`{"v":2,"id":"j2","kind":"summarize","command":{"kind":""},"conversation":{"platform":"test","workspace":"W","channel":"C2"}}`,
		`{"v":2,"id":"j3","kind":"command","command":{"kind":"transcribe"},"conversation":{"platform":"test","workspace":"W","channel":"C3"}}`,
		`{"v":3,"id":"j4","kind":"command","command":{"kind":"meet"},"conversation":{"platform":"test","workspace":"W","channel":"C4"}}`,
	} {
		id := record[len(`{"v":2,"id":"`):][:2]
		if _, err := st.redis.XAdd("{mb:jobs}:stream", "*", []string{"id", id, "job", record}); err != nil {
			t.Fatal(err)
		}
	}
	st.accept(t, "r1", "ann") // the entries before it come to this replica along with it
	st.card(t)
	warnings := func() int { return strings.Count(st.logs.String(), "does not know a kind of job") }
	eventually(t, 20*time.Second, func() bool { return warnings() >= 3 }, func() string {
		return fmt.Sprintf("%d warnings; log:\n%s", warnings(), st.logs)
	})
	depth, err := st.queue.Depth(t.Context())
	if err != nil || depth.Waiting != 4 || depth.DeadLetters != 0 {
		t.Errorf("depth %+v, %v; want all four jobs waiting", depth, err)
	}
	if n := warnings(); n != 3 {
		t.Errorf("%d warnings, want one each for the kind, the command and the format; log:\n%s", n, st.logs)
	}
	if calls := st.graph.calls.Load(); calls != 1 {
		t.Errorf("Graph was called %d times, want once for Ann", calls)
	}
}

// Redis away just when a job is done: the answer is not given again.
func TestDoneIsTriedAgain(t *testing.T) {
	t.Parallel()
	st := newStand(t, brisk, func(context.Context, int) error { return nil })
	st.queue.failDone.Store(3)
	st.accept(t, "r1", "ann")
	st.card(t)
	deadline := time.After(4 * time.Second) // longer than it takes for the job to be handed out again
	select {
	case r := <-st.platform.posted:
		t.Fatalf("answered again: %+v", r)
	case <-deadline:
	}
	if st.queue.failDone.Load() > 0 {
		t.Error("Done was never tried again")
	}
	if depth, err := st.queue.Depth(t.Context()); err != nil || depth.Waiting != 0 {
		t.Errorf("depth: %+v, %v", depth, err)
	}
}

// Another replica was told to wait while this one was calling: before it calls again, it looks.
func TestHoldIsReadBeforeEveryCall(t *testing.T) {
	t.Parallel()
	var st *stand
	var times []time.Time
	var mu sync.Mutex
	st = newStand(t, bot.Timing{Attempt: 6 * time.Second, SlotWait: 100 * time.Millisecond, Reclaim: 50 * time.Millisecond}, func(ctx context.Context, call int) error {
		mu.Lock()
		times = append(times, time.Now())
		mu.Unlock()
		if call > 1 {
			return nil
		}
		if err := st.queue.Throttle(ctx, bot.Upstream{Name: "graph"}, 2*time.Second); err != nil {
			t.Error(err)
		}
		return &bot.Error{Code: bot.Unavailable, Err: errors.New("busy")}
	})
	st.accept(t, "r1", "ann")
	st.card(t)
	mu.Lock()
	defer mu.Unlock()
	if len(times) != 2 || times[1].Sub(times[0]) < 1500*time.Millisecond {
		t.Errorf("Graph was called at %v; want the second call after the hold of 2 s", times)
	}
}

// flakyQueue is the store's queue, whose Done fails as often as it is told to.
type flakyQueue struct {
	*store.Store
	failDone atomic.Int64
}

func (q *flakyQueue) Done(ctx context.Context, l bot.Lease) error {
	if q.failDone.Add(-1) >= 0 {
		return &bot.Error{Code: bot.Unavailable, Err: errors.New("away")}
	}
	return q.Store.Done(ctx, l)
}

type meetings struct {
	create func(ctx context.Context, call int) error
	calls  atomic.Int64
}

func (m *meetings) CreateOrGet(ctx context.Context, _ bot.Tenant, organizer string, r bot.MeetingRequest) (bot.OnlineMeeting, bool, error) {
	if err := m.create(ctx, int(m.calls.Add(1))); err != nil {
		return bot.OnlineMeeting{}, false, err
	}
	return bot.OnlineMeeting{JoinURL: "https://teams.example/" + organizer + "/" + r.ExternalID, Subject: r.Subject, Created: time.Now()}, true, nil
}

func (m *meetings) Meeting(context.Context, bot.Tenant, string, string) (bot.OnlineMeeting, error) {
	return bot.OnlineMeeting{}, &bot.Error{Code: bot.MissingMeeting}
}

func (m *meetings) Invite(context.Context, bot.Tenant, string, string, []bot.Attendee) error {
	return nil
}

func (m *meetings) ChangeMeeting(context.Context, bot.Tenant, string, string, bot.MeetingChange) (bot.OnlineMeeting, error) {
	return bot.OnlineMeeting{}, &bot.Error{Code: bot.MissingMeeting}
}

type directory struct{}

func (directory) User(_ context.Context, _ bot.Tenant, id string) (bot.DirectoryUser, error) {
	return bot.DirectoryUser{ID: id, UPN: id, Name: id, Enabled: true}, nil
}

func (directory) UsersByEmail(_ context.Context, _ bot.Tenant, email string, _ bool) ([]bot.DirectoryUser, error) {
	return []bot.DirectoryUser{{ID: email, UPN: email, Name: email, Enabled: true}}, nil
}

type platform struct {
	posted chan bot.Reply
	waits  string // the user whose answers the platform asks to wait with

	mu      sync.Mutex
	refused map[string]bool // the jobs whose answers had to wait
}

func (p *platform) hasRefused() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.refused)
}

func (p *platform) Serves(string) bool { return true }

func (p *platform) Profile(_ context.Context, a bot.Asker, _ bot.Route) (bot.Profile, error) {
	return bot.Profile{Email: a.User + "@contoso.example", EmailConfirmed: true}, nil
}

func (p *platform) Deliver(_ context.Context, j bot.Job, r bot.Reply) (bot.Posted, error) {
	if j.Asker.User == p.waits {
		p.mu.Lock()
		p.refused[j.ID] = true
		p.mu.Unlock()
		return bot.Posted{}, &bot.Error{Code: bot.Throttled, Wait: 2 * time.Second}
	}
	p.posted <- r
	return bot.Posted{}, nil
}

type observer struct{}

func (observer) Command(string, string, bot.Outcome, time.Duration) {}
func (observer) Identity(bool)                                      {}
func (observer) PossibleDuplicate()                                 {}
func (observer) DeadLettered()                                      {}
func (observer) UnreadableRecord()                                  {}
func (observer) GaveWay()                                           {}
