// Package store keeps in Redis what all replicas must agree on: which meeting each conversation has, which claim is
// pending, which of its cards can be changed, its lasting link, what is due when, who chat users are in Entra, which
// accepted jobs are not done, which upstream asked to be left alone, and the key of calendar files.
//
// Call [Open] first, with a Redis URL and a name for this process, and [Store.Close] last. A [Store] satisfies
// [bot.Conversations], [bot.PostedCards], [bot.Links], [bot.Schedule], [bot.CalendarKeys], [bot.Identities],
// [bot.Queue] and [bot.Limiter], and is safe for concurrent use. The example shows how a conversation gets its meeting:
// claim, complete, announce.
//
// It promises:
//
//   - Every method is safe to repeat, and one atomic step, but for TakeDue and Link, whose comments tell what a crash
//     leaves. It works with Redis 7.0 and later, on one server, behind
//     Sentinel and on a Cluster, and needs no module.
//   - Every call ends within [Budget], whatever Redis does. A repeat of a command is one round trip.
//   - An error is a *[bot.Error], other than the sentinel errors that a method documents. Its code is
//     [bot.Unavailable], or [bot.UnreadableRecord] for what is stored in a form that this release cannot read. It holds
//     no password, and nothing of a record.
//   - Data of earlier releases is read and kept: see testdata/upgrade. They understand what this one writes, so both
//     may run beside each other during an update. What a later release adds to a meeting's record stays there.
//
// It imports package bot, and nothing else of this module. The scripts are in scripts/*.lua, the names of keys in
// keys.go, the forms of the records in records.go, shorten.go, cards.go, places.go and job_records.go.
package store

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// Budget is the time within which every call ends, with connecting and repeating.
const Budget = time.Second

// Idle is how long nobody must have worked on a job before another replica reclaims it: longer than an attempt may
// take.
const Idle = 15 * time.Second

// connectionBuffer is the size of each of a connection's two buffers, in bytes: enough for a common command or its
// answer.
const connectionBuffer = 8 << 10

// consumerLifetime is how long a consumer of the job group may be unseen before it is deleted.
const consumerLifetime = 24 * time.Hour

// Options tune a store.
type Options struct {
	// Replica names this process among all that share the Redis; no two may have the same name at the same time.
	Replica string
	// RootCAs vouch for the server of a rediss:// URL; nil for the system's.
	RootCAs *x509.CertPool
	// TLSFiles are for a rediss:// URL.
	TLSFiles TLSFiles
	// Credentials, where there are some, count in place of the user and the password for the server in the URL.
	Credentials *Credentials
	// Prefix is the first part of every key, as CheckPrefix takes it; empty for DefaultPrefix. Stores with different
	// prefixes on one Redis see nothing of each other.
	Prefix string
	// Idle replaces the constant of the same name; 0 for that one.
	Idle time.Duration
	// Names tells the other names of a conversation; nil for a bot whose conversations have one name each.
	Names Names
}

// Store is Redis as the bot sees it. It is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	replica string
	idle    time.Duration
	names   Names
	keys    keyspace

	// Of the URL, for those who look for a mistake in it.
	addresses []string
	user      string
	database  int
	tls       bool

	// What was read lately. Where people talk, the same records are read again and again, and decoding them is a large
	// part of what a repeat costs. Redis is asked every time: a record that differs from the last one is decoded anew.
	conversations *lru.Cache[bot.Conversation, *conversationRead]
	identities    *lru.Cache[bot.Asker, *identityRead]
	homes         *lru.Cache[bot.Conversation, knownHome] // of those that were found under another name

	deadlines deadlines

	mu     sync.Mutex
	cursor string // where the next Reclaim goes on looking
}

// keptRecords is how many records of a kind are kept decoded, of about 2 KB each.
const keptRecords = 2048

var (
	_ bot.Conversations = (*Store)(nil)
	_ bot.Identities    = (*Store)(nil)
	_ bot.Queue         = (*Store)(nil)
	_ bot.PostedCards   = (*Store)(nil)
	_ bot.Schedule      = (*Store)(nil)
	_ bot.Links         = (*Store)(nil)
	_ bot.CalendarKeys  = (*Store)(nil)
)

