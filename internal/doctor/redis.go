package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"meetbot/internal/app"
	"meetbot/store"
)

// redisURL is the subject of most findings about Redis.
const redisURL = "REDIS_URL"

// Bounds, from which on a finding is a warning.
const (
	slowRedis = 200 * time.Millisecond // of the three seconds that Slack waits; a command needs one round trip
	redisSkew = 30 * time.Second
	memoryLow = 80 // percent of maxmemory
)

// oldestRedis is the oldest release that the store works with.
const oldestRedis = 7

// redisReachable opens the store and has Redis tell about itself.
func (e *examination) redisReachable(ctx context.Context) []finding {
	options := store.Options{Replica: "doctor", RootCAs: e.o.RootCAs}
	s, end, err := app.OpenStore(ctx, e.config, options, e.o.RootCAs)
	if errors.Is(err, app.ErrRedisToken) {
		return one(fail("REDIS_ENTRA", "Entra gives no token for Redis, which is the password here ("+withoutCode(err)+
			").", "See what Entra says: bot doctor --only entra"))
	}
	if err != nil {
		return one(fail(redisURL, "The value cannot be used.", "Set it, for example: "+
			"REDIS_URL=redis://localhost:6379/0"))
	}
	e.redis = s
	e.atEnd(end)
	if e.server, err = s.Inspect(ctx); err != nil {
		return one(e.redisTrouble(ctx, err))
	}
	return one(ok(redisURL, "Redis at "+e.redisAt()+" answers."))
}

// told returns a finding that stands for all that Redis did not tell; nil if it told.
func (e *examination) told() []finding {
	if e.server.Told {
		return nil
	}
	return one(skip("", "The user of REDIS_URL may not send INFO, so this is not known."))
}

func (e *examination) redisVersion(context.Context) []finding {
	if silent := e.told(); silent != nil {
		return silent
	}
	if e.server.Major == 0 {
		return one(skip(redisURL, "Redis does not tell its version."))
	}
	if e.server.Major < oldestRedis {
		return one(fail(redisURL, fmt.Sprintf("Redis is version %s. The bot needs %d.0 or later.", e.server.Version,
			oldestRedis), fmt.Sprintf("Update Redis to %d.0 or later.", oldestRedis)))
	}
	return one(ok(redisURL, fmt.Sprintf("Redis is version %d.", e.server.Major)))
}

func (e *examination) redisRole(context.Context) []finding {
	if silent := e.told(); silent != nil {
		return silent
	}
	if e.server.Replica {
		return one(fail(redisURL, "Redis at "+e.redisAt()+" is a read-only replica. The bot cannot keep anything "+
			"there, and every command fails.", "Point REDIS_URL at the primary. INFO replication says where it is "+
			"(master_host). With Sentinel: redis://sentinel:26379/0?master_name=NAME"))
	}
	return one(ok(redisURL, "Redis is a primary."))
}

func (e *examination) redisRights(ctx context.Context) []finding {
	rights, err := e.redis.Rights(ctx)
	if err != nil {
		return one(e.redisTrouble(ctx, err))
	}
	e.rights = rights
	switch {
	case len(rights.Denied) > 0:
		return one(fail(redisURL, "The user of REDIS_URL may not send "+strings.ToUpper(strings.Join(rights.Denied,
			", "))+
			" (NOPERM). The bot needs that.", e.grantRights()))
	case rights.KeysDenied:
		return one(fail(redisURL, "The user of REDIS_URL may not use keys that begin with “"+e.config.Redis.Prefix+
			":” (NOPERM), which is what REDIS_PREFIX says.", e.grantRights()))
	case rights.Misconf:
		return one(fail(redisURL, "Redis could not save its data to disk lately, and takes no writes until it can "+
			"(MISCONF).",
			"See why in the log of Redis; mostly the disk is full (df -h): "+e.redisCLI()+" INFO persistence"))
	case rights.ReadOnly:
		return one(fail(redisURL, "Redis at "+e.redisAt()+" takes no writes (READONLY): it is a replica.",
			"Point REDIS_URL at the primary."))
	}
	return one(ok(redisURL, "The user of REDIS_URL has all rights that the bot needs."))
}

func (e *examination) redisEviction(context.Context) []finding {
	if silent := e.told(); silent != nil {
		return silent
	}
	policy := e.server.Eviction
	next := e.redisCLI() + " CONFIG SET maxmemory-policy noeviction\nSet the same in redis.conf. In Azure: Redis, " +
		"Advanced settings, maxmemory-policy."
	switch {
	case policy == "noeviction":
		return one(ok(redisURL, "Redis evicts nothing (noeviction)."))
	case policy == "":
		return one(skip(redisURL, "Redis does not tell its maxmemory-policy. It must be noeviction."))
	case e.server.MaxMemory == 0:
		return one(warn(redisURL, "maxmemory-policy is "+policy+". Once a maxmemory is set, Redis will delete "+
			"meetings when its memory is full, and channels get a second one.", next))
	case strings.HasPrefix(policy, "volatile-"):
		return one(warn(redisURL, "maxmemory-policy is "+policy+". When its memory is full, Redis deletes what the "+
			"bot keeps for a time, above all which commands were answered already: some are answered twice.", next))
	}
	return one(fail(redisURL, "maxmemory-policy is "+policy+". When its memory is full, Redis deletes meetings and "+
		"accepted commands without a word, and channels get a second meeting.", next))
}

