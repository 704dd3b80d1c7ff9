package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/store"
)

const (
	small   = 1000   // conversations in the small Redis
	asked   = 20_000 // conversations of the large one that are asked for, at most
	fillers = 32     // connections that fill a Redis
	// of one call while it is filled: the store gives up after a second, which a busy machine may take
	tries     = 20
	largeFrom = 0 // the first channel's number
)

// large measures what a conversation costs in Redis, and whether a repeat grows slower with their number.
func (env *environment) large(ctx context.Context, o options, r *report) error {
	defer env.stopAll()
	few, err := env.startRedis(ctx)
	if err != nil {
		return err
	}
	many, err := env.startRedis(ctx)
	if err != nil {
		return err
	}
	fewBot, _, err := env.startBot(ctx, few)
	if err != nil {
		return err
	}
	manyBot, _, err := env.startBot(ctx, many)
	if err != nil {
		return err
	}
	people, meetings, err := env.sample(ctx, few, fewBot)
	if err != nil {
		return err
	}
	if err := env.fill(ctx, few, people, meetings, small, nil); err != nil {
		return err
	}
	before, err := many.info(ctx, "memory", "used_memory")
	if err != nil {
		return err
	}
	start := time.Now()
	if err := env.fill(ctx, many, people, meetings, o.conversations, nil); err != nil {
		return err
	}
	filled := time.Since(start)
	after, err := many.info(ctx, "memory", "used_memory")
	if err != nil {
		return err
	}
	each, length := (after-before)/float64(o.conversations), 0.0
	for _, m := range meetings {
		length += float64(len(m.record)) / float64(len(meetings))
	}
	r.compareTo(fmt.Sprintf("%d conversations: memory of Redis for each, against the mean length of a record",
		o.conversations), bytesOf,
		series{each}, series{length}, goal{atMost: 600, words: "≤ 600 B"})
	if err := keyCosts(ctx, few, r); err != nil {
		return err
	}

	same, err := env.asks(ctx, people, func(i int) int { return i % small }, small*len(people))
	if err != nil {
		return err
	}
	wide, err := env.asks(ctx, people, func(int) int { return rand.IntN(o.conversations) }, min(asked, o.conversations))
	if err != nil {
		return err
	}
	base, alike, all := &side{server: fewBot, beside: few}, &side{server: manyBot, beside: many}, &side{server: manyBot,
		beside: many}
	for round := range o.rounds + 1 {
		for _, s := range []struct {
			*side
			*commands
		}{{base, same}, {alike, same}, {all, wide}} {
			if err := s.round(ctx, o, s.commands, round > 0); err != nil {
				return err
			}
		}
	}
	for _, s := range []*side{base, alike, all} {
		s.confess(r)
	}
	what := fmt.Sprintf("repeat among %d conversations against among %d, ", o.conversations, small)
	r.compare(what+"the same ones asked for: p99", span, alike.p99, base.p99, atMost(1.1))
	r.compare(what+"the same ones asked for: throughput", perSecond, alike.throughput, base.throughput, goal{})
	r.compare(what+"all of them asked for: p99", span, all.p99, base.p99, atMost(1.1))
	r.compare(what+"all of them asked for: throughput", perSecond, all.throughput, base.throughput, goal{})
	r.compare(what+"all of them asked for: memory of the bot", mebibytes, all.rss, base.rss, goal{})
	r.note("The %d conversations were written by the store's own claim and complete in %s, over %d connections; "+
		"\"all of them\" are %d, taken at random, far more than the bot keeps drawn cards of.",
		o.conversations, filled.Round(time.Second), fillers, min(asked, o.conversations))
	return nil
}

// sampleMeeting is a meeting as the bot has stored it.
type sampleMeeting struct {
	bot.Meeting
	record string
}

// subjects are what the sample meetings are about; without one, the channel's name is their subject. Their lengths
// differ as in life: Redis rounds the room of a record up, in steps that a sample of one would fall on either side of.
var subjects = []string{
	"", "Retrospective", "", "Weekly", "", "Design review", "1:1", "Incident 2381: checkout is slow in Brazil",
	"", "Sprint planning", "", "Interview", "", "Quarterly numbers, and what follows from them", "", "Onboarding",
}

