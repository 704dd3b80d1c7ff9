package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"meetbot/internal/history"
	"meetbot/internal/sandbox"
	"meetbot/store"
)

// What the bot promises once the faults are over.
const (
	// chaosWithin bounds the answer to whatever was acknowledged: a job that nobody works on is taken over after 15 s
	// and a second, waits up to 3 s for a place, and an attempt takes up to 10 s. The rest is for a busy machine.
	chaosWithin = 45 * time.Second
	// chaosOvertaking is an attempt, in which a card is read and sent, and the time that Slack gives a request.
	chaosOvertaking = 13 * time.Second
)

// chaosSize says how much chaos: from the environment, so that a long run needs no other program.
type chaosSize struct {
	Seed          uint64 // CHAOS_SEED: of every decision that the driver takes
	Faults        int    // CHAOS_FAULTS: how many in all
	Batch         int    // CHAOS_BATCH: after how many of them the history is settled and checked
	Conversations int    // CHAOS_CONVERSATIONS: how many at a time
	People        int    // CHAOS_PEOPLE
	Rate          int    // CHAOS_RATE: requests a second
}

func chaosSizeOf(t *testing.T) chaosSize {
	t.Helper()
	number := func(name string, instead uint64) uint64 {
		value := os.Getenv(name)
		if value == "" {
			return instead
		}
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil || n == 0 {
			t.Fatalf("%s is %q, want a number above 0", name, value)
		}
		return n
	}
	return chaosSize{
		Seed:          number("CHAOS_SEED", rand.Uint64N(1_000_000)+1),
		Faults:        int(number("CHAOS_FAULTS", 8)),
		Batch:         int(number("CHAOS_BATCH", 10)),
		Conversations: int(number("CHAOS_CONVERSATIONS", 24)),
		People:        int(number("CHAOS_PEOPLE", 300)),
		Rate:          int(number("CHAOS_RATE", 12)),
	}
}

// chaos is three replica processes, one Redis, and what was done to them and seen of them.
type chaos struct {
	*world
	chaosSize
	replicas [3]*chaosReplica
	queue    *store.Store // to look at, as an operator does
	stops    sync.WaitGroup

	staff   []string // Entra IDs
	rooms   []chaosRoom
	traffic int            // requests so far: the number of the next
	spare   int            // users of this batch that were taken for faults
	done    map[string]int // faults so far, by name

	mu       sync.Mutex
	events   []history.Event
	roots    map[string]string // by channel: a mention that was accepted there
	repeated map[string]int    // meetbot_answers_repeated_total of every process that ever was
	unsure   map[string]int    // commands whose answer in place, or want of one, left open what becomes of them
}

// chaosReplica is a place for a replica process; the next one takes it when the last one died.
type chaosReplica struct {
	mu         sync.Mutex
	cmd        *exec.Cmd
	url, admin string
}

func (r *chaosReplica) at() (url, admin string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.url, r.admin
}

// Promises 1 and 2 as a whole: whatever dies, freezes or refuses, each conversation shows one meeting at a time, every
// acknowledged command is answered, and what is answered twice is counted.
func TestChaos(t *testing.T) {
	t.Parallel()
	size := chaosSizeOf(t)
	w := newWorld(t, sandbox.SlackOptions{Keep: 1_000_000, RetryDelays: []time.Duration{}})
	c := &chaos{
		world: w, chaosSize: size,
		done: map[string]int{}, roots: map[string]string{}, repeated: map[string]int{}, unsure: map[string]int{},
	}
	t.Logf("%+v", size)
	var err error
	if c.queue, err = store.Open(w.redis.URL(), store.Options{Replica: "onlooker"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.queue.Close() })
	t.Cleanup(c.stops.Wait)
	for i := range c.People {
		c.employ(chaosUser(i))
	}
	for i := range 4 * c.Batch { // no fault takes more
		c.employ(chaosSpare(i))
	}
	for i := range c.Conversations {
		c.employ(chaosProbe(i))
	}
	for i := range c.replicas {
		c.replicas[i] = &chaosReplica{}
		c.launch(i)
	}

	var slowest time.Duration
	for fault, batch := 0, 0; fault < c.Faults; batch++ {
		c.furnish(batch)
		stop := c.people(batch)
		for range min(c.Batch, c.Faults-fault) {
			c.inject(c.decisions(1, fault))
			fault++
		}
		stop()
		slowest = max(slowest, c.settle())
		c.probe()
		report := c.check()
		for _, v := range report.Violations {
			t.Error(v)
		}
		t.Logf("%d faults: %d requests, %d acknowledged, %d answers, %d repeated (the replicas report %d), %d meetings, %d of them orphans, "+
			"%d cards overtaken; after the faults the slowest answer took %s and the queue %s to empty",
			fault, report.Requests, report.Acknowledged, report.Answers, report.Repeated, c.reported(), len(c.graph.Meetings()), report.Orphans,
			report.Overtaken, report.Slowest.Round(time.Millisecond), slowest.Round(time.Millisecond))
		if t.Failed() {
			c.keep()
			t.Fatalf("CHAOS_SEED=%d failed within %d faults: %v; with -artifacts the replicas' log and the history are kept in %s", c.Seed, fault, c.done, t.ArtifactDir())
		}
	}
	t.Logf("faults %v, commands left unsure %v", c.done, c.unsure)
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
	c.staff = append(c.staff, id)
}

// launch runs a new process in the place. It is for the test's own goroutine.
func (c *chaos) launch(i int) {
	config := c.config()
	config.AdminAddr = freeAddress(c.t)
	cmd, url := c.process(config)
	r := c.replicas[i]
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cmd, r.url, r.admin = cmd, url, "http://"+config.AdminAddr
}

