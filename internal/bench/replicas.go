package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/procfs"
)

// replicaCounts are how many replicas share the load, side by side.
const replicaCounts = 3

// shares is where the CPU time of a round went, in seconds per request, and the throughput.
type shares struct{ throughput, bots, redis, load, cores series }

// replicas measures how throughput grows with replicas on one Redis, and who uses up the machine.
func (env *environment) replicas(ctx context.Context, o options, r *report) error {
	defer env.stopAll()
	redis, err := env.startRedis(ctx)
	if err != nil {
		return err
	}
	var bots []*server
	for range replicaCounts {
		bot, _, err := env.startBot(ctx, redis)
		if err != nil {
			return err
		}
		bots = append(bots, bot)
	}
	all, _, err := env.known(ctx, bots[0], repeatPeople, repeatChannels)
	if err != nil {
		return err
	}
	by := make([]shares, replicaCounts)
	for round := range o.rounds + 1 {
		for i := range by {
			if err := by[i].round(ctx, o, all, bots[:i+1], redis, round > 0); err != nil {
				return err
			}
		}
	}
	for i := range by {
		if i > 0 {
			r.compare(fmt.Sprintf("%d replicas on one Redis against one: throughput of repeats", i+1), perSecond,
				by[i].throughput, by[0].throughput, goal{})
		}
		name := fmt.Sprintf("%d replicas", i+1)
		if i == 0 {
			name = "1 replica"
		}
		r.compare(name+": CPU per repeat, the bot against Redis", span, by[i].bots, by[i].redis, goal{})
		r.compare(name+": CPU per repeat, the load itself against Redis", span, by[i].load, by[i].redis, goal{})
		r.single(name+": cores in use by all of them together", few, by[i].cores, goal{})
	}
	return nil
}

func (s *shares) round(ctx context.Context, o options, all *commands, bots []*server, redis *redisServer,
	counts bool) error {
	wire, err := all.sign()
	if err != nil {
		return err
	}
	before, err := cpus(bots, redis)
	if err != nil {
		return err
	}
	var addrs []string
	for _, b := range bots {
		addrs = append(addrs, b.addr)
	}
	load, err := drive(ctx, addrs, wire, o.connections, o.round)
	if err != nil {
		return err
	}
	after, err := cpus(bots, redis)
	if err != nil {
		return err
	}
	if !counts {
		return nil
	}
	n, used := float64(len(load.took)), 0.0
	for i, to := range []*series{&s.bots, &s.redis, &s.load} {
		spent := (after[i] - before[i]).Seconds()
		*to = append(*to, spent/n)
		used += spent
	}
	s.throughput, s.cores = append(s.throughput, n/load.elapsed.Seconds()), append(s.cores, used/load.elapsed.Seconds())
	return nil
}

// cpus is the CPU time so far of the bots together, of Redis, and of this process.
func cpus(bots []*server, redis *redisServer) ([3]time.Duration, error) {
	var all [3]time.Duration
	for _, b := range bots {
		u, err := b.usage()
		if err != nil {
			return all, err
		}
		all[0] += u.cpu
	}
	u, err := redis.usage()
	if err != nil {
		return all, err
	}
	all[1] = u.cpu
	self, err := procfs.Self()
	if err != nil {
		return all, fmt.Errorf("watch the load: %w", err)
	}
	if u, err = usageOf(self); err != nil {
		return all, fmt.Errorf("watch the load: %w", err)
	}
	all[2] = u.cpu
	return all, nil
}
