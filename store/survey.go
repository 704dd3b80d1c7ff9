package store

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// Survey is what a look at the conversations in Redis found.
type Survey struct {
	Looked     int                   // how many meetings were looked at
	Unreadable int                   // how many of them this release cannot read
	Workspaces map[SurveyedPlace]int // how many there are of each
	Prefixes   []string              // other prefixes with a queue in this database
}

// SurveyedPlace is a workspace of a chat platform.
type SurveyedPlace struct{ Platform, Workspace string }

// How much [Store.Survey] looks at: so many times so many keys.
const (
	surveyRounds = 10
	surveyKeys   = 1000
)

// ErrNotAllowed says that the user of the URL may not look, which the store itself never does.
var ErrNotAllowed = errors.New("the user may not SCAN")

// Survey looks at some thousand conversations, on one node of a Cluster. It changes nothing. It needs the right to
// SCAN, which nothing else here does: without that the error is [ErrNotAllowed].
func (s *Store) Survey(ctx context.Context) (Survey, error) {
	found := Survey{Workspaces: map[SurveyedPlace]int{}}
	err := s.withBudget(ctx, "look at the conversations", func(ctx context.Context) error {
		var cursor uint64
		for range surveyRounds {
			keys, next, err := s.client.Scan(ctx, cursor, string(s.keys)+":{*}:m:*", surveyKeys).Result()
			if err != nil {
				return err
			}
			if err := s.surveyPage(ctx, keys, &found); err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
		return nil
	})
	if err == nil {
		err = s.withBudget(ctx, "look at the prefixes", func(ctx context.Context) error {
			return s.surveyPrefixes(ctx, &found)
		})
	}
	if TroubleOf(err) == TroubleNoRights {
		return found, ErrNotAllowed
	}
	return found, err
}

// surveyPrefixes looks for the queues of other deployments.
func (s *Store) surveyPrefixes(ctx context.Context, found *Survey) error {
	const begin, end = "{", ":jobs}:stream"
	var cursor uint64
	for range surveyRounds {
		keys, next, err := s.client.Scan(ctx, cursor, begin+"*"+end, surveyKeys).Result()
		if err != nil {
			return err
		}
		for _, key := range keys {
			prefix := strings.TrimSuffix(strings.TrimPrefix(key, begin), end)
			if CheckPrefix(prefix) == nil && prefix != string(s.keys) && !slices.Contains(found.Prefixes, prefix) {
				found.Prefixes = append(found.Prefixes, prefix)
			}
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	slices.Sort(found.Prefixes)
	return nil
}

// surveyPage reads the meetings of these keys.
func (s *Store) surveyPage(ctx context.Context, keys []string, found *Survey) error {
	pipe := s.client.Pipeline()
	answers := map[bot.Conversation]*redis.StringCmd{}
	for _, key := range keys {
		if c, ok := conversationOf(key); ok {
			answers[c] = pipe.Get(ctx, key)
		}
	}
	if len(answers) == 0 {
		return nil
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	for c, answer := range answers {
		record, err := answer.Result()
		if err != nil { // it is gone meanwhile
			continue
		}
		found.Looked++
		found.Workspaces[SurveyedPlace{c.Platform, c.Workspace}]++
		if _, err := decodeMeeting(c, record); err != nil {
			found.Unreadable++
		}
	}
	return nil
}

// conversationOf reads the name of a meeting's key; see keyspace.of.
func conversationOf(key string) (bot.Conversation, bool) {
	_, rest, _ := strings.Cut(key, ":{")
	tag, thread, ok := strings.Cut(rest, "}:m:")
	parts := strings.Split(tag, ":")
	if !ok || len(parts) != 3 {
		return bot.Conversation{}, false
	}
	for i, part := range parts {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return bot.Conversation{}, false
		}
		parts[i] = plain
	}
	return bot.Conversation{Platform: parts[0], Workspace: parts[1], Channel: parts[2], Thread: thread}, true
}
