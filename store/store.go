// Package store keeps in Redis what all replicas must agree on: which meeting each conversation has, which claim is
// being carried out, who chat users are, and which accepted jobs are not done.
//
// A [Store] satisfies [bot.Conversations], [bot.Identities] and [bot.Queue]. It promises: every method is one atomic
// step that is safe to repeat; every call ends within [Budget], whatever Redis does; an error is a *[bot.Error] of
// code [bot.Unavailable], other than the sentinel errors that a method documents, and holds no password. It works with
// Redis 7.0 and later, alone, behind Sentinel or as a Cluster, and needs no module.
//
// Scripts live in scripts/*.lua, the names of keys in keys.go, the form of records in records.go.
package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"meetbot/bot"
)

// Budget is the time within which every call ends, connecting and repeating included.
const Budget = time.Second

// Idle is how long nobody may have worked on a job before another replica takes it over: longer than an attempt may
// take.
const Idle = 15 * time.Second

// connectionBuffer is the size of each of a connection's two buffers, in bytes: enough for every common command and its
// answer.
const connectionBuffer = 8 << 10

// gone is how long a consumer of the job group must not have been seen before it is cleared away.
const gone = 24 * time.Hour

// Options tune a store.
type Options struct {
	// Replica names this process among all that share the Redis; no two may have the same name at the same time.
	Replica string
	// RootCAs vouch for the server of a rediss:// URL; nil for the system's.
	RootCAs *x509.CertPool
	// Prefix is the first part of every key, as CheckPrefix takes it; empty for DefaultPrefix. Stores with different
	// prefixes on one Redis see nothing of each other.
	Prefix string
	// Idle replaces the constant of the same name; 0 for that one.
	Idle time.Duration
}

// Store is Redis as the bot sees it. It is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	replica string
	idle    time.Duration
	keys    keyspace

	// What was read lately: where people talk, the same records are read again and again, and decoding them is a large
	// part of what a repeat costs. Redis is asked all the same; a record that is another one than last time is decoded
	// anew.
	conversations *lru.Cache[bot.Conversation, *conversationRead]
	identities    *lru.Cache[bot.Asker, *identityRead]

	mu     sync.Mutex
	cursor string // where the next takeover goes on looking
}

// keptRecords is how many records of a kind are kept decoded, of about 2 KB each.
const keptRecords = 2048

var (
	_ bot.Conversations = (*Store)(nil)
	_ bot.Identities    = (*Store)(nil)
	_ bot.Queue         = (*Store)(nil)
)

// Open prepares a store; nothing is dialled until the first call, and a Redis that is away now may come later. The
// forms of rawURL, each also with rediss:// for TLS:
//
//	redis://[user:password@]host:port/db                                     one server
//	redis://[user:password@]host:port/db?master_name=name[&addr=host:port…]  Sentinel
//	redis://[user:password@]host:port?addr=host:port[&addr=…]                Cluster
//	redis://[user:password@]host:port?cluster=true                           Cluster with a single seed address
//
// With Sentinel, user and password are the sentinels'; the server's go into &username=…&password=….
//
// Of the further query parameters of go-redis those about the size and age of the connection pool are honoured; the
// timeouts are the store's own, and there is no way to do without checking the server's certificate.
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
	bound(options, o.RootCAs)
	conversations, err := lru.New[bot.Conversation, *conversationRead](keptRecords)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	identities, err := lru.New[bot.Asker, *identityRead](keptRecords)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	redis.SetLogger(debugLogger{})
	return &Store{
		client: redis.NewUniversalClient(options), replica: o.Replica, idle: o.Idle, cursor: "-",
		keys:          keyspace(cmp.Or(o.Prefix, DefaultPrefix)),
		conversations: conversations, identities: identities,
	}, nil
}

// CheckURL tells whether Open would take the URL. Its error quotes nothing of it.
func CheckURL(rawURL string) error {
	_, err := parse(rawURL)
	return err
}

// errURL quotes nothing of the URL: wherever a badly written one breaks, the piece may hold the password.
var errURL = errors.New(`not a Redis URL; wanted for example "redis://localhost:6379/0", ` +
	`"rediss://user:password@host:6379/0", ` +
	`"redis://sentinel:26379/0?master_name=main" or "redis://node:6379?cluster=true", ` +
	`with the special characters of a password percent-encoded and no parameters that go-redis does not know`)

