package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"meetbot/internal/sandbox/slacktest"
)

// The repeats are asked by this many people in this many channels.
const (
	repeatPeople   = 16
	repeatChannels = 32
)

// side is one server's figures, round by round.
type side struct {
	*server
	beside *redisServer // that it asks

	throughput, p50, p99, rss, own, cpu, redis, mallocs, bytes series
	amiss                                                      int

	asked *commands // of another release, which has meetings of its own
}

// otherRelease starts the release to compare with, on a Redis of its own.
func (env *environment) otherRelease(ctx context.Context, o options) (*side, error) {
	redis, err := env.startRedis(ctx)
	if err != nil {
		return nil, err
	}
	other, _, err := env.startRelease(ctx, redis, "the other release", o.before)
	if err != nil {
		return nil, err
	}
	asked, _, err := env.known(ctx, other, repeatPeople, repeatChannels)
	return &side{server: other, beside: redis, asked: asked}, err
}

// known makes a meeting in each of some channels, and returns repeats by everybody in all of them, and the card that is
// the answer. Everybody has made one, so the bot knows them all.
func (env *environment) known(ctx context.Context, s *server, people, channels int) (*commands, []byte, error) {
	var list []slacktest.Command
	var who []string
	for range people {
		id, err := env.person()
		if err != nil {
			return nil, nil, err
		}
		who = append(who, id)
	}
	var last slacktest.Command
	for i := range max(people, channels) {
		c := slacktest.Command{User: who[i%people], Channel: env.channel(i % channels)}
		m, err := env.meet(ctx, s, c)
		if err != nil {
			return nil, nil, err
		}
		if !isCard(m) {
			return nil, nil, fmt.Errorf("no card for %s in %s: %s", c.User, c.Channel, m.Text)
		}
		last = c
	}
	for i := range channels {
		for _, user := range who {
			list = append(list, slacktest.Command{User: user, Channel: env.channel(i)})
		}
	}
	all, err := commandsOf(ctx, env.Slack, list)
	if err != nil {
		return nil, nil, err
	}
	a, err := env.Slack.Command(ctx, "http://"+s.addr, last)
	return all, a.Body, err
}

// repeat measures a repeat of a known command: the bot, the bare handler, and the same in Bolt for JavaScript.
func (env *environment) repeat(ctx context.Context, o options, r *report) error {
	defer env.stopAll()
	redis, err := env.startRedis(ctx)
	if err != nil {
		return err
	}
	bot, _, err := env.startBot(ctx, redis)
	if err != nil {
		return err
	}
	all, card, err := env.known(ctx, bot, repeatPeople, repeatChannels)
	if err != nil {
		return err
	}
	if err := redis.client.Set(ctx, bareKey, card, 0).Err(); err != nil {
		return fmt.Errorf("keep the card: %w", err)
	}
	bare, _, err := env.startBare(ctx, redis)
	if err != nil {
		return err
	}
	sides := []*side{{server: bare, beside: redis}, {server: bot, beside: redis}}
	if o.bolt {
		bolt, err := env.startBolt(ctx, redis)
		if err != nil {
			return err
		}
		sides = append(sides, &side{server: bolt, beside: redis})
	}
	var before *side
	if o.before != "" {
		if before, err = env.otherRelease(ctx, o); err != nil {
			return err
		}
		sides = append(sides, before)
	}
	for round := range o.rounds + 1 {
		for _, s := range sides {
			asked := all
			if s == before {
				asked = before.asked
			}
			if err := s.round(ctx, o, asked, round > 0); err != nil { // the first one warms up
				return err
			}
		}
	}
	if o.profiles != "" {
		if err := bot.profiles(ctx, o, all); err != nil {
			return err
		}
	}

	for _, s := range sides {
		s.confess(r)
	}
	b, t := sides[0], sides[1]
	r.compare("repeat, bot against bare handler: throughput", perSecond, t.throughput, b.throughput, atLeast(0.85))
	r.compare("repeat, bot against bare handler: p50", span, t.p50, b.p50, goal{})
	r.compare("repeat, bot against bare handler: p99", span, t.p99, b.p99, goal{})
	r.compare("repeat, bot against bare handler: CPU of the server per request", span, t.cpu, b.cpu, goal{})
	r.compare("repeat, bot against bare handler: CPU of Redis per request", span, t.redis, b.redis, goal{})
	r.compare("repeat, bot against bare handler: memory after the load", mebibytes, t.rss, b.rss, atMost(3))
	r.compare("repeat, bot against bare handler: the part of it that no file backs", mebibytes, t.own, b.own, goal{})
	r.compare("repeat, bot against bare handler: allocations per request", count, t.mallocs, b.mallocs, goal{})
	r.compare("repeat, bot against bare handler: bytes allocated per request", count, t.bytes, b.bytes, goal{})
	if before != nil {
		const what = "repeat, bot against the other release: "
		r.compare(what+"throughput", perSecond, t.throughput, before.throughput, atLeast(0.95))
		r.compare(what+"p50", span, t.p50, before.p50, goal{})
		r.compare(what+"p99", span, t.p99, before.p99, goal{})
		r.compare(what+"CPU of the server per request", span, t.cpu, before.cpu, goal{})
		r.compare(what+"CPU of Redis per request", span, t.redis, before.redis, goal{})
		r.compare(what+"allocations per request", count, t.mallocs, before.mallocs, goal{})
	}
	if o.bolt {
		n := sides[2]
		r.compare("repeat, bot against Bolt for JavaScript: throughput", perSecond, t.throughput, n.throughput,
			atLeast(2.5))
		r.compare("repeat, bot against Bolt for JavaScript: p50", span, t.p50, n.p50, goal{})
		r.compare("repeat, bot against Bolt for JavaScript: p99", span, t.p99, n.p99, goal{})
		r.compare("repeat, bot against Bolt for JavaScript: CPU of the server per request", span, t.cpu, n.cpu, goal{})
		r.compare("repeat, bot against Bolt for JavaScript: memory after the load", mebibytes, t.rss, n.rss,
			atMost(0.5))
		r.compare("repeat, bot against Bolt for JavaScript: the part of it that no file backs", mebibytes, t.own, n.own,
			goal{})
	}
	r.note("Repeats: %d people in %d channels, %d keep-alive connections, %d rounds of %s a side, "+
		"the sides in turn; the answer has %d bytes.",
		repeatPeople, repeatChannels, o.connections, o.rounds, o.round, len(card))
	return nil
}

