//go:build integration

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"meetbot/bot"
	"meetbot/internal/app"
	"meetbot/internal/logbook"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// The channels and the people of the tests.
const (
	general = "C0GENERAL"
	design  = "C0DESIGN"

	ann, ben, caio = "U0ANN", "U0BEN", "U0CAIO"
	annID          = "a1111111-0000-4000-8000-000000000001"
	benID          = "b2222222-0000-4000-8000-000000000002"
	caioID         = "c3333333-0000-4000-8000-000000000003"
	serviceID      = "e5555555-0000-4000-8000-000000000005"
	serviceUPN     = "meetings@contoso.example"
)

// environment is everything outside the bot: a real Redis, and fakes on the wire.
type environment struct {
	*testenv.Environment
	t     testing.TB
	redis *redistest.Server // nil in an environment without one
	logs  *logbook.Book

	ahead    time.Duration // how far moveClock moved the clock
	aheadDir string        // where the replica processes read that
}

// newEnv starts an environment with Ann and Ben, who speak English, and Caio, who speaks Portuguese.
func newEnv(t testing.TB, o slacktest.Options) *environment {
	t.Helper()
	env := newEnvWithoutRedis(t, o)
	env.redis = redistest.Start(t, redistest.Options{AOF: true})
	env.RedisURL = env.redis.URL()
	return env
}

// newEnvWithoutRedis is newEnv for a test that brings a Redis of its own.
func newEnvWithoutRedis(t testing.TB, o slacktest.Options) *environment {
	t.Helper()
	fakes, err := testenv.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fakes.Close)
	env := &environment{Environment: fakes, t: t, logs: &logbook.Book{}}
	env.Slack.AddChannel(slacktest.Channel{ID: general, Name: "general"})
	env.Slack.AddChannel(slacktest.Channel{ID: design, Name: "design"})
	env.person(ann, "ann", "en-US", annID)
	env.person(ben, "ben", "en-GB", benID)
	env.person(caio, "caio", "pt-BR", caioID)
	return env
}

// person adds a member of the workspace who is that Entra user.
func (env *environment) person(slackID, name, locale, entraID string) {
	env.t.Helper()
	email := name + "@contoso.example"
	env.add(testenv.Person{
		Slack: &slacktest.User{ID: slackID, Name: name, RealName: name, Email: email, EmailConfirmed: true,
			Locale: locale},
		Entra: &graphtest.User{ID: entraID, UPN: email, Mail: email, DisplayName: strings.ToUpper(name[:1]) + name[1:] +
			" Example", DialIn: true},
	})
}

func (env *environment) entraUser(u graphtest.User) {
	env.t.Helper()
	env.add(testenv.Person{Entra: &u})
}

func (env *environment) add(p testenv.Person) {
	env.t.Helper()
	if err := env.AddPerson(p); err != nil {
		env.t.Fatal(err)
	}
}

// everything is the configuration of a bot that serves every platform that is here, without limits on new meetings.
func (env *environment) everything() app.Config {
	env.t.Helper()
	c := app.Default()
	if err := c.Set(env.Variables()); err != nil {
		env.t.Fatal(err)
	}
	c.Policy.PerUser, c.Policy.PerWorkspace = 0, 0
	c.Logging.Level = "debug"
	return c
}

// config is the configuration of a bot that serves Slack alone.
func (env *environment) config() app.Config {
	env.t.Helper()
	c := env.everything()
	c.Teams = app.Default().Teams
	return c
}

// replica is a running bot and the means to end it.
type replica struct {
	*app.App
	stop func() error // orderly; returns what Run returned
}

// start runs a replica with this configuration until the test ends, and returns when it is ready.
func (env *environment) start(c app.Config, in app.Options) *replica {
	env.t.Helper()
	if err := c.Validate(); err != nil {
		env.t.Fatal(err)
	}
	r := env.run(env.listen(c, in))
	if err := testenv.WaitReady(env.t.Context(), r.URL()); err != nil {
		env.t.Fatal(err)
	}
	return r
}

// run runs a replica until the test ends.
func (env *environment) run(a *app.App) *replica {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	env.t.Cleanup(func() { _ = stop() })
	return &replica{App: a, stop: stop}
}

// listen makes a replica that listens, and that whoever called must run.
func (env *environment) listen(c app.Config, in app.Options) *app.App {
	env.t.Helper()
	in.RootCAs = env.Entra.RootCAs()
	if in.Name == "" {
		in.Name = token()
	}
	if in.Clock == nil {
		in.Clock = env.Clock.Now
	}
	a, err := app.New(c, in, app.NewLogger(c.Logging, env.logs))
	if err != nil {
		env.t.Fatal(err)
	}
	if err := a.Listen(env.t.Context()); err != nil {
		_ = a.Close()
		env.t.Fatal(err)
	}
	return a
}

// bot runs a replica with the ordinary configuration.
func (env *environment) bot() *replica {
	env.t.Helper()
	return env.start(env.config(), app.Options{})
}

func texts(messages []slacktest.Message) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString("\n  " + m.Via + " " + m.Text)
	}
	return b.String()
}

