package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/sandbox"
)

// chaosFault is one kind of fault: how often it is drawn, and what it does. Each ends what it began.
type chaosFault struct {
	name   string
	weight int
	strike func(*chaos, *rand.Rand)
}

// chaosFaults are all kinds. Their order is part of what a seed means.
func chaosFaults() []chaosFault {
	return []chaosFault{
		{"replica killed", 4, func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			c.pause(upTo(d, time.Second))
			c.kill(victim)
			c.pause(upTo(d, 1500*time.Millisecond))
			c.launch(victim)
		}},
		{"replica killed at work", 4, func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			wait := c.askFor(d, victim, 3)
			c.pause(upTo(d, 80*time.Millisecond)) // a cold command without a fault takes about so long
			c.kill(victim)
			c.launch(victim)
			wait()
		}},
		{"replica killed during createOrGet", 4, func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			c.graph.Fault(sandbox.Fault{Target: "createOrGet", Latency: time.Second + upTo(d, 3*time.Second), Works: d.IntN(2) == 0, Times: 4})
			wait := c.askFor(d, victim, 2)
			c.pause(upTo(d, 3*time.Second))
			c.kill(victim)
			c.launch(victim)
			wait()
			c.graph.ClearFaults()
		}},
		{"replica killed after acknowledgement", 4, func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			c.graph.Fault(sandbox.Fault{Target: "createOrGet", Latency: 4 * time.Second, Works: d.IntN(2) == 0, Times: 3})
			c.askFor(d, victim, 1)()
			c.kill(victim)
			c.launch(victim)
			c.graph.ClearFaults()
		}},
		{"all replicas killed", 1, func(c *chaos, d *rand.Rand) {
			for i := range c.replicas {
				c.kill(i)
			}
			c.pause(upTo(d, time.Second))
			for i := range c.replicas {
				c.launch(i)
			}
		}},
		{"replica stopped", 3, func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			wait := c.askFor(d, victim, 2)
			c.pause(upTo(d, 300*time.Millisecond))
			c.terminate(victim)
			c.launch(victim)
			wait()
		}},
		{"replica frozen", 2, func(c *chaos, d *rand.Rand) {
			process := c.replicas[d.IntN(3)].cmd.Process
			length := upTo(d, 4*time.Second)
			if d.IntN(4) == 0 && c.Faults > 50 {
				length = 17 * time.Second // so long that others take its jobs over
			}
			_ = process.Signal(syscall.SIGSTOP)
			c.pause(length)
			_ = process.Signal(syscall.SIGCONT)
		}},
		{"Redis killed", 5, func(c *chaos, d *rand.Rand) {
			wait := c.askFor(d, d.IntN(3), 3)
			c.pause(upTo(d, 80*time.Millisecond))
			c.redis.Kill()
			c.pause(upTo(d, 2*time.Second))
			c.redis.Restart()
			wait()
		}},
		{"Redis frozen", 4, func(c *chaos, d *rand.Rand) {
			wait := c.askFor(d, d.IntN(3), 3)
			c.pause(upTo(d, 80*time.Millisecond))
			c.redis.Pause()
			c.pause(upTo(d, 5*time.Second))
			c.redis.Resume()
			wait()
		}},
		{"Redis killed while a replica stops", 2, func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			wait := c.askFor(d, victim, 3)
			c.pause(upTo(d, 200*time.Millisecond))
			c.terminate(victim)
			c.pause(upTo(d, 100*time.Millisecond))
			c.redis.Kill()
			c.pause(upTo(d, 2*time.Second))
			c.redis.Restart()
			c.launch(victim)
			wait()
		}},
		{"Redis connections cut", 3, func(c *chaos, d *rand.Rand) {
			wait := c.askFor(d, d.IntN(3), 3)
			for range 10 + d.IntN(40) {
				c.redisDo("CLIENT", "KILL", "TYPE", "normal")
				c.pause(upTo(d, 40*time.Millisecond))
			}
			wait()
		}},
		{"Redis full", 2, func(c *chaos, d *rand.Rand) {
			c.redisDo("CONFIG", "SET", "maxmemory", "1")
			wait := c.askFor(d, d.IntN(3), 2)
			c.pause(upTo(d, 3*time.Second))
			c.redisDo("CONFIG", "SET", "maxmemory", "0")
			wait()
		}},
		{"Graph refuses", 4, func(c *chaos, d *rand.Rand) {
			f := sandbox.Fault{Target: pick(d, "createOrGet", ""), Status: pick(d, 429, 500, 502, 503, 504)}
			if f.Status == http.StatusTooManyRequests {
				f.RetryAfter = pick(d, "1", "2", "")
			}
			c.graphFault(d, f)
		}},
		{"Graph slow", 2, func(c *chaos, d *rand.Rand) {
			c.graphFault(d, sandbox.Fault{Target: "createOrGet", Latency: time.Second + upTo(d, 4*time.Second)})
		}},
		{"Graph cuts connections", 2, func(c *chaos, d *rand.Rand) {
			c.graphFault(d, sandbox.Fault{Reset: true})
		}},
		{"Graph's answer lost", 4, func(c *chaos, d *rand.Rand) {
			f := sandbox.Fault{Target: "createOrGet", Works: true, Reset: d.IntN(2) == 0, Latency: upTo(d, 2*time.Second)}
			if !f.Reset {
				f.Status = http.StatusGatewayTimeout
			}
			c.graphFault(d, f)
		}},
		{"policy withdrawn", 3, func(c *chaos, d *rand.Rand) {
			one := d.IntN(3)
			set := func(granted bool) {
				for i, u := range c.staff {
					if i%3 == one {
						c.graph.SetPolicy(u, granted)
					}
				}
			}
			c.graph.Fault(sandbox.Fault{Target: "createOrGet", Works: true, Reset: true, Times: 2}) // so that orphans are made
			c.pause(upTo(d, time.Second))
			set(false)
			c.pause(time.Second + upTo(d, 2*time.Second))
			set(true)
			c.graph.ClearFaults()
		}},
		{"Slack refuses", 4, func(c *chaos, d *rand.Rand) {
			f := sandbox.Fault{
				Target: pick(d, "response_url", "chat.postMessage", "chat.postEphemeral", "users.info"), Status: pick(d, 429, 500, 503),
			}
			if f.Target == "response_url" && d.IntN(2) == 0 {
				f.Status, f.Body = http.StatusNotFound, `{"ok":false,"error":"used_url"}`
			}
			if f.Status == http.StatusTooManyRequests {
				f.RetryAfter = pick(d, "1", "2")
			}
			c.slackFault(d, f)
		}},
		{"Slack slow", 2, func(c *chaos, d *rand.Rand) {
			c.slackFault(d, sandbox.Fault{Target: pick(d, "response_url", "chat.postMessage", ""), Latency: upTo(d, 4*time.Second)})
		}},
		{"Slack's answer lost", 2, func(c *chaos, d *rand.Rand) {
			c.slackFault(d, sandbox.Fault{Target: pick(d, "response_url", "chat.postMessage"), Works: true, Reset: true})
		}},
	}
}