func (e *examination) redisPersistence(context.Context) []finding {
	if silent := e.told(); silent != nil {
		return silent
	}
	next := e.redisCLI() + " CONFIG SET appendonly yes\nSet the same in redis.conf. In Azure: Redis, Data persistence."
	switch {
	case e.server.AppendOnly:
		return one(ok(redisURL, "Redis writes every change to its append-only file."))
	case e.server.Snapshots == store.Yes:
		return one(warn(redisURL, "Redis saves snapshots only. After a crash the meetings and commands since the "+
			"last one are lost, and those channels get a second meeting.", next))
	case e.server.Snapshots == store.Unknown:
		return one(warn(redisURL, "Redis keeps no append-only file, and does not tell whether it saves snapshots. "+
			"If it does not, every channel gets a second meeting after a restart of Redis.", next))
	case e.server.Replicas > 0:
		return one(warn(redisURL, "Redis keeps nothing on disk. It has "+plural(e.server.Replicas, "replica")+", "+
			"but if all stop at once, every channel gets a second meeting.", next))
	}
	return one(fail(redisURL, "Redis keeps nothing on disk: appendonly is no and save is empty. After a restart of "+
		"Redis every channel gets a second meeting.", next))
}

func (e *examination) redisMemory(context.Context) []finding {
	used, most := e.server.UsedMemory, e.server.MaxMemory
	next := "Give Redis more memory (maxmemory), or see what fills it: " + e.redisCLI() + " --bigkeys\nThe bot " +
		"needs about 1 KB for a conversation."
	switch {
	case e.rights.Full:
		return one(fail(redisURL, "The memory of Redis is full, and it takes no writes (OOM). No command is "+
			"carried out.", next))
	case e.told() != nil:
		return e.told()
	case most > 0 && used*100 >= most*memoryLow:
		return one(warn(redisURL, fmt.Sprintf("Redis uses %d %% of the memory that it may use (maxmemory). When "+
			"that is full, no command is carried out.", used*100/most), next))
	case most == 0:
		return one(ok(redisURL, "Redis has no limit of memory."))
	}
	return one(ok(redisURL, "Redis has memory left."))
}

// redisDatabase finds a replica that keeps its meetings apart from the others.
func (e *examination) redisDatabase(context.Context) []finding {
	if silent := e.told(); silent != nil {
		return silent
	}
	if e.server.Used || len(e.server.Others) == 0 {
		return one(ok(redisURL, fmt.Sprintf("Database %d is used.", e.server.Database)))
	}
	var others []string
	for n := range 1 << 10 {
		if keys := e.server.Others[n]; keys > 0 {
			others = append(others, fmt.Sprintf("%d (%s)", n, plural(keys, "key")))
		}
	}
	return one(warn(redisURL, fmt.Sprintf("No bot with the prefix “%s” has used database %d yet, and there are "+
		"keys in database %s. Replicas with different databases make different meetings for one "+
		"channel.", e.config.Redis.Prefix,
		e.server.Database, strings.Join(others, ", ")), "Give all replicas the same number at the end of "+
		"REDIS_URL, and the same REDIS_PREFIX. Where this is a new installation, nothing is wrong."))
}

// oldJob is from when on an accepted command has waited for long.
const oldJob = 2 * time.Minute

// redisQueue tells of commands that wait, and of answers that reached nobody.
func (e *examination) redisQueue(ctx context.Context) []finding {
	depth, err := e.redis.Depth(ctx)
	if err != nil {
		return one(e.redisTrouble(ctx, err))
	}
	var all []finding
	if depth.Oldest > oldJob {
		all = append(all, warn("jobs", fmt.Sprintf("%s not carried out yet, the oldest for %s.",
			plural(depth.Waiting, "accepted command")+
				are(depth.Waiting), plural(int(depth.Oldest/time.Minute), "minute")),
			"See in the bot's log what it waits for (attempt, will be tried again). A replica must run that serves "+
				"the platform and workspace of the command."))
	}
	if n := depth.DeadLetters; n > 0 {
		all = append(all, warn("dead letters", plural(n, "answer")+" reached nobody.", "See why: bot "+
			"deadletters\nOnce that is mended, run the command again: bot deadletters retry ENTRY"))
	}
	if len(all) == 0 {
		all = one(ok("jobs", "No command waits for long, and every answer reached somebody."))
	}
	return all
}

// are is the verb of so many.
func are(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

func (e *examination) redisLatency(context.Context) []finding {
	if took := e.server.RoundTrip; took > slowRedis {
		return one(warn(redisURL, fmt.Sprintf("Redis needs %d ms for one answer. Every command waits for one at least.",
			took.Milliseconds()), "Run the bot nearer to Redis (same region, same network), and look: "+
			e.redisCLI()+" --latency"))
	}
	return one(ok(redisURL, "Redis answers quickly."))
}

func (e *examination) redisClock(context.Context) []finding {
	ahead := e.server.Ahead - time.Until(e.now())
	if ahead.Abs() < redisSkew {
		return one(ok(redisURL, "The clocks of Redis and of this machine agree."))
	}
	return one(warn(redisURL, "The clock of Redis is "+skewWords(ahead)+" that of this machine. One of the two is "+
		"wrong.",
		"Compare both with the right time: "+e.redisCLI()+" TIME; date +%s. Then switch time synchronization on: "+
			"timedatectl set-ntp true"))
}

// skewWords tells how far a clock is from this machine's: "10 minutes ahead of".
func skewWords(ahead time.Duration) string {
	side := "ahead of"
	if ahead < 0 {
		side, ahead = "behind", -ahead
	}
	if ahead < 2*time.Minute {
		return plural(int(ahead.Round(time.Second)/time.Second), "second") + " " + side
	}
	return plural(int(ahead.Round(time.Minute)/time.Minute), "minute") + " " + side
}