// sample lets the bot make a meeting for some people, and returns them and what it has stored.
func (env *environment) sample(ctx context.Context, r *redisServer, s *server) (people []string, all []sampleMeeting,
	err error) {
	stored, err := store.Open(r.url(), store.Options{Replica: "bench"})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, stored.Close()) }()
	for i := range repeatPeople {
		id, err := env.person()
		if err != nil {
			return nil, nil, err
		}
		people = append(people, id)
		channel := env.fresh()
		if _, err := env.meet(ctx, s, slacktest.Command{User: id, Channel: channel,
			Text: subjects[i%len(subjects)]}); err != nil {
			return nil, nil, err
		}
		state, err := stored.Read(ctx, env.conversation(channel), bot.Asker{})
		if err != nil {
			return nil, nil, err
		}
		keys, err := r.client.Keys(ctx, "*"+channel+"*:m:").Result()
		if err != nil || len(keys) != 1 || state.Meeting == nil {
			return nil, nil, fmt.Errorf("find the stored meeting among %v: %w", keys, err)
		}
		record, err := r.client.Get(ctx, keys[0]).Result()
		if err != nil {
			return nil, nil, fmt.Errorf("read a stored meeting: %w", err)
		}
		all = append(all, sampleMeeting{*state.Meeting, record})
	}
	return people, all, nil
}

func (env *environment) conversation(channel string) bot.Conversation {
	return bot.Conversation{Platform: slackapp.Platform, Workspace: env.Slack.Team(), Channel: channel}
}

// fill writes n conversations as the bot would have: a claim, completed by a meeting like one of the samples. It also
// remembers who the people are. after, if there is one, adds what else a conversation has.
func (env *environment) fill(
	ctx context.Context, r *redisServer, people []string, samples []sampleMeeting, n int,
	after func(context.Context, *store.Store, bot.Conversation, bot.Meeting) error,
) (err error) {
	stored, err := store.Open(r.url()+"?pool_size=32", store.Options{Replica: "bench"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stored.Close()) }()
	for i, id := range people {
		like := samples[i%len(samples)]
		asker := bot.Asker{Platform: slackapp.Platform, Workspace: env.Slack.Team(), User: id}
		known := bot.Identity{ID: like.Organizer.ID, Name: like.Organizer.Name, Language: like.Language}
		if err := stored.Remember(ctx, asker, known, bot.IdentityTTL); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for part := range fillers {
		group.Go(func() error {
			for i := part; i < n; i += fillers {
				claim := bot.NewClaim(env.conversation(channelID(largeFrom+i)), 1, false)
				like := samples[i/fillers%len(samples)]
				claim.Organizer, claim.Language = like.Organizer, like.Language
				meeting := like.Meeting
				meeting.ExternalID = claim.Request.ExternalID
				err := again(ctx, func() error {
					if _, err := stored.Claim(ctx, claim, false, 0); err != nil {
						return err
					}
					_, err := stored.Complete(ctx, claim, meeting)
					return err
				})
				if err == nil && after != nil {
					err = again(ctx, func() error { return after(ctx, stored, claim.Conversation, meeting) })
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// again repeats what is safe to repeat until it succeeds.
func again(ctx context.Context, call func() error) error {
	var err error
	for range tries {
		if err = call(); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// asks prepares n repeats by the people in turn, in the channels whose numbers pick gives, in random order.
func (env *environment) asks(ctx context.Context, people []string, pick func(i int) int, n int) (*commands, error) {
	list := make([]slacktest.Command, n)
	for i := range list {
		list[i] = slacktest.Command{User: people[i/small%len(people)], Channel: env.channel(largeFrom + pick(i))}
	}
	rand.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	return commandsOf(ctx, env.Slack, list)
}

// keyCosts reports what Redis takes for the other keys that a command leaves behind.
func keyCosts(ctx context.Context, r *redisServer, out *report) error {
	for _, k := range []struct{ what, pattern string }{
		{"a remembered person, for an hour", "mb:id:*"},
		{"the mark of an answered request, for an hour", "*:mark:*"},
	} {
		var all series
		keys := r.client.Scan(ctx, 0, k.pattern, 1000).Iterator()
		for keys.Next(ctx) {
			size, err := r.client.MemoryUsage(ctx, keys.Val()).Result()
			if err != nil {
				return fmt.Errorf("ask Redis for the size of a key: %w", err)
			}
			all = append(all, float64(size))
		}
		if err := keys.Err(); err != nil {
			return fmt.Errorf("list keys: %w", err)
		}
		out.single("memory of Redis for "+k.what, bytesOf, all, goal{})
	}
	return nil
}
