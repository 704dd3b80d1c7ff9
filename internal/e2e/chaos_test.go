//go:build integration

package e2e

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/internal/e2e/historycheck"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/store"
)

// What the bot promises once the faults are over.
const (
	// chaosWithin bounds the answer to whatever was acknowledged: a job that nobody works on is taken over after 15 s
	// and a second, waits up to 3 s for a place, and an attempt takes up to 10 s. The rest is for a busy machine.
	chaosWithin = 45 * time.Second
	// chaosOvertaking is an attempt, in which a card is read and sent, and the time that Slack gives a request.
	chaosOvertaking = 13 * time.Second
	// chaosSwitch is how long a replica may read from an old primary after the sentinels have named another one: they
	// announce it, and the replica closes its connections.
	chaosSwitch = time.Second
)

// chaosSize says how much chaos.
type chaosSize struct {
	Seed          uint64 // CHAOS_SEED: of every decision that the driver takes
	Only          string // CHAOS_ONLY: part of the names of the faults that strike; empty: all
	Organizer     string // CHAOS_ORGANIZER: the bot's ORGANIZER; else drawn by the seed
	Faults        int    // CHAOS_FAULTS: how many in all
	Batch         int    // CHAOS_BATCH: after how many of them the history is settled and checked
	Conversations int    // CHAOS_CONVERSATIONS: how many at a time
	People        int    // CHAOS_PEOPLE
	Rate          int    // CHAOS_RATE: requests a second
}

func chaosSizeOf(t *testing.T, faults int) chaosSize {
	t.Helper()
	size := chaosSize{
		Seed:          uint64(number(t, "CHAOS_SEED", 1+rand.IntN(1_000_000))),
		Only:          os.Getenv("CHAOS_ONLY"),
		Organizer:     os.Getenv("CHAOS_ORGANIZER"),
		Faults:        number(t, "CHAOS_FAULTS", faults),
		Batch:         number(t, "CHAOS_BATCH", 10),
		Conversations: number(t, "CHAOS_CONVERSATIONS", 24),
		People:        number(t, "CHAOS_PEOPLE", 300),
		Rate:          number(t, "CHAOS_RATE", 12),
	}
	if size.Organizer == "" {
		size.Organizer = []string{"requester", "requester", "service:" + serviceUPN, "requester,service:" +
			serviceUPN}[size.Seed%4]
	}
	return size
}

// number reads a number above 0 from the environment, so that a long run needs no other program.
func number(t *testing.T, name string, instead int) int {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		return instead
	}
	n, err := strconv.Atoi(value)
	if err != nil || n <= 0 {
		t.Fatalf("%s is %q, want a number above 0", name, value)
	}
	return n
}

// chaos is three replica processes, their Redis, and what was done to them and seen of them.
type chaos struct {
	*environment
	chaosSize
	redis    *chaosRedis
	replicas [3]*chaosReplica
	queue    *store.Store // to look at, as an operator does
	stops    sync.WaitGroup

	staff    []string          // Entra IDs
	entraID  map[string]string // by user
	members  []string          // of every channel: whoever asks
	rooms    []chaosRoom
	traffic  int            // requests so far: the number of the next
	spare    int            // users of this batch that were taken for faults
	done     map[string]int // faults so far, by name
	kills    int            // replicas ended by SIGKILL
	orderly  int            // and by SIGTERM
	missed   int            // faults that waited for a moment that did not come
	ownRooms int            // channels so far in which only a fault talks

	works      map[string]bool // whether a link could be joined when that was looked at last
	staleCards map[string]bool // cards that lead to an earlier meeting and that the bot cannot change

	splits                                 []time.Duration // for how long there were two primaries
	overs, lostRequests, lostConversations int             // fail-overs so far, and what they lost

	mu        sync.Mutex
	events    []historycheck.Event
	roots     map[string]string          // by channel: a mention that was accepted there
	repeated  map[string]int             // meetbot_answers_repeated_total of every process that ever was
	requests  map[string]string          // by the bot's name for it
	companies map[string]chaosCompany    // whom a request names, by the bot's name for the request
	edited    []chaosEdit                // mentions that were edited
	moved     []clockMove                // of the clock by which meetings live
	links     map[string]map[string]bool // lasting links that commands were answered with, by conversation
	replays   int                        // commands delivered twice of which the second may have been carried out
	rounds    int                        // in which somebody asked in every place
	userOf    map[string]string          // by Entra ID, in lower case
	outsiders int                        // people so far who are named and are in no channel
	unsure    map[string]int             // commands whose answer in place, or want of one, left open what becomes of them
}

