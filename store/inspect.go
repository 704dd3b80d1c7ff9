package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Known is the answer to a question that Redis may leave open.
type Known int

// The answers. A managed Redis does not tell everything of its configuration.
const (
	Unknown Known = iota
	No
	Yes
)

// Server is what a Redis says of itself, as far as it matters to the bot.
type Server struct {
	Told       bool          // INFO was answered; what follows it says nothing otherwise, but for the times
	Version    string        // "7.0.15"
	Major      int           // 7
	Replica    bool          // it is a replica
	Replicas   int           // how many replicas it has
	Eviction   string        // maxmemory-policy; empty if it does not say
	MaxMemory  int64         // in bytes; 0 for no limit, or if it does not say
	UsedMemory int64         // in bytes
	AppendOnly bool          // it keeps an append-only file
	Snapshots  Known         // it saves snapshots by itself
	Database   int           // the number of the database that this store uses
	Others     map[int]int   // number of keys in the other databases that hold any
	Used       bool          // the store's own queue is there: a bot has used this prefix in this database
	Ahead      time.Duration // Redis' clock before this machine's; negative behind it
	RoundTrip  time.Duration // of the quickest of several commands
}

// clockLooks is how often Redis is asked for its time: the quickest answer is the one that tells most.
const clockLooks = 5

// Inspect asks Redis about itself. It changes nothing, and needs no more rights than the store does; what Redis does
// not tell is left out. The error says that Redis gave no usable answer: see [TroubleOf].
func (s *Store) Inspect(ctx context.Context) (Server, error) {
	var server Server
	err := s.withBudget(ctx, "inspect", func(ctx context.Context) error {
		if err := s.client.Ping(ctx).Err(); err != nil { // so that a connection is there
			return err
		}
		for range clockLooks {
			before := time.Now()
			theirs, err := s.client.Time(ctx).Result()
			took := time.Since(before)
			if err != nil {
				return nil // the user may not ask; the rest is worth knowing
			}
			if server.RoundTrip == 0 || took < server.RoundTrip {
				server.RoundTrip = took
				server.Ahead = theirs.Sub(before.Add(took / 2)).Round(time.Millisecond)
			}
		}
		return nil
	})
	if err != nil {
		return server, err
	}
	err = s.withBudget(ctx, "inspect", func(ctx context.Context) error {
		if text, err := s.client.Info(ctx).Result(); err == nil {
			server.read(text)
		}
		if there, err := s.client.Exists(ctx, s.keys.stream()).Result(); err == nil {
			server.Used = there > 0
		}
		if save, err := s.client.ConfigGet(ctx, "save").Result(); err == nil && len(save) > 0 {
			server.Snapshots = No
			if save["save"] != "" {
				server.Snapshots = Yes
			}
		}
		return nil
	})
	server.Database = s.database
	delete(server.Others, s.database)
	return server, err
}

// read reads the answer to INFO.
func (s *Server) read(info string) {
	s.Told = true
	number := func(text string) int64 {
		n, _ := strconv.ParseInt(text, 10, 64)
		return n
	}
	for line := range strings.Lines(info) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		switch name {
		case "redis_version":
			s.Version = value
			major, _, _ := strings.Cut(value, ".")
			s.Major = int(number(major))
		case "role":
			s.Replica = value == "slave"
		case "connected_slaves":
			s.Replicas = int(number(value))
		case "maxmemory_policy":
			s.Eviction = value
		case "maxmemory":
			s.MaxMemory = number(value)
		case "used_memory":
			s.UsedMemory = number(value)
		case "aof_enabled":
			s.AppendOnly = value == "1"
		}
		if database, isDatabase := strings.CutPrefix(name, "db"); isDatabase {
			keys, _, _ := strings.Cut(strings.TrimPrefix(value, "keys="), ",")
			if n, err := strconv.Atoi(database); err == nil && strings.HasPrefix(value, "keys=") {
				if s.Others == nil {
					s.Others = map[int]int{}
				}
				s.Others[n] = int(number(keys))
			}
		}
	}
}

// Trouble is why Redis gives no usable answer, where the cause is known.
type Trouble string

// The causes that [TroubleOf] knows.
const (
	TroublePassword    Trouble = "password"    // WRONGPASS: user or password are wrong, or the user is switched off
	TroubleNoPassword  Trouble = "no password" // NOAUTH: Redis wants a password, and the URL has none
	TroubleDatabase    Trouble = "database"    // there is no database with this number
	TroubleNoRights    Trouble = "no rights"   // NOPERM, already for the first command
	TroubleLoading     Trouble = "loading"     // it reads its data, and answers soon
	TroubleNoMaster    Trouble = "no master"   // a replica that has lost its primary
	TroubleProtected   Trouble = "protected"   // protected mode: it answers clients of its own machine alone
	TroubleCertificate Trouble = "certificate" // its certificate is not trusted, or is for another name
	TroublePlain       Trouble = "plain"       // the URL is rediss://, and Redis does not speak TLS there
	TroubleTLS         Trouble = "tls"         // the URL is redis://, and Redis speaks TLS there
)

// refusals are the causes by the word that Redis' refusal begins with.
var refusals = map[string]Trouble{
	"WRONGPASS": TroublePassword, "NOAUTH": TroubleNoPassword, "NOPERM": TroubleNoRights, "LOADING": TroubleLoading,
	"MASTERDOWN": TroubleNoMaster, "DENIED": TroubleProtected,
}

// RefusalOf is what Redis wrote in place of an answer; empty if the error is not its refusal. It holds no argument of
// the command.
func RefusalOf(err error) string {
	refusal, answered := errors.AsType[redis.Error](err)
	if !answered {
		return ""
	}
	text, _, _ := strings.Cut(refusal.Error(), ", with args")
	return text
}

// TroubleOf names the cause of an error of a method of the store; empty if it is none of those that are known. It asks
// nobody: [Store.Probe] finds out more.
func TroubleOf(err error) Trouble {
	if refusal, answered := errors.AsType[redis.Error](err); answered {
		text := refusal.Error()
		word, _, _ := strings.Cut(text, " ")
		switch {
		case strings.Contains(text, "DB index is out of range"), strings.Contains(text, "invalid DB index"):
			return TroubleDatabase
		case strings.Contains(text, "without any password configured"):
			return TroublePassword
		}
		return refusals[strings.TrimPrefix(word, "-")]
	}
	if isCertificate(err) {
		return TroubleCertificate
	}
	return ""
}