// kill ends the process in the place as a crash does, once its figures are read.
func (c *chaos) kill(i int) {
	c.scrape(i)
	_ = c.replicas[i].cmd.Process.Kill()
	_ = c.replicas[i].cmd.Wait()
}

// terminate tells the process in the place to stop, and reads its figures to the last.
func (c *chaos) terminate(i int) {
	_, admin := c.replicas[i].at()
	cmd := c.replicas[i].cmd
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Errorf("SIGTERM: %v", err)
	}
	ended := make(chan struct{})
	c.stops.Go(func() {
		defer close(ended)
		if err := cmd.Wait(); err != nil {
			c.t.Errorf("a replica that was told to stop ended with %v", err)
		}
	})
	c.stops.Go(func() {
		for {
			c.scrapeFrom(admin)
			select {
			case <-ended:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
}

var repeatedMetric = regexp.MustCompile(`(?m)^meetbot_answers_repeated_total (\d+)$`)

func (c *chaos) scrape(i int) {
	_, admin := c.replicas[i].at()
	c.scrapeFrom(admin)
}

// scrapeFrom notes how many answers a process says that it repeated. One that is gone or too busy says nothing new.
func (c *chaos) scrapeFrom(admin string) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/metrics", nil)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	found := repeatedMetric.FindSubmatch(body)
	if err != nil || found == nil {
		return
	}
	n, _ := strconv.Atoi(string(found[1]))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.repeated[admin] = max(c.repeated[admin], n)
}

// reported is how many repeated answers all processes together told of.
func (c *chaos) reported() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range c.repeated {
		n += of
	}
	return n
}

// happened adds an event to the history.
func (c *chaos) happened(e history.Event) {
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
	c.happened(history.Event{Kind: history.Calm, At: calm})
	for {
		d, err := c.queue.Depth(c.t.Context())
		switch {
		case err == nil && d.Waiting == 0:
			c.happened(history.Event{Kind: history.Idle})
			c.stops.Wait()
			for i := range c.replicas {
				c.scrape(i)
			}
			if d.Dead > 0 {
				c.t.Errorf("CHAOS_SEED=%d: %d answers were buried", c.Seed, d.Dead)
			}
			return time.Since(calm)
		case time.Since(calm) > chaosWithin:
			c.t.Errorf("CHAOS_SEED=%d: %s after the faults the queue holds %d jobs, the oldest of %s; error %v", c.Seed, chaosWithin, d.Waiting, d.Oldest, err)
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
func (c *chaos) check() history.Report {
	return history.Check(c.history(), history.Limits{Within: chaosWithin, Overtaking: chaosOvertaking, Repeated: c.reported()})
}

// history is what the driver noted, what Slack showed and what Graph did.
func (c *chaos) history() []history.Event {
	c.mu.Lock()
	events := append([]history.Event(nil), c.events...)
	channels := map[string]bool{}
	for _, e := range events {
		if e.Kind == history.Asked {
			channel, _, _ := strings.Cut(e.Place, "/")
			channels[channel], channels["D"+e.User] = true, true
		}
	}
	c.mu.Unlock()
	names := map[string]string{} // of links, which are long and secret
	for i, m := range c.graph.Meetings() {
		conversation, generation := tracedBy(m.ExternalID)
		names[m.JoinURL] = fmt.Sprintf("meeting %d", i+1)
		events = append(events, history.Event{
			Kind: history.Made, At: m.Created, Link: names[m.JoinURL], Conversation: conversation, Generation: generation, Organizer: m.UserID,
		})
	}
	for i, e := range events {
		if e.Kind == history.Shown {
			events[i].Link = cmp.Or(names[e.Link], e.Link)
		}
	}
	for channel := range channels {
		for _, m := range c.slack.Messages(channel) {
			if m.Via == "user" {
				continue
			}
			e := history.Event{Kind: history.Shown, At: m.At, User: m.To, Place: placeOf(m.Channel, m.ThreadTS), Link: link(m), None: saysNone(m.Text)}
			e.Link = cmp.Or(names[e.Link], e.Link)
			if user, direct := strings.CutPrefix(channel, "D"); direct {
				e.User = user
			}
			events = append(events, e)
		}
	}
	for _, call := range c.graph.Calls() {
		if call.Op == "createOrGet" && call.Status == http.StatusForbidden {
			conversation, generation := tracedBy(call.ExternalID)
			events = append(events, history.Event{
				Kind: history.Refused, At: call.At, Conversation: conversation, Generation: generation, Organizer: call.UserID,
			})
		}
	}
	return events
}

func placeOf(channel, thread string) string {
	if thread == "" {
		return channel
	}
	return channel + "/" + thread
}

// tracedBy reads an external ID: the conversation, and from the first `new` on the generation and the claim.
func tracedBy(externalID string) (conversation string, generation int) {
	parts := strings.Split(externalID, "/")
	if len(parts) != 3 {
		return externalID, 1
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return externalID, 1
	}
	return parts[0], n
}

// keep writes down what it takes to understand a failure.
func (c *chaos) keep() {
	dir := c.t.ArtifactDir()
	lines := &strings.Builder{}
	for _, e := range c.history() {
		line, _ := json.Marshal(e) // strings, numbers and times cannot fail
		lines.Write(append(line, '\n'))
	}
	for name, text := range map[string]string{"history.jsonl": lines.String(), "replicas.jsonl": c.logs.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			c.t.Errorf("keep what happened: %v", err)
		}
	}
}
