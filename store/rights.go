package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// command is a command of Redis that this package sends, by itself or from a script.
type command struct {
	rule string // the ACL rule that allows it, without the plus: "get", "xgroup|create"
	// try is the command with arguments that do nothing to a key that holds text, behind the command's name; key stands
	// for that key.
	try []any
}

// key stands for the name of the key in [command.try].
type key struct{}

// commands are all that this package needs, whatever it does. A test compares them with the scripts, and all tests on a
// real server run as a user that may send these and no others.
var commands = []command{
	{"set", []any{key{}, "doctor", "PX", 5000}}, // first: what follows finds text
	{"get", []any{key{}}},
	{"mget", []any{key{}}},
	{"exists", []any{key{}}},
	{"expire", []any{key{}, 5}},
	{"pexpire", []any{key{}, 5000}},
	{"pttl", []any{key{}}},
	{"hget", []any{key{}, "f"}},
	{"hset", []any{key{}, "f", "v"}},
	{"hdel", []any{key{}, "f"}},
	{"hincrby", []any{key{}, "f", 0}},
	{"sadd", []any{key{}, "m"}},
	{"scard", []any{key{}}},
	{"sismember", []any{key{}, "m"}},
	{"smembers", []any{key{}}},
	{"spop", []any{key{}}},
	{"srem", []any{key{}, "m"}},
	{"zadd", []any{key{}, 0, "m"}},
	{"zcard", []any{key{}}},
	{"zrange", []any{key{}, 0, 0}},
	{"zrem", []any{key{}, "m"}},
	{"zremrangebyscore", []any{key{}, 0, 0}},
	{"zscore", []any{key{}, "m"}},
	{"xadd", []any{key{}, "NOMKSTREAM", "*", "f", "v"}},
	{"xlen", []any{key{}}},
	{"xrange", []any{key{}, "-", "+"}},
	{"xrevrange", []any{key{}, "+", "-"}},
	{"xdel", []any{key{}, "0-1"}},
	{"xack", []any{key{}, jobGroup, "0-1"}},
	{"xclaim", []any{key{}, jobGroup, "doctor", 0, "0-1"}},
	{"xpending", []any{key{}, jobGroup}},
	{"xreadgroup", []any{"GROUP", jobGroup, "doctor", "COUNT", 1, "STREAMS", key{}, ">"}},
	{"xgroup|create", []any{key{}, jobGroup, "0"}},
	{"xgroup|delconsumer", []any{key{}, jobGroup, "doctor"}},
	{"xinfo|consumers", []any{key{}, jobGroup}},
	{"time", nil},
	{"ping", nil},
	{"eval", []any{"return 0", 0}},
	{"evalsha", []any{"0000000000000000000000000000000000000000", 0}},
	{"del", []any{key{}}}, // last
}

// ofOperators are what the operator's commands send beyond commands: they look for keys, which serving never does.
var ofOperators = []command{
	{"scan", []any{0, "COUNT", 1}},
	{"dump", []any{key{}}},
	{"restore", []any{key{}, 0, "nothing"}},
}

// beside are rules for what the client itself sends: for transactions, another database than 0, and the nodes of a
// Cluster; and INFO, from which [Store.Inspect] reads.
var beside = []string{
	"multi", "exec", "select", "info", "cluster|slots", "cluster|shards", "cluster|nodes", "command", "readonly",
	"asking",
}

// keyPatterns are patterns for the names of all keys of a deployment with this prefix.
func keyPatterns(prefix string) []string { return []string{prefix + ":*", "{" + prefix + ":*"} }

// LeastACL is the command of Redis that makes a user with the rights that the bot needs and no others: for the keys of
// this prefix, empty for [DefaultPrefix]. It has the word PASSWORD in the place of the password.
func LeastACL(user, prefix string) string { return leastACL(user, prefix, commands) }

// OperatorACL is LeastACL for the user that the operator's commands on data need: [Store.Meetings], [Store.Find],
// [Store.Export], [Store.Import] and what changes what was found.
func OperatorACL(user, prefix string) string {
	return leastACL(user, prefix, slices.Concat(commands, ofOperators))
}

func leastACL(user, prefix string, commands []command) string {
	words := []string{"ACL SETUSER", user, "on", ">PASSWORD", "resetkeys", "resetchannels"}
	for _, pattern := range keyPatterns(cmp.Or(prefix, DefaultPrefix)) {
		words = append(words, "~"+pattern)
	}
	words = append(words, "-@all")
	for _, c := range commands {
		words = append(words, "+"+c.rule)
	}
	for _, rule := range beside {
		words = append(words, "+"+rule)
	}
	return strings.Join(words, " ")
}

// Rights are what the user of the URL may do.
type Rights struct {
	Denied     []string // commands that the bot needs and that the user may not send, as ACL rules have them
	KeysDenied bool     // the user may not use the keys of this store's prefix
	ReadOnly   bool     // the server takes no writes: it is a replica
	Full       bool     // the server takes no writes: its memory is full, and it evicts nothing
	Misconf    bool     // the server takes no writes: it could not save its data lately
}

// Rights tries every command that the store needs on a key of its own, which it deletes again. The error says that
// Redis gave no usable answer.
func (s *Store) Rights(ctx context.Context) (Rights, error) {
	var r Rights
	name := string(s.keys) + ":doctor"
	err := s.withBudget(ctx, "try the rights", func(ctx context.Context) error {
		pipe := s.client.Pipeline()
		answers := make([]*redis.Cmd, len(commands))
		for i, c := range commands {
			args := []any{}
			for word := range strings.SplitSeq(c.rule, "|") {
				args = append(args, word)
			}
			for _, arg := range c.try {
				if arg == (key{}) {
					arg = name
				}
				args = append(args, arg)
			}
			answers[i] = pipe.Do(ctx, args...)
		}
		_, _ = pipe.Exec(ctx) // each command has its own error
		for i, answer := range answers {
			if err := r.note(commands[i].rule, answer.Err()); err != nil {
				return err
			}
		}
		return nil
	})
	return r, err
}

// note takes note of what became of a command. It returns the error that is none of Redis' refusals.
func (r *Rights) note(rule string, err error) error {
	refusal, answered := errors.AsType[redis.Error](err)
	if err == nil || errors.Is(err, redis.Nil) {
		return nil
	}
	if !answered {
		return err
	}
	text := refusal.Error()
	word, _, _ := strings.Cut(text, " ")
	switch {
	case word == "NOPERM" && strings.Contains(text, " key"):
		r.KeysDenied = true
	case word == "NOPERM":
		if !slices.Contains(r.Denied, rule) {
			r.Denied = append(r.Denied, rule)
		}
	case word == "READONLY":
		r.ReadOnly = true
	case word == "OOM":
		r.Full = true
	case word == "MISCONF":
		r.Misconf = true
	}
	return nil
}
