//go:build integration

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/sandbox/faultserver"
)

// chaosFault is one kind of fault: how often it is drawn, and what it does. Each ends what it began.
type chaosFault struct {
	name   string
	weight int
	strike func(*chaos, *rand.Rand)
	redis  string // the only form of Redis that it makes sense with; empty: any
	long   bool   // only in a long run
}

// replicaFaults are those of the bot's own processes.
func replicaFaults() []chaosFault {
	return []chaosFault{
		{name: "replica killed", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			c.pause(upTo(d, time.Second))
			c.kill(victim)
			c.pause(upTo(d, 1500*time.Millisecond))
			c.launch(victim)
		}},
		{name: "replica killed at work", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			wait := c.askFor(d, victim, 3)
			c.pause(upTo(d, 80*time.Millisecond)) // a cold command without a fault takes about so long
			c.kill(victim)
			c.launch(victim)
			wait()
		}},
		{name: "replica killed during createOrGet", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			c.Graph.Fault(faultserver.Fault{Target: "createOrGet", Latency: time.Second + upTo(d, 3*time.Second),
				Works: d.IntN(2) == 0, Times: 4})
			wait := c.askFor(d, victim, 2)
			c.pause(upTo(d, 3*time.Second))
			c.kill(victim)
			c.launch(victim)
			wait()
			c.Graph.ClearFaults()
		}},
		{name: "replica killed after acknowledgement", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			c.Graph.Fault(faultserver.Fault{Target: "createOrGet", Latency: 4 * time.Second, Works: d.IntN(2) == 0,
				Times: 3})
			c.askFor(d, victim, 1)()
			c.kill(victim)
			c.launch(victim)
			c.Graph.ClearFaults()
		}},
		{name: "all replicas killed", weight: 1, strike: func(c *chaos, d *rand.Rand) {
			for i := range c.replicas {
				c.kill(i)
			}
			c.pause(upTo(d, time.Second))
			for i := range c.replicas {
				c.launch(i)
			}
		}},
		{name: "replica stopped", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			wait := c.askFor(d, victim, 2)
			c.pause(upTo(d, 300*time.Millisecond))
			c.terminate(victim)
			c.launch(victim)
			wait()
		}},
		{name: "replica frozen", weight: 2, strike: func(c *chaos, d *rand.Rand) {
			process := c.replicas[d.IntN(3)].cmd.Process
			length := upTo(d, 4*time.Second)
			if d.IntN(4) == 0 && c.long() {
				length = 17 * time.Second // so long that others take its jobs over
			}
			_ = process.Signal(syscall.SIGSTOP)
			c.pause(length)
			_ = process.Signal(syscall.SIGCONT)
		}},
		{name: "replica ended between acceptance and attempt", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			user := chaosSpare(c.spare)
			accepted := c.once(func() bool {
				jobs, _ := c.redis.client.XRevRangeN(c.t.Context(), "{mb:jobs}:stream", "+", "-", 10).Result()
				return slices.ContainsFunc(jobs,
					func(j redis.XMessage) bool { return strings.Contains(fmt.Sprint(j.Values["job"]), user) })
			})
			wait := c.askFor(d, victim, 1)
			c.endAt(d, victim, accepted)
			c.launch(victim)
			wait()
		}},
		{name: "replica ended in the middle of createOrGet", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			f, struck := struckOnce(faultserver.Fault{Target: "createOrGet", Latency: 3 * time.Second,
				Works: d.IntN(2) == 0})
			c.Graph.Fault(f)
			wait := c.askFor(d, victim, 2)
			c.endAt(d, victim, struck)
			c.Graph.ClearFaults()
			c.launch(victim)
			wait()
		}},
		{name: "replica ended between createOrGet and reply", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			room := c.rooms[d.IntN(len(c.rooms))]
			key := "mb:{" + c.conversation(room.channel, "") + "}:m:"
			if strings.HasSuffix(room.conversation, room.thread) {
				key += room.thread
			}
			before := c.redis.client.Get(c.t.Context(), key).Val()
			complete := c.once(func() bool {
				now, err := c.redis.client.Get(c.t.Context(), key).Result()
				return err == nil && now != before
			})
			wait := c.askIn(d, victim, room, "new", 2)
			c.endAt(d, victim, complete)
			c.launch(victim)
			wait()
		}},
		{name: "replica ended during the reply", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			f, struck := struckOnce(faultserver.Fault{
				Target: pick(d, "response_url", "chat.postMessage"), Latency: 3 * time.Second, Works: d.IntN(2) == 0,
				Reset: true,
			})
			c.Graph.Fault(faultserver.Fault{Target: "createOrGet", Latency: 2200 * time.Millisecond, Times: 3})
			c.Slack.Fault(f)
			wait := c.askFor(d, victim, 3)
			c.endAt(d, victim, struck)
			c.Slack.ClearFaults()
			c.Graph.ClearFaults()
			c.launch(victim)
			wait()
		}},
	}
}

