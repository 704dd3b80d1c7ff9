package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// The tenant, the app and the channels of the tests.
const (
	tenantID     = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	clientID     = "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01"
	clientSecret = "a-client-secret-that-must-not-leak"

	general = "C0GENERAL"
	design  = "C0DESIGN"

	ann, ben, caio = "U0ANN", "U0BEN", "U0CAIO"
	annID          = "a1111111-0000-4000-8000-000000000001"
	benID          = "b2222222-0000-4000-8000-000000000002"
	caioID         = "c3333333-0000-4000-8000-000000000003"
	serviceID      = "e5555555-0000-4000-8000-000000000005"
	serviceUPN     = "meetings@contoso.example"
)

// world is everything outside the bot: a real Redis, and Slack, Entra and Graph on the wire.
type world struct {
	t     testing.TB
	redis *redistest.Server // nil in a world without one
	slack *slacktest.Server
	teams *teamstest.Server // nil: see withTeams
	entra *entratest.Server
	graph *graphtest.Server
	logs  *logBook
}

// newWorld starts a world with Ann and Ben, who speak English, and Caio, who speaks Portuguese.
func newWorld(t testing.TB, o slacktest.Options) *world {
	t.Helper()
	w := newWorldWithoutRedis(t, o)
	w.redis = redistest.Start(t, redistest.Options{AOF: true})
	return w
}

// newWorldWithoutRedis is newWorld for a test that brings a Redis of its own.
func newWorldWithoutRedis(t testing.TB, o slacktest.Options) *world {
	t.Helper()
	w := &world{t: t, logs: &logBook{}}
	var err error
	if w.slack, err = slacktest.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.slack.Close)
	if w.entra, err = entratest.New(entratest.Options{TenantID: tenantID, ClientID: clientID, ClientSecret: clientSecret}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.entra.Close)
	if w.graph, err = graphtest.New(graphtest.Options{Entra: w.entra}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.graph.Close)
	w.slack.AddChannel(slacktest.Channel{ID: general, Name: "general"})
	w.slack.AddChannel(slacktest.Channel{ID: design, Name: "design"})
	w.person(ann, "ann", "en-US", annID)
	w.person(ben, "ben", "en-GB", benID)
	w.person(caio, "caio", "pt-BR", caioID)
	return w
}

// person adds a member of the workspace who is that Entra user.
func (w *world) person(slackID, name, locale, entraID string) {
	w.t.Helper()
	email := name + "@contoso.example"
	w.slack.AddUser(slacktest.User{ID: slackID, Name: name, RealName: name, Email: email, EmailConfirmed: true, Locale: locale})
	w.entraUser(graphtest.User{ID: entraID, UPN: email, Mail: email, DisplayName: strings.ToUpper(name[:1]) + name[1:] + " Example", DialIn: true})
}

func (w *world) entraUser(u graphtest.User) {
	w.t.Helper()
	if err := w.graph.AddUser(u); err != nil {
		w.t.Fatal(err)
	}
}

// config is the ordinary configuration that reaches this world.
func (w *world) config() Config {
	redisURL := ""
	if w.redis != nil {
		redisURL = w.redis.URL()
	}
	return Config{
		HTTPAddr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", RedisURL: redisURL,
		SlackSigningSecret: w.slack.SigningSecret(), SlackBotToken: w.slack.BotToken(), SlackAPIURL: w.slack.APIURL(),
		TenantID: tenantID, ClientID: clientID, ClientSecret: clientSecret,
		AuthorityHost: w.entra.URL(), GraphBaseURL: w.graph.BaseURL(),
		Organizer: "requester", AllowGuests: "false", Locale: "en", LogLevel: "debug", LogFormat: "json",
	}
}

// replica is a running bot and the means to end it.
type replica struct {
	*Replica
	stop func() error // orderly; returns what Run returned
}

// start runs a replica with this configuration until the test ends.
func (w *world) start(c Config, in Surroundings) *replica {
	w.t.Helper()
	if err := c.Check(); err != nil {
		w.t.Fatal(err)
	}
	in.RootCAs = w.entra.RootCAs()
	if in.Name == "" {
		in.Name = token()
	}
	r, err := NewReplica(w.t.Context(), c, in, logger(c, w.logs))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	w.t.Cleanup(func() { _ = stop() })
	if err := waitReady(w.t.Context(), r.URL()); err != nil {
		w.t.Fatal(err)
	}
	return &replica{Replica: r, stop: stop}
}

// bot runs a replica with the ordinary configuration.
func (w *world) bot() *replica {
	w.t.Helper()
	return w.start(w.config(), Surroundings{})
}

