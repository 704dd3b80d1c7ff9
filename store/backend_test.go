package store_test

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/store"
)

// backend is one of the servers that the store must work with.
type backend struct {
	url string        // of the user that the store is
	all string        // of a user that may do everything
	raw *redis.Client // looks behind the store's back
}

// servers are what everywhere runs a test on: the miniredis of the demo and, with the tag integration, a real
// redis-server. Each returns the URL of a server of the test's own.
var servers = map[string]func(*testing.T) string{
	"miniredis": func(t *testing.T) string { return "redis://" + miniredis.RunT(t).Addr() },
}

// least are the servers that know users, and what makes there the user with the least rights: it returns the URL that
// the store has to get along with.
var least = map[string]func(*testing.T, backend) string{}

// everywhere runs a test of behaviour on each of the servers.
func everywhere(t *testing.T, test func(t *testing.T, b backend)) {
	t.Helper()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			b := backendAt(t, start(t))
			if restrict := least[name]; restrict != nil {
				b.url = restrict(t, b)
			}
			test(t, b)
		})
	}
}

// restrictTo makes a user with the rights that acl gives for the usual prefix, and returns the server's URL for it.
func restrictTo(t *testing.T, b backend, user string, acl func(user, prefix string) string) string {
	t.Helper()
	var args []any
	for word := range strings.FieldsSeq(strings.ReplaceAll(acl(user, ""), "PASSWORD", "hunter2")) {
		args = append(args, word)
	}
	no(t, b.raw.Do(t.Context(), args...).Err())
	return strings.Replace(b.all, "redis://", "redis://"+user+":hunter2@", 1)
}

func backendAt(t *testing.T, url string) backend {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	raw := redis.NewClient(o)
	t.Cleanup(func() { _ = raw.Close() })
	return backend{url: url, all: url, raw: raw}
}

// open opens a store as the replica of this name. Its jobs may be taken over after 20 ms.
func (b backend) open(t *testing.T, replica string) *store.Store {
	t.Helper()
	return open(t, b.url, store.Options{Replica: replica, Idle: 20 * time.Millisecond})
}

func open(t *testing.T, url string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// channel returns a channel that no other test uses.
func channel() bot.Conversation {
	return bot.Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: "C" + rand.Text()[:10]}
}

func thread(c bot.Conversation, root string) bot.Conversation {
	c.Thread = root
	return c
}

// meetingFor is what Graph makes of a claim.
func meetingFor(claim bot.Claim) bot.Meeting {
	return bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{JoinURL: "https://teams.example/join/" + claim.ID, Subject: claim.Request.Subject},
		ExternalID:    claim.Request.ExternalID, Organizer: claim.Organizer, Language: claim.Language,
	}
}

// eventually calls try until it succeeds; the test fails if it does not within some seconds.
func eventually(t *testing.T, what string, try func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !try() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: did not happen", what)
		}
	}
}

// all wants every job.
func all(bot.Lease) bool { return true }

func no(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// calls returns how often the server was told each command since the last CONFIG RESETSTAT, by itself or by a script.
func calls(t *testing.T, raw *redis.Client, command string) int {
	t.Helper()
	stats := raw.InfoMap(t.Context(), "commandstats")
	no(t, stats.Err())
	line := stats.Item("Commandstats", "cmdstat_"+command)
	const label = "calls="
	if len(line) < len(label) {
		return 0
	}
	digits := line[len(label):]
	for i, r := range digits {
		if r < '0' || r > '9' {
			digits = digits[:i]
			break
		}
	}
	n, err := strconv.Atoi(digits)
	no(t, err)
	return n
}

// reading is one reading of a conversation, by whichever of the store's methods it takes.
type reading struct {
	Root     string    // link the thread under this message first; empty for none
	Announce string    // the request that is about to show the card; empty for a mere Read
	Asker    bot.Asker // whose identity is read along
}

func read(ctx context.Context, s bot.Conversations, c bot.Conversation, r reading) (bot.State, error) {
	if r.Root != "" {
		if err := s.LinkThread(ctx, c.InChannel(), r.Root); err != nil {
			return bot.State{}, err
		}
	}
	if r.Announce != "" {
		return s.Announce(ctx, c, r.Announce, r.Asker)
	}
	return s.Read(ctx, c, r.Asker)
}