// parse reads the forms that Open documents.
func parse(rawURL string) (*redis.UniversalOptions, error) {
	u, err := url.Parse(rawURL)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Host == "" {
		return nil, errURL
	}
	query := u.Query()
	if query.Has("skip_verify") { // a password would be told to whoever answers
		return nil, errURL
	}
	cluster := query.Get("cluster") == "true" || query.Has("addr")
	query.Del("cluster")
	u.RawQuery = query.Encode()
	switch {
	case query.Has("master_name"):
		o, err := redis.ParseFailoverURL(u.String())
		if err != nil || o.MasterName == "" {
			return nil, errURL
		}
		return &redis.UniversalOptions{
			MasterName: o.MasterName, Addrs: o.SentinelAddrs, DB: o.DB, TLSConfig: o.TLSConfig,
			Username: o.Username, Password: o.Password, SentinelUsername: o.SentinelUsername,
			SentinelPassword: o.SentinelPassword,
			ClientName:       o.ClientName, Protocol: o.Protocol, PoolSize: o.PoolSize, MinIdleConns: o.MinIdleConns,
			MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns, ConnMaxIdleTime: o.ConnMaxIdleTime,
			ConnMaxLifetime: o.ConnMaxLifetime,
		}, nil
	case cluster:
		o, err := redis.ParseClusterURL(u.String())
		if err != nil || strings.Trim(u.Path, "/0") != "" { // a cluster has no database but 0
			return nil, errURL
		}
		return &redis.UniversalOptions{
			IsClusterMode: true, Addrs: o.Addrs, TLSConfig: o.TLSConfig, Username: o.Username, Password: o.Password,
			ClientName: o.ClientName, Protocol: o.Protocol, PoolSize: o.PoolSize, MinIdleConns: o.MinIdleConns,
			MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns, ConnMaxIdleTime: o.ConnMaxIdleTime,
			ConnMaxLifetime: o.ConnMaxLifetime,
		}, nil
	default:
		o, err := redis.ParseURL(u.String())
		if err != nil {
			return nil, errURL
		}
		return &redis.UniversalOptions{
			Addrs: []string{o.Addr}, DB: o.DB, TLSConfig: o.TLSConfig, Username: o.Username, Password: o.Password,
			ClientName: o.ClientName, Protocol: o.Protocol, PoolSize: o.PoolSize, MinIdleConns: o.MinIdleConns,
			MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns, ConnMaxIdleTime: o.ConnMaxIdleTime,
			ConnMaxLifetime: o.ConnMaxLifetime,
		}, nil
	}
}

// bound makes the client keep the budget: without ContextTimeoutEnabled it waits for an answer longer than the
// context allows, and its own TLS dialer does not heed the context at all.
func bound(o *redis.UniversalOptions, roots *x509.CertPool) {
	o.ContextTimeoutEnabled = true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = Budget, Budget, Budget, Budget
	o.DialerRetries = 1
	o.MaxRetries = 1 // a connection that died while idle is found out by using it
	if o.IsClusterMode {
		o.MaxRetries = 0 // there the client repeats while it follows redirections
	}
	o.MinRetryBackoff, o.MaxRetryBackoff = 10*time.Millisecond, 100*time.Millisecond
	o.PipelinePoolSize = -1 // one pool for everything
	o.ReadBufferSize, o.WriteBufferSize = connectionBuffer, connectionBuffer
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if o.Protocol == 0 {
		o.Protocol = 2 // nothing here needs the pushes of 3, for which the client looks before and after every command
	}

	dialer := &net.Dialer{Timeout: Budget, KeepAlive: 30 * time.Second}
	o.Dialer = dialer.DialContext
	if o.TLSConfig != nil {
		o.TLSConfig.MinVersion = tls.VersionTLS12
		if roots != nil {
			o.TLSConfig.RootCAs = roots
		}
		o.Dialer = (&tls.Dialer{NetDialer: dialer, Config: o.TLSConfig}).DialContext
	}
}

// Ping tells whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.within(ctx, "ping", func(ctx context.Context) error { return s.client.Ping(ctx).Err() })
}

// Close takes this replica out of the job group, unless jobs in its name are left for the others to take over, and
// closes the connections. Along with it go replicas that left no job and were not seen for a day, as one does that was
// killed; until then their names stay in the group, some hundred bytes each.
func (s *Store) Close() error {
	left := s.within(context.Background(), "leave the job group", func(ctx context.Context) error {
		return leaveScript.Run(ctx, s.client, []string{s.keys.stream()}, jobGroup, s.replica, gone.Milliseconds()).Err()
	})
	if err := s.client.Close(); err != nil {
		return errors.Join(left, fmt.Errorf("close store: %w", err))
	}
	return left
}

// within runs call under the budget and gives its error the form that the package promises.
func (s *Store) within(ctx context.Context, doing string, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	if err := call(ctx); err != nil {
		return unavailable(doing, err)
	}
	return nil
}

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

// debugLogger takes what go-redis would print to stderr; the calls that suffer return errors of their own.
type debugLogger struct{}

func (debugLogger) Printf(ctx context.Context, format string, v ...any) {
	slog.DebugContext(ctx, "redis client: "+fmt.Sprintf(format, v...))
}