// Promises 1 and 2 as a whole: whatever dies, freezes or refuses, each conversation shows one meeting at a time, every
// acknowledged command is answered, and what is answered twice is counted.
func TestChaos(t *testing.T) {
	t.Parallel()
	short := map[string]int{single: 8, sentinel: 2, cluster: 2} // faults of a run that was not asked for
	kinds := []string{single, sentinel, cluster}
	if kind := os.Getenv("CHAOS_REDIS"); kind != "" {
		kinds = []string{kind}
	}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			newChaos(t, kind, chaosSizeOf(t, short[kind])).run()
		})
	}
}

func newChaos(t *testing.T, kind string, size chaosSize) *chaos {
	t.Helper()
	c := &chaos{
		environment: newEnvWithoutRedis(t, slacktest.Options{Keep: 1_000_000, RetryDelays: []time.Duration{}}).
			withTeams(teamstest.Options{}),
		chaosSize: size,
		done:      map[string]int{}, roots: map[string]string{}, repeated: map[string]int{}, unsure: map[string]int{},
		requests: map[string]string{}, entraID: map[string]string{}, links: map[string]map[string]bool{},
		works: map[string]bool{}, staleCards: map[string]bool{}, userOf: map[string]string{},
		companies: map[string]chaosCompany{},
		members:   []string{theBot.slack},
	}
	t.Logf("Redis %s, %+v", kind, size)
	c.redis = startRedis(t, kind)
	var err error
	if c.queue, err = store.Open(c.redis.url, store.Options{Replica: "onlooker"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.queue.Close() })
	t.Cleanup(c.stops.Wait)
	c.entraUser(graphtest.User{ID: serviceID, UPN: serviceUPN, Mail: serviceUPN, DisplayName: "Meetings", DialIn: true})
	c.staff, c.userOf[serviceID] = append(c.staff, serviceID), "the service account"
	for i := range c.People {
		c.employ(chaosUser(i))
	}
	for i := range 20 * c.Batch { // no fault takes more
		c.employ(chaosSpare(i))
	}
	for i := range c.Conversations {
		c.employ(chaosProbe(i))
	}
	for i := range c.replicas {
		c.replicas[i] = &chaosReplica{}
		c.launch(i)
	}
	// A replica that serves none of what people do here, and sees all of it in the queue: it must leave everything alone.
	bystander := c.teamsConfig()
	bystander.HTTP.AdminAddr, bystander.Redis.URL, bystander.Policy.Organizer = freeAddress(t), c.redis.of(0), c.Organizer
	c.process(bystander)
	return c
}

// run lets the faults strike, and judges after each batch all that happened so far.
func (c *chaos) run() {
	c.t.Helper()
	var slowest time.Duration
	for fault, batch := 0, 0; fault < c.Faults; batch++ {
		c.furnish(batch)
		stop := c.people(batch)
		for range min(c.Batch, c.Faults-fault) {
			c.inject(c.decisions(1, fault))
			c.heal()
			fault++
		}
		stop()
		slowest = max(slowest, c.settle())
		c.rests()
		c.probe()
		c.comeBack()
		c.rests()
		report := c.check()
		for _, v := range append(report.Violations, c.editsCarriedOut()...) {
			c.t.Error(v)
		}
		c.t.Logf("%d faults (%d kills, %d stops, %d of Redis): %d requests, %d acknowledged, %d answers, %d repeated (the replicas report %d), %d meetings, %d of them orphans, "+
			"%d cards overtaken; after the faults the slowest answer took %s and the queue %s to empty",
			fault, c.kills, c.orderly, c.faultsOf("Redis"), report.Requests, report.Acknowledged, report.Answers,
			report.Repeated, c.reported(), len(c.Graph.Meetings()), report.Orphans,
			report.Overtaken, report.Slowest.Round(time.Millisecond), slowest.Round(time.Millisecond))
		c.t.Logf("%d generations took the place of one whose link did not work, %d of them untold; %d cards are out of reach; "+
			"the clock is %d days ahead", report.Replaced, report.Untold, len(c.staleCards), c.ahead/day)
		c.t.Logf("%d times somebody who was named was found on the list; %d invitations, %d of them repeated; %d reminders, "+
			"and %d dates without one, of which the bot said so", report.Attending, report.Invitations, report.Retold,
			report.Reminders, report.Unreminded)
		if c.overs > 0 {
			c.t.Logf("%d fail-overs lost marks of %d requests and generations of %d conversations; for that, %d acknowledged commands were not answered "+
				"and %d meetings are second ones; %d answers were read from an old primary, %v", c.overs, c.lostRequests,
				c.lostConversations, report.Unanswered, report.Doubled, report.Stale, c.splits)
		}
		if c.t.Failed() {
			c.keep()
			c.t.Fatalf("CHAOS_SEED=%d CHAOS_REDIS=%s failed within %d faults: %v; with -artifacts the replicas' log and the history are kept in %s",
				c.Seed, c.redis.kind, fault, c.done, c.t.(*testing.T).ArtifactDir())
		}
	}
	c.t.Logf("faults %v, commands left unsure %v, moments not met %d, mentions edited %d", c.done, c.unsure, c.missed,
		len(c.edited))
}

