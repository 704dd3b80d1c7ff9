package store

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash/crc32"
	"net/url"
	"regexp"
	"strconv"

	"meetbot/bot"
)

// DefaultPrefix is the first part of every key unless [Options] name another.
const DefaultPrefix = "mb"

// prefixPattern are the prefixes that may be chosen. None has a colon or a brace: so no key of one prefix begins like a
// key of another, and the braces around hash tags are the only ones.
var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// CheckPrefix tells whether Open would take the prefix.
func CheckPrefix(prefix string) error {
	if !prefixPattern.MatchString(prefix) {
		return errors.New("want 1 to 64 letters, digits, dots, underscores and hyphens")
	}
	return nil
}

// The names in Redis that do not depend on the prefix.
const (
	jobGroup    = "bots"
	parkingName = "(retry)" // the consumer that holds a job on its way back from the dead letters
)

// keyspace makes the names of all keys of one deployment: its prefix, then a colon. What stands between braces is the
// hash tag: keys with the same one lie on the same node of a cluster, so that a script may use them together.
type keyspace string

// jobs is what the names of all keys of the queue begin with. They lie together.
func (k keyspace) jobs() string { return "{" + string(k) + ":jobs}:" }

func (k keyspace) stream() string { return k.jobs() + "stream" }

func (k keyspace) dead() string { return k.jobs() + "dead" }

func (k keyspace) mark(jobID string) string { return k.jobs() + "mark:" + jobID }

// tries is a hash: by entry, the attempts that were begun by a takeover and have not ended.
func (k keyspace) tries() string { return k.jobs() + "tries" }

// unfinished is the set of the entries that an asker waits for, and told is that they were told lately that it is full.
func (k keyspace) unfinished(a bot.Asker) string { return k.jobs() + "of:" + askerName(a) }

func (k keyspace) told(a bot.Asker) string { return k.jobs() + "told:" + askerName(a) }

func askerName(a bot.Asker) string {
	return url.QueryEscape(a.Platform) + ":" + url.QueryEscape(a.Workspace) + ":" + url.QueryEscape(a.User)
}

// conversationKeys are the keys of one conversation, and its channel's roots.
type conversationKeys struct {
	meeting string // what everybody gets
	pending string // the pending claim
	shown   string // the shown mark: which request showed the card to everybody lately
	undo    string // the meeting before the current one, for as long as it can come back
	roots   string // the set of the root messages whose threads belong to the channel
	yielded string // the other name of the conversation that this one gave way to; see names.go
	cards   string // the posted cards; see cards.go
	link    string // the hash of the lasting link's token and what hangs on it; see links.go
}

func (k keyspace) of(c bot.Conversation) conversationKeys {
	// The thread stands last, so it needs no escaping; for the channel itself it is empty.
	tag := string(k) + ":{" + c.ChannelKey() + "}:"
	return conversationKeys{
		meeting: tag + "m:" + c.Thread, pending: tag + "p:" + c.Thread, shown: tag + "s:" + c.Thread,
		undo: tag + "u:" + c.Thread, roots: tag + "r", yielded: tag + "n:" + c.Thread,
		cards: tag + "c:" + c.Thread, link: tag + "l:" + c.Thread,
	}
}

// resolve are what the scripts work on that find out which conversation is meant.
func (k keyspace) resolve(c bot.Conversation) []string {
	own := k.of(c)
	channel := own
	if c.Thread != "" {
		channel = k.of(c.InChannel())
	}
	return []string{own.meeting, own.pending, channel.meeting, channel.pending, own.roots, own.shown}
}

// named are what the scripts work on that decide under which of its names a conversation begins.
func (k keyspace) named(c bot.Conversation) []string { return append(k.resolve(c), k.of(c).yielded) }

// own are what the scripts of complete, undo and release work on.
func (k keyspace) own(c bot.Conversation) []string {
	own := k.of(c)
	return []string{own.meeting, own.pending, own.undo}
}

// linked leads from the token of a lasting link to the conversation. The name holds a hash of the token: it is as short
// for any token that somebody makes up, and a list of Redis' keys or its slow log shows no link.
func (k keyspace) linked(token string) string {
	sum := sha256.Sum256([]byte(token))
	return string(k) + ":link:" + base64.RawURLEncoding.EncodeToString(sum[:16])
}

// invited is who was invited lately to the meeting of an external ID; see invitations.go.
func (k keyspace) invited(c bot.Conversation, externalID string) string {
	sum := sha256.Sum256([]byte(externalID))
	return string(k) + ":{" + c.ChannelKey() + "}:i:" + base64.RawURLEncoding.EncodeToString(sum[:8])
}

// calendar is the key that signs the addresses of calendar files.
func (k keyspace) calendar() string { return string(k) + ":calendar" }

// dueShards is how many parts the schedule has, so that it is spread over the nodes of a cluster.
const dueShards = 16

// due is the set of what is due of a kind, for a part of the conversations. Its members have their form for good: a
// later release that needs another one, or another number of parts, has to use another key.
func (k keyspace) due(kind bot.DueKind, shard uint32) string {
	return string(k) + ":{due:" + strconv.FormatUint(uint64(shard), 10) + "}:" + url.QueryEscape(string(kind))
}

// dueShard is the part of the schedule that a conversation is in.
func dueShard(c bot.Conversation) uint32 { return crc32.ChecksumIEEE([]byte(c.String())) % dueShards }

// requests are the sets of what came to the endpoints of a platform; they lie together. See requests.go.
func (k keyspace) requests(platform string) (last, hour string) {
	tag := string(k) + ":{requests:" + url.QueryEscape(platform) + "}:"
	return tag + "last", tag + "hour"
}

func (k keyspace) identity(a bot.Asker) string { return string(k) + ":id:" + askerName(a) }

// spent are the new meetings of an asker and of their workspace in the present window; they lie together.
func (k keyspace) spent(a bot.Asker) []string {
	tag := string(k) + ":{new:" + url.QueryEscape(a.Platform) + ":" + url.QueryEscape(a.Workspace) + "}:"
	return []string{tag + "user:" + url.QueryEscape(a.User), tag + "all"}
}

// throttle are the hold of a whole upstream, that of the part, and the parts that were held lately. The name of the
// first is the tag of the others, so they lie together.
func (k keyspace) throttle(u bot.Upstream) []string {
	whole := string(k) + ":hold:" + u.Name
	return []string{whole, "{" + whole + "}:of:" + u.Part, "{" + whole + "}:lately"}
}
