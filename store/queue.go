package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

const (
	// markFor is how long a request's ID is remembered, in seconds.
	markFor = int(bot.RequestsKnownFor / time.Second)
	// deadMax is about how many dead letters are kept; the oldest go first.
	deadMax = 10000
	// parked is the idleness that a retried job begins with, so that the next Reclaim finds it.
	parked = 24 * time.Hour
)

// ErrNoDeadLetter says that there is no dead letter of this name (any more), or none that can be run again.
var ErrNoDeadLetter = errors.New("no such dead letter")

// Accept stores the job and hands it to this replica in one step. It returns [bot.ErrDuplicate] if a job with this ID
// or alias was accepted within [bot.RequestsKnownFor].
func (s *Store) Accept(ctx context.Context, j bot.Job) (bot.Lease, error) {
	lease := bot.Lease{Job: j, Attempt: 1}
	err := s.withBudget(ctx, "accept a job", func(ctx context.Context) error {
		if j.ID == "" {
			return errors.New("job has no ID")
		}
		record, err := encodeJob(j)
		if err != nil {
			return err
		}
		// The token lets the client repeat the call when its answer was lost with the connection.
		keys := []string{jobStream, markKey(j.ID)}
		if j.Alias != "" {
			keys = append(keys, markKey(j.Alias))
		}
		answer := acceptScript.Run(ctx, s.client, keys, jobGroup, s.replica, j.ID, record, rand.Text(), markFor)
		lease.Entry, err = answer.Text()
		if errors.Is(err, redis.Nil) {
			lease.Entry, err = "", nil
		}
		return err
	})
	switch {
	case err != nil:
		return bot.Lease{}, err
	case lease.Entry == "":
		return bot.Lease{}, bot.ErrDuplicate
	default:
		return lease, nil
	}
}

