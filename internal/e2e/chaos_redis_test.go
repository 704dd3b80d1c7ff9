//go:build integration

package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/redistest"
)

// The forms that Redis may take.
const (
	single   = "single"
	sentinel = "sentinel"
	cluster  = "cluster"
)

// chaosRedis is the Redis of a run. Whoever does something to one of its processes holds hands.
type chaosRedis struct {
	t       testing.TB
	kind    string
	servers []*redistest.Server
	url     string
	client  redis.UniversalClient // the driver's own
	wire    *redistest.Wire       // single: in front of two of the three replicas
	group   *redistest.Sentinel   // sentinel
	nodes   *redistest.Cluster    // cluster

	hands sync.Mutex

	mu      sync.Mutex
	primary *redistest.Server // sentinel: whom the first sentinel to speak names
	busy    bool              // a fail-over is being recorded
	overs   []failOver        // recorded and not judged yet
}

// failOver is a change of the primary.
type failOver struct {
	from     time.Time         // when all sentinels named the old one for the last time
	at       time.Time         // until when the old one may have taken something that is lost
	old      *redistest.Server // no longer the primary, though it may not know
	knew     string            // directory with what the old one knew in the end
	survived string            // directory with what the new one began with
}

func startRedis(t testing.TB, kind string) *chaosRedis {
	t.Helper()
	r := &chaosRedis{t: t, kind: kind}
	switch kind {
	case single:
		r.servers = []*redistest.Server{redistest.Start(t, redistest.Options{AOF: true})}
		r.url, r.wire = r.servers[0].URL(), redistest.NewWire(t, r.servers[0])
		r.client = redis.NewClient(&redis.Options{Addr: r.servers[0].Addr()})
	case sentinel:
		r.group = redistest.StartSentinel(t)
		r.servers, r.url, r.primary = r.group.Servers, r.group.URL(), r.group.Servers[0]
		var watchers []string
		for _, s := range r.group.Sentinels {
			watchers = append(watchers, s.Addr())
		}
		r.client = redis.NewFailoverClient(&redis.FailoverOptions{MasterName: redistest.MainName,
			SentinelAddrs: watchers})
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			r.watch(ctx)
		}()
		t.Cleanup(func() {
			cancel()
			<-watched
		})
	case cluster:
		r.nodes = redistest.StartCluster(t, redistest.Options{AOF: true})
		r.servers, r.url = r.nodes.Nodes, r.nodes.URL()
		var nodes []string
		for _, s := range r.servers {
			nodes = append(nodes, s.Addr())
		}
		r.client = redis.NewClusterClient(&redis.ClusterOptions{Addrs: nodes})
	default:
		t.Fatalf("CHAOS_REDIS is %q, want %s, %s or %s", kind, single, sentinel, cluster)
	}
	t.Cleanup(func() { _ = r.client.Close() })
	return r
}

// of is the REDIS_URL of a replica.
func (r *chaosRedis) of(replica int) string {
	if r.wire != nil && replica > 0 {
		return r.wire.URL()
	}
	return r.url
}

// writable are the servers that take writes.
func (r *chaosRedis) writable() []*redistest.Server {
	if r.kind != sentinel {
		return r.servers
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return []*redistest.Server{r.primary}
}

// others are the servers that follow this one.
func (r *chaosRedis) others(than *redistest.Server) (others []*redistest.Server) {
	for _, s := range r.servers {
		if s != than {
			others = append(others, s)
		}
	}
	return others
}

// kill, restart, freeze and thaw do so to a server.
func (r *chaosRedis) kill(s *redistest.Server)    { r.handle(s.Kill) }
func (r *chaosRedis) restart(s *redistest.Server) { r.handle(s.Restart) }
func (r *chaosRedis) freeze(s *redistest.Server)  { r.handle(s.Pause) }
func (r *chaosRedis) thaw(s *redistest.Server)    { r.handle(s.Resume) }

func (r *chaosRedis) handle(what func()) {
	r.hands.Lock()
	defer r.hands.Unlock()
	what()
}

// with runs commands on a connection of their own to this server.
func (r *chaosRedis) with(s *redistest.Server, run func(do func(args ...any) error)) {
	r.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.Addr(), PoolSize: 1, DisableIdentity: true, Protocol: 2,
		MaxRetries: -1, ReadTimeout: 10 * time.Second})
	defer func() { _ = client.Close() }()
	run(func(args ...any) error { return client.Do(r.t.Context(), args...).Err() })
}

