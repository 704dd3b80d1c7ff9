//go:build integration

package e2e

import (
	"math/rand/v2"
	"time"

	"meetbot/internal/redistest"
)

// redisFaults are those of Redis. With Sentinel they strike the primary, in a cluster any node.
func redisFaults() []chaosFault {
	return []chaosFault{
		{name: "Redis killed", weight: 5, strike: func(c *chaos, d *rand.Rand) {
			victim := c.redisVictim(d)
			wait := c.askFor(d, d.IntN(3), 3)
			c.pause(upTo(d, 80*time.Millisecond))
			c.redis.kill(victim)
			c.pause(upTo(d, c.patience()))
			c.redis.restart(victim)
			wait()
		}},
		{name: "Redis frozen", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			c.freezeRedis(d, upTo(d, 5*time.Second))
		}},
		{name: "Redis frozen for 30 s", weight: 1, long: true, strike: func(c *chaos, d *rand.Rand) {
			c.freezeRedis(d, 30*time.Second) // longer than what makes a job anybody's
		}},
		{name: "Redis killed while a replica stops", weight: 2, strike: func(c *chaos, d *rand.Rand) {
			replica, victim := d.IntN(3), c.redisVictim(d)
			wait := c.askFor(d, replica, 3)
			c.pause(upTo(d, 200*time.Millisecond))
			c.terminate(replica)
			c.pause(upTo(d, 100*time.Millisecond))
			c.redis.kill(victim)
			c.pause(upTo(d, c.patience()))
			c.redis.restart(victim)
			c.launch(replica)
			wait()
		}},
		{name: "Redis connections cut", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			wait := c.askFor(d, d.IntN(3), 3)
			for range 10 + d.IntN(40) {
				c.redis.do(c.redisVictim(d), "CLIENT", "KILL", "TYPE", "normal")
				c.pause(upTo(d, 40*time.Millisecond))
			}
			wait()
		}},
		{name: "Redis answers break off", weight: 4, redis: single, strike: func(c *chaos, d *rand.Rand) {
			c.redis.wire.BreakAnswers(1 + d.IntN(12))
			wait := c.askFor(d, 1+d.IntN(2), 3)
			c.pause(upTo(d, 2*time.Second))
			c.redis.wire.BreakAnswers(0)
			wait()
		}},
		{name: "Redis full", weight: 2, strike: func(c *chaos, d *rand.Rand) {
			c.redisSet(d, []any{"CONFIG", "SET", "maxmemory", "1"}, []any{"CONFIG", "SET", "maxmemory", "0"})
		}},
		{name: "Redis misses its replicas", weight: 2, strike: func(c *chaos, d *rand.Rand) { // NOREPLICAS
			c.redisSet(d, []any{"CONFIG", "SET", "min-replicas-to-write", "5"},
				[]any{"CONFIG", "SET", "min-replicas-to-write", "0"})
		}},
		{name: "Redis read-only", weight: 2, redis: single, strike: func(c *chaos, d *rand.Rand) { // READONLY
			c.redisSet(d, []any{"REPLICAOF", "127.0.0.1", "1"}, []any{"REPLICAOF", "NO", "ONE"})
		}},
		{name: "Redis forbids", weight: 2, redis: single, strike: func(c *chaos, d *rand.Rand) { // NOPERM
			c.redisSet(d, []any{"ACL", "SETUSER", "default", "-" + pick(d, "@write", "evalsha", "get")},
				[]any{"ACL", "SETUSER", "default", "+@all"})
		}},
		{name: "Redis forgets its scripts", weight: 1, strike: func(c *chaos, d *rand.Rand) {
			for range 1 + d.IntN(20) {
				for _, server := range c.redis.writable() {
					c.redis.do(server, "SCRIPT", "FLUSH")
				}
				c.pause(upTo(d, 100*time.Millisecond))
			}
		}},
		{name: "Redis busy", weight: 2, strike: func(c *chaos, d *rand.Rand) { // BUSY
			victim := c.redisVictim(d)
			c.redis.do(victim, "CONFIG", "SET", "busy-reply-threshold", "50")
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				c.redis.with(victim, func(do func(args ...any) error) { _ = do("EVAL", "while true do end", "0") })
			}()
			wait := c.askFor(d, d.IntN(3), 2)
			c.pause(100*time.Millisecond + upTo(d, 1200*time.Millisecond)) // longer, and a sentinel takes it for dead
			c.redis.with(victim, func(do func(args ...any) error) {
				for over := false; !over; {
					_ = do("SCRIPT", "KILL")
					select {
					case <-ended:
						over = true
					case <-time.After(50 * time.Millisecond):
					}
				}
			})
			wait()
		}},
		{name: "Redis loading", weight: 2, strike: func(c *chaos, d *rand.Rand) { // LOADING
			victim := c.redisVictim(d)
			wait := c.askFor(d, d.IntN(3), 3)
			c.pause(upTo(d, 80*time.Millisecond))
			c.redis.handle(func() { victim.RestartLoading(upTo(d, 3*time.Second)) })
			wait()
		}},
		{name: "Redis handed over", weight: 5, redis: sentinel, strike: func(c *chaos, d *rand.Rand) {
			wait := c.askFor(d, d.IntN(3), 3)
			eventually(c.t, "the sentinels hand over",
				func() bool { return c.redis.group.FailOver(c.t.Context()) == nil })
			c.pause(2 * time.Second)
			wait()
		}},
		{name: "Redis killed ahead of its replicas", weight: 5, redis: sentinel, strike: func(c *chaos, d *rand.Rand) {
			victim := c.redisVictim(d)
			for _, behind := range c.redis.others(victim) {
				c.redis.do(behind, "REPLICAOF", "127.0.0.1", "1")
			}
			wait := c.askFor(d, d.IntN(3), 3)
			c.pause(upTo(d, time.Second)) // what is written now is lost
			c.redis.kill(victim)
			c.pause(4 * time.Second) // a server that is back sooner may stay what it was
			c.redis.restart(victim)
			wait()
		}},
	}
}

// redisVictim draws a server that takes writes.
func (c *chaos) redisVictim(d *rand.Rand) *redistest.Server { return pick(d, c.redis.writable()...) }

// patience is how long a killed server may stay away: where there are sentinels, long enough for them to act, or not.
func (c *chaos) patience() time.Duration {
	if c.redis.kind == sentinel {
		return 4 * time.Second
	}
	return 2 * time.Second
}

func (c *chaos) freezeRedis(d *rand.Rand, length time.Duration) {
	victim := c.redisVictim(d)
	wait := c.askFor(d, d.IntN(3), 3)
	c.pause(upTo(d, 80*time.Millisecond))
	c.redis.freeze(victim)
	c.pause(length)
	c.redis.thaw(victim)
	wait()
}

// redisSet has a server refuse for a while, and people ask meanwhile.
func (c *chaos) redisSet(d *rand.Rand, begin, end []any) {
	victim := c.redisVictim(d)
	c.redis.with(victim, func(do func(args ...any) error) {
		if err := do(begin...); err != nil {
			c.t.Errorf("Redis: %v: %v", begin, err)
		}
		wait := c.askFor(d, d.IntN(3), 2)
		c.pause(upTo(d, 3*time.Second))
		if err := do(end...); err != nil {
			c.t.Errorf("Redis: %v: %v", end, err)
		}
		wait()
	})
}
