package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// RequestNotes are what one replica tells of the requests to one platform's endpoints since it told last.
type RequestNotes struct {
	Accepted time.Time            // when the last one came that was proven to be the platform's; zero for none
	Services map[string]time.Time // hosts at which the platform wants the answers, and when last
	Refused  map[string]Refusals  // by reason
}

// Empty tells whether there is nothing to tell.
func (n RequestNotes) Empty() bool {
	return n.Accepted.IsZero() && len(n.Services) == 0 && len(n.Refused) == 0
}

// Refusals are requests that were refused for one reason.
type Refusals struct {
	Last  time.Time // when the last one came
	Count int       // how many; of Requests: in the last hour
}

// Requests are what is known of the requests to one platform's endpoints, of all replicas together. Times are those of
// this machine's clock.
type Requests struct {
	Accepted time.Time            // the last one that was proven to be the platform's; zero for none ever
	Services map[string]time.Time // hosts at which the platform wanted the answers, and when last
	Refused  map[string]Refusals  // by reason
}

// keptRefusals is how long the number of refusals is known.
const keptRefusals = time.Hour

// The members of the sets. A set has no more members than there are reasons, hosts and, within the hour, notes.
const (
	acceptedMember = "accepted"
	refusedMember  = "refused:"
	serviceMember  = "service:"
)

// NoteRequests keeps what a replica tells of the requests to a platform's endpoints. Redis' clock counts: that of a
// replica may be wrong, which is one of the reasons for refusals.
func (s *Store) NoteRequests(ctx context.Context, platform string, n RequestNotes) error {
	if n.Empty() {
		return nil
	}
	last, hour := s.keys.requests(platform)
	return s.withBudget(ctx, "note requests", func(ctx context.Context) error {
		now, err := s.client.Time(ctx).Result()
		if err != nil {
			return err
		}
		score := func(t time.Time) float64 { return float64(now.Add(-time.Since(t)).UnixMilli()) }
		var lasts, counts []redis.Z
		if !n.Accepted.IsZero() {
			lasts = append(lasts, redis.Z{Score: score(n.Accepted), Member: acceptedMember})
		}
		for host, when := range n.Services {
			lasts = append(lasts, redis.Z{Score: score(when), Member: serviceMember + host})
		}
		for reason, r := range n.Refused {
			lasts = append(lasts, redis.Z{Score: score(r.Last), Member: refusedMember + reason})
			// The name and the time make members different that count the same.
			member := strings.Join([]string{reason, strconv.Itoa(r.Count), strconv.FormatInt(now.UnixMilli(), 10),
				s.replica}, " ")
			counts = append(counts, redis.Z{Score: float64(now.UnixMilli()), Member: member})
		}
		pipe := s.client.Pipeline()
		if len(lasts) > 0 {
			// Another replica may have seen a later one.
			pipe.ZAddArgs(ctx, last, redis.ZAddArgs{GT: true, Members: lasts})
		}
		if len(counts) > 0 {
			pipe.ZAdd(ctx, hour, counts...)
			before := strconv.FormatInt(now.Add(-keptRefusals).UnixMilli(), 10)
			pipe.ZRemRangeByScore(ctx, hour, "-inf", before)
			pipe.PExpire(ctx, hour, keptRefusals)
		}
		_, err = pipe.Exec(ctx)
		return err
	})
}

// Requests returns what is known of the requests to a platform's endpoints.
func (s *Store) Requests(ctx context.Context, platform string) (Requests, error) {
	known := Requests{Services: map[string]time.Time{}, Refused: map[string]Refusals{}}
	last, hour := s.keys.requests(platform)
	err := s.withBudget(ctx, "read which requests came", func(ctx context.Context) error {
		pipe := s.client.Pipeline()
		clock := pipe.Time(ctx)
		lasts, counts := pipe.ZRangeWithScores(ctx, last, 0, -1), pipe.ZRangeWithScores(ctx, hour, 0, -1)
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
		here, there := time.Now(), clock.Val()
		at := func(score float64) time.Time { return here.Add(time.UnixMilli(int64(score)).Sub(there)) }
		for _, z := range lasts.Val() {
			member, _ := z.Member.(string)
			if member == acceptedMember {
				known.Accepted = at(z.Score)
			} else if reason, is := strings.CutPrefix(member, refusedMember); is {
				known.Refused[reason] = Refusals{Last: at(z.Score)}
			} else if host, is := strings.CutPrefix(member, serviceMember); is {
				known.Services[host] = at(z.Score)
			}
		}
		for _, z := range counts.Val() {
			member, _ := z.Member.(string)
			words := strings.Fields(member)
			if len(words) < 2 || here.Sub(at(z.Score)) > keptRefusals {
				continue
			}
			if count, err := strconv.Atoi(words[1]); err == nil {
				r := known.Refused[words[0]]
				r.Count += count
				known.Refused[words[0]] = r
			}
		}
		return nil
	})
	return known, err
}
