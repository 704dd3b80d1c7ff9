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
	// tellEvery is how often somebody is told at most that they wait for too many jobs, in seconds.
	tellEvery = 60
	// triesFor is how long the counts of attempts that have not ended are kept after the last takeover, in seconds.
	triesFor = 24 * 3600
	// pageSize and maxPages bound how many jobs one Reclaim looks at: those of others may stand before those that are
	// wanted, and a job is about a kilobyte.
	pageSize = 100
	maxPages = 10
	// parked is the idleness that a retried job begins with, so that the next Reclaim finds it.
	parked = 24 * time.Hour
)

// ErrNoDeadLetter says that there is no dead letter of this name (any more), or none that can be run again.
var ErrNoDeadLetter = errors.New("no such dead letter")

// Accept stores the job and hands it to this replica in one step. It returns [bot.ErrDuplicate] if a job with this ID
// or alias was accepted within [bot.RequestsKnownFor], and a [bot.BusyError] if its author waits for
// [bot.MaxUnfinished] jobs.
func (s *Store) Accept(ctx context.Context, j bot.Job) (bot.Lease, error) {
	lease := bot.Lease{Job: j, Attempt: 1, Given: time.Now()}
	var answer []any
	err := s.withBudget(ctx, "accept a job", func(ctx context.Context) error {
		if j.ID == "" {
			return errors.New("job has no ID")
		}
		record, err := encodeJob(j)
		if err != nil {
			return err
		}
		most := bot.MaxUnfinished
		if j.Asker.User == "" { // nobody asked for it
			most = 0
		}
		// The token lets the client repeat the call when its answer was lost with the connection.
		keys := []string{s.keys.stream(), s.keys.mark(j.ID), s.keys.unfinished(j.Asker), s.keys.told(j.Asker)}
		if j.Alias != "" {
			keys = append(keys, s.keys.mark(j.Alias))
		}
		answer, err = acceptScript.Run(ctx, s.client, keys, jobGroup, s.replica, j.ID, record, rand.Text(), markFor,
			most,
			tellEvery).Slice()
		if err == nil && (len(answer) == 0 || len(answer) == 1 && answer[0] != int64(0)) {
			return fmt.Errorf("script returned %d values: %w", len(answer), errCorrupt)
		}
		return err
	})
	switch {
	case err != nil:
		return bot.Lease{}, err
	case answer[0] == int64(0):
		return bot.Lease{}, bot.ErrDuplicate
	case answer[0] == int64(-1):
		return bot.Lease{}, bot.BusyError{First: answer[1] == int64(1)}
	default:
		lease.Entry, _ = answer[1].(string)
		return lease, nil
	}
}

// Reclaim hands over up to limit jobs that nobody has worked on for [Idle] and that the caller wants: want is asked
// about a job before it is handed over, and what it does not want stays for others, as idle as it was. A look that
// finds nothing is one command in Redis. An entry that is no job is moved to the dead letters.
func (s *Store) Reclaim(ctx context.Context, limit int, want func(bot.Lease) bool) ([]bot.Lease, error) {
	var leases []bot.Lease
	for range maxPages {
		if limit <= len(leases) {
			break
		}
		found, more, err := s.look(ctx, limit-len(leases), want)
		if err != nil {
			return leases, err
		}
		got, err := s.takeOver(ctx, found)
		leases = append(leases, got...)
		if err != nil || !more {
			return leases, err
		}
	}
	return leases, nil
}

