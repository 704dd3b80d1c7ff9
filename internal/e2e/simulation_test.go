//go:build integration

package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

// simulation is the service over a real Redis, with a Graph in memory and a clock that goes on by days. The n-th
// conversation's meeting has the number n for its ID.
type simulation struct {
	t        *testing.T
	store    *store.Store
	service  *bot.Service
	redis    *redis.Client
	days     atomic.Int64 // since the beginning
	leases   atomic.Int64 // that were waited for, on top of the days
	began    time.Time
	failed   atomic.Int64   // uses that did not get the link
	expires  []atomic.Int64 // day on which each link stops working
	lastRead []int64        // day of the last read that the schedule caused; below 0 for none
	mu       sync.Mutex

	reads, renewals       atomic.Int64 // calls of Graph
	scheduled, used, soon int          // confirmations that the schedule caused, and uses; those of the former within 40 days
	unused                int          // those of the former of conversations that nobody has used
	uses                  []int32      // of each conversation
}

// habit is how often a conversation is used.
type habit struct {
	name  string
	share float64 // of all conversations
	every int     // days; 0: never again
}

// habits are those of a workspace where most meetings are made for one occasion.
var habits = []habit{{"daily", 0.002, 1}, {"weekly", 0.02, 7}, {"monthly", 0.05, 30}, {"never again", 1, 0}}

func habitOf(n int) habit {
	at := rand.New(rand.NewPCG(1, uint64(n))).Float64() //nolint:gosec // repeatable is what it has to be
	for _, h := range habits {
		if at -= h.share; at < 0 {
			return h
		}
	}
	return habits[len(habits)-1]
}

func (s *simulation) now() time.Time {
	return s.began.Add(time.Duration(s.days.Load())*day + time.Duration(s.leases.Load())*bot.DueLease)
}

func place(n int) bot.Conversation {
	return bot.Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: fmt.Sprintf("C%010d", n)}
}

func placed(c bot.Conversation) int {
	n, _ := strconv.Atoi(c.Channel[1:])
	return n
}

func (s *simulation) Serves(string) bool { return true }

func (s *simulation) Profile(context.Context, bot.Asker, bot.Route) (bot.Profile, error) {
	return bot.Profile{}, errors.New("nobody is looked up")
}

func (s *simulation) Deliver(context.Context, bot.Job, bot.Reply) (bot.Posted, error) {
	s.failed.Add(1) // every answer is given in place
	return bot.Posted{}, nil
}

func (s *simulation) User(_ context.Context, _ bot.Tenant, id string) (bot.DirectoryUser, error) {
	return bot.DirectoryUser{ID: id, Enabled: true}, nil
}

func (s *simulation) UsersByEmail(context.Context, bot.Tenant, string, bool) ([]bot.DirectoryUser, error) {
	return nil, errors.New("nobody is looked up")
}

func (s *simulation) CreateOrGet(context.Context, bot.Tenant, string, bot.MeetingRequest) (bot.OnlineMeeting, bool, error) {
	return bot.OnlineMeeting{}, false, errors.New("no meeting is made after the beginning")
}

func (s *simulation) Meeting(_ context.Context, _ bot.Tenant, _, id string) (bot.OnlineMeeting, error) {
	s.reads.Add(1)
	return s.meeting(id), nil
}

func (*simulation) Invite(context.Context, bot.Tenant, string, string, []bot.Attendee) error {
	return nil
}

func (s *simulation) ChangeMeeting(_ context.Context, _ bot.Tenant, _, id string, _ bot.MeetingChange) (
	bot.OnlineMeeting, error) {
	s.renewals.Add(1)
	n, _ := strconv.Atoi(id)
	s.expires[n].Store(s.days.Load() + 60)
	return s.meeting(id), nil
}

func (s *simulation) meeting(id string) bot.OnlineMeeting {
	n, _ := strconv.Atoi(id)
	return bot.OnlineMeeting{ID: id, JoinURL: "https://teams.microsoft.com/l/meetup-join/" + id, Subject: "Weekly",
		Expires: s.began.Add(time.Duration(s.expires[n].Load()) * day)}
}

