package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// idle measures what a replica costs while nobody asks for anything.
func (env *environment) idle(ctx context.Context, o options, r *report) error {
	defer env.stopAll()
	redis, err := env.startRedis(ctx)
	if err != nil {
		return err
	}
	bot, _, err := env.startBot(ctx, redis)
	if err != nil {
		return err
	}
	// as it is after work, with connections and scripts in place
	if _, _, err := env.known(ctx, bot, 1, 1); err != nil {
		return err
	}
	if err := redis.client.ConfigResetStat(ctx).Err(); err != nil {
		return fmt.Errorf("reset the figures of Redis: %w", err)
	}
	before, err := bot.usage()
	if err != nil {
		return err
	}
	start := time.Now()
	select {
	case <-time.After(o.idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := bot.usage()
	if err != nil {
		return err
	}
	long := time.Since(start).Seconds()
	commands, err := redis.info(ctx, "stats", "total_commands_processed")
	if err != nil {
		return err
	}
	stats, err := redis.client.Info(ctx, "commandstats").Result()
	if err != nil {
		return fmt.Errorf("ask Redis for its figures: %w", err)
	}
	r.single("idle: commands a second in Redis, those within scripts included", few, series{commands / long},
		goal{atMost: 3, words: "≤ 3"})
	r.single("idle: CPU of a replica, of one core", percent, series{(after.cpu - before.cpu).Seconds() / long}, goal{})
	r.compare("idle: the part of a replica's memory that no file backs, of all", mebibytes, series{after.own},
		series{after.rss}, goal{})
	var each []string
	for line := range strings.Lines(stats) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ":calls=")
		calls, _, _ := strings.Cut(rest, ",")
		if name = strings.TrimPrefix(name, "cmdstat_"); ok && name != "info" && !strings.HasPrefix(name, "config") {
			each = append(each, name+" "+calls)
		}
	}
	r.note("Idle for %s: %s.", o.idle, strings.Join(each, ", "))
	return nil
}

// start measures how long a process takes until it serves.
func (env *environment) start(ctx context.Context, o options, r *report) error {
	defer env.stopAll()
	redis, err := env.startRedis(ctx)
	if err != nil {
		return err
	}
	var bots, bares series
	for range o.rounds + 1 {
		bare, took, err := env.startBare(ctx, redis)
		if err != nil {
			return err
		}
		bare.stop()
		bares = append(bares, took.Seconds())
		bot, took, err := env.startBot(ctx, redis)
		if err != nil {
			return err
		}
		bot.stop()
		bots = append(bots, took.Seconds())
	}
	r.compareTo("start, bot against bare handler: until it serves", span, bots[1:], bares[1:],
		goal{atMost: 1, words: "< 1 s"})
	return nil
}

// size measures how large the program is, as the README builds it, and without what only a debugger needs.
func (env *environment) size(ctx context.Context, _ options, r *report) error {
	stripped, err := build(ctx, env.dir, "stripped", "meetbot/cmd/bot", "-ldflags", "-s -w")
	if err != nil {
		return err
	}
	var sizes series
	for _, path := range []string{stripped, env.bot} {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("measure the program: %w", err)
		}
		sizes = append(sizes, float64(info.Size()))
	}
	r.compare("size of the program, built with `-ldflags '-s -w'` against as the README builds it", mebibytes,
		sizes[:1], sizes[1:], goal{})
	return nil
}
