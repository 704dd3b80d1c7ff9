package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

const (
	coldRate   = 50  // commands a second
	coldPeople = 100 // who are known
	coldRounds = 3   // at most
	freshFrom  = 1_000_000_000
	cardWithin = time.Minute // a card that follows
)

// coldCell is one kind of command in the cold measurement, and its figures, round by round.
type coldCell struct {
	name    string
	latency time.Duration // of every answer of Graph
	cold    bool          // in a channel without a meeting
	known   bool          // the asker is remembered

	p50, p99, bot, redis, graph, slack series
	acknowledged, late, lost           int // the last: no card within cardWithin
}

// coldSide is a release in the cold measurement: the people whom it knows, and its cells. The first cell is a repeat.
type coldSide struct {
	bot    *server
	redis  *redisServer
	people []string
	from   int // the number of the channel in which the first of them made their meeting
	cells  []*coldCell
}

// coldSide starts a release, and makes it know some people.
func (env *environment) coldSide(ctx context.Context, binary, name string) (*coldSide, error) {
	s := &coldSide{from: freshFrom + env.channels + 1}
	var err error
	if s.redis, err = env.startRedis(ctx); err != nil {
		return nil, err
	}
	if s.bot, _, err = env.startRelease(ctx, s.redis, name, binary); err != nil {
		return nil, err
	}
	for range coldPeople {
		id, err := env.person()
		if err != nil {
			return nil, err
		}
		if _, err := env.meet(ctx, s.bot, slacktest.Command{User: id, Channel: env.fresh()}); err != nil {
			return nil, err
		}
		s.people = append(s.people, id)
	}
	s.cells = []*coldCell{{name: "a repeat at the same rate", known: true}}
	for _, known := range []bool{true, false} {
		for _, latency := range []time.Duration{0, 100 * time.Millisecond, 800 * time.Millisecond} {
			asker := "asker known"
			if !known {
				asker = "asker not known"
			}
			s.cells = append(s.cells, &coldCell{name: fmt.Sprintf("%s, Graph %s", asker, latency), latency: latency,
				cold: true, known: known})
		}
	}
	return s, nil
}

// cold measures commands that need a meeting made: how long until the card is there, less what Graph itself took, at a
// steady rate that does not wait for answers.
func (env *environment) cold(ctx context.Context, o options, r *report) error {
	defer env.stopAll()
	here, err := env.coldSide(ctx, env.bot, "bot")
	if err != nil {
		return err
	}
	sides := []*coldSide{here}
	if o.before != "" {
		before, err := env.coldSide(ctx, o.before, "the other release")
		if err != nil {
			return err
		}
		sides = append(sides, before)
	}
	n := max(2, int(coldRate*o.cold.Seconds()))
	for range min(o.rounds, coldRounds) {
		for i := range here.cells {
			for _, s := range sides {
				c := s.cells[i]
				if err := env.coldRound(ctx, s, c, n); err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
			}
		}
	}

	cells, repeat := here.cells, here.cells[0]
	if o.before != "" {
		for i, c := range cells[1:] {
			before := sides[1].cells[i+1]
			what := "cold, " + c.name + ", bot against the other release: "
			r.compare(what+"p50 less Graph's own time", span, c.p50, before.p50, goal{})
			r.compare(what+"p99 less Graph's own time", span, c.p99, before.p99, goal{})
			if c.latency == 0 {
				r.compare(what+"CPU of the bot per command", span, c.bot, before.bot, goal{})
				r.compare(what+"CPU of Redis per command", span, c.redis, before.redis, goal{})
				r.single("cold, "+c.name+", the other release: calls to Slack per command", few, before.slack, goal{})
			}
		}
	}
	for _, c := range cells[1:] {
		r.compareTo("cold, "+c.name+": p50 less Graph's own time, against "+repeat.name, span, c.p50, repeat.p50,
			goal{atMost: 0.060, words: "≤ 60 ms"})
		r.compareTo("cold, "+c.name+": p99 less Graph's own time, against "+repeat.name, span, c.p99, repeat.p99,
			goal{atMost: 0.150, words: "≤ 150 ms"})
		if c.latency == 0 {
			r.compare("cold, "+c.name+": CPU of the bot per command, against "+repeat.name, span, c.bot, repeat.bot,
				goal{})
			r.compare("cold, "+c.name+": CPU of Redis per command, against "+repeat.name, span, c.redis, repeat.redis,
				goal{})
			r.single("cold, "+c.name+": calls to Graph per command", few, c.graph, goal{})
			r.single("cold, "+c.name+": calls to Slack per command", few, c.slack, goal{})
		}
	}
	r.note("Cold commands: %d a second, %s in each of %d rounds, every one in a fresh channel; "+
		"a latency runs from when a command was due until the card stands in the channel.",
		coldRate, o.cold, min(o.rounds, coldRounds))
	for _, c := range cells {
		if c.acknowledged > 0 {
			r.note("%s: %d of %d had no card once they were answered, %d of them because Slack's three seconds were "+
				"over, and the card followed.",
				c.name, c.acknowledged, n*len(c.p50), c.late)
		}
		if c.lost > 0 {
			r.note("%s: %d of %d got no card within %s.", c.name, c.lost, n*len(c.p50), cardWithin)
		}
	}
	return nil
}

