package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meetbot/bot"
	"meetbot/store"
)

// datedMost is how many conversations of each kind are written at most. It is a power of two: Redis' table of keys has
// then as many places as keys.
const datedMost = 1 << 17

// invitedEach is how many people are invited to a meeting.
const invitedEach = 5

// dates measures what a date, its reminder and invitations add to what a conversation takes in Redis.
func (env *environment) dates(ctx context.Context, o options, r *report) error {
	defer env.stopAll()
	first, err := env.startRedis(ctx)
	if err != nil {
		return err
	}
	replica, _, err := env.startBot(ctx, first)
	if err != nil {
		return err
	}
	people, plain, err := env.sample(ctx, first, replica)
	if err != nil {
		return err
	}
	dated := make([]sampleMeeting, len(plain))
	for i, m := range plain {
		m.Dated, m.DatedBy = true, m.StartedBy.User
		m.Start = m.Start.AddDate(0, 0, 7).Truncate(time.Hour)
		m.End = m.Start.Add(45 * time.Minute)
		dated[i] = m
	}
	n := min(o.conversations, datedMost)
	var without series
	for _, kind := range []struct {
		what     string
		meetings []sampleMeeting
		after    func(context.Context, *store.Store, bot.Conversation, bot.Meeting) error
	}{
		{"plain", plain, nil},
		{"with a date", dated, nil},
		{"with a date and its reminder", dated, planReminder},
		{
			fmt.Sprintf("with a date, its reminder, and %d people invited in the last hour", invitedEach),
			dated, inviteSome,
		},
	} {
		each, err := env.bytesEach(ctx, people, kind.meetings, n, kind.after)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("%d conversations, %s: memory of Redis for each", n, kind.what)
		if without == nil {
			without = series{each}
			r.single(what, bytesOf, without, goal{})
			continue
		}
		r.compare(what+", against plain", bytesOf, series{each}, without, goal{})
	}
	return nil
}

// bytesEach fills a Redis of its own and returns what each conversation takes there.
func (env *environment) bytesEach(
	ctx context.Context, people []string, meetings []sampleMeeting, n int,
	after func(context.Context, *store.Store, bot.Conversation, bot.Meeting) error,
) (float64, error) {
	redis, err := env.startRedis(ctx)
	if err != nil {
		return 0, err
	}
	if err := env.fill(ctx, redis, people, meetings, 0, nil); err != nil {
		return 0, err
	}
	before, err := redis.info(ctx, "memory", "used_memory")
	if err != nil {
		return 0, err
	}
	if err := env.fill(ctx, redis, people, meetings, n, after); err != nil {
		return 0, err
	}
	now, err := redis.info(ctx, "memory", "used_memory")
	return (now - before) / float64(n), err
}

// planReminder does what the bot does when a date was set.
func planReminder(ctx context.Context, s *store.Store, c bot.Conversation, m bot.Meeting) error {
	return s.SetDue(ctx, bot.Due{Kind: bot.DueRemind, Conversation: c, At: m.Start.Add(-10 * time.Minute)})
}

// inviteSome is planReminder, and what the bot does when a command names people.
func inviteSome(ctx context.Context, s *store.Store, c bot.Conversation, m bot.Meeting) error {
	i := bot.Invitation{Job: "invite-0123456789abcdef0123456789abcdef"}
	for n := range invitedEach {
		i.Attendees = append(i.Attendees, bot.Attendee{
			ID:  fmt.Sprintf("a1111111-0000-4000-8000-%012d", n),
			UPN: fmt.Sprintf("first.lastname%d@contoso.example", n),
		})
	}
	_, err := s.Invite(ctx, c, m.ExternalID, i)
	return errors.Join(err, planReminder(ctx, s, c, m))
}
