package store

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// counts finds how many new meetings the person made lately.
func (f *finder) counts(ctx context.Context) error {
	return f.each(ctx, string(f.store.keys)+":{new:*}:user:*", func(_ context.Context, keys []string) error {
		for _, key := range keys {
			if f.words.MatchString(key) {
				f.found(Trace{What: "count of new meetings", Role: "asked for them", Record: key, erase: f.del(key)})
			}
		}
		return nil
	})
}

// holds finds throttles of the person alone.
func (f *finder) holds(ctx context.Context) error {
	const what = "throttle of Graph"
	return f.each(ctx, "{"+string(f.store.keys)+":hold:*}:*", func(ctx context.Context, keys []string) error {
		for _, key := range keys {
			if _, part, ok := strings.Cut(key, "}:of:"); ok {
				if f.words.MatchString(part) {
					f.found(Trace{What: what, Role: "organizer", Record: key, erase: f.del(key)})
				}
				continue
			}
			var members []string
			err := f.store.withBudget(ctx, "read throttles", func(ctx context.Context) (err error) {
				members, err = f.store.client.ZRange(ctx, key, 0, -1).Result()
				return err
			})
			if err != nil {
				return err
			}
			for _, member := range members {
				if f.words.MatchString(member) {
					f.found(Trace{
						What: what, Role: "organizer", Record: key + " " + member, erase: f.zrem(key, member),
					})
				}
			}
		}
		return nil
	})
}

func (f *finder) zrem(key, member string) func(context.Context) error {
	return func(ctx context.Context) error {
		return f.store.withBudget(ctx, "delete what is known of a person", func(ctx context.Context) error {
			return f.store.client.ZRem(ctx, key, member).Err()
		})
	}
}

// queue finds what the queue knows of the person beside jobs.
func (f *finder) queue(ctx context.Context) error {
	for _, kind := range []string{"of:", "told:"} {
		err := f.each(ctx, f.store.keys.jobs()+kind+"*", func(_ context.Context, keys []string) error {
			for _, key := range keys {
				if f.words.MatchString(key) {
					f.found(Trace{What: "commands that they wait for", Role: "asked", Record: key, erase: f.del(key)})
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// entries hands all entries of a stream to do, in their order.
func (f *finder) entries(ctx context.Context, stream string, do func(redis.XMessage)) error {
	for start := "-"; ; {
		var some []redis.XMessage
		err := f.store.withBudget(ctx, "read a stream", func(ctx context.Context) (err error) {
			some, err = f.store.client.XRangeN(ctx, stream, start, "+", entriesPage).Result()
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range some {
			do(e)
		}
		if len(some) < entriesPage {
			return nil
		}
		start = after(some[len(some)-1].ID)
	}
}

const entriesPage = 200

// jobs finds commands that are not done.
func (f *finder) jobs(ctx context.Context) error {
	return f.entries(ctx, f.store.keys.stream(), func(e redis.XMessage) {
		record, _ := e.Values["job"].(string)
		id, _ := e.Values["id"].(string)
		j, err := decodeJob(record)
		own := err == nil && (f.isUser(j.Asker.User) || f.isUser(j.Route.User))
		if !own && !f.words.MatchString(record) {
			return
		}
		t := Trace{What: "command that is not done", Role: "named in it", Conversation: j.Conversation,
			Stays: "it is somebody else's command, and is done within half an hour"}
		if own {
			t.Role, t.Stays = "asked", ""
			t.erase = func(ctx context.Context) error {
				return f.store.withBudget(ctx, "drop a job", func(ctx context.Context) error {
					keys := []string{f.store.keys.stream(), f.store.keys.mark(id), f.store.keys.tries()}
					return doneScript.Run(ctx, f.store.client, keys, jobGroup, e.ID, markFor).Err()
				})
			}
		}
		j.Route.ResponseURL = "" // whoever knows it may post in the conversation
		t.Record, _ = encodeJob(j)
		f.found(t)
	})
}

// deadLetters finds answers that reached nobody: the person's own, and those of commands that name them.
func (f *finder) deadLetters(ctx context.Context) error {
	return f.entries(ctx, f.store.keys.dead(), func(e redis.XMessage) {
		l := deadLetterOf(e)
		record, _ := e.Values["job"].(string)
		own := f.isUser(l.Job.Asker.User) || f.isUser(l.Job.Route.User)
		if !own && !f.words.MatchString(record) && !f.words.MatchString(l.Reason) {
			return
		}
		t := Trace{What: "dead letter", Role: "named in it", Conversation: l.Job.Conversation, Record: record,
			erase: func(ctx context.Context) error {
				err := f.store.DropDeadLetter(ctx, e.ID)
				if errors.Is(err, ErrNoDeadLetter) {
					return nil
				}
				return err
			}}
		if own {
			t.Role = "asked"
		}
		f.found(t)
	})
}