// fresh is a channel in which nobody ever asked.
func (env *environment) fresh() string {
	env.channels++
	return env.channel(freshFrom + env.channels)
}

// coldRound sends n commands of one kind.
func (env *environment) coldRound(ctx context.Context, side *coldSide, c *coldCell, n int) error {
	bot, redis, people := side.bot, side.redis, side.people
	list := make([]slacktest.Command, n)
	for i := range list {
		list[i].User = people[i%len(people)]
		if !c.known {
			var err error
			if list[i].User, err = env.person(); err != nil {
				return err
			}
		}
		if c.cold {
			list[i].Channel = env.fresh()
		} else {
			list[i].Channel = env.channel(side.from + i%len(people)) // where the known people made their meetings
		}
	}
	env.Graph.ResetCalls()
	env.Slack.ResetCalls()
	if c.latency > 0 {
		env.Graph.Fault(faultserver.Fault{Latency: c.latency})
		defer env.Graph.ClearFaults()
	}
	botBefore, redisBefore, err := usages(bot.process, redis.process)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var took []time.Duration
	var problems []error
	pace(ctx, coldRate, n, func(i int, due time.Time) {
		a, err := env.Slack.Command(ctx, "http://"+bot.addr, list[i])
		there := err == nil && a.Message != nil && isCard(*a.Message)
		if err == nil && !there && len(a.Body) == 0 {
			_, there = env.posted(list[i].Channel)
		}
		if err == nil && !there {
			err = env.cardFollows(ctx, bot, list[i].Channel)
		}
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			problems = append(problems, err)
			return
		}
		took = append(took, time.Since(due))
		if !there {
			c.acknowledged++
		}
		if a.TimedOut {
			c.late++
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	c.lost += len(problems)
	if !tolerable(len(problems), len(took), coldRate/10) {
		return fmt.Errorf("%d of %d commands: %w", len(problems), n, problems[0])
	}

	botAfter, redisAfter, err := usages(bot.process, redis.process)
	if err != nil {
		return err
	}
	calls := float64(len(env.Graph.Calls())) / float64(n)
	c.slack = append(c.slack, float64(len(env.Slack.Calls()))/float64(n))
	slices.Sort(took)
	// The calls of one command follow one another.
	graph := c.latency.Seconds() * calls
	c.p50, c.p99 = append(c.p50, quantile(took, 0.5)-graph), append(c.p99, quantile(took, 0.99)-graph)
	c.bot = append(c.bot, (botAfter.cpu-botBefore.cpu).Seconds()/float64(n))
	c.redis = append(c.redis, (redisAfter.cpu-redisBefore.cpu).Seconds()/float64(n))
	c.graph = append(c.graph, calls)
	return nil
}

// cardFollows waits for the card of a command that was not answered with it.
func (env *environment) cardFollows(ctx context.Context, s *server, channel string) error {
	ctx, cancel := context.WithTimeout(ctx, cardWithin)
	defer cancel()
	if _, err := env.Slack.WaitFor(ctx, channel, isCard); err != nil {
		return fmt.Errorf("no card came into %s: %w: %s", channel, err, s.said(channel))
	}
	return nil
}

// usages is what two processes have used so far.
func usages(a, b *process) (usage, usage, error) {
	first, err := a.usage()
	if err != nil {
		return usage{}, usage{}, err
	}
	second, err := b.usage()
	return first, second, err
}