// look reads the next page of idle jobs, and returns those that are wanted, up to limit of them. more tells whether it
// stopped before the last job.
func (s *Store) look(ctx context.Context, limit int, want func(bot.Lease) bool) (found []foundJob, more bool,
	err error) {
	s.mu.Lock()
	cursor := s.cursor
	s.mu.Unlock()
	var jobs []any
	err = s.withBudget(ctx, "look for jobs", func(ctx context.Context) error {
		answer, err := idleScript.Run(ctx, s.client, []string{s.keys.stream(), s.keys.tries()}, jobGroup,
			s.idle.Milliseconds(),
			cursor, pageSize).Slice()
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
		return nil, false, err
	}
	for _, j := range jobs {
		job := jobOf(j)
		if job.readable && !want(job.lease) {
			continue
		}
		found = append(found, job)
		if len(found) == limit {
			cursor = after(job.lease.Entry)
			break
		}
	}
	s.mu.Lock()
	s.cursor = cursor
	s.mu.Unlock()
	return found, cursor != "-", nil
}

// takeOver hands the jobs to this replica, except those that somebody else has taken over meanwhile.
func (s *Store) takeOver(ctx context.Context, found []foundJob) ([]bot.Lease, error) {
	if len(found) == 0 {
		return nil, nil
	}
	byEntry := map[string]foundJob{}
	args := []any{jobGroup, s.replica, s.idle.Milliseconds(), triesFor}
	for _, job := range found {
		byEntry[job.lease.Entry] = job
		args = append(args, job.lease.Entry)
	}
	var answer []any
	given := time.Now()
	err := s.withBudget(ctx, "take over jobs", func(ctx context.Context) (err error) {
		answer, err = reclaimScript.Run(ctx, s.client, []string{s.keys.stream(), s.keys.tries()}, args...).Slice()
		return err
	})
	if err != nil {
		return nil, err
	}
	var leases []bot.Lease
	for _, item := range answer {
		parts, _ := item.([]any)
		if len(parts) != 3 {
			return leases, unavailable("take over jobs", errCorrupt)
		}
		entry, _ := parts[0].(string)
		attempt, _ := parts[1].(int64)
		age, _ := parts[2].(int64)
		job := byEntry[entry]
		lease := job.lease
		lease.Attempt, lease.Age, lease.Given, lease.Reclaimed = int(attempt), time.Duration(age)*time.Millisecond,
			given, true
		if !job.readable {
			// The record may hold a secret, so nothing of it is kept but its name. If this fails too, the entry comes
			// up again when it has idled once more.
			_ = s.moveToDeadLetters(ctx, lease, "", errCorrupt.Error())
			continue
		}
		leases = append(leases, lease)
	}
	return leases, nil
}

// foundJob is an idle job that was looked at. If its record cannot be read, the lease's job has nothing but an ID, or
// not even that.
type foundJob struct {
	lease    bot.Lease
	readable bool
}

// jobOf reads one job of what the script of a look returns.
func jobOf(answer any) foundJob {
	parts, _ := answer.([]any)
	if len(parts) != 4 {
		return foundJob{}
	}
	entry, _ := parts[0].(string)
	id, _ := parts[1].(string)
	record, _ := parts[2].(string)
	broken, _ := parts[3].(int64)
	lease := bot.Lease{Entry: entry, Broken: int(broken)}
	job, err := decodeJob(record)
	if err != nil || job.ID != id {
		lease.Job = bot.Job{ID: id}
		return foundJob{lease: lease}
	}
	lease.Job = job
	return foundJob{lease: lease, readable: true}
}

// GiveBack notes that an attempt has ended without an answer, though in order. With now, any replica finds the job at
// its next look; otherwise when it has idled.
func (s *Store) GiveBack(ctx context.Context, l bot.Lease, now bool) error {
	idle := int64(0)
	if now {
		idle = parked.Milliseconds()
	}
	return s.withBudget(ctx, "give a job back", func(ctx context.Context) error {
		return giveBackScript.Run(ctx, s.client, []string{s.keys.stream(), s.keys.tries()}, jobGroup, s.replica,
			l.Entry,
			l.Attempt, l.Reclaimed, parkingName, idle).Err()
	})
}

// BeginSend marks that the answer is about to be sent. It returns [bot.ErrNotOwner] if the job is done or was handed
// out again since, be it to this replica. again tells whether an earlier attempt came this far; the same attempt may
// ask repeatedly. A job of which Redis knows nothing at all, not even that it was done, is still this attempt's to
// answer.
func (s *Store) BeginSend(ctx context.Context, l bot.Lease) (again bool, err error) {
	var answer int
	err = s.withBudget(ctx, "mark an answer as being sent", func(ctx context.Context) (err error) {
		keys := []string{s.keys.stream(), s.keys.mark(l.Job.ID), s.keys.tries()}
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
		return abortSendScript.Run(ctx, s.client, []string{s.keys.mark(l.Job.ID)}, l.Entry, l.Attempt, markFor).Err()
	})
}

// Done forgets the job, whoever holds it: its request was answered.
func (s *Store) Done(ctx context.Context, l bot.Lease) error {
	return s.withBudget(ctx, "finish a job", func(ctx context.Context) error {
		keys := []string{s.keys.stream(), s.keys.mark(l.Job.ID), s.keys.tries()}
		return doneScript.Run(ctx, s.client, keys, jobGroup, l.Entry, markFor).Err()
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
		keys := []string{s.keys.stream(), s.keys.mark(l.Job.ID), s.keys.dead(), s.keys.tries()}
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
		entries, err := s.client.XRevRangeN(ctx, s.keys.dead(), "+", "-", int64(limit)).Result()
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
		entries, err := s.client.XRangeN(ctx, s.keys.dead(), entry, entry, 1).Result()
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
		keys := []string{s.keys.stream(), s.keys.mark(job.ID), s.keys.dead()}
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

// after is the smallest name that an entry after this one may have.
func after(entry string) string {
	ms, seq, _ := strings.Cut(entry, "-")
	n, _ := strconv.ParseUint(seq, 10, 64)
	return ms + "-" + strconv.FormatUint(n+1, 10)
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
		kept, err = keepScript.Run(ctx, s.client, []string{s.keys.stream()}, jobGroup, s.replica, l.Entry,
			l.Attempt).Int()
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
		return throttleScript.Run(ctx, s.client, s.keys.throttle(u), ms, u.Part, severalIn.Milliseconds(),
			severalParts).Err()
	})
}

// ThrottledFor returns for how long the upstream's part is to be left alone, in one round trip; 0 if it is not.
func (s *Store) ThrottledFor(ctx context.Context, u bot.Upstream) (time.Duration, error) {
	keys := s.keys.throttle(u)
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
		n, err := depthScript.Run(ctx, s.client, []string{s.keys.stream(), s.keys.dead()}).Int64Slice()
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