// Open prepares a store. It dials nothing before the first call, and Redis need not be up yet. It returns an error if
// the replica has no name, or if the URL is none of these forms, each also with rediss:// for TLS:
//
//	redis://[user:password@]host:port/db                                     one server
//	redis://[user:password@]host:port/db?master_name=name[&addr=host:port…]  Sentinel
//	redis://[user:password@]host:port?addr=host:port[&addr=…]                Cluster
//	redis://[user:password@]host:port?cluster=true                           Cluster with a single seed address
//
// &server_name=… of a rediss:// URL is the one name that the certificates of all servers are for; without it, a
// server's certificate is for its own name, or for the first one of the URL.
//
// With Sentinel, user and password are those of the sentinels; those of the server go into &username=…&password=….
// The query parameters of go-redis about the size and age of the connection pool work too. The timeouts are the store's
// own, and the server's certificate is always checked.
func Open(rawURL string, o Options) (*Store, error) {
	if o.Replica == "" {
		return nil, errors.New("open store: the replica has no name")
	}
	if err := CheckPrefix(cmp.Or(o.Prefix, DefaultPrefix)); err != nil {
		return nil, fmt.Errorf("open store: prefix: %w", err)
	}
	if o.Idle == 0 {
		o.Idle = Idle
	}
	options, err := parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	limitWaiting(options, o.RootCAs, o.TLSFiles)
	if o.Credentials != nil {
		options.StreamingCredentialsProvider = provider{o.Credentials}
	}
	conversations, err := lru.New[bot.Conversation, *conversationRead](keptRecords)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	identities, err := lru.New[bot.Asker, *identityRead](keptRecords)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	homes, err := lru.New[bot.Conversation, knownHome](keptRecords)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	redis.SetLogger(debugLogger{})
	return &Store{
		client: redis.NewUniversalClient(options), replica: o.Replica, idle: o.Idle, cursor: "-",
		keys:      keyspace(cmp.Or(o.Prefix, DefaultPrefix)),
		addresses: options.Addrs, user: options.Username, database: options.DB, tls: options.TLSConfig != nil,
		conversations: conversations, identities: identities, homes: homes, names: o.Names,
	}, nil
}

// Ping tells whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.withBudget(ctx, "ping", func(ctx context.Context) error { return s.client.Ping(ctx).Err() })
}

// Close takes this replica out of the job group and closes the connections. If jobs in its name are left, it stays in
// the group, for others to reclaim them. Close also deletes consumers that have no job and were not seen for a day,
// such as replicas that were killed.
func (s *Store) Close() error {
	left := s.withBudget(context.Background(), "leave the job group", func(ctx context.Context) error {
		return leaveScript.Run(ctx, s.client, []string{s.keys.stream()}, jobGroup, s.replica,
			consumerLifetime.Milliseconds()).Err()
	})
	if err := s.client.Close(); err != nil {
		return errors.Join(left, fmt.Errorf("close store: %w", err))
	}
	return left
}

// withBudget runs call with a context that ends within the budget, and gives its error the form that the package
// promises.
func (s *Store) withBudget(ctx context.Context, doing string, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	if err := call(ctx); err != nil {
		return unavailable(doing, err)
	}
	return nil
}

// unavailable gives an error the form that the package promises. doing says what was being done.
func unavailable(doing string, err error) error {
	if isUnreadable(err) {
		return err
	}
	if _, answered := errors.AsType[redis.Error](err); answered {
		// Redis quotes the arguments of a command that it does not know, and they may hold a join link.
		if text, _, quotes := strings.Cut(err.Error(), ", with args"); quotes {
			err = errors.New(text)
		}
	}
	return &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s in Redis: %w", doing, err)}
}

// debugLogger logs what go-redis would print to stderr. The calls concerned return errors of their own.
type debugLogger struct{}

func (debugLogger) Printf(ctx context.Context, format string, v ...any) {
	slog.DebugContext(ctx, "redis client: "+fmt.Sprintf(format, v...))
}