// inject lets one fault strike.
func (c *chaos) inject(d *rand.Rand) {
	c.t.Helper()
	all := chaosFaults()
	total := 0
	for _, f := range all {
		total += f.weight
	}
	n := d.IntN(total)
	for _, f := range all {
		if n -= f.weight; n < 0 {
			c.done[f.name]++
			f.strike(c, d)
			return
		}
	}
}

// graphFault arms a fault of Graph's while somebody wants new meetings.
func (c *chaos) graphFault(d *rand.Rand, f sandbox.Fault) {
	c.graph.Fault(f)
	wait := c.askFor(d, d.IntN(3), 2)
	c.pause(upTo(d, 3*time.Second))
	c.graph.ClearFaults()
	wait()
}

// slackFault arms a fault of Slack's while Graph is slow, so that answers are posted.
func (c *chaos) slackFault(d *rand.Rand, f sandbox.Fault) {
	c.graph.Fault(sandbox.Fault{Target: "createOrGet", Latency: 2200 * time.Millisecond, Times: 3})
	c.slack.Fault(f)
	wait := c.askFor(d, d.IntN(3), 3)
	c.pause(time.Second + upTo(d, 3*time.Second))
	c.slack.ClearFaults()
	c.graph.ClearFaults()
	wait()
}

// redisDo runs one command on a connection of its own.
func (c *chaos) redisDo(args ...any) {
	c.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: c.redis.Addr()})
	defer func() { _ = client.Close() }()
	if err := client.Do(c.t.Context(), args...).Err(); err != nil {
		c.t.Errorf("Redis: %v: %v", args, err)
	}
}

// askFor has so many users ask one replica for meetings that are not there yet. The returned function waits for what they
// are told at once.
func (c *chaos) askFor(d *rand.Rand, replica, users int) (wait func()) {
	var wg sync.WaitGroup
	for range users {
		a := chaosAsk{
			id: fmt.Sprintf("fault %d.%d", c.faults(), c.spare), user: chaosSpare(c.spare), room: c.rooms[d.IntN(len(c.rooms))],
			text: pick(d, "new", "new", ""), at: replica, again: d.IntN(3), repeat: 9,
		}
		a.mention = a.room.thread != "" || d.IntN(4) == 0
		c.spare++
		wg.Go(func() { c.ask(a) })
	}
	return wg.Wait
}

// faults is how many faults there were so far.
func (c *chaos) faults() (n int) {
	for _, times := range c.done {
		n += times
	}
	return n
}

// upTo is a random length of time.
func upTo(d *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(d.Int64N(int64(most)))
}

func pick[T any](d *rand.Rand, from ...T) T { return from[d.IntN(len(from))] }