// link is where the card's button leads; empty for a message that is no card.
func link(m slacktest.Message) string {
	var blocks []struct {
		Elements []struct {
			URL string `json:"url"`
		} `json:"elements"`
	}
	_ = json.Unmarshal(m.Blocks, &blocks)
	for _, b := range blocks {
		for _, e := range b.Elements {
			if e.URL != "" {
				return e.URL
			}
		}
	}
	return ""
}

// wantCard fails the test unless the message is a card, for that user or, if it is empty, for everybody.
func wantCard(t testing.TB, m slacktest.Message, to string) string {
	t.Helper()
	url := link(m)
	if url == "" || !strings.HasPrefix(url, "https://teams.microsoft.com/") {
		t.Fatalf("not a card: %s", m.Text)
	}
	if m.To != to {
		t.Errorf("card is for %q, want %q (empty: everybody)", m.To, to)
	}
	return url
}

// wantWords fails the test unless the message has these words for that user alone, and no link.
func wantWords(t testing.TB, m slacktest.Message, to, words string) {
	t.Helper()
	if !strings.Contains(m.Text, words) {
		t.Errorf("message is %q, want it to hold %q", m.Text, words)
	}
	if m.To != to {
		t.Errorf("message is for %q, want %q", m.To, to)
	}
	if url := link(m); url != "" {
		t.Errorf("message has the link %s", url)
	}
}

// wantMeetings returns Graph's meetings, and fails the test unless there are so many.
func (env *environment) wantMeetings(n int) []graphtest.Meeting {
	env.t.Helper()
	all := env.Graph.Meetings()
	if len(all) != n {
		env.t.Errorf("Graph holds %d meetings, want %d: %+v", len(all), n, all)
	}
	return all
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
		time.Sleep(10 * time.Millisecond) // between two looks at the condition
	}
}

func get(t testing.TB, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// quick are timings that make a test of repetition bearable: the same order of magnitudes, a tenth of the wait.
func quick() app.Options {
	return app.Options{
		Timing: bot.Timing{Attempt: time.Second, SlotWait: 200 * time.Millisecond, Reclaim: 100 * time.Millisecond},
		Idle:   1500 * time.Millisecond,
	}
}

// trap is a host that must never be called.
type trap struct {
	*httptest.Server
	count atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	tr := &trap{}
	tr.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { tr.count.Add(1) }))
	t.Cleanup(tr.Close)
	return tr
}

func (tr *trap) hits() int64 { return tr.count.Load() }

// asReplica makes the test binary a replica: `serve` in a process of its own, which a test can kill for real.
const asReplica = "MEETBOT_TEST_REPLICA_CA"

func TestMain(m *testing.M) {
	if ca := os.Getenv(asReplica); ca != "" {
		os.Exit(replicaProcess(ca))
	}
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if code == 0 {
		if err := goleak.Find(lingering, redialling); err != nil {
			fmt.Fprintln(os.Stderr, "something outlives the tests:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// deadLetters is the list that an operator sees.
func (env *environment) deadLetters() string {
	env.t.Helper()
	var list strings.Builder
	if err := app.ListDeadLetters(env.t.Context(), env.config(), app.Operation{Out: &list}, 50); err != nil {
		env.t.Fatal(err)
	}
	return list.String()
}

// flush empties Redis, as its loss would.
func (env *environment) flush() {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	if err := client.FlushAll(env.t.Context()).Err(); err != nil {
		env.t.Fatal(err)
	}
}

// done is all that the bot has ever done outside itself: what it keeps in Redis, and whom it called. That a card was
// shown lately is left out, for it goes away by itself, and so is what the doctor is told of requests.
func (env *environment) done() string {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	ctx := env.t.Context()
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil {
		env.t.Fatal(err)
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		if strings.Contains(key, "}:s:") || strings.Contains(key, ":{requests:") { // the latter count what was refused
			continue
		}
		kind, err := client.Type(ctx, key).Result()
		var value any
		switch {
		case err != nil:
		case kind == "stream": // its consumers leave traces just by looking
			value, err = client.XRange(ctx, key, "-", "+").Result()
		case kind == "set":
			var members []string
			members, err = client.SMembers(ctx, key).Result()
			slices.Sort(members)
			value = members
		case kind == "zset":
			value, err = client.ZRangeWithScores(ctx, key, 0, -1).Result()
		default:
			value, err = client.Get(ctx, key).Result()
		}
		if err != nil {
			env.t.Fatalf("%s: %v", key, err)
		}
		fmt.Fprintf(&b, "%s: %q\n", key, fmt.Sprint(value))
	}
	fmt.Fprintf(&b, "calls: Slack %d, Entra %d, Graph %d\n", len(env.Slack.Calls()), env.Entra.Requests(),
		len(env.Graph.Calls()))
	if env.Teams != nil {
		fmt.Fprintf(&b, "calls of Teams: %d\n", len(env.Teams.Calls()))
	}
	return b.String()
}

// wantNothingDone fails the test if the attack makes the bot write to Redis or call anybody.
func (env *environment) wantNothingDone(attack func()) {
	env.t.Helper()
	before := env.done()
	attack()
	if after := env.done(); after != before {
		env.t.Errorf("something came of it; before:\n%s\nafter:\n%s", before, after)
	}
}