// heal waits until Redis is whole again, and notes what was lost if another server leads it now.
func (c *chaos) heal() {
	c.t.Helper()
	for _, over := range c.redis.heal() {
		requests, conversations := lostIn(readCopy(c.t, over.knew), readCopy(c.t, over.survived))
		c.overs++
		c.happened(historycheck.Event{At: over.at, Kind: historycheck.Lost})
		c.happened(historycheck.Event{At: over.from, Kind: historycheck.Split, Until: over.at.Add(chaosSwitch)})
		c.splits = append(c.splits, over.at.Sub(over.from))
		c.lostRequests += len(requests)
		c.lostConversations += len(conversations)
		for _, id := range requests {
			c.mu.Lock()
			request := c.requests[id]
			c.mu.Unlock()
			c.happened(historycheck.Event{At: over.at, Kind: historycheck.Lost,
				Request: cmp.Or(request, c.namedIn(id), id)})
		}
		for name, generation := range conversations {
			c.happened(historycheck.Event{At: over.at, Kind: historycheck.Lost, Conversation: name,
				Generation: generation})
		}
	}
}

// decisions is the source of the driver's decisions about the n-th thing of a kind. It depends on nothing but the seed.
func (c *chaos) decisions(kind, n int) *rand.Rand {
	return rand.New(rand.NewPCG(c.Seed, uint64(kind)<<32|uint64(n))) //nolint:gosec // repeatable is what it has to be
}

func chaosUser(i int) string  { return fmt.Sprintf("U0CHAOS%04d", i) }
func chaosSpare(i int) string { return fmt.Sprintf("U0SPARE%04d", i) }
func chaosProbe(i int) string { return fmt.Sprintf("U0PROBE%04d", i) }

// employ adds somebody to the workspace and to Entra.
func (c *chaos) employ(user string) {
	id := newGUID()
	c.person(user, strings.ToLower(user), "en-US", id)
	c.staff, c.entraID[user], c.userOf[strings.ToLower(id)] = append(c.staff, id), id, user
	c.members = append(c.members, user)
}

// happened adds an event to the history.
func (c *chaos) happened(e historycheck.Event) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
}

// settle waits until nothing is left to do, and returns how long that took after the end of the faults.
func (c *chaos) settle() time.Duration {
	c.t.Helper()
	calm := time.Now()
	c.happened(historycheck.Event{Kind: historycheck.Calm, At: calm})
	for {
		d, err := c.queue.Depth(c.t.Context())
		switch {
		case err == nil && d.Waiting == 0:
			c.happened(historycheck.Event{Kind: historycheck.Idle})
			c.stops.Wait()
			for i := range c.replicas {
				c.scrape(i)
			}
			if d.DeadLetters > 0 {
				c.t.Errorf("CHAOS_SEED=%d: %d answers became dead letters", c.Seed, d.DeadLetters)
			}
			return time.Since(calm)
		case time.Since(calm) > chaosWithin:
			c.t.Errorf("CHAOS_SEED=%d: %s after the faults the queue holds %d jobs, the oldest of %s; error %v", c.Seed,
				chaosWithin, d.Waiting, d.Oldest, err)
			return time.Since(calm)
		}
		c.pause(50 * time.Millisecond) // between two looks
	}
}

// pause lets time pass; the moments of faults are random times, not conditions.
func (c *chaos) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-c.t.Context().Done():
	}
}

// check judges everything that happened since the start.
func (c *chaos) check() historycheck.Report {
	return historycheck.Check(c.history(), historycheck.Limits{Within: chaosWithin, Overtaking: chaosOvertaking,
		Repeated: c.reported(), Unasked: c.unasked() + c.replays, Notice: chaosNotice})
}