// upstreamFaults are those of Entra, Graph and Slack.
func upstreamFaults() []chaosFault {
	return []chaosFault{
		{name: "Entra refuses", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			f := faultserver.Fault{Target: pick(d, "token", "token", ""), Status: pick(d, 429, 500, 503)}
			if f.Status == http.StatusTooManyRequests {
				f.RetryAfter = pick(d, "1", "2", "")
			}
			c.entraFault(d, f)
		}},
		{name: "Entra hangs", weight: 2, strike: func(c *chaos, d *rand.Rand) {
			c.entraFault(d, faultserver.Fault{Latency: time.Second + upTo(d, 8*time.Second), Reset: d.IntN(2) == 0})
		}},
		{name: "Graph refuses", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			f := faultserver.Fault{Target: pick(d, "createOrGet", ""), Status: pick(d, 429, 500, 502, 503, 504)}
			if f.Status == http.StatusTooManyRequests {
				f.RetryAfter = pick(d, "1", "2", "")
			}
			c.graphFault(d, f)
		}},
		{name: "Graph slow", weight: 2, strike: func(c *chaos, d *rand.Rand) {
			c.graphFault(d, faultserver.Fault{Target: "createOrGet", Latency: time.Second + upTo(d, 4*time.Second)})
		}},
		{name: "Graph cuts connections", weight: 2, strike: func(c *chaos, d *rand.Rand) {
			c.graphFault(d, faultserver.Fault{Reset: true})
		}},
		{name: "Graph's answer lost", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			f := faultserver.Fault{Target: "createOrGet", Works: true, Reset: d.IntN(2) == 0,
				Latency: upTo(d, 2*time.Second)}
			if !f.Reset {
				f.Status = http.StatusGatewayTimeout
			}
			c.graphFault(d, f)
		}},
		{name: "policy withdrawn", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			one := d.IntN(3)
			set := func(granted bool) {
				for i, u := range c.staff {
					if i%3 == one {
						c.Graph.SetPolicy(u, granted)
					}
				}
			}
			// so that orphans are made
			c.Graph.Fault(faultserver.Fault{Target: "createOrGet", Works: true, Reset: true, Times: 2})
			c.pause(upTo(d, time.Second))
			set(false)
			c.pause(time.Second + upTo(d, 2*time.Second))
			set(true)
			c.Graph.ClearFaults()
		}},
		{name: "organizer refused to several", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			// All join the claim of somebody without a policy, and hear of that at different times: when the last of
			// them releases it, the next claim is already there.
			room, alone := c.rooms[d.IntN(len(c.rooms))], c.entraID[chaosSpare(c.spare)]
			for range 8 {
				c.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 200*time.Millisecond +
					upTo(d, 2*time.Second)})
			}
			c.Graph.SetPolicy(alone, false)
			waits := []func(){c.askIn(d, 0, room, "new", 1)}
			c.pause(100*time.Millisecond + upTo(d, 150*time.Millisecond))
			for at := range c.replicas {
				waits = append(waits, c.askIn(d, at, room, "new", 1))
			}
			for _, wait := range waits {
				wait()
			}
			c.Graph.ClearFaults()
			c.Graph.SetPolicy(alone, true)
		}},
		{name: "Graph fails for one person", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			// Everybody joins the claim of somebody for whom Graph fails for as long as they are here: it gives way. Every
			// other time their meeting is made, and nobody is told.
			room, alone := c.rooms[d.IntN(len(c.rooms))], c.entraID[chaosSpare(c.spare)]
			f := faultserver.Fault{Target: "createOrGet", Whose: alone, Status: pick(d, 500, 502, 504)}
			if d.IntN(2) == 0 {
				f.Works, f.Reset = true, true
			}
			c.Graph.Fault(f)
			waits := []func(){c.askIn(d, 0, room, "new", 1)}
			c.pause(100*time.Millisecond + upTo(d, 150*time.Millisecond))
			for at := range c.replicas {
				waits = append(waits, c.askIn(d, at, room, "new", 1))
			}
			c.pause(processGiveWay + 3*time.Second + upTo(d, 3*time.Second))
			for _, wait := range waits {
				wait()
			}
			c.Graph.ClearFaults()
		}},
		{name: "Graph throttles organizers", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			// One to three people: the last ones throttle the app.
			for i := range 1 + d.IntN(3) {
				c.Graph.Fault(faultserver.Fault{Target: "createOrGet", Whose: c.entraID[chaosSpare(c.spare+i)], Times: 1,
					Status: pick(d, 429, 503), RetryAfter: pick(d, "2", "5", "12")})
			}
			wait := c.askFor(d, d.IntN(3), 5)
			c.pause(upTo(d, 3*time.Second))
			wait()
			c.Graph.ClearFaults()
		}},
		{name: "Slack refuses", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			f := faultserver.Fault{
				Target: pick(d, "response_url", "chat.postMessage", "chat.postEphemeral", "users.info"),
				Status: pick(d, 429, 500, 503),
			}
			if f.Target == "response_url" && d.IntN(2) == 0 {
				f.Status, f.Body = http.StatusNotFound, `{"ok":false,"error":"used_url"}`
			}
			if f.Status == http.StatusTooManyRequests {
				f.RetryAfter = pick(d, "1", "2")
			}
			c.slackFault(d, f)
		}},
		{name: "Slack slow", weight: 2, strike: func(c *chaos, d *rand.Rand) {
			c.slackFault(d, faultserver.Fault{Target: pick(d, "response_url", "chat.postMessage", ""),
				Latency: upTo(d, 4*time.Second)})
		}},
		{name: "Slack's answer lost", weight: 2, strike: func(c *chaos, d *rand.Rand) {
			c.slackFault(d, faultserver.Fault{Target: pick(d, "response_url", "chat.postMessage"), Works: true,
				Reset: true})
		}},
	}
}