// accepting notes which jobs confirm a meeting, and why.
type accepting struct {
	*store.Store
	s *simulation
}

func (a accepting) Accept(ctx context.Context, j bot.Job) (bot.Lease, error) {
	lease, err := a.Store.Accept(ctx, j)
	if err == nil && j.Kind == bot.JobConfirm {
		a.s.confirms(placed(j.Conversation), strings.HasPrefix(j.Trace, "due-"))
	}
	return lease, err
}

func (s *simulation) confirms(n int, scheduled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !scheduled {
		s.used++
		return
	}
	s.scheduled++
	today := s.days.Load()
	if last := s.lastRead[n]; last >= 0 && today-last < 40 {
		s.soon++
	}
	if s.uses[n] == 0 {
		s.unused++
	}
	s.lastRead[n] = today
}

// What the life of meetings costs Graph: the schedule reads none that nobody uses, no other more than once in 40 days, and
// whatever is used once a month stays alive for good. SIMULATE_CONVERSATIONS and SIMULATE_DAYS say of how many, for how
// long.
func TestWhatTheScheduleCosts(t *testing.T) {
	t.Parallel()
	conversations, days := number(t, "SIMULATE_CONVERSATIONS", 3_000), number(t, "SIMULATE_DAYS", 120)
	server := redistest.Start(t, redistest.Options{})
	s := &simulation{t: t, began: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		expires: make([]atomic.Int64, conversations), lastRead: make([]int64, conversations), uses: make([]int32, conversations)}
	var err error
	if s.store, err = store.Open(server.URL(), store.Options{Replica: "one"}); err != nil {
		t.Fatal(err)
	}
	s.redis = redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer func() { _, _ = s.store.Close(), s.redis.Close() }()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	s.service = bot.NewService(bot.Config{
		Conversations: s.store, Identities: s.store, Queue: accepting{s.store, s}, Limiter: s.store, Cards: s.store,
		Invitations: s.store, Schedule: s.store, Meetings: s, Directory: s, Catalog: catalog, Observer: nobody{},
		Log:        slog.New(slog.DiscardHandler),
		Platforms:  map[string]bot.Platform{"slack": s},
		Workspaces: bot.OneWorkspace{Organizers: bot.OrganizerPolicy{Requester: true}, Language: bot.English},
		Language:   bot.English, Clock: s.now, Timing: bot.Timing{Reclaim: time.Millisecond},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { defer close(ran); s.service.Run(ctx) }()
	defer func() { cancel(); <-ran; s.service.Wait() }()

	inParallel(conversations, func(n int) { s.make(n) })
	most := int64(0) // bytes
	for d := 1; d <= days; d++ {
		s.days.Store(int64(d))
		s.workedOff()
		inParallel(conversations, func(n int) {
			if h := habitOf(n); h.every > 0 && (d+n)%h.every == 0 {
				s.use(n)
			}
		})
		s.workedOff()
		if d%10 == 0 {
			most = max(most, s.memory())
		}
	}
	all, active := 0, 0
	for _, uses := range s.uses {
		if all += int(uses); uses > 0 {
			active++
		}
	}
	t.Logf("%d conversations, %d of them used again, %d times in %d days: the schedule made %d reads of Graph, uses %d; %d "+
		"renewals; the schedule took %d bytes at most, %d for each conversation in use", conversations, active, all, days,
		s.scheduled, s.used, s.renewals.Load(), most, most/int64(max(active, 1)))
	if n := s.failed.Load(); n > 0 {
		t.Errorf("%d uses did not get the link, which works", n)
	}
	if s.unused > 0 || s.soon > 0 {
		t.Errorf("the schedule read %d meetings that nobody used, and %d within 40 days of the last time", s.unused, s.soon)
	}
	if n := s.reads.Load(); n != int64(s.scheduled+s.used) {
		t.Errorf("Graph was read %d times, want %d", n, s.scheduled+s.used)
	}
	if s.scheduled == 0 || days > 100 && s.renewals.Load() < int64(active) {
		t.Errorf("%d reads by the schedule and %d renewals show nothing", s.scheduled, s.renewals.Load())
	}
}

// make gives a conversation its meeting, as a command does.
func (s *simulation) make(n int) {
	s.lastRead[n] = -1
	s.expires[n].Store(60)
	claim := bot.NewClaim(place(n), 1, false)
	claim.Job, claim.User = "made", "U"+strconv.Itoa(n)
	claim.Organizer = bot.Organizer{ID: annID, Name: "Ann Example"}
	_, err := s.store.Claim(s.t.Context(), claim, false, 0)
	if err == nil {
		online := s.meeting(strconv.Itoa(n))
		online.Created = s.began
		_, err = s.store.Complete(s.t.Context(), claim, bot.Meeting{OnlineMeeting: online, ExternalID: claim.Request.ExternalID,
			Organizer: claim.Organizer, Language: bot.English})
	}
	if err != nil {
		s.t.Errorf("make meeting %d: %v", n, err)
	}
}

// use asks for the meeting of a conversation.
func (s *simulation) use(n int) {
	s.uses[n]++
	a := s.service.Ask(s.t.Context(), bot.Request{
		ID: fmt.Sprintf("use %d %d", n, s.days.Load()), Conversation: place(n), Received: time.Now(),
		Intent: bot.Intent{Command: bot.Command{Kind: bot.Meet}},
		Asker:  bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U" + strconv.Itoa(n)},
	})
	a.Given(nil)
	if a.Reply.Card == nil || a.Reply.Card.Meeting.ID != strconv.Itoa(n) || s.expires[n].Load() <= s.days.Load() {
		s.failed.Add(1)
	}
}

// workedOff waits until nothing is due, and nothing is left to do.
func (s *simulation) workedOff() {
	s.t.Helper()
	until := func(t time.Time) (n int64) {
		for shard := range 16 {
			n += s.redis.ZCount(s.t.Context(), dueKey(shard), "-inf", strconv.FormatInt(t.UnixMilli(), 10)).Val()
		}
		return n
	}
	idle := 0                                                                  // looks at which nothing was left but what was taken and not begun
	for end := time.Now().Add(time.Hour); ; time.Sleep(5 * time.Millisecond) { // between two looks
		due, taken := until(s.now()), until(s.now().Add(bot.DueLease))
		d, err := s.store.Depth(s.t.Context())
		switch {
		case err == nil && taken == 0 && d.Waiting == 0:
			return
		case time.Now().After(end):
			s.t.Fatalf("day %d: %d are due, %d were taken, and %d jobs wait, error %v", s.days.Load(), due, taken-due, d.Waiting,
				err)
		case err == nil && due == 0 && d.Waiting == 0:
			idle++
		default:
			idle = 0
		}
		if idle == 200 { // a call of Redis took too long: it comes again after the lease
			s.leases.Add(1)
			idle = 0
		}
	}
}

func dueKey(shard int) string { return fmt.Sprintf("mb:{due:%d}:confirm", shard) }

// memory is what the schedule takes in Redis.
func (s *simulation) memory() (bytes int64) {
	for shard := range 16 {
		bytes += s.redis.MemoryUsage(s.t.Context(), dueKey(shard), 0).Val()
	}
	return bytes
}

// inParallel does something for each number below n.
func inParallel(n int, do func(int)) {
	const workers = 16
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wg.Wait()
}

// nobody observes.
type nobody struct{}

func (nobody) Command(string, string, bot.Outcome, time.Duration) {}
func (nobody) Identity(bool)                                      {}
func (nobody) PossibleDuplicate()                                 {}
func (nobody) DeadLettered()                                      {}
func (nobody) GaveWay()                                           {}
func (nobody) UnreadableRecord()                                  {}