// Reclaim hands over up to limit jobs that nobody has worked on for [Idle]. It is one command in Redis. It moves
// an entry that is no job to the dead letters.
func (s *Store) Reclaim(ctx context.Context, limit int) ([]bot.Lease, error) {
	if limit <= 0 {
		return nil, nil
	}
	s.mu.Lock()
	cursor := s.cursor
	s.mu.Unlock()

	var jobs []any
	err := s.withBudget(ctx, "reclaim jobs", func(ctx context.Context) error {
		answer, err := reclaimScript.Run(ctx, s.client, []string{jobStream}, jobGroup, s.replica, s.idle.Milliseconds(),
			cursor, limit).Slice()
		if err != nil {
			return err
		}
		if len(answer) != 2 {
			return fmt.Errorf("script returned %d values: %w", len(answer), errCorrupt)
		}
		cursor, _ = answer[0].(string)
		jobs, _ = answer[1].([]any)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.cursor = cursor
	s.mu.Unlock()

	var leases []bot.Lease
	for _, j := range jobs {
		lease, err := leaseOf(j)
		if err != nil {
			// The record may hold a secret, so nothing of it is kept but its name. If this fails too, the entry comes
			// up again when it has idled once more.
			_ = s.moveToDeadLetters(ctx, lease, "", err.Error())
			continue
		}
		leases = append(leases, lease)
	}
	return leases, nil
}

// leaseOf reads one job of what the reclaim script returns. With an error, the lease still names entry and job ID.
func leaseOf(answer any) (bot.Lease, error) {
	parts, _ := answer.([]any)
	if len(parts) != 4 {
		return bot.Lease{}, errCorrupt
	}
	entry, _ := parts[0].(string)
	attempt, _ := parts[1].(int64)
	id, _ := parts[2].(string)
	record, _ := parts[3].(string)
	lease := bot.Lease{Entry: entry, Attempt: int(attempt)}
	job, err := decodeJob(record)
	if err != nil || job.ID != id {
		lease.Job = bot.Job{ID: id}
		return lease, errCorrupt
	}
	lease.Job = job
	return lease, nil
}

// BeginSend marks that the answer is about to be sent. It returns [bot.ErrNotOwner] if the job is done or was handed
// out again since, be it to this replica. again tells whether an earlier attempt came this far; the same attempt may
// ask repeatedly. A job of which Redis knows nothing at all, not even that it was done, is still this attempt's to
// answer.
func (s *Store) BeginSend(ctx context.Context, l bot.Lease) (again bool, err error) {
	var answer int
	err = s.withBudget(ctx, "mark an answer as being sent", func(ctx context.Context) (err error) {
		keys := []string{jobStream, markKey(l.Job.ID)}
		answer, err = beginSendScript.Run(ctx, s.client, keys, jobGroup, s.replica, l.Entry, l.Attempt, markFor).Int()
		return err
	})
	switch {
	case err != nil:
		return false, err
	case answer < 0:
		return false, bot.ErrNotOwner
	default:
		return answer == 1, nil
	}
}

// AbortSend takes BeginSend back, so that the next attempt does not count as a possible second answer. It does nothing
// if a later attempt has begun to send.
func (s *Store) AbortSend(ctx context.Context, l bot.Lease) error {
	return s.withBudget(ctx, "note that an answer was refused", func(ctx context.Context) error {
		return abortSendScript.Run(ctx, s.client, []string{markKey(l.Job.ID)}, l.Entry, l.Attempt, markFor).Err()
	})
}

// Done forgets the job, whoever holds it: its request was answered.
func (s *Store) Done(ctx context.Context, l bot.Lease) error {
	return s.withBudget(ctx, "finish a job", func(ctx context.Context) error {
		return doneScript.Run(ctx, s.client, []string{jobStream, markKey(l.Job.ID)}, jobGroup, l.Entry, markFor).Err()
	})
}

// MoveToDeadLetters moves the job to the dead letters, without its secrets. It does nothing if the job is done, and
// returns [bot.ErrNotOwner] if it is another replica's.
func (s *Store) MoveToDeadLetters(ctx context.Context, l bot.Lease, reason string) error {
	job := l.Job
	if secret := job.Route.ResponseURL; secret != "" {
		job.Route.ResponseURL = ""
		reason = strings.ReplaceAll(reason, secret, "(removed)")
	}
	record, err := encodeJob(job)
	if err != nil {
		return unavailable("move a job to the dead letters", err)
	}
	return s.moveToDeadLetters(ctx, l, record, reason)
}

func (s *Store) moveToDeadLetters(ctx context.Context, l bot.Lease, record, reason string) error {
	var answer int
	err := s.withBudget(ctx, "move a job to the dead letters", func(ctx context.Context) (err error) {
		keys := []string{jobStream, markKey(l.Job.ID), deadStream}
		answer, err = deadLetterScript.Run(ctx, s.client, keys, jobGroup, s.replica, l.Entry, l.Job.ID, record, reason,
			markFor, deadMax).Int()
		return err
	})
	if err == nil && answer < 0 {
		return bot.ErrNotOwner
	}
	return err
}

// DeadLetters returns up to limit dead letters, the newest first. One whose job could not be read has a job with
// nothing but an ID, or not even that.
func (s *Store) DeadLetters(ctx context.Context, limit int) ([]bot.DeadLetter, error) {
	if limit <= 0 {
		return nil, nil
	}
	var letters []bot.DeadLetter
	err := s.withBudget(ctx, "read dead letters", func(ctx context.Context) error {
		entries, err := s.client.XRevRangeN(ctx, deadStream, "+", "-", int64(limit)).Result()
		for _, e := range entries {
			letters = append(letters, deadLetterOf(e))
		}
		return err
	})
	return letters, err
}

// Retry makes a dead letter a fresh job, accepted now, for the next replica that reclaims jobs. It returns
// [ErrNoDeadLetter] if the dead letter is not there (any more), or if its job cannot be read.
func (s *Store) Retry(ctx context.Context, entry string) error {
	missing := false
	err := s.withBudget(ctx, "retry a dead letter", func(ctx context.Context) error {
		if !isEntry(entry) {
			missing = true
			return nil
		}
		entries, err := s.client.XRangeN(ctx, deadStream, entry, entry, 1).Result()
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			missing = true
			return nil
		}
		job := deadLetterOf(entries[0]).Job
		if job.Conversation == (bot.Conversation{}) {
			missing = true
			return nil
		}
		record, _ := entries[0].Values["job"].(string)
		record, err = acceptedNow(record, time.Now().UTC())
		if err != nil {
			return err
		}
		keys := []string{jobStream, markKey(job.ID), deadStream}
		err = retryScript.Run(ctx, s.client, keys, jobGroup, parkingName, entry, job.ID, record, markFor,
			parked.Milliseconds()).Err()
		if errors.Is(err, redis.Nil) { // another operator was faster
			missing = true
			return nil
		}
		return err
	})
	if err == nil && missing {
		return ErrNoDeadLetter
	}
	return err
}

func deadLetterOf(e redis.XMessage) bot.DeadLetter {
	id, _ := e.Values["id"].(string)
	record, _ := e.Values["job"].(string)
	reason, _ := e.Values["reason"].(string)
	letter := bot.DeadLetter{Entry: e.ID, Reason: reason, At: addedAt(e.ID)}
	job, err := decodeJob(record)
	if err != nil || job.ID != id {
		job = bot.Job{ID: id}
	}
	letter.Job = job
	return letter
}

// isEntry tells whether a string names an entry of a stream, "<milliseconds>-<number>", rather than a range of them.
func isEntry(entry string) bool {
	ms, seq, ok := strings.Cut(entry, "-")
	_, errMS := strconv.ParseUint(ms, 10, 64)
	_, errSeq := strconv.ParseUint(seq, 10, 64)
	return ok && errMS == nil && errSeq == nil
}

// addedAt is when an entry was added to its stream, by the clock of Redis: its name begins with the milliseconds.
func addedAt(entry string) time.Time {
	ms, _, _ := strings.Cut(entry, "-")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// Keep makes the time after which others may take the job over begin anew. It returns [bot.ErrNotOwner] if the job is
// done, or was handed out again since.
func (s *Store) Keep(ctx context.Context, l bot.Lease) error {
	var kept int
	err := s.withBudget(ctx, "keep a job", func(ctx context.Context) (err error) {
		kept, err = keepScript.Run(ctx, s.client, []string{jobStream}, jobGroup, s.replica, l.Entry, l.Attempt).Int()
		return err
	})
	if err == nil && kept == 0 {
		return bot.ErrNotOwner
	}
	return err
}

// An upstream is throttled as a whole once so many of its parts were within this time.
const (
	severalParts = 3
	severalIn    = 20 * time.Second
)

// Throttle asks all replicas to leave the upstream's part alone for the given time, or longer if they already do. The
// whole upstream is left alone if it has no part, or if several parts were throttled in the last 20 seconds.
func (s *Store) Throttle(ctx context.Context, u bot.Upstream, wait time.Duration) error {
	ms := (wait + time.Millisecond - 1).Milliseconds()
	if ms <= 0 {
		return nil
	}
	return s.withBudget(ctx, "throttle an upstream", func(ctx context.Context) error {
		return throttleScript.Run(ctx, s.client, throttleKeys(u), ms, u.Part, severalIn.Milliseconds(), severalParts).Err()
	})
}

// ThrottledFor returns for how long the upstream's part is to be left alone, in one round trip; 0 if it is not.
func (s *Store) ThrottledFor(ctx context.Context, u bot.Upstream) (time.Duration, error) {
	keys := throttleKeys(u)
	if u.Part == "" {
		keys = keys[:1]
	} else {
		keys = keys[:2]
	}
	var left time.Duration
	err := s.withBudget(ctx, "read whether an upstream is throttled", func(ctx context.Context) error {
		left = 0
		answers, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for _, key := range keys {
				pipe.PTTL(ctx, key)
			}
			return nil
		})
		for _, a := range answers {
			if hold, ok := a.(*redis.DurationCmd); ok {
				left = max(left, hold.Val())
			}
		}
		return err
	})
	return left, err
}

// Depth reads the queue's figures in one command.
func (s *Store) Depth(ctx context.Context) (bot.Depth, error) {
	var d bot.Depth
	err := s.withBudget(ctx, "read the depth of the queue", func(ctx context.Context) error {
		n, err := depthScript.Run(ctx, s.client, []string{jobStream, deadStream}).Int64Slice()
		if err != nil {
			return err
		}
		if len(n) != 3 {
			return fmt.Errorf("script returned %d values: %w", len(n), errCorrupt)
		}
		d = bot.Depth{Waiting: int(n[0]), DeadLetters: int(n[1]), Oldest: time.Duration(n[2]) * time.Millisecond}
		return nil
	})
	return d, err
}