// meet runs /meet and returns what Slack posted of the answer.
func (w *world) meet(r *replica, user, channel, text string) slacktest.Message {
	w.t.Helper()
	a := w.command(r, user, channel, text)
	if a.Message == nil {
		w.t.Fatalf("/meet %s by %s in %s: Slack posted nothing; HTTP %d, problem %q, body %s", text, user, channel, a.Status, a.Problem, a.Body)
	}
	return *a.Message
}

func (w *world) command(r *replica, user, channel, text string) slacktest.Answer {
	w.t.Helper()
	a, err := w.slack.Command(w.t.Context(), r.URL(), slacktest.Command{User: user, Channel: channel, Text: text})
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Problem != "" {
		w.t.Fatalf("/meet %s by %s in %s: Slack shows the problem %q; body %s", text, user, channel, a.Problem, a.Body)
	}
	return a
}

// mention mentions the bot and returns the user's message.
func (w *world) mention(r *replica, user, channel, thread, text string) slacktest.Delivery {
	w.t.Helper()
	d, err := w.slack.Mention(w.t.Context(), r.URL(), slacktest.Mention{
		User: user, Channel: channel, ThreadTS: thread, Text: strings.TrimSpace("<@" + w.slack.BotUser() + "> " + text),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if n := len(d.Attempts); n == 0 || d.Attempts[n-1] != http.StatusOK {
		w.t.Fatalf("mention %q was answered with %v", text, d.Attempts)
	}
	return d
}

// next waits for a message of the bot's in the channel that is none of those already seen.
func (w *world) next(channel string, seen []slacktest.Message, match func(slacktest.Message) bool) slacktest.Message {
	w.t.Helper()
	old := map[string]bool{}
	for _, m := range seen {
		old[m.TS] = true
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	m, err := w.slack.WaitFor(ctx, channel, func(m slacktest.Message) bool {
		return !old[m.TS] && m.Via != "user" && (match == nil || match(m))
	})
	if err != nil {
		w.t.Fatalf("no such message in %s: %v; there are %s", channel, err, texts(w.slack.Messages(channel)))
	}
	return m
}

// asks mentions the bot and returns its answer in the channel.
func (w *world) asks(r *replica, user, channel, thread, text string) slacktest.Message {
	w.t.Helper()
	seen := w.slack.Messages(channel)
	w.mention(r, user, channel, thread, text)
	return w.next(channel, seen, nil)
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
func (w *world) wantMeetings(n int) []graphtest.Meeting {
	w.t.Helper()
	all := w.graph.Meetings()
	if len(all) != n {
		w.t.Errorf("Graph holds %d meetings, want %d: %+v", len(all), n, all)
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
func quick() Surroundings {
	return Surroundings{
		Timing: bot.Timing{Attempt: time.Second, SlotWait: 200 * time.Millisecond, Reclaim: 100 * time.Millisecond},
		Idle:   1500 * time.Millisecond,
	}
}

// logBook keeps what was logged.
type logBook struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// tail is the end of what was logged.
func (l *logBook) tail() string {
	all := l.String()
	return all[max(0, len(all)-2000):]
}

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

// flush empties Redis, as its loss would.
func (w *world) flush() {
	w.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: w.redis.Addr()})
	defer func() { _ = client.Close() }()
	if err := client.FlushAll(w.t.Context()).Err(); err != nil {
		w.t.Fatal(err)
	}
}

// done is all that the bot has ever done to the world: what it keeps in Redis, and whom it called. That a card was shown
// lately is left out, for it goes away by itself.
func (w *world) done() string {
	w.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: w.redis.Addr()})
	defer func() { _ = client.Close() }()
	ctx := w.t.Context()
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(keys)
	var b strings.Builder
	for _, key := range keys {
		if strings.Contains(key, "}:s:") {
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
			w.t.Fatalf("%s: %v", key, err)
		}
		fmt.Fprintf(&b, "%s: %q\n", key, fmt.Sprint(value))
	}
	fmt.Fprintf(&b, "calls: Slack %d, Entra %d, Graph %d\n", len(w.slack.Calls()), w.entra.Requests(), len(w.graph.Calls()))
	if w.teams != nil {
		fmt.Fprintf(&b, "calls of Teams: %d\n", len(w.teams.Calls()))
	}
	return b.String()
}

// wantNothingDone fails the test if the attack makes the bot write to Redis or call anybody.
func (w *world) wantNothingDone(attack func()) {
	w.t.Helper()
	before := w.done()
	attack()
	if after := w.done(); after != before {
		w.t.Errorf("something came of it; before:\n%s\nafter:\n%s", before, after)
	}
}