// confess notes answers that were no card.
func (s *side) confess(r *report) {
	if s.amiss > 0 {
		r.note("%d answers of %s were no card.", s.amiss, s.name)
	}
}

// round puts load on one side, and keeps the figures if they count.
func (s *side) round(ctx context.Context, o options, all *commands, counts bool) error {
	wire, err := all.sign()
	if err != nil {
		return err
	}
	var before, after memory
	if s.admin != "" {
		if before, err = s.memory(ctx); err != nil {
			return err
		}
	}
	start, redisStart, err := usages(s.process, s.beside.process)
	if err != nil {
		return err
	}
	load, err := drive(ctx, []string{s.addr}, wire, o.connections, o.round)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", s.name, err, s.tail())
	}
	end, redisEnd, err := usages(s.process, s.beside.process)
	if err != nil {
		return err
	}
	if s.admin != "" {
		if after, err = s.memory(ctx); err != nil {
			return err
		}
	}
	if !counts {
		return nil
	}
	n := float64(len(load.took))
	s.amiss += load.amiss
	s.throughput = append(s.throughput, n/load.elapsed.Seconds())
	s.p50, s.p99 = append(s.p50, quantile(load.took, 0.5)), append(s.p99, quantile(load.took, 0.99))
	s.cpu, s.rss = append(s.cpu, (end.cpu-start.cpu).Seconds()/n), append(s.rss, end.rss)
	s.own, s.redis = append(s.own, end.own), append(s.redis, (redisEnd.cpu-redisStart.cpu).Seconds()/n)
	s.mallocs, s.bytes = append(s.mallocs, (after.mallocs-before.mallocs)/n), append(s.bytes,
		(after.bytes-before.bytes)/n)
	return nil
}

// profiles saves what the server does under load: bot.cpu.pprof and bot.allocs.pprof.
func (s *server) profiles(ctx context.Context, o options, all *commands) error {
	wire, err := all.sign()
	if err != nil {
		return err
	}
	const long = 10 * time.Second
	var both errgroup.Group
	both.Go(func() error {
		_, err := drive(ctx, []string{s.addr}, wire, o.connections, long)
		return err
	})
	both.Go(func() error { return s.profile(ctx, "profile", long, filepath.Join(o.profiles, s.name+".cpu.pprof")) })
	if err := both.Wait(); err != nil {
		return err
	}
	return s.profile(ctx, "allocs", 0, filepath.Join(o.profiles, s.name+".allocs.pprof"))
}