// chaosFaults are all faults that can strike in this run. Their order is part of what a seed means.
func (c *chaos) chaosFaults() []chaosFault {
	all := slices.Concat(replicaFaults(), redisFaults(), upstreamFaults(), lifeFaults(), inviteFaults(),
		remindFaults())
	return slices.DeleteFunc(all, func(f chaosFault) bool {
		return f.redis != "" && f.redis != c.redis.kind || f.long && !c.long() || !strings.Contains(f.name, c.Only)
	})
}

// long tells whether there is time for faults that take half a minute each.
func (c *chaos) long() bool { return c.Faults > 50 }

// inject lets one fault strike. The first in a group of Redis servers is one of the group's own.
func (c *chaos) inject(d *rand.Rand) {
	c.t.Helper()
	all := c.chaosFaults()
	if c.faults() == 0 && c.redis.kind != single && c.Only == "" {
		all = slices.DeleteFunc(all, func(f chaosFault) bool {
			return f.redis != c.redis.kind && f.name != "Redis killed"
		})
	}
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
func (c *chaos) graphFault(d *rand.Rand, f faultserver.Fault) {
	c.Graph.Fault(f)
	wait := c.askFor(d, d.IntN(3), 2)
	c.pause(upTo(d, 3*time.Second))
	c.Graph.ClearFaults()
	wait()
}

// slackFault arms a fault of Slack's while Graph is slow, so that answers are posted.
func (c *chaos) slackFault(d *rand.Rand, f faultserver.Fault) {
	c.Graph.Fault(faultserver.Fault{Target: "createOrGet", Latency: 2200 * time.Millisecond, Times: 3})
	c.Slack.Fault(f)
	wait := c.askFor(d, d.IntN(3), 3)
	c.pause(time.Second + upTo(d, 3*time.Second))
	c.Slack.ClearFaults()
	c.Graph.ClearFaults()
	wait()
}

// entraFault arms a fault of Entra's while a replica has no token yet.
func (c *chaos) entraFault(d *rand.Rand, f faultserver.Fault) {
	victim := d.IntN(3)
	c.Entra.Fault(f)
	c.kill(victim)
	c.launch(victim)
	wait := c.askFor(d, victim, 3)
	c.pause(time.Second + upTo(d, 4*time.Second))
	c.Entra.ClearFaults()
	wait()
}

// failing is a fault that refuses an operation, slowly or at once, or does it and loses the answer.
func failing(d *rand.Rand, target string) faultserver.Fault {
	f := faultserver.Fault{Target: target, Status: pick(d, 429, 500, 503)}
	switch d.IntN(3) {
	case 0:
		f.Works, f.Reset = true, true
	case 1:
		f.Latency = upTo(d, 4*time.Second)
	}
	if f.Status == http.StatusTooManyRequests {
		f.RetryAfter = pick(d, "1", "2")
	}
	return f
}

// struckOnce makes a fault strike once, and returns the moment at which it does.
func struckOnce(f faultserver.Fault) (faultserver.Fault, <-chan struct{}) {
	moment := make(chan struct{})
	f.Times, f.Struck = 1, func() { close(moment) }
	return f, moment
}

// askFor has so many users ask one replica for meetings that are not there yet. The returned function waits for what
// they are told at once.
func (c *chaos) askFor(d *rand.Rand, replica, users int) (wait func()) {
	var waits []func()
	for range users {
		waits = append(waits, c.askIn(d, replica, c.rooms[d.IntN(len(c.rooms))], pick(d, "new", "new", ""), 1))
	}
	return func() {
		for _, wait := range waits {
			wait()
		}
	}
}

// askIn has so many users say the same in one place at the same moment.
func (c *chaos) askIn(d *rand.Rand, replica int, room chaosRoom, text string, users int) (wait func()) {
	var wg sync.WaitGroup
	for range users {
		a := c.spareAsk(d, replica, room, text)
		wg.Go(func() { c.ask(a) })
	}
	return wg.Wait
}

// spareAsk is a request of a user who has not asked in this batch.
func (c *chaos) spareAsk(d *rand.Rand, replica int, room chaosRoom, text string) chaosAsk {
	id := fmt.Sprintf("fault %d.%d", c.faults(), c.spare)
	return chaosAsk{
		id: id, user: c.nextSpare(), room: room, text: text, at: replica, again: d.IntN(3), repeat: 9,
		mention: room.thread != "" || d.IntN(4) == 0,
	}
}

// faults is how many faults there were so far, and faultsOf how many of somebody's.
func (c *chaos) faults() int { return c.faultsOf("") }

func (c *chaos) faultsOf(whose string) (n int) {
	for name, times := range c.done {
		if strings.HasPrefix(name, whose) {
			n += times
		}
	}
	return n
}

// upTo is a random length of time.
func upTo(d *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(d.Int64N(int64(most)))
}

func pick[T any](d *rand.Rand, from ...T) T { return from[d.IntN(len(from))] }