// do runs one command that must succeed.
func (r *chaosRedis) do(s *redistest.Server, args ...any) {
	r.t.Helper()
	r.with(s, func(do func(args ...any) error) {
		if err := do(args...); err != nil {
			r.t.Errorf("Redis: %v: %v", args, err)
		}
	})
}

// healWithin is how long Redis may take to be whole again after a fault.
const healWithin = 2 * time.Minute

// heal waits until Redis is whole, and returns the fail-overs that there were since the last time.
func (r *chaosRedis) heal() []failOver {
	r.t.Helper()
	var overs []failOver
	for deadline := time.Now().Add(healWithin); ; {
		r.mu.Lock()
		busy := r.busy
		for _, over := range r.overs {
			// A sentinel would do so too, in a while.
			r.with(over.old, func(do func(args ...any) error) {
				_ = do("REPLICAOF", "127.0.0.1", r.primary.Port())
				_ = do("CONFIG", "REWRITE")
			})
		}
		overs, r.overs = append(overs, r.overs...), nil
		r.mu.Unlock()
		if !busy && r.whole() {
			return overs
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("Redis is not whole within %s: %s", healWithin, r.describe())
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

func (r *chaosRedis) whole() bool {
	switch r.kind {
	case sentinel:
		if !r.group.Whole(r.t.Context()) {
			return false
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		return !r.busy && len(r.overs) == 0 && r.group.Named(r.t.Context())[0] == r.primary
	case cluster:
		return r.nodes.Whole(r.t.Context())
	default:
		return r.client.Ping(r.t.Context()).Err() == nil
	}
}

// describe says what each of the servers thinks that it is.
func (r *chaosRedis) describe() string {
	var all []string
	look := func(servers []*redistest.Server, command ...any) {
		for _, s := range servers {
			client := redis.NewClient(&redis.Options{Addr: s.Addr(), Protocol: 2, DisableIdentity: true})
			answer, err := client.Do(context.WithoutCancel(r.t.Context()), command...).Result()
			_ = client.Close()
			all = append(all, fmt.Sprintf("%s: %v %v", s.Addr(), answer, err))
		}
	}
	switch r.kind {
	case sentinel:
		look(r.servers, "INFO", "replication")
		look(r.group.Sentinels, "SENTINEL", "MASTERS")
	case cluster:
		look(r.servers, "CLUSTER", "INFO")
	}
	return strings.Join(all, "\n")
}

// watch notices when the sentinels name another primary, and records what the two knew.
func (r *chaosRedis) watch(ctx context.Context) {
	var from time.Time // of the last look but this one
	for looked := time.Now(); ctx.Err() == nil; from, looked = looked, time.Now() {
		r.mu.Lock()
		old := r.primary
		r.mu.Unlock()
		named := r.group.Named(ctx)
		if i := slices.IndexFunc(named, func(s *redistest.Server) bool { return s != nil && s != old }); i >= 0 &&
			ctx.Err() == nil {
			r.record(ctx, from, old, named[i])
		}
		select {
		case <-time.After(30 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// record copies at once what the new primary begins with, and what the old one knew once nobody writes to it any more.
func (r *chaosRedis) record(ctx context.Context, from time.Time, old, fresh *redistest.Server) {
	r.mu.Lock()
	r.primary, r.busy = fresh, true
	r.mu.Unlock()
	over := failOver{from: from, old: old, survived: r.t.TempDir(), knew: r.t.TempDir()}
	r.copy(fresh, over.survived)
	// Until all sentinels have told their clients, an old primary that lives may be written to.
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end) && ctx.Err() == nil; {
		if !slices.ContainsFunc(r.group.Named(ctx), func(s *redistest.Server) bool { return s != fresh }) {
			break
		}
		time.Sleep(30 * time.Millisecond) // between two looks
	}
	// A replica of ours that has not heard yet may still write to it. A primary that is told to follow nobody refuses
	// from then on, and forgets nothing.
	r.handle(func() {
		if old.Running() {
			r.with(old, func(do func(args ...any) error) { _ = do("REPLICAOF", "127.0.0.1", "1") })
		}
	})
	over.at = time.Now()
	r.copy(old, over.knew)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy, r.overs = false, append(r.overs, over)
}

// copy copies the files of a server, which does not write meanwhile.
func (r *chaosRedis) copy(s *redistest.Server, to string) {
	r.handle(func() {
		if s.Running() {
			s.Pause()
			defer s.Resume()
		}
		if err := s.Copy(to); err != nil {
			r.t.Error(err)
		}
	})
}

// knowledge is what a Redis knew, as far as it can matter who forgets it: marks of requests, and meetings and pending
// claims of conversations, each "<generation> <claim ID>".
type knowledge struct{ marks, meetings, pending map[string]string }

// readCopy reads what a server knew whose files were copied.
func readCopy(t testing.TB, dir string) knowledge {
	t.Helper()
	s := redistest.Start(t, redistest.Options{AOF: true, Dir: dir})
	defer func() {
		s.Kill()
		_ = os.RemoveAll(dir) // a long run has many
	}()
	client := redis.NewClient(&redis.Options{Addr: s.Addr()})
	defer func() { _ = client.Close() }()
	k := knowledge{marks: map[string]string{}, meetings: map[string]string{}, pending: map[string]string{}}
	for into, pattern := range map[*map[string]string]string{&k.marks: "{mb:jobs}:mark:*", &k.meetings: "mb:{*}:m:*",
		&k.pending: "mb:{*}:p:*"} {
		keys, err := client.Keys(t.Context(), pattern).Result()
		if err != nil {
			t.Fatalf("read the copy of a Redis: %v", err)
		}
		for batch := range slices.Chunk(keys, 500) {
			values, err := client.MGet(t.Context(), batch...).Result()
			if err != nil {
				t.Fatalf("read the copy of a Redis: %v", err)
			}
			for i, value := range values {
				text, _ := value.(string)
				first, rest, _ := strings.Cut(text, " ")
				second, _, _ := strings.Cut(rest, " ")
				(*into)[nameOf(batch[i])] = first + " " + second
			}
		}
	}
	return k
}

// nameOf is the name of the request or the conversation in a key.
func nameOf(key string) string {
	if id, ok := strings.CutPrefix(key, "{mb:jobs}:mark:"); ok {
		return id
	}
	channel, rest, _ := strings.Cut(strings.TrimPrefix(key, "mb:{"), "}:")
	if thread := rest[2:]; thread != "" {
		return channel + ":" + thread
	}
	return channel
}

// generationOf is the generation of "<generation> <claim ID>"; 0 for nothing.
func generationOf(value string) (n int) {
	_, _ = fmt.Sscan(value, &n)
	return n
}

// lostIn compares: the IDs of requests whose mark is gone or had come further, and of each conversation the first
// generation that is not what it was.
func lostIn(knew, survived knowledge) (requests []string, conversations map[string]int) {
	order := map[string]int{"pending": 1, "sending": 2, "done": 3}
	for id, mark := range knew.marks {
		state, _, _ := strings.Cut(mark, " ")
		left, _, _ := strings.Cut(survived.marks[id], " ")
		if order[left] < order[state] {
			requests = append(requests, id)
		}
	}
	conversations = map[string]int{}
	for c, meeting := range knew.meetings {
		if left := survived.meetings[c]; left != meeting && generationOf(left) < generationOf(meeting) {
			conversations[c] = generationOf(left) + 1
		}
	}
	for c, claim := range knew.pending {
		if g := generationOf(claim); survived.pending[c] != claim && survived.meetings[c] != claim &&
			(conversations[c] == 0 || conversations[c] > g) {
			conversations[c] = g
		}
	}
	return requests, conversations
}
